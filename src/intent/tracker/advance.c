/*
 * advance.c - the clock: what waits fires, and who was away for too long goes.
 */
#include "core/error.h"
#include "core/sort.h"
#include "core/zone.h"
#include "intent/tracker/tracker.h"

#define SWEEPS 8 /* of all users while one ttl passes */

/* A shard that the clock passes. */
typedef struct passing {
    const pmkt_tracker *t;
    int64_t clock;
    pmkti_tracker_out out;
    pmkti_rules_state state;
    pmkti_rules_entry entry[PMKTI_TRACKER_PARTIALS];
} passing;

/* Wakes a user whom the heap named. The entry is gone from it, so it does not count any more. */
static void wake(passing *p, pmkti_shard *s, const pmkti_due *entry) {
    pmkti_record *u = pmkti_record_at(s, entry->number);
    pmkti_live *live = pmkti_record_live(p->t, u);
    if (u->user == PMKT_ID_NONE || live->queued != entry->time) return; /* left over */
    if (entry->time >
        pmkti_record_last(p->t, u)) { /* what waits would end when the user is unknown */
        pmkti_users_end(p->t, s, entry->number);
        return;
    }
    live->queued = PMKTI_RULES_NEVER;
    pmkti_live_load(p->t, s, u, &p->state);
    pmkti_tracker_pass(p->t, s, u, &p->state, p->clock, &p->out);
    pmkti_live_settle(p->t, s, entry->number, &p->state);
}

static void sweep(const passing *p, pmkti_shard *s) {
    const int64_t step = p->t->options.ttl_ms / SWEEPS + 1;
    if (s->swept_ms == INT64_MIN) s->swept_ms = p->clock;
    if (p->clock < s->swept_ms) return; /* another thread's clock was here first */
    const int64_t passed = p->clock - s->swept_ms;
    const double share = passed < step ? (double)passed / (double)step : 1.0;
    const uint32_t n = (uint32_t)(share * s->users.n);
    if (n == 0 && share < 1) return; /* later, more at a time */
    pmkti_users_expire(p->t, s, p->clock, n);
    s->swept_ms = p->clock;
}

/* True if there was room for all. */
static bool pass_shard(passing *p, pmkti_shard *s, pmkt_status *status, pmkt_error *err) {
    bool room = true;
    pmkti_lock_take(&s->lock);
    while (s->rules && s->heap.n > 0 && s->heap.at[0].time < p->clock && !*status) {
        room = pmkti_tracker_has_room(&p->out, s->rules);
        if (!room && p->out.n == 0) { /* the rules were swapped in between */
            *status =
                pmkti_tracker_room_check(pmkti_tracker_intents(s->rules), "room", p->out.room, err);
        }
        if (!room) break;
        const pmkti_due entry = pmkti_due_pop(&s->heap);
        wake(p, s, &entry);
    }
    if (room && !*status) sweep(p, s);
    pmkti_lock_give(&s->lock);
    return room;
}

static bool is_before(const void *a, const void *b) {
    const pmkt_tracker_fired *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time;
    return x->user != y->user ? x->user < y->user : x->rule < y->rule;
}

/* Moves the clock on; false if it is behind. */
static bool set_clock(pmkt_tracker *t, int64_t clock) {
    int64_t now = atomic_load_explicit(&t->clock, memory_order_relaxed);
    while (now < clock) {
        if (atomic_compare_exchange_weak_explicit(&t->clock, &now, clock, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            return true;
        }
    }
    if (now == clock) return true;
    atomic_fetch_add_explicit(&t->clocks_back, 1, memory_order_relaxed);
    return false;
}

static pmkt_status check(pmkt_tracker *t, int64_t clock, const pmkt_tracker_fired *fired,
                         int64_t room, const int64_t *n, pmkt_error *err) {
    pmkt_status status = pmkti_tracker_check(t, err);
    if (status) return status;
    if (!fired) return pmkti_null(err, "fired");
    if (!n) return pmkti_null(err, "n");
    if (!pmkti_time_is_valid(clock)) {
        return pmkti_fail(err, PMKT_E_INVALID, "clock_ms is no time of the years 1700 to 2999");
    }
    pmkti_lock_take(&t->shard->lock);
    status = pmkti_tracker_room_check(pmkti_tracker_intents(t->shard->rules), "room", room, err);
    pmkti_lock_give(&t->shard->lock);
    return status;
}

pmkt_status pmkt_tracker_advance(pmkt_tracker *tracker, int64_t clock_ms, pmkt_tracker_fired *fired,
                                 int64_t room, int64_t *n, pmkt_error *err) {
    passing p;
    pmkt_status status = check(tracker, clock_ms, fired, room, n, err);
    if (status) return status;
    *n = 0;
    if (!set_clock(tracker, clock_ms)) return PMKT_OK;
    p.t = tracker;
    p.clock = clock_ms;
    p.out = (pmkti_tracker_out){fired, 0, room};
    p.state = (pmkti_rules_state){.entry = p.entry, .room = tracker->options.partials};
    for (int32_t i = 0; i < tracker->options.shards && !status; i++) {
        if (!pass_shard(&p, &tracker->shard[i], &status, err)) break;
    }
    *n = p.out.n;
    if (*n > 1) pmkti_sort(fired, (size_t)*n, sizeof *fired, is_before);
    return status;
}
