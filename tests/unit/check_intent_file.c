/*
 * check_intent_file.c - models of intent as files: what comes back is what was saved, and no damage
 * is more than a status or a wrong answer. Run it under the sanitizers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intent/chain.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/suite.h"

#define PATHS 40

enum {
    HEAD = 1,
    ACTIONS = 2,
    COUNTS = 3,
    DWELL = 4,
    CLASSES = 5
};

/* A model of an even order has classes. */
static const uint64_t classes[] = {70, 50, UINT64_MAX};

static pmkt_intent *small_model(int order, const pmkt_allocator *allocator) {
    int64_t at[PATHS + 1] = {0}, dwell[PATHS * 8], n = 0;
    uint32_t action[PATHS * 8];
    uint8_t bought[PATHS];
    random_seed(4);
    for (int i = 0; i < PATHS; i++) {
        for (int64_t k = random_below(8); k > 0; k--) {
            action[n] = 2 + (uint32_t)random_below(4), dwell[n++] = random_below(100000);
        }
        at[i + 1] = n, bought[i] = random_below(2) > 0;
    }
    const pmkt_intent_paths p = {sizeof p, 0, PATHS, at, action, dwell, bought};
    pmkt_intent_options o = PMKT_INTENT_OPTIONS_INIT;
    o.order = order, o.allocator = allocator;
    if (order % 2 == 0) o.classes = classes, o.n_classes = LENGTH(classes);
    pmkt_intent *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_fit_paths(&p, &o, NULL, &model, &err), err);
    return model;
}

static file_bytes bytes_of(const pmkt_intent *model) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_intent_save_memory(model, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

/* Loads; what is loaded is asked everything. */
static pmkt_status load_status(const file_bytes *f) {
    pmkt_intent *model = NULL;
    const pmkt_status status = pmkt_intent_load_memory(f->at, f->n, NULL, NULL, &model, NULL);
    REQUIRE((status == PMKT_OK) == (model != NULL));
    if (status) return status;
    const int64_t at[] = {0, 0, 3, 8}, waited[] = {0, 5000, 50000};
    const uint32_t action[] = {2, 3, 4, 2, 99, 3, 5, 2};
    const pmkt_intent_paths p = {sizeof p, 0, 3, at, action, NULL, NULL};
    double goal[3], steps[3], time[3], logs[3], next_p[9], row[3 * 66], odds[8];
    uint32_t next[9];
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal, out.steps = steps, out.time_ms = time, out.log_buyer = logs;
    out.next = next, out.next_p = next_p;
    REQUIRE(pmkt_intent_ask(model, &p, NULL, &out, NULL) == PMKT_OK);
    REQUIRE(pmkt_intent_next(model, &p, waited, NULL, row, NULL) == PMKT_OK);
    REQUIRE(pmkt_intent_explain(model, &p, NULL, odds, NULL) == PMKT_OK);
    for (int i = 0; i < 3; i++) REQUIRE(goal[i] >= 0 && goal[i] <= 1 && isfinite(logs[i]));
    pmkt_intent_release(model);
    return PMKT_OK;
}

START_TEST(what_is_loaded_is_what_was_saved) {
    for (int order = 1; order <= 5; order++) {
        const char *path = scratch_path("intent");
        pmkt_intent *model = small_model(order, NULL), *loaded = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_intent_save(model, path, NULL, NULL, &err), err);
        ck_assert_ok(pmkt_intent_load(path, NULL, NULL, &loaded, &err), err);
        file_bytes x = bytes_of(model), y = bytes_of(loaded);
        ck_assert_uint_eq(x.n, y.n);
        ck_assert(memcmp(x.at, y.at, x.n) == 0);
        pmkt_intent_facts a = PMKT_INTENT_FACTS_INIT, b = PMKT_INTENT_FACTS_INIT;
        ck_assert_ok(pmkt_intent_info(model, &a, &err), err);
        ck_assert_ok(pmkt_intent_info(loaded, &b, &err), err);
        ck_assert(memcmp(&a, &b, sizeof a) == 0);
        const uint64_t *list = NULL;
        int64_t n_classes = -1;
        ck_assert_ok(pmkt_intent_classes(loaded, &list, &n_classes, &err), err);
        ck_assert_int_eq(n_classes, order % 2 == 0 ? LENGTH(classes) : 0);
        ck_assert(n_classes == 0 || memcmp(list, classes, sizeof classes) == 0);
        ck_assert(memcmp(model->goal, loaded->goal, (size_t)a.contexts * sizeof(double)) == 0);
        ck_assert(memcmp(model->time, loaded->time, (size_t)a.contexts * sizeof(double)) == 0);
        pmkt_file_info info = PMKT_FILE_INFO_INIT;
        ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
        ck_assert_int_eq(info.kind, PMKT_FILE_INTENT);
        pmkt_intent_release(model);
        pmkt_intent_release(loaded);
        file_free(&x);
        file_free(&y);
    }
}
END_TEST

