/*
 * For AVX2 with FMA. Empty but on x86-64.
 *
 * vpmaddubsw multiplies 32 unsigned bytes by 32 signed ones and adds neighbors up in 16 bits, with
 * saturation, which cannot happen: codes of vectors are at most 15, and those of a query are so small
 * that 16 bits hold a whole span (PMKTI_CF_LANE_SUM).
 */
#include "cf/kernels/score.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "cf/index.h"

#define INLINE static inline __attribute__((always_inline))

static double dot(const float *a, const float *b, int32_t d) {
    __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
    int32_t j = 0;
    for (; j + 8 <= d; j += 8) {
        const __m256d a0 = _mm256_cvtps_pd(_mm_loadu_ps(a + j));
        const __m256d b0 = _mm256_cvtps_pd(_mm_loadu_ps(b + j));
        const __m256d a1 = _mm256_cvtps_pd(_mm_loadu_ps(a + j + 4));
        const __m256d b1 = _mm256_cvtps_pd(_mm_loadu_ps(b + j + 4));
        low = _mm256_fmadd_pd(a0, b0, low);
        high = _mm256_fmadd_pd(a1, b1, high);
    }
    double lane[8];
    _mm256_storeu_pd(lane, low);
    _mm256_storeu_pd(lane + 4, high);
    for (int l = 0; j + l < d; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    return pmkti_cf_lanes_sum(lane);
}

/* Four codes of a query, for all vectors. */
static inline __m256i four(const int8_t *codes) {
    int32_t word;
    memcpy(&word, codes, sizeof word);
    return _mm256_set1_epi32(word);
}

INLINE uint32_t mask_of(__m256i sum, const float *steps, const pmkti_cf_probe *probe) {
    const __m256i unbiased = _mm256_sub_epi32(sum, _mm256_set1_epi32(probe->bias));
    const __m256 most = _mm256_add_ps(_mm256_cvtepi32_ps(unbiased), _mm256_set1_ps(probe->reach));
    const __m256 bound = _mm256_mul_ps(most, _mm256_loadu_ps(steps));
    const __m256 in = _mm256_cmp_ps(bound, _mm256_set1_ps(probe->limit), _CMP_NLT_UQ);
    return (uint32_t)_mm256_movemask_ps(in);
}

/* Sums of a span, `wide` registers of 8 vectors each, for `n` queries: constants, when this is inlined. */
INLINE void add_span(const uint8_t *codes, int32_t from, int32_t to, const pmkti_cf_probe *probe,
                     __m256i sum[PMKTI_CF_TOGETHER][4], int n, int wide) {
    const __m256i ones = _mm256_set1_epi16(1), half = _mm256_set1_epi8(15);
    __m256i part[PMKTI_CF_TOGETHER][4];
    for (int q = 0; q < n; q++) {
        for (int w = 0; w < wide; w++) part[q][w] = _mm256_setzero_si256();
    }
    for (int32_t g = from; g < to; g++) {
        const uint8_t *at = codes + (size_t)g * PMKTI_CF_BLOCK * 4;
        __m256i low[4], high[4];
        for (int w = 0; w < wide; w++) {
            const __m256i both = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32 * w));
            low[w] = _mm256_and_si256(both, half);
            high[w] = _mm256_and_si256(_mm256_srli_epi16(both, 4), half);
        }
        for (int q = 0; q < n; q++) {
            const __m256i a = four(probe[q].codes + 8 * (size_t)g);
            const __m256i b = four(probe[q].codes + 8 * (size_t)g + 4);
            for (int w = 0; w < wide; w++) {
                part[q][w] = _mm256_add_epi16(part[q][w], _mm256_maddubs_epi16(low[w], a));
                part[q][w] = _mm256_add_epi16(part[q][w], _mm256_maddubs_epi16(high[w], b));
            }
        }
    }
    for (int q = 0; q < n; q++) {
        for (int w = 0; w < wide; w++) {
            sum[q][w] = _mm256_add_epi32(sum[q][w], _mm256_madd_epi16(part[q][w], ones));
        }
    }
}

INLINE void scan(const float *steps, const uint8_t *codes, int32_t groups,
                 const pmkti_cf_probe *probe, uint32_t *mask, int n, int wide) {
    for (int q = 0; q < n; q++) mask[q] = 0;
    for (int first = 0; first < PMKTI_CF_BLOCK; first += 8 * wide) {
        __m256i sum[PMKTI_CF_TOGETHER][4];
        for (int q = 0; q < n; q++) {
            for (int w = 0; w < wide; w++) sum[q][w] = _mm256_setzero_si256();
        }
        for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
            const int32_t to = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
            add_span(codes + (size_t)first * 4, g, to, probe, sum, n, wide);
        }
        for (int q = 0; q < n; q++) {
            for (int w = 0; w < wide; w++) {
                const int i = first + 8 * w;
                mask[q] |= mask_of(sum[q][w], steps + i, &probe[q]) << i;
            }
        }
    }
}

static void scan_one(const float *steps, const uint8_t *codes, int32_t groups,
                     const pmkti_cf_probe *probe, uint32_t *mask) {
    scan(steps, codes, groups, probe, mask, 1, 4);
}

static void scan_many(const float *steps, const uint8_t *codes, int32_t groups,
                      const pmkti_cf_probe *probe, uint32_t *mask) {
    scan(steps, codes, groups, probe, mask, PMKTI_CF_TOGETHER, 2);
}

const pmkti_cf_scorer pmkti_cf_scorer_avx2 = {dot, scan_one, scan_many};
#endif
