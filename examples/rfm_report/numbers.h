/*
 * numbers.h - exact money from decimal text, and numbers as people like to read them.
 *
 * Nothing here looks at the locale: a report reads the same everywhere.
 */
#ifndef RFM_REPORT_NUMBERS_H
#define RFM_REPORT_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any number that a function below writes. */
#define NUMBER_TEXT 48

/*
 * price * quantity in minor units, exactly, rounded half away from zero. Both are decimal texts;
 * decimals beyond the sixth are rounded before multiplying. False if one is no number, or the
 * product is beyond PMKT_AMOUNT_MAX.
 */
bool number_multiply(const char *price, size_t price_length, const char *quantity,
                     size_t quantity_length, int exponent, int64_t *minor);

/* 1234567 as "1,234,567". Returns `text`. */
const char *number_count(int64_t value, char text[NUMBER_TEXT]);

/* Minor units as "1,234.50", or as "1234.50" without `grouped`. Returns `text`. */
const char *number_money(int64_t minor, int exponent, bool grouped, char text[NUMBER_TEXT]);

/* A share of 0.1234 as "12.3 %". Returns `text`. */
const char *number_share(double share, char text[NUMBER_TEXT]);

/* The nearest integer of a double that may be anything; beyond 64 bits, the last one. */
int64_t number_round(double value);

#endif
