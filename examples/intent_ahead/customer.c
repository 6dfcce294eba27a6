#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shop/program.h"
#include "ahead.h"

#define LONG 5  /* events before the order of a long visit */
#define MOST 12 /* events that are shown */

/* ----------------------------------------------------------------------- which visit */

/* Events that something is guessed at, LONG at the most: beyond that no visit is longer than another. */
static int64_t length_of(const visit *one) {
    return one->goal - one->first < LONG ? one->goal - one->first : LONG;
}

/* The latest long visit; if there is none, the longest. */
int ahead_choose(ahead *it) {
    const visits *all = &it->seen;
    const char *who = it->asked.who;
    const uint64_t wanted = who == NULL ? PMKT_ID_NONE : pmkt_id_of_bytes(who, strlen(who));
    const visit *best = NULL;
    for (int64_t v = 0; v < all->n; v++) {
        const visit *one = &all->visit[v];
        if (who != NULL && one->user != wanted) continue;
        if (best != NULL && (length_of(one) < length_of(best) ||
                             (length_of(one) == length_of(best) && one->begins < best->begins))) {
            continue;
        }
        best = one;
        it->only = v;
    }
    if (best != NULL) return EXIT_DONE;
    complain("%s knows no customer \"%s\"", shop_source_name(&it->asked.from),
             who == NULL ? "" : who);
    return EXIT_DATA;
}

/* ------------------------------------------------------------------------ one visit */

/*
 * The reason for a change of the log-odds from one event to the next: the feature that did most of it.
 * Others may have pulled the other way.
 */
static int32_t reason(const double *before, const double *now, int32_t features, double *change) {
    double sum = 0.0;
    for (int32_t f = 0; f < features; f++) sum += now[f] - before[f];
    int32_t best = 0;
    *change = 0.0;
    for (int32_t f = 0; f < features; f++) {
        const double d = now[f] - before[f];
        if (sum < 0.0 ? d < *change : d > *change) {
            *change = d;
            best = f;
        }
    }
    return best;
}

static void print_event(const ahead *it, int64_t row) {
    printf("  ");
    print_minute(it, it->all.time[row]);
    printf("  ");
    print_action(it->all.kind[row], 8);
    printf("  ");
    print_cell(shop_name_of(it->all.names, it->all.item[row]).text, 22);
}

/* The events of the visit up to its order, or the first MOST of them. */
static void print_visit(const ahead *it, const pmkt_purchase *model, const int64_t *row, int64_t n,
                        const double *log_odds, int32_t features) {
    const visit *one = &it->seen.visit[it->only];
    for (int64_t i = 0; i < n; i++) {
        print_event(it, row[i]);
        const int64_t at = row[i] * PMKT_INTENT_TOP;
        printf("   %5.1f %%  ", 100.0 * it->p[row[i]]);
        print_action(it->next[at], 8);
        printf(" %3.0f %%", 100.0 * it->next_p[at]);
        if (i > 0) {
            const double *now = log_odds + i * (features + 1);
            double change;
            const int32_t f = reason(now - (features + 1), now, features, &change);
            printf("  %+5.2f  ", change);
            print_feature(pmkt_purchase_feature(model, f));
        }
        printf("\n");
    }
    if (one->goal - one->first > n) {
        printf("  and %" PRId64 " more\n", one->goal - one->first - n);
    } else if (visit_ordered(one)) {
        print_event(it, it->seen.row[one->goal]);
        printf("   %5.1f %%\n", 100.0);
    }
    if (one->end - one->goal > 1) {
        printf("  and %" PRId64 " after the order, where nothing is guessed\n",
               one->end - one->goal - 1);
    }
}

static void print_heading(const ahead *it) {
    const visit *one = &it->seen.visit[it->only];
    printf("\nA visit of %s on ", shop_name_of(it->all.names, one->user).text);
    print_day(it, one->begins);
    printf(
        ", by the model that has %sseen it. The reason is what did\n"
        "most of the change of the log-odds since the event before:\n\n",
        it->past != NULL && one->begins >= it->cut ? "not " : "");
    printf("  %-5s  %-8s  %-22s  %8s  %-13s  %s\n", "time", "event", "product", "P(order)", "next",
           "reason");
}

int ahead_follow(const ahead *it) {
    const pmkt_purchase *model = it->past == NULL ? it->model : it->past;
    const visit *one = &it->seen.visit[it->only];
    const int64_t n = one->goal - one->first > MOST ? MOST : one->goal - one->first;
    pmkt_purchase_facts facts;
    pmkt_purchase_facts_init(&facts);
    pmkt_error err;
    if (pmkt_purchase_info(model, &facts, &err) != PMKT_OK) return failed(&err);
    double *log_odds = calloc((size_t)(n + 1) * ((size_t)facts.features + 1), sizeof *log_odds);
    if (log_odds == NULL) return out_of_memory();
    const pmkt_events events = shop_events(&it->all); /* all: what came before the visit counts */
    const int64_t *row = it->seen.row + one->first;
    int code = EXIT_DONE;
    if (n > 0 && pmkt_purchase_explain(model, PMKT_PURCHASE_SESSION, &events, row, n, &it->run,
                                       NULL, log_odds, &err) != PMKT_OK) {
        code = failed(&err);
    } else {
        print_heading(it);
        print_visit(it, model, row, n, log_odds, facts.features);
    }
    free(log_odds);
    return code;
}
