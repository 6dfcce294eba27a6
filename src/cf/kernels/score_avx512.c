/* For AVX-512 (F, BW, DQ, VL). Empty but on x86-64. Why 16 bits are enough: see score_avx2.c. */
#include "cf/kernels/score.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m512i add_products(__m512i sum, __m512i codes, __m512i query) {
    return _mm512_add_epi16(sum, _mm512_maddubs_epi16(codes, query));
}

static inline __m512i in_32_bits(__m512i sum) {
    return _mm512_madd_epi16(sum, _mm512_set1_epi16(1));
}

#define TABLE pmkti_cf_scorer_avx512
#include "cf/kernels/score_512.h"
#endif
