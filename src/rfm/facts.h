/*
 * facts.h - what is known of one customer as of an instant: the one place where orders, refunds and
 * cancellations become numbers.
 */
#ifndef PMKTI_RFM_FACTS_H
#define PMKTI_RFM_FACTS_H

#include "rfm/state.h"

/* The question. */
typedef struct pmkti_asof {
    int64_t ms;        /* exclusive */
    int64_t window_ms; /* orders from here on count in window_orders */
    int64_t tier_ms;   /* money from here on counts in tier_spend */
    bool unpriced;
} pmkti_asof;

/* The answer. Times are PMKTI_NEVER where there is none. */
typedef struct pmkti_facts {
    uint64_t key;
    int64_t origin_ms; /* registration, else first event */
    int64_t first_ms;  /* first counted order */
    int64_t last_ms;   /* last counted order */
    int64_t orders;
    int64_t window_orders;
    int64_t revenue;
    int64_t tier_spend;
    bool tier_known;
    bool registered;
    bool aware;
    bool acted; /* anything but a registration: also an order that was given back */
    bool interested;
} pmkti_facts;

/* Whether anything of the customer is dated before as_of: else they are not known yet. */
bool pmkti_known_history(const pmkti_asof *as_of, const pmkti_customer *customer,
                         const pmkti_order *orders, size_t n);

/* The facts of a customer who is known. */
void pmkti_facts_history(const pmkti_asof *as_of, const pmkti_customer *customer,
                         const pmkti_order *orders, size_t n, pmkti_facts *facts);

/* The same for sums, which are all before as_of. */
void pmkti_facts_summary(const pmkti_asof *as_of, const pmkti_entry *entry, pmkti_facts *facts);

#endif
