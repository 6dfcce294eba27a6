/*
 * cf_evaluate.h - how good recommendations are: splits, metrics over the full catalogue, intervals.
 *
 *     pmkt_cf_split(&events, NULL, part, &err);      // 0 = train, 1 = test, a byte a row
 *     ... data of the two parts, a model of the first ...
 *     pmkt_cf_evaluate(model, test, NULL, NULL, &result, &err);
 *     pmkt_cf_evaluation_columns(result, &c, &err);  // one row a metric, k and group
 *
 * Metrics are of ranks in the whole catalogue, never among sampled items (Krichene, Rendle, "On Sampled
 * Metrics for Item Recommendation", KDD 2020).
 */
#ifndef PMKT_CF_EVALUATE_H
#define PMKT_CF_EVALUATE_H

#include "cf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------- splits */

/* How events are split into a training and a test part. */
enum {
    PMKT_CF_TEMPORAL = 0,   /* the latest events of all are the test: the future */
    PMKT_CF_LEAVE_LAST = 1, /* of each user the latest so many events */
    PMKT_CF_RANDOM = 2 /* of each user a random share of their items, with all events of those */
};

/* What a row belongs to. */
enum {
    PMKT_CF_TRAIN = 0,
    PMKT_CF_TEST = 1,
    PMKT_CF_NEITHER = 2 /* bad, without an item, or of a kind that options.kind is not */
};

/* How to split. */
typedef struct pmkt_cf_split_options {
    uint32_t struct_size; /* sizeof(pmkt_cf_split_options) */
    int32_t how;          /* PMKT_CF_TEMPORAL */
    double test;          /* 0.2: share of the rows (temporal) or of each user's items (random) */
    int64_t from_ms;      /* temporal: test from this time on, in place of `test`; 0 = not used */
    int64_t last;         /* 1: leave-last: so many events of each user who has more than that */
    uint64_t seed;        /* random: the choice depends on it, the user and the item alone */
    int32_t kind;     /* only events of this kind can be test; the others are training before the
                             time of the test, and neither after it (random: all training);
                             0 = every kind */
    int32_t reserved; /* 0 */
    const pmkt_allocator *allocator; /* NULL = the C heap; used during the call */
} pmkt_cf_split_options;

#define PMKT_CF_SPLIT_OPTIONS_INIT \
    { sizeof(pmkt_cf_split_options), 0, 0.0, 0, 0, 0, 0, 0, NULL }

