/* The grammar of expr.h, a function a rule. Only parentheses and calls recurse, and their depth is
   limited; all else is a loop. Every function gives the number of a node, or -1 after a failure. */
#include "core/expr/build.h"
#include "core/zone.h"

static int32_t parse_expression(pmkti_builder *b);
static int32_t parse_sum(pmkti_builder *b);

static int32_t expected(pmkti_builder *b, const char *what) {
    char spot[PMKTI_SPOT];
    const pmkti_token *t = &b->token;
    return pmkti_expr_fail(b, t->at, "expected %s, but found %s", what,
                           pmkti_expr_spot(b, t->at, t->length, spot));
}

static bool take(pmkti_builder *b, pmkti_token_kind kind, const char *what) {
    if (b->token.kind != kind) return expected(b, what), false;
    return pmkti_expr_lex_next(b);
}

static bool is_next(const pmkti_builder *b, const char *word) {
    return b->token.kind == PMKTI_TOKEN_NAME &&
           pmkti_expr_is_word(b->text + b->token.at, b->token.length, word);
}

/* ----------------------------------------------------------------- literals */

int64_t pmkti_expr_unit(const pmkti_builder *b) {
    static const struct {
        const char *word;
        int64_t ms;
    } UNITS[] = {{"ms", 1},           {"s", 1000},        {"sec", 1000},      {"second", 1000},
                 {"seconds", 1000},   {"min", 60000},     {"minute", 60000},  {"minutes", 60000},
                 {"h", 3600000},      {"hour", 3600000},  {"hours", 3600000}, {"d", 86400000},
                 {"day", 86400000},   {"days", 86400000}, {"w", 604800000},   {"week", 604800000},
                 {"weeks", 604800000}};
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (is_next(b, UNITS[i].word)) return UNITS[i].ms;
    }
    return 0;
}

static int32_t parse_duration(pmkti_builder *b, const pmkti_token *number) {
    const int64_t unit = pmkti_expr_unit(b);
    pmkti_value value = {.i = 0};
    if (unit == 0) return expected(b, "an operator, or a unit such as min, hours or days");
    if (number->kind == PMKTI_TOKEN_INT) {
        if (__builtin_mul_overflow(number->value.i, unit, &value.i)) {
            return pmkti_expr_fail(b, number->at,
                                   "this duration is beyond 64 bits of milliseconds");
        }
    } else {
        const double ms = number->value.d * (double)unit;
        if (ms > 9007199254740992.0 || ms != (double)(int64_t)ms) { /* 2^53 */
            return pmkti_expr_fail(b, number->at,
                                   "this duration is no whole number of milliseconds");
        }
        value.i = (int64_t)ms;
    }
    return pmkti_expr_lex_next(b)
               ? pmkti_expr_make_literal(b, PMKTI_EXPR_DURATION, value, number->at)
               : -1;
}

static int32_t parse_number(pmkti_builder *b) {
    const pmkti_token number = b->token;
    if (!pmkti_expr_lex_next(b)) return -1;
    if (number.kind == PMKTI_TOKEN_ID) {
        return pmkti_expr_make_literal(b, PMKTI_EXPR_ID, number.value, number.at);
    }
    if (b->token.kind == PMKTI_TOKEN_NAME) return parse_duration(b, &number);
    const int32_t type = number.kind == PMKTI_TOKEN_INT ? PMKTI_EXPR_INT : PMKTI_EXPR_DOUBLE;
    return pmkti_expr_make_literal(b, type, number.value, number.at);
}

/* A text without its quotes; a doubled quote is one. */
static int32_t parse_text(pmkti_builder *b) {
    const pmkti_token t = b->token;
    const char quote = b->text[t.at];
    const int32_t from = b->texts.n;
    char *to = pmkti_expr_push(b, &b->texts, t.length, 1);
    if (!to) return -1;
    int32_t length = 0;
    for (int32_t i = t.at + 1; i < t.at + t.length - 1; i++) {
        to[length++] = b->text[i];
        if (b->text[i] == quote) i++;
    }
    b->texts.n = from + length;
    const pmkti_value id = {.id = pmkt_id_of_bytes(to, (size_t)length)};
    const int32_t node = pmkti_expr_make_literal(b, PMKTI_EXPR_TEXT, id, t.at);
    if (node < 0 || !pmkti_expr_lex_next(b)) return -1;
    pmkti_expr_node_at(b, node)->text = from;
    pmkti_expr_node_at(b, node)->length = length;
    return node;
}

