#include "support/expr.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/program.h"
#include "support/suite.h"

pmkti_expr *expr_compile(const char *text) {
    pmkti_expr *program = NULL;
    pmkt_error err = {0};
    const pmkt_status status =
        pmkti_expr_compile(NULL, &expr_schema, text, strlen(text), NULL, &program, &err);
    if (status) ck_abort_msg("%s\n%s: %s", text, pmkt_status_name(status), err.message);
    return program;
}

void expr_all_missing(pmkti_value values[EXPR_FIELDS]) {
    for (int i = 0; i < EXPR_FIELDS; i++)
        values[i] = pmkti_expr_missing(expr_schema.fields[i].type);
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
        if (expr_schema.fields[i].type == PMKTI_EXPR_BOOL) columns[i].data = &bools[i];
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
