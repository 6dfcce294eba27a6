/*
 * check_calibrate.c - Platt's sigmoid and the isotonic curve on opinions made by hand.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "intent/logistic/model.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define NEAR(a, b, by) REQUIRE(fabs((double)(a) - (double)(b)) <= (by))

static faulty memory;
static pmkt_allocator allocator;

static pmkti_calibration made(int32_t kind, const double *z, const uint8_t *y, int64_t n) {
    pmkti_calibration c;
    allocator = faulty_allocator(&memory);
    ck_assert_int_eq(pmkti_calibrate(kind, z, y, n, &allocator, &c), PMKT_OK);
    return c;
}

static void done(pmkti_calibration *c) {
    pmkti_calibration_free(&allocator, c);
    faulty_check_empty(&memory);
}

/* One yes of four below, three of four above: with Platt's targets 1/3 and 2/3. */
START_TEST(a_sigmoid_through_two_points) {
    const double z[8] = {-1, -1, -1, -1, 1, 1, 1, 1};
    const uint8_t y[8] = {1, 0, 0, 0, 1, 1, 1, 0};
    pmkti_calibration c = made(PMKT_CALIBRATION_PLATT, z, y, 8);
    NEAR(c.slope, log(2), 1e-7);
    NEAR(c.shift, 0, 1e-7);
    NEAR(pmkti_calibrated(&c, 0), 0.5, 1e-7);
    NEAR(pmkti_calibrated(&c, 1), 2.0 / 3, 1e-7);
    ck_assert(isnan(pmkti_calibrated(&c, NAN)));
    ck_assert(pmkti_calibrated(&c, INFINITY) == 1 && pmkti_calibrated(&c, -INFINITY) == 0);
    done(&c);
}
END_TEST

/* The minimum of Platt's loss among those that do not fall, whatever the opinions. */
START_TEST(a_sigmoid_is_a_minimum) {
    random_seed(1);
    int flat = 0;
    for (int round = 0; round < 200; round++) {
        double z[50];
        uint8_t y[50];
        const int64_t n = random_between(1, 51);
        const double scale = pow(10, (double)random_between(-3, 3));
        int64_t yes = 0;
        for (int64_t i = 0; i < n; i++) {
            z[i] = scale * (double)random_between(-20, 21), y[i] = random_below(3) == 0;
            yes += y[i];
        }
        pmkti_calibration c = made(PMKT_CALIBRATION_PLATT, z, y, n);
        const double target[2] = {1 / ((double)(n - yes) + 2),
                                  ((double)yes + 1) / ((double)yes + 2)};
        double da = 0, db = 0;
        for (int64_t i = 0; i < n; i++) {
            const double slope = pmkti_calibrated(&c, z[i]) - target[y[i]];
            da += slope * z[i] / scale, db += slope;
        }
        NEAR(db / (double)n, 0, 1e-6);
        flat += c.slope == 0;
        if (c.slope == 0)
            REQUIRE(da >= -1e-9); /* it would fall */
        else
            NEAR(da / (double)n, 0, 1e-6);
        REQUIRE(c.slope >= 0);
        REQUIRE(isfinite(c.slope) && isfinite(c.shift));
        done(&c);
    }
    REQUIRE(flat > 20 && flat < 180);
}
END_TEST

START_TEST(a_curve_pools_what_falls) {
    const double z[6] = {3, 1, 2, 6, 5, 4};
    const uint8_t y[6] = {0, 0, 1, 1, 1, 1};
    pmkti_calibration c = made(PMKT_CALIBRATION_ISOTONIC, z, y, 6);
    ck_assert_int_eq(c.n, 3);
    const double at[] = {1, 2.5, 5}, p[] = {1.0 / 8, 0.5, 7.0 / 8};
    ck_assert(memcmp(c.z, at, sizeof at) == 0);
    ck_assert(memcmp(c.p, p, sizeof p) == 0);
    NEAR(pmkti_calibrated(&c, -1e308), 1.0 / 8, 0);
    NEAR(pmkti_calibrated(&c, 1.75), 0.3125, 1e-15);
    NEAR(pmkti_calibrated(&c, 2.5), 0.5, 0);
    NEAR(pmkti_calibrated(&c, 5), 7.0 / 8, 0);
    NEAR(pmkti_calibrated(&c, INFINITY), 7.0 / 8, 0);
    ck_assert(isnan(pmkti_calibrated(&c, NAN)));
    done(&c);
}
END_TEST

