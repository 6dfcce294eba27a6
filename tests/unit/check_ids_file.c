/*
 * Dictionaries as files: what is saved comes back, loaded or mapped; what is damaged is refused, or
 * at worst answers wrongly, but never harms.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/strings.h"
#include "support/suite.h"

enum {
    HEAD = 1,
    IDS = 2,
    ENDS = 3,
    STRINGS = 4,
    TOMBS = 5
};

static uint64_t id_of_number(int64_t number) {
    char text[64];
    return pmkt_id_of_bytes(text, numbered(number, text));
}

/* Strings 0 to n - 1, of which every tenth is forgotten. */
static pmkt_ids *sample(int64_t n) {
    strings s = {0};
    strings_numbered(&s, 0, n);
    pmkt_ids *ids = ids_of(&s, NULL);
    for (int64_t i = 0; i < n; i += 10) {
        const uint64_t id = id_of_number(i);
        ck_assert_int_eq(pmkt_ids_forget(ids, &id, 1, 1700000000000 + i, NULL, NULL), PMKT_OK);
    }
    strings_free(&s);
    return ids;
}

static void check_sample(const pmkt_ids *ids, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        char text[64];
        const size_t expected = numbered(i, text);
        size_t length;
        const char *name = pmkt_ids_name(ids, id_of_number(i), &length);
        REQUIRE((name == NULL) == (i % 10 == 0));
        REQUIRE(!name || (length == expected && memcmp(name, text, length) == 0));
    }
    const pmkt_ids_counters counters = ids_counters(ids);
    ck_assert_int_eq(counters.strings, n - (n + 9) / 10);
    ck_assert_int_eq(counters.forgotten, (n + 9) / 10);
}

static const char *saved(const pmkt_ids *ids, const char *name) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.unsynced = 1;
    const char *path = scratch_path(name);
    pmkt_error err;
    ck_assert_ok(pmkt_ids_save(ids, path, &options, NULL, &err), err);
    return path;
}

/* -------------------------------------------------------------- there and back */

START_TEST(a_saved_dictionary_comes_back) {
    const int64_t n = scaled(100000, 40000);
    pmkt_ids *ids = sample(n), *again = NULL;
    const char *path = saved(ids, "a.pmkt");
    file_bytes bytes = file_read(path), expected = ids_bytes(ids), copy = ids_bytes(ids);
    ck_assert(bytes.n == expected.n && memcmp(bytes.at, expected.at, bytes.n) == 0);
    pmkt_error err;
    pmkt_run run = PMKT_RUN_INIT;
    for (run.threads = 1; run.threads <= 4; run.threads += 3) {
        ck_assert_ok(pmkt_ids_load(path, NULL, &run, &again, &err), err);
        check_sample(again, n);
        ck_assert_int_eq(ids_counters(again).generation, 0);
        ck_assert_int_eq(ids_counters(again).bytes_mapped, 0);
        pmkt_ids_free(again);
    }
    ck_assert_ok(pmkt_ids_load_memory(bytes.at, bytes.n, NULL, NULL, &again, &err), err);
    ck_assert(ids_is(again, &expected));
    ck_assert_ok(pmkt_ids_verify(again, NULL, &err), err);
    pmkt_ids_free(again);
    ck_assert_ok(pmkt_ids_map(path, NULL, &again, &err), err);
    check_sample(again, n);
    ck_assert_int_eq(ids_counters(again).bytes_mapped, (int64_t)bytes.n);
    ck_assert_ok(pmkt_ids_verify(again, NULL, &err), err);
    ck_assert(ids_is(again, &copy));
    pmkt_ids_free(again);
    pmkt_ids_free(ids);
    file_free(&bytes);
}
END_TEST

