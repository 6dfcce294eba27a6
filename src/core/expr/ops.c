#include "core/expr/ops.h"

uint8_t pmkti_expr_in_set(pmkti_class class, pmkti_value a, const pmkti_value *set, int64_t n) {
    if (!pmkti_expr_known(class, a)) return PMKTI_UNKNOWN;
    /* The last that is not greater; `set` is never empty. */
    for (int64_t half = n / 2; n > 1; half = n / 2) {
        if (!pmkti_expr_less(class, a, set[half])) set += half;
        n -= half;
    }
    return pmkti_truth(true, !pmkti_expr_less(class, *set, a) && !pmkti_expr_less(class, a, *set));
}
