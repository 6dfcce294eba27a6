#include "pmkt/money.h"

#include <math.h>

#include "core/error.h"
#include "core/text.h"

#define LARGEST_EXPONENT 6

static pmkt_status check_exponent(int32_t exponent, pmkt_error *err) {
    if (exponent >= 0 && exponent <= LARGEST_EXPONENT) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "exponent is %d, but must be from 0 to %d",
                      (int)exponent, LARGEST_EXPONENT);
}

/* ------------------------------------------------------------------ doubles */

/*
 * Rounds half away from zero. Not floor(x + 0.5): that makes 1 of the double just below 0.5. The
 * fraction is exact, since both terms are below 2^53 and of like size.
 */
static int64_t round_away(double x) {
    const int64_t whole = (int64_t)x;
    const double fraction = x - (double)whole;
    return whole + (fraction >= 0.5) - (fraction <= -0.5);
}

static pmkt_status bad_value(double value, double count, int64_t row, pmkt_error *err) {
    const char *why = "it is beyond 2^53 - 1 minor units";
    if (isinf(value)) why = "the value is infinite";
    if (isinf(count)) why = "the quantity is infinite";
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, row, "row %lld is not an amount: %s",
                         (long long)row, why);
}

pmkt_status pmkt_money_from_double(const double *value, const double *quantity, int64_t n,
                                   int32_t exponent, int32_t on_bad, int64_t *minor, int64_t *n_bad,
                                   pmkt_error *err) {
    static const double SCALE[LARGEST_EXPONENT + 1] = {1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !value) return pmkti_null(err, "value");
    if (n > 0 && !minor) return pmkti_null(err, "minor");
    status = check_exponent(exponent, err);
    if (status) return status;
    if (on_bad != PMKT_ON_BAD_FAIL && on_bad != PMKT_ON_BAD_SKIP) {
        return pmkti_fail(err, PMKT_E_INVALID, "on_bad is %d, but must be FAIL (0) or SKIP (1)",
                          (int)on_bad);
    }
    int64_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        const double count = quantity ? quantity[i] : 1.0;
        const double amount = value[i] * count * SCALE[exponent];
        if (fabs(amount) <= (double)PMKT_AMOUNT_MAX) {
            minor[i] = round_away(amount);
            continue;
        }
        /* Too large, infinite or NaN; and zero times infinity is NaN, but not a missing value. */
        minor[i] = PMKT_AMOUNT_NULL;
        if (isnan(value[i]) || isnan(count)) continue;
        if (on_bad == PMKT_ON_BAD_FAIL) return bad_value(value[i], count, i, err);
        bad++;
    }
    if (n_bad) *n_bad = bad;
    return PMKT_OK;
}

/* --------------------------------------------------------------------- text */

typedef struct {
    uint64_t minor; /* magnitude; stops growing once it is too large */
    int32_t scale;  /* decimals that are in `minor`, up to the exponent */
    int32_t round;  /* the first digit that is not; -1 = none so far */
    int32_t digits; /* 1 once there was a digit */
} decimal;

/* Appends a digit. 64 bits suffice: the value stays below ten times PMKT_AMOUNT_MAX. */
static void push(decimal *number, int32_t digit) {
    if (number->minor <= (uint64_t)PMKT_AMOUNT_MAX) {
        number->minor = number->minor * 10 + (uint64_t)digit;
    }
}

static void read_digits(pmkti_reader *in, int32_t exponent, decimal *number) {
    for (int32_t digit; (digit = pmkti_reader_digit(in)) >= 0; number->digits = 1) {
        push(number, digit);
    }
    if (!pmkti_reader_take(in, '.')) return;
    for (int32_t digit; (digit = pmkti_reader_digit(in)) >= 0; number->digits = 1) {
        if (number->scale < exponent) {
            push(number, digit);
            number->scale++;
        } else if (number->round < 0) {
            number->round = digit; /* the first one decides: half rounds away from zero */
        }
    }
}

pmkt_status pmkt_money_parse(const char *text, size_t length, int32_t exponent, int64_t *minor,
                             pmkt_error *err) {
    if (!minor) return pmkti_null(err, "minor");
    pmkt_status status = pmkti_text_check(text, length, err);
    if (!status) status = check_exponent(exponent, err);
    if (status) return status;

    pmkti_reader in = pmkti_reader_begin(text, length);
    const size_t begin = in.at;
    const bool is_negative = pmkti_reader_take(&in, '-');
    if (!is_negative) (void)pmkti_reader_take(&in, '+');
    decimal number = {0, 0, -1, 0};
    read_digits(&in, exponent, &number);
    if (!number.digits) return pmkti_reader_fail(&in, in.at, "an amount", "a digit", err);
    if (!pmkti_reader_done(&in)) {
        return pmkti_reader_fail(&in, in.at, "an amount", "a digit, one decimal point, or the end",
                                 err);
    }
    for (; number.scale < exponent; number.scale++) push(&number, 0);
    if (number.round >= 5) number.minor++;
    if (number.minor > (uint64_t)PMKT_AMOUNT_MAX) {
        return pmkti_reader_fail(&in, begin, "an amount", "no more than 2^53 - 1 minor units", err);
    }
    *minor = is_negative ? -(int64_t)number.minor : (int64_t)number.minor;
    return PMKT_OK;
}
