/*
 * Code from the tree, by a walk with a stack of its own, for chains of operators are as deep as they
 * are long. A node is told the register for its result; it may use all registers above.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "core/expr/build.h"

/* A node under way. */
typedef struct frame {
    int32_t node;
    int32_t to;   /* register */
    int32_t step; /* how often it was here before */
    int32_t item; /* of a list: the operand whose turn it is */
    int32_t jump; /* of `and` and `or`: where the jump is; of a list: the operand visited last */
} frame;

typedef enum outcome {
    FAILED,
    MORE,
    DONE
} outcome;

static const pmkti_expr_node *at(const pmkti_builder *b, int32_t node) {
    return pmkti_expr_node_at(b, node);
}

static pmkti_class class_of(const pmkti_builder *b, int32_t node) {
    return pmkti_expr_class(at(b, node)->as);
}

static bool reserve(pmkti_builder *b, const pmkti_expr_node *node, int32_t to) {
    if (to >= PMKTI_EXPR_REGISTERS) {
        return pmkti_expr_limit(b, node->at, "too many operations in one another"), false;
    }
    if (to >= b->n_registers) b->n_registers = to + 1;
    return true;
}

static outcome visit(pmkti_builder *b, int32_t node, int32_t to) {
    if (!reserve(b, at(b, node), to)) return FAILED;
    frame *f = pmkti_expr_push(b, &b->stack, 1, sizeof *f);
    if (!f) return FAILED;
    *f = (frame){.node = node, .to = to, .item = -1, .jump = -1};
    return MORE;
}

static outcome put(pmkti_builder *b, pmkti_op op, pmkti_class class, int32_t to, int32_t a,
                   int32_t second) {
    pmkti_code *c = pmkti_expr_push(b, &b->code, 1, sizeof *c);
    if (!c) return FAILED;
    c->op = (uint8_t)op;
    c->class = (uint8_t) class;
    c->to = (uint16_t)to;
    c->a = (uint16_t)a;
    c->b = second;
    return DONE;
}

static pmkti_code *last_code(const pmkti_builder *b) {
    return (pmkti_code *)b->code.at + b->code.n - 1;
}

/* ------------------------------------------------------------------ scalars */

/* Whether an operand needs no register: a literal, or a parameter that is used as it is. */
static bool is_scalar(const pmkti_builder *b, int32_t node) {
    const pmkti_expr_node *n = at(b, node);
    if (n->kind == PMKTI_NODE_LITERAL) return true;
    return n->kind == PMKTI_NODE_PARAM && pmkti_expr_class(n->type) == pmkti_expr_class(n->as);
}

/* An operation whose second operand is a scalar; parameters are -1 - number for now. */
static outcome put_scalar(pmkti_builder *b, pmkti_op op, pmkti_class class, int32_t to, int32_t a,
                          int32_t node) {
    const pmkti_expr_node *n = at(b, node);
    int32_t scalar = -1 - n->a;
    if (n->kind == PMKTI_NODE_LITERAL) {
        pmkti_value *value = pmkti_expr_push(b, &b->literals, 1, sizeof *value);
        if (!value) return FAILED;
        *value = pmkti_expr_literal_value(n);
        scalar = b->literals.n - 1;
    }
    if (put(b, op, class, to, a, scalar) == FAILED) return FAILED;
    last_code(b)->scalar = 1;
    return DONE;
}

/* --------------------------------------------------------------- operations */

/* The operation that gives the same with its operands exchanged, or -1. */
static int32_t mirrored(pmkti_op op) {
    switch (op) {
        case PMKTI_OP_LT:
            return PMKTI_OP_GT;
        case PMKTI_OP_LE:
            return PMKTI_OP_GE;
        case PMKTI_OP_GT:
            return PMKTI_OP_LT;
        case PMKTI_OP_GE:
            return PMKTI_OP_LE;
        case PMKTI_OP_EQ:
        case PMKTI_OP_NE:
        case PMKTI_OP_ADD:
        case PMKTI_OP_MUL:
            return (int32_t)op;
        default:
            return -1;
    }
}

static outcome emit_unary(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    if (f->step++ == 0) return visit(b, n->a, f->to);
    return put(b, (pmkti_op)n->op, class_of(b, n->a), f->to, f->to, 0);
}

