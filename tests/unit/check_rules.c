/*
 * Rules: what the text may say and what it is told when it may not, every boundary, the built-in set. Against
 * the slow way: check_rules_random.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/loop.h"
#include "support/suite.h"

#define MIN INT64_C(60000)

/* One event of user 1. */
typedef struct happening {
    int64_t time;
    int kind;
    uint64_t item, category;
    int64_t amount, stock; /* 0: missing */
    const char *page;
} happening;

static pmkt_rules *parse(const char *text) {
    pmkt_rules *rules = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_parse(text, strlen(text), NULL, &rules, &err), err);
    return rules;
}

#define MOST 16

/* What fires: "rule@time row, ..." */
static const char *fires_at(const pmkt_rules *rules, const happening *h, int64_t n, int64_t until,
                            int32_t partials) {
    static char told[400];
    uint64_t user[MOST], item[MOST], category[MOST], page[MOST];
    int64_t time[MOST], amount[MOST], stock[MOST];
    uint16_t kind[MOST];
    for (int64_t i = 0; i < n; i++) {
        user[i] = 1, item[i] = h[i].item, category[i] = h[i].category, time[i] = h[i].time;
        kind[i] = (uint16_t)h[i].kind;
        amount[i] = h[i].amount ? h[i].amount : PMKT_AMOUNT_NULL;
        stock[i] = h[i].stock == -1 ? 0 : h[i].stock ? h[i].stock : INT64_MIN;
        page[i] = h[i].page ? pmkt_id_of_bytes(h[i].page, strlen(h[i].page)) : PMKT_ID_NONE;
    }
    const pmkt_column extra[] = {{"page", page, PMKT_TYPE_UINT64, 0},
                                 {"stock", stock, PMKT_TYPE_INT64, 0}};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n, ev.user = user, ev.time = time, ev.kind = kind, ev.item = item;
    ev.category = category, ev.amount = amount, ev.extra = extra, ev.n_extra = 2;
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    o.until_ms = until, o.partials = partials;
    pmkt_rules_matches *matches = NULL;
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), err);
    ck_assert_ok(pmkt_rules_matches_columns_of(matches, &c, &err), err);
    size_t at = 0;
    told[0] = '\0';
    for (int64_t i = 0; i < c.n; i++) {
        at += (size_t)snprintf(told + at, sizeof told - at, "%s%d@%lld row %lld", i ? ", " : "",
                               (int)c.rule[i], (long long)c.time[i], (long long)c.row[i]);
        ck_assert_uint_eq(c.user[i], 1);
    }
    if (c.suppressed) {
        at += (size_t)snprintf(told + at, sizeof told - at, " -%lld", (long long)c.suppressed);
    }
    if (c.outranked) {
        at += (size_t)snprintf(told + at, sizeof told - at, " <%lld", (long long)c.outranked);
    }
    if (c.dropped) {
        (void)snprintf(told + at, sizeof told - at, " !%lld", (long long)c.dropped);
    }
    ck_assert_int_eq(c.users, n > 0);
    pmkt_rules_matches_free(matches);
    return told;
}

#define FIRES(text, until, want, ...) \
    do { \
        const happening events[] = {__VA_ARGS__}; \
        pmkt_rules *fires_rules = parse(text); \
        ck_assert_str_eq(fires_at(fires_rules, events, LENGTH(events), until, 0), want); \
        pmkt_rules_release(fires_rules); \
    } while (0)

enum {
    CLICK = PMKT_KIND_CLICK,
    VIEW = PMKT_KIND_VIEW,
    SEARCH = PMKT_KIND_SEARCH,
    FAVORITE = PMKT_KIND_FAVORITE,
    CART = PMKT_KIND_CART,
    CHECKOUT = PMKT_KIND_CHECKOUT,
    ORDER = PMKT_KIND_ORDER
};

/* ------------------------------------------------------------------ boundaries */

