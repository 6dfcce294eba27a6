/*
 * score.h - the inner loops of exact top-k.
 *
 * Scores: the dot product of two vectors of floats in double precision. Products of floats are exact in
 * double, whatever their size. Product j is added to lane j % 8, in order of j; then the lanes are added
 * up as ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)). So the answer is the same on every instruction set.
 */
#ifndef PMKTI_CF_SCORE_H
#define PMKTI_CF_SCORE_H

#include <stdint.h>

double pmkti_cf_dot(const float *a, const float *b, int32_t d);

#endif
