#include "cf/metrics.h"

#include <math.h>
#include <stddef.h>

const char *pmkt_cf_metric_name(int32_t metric) {
    static const char *const NAMES[PMKT_CF_METRICS_] = {
        "precision", "recall", "recall_capped", "ndcg",     "map",
        "mrr",       "hit",    "novelty",       "coverage", "gini"};
    return metric >= 0 && metric < PMKT_CF_METRICS_ ? NAMES[metric] : NULL;
}

void pmkti_cf_ideal(double *ideal, int32_t most) {
    ideal[0] = 0;
    for (int32_t r = 1; r <= most; r++) ideal[r] = ideal[r - 1] + 1 / log2(1.0 + r);
}

/* What is known after the first answers. */
typedef struct so_far {
    int64_t hits, first; /* first: the rank of the first hit, or 0 */
    double dcg, precisions, surprise;
    int64_t answers;
} so_far;

static void write(const pmkti_cf_ruler *ruler, const so_far *s, int32_t k, int64_t relevant,
                  double *values, int64_t stride) {
    const int64_t most = relevant < k ? relevant : k;
    const double hits = (double)s->hits;
    values[PMKT_CF_PRECISION * stride] = hits / (double)k;
    values[PMKT_CF_RECALL * stride] = hits / (double)relevant;
    values[PMKT_CF_RECALL_CAPPED * stride] = hits / (double)most;
    values[PMKT_CF_NDCG * stride] = s->dcg / ruler->ideal[most];
    values[PMKT_CF_MAP * stride] = s->precisions / (double)relevant;
    values[PMKT_CF_MRR * stride] = s->first > 0 ? 1 / (double)s->first : 0;
    values[PMKT_CF_HIT * stride] = s->hits > 0 ? 1 : 0;
    values[PMKT_CF_NOVELTY * stride] = s->answers > 0 ? s->surprise / (double)s->answers : 0;
}

void pmkti_cf_measure(const pmkti_cf_ruler *ruler, const bool *hit, const double *surprise,
                      int64_t n, int64_t relevant, double *values, int64_t stride) {
    so_far s = {0};
    for (int32_t j = 0; j < ruler->n_k; j++) {
        const int32_t k = ruler->k[j];
        for (; s.answers < n && s.answers < k; s.answers++) {
            const int64_t rank = s.answers + 1;
            s.surprise += surprise[s.answers];
            if (!hit[s.answers]) continue;
            s.hits++;
            if (s.first == 0) s.first = rank;
            s.dcg += 1 / log2(1 + (double)rank);
            s.precisions += (double)s.hits / (double)rank;
        }
        write(ruler, &s, k, relevant, values + (int64_t)j * PMKTI_CF_USER_METRICS * stride, stride);
    }
}

double pmkti_cf_gini(const uint64_t *times, int64_t m, int64_t catalogue) {
    if (m == 0 || catalogue == 0) return NAN;
    if (catalogue == 1) return 0;
    const double n = (double)catalogue;
    double weighted = 0, sum = 0;
    for (int64_t i = 0; i < m; i++) {
        weighted += (double)(catalogue - m + i + 1) * (double)times[i];
        sum += (double)times[i];
    }
    /* An even catalogue is 0 but for rounding. */
    const double gini = (2 * weighted / sum - (n + 1)) / (n - 1);
    return gini > 0 ? gini : 0;
}
