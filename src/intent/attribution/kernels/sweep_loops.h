/*
 * sweep_loops.h - the loops of sweep.h, written with vectors as wide as the registers of the instruction
 * set. Included by each sweep_*.c, which says PMKTI_ATTRIBUTION_SWEEPER.
 */
#include <string.h>

#include "intent/attribution/kernels/sweep.h"

/* Of vectors as arguments: caller and callee are always of one file, so that they agree. */
#if defined(__clang__)
#if __has_warning("-Wpsabi")
#pragma clang diagnostic ignored "-Wpsabi"
#endif
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define LANES PMKTI_ATTRIBUTION_LANES
#if defined(__AVX2__)
#define WIDTH 4
#else
#define WIDTH 2
#endif
#define PARTS (LANES / WIDTH)

/* As many as a register has: compilers make a poor job of wider ones. */
typedef double part __attribute__((vector_size(8 * WIDTH)));
typedef int64_t bits __attribute__((vector_size(8 * WIDTH)));

typedef struct v8 {
    part of[PARTS];
} v8;

/* -1 where bit l of the number is set. */
static inline bits mask_of(int number, int first) {
    bits bit = {0}, h = {0};
    for (int l = 0; l < WIDTH; l++) bit[l] = INT64_C(1) << (first + l), h[l] = number;
    return (bits)((bit & h) != 0);
}

/* `a` where the mask is set, else `b`. */
static inline part choose(bits where, part a, part b) {
    return (part)((where & (bits)a) | (~where & (bits)b));
}

static inline part all(double x) {
    part p = {0};
    for (int l = 0; l < WIDTH; l++) p[l] = x;
    return p;
}

static inline v8 load(const double *at) {
    v8 v;
    memcpy(&v, __builtin_assume_aligned(at, 64), sizeof v);
    return v;
}

static inline void store(double *at, v8 v) {
    memcpy(__builtin_assume_aligned(at, 64), &v, sizeof v);
}

/* a + x b */
static inline v8 add(v8 a, double x, v8 b) {
    for (int i = 0; i < PARTS; i++) a.of[i] += x * b.of[i];
    return a;
}

static inline v8 subtract(v8 a, v8 b) {
    for (int i = 0; i < PARTS; i++) a.of[i] -= b.of[i];
    return a;
}

static inline v8 size_of(v8 x) {
    for (int i = 0; i < PARTS; i++) x.of[i] = (part)((bits)x.of[i] & INT64_MAX);
    return x;
}

/* 1 in the lanes whose bits are set. */
static inline v8 keep_held(v8 x, uint8_t held) {
    for (int i = 0; i < PARTS; i++) {
        x.of[i] = choose(mask_of(held, i * WIDTH), all(1), x.of[i]);
    }
    return x;
}

static inline v8 keep_within(v8 x) {
    const part zero = all(0), one = all(1);
    for (int i = 0; i < PARTS; i++) {
        x.of[i] = choose((bits)(x.of[i] < zero), zero, x.of[i]);
        x.of[i] = choose((bits)(x.of[i] > one), one, x.of[i]);
    }
    return x;
}

static double sweep(const pmkti_attribution_block *b) {
    const pmkti_attribution_chain *c = b->chain;
    const int32_t *into = c->into, *from = c->from, *later = c->later, *reached = c->reached;
    const double *share = b->flow->share, *later_flow = b->flow->later;
    const double *through = b->flow->through;
    double *v = b->v, *off = b->off;
    v8 change = {{{0}}};
    memset(off, 0, (size_t)c->in->channels * LANES * sizeof *off);
    for (int32_t t = 1; t < c->states; t++) {
        v8 now = {{{0}}};
        for (int32_t e = into[t]; e < into[t + 1]; e++) {
            now = add(now, share[e], load(v + (int64_t)from[e] * LANES));
        }
        now = keep_held(now, b->held[t]);
        double *to = v + (int64_t)t * LANES;
        const v8 more = subtract(now, load(to));
        store(to, now);
        change = add(change, through[t], size_of(more));
        for (int32_t e = later[t]; e < later[t + 1]; e++) {
            double *sum = off + (int64_t)reached[e] * LANES;
            store(sum, add(load(sum), later_flow[e], more));
        }
    }
    double lane[LANES], most = 0;
    memcpy(lane, &change, sizeof lane);
    for (int l = 0; l < LANES; l++) most = lane[l] > most ? lane[l] : most;
    return most;
}

static void shift(const pmkti_attribution_block *b) {
    const pmkti_attribution_chain *c = b->chain;
    for (int32_t t = 1; t < c->states; t++) {
        if (b->flow->through[t] == 0) continue;
        double *at = b->v + (int64_t)t * LANES;
        const int64_t last = c->holds[(int64_t)t * c->order];
        const v8 x = keep_within(add(load(at), 1, load(b->off + last * LANES)));
        store(at, keep_held(x, b->held[t]));
    }
}

const pmkti_attribution_sweeper PMKTI_ATTRIBUTION_SWEEPER = {sweep, shift};
