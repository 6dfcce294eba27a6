/*
 * check_tracker_memory.c - what a tracker takes, whom it forgets when it may take no more, and whom it does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"
#include "support/tracker.h"

#define T0 INT64_C(1700000000000)

static pmkt_tracker_options options_of(int64_t max_bytes, int32_t shards, int32_t history) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.max_bytes = max_bytes, o.shards = shards, o.history = history;
    return o;
}

static pmkt_tracker *of_text(const char *text, const pmkt_tracker_options *o) {
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker *t = tracker_of(NULL, rules, o);
    pmkt_rules_release(rules);
    return t;
}

static void see(pmkt_tracker *t, uint64_t user, int64_t after, uint16_t kind, uint64_t item) {
    tracker_see(t, (deed){.user = user, .time = T0 + after, .kind = kind, .item = item}, NULL);
}

/* Whether somebody is known, with history. */
static bool knows(pmkt_tracker *t, uint64_t user) {
    pmkt_tracker_event event;
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    e.event = &event, e.room = 1;
    ck_assert_int_eq(pmkt_tracker_explain(t, user, NULL, &e, NULL), PMKT_OK);
    return e.n > 0;
}

/* ----------------------------------------------------------------------- bounds */

/* Users who come one after the other, some of them again: the bound holds for what is counted and for what the
   allocator gave, also while memory moves; and somebody is always evicted when somebody new comes there. */
static void check_bound(int64_t max_bytes, int32_t shards, int32_t history) {
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_tracker_options o = options_of(max_bytes, shards, history);
    o.allocator = &allocator, o.partials = 40;
    pmkt_tracker *t = of_text("intent a { when view then cart same item }", &o);
    int64_t most = 0, first = 0;
    for (int64_t i = 1; i <= 4000; i++) {
        const pmkt_tracker_counts before = tracker_counts_of(t);
        see(t, (uint64_t)i, i, PMKT_KIND_VIEW, (uint64_t)i);
        for (int64_t k = random_below(8); k > 0; k--) { /* partial matches lie apart */
            see(t, (uint64_t)i, i, PMKT_KIND_VIEW, (uint64_t)random_below(50) + 1);
        }
        const pmkt_tracker_counts c = tracker_counts_of(t);
        REQUIRE(c.bytes <= max_bytes && memory.bytes <= c.bytes + 64);
        REQUIRE(c.users + c.evicted == i && c.evicted - before.evicted <= 1);
        REQUIRE(c.users >= before.users && c.bytes >= before.bytes);
        if (c.evicted > 0 && first == 0) first = i;
        if (c.users > most) most = c.users;
    }
    REQUIRE(first > 16 && most < 4000);
    ck_assert_int_le(memory.peak,
                     max_bytes + max_bytes / 4); /* while the queue moves there are two */
    pmkt_tracker_free(t);
    faulty_check_empty(&memory);
}

START_TEST(the_bound_holds) {
    random_seed(1);
    check_bound(200000, 1, 8);
    check_bound(300000, 1, -1);
    check_bound(400000, 2, 1);
    check_bound(600000, 16, -1);
    for (int i = 0; i < scaled(20, 2); i++) check_bound(random_between(50000, 600000), 1, -1);
}
END_TEST

START_TEST(nobody_is_lost_below_the_bound) {
    for (int limit = 0; limit < 2; limit++) {
        const pmkt_tracker_options o = options_of(limit ? INT64_C(1) << 30 : 0, 0, 1);
        pmkt_tracker *t = of_text("intent a { when view then cart same item }", &o);
        const int64_t n = scaled(30000, 3000);
        for (int64_t i = 1; i <= n; i++) see(t, (uint64_t)(i * 7919), i, PMKT_KIND_VIEW, 1);
        for (int64_t i = 1; i <= n; i++) REQUIRE(knows(t, (uint64_t)(i * 7919)));
        const pmkt_tracker_counts c = tracker_counts_of(t);
        ck_assert(c.users == n && c.evicted == 0 && c.dropped == 0);
        pmkt_tracker_free(t);
    }
}
END_TEST

