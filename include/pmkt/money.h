/*
 * money.h - amounts in integer minor units.
 *
 * An amount is an int64_t in the smallest unit of its currency: 20,000 is 200.00 yuan. Sums of
 * integers are exact and do not depend on the order of adding, which is why the library has no
 * floating-point money. `exponent` says how many decimals the currency has (CNY 2, JPY 0, KWD 3).
 */
#ifndef PMKT_MONEY_H
#define PMKT_MONEY_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No amount: the null of every money column. */
#define PMKT_AMOUNT_NULL INT64_MIN

/* The largest amount of a single row, 2^53 - 1 minor units (90 trillion yuan). */
#define PMKT_AMOUNT_MAX INT64_C(9007199254740991)

/*
 * Decimal numbers to minor units: value * quantity * 10^exponent, rounded half away from zero.
 *
 *   value     [n]  prices or amounts in major units; NaN is a missing amount
 *   quantity  [n]  or NULL, meaning 1; NaN makes the amount missing
 *   exponent  0 to 6
 *   minor     [n]  out; PMKT_AMOUNT_NULL where the amount is missing
 *
 * The product is a double: a price that no double can hold exactly, such as 0.285, is rounded as
 * the double nearest to it. Use pmkt_money_parse for decimal text.
 *
 *   on_bad    PMKT_ON_BAD_FAIL: an infinite value, or one beyond PMKT_AMOUNT_MAX, ends the call;
 *             PMKT_ON_BAD_SKIP: it becomes PMKT_AMOUNT_NULL; note that a cancellation without
 *             amount is one of the whole order, so reject those rows yourself if n_bad is not 0
 *   n_bad     out, or NULL: how many values were bad (and skipped)
 *
 * Errors: PMKT_E_BAD_ROW (where = the row; `minor` is filled up to it); PMKT_E_INVALID.
 * Any thread. O(n). Since 0.1.
 */
PMKT_API pmkt_status pmkt_money_from_double(const double *value, const double *quantity, int64_t n,
                                            int32_t exponent, int32_t on_bad, int64_t *minor,
                                            int64_t *n_bad, pmkt_error *err);

/*
 * Reads a decimal number such as "-1234.5" as minor units, exactly, rounded half away from zero.
 * ASCII digits, an optional sign, an optional point; no grouping, no exponent, no currency sign.
 * Spaces around it are allowed.
 *
 * Errors: PMKT_E_PARSE (where = the byte), also for more than PMKT_AMOUNT_MAX; PMKT_E_INVALID.
 * Any thread. Since 0.1.
 */
PMKT_API pmkt_status pmkt_money_parse(const char *text, size_t length, int32_t exponent,
                                      int64_t *minor, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
