/*
 * Expressions evaluated: truth tables, arithmetic at its edges, columns however they are stored,
 * functions, parameters, any locale, many threads.
 */
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/ops.h"
#include "core/kernels/kernels.h"
#include "pmkt.h"
#include "support/expr.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    F = PMKTI_FALSE,
    U = PMKTI_UNKNOWN,
    T = PMKTI_TRUE
};

static pmkti_value fields[EXPR_FIELDS];

static void no_fields(void) {
    expr_all_missing(fields);
}

#define CHECK_TRUTH(text, expected) \
    do { \
        const int truth_ = expr_truth(text, fields); \
        ck_assert_msg(truth_ == (expected), "%s is %d", text, truth_); \
    } while (0)

/* -------------------------------------------------------------------- truth */

START_TEST(logic_has_three_values) {
    static const int AND[3][3] = {{F, F, F}, {F, U, U}, {F, U, T}};
    static const int OR[3][3] = {{F, U, T}, {U, U, T}, {T, T, T}};
    static const int NOT[3] = {T, U, F};
    static const int EQUAL[3][3] = {{T, U, F}, {U, U, U}, {F, U, T}};
    no_fields();
    for (int a = F; a <= T; a++) {
        for (int b = F; b <= T; b++) {
            fields[EXPR_VIP].i = a, fields[EXPR_B].i = b;
            CHECK_TRUTH("vip and b", AND[a][b]);
            CHECK_TRUTH("vip or b", OR[a][b]);
            CHECK_TRUTH("not vip", NOT[a]);
            CHECK_TRUTH("vip = b", EQUAL[a][b]);
            CHECK_TRUTH("vip != b", NOT[EQUAL[a][b]]);
            CHECK_TRUTH("vip in (b, b)", EQUAL[a][b]);
            CHECK_TRUTH("vip in (true, b)", OR[a][EQUAL[a][b]]);
            CHECK_TRUTH("vip is missing", a == U ? T : F);
            CHECK_TRUTH("vip is known", a == U ? F : T);
            CHECK_TRUTH("(vip and b) is missing", AND[a][b] == U ? T : F);
            CHECK_TRUTH("vip = true", a);
            CHECK_TRUTH("false = vip", NOT[a]);
            CHECK_TRUTH("both(vip, b)", AND[a][b]);
            CHECK_TRUTH("not (vip and b) = (not vip or not b)", AND[a][b] == U ? U : T);
        }
    }
}
END_TEST

START_TEST(comparing_with_a_gap_is_unknown) {
    static const char *const TEXTS[] = {"i = 1",
                                        "i != 1",
                                        "i < 1",
                                        "i <= 1",
                                        "i > 1",
                                        "i >= 1",
                                        "1 < i",
                                        "i = i",
                                        "i != i",
                                        "i = order.count",
                                        "spend = 1.5",
                                        "spend < x",
                                        "spend != spend",
                                        "spend > i",
                                        "city = 'a'",
                                        "city != 'a'",
                                        "city = city",
                                        "item = 5",
                                        "item = city",
                                        "gap > 1 day",
                                        "last_order < :now",
                                        "i + 1 = 2",
                                        "-spend < 0",
                                        "i in (1, 2)",
                                        "city in ('a')",
                                        "spend in (1.5)",
                                        "i between 1 and 2",
                                        "i in (i)",
                                        "1 in (i)",
                                        "item not in (5)",
                                        "1 between i and i"};
    no_fields();
    for (int64_t k = 0; k < LENGTH(TEXTS); k++) CHECK_TRUTH(TEXTS[k], U);
    CHECK_TRUTH("i is missing", T);
    CHECK_TRUTH("spend is known", F);
    CHECK_TRUTH("city is missing and item is missing and gap is missing", T);
    CHECK_TRUTH("i + 1 is missing", T);
}
END_TEST

