/*
 * als_row.h - one row of the matrix: its system of equations, solved.
 *
 * With y the fixed vectors of what the row has, and a = alpha |w| over its entries other than zero,
 *
 *     A = base + lambda I + sum of a y y',   base = unobserved * Y'Y  (PMKT_CF_CLASSIC: Y'Y),
 *     b = sum over w > 0 of t y,             t = a                    (PMKT_CF_CLASSIC: 1 + a).
 *
 * The row's part of the loss, without what does not depend on it, is t summed over w > 0 - 2 b.x + x'Ax; with the
 * residual r = b - Ax, which conjugate gradient has at its end and which is 0 for an exact solution, that
 * is (sum of t) - b.x - r.x.
 */
#ifndef PMKTI_CF_ALS_ROW_H
#define PMKTI_CF_ALS_ROW_H

#include <stdbool.h>

#include "cf/kernels/solve.h"
#include "pmkt/cf.h"

/* The same for all rows of a pass. */
typedef struct pmkti_cf_rule {
    const pmkti_cf_solver *solver;
    int32_t d, width; /* factors, and padded */
    int32_t kind;     /* PMKT_CF_CG, PMKT_CF_CHOLESKY */
    int32_t steps;    /* of CG */
    bool classic;
    double alpha;
    double regularization, nu;
    double
        others; /* unobserved * vectors that are fixed; what is added to a row's entries in lambda */
    const float *fixed; /* [n * d] the vectors of the other side */
    const float *gram;  /* [d * d] Y'Y, and what it counts in the base */
    float gram_by;
    const float *base; /* [width * width], whole; of CG */
} pmkti_cf_rule;

/* a and t of an entry. */
typedef struct pmkti_cf_pull {
    double a, t;
} pmkti_cf_pull;

static inline pmkti_cf_pull pmkti_cf_pull_of(const pmkti_cf_rule *rule, double weight) {
    const double a = rule->alpha * (weight < 0 ? -weight : weight);
    return (pmkti_cf_pull){a, weight > 0 ? (rule->classic ? 1.0 + a : a) : 0.0};
}

enum {
    PMKTI_CF_ALS_GROUP = 4 /* rows that are solved together, at most, by CG */
};

/* Working memory of one worker, in one piece. */
typedef struct pmkti_cf_room {
    float *panel;             /* [panel_rows * width] */
    float *a, *t, *c, *one;   /* [panel_rows] */
    float *m;                 /* [width * width], of CHOLESKY */
    float *b, *r, *p, *q, *x; /* [PMKTI_CF_ALS_GROUP * width]; with CHOLESKY one row's */
    double *exact;            /* als_exact.h, of CHOLESKY */
    int64_t panel_rows;
} pmkti_cf_room;

/* Floats that a room takes for rows of up to `longest` entries, and laying it out in them. */
size_t pmkti_cf_room_floats(const pmkti_cf_rule *rule, int64_t longest);
void pmkti_cf_room_lay(pmkti_cf_room *room, const pmkti_cf_rule *rule, int64_t longest,
                       float *floats);

typedef struct pmkti_cf_solved {
    double loss;    /* as above */
    double penalty; /* lambda |x|^2, which is in `loss` as well */
    bool known;     /* there is an entry above zero; if not, x is 0 */
    bool finite;
} pmkti_cf_solved;

/* A row: its entries, and where its factors are, which CG starts from. */
typedef struct pmkti_cf_task {
    const int32_t *item;
    const float *weight; /* NULL = all 1 */
    int64_t n;
    float *x; /* [d] in and out */
} pmkti_cf_task;

/*
 * How many of `n` rows go together, from the first on: as many as the panel has room for. The base is the
 * same for all rows, and its product with the vectors of some at once takes little longer than with one.
 */
int pmkti_cf_group(const pmkti_cf_rule *rule, const pmkti_cf_room *room, const pmkti_cf_task *tasks,
                   int n);

/* Solves such a group; one row's answer does not depend on the others. */
void pmkti_cf_solve_rows(const pmkti_cf_rule *rule, const pmkti_cf_room *room,
                         const pmkti_cf_task *tasks, int n, pmkti_cf_solved *solved);

int32_t pmkti_cf_width(int32_t d);

#endif
