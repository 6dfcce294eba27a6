#include "intent/purchase/visitor.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"

#define MET 16 /* bits of a place */
#define FLAG 1
#define NOWHERE UINT32_MAX

void pmkti_visitor_new(pmkti_visitor *v) {
    memset(v, 0, PMKTI_VISITOR_SIZE(0));
}

static inline void grow(uint8_t *n) {
    *n = (uint8_t)(*n + (*n < UINT8_MAX));
}

static inline uint64_t longer(uint64_t ms, int64_t by, uint64_t most) {
    const uint64_t sum = ms + (uint64_t)by;
    return sum < most ? sum : most;
}

/* ---------------------------------------------------------------------- memory */

/* Of four places of so many bits each, i comes before those that were before it. */
static inline uint64_t to_front(uint64_t places, uint32_t bits, uint32_t i) {
    const uint32_t at = bits * i;
    const uint64_t one = (UINT64_C(1) << bits) - 1, before = (UINT64_C(1) << at) - 1;
    return (places & ~(before << bits | one)) | (places & before) << bits | (places >> at & one);
}

/* Brings a key to the front, the last one leaving for one that is new. Its old place, or
   PMKTI_MEMORY: it is new. Without a branch, for none could be foretold. */
static inline uint32_t key_to_front(uint32_t *key, uint32_t new) {
    const uint32_t k0 = key[0], k1 = key[1], k2 = key[2], k3 = key[3];
    uint32_t at = PMKTI_MEMORY;
    at = k3 == new ? 3 : at;
    at = k2 == new ? 2 : at;
    at = k1 == new ? 1 : at;
    at = k0 == new ? 0 : at;
    key[0] = new;
    key[1] = at > 0 ? k0 : k1;
    key[2] = at > 1 ? k1 : k2;
    key[3] = at > 2 ? k2 : k3;
    return at;
}

/* Meets a thing. Where it was; what was known of it goes to *seen, but for the flags. */
static inline uint32_t meet(pmkti_visitor *v, int thing, uint64_t id, pmkti_seen *seen) {
    *seen = (pmkti_seen){0, 0, false, false};
    if (id == PMKT_ID_NONE) return NOWHERE;
    const uint32_t hash = (uint32_t)(pmkti_mix(id) >> 32);
    const uint32_t at = key_to_front(v->key[thing], hash + (hash == 0)); /* 0 is a free place */
    const uint64_t old = v->met[thing];
    const uint64_t met = at < PMKTI_MEMORY ? to_front(old, MET, at) : old << MET;
    seen->here = (uint8_t)met, seen->before = (uint8_t)(met >> MET / 2);
    v->met[thing] = met + (seen->here < UINT8_MAX);
    grow(&v->events_with[thing][seen->here > 0]);
    return at;
}

/* Brings the flags of a thing to the front. */
static uint32_t flags_to_front(uint32_t flags, int thing, uint32_t at) {
    const uint32_t shift = PMKTI_MEMORY * (uint32_t)thing, all = (UINT32_C(1) << PMKTI_MEMORY) - 1;
    const uint32_t these = flags >> shift & all;
    const uint32_t now =
        at < PMKTI_MEMORY ? (uint32_t)to_front(these, FLAG, at) : these << FLAG & all;
    return (flags & ~(all << shift)) | now << shift;
}

/* The flags of a thing that was at a place, now that it has been met. */
static void mark(pmkti_visitor *v, int thing, uint32_t at, const pmkti_step *e, pmkti_seen *seen) {
    if (at == NOWHERE) return;
    const uint32_t flag = UINT32_C(1) << PMKTI_MEMORY * thing;
    const bool goal = e->step == PMKTI_GOAL;
    uint32_t cart = flags_to_front(v->cart, thing, at);
    uint32_t favorite = flags_to_front(v->favorite, thing, at);
    seen->cart = (cart & flag) != 0, seen->favorite = (favorite & flag) != 0;
    if (e->kind == PMKT_KIND_CART) cart |= flag;
    if (e->kind == PMKT_KIND_FAVORITE) favorite |= flag;
    if (e->kind == PMKT_KIND_UNCART || goal) cart &= ~flag;
    if (goal) favorite &= ~flag;
    v->cart = cart & UINT8_MAX;
    v->favorite = favorite & UINT8_MAX;
}

static inline void meet_both(pmkti_visitor *v, const pmkti_step *e, pmkti_seen *seen) {
    const uint32_t item = meet(v, PMKTI_ITEM, e->item, &seen[PMKTI_ITEM]);
    const uint32_t category = meet(v, PMKTI_CATEGORY, e->category, &seen[PMKTI_CATEGORY]);
    const bool any = v->cart | v->favorite; /* most often there is none */
    if (!any && e->kind != PMKT_KIND_CART && e->kind != PMKT_KIND_FAVORITE) return;
    mark(v, PMKTI_ITEM, item, e, &seen[PMKTI_ITEM]);
    mark(v, PMKTI_CATEGORY, category, e, &seen[PMKTI_CATEGORY]);
}

