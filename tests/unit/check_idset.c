/*
 * Sets of ids against a plain array of flags, alone and while others read.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/idset.h"
#include "core/sort_ids.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define LAST UINT64_MAX

static pmkt_idset *set_of(const uint64_t *ids, int64_t n) {
    pmkt_idset *set = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(ids, n, NULL, &set, &err), err);
    return set;
}

static void update(pmkt_idset *set, const uint64_t *remove, int64_t n_remove, const uint64_t *add,
                   int64_t n_add) {
    pmkt_error err;
    ck_assert_ok(pmkt_idset_update(set, remove, n_remove, add, n_add, &err), err);
}

/* ------------------------------------------------------------------- a model */

/* The ids that a property test deals with: small numbers in a row, hashes, and the edges. */
#define UNIVERSE 600

static uint64_t universe(int64_t i) {
    if (i == 0) return LAST;
    if (i == 1) return LAST - 1;
    if (i == 2) return UINT64_C(1) << 63;
    return i % 2 ? (uint64_t)i : pmkti_mix((uint64_t)i);
}

typedef struct model {
    bool in[UNIVERSE];
} model;

static bool same(const pmkt_idset *set, const model *m) {
    uint64_t ids[UNIVERSE], expected[UNIVERSE];
    uint8_t in[UNIVERSE];
    size_t n_expected = 0;
    for (int64_t i = 0; i < UNIVERSE; i++) {
        if (m->in[i]) expected[n_expected++] = universe(i);
        if (pmkt_idset_contains(set, universe(i)) != m->in[i]) return false;
        ids[i] = universe(i);
    }
    if (pmkt_idset_contains_many(set, ids, UNIVERSE, in, NULL)) return false;
    for (int64_t i = 0; i < UNIVERSE; i++) {
        if (in[i] != m->in[i]) return false;
    }
    int64_t n = -1;
    if (pmkt_idset_list(set, ids, UNIVERSE, &n, NULL) || n != (int64_t)n_expected) return false;
    if (pmkt_idset_count(set) != n) return false;
    for (size_t i = 0; i < n_expected; i++) { /* the slow way to sort */
        size_t least = i;
        for (size_t j = i; j < n_expected; j++) {
            if (expected[j] < expected[least]) least = j;
        }
        const uint64_t id = expected[least];
        expected[least] = expected[i];
        expected[i] = id;
        if (ids[i] != id) return false;
    }
    return true;
}

static int64_t some(uint64_t *ids, model *m, bool in) {
    const int64_t n = random_below(random_below(4) ? 20 : 400);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = random_below(UNIVERSE);
        const bool none = random_below(50) == 0;
        ids[i] = none ? PMKT_ID_NONE : universe(at);
        if (!none) m->in[at] = in;
    }
    return n;
}

START_TEST(random_updates_agree_with_the_model) {
    const int64_t rounds = scaled(3000, 300);
    random_seed(1);
    model m = {{false}};
    pmkt_idset *set = set_of(NULL, 0);
    for (int64_t round = 0; round < rounds; round++) {
        uint64_t remove[400] = {0}, add[400] = {0};
        const int64_t n_remove = some(remove, &m, false), n_add = some(add, &m, true);
        update(set, remove, n_remove, add, n_add);
        if (round % 10 == 0 || round < 20) REQUIRE(same(set, &m));
    }
    REQUIRE(same(set, &m));
    ck_assert_int_lt(pmkt_idset_bytes(set), 64 * UNIVERSE * 8); /* churn does not pile up */
    pmkt_idset_free(set);
}
END_TEST

