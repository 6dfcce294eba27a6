/*
 * bench_rfm - how fast the RFM state takes orders, scores, merges and forgets, and how large it is.
 *
 * One section can be chosen, so that a profiler sees it alone. The data are made by bench_orders.c.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
    MAX_SIZES = 8,
    MAX_REPS = 64,
    FIXED_BYTES = 128 * 1024
};

typedef struct settings {
    int64_t size[MAX_SIZES]; /* orders */
    int n_sizes;
    int64_t customers; /* 0: a tenth of the orders */
    int64_t batch;     /* orders in a batch of section incremental */
    int64_t batches;
    int64_t bandwidth_bytes;
    int threads;
    int reps;
    int mode;            /* PMKT_RFM_..., or -1 for both */
    const char *section; /* NULL: all */
} settings;

static const char *mode_name(int mode) {
    return mode == PMKT_RFM_SUMMARY ? "summary" : "history";
}

static bool wants_mode(const settings *set, int mode) {
    return set->mode < 0 || set->mode == mode;
}

static int64_t customers_of(const settings *set, int64_t orders) {
    const int64_t customers = set->customers ? set->customers : orders / 10;
    return customers ? customers : 1;
}

static pmkt_run run_with(int threads) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    return run;
}

/* ---------------------------------------------------- calls that must work */

static pmkt_rfm *new_state(int mode, const pmkt_allocator *allocator) {
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = mode;
    options.allocator = allocator;
    pmkt_rfm *rfm = NULL;
    pmkt_error err;
    bench_check(pmkt_rfm_new(&options, &rfm, &err), &err, "pmkt_rfm_new");
    return rfm;
}

static void add(pmkt_rfm *rfm, const bench_orders *orders, int64_t first, int64_t n, int threads) {
    const pmkt_events events = bench_events(orders, first, n);
    const pmkt_run run = run_with(threads);
    pmkt_error err;
    bench_check(pmkt_rfm_add(rfm, &events, &run, NULL, &err), &err, "pmkt_rfm_add");
}

static void compact(pmkt_rfm *rfm, int threads) {
    const pmkt_run run = run_with(threads);
    pmkt_error err;
    bench_check(pmkt_rfm_compact(rfm, &run, &err), &err, "pmkt_rfm_compact");
}

static pmkt_rfm_counters counters(const pmkt_rfm *rfm) {
    pmkt_rfm_counters out = PMKT_RFM_COUNTERS_INIT;
    pmkt_error err;
    bench_check(pmkt_rfm_stats(rfm, &out, &err), &err, "pmkt_rfm_stats");
    return out;
}

/* A compacted state of rows [first, first + n). */
static pmkt_rfm *filled(int mode, const bench_orders *orders, int64_t first, int64_t n,
                        int threads) {
    pmkt_rfm *rfm = new_state(mode, NULL);
    add(rfm, orders, first, n, threads);
    compact(rfm, threads);
    return rfm;
}

/* ---------------------------------------------------------------- sections */

static void section_bandwidth(const settings *set) {
    for (int copy = 0; copy < 2; ++copy)
        for (int threads = 1; threads <= set->threads; threads *= 2) {
            bench_samples gbs = {.n = 0};
            bench_bandwidth(copy != 0, set->bandwidth_bytes, threads, set->reps, &gbs);
            const bench_line line = {"bandwidth", copy ? "copy (read + write)" : "read",
                                     "-",         set->bandwidth_bytes,
                                     threads,     "GB/s",
                                     true};
            bench_print(&line, &gbs, 0);
        }
}

/* One call that takes all orders into an empty state, and the compacting of what it left. */
static void section_add(const settings *set, const bench_orders *orders, int mode) {
    bench_samples taking = {.n = 0};
    bench_samples folding = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_rfm *rfm = new_state(mode, NULL);
        bench_time start = bench_now();
        add(rfm, orders, 0, orders->rows, set->threads);
        bench_push_since(&taking, start);
        start = bench_now();
        compact(rfm, set->threads);
        bench_push_since(&folding, start);
        pmkt_rfm_free(rfm);
    }
    bench_line line = {
        "add", "all orders in one call", mode_name(mode), orders->rows, set->threads, "ms", false};
    bench_print(&line, &taking, orders->rows);
    line.what = "compact after it";
    bench_print(&line, &folding, orders->rows);
}

