/*
 * Forgetting and merging dictionaries, alone and in random order against a plain model.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ids_state.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/strings.h"
#include "support/suite.h"

static uint64_t id_of_number(int64_t number) {
    char text[64];
    return pmkt_id_of_bytes(text, numbered(number, text));
}

static int64_t forget(pmkt_ids *ids, const uint64_t *id, int64_t n, int64_t when_ms) {
    int64_t found = -1;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_forget(ids, id, n, when_ms, &found, &err), err);
    return found;
}

static void merge(pmkt_ids *into, const pmkt_ids *from, int32_t threads) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_merge(into, from, &run, &err), err);
}

static pmkt_ids *numbered_ids(int64_t from, int64_t n) {
    strings s = {0};
    strings_numbered(&s, from, n);
    pmkt_ids *ids = ids_of(&s, NULL);
    strings_free(&s);
    return ids;
}

/* ---------------------------------------------------------------- forgetting */

START_TEST(a_forgotten_string_is_unknown_until_it_is_learned_anew) {
    pmkt_ids *ids = numbered_ids(0, 10);
    const uint64_t id[] = {id_of_number(3), id_of_number(4), 0, id_of_number(3), 12345};
    ck_assert_int_eq(forget(ids, id, 5, 1000), 2);
    ck_assert_ptr_null(pmkt_ids_name(ids, id[0], NULL));
    ck_assert_ptr_nonnull(pmkt_ids_name(ids, id_of_number(5), NULL));
    pmkt_ids_counters counters = ids_counters(ids);
    ck_assert_int_eq(counters.strings, 8);
    ck_assert_int_eq(counters.forgotten, 3); /* 12345 too */
    ck_assert_int_eq(counters.generation, 2);
    ck_assert_int_eq(forget(ids, id, 5, 1000), 0); /* again */
    ck_assert_int_eq(ids_counters(ids).generation, 2);

    strings s = {0};
    strings_numbered(&s, 3, 1);
    pmkt_error err;
    ck_assert_ok(ids_learn(ids, &s, 1, NULL, &err), err);
    ck_assert_ptr_nonnull(pmkt_ids_name(ids, id[0], NULL));
    counters = ids_counters(ids);
    ck_assert_int_eq(counters.strings, 9);
    ck_assert_int_eq(counters.forgotten, 2);
    ck_assert_int_eq(counters.generation, 3);
    strings_free(&s);
    pmkt_ids_free(ids);
}
END_TEST

static int64_t seen(const unsigned char *at, size_t n, const char *text) {
    int64_t times = 0;
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= n; i++) times += memcmp(at + i, text, length) == 0;
    return times;
}

