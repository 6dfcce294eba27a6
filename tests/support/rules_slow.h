/*
 * rules_slow.h - rules of rules.h the slow and obvious way: all choices of events are tried. And rules by
 * chance, as what they mean and as the text that says it.
 */
#ifndef PMKT_TEST_RULES_SLOW_H
#define PMKT_TEST_RULES_SLOW_H

#include <stdbool.h>

#include "pmkt.h"

#define SLOW_STEPS 3

/* Some events: kinds as bits 1 to 63; `cond` is one of a few conditions, 0 is none. */
typedef struct slow_what {
    uint64_t kinds;
    int cond;
    int64_t bound;
} slow_what;

typedef struct slow_rule {
    int intent;
    slow_what step[SLOW_STEPS];
    int count[SLOW_STEPS];
    int64_t gap[SLOW_STEPS]; /* 0: none */
    int n_steps;
    slow_what absent; /* no kinds: it does not wait */
    int64_t wait;
    slow_what unless;    /* no kinds: none */
    int same, different; /* bits of item, category, channel; 0, or 1 + one of them */
    bool in_a_row;
    int64_t within, cooldown; /* 0: none */
    int strength;             /* tenths */
} slow_rule;

/* One event of a user. */
typedef struct slow_event {
    int64_t time, row, amount, dwell, cart_amount; /* INT64_MIN: missing */
    uint64_t id[3];
    int kind;
} slow_event;

typedef struct slow_shot {
    int64_t time, row;
    uint64_t user;
    int32_t rule;
    int64_t first_start,
        n_starts; /* in slow_result.start: when a match that ends here may have begun */
} slow_shot;

typedef struct slow_result {
    slow_shot *shot; /* malloc'ed */
    int64_t n, room, suppressed, outranked;
    int64_t *start; /* malloc'ed */
    int64_t n_starts, room_starts;
} slow_result;

/* A rule by chance, of kinds `from` up to, not including, `to`, and times up to about `span`; and its text. */
slow_rule slow_rule_random(int from, int to, int64_t span);
size_t slow_rule_print(const slow_rule *rule, char *text, size_t room);

/* What fires for one user, whose n events are in order, until the clock says `until`; appended. */
void slow_match(const slow_rule *rules, int n_rules, const slow_event *events, int n, uint64_t user,
                int64_t until, slow_result *out);

#endif
