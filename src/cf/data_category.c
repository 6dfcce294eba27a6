/*
 * data_category.c - the most frequent category of each item, over the rows that count.
 *
 * Most items have one category ever, which a first look finds. For the others categories are numbered as
 * users and items are; the pairs of item and category are sorted as one number each, and runs counted.
 */
#include "cf/data_entries.h"
#include "cf/data_number.h"
#include "core/alloc.h"
#include "core/sort_ids.h"

typedef struct choosing {
    pmkti_cf_making *m;
    uint8_t *mixed; /* [items] 1: has more than one */
} choosing;

static bool has_one(const pmkti_cf_making *m, int64_t row) {
    return m->user[row] != PMKTI_CF_OUT && m->rows->ev.category[row] != PMKT_ID_NONE;
}

static uint32_t rows_mixed(void *ctx, int64_t from, int n, int64_t chunk) {
    (void)chunk;
    const choosing *c = ctx;
    uint32_t counts = 0;
    for (int i = 0; i < n; i++) {
        const bool mixed = has_one(c->m, from + i) && c->mixed[c->m->item[from + i]];
        counts |= (uint32_t)mixed << i;
    }
    return counts;
}

static bool any_category(const pmkti_cf_making *m) {
    for (int64_t i = 0; m->rows->ev.category && i < m->rows->ev.rows; i++) {
        if (has_one(m, i)) return true;
    }
    return false;
}

/* Gives each item the first category it comes with; true if some item has another one too. */
static bool look(const choosing *c) {
    const pmkti_cf_making *m = c->m;
    bool any = false;
    for (int64_t i = 0; i < m->rows->ev.rows; i++) {
        if (!has_one(m, i)) continue;
        const uint64_t id = m->rows->ev.category[i];
        uint64_t *mine = &m->d->category[m->item[i]];
        if (*mine == PMKT_ID_NONE) *mine = id;
        if (*mine == id) continue;
        c->mixed[m->item[i]] = 1;
        any = true;
    }
    return any;
}

/* Of each run of an item the category that comes most often; they ascend, so that the first wins. */
static void choose(pmkt_cf_data *d, const uint64_t *pairs, int64_t n, const uint64_t *ids) {
    int64_t most = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && pairs[end] == pairs[i]) end++;
        const int64_t item = (int64_t)(pairs[i] >> 32);
        if (i == 0 || (int64_t)(pairs[i - 1] >> 32) != item) most = 0;
        if (end - i > most) {
            most = end - i;
            d->category[item] = ids[pairs[i] & UINT32_MAX];
        }
        i = end;
    }
}

static pmkt_status choose_all(const pmkti_cf_making *m, const pmkti_cf_numbering *job) {
    const pmkt_allocator *a = &m->d->allocator;
    const int64_t rows = m->rows->ev.rows;
    int64_t n = 0, at = 0;
    for (int64_t i = 0; i < rows; i++) n += job->number[i] != PMKTI_CF_OUT;
    uint64_t *pairs = pmkti_alloc(a, (size_t)n, sizeof *pairs);
    if (!pairs) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < rows; i++) {
        if (job->number[i] != PMKTI_CF_OUT)
            pairs[at++] = (uint64_t)m->item[i] << 32 | job->number[i];
    }
    pmkti_sort_ids(pairs, (size_t)n);
    choose(m->d, pairs, n, job->ids);
    pmkti_free(a, pairs, (size_t)n, sizeof *pairs);
    return PMKT_OK;
}

static pmkt_status count_mixed(choosing *c, pmkti_stage stage) {
    const pmkti_cf_making *m = c->m;
    const pmkt_allocator *a = &m->d->allocator;
    const int64_t rows = m->rows->ev.rows;
    pmkti_cf_numbering job = {
        .column = m->rows->ev.category, .rows = rows, .wanted = rows_mixed, .ctx = c};
    job.number = pmkti_alloc(a, (size_t)rows, sizeof *job.number);
    if (!job.number) return PMKT_E_NOMEM;
    pmkt_status status = pmkti_cf_number(a, m->run, stage, &job);
    if (!status) status = choose_all(m, &job);
    pmkti_free(a, job.ids, (size_t)job.n, sizeof *job.ids);
    pmkti_free(a, job.number, (size_t)rows, sizeof *job.number);
    return status;
}

pmkt_status pmkti_cf_categories(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    const size_t items = (size_t)m->d->items;
    if (!any_category(m)) return PMKT_OK;
    choosing c = {.m = m};
    m->d->category = pmkti_alloc_zero(a, items, sizeof *m->d->category);
    c.mixed = pmkti_alloc_zero(a, items, sizeof *c.mixed);
    pmkt_status status = m->d->category && c.mixed ? PMKT_OK : PMKT_E_NOMEM;
    if (!status && look(&c)) status = count_mixed(&c, stage);
    pmkti_free(a, c.mixed, items, sizeof *c.mixed);
    return status;
}
