#include "cf/popular.h"

#include <math.h>

#include "core/error.h"

pmkt_status pmkti_cf_popular(const pmkt_cf *model, const pmkti_cf_filter *filter,
                             const pmkti_cf_without *without, int64_t k, uint64_t *ids,
                             float *scores, int32_t *count, pmkt_error *err) {
    int64_t n = 0;
    for (int64_t i = 0; i < model->facts.items && n < k; i++) {
        const int32_t item = model->by_popularity[i];
        if (item < 0 || item >= model->facts.items) {
            return pmkti_fail(err, PMKT_E_CORRUPT, "the model has a number that is no item's");
        }
        const float score = model->popularity[item];
        if (filter->has_min_score && !(score >= filter->min_score)) break;
        if (!pmkti_cf_passes(filter, without, item)) continue;
        ids[n] = model->item_id[item];
        if (scores) scores[n] = score;
        n++;
    }
    *count = (int32_t)n;
    for (; n < k; n++) {
        ids[n] = PMKT_ID_NONE;
        if (scores) scores[n] = NAN;
    }
    return PMKT_OK;
}