START_TEST(a_compressed_dictionary_loads_but_does_not_map) {
    pmkt_ids *ids = sample(5000), *again = NULL;
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = 3;
    options.unsynced = 1;
    const char *path = scratch_path("small.pmkt");
    pmkt_error err;
    ck_assert_ok(pmkt_ids_save(ids, path, &options, NULL, &err), err);
    ck_assert_ok(pmkt_ids_load(path, NULL, NULL, &again, &err), err);
    check_sample(again, 5000);
    pmkt_ids_free(again);
    again = NULL;
    ck_assert_int_eq(pmkt_ids_map(path, NULL, &again, &err), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_null(again);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(empty_and_one_way_dictionaries_come_back) {
    for (int32_t one_way = 0; one_way < 2; one_way++) {
        pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
        options.one_way = one_way;
        pmkt_ids *ids = NULL, *again = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_ids_new(&options, &ids, &err), err);
        const char *path = saved(ids, "empty.pmkt");
        ck_assert_ok(pmkt_ids_load(path, NULL, NULL, &again, &err), err);
        ck_assert_int_eq(ids_counters(again).one_way, one_way);
        pmkt_ids_free(again);
        ck_assert_ok(pmkt_ids_map(path, NULL, &again, &err), err);
        ck_assert_int_eq(ids_counters(again).one_way, one_way);
        ck_assert_int_eq(ids_counters(again).strings, 0);
        ck_assert_ptr_null(pmkt_ids_name(again, 1, NULL));
        pmkt_ids_free(again);
        pmkt_ids_free(ids);
    }
}
END_TEST

START_TEST(a_mapped_dictionary_changes_and_its_file_does_not) {
    pmkt_ids *ids = sample(40000), *mapped = NULL;
    const char *path = saved(ids, "kept.pmkt");
    file_bytes before = file_read(path);
    pmkt_error err;
    ck_assert_ok(pmkt_ids_map(path, NULL, &mapped, &err), err);
    strings s = {0};
    strings_numbered(&s, 0, 50000); /* known, forgotten and new ones */
    uint64_t *id = malloc(50000 * sizeof *id);
    ck_assert_ok(ids_learn(mapped, &s, 2, id, &err), err);
    ck_assert_ok(ids_learn(ids, &s, 2, id, &err), err);
    int64_t found = 0;
    ck_assert_ok(pmkt_ids_forget(mapped, id + 39990, 20, 5, &found, &err), err);
    ck_assert_int_eq(found, 20);
    ck_assert_ok(pmkt_ids_forget(ids, id + 39990, 20, 5, &found, &err), err);
    ck_assert_ptr_null(pmkt_ids_name(mapped, id[39991], NULL));
    file_bytes expected = ids_bytes(ids);
    ck_assert(ids_is(mapped, &expected));
    ck_assert(file_is(path, before.at, before.n));
    ck_assert_int_eq(pmkt_ids_encode(mapped, s.bytes, s.offsets + 39991, 1, NULL, NULL, &err),
                     PMKT_OK); /* in the base, forgotten, and learned anew */
    ck_assert_ptr_nonnull(pmkt_ids_name(mapped, id[39991], NULL));
    pmkt_ids_free(mapped);
    pmkt_ids_free(ids);
    strings_free(&s);
    file_free(&before);
    free(id);
}
END_TEST

static int watch(void *ctx, double done, const char *stage) {
    double *last = ctx;
    if (done < *last || done > 1) ck_abort_msg("%s: from %f to %f", stage, *last, done);
    *last = done;
    return 0;
}

START_TEST(verifying_tells_of_its_progress_once) {
    pmkt_ids *ids = sample(40000), *mapped = NULL;
    double last = 0;
    pmkt_run run = PMKT_RUN_INIT;
    run.progress = (pmkt_progress){watch, &last};
    pmkt_error err;
    ck_assert_ok(pmkt_ids_map(saved(ids, "watched.pmkt"), NULL, &mapped, &err), err);
    ck_assert_ok(pmkt_ids_verify(mapped, &run, &err), err);
    ck_assert(last == 1);
    pmkt_ids_free(mapped);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(a_mapped_string_collides_like_any_other) {
    unsigned char a[16], b[16];
    strings_collide(3, a, b);
    strings one = {0}, two = {0};
    strings_add(&one, a, 16);
    strings_add(&two, b, 16);
    pmkt_ids *ids = ids_of(&one, NULL), *mapped = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_map(saved(ids, "one.pmkt"), NULL, &mapped, &err), err);
    ck_assert_int_eq(ids_learn(mapped, &two, 1, NULL, &err), PMKT_E_COLLISION);
    ck_assert_ptr_nonnull(strstr(err.message, "\" and, at row 0, \""));
    pmkt_ids_free(mapped);
    pmkt_ids_free(ids);
    strings_free(&one);
    strings_free(&two);
}
END_TEST

START_TEST(a_limit_holds_for_loading) {
    pmkt_ids *ids = sample(5000), *again = NULL;
    const char *path = saved(ids, "limit.pmkt");
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = ids_counters(ids).bytes * 2;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_load(path, &options, NULL, &again, &err), err);
    pmkt_ids_free(again);
    again = NULL;
    options.max_bytes = 60000;
    ck_assert_int_eq(pmkt_ids_load(path, &options, NULL, &again, &err), PMKT_E_LIMIT);
    options.max_bytes = 100;
    ck_assert_int_eq(pmkt_ids_map(path, &options, &again, &err), PMKT_E_LIMIT);
    ck_assert_ptr_null(again);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(tombstones_of_a_mapped_file_are_listed_unless_they_are_damaged) {
    strings s = {0};
    strings_numbered(&s, 0, 20);
    pmkt_ids *ids = ids_of(&s, NULL), *mapped = NULL;
    uint64_t id[5], listed[5];
    int64_t when[5], n = 0;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_list(ids, NULL, 0, &n, &err), err);
    for (int64_t i = 0; i < 5; i++) id[i] = (uint64_t)(i + 1) << 40;
    ck_assert_ok(pmkt_ids_forget(ids, id, 5, 77, NULL, &err), err);
    ck_assert_ok(pmkt_ids_map(saved(ids, "tombs.pmkt"), NULL, &mapped, &err), err);
    ck_assert_ok(pmkt_ids_forgotten(mapped, listed, when, 5, &n, &err), err);
    ck_assert_int_eq(n, 5);
    ck_assert(memcmp(listed, id, sizeof id) == 0);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(when[i], 77);
    pmkt_ids_free(mapped);
    file_bytes bytes = ids_bytes(ids);
    size_t length = 0;
    const size_t at = file_section(&bytes, TOMBS, &length);
    ck_assert_uint_eq(length, 80);
    const struct {
        size_t at;
        uint64_t value;
    } damages[] = {{at + 32, id[0]}, {at, 0}, {at + 24, UINT64_C(1) << 63}, {at + 72, INT64_MAX}};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const uint64_t sound = get64(&bytes, damages[i].at);
        set64(&bytes, damages[i].at, damages[i].value);
        const char *path = scratch_path("tombs.pmkt");
        file_write(path, bytes.at, bytes.n);
        ck_assert_ok(pmkt_ids_map(path, NULL, &mapped, &err), err);
        ck_assert_int_eq(pmkt_ids_forgotten(mapped, listed, when, 5, &n, &err), PMKT_E_CORRUPT);
        pmkt_ids_free(mapped);
        set64(&bytes, damages[i].at, sound);
    }
    file_free(&bytes);
    pmkt_ids_free(ids);
    strings_free(&s);
}
END_TEST

