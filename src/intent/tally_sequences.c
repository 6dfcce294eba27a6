/*
 * tally_sequences.c - sequences into counts. First, serially, which actions there are; then chunks
 * of sequences, each worker with a table of its own. All that is counted are integers, so that it
 * does not matter which worker counted what.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/tally.h"

#define CHUNK 65536 /* actions, about */
#define SLOTS 256   /* of the table of actions: four times as many as there can be */

/* The actions, findable. */
typedef struct actions {
    uint32_t code[SLOTS]; /* 0: none */
    uint8_t step[SLOTS];
    int32_t n;
} actions;

typedef struct worker {
    pmkti_tally tally;
    pmkti_dwell *dwell;
    int64_t sequences, buyers, counted;
} worker;

typedef struct counting {
    const pmkti_sequences *from;
    const pmkt_intent *model;
    actions known;
    worker *workers;
    int64_t n_pairs;
} counting;

static inline uint32_t code_at(const pmkti_sequences *s, int64_t i) {
    return s->kind ? s->kind[i] : s->action[i];
}

static inline uint32_t slot_of(const actions *a, uint32_t code) {
    uint32_t i = (code * UINT32_C(2654435761)) >> 24;
    while (a->code[i] != 0 && a->code[i] != code) i = (i + 1) % SLOTS;
    return i;
}

/* ------------------------------------------------------------- which actions */

static pmkt_status collect(const pmkti_sequences *s, uint32_t goal, actions *known,
                           pmkt_error *err) {
    for (int64_t q = 0; q < s->n; q++) {
        for (int64_t i = s->at[q]; i < s->at[q + 1] && code_at(s, i) != goal; i++) {
            const uint32_t at = slot_of(known, code_at(s, i));
            if (known->code[at]) continue;
            if (known->n == PMKT_INTENT_MAX_ACTIONS) {
                return pmkti_fail(err, PMKT_E_LIMIT,
                                  "there are more than %d different actions before a goal",
                                  PMKT_INTENT_MAX_ACTIONS);
            }
            known->code[at] = code_at(s, i);
            known->n++;
        }
    }
    return PMKT_OK;
}

/* Numbers the actions in the order of their codes. */
static void number(actions *known, pmkt_intent *m) {
    int32_t n = 0;
    for (int i = 0; i < SLOTS; i++) {
        if (!known->code[i]) continue;
        int32_t at = n++;
        for (; at > 0 && m->action[at - 1] > known->code[i]; at--)
            m->action[at] = m->action[at - 1];
        m->action[at] = known->code[i];
    }
    m->facts.actions = n;
    for (int32_t k = 0; k < n; k++) known->step[slot_of(known, m->action[k])] = (uint8_t)(k + 1);
}

/* ------------------------------------------------------------------ counting */

/* The time before the action at i, which is not the first of its sequence; negative: not known. */
static inline int64_t dwell_at(const pmkti_sequences *s, int64_t i) {
    if (s->time) return s->time[i] - s->time[i - 1];
    return s->dwell ? s->dwell[i] : -1;
}

static pmkt_status count_one(const counting *c, worker *w, int64_t q) {
    const pmkti_sequences *s = c->from;
    const pmkt_intent *m = c->model;
    const int64_t from = s->at[q], end = s->at[q + 1];
    const uint64_t mask = pmkti_steps_mask(m->facts.order);
    int64_t goal = from;
    while (goal < end && code_at(s, goal) != m->facts.goal) goal++;
    const bool reached = goal < end, buyer = reached || (s->bought && s->bought[q]);
    uint64_t context = PMKTI_START;
    uint32_t last = PMKTI_START;
    pmkt_status status = PMKT_OK;
    for (int64_t i = from; i < goal && !status; i++) {
        const uint32_t step = c->known.step[slot_of(&c->known, code_at(s, i))];
        const uint64_t key = context << PMKTI_STEP_BITS | step;
        status = pmkti_tally_add(&w->tally, key, buyer, !buyer);
        const int64_t ms = i > from ? dwell_at(s, i) : -1;
        if (ms >= 0) pmkti_dwell_add(&w->dwell[pmkti_dwell_at(m, last, step)], ms);
        context = key & mask;
        last = step;
    }
    if (status) return status;
    if (reached && goal > from && dwell_at(s, goal) >= 0) {
        pmkti_dwell_add(&w->dwell[pmkti_dwell_at(m, last, PMKTI_GOAL)], dwell_at(s, goal));
    }
    w->sequences++, w->buyers += buyer, w->counted += goal - from + 1;
    return pmkti_tally_add(
        &w->tally, context << PMKTI_STEP_BITS | (buyer ? PMKTI_GOAL : PMKTI_LEAVE), buyer, !buyer);
}

