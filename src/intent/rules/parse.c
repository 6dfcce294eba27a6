/*
 * parse.c - the grammar of rules.h, a function a rule, and pmkt_rules_parse.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "core/text.h"
#include "core/zone.h"
#include "intent/rules/parse.h"

/* -------------------------------------------------------------------- steps */

/* [ integer ]: a number is a count if a kind stands behind it, or what was meant to be one. */
static bool read_count(pmkti_rules_parser *p, int32_t *count) {
    static const char *const AFTER[] = {"or",       "where",   "within",   "then",
                                        "same",     "in",      "unless",   "strength",
                                        "cooldown", "suggest", "different"};
    *count = 1;
    if (p->brace || p->b.token.kind != PMKTI_TOKEN_INT) return true;
    const pmkti_token number = p->b.token;
    if (!pmkti_rules_next(p)) return false;
    bool is_kind = p->brace || p->b.token.kind == PMKTI_TOKEN_END;
    for (size_t i = 0; i < sizeof AFTER / sizeof *AFTER; i++) {
        is_kind |= pmkti_rules_is(p, AFTER[i]);
    }
    if (is_kind) return pmkti_rules_lex(p, number.at);
    if (number.value.i < 1 || number.value.i > PMKTI_RULES_COUNT) {
        pmkti_expr_limit(&p->b, number.at, "a count is 1 to %d", PMKTI_RULES_COUNT);
        return false;
    }
    *count = (int32_t)number.value.i;
    return true;
}

static bool read_step(pmkti_rules_parser *p) {
    const int32_t at = p->b.token.at;
    if (p->rule.n_steps == PMKTI_RULES_STEPS) {
        return pmkti_expr_limit(&p->b, at, "more than %d steps", PMKTI_RULES_STEPS), false;
    }
    pmkti_rules_step *step = pmkti_expr_push(&p->b, &p->made->steps, 1, sizeof *step);
    if (!step) return false;
    p->rule.n_steps++;
    if (!read_count(p, &step->count) || !pmkti_rules_what_read(p, &step->what)) return false;
    if (pmkti_rules_is(p, "within")) {
        const int32_t within = p->b.token.at;
        if (p->rule.n_steps == 1 && step->count == 1) {
            pmkti_expr_fail(&p->b, within,
                            "nothing stands before this event, so it cannot be within "
                            "a time of that");
            return false;
        }
        if (!pmkti_rules_next(p) || !pmkti_rules_duration(p, 1, &step->within_ms)) return false;
    }
    uint8_t *step_of = pmkti_expr_push(&p->b, &p->made->step_of, step->count, 1);
    if (!step_of) return false;
    memset(step_of, p->rule.n_steps - 1, (size_t)step->count);
    p->rule.n_stages += step->count;
    return true;
}

static bool read_when(pmkti_rules_parser *p) {
    if (!pmkti_rules_expect(p, "when", "\"when\"")) return false;
    if (pmkti_rules_is(p, "no")) {
        return pmkti_rules_expected(p, "an event to begin with; \"no\" can only stand last");
    }
    if (!read_step(p)) return false;
    while (pmkti_rules_accept(p, "then")) {
        if (pmkti_rules_accept(p, "no")) {
            return pmkti_rules_what_read(p, &p->rule.absent) &&
                   pmkti_rules_expect(p, "for", "\"for\" and how long") &&
                   pmkti_rules_duration(p, 1, &p->rule.absent_ms);
        }
        if (p->b.status || !read_step(p)) return false;
    }
    return !p->b.status;
}

/* ------------------------------------------------------------------ clauses */

static bool read_id(pmkti_rules_parser *p, int32_t *id) {
    static const char *const WORDS[PMKTI_RULES_IDS] = {"item", "category", "channel"};
    for (int32_t i = 0; i < PMKTI_RULES_IDS; i++) {
        if (pmkti_rules_is(p, WORDS[i])) return *id = i, pmkti_rules_next(p);
    }
    return pmkti_rules_expected(p, "item, category or channel");
}

static bool read_same(pmkti_rules_parser *p, int32_t at) {
    int32_t id = 0;
    if (!read_id(p, &id)) return false;
    if (p->rule.same >> id & 1) return pmkti_expr_fail(&p->b, at, "this stands twice"), false;
    if (p->rule.different == id + 1) {
        return pmkti_expr_fail(&p->b, at, "this cannot be the same and different"), false;
    }
    p->rule.same = (uint8_t)(p->rule.same | 1U << id);
    return true;
}

