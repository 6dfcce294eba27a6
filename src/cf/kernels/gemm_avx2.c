/* The loop of gemm_loops.h for AVX2 with FMA: 12 of 16 registers are sums. */
#if defined(__x86_64__)
#define GEMM pmkti_cf_gemm_avx2
#define LANES 8
#define TILE 6
#include "cf/kernels/gemm_loops.h"
#else
typedef int pmkti_cf_no_gemm_avx2; /* a file is not empty */
#endif
