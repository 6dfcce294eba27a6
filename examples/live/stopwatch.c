#include "stopwatch.h"

#include <time.h>

int64_t stopwatch_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The bucket of a time: up to 31 ns their own, then sixteen to every doubling. */
static int32_t bucket_of(int64_t ns) {
    int32_t shift = 0;
    while (ns >> shift >= 32) shift++;
    return shift * 16 + (int32_t)(ns >> shift);
}

/* The longest time in a bucket. */
static int64_t end_of(int32_t bucket) {
    const int32_t shift = bucket < 32 ? 0 : bucket / 16 - 1;
    return ((int64_t)(bucket - shift * 16 + 1) << shift) - 1;
}

void stopwatch_note(stopwatch *watch, int64_t ns) {
    if (ns < 0) ns = 0;
    watch->bucket[bucket_of(ns)]++;
    watch->n++;
    if (ns > watch->longest) watch->longest = ns;
}

double stopwatch_us(const stopwatch *watch, int64_t of_thousand) {
    int64_t below = 0;
    for (int32_t i = 0; i < STOPWATCH_BUCKETS && watch->n > 0; i++) {
        below += watch->bucket[i];
        if (below * 1000 < watch->n * of_thousand) continue;
        const int64_t end = end_of(i);
        return (double)(end < watch->longest ? end : watch->longest) / 1e3;
    }
    return 0.0;
}
