/*
 * bury.c - physically removes what the tombs of a partition forget. Arrays only shrink, in place,
 * so that it cannot fail.
 */
#include "rfm/fold.h"

int64_t pmkti_part_forgotten(const pmkti_part *part, uint64_t key) {
    size_t low = 0, high = part->tombs.n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (part->tombs.at[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < part->tombs.n && part->tombs.at[low].key == key;
    return found ? part->tombs.at[low].when_ms : INT64_MIN;
}

/* Keeps of the orders [from, end) those that no date before `when_ms` touches, at `to`; returns the
   new end. Records of one order id stand together, its lines first. */
static size_t keep_orders(pmkti_order *orders, size_t from, size_t end, size_t to,
                          int64_t when_ms) {
    uint64_t dropped = PMKT_ID_NONE; /* the order whose line went, and so all else of it */
    for (size_t i = from; i < end; i++) {
        const pmkti_order *o = &orders[i];
        const bool old = pmkti_stamp_ms(o->stamp) < when_ms;
        if (old && o->order != PMKT_ID_NONE && pmkti_stamp_tag(o->stamp) == PMKTI_LINE) {
            dropped = o->order;
        }
        if (old || (o->order != PMKT_ID_NONE && o->order == dropped)) continue;
        orders[to++] = *o;
    }
    return to;
}

static bool keep_fact(pmkti_when *fact, int64_t when_ms) {
    const int64_t ms = pmkti_when_ms(*fact);
    if (ms >= when_ms) return true;
    *fact = pmkti_when_of(PMKTI_NEVER);
    return false;
}

static bool has_fact(const pmkti_customer *c) {
    return pmkti_when_ms(c->registered) != PMKTI_NEVER || pmkti_when_ms(c->aware) != PMKTI_NEVER ||
           pmkti_when_ms(c->interest) != PMKTI_NEVER;
}

static int64_t bury_history(pmkti_part *part) {
    size_t from = 0, orders = 0, customers = 0;
    int64_t found = 0;
    for (size_t i = 0; i < part->customers.n; i++) {
        pmkti_customer c = part->customers.at[i];
        const size_t end = c.end, begin = orders;
        const int64_t when_ms = pmkti_part_forgotten(part, c.key);
        orders = keep_orders(part->orders.at, from, end, begin, when_ms);
        bool whole = orders - begin == end - from;
        whole = keep_fact(&c.registered, when_ms) && whole;
        whole = keep_fact(&c.aware, when_ms) && whole;
        whole = keep_fact(&c.interest, when_ms) && whole;
        found += !whole;
        if (pmkti_when_ms(c.aware) == PMKTI_NEVER)
            c.aware = c.interest; /* which is awareness too */
        from = end;
        if (orders == begin && !has_fact(&c)) continue;
        c.end = (uint32_t)orders;
        part->customers.at[customers++] = c;
    }
    if (part->orders.n > orders) {
        memset(part->orders.at + orders, 0, (part->orders.n - orders) * sizeof *part->orders.at);
    }
    memset(part->customers.at + customers, 0,
           (part->customers.n - customers) * sizeof *part->customers.at);
    part->orders.n = orders;
    part->customers.n = customers;
    return found;
}

/* Sums cannot be cut at a date: they go, all of them. */
static pmkti_entry registration_only(const pmkti_entry *e) {
    const pmkti_when never = pmkti_when_of(PMKTI_NEVER);
    return (pmkti_entry){
        .key = e->key, .first = never, .last = never, .registered = e->registered, .event = never};
}

static int64_t bury_summary(pmkti_part *part) {
    size_t kept = 0;
    int64_t found = 0;
    for (size_t i = 0; i < part->entries.n; i++) {
        pmkti_entry e = part->entries.at[i];
        const int64_t when_ms = pmkti_part_forgotten(part, e.key);
        const bool reaches_back = pmkti_when_ms(e.event) < when_ms;
        const bool whole = keep_fact(&e.registered, when_ms) && !reaches_back;
        found += !whole;
        if (reaches_back) e = registration_only(&e);
        const bool empty =
            pmkti_when_ms(e.event) == PMKTI_NEVER && pmkti_when_ms(e.registered) == PMKTI_NEVER;
        if (!empty) part->entries.at[kept++] = e;
    }
    memset(part->entries.at + kept, 0, (part->entries.n - kept) * sizeof *part->entries.at);
    part->entries.n = kept;
    return found;
}

int64_t pmkti_part_bury(pmkti_part *part, int32_t mode) {
    if (part->tombs.n == 0) return 0;
    if (mode == PMKT_RFM_HISTORY) return part->customers.n ? bury_history(part) : 0;
    return part->entries.n ? bury_summary(part) : 0;
}
