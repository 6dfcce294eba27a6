/*
 * direct.c - elimination. It never subtracts, so that every number has full relative precision however near
 * a chain is to never ending (Grassmann, Taksar, Heyman, Operations Research 33, 1985).
 */
#include <string.h>

#include "core/alloc.h"
#include "intent/attribution/solve.h"

#define LANES PMKTI_ATTRIBUTION_LANES
#define ALWAYS 256          /* states up to which one elimination is always the way */
#define MOST 4096           /* and beyond which it takes too much memory */
#define WORTH 40            /* sweeps that an elimination may cost */
#define MOST_OF_A_LANE 2048 /* states of an elimination for one channel */

/* The system (D - A) x = b with A the numbers off the diagonal, and D what makes each row of the whole,
   with `sink`, add up to zero. */
typedef struct dense {
    int64_t n;
    double *off;   /* [n][n] from the second to the first; eliminated in place */
    double *sink;  /* [n] from where x is zero or known */
    double *pivot; /* [n] its inverse, or 0 where nothing flows */
} dense;

static pmkt_status make(const pmkt_allocator *a, int64_t n, dense *d) {
    *d = (dense){.n = n};
    d->off = pmkti_alloc_zero(a, (size_t)(n * n), sizeof *d->off);
    d->sink = pmkti_alloc_zero(a, (size_t)n, sizeof *d->sink);
    d->pivot = pmkti_alloc_zero(a, (size_t)n, sizeof *d->pivot);
    return d->off && d->sink && d->pivot ? PMKT_OK : PMKT_E_NOMEM;
}

static void clear(const pmkt_allocator *a, dense *d) {
    const size_t n = (size_t)d->n;
    pmkti_free(a, d->off, n * n, sizeof *d->off);
    pmkti_free(a, d->sink, n, sizeof *d->sink);
    pmkti_free(a, d->pivot, n, sizeof *d->pivot);
}

static void eliminate(dense *d) {
    const int64_t n = d->n;
    for (int64_t k = 0; k < n; k++) {
        const double *row = d->off + k * n;
        double all = d->sink[k];
        for (int64_t j = k + 1; j < n; j++) all += row[j];
        const double pivot = d->pivot[k] = all > 0 ? 1 / all : 0;
        for (int64_t i = k + 1; i < n; i++) {
            double *other = d->off + i * n;
            const double m = other[k] *= pivot;
            if (m == 0) continue;
            d->sink[i] += m * d->sink[k];
            for (int64_t j = k + 1; j < n; j++) other[j] += m * row[j];
        }
    }
}

/* Solves for LANES right sides at once, of which all rows before `first` are zero. */
static void solve(const dense *d, int64_t first, double *x) {
    const int64_t n = d->n;
    for (int64_t i = first + 1; i < n; i++) {
        for (int64_t k = first; k < i; k++) {
            const double m = d->off[i * n + k];
            for (int l = 0; l < LANES; l++) x[i * LANES + l] += m * x[k * LANES + l];
        }
    }
    for (int64_t k = n; k-- > 0;) {
        for (int64_t j = k + 1; j < n; j++) {
            const double m = d->off[k * n + j];
            for (int l = 0; l < LANES; l++) x[k * LANES + l] += m * x[j * LANES + l];
        }
        for (int l = 0; l < LANES; l++) x[k * LANES + l] *= d->pivot[k];
    }
}

/* -------------------------------------------------------- order 1, all channels */

bool pmkti_attribution_is_direct(const pmkti_attribution_chain *chain) {
    const int64_t n = chain->states - 1;
    if (chain->order > 1 || n > MOST) return false;
    return n <= ALWAYS || n * n <= WORTH * (int64_t)chain->steps;
}

typedef struct all_channels {
    const pmkti_attribution_solving *s;
    dense d;
    double *x; /* [workers][n][LANES] */
} all_channels;

