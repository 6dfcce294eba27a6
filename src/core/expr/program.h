/*
 * program.h - what a compiled expression is made of.
 *
 * The tree is kept for printing; the code is what runs. Registers are numbered like the places of a
 * stack: an operation works on the topmost ones. An operand that is the same for all rows - a
 * literal or a parameter - is a scalar, and needs no register where it stands on the right.
 */
#ifndef PMKTI_EXPR_PROGRAM_H
#define PMKTI_EXPR_PROGRAM_H

#include "core/expr/ops.h"

#define PMKTI_EXPR_REGISTERS 256

typedef enum pmkti_node_kind {
    PMKTI_NODE_LITERAL,
    PMKTI_NODE_FIELD,   /* a = its number */
    PMKTI_NODE_PARAM,   /* a = its number */
    PMKTI_NODE_CALL,    /* a = the function's number, b = the first argument */
    PMKTI_NODE_UNARY,   /* a */
    PMKTI_NODE_BINARY,  /* a, b */
    PMKTI_NODE_BETWEEN, /* a, b = the lower bound, whose next is the upper */
    PMKTI_NODE_IN       /* a, b = the first element */
} pmkti_node_kind;

typedef struct pmkti_expr_node {
    uint8_t kind;
    uint8_t op;     /* of UNARY and BINARY */
    uint8_t type;   /* its own */
    uint8_t as;     /* what it is used as: a double where it is an int; an id */
    int32_t a, b;   /* nodes or numbers, by kind; -1 = none */
    int32_t next;   /* in a list, or -1 */
    int32_t parent; /* of a node of the tree, -1 at the root; set once all is built */
    int32_t at;     /* byte of the source where it begins; 0 in a program */
    int32_t text;   /* of a text or a name: where it is in `texts`, with its length */
    int32_t length;
    int32_t offset;    /* of a time: minutes ahead of UTC, for printing */
    pmkti_value value; /* of LITERAL */
} pmkti_expr_node;

typedef struct pmkti_code {
    uint8_t op;
    uint8_t class;  /* of the operands */
    uint8_t scalar; /* b is a scalar */
    uint8_t type;   /* of LOAD: the field's */
    uint16_t to, a; /* registers */
    int32_t b;      /* register, scalar, field, set, function or the place to jump to, by op */
    int32_t n;      /* of CALL: arguments; of SET: values */
} pmkti_code;

struct pmkti_expr {
    pmkt_allocator allocator;
    size_t bytes; /* of the whole block */
    const pmkti_expr_node *nodes;
    const pmkti_code *code;
    const pmkti_value *literals; /* scalars below n_literals; the others are parameters */
    const pmkti_value *sets;
    const pmkti_expr_function *functions;
    const int32_t *fields;
    const int32_t *params;
    const char *texts;
    int32_t n_nodes, n_code, n_literals, n_sets, n_functions, n_fields, n_params, n_texts;
    int32_t n_registers;
    int32_t root;
};

/* The value of a scalar. */
static inline pmkti_value pmkti_expr_scalar(const pmkti_expr *p, const pmkti_value *params,
                                            int32_t k) {
    return k < p->n_literals ? p->literals[k] : params[k - p->n_literals];
}

#endif
