/*
 * A forked child uses the handles of its parent: states, scores and migrations have neither threads nor
 * locks that could be left behind. A tracker has locks, so there it is refused.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/shop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define AS_OF date(2024, 7, 1)

/* More rows than one thread takes alone. */
static batch many_orders(void) {
    batch b = {0};
    for (int64_t i = 0; i < 50000; i++) {
        batch_order(&b, (uint64_t)(i % 7000) + 1, AS_OF - 200 * DAY + i * HOUR / 12,
                    (uint64_t)i + 1, 100 + i % 977);
    }
    return b;
}

/* The same work in parent and child: scores, a batch of news, what is known then. */
static uint64_t work(pmkt_rfm *rfm, pmkt_rfm_scores *before) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_rfm_scores *after = NULL;
    pmkt_rfm_migration *migration = NULL;
    batch b = many_orders();
    const pmkt_events events = batch_events(&b);
    uint64_t digest = 0;
    int32_t codes = 0;
    if (!pmkt_rfm_add(rfm, &events, &run, NULL, NULL) &&
        !pmkt_rfm_score(rfm, AS_OF, NULL, &run, &after, NULL) &&
        !pmkt_rfm_migrate(before, after, PMKT_RFM_BY_TIER, &run, &migration, NULL)) {
        const int64_t *matrix = pmkt_rfm_migration_matrix(migration, &codes);
        dump state = rfm_dump(rfm), columns = scores_dump(after);
        digest = pmkt_id_of_bytes(state.at, state.n) ^ pmkt_id_of_bytes(columns.at, columns.n) ^
                 pmkt_id_of_bytes(matrix, (size_t)(codes * codes) * sizeof *matrix);
        dump_free(&state);
        dump_free(&columns);
    }
    batch_clear(&b);
    pmkt_rfm_migration_free(migration);
    pmkt_rfm_scores_free(after);
    return digest;
}

static void check_in_child(pmkt_rfm *rfm) {
    batch b = many_orders();
    const pmkt_events events = batch_events(&b);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2; /* the parent has had threads before it forks */
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, &run, NULL, NULL), PMKT_OK);
    pmkt_rfm_scores *before = rfm_score(rfm, AS_OF - 20 * DAY, NULL);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const uint64_t digest = work(rfm, before);
        pmkt_rfm_scores_free(before);
        pmkt_rfm_free(rfm);
        _exit(write(ends[1], &digest, sizeof digest) == (ssize_t)sizeof digest ? 0 : 1);
    }
    const uint64_t expected = work(rfm, before);
    uint64_t digest = 0;
    ck_assert_int_eq(read(ends[0], &digest, sizeof digest), sizeof digest);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_ne(expected, 0);
    ck_assert_uint_eq(digest, expected);
    (void)close(ends[0]);
    (void)close(ends[1]);
    batch_clear(&b);
    pmkt_rfm_scores_free(before);
    pmkt_rfm_free(rfm);
}

START_TEST(a_child_goes_on_with_a_history) {
    check_in_child(rfm_history());
}
END_TEST

START_TEST(a_child_goes_on_with_a_summary) {
    check_in_child(rfm_summary());
}
END_TEST

/* How many calls of a tracker are not refused, or change what they were given. */
static int use(pmkt_tracker *t, const pmkt_purchase *model, const pmkt_rules *rules) {
    pmkt_tracker_counts counts = PMKT_TRACKER_COUNTS_INIT;
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    pmkt_tracker_fired fired[8];
    uint64_t user = 1;
    int64_t time = date(2024, 7, 1), n = 7;
    int32_t known = 7;
    uint32_t generation = 7;
    pmkt_error err = {0};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = &user, ev.time = &time, ev.every_kind = PMKT_KIND_CART;
    int wrong = pmkt_tracker_observe(t, &ev, NULL, NULL, &err) != PMKT_E_FORKED;
    wrong += err.code != PMKT_E_FORKED;
    wrong += pmkt_tracker_advance(t, time, fired, 8, &n, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_forget(t, user, &known, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_explain(t, user, NULL, &e, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_swap(t, model, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_swap_rules(t, rules, &n, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_stats(t, &counts, NULL) != PMKT_E_FORKED;
    wrong += pmkt_tracker_rules(t, &generation) != NULL;
    wrong += pmkt_tracker_model(t) != NULL;
    return wrong + (n != 7) + (known != 7) + (generation != 7) + (counts.users != 0);
}

static pmkt_tracker *tracker_with_a_cart(const pmkt_purchase *model, const pmkt_rules *rules) {
    pmkt_tracker *t = tracker_of(model, rules, NULL);
    tracker_see(t, (deed){.user = 1, .time = date(2024, 7, 1), .kind = PMKT_KIND_CART}, NULL);
    return t;
}

/* The child may free it, and make one of its own; the parent goes on. */
START_TEST(a_child_has_no_use_for_a_tracker) {
    visits v = shop_make(200, 20);
    pmkt_purchase *model = purchase_of(&v);
    pmkt_rules *rules = rules_of("intent a { when cart then no order for 1 h }");
    pmkt_tracker *t = tracker_with_a_cart(model, rules);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const int wrong = use(t, model, rules);
        pmkt_tracker_free(t);
        pmkt_tracker *own = tracker_with_a_cart(model, rules);
        const bool works = tracker_counts_of(own).events == 1;
        pmkt_tracker_free(own);
        pmkt_rules_release(rules);
        pmkt_purchase_release(model);
        visits_free(&v);
        _exit(works ? wrong : 100);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    shots s = {0};
    tracker_clock(t, date(2024, 7, 2), 4, &s);
    ck_assert_int_eq(s.n, 1);
    ck_assert_int_eq(pmkt_tracker_swap(t, model, NULL), PMKT_OK);
    ck_assert_int_eq(tracker_counts_of(t).users, 1);
    shots_free(&s);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
    pmkt_purchase_release(model);
    visits_free(&v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fork");
    TOPIC(suite, "handles", a_child_goes_on_with_a_history, a_child_goes_on_with_a_summary);
    TOPIC(suite, "trackers", a_child_has_no_use_for_a_tracker);
    return suite_run(suite);
}
