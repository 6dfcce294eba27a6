/*
 * Sorting in place: the same as the C library's on every shape of input that a heap can get wrong.
 */
#include "core/sort.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/suite.h"

static bool number_before(const void *a, const void *b) {
    return *(const uint64_t *)a < *(const uint64_t *)b;
}

static int compare_numbers(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t shape(int which, size_t i, size_t n) {
    switch (which) {
        case 0:
            return random_bits();
        case 1:
            return i;
        case 2:
            return n - i;
        case 3:
            return 7;
        case 4:
            return random_bits() % 3;
        case 5:
            return i % 2 ? UINT64_MAX : 0;
        default:
            return i < n / 2 ? i : n - i;
    }
}

START_TEST(every_shape_is_sorted_at_every_small_length) {
    uint64_t numbers[300], expected[300];
    random_seed(1);
    for (int which = 0; which < 7; which++) {
        for (size_t n = 0; n <= 300; n++) {
            for (size_t i = 0; i < n; i++) numbers[i] = shape(which, i, n);
            memcpy(expected, numbers, n * sizeof *numbers);
            qsort(expected, n, sizeof *expected, compare_numbers);
            pmkti_sort(numbers, n, sizeof *numbers, number_before);
            ck_assert_mem_eq(numbers, expected, n * sizeof *numbers);
        }
    }
}
END_TEST

START_TEST(long_inputs_are_sorted) {
    const size_t n = (size_t)scaled(1000000, 20000);
    uint64_t *numbers = malloc(n * sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    random_seed(2);
    uint64_t sum = 0, sum_after = 0;
    for (size_t i = 0; i < n; i++) sum += numbers[i] = random_bits();
    pmkti_sort(numbers, n, sizeof *numbers, number_before);
    for (size_t i = 0; i < n; i++) sum_after += numbers[i];
    size_t falls = 0;
    for (size_t i = 1; i < n; i++) falls += numbers[i - 1] > numbers[i];
    ck_assert_uint_eq(falls, 0);
    ck_assert_uint_eq(sum, sum_after);
    free(numbers);
}
END_TEST

typedef struct element {
    unsigned char bytes[PMKTI_SORT_SIZE];
} element;

static bool element_before(const void *a, const void *b) {
    return memcmp(a, b, PMKTI_SORT_SIZE) < 0;
}

START_TEST(elements_of_the_largest_size_move_whole) {
    element elements[100];
    random_seed(3);
    for (int i = 0; i < 100; i++) {
        const unsigned char byte = (unsigned char)random_below(256);
        memset(elements[i].bytes, byte, sizeof elements[i].bytes);
    }
    pmkti_sort(elements, 100, sizeof *elements, element_before);
    for (int i = 0; i < 100; i++) {
        for (int j = 1; j < PMKTI_SORT_SIZE; j++) {
            ck_assert_uint_eq(elements[i].bytes[j], elements[i].bytes[0]);
        }
        if (i > 0) ck_assert_uint_le(elements[i - 1].bytes[0], elements[i].bytes[0]);
    }
}
END_TEST

static bool triple_before(const void *a, const void *b) {
    return memcmp(a, b, 3) < 0;
}

START_TEST(odd_sizes_are_sorted) {
    unsigned char triples[50][3];
    random_seed(4);
    for (int i = 0; i < 50; i++) memset(triples[i], (int)random_below(256), 3);
    pmkti_sort(triples, 50, 3, triple_before);
    for (int i = 1; i < 50; i++) ck_assert(!triple_before(triples[i], triples[i - 1]));
    for (int i = 0; i < 50; i++) ck_assert_uint_eq(triples[i][0], triples[i][2]);
}
END_TEST

START_TEST(one_element_and_none_need_no_comparison) {
    uint64_t number = 5;
    pmkti_sort(&number, 1, sizeof number, NULL);
    pmkti_sort(NULL, 0, sizeof number, NULL);
    ck_assert_uint_eq(number, 5);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sort");
    TOPIC(suite, "sort", every_shape_is_sorted_at_every_small_length, long_inputs_are_sorted,
          elements_of_the_largest_size_move_whole, odd_sizes_are_sorted,
          one_element_and_none_need_no_comparison);
    return suite_run(suite);
}
