/*
 * Rules by chance on events by chance, against the slow way: every choice of events is tried.
 */
#include <stdlib.h>

#include "pmkt.h"
#include "support/diary.h"
#include "support/loop.h"
#include "support/rules_slow.h"
#include "support/suite.h"

#define RULES 4
#define KINDS 7

static void compare(const slow_result *slow, const pmkt_rules_matches *made, const char *text) {
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_matches_columns_of(made, &c, &err), err);
    bool fine = c.n == slow->n && c.suppressed == slow->suppressed &&
                c.outranked == slow->outranked && c.dropped == 0;
    for (int64_t i = 0; fine && i < c.n; i++) {
        const slow_shot *s = &slow->shot[i];
        fine = c.row[i] == s->row && c.time[i] == s->time && c.user[i] == s->user &&
               c.rule[i] == s->rule && diary_may_begin(slow, s, c.since[i]);
    }
    if (fine) return;
    ck_abort_msg(
        "%lld fired and not %lld, %lld suppressed and not %lld, %lld outranked and not "
        "%lld, %lld dropped:\n%s",
        (long long)c.n, (long long)slow->n, (long long)c.suppressed, (long long)slow->suppressed,
        (long long)c.outranked, (long long)slow->outranked, (long long)c.dropped, text);
}

static void check(int64_t n, int64_t users, int64_t span, int n_rules, int threads) {
    static char text[8192];
    const int kinds = (int)random_between(2, KINDS + 1); /* the last is the cart */
    slow_rule rules[RULES];
    for (int k = 0; k < n_rules; k++) rules[k] = slow_rule_random(8 - kinds, 8, span / 6 + 1);
    pmkt_rules *made = slow_rules_parse(rules, n_rules, text, sizeof text);
    diary l = diary_random(n, users, span, kinds);
    int64_t until = INT64_MIN;
    for (int64_t i = 0; i < n; i++) until = l.time[i] > until ? l.time[i] : until;
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    o.partials = 1024;
    if (random_below(2) && n > 0) {
        o.until_ms = until += random_below(span);
        if (until == 0) until = -1; /* 0 is the last event, which is at 0 */
    }
    if (until < 0 && n > 0) until = 0;
    slow_result slow = diary_match(&l, rules, n_rules, (uint64_t)users, until);
    pmkt_rules_matches *matches = NULL;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    pmkt_error err;
    const pmkt_events ev = diary_events(&l);
    ck_assert_ok(pmkt_rules_match(made, &ev, &o, &run, NULL, &matches, &err), err);
    compare(&slow, matches, text);
    pmkt_rules_matches_free(matches);
    pmkt_rules_release(made);
    free(slow.shot);
    free(slow.start);
    diary_free(&l);
}

START_TEST(one_rule_and_few_events) {
    random_seed(1);
    for (int64_t i = 0; i < scaled(60000, 2000); i++) {
        check(random_below(14), 1, random_between(1, 40), 1, 1);
    }
}
END_TEST

START_TEST(rules_together) {
    random_seed(2);
    for (int64_t i = 0; i < scaled(20000, 600); i++) {
        check(random_below(50), random_between(1, 5), random_between(1, 80),
              (int)random_between(1, RULES + 1), 1);
    }
}
END_TEST

START_TEST(many_users_and_threads) {
    random_seed(3);
    for (int64_t i = 0; i < scaled(8, 1); i++) check(40000, 4000, 200, RULES, 3);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rules random");
    TOPIC(suite, "slow", one_rule_and_few_events, rules_together, many_users_and_threads);
    return suite_run(suite);
}
