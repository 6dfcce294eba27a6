/*
 * chain.c - from counts to a chain: level by level, the longest contexts first, for the counts of a
 * shorter context are how many longer ones it was seen in; then the probabilities, shortest first.
 */
#include "intent/chain.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/keyed.h"

/* A step after a context of one length. */
typedef struct gram {
    uint64_t key;
    int64_t raw[PMKTI_CHAINS];
    int64_t count[PMKTI_CHAINS]; /* what Kneser-Ney counts */
} gram;

/* Contexts of one length: as many steps as the level says. */
typedef struct level {
    gram *at; /* [room], by key */
    int64_t n, room;
    double discount[PMKTI_CHAINS][3];
} level;

typedef struct building {
    pmkt_intent *m;
    level levels[PMKT_INTENT_MAX_ORDER + 1];
} building;

static int32_t length_of(uint64_t context) {
    int32_t n = 0;
    for (; context; context >>= PMKTI_STEP_BITS) n++;
    return n;
}

/* -------------------------------------------------------------------- levels */

static gram from_count(const pmkti_count *c) {
    gram g = {.key = c->key};
    g.raw[PMKTI_ALL] = c->buyers + c->others;
    g.raw[PMKTI_BUYERS] = c->buyers, g.raw[PMKTI_OTHERS] = c->others;
    memcpy(g.count, g.raw, sizeof g.count);
    return g;
}

/* Once for each longer gram that ends like it. */
static gram from_longer(const gram *longer, int32_t length) {
    gram g = *longer;
    g.key &= pmkti_steps_mask(length + 1);
    for (int c = 0; c < PMKTI_CHAINS; c++) g.count[c] = g.raw[c] > 0;
    return g;
}

static void add(level *l, const gram *g) {
    if (l->n > 0 && l->at[l->n - 1].key == g->key) {
        gram *to = &l->at[l->n - 1];
        for (int c = 0; c < PMKTI_CHAINS; c++) {
            to->raw[c] += g->raw[c];
            to->count[c] += g->count[c];
        }
        return;
    }
    l->at[l->n++] = *g;
}

/* A level has the counts that are of its length and, once for each, those of the level above. Places below 0
   are of the latter. */
static void join(level *l, const pmkt_intent *m, const level *above, int32_t length,
                 pmkti_keyed *keyed) {
    int64_t n = 0;
    for (int64_t i = 0; i < m->n_counts; i++) {
        const uint64_t key = m->counts[i].key;
        if (length_of(key >> PMKTI_STEP_BITS) == length) keyed[n++] = (pmkti_keyed){key, i};
    }
    for (int64_t i = 0; above && i < above->n; i++) {
        keyed[n++] = (pmkti_keyed){above->at[i].key & pmkti_steps_mask(length + 1), -1 - i};
    }
    pmkti_keyed_sort(keyed, keyed + l->room, n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = keyed[i].at;
        const gram g =
            above && at < 0 ? from_longer(&above->at[-1 - at], length) : from_count(&m->counts[at]);
        add(l, &g);
    }
}

