#include <math.h>

#include "cf/kernels/score.h"
#include "cf/topk_answer.h"
#include "core/error.h"

pmkt_status pmkti_cf_topk_one(const pmkti_cf_topk *topk, const float *query,
                              const pmkti_cf_without *without, pmkt_cf_scratch *scratch,
                              uint64_t *ids, float *scores, int32_t *count, pmkt_error *err) {
    const size_t room = (size_t)(topk->k < topk->n ? topk->k : topk->n);
    pmkti_cf_ranked *at =
        pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_HEAP, room, sizeof(pmkti_cf_ranked));
    if (!at) return pmkti_no_memory(err, room * sizeof(pmkti_cf_ranked));
    pmkti_cf_heap heap = pmkti_cf_heap_of(topk, at);
    for (int64_t i = 0; i < topk->n; i++) {
        if (!pmkti_cf_passes(topk->filter, without, (int32_t)i)) continue;
        pmkti_cf_heap_push(
            &heap, pmkti_cf_score(query, topk->vectors + i * topk->d, topk->d, topk->cosine),
            (int32_t)i);
    }
    pmkti_cf_answer_row(topk, &heap, ids, scores, count);
    return PMKT_OK;
}