/* After the word `date` or `time`: the text. */
static int32_t parse_time(pmkti_builder *b, int32_t at) {
    const pmkti_token t = b->token;
    pmkti_value value = {.i = 0};
    pmkt_error why = {0};
    const size_t length = (size_t)t.length - 2;
    if (pmkt_time_parse(b->text + t.at + 1, length, &b->zone, &value.i, &why)) {
        return pmkti_expr_fail(b, t.at + 1 + (int32_t)why.where, "%s", why.message);
    }
    return pmkti_expr_lex_next(b) ? pmkti_expr_make_literal(b, PMKTI_EXPR_TIME, value, at) : -1;
}

/* -------------------------------------------------------------------- names */

static int32_t parse_name(pmkti_builder *b, pmkti_name_kind kind, const pmkti_token *t) {
    const int32_t colon = kind == PMKTI_A_PARAM;
    const int32_t at = t->at + colon, length = t->length - colon;
    const int32_t number = pmkti_expr_find_name(b, kind, at, length);
    if (number < 0) return -1;
    const pmkti_expr_name *names = colon ? b->schema->params : b->schema->fields;
    uint8_t *used = &b->used[colon ? b->schema->n_fields + number : number];
    if (colon && !*used && ++b->n_params > b->limits.max_params) {
        return pmkti_expr_limit(b, t->at, "more than %d different parameters",
                                (int)b->limits.max_params);
    }
    *used = 1;
    const int32_t node = pmkti_expr_make_node(b, colon ? PMKTI_NODE_PARAM : PMKTI_NODE_FIELD,
                                              names[number].type, t->at);
    if (node < 0 || !pmkti_expr_keep_text(b, node, b->text + at, length)) return -1;
    pmkti_expr_node_at(b, node)->a = number;
    return node;
}

static bool enter(pmkti_builder *b) {
    if (++b->depth <= b->limits.max_depth) return true;
    pmkti_expr_limit(b, b->token.at, "more than %d parentheses in one another",
                     (int)b->limits.max_depth);
    return false;
}

/* { "," element } ")", after the first element; gives that. */
static int32_t parse_list(pmkti_builder *b, int32_t first, int32_t (*element)(pmkti_builder *)) {
    int32_t last = first, n = 1;
    while (last >= 0 && b->token.kind == PMKTI_TOKEN_COMMA) {
        if (++n > b->limits.max_list) {
            return pmkti_expr_limit(b, b->token.at, "more than %d elements in a list",
                                    (int)b->limits.max_list);
        }
        const int32_t node = pmkti_expr_lex_next(b) ? element(b) : -1;
        if (node >= 0) pmkti_expr_node_at(b, last)->next = node;
        last = node;
    }
    return last >= 0 && take(b, PMKTI_TOKEN_CLOSE, "\",\" or \")\"") ? first : -1;
}

static int32_t parse_call(pmkti_builder *b, const pmkti_token *name) {
    const int32_t function = pmkti_expr_find_name(b, PMKTI_A_FUNCTION, name->at, name->length);
    if (function < 0 || !enter(b) || !pmkti_expr_lex_next(b)) return -1;
    int32_t first = -1;
    if (b->token.kind == PMKTI_TOKEN_CLOSE) {
        if (!pmkti_expr_lex_next(b)) return -1;
    } else {
        first = parse_expression(b);
        if (first >= 0) first = parse_list(b, first, parse_expression);
        if (first < 0) return -1;
    }
    b->depth--;
    return pmkti_expr_make_call(b, function, first, name->at, name->length);
}

/* A field, a call, a date or a time: what follows the word tells. */
static int32_t parse_word(pmkti_builder *b) {
    const pmkti_token word = b->token;
    const bool is_time = is_next(b, "date") || is_next(b, "time");
    if (!pmkti_expr_lex_next(b)) return -1;
    if (b->token.kind == PMKTI_TOKEN_TEXT && is_time) return parse_time(b, word.at);
    if (b->token.kind == PMKTI_TOKEN_OPEN) return parse_call(b, &word);
    return parse_name(b, PMKTI_A_FIELD, &word);
}

static int32_t parse_param(pmkti_builder *b) {
    const pmkti_token t = b->token;
    return pmkti_expr_lex_next(b) ? parse_name(b, PMKTI_A_PARAM, &t) : -1;
}

/* ---------------------------------------------------------------- operators */

