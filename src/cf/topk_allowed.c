/*
 * topk_allowed.c - where a set allows few of many candidates, they are found by their ids, instead of asking
 * the set about each candidate.
 */
#include "cf/topk_rows.h"

/* A candidate by its id costs a search and a score, one that is scanned a few instructions. */
#define SHARE 32

/* The first place from `from` on whose id is not below `id`. */
static int64_t first_not_below(const uint64_t *ids, int64_t from, int64_t n, uint64_t id) {
    while (from < n) {
        const int64_t middle = from + (n - from) / 2;
        if (ids[middle] < id) {
            from = middle + 1;
        } else {
            n = middle;
        }
    }
    return from;
}

pmkt_status pmkti_cf_list_allowed(const pmkti_cf_topk *topk, pmkt_cf_scratch *scratch,
                                  pmkti_cf_allowed *allowed) {
    const pmkti_cf_filter *filter = topk->filter;
    *allowed = (pmkti_cf_allowed){NULL, 0};
    if (!filter->allow) return PMKT_OK;
    const int64_t count = pmkt_idset_count(filter->allow);
    if (count > topk->n / SHARE) return PMKT_OK;
    /* One more, for an empty list has none; the numbers stand behind the ids. */
    const size_t room = (size_t)count + 1;
    uint64_t *ids = pmkti_cf_scratch_take(scratch, PMKTI_CF_TOPK_ALLOW, room, 2 * sizeof *ids);
    if (!ids) return PMKT_E_NOMEM;
    int32_t *numbers = (int32_t *)(void *)(ids + room);
    int64_t listed = 0;
    /* A set that grew meanwhile is asked like a large one. */
    if (pmkt_idset_list(filter->allow, ids, (int64_t)room, &listed, NULL)) return PMKT_OK;
    int64_t n = 0, at = 0;
    for (int64_t i = 0; i < listed; i++) {
        at = first_not_below(filter->id, at, topk->n, ids[i]);
        if (at < topk->n && filter->id[at] == ids[i]) numbers[n++] = (int32_t)at;
    }
    *allowed = (pmkti_cf_allowed){numbers, n};
    return PMKT_OK;
}
