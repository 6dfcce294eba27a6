#define _POSIX_C_SOURCE 200809L /* stpcpy */

/*
 * Expressions as text: what the grammar takes, how it binds, what it refuses and with which words,
 * how it prints, and where its limits are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/program.h"
#include "pmkt.h"
#include "support/expr.h"
#include "support/suite.h"

static void check_printed(const char *text, const char *expected) {
    char printed[512];
    pmkti_expr *program = expr_compile(text);
    const size_t n = pmkti_expr_print(program, printed, sizeof printed);
    ck_assert_str_eq(printed, expected);
    ck_assert_uint_eq(n, strlen(expected));
    pmkti_expr *again = expr_compile(printed);
    expr_check_same(program, again);
    pmkti_expr_free(again);
    pmkti_expr_free(program);
}

/* ------------------------------------------------------------------ grammar */

START_TEST(operators_bind_as_the_grammar_says) {
    static const char *const TEXTS[][2] = {
        {"vip or b and vip", "vip or b and vip"},
        {"(vip or b) and vip", "(vip or b) and vip"},
        {"(vip and b) or vip", "vip and b or vip"},
        {"vip and (b and vip)", "vip and (b and vip)"},
        {"(vip and b) and vip", "vip and b and vip"},
        {"vip or (b or vip)", "vip or (b or vip)"},
        {"not vip and b", "not vip and b"},
        {"not (vip and b)", "not (vip and b)"},
        {"not not vip", "not not vip"},
        {"not i = 1", "not i = 1"},
        {"(not vip) = b", "(not vip) = b"},
        {"(i = 1) = vip", "(i = 1) = vip"},
        {"i + 1 < i * 2", "i + 1 < i * 2"},
        {"i + i * i", "i + i * i"},
        {"(i + i) * i", "(i + i) * i"},
        {"i - i - i", "i - i - i"},
        {"i - (i - i)", "i - (i - i)"},
        {"i * (i * i)", "i * (i * i)"},
        {"i / i / i", "i / i / i"},
        {"i % (i % 3)", "i % (i % 3)"},
        {"-i * i", "-i * i"},
        {"-(i * i)", "-(i * i)"},
        {"- - i", "--i"},
        {"i - -i", "i - -i"},
        {"i - -5", "i - -5"},
        {"--5 + i", "5 + i"},
        {"i between 1 and 3 and vip", "i between 1 and 3 and vip"},
        {"i between i - 1 and i + 1", "i between i - 1 and i + 1"},
        {"i not between 1 and 3", "not i between 1 and 3"},
        {"i in (1, 2, i)", "i in (1, 2, i)"},
        {"i not in (1)", "not i in (1)"},
        {"(i in (1)) is missing", "(i in (1)) is missing"},
        {"i + 1 is missing", "i + 1 is missing"},
        {"i is not missing", "i is known"},
        {"i is not known", "i is missing"},
        {"not i is known", "not i is known"},
        {"both(vip or b, not vip)", "both(vip or b, not vip)"},
        {"twice(twice(x)) > one()", "twice(twice(x)) > one()"},
        {"((((vip))))", "vip"},
    };
    for (int64_t i = 0; i < LENGTH(TEXTS); i++) check_printed(TEXTS[i][0], TEXTS[i][1]);
}
END_TEST

