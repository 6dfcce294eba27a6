/*
 * visits.h - random events with ids of all sorts, for tests of what people do one after the other.
 */
#ifndef PMKT_TEST_VISITS_H
#define PMKT_TEST_VISITS_H

#include <stdbool.h>

#include "pmkt.h"

typedef struct visits {
    int64_t n;
    uint64_t *user, *item, *category, *channel, *session;
    int64_t *time;
    uint16_t *kind;
} visits;

/* n events of so many users, at times from 0 up to `span`, of kinds 1 to `kinds`; some ids are none. */
visits visits_random(int64_t n, int64_t users, int64_t span, int kinds);
void visits_free(visits *v);

/* The same in the library's order: by hash of the user, time, and row. */
visits visits_sorted(const visits *v);

/* The same in the order of time, and of rows. */
visits visits_in_time(const visits *v);

/* The same rows in their order, with bad ones between them. */
visits visits_spoiled(const visits *v);

/* Checks what a call has told of such rows, with bits; `skipped`: that left them out. */
void visits_check_report(const visits *v, const pmkt_report *report, bool skipped);

/* As events, which borrow the columns. */
pmkt_events visits_events(const visits *v);

#endif
