/*
 * score_fine.h - the product of finer codes with AVX2, for all tables whose CPUs have it: each has one row of
 * codes at a time, for which wider registers gain nothing.
 */
#include <immintrin.h>
#include <stdint.h>

static int32_t fine(const int16_t *query, const int8_t *codes, int32_t width) {
    __m256i sum = _mm256_setzero_si256();
    int32_t j = 0;
    for (; j + 16 <= width; j += 16) {
        const __m256i q = _mm256_loadu_si256((const __m256i *)(const void *)(query + j));
        const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(codes + j));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(q, _mm256_cvtepi8_epi16(c)));
    }
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    if (j < width) {
        const __m128i q = _mm_loadu_si128((const __m128i *)(const void *)(query + j));
        const __m128i c = _mm_loadl_epi64((const __m128i *)(const void *)(codes + j));
        half = _mm_add_epi32(half, _mm_madd_epi16(q, _mm_cvtepi8_epi16(c)));
    }
    const __m128i two = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}
