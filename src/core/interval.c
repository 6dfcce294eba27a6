#include "core/interval.h"

#include "core/sort.h"

static bool is_less(const void *a, const void *b) {
    return *(const double *)a < *(const double *)b;
}

static double quantile(const double *sorted, int64_t n, double share) {
    const double at = share * (double)(n - 1);
    const int64_t below = (int64_t)at;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

void pmkti_interval(double *values, int64_t n, double level, double *low, double *high) {
    const double tail = (1 - level) / 2;
    pmkti_sort(values, (size_t)n, sizeof *values, is_less);
    *low = quantile(values, n, tail);
    *high = quantile(values, n, 1 - tail);
}
