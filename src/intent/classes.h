/*
 * classes.h - kinds crossed with classes: what action a single event is to a model.
 */
#ifndef PMKTI_INTENT_CLASSES_H
#define PMKTI_INTENT_CLASSES_H

#include "core/hash.h"
#include "intent/chain.h"

/*
 * Gives a list of classes, copied, to a model that has none. PMKT_E_INVALID if there are more than
 * there may be, or one is 0 or stands there twice: *bad is its place. PMKT_E_NOMEM. Either way what
 * there is goes with the model.
 */
pmkt_status pmkti_classes_set(pmkt_intent *m, const uint64_t *classes, int64_t n, int64_t *bad);

void pmkti_classes_free(pmkt_intent *m);
int64_t pmkti_classes_bytes(const pmkt_intent *m);
bool pmkti_classes_same(const pmkt_intent *a, const pmkt_intent *b);

/* A column of events that says the class. */
typedef struct pmkti_class_column {
    const uint64_t *at; /* [rows]; NULL: nobody asks for it */
    uint64_t null;      /* what stands for no value */
} pmkti_class_column;

/* The column of a batch by its name; NULL = events.category. PMKT_E_INVALID if there are classes and
   rows, but no such column. */
pmkt_status pmkti_class_column_find(const pmkt_intent *m, const pmkt_events *ev, const char *name,
                                    pmkti_class_column *out, pmkt_error *err);

/* 1 + the place of a class, or 0. The model has classes. */
static inline uint32_t pmkti_class_of(const pmkt_intent *m, uint64_t value) {
    const uint32_t mask = UINT32_MAX >> (m->class_shift - 32);
    uint32_t i = (uint32_t)(pmkti_mix(value) >> m->class_shift);
    for (; m->class_slots[i]; i = (i + 1) & mask) {
        if (m->classes[m->class_slots[i] - 1] == value) return m->class_slots[i];
    }
    return 0;
}

/* The action of an event of a kind, beside which `value` stands in the column of classes. */
static inline uint32_t pmkti_action_of(const pmkt_intent *m, uint32_t kind, uint64_t value) {
    if (m->facts.classes == 0 || kind == m->facts.goal) return kind;
    return kind + PMKT_INTENT_CLASS * pmkti_class_of(m, value);
}

/* The same of row i of a column. */
static inline uint32_t pmkti_action_at(const pmkt_intent *m, uint32_t kind,
                                       const pmkti_class_column *column, int64_t i) {
    const uint64_t value = column->at ? column->at[i] : column->null;
    return value == column->null ? kind : pmkti_action_of(m, kind, value);
}

#endif
