/*
 * data_events.c - training data from events: one batch, or the rows of a builder.
 *
 * The stages: check the rows; number the users (which decides what counts) and the items; the categories;
 * sort the rows out, add them up, cap; write the matrix and transpose it. Only the first knows of bad rows.
 */
#include <string.h>

#include "cf/data_entries.h"
#include "cf/data_number.h"
#include "cf/data_rows.h"
#include "core/alloc.h"
#include "core/error.h"

/* ------------------------------------------------------------------- numbering */

/* A group is of one block of the check, as both are powers of two. */
static uint32_t rows_that_count(void *ctx, int64_t from, int n, int64_t chunk) {
    const pmkti_cf_making *m = ctx;
    const pmkti_cf_rows *r = m->rows;
    const bool plain = !r->plain || r->plain[from / PMKTI_EVENTS_BLOCK];
    uint32_t counts = 0;
    for (int i = 0; i < n; i++) {
        const int64_t row = from + i;
        if (!plain && pmkti_event_fault(&r->ev, row) >= 0) continue;
        const bool has_item = r->ev.item && r->ev.item[row] != PMKT_ID_NONE;
        const int why = has_item ? pmkti_cf_why(m->plan, &r->ev, row) : PMKTI_CF_NO_ITEM;
        if (why == PMKTI_CF_COUNTS)
            counts |= UINT32_C(1) << i;
        else
            m->why[chunk][why]++;
    }
    m->why[chunk][PMKTI_CF_COUNTS] += __builtin_popcount(counts);
    return counts;
}

static uint32_t rows_with_user(void *ctx, int64_t from, int n, int64_t chunk) {
    (void)chunk;
    const uint32_t *user = ((const pmkti_cf_making *)ctx)->user + from;
    uint32_t counts = 0;
    for (int i = 0; i < n; i++) counts |= (uint32_t)(user[i] != PMKTI_CF_OUT) << i;
    return counts;
}

static void count_rows(pmkti_cf_making *m, int64_t chunks) {
    int64_t sum[PMKTI_CF_WHYS] = {0};
    for (int64_t c = 0; c < chunks; c++) {
        for (int w = 0; w < PMKTI_CF_WHYS; w++) sum[w] += m->why[c][w];
    }
    pmkt_cf_data_counts *counts = &m->d->counts;
    counts->rows = sum[PMKTI_CF_COUNTS];
    counts->no_item = m->rows->no_item + sum[PMKTI_CF_NO_ITEM];
    counts->no_consent = sum[PMKTI_CF_NO_CONSENT];
    counts->out_of_time = sum[PMKTI_CF_OUT_OF_TIME];
    counts->no_weight = sum[PMKTI_CF_NO_WEIGHT];
}

static pmkt_status number_users(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    const int64_t rows = m->rows->ev.rows, chunks = (rows + PMKTI_CF_CHUNK - 1) / PMKTI_CF_CHUNK;
    m->user = pmkti_alloc(a, (size_t)rows, sizeof *m->user);
    m->why = pmkti_alloc_zero(a, (size_t)chunks, sizeof *m->why);
    pmkti_cf_numbering job = {.column = m->rows->ev.user,
                              .rows = rows,
                              .wanted = rows_that_count,
                              .ctx = m,
                              .number = m->user};
    pmkt_status status = m->user && m->why ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) status = pmkti_cf_number(a, m->run, stage, &job);
    if (!status) {
        m->d->user_id = job.ids;
        m->d->users = job.n;
        count_rows(m, chunks);
    }
    pmkti_free(a, m->why, (size_t)chunks, sizeof *m->why);
    m->why = NULL;
    return status;
}

static pmkt_status number_items(pmkti_cf_making *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->d->allocator;
    const int64_t rows = m->rows->ev.rows;
    m->item = pmkti_alloc(a, (size_t)rows, sizeof *m->item);
    if (!m->item) return PMKT_E_NOMEM;
    pmkti_cf_numbering job = {.column = m->rows->ev.item,
                              .rows = rows,
                              .wanted = rows_with_user,
                              .ctx = m,
                              .number = m->item};
    const pmkt_status status = pmkti_cf_number(a, m->run, stage, &job);
    m->d->item_id = job.ids;
    m->d->items = job.n;
    return status;
}

static void free_numbers(pmkti_cf_making *m) {
    const pmkt_allocator *a = &m->d->allocator;
    const size_t rows = (size_t)m->rows->ev.rows;
    pmkti_free(a, m->user, rows, sizeof *m->user);
    pmkti_free(a, m->item, rows, sizeof *m->item);
    m->user = m->item = NULL;
}

/* --------------------------------------------------------------- writing it down */

/* Writes the entries of a part to where the borders of its users say. */
static pmkt_status write_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const pmkti_cf_making *m = ctx;
    const pmkti_cf_parts *p = &m->parts;
    const pmkti_cf_record *r = p->records + p->begin[part];
    const int64_t kept = p->kept[part];
    int64_t to = m->d->item_at[part << p->shift];
    int32_t *item = m->d->item;
    float *weight = m->d->item_weight;
    for (int64_t i = 0; i < kept; i++) {
        if (r[i].item == PMKTI_CF_DROPPED) continue;
        item[to] = (int32_t)r[i].item;
        weight[to++] = r[i].of.entry.weight;
    }
    return PMKT_OK;
}

static pmkt_status write_down(pmkti_cf_making *m) {
    pmkt_cf_data *d = m->d;
    for (int64_t u = 0; u < d->users; u++) d->item_at[u + 1] += d->item_at[u];
    d->entries = d->item_at[d->users];
    if (!pmkti_cf_data_room(d)) return PMKT_E_NOMEM;
    if (d->entries == 0) return PMKT_OK;
    return pmkti_parallel(m->run, (pmkti_stage){"writing", 0.85, 0.9}, write_part, m,
                          m->parts.parts);
}

