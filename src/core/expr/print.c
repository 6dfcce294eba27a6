/*
 * The tree as text. The walk keeps no stack: a node knows its parent, and where one came from tells
 * what is next. So any program prints without memory.
 */
#include <stdio.h>
#include <string.h>

#include "core/expr/build.h"
#include "core/zone.h"

typedef struct printer {
    const pmkti_expr *program;
    char *text;
    size_t room, length;
} printer;

static void put(printer *p, const char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++, p->length++) {
        if (p->length + 1 < p->room) p->text[p->length] = bytes[i];
    }
}

static void say(printer *p, const char *text) {
    put(p, text, strlen(text));
}

static void say_int(printer *p, int64_t number) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)number);
    say(p, digits);
}

/* ----------------------------------------------------------------- literals */

static void say_duration(printer *p, int64_t ms) {
    static const struct {
        int64_t ms;
        const char *one, *many;
    } UNITS[] = {{86400000, " day", " days"},
                 {3600000, " hour", " hours"},
                 {60000, " min", " min"},
                 {1000, " s", " s"},
                 {1, " ms", " ms"}};
    size_t i = 0;
    while (ms % UNITS[i].ms) i++;
    const int64_t number = ms / UNITS[i].ms;
    say_int(p, number);
    say(p, number == 1 || number == -1 ? UNITS[i].one : UNITS[i].many);
}

static void say_time(printer *p, const pmkti_expr_node *n) {
    const pmkt_zone zone = {sizeof zone, n->offset, NULL, 0};
    const int32_t size = n->offset < 0 ? -n->offset : n->offset;
    char text[32] = "", offset[16];
    (void)pmkt_time_format(n->value.i, &zone, text, NULL);
    (void)snprintf(offset, sizeof offset, "%c%02d:%02d", n->offset < 0 ? '-' : '+',
                   (int)(size / 60), (int)(size % 60));
    say(p, "time '");
    say(p, text);
    say(p, offset);
    say(p, "'");
}

static void say_text(printer *p, const char *text, int32_t length) {
    say(p, "'");
    for (int32_t i = 0; i < length; i++) {
        put(p, text + i, 1);
        if (text[i] == '\'') say(p, "'");
    }
    say(p, "'");
}

static void say_literal(printer *p, const pmkti_expr_node *n) {
    char text[PMKTI_DECIMAL_ROOM];
    switch (n->type) {
        case PMKTI_EXPR_BOOL:
            say(p, n->value.i == PMKTI_TRUE ? "true" : "false");
            break;
        case PMKTI_EXPR_DOUBLE:
            put(p, text, (size_t)pmkti_expr_decimal_write(n->value.d, text));
            break;
        case PMKTI_EXPR_TIME:
            say_time(p, n);
            break;
        case PMKTI_EXPR_DURATION:
            say_duration(p, n->value.i);
            break;
        case PMKTI_EXPR_TEXT:
            say_text(p, p->program->texts + n->text, n->length);
            break;
        case PMKTI_EXPR_ID:
            (void)snprintf(text, sizeof text, "0x%llx", (unsigned long long)n->value.id);
            say(p, text);
            break;
        default:
            say_int(p, n->value.i);
    }
}

/* --------------------------------------------------------------- parentheses */

/* How strongly a node binds, and how strongly its operands must. */
enum {
    ANY = 1,
    ALL,
    NEGATION,
    PREDICATE,
    SUM,
    PRODUCT,
    FACTOR,
    VALUE
};

static bool is_negative(const pmkti_expr_node *n) {
    if (n->type == PMKTI_EXPR_DOUBLE) return signbit(n->value.d);
    return (n->type == PMKTI_EXPR_INT || n->type == PMKTI_EXPR_DURATION) && n->value.i < 0;
}

static int strength(const pmkti_expr_node *n) {
    if (n->kind == PMKTI_NODE_LITERAL) return is_negative(n) ? FACTOR : VALUE;
    if (n->kind < PMKTI_NODE_UNARY) return VALUE;
    if (n->kind > PMKTI_NODE_BINARY) return PREDICATE;
    switch (n->op) {
        case PMKTI_OP_OR:
            return ANY;
        case PMKTI_OP_AND:
            return ALL;
        case PMKTI_OP_NOT:
            return NEGATION;
        case PMKTI_OP_ADD:
        case PMKTI_OP_SUB:
            return SUM;
        case PMKTI_OP_MUL:
        case PMKTI_OP_DIV:
        case PMKTI_OP_MOD:
            return PRODUCT;
        case PMKTI_OP_NEG:
            return FACTOR;
        default:
            return PREDICATE;
    }
}