START_TEST(lists_and_ranges_are_what_they_stand_for) {
    no_fields();
    fields[EXPR_I].i = 3;
    CHECK_TRUTH("i in (1, 2, 3)", T);
    CHECK_TRUTH("i in (1, 2, 4)", F);
    CHECK_TRUTH("i in (1, order.count)", U);
    CHECK_TRUTH("i in (3, order.count)", T);
    CHECK_TRUTH("i in (order.count, 3)", T);
    CHECK_TRUTH("i in (:least)", T);
    CHECK_TRUTH("i in (1.5, 3)", T);
    CHECK_TRUTH("i in (i + 1, i - 1, i * 1)", T);
    CHECK_TRUTH("i not in (1, 2)", T);
    CHECK_TRUTH("3 in (i, 4)", T);
    CHECK_TRUTH("i between 3 and 3", T);
    CHECK_TRUTH("i between 1 and 2", F);
    CHECK_TRUTH("i between 4 and 5", F);
    CHECK_TRUTH("i between 4 and 1", F);
    CHECK_TRUTH("i between 2.5 and 3.5", T);
    CHECK_TRUTH("i between order.count and 5", U);
    CHECK_TRUTH("i between order.count and 2", F); /* whatever the lower bound */
    CHECK_TRUTH("i between 5 and order.count", F);
    CHECK_TRUTH("i not between order.count and 2", T);
    CHECK_TRUTH("2 between 1 and i", T);
    fields[EXPR_CITY].id = pmkt_id_of_bytes("苏州", 6);
    fields[EXPR_ITEM].id = fields[EXPR_CITY].id;
    CHECK_TRUTH("city = '苏州' and item = '苏州' and item = city and same(item, '苏州')", T);
    CHECK_TRUTH("city in ('上海', '苏州')", T);
    CHECK_TRUTH("city != '上海'", T);
    fields[EXPR_ITEM].id = 5;
    CHECK_TRUTH("item = 5 and item = 0x5 and item in (5, 'a') and 5 in (item)", T);
}
END_TEST

START_TEST(every_member_of_a_long_list_is_found) {
    char text[8000];
    no_fields();
    for (int n = 1; n < 200; n += n < 20 ? 1 : 17) {
        char *to = text + sprintf(text, "i in (");
        for (int k = n; k > 0; k--) to += sprintf(to, "%d%s", 10 * k, k > 1 ? ", " : ")");
        pmkti_expr *program = expr_compile(text);
        for (int v = 0; v <= 10 * n + 10; v++) {
            fields[EXPR_I].i = v;
            const int expected = v > 0 && v % 10 == 0 && v <= 10 * n ? T : F;
            ck_assert_int_eq(pmkti_expr_row(program, fields, NULL, NULL, 0).i, expected);
        }
        pmkti_expr_free(program);
    }
}
END_TEST

/* The loops for columns under every instruction set of this machine, at every length around theirs. */
START_TEST(comparisons_agree_under_every_instruction_set) {
    static const int64_t INTS[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 5, INT64_MAX - 1, INT64_MAX};
    static const double DOUBLES[] = {NAN, -INFINITY, -1.0, -0.0, 0.0, 5e-324, 1.0, INFINITY};
    const pmkti_kernels *isas[PMKTI_MOST_ISAS];
    const int n_isas = pmkti_kernels_usable(isas);
    int64_t ints[2][100];
    double doubles[2][100];
    uint8_t out[3][101];
    random_seed(1);
    for (int64_t round = 0; round < 1000; round++) {
        const int64_t n = random_below(100);
        const bool one = random_below(2);
        const int op = (int)random_below(6);
        for (int64_t i = 0; i < 100; i++) {
            for (int side = 0; side < 2; side++) {
                ints[side][i] = INTS[random_below(LENGTH(INTS))];
                doubles[side][i] = DOUBLES[random_below(LENGTH(DOUBLES))];
            }
        }
        for (int k = 0; k < n_isas; k++) {
            for (int type = 0; type < 3; type++) out[type][n] = 99;
            isas[k]->compare_i64(op, ints[0], ints[1], one, n, out[0]);
            isas[k]->compare_u64(op, (const uint64_t *)ints[0], (const uint64_t *)ints[1], one, n,
                                 out[1]);
            isas[k]->compare_f64(op, doubles[0], doubles[1], one, n, out[2]);
            for (int64_t i = 0; i < n; i++) {
                const int64_t j = one ? 0 : i;
                const pmkti_value a = {.i = ints[0][i]}, b = {.i = ints[1][j]};
                const pmkti_value x = {.d = doubles[0][i]}, y = {.d = doubles[1][j]};
                const pmkti_op how = (pmkti_op)op;
                REQUIRE(out[0][i] == pmkti_expr_apply_truth(how, PMKTI_CLASS_I, a, b));
                REQUIRE(out[1][i] == pmkti_expr_apply_truth(how, PMKTI_CLASS_U, a, b));
                REQUIRE(out[2][i] == pmkti_expr_apply_truth(how, PMKTI_CLASS_D, x, y));
            }
            for (int type = 0; type < 3; type++) REQUIRE(out[type][n] == 99);
        }
    }
}
END_TEST

