#include "cf/filter.h"

#include "core/idset.h"

/* Whether an ascending list has a number; of a list that does not ascend, some answer. */
static bool has(const int32_t *list, int64_t n, int32_t number) {
    int64_t from = 0;
    while (n > 1) {
        const int64_t half = n / 2;
        from += list[from + half - 1] < number ? half : 0;
        n -= half;
    }
    return n == 1 && list[from] == number;
}

bool pmkti_cf_passes(const pmkti_cf_filter *filter, const pmkti_cf_without *without, int32_t item) {
    if (filter->wanted != PMKT_ID_NONE &&
        !(filter->category && filter->category[item] == filter->wanted)) {
        return false;
    }
    if (without && has(without->seen, without->n_seen, item)) return false;
    if (without && has(without->excluded, without->n_excluded, item)) return false;
    if (filter->allow && !pmkti_idset_has(filter->allow, filter->id[item])) return false;
    return !(filter->deny && pmkti_idset_has(filter->deny, filter->id[item]));
}
