/*
 * topk_gemm.c - many rows answered together: all scores in single precision, as a product of two matrices
 * (kernels/gemm.h), leave few candidates, and those get exact scores.
 *
 * A CPU does four times as many products of floats as it does of the codes that topk_scan.c looks at, if
 * each vector that it reads is used by queries enough. The vectors come in the order of the index, by
 * falling norm, so that a row can stop where no vector is long enough; or as they lie in memory, if that would
 * be late.
 *
 * Why no candidate is lost. Take a query q, a vector v of a block of which the longest has the norm N,
 * and T, the least double that an exact score may have to get into the heap (see `least_of`). The score
 * in floats, s, is a sum of d terms that are rounded d times at most, each time by 2^-24 of what is
 * rounded or 2^-150, whichever is more, so that with g = d 2^-24 / (1 - d 2^-24)
 *
 *     |s - q.v|  <=  g |q| |v| + d 2^-149,
 *
 * if nothing overflows: norms are between 2^-60 and 2^60, or a row or a call goes another way. Then v is
 * not wanted if
 *
 *     s  <  T - (g + r) |q| N - 2^-126.
 *
 * For a cosine T is cos |q| |v|, for which N, or the least norm where cos >= 0, stands. The right side is
 * computed in float by four operations on numbers that are rounded themselves; together they are wrong by 8 2^-24 |q|
 * N at most, and by some 2^-149, if |T| <= 2 |q| N; r = 16 2^-24 is more than that and than what the exact
 * score, a sum of doubles, is wrong by. A larger T rejects rightly, and one below -2 |q| N rejects
 * nothing.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/kernels/gemm.h"
#include "cf/topk_rows.h"

#define LEAST_NORM 0x1p-60
#define MOST_NORM 0x1p60
#define BLOCK (5 * PMKTI_CF_VECTORS) /* vectors, so that those of 64 coordinates stay in a cache */
#define HAIR (1.0 + 0x1p-20)

typedef struct multiplying {
    const pmkti_cf_topk *topk;
    pmkti_cf_gemm gemm;
    pmkti_cf_row *row[PMKTI_CF_ROWS]; /* those that are not over */
    int n;
    float *panels;  /* [n / PMKTI_CF_PANEL, rounded up][d][PMKTI_CF_PANEL] */
    float *wanted;  /* [PMKTI_CF_ROWS] T, for a cosine times |q|; infinite beyond n */
    float *slack;   /* [PMKTI_CF_ROWS] (g + r) |q|; 0 beyond n */
    float *copies;  /* [BLOCK][d] of a block's vectors, where they do not lie side by side */
    bool by_number; /* the blocks, or else by the order of the index */
    int64_t first;  /* of the block */
    int n_vectors;
    const float *vectors; /* [BLOCK][d] */
    int32_t number[BLOCK];
} multiplying;

/* What T and N are multiplied by in a block. */
typedef struct scales {
    float positive, negative; /* T, by its sign */
    float norm, tiny;
} scales;