/* Rows that think the same are one, whatever came of them and in which order. */
START_TEST(equal_opinions_are_one_corner) {
    const double z[6] = {1, 1, 1, 1, 2, 2};
    const uint8_t y[6] = {1, 0, 0, 0, 1, 0};
    pmkti_calibration c = made(PMKT_CALIBRATION_ISOTONIC, z, y, 6);
    ck_assert_int_eq(c.n, 2);
    ck_assert(c.z[0] == 1 && c.z[1] == 2 && c.p[0] == 0.25 && c.p[1] == 0.5);
    done(&c);
    c = made(PMKT_CALIBRATION_ISOTONIC, z, y, 4);
    ck_assert_int_eq(c.n, 1);
    ck_assert(pmkti_calibrated(&c, 0) == 0.25 && pmkti_calibrated(&c, 7) == 0.25);
    done(&c);
}
END_TEST

/* A rising curve whose corners ascend, also where opinions differ in the last place only: sums of them
   may round to what the next one is. */
START_TEST(corners_ascend) {
    random_seed(2);
    for (int round = 0; round < 2000; round++) {
        double z[60];
        uint8_t y[60];
        const double from = (double)random_between(1, 1000) / 10;
        const int64_t n = random_between(2, 61);
        for (int64_t i = 0; i < n; i++) {
            z[i] = from;
            for (int64_t k = random_below(3); k > 0; k--) z[i] = nextafter(z[i], INFINITY);
            y[i] = z[i] > from ? random_below(4) > 0 : random_below(4) == 0;
        }
        pmkti_calibration c = made(PMKT_CALIBRATION_ISOTONIC, z, y, n);
        for (int64_t i = 0; i < c.n; i++) {
            REQUIRE(c.p[i] > 0 && c.p[i] < 1);
            REQUIRE(i == 0 || (c.z[i] > c.z[i - 1] && c.p[i] >= c.p[i - 1]));
        }
        done(&c);
    }
}
END_TEST

/* The isotonic fit is the best of all rising ones: a pool's share is its mean, and no prefix of a pool
   lies above the pool. */
START_TEST(a_curve_is_the_best_rising_one) {
    random_seed(3);
    for (int round = 0; round < 500; round++) {
        double z[80];
        uint8_t y[80];
        const int64_t n = random_between(1, 81);
        for (int64_t i = 0; i < n; i++) z[i] = (double)i, y[i] = random_below(n) < i;
        pmkti_calibration c = made(PMKT_CALIBRATION_ISOTONIC, z, y, n);
        /* min over ends of max over beginnings of the mean between: the textbook's formula */
        int64_t corner = 0;
        double before = -1;
        const double least = 1 / ((double)n + 2);
        for (int64_t i = 0; i < n; i++) {
            double best = -1;
            for (int64_t from = 0; from <= i; from++) {
                double sum = 0, lowest = 2;
                for (int64_t to = from; to < n; to++) {
                    sum += y[to];
                    if (to >= i) lowest = fmin(lowest, sum / (double)(to - from + 1));
                }
                best = fmax(best, lowest);
            }
            if (best == before) continue;
            before = best;
            REQUIRE(corner < c.n);
            NEAR(c.p[corner++], fmin(fmax(best, least), 1 - least), 1e-12);
        }
        REQUIRE(corner == c.n);
        done(&c);
    }
}
END_TEST

START_TEST(nothing_is_no_calibration) {
    for (int32_t kind = 0; kind <= PMKT_CALIBRATION_NONE; kind++) {
        pmkti_calibration c = made(kind, NULL, NULL, 0);
        ck_assert_int_eq(c.kind, PMKT_CALIBRATION_NONE);
        ck_assert(pmkti_calibrated(&c, 0) == 0.5);
        done(&c);
    }
}
END_TEST

START_TEST(memory_may_run_out) {
    const double z[4] = {1, 2, 3, 4};
    const uint8_t y[4] = {0, 0, 1, 1};
    allocator = faulty_allocator(&memory);
    int64_t nth = 1;
    for (pmkt_status status = PMKT_E_NOMEM; status; nth++) {
        pmkti_calibration c;
        faulty_arm(&memory, nth, nth % 2);
        status = pmkti_calibrate(PMKT_CALIBRATION_ISOTONIC, z, y, 4, &allocator, &c);
        faulty_disarm(&memory);
        ck_assert(status == PMKT_OK || status == PMKT_E_NOMEM);
        pmkti_calibration_free(&allocator, &c);
        faulty_check_empty(&memory);
    }
    ck_assert_int_eq(nth, 6);
}
END_TEST

int main(void) {
    Suite *s = suite_create("calibrate");
    TOPIC(s, "Platt", a_sigmoid_through_two_points, a_sigmoid_is_a_minimum);
    TOPIC(s, "isotonic", a_curve_pools_what_falls, equal_opinions_are_one_corner, corners_ascend,
          a_curve_is_the_best_rising_one);
    TOPIC(s, "neither", nothing_is_no_calibration, memory_may_run_out);
    return suite_run(s);
}
