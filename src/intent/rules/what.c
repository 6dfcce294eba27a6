/*
 * what.c - which events a step means: kinds and a condition; and the columns that conditions may use.
 */
#include <string.h>

#include "core/events.h"
#include "intent/rules/parse.h"

_Static_assert(PMKT_KIND_COUNT_ + PMKTI_RULES_CUSTOM < PMKTI_RULES_SLOTS, "too many kinds");

/* ------------------------------------------------------------------- kinds */

/* The library's kind that the next token names, or PMKT_KIND_NONE. */
static int32_t named_kind(const pmkti_rules_parser *p) {
    for (int32_t kind = PMKT_KIND_NONE + 1; kind < PMKT_KIND_COUNT_; kind++) {
        if (pmkti_rules_is(p, pmkt_kind_name(kind))) return kind;
    }
    return PMKT_KIND_NONE;
}

bool pmkti_rules_is_kind(const pmkti_rules_parser *p) {
    if (p->brace) return false;
    return p->b.token.kind == PMKTI_TOKEN_INT || pmkti_rules_is(p, "event") || named_kind(p);
}

/* Takes a kind of the caller's own. */
static bool numbered_kind(pmkti_rules_parser *p, uint64_t *kinds) {
    const int64_t kind = p->b.token.value.i;
    pmkt_rules *r = p->made;
    if (kind < PMKT_KIND_CUSTOM || kind > UINT16_MAX) {
        pmkti_expr_fail(&p->b, p->b.token.at, "the number of a kind is %d to %d; others have names",
                        PMKT_KIND_CUSTOM, UINT16_MAX);
        return false;
    }
    int32_t slot = pmkti_rules_slot(r, (int32_t)kind);
    if (slot == PMKTI_RULES_OTHERS) {
        if (r->n_custom == PMKTI_RULES_CUSTOM) {
            pmkti_expr_limit(&p->b, p->b.token.at, "more than %d different kinds of one's own",
                             PMKTI_RULES_CUSTOM);
            return false;
        }
        slot = PMKT_KIND_COUNT_ + r->n_custom;
        r->custom[r->n_custom++] = (uint16_t)kind;
    }
    *kinds |= UINT64_C(1) << slot;
    return pmkti_rules_next(p);
}

static bool read_kind(pmkti_rules_parser *p, uint64_t *kinds) {
    if (!p->brace && p->b.token.kind == PMKTI_TOKEN_INT) return numbered_kind(p, kinds);
    if (pmkti_rules_accept(p, "event")) return *kinds = UINT64_MAX, true;
    const int32_t kind = named_kind(p);
    if (kind == PMKT_KIND_NONE) {
        return pmkti_rules_expected(p, "a kind such as view or cart, the number of one, or event");
    }
    *kinds |= UINT64_C(1) << kind;
    return pmkti_rules_next(p);
}

/* --------------------------------------------------------------- conditions */

static const pmkti_expr_name FIELDS[PMKTI_RULES_FIELDS] = {
    {"kind", PMKTI_EXPR_INT},     {"time", PMKTI_EXPR_TIME},      {"item", PMKTI_EXPR_ID},
    {"category", PMKTI_EXPR_ID},  {"channel", PMKTI_EXPR_ID},     {"amount", PMKTI_EXPR_INT},
    {"quantity", PMKTI_EXPR_INT}, {"dwell", PMKTI_EXPR_DURATION}, {"cart.amount", PMKTI_EXPR_INT},
};

static pmkti_expr_name field_of(const pmkt_rules *r, int32_t i) {
    static const int32_t TYPES[] = {0, PMKTI_EXPR_INT, PMKTI_EXPR_ID, PMKTI_EXPR_DOUBLE};
    if (i < PMKTI_RULES_FIELDS) return FIELDS[i];
    const pmkti_rules_column *c = pmkti_rules_column_at(r, i - PMKTI_RULES_FIELDS);
    return (pmkti_expr_name){pmkti_rules_chars(r, c->name), TYPES[c->type]};
}

