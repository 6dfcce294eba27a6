/*
 * bench_ids - how fast the dictionary learns strings, finds them again and gives them back, and how
 * fast a set of ids answers.
 *
 * Strings look like "user-000123456789", of 10 to 18 bytes. One section can be chosen, so that a
 * profiler sees it alone.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

typedef struct settings {
    int64_t n;
    int threads;
    int reps;
    const char *section; /* NULL: all */
} settings;

/* ------------------------------------------------------------------ strings */

typedef struct column {
    char *bytes;
    int64_t *offsets;
    int64_t n;
} column;

static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The name of thing number i; different for different i. */
static int name(uint64_t i, char out[24]) {
    char digits[24];
    const uint64_t scattered = i * UINT64_C(0x9e3779b97f4a7c15) % UINT64_C(1000000000039);
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, scattered);
    memcpy(out, "user-", 5);
    memcpy(out + 5, digits, (size_t)length);
    return 5 + length;
}

/* Thing number of row i: each once in a scattered order, or few often and many seldom. */
static uint64_t thing(int64_t i, int64_t n, bool zipf) {
    if (!zipf) return (uint64_t)i;
    const double u = (double)(mix((uint64_t)i + 1) >> 11) * 0x1p-53;
    return (uint64_t)(pow((double)n, u) - 1); /* density 1 / x */
}

static column make_column(int64_t n, bool zipf) {
    column c = {bench_alloc((size_t)n * 20), bench_alloc(((size_t)n + 1) * sizeof(int64_t)), n};
    int64_t at = 0;
    for (int64_t i = 0; i < n; ++i) {
        char text[24];
        const int length = name(thing(i, n, zipf), text);
        memcpy(c.bytes + at, text, (size_t)length);
        c.offsets[i] = at;
        at += length;
    }
    c.offsets[n] = at;
    return c;
}

static void free_column(column *c) {
    free(c->bytes);
    free(c->offsets);
}

/* ---------------------------------------------------- calls that must work */

static pmkt_ids *new_ids(void) {
    pmkt_ids *ids = NULL;
    pmkt_error err;
    bench_check(pmkt_ids_new(NULL, &ids, &err), &err, "pmkt_ids_new");
    return ids;
}

static void encode(pmkt_ids *ids, const column *c, int64_t from, int64_t n, int threads,
                   uint64_t *id) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_error err;
    bench_check(pmkt_ids_encode(ids, c->bytes, c->offsets + from, n, &run, id, &err), &err,
                "pmkt_ids_encode");
}

/* ---------------------------------------------------------------- sections */

static void section_learn(const settings *set, const column *c, const char *what, uint64_t *id) {
    for (int threads = 1; threads <= set->threads; threads *= 2) {
        bench_samples fresh = {.n = 0}, known = {.n = 0};
        int64_t bytes = 0;
        for (int r = 0; r < set->reps; ++r) {
            pmkt_ids *ids = new_ids();
            bench_time start = bench_now();
            encode(ids, c, 0, c->n, threads, id);
            bench_push_since(&fresh, start);
            start = bench_now();
            encode(ids, c, 0, c->n, threads, id);
            bench_push_since(&known, start);
            pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
            pmkt_ids_stats(ids, &counters, NULL);
            bytes = counters.bytes;
            pmkt_ids_free(ids);
        }
        bench_line line = {"encode", "new strings", what, c->n, threads, "ms", false};
        bench_print(&line, &fresh, c->n);
        line.what = "known strings";
        bench_print(&line, &known, c->n);
        bench_samples memory = {.n = 0};
        bench_push(&memory, (double)bytes / 0x1p20);
        line.what = "memory";
        line.unit = "MiB";
        bench_print(&line, &memory, 0);
    }
}