/* Who gives too little is told how much would do: exactly that does. */
START_TEST(the_least_is_told) {
    pmkt_rules *rules = rules_of("intent a { when view }");
    for (int i = 0; i < 12; i++) {
        pmkt_tracker_options o = options_of(1, 1 << i % 6, i % 3 - 1);
        o.capacity = i % 4 * 1000;
        pmkt_tracker *t = NULL;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkt_tracker_new(NULL, rules, &o, &t, &err), PMKT_E_LIMIT);
        const char *told = strrchr(err.message, ' ');
        ck_assert_ptr_nonnull(told);
        o.max_bytes = atoll(told) - 1;
        ck_assert_int_eq(pmkt_tracker_new(NULL, rules, &o, &t, &err), PMKT_E_LIMIT);
        o.max_bytes++;
        ck_assert_int_eq(pmkt_tracker_new(NULL, rules, &o, &t, &err), PMKT_OK);
        ck_assert_int_le(tracker_counts_of(t).bytes, o.max_bytes);
        pmkt_tracker_free(t);
    }
    pmkt_rules_release(rules);
}
END_TEST

/* In one shard the first goes when one more would not have fitted into two thirds; no more than a record and what it
   needs to be found is left of them then, but for the table of the index, which doubles. */
START_TEST(memory_is_used_before_anybody_goes) {
    random_seed(2);
    for (int i = 0; i < scaled(40, 4); i++) {
        const int64_t max_bytes = random_between(100000, 2000000);
        const pmkt_tracker_options o = options_of(max_bytes, 1, -1);
        pmkt_tracker *t = of_text("intent a { when view then cart }", &o);
        pmkt_tracker_counts c = tracker_counts_of(t);
        for (uint64_t u = 1; c.evicted == 0; u++) {
            see(t, u, (int64_t)u, PMKT_KIND_VIEW, 1);
            c = tracker_counts_of(t);
        }
        int64_t table = 64;
        while (table * 3 < (c.users + 1) * 4) table *= 2;
        const bool doubles = table * 3 >= c.users * 4 && table / 2 * 3 < (c.users + 1) * 4;
        const int64_t left = max_bytes - c.bytes;
        ck_assert_int_ge(left, (max_bytes - 4096) / 3); /* a shard takes less than that */
        if (left > max_bytes / 3 + 256 + 64 + 20 + (doubles ? 8 * table + 100 : 0)) {
            ck_abort_msg("of %lld bytes, %lld are left when the first of %lld goes",
                         (long long)max_bytes, (long long)left, (long long)c.users);
        }
        pmkt_tracker_free(t);
    }
}
END_TEST

/* About the least recently seen go. */
START_TEST(who_was_not_seen_for_long_goes) {
    const pmkt_tracker_options o = options_of(2000000, 1, 1);
    pmkt_tracker *t = of_text("intent a { when view then cart }", &o);
    random_seed(3);
    uint64_t n = 0;
    for (; tracker_counts_of(t).evicted == 0; n++) see(t, n + 1, 0, PMKT_KIND_VIEW, 1);
    const int64_t users = tracker_counts_of(t).users;
    int64_t *seen = malloc((size_t)n * sizeof *seen), there = 0;
    for (uint64_t u = 1; u <= n; u++) {
        if (knows(t, u)) seen[there++] = (int64_t)u;
    }
    ck_assert_int_eq(there, users);
    random_shuffle(seen, there);
    for (int64_t i = 0; i < there; i++) see(t, (uint64_t)seen[i], 1 + i, PMKT_KIND_VIEW, 1);
    const int64_t come = users / 4;
    for (int64_t i = 0; i < come; i++) see(t, n + 1 + (uint64_t)i, there + 1, PMKT_KIND_VIEW, 1);
    int64_t gone = 0, late = 0;
    double rank = 0;
    for (int64_t i = 0; i < there; i++) {
        if (knows(t, (uint64_t)seen[i])) continue;
        gone++, rank += (double)i / (double)there;
        late += i > there * 9 / 10;
    }
    ck_assert_int_eq(gone + (int64_t)(tracker_counts_of(t).evicted - 1 - gone), come);
    ck_assert_int_gt(gone, come * 9 / 10); /* and hardly anybody who just came */
    ck_assert(rank / (double)gone <
              0.25); /* the least recently seen exactly: 0.125; by chance: 0.5 */
    ck_assert_int_lt(late, gone / 50);
    free(seen);
    pmkt_tracker_free(t);
}
END_TEST

