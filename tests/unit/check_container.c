/*
 * The container: what is written is read again, from files and memory, raw and packed, and nothing
 * that is read is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/codec.h"
#include "core/container.h"
#include "core/container_format.h"
#include "core/hash.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    KIND = 77,
    TEXT = 1,    /* required */
    NUMBERS = 2, /* required */
    EMPTY = 3,   /* required */
    EXTRA = 9    /* may be passed over */
};

static const uint32_t ALL[] = {TEXT, NUMBERS, EMPTY, EXTRA};
static const uint32_t NEEDED[] = {TEXT, NUMBERS, EMPTY};
static const pmkti_schema SCHEMA = {KIND, ALL, 4};
static const pmkti_schema OLDER = {KIND, NEEDED, 3};
static const char SAID[] = "The quick brown fox.";

#define N_NUMBERS 50000

static uint64_t number(uint64_t i) {
    return i < N_NUMBERS / 2 ? pmkti_mix(i)
                             : i / 1000; /* a half that packs and one that does not */
}

static bool has_zstd(void) {
    return pmkti_codec_check(NULL) == PMKT_OK;
}

/* -------------------------------------------------------------- writing one */

static pmkt_allocator heap(void) {
    pmkt_allocator allocator;
    ck_assert_int_eq(pmkti_allocator_check(NULL, &allocator, NULL), PMKT_OK);
    return allocator;
}

/* Puts all sections, the numbers in pieces of `step`. */
static pmkt_status fill(pmkti_writer *w, uint64_t numbers, uint64_t step, pmkt_error *err) {
    pmkt_status status = pmkti_writer_section(w, TEXT, 1, true, err);
    if (!status) status = pmkti_writer_put(w, SAID, sizeof SAID - 1, err);
    if (!status) status = pmkti_writer_section(w, NUMBERS, 2, true, err);
    uint64_t *piece = malloc(step * sizeof *piece);
    ck_assert_ptr_nonnull(piece);
    for (uint64_t i = 0; i < numbers && !status; i += step) {
        const uint64_t n = numbers - i < step ? numbers - i : step;
        for (uint64_t k = 0; k < n; k++) piece[k] = number(i + k);
        status = pmkti_writer_put(w, piece, n * sizeof *piece, err);
    }
    free(piece);
    if (!status) status = pmkti_writer_section(w, EMPTY, 1, true, err);
    if (!status) status = pmkti_writer_section(w, EXTRA, 1, false, err);
    return status ? status : pmkti_writer_put(w, "x", 1, err);
}

static pmkt_status write_one(const pmkt_allocator *allocator, const char *path, int32_t level,
                             uint64_t numbers, uint64_t step, pmkt_buffer **buffer,
                             pmkt_error *err) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = level;
    pmkti_writer *w = NULL;
    pmkt_status status = pmkti_writer_new(allocator, path, KIND, &options, &w, err);
    if (status) return status;
    status = fill(w, numbers, step, err);
    if (!status) return pmkti_writer_commit(w, buffer, err);
    pmkti_writer_abort(w);
    return status;
}

