/*
 * convert.c - which conversion serves a column, dictionaries, and what needs none.
 */
#include "core/arrow/convert.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/kernels/kernels.h"

/* ----------------------------------------------------------------------- room */

bool pmkti_arrow_room_for(pmkti_arrow_room *room, const pmkt_allocator *allocator, int64_t n,
                          size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow((size_t)n, size, &bytes)) return false;
    if (bytes == 0) bytes = 1;
    if (bytes <= room->bytes) return true;
    pmkti_arrow_room_clear(room, allocator);
    room->at = pmkti_alloc(allocator, bytes, 1);
    if (!room->at) return false;
    room->bytes = bytes;
    return true;
}

void pmkti_arrow_room_clear(pmkti_arrow_room *room, const pmkt_allocator *allocator) {
    pmkti_free(allocator, room->at, room->bytes, 1);
    *room = (pmkti_arrow_room){NULL, 0};
}

void pmkti_conversion_clear(pmkti_conversion *c, const pmkt_allocator *allocator) {
    pmkti_arrow_room *rooms[] = {&c->in.bits,    &c->by.bits, &c->entry_out, &c->entry_reject,
                                 &c->entry_bits, &c->pick,    &c->bytes,     &c->offsets,
                                 &c->ids,        &c->latest,  &c->when};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        pmkti_arrow_room_clear(rooms[i], allocator);
    }
}

/* ---------------------------------------------------------------------- targets */

static const struct {
    size_t size;
    uint64_t null;
    void (*convert)(const pmkti_conversion *c, int64_t from, int64_t to);
} targets[] = {
    [PMKTI_TO_ID] = {8, PMKT_ID_NONE, pmkti_convert_ids},
    [PMKTI_TO_TIME] = {8, (uint64_t)PMKT_TIME_NULL, pmkti_convert_times},
    [PMKTI_TO_KIND] = {2, PMKT_KIND_NONE, pmkti_convert_kinds},
    [PMKTI_TO_MONEY] = {8, (uint64_t)PMKT_AMOUNT_NULL, pmkti_convert_money},
    [PMKTI_TO_MINOR] = {8, (uint64_t)PMKT_AMOUNT_NULL, pmkti_convert_minor},
    [PMKTI_TO_PRODUCT] = {8, (uint64_t)PMKT_AMOUNT_NULL, pmkti_convert_product},
    [PMKTI_TO_COUNT] = {8, (uint64_t)INT64_MIN, pmkti_convert_counts},
    [PMKTI_TO_DOUBLE] = {8, UINT64_C(0x7ff8000000000000), pmkti_convert_doubles},
    [PMKTI_TO_VECTOR] = {4, 0, pmkti_convert_vectors},
};

size_t pmkti_convert_size(int32_t target) {
    return targets[target].size;
}

bool pmkti_convert_can(int32_t target, const pmkti_arrow_type *type) {
    const int32_t kind = type->kind;
    const bool is_number =
        pmkti_arrow_is_integer(kind) || pmkti_arrow_is_float(kind) || kind == PMKTI_ARROW_DECIMAL;
    const bool is_dictionary = type->index != PMKTI_ARROW_OTHER;
    if (is_dictionary && target == PMKTI_TO_VECTOR)
        return false; /* of nulls too: it has no lists */
    if (kind == PMKTI_ARROW_NULL) return true;
    switch (target) {
        case PMKTI_TO_ID:
            return pmkti_arrow_is_integer(kind) || pmkti_arrow_is_float(kind) ||
                   pmkti_arrow_is_text(kind);
        case PMKTI_TO_TIME:
            return pmkti_arrow_is_integer(kind) || kind == PMKTI_ARROW_TIMESTAMP ||
                   kind == PMKTI_ARROW_DATE32 || kind == PMKTI_ARROW_DATE64;
        case PMKTI_TO_KIND:
            return pmkti_arrow_is_integer(kind) || pmkti_arrow_is_text(kind);
        case PMKTI_TO_MONEY:
            return is_number || pmkti_arrow_is_text(kind);
        case PMKTI_TO_PRODUCT:
            return !is_dictionary && (is_number || pmkti_arrow_is_text(kind));
        case PMKTI_TO_MINOR:
            return pmkti_arrow_is_integer(kind);
        case PMKTI_TO_COUNT:
            return is_number || kind == PMKTI_ARROW_BOOL;
        case PMKTI_TO_DOUBLE:
            return is_number;
        default:
            return pmkti_arrow_is_list(kind) && pmkti_arrow_is_float(type->item);
    }
}

/* ------------------------------------------------------------------------ nulls */

