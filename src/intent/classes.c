/*
 * classes.c - the list of classes of a model, and a table to find them in: open addressing, half full
 * at most.
 */
#include "intent/classes.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"

static size_t slots_of(const pmkt_intent *m) {
    return m->class_slots ? (size_t)1 << (64 - m->class_shift) : 0;
}

pmkt_status pmkti_classes_set(pmkt_intent *m, const uint64_t *classes, int64_t n, int64_t *bad) {
    *bad = PMKT_INTENT_MAX_CLASSES;
    if (n > PMKT_INTENT_MAX_CLASSES) return PMKT_E_INVALID;
    if (n == 0) return PMKT_OK;
    m->classes = pmkti_alloc(&m->allocator, (size_t)n, sizeof *m->classes);
    if (!m->classes) return PMKT_E_NOMEM;
    memcpy(m->classes, classes, (size_t)n * sizeof *classes);
    m->facts.classes = n;
    int bits = 1;
    while (INT64_C(1) << bits < 2 * n) bits++;
    m->class_slots = pmkti_alloc_zero(&m->allocator, (size_t)1 << bits, sizeof *m->class_slots);
    if (!m->class_slots) return PMKT_E_NOMEM;
    m->class_shift = 64 - bits;
    for (int64_t k = 0; k < n; k++) {
        *bad = k;
        if (classes[k] == 0 || pmkti_class_of(m, classes[k])) return PMKT_E_INVALID;
        size_t i = (size_t)(pmkti_mix(classes[k]) >> m->class_shift);
        while (m->class_slots[i]) i = (i + 1) & (((size_t)1 << bits) - 1);
        m->class_slots[i] = (uint32_t)k + 1;
    }
    return PMKT_OK;
}

void pmkti_classes_free(pmkt_intent *m) {
    pmkti_free(&m->allocator, m->class_slots, slots_of(m), sizeof *m->class_slots);
    pmkti_free(&m->allocator, m->classes, (size_t)m->facts.classes, sizeof *m->classes);
}

int64_t pmkti_classes_bytes(const pmkt_intent *m) {
    return m->facts.classes * (int64_t)sizeof *m->classes +
           (int64_t)(slots_of(m) * sizeof *m->class_slots);
}

bool pmkti_classes_same(const pmkt_intent *a, const pmkt_intent *b) {
    const size_t n = (size_t)a->facts.classes;
    if (a->facts.classes != b->facts.classes) return false;
    return n == 0 || memcmp(a->classes, b->classes, n * sizeof *a->classes) == 0;
}

static pmkt_status find_extra(const pmkt_events *ev, const char *name, pmkti_class_column *out,
                              pmkt_error *err) {
    for (int64_t i = 0; i < ev->n_extra; i++) {
        const pmkt_column *c = &ev->extra[i];
        if (strcmp(c->name, name) != 0) continue;
        if (c->type != PMKT_TYPE_UINT64 && c->type != PMKT_TYPE_INT64) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "events.extra column \"%.60s\" has type %d, and classes are "
                              "PMKT_TYPE_UINT64 or _INT64",
                              name, (int)c->type);
        }
        out->at = c->data;
        out->null = c->type == PMKT_TYPE_UINT64 ? PMKT_ID_NONE : UINT64_C(1) << 63;
        return PMKT_OK;
    }
    return pmkti_fail(err, PMKT_E_INVALID,
                      "events has no extra column \"%.60s\", which is to say the class", name);
}

pmkt_status pmkti_class_column_find(const pmkt_intent *m, const pmkt_events *ev, const char *name,
                                    pmkti_class_column *out, pmkt_error *err) {
    *out = (pmkti_class_column){NULL, PMKT_ID_NONE};
    if (m->facts.classes == 0 || ev->rows == 0) return PMKT_OK;
    if (name) return find_extra(ev, name, out, err);
    if (!ev->category) {
        return pmkti_fail(err, PMKT_E_INVALID, "events.category is NULL, and is to say the class");
    }
    out->at = ev->category;
    return PMKT_OK;
}
