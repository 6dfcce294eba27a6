/*
 * check_logistic_file.c - logistic models as files: what comes back is what was saved, and no damage is
 * more than a status or a wrong answer. Run it under the sanitizers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    MODEL = 1,    /* the section */
    SUMMARY = 80, /* bytes before its numbers */
    COLUMNS = 3,
    ROWS = 400,
    KINDS = PMKT_CALIBRATION_NONE + 1
};

static double x[ROWS * COLUMNS];
static uint8_t y[ROWS];
static uint64_t cluster[ROWS];

static pmkt_logistic *small_model(int32_t calibration, const pmkt_allocator *allocator) {
    random_seed(17);
    for (int i = 0; i < ROWS; i++) {
        double z = -0.5;
        for (int j = 0; j < COLUMNS; j++) {
            const double one = (double)random_below(1001) / 500 - 1;
            x[i * COLUMNS + j] = one * (j + 1), z += (j - 0.5) * one;
        }
        y[i] = (double)random_below(1000) < 1000 / (1 + exp(-z));
        cluster[i] = (uint64_t)i / 3;
    }
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
    d.rows = ROWS, d.columns = COLUMNS, d.x = x, d.y = y, d.cluster = cluster;
    o.calibration = calibration, o.l2 = 0.5, o.allocator = allocator;
    pmkt_logistic *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_logistic_fit(&d, &o, NULL, &model, &err), err);
    return model;
}

static file_bytes bytes_of(const pmkt_logistic *model) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_logistic_save_memory(model, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

static file_bytes small_file(int32_t calibration) {
    pmkt_logistic *model = small_model(calibration, NULL);
    file_bytes f = bytes_of(model);
    pmkt_logistic_release(model);
    return f;
}

/* Everything that a model says. */
typedef struct answers {
    pmkt_logistic_facts facts;
    double table[4][PMKT_LOGISTIC_MAX_COLUMNS + 1], p[ROWS];
} answers;

static void ask(const pmkt_logistic *model, answers *a) {
    memset(a, 0, sizeof *a);
    pmkt_logistic_facts_init(&a->facts);
    REQUIRE(pmkt_logistic_info(model, &a->facts, NULL) == PMKT_OK);
    const int32_t columns = a->facts.columns;
    REQUIRE(columns >= 1 && columns <= PMKT_LOGISTIC_MAX_COLUMNS);
    const pmkt_logistic_table t = {sizeof t, 0, a->table[0], a->table[1], a->table[2], a->table[3]};
    REQUIRE(pmkt_logistic_coefficients(model, &t, NULL) == PMKT_OK);
    const int64_t n = columns <= COLUMNS ? ROWS : 1;
    REQUIRE(n * columns <= LENGTH(x));
    REQUIRE(pmkt_logistic_predict(model, x, n, NULL, a->p, NULL) == PMKT_OK);
    for (int64_t i = 0; i < n; i++) REQUIRE(!(a->p[i] < 0) && !(a->p[i] > 1));
}

static void check_same(const pmkt_logistic *a, const pmkt_logistic *b) {
    static answers of_a, of_b;
    ask(a, &of_a), ask(b, &of_b);
    for (int k = 0; k < 4; k++) {
        for (int32_t j = 0; j <= PMKT_LOGISTIC_MAX_COLUMNS; j++) {
            REQUIRE(of_a.table[k][j] == of_b.table[k][j]);
        }
    }
    for (int i = 0; i < ROWS; i++) REQUIRE(of_a.p[i] == of_b.p[i]);
    const pmkt_logistic_facts *f = &of_a.facts, *g = &of_b.facts;
    ck_assert(f->columns == g->columns && f->rows == g->rows && f->positives == g->positives);
    ck_assert(f->clusters == g->clusters && f->calibration == g->calibration);
    ck_assert(f->steps == g->steps && f->l2 == g->l2 && f->log_loss == g->log_loss);
    ck_assert(f->gradient == g->gradient && f->slope == g->slope && f->shift == g->shift);
    ck_assert(f->curve_size == g->curve_size);
}

static pmkt_status load_status(const file_bytes *f) {
    static answers said;
    pmkt_logistic *model = NULL;
    pmkt_error err = {0};
    const pmkt_status status = pmkt_logistic_load_memory(f->at, f->n, NULL, NULL, &model, &err);
    REQUIRE((status == PMKT_OK) == (model != NULL));
    REQUIRE(err.code == status);
    if (status) return status;
    ask(model, &said);
    pmkt_logistic_release(model);
    return PMKT_OK;
}

/* ------------------------------------------------------------------ round trips */

START_TEST(what_is_loaded_is_what_was_saved) {
    for (int32_t calibration = 0; calibration < KINDS; calibration++) {
        const char *path = scratch_path("logistic");
        pmkt_logistic *model = small_model(calibration, NULL), *loaded = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_logistic_save(model, path, NULL, NULL, &err), err);
        ck_assert_ok(pmkt_logistic_load(path, NULL, NULL, &loaded, &err), err);
        file_bytes one = bytes_of(model), two = bytes_of(loaded);
        ck_assert_uint_eq(one.n, two.n);
        ck_assert(memcmp(one.at, two.at, one.n) == 0);
        ck_assert(file_is(path, one.at, one.n));
        check_same(model, loaded);
        pmkt_file_info info = PMKT_FILE_INFO_INIT;
        ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
        ck_assert_int_eq(info.kind, PMKT_FILE_LOGISTIC);
        ck_assert_int_eq(info.sections, 1);
        ck_assert_ok(pmkt_file_verify(path, NULL, &err), err);
        pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
        ck_assert_int_eq(pmkt_logistic_info(loaded, &facts, NULL), PMKT_OK);
        ck_assert_int_eq(facts.calibration, calibration);
        ck_assert((facts.curve_size > 2) == (calibration == PMKT_CALIBRATION_ISOTONIC));
        pmkt_logistic_release(model);
        pmkt_logistic_release(loaded);
        file_free(&one);
        file_free(&two);
    }
}
END_TEST