static pmkt_status fill(building *b, int32_t length, const int64_t *of_length) {
    const pmkt_intent *m = b->m;
    const pmkt_allocator *a = &m->allocator;
    level *l = &b->levels[length];
    const level *above = length < m->facts.order ? &b->levels[length + 1] : NULL;
    l->room = of_length[length] + (above ? above->n : 0);
    if (l->room == 0) return PMKT_OK;
    const size_t room = (size_t)l->room;
    l->at = pmkti_alloc(a, room, sizeof *l->at);
    pmkti_keyed *keyed = pmkti_alloc(a, 2 * room, sizeof *keyed);
    const bool fine = l->at && keyed;
    if (fine) join(l, m, above, length, keyed);
    pmkti_free(a, keyed, 2 * room, sizeof *keyed);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

static void set_discounts(level *l) {
    for (int c = 0; c < PMKTI_CHAINS; c++) {
        int64_t n[5] = {0, 0, 0, 0, 0};
        for (int64_t i = 0; i < l->n; i++) {
            if (l->at[i].count[c] >= 1 && l->at[i].count[c] <= 4) n[l->at[i].count[c]]++;
        }
        bool fits = n[1] && n[2] && n[3] && n[4];
        const double y = fits ? (double)n[1] / (double)(n[1] + 2 * n[2]) : 0;
        for (int k = 1; k <= 3; k++) {
            const double d = fits ? k - (k + 1) * y * (double)n[k + 1] / (double)n[k] : 0;
            fits = fits && d > 0 && d < k;
            l->discount[c][k - 1] = d;
        }
        for (int k = 0; k < 3 && !fits; k++) l->discount[c][k] = 0.5 * (k + 1);
    }
}

/* --------------------------------------------------------------------- nodes */

static int32_t find_node(const pmkt_intent *m, uint64_t key) {
    int64_t low = 0, high = m->n_nodes;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (m->nodes[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->n_nodes && m->nodes[low].key == key ? (int32_t)low : -1;
}

/* Nodes and their edges, without what links them. The empty context is there in any case. */
static pmkt_status place(building *b, pmkt_error *err) {
    pmkt_intent *m = b->m;
    int64_t nodes = 1, edges = 0;
    for (int32_t k = 0; k <= m->facts.order; k++) {
        const level *l = &b->levels[k];
        edges += l->n;
        for (int64_t i = 0; i < l->n; i++) {
            nodes += k > 0 && (i == 0 || (l->at[i].key ^ l->at[i - 1].key) >> PMKTI_STEP_BITS);
        }
    }
    if (edges > INT32_MAX || nodes > INT32_MAX) {
        return pmkti_fail(err, PMKT_E_LIMIT, "the chain would have more than 2^31 contexts");
    }
    m->nodes = pmkti_alloc_zero(&m->allocator, (size_t)nodes, sizeof *m->nodes);
    if (!m->nodes) return pmkti_stopped(err, PMKT_E_NOMEM);
    m->n_nodes = nodes;
    m->edges = pmkti_alloc_zero(&m->allocator, (size_t)edges, sizeof *m->edges);
    if (!m->edges && edges) return pmkti_stopped(err, PMKT_E_NOMEM);
    m->n_edges = edges;
    int64_t node = 0, edge = 0;
    m->nodes[0].up = -1;
    for (int32_t k = 0; k <= m->facts.order; k++) {
        const level *l = &b->levels[k];
        for (int64_t i = 0; i < l->n; i++, edge++) {
            const uint64_t key = l->at[i].key >> PMKTI_STEP_BITS;
            if (key != m->nodes[node].key) {
                node++;
                m->nodes[node] = (pmkti_node){.key = key, .length = k, .first = (int32_t)edge};
            }
            m->nodes[node].end = (int32_t)edge + 1;
            m->edges[edge].step = (int32_t)(l->at[i].key & PMKTI_STEP_MASK);
        }
    }
    return PMKT_OK;
}

/* The shares of one context. */
static void weigh(pmkt_intent *m, pmkti_node *node, const gram *grams, const level *l) {
    for (int c = 0; c < PMKTI_CHAINS; c++) {
        int64_t total = 0, times[4] = {0, 0, 0, 0};
        for (int32_t e = node->first; e < node->end; e++) {
            const int64_t count = grams[e - node->first].count[c];
            total += count;
            times[count > 3 ? 3 : count]++;
        }
        const double *d = l->discount[c];
        node->rest[c] =
            total ? (d[0] * (double)times[1] + d[1] * (double)times[2] + d[2] * (double)times[3]) /
                        (double)total
                  : 1;
        for (int32_t e = node->first; e < node->end && total; e++) {
            const int64_t count = grams[e - node->first].count[c];
            const double off = count ? d[count > 3 ? 2 : count - 1] : 0;
            m->edges[e].share[c] = ((double)count - off) / (double)total;
        }
    }
}

/* The links, and P of each edge: what is shorter is done first. */
static void link_nodes(pmkt_intent *m) {
    for (int64_t i = 0; i < m->n_nodes; i++) {
        pmkti_node *node = &m->nodes[i];
        if (node->length > 0)
            node->up = find_node(m, node->key & pmkti_steps_mask(node->length - 1));
        for (int32_t e = node->first; e < node->end; e++) {
            pmkti_edge *edge = &m->edges[e];
            const uint32_t step = (uint32_t)edge->step;
            edge->up = node->up < 0 ? -1 : pmkti_chain_edge(m, node->up, step);
            const double shorter = node->up < 0 ? 1.0 / m->alphabet : m->edges[edge->up].p;
            edge->p = edge->share[PMKTI_ALL] + node->rest[PMKTI_ALL] * shorter;
            edge->to = -1;
            if (step > PMKT_INTENT_MAX_ACTIONS) continue;
            uint64_t key = (node->key << PMKTI_STEP_BITS | step) & pmkti_steps_mask(m->facts.order);
            while (edge->to < 0) {
                edge->to = find_node(m, key);
                if (edge->to < 0) key &= pmkti_steps_mask(length_of(key) - 1);
            }
        }
    }
    const int32_t start = find_node(m, PMKTI_START);
    m->start = start < 0 ? 0 : start;
}

/* What followed single steps, as it was counted. */
static pmkt_status keep_pairs(building *b) {
    const level *l = &b->levels[1];
    pmkt_intent *m = b->m;
    if (l->n == 0) return PMKT_OK;
    m->pairs = pmkti_alloc(&m->allocator, (size_t)l->n, sizeof *m->pairs);
    if (!m->pairs) return PMKT_E_NOMEM;
    m->n_pairs = l->n;
    for (int64_t i = 0; i < l->n; i++) {
        m->pairs[i] =
            (pmkti_count){l->at[i].key, l->at[i].raw[PMKTI_BUYERS], l->at[i].raw[PMKTI_OTHERS]};
    }
    return PMKT_OK;
}

static pmkt_status build(building *b, pmkt_error *err) {
    pmkt_intent *m = b->m;
    int64_t of_length[PMKT_INTENT_MAX_ORDER + 1] = {0};
    for (int64_t i = 0; i < m->n_counts; i++) {
        of_length[length_of(m->counts[i].key >> PMKTI_STEP_BITS)]++;
    }
    for (int32_t k = m->facts.order; k >= 0; k--) {
        if (fill(b, k, of_length)) return pmkti_stopped(err, PMKT_E_NOMEM);
        set_discounts(&b->levels[k]);
    }
    if (keep_pairs(b)) return pmkti_stopped(err, PMKT_E_NOMEM);
    const pmkt_status status = place(b, err);
    if (status) return status;
    int64_t below = 0; /* edges of shorter contexts */
    int32_t length = 0;
    for (int64_t i = 0; i < m->n_nodes; i++) {
        pmkti_node *node = &m->nodes[i];
        for (; length < node->length; length++) below += b->levels[length].n;
        const gram *grams = b->levels[length].at;
        if (!grams) { /* nothing was counted at all */
            for (int c = 0; c < PMKTI_CHAINS; c++) node->rest[c] = 1;
            continue;
        }
        weigh(m, node, grams + (node->first - below), &b->levels[length]);
    }
    link_nodes(m);
    return PMKT_OK;
}

pmkt_status pmkti_chain_build(pmkt_intent *m, pmkt_error *err) {
    building b = {.m = m};
    m->alphabet = m->facts.actions + 2;
    const pmkt_status status = build(&b, err);
    for (int32_t k = 0; k <= m->facts.order; k++) {
        pmkti_free(&m->allocator, b.levels[k].at, (size_t)b.levels[k].room, sizeof *b.levels[k].at);
    }
    return status;
}