/* A file that somebody writes into while it is mapped: an id turns up that nothing was hidden of. */
typedef struct intruder {
    const char *path;
    size_t at;
    uint64_t id;
    bool done;
} intruder;

static int intrude(void *ctx, double done, const char *stage) {
    (void)done;
    (void)stage;
    intruder *i = ctx;
    FILE *file = i->done ? NULL : fopen(i->path, "r+b");
    if (!file) return 0;
    i->done = fseek(file, (long)i->at, SEEK_SET) == 0 && fwrite(&i->id, 8, 1, file) == 1;
    return fclose(file) == 0 && i->done ? 0 : 1;
}

START_TEST(a_file_that_changes_under_a_merge_ends_nothing) {
    strings s = {0};
    strings_add(&s, "ann", 3);
    pmkt_ids *ids = ids_of(&s, NULL), *from = ids_empty(NULL), *mapped = NULL;
    const uint64_t ann = pmkt_id_of_bytes("ann", 3), other = ann ^ 1;
    const char *path = saved(ids, "changed.pmkt");
    file_bytes bytes = ids_bytes(ids);
    size_t length = 0;
    intruder i = {path, file_section(&bytes, IDS, &length), other, false};
    pmkt_run run = PMKT_RUN_INIT;
    run.progress = (pmkt_progress){intrude, &i};
    pmkt_error err;
    ck_assert_ok(pmkt_ids_forget(from, &other, 1, 5, NULL, &err), err);
    ck_assert_ok(pmkt_ids_map(path, NULL, &mapped, &err), err);
    ck_assert_ok(pmkt_ids_merge(mapped, from, &run, &err), err);
    ck_assert(i.done);
    ck_assert_int_eq(ids_counters(mapped).forgotten, 1);
    pmkt_ids_free(mapped);
    pmkt_ids_free(from);
    pmkt_ids_free(ids);
    file_free(&bytes);
    strings_free(&s);
}
END_TEST

