/*
 * idset_algebra.c - new sets from two. First it is counted how many ids the new set has, so that its
 * table is no larger than it must be.
 */
#include "core/error.h"
#include "core/idset.h"

/* What to take of a set: all, or what another one has, or has not. */
typedef enum choice {
    ALL,
    COMMON,
    OTHERS
} choice;

static bool chosen(uint64_t id, choice what, const pmkt_idset *other) {
    if (id == PMKT_ID_NONE) return false;
    return what == ALL || pmkti_idset_has(other, id) == (what == COMMON);
}

/* Puts the chosen ids of `from` into `into`, or, if that is NULL, only counts them. */
static size_t pour(const pmkt_idset *from, choice what, const pmkt_idset *other, pmkt_idset *into) {
    const pmkti_idset_table *table = atomic_load_explicit(&from->table, memory_order_acquire);
    size_t n = 0;
    for (size_t i = 0; i <= table->room; i++) {
        uint64_t id = PMKT_ID_NONE;
        if (i < table->room) {
            id = atomic_load_explicit(&table->slots[i], memory_order_relaxed);
            if (id == PMKTI_IDSET_GONE) continue; /* here it is no id */
        } else if (pmkti_idset_has(from, PMKTI_IDSET_GONE)) {
            id = PMKTI_IDSET_GONE;
        }
        if (!chosen(id, what, other)) continue;
        if (into) pmkti_idset_put(into, id);
        n++;
    }
    return n;
}

static pmkt_status check(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
                         pmkt_error *err) {
    if (!a) return pmkti_null(err, "a");
    if (!b) return pmkti_null(err, "b");
    return set ? PMKT_OK : pmkti_null(err, "set");
}

static pmkt_status begin(const pmkt_idset *a, size_t n, pmkt_idset **made, pmkt_error *err) {
    *made = pmkti_idset_new(&a->allocator, n);
    return *made ? PMKT_OK : pmkti_no_memory(err, n * sizeof(uint64_t));
}

pmkt_status pmkt_idset_union(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
                             pmkt_error *err) {
    pmkt_idset *made;
    pmkt_status status = check(a, b, set, err);
    if (status) return status;
    const size_t n = pour(a, ALL, NULL, NULL) + pour(b, OTHERS, a, NULL);
    status = begin(a, n, &made, err);
    if (status) return status;
    (void)pour(a, ALL, NULL, made);
    (void)pour(b, OTHERS, a, made);
    *set = made;
    return PMKT_OK;
}

pmkt_status pmkt_idset_intersect(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
                                 pmkt_error *err) {
    pmkt_idset *made;
    pmkt_status status = check(a, b, set, err);
    if (status) return status;
    const bool swap = pmkt_idset_count(b) < pmkt_idset_count(a);
    const pmkt_idset *few = swap ? b : a, *many = swap ? a : b;
    status = begin(a, pour(few, COMMON, many, NULL), &made, err);
    if (status) return status;
    (void)pour(few, COMMON, many, made);
    *set = made;
    return PMKT_OK;
}

pmkt_status pmkt_idset_difference(const pmkt_idset *a, const pmkt_idset *b, pmkt_idset **set,
                                  pmkt_error *err) {
    pmkt_idset *made;
    pmkt_status status = check(a, b, set, err);
    if (status) return status;
    status = begin(a, pour(a, OTHERS, b, NULL), &made, err);
    if (status) return status;
    (void)pour(a, OTHERS, b, made);
    *set = made;
    return PMKT_OK;
}
