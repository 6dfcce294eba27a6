/*
 * zone.h - a named time zone as the table of transitions that the library takes.
 *
 * The library asks the system nothing; a program may. The table is found by asking the C library
 * for the offset of every day from 1900 to 2100, so it needs the system's zone files (Debian:
 * tzdata).
 */
#ifndef RFM_REPORT_ZONE_H
#define RFM_REPORT_ZONE_H

#include <pmkt.h>
#include <stdbool.h>

typedef struct zone {
    pmkt_zone table;
    pmkt_transition *transitions;
} zone;

/* A fixed offset from UTC. */
void zone_fixed(zone *out, int offset_minutes);

/*
 * The zone of a name such as "Europe/London". False, with a complaint, if there is none. Sets TZ.
 */
bool zone_named(zone *out, const char *name);

void zone_free(zone *out);

#endif