static file_bytes bytes_of(int32_t level, uint64_t numbers, uint64_t step) {
    const pmkt_allocator allocator = heap();
    pmkt_buffer *buffer = NULL;
    pmkt_error err = {0};
    ck_assert_ok(write_one(&allocator, NULL, level, numbers, step, &buffer, &err), err);
    ck_assert_uint_eq((uintptr_t)pmkt_buffer_data(buffer) % 64, 0);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

/* -------------------------------------------------------------- reading one */

static pmkt_status check_numbers(const pmkti_span *span, uint64_t numbers) {
    REQUIRE(span->size == numbers * sizeof(uint64_t));
    REQUIRE((uintptr_t)span->at % 64 == 0);
    const uint64_t *at = (const uint64_t *)(const void *)span->at;
    for (uint64_t i = 0; i < numbers; i++) {
        if (at[i] != number(i)) return PMKT_E_CORRUPT;
    }
    return PMKT_OK;
}

/* Opens and reads all; PMKT_OK only if everything is as it was written. */
static pmkt_status read_all(const pmkti_source *source, const pmkt_load_options *options,
                            uint64_t numbers, pmkt_error *err) {
    pmkti_container *c = NULL;
    pmkti_span text, figures, empty, extra;
    pmkt_status status = pmkti_container_open(source, &SCHEMA, options, &c, err);
    if (status) return status;
    status = pmkti_container_section(c, TEXT, 1, 1, &text, err);
    if (!status) status = pmkti_container_section(c, NUMBERS, 2, 8, &figures, err);
    if (!status) status = pmkti_container_section(c, EMPTY, 1, 8, &empty, err);
    if (!status) status = pmkti_container_section(c, EXTRA, 1, 1, &extra, err);
    if (!status) {
        REQUIRE(text.size == sizeof SAID - 1 && memcmp(text.at, SAID, text.size) == 0);
        REQUIRE(empty.size == 0 && empty.at == NULL);
        REQUIRE(extra.size == 1 && *extra.at == 'x');
        status = check_numbers(&figures, numbers);
        pmkti_container_release(c, NUMBERS);
    }
    pmkti_container_close(c);
    return status;
}

static pmkt_status read_bytes(const file_bytes *f, uint64_t numbers, pmkt_error *err) {
    const pmkti_source source = {.bytes = f->at, .size = f->n};
    return read_all(&source, NULL, numbers, err);
}

static pmkt_status verify_bytes(const file_bytes *f) {
    const pmkti_source source = {.bytes = f->at, .size = f->n};
    const pmkti_run run = {1, {NULL, NULL}};
    pmkti_container *c = NULL;
    pmkt_status status = pmkti_container_open(&source, NULL, NULL, &c, NULL);
    if (status) return status;
    status = pmkti_container_verify(c, &run, NULL);
    pmkti_container_close(c);
    return status;
}

/* ------------------------------------------------------------ there and back */

START_TEST(what_is_written_is_read_again) {
    const int32_t levels[] = {0, 1, 3, 19};
    for (int i = 0; i < LENGTH(levels); i++) {
        if (levels[i] && !has_zstd()) continue;
        const uint64_t counts[] = {0, 1, 7, 8, 9, 8191, 8192, 8193, N_NUMBERS};
        for (int k = 0; k < LENGTH(counts); k++) {
            pmkt_error err = {0};
            file_bytes f = bytes_of(levels[i], counts[k], 1000);
            ck_assert_ok(read_bytes(&f, counts[k], &err), err);
            ck_assert_int_eq(verify_bytes(&f), PMKT_OK);
            const char *path = scratch_path("there_and_back");
            file_write(path, f.at, f.n);
            ck_assert_ok(read_all(&(pmkti_source){.path = path}, NULL, counts[k], &err), err);
            ck_assert_ok(pmkt_file_verify(path, NULL, &err), err);
            file_free(&f);
        }
    }
}
END_TEST

START_TEST(a_file_has_the_bytes_of_memory) {
    const pmkt_allocator allocator = heap();
    for (int32_t level = 0; level <= (has_zstd() ? 3 : 0); level += 3) {
        file_bytes f = bytes_of(level, N_NUMBERS, 100);
        const char *path = scratch_path("same");
        pmkt_error err = {0};
        ck_assert_ok(write_one(&allocator, path, level, N_NUMBERS, 30000, NULL, &err), err);
        ck_assert(file_is(path, f.at, f.n)); /* and however the pieces were cut */
        file_free(&f);
    }
}
END_TEST

START_TEST(a_mapping_is_used_in_place) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("mapped");
    pmkt_error err = {0};
    ck_assert_ok(write_one(&allocator, path, 0, N_NUMBERS, 999, NULL, &err), err);
    const pmkti_source source = {.path = path, .map = true};
    ck_assert_ok(read_all(&source, NULL, N_NUMBERS, &err), err);
    pmkti_container *c = NULL;
    ck_assert_ok(pmkti_container_open(&source, &SCHEMA, NULL, &c, &err), err);
    pmkti_span a, b;
    ck_assert_ok(pmkti_container_section(c, TEXT, 1, 1, &a, &err), err);
    ck_assert_ok(pmkti_container_section(c, NUMBERS, 2, 8, &b, &err), err);
    ck_assert_int_eq(b.at - a.at, b.offset - a.offset);
    file_bytes f = file_read(path);
    ck_assert_uint_eq(pmkti_container_mapped(c), f.n);
    file_free(&f);
    pmkti_container_close(c);
}
END_TEST

