/*
 * Callers of other releases: every struct that crosses the ABI, shorter and longer than ours, given
 * to the call that takes it.
 */
#include "core/structs.h"

#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/rfm.h"
#include "support/suite.h"

#define LONGEST 4096

/* A struct that a call reads. The call gives PMKT_OK for the INIT of the struct. */
typedef struct input {
    const char *name;
    size_t size, least;
    const void *init;
    pmkt_status (*call)(const void *theirs, pmkt_error *err);
} input;

/* ------------------------------------------------------------------ the calls */

static pmkt_status take_run(const void *theirs, pmkt_error *err) {
    pmkt_rfm *rfm = rfm_history();
    const pmkt_status status = pmkt_rfm_compact(rfm, theirs, err);
    pmkt_rfm_free(rfm);
    return status;
}

static pmkt_status take_events(const void *theirs, pmkt_error *err) {
    return pmkt_events_check(theirs, NULL, err);
}

static pmkt_status take_zone(const void *theirs, pmkt_error *err) {
    const int64_t ms = 0;
    int32_t day = 0;
    return pmkt_zone_days(theirs, &ms, 1, &day, err);
}

static pmkt_status take_rfm_options(const void *theirs, pmkt_error *err) {
    pmkt_rfm *rfm = NULL;
    const pmkt_status status = pmkt_rfm_new(theirs, &rfm, err);
    ck_assert_int_eq(rfm == NULL, status != PMKT_OK);
    pmkt_rfm_free(rfm);
    return status;
}

static pmkt_status take_score_options(const void *theirs, pmkt_error *err) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = NULL;
    const pmkt_status status = pmkt_rfm_score(rfm, 0, theirs, NULL, &scores, err);
    ck_assert_int_eq(scores == NULL, status != PMKT_OK);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
    return status;
}

static const pmkt_run run_init = PMKT_RUN_INIT;
static const pmkt_events events_init = PMKT_EVENTS_INIT;
static const pmkt_zone zone_init = PMKT_ZONE_INIT;
static const pmkt_rfm_options rfm_init = PMKT_RFM_OPTIONS_INIT;
static const pmkt_rfm_score_options score_init = PMKT_RFM_SCORE_OPTIONS_INIT;

static const input inputs[] = {
    {"pmkt_run", sizeof run_init, offsetof(pmkt_run, progress), &run_init, take_run},
    {"pmkt_events", sizeof events_init, offsetof(pmkt_events, currency), &events_init, take_events},
    {"pmkt_zone", sizeof zone_init, sizeof zone_init, &zone_init, take_zone},
    {"pmkt_rfm_options", sizeof rfm_init, sizeof rfm_init, &rfm_init, take_rfm_options},
    {"pmkt_rfm_score_options", sizeof score_init, sizeof score_init, &score_init,
     take_score_options},
};

/* Gives the call the first `size` bytes of the struct and nothing behind them, so that reading
   further is seen by a sanitizer; those that are not of the struct are zero but for one. */
static pmkt_status give(const input *in, uint32_t size, size_t odd_byte, pmkt_error *err) {
    unsigned char *theirs = calloc(1, size > 4 ? size : 4);
    ck_assert_ptr_nonnull(theirs);
    memcpy(theirs, in->init, size < in->size ? size : in->size);
    memcpy(theirs, &size, sizeof size);
    if (odd_byte) theirs[odd_byte] = 1;
    const pmkt_status status = in->call(theirs, err);
    free(theirs);
    return status;
}

START_TEST(an_older_callers_struct_is_taken_down_to_its_first_release) {
    for (int64_t i = 0; i < LENGTH(inputs); i++) {
        for (size_t size = inputs[i].least; size <= inputs[i].size; size += 8) {
            pmkt_error err = {0};
            ck_assert_ok(give(&inputs[i], (uint32_t)size, 0, &err), err);
        }
    }
}
END_TEST

START_TEST(a_newer_callers_struct_is_taken_if_its_new_options_are_unused) {
    for (int64_t i = 0; i < LENGTH(inputs); i++) {
        static const size_t MORE[] = {8, 16, 64};
        for (int64_t j = 0; j < LENGTH(MORE); j++) {
            pmkt_error err = {0};
            ck_assert_ok(give(&inputs[i], (uint32_t)(inputs[i].size + MORE[j]), 0, &err), err);
        }
        ck_assert_int_eq(give(&inputs[i], LONGEST, 0, NULL), PMKT_OK);
    }
}
END_TEST

