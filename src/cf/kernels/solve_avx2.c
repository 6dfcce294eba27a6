/* The loops of solve_loops.h for AVX2 with FMA. */
#if defined(__x86_64__)
#define PMKTI_CF_SOLVER pmkti_cf_solver_avx2
#include "cf/kernels/solve_loops.h"
#else
typedef int pmkti_cf_no_avx2; /* a file is not empty */
#endif
