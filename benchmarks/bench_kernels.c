/*
 * bench_kernels - how fast the inner loops of core/kernels are under each instruction set, beside memcpy.
 *
 * Every loop runs over columns of the same number of elements. What counts as moved is every byte that
 * it must read or write; memcpy counts each byte twice, as bench_bandwidth.c does. A share above 100 %
 * is possible: a loop that only reads leaves the memory alone where memcpy writes.
 *
 * It is linked with the static library, for the loops are private.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/kernels/kernels.h"

typedef struct settings {
    int64_t sizes[8]; /* elements */
    int n_sizes;
    int reps;
} settings;

/* Columns of `n` elements. */
typedef struct columns {
    int64_t n;
    uint8_t *bits;   /* one in 16 is null */
    uint8_t *few;    /* one in 1,024 is null */
    uint8_t *narrow; /* bytes enough for 32-bit numbers */
    uint16_t *kinds;
    int64_t *in, *out;
    uint64_t sum; /* of what the loops answer, so that they cannot be dropped */
} columns;

typedef struct loop {
    const char *name;
    double bytes; /* that it moves, an element */
    void (*run)(const pmkti_kernels *k, columns *c);
} loop;

static void run_copy(const pmkti_kernels *k, columns *c) {
    (void)k;
    memcpy(c->out, c->in, (size_t)c->n * 8);
}
static void run_fill(const pmkti_kernels *k, columns *c) {
    k->fill_nulls((uint64_t *)c->out, c->n, c->bits, 0, 0);
}
static void run_fill_few(const pmkti_kernels *k, columns *c) {
    k->fill_nulls((uint64_t *)c->out, c->n, c->few, 0, 0);
}
static void run_i8(const pmkti_kernels *k, columns *c) {
    k->widen_i8(c->narrow, c->n, c->out);
}
static void run_i16(const pmkti_kernels *k, columns *c) {
    k->widen_i16(c->narrow, c->n, c->out);
}
static void run_i32(const pmkti_kernels *k, columns *c) {
    k->widen_i32(c->narrow, c->n, c->out);
}
static void run_u32(const pmkti_kernels *k, columns *c) {
    k->widen_u32(c->narrow, c->n, c->out);
}
static void run_multiply(const pmkti_kernels *k, columns *c) {
    c->sum += k->multiply(c->in, c->n, 1000, c->out);
}
static void run_divide_1000(const pmkti_kernels *k, columns *c) {
    k->divide_1000(c->in, c->n, c->out);
}
static void run_divide_1000000(const pmkti_kernels *k, columns *c) {
    k->divide_1000000(c->in, c->n, c->out);
}
static void run_within(const pmkti_kernels *k, columns *c) {
    c->sum += k->all_within(c->in, c->n, 0, INT64_C(1) << 52, INT64_MIN);
}
static void run_none_zero(const pmkti_kernels *k, columns *c) {
    c->sum += k->none_zero((const uint64_t *)c->in, c->n);
}
static void run_all_zero(const pmkti_kernels *k, columns *c) {
    c->sum += k->all_zero((const uint8_t *)c->kinds + c->n * 2, c->n);
}
static void run_kinds(const pmkti_kernels *k, columns *c) {
    c->sum += k->all_kinds(c->kinds, c->n, PMKT_KIND_COUNT_, PMKT_KIND_CUSTOM);
}

static const loop loops[] = {
    {"memcpy", 16, run_copy},
    {"fill_nulls, 1 in 1024", 8 + 0.125, run_fill_few},
    {"fill_nulls, 1 in 16", 16 + 0.125, run_fill},
    {"widen_i8", 9, run_i8},
    {"widen_i16", 10, run_i16},
    {"widen_i32", 12, run_i32},
    {"widen_u32", 12, run_u32},
    {"multiply", 16, run_multiply},
    {"divide_1000", 16, run_divide_1000},
    {"divide_1000000", 16, run_divide_1000000},
    {"all_within", 8, run_within},
    {"none_zero", 8, run_none_zero},
    {"all_zero", 1, run_all_zero},
    {"all_kinds", 2, run_kinds},
};

static uint64_t next(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 12;
}

