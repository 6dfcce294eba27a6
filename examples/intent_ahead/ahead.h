/*
 * ahead.h - what the steps of the story share, and what they are. Each prints its part and returns an
 * exit status.
 */
#ifndef INTENT_AHEAD_AHEAD_H
#define INTENT_AHEAD_AHEAD_H

#include <pmkt.h>

#include "../shop/print.h"
#include "options.h"
#include "visits.h"

/* Everything that must be freed at the end, whatever happened. */
typedef struct ahead {
    command asked;
    pmkt_run run;
    shop all;
    visits seen;
    int64_t only;         /* the visit to show, event by event */
    pmkt_purchase *model; /* of all visits */
    int64_t cut;          /* the past is the visits that began before this time */
    pmkt_purchase *past;  /* of them alone; NULL if they teach nothing */
    double *p;      /* [rows] P(order) at each event, by `past` if there is one, else `model` */
    uint32_t *next; /* [rows * PMKT_INTENT_TOP] what would come next */
    double *next_p; /* [rows * PMKT_INTENT_TOP] */
} ahead;

/* Learns from the visits of a shop. NULL, and no error, if they teach nothing about orders. */
pmkt_status ahead_learn(const ahead *it, const shop *from, pmkt_purchase **model, pmkt_error *err);

/* test.c: how good are guesses about visits that a model has not seen? And whom would one help? */
int ahead_test(ahead *it);
int ahead_offer(const ahead *it);

/* customer.c: chooses a visit to show, and shows it. */
int ahead_choose(ahead *it);
int ahead_follow(const ahead *it);

/* print.c: names and numbers. */
void print_day(const ahead *it, int64_t ms);
void print_minute(const ahead *it, int64_t ms);
void print_feature(const char *feature); /* what a feature of the model is, in words */

/* Complains about a failed call of the library, or that there is no memory. */
int failed(const pmkt_error *err);
int out_of_memory(void);

#endif