static int32_t parse_value(pmkti_builder *b) {
    const pmkti_token t = b->token;
    switch (t.kind) {
        case PMKTI_TOKEN_OPEN: {
            if (!enter(b) || !pmkti_expr_lex_next(b)) return -1;
            const int32_t node = parse_expression(b);
            b->depth--;
            return node >= 0 && take(b, PMKTI_TOKEN_CLOSE, "an operator or \")\"") ? node : -1;
        }
        case PMKTI_TOKEN_INT:
        case PMKTI_TOKEN_DECIMAL:
        case PMKTI_TOKEN_ID:
            return parse_number(b);
        case PMKTI_TOKEN_TEXT:
            return parse_text(b);
        case PMKTI_TOKEN_PARAM:
            return parse_param(b);
        case PMKTI_TOKEN_NAME:
            return parse_word(b);
        case PMKTI_TOKEN_TRUE:
        case PMKTI_TOKEN_FALSE: {
            const pmkti_value value = {.i = t.kind == PMKTI_TOKEN_TRUE ? PMKTI_TRUE : PMKTI_FALSE};
            return pmkti_expr_lex_next(b) ? pmkti_expr_make_literal(b, PMKTI_EXPR_BOOL, value, t.at)
                                          : -1;
        }
        case PMKTI_TOKEN_NOT:
            return pmkti_expr_fail(b, t.at, "put \"not ...\" into parentheses here");
        default:
            return expected(b, "a field, a number, a 'text', a :parameter or \"(\"");
    }
}

/* Operators before a value, which apply from the inside out. */
static int32_t apply_before(pmkti_builder *b, pmkti_op op, int32_t n, int32_t node, int32_t at) {
    for (; n > 0 && node >= 0; n--) node = pmkti_expr_make_unary(b, op, node, at);
    return node;
}

static int32_t parse_factor(pmkti_builder *b) {
    const int32_t at = b->token.at;
    int32_t n = 0;
    for (; b->token.kind == PMKTI_TOKEN_MINUS; n++) {
        if (!pmkti_expr_lex_next(b)) return -1;
    }
    return apply_before(b, PMKTI_OP_NEG, n, parse_value(b), at);
}

/* The operation of a token, if that is from..to, else -1. */
static int32_t op_of(const pmkti_builder *b, pmkti_token_kind from, pmkti_token_kind to,
                     pmkti_op first) {
    const pmkti_token_kind kind = b->token.kind;
    return kind >= from && kind <= to ? (int32_t)(first + (kind - from)) : -1;
}

static int32_t parse_product(pmkti_builder *b) {
    int32_t left = parse_factor(b);
    while (left >= 0) {
        const int32_t op = op_of(b, PMKTI_TOKEN_TIMES, PMKTI_TOKEN_REST, PMKTI_OP_MUL);
        const int32_t at = b->token.at;
        if (op < 0) break;
        const int32_t right = pmkti_expr_lex_next(b) ? parse_factor(b) : -1;
        left = right < 0 ? -1 : pmkti_expr_make_binary(b, (pmkti_op)op, left, right, at);
    }
    return left;
}

static int32_t parse_sum(pmkti_builder *b) {
    int32_t left = parse_product(b);
    while (left >= 0) {
        const int32_t op = op_of(b, PMKTI_TOKEN_PLUS, PMKTI_TOKEN_MINUS, PMKTI_OP_ADD);
        const int32_t at = b->token.at;
        if (op < 0) break;
        const int32_t right = pmkti_expr_lex_next(b) ? parse_product(b) : -1;
        left = right < 0 ? -1 : pmkti_expr_make_binary(b, (pmkti_op)op, left, right, at);
    }
    return left;
}

static int32_t parse_is(pmkti_builder *b, int32_t left) {
    const int32_t at = b->token.at;
    if (!pmkti_expr_lex_next(b)) return -1;
    const bool is_not = b->token.kind == PMKTI_TOKEN_NOT;
    if (is_not && !pmkti_expr_lex_next(b)) return -1;
    const bool missing = is_next(b, "missing");
    if (!missing && !is_next(b, "known")) {
        return expected(b,
                        is_not ? "\"missing\" or \"known\"" : "\"missing\", \"known\" or \"not\"");
    }
    if (!pmkti_expr_lex_next(b)) return -1;
    return pmkti_expr_make_unary(b, missing != is_not ? PMKTI_OP_MISSING : PMKTI_OP_KNOWN, left,
                                 at);
}

