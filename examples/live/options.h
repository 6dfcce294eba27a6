/*
 * options.h - the command line of live.
 */
#ifndef LIVE_OPTIONS_H
#define LIVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../shop/source.h"

#define LIVE_COLUMNS 32 /* that rules may declare */

/* A column for rules, beside the usual ones. */
typedef struct live_column {
    char name[64];
    int32_t type; /* PMKT_TYPE_... */
} live_column;

typedef struct command {
    shop_source from;
    const char *amount, *quantity, *channel; /* columns; NULL: there is none */
    bool amount_named, quantity_named, channel_named, columns_named; /* not the usual ones */
    live_column column[LIVE_COLUMNS];
    int32_t columns;
    int32_t decimals;  /* of an amount */
    const char *fit;   /* a log to learn from, or NULL */
    const char *model; /* a file, or NULL */
    const char *rules; /* a file, or NULL: the built-in ones */
    const char *who;   /* whose actions to print; NULL: everybody's intents */
    int32_t late;      /* seconds */
    int32_t after;     /* minutes for which the clock goes on at the end */
    bool remember, reload, evidence, stats, help;
} command;

/* Reads the command line; complains and returns EXIT_USAGE if it is not understood. */
int options_read(command *asked, int argc, char **argv);

/* Prints what the options are. */
void options_help(void);

#endif
