/*
 * Bytes are calls on three sets of ids, next to bitmaps that are kept by hand.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define IDS 512 /* ids that are used; 0 is none of them */
#define SETS 3
#define MOST 300 /* ids of a call */

typedef struct pair {
    pmkt_idset *set;
    uint8_t in[IDS];
} pair;

/* Ids that are far apart, close together, or extreme. */
static uint64_t id_of(int64_t i) {
    if (i == 0) return PMKT_ID_NONE;
    if (i % 4 == 0) return UINT64_MAX - (uint64_t)i;
    return i % 4 == 1 ? (uint64_t)i : (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
}

static int64_t choose_ids(choices *c, uint64_t *ids, int64_t *numbers) {
    const int64_t n = choose_byte(c) % 8 == 0 ? choose_below(c, MOST) : choose_below(c, 6);
    for (int64_t i = 0; i < n; i++) {
        numbers[i] = choose_below(c, IDS);
        ids[i] = id_of(numbers[i]);
    }
    return n;
}

static void check(const pair *p, bool fully) {
    static uint64_t listed[IDS], ids[IDS];
    static uint8_t in[IDS];
    pmkt_error err = {0};
    int64_t count = 0, n = 0;
    for (int64_t i = 0; i < IDS; i++) count += p->in[i];
    MUST(pmkt_idset_count(p->set) == count);
    if (!fully) return;
    for (int64_t i = 0; i < IDS; i++) {
        ids[i] = id_of(i);
        MUST(pmkt_idset_contains(p->set, ids[i]) == p->in[i]);
    }
    MUST(pmkt_idset_contains_many(p->set, ids, IDS, in, &err) == PMKT_OK);
    MUST(memcmp(in, p->in, IDS) == 0);
    MUST(pmkt_idset_list(p->set, listed, IDS, &n, &err) == PMKT_OK && n == count);
    for (int64_t i = 0; i < n; i++) {
        MUST(pmkt_idset_contains(p->set, listed[i]) == 1);
        MUST(i == 0 || listed[i - 1] < listed[i]);
    }
}

static void renew(pair *p, choices *c) {
    uint64_t ids[MOST];
    int64_t numbers[MOST];
    const int64_t n = choose_ids(c, ids, numbers);
    pmkt_idset_free(p->set);
    memset(p, 0, sizeof *p);
    MUST(pmkt_idset_new(ids, n, NULL, &p->set, NULL) == PMKT_OK);
    for (int64_t i = 0; i < n; i++) p->in[numbers[i]] = numbers[i] > 0;
}

static void update(pair *p, choices *c) {
    uint64_t add[MOST], remove[MOST];
    int64_t added[MOST], removed[MOST];
    const int64_t n_remove = choose_ids(c, remove, removed), n_add = choose_ids(c, add, added);
    MUST(pmkt_idset_update(p->set, remove, n_remove, add, n_add, NULL) == PMKT_OK);
    for (int64_t i = 0; i < n_remove; i++) p->in[removed[i]] = 0;
    for (int64_t i = 0; i < n_add; i++) p->in[added[i]] = added[i] > 0;
}

static void combine(pair *to, const pair *a, const pair *b, uint8_t how) {
    pmkt_idset *set = NULL;
    pmkt_status status = PMKT_OK;
    if (how == 0) status = pmkt_idset_union(a->set, b->set, &set, NULL);
    if (how == 1) status = pmkt_idset_intersect(a->set, b->set, &set, NULL);
    if (how == 2) status = pmkt_idset_difference(a->set, b->set, &set, NULL);
    MUST(status == PMKT_OK);
    uint8_t in[IDS];
    for (int64_t i = 0; i < IDS; i++) {
        in[i] = how == 0   ? a->in[i] | b->in[i]
                : how == 1 ? a->in[i] & b->in[i]
                           : a->in[i] & (uint8_t)!b->in[i];
    }
    pmkt_idset_free(to->set);
    to->set = set;
    memcpy(to->in, in, IDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    choices c = {data, size};
    pair pairs[SETS];
    memset(pairs, 0, sizeof pairs);
    for (int i = 0; i < SETS; i++) renew(&pairs[i], &c);
    for (int steps = 0; c.left > 0 && steps < 100; steps++) {
        const uint8_t what = choose_byte(&c);
        const bool rarely = what % 16 == 5;
        pair *p = &pairs[what % SETS], *a = &pairs[what / 4 % SETS], *b = &pairs[what / 16 % SETS];
        if (what < 100) {
            update(p, &c);
        } else if (what < 220) {
            combine(p, a, b, what / 64 % 3);
        } else {
            renew(p, &c);
        }
        check(p, rarely);
    }
    for (int i = 0; i < SETS; i++) {
        check(&pairs[i], true);
        pmkt_idset_free(pairs[i].set);
    }
    return 0;
}