static int32_t parse_between(pmkti_builder *b, int32_t left, int32_t at) {
    const int32_t low = pmkti_expr_lex_next(b) ? parse_sum(b) : -1;
    if (low < 0 || !take(b, PMKTI_TOKEN_AND, "\"and\" before the upper bound of \"between\""))
        return -1;
    const int32_t high = parse_sum(b);
    return high < 0 ? -1 : pmkti_expr_make_between(b, left, low, high, at);
}

static int32_t parse_in(pmkti_builder *b, int32_t left, int32_t at) {
    if (!pmkti_expr_lex_next(b) || !take(b, PMKTI_TOKEN_OPEN, "\"(\" after \"in\"")) return -1;
    int32_t first = parse_sum(b);
    if (first >= 0) first = parse_list(b, first, parse_sum);
    return first < 0 ? -1 : pmkti_expr_make_in(b, left, first, at);
}

static int32_t parse_compare(pmkti_builder *b, int32_t left) {
    const int32_t op = op_of(b, PMKTI_TOKEN_EQ, PMKTI_TOKEN_GE, PMKTI_OP_EQ);
    const int32_t at = b->token.at;
    const int32_t right = pmkti_expr_lex_next(b) ? parse_sum(b) : -1;
    return right < 0 ? -1 : pmkti_expr_make_binary(b, (pmkti_op)op, left, right, at);
}

static bool is_predicate(const pmkti_builder *b) {
    const pmkti_token_kind k = b->token.kind;
    return (k >= PMKTI_TOKEN_EQ && k <= PMKTI_TOKEN_GE) || k == PMKTI_TOKEN_IS ||
           k == PMKTI_TOKEN_NOT || k == PMKTI_TOKEN_IN || k == PMKTI_TOKEN_BETWEEN;
}

static int32_t parse_predicate(pmkti_builder *b) {
    const int32_t left = parse_sum(b);
    if (left < 0 || !is_predicate(b)) return left;
    const int32_t at = b->token.at;
    const bool is_not = b->token.kind == PMKTI_TOKEN_NOT;
    if (is_not && !pmkti_expr_lex_next(b)) return -1;
    int32_t node = -1;
    if (b->token.kind == PMKTI_TOKEN_BETWEEN) {
        node = parse_between(b, left, at);
    } else if (b->token.kind == PMKTI_TOKEN_IN) {
        node = parse_in(b, left, at);
    } else if (is_not) {
        return expected(b, "\"between\" or \"in\" after \"not\"");
    } else {
        node = b->token.kind == PMKTI_TOKEN_IS ? parse_is(b, left) : parse_compare(b, left);
    }
    if (node >= 0 && is_predicate(b)) {
        return pmkti_expr_fail(b, b->token.at,
                               "comparisons cannot be chained; join two of them with "
                               "\"and\", or use parentheses");
    }
    return apply_before(b, PMKTI_OP_NOT, is_not, node, at);
}

static int32_t parse_negation(pmkti_builder *b) {
    const int32_t at = b->token.at;
    int32_t n = 0;
    for (; b->token.kind == PMKTI_TOKEN_NOT; n++) {
        if (!pmkti_expr_lex_next(b)) return -1;
    }
    return apply_before(b, PMKTI_OP_NOT, n, parse_predicate(b), at);
}

static int32_t parse_all(pmkti_builder *b) {
    int32_t left = parse_negation(b);
    while (left >= 0 && b->token.kind == PMKTI_TOKEN_AND) {
        const int32_t at = b->token.at;
        const int32_t right = pmkti_expr_lex_next(b) ? parse_negation(b) : -1;
        left = right < 0 ? -1 : pmkti_expr_make_binary(b, PMKTI_OP_AND, left, right, at);
    }
    return left;
}

static int32_t parse_expression(pmkti_builder *b) {
    int32_t left = parse_all(b);
    while (left >= 0 && b->token.kind == PMKTI_TOKEN_OR) {
        const int32_t at = b->token.at;
        const int32_t right = pmkti_expr_lex_next(b) ? parse_all(b) : -1;
        left = right < 0 ? -1 : pmkti_expr_make_binary(b, PMKTI_OP_OR, left, right, at);
    }
    return left;
}

int32_t pmkti_expr_parse(pmkti_builder *b) {
    if (!pmkti_expr_lex(b, b->from)) return -1;
    const int32_t root = parse_expression(b);
    if (root >= 0 && b->token.kind != PMKTI_TOKEN_END) return expected(b, "an operator or the end");
    return root;
}
