/*
 * quantile.c - scores of 1 to k by equal shares, exactly.
 *
 * score = 1 + floor(k * worse / n), where `worse` customers of n have a smaller key. That is above
 * j exactly if worse >= ceil(j * n / k), that is, if the key at rank ceil(j * n / k) - 1 is
 * smaller: the k - 1 keys at those ranks are the cuts, and a score is 1 + the number of cuts below
 * the key.
 */
#include "core/alloc.h"
#include "core/select.h"
#include "rfm/scores.h"

typedef struct quantiles {
    pmkt_rfm_scores *scores;
    size_t buyers;
    uint64_t cuts[3][PMKTI_MAX_BINS - 1];
} quantiles;

static size_t count_buyers(const pmkt_rfm_scores *s) {
    size_t n = 0;
    for (size_t i = 0; i < s->rows; i++) n += s->col.orders[i] > 0;
    return n;
}

/* ceil(j * n / k) - 1 without overflow */
static size_t cut_rank(size_t j, size_t n, size_t k) {
    const size_t whole = n / k * j, rest = n % k * j;
    return whole + (rest + k - 1) / k - 1;
}

static pmkt_status cut_axis(void *ctx, int64_t axis, int worker) {
    quantiles *q = ctx;
    pmkt_rfm_scores *s = q->scores;
    const size_t bins = (size_t)s->options.bins;
    size_t ranks[PMKTI_MAX_BINS - 1], n = 0;
    (void)worker;
    uint64_t *keys = pmkti_alloc(&s->allocator, q->buyers, sizeof *keys);
    if (!keys) return PMKT_E_NOMEM;
    for (size_t i = 0; i < s->rows; i++) {
        if (s->col.orders[i] > 0) keys[n++] = pmkti_axis_key(s, (int)axis, i);
    }
    for (size_t j = 1; j < bins; j++) ranks[j - 1] = cut_rank(j, n, bins);
    const pmkt_status status = pmkti_select(&s->allocator, keys, n, ranks, bins - 1, q->cuts[axis]);
    pmkti_free(&s->allocator, keys, q->buyers, sizeof *keys);
    for (size_t j = 0; !status && j + 1 < bins; j++) {
        pmkti_axis_cut(s, (int)axis, j, q->cuts[axis][j]);
    }
    return status;
}

static uint8_t score_of(const uint64_t *cuts, size_t n, uint64_t key) {
    size_t low = 0, high = n; /* cuts rise: how many are below the key */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (cuts[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint8_t)(low + 1);
}

static bool within(uint8_t score, uint8_t low, uint8_t high) {
    return (low == 0 || score >= low) && (high == 0 || score <= high);
}

static uint8_t segment_of(const pmkt_rfm_scores *s, uint8_t r, uint8_t f, uint8_t m) {
    for (int32_t i = 0; i < s->n_segments; i++) {
        const pmkt_rfm_segment *g = &s->segments[i];
        if (within(r, g->r_min, g->r_max) && within(f, g->f_min, g->f_max) &&
            within(m, g->m_min, g->m_max)) {
            return (uint8_t)i;
        }
    }
    return (uint8_t)s->n_segments; /* "other" */
}

static pmkt_status score_chunk(void *ctx, int64_t chunk, int worker) {
    const quantiles *q = ctx;
    const pmkt_rfm_scores *s = q->scores;
    const pmkti_columns *c = &s->col;
    const size_t n_cuts = (size_t)s->options.bins - 1;
    (void)worker;
    for (size_t i = (size_t)chunk * PMKTI_SCORE_CHUNK; i < pmkti_score_chunk_end(s, chunk); i++) {
        if (c->orders[i] == 0) {
            c->r[i] = c->f[i] = c->m[i] = 0;
            c->segment[i] = (uint8_t)(s->n_segments + 1); /* "no-order" */
            continue;
        }
        c->r[i] = score_of(q->cuts[0], n_cuts, pmkti_axis_key(s, 0, i));
        c->f[i] = score_of(q->cuts[1], n_cuts, pmkti_axis_key(s, 1, i));
        c->m[i] = score_of(q->cuts[2], n_cuts, pmkti_axis_key(s, 2, i));
        c->segment[i] = segment_of(s, c->r[i], c->f[i], c->m[i]);
    }
    return PMKT_OK;
}

pmkt_status pmkti_score_quantile(pmkt_rfm_scores *scores, const pmkti_run *run) {
    quantiles q = {.scores = scores, .buyers = count_buyers(scores)};
    pmkt_status status = PMKT_OK;
    if (q.buyers > 0) {
        status = pmkti_parallel(run, (pmkti_stage){"quantiles", 0.6, 0.8}, cut_axis, &q, 3);
    }
    if (status) return status;
    return pmkti_parallel(run, (pmkti_stage){"scoring", 0.8, 1}, score_chunk, &q,
                          pmkti_score_chunks(scores));
}
