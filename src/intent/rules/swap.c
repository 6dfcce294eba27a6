#include "intent/rules/swap.h"

#include <string.h>

/* ------------------------------------------------------------------ the plan */

/* Two sets of rules. */
typedef struct pair {
    const pmkt_rules *old, *new;
} pair;

/* Whether a field is the same to both: one of the library's, or a column of the same name and type. */
static bool same_field(const pair *p, int32_t old, int32_t new) {
    if (old < PMKTI_RULES_FIELDS || new < PMKTI_RULES_FIELDS) return old == new;
    const pmkti_rules_column *x = pmkti_rules_column_at(p->old, old - PMKTI_RULES_FIELDS);
    const pmkti_rules_column *y = pmkti_rules_column_at(p->new, new - PMKTI_RULES_FIELDS);
    return x->type == y->type &&
           strcmp(pmkti_rules_chars(p->old, x->name), pmkti_rules_chars(p->new, y->name)) == 0;
}

/* Whether two conditions of the same text mean the same: their code is the same but for the places of columns.
   They have no parameters and no functions. */
static bool same_where(const pair *p, const pmkti_expr *x, const pmkti_expr *y) {
    if (!x || !y) return x == y;
    if (x->n_code != y->n_code || x->n_literals != y->n_literals || x->n_sets != y->n_sets)
        return false;
    for (int32_t i = 0; i < x->n_code; i++) {
        pmkti_code code = y->code[i];
        if (code.op == PMKTI_OP_LOAD) {
            if (!same_field(p, x->code[i].b, code.b)) return false;
            code.b = x->code[i].b;
        }
        if (memcmp(&x->code[i], &code, sizeof code) != 0) return false;
    }
    const size_t literals = (size_t)x->n_literals * sizeof *x->literals;
    const size_t sets = (size_t)x->n_sets * sizeof *x->sets;
    return (literals == 0 || memcmp(x->literals, y->literals, literals) == 0) &&
           (sets == 0 || memcmp(x->sets, y->sets, sets) == 0);
}

static const pmkti_rules_step *steps_of(const pmkt_rules *r, const pmkti_rule *rule) {
    return (const pmkti_rules_step *)r->steps.at + rule->first_step;
}

static bool same_rule(const pair *p, const pmkti_rule *x, const pmkti_rule *y) {
    const int32_t length = x->end - x->at;
    if (y->end - y->at != length) return false;
    if (memcmp(p->old->text + x->at, p->new->text + y->at, (size_t)length) != 0) return false;
    if (!same_where(p, x->unless.where, y->unless.where)) return false;
    if (!same_where(p, x->absent.where, y->absent.where)) return false;
    const pmkti_rules_step *of_x = steps_of(p->old, x), *of_y = steps_of(p->new, y);
    for (int32_t k = 0; k < x->n_steps; k++) {
        if (!same_where(p, of_x[k].what.where, of_y[k].what.where)) return false;
    }
    return true;
}

/* The first rule of the new set that is the same, and of which no other one has become. */
static int16_t heir_of(const pair *p, const pmkti_rule *rule, bool *taken) {
    for (int32_t i = 0; i < p->new->rules.n; i++) {
        if (taken[i] || !same_rule(p, rule, pmkti_rules_at(p->new, i))) continue;
        taken[i] = true;
        return (int16_t)i;
    }
    return -1;
}

static int16_t intent_named(const pmkt_rules *r, const char *name) {
    for (int32_t i = 0; i < r->rules.n; i++) {
        const pmkti_rule *rule = pmkti_rules_at(r, i);
        if (strcmp(pmkti_rules_chars(r, rule->name), name) == 0) return (int16_t)rule->intent;
    }
    return -1;
}

void pmkti_rules_plan_make(const pmkt_rules *old, const pmkt_rules *new, pmkti_rules_plan *plan) {
    const pair p = {old, new};
    bool taken[PMKTI_RULES_MOST] = {false};
    for (int32_t i = 0; i < PMKTI_RULES_MOST; i++) plan->rule[i] = plan->intent[i] = -1;
    for (int32_t i = 0; i < old->rules.n; i++) {
        const pmkti_rule *rule = pmkti_rules_at(old, i);
        plan->rule[i] = heir_of(&p, rule, taken);
        plan->intent[rule->intent] = intent_named(new, pmkti_rules_chars(old, rule->name));
    }
}

/* ------------------------------------------------------------------ the swap */

static bool before(const pmkti_rules_entry *x, const pmkti_rules_entry *y) {
    return x->is_cooldown != y->is_cooldown ? !x->is_cooldown : x->rule < y->rule;
}

/* By the new numbers; those of one rule keep their order. There are few, and often they are in order. */
static void order(pmkti_rules_state *s) {
    for (int32_t i = 1; i < s->n; i++) {
        const pmkti_rules_entry x = s->entry[i];
        int32_t to = i;
        for (; to > 0 && before(&x, &s->entry[to - 1]); to--) s->entry[to] = s->entry[to - 1];
        s->entry[to] = x;
    }
}

int32_t pmkti_rules_swap(const pmkti_rules_plan *plan, const pmkt_rules *new,
                         pmkti_rules_state *s) {
    int32_t ended = 0, n = 0;
    for (int32_t i = 0; i < s->n; i++) {
        pmkti_rules_entry x = s->entry[i];
        const int16_t number = x.is_cooldown ? plan->intent[x.rule] : plan->rule[x.rule];
        if (number < 0) {
            ended += !x.is_cooldown;
            continue;
        }
        x.rule = (uint8_t)number;
        s->entry[n++] = x;
    }
    s->n = n;
    s->took = 0;
    order(s);
    pmkti_rules_due(new, s);
    return ended;
}
