/* The loops of sweep_loops.h for AVX2. */
#if defined(__x86_64__)
#define PMKTI_ATTRIBUTION_SWEEPER pmkti_attribution_sweeper_avx2
#include "intent/attribution/kernels/sweep_loops.h"
#else
typedef int pmkti_attribution_no_avx2; /* a file is not empty */
#endif
