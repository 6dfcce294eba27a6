/*
 * data_caps.c - the caps of the items of a user and of the users of an item: only those that exceed one
 * are looked at.
 */
#include "cf/data_entries.h"
#include "core/alloc.h"
#include "core/sort.h"

static bool rather(const void *a, const void *b) {
    const pmkti_cf_rival *x = a, *y = b;
    if (fabs(x->weight) != fabs(y->weight)) return fabs(x->weight) > fabs(y->weight);
    if (x->time != y->time) return x->time > y->time;
    return x->tie < y->tie;
}

void pmkti_cf_drop(pmkti_cf_rival *rivals, int64_t n, int64_t cap) {
    pmkti_sort(rivals, (size_t)n, sizeof *rivals, rather);
    for (int64_t i = cap; i < n; i++) rivals[i].entry->item = PMKTI_CF_DROPPED;
}

/* ---------------------------------------------------------------------- of users */

int64_t pmkti_cf_cap_users(pmkti_cf_record *r, int64_t *time, int64_t n, int64_t cap,
                           pmkti_cf_rival *rivals) {
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r[end].of.entry.user == r[i].of.entry.user;) end++;
        if (end - i <= cap) continue;
        for (int64_t j = i; j < end; j++) {
            rivals[j - i] =
                (pmkti_cf_rival){(double)r[j].of.entry.weight, time[j], r[j].item, &r[j]};
        }
        pmkti_cf_drop(rivals, end - i, cap);
    }
    int64_t to = 0;
    for (int64_t i = 0; i < n; i++) {
        if (r[i].item == PMKTI_CF_DROPPED) continue;
        time[to] = time[i];
        r[to++] = r[i];
    }
    return to;
}

/* ---------------------------------------------------------------------- of items */

static void count(const pmkti_cf_parts *p, int64_t *n) {
    for (int64_t part = 0; part < p->parts; part++) {
        const pmkti_cf_record *r = p->records + p->begin[part];
        for (int64_t i = 0; i < p->kept[part]; i++) n[r[i].item]++;
    }
}

/* Writes the rivals to where `next` says for their item; -1: it has not too many. */
static void collect(const pmkti_cf_parts *p, int64_t *next, pmkti_cf_rival *rivals) {
    for (int64_t part = 0; part < p->parts; part++) {
        pmkti_cf_record *r = p->records + p->begin[part];
        const int64_t *time = p->time + p->begin[part];
        for (int64_t i = 0; i < p->kept[part]; i++) {
            if (next[r[i].item] < 0) continue;
            rivals[next[r[i].item]++] =
                (pmkti_cf_rival){(double)r[i].of.entry.weight, time[i], r[i].of.entry.user, &r[i]};
        }
    }
}

pmkt_status pmkti_cf_cap_items(pmkti_cf_making *m) {
    const pmkt_allocator *a = &m->d->allocator;
    const int64_t cap = m->plan->o.max_users_per_item, items = m->d->items;
    if (cap == 0) return PMKT_OK;
    int64_t *next = pmkti_alloc_zero(a, (size_t)items, sizeof *next);
    if (!next) return PMKT_E_NOMEM;
    count(&m->parts, next);
    int64_t n = 0;
    for (int64_t i = 0; i < items; i++) {
        const int64_t here = next[i];
        next[i] = here > cap ? n : -1;
        if (here > cap) n += here;
    }
    pmkti_cf_rival *rivals = pmkti_alloc(a, (size_t)n, sizeof *rivals);
    if (rivals) {
        collect(&m->parts, next, rivals);
        for (int64_t i = 0; i < n;) {
            const int64_t end = next[rivals[i].entry->item];
            pmkti_cf_drop(rivals + i, end - i, cap);
            m->d->counts.capped += end - i - cap;
            for (i += cap; i < end; i++) m->d->item_at[rivals[i].entry->of.entry.user + 1]--;
        }
    }
    pmkti_free(a, next, (size_t)items, sizeof *next);
    pmkti_free(a, rivals, (size_t)n, sizeof *rivals);
    return n > 0 && !rivals ? PMKT_E_NOMEM : PMKT_OK;
}
