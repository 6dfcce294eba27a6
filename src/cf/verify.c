/*
 * verify.c - what must hold of a model's arrays, one by one. Loading checks all of it; a mapped model is
 * checked where it is used, and here when its owner asks.
 *
 * Of the index only the order is checked. Its codes lead to wrong answers at worst, not to wrong
 * addresses, and whoever forges them together with the checksum could as well forge the factors.
 */
#include <math.h>

#include "cf/files.h"
#include "core/error.h"

/* The first element that is not as it must be, or n. */
static int64_t bad_id(const uint64_t *id, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (id[i] == PMKT_ID_NONE || (i > 0 && id[i] <= id[i - 1])) return i;
    }
    return n;
}

static int64_t bad_offset(const int64_t *at, int64_t n, int64_t end) {
    for (int64_t i = 0; i < n; i++) {
        if (at[i] < (i > 0 ? at[i - 1] : 0) || at[i] > end || (i == 0 && at[0] != 0)) return i;
    }
    return n > 0 && at[n - 1] != end ? n - 1 : n;
}

static int64_t bad_number(const int32_t *number, int64_t n, int64_t end) {
    for (int64_t i = 0; i < n; i++) {
        if (number[i] < 0 || number[i] >= end) return i;
    }
    return n;
}

static int64_t bad_float(const float *value, int64_t n, float least) {
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(value[i]) || value[i] < least) return i;
    }
    return n;
}

/* Offsets are checked before: parts come in the order of their numbers. */
static int64_t bad_seen(const pmkt_cf *m) {
    for (int64_t u = 0; u < m->facts.users; u++) {
        for (int64_t e = m->seen_at[u]; e < m->seen_at[u + 1]; e++) {
            const int32_t before = e > m->seen_at[u] ? m->seen[e - 1] : -1;
            if (m->seen[e] <= before || m->seen[e] >= m->facts.items) return e;
        }
    }
    return m->n_seen;
}

/* In strict order and in range: then each comes once. */
static int64_t bad_popular(const pmkt_cf *m) {
    const int64_t n = m->facts.items;
    for (int64_t i = 0; i < n; i++) {
        const int32_t item = m->by_popularity[i];
        if (item < 0 || item >= n) return i;
        if (i == 0) continue;
        const int32_t before = m->by_popularity[i - 1];
        const float a = m->popularity[before], b = m->popularity[item];
        if (a < b || (a == b && before >= item)) return i;
    }
    return n;
}

/* Finite, and each item's neighbors in strict order, best first: what they are answered in. */
static int64_t bad_similarity(const pmkt_cf *m) {
    for (int64_t i = 0; i < m->facts.items; i++) {
        for (int64_t e = m->near_at[i]; e < m->near_at[i + 1]; e++) {
            const float a = m->similarity[e];
            if (!isfinite(a)) return e;
            if (e == m->near_at[i]) continue;
            const float before = m->similarity[e - 1];
            if (before < a || (before == a && m->near[e - 1] >= m->near[e])) return e;
        }
    }
    return m->n_near;
}

static int64_t first_bad(const pmkt_cf *m, uint32_t id, const void *at, int64_t n) {
    switch (id) {
        case PMKTI_CF_USER_ID:
        case PMKTI_CF_ITEM_ID:
            return bad_id(at, n);
        case PMKTI_CF_SEEN_AT:
            return bad_offset(at, n, m->n_seen);
        case PMKTI_CF_SEEN:
            return bad_seen(m);
        case PMKTI_CF_POPULARITY:
            return bad_float(at, n, 0);
        case PMKTI_CF_BY_POPULARITY:
            return bad_popular(m);
        case PMKTI_CF_INDEX_ORDER:
            return bad_number(at, n, m->facts.items);
        case PMKTI_CF_NEAR_AT:
            return bad_offset(at, n, m->n_near);
        case PMKTI_CF_NEAR:
            return bad_number(at, n, m->facts.items);
        case PMKTI_CF_SIMILARITY:
            return bad_similarity(m);
        case PMKTI_CF_CATEGORY:
        case PMKTI_CF_INDEX_BLOCKS:
        case PMKTI_CF_INDEX_FINE:
            return n;
        case PMKTI_CF_SEEN_WEIGHT:
        case PMKTI_CF_USER_FACTORS:
        case PMKTI_CF_ITEM_FACTORS:
        case PMKTI_CF_GRAM:
            return bad_float(at, n, -INFINITY);
        default:
            return 0; /* a part that nobody checks */
    }
}

pmkt_status pmkti_cf_part_check(const pmkt_cf *model, const pmkti_cf_part *part,
                                const pmkti_span *place, pmkt_error *err) {
    const void *at = pmkti_cf_part_at(model, part);
    const int64_t n = at ? pmkti_cf_part_length(model, part) : 0;
    const int64_t bad = at ? first_bad(model, part->id, at, n) : 0;
    if (bad == n) return PMKT_OK;
    return pmkti_corrupt(place, (size_t)bad * part->element,
                         "an array of the model holds what cannot be", err);
}

pmkt_status pmkt_cf_verify(const pmkt_cf *model, const pmkt_run *run, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status || !model->file) return status; /* what is in memory was checked before */
    status = pmkti_container_verify(model->file, &how, err);
    for (int i = 0; i < PMKTI_CF_PARTS && !status; i++) {
        const pmkti_span place = pmkti_container_place(model->file, pmkti_cf_parts[i].id);
        status = pmkti_cf_part_check(model, &pmkti_cf_parts[i], &place, err);
    }
    return status;
}
