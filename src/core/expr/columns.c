#include "core/expr/columns.h"

#include <string.h>

#include "core/kernels/kernels.h"

/* --------------------------------------------------------------- comparisons */

_Static_assert((int)PMKTI_OP_EQ == (int)PMKTI_EQUAL && (int)PMKTI_OP_GE == (int)PMKTI_AT_LEAST,
               "the order of comparisons is the same");

/* Conditions can be equal or not; their columns may be `out`. */
static void compare_b(pmkti_op op, const uint8_t *a, const uint8_t *b, bool scalar, int32_t n,
                      uint8_t *out) {
    for (int32_t i = 0; i < n; i++) {
        const uint8_t x = a[i], y = scalar ? *b : b[i];
        out[i] = pmkti_truth(pmkti_known_b(x) && pmkti_known_b(y), (x == y) == (op == PMKTI_OP_EQ));
    }
}

void pmkti_expr_column_compare(pmkti_op op, pmkti_class class, const void *a, const void *b,
                               bool scalar, int32_t n, uint8_t *out) {
    const pmkti_kernels *kernels = pmkti_kernels_get();
    const int how = (int)op; /* the comparisons are the first operations, in the same order */
    switch (class) {
        case PMKTI_CLASS_B:
            compare_b(op, a, b, scalar, n, out);
            break;
        case PMKTI_CLASS_D:
            kernels->compare_f64(how, a, b, scalar, n, out);
            break;
        case PMKTI_CLASS_U:
            kernels->compare_u64(how, a, b, scalar, n, out);
            break;
        default:
            kernels->compare_i64(how, a, b, scalar, n, out);
    }
}

/* ---------------------------------------------------------------- arithmetic */

#define EACH(function) \
    for (int32_t i = 0; i < n; i++) out[i] = function(a[i], scalar ? *b : b[i]); \
    break

static void arithmetic_i(pmkti_op op, const int64_t *a, const int64_t *b, bool scalar, int32_t n,
                         int64_t *out) {
    switch (op) {
        case PMKTI_OP_ADD:
            EACH(pmkti_add_i);
        case PMKTI_OP_SUB:
            EACH(pmkti_sub_i);
        case PMKTI_OP_MUL:
            EACH(pmkti_mul_i);
        case PMKTI_OP_MOD:
            EACH(pmkti_mod_i);
        default:
            for (int32_t i = 0; i < n; i++) out[i] = pmkti_neg_i(a[i]);
    }
}

static void arithmetic_d(pmkti_op op, const double *a, const double *b, bool scalar, int32_t n,
                         double *out) {
    switch (op) {
        case PMKTI_OP_ADD:
            EACH(pmkti_add_d);
        case PMKTI_OP_SUB:
            EACH(pmkti_sub_d);
        case PMKTI_OP_MUL:
            EACH(pmkti_mul_d);
        case PMKTI_OP_DIV:
            EACH(pmkti_div_d);
        default:
            for (int32_t i = 0; i < n; i++) out[i] = pmkti_neg_d(a[i]);
    }
}

static void to_double(const int64_t *a, int32_t n, double *out) {
    for (int32_t i = 0; i < n; i++) out[i] = pmkti_to_double(a[i]);
}

void pmkti_expr_column_arithmetic(pmkti_op op, pmkti_class class, const void *a, const void *b,
                                  bool scalar, int32_t n, void *out) {
    if (op == PMKTI_OP_TO_DOUBLE) {
        to_double(a, n, out);
    } else if (class == PMKTI_CLASS_D) {
        arithmetic_d(op, a, b, scalar, n, out);
    } else {
        arithmetic_i(op, a, b, scalar, n, out);
    }
}

/* --------------------------------------------------------------------- logic */

void pmkti_expr_column_logic(pmkti_op op, const uint8_t *a, const uint8_t *b, int32_t n,
                             uint8_t *out) {
    if (op == PMKTI_OP_AND) {
        for (int32_t i = 0; i < n; i++) out[i] = pmkti_and(a[i], b[i]);
    } else {
        for (int32_t i = 0; i < n; i++) out[i] = pmkti_or(a[i], b[i]);
    }
}