START_TEST(a_packed_file_is_smaller_and_cannot_be_mapped) {
    if (!has_zstd()) return;
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("packed");
    pmkt_error err = {0};
    ck_assert_ok(write_one(&allocator, path, 3, N_NUMBERS, 999, NULL, &err), err);
    file_bytes packed = file_read(path), raw = bytes_of(0, N_NUMBERS, 999);
    ck_assert_uint_lt(packed.n, raw.n * 2 / 3);
    const pmkti_source source = {.path = path, .map = true};
    ck_assert_int_eq(read_all(&source, NULL, N_NUMBERS, &err), PMKT_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "compressed"));
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
    ck_assert_int_eq(info.kind, KIND);
    ck_assert_int_eq(info.format, 1);
    ck_assert_int_eq(info.min_reader, 1);
    ck_assert_int_eq(info.sections, 4);
    ck_assert_int_eq(info.compressed, 3);
    ck_assert_int_eq(info.bytes, (int64_t)packed.n);
    ck_assert_int_eq(info.bytes_unpacked, (int64_t)sizeof SAID - 1 + 8 * N_NUMBERS + 1);
    file_free(&packed);
    file_free(&raw);
}
END_TEST

START_TEST(bytes_need_no_alignment) {
    file_bytes f = bytes_of(0, 1000, 10);
    unsigned char *shifted = malloc(f.n + 64);
    ck_assert_ptr_nonnull(shifted);
    for (size_t shift = 0; shift < 64; shift++) {
        memcpy(shifted + shift, f.at, f.n);
        const pmkti_source source = {.bytes = shifted + shift, .size = f.n};
        pmkt_error err = {0};
        ck_assert_ok(read_all(&source, NULL, 1000, &err), err);
    }
    free(shifted);
    file_free(&f);
}
END_TEST

START_TEST(what_an_older_reader_does_not_know_is_passed_over_if_it_may) {
    file_bytes f = bytes_of(0, 10, 10);
    const pmkti_source source = {.bytes = f.at, .size = f.n};
    pmkti_container *c = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkti_container_open(&source, &OLDER, NULL, &c, &err), err);
    ck_assert(pmkti_container_has(c, NUMBERS) && pmkti_container_has(c, EXTRA));
    pmkti_span span;
    ck_assert_int_eq(pmkti_container_section(c, NUMBERS, 1, 8, &span, &err), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkti_container_section(c, 5, 1, 8, &span, &err), PMKT_E_CORRUPT);
    ck_assert_int_eq(pmkti_container_section(c, TEXT, 1, 8, &span, &err), PMKT_E_CORRUPT);
    pmkti_container_close(c);
    const pmkti_schema oldest = {KIND, NEEDED, 2};
    ck_assert_int_eq(pmkti_container_open(&source, &oldest, NULL, &c, &err), PMKT_E_FORMAT);
    file_free(&f);
}
END_TEST

START_TEST(a_stream_gives_a_section_in_any_pieces) {
    for (int32_t level = 0; level <= (has_zstd() ? 3 : 0); level += 3) {
        file_bytes f = bytes_of(level, N_NUMBERS, 100);
        const pmkti_source source = {.bytes = f.at, .size = f.n};
        pmkti_container *c = NULL;
        pmkti_stream *s = NULL;
        uint64_t size = 0, at[300];
        pmkt_error err = {0};
        ck_assert_ok(pmkti_container_open(&source, &SCHEMA, NULL, &c, &err), err);
        ck_assert_ok(pmkti_stream_open(c, NUMBERS, 2, 8, &s, &size, &err), err);
        ck_assert_uint_eq(size, 8 * N_NUMBERS);
        for (uint64_t i = 0, n; i < N_NUMBERS; i += n) {
            n = 1 + i % 300;
            if (n > N_NUMBERS - i) n = N_NUMBERS - i;
            const bool pass = i % 5 == 0;
            const pmkt_status status = pmkti_stream_read(s, pass ? NULL : at, 8 * n, &err);
            REQUIRE(status == PMKT_OK);
            for (uint64_t k = 0; !pass && k < n; k++) REQUIRE(at[k] == number(i + k));
        }
        ck_assert_int_eq(pmkti_stream_read(s, at, 1, &err), PMKT_E_CORRUPT);
        ck_assert_ok(pmkti_stream_end(s, &err), err);
        pmkti_stream_close(s);
        ck_assert_ok(pmkti_stream_open(c, NUMBERS, 2, 8, &s, &size, &err), err);
        ck_assert_int_eq(pmkti_stream_end(s, &err), PMKT_E_CORRUPT); /* not all was read */
        pmkti_stream_close(s);
        pmkti_container_close(c);
        file_free(&f);
    }
}
END_TEST

