/*
 * chain.c - the shape of a chain: which states and steps the paths have.
 *
 * Numbers are given by first appearance along the paths. That is more than convenient: a sweep of the solver
 * in this order carries what it knows along a path from its beginning to its end, so that a chain that
 * is little more than one long path takes few sweeps.
 */
#include "intent/attribution/chain.h"

#include "core/alloc.h"
#include "intent/attribution/numbers.h"

#define DIRECT (INT64_C(1) << 21) /* pairs for which a plain table is used */

/* Numbers of pairs of a state and a channel: a plain table where that is small. */
typedef struct pairs {
    int32_t *table; /* [before * channels] the number, or 0 */
    int64_t n;      /* the next number */
    pmkti_attribution_numbers hashed;
} pairs;

static pmkt_status number_pair(pairs *p, int32_t channels, int32_t before, int32_t channel,
                               int32_t *number) {
    if (p->table) {
        int32_t *slot = &p->table[(int64_t)before * channels + channel];
        if (*slot == 0) *slot = (int32_t)p->n++;
        *number = *slot;
        return PMKT_OK;
    }
    int64_t found = 0;
    const uint64_t key = (uint64_t)before << 32 | ((uint32_t)channel + 1);
    const pmkt_status status = pmkti_attribution_number(&p->hashed, key, &found);
    *number = (int32_t)(found + 1);
    p->n = p->hashed.n + 1;
    return status;
}

pmkt_status pmkti_attribution_extend(const pmkti_attribution_input *in, int32_t *number,
                                     int64_t *n) {
    const int64_t room = *n * in->channels;
    pairs p = {.n = 1};
    pmkt_status status = PMKT_OK;
    if (room <= DIRECT) {
        p.table = pmkti_alloc_zero(in->allocator, (size_t)room, sizeof *p.table);
        if (!p.table) status = PMKT_E_NOMEM;
    } else {
        status = pmkti_attribution_numbers_begin(&p.hashed, in->allocator);
    }
    for (int64_t j = 0; j < in->paths && !status; j++) {
        int32_t before = 0;
        for (int64_t i = in->at[j]; i < in->at[j + 1] && !status; i++) {
            const int32_t shorter = number[i];
            status = number_pair(&p, in->channels, before, in->touch[i], &number[i]);
            before = shorter;
        }
    }
    pmkti_free(in->allocator, p.table, (size_t)room, sizeof *p.table);
    pmkti_attribution_numbers_end(&p.hashed);
    *n = p.n;
    return status;
}

/* ------------------------------------------------------------------------ shape */

/* Fills what is told by the state and the step of every touch: ends, channels, the steps' two ends. */
static void read_touches(pmkti_attribution_chain *c, const int32_t *state, int32_t *to) {
    const pmkti_attribution_input *in = c->in;
    for (int64_t j = 0; j < in->paths; j++) {
        const int64_t first = in->at[j];
        int32_t before = 0;
        for (int64_t i = first; i < in->at[j + 1]; i++) {
            c->from[c->step_of[i]] = before;
            to[c->step_of[i]] = before = state[i];
            int32_t *holds = c->holds + (int64_t)state[i] * c->order;
            for (int64_t k = 0; k < c->order; k++) {
                holds[k] = i - k >= first ? in->touch[i - k] : -1;
            }
        }
        c->end[j] = before;
    }
    for (int32_t k = 0; k < c->order; k++) c->holds[k] = -1;
}

/* Sorts the steps by where they lead to, and renames them so. */
static void sort_steps(pmkti_attribution_chain *c, const int32_t *to, int32_t *name,
                       int32_t *from) {
    for (int32_t e = 0; e < c->steps; e++) c->into[to[e] + 1]++;
    for (int32_t s = 0; s < c->states; s++) c->into[s + 1] += c->into[s];
    for (int32_t e = 0; e < c->steps; e++) {
        name[e] = c->into[to[e]]++;
        from[name[e]] = c->from[e];
    }
    for (int32_t s = c->states; s > 0; s--) c->into[s] = c->into[s - 1];
    c->into[0] = 0;
    for (int32_t e = 0; e < c->steps; e++) c->from[e] = from[e];
    for (int64_t i = 0; i < c->in->touches; i++) c->step_of[i] = name[c->step_of[i]];
}

