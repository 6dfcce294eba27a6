/*
 * bench_attribution - removal effects of all channels from paths in columns, and intervals.
 *
 *     bench_attribution [paths] [channels] [order] [threads] [reps] [resamples] [values]
 *
 * Paths have four touches on average, and where one goes next depends on where one is; a tenth convert.
 * Runs with one thread and with all take turns, and the best of each counts, so that a busy machine harms
 * both alike. With values (1), every conversion is worth something. The digest is of all effects and
 * bounds, bit for bit: it must not change from one number of threads to another.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
    LONGEST = 100
};

static uint64_t state = UINT64_C(88172645463325252);

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

typedef struct columns {
    int64_t paths, touches;
    int64_t *at;
    uint64_t *channel;
    double *conversions, *nulls, *values;
} columns;

static columns make(int64_t paths, int64_t channels, bool has_values) {
    columns c = {.paths = paths};
    c.at = bench_alloc((size_t)(paths + 1) * sizeof *c.at);
    c.channel = bench_alloc((size_t)(paths * LONGEST) * sizeof *c.channel);
    c.conversions = bench_alloc((size_t)paths * sizeof *c.conversions);
    c.nulls = bench_alloc((size_t)paths * sizeof *c.nulls);
    if (has_values) c.values = bench_alloc((size_t)paths * sizeof *c.values);
    for (int64_t j = 0; j < paths; j++) {
        int64_t at = 0;
        c.at[j] = c.touches;
        for (int k = 0; k < LONGEST && (k == 0 || uniform() < 0.75); k++) {
            const double u = uniform(), again = uniform();
            const double power = k == 0 ? 2 : 1.5 + (double)(at % 3) * 0.5;
            if (k == 0 || again >= 0.3) at = (int64_t)((double)channels * pow(u, power));
            c.channel[c.touches++] = (uint64_t)at + 1;
        }
        c.conversions[j] = uniform() < 0.1 ? 1 : 0;
        c.nulls[j] = 1 - c.conversions[j];
        if (has_values) c.values[j] = c.conversions[j] > 0 ? floor(10000 * uniform()) : 0;
    }
    c.at[paths] = c.touches;
    return c;
}

static void release(columns *c) {
    free(c->at), free(c->channel), free(c->conversions), free(c->nulls), free(c->values);
}

/* ------------------------------------------------------------------ measuring */

static pmkt_attribution *attribute(const columns *c, int order, int resamples, int threads) {
    pmkt_attribution_paths paths = PMKT_ATTRIBUTION_PATHS_INIT;
    paths.paths = c->paths, paths.at = c->at, paths.channel = c->channel;
    paths.conversions = c->conversions, paths.nulls = c->nulls, paths.values = c->values;
    pmkt_attribution_options options = PMKT_ATTRIBUTION_OPTIONS_INIT;
    options.order = order, options.bootstrap = resamples, options.seed = 1;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_attribution *a = NULL;
    pmkt_error err;
    bench_check(pmkt_attribution_compute(&paths, &options, &run, &a, &err), &err, "compute");
    return a;
}

static pmkt_attribution_table table_of(const pmkt_attribution *a) {
    pmkt_attribution_table t = PMKT_ATTRIBUTION_TABLE_INIT;
    pmkt_error err;
    bench_check(pmkt_attribution_columns(a, &t, &err), &err, "columns");
    return t;
}

static uint64_t digest(uint64_t sum, const double *x, int64_t n) {
    for (int64_t i = 0; i < n && x; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        sum = (sum ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    return sum;
}

typedef struct task {
    const columns *c;
    int order, resamples;
    uint64_t digest; /* of the last run */
} task;

static double seconds(task *t, int threads, double *cpu) {
    const bench_time start = bench_now();
    pmkt_attribution *a = attribute(t->c, t->order, t->resamples, threads);
    const bench_time end = bench_now();
    const pmkt_attribution_table table = table_of(a);
    t->digest = digest(1, table.removal_effect, table.rows);
    t->digest = digest(t->digest, table.value_removal_effect, table.rows);
    t->digest = digest(t->digest, table.low, table.rows);
    t->digest = digest(t->digest, table.high, table.rows);
    pmkt_attribution_free(a);
    *cpu = fmin(*cpu, end.cpu - start.cpu);
    return end.wall - start.wall;
}

static void measure(const char *what, task t, int threads, int64_t reps) {
    double one = INFINITY, all = INFINITY, cpu = INFINITY, other = INFINITY;
    for (int64_t i = 0; i < reps; i++) {
        one = fmin(one, seconds(&t, 1, &cpu));
        const uint64_t first = t.digest;
        if (threads > 1) all = fmin(all, seconds(&t, threads, &other));
        if (t.digest == first) continue;
        fprintf(stderr, "the number of threads changes the answer\n");
        exit(1);
    }
    printf("%-22s 1 thread %9.2f ms (CPU %9.2f)", what, one * 1e3, cpu * 1e3);
    if (threads > 1) printf(", %d threads %9.2f ms (CPU %9.2f)", threads, all * 1e3, other * 1e3);
    printf(", digest %016llx\n", (unsigned long long)t.digest);
}

static void print_size(const columns *c, int order) {
    pmkt_attribution *a = attribute(c, order, 0, 1);
    const pmkt_attribution_table t = table_of(a);
    printf("%lld paths, %lld touches, %lld channels, order %d: %lld states, %lld transitions; %s\n",
           (long long)t.n_paths, (long long)t.n_touches, (long long)t.rows, order,
           (long long)t.states, (long long)t.transitions, pmkt_isa());
    pmkt_attribution_free(a);
}

static int64_t argument(int argc, char **argv, int i, const char *name, int64_t low, int64_t high,
                        int64_t usual) {
    return argc > i ? bench_number(name, argv[i], low, high) : usual;
}

int main(int argc, char **argv) {
    const int64_t paths = argument(argc, argv, 1, "paths", 1, 20000000, 100000);
    const int64_t channels = argument(argc, argv, 2, "channels", 1, 1000000, 20);
    const int order = (int)argument(argc, argv, 3, "order", 1, 4, 3);
    const int threads = (int)argument(argc, argv, 4, "threads", 1, 64, 2);
    const int64_t reps = argument(argc, argv, 5, "reps", 1, 1000, 7);
    const int resamples = (int)argument(argc, argv, 6, "resamples", 0, 1000000, 200);
    const bool has_values = argument(argc, argv, 7, "values", 0, 1, 0) == 1;
    columns c = make(paths, channels, has_values);
    print_size(&c, order);
    measure("exact effects", (task){&c, order, 0, 0}, threads, reps);
    if (resamples > 0) {
        const int64_t times = reps < 3 ? reps : 3;
        measure("with resamples", (task){&c, order, resamples, 0}, threads, times);
    }
    release(&c);
    return 0;
}
