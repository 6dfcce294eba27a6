#include "support/purchase_slow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/batch.h"
#include "support/loop.h"

#define MEMORY 4
#define MOST_SEEN 255

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool parts(const slow_shop *s, int64_t i) {
    const visits *v = s->v;
    if (i == 0 || v->user[i] != v->user[i - 1] || v->time[i] - v->time[i - 1] > s->gap_ms) {
        return true;
    }
    return s->by_session && v->session[i] != v->session[i - 1];
}

int64_t slow_begin(const slow_shop *s, int64_t i) {
    while (!parts(s, i)) i--;
    return i;
}

int64_t slow_end(const slow_shop *s, int64_t i) {
    for (i++; i < s->v->n && !parts(s, i);) i++;
    return i;
}

int64_t slow_user(const slow_shop *s, int64_t i) {
    while (i > 0 && s->v->user[i - 1] == s->v->user[i]) i--;
    return i;
}

uint32_t slow_action(const slow_shop *s, int64_t i) {
    const uint32_t kind = s->v->kind[i];
    if (kind == PMKT_KIND_ORDER) return kind;
    for (int64_t c = 0; c < s->n_classes; c++) {
        if (s->v->category[i] == s->classes[c]) return PMKT_INTENT_ACTION(kind, c);
    }
    return kind;
}

static bool is_goal(const slow_shop *s, int64_t i) {
    return s->v->kind[i] == PMKT_KIND_ORDER;
}

bool slow_past(const slow_shop *s, int64_t i) {
    for (int64_t j = slow_begin(s, i); j <= i; j++) {
        if (is_goal(s, j)) return true;
    }
    return false;
}

/* ---------------------------------------------------------------------- things */

/* The event before i with the same thing, if that is still remembered: not if 8 others came between. */
static int64_t met_before(const slow_shop *s, const uint64_t *id, int64_t i) {
    uint64_t others[MEMORY];
    int n = 0;
    for (int64_t j = i - 1; j >= 0 && s->v->user[j] == s->v->user[i]; j--) {
        if (id[j] == id[i]) return j;
        bool new = id[j] != PMKT_ID_NONE;
        for (int k = 0; k < n && new; k++) new = others[k] != id[j];
        if (!new) continue;
        if (n == MEMORY - 1) return -1;
        others[n++] = id[j];
    }
    return -1;
}

/* What was in the cart, or among favorites, with the events up to i of a thing. */
static bool holds(const slow_shop *s, const uint64_t *id, int64_t i, uint16_t in, uint16_t out) {
    for (; i >= 0; i = met_before(s, id, i)) {
        const uint16_t kind = s->v->kind[i];
        if (kind == in) return true;
        if (kind == out || is_goal(s, i)) return false;
    }
    return false;
}

static double *of_things(const slow_shop *s, const uint64_t *id, int64_t i, bool favorite,
                         double *x) {
    const int64_t begin = slow_begin(s, i);
    int64_t here = 0, before = 0, different = 0, repeats = 0;
    const bool any = id[i] != PMKT_ID_NONE;
    const int64_t last = any ? met_before(s, id, i) : -1;
    for (int64_t j = last; j >= 0; j = met_before(s, id, j)) {
        here += j >= begin, before += j < begin;
    }
    for (int64_t j = begin; j <= i; j++) {
        if (id[j] == PMKT_ID_NONE) continue;
        if (met_before(s, id, j) >= begin)
            repeats++;
        else
            different++;
    }
    *x++ = log1p((double)least(here, MOST_SEEN)), *x++ = log1p((double)least(before, MOST_SEEN));
    *x++ = holds(s, id, last, PMKT_KIND_CART, PMKT_KIND_UNCART);
    if (favorite) *x++ = holds(s, id, last, PMKT_KIND_FAVORITE, PMKT_KIND_NONE);
    *x++ = log1p((double)least(different, MOST_SEEN));
    *x++ = log1p((double)least(repeats, MOST_SEEN));
    return x;
}

/* ------------------------------------------------------------------- everything else */