static bool read_different(pmkti_rules_parser *p, int32_t at) {
    int32_t id = 0;
    if (!read_id(p, &id)) return false;
    if (p->rule.same >> id & 1) {
        return pmkti_expr_fail(&p->b, at, "this cannot be the same and different"), false;
    }
    p->rule.different = (uint8_t)(id + 1);
    return true;
}

static bool read_in_a_row(pmkti_rules_parser *p) {
    p->rule.in_a_row = true;
    return pmkti_rules_expect(p, "a", "\"in a row\"") &&
           pmkti_rules_expect(p, "row", "\"in a row\"");
}

static bool read_suggestions(pmkti_rules_parser *p) {
    pmkti_rule *rule = &p->rule;
    do {
        int32_t text = 0;
        if (rule->n_suggestions == PMKTI_RULES_SUGGESTIONS) {
            pmkti_expr_limit(&p->b, p->b.token.at, "more than %d suggestions",
                             PMKTI_RULES_SUGGESTIONS);
            return false;
        }
        if (!pmkti_rules_quoted(p, &text)) return false;
        int32_t *to = pmkti_expr_push(&p->b, &p->made->suggestions, 1, sizeof *to);
        if (!to) return false;
        *to = text;
        rule->n_suggestions++;
    } while (!p->brace && p->b.token.kind == PMKTI_TOKEN_COMMA && pmkti_rules_next(p));
    return !p->b.status;
}

enum {
    SAME,
    DIFFERENT,
    IN_A_ROW,
    UNLESS,
    WITHIN,
    STRENGTH,
    COOLDOWN,
    SUGGEST,
    CLAUSES
};

static bool read_clause(pmkti_rules_parser *p, int32_t clause, int32_t at) {
    switch (clause) {
        case SAME:
            return read_same(p, at);
        case DIFFERENT:
            return read_different(p, at);
        case IN_A_ROW:
            return read_in_a_row(p);
        case UNLESS:
            return pmkti_rules_what_read(p, &p->rule.unless);
        case WITHIN:
            return pmkti_rules_duration(p, 1, &p->rule.within_ms);
        case STRENGTH:
            return pmkti_rules_share(p, &p->rule.strength);
        case COOLDOWN:
            return pmkti_rules_duration(p, 0, &p->rule.cooldown_ms);
        default:
            return read_suggestions(p);
    }
}

static bool read_clauses(pmkti_rules_parser *p) {
    static const char *const WORDS[CLAUSES] = {"same",   "different", "in",       "unless",
                                               "within", "strength",  "cooldown", "suggest"};
    bool seen[CLAUSES] = {false};
    while (p->brace != '}') {
        const int32_t at = p->b.token.at;
        int32_t clause = 0;
        while (clause < CLAUSES && !pmkti_rules_is(p, WORDS[clause])) clause++;
        if (clause == CLAUSES) {
            return pmkti_rules_expected(p,
                                        "same, different, in a row, unless, within, strength, "
                                        "cooldown, suggest or \"}\"");
        }
        if (seen[clause] && clause != SAME) {
            return pmkti_expr_fail(&p->b, at, "this stands twice"), false;
        }
        seen[clause] = true;
        if (!pmkti_rules_next(p) || !read_clause(p, clause, at)) return false;
    }
    return true;
}

/* -------------------------------------------------------------------- rules */

/* The number of the intent of this name: that of an earlier rule, or the next one. */
static int32_t intent_of(pmkt_rules *r, int32_t name) {
    for (int32_t i = 0; i < r->rules.n; i++) {
        const pmkti_rule *other = pmkti_rules_at(r, i);
        if (strcmp(pmkti_rules_chars(r, other->name), pmkti_rules_chars(r, name)) == 0) {
            return other->intent;
        }
    }
    return r->n_intents++;
}

/* Lines are counted from one rule to the next, so that all of them are one pass. */
static int32_t line_of(pmkti_rules_parser *p, int32_t at) {
    for (; p->line_from < at; p->line_from++) p->line += p->b.text[p->line_from] == '\n';
    return p->line;
}

