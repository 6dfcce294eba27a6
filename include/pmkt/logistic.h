/*
 * logistic.h - probabilities of yes or no: logistic regression, calibrated, with standard errors.
 *
 *     pmkt_logistic_data data = PMKT_LOGISTIC_DATA_INIT;
 *     data.rows = n, data.columns = 17, data.x = x, data.y = bought;
 *     pmkt_logistic *model = NULL;
 *     pmkt_logistic_fit(&data, NULL, NULL, &model, &err);
 *     pmkt_logistic_predict(model, x, n, NULL, p, &err);
 *     pmkt_logistic_release(model);
 *
 * The model: P(y = 1 | x) = c(b0 + b x), where the columns of x are standardized first, the weighted
 * log loss + l2 / 2 |b|^2 (never b0) is minimized by Newton's method, and c is the calibration. The
 * minimum is unique, so that it does not matter where the search begins.
 *
 * Calibration. Rows are cut into folds (all rows of a cluster into one), a model without each fold
 * says what it thinks of that fold, and c is fitted to all those opinions of rows not seen: Platt's
 * sigmoid c(z) = 1 / (1 + exp(-(a z + b))) (Platt, "Probabilistic outputs for support vector
 * machines", 1999, with his targets), a being 0 or more; or isotonic regression by pooling adjacent
 * violators (Zadrozny & Elkan, KDD 2002), whose steps are joined by straight lines. Every row of
 * positive weight counts once there, whatever the weight: calibrated is what happens row by row. A
 * fold gives no opinions if the rest is of one kind; without any opinions there is no calibration.
 *
 * Standard errors are of the coefficients before calibration: the sandwich H^-1 G H^-1, where H is
 * the Hessian with the penalty and G sums the outer products of the gradients of clusters (Liang &
 * Zeger, Biometrika 73, 1986). They hold where rows of one cluster depend on each other.
 *
 * How good such probabilities are: binary.h.
 */
#ifndef PMKT_LOGISTIC_H
#define PMKT_LOGISTIC_H

#include "base.h"
#include "file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fitted model: immutable, counted, shared by any number of readers. */
typedef struct pmkt_logistic pmkt_logistic;

/* The most columns of data. */
#define PMKT_LOGISTIC_MAX_COLUMNS 1024

/* What to fit to; all borrowed during the call. */
typedef struct pmkt_logistic_data {
    uint32_t struct_size;    /* sizeof(pmkt_logistic_data) */
    int32_t columns;         /* 1 to 1,024 */
    int64_t rows;            /* 2 or more */
    const double *x;         /* [rows][columns]; finite */
    const uint8_t *y;        /* [rows] 0 or 1; both occur */
    const double *weight;    /* [rows] 0 or more, finite, not all 0; or NULL: all 1 */
    const uint64_t *cluster; /* [rows] rows that belong together (a user); or NULL: each alone. In
                                any order */
} pmkt_logistic_data;

#define PMKT_LOGISTIC_DATA_INIT \
    { sizeof(pmkt_logistic_data), 0, 0, NULL, NULL, NULL, NULL }

static inline void pmkt_logistic_data_init(pmkt_logistic_data *data) {
    const pmkt_logistic_data empty = PMKT_LOGISTIC_DATA_INIT;
    *data = empty;
}

/* How probabilities are mended after the fit. */
enum {
    PMKT_CALIBRATION_PLATT = 0,    /* a sigmoid: two numbers; right for most */
    PMKT_CALIBRATION_ISOTONIC = 1, /* any rising curve: for many thousands of rows of each kind */
    PMKT_CALIBRATION_NONE = 2
};