/* --------------------------------------------------------------- arithmetic */

START_TEST(integers_are_exact_or_missing) {
    static const struct {
        const char *text;
        int64_t i, count, expected;
    } CASES[] = {
        {"i + order.count", 2, 3, 5},
        {"i - order.count", 2, 3, -1},
        {"i * order.count", -2, 3, -6},
        {"i + order.count", INT64_MAX, 1, INT64_MIN},
        {"i - order.count", -INT64_MAX, 2, INT64_MIN},
        {"i - order.count", -INT64_MAX, 1, INT64_MIN}, /* the sum is the missing value itself */
        {"i * order.count", INT64_C(1) << 32, INT64_C(1) << 31, INT64_MIN},
        {"i + order.count", INT64_MIN, 1, INT64_MIN},
        {"i * order.count", INT64_MIN, 0, INT64_MIN},
        {"i % order.count", 7, 3, 1},
        {"i % order.count", -7, 3, 2},
        {"i % order.count", 7, -3, -2},
        {"i % order.count", -7, -3, -1},
        {"i % order.count", 6, -3, 0},
        {"i % order.count", 7, 0, INT64_MIN},
        {"i % order.count", INT64_MAX, -1, 0},
        {"-i", INT64_MAX, 0, -INT64_MAX},
        {"-i", INT64_MIN, 0, INT64_MIN},
        {"10 - i", 3, 0, 7},
        {"10 % i", 4, 0, 2},
        {"i - i * 2 + 10 % order.count", 5, 3, -4},
    };
    no_fields();
    for (int64_t k = 0; k < LENGTH(CASES); k++) {
        fields[EXPR_I].i = CASES[k].i, fields[EXPR_COUNT].i = CASES[k].count;
        const int64_t value = expr_value(CASES[k].text, fields).i;
        ck_assert_msg(value == CASES[k].expected, "%s is %lld", CASES[k].text, (long long)value);
    }
}
END_TEST

START_TEST(doubles_are_finite_or_missing) {
    no_fields();
    fields[EXPR_X].d = 1e308, fields[EXPR_SPEND].d = 0.0, fields[EXPR_I].i = 7;
    ck_assert(isnan(expr_value("x * 10", fields).d));
    ck_assert(isnan(expr_value("x + x", fields).d));
    ck_assert(isnan(expr_value("-x - x", fields).d));
    ck_assert(isnan(expr_value("x / spend", fields).d));
    ck_assert(isnan(expr_value("x / 0", fields).d));
    ck_assert(isnan(expr_value("i / 0", fields).d));
    ck_assert_double_eq(expr_value("i / 2", fields).d, 3.5);
    ck_assert_double_eq(expr_value("i + 0.5", fields).d, 7.5);
    ck_assert_double_eq(expr_value("twice(i)", fields).d, 14.0);
    ck_assert_double_eq(expr_value("half(i)", fields).d, 3.5);
    ck_assert_double_eq(expr_value("1 - i / :rate", fields).d, -27.0);
    fields[EXPR_I].i = INT64_MIN;
    ck_assert(isnan(expr_value("twice(i)", fields).d));
    CHECK_TRUTH("x / spend > 1", U);
    CHECK_TRUTH("spend = -0.0", T);
}
END_TEST

