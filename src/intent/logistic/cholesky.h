/*
 * cholesky.h - dense symmetric positive definite systems, small enough for the textbook.
 */
#ifndef PMKTI_LOGISTIC_CHOLESKY_H
#define PMKTI_LOGISTIC_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* Replaces the lower triangle of a, [n][n], by its factor. False if a pivot is not positive: `a` is
   then spoiled. */
bool pmkti_cholesky(double *a, int32_t n);

/* x := inverse(L) x, then inverse(L') x. */
void pmkti_cholesky_forward(const double *l, int32_t n, double *x);
void pmkti_cholesky_backward(const double *l, int32_t n, double *x);

#endif
