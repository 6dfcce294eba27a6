#include "core/arrow/table.h"

#include "core/alloc.h"
#include "core/arrow/stream.h"
#include "core/error.h"
#include "core/ids_state.h"
#include "core/zone.h"

/* ------------------------------------------------------------------------- begin */

pmkt_status pmkti_arrow_table_open(pmkti_arrow_table *t, struct ArrowArrayStream *stream,
                                   const pmkt_allocator *allocator, int64_t slots,
                                   pmkt_error *err) {
    pmkt_status status = pmkti_stream_take(stream, &t->stream, err);
    const pmkt_status known = pmkti_allocator_check(allocator, &t->allocator, status ? NULL : err);
    if (!status) status = known;
    if (status) return status;
    status = pmkti_stream_schema(&t->stream, &t->schema, err);
    if (!status) status = pmkti_arrow_schema_check(&t->schema, "the stream", err);
    if (status) return status;
    t->is_struct = strcmp(t->schema.format, "+s") == 0;
    t->slots = pmkti_alloc_zero(&t->allocator, (size_t)slots, sizeof *t->slots);
    if (!t->slots) return pmkti_no_memory(err, (size_t)slots * sizeof *t->slots);
    t->slot_room = slots;
    t->time_slot = -1;
    return PMKT_OK;
}

static void drop_chunks(pmkti_arrow_table *t) {
    for (int64_t i = 0; i < t->n_chunks; i++) pmkti_array_release(&t->chunks[i]);
    t->n_chunks = 0;
}

/* Nothing more comes, and what is there is no batch. */
static void end(pmkti_arrow_table *t) {
    drop_chunks(t);
    pmkti_stream_release(&t->stream);
    t->rows = 0;
}

void pmkti_arrow_table_clear(pmkti_arrow_table *t) {
    const pmkt_allocator *allocator = &t->allocator;
    end(t);
    pmkti_schema_release(&t->schema);
    if (!allocator->fn) return; /* it was never opened */
    for (int64_t i = 0; i < t->n_slots; i++) {
        pmkti_conversion_clear(&t->slots[i].conversion, allocator);
        pmkti_arrow_room_clear(&t->slots[i].own, allocator);
    }
    pmkti_free(allocator, t->slots, (size_t)t->slot_room, sizeof *t->slots);
    pmkti_free(allocator, t->chunks, (size_t)t->chunk_room, sizeof *t->chunks);
    pmkti_free_const(allocator, t->zone.transitions, (size_t)t->zone.n_transitions,
                     sizeof *t->zone.transitions);
    pmkti_arrow_kinds_clear(&t->rules.kinds, allocator);
    pmkti_arrow_room_clear(&t->reject, allocator);
}

pmkt_status pmkti_arrow_table_zone(pmkti_arrow_table *t, const pmkt_zone *zone, pmkt_error *err) {
    if (!zone) return PMKT_OK;
    pmkt_zone mine = PMKT_ZONE_INIT;
    const pmkt_status status = pmkti_zone_check(zone, &mine, err);
    if (status) return status;
    const size_t n = (size_t)mine.n_transitions;
    pmkt_transition *copy = pmkti_alloc(&t->allocator, n, sizeof *copy);
    if (n > 0 && !copy) return pmkti_no_memory(err, n * sizeof *copy);
    if (n > 0) memcpy(copy, mine.transitions, n * sizeof *copy);
    t->zone = mine;
    t->zone.transitions = copy;
    t->rules.zone = &t->zone;
    return PMKT_OK;
}

pmkt_status pmkti_arrow_decimals(int32_t given, int32_t *decimals, pmkt_error *err) {
    if (given < PMKT_DECIMALS_NONE || given > 6) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns.decimals is %d, but must be 1 to 6, 0 for 2 or "
                          "PMKT_DECIMALS_NONE",
                          (int)given);
    }
    *decimals = given == 0 ? 2 : given == PMKT_DECIMALS_NONE ? 0 : given;
    return PMKT_OK;
}

/* ----------------------------------------------------------------------- binding */

