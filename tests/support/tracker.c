#include "support/tracker.h"

#include <stdlib.h>
#include <string.h>

#include "support/loop.h"
#include "support/suite.h"

#define TOP PMKT_INTENT_TOP

pmkt_rules *rules_of(const char *text) {
    pmkt_rules *rules = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_rules_parse(text, strlen(text), NULL, &rules, &err), err);
    return rules;
}

pmkt_tracker *tracker_of(const pmkt_purchase *model, const pmkt_rules *rules,
                         const pmkt_tracker_options *options) {
    pmkt_tracker *t = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_new(model, rules, options, &t, &err), err);
    return t;
}

pmkt_tracker_counts tracker_counts_of(pmkt_tracker *t) {
    pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_stats(t, &c, &err), err);
    return c;
}

/* ---------------------------------------------------------------------- fired */

static void add(shots *s, const pmkt_tracker_fired *fired, int64_t n, int64_t row) {
    if (s->room - s->n < n) {
        s->room = 2 * s->room + n + 16;
        s->at = realloc(s->at, (size_t)s->room * sizeof *s->at);
    }
    for (int64_t i = 0; i < n; i++) {
        s->at[s->n] = fired[i];
        if (fired[i].row >= 0) s->at[s->n].row += row;
        s->n++;
    }
}

void shots_free(shots *s) {
    free(s->at);
    *s = (shots){0};
}

static int before(const void *a, const void *b) {
    const pmkt_tracker_fired *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->user != y->user) return x->user < y->user ? -1 : 1;
    if (x->rule != y->rule) return x->rule - y->rule;
    return (x->row > y->row) - (x->row < y->row);
}

void shots_sort(shots *s) {
    if (s->n > 0) qsort(s->at, (size_t)s->n, sizeof *s->at, before);
}

bool shots_same(const shots *a, const shots *b) {
    if (a->n != b->n) return false;
    for (int64_t i = 0; i < a->n; i++) {
        pmkt_tracker_fired x = a->at[i];
        x.generation = b->at[i].generation;
        if (memcmp(&x, &b->at[i], sizeof x) != 0) return false;
    }
    return true;
}

/* ---------------------------------------------------------------------- events */

pmkt_events events_slice(const pmkt_events *ev, int64_t from, int64_t n, pmkt_column *extra) {
    pmkt_events s = *ev;
    s.rows = n;
    s.user += from, s.time += from;
    if (s.kind) s.kind += from;
    if (s.item) s.item += from;
    if (s.category) s.category += from;
    if (s.channel) s.channel += from;
    if (s.session) s.session += from;
    if (s.amount) s.amount += from;
    if (s.quantity) s.quantity += from;
    if (s.reject) s.reject += from;
    for (int64_t k = 0; k < s.n_extra; k++) {
        extra[k] = s.extra[k];
        extra[k].data = (const char *)extra[k].data + from * 8;
    }
    if (s.n_extra > 0) s.extra = extra;
    return s;
}

static void ask(pmkt_tracker_answers *out, const asked *a, int64_t from) {
    if (a && a->rule) out->rule = a->rule + from;
    if (!a || !a->s) return;
    out->p_goal = a->s->p_goal + from, out->p_cart = a->s->p_cart + from;
    out->time_ms = a->s->time + from;
    out->next = a->s->next + from * TOP, out->next_p = a->s->next_p + from * TOP;
}

void tracker_feed(pmkt_tracker *t, const pmkt_events *ev, int64_t from, int64_t n, const asked *a,
                  int64_t room, shots *out) {
    pmkt_column extra[4];
    const pmkt_events s = events_slice(ev, from, n, extra);
    pmkt_tracker_answers got = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_report report = PMKT_REPORT_INIT;
    pmkt_error err;
    got.fired = malloc((size_t)room * sizeof *got.fired + 1), got.room = room;
    ask(&got, a, from);
    do {
        ck_assert_ok(pmkt_tracker_observe(t, &s, &report, &got, &err), err);
        REQUIRE(got.done >= got.from && got.done <= n && got.n_fired <= room);
        REQUIRE(got.done == n || got.n_fired > 0);
        REQUIRE(report.rows == got.done - got.from);
        REQUIRE(report.rows == report.accepted + report.rejected + report.ignored);
        for (int64_t i = 0; i < got.n_fired; i++) {
            const int64_t row = got.fired[i].row;
            REQUIRE(row == -1 || (row >= got.from && row < got.done));
        }
        add(out, got.fired, got.n_fired, from);
        got.from = got.done;
    } while (got.done < n);
    free(got.fired);
}

void tracker_clock(pmkt_tracker *t, int64_t clock, int64_t room, shots *out) {
    pmkt_tracker_fired *fired = malloc((size_t)room * sizeof *fired + 1);
    pmkt_error err;
    int64_t n = 0;
    do {
        ck_assert_ok(pmkt_tracker_advance(t, clock, fired, room, &n, &err), err);
        REQUIRE(n <= room);
        for (int64_t i = 0; i < n; i++) {
            REQUIRE(fired[i].row == -1 && fired[i].time < clock);
            REQUIRE(i == 0 || before(&fired[i - 1], &fired[i]) < 0);
        }
        add(out, fired, n, 0);
    } while (n > 0);
    free(fired);
}

int32_t tracker_see(pmkt_tracker *t, deed e, shots *out) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    pmkt_tracker_fired fired[256];
    pmkt_tracker_answers got = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_error err;
    int32_t rule = -7;
    ev.rows = 1, ev.user = &e.user, ev.time = &e.time, ev.kind = &e.kind, ev.item = &e.item;
    ev.category = &e.category, ev.channel = &e.channel, ev.session = &e.session;
    ev.amount = &e.amount;
    got.rule = &rule, got.fired = fired, got.room = 256;
    ck_assert_ok(pmkt_tracker_observe(t, &ev, NULL, &got, &err), err);
    REQUIRE(got.done == 1);
    if (out) add(out, fired, got.n_fired, 0);
    return rule;
}