START_TEST(a_newer_callers_struct_is_refused_if_it_uses_an_option_unknown_here) {
    for (int64_t i = 0; i < LENGTH(inputs); i++) {
        const size_t size = inputs[i].size;
        for (size_t odd = size; odd < size + 16; odd++) {
            pmkt_error err = {0};
            ck_assert_int_eq(give(&inputs[i], (uint32_t)size + 16, odd, &err), PMKT_E_UNSUPPORTED);
            ck_assert_int_eq(err.code, PMKT_E_UNSUPPORTED);
            ck_assert_ptr_nonnull(strstr(err.message, pmkt_version()));
        }
        ck_assert_int_eq(give(&inputs[i], LONGEST, LONGEST - 1, NULL), PMKT_E_UNSUPPORTED);
    }
}
END_TEST

START_TEST(a_size_that_no_release_has_is_refused) {
    for (int64_t i = 0; i < LENGTH(inputs); i++) {
        const uint32_t least = (uint32_t)inputs[i].least;
        /* Sizes are multiples of 8 in every release: another would cut a field in half. */
        const uint32_t sizes[] = {0, 1, 4, least - 1, least + 4, (uint32_t)inputs[i].size + 1};
        for (int64_t j = 0; j < LENGTH(sizes); j++) {
            pmkt_error err = {0};
            ck_assert_int_eq(give(&inputs[i], sizes[j], 0, &err), PMKT_E_INVALID);
            ck_assert_ptr_nonnull(strstr(err.message, "struct_size"));
        }
        /* never dereferenced that far, so the buffer can be short */
        unsigned char *theirs = calloc(1, inputs[i].size);
        ck_assert_ptr_nonnull(theirs);
        const uint32_t huge[] = {LONGEST + 1, UINT32_MAX};
        for (int64_t j = 0; j < LENGTH(huge); j++) {
            memcpy(theirs, &huge[j], sizeof huge[j]);
            ck_assert_int_eq(inputs[i].call(theirs, NULL), PMKT_E_INVALID);
        }
        free(theirs);
    }
}
END_TEST

START_TEST(a_shorter_struct_is_not_read_beyond_its_end) {
    const uint64_t user = 1;
    const int64_t time = 0;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.struct_size = offsetof(pmkt_events, currency);
    events.rows = 1;
    events.user = &user;
    events.time = &time;
    events.every_kind = PMKT_KIND_VIEW;
    memcpy(events.currency, "no!", 3);
    ck_assert_int_eq(pmkt_events_check(&events, NULL, NULL), PMKT_OK);
    pmkt_run run = {offsetof(pmkt_run, progress), 1, {NULL, &run}};
    ck_assert_int_eq(take_run(&run, NULL), PMKT_OK);
}
END_TEST

START_TEST(all_structs_are_multiples_of_eight_bytes) {
    for (int64_t i = 0; i < LENGTH(inputs); i++) ck_assert_uint_eq(inputs[i].size % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_report) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_column) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_counters) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_columns) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_group) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_rates) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_segment) % 8, 0);
    ck_assert_uint_eq(sizeof(pmkt_rfm_tier) % 8, 0);
}
END_TEST

#define CHECK_INIT(type, expected) \
    do { \
        type by_function; \
        memset(&by_function, 0xEE, sizeof by_function); \
        type##_init(&by_function); \
        ck_assert_mem_eq(&by_function, expected, sizeof by_function); \
    } while (0)

START_TEST(the_init_functions_do_what_the_macros_do) {
    CHECK_INIT(pmkt_run, &run_init);
    CHECK_INIT(pmkt_events, &events_init);
    CHECK_INIT(pmkt_zone, &zone_init);
    CHECK_INIT(pmkt_rfm_options, &rfm_init);
    CHECK_INIT(pmkt_rfm_score_options, &score_init);
    const pmkt_report report = PMKT_REPORT_INIT;
    const pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    const pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    const pmkt_rfm_rates rates = PMKT_RFM_RATES_INIT;
    CHECK_INIT(pmkt_report, &report);
    CHECK_INIT(pmkt_rfm_counters, &counters);
    CHECK_INIT(pmkt_rfm_columns, &columns);
    CHECK_INIT(pmkt_rfm_rates, &rates);
}
END_TEST