/* -------------------------------------------------------------------- damage */

/* Uses all that a dictionary from a doubtful file has; nothing is said about the answers. */
static void use(pmkt_ids *ids) {
    uint64_t listed[64], id[40];
    int64_t offsets[41], n = 0, found;
    char bytes[400];
    for (int64_t i = 0; i < 40; i++) {
        size_t length = 0;
        id[i] = id_of_number(i);
        const char *name = pmkt_ids_name(ids, id[i], &length);
        unsigned sum = 0;
        for (size_t j = 0; name && j < length; j++) sum += (unsigned char)name[j];
        REQUIRE(sum < UINT32_MAX);
    }
    (void)pmkt_ids_decode(ids, id, 40, bytes, sizeof bytes, offsets, NULL, NULL);
    (void)pmkt_ids_list(ids, listed, 64, &n, NULL);
    strings s = {0};
    strings_numbered(&s, 0, 45);
    (void)ids_learn(ids, &s, 1, NULL, NULL);
    strings_free(&s);
    (void)pmkt_ids_forget(ids, id, 40, 3, &found, NULL);
    pmkt_ids *into = ids_empty(NULL);
    (void)pmkt_ids_merge(into, ids, NULL, NULL);
    pmkt_ids_free(into);
    pmkt_buffer *buffer = NULL;
    (void)pmkt_ids_save_memory(ids, NULL, NULL, &buffer, NULL);
    pmkt_buffer_free(buffer);
    (void)pmkt_ids_verify(ids, NULL, NULL);
}

/* A file whose checksums are right again: loading must find what is wrong, mapping must survive. */
static void check_forged(file_bytes *bytes, bool must_fail) {
    pmkt_ids *ids = NULL;
    pmkt_error err;
    file_sign(bytes);
    const pmkt_status status = pmkt_ids_load_memory(bytes->at, bytes->n, NULL, NULL, &ids, &err);
    if (must_fail) {
        ck_assert_msg(status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT, "%d", (int)status);
        ck_assert_ptr_null(ids);
    }
    if (!status) {
        use(ids);
        pmkt_ids_free(ids);
    }
    ids = NULL;
    const char *path = scratch_path("forged.pmkt");
    file_write(path, bytes->at, bytes->n);
    if (pmkt_ids_map(path, NULL, &ids, NULL) == PMKT_OK) {
        if (must_fail) ck_assert_int_ne(pmkt_ids_verify(ids, NULL, NULL), PMKT_OK);
        use(ids);
        pmkt_ids_free(ids);
    }
}

static file_bytes small_file(void) {
    pmkt_ids *ids = sample(40);
    file_bytes bytes = ids_bytes(ids);
    pmkt_ids_free(ids);
    return bytes;
}

