/*
 * Values out of Arrow columns: times, money, kinds.
 */
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/batch.h"
#include "support/suite.h"
#include "support/zones.h"

/* ---------------------------------------------------------------------------------- times */

static int64_t time_of(const char *format, const void *value, const pmkt_zone *zone,
                       int32_t time_unit) {
    static arrow_node user, time, chunk;
    user = arrow_numbers("user", "L", 1, NULL, arrow_users);
    time = arrow_numbers("time", format, 1, NULL, value);
    chunk = arrow_table(1, &user, &time, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.zone = zone;
    c.time_unit = time_unit;
    c.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    const int64_t ms = b->reject && b->reject[0] == 1 + PMKT_BAD_TIME ? -1 : b->time[0];
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
    return ms;
}

START_TEST(times_are_instants_in_milliseconds_rounded_down) {
    const int64_t second = 1700000000, micro = -1, nano = -1000001, too_many = INT64_MAX / 1000 + 1;
    const int32_t seconds = 60, day = 19000;
    const int64_t noon = INT64_C(19000) * DAY;
    ck_assert_int_eq(time_of("tss:UTC", &second, NULL, 0), ARROW_T);
    ck_assert_int_eq(time_of("tsu:Europe/London", &micro, NULL, 0), -1);
    ck_assert_int_eq(time_of("tsn:+01:00", &nano, NULL, 0), -2);
    ck_assert_int_eq(time_of("tss:UTC", &too_many, NULL, 0), -1);
    ck_assert_int_eq(time_of("i", &seconds, NULL, PMKT_UNIT_SECONDS), 60000);
    ck_assert_int_eq(time_of("l", &second, NULL, PMKT_UNIT_MILLISECONDS), second);
    ck_assert_int_eq(time_of("tdD", &day, NULL, 0), noon);
    ck_assert_int_eq(time_of("tdm", &noon, NULL, 0), noon);
    const pmkt_zone east = fixed(480);
    ck_assert_int_eq(time_of("tdD", &day, &east, 0), noon - 8 * HOUR);
    ck_assert_int_eq(time_of("tss:", &second, &east, 0), ARROW_T - 8 * HOUR);
}
END_TEST

START_TEST(wall_clock_times_follow_the_zone_through_gap_and_fold) {
    const pmkt_zone zone = london();
    const int64_t gap = utc("2011-03-27 01:30") / 1000, fold = utc("2011-10-30 01:30") / 1000;
    ck_assert_int_eq(time_of("tss:", &gap, &zone, 0), utc("2011-03-27 01:30"));
    ck_assert_int_eq(time_of("tss:", &fold, &zone, 0), utc("2011-10-30 00:30"));
}
END_TEST

START_TEST(wall_clock_times_without_a_zone_are_refused) {
    arrow_node user = arrow_numbers("user", "L", 4, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:", 4, NULL, arrow_times);
    arrow_node chunk = arrow_table(4, &user, &time, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_error err = {0};
    const pmkt_arrow_columns c = arrow_columns(NULL);
    ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "\"time\""));
}
END_TEST

/* ---------------------------------------------------------------------------------- money */

/* The amount of the first row, or the reason for which it is bad, below zero less 1000. */
static int64_t amount_of(arrow_node *column, int32_t decimals) {
    pmkt_arrow_columns c = arrow_columns(column->name);
    c.decimals = decimals;
    c.on_bad = PMKT_ON_BAD_SKIP;
    const pmkt_events *b = arrow_read_with(column, &c);
    return b->reject && b->reject[0] ? -1000 - b->reject[0] : b->amount[0];
}

#define RANGE (-1001 - PMKT_BAD_AMOUNT_RANGE)

__extension__ typedef __int128 wide;

static int64_t amount_of_decimal(const char *format, wide digits, int32_t decimals) {
    static wide value;
    value = digits;
    arrow_node column = arrow_numbers("m", format, 1, NULL, &value);
    return amount_of(&column, decimals);
}

START_TEST(decimals_are_exact_and_round_half_away_from_zero) {
    ck_assert_int_eq(amount_of_decimal("d:10,2", 1234, 0), 1234);
    ck_assert_int_eq(amount_of_decimal("d:10,3", 2345, 0), 235);
    ck_assert_int_eq(amount_of_decimal("d:10,3", -2345, 0), -235);
    ck_assert_int_eq(amount_of_decimal("d:10,3", 2344, 0), 234);
    ck_assert_int_eq(amount_of_decimal("d:10,1", 15, PMKT_DECIMALS_NONE), 2);
    ck_assert_int_eq(amount_of_decimal("d:10,-3", 7, 2), 700000);
    ck_assert_int_eq(amount_of_decimal("d:38,38", 1, 6), 0);
    ck_assert_int_eq(amount_of_decimal("d:38,-30", 0, 6), 0);
    ck_assert_int_eq(amount_of_decimal("d:38,-30", 1, 6), RANGE);
    ck_assert_int_eq(amount_of_decimal("d:38,2", PMKT_AMOUNT_MAX, 2), PMKT_AMOUNT_MAX);
    ck_assert_int_eq(amount_of_decimal("d:38,2", -(wide)PMKT_AMOUNT_MAX - 1, 2), RANGE);
    wide huge = 1;
    for (int i = 0; i < 37; i++) huge *= 10;
    ck_assert_int_eq(amount_of_decimal("d:38,36", 5 * huge, 2), 5000);
    ck_assert_int_eq(amount_of_decimal("d:38,2", huge, 2), RANGE);
    ck_assert_int_eq(amount_of_decimal("d:38,37", 15 * huge, PMKT_DECIMALS_NONE), 15);
    ck_assert_int_eq(amount_of_decimal("d:38,60", huge, 6), 0);
    ck_assert_int_eq(amount_of_decimal("d:9,2,32", 1234, 0), 1234);
    ck_assert_int_eq(amount_of_decimal("d:18,2,64", 1234, 0), 1234);
}
END_TEST

START_TEST(other_numbers_and_texts_are_amounts_too) {
    const double d = 12.345, infinite = 1e300;
    const float f = 0.5F;
    const uint64_t u = UINT64_MAX;
    const int8_t i = -3;
    const int32_t offsets[] = {0, 5};
    arrow_node column = arrow_numbers("m", "g", 1, NULL, &d);
    ck_assert_int_eq(amount_of(&column, 2), 1235);
    column = arrow_numbers("m", "g", 1, NULL, &infinite);
    ck_assert_int_eq(amount_of(&column, 2), RANGE);
    column = arrow_numbers("m", "f", 1, NULL, &f);
    ck_assert_int_eq(amount_of(&column, 2), 50);
    column = arrow_numbers("m", "c", 1, NULL, &i);
    ck_assert_int_eq(amount_of(&column, 2), -300);
    column = arrow_numbers("m", "L", 1, NULL, &u);
    ck_assert_int_eq(amount_of(&column, 2), RANGE);
    column = arrow_texts("m", "u", 1, NULL, offsets, "1.005");
    ck_assert_int_eq(amount_of(&column, 2), 101);
    column = arrow_texts("m", "u", 1, NULL, offsets, "1,005");
    ck_assert_int_eq(amount_of(&column, 2), -1001 - PMKT_BAD_VALUE);
}
END_TEST

/* The amount of one price and quantity. */
static int64_t product(arrow_node *price, arrow_node *quantity, int64_t *count) {
    arrow_node user = arrow_numbers("user", "L", 1, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 1, NULL, arrow_times);
    arrow_node chunk = arrow_table(1, &user, &time, price, quantity, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.price = "p";
    c.quantity = "q";
    c.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    const int64_t amount = b->reject && b->reject[0] ? -1000 - b->reject[0] : b->amount[0];
    *count = b->quantity[0];
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
    return amount;
}

START_TEST(a_price_times_a_quantity_is_rounded_once) {
    static const wide cents = 333, thousandths = 1005, fraction = 15;
    static const int32_t three = 3;
    static const double half = 0.5;
    static const int32_t offsets[] = {0, 5};
    int64_t count = 0;
    arrow_node price = arrow_numbers("p", "d:10,3", 1, NULL, &thousandths);
    arrow_node quantity = arrow_numbers("q", "i", 1, NULL, &three);
    ck_assert_int_eq(product(&price, &quantity, &count), 302); /* 3.015 */
    ck_assert_int_eq(count, 3);
    quantity = arrow_numbers("q", "d:5,1", 1, NULL, &fraction); /* 1.5 kg */
    ck_assert_int_eq(product(&price, &quantity, &count), 151);
    ck_assert_int_eq(count, INT64_MIN); /* priced, but no column holds it */
    quantity = arrow_numbers("q", "g", 1, NULL, &half);
    price = arrow_numbers("p", "d:10,2", 1, NULL, &cents);
    ck_assert_int_eq(product(&price, &quantity, &count), 167); /* 1.665 */
    price = arrow_texts("p", "u", 1, NULL, offsets, "0.125");
    quantity = arrow_numbers("q", "i", 1, NULL, &three);
    ck_assert_int_eq(product(&price, &quantity, &count), 38);
    quantity = arrow_numbers("q", "g", 1, NULL, &half);
    ck_assert_int_eq(product(&price, &quantity, &count), 6);
    price = arrow_texts("p", "u", 1, NULL, offsets, "x.125");
    ck_assert_int_eq(product(&price, &quantity, &count), -1001 - PMKT_BAD_VALUE);
    wide digits = 1;
    for (int i = 0; i < 30; i++) digits *= 10;
    price = arrow_numbers("p", "d:38,30", 1, NULL, &digits);
    quantity = arrow_numbers("q", "d:38,30", 1, NULL, &digits);
    ck_assert_int_eq(product(&price, &quantity, &count), 100); /* 1 times 1 */
    digits++;
    ck_assert_int_eq(product(&price, &quantity, &count), RANGE); /* 61 digits */
}
END_TEST

/* ---------------------------------------------------------------------------------- kinds */

START_TEST(kinds_are_numbers_names_or_what_a_table_says) {
    static const char bytes[] = "orderpvbuy";
    static const int32_t offsets[] = {0, 5, 7, 10};
    static const int16_t numbers[] = {10, 3, -1};
    arrow_node text = arrow_texts("k", "u", 3, NULL, offsets, bytes);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.kind = "k";
    c.every_kind = 0;
    c.on_bad = PMKT_ON_BAD_SKIP;
    const pmkt_events *b = arrow_read_with(&text, &c);
    ck_assert_int_eq(b->kind[0], PMKT_KIND_ORDER);
    ck_assert_int_eq(b->kind[1], PMKT_KIND_NONE);
    ck_assert_int_eq(b->reject[1], 1 + PMKT_BAD_KIND);
    const pmkt_kind_label labels[] = {{"pv", 0, PMKT_KIND_VIEW, 0},
                                      {"buy", 0, PMKT_KIND_ORDER, 0},
                                      {NULL, -1, PMKT_KIND_CART, 0},
                                      {"pv", 0, PMKT_KIND_VIEW, 0}};
    c.kinds = labels;
    c.n_kinds = 4;
    b = arrow_read_with(&text, &c);
    ck_assert_int_eq(b->reject[0], 1 + PMKT_BAD_KIND); /* the table alone says */
    ck_assert_int_eq(b->kind[1], PMKT_KIND_VIEW);
    ck_assert_int_eq(b->kind[2], PMKT_KIND_ORDER);
    arrow_node number = arrow_numbers("k", "s", 3, NULL, numbers);
    b = arrow_read_with(&number, &c);
    ck_assert_int_eq(b->kind[2], PMKT_KIND_CART);
    ck_assert_int_eq(b->reject[0], 1 + PMKT_BAD_KIND);
    c.kinds = NULL;
    c.n_kinds = 0;
    b = arrow_read_with(&number, &c);
    ck_assert_int_eq(b->kind[0], PMKT_KIND_ORDER);
    ck_assert_int_eq(b->reject[2], 1 + PMKT_BAD_KIND);
    const pmkt_kind_label twice[] = {{"a", 0, 1, 0}, {"a", 0, 2, 0}};
    arrow_node chunk = arrow_table(3, &number, NULL);
    arrow_producer p = arrow_one(&chunk);
    c.kinds = twice;
    c.n_kinds = 2;
    ck_assert_int_eq(arrow_try(&p, &c, NULL), PMKT_E_INVALID);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arrow values");
    TOPIC(suite, "times", times_are_instants_in_milliseconds_rounded_down,
          wall_clock_times_follow_the_zone_through_gap_and_fold,
          wall_clock_times_without_a_zone_are_refused);
    TOPIC(suite, "money", decimals_are_exact_and_round_half_away_from_zero,
          other_numbers_and_texts_are_amounts_too, a_price_times_a_quantity_is_rounded_once);
    TOPIC(suite, "kinds", kinds_are_numbers_names_or_what_a_table_says);
    return suite_run(suite);
}
