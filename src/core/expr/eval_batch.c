#include <string.h>

#include "core/expr/columns.h"
#include "core/expr/program.h"

/*
 * Scratch holds, for each register, a column of values and a column of conditions; a comparison thus
 * never writes where it reads. A register is wherever `at` points: one of these, or the caller's own
 * column.
 */
typedef struct batch {
    const pmkti_expr *program;
    const pmkti_expr_input *input;
    pmkti_value *values;
    uint8_t *truths;
    const void *at[PMKTI_EXPR_REGISTERS];
    int64_t first;
    int32_t n;
} batch;

size_t pmkti_expr_scratch(const pmkti_expr *program) {
    return (size_t)program->n_registers * PMKTI_EXPR_BATCH * (sizeof(pmkti_value) + 1);
}

static void *room(const batch *x, int32_t reg, pmkti_class class) {
    if (class == PMKTI_CLASS_B) return x->truths + (size_t)reg * PMKTI_EXPR_BATCH;
    return x->values + (size_t)reg * PMKTI_EXPR_BATCH;
}

static void call(batch *x, const pmkti_code *c) {
    const pmkti_expr_function *f = &x->program->functions[c->b];
    const pmkti_expr_call how = {f->ctx, x->input->input, x->first};
    void *out = room(x, c->to, (pmkti_class)c->class);
    const void *const *args = x->at + c->a;
    if (f->on_batch) {
        f->on_batch(&how, args, x->n, out);
    } else {
        pmkti_value one[PMKTI_EXPR_MAX_ARGS];
        for (int32_t i = 0; i < x->n; i++) {
            const pmkti_expr_call each = {f->ctx, x->input->input, x->first + i};
            for (int32_t k = 0; k < c->n; k++) {
                if (pmkti_expr_class(f->args[k]) == PMKTI_CLASS_B) {
                    one[k].i = ((const uint8_t *)args[k])[i];
                } else {
                    one[k] = ((const pmkti_value *)args[k])[i];
                }
            }
            const pmkti_value answer = f->on_row(&each, one);
            if (c->class == PMKTI_CLASS_B) {
                ((uint8_t *)out)[i] = (uint8_t)answer.i;
            } else {
                ((pmkti_value *)out)[i] = answer;
            }
        }
    }
    x->at[c->to] = out;
}

/* Whether all rows have one answer. */
static bool all_are(const uint8_t *truth, int32_t n, uint8_t value) {
    uint8_t differ = 0;
    for (int32_t i = 0; i < n; i++) differ |= (uint8_t)(truth[i] ^ value);
    return differ == 0;
}

/* An operation on registers; its result is a condition or a column of values. */
static void operate(batch *x, const pmkti_code *c) {
    const pmkti_op op = (pmkti_op)c->op;
    const pmkti_class class = (pmkti_class)c->class;
    const bool is_value = (op >= PMKTI_OP_ADD && op <= PMKTI_OP_MOD) || op == PMKTI_OP_NEG ||
                          op == PMKTI_OP_TO_DOUBLE;
    void *out = room(x, c->to, is_value ? PMKTI_CLASS_I : PMKTI_CLASS_B);
    const void *a = x->at[c->a], *b = a;
    pmkti_value scalar = {.i = 0};
    uint8_t truth = 0;
    if (c->scalar) {
        scalar = pmkti_expr_scalar(x->program, x->input->params, c->b);
        truth = (uint8_t)scalar.i;
        b = class == PMKTI_CLASS_B ? (const void *)&truth : &scalar;
    } else if (op <= PMKTI_OP_OR) {
        b = x->at[c->b];
    }
    if (op <= PMKTI_OP_GE) {
        pmkti_expr_column_compare(op, class, a, b, c->scalar, x->n, out);
    } else if (is_value) {
        pmkti_expr_column_arithmetic(op, class, a, b, c->scalar, x->n, out);
    } else if (op == PMKTI_OP_AND || op == PMKTI_OP_OR) {
        pmkti_expr_column_logic(op, a, b, x->n, out);
    } else if (op == PMKTI_OP_SET) {
        pmkti_expr_column_set(class, a, x->program->sets + c->b, c->n, x->n, out);
    } else if (op == PMKTI_OP_NOT) {
        for (int32_t i = 0; i < x->n; i++) ((uint8_t *)out)[i] = pmkti_not(((const uint8_t *)a)[i]);
    } else if (op == PMKTI_OP_MOVE) {
        memcpy(out, a, (size_t)x->n);
    } else {
        pmkti_expr_column_missing(class, a, op == PMKTI_OP_KNOWN, x->n, out);
    }
    x->at[c->to] = out;
}

static void run(batch *x) {
    const pmkti_expr *p = x->program;
    for (int32_t i = 0; i < p->n_code; i++) {
        const pmkti_code *c = &p->code[i];
        const pmkti_class class = (pmkti_class)c->class;
        switch (c->op) {
            case PMKTI_OP_LOAD:
                x->at[c->to] = pmkti_expr_column_load(&x->input->columns[c->b], c->type, x->first,
                                                      x->n, room(x, c->to, class));
                break;
            case PMKTI_OP_CONST:
                x->at[c->to] = room(x, c->to, class);
                pmkti_expr_column_fill(class, pmkti_expr_scalar(p, x->input->params, c->b), x->n,
                                       room(x, c->to, class));
                break;
            case PMKTI_OP_JUMP_FALSE:
                if (all_are(x->at[c->a], x->n, PMKTI_FALSE)) i = c->b - 1;
                break;
            case PMKTI_OP_JUMP_TRUE:
                if (all_are(x->at[c->a], x->n, PMKTI_TRUE)) i = c->b - 1;
                break;
            case PMKTI_OP_CALL:
                call(x, c);
                break;
            default:
                operate(x, c);
        }
    }
}

void pmkti_expr_batch(const pmkti_expr *program, const pmkti_expr_input *input, int64_t first,
                      int64_t n, void *scratch, void *out) {
    batch x = {.program = program, .input = input, .values = scratch, .at = {scratch}};
    const size_t rooms = (size_t)program->n_registers * PMKTI_EXPR_BATCH;
    x.truths = (uint8_t *)scratch + rooms * sizeof(pmkti_value);
    const size_t size = pmkti_expr_type(program) == PMKTI_EXPR_BOOL ? 1 : sizeof(pmkti_value);
    for (int64_t done = 0; done < n; done += x.n) {
        x.first = first + done;
        x.n = n - done < PMKTI_EXPR_BATCH ? (int32_t)(n - done) : PMKTI_EXPR_BATCH;
        run(&x);
        memcpy((char *)out + (size_t)done * size, x.at[0], (size_t)x.n * size);
    }
}
