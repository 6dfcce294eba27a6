#include "cf/kernels/solve.h"

#include "core/kernels/kernels.h"

const pmkti_cf_solver *pmkti_cf_solver_of(int level) {
#if defined(__x86_64__)
    if (level >= 2) return &pmkti_cf_solver_avx512;
    if (level == 1) return &pmkti_cf_solver_avx2;
#else
    (void)level;
#endif
    return &pmkti_cf_solver_portable;
}

const pmkti_cf_solver *pmkti_cf_solver_get(void) {
    return pmkti_cf_solver_of(pmkti_isa_level());
}
