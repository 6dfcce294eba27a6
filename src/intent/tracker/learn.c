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
static bool reserve(const pmkt_tracker *t, pmkti_shard *s, int64_t keys) {
    const int64_t more = pmkti_tally_size(&s->tally, keys) - s->tally.size;
    const int64_t bytes = more * (int64_t)sizeof *s->tally.slot;
    if (bytes > t->most_bytes - s->bytes || pmkti_tally_reserve(&s->tally, keys)) return false;
    s->bytes += bytes;
    return true;
}

/* As count_one of tally_sequences.c counts a sequence. */
static void count(const pmkt_tracker *t, pmkti_shard *s, pmkti_path *p, bool buyer) {
    uint64_t context = PMKTI_START;
    p->open = false;
    if (!reserve(t, s, p->n + 1)) {
        s->sums.unlearned++;
        return;
    }
    for (int i = 0; i < p->n; i++) {
        const uint64_t key = context << PMKTI_STEP_BITS | p->step[i];
        add(s, key, buyer);
        context = key & mask_of(s);
    }
    add(s, p->tail << PMKTI_STEP_BITS | (buyer ? PMKTI_GOAL : PMKTI_LEAVE), buyer);
    s->learned++, s->buyers += buyer, s->counted += p->n + 1;
}

static void note_dwell(pmkti_shard *s, const pmkti_path *p, uint32_t step, int64_t ms) {
    if (p->last) pmkti_dwell_add(&s->dwell[pmkti_dwell_at(s->model->chains, p->last, step)], ms);
}

static void append(const pmkti_shard *s, pmkti_path *p, uint32_t step) {
    if (p->n < PMKTI_PATH_STEPS) p->step[p->n++] = (uint8_t)step;
    p->tail = (p->tail << PMKTI_STEP_BITS | step) & mask_of(s);
    p->last = (uint8_t)step;
}

void pmkti_learn_end(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u) {
    pmkti_path *p = pmkti_record_path(t, u);
    if (p && p->open) count(t, s, p, false);
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
    if (!p->open || e->step == PMKTI_NO_STEP) return;
    note_dwell(s, p, e->step, e->time - pmkti_record_visitor(u)->last);
    if (e->step == PMKTI_GOAL)
        count(t, s, p, true);
    else
        append(s, p, e->step);
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
    s->learned = s->buyers = s->counted = 0;
    for (uint32_t i = 0; i < s->users.n; i++) {
        pmkti_record *u = pmkti_record_at(s, i);
        if (u->user != PMKT_ID_NONE) pmkti_record_path(t, u)->open = false;
    }
}