/* What is made of a column that is taken as it is; 0 for one of which nothing can be. */
static int32_t target_of_extra(const pmkti_arrow_type *type) {
    const int32_t kind = type->kind;
    if (kind == PMKTI_ARROW_UINT64 || pmkti_arrow_is_text(kind)) return PMKTI_TO_ID;
    if (kind == PMKTI_ARROW_BOOL || kind == PMKTI_ARROW_NULL) return PMKTI_TO_COUNT;
    if (pmkti_arrow_is_integer(kind)) return PMKTI_TO_COUNT;
    if (pmkti_arrow_is_float(kind) || kind == PMKTI_ARROW_DECIMAL) return PMKTI_TO_DOUBLE;
    return pmkti_convert_can(PMKTI_TO_TIME, type) ? PMKTI_TO_TIME : 0;
}

int32_t pmkti_arrow_slot_type(const pmkti_arrow_slot *slot) {
    if (slot->conversion.target == PMKTI_TO_ID) return PMKT_TYPE_UINT64;
    return slot->conversion.target == PMKTI_TO_DOUBLE ? PMKT_TYPE_DOUBLE : PMKT_TYPE_INT64;
}

/* The schema of a column, and its type. */
static pmkt_status find_column(const pmkti_arrow_table *t, const char *name, int64_t *child,
                               const struct ArrowSchema **schema, pmkti_arrow_type *type,
                               pmkt_error *err) {
    *child = -1;
    *schema = &t->schema;
    if (t->is_struct) {
        const pmkt_status status = pmkti_arrow_find(&t->schema, name, child, err);
        if (status) return status;
        *schema = t->schema.children[*child];
    }
    return pmkti_arrow_type_of(*schema, name ? name : "the stream", type, err);
}

static pmkt_status refuse(const char *what, const char *column, const struct ArrowSchema *schema,
                          pmkt_error *err) {
    const struct ArrowSchema *values = schema->dictionary ? schema->dictionary : schema;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "column \"%.60s\" has the Arrow format \"%.30s\"%s, of which no %s can be "
                      "made; arrow.h lists what can",
                      column, values->format, schema->dictionary ? " in a dictionary" : "", what);
}

static pmkt_status bind_quantity(pmkti_arrow_table *t, const char *name, pmkti_arrow_slot *slot,
                                 pmkt_error *err) {
    const struct ArrowSchema *schema = NULL;
    const pmkt_status status = find_column(t, name, &slot->by_child, &schema, &slot->by_type, err);
    if (status) return status;
    const bool is_text = pmkti_arrow_is_text(slot->by_type.kind);
    if (is_text || !pmkti_convert_can(PMKTI_TO_PRODUCT, &slot->by_type)) {
        return refuse("quantity", name, schema, err);
    }
    slot->conversion.has_by = true;
    return PMKT_OK;
}

/* How long vectors are: 0 is not known yet. */
static pmkt_status check_dimensions(const pmkti_arrow_slot *slot, const char *name,
                                    pmkt_error *err) {
    const int64_t n = slot->conversion.dimensions;
    if (n >= 0 && n <= PMKTI_MOST_DIMENSIONS) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "column \"%.60s\" has vectors of %lld numbers, but must have 1 to %d", name,
                      (long long)(n < 0 ? 0 : n), PMKTI_MOST_DIMENSIONS);
}

