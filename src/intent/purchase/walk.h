/*
 * walk.h - a batch event by event, each user's in order, with what is remembered of the user.
 */
#ifndef PMKTI_PURCHASE_WALK_H
#define PMKTI_PURCHASE_WALK_H

#include "intent/purchase/model.h"

/* An event that is looked at. */
typedef struct pmkti_sight {
    int64_t row; /* in the batch */
    uint16_t kind;
    bool buyer; /* its session reaches the goal, before or after */
    const pmkti_glance *glance;
} pmkti_sight;

/* What to do right after an event; v, and the glance, are NULL for a bad row. Called from several threads at once, for
   different rows. */
typedef void (*pmkti_onlooker)(void *ctx, const pmkti_visitor *v, const pmkti_sight *at);

/* What to do after that with the rows from `from` to before `end`, in the order of the batch. */
typedef void (*pmkti_afterwards)(void *ctx, int64_t from, int64_t end);

/* Walks a batch as pmkt_purchase_score takes it. `after` may be NULL. */
pmkt_status pmkti_purchase_walk(const pmkt_purchase *m, const pmkt_events *events,
                                const pmkt_run *run, pmkt_report *report, pmkti_onlooker look,
                                pmkti_afterwards after, void *ctx, pmkt_error *err);

#endif
