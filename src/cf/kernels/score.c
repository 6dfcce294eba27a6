#include "cf/kernels/score.h"

#include "core/kernels/kernels.h"

const pmkti_cf_scorer *pmkti_cf_scorer_of(int level, bool vnni) {
#if defined(__x86_64__)
    if (level >= 2) return vnni ? &pmkti_cf_scorer_vnni : &pmkti_cf_scorer_avx512;
    if (level == 1) return &pmkti_cf_scorer_avx2;
#else
    (void)level;
    (void)vnni;
#endif
    return &pmkti_cf_scorer_portable;
}

const pmkti_cf_scorer *pmkti_cf_scorer_get(void) {
    const int level = pmkti_isa_level();
    return pmkti_cf_scorer_of(level, level >= 2 && pmkti_cpu_has_vnni());
}
