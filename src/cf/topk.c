#include "cf/topk.h"

#include <math.h>

#include "cf/kernels/score.h"
#include "cf/topk_answer.h"

float pmkti_cf_score_of(double dot, double norm_a, double norm_b, bool cosine) {
    double score = dot;
    if (cosine) {
        const double norms = norm_a * norm_b;
        score = norms > 0 ? dot / norms : 0.0;
    }
    return (float)score + 0.0f;
}

float pmkti_cf_score(const float *a, const float *b, int32_t d, bool cosine) {
    const double dot = pmkti_cf_dot(a, b, d);
    if (!cosine) return pmkti_cf_score_of(dot, 1.0, 1.0, false);
    return pmkti_cf_score_of(dot, sqrt(pmkti_cf_dot(a, a, d)), sqrt(pmkti_cf_dot(b, b, d)), true);
}

pmkti_cf_heap pmkti_cf_heap_of(const pmkti_cf_topk *topk, pmkti_cf_ranked *at) {
    const pmkti_cf_filter *filter = topk->filter;
    return (pmkti_cf_heap){.at = at,
                           .n = 0,
                           .room = topk->k < topk->n ? topk->k : topk->n,
                           .least = filter->has_min_score ? filter->min_score : -INFINITY};
}

void pmkti_cf_answer_row(const pmkti_cf_topk *topk, pmkti_cf_heap *heap, uint64_t *ids,
                         float *scores, int32_t *count) {
    pmkti_cf_heap_sort(heap);
    for (int64_t i = 0; i < topk->k; i++) {
        const bool is_there = i < heap->n;
        ids[i] = is_there ? topk->filter->id[heap->at[i].number] : PMKT_ID_NONE;
        if (scores) scores[i] = is_there ? heap->at[i].score : NAN;
    }
    *count = (int32_t)heap->n;
}
