/*
 * bicgstab.h - x = b + Q x, fast where chains end as people do.
 */
#ifndef PMKTI_BICGSTAB_H
#define PMKTI_BICGSTAB_H

#include "intent/gmres.h"

/*
 * Solves into x, [n], from x = 0, by BiCGSTAB (van der Vorst, SIAM J. Sci. Stat. Comput. 13, 1992): five
 * vectors, where GMRES needs as many as it takes steps. *residual is the largest |b + Q x - x| as a share of
 * the largest |x|, of what x is at the end. It may not get there; then x is where to go on from, or 0.
 * PMKT_OK, PMKT_E_NOMEM, PMKT_E_CANCELED. The same bytes at any thread count.
 */
pmkt_status pmkti_bicgstab(const pmkti_linear *system, const double *b, double *x,
                           double *residual);

#endif