START_TEST(every_way_to_write_a_token_is_read) {
    static const char *const TEXTS[][2] = {
        {"i == 1", "i = 1"},
        {"i <> 1", "i != 1"},
        {"i!=1", "i != 1"},
        {"i<=1 AND i>=0 Or NOT vip", "i <= 1 and i >= 0 or not vip"},
        {"TRUE = b", "true = b"},
        {"i IS Not Missing", "i is known"},
        {"i BETWEEN 1 And 2", "i between 1 and 2"},
        {"i In (1)", "i in (1)"},
        {"$least < i", ":least < i"},
        {":least < i # a comment, with 'a quote\n and vip # to the end", ":least < i and vip"},
        {"\xef\xbb\xbf"
         "b",
         "b"},
        {"\tb\r\n", "b"},
        {"标签.高价值 and b", "标签.高价值 and b"},
        {"city = \"Su\"\"zhou\"", "city = 'Su\"zhou'"},
        {"city = \"it's\"", "city = 'it''s'"},
        {"city = 'it''s \"x\"'", "city = 'it''s \"x\"'"},
        {"city = ''", "city = ''"},
        {"city = '苏州'", "city = '苏州'"},
        {"x > 2", "x > 2"},
        {"x > 2.0", "x > 2.0"},
        {"x > 1e3", "x > 1000.0"},
        {"x > 2.5E-3", "x > 0.0025"},
        {"x > 1e+300", "x > 1e+300"},
        {"x > 0.1", "x > 0.1"},
        {"x > -0.0", "x > -0.0"},
        {"x > 1 / 3", "x > 0.3333333333333333"},
        {"x > 123456789012345680.0", "x > 1.2345678901234568e+17"},
        {"i > 007", "i > 7"},
        {"i > 9223372036854775807", "i > 9223372036854775807"},
        {"item = 5", "item = 5"},
        {"item = 0xFF", "item = 0xff"},
        {"item = 0xffffffffffffffff", "item = 0xffffffffffffffff"},
        {"gap > 30 days", "gap > 30 days"},
        {"gap > 1d", "gap > 1 day"},
        {"gap > 2 W", "gap > 14 days"},
        {"gap > 90 min", "gap > 90 min"},
        {"gap > 120 minutes", "gap > 2 hours"},
        {"gap > 1.5 h", "gap > 90 min"},
        {"gap > 15 sec", "gap > 15 s"},
        {"gap > 1500 ms", "gap > 1500 ms"},
        {"gap > -3 days", "gap > -3 days"},
        {"gap > 0 s", "gap > 0 days"},
        {"last_order < date '2026-01-05'", "last_order < time '2026-01-05 00:00:00+00:00'"},
        {"last_order < TIME '2026-01-05 08:30:00.25'",
         "last_order < time '2026-01-05 08:30:00.250+00:00'"},
        {"last_order < date \"20260105\" + 1 day", "last_order < time '2026-01-06 00:00:00+00:00'"},
    };
    for (int64_t i = 0; i < LENGTH(TEXTS); i++) check_printed(TEXTS[i][0], TEXTS[i][1]);
}
END_TEST

START_TEST(constants_are_folded) {
    static const char *const TEXTS[][2] = {
        {"1 + 2 * 3", "7"},
        {"7 % -3", "-2"},
        {"7 / 2", "3.5"},
        {"2 + 0.5", "2.5"},
        {"1 < 2 and 2 < 1", "false"},
        {"not (1 = 1.0)", "false"},
        {"'a' = 'b'", "false"},
        {"'a' in ('b', 'a')", "true"},
        {"3 between 1 and 2.5", "false"},
        {"5 is missing", "false"},
        {"5 is known", "true"},
        {"date '2026-01-05' - date '2026-01-01'", "4 days"},
        {"2 days / 1 h", "48.0"},
        {"3 * 2 h + 30 min", "390 min"},
        {"30 days < 5 w", "true"},
        {"1 / 0", "1 / 0"}, /* missing, which has no literal */
        {"9223372036854775807 + 1", "9223372036854775807 + 1"},
        {"1 / 0 = 1", "1 / 0 = 1"},
        {"date '2026-01-05' + 9999999 days", "time '2026-01-05 00:00:00+00:00' + 9999999 days"},
    };
    for (int64_t i = 0; i < LENGTH(TEXTS); i++) check_printed(TEXTS[i][0], TEXTS[i][1]);
}
END_TEST

