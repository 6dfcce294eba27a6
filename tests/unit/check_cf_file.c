/*
 * check_cf_file.c - models as files: what comes back is what was saved, and no damage is ever more than
 * a status or a wrong answer. Run it under the sanitizers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cf/files.h"
#include "core/codec.h"
#include "core/container_format.h"
#include "support/cf_model.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

static pmkt_status load(const file_bytes *f, pmkt_cf **model, pmkt_error *err) {
    *model = NULL;
    const pmkt_status status = pmkt_cf_load_memory(f->at, f->n, NULL, NULL, model, err);
    REQUIRE((status == PMKT_OK) == (*model != NULL));
    return status;
}

static pmkt_status load_status(const file_bytes *f) {
    pmkt_cf *model = NULL;
    pmkt_error err;
    const pmkt_status status = load(f, &model, &err);
    pmkt_cf_release(model);
    return status;
}

static uint64_t answers_of(const pmkt_cf *model) {
    bool damaged = false;
    const uint64_t hash = ask_everything(model, &damaged);
    ck_assert(!damaged);
    return hash;
}

/* -------------------------------------------------------------- round trips */

static void check_same(const pmkt_cf *a, const pmkt_cf *b) {
    file_bytes x = model_bytes(a), y = model_bytes(b);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert(memcmp(x.at, y.at, x.n) == 0);
    ck_assert_uint_eq(answers_of(a), answers_of(b));
    pmkt_cf_facts f = PMKT_CF_FACTS_INIT, g = PMKT_CF_FACTS_INIT;
    ck_assert_int_eq(pmkt_cf_info(a, &f, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_cf_info(b, &g, NULL), PMKT_OK);
    if (g.mapped == 0) ck_assert_int_eq(f.bytes, g.bytes);
    if (g.mapped > 0) ck_assert_int_eq(g.mapped, (int64_t)x.n);
    g.bytes = f.bytes, g.mapped = f.mapped;
    ck_assert(memcmp(&f, &g, sizeof f) == 0);
    file_free(&x);
    file_free(&y);
}

START_TEST(what_is_loaded_or_mapped_is_what_was_saved) {
    /* Many, for some bytes of a sound model look like numbers that are not. */
    for (int i = 0; i < MODEL_KINDS * 12; i++) {
        const int kind = i % MODEL_KINDS;
        const char *path = scratch_path("model");
        pmkt_cf *model = small_model(kind, 1 + (uint64_t)(i / MODEL_KINDS), NULL), *loaded = NULL,
                *mapped = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_save(model, path, NULL, NULL, &err), err);
        ck_assert_ok(pmkt_cf_load(path, NULL, NULL, &loaded, &err), err);
        ck_assert_ok(pmkt_cf_map(path, NULL, &mapped, &err), err);
        ck_assert_ok(pmkt_cf_verify(mapped, NULL, &err), err);
        ck_assert_ok(pmkt_cf_verify(loaded, NULL, &err), err);
        check_same(model, loaded);
        check_same(model, mapped);
        pmkt_cf_release(model);
        pmkt_cf_release(loaded);
        pmkt_cf_release(mapped);
    }
}
END_TEST

START_TEST(equal_models_are_equal_bytes_and_others_are_not) {
    for (int kind = 0; kind < MODEL_EMPTY; kind++) {
        pmkt_cf *a = small_model(kind, 1, NULL), *b = small_model(kind, 1, NULL);
        pmkt_cf *other = small_model(kind, 2, NULL);
        check_same(a, b);
        file_bytes x = model_bytes(a), y = model_bytes(other);
        ck_assert(x.n != y.n || memcmp(x.at, y.at, x.n) != 0);
        file_free(&x);
        file_free(&y);
        pmkt_cf_release(a);
        pmkt_cf_release(b);
        pmkt_cf_release(other);
    }
}
END_TEST

START_TEST(max_bytes_is_the_models_bytes) {
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        pmkt_cf *model = small_model(kind, 1, NULL), *again = NULL;
        file_bytes f = model_bytes(model);
        pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
        ck_assert_int_eq(pmkt_cf_info(model, &facts, NULL), PMKT_OK);
        pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
        o.max_bytes = facts.bytes - 1;
        ck_assert_int_eq(pmkt_cf_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_E_LIMIT);
        ck_assert_ptr_null(again);
        o.max_bytes = facts.bytes;
        ck_assert_int_eq(pmkt_cf_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_OK);
        pmkt_cf_release(again);
        pmkt_cf_release(model);
        file_free(&f);
    }
}
END_TEST

