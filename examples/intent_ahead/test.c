#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../shop/program.h"
#include "ahead.h"

#define BINS 5         /* of the reliability table */
#define MOST_ACTIONS 5 /* that a chain looks back */

/* Guesses about visits that began after the cut, one at each event before their order. */
typedef struct guesses {
    int64_t n, visits, orders; /* guesses, visits, guesses that came true */
    uint8_t *came;             /* [n] 1: an order came later in the visit */
    double *p;                 /* [n] what the model said */
    double *chain;             /* [n] what its chain alone says */
    uint64_t *user;            /* [n] */
    int64_t *at;               /* [n + 1] where each path begins in `action` */
    uint32_t *action;
} guesses;

static void free_guesses(guesses *all) {
    free(all->came);
    free(all->p);
    free(all->chain);
    free(all->user);
    free(all->at);
    free(all->action);
}

static bool make_room(guesses *all, int64_t rows) {
    const size_t n = (size_t)rows;
    all->came = calloc(n, sizeof *all->came);
    all->p = calloc(n, sizeof *all->p);
    all->chain = calloc(n, sizeof *all->chain);
    all->user = calloc(n, sizeof *all->user);
    all->at = calloc(n + 1, sizeof *all->at);
    all->action = calloc(n * MOST_ACTIONS, sizeof *all->action);
    return all->came != NULL && all->p != NULL && all->chain != NULL && all->user != NULL &&
           all->at != NULL && all->action != NULL;
}

/* The guess at place `at` of a visit. A chain looks at the last actions only, so no more are given. */
static void take(guesses *all, const ahead *it, const visit *one, int64_t at) {
    const int64_t begin = at + 1 - one->first > MOST_ACTIONS ? at + 1 - MOST_ACTIONS : one->first;
    int64_t end = all->at[all->n];
    for (int64_t i = begin; i <= at; i++) all->action[end++] = it->all.kind[it->seen.row[i]];
    all->came[all->n] = visit_ordered(one);
    all->orders += visit_ordered(one);
    all->p[all->n] = it->p[it->seen.row[at]];
    all->user[all->n] = one->user;
    all->at[++all->n] = end;
}

static void take_all(guesses *all, const ahead *it) {
    for (int64_t v = 0; v < it->seen.n; v++) {
        const visit *one = &it->seen.visit[v];
        if (one->begins < it->cut) continue;
        all->visits++;
        for (int64_t i = one->first; i < one->goal; i++) take(all, it, one, i);
    }
}

/* P(order) by the chain of all visits, which a model holds. */
static pmkt_status ask_chain(const ahead *it, guesses *all, pmkt_error *err) {
    pmkt_intent_paths paths;
    pmkt_intent_paths_init(&paths);
    paths.n = all->n;
    paths.at = all->at;
    paths.action = all->action;
    pmkt_intent_answers answers;
    pmkt_intent_answers_init(&answers);
    answers.goal = all->chain;
    return pmkt_intent_ask(pmkt_purchase_chains(it->past), &paths, &it->run, &answers, err);
}

/* ---------------------------------------------------------------- learning from the past */

/* Learns from the visits before the cut, and scores all events: those after it have their history. */
static pmkt_status learn_past(ahead *it, bool *memory, pmkt_error *err) {
    const shop *all = &it->all;
    int64_t least = all->time[0], most = all->time[0];
    for (int64_t i = 1; i < all->rows; i++) {
        if (all->time[i] < least) least = all->time[i];
        if (all->time[i] > most) most = all->time[i];
    }
    it->cut = least + (most - least) / 10 * 7;
    shop before = {0};
    uint8_t *part = calloc((size_t)all->rows, sizeof *part);
    for (int64_t v = 0; part != NULL && v < it->seen.n; v++) {
        const visit *one = &it->seen.visit[v];
        for (int64_t i = one->first; i < one->end; i++) {
            part[it->seen.row[i]] = one->begins < it->cut;
        }
    }
    *memory = part != NULL && shop_part(all, part, 1, &before);
    pmkt_status status = PMKT_OK;
    if (*memory && before.rows > 0) status = ahead_learn(it, &before, &it->past, err);
    free(part);
    shop_free(&before);
    return status;
}

static pmkt_status score(ahead *it, pmkt_error *err) {
    const pmkt_events events = shop_events(&it->all);
    pmkt_purchase_scores scores;
    pmkt_purchase_scores_init(&scores);
    scores.p_goal = it->p;
    scores.next = it->next;
    scores.next_p = it->next_p;
    return pmkt_purchase_score(it->past == NULL ? it->model : it->past, &events, &it->run, NULL,
                               &scores, err);
}

/* ------------------------------------------------------------------------- printing */

static void print_figure(const char *name, const pmkt_binary_figure *f) {
    printf("  %-30s %6.3f  (%.3f to %.3f)\n", name, f->value, f->low, f->high);
}

static int print_reliability(const guesses *all) {
    double said[BINS], came[BINS], low[BINS], high[BINS];
    int64_t n[BINS];
    pmkt_binary_diagram diagram = PMKT_BINARY_DIAGRAM_INIT;
    diagram.bins = BINS;
    diagram.predicted = said;
    diagram.observed = came;
    diagram.low = low;
    diagram.high = high;
    diagram.n = n;
    pmkt_error err;
    if (pmkt_binary_reliability(all->came, all->p, all->n, NULL, &diagram, &err) != PMKT_OK) {
        return failed(&err);
    }
    printf("\n  %8s  %8s  %10s\n", "guesses", "it said", "it was");
    for (int i = 0; i < BINS; i++) {
        if (n[i] == 0) continue;
        printf("  %8" PRId64 "  %6.1f %%  %8.1f %%  (%.1f to %.1f)\n", n[i], 100.0 * said[i],
               100.0 * came[i], 100.0 * low[i], 100.0 * high[i]);
    }
    return EXIT_DONE;
}

