#include "support/expr.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/program.h"
#include "support/suite.h"

static pmkti_value twice(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.d = pmkti_mul_d(args[0].d, 2.0)};
}

static pmkti_value half(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.d = pmkti_mul_d(args[0].d, 0.5)};
}

static void half_of_all(const pmkti_expr_call *call, const void *const *args, int64_t n,
                        void *out) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ((double *)out)[i] = pmkti_mul_d(((const double *)args[0])[i], 0.5);
    }
}

static pmkti_value both(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.i = args[0].i < args[1].i ? args[0].i : args[1].i};
}

static void both_of_all(const pmkti_expr_call *call, const void *const *args, int64_t n,
                        void *out) {
    (void)call;
    const uint8_t *a = args[0], *b = args[1];
    for (int64_t i = 0; i < n; i++) ((uint8_t *)out)[i] = a[i] < b[i] ? a[i] : b[i];
}

static pmkti_value row(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)args;
    return (pmkti_value){.i = call->row};
}

static pmkti_value same(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.i = args[0].id == args[1].id ? PMKTI_TRUE : PMKTI_FALSE};
}

static pmkti_value since(const pmkti_expr_call *call, const pmkti_value *args) {
    const int64_t *now = call->input;
    return (pmkti_value){.i = pmkti_sub_i(now ? *now : 0, args[0].i)};
}

static pmkti_value one(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)args;
    return (pmkti_value){.i = *(const int64_t *)call->ctx};
}

static int64_t one_ctx = 1;

static const pmkti_expr_name fields[EXPR_FIELDS] = {
    {"vip", PMKTI_EXPR_BOOL},        {"b", PMKTI_EXPR_BOOL},          {"i", PMKTI_EXPR_INT},
    {"order.count", PMKTI_EXPR_INT}, {"spend", PMKTI_EXPR_DOUBLE},    {"x", PMKTI_EXPR_DOUBLE},
    {"last_order", PMKTI_EXPR_TIME}, {"gap", PMKTI_EXPR_DURATION},    {"city", PMKTI_EXPR_TEXT},
    {"item", PMKTI_EXPR_ID},         {"标签.高价值", PMKTI_EXPR_BOOL}};

static const pmkti_expr_name params[EXPR_PARAMS] = {{"now", PMKTI_EXPR_TIME},
                                                    {"least", PMKTI_EXPR_INT},
                                                    {"place", PMKTI_EXPR_TEXT},
                                                    {"flag", PMKTI_EXPR_BOOL},
                                                    {"rate", PMKTI_EXPR_DOUBLE}};

static const pmkti_expr_function functions[] = {
    {"twice", PMKTI_EXPR_DOUBLE, 1, {PMKTI_EXPR_DOUBLE}, twice, NULL, NULL},
    {"half", PMKTI_EXPR_DOUBLE, 1, {PMKTI_EXPR_DOUBLE}, half, half_of_all, NULL},
    {"both", PMKTI_EXPR_BOOL, 2, {PMKTI_EXPR_BOOL, PMKTI_EXPR_BOOL}, both, both_of_all, NULL},
    {"row", PMKTI_EXPR_INT, 0, {0}, row, NULL, NULL},
    {"same", PMKTI_EXPR_BOOL, 2, {PMKTI_EXPR_ID, PMKTI_EXPR_ID}, same, NULL, NULL},
    {"since", PMKTI_EXPR_DURATION, 1, {PMKTI_EXPR_TIME}, since, NULL, NULL},
    {"one", PMKTI_EXPR_INT, 0, {0}, one, NULL, &one_ctx},
};

const pmkti_expr_schema expr_schema = {fields,    EXPR_FIELDS,       params, EXPR_PARAMS,
                                       functions, LENGTH(functions), NULL};

pmkti_expr *expr_compile(const char *text) {
    pmkti_expr *program = NULL;
    pmkt_error err = {0};
    const pmkt_status status =
        pmkti_expr_compile(NULL, &expr_schema, text, strlen(text), NULL, &program, &err);
    if (status) ck_abort_msg("%s\n%s: %s", text, pmkt_status_name(status), err.message);
    return program;
}

void expr_all_missing(pmkti_value values[EXPR_FIELDS]) {
    for (int i = 0; i < EXPR_FIELDS; i++) values[i] = pmkti_expr_missing(fields[i].type);
}