static bool read_intent(pmkti_rules_parser *p) {
    pmkt_rules *r = p->made;
    const int32_t at = p->b.token.at;
    p->rule = (pmkti_rule){.strength = 0.5,
                           .cause = -1,
                           .first_step = r->steps.n,
                           .first_stage = r->step_of.n,
                           .first_suggestion = r->suggestions.n,
                           .at = at,
                           .line = line_of(p, at)};
    if (r->rules.n == PMKTI_RULES_MOST) {
        return pmkti_expr_limit(&p->b, at, "more than %d rules", PMKTI_RULES_MOST), false;
    }
    if (!pmkti_rules_expect(p, "intent", "\"intent\"")) return false;
    if (!pmkti_rules_name(p, "the name of the intent", &p->rule.name)) return false;
    if (pmkti_rules_accept(p, "cause") &&
        !pmkti_rules_name(p, "the name of the cause", &p->rule.cause)) {
        return false;
    }
    if (!pmkti_rules_brace(p, '{', p->rule.cause < 0 ? "\"{\" or \"cause\"" : "\"{\""))
        return false;
    if (!read_when(p) || !read_clauses(p)) return false;
    p->rule.end = p->b.token.at + 1;
    if (!pmkti_rules_next(p)) return false;
    p->rule.intent = intent_of(r, p->rule.name);
    pmkti_rules_finish_rule(r, &p->rule);
    pmkti_rule *to = pmkti_expr_push(&p->b, &r->rules, 1, sizeof *to);
    if (!to) return false;
    *to = p->rule;
    p->rule = (pmkti_rule){0}; /* its conditions are the set's now */
    return true;
}

bool pmkti_rules_parse_all(pmkti_rules_parser *p) {
    p->line = 1;
    if (!pmkti_expr_lex_check(&p->b) || !pmkti_rules_lex(p, 0)) return false;
    if (!pmkti_rules_columns_read(p)) return false;
    while (p->brace || p->b.token.kind != PMKTI_TOKEN_END) {
        if (!read_intent(p)) return false;
    }
    return pmkti_rules_finish(p);
}

static pmkt_status parse(pmkti_rules_parser *p, const char *text, size_t length) {
    pmkt_rules *r = p->made;
    r->text = pmkti_alloc(&r->allocator, length + 1, 1);
    if (!r->text) return pmkti_no_memory(p->b.err, length + 1);
    if (length > 0) memcpy(r->text, text, length);
    r->text[length] = '\0';
    r->length = (int32_t)length;
    p->b.text = r->text;
    p->b.length = r->length;
    if (pmkti_rules_parse_all(p)) return PMKT_OK;
    pmkti_expr_free(p->rule.unless.where); /* of a rule that was not finished */
    pmkti_expr_free(p->rule.absent.where);
    return p->b.status;
}

pmkt_status pmkt_rules_parse(const char *text, size_t length, const pmkt_rules_options *options,
                             pmkt_rules **rules, pmkt_error *err) {
    pmkt_rules_options o = PMKT_RULES_OPTIONS_INIT;
    pmkt_allocator a;
    pmkt_zone zone;
    if (!rules) return pmkti_null(err, "rules");
    pmkt_status status = pmkti_text_check(text, length, err);
    if (!status) status = pmkti_struct_in(&o, sizeof o, options, sizeof o, "options", err);
    if (!status && o.reserved) {
        status = pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    }
    if (!status) status = pmkti_zone_check(o.zone, &zone, err);
    if (!status) status = pmkti_allocator_check(o.allocator, &a, err);
    if (status) return status;
    if (length > PMKTI_RULES_TEXT) {
        return pmkti_fail_at(err, PMKT_E_LIMIT, PMKT_WHERE_BYTE, PMKTI_RULES_TEXT,
                             "the rules have %zu bytes, but %d are the most", length,
                             PMKTI_RULES_TEXT);
    }
    pmkt_rules *made = pmkti_alloc_zero(&a, 1, sizeof *made);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    made->allocator = a;
    atomic_init(&made->owners, 1);
    pmkti_rules_parser p = {.b = {.allocator = a, .err = err}, .made = made, .zone = &zone};
    status = parse(&p, text, length);
    if (status) {
        pmkti_rules_destroy(made);
        return status;
    }
    *rules = made;
    return PMKT_OK;
}
