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
#include "cf/kernels/score_fine.h"

#define INLINE static inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define BLOCKS_AHEAD 2 /* memory asked for before it is needed */

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

/* Reads ahead while a group is added up, a step the processor's own prefetching does not dare across
   pages. The address may lie beyond the index: then nothing happens. */
INLINE void fetch(const uint8_t *at, size_t ahead) {
    _mm_prefetch((const char *)at + ahead, _MM_HINT_T0);
    _mm_prefetch((const char *)at + ahead + 64, _MM_HINT_T0);
}

/*
 * Adds the products of some groups (at most a span) in 16 bits, 8 vectors a register: for `wide` registers
 * and `n` queries, constants, when this is inlined, so that all that the loop needs fits in 16 of them.
 * `at` is the first of those registers' codes in the first group.
 */
INLINE void add_groups(const uint8_t *at, int32_t from, int32_t to, size_t ahead,
                       const pmkti_cf_probe *probe, __m256i (*part)[4], int n, int wide) {
    const __m256i half = _mm256_set1_epi8(15);
    for (int q = 0; q < n; q++) {
        for (int w = 0; w < wide; w++) part[q][w] = _mm256_setzero_si256();
    }
    for (int32_t g = from; g < to; g++, at += (ptrdiff_t)PMKTI_CF_BLOCK * 4) {
        if (ahead) fetch(at, ahead);
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
}

INLINE __m256i in_32_bits(__m256i part) {
    return _mm256_madd_epi16(part, _mm256_set1_epi16(1));
}

/* Eight vectors' bits. */
INLINE uint32_t bits_of(__m256i sum, const uint8_t *steps, int32_t bias, pmkti_cf_limit limit) {
    const __m256i unbiased = _mm256_sub_epi32(sum, _mm256_set1_epi32(bias));
    const __m256 most = _mm256_add_ps(_mm256_cvtepi32_ps(unbiased), _mm256_set1_ps(limit.reach));
    const __m256 bound = _mm256_mul_ps(most, _mm256_loadu_ps((const float *)(const void *)steps));
    const __m256 in = _mm256_cmp_ps(bound, _mm256_set1_ps(limit.limit), _CMP_NLT_UQ);
    return (uint32_t)_mm256_movemask_ps(in);
}

INLINE uint32_t mask_of(const __m256i *sum, const uint8_t *block, int32_t bias,
                        pmkti_cf_limit limit) {
    return bits_of(sum[0], block, bias, limit) | bits_of(sum[1], block + 32, bias, limit) << 8 |
           bits_of(sum[2], block + 64, bias, limit) << 16 |
           bits_of(sum[3], block + 96, bias, limit) << 24;
}

static void scan_one(const uint8_t *blocks, int64_t n, int32_t groups,
                     const pmkti_cf_probe *probe) {
    const size_t bytes = pmkti_cf_block_bytes(groups * 8);
    const uint8_t *block = blocks;
    for (int64_t b = 0; b < n; b++, block += bytes) {
        __m256i sum[4], part[1][4];
        for (int w = 0; w < 4; w++) sum[w] = _mm256_setzero_si256();
        for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
            const int32_t to = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
            const uint8_t *at = block + PMKTI_CF_CODES_AT + (size_t)g * PMKTI_CF_BLOCK * 4;
            add_groups(at, g, to, BLOCKS_AHEAD * bytes, probe, part, 1, 4);
            for (int w = 0; w < 4; w++) sum[w] = _mm256_add_epi32(sum[w], in_32_bits(part[0][w]));
        }
        probe->masks[b] = mask_of(sum, block, probe->bias, probe->limits[b]);
    }
}

/* Half of a block's vectors, from register `first` on, for all queries; apart from the rest, so that the
   compiler keeps registers for the loop. */
static APART void add_half(const uint8_t *block, int32_t groups, const pmkti_cf_probe *probe,
                           __m256i (*sum)[4], int first) {
    __m256i part[PMKTI_CF_TOGETHER][4];
    for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
        const int32_t to = g + PMKTI_CF_SPAN < groups ? g + PMKTI_CF_SPAN : groups;
        const uint8_t *at = block + PMKTI_CF_CODES_AT + (size_t)g * PMKTI_CF_BLOCK * 4;
        add_groups(at + (ptrdiff_t)32 * first, g, to, 0, probe, part, PMKTI_CF_TOGETHER, 2);
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            for (int w = 0; w < 2; w++) {
                const __m256i more = in_32_bits(part[q][w]);
                sum[q][first + w] = _mm256_add_epi32(sum[q][first + w], more);
            }
        }
    }
}

static void scan_many(const uint8_t *blocks, int64_t n, int32_t groups,
                      const pmkti_cf_probe *probe) {
    const size_t bytes = pmkti_cf_block_bytes(groups * 8);
    const uint8_t *block = blocks;
    for (int64_t b = 0; b < n; b++, block += bytes) {
        __m256i sum[PMKTI_CF_TOGETHER][4];
        memset(sum, 0, sizeof sum);
        add_half(block, groups, probe, sum, 0);
        add_half(block, groups, probe, sum, 2);
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            probe[q].masks[b] = mask_of(sum[q], block, probe[q].bias, probe[q].limits[b]);
        }
    }
}

const pmkti_cf_scorer pmkti_cf_scorer_avx2 = {dot, fine, scan_one, scan_many};
#endif
