/*
 * solve.c - Gauss-Seidel sweeps over the states, eight channels side by side, with a coarse correction
 * after each. Every number is an average of others between 0 and 1, so rounding does not build up.
 */
#include "intent/attribution/solve.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/coarse.h"

#define LANES PMKTI_ATTRIBUTION_LANES
#define CLASSES PMKTI_ATTRIBUTION_CLASSES
#define MOST_SWEEPS 1000
#define ROUNDING 1e-16 /* a mean change of a state below it is rounding */
#define NOISE 1e-15    /* and one below this may be */
#define RARE 40        /* visits a conversion, beyond which states count for more */

typedef struct sweeping {
    const pmkti_attribution_solving *s;
    double through; /* all states */
    double scale;   /* of changes: the same, but for conversions so rare that few states matter */
    pmkti_attribution_coarse coarse;
    pmkti_attribution_lumped *lumped; /* [workers] */
    double *v;                        /* [workers][states][LANES], or NULL: s->keep */
} sweeping;

/* The average of the states before t. */
static void average(const pmkti_attribution_solving *s, int32_t t, const double *v,
                    double out[LANES]) {
    const pmkti_attribution_chain *c = s->chain;
    double sum[LANES] = {0};
    for (int32_t e = c->into[t]; e < c->into[t + 1]; e++) {
        const double share = s->flow->share[e];
        const double *from = v + (int64_t)c->from[e] * LANES;
        for (int l = 0; l < LANES; l++) sum[l] += share * from[l];
    }
    memcpy(out, sum, sizeof sum);
}

/* In states that hold a channel of the block, that lane is `known`. */
static void set_held(const pmkti_attribution_chain *c, int32_t t, int32_t first, double known,
                     double out[LANES]) {
    for (int32_t k = 0; k < c->order; k++) {
        const int32_t lane = c->holds[(int64_t)t * c->order + k] - first;
        if (lane >= 0 && lane < LANES) out[lane] = known;
    }
}

/* One sweep; the change, summed over the flow: so no state on the way to a conversion changes unseen, and
   those that hardly anybody came through are not waited for. */
static double sweep(const pmkti_attribution_solving *s, int32_t first, double *v) {
    double change[LANES] = {0}, most = 0;
    for (int32_t t = 1; t < s->chain->states; t++) {
        double now[LANES], *to = v + (int64_t)t * LANES;
        const double through = s->flow->through[t];
        average(s, t, v, now);
        set_held(s->chain, t, first, 1, now);
        for (int l = 0; l < LANES; l++) {
            change[l] += through * fabs(now[l] - to[l]);
            to[l] = now[l];
        }
    }
    for (int l = 0; l < LANES; l++) most = change[l] > most ? change[l] : most;
    return most;
}

/* Takes the error that is common to a class away from its states. */
static void correct(const sweeping *w, const pmkti_attribution_lumped *lumped, int32_t first,
                    double *v) {
    const pmkti_attribution_chain *c = w->s->chain;
    double error[CLASSES][LANES];
    memset(error, 0, sizeof error);
    for (int32_t t = 1; t < c->states; t++) {
        double now[LANES], *sum = error[w->coarse.class_of[c->holds[(int64_t)t * c->order]]];
        const double through = w->s->flow->through[t], *at = v + (int64_t)t * LANES;
        average(w->s, t, v, now);
        for (int l = 0; l < LANES; l++) now[l] = through * (now[l] - at[l]);
        set_held(c, t, first, 0, now);
        for (int l = 0; l < LANES; l++) sum[l] += now[l];
    }
    pmkti_attribution_lumped_solve(lumped, w->coarse.classes, error);
    for (int32_t t = 1; t < c->states; t++) {
        const double *by = error[w->coarse.class_of[c->holds[(int64_t)t * c->order]]];
        double *at = v + (int64_t)t * LANES;
        if (w->s->flow->through[t] == 0) continue;
        for (int l = 0; l < LANES; l++) {
            const double x = at[l] + by[l];
            at[l] = x < 0 ? 0 : x > 1 ? 1 : x;
        }
        set_held(c, t, first, 1, at);
    }
}

/* True once the error that is left, judged by how the last two changes shrank, is below the tolerance. */
static bool settle(const sweeping *w, const pmkti_attribution_lumped *lumped, int32_t first,
                   double *v) {
    double before = 0, slowest = 1;
    for (int i = 0; i < MOST_SWEEPS; i++) {
        const double change = sweep(w->s, first, v) / w->scale;
        const double mean = change * w->scale / w->through;
        const double rate = before > 0 && change < before ? change / before : 1;
        const double worse = rate > slowest ? rate : slowest;
        const double left = worse < 1 ? change * worse / (1 - worse) : 1;
        if (left <= w->s->tolerance || mean <= ROUNDING) return true;
        if (mean <= NOISE && rate == 1) return true; /* it shrinks no more */
        before = change;
        slowest = rate;
        correct(w, lumped, first, v);
    }
    return false;
}

