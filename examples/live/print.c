#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "../shop/print.h"
#include "../shop/program.h"
#include "../shop/shop.h"
#include "live.h"

static void print_name(const live *it, uint64_t id, int width) {
    print_cell(id == PMKT_ID_NONE ? "-" : shop_name_of(it->names, id).text, width);
}

static void print_time(const live *it, int64_t ms, int from) {
    char text[32] = "";
    pmkt_time_format(ms, &it->asked.from.zone, text, NULL); /* the library has taken it before */
    printf("%-*.*s", 19 - from, 19 - from, text + from);
}

static void print_kind(int32_t kind, int width) {
    char number[16];
    snprintf(number, sizeof number, "%d", (int)kind); /* a kind of one's own */
    const char *name = pmkt_kind_name(kind);
    print_cell(name == NULL || kind >= PMKT_KIND_CUSTOM ? number : name, width);
}

static void print_p(double p) {
    if (isnan(p)) {
        printf("%8s", "-");
    } else {
        printf("%6.1f %%", 100.0 * p);
    }
}

void print_heading(const live *it) {
    if (it->who != PMKT_ID_NONE) {
        printf("%-19s  %-9s %-20s  %8s  %7s%s\n", "time", "event", "product", "P(order)", "us",
               it->model == NULL ? "" : "  next");
    } else {
        printf("%-19s  %-12s  %-18s  %8s  %8s  %7s  %s\n", "time", "customer", "intent", "strength",
               "P(order)", "us", "answer");
    }
}

void print_action_of(const live *it) {
    const shop_event *event = &it->in.event;
    print_time(it, event->time, 0);
    printf("  ");
    print_kind(event->kind, 9);
    printf(" ");
    print_name(it, event->item, 20);
    printf("  ");
    print_p(it->p);
    printf("  %7.2f", it->us);
    if (it->model != NULL && it->next[0] != 0) printf("  ");
    if (it->model != NULL) print_next(it->next, it->next_p, PMKT_INTENT_TOP);
    printf("\n");
}

/* --------------------------------------------------------------- evidence */

static void print_event(const live *it, const pmkt_tracker_event *event) {
    printf("      %s ", event->matched ? "*" : " ");
    print_time(it, event->time, 0);
    printf("  ");
    print_kind(event->kind, 9);
    printf(" ");
    print_name(it, event->item, 20);
    if (it->model != NULL) printf("  %+6.2f", event->log_odds);
    printf("\n");
}

/* The rule as it was written, behind a margin; the library takes no control characters but these. */
static void print_text(const pmkt_rule *rule) {
    printf("      ");
    for (int64_t i = 0; i < rule->length; i++) {
        const char c = rule->text[i];
        if (c != '\r') putchar(c);
        if (c == '\n') printf("      ");
    }
    printf("\n");
}

/* Why: from the first event of the match on, what is remembered. */
static int print_evidence(const live *it, const pmkt_tracker_fired *fired, const pmkt_rule *rule) {
    pmkt_tracker_event events[LIVE_EVENTS];
    pmkt_tracker_evidence why;
    pmkt_tracker_evidence_init(&why);
    why.event = events;
    why.room = LIVE_EVENTS;
    pmkt_error err;
    if (pmkt_tracker_explain(it->tracker, fired->user, rule->intent, &why, &err) != PMKT_OK) {
        return failed(&err);
    }
    printf("      because of these (* = matched%s):\n",
           it->model == NULL ? "" : "; log-odds, buyers against the others");
    for (int64_t i = 0; i < why.n; i++) {
        if (events[i].time >= fired->since) print_event(it, &events[i]);
    }
    if (it->model != NULL) {
        printf("      the visit so far, %" PRId64 " events: %+.2f\n", why.session, why.evidence);
    }
    printf("      by the rule in line %d of %s:\n", (int)rule->line, rulebook_name(&it->book));
    print_text(rule);
    return EXIT_DONE;
}

/* ---------------------------------------------------------------- intents */

static void print_intent(const pmkt_rule *rule, char *text, size_t size) {
    snprintf(text, size, "%s%s%s", rule->intent, rule->cause == NULL ? "" : " ",
             rule->cause == NULL ? "" : rule->cause);
}

static void print_suggestions(const pmkt_rule *rule) {
    for (int64_t i = 0; i < rule->n_suggestions; i++) {
        printf("%s%s", i == 0 ? "" : ", ", rule->suggestions[i]);
    }
}

static void print_among_all(const live *it, const pmkt_tracker_fired *fired,
                            const pmkt_rule *rule) {
    char intent[192];
    print_intent(rule, intent, sizeof intent);
    print_time(it, fired->time, 0);
    printf("  ");
    print_name(it, fired->user, 12);
    printf("  %-18s  %8.2f  ", intent, fired->strength);
    print_p(fired->row < 0 ? NAN : it->p); /* a wait that ended is no event */
    printf("  %7.2f  ", it->us);
    print_suggestions(rule);
    printf("\n");
}

/* Below the action at which it fired, or, of a wait that ended, below its time. */
static void print_below(const live *it, const pmkt_tracker_fired *fired, const pmkt_rule *rule) {
    char intent[192];
    print_intent(rule, intent, sizeof intent);
    if (fired->row < 0) {
        print_time(it, fired->time, 0);
        printf("  %-9s %-20s  %8s  %7.2f\n", "(silence)", "", "", it->us);
    }
    printf("   => %s, strength %.2f: ", intent, fired->strength);
    print_suggestions(rule);
    printf("\n");
}

int print_fired(const live *it, const pmkt_tracker_fired *fired) {
    pmkt_rule rule;
    pmkt_rule_init(&rule);
    pmkt_error err;
    if (it->who != PMKT_ID_NONE && it->who != fired->user) return EXIT_DONE;
    if (pmkt_rules_rule(it->book.rules, fired->rule, &rule, &err) != PMKT_OK) return failed(&err);
    if (it->who == PMKT_ID_NONE) {
        print_among_all(it, fired, &rule);
    } else {
        print_below(it, fired, &rule);
    }
    return it->asked.evidence ? print_evidence(it, fired, &rule) : EXIT_DONE;
}

/* ------------------------------------------------------------------ stats */

int print_stats(const live *it) {
    pmkt_tracker_counts n;
    pmkt_tracker_counts_init(&n);
    pmkt_error err;
    if (pmkt_tracker_stats(it->tracker, &n, &err) != PMKT_OK) return failed(&err);
    printf("Events: %" PRId64 " taken, %" PRId64 " bad, %" PRId64 " too late.\n", n.events, n.bad,
           n.late);
    printf("Customers: %" PRId64 " known, %" PRId64 " expired, %" PRId64 " evicted; %" PRId64
           " KB; something waits for %" PRId64 ".\n",
           n.users, n.expired, n.evicted, n.bytes / 1000, n.waiting);
    printf("Intents: %" PRId64 " fired, %" PRId64 " came again too soon, %" PRId64
           " were outranked.\n",
           n.fired, n.suppressed, n.outranked);
    printf("Partial matches: %" PRId64 " had to make room, %" PRId64 " ended by new rules.\n",
           n.dropped, n.ended);
    printf("Microseconds a call: half of %" PRId64
           " took up to %.2f, 99 %% up to %.2f, the longest %.2f.\n",
           it->calls.n, stopwatch_us(&it->calls, 500), stopwatch_us(&it->calls, 990),
           (double)it->calls.longest / 1e3);
    return EXIT_DONE;
}
