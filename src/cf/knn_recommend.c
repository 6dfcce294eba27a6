/*
 * knn_recommend.c - answers of an item-kNN model: sums of similarities, or a row of them.
 *
 * A sum means something only where its mark is set, so that a question clears one bit an item and not
 * eight bytes.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/knn.h"
#include "cf/topk_rows.h"
#include "core/error.h"

typedef struct sums {
    double *sum;      /* [items] */
    uint64_t *mark;   /* [items] bits */
    int32_t *touched; /* [n] the items that are marked */
    int64_t n;
} sums;

static pmkt_status corrupt(pmkt_error *err) {
    return pmkti_fail(err, PMKT_E_CORRUPT, "the model's neighbors of an item make no sense");
}

/* Where the neighbors of an item are. */
static pmkt_status row_of(const pmkt_cf *model, int32_t item, int64_t *from, int64_t *to,
                          pmkt_error *err) {
    if (item < 0 || item >= model->facts.items) return corrupt(err);
    *from = model->near_at[item], *to = model->near_at[item + 1];
    return *from < 0 || *from > *to || *to > model->n_near ? corrupt(err) : PMKT_OK;
}

static pmkt_status take(const pmkt_cf *model, pmkt_cf_scratch *scratch, sums *s, pmkt_error *err) {
    const size_t items = (size_t)model->facts.items, marks = (items + 63) / 64;
    const size_t bytes = items * (sizeof *s->sum + sizeof *s->touched) + marks * sizeof *s->mark;
    s->sum = pmkti_cf_scratch_take(scratch, PMKTI_CF_KNN_SCORES, bytes, 1);
    if (!s->sum) return pmkti_no_memory(err, bytes);
    s->mark = (uint64_t *)(void *)(s->sum + items);
    s->touched = (int32_t *)(void *)(s->mark + marks);
    s->n = 0;
    memset(s->mark, 0, marks * sizeof *s->mark);
    return PMKT_OK;
}

static bool is_marked(const sums *s, int32_t item) {
    return s->mark[item / 64] >> (item % 64) & 1;
}

static pmkt_status add_up(const pmkt_cf *model, const int32_t *item, const float *weight, int64_t n,
                          sums *s, pmkt_error *err) {
    for (int64_t i = 0; i < n; i++) {
        int64_t from = 0, to = 0;
        const pmkt_status status = row_of(model, item[i], &from, &to, err);
        if (status) return status;
        const double w = weight ? (double)weight[i] : 1;
        for (int64_t e = from; e < to; e++) {
            const int32_t j = model->near[e];
            if (j < 0 || j >= model->facts.items) return corrupt(err);
            if (!is_marked(s, j)) {
                s->mark[j / 64] |= UINT64_C(1) << (j % 64);
                s->touched[s->n++] = j;
                s->sum[j] = 0;
            }
            s->sum[j] += w * (double)model->similarity[e];
        }
    }
    return PMKT_OK;
}

/* A sum as it is answered: within the range of float, and never -0. */
static float score_of(double sum) {
    if (sum > (double)FLT_MAX) return FLT_MAX;
    if (sum < -(double)FLT_MAX) return -FLT_MAX;
    return (float)sum + 0.0f;
}

static pmkti_cf_topk topk_of(const pmkt_cf *model, const pmkti_cf_filter *filter, int64_t k) {
    return (pmkti_cf_topk){.n = model->facts.items, .filter = filter, .k = k};
}

pmkt_status pmkti_cf_knn_recommend(const pmkt_cf *model, const int32_t *item, const float *weight,
                                   int64_t n, const pmkti_cf_filter *filter,
                                   const pmkti_cf_without *without, int64_t k,
                                   pmkt_cf_scratch *scratch, uint64_t *ids, float *scores,
                                   int32_t *count, pmkt_error *err) {
    sums s;
    pmkt_status status = take(model, scratch, &s, err);
    if (!status) status = add_up(model, item, weight, n, &s, err);
    if (status) return status;
    const pmkti_cf_topk topk = topk_of(model, filter, k);
    const size_t room = (size_t)(k < s.n ? k : s.n);
    pmkti_cf_ranked *at =
        pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_HEAP, room ? room : 1, sizeof *at);
    if (!at) return pmkti_no_memory(err, room * sizeof *at);
    const float least = filter->has_min_score ? filter->min_score : -INFINITY;
    pmkti_cf_heap heap = {at, 0, (int64_t)room, least};
    for (int64_t i = 0; i < s.n; i++) {
        const int32_t j = s.touched[i];
        const float score = score_of(s.sum[j]);
        if (pmkti_cf_heap_wants(&heap, score, j) && pmkti_cf_passes(filter, without, j)) {
            pmkti_cf_heap_push(&heap, score, j);
        }
    }
    pmkti_cf_write_row(&topk, &heap, ids, scores, count);
    return PMKT_OK;
}

pmkt_status pmkti_cf_knn_rank(const pmkt_cf *model, const int32_t *item, const float *weight,
                              int64_t n, const int32_t *given, int64_t m, pmkt_cf_scratch *scratch,
                              float *scores, pmkt_error *err) {
    sums s;
    pmkt_status status = take(model, scratch, &s, err);
    if (!status) status = add_up(model, item, weight, n, &s, err);
    if (status) return status;
    for (int64_t i = 0; i < m; i++) {
        scores[i] = is_marked(&s, given[i]) ? score_of(s.sum[given[i]]) : 0.0f;
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_knn_similar(const pmkt_cf *model, int32_t item, const pmkti_cf_filter *filter,
                                 const pmkti_cf_without *without, int64_t k, uint64_t *ids,
                                 float *scores, int32_t *count, pmkt_error *err) {
    int64_t from = 0, to = 0, n = 0;
    const pmkt_status status = row_of(model, item, &from, &to, err);
    if (status) return status;
    for (int64_t e = from; e < to && n < k; e++) {
        const int32_t j = model->near[e];
        if (j < 0 || j >= model->facts.items) return corrupt(err);
        if (filter->has_min_score && !(model->similarity[e] >= filter->min_score)) break;
        if (!pmkti_cf_passes(filter, without, j)) continue;
        ids[n] = filter->id[j];
        if (scores) scores[n] = model->similarity[e];
        n++;
    }
    *count = (int32_t)n;
    for (; n < k; n++) {
        ids[n] = PMKT_ID_NONE;
        if (scores) scores[n] = NAN;
    }
    return PMKT_OK;
}
