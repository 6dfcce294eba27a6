/*
 * evaluate_take.c - answers of a block of users become metrics of each, and counts of the items.
 */
#include <math.h>
#include <string.h>

#include "cf/evaluate.h"
#include "cf/find.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/idset.h"
#include "core/sort_ids.h"

#define CHUNK 16 /* users that a worker takes at once */

typedef struct block {
    pmkti_cf_evaluating *e;
    int64_t first, n, room;
    const uint64_t *ids;
    const int32_t *counts;
    int32_t *number;  /* [n * most] of the items answered, -1 outside the catalogue */
    bool *hit;        /* [workers * most] */
    double *surprise; /* [workers * most] */
    int64_t workers;
} block;

static int64_t answers_of(const block *b, int64_t i) {
    int64_t n = b->counts[i];
    if (n > b->room) n = b->room;
    return n < b->e->most ? n : b->e->most;
}

/* Of an item outside the catalogue: as if one user had it. Only answers from elsewhere hold one, unless
   a mapped model is damaged. */
static double of_nobody(const pmkti_cf_evaluating *e) {
    return e->o.train && e->o.train->users > 0 ? log2((double)e->o.train->users) : NAN;
}

static void measure_user(const block *b, int64_t i, int worker) {
    pmkti_cf_evaluating *e = b->e;
    const pmkti_cf_judge *judge = &e->judge[b->first + i];
    const uint64_t *relevant = e->relevant + judge->relevant;
    bool *hit = b->hit + (int64_t)worker * e->most;
    double *surprise = b->surprise + (int64_t)worker * e->most;
    const int64_t n = answers_of(b, i);
    for (int64_t r = 0; r < n; r++) {
        const uint64_t id = b->ids[i * b->room + r];
        const int64_t number = pmkti_cf_find(e->item_id, e->items, id);
        b->number[i * e->most + r] = (int32_t)number;
        hit[r] = pmkti_cf_find(relevant, judge->n, id) >= 0;
        surprise[r] = number >= 0 ? e->surprise[number] : of_nobody(e);
    }
    const pmkti_cf_ruler ruler = {e->out->k, e->out->n_k, e->ideal};
    pmkti_cf_measure(&ruler, hit, surprise, n, judge->n, e->out->user_value + b->first + i,
                     e->out->users);
}

static pmkt_status measure_chunk(void *ctx, int64_t chunk, int worker) {
    const block *b = ctx;
    const int64_t end = (chunk + 1) * CHUNK < b->n ? (chunk + 1) * CHUNK : b->n;
    for (int64_t i = chunk * CHUNK; i < end; i++) measure_user(b, i, worker);
    return PMKT_OK;
}

/* --------------------------------------------------------- items of the groups */

static int64_t row_of(const pmkti_cf_evaluating *e, int32_t group, int32_t j) {
    return (((int64_t)group + 1) * e->o.n_k + j) * PMKT_CF_METRICS_;
}

/* Coverage and Gini of a group (or of all: -1) from the items that it was answered; then its counts are
   zero again. */
static void write_items(pmkti_cf_evaluating *e, int32_t group) {
    uint64_t *times = e->times + (group >= 0 ? (int64_t)e->o.n_k * e->items : 0);
    for (int32_t j = 0; j < e->o.n_k; j++, times += e->items) {
        int64_t m = 0;
        for (int64_t i = 0; i < e->n_met; i++) {
            const int32_t item = e->met[i];
            if (times[item] > 0) e->sorted[m++] = times[item];
            if (j + 1 < e->o.n_k) times[item + e->items] += times[item];
            times[item] = 0;
        }
        if (m > 1) pmkti_sort_ids(e->sorted, (size_t)m);
        double *value = e->out->value + row_of(e, group, j);
        value[PMKT_CF_COVERAGE] = e->catalogue > 0 ? (double)m / (double)e->catalogue : NAN;
        value[PMKT_CF_GINI] = pmkti_cf_gini(e->sorted, m, e->catalogue);
    }
    e->n_met = 0;
}

void pmkti_cf_evaluate_items(pmkti_cf_evaluating *e) {
    if (e->counting >= 0) write_items(e, e->counting);
    e->counting = -1;
}

void pmkti_cf_evaluate_all_items(pmkti_cf_evaluating *e) {
    e->n_met = 0;
    for (int64_t i = 0; i < e->items; i++) {
        bool any = false;
        for (int32_t j = 0; j < e->o.n_k; j++) any |= e->times[j * e->items + i] > 0;
        if (any) e->met[e->n_met++] = (int32_t)i;
    }
    write_items(e, -1);
}

static bool is_allowed(const pmkti_cf_evaluating *e, int32_t number) {
    return number >= 0 && (!e->o.allow || pmkti_idset_has(e->o.allow, e->item_id[number]));
}

static void count_user(pmkti_cf_evaluating *e, const block *b, int64_t i) {
    const int32_t group = e->judge[b->first + i].group;
    if (group != e->counting) {
        pmkti_cf_evaluate_items(e);
        e->counting = group;
    }
    const int64_t n = answers_of(b, i);
    int32_t j = 0;
    for (int64_t r = 0; r < n; r++) {
        const int32_t item = b->number[i * e->most + r];
        while (r >= e->out->k[j]) j++;
        if (!is_allowed(e, item)) continue;
        e->times[j * e->items + item]++;
        if (group < 0) continue;
        e->times[(e->o.n_k + j) * e->items + item]++;
        if (e->met_by[item] != group) e->met[e->n_met++] = item;
        e->met_by[item] = group;
    }
}

/* --------------------------------------------------------------------- a block */

static void clear(block *b) {
    const pmkt_allocator *a = &b->e->allocator;
    const size_t most = (size_t)b->e->most, workers = (size_t)b->workers;
    pmkti_free(a, b->number, (size_t)b->n * most, sizeof *b->number);
    pmkti_free(a, b->hit, workers * most, sizeof *b->hit);
    pmkti_free(a, b->surprise, workers * most, sizeof *b->surprise);
}

pmkt_status pmkti_cf_evaluate_take(pmkti_cf_evaluating *e, int64_t first, int64_t n,
                                   const uint64_t *ids, const int32_t *counts, int64_t room,
                                   pmkt_error *err) {
    block b = {.e = e, .first = first, .n = n, .room = room, .ids = ids, .counts = counts};
    const int64_t chunks = (n + CHUNK - 1) / CHUNK;
    const pmkti_run quiet = {e->run.threads, {NULL, NULL}};
    const pmkti_stage stage = {"metrics", 0, 1};
    const size_t most = (size_t)e->most;
    b.workers = pmkti_workers(&quiet, chunks);
    b.number = pmkti_alloc(&e->allocator, (size_t)n * most, sizeof *b.number);
    b.hit = pmkti_alloc(&e->allocator, (size_t)b.workers * most, sizeof *b.hit);
    b.surprise = pmkti_alloc(&e->allocator, (size_t)b.workers * most, sizeof *b.surprise);
    if (!b.number || !b.hit || !b.surprise) {
        clear(&b);
        return pmkti_no_memory(err, (size_t)n * most * sizeof *b.number);
    }
    const pmkt_status status = pmkti_parallel(&quiet, stage, measure_chunk, &b, chunks);
    for (int64_t i = 0; i < n && !status; i++) count_user(e, &b, i);
    clear(&b);
    return pmkti_stopped(err, status);
}
