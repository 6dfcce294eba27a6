#include "cf/topk.h"

#include <math.h>

#include "cf/kernels/score.h"
#include "cf/topk_rows.h"
#include "core/error.h"

/* The score for a dot product and two norms as it is answered: -0 is 0. */
static float score_of(double dot, double norm_a, double norm_b, bool cosine) {
    double score = dot;
    if (cosine) {
        const double norms = norm_a * norm_b;
        score = norms > 0 ? dot / norms : 0.0;
    }
    return (float)score + 0.0f;
}

float pmkti_cf_score(const float *a, const float *b, int32_t d, bool cosine) {
    const pmkti_cf_scorer *scorer = pmkti_cf_scorer_get();
    const double dot = scorer->dot(a, b, d);
    if (!cosine) return score_of(dot, 1.0, 1.0, false);
    return score_of(dot, sqrt(scorer->dot(a, a, d)), sqrt(scorer->dot(b, b, d)), true);
}

float pmkti_cf_row_score(const pmkti_cf_topk *topk, const pmkti_cf_row *row, int32_t number) {
    const pmkti_cf_scorer *scorer = pmkti_cf_scorer_get();
    const float *v = topk->vectors + (int64_t)number * topk->d;
    const double dot = scorer->dot(row->query, v, topk->d);
    const double norm = topk->cosine ? sqrt(scorer->dot(v, v, topk->d)) : 1.0;
    return score_of(dot, row->norm, norm, topk->cosine);
}

void pmkti_cf_row_try(const pmkti_cf_topk *topk, pmkti_cf_row *row, int32_t number) {
    /* While every score is good enough, the filters are asked first: they may leave little to score.
       Later few scores are good enough, and the filters are asked about those. */
    const bool is_any_good = row->heap.least == -INFINITY;
    if (is_any_good && !pmkti_cf_passes(topk->filter, row->without, number)) return;
    const float score = pmkti_cf_row_score(topk, row, number);
    if (!pmkti_cf_heap_wants(&row->heap, score, number)) return;
    if (!is_any_good && !pmkti_cf_passes(topk->filter, row->without, number)) return;
    pmkti_cf_heap_push(&row->heap, score, number);
}

/* All candidates, or the allowed ones, one after another. */
static void try_all(const pmkti_cf_topk *topk, const pmkti_cf_allowed *allowed, pmkti_cf_row *row) {
    const int64_t n = allowed->number ? allowed->n : topk->n;
    for (int64_t i = 0; i < n; i++) {
        pmkti_cf_row_try(topk, row, allowed->number ? allowed->number[i] : (int32_t)i);
        /* For a query of zeros all are equal, and the first are the best. */
        if (row->norm == 0 && row->heap.n == row->heap.room) return;
    }
}

bool pmkti_cf_may_scan(const pmkti_cf_topk *topk, const pmkti_cf_allowed *allowed) {
    const int64_t few = (int64_t)4 * PMKTI_CF_BLOCK;
    return !allowed->number && topk->index && topk->index->n == topk->n &&
           topk->index->d == topk->d && topk->n > few && topk->k < topk->n / 4;
}

pmkt_status pmkti_cf_find_rows(const pmkti_cf_topk *topk, const pmkti_cf_allowed *allowed,
                               pmkti_cf_row *rows, int n, pmkt_cf_scratch *scratch) {
    const pmkti_cf_filter *filter = topk->filter;
    const pmkti_cf_scorer *scorer = pmkti_cf_scorer_get();
    const int64_t room = topk->k < topk->n ? topk->k : topk->n;
    pmkti_cf_ranked *at =
        pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_HEAP, (size_t)n * (size_t)room, sizeof *at);
    if (!at) return PMKT_E_NOMEM;
    pmkti_cf_row *scanned[PMKTI_CF_ROWS];
    int n_scanned = 0;
    const bool can_scan = pmkti_cf_may_scan(topk, allowed);
    for (int i = 0; i < n; i++) {
        const float least = filter->has_min_score ? filter->min_score : -INFINITY;
        rows[i].heap = (pmkti_cf_heap){.at = at + i * room, .n = 0, .room = room, .least = least};
        rows[i].norm = sqrt(scorer->dot(rows[i].query, rows[i].query, topk->d));
        if (can_scan && rows[i].norm > 0 && rows[i].norm < INFINITY) {
            scanned[n_scanned++] = &rows[i];
        } else {
            try_all(topk, allowed, &rows[i]);
        }
    }
    return n_scanned > 0 ? pmkti_cf_scan_rows(topk, scanned, n_scanned, scratch) : PMKT_OK;
}

void pmkti_cf_write_row(const pmkti_cf_topk *topk, pmkti_cf_heap *heap, uint64_t *ids,
                        float *scores, int32_t *count) {
    pmkti_cf_heap_sort(heap);
    for (int64_t i = 0; i < topk->k; i++) {
        const bool is_there = i < heap->n;
        ids[i] = is_there ? topk->filter->id[heap->at[i].number] : PMKT_ID_NONE;
        if (scores) scores[i] = is_there ? heap->at[i].score : NAN;
    }
    *count = (int32_t)heap->n;
}

pmkt_status pmkti_cf_topk_failed(pmkt_status status, pmkt_error *err) {
    if (status != PMKT_E_CORRUPT) return pmkti_stopped(err, status);
    return pmkti_fail(err, status, "the order of the vectors has a number that is no vector's");
}
