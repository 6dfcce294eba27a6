#include "intent/attribution/coarse.h"

#include "core/alloc.h"
#include "core/sort.h"

#define CLASSES PMKTI_ATTRIBUTION_CLASSES
#define LANES PMKTI_ATTRIBUTION_LANES

/* --------------------------------------------------------------------- classes */

typedef struct met {
    double often;
    int32_t channel;
    int32_t reserved;
} met;

static bool is_met_more(const void *a, const void *b) {
    const met *x = a, *y = b;
    if (x->often != y->often) return x->often > y->often;
    return x->channel < y->channel;
}

static int32_t last_of(const pmkti_attribution_chain *c, int32_t state) {
    return c->holds[(int64_t)state * c->order];
}

/* Up to CLASSES channels are a class each; of more, those met most often are, and the others share one. */
static pmkt_status classify(const pmkti_attribution_chain *chain,
                            const pmkti_attribution_flow *flow, pmkti_attribution_coarse *c) {
    const int32_t channels = chain->in->channels;
    c->classes = channels < CLASSES ? channels : CLASSES;
    if (channels <= CLASSES) {
        for (int32_t a = 0; a < channels; a++) c->class_of[a] = a;
        return PMKT_OK;
    }
    met *all = pmkti_alloc(chain->in->allocator, (size_t)channels, sizeof *all);
    if (!all) return PMKT_E_NOMEM;
    for (int32_t a = 0; a < channels; a++) all[a] = (met){0, a, 0};
    for (int32_t t = 1; t < chain->states; t++) all[last_of(chain, t)].often += flow->through[t];
    pmkti_sort(all, (size_t)channels, sizeof *all, is_met_more);
    for (int32_t i = 0; i < channels; i++) {
        c->class_of[all[i].channel] = i < CLASSES - 1 ? i : CLASSES - 1;
    }
    pmkti_free(chain->in->allocator, all, (size_t)channels, sizeof *all);
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ flow */

static void add_step(pmkti_attribution_coarse *c, int32_t to, int32_t from, double flow) {
    const int32_t n = c->classes, g = c->class_of[to];
    if (from < 0) {
        c->start[g] += flow;
        c->first[to] += flow;
        return;
    }
    const int32_t h = c->class_of[from];
    c->flow[g * n + h] += flow;
    c->into[(int64_t)to * n + h] += flow;
    c->out[(int64_t)from * n + g] += flow;
    if (from == to) c->loop[to] += flow;
}

pmkt_status pmkti_attribution_coarse_make(const pmkti_attribution_chain *chain,
                                          const pmkti_attribution_flow *flow,
                                          pmkti_attribution_coarse *coarse) {
    const pmkt_allocator *a = chain->in->allocator;
    const size_t channels = (size_t)chain->in->channels;
    *coarse = (pmkti_attribution_coarse){0};
    coarse->class_of = pmkti_alloc(a, channels, sizeof *coarse->class_of);
    if (!coarse->class_of || classify(chain, flow, coarse)) return PMKT_E_NOMEM;
    const size_t n = (size_t)coarse->classes;
    coarse->flow = pmkti_alloc_zero(a, n * n, sizeof *coarse->flow);
    coarse->start = pmkti_alloc_zero(a, n, sizeof *coarse->start);
    coarse->into = pmkti_alloc_zero(a, channels * n, sizeof *coarse->into);
    coarse->out = pmkti_alloc_zero(a, channels * n, sizeof *coarse->out);
    coarse->loop = pmkti_alloc_zero(a, channels, sizeof *coarse->loop);
    coarse->first = pmkti_alloc_zero(a, channels, sizeof *coarse->first);
    if (!coarse->flow || !coarse->start || !coarse->into || !coarse->out || !coarse->loop ||
        !coarse->first) {
        return PMKT_E_NOMEM;
    }
    for (int32_t t = 1; t < chain->states; t++) {
        for (int32_t e = chain->into[t]; e < chain->into[t + 1]; e++) {
            const int32_t from = chain->from[e];
            if (from == t) continue;
            add_step(coarse, last_of(chain, t), from ? last_of(chain, from) : -1, flow->step[e]);
        }
    }
    return PMKT_OK;
}

void pmkti_attribution_coarse_clear(const pmkti_attribution_chain *chain,
                                    pmkti_attribution_coarse *coarse) {
    const pmkt_allocator *a = chain->in->allocator;
    const size_t channels = (size_t)chain->in->channels, n = (size_t)coarse->classes;
    pmkti_free(a, coarse->class_of, channels, sizeof *coarse->class_of);
    pmkti_free(a, coarse->flow, n * n, sizeof *coarse->flow);
    pmkti_free(a, coarse->start, n, sizeof *coarse->start);
    pmkti_free(a, coarse->into, channels * n, sizeof *coarse->into);
    pmkti_free(a, coarse->out, channels * n, sizeof *coarse->out);
    pmkti_free(a, coarse->loop, channels, sizeof *coarse->loop);
    pmkti_free(a, coarse->first, channels, sizeof *coarse->first);
    *coarse = (pmkti_attribution_coarse){0};
}

/* --------------------------------------------------------------------- systems */

static double no_less_than_zero(double x) {
    return x > 0 ? x : 0;
}

/* One lane: the flow between classes without a channel, and into each from where the error is zero: the
   start, and the channel (with order 2 and more that is only about right, and a little too much, which
   makes the correction a little too small: the safe side). */
static void fill_lane(const pmkti_attribution_coarse *c, int32_t channel, int lane,
                      pmkti_attribution_lumped *x, double sink[CLASSES][LANES]) {
    const int32_t n = c->classes, own = c->class_of[channel];
    const double *into = c->into + (int64_t)channel * n, *out = c->out + (int64_t)channel * n;
    const double loop = c->loop[channel];
    for (int32_t g = 0; g < n; g++) {
        for (int32_t h = 0; h < n; h++) {
            double flow = c->flow[g * n + h];
            if (g == own) flow -= into[h];
            if (h == own) flow -= out[g];
            if (g == own && h == own) flow += loop;
            x->off[g][h][lane] = no_less_than_zero(flow);
        }
        double sunk = c->start[g] + out[g];
        if (g == own) sunk -= loop + c->first[channel];
        sink[g][lane] = no_less_than_zero(sunk);
    }
}

/* Elimination that never subtracts: a row's diagonal is what it sends elsewhere (Grassmann, Taksar,
   Heyman, "Regenerative analysis and steady state distributions", Operations Research 33, 1985). */
static void eliminate(int32_t n, pmkti_attribution_lumped *x, double sink[CLASSES][LANES]) {
    for (int32_t k = 0; k < n; k++) {
        for (int l = 0; l < LANES; l++) {
            double all = sink[k][l];
            for (int32_t j = k + 1; j < n; j++) all += x->off[k][j][l];
            x->pivot[k][l] = all > 0 ? 1 / all : 0;
        }
        for (int32_t i = k + 1; i < n; i++) {
            double *m = x->off[i][k];
            for (int l = 0; l < LANES; l++) {
                m[l] *= x->pivot[k][l];
                sink[i][l] += m[l] * sink[k][l];
            }
            for (int32_t j = k + 1; j < n; j++) {
                for (int l = 0; l < LANES; l++) x->off[i][j][l] += m[l] * x->off[k][j][l];
            }
        }
    }
}

void pmkti_attribution_lump(const pmkti_attribution_chain *chain,
                            const pmkti_attribution_coarse *coarse, int32_t first_channel,
                            pmkti_attribution_lumped *lumped) {
    double sink[CLASSES][LANES];
    const int32_t last = chain->in->channels - 1;
    for (int l = 0; l < LANES; l++) {
        const int32_t channel = first_channel + l < last ? first_channel + l : last;
        fill_lane(coarse, channel, l, lumped, sink);
    }
    eliminate(coarse->classes, lumped, sink);
}

void pmkti_attribution_lumped_solve(const pmkti_attribution_lumped *lumped, int32_t classes,
                                    double x[CLASSES][LANES]) {
    for (int32_t i = 0; i < classes; i++) {
        for (int32_t k = 0; k < i; k++) {
            for (int l = 0; l < LANES; l++) x[i][l] += lumped->off[i][k][l] * x[k][l];
        }
    }
    for (int32_t k = classes; k-- > 0;) {
        for (int32_t j = k + 1; j < classes; j++) {
            for (int l = 0; l < LANES; l++) x[k][l] += lumped->off[k][j][l] * x[j][l];
        }
        for (int l = 0; l < LANES; l++) x[k][l] *= lumped->pivot[k][l];
    }
}