static columns make(int64_t n) {
    const size_t rows = (size_t)n;
    columns c = {n,    bench_alloc(rows / 8 + 1), bench_alloc(rows / 8 + 1), bench_alloc(rows * 4),
                 NULL, bench_alloc(rows * 8),     bench_alloc(rows * 8),     0};
    c.kinds = bench_alloc(rows * 3);
    memset(c.bits, 0xFF, rows / 8 + 1);
    memset(c.few, 0xFF, rows / 8 + 1);
    memset(c.out, 1, rows * 8);
    memset(c.kinds, 0, rows * 3);
    uint64_t state = 1;
    for (size_t i = 0; i < rows; i++) {
        c.in[i] = (int64_t)(next(&state) >> 6) + 1; /* below 2^46: a time or an amount */
        c.kinds[i] = (uint16_t)(1 + next(&state) % 17);
        if (next(&state) % 16 == 0) c.bits[i / 8] &= (uint8_t) ~(1u << i % 8);
        if (next(&state) % 1024 == 0) c.few[i / 8] &= (uint8_t) ~(1u << i % 8);
    }
    for (size_t i = 0; i < rows * 4; i++) c.narrow[i] = (uint8_t)next(&state);
    return c;
}

static void drop(columns *c) {
    free(c->bits);
    free(c->few);
    free(c->narrow);
    free(c->kinds);
    free(c->in);
    free(c->out);
}

/* 10^9 bytes a second: the median of the turns, each of so many passes that the clock can see it. */
static double speed(const loop *l, const pmkti_kernels *k, columns *c, int reps) {
    const int64_t passes = 1 + INT64_C(4000000) / c->n;
    bench_samples samples = {.n = 0};
    l->run(k, c);
    for (int r = 0; r < reps; r++) {
        const bench_time start = bench_now();
        for (int64_t p = 0; p < passes; p++) l->run(k, c);
        bench_push(&samples, bench_now().wall - start.wall);
    }
    return l->bytes * (double)c->n * (double)passes / bench_median(&samples) * 1e-9;
}

static void measure(const settings *set, int64_t n) {
    const pmkti_kernels *usable[PMKTI_MOST_ISAS];
    const int isas = pmkti_kernels_usable(usable);
    columns c = make(n);
    printf("\n%" PRId64 " elements%-20s", n, "");
    for (int i = 0; i < isas; i++) printf("  %10s GB/s  of memcpy", usable[i]->isa);
    printf("\n");
    double copy = 0;
    for (size_t l = 0; l < sizeof loops / sizeof *loops; l++) {
        printf("%-30s", loops[l].name);
        for (int i = 0; i < isas; i++) {
            const double is = speed(&loops[l], usable[i], &c, set->reps);
            if (l == 0 && i == 0) copy = is;
            printf("  %15.2f  %7.0f %%", is, 100 * is / copy);
            if (l == 0) break; /* the C library chooses for itself */
        }
        printf("\n");
        fflush(stdout);
    }
    volatile uint64_t keep = c.sum;
    (void)keep;
    drop(&c);
}

static const char USAGE[] =
    "usage: bench_kernels [--elements N[,N...]] [--reps N]\n"
    "\n"
    "Measures every inner loop on columns of N elements (default 16384,8388608: in the cache, and "
    "far\n"
    "beyond it) under every instruction set of the machine; median of --reps (default 9) turns.\n";

static void parse(settings *set, int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(USAGE, stdout);
            exit(0);
        }
        if (i + 1 < argc && strcmp(argv[i], "--reps") == 0) {
            set->reps = (int)bench_number(argv[i], argv[i + 1], 1, 64);
        } else if (i + 1 < argc && strcmp(argv[i], "--elements") == 0) {
            set->n_sizes = 0;
            for (char *text = strtok(argv[i + 1], ","); text && set->n_sizes < 8;
                 text = strtok(NULL, ",")) {
                set->sizes[set->n_sizes++] = bench_number("--elements", text, 1, 100000000);
            }
        } else {
            fprintf(stderr, "bench: %s: unknown, or without its value; see --help\n", argv[i]);
            exit(2);
        }
    }
}

int main(int argc, char **argv) {
    settings set = {.sizes = {16384, 8388608}, .n_sizes = 2, .reps = 9};
    parse(&set, argc, argv);
    for (int s = 0; s < set.n_sizes; s++) measure(&set, set.sizes[s]);
    return 0;
}