START_TEST(times_and_durations_have_units) {
    no_fields();
    fields[EXPR_LAST].i = INT64_C(1767571200000) - INT64_C(30) * 86400000;
    fields[EXPR_GAP].i = 7200000;
    CHECK_TRUTH("last_order = :now - 30 days", T);
    CHECK_TRUTH("last_order < :now - 30 days", F);
    CHECK_TRUTH("last_order + 30 days = date '2026-01-05'", T);
    CHECK_TRUTH(":now - last_order between 29 d and 31 d", T);
    CHECK_TRUTH("gap / 1 h = 2", T);
    CHECK_TRUTH("gap * 12 = 1 day and 12 * gap = 1 d and -gap = -2 h", T);
    CHECK_TRUTH("1 day + last_order = last_order + 1 day", T);
    ck_assert_int_eq(expr_value("since(last_order) + 1 s", fields).i, 1000 - fields[EXPR_LAST].i);
    fields[EXPR_GAP].i = INT64_MAX;
    CHECK_TRUTH("gap + 1 ms is missing", T);
}
END_TEST

/* ------------------------------------------------------------------ columns */

#define ROWS 1000

/* Whether a row is missing in the columns below. */
static bool is_gap(int64_t row) {
    return row % 7 == 3;
}

START_TEST(columns_may_be_stored_in_several_ways) {
    static int64_t native[ROWS], out[ROWS];
    static int32_t narrow[ROWS], codes[ROWS];
    static uint64_t ids[ROWS], dictionary[3], out_ids[ROWS];
    static uint8_t valid[ROWS / 8 + 1], bools[ROWS], out_bools[ROWS];
    for (int i = 0; i < 3; i++) dictionary[i] = (uint64_t)i + 100;
    memset(valid, 0, sizeof valid);
    for (int64_t i = 0; i < ROWS; i++) {
        native[i] = i;
        narrow[i] = is_gap(i) ? INT32_MIN : (int32_t)i;
        codes[i] = is_gap(i) ? (i % 2 ? -1 : 3) : (int32_t)(i % 3);
        ids[i] = is_gap(i) ? PMKT_ID_NONE : dictionary[i % 3];
        bools[i] = (uint8_t)(is_gap(i) ? 2 : i % 2);
        if (!is_gap(i)) valid[i / 8] |= (uint8_t)(1 << (i % 8));
    }
    pmkti_expr_column columns[EXPR_FIELDS];
    memset(columns, 0, sizeof columns);
    const pmkti_expr_input input = {columns, NULL, NULL};
    pmkti_expr *ints = expr_compile("i"), *texts = expr_compile("item"),
               *flags = expr_compile("vip");

    const pmkti_expr_column of_int[] = {
        {.data = native, .valid = valid},
        {.data = narrow, .storage = PMKTI_EXPR_INT32},
        {.data = narrow, .storage = PMKTI_EXPR_INT32, .valid = valid}};
    for (int64_t k = 0; k < LENGTH(of_int); k++) {
        columns[EXPR_I] = of_int[k];
        expr_batch(ints, &input, 5, ROWS - 5, out);
        for (int64_t i = 5; i < ROWS; i++) ck_assert_int_eq(out[i - 5], is_gap(i) ? INT64_MIN : i);
    }
    const pmkti_expr_column of_id[] = {
        {.data = ids},
        {.data = ids, .valid = valid},
        {.data = codes, .ids = dictionary, .n_ids = 3, .storage = PMKTI_EXPR_CODE32}};
    for (int64_t k = 0; k < LENGTH(of_id); k++) {
        columns[EXPR_ITEM] = of_id[k];
        expr_batch(texts, &input, 0, ROWS, out_ids);
        ck_assert_mem_eq(out_ids, ids, sizeof ids);
    }
    for (int k = 0; k < 2; k++) {
        columns[EXPR_VIP] = (pmkti_expr_column){.data = bools, .valid = k ? valid : NULL};
        expr_batch(flags, &input, 0, ROWS, out_bools);
        for (int64_t i = 0; i < ROWS; i++) {
            ck_assert_int_eq(out_bools[i], is_gap(i) ? U : i % 2 ? T : F);
        }
    }
    pmkti_expr_free(ints);
    pmkti_expr_free(texts);
    pmkti_expr_free(flags);
}
END_TEST

