/*
 * bench.h - what every benchmark program needs: a clock, samples, and one way to print.
 */
#ifndef PMKT_BENCH_H
#define PMKT_BENCH_H

#include <pmkt.h>
#include <stdbool.h>

/* Seconds since some instant, by the clock and of CPU time of all threads. */
typedef struct bench_time {
    double wall, cpu;
} bench_time;

bench_time bench_now(void);

/* Ends the program with a message if a library call did not succeed. */
void bench_check(pmkt_status status, const pmkt_error *err, const char *call);

/* malloc that ends the program, with a message, instead of returning NULL. */
void *bench_alloc(size_t bytes);

/* A number such as 1000000, 1e6 or 2.5e6; ends the program unless it is whole and in [low, high]. */
int64_t bench_number(const char *option, const char *text, int64_t low, int64_t high);

/* Measured values of one thing, in the order of measuring; of timings the CPU seconds as well. */
typedef struct bench_samples {
    double value[64], cpu[64];
    int n;
} bench_samples;

void bench_push(bench_samples *samples, double value);

/* Adds the time since `start`; returns it. */
double bench_push_since(bench_samples *samples, bench_time start);

double bench_median(const bench_samples *samples);
double bench_min(const bench_samples *samples);
double bench_max(const bench_samples *samples);

/* The value below which the share `q` of n values lies; sorts `value`. */
double bench_quantile(double *value, int64_t n, double q);

/* One line of the result. */
typedef struct bench_line {
    const char *section;
    const char *what;
    const char *mode;
    int64_t size; /* orders, customers, users or bytes: the section says which */
    int threads;
    const char *unit;
    bool higher_is_better; /* then the best is the greatest */
} bench_line;

/* Prints CSV instead of a table from now on. */
void bench_use_csv(void);

/* Prints the names of the columns. */
void bench_header(void);

/*
 * Prints a line: median and best of the samples, and, if `items` is not 0, median CPU time and how
 * many million items a second that is; then the samples must be timings. They are shown as
 * milliseconds.
 */
void bench_print(const bench_line *line, const bench_samples *samples, int64_t items);

/* ------------------------------------------------------------------ orders */

/* One-line orders of many customers. */
typedef struct bench_orders {
    int64_t rows;
    uint64_t *user;
    uint64_t *order;
    int64_t *time;
    int64_t *amount;
} bench_orders;

/* The instant after the last order; what the scores are "as of". 2022-01-01T00:00Z. */
#define BENCH_AS_OF INT64_C(1640995200000)

/*
 * `rows` orders of at most `customers` customers, in the order of time; ids are scattered over 64
 * bits. Customers are of very different size, as in a shop: the best tenth places 22 % of the orders.
 * Batch 0 spans the two years before BENCH_AS_OF, batch n the n-th day after it: other orders of
 * the same customers.
 */
void bench_orders_make(bench_orders *orders, int64_t rows, int64_t customers, uint64_t batch);
void bench_orders_free(bench_orders *orders);

/* The id of customer number i of bench_orders_make. */
uint64_t bench_customer(int64_t i);

/* A batch that borrows `n` rows from `first` on. */
pmkt_events bench_events(const bench_orders *orders, int64_t first, int64_t n);

/* --------------------------------------------------------------- bandwidth */

/*
 * Reads `bytes` of memory, or copies them, `reps` times with so many threads: samples in 10^9 bytes a
 * second. A copy counts each byte twice, read and written.
 */
void bench_bandwidth(bool copy, int64_t bytes, int threads, int reps, bench_samples *samples);

#endif