/* Batches as a stream brings them: new orders of customers who are known already, one thread. */
static void section_incremental(const settings *set, const bench_orders *known, int mode) {
    const int64_t customers = customers_of(set, known->rows);
    const int64_t n = set->batch * set->batches;
    bench_orders fresh;
    bench_orders_make(&fresh, n, customers, 1);
    double *seconds = bench_alloc((size_t)set->batches * sizeof(double));
    bench_samples total = {.n = 0}, worst = {.n = 0}, median = {.n = 0}, p99 = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_rfm *rfm = filled(mode, known, 0, known->rows, set->threads);
        const bench_time first = bench_now();
        for (int64_t b = 0; b < set->batches; ++b) {
            const bench_time start = bench_now();
            add(rfm, &fresh, b * set->batch, set->batch, 1);
            seconds[b] = bench_now().wall - start.wall;
        }
        bench_push_since(&total, first);
        bench_push(&median, 1e3 * bench_quantile(seconds, set->batches, 0.5));
        bench_push(&p99, 1e3 * bench_quantile(seconds, set->batches, 0.99));
        bench_push(&worst, 1e3 * bench_quantile(seconds, set->batches, 1));
        pmkt_rfm_free(rfm);
    }
    bench_line line = {"incremental", "all batches", mode_name(mode), n, 1, "ms", false};
    bench_print(&line, &total, n);
    line.size = set->batch;
    line.what = "one batch, median";
    bench_print(&line, &median, 0);
    line.what = "one batch, 99 of 100";
    bench_print(&line, &p99, 0);
    line.what = "one batch, worst";
    bench_print(&line, &worst, 0);
    free(seconds);
    bench_orders_free(&fresh);
}

static void score_once(const settings *set, const pmkt_rfm *rfm, int scheme, int threads) {
    pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
    options.scheme = scheme;
    const pmkt_run run = run_with(threads);
    const int64_t customers = counters(rfm).customers;
    bench_samples samples = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_rfm_scores *scores = NULL;
        pmkt_error err;
        const bench_time start = bench_now();
        bench_check(pmkt_rfm_score(rfm, BENCH_AS_OF, &options, &run, &scores, &err), &err,
                    "pmkt_rfm_score");
        bench_push_since(&samples, start);
        pmkt_rfm_scores_free(scores);
    }
    const bench_line line = {"score",
                             scheme == PMKT_RFM_QUANTILE ? "quantile, 5 bins" : "threshold",
                             mode_name(counters(rfm).mode),
                             customers,
                             threads,
                             "ms",
                             false};
    bench_print(&line, &samples, customers);
}

static void section_score(const settings *set, const bench_orders *orders, int mode) {
    pmkt_rfm *rfm = filled(mode, orders, 0, orders->rows, set->threads);
    for (int scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; ++scheme) {
        score_once(set, rfm, scheme, 1);
        if (set->threads > 1) score_once(set, rfm, scheme, set->threads);
    }
    pmkt_rfm_free(rfm);
}

/* The state of the second year into that of the first: most customers are in both. */
static void section_merge(const settings *set, const bench_orders *orders, int mode) {
    const int64_t half = orders->rows / 2;
    pmkt_rfm *from = filled(mode, orders, half, orders->rows - half, set->threads);
    const pmkt_run run = run_with(set->threads);
    bench_samples samples = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_rfm *into = filled(mode, orders, 0, half, set->threads);
        pmkt_error err;
        const bench_time start = bench_now();
        bench_check(pmkt_rfm_merge(into, from, &run, &err), &err, "pmkt_rfm_merge");
        compact(into, set->threads);
        bench_push_since(&samples, start);
        pmkt_rfm_free(into);
    }
    const bench_line line = {
        "merge", "half into half, compact", mode_name(mode), orders->rows, set->threads, "ms",
        false};
    bench_print(&line, &samples, orders->rows);
    pmkt_rfm_free(from);
}

