/*
 * pack.h - what is kept of a user, at rest: 24 bytes a partial match or cooldown.
 *
 * All times of valid events (years 1700 to 2999) fit, with the longest wait and cooldown after them. To unpack,
 * step and pack again does exactly what keeping the state would. What is no entry is not kept: `due`
 * follows from the entries, `took` is of the last event only, and the counters are those of the state that is
 * unpacked into, so that they are of all its users.
 */
#ifndef PMKTI_RULES_PACK_H
#define PMKTI_RULES_PACK_H

#include "intent/rules/step.h"

/* word[0]: start (48 bits, signed), stage (11), is_cooldown (1); word[1]: mark (48, signed), rule (8); word[2]: key
   (32), other (32). Bits above these are 0, so equal entries are equal words. */
typedef struct pmkti_rules_packed {
    uint64_t word[3];
} pmkti_rules_packed;

/* Whether entries from anywhere can be those of a user whose last event was at `last`. */
bool pmkti_rules_packed_check(const pmkt_rules *r, const pmkti_rules_packed *in, int32_t n,
                              int64_t last);

/* Writes the state's n entries to out[n], in their order. */
void pmkti_rules_pack(const pmkti_rules_state *s, pmkti_rules_packed *out);

/* The state of a user whose entries pmkti_rules_pack wrote; n is at most state.room. */
void pmkti_rules_unpack(const pmkt_rules *r, const pmkti_rules_packed *in, int32_t n,
                        pmkti_rules_state *s);

#endif