START_TEST(union_intersection_and_difference_agree_with_the_model) {
    random_seed(2);
    for (int64_t round = 0; round < scaled(400, 60); round++) {
        model a = {{false}}, b = {{false}}, expected[3];
        uint64_t ids[400] = {0};
        int64_t n = some(ids, &a, true);
        pmkt_idset *one = set_of(ids, n);
        n = some(ids, &b, true);
        pmkt_idset *two = set_of(ids, n), *made[3];
        for (int64_t i = 0; i < UNIVERSE; i++) {
            expected[0].in[i] = a.in[i] || b.in[i];
            expected[1].in[i] = a.in[i] && b.in[i];
            expected[2].in[i] = a.in[i] && !b.in[i];
        }
        pmkt_error err;
        ck_assert_ok(pmkt_idset_union(one, two, &made[0], &err), err);
        ck_assert_ok(pmkt_idset_intersect(one, two, &made[1], &err), err);
        ck_assert_ok(pmkt_idset_difference(one, two, &made[2], &err), err);
        pmkt_idset_free(two);
        REQUIRE(same(one, &a));
        pmkt_idset_free(one);
        for (int i = 0; i < 3; i++) {
            REQUIRE(same(made[i], &expected[i]));
            pmkt_idset_free(made[i]);
        }
    }
}
END_TEST

START_TEST(a_set_with_itself) {
    const uint64_t ids[] = {1, 2, LAST};
    pmkt_idset *set = set_of(ids, 3), *made[3];
    pmkt_error err;
    ck_assert_ok(pmkt_idset_union(set, set, &made[0], &err), err);
    ck_assert_ok(pmkt_idset_intersect(set, set, &made[1], &err), err);
    ck_assert_ok(pmkt_idset_difference(set, set, &made[2], &err), err);
    ck_assert_int_eq(pmkt_idset_count(made[0]), 3);
    ck_assert_int_eq(pmkt_idset_count(made[1]), 3);
    ck_assert_int_eq(pmkt_idset_count(made[2]), 0);
    for (int i = 0; i < 3; i++) pmkt_idset_free(made[i]);
    pmkt_idset_free(set);
}
END_TEST

START_TEST(an_id_taken_out_and_put_in_by_one_call_is_in) {
    const uint64_t ids[] = {7, 8, 0, 7, LAST};
    pmkt_idset *set = set_of(ids, 5);
    ck_assert_int_eq(pmkt_idset_count(set), 3);
    update(set, ids, 5, ids, 1);
    ck_assert_int_eq(pmkt_idset_count(set), 1);
    ck_assert_int_eq(pmkt_idset_contains(set, 7), 1);
    ck_assert_int_eq(pmkt_idset_contains(set, 8), 0);
    ck_assert_int_eq(pmkt_idset_contains(set, 0), 0);
    ck_assert_int_eq(pmkt_idset_contains(set, LAST), 0);
    pmkt_idset_free(set);
}
END_TEST

START_TEST(many_numbers_in_a_row_are_as_good_as_hashes) {
    const int64_t n = scaled(300000, 30000);
    uint64_t *ids = malloc((size_t)n * sizeof *ids);
    for (int64_t i = 0; i < n; i++) ids[i] = (uint64_t)(n - i);
    pmkt_idset *set = set_of(NULL, 0);
    for (int64_t i = 0; i < n; i += 1000) update(set, NULL, 0, ids + i, 1000);
    ck_assert_int_eq(pmkt_idset_count(set), n);
    int64_t listed;
    ck_assert_int_eq(pmkt_idset_list(set, ids, n, &listed, NULL), PMKT_OK);
    for (int64_t i = 0; i < n; i++) REQUIRE(ids[i] == (uint64_t)i + 1);
    ck_assert_int_le(pmkt_idset_bytes(set), 2 * 4 * n * 8 + 4096);
    pmkt_idset_free(set);
    free(ids);
}
END_TEST

/* ------------------------------------------------------------------- readers */

#define STEADY 1000 /* ids that stay, of 1 on */
#define READERS 3

typedef struct shared {
    pmkt_idset *set;
    _Atomic bool stop;
    _Atomic int64_t lookups;
} shared;

