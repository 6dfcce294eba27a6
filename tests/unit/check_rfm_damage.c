#define _POSIX_C_SOURCE 200809L /* truncate, pwrite */

/*
 * Damaged and forged files of states: loading refuses, and mapping answers PMKT_E_CORRUPT, or
 * something wrong, but never reads or writes where it must not. Run it under the sanitizers.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/codec.h"
#include "core/container_format.h"
#include "rfm/files.h"
#include "support/loop.h"
#include "support/rfm_dump.h"
#include "support/rfm_file.h"
#include "support/suite.h"

static const int KINDS[] = {SAVED_ZONE, SAVED_SUMMARY, SAVED_TOMBS, SAVED_UNPRICED};

/* A small state, compacted, so that it is what its file says. */
static pmkt_rfm *small(int kind) {
    pmkt_rfm *rfm = saved_state(kind, 12, 3);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, NULL), PMKT_OK);
    return rfm;
}

static file_bytes small_file(int kind) {
    pmkt_rfm *rfm = small(kind);
    file_bytes f = state_bytes(rfm);
    pmkt_rfm_free(rfm);
    return f;
}

static pmkt_status load_status(const file_bytes *f, pmkt_error *err) {
    pmkt_rfm *rfm = NULL;
    const pmkt_status status = pmkt_rfm_load_memory(f->at, f->n, NULL, NULL, &rfm, err);
    REQUIRE((status == PMKT_OK) == (rfm != NULL));
    pmkt_rfm_free(rfm);
    return status;
}

static bool is_allowed(pmkt_status status) {
    return status == PMKT_OK || status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT ||
           status == PMKT_E_UNSUPPORTED || status == PMKT_E_OVERFLOW || status == PMKT_E_MISMATCH;
}

/* Everything that reads a state, and then everything that changes it. Returns whether any of the
   calls saw damage. */
static bool use(pmkt_rfm *rfm) {
    bool damaged = false;
    pmkt_rfm_scores *scores = NULL;
    pmkt_status status = pmkt_rfm_score(rfm, saved_as_of(), NULL, NULL, &scores, NULL);
    REQUIRE(is_allowed(status));
    damaged |= status == PMKT_E_CORRUPT;
    if (scores) {
        pmkt_rfm_group groups[16];
        REQUIRE(pmkt_rfm_summary(scores, PMKT_RFM_BY_SEGMENT, groups, sizeof *groups, 16, NULL) ==
                PMKT_OK);
        pmkt_rfm_scores_free(scores);
    }
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    REQUIRE(pmkt_rfm_stats(rfm, &counters, NULL) == PMKT_OK);
    pmkt_buffer *buffer = NULL;
    status = pmkt_rfm_save_memory(rfm, NULL, NULL, &buffer, NULL);
    REQUIRE(is_allowed(status));
    damaged |= status == PMKT_E_CORRUPT;
    pmkt_buffer_free(buffer);

    uint64_t user = 3;
    int64_t time = saved_as_of() - DAY, amount = 5;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 1;
    events.user = &user;
    events.time = &time;
    events.amount = &amount;
    events.every_kind = PMKT_KIND_ORDER;
    status = pmkt_rfm_add(rfm, &events, NULL, NULL, NULL);
    REQUIRE(is_allowed(status));
    damaged |= status == PMKT_E_CORRUPT;
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = rfm->mode;
    options.unpriced = rfm->unpriced;
    options.zone = &rfm->zone;
    pmkt_rfm *other = rfm_with(&options);
    status = pmkt_rfm_merge(other, rfm, NULL, NULL);
    REQUIRE(is_allowed(status));
    damaged |= status == PMKT_E_CORRUPT;
    for (user = 1; user < 14; user++) {
        status = pmkt_rfm_forget(rfm, &user, 1, saved_as_of() - 50 * DAY, NULL, NULL);
        REQUIRE(is_allowed(status));
        damaged |= status == PMKT_E_CORRUPT;
    }
    status = pmkt_rfm_merge(rfm, other, NULL, NULL);
    REQUIRE(is_allowed(status));
    damaged |= status == PMKT_E_CORRUPT;
    status = pmkt_rfm_compact(rfm, NULL, NULL);
    REQUIRE(is_allowed(status));
    pmkt_rfm_free(other);
    return damaged;
}

