/*
 * gemm.h - the inner loop of exact top-k for many queries, compiled once for each instruction set: a product
 * of two matrices of floats whose results are compared with a threshold at once, and not kept.
 *
 * Queries stand in panels of PMKTI_CF_PANEL, coordinate by coordinate: [d][PMKTI_CF_PANEL]. Vectors stand one
 * after the other, for each of their coordinates is multiplied with a whole panel.
 */
#ifndef PMKTI_CF_GEMM_H
#define PMKTI_CF_GEMM_H

#include <stdint.h>

enum {
    PMKTI_CF_PANEL = 16,
    PMKTI_CF_VECTORS = 12 /* of one call; whole tiles, of 2, 6 or 12 */
};

/*
 * Finds the pairs of a vector and a query whether not
 *
 *     (sum over j of panel[j][q] * vectors[v][j]) < limit[q],
 *
 * so that what is not a number is found, too. Writes v * PMKTI_CF_PANEL + q of each pair to `found`, by
 * tiles, and returns their number. A sum is made of d multiply-adds from 0 in order of j; each rounds once
 * or twice, by instruction set.
 */
typedef int32_t (*pmkti_cf_gemm)(const float *panel, const float *vectors, int32_t d,
                                 const float *limit, uint16_t *found);

/* For the instruction set of this process. Any thread. */
pmkti_cf_gemm pmkti_cf_gemm_get(void);

/* For an instruction set by pmkti_isa_level, which the CPU must have. */
pmkti_cf_gemm pmkti_cf_gemm_of(int level);

int32_t pmkti_cf_gemm_portable(const float *panel, const float *vectors, int32_t d,
                               const float *limit, uint16_t *found);
/* These two on x86-64 only. */
int32_t pmkti_cf_gemm_avx2(const float *panel, const float *vectors, int32_t d, const float *limit,
                           uint16_t *found);
int32_t pmkti_cf_gemm_avx512(const float *panel, const float *vectors, int32_t d,
                             const float *limit, uint16_t *found);

#endif