/* ------------------------------------------------------------------ hostile */

/* Levels of which a small file is made and damaged. */
static int32_t last_level(void) {
    return has_zstd() ? 1 : 0;
}

START_TEST(no_part_of_a_file_is_the_file) {
    for (int32_t level = 0; level <= last_level(); level++) {
        file_bytes f = bytes_of(level, 20, 20);
        for (size_t n = 0; n < f.n; n++) {
            file_bytes part = file_copy(f.at, n); /* its own block: reading on is seen */
            const pmkt_status status = read_bytes(&part, 20, NULL);
            REQUIRE(status == (n < 8 ? PMKT_E_FORMAT : PMKT_E_CORRUPT));
            REQUIRE(verify_bytes(&part) == status);
            file_free(&part);
        }
        file_bytes longer = file_copy(f.at, f.n);
        longer.at = realloc(longer.at, f.n + 64);
        ck_assert_ptr_nonnull(longer.at);
        memset(longer.at + f.n, 0, 64);
        longer.n = f.n + 64;
        ck_assert_int_eq(read_bytes(&longer, 20, NULL), PMKT_E_CORRUPT);
        file_free(&longer);
        file_free(&f);
    }
}
END_TEST

START_TEST(every_bit_of_a_file_is_covered) {
    for (int32_t level = 0; level <= last_level(); level++) {
        file_bytes f = bytes_of(level, 20, 20);
        for (size_t bit = 0; bit < 8 * f.n; bit++) {
            f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
            const pmkt_status status = read_bytes(&f, 20, NULL);
            REQUIRE(status == PMKT_E_CORRUPT || (status == PMKT_E_FORMAT && bit / 8 < 64));
            REQUIRE(verify_bytes(&f) == status);
            f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        ck_assert_int_eq(read_bytes(&f, 20, NULL), PMKT_OK);
        file_free(&f);
    }
}
END_TEST

/* Numbers that programs get wrong. */
static const uint64_t ODD[] = {0,
                               1,
                               2,
                               3,
                               63,
                               64,
                               65,
                               128,
                               255,
                               4096,
                               UINT32_MAX,
                               UINT64_C(1) << 31,
                               UINT64_C(1) << 32,
                               UINT64_C(1) << 40,
                               INT64_MAX,
                               UINT64_C(1) << 63,
                               UINT64_MAX - 63,
                               UINT64_MAX};

/* Reads a forged file in every way; whatever it is told, it must end, and must say what is wrong. */
static void try_forged(file_bytes *f, faulty *memory) {
    const pmkt_allocator allocator = faulty_allocator(memory);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = &allocator;
    file_sign(f);
    pmkt_error err = {0};
    const pmkti_source source = {.bytes = f->at, .size = f->n};
    const pmkti_run run = {1, {NULL, NULL}};
    pmkti_container *c = NULL;
    volatile unsigned char touched = 0;
    pmkt_status status = pmkti_container_open(&source, NULL, &options, &c, &err);
    if (!status) status = pmkti_container_verify(c, &run, &err);
    for (size_t i = 0; c && i < LENGTH(ALL); i++) {
        pmkti_span span;
        if (pmkti_container_section(c, ALL[i], 2, 1, &span, &err)) continue;
        for (size_t k = 0; k < span.size; k += 64) touched = span.at[k]; /* can be read */
    }
    (void)touched;
    pmkti_container_close(c);
    faulty_check_empty(memory);
    REQUIRE(status == PMKT_OK || status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT ||
            (status == PMKT_E_UNSUPPORTED && !has_zstd()));
}

START_TEST(forged_numbers_end_nowhere_else) {
    for (int32_t level = 0; level <= last_level(); level++) {
        file_bytes f = bytes_of(level, 20, 20);
        faulty memory = {0};
        const size_t table = file_entry_at(&f, 0), entries = file_sections(&f) * 64;
        for (size_t at = 8; at < 64 + entries; at += 4) {
            const size_t place = at < 64 ? at : table + at - 64;
            for (int k = 0; k < LENGTH(ODD); k++) {
                file_bytes forged = file_copy(f.at, f.n);
                set32(&forged, place, (uint32_t)ODD[k]);
                try_forged(&forged, &memory);
                file_free(&forged);
                if (at % 8 != 0) continue;
                for (int sign = -1; sign <= 1; sign++) {
                    forged = file_copy(f.at, f.n);
                    const uint64_t old = get64(&f, place);
                    set64(&forged, place, sign ? old + (uint64_t)sign * ODD[k] : ODD[k]);
                    try_forged(&forged, &memory);
                    file_free(&forged);
                }
            }
        }
        ck_assert_int_lt(memory.peak, 4 << 20); /* a few hundred bytes make nobody ask for more */
        file_free(&f);
    }
}
END_TEST

START_TEST(bytes_of_chance_are_no_file) {
    random_seed(7);
    for (int64_t i = 0; i < scaled(20000, 2000); i++) {
        file_bytes f = bytes_of(0, 0, 1);
        f.n = (size_t)random_below((int64_t)f.n + 1);
        const size_t keep = (size_t)random_below(80);
        for (size_t k = keep; k < f.n; k++) f.at[k] = (unsigned char)random_bits();
        if (keep < f.n) REQUIRE(read_bytes(&f, 0, NULL) != PMKT_OK);
        file_free(&f);
    }
}
END_TEST

START_TEST(a_small_file_that_unpacks_to_much_is_refused_or_read_as_it_comes) {
    if (!has_zstd()) return;
    file_bytes f = bytes_of(1, 0, 1);
    faulty memory = {0};
    const size_t entry = file_entry_at(&f, 0); /* the text */
    const size_t unpacked = entry + offsetof(pmkti_file_entry, unpacked);
    const uint64_t length = get64(&f, entry + offsetof(pmkti_file_entry, length));
    set64(&f, unpacked, length * PMKTI_ZSTD_RATIO * 2);
    try_forged(&f, &memory);
    ck_assert_int_lt(memory.peak, 1 << 20);
    set64(&f, unpacked, length * PMKTI_ZSTD_RATIO);
    try_forged(&f, &memory);
    ck_assert_int_lt(memory.peak, 3 << 20);
    file_free(&f);
}
END_TEST

/* ----------------------------------------------------------- what it says */

static pmkt_status header_says(size_t at, uint32_t value, pmkt_error *err) {
    file_bytes f = bytes_of(0, 3, 3);
    set32(&f, at, value);
    file_sign(&f);
    const pmkt_status status = read_bytes(&f, 3, err);
    file_free(&f);
    return status;
}

START_TEST(what_cannot_be_read_is_named) {
    pmkt_error err = {0};
    ck_assert_int_eq(header_says(offsetof(pmkti_file_header, reader), 2, &err), PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "newer"));
    ck_assert_int_eq(header_says(offsetof(pmkti_file_header, order), 0x04030201, &err),
                     PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "byte order"));
    ck_assert_int_eq(header_says(offsetof(pmkti_file_header, kind), PMKT_FILE_IDS, &err),
                     PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "pmkt_ids"));
    ck_assert_int_eq(header_says(offsetof(pmkti_file_header, flags), 1, &err), PMKT_E_FORMAT);
    ck_assert_int_eq(header_says(0, 0x504d4b54, &err), PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "no file of libpmkt"));
    /* a newer format that older readers understand */
    ck_assert_int_eq(header_says(offsetof(pmkti_file_header, format), 2, &err), PMKT_OK);
}
END_TEST