/* Maps a file and uses it; *verified is what verifying says of it, if it can be mapped. */
static pmkt_status map_and_use(const char *path, pmkt_status *verified, bool *damaged) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    const pmkt_status status = pmkt_rfm_map(path, NULL, &rfm, &err);
    *verified = status;
    *damaged = status == PMKT_E_CORRUPT;
    if (status) return status;
    *verified = pmkt_rfm_verify(rfm, NULL, NULL);
    *damaged = use(rfm);
    pmkt_rfm_free(rfm);
    return status;
}

/* ------------------------------------------------------------------- damage */

START_TEST(no_part_of_a_file_is_a_state) {
    for (int k = 0; k < LENGTH(KINDS); k++) {
        file_bytes f = small_file(KINDS[k]);
        const char *path = scratch_path("part");
        for (size_t n = 0; n < f.n; n += (size_t)scaled(k == 0 ? 1 : 37, 37)) {
            file_bytes part = file_copy(f.at, n);
            REQUIRE(load_status(&part, NULL) == (n < 8 ? PMKT_E_FORMAT : PMKT_E_CORRUPT));
            file_free(&part);
        }
        file_write(path, f.at, f.n);
        for (size_t n = f.n - 1; n > 0; n -= n > 1000 ? (size_t)scaled(k == 0 ? 1 : 37, 37) : 1) {
            pmkt_rfm *rfm = NULL;
            if (truncate(path, (off_t)n)) ck_abort_msg("cannot truncate");
            REQUIRE(pmkt_rfm_map(path, NULL, &rfm, NULL) ==
                    (n < 8 ? PMKT_E_FORMAT : PMKT_E_CORRUPT));
            if (n % 16 == 0) {
                REQUIRE(pmkt_rfm_load(path, NULL, NULL, &rfm, NULL) ==
                        (n < 8 ? PMKT_E_FORMAT : PMKT_E_CORRUPT));
            }
        }
        file_free(&f);
    }
}
END_TEST