/* The value in row i of a register. */
static pmkti_value value_at(pmkti_class class, const void *a, int32_t i) {
    switch (class) {
        case PMKTI_CLASS_B:
            return (pmkti_value){.i = ((const uint8_t *)a)[i]};
        case PMKTI_CLASS_D:
            return (pmkti_value){.d = ((const double *)a)[i]};
        case PMKTI_CLASS_U:
            return (pmkti_value){.id = ((const uint64_t *)a)[i]};
        default:
            return (pmkti_value){.i = ((const int64_t *)a)[i]};
    }
}

void pmkti_expr_column_missing(pmkti_class class, const void *a, bool known, int32_t n,
                               uint8_t *out) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = pmkti_truth(true, pmkti_expr_known(class, value_at(class, a, i)) == known);
    }
}

void pmkti_expr_column_set(pmkti_class class, const void *a, const pmkti_value *set, int32_t n_set,
                           int32_t n, uint8_t *out) {
    for (int32_t i = 0; i < n; i++)
        out[i] = pmkti_expr_in_set(class, value_at(class, a, i), set, n_set);
}

void pmkti_expr_column_fill(pmkti_class class, pmkti_value value, int32_t n, void *out) {
    if (class == PMKTI_CLASS_B) {
        memset(out, (int)value.i, (size_t)n);
    } else {
        pmkti_value *to = out;
        for (int32_t i = 0; i < n; i++) to[i] = value;
    }
}

/* ----------------------------------------------------------------------- load */

static void load_bools(const uint8_t *from, int32_t n, uint8_t *out) {
    for (int32_t i = 0; i < n; i++) out[i] = pmkti_truth(from[i] <= 1, from[i] == 1);
}

static void load_ints(const int32_t *from, int32_t n, int64_t *out) {
    for (int32_t i = 0; i < n; i++) out[i] = from[i] == INT32_MIN ? PMKTI_INT_MISSING : from[i];
}

static void load_codes(const pmkti_expr_column *column, const int32_t *from, int32_t n,
                       uint64_t *out) {
    for (int32_t i = 0; i < n; i++) {
        const bool is_known = from[i] >= 0 && from[i] < column->n_ids;
        out[i] = is_known ? column->ids[from[i]] : PMKT_ID_NONE;
    }
}

/* Makes missing what the bitmap says is. */
static void mask(const uint8_t *valid, int64_t first, pmkti_class class, int32_t type, int32_t n,
                 void *out) {
    const pmkti_value missing = pmkti_expr_missing(type);
    for (int32_t i = 0; i < n; i++) {
        const int64_t row = first + i;
        if (valid[row / 8] >> (row % 8) & 1) continue;
        if (class == PMKTI_CLASS_B) {
            ((uint8_t *)out)[i] = (uint8_t)missing.i;
        } else {
            ((pmkti_value *)out)[i] = missing;
        }
    }
}

const void *pmkti_expr_column_load(const pmkti_expr_column *column, int32_t type, int64_t first,
                                   int32_t n, void *room) {
    const pmkti_class class = pmkti_expr_class(type);
    if (!column->data) {
        pmkti_expr_column_fill(class, pmkti_expr_missing(type), n, room);
        return room;
    }
    if (class == PMKTI_CLASS_B) {
        load_bools((const uint8_t *)column->data + first, n, room);
    } else if (column->storage == PMKTI_EXPR_NATIVE) {
        const pmkti_value *from = (const pmkti_value *)column->data + first;
        if (!column->valid) return from;
        memcpy(room, from, (size_t)n * sizeof *from);
    } else if (column->storage == PMKTI_EXPR_INT32) {
        load_ints((const int32_t *)column->data + first, n, room);
    } else {
        load_codes(column, (const int32_t *)column->data + first, n, room);
    }
    if (column->valid) mask(column->valid, first, class, type, n, room);
    return room;
}
