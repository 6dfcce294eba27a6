/*
 * topk_scan.c - rows answered by the index: a scan of small codes leaves few candidates, finer codes
 * fewer, and those get exact scores.
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
 *
 * The finer codes, g of steps r = s / 16 with |v - r g| <= E = r sqrt(d) / 2, are multiplied by finer codes of
 * the query, p with |q / t - p / 256| <= sqrt(d) / 512:
 *
 *     q.v / t  <=  r (p.g) / 256 + n / t E + (N + E) sqrt(d) / 512.
 *
 * p.g is an integer that 32 bits hold: |g_j| <= 112, and the |p_j| of 16 groups sum up to less than 256 * 2
 * PMKTI_CF_LANE_SUM. What doubles round is far below FINE_SLACK, 2^-30 of n / t (N + E).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/kernels/score.h"
#include "cf/topk_rows.h"

#define SLACK 0x1p-17
#define FINE_SLACK 0x1p-30
#define FINER_QUERY 256 /* finer steps of a query in one of the others */
#define HAIR (1.0 + 0x1p-20)

/* Blocks between two looks at the heaps: few at first, when they change fast; then what a cache holds. */
#define MOST_BLOCKS 32
#define SHARE_DONE 8 /* an eighth of those that are done */
#define MOST_FOUND ((int64_t)MOST_BLOCKS * PMKTI_CF_BLOCK)
#define AHEAD 8 /* candidates whose memory is asked for before it is needed */

/* A row in a scan. */
typedef struct scan_row {
    pmkti_cf_row *row;
    int8_t *codes; /* [width] */
    int16_t *fine; /* [width] finer codes */
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
    int64_t n_blocks;
    int32_t width;        /* of codes */
    double half_diagonal; /* |error of finer codes| / their step, at most */
    double query_error;   /* the same of a query's, in units of t */
    int32_t *found;       /* [MOST_FOUND] places that a scan lets through */
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

static int rounded(double x) {
    return (int)(x + (x < 0 ? -0.5 : 0.5));
}

/* `codes` and `fine` of `s` are room for them. */
static void prepare(scan_row *s, pmkti_cf_row *row, int32_t d, int32_t width) {
    const double step = step_of(row->query, d), per_t = 1.0 / step;
    double length = 0, off = 0;
    int32_t sum = 0;
    memset(s->codes, 0, (size_t)width);
    memset(s->fine, 0, (size_t)width * sizeof *s->fine);
    for (int32_t j = 0; j < d; j++) {
        const double x = (double)row->query[j] * per_t;
        const int code = rounded(x);
        s->codes[j] = (int8_t)code;
        s->fine[j] = (int16_t)rounded(x * FINER_QUERY);
        sum += code;
        length += (double)(code * code);
        off += (x - code) * (x - code);
    }
    s->row = row;
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

/* T of the vectors of a block. */
static double wanted_of(const scanning *g, const scan_row *s, const pmkti_cf_block_head *head) {
    if (!g->topk->cosine) return s->least * s->per_t * head->per_unit;
    return s->least * s->norm * (double)(s->least >= 0 ? head->least_norm : head->norm);
}

static pmkti_cf_limit limit_of(const scanning *g, const scan_row *s,
                               const pmkti_cf_block_head *head) {
    const double limit = wanted_of(g, s, head) - s->off * (double)head->norm;
    return (pmkti_cf_limit){(float)(s->length * (double)head->spread), float_of(limit)};
}

/*
 * Whether no vector from this block on can be good enough: none is longer. They are in the order of norms
 * that were rounded to float, by less than a HAIR of them if they are neither huge nor tiny; then the
 * end is not looked for.
 */
static bool is_over(const scanning *g, const scan_row *s, int64_t block) {
    const pmkti_cf_block_head head = pmkti_cf_index_head(g->topk->index, block);
    if (head.norm == 0) {
        /* Zeros from here on, by number: all have the score 0, and none is better than the first. */
        const int32_t first = g->topk->index->order[block * PMKTI_CF_BLOCK];
        return !pmkti_cf_heap_wants(&s->row->heap, 0.0f, first);
    }
    if (g->topk->cosine) return false;
    if (!(head.per_unit > 0x1p-120 && head.per_unit < 0x1p100)) return false;
    return s->norm * (double)head.norm * HAIR < s->least * s->per_t * head.per_unit;
}

static float step_at(const uint8_t *record, int32_t i) {
    float step;
    memcpy(&step, record + sizeof step * (size_t)i, sizeof step);
    return step;
}

static const int8_t *fine_codes(const scanning *g, int32_t place) {
    return g->topk->index->fine + (int64_t)place * g->width;
}

/* Whether the finer codes of the vector at a place let it through. */
static bool may_be_good(const scanning *g, const scan_row *s, int32_t place) {
    const pmkti_cf_index *index = g->topk->index;
    const int64_t block = place / PMKTI_CF_BLOCK;
    const pmkti_cf_block_head head = pmkti_cf_index_head(index, block);
    const float step = step_at(pmkti_cf_index_record(index, block), place % PMKTI_CF_BLOCK);
    const double fine = (double)step / PMKTI_CF_FINER, off = fine * g->half_diagonal;
    const int32_t sum = g->scorer->fine(s->fine, fine_codes(g, place), g->width);
    const double longest = (double)head.norm + off;
    const double error = s->norm * (off + longest * FINE_SLACK) + longest * g->query_error;
    return !(fine * sum / FINER_QUERY + error < wanted_of(g, s, &head));
}

/* Asks for the memory of the vector at a place; false if the place has the number of none. */
static bool fetch(const scanning *g, int32_t place) {
    const int32_t number = g->topk->index->order[place];
    if (number < 0 || number >= g->topk->n) return false;
    const char *v = (const char *)(g->topk->vectors + (int64_t)number * g->topk->d);
    const int64_t bytes = (int64_t)g->topk->d * 4;
    for (int64_t i = 0; i < bytes && i < 512; i += 64) __builtin_prefetch(v + i);
    return true;
}

static void fetch_fine(const scanning *g, int32_t place) {
    const int8_t *codes = fine_codes(g, place);
    for (int32_t i = 0; i < g->width && i < 512; i += 64) __builtin_prefetch(codes + i);
}

/* Looks closer at what a scan has let through, and scores what is left exactly. */
static pmkt_status try_found(const scanning *g, scan_row *s, int64_t n) {
    int32_t *found = g->found;
    int64_t left = 0;
    for (int64_t i = 0; i < n && i < AHEAD; i++) fetch_fine(g, found[i]);
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n) fetch_fine(g, found[i + AHEAD]);
        if (!may_be_good(g, s, found[i])) continue;
        if (!fetch(g, found[i])) return PMKT_E_CORRUPT;
        found[left++] = found[i];
    }
    for (int64_t i = 0; i < left; i++) {
        pmkti_cf_row_try(g->topk, s->row, g->topk->index->order[found[i]]);
    }
    look_at_heap(s);
    return PMKT_OK;
}