/* A flipped bit is never loaded. Every bit of one kind, and some of the others. */
START_TEST(no_bit_can_be_flipped_in_what_is_loaded) {
    for (int k = 0; k < LENGTH(KINDS); k++) {
        file_bytes f = small_file(KINDS[k]);
        for (size_t bit = 0; bit < 8 * f.n; bit += (size_t)scaled(k == 0 ? 1 : 7, 61)) {
            f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
            const pmkt_status status = load_status(&f, NULL);
            REQUIRE(status == PMKT_E_CORRUPT || (status == PMKT_E_FORMAT && bit < 512));
            f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        ck_assert_int_eq(load_status(&f, NULL), PMKT_OK);
        file_free(&f);
    }
}
END_TEST

START_TEST(no_bit_can_be_flipped_in_a_packed_file) {
    if (pmkti_codec_check(NULL)) return;
    pmkt_rfm *rfm = small(SAVED_TOMBS);
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = 3;
    pmkt_buffer *buffer = NULL;
    ck_assert_int_eq(pmkt_rfm_save_memory(rfm, &options, NULL, &buffer, NULL), PMKT_OK);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    pmkt_rfm_free(rfm);
    for (size_t bit = 0; bit < 8 * f.n; bit += (size_t)scaled(1, 7)) {
        f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
        const pmkt_status status = load_status(&f, NULL);
        REQUIRE(status == PMKT_E_CORRUPT || (status == PMKT_E_FORMAT && bit < 512));
        /* And zstd itself is handed what it never wrote. */
        file_bytes forged = file_copy(f.at, f.n);
        file_sign(&forged);
        REQUIRE(is_allowed(load_status(&forged, NULL)));
        file_free(&forged);
        f.at[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    file_free(&f);
}
END_TEST

START_TEST(a_flipped_bit_in_what_is_mapped_harms_nobody) {
    const char *path = scratch_path("flipped");
    for (int k = 0; k < LENGTH(KINDS); k++) {
        file_bytes f = small_file(KINDS[k]);
        file_write(path, f.at, f.n);
        const int fd = open(path, O_WRONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        random_seed(5);
        for (size_t at = 0; at < f.n;) {
            const unsigned char byte = f.at[at] ^ (unsigned char)(1u << random_below(8));
            REQUIRE(pwrite(fd, &byte, 1, (off_t)at) == 1);
            pmkt_status verified = PMKT_OK;
            bool damaged = false;
            const pmkt_status status = map_and_use(path, &verified, &damaged);
            REQUIRE(is_allowed(status));
            REQUIRE(verified == PMKT_E_CORRUPT || (verified == PMKT_E_FORMAT && at < 64));
            REQUIRE(pwrite(fd, &f.at[at], 1, (off_t)at) == 1);
            at += (size_t)scaled(1, 11);
        }
        ck_assert_int_eq(close(fd), 0);
        ck_assert(file_is(path, f.at, f.n));
        file_free(&f);
    }
}
END_TEST

/* ------------------------------------------------------------------ forgery */

static const uint64_t ODD[] = {0,
                               1,
                               2,
                               7,
                               255,
                               UINT32_MAX,
                               UINT64_C(1) << 31,
                               UINT64_C(1) << 47,
                               (UINT64_C(1) << 48) - 1,
                               UINT64_C(5) << 56,
                               INT64_MAX,
                               UINT64_C(1) << 63,
                               UINT64_MAX};

/* Both ways into a file that is signed: what is loaded can be used, what is mapped too, and the two
   agree whether there is anything wrong with it. */
static void try_forged(const char *path, file_bytes *f) {
    file_sign(f);
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    const pmkt_status status = pmkt_rfm_load_memory(f->at, f->n, NULL, NULL, &rfm, &err);
    REQUIRE(is_allowed(status));
    if (status == PMKT_E_CORRUPT) {
        REQUIRE(err.where_kind == PMKT_WHERE_BYTE && err.where >= 0 && (size_t)err.where <= f->n);
    }
    if (rfm) {
        file_bytes again = state_bytes(rfm); /* what is accepted is canonical */
        REQUIRE(again.n == f->n && memcmp(again.at, f->at, f->n) == 0);
        file_free(&again);
        REQUIRE(!use(rfm));
        pmkt_rfm_free(rfm);
    }
    file_write(path, f->at, f->n);
    pmkt_status verified = PMKT_OK;
    bool damaged = false;
    const pmkt_status mapped = map_and_use(path, &verified, &damaged);
    if (mapped == PMKT_OK) {
        REQUIRE(verified == PMKT_OK);
        REQUIRE(damaged == (status == PMKT_E_CORRUPT));
    } else {
        REQUIRE(mapped == status);
    }
}

/* Every word of [at, at + length) becomes every odd number, and its neighbors. */
static void forge_words(const char *path, const file_bytes *f, size_t at, size_t length,
                        size_t step) {
    for (size_t i = at; i + 4 <= at + length; i += step) {
        for (int k = 0; k < LENGTH(ODD); k++) {
            for (int way = 0; way < 4; way++) {
                if (way > 0 && (i % 8 != 0 || i + 8 > f->n)) continue;
                file_bytes forged = file_copy(f->at, f->n);
                if (way == 0) {
                    set32(&forged, i, (uint32_t)ODD[k]);
                } else {
                    const uint64_t old = get64(f, i);
                    set64(&forged, i, way == 1 ? ODD[k] : way == 2 ? old + ODD[k] : old - ODD[k]);
                }
                try_forged(path, &forged);
                file_free(&forged);
            }
        }
    }
}

START_TEST(forged_numbers_do_no_harm) {
    const char *path = scratch_path("forged");
    const uint32_t sections[] = {PMKTI_RFM_HEAD, PMKTI_RFM_ZONE, PMKTI_RFM_TOMBS, PMKTI_RFM_DATA};
    for (int k = 0; k < LENGTH(KINDS); k++) {
        file_bytes f = small_file(KINDS[k]);
        for (int s = 0; s < LENGTH(sections); s++) {
            size_t length = 0;
            const size_t at = file_section(&f, sections[s], &length);
            if (length > 240) length = 240;
            forge_words(path, &f, at, length, (size_t)scaled(k == 0 ? 4 : 12, 44));
        }
        size_t length = 0;
        const size_t index = file_section(&f, PMKTI_RFM_INDEX, &length);
        forge_words(path, &f, index, 3 * sizeof(pmkti_rfm_index), 4);
        file_free(&f);
    }
}
END_TEST

/* Records that are each possible, but not together. */
START_TEST(forged_orders_of_records_are_seen) {
    const char *path = scratch_path("swapped");
    for (int k = 0; k < LENGTH(KINDS); k++) {
        file_bytes f = small_file(KINDS[k]);
        size_t length = 0;
        const size_t at = file_section(&f, PMKTI_RFM_DATA, &length);
        for (size_t size = 8; size <= 48; size += 8) { /* of words, orders, customers, entries */
            for (size_t i = 0; i + 2 * size <= length; i += 8) {
                unsigned char *a = f.at + at + i, *b = a + size;
                if (memcmp(a, b, size) == 0) continue;
                file_bytes forged = file_copy(f.at, f.n);
                memcpy(forged.at + at + i, b, size);
                memcpy(forged.at + at + i + size, a, size);
                try_forged(path, &forged);
                memcpy(forged.at + at + i, b, size); /* and one of them twice */
                memcpy(forged.at + at + i + size, b, size);
                try_forged(path, &forged);
                file_free(&forged);
                i += size * (size_t)scaled(1, 5);
            }
        }
        file_free(&f);
    }
}
END_TEST

/* Sums of the largest amounts over many users must not leave 64 bits anywhere. */
START_TEST(the_largest_amounts_sum_without_overflow) {
    for (int32_t mode = PMKT_RFM_HISTORY; mode <= PMKT_RFM_SUMMARY; mode++) {
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        options.mode = mode;
        pmkt_rfm *rfm = rfm_with(&options);
        for (uint64_t user = 1; user <= 1023; user++) {
            rfm_add_order(rfm, user, saved_as_of() - DAY, PMKT_ID_NONE, PMKT_AMOUNT_MAX);
        }
        file_bytes f = state_bytes(rfm);
        const size_t head = file_section(&f, PMKTI_RFM_HEAD, NULL);
        const size_t amounts = head + offsetof(pmkti_rfm_head, amounts);
        ck_assert_uint_eq(get64(&f, amounts), UINT64_C(1023) * PMKT_AMOUNT_MAX);
        try_forged(scratch_path("largest"), &f);
        set64(&f, amounts, get64(&f, amounts) - 1); /* less than there is */
        file_sign(&f);
        ck_assert_int_eq(load_status(&f, NULL), PMKT_E_CORRUPT);
        set64(&f, amounts, (uint64_t)INT64_MAX + 1);
        file_sign(&f);
        ck_assert_int_eq(load_status(&f, NULL), PMKT_E_CORRUPT);
        /* A state whose counters are full takes no more, and counts no further. */
        set64(&f, amounts, INT64_MAX);
        set64(&f, head + offsetof(pmkti_rfm_head, rows_accepted), INT64_MAX);
        set64(&f, head + offsetof(pmkti_rfm_head, rows_rejected), INT64_MAX);
        file_sign(&f);
        pmkt_rfm *full = load_bytes(&f);
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_rfm_merge(full, rfm, NULL, &err), PMKT_E_OVERFLOW);
        rfm_add_order(full, 1, saved_as_of() - DAY, PMKT_ID_NONE, 0);
        ck_assert_int_eq(rfm_stats(full).rows_accepted, INT64_MAX);
        pmkt_rfm_free(full);
        pmkt_rfm_free(rfm);
        file_free(&f);
    }
}
END_TEST

/* ------------------------------------------------- damage in one partition */

/* A history with a damaged partition: that of user 1, who has orders. */
static pmkt_rfm *with_damage(const char *path, uint32_t *partition, int64_t *where) {
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 5000, 30);
    *partition = pmkti_partition_of_key(pmkti_key_of_user(1));
    file_bytes f = state_bytes(rfm);
    pmkt_rfm_free(rfm);
    size_t data = file_section(&f, PMKTI_RFM_DATA, NULL);
    size_t index = file_section(&f, PMKTI_RFM_INDEX, NULL);
    for (; get32(&f, index) < *partition; index += sizeof(pmkti_rfm_index)) {
        data += get32(&f, index + offsetof(pmkti_rfm_index, customers)) * sizeof(pmkti_customer) +
                get32(&f, index + offsetof(pmkti_rfm_index, orders)) * sizeof(pmkti_order);
    }
    f.at[data + 8 + 3] ^= 0x40; /* the `end` of the first customer is far away */
    file_write(path, f.at, f.n);
    file_free(&f);
    *where = (int64_t)data;
    return map_from(path);
}

static uint64_t user_elsewhere(uint32_t partition) {
    uint64_t user = 1;
    while (pmkti_partition_of_key(pmkti_key_of_user(user)) == partition) user++;
    return user;
}

START_TEST(damage_is_reported_where_it_is_and_changes_nothing) {
    const char *path = scratch_path("damage");
    uint32_t partition = 0;
    int64_t where = 0;
    pmkt_rfm *rfm = with_damage(path, &partition, &where);
    pmkt_rfm *other = saved_state(SAVED_HISTORY, 100, 31), *copy = NULL;
    pmkt_rfm_scores *scores = NULL;
    pmkt_buffer *buffer = NULL;
    batch many = saved_rows(SAVED_HISTORY, 5000, 60000, 32);
    const pmkt_events events = batch_events(&many);
    const uint64_t one = 1, two = user_elsewhere(partition);
    int64_t found = -1;
    file_bytes before = state_bytes(other);
    for (int what = 0; what < 8; what++) {
        pmkt_error err = {0};
        pmkt_status status = PMKT_OK;
        switch (what) {
            case 0:
                status = pmkt_rfm_score(rfm, saved_as_of(), NULL, NULL, &scores, &err);
                break;
            case 1:
                status = pmkt_rfm_merge(rfm, other, NULL, &err);
                break;
            case 2:
                status = pmkt_rfm_merge(other, rfm, NULL, &err);
                break;
            case 3:
                status = pmkt_rfm_forget(rfm, &one, 1, saved_as_of(), &found, &err);
                break;
            case 4:
                status = pmkt_rfm_add(rfm, &events, NULL, NULL, &err);
                break;
            case 5:
                status = pmkt_rfm_save_memory(rfm, NULL, NULL, &buffer, &err);
                break;
            case 6:
                status = pmkt_rfm_verify(rfm, NULL, &err);
                break;
            default:
                status = pmkt_rfm_load(path, NULL, NULL, &copy, &err);
        }
        ck_assert_msg(status == PMKT_E_CORRUPT, "call %d: %d", what, status);
        ck_assert_int_eq(err.code, PMKT_E_CORRUPT);
        ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
        if (what < 6) ck_assert_int_eq(err.where, where);
    }
    ck_assert(!scores && !buffer && !copy && found == -1);
    ck_assert_int_eq(rfm_stats(rfm).generation, 0);
    file_bytes after = state_bytes(other);
    ck_assert(before.n == after.n && memcmp(before.at, after.at, before.n) == 0);
    /* What does not touch the partition works. */
    ck_assert_int_eq(pmkt_rfm_forget(rfm, &two, 1, saved_as_of(), &found, NULL), PMKT_OK);
    ck_assert_int_eq(found, 1);
    rfm_add_order(rfm, two, saved_as_of() + DAY, 0, 1);
    ck_assert_int_eq(rfm_stats(rfm).generation, 2);
    file_free(&before);
    file_free(&after);
    batch_clear(&many);
    pmkt_rfm_free(other);
    pmkt_rfm_free(rfm);
}
END_TEST

/* Somebody mends the file between the failure and its message: the call has failed all the same. */
START_TEST(damage_that_goes_away_is_no_success) {
    const char *path = scratch_path("mended");
    file_bytes f = small_file(SAVED_HISTORY);
    size_t length = 0;
    const size_t at = file_section(&f, PMKTI_RFM_DATA, &length) + 7; /* the top of the first key */
    const unsigned char wrong = f.at[at] ^ 0xff;
    file_write(path, f.at, f.n);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    pmkt_rfm *rfm = map_from(path);
    ck_assert_int_eq(pwrite(fd, &wrong, 1, (off_t)at), 1);
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_score(rfm, saved_as_of(), NULL, NULL, &scores, &err), PMKT_E_CORRUPT);
    ck_assert_int_eq(pwrite(fd, &f.at[at], 1, (off_t)at), 1);
    ck_assert_int_eq(pmkti_rfm_stopped(&err, rfm, PMKT_E_CORRUPT), PMKT_E_CORRUPT);
    ck_assert_int_eq(err.code, PMKT_E_CORRUPT);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_NONE);
    ck_assert_int_eq(close(fd), 0);
    pmkt_rfm_free(rfm);
    file_free(&f);
}
END_TEST