/* Within the range of float; what is not a number lets everything through. */
static float rounded_down(double x) {
    if (!(x > -FLT_MAX)) return -INFINITY;
    if (x > FLT_MAX) return FLT_MAX;
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

static double norm_of(const pmkti_cf_block_head *head) {
    return (double)head->norm / head->per_unit;
}

/* All doubles below the float before `least` round to that one at most, and are then below `least`. */
static double least_of(const pmkti_cf_row *row) {
    return (double)nextafterf(row->heap.least, -INFINITY);
}

static void look_at_heap(multiplying *m, int i) {
    const pmkti_cf_row *row = m->row[i];
    m->wanted[i] = rounded_down(least_of(row) * (m->topk->cosine ? row->norm : 1.0));
}

/* Lays out the rows that are left. */
static void pack(multiplying *m) {
    const int32_t d = m->topk->d;
    const double error = (d + 16) * 0x1p-24 * (1.0 + 0x1p-9);
    const int room = (m->n + PMKTI_CF_PANEL - 1) / PMKTI_CF_PANEL * PMKTI_CF_PANEL;
    for (int i = 0; i < room; i++) {
        float *at = m->panels + (int64_t)(i / PMKTI_CF_PANEL) * PMKTI_CF_PANEL * d;
        at += i % PMKTI_CF_PANEL;
        const float *query = i < m->n ? m->row[i]->query : NULL;
        for (int32_t j = 0; j < d; j++) at[(int64_t)j * PMKTI_CF_PANEL] = query ? query[j] : 0;
        m->slack[i] = query ? -rounded_down(-error * m->row[i]->norm) : 0;
        m->wanted[i] = INFINITY;
        if (query) look_at_heap(m, i);
    }
}

/* The norms of the block are those of the blocks of the index that it is in. */
static scales scales_of(const multiplying *m) {
    const pmkti_cf_index *index = m->topk->index;
    /* In order of numbers any block may have the longest, which the first of the index has. */
    const int64_t first = m->by_number ? 0 : m->first;
    const int64_t last = m->by_number ? 0 : first + m->n_vectors - 1;
    double norm = 0, least = INFINITY;
    for (int64_t b = first / PMKTI_CF_BLOCK; b <= last / PMKTI_CF_BLOCK; b++) {
        const pmkti_cf_block_head head = pmkti_cf_index_head(index, b);
        norm = fmax(norm, norm_of(&head));
        least = fmin(least, (double)head.least_norm / head.per_unit);
    }
    const float up = -rounded_down(-norm);
    /* Vectors of zeros: all scores are 0, and nothing is rounded. */
    if (up == 0) return (scales){1, 1, 0, 0};
    if (!m->topk->cosine) return (scales){1, 1, up, FLT_MIN};
    return (scales){rounded_down(least), up, up, FLT_MIN};
}

/*
 * Drops the rows for which no vector from this place on can be good enough: none is longer, but by a HAIR,
 * for norms are ordered as floats; of those that are tiny even that is not true. They are only dropped
 * if it saves a panel.
 */
static void drop(multiplying *m, int64_t first) {
    const pmkti_cf_block_head head = pmkti_cf_index_head(m->topk->index, first / PMKTI_CF_BLOCK);
    if (!(head.per_unit > 0x1p-120 && head.per_unit < 0x1p100)) return;
    const double norm = norm_of(&head) * HAIR;
    pmkti_cf_row *left[PMKTI_CF_ROWS];
    int n = 0;
    for (int i = 0; i < m->n; i++) {
        if (!(m->row[i]->norm * norm < least_of(m->row[i]))) left[n++] = m->row[i];
    }
    if ((n + PMKTI_CF_PANEL - 1) / PMKTI_CF_PANEL == (m->n + PMKTI_CF_PANEL - 1) / PMKTI_CF_PANEL) {
        return;
    }
    memcpy(m->row, left, (size_t)n * sizeof *left);
    m->n = n;
    pack(m);
}

/*
 * Whether the vectors had better be read in order of their numbers, as they lie in memory, which is faster.
 * So it is if most of them are long: then few rows would be over before all were read.
 */
static bool by_number(const pmkti_cf_topk *topk) {
    const pmkti_cf_block_head head = pmkti_cf_index_head(topk->index, 0);
    const int64_t late = topk->n / 4 * 3 / PMKTI_CF_BLOCK;
    const pmkti_cf_block_head later = pmkti_cf_index_head(topk->index, late);
    return !topk->cosine && norm_of(&later) > norm_of(&head) / 2;
}

/* Copies the vectors of a block, and zeros where it is short of them. */
static pmkt_status gather(multiplying *m, int64_t first) {
    const pmkti_cf_topk *topk = m->topk;
    const size_t d = (size_t)topk->d;
    for (int i = 0; i < m->n_vectors; i++) {
        const int32_t number = m->by_number ? (int32_t)first + i : topk->index->order[first + i];
        if (number < 0 || number >= topk->n) return PMKT_E_CORRUPT;
        memcpy(m->copies + (size_t)i * d, topk->vectors + (size_t)number * d, d * sizeof(float));
        m->number[i] = number;
    }
    const size_t there = (size_t)m->n_vectors * d;
    memset(m->copies + there, 0, (BLOCK * d - there) * sizeof(float));
    m->vectors = m->copies;
    return PMKT_OK;
}

/* The block that starts at a place. */
static pmkt_status set_block(multiplying *m, int64_t first) {
    const int64_t left = m->topk->n - first;
    m->n_vectors = (int)(left < BLOCK ? left : BLOCK);
    m->first = first;
    if (!m->by_number || m->n_vectors < BLOCK) return gather(m, first);
    m->vectors = m->topk->vectors + first * m->topk->d;
    for (int i = 0; i < BLOCK; i++) m->number[i] = (int32_t)first + i;
    return PMKT_OK;
}

/* Scores what was found of the vectors from `base` on and of the panel whose rows start at `row`. */
static void try_found(multiplying *m, int row, int base, const uint16_t *found, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        const int v = base + found[i] / PMKTI_CF_PANEL, q = row + found[i] % PMKTI_CF_PANEL;
        if (v >= m->n_vectors || q >= m->n) continue;
        pmkti_cf_row_try(m->topk, m->row[q], m->number[v]);
        look_at_heap(m, q);
    }
}

