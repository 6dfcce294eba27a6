/*
 * gemm_loops.h - the loop of gemm.h, for the files that include it. Each says GEMM, LANES (floats of a
 * register) and TILE (vectors of a tile): the sums of a tile, one coordinate of a panel and one of a vector
 * are as many registers as there are, or a few less.
 */
#include <stddef.h>
#include <string.h>

#include "cf/kernels/gemm.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" /* of vectors as arguments; all of these are inlined */
#endif

#define PARTS (PMKTI_CF_PANEL / LANES)

_Static_assert(PMKTI_CF_VECTORS % TILE == 0, "a block of vectors is whole tiles");

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t flags __attribute__((vector_size(4 * LANES)));

static inline __attribute__((always_inline)) lanes load(const float *at) {
    lanes v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* What is not below its limit, -1, in all of a tile; rarely any. */
static __attribute__((noinline, cold)) int32_t note(int32_t (*above)[PMKTI_CF_PANEL], int32_t first,
                                                    uint16_t *found) {
    int32_t n = 0;
    for (int32_t v = 0; v < TILE; v++) {
        for (int32_t q = 0; q < PMKTI_CF_PANEL; q++) {
            if (above[v][q]) found[n++] = (uint16_t)((first + v) * PMKTI_CF_PANEL + q);
        }
    }
    return n;
}

static inline __attribute__((always_inline)) int is_any(flags f) {
    uint64_t word[sizeof f / 8], any = 0;
    memcpy(word, &f, sizeof f);
    for (size_t i = 0; i < sizeof f / 8; i++) any |= word[i];
    return any != 0;
}

int32_t GEMM(const float *panel, const float *vectors, int32_t d, const float *limit,
             uint16_t *found) {
    int32_t n = 0;
    for (int32_t first = 0; first < PMKTI_CF_VECTORS; first += TILE) {
        const float *at[TILE];
        lanes sum[TILE][PARTS];
        for (int v = 0; v < TILE; v++) {
            at[v] = vectors + (int64_t)(first + v) * d;
            for (int p = 0; p < PARTS; p++) sum[v][p] = (lanes){0};
        }
        const float *q = panel;
        for (int64_t j = 0; j < d; j++, q += PMKTI_CF_PANEL) {
            lanes part[PARTS];
            for (int p = 0; p < PARTS; p++) part[p] = load(q + (ptrdiff_t)p * LANES);
            for (int v = 0; v < TILE; v++) {
                const lanes x = at[v][j] - (lanes){0};
                for (int p = 0; p < PARTS; p++) sum[v][p] += x * part[p];
            }
        }
        flags any = {0};
        for (int v = 0; v < TILE; v++) {
            for (int p = 0; p < PARTS; p++)
                any |= ~(sum[v][p] < load(limit + (ptrdiff_t)p * LANES));
        }
        if (is_any(any)) {
            int32_t above[TILE][PMKTI_CF_PANEL];
            for (int v = 0; v < TILE; v++) {
                for (int p = 0; p < PARTS; p++) {
                    const flags f = ~(sum[v][p] < load(limit + (ptrdiff_t)p * LANES));
                    memcpy(above[v] + (ptrdiff_t)p * LANES, &f, sizeof f);
                }
            }
            n += note(above, first, found + n);
        }
    }
    return n;
}
