/*
 * How many CPUs a cgroup allows, by the text of its cpu.max.
 */
#include "core/cpus.h"

#include <errno.h>

#include "pmkt.h"
#include "support/suite.h"

START_TEST(a_quota_is_rounded_up_to_whole_cpus) {
    ck_assert_int_eq(pmkti_cgroup_cpus("200000 100000\n"), 2);
    ck_assert_int_eq(pmkti_cgroup_cpus("200001 100000\n"), 3);
    ck_assert_int_eq(pmkti_cgroup_cpus("199999 100000\n"), 2);
    ck_assert_int_eq(pmkti_cgroup_cpus("100000 100000\n"), 1);
    ck_assert_int_eq(pmkti_cgroup_cpus("1000 100000\n"), 1);
    ck_assert_int_eq(pmkti_cgroup_cpus("1 1000000\n"), 1);
    ck_assert_int_eq(pmkti_cgroup_cpus("150000 50000"), 3);
}
END_TEST

START_TEST(no_quota_is_no_limit) {
    ck_assert_int_eq(pmkti_cgroup_cpus("max 100000\n"), 0);
    ck_assert_int_eq(pmkti_cgroup_cpus("max"), 0);
}
END_TEST

START_TEST(a_text_that_makes_no_sense_is_no_limit) {
    static const char *const TEXTS[] = {"",          "\n",          " ",          "200000",
                                        "200000\n",  "200000 ",     "200000 0",   "0 100000",
                                        "-1 100000", "200000 -1",   "200000 max", "200000\t100000",
                                        "x 100000",  " 200000 100", "2e5 100000", "200000  100000"};
    for (int64_t i = 0; i < LENGTH(TEXTS); i++) {
        ck_assert_msg(pmkti_cgroup_cpus(TEXTS[i]) == 0, "\"%s\"", TEXTS[i]);
    }
}
END_TEST

START_TEST(numbers_beyond_64_bits_do_no_harm) {
    ck_assert_int_eq(pmkti_cgroup_cpus("9223372036854775699 1"), INT32_MAX);
    ck_assert_int_eq(pmkti_cgroup_cpus("9223372036854775699 9223372036854775699"), 1);
    ck_assert_int_ge(pmkti_cgroup_cpus("9223372036854775807 100000"), 0);
    ck_assert_int_ge(pmkti_cgroup_cpus("99999999999999999999999999 100000"), 0);
    ck_assert_int_ge(pmkti_cgroup_cpus("100000 99999999999999999999999999"), 0);
}
END_TEST

START_TEST(the_default_is_at_least_one_thread_and_leaves_errno_alone) {
    errno = EDOM;
    const int32_t threads = pmkt_default_threads();
    ck_assert_int_ge(threads, 1);
    ck_assert_int_eq(errno, EDOM);
    ck_assert_int_eq(pmkt_default_threads(), threads);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cpus");
    TOPIC(suite, "cgroup", a_quota_is_rounded_up_to_whole_cpus, no_quota_is_no_limit,
          a_text_that_makes_no_sense_is_no_limit, numbers_beyond_64_bits_do_no_harm);
    TOPIC(suite, "default", the_default_is_at_least_one_thread_and_leaves_errno_alone);
    return suite_run(suite);
}
