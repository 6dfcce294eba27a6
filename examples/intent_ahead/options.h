/*
 * options.h - the command line of intent_ahead.
 */
#ifndef INTENT_AHEAD_OPTIONS_H
#define INTENT_AHEAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../shop/shop.h"

typedef struct command {
    shop_source from;
    const char *who;   /* NULL = whoever had the latest long visit */
    const char *model; /* where to save, or NULL */
    int32_t gap;       /* minutes */
    int32_t order;     /* actions that the chains look at */
    int32_t low, high; /* percent: help is offered in between; -1: not said */
    int32_t threads;
    bool help;
} command;

/* Reads the command line; complains and returns EXIT_USAGE if it is not understood. */
int options_read(command *asked, int argc, char **argv);

/* Prints what the options are. */
void options_help(void);

#endif
