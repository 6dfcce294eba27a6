/*
 * events_walk.c - paths from the events of each user, in the order of time.
 */
#include <float.h>

#include "core/alloc.h"
#include "core/events.h"
#include "core/sort.h"
#include "intent/attribution/events.h"

#define TELL 65536           /* records between two words to the progress callback */
#define NOT_FIRST (-DBL_MAX) /* the worth of a later line of an order */

/* A line of an order of the user whose turn it is. */
typedef struct line {
    uint64_t order;
    int64_t record;
} line;

typedef struct walk {
    pmkti_attribution_reading *r;
    line *lines;    /* [n], of which those of one user are there */
    double *worth;  /* [n] of the first record of a conversion: its value; or NOT_FIRST */
    int64_t *touch; /* [n] rows of the touches of the path so far */
    int64_t touches;
} walk;

static bool comes_before(const void *a, const void *b) {
    const line *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order;
    return x->record < y->record;
}

static double amount_of(const pmkt_events *ev, int64_t row) {
    const int64_t amount = pmkti_event_amount(ev, row);
    return amount == PMKT_AMOUNT_NULL ? 0 : (double)amount;
}

/* What each conversion of a user is worth: lines of one order are added up, at its first one. Sums are of
   whole numbers, exact in a double up to 2^53. */
static void add_up_orders(walk *w, int64_t from, int64_t to) {
    const pmkti_attribution_reading *r = w->r;
    int64_t n = 0;
    for (int64_t i = from; i < to; i++) {
        const int64_t row = r->records[i].row;
        if (pmkti_event_kind(&r->ev, row) != r->o.conversion) continue;
        w->worth[i] = amount_of(&r->ev, row);
        const uint64_t order = r->ev.order ? r->ev.order[row] : PMKT_ID_NONE;
        if (order != PMKT_ID_NONE) w->lines[n++] = (line){order, i};
    }
    pmkti_sort(w->lines, (size_t)n, sizeof *w->lines, comes_before);
    for (int64_t i = 1, first = 0; i < n; i++) {
        if (w->lines[i].order != w->lines[first].order) {
            first = i;
            continue;
        }
        w->worth[w->lines[first].record] += w->worth[w->lines[i].record];
        w->worth[w->lines[i].record] = NOT_FIRST;
    }
}

/* ----------------------------------------------------------------------- paths */

/* A path of touches `from` up to `to` of those so far. */
static void lay_down(walk *w, int64_t from, int64_t to, bool converts, double value) {
    const pmkt_events *ev = &w->r->ev;
    pmkt_attribution_data *d = w->r->out;
    const int64_t path = d->paths.paths++;
    int64_t at = d->at[path];
    for (int64_t i = from; i < to; i++, at++) {
        d->channel[at] = ev->channel[w->touch[i]];
        d->time[at] = ev->time[w->touch[i]];
    }
    d->at[path + 1] = at;
    d->conversions[path] = converts ? 1 : 0;
    d->nulls[path] = converts ? 0 : 1;
    d->values[path] = value;
}

/* The first of the touches before `to` that is not older than the window at `time`. */
static int64_t reach_back(const walk *w, int64_t time, int64_t to) {
    int64_t from = to;
    while (from > 0 && time - w->r->ev.time[w->touch[from - 1]] <= w->r->o.window_ms) from--;
    return from;
}

/* Touches up to `to` that ended in nothing, from the latest window back; laid down in the order of time. */
static void give_up(walk *w, int64_t to) {
    /* The borders are found backwards and kept in the room behind the touches, of which there are at most
       as many: the touches that are given up. */
    int64_t *border = w->touch + w->touches;
    int64_t n = 0;
    for (int64_t end = to; end > 0; n++) {
        const int64_t from = reach_back(w, w->r->ev.time[w->touch[end - 1]], end);
        border[n] = from;
        end = from;
    }
    for (int64_t i = n; i-- > 0;) lay_down(w, border[i], i > 0 ? border[i - 1] : to, false, 0);
}

static void meet(walk *w, int64_t row) {
    const pmkt_events *ev = &w->r->ev;
    if (w->touches > 0 && w->r->o.same_touch_ms >= 0) {
        const int64_t last = w->touch[w->touches - 1];
        const bool is_same = ev->channel[last] == ev->channel[row] &&
                             ev->time[row] - ev->time[last] < w->r->o.same_touch_ms;
        if (is_same) return;
    }
    w->touch[w->touches++] = row;
}

static void walk_user(walk *w, int64_t from, int64_t to) {
    const pmkti_attribution_reading *r = w->r;
    add_up_orders(w, from, to);
    w->touches = 0;
    for (int64_t i = from; i < to; i++) {
        const int64_t row = r->records[i].row;
        if (pmkti_event_kind(&r->ev, row) != r->o.conversion) {
            meet(w, row);
        } else if (w->worth[i] != NOT_FIRST) {
            const int64_t first = reach_back(w, r->records[i].time, w->touches);
            give_up(w, first);
            lay_down(w, first, w->touches, true, w->worth[i]);
            w->touches = 0;
        }
    }
    give_up(w, w->touches);
}

static pmkt_status walk_all(walk *w) {
    const pmkti_attribution_reading *r = w->r;
    int64_t told = 0;
    for (int64_t from = 0, to = 0; from < r->n; from = to) {
        while (to < r->n && r->records[to].user == r->records[from].user) to++;
        walk_user(w, from, to);
        if (to - told < TELL && to < r->n) continue;
        told = to;
        if (pmkti_canceled(&r->run, 0.5 + 0.5 * (double)to / (double)r->n, "paths")) {
            return PMKT_E_CANCELED;
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_attribution_walk(pmkti_attribution_reading *r) {
    const pmkt_allocator *a = &r->allocator;
    const size_t n = (size_t)r->n;
    walk w = {.r = r};
    w.lines = pmkti_alloc(a, n, sizeof *w.lines);
    w.worth = pmkti_alloc(a, n, sizeof *w.worth);
    w.touch = pmkti_alloc(a, 2 * n, sizeof *w.touch);
    const bool has_room = w.lines && w.worth && w.touch;
    const pmkt_status status = has_room ? walk_all(&w) : PMKT_E_NOMEM;
    pmkti_free(a, w.lines, n, sizeof *w.lines);
    pmkti_free(a, w.worth, n, sizeof *w.worth);
    pmkti_free(a, w.touch, 2 * n, sizeof *w.touch);
    return status;
}