pmkt_status pmkti_arrow_bind(pmkti_arrow_table *t, const pmkti_arrow_wish *wish, int64_t *number,
                             pmkt_error *err) {
    pmkti_arrow_slot *slot = &t->slots[t->n_slots];
    const struct ArrowSchema *schema = NULL;
    slot->by_child = -1;
    pmkt_status status = find_column(t, wish->column, &slot->child, &schema, &slot->type, err);
    if (status) return status;
    const char *name = schema->name && schema->name[0] ? schema->name : wish->what;
    const int32_t target = wish->target ? wish->target : target_of_extra(&slot->type);
    if (!target || !pmkti_convert_can(target, &slot->type)) {
        return refuse(wish->what, name, schema, err);
    }
    if (target == PMKTI_TO_TIME && slot->type.kind == PMKTI_ARROW_TIMESTAMP &&
        !slot->type.has_zone && !t->rules.zone) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "column \"%.60s\" holds times without a time zone (Arrow format "
                          "\"%.30s\"); columns.zone must say which",
                          name, schema->format);
    }
    if (wish->by) status = bind_quantity(t, wish->by, slot, err);
    if (status) return status;
    slot->name = name;
    slot->format = schema->dictionary ? schema->dictionary->format : schema->format;
    slot->names = wish->names;
    slot->conversion.target = target;
    slot->conversion.reason = wish->reason;
    slot->conversion.is_lenient = wish->is_lenient;
    slot->conversion.rules = &t->rules;
    slot->conversion.name = name;
    if (target == PMKTI_TO_VECTOR) {
        slot->conversion.dimensions =
            slot->type.kind == PMKTI_ARROW_FIXED_LIST ? slot->type.width : 0;
        const bool is_fixed = slot->type.kind == PMKTI_ARROW_FIXED_LIST;
        if (is_fixed && slot->type.width == 0) slot->conversion.dimensions = -1;
        status = check_dimensions(slot, name, err);
        if (status) return status;
    }
    if (number) *number = t->n_slots;
    t->n_slots++;
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ chunks */

static pmkt_status keep_chunk(pmkti_arrow_table *t, struct ArrowArray *chunk, pmkt_error *err) {
    if (t->n_chunks == t->chunk_room) {
        const int64_t room = t->chunk_room ? t->chunk_room * 2 : 4;
        struct ArrowArray *chunks = pmkti_resize(&t->allocator, t->chunks, (size_t)t->chunk_room,
                                                 (size_t)room, sizeof *chunks);
        if (!chunks) {
            pmkti_array_release(chunk);
            return pmkti_no_memory(err, (size_t)room * sizeof *chunks);
        }
        t->chunks = chunks;
        t->chunk_room = room;
    }
    t->chunks[t->n_chunks++] = *chunk;
    return PMKT_OK;
}

/* What holds for a chunk as a whole, before any of its columns. */
static pmkt_status check_chunk(const pmkti_arrow_table *t, const struct ArrowArray *chunk,
                               pmkt_error *err) {
    pmkt_status status = pmkti_arrow_array_check(chunk, "the stream", err);
    if (status || !t->is_struct) return status;
    const pmkti_arrow_type type = {.kind = PMKTI_ARROW_STRUCT};
    pmkti_arrow_view view;
    if (chunk->n_children != t->schema.n_children) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "a chunk of the stream has %lld columns, but its schema %lld",
                          (long long)chunk->n_children, (long long)t->schema.n_children);
    }
    return pmkti_arrow_view_of(chunk, &type, "the stream", 0, chunk->length, &view, err);
}

/* Reads chunks into the batch: one that has rows, or all. */
static pmkt_status read_chunks(pmkti_arrow_table *t, bool all, pmkt_error *err) {
    while (t->stream.release && (all || t->n_chunks == 0)) {
        struct ArrowArray chunk = {0};
        pmkt_status status = pmkti_stream_next(&t->stream, &chunk, err);
        if (status) return status;
        if (!chunk.release) { /* the end */
            pmkti_stream_release(&t->stream);
            return PMKT_OK;
        }
        status = check_chunk(t, &chunk, err);
        if (status || chunk.length == 0) {
            pmkti_array_release(&chunk);
        } else {
            const int64_t length = chunk.length;
            status = keep_chunk(t, &chunk, err);
            if (!status && __builtin_add_overflow(t->rows, length, &t->rows)) {
                status = pmkti_fail(err, PMKT_E_INVALID, "the stream has more than 2^63 rows");
            }
        }
        if (status) return status;
    }
    return PMKT_OK;
}

/* -------------------------------------------------------------------- converting */