static void section_small(const settings *set, const column *c, uint64_t *id) {
    const int64_t batch = 1000;
    const int64_t n = c->n < 2000000 ? c->n : 2000000;
    pmkt_ids *ids = new_ids();
    encode(ids, c, 0, c->n, set->threads, id);
    bench_samples samples = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        const bench_time start = bench_now();
        for (int64_t i = 0; i + batch <= n; i += batch) encode(ids, c, i, batch, 1, id + i);
        bench_push_since(&samples, start);
    }
    const bench_line line = {"encode", "known, batches of 1000", "distinct", n, 1, "ms", false};
    bench_print(&line, &samples, n);
    pmkt_ids_free(ids);
}

static void section_decode(const settings *set, const column *c, uint64_t *id) {
    pmkt_ids *ids = new_ids();
    encode(ids, c, 0, c->n, set->threads, id);
    char *bytes = bench_alloc((size_t)c->offsets[c->n]);
    int64_t *offsets = bench_alloc(((size_t)c->n + 1) * sizeof(int64_t));
    bench_samples samples = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_error err;
        const bench_time start = bench_now();
        bench_check(pmkt_ids_decode(ids, id, c->n, bytes, c->offsets[c->n], offsets, NULL, &err),
                    &err, "pmkt_ids_decode");
        bench_push_since(&samples, start);
    }
    if (memcmp(bytes, c->bytes, (size_t)c->offsets[c->n]) != 0) {
        fprintf(stderr, "bench: decode gave other strings\n");
        exit(1);
    }
    const bench_line line = {"decode", "all", "distinct", c->n, 1, "ms", false};
    bench_print(&line, &samples, c->n);
    free(bytes);
    free(offsets);
    pmkt_ids_free(ids);
}

/* ---------------------------------------------------------------------- sets */