/* Other users in each repetition, so that each finds somebody to forget. */
static void section_forget(const settings *set, const bench_orders *orders, int mode) {
    static const int64_t counts[] = {1, 1000, 100000};
    const int64_t customers = customers_of(set, orders->rows);
    pmkt_rfm *rfm = filled(mode, orders, 0, orders->rows, set->threads);
    int64_t next = 0;
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); ++c) {
        const int64_t n = counts[c];
        if (next + n * set->reps > customers) break;
        uint64_t *users = bench_alloc((size_t)n * sizeof(uint64_t));
        bench_samples samples = {.n = 0};
        for (int r = 0; r < set->reps; ++r) {
            for (int64_t i = 0; i < n; ++i) users[i] = bench_customer(next++);
            pmkt_error err;
            const bench_time start = bench_now();
            bench_check(pmkt_rfm_forget(rfm, users, n, BENCH_AS_OF, NULL, &err), &err,
                        "pmkt_rfm_forget");
            bench_push_since(&samples, start);
        }
        const bench_line line = {"forget", "one call, users:", mode_name(mode), n, 1, "ms", false};
        bench_print(&line, &samples, n);
        free(users);
    }
    pmkt_rfm_free(rfm);
}

/* ------------------------------------------------------------------ memory */

typedef struct meter {
    atomic_int_fast64_t live;
    atomic_int_fast64_t peak;
} meter;

/* A pmkt_allocator that counts what is live, to check what the library says of itself. */
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

static void print_bytes(const char *what, int mode, int64_t size, double value) {
    bench_samples one = {.n = 0};
    bench_push(&one, value);
    const bench_line line = {"memory", what, mode_name(mode), size, 1, "bytes", false};
    bench_print(&line, &one, 0);
}

/*
 * After compacting: bytes a customer in summary mode, and bytes an order in history mode when each
 * customer is granted 32. Returns false if a bound of rfm.h does not hold; the state itself, which
 * does not grow with them, may have FIXED_BYTES besides.
 */
static bool section_memory(const settings *set, const bench_orders *orders, int mode) {
    meter m;
    atomic_init(&m.live, 0);
    atomic_init(&m.peak, 0);
    const pmkt_allocator allocator = {counting, &m};
    pmkt_rfm *rfm = new_state(mode, &allocator);
    add(rfm, orders, 0, orders->rows, set->threads);
    const double peak = (double)atomic_load(&m.peak);
    compact(rfm, set->threads);
    const pmkt_rfm_counters c = counters(rfm);
    const double live = (double)atomic_load(&m.live);
    const double rows = (double)orders->rows;
    const double customers = (double)c.customers;
    print_bytes("peak of add, a row", mode, orders->rows, peak / rows);
    double promised;
    if (mode == PMKT_RFM_SUMMARY) {
        promised = 64 * customers;
        print_bytes("compact, a customer", mode, c.customers, live / customers);
    } else {
        const double alone = live - 32 * customers;
        promised = 24 * (double)c.orders + 32 * customers;
        print_bytes("compact, an order (*)", mode, c.orders, alone / (double)c.orders);
    }
    print_bytes("pmkt_rfm_stats, in all", mode, c.customers, (double)c.bytes);
    print_bytes("the allocator, in all", mode, c.customers, live);
    pmkt_rfm_free(rfm);
    if (live <= promised + FIXED_BYTES) return true;
    fprintf(stderr, "bench: memory: %s: %.0f bytes where %.0f are promised\n", mode_name(mode),
            live, promised);
    return false;
}

/* ----------------------------------------------------------------- options */

static const char USAGE[] =
    "bench_rfm - speed and size of the RFM state of libpmkt\n"
    "\n"
    "usage: bench_rfm [options]\n"
    "  --section NAME       only this one: bandwidth, add, incremental, score, merge, forget, "
    "memory\n"
    "  --mode NAME          only history or only summary\n"
    "  --orders N[,N...]    one-line orders in the state (1e7)\n"
    "  --customers N        who placed them (a tenth of the orders)\n"
    "  --threads N          threads of a call (2); section incremental always adds with 1\n"
    "  --reps N             repetitions of each measurement, 1 to 64 (5)\n"
    "  --batch N            orders in a batch of section incremental (1000)\n"
    "  --batches N          batches of section incremental (5000)\n"
    "  --bandwidth-mib N    size of an array of section bandwidth (256)\n"
    "  --csv                print CSV\n"
    "  --help               print this\n"
    "\n"
    "Each line gives the median and the best of the repetitions. Times are wall-clock time.\n"
    "(*) memory of history mode less 32 bytes a customer, divided by the orders.\n"
    "The exit status is 1 if a state is larger than rfm.h promises.\n";

