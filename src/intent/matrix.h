/*
 * matrix.h - the Q of a chain, as small as it gets, and what it does to a vector.
 *
 * Smoothing gives every action a probability. But where an action was not seen after a context, it leads
 * where it leads after the next shorter one. So a row is that of the shorter context, times what is left to
 * it, and a few entries of its own:
 *
 *     (Q x)(s) = sum over edges of s (P(w | s) x(to) - g(s) P(w | s') x(to')) + g(s) (Q x)(s')
 *
 * Of the longest contexts to' is to, as a rule, and then one entry is enough.
 */
#ifndef PMKTI_INTENT_MATRIX_H
#define PMKTI_INTENT_MATRIX_H

#include "intent/chain.h"

typedef struct pmkti_matrix {
    pmkt_allocator allocator;
    pmkti_run run; /* that tells nobody */
    int64_t n, entries;
    int64_t *row;   /* [n + 1] entries */
    int32_t *to;    /* [entries] */
    double *weight; /* [entries] */
    double *rest;   /* [n] */
    int32_t *up;    /* [n] the row of the shorter context; -1 of the empty one */
    int64_t level[PMKT_INTENT_MAX_ORDER + 2]; /* where the contexts of each length begin */
} pmkti_matrix;

/* From the nodes and edges of a model. PMKT_E_NOMEM: `out` is to be freed all the same. */
pmkt_status pmkti_matrix_make(const pmkt_intent *m, const pmkti_run *run, pmkti_matrix *out);
void pmkti_matrix_free(pmkti_matrix *q);

/* y = Q x, of a const pmkti_matrix *: a pmkti_operator. The same bytes at any thread count. */
void pmkti_matrix_apply(const void *matrix, const double *x, double *y);

#endif