START_TEST(dates_are_of_the_zone) {
    static const pmkt_transition TABLE[] = {{INT64_C(1774746000000), 60, 0}}; /* 2026-03-29 01:00 */
    const pmkt_zone zone = {sizeof zone, 0, TABLE, 1};
    pmkti_expr_schema schema = expr_schema;
    schema.zone = &zone;
    const char *text = "date '2026-07-01' - time '2026-07-01 00:00Z'";
    pmkti_expr *p = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkti_expr_compile(NULL, &schema, text, strlen(text), NULL, &p, &err), err);
    ck_assert_int_eq(pmkti_expr_row(p, NULL, NULL, NULL, 0).i, -3600000);
    pmkti_expr_free(p);
    char printed[80];
    text = "last_order > date '2026-07-01'";
    ck_assert_ok(pmkti_expr_compile(NULL, &schema, text, strlen(text), NULL, &p, &err), err);
    pmkti_expr_print(p, printed, sizeof printed);
    ck_assert_str_eq(printed, "last_order > time '2026-07-01 00:00:00+01:00'");
    pmkti_expr_free(p);
}
END_TEST

/* ------------------------------------------------------------------- errors */

typedef struct bad {
    const char *text;
    int line, column;
    const char *part; /* of the message */
} bad;

static const bad BAD[] = {
    /* grammar */
    {"", 1, 1, "expected a field, a number, a 'text', a :parameter or \"(\", but found the end"},
    {"  # nothing\n ", 2, 2, "found the end"},
    {"vip and", 1, 8, "found the end"},
    {"vip b", 1, 5, "expected an operator or the end, but found \"b\""},
    {"(vip", 1, 5, "expected an operator or \")\", but found the end"},
    {"vip)", 1, 4, "but found \")\""},
    {"and vip", 1, 1, "but found \"and\""},
    {"vip and\n  or b", 2, 3, "but found \"or\""},
    {"i between 1", 1, 12, "\"and\" before the upper bound"},
    {"i between 1 or 2", 1, 13, "\"and\" before the upper bound"},
    {"i in 1", 1, 6, "\"(\" after \"in\""},
    {"i in ()", 1, 7, "but found \")\""},
    {"i in (1", 1, 8, "expected \",\" or \")\""},
    {"i in (1 2)", 1, 9, "expected \",\" or \")\""},
    {"i is 5", 1, 6, "\"missing\", \"known\" or \"not\""},
    {"i is not 5", 1, 10, "\"missing\" or \"known\""},
    {"i not 5", 1, 7, "\"between\" or \"in\" after \"not\""},
    {"1 < i < 3", 1, 7, "comparisons cannot be chained"},
    {"i = not vip", 1, 5, "parentheses"},
    {"i +", 1, 4, "found the end"},
    {"i = = 1", 1, 5, "but found \"=\""},
    {"twice(x", 1, 8, "expected \",\" or \")\""},
    /* tokens */
    {"i > 5x", 1, 6, "a unit such as min, hours or days, but found \"x\""},
    {"i > 5 lightyears", 1, 7, "found \"lightyears\""},
    {"city = 'Suz", 1, 8, "no closing '"},
    {"city = \"Suz\n\"", 1, 8, "no closing \""},
    {"i > 9223372036854775808", 1, 5, "beyond 64 bits"},
    {"x > 1e999", 1, 5, "too large"},
    {"item = 0x", 1, 8, "hexadecimal"},
    {"item = 0x10000000000000000", 1, 8, "64 bits"},
    {"item = 0x0", 1, 8, "0 is no id"},
    {"vip & b", 1, 5, "unexpected character \"&\""},
    {"i > :", 1, 5, "parameter's name after :"},
    {"vip.", 1, 4, "unexpected character \".\""},
    {"i > 1.", 1, 6, "unexpected character \".\""},
    {"（vip", 1, 1, "write ( instead"},
    {"标签.高价值 且 b", 1, 8, "found \"且\""},
    {"city = ‘a’", 1, 8, "write ' instead"},
    {"i\xc2\xa0> 1", 1, 2, "write a plain space instead"},
    {"vip\x01", 1, 4, "control character 1"},
    {"b and\nvip \xff", 2, 5, "not UTF-8"},
    {"\xed\xa0\x80", 1, 1, "not UTF-8"},
    {"\xc0\x80", 1, 1, "not UTF-8"},
    {"gap > 1e18 days", 1, 7, "whole number of milliseconds"},
    {"gap > 99999999999999999 w", 1, 7, "64 bits of milliseconds"},
    {"gap > 0.3 ms", 1, 7, "whole number of milliseconds"},
    {"last_order > date '2026-02-30'", 1, 28, "day of two digits that the month has"},
    {"last_order > date 'soon'", 1, 20, "a year of four digits"},
    /* names */
    {"order.cuont > 1", 1, 1, "no field \"order.cuont\"; did you mean \"order.count\"?"},
    {"Spend > 1", 1, 1, "did you mean \"spend\"?"},
    {"city = Suzhou", 1, 8, "a text is written in quotes"},
    {"i = null", 1, 5, "write \"is missing\""},
    {"i > :lest", 1, 6, "no parameter \"lest\"; did you mean \"least\"?"},
    {"i > :unheard", 1, 6, "no parameter \"unheard\""},
    {"twize(x) > 1", 1, 1, "no function \"twize\"; did you mean \"twice\"?"},
    {"unheard(x) > 1", 1, 1, "no function \"unheard\""},
    {"vip(x)", 1, 1, "no function \"vip\""},
    /* types */
    {"i and vip", 1, 1, "\"and\" needs a condition here, but this is a whole number"},
    {"vip or city", 1, 8, "\"or\" needs a condition here, but this is a text"},
    {"not spend", 1, 5, "\"not\" needs a condition here, but this is a decimal number"},
    {"i > 'high'", 1, 3, "\">\" cannot work on a whole number and a text; a number has no quotes"},
    {"gap > 30", 1, 5, "a duration has a unit, such as 30 days"},
    {"last_order > '2026-01-01'", 1, 12, "a time is written date '2026-01-05'"},
    {"city < 'b'", 1, 6, "\"<\" has no answer for a text, which has no order"},
    {"item between 1 and 5", 1, 6, "no order"},
    {"vip >= b", 1, 5, "no order"},
    {"item = i", 1, 8, "only a number that is written out"},
    {"item = 0", 1, 8, "an id is not zero or less"},
    {"item = -5", 1, 8, "an id is not zero or less"},
    {"city = 5", 1, 6, "a text and a whole number"},
    {"last_order + last_order > 1", 1, 12, "\"+\" cannot work on a time and a time"},
    {"gap * 1.5", 1, 5, "\"*\" cannot work"},
    {"x % 2", 1, 3, "\"%\" cannot work on a decimal number"},
    {"-city", 1, 1, "cannot negate a text"},
    {"city + 'a'", 1, 6, "\"+\" cannot work"},
    {"i in (1, 'a')", 1, 10, "\"in\" cannot work on a whole number and a text"},
    {"i between 1 and 'a'", 1, 17, "\"between\" cannot work"},
    {"twice(city)", 1, 7, "argument 1 of twice must be a decimal number, but this is a text"},
    {"both(vip)", 1, 1, "both takes 2 arguments, but here are 1"},
    {"twice(1, 2)", 1, 1, "twice takes 1 argument, but here are 2"},
    {"one(1)", 1, 1, "one takes 0 arguments, but here are 1"},
};

