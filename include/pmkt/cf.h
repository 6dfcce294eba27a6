/*
 * cf.h - collaborative filtering: what would they like.
 *
 * Three kinds of handle, in the order of use:
 *
 *   pmkt_cf_data   who had to do with what, how strongly: a sparse matrix (immutable)
 *   pmkt_cf        a model: ALS, item-kNN or popularity; answers questions (immutable)
 *   pmkt_cf_live   the place where a service keeps its current model, to swap it under readers
 *
 *     pmkt_cf_data *data = NULL;
 *     pmkt_cf *model = NULL;
 *     pmkt_cf_data_from_events(&events, NULL, NULL, NULL, &data, &err);
 *     pmkt_cf_als_fit(data, NULL, NULL, &model, &err);
 *     pmkt_cf_recommend(model, users, n, NULL, NULL, &answer, &err);   // ten items for each
 *
 * Both are counted: _retain adds an owner, _release takes one away, and the last one out frees. A
 * model keeps what it needs of the data, which may be released at once.
 *
 * Answers are exact: the k best of all items that pass the filters, never an approximation, and the
 * same whether users are asked for one by one or together, on how many threads ever. Between equal
 * scores the lower id comes first. There are exactly k, or the row's count says how many there are.
 */
#ifndef PMKT_CF_H
#define PMKT_CF_H

#include "base.h"
#include "events.h"
#include "file.h"
#include "idset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An option of exactly zero, where a plain 0 means the default. */
#define PMKT_CF_ZERO (-1.0)

/* --------------------------------------------------------------------- data */

/* Training data: a sparse matrix of users and items. */
typedef struct pmkt_cf_data pmkt_cf_data;

/* What one event of a kind says about a user's liking of its item. */
typedef struct pmkt_cf_weight {
    int32_t kind;     /* PMKT_KIND_..., also the caller's own */
    int32_t reserved; /* 0 */
    double weight;    /* -1,000 to 1,000; 0: the kind says nothing and its events are left out */
} pmkt_cf_weight;

/* How the sum of a pair's weights becomes the entry of the matrix. */
enum {
    PMKT_CF_LINEAR = 0, /* as it is */
    PMKT_CF_LOG = 1     /* sign(w) * ln(1 + |w|): the tenth view says less than the first */
};

/*
 * How events become a matrix. The entry of a user and an item is the sum over their events of
 *
 *     weight(kind) * 2^(-(as_of - time) / half_life)
 *
 * in units of 2^-30, so that neither order nor batches matter; then `scale`. It may be negative: what
 * was given back. An entry of zero says that the user had to do with the item, and no more.
 */