static void set_limits(const multiplying *m, int row, const scales *s, float *limit) {
    for (int i = 0; i < PMKTI_CF_PANEL; i++) {
        const float wanted = m->wanted[row + i];
        const float least = wanted * (wanted >= 0 ? s->positive : s->negative);
        limit[i] = least - (m->slack[row + i] * s->norm + s->tiny);
    }
}

/* All vectors of the block for all rows. */
static void multiply(multiplying *m) {
    const scales s = scales_of(m);
    for (int row = 0; row < m->n; row += PMKTI_CF_PANEL) {
        const float *panel = m->panels + (int64_t)row * m->topk->d;
        for (int v = 0; v < m->n_vectors; v += PMKTI_CF_VECTORS) {
            float limit[PMKTI_CF_PANEL];
            uint16_t found[PMKTI_CF_VECTORS * PMKTI_CF_PANEL];
            set_limits(m, row, &s, limit);
            const float *vectors = m->vectors + (int64_t)v * m->topk->d;
            const int32_t n = m->gemm(panel, vectors, m->topk->d, limit, found);
            if (n > 0) try_found(m, row, v, found, n);
        }
    }
}

static pmkt_status multiply_all(multiplying *m) {
    for (int64_t first = 0; first < m->topk->n; first += BLOCK) {
        if (!m->by_number && !m->topk->cosine) drop(m, first);
        if (m->n == 0) return PMKT_OK;
        const pmkt_status status = set_block(m, first);
        if (status) return status;
        multiply(m);
    }
    return PMKT_OK;
}

bool pmkti_cf_may_multiply(const pmkti_cf_topk *topk, double norm) {
    const pmkti_cf_block_head head = pmkti_cf_index_head(topk->index, 0);
    const double longest = norm_of(&head);
    return norm >= LEAST_NORM && norm <= MOST_NORM && longest >= LEAST_NORM && longest <= MOST_NORM;
}

pmkt_status pmkti_cf_multiply_rows(const pmkti_cf_topk *topk, pmkti_cf_row *const *rows, int n,
                                   pmkt_cf_scratch *scratch) {
    const size_t room = ((size_t)n + PMKTI_CF_PANEL - 1) / PMKTI_CF_PANEL * PMKTI_CF_PANEL;
    const size_t width = (size_t)topk->d;
    float *at = pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_PANELS,
                                      (room + BLOCK) * width + 2 * PMKTI_CF_ROWS, sizeof *at);
    if (!at) return PMKT_E_NOMEM;
    multiplying m = {
        .topk = topk, .gemm = pmkti_cf_gemm_get(), .n = n, .by_number = by_number(topk)};
    m.panels = at;
    m.copies = at + room * width;
    m.wanted = m.copies + BLOCK * width;
    m.slack = m.wanted + PMKTI_CF_ROWS;
    memcpy(m.row, rows, (size_t)n * sizeof(pmkti_cf_row *));
    pack(&m);
    return multiply_all(&m);
}
