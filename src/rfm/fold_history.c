/*
 * fold_history.c - a partition of order lists: merges customers by key, and each customer's sorted
 * orders, so that all lines of one order become one record wherever they came from.
 */
#include "rfm/fold.h"

/* A folded partition, read customer by customer. */
typedef struct reader {
    const pmkti_part *part;
    size_t customer, order; /* the next ones */
} reader;

/* Sorted orders of one customer from one source. Rows carry a key before each order. */
typedef struct run {
    const unsigned char *at, *end;
    size_t stride;
} run;

static bool reader_ended(const reader *r) {
    return !r->part || r->customer == r->part->customers.n;
}

static uint64_t reader_key(const reader *r) {
    return r->part->customers.at[r->customer].key;
}

static bool reader_has(const reader *r, uint64_t key) {
    return !reader_ended(r) && reader_key(r) == key;
}

static const pmkti_order *run_head(const run *r) {
    return (const pmkti_order *)r->at;
}

static bool order_before(const pmkti_order *a, const pmkti_order *b) {
    if (a->order != b->order) return a->order < b->order;
    if (a->stamp != b->stamp) return a->stamp < b->stamp;
    return a->amount < b->amount;
}

/* Takes the customer at the reader: their facts into `to`, their orders as a run. */
static run take_customer(reader *r, pmkti_customer *to) {
    const pmkti_customer *from = &r->part->customers.at[r->customer++];
    pmkti_when_min(&to->registered, pmkti_when_ms(from->registered));
    pmkti_when_min(&to->aware, pmkti_when_ms(from->aware));
    pmkti_when_min(&to->interest, pmkti_when_ms(from->interest));
    const pmkti_order *begin = pmkti_part_orders(r->part, r->order);
    const pmkti_order *end = pmkti_part_orders(r->part, from->end);
    r->order = from->end;
    return (run){(const unsigned char *)begin, (const unsigned char *)end, sizeof *begin};
}

/* Takes the rows of a key, of which the first is rows[*next]: facts, which sort last, into `to`,
   the orders as a run. */
static run take_rows(const pmkti_row *rows, size_t n, size_t *next, pmkti_customer *to) {
    size_t i = *next;
    while (i < n && rows[i].key == to->key &&
           pmkti_stamp_tag(rows[i].what.stamp) < PMKTI_REGISTER) {
        i++;
    }
    const unsigned char *at = (const unsigned char *)&rows[*next].what;
    const run orders = {at, at + (i - *next) * sizeof *rows, sizeof *rows};
    for (; i < n && rows[i].key == to->key; i++) {
        const int64_t ms = pmkti_stamp_ms(rows[i].what.stamp);
        switch (pmkti_stamp_tag(rows[i].what.stamp)) {
            case PMKTI_REGISTER:
                pmkti_when_min(&to->registered, ms);
                break;
            case PMKTI_INTEREST:
                pmkti_when_min(&to->interest, ms); /* fall through */
            default:
                pmkti_when_min(&to->aware, ms);
        }
    }
    *next = i;
    return orders;
}

/* Appends an order to those of its customer, which begin at `from`, or joins it with the last. */
static void emit(pmkti_part *out, size_t from, const pmkti_order *order) {
    pmkti_order *last = out->orders.n > from ? &out->orders.at[out->orders.n - 1] : NULL;
    const uint32_t tag = pmkti_stamp_tag(order->stamp);
    if (last && last->order == order->order && pmkti_stamp_tag(last->stamp) == tag) {
        const bool line = tag == PMKTI_LINE && order->order != PMKT_ID_NONE;
        const bool refund = tag == PMKTI_REFUND && last->stamp == order->stamp;
        if (line || refund) {
            last->amount += order->amount; /* the total of all amounts fits, so this does */
            return;
        }
        if (tag == PMKTI_CANCEL) return; /* the first one did it */
    }
    out->orders.at[out->orders.n++] = *order;
}

/* Writes the orders of one customer from up to three runs, in order. */
static void merge_runs(pmkti_part *out, run *runs, int n) {
    const size_t from = out->orders.n;
    for (;;) {
        run *least = NULL;
        for (int i = 0; i < n; i++) {
            if (runs[i].at == runs[i].end) continue;
            if (!least || order_before(run_head(&runs[i]), run_head(least))) least = &runs[i];
        }
        if (!least) return;
        emit(out, from, run_head(least));
        least->at += least->stride;
    }
}

/* Room for the result, counted exactly but for orders that join. */
static pmkt_status make_room(const pmkt_allocator *allocator, const pmkti_part *a,
                             const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                             pmkti_part *out) {
    size_t customers = a->customers.n + (b ? b->customers.n : 0);
    size_t orders = a->orders.n + (b ? b->orders.n : 0);
    for (size_t i = 0; i < n_rows; i++) {
        customers += i == 0 || rows[i].key != rows[i - 1].key;
        orders += pmkti_stamp_tag(rows[i].what.stamp) < PMKTI_REGISTER;
    }
    if (orders > UINT32_MAX) return PMKT_E_OVERFLOW; /* pmkti_customer.end has 32 bits */
    const bool fits = PMKTI_MAKE_ROOM(allocator, out->customers, customers) &&
                      PMKTI_MAKE_ROOM(allocator, out->orders, orders);
    return fits ? PMKT_OK : PMKT_E_NOMEM;
}

/* The next customer of any source; false if all have ended. */
static bool least_key(const reader *a, const reader *b, const pmkti_row *row, uint64_t *key) {
    bool any = false;
    *key = UINT64_MAX; /* which may be a key itself */
    for (int i = 0; i < 2; i++) {
        const reader *r = i ? b : a;
        if (reader_ended(r)) continue;
        any = true;
        if (reader_key(r) < *key) *key = reader_key(r);
    }
    if (row && row->key < *key) *key = row->key;
    return any || row;
}

static pmkti_customer unknown_customer(uint64_t key) {
    const pmkti_when never = pmkti_when_of(PMKTI_NEVER);
    return (pmkti_customer){key, 0, never, never, never, {0, 0}};
}

pmkt_status pmkti_fold_history(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                               pmkti_part *out) {
    const pmkt_status status = make_room(allocator, a, b, rows, n_rows, out);
    if (status) return status;
    reader ra = {a, 0, 0}, rb = {b, 0, 0};
    size_t next = 0;
    uint64_t key;
    while (least_key(&ra, &rb, next < n_rows ? &rows[next] : NULL, &key)) {
        pmkti_customer *to = &out->customers.at[out->customers.n++];
        *to = unknown_customer(key);
        run runs[3];
        int n = 0;
        if (reader_has(&ra, key)) runs[n++] = take_customer(&ra, to);
        if (reader_has(&rb, key)) runs[n++] = take_customer(&rb, to);
        if (next < n_rows && rows[next].key == key) {
            runs[n++] = take_rows(rows, n_rows, &next, to);
        }
        merge_runs(out, runs, n);
        to->end = (uint32_t)out->orders.n;
    }
    return PMKT_OK;
}
