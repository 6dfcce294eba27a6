#include "core/expr/program.h"

static pmkti_value truth(uint8_t value) {
    return (pmkti_value){.i = value};
}

static pmkti_value call(const pmkti_expr_function *f, const pmkti_value *args, void *input,
                        int64_t row) {
    const pmkti_expr_call how = {f->ctx, input, row};
    return f->on_row(&how, args);
}

pmkti_value pmkti_expr_row(const pmkti_expr *p, const pmkti_value *fields,
                           const pmkti_value *params, void *input, int64_t row) {
    pmkti_value r[PMKTI_EXPR_REGISTERS];
    r[0].i = 0;
    for (int32_t i = 0; i < p->n_code; i++) {
        const pmkti_code *c = &p->code[i];
        const pmkti_op op = (pmkti_op)c->op;
        const pmkti_class class = (pmkti_class)c->class;
        switch (op) {
            case PMKTI_OP_LOAD:
                r[c->to] = fields[c->b];
                break;
            case PMKTI_OP_CONST:
                r[c->to] = pmkti_expr_scalar(p, params, c->b);
                break;
            case PMKTI_OP_MOVE:
                r[c->to] = r[c->a];
                break;
            case PMKTI_OP_NOT:
                r[c->to] = truth(pmkti_not((uint8_t)r[c->a].i));
                break;
            case PMKTI_OP_MISSING:
                r[c->to] = truth(pmkti_truth(true, !pmkti_expr_known(class, r[c->a])));
                break;
            case PMKTI_OP_KNOWN:
                r[c->to] = truth(pmkti_truth(true, pmkti_expr_known(class, r[c->a])));
                break;
            case PMKTI_OP_TO_DOUBLE:
                r[c->to].d = pmkti_to_double(r[c->a].i);
                break;
            case PMKTI_OP_SET:
                r[c->to] = truth(pmkti_expr_in_set(class, r[c->a], p->sets + c->b, c->n));
                break;
            case PMKTI_OP_JUMP_FALSE:
                if (r[c->a].i == PMKTI_FALSE) i = c->b - 1;
                break;
            case PMKTI_OP_JUMP_TRUE:
                if (r[c->a].i == PMKTI_TRUE) i = c->b - 1;
                break;
            case PMKTI_OP_CALL:
                r[c->to] = call(&p->functions[c->b], r + c->a, input, row);
                break;
            case PMKTI_OP_NEG:
                r[c->to] = pmkti_expr_apply_number(op, class, r[c->a], r[c->a]);
                break;
            default: {
                const pmkti_value b = c->scalar ? pmkti_expr_scalar(p, params, c->b) : r[c->b];
                const bool is_truth = op <= PMKTI_OP_GE || op == PMKTI_OP_AND || op == PMKTI_OP_OR;
                r[c->to] = is_truth ? truth(pmkti_expr_apply_truth(op, class, r[c->a], b))
                                    : pmkti_expr_apply_number(op, class, r[c->a], b);
            }
        }
    }
    return r[0];
}
