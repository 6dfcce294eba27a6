/*
 * Random expressions on random rows, against an oracle that shares nothing with the library: it walks
 * the tree that the text was written from, and computes in 128 bits.
 */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/ops.h"
#include "pmkt.h"
#include "support/expr.h"
#include "support/loop.h"
#include "support/suite.h"

#define ROWS 700 /* two full batches and a bit */
#define MOST_NODES 4000
#define MOST_TEXT 60000

enum {
    B = PMKTI_EXPR_BOOL,
    I = PMKTI_EXPR_INT,
    D = PMKTI_EXPR_DOUBLE
};
enum {
    TIME = PMKTI_EXPR_TIME,
    GAP = PMKTI_EXPR_DURATION
};
enum {
    TEXT = PMKTI_EXPR_TEXT,
    ID = PMKTI_EXPR_ID
};

/* ------------------------------------------------------------------ the data */

static pmkti_value cells[ROWS][EXPR_FIELDS], params[EXPR_PARAMS];
static pmkti_value stored[EXPR_FIELDS][ROWS]; /* by column */
static uint8_t bools[EXPR_FIELDS][ROWS];
static pmkti_expr_column columns[EXPR_FIELDS];

static const int64_t INTS[] = {INT64_MIN, INT64_MIN, 0,    1,         2,         3,
                               -1,        -7,        1000, INT64_MAX, -INT64_MAX};
static const double DOUBLES[] = {NAN, NAN, 0.0,  -0.0,  0.5,    1.0,
                                 2.0, 3.0, -1.5, 1e308, -1e308, 7e-300};
static const int64_t SPANS[] = {INT64_MIN, 0,        1,         1000,     60000,
                                3600000,   86400000, -86400000, 604800000};
static const char *const WORDS[] = {"a", "b", "it's", "苏州"};

static uint64_t id_of(int64_t word) {
    return pmkt_id_of_bytes(WORDS[word], strlen(WORDS[word]));
}

static pmkti_value random_value(int32_t type) {
    switch (type) {
        case B:
            return (pmkti_value){.i = random_below(3)};
        case I:
            return (pmkti_value){.i = INTS[random_below(LENGTH(INTS))]};
        case D:
            return (pmkti_value){.d = DOUBLES[random_below(LENGTH(DOUBLES))]};
        case GAP:
            return (pmkti_value){.i = SPANS[random_below(LENGTH(SPANS))]};
        case TIME:
            if (random_below(5) == 0) return (pmkti_value){.i = INT64_MIN};
            return (pmkti_value){.i = INT64_C(1767571200000) + SPANS[1 + random_below(8)]};
        default:
            if (random_below(5) == 0) return (pmkti_value){.id = PMKT_ID_NONE};
            if (type == ID && random_below(3) == 0) return (pmkti_value){.id = 5};
            return (pmkti_value){.id = id_of(random_below(LENGTH(WORDS)))};
    }
}

static void fill_rows(void) {
    expr_params(params);
    for (int32_t f = 0; f < EXPR_FIELDS; f++) {
        const int32_t type = expr_schema.fields[f].type;
        for (int64_t r = 0; r < ROWS; r++) {
            cells[r][f] = stored[f][r] = random_value(type);
            bools[f][r] = (uint8_t)(cells[r][f].i == PMKTI_TRUE    ? 1
                                    : cells[r][f].i == PMKTI_FALSE ? 0
                                                                   : 9);
        }
        columns[f] = (pmkti_expr_column){.data = type == B ? (const void *)bools[f] : stored[f]};
    }
    for (int32_t k = 0; k < EXPR_PARAMS; k++) {
        if (random_below(3) == 0) params[k] = random_value(expr_schema.params[k].type);
    }
}

/* ------------------------------------------------------------------ the trees */

typedef enum kind {
    LITERAL,
    FIELD,
    PARAM,
    CALL,
    OP,
    NEGATE,
    NOT,
    IS,
    BETWEEN,
    IN
} kind;

