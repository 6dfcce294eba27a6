/*
 * index.c - making the index of index.h.
 *
 * What is stored of a block bounds the truth from above (norm, spread) or below (least norm): it is
 * computed in double precision, whose relative error over at most 1,024 terms is below 2^-42, widened by
 * more than that, and rounded away from the truth.
 */
#include "cf/index.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/sort_ids.h"

#define WIDER (1.0 + 0x1p-40)
#define NARROWER (1.0 - 0x1p-40)
#define NORM_CHUNK 4096 /* vectors */
#define CODE_CHUNK 64   /* blocks */

_Static_assert(sizeof(pmkti_cf_block_head) == 32, "the format of a file");

typedef struct making {
    const float *vectors;
    int64_t n;
    int32_t d;
    uint64_t *keys; /* [n] that sort by falling norm, then by number */
    int32_t *order;
    uint8_t *blocks;
    int8_t *fine;
} making;

static float rounded_up(double x) {
    const float f = (float)x;
    return (double)f < x ? nextafterf(f, INFINITY) : f;
}

static float rounded_down(double x) {
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, 0.0f) : f;
}

static double norm_of(const float *v, int32_t d) {
    double sum = 0;
    for (int32_t j = 0; j < d; j++) sum += (double)v[j] * (double)v[j];
    return sqrt(sum);
}

static pmkt_status key_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const making *m = ctx;
    const int64_t end = (chunk + 1) * NORM_CHUNK < m->n ? (chunk + 1) * NORM_CHUNK : m->n;
    for (int64_t i = chunk * NORM_CHUNK; i < end; i++) {
        /* Of floats that are not negative the bits are in the order of the values. */
        const float norm = rounded_up(norm_of(m->vectors + i * m->d, m->d));
        uint32_t bits;
        memcpy(&bits, &norm, sizeof bits);
        m->keys[i] = (uint64_t)~bits << 32 | (uint64_t)i;
    }
    return PMKT_OK;
}

/* A number of steps, rounded to whole ones. */
static int rounded(double x) {
    return (int)(x + (x < 0 ? -0.5 : 0.5));
}

/* Codes the vector v as number i of a block, and finer. Returns |error| / step of the former, 0 for a
   vector of zeros. */
static double code_vector(const float *v, int32_t d, double per_unit, int i, uint8_t *record,
                          int8_t *fine) {
    double most = 0;
    for (int32_t j = 0; j < d; j++) most = fmax(most, fabs((double)v[j]));
    /* Rounded up, so that 7 steps reach as far as the largest coordinate. */
    const float step = rounded_up(most * per_unit / 7.0);
    memcpy(record + sizeof step * (size_t)i, &step, sizeof step);
    if (step == 0) return 0;
    const double per_step = per_unit / (double)step;
    double error = 0;
    for (int32_t j = 0; j < d; j++) {
        const double x = (double)v[j] * per_step;
        const int code = rounded(x);
        const double off = x - code;
        uint8_t *at = record + PMKTI_CF_CODES_AT + (size_t)(j / 8 * PMKTI_CF_BLOCK + i) * 4 + j % 4;
        const int both = j & 4 ? (*at & 0x0F) | (code + 8) << 4 : (*at & 0xF0) | (code + 8);
        *at = (uint8_t)both;
        error += off * off;
        fine[j] = (int8_t)rounded(x * PMKTI_CF_FINER);
    }
    return sqrt(error);
}

/* One block, whose vectors have these numbers, `n` of them, from the longest down. */
static pmkti_cf_block_head code_block(const making *m, const int32_t *numbers, int n,
                                      uint8_t *record, int8_t *fine) {
    const size_t width = (size_t)pmkti_cf_fine_width(m->d);
    pmkti_cf_block_head head = {0};
    memset(record, 0, PMKTI_CF_CODES_AT);
    memset(record + PMKTI_CF_CODES_AT, 0x88, pmkti_cf_block_bytes(m->d) - PMKTI_CF_CODES_AT);
    memset(fine, 0, (size_t)n * width);

    /* The order is by norms rounded to float, so the first need not be the longest by a hair. */
    double norm = 0, least = INFINITY, spread = 0;
    for (int i = 0; i < n; i++) {
        const double mine = norm_of(m->vectors + (int64_t)numbers[i] * m->d, m->d);
        norm = fmax(norm, mine);
        least = fmin(least, mine);
    }
    int exponent = 0;
    (void)frexp(norm, &exponent);
    head.per_unit = ldexp(1.0, -exponent);
    for (int i = 0; i < n; i++) {
        const float *v = m->vectors + (int64_t)numbers[i] * m->d;
        const double mine =
            code_vector(v, m->d, head.per_unit, i, record, fine + (size_t)i * width);
        spread = fmax(spread, mine);
    }
    head.norm = rounded_up(norm * head.per_unit * WIDER);
    head.least_norm = rounded_down(least * head.per_unit * NARROWER);
    head.spread = rounded_up(spread * WIDER + 0x1p-30);
    return head;
}

