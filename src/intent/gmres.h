/*
 * gmres.h - x = b + Q x, for a Q that is known by what it does to a vector.
 */
#ifndef PMKTI_GMRES_H
#define PMKTI_GMRES_H

#include "core/parallel.h"

#define PMKTI_ENOUGH 1e-14 /* the residual as a share, that is aimed at */

/* y = Q x. */
typedef void (*pmkti_operator)(const void *ctx, const double *x, double *y);

typedef struct pmkti_linear {
    int64_t n;
    pmkti_operator q;
    const void *ctx;
    const pmkt_allocator *allocator;
    const pmkti_run *run; /* asked now and then whether to stop */
    pmkti_stage stage;
} pmkti_linear;

/*
 * Solves into x, [n], from the x that is there, by GMRES with restarts (Saad & Schultz, SIAM J. Sci. Stat.
 * Comput. 7, 1986): until the largest |b + Q x - x| is below 1e-14 of the largest |x|, or cannot be
 * made smaller. *residual is that share. PMKT_E_UNSUPPORTED if it stays above 1e-12; PMKT_E_NOMEM,
 * PMKT_E_CANCELED. Deterministic.
 */
pmkt_status pmkti_gmres(const pmkti_linear *system, const double *b, double *x, double *residual);

#endif