START_TEST(compressed_is_the_same) {
    pmkt_save_options o = PMKT_SAVE_OPTIONS_INIT;
    o.compression = 3;
    pmkt_logistic *model = small_model(PMKT_CALIBRATION_ISOTONIC, NULL), *loaded = NULL;
    pmkt_buffer *buffer = NULL;
    const pmkt_status status = pmkt_logistic_save_memory(model, &o, NULL, &buffer, NULL);
    if (status == PMKT_OK) {
        ck_assert_int_eq(
            pmkt_logistic_load_memory(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer), NULL,
                                      NULL, &loaded, NULL),
            PMKT_OK);
        check_same(model, loaded);
    } else {
        ck_assert_int_eq(status, PMKT_E_UNSUPPORTED);
    }
    pmkt_buffer_free(buffer);
    pmkt_logistic_release(loaded);
    pmkt_logistic_release(model);
}
END_TEST

/* Numbers as large and as small as a fit takes. */
START_TEST(whatever_is_fitted_can_be_loaded) {
    enum {
        N = 24,
        WIDE = 40
    };
    static const double scales[] = {1e-300, 1e-160, 1e-150, 1, 1e100, 1e150};
    static const double weights[] = {1e-99, 1, 1e98};
    static const int32_t widths[] = {1, 5, WIDE};
    static double big[N * WIDE], weight[N];
    uint8_t end[N];
    random_seed(5);
    int64_t fitted = 0;
    for (int64_t k = 0; k < LENGTH(scales) * LENGTH(weights) * LENGTH(widths) * KINDS; k++) {
        pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
        pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
        d.columns = widths[k % 3], o.calibration = (int32_t)(k / 3 % KINDS);
        d.rows = N;
        for (int64_t i = 0; i < d.rows * d.columns; i++) {
            big[i] = ((double)random_below(2001) / 1000 - 1) * scales[k / 27];
        }
        for (int i = 0; i < N; i++) end[i] = (uint8_t)(i & 1), weight[i] = weights[k / 9 % 3];
        d.x = big, d.y = end, d.weight = weight;
        pmkt_logistic *model = NULL;
        pmkt_error err = {0};
        if (pmkt_logistic_fit(&d, &o, NULL, &model, &err) != PMKT_OK) {
            ck_assert_int_eq(err.code, PMKT_E_OVERFLOW);
            continue;
        }
        file_bytes f = bytes_of(model);
        const pmkt_status status = load_status(&f);
        ck_assert_msg(status == PMKT_OK, "case %d: %d", (int)k, (int)status);
        file_free(&f);
        pmkt_logistic_release(model);
        fitted++;
    }
    ck_assert_int_gt(fitted, 100);
}
END_TEST