typedef struct pmkt_cf_data_options {
    uint32_t struct_size;          /* sizeof(pmkt_cf_data_options) */
    int32_t scale;                 /* PMKT_CF_LINEAR */
    int64_t as_of_ms;              /* exclusive: later events are left out;
                                        0 = just after the last event with an item */
    int64_t since_ms;              /* earlier events are left out; 0 = none is too old */
    int64_t half_life_ms;          /* an event half_life_ms old counts half; 0 = age is nothing */
    const pmkt_cf_weight *weights; /* [n_weights] in place of the default of these kinds */
    int64_t n_weights;
    int32_t only_weights;       /* 1: kinds that `weights` does not name say nothing */
    int32_t reserved;           /* 0 */
    int64_t max_items_per_user; /* keep a user's entries of largest size, so many; among equals
                                        the latest, then the lowest id; 0 = all */
    int64_t max_users_per_item; /* then the same of an item's; 0 = all */
    const pmkt_idset *users;    /* whoever is not in it is left out, as one who did not consent;
                                        NULL = all users may be used */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_cf_data_options;

#define PMKT_CF_DATA_OPTIONS_INIT \
    { sizeof(pmkt_cf_data_options), 0, 0, 0, 0, NULL, 0, 0, 0, 0, 0, NULL, NULL }

static inline void pmkt_cf_data_options_init(pmkt_cf_data_options *options) {
    const pmkt_cf_data_options defaults = PMKT_CF_DATA_OPTIONS_INIT;
    *options = defaults;
}

/*
 * The default weight of a kind: impression 0.1, click 0.5, view 1, search 1.5, favorite 3, follow 3,
 * share 3, cart 4, checkout 5, order 10, refund and cancel -10, uncart -2; 0 for all else, as a
 * payment repeats its order. Any thread. Since 0.3.
 */
PMKT_API double pmkt_cf_default_weight(int32_t kind);

/*
 * The matrix of a batch of events, in *data, for pmkt_cf_data_release. `options` NULL = defaults.
 * Events without an item, and what the options leave out, count as ignored in the report.
 *
 *   run     NULL = all allowed threads, no progress
 *   report  out, or NULL
 *
 * No event that counts is no error: the matrix is empty. Users and items of whose entries a cap leaves
 * none stay, without an entry.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW; PMKT_E_LIMIT for more than 2^31 - 1 users or items, or more
 * than 2^33 events that count; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows); meanwhile, with what
 * is kept, about 40 bytes a row, 60 with a cap, and up to 90 where nearly each row has a user or an item
 * of its own; afterwards what pmkt_cf_data_info says. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_data_from_events(const pmkt_events *events,
                                              const pmkt_cf_data_options *options,
                                              const pmkt_run *run, pmkt_report *report,
                                              pmkt_cf_data **data, pmkt_error *err);

/* Events that come in more than one batch: a builder keeps of each row what a matrix needs. */
typedef struct pmkt_cf_builder pmkt_cf_builder;

/*
 * A new, empty builder. `allocator` NULL = the C heap; copied. `max_bytes`: refuse a batch that would
 * make it larger; 0 = no limit. Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Any thread. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_builder_new(const pmkt_allocator *allocator, int64_t max_bytes,
                                         pmkt_cf_builder **builder, pmkt_error *err);

/* Frees a builder; data made from it lives on. Since 0.3. */
PMKT_API void pmkt_cf_builder_free(pmkt_cf_builder *builder);

/*
 * Takes a batch, all of it or (on an error) none of it. Rows without an item count as ignored.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW; PMKT_E_LIMIT; PMKT_E_NOMEM. One thread at a time.
 * O(rows); 34 bytes a row taken, half as many again to spare, and while it grows the old ones too.
 * Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_builder_add(pmkt_cf_builder *builder, const pmkt_events *events,
                                         const pmkt_run *run, pmkt_report *report, pmkt_error *err);

/* Memory of a builder, in bytes; 0 for NULL. Since 0.3. */
PMKT_API int64_t pmkt_cf_builder_bytes(const pmkt_cf_builder *builder);

/*
 * The matrix of all batches so far, as pmkt_cf_data_from_events would make it of one batch with all
 * rows. The builder is as before and can go on. The data has the allocator of the options.
 *
 * Errors: as pmkt_cf_data_from_events, but no PMKT_E_BAD_ROW. Any number of threads. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_builder_build(const pmkt_cf_builder *builder,
                                           const pmkt_cf_data_options *options, const pmkt_run *run,
                                           pmkt_cf_data **data, pmkt_error *err);

/*
 * A sparse matrix by rows (CSR): the entries of row u are those from at[u] up to, not including,
 * at[u + 1]. Borrowed, in both directions.
 */
typedef struct pmkt_cf_matrix {
    uint32_t struct_size;     /* sizeof(pmkt_cf_matrix) */
    int32_t borrow;           /* 0; 1: see pmkt_cf_data_from_matrix */
    int64_t users;            /* rows */
    int64_t items;            /* columns */
    const int64_t *at;        /* [users + 1], ascending from 0 */
    const int32_t *item;      /* [at[users]] columns, from 0 */
    const float *weight;      /* [at[users]] finite; NULL = all 1 */
    const uint64_t *user_id;  /* [users]; NULL = row + 1 */
    const uint64_t *item_id;  /* [items]; NULL = column + 1 */
    const uint64_t *category; /* [items] or NULL; null PMKT_ID_NONE */
} pmkt_cf_matrix;

#define PMKT_CF_MATRIX_INIT \
    { sizeof(pmkt_cf_matrix), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_cf_matrix_init(pmkt_cf_matrix *matrix) {
    const pmkt_cf_matrix empty = PMKT_CF_MATRIX_INIT;
    *matrix = empty;
}

/*
 * Data from a matrix that is there already. Columns of a row come in any order; those that come twice
 * are added up. Ids are each at most once and not PMKT_ID_NONE. Rows and columns without an entry stay.
 * `allocator` NULL = the C heap; copied.
 *
 * All is copied, unless matrix.borrow is 1: then `item` and `weight` must stay, and stay as they are,
 * until the last release, and are read where they lie if rows and ids ascend, each column stands once in
 * its row and no weight is a negative zero. That saves 8 bytes an entry; pmkt_cf_data_info tells the bytes.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW (where = the entry) for a column out of range or a weight
 * that is not finite; PMKT_E_OVERFLOW where one that comes twice adds up to what is not; PMKT_E_LIMIT
 * for more than 2^31 - 1 users or items; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread.
 * O(entries + users + items); ids that do not ascend, and entries of one pair, are sorted in
 * O(n log n). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_data_from_matrix(const pmkt_cf_matrix *matrix,
                                              const pmkt_allocator *allocator, const pmkt_run *run,
                                              pmkt_cf_data **data, pmkt_error *err);

/* One more owner. Returns `data`. Any number of threads. Since 0.3. */
PMKT_API pmkt_cf_data *pmkt_cf_data_retain(const pmkt_cf_data *data);

/* One owner less; the last one frees it. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_cf_data_release(const pmkt_cf_data *data);

/*
 * The matrix by rows, in *by_user; and by columns, in *by_item, whose `users` are then the items and
 * whose `item` are users. Either may be NULL. User ids and item ids ascend; so do the columns of
 * a row. `category` is an item's most frequent one, among equals the lowest; NULL if no event had one.
 * Borrowed until the last release.
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_data_matrix(const pmkt_cf_data *data, pmkt_cf_matrix *by_user,
                                         pmkt_cf_matrix *by_item, pmkt_error *err);

/* What went into data; filled by pmkt_cf_data_info. Rows are of events, 0 from a matrix. */
typedef struct pmkt_cf_data_counts {
    uint32_t struct_size; /* in: sizeof(pmkt_cf_data_counts) */
    int32_t reserved;     /* 0 */
    int64_t users;
    int64_t items;
    int64_t entries;
    int64_t negative;    /* entries below zero */
    int64_t rows;        /* events that count */
    int64_t no_item;     /* rows left out: without an item */
    int64_t no_consent;  /* of users not in options.users */
    int64_t out_of_time; /* before since_ms, or not before as_of_ms */
    int64_t no_weight;   /* of kinds that say nothing */
    int64_t capped;      /* entries left out by the two caps */
    int64_t as_of_ms;    /* as it was used; PMKT_TIME_NULL from a matrix, or without events */
    int64_t bytes;
    uint64_t hash; /* of ids and entries: equal for equal data */
} pmkt_cf_data_counts;

#define PMKT_CF_DATA_COUNTS_INIT \
    { sizeof(pmkt_cf_data_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_cf_data_counts_init(pmkt_cf_data_counts *counts) {
    const pmkt_cf_data_counts empty = PMKT_CF_DATA_COUNTS_INIT;
    *counts = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_cf_data_info(const pmkt_cf_data *data, pmkt_cf_data_counts *out,
                                       pmkt_error *err);

/* ------------------------------------------------------------------- models */

/* A model. */
typedef struct pmkt_cf pmkt_cf;

/* What a model is. The numbers are frozen. */
enum {
    PMKT_CF_ALS = 1,       /* factors of users and items; score = their dot product */
    PMKT_CF_KNN = 2,       /* similarities of items; score = sum over what the user has */
    PMKT_CF_POPULARITY = 3 /* the same items for everybody */
};

/* Which loss ALS minimizes; see pmkt_cf_als_options. */
enum {
    PMKT_CF_IALS = 0,   /* unobserved weight and frequency-scaled regularization */
    PMKT_CF_CLASSIC = 1 /* confidence 1 + alpha * w */
};

/* How ALS solves for the factors of one user or item. */
enum {
    PMKT_CF_CG = 0,      /* a few steps of conjugate gradient from where the factors are */
    PMKT_CF_CHOLESKY = 1 /* exactly */
};

/* Who is told how the fit goes: `fn`, on the calling thread, gets the number of the iteration (from 1)
   and its loss. A non-zero answer says that this is enough: the model is as it is then. */
typedef struct pmkt_cf_watch {
    int (*fn)(void *ctx, int32_t iteration, double loss);
    void *ctx;
} pmkt_cf_watch;

/*
 * Implicit ALS. For the entries w of the matrix, with a = alpha |w|, and the target p = 1 for w > 0,
 * p = 0 else, the loss that the factors x (of users) and y (of items) minimize is, with PMKT_CF_IALS
 * (Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
 * Benchmarks", RecSys 2022, eq. 2 to 5),
 *
 *     sum over entries: a (p - x.y)^2  +  unobserved * sum over all pairs: (x.y)^2
 *       +  sum over users: lambda_u |x|^2  +  sum over items: lambda_i |y|^2
 *
 *     lambda_u = regularization * (entries of u + unobserved * items)^nu, lambda_i likewise,
 *
 * and with PMKT_CF_CLASSIC (Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback
 * Datasets", ICDM 2008, eq. 3), with c = 1 + a for entries and c = 1 for all other pairs,
 *
 *     sum over all pairs: c (p - x.y)^2  +  the same two sums, with `items` and `users` for
 *     `unobserved * items` and `unobserved * users` in lambda.
 *
 * Entries of zero are as if they were not there. An iteration solves for all users, then for all items.
 * Zero is the default behind each line; PMKT_CF_ZERO is zero. At most: 100,000 iterations, 1,000 steps,
 * 10^12 for regularization and unobserved, 10^300 for alpha, 10^6 for sigma.
 */
typedef struct pmkt_cf_als_options {
    uint32_t struct_size;  /* sizeof(pmkt_cf_als_options) */
    int32_t factors;       /* 64; 1 to 1,024 */
    int32_t iterations;    /* 15 */
    int32_t loss;          /* PMKT_CF_IALS */
    int32_t solver;        /* PMKT_CF_CG */
    int32_t cg_steps;      /* 3; with PMKT_CF_CG */
    double regularization; /* 0.03 (PMKT_CF_IALS), 0.01 (PMKT_CF_CLASSIC) */
    double alpha;          /* 1 / the mean |w| of the entries other than zero, so that the other
                                defaults suit entries of any scale (a few huge entries among small
                                ones make it too small: cap or scale those) */
    double unobserved;     /* 0.1; PMKT_CF_IALS only */
    double nu;             /* 0.5 (PMKT_CF_IALS), 0 (PMKT_CF_CLASSIC); from 0 to 1 */
    double sigma;          /* 0.1: first factors are normal with deviation sigma / sqrt(factors) */
    uint64_t seed;         /* of the first factors, which depend on it and the id alone */
    const float *first_users; /* [users * factors] in the data's order, to start from; or NULL */
    const float *first_items; /* [items * factors], or NULL */
    pmkt_cf_watch each;       /* told after each iteration; fn may be NULL */
    int32_t drop_seen; /* 1: the model does not keep who had what and leaves nothing out as seen */
    int32_t reserved;  /* 0 */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_cf_als_options;

#define PMKT_CF_ALS_OPTIONS_INIT \
    { \
        sizeof(pmkt_cf_als_options), 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, NULL, NULL, \
            {NULL, NULL}, 0, 0, NULL \
    }

static inline void pmkt_cf_als_options_init(pmkt_cf_als_options *options) {
    const pmkt_cf_als_options defaults = PMKT_CF_ALS_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Fits ALS, in *model, for pmkt_cf_release. The loss of each iteration falls out of the solving: `each` is
 * told it, and the last one stays in the model's info. A user or item without an entry above zero gets
 * factors of zero: an item's score is 0 then, below all that are liked and above all that are not.
 *
 * Factors are floats. PMKT_CF_CHOLESKY solves a row in double precision where float would not do (and
 * adds 2^-18 of the base's diagonal to lambda there), so that its loss never rises. PMKT_CF_CG does all in
 * float, takes no further step where only rounding is left of a row's residual, and is not to be trusted
 * where alpha * w is more than about 10^6 times lambda. Memory, meanwhile: the model, and a megabyte or so
 * a thread (12 * factors^2 bytes more with PMKT_CF_CHOLESKY).
 *
 * Errors: PMKT_E_INVALID; PMKT_E_OVERFLOW if factors leave the range of float, or the loss that of double
 * (weights or alpha are too large); PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread; the factors are the same
 * bytes at any number of threads. An iteration takes O(entries * factors * cg_steps + (users + items) * factors^2 * cg_steps)
 * or, exactly, O(entries * factors^2 + (users + items) * factors^3). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_als_fit(const pmkt_cf_data *data, const pmkt_cf_als_options *options,
                                     const pmkt_run *run, pmkt_cf **model, pmkt_error *err);

/* How alike two items are, by their columns of the matrix; w and entries are those above zero. */
enum {
    PMKT_CF_COSINE = 0, /* a.b / (|a| |b|) */
    PMKT_CF_TFIDF = 1,  /* the same of sqrt(w) * ln(1 + items / entries of the user) */
    PMKT_CF_BM25 = 2    /* the same of w (k1 + 1) / (k1 (1 - b + b * L_i / mean L) + w)
                           * ln(1 + items / entries of the user), L_i = sum of w of the item,
                           * its mean that over all items */
};

/*
 * Item-kNN, by brute force. Entries that are not above zero take no part in how alike items are; in a
 * user's score one below zero counts against what is like its item.
 */
typedef struct pmkt_cf_knn_options {
    uint32_t struct_size; /* sizeof(pmkt_cf_knn_options) */
    int32_t similarity;   /* PMKT_CF_COSINE */
    int32_t neighbors;    /* 100: the most similar items that each item keeps; 1 to 10,000 */
    int32_t drop_seen;    /* 1: as in ALS; then there are no recommendations for known users */
    double shrinkage;     /* 0: similarities are divided by 1 + shrinkage / (users in common);
                             to 1e9 */
    double k1;            /* 1.2; of PMKT_CF_BM25; to 1e9 */
    double b;             /* 0.75; of PMKT_CF_BM25; PMKT_CF_ZERO is zero */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_cf_knn_options;

#define PMKT_CF_KNN_OPTIONS_INIT \
    { sizeof(pmkt_cf_knn_options), 0, 0, 0, 0.0, 0.0, 0.0, NULL }

static inline void pmkt_cf_knn_options_init(pmkt_cf_knn_options *options) {
    const pmkt_cf_knn_options defaults = PMKT_CF_KNN_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Fits item-kNN (Sarwar, Karypis, Konstan, Riedl, "Item-based Collaborative Filtering Recommendation
 * Algorithms", WWW 2001). Similarities are exact, summed in double precision and kept as float; among
 * equal ones the lower id is kept. A user's score of an item is the sum over the items they have of
 * weight * similarity.
 *
 * Errors: PMKT_E_INVALID, PMKT_E_CANCELED, PMKT_E_NOMEM. Any thread. O(sum over users of their entries
 * squared). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_knn_fit(const pmkt_cf_data *data, const pmkt_cf_knn_options *options,
                                     const pmkt_run *run, pmkt_cf **model, pmkt_error *err);

/* What makes an item popular. */
enum {
    PMKT_CF_BY_WEIGHT = 0, /* the sum of its entries above zero */
    PMKT_CF_BY_USERS = 1   /* how many they are */
};

/* How popularity is counted. */
typedef struct pmkt_cf_popularity_options {
    uint32_t struct_size;            /* sizeof(pmkt_cf_popularity_options) */
    int32_t by;                      /* PMKT_CF_BY_WEIGHT */
    int32_t drop_seen;               /* 1: as in ALS */
    int32_t reserved;                /* 0 */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_cf_popularity_options;

#define PMKT_CF_POPULARITY_OPTIONS_INIT \
    { sizeof(pmkt_cf_popularity_options), 0, 0, 0, NULL }

static inline void pmkt_cf_popularity_options_init(pmkt_cf_popularity_options *options) {
    const pmkt_cf_popularity_options defaults = PMKT_CF_POPULARITY_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Ranks items by popularity: of all time, or recent if the data has a short half_life_ms or a
 * since_ms; of one category if the query names it. A user who was not in the data is unknown to this
 * model as to the others, so that they can be compared: PMKT_CF_POPULAR in the query answers them too.
 * Errors: PMKT_E_INVALID, PMKT_E_CANCELED, PMKT_E_NOMEM. Any thread. O(entries + items log items).
 * Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_popularity_fit(const pmkt_cf_data *data,
                                            const pmkt_cf_popularity_options *options,
                                            const pmkt_run *run, pmkt_cf **model, pmkt_error *err);

/* The factors of a model, row by row; borrowed, in both directions. */
typedef struct pmkt_cf_factors {
    uint32_t struct_size; /* sizeof(pmkt_cf_factors) */
    int32_t factors;
    int64_t users; /* may be 0 on the way in: a model that answers for histories and items only */
    int64_t items;
    const uint64_t *user_id;   /* [users] ascending on the way out, any order on the way in;
                                NULL = row + 1 */
    const uint64_t *item_id;   /* [items] likewise */
    const float *user_factors; /* [users * factors] finite */
    const float *item_factors; /* [items * factors] finite */
} pmkt_cf_factors;

#define PMKT_CF_FACTORS_INIT \
    { sizeof(pmkt_cf_factors), 0, 0, 0, NULL, NULL, NULL, NULL }

static inline void pmkt_cf_factors_init(pmkt_cf_factors *factors) {
    const pmkt_cf_factors empty = PMKT_CF_FACTORS_INIT;
    *factors = empty;
}

/*
 * An ALS model from factors that were made elsewhere, which are copied. Of `options`, which say how
 * histories are folded in, iterations and what goes with them mean nothing. `seen`, if any, says who
 * had what: its ids that the factors do not have are passed over. It also gives popularity and
 * categories; without it the model excludes nothing as seen and has no fallback.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW (where = the row of users, or users + the row of items) for a
 * number that is not finite, an id that comes twice or is PMKT_ID_NONE; PMKT_E_LIMIT for more than
 * 2^31 - 1 users or items; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(users + items). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_from_factors(const pmkt_cf_factors *factors, const pmkt_cf_data *seen,
                                          const pmkt_cf_als_options *options, const pmkt_run *run,
                                          pmkt_cf **model, pmkt_error *err);

/*
 * The factors of an ALS model, borrowed until its last release. Errors: PMKT_E_UNSUPPORTED for
 * another kind; PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_get_factors(const pmkt_cf *model, pmkt_cf_factors *out,
                                         pmkt_error *err);

/*
 * The ids that a model knows, ascending, borrowed until its last release; any of the four may be NULL.
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_ids(const pmkt_cf *model, const uint64_t **users, int64_t *n_users,
                                 const uint64_t **items, int64_t *n_items, pmkt_error *err);

/* One more owner. Returns `model`. Any number of threads. Since 0.3. */
PMKT_API pmkt_cf *pmkt_cf_retain(const pmkt_cf *model);

/* One owner less; the last one frees it. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_cf_release(const pmkt_cf *model);

/* What a model is; filled by pmkt_cf_info. What a kind does not have is 0. */
typedef struct pmkt_cf_facts {
    uint32_t struct_size; /* in: sizeof(pmkt_cf_facts) */
    int32_t kind;         /* PMKT_CF_ALS, ... */
    int64_t users;
    int64_t items;
    int64_t entries;  /* of the data it was fitted to */
    int64_t as_of_ms; /* of that data, or PMKT_TIME_NULL */
    uint64_t data_hash;
    int64_t bytes;    /* memory, without a file that it has mapped */
    int64_t mapped;   /* bytes of that file */
    int32_t has_seen; /* 1: it knows who had what */
    int32_t factors;
    int32_t iterations; /* that were run */
    int32_t loss;       /* PMKT_CF_IALS, PMKT_CF_CLASSIC */
    int32_t solver;
    int32_t cg_steps;
    double regularization;
    double alpha;
    double unobserved;
    double nu;
    double sigma;
    uint64_t seed;
    double final_loss;  /* after the last iteration */
    int32_t similarity; /* of kNN */
    int32_t neighbors;
    double shrinkage;
    double k1;
    double b;
    int32_t by; /* of popularity */
    int32_t reserved;
} pmkt_cf_facts;

#define PMKT_CF_FACTS_INIT \
    { \
        sizeof(pmkt_cf_facts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, \
            0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0, 0 \
    }

static inline void pmkt_cf_facts_init(pmkt_cf_facts *facts) {
    const pmkt_cf_facts empty = PMKT_CF_FACTS_INIT;
    *facts = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_cf_info(const pmkt_cf *model, pmkt_cf_facts *out, pmkt_error *err);

/* ---------------------------------------------------------------- questions */

/* Working memory for one thread's questions: with it, a call for one row allocates nothing once the
   scratch has grown to what the model and the query need. */
typedef struct pmkt_cf_scratch pmkt_cf_scratch;

/* `allocator` NULL = the C heap; copied. Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Any thread. Since 0.3. */
PMKT_API pmkt_status pmkt_cf_scratch_new(const pmkt_allocator *allocator, pmkt_cf_scratch **scratch,
                                         pmkt_error *err);

/* Frees it; NULL is fine. Any thread, none using it. Since 0.3. */
PMKT_API void pmkt_cf_scratch_free(pmkt_cf_scratch *scratch);

/* What to do for a user who is unknown, or a history of which no item is known. */
enum {
    PMKT_CF_NOTHING = 0, /* count 0 */
    PMKT_CF_POPULAR = 1  /* what is popular, through the same filters, with popularity (the sum of
                            weights above zero) as score; min_score does not apply */
};

/* What to ask. Filters hold for what is answered: items, or users in pmkt_cf_similar_users. */
typedef struct pmkt_cf_query {
    uint32_t struct_size;    /* sizeof(pmkt_cf_query) */
    int32_t k;               /* 10: answers a row; any number, also above what there is */
    int32_t keep_seen;       /* 0: what a user has had (any entry of the matrix, also a negative) is
                             left out, and what a history names; 1: it is not. What never became
                             an entry (capped, before since_ms, of a kind without weight) is not
                             left out: exclude it */
    int32_t fallback;        /* PMKT_CF_NOTHING */
    const pmkt_idset *allow; /* only these; NULL = all */
    const pmkt_idset *deny;  /* not these; NULL = none */
    uint64_t category;       /* only items of it; PMKT_ID_NONE = all */
    const int64_t *exclude_at; /* [rows + 1] ascending from 0: row i leaves out `exclude` from */
    const uint64_t *exclude;   /* exclude_at[i] up to exclude_at[i + 1]; both NULL = none */
    int32_t has_min_score;     /* 1: only scores of at least min_score */
    float min_score;
    pmkt_cf_scratch *scratch; /* for calls with one row; NULL = allocate */
} pmkt_cf_query;

#define PMKT_CF_QUERY_INIT \
    { sizeof(pmkt_cf_query), 0, 0, 0, NULL, NULL, PMKT_ID_NONE, NULL, NULL, 0, 0.0f, NULL }

static inline void pmkt_cf_query_init(pmkt_cf_query *query) {
    const pmkt_cf_query defaults = PMKT_CF_QUERY_INIT;
    *query = defaults;
}

/* Why a row is as it is. */
enum {
    PMKT_CF_ANSWERED = 0,  /* by the model; fewer than k if no more pass the filters */
    PMKT_CF_UNKNOWN = 1,   /* the model does not know the user or item, or nothing of the history */
    PMKT_CF_FELL_BACK = 2, /* PMKT_CF_POPULAR */
    PMKT_CF_NO_FACTORS = 3 /* known, but it has no entry above zero to go by */
};

/*
 * Where answers go: the caller's arrays. Row i has its answers at i * k, best first; what lies beyond its
 * count is PMKT_ID_NONE with a score of NaN.
 */
typedef struct pmkt_cf_answer {
    uint32_t struct_size; /* sizeof(pmkt_cf_answer) */
    int32_t reserved;     /* 0 */
    uint64_t *ids;        /* [rows * k] */
    float *scores;        /* [rows * k], or NULL */
    int32_t *counts;      /* [rows] */
    uint8_t *reasons;     /* [rows] PMKT_CF_ANSWERED, ..., or NULL */
} pmkt_cf_answer;

#define PMKT_CF_ANSWER_INIT \
    { sizeof(pmkt_cf_answer), 0, NULL, NULL, NULL, NULL }

static inline void pmkt_cf_answer_init(pmkt_cf_answer *answer) {
    const pmkt_cf_answer empty = PMKT_CF_ANSWER_INIT;
    *answer = empty;
}

/*
 * The best items for each of `n` users. `query` NULL = defaults.
 *
 * The score is of ALS the dot product of the factors, taken in double precision and rounded; of
 * kNN and popularity see there.
 *
 * These hold for all questions: a call with one row starts no thread, and allocates nothing if it has a
 * warm scratch. The answer's arrays are scratch if the call fails. Sets may be updated meanwhile; each
 * id is then taken as it was at some moment of the call.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED, where the model does not know who had what and
 * keep_seen is 0 (or it is of kNN, which needs it), for a category that it has none of, or for a
 * fallback without popularity; PMKT_E_CORRUPT, of a mapped model; PMKT_E_CANCELED; PMKT_E_NOMEM.
 * Any number of threads, each with a scratch of its own. O(n * items * factors) at worst. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_recommend(const pmkt_cf *model, const uint64_t *users, int64_t n,
                                       const pmkt_cf_query *query, const pmkt_run *run,
                                       const pmkt_cf_answer *answer, pmkt_error *err);

/* What somebody did whom the model need not know. */
typedef struct pmkt_cf_history {
    uint32_t struct_size; /* sizeof(pmkt_cf_history) */
    int32_t reserved;     /* 0 */
    int64_t rows;
    const int64_t *at;     /* [rows + 1] ascending from 0 */
    const uint64_t *items; /* [at[rows]] in any order; what comes twice is added up; unknown items
                               are passed over */
    const float *weights;  /* [at[rows]] finite, as entries of the matrix; NULL = all 1 */
} pmkt_cf_history;

#define PMKT_CF_HISTORY_INIT \
    { sizeof(pmkt_cf_history), 0, 0, NULL, NULL, NULL }

static inline void pmkt_cf_history_init(pmkt_cf_history *history) {
    const pmkt_cf_history empty = PMKT_CF_HISTORY_INIT;
    *history = empty;
}

/*
 * The best items for each history: with ALS, for the factors that would be solved for exactly from it
 * (fold-in). Errors, threads and cost as pmkt_cf_recommend; PMKT_E_BAD_ROW (where = the entry) for a
 * weight that is not finite; PMKT_E_OVERFLOW as pmkt_cf_fold_in. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_recommend_history(const pmkt_cf *model, const pmkt_cf_history *history,
                                               const pmkt_cf_query *query, const pmkt_run *run,
                                               const pmkt_cf_answer *answer, pmkt_error *err);

/*
 * The factors of each history, to be kept or fed to another index; of one with nothing known, zeros.
 * `factors` [rows * factors of the model]. `scratch` for one row, or NULL. Errors:
 * PMKT_E_UNSUPPORTED for a model that is not ALS; PMKT_E_BAD_ROW; PMKT_E_OVERFLOW if factors leave the
 * range of float; PMKT_E_INVALID; PMKT_E_CORRUPT; PMKT_E_CANCELED; PMKT_E_NOMEM. Any number of
 * threads. O(entries * factors^2 + factors^3) a row. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_fold_in(const pmkt_cf *model, const pmkt_cf_history *history,
                                     pmkt_cf_scratch *scratch, const pmkt_run *run, float *factors,
                                     pmkt_error *err);

/*
 * The items most similar to each of `n` items, not itself: by the cosine of their factors (ALS) or as
 * kNN has it. keep_seen and fallback mean nothing here. Errors: PMKT_E_UNSUPPORTED for a popularity
 * model; else, threads and cost as pmkt_cf_recommend. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_similar_items(const pmkt_cf *model, const uint64_t *items, int64_t n,
                                           const pmkt_cf_query *query, const pmkt_run *run,
                                           const pmkt_cf_answer *answer, pmkt_error *err);

/* The same of users; ALS only, and no category. Since 0.3. */
PMKT_API pmkt_status pmkt_cf_similar_users(const pmkt_cf *model, const uint64_t *users, int64_t n,
                                           const pmkt_cf_query *query, const pmkt_run *run,
                                           const pmkt_cf_answer *answer, pmkt_error *err);

/*
 * Orders given items for each user: row i gets those from at[i] up to at[i + 1] of `items`, best
 * first, and its answers at at[i], whatever the user has seen. Items that the model does not know are
 * left out, and those that come twice come once; counts say how many there are.
 *
 *   at       [n + 1] ascending from 0
 *   answer   ids and scores have room for at[n]
 *   scratch  for one row, or NULL
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED, of kNN without seen; PMKT_E_CORRUPT; PMKT_E_CANCELED;
 * PMKT_E_NOMEM. Any number of threads. O(at[n] * factors). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_rank(const pmkt_cf *model, const uint64_t *users, int64_t n,
                                  const int64_t *at, const uint64_t *items,
                                  pmkt_cf_scratch *scratch, const pmkt_run *run,
                                  const pmkt_cf_answer *answer, pmkt_error *err);

/* -------------------------------------------------------------------- files */

/*
 * Saves a model, whole; equal models are equal bytes. See file.h for what saving, loading and mapping
 * promise. Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd;
 * PMKT_E_INVALID; PMKT_E_CORRUPT, of a mapped model; PMKT_E_CANCELED; PMKT_E_NOMEM. Any number of
 * threads. O(model). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_save(const pmkt_cf *model, const char *path,
                                  const pmkt_save_options *options, const pmkt_run *run,
                                  pmkt_error *err);
PMKT_API pmkt_status pmkt_cf_save_memory(const pmkt_cf *model, const pmkt_save_options *options,
                                         const pmkt_run *run, pmkt_buffer **buffer,
                                         pmkt_error *err);

/*
 * A model from a file, or from bytes that are only read during the call. Errors: PMKT_E_IO;
 * PMKT_E_FORMAT; PMKT_E_CORRUPT (where = the byte of the file); PMKT_E_UNSUPPORTED in a build without
 * zstd; PMKT_E_LIMIT; PMKT_E_INVALID; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(file). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_load(const char *path, const pmkt_load_options *options,
                                  const pmkt_run *run, pmkt_cf **model, pmkt_error *err);
PMKT_API pmkt_status pmkt_cf_load_memory(const void *bytes, size_t size,
                                         const pmkt_load_options *options, const pmkt_run *run,
                                         pmkt_cf **model, pmkt_error *err);

/*
 * A model that uses a file in place: ready at once, whatever its size, and shared by all processes that
 * map it. Every index that the file holds is checked where it is used. Errors: as pmkt_cf_load;
 * PMKT_E_UNSUPPORTED for a compressed file. Any thread. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_map(const char *path, const pmkt_load_options *options,
                                 pmkt_cf **model, pmkt_error *err);

/*
 * Reads the whole file that a model has mapped and compares every checksum; PMKT_OK at once for a
 * model that has none. Errors: PMKT_E_CORRUPT (where = the byte), PMKT_E_CANCELED, PMKT_E_INVALID.
 * Any number of threads. O(file). Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_verify(const pmkt_cf *model, const pmkt_run *run, pmkt_error *err);

/* --------------------------------------------------------------- hot reload */

/* The place of a service's current model: readers take it, a reloader swaps it. */
typedef struct pmkt_cf_live pmkt_cf_live;

/*
 * A place with a model in it, or none (NULL): it retains what it is given. `allocator` NULL = the C
 * heap; copied. Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_live_new(const pmkt_cf *model, const pmkt_allocator *allocator,
                                      pmkt_cf_live **live, pmkt_error *err);

/* Frees the place, which nobody may use any more, and releases its model. Since 0.3. */
PMKT_API void pmkt_cf_live_free(pmkt_cf_live *live);

/* The current model, for the caller to release; NULL if there is none. Any number of threads, also
   during a swap; never waits, allocates nothing. Since 0.3. */
PMKT_API pmkt_cf *pmkt_cf_live_get(pmkt_cf_live *live);

/*
 * Puts another model (or NULL) in the place, which retains it, and releases the one before, which lives
 * on with those who have it. Errors: PMKT_E_INVALID. One swap at a time. Since 0.3.
 */
PMKT_API pmkt_status pmkt_cf_live_swap(pmkt_cf_live *live, const pmkt_cf *model, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
