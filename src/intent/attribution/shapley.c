/*
 * shapley.c - exact Shapley values of the game in which a coalition of channels is worth the conversions
 * of the chain that is left when all other channels are removed.
 *
 * Coalitions are gone through in the order of a counter, whose highest bit is the first channel. Channel by
 * channel the chain gets smaller: one that is in the coalition is taken out by rerouting what came through it
 * to where it went on (elimination), one that is not by sending what came to it to null. Counting
 * changes the low bits most often, so that on average two small steps are done anew for each coalition:
 * O(2^n) in all, where a solution for each would be O(2^n n^3).
 */
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/credit.h"

#define MOST PMKTI_ATTRIBUTION_MOST_SHAPLEY

/* The chain when the first so many channels are decided. Row MOST is the start. */
typedef struct level {
    double flow[MOST + 1][MOST]; /* from the first to the second */
    double conversions[MOST + 1], values[MOST + 1], nulls[MOST + 1];
} level;

static void decide(const level *from, int d, int n, bool is_in, level *to) {
    double out = from->conversions[d] + from->nulls[d];
    for (int b = d + 1; b < n; b++) out += from->flow[d][b];
    for (int i = d + 1; i <= n; i++) {
        const int a = i < n ? i : MOST;
        const double into = from->flow[a][d], part = is_in && out > 0 ? into / out : 0;
        for (int b = d + 1; b < n; b++) to->flow[a][b] = from->flow[a][b] + part * from->flow[d][b];
        to->conversions[a] = from->conversions[a] + part * from->conversions[d];
        to->values[a] = from->values[a] + part * from->values[d];
        to->nulls[a] = from->nulls[a] + (is_in ? part * from->nulls[d] : into);
    }
}

static void fill(const pmkti_attribution_chain *chain, const pmkti_attribution_flow *flow,
                 pmkti_attribution_counts counts, level *first) {
    memset(first, 0, sizeof *first);
    for (int32_t t = 1; t < chain->states; t++) {
        const int32_t c = chain->holds[t];
        for (int32_t e = chain->into[t]; e < chain->into[t + 1]; e++) {
            const int32_t from = chain->from[e];
            first->flow[from ? chain->holds[from] : MOST][c] = flow->step[e];
        }
        first->conversions[c] = flow->conversions[t];
        if (flow->values) first->values[c] = flow->values[t];
    }
    for (int64_t j = 0; j < chain->in->paths; j++) {
        if (chain->end[j]) first->nulls[chain->holds[chain->end[j]]] += counts.nulls[j];
    }
}

/* The worth of every coalition; bit n - 1 - c says that channel c is in it. */
static void go_through(level *levels, int n, double *conversions, double *values) {
    for (uint32_t s = 0; s < UINT32_C(1) << n; s++) {
        const int d0 = s == 0 ? 0 : n - 1 - __builtin_ctz(s);
        for (int d = d0; d < n; d++) {
            decide(&levels[d], d, n, (s >> (n - 1 - d) & 1) != 0, &levels[d + 1]);
        }
        conversions[s] = levels[n].conversions[MOST];
        if (values) values[s] = levels[n].values[MOST];
    }
}

/* Shapley, "A value for n-person games", 1953: what c adds to each coalition S without it, weighted by
   |S|! (n - |S| - 1)! / n!. */
static double value_of(const double *worth, int n, int c) {
    const uint32_t mine = UINT32_C(1) << (n - 1 - c);
    double weight[MOST], sum = 0;
    weight[0] = 1 / (double)n;
    for (int k = 1; k < n; k++) weight[k] = weight[k - 1] * k / (n - k);
    for (uint32_t s = 0; s < UINT32_C(1) << n; s++) {
        if (s & mine) continue;
        sum += weight[__builtin_popcount(s)] * (worth[s | mine] - worth[s]);
    }
    return sum;
}

static void evaluate(const double *worth, int n, double *credit, double *effect) {
    const uint32_t all = (UINT32_C(1) << n) - 1;
    for (int c = 0; c < n; c++) {
        credit[c] = value_of(worth, n, c);
        const double without = worth[all & ~(UINT32_C(1) << (n - 1 - c))];
        effect[c] = worth[all] != 0 ? (worth[all] - without) / worth[all] : 0;
    }
}

pmkt_status pmkti_attribution_shapley(const pmkti_attribution_chain *chain,
                                      const pmkti_attribution_flow *flow,
                                      pmkti_attribution_counts counts,
                                      pmkti_attribution_credit *credit) {
    const pmkt_allocator *a = chain->in->allocator;
    const int n = (int)chain->in->channels;
    const size_t coalitions = (size_t)1 << n;
    level *levels = pmkti_alloc(a, (size_t)n + 1, sizeof *levels);
    double *conversions = pmkti_alloc(a, coalitions, sizeof *conversions);
    double *values = flow->values ? pmkti_alloc(a, coalitions, sizeof *values) : NULL;
    const bool has_room = levels && conversions && (values || !flow->values);
    if (has_room) {
        fill(chain, flow, counts, &levels[0]);
        go_through(levels, n, conversions, values);
        evaluate(conversions, n, credit->conversions, credit->effect);
        if (values) evaluate(values, n, credit->values, credit->value_effect);
    }
    pmkti_free(a, levels, (size_t)n + 1, sizeof *levels);
    pmkti_free(a, conversions, coalitions, sizeof *conversions);
    pmkti_free(a, values, coalitions, sizeof *values);
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}
