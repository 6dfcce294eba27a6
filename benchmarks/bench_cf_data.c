/*
 * bench_cf_data - training data from events: speed with one thread and with more, and memory.
 *
 *     bench_cf_data [events] [users] [items] [threads] [reps] [categories] [cap]
 *
 * Users and items are of very different size, as in a shop; ids are scattered over 64 bits. Runs with
 * one thread and with all take turns, and the best of each counts, so that a busy machine harms both
 * alike. Bytes a row are what the allocator saw beyond what is kept, and what is kept.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static uint64_t state = UINT64_C(88172645463325252);

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* An id, never 0, for a number from 1; numbers that are low come often. */
static uint64_t often_low(int64_t n) {
    const double u = uniform();
    return (1 + (uint64_t)(u * u * (double)n)) * UINT64_C(0x9e3779b97f4a7c15);
}

typedef struct rows {
    int64_t n;
    uint64_t *user, *item, *category;
    int64_t *time;
    uint16_t *kind;
} rows;

static rows make(int64_t n, int64_t users, int64_t items, bool categories) {
    static const uint16_t KINDS[] = {PMKT_KIND_VIEW, PMKT_KIND_VIEW, PMKT_KIND_CLICK,
                                     PMKT_KIND_CART, PMKT_KIND_ORDER};
    rows r = {.n = n};
    r.user = bench_alloc((size_t)n * sizeof *r.user);
    r.item = bench_alloc((size_t)n * sizeof *r.item);
    r.time = bench_alloc((size_t)n * sizeof *r.time);
    r.kind = bench_alloc((size_t)n * sizeof *r.kind);
    if (categories) r.category = bench_alloc((size_t)n * sizeof *r.category);
    for (int64_t i = 0; i < n; i++) {
        r.user[i] = often_low(users);
        r.item[i] = often_low(items);
        r.time[i] = BENCH_AS_OF - 1000 * (n - i);
        r.kind[i] = KINDS[(int)(uniform() * 5)];
        if (categories) r.category[i] = 1 + r.item[i] % 500;
    }
    return r;
}

static void release(rows *r) {
    free(r->user), free(r->item), free(r->category), free(r->time), free(r->kind);
}

/* ------------------------------------------------------------------ measuring */

typedef struct meter {
    atomic_int_fast64_t live, peak;
} meter;

/* A pmkt_allocator that counts what is live. */
static void *counting(void *ctx, void *p, size_t old, size_t size, size_t align) {
    meter *m = ctx;
    void *fresh = NULL;
    if (size) {
        const size_t step = align < sizeof(void *) ? sizeof(void *) : align;
        fresh = aligned_alloc(step, (size + step - 1) / step * step);
        if (!fresh) return NULL;
        if (p) memcpy(fresh, p, old < size ? old : size);
        const int_fast64_t live = atomic_fetch_add(&m->live, (int_fast64_t)size) + (int64_t)size;
        int_fast64_t peak = atomic_load(&m->peak);
        while (live > peak && !atomic_compare_exchange_weak(&m->peak, &peak, live)) {
        }
    }
    if (p) {
        atomic_fetch_sub(&m->live, (int_fast64_t)old);
        free(p);
    }
    return fresh;
}

static pmkt_cf_data *build(const rows *r, const pmkt_cf_data_options *o, int threads) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = r->n, ev.user = r->user, ev.item = r->item, ev.category = r->category;
    ev.time = r->time, ev.kind = r->kind;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_cf_data *d = NULL;
    pmkt_error err;
    bench_check(pmkt_cf_data_from_events(&ev, o, &run, NULL, &d, &err), &err, "from_events");
    return d;
}

static pmkt_cf_data_counts counts_of(const pmkt_cf_data *d) {
    pmkt_cf_data_counts c = PMKT_CF_DATA_COUNTS_INIT;
    pmkt_error err;
    bench_check(pmkt_cf_data_info(d, &c, &err), &err, "info");
    return c;
}

static double seconds(const rows *r, const pmkt_cf_data_options *o, int threads) {
    const bench_time start = bench_now();
    pmkt_cf_data *d = build(r, o, threads);
    const double took = bench_now().wall - start.wall;
    pmkt_cf_data_release(d);
    return took;
}

static void measure_speed(const rows *r, const pmkt_cf_data_options *o, int threads, int64_t reps) {
    double one = INFINITY, all = INFINITY;
    for (int64_t i = 0; i < reps; i++) {
        one = fmin(one, seconds(r, o, 1));
        if (threads > 1) all = fmin(all, seconds(r, o, threads));
    }
    printf("1 thread    %.2f million events a second\n", (double)r->n / one * 1e-6);
    if (threads < 2) return;
    printf("%d threads   %.2f million events a second, %.2f times as fast\n", threads,
           (double)r->n / all * 1e-6, one / all);
}

static void measure_memory(const rows *r, pmkt_cf_data_options o, int threads) {
    meter m;
    atomic_init(&m.live, 0);
    atomic_init(&m.peak, 0);
    const pmkt_allocator allocator = {counting, &m};
    o.allocator = &allocator;
    pmkt_cf_data *d = build(r, &o, threads);
    const pmkt_cf_data_counts c = counts_of(d);
    const double n = (double)r->n, live = (double)atomic_load(&m.live);
    printf("memory      %.1f bytes a row at the most, %.1f kept (%.1f as it says of itself)\n",
           (double)atomic_load(&m.peak) / n, live / n, (double)c.bytes / n);
    printf("data        %lld users, %lld items, %lld entries\n", (long long)c.users,
           (long long)c.items, (long long)c.entries);
    pmkt_cf_data_release(d);
}

static int64_t argument(int argc, char **argv, int i, const char *name, int64_t low, int64_t high,
                        int64_t usual) {
    return argc > i ? bench_number(name, argv[i], low, high) : usual;
}

int main(int argc, char **argv) {
    const int64_t n = argument(argc, argv, 1, "events", 1, 1000000000, 5000000);
    const int64_t users = argument(argc, argv, 2, "users", 1, 1000000000, 40000);
    const int64_t items = argument(argc, argv, 3, "items", 1, 1000000000, 15000);
    const int threads = (int)argument(argc, argv, 4, "threads", 1, 64, 2);
    const int64_t reps = argument(argc, argv, 5, "reps", 1, 1000, 7);
    const bool categories = argument(argc, argv, 6, "categories", 0, 1, 0) == 1;
    pmkt_cf_data_options o = PMKT_CF_DATA_OPTIONS_INIT;
    o.max_items_per_user = o.max_users_per_item = argument(argc, argv, 7, "cap", 0, 1000000000, 0);
    rows r = make(n, users, items, categories);
    measure_speed(&r, &o, threads, reps);
    measure_memory(&r, o, threads);
    release(&r);
    return 0;
}
