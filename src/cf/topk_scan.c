/*
 * topk_scan.c - rows answered by the index: a scan of small codes leaves few candidates, and those get
 * exact scores.
 *
 * Why no candidate is lost. Take a query q, with n = |q|, and its codes: integers c, and t > 0 with
 * q = t c + e. A vector v of a block, in units of the block (so |v| <= N = head.norm <= 1), has integer
 * codes u = code - 8 and a step s with v = s u + f and |f| <= s F, F = head.spread. Then
 *
 *     q.v / t  =  c.v + e.v / t  =  s (c.u) + c.f + e.v / t
 *             <=  s (c.u + |c| F)  +  N |e| / t                            (Cauchy-Schwarz, twice)
 *
 * With R = |c| F and T the least double that an exact score may have to get into the heap (see `least`
 * below), in units of the block and of t, a vector with
 *
 *     s (c.u + R)  <  L,    L = T - N |e| / t,
 *
 * is not wanted. For a cosine T is cos n |v|, for which N, or the least norm where cos >= 0, stands.
 *
 * c.u is an integer below 2^24 (1,024 coordinates, |c_j| <= 127, |u_j| <= 8), so exact in float. Three
 * float operations follow, and R is rounded: each is wrong by at most 2^-24 of its result, and no
 * result is larger than 8 N |c|: s |c.u| <= (N + s F) |c|, s <= (1 + 2^-23) N / 7, F <= sqrt(d) / 2 + 1
 * (where s is not a denormal; there s F and N are so far below the block's N that it does not matter).
 * Then L is rounded to float, wrong by at most 2^-24 (T + N |e| / t), and the exact score is itself a sum of
 * doubles, wrong by at most 2^-42 n |v|. All of it together is below 2^-19 N (|c| + |e| / t), for T <= N
 * n / t and n / t <= |c| + |e| / t: a larger T ends the scan, or rejects rightly, and one below
 * -N n / t rejects nothing. SLACK, in L, is four times that.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/kernels/score.h"
#include "cf/topk_rows.h"

#define SLACK 0x1p-17
#define HAIR (1.0 + 0x1p-20)

/* Blocks between two looks at the heaps: few at first, when they change fast; then what a cache holds. */
#define MOST_BLOCKS 32
#define SHARE_DONE 8 /* an eighth of those that are done */
#define MOST_FOUND ((int64_t)MOST_BLOCKS * PMKTI_CF_BLOCK)
#define AHEAD 8 /* candidates whose memory is asked for before it is needed */
#define BLOCKS_AHEAD 4
#define MOST_FETCHED 4096 /* bytes of a block; the processor sees to the rest of long ones */

/* A row in a scan. */
typedef struct scan_row {
    pmkti_cf_row *row;
    int8_t *codes; /* [8 * groups] */
    int32_t bias;  /* 8 * sum of the codes */
    double length; /* |c| */
    double per_t;  /* 1 / t */
    double norm;   /* n / t */
    double off;    /* |e| / t + SLACK */
    double least;  /* scores below it are not wanted */
} scan_row;

typedef struct scanning {
    const pmkti_cf_topk *topk;
    const pmkti_cf_scorer *scorer;
    const uint8_t *blocks;
    size_t block_bytes;
    int64_t n_blocks;
    int32_t groups;
    int32_t *found; /* [PMKTI_CF_TOGETHER][MOST_FOUND] places that a scan lets through */
} scanning;

/*
 * A score is rounded to float before it is compared. All doubles below the float before `least` round to
 * that one at most, and are then below `least`.
 */
static void look_at_heap(scan_row *s) {
    s->least = (double)nextafterf(s->row->heap.least, -INFINITY);
}

/* The step t of a query's codes: the least that keeps them within 127, and their sums in each span and
   lane (see score.h) within PMKTI_CF_LANE_SUM. A code is wrong by half at most: 32 for the 64 of a lane. */
static double step_of(const float *query, int32_t d) {
    double step = 0;
    for (int32_t first = 0; first < d; first += 8 * PMKTI_CF_SPAN) {
        const int32_t end = d - first < 8 * PMKTI_CF_SPAN ? d : first + 8 * PMKTI_CF_SPAN;
        double sum[2] = {0, 0};
        for (int32_t j = first; j < end; j++) {
            const double size = fabs((double)query[j]);
            step = fmax(step, size / 127.0);
            sum[j / 2 % 2] += size;
        }
        step = fmax(step, fmax(sum[0], sum[1]) / (double)(PMKTI_CF_LANE_SUM - 2 * PMKTI_CF_SPAN));
    }
    return step * (1.0 + 0x1p-40);
}

