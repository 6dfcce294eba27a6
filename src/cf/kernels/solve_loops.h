/*
 * solve_loops.h - the loops of solve.h, written with vectors of eight floats, which the compiler turns
 * into what the instruction set has. Included by each solve_*.c, which says PMKTI_CF_SOLVER.
 */
#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cf/kernels/solve.h"

/* Of vectors as arguments: caller and callee are always of one file, so that they agree. */
#if defined(__clang__)
#if __has_warning("-Wpsabi")
#pragma clang diagnostic ignored "-Wpsabi"
#endif
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

typedef float v8 __attribute__((vector_size(32)));

static inline v8 load(const float *at) {
    v8 v;
    memcpy(&v, at, sizeof v);
    return v;
}

static inline void store(float *at, v8 v) {
    memcpy(at, &v, sizeof v);
}

static inline v8 all(float x) {
    return (v8){x, x, x, x, x, x, x, x};
}

static inline float sum(v8 v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* The sums of four, to four places. */
static inline void sums(v8 a, v8 b, v8 c, v8 d, float *out) {
#if defined(__AVX2__)
    const __m256 ab = _mm256_hadd_ps((__m256)a, (__m256)b),
                 cd = _mm256_hadd_ps((__m256)c, (__m256)d);
    const __m256 abcd = _mm256_hadd_ps(ab, cd);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1)));
#else
    out[0] = sum(a), out[1] = sum(b), out[2] = sum(c), out[3] = sum(d);
#endif
}

/* ------------------------------------------------------------------- panels */

#define AHEAD 8 /* vectors to ask memory for before they are copied */

static void gather(const float *fixed, const int32_t *number, int64_t n, int32_t d, int32_t width,
                   float *panel) {
    for (int64_t j = 0; j < n; j++) {
        if (j + AHEAD < n) {
            const float *soon = fixed + (ptrdiff_t)number[j + AHEAD] * d;
            for (int32_t i = 0; i < d; i += 16) __builtin_prefetch(soon + i);
        }
        const float *from = fixed + (ptrdiff_t)number[j] * d;
        float *to = panel + j * width;
        int32_t i = 0;
        for (; i + 8 <= d; i += 8) store(to + i, load(from + i));
        for (; i < d; i++) to[i] = from[i];
    }
}

/* ------------------------------------------------------ conjugate gradient */

static void products(const float *panel, int64_t n, int32_t width, const float *p, const float *a,
                     float *c) {
    int64_t j = 0;
    for (; j + 4 <= n; j += 4) {
        const float *v0 = panel + j * width, *v1 = v0 + width, *v2 = v1 + width, *v3 = v2 + width;
        v8 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        for (int32_t i = 0; i < width; i += 8) {
            const v8 q = load(p + i);
            s0 += load(v0 + i) * q;
            s1 += load(v1 + i) * q;
            s2 += load(v2 + i) * q;
            s3 += load(v3 + i) * q;
        }
        sums(s0, s1, s2, s3, c + j);
        for (int64_t k = j; k < j + 4; k++) c[k] *= a[k];
    }
    for (; j < n; j++) {
        v8 s = {0};
        for (int32_t i = 0; i < width; i += 8) s += load(panel + j * width + i) * load(p + i);
        c[j] = a[j] * sum(s);
    }
}

/* Sixty-four columns at a time: as many sums as fit into registers. */
static inline void combine_64(const float *panel, int64_t n, int32_t width, const float *c,
                              float *out) {
    v8 s0 = load(out), s1 = load(out + 8), s2 = load(out + 16), s3 = load(out + 24);
    v8 s4 = load(out + 32), s5 = load(out + 40), s6 = load(out + 48), s7 = load(out + 56);
    for (int64_t j = 0; j < n; j++) {
        const float *v = panel + j * width;
        const v8 k = all(c[j]);
        s0 += k * load(v);
        s1 += k * load(v + 8);
        s2 += k * load(v + 16);
        s3 += k * load(v + 24);
        s4 += k * load(v + 32);
        s5 += k * load(v + 40);
        s6 += k * load(v + 48);
        s7 += k * load(v + 56);
    }
    store(out, s0), store(out + 8, s1), store(out + 16, s2), store(out + 24, s3);
    store(out + 32, s4), store(out + 40, s5), store(out + 48, s6), store(out + 56, s7);
}

