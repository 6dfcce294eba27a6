/*
 * bench_expr - how fast conditions are compiled and evaluated, by column and by row, against a loop
 * that somebody wrote by hand for this one condition, gaps included.
 *
 * Expressions are private, so this program is linked with the static library and sees src/.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/expr/expr.h"

#define DAY INT64_C(86400000)

enum {
    COUNT,
    SPEND,
    LAST,
    CITY,
    FIELDS
};

static const char TEXT[] =
    "order.count >= 3 and spend > 200 and last_order >= :now - 30 days and city = 'Suzhou'";

static const pmkti_expr_name fields[FIELDS] = {{"order.count", PMKTI_EXPR_INT},
                                               {"spend", PMKTI_EXPR_DOUBLE},
                                               {"last_order", PMKTI_EXPR_TIME},
                                               {"city", PMKTI_EXPR_TEXT}};
static const pmkti_expr_name params[1] = {{"now", PMKTI_EXPR_TIME}};
static const pmkti_expr_schema schema = {fields, FIELDS, params, 1, NULL, 0, NULL};

typedef struct table {
    int64_t rows;
    int64_t *count, *last;
    double *spend;
    uint64_t *city;
    pmkti_value (*row)[FIELDS];
} table;

/* About every tenth value is missing; each comparison holds for a part of the rows. */
static table make_table(int64_t rows, int shape) {
    const size_t bytes = (size_t)rows * 8;
    table t = {rows,
               bench_alloc(bytes),
               bench_alloc(bytes),
               bench_alloc(bytes),
               bench_alloc(bytes),
               bench_alloc((size_t)rows * sizeof *t.row)};
    uint64_t x = 1;
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t r = bench_customer((int64_t)(x += 7));
        t.count[i] = r % 10 == 0 ? INT64_MIN : (int64_t)(r >> 8) % 8 + shape;
        t.spend[i] = (r >> 16) % 10 == 0 ? (double)NAN : (double)((r >> 20) % 500);
        t.last[i] = (r >> 30) % 10 == 0 ? INT64_MIN : BENCH_AS_OF - (int64_t)((r >> 34) % 60) * DAY;
        const char *city = (r >> 44) % 3 ? "Suzhou" : "Shanghai";
        t.city[i] = (r >> 50) % 10 == 0 ? PMKT_ID_NONE : pmkt_id_of_bytes(city, strlen(city));
        t.row[i][COUNT].i = t.count[i];
        t.row[i][SPEND].d = t.spend[i];
        t.row[i][LAST].i = t.last[i];
        t.row[i][CITY].id = t.city[i];
    }
    return t;
}

static void free_table(table *t) {
    free(t->count);
    free(t->last);
    free(t->spend);
    free(t->city);
    free(t->row);
}

/* ----------------------------------------------------------------- by hand */

static uint8_t truth(bool known, bool yes) {
    return (uint8_t)(known ? (yes ? PMKTI_TRUE : PMKTI_FALSE) : PMKTI_UNKNOWN);
}

/* What a careful person writes: false as soon as one is false. */
static uint8_t by_hand(const table *t, int64_t i, int64_t since, uint64_t city) {
    uint8_t all = truth(t->count[i] != INT64_MIN, t->count[i] >= 3);
    if (all == PMKTI_FALSE) return all;
    const uint8_t spend = truth(!isnan(t->spend[i]), t->spend[i] > 200.0);
    all = spend < all ? spend : all;
    if (all == PMKTI_FALSE) return all;
    const uint8_t last = truth(t->last[i] != INT64_MIN, t->last[i] >= since);
    all = last < all ? last : all;
    if (all == PMKTI_FALSE) return all;
    const uint8_t place = truth(t->city[i] != PMKT_ID_NONE, t->city[i] == city);
    return place < all ? place : all;
}

/* The same without branches, which a compiler can vectorize. */
static uint8_t without_branches(const table *t, int64_t i, int64_t since, uint64_t city) {
    const bool count = t->count[i] >= 3, no_count = t->count[i] == INT64_MIN;
    const bool spend = t->spend[i] > 200.0, no_spend = isnan(t->spend[i]);
    const bool last = t->last[i] >= since, no_last = t->last[i] == INT64_MIN;
    const bool place = t->city[i] == city, no_place = t->city[i] == PMKT_ID_NONE;
    const bool maybe =
        (count | no_count) & (spend | no_spend) & (last | no_last) & (place | no_place);
    return (uint8_t)(maybe * (1 + (count & spend & last & place)));
}

/* --------------------------------------------------------------- measuring */

typedef struct subject {
    const table *t;
    const pmkti_expr *program;
    const pmkti_value *params;
    void *scratch;
} subject;

static void run_batch(const subject *s, uint8_t *out) {
    pmkti_expr_column columns[FIELDS];
    memset(columns, 0, sizeof columns);
    columns[COUNT].data = s->t->count;
    columns[SPEND].data = s->t->spend;
    columns[LAST].data = s->t->last;
    columns[CITY].data = s->t->city;
    const pmkti_expr_input input = {columns, s->params, NULL};
    pmkti_expr_batch(s->program, &input, 0, s->t->rows, s->scratch, out);
}

