/*
 * Bytes after the first are a file of a model of purchases, of one of intent, or of a logistic model; the
 * first says whether its checksums are made right, and of which classes events are. What loads scores and explains, and what
 * it saves loads again, to the same bytes.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define ROWS 24
#define TOP PMKT_INTENT_TOP
#define WIDE (PMKT_INTENT_MAX_ACTIONS + 40)

static pmkt_run run = PMKT_RUN_INIT;

/* Events of three users, with an item or none, of kinds that models know and one that none does. */
typedef struct shop {
    uint64_t user[ROWS], item[ROWS], session[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
    pmkt_column column;
    pmkt_events events;
} shop;

static void open_shop(shop *s, const uint32_t *actions, int64_t n, uint8_t how) {
    for (int i = 0; i < ROWS; i++) {
        s->user[i] = 1 + (uint64_t)(i / 9), s->session[i] = (uint64_t)(i / 5);
        s->item[i] = i % 4 ? (uint64_t)(i * (how >> 1) % 11) : PMKT_ID_NONE;
        s->time[i] = INT64_C(1709600000000) + i * INT64_C(700000) * (i % 3 + 1);
        const uint32_t action = n > 0 ? actions[i % n] % PMKT_INTENT_CLASS : 0u;
        const bool known = action > 0 && action < PMKT_KIND_COUNT_;
        s->kind[i] = (uint16_t)(known ? action : 256 + (uint32_t)(i % 3));
    }
    s->column = (pmkt_column){"page", s->item, PMKT_TYPE_UINT64, 0};
    pmkt_events_init(&s->events);
    s->events.rows = ROWS, s->events.user = s->user, s->events.time = s->time;
    s->events.kind = s->kind, s->events.item = s->events.category = s->item;
    s->events.session = s->session;
    s->events.extra = &s->column, s->events.n_extra = 1;
}

/* Whether a question was answered; else it was about a column that the events have not, or a part that the
   model has not. */
static bool answered(pmkt_status status) {
    MUST(status == PMKT_OK || status == PMKT_E_INVALID || status == PMKT_E_UNSUPPORTED);
    return status == PMKT_OK;
}

static void explain(const pmkt_purchase *model, const shop *s, int32_t which) {
    static double value[ROWS * WIDE], odds[ROWS * (WIDE + 1)];
    pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
    pmkt_error err = {0};
    MUST(pmkt_purchase_info(model, &facts, &err) == PMKT_OK && facts.features < WIDE);
    const bool there = pmkt_purchase_logistic(model, which) != NULL;
    MUST(there == ((which ? facts.cart_rows : facts.rows) > 0));
    MUST(!answered(pmkt_purchase_explain(model, which, &s->events, NULL, ROWS, &run, value, odds,
                                         &err)) ||
         there);
    for (int32_t i = 0; i < facts.features; i++) MUST(pmkt_purchase_feature(model, i) != NULL);
}

static void ask(const pmkt_purchase *model, uint8_t how) {
    double p[ROWS], cart[ROWS], time[ROWS], next_p[ROWS * TOP];
    uint32_t next[ROWS * TOP];
    const uint32_t *actions = NULL;
    int64_t n = 0;
    pmkt_error err = {0};
    shop s;
    MUST(pmkt_intent_actions(pmkt_purchase_chains(model), &actions, &n, &err) == PMKT_OK);
    open_shop(&s, actions, n, how);
    pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
    if (pmkt_purchase_logistic(model, PMKT_PURCHASE_SESSION)) out.p_goal = p;
    out.p_cart = cart, out.time_ms = time, out.next = next, out.next_p = next_p;
    if (!answered(pmkt_purchase_score(model, &s.events, &run, NULL, &out, &err))) return;
    for (int i = 0; i < ROWS; i++) {
        MUST(!out.p_goal || isnan(p[i]) || (p[i] >= 0 && p[i] <= 1));
        MUST(isnan(cart[i]) || (cart[i] >= 0 && cart[i] <= 1));
        MUST(next_p[i * TOP] >= 0 && next_p[i * TOP] <= 1 + 1e-9);
    }
    explain(model, &s, PMKT_PURCHASE_SESSION);
    explain(model, &s, PMKT_PURCHASE_CART);
}

/* A loaded model is whole: it saves, loads, and saves the same bytes. */
static void save_and_load(const pmkt_purchase *model) {
    pmkt_buffer *first = NULL, *second = NULL;
    pmkt_purchase *again = NULL;
    pmkt_error err = {0};
    MUST(pmkt_purchase_save_memory(model, NULL, &run, &first, &err) == PMKT_OK);
    const void *bytes = pmkt_buffer_data(first);
    const size_t size = pmkt_buffer_size(first);
    MUST(pmkt_purchase_load_memory(bytes, size, NULL, &run, &again, &err) == PMKT_OK);
    MUST(pmkt_purchase_save_memory(again, NULL, &run, &second, &err) == PMKT_OK);
    MUST(pmkt_buffer_size(second) == size);
    MUST(memcmp(pmkt_buffer_data(second), bytes, size) == 0);
    pmkt_purchase_release(again);
    pmkt_buffer_free(first);
    pmkt_buffer_free(second);
}

static void ask_chains(const pmkt_intent *chains) {
    const int64_t at[] = {0, 0, 3, 8}, waited[] = {0, 5000, 50000};
    const uint32_t action[] = {2, 3, 7, 2, 99, 3, 7, 2};
    const pmkt_intent_paths paths = {sizeof paths, 0, 3, at, action, NULL, NULL};
    double goal[3], row[3 * (PMKT_INTENT_MAX_ACTIONS + 2)], odds[8];
    pmkt_error err = {0};
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal;
    MUST(pmkt_intent_ask(chains, &paths, &run, &out, &err) == PMKT_OK);
    MUST(pmkt_intent_next(chains, &paths, waited, &run, row, &err) == PMKT_OK);
    MUST(pmkt_intent_explain(chains, &paths, &run, odds, &err) == PMKT_OK);
    for (int i = 0; i < 3; i++) MUST(goal[i] >= 0 && goal[i] <= 1);
}

static void ask_logistic(const pmkt_logistic *model) {
    static const double x[2 * PMKT_LOGISTIC_MAX_COLUMNS] = {0, 1, -3, 1e300};
    double p[2];
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    pmkt_buffer *first = NULL, *second = NULL;
    pmkt_logistic *again = NULL;
    pmkt_error err = {0};
    MUST(pmkt_logistic_info(model, &facts, &err) == PMKT_OK);
    MUST(facts.columns >= 1 && facts.columns <= PMKT_LOGISTIC_MAX_COLUMNS);
    MUST(pmkt_logistic_predict(model, x, 2, &run, p, &err) == PMKT_OK);
    for (int i = 0; i < 2; i++) MUST(isnan(p[i]) || (p[i] >= 0 && p[i] <= 1));
    MUST(pmkt_logistic_save_memory(model, NULL, &run, &first, &err) == PMKT_OK);
    const void *bytes = pmkt_buffer_data(first);
    const size_t size = pmkt_buffer_size(first);
    MUST(pmkt_logistic_load_memory(bytes, size, NULL, &run, &again, &err) == PMKT_OK);
    MUST(pmkt_logistic_save_memory(again, NULL, &run, &second, &err) == PMKT_OK);
    MUST(pmkt_buffer_size(second) == size);
    MUST(memcmp(pmkt_buffer_data(second), bytes, size) == 0);
    pmkt_logistic_release(again);
    pmkt_buffer_free(first);
    pmkt_buffer_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    run.threads = 1;
    uint8_t *file = fuzz_copy(data + 1, size - 1, data[0] & 1);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = 64 << 20;
    pmkt_error err = {0};
    pmkt_purchase *model = NULL;
    pmkt_intent *chains = NULL;
    pmkt_logistic *logistic = NULL;
    if (!pmkt_purchase_load_memory(file, size - 1, &options, &run, &model, &err)) {
        ask(model, data[0]);
        ask_chains(pmkt_purchase_chains(model));
        save_and_load(model);
        pmkt_purchase_release(model);
    }
    if (!pmkt_intent_load_memory(file, size - 1, &options, &run, &chains, &err)) {
        ask_chains(chains);
        pmkt_intent_release(chains);
    }
    if (!pmkt_logistic_load_memory(file, size - 1, &options, &run, &logistic, &err)) {
        ask_logistic(logistic);
        pmkt_logistic_release(logistic);
    }
    free(file);
    return 0;
}
