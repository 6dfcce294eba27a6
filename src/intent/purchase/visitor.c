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
    for (int32_t i = 0; i < m->n; i++) {
        pmkti_seen *s = &m->seen[i];
        const int all = s->before + s->here;
        s->before = (uint8_t)(all < UINT8_MAX ? all : UINT8_MAX);
        s->here = 0;
    }
    m->different = m->repeats = 0;
}

/* Moves a thing to the front, new if it is not there; what was known of it. */
static pmkti_seen memory_meet(pmkti_memory *m, uint64_t id) {
    const uint32_t key = (uint32_t)(pmkti_mix(id) >> 32);
    int32_t at = 0;
    while (at < m->n && m->key[at] != key) at++;
    pmkti_seen known = {0, 0, 0};
    if (at < m->n)
        known = m->seen[at];
    else if (m->n < PMKTI_MEMORY)
        m->n++;
    else
        at--;
    memmove(m->key + 1, m->key, (size_t)at * sizeof *m->key);
    memmove(m->seen + 1, m->seen, (size_t)at * sizeof *m->seen);
    m->key[0] = key, m->seen[0] = known;
    if (known.here)
        m->repeats++;
    else
        m->different++;
    grow(&m->seen[0].here);
    return known;
}

static pmkti_seen meet(pmkti_memory *m, uint64_t id, const pmkti_step *e) {
    if (id == PMKT_ID_NONE) return (pmkti_seen){0, 0, 0};
    const pmkti_seen known = memory_meet(m, id);
    uint8_t *flags = &m->seen[0].flags;
    if (e->step == PMKTI_GOAL) *flags = 0;
    if (e->kind == PMKT_KIND_CART) *flags |= PMKTI_SEEN_CART;
    if (e->kind == PMKT_KIND_UNCART) *flags &= (uint8_t)~PMKTI_SEEN_CART;
    if (e->kind == PMKT_KIND_FAVORITE) *flags |= PMKTI_SEEN_FAVORITE;
    return known;
}

/* -------------------------------------------------------------------- sessions */

void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time) {
    if (v->events > 0) {
        v->sessions++, v->buys += v->past;
        v->ended = v->last;
    }
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
    if (v->past) return;
    v->node = e->step == PMKTI_UNKNOWN ? 0 : pmkti_reader_go(r, v->node, e->step, &v->evidence);
    if (e->step != PMKTI_UNKNOWN) grow(&v->count[e->step - 1]);
}
