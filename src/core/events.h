/*
 * events.h (private) - the rules for batches and rows, shared by every handle that takes events.
 */
#ifndef PMKTI_EVENTS_H
#define PMKTI_EVENTS_H

#include <stdbool.h>

#include "pmkt/events.h"

/* Checks the batch as a whole and copies it, whatever release the caller is of. */
pmkt_status pmkti_events_in(const pmkt_events *given, pmkt_events *mine, pmkt_error *err);

/* What batches of all sorts have in common; `what` is "events" or "items". */
pmkt_status pmkti_currency_check(const char currency[8], int32_t exponent, const char *what,
                                 pmkt_error *err);
pmkt_status pmkti_extra_check(const pmkt_column *extra, int64_t n, int64_t rows, const char *what,
                              pmkt_error *err);

static inline int32_t pmkti_event_kind(const pmkt_events *ev, int64_t i) {
    return ev->kind ? ev->kind[i] : ev->every_kind;
}

static inline int64_t pmkti_event_amount(const pmkt_events *ev, int64_t i) {
    return ev->amount ? ev->amount[i] : PMKT_AMOUNT_NULL;
}

static inline bool pmkti_kind_exists(int32_t kind) {
    return (kind > PMKT_KIND_NONE && kind < PMKT_KIND_COUNT_) || kind >= PMKT_KIND_CUSTOM;
}

/* The reason in a reject column; what no release knows is a value. */
static inline int32_t pmkti_rejected(uint8_t reject) {
    return reject <= PMKT_BAD_VECTOR + 1 ? reject - 1 : PMKT_BAD_VALUE;
}

/* Why row i is bad (PMKT_BAD_...), or -1. */
static inline int32_t pmkti_event_fault(const pmkt_events *ev, int64_t i) {
    if (ev->reject && ev->reject[i]) return pmkti_rejected(ev->reject[i]);
    if (ev->user[i] == PMKT_ID_NONE) return PMKT_BAD_USER;
    if (ev->time[i] < PMKT_TIME_MIN || ev->time[i] >= PMKT_TIME_MAX) return PMKT_BAD_TIME;
    const int32_t kind = pmkti_event_kind(ev, i);
    if (!pmkti_kind_exists(kind)) return PMKT_BAD_KIND;
    const int64_t amount = pmkti_event_amount(ev, i);
    if (amount == PMKT_AMOUNT_NULL) return -1;
    if (amount > PMKT_AMOUNT_MAX || amount < -PMKT_AMOUNT_MAX) return PMKT_BAD_AMOUNT_RANGE;
    if (amount < 0 && kind != PMKT_KIND_REFUND && kind != PMKT_KIND_CANCEL) {
        return PMKT_BAD_AMOUNT_NEGATIVE;
    }
    return -1;
}

/* Rows to ask for at once: enough for vectors, few enough to stay in the cache until they are used. */
#define PMKTI_EVENTS_BLOCK 1024

/*
 * True if none of the `n` rows from `from` on has a fault, and no amount is negative. False says only
 * that the rows need a closer look.
 */
bool pmkti_events_plain(const pmkt_events *ev, int64_t from, int64_t n);

/* Starts a report: `mine` empty but for the rows and the caller's bitmap, which is cleared. */
pmkt_status pmkti_report_begin(const pmkt_report *given, int64_t rows, pmkt_report *mine,
                               pmkt_error *err);

/* Counts a rejected row; rows may come in any order, and the bitmap is not touched. */
static inline void pmkti_report_reject(pmkt_report *report, int64_t row, int32_t reason) {
    report->rejected++;
    report->by_reason[reason]++;
    if (report->first_bad < 0 || row < report->first_bad) report->first_bad = row;
}

/* Adds the counts of a part of the rows. */
void pmkti_report_add(pmkt_report *report, const pmkt_report *part);

/* Hands the report to the caller, if they want one. */
void pmkti_report_end(pmkt_report *given, const pmkt_report *mine);

/* The error for the first bad row of a batch that says FAIL. `reason` is that row's. */
pmkt_status pmkti_report_fail(const pmkt_report *report, int32_t reason, pmkt_error *err);

#endif