typedef struct tree {
    kind kind;
    int32_t type;
    int32_t number; /* of a field, a parameter, a function */
    const char *op;
    int32_t n;
    struct tree *of[8];
    pmkti_value value;
    char literal[64];
} tree;

static tree nodes[MOST_NODES];
static int32_t n_nodes;

static tree *new_tree(kind what, int32_t type) {
    REQUIRE(n_nodes < MOST_NODES);
    tree *t = &nodes[n_nodes++];
    *t = (tree){.kind = what, .type = type};
    return t;
}

static tree *grow(int32_t type, int32_t depth);

static tree *grow_op(int32_t type, const char *op, tree *a, tree *b) {
    tree *t = new_tree(OP, type);
    t->op = op, t->n = 2, t->of[0] = a, t->of[1] = b;
    return t;
}

static const char *one_of(const char *const *words, int64_t n) {
    return words[random_below(n)];
}

static tree *grow_literal(int32_t type) {
    static const char *const SPAN_TEXTS[] = {"0 s",    "1 ms",  "1 s",    "1 min",
                                             "1 hour", "1 day", "7 days", "1.5 h"};
    static const int64_t SPAN_VALUES[] = {0, 1, 1000, 60000, 3600000, 86400000, 604800000, 5400000};
    static const char *const DOUBLE_TEXTS[] = {"0.5", "1.0", "2.0", "3.0", "1.5", "1e308", "0.1"};
    static const double DOUBLE_VALUES[] = {0.5, 1.0, 2.0, 3.0, 1.5, 1e308, 0.1};
    tree *t = new_tree(LITERAL, type);
    int64_t k = 0;
    switch (type) {
        case B:
            t->value.i = random_below(2) ? PMKTI_TRUE : PMKTI_FALSE;
            strcpy(t->literal, t->value.i ? "true" : "false");
            break;
        case I:
            t->value.i = random_below(10) ? random_below(4) : INT64_MAX;
            sprintf(t->literal, "%lld", (long long)t->value.i);
            break;
        case D:
            k = random_below(LENGTH(DOUBLE_TEXTS));
            t->value.d = DOUBLE_VALUES[k];
            strcpy(t->literal, DOUBLE_TEXTS[k]);
            break;
        case GAP:
            k = random_below(LENGTH(SPAN_TEXTS));
            t->value.i = SPAN_VALUES[k];
            strcpy(t->literal, SPAN_TEXTS[k]);
            break;
        case TIME:
            t->value.i = INT64_C(1767571200000);
            strcpy(t->literal, "date '2026-01-05'");
            break;
        default:
            k = random_below(LENGTH(WORDS));
            t->value.id = id_of(k);
            sprintf(t->literal, "\"%s\"", WORDS[k]);
            t->type = TEXT;
            if (type == ID && random_below(2)) {
                t->value.id = 5, t->type = ID;
                strcpy(t->literal, "0x5");
            }
    }
    return t;
}

static tree *grow_leaf(int32_t type) {
    if (random_below(3) == 0) return grow_literal(type);
    const bool param = random_below(4) == 0;
    const pmkti_expr_name *names = param ? expr_schema.params : expr_schema.fields;
    const int32_t n = param ? EXPR_PARAMS : EXPR_FIELDS;
    for (int32_t try = 0; try < 50; try++) {
        const int32_t number = (int32_t)random_below(n);
        if (names[number].type != type) continue;
        tree *t = new_tree(param ? PARAM : FIELD, type);
        t->number = number;
        return t;
    }
    return grow_literal(type);
}

static int32_t number_type(void) {
    return random_below(2) ? I : D;
}

static int32_t id_type(void) {
    return random_below(2) ? TEXT : ID;
}

/* A type for one side of a comparison with another of `like`. */
static int32_t like_type(int32_t like) {
    return like == I || like == D ? number_type() : like == TEXT || like == ID ? id_type() : like;
}

