#include "support/snapshots.h"

#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/suite.h"

#define FEW 23 /* rows at a time */
#define ROOM 4096

/* ---------------------------------------------------------------------- the shop */

typedef struct place {
    int64_t time, row;
} place;

static int before(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static visits by_time(const visits *v) {
    place *at = malloc((size_t)v->n * sizeof *at);
    visits to = visits_random(v->n, 1, 1, 1);
    for (int64_t i = 0; i < v->n; i++) at[i] = (place){v->time[i], i};
    qsort(at, (size_t)v->n, sizeof *at, before);
    for (int64_t i = 0; i < v->n; i++) {
        const int64_t j = at[i].row;
        to.user[i] = v->user[j], to.time[i] = v->time[j], to.kind[i] = v->kind[j];
        to.item[i] = v->item[j], to.category[i] = v->category[j];
        to.session[i] = v->session[j], to.channel[i] = v->channel[j];
    }
    free(at);
    return to;
}

static pmkt_purchase *learned(const pmkt_events *ev, int how, int32_t order) {
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    pmkt_purchase *model = NULL;
    pmkt_error err;
    chains.order = order, chains.by_session = how == SHOP_SESSIONS;
    ck_assert_ok(pmkt_purchase_fit(ev, &chains, NULL, NULL, NULL, &model, &err), err);
    return model;
}

shop_floor shop_open(int how, int64_t count, int64_t users) {
    random_seed((uint64_t)(11 + how));
    shop_floor f;
    visits past = shop_make(300, 40), v = shop_make(count, users);
    const pmkt_events ev = visits_events(&past);
    f.model = learned(&ev, how, 4);
    f.rules = rules_parsed(SHOP_RULES);
    f.v = by_time(&v);
    f.amount = malloc((size_t)f.v.n * sizeof *f.amount);
    for (int64_t i = 0; i < f.v.n; i++) {
        f.amount[i] = i % 7 ? (int64_t)f.v.item[i] : PMKT_AMOUNT_NULL;
        if (f.v.kind[i] == PMKT_KIND_CLICK && i % 3 == 0) f.v.kind[i] = 300; /* nobody knows it */
    }
    f.ev = visits_events(&f.v);
    f.ev.amount = f.amount;
    visits_free(&past);
    visits_free(&v);
    return f;
}

void shop_close(shop_floor *f) {
    visits_free(&f->v);
    free(f->amount);
    pmkt_purchase_release(f->model);
    pmkt_rules_release(f->rules);
}

pmkt_events shop_rows(const shop_floor *f, int64_t from, int64_t to) {
    pmkt_events ev = f->ev;
    ev.rows = (to < f->ev.rows ? to : f->ev.rows) - from;
    ev.user += from, ev.time += from, ev.kind += from, ev.amount += from;
    ev.item += from, ev.category += from, ev.channel += from, ev.session += from;
    return ev;
}

pmkt_purchase *shop_other_model(void) {
    random_seed(77);
    visits v = shop_make(300, 40);
    for (int64_t i = 0; i < v.n; i++) {
        if (v.kind[i] == PMKT_KIND_CLICK) v.kind[i] = PMKT_KIND_SEARCH;
    }
    const pmkt_events ev = visits_events(&v);
    pmkt_purchase *model = learned(&ev, SHOP_COLUMN, 2);
    visits_free(&v);
    return model;
}

pmkt_rules *rules_parsed(const char *text) {
    pmkt_rules *rules = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_parse(text, strlen(text), NULL, &rules, &err), err);
    return rules;
}

/* ------------------------------------------------------------------------ trackers */

pmkt_tracker *tracker_begun(const pmkt_purchase *model, const pmkt_rules *rules,
                            const pmkt_tracker_options *options) {
    pmkt_tracker *t = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_new(model, rules, options, &t, &err), err);
    return t;
}

void tracker_meet(pmkt_tracker *t, uint64_t user, const shop_floor *f) {
    pmkt_events ev = shop_rows(f, 0, 1);
    pmkt_error err;
    ev.user = &user;
    ck_assert_ok(pmkt_tracker_observe(t, &ev, NULL, NULL, &err), err);
}

static void hear(heard *said, const void *bytes, size_t n) {
    if (said->n + n > said->room) {
        said->room = 2 * said->room + n;
        said->at = realloc(said->at, said->room);
    }
    memcpy(said->at + said->n, bytes, n);
    said->n += n;
}

void heard_free(heard *said) {
    free(said->at);
    *said = (heard){NULL, 0, 0};
}

static void hear_fired(heard *said, pmkt_tracker_fired *fired, int64_t n) {
    for (int64_t i = 0; i < n; i++) fired[i].generation = 0;
    hear(said, fired, (size_t)n * sizeof *fired);
}

static void hear_rows(pmkt_tracker *t, const pmkt_events *ev, heard *said) {
    static pmkt_tracker_fired fired[ROOM];
    double p[4][FEW * PMKT_INTENT_TOP] = {{0}};
    uint32_t next[FEW * PMKT_INTENT_TOP] = {0};
    int32_t rule[FEW] = {0};
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_purchase *model = pmkt_tracker_model(t);
    pmkt_error err;
    if (model) {
        out.p_goal = p[0], out.p_cart = p[1], out.time_ms = p[2], out.next_p = p[3];
        out.next = next;
        pmkt_purchase_release(model);
    }
    out.rule = rule, out.fired = fired, out.room = ROOM;
    ck_assert_ok(pmkt_tracker_observe(t, ev, NULL, &out, &err), err);
    ck_assert_int_eq(out.done, ev->rows);
    hear(said, p, sizeof p), hear(said, next, sizeof next), hear(said, rule, sizeof rule);
    hear_fired(said, fired, out.n_fired);
}

void tracker_hear(pmkt_tracker *t, const shop_floor *f, int64_t from, int64_t to, heard *said) {
    static pmkt_tracker_fired fired[ROOM];
    pmkt_error err;
    for (int64_t i = from; i < to; i += FEW) {
        const pmkt_events ev = shop_rows(f, i, i + FEW < to ? i + FEW : to);
        int64_t n = 0;
        hear_rows(t, &ev, said);
        ck_assert_ok(pmkt_tracker_advance(t, ev.time[ev.rows - 1], fired, ROOM, &n, &err), err);
        ck_assert_int_lt(n, ROOM - 16);
        hear_fired(said, fired, n);
    }
}

file_bytes tracker_saved(pmkt_tracker *t, const pmkt_save_options *options) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_save_memory(t, options, NULL, &buffer, &err), err);
    const file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

void tracker_restored(pmkt_tracker *t, const file_bytes *saved) {
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_restore_memory(t, saved->at, saved->n, NULL, &err), err);
}
