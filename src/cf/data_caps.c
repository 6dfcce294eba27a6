/*
 * data_caps.c - the cap of the users of an item: only items that exceed it are looked at.
 */
#include "cf/data_entries.h"
#include "core/alloc.h"
#include "core/sort.h"

/* An entry of an item that has too many. */
typedef struct rival {
    double weight;
    int64_t time;
    uint32_t user, item;
    pmkti_cf_record *entry;
} rival;

static bool rather(const void *a, const void *b) {
    const rival *x = a, *y = b;
    return pmkti_cf_rather(x->weight, x->time, x->user, y->weight, y->time, y->user);
}

static void count(const pmkti_cf_parts *p, int64_t *n) {
    for (int64_t part = 0; part < p->parts; part++) {
        const pmkti_cf_record *r = p->records + p->begin[part];
        for (int64_t i = 0; i < p->kept[part]; i++) n[r[i].item]++;
    }
}

/* Writes the rivals to where `next` says for their item; -1: it has not too many. */
static void collect(const pmkti_cf_parts *p, int64_t *next, rival *rivals) {
    for (int64_t part = 0; part < p->parts; part++) {
        pmkti_cf_record *r = p->records + p->begin[part];
        for (int64_t i = 0; i < p->kept[part]; i++) {
            if (next[r[i].item] < 0) continue;
            rivals[next[r[i].item]++] =
                (rival){r[i].says.weight, r[i].time, r[i].user, r[i].item, &r[i]};
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
    rival *rivals = pmkti_alloc(a, (size_t)n, sizeof *rivals);
    if (rivals) {
        collect(&m->parts, next, rivals);
        for (int64_t i = 0; i < n;) {
            const int64_t end = next[rivals[i].item];
            pmkti_sort(rivals + i, (size_t)(end - i), sizeof *rivals, rather);
            for (int64_t j = i + cap; j < end; j++) rivals[j].entry->item = PMKTI_CF_DROPPED;
            m->d->counts.capped += end - i - cap;
            i = end;
        }
    }
    pmkti_free(a, next, (size_t)items, sizeof *next);
    pmkti_free(a, rivals, (size_t)n, sizeof *rivals);
    return n > 0 && !rivals ? PMKT_E_NOMEM : PMKT_OK;
}
