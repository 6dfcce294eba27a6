/*
 * handle.c - who owns rules, what they say of themselves, how they end.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"
#include "intent/rules/rules.h"

pmkt_rules *pmkt_rules_retain(const pmkt_rules *rules) {
    pmkt_rules *counted = (pmkt_rules *)rules; /* its count changes, nothing that one sees */
    if (counted) atomic_fetch_add_explicit(&counted->owners, 1, memory_order_relaxed);
    return counted;
}

void pmkt_rules_release(const pmkt_rules *rules) {
    pmkt_rules *counted = (pmkt_rules *)rules;
    /* Whoever frees must have seen all that the other owners did before they let go. */
    if (counted && atomic_fetch_sub_explicit(&counted->owners, 1, memory_order_acq_rel) == 1) {
        pmkti_rules_destroy(counted);
    }
}

static pmkti_rules_step *steps_of(const pmkt_rules *r) {
    return r->steps.at;
}

void pmkti_rules_destroy(pmkt_rules *r) {
    const pmkt_allocator a = r->allocator;
    for (int32_t i = 0; i < r->rules.n; i++) {
        pmkti_expr_free(pmkti_rules_at(r, i)->unless.where);
        pmkti_expr_free(pmkti_rules_at(r, i)->absent.where);
    }
    for (int32_t i = 0; i < r->steps.n; i++) pmkti_expr_free(steps_of(r)[i].what.where);
    pmkti_free(&a, r->rules.at, (size_t)r->rules.room, sizeof(pmkti_rule));
    pmkti_free(&a, r->steps.at, (size_t)r->steps.room, sizeof(pmkti_rules_step));
    pmkti_free(&a, r->step_of.at, (size_t)r->step_of.room, 1);
    pmkti_free(&a, r->columns.at, (size_t)r->columns.room, sizeof(pmkti_rules_column));
    pmkti_free(&a, r->chars.at, (size_t)r->chars.room, 1);
    pmkti_free(&a, r->suggestions.at, (size_t)r->suggestions.room, sizeof(int32_t));
    pmkti_free(&a, r->pointers.at, (size_t)r->pointers.room, sizeof(const char *));
    pmkti_free(&a, r->turns.at, (size_t)r->turns.room, sizeof(pmkti_rules_turn));
    pmkti_free(&a, r->text, (size_t)r->length + 1, 1);
    pmkti_free(&a, r, 1, sizeof *r);
}

static size_t bytes_of_where(const pmkti_rules_what *what) {
    return what->where ? pmkti_expr_bytes(what->where) : 0;
}

static int64_t bytes_of(const pmkt_rules *r) {
    size_t bytes = sizeof *r + (size_t)r->length + 1;
    bytes += (size_t)r->rules.room * sizeof(pmkti_rule);
    bytes += (size_t)r->steps.room * sizeof(pmkti_rules_step);
    bytes += (size_t)r->step_of.room + (size_t)r->chars.room;
    bytes += (size_t)r->turns.room * sizeof(pmkti_rules_turn);
    bytes += (size_t)r->columns.room * sizeof(pmkti_rules_column);
    bytes += (size_t)r->suggestions.room * sizeof(int32_t);
    bytes += (size_t)r->pointers.room * sizeof(const char *);
    for (int32_t i = 0; i < r->rules.n; i++) {
        bytes += bytes_of_where(&pmkti_rules_at(r, i)->unless);
        bytes += bytes_of_where(&pmkti_rules_at(r, i)->absent);
    }
    for (int32_t i = 0; i < r->steps.n; i++) bytes += bytes_of_where(&steps_of(r)[i].what);
    return (int64_t)bytes;
}

pmkt_status pmkt_rules_info(const pmkt_rules *rules, pmkt_rules_facts *out, pmkt_error *err) {
    if (!rules) return pmkti_null(err, "rules");
    if (!out) return pmkti_null(err, "out");
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    facts.rules = rules->rules.n;
    facts.intents = rules->n_intents;
    facts.columns = rules->columns.n;
    facts.partials = rules->partials;
    facts.bytes = bytes_of(rules);
    facts.hash = pmkti_xxh3(rules->text, (size_t)rules->length);
    return pmkti_struct_out(out, &facts, sizeof facts, sizeof(uint64_t), "out", err);
}

pmkt_status pmkt_rules_rule(const pmkt_rules *rules, int64_t i, pmkt_rule *out, pmkt_error *err) {
    if (!rules) return pmkti_null(err, "rules");
    if (!out) return pmkti_null(err, "out");
    if (i < 0 || i >= rules->rules.n) {
        return pmkti_fail(err, PMKT_E_INVALID, "i is %lld, but there are %d rules", (long long)i,
                          (int)rules->rules.n);
    }
    const pmkti_rule *rule = pmkti_rules_at(rules, i);
    pmkt_rule told = PMKT_RULE_INIT;
    told.line = rule->line;
    told.intent = pmkti_rules_chars(rules, rule->name);
    told.cause = rule->cause < 0 ? NULL : pmkti_rules_chars(rules, rule->cause);
    told.strength = rule->strength;
    told.cooldown_ms = rule->cooldown_ms;
    told.n_suggestions = rule->n_suggestions;
    if (rule->n_suggestions > 0) {
        told.suggestions = (const char *const *)rules->pointers.at + rule->first_suggestion;
    }
    told.text = rules->text + rule->at;
    told.length = rule->end - rule->at;
    told.at = rule->at;
    return pmkti_struct_out(out, &told, sizeof told, sizeof(uint64_t), "out", err);
}