/* ------------------------------------------------------------------- damage */

START_TEST(no_part_of_a_file_is_a_model) {
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        pmkt_cf *model = small_model(kind, 1, NULL);
        file_bytes f = model_bytes(model);
        for (size_t n = 0; n < f.n; n += n < 256 || f.n - n < 256 ? 1 : 7) {
            file_bytes part = file_copy(f.at, n);
            const pmkt_status status = load_status(&part);
            REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT ||
                    status == PMKT_E_INVALID);
            file_free(&part);
        }
        pmkt_cf_release(model);
        file_free(&f);
    }
}
END_TEST

START_TEST(no_changed_byte_is_loaded) {
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        pmkt_cf *model = small_model(kind, 1, NULL);
        file_bytes f = model_bytes(model);
        for (size_t i = 0; i < f.n; i += (size_t)scaled(1, 7)) {
            f.at[i] ^= (unsigned char)(1u << i % 8);
            const pmkt_status status = load_status(&f);
            REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT);
            f.at[i] ^= (unsigned char)(1u << i % 8);
        }
        ck_assert_int_eq(load_status(&f), PMKT_OK);
        pmkt_cf_release(model);
        file_free(&f);
    }
}
END_TEST

/* Maps a file with checksums that are right and asks it everything: no more than statuses and wrong
   answers, whatever is in it. What was loaded instead is whole, or not there. */
static void use_forged(file_bytes *f, const char *path) {
    pmkt_cf *model = NULL;
    bool damaged = false;
    pmkt_error err;
    file_sign(f);
    if (load(f, &model, &err) == PMKT_OK) {
        (void)ask_everything(model, &damaged);
        REQUIRE(!damaged);
        pmkt_cf_release(model);
        model = NULL;
    }
    file_write(path, f->at, f->n);
    if (pmkt_cf_map(path, NULL, &model, &err) != PMKT_OK) return;
    (void)ask_everything(model, &damaged);
    const pmkt_status verified = pmkt_cf_verify(model, NULL, &err);
    REQUIRE(verified == PMKT_OK || verified == PMKT_E_CORRUPT);
    REQUIRE(!damaged || verified == PMKT_E_CORRUPT);
    pmkt_cf_release(model);
}

START_TEST(forged_files_do_no_harm) {
    static const unsigned char with[] = {0x00, 0x7f, 0x80, 0xff};
    const char *path = scratch_path("forged");
    const size_t step =
        (size_t)scaled(3, 29); /* odd, so that every byte of a number has its turn */
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        pmkt_cf *model = small_model(kind, 1, NULL);
        file_bytes f = model_bytes(model);
        for (size_t i = 0; i < f.n; i += step) {
            file_bytes forged = file_copy(f.at, f.n);
            forged.at[i] = with[(i / step) % 4];
            use_forged(&forged, path);
            file_free(&forged);
        }
        pmkt_cf_release(model);
        file_free(&f);
    }
}
END_TEST

/* The section of a file, to write into. */
static unsigned char *section(const file_bytes *f, uint32_t id) {
    for (size_t i = 0; i < file_sections(f); i++) {
        pmkti_file_entry e;
        memcpy(&e, f->at + file_entry_at(f, i), sizeof e);
        if (e.id == id) return f->at + e.offset;
    }
    ck_abort_msg("no such section");
}

START_TEST(heads_that_lie_are_refused) {
    static const int64_t huge[] = {-1,        MODEL_USERS + 1, INT32_MAX, INT64_C(1) << 40,
                                   INT64_MAX, INT64_MIN};
    static const size_t fields[] = {offsetof(pmkti_cf_head, users), offsetof(pmkti_cf_head, items),
                                    offsetof(pmkti_cf_head, n_seen),
                                    offsetof(pmkti_cf_head, n_near)};
    for (int kind = 0; kind < MODEL_EMPTY; kind++) {
        pmkt_cf *model = small_model(kind, 1, NULL), *mapped = NULL;
        file_bytes f = model_bytes(model);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            for (size_t j = 0; j < sizeof huge / sizeof *huge; j++) {
                file_bytes forged = file_copy(f.at, f.n);
                memcpy(section(&forged, PMKTI_CF_HEAD) + fields[i], &huge[j], sizeof huge[j]);
                file_sign(&forged);
                REQUIRE(load_status(&forged) == PMKT_E_CORRUPT);
                const char *path = scratch_path("head");
                file_write(path, forged.at, forged.n);
                REQUIRE(pmkt_cf_map(path, NULL, &mapped, NULL) == PMKT_E_CORRUPT);
                file_free(&forged);
            }
        }
        pmkt_cf_release(model);
        file_free(&f);
    }
}
END_TEST