START_TEST(as_many_columns_as_there_can_be) {
    static double wide[2 * PMKT_LOGISTIC_MAX_COLUMNS];
    const uint8_t end[] = {0, 1};
    random_seed(6);
    for (int64_t i = 0; i < LENGTH(wide); i++) wide[i] = (double)random_below(9);
    pmkt_logistic_data d = PMKT_LOGISTIC_DATA_INIT;
    pmkt_logistic_options o = PMKT_LOGISTIC_OPTIONS_INIT;
    d.rows = 2, d.columns = (int32_t)scaled(PMKT_LOGISTIC_MAX_COLUMNS, 200);
    d.x = wide, d.y = end;
    o.calibration = PMKT_CALIBRATION_NONE;
    pmkt_logistic *model = NULL, *loaded = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_logistic_fit(&d, &o, NULL, &model, &err), err);
    file_bytes f = bytes_of(model);
    ck_assert_ok(pmkt_logistic_load_memory(f.at, f.n, NULL, NULL, &loaded, &err), err);
    check_same(model, loaded);
    file_free(&f);
    pmkt_logistic_release(model);
    pmkt_logistic_release(loaded);
}
END_TEST

START_TEST(max_bytes_is_the_models_bytes) {
    for (int32_t calibration = 0; calibration < KINDS; calibration++) {
        faulty memory = {0};
        const pmkt_allocator allocator = faulty_allocator(&memory);
        pmkt_logistic *model = small_model(calibration, NULL), *again = NULL;
        file_bytes f = bytes_of(model);
        pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
        o.allocator = &allocator;
        ck_assert_int_eq(pmkt_logistic_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_OK);
        const int64_t bytes = memory.bytes;
        ck_assert_int_gt(bytes, 0);
        pmkt_logistic_release(again);
        again = NULL, o.max_bytes = bytes - 1;
        ck_assert_int_eq(pmkt_logistic_load_memory(f.at, f.n, &o, NULL, &again, NULL),
                         PMKT_E_LIMIT);
        ck_assert_ptr_null(again);
        o.max_bytes = bytes;
        ck_assert_int_eq(pmkt_logistic_load_memory(f.at, f.n, &o, NULL, &again, NULL), PMKT_OK);
        pmkt_logistic_release(again);
        pmkt_logistic_release(model);
        faulty_check_empty(&memory);
        file_free(&f);
    }
}
END_TEST

static int32_t stop(void *ctx, double done, const char *stage) {
    (void)ctx, (void)done, (void)stage;
    return 1;
}

START_TEST(files_can_be_canceled) {
    const char *path = scratch_path("canceled");
    pmkt_logistic *model = small_model(PMKT_CALIBRATION_PLATT, NULL), *loaded = NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_run run = PMKT_RUN_INIT;
    run.progress.fn = stop;
    ck_assert_int_eq(pmkt_logistic_save(model, path, NULL, &run, NULL), PMKT_E_CANCELED);
    ck_assert_int_eq(pmkt_logistic_save_memory(model, NULL, &run, &buffer, NULL), PMKT_E_CANCELED);
    ck_assert_ptr_null(buffer);
    ck_assert_int_eq(pmkt_logistic_load(path, NULL, NULL, &loaded, NULL), PMKT_E_IO);
    file_bytes f = bytes_of(model);
    ck_assert_int_eq(pmkt_logistic_load_memory(f.at, f.n, NULL, &run, &loaded, NULL),
                     PMKT_E_CANCELED);
    ck_assert_ptr_null(loaded);
    file_free(&f);
    pmkt_logistic_release(model);
}
END_TEST

/* ----------------------------------------------------------------------- damage */

