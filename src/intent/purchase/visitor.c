#include "intent/purchase/visitor.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"

void pmkti_visitor_new(pmkti_visitor *v) {
    memset(v, 0, sizeof *v);
}

static inline void grow(uint8_t *n) {
    if (*n < UINT8_MAX) ++*n;
}

/* ---------------------------------------------------------------------- memory */

/* What was met in this session now was met before. */
static void memory_session(pmkti_memory *m) {
    for (int i = 0; i < PMKTI_MEMORY; i++) {
        pmkti_seen *s = &m->seen[i];
        const int all = s->before + s->here;
        s->before = (uint8_t)(all < UINT8_MAX ? all : UINT8_MAX);
        s->here = 0;
    }
    m->different = m->repeats = 0;
}

/* Where a key is, or will be. Without an early end, so that all places are compared at once. */
static int memory_place(const pmkti_memory *m, uint32_t key, bool *known) {
    int found = -1, oldest = 0;
    for (int i = 0; i < PMKTI_MEMORY; i++) found = m->key[i] == key && m->met[i] ? i : found;
    *known = found >= 0;
    if (found >= 0) return found;
    for (int i = 1; i < PMKTI_MEMORY; i++) oldest = m->met[i] < m->met[oldest] ? i : oldest;
    return oldest;
}

/* Meets a thing; what was known of it before goes to *before. Where it is. */
static pmkti_seen *memory_meet(pmkti_memory *m, uint64_t id, pmkti_seen *before) {
    const uint32_t key = (uint32_t)(pmkti_mix(id) >> 32);
    bool known;
    const int at = memory_place(m, key, &known);
    pmkti_seen *seen = &m->seen[at];
    if (!known) {
        m->key[at] = key;
        *seen = (pmkti_seen){0, 0, 0};
    }
    m->met[at] = ++m->clock;
    *before = *seen;
    if (seen->here)
        m->repeats++;
    else
        m->different++;
    grow(&seen->here);
    return seen;
}

static pmkti_seen meet(pmkti_memory *m, uint64_t id, const pmkti_step *e) {
    pmkti_seen before = {0, 0, 0};
    if (id == PMKT_ID_NONE) return before;
    uint8_t *flags = &memory_meet(m, id, &before)->flags;
    if (e->kind == PMKT_KIND_CART) *flags |= PMKTI_SEEN_CART;
    if (e->kind == PMKT_KIND_UNCART) *flags &= (uint8_t)~PMKTI_SEEN_CART;
    if (e->kind == PMKT_KIND_FAVORITE) *flags |= PMKTI_SEEN_FAVORITE;
    if (e->step == PMKTI_GOAL) *flags = 0;
    return before;
}

/* -------------------------------------------------------------------- sessions */

void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time) {
    if (v->events > 0) {
        v->sessions++, v->buys += v->past;
        v->ended = v->last;
    }
    v->since = v->sessions > 0 ? log1p((double)(time - v->ended) / 60000) : 0;
    v->rate = log((v->buys + 0.5) / (v->sessions + 5.0));
    v->began = v->last = time;
    v->events = 0;
    v->evidence = v->dwell = v->dwell_sum = 0;
    v->node = r->chain->start;
    v->past = false;
    memory_session(&v->items);
    memory_session(&v->categories);
    memset(v->count, 0, sizeof v->count);
}

/* ln of the seconds between two events, a second at least. */
static double dwell_of(int64_t ms) {
    return ms > 1000 ? log((double)ms / 1000) : 0;
}

void pmkti_visitor_see(pmkti_visitor *v, const pmkti_reader *r, const pmkti_step *e) {
    v->dwell = v->events > 0 ? dwell_of(e->time - v->last) : 0;
    v->dwell_sum += v->dwell;
    v->events++;
    v->last = e->time;
    v->item = meet(&v->items, e->item, e);
    v->category = meet(&v->categories, e->category, e);
    if (e->step == PMKTI_GOAL) {
        v->orders++, v->ordered = e->time;
        v->past = true;
    }
    if (v->past || e->step == PMKTI_UNKNOWN) return;
    v->node = pmkti_reader_go(r, v->node, e->step, &v->evidence);
    grow(&v->count[e->step - 1]);
}
