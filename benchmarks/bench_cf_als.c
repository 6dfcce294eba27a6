/*
 * bench_cf_als - an iteration of ALS, by both solvers, beside what the core's multipliers could do.
 *
 *     bench_cf_als [users] [items] [entries a user] [factors] [threads] [reps]
 *
 * The share is that of the multiply-adds which the algorithm asks for, in the time that the best of
 * `reps` iterations took, of a loop of fused multiply-adds in registers on one thread, times threads.
 * The first and the last iteration do not count: they bear what is done once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

#include "bench.h"

#define MOST_ITERATIONS 64

static uint64_t state = UINT64_C(88172645463325252);

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* ----------------------------------------------------------------------- peak */

#if defined(__x86_64__) && defined(__GNUC__)
#define CHAINS 10 /* enough for two multipliers of five cycles each */
#define ROUNDS 20000000

/* The chains stand by themselves, as of an array the compiler would keep the elements in memory; it may
   not know what they hold, or it would make one of them. */
#define PEAK(NAME, TARGET, TYPE, SET, FUSED) \
    __attribute__((target(TARGET))) static double NAME(void) { \
        const TYPE a = SET(0.999f), b = SET(1e-3f); \
        TYPE s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a; \
        const bench_time start = bench_now(); \
        for (int r = 0; r < ROUNDS; r++) { \
            s0 = FUSED(s0, a, b), s1 = FUSED(s1, a, b), s2 = FUSED(s2, a, b); \
            s3 = FUSED(s3, a, b), s4 = FUSED(s4, a, b), s5 = FUSED(s5, a, b); \
            s6 = FUSED(s6, a, b), s7 = FUSED(s7, a, b), s8 = FUSED(s8, a, b); \
            s9 = FUSED(s9, a, b); \
            __asm__ volatile("" \
                             : "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5), \
                               "+x"(s6), "+x"(s7), "+x"(s8), "+x"(s9)); \
        } \
        const double took = bench_now().wall - start.wall; \
        return (double)ROUNDS * CHAINS * (double)(sizeof(TYPE) / sizeof(float)) / took; \
    }
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)

/* Multiply-adds a second of one thread; 0: not known. */
static double peak(void) {
    if (__builtin_cpu_supports("avx512f")) return peak_avx512();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return peak_avx2();
    return 0;
}
#else
static double peak(void) {
    return 0;
}
#endif

/* ----------------------------------------------------------------------- data */

/* Each user has the same number of items, low ones more often; a pair may come twice. */
static pmkt_cf_data *make(int64_t users, int64_t items, int64_t of_each) {
    int64_t *at = bench_alloc((size_t)(users + 1) * sizeof *at);
    int32_t *item = bench_alloc((size_t)(users * of_each) * sizeof *item);
    for (int64_t u = 0; u <= users; u++) at[u] = u * of_each;
    for (int64_t i = 0; i < users * of_each; i++) {
        const double x = uniform();
        item[i] = (int32_t)(x * x * (double)items);
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    bench_check(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), &err, "from_matrix");
    free(at);
    free(item);
    return data;
}

/* -------------------------------------------------------------------- a solver */

typedef struct watching {
    double end[MOST_ITERATIONS]; /* by the clock */
    int n;
} watching;

static int note_end(void *ctx, int32_t iteration, double loss) {
    watching *w = ctx;
    (void)iteration, (void)loss;
    w->end[w->n++] = bench_now().wall;
    return 0;
}

/* Multiply-adds of an iteration: what the equations ask for, each product once. */
static double products(const pmkt_cf_data_counts *c, int32_t solver, double d, double steps) {
    const double rows = (double)(c->users + c->items), entries = 2 * (double)c->entries;
    const double base = rows * d * d / 2; /* the products of all vectors of the other side */
    if (solver == PMKT_CF_CG) return base + (steps + 1) * (entries * 2 * d + rows * d * d);
    return base + entries * d * d / 2 + rows * (d * d * d / 6 + d * d);
}

static void measure(const pmkt_cf_data *data, int32_t solver, int32_t factors, int threads,
                    int reps, double most) {
    watching w = {.n = 0};
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = factors, o.solver = solver, o.cg_steps = 3;
    o.iterations = reps + 2, o.each = (pmkt_cf_watch){note_end, &w};
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_cf *model = NULL;
    pmkt_error err;
    bench_check(pmkt_cf_als_fit(data, &o, &run, &model, &err), &err, "als_fit");
    pmkt_cf_release(model);
    double best = INFINITY;
    for (int i = 1; i + 1 < w.n; i++) best = fmin(best, w.end[i] - w.end[i - 1]);
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    bench_check(pmkt_cf_data_info(data, &c, &err), &err, "info");
    const double rate = products(&c, solver, factors, o.cg_steps) / best;
    printf("%-8s  %.4f s an iteration, %.1f 10^9 products a second",
           solver == PMKT_CF_CG ? "cg" : "cholesky", best, rate * 1e-9);
    if (most > 0) printf(", %.0f %% of the peak", 100 * rate / (most * threads));
    printf("\n");
}

static int64_t argument(int argc, char **argv, int i, const char *name, int64_t high,
                        int64_t usual) {
    return argc > i ? bench_number(name, argv[i], 1, high) : usual;
}

int main(int argc, char **argv) {
    const int64_t users = argument(argc, argv, 1, "users", 100000000, 40000);
    const int64_t items = argument(argc, argv, 2, "items", 100000000, 15000);
    const int64_t of_each = argument(argc, argv, 3, "entries a user", 100000, 125);
    const int32_t factors = (int32_t)argument(argc, argv, 4, "factors", 1024, 64);
    const int threads = (int)argument(argc, argv, 5, "threads", 64, 2);
    const int reps = (int)argument(argc, argv, 6, "reps", MOST_ITERATIONS - 2, 5);
    pmkt_cf_data *data = make(users, items, of_each);
    const double most = peak();
    if (most > 0) printf("peak      %.1f 10^9 products a second and thread\n", most * 1e-9);
    measure(data, PMKT_CF_CG, factors, threads, reps, most);
    measure(data, PMKT_CF_CHOLESKY, factors, threads, reps, most);
    pmkt_cf_data_release(data);
    return 0;
}
