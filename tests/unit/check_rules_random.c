/*
 * Rules by chance on events by chance, against the slow way: every choice of events is tried.
 */
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/rules_slow.h"
#include "support/suite.h"

#define RULES 4
#define KINDS 7

typedef struct diary {
    int64_t n;
    uint64_t *user, *item, *category, *channel;
    int64_t *time, *amount;
    uint16_t *kind;
} diary;

static diary diary_random(int64_t n, int64_t users, int64_t span, int kinds) {
    const size_t bytes = (size_t)n * 8 + 8;
    diary l = {n,
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes)};
    for (int64_t i = 0; i < n; i++) {
        l.user[i] = 1 + (uint64_t)random_below(users);
        l.item[i] = (uint64_t)random_below(4);
        l.category[i] = (uint64_t)random_below(3);
        l.channel[i] = (uint64_t)random_below(8) > 0;
        l.time[i] = random_below(span);
        l.amount[i] = random_below(5) == 0 ? PMKT_AMOUNT_NULL : random_below(4);
        l.kind[i] = (uint16_t)random_between(8 - kinds, 8);
        if (random_below(20) == 0) l.kind[i] = (uint16_t)(random_below(2) ? 1063 : 5000);
    }
    return l;
}

static void diary_free(diary *l) {
    free(l->user), free(l->item), free(l->category), free(l->channel);
    free(l->time), free(l->amount), free(l->kind);
}

static pmkt_events diary_events(const diary *l) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = l->n, ev.user = l->user, ev.item = l->item, ev.category = l->category;
    ev.channel = l->channel, ev.time = l->time, ev.amount = l->amount, ev.kind = l->kind;
    return ev;
}

static int by_time(const void *x, const void *y) {
    const slow_event *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

/* The events of a user in order; malloc'ed. */
static slow_event *events_of(const diary *l, uint64_t user, int *n) {
    slow_event *e = malloc((size_t)l->n * sizeof *e + sizeof *e);
    *n = 0;
    for (int64_t i = 0; i < l->n; i++) {
        if (l->user[i] != user) continue;
        e[(*n)++] = (slow_event){.time = l->time[i],
                                 .row = i,
                                 .amount = l->amount[i],
                                 .id = {l->item[i], l->category[i], l->channel[i]},
                                 .kind = l->kind[i]};
    }
    qsort(e, (size_t)*n, sizeof *e, by_time);
    int64_t cart = INT64_MIN;
    for (int i = 0; i < *n; i++) {
        if (e[i].kind == PMKT_KIND_CART) cart = e[i].amount;
        e[i].cart_amount = cart;
        e[i].dwell = i > 0 ? e[i].time - e[i - 1].time : INT64_MIN;
        if (e[i].kind >= PMKT_KIND_CUSTOM) e[i].kind = e[i].kind == 5000 ? 62 : 63;
    }
    return e;
}

static int by_time_user(const void *x, const void *y) {
    const slow_shot *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    if (a->user != b->user) return a->user < b->user ? -1 : 1;
    if (a->rule != b->rule) return a->rule - b->rule;
    return (a->row > b->row) - (a->row < b->row);
}

static pmkt_rules *parse(const slow_rule *rules, int n, char *text, size_t room) {
    size_t length = 0;
    pmkt_rules *made = NULL;
    pmkt_error err;
    for (int k = 0; k < n; k++) length += slow_rule_print(&rules[k], text + length, room - length);
    if (pmkt_rules_parse(text, length, NULL, &made, &err)) {
        ck_abort_msg("%s\n%s", err.message, text);
    }
    return made;
}

/* Whether a match that ends so may have begun at this time. */
static bool may_begin(const slow_result *slow, const slow_shot *s, int64_t since) {
    for (int64_t i = 0; i < s->n_starts; i++) {
        if (slow->start[s->first_start + i] == since) return true;
    }
    return false;
}

static void compare(const slow_result *slow, const pmkt_rules_matches *made, const char *text) {
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_matches_columns_of(made, &c, &err), err);
    bool fine = c.n == slow->n && c.suppressed == slow->suppressed &&
                c.outranked == slow->outranked && c.dropped == 0;
    for (int64_t i = 0; fine && i < c.n; i++) {
        const slow_shot *s = &slow->shot[i];
        fine = c.row[i] == s->row && c.time[i] == s->time && c.user[i] == s->user &&
               c.rule[i] == s->rule && may_begin(slow, s, c.since[i]);
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
    pmkt_rules *made = parse(rules, n_rules, text, sizeof text);
    diary l = diary_random(n, users, span, kinds);
    slow_result slow = {0};
    int64_t until = INT64_MIN;
    for (int64_t i = 0; i < n; i++) until = l.time[i] > until ? l.time[i] : until;
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    o.partials = 1024;
    if (random_below(2) && n > 0) {
        o.until_ms = until += random_below(span);
        if (until == 0) until = -1; /* 0 is the last event, which is at 0 */
    }
    if (until < 0 && n > 0) until = 0;
    for (uint64_t user = 1; user <= (uint64_t)users; user++) {
        int count = 0;
        slow_event *e = events_of(&l, user, &count);
        slow_match(rules, n_rules, e, count, user, until, &slow);
        free(e);
    }
    if (slow.n > 0) qsort(slow.shot, (size_t)slow.n, sizeof *slow.shot, by_time_user);
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