static int judge(const ahead *it, guesses *all) {
    pmkt_binary_options options;
    pmkt_binary_options_init(&options);
    options.cluster = all->user; /* events of one customer are alike: whole customers are drawn */
    options.rival = all->chain;
    options.resamples = 500;
    options.seed = 1;
    pmkt_binary_result result;
    pmkt_binary_result_init(&result);
    pmkt_error err;
    if (ask_chain(it, all, &err) != PMKT_OK ||
        pmkt_binary_evaluate(all->came, all->p, all->n, &options, &it->run, &result, &err) !=
            PMKT_OK) {
        return failed(&err);
    }
    printf("\n");
    print_figure("AUC", &result.auc);
    print_figure("AUC of the chain alone", &result.rival_auc);
    print_figure("better by", &result.auc_gain);
    print_figure("calibration error over chance", &result.ece_debiased);
    return print_reliability(all);
}

static int test(const ahead *it, guesses *all) {
    take_all(all, it);
    printf("\nHow good is it? Learned from the visits that began before ");
    print_day(it, it->cut);
    printf(" only, then asked at each\nevent before an order of the %" PRId64
           " visits after it: %" PRId64 " guesses, %" PRId64 " of them with an order to come.\n",
           all->visits, all->n, all->orders);
    if (all->orders > 0 && all->orders < all->n) return judge(it, all);
    printf("That is too one-sided for a test.\n");
    return EXIT_DONE;
}

int ahead_test(ahead *it) {
    const size_t rows = (size_t)it->all.rows;
    it->p = calloc(rows, sizeof *it->p);
    it->next = calloc(rows * PMKT_INTENT_TOP, sizeof *it->next);
    it->next_p = calloc(rows * PMKT_INTENT_TOP, sizeof *it->next_p);
    if (it->p == NULL || it->next == NULL || it->next_p == NULL) return out_of_memory();
    bool memory = true;
    pmkt_error err;
    pmkt_status status = learn_past(it, &memory, &err);
    if (!memory) return out_of_memory();
    if (status == PMKT_OK) status = score(it, &err);
    if (status != PMKT_OK) return failed(&err);
    if (it->past == NULL) {
        printf(
            "\nHow good is it? The first 70 %% of the time teach nothing, so there is no test.\n");
        return EXIT_DONE;
    }
    guesses all = {0};
    int code = EXIT_DATA;
    if (!make_room(&all, it->all.rows)) {
        out_of_memory();
    } else {
        code = test(it, &all);
    }
    free_guesses(&all);
    return code;
}

/* ---------------------------------------------------------------------- offering help */

/*
 * Between which P(order) help is offered: as the options say, else around what is somewhat less than usual
 * among the visits that were learned from.
 */
static pmkt_status bounds_of(const ahead *it, double *low, double *high, pmkt_error *err) {
    pmkt_intent_facts facts;
    pmkt_intent_facts_init(&facts);
    const pmkt_status status = pmkt_intent_info(pmkt_purchase_chains(it->past), &facts, err);
    if (status != PMKT_OK) return status;
    const double share = (double)facts.buyers / (double)facts.sessions;
    *low = it->asked.low < 0 ? 0.5 * share : it->asked.low / 100.0;
    *high = it->asked.high < 0 ? 0.8 * share : it->asked.high / 100.0;
    return PMKT_OK;
}

/* Whether a visit has an event at which help would be offered. */
static bool offered(const ahead *it, const visit *one, double low, double high) {
    for (int64_t i = one->first; i < one->goal; i++) {
        const double p = it->p[it->seen.row[i]];
        if (p >= low && p <= high) return true;
    }
    return false;
}

int ahead_offer(const ahead *it) {
    int64_t tried[2] = {0, 0}, helped[2] = {0, 0}; /* without an order, with one */
    double low, high;
    pmkt_error err;
    if (it->past == NULL) return EXIT_DONE;
    if (bounds_of(it, &low, &high, &err) != PMKT_OK) return failed(&err);
    for (int64_t v = 0; v < it->seen.n; v++) {
        const visit *one = &it->seen.visit[v];
        if (one->begins < it->cut) continue;
        tried[visit_ordered(one)]++;
        helped[visit_ordered(one)] += offered(it, one, low, high);
    }
    printf(
        "\nOffer help or stay silent? Help at the first event with a P(order) of %.1f to %.1f %%,\n"
        "in the visits since ",
        100.0 * low, 100.0 * high);
    print_day(it, it->cut);
    printf(":\n\n");
    printf("  %5" PRId64 " of %5" PRId64 " visits without an order would have seen it\n", helped[0],
           tried[0]);
    printf("  %5" PRId64 " of %5" PRId64 " visits with an order too, which came without it\n",
           helped[1], tried[1]);
    printf(
        "\nIt is an example: what help costs and brings you know, so the bounds are yours (--low,\n"
        "--high); whether it brings anything only a test with a control group can say.\n");
    return EXIT_DONE;
}
