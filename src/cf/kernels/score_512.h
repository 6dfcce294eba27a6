/*
 * score_512.h - the loops for AVX-512, for the two files that include this: score_avx512.c adds up as
 * score_avx2.c does, score_vnni.c with vpdpbusd, in 32 bits at once.
 *
 * Each defines TABLE and, before, add_products (of 64 codes and 64 codes of a query, to sums) and in_32_bits
 * (the sums of a span, of four bytes each).
 */
#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "cf/index.h"
#include "cf/kernels/score.h"
#include "cf/kernels/score_fine.h"

#define INLINE static inline __attribute__((always_inline))

static double dot(const float *a, const float *b, int32_t d) {
    __m512d sum = _mm512_setzero_pd();
    int32_t j = 0;
    for (; j + 8 <= d; j += 8) {
        sum = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(a + j)),
                              _mm512_cvtps_pd(_mm256_loadu_ps(b + j)), sum);
    }
    double lane[8];
    _mm512_storeu_pd(lane, sum);
    for (int l = 0; j + l < d; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    return pmkti_cf_lanes_sum(lane);
}

/* Four codes of a query, for all vectors. */
static inline __m512i four(const int8_t *codes) {
    int32_t word;
    memcpy(&word, codes, sizeof word);
    return _mm512_set1_epi32(word);
}

/* Sixteen vectors' bits. */
INLINE uint32_t bits_of(__m512i sum, const uint8_t *steps, int32_t bias, pmkti_cf_limit limit) {
    const __m512i unbiased = _mm512_sub_epi32(sum, _mm512_set1_epi32(bias));
    const __m512 most = _mm512_add_ps(_mm512_cvtepi32_ps(unbiased), _mm512_set1_ps(limit.reach));
    const __m512 bound = _mm512_mul_ps(most, _mm512_loadu_ps(steps));
    return (uint32_t)_mm512_cmp_ps_mask(bound, _mm512_set1_ps(limit.limit), _CMP_NLT_UQ);
}

/* Block number b, for `n` queries, a constant when this is inlined; 16 vectors a register, so it is two. */
INLINE void scan_block(const uint8_t *block, int64_t b, int32_t groups, const pmkti_cf_probe *probe,
                       int n) {
    const uint8_t *codes = block + PMKTI_CF_CODES_AT;
    const __m512i half = _mm512_set1_epi8(15);
    __m512i sum[PMKTI_CF_TOGETHER][2];
    for (int q = 0; q < n; q++) sum[q][0] = sum[q][1] = _mm512_setzero_si512();
    for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
        const int32_t end = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
        __m512i part[PMKTI_CF_TOGETHER][2];
        for (int q = 0; q < n; q++) part[q][0] = part[q][1] = _mm512_setzero_si512();
        const uint8_t *at = codes + (size_t)g * PMKTI_CF_BLOCK * 4;
        for (int32_t i = g; i < end; i++, at += (ptrdiff_t)PMKTI_CF_BLOCK * 4) {
            const __m512i both0 = _mm512_loadu_si512(at), both1 = _mm512_loadu_si512(at + 64);
            const __m512i low0 = _mm512_and_si512(both0, half);
            const __m512i low1 = _mm512_and_si512(both1, half);
            const __m512i high0 = _mm512_and_si512(_mm512_srli_epi16(both0, 4), half);
            const __m512i high1 = _mm512_and_si512(_mm512_srli_epi16(both1, 4), half);
            for (int q = 0; q < n; q++) {
                const __m512i a = four(probe[q].codes + 8 * (size_t)i);
                const __m512i c = four(probe[q].codes + 8 * (size_t)i + 4);
                part[q][0] = add_products(add_products(part[q][0], low0, a), high0, c);
                part[q][1] = add_products(add_products(part[q][1], low1, a), high1, c);
            }
        }
        for (int q = 0; q < n; q++) {
            sum[q][0] = _mm512_add_epi32(sum[q][0], in_32_bits(part[q][0]));
            sum[q][1] = _mm512_add_epi32(sum[q][1], in_32_bits(part[q][1]));
        }
    }
    for (int q = 0; q < n; q++) {
        const pmkti_cf_limit limit = probe[q].limits[b];
        const uint32_t low = bits_of(sum[q][0], block, probe[q].bias, limit);
        const uint32_t high = bits_of(sum[q][1], block + 64, probe[q].bias, limit);
        probe[q].masks[b] = low | high << 16;
    }
}

static void scan_one(const uint8_t *blocks, int64_t n, int32_t groups,
                     const pmkti_cf_probe *probe) {
    const size_t bytes = pmkti_cf_block_bytes(groups * 8);
    for (int64_t b = 0; b < n; b++) scan_block(blocks + (size_t)b * bytes, b, groups, probe, 1);
}

static void scan_many(const uint8_t *blocks, int64_t n, int32_t groups,
                      const pmkti_cf_probe *probe) {
    const size_t bytes = pmkti_cf_block_bytes(groups * 8);
    for (int64_t b = 0; b < n; b++) {
        scan_block(blocks + (size_t)b * bytes, b, groups, probe, PMKTI_CF_TOGETHER);
    }
}

const pmkti_cf_scorer TABLE = {dot, fine, scan_one, scan_many};
