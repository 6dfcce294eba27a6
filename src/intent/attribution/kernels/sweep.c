#include "intent/attribution/kernels/sweep.h"

#include "core/kernels/kernels.h"

const pmkti_attribution_sweeper *pmkti_attribution_sweeper_of(int level) {
#if defined(__x86_64__)
    if (level >= 1) return &pmkti_attribution_sweeper_avx2;
#else
    (void)level;
#endif
    return &pmkti_attribution_sweeper_baseline;
}

const pmkti_attribution_sweeper *pmkti_attribution_sweeper_get(void) {
    return pmkti_attribution_sweeper_of(pmkti_isa_level());
}
