/*
 * Any text as rules. What compiles tells of itself, and is matched with a few events of many sorts, twice:
 * with much room and with next to none.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define ROWS 120

static uint64_t user[ROWS], item[ROWS], category[ROWS], channel[ROWS];
static int64_t when[ROWS], amount[ROWS];
static uint16_t kind[ROWS];

static pmkt_events events(void) {
    for (int64_t i = 0; i < ROWS; i++) {
        user[i] = 1 + (uint64_t)i % 3;
        item[i] = (uint64_t)(i * 7 % 5);
        category[i] = (uint64_t)(i * 3 % 4);
        channel[i] = (uint64_t)(i % 2);
        when[i] = i * i * i % 100000;
        amount[i] = i % 6 ? i % 11 : PMKT_AMOUNT_NULL;
        kind[i] = (uint16_t)(i % 19 ? 1 + i * 5 % 17 : 300 + i % 3);
    }
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = ROWS, ev.user = user, ev.item = item, ev.category = category, ev.channel = channel;
    ev.time = when, ev.amount = amount, ev.kind = kind;
    return ev;
}

static void check_rules(const pmkt_rules *rules, const char *text, size_t size) {
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    MUST(pmkt_rules_info(rules, &facts, NULL) == PMKT_OK);
    for (int32_t i = 0; i < facts.rules; i++) {
        pmkt_rule rule = PMKT_RULE_INIT;
        MUST(pmkt_rules_rule(rules, i, &rule, NULL) == PMKT_OK);
        MUST(rule.at >= 0 && rule.length > 0 && (uint64_t)(rule.at + rule.length) <= size);
        MUST(memcmp(rule.text, text + rule.at, (size_t)rule.length) == 0);
        MUST(strlen(rule.intent) > 0 && rule.strength >= 0 && rule.strength <= 1);
        for (int64_t k = 0; k < rule.n_suggestions; k++) MUST(strlen(rule.suggestions[k]) > 0);
    }
}

static void check_matches(const pmkt_rules *rules, int32_t partials) {
    const pmkt_events ev = events();
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_rules_matches *matches = NULL;
    o.partials = partials;
    o.until_ms = 200000;
    MUST(pmkt_rules_match(rules, &ev, &o, NULL, NULL, &matches, NULL) == PMKT_OK);
    MUST(pmkt_rules_matches_columns_of(matches, &c, NULL) == PMKT_OK);
    for (int64_t i = 0; i < c.n; i++) {
        MUST(c.row[i] >= -1 && c.row[i] < ROWS && c.time[i] < 200000);
        MUST(c.row[i] < 0 || (when[c.row[i]] == c.time[i] && user[c.row[i]] == c.user[i]));
        MUST(i == 0 || c.time[i] >= c.time[i - 1]);
    }
    pmkt_rules_matches_free(matches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pmkt_rules *rules = NULL;
    pmkt_error err = {0};
    const char *text = (const char *)data;
    const pmkt_status status = pmkt_rules_parse(text, size, NULL, &rules, &err);
    if (status) {
        MUST(status == PMKT_E_PARSE || status == PMKT_E_LIMIT);
        MUST(err.where >= 0 && (uint64_t)err.where <= size && !rules);
        return 0;
    }
    check_rules(rules, text, size);
    check_matches(rules, 0);
    check_matches(rules, 2);
    pmkt_rules_release(rules);
    return 0;
}