START_TEST(forged_sections_are_refused_and_do_no_harm) {
    static const struct {
        uint32_t section;
        size_t step; /* of elements, whose 8 bytes are set */
    } PLACES[] = {{HEAD, 8}, {IDS, 8}, {ENDS, 8}, {TOMBS, 16}};
    static const uint64_t VALUES[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, 1000000};
    file_bytes sound = small_file();
    for (size_t p = 0; p < sizeof PLACES / sizeof *PLACES; p++) {
        size_t length;
        const size_t at = file_section(&sound, PLACES[p].section, &length);
        for (size_t i = 0; i + 8 <= length; i += PLACES[p].step) {
            for (size_t v = 0; v < sizeof VALUES / sizeof *VALUES; v++) {
                if (get64(&sound, at + i) == VALUES[v]) continue;
                if (PLACES[p].section == TOMBS && i > 0 && i + 16 < length && VALUES[v] != 0 &&
                    VALUES[v] != UINT64_MAX) {
                    continue; /* may well be another id in order */
                }
                file_bytes bytes = file_copy(sound.at, sound.n);
                set64(&bytes, at + i, VALUES[v]);
                /* The first tombstone may have a smaller id, and the last a greater one. */
                const bool in_order =
                    PLACES[p].section == TOMBS &&
                    ((i == 0 && VALUES[v] != 0 && VALUES[v] < get64(&sound, at + 16)) ||
                     (i + 16 == length && VALUES[v] > get64(&sound, at + length - 32)));
                check_forged(&bytes, !in_order);
                file_free(&bytes);
            }
        }
    }
    file_free(&sound);
}
END_TEST

START_TEST(a_forged_byte_of_a_string_is_found_by_its_hash) {
    file_bytes sound = small_file();
    size_t length;
    const size_t at = file_section(&sound, STRINGS, &length);
    for (size_t i = 0; i < length; i += 7) {
        file_bytes bytes = file_copy(sound.at, sound.n);
        bytes.at[at + i] ^= 0x20;
        check_forged(&bytes, true);
        file_free(&bytes);
    }
    file_free(&sound);
}
END_TEST

START_TEST(ids_in_any_order_do_no_harm) {
    file_bytes sound = small_file();
    size_t length;
    const size_t at = file_section(&sound, IDS, &length);
    const size_t ends = file_section(&sound, ENDS, &length);
    random_seed(5);
    for (int64_t round = 0; round < scaled(300, 50); round++) {
        file_bytes bytes = file_copy(sound.at, sound.n);
        for (int64_t n = 1 + random_below(20); n > 0; n--) {
            const size_t i = 8 * (size_t)random_below((int64_t)length / 8);
            const size_t j = 8 * (size_t)random_below((int64_t)length / 8);
            const size_t where = random_below(2) ? at : ends;
            const uint64_t kept = get64(&bytes, where + i);
            set64(&bytes, where + i, get64(&bytes, where + j));
            set64(&bytes, where + j, random_below(4) ? kept : random_bits());
        }
        check_forged(&bytes, false);
        file_free(&bytes);
    }
    file_free(&sound);
}
END_TEST

