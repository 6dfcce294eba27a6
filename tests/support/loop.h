/*
 * loop.h - for tests that try very many cases in a loop.
 */
#ifndef PMKT_TESTS_LOOP_H
#define PMKT_TESTS_LOOP_H

#include <check.h>

#include "support/random.h"

/* libcheck writes a note for each of its asserts, which is too slow for many thousands of them. */
#define REQUIRE(condition) \
    do { \
        if (!(condition)) ck_abort_msg("%s", #condition); \
    } while (0)

/* A random number from `low` up to, not including, `high`. */
static inline int64_t random_between(int64_t low, int64_t high) {
    return low + random_below(high - low);
}

#endif
