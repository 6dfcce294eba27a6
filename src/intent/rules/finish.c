/*
 * finish.c - what follows from rules that were read, for the automaton.
 */
#include "intent/rules/parse.h"

static const pmkti_rules_step *steps_of(const pmkt_rules *r, const pmkti_rule *rule) {
    return (const pmkti_rules_step *)r->steps.at + rule->first_step;
}

/*
 * One partial match of a key is as good as all if the furthest can do whatever a shorter one can: nothing
 * depends on when its events were, or on which they were, and nothing ends it alone.
 */
static bool is_single(const pmkti_rule *rule) {
    if (rule->within_ms || rule->has_gaps || rule->different || rule->restarts) return false;
    return !rule->in_a_row || (rule->n_steps == 1 && !rule->absent_ms);
}

/* The integers for which a comparison with one holds, or false if there are none. INT64_MIN is missing. */
static bool range_of(pmkti_op op, int64_t with, int64_t *least, int64_t *most) {
    *least = INT64_MIN + 1;
    *most = INT64_MAX;
    if ((op == PMKTI_OP_LT && with <= *least) || (op == PMKTI_OP_GT && with == *most)) return false;
    if (op == PMKTI_OP_LT) *most = with - 1;
    if (op == PMKTI_OP_LE || op == PMKTI_OP_EQ) *most = with;
    if (op == PMKTI_OP_GE || op == PMKTI_OP_EQ) *least = with;
    if (op == PMKTI_OP_GT) *least = with + 1;
    return *least <= *most;
}

/* Sees whether a condition is but a field, an operator and a number or a text. */
static void find_range(pmkti_rules_what *what) {
    const pmkti_expr *x = what->where;
    if (!x || x->n_code != 2) return;
    const pmkti_code load = x->code[0], compare = x->code[1];
    const pmkti_op op = (pmkti_op)compare.op;
    if (load.op != PMKTI_OP_LOAD || !compare.scalar || compare.a != load.to) return;
    const pmkti_value with = x->literals[compare.b];
    if (!pmkti_expr_known((pmkti_class)compare.class, with)) return;
    if (compare.class == PMKTI_CLASS_U && op == PMKTI_OP_EQ) {
        what->least = with.id;
        what->is_range = true;
    }
    int64_t least = 0, most = 0;
    const bool is_order = op == PMKTI_OP_EQ || (op >= PMKTI_OP_LT && op <= PMKTI_OP_GE);
    if (compare.class == PMKTI_CLASS_I && is_order && range_of(op, with.i, &least, &most)) {
        what->least = (uint64_t)least;
        what->span = (uint64_t)most - (uint64_t)least;
        what->is_range = true;
    }
    what->field = load.b;
}

void pmkti_rules_finish_rule(pmkt_rules *r, pmkti_rule *rule) {
    find_range(&rule->unless);
    find_range(&rule->absent);
    for (int32_t k = 0; k < rule->n_steps; k++) {
        pmkti_rules_step *step = (pmkti_rules_step *)r->steps.at + rule->first_step + k;
        find_range(&step->what);
        rule->kinds |= step->what.kinds;
        rule->has_gaps |= step->within_ms > 0;
    }
    rule->restarts = (rule->absent.kinds & rule->kinds) != 0;
    rule->is_single = is_single(rule);
}

/* Partial matches and cooldowns of one key. */
static int32_t need_of(const pmkti_rule *rule) {
    int32_t stages = rule->n_stages - (rule->absent_ms ? 0 : 1);
    if (rule->is_single && stages > 1) stages = 1;
    return stages * (rule->different ? 2 : 1) + (rule->cooldown_ms ? 1 : 0);
}

static void look_at(pmkt_rules *r, const pmkti_rules_what *what) {
    int32_t n = 0;
    if (!what->where) return;
    const int32_t *fields = pmkti_expr_fields(what->where, &n);
    r->conditions |= what->kinds;
    for (int32_t i = 0; i < n; i++) r->fields |= UINT64_C(1) << fields[i];
}