/* A file of one kind is not one of another. */
START_TEST(kinds_of_files_are_told_apart) {
    file_bytes f = small_file(PMKT_CALIBRATION_PLATT);
    pmkt_purchase *purchase = NULL;
    pmkt_intent *chains = NULL;
    pmkt_logistic *model = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_purchase_load_memory(f.at, f.n, NULL, NULL, &purchase, &err),
                     PMKT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.message, "a pmkt_logistic"));
    ck_assert_int_eq(pmkt_intent_load_memory(f.at, f.n, NULL, NULL, &chains, NULL), PMKT_E_FORMAT);
    ck_assert(!purchase && !chains);
    file_free(&f);

    pmkt_rfm *rfm = NULL;
    pmkt_buffer *buffer = NULL;
    ck_assert_ok(pmkt_rfm_new(NULL, &rfm, &err), err);
    ck_assert_ok(pmkt_rfm_save_memory(rfm, NULL, NULL, &buffer, &err), err);
    ck_assert_int_eq(pmkt_logistic_load_memory(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer),
                                               NULL, NULL, &model, NULL),
                     PMKT_E_FORMAT);
    pmkt_buffer_free(buffer);
    pmkt_rfm_free(rfm);
    ck_assert_int_eq(pmkt_logistic_load(scratch_path("nothing"), NULL, NULL, &model, NULL),
                     PMKT_E_IO);
    ck_assert_int_eq(pmkt_logistic_load_memory("", 0, NULL, NULL, &model, NULL), PMKT_E_FORMAT);
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(no_part_of_a_file_is_a_model) {
    file_bytes f = small_file(PMKT_CALIBRATION_ISOTONIC);
    for (size_t n = 0; n < f.n; n++) {
        file_bytes part = file_copy(f.at, n);
        const pmkt_status status = load_status(&part);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT || status == PMKT_E_INVALID);
        file_free(&part);
    }
    file_free(&f);
}
END_TEST

START_TEST(no_changed_byte_is_loaded) {
    for (int32_t calibration = 0; calibration < KINDS; calibration++) {
        file_bytes f = small_file(calibration);
        for (size_t i = 0; i < f.n; i++) {
            f.at[i] ^= (unsigned char)(1u << i % 8);
            const pmkt_status status = load_status(&f);
            REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT);
            f.at[i] ^= (unsigned char)(1u << i % 8);
        }
        ck_assert_int_eq(load_status(&f), PMKT_OK);
        file_free(&f);
    }
}
END_TEST

START_TEST(forged_files_do_no_harm) {
    static const unsigned char with[] = {0x00, 0x01, 0x41, 0x7f, 0x80, 0xff};
    for (int32_t calibration = 0; calibration < KINDS; calibration++) {
        file_bytes f = small_file(calibration);
        for (size_t i = 0; i < f.n; i += (size_t)scaled(1, 7)) {
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
        file_free(&f);
    }
}
END_TEST

/* A section that is cut or gone on with, all checksums being right. */
START_TEST(numbers_that_are_too_few_or_too_many_are_refused) {
    file_bytes f = small_file(PMKT_CALIBRATION_PLATT);
    size_t length = 0;
    (void)file_section(&f, MODEL, &length);
    ck_assert_uint_eq(length, SUMMARY + 4 * (COLUMNS + 1) * 8);
    const size_t entry = file_entry_at(&f, 0);
    for (size_t n = 0; n < length; n += 4) {
        file_bytes cut = file_copy(f.at, f.n);
        set64(&cut, entry + 24, n), set64(&cut, entry + 32, n); /* length, and that unpacked */
        file_sign(&cut);
        const pmkt_status status = load_status(&cut);
        /* Fewer columns are a model of fewer columns; that of none is none. */
        const bool whole = n >= SUMMARY + 64 && (n - SUMMARY) % 32 == 0;
        ck_assert_msg(
            whole ? status == PMKT_OK || status == PMKT_E_CORRUPT : status == PMKT_E_CORRUPT,
            "%d bytes: %d", (int)n, (int)status);
        file_free(&cut);
    }
    file_free(&f);
}
END_TEST

typedef struct wrong {
    int32_t calibration;
    size_t at;
    uint64_t value;
    int bits;
} wrong;

static void check_wrong(const wrong *bad, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        file_bytes forged = small_file(bad[i].calibration);
        size_t length = 0;
        const size_t at = file_section(&forged, MODEL, &length) + bad[i].at;
        ck_assert_uint_lt(bad[i].at, length);
        if (bad[i].bits == 32)
            set32(&forged, at, (uint32_t)bad[i].value);
        else
            set64(&forged, at, bad[i].value);
        file_sign(&forged);
        const pmkt_status status = load_status(&forged);
        ck_assert_msg(status == PMKT_E_CORRUPT, "case %d: %d", (int)i, (int)status);
        file_free(&forged);
    }
}

