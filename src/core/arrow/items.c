/*
 * items.c - pmkt_arrow_items: batches of items out of a stream.
 */
#include "core/arrow/reader.h"
#include "core/arrow/stream.h"
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"

enum {
    ITEM,
    CATEGORY,
    BRAND,
    PRICE,
    STOCK,
    VECTOR,
    STANDARD
};

struct pmkt_arrow_items {
    pmkti_arrow_table table; /* first: see reader.h */
    int64_t slot[STANDARD];  /* or -1 */
    pmkti_arrow_extra extra;
    pmkt_items batch;
};

static pmkt_status check_columns(const pmkt_arrow_item_columns *given, pmkt_arrow_item_columns *c,
                                 pmkt_error *err) {
    if (!given) return pmkti_null(err, "columns");
    const pmkt_arrow_item_columns empty = PMKT_ARROW_ITEM_COLUMNS_INIT;
    *c = empty;
    pmkt_status status = pmkti_struct_in(c, sizeof *c, given,
                                         offsetof(pmkt_arrow_item_columns, items), "columns", err);
    if (!status) status = pmkti_arrow_on_bad(c->on_bad, err);
    if (!status && !c->item) status = pmkti_null(err, "columns.item");
    if (!status && c->price && c->price_minor) {
        status = pmkti_fail(err, PMKT_E_INVALID, "columns names both price and price_minor");
    }
    if (!status) status = pmkti_arrow_extra_check(c->extra, c->n_extra, err);
    if (!status) status = pmkti_currency_check(c->currency, 0, "columns", err);
    if (!status && c->reserved != 0) {
        status = pmkti_fail(err, PMKT_E_INVALID, "columns.reserved is not 0");
    }
    return status;
}

static pmkt_status bind_all(pmkt_arrow_items *r, const pmkt_arrow_item_columns *c,
                            pmkt_error *err) {
    const char *price = c->price_minor ? c->price_minor : c->price;
    const int32_t way = c->price_minor ? PMKTI_TO_MINOR : PMKTI_TO_MONEY;
    const pmkti_arrow_wish wishes[STANDARD] = {
        [ITEM] = {"item", c->item, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->items},
        [CATEGORY] = {"category", c->category, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [BRAND] = {"brand", c->brand, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, c->names},
        [PRICE] = {"price", price, NULL, way, PMKT_BAD_PRICE, false, NULL},
        [STOCK] = {"stock", c->stock, NULL, PMKTI_TO_COUNT, PMKT_BAD_VALUE, false, NULL},
        [VECTOR] = {"vector", c->vector, NULL, PMKTI_TO_VECTOR, PMKT_BAD_VECTOR, false, NULL},
    };
    for (int i = 0; i < STANDARD; i++) {
        r->slot[i] = -1;
        if (!wishes[i].column) continue;
        const pmkt_status status = pmkti_arrow_bind(&r->table, &wishes[i], &r->slot[i], err);
        if (status) return status;
    }
    return pmkti_arrow_extra_bind(&r->table, c->extra, c->n_extra, c->names, &r->extra, err);
}

static pmkt_status set_up(pmkt_arrow_items *r, const pmkt_arrow_item_columns *c, pmkt_error *err) {
    pmkti_arrow_table *t = &r->table;
    if (!t->is_struct) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the stream is one column of the Arrow format \"%.30s\", no table",
                          t->schema.format);
    }
    t->on_bad = c->on_bad;
    pmkt_status status = pmkti_arrow_decimals(c->decimals, &t->rules.decimals, err);
    if (!status) status = bind_all(r, c, err);
    if (status) return status;
    pmkt_items_init(&r->batch);
    r->batch.on_bad = c->on_bad;
    memcpy(r->batch.currency, c->currency, sizeof r->batch.currency);
    r->batch.currency_exponent = c->currency[0] ? t->rules.decimals : 0;
    return PMKT_OK;
}

pmkt_status pmkt_arrow_items_open(struct ArrowArrayStream *stream,
                                  const pmkt_arrow_item_columns *columns,
                                  const pmkt_allocator *allocator, pmkt_arrow_items **reader,
                                  pmkt_error *err) {
    pmkt_arrow_item_columns c;
    pmkt_status status = reader ? check_columns(columns, &c, err) : pmkti_null(err, "reader");
    if (status) { /* the stream is the library's, whatever is wrong with the call */
        if (stream) pmkti_stream_release(stream);
        return status;
    }
    pmkt_arrow_items *r =
        pmkti_arrow_reader_new(stream, allocator, sizeof *r, STANDARD + c.n_extra, &status, err);
    if (!r) return status;
    status = set_up(r, &c, err);
    if (status) {
        pmkt_arrow_items_free(r);
        return status;
    }
    *reader = r;
    return PMKT_OK;
}

void pmkt_arrow_items_free(pmkt_arrow_items *r) {
    if (!r) return;
    pmkti_arrow_extra_clear(&r->table, &r->extra);
    pmkti_arrow_reader_free(r, sizeof *r);
}

static const void *column(const pmkt_arrow_items *r, int which) {
    return r->slot[which] < 0 || r->table.rows == 0 ? NULL : r->table.slots[r->slot[which]].data;
}

static void fill(pmkt_arrow_items *r) {
    pmkt_items *b = &r->batch;
    b->rows = r->table.rows;
    b->item = column(r, ITEM);
    b->category = column(r, CATEGORY);
    b->brand = column(r, BRAND);
    b->price = column(r, PRICE);
    b->stock = column(r, STOCK);
    b->vector = column(r, VECTOR);
    b->dimensions = 0;
    if (b->vector) b->dimensions = r->table.slots[r->slot[VECTOR]].conversion.dimensions;
    if (b->dimensions == 0) b->vector = NULL; /* no row has one, and none says how long it was */
    pmkti_arrow_extra_fill(&r->table, &r->extra);
    b->extra = r->extra.columns;
    b->n_extra = r->extra.n;
    b->reject = pmkti_arrow_table_reject(&r->table);
}

static pmkt_status read(pmkt_arrow_items *r, bool all, const pmkt_run *run,
                        const pmkt_items **batch, pmkt_error *err) {
    if (!r) return pmkti_null(err, "reader");
    if (!batch) return pmkti_null(err, "batch");
    const pmkt_status status = pmkti_arrow_table_next(&r->table, all, run, err);
    if (status) return status;
    fill(r);
    *batch = all || r->batch.rows > 0 ? &r->batch : NULL;
    return PMKT_OK;
}

pmkt_status pmkt_arrow_items_next(pmkt_arrow_items *reader, const pmkt_run *run,
                                  const pmkt_items **batch, pmkt_error *err) {
    return read(reader, false, run, batch, err);
}

pmkt_status pmkt_arrow_items_all(pmkt_arrow_items *reader, const pmkt_run *run,
                                 const pmkt_items **batch, pmkt_error *err) {
    return read(reader, true, run, batch, err);
}
