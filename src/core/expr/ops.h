/*
 * ops.h - what each operation does to single values, written once for rows, columns and the folding
 * of constants, so that they cannot differ.
 */
#ifndef PMKTI_EXPR_OPS_H
#define PMKTI_EXPR_OPS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/expr/expr.h"

#define PMKTI_INT_MISSING INT64_MIN

/* How values of a type are stored. */
typedef enum pmkti_class {
    PMKTI_CLASS_B,
    PMKTI_CLASS_I,
    PMKTI_CLASS_D,
    PMKTI_CLASS_U
} pmkti_class;

static inline pmkti_class pmkti_expr_class(int32_t type) {
    switch (type) {
        case PMKTI_EXPR_BOOL:
            return PMKTI_CLASS_B;
        case PMKTI_EXPR_DOUBLE:
            return PMKTI_CLASS_D;
        case PMKTI_EXPR_TEXT:
        case PMKTI_EXPR_ID:
            return PMKTI_CLASS_U;
        default:
            return PMKTI_CLASS_I;
    }
}

typedef enum pmkti_op {
    PMKTI_OP_EQ,
    PMKTI_OP_NE,
    PMKTI_OP_LT,
    PMKTI_OP_LE,
    PMKTI_OP_GT,
    PMKTI_OP_GE,
    PMKTI_OP_ADD,
    PMKTI_OP_SUB,
    PMKTI_OP_MUL,
    PMKTI_OP_DIV,
    PMKTI_OP_MOD,
    PMKTI_OP_AND,
    PMKTI_OP_OR,
    PMKTI_OP_NOT,
    PMKTI_OP_NEG,
    PMKTI_OP_MISSING,
    PMKTI_OP_KNOWN,
    PMKTI_OP_TO_DOUBLE, /* the rest are of code only */
    PMKTI_OP_LOAD,
    PMKTI_OP_CONST,
    PMKTI_OP_SET,
    PMKTI_OP_MOVE,
    PMKTI_OP_JUMP_FALSE,
    PMKTI_OP_JUMP_TRUE,
    PMKTI_OP_CALL
} pmkti_op;

/* ------------------------------------------------------------------- truth */

/* Without a branch, so that loops over columns can be vectorized. */
static inline uint8_t pmkti_truth(bool known, bool yes) {
    return (uint8_t)((known & yes) * PMKTI_TRUE + !known * PMKTI_UNKNOWN);
}

static inline uint8_t pmkti_and(uint8_t a, uint8_t b) {
    return a < b ? a : b;
}

static inline uint8_t pmkti_or(uint8_t a, uint8_t b) {
    return a > b ? a : b;
}

static inline uint8_t pmkti_not(uint8_t a) {
    return (uint8_t)(PMKTI_TRUE - a);
}

/* ------------------------------------------------------------------ missing */

static inline bool pmkti_known_b(uint8_t a) {
    return a != PMKTI_UNKNOWN;
}

static inline bool pmkti_known_i(int64_t a) {
    return a != PMKTI_INT_MISSING;
}

static inline bool pmkti_known_d(double a) {
    return a == a;
}

static inline bool pmkti_known_u(uint64_t a) {
    return a != 0;
}

/* --------------------------------------------------------------- arithmetic */

static inline int64_t pmkti_add_i(int64_t a, int64_t b) {
    int64_t sum = 0;
    const bool fits = !__builtin_add_overflow(a, b, &sum);
    return pmkti_known_i(a) && pmkti_known_i(b) && fits ? sum : PMKTI_INT_MISSING;
}

static inline int64_t pmkti_sub_i(int64_t a, int64_t b) {
    int64_t difference = 0;
    const bool fits = !__builtin_sub_overflow(a, b, &difference);
    return pmkti_known_i(a) && pmkti_known_i(b) && fits ? difference : PMKTI_INT_MISSING;
}

static inline int64_t pmkti_mul_i(int64_t a, int64_t b) {
    int64_t product = 0;
    const bool fits = !__builtin_mul_overflow(a, b, &product);
    return pmkti_known_i(a) && pmkti_known_i(b) && fits ? product : PMKTI_INT_MISSING;
}

/* With the sign of the divisor. */
static inline int64_t pmkti_mod_i(int64_t a, int64_t b) {
    if (!pmkti_known_i(a) || !pmkti_known_i(b) || b == 0) return PMKTI_INT_MISSING;
    const int64_t rest = a % b; /* a is not INT64_MIN, so b may be -1 */
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static inline int64_t pmkti_neg_i(int64_t a) {
    return pmkti_known_i(a) ? -a : PMKTI_INT_MISSING;
}

/* A number, or missing; one NaN for all reasons, so that answers are equal bit for bit. */
static inline double pmkti_finite(double a) {
    return isfinite(a) ? a : (double)NAN;
}

static inline double pmkti_add_d(double a, double b) {
    return pmkti_finite(a + b);
}

static inline double pmkti_sub_d(double a, double b) {
    return pmkti_finite(a - b);
}

static inline double pmkti_mul_d(double a, double b) {
    return pmkti_finite(a * b);
}

static inline double pmkti_div_d(double a, double b) {
    return b == 0.0 ? (double)NAN : pmkti_finite(a / b);
}

static inline double pmkti_neg_d(double a) {
    return pmkti_finite(-a);
}

static inline double pmkti_to_double(int64_t a) {
    return pmkti_known_i(a) ? (double)a : (double)NAN;
}

/* -------------------------------------------------------------- by operation */

static inline bool pmkti_expr_known(pmkti_class class, pmkti_value a) {
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

/* The order of values in a set. */
static inline bool pmkti_expr_less(pmkti_class class, pmkti_value a, pmkti_value b) {
    if (class == PMKTI_CLASS_D) return a.d < b.d;
    return class == PMKTI_CLASS_U ? a.id < b.id : a.i < b.i;
}

#define PMKTI_COMPARE(op, known, a, b) \
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

/* A comparison, and or or, of two values of a class. */
static inline uint8_t pmkti_expr_apply_truth(pmkti_op op, pmkti_class class, pmkti_value a,
                                             pmkti_value b) {
    if (op == PMKTI_OP_AND) return pmkti_and((uint8_t)a.i, (uint8_t)b.i);
    if (op == PMKTI_OP_OR) return pmkti_or((uint8_t)a.i, (uint8_t)b.i);
    const bool known = pmkti_expr_known(class, a) && pmkti_expr_known(class, b);
    switch (class) {
        case PMKTI_CLASS_D:
            PMKTI_COMPARE(op, known, a.d, b.d)
        case PMKTI_CLASS_U:
            PMKTI_COMPARE(op, known, a.id, b.id)
        default:
            PMKTI_COMPARE(op, known, a.i, b.i)
    }
}

#undef PMKTI_COMPARE

/* An arithmetic operation or negation (which ignores b) of a class. */
static inline pmkti_value pmkti_expr_apply_number(pmkti_op op, pmkti_class class, pmkti_value a,
                                                  pmkti_value b) {
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

/* Whether `a` is one of n ascending values. */
uint8_t pmkti_expr_in_set(pmkti_class class, pmkti_value a, const pmkti_value *set, int64_t n);

#endif
