/*
 * Memory that runs out, at every allocation of every call on a dictionary: the call says so, the
 * dictionary knows what it knew before, nothing leaks, and the same call succeeds afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/strings.h"
#include "support/suite.h"

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    pmkt_load_options load;
    pmkt_run run;
    pmkt_ids *ids, *other; /* `other` is what is merged in, made without faults */
    strings few, many;
    const char *path;
    file_bytes file;
    uint64_t forgotten[3];
    pmkt_ids *made; /* by loading */
    pmkt_buffer *buffer;
} world;

static uint64_t id_of_number(int64_t number) {
    char text[64];
    return pmkt_id_of_bytes(text, numbered(number, text));
}

/* A dictionary of 300 strings, three more forgotten; in memory, or over a mapped file. */
static void begin(world *w, bool mapped, int64_t n_many) {
    memset(w, 0, sizeof *w);
    pmkt_error err;
    w->allocator = faulty_allocator(&w->memory);
    w->load = (pmkt_load_options)PMKT_LOAD_OPTIONS_INIT;
    w->load.allocator = &w->allocator;
    w->run = (pmkt_run)PMKT_RUN_INIT;
    w->run.threads = 2;
    for (int i = 0; i < 3; i++) w->forgotten[i] = id_of_number(100 + i);
    strings_numbered(&w->few, 0, 300);
    strings_numbered(&w->many, 100, n_many); /* the forgotten are among them */
    w->other = ids_of(&w->many, NULL);
    const uint64_t id = id_of_number(5);
    ck_assert_ok(pmkt_ids_forget(w->other, &id, 1, 9, NULL, &err), err);
    w->ids = ids_of(&w->few, &w->allocator);
    ck_assert_ok(pmkt_ids_forget(w->ids, w->forgotten, 3, 7, NULL, &err), err);
    w->file = ids_bytes(w->ids);
    w->path = scratch_path("fault.pmkt");
    file_write(w->path, w->file.at, w->file.n);
    if (mapped) {
        pmkt_ids_free(w->ids);
        ck_assert_ok(pmkt_ids_map(w->path, &w->load, &w->ids, &err), err);
    }
}

static void end(world *w) {
    pmkt_buffer_free(w->buffer);
    pmkt_ids_free(w->made);
    pmkt_ids_free(w->ids);
    pmkt_ids_free(w->other);
    strings_free(&w->few);
    strings_free(&w->many);
    file_free(&w->file);
    faulty_check_empty(&w->memory);
}

/* --------------------------------------------------------------------- steps */

static pmkt_status do_new(world *w, pmkt_error *err) {
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.allocator = &w->allocator;
    return pmkt_ids_new(&options, &w->made, err);
}

static pmkt_status do_encode(world *w, pmkt_error *err) {
    return pmkt_ids_encode(w->ids, w->many.bytes, w->many.offsets, w->many.n, &w->run, NULL, err);
}

static pmkt_status do_forget(world *w, pmkt_error *err) {
    uint64_t id[50];
    for (int i = 0; i < 50; i++) id[i] = id_of_number(i * 5);
    return pmkt_ids_forget(w->ids, id, 50, 8, NULL, err);
}

static pmkt_status do_merge(world *w, pmkt_error *err) {
    return pmkt_ids_merge(w->ids, w->other, &w->run, err);
}

static pmkt_status do_list(world *w, pmkt_error *err) {
    uint64_t id[300];
    int64_t n;
    return pmkt_ids_list(w->ids, id, 300, &n, err);
}

static pmkt_status do_forgotten(world *w, pmkt_error *err) {
    uint64_t id[3];
    int64_t when[3], n;
    return pmkt_ids_forgotten(w->ids, id, when, 3, &n, err);
}

static pmkt_status do_save(world *w, pmkt_error *err) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.unsynced = 1;
    return pmkt_ids_save(w->ids, scratch_path("saved.pmkt"), &options, NULL, err);
}

static pmkt_status do_save_memory(world *w, pmkt_error *err) {
    return pmkt_ids_save_memory(w->ids, NULL, NULL, &w->buffer, err);
}

static pmkt_status do_load(world *w, pmkt_error *err) {
    return pmkt_ids_load(w->path, &w->load, NULL, &w->made, err);
}

