/*
 * States as files: what is loaded or mapped is what was saved, and goes on like it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/container_format.h"
#include "rfm/files.h"
#include "support/faulty.h"
#include "support/rfm_dump.h"
#include "support/rfm_file.h"
#include "support/suite.h"

#define USERS 600

static bool has_zstd(void) {
    return pmkti_codec_check(NULL) == PMKT_OK;
}

static void check_same_answers(const pmkt_rfm *a, const pmkt_rfm *b) {
    pmkt_rfm_scores *x = rfm_score(a, saved_as_of(), NULL), *y = rfm_score(b, saved_as_of(), NULL);
    ck_assert(scores_equal(x, y));
    pmkt_rfm_scores_free(x);
    pmkt_rfm_scores_free(y);
}

/* ------------------------------------------------------------ there and back */

START_TEST(a_loaded_state_is_the_one_that_was_saved) {
    const char *path = scratch_path("state.pmkt");
    for (int kind = 0; kind < SAVED_KINDS; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 1);
        save_to(rfm, path);
        file_bytes bytes = state_bytes(rfm);
        ck_assert(file_is(path, bytes.at, bytes.n));
        pmkt_rfm *copies[] = {load_from(path), load_bytes(&bytes), map_from(path)};
        for (int i = 0; i < LENGTH(copies); i++) {
            ck_assert(rfm_equal(rfm, copies[i]));
            check_same_state(rfm, copies[i]);
            check_same_answers(rfm, copies[i]);
            pmkt_error err = {0};
            ck_assert_ok(pmkt_rfm_verify(copies[i], NULL, &err), err);
            pmkt_rfm_free(copies[i]);
        }
        file_free(&bytes);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(counters_go_along) {
    const char *path = scratch_path("counters");
    for (int kind = 0; kind < SAVED_KINDS; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 2);
        batch bad = {0};
        batch_row(&bad, 0, 0, PMKT_KIND_ORDER, 0, 1);
        batch_order(&bad, 4, date(2024, 5, 1), 0, 1); /* of a forgotten user, where there are any */
        pmkt_events events = batch_events(&bad);
        events.on_bad = PMKT_ON_BAD_SKIP;
        ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL), PMKT_OK);
        batch_clear(&bad);
        ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
        save_to(rfm, path);
        pmkt_rfm *copies[] = {load_from(path), map_from(path)};
        const pmkt_rfm_counters a = rfm_stats(rfm);
        ck_assert_int_eq(a.rows_rejected, 1);
        for (int i = 0; i < LENGTH(copies); i++) {
            pmkt_rfm_counters b = rfm_stats(copies[i]);
            ck_assert_int_eq(b.generation, 0); /* of the handle, not of what it knows */
            if (i == 1) ck_assert_int_lt(b.bytes, 100000);
            b.generation = a.generation;
            b.bytes = a.bytes;
            ck_assert(memcmp(&a, &b, sizeof a) == 0);
            pmkt_rfm_free(copies[i]);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(a_packed_file_is_the_same_state) {
    if (!has_zstd()) return;
    const char *path = scratch_path("packed");
    for (int kind = 0; kind < SAVED_EMPTY; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 3);
        for (int32_t level = 1; level <= 19; level += 9) {
            pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
            options.compression = level;
            options.unsynced = 1;
            pmkt_error err = {0};
            ck_assert_ok(pmkt_rfm_save(rfm, path, &options, NULL, &err), err);
            pmkt_rfm *copy = load_from(path);
            check_same_state(rfm, copy);
            pmkt_rfm_free(copy);
            ck_assert_int_eq(pmkt_rfm_map(path, NULL, &copy, &err), PMKT_E_UNSUPPORTED);
            pmkt_file_info info = PMKT_FILE_INFO_INIT;
            ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
            ck_assert_int_eq(info.kind, PMKT_FILE_RFM);
            ck_assert_int_eq(info.sections, 5);
            ck_assert_int_ge(info.compressed, 2);
            ck_assert_int_lt(info.bytes, info.bytes_unpacked);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* -------------------------------------------------------------- equal bytes */

START_TEST(threads_do_not_change_the_bytes) {
    for (int mode = SAVED_HISTORY; mode <= SAVED_SUMMARY; mode++) {
        pmkt_rfm *rfm = saved_state(mode, scaled(20000, 12000), 4); /* enough for threads */
        file_bytes one = {NULL, 0};
        for (int32_t threads = 1; threads <= 4; threads *= 2) {
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = threads;
            pmkt_buffer *buffer = NULL;
            pmkt_error err = {0};
            ck_assert_ok(pmkt_rfm_save_memory(rfm, NULL, &run, &buffer, &err), err);
            if (threads == 1) {
                one = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
            } else {
                ck_assert_uint_eq(pmkt_buffer_size(buffer), one.n);
                ck_assert(memcmp(pmkt_buffer_data(buffer), one.at, one.n) == 0);
            }
            pmkt_buffer_free(buffer);
            pmkt_rfm *loaded = NULL;
            ck_assert_ok(pmkt_rfm_load_memory(one.at, one.n, NULL, &run, &loaded, &err), err);
            check_same_state(rfm, loaded);
            pmkt_rfm_free(loaded);
        }
        file_free(&one);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(the_way_to_a_state_does_not_change_its_bytes) {
    for (int kind = 0; kind < SAVED_EMPTY; kind++) {
        if (kind == SAVED_TOMBS || kind == SAVED_TOMBS_SUMMARY)
            continue; /* made in its own order */
        batch b = saved_rows(kind, 300, 4000, 5);
        const pmkt_rfm_options options = saved_options(kind);
        pmkt_rfm *at_once = rfm_with(&options), *in_parts = rfm_with(&options);
        saved_add(at_once, kind, &b);
        for (int64_t i = 3500; i >= 0; i -= 500) { /* last things first, folded now and then */
            batch part = {0};
            for (int64_t k = i; k < i + 500; k++) batch_copy_row(&part, &b, k);
            saved_add(in_parts, kind, &part);
            batch_clear(&part);
            if (i % 1000) ck_assert_int_eq(pmkt_rfm_compact(in_parts, NULL, NULL), PMKT_OK);
        }
        check_same_state(at_once, in_parts);
        pmkt_rfm_free(at_once);
        pmkt_rfm_free(in_parts);
        batch_clear(&b);
    }
}
END_TEST

/* ------------------------------------------------------------------ going on */

/* Does everything that changes a state. */
static void go_on(pmkt_rfm *rfm, int kind) {
    batch few = saved_rows(kind, USERS, 50, 10), many = saved_rows(kind, 2 * USERS, 9000, 11);
    pmkt_rfm *other = saved_state(kind, USERS, 12);
    saved_add(rfm, kind, &few);
    (void)rfm_forget_one(rfm, 2, saved_as_of() - 60 * DAY);
    rfm_merge(rfm, other);
    saved_add(rfm, kind, &many);
    (void)rfm_forget_one(rfm, 5, saved_as_of());
    (void)rfm_forget_one(rfm, 2 * USERS + 7, saved_as_of());
    saved_add(rfm, kind, &few);
    pmkt_rfm_free(other);
    batch_clear(&few);
    batch_clear(&many);
}

START_TEST(a_loaded_state_goes_on_like_one_that_never_was_saved) {
    const char *path = scratch_path("going_on");
    for (int kind = 0; kind < SAVED_EMPTY; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 6);
        save_to(rfm, path);
        pmkt_rfm *copies[] = {load_from(path), map_from(path)};
        go_on(rfm, kind);
        for (int i = 0; i < LENGTH(copies); i++) {
            go_on(copies[i], kind);
            check_same_state(rfm, copies[i]);
            check_same_answers(rfm, copies[i]);
            ck_assert_int_eq(pmkt_rfm_compact(copies[i], NULL, NULL), PMKT_OK);
            check_same_answers(rfm, copies[i]);
            pmkt_rfm_free(copies[i]);
        }
        pmkt_rfm_free(rfm);
    }
}
END_TEST

START_TEST(a_mapped_file_is_never_written_to) {
    const char *path = scratch_path("read_only");
    for (int kind = 0; kind < SAVED_EMPTY; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 7);
        save_to(rfm, path);
        pmkt_rfm_free(rfm);
        file_bytes before = file_read(path);
        pmkt_rfm *mapped = map_from(path);
        go_on(mapped, kind);
        ck_assert(file_is(path, before.at, before.n));
        pmkt_error err = {0};
        ck_assert_ok(pmkt_rfm_verify(mapped, NULL, &err), err);
        save_to(mapped, path); /* over the file that it uses: that lives on without a name */
        pmkt_rfm *again = load_from(path);
        check_same_state(mapped, again);
        ck_assert_ok(pmkt_rfm_verify(mapped, NULL, &err), err);
        pmkt_rfm_free(again);
        pmkt_rfm_free(mapped);
        file_free(&before);
    }
}
END_TEST

START_TEST(mapped_states_merge_with_any_other) {
    const char *a_path = scratch_path("a"), *b_path = scratch_path("b");
    for (int kind = 0; kind < SAVED_EMPTY; kind++) {
        pmkt_rfm *a = saved_state(kind, USERS, 8), *b = saved_state(kind, 2 * USERS, 9);
        save_to(a, a_path);
        save_to(b, b_path);
        pmkt_rfm *mapped_a = map_from(a_path), *mapped_b = map_from(b_path);
        rfm_merge(a, b);
        rfm_merge(mapped_a, mapped_b);
        pmkt_rfm_free(mapped_b); /* nothing of it is used any more */
        check_same_state(a, mapped_a);
        mapped_b = load_from(a_path);
        rfm_merge(mapped_b, b);
        check_same_state(a, mapped_b);
        pmkt_rfm_free(a);
        pmkt_rfm_free(b);
        pmkt_rfm_free(mapped_a);
        pmkt_rfm_free(mapped_b);
    }
}
END_TEST

START_TEST(an_old_file_does_not_bring_the_forgotten_back) {
    const char *path = scratch_path("old");
    for (int kind = SAVED_HISTORY; kind <= SAVED_SUMMARY; kind++) {
        pmkt_rfm *rfm = saved_state(kind, USERS, 13);
        save_to(rfm, path);
        ck_assert_int_eq(rfm_forget_one(rfm, 7, saved_as_of()), 1);
        file_bytes bytes = state_bytes(rfm);
        for (int mapped = 0; mapped < 2; mapped++) {
            pmkt_rfm *old = mapped ? map_from(path) : load_from(path);
            pmkt_rfm *now = load_bytes(&bytes);
            ck_assert(is_known(old, saved_as_of(), 7));
            rfm_merge(now, old);
            ck_assert(!is_known(now, saved_as_of(), 7));
            rfm_merge(old, now); /* nor the other way round */
            ck_assert(!is_known(old, saved_as_of(), 7));
            ck_assert(is_known(old, saved_as_of(), 8) == is_known(rfm, saved_as_of(), 8));
            pmkt_rfm_free(old);
            pmkt_rfm_free(now);
        }
        file_free(&bytes);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* ------------------------------------------------------------------- mapping */

START_TEST(scores_outlive_the_mapping) {
    const char *path = scratch_path("outlive");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, USERS, 14);
    save_to(rfm, path);
    pmkt_rfm *mapped = map_from(path);
    pmkt_rfm_scores *a = rfm_score(rfm, saved_as_of(), NULL);
    pmkt_rfm_scores *b = rfm_score(mapped, saved_as_of(), NULL);
    pmkt_rfm_free(mapped);
    pmkt_rfm_free(rfm);
    ck_assert(scores_equal(a, b));
    pmkt_rfm_scores_free(a);
    pmkt_rfm_scores_free(b);
}
END_TEST

START_TEST(a_mapping_takes_memory_only_for_what_changes) {
    const char *path = scratch_path("memory");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, scaled(20000, 5000), 15);
    save_to(rfm, path);
    pmkt_rfm_free(rfm);
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = &allocator;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_map(path, &options, &rfm, &err), err);
    ck_assert_int_lt(memory.bytes, 150000);
    ck_assert_int_le(rfm_stats(rfm).bytes, memory.bytes);
    const int64_t before = memory.bytes;
    rfm_add_order(rfm, 1, date(2024, 5, 2), 0, 5);
    (void)rfm_forget_one(rfm, 2, date(2024, 5, 2));
    ck_assert_int_lt(memory.bytes, before + 20000); /* a partition of 512 */
    pmkt_rfm_free(rfm);
    faulty_check_empty(&memory);
}
END_TEST

typedef struct reading {
    const pmkt_rfm *rfm;
    const pmkt_rfm_scores *want;
    bool good;
} reading;

static void *read_it(void *arg) {
    reading *r = arg;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_rfm_scores *got = NULL;
    r->good = pmkt_rfm_score(r->rfm, saved_as_of(), NULL, &run, &got, NULL) == PMKT_OK &&
              scores_equal(r->want, got) && pmkt_rfm_verify(r->rfm, NULL, NULL) == PMKT_OK;
    pmkt_rfm_scores_free(got);
    return NULL;
}

START_TEST(many_threads_read_a_mapping_for_the_first_time_at_once) {
    const char *path = scratch_path("threads");
    pmkt_rfm *rfm = saved_state(SAVED_TOMBS, 10000, 16);
    save_to(rfm, path);
    pmkt_rfm_scores *want = rfm_score(rfm, saved_as_of(), NULL);
    pmkt_rfm *mapped = map_from(path);
    pthread_t threads[6];
    reading readings[6];
    for (int i = 0; i < 6; i++) {
        readings[i] = (reading){mapped, want, false};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_it, &readings[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert(readings[i].good);
    }
    pmkt_rfm_scores_free(want);
    pmkt_rfm_free(mapped);
    pmkt_rfm_free(rfm);
}
END_TEST

/* --------------------------------------------------------------------- limits */

START_TEST(limits_are_the_loaders) {
    const char *path = scratch_path("limits");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 20000, 17);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    save_to(rfm, path);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = rfm_stats(rfm).bytes / 2;
    pmkt_rfm_free(rfm);
    pmkt_rfm *copy = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_load(path, &options, NULL, &copy, &err), PMKT_E_LIMIT);
    ck_assert_ptr_null(copy);
    ck_assert_ok(pmkt_rfm_map(path, &options, &copy, &err), err); /* which needs far less */
    batch many = saved_rows(SAVED_HISTORY, 20000, 60000, 18);
    const pmkt_events events = batch_events(&many);
    ck_assert_int_eq(pmkt_rfm_add(copy, &events, NULL, NULL, &err), PMKT_E_LIMIT);
    pmkt_rfm_free(copy);
    options.max_bytes = 1000;
    ck_assert_int_eq(pmkt_rfm_map(path, &options, &copy, &err), PMKT_E_LIMIT);
    options.max_bytes = INT64_MAX;
    ck_assert_ok(pmkt_rfm_load(path, &options, NULL, &copy, &err), err);
    pmkt_rfm_free(copy);
    batch_clear(&many);
}
END_TEST

START_TEST(a_loaded_state_tells_what_it_was_made_with) {
    for (int kind = 0; kind < SAVED_KINDS; kind++) {
        pmkt_rfm *rfm = saved_state(kind, 20, 40);
        file_bytes f = state_bytes(rfm);
        pmkt_load_options loading = PMKT_LOAD_OPTIONS_INIT;
        loading.max_bytes = 1 << 30;
        pmkt_rfm *copy = NULL;
        pmkt_error err = {0};
        ck_assert_ok(pmkt_rfm_load_memory(f.at, f.n, &loading, NULL, &copy, &err), err);
        pmkt_rfm_options made = PMKT_RFM_OPTIONS_INIT;
        ck_assert_ok(pmkt_rfm_settings(copy, &made, &err), err);
        const pmkt_rfm_options want = saved_options(kind);
        ck_assert_int_eq(made.mode, want.mode);
        ck_assert_int_eq(made.unpriced, want.unpriced);
        ck_assert_int_eq(made.max_bytes, 1 << 30);
        ck_assert_ptr_nonnull(made.allocator);
        ck_assert_int_eq(made.zone->n_transitions, want.zone ? want.zone->n_transitions : 0);
        pmkt_rfm *other = rfm_with(&made);
        rfm_merge(other, rfm);
        ck_assert(rfm_equal(other, copy));
        pmkt_rfm_free(other);
        pmkt_rfm_free(copy);
        pmkt_rfm_free(rfm);
        file_free(&f);
    }
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_options made = PMKT_RFM_OPTIONS_INIT;
    ck_assert_int_eq(pmkt_rfm_settings(NULL, &made, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_settings(rfm, NULL, NULL), PMKT_E_INVALID);
    made.struct_size = 8;
    ck_assert_int_eq(pmkt_rfm_settings(rfm, &made, NULL), PMKT_E_INVALID);
    pmkt_rfm_free(rfm);
}
END_TEST

/* ---------------------------------------------------------------------- calls */

START_TEST(calls_that_make_no_sense_are_refused) {
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 10, 19), *copy = NULL;
    const char *path = scratch_path("calls"), *none = scratch_path("none");
    file_bytes f = state_bytes(rfm);
    pmkt_buffer *buffer = NULL;
    save_to(rfm, path);
    pmkt_run bad_run = PMKT_RUN_INIT;
    bad_run.threads = 5000;
    pmkt_save_options saves[4];
    for (int i = 0; i < 4; i++) saves[i] = (pmkt_save_options)PMKT_SAVE_OPTIONS_INIT;
    saves[0].compression = -1;
    saves[1].compression = 20;
    saves[2].unsynced = 2;
    saves[3].reserved = 1;
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pmkt_rfm_save(rfm, none, &saves[i], NULL, NULL), PMKT_E_INVALID);
        ck_assert_int_eq(pmkt_rfm_save_memory(rfm, &saves[i], NULL, &buffer, NULL), PMKT_E_INVALID);
    }
    ck_assert_int_eq(pmkt_rfm_save(NULL, none, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_save(rfm, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_save(rfm, none, NULL, &bad_run, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_save_memory(NULL, NULL, NULL, &buffer, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_save_memory(rfm, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load(NULL, NULL, NULL, &copy, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, &bad_run, &copy, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load_memory(NULL, f.n, NULL, NULL, &copy, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load_memory(f.at, f.n, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_load_memory(f.at, 0, NULL, NULL, &copy, NULL), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_rfm_map(NULL, NULL, &copy, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_map(path, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_verify(NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_verify(rfm, &bad_run, NULL), PMKT_E_INVALID);
    pmkt_load_options loads[3];
    const pmkt_allocator no_function = {NULL, NULL};
    for (int i = 0; i < 3; i++) loads[i] = (pmkt_load_options)PMKT_LOAD_OPTIONS_INIT;
    loads[0].max_bytes = -1;
    loads[1].reserved = 1;
    loads[2].allocator = &no_function;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pmkt_rfm_load(path, &loads[i], NULL, &copy, NULL), PMKT_E_INVALID);
        ck_assert_int_eq(pmkt_rfm_map(path, &loads[i], &copy, NULL), PMKT_E_INVALID);
    }
    ck_assert_ptr_null(copy);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(scratch_files(), 1);
    file_free(&f);
    pmkt_rfm_free(rfm);
}
END_TEST

typedef struct stopper {
    int64_t calls, stop_at;
    double last;
} stopper;

static int count_calls(void *ctx, double done, const char *stage) {
    stopper *s = ctx;
    ck_assert(done >= s->last && done <= 1 && stage);
    s->last = done;
    return ++s->calls == s->stop_at;
}

START_TEST(saving_and_loading_tell_how_far_they_are_and_can_be_stopped) {
    const char *path = scratch_path("stopped");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 3000, 20), *copy = NULL;
    save_to(rfm, path);
    file_bytes before = file_read(path);
    rfm_add_order(rfm, 1, date(2024, 5, 2), 0, 5);
    pmkt_run run = PMKT_RUN_INIT;
    for (int what = 0; what < 3; what++) {
        pmkt_rfm *mapped = map_from(path);
        for (int64_t stop_at = 1;; stop_at += 1 + stop_at / 3) {
            stopper s = {0, stop_at, 0};
            run.progress = (pmkt_progress){count_calls, &s};
            const pmkt_status status = what == 0   ? pmkt_rfm_save(rfm, path, NULL, &run, NULL)
                                       : what == 1 ? pmkt_rfm_load(path, NULL, &run, &copy, NULL)
                                                   : pmkt_rfm_verify(mapped, &run, NULL);
            if (s.calls < stop_at) {
                ck_assert_int_eq(status, PMKT_OK);
                ck_assert_int_gt(stop_at, 2);
                break;
            }
            ck_assert_int_eq(status, PMKT_E_CANCELED);
            ck_assert_ptr_null(copy);
            ck_assert(file_is(path, before.at, before.n));
            ck_assert_int_eq(scratch_files(), 1);
        }
        pmkt_rfm_free(mapped);
        pmkt_rfm_free(copy);
        copy = NULL;
        file_free(&before);
        before = file_read(path);
    }
    pmkt_rfm_free(rfm);
    file_free(&before);
}
END_TEST

START_TEST(a_file_of_something_else_is_named) {
    const char *path = scratch_path("else");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 10, 21), *copy = NULL;
    file_bytes f = state_bytes(rfm);
    set32(&f, offsetof(pmkti_file_header, kind), PMKT_FILE_IDS);
    file_sign(&f);
    file_write(path, f.at, f.n);
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, &copy, &err), PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "pmkt_ids"));
    ck_assert_int_eq(pmkt_rfm_map(path, NULL, &copy, &err), PMKT_E_FORMAT);
    file_write(path, "user,amount\n1,2\n", 16);
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, &copy, &err), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_rfm_map(path, NULL, &copy, &err), PMKT_E_FORMAT);
    file_write(path, "", 0);
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, &copy, &err), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_rfm_map(path, NULL, &copy, &err), PMKT_E_FORMAT);
    file_free(&f);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm files");
    TOPIC(suite, "there and back", a_loaded_state_is_the_one_that_was_saved, counters_go_along,
          a_packed_file_is_the_same_state);
    TOPIC(suite, "equal bytes", threads_do_not_change_the_bytes,
          the_way_to_a_state_does_not_change_its_bytes);
    TOPIC(suite, "going on", a_loaded_state_goes_on_like_one_that_never_was_saved,
          a_mapped_file_is_never_written_to, mapped_states_merge_with_any_other,
          an_old_file_does_not_bring_the_forgotten_back);
    TOPIC(suite, "mapping", scores_outlive_the_mapping,
          a_mapping_takes_memory_only_for_what_changes,
          many_threads_read_a_mapping_for_the_first_time_at_once);
    TOPIC(suite, "calls", a_loaded_state_tells_what_it_was_made_with, limits_are_the_loaders,
          calls_that_make_no_sense_are_refused,
          saving_and_loading_tell_how_far_they_are_and_can_be_stopped,
          a_file_of_something_else_is_named);
    return suite_run(suite);
}