/* Ids from 1 to STEADY are always in, those above a million never; the rest come and go. */
static void *reader(void *arg) {
    shared *s = arg;
    uint64_t listed[4 * STEADY];
    uint8_t in[64];
    uint64_t ids[64];
    int64_t rounds = 0;
    for (; !atomic_load(&s->stop) || rounds < 10; rounds++) {
        for (uint64_t i = 0; i < 64; i++) {
            ids[i] = i % 2 ? 1 + (uint64_t)(rounds * 37 + (int64_t)i) % STEADY
                           : 1000001 + (uint64_t)(rounds + (int64_t)i);
            REQUIRE(pmkt_idset_contains(s->set, ids[i]) == (int32_t)(i % 2));
        }
        REQUIRE(pmkt_idset_contains_many(s->set, ids, 64, in, NULL) == PMKT_OK);
        for (uint64_t i = 0; i < 64; i++) REQUIRE(in[i] == i % 2);
        int64_t n = 0;
        if (rounds % 16 == 0 && pmkt_idset_list(s->set, listed, 4 * STEADY, &n, NULL) == PMKT_OK) {
            REQUIRE(n >= STEADY);
            for (int64_t i = 1; i < n; i++) REQUIRE(listed[i - 1] < listed[i]);
            for (int64_t i = 0; i < STEADY; i++) REQUIRE(listed[i] == (uint64_t)i + 1);
        }
        REQUIRE(pmkt_idset_count(s->set) >= STEADY);
        atomic_fetch_add(&s->lookups, 64);
    }
    return NULL;
}

START_TEST(readers_see_what_stays_while_the_set_grows_and_churns) {
    uint64_t ids[STEADY];
    for (uint64_t i = 0; i < STEADY; i++) ids[i] = i + 1;
    shared s = {.set = set_of(ids, STEADY)};
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, &s), 0);
    }
    random_seed(3);
    const int64_t rounds = scaled(4000, 400);
    uint64_t gone[100], come[100] = {0};
    for (int64_t round = 0; round < rounds; round++) {
        memcpy(gone, come, sizeof gone);
        for (int i = 0; i < 100; i++)
            come[i] = 2000 + (uint64_t)random_below(round < 50 ? 90000 : 900);
        /* In the first rounds the set only grows, so that its table is replaced by larger ones. */
        update(s.set, gone, round < 50 ? 0 : 100, come, 100);
        /* What is in both lists, be they long or short, is not gone for a moment either. */
        update(s.set, ids, STEADY, ids, STEADY);
        update(s.set, ids, 8, ids, 8);
    }
    atomic_store(&s.stop, true);
    for (int i = 0; i < READERS; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_gt(atomic_load(&s.lookups), 0);
    pmkt_idset_free(s.set);
}
END_TEST

/* An id whose home is the last slot of a table, and that wraps around to the first one whenever a
   neighbor is there: it moves from where a list ends to where it begins, and back. */
#define WIDE 30000
#define WIDE_BITS 16 /* of the table that so many ids get */

static uint64_t at_home(uint64_t home, uint64_t number) {
    return pmkti_unmix(home << (64 - WIDE_BITS) | number);
}

static void *lister(void *ctx) {
    shared *s = ctx;
    static uint64_t ids[WIDE + 100];
    while (!atomic_load(&s->stop)) {
        int64_t n = 0;
        REQUIRE(pmkt_idset_list(s->set, ids, WIDE + 100, &n, NULL) == PMKT_OK);
        REQUIRE(n >= WIDE && n <= WIDE + 2);
        for (int64_t i = 1; i < n; i++) REQUIRE(ids[i] > ids[i - 1]);
        atomic_fetch_add(&s->lookups, 1);
    }
    return NULL;
}

START_TEST(a_list_has_no_id_twice_however_ids_move_meanwhile) {
    static uint64_t ids[WIDE];
    const uint64_t last = (1 << WIDE_BITS) - 1, x = at_home(last, 7), y = at_home(last, 8);
    for (uint64_t i = 0; i < WIDE; i++) ids[i] = at_home(100 + 2 * i, 9);
    shared s = {.set = set_of(ids, WIDE)};
    ck_assert_uint_eq(atomic_load(&s.set->table)->room, 1 << WIDE_BITS);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, lister, &s), 0);
    const int64_t lists = scaled(1000, 100);
    const uint64_t both[] = {y, x};
    while (atomic_load(&s.lookups) < lists) {
        update(s.set, both, 2, NULL, 0); /* not with one call, for what is in both lists stays */
        update(s.set, NULL, 0, both, 2); /* the neighbor first: the id is in the first slot */
        update(s.set, both, 2, NULL, 0);
        update(s.set, NULL, 0, &x, 1); /* alone: in the last */
    }
    atomic_store(&s.stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pmkt_idset_free(s.set);
}
END_TEST

