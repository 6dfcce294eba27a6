/*
 * ids_forget.c - pmkt_ids_forget: first all that needs memory, then the forgetting, which cannot
 * fail.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/ids_state.h"
#include "core/sort.h"
#include "pmkt/events.h"

/* --------------------------------------------------------------------- burial */

/* The tombs of both, ascending; of two dates the later one. */
static size_t unite(const pmkti_ids_tomb *a, size_t n_a, const pmkti_ids_tomb *b, size_t n_b,
                    pmkti_ids_tomb *out) {
    size_t i = 0, j = 0, n = 0;
    while (i < n_a || j < n_b) {
        const bool take_a = j == n_b || (i < n_a && a[i].id <= b[j].id);
        pmkti_ids_tomb tomb = take_a ? a[i++] : b[j++];
        if (take_a && j < n_b && b[j].id == tomb.id) {
            if (b[j].when_ms > tomb.when_ms) tomb.when_ms = b[j].when_ms;
            j++;
        }
        out[n++] = tomb;
    }
    return n;
}

static bool any_in_base(const pmkti_ids_base *base, const pmkti_ids_tomb *coming, size_t n) {
    for (size_t i = 0; i < n && base->n > 0; i++) {
        if (pmkti_ids_base_find(base, coming[i].id) != SIZE_MAX) return true;
    }
    return false;
}

pmkt_status pmkti_ids_burial_prepare(const pmkt_ids *ids, const pmkti_ids_tomb *coming, size_t n,
                                     pmkti_ids_burial *burial) {
    *burial = (pmkti_ids_burial){.coming = coming, .n_coming = n, .room = n + ids->n_tombs};
    if (n == 0) return PMKT_OK;
    burial->tombs = pmkti_alloc(&ids->allocator, burial->room, sizeof *burial->tombs);
    if (!burial->tombs) return PMKT_E_NOMEM;
    burial->n = unite(ids->tombs, ids->n_tombs, coming, n, burial->tombs);
    if (ids->base.hidden || !any_in_base(&ids->base, coming, n)) return PMKT_OK;
    burial->hidden =
        pmkti_alloc_zero(&ids->allocator, (ids->base.n + 63) / 64, sizeof *burial->hidden);
    if (burial->hidden) return PMKT_OK;
    pmkti_ids_burial_cancel(ids, burial);
    return PMKT_E_NOMEM;
}

void pmkti_ids_burial_cancel(const pmkt_ids *ids, const pmkti_ids_burial *burial) {
    pmkti_free(&ids->allocator, burial->tombs, burial->room, sizeof *burial->tombs);
    pmkti_free(&ids->allocator, burial->hidden, (ids->base.n + 63) / 64, sizeof *burial->hidden);
}

/* Hides a string of the base; false if it has none of the id. */
static bool hide(pmkti_ids_base *base, uint64_t id) {
    const size_t row = base->n > 0 ? pmkti_ids_base_find(base, id) : SIZE_MAX;
    /* Nothing of a base was to be hidden, and now there is: the mapped file was written into while it
       was looked at. What it shows then is undefined, but to follow it must not end the program. */
    if (row == SIZE_MAX || !base->hidden) return false;
    pmkti_string string = {NULL, 0};
    (void)pmkti_ids_base_string(base, row, &string);
    base->hidden[row / 64] |= UINT64_C(1) << row % 64;
    base->hidden_bytes += (int64_t)string.length;
    base->n_hidden++;
    return true;
}

int64_t pmkti_ids_bury(pmkt_ids *ids, const pmkti_ids_burial *burial) {
    if (burial->n_coming == 0) return 0;
    if (burial->hidden) {
        ids->base.hidden = burial->hidden;
        atomic_fetch_add_explicit(&ids->bytes,
                                  (int64_t)((ids->base.n + 63) / 64 * sizeof *burial->hidden),
                                  memory_order_relaxed);
    }
    int64_t known = 0;
    for (size_t i = 0; i < burial->n_coming; i++) {
        const uint64_t id = burial->coming[i].id;
        pmkti_ids_part *part = &ids->parts[pmkti_ids_part_of(id)];
        const bool was_recent = pmkti_ids_wipe(part, id);
        if (was_recent) pmkti_ids_tidy(ids, part);
        known += was_recent || hide(&ids->base, id);
    }
    const bool same = burial->n == ids->n_tombs &&
                      memcmp(burial->tombs, ids->tombs, burial->n * sizeof *burial->tombs) == 0;
    ids->generation += known > 0 || !same;
    pmkti_ids_set_tombs(ids, burial->tombs, burial->n, burial->room);
    return known;
}

/* ----------------------------------------------------------------------- call */

static bool tomb_before(const void *a, const void *b) {
    return ((const pmkti_ids_tomb *)a)->id < ((const pmkti_ids_tomb *)b)->id;
}

/* Ascending, different tombs for ids. */
static size_t tombs_of(const uint64_t *id, size_t n, int64_t when_ms, pmkti_ids_tomb *tombs) {
    size_t kept = 0, different = 0;
    for (size_t i = 0; i < n; i++) {
        if (id[i] != PMKT_ID_NONE) tombs[kept++] = (pmkti_ids_tomb){id[i], when_ms};
    }
    pmkti_sort(tombs, kept, sizeof *tombs, tomb_before);
    for (size_t i = 0; i < kept; i++) {
        if (i == 0 || tombs[i].id != tombs[i - 1].id) tombs[different++] = tombs[i];
    }
    return different;
}

pmkt_status pmkt_ids_forget(pmkt_ids *ids, const uint64_t *id, int64_t n, int64_t when_ms,
                            int64_t *found, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !id) return pmkti_null(err, "id");
    if (when_ms < PMKT_TIME_MIN || when_ms > PMKT_TIME_MAX) {
        return pmkti_fail(err, PMKT_E_INVALID, "when_ms is outside the years 1700 to 2999");
    }
    int64_t known = 0;
    if (n > 0 && !ids->one_way) {
        const size_t given = (size_t)n;
        pmkti_ids_tomb *coming = pmkti_alloc(&ids->allocator, given, sizeof *coming);
        if (!coming) return pmkti_no_memory(err, given * sizeof *coming);
        pmkti_ids_burial burial;
        status =
            pmkti_ids_burial_prepare(ids, coming, tombs_of(id, given, when_ms, coming), &burial);
        if (!status) known = pmkti_ids_bury(ids, &burial);
        pmkti_free(&ids->allocator, coming, given, sizeof *coming);
        if (status) return pmkti_ids_failed(ids, status, err);
    }
    if (found) *found = known;
    return PMKT_OK;
}