void expr_params(pmkti_value values[EXPR_PARAMS]) {
    values[EXPR_NOW].i = INT64_C(1767571200000); /* 2026-01-05 */
    values[EXPR_LEAST].i = 3;
    values[EXPR_PLACE].id = pmkt_id_of_bytes("Suzhou", 6);
    values[EXPR_FLAG].i = PMKTI_TRUE;
    values[EXPR_RATE].d = 0.25;
}

void expr_batch(const pmkti_expr *program, const pmkti_expr_input *input, int64_t first, int64_t n,
                void *out) {
    const size_t bytes = (pmkti_expr_scratch(program) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(scratch);
    memset(scratch, 0xa5, bytes);
    pmkti_expr_batch(program, input, first, n, scratch, out);
    free(scratch);
}

bool expr_same(int32_t type, pmkti_value a, pmkti_value b) {
    if (type == PMKTI_EXPR_DOUBLE) return a.d == b.d || (a.d != a.d && b.d != b.d);
    return a.i == b.i;
}

pmkti_value expr_at(int32_t type, const void *column, int64_t i) {
    if (type == PMKTI_EXPR_BOOL) return (pmkti_value){.i = ((const uint8_t *)column)[i]};
    return ((const pmkti_value *)column)[i];
}

pmkti_value expr_value(const char *text, const pmkti_value *values) {
    pmkti_expr *program = expr_compile(text);
    pmkti_value bound[EXPR_PARAMS], cells[EXPR_FIELDS], out;
    pmkti_expr_column columns[EXPR_FIELDS];
    uint8_t bools[EXPR_FIELDS];
    expr_params(bound);
    memset(columns, 0, sizeof columns);
    for (int i = 0; i < EXPR_FIELDS; i++) {
        cells[i] = values[i];
        bools[i] = values[i].i == PMKTI_TRUE ? 1 : values[i].i == PMKTI_FALSE ? 0 : 255;
        columns[i].data = &cells[i];
        if (fields[i].type == PMKTI_EXPR_BOOL) columns[i].data = &bools[i];
    }
    const int32_t type = pmkti_expr_type(program);
    const pmkti_value answer = pmkti_expr_row(program, values, bound, NULL, 0);
    const pmkti_expr_input input = {columns, bound, NULL};
    expr_batch(program, &input, 0, 1, &out);
    if (!expr_same(type, answer, expr_at(type, &out, 0))) {
        ck_abort_msg("%s: row and batch differ", text);
    }
    pmkti_expr_free(program);
    return answer;
}

int expr_truth(const char *text, const pmkti_value *values) {
    return (int)expr_value(text, values).i;
}

static void check_bytes(const char *what, const void *a, int32_t n_a, const void *b, int32_t n_b,
                        size_t size) {
    if (n_a != n_b || (n_a > 0 && memcmp(a, b, (size_t)n_a * size) != 0)) {
        ck_abort_msg("the %s differ", what);
    }
}

void expr_check_same(const pmkti_expr *a, const pmkti_expr *b) {
    check_bytes("code", a->code, a->n_code, b->code, b->n_code, sizeof *a->code);
    check_bytes("literals", a->literals, a->n_literals, b->literals, b->n_literals, 8);
    check_bytes("sets", a->sets, a->n_sets, b->sets, b->n_sets, 8);
    check_bytes("fields", a->fields, a->n_fields, b->fields, b->n_fields, 4);
    check_bytes("parameters", a->params, a->n_params, b->params, b->n_params, 4);
    ck_assert_int_eq(a->n_functions, b->n_functions);
    ck_assert_int_eq(a->n_registers, b->n_registers);
    ck_assert_int_eq(pmkti_expr_type(a), pmkti_expr_type(b));
    const size_t n = pmkti_expr_print(a, NULL, 0);
    char *text_a = malloc(n + 1), *text_b = malloc(n + 1);
    ck_assert_uint_eq(pmkti_expr_print(a, text_a, n + 1), n);
    ck_assert_uint_eq(pmkti_expr_print(b, text_b, n + 1), n);
    ck_assert_str_eq(text_a, text_b);
    free(text_a);
    free(text_b);
}