static outcome emit_binary(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    int32_t first = n->a, second = n->b, op = n->op;
    if (is_scalar(b, first) && !is_scalar(b, second) && mirrored((pmkti_op)op) >= 0) {
        first = n->b, second = n->a, op = mirrored((pmkti_op)op);
    }
    const pmkti_class class = class_of(b, first);
    switch (f->step++) {
        case 0:
            return visit(b, first, f->to);
        case 1:
            if (is_scalar(b, second)) {
                return put_scalar(b, (pmkti_op)op, class, f->to, f->to, second);
            }
            return visit(b, second, f->to + 1);
        default:
            return put(b, (pmkti_op)op, class, f->to, f->to, f->to + 1);
    }
}

/* The right side is jumped over where the left one decides; functions being pure, nobody sees. */
static outcome emit_logic(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    const bool is_and = n->op == PMKTI_OP_AND;
    switch (f->step++) {
        case 0:
            return visit(b, n->a, f->to);
        case 1:
            if (put(b, is_and ? PMKTI_OP_JUMP_FALSE : PMKTI_OP_JUMP_TRUE, PMKTI_CLASS_B, f->to,
                    f->to, 0) == FAILED) {
                return FAILED;
            }
            f->jump = b->code.n - 1;
            return visit(b, n->b, f->to + 1);
        default:
            if (put(b, (pmkti_op)n->op, PMKTI_CLASS_B, f->to, f->to, f->to + 1) == FAILED) {
                return FAILED;
            }
            ((pmkti_code *)b->code.at)[f->jump].b = b->code.n;
            return DONE;
    }
}

/* An operation on the register `a` and an operand: one that was visited, or a scalar. */
static outcome put_operand(pmkti_builder *b, pmkti_op op, pmkti_class class, int32_t to, int32_t a,
                           int32_t node, int32_t visited) {
    if (is_scalar(b, node)) return put_scalar(b, op, class, to, a, node);
    return put(b, op, class, to, a, visited);
}

/* The bounds are compared into the two registers above. */
static outcome emit_between(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    if (!reserve(b, n, f->to + 2)) return FAILED;
    if (f->step++ == 0) return f->item = n->b, visit(b, n->a, f->to);
    while (f->item >= 0) {
        const bool is_low = f->item == n->b;
        const int32_t to = f->to + (is_low ? 1 : 2);
        const bool is_visited = f->jump == f->item;
        if (!is_visited && !is_scalar(b, f->item)) return f->jump = f->item, visit(b, f->item, to);
        if (put_operand(b, is_low ? PMKTI_OP_GE : PMKTI_OP_LE, class_of(b, n->a), to, f->to,
                        f->item, to) == FAILED) {
            return FAILED;
        }
        f->item = at(b, f->item)->next;
    }
    return put(b, PMKTI_OP_AND, PMKTI_CLASS_B, f->to, f->to + 1, f->to + 2);
}

/* --------------------------------------------------------------------- lists */

static int order_i(const void *x, const void *y) {
    const int64_t a = ((const pmkti_value *)x)->i, b = ((const pmkti_value *)y)->i;
    return (a > b) - (a < b);
}

static int order_d(const void *x, const void *y) {
    const double a = ((const pmkti_value *)x)->d, b = ((const pmkti_value *)y)->d;
    return (a > b) - (a < b);
}

static int order_u(const void *x, const void *y) {
    const uint64_t a = ((const pmkti_value *)x)->id, b = ((const pmkti_value *)y)->id;
    return (a > b) - (a < b);
}

static outcome put_false(pmkti_builder *b, int32_t to) {
    pmkti_value *value = pmkti_expr_push(b, &b->literals, 1, sizeof *value);
    if (!value) return FAILED;
    value->i = PMKTI_FALSE;
    if (put(b, PMKTI_OP_CONST, PMKTI_CLASS_B, to, 0, b->literals.n - 1) == FAILED) return FAILED;
    last_code(b)->scalar = 1;
    return DONE;
}

/* The literals of a list become an ascending table, and finding a subject there is the first
   answer. */
static outcome put_set(pmkti_builder *b, const frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    const pmkti_class class = class_of(b, n->a);
    const int32_t from = b->sets.n;
    for (int32_t i = n->b; i >= 0; i = at(b, i)->next) {
        if (at(b, i)->kind != PMKTI_NODE_LITERAL) continue;
        pmkti_value *value = pmkti_expr_push(b, &b->sets, 1, sizeof *value);
        if (!value) return FAILED;
        *value = pmkti_expr_literal_value(at(b, i));
    }
    const int32_t count = b->sets.n - from;
    if (count == 0) return put_false(b, f->to + 1);
    qsort((pmkti_value *)b->sets.at + from, (size_t)count, sizeof(pmkti_value),
          class == PMKTI_CLASS_D   ? order_d
          : class == PMKTI_CLASS_U ? order_u
                                   : order_i);
    if (put(b, PMKTI_OP_SET, class, f->to + 1, f->to, from) == FAILED) return FAILED;
    last_code(b)->n = count;
    return DONE;
}