START_TEST(the_bytes_of_a_forgotten_string_are_overwritten) {
    pmkt_ids *ids = ids_empty(NULL);
    const char text[] = "13800138000";
    const int64_t offsets[] = {0, 11};
    ck_assert_int_eq(pmkt_ids_encode(ids, text, offsets, 1, NULL, NULL, NULL), PMKT_OK);
    const uint64_t id = pmkt_id_of_bytes(text, 11);
    const pmkti_ids_part *part = &ids->parts[pmkti_ids_part_of(id)];
    const pmkti_ids_block *block = part->last;
    ck_assert_int_eq(seen(block->bytes, block->used, text), 1);
    ck_assert_int_eq(forget(ids, &id, 1, 0), 1);
    ck_assert_ptr_eq(part->last, block);
    ck_assert_int_eq(seen(block->bytes, block->used, text), 0);
    file_bytes bytes = ids_bytes(ids);
    ck_assert_int_eq(seen(bytes.at, bytes.n, text), 0);
    file_free(&bytes);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(most_forgotten_means_memory_given_back) {
    const int64_t n = scaled(200000, 200000);
    pmkt_ids *ids = numbered_ids(0, n);
    const int64_t full = ids_counters(ids).bytes;
    uint64_t *id = malloc((size_t)n * sizeof *id);
    for (int64_t i = 0; i < n; i++) id[i] = id_of_number(i);
    ck_assert_int_eq(forget(ids, id + 1000, n - 1000, 0), n - 1000);
    ck_assert_int_eq(ids_counters(ids).strings, 1000);
    for (int64_t i = 0; i < n; i++)
        REQUIRE((pmkt_ids_name(ids, id[i], NULL) != NULL) == (i < 1000));
    const int64_t tombs = (n - 1000) * 16;
    ck_assert_int_lt(ids_counters(ids).bytes - tombs, full - n * 8);
    free(id);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(a_failed_call_leaves_a_tombstone_where_it_was) {
    unsigned char a[16], b[16];
    strings_collide(5, a, b);
    strings s = {0};
    strings_numbered(&s, 0, 5);
    strings_add(&s, a, 16);
    strings_add(&s, b, 16);
    pmkt_ids *ids = numbered_ids(0, 3);
    const uint64_t id = id_of_number(1);
    (void)forget(ids, &id, 1, 77);
    file_bytes before = ids_bytes(ids);
    ck_assert_int_eq(ids_learn(ids, &s, 1, NULL, NULL), PMKT_E_COLLISION);
    ck_assert(ids_is(ids, &before));
    strings_free(&s);
    pmkt_ids_free(ids);
}
END_TEST

/* ------------------------------------------------------------------- merging */

START_TEST(merging_is_as_learning_both) {
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        pmkt_ids *into = numbered_ids(0, 50000), *from = numbered_ids(30000, 50000);
        pmkt_ids *both = numbered_ids(0, 80000);
        merge(into, from, threads);
        file_bytes expected = ids_bytes(both);
        ck_assert(ids_is(into, &expected));
        ck_assert_int_eq(ids_counters(into).generation, 2);
        merge(into, from, threads);
        ck_assert_int_eq(ids_counters(into).generation, 2);
        ck_assert_int_eq(ids_counters(from).strings, 50000);
        pmkt_ids_free(into);
        pmkt_ids_free(from);
        pmkt_ids_free(both);
    }
}
END_TEST

START_TEST(what_one_has_forgotten_is_unknown_in_both) {
    pmkt_ids *into = numbered_ids(0, 10), *from = numbered_ids(0, 10);
    const uint64_t id[] = {id_of_number(1), id_of_number(2)};
    (void)forget(into, &id[0], 1, 500);
    (void)forget(from, id, 2, 300);
    merge(into, from, 1);
    ck_assert_ptr_null(pmkt_ids_name(into, id[0], NULL));
    ck_assert_ptr_null(pmkt_ids_name(into, id[1], NULL));
    ck_assert_int_eq(ids_counters(into).strings, 8);
    ck_assert_int_eq(ids_counters(into).forgotten, 2);
    ck_assert_uint_eq(into->n_tombs, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(into->tombs[i].when_ms, into->tombs[i].id == id[0] ? 500 : 300);
    }
    merge(from, into, 1); /* and back: now both are the same */
    file_bytes expected = ids_bytes(into);
    ck_assert(ids_is(from, &expected));
    pmkt_ids_free(into);
    pmkt_ids_free(from);
}
END_TEST

START_TEST(a_collision_of_two_dictionaries_changes_nothing) {
    unsigned char a[16], b[16];
    strings_collide(9, a, b);
    strings one = {0}, two = {0};
    strings_numbered(&one, 0, 100);
    strings_add(&one, a, 16);
    strings_numbered(&two, 50, 100);
    strings_add(&two, b, 16);
    pmkt_ids *into = ids_of(&one, NULL), *from = ids_of(&two, NULL);
    file_bytes before = ids_bytes(into);
    pmkt_error err;
    ck_assert_int_eq(pmkt_ids_merge(into, from, NULL, &err), PMKT_E_COLLISION);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_NONE);
    ck_assert_ptr_nonnull(strstr(err.message, " and \""));
    ck_assert(ids_is(into, &before));
    const uint64_t id = pmkt_id_of_bytes(a, 16);
    (void)forget(into, &id, 1, 0); /* the string of a forgotten id is no collision */
    ck_assert_int_eq(pmkt_ids_merge(into, from, NULL, &err), PMKT_OK);
    ck_assert_ptr_null(pmkt_ids_name(into, id, NULL));
    pmkt_ids_free(into);
    pmkt_ids_free(from);
    strings_free(&one);
    strings_free(&two);
}
END_TEST

START_TEST(a_limit_refuses_a_merge) {
    pmkt_ids *from = numbered_ids(0, 5000), *into = NULL;
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.max_bytes = 100000;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_new(&options, &into, &err), err);
    const pmkt_ids_counters before = ids_counters(into);
    ck_assert_int_eq(pmkt_ids_merge(into, from, NULL, &err), PMKT_E_LIMIT);
    const pmkt_ids_counters after = ids_counters(into);
    ck_assert(memcmp(&before, &after, sizeof after) == 0);
    pmkt_ids_free(from);
    pmkt_ids_free(into);
}
END_TEST

/* ------------------------------------------------------------------- a model */

#define UNIVERSE 400

typedef struct model {
    bool known[UNIVERSE];
    int64_t tomb[UNIVERSE]; /* its date, or INT64_MIN */
} model;

static void model_clear(model *m) {
    for (int i = 0; i < UNIVERSE; i++) {
        m->known[i] = false;
        m->tomb[i] = INT64_MIN;
    }
}

