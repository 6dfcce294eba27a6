/*
 * als_gram.c - the sum of v v' over all vectors of a side.
 */
#include <math.h>
#include <string.h>

#include "cf/als_fold.h"
#include "cf/als_row.h"
#include "core/alloc.h"
#include "core/error.h"

#define PARTS 8         /* sums side by side; the result depends on it */
#define PART_LEAST 1024 /* vectors */
#define BLOCK 128       /* vectors whose sum is in float */

typedef struct summing {
    const float *vectors;
    int64_t n, parts;
    int32_t d, width;
    double *sum;  /* [parts * width * width] */
    float *block; /* [parts * BLOCK * width] */
    float *tile;  /* [parts * width * width] */
} summing;

static pmkt_status sum_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const summing *s = ctx;
    const size_t width = (size_t)s->width, cells = width * width, d = (size_t)s->d;
    double *sum = s->sum + (size_t)part * cells;
    float *block = s->block + (size_t)part * BLOCK * width;
    float *tile = s->tile + (size_t)part * cells;
    const int64_t end = (part + 1) * s->n / s->parts;
    for (int64_t from = part * s->n / s->parts; from < end; from += BLOCK) {
        const int64_t n = end - from < BLOCK ? end - from : BLOCK;
        for (int64_t j = 0; j < n; j++) {
            memcpy(block + (size_t)j * width, s->vectors + (size_t)(from + j) * d,
                   d * sizeof *block);
        }
        memset(tile, 0, cells * sizeof *tile);
        pmkti_cf_solver_get()->rank(block, n, s->width, tile);
        for (size_t i = 0; i < cells; i++) sum[i] += (double)tile[i];
    }
    return PMKT_OK;
}

static void write_gram(const summing *s, float *gram) {
    const size_t width = (size_t)s->width, cells = width * width;
    for (int32_t i = 0; i < s->d; i++) {
        for (int32_t j = i; j < s->d; j++) {
            const size_t at = (size_t)i * width + (size_t)j;
            double sum = 0;
            for (int64_t p = 0; p < s->parts; p++) sum += s->sum[(size_t)p * cells + at];
            gram[i * s->d + j] = gram[j * s->d + i] = (float)sum;
        }
    }
}

pmkt_status pmkti_cf_gram(const float *vectors, int64_t n, int32_t d, const pmkti_run *run,
                          const pmkt_allocator *allocator, float *gram, pmkt_error *err) {
    summing s = {.vectors = vectors, .n = n, .d = d, .width = pmkti_cf_width(d)};
    const size_t width = (size_t)s.width, cells = width * width;
    s.parts = n / PART_LEAST + 1 < PARTS ? n / PART_LEAST + 1 : PARTS;
    const size_t parts = (size_t)s.parts;
    s.sum = pmkti_alloc_zero(allocator, parts * cells, sizeof *s.sum);
    s.block = pmkti_alloc_zero(allocator, parts * BLOCK * width, sizeof *s.block);
    s.tile = pmkti_alloc(allocator, parts * cells, sizeof *s.tile);
    pmkt_status status = PMKT_OK;
    if (s.sum && s.block && s.tile) {
        status = pmkti_stopped(
            err, pmkti_parallel(run, (pmkti_stage){"gram", 0, 1}, sum_part, &s, s.parts));
        if (!status) write_gram(&s, gram);
    } else {
        status = pmkti_no_memory(err, parts * cells * sizeof *s.sum);
    }
    pmkti_free(allocator, s.sum, parts * cells, sizeof *s.sum);
    pmkti_free(allocator, s.block, parts * BLOCK * width, sizeof *s.block);
    pmkti_free(allocator, s.tile, parts * cells, sizeof *s.tile);
    return status;
}
