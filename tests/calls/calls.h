/*
 * calls.h - what tests/calls/generate.py makes: one row a call, with one thing changed.
 */
#ifndef PMKT_TEST_CALLS_H
#define PMKT_TEST_CALLS_H

#include "calls/world.h"

/* What a call must answer. */
typedef enum wish {
    WISH_OK,      /* it succeeds */
    WISH_REFUSED, /* it fails, says why, and has no effect */
    WISH_EITHER   /* one of the two, never anything worse */
} wish;

/* What it answered: of a function without a status, PMKT_OK, or PMKT_E_INVALID if it answered what its
   header says of bad arguments. */
typedef pmkt_status (*call)(world *w);

typedef struct call_row {
    const char *name; /* such as "pmkt_rfm_add: rfm = NULL" */
    wish wanted;
    bool tells;    /* it returns a status and was given an err */
    bool writes;   /* also if refused: an output gets a documented default */
    bool consumes; /* also if refused: what it was given is used up */
    call make;
} call_row;

extern const call_row call_rows[];
extern const int call_row_count;

/* A parameter that is a struct with a size, wherever it stands. */
typedef struct sized_row {
    const char *name;     /* such as "pmkt_rfm_add: events" */
    size_t size;          /* sizeof the struct */
    size_t at;            /* where the world has a valid one */
    const void *init;     /* what its INIT macro says */
    bool output;          /* the call writes it; else reads it */
    bool consumes;        /* as above */
    bool comparable;      /* an output that is the same after two equal calls */
    const uint16_t *ends; /* where its fields end; 1 if not at a multiple of 8; then 0 */
    pmkt_status (*make)(world *w, void *theirs);
} sized_row;

extern const sized_row sized_rows[];
extern const int sized_row_count;

#endif
