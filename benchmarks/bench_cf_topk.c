/*
 * bench_cf_topk - exact top-k: making the index, a batch of queries, one query at a time.
 *
 *     bench_cf_topk [vectors] [width] [k] [queries] [threads] [decay]
 *
 * Vectors and queries are normal; with `decay` 1 their norms and coordinates fall off as those of a
 * trained model do. It is linked with the static library, for top-k by vectors is private.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "cf/topk.h"
#include "core/alloc.h"

#define REPS 7
#define MOST_QUERIES 4096

static uint64_t state = UINT64_C(88172645463325252);

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double normal(void) {
    return sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform());
}

/* As a model holds them: where there are large pages, on those. */
static float *make(int64_t n, int32_t d, bool decay, const pmkt_allocator *allocator) {
    float *v = pmkti_alloc(allocator, (size_t)(n * d), sizeof *v);
    if (!v) {
        fprintf(stderr, "bench_cf_topk: no memory for %lld vectors\n", (long long)n);
        exit(1);
    }
    for (int64_t i = 0; i < n; i++) {
        const double size = decay ? pow(1.0 + (double)i, -0.3) : 1;
        for (int32_t j = 0; j < d; j++) {
            v[i * d + j] = (float)(normal() * size * (decay ? 1 / sqrt(1.0 + j) : 1));
        }
    }
    return v;
}

static double seconds_since(bench_time start) {
    return bench_now().wall - start.wall;
}

static void measure_batch(const pmkti_cf_topk *topk, const float *queries, int64_t rows,
                          const pmkt_allocator *allocator, const pmkti_run *run) {
    const size_t size = (size_t)(rows * topk->k);
    uint64_t *ids = bench_alloc(size * sizeof *ids);
    int32_t counts[MOST_QUERIES];
    int64_t row[MOST_QUERIES];
    static const pmkti_cf_without without[MOST_QUERIES];
    for (int64_t i = 0; i < rows; i++) row[i] = i;
    double best = INFINITY;
    pmkt_error err;
    for (int r = 0; r < REPS; r++) {
        const bench_time start = bench_now();
        bench_check(pmkti_cf_topk_many(topk, queries, row, without, rows, allocator, run, ids, NULL,
                                       counts, &err),
                    &err, "topk_many");
        best = fmin(best, seconds_since(start));
    }
    printf("batch  %.4f ms a query, %.1f 10^9 products a second\n", 1e3 * best / (double)rows,
           (double)rows * (double)topk->n * topk->d / best * 1e-9);
    free(ids);
}

static void measure_one(const pmkti_cf_topk *topk, const float *queries, int64_t rows,
                        const pmkt_allocator *allocator) {
    static double times[MOST_QUERIES];
    static const pmkti_cf_without none;
    uint64_t *ids = bench_alloc((size_t)topk->k * sizeof *ids);
    pmkt_cf_scratch scratch;
    pmkti_cf_scratch_init(&scratch, allocator);
    pmkt_error err;
    int32_t count;
    for (int64_t i = 0; i < rows; i++) {
        const bench_time start = bench_now();
        bench_check(pmkti_cf_topk_one(topk, queries + i * topk->d, &none, &scratch, ids, NULL,
                                      &count, &err),
                    &err, "topk_one");
        times[i] = seconds_since(start);
    }
    const double half = bench_quantile(times, rows, 0.5), last = bench_quantile(times, rows, 0.99);
    printf("one    p50 %.4f ms, p99 %.4f ms, %.1f GB of the index a second\n", 1e3 * half,
           1e3 * last, (double)pmkti_cf_index_bytes(topk->n, topk->d) / half * 1e-9);
    pmkti_cf_scratch_clear(&scratch);
    free(ids);
}

int main(int argc, char **argv) {
    const int64_t n = argc > 1 ? bench_number("vectors", argv[1], 1, 100000000) : 50000;
    const int32_t d = argc > 2 ? (int32_t)bench_number("width", argv[2], 1, 1024) : 64;
    const int64_t k = argc > 3 ? bench_number("k", argv[3], 1, 100000) : 10;
    const int64_t rows = argc > 4 ? bench_number("queries", argv[4], 1, MOST_QUERIES) : 400;
    const int threads = argc > 5 ? (int)bench_number("threads", argv[5], 1, 64) : 2;
    const bool decay = argc > 6 && bench_number("decay", argv[6], 0, 1) == 1;
    uint64_t *ids = bench_alloc((size_t)n * sizeof *ids);
    for (int64_t i = 0; i < n; i++) ids[i] = (uint64_t)i + 1;
    pmkt_allocator allocator;
    pmkt_error err;
    bench_check(pmkti_allocator_check(NULL, &allocator, &err), &err, "allocator");
    float *vectors = make(n, d, decay, &allocator), *queries = make(rows, d, decay, &allocator);
    const pmkti_run run = {threads, {NULL, NULL}};
    pmkti_cf_index index = {0};
    const bench_time start = bench_now();
    bench_check(pmkti_cf_index_new(vectors, n, d, &allocator, &run, &index, &err), &err, "index");
    printf("index  %.1f ms, %.1f MB\n", 1e3 * seconds_since(start),
           (double)pmkti_cf_index_bytes(n, d) * 1e-6);
    const pmkti_cf_filter filter = {.id = ids, .n = n};
    const pmkti_cf_topk topk = {vectors, n, d, false, &index, &filter, k};
    measure_batch(&topk, queries, rows, &allocator, &run);
    measure_one(&topk, queries, rows, &allocator);
    pmkti_cf_index_clear(&index, &allocator);
    pmkti_free(&allocator, vectors, (size_t)(n * d), sizeof *vectors);
    pmkti_free(&allocator, queries, (size_t)(rows * d), sizeof *queries);
    free(ids);
    return 0;
}