/* How to fit. */
typedef struct pmkt_logistic_options {
    uint32_t struct_size;            /* sizeof(pmkt_logistic_options) */
    int32_t calibration;             /* PMKT_CALIBRATION_PLATT */
    double l2;                       /* penalty of the standardized coefficients; 0 = 1.0 */
    int32_t folds;                   /* for calibration: 2 to 20; 0 = 5 */
    int32_t reserved;                /* 0 */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_logistic_options;

#define PMKT_LOGISTIC_OPTIONS_INIT \
    { sizeof(pmkt_logistic_options), 0, 0.0, 0, 0, NULL }

static inline void pmkt_logistic_options_init(pmkt_logistic_options *options) {
    const pmkt_logistic_options defaults = PMKT_LOGISTIC_OPTIONS_INIT;
    *options = defaults;
}

/*
 * A model of the data, for pmkt_logistic_release to free. A column that never changes gets
 * coefficient 0.
 *
 *   run  NULL = all allowed threads, no progress
 *
 * Errors: PMKT_E_INVALID, also for a number that is not finite (where = its row), and if y is the
 * same in all rows of positive weight; PMKT_E_OVERFLOW if a column's numbers are so large that
 * their squares are not finite; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows columns^2) a step
 * of Newton's, of which there are about eight, and two or three more for each fold. Since 0.3.
 */
PMKT_API pmkt_status pmkt_logistic_fit(const pmkt_logistic_data *data,
                                       const pmkt_logistic_options *options, const pmkt_run *run,
                                       pmkt_logistic **model, pmkt_error *err);

/* One more owner; returns `model`. NULL for NULL. Any number of threads. Since 0.3. */
PMKT_API pmkt_logistic *pmkt_logistic_retain(const pmkt_logistic *model);

/* One owner less; the last one frees. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_logistic_release(const pmkt_logistic *model);

/*
 * The probability of each of n rows. A row with a number that is not finite has NaN.
 *
 *   x  [n][columns]
 *   p  [n] out
 *
 * Errors: PMKT_E_INVALID; PMKT_E_CANCELED (p may be written in part). Allocates nothing; short
 * batches start no thread. Any number of threads. O(n columns). Since 0.3.
 */
PMKT_API pmkt_status pmkt_logistic_predict(const pmkt_logistic *model, const double *x, int64_t n,
                                           const pmkt_run *run, double *p, pmkt_error *err);

/* What a model says of itself; filled by pmkt_logistic_info. */
typedef struct pmkt_logistic_facts {
    uint32_t struct_size; /* in: sizeof(pmkt_logistic_facts) */
    int32_t columns;
    int64_t rows;        /* that it was fitted to */
    int64_t positives;   /* of them, with y = 1 */
    int64_t clusters;    /* different ones */
    int32_t calibration; /* PMKT_CALIBRATION_... */
    int32_t steps;       /* of Newton's method */
    double l2;
    double log_loss; /* weighted mean of the fit, without the penalty, in nats */
    double gradient; /* the largest component at the end, a share of the weights' sum: how far from
                           the minimum; above 1e-6 where 100 steps did not do */
    double slope;    /* Platt: a; else 1 */
    double shift;    /* Platt: b; else 0 */
    int64_t curve_size; /* isotonic: corners of the curve; else 0 */
} pmkt_logistic_facts;

#define PMKT_LOGISTIC_FACTS_INIT \
    { sizeof(pmkt_logistic_facts), 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0 }

static inline void pmkt_logistic_facts_init(pmkt_logistic_facts *facts) {
    const pmkt_logistic_facts empty = PMKT_LOGISTIC_FACTS_INIT;
    *facts = empty;
}

/* Fills *out. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_logistic_info(const pmkt_logistic *model, pmkt_logistic_facts *out,
                                        pmkt_error *err);

/* Where coefficients go; each NULL, or [columns + 1], the last being the intercept. */
typedef struct pmkt_logistic_table {
    uint32_t struct_size;   /* sizeof(pmkt_logistic_table) */
    uint32_t reserved;      /* 0 */
    double *coefficient;    /* log-odds a unit of x */
    double *standard_error; /* of it, clustered */
    double *mean;           /* of the column, weighted; 0 of the intercept */
    double *deviation;      /* standard deviation of the column; 0 of the intercept */
} pmkt_logistic_table;

#define PMKT_LOGISTIC_TABLE_INIT \
    { sizeof(pmkt_logistic_table), 0, NULL, NULL, NULL, NULL }

static inline void pmkt_logistic_table_init(pmkt_logistic_table *table) {
    const pmkt_logistic_table empty = PMKT_LOGISTIC_TABLE_INIT;
    *table = empty;
}

/*
 * The coefficients, before calibration. Errors: PMKT_E_INVALID. Any number of threads. O(columns).
 * Since 0.3.
 */
PMKT_API pmkt_status pmkt_logistic_coefficients(const pmkt_logistic *model,
                                                const pmkt_logistic_table *out, pmkt_error *err);

/*
 * Saves a model: its numbers, and of the rows only how many there were. The names of columns are not
 * in it. Equal models are the same bytes. See file.h for what saving and loading promise.
 *
 * Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd; PMKT_E_INVALID;
 * PMKT_E_CANCELED; PMKT_E_NOMEM. Any number of threads. O(columns + corners). Since 0.3.
 */
PMKT_API pmkt_status pmkt_logistic_save(const pmkt_logistic *model, const char *path,
                                        const pmkt_save_options *options, const pmkt_run *run,
                                        pmkt_error *err);
PMKT_API pmkt_status pmkt_logistic_save_memory(const pmkt_logistic *model,
                                               const pmkt_save_options *options,
                                               const pmkt_run *run, pmkt_buffer **buffer,
                                               pmkt_error *err);

/*
 * A model from a file, or from bytes that are only read during the call. It predicts the same bytes.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT; PMKT_E_CORRUPT (where = the byte); PMKT_E_LIMIT if the model needs
 * more than max_bytes; PMKT_E_UNSUPPORTED; PMKT_E_INVALID; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread.
 * O(file). Since 0.3.
 */
PMKT_API pmkt_status pmkt_logistic_load(const char *path, const pmkt_load_options *options,
                                        const pmkt_run *run, pmkt_logistic **model,
                                        pmkt_error *err);
PMKT_API pmkt_status pmkt_logistic_load_memory(const void *bytes, size_t size,
                                               const pmkt_load_options *options,
                                               const pmkt_run *run, pmkt_logistic **model,
                                               pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