START_TEST(within_is_the_last_that_counts) {
    const char *rule = "intent a { when view then cart same item within 10 s }";
    FIRES(rule, 0, "0@10000 row 1", {0, VIEW, 1, 0, 0, 0, 0}, {10000, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, VIEW, 1, 0, 0, 0, 0}, {10001, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, VIEW, 1, 0, 0, 0, 0}, {10, CART, 2, 0, 0, 0, 0});
    FIRES(rule, 0, "0@10001 row 2", {0, VIEW, 1, 0, 0, 0, 0}, {1, VIEW, 1, 0, 0, 0, 0},
          {10001, CART, 1, 0, 0, 0, 0});
    FIRES("intent a { when 3 view within 2 s }", 0, "0@2000 row 2", {0, VIEW, 0, 0, 0, 0, 0},
          {1999, VIEW, 0, 0, 0, 0, 0}, {2000, VIEW, 0, 0, 0, 0, 0});
    FIRES("intent a { when 3 view within 2 s }", 0, "", {0, VIEW, 0, 0, 0, 0, 0},
          {1, VIEW, 0, 0, 0, 0, 0}, {2001, VIEW, 0, 0, 0, 0, 0});
}
END_TEST

START_TEST(gap_is_since_the_step_before) {
    const char *rule = "intent a { when view then 2 click within 5 s then cart }";
    FIRES(rule, 0, "0@99999 row 3", {0, VIEW, 0, 0, 0, 0, 0}, {4000, CLICK, 0, 0, 0, 0, 0},
          {5000, CLICK, 0, 0, 0, 0, 0}, {99999, CART, 0, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, VIEW, 0, 0, 0, 0, 0}, {4000, CLICK, 0, 0, 0, 0, 0},
          {5001, CLICK, 0, 0, 0, 0, 0}, {99999, CART, 0, 0, 0, 0, 0});
    /* A later view begins a new time. */
    FIRES(rule, 0, "0@99999 row 4", {0, VIEW, 0, 0, 0, 0, 0}, {4000, VIEW, 0, 0, 0, 0, 0},
          {5000, CLICK, 0, 0, 0, 0, 0}, {9000, CLICK, 0, 0, 0, 0, 0}, {99999, CART, 0, 0, 0, 0, 0});
    FIRES("intent a { when search then view then cart within 5 s }", 0, "0@52000 row 3",
          {0, SEARCH, 0, 0, 0, 0, 0}, {1000, VIEW, 0, 0, 0, 0, 0}, {50000, VIEW, 0, 0, 0, 0, 0},
          {52000, CART, 0, 0, 0, 0, 0});
}
END_TEST