/* The byte of a line and column. */
static int64_t byte_of(const char *text, int line, int column) {
    const char *at = text;
    for (; line > 1; line--) at = strchr(at, '\n') + 1;
    for (; column > 1; column--) {
        at++;
        while (((unsigned char)*at & 0xc0) == 0x80) at++;
    }
    return at - text;
}

START_TEST(errors_name_the_place_and_what_was_expected) {
    for (int64_t i = 0; i < LENGTH(BAD); i++) {
        const bad *t = &BAD[i];
        pmkti_expr *program = NULL;
        pmkt_error err = {0};
        char place[64];
        const pmkt_status status =
            pmkti_expr_compile(NULL, &expr_schema, t->text, strlen(t->text), NULL, &program, &err);
        ck_assert_msg(status == PMKT_E_PARSE, "%s: %d", t->text, (int)status);
        ck_assert_int_eq(err.code, PMKT_E_PARSE);
        ck_assert_ptr_null(program);
        snprintf(place, sizeof place, "line %d, column %d: ", t->line, t->column);
        ck_assert_msg(strncmp(err.message, place, strlen(place)) == 0, "%s: %s", t->text,
                      err.message);
        ck_assert_msg(strstr(err.message, t->part) != NULL, "%s: %s", t->text, err.message);
        ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
        ck_assert_msg(err.where == byte_of(t->text, t->line, t->column), "%s: byte %lld", t->text,
                      (long long)err.where);
        ck_assert_int_eq(
            pmkti_expr_compile(NULL, &expr_schema, t->text, strlen(t->text), NULL, &program, NULL),
            PMKT_E_PARSE);
    }
}
END_TEST