/* Who is forgotten or expires leaves room that the next one takes. */
START_TEST(room_is_used_again) {
    const pmkt_tracker_options o = options_of(300000, 1, 1);
    pmkt_tracker *t = of_text("intent a { when view then cart }", &o);
    uint64_t n = 0;
    for (; tracker_counts_of(t).evicted == 0; n++) see(t, n + 1, (int64_t)n, PMKT_KIND_VIEW, 1);
    const pmkt_tracker_counts full = tracker_counts_of(t);
    int64_t forgotten = 0;
    for (uint64_t u = 1; u <= n; u += 2) {
        int32_t known = 0;
        ck_assert_int_eq(pmkt_tracker_forget(t, u, &known, NULL), PMKT_OK);
        forgotten += known;
    }
    ck_assert_int_eq(tracker_counts_of(t).users, full.users - forgotten);
    for (int64_t i = 0; i < forgotten; i++) {
        see(t, 100000 + (uint64_t)i, (int64_t)n + i, PMKT_KIND_VIEW, 1);
    }
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert(c.users == full.users && c.evicted == 1 && c.bytes == full.bytes);
    see(t, 99999, (int64_t)n + forgotten, PMKT_KIND_VIEW, 1);
    c = tracker_counts_of(t);
    ck_assert(c.users == full.users && c.evicted == 2 && c.bytes == full.bytes);
    pmkt_tracker_free(t);
}
END_TEST

START_TEST(too_little_is_refused) {
    pmkt_rules *rules = rules_of("intent a { when view }");
    static const int64_t TOO_LITTLE[] = {1, 1000, 20000};
    pmkt_tracker *t = NULL;
    pmkt_error err;
    for (int i = 0; i < LENGTH(TOO_LITTLE); i++) {
        const pmkt_tracker_options o = options_of(TOO_LITTLE[i], 64, -1);
        ck_assert_int_eq(pmkt_tracker_new(NULL, rules, &o, &t, &err), PMKT_E_LIMIT);
        ck_assert_ptr_null(t);
    }
    pmkt_tracker_options o = options_of(5000000, 1, -1);
    o.capacity = 100000;
    ck_assert_int_eq(pmkt_tracker_new(NULL, rules, &o, &t, &err), PMKT_E_LIMIT);
    o.capacity = 10000;
    ck_assert_ok(pmkt_tracker_new(NULL, rules, &o, &t, &err), err);
    pmkt_tracker_free(t);
    /* the least that is taken is enough for somebody in every shard */
    int64_t low = 20000, high = 5000000;
    t = NULL;
    while (low + 1 < high) {
        o = options_of(low + (high - low) / 2, 64, -1);
        const pmkt_status status = pmkt_tracker_new(NULL, rules, &o, &t, &err);
        ck_assert(status == PMKT_OK || status == PMKT_E_LIMIT);
        if (status)
            low = o.max_bytes;
        else
            high = o.max_bytes;
        pmkt_tracker_free(t);
        t = NULL;
    }
    o = options_of(high, 64, -1);
    ck_assert_ok(pmkt_tracker_new(NULL, rules, &o, &t, &err), err);
    for (uint64_t u = 1; u < 5000; u++) see(t, u, (int64_t)u, PMKT_KIND_CART, 1);
    ck_assert_int_ge(tracker_counts_of(t).users, 64);
    ck_assert_int_le(tracker_counts_of(t).bytes, high);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
}
END_TEST