START_TEST(a_wait_ends_when_the_clock_is_past_it) {
    const char *rule = "intent a { when cart then no order for 10 s same item }";
    FIRES(rule, 10000, "", {1, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 10001, "", {1, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 10002, "0@10001 row -1", {1, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 99999, "", {0, CART, 1, 0, 0, 0, 0}, {10000, ORDER, 1, 0, 0, 0, 0});
    FIRES(rule, 99999, "", {0, CART, 1, 0, 0, 0, 0}, {10000, VIEW, 1, 0, 0, 0, 0},
          {10000, ORDER, 0, 0, 0, 0, 0}); /* an order of nobody knows what */
    FIRES(rule, 99999, "0@10000 row -1", {0, CART, 1, 0, 0, 0, 0}, {10000, ORDER, 2, 0, 0, 0, 0});
    FIRES(rule, 0, "0@10000 row -1", {0, CART, 1, 0, 0, 0, 0}, {10001, ORDER, 1, 0, 0, 0, 0});
    /* The first of two waits, and both are used. */
    FIRES(rule, 99999, "0@10000 row -1", {0, CART, 1, 0, 0, 0, 0}, {9000, CART, 1, 0, 0, 0, 0});
    FIRES(rule, 99999, "0@10000 row -1, 0@20001 row -1", {0, CART, 1, 0, 0, 0, 0},
          {10001, CART, 1, 0, 0, 0, 0});
}
END_TEST

START_TEST(no_ends_what_has_not_come_that_far) {
    const char *rule = "intent a { when cart then view then no order for 10 s }";
    FIRES(rule, 99999, "0@11000 row -1", {0, CART, 0, 0, 0, 0, 0}, {1000, VIEW, 0, 0, 0, 0, 0});
    FIRES(rule, 99999, "", {0, CART, 0, 0, 0, 0, 0}, {500, ORDER, 0, 0, 0, 0, 0},
          {1000, VIEW, 0, 0, 0, 0, 0});
    /* Unless a step takes it: silence after the last view. */
    FIRES("intent a { when cart then view then no view for 10 s }", 99999, "0@15000 row -1",
          {0, CART, 0, 0, 0, 0, 0}, {1000, VIEW, 0, 0, 0, 0, 0}, {5000, VIEW, 0, 0, 0, 0, 0});
}
END_TEST

START_TEST(unless_and_rows) {
    const char *rule = "intent a { when 3 search same item in a row unless order }";
    FIRES(rule, 0, "0@3 row 3", {0, SEARCH, 1, 0, 0, 0, 0}, {1, VIEW, 2, 0, 0, 0, 0},
          {2, SEARCH, 1, 0, 0, 0, 0}, {3, SEARCH, 1, 0, 0, 0, 0}, {4, SEARCH, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, SEARCH, 1, 0, 0, 0, 0}, {1, SEARCH, 2, 0, 0, 0, 0},
          {2, SEARCH, 1, 0, 0, 0, 0}, {3, SEARCH, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, SEARCH, 1, 0, 0, 0, 0}, {1, SEARCH, 1, 0, 0, 0, 0},
          {2, ORDER, 1, 0, 0, 0, 0}, {3, SEARCH, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "0@3 row 3", {0, SEARCH, 1, 0, 0, 0, 0}, {1, SEARCH, 1, 0, 0, 0, 0},
          {2, ORDER, 2, 0, 0, 0, 0}, {3, SEARCH, 1, 0, 0, 0, 0});
    FIRES(rule, 0, "", {0, SEARCH, 1, 0, 0, 0, 0}, {1, SEARCH, 1, 0, 0, 0, 0},
          {2, ORDER, 0, 0, 0, 0, 0}, {3, SEARCH, 1, 0, 0, 0, 0});
    /* What is both ends. */
    FIRES("intent a { when 2 view unless view where (item = 7) }", 0, "", {0, VIEW, 1, 0, 0, 0, 0},
          {1, VIEW, 7, 0, 0, 0, 0});
    FIRES("intent a { when 2 view unless view where (item = 7) }", 0, "0@3 row 4",
          {0, VIEW, 1, 0, 0, 0, 0}, {1, VIEW, 7, 0, 0, 0, 0}, {2, VIEW, 7, 0, 0, 0, 0},
          {3, VIEW, 1, 0, 0, 0, 0}, {3, VIEW, 1, 0, 0, 0, 0});
}
END_TEST

START_TEST(cooldowns_and_the_strongest) {
    FIRES("intent a { when view cooldown 5 s }", 0, "0@0 row 0, 0@5000 row 2 -1",
          {0, VIEW, 0, 0, 0, 0, 0}, {4999, VIEW, 0, 0, 0, 0, 0}, {5000, VIEW, 0, 0, 0, 0, 0});
    FIRES(
        "intent a { when view strength 0.2 } intent a { when view strength 0.3 }"
        "intent b { when view } intent a { when event strength 0.3 }",
        0, "1@7 row 0, 2@7 row 0 <2", {7, VIEW, 0, 0, 0, 0, 0});
    /* The cooldown is of the rule that fired, and for the whole intent. */
    FIRES("intent a { when view cooldown 5 s } intent a { when cart }", 0,
          "0@0 row 0, 1@5000 row 2 -1", {0, VIEW, 0, 0, 0, 0, 0}, {4999, CART, 0, 0, 0, 0, 0},
          {5000, CART, 0, 0, 0, 0, 0});
    /* Two keys whose wait ends at one time are one. */
    FIRES("intent a { when cart then no order for 1 s same item }", 9000, "0@1000 row -1 <1",
          {0, CART, 1, 0, 0, 0, 0}, {0, CART, 2, 0, 0, 0, 0});
}
END_TEST

START_TEST(room_is_bounded) {
    pmkt_rules *rules = parse("intent a { when view then cart same item }");
    const happening h[] = {{0, VIEW, 1, 0, 0, 0, 0},
                           {1, VIEW, 2, 0, 0, 0, 0},
                           {2, VIEW, 3, 0, 0, 0, 0},
                           {3, CART, 1, 0, 0, 0, 0},
                           {4, CART, 2, 0, 0, 0, 0}};
    ck_assert_str_eq(fires_at(rules, h, 5, 0, 0), "0@3 row 3, 0@4 row 4");
    ck_assert_str_eq(fires_at(rules, h, 5, 0, 2), "0@4 row 4 !1");
    ck_assert_str_eq(fires_at(rules, h, 5, 0, 1), " !2");
    pmkt_rules_release(rules);
    /* What is over goes first, uncounted. */
    rules = parse("intent a { when view then cart same item within 1 ms }");
    ck_assert_str_eq(fires_at(rules, h, 5, 0, 2), "");
    pmkt_rules_release(rules);
}
END_TEST

START_TEST(conditions_see_the_event) {
    FIRES("intent a { when view where (amount < cart.amount) }", 0, "0@3 row 3",
          {0, VIEW, 0, 0, 5, 0, 0}, {1, CART, 0, 0, 50, 0, 0}, {2, VIEW, 0, 0, 50, 0, 0},
          {3, VIEW, 0, 0, 49, 0, 0}, {4, VIEW, 0, 0, 0, 0, 0});
    FIRES("intent a { when event where (dwell < 10 s) }", 0, "0@9999 row 1",
          {0, VIEW, 0, 0, 0, 0, 0}, {9999, VIEW, 0, 0, 0, 0, 0}, {19999, VIEW, 0, 0, 0, 0, 0});
    FIRES(
        "columns page id, stock int\n"
        "intent a { when view where (page = 'coupon' and stock > 3 and time < date '2000-01-01' "
        "and "
        "kind = 3) }",
        0, "0@1 row 1", {0, VIEW, 0, 0, 0, 3, "coupon"}, {1, VIEW, 0, 0, 0, 4, "coupon"},
        {2, VIEW, 0, 0, 0, 4, "other"});
    FIRES("intent a { when 300 or 301 then 2 302 } intent b { when 303 }", 0, "0@3 row 3",
          {0, 301, 0, 0, 0, 0, 0}, {1, 304, 0, 0, 0, 0, 0}, {2, 302, 0, 0, 0, 0, 0},
          {3, 302, 0, 0, 0, 0, 0});
    FIRES(
        "COLUMNS nothing double INTENT a { WHEN event WHERE (nothing IS MISSING) Then NO Event FOR "
        "1 MS }",
        9, "0@1 row -1", {0, VIEW, 0, 0, 0, 0, 0});
}
END_TEST

/* ------------------------------------------------------------------- built-in */

static const char *intent_of(const pmkt_rules *rules, int64_t i) {
    static char told[200];
    pmkt_rule rule = PMKT_RULE_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_rule(rules, i, &rule, &err), err);
    (void)snprintf(told, sizeof told, "%s %s: %s", rule.intent, rule.cause ? rule.cause : "-",
                   rule.n_suggestions ? rule.suggestions[0] : "");
    return told;
}

/* The first that fires, in words. */
static void builtin(const char *want, const happening *h, int64_t n, int64_t until) {
    pmkt_rules *rules = parse(pmkt_rules_builtin());
    const char *told = fires_at(rules, h, n, until, 0);
    if (*want == '\0') {
        ck_assert_str_eq(told, "");
    } else {
        ck_assert_msg(*told != '\0', "nothing fires; %s expected", want);
        ck_assert_str_eq(intent_of(rules, atoi(told)), want);
    }
    pmkt_rules_release(rules);
}

#define BUILTIN(want, until, ...) \
    do { \
        const happening events[] = {__VA_ARGS__}; \
        builtin(want, events, LENGTH(events), until); \
    } while (0)

START_TEST(builtin_does_what_it_says) {
    BUILTIN("hesitating -: live expert", 0, {0, SEARCH, 1, 0, 0, 0, 0},
            {MIN, SEARCH, 1, 0, 0, 0, 0}, {2 * MIN, SEARCH, 1, 0, 0, 0, 0});
    BUILTIN("", 0, {0, SEARCH, 1, 0, 0, 0, 0}, {MIN, SEARCH, 1, 0, 0, 0, 0},
            {MIN, ORDER, 1, 0, 0, 0, 0}, {2 * MIN, SEARCH, 1, 0, 0, 0, 0});
    BUILTIN("preparing -: coupon", 0, {0, SEARCH, 1, 0, 0, 0, 0}, {MIN, FAVORITE, 1, 0, 0, 0, 0});
    BUILTIN("abandoning price: 20 off for 3 hours", 32 * MIN, {0, CART, 1, 5, 90, 0, 0},
            {MIN, VIEW, 1, 5, 90, 0, 0});
    BUILTIN("abandoning price: 20 off for 3 hours", 32 * MIN, {0, CART, 1, 5, 90, 0, 0},
            {MIN, VIEW, 2, 5, 80, 0, 0});
    BUILTIN("", 32 * MIN, {0, CART, 1, 5, 90, 0, 0}, {MIN, VIEW, 2, 5, 99, 0, 0});
    BUILTIN("abandoning price: 20 off for 3 hours", 32 * MIN, {0, CART, 1, 5, 90, 0, 0},
            {MIN, CLICK, 0, 0, 0, 0, "coupon"});
    BUILTIN("abandoning stock: substitute at the same price", 32 * MIN, {0, CART, 1, 5, 90, 0, 0},
            {MIN, VIEW, 1, 5, 90, -1, 0});
    BUILTIN("abandoning process: shorter path", 32 * MIN, {0, CART, 1, 5, 90, 0, 0},
            {MIN, CHECKOUT, 0, 0, 0, 0, 0});
    BUILTIN("abandoning -: reminder of the cart", 61 * MIN, {0, CART, 1, 5, 90, 0, 0});
    BUILTIN("", 61 * MIN, {0, CART, 1, 5, 90, 0, 0}, {MIN, ORDER, 1, 5, 90, 0, 0});
    BUILTIN("comparing -: comparison of the products", 0, {0, VIEW, 1, 5, 0, 0, 0},
            {MIN, VIEW, 2, 5, 0, 0, 0}, {2 * MIN, VIEW, 3, 5, 0, 0, 0});
    BUILTIN("browsing -: best sellers", 0, {0, VIEW, 1, 0, 0, 0, 0}, {1, VIEW, 2, 0, 0, 0, 0},
            {2, VIEW, 3, 0, 0, 0, 0}, {3, VIEW, 4, 0, 0, 0, 0}, {4, VIEW, 5, 0, 0, 0, 0},
            {5, VIEW, 6, 0, 0, 0, 0}, {6, VIEW, 7, 0, 0, 0, 0});
}
END_TEST

/* ----------------------------------------------------------------------- text */

START_TEST(rules_say_what_they_are) {
    const char *text =
        "# one\ncolumns a int, b.c id\n\nintent x.y cause z { when 2 view\n"
        " strength 1 cooldown 1.5 s suggest \"a \"\"b\"\"\", 'it''s' }\n"
        "intent q { when 3 view same item different category within 1 w }intent x.y { when "
        "view where (date '2020-01-01' < time)}";
    pmkt_rules *rules = parse(text);
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    pmkt_rule rule = PMKT_RULE_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_info(rules, &facts, &err), err);
    ck_assert_int_eq(facts.rules, 3);
    ck_assert_int_eq(facts.intents, 2);
    ck_assert_int_eq(facts.columns, 2);
    ck_assert_int_eq(facts.partials, 2 + 4);
    ck_assert_int_gt(facts.bytes, (int64_t)strlen(text));
    ck_assert_ok(pmkt_rules_rule(rules, 0, &rule, &err), err);
    ck_assert_str_eq(rule.intent, "x.y");
    ck_assert_str_eq(rule.cause, "z");
    ck_assert(rule.strength == 1 && rule.cooldown_ms == 1500 && rule.n_suggestions == 2);
    ck_assert_str_eq(rule.suggestions[0], "a \"b\"");
    ck_assert_str_eq(rule.suggestions[1], "it's");
    ck_assert_int_eq(rule.line, 4);
    ck_assert(text[rule.at] == 'i' && text[rule.at + rule.length - 1] == '}');
    ck_assert_mem_eq(rule.text, text + rule.at, (size_t)rule.length);
    ck_assert_ok(pmkt_rules_rule(rules, 2, &rule, &err), err);
    ck_assert(rule.strength == 0.5 && !rule.cause && !rule.suggestions && rule.line == 6);
    ck_assert_int_eq(pmkt_rules_rule(rules, 3, &rule, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rules_rule(rules, -1, &rule, &err), PMKT_E_INVALID);
    ck_assert_ptr_eq(pmkt_rules_retain(rules), rules);
    pmkt_rules_release(rules);
    pmkt_rules_release(rules);
    pmkt_rules_release(NULL);
    ck_assert_ptr_null(pmkt_rules_retain(NULL));
    pmkt_rules_release(parse(""));
    pmkt_rules_release(parse("\xef\xbb\xbf# nothing"));
}
END_TEST

static const struct {
    const char *text, *message;
    int64_t where;
} WRONG[] = {
    {"rule", "line 1, column 1: expected \"intent\", but found \"rule\"", 0},
    {"\n intent {", "line 2, column 9: expected the name of the intent, but found \"{\"", 9},
    {"intent a cause { when", "line 1, column 16: expected the name of the cause, but found \"{\"",
     15},
    {"intent a when", "line 1, column 10: expected \"{\" or \"cause\", but found \"when\"", 9},
    {"intent a { view", "line 1, column 12: expected \"when\", but found \"view\"", 11},
    {"intent a { when no view for 1 s }",
     "line 1, column 17: expected an event to begin with; \"no\" can only stand last, but found "
     "\"no\"",
     16},
    {"intent a { when vieww }",
     "line 1, column 17: expected a kind such as view or cart, the number of one, or event, but "
     "found "
     "\"vieww\"",
     16},
    {"intent a { when 3 vieww }",
     "line 1, column 19: expected a kind such as view or cart, the number of one, or event, but "
     "found "
     "\"vieww\"",
     18},
    {"intent a { when 30 }",
     "line 1, column 17: the number of a kind is 256 to 65535; others have names", 16},
    {"intent a { when 101 view }", "line 1, column 17: a count is 1 to 100", 16},
    {"intent a { when 0 view }", "line 1, column 17: a count is 1 to 100", 16},
    {"intent a { when view within 3 s }",
     "line 1, column 22: nothing stands before this event, so it cannot be within a time of that",
     21},
    {"intent a { when 2 view within 3 }",
     "line 1, column 33: expected a unit such as min, hours or days, but found \"}\"", 32},
    {"intent a { when 2 view within 0 s }", "line 1, column 31: this duration must be positive",
     30},
    {"intent a { when 2 view within 0.0001 s }",
     "line 1, column 31: this duration is no whole number of milliseconds", 30},
    {"intent a { when view cooldown 36501 days }",
     "line 1, column 31: a duration is at most 36,500 days", 30},
    {"intent a { when view then no cart }",
     "line 1, column 35: expected \"for\" and how long, but found \"}\"", 34},
    {"intent a { when view strength 1.1 }",
     "line 1, column 31: expected a number from 0 to 1, but found \"1.1\"", 30},
    {"intent a { when view in a raw }",
     "line 1, column 27: expected \"in a row\", but found \"raw\"", 26},
    {"intent a { when view same items }",
     "line 1, column 27: expected item, category or channel, but found \"items\"", 26},
    {"intent a { when view same item same item }", "line 1, column 32: this stands twice", 31},
    {"intent a { when view strength 0 strength 1 }", "line 1, column 33: this stands twice", 32},
    {"intent a { when view same item different item }",
     "line 1, column 32: this cannot be the same and different", 31},
    {"intent a { when view suggest \"\" }", "line 1, column 30: this text is empty", 29},
    {"intent a { when view suggest x }",
     "line 1, column 30: expected a text in quotes, but found \"x\"", 29},
    {"intent a { when view",
     "line 1, column 21: expected same, different, in a row, unless, within, strength, cooldown, "
     "suggest or "
     "\"}\", but found the end",
     20},
    {"intent a { when view where amount > 3 }",
     "line 1, column 28: expected \"(\" after \"where\", but found \"amount\"", 27},
    {"intent a { when view where (amount > 3 }",
     "line 1, column 28: this parenthesis is not closed", 27},
    {"intent a {\n when view where (\xc3\xa4mount > 3) }",
     "line 2, column 19: there is no field \"\xc3\xa4mount\"; did you mean \"amount\"?", 29},
    {"intent a {\n when view where (amount) }",
     "line 2, column 19: the result must be a condition, but this is a whole number", 29},
    {"intent a { when view where () }",
     "line 1, column 29: expected a field, a number, a 'text', a :parameter or \"(\", but found "
     "the end",
     28},
    {"columns a int intent x { when view where (a = :p) }",
     "line 1, column 48: there is no parameter", 47},
    {"columns a",
     "line 1, column 10: expected the column's type: int, double or id, but found the end", 9},
    {"columns item id", "line 1, column 9: there is a field of this name already", 8},
    {"columns a int, a id", "line 1, column 16: there is a field of this name already", 15},
    {"intent a { when view } columns a int",
     "line 1, column 24: expected \"intent\", but found \"columns\"", 23},
    {"intent a { when view \x01 }", "line 1, column 22: unexpected control character 1", 21},
    {"intent a { when view \xff }", "line 1, column 22: this is not UTF-8", 21},
};

START_TEST(mistakes_are_told) {
    for (int64_t i = 0; i < LENGTH(WRONG); i++) {
        pmkt_rules *rules = NULL;
        pmkt_error err = {0};
        const pmkt_status status =
            pmkt_rules_parse(WRONG[i].text, strlen(WRONG[i].text), NULL, &rules, &err);
        ck_assert_msg(status == PMKT_E_PARSE || status == PMKT_E_LIMIT, "%s", WRONG[i].text);
        ck_assert_msg(strncmp(err.message, WRONG[i].message, strlen(WRONG[i].message)) == 0,
                      "%s:\n%s\n%s", WRONG[i].text, err.message, WRONG[i].message);
        ck_assert_int_eq(err.where, WRONG[i].where);
        ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
        ck_assert_ptr_null(rules);
    }
}
END_TEST

/* `before`, n times `piece`, `after`: too much if n is the limit + 1, fine if it is the limit. */
static void check_limit(const char *before, const char *piece, const char *after, int64_t most,
                        const char *message) {
    for (int64_t n = most; n <= most + 1; n++) {
        const size_t room = strlen(before) + (size_t)n * (strlen(piece) + 8) + strlen(after) + 1;
        char *text = malloc(room);
        size_t at = (size_t)snprintf(text, room, "%s", before);
        for (int64_t i = 0; i < n; i++) {
            at += (size_t)snprintf(text + at, room - at, piece, (int)(1000 + i));
        }
        at += (size_t)snprintf(text + at, room - at, "%s", after);
        pmkt_rules *rules = NULL;
        pmkt_error err;
        const pmkt_status status = pmkt_rules_parse(text, at, NULL, &rules, &err);
        if (n == most) {
            ck_assert_ok(status, err);
        } else {
            ck_assert_int_eq(status, PMKT_E_LIMIT);
            ck_assert_ptr_nonnull(strstr(err.message, message));
        }
        pmkt_rules_release(rules);
        free(text);
    }
}

START_TEST(limits_name_themselves) {
    check_limit("", "intent a { when 100 view } #%d\n", "", 250, "more than 250 rules");
    check_limit("intent a { when view", " then view #%d\n", " }", 15, "more than 16 steps");
    check_limit("intent a { when view suggest 'x'", ", '%d'", " }", 15, "more than 16 suggestions");
    check_limit("columns z int", ", a%d int", "", 31, "more than 32 columns");
    check_limit("intent a { when view", " or %d", " }", 45, "more than 45 different kinds");
    check_limit("intent ", "a", " { when view }", 64, "64 are the most");
    check_limit("#", " ", "", 1048575, "1048576 are the most");
}
END_TEST

/* ----------------------------------------------------------------------- calls */

START_TEST(bad_calls) {
    pmkt_rules *rules = parse("columns a int intent x { when view where (a > 1) }");
    const uint64_t user[] = {1, 0};
    const int64_t time[] = {5, 6};
    const uint16_t kind[] = {VIEW, VIEW};
    const double a[] = {1, 2};
    pmkt_column extra = {"a", a, PMKT_TYPE_DOUBLE, 0};
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = 1, ev.user = user, ev.time = time, ev.kind = kind, ev.extra = &extra, ev.n_extra = 1;
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    pmkt_rules_matches *matches = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), PMKT_E_INVALID);
    ck_assert_str_eq(err.message,
                     "events.extra \"a\" is double, but the rules declare it as int64");
    ev.n_extra = 0;
    o.until_ms = 4;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), PMKT_E_INVALID);
    ck_assert_str_eq(err.message, "options.until_ms is 1 ms before the last event");
    o.until_ms = 5, o.partials = 1025;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), PMKT_E_INVALID);
    o.partials = -1;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), PMKT_E_INVALID);
    o.partials = 0, o.until_ms = PMKT_TIME_MAX;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, &err), PMKT_E_INVALID);
    ev.rows = 2;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_rules_match(rules, &ev, NULL, NULL, &report, &matches, &err),
                     PMKT_E_BAD_ROW);
    ck_assert_int_eq(report.rejected, 1);
    ck_assert_int_eq(err.where, 1);
    ck_assert_ptr_null(matches);
    ev.on_bad = PMKT_ON_BAD_SKIP;
    ck_assert_ok(pmkt_rules_match(rules, &ev, NULL, NULL, &report, &matches, &err), err);
    ck_assert_int_eq(report.accepted, 1);
    pmkt_rules_matches_free(matches);
    ev.rows = 0;
    ck_assert_ok(pmkt_rules_match(rules, &ev, NULL, NULL, &report, &matches, &err), err);
    pmkt_rules_matches_free(matches);
    pmkt_rules_matches_free(NULL);
    pmkt_rules_release(rules);
}
END_TEST

