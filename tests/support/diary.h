/*
 * diary.h - events by chance with all that rules look at, and what the slow way sees in them.
 */
#ifndef PMKT_TEST_DIARY_H
#define PMKT_TEST_DIARY_H

#include "pmkt.h"
#include "support/rules_slow.h"

typedef struct diary {
    int64_t n;
    uint64_t *user, *item, *category, *channel, *session;
    int64_t *time, *amount;
    uint16_t *kind;
} diary;

/* n events of so many users, at times from 0 up to `span`, of the kinds 8 - `kinds` to 7, and a few of the user's
   own; some ids and amounts are missing. */
diary diary_random(int64_t n, int64_t users, int64_t span, int kinds);
void diary_free(diary *l);

/* Puts the rows into the order of time; those of one time keep theirs. */
void diary_sort(diary *l);

/* As events, which borrow the columns. */
pmkt_events diary_events(const diary *l);

/* The events of a user in order, as many as *n; for free. */
slow_event *diary_of(const diary *l, uint64_t user, int *n);

/* What fires for all users, 1 to `users`, by time, user, rule and row; shot and start are for free. */
slow_result diary_match(const diary *l, const slow_rule *rules, int n_rules, uint64_t users,
                        int64_t until);

/* Whether a match that fires so may have begun at `since`. */
bool diary_may_begin(const slow_result *slow, const slow_shot *shot, int64_t since);

/* The rules as one text of the library's; aborts the test if it does not parse. */
pmkt_rules *slow_rules_parse(const slow_rule *rules, int n, char *text, size_t room);

#endif
