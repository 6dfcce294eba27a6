/*
 * solve.c - Gauss-Seidel sweeps over the states, eight channels side by side, with a coarse correction
 * after each. Every number is an average of others between 0 and 1, so rounding does not build up.
 */
#include "intent/attribution/solve.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/coarse.h"
#include "intent/attribution/kernels/sweep.h"

#define LANES PMKTI_ATTRIBUTION_LANES
#define CLASSES PMKTI_ATTRIBUTION_CLASSES
#define MOST_SWEEPS 1000
#define ROUNDING 1e-16 /* a mean change of a state below it is rounding */
#define NOISE 1e-15    /* and one below this may be */
#define RARE 40        /* visits a conversion, beyond which states count for more */

/* What one worker needs for a block. */
typedef struct room {
    pmkti_attribution_lumped lumped;
    double *v;     /* [states][LANES], or NULL: s->keep */
    double *off;   /* [channels][LANES] */
    uint8_t *held; /* [states] */
} room;

typedef struct sweeping {
    const pmkti_attribution_solving *s;
    const pmkti_attribution_sweeper *loops;
    double through; /* all states */
    double scale;   /* of changes: the same, but for conversions so rare that few states matter */
    pmkti_attribution_coarse coarse;
    room *rooms;     /* [workers] */
    double *numbers; /* of all rooms, with what it takes to align them */
    uint8_t *held;   /* of all rooms */
} sweeping;

/* One block on its way. */
typedef struct solving {
    const sweeping *w;
    const pmkti_attribution_lumped *lumped;
    pmkti_attribution_block block;
    int32_t first; /* channel */
} solving;

/* Says which states hold which channel of the block, where v is 1. */
static void set_held(const pmkti_attribution_chain *c, int32_t first, uint8_t *held, double *v) {
    for (int32_t t = 0; t < c->states; t++) {
        unsigned bits = 0;
        for (int32_t k = 0; k < c->order; k++) {
            const int32_t lane = c->holds[(int64_t)t * c->order + k] - first;
            if (lane < 0 || lane >= LANES) continue;
            bits |= 1u << lane;
            v[(int64_t)t * LANES + lane] = 1;
        }
        held[t] = (uint8_t)bits;
    }
}

/* Takes the error that is common to a class away from its states. */
static void correct(const solving *x) {
    const pmkti_attribution_coarse *coarse = &x->w->coarse;
    const int32_t channels = x->block.chain->in->channels;
    double error[CLASSES][LANES], *off = x->block.off;
    memset(error, 0, sizeof error);
    for (int32_t c = 0; c < channels; c++) {
        double *sum = error[coarse->class_of[c]], *at = off + (int64_t)c * LANES;
        /* A state that holds the lane's channel is never off. */
        if (c >= x->first && c - x->first < LANES) at[c - x->first] = 0;
        for (int l = 0; l < LANES; l++) sum[l] += at[l];
    }
    pmkti_attribution_lumped_solve(x->lumped, coarse->classes, error);
    for (int32_t c = 0; c < channels; c++) {
        memcpy(off + (int64_t)c * LANES, error[coarse->class_of[c]], sizeof error[0]);
    }
    x->w->loops->shift(&x->block);
}

/* True once the error that is left, judged by how the last two changes shrank, is below the tolerance. */
static bool settle(const solving *x) {
    const sweeping *w = x->w;
    double before = 0, slowest = 1;
    for (int i = 0; i < MOST_SWEEPS; i++) {
        const double change = w->loops->sweep(&x->block) / w->scale;
        const double mean = change * w->scale / w->through;
        const double rate = before > 0 && change < before ? change / before : 1;
        const double worse = rate > slowest ? rate : slowest;
        const double left = worse < 1 ? change * worse / (1 - worse) : 1;
        if (left <= w->s->tolerance || mean <= ROUNDING) return true;
        if (mean <= NOISE && rate == 1) return true; /* it shrinks no more */
        before = change;
        slowest = rate;
        correct(x);
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
    room *mine = &w->rooms[worker];
    const int64_t size = pmkti_attribution_block_size(s->chain);
    const int32_t first = (int32_t)block * LANES, channels = s->chain->in->channels;
    double *v = s->keep ? s->keep + block * size : mine->v;
    if (s->begin)
        memcpy(v, s->begin + block * size, (size_t)size * sizeof *v);
    else
        memset(v, 0, (size_t)size * sizeof *v);
    set_held(s->chain, first, mine->held, v);
    pmkti_attribution_lump(s->chain, &w->coarse, first, &mine->lumped);
    const solving x = {w, &mine->lumped, {s->chain, s->flow, mine->held, v, mine->off}, first};
    pmkt_status status = PMKT_OK;
    if (!settle(&x)) {
        for (int l = 0; l < LANES && first + l < channels && !status; l++) {
            status = pmkti_attribution_direct_lane(s, first + l, l, v);
        }
    }
    if (!status) add_up(s, first, v);
    return status;
}

/* Doubles of a room. */
static size_t numbers_of_room(const pmkti_attribution_solving *s) {
    const size_t v = s->keep ? 0 : (size_t)pmkti_attribution_block_size(s->chain);
    return v + (size_t)s->chain->in->channels * LANES;
}

static pmkt_status make_rooms(sweeping *w, size_t workers) {
    const pmkti_attribution_solving *s = w->s;
    const pmkt_allocator *a = s->chain->in->allocator;
    const size_t states = (size_t)s->chain->states, each = numbers_of_room(s);
    w->rooms = pmkti_alloc(a, workers, sizeof *w->rooms);
    w->numbers = pmkti_alloc(a, workers * each + LANES, sizeof *w->numbers);
    w->held = pmkti_alloc(a, workers * states, sizeof *w->held);
    if (!w->rooms || !w->numbers || !w->held) return PMKT_E_NOMEM;
    for (size_t i = 0; i < workers; i++) {
        room *mine = &w->rooms[i];
        double *v = pmkti_attribution_align(w->numbers) + i * each;
        mine->v = s->keep ? NULL : v;
        mine->off = v + each - (size_t)s->chain->in->channels * LANES;
        mine->held = w->held + i * states;
    }
    return PMKT_OK;
}

static void clear_rooms(const sweeping *w, size_t workers) {
    const pmkti_attribution_solving *s = w->s;
    const pmkt_allocator *a = s->chain->in->allocator;
    pmkti_free(a, w->rooms, workers, sizeof *w->rooms);
    pmkti_free(a, w->numbers, workers * numbers_of_room(s) + LANES, sizeof *w->numbers);
    pmkti_free(a, w->held, workers * (size_t)s->chain->states, sizeof *w->held);
}

static pmkt_status sweep_all(const pmkti_attribution_solving *s) {
    const int64_t blocks = pmkti_attribution_blocks(s->chain);
    const size_t workers = (size_t)pmkti_workers(s->run, blocks);
    sweeping w = {.s = s, .loops = pmkti_attribution_sweeper_get()};
    for (int32_t t = 1; t < s->chain->states; t++) {
        w.through += s->flow->through[t];
        w.scale += s->flow->conversions[t] * RARE;
    }
    if (w.through == 0) w.through = 1; /* then nothing happens */
    if (w.scale == 0 || w.scale > w.through) w.scale = w.through;
    pmkt_status status = pmkti_attribution_coarse_make(s->chain, s->flow, &w.coarse);
    if (!status) status = make_rooms(&w, workers);
    if (!status) status = pmkti_parallel(s->run, s->stage, solve_block, &w, blocks);
    clear_rooms(&w, workers);
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