static void prepare(scan_row *s, pmkti_cf_row *row, int32_t d, int32_t groups, int8_t *codes) {
    const double step = step_of(row->query, d), per_t = 1.0 / step;
    double length = 0, off = 0;
    int32_t sum = 0;
    memset(codes, 0, (size_t)groups * 8);
    for (int32_t j = 0; j < d; j++) {
        const double x = (double)row->query[j] * per_t;
        const int code = (int)(x + (x < 0 ? -0.5 : 0.5));
        codes[j] = (int8_t)code;
        sum += code;
        length += (double)(code * code);
        off += (x - code) * (x - code);
    }
    s->row = row;
    s->codes = codes;
    s->bias = 8 * sum;
    s->length = sqrt(length);
    s->per_t = per_t;
    s->norm = row->norm * per_t;
    s->off = sqrt(off) + SLACK * (s->length + sqrt(off));
    look_at_heap(s);
}

/* Within the range of float; what is not a number lets everything through. */
static float float_of(double limit) {
    if (!(limit > -FLT_MAX)) return -FLT_MAX;
    return limit < FLT_MAX ? (float)limit : FLT_MAX;
}

static pmkti_cf_probe probe_of(const scanning *g, const scan_row *s,
                               const pmkti_cf_block_head *head) {
    double wanted = s->least * s->per_t * head->per_unit;
    if (g->topk->cosine) {
        wanted = s->least * s->norm * (double)(s->least >= 0 ? head->least_norm : head->norm);
    }
    const double limit = wanted - s->off * (double)head->norm;
    const float reach = (float)(s->length * (double)head->spread);
    return (pmkti_cf_probe){s->codes, s->bias, reach, float_of(limit)};
}

/*
 * Whether no vector from this block on can be good enough: none is longer. They are in the order of norms
 * that were rounded to float, by less than a HAIR of them if they are neither huge nor tiny; then the
 * end is not looked for.
 */
static bool is_over(const scanning *g, const scan_row *s, int64_t block) {
    if (g->topk->cosine) return false;
    const pmkti_cf_block_head head = pmkti_cf_index_head(g->topk->index, block);
    if (!(head.per_unit > 0x1p-120 && head.per_unit < 0x1p100)) return false;
    return s->norm * (double)head.norm * HAIR < s->least * s->per_t * head.per_unit;
}

/* Adds the places in a block that a mask has. */
static int64_t note(uint32_t mask, int64_t block, int32_t *found, int64_t n) {
    while (mask) {
        found[n++] = (int32_t)(block * PMKTI_CF_BLOCK) + __builtin_ctz(mask);
        mask &= mask - 1;
    }
    return n;
}

/* Asks for the memory of the candidate at a place; false if the place has the number of none. */
static bool fetch(const scanning *g, int32_t place) {
    const int32_t number = g->topk->index->order[place];
    if (number < 0 || number >= g->topk->n) return false;
    const char *v = (const char *)(g->topk->vectors + (int64_t)number * g->topk->d);
    const int64_t bytes = (int64_t)g->topk->d * 4;
    for (int64_t i = 0; i < bytes && i < 512; i += 64) __builtin_prefetch(v + i);
    return true;
}

/* Scores what a scan has let through, exactly. */
static pmkt_status try_found(const scanning *g, scan_row *s, const int32_t *found, int64_t n) {
    const int32_t *order = g->topk->index->order;
    for (int64_t i = 0; i < n && i < AHEAD; i++) {
        if (!fetch(g, found[i])) return PMKT_E_CORRUPT;
    }
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n && !fetch(g, found[i + AHEAD])) return PMKT_E_CORRUPT;
        pmkti_cf_row_try(g->topk, s->row, order[found[i]]);
    }
    look_at_heap(s);
    return PMKT_OK;
}

/*
 * Asks for the memory of a block that is scanned soon. Blocks are short, and the work between them stalls
 * on their heads, so that the processor's own prefetching keeps too few reads in flight.
 */
