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

void pmkti_rules_unpack(const pmkt_rules *r, const pmkti_rules_packed *in, int32_t n,
                        pmkti_rules_state *s) {
    for (int32_t i = 0; i < n; i++) {
        const uint64_t *word = in[i].word;
        const uint64_t stage = word[0] >> TIME_BITS;
        s->entry[i] = (pmkti_rules_entry){.start = time_out(word[0]),
                                          .mark = time_out(word[1]),
                                          .key = (uint32_t)word[2],
                                          .other = (uint32_t)(word[2] >> 32),
                                          .stage = stage & ((1U << STAGE_BITS) - 1),
                                          .rule = (uint8_t)(word[1] >> TIME_BITS),
                                          .is_cooldown = (uint8_t)(stage >> STAGE_BITS)};
    }
    s->n = n;
    s->took = 0;
    pmkti_rules_due(r, s);
}
