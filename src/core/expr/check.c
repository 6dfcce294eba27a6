/* Types: which operands an operation takes, what its result is, and what an operand is used as. */
#include <string.h>

#include "core/expr/build.h"

int32_t pmkti_expr_make_node(pmkti_builder *b, pmkti_node_kind kind, int32_t type, int32_t at) {
    if (b->nodes.n >= b->limits.max_nodes) {
        return pmkti_expr_limit(b, at, "more than %d operators, names and literals",
                                (int)b->limits.max_nodes);
    }
    pmkti_expr_node *node = pmkti_expr_push(b, &b->nodes, 1, sizeof *node);
    if (!node) return -1;
    node->kind = (uint8_t)kind;
    node->type = node->as = (uint8_t)type;
    node->a = node->b = node->next = -1;
    node->at = at;
    return b->nodes.n - 1;
}

int32_t pmkti_expr_make_literal(pmkti_builder *b, int32_t type, pmkti_value value, int32_t at) {
    const int32_t node = pmkti_expr_make_node(b, PMKTI_NODE_LITERAL, type, at);
    if (node >= 0) pmkti_expr_node_at(b, node)->value = value;
    return node;
}

bool pmkti_expr_keep_text(pmkti_builder *b, int32_t node, const char *text, int32_t length) {
    char *to = pmkti_expr_push(b, &b->texts, length, 1);
    if (!to) return false;
    memcpy(to, text, (size_t)length);
    pmkti_expr_node_at(b, node)->text = b->texts.n - length;
    pmkti_expr_node_at(b, node)->length = length;
    return true;
}

/* ------------------------------------------------------------- common types */

static bool is_number(int32_t type) {
    return type == PMKTI_EXPR_INT || type == PMKTI_EXPR_DOUBLE;
}

static bool is_id(int32_t type) {
    return type == PMKTI_EXPR_TEXT || type == PMKTI_EXPR_ID;
}

static int32_t type_of(const pmkti_builder *b, int32_t node) {
    return pmkti_expr_node_at(b, node)->type;
}

/* The type in which two can be compared, or 0. That an int is a literal where it shall be an id is
   seen to by use_as. */
static int32_t common_type(int32_t a, int32_t c) {
    if (a == c) return a;
    if (is_number(a) && is_number(c)) return PMKTI_EXPR_DOUBLE;
    if (is_id(a) && is_id(c)) return PMKTI_EXPR_ID;
    if ((a == PMKTI_EXPR_ID && c == PMKTI_EXPR_INT) ||
        (c == PMKTI_EXPR_ID && a == PMKTI_EXPR_INT)) {
        return PMKTI_EXPR_ID;
    }
    return 0;
}

/* What may help whoever mixed two types. */
static const char *hint(int32_t a, int32_t c) {
    if (is_number(a) || is_number(c)) {
        const int32_t other = is_number(a) ? c : a;
        if (other == PMKTI_EXPR_DURATION) return "; a duration has a unit, such as 30 days";
        if (other == PMKTI_EXPR_TEXT) return "; a number has no quotes";
    }
    if (a == PMKTI_EXPR_TIME || c == PMKTI_EXPR_TIME)
        return "; a time is written date '2026-01-05'";
    return "";
}

static int32_t mixed(pmkti_builder *b, const char *op, int32_t a, int32_t c, int32_t at) {
    return pmkti_expr_fail(b, at, "\"%s\" cannot work on %s and %s%s", op, pmkti_expr_type_name(a),
                           pmkti_expr_type_name(c), hint(a, c));
}

static bool use_as(pmkti_builder *b, int32_t node, int32_t type) {
    pmkti_expr_node *n = pmkti_expr_node_at(b, node);
    if (type == PMKTI_EXPR_ID && n->type == PMKTI_EXPR_INT) {
        if (n->kind != PMKTI_NODE_LITERAL) {
            return pmkti_expr_fail(b, n->at, "only a number that is written out can be an id"),
                   false;
        }
        if (n->value.i <= 0) return pmkti_expr_fail(b, n->at, "an id is not zero or less"), false;
    }
    n->as = (uint8_t)type;
    return true;
}

