#include "intent/rules/pack.h"

enum {
    TIME_BITS = 48,
    STAGE_BITS = 11
};

_Static_assert(PMKTI_RULES_STEPS *PMKTI_RULES_COUNT < 1 << STAGE_BITS, "a stage does not fit");
_Static_assert(PMKT_TIME_MAX + PMKTI_RULES_LONGEST < INT64_C(1) << (TIME_BITS - 1) &&
                   PMKT_TIME_MIN >= -(INT64_C(1) << (TIME_BITS - 1)),
               "a time does not fit");

static uint64_t time_in(int64_t time) {
    return (uint64_t)time & ((UINT64_C(1) << TIME_BITS) - 1);
}

/* The sign is the topmost of the bits. */
static int64_t time_out(uint64_t word) {
    const int64_t half = INT64_C(1) << (TIME_BITS - 1);
    return ((int64_t)time_in((int64_t)word) ^ half) - half;
}

void pmkti_rules_pack(const pmkti_rules_state *s, pmkti_rules_packed *out) {
    for (int32_t i = 0; i < s->n; i++) {
        const pmkti_rules_entry *x = &s->entry[i];
        const uint64_t stage = x->stage | (uint64_t)x->is_cooldown << STAGE_BITS;
        out[i].word[0] = time_in(x->start) | stage << TIME_BITS;
        out[i].word[1] = time_in(x->mark) | (uint64_t)x->rule << TIME_BITS;
        out[i].word[2] = x->key | (uint64_t)x->other << 32;
    }
}

static pmkti_rules_entry entry_of(const pmkti_rules_packed *in) {
    const uint64_t *word = in->word, stage = word[0] >> TIME_BITS;
    return (pmkti_rules_entry){.start = time_out(word[0]),
                               .mark = time_out(word[1]),
                               .key = (uint32_t)word[2],
                               .other = (uint32_t)(word[2] >> 32),
                               .stage = stage & ((1U << STAGE_BITS) - 1),
                               .rule = (uint8_t)(word[1] >> TIME_BITS),
                               .is_cooldown = (uint8_t)(stage >> STAGE_BITS & 1)};
}

/* ------------------------------------------------------------------ a check */

static bool is_cooldown(const pmkt_rules *r, const pmkti_rules_entry *x) {
    return x->rule < r->n_intents && x->stage == 0 && x->key == 0 && x->other == 0 &&
           x->mark >= PMKT_TIME_MIN && x->mark < PMKT_TIME_MAX + PMKTI_RULES_LONGEST &&
           x->start > x->mark && x->start - x->mark <= PMKTI_RULES_LONGEST;
}

static bool is_partial(const pmkt_rules *r, const pmkti_rules_entry *x, int64_t last) {
    if (x->rule >= r->rules.n || x->stage == 0 || x->key == 0 || x->other == 0) return false;
    const pmkti_rule *rule = pmkti_rules_at(r, x->rule);
    if (x->stage > rule->n_stages || (x->stage == rule->n_stages && rule->absent_ms == 0)) {
        return false;
    }
    return x->start >= PMKT_TIME_MIN && x->start <= x->mark && x->mark <= last;
}

bool pmkti_rules_packed_check(const pmkt_rules *r, const pmkti_rules_packed *in, int32_t n,
                              int64_t last) {
    int32_t place = 0;
    for (int32_t i = 0; i < n; i++) {
        const pmkti_rules_entry x = entry_of(&in[i]);
        if (in[i].word[0] >> (TIME_BITS + STAGE_BITS + 1) || in[i].word[1] >> (TIME_BITS + 8))
            return false;
        if (!(x.is_cooldown ? is_cooldown(r, &x) : is_partial(r, &x, last))) return false;
        const int32_t at = x.is_cooldown ? PMKTI_RULES_MOST : x.rule;
        if (at < place) return false;
        place = at;
    }
    return true;
}

/* --------------------------------------------------------------------- unpack */

void pmkti_rules_unpack(const pmkt_rules *r, const pmkti_rules_packed *in, int32_t n,
                        pmkti_rules_state *s) {
    for (int32_t i = 0; i < n; i++) s->entry[i] = entry_of(&in[i]);
    s->n = n;
    s->took = 0;
    pmkti_rules_due(r, s);
}