static void check_max_bytes(int order) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_intent *model = small_model(order, &allocator), *again = NULL;
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    ck_assert_int_eq(pmkt_intent_info(model, &facts, NULL), PMKT_OK);
    ck_assert_int_eq(facts.bytes, memory.bytes);
    file_bytes f = bytes_of(model);
    pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
    o.max_bytes = facts.bytes - 1;
    ck_assert_int_eq(pmkt_intent_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_E_LIMIT);
    ck_assert_ptr_null(again);
    o.max_bytes = facts.bytes;
    ck_assert_int_eq(pmkt_intent_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_OK);
    pmkt_intent_release(again);
    pmkt_intent_release(model);
    faulty_check_empty(&memory);
    file_free(&f);
}

START_TEST(max_bytes_is_the_models_bytes) {
    for (int order = 2; order <= 3; order++) check_max_bytes(order);
}
END_TEST

START_TEST(no_part_of_a_file_is_a_model) {
    pmkt_intent *model = small_model(2, NULL);
    file_bytes f = bytes_of(model);
    for (size_t n = 0; n < f.n; n++) {
        file_bytes part = file_copy(f.at, n);
        const pmkt_status status = load_status(&part);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT || status == PMKT_E_INVALID);
        file_free(&part);
    }
    pmkt_intent_release(model);
    file_free(&f);
}
END_TEST

START_TEST(no_changed_byte_is_loaded) {
    pmkt_intent *model = small_model(2, NULL);
    file_bytes f = bytes_of(model);
    for (size_t i = 0; i < f.n; i++) {
        f.at[i] ^= (unsigned char)(1u << i % 8);
        const pmkt_status status = load_status(&f);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT);
        f.at[i] ^= (unsigned char)(1u << i % 8);
    }
    ck_assert_int_eq(load_status(&f), PMKT_OK);
    pmkt_intent_release(model);
    file_free(&f);
}
END_TEST

START_TEST(forged_files_do_no_harm) {
    static const unsigned char with[] = {0x00, 0x01, 0x03, 0x41, 0x7f, 0x80, 0xff};
    for (int order = 1; order <= 4; order++) {
        pmkt_intent *model = small_model(order, NULL);
        file_bytes f = bytes_of(model);
        for (size_t i = 0; i < f.n; i += (size_t)scaled(3, 29)) {
            for (size_t k = 0; k < sizeof with; k++) {
                file_bytes forged = file_copy(f.at, f.n);
                forged.at[i] = with[k];
                file_sign(&forged);
                const pmkt_status status = load_status(&forged);
                REQUIRE(status == PMKT_OK || status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT ||
                        status == PMKT_E_UNSUPPORTED);
                file_free(&forged);
            }
        }
        pmkt_intent_release(model);
        file_free(&f);
    }
}
END_TEST

