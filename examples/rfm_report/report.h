/*
 * report.h - all that is known at the end, and the two ways to give it: a report for people and a
 * table for programs.
 */
#ifndef RFM_REPORT_REPORT_H
#define RFM_REPORT_REPORT_H

#include <pmkt.h>
#include <stdbool.h>

#include "offers.h"
#include "options.h"
#include "rows.h"
#include "zone.h"

typedef struct report {
    const options *asked;
    const rows *in;
    const pmkt_ids *names;
    int64_t rows_before; /* that the state had taken before this run */
    const zone *where;
    const offers *offered; /* NULL = no table was given */
    pmkt_rfm_counters counters;
    int64_t as_of, before;             /* before: PMKT_TIME_NULL if nothing is compared */
    const pmkt_rfm_scores *now, *then; /* then: NULL likewise */
    pmkt_rfm_columns columns;          /* of now */
    const pmkt_rfm_migration *moves;   /* or NULL */
    double read_seconds, score_seconds;
} report;

/* Prints the report to stdout. */
void report_print(const report *about);

/* The parts of it. */
void print_read(const report *about);
void print_classes(const report *about);
void print_lifecycle(const report *about);
void print_tiers(const report *about);
void print_moves(const report *about);
void print_offers(const report *about);

/*
 * Writes one CSV row a customer to asked->out, in the order of the scores, which is the same in every
 * run. A regular file appears whole or not at all. False with a complaint if that fails.
 */
bool report_export(const report *about);

/* A name of a group, never NULL. */
const char *group_name(const pmkt_rfm_scores *scores, int32_t by, int32_t code);

/* Sums of a grouping, [*codes] for free(); NULL with a complaint. */
pmkt_rfm_group *group_sums(const pmkt_rfm_scores *scores, int32_t by, int32_t *codes);

#endif
