#include "support/purchase.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#define TOP PMKT_INTENT_TOP

pmkt_purchase *purchase_fitted(const pmkt_events *ev, const pmkt_intent_options *chains,
                               const pmkt_purchase_options *options, int32_t threads) {
    pmkt_purchase *model = NULL;
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_error err;
    run.threads = threads;
    ck_assert_ok(pmkt_purchase_fit(ev, chains, options, &run, NULL, &model, &err), err);
    return model;
}

pmkt_purchase *purchase_of(const visits *v) {
    const pmkt_events ev = visits_events(v);
    return purchase_fitted(&ev, NULL, NULL, 0);
}

pmkt_purchase_facts purchase_facts_of(const pmkt_purchase *model) {
    pmkt_purchase_facts facts = PMKT_PURCHASE_FACTS_INIT;
    ck_assert_int_eq(pmkt_purchase_info(model, &facts, NULL), PMKT_OK);
    return facts;
}

file_bytes purchase_bytes(const pmkt_purchase *model) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_purchase_save_memory(model, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

void purchase_check_same(const pmkt_purchase *a, const pmkt_purchase *b) {
    file_bytes x = purchase_bytes(a), y = purchase_bytes(b);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert(memcmp(x.at, y.at, x.n) == 0);
    file_free(&x);
    file_free(&y);
}

pmkt_purchase_scores scores_room(scores *s, int64_t n) {
    const size_t rows = (size_t)n + 1;
    *s = (scores){.n = n};
    s->p_goal = calloc(rows, sizeof(double)), s->p_cart = calloc(rows, sizeof(double));
    s->time = calloc(rows, sizeof(double)), s->next_p = calloc(rows * TOP, sizeof(double));
    s->next = calloc(rows * TOP, sizeof(uint32_t));
    s->p_goal[n] = 77;
    return (pmkt_purchase_scores){
        sizeof(pmkt_purchase_scores), 0, s->p_goal, s->p_cart, s->time, s->next, s->next_p, NULL};
}

scores scores_as(const pmkt_purchase *model, const pmkt_events *ev, int32_t threads) {
    scores s;
    const pmkt_purchase_scores out = scores_room(&s, ev->rows);
    pmkt_run run = PMKT_RUN_INIT;
    pmkt_error err;
    run.threads = threads;
    ck_assert_ok(pmkt_purchase_score(model, ev, &run, NULL, &out, &err), err);
    ck_assert(s.p_goal[ev->rows] == 77);
    return s;
}

scores scores_of(const pmkt_purchase *model, const visits *v) {
    const pmkt_events ev = visits_events(v);
    return scores_as(model, &ev, 0);
}

void scores_free(scores *s) {
    free(s->p_goal), free(s->p_cart), free(s->time), free(s->next_p), free(s->next);
}

/* Whether row i of a says what row j of b does, to the bit. */
bool scores_same_row(const scores *a, int64_t i, const scores *b, int64_t j) {
    return memcmp(a->p_goal + i, b->p_goal + j, sizeof(double)) == 0 &&
           memcmp(a->p_cart + i, b->p_cart + j, sizeof(double)) == 0 &&
           memcmp(a->time + i, b->time + j, sizeof(double)) == 0 &&
           memcmp(a->next + i * TOP, b->next + j * TOP, TOP * sizeof(uint32_t)) == 0 &&
           memcmp(a->next_p + i * TOP, b->next_p + j * TOP, TOP * sizeof(double)) == 0;
}
