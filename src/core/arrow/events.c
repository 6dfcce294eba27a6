/*
 * events.c - pmkt_arrow_events: batches of events out of a stream.
 */
#include "core/events.h"

#include "core/arrow/reader.h"
#include "core/arrow/stream.h"
#include "core/error.h"
#include "core/structs.h"

/* The slots of the standard columns, in the order in which they are looked at. */
enum {
    USER,
    TIME,
    KIND,
    ITEM,
    CATEGORY,
    ORDER,
    SESSION,
    CHANNEL,
    EVENT_ID,
    AMOUNT,
    QUANTITY,
    STANDARD
};

struct pmkt_arrow_events {
    pmkti_arrow_table table; /* first: see reader.h */
    int64_t slot[STANDARD];  /* or -1 */
    pmkti_arrow_extra extra;
    pmkt_events batch;
};

/* -------------------------------------------------------------------------- open */

static pmkt_status check_required(const pmkt_arrow_columns *c, pmkt_error *err) {
    if (!c->user) return pmkti_null(err, "columns.user");
    if (!c->time) return pmkti_null(err, "columns.time");
    if (c->kind && c->every_kind) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns has both kind and every_kind; give one of them");
    }
    if (!c->kind && (!pmkti_kind_exists(c->every_kind) || c->every_kind > UINT16_MAX)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns names no kind column, and every_kind is %d, which is no kind",
                          (int)c->every_kind);
    }
    if (!c->kind && c->n_kinds) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns.kinds says what a kind column means, but none is named");
    }
    if ((c->amount != NULL) + (c->amount_minor != NULL) + (c->price != NULL) > 1) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns names more than one of amount, amount_minor and price");
    }
    return PMKT_OK;
}

static pmkt_status check_columns(const pmkt_arrow_columns *given, pmkt_arrow_columns *c,
                                 pmkt_error *err) {
    if (!given) return pmkti_null(err, "columns");
    const pmkt_arrow_columns empty = PMKT_ARROW_COLUMNS_INIT;
    *c = empty;
    pmkt_status status =
        pmkti_struct_in(c, sizeof *c, given, offsetof(pmkt_arrow_columns, zone), "columns", err);
    if (!status) status = pmkti_arrow_on_bad(c->on_bad, err);
    if (!status) status = check_required(c, err);
    if (!status) status = pmkti_arrow_extra_check(c->extra, c->n_extra, err);
    if (!status) status = pmkti_currency_check(c->currency, 0, "columns", err);
    if (!status &&
        (c->time_unit < PMKT_UNIT_MILLISECONDS || c->time_unit > PMKT_UNIT_NANOSECONDS)) {
        status = pmkti_fail(err, PMKT_E_INVALID, "columns.time_unit is %d, which is no PMKT_UNIT_",
                            (int)c->time_unit);
    }
    if (!status && c->reserved != 0) {
        status = pmkti_fail(err, PMKT_E_INVALID, "columns.reserved is not 0");
    }
    return status;
}

