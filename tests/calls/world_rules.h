/*
 * world_rules.h - two rules, and what they match in the shop. Included once, by the generated rows, after
 * world_purchase.h.
 */
#include <string.h>

#include "calls/world.h"

/* One waits; both fire in the shop. */
#define WORLD_RULES \
    "intent a { when view then cart suggest 'x' } intent b { when cart then no order for 1 h }"

static uint64_t digest_ruleset(const pmkt_rules *rules) {
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    uint64_t digest = 0;
    if (pmkt_rules_info(rules, &facts, NULL)) return 0;
    for (int32_t i = 0; i < facts.rules; i++) {
        pmkt_rule rule = PMKT_RULE_INIT;
        if (pmkt_rules_rule(rules, i, &rule, NULL)) return 0;
        digest = digest_add(digest, digest_bytes(rule.text, (size_t)rule.length));
    }
    return digest_add(digest, digest_bytes(&facts, sizeof facts));
}

static uint64_t digest_matches(const pmkt_rules_matches *matches) {
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    if (pmkt_rules_matches_columns_of(matches, &c, NULL) || c.n == 0) return 0;
    uint64_t digest = digest_bytes(c.time, (size_t)c.n * sizeof *c.time);
    digest = digest_add(digest, digest_bytes(c.since, (size_t)c.n * sizeof *c.since));
    return digest_add(digest, digest_bytes(c.rule, (size_t)c.n * sizeof *c.rule));
}

static void make_rules(world *w) {
    world_in *in = &w->in;
    pmkt_rules_options_init(&in->rules_options);
    in->rules_options.allocator = &in->allocator;
    in->rules_options.zone = &in->zone;
    pmkt_rules_match_options_init(&in->match_options);
    in->match_options.until_ms = in->shop_time[WORLD_SHOP - 1] + DAY;
    in->match_options.allocator = &in->allocator;
    if (pmkt_rules_parse(WORLD_RULES, strlen(WORLD_RULES), &in->rules_options, &w->rules,
                         &w->err) ||
        pmkt_rules_match(w->rules, &in->shop, &in->match_options, NULL, NULL, &w->matches,
                         &w->err)) {
        world_failed("rules", &w->err);
    }
}

static void drop_rules(world *w) {
    pmkt_rules_release(w->rules);
    pmkt_rules_matches_free(w->matches);
}

static uint64_t digest_rules(const world *w) {
    return digest_add(digest_ruleset(w->rules), digest_matches(w->matches));
}

static const world_part world_rules = {make_rules, drop_rules, digest_rules};
