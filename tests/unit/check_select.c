/*
 * Order statistics by counting, against sorting, on the distributions that defeat histograms.
 */
#include "core/select.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/sort.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

static bool before(const void *a, const void *b) {
    return *(const uint64_t *)a < *(const uint64_t *)b;
}

/* Selects and compares with the sorted keys; nothing may be left allocated. */
static void check_ranks(const uint64_t *keys, size_t n, const size_t *ranks, size_t n_ranks) {
    faulty f = {0};
    const pmkt_allocator allocator = faulty_allocator(&f);
    uint64_t *sorted = malloc(n * sizeof *sorted);
    uint64_t *values = malloc(n_ranks * sizeof *values);
    ck_assert(sorted && values);
    memcpy(sorted, keys, n * sizeof *sorted);
    pmkti_sort(sorted, n, sizeof *sorted, before);
    ck_assert_int_eq(pmkti_select(&allocator, keys, n, ranks, n_ranks, values), PMKT_OK);
    for (size_t i = 0; i < n_ranks; i++) ck_assert_uint_eq(values[i], sorted[ranks[i]]);
    faulty_check_empty(&f);
    free(sorted);
    free(values);
}

/* All ranks of short inputs; of long ones the ends, the middle, and a hundred equal steps. */
static void check_keys(const uint64_t *keys, size_t n) {
    size_t ranks[256], n_ranks = 0;
    const size_t step = n <= 100 ? 1 : n / 100;
    for (size_t r = 0; r < n; r += step) ranks[n_ranks++] = r;
    if (ranks[n_ranks - 1] != n - 1) ranks[n_ranks++] = n - 1;
    check_ranks(keys, n, ranks, n_ranks);
    const size_t middle = n / 2, twice[2] = {middle, middle};
    check_ranks(keys, n, &middle, 1);
    check_ranks(keys, n, twice, 2);
}

enum {
    UNIFORM,
    ALL_EQUAL,
    ALL_GREATEST,
    TWO_FAR,
    CLUSTERS,
    NARROW,
    ONE_FAR,
    EXPONENTIAL,
    NESTED,
    SHAPES
};

static uint64_t key_of(int shape, size_t i, size_t n) {
    switch (shape) {
        case UNIFORM:
            return random_bits();
        case ALL_EQUAL:
            return 42;
        case ALL_GREATEST:
            return UINT64_MAX;
        case TWO_FAR:
            return random_below(2) ? UINT64_MAX : 0;
        case CLUSTERS:
            return (uint64_t)random_below(5) << 60 | (uint64_t)random_below(3);
        case NARROW:
            return UINT64_C(1) << 50 | (uint64_t)random_below(1000);
        case ONE_FAR:
            return i == n / 3 ? UINT64_MAX : (uint64_t)random_below(10);
        case EXPONENTIAL:
            return UINT64_C(1) << random_below(64);
        default: /* all in one bin again and again, until the last bits */
            return UINT64_C(0xffffffffffff0000) * (i > 0) | (uint64_t)random_below(4);
    }
}

static void check_shapes(size_t n) {
    uint64_t *keys = malloc(n * sizeof *keys);
    ck_assert_ptr_nonnull(keys);
    for (int shape = 0; shape < SHAPES; shape++) {
        for (size_t i = 0; i < n; i++) keys[i] = key_of(shape, i, n);
        check_keys(keys, n);
    }
    free(keys);
}

START_TEST(short_inputs_give_what_sorting_gives) {
    random_seed(1);
    for (size_t n = 1; n <= 40; n++) check_shapes(n);
}
END_TEST

START_TEST(inputs_at_the_switch_of_histogram_size_give_what_sorting_gives) {
    random_seed(2);
    check_shapes(4095);
    check_shapes(4096);
    check_shapes(4097);
}
END_TEST

START_TEST(long_inputs_give_what_sorting_gives) {
    random_seed(3);
    check_shapes((size_t)scaled(300000, 6000));
}
END_TEST

START_TEST(no_keys_and_no_ranks_give_nothing) {
    faulty f = {0};
    const pmkt_allocator allocator = faulty_allocator(&f);
    const uint64_t key = 5;
    const size_t rank = 0;
    uint64_t value = 99;
    ck_assert_int_eq(pmkti_select(&allocator, &key, 1, &rank, 0, &value), PMKT_OK);
    ck_assert_int_eq(pmkti_select(&allocator, NULL, 0, &rank, 1, &value), PMKT_OK);
    ck_assert_uint_eq(value, 99);
    ck_assert_int_eq(pmkti_select(&allocator, &key, 1, &rank, 1, &value), PMKT_OK);
    ck_assert_uint_eq(value, 5);
}
END_TEST

START_TEST(every_failed_allocation_is_reported_and_leaks_nothing) {
    enum {
        N = 5000
    };
    static uint64_t keys[N];
    uint64_t values[3];
    const size_t ranks[3] = {0, N / 2, N - 1};
    random_seed(4);
    for (size_t i = 0; i < N; i++) keys[i] = random_bits();
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t failures = 0;
        for (int64_t nth = 1;; nth++) {
            faulty f = {0};
            const pmkt_allocator allocator = faulty_allocator(&f);
            faulty_arm(&f, nth, sticky);
            const pmkt_status status = pmkti_select(&allocator, keys, N, ranks, 3, values);
            faulty_check_empty(&f);
            if (status == PMKT_OK) break;
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            failures++;
        }
        ck_assert_int_ge(failures, 3);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("select");
    TOPIC(suite, "select", short_inputs_give_what_sorting_gives,
          inputs_at_the_switch_of_histogram_size_give_what_sorting_gives,
          long_inputs_give_what_sorting_gives, no_keys_and_no_ranks_give_nothing,
          every_failed_allocation_is_reported_and_leaks_nothing);
    return suite_run(suite);
}
