#include "core/expr/ops.h"

#define COMPARE(op, known, a, b) \
    switch (op) { \
        case PMKTI_OP_EQ: \
            return pmkti_truth(known, (a) == (b)); \
        case PMKTI_OP_NE: \
            return pmkti_truth(known, (a) != (b)); \
        case PMKTI_OP_LT: \
            return pmkti_truth(known, (a) < (b)); \
        case PMKTI_OP_LE: \
            return pmkti_truth(known, (a) <= (b)); \
        case PMKTI_OP_GT: \
            return pmkti_truth(known, (a) > (b)); \
        default: \
            return pmkti_truth(known, (a) >= (b)); \
    }

uint8_t pmkti_expr_apply_truth(pmkti_op op, pmkti_class class, pmkti_value a, pmkti_value b) {
    if (op == PMKTI_OP_AND) return pmkti_and((uint8_t)a.i, (uint8_t)b.i);
    if (op == PMKTI_OP_OR) return pmkti_or((uint8_t)a.i, (uint8_t)b.i);
    const bool known = pmkti_expr_known(class, a) && pmkti_expr_known(class, b);
    switch (class) {
        case PMKTI_CLASS_D:
            COMPARE(op, known, a.d, b.d)
        case PMKTI_CLASS_U:
            COMPARE(op, known, a.id, b.id)
        default:
            COMPARE(op, known, a.i, b.i)
    }
}

pmkti_value pmkti_expr_apply_number(pmkti_op op, pmkti_class class, pmkti_value a, pmkti_value b) {
    const bool is_int = class == PMKTI_CLASS_I;
    switch (op) {
        case PMKTI_OP_ADD:
            return is_int ? (pmkti_value){.i = pmkti_add_i(a.i, b.i)}
                          : (pmkti_value){.d = pmkti_add_d(a.d, b.d)};
        case PMKTI_OP_SUB:
            return is_int ? (pmkti_value){.i = pmkti_sub_i(a.i, b.i)}
                          : (pmkti_value){.d = pmkti_sub_d(a.d, b.d)};
        case PMKTI_OP_MUL:
            return is_int ? (pmkti_value){.i = pmkti_mul_i(a.i, b.i)}
                          : (pmkti_value){.d = pmkti_mul_d(a.d, b.d)};
        case PMKTI_OP_MOD:
            return (pmkti_value){.i = pmkti_mod_i(a.i, b.i)};
        case PMKTI_OP_DIV:
            return (pmkti_value){.d = pmkti_div_d(a.d, b.d)};
        default:
            return is_int ? (pmkti_value){.i = pmkti_neg_i(a.i)}
                          : (pmkti_value){.d = pmkti_neg_d(a.d)};
    }
}

bool pmkti_expr_known(pmkti_class class, pmkti_value a) {
    switch (class) {
        case PMKTI_CLASS_B:
            return pmkti_known_b((uint8_t)a.i);
        case PMKTI_CLASS_D:
            return pmkti_known_d(a.d);
        case PMKTI_CLASS_U:
            return pmkti_known_u(a.id);
        default:
            return pmkti_known_i(a.i);
    }
}

bool pmkti_expr_less(pmkti_class class, pmkti_value a, pmkti_value b) {
    if (class == PMKTI_CLASS_D) return a.d < b.d;
    return class == PMKTI_CLASS_U ? a.id < b.id : a.i < b.i;
}

uint8_t pmkti_expr_in_set(pmkti_class class, pmkti_value a, const pmkti_value *set, int64_t n) {
    if (!pmkti_expr_known(class, a)) return PMKTI_UNKNOWN;
    /* The last that is not greater; `set` is never empty. */
    for (int64_t half = n / 2; n > 1; half = n / 2) {
        if (!pmkti_expr_less(class, a, set[half])) set += half;
        n -= half;
    }
    return pmkti_truth(true, !pmkti_expr_less(class, *set, a) && !pmkti_expr_less(class, a, *set));
}