/* Numbers that make no sense, one at a time: section, offset, bytes. */
START_TEST(each_rule_of_the_format_is_checked) {
    const struct {
        uint32_t section;
        size_t at;
        uint64_t value;
        int bits;
    } bad[] = {
        {HEAD, 0, 0, 32},
        {HEAD, 0, 6, 32},
        {HEAD, 4, 0, 32},
        {HEAD, 4, 3, 32}, /* the goal among the actions */
        {HEAD, 8, 0, 64},
        {HEAD, 16, PATHS + 1, 64},
        {HEAD, 24, 1, 64},
        {HEAD, 32, UINT64_C(1) << 32, 64},
        {ACTIONS, 4, 2, 32},
        {ACTIONS, 0, 0, 32},
        {ACTIONS, 12, PMKT_INTENT_GOAL, 32},
        {COUNTS, 0, 0, 64},
        {COUNTS, 0, PMKTI_LEAVE, 64},                    /* no context */
        {COUNTS, 0, PMKTI_START << 7 | PMKTI_START, 64}, /* START follows */
        {COUNTS, 0, PMKTI_GOAL << 7 | 1, 64},            /* GOAL is followed */
        {COUNTS, 0, UINT64_C(0xffffffffffffffff), 64},
        {COUNTS, 8, UINT64_C(0xffffffffffffffff), 64},
        {COUNTS, 8, 1000, 64},
        {COUNTS, 16, UINT64_C(1) << 62, 64},
        {DWELL, 0, UINT64_C(1) << 40, 64},
        {DWELL, 8, UINT64_C(1) << 62, 64},
        {DWELL, 16, UINT64_C(1) << 62, 64},
        {DWELL, 24, UINT64_C(1) << 63, 64},
        {CLASSES, 0, 0, 64},
        {CLASSES, 16, 0, 64},
        {CLASSES, 8, 70, 64}, /* twice */
    };
    pmkt_intent *model = small_model(2, NULL);
    file_bytes f = bytes_of(model);
    ck_assert_int_eq(load_status(&f), PMKT_OK);
    for (int64_t i = 0; i < LENGTH(bad); i++) {
        file_bytes forged = file_copy(f.at, f.n);
        size_t length = 0;
        const size_t at = file_section(&forged, bad[i].section, &length) + bad[i].at;
        if (bad[i].bits == 32)
            set32(&forged, at, (uint32_t)bad[i].value);
        else
            set64(&forged, at, bad[i].value);
        file_sign(&forged);
        ck_assert_msg(load_status(&forged) == PMKT_E_CORRUPT, "case %d", (int)i);
        file_free(&forged);
    }
    pmkt_intent_release(model);
    file_free(&f);
}
END_TEST

/* Times may be more than what is counted, as those of sessions under way are; but not so many that sums overflow. */
START_TEST(there_are_as_many_times_as_can_be_summed) {
    pmkt_intent *model = small_model(2, NULL), *many = NULL, *both = NULL;
    file_bytes f = bytes_of(model);
    size_t length = 0;
    const size_t at = file_section(&f, DWELL, &length);
    uint64_t others = 0;
    for (size_t i = 32; i < length; i += 32) others += get64(&f, at + i);
    for (uint64_t more = 0; more < 2; more++) {
        set64(&f, at, (UINT64_C(1) << 31) - others + more);
        file_sign(&f);
        ck_assert_int_eq(load_status(&f), more ? PMKT_E_CORRUPT : PMKT_OK);
        if (more) break;
        pmkt_error err;
        ck_assert_ok(pmkt_intent_load_memory(f.at, f.n, NULL, NULL, &many, &err), err);
        const pmkt_intent *const two[] = {many, model};
        ck_assert_int_eq(pmkt_intent_merge(two, 1, NULL, &both, &err), PMKT_OK);
        pmkt_intent_release(both);
        ck_assert_int_eq(pmkt_intent_merge(two, 2, NULL, &both, &err), PMKT_E_LIMIT);
        pmkt_intent_release(many);
    }
    file_free(&f);
    pmkt_intent_release(model);
}
END_TEST

int main(void) {
    Suite *s = suite_create("intent_file");
    TOPIC(s, "round trips", what_is_loaded_is_what_was_saved, max_bytes_is_the_models_bytes);
    TOPIC(s, "damage", no_part_of_a_file_is_a_model, no_changed_byte_is_loaded,
          forged_files_do_no_harm, each_rule_of_the_format_is_checked,
          there_are_as_many_times_as_can_be_summed);
    return suite_run(s);
}
