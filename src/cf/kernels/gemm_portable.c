/* The loop of gemm_loops.h for any CPU, which has registers of 128 bits. */
#define GEMM pmkti_cf_gemm_portable
#define LANES 4
#define TILE 2
#include "cf/kernels/gemm_loops.h"