/* Where memory for more partial matches is wanting, the oldest of them go, and are counted. */
START_TEST(partials_beyond_memory_are_dropped) {
    pmkt_tracker_options o = options_of(60000, 1, -1);
    o.partials = 1024;
    pmkt_tracker *t = of_text("intent a { when view then cart same item }", &o);
    const int64_t items = 300, users = 40;
    for (int64_t i = 1; i <= items; i++) {
        for (int64_t u = 1; u <= users; u++) {
            see(t, (uint64_t)u, i, PMKT_KIND_VIEW, (uint64_t)i);
        }
    }
    pmkt_tracker_counts c = tracker_counts_of(t);
    ck_assert_int_eq(c.users, users);
    ck_assert_int_gt(c.dropped, 0);
    ck_assert_int_le(c.bytes, 60000);
    const int64_t dropped = c.dropped;
    shots s = {0};
    for (uint64_t u = 1; u <= (uint64_t)users; u++) { /* what is left of each are the latest */
        int64_t first = items + 1;
        for (int64_t i = items; i >= 1; i--) {
            const deed e = {
                .user = u, .time = T0 + HOUR, .kind = PMKT_KIND_CART, .item = (uint64_t)i};
            if (tracker_see(t, e, &s) != 0) continue;
            REQUIRE(i == first - 1);
            first = i;
        }
        REQUIRE(first <= items - 3);
    }
    ck_assert_int_eq(s.n + dropped, users * items);
    shots_free(&s);
    pmkt_tracker_free(t);
}
END_TEST

/* ------------------------------------------------------------------------ sizes */

/* What the header says of a user, where memory was taken at once. */
START_TEST(users_are_small) {
    pmkt_rules *rules = rules_of("intent a { when view then cart }");
    static const int32_t HISTORY[] = {-1, 1, 8, 64};
    for (int i = 0; i < LENGTH(HISTORY); i++) {
        const int64_t users = 20000, h = HISTORY[i];
        pmkt_tracker_options o = options_of(0, 1, HISTORY[i]);
        o.capacity = users;
        pmkt_tracker *t = tracker_of(NULL, rules, &o);
        const int64_t bytes = tracker_counts_of(t).bytes;
        const int64_t each = 256 + (h > 0 ? 48 * h + 168 : 0) + 48;
        ck_assert_int_le(bytes, users * each + 10000);
        for (int64_t u = 1; u <= users; u++) see(t, (uint64_t)u, u, PMKT_KIND_VIEW, 1);
        ck_assert_int_eq(tracker_counts_of(t).bytes, bytes); /* it was enough */
        ck_assert_int_eq(tracker_counts_of(t).users, users);
        see(t, 1000000, users, PMKT_KIND_VIEW, 1); /* but there may be more */
        ck_assert_int_eq(tracker_counts_of(t).users, users + 1);
        pmkt_tracker_free(t);
    }
    pmkt_rules_release(rules);
}
END_TEST

/* Hashes do not spread users evenly, but there is room for all in all shards. */
START_TEST(capacity_is_enough_in_every_shard) {
    for (int32_t shards = 2; shards <= 64; shards *= 2) {
        pmkt_tracker_options o = options_of(0, shards, -1);
        o.capacity = 20000;
        pmkt_tracker *t = of_text("intent a { when view then cart }", &o);
        const int64_t bytes = tracker_counts_of(t).bytes;
        for (uint64_t u = 1; u <= 20000; u++) see(t, u, (int64_t)u, PMKT_KIND_VIEW, 1);
        ck_assert_int_eq(tracker_counts_of(t).bytes, bytes);
        pmkt_tracker_free(t);
    }
}
END_TEST

/* --------------------------------------------------------------------- partials */

/* Users each with as many partial matches as there may be; what fires then, and what was dropped, is as in a
   batch. `pause` is between the two things that everybody does with every item. */