static void parse_sizes(settings *set, const char *text) {
    char copy[256];
    if (strlen(text) >= sizeof(copy)) {
        fprintf(stderr, "bench: --orders: too long\n");
        exit(2);
    }
    strcpy(copy, text);
    set->n_sizes = 0;
    char *at = copy;
    while (at) {
        char *comma = strchr(at, ',');
        if (comma) *comma++ = '\0';
        if (set->n_sizes == MAX_SIZES) {
            fprintf(stderr, "bench: --orders: at most %d sizes\n", MAX_SIZES);
            exit(2);
        }
        set->size[set->n_sizes++] = bench_number("--orders", at, 2, INT64_C(1) << 33);
        at = comma;
    }
}

static int parse_mode(const char *text) {
    if (strcmp(text, "history") == 0) return PMKT_RFM_HISTORY;
    if (strcmp(text, "summary") == 0) return PMKT_RFM_SUMMARY;
    fprintf(stderr, "bench: --mode: \"%s\" is neither history nor summary\n", text);
    exit(2);
}

static const char *parse_section(const char *text) {
    static const char *const known[] = {"bandwidth", "add",    "incremental", "score",
                                        "merge",     "forget", "memory"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); ++i)
        if (strcmp(text, known[i]) == 0) return known[i];
    fprintf(stderr, "bench: --section: no section \"%s\"; see --help\n", text);
    exit(2);
}

/* An option that takes a value. */
static bool set_option(settings *set, const char *name, const char *value) {
    if (strcmp(name, "--section") == 0)
        set->section = parse_section(value);
    else if (strcmp(name, "--mode") == 0)
        set->mode = parse_mode(value);
    else if (strcmp(name, "--orders") == 0)
        parse_sizes(set, value);
    else if (strcmp(name, "--customers") == 0)
        set->customers = bench_number(name, value, 1, INT64_C(1) << 32);
    else if (strcmp(name, "--threads") == 0)
        set->threads = (int)bench_number(name, value, 1, 64);
    else if (strcmp(name, "--reps") == 0)
        set->reps = (int)bench_number(name, value, 1, MAX_REPS);
    else if (strcmp(name, "--batch") == 0)
        set->batch = bench_number(name, value, 1, 100000000);
    else if (strcmp(name, "--batches") == 0)
        set->batches = bench_number(name, value, 1, 100000000);
    else if (strcmp(name, "--bandwidth-mib") == 0)
        set->bandwidth_bytes = bench_number(name, value, 1, 1 << 16) << 20;
    else
        return false;
    return true;
}

static void parse(settings *set, int argc, char **argv) {
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(USAGE, stdout);
            exit(0);
        }
        if (strcmp(argv[i], "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        if (i + 1 == argc || !set_option(set, argv[i], argv[i + 1])) {
            fprintf(stderr, "bench: %s: unknown, or without its value; see --help\n", argv[i]);
            exit(2);
        }
        ++i;
    }
}

static bool wants(const settings *set, const char *section) {
    return !set->section || strcmp(set->section, section) == 0;
}

/* All chosen sections on one size, in one mode. */
static bool measure(const settings *set, const bench_orders *orders, int mode) {
    bool kept = true;
    if (wants(set, "add")) section_add(set, orders, mode);
    if (wants(set, "incremental")) section_incremental(set, orders, mode);
    if (wants(set, "score")) section_score(set, orders, mode);
    if (wants(set, "merge")) section_merge(set, orders, mode);
    if (wants(set, "forget")) section_forget(set, orders, mode);
    if (wants(set, "memory")) kept = section_memory(set, orders, mode);
    return kept;
}

int main(int argc, char **argv) {
    settings set = {.size = {10000000},
                    .n_sizes = 1,
                    .batch = 1000,
                    .batches = 5000,
                    .bandwidth_bytes = INT64_C(256) << 20,
                    .threads = 2,
                    .reps = 5,
                    .mode = -1};
    parse(&set, argc, argv);
    bench_header();
    bool kept = true;
    if (wants(&set, "bandwidth")) section_bandwidth(&set);
    if (set.section && strcmp(set.section, "bandwidth") == 0) return 0;
    for (int s = 0; s < set.n_sizes; ++s) {
        bench_orders orders;
        bench_orders_make(&orders, set.size[s], customers_of(&set, set.size[s]), 0);
        for (int mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; ++mode)
            if (wants_mode(&set, mode)) kept = measure(&set, &orders, mode) && kept;
        bench_orders_free(&orders);
    }
    return kept ? 0 : 1;
}
