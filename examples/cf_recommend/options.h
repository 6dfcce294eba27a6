/*
 * options.h - the command line of cf_recommend.
 */
#ifndef CF_RECOMMEND_OPTIONS_H
#define CF_RECOMMEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EXIT_DONE = 0,
    EXIT_DATA = 1, /* the data or the disk is at fault */
    EXIT_USAGE = 2 /* the command line is */
};

typedef struct command {
    const char *file;
    const char *user, *item, *time, *kind,
        *category;       /* columns; the last two NULL = there is none */
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

/* "cf_recommend: ..." and a line end on stderr, printable whatever a file's texts hold. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
