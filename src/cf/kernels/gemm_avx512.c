/* The loop of gemm_loops.h for AVX-512. */
#if defined(__x86_64__)
#define GEMM pmkti_cf_gemm_avx512
#define LANES 16
#define TILE 12
#include "cf/kernels/gemm_loops.h"
#else
typedef int pmkti_cf_no_gemm_avx512; /* a file is not empty */
#endif