static pmkt_status code_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const making *m = ctx;
    const int64_t blocks = pmkti_cf_index_blocks(m->n);
    uint8_t *records = m->blocks + pmkti_cf_heads_bytes(m->n);
    const int64_t end = (chunk + 1) * CODE_CHUNK < blocks ? (chunk + 1) * CODE_CHUNK : blocks;
    for (int64_t b = chunk * CODE_CHUNK; b < end; b++) {
        const int64_t first = b * PMKTI_CF_BLOCK, left = m->n - first;
        const int n = (int)(left < PMKTI_CF_BLOCK ? left : PMKTI_CF_BLOCK);
        for (int64_t i = first; i < first + n; i++) m->order[i] = (int32_t)(uint32_t)m->keys[i];
        uint8_t *record = records + (size_t)b * pmkti_cf_block_bytes(m->d);
        const pmkti_cf_block_head head =
            code_block(m, m->order + first, n, record, m->fine + first * pmkti_cf_fine_width(m->d));
        memcpy(m->blocks + (size_t)b * sizeof head, &head, sizeof head);
    }
    return PMKT_OK;
}

static pmkt_status make(making *m, const pmkti_run *run) {
    const pmkti_stage by_norm = {"index: norms", 0.0, 0.3}, coding = {"index: codes", 0.3, 1.0};
    const int64_t blocks = pmkti_cf_index_blocks(m->n);
    pmkt_status status =
        pmkti_parallel(run, by_norm, key_chunk, m, (m->n + NORM_CHUNK - 1) / NORM_CHUNK);
    if (status) return status;
    pmkti_sort_ids(m->keys, (size_t)m->n);
    const size_t heads = (size_t)blocks * sizeof(pmkti_cf_block_head);
    memset(m->blocks + heads, 0, pmkti_cf_heads_bytes(m->n) - heads);
    return pmkti_parallel(run, coding, code_chunk, m, (blocks + CODE_CHUNK - 1) / CODE_CHUNK);
}

void pmkti_cf_index_clear(pmkti_cf_index *index, const pmkt_allocator *allocator) {
    const size_t n = (size_t)index->n, width = (size_t)pmkti_cf_fine_width(index->d);
    if (n > 0) {
        pmkti_free_const(allocator, index->order, n, sizeof *index->order);
        pmkti_free_const(allocator, index->blocks, pmkti_cf_index_bytes(index->n, index->d), 1);
        pmkti_free_const(allocator, index->fine, n, width);
    }
    memset(index, 0, sizeof *index);
}

pmkt_status pmkti_cf_index_new(const float *vectors, int64_t n, int32_t d,
                               const pmkt_allocator *allocator, const pmkti_run *run,
                               pmkti_cf_index *index, pmkt_error *err) {
    making m = {.vectors = vectors, .n = n, .d = d};
    const size_t bytes = pmkti_cf_index_bytes(n, d), width = (size_t)pmkti_cf_fine_width(d);
    pmkt_status status = PMKT_OK;
    if (n > 0) {
        m.keys = pmkti_alloc(allocator, (size_t)n, sizeof *m.keys);
        m.order = m.keys ? pmkti_alloc(allocator, (size_t)n, sizeof *m.order) : NULL;
        m.blocks = m.order ? pmkti_alloc(allocator, bytes, 1) : NULL;
        m.fine = m.blocks ? pmkti_alloc(allocator, (size_t)n, width) : NULL;
        status = m.fine ? pmkti_stopped(err, make(&m, run)) : pmkti_no_memory(err, bytes);
    }
    pmkti_free(allocator, m.keys, (size_t)n, sizeof *m.keys);
    pmkti_cf_index made = {n, d, 0, m.order, m.blocks, m.fine};
    if (status) {
        pmkti_cf_index_clear(&made, allocator);
    } else {
        *index = made;
    }
    return status;
}