START_TEST(contents_that_cannot_be_are_found) {
    pmkt_cf *model = small_model(MODEL_ALS, 1, NULL), *mapped = NULL;
    file_bytes f = model_bytes(model);
    const float nan = NAN;
    const int64_t back[] = {5, 2};
    const int32_t far = MODEL_ITEMS;
    const uint64_t none = PMKT_ID_NONE;
    const struct {
        uint32_t id;
        const void *bytes;
        size_t at, n;
    } lies[] = {{PMKTI_CF_USER_FACTORS, &nan, 8, 4}, {PMKTI_CF_ITEM_FACTORS, &nan, 0, 4},
                {PMKTI_CF_GRAM, &nan, 4, 4},         {PMKTI_CF_SEEN_AT, back, 8, 16},
                {PMKTI_CF_SEEN, &far, 0, 4},         {PMKTI_CF_BY_POPULARITY, &far, 4, 4},
                {PMKTI_CF_INDEX_ORDER, &far, 4, 4},  {PMKTI_CF_USER_ID, &none, 8, 8},
                {PMKTI_CF_ITEM_ID, &none, 0, 8},     {PMKTI_CF_POPULARITY, &nan, 0, 4}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        file_bytes forged = file_copy(f.at, f.n);
        unsigned char *to = section(&forged, lies[i].id) + lies[i].at;
        memcpy(to, lies[i].bytes, lies[i].n);
        file_sign(&forged);
        pmkt_error err = {0};
        pmkt_cf *loaded = NULL;
        REQUIRE(load(&forged, &loaded, &err) == PMKT_E_CORRUPT);
        REQUIRE(err.where >= section(&forged, lies[i].id) - forged.at &&
                err.where <= to - forged.at + 8);
        const char *path = scratch_path("lies");
        file_write(path, forged.at, forged.n);
        REQUIRE(pmkt_cf_map(path, NULL, &mapped, NULL) == PMKT_OK);
        REQUIRE(pmkt_cf_verify(mapped, NULL, NULL) == PMKT_E_CORRUPT);
        bool damaged = false;
        (void)ask_everything(mapped, &damaged);
        pmkt_cf_release(mapped);
        file_free(&forged);
    }
    pmkt_cf_release(model);
    file_free(&f);
}
END_TEST

START_TEST(neighbors_out_of_order_are_found) {
    pmkt_cf *model = small_model(MODEL_KNN, 1, NULL), *mapped = NULL;
    file_bytes f = model_bytes(model);
    unsigned char *at = section(&f, PMKTI_CF_SIMILARITY);
    int64_t from[2];
    memcpy(from, section(&f, PMKTI_CF_NEAR_AT), sizeof from);
    ck_assert_int_ge(from[1], 2);
    const float higher = 1.5f; /* than the best, in the second place */
    memcpy(at + sizeof higher, &higher, sizeof higher);
    file_sign(&f);
    pmkt_error err = {0};
    pmkt_cf *loaded = NULL;
    ck_assert_int_eq(load(&f, &loaded, &err), PMKT_E_CORRUPT);
    ck_assert_int_eq(err.where, at + sizeof higher - f.at);
    const char *path = scratch_path("unordered");
    file_write(path, f.at, f.n);
    ck_assert_ok(pmkt_cf_map(path, NULL, &mapped, &err), err);
    ck_assert_int_eq(pmkt_cf_verify(mapped, NULL, NULL), PMKT_E_CORRUPT);
    pmkt_cf_release(mapped);
    pmkt_cf_release(model);
    file_free(&f);
}
END_TEST

