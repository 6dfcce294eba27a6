#include "intent/quantile.h"

#include <math.h>

#include "core/select.h"

pmkt_status pmkti_quartiles(const pmkt_allocator *allocator, const uint64_t *numbers, int64_t n,
                            double quartile[3]) {
    size_t rank[6];
    uint64_t value[6];
    for (int q = 0; q < 3; q++) quartile[q] = NAN;
    if (n == 0) return PMKT_OK;
    for (int64_t q = 0; q < 3; q++) {
        const int64_t low = (q + 1) * (n - 1) / 4;
        rank[2 * q] = (size_t)low;
        rank[2 * q + 1] = (size_t)(low + 1 < n ? low + 1 : low);
    }
    size_t sorted[6]; /* the upper neighbor of one may lie beyond the lower one of the next */
    for (int i = 0; i < 6; i++) {
        int to = i;
        for (; to > 0 && sorted[to - 1] > rank[i]; to--) sorted[to] = sorted[to - 1];
        sorted[to] = rank[i];
    }
    const pmkt_status status = pmkti_select(allocator, numbers, (size_t)n, sorted, 6, value);
    if (status) return status;
    for (int64_t q = 0; q < 3; q++) {
        double low = 0, high = 0;
        for (int i = 0; i < 6; i++) {
            if (sorted[i] == rank[2 * q]) low = (double)value[i];
            if (sorted[i] == rank[2 * q + 1]) high = (double)value[i];
        }
        quartile[q] = low + (high - low) * ((double)((q + 1) * (n - 1) % 4) / 4);
    }
    return PMKT_OK;
}