static tree *grow_call(int32_t function, int32_t depth) {
    const pmkti_expr_function *f = &expr_schema.functions[function];
    tree *t = new_tree(CALL, f->result);
    t->number = function, t->op = f->name, t->n = f->n_args;
    for (int32_t k = 0; k < t->n; k++) {
        t->of[k] = grow(f->args[k] == D ? number_type() : f->args[k], depth - 1);
    }
    return t;
}

static tree *grow_condition(int32_t depth) {
    static const char *const LOGIC[] = {"and", "or"};
    static const char *const ORDER[] = {"=", "!=", "<", "<=", ">", ">="};
    const int32_t types[] = {I, D, I, D, TIME, GAP, TEXT, ID, B};
    const int64_t what = random_below(12);
    if (what < 4) {
        return grow_op(B, one_of(LOGIC, 2), grow(B, depth - 1), grow(B, depth - 1));
    }
    int32_t type = types[random_below(LENGTH(types))];
    if (what < 8) {
        const bool has_order = type != TEXT && type != ID && type != B;
        const char *op = one_of(ORDER, has_order ? 6 : 2);
        return grow_op(B, op, grow(type, depth - 1), grow(like_type(type), depth - 1));
    }
    if (what == 8 && random_below(3) == 0) return grow_call(2, depth);
    tree *t = new_tree(what == 8 ? NOT : what == 9 ? IS : what == 10 ? IN : BETWEEN, B);
    if (t->kind == BETWEEN) type = types[random_below(6)];
    if (t->kind == NOT) type = B;
    if (t->kind == IS) t->op = random_below(2) ? "missing" : "known";
    t->n = t->kind == IN ? 2 + (int32_t)random_below(6) : t->kind == BETWEEN ? 3 : 1;
    t->of[0] = grow(type, depth - 1);
    for (int32_t k = 1; k < t->n; k++) {
        t->of[k] =
            random_below(2) ? grow_literal(like_type(type)) : grow(like_type(type), depth - 2);
    }
    return t;
}

static tree *negated(tree *of) {
    tree *t = new_tree(NEGATE, of->type);
    t->n = 1, t->of[0] = of;
    return t;
}

static tree *grow_number(int32_t type, int32_t depth) {
    static const char *const WHOLE[] = {"+", "-", "*", "%"};
    static const char *const DECIMAL[] = {"+", "-", "*", "/"};
    if (random_below(6) == 0) return negated(grow(type, depth - 1));
    if (type == I) {
        if (random_below(10) == 0) return grow_call(3, depth);
        return grow_op(I, one_of(WHOLE, 4), grow(I, depth - 1), grow(I, depth - 1));
    }
    if (random_below(6) == 0) return grow_call((int32_t)random_below(2), depth);
    if (random_below(8) == 0) return grow_op(D, "/", grow(GAP, depth - 1), grow(GAP, depth - 1));
    const char *op = one_of(DECIMAL, 4);
    const int32_t a = number_type(), b = *op == '/' || a == D ? number_type() : D;
    return grow_op(D, op, grow(a, depth - 1), grow(b, depth - 1));
}

static tree *grow_time(int32_t type, int32_t depth) {
    const int64_t what = random_below(5);
    if (type == TIME) {
        if (what == 0) return grow_op(TIME, "+", grow(GAP, depth - 1), grow(TIME, depth - 1));
        return grow_op(TIME, what < 3 ? "+" : "-", grow(TIME, depth - 1), grow(GAP, depth - 1));
    }
    if (what == 0) return grow_op(GAP, "-", grow(TIME, depth - 1), grow(TIME, depth - 1));
    if (what == 1) return negated(grow(GAP, depth - 1));
    if (what == 2) return grow_op(GAP, "*", grow(GAP, depth - 1), grow(I, depth - 1));
    if (what == 3) return grow_op(GAP, "*", grow(I, depth - 1), grow(GAP, depth - 1));
    return grow_op(GAP, random_below(2) ? "+" : "-", grow(GAP, depth - 1), grow(GAP, depth - 1));
}