START_TEST(long_quotes_are_cut_between_characters) {
    char text[400] = "";
    for (int i = 0; i < 100; i++) strcat(text, "标");
    pmkti_expr *program = NULL;
    pmkt_error err = {0};
    ck_assert_int_eq(
        pmkti_expr_compile(NULL, &expr_schema, text, strlen(text), NULL, &program, &err),
        PMKT_E_PARSE);
    ck_assert_str_eq(
        err.message,
        "line 1, column 1: there is no field \"标标标标标标标标标标标标...\"; a text is "
        "written in quotes");
}
END_TEST

/* ------------------------------------------------------------------- limits */

static pmkt_status try(const char *text, pmkti_expr_options options, pmkt_error *err) {
    pmkti_expr *program = NULL;
    const pmkt_status status =
        pmkti_expr_compile(NULL, &expr_schema, text, strlen(text), &options, &program, err);
    pmkti_expr_free(program);
    return status;
}

/* `n` times `part` around or after `middle`. */
static char *repeated(const char *before, const char *middle, const char *after, int64_t n) {
    const size_t size = strlen(middle) + (strlen(before) + strlen(after)) * (size_t)n + 1;
    char *text = malloc(size), *to = text;
    ck_assert_ptr_nonnull(text);
    for (int64_t i = 0; i < n; i++) to = stpcpy(to, before);
    to = stpcpy(to, middle);
    for (int64_t i = 0; i < n; i++) to = stpcpy(to, after);
    return text;
}

static void check_limit(const char *before, const char *middle, const char *after, int64_t most,
                        pmkti_expr_options options, const char *part) {
    pmkt_error err = {0};
    char *fits = repeated(before, middle, after, most);
    ck_assert_ok(try(fits, options, &err), err);
    char *more = repeated(before, middle, after, most + 1);
    ck_assert_int_eq(try(more, options, &err), PMKT_E_LIMIT);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
    ck_assert_msg(strstr(err.message, part) != NULL, "%s", err.message);
    free(fits);
    free(more);
}

START_TEST(each_limit_holds_at_its_bound) {
    const pmkti_expr_options none = {0};
    check_limit("(", "vip", ")", 50, none, "more than 50 parentheses");
    check_limit("twice(", "x", ")", 50, none, "more than 50 parentheses");
    check_limit("(", "vip", ")", 3, (pmkti_expr_options){.max_depth = 3}, "more than 3");
    check_limit("(", "vip", ")", 200, (pmkti_expr_options){.max_depth = 200}, "more than 200");
    check_limit("", "vip", " and b", 4, (pmkti_expr_options){.max_nodes = 9}, "more than 9");
    check_limit("", "vip", " and b", 9999, (pmkti_expr_options){.max_length = 1000000},
                "more than 20000");
    check_limit(" ", "vip", "", 7, (pmkti_expr_options){.max_length = 10}, "10 are the most");
    check_limit(" ", "vip", "", 65533, none, "65536 are the most");
    pmkt_error err = {0};
    ck_assert_ok(
        try("i > :least and i < :least + :least", (pmkti_expr_options){.max_params = 1}, &err),
        err);
    ck_assert_int_eq(try("i > :least and x > :rate", (pmkti_expr_options){.max_params = 1}, &err),
                     PMKT_E_LIMIT);
}
END_TEST