static int cancel(void *ctx, double done, const char *stage) {
    (void)stage;
    return done >= *(const double *)ctx;
}

START_TEST(a_match_can_be_canceled) {
    const int64_t n = 50000;
    uint64_t *user = malloc((size_t)n * 8);
    int64_t *time = malloc((size_t)n * 8);
    for (int64_t i = 0; i < n; i++) user[i] = 1 + (uint64_t)(i % 999), time[i] = i;
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n, ev.user = user, ev.time = time, ev.every_kind = VIEW;
    pmkt_rules *rules = parse(pmkt_rules_builtin());
    for (double at = 0; at <= 1; at += 0.125) {
        faulty f = {0};
        const pmkt_allocator a = faulty_allocator(&f);
        pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
        o.allocator = &a;
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = 2, run.progress = (pmkt_progress){cancel, &at};
        pmkt_rules_matches *matches = NULL;
        pmkt_error err;
        ck_assert_int_eq(pmkt_rules_match(rules, &ev, &o, &run, NULL, &matches, &err),
                         PMKT_E_CANCELED);
        ck_assert_ptr_null(matches);
        faulty_check_empty(&f);
    }
    pmkt_rules_release(rules);
    free(user), free(time);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rules");
    TOPIC(suite, "boundaries", within_is_the_last_that_counts, gap_is_since_the_step_before,
          a_wait_ends_when_the_clock_is_past_it, no_ends_what_has_not_come_that_far,
          unless_and_rows, cooldowns_and_the_strongest, room_is_bounded, conditions_see_the_event);
    TOPIC(suite, "built-in", builtin_does_what_it_says);
    TOPIC(suite, "text", rules_say_what_they_are, mistakes_are_told, limits_name_themselves);
    TOPIC(suite, "calls", bad_calls, a_match_can_be_canceled);
    return suite_run(suite);
}