static tree *grow(int32_t type, int32_t depth) {
    if (depth <= 0 || random_below(8) == 0) return grow_leaf(type);
    switch (type) {
        case B:
            return grow_condition(depth);
        case I:
        case D:
            return grow_number(type, depth);
        case TIME:
        case GAP:
            return grow_time(type, depth);
        default:
            return grow_leaf(type);
    }
}

/* ------------------------------------------------------------------- as text */

static char text[MOST_TEXT];
static int32_t length;

static void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    length += vsnprintf(text + length, (size_t)(MOST_TEXT - length), format, args);
    va_end(args);
    REQUIRE(length < MOST_TEXT);
}

static void write_tree(const tree *t) {
    static const char *const BETWEEN_WORDS[] = {"", " BETWEEN ", " and "};
    const bool open = t->kind >= OP;
    if (open) say("(");
    if (t->kind == LITERAL) say("%s", t->literal);
    if (t->kind == FIELD) say("%s", expr_schema.fields[t->number].name);
    if (t->kind == PARAM) say(":%s", expr_schema.params[t->number].name);
    if (t->kind == CALL) say("%s(", t->op);
    if (t->kind == NOT) say("NOT ");
    if (t->kind == NEGATE) say("-");
    for (int32_t k = 0; k < t->n; k++) {
        if (t->kind == OP && k == 1) say(" %s ", t->op);
        if (t->kind == BETWEEN) say("%s", BETWEEN_WORDS[k]);
        if (t->kind == IN && k > 0) say("%s", k == 1 ? " in (" : ",");
        if (t->kind == CALL && k > 0) say(",");
        write_tree(t->of[k]);
    }
    if (t->kind == IS) say(" is %s", t->op);
    if (t->kind == IN || t->kind == CALL) say(")");
    if (open) say(")");
}

/* ---------------------------------------------------------------- the oracle */

__extension__ typedef __int128 wide;

typedef struct answer {
    bool known;
    int64_t i; /* also a condition, 0 or 1, and an id's bits */
    double d;
} answer;

static answer nothing(void) {
    return (answer){false, 0, 0.0};
}

static answer whole(wide i) {
    if (i > INT64_MAX || i <= INT64_MIN) return nothing();
    return (answer){true, (int64_t)i, 0.0};
}

static answer decimal(double d) {
    return (answer){d >= -DBL_MAX && d <= DBL_MAX, 0, d};
}

static answer given(int32_t type, pmkti_value v) {
    switch (type) {
        case B:
            return (answer){v.i != PMKTI_UNKNOWN, v.i == PMKTI_TRUE, 0.0};
        case D:
            return (answer){!isnan(v.d), 0, v.d};
        case TEXT:
        case ID:
            return (answer){v.id != 0, v.i, 0.0};
        default:
            return (answer){v.i != INT64_MIN, v.i, 0.0};
    }
}

static answer eval(const tree *t, int64_t row);

/* Sides of an operation: as doubles if either is one. */
static answer number_of(const tree *t, int64_t row) {
    answer a = eval(t, row);
    if (t->type != D) a.d = (double)a.i;
    return a;
}

/* All operands of a comparison, a list or a range are doubles if one is. */
static bool has_double(const tree *t) {
    for (int32_t k = 0; k < t->n; k++) {
        if (t->of[k]->type == D) return true;
    }
    return false;
}