static pmkt_status bind_all(pmkt_arrow_events *r, const pmkt_arrow_columns *c, pmkt_error *err) {
    const char *money = c->price ? c->price : c->amount_minor ? c->amount_minor : c->amount;
    const int32_t way = c->price          ? PMKTI_TO_PRODUCT
                        : c->amount_minor ? PMKTI_TO_MINOR
                                          : PMKTI_TO_MONEY;
    const pmkti_arrow_wish wishes[STANDARD] = {
        [USER] = {"user", c->user, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->users},
        [TIME] = {"time", c->time, NULL, PMKTI_TO_TIME, PMKT_BAD_TIME, false, NULL},
        [KIND] = {"kind", c->kind, NULL, PMKTI_TO_KIND, PMKT_BAD_KIND, false, NULL},
        [ITEM] = {"item", c->item, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [CATEGORY] = {"category", c->category, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [ORDER] = {"order", c->order, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [SESSION] = {"session", c->session, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [CHANNEL] = {"channel", c->channel, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [EVENT_ID] = {"event_id", c->event_id, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [AMOUNT] = {"amount", money, c->price ? c->quantity : NULL, way, PMKT_BAD_AMOUNT_RANGE,
                    false, NULL},
        /* A fraction of a quantity may price a row, but no column holds it. */
        [QUANTITY] = {"quantity", c->quantity, NULL, PMKTI_TO_COUNT, PMKT_BAD_VALUE,
                      c->price != NULL, NULL},
    };
    for (int i = 0; i < STANDARD; i++) {
        r->slot[i] = -1;
        if (!wishes[i].column) continue;
        const pmkt_status status = pmkti_arrow_bind(&r->table, &wishes[i], &r->slot[i], err);
        if (status) return status;
    }
    return pmkti_arrow_extra_bind(&r->table, c->extra, c->n_extra, c->names, &r->extra, err);
}

static pmkt_status set_up(pmkt_arrow_events *r, const pmkt_arrow_columns *c, pmkt_error *err) {
    pmkti_arrow_table *t = &r->table;
    if (!t->is_struct) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the stream is one column of the Arrow format \"%.30s\", no table",
                          t->schema.format);
    }
    t->on_bad = c->on_bad;
    t->rules.time_unit = c->time_unit;
    pmkt_status status = pmkti_arrow_decimals(c->decimals, &t->rules.decimals, err);
    if (!status) status = pmkti_arrow_table_zone(t, c->zone, err);
    if (!status && c->kind) {
        status = pmkti_arrow_kinds_init(&t->rules.kinds, &t->allocator, c->kinds, c->n_kinds, err);
    }
    if (!status) status = bind_all(r, c, err);
    if (status) return status;
    t->time_slot = r->slot[TIME];
    pmkt_events_init(&r->batch);
    r->batch.on_bad = c->on_bad;
    r->batch.every_kind = c->every_kind;
    memcpy(r->batch.currency, c->currency, sizeof r->batch.currency);
    r->batch.currency_exponent = c->currency[0] ? t->rules.decimals : 0;
    return PMKT_OK;
}

pmkt_status pmkt_arrow_events_open(struct ArrowArrayStream *stream,
                                   const pmkt_arrow_columns *columns,
                                   const pmkt_allocator *allocator, pmkt_arrow_events **reader,
                                   pmkt_error *err) {
    pmkt_arrow_columns c;
    pmkt_status status = reader ? check_columns(columns, &c, err) : pmkti_null(err, "reader");
    if (status) { /* the stream is the library's, whatever is wrong with the call */
        if (stream) pmkti_stream_release(stream);
        return status;
    }
    pmkt_arrow_events *r =
        pmkti_arrow_reader_new(stream, allocator, sizeof *r, STANDARD + c.n_extra, &status, err);
    if (!r) return status;
    status = set_up(r, &c, err);
    if (status) {
        pmkt_arrow_events_free(r);
        return status;
    }
    *reader = r;
    return PMKT_OK;
}

void pmkt_arrow_events_free(pmkt_arrow_events *r) {
    if (!r) return;
    pmkti_arrow_extra_clear(&r->table, &r->extra);
    pmkti_arrow_reader_free(r, sizeof *r);
}

/* ------------------------------------------------------------------------ batches */

static const void *column(const pmkt_arrow_events *r, int which) {
    return r->slot[which] < 0 || r->table.rows == 0 ? NULL : r->table.slots[r->slot[which]].data;
}

static void fill(pmkt_arrow_events *r) {
    pmkt_events *b = &r->batch;
    b->rows = r->table.rows;
    b->user = column(r, USER);
    b->time = column(r, TIME);
    b->kind = column(r, KIND);
    b->item = column(r, ITEM);
    b->category = column(r, CATEGORY);
    b->order = column(r, ORDER);
    b->session = column(r, SESSION);
    b->channel = column(r, CHANNEL);
    b->event_id = column(r, EVENT_ID);
    b->amount = column(r, AMOUNT);
    b->quantity = column(r, QUANTITY);
    pmkti_arrow_extra_fill(&r->table, &r->extra);
    b->extra = r->extra.columns;
    b->n_extra = r->extra.n;
    b->reject = pmkti_arrow_table_reject(&r->table);
}

static pmkt_status read(pmkt_arrow_events *r, bool all, const pmkt_run *run,
                        const pmkt_events **batch, pmkt_error *err) {
    if (!r) return pmkti_null(err, "reader");
    if (!batch) return pmkti_null(err, "batch");
    const pmkt_status status = pmkti_arrow_table_next(&r->table, all, run, err);
    if (status) return status;
    fill(r);
    *batch = all || r->batch.rows > 0 ? &r->batch : NULL;
    return PMKT_OK;
}

pmkt_status pmkt_arrow_events_next(pmkt_arrow_events *reader, const pmkt_run *run,
                                   const pmkt_events **batch, pmkt_error *err) {
    return read(reader, false, run, batch, err);
}

pmkt_status pmkt_arrow_events_all(pmkt_arrow_events *reader, const pmkt_run *run,
                                  const pmkt_events **batch, pmkt_error *err) {
    return read(reader, true, run, batch, err);
}