START_TEST(every_truncation_and_every_flipped_bit_is_refused) {
    file_bytes sound = small_file();
    pmkt_ids *ids = NULL;
    for (size_t n = 0; n < sound.n; n++) {
        file_bytes part = file_copy(sound.at, n);
        const pmkt_status status = n ? pmkt_ids_load_memory(part.at, n, NULL, NULL, &ids, NULL)
                                     : pmkt_ids_load_memory("", 0, NULL, NULL, &ids, NULL);
        REQUIRE(status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT);
        file_free(&part);
    }
    for (size_t bit = 0; bit < 8 * sound.n; bit += (size_t)scaled(1, 5)) {
        sound.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
        const pmkt_status status = pmkt_ids_load_memory(sound.at, sound.n, NULL, NULL, &ids, NULL);
        REQUIRE(status != PMKT_OK);
        sound.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert_ptr_null(ids);
    file_free(&sound);
}
END_TEST

START_TEST(a_damaged_mapping_is_found_by_verify_and_decode) {
    file_bytes bytes = small_file();
    size_t length;
    const size_t at = file_section(&bytes, ENDS, &length);
    const size_t ids_at = file_section(&bytes, IDS, &length);
    const uint64_t id = get64(&bytes, ids_at + 40);
    set64(&bytes, at + 40, UINT64_MAX / 2); /* not signed: a damage, not a forgery */
    const char *path = scratch_path("damaged.pmkt");
    file_write(path, bytes.at, bytes.n);
    pmkt_ids *ids = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_map(path, NULL, &ids, &err), err);
    ck_assert_int_eq(pmkt_ids_verify(ids, NULL, &err), PMKT_E_CORRUPT);
    int64_t offsets[2];
    ck_assert_int_eq(pmkt_ids_decode(ids, &id, 1, NULL, 0, offsets, NULL, &err), PMKT_E_CORRUPT);
    ck_assert_ptr_null(pmkt_ids_name(ids, id, NULL));
    pmkt_ids_free(ids);
    file_free(&bytes);
}
END_TEST

/* ----------------------------------------------------------------- bad calls */

START_TEST(malformed_calls_say_what_is_wrong) {
    pmkt_ids *ids = ids_empty(NULL), *none = NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_ids_save(NULL, "x", NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_save(ids, NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_save_memory(NULL, NULL, NULL, &buffer, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_save_memory(ids, NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_load(NULL, NULL, NULL, &none, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_load("x", NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_load_memory(NULL, 5, NULL, NULL, &none, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_load_memory("x", 1, NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_map(NULL, NULL, &none, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_map("x", NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_verify(NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_ids_load(scratch_path("nowhere"), NULL, NULL, &none, &err), PMKT_E_IO);
    ck_assert_int_eq(pmkt_ids_map(scratch_path("nowhere"), NULL, &none, &err), PMKT_E_IO);
    ck_assert_ptr_null(none);
    ck_assert_ptr_null(buffer);
    pmkt_ids_free(ids);
}
END_TEST

/* -------------------------------------------------------------------- golden */

/* tests/golden/0.2/ids.pmkt is sample(100): written by 0.2, to be read for ever. */
START_TEST(the_file_of_every_release_still_loads) {
    static const char GOLDEN[] = "tests/golden/0.2/ids.pmkt";
    pmkt_ids *ids = sample(100), *again = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_load(GOLDEN, NULL, NULL, &again, &err), err);
    check_sample(again, 100);
    file_bytes bytes = ids_bytes(ids);
    ck_assert(file_is(GOLDEN, bytes.at, bytes.n)); /* and is written the same, until the format
                                                      changes: then only the above must hold */
    file_free(&bytes);
    pmkt_ids_free(again);
    ck_assert_ok(pmkt_ids_map(GOLDEN, NULL, &again, &err), err);
    check_sample(again, 100);
    pmkt_ids_free(again);
    pmkt_ids_free(ids);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ids file");
    TOPIC(suite, "there and back", a_saved_dictionary_comes_back,
          tombstones_of_a_mapped_file_are_listed_unless_they_are_damaged,
          a_file_that_changes_under_a_merge_ends_nothing,
          a_compressed_dictionary_loads_but_does_not_map, empty_and_one_way_dictionaries_come_back,
          a_mapped_dictionary_changes_and_its_file_does_not,
          a_mapped_string_collides_like_any_other, verifying_tells_of_its_progress_once,
          a_limit_holds_for_loading);
    TOPIC(suite, "damage", forged_sections_are_refused_and_do_no_harm,
          a_forged_byte_of_a_string_is_found_by_its_hash, ids_in_any_order_do_no_harm,
          every_truncation_and_every_flipped_bit_is_refused,
          a_damaged_mapping_is_found_by_verify_and_decode);
    TOPIC(suite, "calls", malformed_calls_say_what_is_wrong);
    TOPIC(suite, "golden", the_file_of_every_release_still_loads);
    return suite_run(suite);
}