/* Makes a list of operands (by next), and `a` if it is not -1, of one type; gives it. */
static int32_t unify(pmkti_builder *b, const char *op, int32_t a, int32_t first, int32_t at) {
    int32_t type = type_of(b, a);
    for (int32_t i = first; i >= 0; i = pmkti_expr_node_at(b, i)->next) {
        const int32_t both = common_type(type, type_of(b, i));
        if (both == 0)
            return mixed(b, op, type, type_of(b, i),
                         first == i ? at : pmkti_expr_node_at(b, i)->at);
        type = both;
    }
    if (!use_as(b, a, type)) return -1;
    for (int32_t i = first; i >= 0; i = pmkti_expr_node_at(b, i)->next) {
        if (!use_as(b, i, type)) return -1;
    }
    return type;
}

static bool check_order(pmkti_builder *b, const char *op, int32_t type, int32_t at) {
    if (type != PMKTI_EXPR_BOOL && !is_id(type)) return true;
    return pmkti_expr_fail(b, at, "\"%s\" has no answer for %s, which has no order", op,
                           pmkti_expr_type_name(type)),
           false;
}

/* --------------------------------------------------------------- operations */

static int32_t made(pmkti_builder *b, int32_t node) {
    if (node >= 0) pmkti_expr_fold(b, node);
    return node;
}

static bool check_condition(pmkti_builder *b, const char *op, int32_t node) {
    const pmkti_expr_node *n = pmkti_expr_node_at(b, node);
    if (n->type == PMKTI_EXPR_BOOL) return true;
    return pmkti_expr_fail(b, n->at, "\"%s\" needs a condition here, but this is %s", op,
                           pmkti_expr_type_name(n->type)),
           false;
}

int32_t pmkti_expr_make_unary(pmkti_builder *b, pmkti_op op, int32_t a, int32_t at) {
    int32_t type = PMKTI_EXPR_BOOL;
    if (op == PMKTI_OP_NOT && !check_condition(b, "not", a)) return -1;
    if (op == PMKTI_OP_NEG) {
        type = type_of(b, a);
        if (!is_number(type) && type != PMKTI_EXPR_DURATION) {
            return pmkti_expr_fail(b, at, "\"-\" cannot negate %s", pmkti_expr_type_name(type));
        }
    }
    const bool before = op == PMKTI_OP_NOT || op == PMKTI_OP_NEG;
    const int32_t node =
        pmkti_expr_make_node(b, PMKTI_NODE_UNARY, type, before ? at : pmkti_expr_node_at(b, a)->at);
    if (node < 0) return -1;
    pmkti_expr_node_at(b, node)->op = (uint8_t)op;
    pmkti_expr_node_at(b, node)->a = a;
    return made(b, node);
}

/* The result of an arithmetic operation, or 0; and what the operands are used as. */
static int32_t arithmetic(pmkti_op op, int32_t a, int32_t c, int32_t *as) {
    const int32_t time = PMKTI_EXPR_TIME, duration = PMKTI_EXPR_DURATION, whole = PMKTI_EXPR_INT;
    *as = 0; /* as they are */
    if (op == PMKTI_OP_MOD) return a == whole && c == whole ? whole : 0;
    if (op == PMKTI_OP_DIV) {
        *as = PMKTI_EXPR_DOUBLE;
        return (is_number(a) && is_number(c)) || (a == duration && c == duration) ? *as : 0;
    }
    if (is_number(a) && is_number(c)) return *as = common_type(a, c);
    if (op == PMKTI_OP_MUL) {
        return (a == duration && c == whole) || (a == whole && c == duration) ? duration : 0;
    }
    if (c == duration && (a == time || a == duration)) return a;
    if (op == PMKTI_OP_ADD) return a == duration && c == time ? time : 0;
    return a == time && c == time ? duration : 0;
}

