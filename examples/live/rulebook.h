/*
 * rulebook.h - the rules in force, and the file that they are from.
 */
#ifndef LIVE_RULEBOOK_H
#define LIVE_RULEBOOK_H

#include <pmkt.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct rulebook {
    const char *file; /* NULL: the built-in rules */
    const pmkt_zone *zone;
    pmkt_rules *rules;
    struct stat seen; /* the file when it was last looked at */
    bool missing;     /* when it was last looked at */
} rulebook;

/* Reads the rules. Complains and returns false if it cannot. */
bool rulebook_open(rulebook *book, const char *file, const pmkt_zone *zone);

/*
 * The rules of the file, if it is another one than before, for rulebook_take to take; NULL if it is not, or if it
 * has complained about them.
 */
pmkt_rules *rulebook_changed(rulebook *book);

/* These are in force now. */
void rulebook_take(rulebook *book, pmkt_rules *rules);

/* What they are called. */
const char *rulebook_name(const rulebook *book);

void rulebook_close(rulebook *book);

#endif