static void add_up(const pmkti_attribution_solving *s, int32_t first, const double *v) {
    double conversions[LANES] = {0}, values[LANES] = {0};
    for (int32_t t = 1; t < s->chain->states; t++) {
        const double *at = v + (int64_t)t * LANES;
        for (int l = 0; l < LANES; l++) conversions[l] += s->flow->conversions[t] * at[l];
        if (!s->value_effect) continue;
        for (int l = 0; l < LANES; l++) values[l] += s->flow->values[t] * at[l];
    }
    for (int l = 0; l < LANES && first + l < s->chain->in->channels; l++) {
        s->effect[first + l] = conversions[l];
        if (s->value_effect) s->value_effect[first + l] = values[l];
    }
}

static pmkt_status solve_block(void *ctx, int64_t block, int worker) {
    const sweeping *w = ctx;
    const pmkti_attribution_solving *s = w->s;
    const int64_t size = pmkti_attribution_block_size(s->chain);
    const int32_t first = (int32_t)block * LANES, channels = s->chain->in->channels;
    double *v = s->keep ? s->keep + block * size : w->v + (int64_t)worker * size;
    if (s->begin)
        memcpy(v, s->begin + block * size, (size_t)size * sizeof *v);
    else
        memset(v, 0, (size_t)size * sizeof *v);
    pmkti_attribution_lump(s->chain, &w->coarse, first, &w->lumped[worker]);
    pmkt_status status = PMKT_OK;
    if (!settle(w, &w->lumped[worker], first, v)) {
        for (int l = 0; l < LANES && first + l < channels && !status; l++) {
            status = pmkti_attribution_direct_lane(s, first + l, l, v);
        }
    }
    if (!status) add_up(s, first, v);
    return status;
}

static pmkt_status sweep_all(const pmkti_attribution_solving *s) {
    const pmkt_allocator *a = s->chain->in->allocator;
    const int64_t blocks = pmkti_attribution_blocks(s->chain);
    const size_t workers = (size_t)pmkti_workers(s->run, blocks);
    const size_t room = workers * (size_t)pmkti_attribution_block_size(s->chain);
    sweeping w = {.s = s};
    for (int32_t t = 1; t < s->chain->states; t++) {
        w.through += s->flow->through[t];
        w.scale += s->flow->conversions[t] * RARE;
    }
    if (w.through == 0) w.through = 1; /* then nothing happens */
    if (w.scale == 0 || w.scale > w.through) w.scale = w.through;
    pmkt_status status = pmkti_attribution_coarse_make(s->chain, s->flow, &w.coarse);
    w.lumped = pmkti_alloc(a, workers, sizeof *w.lumped);
    if (!s->keep) w.v = pmkti_alloc(a, room, sizeof *w.v);
    if (!w.lumped || (!s->keep && !w.v)) status = PMKT_E_NOMEM;
    if (!status) status = pmkti_parallel(s->run, s->stage, solve_block, &w, blocks);
    pmkti_free(a, w.v, room, sizeof *w.v);
    pmkti_free(a, w.lumped, workers, sizeof *w.lumped);
    pmkti_attribution_coarse_clear(s->chain, &w.coarse);
    return status;
}

static double no_more_than_one(double x) {
    return x > 1 ? 1 : x;
}

pmkt_status pmkti_attribution_solve(const pmkti_attribution_solving *s) {
    const pmkti_attribution_chain *c = s->chain;
    pmkt_status status = PMKT_OK;
    if (pmkti_attribution_is_direct(c)) {
        status = pmkti_attribution_direct(s);
    } else {
        status = sweep_all(s);
        if (status == PMKT_E_LIMIT && c->order == 1) status = pmkti_attribution_direct(s);
    }
    if (status) return status;
    double conversions = 0, values = 0;
    for (int32_t t = 1; t < c->states; t++) {
        conversions += s->flow->conversions[t];
        if (s->value_effect) values += s->flow->values[t];
    }
    for (int32_t a = 0; a < c->in->channels; a++) {
        s->effect[a] = conversions > 0 ? no_more_than_one(s->effect[a] / conversions) : 0;
        if (s->value_effect) s->value_effect[a] = values != 0 ? s->value_effect[a] / values : 0;
    }
    return PMKT_OK;
}