/* Lists the steps to earlier states by where they come from. */
static void list_later(pmkti_attribution_chain *c) {
    for (int32_t t = 1; t < c->states; t++) {
        for (int32_t e = c->into[t]; e < c->into[t + 1]; e++) {
            if (c->from[e] > t) c->later[c->from[e] + 1]++;
        }
    }
    for (int32_t s = 0; s < c->states; s++) c->later[s + 1] += c->later[s];
    for (int32_t t = 1; t < c->states; t++) {
        for (int32_t e = c->into[t]; e < c->into[t + 1]; e++) {
            if (c->from[e] <= t) continue;
            const int32_t to = c->later[c->from[e]]++;
            c->reached[to] = c->holds[(int64_t)t * c->order];
            c->step[to] = e;
        }
    }
    for (int32_t s = c->states; s > 0; s--) c->later[s] = c->later[s - 1];
    c->later[0] = 0;
}

static pmkt_status lay_out(pmkti_attribution_chain *c, const int32_t *state) {
    const pmkt_allocator *a = c->in->allocator;
    const size_t states = (size_t)c->states, steps = (size_t)c->steps;
    c->into = pmkti_alloc_zero(a, states + 1, sizeof *c->into);
    c->from = pmkti_alloc(a, steps, sizeof *c->from);
    c->holds = pmkti_alloc(a, states * (size_t)c->order, sizeof *c->holds);
    c->later = pmkti_alloc_zero(a, states + 1, sizeof *c->later);
    c->reached = pmkti_alloc(a, steps, sizeof *c->reached);
    c->step = pmkti_alloc(a, steps, sizeof *c->step);
    int32_t *scratch = pmkti_alloc(a, 3 * steps, sizeof *scratch);
    const bool has_room =
        c->into && c->from && c->holds && c->later && c->reached && c->step && scratch;
    if (has_room) {
        read_touches(c, state, scratch);
        sort_steps(c, scratch, scratch + steps, scratch + 2 * steps);
        list_later(c);
    }
    pmkti_free(a, scratch, 3 * steps, sizeof *scratch);
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}

static pmkt_status number_states(pmkti_attribution_chain *c, int32_t *state) {
    const pmkti_attribution_input *in = c->in;
    int64_t n = 1;
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < in->touches; i++) state[i] = 0;
    for (int32_t k = 1; k <= c->order && !status; k++) {
        status = pmkti_attribution_extend(in, state, &n);
    }
    c->states = (int32_t)n;
    if (status) return status;
    /* A step is what a state would be that remembered one touch more. */
    for (int64_t i = 0; i < in->touches; i++) c->step_of[i] = state[i];
    status = pmkti_attribution_extend(in, c->step_of, &n);
    c->steps = (int32_t)n - 1;
    for (int64_t i = 0; i < in->touches; i++) c->step_of[i]--;
    return status;
}

pmkt_status pmkti_attribution_chain_make(pmkti_attribution_chain *chain,
                                         const pmkti_attribution_input *in, int32_t order) {
    const pmkt_allocator *a = in->allocator;
    const size_t touches = (size_t)in->touches;
    *chain = (pmkti_attribution_chain){.in = in, .order = order};
    chain->step_of = pmkti_alloc(a, touches, sizeof *chain->step_of);
    chain->end = pmkti_alloc(a, (size_t)in->paths, sizeof *chain->end);
    int32_t *state = pmkti_alloc(a, touches, sizeof *state);
    pmkt_status status = chain->step_of && chain->end && state ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) status = number_states(chain, state);
    if (!status) status = lay_out(chain, state);
    pmkti_free(a, state, touches, sizeof *state);
    return status;
}

void pmkti_attribution_chain_clear(pmkti_attribution_chain *chain) {
    if (!chain->in) return;
    const pmkt_allocator *a = chain->in->allocator;
    const size_t states = (size_t)chain->states, steps = (size_t)chain->steps;
    pmkti_free(a, chain->step_of, (size_t)chain->in->touches, sizeof *chain->step_of);
    pmkti_free(a, chain->end, (size_t)chain->in->paths, sizeof *chain->end);
    pmkti_free(a, chain->into, states + 1, sizeof *chain->into);
    pmkti_free(a, chain->from, steps, sizeof *chain->from);
    pmkti_free(a, chain->holds, states * (size_t)chain->order, sizeof *chain->holds);
    pmkti_free(a, chain->later, states + 1, sizeof *chain->later);
    pmkti_free(a, chain->reached, steps, sizeof *chain->reached);
    pmkti_free(a, chain->step, steps, sizeof *chain->step);
    *chain = (pmkti_attribution_chain){0};
}
