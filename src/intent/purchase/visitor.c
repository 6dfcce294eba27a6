#include "intent/purchase/visitor.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"

#define COUNT 8 /* bits */
#define FLAG 1

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

/* What an event does with its things. */
typedef struct deed {
    bool cart, uncart, favorite, goal;
} deed;

/* Of places of so many bits each, i comes before those that were before it. */
static inline uint32_t to_front(uint32_t places, uint32_t bits, uint32_t i) {
    const uint32_t at = bits * i, one = (UINT32_C(1) << bits) - 1;
    const uint32_t before = (UINT32_C(1) << at) - 1;
    return (places & ~(before << bits | one)) | (places & before) << bits | (places >> at & one);
}

/* Brings a key to the front; one that is new is in the last place before that. Its old place, or
   PMKTI_MEMORY: it is new. Without a branch, for none could be foretold. */
static inline uint32_t key_to_front(uint32_t *key, uint32_t new) {
    const uint32_t k0 = key[0], k1 = key[1], k2 = key[2], k3 = key[3];
    const uint32_t at = 4u - 4u * (k0 == new) - 3u * (k1 == new) - 2u * (k2 == new) - (k3 == new);
    key[0] = new;
    key[1] = at > 0 ? k0 : k1;
    key[2] = at > 1 ? k1 : k2;
    key[3] = at > 2 ? k2 : k3;
    return at;
}

/* The flags of one sort of things, with place i at the front. */
static inline uint32_t flags_to_front(uint32_t flags, int thing, uint32_t i) {
    const uint32_t shift = PMKTI_MEMORY * (uint32_t)thing, all = UINT32_C(15) << shift;
    return (flags & ~all) | to_front(flags >> shift & 15, FLAG, i) << shift;
}

/* Meets a thing. What was known of it before. */
static inline pmkti_seen meet(pmkti_visitor *v, int thing, uint64_t id, deed d) {
    if (id == PMKT_ID_NONE) return (pmkti_seen){0, 0, false, false};
    const uint32_t hash = (uint32_t)(pmkti_mix(id) >> 32);
    const uint32_t at = key_to_front(v->key[thing], hash + (hash == 0)); /* 0 is a free place */
    const uint32_t new = at == PMKTI_MEMORY, from = at - new, left = UINT32_MAX >> COUNT *new;
    const uint32_t here = to_front(v->here[thing] & left, COUNT, from);
    const uint32_t before = to_front(v->before[thing] & left, COUNT, from);
    const uint32_t flag = UINT32_C(1) << PMKTI_MEMORY * thing, last = flag << (PMKTI_MEMORY - 1);
    uint32_t cart = v->cart, favorite = v->favorite;
    if (cart | favorite) {
        cart = flags_to_front(new ? cart & ~last : cart, thing, from);
        favorite = flags_to_front(new ? favorite & ~last : favorite, thing, from);
    }
    const pmkti_seen seen = {(uint8_t)here, (uint8_t)before, (cart & flag) != 0,
                             (favorite & flag) != 0};
    cart = d.cart ? cart | flag : d.uncart ? cart & ~flag : cart;
    favorite = d.favorite ? favorite | flag : d.goal ? favorite & ~flag : favorite;
    if (v->cart != cart) v->cart = cart & UINT8_MAX;
    if (v->favorite != favorite) v->favorite = favorite & UINT8_MAX;
    v->before[thing] = before;
    v->here[thing] = here + (seen.here < UINT8_MAX);
    const bool again = seen.here > 0;
    v->repeats[thing] = (uint8_t)(v->repeats[thing] + (again & (v->repeats[thing] < UINT8_MAX)));
    v->different[thing] =
        (uint8_t)(v->different[thing] + (!again & (v->different[thing] < UINT8_MAX)));
    return seen;
}

static deed deed_of(const pmkti_step *e) {
    const bool goal = e->step == PMKTI_GOAL;
    return (deed){.cart = !goal && e->kind == PMKT_KIND_CART,
                  .uncart = goal || e->kind == PMKT_KIND_UNCART,
                  .favorite = !goal && e->kind == PMKT_KIND_FAVORITE,
                  .goal = goal};
}

/* What was met in this session now was met before. */
static void memory_session(pmkti_visitor *v, int thing) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < PMKTI_MEMORY; i++) {
        const uint32_t at = COUNT * i;
        const uint32_t all =
            (v->before[thing] >> at & UINT8_MAX) + (v->here[thing] >> at & UINT8_MAX);
        sum |= (all < UINT8_MAX ? all : UINT8_MAX) << at;
    }
    v->before[thing] = sum;
    v->here[thing] = 0;
    v->different[thing] = v->repeats[thing] = 0;
}

/* -------------------------------------------------------------------- sessions */

/* Time goes by, until an event; the session's own does not. */
static inline void wait(pmkti_visitor *v, int64_t gap) {
    if (v->orders > 0)
        v->since_order = longer(v->since_order, gap, PMKTI_AGO_MOST) & PMKTI_AGO_MOST;
}

void pmkti_visitor_session(pmkti_visitor *v, const pmkti_reader *r, int64_t time) {
    if (v->events > 0) {
        const int64_t gap = time - v->last;
        wait(v, gap);
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
    wait(v, gap);
    v->elapsed = (uint32_t)longer(v->elapsed, gap, PMKTI_ELAPSED_MOST);
    v->last = e->time;
    const deed d = deed_of(e);
    glance->seen[PMKTI_ITEM] = meet(v, PMKTI_ITEM, e->item, d);
    glance->seen[PMKTI_CATEGORY] = meet(v, PMKTI_CATEGORY, e->category, d);
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
static int32_t same_node(const pmkt_intent *from, int32_t node, const pmkt_intent *to,
                         const uint8_t *step) {
    const pmkti_node *old = &from->nodes[node];
    int32_t at = 0;
    for (int32_t i = old->length - 1; i >= 0; i--) {
        const uint32_t was = (uint32_t)(old->key >> (PMKTI_STEP_BITS * i)) & PMKTI_STEP_MASK;
        if (was == PMKTI_START)
            at = to->start;
        else if (step[was] != 0)
            at = pmkti_chain_go(to, at, step[was]);
    }
    return at;
}

void pmkti_visitor_move(pmkti_visitor *v, const pmkti_reader *from, const pmkti_reader *to) {
    uint8_t step[PMKTI_STEP_MASK + 1], was[PMKT_INTENT_MAX_ACTIONS];
    pmkti_reader_translate(to->chain, from->chain, step);
    v->node = (uint32_t)same_node(from->chain, (int32_t)v->node, to->chain, step) & INT32_MAX;
    memcpy(was, v->count, (size_t)from->actions);
    memset(v->count, 0, (size_t)to->actions);
    for (int32_t k = 0; k < from->actions; k++) {
        if (step[k + 1] != 0) v->count[step[k + 1] - 1] = was[k];
    }
}
