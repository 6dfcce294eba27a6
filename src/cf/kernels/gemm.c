#include "cf/kernels/gemm.h"

#include "core/kernels/kernels.h"

pmkti_cf_gemm pmkti_cf_gemm_of(int level) {
#if defined(__x86_64__)
    if (level >= 2) return pmkti_cf_gemm_avx512;
    if (level == 1) return pmkti_cf_gemm_avx2;
#else
    (void)level;
#endif
    return pmkti_cf_gemm_portable;
}

pmkti_cf_gemm pmkti_cf_gemm_get(void) {
    return pmkti_cf_gemm_of(pmkti_isa_level());
}