START_TEST(a_masked_field_is_missing_everywhere) {
    static int64_t native[ROWS];
    static uint8_t out[ROWS];
    pmkti_expr_column columns[EXPR_FIELDS];
    memset(columns, 0, sizeof columns);
    const pmkti_expr_input input = {columns, NULL, NULL};
    pmkti_expr *program = expr_compile("(i > 5 or not vip) is missing and spend is missing");
    expr_batch(program, &input, 0, ROWS, out);
    for (int64_t i = 0; i < ROWS; i++) ck_assert_int_eq(out[i], T);
    columns[EXPR_I].data = native;
    for (int64_t i = 0; i < ROWS; i++) native[i] = i;
    expr_batch(program, &input, 0, ROWS, out);
    for (int64_t i = 0; i < ROWS; i++) ck_assert_int_eq(out[i], i > 5 ? F : T);
    pmkti_expr_free(program);
}
END_TEST

/* Any number of rows, and none, and nothing is written beyond. */
START_TEST(batches_have_any_length) {
    static int64_t out[ROWS + 1];
    pmkti_expr *program = expr_compile("row() * 2");
    const pmkti_expr_input input = {NULL, NULL, NULL};
    for (int64_t n = 0; n <= ROWS; n += n < 3 ? 1 : 63) {
        out[n] = -1;
        expr_batch(program, &input, 10, n, out);
        for (int64_t i = 0; i < n; i++) ck_assert_int_eq(out[i], 2 * (i + 10));
        ck_assert_int_eq(out[n], -1);
    }
    pmkti_expr_free(program);
}
END_TEST

/* ------------------------------------------------------------------ functions */

static int64_t calls;

static pmkti_value counted(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call, (void)args;
    calls++;
    return (pmkti_value){.i = T};
}

START_TEST(what_is_decided_is_not_evaluated) {
    const pmkti_expr_name field = {"i", PMKTI_EXPR_INT};
    const pmkti_expr_function f = {.name = "f", .result = PMKTI_EXPR_BOOL, .on_row = counted};
    const pmkti_expr_schema schema = {&field, 1, NULL, 0, &f, 1, NULL};
    static const struct {
        const char *text;
        int expected;
    } CASES[] = {{"i > 5 and f()", 0}, {"i < 5 or f()", 0},     {"i > 5 or f()", 1},
                 {"i < 5 and f()", 1}, {"i = 1 / 0 or f()", 1}, {"f() and i > 5", 1}};
    pmkt_error err = {0};
    static uint8_t out[ROWS];
    static int64_t column[ROWS];
    const pmkti_value value = {.i = 0};
    const pmkti_expr_column columns = {.data = column};
    const pmkti_expr_input input = {&columns, NULL, NULL};
    for (int64_t k = 0; k < LENGTH(CASES); k++) {
        pmkti_expr *p = NULL;
        const char *text = CASES[k].text;
        ck_assert_ok(pmkti_expr_compile(NULL, &schema, text, strlen(text), NULL, &p, &err), err);
        calls = 0;
        (void)pmkti_expr_row(p, &value, NULL, NULL, 0);
        ck_assert_msg(calls == CASES[k].expected, "%s", text);
        calls = 0;
        expr_batch(p, &input, 0, ROWS, out);
        ck_assert_msg(calls == CASES[k].expected * ROWS, "%s", text);
        pmkti_expr_free(p);
    }
}
END_TEST