pmkt_status pmkti_convert_nulls(pmkti_arrow_input *in, const pmkt_allocator *allocator,
                                const uint8_t *outer, int64_t outer_at, pmkt_error *err) {
    const pmkti_arrow_view *v = &in->view;
    const bool is_void = v->type.kind == PMKTI_ARROW_NULL && v->type.index == PMKTI_ARROW_OTHER;
    const int64_t bytes = v->rows / 8 + 1;
    in->valid = NULL;
    if ((!v->valid && !outer && !is_void) || v->rows == 0) return PMKT_OK;
    if (!pmkti_arrow_room_for(&in->bits, allocator, bytes, 1)) {
        return pmkti_no_memory(err, (size_t)bytes);
    }
    uint8_t *bits = in->bits.at;
    if (is_void) {
        memset(bits, 0, (size_t)bytes);
    } else if (v->valid) {
        pmkti_bits_copy(bits, v->valid, v->at, v->rows);
        if (outer) pmkti_bits_and(bits, outer, outer_at, v->rows);
    } else {
        pmkti_bits_copy(bits, outer, outer_at, v->rows);
    }
    if (pmkti_bits_count(bits, v->rows) < v->rows) in->valid = bits;
    return PMKT_OK;
}

static void fill_null(const pmkti_conversion *c, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
        if (targets[c->target].size == 2) {
            ((uint16_t *)c->out)[i] = PMKT_KIND_NONE;
        } else {
            ((uint64_t *)c->out)[i] = targets[c->target].null;
        }
    }
}

/* --------------------------------------------------------------------- in place */

/* The 64-bit values, which are aligned, if all of them lie within bounds. */
static const void *values_within(const pmkti_arrow_view *v, int64_t low, int64_t high) {
    const int64_t *values = (const int64_t *)(const void *)(v->values + v->at * 8);
    return pmkti_kernels_get()->all_within(values, v->rows, low, high, low) ? values : NULL;
}

static bool is_milliseconds(const pmkti_conversion *c) {
    const pmkti_arrow_type *type = &c->in.view.type;
    if (type->kind == PMKTI_ARROW_INT64) return c->rules->time_unit == PMKT_UNIT_MILLISECONDS;
    return type->kind == PMKTI_ARROW_TIMESTAMP && type->has_zone &&
           type->unit == PMKT_UNIT_MILLISECONDS;
}

/* Vectors of floats, one after another. */
static const void *vectors_in_place(const pmkti_conversion *c) {
    const pmkti_arrow_view *v = &c->in.view, *items = &c->entries;
    if (v->type.kind != PMKTI_ARROW_FIXED_LIST || items->type.kind != PMKTI_ARROW_FLOAT)
        return NULL;
    if (c->in.valid || c->entry_valid || v->rows == 0) return NULL;
    const unsigned char *values = items->values + (items->at + v->at * v->type.width) * 4;
    return (uintptr_t)values % sizeof(float) == 0 ? values : NULL;
}

const void *pmkti_convert_in_place(const pmkti_conversion *c) {
    const pmkti_arrow_view *v = &c->in.view;
    if (c->target == PMKTI_TO_VECTOR) return vectors_in_place(c);
    if (c->in.valid || v->rows == 0 || v->type.index != PMKTI_ARROW_OTHER) return NULL;
    if (!v->values || (uintptr_t)v->values % sizeof(int64_t) != 0) return NULL;
    const int32_t kind = v->type.kind;
    const void *values = v->values + v->at * 8;
    switch (c->target) {
        case PMKTI_TO_ID: /* ids above 2^63 are fine, negative ones are none */
            if (kind == PMKTI_ARROW_UINT64) return values;
            return kind == PMKTI_ARROW_INT64 ? values_within(v, 0, INT64_MAX) : NULL;
        case PMKTI_TO_TIME:
            return is_milliseconds(c) ? values_within(v, PMKT_TIME_MIN, PMKT_TIME_MAX - 1) : NULL;
        case PMKTI_TO_MINOR:
        case PMKTI_TO_COUNT: /* a value that means "null" here would be lost without a word */
            if (kind == PMKTI_ARROW_UINT64) return values_within(v, 0, INT64_MAX);
            return kind == PMKTI_ARROW_INT64 ? values_within(v, INT64_MIN + 1, INT64_MAX) : NULL;
        case PMKTI_TO_DOUBLE:
            return kind == PMKTI_ARROW_DOUBLE ? values : NULL;
        default:
            return NULL;
    }
}

/* ----------------------------------------------------------------- dictionaries */

/* A conversion of the dictionary's values, as if they were a column. */
static pmkt_status convert_entries(pmkti_conversion *c, const pmkt_allocator *allocator,
                                   pmkt_error *err) {
    const int64_t n = c->entries.rows;
    const size_t size = pmkti_convert_size(c->target);
    if (!pmkti_arrow_room_for(&c->entry_out, allocator, n, size) ||
        !pmkti_arrow_room_for(&c->entry_reject, allocator, n, 1)) {
        return pmkti_no_memory(err, (size_t)n * size);
    }
    memset(c->entry_reject.at, 0, (size_t)n);
    atomic_int any_bad = 0; /* an entry that no row names harms nobody */
    pmkti_conversion of_entries = *c;
    of_entries.in.view = c->entries;
    of_entries.in.valid = c->entry_valid;
    of_entries.out = c->entry_out.at;
    of_entries.reject = c->entry_reject.at;
    of_entries.any_bad = &any_bad;
    for (int64_t i = 0; i < n; i += PMKTI_ARROW_BLOCK) {
        const int64_t to = n - i < PMKTI_ARROW_BLOCK ? n : i + PMKTI_ARROW_BLOCK;
        const pmkt_status status = pmkti_convert_block(&of_entries, i, to);
        if (status) return status;
    }
    c->has_bad_entry = atomic_load(&any_bad) != 0;
    return PMKT_OK;
}