static void check_model(const pmkt_ids *ids, const model *m) {
    int64_t known = 0, tombs = 0, bytes = 0;
    for (int64_t i = 0; i < UNIVERSE; i++) {
        char text[64];
        const size_t expected = numbered(i, text);
        size_t length = 0;
        const char *name = pmkt_ids_name(ids, id_of_number(i), &length);
        REQUIRE((name != NULL) == m->known[i]);
        REQUIRE(!name || (length == expected && memcmp(name, text, length) == 0));
        known += m->known[i];
        bytes += m->known[i] ? (int64_t)expected : 0;
        tombs += m->tomb[i] != INT64_MIN;
    }
    const pmkt_ids_counters counters = ids_counters(ids);
    REQUIRE(counters.strings == known);
    REQUIRE(counters.string_bytes == bytes);
    REQUIRE(counters.forgotten == tombs);
    uint64_t listed[UNIVERSE];
    int64_t n = 0;
    REQUIRE(pmkt_ids_list(ids, listed, UNIVERSE, &n, NULL) == PMKT_OK && n == known);
    for (int64_t i = 1; i < n; i++) REQUIRE(listed[i - 1] < listed[i]);
    for (size_t i = 0; i < ids->n_tombs; i++) {
        int64_t at = 0;
        while (id_of_number(at) != ids->tombs[i].id) at++;
        REQUIRE(m->tomb[at] == ids->tombs[i].when_ms);
    }
}

static void learn_some(pmkt_ids *ids, model *m) {
    strings s = {0};
    for (int64_t n = random_below(30); n >= 0; n--) {
        const int64_t at = random_below(UNIVERSE);
        strings_numbered(&s, at, 1);
        m->known[at] = true;
        m->tomb[at] = INT64_MIN;
    }
    pmkt_error err;
    ck_assert_ok(ids_learn(ids, &s, 1, NULL, &err), err);
    strings_free(&s);
}

static void forget_some(pmkt_ids *ids, model *m) {
    uint64_t id[20];
    int64_t n = random_below(20), expected = 0;
    const int64_t when = random_below(1000);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = random_below(UNIVERSE);
        id[i] = id_of_number(at);
        expected += m->known[at];
        m->known[at] = false;
        if (m->tomb[at] < when) m->tomb[at] = when;
    }
    REQUIRE(forget(ids, id, n, when) == expected);
}

static void merge_models(model *into, const model *from) {
    for (int i = 0; i < UNIVERSE; i++) {
        if (from->tomb[i] > into->tomb[i]) into->tomb[i] = from->tomb[i];
        into->known[i] = (into->known[i] || from->known[i]) && into->tomb[i] == INT64_MIN;
    }
}

/* Through a file and back, loaded, or mapped so that what follows happens over a base. */
static void exchange(pmkt_ids **ids, int which) {
    const char *path = scratch_path(which ? "one.pmkt" : "other.pmkt");
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.unsynced = 1;
    pmkt_error err;
    pmkt_ids *again = NULL;
    ck_assert_ok(pmkt_ids_save(*ids, path, &options, NULL, &err), err);
    pmkt_ids_free(*ids);
    if (random_below(3))
        ck_assert_ok(pmkt_ids_map(path, NULL, &again, &err), err);
    else
        ck_assert_ok(pmkt_ids_load(path, NULL, NULL, &again, &err), err);
    *ids = again;
}

START_TEST(random_calls_agree_with_the_model) {
    for (uint64_t seed = 0; seed < 4; seed++) {
        random_seed(seed);
        pmkt_ids *ids[2] = {ids_empty(NULL), ids_empty(NULL)};
        model models[2];
        model_clear(&models[0]);
        model_clear(&models[1]);
        for (int64_t step = 0; step < scaled(600, 100); step++) {
            const int which = (int)random_below(2);
            const int64_t what = random_below(20);
            if (what < 9)
                learn_some(ids[which], &models[which]);
            else if (what < 16)
                forget_some(ids[which], &models[which]);
            else if (what < 18)
                exchange(&ids[which], which);
            else {
                merge(ids[which], ids[1 - which], 1);
                merge_models(&models[which], &models[1 - which]);
            }
            if (step % 5 == 0) check_model(ids[which], &models[which]);
        }
        check_model(ids[0], &models[0]);
        check_model(ids[1], &models[1]);
        pmkt_ids_free(ids[0]);
        pmkt_ids_free(ids[1]);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ids merge");
    TOPIC(suite, "forgetting", a_forgotten_string_is_unknown_until_it_is_learned_anew,
          the_bytes_of_a_forgotten_string_are_overwritten, most_forgotten_means_memory_given_back,
          a_failed_call_leaves_a_tombstone_where_it_was);
    TOPIC(suite, "merging", merging_is_as_learning_both, what_one_has_forgotten_is_unknown_in_both,
          a_collision_of_two_dictionaries_changes_nothing, a_limit_refuses_a_merge);
    TOPIC(suite, "model", random_calls_agree_with_the_model);
    return suite_run(suite);
}
