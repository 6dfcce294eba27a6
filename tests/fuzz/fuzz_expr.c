/*
 * Any text, compiled against the schema of the tests. What compiles is printed and compiled again to the
 * same program, and gives the same answers by row and by column on rows full of edges.
 */
#define _POSIX_C_SOURCE 200809L /* posix_memalign */

#include <math.h>
#include <string.h>

#include "core/expr/program.h"
#include "fuzz/fuzz.h"
#include "support/expr.h"

#define ROWS 300 /* one batch and a bit */

static pmkti_value cells[ROWS][EXPR_FIELDS], params[EXPR_PARAMS], stored[EXPR_FIELDS][ROWS];
static uint8_t bools[EXPR_FIELDS][ROWS];
static pmkti_expr_column columns[EXPR_FIELDS];

static pmkti_value edge(int32_t type, int64_t i) {
    static const int64_t INTS[] = {INT64_MIN, 0, 1, -1, 3, INT64_MAX, -INT64_MAX, 86400000};
    static const double DOUBLES[] = {NAN, 0.0, -0.0, 1.0, -1.5, 1e308, -1e308, 5e-324};
    static const char *const WORDS[] = {"a", "b", "Suzhou", ""};
    if (type == PMKTI_EXPR_BOOL) return (pmkti_value){.i = i % 3};
    if (type == PMKTI_EXPR_DOUBLE) return (pmkti_value){.d = DOUBLES[i % 8]};
    if (type != PMKTI_EXPR_TEXT && type != PMKTI_EXPR_ID) return (pmkti_value){.i = INTS[i % 8]};
    if (i % 5 == 4) return (pmkti_value){.id = PMKT_ID_NONE};
    return (pmkti_value){.id = pmkt_id_of_bytes(WORDS[i % 4], strlen(WORDS[i % 4]))};
}

static void fill(void) {
    for (int32_t f = 0; f < EXPR_FIELDS; f++) {
        const int32_t type = expr_schema.fields[f].type;
        for (int64_t r = 0; r < ROWS; r++) {
            cells[r][f] = stored[f][r] = edge(type, r * (f + 3) / 2 + r / 7);
            bools[f][r] = (uint8_t)(cells[r][f].i == PMKTI_UNKNOWN ? 9 : cells[r][f].i / 2);
        }
        const void *data = type == PMKTI_EXPR_BOOL ? (const void *)bools[f] : stored[f];
        columns[f] = (pmkti_expr_column){.data = data};
    }
    expr_params(params);
}

static void check_again(const pmkti_expr *program) {
    const pmkti_expr_options options = {.max_length = 1048576, .max_nodes = 1000000};
    const size_t n = pmkti_expr_print(program, NULL, 0);
    char *text = malloc(n + 1);
    MUST(text != NULL && pmkti_expr_print(program, text, n + 1) == n);
    pmkti_expr *again = NULL;
    pmkt_error err = {0};
    if (pmkti_expr_compile(NULL, &expr_schema, text, n, &options, &again, &err)) {
        fprintf(stderr, "%s\n%s\n", text, err.message);
        abort();
    }
    MUST(again->n_code == program->n_code && again->n_literals == program->n_literals);
    MUST(memcmp(again->code, program->code, (size_t)program->n_code * sizeof *program->code) == 0);
    MUST(program->n_literals == 0 ||
         memcmp(again->literals, program->literals, (size_t)program->n_literals * 8) == 0);
    MUST(again->n_sets == program->n_sets &&
         (program->n_sets == 0 ||
          memcmp(again->sets, program->sets, (size_t)program->n_sets * 8) == 0));
    pmkti_expr_free(again);
    free(text);
}

static void check_values(const pmkti_expr *program) {
    static pmkti_value out[ROWS];
    const pmkti_expr_input input = {columns, params, NULL};
    const int32_t type = pmkti_expr_type(program);
    void *scratch = NULL;
    MUST(posix_memalign(&scratch, 64, pmkti_expr_scratch(program)) == 0);
    pmkti_expr_batch(program, &input, 0, ROWS, scratch, out);
    free(scratch);
    for (int64_t r = 0; r < ROWS; r++) {
        const pmkti_value row = pmkti_expr_row(program, cells[r], params, NULL, r);
        if (type == PMKTI_EXPR_BOOL) {
            MUST(row.i == ((const uint8_t *)out)[r] && row.i >= PMKTI_FALSE && row.i <= PMKTI_TRUE);
        } else {
            MUST(row.i == out[r].i ||
                 (type == PMKTI_EXPR_DOUBLE && isnan(row.d) && isnan(out[r].d)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pmkti_expr *program = NULL;
    pmkt_error err = {0};
    if (!columns[0].data) fill();
    const pmkt_status status =
        pmkti_expr_compile(NULL, &expr_schema, (const char *)data, size, NULL, &program, &err);
    if (status) {
        MUST(status == PMKT_E_PARSE || status == PMKT_E_LIMIT);
        MUST(err.where >= 0 && (uint64_t)err.where <= size && !program);
        return 0;
    }
    check_again(program);
    check_values(program);
    pmkti_expr_free(program);
    return 0;
}
