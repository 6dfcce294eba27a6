/*
 * attribution.h - which channels brought the orders: credit for every channel that touched a customer.
 *
 *     pmkt_attribution_compute(&paths, NULL, NULL, &result, &err);   // Markov chain of order 1
 *     pmkt_attribution_columns(result, &c, &err);                    // one row a channel
 *
 * A path is what one customer met, oldest touch first, until they converted or were lost. Paths come as
 * columns, or out of events by pmkt_attribution_data_from_events.
 *
 * Nothing here is simulated: a removal effect is the solution of the chain's linear system, the Shapley
 * value of a chain that of all its coalitions. Only the bootstrap draws random numbers.
 */
#ifndef PMKT_ATTRIBUTION_H
#define PMKT_ATTRIBUTION_H

#include "base.h"
#include "events.h"
#include "idset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------- paths */

/*
 * Paths as columns, borrowed. The touches of path p are those from at[p] up to, not including,
 * at[p + 1]. A path without a touch is fine: its conversions belong to no channel, and count as
 * unattributed. One row may stand for many customers who went the same way.
 */
typedef struct pmkt_attribution_paths {
    uint32_t struct_size;      /* sizeof(pmkt_attribution_paths) */
    int32_t reserved;          /* 0 */
    int64_t paths;             /* rows; 0 is fine */
    const int64_t *at;         /* [paths + 1] ascending from 0 */
    const uint64_t *channel;   /* [at[paths]] oldest first; never PMKT_ID_NONE */
    const int64_t *time;       /* [at[paths]] ms of each touch, not descending; or NULL */
    const double *conversions; /* [paths] 0 to 2^53: how many converted; NULL = 1 each */
    const double *values;      /* [paths] what these conversions were worth together; or NULL */
    const double *nulls;       /* [paths] 0 to 2^53: how many went this way in vain; NULL = none */
} pmkt_attribution_paths;

