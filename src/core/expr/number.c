#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/build.h"

/*
 * strtod and snprintf round right, but use the decimal point of the locale. What that is, is asked
 * of snprintf itself, which allocates nothing and looks at the same locale (a thread's own
 * included).
 */
static size_t decimal_point(char point[8]) {
    char half[16];
    const int n = snprintf(half, sizeof half, "%.1f", 0.5); /* "0.5", whatever the point */
    const size_t length = n > 2 && n < 10 ? (size_t)n - 2 : 1;
    memcpy(point, half + 1, length);
    return length;
}

bool pmkti_expr_decimal_read(const char *text, int32_t length, double *number) {
    char copy[512], point[8];
    if (length > 400) return false;
    const int saved_errno = errno;
    const size_t n_point = decimal_point(point);
    size_t n = 0;
    for (int32_t i = 0; i < length; i++) {
        if (text[i] == '.') {
            memcpy(copy + n, point, n_point);
            n += n_point;
        } else {
            copy[n++] = text[i];
        }
    }
    copy[n] = '\0';
    *number = strtod(copy, NULL);
    errno = saved_errno;
    return isfinite(*number);
}

/* With as few digits as tell the number from its neighbors, and no exponent where that is easy to
   read. */
static void write_shortest(double number, char text[PMKTI_DECIMAL_ROOM]) {
    int digits = 0;
    do {
        (void)snprintf(text, PMKTI_DECIMAL_ROOM, "%.*e", digits, number);
    } while (strtod(text, NULL) != number && ++digits < 17);
    const long exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent < -5 || exponent > 15) return;
    const int decimals = digits > exponent ? digits - (int)exponent : 0;
    (void)snprintf(text, PMKTI_DECIMAL_ROOM, "%.*f", decimals, number);
}

int32_t pmkti_expr_decimal_write(double number, char text[PMKTI_DECIMAL_ROOM]) {
    char shortest[PMKTI_DECIMAL_ROOM], point[8];
    const int saved_errno = errno;
    write_shortest(number, shortest);
    const size_t n_point = decimal_point(point);
    int32_t n = 0;
    bool is_decimal = false;
    for (const char *from = shortest; *from;) {
        if (strncmp(from, point, n_point) == 0) {
            text[n++] = '.';
            from += n_point;
            is_decimal = true;
        } else {
            is_decimal = is_decimal || *from == 'e';
            text[n++] = *from++;
        }
    }
    if (!is_decimal) text[n++] = '.', text[n++] = '0'; /* or it would be an int */
    text[n] = '\0';
    errno = saved_errno;
    return n;
}
