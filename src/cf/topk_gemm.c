/*
 * topk_gemm.c - many rows answered together: all scores in single precision, as a product of two matrices
 * (kernels/gemm.h), leave few candidates, and those get exact scores.
 *
 * It reads all vectors as they lie in memory. Where norms fall off, topk_scan.c reads few of them, and is
 * left to it; so is a question of a few rows, for which this would wait for memory.
 *
 * Why no candidate is lost. Take a query q, a vector v, N >= |v|, and T, the least double that an exact
 * score may have to get into the heap (see `set_limit`). The score in floats, s, is a sum of d products
 * from which each term gets d roundings at most, by 2^-24 of what is rounded, or by 2^-150 where that is
 * more; with g = d 2^-24 / (1 - d 2^-24),
 *
 *     |s - q.v|  <=  g |q| N + d 2^-149,
 *
 * if nothing overflows: |q| and N are between 2^-60 and 2^60, or it goes another way. So v is not
 * wanted if s < T - (g + r) |q| N - 2^-126, where r = 16 2^-24 is for what else is rounded: the exact
 * score, a sum of doubles, and N, for the longest vector of an index is known but for 2^-24 of it.
 *
 * For a cosine v is divided by its length before, so that N = 1, and T is cos |q|. A coordinate is then
 * wrong by 2^-24 of it and a hair, or by 2^-150, and s by as much of |q|, which r holds, too.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/kernels/gemm.h"
#include "cf/kernels/score.h"
#include "cf/topk_rows.h"

#define LEAST_NORM 0x1p-60
#define MOST_NORM 0x1p60
#define LEAST_WIDTH 32 /* below, what a score costs besides its products is too much */
#define BLOCK \
    (INT64_C(5) * PMKTI_CF_VECTORS) /* vectors, so that those of 64 coordinates stay in a cache */

typedef struct multiplying {
    const pmkti_cf_topk *topk;
    pmkti_cf_gemm gemm;
    pmkti_cf_row *const *row; /* [n] */
    int n;
    double longest; /* N */
    float *panels;  /* [n / PMKTI_CF_PANEL, rounded up][d][PMKTI_CF_PANEL] */
    float *limit;   /* [n, rounded up likewise] a score below it is not wanted; infinite beyond n */
    float *copies;  /* [BLOCK][d] */
} multiplying;

static double norm_of(const pmkti_cf_index *index, int64_t block) {
    const pmkti_cf_block_head head = pmkti_cf_index_head(index, block);
    return (double)head.norm / head.per_unit;
}

/* Rounded down; what is not a number lets everything through. */
static float limit_of(double x) {
    if (!(x > -FLT_MAX)) return -INFINITY;
    return x < FLT_MAX ? nextafterf((float)x, -INFINITY) : FLT_MAX;
}

/* T is the float before `least`: all doubles below it round to it at most, and are then below `least`. */
static void set_limit(multiplying *m, int i) {
    const pmkti_cf_row *row = m->row[i];
    const double error = (m->topk->d + 16) * 0x1p-24 * (1.0 + 0x1p-9);
    const double least = (double)nextafterf(row->heap.least, -INFINITY);
    const double wanted = m->topk->cosine ? least * row->norm : least;
    m->limit[i] = limit_of(wanted - error * row->norm * m->longest - FLT_MIN);
}

static void pack(multiplying *m, int room) {
    const int32_t d = m->topk->d;
    for (int i = 0; i < room; i++) {
        float *at = m->panels + (int64_t)(i / PMKTI_CF_PANEL) * PMKTI_CF_PANEL * d;
        at += i % PMKTI_CF_PANEL;
        const float *query = i < m->n ? m->row[i]->query : NULL;
        for (int32_t j = 0; j < d; j++) at[(int64_t)j * PMKTI_CF_PANEL] = query ? query[j] : 0;
        m->limit[i] = INFINITY;
        if (query) set_limit(m, i);
    }
}

