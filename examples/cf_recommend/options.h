/*
 * options.h - the command line of cf_recommend.
 */
#ifndef CF_RECOMMEND_OPTIONS_H
#define CF_RECOMMEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../shop/shop.h"

typedef struct command {
    shop_source from;
    const char *who;     /* NULL = the three with most events */
    const char *like;    /* NULL = the best seller */
    const char *history; /* items with ; between them, or NULL */
    const char *model;   /* where to save, or NULL */
    int32_t k, factors, threads;
    bool help;
} command;

/* Reads the command line; complains and returns EXIT_USAGE if it is not understood. */
int options_read(command *asked, int argc, char **argv);

/* Prints what the options are. */
void options_help(void);

#endif
