/*
 * threads.h - watches the starting of threads, by standing before pthread_create.
 *
 * The sanitizers stand there themselves; in their builds nothing is watched, and tests that need it
 * say that they were skipped.
 */
#ifndef PMKT_TEST_THREADS_H
#define PMKT_TEST_THREADS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this build watches; if not, says on stderr that `test` is skipped. */
bool threads_watched(const char *test);

/* Counts anew; the thread after `allowed` more, and every later one, cannot be started. */
void threads_watch(int64_t allowed);

/* Threads started, and starts that were refused, since then. */
int64_t threads_started(void);
int64_t threads_refused(void);

#endif