/* Copies n vectors from `first` on, for a cosine divided by their lengths, and zeros up to a block. */
static void copy(const multiplying *m, int64_t first, int n) {
    const int32_t d = m->topk->d;
    const size_t there = (size_t)n * (size_t)d;
    const float *from = m->topk->vectors + first * d;
    memset(m->copies + there, 0, ((size_t)BLOCK * (size_t)d - there) * sizeof(float));
    if (!m->topk->cosine) {
        memcpy(m->copies, from, there * sizeof(float));
        return;
    }
    const pmkti_cf_scorer *scorer = pmkti_cf_scorer_get();
    float *to = m->copies;
    for (int i = 0; i < n; i++, from += d, to += d) {
        const double norm = sqrt(scorer->dot(from, from, d));
        const double per_norm = norm > 0 ? 1.0 / norm : 0.0;
        for (int32_t j = 0; j < d; j++) to[j] = (float)((double)from[j] * per_norm);
    }
}

/* Scores what was found of n vectors from `first` on and of the panel whose rows start at `base`. */
static void try_found(multiplying *m, int base, int64_t first, int64_t n, const uint16_t *found,
                      int32_t n_found) {
    for (int32_t i = 0; i < n_found; i++) {
        const int v = found[i] / PMKTI_CF_PANEL, row = base + found[i] % PMKTI_CF_PANEL;
        if (v >= n || row >= m->n) continue;
        pmkti_cf_row_try(m->topk, m->row[row], (int32_t)(first + v));
        set_limit(m, row);
    }
}

/* n vectors from `first` on, for all rows. */
static void multiply(multiplying *m, int64_t first, int n) {
    const int64_t d = m->topk->d;
    const bool is_copied = m->topk->cosine || n < BLOCK;
    if (is_copied) copy(m, first, n);
    const float *vectors = is_copied ? m->copies : m->topk->vectors + first * d;
    for (int row = 0; row < m->n; row += PMKTI_CF_PANEL) {
        for (int v = 0; v < n; v += PMKTI_CF_VECTORS) {
            uint16_t found[PMKTI_CF_VECTORS * PMKTI_CF_PANEL];
            const int32_t n_found =
                m->gemm(m->panels + row * d, vectors + v * d, m->topk->d, m->limit + row, found);
            if (n_found > 0) try_found(m, row, first + v, n - v, found, n_found);
        }
    }
}

bool pmkti_cf_may_multiply(const pmkti_cf_topk *topk) {
    if (topk->d < LEAST_WIDTH) return false;
    if (topk->cosine) return true;
    /* Few rows stop before most of the vectors if those are half as long as the longest. */
    const double longest = norm_of(topk->index, 0);
    const double late = norm_of(topk->index, topk->n / 4 * 3 / PMKTI_CF_BLOCK);
    return late > longest / 2 && longest >= LEAST_NORM && longest <= MOST_NORM;
}

bool pmkti_cf_may_be_multiplied(const pmkti_cf_row *row) {
    return row->norm >= LEAST_NORM && row->norm <= MOST_NORM;
}

pmkt_status pmkti_cf_multiply_rows(const pmkti_cf_topk *topk, pmkti_cf_row *const *rows, int n,
                                   pmkt_cf_scratch *scratch) {
    const int room = (n + PMKTI_CF_PANEL - 1) / PMKTI_CF_PANEL * PMKTI_CF_PANEL;
    const size_t width = (size_t)topk->d, at_once = (size_t)room + (size_t)BLOCK;
    float *at =
        pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_PANELS, at_once * (width + 1), sizeof *at);
    if (!at) return PMKT_E_NOMEM;
    multiplying m = {.topk = topk, .gemm = pmkti_cf_gemm_get(), .row = rows, .n = n};
    m.longest = topk->cosine ? 1.0 : norm_of(topk->index, 0);
    m.panels = at;
    m.limit = m.panels + (size_t)room * width;
    m.copies = m.limit + room;
    pack(&m, room);
    for (int64_t first = 0; first < topk->n; first += BLOCK) {
        const int64_t left = topk->n - first;
        multiply(&m, first, (int)(left < BLOCK ? left : BLOCK));
    }
    return PMKT_OK;
}
