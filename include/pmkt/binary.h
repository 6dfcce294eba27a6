/*
 * binary.h - how good probabilities of yes or no are: discrimination, calibration, intervals.
 *
 *     pmkt_binary_options o = PMKT_BINARY_OPTIONS_INIT;
 *     o.cluster = user, o.rival = p_of_the_other_model;
 *     pmkt_binary_evaluate(y, p, n, &o, NULL, &result, &err);
 *
 * Figures, of rows i with outcome y and probability p:
 *
 *     auc        P(p of a random yes > p of a random no), ties count half
 *     ap         average precision: the mean over every yes of the share of yes among those with
 *                its p or more; random order gives the share of yes
 *     brier      mean (p - y)^2
 *     log_loss   mean -ln P(y), with p kept 2^-52 away from 0 and 1
 *     ece        expected calibration error: rows in order of p in `bins` bins of equal count (the
 *                first n % bins are larger by one), the mean over rows of |mean y - mean p| of
 *                their bin. Rows of equal p count as their mean y, whichever bin each falls into
 *     ece_debiased  ece less what chance alone would give if p were right, by the normal law:
 *                the mean over rows of sqrt(2 / pi) sqrt(sum p (1 - p)) / n of their bin; not below 0
 *                (the bias is that of Broecker, "Estimating reliability and resolution of probability
 *                forecasts through decomposition of the empirical score", Climate Dynamics 39, 2012)
 *
 * Intervals are percentiles of a bootstrap of whole clusters (users): in each resample a cluster
 * counts as often as a Poisson(1) number says, which is a hash of the seed, the resample and the
 * cluster, so that two models are compared on the same resamples.
 */
#ifndef PMKT_BINARY_H
#define PMKT_BINARY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How to evaluate. */
typedef struct pmkt_binary_options {
    uint32_t struct_size;    /* sizeof(pmkt_binary_options) */
    int32_t bins;            /* of the calibration errors: 2 to 1,000; 0 = 10 */
    const uint64_t *cluster; /* [n] rows that are resampled together, in any order; or NULL: each
                                row alone */
    const double *rival;     /* [n] probabilities of another model, 0 to 1; or NULL */
    int32_t resamples;       /* 0 to 100,000; 0 = no intervals */
    int32_t reserved;        /* 0 */
    double level;            /* of the intervals, between 0 and 1; 0 = 0.95 */
    uint64_t seed;
    const pmkt_allocator *allocator; /* NULL = the C heap; used during the call */
} pmkt_binary_options;

#define PMKT_BINARY_OPTIONS_INIT \
    { sizeof(pmkt_binary_options), 0, NULL, NULL, 0, 0, 0.0, 0, NULL }

static inline void pmkt_binary_options_init(pmkt_binary_options *options) {
    const pmkt_binary_options defaults = PMKT_BINARY_OPTIONS_INIT;
    *options = defaults;
}

/* A figure and where it lies; low and high are NaN without resamples. */
typedef struct pmkt_binary_figure {
    double value, low, high;
} pmkt_binary_figure;

#define PMKT_BINARY_FIGURE_INIT \
    { 0.0, 0.0, 0.0 }

/*
 * How good the probabilities are. A figure that cannot be told (auc without a no) is NaN, as all of the
 * rival's and all gains are without a rival. A gain is what this one is better by, paired: above 0 is
 * better, of losses too.
 */
typedef struct pmkt_binary_result {
    uint32_t struct_size; /* in: sizeof(pmkt_binary_result) */
    uint32_t reserved;    /* 0 */
    int64_t rows;
    int64_t positives; /* rows with y = 1 */
    int64_t clusters;
    pmkt_binary_figure auc, ap, brier, log_loss, ece, ece_debiased;
    pmkt_binary_figure rival_auc, rival_ap, rival_brier, rival_log_loss;
    pmkt_binary_figure auc_gain, ap_gain, brier_gain, log_loss_gain;
} pmkt_binary_result;

#define PMKT_BINARY_RESULT_INIT \
    { \
        sizeof(pmkt_binary_result), 0, 0, 0, 0, PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, \
            PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, \
            PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, \
            PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, \
            PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT, PMKT_BINARY_FIGURE_INIT \
    }

static inline void pmkt_binary_result_init(pmkt_binary_result *result) {
    const pmkt_binary_result empty = PMKT_BINARY_RESULT_INIT;
    *result = empty;
}

/*
 * Evaluates n probabilities.
 *
 *   y  [n] 0 or 1
 *   p  [n] 0 to 1
 *
 * Errors: PMKT_E_INVALID (where = the row of an impossible number); PMKT_E_CANCELED; PMKT_E_NOMEM.
 * Any thread. O(n log n + resamples n). Since 0.3.
 */
PMKT_API pmkt_status pmkt_binary_evaluate(const uint8_t *y, const double *p, int64_t n,
                                          const pmkt_binary_options *options, const pmkt_run *run,
                                          pmkt_binary_result *out, pmkt_error *err);

/* Where a reliability diagram goes; each NULL, or [bins]. */
typedef struct pmkt_binary_diagram {
    uint32_t struct_size; /* sizeof(pmkt_binary_diagram) */
    int32_t bins;         /* 1 to 1,000 */
    double *predicted;    /* mean p of the bin; NaN of an empty one, as all figures */
    double *observed;     /* share of yes */
    double *low;          /* Wilson's 95 % interval of that share... */
    double *high;         /* ...and its other end */
    int64_t *n;           /* rows */
} pmkt_binary_diagram;

#define PMKT_BINARY_DIAGRAM_INIT \
    { sizeof(pmkt_binary_diagram), 0, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_binary_diagram_init(pmkt_binary_diagram *diagram) {
    const pmkt_binary_diagram empty = PMKT_BINARY_DIAGRAM_INIT;
    *diagram = empty;
}

/*
 * The reliability diagram of n probabilities, in the bins of ece.
 *
 *   allocator  NULL = the C heap; used during the call
 *
 * Errors: PMKT_E_INVALID (where = the row of an impossible number); PMKT_E_NOMEM. Any thread.
 * O(n log n). Since 0.3.
 */
PMKT_API pmkt_status pmkt_binary_reliability(const uint8_t *y, const double *p, int64_t n,
                                             const pmkt_allocator *allocator,
                                             const pmkt_binary_diagram *out, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