static double *of_chains(const slow_shop *s, int64_t i, const pmkt_intent *by, double *x) {
    const int64_t begin = slow_begin(s, i), at[2] = {0, i - begin + 1};
    uint32_t *action = malloc((size_t)at[1] * sizeof *action);
    for (int64_t j = begin; j <= i; j++) action[j - begin] = slow_action(s, j);
    const pmkt_intent_paths path = {sizeof path, 0, 1, at, action, NULL, NULL};
    double goal, leave, buyer, other;
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = &goal, out.leave = &leave, out.log_buyer = &buyer, out.log_other = &other;
    REQUIRE(pmkt_intent_ask(by, &path, NULL, &out, NULL) == PMKT_OK);
    free(action);
    goal = fmin(fmax(goal, 1e-12), 1 - 1e-12);
    *x++ = buyer - other;
    *x++ = log(goal) - log1p(-goal);
    return x;
}

static double *of_counts(const slow_shop *s, int64_t i, double *x) {
    const uint32_t *actions = NULL;
    int64_t n = 0;
    REQUIRE(pmkt_intent_actions(s->chains, &actions, &n, NULL) == PMKT_OK);
    for (int64_t k = 0; k < n; k++) {
        int64_t count = 0;
        for (int64_t j = slow_begin(s, i); j <= i; j++) count += slow_action(s, j) == actions[k];
        *x++ = log1p((double)least(count, MOST_SEEN));
    }
    return x;
}

static int64_t floor_of(int64_t a, int64_t by) {
    return a / by - (a % by < 0);
}

static double *of_time(const slow_shop *s, int64_t i, double *x) {
    const int64_t *time = s->v->time, begin = slow_begin(s, i);
    double dwell = 0, sum = 0;
    for (int64_t j = begin + 1; j <= i; j++) {
        dwell = log(fmax(1, (double)(time[j] - time[j - 1]) / 1000));
        sum += dwell;
    }
    *x++ = i == begin;
    *x++ = dwell;
    *x++ = i > begin ? sum / (double)(i - begin) : 0;
    *x++ = log1p((double)(time[i] - time[begin]) / 1000);
    const int64_t minute = floor_of(time[i], MINUTE) + s->offset_minutes;
    const double turn = 2 * acos(-1), day = (double)floor_of(minute, 1440);
    const double clock = (double)minute / 1440 - day, week = day / 7 - floor(day / 7);
    *x++ = sin(turn * clock), *x++ = cos(turn * clock);
    *x++ = sin(turn * week), *x++ = cos(turn * week);
    return x;
}

static double *of_past(const slow_shop *s, int64_t i, double *x) {
    const int64_t *time = s->v->time, begin = slow_begin(s, i);
    int64_t sessions = 0, buys = 0, orders = 0, ordered = -1;
    for (int64_t j = slow_user(s, i); j < begin; j = slow_end(s, j)) {
        sessions++, buys += slow_past(s, slow_end(s, j) - 1);
    }
    for (int64_t j = slow_user(s, i); j < i; j++) {
        if (is_goal(s, j)) orders++, ordered = j;
    }
    *x++ = log1p((double)sessions), *x++ = sessions == 0;
    *x++ = sessions ? log1p((double)(time[begin] - time[begin - 1]) / 60000) : 0;
    *x++ = log1p((double)orders), *x++ = log1p((double)buys);
    *x++ = log(((double)buys + 0.5) / ((double)sessions + 5));
    *x++ = orders ? log1p((double)(time[i] - time[ordered]) / 60000) : 0;
    *x++ = orders == 0;
    return x;
}

int32_t slow_features(const slow_shop *s, int64_t i, const pmkt_intent *by, double *x) {
    double *to = of_chains(s, i, by ? by : s->chains, x);
    to = of_counts(s, i, to);
    to = of_time(s, i, to);
    to = of_past(s, i, to);
    to = of_things(s, s->v->item, i, true, to);
    to = of_things(s, s->v->category, i, false, to);
    return (int32_t)(to - x);
}