START_TEST(damage_is_not_saved_with_a_right_checksum) {
    pmkt_cf *model = small_model(MODEL_ALS, 1, NULL), *mapped = NULL;
    file_bytes f = model_bytes(model);
    section(&f, PMKTI_CF_ITEM_FACTORS)[0] ^= 1;
    const char *path = scratch_path("damaged");
    file_write(path, f.at, f.n);
    ck_assert_int_eq(pmkt_cf_map(path, NULL, &mapped, NULL), PMKT_OK);
    pmkt_buffer *buffer = NULL;
    ck_assert_int_eq(pmkt_cf_save_memory(mapped, NULL, NULL, &buffer, NULL), PMKT_E_CORRUPT);
    ck_assert_ptr_null(buffer);
    pmkt_cf_release(mapped);
    pmkt_cf_release(model);
    file_free(&f);
}
END_TEST

/* ------------------------------------------------------------ other files */

START_TEST(compressed_files_load_and_are_not_mapped) {
    pmkt_save_options o = PMKT_SAVE_OPTIONS_INIT;
    o.compression = 3;
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        const char *path = scratch_path("packed");
        pmkt_cf *model = small_model(kind, 1, NULL), *loaded = NULL, *mapped = NULL;
        pmkt_error err = {0};
        const pmkt_status status = pmkt_cf_save(model, path, &o, NULL, &err);
        if (pmkti_codec_check(NULL)) { /* a build without zstd */
            ck_assert_int_eq(status, PMKT_E_UNSUPPORTED);
        } else {
            ck_assert_ok(status, err);
            pmkt_file_info info = PMKT_FILE_INFO_INIT;
            ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
            ck_assert_int_gt(info.compressed, 0);
            ck_assert_ok(pmkt_cf_load(path, NULL, NULL, &loaded, &err), err);
            check_same(model, loaded);
            ck_assert_int_eq(pmkt_cf_map(path, NULL, &mapped, &err), PMKT_E_UNSUPPORTED);
            ck_assert_ptr_null(mapped);
        }
        pmkt_cf_release(loaded);
        pmkt_cf_release(model);
    }
}
END_TEST

static void check_is_no_model(const char *path) {
    pmkt_cf *model = NULL;
    file_bytes f = file_read(path);
    ck_assert_int_eq(load_status(&f), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_cf_load(path, NULL, NULL, &model, NULL), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_cf_map(path, NULL, &model, NULL), PMKT_E_FORMAT);
    ck_assert_ptr_null(model);
    file_free(&f);
}

START_TEST(files_of_others_are_refused) {
    const char *path = scratch_path("other");
    char text[3000];
    memset(text, 'x', sizeof text);
    file_write(path, text, sizeof text);
    check_is_no_model(path);

    pmkt_error err = {0};
    pmkt_rfm *rfm = NULL;
    ck_assert_ok(pmkt_rfm_new(NULL, &rfm, &err), err);
    ck_assert_ok(pmkt_rfm_save(rfm, path, NULL, NULL, &err), err);
    pmkt_rfm_free(rfm);
    check_is_no_model(path);

    pmkt_ids *ids = NULL;
    ck_assert_ok(pmkt_ids_new(NULL, &ids, &err), err);
    ck_assert_ok(pmkt_ids_save(ids, path, NULL, NULL, &err), err);
    check_is_no_model(path);

    pmkt_cf *model = small_model(MODEL_POPULARITY, 1, NULL); /* nor is a model one of them */
    ck_assert_ok(pmkt_cf_save(model, path, NULL, NULL, &err), err);
    pmkt_cf_release(model);
    rfm = NULL;
    ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, &rfm, NULL), PMKT_E_FORMAT);
    ck_assert_ptr_null(rfm);
    pmkt_ids_free(ids);
}
END_TEST

/* ----------------------------------------------------------------- canceling */

/* Answers non-zero at its `at`th call. */
typedef struct stopper {
    int64_t calls, at;
} stopper;

static int stop(void *ctx, double done, const char *stage) {
    stopper *s = ctx;
    REQUIRE(done >= 0 && done <= 1 && stage && stage[0]);
    return ++s->calls >= s->at;
}

/* The four ways to wait for a file. */
static pmkt_status go(int way, const pmkt_cf *model, const char *path, const file_bytes *f,
                      const pmkt_run *run, pmkt_buffer **buffer, pmkt_cf **out) {
    if (way == 0) return pmkt_cf_save(model, path, NULL, run, NULL);
    if (way == 1) return pmkt_cf_save_memory(model, NULL, run, buffer, NULL);
    if (way == 2) return pmkt_cf_load_memory(f->at, f->n, NULL, run, out, NULL);
    return pmkt_cf_verify(model, run, NULL);
}