static pmkt_status do_load_memory(world *w, pmkt_error *err) {
    return pmkt_ids_load_memory(w->file.at, w->file.n, &w->load, NULL, &w->made, err);
}

static pmkt_status do_map(world *w, pmkt_error *err) {
    return pmkt_ids_map(w->path, &w->load, &w->made, err);
}

static pmkt_status do_verify(world *w, pmkt_error *err) {
    return pmkt_ids_verify(w->ids, NULL, err);
}

static const struct {
    const char *name;
    pmkt_status (*run)(world *, pmkt_error *);
    int64_t many;
    bool may_need_nothing;
} STEPS[] = {
    {"new", do_new, 300, false},
    {"encode few", do_encode, 300, false},
    {"encode many", do_encode, 33000, false},
    {"forget", do_forget, 300, false},
    {"merge", do_merge, 300, false},
    {"list", do_list, 300, false},
    {"forgotten", do_forgotten, 300, true},
    {"save", do_save, 300, false},
    {"save to memory", do_save_memory, 300, false},
    {"load", do_load, 300, false},
    {"load from memory", do_load_memory, 300, false},
    {"map", do_map, 300, false},
    {"verify", do_verify, 300, true},
};

/* Runs a step whose nth allocation fails; false if it has fewer. */
static bool fail_step(size_t step, bool mapped, int64_t nth, bool sticky, const file_bytes *after) {
    world w;
    pmkt_error err = {0};
    begin(&w, mapped, STEPS[step].many);
    file_bytes before = ids_bytes(w.ids), expected = file_copy(after->at, after->n);
    const int64_t generation = ids_counters(w.ids).generation;
    const int files = scratch_files();

    faulty_arm(&w.memory, nth, sticky);
    const pmkt_status status = STEPS[step].run(&w, &err);
    const bool failed = atomic_load(&w.memory.refused) > 0;
    faulty_disarm(&w.memory);
    faulty_check(&w.memory);

    if (status) {
        ck_assert_msg(failed && status == PMKT_E_NOMEM, "%s: %s", STEPS[step].name, err.message);
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert_ptr_null(w.made);
        ck_assert_ptr_null(w.buffer);
        ck_assert_int_eq(scratch_files(), files);
        ck_assert_int_eq(ids_counters(w.ids).generation, generation);
        ck_assert_msg(ids_is(w.ids, &before), "%s, allocation %lld", STEPS[step].name,
                      (long long)nth);
        ck_assert_ok(STEPS[step].run(&w, &err), err);
    } else {
        file_free(&before); /* nothing failed, or what did was only to save memory */
    }
    ck_assert_msg(ids_is(w.ids, &expected), "%s, allocation %lld", STEPS[step].name,
                  (long long)nth);
    if (!mapped && !w.made && !w.buffer) { /* the account of memory is right to the byte */
        ck_assert_int_eq(ids_counters(w.ids).bytes, atomic_load(&w.memory.bytes));
    }
    end(&w);
    return failed;
}

static void fail_every_allocation(bool mapped) {
    (void)scratch_directory();
    for (size_t step = 0; step < sizeof STEPS / sizeof *STEPS; step++) {
        world w;
        pmkt_error err;
        begin(&w, mapped, STEPS[step].many);
        ck_assert_ok(STEPS[step].run(&w, &err), err);
        file_bytes after = ids_bytes(w.ids);
        end(&w);
        for (int sticky = 0; sticky < 2; sticky++) {
            int64_t nth = 1;
            while (fail_step(step, mapped, nth, sticky, &after)) {
                nth += nth < scaled(20, 6) ? 1 : nth / scaled(10, 2);
            }
            ck_assert_msg(nth > 1 || STEPS[step].may_need_nothing, "%s allocates nothing",
                          STEPS[step].name);
        }
        file_free(&after);
    }
}

START_TEST(a_dictionary_in_memory_survives) {
    fail_every_allocation(false);
}
END_TEST

START_TEST(a_dictionary_over_a_mapped_file_survives) {
    fail_every_allocation(true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault ids");
    TOPIC(suite, "allocations", a_dictionary_in_memory_survives,
          a_dictionary_over_a_mapped_file_survives);
    return suite_run(suite);
}
