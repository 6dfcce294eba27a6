#include "pmkt/items.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/hash.h"
#include "core/structs.h"

#define MOST_DIMENSIONS 65536

static pmkt_status check_columns(const pmkt_items *items, pmkt_error *err) {
    if (items->on_bad != PMKT_ON_BAD_FAIL && items->on_bad != PMKT_ON_BAD_SKIP) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "items.on_bad is %d, but must be PMKT_ON_BAD_FAIL or _SKIP",
                          (int)items->on_bad);
    }
    if (items->rows < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "items.rows is %lld, but cannot be negative",
                          (long long)items->rows);
    }
    if (items->rows > 0 && !items->item) return pmkti_null(err, "items.item");
    if (items->dimensions < 0 || items->dimensions > MOST_DIMENSIONS) {
        return pmkti_fail(err, PMKT_E_INVALID, "items.dimensions is %lld, but must be 0 to %d",
                          (long long)items->dimensions, MOST_DIMENSIONS);
    }
    if (items->rows > 0 && (items->vector != NULL) != (items->dimensions > 0)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "items has vectors without dimensions, or dimensions without vectors");
    }
    if (items->rows > PTRDIFF_MAX / (int64_t)sizeof(float) / MOST_DIMENSIONS) {
        return pmkti_fail(err, PMKT_E_INVALID, "items.rows is %lld, more than memory can hold",
                          (long long)items->rows);
    }
    if (items->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "items.reserved is not 0");
    return PMKT_OK;
}

static pmkt_status items_in(const pmkt_items *given, pmkt_items *mine, pmkt_error *err) {
    if (!given) return pmkti_null(err, "items");
    const pmkt_items empty = PMKT_ITEMS_INIT;
    *mine = empty;
    pmkt_status status =
        pmkti_struct_in(mine, sizeof *mine, given, offsetof(pmkt_items, reject), "items", err);
    if (!status) status = check_columns(mine, err);
    if (!status) status = pmkti_extra_check(mine->extra, mine->n_extra, mine->rows, "items", err);
    if (!status) {
        status = pmkti_currency_check(mine->currency, mine->currency_exponent, "items", err);
    }
    return status;
}

/* ------------------------------------------------------------------------- rows */

static bool is_vector(const float *vector, int64_t dimensions) {
    if (isnan(vector[0])) return true; /* missing */
    int bad = 0;
    for (int64_t i = 0; i < dimensions; i++) bad |= !isfinite(vector[i]);
    return !bad;
}

/* Why a row is bad by itself, or -1. */
static int32_t fault_of(const pmkt_items *items, int64_t i) {
    if (items->reject && items->reject[i]) return pmkti_rejected(items->reject[i]);
    if (items->item[i] == PMKT_ID_NONE) return PMKT_BAD_ITEM;
    if (items->price && items->price[i] != PMKT_AMOUNT_NULL &&
        (items->price[i] < 0 || items->price[i] > PMKT_AMOUNT_MAX)) {
        return PMKT_BAD_PRICE;
    }
    if (items->stock && items->stock[i] != INT64_MIN && items->stock[i] < 0) return PMKT_BAD_STOCK;
    if (items->vector && !is_vector(items->vector + i * items->dimensions, items->dimensions)) {
        return PMKT_BAD_VECTOR;
    }
    return -1;
}

/* Items seen so far: open addressing, at most half full; 0 is no item, and so an empty slot. */
typedef struct seen {
    uint64_t *slots;
    size_t room; /* a power of two, or 0 */
} seen;

static size_t seen_room(int64_t rows) {
    size_t room = 2;
    while (room < (size_t)rows * 2) room *= 2;
    return room;
}

/* Adds an item; false if it is there already. */
static bool seen_add(const seen *s, uint64_t item) {
    size_t i = (size_t)pmkti_mix(item) & (s->room - 1);
    while (s->slots[i] != PMKT_ID_NONE && s->slots[i] != item) i = (i + 1) & (s->room - 1);
    const bool is_new = s->slots[i] == PMKT_ID_NONE;
    s->slots[i] = item;
    return is_new;
}

/* Looks at every row; returns why the first bad one is. */
static int32_t check_rows(const pmkt_items *items, const seen *s, pmkt_report *report) {
    int32_t first = -1;
    for (int64_t i = 0; i < items->rows; i++) {
        int32_t fault = fault_of(items, i);
        if (fault < 0 && !seen_add(s, items->item[i])) fault = PMKT_BAD_DUPLICATE;
        if (fault < 0) continue;
        if (report->rejected == 0) first = fault;
        pmkti_report_reject(report, i, fault);
        if (report->rejected_bits) report->rejected_bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    return first;
}

pmkt_status pmkt_items_check(const pmkt_items *items, pmkt_report *report, pmkt_error *err) {
    pmkt_items mine;
    pmkt_report found;
    pmkt_allocator heap;
    pmkt_status status = items_in(items, &mine, err);
    if (!status) status = pmkti_allocator_check(NULL, &heap, err);
    if (status) return status;
    seen s = {NULL, seen_room(mine.rows)};
    s.slots = pmkti_alloc_zero(&heap, s.room, sizeof *s.slots);
    if (!s.slots) return pmkti_no_memory(err, s.room * sizeof *s.slots);
    int32_t first = -1;
    status = pmkti_report_begin(report, mine.rows, &found, err);
    if (!status) {
        first = check_rows(&mine, &s, &found);
        const bool fails = found.rejected > 0 && mine.on_bad == PMKT_ON_BAD_FAIL;
        found.accepted = fails ? 0 : mine.rows - found.rejected;
        pmkti_report_end(report, &found);
        if (fails) status = pmkti_report_fail(&found, first, err);
    }
    pmkti_free(&heap, s.slots, s.room, sizeof *s.slots);
    return status;
}
