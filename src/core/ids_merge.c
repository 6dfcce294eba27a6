/*
 * ids_merge.c - pmkt_ids_merge. Both dictionaries are cut into the same partitions, which threads
 * share. What either has forgotten ends forgotten in `into`: the strings of `from` that `into` has
 * forgotten are passed over, and the tombs of `from` are applied at the end, which cannot fail.
 */
#include "core/error.h"
#include "core/ids_state.h"

typedef struct merging {
    pmkt_ids *into;
    const pmkt_ids *from;
} merging;

static pmkt_status take_string(void *ctx, uint64_t id, pmkti_string string) {
    pmkt_ids *into = ctx;
    if (into->n_tombs > 0 && pmkti_ids_is_forgotten(into, id)) return PMKT_OK;
    return pmkti_ids_learn(into, &into->parts[pmkti_ids_part_of(id)], id, string);
}

static pmkt_status merge_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const merging *m = ctx;
    return pmkti_ids_visit(m->from, (size_t)part, take_string, m->into);
}

/* --------------------------------------------------------------- collisions */

typedef struct search {
    const pmkt_ids *into;
    pmkt_error *err;
} search;

static pmkt_status compare(void *ctx, uint64_t id, pmkti_string string) {
    const search *s = ctx;
    pmkti_string known;
    (void)pmkti_ids_string(s->into, id, &known);
    if (!known.at ||
        (known.length == string.length && pmkti_same(known.at, string.at, string.length))) {
        return PMKT_OK;
    }
    return pmkti_ids_collision(known, string, -1, s->err);
}

/* Reports the first collision, whatever threads have found first. */
static pmkt_status report(const merging *m, pmkt_error *err) {
    search s = {m->into, err};
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        const pmkt_status status = pmkti_ids_visit(m->from, p, compare, &s);
        if (status == PMKT_E_COLLISION) return status;
    }
    return pmkti_fail(err, PMKT_E_CORRUPT, "the mapped file is damaged: an id is there twice");
}

/* ----------------------------------------------------------------------- call */

static pmkt_status check(const pmkt_ids *into, const pmkt_ids *from, pmkt_error *err) {
    if (!into) return pmkti_null(err, "into");
    if (!from) return pmkti_null(err, "from");
    if (into == from) {
        return pmkti_fail(err, PMKT_E_INVALID, "a dictionary cannot be merged with itself");
    }
    if (into->one_way != from->one_way) {
        return pmkti_fail(err, PMKT_E_MISMATCH,
                          "one dictionary is one-way and the other is not; make both the same");
    }
    return PMKT_OK;
}

pmkt_status pmkt_ids_merge(pmkt_ids *into, const pmkt_ids *from, const pmkt_run *run,
                           pmkt_error *err) {
    pmkt_status status = check(into, from, err);
    if (status) return status;
    int64_t string_bytes;
    pmkti_run mine;
    status = pmkti_run_check(run, pmkti_ids_count(from, &string_bytes), &mine, err);
    if (status || into->one_way) return status;

    pmkti_ids_burial burial;
    status = pmkti_ids_burial_prepare(into, from->tombs, from->n_tombs, &burial);
    if (status) return pmkti_ids_failed(into, status, err);
    merging m = {into, from};
    pmkti_ids_begin(into);
    status =
        pmkti_parallel(&mine, (pmkti_stage){"merge", 0.0, 1.0}, merge_part, &m, PMKTI_IDS_PARTS);
    status = pmkti_ids_end(into, status);
    if (!status) {
        (void)pmkti_ids_bury(into, &burial);
        return PMKT_OK;
    }
    pmkti_ids_burial_cancel(into, &burial);
    if (status == PMKT_E_COLLISION) return report(&m, err);
    return pmkti_ids_failed(into, status, err);
}
