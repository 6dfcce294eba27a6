/*
 * In the manner of STREAM (McCalpin): arrays far larger than the caches, each thread on its own
 * part, plain loads, and memcpy as the C library does it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
    MAX_THREADS = 64
};

typedef struct slice {
    const uint64_t *from;
    uint64_t *to; /* NULL: only read */
    size_t words;
    uint64_t sum; /* what was read must be used, or the compiler drops the reading */
} slice;

static void *pass(void *arg) {
    slice *s = arg;
    if (s->to) {
        memcpy(s->to, s->from, s->words * 8);
        return NULL;
    }
    uint64_t a = 0, b = 0, c = 0, d = 0;
    size_t i = 0;
    for (; i + 4 <= s->words; i += 4) {
        a += s->from[i];
        b += s->from[i + 1];
        c += s->from[i + 2];
        d += s->from[i + 3];
    }
    for (; i < s->words; ++i) a += s->from[i];
    s->sum = a + b + c + d;
    return NULL;
}

static double timed_pass(slice *slices, int threads) {
    pthread_t worker[MAX_THREADS];
    const bench_time start = bench_now();
    for (int t = 1; t < threads; ++t)
        if (pthread_create(&worker[t], NULL, pass, &slices[t]) != 0) {
            fprintf(stderr, "bench: cannot start thread %d of %d\n", t + 1, threads);
            exit(1);
        }
    pass(&slices[0]);
    for (int t = 1; t < threads; ++t) pthread_join(worker[t], NULL);
    return bench_now().wall - start.wall;
}

void bench_bandwidth(bool copy, int64_t bytes, int threads, int reps, bench_samples *samples) {
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    const size_t words = (size_t)bytes / 8;
    uint64_t *from = bench_alloc(words * 8);
    uint64_t *to = copy ? bench_alloc(words * 8) : NULL;
    memset(from, 1, words * 8);
    if (to) memset(to, 2, words * 8);

    slice slices[MAX_THREADS];
    const size_t part = words / (size_t)threads;
    for (int t = 0; t < threads; ++t) {
        const size_t first = part * (size_t)t;
        slices[t] = (slice){from + first, to ? to + first : NULL, part, 0};
    }
    timed_pass(slices, threads);
    for (int r = 0; r < reps; ++r) {
        const double seconds = timed_pass(slices, threads);
        const double moved = (double)part * (double)threads * 8 * (copy ? 2 : 1);
        bench_push(samples, moved / seconds * 1e-9);
    }
    volatile uint64_t keep = slices[0].sum + (to ? to[words - 1] : 0);
    (void)keep;
    free(from);
    free(to);
}