static pmkt_status view_column(pmkti_arrow_table *t, const struct ArrowArray *chunk, int64_t child,
                               const pmkti_arrow_type *type, const char *name,
                               pmkti_arrow_input *in, pmkt_error *err) {
    const struct ArrowArray *column = child < 0 ? chunk : chunk->children[child];
    const int64_t from = child < 0 ? 0 : chunk->offset;
    const uint8_t *outer = NULL;
    if (child >= 0 && chunk->null_count != 0) outer = chunk->buffers[0];
    pmkt_status status =
        pmkti_arrow_view_of(column, type, name, from, chunk->length, &in->view, err);
    if (!status) status = pmkti_convert_nulls(in, &t->allocator, outer, chunk->offset, err);
    return status;
}

/* How long vectors are that the schema does not tell the length of: as long as the first. */
static pmkt_status find_dimensions(pmkti_arrow_table *t, pmkti_arrow_slot *slot,
                                   const struct ArrowArray *chunk, pmkt_error *err) {
    pmkti_conversion *c = &slot->conversion;
    if (c->target != PMKTI_TO_VECTOR || c->dimensions > 0) return PMKT_OK;
    if (slot->type.kind == PMKTI_ARROW_NULL || slot->type.kind == PMKTI_ARROW_FIXED_LIST) {
        return PMKT_OK;
    }
    const pmkt_status status =
        view_column(t, chunk, slot->child, &slot->type, slot->name, &c->in, err);
    if (status) return status;
    for (int64_t i = 0; i < chunk->length && c->dimensions == 0; i++) {
        if (!pmkti_known(c->in.valid, i)) continue;
        c->dimensions = pmkti_arrow_offset(&c->in.view, i + 1) - pmkti_arrow_offset(&c->in.view, i);
    }
    return check_dimensions(slot, slot->name, err);
}

static int64_t values_a_row(const pmkti_arrow_slot *slot) {
    return slot->conversion.target == PMKTI_TO_VECTOR ? slot->conversion.dimensions : 1;
}

/* Room for all rows of the batch, when its first chunk comes. */
static pmkt_status make_room(pmkti_arrow_table *t, pmkti_arrow_slot *slot, int64_t base,
                             pmkt_error *err) {
    pmkti_conversion *c = &slot->conversion;
    const size_t size = pmkti_convert_size(c->target);
    int64_t values = 0;
    if (__builtin_mul_overflow(t->rows, values_a_row(slot), &values) ||
        !pmkti_arrow_room_for(&slot->own, &t->allocator, base == 0 ? values : 0, size)) {
        return pmkti_no_memory(err, (size_t)t->rows * size);
    }
    slot->data = slot->own.at;
    c->out = (unsigned char *)slot->own.at + (size_t)(base * values_a_row(slot)) * size;
    return PMKT_OK;
}

/* Leaves a column where it is, if it is as we want it; only in a batch of one chunk. */
static bool stays(const pmkti_arrow_table *t, pmkti_arrow_slot *slot) {
    const void *in_place = t->n_chunks == 1 ? pmkti_convert_in_place(&slot->conversion) : NULL;
    if (!in_place) return false;
    slot->data = in_place;
    slot->conversion.is_done = true;
    return true;
}

/* Sets a slot up for a chunk whose rows begin at `base` of the batch. */
static pmkt_status prepare_slot(pmkti_arrow_table *t, pmkti_arrow_slot *slot,
                                const struct ArrowArray *chunk, int64_t base, const pmkt_run *run,
                                pmkt_error *err) {
    pmkti_conversion *c = &slot->conversion;
    const bool is_vector = c->target == PMKTI_TO_VECTOR; /* looks at the entries first */
    pmkt_status status = view_column(t, chunk, slot->child, &slot->type, slot->name, &c->in, err);
    if (!status && c->has_by) {
        status = view_column(t, chunk, slot->by_child, &slot->by_type, slot->name, &c->by, err);
    }
    if (status || (!is_vector && stays(t, slot))) return status;
    c->reject = (uint8_t *)t->reject.at + base;
    c->any_bad = &t->any_bad;
    if (!is_vector) status = make_room(t, slot, base, err);
    if (!status) status = pmkti_convert_prepare(c, &t->allocator, slot->names, run, err);
    if (status && err && err->where_kind == PMKT_WHERE_ROW) {
        err->where += t->first_row + base;
        pmkti_ids_collision_move(err, err->where);
    }
    if (status || !is_vector || stays(t, slot)) return status;
    return make_room(t, slot, base, err);
}