static void check_full(int64_t users, int32_t partials, int64_t items, int64_t pause,
                       const char *text) {
    const int64_t rows = users * items * 3;
    uint64_t *user = malloc((size_t)rows * 8), *item = malloc((size_t)rows * 8);
    uint64_t *category = malloc((size_t)rows * 8);
    int64_t *time = malloc((size_t)rows * 8);
    uint16_t *kind = malloc((size_t)rows * 2);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t k = i / users;
        user[i] = (uint64_t)(i % users) + 1, item[i] = (uint64_t)(k % items) + 1;
        static const uint16_t KIND[] = {PMKT_KIND_VIEW, PMKT_KIND_CLICK, PMKT_KIND_CART};
        category[i] = (uint64_t)(k / items) + 1;
        time[i] = T0 + k + k / items * pause, kind[i] = KIND[k / items];
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = rows, ev.user = user, ev.item = item, ev.time = time, ev.kind = kind;
    ev.category = category;
    pmkt_rules *rules = rules_of(text);
    pmkt_tracker_options o = options_of(0, 0, -1);
    o.partials = partials, o.ttl_ms = 1000 * DAY;
    pmkt_tracker *t = tracker_of(NULL, rules, &o);
    shots s = {0};
    tracker_feed(t, &ev, 0, rows, NULL, 1000, &s);
    pmkt_rules_match_options mo = PMKT_RULES_MATCH_OPTIONS_INIT;
    pmkt_rules_matches *matches = NULL;
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    mo.partials = partials;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &mo, NULL, NULL, &matches, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_rules_matches_columns_of(matches, &c, NULL), PMKT_OK);
    shots_sort(&s);
    ck_assert_int_eq(s.n, c.n);
    for (int64_t i = 0; i < c.n; i++) {
        REQUIRE(s.at[i].row == c.row[i] && s.at[i].rule == c.rule[i] &&
                s.at[i].since == c.since[i]);
    }
    ck_assert_int_eq(tracker_counts_of(t).dropped, c.dropped);
    pmkt_rules_matches_free(matches);
    shots_free(&s);
    pmkt_tracker_free(t);
    pmkt_rules_release(rules);
    free(user), free(item), free(category), free(time), free(kind);
}

START_TEST(many_users_with_as_many_partials_as_there_may_be) {
    static const char text[] = "intent a { when view then cart same item }";
    check_full(scaled(10000, 500), 0, 40, 0, text);
    check_full(20, 1024, 1100, 0, text);
    check_full(300, 1, 5, 0, text);
    check_full(300, 5, 9, 0, text);
}
END_TEST

/* Those that need most: of keys and ids that must differ, begun and gone on with long ago, at different times. */
START_TEST(partials_that_need_most_room) {
    static const char text[] =
        "intent a { when view then click then cart within 99 days same item "
        "different category }";
    check_full(5, 1024, 1030, 40 * DAY, text);
    check_full(scaled(300, 50), 40, 50, 40 * DAY, text);
}
END_TEST

/* What fires from waits leaves cooldowns, which need more room than what waited. */
START_TEST(cooldowns_take_the_room_of_waits) {
    static char text[20000];
    size_t n = 0;
    for (int i = 0; i < 60; i++) {
        n +=
            (size_t)snprintf(text + n, sizeof text - n,
                             "intent i%d { when view then no order for %d min cooldown %d days }\n",
                             i, 1 + i % 7, 30 + i);
    }
    check_full(20, 64, 3, HOUR, text);
    check_full(20, 60, 3, HOUR, text);
    check_full(20, 12, 3, HOUR, text);
}
END_TEST

START_TEST(all_rules_that_there_may_be) {
    static char text[40000];
    size_t n = 0;
    for (int i = 0; i < 250; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "intent i%d { when view then cart %s cooldown %d ms }\n", i,
                              i % 2 ? "same item" : "", 1 + i % 3);
    }
    check_full(20, 1024, 9, 0, text);
    check_full(20, 100, 9, 0, text);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tracker memory");
    TOPIC(suite, "bound", the_bound_holds, nobody_is_lost_below_the_bound,
          memory_is_used_before_anybody_goes, who_was_not_seen_for_long_goes, room_is_used_again,
          too_little_is_refused, the_least_is_told, partials_beyond_memory_are_dropped);
    TOPIC(suite, "sizes", users_are_small, capacity_is_enough_in_every_shard);
    TOPIC(suite, "partials", many_users_with_as_many_partials_as_there_may_be,
          partials_that_need_most_room, cooldowns_take_the_room_of_waits,
          all_rules_that_there_may_be);
    return suite_run(suite);
}