static void free_parts(pmkti_cf_making *m) {
    const pmkt_allocator *a = &m->d->allocator;
    pmkti_cf_parts *p = &m->parts;
    pmkti_free(a, p->records, (size_t)p->n, sizeof *p->records);
    pmkti_free(a, p->time, (size_t)p->n, sizeof *p->time);
    pmkti_free(a, p->begin, (size_t)p->parts + 1, sizeof *p->begin);
    pmkti_free(a, p->kept, (size_t)p->parts, sizeof *p->kept);
    pmkti_free(a, p->capped, (size_t)p->parts, sizeof *p->capped);
    *p = (pmkti_cf_parts){0};
}

/* -------------------------------------------------------------------- making it */

_Static_assert(sizeof(pmkti_cf_record) >= sizeof(pmkti_cf_entry), "records lend their memory");

static pmkt_status make_matrix(pmkti_cf_making *m) {
    pmkt_status status = pmkti_cf_sort_out(m, (pmkti_stage){"sorting out", 0.45, 0.65});
    free_numbers(m);
    if (!status) status = pmkti_cf_add_up(m, (pmkti_stage){"adding up", 0.65, 0.85});
    if (!status) status = pmkti_cf_cap_items(m);
    if (!status) status = write_down(m);
    if (status) return status;
    const pmkti_cf_sparse users = pmkti_cf_by_user(m->d);
    pmkti_cf_sparse items = pmkti_cf_by_item(m->d);
    void *records = m->parts.records; /* done with */
    return pmkti_cf_transpose(&m->d->allocator, m->run, (pmkti_stage){"transposing", 0.9, 1},
                              &users, &items, records);
}

static pmkt_status make(pmkti_cf_making *m) {
    if (m->rows->ev.rows == 0) return pmkti_cf_data_room(m->d) ? PMKT_OK : PMKT_E_NOMEM;
    pmkt_status status = number_users(m, (pmkti_stage){"numbering users", 0.1, 0.25});
    if (status) return status;
    if (m->d->users == 0) return pmkti_cf_data_room(m->d) ? PMKT_OK : PMKT_E_NOMEM;
    status = number_items(m, (pmkti_stage){"numbering items", 0.25, 0.4});
    if (!status) status = pmkti_cf_categories(m, (pmkti_stage){"categories", 0.4, 0.45});
    return status ? status : make_matrix(m);
}

/* A message that fits what went wrong. */
static pmkt_status tell(pmkt_error *err, pmkt_status status, int64_t rows) {
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, (size_t)rows * sizeof(pmkti_cf_record));
    if (status == PMKT_E_LIMIT) {
        return pmkti_fail(err, status,
                          "the events have more than 2^31 - 1 users or items, or more than "
                          "2^33 of them count");
    }
    return pmkti_stopped(err, status);
}

pmkt_status pmkti_cf_data_make(pmkti_cf_plan *plan, const pmkti_cf_rows *rows, const pmkti_run *run,
                               pmkt_cf_data **data, pmkt_error *err) {
    pmkti_cf_making m = {.plan = plan, .rows = rows, .run = run};
    m.d = pmkti_cf_data_new(&plan->allocator);
    if (!m.d) return pmkti_no_memory(err, sizeof *m.d);
    m.d->counts.no_item = rows->no_item;
    if (plan->o.as_of_ms == 0 && rows->last_ms != INT64_MIN) plan->o.as_of_ms = rows->last_ms + 1;
    m.d->counts.as_of_ms = plan->o.as_of_ms == 0 ? PMKT_TIME_NULL : plan->o.as_of_ms;
    const pmkt_status status = make(&m);
    free_numbers(&m);
    free_parts(&m);
    if (status) {
        pmkt_cf_data_release(m.d);
        return tell(err, status, rows->ev.rows);
    }
    pmkti_cf_data_finish(m.d);
    *data = m.d;
    return PMKT_OK;
}

pmkt_status pmkt_cf_data_from_events(const pmkt_events *events, const pmkt_cf_data_options *options,
                                     const pmkt_run *run, pmkt_report *report, pmkt_cf_data **data,
                                     pmkt_error *err) {
    if (!events) return pmkti_null(err, "events");
    if (!data) return pmkti_null(err, "data");
    pmkti_cf_rows rows = {.last_ms = INT64_MIN};
    pmkti_cf_plan plan;
    pmkti_run how;
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &rows.ev, err);
    if (!status) status = pmkti_run_check(run, rows.ev.rows, &how, err);
    if (!status) status = pmkti_report_begin(report, rows.ev.rows, &mine, err);
    if (!status) status = pmkti_cf_plan_make(options, &plan, err);
    if (status) return status;
    uint8_t *plain = NULL;
    status = pmkti_cf_rows_check(&rows, &plan.allocator, &how, (pmkti_stage){"reading", 0, 0.1},
                                 &plain, &mine, err);
    pmkt_cf_data *made = NULL;
    if (!status) status = pmkti_cf_data_make(&plan, &rows, &how, &made, err);
    pmkti_free(&plan.allocator, plain, pmkti_cf_blocks(rows.ev.rows), sizeof *plain);
    pmkti_cf_plan_clear(&plan);
    if (made) {
        mine.accepted = made->counts.rows;
        mine.ignored = mine.rows - mine.rejected - mine.accepted;
        *data = made;
    }
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    return status;
}
