/*
 * check.c - whether a partition that comes from a file is one that this library could have written.
 *
 * It is read by code that trusts what is in memory. So here is proven what that code relies on:
 * ends that rise and stay within the orders, keys that ascend and belong here, times of the state's
 * span, sums that fit; and with that, that folding what is folded changes nothing.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "rfm/files.h"

/* One partition under examination. */
typedef struct exam {
    const pmkt_rfm *rfm;
    const pmkti_part *part;
    const pmkti_span *section;
    size_t at;       /* of what is looked at, in the section */
    uint64_t before; /* the key before, if there is one */
    bool any;
    uint32_t partition;
    pmkt_error *err;
} exam;

static pmkt_status wrong(const exam *x, const char *what) {
    return pmkti_corrupt(x->section, x->at, what, x->err);
}

/* Keys ascend, and 0 is the key of no user. */
static bool next_key(exam *x, uint64_t key) {
    const bool rises = x->any ? key > x->before : key != 0;
    x->before = key;
    x->any = true;
    return rises && pmkti_partition_of_key(key) == x->partition;
}

static bool in_span(const exam *x, int64_t ms) {
    return ms >= x->rfm->first_ms && ms <= x->rfm->last_ms;
}

static bool is_when(const exam *x, pmkti_when when) {
    const int64_t ms = pmkti_when_ms(when);
    return ms == PMKTI_NEVER || in_span(x, ms);
}

static bool is_never(pmkti_when when) {
    return pmkti_when_ms(when) == PMKTI_NEVER;
}

/* ------------------------------------------------------------------ history */

static bool is_order(const exam *x, const pmkti_order *o) {
    const uint32_t tag = pmkti_stamp_tag(o->stamp);
    const int64_t ms = pmkti_stamp_ms(o->stamp);
    if (tag > PMKTI_CANCEL || !in_span(x, ms) || o->stamp != pmkti_stamp(tag, ms)) return false;
    if (tag == PMKTI_CANCEL) return o->amount == 0 && o->order != PMKT_ID_NONE;
    return o->amount >= 0;
}

/* Sorted by id, stamp and amount, and nothing left that folding would join. */
static bool follows(const pmkti_order *a, const pmkti_order *b) {
    if (a->order != b->order) return a->order < b->order;
    if (a->stamp > b->stamp) return false;
    const uint32_t tag = pmkti_stamp_tag(b->stamp);
    if (pmkti_stamp_tag(a->stamp) != tag) return true;
    if (tag == PMKTI_LINE) {
        const bool sorted = a->stamp < b->stamp || a->amount <= b->amount;
        return sorted && b->order == PMKT_ID_NONE;
    }
    return tag == PMKTI_REFUND && a->stamp < b->stamp;
}

/* The orders [from, end) of one customer. */
static pmkt_status check_orders(exam *x, size_t orders_at, size_t from, size_t end,
                                uint64_t *amounts) {
    for (size_t i = from; i < end; i++) {
        const pmkti_order *o = &x->part->orders.at[i];
        x->at = orders_at + i * sizeof *o;
        if (!is_order(x, o)) return wrong(x, "an order cannot be what it says");
        if (i > from && !follows(o - 1, o)) return wrong(x, "orders are not as they are kept");
        *amounts += (uint64_t)o->amount; /* each below 2^63, so a sum that passes it is seen */
        if (*amounts > INT64_MAX) return wrong(x, "amounts do not fit 64 bits");
    }
    return PMKT_OK;
}

static bool is_customer(const exam *x, const pmkti_customer *c, bool bought) {
    const bool times = is_when(x, c->registered) && is_when(x, c->aware) && is_when(x, c->interest);
    const bool something = bought || !is_never(c->registered) || !is_never(c->aware);
    return times && something && pmkti_when_ms(c->aware) <= pmkti_when_ms(c->interest) &&
           c->unused[0] == 0 && c->unused[1] == 0;
}

static pmkt_status check_history(exam *x, size_t begin, uint64_t *amounts) {
    const pmkti_part *part = x->part;
    const size_t orders_at = begin + part->customers.n * sizeof *part->customers.at;
    size_t from = 0;
    for (size_t i = 0; i < part->customers.n; i++) {
        const pmkti_customer *c = &part->customers.at[i];
        const size_t end = c->end;
        x->at = begin + i * sizeof *c;
        if (!next_key(x, c->key)) return wrong(x, "a customer is not where they belong");
        if (end < from || end > part->orders.n) return wrong(x, "a customer has orders of others");
        if (!is_customer(x, c, end > from)) return wrong(x, "a customer cannot be what it says");
        const pmkt_status status = check_orders(x, orders_at, from, end, amounts);
        if (status) return status;
        from = end;
    }
    x->at = orders_at + from * sizeof *part->orders.at;
    return from == part->orders.n ? PMKT_OK : wrong(x, "there are orders of nobody");
}

/* ------------------------------------------------------------------ summary */