/* The first sequence that begins at or after action i. */
static int64_t first_at(const pmkti_sequences *s, int64_t i) {
    int64_t low = 0, high = s->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->at[middle] < i)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t chunks_of(const pmkti_sequences *s) {
    return s->at[s->n] / CHUNK + 1;
}

static pmkt_status count_chunk(void *ctx, int64_t chunk, int number_of_worker) {
    const counting *c = ctx;
    worker *w = &c->workers[number_of_worker];
    const bool is_last = chunk + 1 == chunks_of(c->from);
    const int64_t end = is_last ? c->from->n : first_at(c->from, (chunk + 1) * CHUNK);
    pmkt_status status = PMKT_OK;
    for (int64_t q = first_at(c->from, chunk * CHUNK); q < end && !status; q++) {
        status = count_one(c, w, q);
    }
    return status;
}

/* -------------------------------------------------------------------- driver */

static pmkt_status gather(counting *c, pmkt_intent *m, int workers, pmkt_error *err) {
    worker *all = &c->workers[0];
    for (int i = 1; i < workers; i++) {
        const worker *w = &c->workers[i];
        if (pmkti_tally_merge(&all->tally, &w->tally)) return pmkti_stopped(err, PMKT_E_NOMEM);
        for (int64_t k = 0; k < c->n_pairs; k++) pmkti_dwell_merge(&all->dwell[k], &w->dwell[k]);
        all->sequences += w->sequences, all->buyers += w->buyers, all->counted += w->counted;
    }
    if (all->counted > PMKTI_MOST_COUNTED) {
        return pmkti_fail(err, PMKT_E_LIMIT, "there are more than 2^31 actions and ends to count");
    }
    m->counts = pmkti_tally_sorted(&all->tally);
    if (!m->counts && all->tally.used) return pmkti_stopped(err, PMKT_E_NOMEM);
    m->n_counts = all->tally.used;
    m->dwell = all->dwell, all->dwell = NULL;
    m->facts.sessions = all->sequences, m->facts.buyers = all->buyers;
    m->facts.counted = all->counted;
    return PMKT_OK;
}

static pmkt_status run_counting(counting *c, pmkt_intent *m, const pmkti_run *run,
                                pmkti_stage stage, int workers, pmkt_error *err) {
    for (int i = 0; i < workers; i++) {
        worker *w = &c->workers[i];
        w->tally.allocator = m->allocator;
        if (c->n_pairs == 0) continue;
        w->dwell = pmkti_alloc_zero(&m->allocator, (size_t)c->n_pairs, sizeof *w->dwell);
        if (!w->dwell) return pmkti_stopped(err, PMKT_E_NOMEM);
    }
    const pmkt_status status = pmkti_parallel(run, stage, count_chunk, c, chunks_of(c->from));
    return status ? pmkti_stopped(err, status) : gather(c, m, workers, err);
}

pmkt_status pmkti_count_sequences(pmkt_intent *m, const pmkti_sequences *from, const pmkti_run *run,
                                  pmkti_stage stage, pmkt_error *err) {
    if (from->n == 0) return PMKT_OK;
    counting c = {.from = from, .model = m};
    pmkt_status status = collect(from, m->facts.goal, &c.known, err);
    if (status) return status;
    number(&c.known, m);
    c.n_pairs = (int64_t)m->facts.actions * (m->facts.actions + 1);
    const int workers = pmkti_workers(run, chunks_of(from));
    c.workers = pmkti_alloc_zero(&m->allocator, (size_t)workers, sizeof *c.workers);
    if (!c.workers) return pmkti_stopped(err, PMKT_E_NOMEM);
    status = run_counting(&c, m, run, stage, workers, err);
    for (int i = 0; i < workers; i++) {
        pmkti_tally_free(&c.workers[i].tally);
        pmkti_free(&m->allocator, c.workers[i].dwell, (size_t)c.n_pairs, sizeof *c.workers->dwell);
    }
    pmkti_free(&m->allocator, c.workers, (size_t)workers, sizeof *c.workers);
    return status;
}
