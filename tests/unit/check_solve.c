/*
 * The solvers of x = b + Q x, by the residual that the test finds itself; and where one hands on to the other.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intent/bicgstab.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define ENTRIES 3

/* ENTRIES a row; what they lack to 1 is the end. */
typedef struct sparse {
    int64_t n;
    int32_t *to;
    double *p;
} sparse;

static void apply(const void *ctx, const double *x, double *y) {
    const sparse *q = ctx;
    for (int64_t i = 0; i < q->n; i++) {
        y[i] = 0;
        for (int64_t k = i * ENTRIES; k < (i + 1) * ENTRIES; k++) y[i] += q->p[k] * x[q->to[k]];
    }
}

/* Random places; or, as a `ring`, the next row, so that what happens at one end is long in coming to the other. */
static sparse make(int64_t n, double end, bool ring) {
    sparse q = {n, malloc((size_t)(n * ENTRIES) * sizeof *q.to),
                malloc((size_t)(n * ENTRIES) * sizeof *q.p)};
    for (int64_t i = 0; i < n * ENTRIES; i++) {
        q.to[i] = (int32_t)(ring ? (i / ENTRIES + 1) % n : random_below(n));
        q.p[i] = (1 - end) / ENTRIES;
    }
    return q;
}

static void release(sparse *q) {
    free(q->to), free(q->p);
}

static double *right_side(int64_t n) {
    double *b = malloc((size_t)n * sizeof *b);
    for (int64_t i = 0; i < n; i++) b[i] = (double)random_below(1000) / 1000;
    return b;
}

static double share_of(const sparse *q, const double *b, const double *x) {
    double *y = malloc((size_t)q->n * sizeof *y), off = 0, scale = 0;
    apply(q, x, y);
    for (int64_t i = 0; i < q->n; i++) {
        off = fmax(off, fabs(b[i] + (y[i] - x[i])));
        scale = fmax(scale, fmax(fabs(x[i]), fabs(b[i])));
    }
    free(y);
    return scale > 0 ? off / scale : 0;
}

static pmkti_linear system_of(const sparse *q, const pmkt_allocator *a, const pmkti_run *run) {
    return (pmkti_linear){q->n, apply, q, a, run, {"solving", 0, 1}};
}

START_TEST(both_solve_chains_that_end) {
    random_seed(1);
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    const pmkti_run run = {.threads = 2};
    static const int64_t SIZES[] = {1, 2, 17, 500, 40000};
    for (int64_t k = 0; k < LENGTH(SIZES); k++) {
        sparse q = make(SIZES[k], 0.1, false);
        double *b = right_side(q.n), *x = calloc((size_t)q.n, sizeof *x), share = 0;
        const pmkti_linear system = system_of(&q, &a, &run);
        ck_assert_int_eq(pmkti_gmres(&system, b, x, &share), PMKT_OK);
        ck_assert(share <= 1e-14 && share_of(&q, b, x) <= 1e-14);
        ck_assert_int_eq(pmkti_bicgstab(&system, b, x, &share), PMKT_OK);
        ck_assert(share <= 1e-14 && share_of(&q, b, x) <= 1e-14);
        release(&q), free(b), free(x);
    }
    faulty_check_empty(&f);
}
END_TEST

START_TEST(threads_do_not_change_a_bit) {
    random_seed(2);
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    sparse q = make(scaled(200000, 50000), 0.05, false);
    double *b = right_side(q.n), *x[3], share = 0;
    for (int t = 0; t < 3; t++) {
        const pmkti_run run = {.threads = t + 1};
        const pmkti_linear system = system_of(&q, &a, &run);
        x[t] = malloc((size_t)q.n * sizeof **x);
        ck_assert_int_eq(pmkti_bicgstab(&system, b, x[t], &share), PMKT_OK);
        ck_assert_int_eq(memcmp(x[0], x[t], (size_t)q.n * sizeof **x), 0);
    }
    for (int t = 0; t < 3; t++) free(x[t]);
    release(&q), free(b);
    faulty_check_empty(&f);
}
END_TEST

/* Rings that hardly ever end: what is told of x is true, whatever it is, and GMRES goes on from there. */
START_TEST(what_one_leaves_the_other_solves) {
    random_seed(3);
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    const pmkti_run run = {.threads = 1};
    int64_t left = 0;
    for (int64_t n = 10; n <= 300; n += 29) {
        for (double end = 1e-2; end > 1e-7; end /= 10) {
            sparse q = make(n, end, true);
            double *b = right_side(n), *x = malloc((size_t)n * sizeof *x), share = 0;
            const pmkti_linear system = system_of(&q, &a, &run);
            REQUIRE(pmkti_bicgstab(&system, b, x, &share) == PMKT_OK);
            REQUIRE(share >= 1 ? share_of(&q, b, x) <= 1
                               : fabs(share_of(&q, b, x) - share) < 1e-15);
            left += share > 1e-14;
            if (share > 1e-14) REQUIRE(pmkti_gmres(&system, b, x, &share) == PMKT_OK);
            REQUIRE(share_of(&q, b, x) <= 1e-12);
            release(&q), free(b), free(x);
        }
    }
    ck_assert_int_gt(left, 0);
    faulty_check_empty(&f);
}
END_TEST

START_TEST(nothing_on_the_right_is_nothing) {
    random_seed(4);
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    const pmkti_run run = {.threads = 1};
    sparse q = make(100, 0.1, false);
    double b[100] = {0}, x[100], share = 1;
    const pmkti_linear system = system_of(&q, &a, &run);
    ck_assert_int_eq(pmkti_bicgstab(&system, b, x, &share), PMKT_OK);
    for (int i = 0; i < 100; i++) ck_assert(x[i] == 0);
    ck_assert(share == 0);
    release(&q);
    faulty_check_empty(&f);
}
END_TEST

static int stop(void *ctx, double done, const char *stage) {
    (void)ctx, (void)done, (void)stage;
    return 1;
}

START_TEST(cancel_and_no_memory_are_told) {
    random_seed(5);
    faulty f = {0};
    const pmkt_allocator a = faulty_allocator(&f);
    const pmkti_run run = {.threads = 1, .progress = {stop, NULL}}, quiet = {.threads = 1};
    sparse q = make(100, 0.1, false);
    double *b = right_side(q.n), x[100], share = 1;
    pmkti_linear system = system_of(&q, &a, &run);
    ck_assert_int_eq(pmkti_bicgstab(&system, b, x, &share), PMKT_E_CANCELED);
    system.run = &quiet;
    for (int64_t nth = 1; nth <= 2; nth++) {
        faulty_arm(&f, nth, false);
        ck_assert_int_eq(pmkti_bicgstab(&system, b, x, &share), PMKT_E_NOMEM);
    }
    faulty_disarm(&f);
    release(&q), free(b);
    faulty_check_empty(&f);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("solve");
    TOPIC(suite, "solvers", both_solve_chains_that_end, threads_do_not_change_a_bit,
          what_one_leaves_the_other_solves, nothing_on_the_right_is_nothing,
          cancel_and_no_memory_are_told);
    return suite_run(suite);
}
