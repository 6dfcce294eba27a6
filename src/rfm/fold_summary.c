/*
 * fold_summary.c - a partition of sums: merges entries by key.
 */
#include "rfm/fold.h"

/* An entry while it is summed: whole words, for six-byte fields that are read right after being
   written stall the processor. */
typedef struct sums {
    int64_t revenue, orders;
    int64_t first_ms, last_ms; /* PMKTI_NEVER and INT64_MIN without orders */
    int64_t registered_ms, event_ms;
    uint8_t flags;
} sums;

static const sums nothing = {0, 0, PMKTI_NEVER, INT64_MIN, PMKTI_NEVER, PMKTI_NEVER, 0};

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static void add_entry(sums *to, const pmkti_entry *e) {
    to->revenue += e->revenue; /* the total of all amounts fits, so this does */
    to->flags |= e->flags;
    to->registered_ms = earlier(to->registered_ms, pmkti_when_ms(e->registered));
    to->event_ms = earlier(to->event_ms, pmkti_when_ms(e->event));
    if (e->orders == 0) return;
    to->orders += e->orders;
    to->first_ms = earlier(to->first_ms, pmkti_when_ms(e->first));
    to->last_ms = later(to->last_ms, pmkti_when_ms(e->last));
}

static void add_row(sums *to, const pmkti_order *what) {
    const int64_t ms = pmkti_stamp_ms(what->stamp);
    const uint32_t tag = pmkti_stamp_tag(what->stamp);
    if (tag == PMKTI_REGISTER) {
        to->registered_ms = earlier(to->registered_ms, ms);
        return;
    }
    to->event_ms = earlier(to->event_ms, ms);
    if (tag == PMKTI_LINE) {
        to->revenue += what->amount;
        to->orders++;
        to->first_ms = earlier(to->first_ms, ms);
        to->last_ms = later(to->last_ms, ms);
    } else if (tag == PMKTI_REFUND) {
        to->revenue -= what->amount;
    } else {
        to->flags |= tag == PMKTI_INTEREST ? PMKTI_IS_AWARE | PMKTI_IS_INTERESTED : PMKTI_IS_AWARE;
    }
}

static pmkti_entry entry_of(uint64_t key, const sums *s) {
    return (pmkti_entry){
        .key = key,
        .revenue = s->revenue,
        .orders = (uint32_t)s->orders,
        .first = pmkti_when_of(s->first_ms),
        .last = pmkti_when_of(s->orders ? s->last_ms : PMKTI_NEVER),
        .registered = pmkti_when_of(s->registered_ms),
        .event = pmkti_when_of(s->event_ms),
        .flags = s->flags,
    };
}

/* Folded entries, read one by one. */
typedef struct source {
    const pmkti_entry *at;
    size_t n, next;
} source;

/* The next customer of any source; false if all have ended. */
static bool least_key(const source sources[2], const pmkti_row *row, uint64_t *key) {
    bool any = row != NULL;
    *key = row ? row->key : UINT64_MAX; /* which may be a key itself */
    for (int i = 0; i < 2; i++) {
        const source *s = &sources[i];
        if (s->next == s->n) continue;
        any = true;
        if (s->at[s->next].key < *key) *key = s->at[s->next].key;
    }
    return any;
}

static const pmkti_entry *take(source *s, uint64_t key) {
    return s->next < s->n && s->at[s->next].key == key ? &s->at[s->next++] : NULL;
}

static pmkt_status make_room(const pmkt_allocator *allocator, const pmkti_part *a,
                             const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                             pmkti_part *out) {
    size_t n = a->entries.n + (b ? b->entries.n : 0);
    for (size_t i = 0; i < n_rows; i++) n += i == 0 || rows[i].key != rows[i - 1].key;
    return PMKTI_MAKE_ROOM(allocator, out->entries, n) ? PMKT_OK : PMKT_E_NOMEM;
}

pmkt_status pmkti_fold_summary(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, const pmkti_row *rows, size_t n_rows,
                               pmkti_part *out) {
    const pmkt_status status = make_room(allocator, a, b, rows, n_rows, out);
    if (status) return status;
    source sources[2] = {{a->entries.at, a->entries.n, 0}, {NULL, 0, 0}};
    if (b) sources[1] = (source){b->entries.at, b->entries.n, 0};
    size_t row = 0;
    uint64_t key;
    while (least_key(sources, row < n_rows ? &rows[row] : NULL, &key)) {
        pmkti_entry *to = &out->entries.at[out->entries.n++];
        const pmkti_entry *x = take(&sources[0], key), *y = take(&sources[1], key);
        const bool any_rows = row < n_rows && rows[row].key == key;
        if (!any_rows && !(x && y)) { /* by far the most, when a few rows come to many customers */
            *to = x ? *x : *y;
            continue;
        }
        sums all = nothing;
        if (x) add_entry(&all, x);
        if (y) add_entry(&all, y);
        for (; row < n_rows && rows[row].key == key; row++) add_row(&all, &rows[row].what);
        if (all.orders > UINT32_MAX) return PMKT_E_OVERFLOW;
        *to = entry_of(key, &all);
    }
    return PMKT_OK;
}