static answer compare(const tree *t, const char *op, int32_t k, int64_t row) {
    const answer a = number_of(t->of[0], row), b = number_of(t->of[k], row);
    if (!a.known || !b.known) return nothing();
    const int order = has_double(t) ? (a.d > b.d) - (a.d < b.d) : (a.i > b.i) - (a.i < b.i);
    bool yes = false;
    if (strcmp(op, "=") == 0) yes = order == 0;
    if (strcmp(op, "!=") == 0) yes = order != 0;
    if (strcmp(op, "<") == 0) yes = order < 0;
    if (strcmp(op, "<=") == 0) yes = order <= 0;
    if (strcmp(op, ">") == 0) yes = order > 0;
    if (strcmp(op, ">=") == 0) yes = order >= 0;
    return (answer){true, yes, 0.0};
}

static answer logic(bool is_and, answer a, answer b) {
    if (a.known && a.i != is_and) return a;
    if (b.known && b.i != is_and) return b;
    return a.known && b.known ? (answer){true, is_and, 0.0} : nothing();
}

static answer arithmetic(const tree *t, int64_t row) {
    const answer a = number_of(t->of[0], row), b = number_of(t->of[1], row);
    if (!a.known || !b.known) return nothing();
    const wide x = a.i, y = b.i;
    const bool as_double = t->type == D;
    switch (*t->op) {
        case '+':
            return as_double ? decimal(a.d + b.d) : whole(x + y);
        case '-':
            return as_double ? decimal(a.d - b.d) : whole(x - y);
        case '*':
            return as_double ? decimal(a.d * b.d) : whole(x * y);
        case '/':
            return b.d == 0.0 ? nothing() : decimal(a.d / b.d);
        default:
            return y == 0 ? nothing() : whole((x % y + y) % y);
    }
}

static answer call(const tree *t, int64_t row) {
    const answer a = t->n > 0 ? number_of(t->of[0], row) : nothing();
    if (strcmp(t->op, "twice") == 0) return a.known ? decimal(a.d * 2) : nothing();
    if (strcmp(t->op, "half") == 0) return a.known ? decimal(a.d / 2) : nothing();
    if (strcmp(t->op, "row") == 0) return whole(row);
    return logic(true, a, eval(t->of[1], row));
}

static answer operate(const tree *t, int64_t row) {
    if (t->type != B) return arithmetic(t, row);
    const bool is_and = strcmp(t->op, "and") == 0;
    if (!is_and && strcmp(t->op, "or") != 0) return compare(t, t->op, 1, row);
    return logic(is_and, eval(t->of[0], row), eval(t->of[1], row));
}

static answer eval(const tree *t, int64_t row) {
    answer a = nothing();
    switch (t->kind) {
        case LITERAL:
            return given(t->type, t->value);
        case FIELD:
            return given(t->type, cells[row][t->number]);
        case PARAM:
            return given(t->type, params[t->number]);
        case CALL:
            return call(t, row);
        case OP:
            return operate(t, row);
        case NEGATE:
            a = eval(t->of[0], row);
            if (!a.known) return a;
            return t->type == D ? decimal(-a.d) : whole(-(wide)a.i);
        case NOT:
            a = eval(t->of[0], row);
            return a.known ? (answer){true, !a.i, 0.0} : a;
        case IS:
            a = eval(t->of[0], row);
            return (answer){true, a.known == (strcmp(t->op, "known") == 0), 0.0};
        case BETWEEN:
            return logic(true, compare(t, ">=", 1, row), compare(t, "<=", 2, row));
        default:
            a = (answer){true, 0, 0.0};
            for (int32_t k = 1; k < t->n; k++) {
                a = logic(false, a, compare(t, "=", k, row));
            }
            return a;
    }
}

/* ----------------------------------------------------------------- comparison */

static bool agrees(int32_t type, answer a, pmkti_value v) {
    const answer b = given(type, v);
    if (a.known != b.known) return false;
    if (!a.known) return true;
    return type == D ? a.d == b.d : a.i == b.i;
}

