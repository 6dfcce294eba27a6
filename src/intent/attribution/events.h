/*
 * events.h - what the files that make paths from events share.
 *
 * events.c checks the rows, takes those that count and sorts them by user, time and row; events_walk.c goes
 * along each user and lays down paths; events_merge.c makes one row of equal paths.
 */
#ifndef PMKTI_ATTRIBUTION_EVENTS_H
#define PMKTI_ATTRIBUTION_EVENTS_H

#include <stdbool.h>

#include "core/parallel.h"
#include "pmkt/attribution.h"

/* A row that counts. */
typedef struct pmkti_attribution_record {
    uint64_t user;
    int64_t time;
    int64_t row;
} pmkti_attribution_record;

struct pmkt_attribution_data {
    pmkt_allocator allocator;
    pmkt_attribution_paths paths; /* what the columns below are to the caller */
    int64_t paths_room, touches_room;
    int64_t *at;                          /* [paths_room + 1] */
    uint64_t *channel;                    /* [touches_room] */
    int64_t *time;                        /* [touches_room] */
    double *conversions, *values, *nulls; /* [paths_room] */
};

/* One call. */
typedef struct pmkti_attribution_reading {
    pmkt_events ev;
    pmkt_attribution_data_options o;
    pmkt_allocator allocator;
    pmkti_run run;
    pmkt_report report;
    uint8_t *touches; /* [PMKT_KIND_COUNT_ and custom kinds] 1: a touching kind */
    pmkti_attribution_record *records;
    int64_t n;
    pmkt_attribution_data *out;
} pmkti_attribution_reading;

/* Lays down the paths of the sorted records. PMKT_E_NOMEM; PMKT_E_OVERFLOW; PMKT_E_CANCELED. */
pmkt_status pmkti_attribution_walk(pmkti_attribution_reading *r);

/* Makes one row of equal paths. PMKT_E_NOMEM. */
pmkt_status pmkti_attribution_merge(pmkt_attribution_data *data);

#endif