static inline void combine_16(const float *panel, int64_t n, int32_t width, const float *c,
                              float *out) {
    v8 s0 = load(out), s1 = load(out + 8);
    for (int64_t j = 0; j < n; j++) {
        const v8 k = all(c[j]);
        s0 += k * load(panel + j * width);
        s1 += k * load(panel + j * width + 8);
    }
    store(out, s0), store(out + 8, s1);
}

static void combine(const float *panel, int64_t n, int32_t width, const float *c, float *out) {
    int32_t i = 0;
    for (; i + 64 <= width; i += 64) combine_64(panel + i, n, width, c, out + i);
    for (; i < width; i += 16) combine_16(panel + i, n, width, c, out + i);
}

/* A symmetric matrix times a vector is a combination of its rows. */
static void times(const float *m, int32_t width, const float *p, float *out) {
    memset(out, 0, (size_t)width * sizeof *out);
    combine(m, width, width, p, out);
}

/* Sixteen columns of four results at a time: the matrix is read once for all four. */
static void times_group(const float *m, int32_t width, const float *p, float *out) {
    const float *p1 = p + width, *p2 = p1 + width, *p3 = p2 + width;
    float *out1 = out + width, *out2 = out1 + width, *out3 = out2 + width;
    for (int32_t i = 0; i < width; i += 16) {
        v8 s00 = {0}, s01 = {0}, s10 = {0}, s11 = {0}, s20 = {0}, s21 = {0}, s30 = {0}, s31 = {0};
        for (int32_t j = 0; j < width; j++) {
            const float *row = m + (ptrdiff_t)j * width + i;
            const v8 c0 = load(row), c1 = load(row + 8);
            s00 += all(p[j]) * c0, s01 += all(p[j]) * c1;
            s10 += all(p1[j]) * c0, s11 += all(p1[j]) * c1;
            s20 += all(p2[j]) * c0, s21 += all(p2[j]) * c1;
            s30 += all(p3[j]) * c0, s31 += all(p3[j]) * c1;
        }
        store(out + i, s00), store(out + i + 8, s01);
        store(out1 + i, s10), store(out1 + i + 8, s11);
        store(out2 + i, s20), store(out2 + i + 8, s21);
        store(out3 + i, s30), store(out3 + i + 8, s31);
    }
}

/* ----------------------------------------------------------------- Cholesky */

/* Four rows and sixteen columns: eight sums, two loads and four broadcasts for eight products. */
static inline void tile(const float *rows, const float *columns, int64_t n, int32_t width,
                        float *m) {
    v8 s00 = load(m), s01 = load(m + 8), s10 = load(m + width), s11 = load(m + width + 8);
    float *m2 = m + 2 * (ptrdiff_t)width, *m3 = m2 + width;
    v8 s20 = load(m2), s21 = load(m2 + 8), s30 = load(m3), s31 = load(m3 + 8);
    for (int64_t j = 0; j < n; j++) {
        const float *r = rows + j * width;
        const v8 c0 = load(columns + j * width), c1 = load(columns + j * width + 8);
        s00 += all(r[0]) * c0, s01 += all(r[0]) * c1;
        s10 += all(r[1]) * c0, s11 += all(r[1]) * c1;
        s20 += all(r[2]) * c0, s21 += all(r[2]) * c1;
        s30 += all(r[3]) * c0, s31 += all(r[3]) * c1;
    }
    store(m, s00), store(m + 8, s01), store(m + width, s10), store(m + width + 8, s11);
    store(m2, s20), store(m2 + 8, s21), store(m3, s30), store(m3 + 8, s31);
}

/* So many vectors of a panel at a time that they stay in the first cache for all tiles. */
#define RANK_FLOATS 6144

static void rank(const float *panel, int64_t n, int32_t width, float *m) {
    const int64_t most = RANK_FLOATS / width > 16 ? RANK_FLOATS / width : 16;
    for (int64_t j = 0; j < n; j += most) {
        const int64_t some = n - j < most ? n - j : most;
        const float *at = panel + j * width;
        for (int32_t c = 0; c < width; c += 16) {
            for (int32_t r = 0; r < c + 16; r += 4) {
                tile(at + r, at + c, some, width, m + (ptrdiff_t)r * width + c);
            }
        }
    }
}

