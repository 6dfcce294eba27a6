#include "numbers.h"

#include <inttypes.h>
#include <math.h>
#include <pmkt.h>
#include <stdio.h>
#include <string.h>

/* Decimals that a factor keeps; the product then has twice as many. */
#define DECIMALS 6

__extension__ typedef __int128 wide;

static wide power_of_ten(int n) {
    wide power = 1;
    while (n-- > 0) power *= 10;
    return power;
}

bool number_multiply(const char *price, size_t price_length, const char *quantity,
                     size_t quantity_length, int exponent, int64_t *minor) {
    int64_t a, b;
    if (pmkt_money_parse(price, price_length, DECIMALS, &a, NULL) != PMKT_OK ||
        pmkt_money_parse(quantity, quantity_length, DECIMALS, &b, NULL) != PMKT_OK) {
        return false;
    }
    wide product = (wide)a * b; /* below 2^106 */
    wide unit = power_of_ten(2 * DECIMALS - exponent);
    wide half = product < 0 ? -unit / 2 : unit / 2;
    wide rounded = (product + half) / unit;
    if (rounded > PMKT_AMOUNT_MAX || rounded < -PMKT_AMOUNT_MAX) return false;
    *minor = (int64_t)rounded;
    return true;
}

/* Writes a whole number with a comma before every third digit from the right. */
static char *put_grouped(uint64_t value, bool grouped, char *text) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < n; i++) {
        if (grouped && i > 0 && (n - i) % 3 == 0) *text++ = ',';
        *text++ = digits[i];
    }
    *text = '\0';
    return text;
}

static uint64_t magnitude(int64_t value) {
    return value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
}

const char *number_count(int64_t value, char text[NUMBER_TEXT]) {
    char *at = text;
    if (value < 0) *at++ = '-';
    put_grouped(magnitude(value), true, at);
    return text;
}

const char *number_money(int64_t minor, int exponent, bool grouped, char text[NUMBER_TEXT]) {
    uint64_t unit = (uint64_t)power_of_ten(exponent);
    uint64_t value = magnitude(minor);
    char *at = text;
    if (minor < 0) *at++ = '-';
    at = put_grouped(value / unit, grouped, at);
    if (exponent > 0) *at++ = '.';
    for (uint64_t rest = value % unit; exponent > 0; exponent--) {
        unit /= 10;
        *at++ = (char)('0' + rest / unit);
        rest %= unit;
    }
    *at = '\0';
    return text;
}

const char *number_share(double share, char text[NUMBER_TEXT]) {
    snprintf(text, NUMBER_TEXT, "%.1f %%", share * 100.0);
    return text;
}

int64_t number_round(double value) {
    if (!(value > -9.2e18)) return value <= -9.2e18 ? INT64_MIN : 0; /* NaN is 0 */
    if (value > 9.2e18) return INT64_MAX;
    return (int64_t)llround(value);
}
