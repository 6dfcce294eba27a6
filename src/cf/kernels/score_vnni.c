/* For AVX-512 with VNNI: vpdpbusd multiplies unsigned bytes by signed ones and adds four products to 32
   bits, without saturation. Empty but on x86-64. */
#include "cf/kernels/score.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m512i add_products(__m512i sum, __m512i codes, __m512i query) {
    return _mm512_dpbusd_epi32(sum, codes, query);
}

static inline __m512i in_32_bits(__m512i sum) {
    return sum;
}

#define TABLE pmkti_cf_scorer_vnni
#include "cf/kernels/score_512.h"
#endif