/* ------------------------------------------------------------------- outputs */

/* A struct that a call fills. */
typedef struct output {
    const char *name;
    size_t size, least;
    pmkt_status (*call)(void *theirs, pmkt_error *err);
} output;

static pmkt_status fill_counters(void *theirs, pmkt_error *err) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, 1000, 7, 500);
    const pmkt_status status = pmkt_rfm_stats(rfm, theirs, err);
    pmkt_rfm_free(rfm);
    return status;
}

static pmkt_rfm_scores *any_scores(void) {
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, 1000, 7, 500);
    pmkt_rfm_scores *scores = rfm_score(rfm, DAY, NULL);
    pmkt_rfm_free(rfm);
    return scores;
}

static pmkt_status fill_columns(void *theirs, pmkt_error *err) {
    pmkt_rfm_scores *scores = any_scores();
    const pmkt_status status = pmkt_rfm_scores_columns(scores, theirs, err);
    pmkt_rfm_scores_free(scores);
    return status;
}

static pmkt_status fill_rates(void *theirs, pmkt_error *err) {
    pmkt_rfm_scores *scores = any_scores();
    pmkt_rfm_migration *migration = migrate(scores, scores, PMKT_RFM_BY_SEGMENT);
    const pmkt_status status = pmkt_rfm_migration_rates(migration, theirs, err);
    pmkt_rfm_migration_free(migration);
    pmkt_rfm_scores_free(scores);
    return status;
}

static pmkt_status fill_report(void *theirs, pmkt_error *err) {
    const uint64_t users[2] = {1, 0};
    const int64_t times[2] = {0, 0};
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 2;
    events.on_bad = PMKT_ON_BAD_SKIP;
    events.user = users;
    events.time = times;
    events.every_kind = PMKT_KIND_VIEW;
    return pmkt_events_check(&events, theirs, err);
}

static const output outputs[] = {
    {"pmkt_report", sizeof(pmkt_report), sizeof(pmkt_report), fill_report},
    {"pmkt_rfm_counters", sizeof(pmkt_rfm_counters), offsetof(pmkt_rfm_counters, generation),
     fill_counters},
    {"pmkt_rfm_columns", sizeof(pmkt_rfm_columns), offsetof(pmkt_rfm_columns, user), fill_columns},
    {"pmkt_rfm_rates", sizeof(pmkt_rfm_rates), offsetof(pmkt_rfm_rates, customers), fill_rates},
};

static bool is_filled(const unsigned char *bytes, int byte, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != byte) return false;
    }
    return true;
}

/* Whether two structs agree, pointers aside: whole structs of one call have different ones. */
static bool agree(const output *out, const unsigned char *a, const unsigned char *b, size_t n) {
    if (out->call == fill_columns && n > out->least) n = out->least;
    return memcmp(a + 4, b + 4, n - 4) == 0;
}

START_TEST(an_older_callers_struct_gets_what_it_has_room_for) {
    for (int64_t i = 0; i < LENGTH(outputs); i++) {
        const output *out = &outputs[i];
        unsigned char full[LONGEST] = {0};
        const uint32_t whole = (uint32_t)out->size;
        memcpy(full, &whole, sizeof whole);
        ck_assert_int_eq(out->call(full, NULL), PMKT_OK);
        for (uint32_t size = (uint32_t)out->least; size <= whole; size += 8) {
            unsigned char theirs[LONGEST];
            memset(theirs, 0, sizeof theirs);
            memset(theirs + size, 0x77, sizeof theirs - size);
            memcpy(theirs, &size, sizeof size);
            ck_assert_int_eq(out->call(theirs, NULL), PMKT_OK);
            ck_assert_mem_eq(theirs, &size, sizeof size);
            ck_assert_msg(agree(out, theirs, full, size), "%s of %u bytes", out->name, size);
            ck_assert(is_filled(theirs + size, 0x77, sizeof theirs - size));
        }
    }
}
END_TEST