static void run_rows(const subject *s, uint8_t *out) {
    for (int64_t i = 0; i < s->t->rows; i++) {
        out[i] = (uint8_t)pmkti_expr_row(s->program, s->t->row[i], s->params, NULL, i).i;
    }
}

static void run_hand(const subject *s, uint8_t *out) {
    const uint64_t city = pmkt_id_of_bytes("Suzhou", 6);
    const int64_t since = s->params[0].i - 30 * DAY;
    for (int64_t i = 0; i < s->t->rows; i++) out[i] = by_hand(s->t, i, since, city);
}

static void run_branchless(const subject *s, uint8_t *out) {
    const uint64_t city = pmkt_id_of_bytes("Suzhou", 6);
    const int64_t since = s->params[0].i - 30 * DAY;
    for (int64_t i = 0; i < s->t->rows; i++) out[i] = without_branches(s->t, i, since, city);
}

static const struct {
    const char *name;
    void (*run)(const subject *s, uint8_t *out);
} WAYS[] = {{"hand-written", run_hand},
            {"branchless", run_branchless},
            {"batch", run_batch},
            {"row", run_rows}};

enum {
    N_WAYS = sizeof WAYS / sizeof *WAYS
};

static void measure(const subject *s, int reps, const char *shape) {
    bench_samples samples[N_WAYS] = {0};
    uint8_t *out = bench_alloc((size_t)s->t->rows), *expected = bench_alloc((size_t)s->t->rows);
    for (int rep = -1; rep < reps; rep++) { /* the first one warms up */
        for (int k = 0; k < N_WAYS; k++) {
            const bench_time start = bench_now();
            WAYS[k].run(s, k == 0 ? expected : out);
            if (rep >= 0) bench_push_since(&samples[k], start);
            if (k > 0 && memcmp(out, expected, (size_t)s->t->rows) != 0) {
                fprintf(stderr, "bench_expr: %s gives other answers\n", WAYS[k].name);
                exit(EXIT_FAILURE);
            }
        }
    }
    for (int k = 0; k < N_WAYS; k++) {
        const double each = bench_median(&samples[k]) / (double)s->t->rows;
        printf("%-12s %-14s %8.0f million rows/s %6.2f ns a row   %5.2f times hand-written\n",
               shape, WAYS[k].name, 1e-6 / each, each * 1e9,
               bench_median(&samples[k]) / bench_median(&samples[0]));
    }
    free(out);
    free(expected);
}

static void measure_compile(int reps) {
    bench_samples samples = {0};
    enum {
        TIMES = 10000
    };
    for (int rep = 0; rep < reps; rep++) {
        const bench_time start = bench_now();
        for (int i = 0; i < TIMES; i++) {
            pmkti_expr *program = NULL;
            pmkt_error err;
            bench_check(pmkti_expr_compile(NULL, &schema, TEXT, strlen(TEXT), NULL, &program, &err),
                        &err, "pmkti_expr_compile");
            pmkti_expr_free(program);
        }
        bench_push_since(&samples, start);
    }
    printf("%-12s %-14s %8.2f us\n", "compile", "", bench_median(&samples) / TIMES * 1e6);
}

typedef struct settings {
    int64_t rows;
    int reps;
} settings;

static void usage(FILE *to) {
    fputs(
        "usage: bench_expr [--rows N] [--reps N]\n"
        "\n"
        "Evaluates a condition with four comparisons over N rows (default 20000: in the cache) by "
        "column\n"
        "and by row, and beside them two loops written by hand; median of --reps (default 51) "
        "turns.\n",
        to);
}

static settings parse(int argc, char **argv) {
    settings set = {20000, 51};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            usage(stdout);
            exit(EXIT_SUCCESS);
        }
        if (i + 1 < argc && strcmp(argv[i], "--rows") == 0) {
            set.rows = bench_number("--rows", argv[++i], 1, INT64_C(100000000));
        } else if (i + 1 < argc && strcmp(argv[i], "--reps") == 0) {
            set.reps = (int)bench_number("--reps", argv[++i], 1, 60);
        } else {
            usage(stderr);
            exit(2);
        }
    }
    return set;
}

int main(int argc, char **argv) {
    const settings set = parse(argc, argv);
    pmkti_expr *program = NULL;
    pmkt_error err;
    bench_check(pmkti_expr_compile(NULL, &schema, TEXT, strlen(TEXT), NULL, &program, &err), &err,
                "pmkti_expr_compile");
    const pmkti_value now = {.i = BENCH_AS_OF};
    subject s = {NULL, program, &now, bench_alloc(pmkti_expr_scratch(program))};
    printf("%s; %" PRId64 " rows, median of %d\n", TEXT, set.rows, set.reps);
    for (int shape = 0; shape < 2; shape++) {
        table t = make_table(set.rows, shape ? -20 : 0);
        s.t = &t;
        measure(&s, set.reps, shape ? "none match" : "mixed");
        free_table(&t);
    }
    measure_compile(set.reps);
    free(s.scratch);
    pmkti_expr_free(program);
    return EXIT_SUCCESS;
}