#define PLAIN PMKT_CALIBRATION_PLATT
#define CURVED PMKT_CALIBRATION_ISOTONIC
#define DOUBLE_NAN UINT64_C(0x7ff8000000000000)
#define DOUBLE_INF UINT64_C(0x7ff0000000000000)
#define DOUBLE_MINUS UINT64_C(0xbff0000000000000)

/* Numbers that make no sense, one at a time. */
START_TEST(each_rule_of_the_summary_is_checked) {
    const wrong bad[] = {
        {PLAIN, 0, 1, 64}, /* rows */
        {PLAIN, 8, UINT64_MAX, 64},
        {PLAIN, 8, INT64_MAX, 64},
        {PLAIN, 16, 0, 64}, /* clusters */
        {PLAIN, 16, INT64_MAX, 64},
        {PLAIN, 24, 1, 64}, /* corners of no curve */
        {PLAIN, 24, UINT64_MAX, 64},
        {CURVED, 24, 0, 64},
        {CURVED, 24, 1, 64},
        {CURVED, 24, INT64_MAX, 64},
        {CURVED, 24, UINT64_C(1) << 62, 64},
        {PLAIN, 32, 3, 32}, /* calibration */
        {PLAIN, 32, UINT32_MAX, 32},
        {PLAIN, 32, 1, 32}, /* isotonic, without a curve */
        {CURVED, 32, 0, 32},
        {PLAIN, 36, UINT32_MAX, 32}, /* steps */
        {PLAIN, 40, 0, 64},          /* l2 */
        {PLAIN, 40, DOUBLE_MINUS, 64},
        {PLAIN, 40, DOUBLE_NAN, 64},
        {PLAIN, 40, DOUBLE_INF, 64},
        {PLAIN, 48, DOUBLE_NAN, 64}, /* log_loss */
        {PLAIN, 56, DOUBLE_INF, 64}, /* gradient */
        {PLAIN, 64, DOUBLE_NAN, 64}, /* slope */
        {PLAIN, 72, DOUBLE_INF, 64}, /* shift */
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

/* The four rows of numbers, and the curve: what each may hold. */
START_TEST(each_number_is_checked) {
    pmkt_logistic *model = small_model(CURVED, NULL);
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    ck_assert_int_eq(pmkt_logistic_info(model, &facts, NULL), PMKT_OK);
    pmkt_logistic_release(model);
    const size_t width = 8 * (size_t)(COLUMNS + 1), corners = 8 * (size_t)facts.curve_size;
    const size_t z = SUMMARY + 4 * width, p = z + corners;
    ck_assert_int_gt(facts.curve_size, 2);
    const wrong bad[] = {
        {CURVED, SUMMARY, DOUBLE_NAN, 64},
        {CURVED, SUMMARY + width - 8, DOUBLE_INF, 64},
        {CURVED, SUMMARY + width, DOUBLE_MINUS, 64}, /* an error below 0 */
        {CURVED, SUMMARY + 2 * width, DOUBLE_INF, 64},
        {CURVED, SUMMARY + 4 * width - 8, DOUBLE_MINUS, 64},
        {CURVED, z, DOUBLE_NAN, 64},
        {CURVED, z, UINT64_C(0x7fe0000000000000), 64}, /* not ascending */
        {CURVED, p - 8, UINT64_C(0xffe0000000000000), 64},
        {CURVED, p, DOUBLE_MINUS, 64},
        {CURVED, p, UINT64_C(0x3ff0000000000000), 64}, /* falling */
        {CURVED, p + corners - 8, UINT64_C(0x3ff0000000000001), 64},
        {CURVED, p + 8, DOUBLE_NAN, 64},
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

int main(void) {
    Suite *s = suite_create("logistic_file");
    TOPIC(s, "round trips", what_is_loaded_is_what_was_saved, compressed_is_the_same,
          whatever_is_fitted_can_be_loaded, as_many_columns_as_there_can_be,
          max_bytes_is_the_models_bytes, files_can_be_canceled);
    TOPIC(s, "damage", kinds_of_files_are_told_apart, no_part_of_a_file_is_a_model,
          no_changed_byte_is_loaded, forged_files_do_no_harm,
          numbers_that_are_too_few_or_too_many_are_refused, each_rule_of_the_summary_is_checked,
          each_number_is_checked);
    return suite_run(s);
}
