/*
 * Memory: what the library asks of a caller's allocator, and what it does with the heap's. The
 * allocator of the other tests is tested here too.
 */
#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "support/faulty.h"
#include "support/suite.h"

static bool is_filled(const void *p, int byte, size_t n) {
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != byte) return false;
    }
    return true;
}

START_TEST(no_allocator_is_the_heap) {
    pmkt_allocator heap = {NULL, NULL};
    ck_assert_int_eq(pmkti_allocator_check(NULL, &heap, NULL), PMKT_OK);
    ck_assert(heap.fn);
    char *p = pmkti_alloc(&heap, 100, 1);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % 16, 0);
    memset(p, 7, 100);
    p = pmkti_resize(&heap, p, 100, 100000, 1);
    ck_assert(is_filled(p, 7, 100));
    p = pmkti_resize(&heap, p, 100000, 10, 1);
    ck_assert(is_filled(p, 7, 10));
    pmkti_free(&heap, p, 10, 1);
}
END_TEST

START_TEST(an_allocator_without_a_function_is_refused) {
    const pmkt_allocator empty = {NULL, NULL};
    pmkt_allocator mine = {NULL, &mine};
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_allocator_check(&empty, &mine, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "allocator.fn"));
    ck_assert_ptr_eq(mine.ctx, &mine);
}
END_TEST

START_TEST(nothing_is_asked_for_where_there_is_nothing_to_allocate) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    ck_assert_ptr_null(pmkti_alloc(&a, 0, 8));
    ck_assert_ptr_null(pmkti_alloc_zero(&a, 0, 8));
    pmkti_free(&a, NULL, 0, 8);
    pmkti_free(&a, NULL, 5, 8);
    ck_assert_int_eq(f.calls, 0);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(a_size_that_overflows_is_refused_before_it_is_asked_for) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    ck_assert_ptr_null(pmkti_alloc(&a, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_null(pmkti_alloc(&a, (size_t)PTRDIFF_MAX / 8 + 1, 8));
    ck_assert_ptr_null(pmkti_alloc_zero(&a, SIZE_MAX, 2));
    void *p = pmkti_alloc(&a, 1, 8);
    ck_assert_ptr_null(pmkti_resize(&a, p, 1, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_null(pmkti_resize(&a, p, 1, 0, 8));
    ck_assert_int_eq(f.calls, 1);
    pmkti_free(&a, p, 1, 8);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(zeroed_memory_is_zero_and_other_memory_is_not) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    void *zero = pmkti_alloc_zero(&a, 25, 4), *raw = pmkti_alloc(&a, 25, 4);
    ck_assert(is_filled(zero, 0, 100));
    ck_assert(is_filled(raw, 0xA5, 100));
    ck_assert_int_eq(f.bytes, 200);
    ck_assert_int_eq(f.blocks, 2);
    pmkti_free(&a, zero, 25, 4);
    pmkti_free(&a, raw, 25, 4);
    ck_assert_int_eq(f.peak, 200);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(a_resize_keeps_what_both_sizes_have) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    unsigned char *p = pmkti_resize(&a, NULL, 0, 3, 4); /* no array yet: an allocation */
    ck_assert_ptr_nonnull(p);
    memset(p, 1, 12);
    p = pmkti_resize(&a, p, 3, 5, 4);
    ck_assert(is_filled(p, 1, 12));
    ck_assert(is_filled(p + 12, 0xA5, 8));
    p = pmkti_resize(&a, p, 5, 2, 4);
    ck_assert(is_filled(p, 1, 8));
    ck_assert_int_eq(f.bytes, 8);
    pmkti_free(&a, p, 2, 4);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(a_refused_resize_leaves_the_block_as_it_was) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    unsigned char *p = pmkti_alloc(&a, 3, 4);
    memset(p, 1, 12);
    faulty_arm(&f, 1, false);
    ck_assert_ptr_null(pmkti_resize(&a, p, 3, 300, 4));
    ck_assert(is_filled(p, 1, 12));
    ck_assert_int_eq(f.refused, 1);
    faulty_disarm(&f);
    pmkti_free(&a, p, 3, 4);
    faulty_check_empty(&f);
}
END_TEST

/* ------------------------------------------------------ the allocator itself */

START_TEST(the_test_allocator_fails_once_or_from_then_on) {
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    for (int sticky = 0; sticky < 2; sticky++) {
        void *p[4];
        faulty_arm(&f, 2, sticky);
        for (int i = 0; i < 4; i++) p[i] = pmkti_alloc(&a, 1, 1);
        ck_assert_ptr_nonnull(p[0]);
        ck_assert_ptr_null(p[1]);
        ck_assert_int_eq(p[2] == NULL, sticky);
        ck_assert_int_eq(p[3] == NULL, sticky);
        ck_assert_int_eq(f.refused, sticky ? 3 : 1);
        ck_assert_int_eq(f.calls, 4);
        for (int i = 0; i < 4; i++) pmkti_free(&a, p[i], 1, 1);
    }
    faulty_check_empty(&f);
}
END_TEST

START_TEST(the_test_allocator_sees_wrong_sizes_and_writes_beyond) {
    faulty f = {0};
    pmkt_allocator a = faulty_allocator(&f);
    pmkti_free(&a, pmkti_alloc(&a, 4, 4), 3, 4);
    ck_assert_ptr_nonnull(strstr(f.misuse, "old"));

    faulty g = {0};
    a = faulty_allocator(&g);
    char *p = pmkti_alloc(&a, 4, 4);
    p[16] = 0;
    pmkti_free(&a, p, 4, 4);
    ck_assert_ptr_nonnull(strstr(g.misuse, "beyond"));

    faulty h = {0};
    const pmkt_allocator b = faulty_allocator(&h);
    void *of_a = pmkti_alloc(&a, 1, 1);
    pmkti_free(&b, of_a, 1, 1);
    ck_assert_ptr_nonnull(strstr(h.misuse, "did not give"));
    pmkti_free(&a, of_a, 1, 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("alloc");
    TOPIC(suite, "allocator", no_allocator_is_the_heap, an_allocator_without_a_function_is_refused,
          nothing_is_asked_for_where_there_is_nothing_to_allocate,
          a_size_that_overflows_is_refused_before_it_is_asked_for,
          zeroed_memory_is_zero_and_other_memory_is_not, a_resize_keeps_what_both_sizes_have,
          a_refused_resize_leaves_the_block_as_it_was);
    TOPIC(suite, "test allocator", the_test_allocator_fails_once_or_from_then_on,
          the_test_allocator_sees_wrong_sizes_and_writes_beyond);
    return suite_run(suite);
}
