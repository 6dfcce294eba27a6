/*
 * summary.c - customers summed by group.
 */
#include "core/error.h"
#include "rfm/scores.h"

/* Codes that an array on the stack can count: bands, scores up to five, tables. */
#define MAX_CODES ((PMKTI_CELL_BINS + 1) * (PMKTI_CELL_BINS + 1) * (PMKTI_CELL_BINS + 1))

typedef struct sums {
    int64_t customers, orders, revenue;
    int64_t buyers, recency;
    double per_month;
} sums;

static void add_row(sums *to, const pmkt_rfm_scores *s, size_t i) {
    to->customers++;
    to->orders += s->col.orders[i];
    to->revenue += s->col.revenue[i];
    if (s->col.orders[i] == 0) return;
    to->buyers++;
    to->recency += s->col.recency_days[i];
    to->per_month += s->col.orders_per_month[i];
}

static double ratio(int64_t a, int64_t b) {
    return b > 0 ? (double)a / (double)b : 0.0;
}

static pmkt_rfm_group group_of(int32_t code, const sums *g, const sums *all) {
    return (pmkt_rfm_group){
        .code = code,
        .customers = g->customers,
        .orders = g->orders,
        .revenue = g->revenue,
        .customer_share = ratio(g->customers, all->customers),
        .order_share = ratio(g->orders, all->orders),
        .revenue_share = ratio(g->revenue, all->revenue),
        .average_order = ratio(g->revenue, g->orders),
        .average_revenue = ratio(g->revenue, g->customers),
        .average_recency = g->buyers > 0 ? ratio(g->recency, g->buyers) : -1.0,
        .orders_per_month = g->buyers > 0 ? g->per_month / (double)g->buyers : 0.0,
    };
}

pmkt_status pmkt_rfm_summary(const pmkt_rfm_scores *scores, int32_t by, pmkt_rfm_group *groups,
                             size_t group_size, int64_t capacity, pmkt_error *err) {
    if (!scores) return pmkti_null(err, "scores");
    if (!groups) return pmkti_null(err, "groups");
    const int32_t codes = pmkt_rfm_scores_codes(scores, by);
    if (codes < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "by is %d, which these scores cannot be grouped by",
                          (int)by);
    }
    if (group_size < offsetof(pmkt_rfm_group, revenue) || group_size > 4096) {
        return pmkti_fail(err, PMKT_E_INVALID, "group_size is %zu, but must be sizeof *groups",
                          group_size);
    }
    if (capacity < codes) {
        return pmkti_fail(err, PMKT_E_INVALID, "capacity is %lld, but there are %d groups",
                          (long long)capacity, (int)codes);
    }
    sums by_code[MAX_CODES], all;
    memset(by_code, 0, sizeof by_code);
    memset(&all, 0, sizeof all);
    for (size_t i = 0; i < scores->rows; i++) {
        add_row(&by_code[pmkti_score_code(scores, by, i)], scores, i);
        add_row(&all, scores, i);
    }
    /* An older caller's entries are shorter, a newer one's longer. */
    for (int32_t code = 0; code < codes; code++) {
        const pmkt_rfm_group g = group_of(code, &by_code[code], &all);
        unsigned char *to = (unsigned char *)groups + (size_t)code * group_size;
        memset(to, 0, group_size);
        memcpy(to, &g, group_size < sizeof g ? group_size : sizeof g);
    }
    return PMKT_OK;
}
