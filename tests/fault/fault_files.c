/*
 * Memory that runs out while states are saved, loaded and mapped, and while a mapped one is used and
 * changed: the call says so, nothing has changed, nothing is left in memory or on the disk, and the
 * same call succeeds afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "support/faulty.h"
#include "support/rfm_dump.h"
#include "support/rfm_file.h"
#include "support/suite.h"

#define USERS 400

/* What a step works with, in memory of its own. */
typedef struct desk {
    int kind;
    faulty memory;
    pmkt_allocator allocator;
    file_bytes file; /* the state below, saved */
    pmkt_rfm *rfm;   /* mapped */
    pmkt_rfm *other; /* in memory of the heap */
    pmkt_rfm *made;
    pmkt_rfm_scores *scores;
    pmkt_buffer *buffer;
    int64_t found;
} desk;

static const char *state_path, *target_path;
static file_bytes old_target;

static pmkt_load_options load_options(const desk *d) {
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = &d->allocator;
    return options;
}

static pmkt_status save(desk *d, int32_t compression, pmkt_error *err) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = compression;
    options.unsynced = 1;
    return pmkt_rfm_save(d->rfm, target_path, &options, NULL, err);
}

static pmkt_status save_raw(desk *d, pmkt_error *err) {
    return save(d, 0, err);
}

static pmkt_status save_packed(desk *d, pmkt_error *err) {
    return save(d, pmkti_codec_check(NULL) ? 0 : 1, err);
}

static pmkt_status save_memory(desk *d, pmkt_error *err) {
    return pmkt_rfm_save_memory(d->rfm, NULL, NULL, &d->buffer, err);
}

static pmkt_status load(desk *d, pmkt_error *err) {
    const pmkt_load_options options = load_options(d);
    return pmkt_rfm_load(state_path, &options, NULL, &d->made, err);
}

static pmkt_status load_memory(desk *d, pmkt_error *err) {
    const pmkt_load_options options = load_options(d);
    return pmkt_rfm_load_memory(d->file.at, d->file.n, &options, NULL, &d->made, err);
}

static pmkt_status map(desk *d, pmkt_error *err) {
    const pmkt_load_options options = load_options(d);
    return pmkt_rfm_map(state_path, &options, &d->made, err);
}

static pmkt_status score(desk *d, pmkt_error *err) {
    return pmkt_rfm_score(d->rfm, saved_as_of(), NULL, NULL, &d->scores, err);
}

static pmkt_status verify(desk *d, pmkt_error *err) {
    return pmkt_rfm_verify(d->rfm, NULL, err);
}

static pmkt_status merge(desk *d, pmkt_error *err) {
    return pmkt_rfm_merge(d->rfm, d->other, NULL, err);
}

static pmkt_status forget(desk *d, pmkt_error *err) {
    static const uint64_t users[] = {1, 2, 3, 77, 78, 100000};
    return pmkt_rfm_forget(d->rfm, users, LENGTH(users), saved_as_of(), &d->found, err);
}

static pmkt_status add(desk *d, int64_t rows, pmkt_error *err) {
    batch b = saved_rows(d->kind, USERS / 4, rows, 5);
    const pmkt_events events = batch_events(&b);
    const pmkt_status status = pmkt_rfm_add(d->rfm, &events, NULL, NULL, err);
    batch_clear(&b);
    return status;
}

static pmkt_status add_few(desk *d, pmkt_error *err) {
    return add(d, 300, err);
}

static pmkt_status add_many(desk *d, pmkt_error *err) {
    return add(d, scaled(40000, 36000), err);
}

static pmkt_status compact(desk *d, pmkt_error *err) {
    return pmkt_rfm_compact(d->rfm, NULL, err);
}