typedef struct conversion_of_chunk {
    const pmkti_arrow_table *table;
    int64_t rows;
    int64_t first_slot, end_slot; /* the columns to convert */
} conversion_of_chunk;

/* All those columns of a block, one after another: so the first reason of a row is always the same. */
static pmkt_status convert_block(void *ctx, int64_t block, int worker) {
    const conversion_of_chunk *chunk = ctx;
    const pmkti_arrow_table *t = chunk->table;
    const int64_t from = block * PMKTI_ARROW_BLOCK;
    const int64_t left = chunk->rows - from;
    const int64_t to = left < PMKTI_ARROW_BLOCK ? chunk->rows : from + PMKTI_ARROW_BLOCK;
    (void)worker;
    for (int64_t i = chunk->first_slot; i < chunk->end_slot; i++) {
        const pmkt_status status = pmkti_convert_block(&t->slots[i].conversion, from, to);
        if (status) return status;
    }
    return PMKT_OK;
}

static pmkt_status convert_blocks(const pmkti_run *run, pmkti_stage stage,
                                  const conversion_of_chunk *chunk, pmkt_error *err) {
    conversion_of_chunk mine = *chunk;
    const int64_t blocks = (chunk->rows + PMKTI_ARROW_BLOCK - 1) / PMKTI_ARROW_BLOCK;
    const pmkt_status status = pmkti_parallel(run, stage, convert_block, &mine, blocks);
    if (status != PMKT_E_INVALID) return pmkti_stopped(err, status);
    return pmkti_fail(err, status,
                      "a chunk of the stream names entries that its dictionary does not have");
}

/* Names the first bad row of the chunk, and the column for which it is bad. */
static pmkt_status fail_at_row(pmkti_arrow_table *t, int64_t base, pmkt_error *err) {
    uint8_t *reject = (uint8_t *)t->reject.at + base;
    int64_t row = 0;
    while (!reject[row]) row++;
    const pmkti_arrow_slot *slot = t->slots;
    const int32_t reason = reject[row] - 1;
    reject[row] = 0;
    for (int64_t i = 0; i < t->n_slots && !reject[row]; i++) {
        slot = &t->slots[i];
        (void)pmkti_convert_block(&slot->conversion, row, row + 1);
    }
    const int64_t where = t->first_row + base + row;
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, where,
                         "row %lld is bad: %s, in column \"%.60s\" of Arrow format \"%.30s\" "
                         "(PMKT_ON_BAD_SKIP would leave such rows out)",
                         (long long)where, pmkt_bad_reason(reason), slot->name, slot->format);
}

/* Whether a text of the slot may be one that its dictionary has forgotten. */
static bool asks_for_dates(const pmkti_arrow_slot *slot) {
    return slot->names && slot->names->n_tombs > 0 && slot->conversion.target == PMKTI_TO_ID &&
           pmkti_arrow_is_text(slot->type.kind);
}

/* The times of a chunk's rows, before its texts are learned, for slots that ask for them. Nothing but
   times is known of the rows then: what they reject is found again in its turn. */
static pmkt_status date_rows(pmkti_arrow_table *t, const struct ArrowArray *chunk, int64_t base,
                             const pmkti_run *how, double done, pmkt_error *err) {
    const int64_t *dates = NULL;
    bool asked = false;
    for (int64_t i = 0; i < t->n_slots; i++) asked |= asks_for_dates(&t->slots[i]);
    if (asked && t->time_slot >= 0) {
        const pmkti_arrow_slot *time = &t->slots[t->time_slot];
        const int any_bad = atomic_load(&t->any_bad);
        const conversion_of_chunk ctx = {t, chunk->length, t->time_slot, t->time_slot + 1};
        const pmkt_status status =
            convert_blocks(how, (pmkti_stage){"reading", done, done}, &ctx, err);
        if (status) return status;
        memset((uint8_t *)t->reject.at + base, 0, (size_t)chunk->length);
        atomic_store(&t->any_bad, any_bad);
        dates = time->conversion.is_done ? time->data : time->conversion.out;
    }
    for (int64_t i = 0; i < t->n_slots; i++) t->slots[i].conversion.dates = dates;
    return PMKT_OK;
}

