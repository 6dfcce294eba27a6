#include "rfm/facts.h"

/* One order as its records pass by: lines, then refunds by date, then a cancellation. */
typedef struct net {
    bool line;
    int64_t line_ms;
    int64_t cancel_ms; /* PMKTI_NEVER if it is not canceled */
    bool canceled;     /* the cancellation has been booked */
    int64_t amount;    /* what is left of the order */
    int64_t owed;      /* what the cancellation gave back: refunds after it pay that out */
} net;

static void count_order(const pmkti_asof *as_of, const net *n, pmkti_facts *f) {
    const bool counts = n->line && !n->canceled && n->amount >= (as_of->unpriced ? 0 : 1);
    if (!counts) return;
    f->orders++;
    f->window_orders += n->line_ms >= as_of->window_ms;
    if (n->line_ms < f->first_ms) f->first_ms = n->line_ms;
    if (f->last_ms == PMKTI_NEVER || n->line_ms > f->last_ms) f->last_ms = n->line_ms;
}

static void book(const pmkti_asof *as_of, int64_t ms, int64_t change, net *n, pmkti_facts *f) {
    n->amount += change;
    f->revenue += change;
    if (ms >= as_of->tier_ms) f->tier_spend += change;
}

/* Gives back what refunds before it have left. */
static void cancel(const pmkti_asof *as_of, net *n, pmkti_facts *f) {
    if (n->canceled) return;
    n->canceled = true;
    n->owed = n->amount > 0 ? n->amount : 0;
    book(as_of, n->cancel_ms, -n->owed, n, f);
}

static void refund(const pmkti_asof *as_of, int64_t ms, int64_t amount, net *n, pmkti_facts *f) {
    if (ms > n->cancel_ms) {
        cancel(as_of, n, f);
        const int64_t paid_out = amount < n->owed ? amount : n->owed;
        n->owed -= paid_out;
        amount -= paid_out;
    }
    book(as_of, ms, -amount, n, f);
}

static void pass(const pmkti_asof *as_of, const pmkti_order *o, int64_t ms, net *n,
                 pmkti_facts *f) {
    switch (pmkti_stamp_tag(o->stamp)) {
        case PMKTI_LINE:
            n->line = true;
            n->line_ms = ms;
            book(as_of, ms, o->amount, n, f);
            break;
        case PMKTI_REFUND:
            refund(as_of, ms, o->amount, n, f);
            break;
        default:
            cancel(as_of, n, f);
    }
}

/* The records of one order: those with the id of the first, or it alone if it has none. */
static size_t order_end(const pmkti_order *orders, size_t i, size_t n) {
    size_t end = i + 1;
    if (orders[i].order == PMKT_ID_NONE) return end;
    while (end < n && orders[end].order == orders[i].order) end++;
    return end;
}

static int64_t cancel_date(const pmkti_order *last, int64_t as_of_ms) {
    if (pmkti_stamp_tag(last->stamp) != PMKTI_CANCEL) return PMKTI_NEVER;
    const int64_t ms = pmkti_stamp_ms(last->stamp);
    return ms < as_of_ms ? ms : PMKTI_NEVER;
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
    for (size_t i = 0, end; i < n; i = end) {
        end = order_end(orders, i, n);
        net open = {.cancel_ms = cancel_date(&orders[end - 1], as_of->ms)};
        for (size_t k = i; k < end; k++) {
            const int64_t ms = pmkti_stamp_ms(orders[k].stamp);
            if (ms >= as_of->ms) continue;
            if (ms < first_record) first_record = ms;
            pass(as_of, &orders[k], ms, &open, &f);
        }
        count_order(as_of, &open, &f);
    }

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
