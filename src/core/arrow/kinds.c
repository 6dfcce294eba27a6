#include "core/arrow/kinds.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/hash.h"

#define MOST_LABELS 65536
#define LONGEST_TEXT 65536

static uint64_t key_of(const char *text, size_t length, int64_t number) {
    return text ? pmkti_xxh3(text, length) : pmkti_mix((uint64_t)number);
}

/* The slot of a label, or the empty one where it belongs. */
static pmkti_kind_slot *slot_of(const pmkti_arrow_kinds *k, const char *text, size_t length,
                                int64_t number) {
    const uint64_t key = key_of(text, length, number);
    for (size_t i = (size_t)key & (k->room - 1);; i = (i + 1) & (k->room - 1)) {
        pmkti_kind_slot *slot = &k->slots[i];
        if (slot->kind == PMKT_KIND_NONE) return slot;
        if (slot->key != key || (slot->text != NULL) != (text != NULL)) continue;
        if (!text || (slot->length == length && memcmp(slot->text, text, length) == 0)) return slot;
    }
}

static pmkt_status add(pmkti_arrow_kinds *k, const pmkt_allocator *allocator, const char *text,
                       int64_t number, int32_t kind, pmkt_error *err) {
    const size_t length = text ? strlen(text) : 0;
    if (length > LONGEST_TEXT) {
        return pmkti_fail(err, PMKT_E_INVALID, "a text of columns.kinds has %zu bytes, too many",
                          length);
    }
    pmkti_kind_slot *slot = slot_of(k, text, length, number);
    if (slot->kind != PMKT_KIND_NONE) {
        if (slot->kind == kind) return PMKT_OK;
        if (text) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "columns.kinds says that \"%.60s\" is both kind %d and kind %d", text,
                              (int)slot->kind, (int)kind);
        }
        return pmkti_fail(err, PMKT_E_INVALID,
                          "columns.kinds says that %lld is both kind %d and kind %d",
                          (long long)number, (int)slot->kind, (int)kind);
    }
    char *copy = NULL;
    if (text) {
        copy = pmkti_alloc(allocator, length + 1, 1);
        if (!copy) return pmkti_no_memory(err, length + 1);
        memcpy(copy, text, length + 1);
    }
    *slot = (pmkti_kind_slot){key_of(text, length, number), kind, (uint32_t)length, copy};
    return PMKT_OK;
}

static pmkt_status add_labels(pmkti_arrow_kinds *k, const pmkt_allocator *allocator,
                              const pmkt_kind_label *labels, int64_t n, pmkt_error *err) {
    for (int64_t i = 0; i < n; i++) {
        const pmkt_kind_label *label = &labels[i];
        if (!pmkti_kind_exists(label->kind) || label->kind > UINT16_MAX || label->reserved != 0) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "columns.kinds[%lld].kind is %d, which is no kind of events.h",
                              (long long)i, (int)label->kind);
        }
        const pmkt_status status =
            add(k, allocator, label->text, label->text ? 0 : label->number, label->kind, err);
        if (status) return status;
    }
    return PMKT_OK;
}

pmkt_status pmkti_arrow_kinds_init(pmkti_arrow_kinds *k, const pmkt_allocator *allocator,
                                   const pmkt_kind_label *labels, int64_t n, pmkt_error *err) {
    *k = (pmkti_arrow_kinds){NULL, 0, n > 0};
    if (n < 0 || n > MOST_LABELS) {
        return pmkti_fail(err, PMKT_E_INVALID, "columns.n_kinds is %lld, but must be 0 to %d",
                          (long long)n, MOST_LABELS);
    }
    if (n > 0 && !labels) return pmkti_null(err, "columns.kinds");
    size_t room = 64;
    while (room < (size_t)n * 2) room *= 2;
    k->slots = pmkti_alloc_zero(allocator, room, sizeof *k->slots);
    if (!k->slots) return pmkti_no_memory(err, room * sizeof *k->slots);
    k->room = room;
    if (n > 0) return add_labels(k, allocator, labels, n, err);
    pmkt_status status = PMKT_OK;
    for (int32_t kind = PMKT_KIND_NONE + 1; kind < PMKT_KIND_COUNT_ && !status; kind++) {
        status = add(k, allocator, pmkt_kind_name(kind), 0, kind, err);
    }
    return status;
}

void pmkti_arrow_kinds_clear(pmkti_arrow_kinds *k, const pmkt_allocator *allocator) {
    for (size_t i = 0; i < k->room; i++) {
        pmkti_free(allocator, k->slots[i].text, (size_t)k->slots[i].length + 1, 1);
    }
    pmkti_free(allocator, k->slots, k->room, sizeof *k->slots);
    *k = (pmkti_arrow_kinds){NULL, 0, 0};
}

int32_t pmkti_arrow_kind_of_text(const pmkti_arrow_kinds *k, const char *text, size_t length) {
    return length > LONGEST_TEXT ? PMKT_KIND_NONE : slot_of(k, text, length, 0)->kind;
}

int32_t pmkti_arrow_kind_of_number(const pmkti_arrow_kinds *k, int64_t number) {
    if (k->by_table) return slot_of(k, NULL, 0, number)->kind;
    if (number < 0 || number > UINT16_MAX) return PMKT_KIND_NONE;
    return pmkti_kind_exists((int32_t)number) ? (int32_t)number : PMKT_KIND_NONE;
}