/* ------------------------------------------------------------------- sorting */

START_TEST(sorting_keeps_the_numbers_and_puts_them_in_order) {
    random_seed(4);
    static const uint64_t MASKS[] = {UINT64_MAX, 0xff, 0xff00ff, UINT64_C(0xff) << 56, 3, 0};
    uint64_t *ids = malloc(5000 * sizeof *ids);
    for (int64_t round = 0; round < 60; round++) {
        const size_t n = (size_t)random_below(round % 2 ? 5000 : 70);
        uint64_t sum = 0, after = 0;
        for (size_t i = 0; i < n; i++) sum += pmkti_mix(ids[i] = random_bits() & MASKS[round % 6]);
        pmkti_sort_ids(ids, n);
        for (size_t i = 0; i < n; i++) {
            after += pmkti_mix(ids[i]); /* the same numbers */
            REQUIRE(i == 0 || ids[i - 1] <= ids[i]);
        }
        REQUIRE(sum == after);
    }
    free(ids);
}
END_TEST

/* ------------------------------------------------------- memory and bad calls */

START_TEST(without_memory_nothing_changes) {
    uint64_t ids[300];
    for (uint64_t i = 0; i < 300; i++) ids[i] = i + 1;
    for (int64_t nth = 1; nth < 4; nth++) {
        faulty memory = {0};
        const pmkt_allocator allocator = faulty_allocator(&memory);
        pmkt_idset *set = NULL, *other = NULL;
        pmkt_error err;
        faulty_arm(&memory, nth, true);
        const pmkt_status status = pmkt_idset_new(ids, 100, &allocator, &set, &err);
        faulty_disarm(&memory);
        ck_assert_int_eq(status, nth < 3 ? PMKT_E_NOMEM : PMKT_OK);
        if (status) {
            ck_assert_ptr_null(set);
            faulty_check_empty(&memory);
            continue;
        }
        const int64_t bytes = atomic_load(&memory.bytes);
        ck_assert_int_eq(pmkt_idset_bytes(set), bytes);
        for (int64_t late = 1; late <= 3; late++) { /* what is put in, and the larger table */
            faulty_arm(&memory, late, true);
            ck_assert_int_eq(pmkt_idset_update(set, ids, 10, ids + 100, 200, &err), PMKT_E_NOMEM);
            faulty_disarm(&memory);
            ck_assert_int_eq(atomic_load(&memory.bytes), bytes);
        }
        faulty_arm(&memory, 1, true);
        ck_assert_int_eq(pmkt_idset_union(set, set, &other, &err), PMKT_E_NOMEM);
        ck_assert_int_eq(pmkt_idset_intersect(set, set, &other, &err), PMKT_E_NOMEM);
        ck_assert_int_eq(pmkt_idset_difference(set, set, &other, &err), PMKT_E_NOMEM);
        ck_assert_int_eq(pmkt_idset_update(set, ids, 0, ids, 100, &err), PMKT_OK); /* no need */
        faulty_disarm(&memory);
        ck_assert_ptr_null(other);
        ck_assert_int_eq(pmkt_idset_count(set), 100);
        ck_assert_int_eq(pmkt_idset_contains(set, 1), 1);
        ck_assert_int_eq(pmkt_idset_contains(set, 101), 0);
        update(set, ids, 10, ids + 100, 200);
        ck_assert_int_eq(pmkt_idset_count(set), 290);
        ck_assert_int_eq(pmkt_idset_bytes(set), atomic_load(&memory.bytes));
        pmkt_idset_free(set);
        faulty_check_empty(&memory);
    }
}
END_TEST

#define REFUSED(call, text) \
    do { \
        pmkt_error refused_err = {0}; \
        pmkt_error *err = &refused_err; \
        ck_assert_int_eq(call, PMKT_E_INVALID); \
        ck_assert_msg(strstr(refused_err.message, text) != NULL, "%s", refused_err.message); \
    } while (0)