/* What was met in this session now was met before. */
static void memory_session(pmkti_visitor *v, int thing) {
    uint64_t met = 0;
    for (uint32_t at = 0; at < PMKTI_MEMORY * MET; at += MET) {
        const uint64_t here = v->met[thing] >> at & UINT8_MAX;
        const uint64_t all = (v->met[thing] >> (at + MET / 2) & UINT8_MAX) + here;
        met |= (all < UINT8_MAX ? all : UINT8_MAX) << (at + MET / 2);
    }
    v->met[thing] = met;
    memset(v->events_with[thing], 0, sizeof v->events_with[thing]);
}

/* -------------------------------------------------------------------- sessions */

/* Time until an event; that of the session is its own. */
static inline void pass(pmkti_visitor *v, int64_t gap) {
    if (v->orders > 0)
        v->since_order = longer(v->since_order, gap, PMKTI_AGO_MOST) & PMKTI_AGO_MOST;
}

void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time) {
    if (v->events > 0) {
        const int64_t gap = time - v->last;
        pass(v, gap);
        v->since = longer(0, gap, PMKTI_AGO_MOST) & PMKTI_AGO_MOST;
        if (v->sessions < PMKTI_COUNT_MOST) { /* so that buys stop with sessions */
            v->sessions = (v->sessions + 1u) & UINT16_MAX;
            v->buys = (v->buys + v->past) & UINT16_MAX;
        }
    }
    v->last = time;
    v->elapsed = 0;
    v->events = 0;
    v->evidence = v->dwell_sum = 0;
    v->node = (uint32_t)r->chain->start & INT32_MAX;
    v->past = 0;
    for (int thing = 0; thing < PMKTI_THINGS; thing++) memory_session(v, thing);
    memset(v->count, 0, (size_t)r->actions);
}

/* ln of the seconds between two events, a second at least. */
static inline double dwell_of(int64_t ms) {
    return ms > 1000 ? log((double)ms / 1000) : 0;
}

void pmkti_visitor_see(pmkti_visitor *v, const pmkti_reader *r, const pmkti_step *e,
                       pmkti_glance *glance) {
    const int64_t gap = e->time - v->last;
    glance->dwell = v->events > 0 ? dwell_of(gap) : 0;
    if (v->events < PMKTI_COUNT_MOST) { /* so that the mean is of as many as are in the sum */
        v->events++;
        v->dwell_sum += glance->dwell;
    }
    pass(v, gap);
    v->elapsed = (uint32_t)longer(v->elapsed, gap, PMKTI_ELAPSED_MOST);
    v->last = e->time;
    meet_both(v, e, glance->seen);
    if (e->step == PMKTI_GOAL) {
        v->orders = (uint16_t)(v->orders + (v->orders < PMKTI_COUNT_MOST));
        v->since_order = 0;
        v->past = 1;
    }
    if (v->past || e->step == PMKTI_NO_STEP) return;
    v->node = (uint32_t)pmkti_reader_go(r, (int32_t)v->node, e->step, &v->evidence) & INT32_MAX;
    grow(&v->count[e->step - 1]);
}

/* ---------------------------------------------------------------------- models */

/* The context of the same steps. */
static int32_t same_node(uint64_t context, const pmkt_intent *to, const uint8_t *step) {
    int32_t at = 0, length = 0;
    while (context >> (PMKTI_STEP_BITS * length)) length++;
    for (int32_t i = length - 1; i >= 0; i--) {
        const uint32_t was = (uint32_t)(context >> (PMKTI_STEP_BITS * i)) & PMKTI_STEP_MASK;
        if (was == PMKTI_START)
            at = to->start;
        else if (step[was] != 0)
            at = pmkti_chain_go(to, at, step[was]);
    }
    return at;
}

void pmkti_visitor_place(pmkti_visitor *v, const pmkt_intent *to, const pmkti_whereabouts *was,
                         const uint8_t *step) {
    v->node = (uint32_t)same_node(was->context, to, step) & INT32_MAX;
    memset(v->count, 0, (size_t)to->facts.actions);
    for (int32_t k = 0; k < was->actions; k++) {
        if (step[k + 1] != 0) v->count[step[k + 1] - 1] = was->count[k];
    }
}

void pmkti_visitor_move(pmkti_visitor *v, const pmkti_reader *from, const pmkti_reader *to) {
    uint8_t step[PMKTI_STEP_MASK + 1];
    pmkti_whereabouts was = {.context = from->chain->nodes[v->node].key, .actions = from->actions};
    memcpy(was.count, v->count, (size_t)from->actions);
    pmkti_reader_translate(to->chain, from->chain->action, from->chain->facts.actions, step);
    pmkti_visitor_place(v, to->chain, &was, step);
}
