/*
 * stopwatch.h - how long calls took: each, and what half and 99 % of them took at most.
 */
#ifndef LIVE_STOPWATCH_H
#define LIVE_STOPWATCH_H

#include <stdint.h>

/* Times lie in buckets a sixteenth of their size wide, so that any number of them takes the same room. */
#define STOPWATCH_BUCKETS 976

typedef struct stopwatch {
    int64_t bucket[STOPWATCH_BUCKETS];
    int64_t n, longest; /* nanoseconds */
} stopwatch;

/* Nanoseconds of a clock that only goes on. */
int64_t stopwatch_now(void);

/* Notes what a call took, in nanoseconds. */
void stopwatch_note(stopwatch *watch, int64_t ns);

/* What so many of a thousand calls took at most, in microseconds, to a sixteenth; 0 if there were none. */
double stopwatch_us(const stopwatch *watch, int64_t of_thousand);

#endif