static int by_value(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The plain way: whether a sorted array has an id. */
static bool in_sorted(const uint64_t *ids, int64_t n, uint64_t id) {
    int64_t low = 0;
    for (int64_t left = n; left > 0;) {
        const int64_t half = left / 2;
        if (ids[low + half] < id) {
            low += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return low < n && ids[low] == id;
}

/* Half of the ids that are asked for are in the set. */
static void section_idset(const settings *set, int64_t n) {
    uint64_t *ids = bench_alloc((size_t)n * sizeof *ids),
             *asked = bench_alloc((size_t)n * sizeof *ids);
    uint8_t *in = bench_alloc((size_t)n);
    for (int64_t i = 0; i < n; ++i) {
        ids[i] = mix((uint64_t)i + 1);
        asked[i] = mix(mix((uint64_t)i + 7) % (2 * (uint64_t)n) + 1);
    }
    bench_samples many = {.n = 0}, one = {.n = 0}, search = {.n = 0}, make = {.n = 0};
    int64_t found[3] = {0, 0, 0};
    for (int r = 0; r < set->reps; ++r) {
        pmkt_idset *s = NULL;
        pmkt_error err;
        bench_time start = bench_now();
        bench_check(pmkt_idset_new(ids, n, NULL, &s, &err), &err, "pmkt_idset_new");
        bench_push_since(&make, start);
        start = bench_now();
        bench_check(pmkt_idset_contains_many(s, asked, n, in, &err), &err, "contains_many");
        bench_push_since(&many, start);
        for (int64_t i = 0; i < n; ++i) found[0] += in[i];
        start = bench_now();
        for (int64_t i = 0; i < n; ++i) found[1] += pmkt_idset_contains(s, asked[i]);
        bench_push_since(&one, start);
        pmkt_idset_free(s);
    }
    qsort(ids, (size_t)n, sizeof *ids, by_value);
    for (int r = 0; r < set->reps; ++r) {
        const bench_time start = bench_now();
        for (int64_t i = 0; i < n; ++i) found[2] += in_sorted(ids, n, asked[i]);
        bench_push_since(&search, start);
    }
    if (found[0] != found[1] || found[0] != found[2]) {
        fprintf(stderr, "bench: set and sorted array differ\n");
        exit(1);
    }
    bench_line line = {"idset", "new", "-", n, 1, "ms", false};
    bench_print(&line, &make, n);
    line.what = "contains_many";
    bench_print(&line, &many, n);
    line.what = "contains, one by one";
    bench_print(&line, &one, n);
    line.what = "sorted array, search";
    bench_print(&line, &search, n);
    free(ids);
    free(asked);
    free(in);
}

/* How long memory takes: reads that do not know of each other, and reads that each need the one
   before; what tables and strings that the caches do not hold come down to. */
static void section_memory(const settings *set) {
    const size_t n = (size_t)1 << 25; /* 256 MiB */
    uint64_t *at = bench_alloc(n * sizeof *at);
    for (size_t i = 0; i < n; ++i) at[i] = mix(i + 1) & (n - 1);
    const int64_t reads = 5000000;
    bench_samples apart = {.n = 0}, chained = {.n = 0};
    uint64_t sum = 0;
    for (int r = 0; r < set->reps; ++r) {
        bench_time start = bench_now();
        for (int64_t i = 0; i < reads; ++i) sum += at[mix((uint64_t)i) & (n - 1)];
        bench_push_since(&apart, start);
        start = bench_now();
        for (int64_t i = 0; i < reads; ++i) sum = at[(sum + (uint64_t)i) & (n - 1)];
        bench_push_since(&chained, start);
    }
    bench_line line = {"memory", "independent reads", sum ? "-" : "", reads, 1, "ms", false};
    bench_print(&line, &apart, reads);
    line.what = "reads one after another";
    bench_print(&line, &chained, reads);
    free(at);
}

static bool wants(const settings *set, const char *section) {
    return !set->section || strcmp(set->section, section) == 0;
}

static const char USAGE[] =
    "usage: bench_ids [--n N] [--threads N] [--reps N] [--section NAME] [--csv]\n"
    "sections: memory encode zipf small decode idset\n";

static settings parse(int argc, char **argv) {
    settings set = {.n = 10000000, .threads = 2, .reps = 5};
    for (int i = 1; i < argc; ++i) {
        const char *option = argv[i];
        if (strcmp(option, "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (value && strcmp(option, "--n") == 0)
            set.n = bench_number(option, value, 1, 1000000000);
        else if (value && strcmp(option, "--threads") == 0)
            set.threads = (int)bench_number(option, value, 1, 1024);
        else if (value && strcmp(option, "--reps") == 0)
            set.reps = (int)bench_number(option, value, 1, 64);
        else if (value && strcmp(option, "--section") == 0)
            set.section = value;
        else {
            fputs(USAGE, stderr);
            exit(2);
        }
    }
    return set;
}

int main(int argc, char **argv) {
    const settings set = parse(argc, argv);
    printf("libpmkt %s, %s\n", pmkt_version(), pmkt_build_info());
    bench_header();
    if (wants(&set, "memory")) section_memory(&set);
    if (wants(&set, "idset")) {
        section_idset(&set, set.n / 100 ? set.n / 100 : 1);
        section_idset(&set, set.n);
    }
    if (set.section && (!strcmp(set.section, "memory") || !strcmp(set.section, "idset"))) return 0;
    uint64_t *id = bench_alloc((size_t)set.n * sizeof *id);
    memset(id, 0, (size_t)set.n * sizeof *id);
    column distinct = make_column(set.n, false);
    if (wants(&set, "encode")) section_learn(&set, &distinct, "distinct", id);
    if (wants(&set, "zipf")) {
        column zipf = make_column(set.n, true);
        section_learn(&set, &zipf, "zipf", id);
        free_column(&zipf);
    }
    if (wants(&set, "small")) section_small(&set, &distinct, id);
    if (wants(&set, "decode")) section_decode(&set, &distinct, id);
    free_column(&distinct);
    free(id);
    return 0;
}