/* Sets all slots up, and says how far the batch is then. Where texts are remembered, that is a call
   of its own for each column, and has a part of the progress of the chunk like all the rest. The time
   comes first, for it says which texts are older than their forgetting. */
static pmkt_status prepare_slots(pmkti_arrow_table *t, const struct ArrowArray *chunk, int64_t base,
                                 const pmkti_run *how, double *done, pmkt_error *err) {
    const double rows = (double)t->rows;
    pmkt_status status = PMKT_OK;
    int64_t parts = 1;
    for (int64_t i = 0; i < t->n_slots; i++) parts += t->slots[i].names != NULL;
    const double part = (double)chunk->length / rows / (double)parts;
    *done = (double)base / rows;
    if (t->time_slot >= 0) {
        status = prepare_slot(t, &t->slots[t->time_slot], chunk, base, NULL, err);
    }
    if (!status) status = date_rows(t, chunk, base, how, *done, err);
    for (int64_t i = 0; i < t->n_slots && !status; i++) {
        if (i == t->time_slot) continue;
        pmkti_share share = {how->progress, *done, *done + part};
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = how->threads;
        run.progress = pmkti_share_progress(&share);
        if (t->slots[i].names) *done = share.to;
        status = prepare_slot(t, &t->slots[i], chunk, base, &run, err);
    }
    return status;
}

static pmkt_status convert_chunk(pmkti_arrow_table *t, int64_t number, int64_t base,
                                 const pmkt_run *run, pmkt_error *err) {
    const struct ArrowArray *chunk = &t->chunks[number];
    pmkti_run how;
    double done = 0;
    pmkt_status status = pmkti_run_check(run, chunk->length, &how, err);
    if (!status) status = prepare_slots(t, chunk, base, &how, &done, err);
    if (status) return status;
    const double end = (double)(base + chunk->length) / (double)t->rows;
    const pmkti_stage stage = {"reading", done < end ? done : end, end};
    const conversion_of_chunk ctx = {t, chunk->length, 0, t->n_slots};
    status = convert_blocks(&how, stage, &ctx, err);
    if (status) return status;
    if (t->on_bad == PMKT_ON_BAD_FAIL && atomic_load(&t->any_bad)) return fail_at_row(t, base, err);
    return PMKT_OK;
}

static pmkt_status convert_batch(pmkti_arrow_table *t, const pmkt_run *run, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    if (!pmkti_arrow_room_for(&t->reject, &t->allocator, t->rows, 1)) {
        return pmkti_no_memory(err, (size_t)t->rows);
    }
    memset(t->reject.at, 0, (size_t)t->rows);
    for (int64_t i = 0; i < t->n_slots && !status; i++) {
        for (int64_t j = 0; j < t->n_chunks && !status; j++) {
            status = find_dimensions(t, &t->slots[i], &t->chunks[j], err);
        }
    }
    int64_t base = 0;
    for (int64_t j = 0; j < t->n_chunks && !status; j++) {
        status = convert_chunk(t, j, base, run, err);
        base += t->chunks[j].length;
    }
    return status;
}

pmkt_status pmkti_arrow_table_next(pmkti_arrow_table *t, bool all, const pmkt_run *run,
                                   pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status) return status; /* the call is malformed: the stream is as it was */
    t->first_row += t->rows;
    t->rows = 0;
    drop_chunks(t);
    atomic_store(&t->any_bad, 0);
    status = read_chunks(t, all, err);
    if (!status && t->rows > 0) status = convert_batch(t, run, err);
    if (status) {
        end(t);
    } else if (all) { /* copied together, unless it is one chunk: the producer's memory may go */
        if (t->n_chunks > 1) drop_chunks(t);
    }
    return status;
}