START_TEST(saving_and_loading_can_be_canceled_at_each_call) {
    pmkt_cf *model = small_model(MODEL_ALS, 1, NULL), *mapped = NULL;
    file_bytes f = model_bytes(model);
    const char *path = scratch_path("mapped"), *target = scratch_path("target");
    file_write(path, f.at, f.n);
    file_write(target, "before", 6);
    ck_assert_int_eq(pmkt_cf_map(path, NULL, &mapped, NULL), PMKT_OK);
    const int files = scratch_files();
    for (int way = 0; way < 4; way++) {
        stopper s = {0, 1};
        pmkt_run run = {sizeof run, 1, {stop, &s}};
        pmkt_status status = PMKT_E_CANCELED;
        for (; status; s.at++) {
            pmkt_buffer *buffer = NULL;
            pmkt_cf *out = NULL;
            s.calls = 0;
            status = go(way, way == 3 ? mapped : model, target, &f, &run, &buffer, &out);
            REQUIRE(status == PMKT_OK || status == PMKT_E_CANCELED);
            REQUIRE((s.calls >= s.at) == (status == PMKT_E_CANCELED));
            REQUIRE((buffer != NULL) == (way == 1 && !status));
            REQUIRE((out != NULL) == (way == 2 && !status));
            REQUIRE(scratch_files() == files);
            if (way == 0 && status) REQUIRE(file_is(target, "before", 6));
            if (way == 0 && !status) REQUIRE(file_is(target, f.at, f.n));
            pmkt_buffer_free(buffer);
            pmkt_cf_release(out);
        }
        ck_assert_int_ge(s.at, 3); /* it looked more than once */
    }
    pmkt_cf_release(mapped);
    pmkt_cf_release(model);
    file_free(&f);
}
END_TEST

/* ------------------------------------------------------------------- memory */

START_TEST(memory_that_runs_out_leaves_nothing) {
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        faulty memory = {0};
        const pmkt_allocator allocator = faulty_allocator(&memory);
        pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
        o.allocator = &allocator;
        pmkt_cf *model = small_model(kind, 1, NULL), *again = NULL;
        const char *path = scratch_path("memory");
        ck_assert_int_eq(pmkt_cf_save(model, path, NULL, NULL, NULL), PMKT_OK);
        for (int way = 0; way < 3; way++) {
            pmkt_status status = PMKT_E_NOMEM;
            pmkt_buffer *buffer = NULL;
            if (way == 2) {
                ck_assert_int_eq(pmkt_cf_load(path, &o, NULL, &again, NULL), PMKT_OK);
            }
            for (int64_t at = 1; status == PMKT_E_NOMEM; at++) {
                const int64_t blocks = memory.blocks;
                faulty_arm(&memory, at, false);
                status = way == 0   ? pmkt_cf_load(path, &o, NULL, &again, NULL)
                         : way == 1 ? pmkt_cf_map(path, &o, &again, NULL)
                                    : pmkt_cf_save_memory(again, NULL, NULL, &buffer, NULL);
                faulty_disarm(&memory);
                if (status) REQUIRE(memory.blocks == blocks);
                REQUIRE(at < 1000);
            }
            ck_assert_int_eq(status, PMKT_OK);
            pmkt_buffer_free(buffer);
            pmkt_cf_release(again);
            again = NULL;
            faulty_check_empty(&memory);
        }
        pmkt_cf_release(model);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("cf_file");
    TOPIC(s, "round trips", what_is_loaded_or_mapped_is_what_was_saved,
          equal_models_are_equal_bytes_and_others_are_not, max_bytes_is_the_models_bytes);
    TOPIC(s, "damage", no_part_of_a_file_is_a_model, no_changed_byte_is_loaded,
          forged_files_do_no_harm, heads_that_lie_are_refused, contents_that_cannot_be_are_found,
          neighbors_out_of_order_are_found, damage_is_not_saved_with_a_right_checksum);
    TOPIC(s, "other files", compressed_files_load_and_are_not_mapped, files_of_others_are_refused);
    TOPIC(s, "canceling", saving_and_loading_can_be_canceled_at_each_call);
    TOPIC(s, "memory", memory_that_runs_out_leaves_nothing);
    return suite_run(s);
}
