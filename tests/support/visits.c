#include "support/visits.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/sort.h"
#include "support/loop.h"
#include "support/random.h"

static visits visits_new(int64_t n) {
    visits v = {.n = n};
    const size_t bytes = (size_t)n * 8 + 8;
    v.user = malloc(bytes), v.item = malloc(bytes), v.category = malloc(bytes);
    v.channel = malloc(bytes), v.session = malloc(bytes), v.time = malloc(bytes),
    v.kind = malloc(bytes);
    return v;
}

visits visits_random(int64_t n, int64_t users, int64_t span, int kinds) {
    visits v = visits_new(n);
    for (int64_t i = 0; i < n; i++) {
        v.user[i] = 1 + (uint64_t)random_below(users);
        v.time[i] = random_below(span);
        v.kind[i] = (uint16_t)(1 + random_below(kinds));
        v.item[i] = (uint64_t)random_below(4);
        v.category[i] = (uint64_t)random_below(3);
        v.channel[i] = (uint64_t)random_below(3);
        v.session[i] = (uint64_t)random_below(3);
    }
    return v;
}

static void copy_row(visits *to, int64_t at, const visits *from, int64_t i) {
    to->user[at] = from->user[i], to->time[at] = from->time[i], to->kind[at] = from->kind[i];
    to->item[at] = from->item[i], to->category[at] = from->category[i];
    to->channel[at] = from->channel[i], to->session[at] = from->session[i];
}

void visits_free(visits *v) {
    free(v->user), free(v->item), free(v->category), free(v->channel);
    free(v->session), free(v->time), free(v->kind);
}

visits visits_spoiled(const visits *v) {
    visits to = visits_new(2 * v->n);
    to.n = 0;
    for (int64_t i = 0; i < v->n; i++) {
        if (random_below(3) == 0) {
            const int64_t at = to.n++;
            copy_row(&to, at, v, i);
            const int64_t how = random_below(4);
            if (how == 0) to.user[at] = PMKT_ID_NONE;
            if (how == 1) to.time[at] = PMKT_TIME_NULL;
            if (how >= 2) to.kind[at] = how == 2 ? PMKT_KIND_NONE : 99;
        }
        copy_row(&to, to.n++, v, i);
    }
    return to;
}

static bool is_bad(const visits *v, int64_t i) {
    return v->user[i] == PMKT_ID_NONE || v->time[i] == PMKT_TIME_NULL ||
           v->kind[i] == PMKT_KIND_NONE || v->kind[i] == 99;
}

void visits_check_report(const visits *v, const pmkt_report *report, bool skipped) {
    int64_t bad = 0, first = -1;
    for (int64_t i = 0; i < v->n; i++) {
        if (is_bad(v, i)) bad++, first = first < 0 ? i : first;
        REQUIRE((report->rejected_bits[i / 8] >> i % 8 & 1) == is_bad(v, i));
    }
    REQUIRE(report->rows == v->n && report->rejected == bad && report->first_bad == first);
    REQUIRE(report->accepted == (skipped ? v->n - bad : 0) && report->ignored == 0);
    REQUIRE(report->by_reason[PMKT_BAD_USER] + report->by_reason[PMKT_BAD_TIME] +
                report->by_reason[PMKT_BAD_KIND] ==
            bad);
}

typedef struct place {
    uint64_t key;
    int64_t time, row;
} place;

static bool before(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key;
    return x->time != y->time ? x->time < y->time : x->row < y->row;
}

visits visits_sorted(const visits *v) {
    visits to = visits_new(v->n);
    place *p = malloc((size_t)v->n * sizeof *p + 1);
    for (int64_t i = 0; i < v->n; i++) p[i] = (place){pmkti_mix(v->user[i]), v->time[i], i};
    pmkti_sort(p, (size_t)v->n, sizeof *p, before);
    for (int64_t i = 0; i < v->n; i++) copy_row(&to, i, v, p[i].row);
    free(p);
    return to;
}

visits visits_in_time(const visits *v) {
    visits to = visits_new(v->n);
    place *p = malloc((size_t)v->n * sizeof *p + 1);
    for (int64_t i = 0; i < v->n; i++) p[i] = (place){0, v->time[i], i};
    pmkti_sort(p, (size_t)v->n, sizeof *p, before);
    for (int64_t i = 0; i < v->n; i++) copy_row(&to, i, v, p[i].row);
    free(p);
    return to;
}

pmkt_events visits_events(const visits *v) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = v->n, ev.user = v->user, ev.time = v->time, ev.kind = v->kind;
    ev.item = v->item, ev.category = v->category, ev.channel = v->channel;
    ev.session = v->session;
    return ev;
}