START_TEST(functions_see_contexts_and_rows) {
    int64_t now = 5000;
    pmkti_value values[EXPR_FIELDS];
    expr_all_missing(values);
    values[EXPR_LAST].i = 2000;
    pmkti_expr *program = expr_compile("since(last_order) = 3 s and row() = 77 and one() = 1");
    ck_assert_int_eq(pmkti_expr_row(program, values, NULL, &now, 77).i, T);
    ck_assert_int_eq(pmkti_expr_row(program, values, NULL, &now, 78).i, F);
    pmkti_expr_free(program);
}
END_TEST

/* -------------------------------------------------------------------- world */

START_TEST(the_locale_changes_nothing) {
    static const char *const LOCALES[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                          "ru_RU.UTF-8"};
    const char *set = NULL;
    for (int64_t i = 0; !set && i < LENGTH(LOCALES); i++) set = setlocale(LC_ALL, LOCALES[i]);
    if (!set) fprintf(stderr, "the_locale_changes_nothing: no locale with a comma; C only\n");
    char text[64];
    no_fields();
    fields[EXPR_X].d = 0.25;
    CHECK_TRUTH("x = 0.25 and x < 1.5e3", T);
    pmkti_expr *program = expr_compile("x > 0.25 + 1e-9");
    pmkti_expr_print(program, text, sizeof text);
    ck_assert_str_eq(text, "x > 0.250000001");
    pmkti_expr_free(program);
    setlocale(LC_ALL, "C");
}
END_TEST

typedef struct worker {
    const pmkti_expr *program;
    const pmkti_expr_input *input;
    uint8_t out[ROWS];
} worker;

static void *work(void *arg) {
    worker *w = arg;
    for (int i = 0; i < 50; i++) expr_batch(w->program, w->input, 0, ROWS, w->out);
    return NULL;
}

START_TEST(threads_share_a_program) {
    static int64_t native[ROWS];
    static worker workers[4];
    pthread_t threads[4];
    pmkti_expr_column columns[EXPR_FIELDS];
    pmkti_value params[EXPR_PARAMS];
    memset(columns, 0, sizeof columns);
    columns[EXPR_I].data = native;
    expr_params(params);
    for (int64_t i = 0; i < ROWS; i++) native[i] = i;
    const pmkti_expr_input input = {columns, params, NULL};
    pmkti_expr *program = expr_compile("i % 3 = 1 and half(i) < 200 or i in (7, 8, :least) or vip");
    for (int t = 0; t < 4; t++) {
        workers[t].program = program, workers[t].input = &input;
        ck_assert_int_eq(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
    }
    for (int t = 0; t < 4; t++) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    for (int64_t i = 0; i < ROWS; i++) {
        const bool yes = (i % 3 == 1 && i < 400) || i == 7 || i == 8 || i == 3;
        for (int t = 0; t < 4; t++) ck_assert_int_eq(workers[t].out[i], yes ? T : U);
    }
    pmkti_expr_free(program);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("expr eval");
    TOPIC(suite, "truth", logic_has_three_values, comparing_with_a_gap_is_unknown,
          lists_and_ranges_are_what_they_stand_for, every_member_of_a_long_list_is_found,
          comparisons_agree_under_every_instruction_set);
    TOPIC(suite, "arithmetic", integers_are_exact_or_missing, doubles_are_finite_or_missing,
          times_and_durations_have_units);
    TOPIC(suite, "columns", columns_may_be_stored_in_several_ways,
          a_masked_field_is_missing_everywhere, batches_have_any_length);
    TOPIC(suite, "functions", what_is_decided_is_not_evaluated, functions_see_contexts_and_rows);
    TOPIC(suite, "world", the_locale_changes_nothing, threads_share_a_program);
    return suite_run(suite);
}
