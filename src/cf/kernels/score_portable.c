/* For any CPU: written so that compilers make use of 128-bit registers (SSE2, NEON). */
#include <string.h>

#include "cf/index.h"
#include "cf/kernels/score.h"

static double dot(const float *a, const float *b, int32_t d) {
    double lane[8] = {0};
    int32_t j = 0;
    for (; j + 8 <= d; j += 8) {
        for (int l = 0; l < 8; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    }
    for (int l = 0; j + l < d; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    return pmkti_cf_lanes_sum(lane);
}

enum {
    ROW = PMKTI_CF_BLOCK * 4 /* bytes of one group */
};

/* Adds one span to 16-bit sums, one a byte of a group: a byte has two coordinates, half a lane. */
static void add_span(const uint8_t *codes, const int8_t *query, int32_t groups, int16_t sum[ROW]) {
    for (int32_t g = 0; g < groups; g++, codes += ROW, query += 8) {
        int16_t low[8], high[8];
        for (int j = 0; j < 8; j++) {
            low[j] = (int16_t)(int)query[j % 4];
            high[j] = (int16_t)(int)query[4 + j % 4];
        }
        for (int i = 0; i < ROW; i += 8) {
            for (int j = 0; j < 8; j++) {
                const int code = codes[i + j];
                sum[i + j] = (int16_t)(sum[i + j] + (code & 15) * low[j] + (code >> 4) * high[j]);
            }
        }
    }
}

static uint32_t mask_of(const uint8_t *block, int32_t groups, const pmkti_cf_probe *probe,
                        pmkti_cf_limit limit) {
    float steps[PMKTI_CF_BLOCK];
    memcpy(steps, block, sizeof steps);
    const uint8_t *codes = block + PMKTI_CF_CODES_AT;
    int32_t sums[PMKTI_CF_BLOCK] = {0};
    for (int32_t g = 0; g < groups; g += PMKTI_CF_SPAN) {
        const int32_t left = groups - g < PMKTI_CF_SPAN ? groups - g : PMKTI_CF_SPAN;
        int16_t part[ROW] = {0};
        add_span(codes + (size_t)g * ROW, probe->codes + (size_t)g * 8, left, part);
        for (int i = 0; i < PMKTI_CF_BLOCK; i++) {
            const int16_t *four = part + (ptrdiff_t)4 * i;
            sums[i] += four[0] + four[1] + four[2] + four[3];
        }
    }
    uint32_t bits = 0;
    for (int i = 0; i < PMKTI_CF_BLOCK; i++) {
        const float bound = steps[i] * ((float)(sums[i] - probe->bias) + limit.reach);
        bits |= (uint32_t) !(bound < limit.limit) << i;
    }
    return bits;
}

static void scan_one(const uint8_t *blocks, int64_t n, int32_t groups,
                     const pmkti_cf_probe *probe) {
    const size_t bytes = pmkti_cf_block_bytes(groups * 8);
    for (int64_t b = 0; b < n; b++) {
        probe->masks[b] = mask_of(blocks + (size_t)b * bytes, groups, probe, probe->limits[b]);
    }
}

static void scan_many(const uint8_t *blocks, int64_t n, int32_t groups,
                      const pmkti_cf_probe *probe) {
    for (int q = 0; q < PMKTI_CF_TOGETHER; q++) scan_one(blocks, n, groups, &probe[q]);
}

static int32_t fine(const int16_t *query, const int8_t *codes, int32_t width) {
    int32_t sum = 0;
    for (int32_t j = 0; j < width; j++) sum += (int32_t)query[j] * (int32_t)codes[j];
    return sum;
}

const pmkti_cf_scorer pmkti_cf_scorer_portable = {dot, fine, scan_one, scan_many};