/* Row k of the factor from k on, given its pivot's inverse root; what is left of k is not looked at. */
static inline void scale_row(float *row, int32_t from, int32_t width, float by) {
    for (int32_t i = from; i < width; i++) row[i] *= by;
}

/*
 * Takes `four` finished rows out of row r and the one after it (r is even): row r -= sum of u[r] * u. Two, so that each vector of the four is loaded for two products.
 */
static inline void take_four(const float *four, int32_t width, int32_t r, float *row) {
    const float *u0 = four, *u1 = u0 + width, *u2 = u1 + width, *u3 = u2 + width;
    const v8 k0 = all(u0[r]), k1 = all(u1[r]), k2 = all(u2[r]), k3 = all(u3[r]);
    const v8 l0 = all(u0[r + 1]), l1 = all(u1[r + 1]), l2 = all(u2[r + 1]), l3 = all(u3[r + 1]);
    float *next = row + width;
    for (int32_t i = r & ~7; i < width; i += 8) {
        const v8 v0 = load(u0 + i), v1 = load(u1 + i), v2 = load(u2 + i), v3 = load(u3 + i);
        v8 s = load(row + i), t = load(next + i);
        s -= k0 * v0, t -= l0 * v0;
        s -= k1 * v1, t -= l1 * v1;
        s -= k2 * v2, t -= l2 * v2;
        s -= k3 * v3, t -= l3 * v3;
        store(row + i, s), store(next + i, t);
    }
}

static inline void take_one(const float *u, int32_t width, int32_t r, float *row) {
    const v8 k = all(u[r]);
    for (int32_t i = r & ~7; i < width; i += 8) store(row + i, load(row + i) - k * load(u + i));
}

/* A pivot above this share of its diagonal has three good digits left, at least. */
#define SOUND 0x1p-12f

/* The factor in the upper triangle; inverse[k] of each pivot. Whether all pivots are sound; a diagonal of zero
   is beyond d, or nothing is known there. */
static bool factorize(float *m, int32_t width, float *inverse) {
    bool sound = true;
    for (int32_t k = 0; k < width; k += 4) {
        float *four = m + (ptrdiff_t)k * width;
        for (int32_t i = 0; i < 4; i++) {
            float *row = four + (ptrdiff_t)i * width;
            const float before = inverse[k + i]; /* the diagonal at first */
            for (int32_t l = 0; l < i; l++)
                take_one(four + (ptrdiff_t)l * width, width, k + i, row);
            const float pivot = row[k + i];
            sound = sound && (pivot > before * SOUND || before == 0);
            inverse[k + i] = pivot > 0 ? 1.0f / sqrtf(pivot) : 0.0f;
            scale_row(row, k + i, width, inverse[k + i]);
        }
        for (int32_t r = k + 4; r < width; r += 2)
            take_four(four, width, r, m + (ptrdiff_t)r * width);
    }
    return sound;
}

static bool solve(float *m, int32_t width, const float *b, float *x) {
    float inverse[1024];
    for (int32_t k = 0; k < width; k++) inverse[k] = m[(ptrdiff_t)k * width + k];
    if (!factorize(m, width, inverse)) return false;
    /* U' z = b, going down: row k of U is what x[k] takes from all that follow. */
    memcpy(x, b, (size_t)width * sizeof *x);
    for (int32_t k = 0; k < width; k++) {
        const float *u = m + (ptrdiff_t)k * width;
        x[k] *= inverse[k];
        int32_t i = k + 1;
        for (; i < width && i % 8; i++) x[i] -= u[i] * x[k];
        for (; i < width; i += 8) store(x + i, load(x + i) - all(x[k]) * load(u + i));
    }
    /* U x = z, going up: a product with what is known of x. */
    for (int32_t k = width - 1; k >= 0; k--) {
        const float *u = m + (ptrdiff_t)k * width;
        float s = 0;
        v8 s8 = {0};
        int32_t i = k + 1;
        for (; i < width && i % 8; i++) s += u[i] * x[i];
        for (; i < width; i += 8) s8 += load(u + i) * load(x + i);
        x[k] = (x[k] - (s + sum(s8))) * inverse[k];
    }
    return true;
}

const pmkti_cf_solver PMKTI_CF_SOLVER = {gather,      products, combine, times,
                                         times_group, rank,     solve};
