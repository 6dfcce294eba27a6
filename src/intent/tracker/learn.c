/*
 * learn.c - one session after the other into the counts of a shard. Whether somebody bought is known only at the
 * end, so the path until then is kept with the record.
 */
#include "intent/tracker/learn.h"

#include <string.h>

#include "core/alloc.h"

static uint64_t mask_of(const pmkti_shard *s) {
    return pmkti_steps_mask(s->model->chains->facts.order);
}

static void add(pmkti_shard *s, uint64_t key, bool buyer) {
    (void)pmkti_tally_add(&s->tally, key, buyer, !buyer); /* there is room */
}

/* Room for the counts of a session. */
static pmkt_status reserve(const pmkt_tracker *t, pmkti_shard *s, int64_t keys) {
    const int64_t more = pmkti_tally_size(&s->tally, keys) - s->tally.size;
    const int64_t bytes = more * (int64_t)sizeof *s->tally.slot;
    if (bytes > 0 && bytes > t->most_bytes - s->bytes) return PMKT_E_LIMIT;
    const pmkt_status status = pmkti_tally_reserve(&s->tally, keys);
    if (!status) s->bytes += bytes;
    return status;
}

/* As count_one of tally_sequences.c counts a sequence; a session of which the model knows nothing is none. PMKT_OK,
   PMKT_E_NOMEM, PMKT_E_LIMIT: nothing is counted. */
static pmkt_status count(const pmkt_tracker *t, pmkti_shard *s, const pmkti_path *p, bool buyer) {
    uint64_t context = PMKTI_START;
    if (p->n == 0 && !buyer) return PMKT_OK;
    const pmkt_status status = reserve(t, s, p->n + 1);
    if (status) return status;
    for (int i = 0; i < p->n; i++) {
        const uint64_t key = context << PMKTI_STEP_BITS | p->step[i];
        add(s, key, buyer);
        context = key & mask_of(s);
    }
    add(s, p->tail << PMKTI_STEP_BITS | (buyer ? PMKTI_GOAL : PMKTI_LEAVE), buyer);
    s->learned++;
    return PMKT_OK;
}

/* A session has ended. */
static void end(const pmkt_tracker *t, pmkti_shard *s, pmkti_path *p, bool buyer) {
    if (count(t, s, p, buyer)) s->sums.unlearned++;
    p->open = false;
}

/* Times are between actions that the model knows: it has never heard of the others. */
static void note_time(pmkti_shard *s, pmkti_path *p, uint32_t step, int64_t gap) {
    if (!p->last) return;
    const int64_t ms = p->passed + gap;
    if (step == PMKTI_NO_STEP) {
        p->passed = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
        return;
    }
    pmkti_dwell_add(&s->dwell[pmkti_dwell_at(s->model->chains, p->last, step)], ms);
    p->passed = 0;
}

static void append(const pmkti_shard *s, pmkti_path *p, uint32_t step) {
    if (p->n < PMKTI_PATH_STEPS) p->step[p->n++] = (uint8_t)step;
    p->tail = (p->tail << PMKTI_STEP_BITS | step) & mask_of(s);
    p->last = (uint8_t)step;
}

void pmkti_learn_end(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u) {
    pmkti_path *p = pmkti_record_path(t, u);
    if (p && p->open) end(t, s, p, false);
}

void pmkti_learn_event(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u, const pmkti_step *e,
                       bool begins) {
    pmkti_path *p = pmkti_record_path(t, u);
    if (!p) return;
    if (begins) {
        pmkti_learn_end(t, s, u);
        *p = (pmkti_path){.tail = PMKTI_START, .open = true};
    }
    if (e->time > s->latest) s->latest = e->time;
    if (!p->open) return;
    note_time(s, p, e->step, e->time - pmkti_record_visitor(u)->last);
    if (e->step == PMKTI_GOAL)
        end(t, s, p, true);
    else if (e->step != PMKTI_NO_STEP)
        append(s, p, e->step);
}

pmkt_status pmkti_learn_over(const pmkt_tracker *t, pmkti_shard *s, int64_t clock) {
    for (uint32_t i = 0; i < s->users.n && clock != INT64_MIN; i++) {
        pmkti_record *u = pmkti_record_at(s, i);
        pmkti_path *p = pmkti_record_path(t, u);
        if (u->user == PMKT_ID_NONE || !p->open) continue;
        if (clock - pmkti_record_visitor(u)->last <= s->model->chains->facts.gap_ms) continue;
        const pmkt_status status = count(t, s, p, false);
        if (status == PMKT_E_NOMEM) return status;
        s->sums.unlearned += status != PMKT_OK;
        p->open = false;
    }
    return PMKT_OK;
}

void pmkti_learn_free(const pmkt_tracker *t, pmkti_shard *s) {
    s->tally.allocator = t->allocator;
    pmkti_tally_free(&s->tally);
}

void pmkti_learn_forget(const pmkt_tracker *t, pmkti_shard *s) {
    if (!t->path_at) return;
    s->bytes -= s->tally.size * (int64_t)sizeof *s->tally.slot;
    pmkti_learn_free(t, s);
    if (s->dwell) memset(s->dwell, 0, t->dwell_bytes);
    s->learned = 0;
    for (uint32_t i = 0; i < s->users.n; i++) {
        pmkti_record *u = pmkti_record_at(s, i);
        if (u->user != PMKT_ID_NONE) pmkti_record_path(t, u)->open = false;
    }
}