static void look_at_rule(pmkt_rules *r, const pmkti_rule *rule) {
    look_at(r, &rule->unless);
    look_at(r, &rule->absent);
    for (int32_t k = 0; k < rule->n_steps; k++) look_at(r, &steps_of(r, rule)[k].what);
    const uint64_t ids = rule->same | (rule->different ? UINT64_C(1) << (rule->different - 1) : 0);
    r->fields |= ids << PMKTI_RULES_ITEM;
}

_Static_assert(PMKTI_RULES_MOST <= 64 * PMKTI_RULES_WORDS, "too many rules");
_Static_assert(PMKTI_RULES_STEPS <= 16, "too many steps");

static pmkti_rules_turn turn_of(const pmkt_rules *r, const pmkti_rule *rule, int32_t slot) {
    pmkti_rules_turn turn = {.unless = rule->unless.kinds >> slot & 1,
                             .absent = rule->absent.kinds >> slot & 1};
    for (int32_t k = 0; k < rule->n_steps; k++) {
        const pmkti_rules_what *what = &steps_of(r, rule)[k].what;
        if (!(what->kinds >> slot & 1)) continue;
        turn.steps = (uint16_t)(turn.steps | 1U << k);
        if (what->where) turn.asked = (uint16_t)(turn.asked | 1U << k);
    }
    return turn;
}

static void note_turn(pmkt_rules *r, int32_t slot, int32_t i, const pmkti_rules_turn *turn) {
    pmkti_rules_slots *of = &r->of_slot[slot];
    const uint64_t bit = UINT64_C(1) << (i & 63);
    if (!turn->steps && !turn->unless && !turn->absent) return;
    r->kinds |= UINT64_C(1) << slot;
    of->concerns[i >> 6] |= bit;
    if (turn->steps & 1) of->begins[i >> 6] |= bit;
    if (pmkti_rules_at(r, i)->in_a_row && turn->steps) of->in_a_row[i >> 6] |= bit;
}

static void note_same(pmkt_rules *r, uint8_t same) {
    int32_t i = 0;
    while (i < r->n_sames && r->sames[i] != same) i++;
    if (i == r->n_sames) r->sames[r->n_sames++] = same;
}

static bool make_turns(pmkti_rules_parser *p) {
    pmkt_rules *r = p->made;
    const int32_t n = r->rules.n;
    if (n == 0) return true;
    pmkti_rules_turn *turn = pmkti_expr_push(&p->b, &r->turns, PMKTI_RULES_SLOTS * n, sizeof *turn);
    for (int32_t slot = 0; turn && slot < PMKTI_RULES_SLOTS; slot++) {
        for (int32_t i = 0; i < n; i++, turn++) {
            *turn = turn_of(r, pmkti_rules_at(r, i), slot);
            note_turn(r, slot, i, turn);
        }
    }
    return turn != NULL;
}

static bool make_pointers(pmkti_rules_parser *p) {
    pmkt_rules *r = p->made;
    const int32_t n = r->suggestions.n;
    if (n == 0) return true;
    const char **to = pmkti_expr_push(&p->b, &r->pointers, n, sizeof *to);
    for (int32_t i = 0; to && i < n; i++) {
        to[i] = pmkti_rules_chars(r, ((const int32_t *)r->suggestions.at)[i]);
    }
    return to != NULL;
}

bool pmkti_rules_finish(pmkti_rules_parser *p) {
    pmkt_rules *r = p->made;
    for (int32_t i = 0; i < r->rules.n; i++) {
        const pmkti_rule *rule = pmkti_rules_at(r, i);
        r->partials += need_of(rule);
        note_same(r, rule->same);
        r->brief[i] = (pmkti_rules_brief){rule->within_ms ? rule->within_ms : INT64_MAX,
                                          (uint16_t)rule->n_stages, rule->same, rule->has_gaps};
        look_at_rule(r, rule);
    }
    r->n_words = (r->rules.n + 63) / 64;
    return make_turns(p) && make_pointers(p);
}