START_TEST(a_newer_callers_struct_gets_zeros_where_we_know_nothing) {
    for (int64_t i = 0; i < LENGTH(outputs); i++) {
        const output *out = &outputs[i];
        unsigned char theirs[LONGEST];
        const uint32_t size = (uint32_t)out->size + 40;
        memset(theirs, 0, size); /* what a newer report asks for must be unset */
        memset(theirs + size, 0x77, sizeof theirs - size);
        if (out->call != fill_report) memset(theirs, 0x77, size);
        memcpy(theirs, &size, sizeof size);
        ck_assert_int_eq(out->call(theirs, NULL), PMKT_OK);
        ck_assert_mem_eq(theirs, &size, sizeof size);
        ck_assert(is_filled(theirs + out->size, 0, size - out->size));
        ck_assert(is_filled(theirs + size, 0x77, sizeof theirs - size));
    }
}
END_TEST

START_TEST(an_output_of_a_size_that_no_release_has_is_refused_untouched) {
    for (int64_t i = 0; i < LENGTH(outputs); i++) {
        const output *out = &outputs[i];
        const uint32_t sizes[] = {0, 4, (uint32_t)out->least - 1, LONGEST + 1, UINT32_MAX};
        for (int64_t j = 0; j < LENGTH(sizes); j++) {
            unsigned char theirs[LONGEST], before[LONGEST];
            memset(theirs, 0x77, sizeof theirs);
            memcpy(theirs, &sizes[j], sizeof sizes[j]);
            memcpy(before, theirs, sizeof before);
            pmkt_error err = {0};
            ck_assert_int_eq(out->call(theirs, &err), PMKT_E_INVALID);
            ck_assert_ptr_nonnull(strstr(err.message, "struct_size"));
            ck_assert_mem_eq(theirs, before, sizeof before);
        }
    }
}
END_TEST

START_TEST(groups_of_other_sizes_are_filled_one_behind_the_other) {
    pmkt_rfm_scores *scores = any_scores();
    const int32_t codes = pmkt_rfm_scores_codes(scores, PMKT_RFM_BY_SEGMENT);
    pmkt_rfm_group ours[16];
    ck_assert_int_eq(pmkt_rfm_summary(scores, PMKT_RFM_BY_SEGMENT, ours, sizeof *ours, codes, NULL),
                     PMKT_OK);
    static const size_t SIZES[] = {offsetof(pmkt_rfm_group, revenue),
                                   offsetof(pmkt_rfm_group, average_order),
                                   sizeof(pmkt_rfm_group) + 24};
    for (int64_t i = 0; i < LENGTH(SIZES); i++) {
        const size_t size = SIZES[i], known = size < sizeof *ours ? size : sizeof *ours;
        unsigned char theirs[16 * 128];
        memset(theirs, 0x77, sizeof theirs);
        ck_assert_int_eq(pmkt_rfm_summary(scores, PMKT_RFM_BY_SEGMENT,
                                          (pmkt_rfm_group *)(void *)theirs, size, codes, NULL),
                         PMKT_OK);
        for (int32_t code = 0; code < codes; code++) {
            const unsigned char *at = theirs + (size_t)code * size;
            ck_assert_mem_eq(at, &ours[code], known);
            ck_assert(is_filled(at + known, 0, size - known));
        }
        ck_assert_uint_eq(theirs[(size_t)codes * size], 0x77);
    }
    static const size_t BAD[] = {0, 8, offsetof(pmkt_rfm_group, revenue) - 1, LONGEST + 1,
                                 SIZE_MAX};
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        ck_assert_int_eq(pmkt_rfm_summary(scores, PMKT_RFM_BY_SEGMENT, ours, BAD[i], codes, NULL),
                         PMKT_E_INVALID);
    }
    pmkt_rfm_scores_free(scores);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("structs");
    TOPIC(suite, "inputs", an_older_callers_struct_is_taken_down_to_its_first_release,
          a_newer_callers_struct_is_taken_if_its_new_options_are_unused,
          a_newer_callers_struct_is_refused_if_it_uses_an_option_unknown_here,
          a_size_that_no_release_has_is_refused, a_shorter_struct_is_not_read_beyond_its_end,
          all_structs_are_multiples_of_eight_bytes, the_init_functions_do_what_the_macros_do);
    TOPIC(suite, "outputs", an_older_callers_struct_gets_what_it_has_room_for,
          a_newer_callers_struct_gets_zeros_where_we_know_nothing,
          an_output_of_a_size_that_no_release_has_is_refused_untouched,
          groups_of_other_sizes_are_filled_one_behind_the_other);
    return suite_run(suite);
}