static bool is_entry(const exam *x, const pmkti_entry *e) {
    const int64_t event = pmkti_when_ms(e->event), first = pmkti_when_ms(e->first);
    const int64_t last = pmkti_when_ms(e->last);
    if (!is_when(x, e->first) || !is_when(x, e->last) || !is_when(x, e->registered) ||
        !is_when(x, e->event)) {
        return false;
    }
    if (e->flags != 0 && e->flags != PMKTI_IS_AWARE &&
        e->flags != (PMKTI_IS_AWARE | PMKTI_IS_INTERESTED)) {
        return false;
    }
    if (e->unused[0] != 0 || e->unused[1] != 0 || e->unused[2] != 0) return false;
    if (event == PMKTI_NEVER) { /* registered, and that is all */
        return !is_never(e->registered) && e->orders == 0 && e->revenue == 0 && e->flags == 0 &&
               first == PMKTI_NEVER && last == PMKTI_NEVER;
    }
    if (e->orders == 0) return first == PMKTI_NEVER && last == PMKTI_NEVER;
    return event <= first && first <= last && last != PMKTI_NEVER;
}

static pmkt_status check_summary(exam *x, size_t begin, uint64_t *amounts) {
    for (size_t i = 0; i < x->part->entries.n; i++) {
        const pmkti_entry *e = &x->part->entries.at[i];
        x->at = begin + i * sizeof *e;
        if (!next_key(x, e->key)) return wrong(x, "a customer is not where they belong");
        if (!is_entry(x, e)) return wrong(x, "a customer cannot be what it says");
        const uint64_t size = e->revenue < 0 ? -(uint64_t)e->revenue : (uint64_t)e->revenue;
        if (size > INT64_MAX - *amounts) return wrong(x, "amounts do not fit 64 bits");
        *amounts += size;
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------- partition */

pmkt_status pmkti_tombs_check(const pmkt_rfm *rfm, const pmkti_origin *origin, int64_t p,
                              pmkt_error *err) {
    const pmkti_part *part = &rfm->parts[p];
    exam x = {.rfm = rfm, .part = part, .section = &origin->tombs, .err = err};
    x.partition = (uint32_t)p;
    for (size_t i = 0; i < part->tombs.n; i++) {
        const pmkti_tomb *tomb = &part->tombs.at[i];
        x.at = origin->tombs_at[p] + i * sizeof *tomb;
        if (!next_key(&x, tomb->key) || tomb->when_ms < PMKT_TIME_MIN ||
            tomb->when_ms > PMKT_TIME_MAX) {
            return wrong(&x, "a forgetting cannot be what it says");
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_part_check(const pmkt_rfm *rfm, const pmkti_origin *origin, int64_t p,
                             pmkt_error *err) {
    exam x = {.rfm = rfm, .part = &rfm->parts[p], .section = &origin->data, .err = err};
    x.partition = (uint32_t)p;
    uint64_t amounts = 0;
    const size_t begin = origin->data_at[p];
    pmkt_status status = rfm->mode == PMKT_RFM_HISTORY ? check_history(&x, begin, &amounts)
                                                       : check_summary(&x, begin, &amounts);
    if (status) return status;
    x.at = begin;
    if (amounts != origin->amounts[p]) return wrong(&x, "amounts are not what the index says");
    return pmkti_tombs_check(rfm, origin, p, err);
}

/* --------------------------------------------------------- when it is needed */

pmkt_status pmkti_origin_ready(const pmkt_rfm *rfm, int64_t p, uint8_t what) {
    pmkti_origin *o = rfm->origin;
    if (atomic_load_explicit(&o->checked[p], memory_order_acquire) >= what) return PMKT_OK;
    /* Two threads may both do it; they find the same. */
    const pmkt_status status = what == PMKTI_ALL_CHECKED ? pmkti_part_check(rfm, o, p, NULL)
                                                         : pmkti_tombs_check(rfm, o, p, NULL);
    if (status) {
        atomic_store(&o->bad, (int32_t)p + 1);
        return status;
    }
    uint8_t before = atomic_load(&o->checked[p]);
    while (before < what && !atomic_compare_exchange_weak(&o->checked[p], &before, what)) {
    }
    return PMKT_OK;
}

bool pmkti_rfm_damaged(const pmkt_rfm *rfm) {
    return rfm->origin && atomic_load(&rfm->origin->bad) != 0;
}

pmkt_status pmkti_rfm_stopped(pmkt_error *err, const pmkt_rfm *rfm, pmkt_status status) {
    if (status != PMKT_E_CORRUPT) return pmkti_stopped(err, status);
    if (!pmkti_rfm_damaged(rfm)) return status;
    const int32_t bad = atomic_load(&rfm->origin->bad);
    if (pmkti_part_check(rfm, rfm->origin, bad - 1, err)) return status;
    return pmkti_fail(err, status, "the mapped file was written to while it was read");
}

void pmkti_origin_free(const pmkt_allocator *allocator, pmkti_origin *origin) {
    if (!origin) return;
    pmkti_container_close(origin->container);
    pmkti_free(allocator, origin, 1, sizeof *origin);
}
