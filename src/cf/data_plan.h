/*
 * data_plan.h - the options of pmkt_cf_data_from_events, checked, and the rows that a matrix is made of.
 */
#ifndef PMKTI_CF_DATA_PLAN_H
#define PMKTI_CF_DATA_PLAN_H

#include <math.h>

#include "cf/data_build.h"
#include "core/events.h"
#include "core/idset.h"

#define PMKTI_CF_UNIT 0x1p30 /* a weight of 1 in the units that are added up */
#define PMKTI_CF_KINDS 65536

typedef struct pmkti_cf_plan {
    pmkt_cf_data_options o;
    pmkt_allocator allocator; /* of the data */
    double *weight;           /* [PMKTI_CF_KINDS] */
} pmkti_cf_plan;

/* Checks options and makes the table of weights; pmkti_cf_plan_clear frees it. */
pmkt_status pmkti_cf_plan_make(const pmkt_cf_data_options *given, pmkti_cf_plan *plan,
                               pmkt_error *err);
void pmkti_cf_plan_clear(pmkti_cf_plan *plan);

/* Why a good row does not count. */
enum {
    PMKTI_CF_COUNTS = 0,
    PMKTI_CF_NO_ITEM = 1,
    PMKTI_CF_NO_CONSENT = 2,
    PMKTI_CF_OUT_OF_TIME = 3,
    PMKTI_CF_NO_WEIGHT = 4,
    PMKTI_CF_WHYS = 5
};

/* The first reason that holds for a row with an item. */
static inline int pmkti_cf_why(const pmkti_cf_plan *plan, const pmkt_events *ev, int64_t i) {
    if (plan->o.users && !pmkti_idset_has(plan->o.users, ev->user[i])) return PMKTI_CF_NO_CONSENT;
    if (ev->time[i] >= plan->o.as_of_ms) return PMKTI_CF_OUT_OF_TIME;
    if (plan->o.since_ms != 0 && ev->time[i] < plan->o.since_ms) return PMKTI_CF_OUT_OF_TIME;
    return plan->weight[pmkti_event_kind(ev, i)] == 0 ? PMKTI_CF_NO_WEIGHT : PMKTI_CF_COUNTS;
}

/* What a row that counts says, in units. Below 2^40 in size. */
static inline int64_t pmkti_cf_units(const pmkti_cf_plan *plan, const pmkt_events *ev, int64_t i) {
    double w = plan->weight[pmkti_event_kind(ev, i)];
    if (plan->o.half_life_ms > 0) {
        const double age = (double)(plan->o.as_of_ms - ev->time[i]);
        w *= exp2(-(age / (double)plan->o.half_life_ms));
    }
    /* Rounded as llrint would, but without a call: the sum has no place for a fraction. */
    const double push = 0x1.8p52;
    return (int64_t)(w * PMKTI_CF_UNIT + push - push);
}

/* Rows of good events: all those of a builder, or those of a batch that have no fault. */
typedef struct pmkti_cf_rows {
    pmkt_events ev;
    const uint8_t *plain; /* [blocks of PMKTI_EVENTS_BLOCK] 0: has a fault; NULL = none has */
    int64_t last_ms;      /* of the rows with an item; INT64_MIN without */
    int64_t no_item;      /* rows that had none and are not among these */
} pmkti_cf_rows;

/* The matrix of rows; `plan` gets the as_of_ms that was used. */
pmkt_status pmkti_cf_data_make(pmkti_cf_plan *plan, const pmkti_cf_rows *rows, const pmkti_run *run,
                               pmkt_cf_data **data, pmkt_error *err);

#endif
