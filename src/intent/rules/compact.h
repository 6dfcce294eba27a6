/*
 * compact.h - what is kept of a user, in as few bytes as can be: 8 to 28 each, mostly 12.
 *
 * Times are kept by how long before `base` they are, which is the time of the user's last event: within 24 days in
 * 4 bytes. What most entries have in common takes none: no key, no id that must differ, a mark that is the start.
 * As with pack.h, to unpack, step and pack again does exactly what keeping the state would.
 */
#ifndef PMKTI_RULES_COMPACT_H
#define PMKTI_RULES_COMPACT_H

#include "intent/rules/step.h"

#define PMKTI_COMPACT_MOST 7 /* words of an entry */

/* Writes the entries of a state to `out`, where PMKTI_COMPACT_MOST words each have room; how many words they are. */
int32_t pmkti_compact_pack(const pmkti_rules_state *s, int64_t base, uint32_t *out);

/* The state of a user whose n entries were written so; n is at most state.room. */
void pmkti_compact_unpack(const pmkt_rules *r, const uint32_t *in, int32_t n, int64_t base,
                          pmkti_rules_state *s);

#endif
