#include <math.h>
#include <stdlib.h>

#include "bench.h"

#define DAY_MS INT64_C(86400000)
#define TWO_YEARS_MS (731 * DAY_MS) /* 2020 and 2021 */

/* splitmix64: a bijection of 64 bits, so that different numbers are different ids. */
static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Zero is no id. */
static uint64_t id_of(uint64_t x) {
    const uint64_t id = mix(x);
    return id ? id : UINT64_C(0x5bd1e995);
}

uint64_t bench_customer(int64_t i) {
    return id_of((uint64_t)i);
}

void bench_orders_make(bench_orders *orders, int64_t rows, int64_t customers, uint64_t batch) {
    const size_t bytes = (size_t)rows * 8;
    orders->rows = rows;
    orders->user = bench_alloc(bytes);
    orders->order = bench_alloc(bytes);
    orders->time = bench_alloc(bytes);
    orders->amount = bench_alloc(bytes);
    const uint64_t base = (batch + 1) << 40;
    const int64_t begin =
        batch ? BENCH_AS_OF + (int64_t)(batch - 1) * DAY_MS : BENCH_AS_OF - TWO_YEARS_MS;
    const int64_t span = batch ? DAY_MS : TWO_YEARS_MS;
    for (int64_t i = 0; i < rows; ++i) {
        const uint64_t r = mix(base + (uint64_t)i);
        const double u = (double)(r >> 11) * 0x1p-53;
        /* u^1.5 is skewed towards the first customers, and cheap. */
        const int64_t customer = (int64_t)((double)customers * u * sqrt(u));
        orders->user[i] = bench_customer(customer < customers ? customer : customers - 1);
        orders->order[i] = id_of(~(base + (uint64_t)i));
        orders->time[i] = begin + (int64_t)((double)i / (double)rows * (double)span);
        orders->amount[i] = (int64_t)(100 + (mix(r) & 0xffff));
    }
}

void bench_orders_free(bench_orders *orders) {
    free(orders->user);
    free(orders->order);
    free(orders->time);
    free(orders->amount);
    *orders = (bench_orders){0, NULL, NULL, NULL, NULL};
}

pmkt_events bench_events(const bench_orders *orders, int64_t first, int64_t n) {
    pmkt_events events;
    pmkt_events_init(&events);
    events.rows = n;
    events.user = orders->user + first;
    events.order = orders->order + first;
    events.time = orders->time + first;
    events.amount = orders->amount + first;
    events.every_kind = PMKT_KIND_ORDER;
    return events;
}