static inline void pmkt_cf_split_options_init(pmkt_cf_split_options *options) {
    const pmkt_cf_split_options defaults = PMKT_CF_SPLIT_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Splits a batch: `part` [rows] gets PMKT_CF_TRAIN, PMKT_CF_TEST or PMKT_CF_NEITHER. In the temporal split
 * events of one instant are never parted, so that the share may be missed by as many; in the others equal
 * times are ordered by item, then row. A pair of user and item may stand in both parts of a temporal or
 * leave-last split: pmkt_cf_evaluate has a word about that. on_bad is PMKT_ON_BAD_SKIP here.
 *
 * Errors: PMKT_E_INVALID, also for events without the column `item`; PMKT_E_NOMEM. Any thread.
 * O(rows log rows); 40 bytes a row meanwhile. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_split(const pmkt_events *events, const pmkt_cf_split_options *options,
                                   uint8_t *part, pmkt_error *err);

/* ------------------------------------------------------------------ metrics */

/*
 * With R the relevant items of a user, hits the relevant ones among the first k answers, r the ranks of
 * these from 1:
 */
enum {
    PMKT_CF_PRECISION = 0,     /* hits / k */
    PMKT_CF_RECALL = 1,        /* hits / |R| */
    PMKT_CF_RECALL_CAPPED = 2, /* hits / min(k, |R|) (Liang et al., WWW 2018) */
    PMKT_CF_NDCG = 3,          /* sum 1 / log2(1 + r) / the same for min(k, |R|) hits at the top */
    PMKT_CF_MAP = 4,           /* sum over hits of precision at r / |R| */
    PMKT_CF_MRR = 5,           /* 1 / the least r, or 0 */
    PMKT_CF_HIT = 6,           /* 1 if hits > 0 */
    PMKT_CF_NOVELTY = 7, /* mean over the answers of -log2(share of the users who have the item),
                              by train or the model; what nobody has, as if one had it; 0 without
                              an answer; NaN if neither knows who had what */
    /* not means over users, but of the group as a whole: */
    PMKT_CF_COVERAGE = 8, /* share of the catalogue (the model's items, of these the allowed
                              ones) that is answered to anybody */
    PMKT_CF_GINI = 9,     /* of how often each item of the catalogue is answered: 0 even, 1 one item
                         (n / (n - 1) times the plain coefficient of n items); NaN without an answer */
    PMKT_CF_METRICS_ = 10 /* how many; grows with the list */
};

/* The name of a metric, such as "ndcg"; NULL for a number that is none. Static. Since 0.3. */
PMKT_API const char *pmkt_cf_metric_name(int32_t metric);

/* What to measure, and among what. */
typedef struct pmkt_cf_evaluate_options {
    uint32_t struct_size; /* sizeof(pmkt_cf_evaluate_options) */
    int32_t n_k;
    const int32_t *k;          /* [n_k] each from 1 to 10,000, ascending, none twice;
                                  NULL: 10, 20, 100 */
    const pmkt_cf_data *train; /* who had what, to be left out of the answers; NULL: as the model
                                  knows it */
    int32_t keep_seen; /* 1: what a user had may be answered, and counts if it is relevant */
    int32_t fold_in;   /* 1: users are strangers, answered from their entries in `train` by
                            pmkt_cf_recommend_history */
    int32_t fallback;  /* for users the model does not know: PMKT_CF_NOTHING or PMKT_CF_POPULAR */
    int32_t n_groups;  /* 0 to 65,536 */
    const int32_t *group;    /* [users of the test data] from 0 to n_groups - 1, or -1; NULL if 0 */
    int32_t bootstrap;       /* 1,000 resamples of the users for an interval; to 1,000,000;
                            -1 = none */
    int32_t reserved;        /* 0 */
    double level;            /* 0.95: of the intervals */
    uint64_t seed;           /* of the resamples */
    const pmkt_idset *allow; /* of the catalogue only these are answered; NULL = all */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_cf_evaluate_options;

#define PMKT_CF_EVALUATE_OPTIONS_INIT \
    { sizeof(pmkt_cf_evaluate_options), 0, NULL, NULL, 0, 0, 0, 0, NULL, 0, 0, 0.0, 0, NULL, NULL }

static inline void pmkt_cf_evaluate_options_init(pmkt_cf_evaluate_options *options) {
    const pmkt_cf_evaluate_options defaults = PMKT_CF_EVALUATE_OPTIONS_INIT;
    *options = defaults;
}

/* The result of an evaluation (immutable). */
typedef struct pmkt_cf_evaluation pmkt_cf_evaluation;

/*
 * Evaluates a model on test data. Relevant for a user are the items of their test entries above zero,
 * less (with keep_seen 0) those they had in training, which no answer can hold; items that the model does
 * not know stay relevant, for not to know them is a miss. Users without a relevant item do not
 * count, nor users whom the model does not know, unless there is a fallback; see the counts.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED as pmkt_cf_recommend; PMKT_E_CORRUPT; PMKT_E_CANCELED;
 * PMKT_E_NOMEM. Any number of threads. As pmkt_cf_recommend, and O(users * bootstrap). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_evaluate(const pmkt_cf *model, const pmkt_cf_data *test,
                                      const pmkt_cf_evaluate_options *options, const pmkt_run *run,
                                      pmkt_cf_evaluation **evaluation, pmkt_error *err);

/*
 * Evaluates answers that came from elsewhere, by the same rules: row i is what users[i] was answered, best
 * first, as in pmkt_cf_answer with `room` ids a row. `train` in the options says what they had (which is
 * then not relevant; an answer that holds it anyway is a miss) and what the catalogue is; it must be given.
 * Users who are not in `users` count as unknown. Errors and cost as pmkt_cf_evaluate; PMKT_E_BAD_ROW
 * (where = the row) for an item or user that comes twice or is PMKT_ID_NONE. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_evaluate_answers(const uint64_t *users, int64_t n, const uint64_t *ids,
                                              const int32_t *counts, int64_t room,
                                              const pmkt_cf_data *test,
                                              const pmkt_cf_evaluate_options *options,
                                              const pmkt_run *run, pmkt_cf_evaluation **evaluation,
                                              pmkt_error *err);

/* Frees an evaluation; its columns go with it. Since 0.3. */
PMKT_API void pmkt_cf_evaluation_free(pmkt_cf_evaluation *evaluation);

/* The figures, one row a group, k and metric in that order; borrowed until _free. */
typedef struct pmkt_cf_figures {
    uint32_t struct_size; /* in: sizeof(pmkt_cf_figures) */
    int32_t reserved;
    int64_t rows;
    const int32_t *group; /* [rows] -1 = all users, then 0, 1, ... */
    const int32_t *k;
    const int32_t *metric;    /* PMKT_CF_PRECISION, ... */
    const double *value;      /* NaN if the group has no users */
    const double *low;        /* bounds of the bootstrap interval (percentiles, linear between */
    const double *high;       /* two; Efron, 1979); NaN for COVERAGE, GINI, and without it */
    const int64_t *users;     /* in the group, who count */
    int64_t evaluated;        /* users who count */
    int64_t unknown;          /* users with relevant items whom the model does not know, also if
                                 they fall back */
    int64_t nothing_relevant; /* users of the test data without a relevant item */
    int64_t cold_items;       /* relevant entries whose item the model does not know */
} pmkt_cf_figures;

#define PMKT_CF_FIGURES_INIT \
    { sizeof(pmkt_cf_figures), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0 }

static inline void pmkt_cf_figures_init(pmkt_cf_figures *figures) {
    const pmkt_cf_figures empty = PMKT_CF_FIGURES_INIT;
    *figures = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_cf_evaluation_columns(const pmkt_cf_evaluation *evaluation,
                                                pmkt_cf_figures *out, pmkt_error *err);

/*
 * A metric of every user who counts, to compare two models user by user: `users` ascending and `values`,
 * both [n], borrowed until _free. `k` is one of the evaluation's, `metric` one that is a mean over users.
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_evaluation_users(const pmkt_cf_evaluation *evaluation, int32_t k,
                                              int32_t metric, const uint64_t **users,
                                              const double **values, int64_t *n, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
