/*
 * Memory that runs out in exact top-k, at every allocation of every call: the call says so, its index and
 * count are untouched, nothing leaks, and the same call succeeds afterwards.
 */
#include <string.h>

#include "cf/topk.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"

#define N 1300
#define D 33 /* wide enough for a product of matrices */
#define ROWS 40
#define K 7

static float vectors[N * D], queries[ROWS * D];
static uint64_t ids[N];
static int64_t row[ROWS];
static pmkti_cf_without without[ROWS];
static pmkti_cf_filter filter = {.id = ids, .n = N};

static void make(void) {
    random_seed(1);
    for (int i = 0; i < N * D; i++) vectors[i] = (float)(random_below(2001) - 1000);
    for (int i = 0; i < ROWS * D; i++) queries[i] = (float)(random_below(2001) - 1000);
    for (int i = 0; i < N; i++) ids[i] = (uint64_t)i + 1;
    for (int i = 0; i < ROWS; i++) row[i] = i;
}

/* What a call may do: 0 = make an index, 1 = one row, 2 and 3 = many, with an index and without. */
static pmkt_status call(int what, const pmkt_allocator *allocator, const pmkti_cf_index *index,
                        pmkti_cf_index *made, uint64_t *out, int32_t *counts, pmkt_error *err) {
    const pmkti_run run = {2, {NULL, NULL}};
    const pmkti_cf_topk topk = {.vectors = vectors,
                                .n = N,
                                .d = D,
                                .index = what == 3 ? NULL : index,
                                .filter = &filter,
                                .k = K};
    if (what == 0) return pmkti_cf_index_new(vectors, N, D, allocator, &run, made, err);
    if (what > 1) {
        return pmkti_cf_topk_many(&topk, queries, row, without, ROWS, allocator, &run, out, NULL,
                                  counts, err);
    }
    pmkt_cf_scratch *scratch = NULL;
    pmkt_status status = pmkt_cf_scratch_new(allocator, &scratch, err);
    if (status) return status;
    status = pmkti_cf_topk_one(&topk, queries, &without[0], scratch, out, NULL, counts, err);
    pmkt_cf_scratch_free(scratch);
    return status;
}

static void fail_everywhere(int what, bool sticky) {
    faulty works = {0}, fails = {0};
    const pmkt_allocator good = faulty_allocator(&works), bad = faulty_allocator(&fails);
    const pmkti_run run = {1, {NULL, NULL}};
    pmkti_cf_index index = {0};
    pmkt_error err;
    ck_assert_ok(pmkti_cf_index_new(vectors, N, D, &good, &run, &index, &err), err);
    int64_t failed = 0;
    for (int64_t at = 1;; at++) {
        static uint64_t out[ROWS * K];
        int32_t counts[ROWS];
        pmkti_cf_index made = {.n = -5};
        counts[0] = -5;
        faulty_arm(&fails, at, sticky);
        const pmkt_status status = call(what, &bad, &index, &made, out, counts, &err);
        if (status == PMKT_OK) {
            if (what == 0) pmkti_cf_index_clear(&made, &bad);
            if (what > 0) ck_assert_int_eq(counts[0], K);
            faulty_check_empty(&fails);
            if (fails.refused == 0) break;
            continue;
        }
        failed++;
        ck_assert_int_eq(status, PMKT_E_NOMEM);
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert_int_eq(made.n, -5);
        if (what == 1) ck_assert_int_eq(counts[0], -5);
        faulty_check_empty(&fails);
        ck_assert_int_lt(at, 200);
    }
    ck_assert_int_ge(failed, 3);
    pmkti_cf_index_clear(&index, &good);
    faulty_check_empty(&works);
}

START_TEST(every_allocation_may_fail) {
    for (int what = 0; what < 4; what++) fail_everywhere(what, _i);
}
END_TEST

START_TEST(every_allocation_may_fail_with_a_small_set) {
    static const uint64_t SOME[] = {3, 77, 78, 79, 500, 501, 502, 1300};
    pmkt_idset *set = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(SOME, LENGTH(SOME), NULL, &set, &err), err);
    filter.allow = set;
    for (int what = 1; what < 4; what++) fail_everywhere(what, _i);
    filter.allow = NULL;
    pmkt_idset_free(set);
}
END_TEST

START_TEST(a_warm_scratch_allocates_nothing) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    const pmkti_run run = {1, {NULL, NULL}};
    pmkti_cf_index index = {0};
    pmkt_cf_scratch *scratch = NULL;
    uint64_t out[K];
    int32_t count = 0;
    pmkt_error err;
    ck_assert_ok(pmkti_cf_index_new(vectors, N, D, &allocator, &run, &index, &err), err);
    ck_assert_ok(pmkt_cf_scratch_new(&allocator, &scratch, &err), err);
    const pmkti_cf_topk topk = {vectors, N, D, false, &index, &filter, K};
    for (int i = 0; i < 20; i++) {
        if (i == 1) faulty_arm(&memory, 1, true);
        ck_assert_ok(pmkti_cf_topk_one(&topk, queries + i * D, &without[i], scratch, out, NULL,
                                       &count, &err),
                     err);
    }
    ck_assert_int_eq(memory.calls, 0);
    faulty_disarm(&memory);
    pmkt_cf_scratch_free(scratch);
    pmkti_cf_index_clear(&index, &allocator);
    faulty_check_empty(&memory);
}
END_TEST

int main(void) {
    make();
    Suite *suite = suite_create("fault_cf_topk");
    TCase *loops = tcase_create("memory");
    tcase_add_loop_test(loops, every_allocation_may_fail, 0, 2);
    tcase_add_loop_test(loops, every_allocation_may_fail_with_a_small_set, 0, 2);
    suite_add_tcase(suite, loops);
    TOPIC(suite, "scratch", a_warm_scratch_allocates_nothing);
    return suite_run(suite);
}
