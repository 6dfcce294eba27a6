#include "intent/rules/compact.h"

#include <string.h>

/* The first word: rule (8 bits), stage (11), and what follows. In this order: key, other, start, mark. */
enum {
    STAGE = 8,
    COOLDOWN = 19,
    KEY = 20,
    OTHER = 21,
    MARK = 22,
    WIDE = 23, /* times are of two words, and are themselves */
    STAGE_MASK = (1 << 11) - 1
};

#define NO_KEY \
    1u /* what an entry has whose rule asks for none; a cooldown has 0 in place of both */

static bool is_near(int64_t time, int64_t base) {
    return base - time >= INT32_MIN && base - time <= INT32_MAX;
}

static uint32_t header_of(const pmkti_rules_entry *x, int64_t base) {
    const bool apart = x->mark != x->start;
    const bool wide = !is_near(x->start, base) || !is_near(x->mark, base);
    return x->rule | (uint32_t)x->stage << STAGE | (uint32_t)x->is_cooldown << COOLDOWN |
           (uint32_t)(!x->is_cooldown && x->key != NO_KEY) << KEY |
           (uint32_t)(!x->is_cooldown && x->other != NO_KEY) << OTHER | (uint32_t)apart << MARK |
           (uint32_t)wide << WIDE;
}

static uint32_t *put_wide(uint32_t *to, int64_t time) {
    memcpy(to, &time, sizeof time);
    return to + 2;
}

static int64_t get_wide(const uint32_t *from) {
    int64_t time;
    memcpy(&time, from, sizeof time);
    return time;
}

/* Without a branch that depends on the entry but for the rare wide one: a word that is not wanted is written over by
   the next. */
static uint32_t *put(const pmkti_rules_entry *x, int64_t base, uint32_t *out) {
    const uint32_t header = header_of(x, base);
    const uint32_t mark = header >> MARK & 1;
    *out++ = header;
    *out = x->key;
    out += header >> KEY & 1;
    *out = x->other;
    out += header >> OTHER & 1;
    if (header >> WIDE & 1) {
        out = put_wide(out, x->start);
        return mark ? put_wide(out, x->mark) : out;
    }
    *out++ = (uint32_t)(base - x->start);
    *out = (uint32_t)(base - x->mark);
    return out + mark;
}

int32_t pmkti_compact_pack(const pmkti_rules_state *s, int64_t base, uint32_t *out) {
    uint32_t *to = out;
    for (int32_t i = 0; i < s->n; i++) to = put(&s->entry[i], base, to);
    return (int32_t)(to - out);
}

/* Likewise: what is read in place of a word that is not there is another word of the entry. */
static const uint32_t *get(const uint32_t *in, int64_t base, pmkti_rules_entry *x) {
    const uint32_t header = in[0];
    const uint32_t cooldown = header >> COOLDOWN & 1, key = header >> KEY & 1;
    const uint32_t other = header >> OTHER & 1, mark = header >> MARK & 1;
    const uint32_t none = cooldown ? 0 : NO_KEY;
    x->rule = (uint8_t)header;
    x->stage = header >> STAGE & STAGE_MASK;
    x->is_cooldown = (uint8_t)cooldown;
    x->key = key ? in[key] : none;
    in += 1 + key;
    x->other = other ? in[0] : none;
    in += other;
    if (header >> WIDE & 1) {
        x->start = get_wide(in);
        x->mark = mark ? get_wide(in + 2) : x->start;
        return in + 2 + 2 * (size_t)mark;
    }
    x->start = base - (int32_t)in[0];
    x->mark = base - (int32_t)in[mark];
    return in + 1 + mark;
}

void pmkti_compact_unpack(const pmkt_rules *r, const uint32_t *in, int32_t n, int64_t base,
                          pmkti_rules_state *s) {
    for (int32_t i = 0; i < n; i++) in = get(in, base, &s->entry[i]);
    s->n = n;
    s->took = 0;
    pmkti_rules_due(r, s);
}
