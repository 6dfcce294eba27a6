/*
 * suite.h - what every test program ends with, and how much work tests may do.
 */
#ifndef PMKT_TEST_SUITE_H
#define PMKT_TEST_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#define LENGTH(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* Adds a test case with the tests that follow. */
#define TOPIC(suite, name, ...) suite_add_topic(suite, name, (const TTest *[]){__VA_ARGS__, NULL})

void suite_add_topic(Suite *suite, const char *name, const TTest *const *tests);

/* Runs the suite and frees it; the exit status of the program. */
int suite_run(Suite *suite);

/* `full`, or `small` where PMKT_TEST_SCALE=small asks for less (under valgrind, say). */
int64_t scaled(int64_t full, int64_t small);

/* Asserts that a call succeeded, and says why if it did not. Take `err` from the same call. */
#define ck_assert_ok(status, err) \
    do { \
        const pmkt_status ck_assert_ok_status = (status); \
        ck_assert_msg(ck_assert_ok_status == PMKT_OK, "%s: %s", \
                      pmkt_status_name(ck_assert_ok_status), (err).message); \
    } while (0)

#endif