/* Rows for a damaged partition wait; when they would have to be folded, adding says why it cannot. */
START_TEST(adding_fails_only_when_it_would_have_to_read_the_damage) {
    uint32_t partition = 0;
    int64_t where = 0;
    pmkt_rfm *rfm = with_damage(scratch_path("waiting"), &partition, &where);
    int64_t taken = 0;
    pmkt_status status = PMKT_OK;
    pmkt_error err = {0};
    while (!status && taken < 1000) {
        batch b = {0};
        batch_order(&b, 1, saved_as_of() - DAY, 0, 1);
        const pmkt_events events = batch_events(&b);
        status = pmkt_rfm_add(rfm, &events, NULL, NULL, &err);
        taken += status == PMKT_OK;
        batch_clear(&b);
    }
    ck_assert_int_eq(status, PMKT_E_CORRUPT);
    ck_assert_int_eq(err.where, where);
    ck_assert_int_gt(taken, 60);
    ck_assert_int_eq(rfm_stats(rfm).rows_pending, taken);
    ck_assert_int_eq(rfm_stats(rfm).generation, taken);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, &err), PMKT_E_CORRUPT);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rfm damage");
    TOPIC(suite, "damage", no_part_of_a_file_is_a_state, no_bit_can_be_flipped_in_what_is_loaded,
          no_bit_can_be_flipped_in_a_packed_file, a_flipped_bit_in_what_is_mapped_harms_nobody);
    TOPIC(suite, "forgery", forged_numbers_do_no_harm, forged_orders_of_records_are_seen,
          the_largest_amounts_sum_without_overflow);
    TOPIC(suite, "one partition", damage_is_reported_where_it_is_and_changes_nothing,
          damage_that_goes_away_is_no_success,
          adding_fails_only_when_it_would_have_to_read_the_damage);
    return suite_run(suite);
}
