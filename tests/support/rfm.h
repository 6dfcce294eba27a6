/*
 * rfm.h (tests) - the calls of rfm.h with fewer arguments; each asserts that it succeeds.
 */
#ifndef PMKT_TEST_RFM_H
#define PMKT_TEST_RFM_H

#include "support/batch.h"

/* A state in the default mode, and one in summary mode. */
pmkt_rfm *rfm_history(void);
pmkt_rfm *rfm_summary(void);

/* A state by options. */
pmkt_rfm *rfm_with(const pmkt_rfm_options *options);

/* Adds a batch and frees its columns. Every row must be taken. */
void rfm_take(pmkt_rfm *rfm, batch *b);

/* Adds a batch and keeps its columns. */
void rfm_add(pmkt_rfm *rfm, const batch *b);

/* Adds one row. */
void rfm_add_row(pmkt_rfm *rfm, uint64_t user, int64_t time, int32_t kind, uint64_t order,
                 int64_t amount);
void rfm_add_order(pmkt_rfm *rfm, uint64_t user, int64_t time, uint64_t order, int64_t amount);
void rfm_add_event(pmkt_rfm *rfm, uint64_t user, int64_t time, int32_t kind);

/*
 * Adds a customer's orders: the first `span` days before the last, all others with the last, which
 * is at noon, `recency` days before `as_of`. Their amounts sum to `total`.
 */
void rfm_add_buyer(pmkt_rfm *rfm, uint64_t user, int64_t as_of, int32_t recency, int32_t span,
                   int64_t orders, int64_t total);

/* Forgets one user; how many had something to forget. */
int64_t rfm_forget_one(pmkt_rfm *rfm, uint64_t user, int64_t when_ms);

void rfm_merge(pmkt_rfm *into, const pmkt_rfm *from);

pmkt_rfm_counters rfm_stats(const pmkt_rfm *rfm);

pmkt_rfm_scores *rfm_score(const pmkt_rfm *rfm, int64_t as_of,
                           const pmkt_rfm_score_options *options);

pmkt_rfm_columns columns_of(const pmkt_rfm_scores *scores);

/* The row of a user, or -1. */
int64_t row_of(const pmkt_rfm_scores *scores, uint64_t user);

/* One row of scores by value, so that a test can state what it expects of a customer. */
typedef struct customer {
    int32_t recency_days, tenure_days;
    int64_t orders, average_order, revenue, tier_spend, to_next_tier;
    double orders_per_month;
    uint8_t r, f, m, segment, activity, lifecycle, brand_stage, tier, flags;
} customer;

/* Scores the state and reads one user, who must be known. */
customer customer_at(const pmkt_rfm *rfm, int64_t as_of, const pmkt_rfm_score_options *options,
                     uint64_t user);

/* The same of scores. */
customer customer_of(const pmkt_rfm_scores *scores, uint64_t user);

/* Whether scoring the state knows the user. */
int is_known(const pmkt_rfm *rfm, int64_t as_of, uint64_t user);

pmkt_rfm_migration *migrate(const pmkt_rfm_scores *before, const pmkt_rfm_scores *after,
                            int32_t by);

#endif
