/*
 * snapshot.h - what the seeds of fuzz_tracker.c were saved with, so that it can restore them.
 */
#ifndef PMKT_FUZZ_SNAPSHOT_H
#define PMKT_FUZZ_SNAPSHOT_H

#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define SNAPSHOT_RULES \
    "intent again { when 2 view same item within 2 days cooldown 3 h }\n" \
    "intent leaving { when cart then no order for 2 h cooldown 1 day }\n" \
    "intent turning { when view then cart then click different item unless order }\n"
#define SNAPSHOT_OTHER_RULES \
    "intent turning { when view then cart then click different item unless order }\n" \
    "intent leaving { when cart where (amount > 3) then no order for 1 h }\n"

#define SNAPSHOT_ROWS 180

/* Some who view, put into the cart, and order or do something else. */
typedef struct snapshot_rows {
    uint64_t user[SNAPSHOT_ROWS], item[SNAPSHOT_ROWS];
    int64_t time[SNAPSHOT_ROWS], amount[SNAPSHOT_ROWS];
    uint16_t kind[SNAPSHOT_ROWS];
    pmkt_events events;
} snapshot_rows;

/* n of them, by time, from a time on. */
static inline void snapshot_open(snapshot_rows *s, int n, int64_t from) {
    static const uint16_t last[] = {PMKT_KIND_CLICK, PMKT_KIND_ORDER, 300};
    for (int i = 0; i < n; i++) {
        const int step = i / 6 % 3;
        s->user[i] = 1 + (uint64_t)(i % 6 + i / 18), s->item[i] = (uint64_t)(i % 4);
        s->time[i] = from + i * INT64_C(600000), s->amount[i] = i % 5;
        s->kind[i] = step == 0 ? PMKT_KIND_VIEW : step == 1 ? PMKT_KIND_CART : last[i % 5 % 3];
    }
    pmkt_events_init(&s->events);
    s->events.rows = n, s->events.user = s->user, s->events.time = s->time;
    s->events.kind = s->kind, s->events.amount = s->amount;
    s->events.item = s->events.category = s->item;
}

static inline pmkt_purchase *snapshot_model(void) {
    static snapshot_rows s;
    pmkt_purchase *model = NULL;
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    chains.order = 3, chains.gap_ms = INT64_C(86400000);
    snapshot_open(&s, SNAPSHOT_ROWS, INT64_C(1767571200000));
    MUST(pmkt_purchase_fit(&s.events, &chains, NULL, NULL, NULL, &model, NULL) == PMKT_OK);
    MUST(pmkt_purchase_logistic(model, PMKT_PURCHASE_SESSION) != NULL);
    return model;
}

static inline pmkt_rules *snapshot_rules(const char *text) {
    pmkt_rules *rules = NULL;
    MUST(pmkt_rules_parse(text, strlen(text), NULL, &rules, NULL) == PMKT_OK);
    return rules;
}

#endif
