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
#include <stddef.h>
#include <string.h>

#include "cf/index.h"

#define INLINE static inline __attribute__((always_inline))
#define APART __attribute__((noinline))

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

/*
 * Adds the products of a span to `sum` (8 vectors a register, the 4 of a block for each query): for `wide`
 * registers from `first` on and `n` queries, constants, when this is inlined. All that the inner loop
 * needs then fits in 16 registers.
 */
INLINE void add_span(const uint8_t *codes, int32_t from, int32_t to, const pmkti_cf_probe *probe,
                     __m256i (*sum)[4], int first, int n, int wide) {
    const __m256i half = _mm256_set1_epi8(15);
    __m256i part[PMKTI_CF_TOGETHER][4];
    for (int q = 0; q < n; q++) {
        for (int w = 0; w < wide; w++) part[q][w] = _mm256_setzero_si256();
    }
    const uint8_t *at = codes + ((size_t)from * 4 + (size_t)first) * 32;
    for (int32_t g = from; g < to; g++, at += (ptrdiff_t)PMKTI_CF_BLOCK * 4) {
        /* First the low halves of the bytes, then the high ones, so that few registers hold them. */
        __m256i both[4], now[4];
        for (int w = 0; w < wide; w++) {
            both[w] = _mm256_loadu_si256((const __m256i *)(const void *)(at + (ptrdiff_t)32 * w));
            now[w] = _mm256_and_si256(both[w], half);
            both[w] = _mm256_srli_epi16(both[w], 4);
        }
        for (int q = 0; q < n; q++) {
            const __m256i a = four(probe[q].codes + 8 * (size_t)g);
            for (int w = 0; w < wide; w++) {
                part[q][w] = _mm256_add_epi16(part[q][w], _mm256_maddubs_epi16(now[w], a));
            }
        }
        for (int w = 0; w < wide; w++) now[w] = _mm256_and_si256(both[w], half);
        for (int q = 0; q < n; q++) {
            const __m256i b = four(probe[q].codes + 8 * (size_t)g + 4);
            for (int w = 0; w < wide; w++) {
                part[q][w] = _mm256_add_epi16(part[q][w], _mm256_maddubs_epi16(now[w], b));
            }
        }
    }
    for (int q = 0; q < n; q++) {
        for (int w = 0; w < wide; w++) {
            const __m256i add = _mm256_madd_epi16(part[q][w], _mm256_set1_epi16(1));
            sum[q][first + w] = _mm256_add_epi32(sum[q][first + w], add);
        }
    }
}

static uint32_t mask_of(const __m256i *sum, const float *steps, const pmkti_cf_probe *probe) {
    uint32_t mask = 0;
    for (int w = 0; w < 4; w++) {
        const __m256i unbiased = _mm256_sub_epi32(sum[w], _mm256_set1_epi32(probe->bias));
        const __m256 most =
            _mm256_add_ps(_mm256_cvtepi32_ps(unbiased), _mm256_set1_ps(probe->reach));
        const __m256 bound = _mm256_mul_ps(most, _mm256_loadu_ps(steps + (ptrdiff_t)8 * w));
        const __m256 in = _mm256_cmp_ps(bound, _mm256_set1_ps(probe->limit), _CMP_NLT_UQ);
        mask |= (uint32_t)_mm256_movemask_ps(in) << (8 * w);
    }
    return mask;
}

/* The two ways to add a span; apart from the rest, so that the compiler keeps registers for the loop. */
static APART void add_for_one(const uint8_t *codes, int32_t from, int32_t to,
                              const pmkti_cf_probe *probe, __m256i (*sum)[4]) {
    add_span(codes, from, to, probe, sum, 0, 1, 4);
}

static APART void add_for_many(const uint8_t *codes, int32_t from, int32_t to,
                               const pmkti_cf_probe *probe, __m256i (*sum)[4], int first) {
    add_span(codes, from, to, probe, sum, first, PMKTI_CF_TOGETHER, 2);
}

static void scan_one(const float *steps, const uint8_t *codes, int32_t groups,
                     const pmkti_cf_probe *probe, uint32_t *mask) {
    __m256i sum[1][4];
    memset(sum, 0, sizeof sum);
    for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
        const int32_t to = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
        add_for_one(codes, g, to, probe, sum);
    }
    *mask = mask_of(sum[0], steps, probe);
}

static void scan_many(const float *steps, const uint8_t *codes, int32_t groups,
                      const pmkti_cf_probe *probe, uint32_t *mask) {
    __m256i sum[PMKTI_CF_TOGETHER][4];
    memset(sum, 0, sizeof sum);
    for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
        const int32_t to = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
        add_for_many(codes, g, to, probe, sum, 0);
        add_for_many(codes, g, to, probe, sum, 2);
    }
    for (int q = 0; q < PMKTI_CF_TOGETHER; q++) mask[q] = mask_of(sum[q], steps, &probe[q]);
}

const pmkti_cf_scorer pmkti_cf_scorer_avx2 = {dot, scan_one, scan_many};
#endif