START_TEST(long_chains_need_no_deep_stack) {
    static const char *const AFTER[] = {" + i", " * i", " or vip", " and vip"};
    static const char *const BEFORE[] = {"not ", "- "};
    const pmkti_expr_options wide = {.max_nodes = 1000000, .max_length = 1048576};
    const int64_t n = 100000;
    pmkt_error err = {0};
    for (int64_t i = 0; i < LENGTH(AFTER); i++) {
        char *text = repeated("", i < 2 ? "i" : "vip", AFTER[i], n);
        pmkti_expr *program = NULL;
        ck_assert_ok(
            pmkti_expr_compile(NULL, &expr_schema, text, strlen(text), &wide, &program, &err), err);
        ck_assert_uint_eq(pmkti_expr_print(program, NULL, 0), strlen(text));
        pmkti_expr_free(program);
        free(text);
    }
    for (int64_t i = 0; i < LENGTH(BEFORE); i++) {
        char *text = repeated(BEFORE[i], i == 0 ? "vip" : "i", "", n);
        ck_assert_ok(try(text, wide, &err), err);
        free(text);
    }
}
END_TEST

/* Operators nest without parentheses as well, so registers can run out before depth does. */
START_TEST(registers_run_out_with_a_sentence) {
    pmkt_error err = {0};
    char *deep = repeated("i + i * (", "i", ")", 150);
    const pmkti_expr_options options = {.max_depth = 200};
    ck_assert_int_eq(try(deep, options, &err), PMKT_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "too many operations in one another"));
    free(deep);
}
END_TEST