START_TEST(damage_says_where) {
    file_bytes f = bytes_of(0, 100, 100);
    size_t length = 0;
    const size_t at = file_section(&f, NUMBERS, &length);
    ck_assert_uint_eq(length, 800);
    f.at[at + 5] ^= 1;
    pmkt_error err = {0};
    ck_assert_int_eq(read_bytes(&f, 100, &err), PMKT_E_CORRUPT);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
    ck_assert_int_eq(err.where, (int64_t)at);
    f.at[at + 5] ^= 1;
    f.at[at + 801] ^= 4;
    ck_assert_int_eq(read_bytes(&f, 100, &err), PMKT_E_CORRUPT);
    ck_assert_int_eq(err.where, (int64_t)at + 801);
    file_free(&f);
}
END_TEST

START_TEST(calls_that_make_no_sense_are_refused) {
    pmkt_error err = {0};
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    ck_assert_int_eq(pmkt_file_inspect(NULL, &info, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_file_inspect("x", NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_file_verify(NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_file_verify("", NULL, &err), PMKT_E_IO);
    const char *path = scratch_path("good");
    file_bytes f = bytes_of(0, 3, 3);
    file_write(path, f.at, f.n);
    info.struct_size = 4;
    ck_assert_int_eq(pmkt_file_inspect(path, &info, &err), PMKT_E_INVALID);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = -1;
    ck_assert_int_eq(pmkt_file_verify(path, &run, &err), PMKT_E_INVALID);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    const pmkti_source source = {.path = path};
    options.max_bytes = -1;
    ck_assert_int_eq(read_all(&source, &options, 3, &err), PMKT_E_INVALID);
    options = (pmkt_load_options)PMKT_LOAD_OPTIONS_INIT;
    options.reserved = 1;
    ck_assert_int_eq(read_all(&source, &options, 3, &err), PMKT_E_INVALID);
    const pmkti_source nothing = {.size = 5};
    ck_assert_int_eq(read_all(&nothing, NULL, 3, &err), PMKT_E_INVALID);
    file_free(&f);
    pmkt_buffer_free(NULL);
    ck_assert_ptr_null(pmkt_buffer_data(NULL));
    ck_assert_uint_eq(pmkt_buffer_size(NULL), 0);
}
END_TEST

static int stop_at_once(void *ctx, double done, const char *stage) {
    ck_assert(done >= 0 && done <= 1 && stage);
    return --*(int *)ctx <= 0;
}

START_TEST(verifying_can_be_canceled) {
    const char *path = scratch_path("cancel");
    file_bytes f = bytes_of(0, N_NUMBERS, 1000);
    file_write(path, f.at, f.n);
    file_free(&f);
    int calls = 2;
    pmkt_run run = PMKT_RUN_INIT;
    run.progress = (pmkt_progress){stop_at_once, &calls};
    ck_assert_int_eq(pmkt_file_verify(path, &run, NULL), PMKT_E_CANCELED);
    calls = 1000;
    ck_assert_int_eq(pmkt_file_verify(path, &run, NULL), PMKT_OK);
}
END_TEST

/* ------------------------------------------------------------------- memory */

static pmkt_status there_and_back(const pmkt_allocator *allocator, int32_t level, bool file) {
    const char *path = file ? scratch_path("faulty") : NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = allocator;
    pmkt_status status = write_one(allocator, path, level, 20000, 500, &buffer, NULL);
    if (!status) {
        const pmkti_source source = {path, false, pmkt_buffer_data(buffer),
                                     pmkt_buffer_size(buffer)};
        status = read_all(&source, &options, 20000, NULL);
    }
    pmkt_buffer_free(buffer);
    return status;
}

START_TEST(memory_that_runs_out_leaks_nothing) {
    for (int way = 0; way < 4; way++) {
        if (way >= 2 && !has_zstd()) continue;
        for (int64_t nth = 1;; nth++) {
            faulty memory = {0};
            const pmkt_allocator allocator = faulty_allocator(&memory);
            faulty_arm(&memory, nth, nth % 2 == 0);
            const pmkt_status status = there_and_back(&allocator, way / 2, way % 2);
            faulty_check_empty(&memory);
            if (memory.refused == 0) {
                ck_assert_int_eq(status, PMKT_OK);
                ck_assert_int_gt(nth, 3);
                break;
            }
            ck_assert_int_eq(status, PMKT_E_NOMEM);
        }
    }
    ck_assert_int_le(scratch_files(), 1); /* a whole file, and no half one */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("container");
    TOPIC(suite, "there and back", what_is_written_is_read_again, a_file_has_the_bytes_of_memory,
          a_mapping_is_used_in_place, a_packed_file_is_smaller_and_cannot_be_mapped,
          bytes_need_no_alignment, what_an_older_reader_does_not_know_is_passed_over_if_it_may,
          a_stream_gives_a_section_in_any_pieces);
    TOPIC(suite, "hostile", no_part_of_a_file_is_the_file, every_bit_of_a_file_is_covered,
          forged_numbers_end_nowhere_else, bytes_of_chance_are_no_file,
          a_small_file_that_unpacks_to_much_is_refused_or_read_as_it_comes);
    TOPIC(suite, "calls", what_cannot_be_read_is_named, damage_says_where,
          calls_that_make_no_sense_are_refused, verifying_can_be_canceled);
    TOPIC(suite, "memory", memory_that_runs_out_leaks_nothing);
    return suite_run(suite);
}
