/*
 * als_exact.h - a row's system (als_row.h) in double precision: for the few that single precision cannot
 * solve, such as those of weights a million times the regularization.
 */
#ifndef PMKTI_CF_ALS_EXACT_H
#define PMKTI_CF_ALS_EXACT_H

#include "cf/als_row.h"

/* Doubles of working memory for a system of d unknowns. */
static inline size_t pmkti_cf_exact_doubles(int32_t d) {
    return (size_t)d * (size_t)d + 2 * (size_t)d;
}

/*
 * Solves for x [d]; `room` is working memory. Returns x'Ax - 2 b.x of the x as it is stored, in float. A
 * coordinate that nothing determines becomes 0. O(n d^2 + d^3)
 */
double pmkti_cf_solve_exact(const pmkti_cf_rule *rule, double lambda, const int32_t *item,
                            const float *weight, int64_t n, double *room, float *x);

#endif
