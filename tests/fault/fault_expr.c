/*
 * Memory that runs out while an expression is compiled: the call says so, the output is untouched,
 * nothing leaks, and the same call succeeds afterwards. Evaluating and printing need no memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/expr.h"
#include "support/faulty.h"
#include "support/suite.h"

/* Large enough for every table to grow: nodes, texts, code, literals, sets, functions. */
static char *large_text(void) {
    char *text = malloc(60000), *to = text;
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < 150; i++) {
        to += sprintf(to,
                      "%s(i in (%d, %d, order.count) or city = 'place %d' and twice(x) > %d.5 "
                      "and last_order between :now - %d days and :now)",
                      i ? " and " : "", i, i + 1000, i, i, i);
    }
    return text;
}

static void fail_every_allocation(const char *text, bool is_good) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1;
        for (bool failed = true; failed; nth++) {
            pmkti_expr *const untouched = (pmkti_expr *)(void *)&memory;
            pmkti_expr *program = untouched;
            pmkt_error err = {0};
            faulty_arm(&memory, nth, sticky);
            const pmkt_status status = pmkti_expr_compile(&allocator, &expr_schema, text,
                                                          strlen(text), NULL, &program, &err);
            failed = memory.refused > 0;
            faulty_disarm(&memory);
            ck_assert_int_eq(status, failed ? PMKT_E_NOMEM : is_good ? PMKT_OK : PMKT_E_PARSE);
            if (status) {
                ck_assert_ptr_eq(program, untouched);
                ck_assert_int_eq(err.code, status);
            } else {
                pmkti_expr_free(program);
            }
            faulty_check_empty(&memory);
        }
        ck_assert_int_gt(nth, 3);
    }
}

START_TEST(compiling_survives) {
    char *text = large_text();
    fail_every_allocation(text, true);
    fail_every_allocation("vip and i between 1 and order.count", true);
    fail_every_allocation("vip and city in ('a', 'b') and what", false);
    free(text);
}
END_TEST

START_TEST(evaluating_and_printing_allocate_nothing) {
    char *text = large_text(), printed[100];
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkti_expr *program = NULL;
    pmkt_error err = {0};
    ck_assert_ok(
        pmkti_expr_compile(&allocator, &expr_schema, text, strlen(text), NULL, &program, &err),
        err);
    ck_assert_int_eq(memory.blocks, 1);
    ck_assert_uint_eq(pmkti_expr_bytes(program), (size_t)memory.bytes);
    pmkti_value fields[EXPR_FIELDS], params[EXPR_PARAMS];
    pmkti_expr_column columns[EXPR_FIELDS];
    memset(columns, 0, sizeof columns);
    expr_all_missing(fields);
    expr_params(params);
    faulty_arm(&memory, 1, true);
    const pmkti_expr_input input = {columns, params, NULL};
    uint8_t out[300];
    ck_assert_int_eq(pmkti_expr_row(program, fields, params, NULL, 0).i, PMKTI_UNKNOWN);
    expr_batch(program, &input, 0, 300, out);
    ck_assert_int_eq(out[299], PMKTI_UNKNOWN);
    ck_assert_uint_gt(pmkti_expr_print(program, printed, sizeof printed), sizeof printed);
    ck_assert_int_eq(memory.calls, 0);
    pmkti_expr_free(program);
    faulty_check_empty(&memory);
    free(text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault expr");
    TOPIC(suite, "allocations", compiling_survives, evaluating_and_printing_allocate_nothing);
    return suite_run(suite);
}