static int32_t type_binary(pmkti_builder *b, pmkti_op op, int32_t a, int32_t c, int32_t at) {
    const char *name = pmkti_expr_op_name((int32_t)op);
    if (op == PMKTI_OP_AND || op == PMKTI_OP_OR) {
        return check_condition(b, name, a) && check_condition(b, name, c) ? PMKTI_EXPR_BOOL : -1;
    }
    if (op <= PMKTI_OP_GE) {
        const int32_t type = unify(b, name, a, c, at);
        if (type < 0) return -1;
        return op <= PMKTI_OP_NE || check_order(b, name, type, at) ? PMKTI_EXPR_BOOL : -1;
    }
    int32_t as = 0;
    const int32_t type = arithmetic(op, type_of(b, a), type_of(b, c), &as);
    if (type == 0) return mixed(b, name, type_of(b, a), type_of(b, c), at);
    if (as && !(use_as(b, a, as) && use_as(b, c, as))) return -1;
    return type;
}

static int32_t make_two(pmkti_builder *b, pmkti_node_kind kind, int32_t type, int32_t a,
                        int32_t c) {
    const int32_t node = pmkti_expr_make_node(b, kind, type, pmkti_expr_node_at(b, a)->at);
    if (node < 0) return -1;
    pmkti_expr_node_at(b, node)->a = a;
    pmkti_expr_node_at(b, node)->b = c;
    return node;
}

int32_t pmkti_expr_make_binary(pmkti_builder *b, pmkti_op op, int32_t a, int32_t c, int32_t at) {
    const int32_t type = type_binary(b, op, a, c, at);
    const int32_t node = type < 0 ? -1 : make_two(b, PMKTI_NODE_BINARY, type, a, c);
    if (node < 0) return -1;
    pmkti_expr_node_at(b, node)->op = (uint8_t)op;
    return made(b, node);
}

int32_t pmkti_expr_make_between(pmkti_builder *b, int32_t a, int32_t low, int32_t high,
                                int32_t at) {
    pmkti_expr_node_at(b, low)->next = high;
    const int32_t type = unify(b, "between", a, low, at);
    if (type < 0 || !check_order(b, "between", type, at)) return -1;
    return made(b, make_two(b, PMKTI_NODE_BETWEEN, PMKTI_EXPR_BOOL, a, low));
}

int32_t pmkti_expr_make_in(pmkti_builder *b, int32_t a, int32_t first, int32_t at) {
    if (unify(b, "in", a, first, at) < 0) return -1;
    return made(b, make_two(b, PMKTI_NODE_IN, PMKTI_EXPR_BOOL, a, first));
}

/* --------------------------------------------------------------------- calls */

static bool fits(int32_t type, int32_t wanted) {
    if (type == wanted) return true;
    if (wanted == PMKTI_EXPR_DOUBLE) return type == PMKTI_EXPR_INT;
    return wanted == PMKTI_EXPR_ID && (type == PMKTI_EXPR_TEXT || type == PMKTI_EXPR_INT);
}

int32_t pmkti_expr_make_call(pmkti_builder *b, int32_t function, int32_t first, int32_t at,
                             int32_t length) {
    const pmkti_expr_function *f = &b->schema->functions[function];
    int32_t n = 0;
    for (int32_t i = first; i >= 0; i = pmkti_expr_node_at(b, i)->next, n++) {
        if (n >= f->n_args) continue;
        const int32_t type = type_of(b, i);
        if (!fits(type, f->args[n])) {
            return pmkti_expr_fail(
                b, pmkti_expr_node_at(b, i)->at, "argument %d of %.80s must be %s, but this is %s",
                (int)n + 1, f->name, pmkti_expr_type_name(f->args[n]), pmkti_expr_type_name(type));
        }
        if (!use_as(b, i, f->args[n])) return -1;
    }
    if (n != f->n_args) {
        return pmkti_expr_fail(b, at, "%.80s takes %d argument%s, but here are %d", f->name,
                               (int)f->n_args, f->n_args == 1 ? "" : "s", (int)n);
    }
    const int32_t node = pmkti_expr_make_node(b, PMKTI_NODE_CALL, f->result, at);
    if (node < 0 || !pmkti_expr_keep_text(b, node, b->text + at, length)) return -1;
    pmkti_expr_node_at(b, node)->a = function;
    pmkti_expr_node_at(b, node)->b = first;
    return node;
}