static pmkt_status prepare_entries(pmkti_conversion *c, const pmkt_allocator *allocator,
                                   pmkt_error *err) {
    pmkti_arrow_input entries = {.bits = c->entry_bits};
    const bool is_list = c->target == PMKTI_TO_VECTOR;
    pmkt_status status = is_list
                             ? pmkti_arrow_items_of(&c->in.view, c->name, &entries.view, err)
                             : pmkti_arrow_dictionary_of(&c->in.view, c->name, &entries.view, err);
    if (status) return status;
    status = pmkti_convert_nulls(&entries, allocator, NULL, 0, err);
    c->entry_bits = entries.bits;
    c->entries = entries.view;
    c->entry_valid = entries.valid;
    if (!status && entries.view.type.kind == PMKTI_ARROW_TEXT_VIEW) {
        status = pmkti_arrow_views_check(&entries.view, entries.valid, c->name, err);
    }
    return status;
}

pmkt_status pmkti_convert_prepare(pmkti_conversion *c, const pmkt_allocator *allocator,
                                  pmkt_ids *names, const pmkt_run *run, pmkt_error *err) {
    const pmkti_arrow_view *v = &c->in.view;
    const bool is_dictionary = v->type.index != PMKTI_ARROW_OTHER;
    const bool is_text = c->target == PMKTI_TO_ID && pmkti_arrow_is_text(v->type.kind);
    pmkt_status status = PMKT_OK;
    c->is_done = false;
    if (v->rows == 0 || (v->type.kind == PMKTI_ARROW_NULL && !is_dictionary)) return PMKT_OK;
    if (is_dictionary || c->target == PMKTI_TO_VECTOR) {
        status = prepare_entries(c, allocator, err);
    } else if (v->type.kind == PMKTI_ARROW_TEXT_VIEW) {
        status = pmkti_arrow_views_check(v, c->in.valid, c->name, err);
    }
    if (status || c->target == PMKTI_TO_VECTOR) return status;
    if (is_dictionary && is_text) {
        return pmkti_convert_dictionary_texts(c, allocator, names, run, err);
    }
    if (is_dictionary) return convert_entries(c, allocator, err);
    return is_text && names ? pmkti_convert_texts(c, allocator, names, run, err) : PMKT_OK;
}

/* Takes each row's value from the dictionary's, where no row is null and no entry bad and values
   have 64 bits; false: an index is too large. */
static bool gather_all(const uint64_t *entries, uint64_t n, const int64_t *index, int64_t rows,
                       uint64_t *out) {
    uint64_t greatest = 0;
    for (int64_t i = 0; i < rows; i++) {
        greatest = (uint64_t)index[i] > greatest ? (uint64_t)index[i] : greatest;
    }
    if (greatest >= n) return false;
    for (int64_t i = 0; i < rows; i++) out[i] = entries[index[i]];
    return true;
}

/* The same for all others. */
static pmkt_status gather(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_view *v = &c->in.view;
    const uint8_t *reject = c->has_bad_entry ? c->entry_reject.at : NULL;
    const bool is_narrow = targets[c->target].size == 2;
    const uint64_t null = targets[c->target].null;
    const uint64_t n = (uint64_t)c->entries.rows;
    const bool is_plain = !is_narrow && !reject && !c->in.valid;
    int64_t index[PMKTI_ARROW_STRIDE];
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, to);
        pmkti_load_integers(v, v->type.index, i, stride, index);
        if (is_plain) {
            uint64_t *out = (uint64_t *)c->out + i;
            if (!gather_all(c->entry_out.at, n, index, stride, out)) return PMKT_E_INVALID;
            continue;
        }
        for (int64_t j = 0; j < stride; j++) {
            const uint64_t entry = (uint64_t)index[j]; /* below zero is far above n */
            uint64_t value = null;
            if (pmkti_known(c->in.valid, i + j)) {
                if (entry >= n) return PMKT_E_INVALID;
                value = is_narrow ? ((const uint16_t *)c->entry_out.at)[entry]
                                  : ((const uint64_t *)c->entry_out.at)[entry];
                if (reject && reject[entry]) pmkti_convert_bad(c, i + j, reject[entry] - 1);
            }
            if (is_narrow) {
                ((uint16_t *)c->out)[i + j] = (uint16_t)value;
            } else {
                ((uint64_t *)c->out)[i + j] = value;
            }
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_convert_block(const pmkti_conversion *c, int64_t from, int64_t to) {
    if (c->is_done) return PMKT_OK;
    if (c->target != PMKTI_TO_VECTOR) {
        if (c->in.view.type.index != PMKTI_ARROW_OTHER) return gather(c, from, to);
        if (c->in.view.type.kind == PMKTI_ARROW_NULL) {
            fill_null(c, from, to);
            return PMKT_OK;
        }
    }
    targets[c->target].convert(c, from, to);
    return PMKT_OK;
}
