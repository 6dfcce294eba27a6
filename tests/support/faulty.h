/*
 * faulty.h - an allocator for tests: it fails when told to, and keeps account of everything.
 *
 * Each block stands between a header and a guard, so that a wrong `old` size, a write beyond the end,
 * a block that was never allocated and a leak are all seen, without a sanitizer too. Fresh memory is
 * filled with 0xA5 and freed memory with 0xDD; a resize always moves.
 */
#ifndef PMKT_TEST_FAULTY_H
#define PMKT_TEST_FAULTY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "pmkt.h"

typedef struct faulty {
    /* Set by the test, while no call is under way. */
    int64_t fail_at; /* refuse the allocation or resize with this number, from 1; 0 = none */
    bool sticky;     /* and every one after it */

    /* Counted. Freeing is no call here, for it cannot fail. */
    _Atomic int64_t calls;
    _Atomic int64_t refused;
    _Atomic int64_t blocks;       /* live */
    _Atomic int64_t bytes;        /* live */
    _Atomic int64_t peak;         /* the most bytes ever live */
    _Atomic(const char *) misuse; /* the first thing that was wrong with a call, or NULL */
} faulty;

/* An allocator that works, for `f`, which must outlive what is made with it. */
pmkt_allocator faulty_allocator(faulty *f);

/* Starts to count calls anew, and refuses number `fail_at`. */
void faulty_arm(faulty *f, int64_t fail_at, bool sticky);

/* Refuses nothing from here on. */
void faulty_disarm(faulty *f);

/* Asserts that the allocator was never misused. */
void faulty_check(const faulty *f);

/* Asserts that, and that nothing is live. */
void faulty_check_empty(const faulty *f);

#endif
