#include "core/expr/build.h"
#include "core/zone.h"

pmkti_value pmkti_expr_literal_value(const pmkti_expr_node *node) {
    if (node->as == PMKTI_EXPR_DOUBLE && node->type != PMKTI_EXPR_DOUBLE) {
        return (pmkti_value){.d = pmkti_to_double(node->value.i)};
    }
    return node->value;
}

static bool is_literal(const pmkti_builder *b, int32_t node) {
    return pmkti_expr_node_at(b, node)->kind == PMKTI_NODE_LITERAL;
}

static bool all_literals(const pmkti_builder *b, const pmkti_expr_node *node) {
    if (!is_literal(b, node->a)) return false;
    for (int32_t i = node->b; i >= 0; i = pmkti_expr_node_at(b, i)->next) {
        if (!is_literal(b, i)) return false;
    }
    return true;
}

static pmkti_value truth(uint8_t value) {
    return (pmkti_value){.i = value};
}

/* The value of a node all of whose operands are literals. */
static pmkti_value evaluate(const pmkti_builder *b, const pmkti_expr_node *node) {
    const pmkti_expr_node *left = pmkti_expr_node_at(b, node->a);
    const pmkti_class class = pmkti_expr_class(left->as);
    const pmkti_value a = pmkti_expr_literal_value(left);
    const pmkti_op op = (pmkti_op)node->op;
    if (node->kind == PMKTI_NODE_UNARY) {
        if (op == PMKTI_OP_NEG) return pmkti_expr_apply_number(op, class, a, a);
        if (op == PMKTI_OP_NOT) return truth(pmkti_not((uint8_t)a.i));
        return truth(pmkti_truth(true, op == PMKTI_OP_KNOWN)); /* literals are */
    }
    const pmkti_expr_node *right = pmkti_expr_node_at(b, node->b);
    const pmkti_value c = pmkti_expr_literal_value(right);
    if (node->kind == PMKTI_NODE_BINARY) {
        const bool is_truth = op <= PMKTI_OP_GE || op == PMKTI_OP_AND || op == PMKTI_OP_OR;
        return is_truth ? truth(pmkti_expr_apply_truth(op, class, a, c))
                        : pmkti_expr_apply_number(op, class, a, c);
    }
    if (node->kind == PMKTI_NODE_BETWEEN) {
        const pmkti_value high = pmkti_expr_literal_value(pmkti_expr_node_at(b, right->next));
        return truth(pmkti_and(pmkti_expr_apply_truth(PMKTI_OP_GE, class, a, c),
                               pmkti_expr_apply_truth(PMKTI_OP_LE, class, a, high)));
    }
    uint8_t found = PMKTI_FALSE;
    for (int32_t i = node->b; i >= 0; i = pmkti_expr_node_at(b, i)->next) {
        const pmkti_value element = pmkti_expr_literal_value(pmkti_expr_node_at(b, i));
        found = pmkti_or(found, pmkti_expr_apply_truth(PMKTI_OP_EQ, class, a, element));
    }
    return truth(found);
}

void pmkti_expr_fold(pmkti_builder *b, int32_t node) {
    pmkti_expr_node *n = pmkti_expr_node_at(b, node);
    if (!all_literals(b, n)) return;
    const pmkti_value value = evaluate(b, n);
    /* A missing value has no literal, and neither has a time of a far century. */
    if (!pmkti_expr_known(pmkti_expr_class(n->type), value)) return;
    if (n->type == PMKTI_EXPR_TIME && !pmkti_time_is_valid(value.i)) return;
    n->kind = PMKTI_NODE_LITERAL;
    n->value = value;
    n->a = n->b = -1;
    n->length = 0;
}
