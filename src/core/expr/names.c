#include <string.h>

#include "core/expr/build.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool pmkti_expr_is_word(const char *text, int32_t length, const char *word) {
    if ((size_t)length != strlen(word)) return false;
    for (int32_t i = 0; i < length; i++) {
        if (lower(text[i]) != word[i]) return false;
    }
    return true;
}

/* ------------------------------------------------------------------- schema */

#define MAX_NAME 255

static bool is_type(int32_t type) {
    return type >= PMKTI_EXPR_BOOL && type <= PMKTI_EXPR_ID;
}

/* Whether a name is one token, and that a name. */
static bool is_name(const char *name) {
    const size_t length = name ? strlen(name) : 0;
    if (length == 0 || length > MAX_NAME) return false;
    pmkti_builder b = {.text = name, .length = (int32_t)length};
    return pmkti_expr_lex_check(&b) && pmkti_expr_lex(&b, 0) && b.token.kind == PMKTI_TOKEN_NAME &&
           b.token.length == b.length;
}

static pmkt_status check_names(const pmkti_expr_name *names, int32_t n, const char *what,
                               pmkt_error *err) {
    if (n < 0 || (n > 0 && !names)) {
        return pmkti_fail(err, PMKT_E_INVALID, "the schema has %d %ss at NULL, or below zero",
                          (int)n, what);
    }
    for (int32_t i = 0; i < n; i++) {
        if (!is_name(names[i].name)) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "%s %d of the schema has no name that an expression can use", what,
                              (int)i);
        }
        if (!is_type(names[i].type)) {
            return pmkti_fail(err, PMKT_E_INVALID, "%s \"%.100s\" has type %d, expected 1 to %d",
                              what, names[i].name, (int)names[i].type, PMKTI_EXPR_ID);
        }
    }
    return PMKT_OK;
}

static pmkt_status check_function(const pmkti_expr_function *f, int32_t i, pmkt_error *err) {
    if (!is_name(f->name)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "function %d of the schema has no name that an expression can use",
                          (int)i);
    }
    bool fits =
        is_type(f->result) && f->n_args >= 0 && f->n_args <= PMKTI_EXPR_MAX_ARGS && f->on_row;
    for (int32_t k = 0; fits && k < f->n_args; k++) fits = is_type(f->args[k]);
    if (fits) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "function \"%.100s\" needs on_row, a result type and 0 to %d typed arguments",
                      f->name, PMKTI_EXPR_MAX_ARGS);
}

pmkt_status pmkti_expr_schema_check(const pmkti_expr_schema *schema, pmkt_error *err) {
    if (!schema) return pmkti_null(err, "schema");
    pmkt_status status = check_names(schema->fields, schema->n_fields, "field", err);
    if (!status) status = check_names(schema->params, schema->n_params, "parameter", err);
    if (status) return status;
    if (schema->n_functions < 0 || (schema->n_functions > 0 && !schema->functions)) {
        return pmkti_fail(err, PMKT_E_INVALID, "the schema has %d functions at NULL, or below zero",
                          (int)schema->n_functions);
    }
    for (int32_t i = 0; i < schema->n_functions; i++) {
        status = check_function(&schema->functions[i], i, err);
        if (status) return status;
    }
    return PMKT_OK;
}

/* ----------------------------------------------------------------- suggestion */

#define NEAR 2

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* How many characters must be changed, added or dropped to make one of the other, whatever their
   case; more than NEAR if that is more. (Levenshtein, "Binary codes capable of correcting deletions,
   insertions, and reversals", 1966.) Bytes stand for characters, which is the same for ASCII. */
static int32_t distance(const char *a, int32_t n_a, const char *b, int32_t n_b) {
    int32_t row[MAX_NAME + 1];
    if (n_a > MAX_NAME || n_b > MAX_NAME || n_a - n_b > NEAR || n_b - n_a > NEAR) return NEAR + 1;
    for (int32_t j = 0; j <= n_b; j++) row[j] = j;
    for (int32_t i = 1; i <= n_a; i++) {
        int32_t diagonal = row[0], closest = i;
        row[0] = i;
        for (int32_t j = 1; j <= n_b; j++) {
            const int32_t change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
            closest = least(closest, row[j]);
        }
        if (closest > NEAR) return NEAR + 1;
    }
    return row[n_b];
}

static const char *name_of(const pmkti_expr_schema *schema, pmkti_name_kind kind, int32_t i) {
    if (kind == PMKTI_A_FIELD) return schema->fields[i].name;
    return kind == PMKTI_A_PARAM ? schema->params[i].name : schema->functions[i].name;
}

static int32_t count_of(const pmkti_expr_schema *schema, pmkti_name_kind kind) {
    if (kind == PMKTI_A_FIELD) return schema->n_fields;
    return kind == PMKTI_A_PARAM ? schema->n_params : schema->n_functions;
}

static int32_t unknown_name(pmkti_builder *b, pmkti_name_kind kind, int32_t at, int32_t length) {
    static const char *const WHAT[] = {"field", "parameter", "function"};
    const char *nearest = NULL;
    int32_t best = NEAR + 1;
    for (int32_t i = 0; i < count_of(b->schema, kind); i++) {
        const char *name = name_of(b->schema, kind, i);
        const int32_t d = distance(b->text + at, length, name, (int32_t)strlen(name));
        if (d < best && d < length) best = d, nearest = name;
    }
    char spot[PMKTI_SPOT];
    (void)pmkti_expr_spot(b, at, length, spot);
    if (nearest) {
        return pmkti_expr_fail(b, at, "there is no %s %s; did you mean \"%.80s\"?", WHAT[kind],
                               spot, nearest);
    }
    if (kind != PMKTI_A_FIELD) return pmkti_expr_fail(b, at, "there is no %s %s", WHAT[kind], spot);
    if (pmkti_expr_is_word(b->text + at, length, "null")) {
        return pmkti_expr_fail(
            b, at, "there is no field %s; to ask for a gap, write \"is missing\"", spot);
    }
    return pmkti_expr_fail(b, at, "there is no field %s; a text is written in quotes", spot);
}

int32_t pmkti_expr_find_name(pmkti_builder *b, pmkti_name_kind kind, int32_t at, int32_t length) {
    for (int32_t i = 0; i < count_of(b->schema, kind); i++) {
        const char *name = name_of(b->schema, kind, i);
        if (strlen(name) == (size_t)length && memcmp(name, b->text + at, (size_t)length) == 0) {
            return i;
        }
    }
    return unknown_name(b, kind, at, length);
}
