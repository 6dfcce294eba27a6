#include "rfm/facts.h"

/* One order id while its records pass by: lines, then refunds by date, then a cancellation. */
typedef struct net {
    bool line, canceled;
    int64_t line_ms;
    int64_t amount; /* what is left of the order */
} net;

static void count_order(const pmkti_asof *as_of, const net *n, pmkti_facts *f) {
    const bool counts = n->line && !n->canceled && n->amount >= (as_of->unpriced ? 0 : 1);
    if (!counts) return;
    f->orders++;
    f->window_orders += n->line_ms >= as_of->window_ms;
    if (n->line_ms < f->first_ms) f->first_ms = n->line_ms;
    if (f->last_ms == PMKTI_NEVER || n->line_ms > f->last_ms) f->last_ms = n->line_ms;
}

static void pass(const pmkti_asof *as_of, const pmkti_order *o, int64_t ms, net *n,
                 pmkti_facts *f) {
    int64_t change = 0;
    switch (pmkti_stamp_tag(o->stamp)) {
        case PMKTI_LINE:
            n->line = true;
            n->line_ms = ms;
            change = o->amount;
            break;
        case PMKTI_REFUND:
            change = -o->amount;
            break;
        default: /* gives back what refunds have left */
            n->canceled = true;
            change = n->amount > 0 ? -n->amount : 0;
    }
    n->amount += change;
    f->revenue += change;
    if (ms >= as_of->tier_ms) f->tier_spend += change;
}

static int64_t seen(pmkti_when when, int64_t as_of_ms) {
    const int64_t ms = pmkti_when_ms(when);
    return ms < as_of_ms ? ms : PMKTI_NEVER;
}

bool pmkti_known_history(const pmkti_asof *as_of, const pmkti_customer *customer,
                         const pmkti_order *orders, size_t n) {
    if (seen(customer->registered, as_of->ms) != PMKTI_NEVER) return true;
    if (seen(customer->aware, as_of->ms) != PMKTI_NEVER) return true;
    for (size_t i = 0; i < n; i++) {
        if (pmkti_stamp_ms(orders[i].stamp) < as_of->ms) return true;
    }
    return false;
}

void pmkti_facts_history(const pmkti_asof *as_of, const pmkti_customer *customer,
                         const pmkti_order *orders, size_t n, pmkti_facts *facts) {
    pmkti_facts f = {.key = customer->key, .first_ms = PMKTI_NEVER, .last_ms = PMKTI_NEVER};
    int64_t first_record = PMKTI_NEVER;
    net open = {false, false, 0, 0};
    uint64_t id = PMKT_ID_NONE;
    for (size_t i = 0; i < n; i++) {
        const pmkti_order *o = &orders[i];
        if (o->order != id || id == PMKT_ID_NONE) { /* without an id each is by itself */
            count_order(as_of, &open, &f);
            open = (net){false, false, 0, 0};
            id = o->order;
        }
        const int64_t ms = pmkti_stamp_ms(o->stamp);
        if (ms >= as_of->ms) continue;
        if (ms < first_record) first_record = ms;
        pass(as_of, o, ms, &open, &f);
    }
    count_order(as_of, &open, &f);

    const int64_t registered = seen(customer->registered, as_of->ms);
    const int64_t aware = seen(customer->aware, as_of->ms);
    f.registered = registered != PMKTI_NEVER;
    f.aware = aware != PMKTI_NEVER;
    f.acted = f.aware || first_record != PMKTI_NEVER;
    f.interested = seen(customer->interest, as_of->ms) != PMKTI_NEVER;
    f.origin_ms = f.registered ? registered : aware < first_record ? aware : first_record;
    f.tier_known = true;
    *facts = f;
}

void pmkti_facts_summary(const pmkti_asof *as_of, const pmkti_entry *entry, pmkti_facts *facts) {
    pmkti_facts f = {.key = entry->key};
    f.first_ms = pmkti_when_ms(entry->first);
    f.last_ms = pmkti_when_ms(entry->last);
    f.orders = entry->orders;
    f.window_orders = entry->orders;
    f.revenue = entry->revenue;
    const int64_t registered = pmkti_when_ms(entry->registered);
    f.registered = registered != PMKTI_NEVER;
    f.aware = entry->flags & PMKTI_IS_AWARE;
    f.acted = pmkti_when_ms(entry->event) != PMKTI_NEVER;
    f.interested = entry->flags & PMKTI_IS_INTERESTED;
    f.origin_ms = f.registered ? registered : pmkti_when_ms(entry->event);
    f.tier_spend = entry->revenue;
    f.tier_known = f.first_ms >= as_of->tier_ms; /* true without orders: never is late */
    *facts = f;
}
