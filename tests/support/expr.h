/*
 * expr.h - a schema for tests of expressions, with fields of every type, and short ways to compile.
 */
#ifndef PMKT_TEST_EXPR_H
#define PMKT_TEST_EXPR_H

#include <stdbool.h>

#include "core/expr/expr.h"

/* The fields of the schema, in its order. */
enum {
    EXPR_VIP,     /* vip, bool */
    EXPR_B,       /* b, bool */
    EXPR_I,       /* i, int */
    EXPR_COUNT,   /* order.count, int */
    EXPR_SPEND,   /* spend, double */
    EXPR_X,       /* x, double */
    EXPR_LAST,    /* last_order, time */
    EXPR_GAP,     /* gap, duration */
    EXPR_CITY,    /* city, text */
    EXPR_ITEM,    /* item, id */
    EXPR_CHINESE, /* 标签.高价值, bool */
    EXPR_FIELDS
};

/* Its parameters. */
enum {
    EXPR_NOW,   /* :now, time */
    EXPR_LEAST, /* :least, int */
    EXPR_PLACE, /* :place, text */
    EXPR_FLAG,  /* :flag, bool */
    EXPR_RATE,  /* :rate, double */
    EXPR_PARAMS
};

/*
 * Its functions: twice(double) and half(double), by row only and by row and batch; both(bool, bool);
 * row() the number of the row; same(id, id); since(time) a duration; one() an int.
 */
extern const pmkti_expr_schema expr_schema;

/* Compiles; fails the test if that does not succeed. */
pmkti_expr *expr_compile(const char *text);

/* The value for fields that are all missing, and for parameters. */
void expr_all_missing(pmkti_value fields[EXPR_FIELDS]);
void expr_params(pmkti_value params[EXPR_PARAMS]);

/* Compiles and evaluates one row, by row and as a batch of one, which must agree. */
pmkti_value expr_value(const char *text, const pmkti_value *fields);

/* The same of a condition. */
int expr_truth(const char *text, const pmkti_value *fields);

/* Evaluates rows [first, first + n) as a batch into `out`, with scratch of its own. */
void expr_batch(const pmkti_expr *program, const pmkti_expr_input *input, int64_t first, int64_t n,
                void *out);

/* Whether two values of a type are equal, or both missing. */
bool expr_same(int32_t type, pmkti_value a, pmkti_value b);

/* The value in row i of a column of the C type of a type. */
pmkti_value expr_at(int32_t type, const void *column, int64_t i);

/* Asserts that two programs have the same code, tables, names and text. */
void expr_check_same(const pmkti_expr *a, const pmkti_expr *b);

#endif