static bool needs_parentheses(const pmkti_expr *program, int32_t node) {
    const pmkti_expr_node *n = &program->nodes[node];
    if (n->parent < 0) return false;
    const pmkti_expr_node *parent = &program->nodes[n->parent];
    const int outer = strength(parent);
    int least = outer;
    if (parent->kind == PMKTI_NODE_CALL) least = ANY;
    if (outer == PREDICATE) least = SUM;
    if (parent->kind == PMKTI_NODE_BINARY && outer != PREDICATE && parent->b == node)
        least = outer + 1;
    return strength(n) < least;
}

/* ----------------------------------------------------------------------- walk */

/* The operand after `from`, the first one for -1; -1 after the last. */
static int32_t next_operand(const pmkti_expr *program, const pmkti_expr_node *n, int32_t from) {
    const bool has_left = n->kind >= PMKTI_NODE_UNARY;
    if (n->kind < PMKTI_NODE_CALL) return -1;
    if (from < 0) return has_left ? n->a : n->b;
    return has_left && from == n->a ? n->b : program->nodes[from].next;
}

/* What stands before an operand. */
static void say_before(printer *p, const pmkti_expr_node *n, int32_t operand) {
    if (n->kind == PMKTI_NODE_CALL) {
        if (operand != n->b) say(p, ", ");
    } else if (operand == n->a) {
        if (n->kind == PMKTI_NODE_UNARY && n->op == PMKTI_OP_NOT) say(p, "not ");
        if (n->kind == PMKTI_NODE_UNARY && n->op == PMKTI_OP_NEG) say(p, "-");
    } else if (n->kind == PMKTI_NODE_BINARY) {
        say(p, " ");
        say(p, pmkti_expr_op_name(n->op));
        say(p, " ");
    } else if (n->kind == PMKTI_NODE_BETWEEN) {
        say(p, operand == n->b ? " between " : " and ");
    } else {
        say(p, operand == n->b ? " in (" : ", ");
    }
}

/* What a node begins with, before its operands. */
static void say_begin(printer *p, int32_t node) {
    const pmkti_expr_node *n = &p->program->nodes[node];
    if (needs_parentheses(p->program, node)) say(p, "(");
    if (n->kind == PMKTI_NODE_LITERAL) {
        say_literal(p, n);
    } else if (n->kind <= PMKTI_NODE_CALL) {
        if (n->kind == PMKTI_NODE_PARAM) say(p, ":");
        put(p, p->program->texts + n->text, (size_t)n->length);
        if (n->kind == PMKTI_NODE_CALL) say(p, "(");
    }
}

static void say_end(printer *p, int32_t node) {
    const pmkti_expr_node *n = &p->program->nodes[node];
    if (n->kind == PMKTI_NODE_CALL || n->kind == PMKTI_NODE_IN) say(p, ")");
    if (n->kind == PMKTI_NODE_UNARY && n->op != PMKTI_OP_NOT && n->op != PMKTI_OP_NEG) {
        say(p, " ");
        say(p, pmkti_expr_op_name(n->op));
    }
    if (needs_parentheses(p->program, node)) say(p, ")");
}

size_t pmkti_expr_print(const pmkti_expr *program, char *text, size_t room) {
    printer p = {program, text, room, 0};
    int32_t node = program->root, from = -1;
    say_begin(&p, node);
    while (node >= 0) {
        const pmkti_expr_node *n = &program->nodes[node];
        const int32_t operand = next_operand(program, n, from);
        if (operand >= 0) {
            say_before(&p, n, operand);
            say_begin(&p, operand);
            node = operand, from = -1;
        } else {
            say_end(&p, node);
            from = node, node = n->parent;
        }
    }
    if (room > 0) text[p.length < room ? p.length : room - 1] = '\0';
    return p.length;
}
