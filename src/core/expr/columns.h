/*
 * columns.h - the operations on columns of up to PMKTI_EXPR_BATCH rows. `b` is a column, or, with
 * `scalar`, one value.
 */
#ifndef PMKTI_EXPR_COLUMNS_H
#define PMKTI_EXPR_COLUMNS_H

#include "core/expr/ops.h"

void pmkti_expr_column_compare(pmkti_op op, pmkti_class class, const void *a, const void *b,
                               bool scalar, int32_t n, uint8_t *out);

/* `out` may be `a`, but neither may be `b`. */
void pmkti_expr_column_arithmetic(pmkti_op op, pmkti_class class, const void *a, const void *b,
                                  bool scalar, int32_t n, void *out);

/* And, or; `out` may be `a`. */
void pmkti_expr_column_logic(pmkti_op op, const uint8_t *a, const uint8_t *b, int32_t n,
                             uint8_t *out);

/* Whether a value is missing (or, with `known`, is not). */
void pmkti_expr_column_missing(pmkti_class class, const void *a, bool known, int32_t n,
                               uint8_t *out);

void pmkti_expr_column_set(pmkti_class class, const void *a, const pmkti_value *set, int32_t n_set,
                           int32_t n, uint8_t *out);

/* n times the same. */
void pmkti_expr_column_fill(pmkti_class class, pmkti_value value, int32_t n, void *out);

/* Rows [first, first + n) of a column as the values of a type: in place where they are stored so,
   else in `room`. */
const void *pmkti_expr_column_load(const pmkti_expr_column *column, int32_t type, int64_t first,
                                   int32_t n, void *room);

#endif