static const struct {
    const char *name;
    pmkt_status (*run)(desk *d, pmkt_error *err);
} steps[] = {
    {"save", save_raw},
    {"save packed", save_packed},
    {"save to memory", save_memory},
    {"load", load},
    {"load from memory", load_memory},
    {"map", map},
    {"score", score},
    {"verify", verify},
    {"merge", merge},
    {"forget", forget},
    {"add a few", add_few},
    {"add many", add_many},
    {"compact", compact},
};

/* -------------------------------------------------------------------- a run */

static desk *desk_new(int kind, const file_bytes *file, pmkt_rfm *other) {
    desk *d = calloc(1, sizeof *d);
    ck_assert_ptr_nonnull(d);
    d->kind = kind;
    d->allocator = faulty_allocator(&d->memory);
    d->file = *file;
    d->other = other;
    d->found = -1;
    const pmkt_load_options options = load_options(d);
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_map(state_path, &options, &d->rfm, &err), err);
    ck_assert_ok(add(d, 20, &err), err); /* some rows wait */
    file_write(target_path, old_target.at, old_target.n);
    return d;
}

static void desk_free(desk *d) {
    pmkt_rfm_free(d->rfm);
    pmkt_rfm_free(d->made);
    pmkt_rfm_scores_free(d->scores);
    pmkt_buffer_free(d->buffer);
    faulty_check_empty(&d->memory);
    free(d);
}

/* False once the step needs fewer allocations than that. */
static bool fail_step(size_t step, int64_t nth, bool sticky, int kind, const file_bytes *file,
                      pmkt_rfm *other) {
    desk *d = desk_new(kind, file, other);
    dump before = rfm_dump(d->rfm);
    const int64_t generation = rfm_stats(d->rfm).generation;
    pmkt_error err = {0};
    faulty_arm(&d->memory, nth, sticky);
    const pmkt_status status = steps[step].run(d, &err);
    const bool failed = d->memory.refused > 0;
    faulty_disarm(&d->memory);
    if (status != PMKT_OK) {
        ck_assert_msg(status == PMKT_E_NOMEM && failed, "%s: %s", steps[step].name, err.message);
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert(!d->made && !d->scores && !d->buffer && d->found == -1);
        ck_assert_int_eq(rfm_stats(d->rfm).generation, generation);
        dump after = rfm_dump(d->rfm);
        ck_assert_msg(dump_equal(&before, &after), "%s changed the state", steps[step].name);
        dump_free(&after);
        ck_assert(file_is(target_path, old_target.at, old_target.n));
        ck_assert_int_eq(scratch_files(), 2);
        ck_assert_ok(steps[step].run(d, &err), err);
    }
    dump_free(&before);
    desk_free(d);
    return failed;
}

static void fail_every_allocation(int kind) {
    state_path = scratch_path("state");
    target_path = scratch_path("target");
    pmkt_rfm *rfm = saved_state(kind, USERS, 1), *other = saved_state(kind, 50, 2);
    file_bytes file = state_bytes(rfm);
    old_target = file_copy("old", 3);
    save_to(rfm, state_path);
    for (size_t step = 0; step < (size_t)LENGTH(steps); step++) {
        for (int sticky = 0; sticky < 2; sticky++) {
            int64_t nth = 1;
            while (fail_step(step, nth, sticky, kind, &file, other)) {
                nth += nth < scaled(12, 6) ? 1 : scaled(1 + nth / 8, 1 + nth / 2);
            }
            ck_assert_msg(nth > 1, "%s allocates nothing", steps[step].name);
        }
    }
    file_free(&file);
    file_free(&old_target);
    pmkt_rfm_free(rfm);
    pmkt_rfm_free(other);
}

START_TEST(a_history_survives) {
    fail_every_allocation(SAVED_TOMBS);
}
END_TEST

START_TEST(a_summary_survives) {
    fail_every_allocation(SAVED_TOMBS_SUMMARY);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault files");
    TOPIC(suite, "allocations", a_history_survives, a_summary_survives);
    return suite_run(suite);
}
