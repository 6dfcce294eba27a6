#define _POSIX_C_SOURCE 200809L

#include "bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool csv;

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bench_time bench_now(void) {
    return (bench_time){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

void bench_check(pmkt_status status, const pmkt_error *err, const char *call) {
    if (status == PMKT_OK) return;
    fprintf(stderr, "bench: %s: %s: %s\n", call, pmkt_status_name(status), err->message);
    exit(1);
}

void *bench_alloc(size_t bytes) {
    void *p = malloc(bytes ? bytes : 1);
    if (!p) {
        fprintf(stderr, "bench: no memory for %zu bytes; choose smaller sizes\n", bytes);
        exit(1);
    }
    return p;
}

int64_t bench_number(const char *option, const char *text, int64_t low, int64_t high) {
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= (double)low) || !(value <= (double)high) ||
        value != floor(value)) {
        fprintf(stderr, "bench: %s: \"%s\" is not a whole number from %" PRId64 " to %" PRId64 "\n",
                option, text, low, high);
        exit(2);
    }
    return (int64_t)value;
}

/* ----------------------------------------------------------------- samples */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_push(bench_samples *samples, double value) {
    const int room = (int)(sizeof(samples->value) / sizeof(samples->value[0]));
    if (samples->n == room) return;
    samples->cpu[samples->n] = NAN;
    samples->value[samples->n++] = value;
}

double bench_push_since(bench_samples *samples, bench_time start) {
    const bench_time now = bench_now();
    bench_push(samples, now.wall - start.wall);
    samples->cpu[samples->n - 1] = now.cpu - start.cpu;
    return now.wall - start.wall;
}

static double median(const double *value, int n) {
    double sorted[64];
    if (n == 0) return NAN;
    memcpy(sorted, value, (size_t)n * sizeof(double));
    qsort(sorted, (size_t)n, sizeof(double), ascending);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_median(const bench_samples *samples) {
    return median(samples->value, samples->n);
}

double bench_min(const bench_samples *samples) {
    double least = INFINITY;
    for (int i = 0; i < samples->n; ++i) least = fmin(least, samples->value[i]);
    return least;
}

double bench_max(const bench_samples *samples) {
    double most = -INFINITY;
    for (int i = 0; i < samples->n; ++i) most = fmax(most, samples->value[i]);
    return most;
}

double bench_quantile(double *value, int64_t n, double q) {
    if (n == 0) return NAN;
    qsort(value, (size_t)n, sizeof(double), ascending);
    int64_t at = (int64_t)ceil(q * (double)n) - 1;
    if (at < 0) at = 0;
    return value[at];
}

/* ---------------------------------------------------------------- printing */

void bench_use_csv(void) {
    csv = true;
}

void bench_header(void) {
    if (csv) {
        printf("section,what,mode,size,threads,median,best,unit,cpu,million_per_second\n");
        return;
    }
    printf("%-12s %-24s %-8s %10s %3s %12s %12s %-6s %10s %9s\n", "section", "what", "mode", "size",
           "thr", "median", "best", "unit", "cpu ms", "million/s");
}

void bench_print(const bench_line *line, const bench_samples *samples, int64_t items) {
    const double scale = items ? 1e3 : 1;
    const double typical = bench_median(samples);
    const double best = line->higher_is_better ? bench_max(samples) : bench_min(samples);
    const char *format = csv ? "%s,%s,%s,%" PRId64 ",%d,%.6g,%.6g,%s,"
                             : "%-12s %-24s %-8s %10" PRId64 " %3d %12.3f %12.3f %-6s ";
    printf(format, line->section, line->what, line->mode, line->size, line->threads,
           typical * scale, best * scale, line->unit);
    if (items)
        printf(csv ? "%.6g,%.6g\n" : "%10.3f %9.2f\n", median(samples->cpu, samples->n) * 1e3,
               (double)items / typical * 1e-6);
    else
        printf(csv ? ",\n" : "\n");
    fflush(stdout);
}