static void check_tree(const tree *t) {
    static pmkti_value out[ROWS];
    length = 0;
    write_tree(t);
    pmkti_expr *program = expr_compile(text);
    const int32_t type = pmkti_expr_type(program);
    const pmkti_expr_input input = {columns, params, NULL};
    REQUIRE(type == t->type);
    expr_batch(program, &input, 0, ROWS, out);
    for (int64_t row = 0; row < ROWS; row++) {
        const pmkti_value one = pmkti_expr_row(program, cells[row], params, NULL, row);
        if (!expr_same(type, one, expr_at(type, out, row))) {
            ck_abort_msg("row %d: row and batch differ: %s", (int)row, text);
        }
        if (!agrees(type, eval(t, row), one)) {
            ck_abort_msg("row %d: %lld or %g is wrong: %s", (int)row, (long long)one.i, one.d,
                         text);
        }
    }
    static char printed[MOST_TEXT];
    const size_t n = pmkti_expr_print(program, printed, sizeof printed);
    REQUIRE(n < sizeof printed);
    pmkti_expr *again = expr_compile(printed);
    expr_check_same(program, again);
    pmkti_expr_free(again);
    pmkti_expr_free(program);
}

static void check_trees(int32_t type, int64_t n, int32_t depth, uint64_t seed) {
    random_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        if (i % 20 == 0) fill_rows();
        n_nodes = 0;
        const tree *t = grow(type, depth);
        check_tree(t);
    }
}

START_TEST(conditions_agree_with_the_oracle) {
    check_trees(B, scaled(4000, 300), 3, 1);
    check_trees(B, scaled(1500, 100), 6, 2);
}
END_TEST

START_TEST(numbers_agree_with_the_oracle) {
    check_trees(I, scaled(1000, 100), 4, 3);
    check_trees(D, scaled(1500, 100), 4, 4);
}
END_TEST

START_TEST(times_agree_with_the_oracle) {
    check_trees(TIME, scaled(500, 50), 4, 5);
    check_trees(GAP, scaled(1000, 100), 4, 6);
}
END_TEST

/* Whatever stands in a row of tokens, the compiler answers; what it takes, it prints and takes
   again. */
START_TEST(rows_of_random_tokens_are_answered) {
    static const char *const TOKENS[] = {
        "and",    "or",     "not",  "in",   "is",    "between", "missing",    "known", "(",
        ")",      ",",      "=",    "<",    ">=",    "+",       "-",          "*",     "/",
        "%",      "1",      "2.5",  "0x7",  "'a'",   "\"b\"",   "30",         "days",  "h",
        ":now",   ":least", "vip",  "i",    "x",     "gap",     "last_order", "city",  "item",
        "twice(", "both(",  "date", "true", "# no\n"};
    random_seed(7);
    int64_t taken = 0;
    for (int64_t k = 0; k < scaled(200000, 10000); k++) {
        length = 0;
        const int64_t n = 1 + random_below(random_below(3) ? 4 : 12);
        for (int64_t i = 0; i < n; i++) say("%s ", TOKENS[random_below(LENGTH(TOKENS))]);
        pmkti_expr *program = NULL;
        pmkt_error err = {0};
        const pmkt_status status =
            pmkti_expr_compile(NULL, &expr_schema, text, (size_t)length, NULL, &program, &err);
        if (status) {
            REQUIRE(status == PMKT_E_PARSE && err.where >= 0 && err.where <= length);
            continue;
        }
        char printed[500];
        taken++;
        REQUIRE(pmkti_expr_print(program, printed, sizeof printed) < sizeof printed);
        pmkti_expr *again = expr_compile(printed);
        expr_check_same(program, again);
        pmkti_expr_free(again);
        pmkti_expr_free(program);
    }
    ck_assert_int_gt(taken, 100);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("expr random");
    TOPIC(suite, "oracle", conditions_agree_with_the_oracle, numbers_agree_with_the_oracle,
          times_agree_with_the_oracle);
    TOPIC(suite, "tokens", rows_of_random_tokens_are_answered);
    return suite_run(suite);
}