static void fetch_block(const scanning *g, int64_t block) {
    if (block >= g->n_blocks) return;
    const uint8_t *at = g->blocks + (size_t)block * g->block_bytes;
    const size_t bytes = g->block_bytes < MOST_FETCHED ? g->block_bytes : MOST_FETCHED;
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i);
}

/* Blocks from `first` up to `end` for PMKTI_CF_TOGETHER rows, or one. */
static pmkt_status scan_blocks(const scanning *g, scan_row *const *rows, int n, int64_t first,
                               int64_t end) {
    const pmkti_cf_scan scan = n == 1 ? g->scorer->scan_one : g->scorer->scan_many;
    int64_t n_found[PMKTI_CF_TOGETHER] = {0};
    for (int64_t b = first; b < end; b++) {
        fetch_block(g, b + BLOCKS_AHEAD);
        const uint8_t *block = g->blocks + (size_t)b * g->block_bytes;
        const pmkti_cf_block_head head = pmkti_cf_index_head(g->topk->index, b);
        const float *steps = (const float *)(const void *)(block + sizeof head);
        const uint8_t *codes = block + sizeof head + PMKTI_CF_BLOCK * sizeof(float);
        /* The last block may be short of vectors. */
        const int64_t there = g->topk->n - b * PMKTI_CF_BLOCK;
        const uint32_t all = there < PMKTI_CF_BLOCK ? (1u << there) - 1 : UINT32_MAX;
        pmkti_cf_probe probes[PMKTI_CF_TOGETHER];
        uint32_t mask[PMKTI_CF_TOGETHER];
        for (int i = 0; i < n; i++) probes[i] = probe_of(g, rows[i], &head);
        scan(steps, codes, g->groups, probes, mask);
        for (int i = 0; i < n; i++) {
            n_found[i] = note(mask[i] & all, b, g->found + (ptrdiff_t)i * MOST_FOUND, n_found[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        const pmkt_status status =
            try_found(g, rows[i], g->found + (ptrdiff_t)i * MOST_FOUND, n_found[i]);
        if (status) return status;
    }
    return PMKT_OK;
}

/* Scans all blocks for all rows, by and by, and drops rows for which it is over. */
static pmkt_status scan_all(const scanning *g, scan_row **rows, int n) {
    int64_t first = 0;
    while (first < g->n_blocks) {
        int left = 0;
        for (int i = 0; i < n; i++) {
            if (!is_over(g, rows[i], first)) rows[left++] = rows[i];
        }
        n = left;
        if (n == 0) return PMKT_OK;
        int64_t count = first / SHARE_DONE;
        count = count < 1 ? 1 : count < MOST_BLOCKS ? count : MOST_BLOCKS;
        const int64_t end = first + count < g->n_blocks ? first + count : g->n_blocks;
        for (int i = 0; i < n;) {
            const int together = n - i >= PMKTI_CF_TOGETHER ? PMKTI_CF_TOGETHER : 1;
            const pmkt_status status = scan_blocks(g, rows + i, together, first, end);
            if (status) return status;
            i += together;
        }
        first = end;
    }
    return PMKT_OK;
}

pmkt_status pmkti_cf_scan_rows(const pmkti_cf_topk *topk, pmkti_cf_row *const *rows, int n,
                               pmkt_cf_scratch *scratch) {
    const pmkti_cf_index *index = topk->index;
    scanning g = {.topk = topk,
                  .scorer = pmkti_cf_scorer_get(),
                  .blocks = index->blocks,
                  .block_bytes = pmkti_cf_block_bytes(topk->d),
                  .n_blocks = (topk->n + PMKTI_CF_BLOCK - 1) / PMKTI_CF_BLOCK,
                  .groups = (topk->d + 7) / 8};
    const size_t width = (size_t)g.groups * 8;
    int8_t *codes = pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_CODES, (size_t)n, width);
    g.found =
        pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_FOUND,
                              (size_t)PMKTI_CF_TOGETHER * (size_t)MOST_FOUND, sizeof *g.found);
    if (!codes || !g.found) return PMKT_E_NOMEM;
    scan_row prepared[PMKTI_CF_ROWS], *at[PMKTI_CF_ROWS];
    for (int i = 0; i < n; i++) {
        prepare(&prepared[i], rows[i], topk->d, g.groups, codes + (size_t)i * width);
        at[i] = &prepared[i];
    }
    return scan_all(&g, at, n);
}
