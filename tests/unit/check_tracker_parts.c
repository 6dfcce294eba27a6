/*
 * check_tracker_parts.c - what a tracker is made of: the queue of who is to be woken.
 */
#include <stdlib.h>

#include "core/alloc.h"
#include "intent/tracker/due.h"
#include "support/loop.h"
#include "support/suite.h"

#define MOST 300

/* Whether an entry is the one that counts of its number. */
static int is_odd(void *ctx, const pmkti_due *entry) {
    int *asked = ctx;
    ++*asked;
    return entry->number % 2 == 1;
}

static int by_time(const void *a, const void *b) {
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The earliest comes first, whatever was pushed, popped and left out before. */
static void check_queue(int64_t span) {
    pmkti_due_heap heap = {NULL, 0, 0};
    pmkt_allocator a;
    int64_t time[MOST], n = 0;
    ck_assert_int_eq(pmkti_allocator_check(NULL, &a, NULL), PMKT_OK);
    ck_assert_int_eq(pmkti_due_reserve(&heap, &a, MOST), PMKT_OK);
    for (int i = 0; i < 1000; i++) {
        const int64_t what = random_below(100);
        if (what < 60 && n < MOST) {
            time[n] = random_below(span);
            pmkti_due_push(&heap, time[n], (uint32_t)time[n]);
            n++;
        } else if (what < 97 && n > 0) {
            qsort(time, (size_t)n, sizeof *time, by_time);
            const pmkti_due first = pmkti_due_pop(&heap);
            REQUIRE(first.time == time[0] && first.number == (uint32_t)time[0]);
            time[0] = time[--n];
        } else if (what >= 99) {
            int asked = 0;
            pmkti_due_sift(&heap, is_odd, &asked);
            REQUIRE(asked == n);
            int64_t left = 0;
            for (int64_t k = 0; k < n; k++) {
                if (time[k] % 2 == 1) time[left++] = time[k];
            }
            n = left;
        }
        REQUIRE(heap.n == n);
        for (uint32_t k = 1; k < heap.n; k++) REQUIRE(heap.at[(k - 1) / 2].time <= heap.at[k].time);
    }
    pmkti_due_free(&heap, &a);
}

START_TEST(the_earliest_is_woken_first) {
    random_seed(1);
    for (int64_t i = 0; i < scaled(200, 20); i++) check_queue(random_between(2, 2000));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker parts");
    TOPIC(suite, "queue", the_earliest_is_woken_first);
    return suite_run(suite);
}