START_TEST(options_and_schemas_are_checked) {
    pmkt_error err = {0};
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_depth = -1}, &err), PMKT_E_INVALID);
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_depth = 201}, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "options.max_depth is 201, expected 0 (50) to 200"));
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_length = 1048577}, &err), PMKT_E_INVALID);
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_nodes = 1000001}, &err), PMKT_E_INVALID);
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_list = -5}, &err), PMKT_E_INVALID);
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.max_params = 65537}, &err), PMKT_E_INVALID);
    ck_assert_int_eq(try("vip", (pmkti_expr_options){.result = 8}, &err), PMKT_E_INVALID);

    static const char *const NAMES[] = {"",   "a b", "and", "TRUE", "1a",
                                        "a.", ".a",  "a-b", "'a'",  NULL};
    for (int64_t i = 0; i < LENGTH(NAMES); i++) {
        const pmkti_expr_name field = {NAMES[i], PMKTI_EXPR_INT};
        const pmkti_expr_schema schema = {.fields = &field, .n_fields = 1};
        pmkti_expr *program = NULL;
        ck_assert_int_eq(pmkti_expr_compile(NULL, &schema, "1", 1, NULL, &program, &err),
                         PMKT_E_INVALID);
    }
    const pmkti_expr_name wrong = {"a", 8};
    pmkti_expr_schema schema = {.fields = &wrong, .n_fields = 1};
    pmkti_expr *program = NULL;
    ck_assert_int_eq(pmkti_expr_compile(NULL, &schema, "1", 1, NULL, &program, &err),
                     PMKT_E_INVALID);
    schema.n_fields = -1;
    ck_assert_int_eq(pmkti_expr_compile(NULL, &schema, "1", 1, NULL, &program, &err),
                     PMKT_E_INVALID);
    pmkti_expr_function f = {.name = "f", .result = PMKTI_EXPR_INT};
    const pmkti_expr_schema callable = {.functions = &f, .n_functions = 1};
    ck_assert_int_eq(pmkti_expr_compile(NULL, &callable, "1", 1, NULL, &program, &err),
                     PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "needs on_row"));
    ck_assert_int_eq(pmkti_expr_compile(NULL, NULL, "1", 1, NULL, &program, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkti_expr_compile(NULL, &callable, NULL, 1, NULL, &program, &err),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkti_expr_compile(NULL, &callable, "1", 1, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_ptr_null(program);
}
END_TEST

START_TEST(the_result_is_of_the_type_asked_for) {
    pmkt_error err = {0};
    ck_assert_ok(try("i > 1", (pmkti_expr_options){.result = PMKTI_EXPR_BOOL}, &err), err);
    ck_assert_int_eq(try("i + 1", (pmkti_expr_options){.result = PMKTI_EXPR_BOOL}, &err),
                     PMKT_E_PARSE);
    ck_assert_str_eq(
        err.message,
        "line 1, column 1: the result must be a condition, but this is a whole number");
    ck_assert_ok(try("i + 1", (pmkti_expr_options){.result = PMKTI_EXPR_DOUBLE}, &err), err);
    ck_assert_ok(try("city", (pmkti_expr_options){.result = PMKTI_EXPR_ID}, &err), err);
    ck_assert_int_eq(try("x", (pmkti_expr_options){.result = PMKTI_EXPR_INT}, &err), PMKT_E_PARSE);
}
END_TEST

START_TEST(a_program_names_what_it_uses) {
    pmkti_expr *program = expr_compile("spend > :rate and (vip or i > :least) and spend < :rate");
    int32_t n = 0;
    const int32_t *fields = pmkti_expr_fields(program, &n);
    ck_assert_int_eq(n, 3);
    ck_assert_int_eq(fields[0], EXPR_VIP);
    ck_assert_int_eq(fields[1], EXPR_I);
    ck_assert_int_eq(fields[2], EXPR_SPEND);
    const int32_t *params = pmkti_expr_params(program, &n);
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(params[0], EXPR_LEAST);
    ck_assert_int_eq(params[1], EXPR_RATE);
    ck_assert_uint_gt(pmkti_expr_bytes(program), 0);
    pmkti_expr_free(program);
    pmkti_expr_free(NULL);
}
END_TEST

START_TEST(printing_stops_at_the_room) {
    pmkti_expr *program = expr_compile("vip and b");
    char text[16];
    for (size_t room = 1; room <= 10; room++) {
        memset(text, '#', sizeof text);
        ck_assert_uint_eq(pmkti_expr_print(program, text, room), 9);
        ck_assert_uint_eq(strlen(text), room - 1);
        ck_assert(memcmp(text, "vip and b", room - 1) == 0);
        ck_assert_int_eq(text[room], '#');
    }
    ck_assert_uint_eq(pmkti_expr_print(program, NULL, 0), 9);
    pmkti_expr_free(program);
}
END_TEST

START_TEST(a_part_of_a_text_has_its_places) {
    static const char TEXT[] = "\xff when (\n  %s) { junk";
    static const char *const GOOD[] = {"1 < 2", "1 < 2 # \xc3\xa4"};
    for (int64_t i = 0; i < LENGTH(GOOD); i++) {
        char text[64];
        const int n = snprintf(text, sizeof text, TEXT, GOOD[i]);
        const size_t from = (size_t)(strchr(text, '(') + 1 - text);
        const size_t end = (size_t)(strchr(text, ')') - text);
        pmkti_expr *program = NULL;
        pmkt_error err = {0};
        ck_assert_int_gt(n, 0);
        ck_assert_ok(
            pmkti_expr_compile_part(NULL, &expr_schema, text, from, end, NULL, &program, &err),
            err);
        pmkti_expr_free(program);
        program = NULL;
        ck_assert_int_eq(pmkti_expr_compile_part(NULL, &expr_schema, text, from,
                                                 end - 1 - (size_t)i * 5, NULL, &program, &err),
                         PMKT_E_PARSE);
        ck_assert_ptr_null(program);
        ck_assert_int_eq(strncmp(err.message, "line 2, column 7: ", 18), 0);
        ck_assert_int_eq(err.where, (int64_t)from + 7);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("expr text");
    TOPIC(suite, "grammar", operators_bind_as_the_grammar_says, every_way_to_write_a_token_is_read,
          constants_are_folded, dates_are_of_the_zone);
    TOPIC(suite, "errors", errors_name_the_place_and_what_was_expected,
          long_quotes_are_cut_between_characters);
    TOPIC(suite, "limits", each_limit_holds_at_its_bound, long_chains_need_no_deep_stack,
          registers_run_out_with_a_sentence, options_and_schemas_are_checked);
    TOPIC(suite, "program", the_result_is_of_the_type_asked_for, a_program_names_what_it_uses,
          printing_stops_at_the_room, a_part_of_a_text_has_its_places);
    return suite_run(suite);
}
