/*
 * How failures are reported by the calls that users make: filled whole, with the status and the
 * place in numbers; and success leaves everything alone.
 */
#include "core/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/rfm.h"
#include "support/suite.h"

static pmkt_error garbage(void) {
    pmkt_error err;
    memset(&err, 0xAA, sizeof err);
    return err;
}

/* What every filled error has. */
static void check_filled(const pmkt_error *err, pmkt_status status) {
    ck_assert_int_ne(status, PMKT_OK);
    ck_assert_int_eq(err->code, status);
    ck_assert_int_eq(err->sys_errno, 0);
    ck_assert_int_eq(err->reserved, 0);
    const size_t length = strnlen(err->message, sizeof err->message);
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_lt(length, sizeof err->message);
    for (size_t i = 0; i < length; i++) ck_assert(err->message[i] >= ' ' && err->message[i] <= '~');
    if (err->where_kind == PMKT_WHERE_NONE) ck_assert_int_eq(err->where, 0);
}

START_TEST(what_ends_parallel_work_has_a_message) {
    static const pmkt_status STATUSES[] = {PMKT_E_NOMEM, PMKT_E_CANCELED, PMKT_E_OVERFLOW};
    for (int64_t i = 0; i < LENGTH(STATUSES); i++) {
        pmkt_error err = garbage();
        ck_assert_int_eq(pmkti_stopped(&err, STATUSES[i]), STATUSES[i]);
        check_filled(&err, STATUSES[i]);
        ck_assert_int_eq(pmkti_stopped(NULL, STATUSES[i]), STATUSES[i]);
    }
    pmkt_error err = garbage(), before = err;
    ck_assert_int_eq(pmkti_stopped(&err, PMKT_OK), PMKT_OK);
    ck_assert_mem_eq(&err, &before, sizeof err);
}
END_TEST

START_TEST(a_success_leaves_the_error_alone) {
    pmkt_error err = garbage(), before = err;
    pmkt_rfm *rfm = NULL;
    pmkt_rfm_scores *scores = NULL;
    pmkt_rfm_migration *migration = NULL;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    pmkt_rfm_rates rates = PMKT_RFM_RATES_INIT;
    pmkt_rfm_group groups[9];
    batch b = {0};
    batch_order(&b, 5, 0, 0, 100);
    const pmkt_events events = batch_events(&b);
    const uint64_t user = 5;
    int64_t row = 0;
    ck_assert_int_eq(pmkt_events_check(&events, NULL, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_new(NULL, &rfm, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_compact(rfm, NULL, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_stats(rfm, &counters, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_score(rfm, DAY, NULL, NULL, &scores, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_scores_columns(scores, &columns, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_scores_find(scores, &user, 1, &row, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_summary(scores, 0, groups, sizeof *groups, 9, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_migrate(scores, scores, 0, NULL, &migration, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_migration_rates(migration, &rates, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_rfm_forget(rfm, &user, 1, 0, NULL, &err), PMKT_OK);
    ck_assert_mem_eq(&err, &before, sizeof err);
    pmkt_rfm_migration_free(migration);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

static int cancel(void *ctx, double done, const char *stage) {
    (void)ctx;
    (void)done;
    (void)stage;
    return 1;
}

START_TEST(every_status_of_a_call_comes_with_a_filled_error) {
    pmkt_rfm *rfm = rfm_history(), *unpriced = NULL;
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.unpriced = 1;
    ck_assert_int_eq(pmkt_rfm_new(&options, &unpriced, NULL), PMKT_OK);
    batch b = {0};
    batch_order(&b, 0, 0, 0, 100);
    const pmkt_events events = batch_events(&b);
    pmkt_error err = garbage();
    check_filled(&err, pmkt_rfm_add(rfm, &events, NULL, NULL, &err));
    ck_assert_int_eq(err.code, PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    err = garbage();
    check_filled(&err, pmkt_rfm_merge(rfm, unpriced, NULL, &err));
    ck_assert_int_eq(err.code, PMKT_E_MISMATCH);
    err = garbage();
    check_filled(&err, pmkt_rfm_merge(rfm, rfm, NULL, &err));
    ck_assert_int_eq(err.code, PMKT_E_INVALID);
    const pmkt_run run = {sizeof run, 1, {cancel, NULL}};
    err = garbage();
    check_filled(&err, pmkt_rfm_compact(rfm, &run, &err));
    ck_assert_int_eq(err.code, PMKT_E_CANCELED);
    faulty f = {0};
    const pmkt_allocator allocator = faulty_allocator(&f);
    faulty_arm(&f, 1, true);
    pmkt_rfm *none = NULL;
    options.allocator = &allocator;
    err = garbage();
    check_filled(&err, pmkt_rfm_new(&options, &none, &err));
    ck_assert_int_eq(err.code, PMKT_E_NOMEM);
    ck_assert_ptr_null(none);
    pmkt_rfm_free(unpriced);
    pmkt_rfm_free(rfm);
    batch_clear(&b);
}
END_TEST

START_TEST(errno_is_left_alone) {
    errno = EDOM;
    pmkt_rfm *rfm = rfm_history();
    rfm_add_order(rfm, 1, 0, 0, 100);
    pmkt_rfm_scores *scores = rfm_score(rfm, DAY, NULL);
    pmkt_error err;
    ck_assert_int_ne(pmkt_rfm_merge(rfm, rfm, NULL, &err), PMKT_OK);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("error");
    TOPIC(suite, "errors", what_ends_parallel_work_has_a_message, a_success_leaves_the_error_alone,
          every_status_of_a_call_comes_with_a_filled_error, errno_is_left_alone);
    return suite_run(suite);
}