/* Adds the places that the masks of blocks from `first` up to `end` have. */
static int64_t note(const uint32_t *masks, int64_t first, int64_t end, int32_t *found) {
    int64_t n = 0;
    for (int64_t b = first; b < end; b++) {
        for (uint32_t mask = masks[b - first]; mask; mask &= mask - 1) {
            found[n++] = (int32_t)(b * PMKTI_CF_BLOCK) + __builtin_ctz(mask);
        }
    }
    return n;
}

/* Blocks from `first` up to `end` for PMKTI_CF_TOGETHER rows, or one. */
static pmkt_status scan_blocks(const scanning *g, scan_row *const *rows, int n, int64_t first,
                               int64_t end) {
    const pmkti_cf_index *index = g->topk->index;
    pmkti_cf_limit limits[PMKTI_CF_TOGETHER][MOST_BLOCKS];
    uint32_t masks[PMKTI_CF_TOGETHER][MOST_BLOCKS];
    pmkti_cf_probe probes[PMKTI_CF_TOGETHER];
    for (int i = 0; i < n; i++) {
        for (int64_t b = first; b < end; b++) {
            const pmkti_cf_block_head head = pmkti_cf_index_head(index, b);
            limits[i][b - first] = limit_of(g, rows[i], &head);
        }
        probes[i] = (pmkti_cf_probe){rows[i]->codes, rows[i]->bias, limits[i], masks[i]};
    }
    const pmkti_cf_scan scan = n == 1 ? g->scorer->scan_one : g->scorer->scan_many;
    scan(pmkti_cf_index_record(index, first), end - first, g->width / 8, probes);
    /* The last block may be short of vectors. */
    const int64_t there = g->topk->n - (end - 1) * PMKTI_CF_BLOCK;
    const uint32_t last = there < PMKTI_CF_BLOCK ? (1u << there) - 1 : UINT32_MAX;
    for (int i = 0; i < n; i++) {
        masks[i][end - 1 - first] &= last;
        const int64_t found = note(masks[i], first, end, g->found);
        const pmkt_status status = try_found(g, rows[i], found);
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
    scanning g = {.topk = topk,
                  .scorer = pmkti_cf_scorer_get(),
                  .n_blocks = pmkti_cf_index_blocks(topk->n),
                  .width = pmkti_cf_fine_width(topk->d),
                  .half_diagonal = HAIR / 2 * sqrt((double)topk->d)};
    g.query_error = g.half_diagonal / FINER_QUERY;
    const size_t width = (size_t)g.width;
    int16_t *fine = pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_CODES, (size_t)n * width,
                                          sizeof *fine + sizeof(int8_t));
    g.found = pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_FOUND, MOST_FOUND, sizeof *g.found);
    if (!fine || !g.found) return PMKT_E_NOMEM;
    int8_t *codes = (int8_t *)(fine + (size_t)n * width);
    scan_row prepared[PMKTI_CF_ROWS], *at[PMKTI_CF_ROWS];
    for (int i = 0; i < n; i++) {
        prepared[i].codes = codes + (size_t)i * width;
        prepared[i].fine = fine + (size_t)i * width;
        prepare(&prepared[i], rows[i], topk->d, g.width);
        at[i] = &prepared[i];
    }
    return scan_all(&g, at, n);
}
