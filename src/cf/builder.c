/*
 * builder.c - events that come in more than one batch: of each row that can count, five columns.
 *
 * The columns lie one after the other in one block of memory, which grows by halves; so a batch is taken
 * whole or not at all, whatever allocation fails.
 */
#include <string.h>

#include "cf/data_rows.h"
#include "core/alloc.h"
#include "core/error.h"

#define ROW_BYTES 34 /* user, item, category, time, kind */

typedef struct columns {
    uint64_t *user, *item, *category;
    int64_t *time;
    uint16_t *kind;
} columns;

struct pmkt_cf_builder {
    pmkt_allocator allocator;
    int64_t max_bytes;
    int64_t n, room; /* rows */
    int64_t no_item;
    int64_t last_ms;
    void *block; /* [room * ROW_BYTES] */
};

static columns columns_of(void *block, int64_t room) {
    columns c;
    c.user = block;
    if (!block) return (columns){NULL, NULL, NULL, NULL, NULL};
    c.item = c.user + room;
    c.category = c.item + room;
    c.time = (int64_t *)(void *)(c.category + room);
    c.kind = (uint16_t *)(void *)(c.time + room);
    return c;
}

pmkt_status pmkt_cf_builder_new(const pmkt_allocator *allocator, int64_t max_bytes,
                                pmkt_cf_builder **builder, pmkt_error *err) {
    if (!builder) return pmkti_null(err, "builder");
    if (max_bytes < 0) return pmkti_fail(err, PMKT_E_INVALID, "max_bytes is negative");
    pmkt_allocator mine;
    const pmkt_status status = pmkti_allocator_check(allocator, &mine, err);
    if (status) return status;
    pmkt_cf_builder *b = pmkti_alloc_zero(&mine, 1, sizeof *b);
    if (!b) return pmkti_no_memory(err, sizeof *b);
    b->allocator = mine;
    b->max_bytes = max_bytes;
    b->last_ms = INT64_MIN;
    *builder = b;
    return PMKT_OK;
}

void pmkt_cf_builder_free(pmkt_cf_builder *builder) {
    if (!builder) return;
    const pmkt_allocator a = builder->allocator;
    pmkti_free(&a, builder->block, (size_t)builder->room, ROW_BYTES);
    pmkti_free(&a, builder, 1, sizeof *builder);
}

static int64_t bytes_with(int64_t room) {
    return (int64_t)sizeof(pmkt_cf_builder) + room * ROW_BYTES;
}

int64_t pmkt_cf_builder_bytes(const pmkt_cf_builder *builder) {
    return builder ? bytes_with(builder->room) : 0;
}

static pmkt_status reserve(pmkt_cf_builder *b, int64_t rows, pmkt_error *err) {
    const int64_t need = b->n + rows, grown = b->room + b->room / 2;
    if (need > INT64_MAX / 2 / ROW_BYTES) {
        return pmkti_fail(err, PMKT_E_LIMIT, "the builder has too many rows");
    }
    if (need <= b->room) return PMKT_OK;
    int64_t room = grown > need ? grown : need;
    if (b->max_bytes > 0 && bytes_with(room) > b->max_bytes) room = need;
    if (b->max_bytes > 0 && bytes_with(room) > b->max_bytes) {
        return pmkti_fail(err, PMKT_E_LIMIT, "the builder would need %lld bytes; max_bytes is %lld",
                          (long long)bytes_with(room), (long long)b->max_bytes);
    }
    void *block = pmkti_alloc(&b->allocator, (size_t)room, ROW_BYTES);
    if (!block) return pmkti_no_memory(err, (size_t)room * ROW_BYTES);
    if (b->block) {
        const columns from = columns_of(b->block, b->room), to = columns_of(block, room);
        const size_t n = (size_t)b->n;
        memcpy(to.user, from.user, n * sizeof *to.user);
        memcpy(to.item, from.item, n * sizeof *to.item);
        memcpy(to.category, from.category, n * sizeof *to.category);
        memcpy(to.time, from.time, n * sizeof *to.time);
        memcpy(to.kind, from.kind, n * sizeof *to.kind);
    }
    pmkti_free(&b->allocator, b->block, (size_t)b->room, ROW_BYTES);
    b->block = block;
    b->room = room;
    return PMKT_OK;
}

static void append(pmkt_cf_builder *b, const pmkti_cf_rows *rows) {
    const pmkt_events *ev = &rows->ev;
    const columns c = columns_of(b->block, b->room);
    if (!c.user || !rows->plain) return; /* nothing was reserved */
    for (int64_t i = 0; i < ev->rows; i++) {
        const bool bad = !rows->plain[i / PMKTI_EVENTS_BLOCK] && pmkti_event_fault(ev, i) >= 0;
        if (bad || !ev->item || ev->item[i] == PMKT_ID_NONE) continue;
        c.user[b->n] = ev->user[i];
        c.item[b->n] = ev->item[i];
        c.category[b->n] = ev->category ? ev->category[i] : PMKT_ID_NONE;
        c.time[b->n] = ev->time[i];
        c.kind[b->n++] = (uint16_t)pmkti_event_kind(ev, i);
    }
}

pmkt_status pmkt_cf_builder_add(pmkt_cf_builder *builder, const pmkt_events *events,
                                const pmkt_run *run, pmkt_report *report, pmkt_error *err) {
    if (!builder) return pmkti_null(err, "builder");
    pmkt_cf_builder *b = builder;
    pmkti_cf_rows rows = {.last_ms = INT64_MIN};
    pmkti_run how;
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &rows.ev, err);
    if (!status) status = pmkti_run_check(run, rows.ev.rows, &how, err);
    if (!status) status = pmkti_report_begin(report, rows.ev.rows, &mine, err);
    if (status) return status;
    uint8_t *plain = NULL;
    status = pmkti_cf_rows_check(&rows, &b->allocator, &how, (pmkti_stage){"reading", 0, 1}, &plain,
                                 &mine, err);
    if (!status) {
        mine.accepted = mine.rows - mine.rejected - mine.ignored;
        status = reserve(b, mine.accepted, err);
    }
    if (!status && mine.accepted > 0) append(b, &rows);
    if (!status) {
        b->no_item += mine.ignored;
        if (rows.last_ms > b->last_ms) b->last_ms = rows.last_ms;
    }
    pmkti_free(&b->allocator, plain, pmkti_cf_blocks(rows.ev.rows), sizeof *plain);
    if (!status || status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    return status;
}

pmkt_status pmkt_cf_builder_build(const pmkt_cf_builder *builder,
                                  const pmkt_cf_data_options *options, const pmkt_run *run,
                                  pmkt_cf_data **data, pmkt_error *err) {
    if (!builder) return pmkti_null(err, "builder");
    if (!data) return pmkti_null(err, "data");
    const columns c = columns_of(builder->block, builder->room);
    pmkti_cf_rows rows = {
        .ev = PMKT_EVENTS_INIT, .last_ms = builder->last_ms, .no_item = builder->no_item};
    rows.ev.rows = builder->n;
    rows.ev.user = c.user;
    rows.ev.item = c.item;
    rows.ev.category = c.category;
    rows.ev.time = c.time;
    rows.ev.kind = c.kind;
    pmkti_cf_plan plan;
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, builder->n, &how, err);
    if (!status) status = pmkti_cf_plan_make(options, &plan, err);
    if (status) return status;
    status = pmkti_cf_data_make(&plan, &rows, &how, data, err);
    pmkti_cf_plan_clear(&plan);
    return status;
}
