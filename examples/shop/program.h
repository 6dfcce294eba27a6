/*
 * program.h - what the programs about a shop's events have in common beside the events: how they end
 * and how they complain.
 */
#ifndef SHOP_PROGRAM_H
#define SHOP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EXIT_DONE = 0,
    EXIT_DATA = 1, /* the data or the disk is at fault */
    EXIT_USAGE = 2 /* the command line is */
};

/* What a program complains under; each defines its own. */
extern const char program_name[];

/* The program's name, ": ..." and a line end on stderr, printable whatever a file's texts hold. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads a whole number in [min, max]; complains and returns false if `text` is none. */
bool whole_number(const char *option, const char *text, int32_t min, int32_t max, int32_t *value);

#endif