/* The chance to meet c before the start is the expected number of visits to c over that from c itself. */
static pmkt_status solve_block(void *ctx, int64_t block, int worker) {
    const all_channels *all = ctx;
    const pmkti_attribution_solving *s = all->s;
    const int64_t n = all->d.n, left = n - block * LANES;
    const int lanes = left < LANES ? (int)left : LANES;
    double *x = all->x + (int64_t)worker * n * LANES;
    memset(x, 0, (size_t)(n * LANES) * sizeof *x);
    for (int l = 0; l < lanes; l++) x[(block * LANES + l) * LANES + l] = 1;
    solve(&all->d, block * LANES, x);
    for (int l = 0; l < lanes; l++) {
        const int64_t c = block * LANES + l;
        const double itself = x[c * LANES + l];
        double conversions = 0, values = 0;
        for (int64_t t = 0; t < n && itself > 0; t++) {
            const double met = x[t * LANES + l] / itself;
            conversions += s->flow->conversions[t + 1] * met;
            if (s->value_effect) values += s->flow->values[t + 1] * met;
        }
        const int32_t channel = s->chain->holds[c + 1];
        s->effect[channel] = conversions;
        if (s->value_effect) s->value_effect[channel] = values;
    }
    return PMKT_OK;
}

pmkt_status pmkti_attribution_direct(const pmkti_attribution_solving *s) {
    const pmkti_attribution_chain *c = s->chain;
    const pmkt_allocator *a = c->in->allocator;
    const int64_t n = c->states - 1, blocks = (n + LANES - 1) / LANES;
    const size_t room = (size_t)pmkti_workers(s->run, blocks) * (size_t)n * LANES;
    if (n > MOST) return PMKT_E_LIMIT;
    all_channels all = {.s = s};
    pmkt_status status = make(a, n, &all.d);
    all.x = pmkti_alloc(a, room, sizeof *all.x);
    if (!all.x) status = PMKT_E_NOMEM;
    for (int32_t t = 1; t < c->states && !status; t++) {
        for (int32_t e = c->into[t]; e < c->into[t + 1]; e++) {
            const int64_t from = c->from[e];
            if (from == t) continue;
            if (from == 0)
                all.d.sink[t - 1] = s->flow->step[e];
            else
                all.d.off[(t - 1) * n + from - 1] = s->flow->step[e];
        }
    }
    if (!status) {
        eliminate(&all.d);
        status = pmkti_parallel(s->run, s->stage, solve_block, &all, blocks);
    }
    pmkti_free(a, all.x, room, sizeof *all.x);
    clear(a, &all.d);
    return status;
}

/* ------------------------------------------------------- any order, one channel */

/* Numbers the states that do not hold the channel; -1 for the others, and the start. */
static int64_t number_free(const pmkti_attribution_chain *c, int32_t channel, int32_t *number) {
    int64_t n = 0;
    number[0] = -1;
    for (int32_t t = 1; t < c->states; t++) {
        number[t] = pmkti_attribution_holds(c, t, channel) ? -1 : (int32_t)n++;
    }
    return n;
}

static void fill(const pmkti_attribution_solving *s, const int32_t *number, dense *d, double *x) {
    const pmkti_attribution_chain *c = s->chain;
    for (int32_t t = 1; t < c->states; t++) {
        const int64_t row = number[t];
        if (row < 0) continue;
        for (int32_t e = c->into[t]; e < c->into[t + 1]; e++) {
            const int32_t from = c->from[e];
            if (from == t) continue;
            if (number[from] >= 0) {
                d->off[row * d->n + number[from]] = s->flow->step[e];
                continue;
            }
            d->sink[row] += s->flow->step[e];
            if (from != 0) x[row * LANES] += s->flow->step[e];
        }
    }
}

pmkt_status pmkti_attribution_direct_lane(const pmkti_attribution_solving *s, int32_t channel,
                                          int lane, double *v) {
    const pmkti_attribution_chain *c = s->chain;
    const pmkt_allocator *a = c->in->allocator;
    const size_t states = (size_t)c->states;
    if (c->states > MOST_OF_A_LANE) return PMKT_E_LIMIT;
    int32_t *number = pmkti_alloc(a, states, sizeof *number);
    double *x = pmkti_alloc_zero(a, states * LANES, sizeof *x);
    dense d = {0};
    pmkt_status status = number && x ? PMKT_OK : PMKT_E_NOMEM;
    const int64_t n = status ? 0 : number_free(c, channel, number);
    if (!status && n > 0) status = make(a, n, &d);
    if (!status && n > 0) {
        fill(s, number, &d, x);
        eliminate(&d);
        solve(&d, 0, x);
    }
    for (int32_t t = 1; t < c->states && !status; t++) {
        v[(int64_t)t * LANES + lane] = number[t] < 0 ? 1 : x[(int64_t)number[t] * LANES];
    }
    clear(a, &d);
    pmkti_free(a, number, states, sizeof *number);
    pmkti_free(a, x, states * LANES, sizeof *x);
    return status;
}