static bool compile(pmkti_rules_parser *p, int32_t from, int32_t end, pmkti_expr **where) {
    pmkti_expr_name fields[PMKTI_RULES_FIELDS + PMKTI_RULES_COLUMNS];
    const int32_t n = PMKTI_RULES_FIELDS + p->made->columns.n;
    for (int32_t i = 0; i < n; i++) fields[i] = field_of(p->made, i);
    const pmkti_expr_schema schema = {.fields = fields, .n_fields = n, .zone = p->zone};
    const pmkti_expr_options options = {.result = PMKTI_EXPR_BOOL};
    p->b.status = pmkti_expr_compile_part(&p->b.allocator, &schema, p->b.text, (size_t)from,
                                          (size_t)end, &options, where, p->b.err);
    return p->b.status == PMKT_OK;
}

/* "(" expression ")": the parenthesis that closes it is found by counting. */
static bool read_where(pmkti_rules_parser *p, pmkti_expr **where) {
    const int32_t open = p->b.token.at;
    if (p->brace || p->b.token.kind != PMKTI_TOKEN_OPEN) {
        return pmkti_rules_expected(p, "\"(\" after \"where\"");
    }
    for (int32_t depth = 0;;) {
        const pmkti_token_kind kind = p->b.token.kind;
        if (kind == PMKTI_TOKEN_OPEN) depth++;
        if (kind == PMKTI_TOKEN_CLOSE && --depth == 0) break;
        if (kind == PMKTI_TOKEN_END) { /* a brace is one, too */
            pmkti_expr_fail(&p->b, open, "this parenthesis is not closed");
            return false;
        }
        if (!pmkti_rules_next(p)) return false;
    }
    return compile(p, open + 1, p->b.token.at, where) && pmkti_rules_next(p);
}

bool pmkti_rules_what_read(pmkti_rules_parser *p, pmkti_rules_what *what) {
    do {
        if (!read_kind(p, &what->kinds)) return false;
    } while (pmkti_rules_accept(p, "or"));
    if (p->b.status) return false;
    if (!pmkti_rules_accept(p, "where")) return !p->b.status;
    return read_where(p, &what->where);
}

/* ------------------------------------------------------------------ columns */

static bool read_type(pmkti_rules_parser *p, int32_t *type) {
    static const struct {
        const char *word;
        int32_t type;
    } TYPES[] = {{"int", PMKT_TYPE_INT64}, {"double", PMKT_TYPE_DOUBLE}, {"id", PMKT_TYPE_UINT64}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (pmkti_rules_is(p, TYPES[i].word)) return *type = TYPES[i].type, pmkti_rules_next(p);
    }
    return pmkti_rules_expected(p, "the column's type: int, double or id");
}

static bool read_column(pmkti_rules_parser *p) {
    const pmkti_token t = p->b.token;
    pmkti_rules_column c = {0, 0};
    pmkt_rules *r = p->made;
    if (r->columns.n == PMKTI_RULES_COLUMNS) {
        pmkti_expr_limit(&p->b, t.at, "more than %d columns", PMKTI_RULES_COLUMNS);
        return false;
    }
    if (!pmkti_rules_name(p, "the name of a column", &c.name)) return false;
    for (int32_t i = 0; i < PMKTI_RULES_FIELDS + r->columns.n; i++) {
        if (strcmp(field_of(r, i).name, pmkti_rules_chars(r, c.name)) != 0) continue;
        pmkti_expr_fail(&p->b, t.at, "there is a field of this name already");
        return false;
    }
    if (!read_type(p, &c.type)) return false;
    pmkti_rules_column *to = pmkti_expr_push(&p->b, &r->columns, 1, sizeof *to);
    if (to) *to = c;
    return to != NULL;
}

bool pmkti_rules_columns_read(pmkti_rules_parser *p) {
    while (pmkti_rules_accept(p, "columns")) {
        do {
            if (!read_column(p)) return false;
        } while (!p->brace && p->b.token.kind == PMKTI_TOKEN_COMMA && pmkti_rules_next(p));
    }
    return !p->b.status;
}