#define PMKT_ATTRIBUTION_PATHS_INIT \
    { sizeof(pmkt_attribution_paths), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_attribution_paths_init(pmkt_attribution_paths *paths) {
    const pmkt_attribution_paths empty = PMKT_ATTRIBUTION_PATHS_INIT;
    *paths = empty;
}

/* ------------------------------------------------------------------- models */

/*
 * Who gets how much of a conversion. The first five and SHAPLEY_PATHS give out each path by itself; the
 * other two give out the total by what all paths say together.
 */
enum {
    PMKT_ATTRIBUTION_MARKOV = 0,   /* by removal effects of the absorbing Markov chain */
    PMKT_ATTRIBUTION_FIRST = 1,    /* all to the first touch */
    PMKT_ATTRIBUTION_LAST = 2,     /* all to the last touch */
    PMKT_ATTRIBUTION_LINEAR = 3,   /* the same to every touch */
    PMKT_ATTRIBUTION_POSITION = 4, /* first_share, last_share, the rest evenly between; two touches
                                        share in proportion to the two, one has all */
    PMKT_ATTRIBUTION_TIME_DECAY = 5,    /* in proportion to 2^(-age / half_life); what the age is
                                        counted from makes no difference */
    PMKT_ATTRIBUTION_SHAPLEY = 6,       /* Shapley value of the game v(S) = conversions of the chain
                                        of order 1 in which only the channels of S are left; exact,
                                        over all coalitions: at most 16 channels */
    PMKT_ATTRIBUTION_SHAPLEY_PATHS = 7, /* Shapley value of the game v(S) = conversions of the paths
                                        whose channels all lie in S; it is an even split over the
                                        different channels of a path, for any number of them */
    PMKT_ATTRIBUTION_MODELS_ = 8        /* how many; grows with the list */
};

/* The name of a model, such as "time_decay"; NULL for a number that is none. Static. Since 0.3. */
PMKT_API const char *pmkt_attribution_model_name(int32_t model);

/* How to attribute. */
typedef struct pmkt_attribution_options {
    uint32_t struct_size; /* sizeof(pmkt_attribution_options) */
    int32_t model;        /* PMKT_ATTRIBUTION_MARKOV */
    int32_t order;        /* Markov: 1; how many touches a state remembers, to 4 */
    int32_t ignore_nulls; /* 1: as if `nulls` were NULL */
    double first_share;   /* position: 0.4 if both shares are 0; else of the first touch, to 1 */
    double last_share;    /* position: 0.4 if both shares are 0; else of the last one */
    int64_t half_life_ms; /* time decay, paths with times: 7 days */
    double half_life_touches; /* time decay, paths without: 1; age = touches that came after */
    int32_t bootstrap;        /* resamples for intervals, to 1,000,000; 0 = none */
    int32_t reserved;         /* 0 */
    double level;             /* 0.95: of the intervals */
    uint64_t seed;            /* of the resamples */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_attribution_options;

#define PMKT_ATTRIBUTION_OPTIONS_INIT \
    { sizeof(pmkt_attribution_options), 0, 0, 0, 0.0, 0.0, 0, 0.0, 0, 0, 0.0, 0, NULL }

static inline void pmkt_attribution_options_init(pmkt_attribution_options *options) {
    const pmkt_attribution_options defaults = PMKT_ATTRIBUTION_OPTIONS_INIT;
    *options = defaults;
}

/* A finished attribution (immutable). */
typedef struct pmkt_attribution pmkt_attribution;

/*
 * Attributes the conversions of paths, and their values if there are some.
 *
 * Markov, order k. The states of the chain are the last k touches (at the beginning of a path: all so
 * far), besides start, conversion and null; its probabilities are the counts of the paths. Removing a
 * channel sends whoever would meet it to null. With P the probability of conversion, or the mean value,
 *
 *     removal effect = 1 - P(without the channel) / P
 *
 * and the total is given out in proportion to the effects (Anderl, Becker, von Wangenheim, Schumann,
 * "Mapping the customer journey", IJRM 33, 2016). Effects are exact to about 1e-13. Where values have
 * both signs, effects on value may lie outside 0 to 1. A channel that only lost customers met has credit
 * too, if others went on from it. Paths without a touch are not in the chain.
 *
 * Bootstrap: a resample draws for each row how many convert and how many are lost, from Poisson
 * distributions with the row's counts as means, values in proportion to conversions; so whole numbers are
 * customers drawn with replacement, and a fraction is a customer drawn that much more seldom. Draws depend
 * on seed, resample and row alone. Everything is computed anew for each resample, but to about five digits.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW (where = the path) for a count that is negative, NaN or beyond
 * 2^53, a value that is not finite or has no conversion, PMKT_ID_NONE as a channel, or times that descend
 * or lie outside [PMKT_TIME_MIN, PMKT_TIME_MAX); PMKT_E_OVERFLOW for values that add up to more than a
 * double holds; PMKT_E_LIMIT for SHAPLEY with more than 16 channels, for
 * 2^31 - 1 touches or more, or a chain that is too close to never ending to be solved
 * (then nothing is returned); PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(touches), and for Markov
 * O(channels * transitions) a sweep of a solution, which takes ten to a hundred; for SHAPLEY
 * O(2^channels); times 1 + bootstrap (fewer steps each). Since 0.3.
 */
PMKT_API pmkt_status pmkt_attribution_compute(const pmkt_attribution_paths *paths,
                                              const pmkt_attribution_options *options,
                                              const pmkt_run *run, pmkt_attribution **attribution,
                                              pmkt_error *err);

/* Frees an attribution; its columns go with it. Since 0.3. */
PMKT_API void pmkt_attribution_free(pmkt_attribution *attribution);

/* The result: one row a channel, most conversions first, equals by id; borrowed until _free. */
typedef struct pmkt_attribution_table {
    uint32_t struct_size; /* in: sizeof(pmkt_attribution_table) */
    int32_t model;
    int32_t order;     /* of a chain, else 0 */
    int32_t bootstrap; /* resamples behind the intervals */
    int64_t rows;      /* different channels in the paths */
    const uint64_t *channel;
    const double *conversions;          /* credit */
    const double *value;                /* credit; NULL if the paths had no values */
    const double *removal_effect;       /* on conversions; NULL unless MARKOV or SHAPLEY */
    const double *value_removal_effect; /* on value; NULL unless there are both */
    const double *low;                  /* bounds of the interval of conversions (percentiles, */
    const double *high;                 /* linear between two); NULL without bootstrap */
    const double *value_low;            /* the same of value */
    const double *value_high;
    const int64_t *touches;          /* in the rows, whatever their counts */
    const int64_t *paths;            /* rows that hold the channel */
    double total_conversions;        /* of all paths */
    double total_value;              /* the same */
    double total_nulls;              /* the same */
    double unattributed_conversions; /* of paths without a touch: not in the columns */
    double unattributed_value;       /* the same */
    int64_t n_paths;
    int64_t n_touches;
    int64_t states;      /* of the chain, without start, conversion and null */
    int64_t transitions; /* between states, and from the start */
} pmkt_attribution_table;

#define PMKT_ATTRIBUTION_TABLE_INIT \
    { \
        sizeof(pmkt_attribution_table), 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            NULL, NULL, NULL, NULL, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0 \
    }

static inline void pmkt_attribution_table_init(pmkt_attribution_table *table) {
    const pmkt_attribution_table empty = PMKT_ATTRIBUTION_TABLE_INIT;
    *table = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_attribution_columns(const pmkt_attribution *attribution,
                                              pmkt_attribution_table *out, pmkt_error *err);

/*
 * The credit of each touch, in the order of the caller's `channel`: `conversions` and `values` [n],
 * borrowed until _free; `values` is NULL if the paths had none. Over a path it adds up to what the
 * path converted.
 *
 * Where each path is given out by itself, it also adds up to a channel's credit. With MARKOV and SHAPLEY
 * it does not: there a path is given out in proportion to the credit of its different channels (of
 * conversions, for values too), each one's part evenly over its touches, while a channel's credit comes
 * from the chain, which also has the paths that nobody went.
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_attribution_touches(const pmkt_attribution *attribution,
                                              const double **conversions, const double **values,
                                              int64_t *n, pmkt_error *err);

/* ---------------------------------------------------------- order of a chain */

/* How to compare orders. */
typedef struct pmkt_attribution_order_options {
    uint32_t struct_size;            /* sizeof(pmkt_attribution_order_options) */
    int32_t max_order;               /* 4 */
    int32_t folds;                   /* 5; 2 to 20 */
    int32_t ignore_nulls;            /* 1: as if `nulls` were NULL */
    uint64_t seed;                   /* which customers belong to which fold */
    const pmkt_allocator *allocator; /* NULL = the C heap; used during the call */
} pmkt_attribution_order_options;

#define PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT \
    { sizeof(pmkt_attribution_order_options), 0, 0, 0, 0, NULL }

static inline void pmkt_attribution_order_options_init(pmkt_attribution_order_options *options) {
    const pmkt_attribution_order_options defaults = PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT;
    *options = defaults;
}

/* How well each order foretells paths that it has not seen. */
typedef struct pmkt_attribution_orders {
    uint32_t struct_size; /* in: sizeof(pmkt_attribution_orders) */
    int32_t best;         /* the order with the greatest log_likelihood, the lowest of equals; 0 =
                             there is no path */
    double transitions;   /* steps that were foretold, conversions and losses too */
    double log_likelihood[5]; /* [order] mean a step, natural logarithm; 0 = the last touch is not
                                 looked at either; NaN above max_order and without a path */
} pmkt_attribution_orders;

#define PMKT_ATTRIBUTION_ORDERS_INIT \
    { \
        sizeof(pmkt_attribution_orders), 0, 0.0, { \
            0.0, 0.0, 0.0, 0.0, 0.0 \
        } \
    }

static inline void pmkt_attribution_orders_init(pmkt_attribution_orders *orders) {
    const pmkt_attribution_orders empty = PMKT_ATTRIBUTION_ORDERS_INIT;
    *orders = empty;
}

/*
 * Chooses the order of a Markov chain by cross-validation: each customer (a row's conversions and nulls
 * are spread evenly over the folds, the rest by seed and row) is foretold by the paths of the other
 * folds, touch by touch and then their end. Probabilities are interpolated with those of the order below
 * (Witten, Bell, IEEE Trans. Inf. Theory 37, 1991, method C), down to evenly, so that no step is
 * impossible. Paths without a touch do not count.
 *
 * Errors: as pmkt_attribution_compute. Any thread. O(touches * max_order * folds). Since 0.3.
 */
PMKT_API pmkt_status pmkt_attribution_order(const pmkt_attribution_paths *paths,
                                            const pmkt_attribution_order_options *options,
                                            const pmkt_run *run, pmkt_attribution_orders *out,
                                            pmkt_error *err);

/* ---------------------------------------------------------- paths from events */

/* Paths made from events (immutable). */
typedef struct pmkt_attribution_data pmkt_attribution_data;

/*
 * How events become paths. A touch is an event with a channel, of a touching kind; a conversion is an
 * event of the converting kind, and rows of one user with one order id are one conversion, at the time
 * of the first and worth the sum of their amounts. A conversion ends a path of the touches at most
 * window_ms before it, and a new one begins. Touches that no conversion ends are paths in vain, each
 * of the touches at most window_ms before its last one.
 */
typedef struct pmkt_attribution_data_options {
    uint32_t struct_size;       /* sizeof(pmkt_attribution_data_options) */
    int32_t conversion;         /* PMKT_KIND_ORDER: the converting kind */
    const int32_t *touch_kinds; /* [n_touch_kinds] the touching kinds; NULL = impression, click,
                                   view, search */
    int64_t n_touch_kinds;
    int64_t window_ms;     /* 30 days */
    int64_t same_touch_ms; /* a touch sooner than this after one of the same channel, with no other
                                between, is that one still; 0 = 30 minutes, -1 = never */
    int64_t as_of_ms;      /* exclusive: later events are left out; 0 = none is too late */
    int32_t merge;         /* 1: equal paths become one row, without times */
    int32_t reserved;      /* 0 */
    const pmkt_idset *users;         /* whoever is not in it is left out, as one who did not
                                consent; NULL = all */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_attribution_data_options;

#define PMKT_ATTRIBUTION_DATA_OPTIONS_INIT \
    { sizeof(pmkt_attribution_data_options), 0, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL }

static inline void pmkt_attribution_data_options_init(pmkt_attribution_data_options *options) {
    const pmkt_attribution_data_options defaults = PMKT_ATTRIBUTION_DATA_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Makes paths, in *data, for pmkt_attribution_data_free. Events come in any order; those of one user and
 * instant stand in the order of the rows. Paths stand in the order of users (by id), then of time; merged
 * ones where the first of them stood. A conversion that no touch preceded is a path without one. Values
 * are minor units; orders without an amount are worth 0, and an order that was canceled later is one
 * nevertheless: leave it out if it shall not count. Rows that are neither touch nor conversion, or that
 * the options leave out, count as ignored.
 *
 *   run     NULL = no progress; the call runs on one thread
 *   report  out, or NULL
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW; PMKT_E_LIMIT for 2^31 - 1 rows that count or more;
 * PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows log rows); 112 bytes a row that counts meanwhile.
 * Since 0.3.
 */
PMKT_API pmkt_status pmkt_attribution_data_from_events(const pmkt_events *events,
                                                       const pmkt_attribution_data_options *options,
                                                       const pmkt_run *run, pmkt_report *report,
                                                       pmkt_attribution_data **data,
                                                       pmkt_error *err);

/* Frees paths; their columns go with them. Since 0.3. */
PMKT_API void pmkt_attribution_data_free(pmkt_attribution_data *data);

/*
 * The paths as columns, borrowed until _free, for the calls above. Errors: PMKT_E_INVALID. Any number of
 * threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_attribution_data_paths(const pmkt_attribution_data *data,
                                                 pmkt_attribution_paths *out, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