static int32_t next_variable(const pmkti_builder *b, int32_t node) {
    while (node >= 0 && at(b, node)->kind == PMKTI_NODE_LITERAL) node = at(b, node)->next;
    return node;
}

/* The answer so far is in the register above the subject's, the comparison with what is no literal in
   the one above that. */
static outcome emit_in(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    const int32_t answer = f->to + 1, one = f->to + 2;
    if (!reserve(b, n, one)) return FAILED;
    if (f->step++ == 0) return visit(b, n->a, f->to);
    if (f->step == 2) {
        if (put_set(b, f) == FAILED) return FAILED;
        f->item = next_variable(b, n->b);
    }
    while (f->item >= 0) {
        const bool is_visited = f->jump == f->item;
        if (!is_visited && !is_scalar(b, f->item)) return f->jump = f->item, visit(b, f->item, one);
        if (put_operand(b, PMKTI_OP_EQ, class_of(b, n->a), one, f->to, f->item, one) == FAILED ||
            put(b, PMKTI_OP_OR, PMKTI_CLASS_B, answer, answer, one) == FAILED) {
            return FAILED;
        }
        f->item = next_variable(b, at(b, f->item)->next);
    }
    return put(b, PMKTI_OP_MOVE, PMKTI_CLASS_B, f->to, answer, 0);
}

/* Arguments stand in the registers above the result's. */
static outcome emit_call(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    f->item = f->step == 0 ? n->b : at(b, f->item)->next;
    if (f->item >= 0) return f->step++, visit(b, f->item, f->to + f->step);
    pmkti_expr_function *function = pmkti_expr_push(b, &b->functions, 1, sizeof *function);
    if (!function) return FAILED;
    *function = b->schema->functions[n->a];
    function->name = NULL; /* is not ours */
    if (put(b, PMKTI_OP_CALL, pmkti_expr_class(n->type), f->to, f->to + 1, b->functions.n - 1) ==
        FAILED) {
        return FAILED;
    }
    last_code(b)->n = function->n_args;
    return DONE;
}

/* ----------------------------------------------------------------------- walk */

static outcome advance(pmkti_builder *b, frame *f) {
    const pmkti_expr_node *n = at(b, f->node);
    switch (n->kind) {
        case PMKTI_NODE_FIELD:
            if (put(b, PMKTI_OP_LOAD, pmkti_expr_class(n->type), f->to, 0, n->a) == FAILED) {
                return FAILED;
            }
            last_code(b)->type = n->type;
            return DONE;
        case PMKTI_NODE_UNARY:
            return emit_unary(b, f);
        case PMKTI_NODE_BINARY:
            return n->op == PMKTI_OP_AND || n->op == PMKTI_OP_OR ? emit_logic(b, f)
                                                                 : emit_binary(b, f);
        case PMKTI_NODE_BETWEEN:
            return emit_between(b, f);
        case PMKTI_NODE_IN:
            return emit_in(b, f);
        case PMKTI_NODE_CALL:
            return emit_call(b, f);
        default:
            return put_scalar(b, PMKTI_OP_CONST,
                              pmkti_expr_class(n->kind == PMKTI_NODE_LITERAL ? n->as : n->type),
                              f->to, 0, f->node);
    }
}

bool pmkti_expr_emit(pmkti_builder *b, int32_t root) {
    outcome result = visit(b, root, 0);
    while (result != FAILED && b->stack.n > 0) {
        /* A visit may move the stack, so the frame is worked on as a copy. */
        const int32_t top = b->stack.n - 1;
        frame f = ((frame *)b->stack.at)[top];
        result = advance(b, &f);
        if (result == MORE) ((frame *)b->stack.at)[top] = f;
        if (result != DONE) continue;
        b->stack.n = top;
        const pmkti_expr_node *n = at(b, f.node);
        if (n->kind != PMKTI_NODE_LITERAL && pmkti_expr_class(n->type) != pmkti_expr_class(n->as)) {
            result = put(b, PMKTI_OP_TO_DOUBLE, PMKTI_CLASS_I, f.to, f.to, 0);
        }
    }
    pmkti_free(&b->allocator, b->stack.at, (size_t)b->stack.room, sizeof(frame));
    return result != FAILED;
}