START_TEST(malformed_calls_say_what_is_wrong) {
    const uint64_t ids[] = {1};
    uint64_t out[1];
    uint8_t in[1];
    int64_t n = 0;
    const pmkt_allocator none = {NULL, NULL};
    pmkt_idset *set = set_of(ids, 1), *made = NULL;
    REFUSED(pmkt_idset_new(ids, 1, NULL, NULL, err), "set");
    REFUSED(pmkt_idset_new(NULL, 1, NULL, &made, err), "ids");
    REFUSED(pmkt_idset_new(ids, -1, NULL, &made, err), "-1");
    REFUSED(pmkt_idset_new(ids, 1, &none, &made, err), "allocator");
    ck_assert_int_eq(pmkt_idset_new(ids, INT64_MAX / 16, NULL, &made, NULL), PMKT_E_NOMEM);
    REFUSED(pmkt_idset_update(NULL, ids, 1, ids, 1, err), "set");
    REFUSED(pmkt_idset_update(set, NULL, 1, ids, 1, err), "remove");
    REFUSED(pmkt_idset_update(set, ids, -1, ids, 1, err), "remove");
    REFUSED(pmkt_idset_update(set, ids, 1, NULL, 1, err), "add");
    REFUSED(pmkt_idset_update(set, ids, 1, ids, -1, err), "add");
    REFUSED(pmkt_idset_contains_many(NULL, ids, 1, in, err), "set");
    REFUSED(pmkt_idset_contains_many(set, NULL, 1, in, err), "ids");
    REFUSED(pmkt_idset_contains_many(set, ids, -1, in, err), "n is -1");
    REFUSED(pmkt_idset_contains_many(set, ids, 1, NULL, err), "in");
    REFUSED(pmkt_idset_list(NULL, out, 1, &n, err), "set");
    REFUSED(pmkt_idset_list(set, out, 1, NULL, err), "n is NULL");
    REFUSED(pmkt_idset_list(set, out, -1, &n, err), "room");
    REFUSED(pmkt_idset_list(set, NULL, 1, &n, err), "ids");
    REFUSED(pmkt_idset_union(NULL, set, &made, err), "a");
    REFUSED(pmkt_idset_intersect(set, NULL, &made, err), "b");
    REFUSED(pmkt_idset_difference(set, set, NULL, err), "set");
    ck_assert_ptr_null(made);
    ck_assert_int_eq(pmkt_idset_contains(NULL, 1), 0);
    ck_assert_int_eq(pmkt_idset_count(NULL), 0);
    ck_assert_int_eq(pmkt_idset_bytes(NULL), 0);
    pmkt_idset_free(NULL);
    ck_assert_int_eq(pmkt_idset_count(set), 1);
    pmkt_idset_free(set);
}
END_TEST

START_TEST(a_list_without_enough_room_says_how_much) {
    const uint64_t ids[] = {3, LAST, 2};
    uint64_t out[3] = {0};
    int64_t n = 0;
    pmkt_idset *set = set_of(ids, 3);
    ck_assert_int_eq(pmkt_idset_list(set, NULL, 0, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 3);
    n = 0;
    ck_assert_int_eq(pmkt_idset_list(set, out, 2, &n, NULL), PMKT_E_LIMIT);
    ck_assert_int_eq(n, 3);
    ck_assert_int_eq(pmkt_idset_list(set, out, 3, &n, NULL), PMKT_OK);
    ck_assert(out[0] == 2 && out[1] == 3 && out[2] == LAST);
    pmkt_idset_free(set);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("idset");
    TOPIC(suite, "model", random_updates_agree_with_the_model,
          union_intersection_and_difference_agree_with_the_model, a_set_with_itself,
          an_id_taken_out_and_put_in_by_one_call_is_in,
          many_numbers_in_a_row_are_as_good_as_hashes);
    TOPIC(suite, "readers", readers_see_what_stays_while_the_set_grows_and_churns,
          a_list_has_no_id_twice_however_ids_move_meanwhile);
    TOPIC(suite, "sorting", sorting_keeps_the_numbers_and_puts_them_in_order);
    TOPIC(suite, "calls", without_memory_nothing_changes, malformed_calls_say_what_is_wrong,
          a_list_without_enough_room_says_how_much);
    return suite_run(suite);
}
