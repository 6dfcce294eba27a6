/*
 * gather.c - what fired, by time, user, rule and row.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/rules/match.h"
#include "intent/sessions_sort.h"

static bool before(const pmkti_rules_shot *a, const pmkti_rules_shot *b) {
    return a->rule != b->rule ? a->rule < b->rule : a->row < b->row;
}

/* What one user fired at one time is little: by rule and row. */
static void order_alike(const pmkti_rules_shot *shot, pmkti_visit *v, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const pmkti_visit x = v[i];
        int64_t to = i;
        while (to > 0 && v[to - 1].key == x.key && v[to - 1].time == x.time &&
               before(&shot[x.what], &shot[v[to - 1].what])) {
            v[to] = v[to - 1];
            to--;
        }
        v[to] = x;
    }
}

/* By time and user; times are turned into numbers from 0 that reach to the top of 64 bits, for by these
   the sort makes its buckets. */
static void order(const pmkti_rules_shot *shot, pmkti_visit *v, int64_t *counts, int64_t n) {
    int64_t first = shot[0].time, last = shot[0].time;
    for (int64_t i = 1; i < n; i++) {
        if (shot[i].time < first) first = shot[i].time;
        if (shot[i].time > last) last = shot[i].time;
    }
    int shift = 0;
    while (shift < 63 && (uint64_t)(last - first) << shift >> 63 == 0) shift++;
    for (int64_t i = 0; i < n; i++) {
        v[i] = (pmkti_visit){(uint64_t)(shot[i].time - first) << shift, shot[i].user, (uint64_t)i};
    }
    pmkti_visits_sort(v, v + n, counts, n, 0);
    order_alike(shot, v, n);
}

static bool columns_make(pmkt_rules_matches *out, size_t n) {
    const pmkt_allocator *a = &out->allocator;
    out->columns.n = (int64_t)n;
    out->row = pmkti_alloc(a, n, sizeof *out->row);
    out->time = pmkti_alloc(a, n, sizeof *out->time);
    out->since = pmkti_alloc(a, n, sizeof *out->since);
    out->user = pmkti_alloc(a, n, sizeof *out->user);
    out->rule = pmkti_alloc(a, n, sizeof *out->rule);
    out->strength = pmkti_alloc(a, n, sizeof *out->strength);
    pmkt_rules_matches_columns *c = &out->columns;
    c->row = out->row, c->time = out->time, c->since = out->since, c->user = out->user;
    c->rule = out->rule, c->strength = out->strength;
    return out->row && out->time && out->since && out->user && out->rule && out->strength;
}

static void columns_fill(const pmkt_rules *r, const pmkti_rules_shot *shot, const pmkti_visit *v,
                         pmkt_rules_matches *out) {
    for (int64_t i = 0; i < out->columns.n; i++) {
        const pmkti_rules_shot *s = &shot[v[i].what];
        out->row[i] = s->row;
        out->time[i] = s->time;
        out->since[i] = s->since;
        out->user[i] = s->user;
        out->rule[i] = (int32_t)s->rule;
        out->strength[i] = pmkti_rules_at(r, s->rule)->strength;
    }
}

static void join(const pmkti_rules_part *parts, int64_t n, pmkti_rules_shot *shot) {
    for (int64_t p = 0, at = 0; p < n; p++) {
        for (int64_t i = 0; i < parts[p].n; i++) shot[at++] = parts[p].at[i];
    }
}

pmkt_status pmkti_rules_gather(const pmkt_rules *r, const pmkti_rules_part *parts, int64_t n,
                               pmkt_rules_matches *out) {
    const pmkt_allocator *a = &out->allocator;
    size_t all = 0;
    for (int64_t p = 0; p < n; p++) {
        all += (size_t)parts[p].n;
        out->columns.suppressed += parts[p].suppressed;
        out->columns.outranked += parts[p].outranked;
        out->columns.dropped += parts[p].dropped;
    }
    if (all == 0) return PMKT_OK;
    pmkti_rules_shot *shot = pmkti_alloc(a, all, sizeof *shot);
    pmkti_visit *v = pmkti_alloc(a, 2 * all, sizeof *v);
    int64_t *counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *counts);
    const bool fine = shot && v && counts && columns_make(out, all);
    if (fine) {
        join(parts, n, shot);
        order(shot, v, counts, (int64_t)all);
        columns_fill(r, shot, v, out);
    }
    pmkti_free(a, shot, all, sizeof *shot);
    pmkti_free(a, v, 2 * all, sizeof *v);
    pmkti_free(a, counts, PMKTI_VISIT_COUNTS, sizeof *counts);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

void pmkt_rules_matches_free(pmkt_rules_matches *matches) {
    if (!matches) return;
    const pmkt_allocator a = matches->allocator;
    const size_t n = (size_t)matches->columns.n;
    pmkti_free(&a, matches->row, n, sizeof *matches->row);
    pmkti_free(&a, matches->time, n, sizeof *matches->time);
    pmkti_free(&a, matches->since, n, sizeof *matches->since);
    pmkti_free(&a, matches->user, n, sizeof *matches->user);
    pmkti_free(&a, matches->rule, n, sizeof *matches->rule);
    pmkti_free(&a, matches->strength, n, sizeof *matches->strength);
    pmkti_free(&a, matches, 1, sizeof *matches);
}

pmkt_status pmkt_rules_matches_columns_of(const pmkt_rules_matches *matches,
                                          pmkt_rules_matches_columns *out, pmkt_error *err) {
    if (!matches) return pmkti_null(err, "matches");
    return pmkti_struct_out(out, &matches->columns, sizeof matches->columns,
                            sizeof matches->columns, "out", err);
}
