/*
 * order.c - pmkt_attribution_order: which order foretells best what it has not seen.
 *
 * Contexts and steps of every order are numbered once. Then each fold is foretold from the counts of the
 * others, which are summed for it row by row, so that what is nobody's is exactly zero.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"
#include "intent/attribution/solve.h"

#define ORDERS (PMKTI_ATTRIBUTION_MOST_ORDER + 1)
#define FOLDS 5
#define MOST_FOLDS 20
#define WORK 64 /* rows of other calls that a touch is worth */

/* The contexts of one order: 0 is the start of a path (of order 0: the only one). */
typedef struct contexts {
    int32_t *of;   /* [touches] the context after a touch */
    int32_t *step; /* [touches] the pair of the context before a touch and its channel */
    int64_t n, steps;
} contexts;

/* Counts of one order, of the paths beside a fold. */
typedef struct seen {
    double *step;                /* [steps] */
    double *conversions, *nulls; /* [n] ends in a context */
    double *all, *kinds;         /* [n] how often a context was left, in how many ways */
} seen;

typedef struct ordering {
    pmkt_attribution_order_options o;
    pmkt_allocator allocator;
    pmkti_run run;
    pmkti_attribution_input in;
    contexts order[ORDERS];
    double sum[MOST_FOLDS][ORDERS]; /* of logarithms */
    double steps[MOST_FOLDS];       /* foretold */
} ordering;

/* ------------------------------------------------------------------------ folds */

/* The part of n customers of row j that belongs to a fold: an equal part to each, then one each of those
   left over from a fold on that hangs on seed and row, then what is left of one. */
static double part(const ordering *r, int64_t j, int32_t fold, double n, uint64_t what) {
    const int32_t folds = r->o.folds;
    const uint64_t key = pmkti_mix(pmkti_mix(r->o.seed + 1) + 2 * (uint64_t)j + what + 1);
    const double each = floor(n / folds), left = n - each * folds, whole = floor(left);
    const int32_t from = (int32_t)(key % (uint64_t)folds);
    const int32_t place = (fold - from + folds) % folds; /* among those who get what is left */
    if (place < (int32_t)whole) return each + 1;
    return place == (int32_t)whole ? each + (left - whole) : each;
}

/* --------------------------------------------------------------------- counting */

static pmkt_status number(ordering *r, int32_t k) {
    const pmkti_attribution_input *in = &r->in;
    contexts *c = &r->order[k];
    c->of = pmkti_alloc(&r->allocator, (size_t)in->touches, sizeof *c->of);
    c->step = pmkti_alloc(&r->allocator, (size_t)in->touches, sizeof *c->step);
    if (!c->of || !c->step) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < in->touches; i++) {
        c->of[i] = k == 0 ? 0 : r->order[k - 1].step[i] + 1;
        c->step[i] = c->of[i];
    }
    c->n = k == 0 ? 1 : r->order[k - 1].steps + 1;
    int64_t n = c->n;
    const pmkt_status status = pmkti_attribution_extend(in, c->step, &n);
    for (int64_t i = 0; i < in->touches; i++) c->step[i]--;
    c->steps = n - 1;
    return status;
}

static void drop_seen(const ordering *r, seen *s) {
    const pmkt_allocator *a = &r->allocator;
    for (int32_t k = 0; k <= r->o.max_order; k++) {
        const size_t n = (size_t)r->order[k].n;
        pmkti_free(a, s[k].step, (size_t)r->order[k].steps, sizeof(double));
        pmkti_free(a, s[k].conversions, n, sizeof(double));
        pmkti_free(a, s[k].nulls, n, sizeof(double));
        pmkti_free(a, s[k].all, n, sizeof(double));
        pmkti_free(a, s[k].kinds, n, sizeof(double));
    }
}

static pmkt_status make_seen(const ordering *r, seen *s) {
    const pmkt_allocator *a = &r->allocator;
    for (int32_t k = 0; k <= r->o.max_order; k++) {
        const size_t n = (size_t)r->order[k].n;
        s[k].step = pmkti_alloc_zero(a, (size_t)r->order[k].steps, sizeof(double));
        s[k].conversions = pmkti_alloc_zero(a, n, sizeof(double));
        s[k].nulls = pmkti_alloc_zero(a, n, sizeof(double));
        s[k].all = pmkti_alloc_zero(a, n, sizeof(double));
        s[k].kinds = pmkti_alloc_zero(a, n, sizeof(double));
        if (!s[k].step || !s[k].conversions || !s[k].nulls || !s[k].all || !s[k].kinds) {
            return PMKT_E_NOMEM;
        }
    }
    return PMKT_OK;
}

static void count(double *slot, double n, seen *s, int32_t context) {
    if (n == 0) return;
    if (*slot == 0) s->kinds[context]++;
    *slot += n;
    s->all[context] += n;
}

/* Counts the paths of one order, less a fold. */
static void look(const ordering *r, int32_t fold, int32_t k, seen *s) {
    const pmkti_attribution_input *in = &r->in;
    const contexts *c = &r->order[k];
    for (int64_t j = 0; j < in->paths; j++) {
        if (in->at[j] == in->at[j + 1]) continue;
        const double conversions = in->conversions[j] - part(r, j, fold, in->conversions[j], 0);
        const double nulls = in->nulls[j] - part(r, j, fold, in->nulls[j], 1);
        int32_t context = 0;
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            count(&s->step[c->step[i]], conversions + nulls, s, context);
            context = c->of[i];
        }
        count(&s->conversions[context], conversions, s, context);
        count(&s->nulls[context], nulls, s, context);
    }
}

/* ------------------------------------------------------------------- foretelling */

/* Method C of Witten and Bell: a context that was left in many ways is trusted less. */
static double blend(const seen *s, int32_t context, double n, double lower) {
    const double all = s->all[context], kinds = s->kinds[context];
    return all > 0 ? (n + kinds * lower) / (all + kinds) : lower;
}

/* What comes after `met` touches of a path: touch i, or its end. */
typedef struct step {
    int64_t i; /* or -1: */
    bool converts;
    int64_t before; /* the touch before, or -1 */
    int64_t met;
} step;

static void foretell(const ordering *r, const seen *s, step x, double weight, double *sum) {
    double p = 1 / (double)(r->in.channels + 2);
    for (int32_t k = 0; k <= r->o.max_order; k++) {
        /* Near the start of a path longer contexts are the shorter ones over again. */
        if (k <= x.met + 1) {
            const contexts *c = &r->order[k];
            const int32_t context = x.before < 0 ? 0 : c->of[x.before];
            const double *ends = x.converts ? s[k].conversions : s[k].nulls;
            p = blend(&s[k], context, x.i < 0 ? ends[context] : s[k].step[c->step[x.i]], p);
        }
        sum[k] += weight * log(p);
    }
}

static double foretell_path(const ordering *r, const seen *s, int64_t j, int32_t fold,
                            double *sum) {
    const pmkti_attribution_input *in = &r->in;
    const int64_t first = in->at[j], end = in->at[j + 1];
    const double conversions = part(r, j, fold, in->conversions[j], 0);
    const double nulls = part(r, j, fold, in->nulls[j], 1);
    const double all = conversions + nulls;
    if (all == 0 || first == end) return 0;
    for (int64_t i = first; i < end; i++) {
        const step x = {i, false, i > first ? i - 1 : -1, i - first};
        foretell(r, s, x, all, sum);
    }
    const step converts = {-1, true, end - 1, end - first};
    const step fails = {-1, false, end - 1, end - first};
    if (conversions > 0) foretell(r, s, converts, conversions, sum);
    if (nulls > 0) foretell(r, s, fails, nulls, sum);
    return all * (double)(end - first + 1);
}

static pmkt_status judge_fold(void *ctx, int64_t fold, int worker) {
    (void)worker;
    ordering *r = ctx;
    seen s[ORDERS] = {{0}};
    const pmkt_status status = make_seen(r, s);
    for (int32_t k = 0; k <= r->o.max_order && !status; k++) look(r, (int32_t)fold, k, &s[k]);
    for (int64_t j = 0; j < r->in.paths && !status; j++) {
        r->steps[fold] += foretell_path(r, s, j, (int32_t)fold, r->sum[fold]);
    }
    drop_seen(r, s);
    return status;
}

/* ---------------------------------------------------------------------- the call */

static pmkt_status check(pmkt_attribution_order_options *o, pmkt_error *err) {
    if (o->max_order == 0) o->max_order = PMKTI_ATTRIBUTION_MOST_ORDER;
    if (o->folds == 0) o->folds = FOLDS;
    if (o->max_order < 1 || o->max_order > PMKTI_ATTRIBUTION_MOST_ORDER) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.max_order is %d; it must lie from 1 to %d",
                          (int)o->max_order, PMKTI_ATTRIBUTION_MOST_ORDER);
    }
    if (o->folds < 2 || o->folds > MOST_FOLDS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.folds is %d; it must lie from 2 to %d",
                          (int)o->folds, MOST_FOLDS);
    }
    if (o->ignore_nulls == 0 || o->ignore_nulls == 1) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.ignore_nulls is %d; it must be 0 or 1",
                      (int)o->ignore_nulls);
}

static pmkt_status judge(ordering *r, pmkt_error *err) {
    pmkt_status status = pmkti_canceled(&r->run, 0, "states") ? PMKT_E_CANCELED : PMKT_OK;
    if (r->in.touches == 0) return pmkti_stopped(err, status);
    for (int32_t k = 0; k <= r->o.max_order && !status; k++) status = number(r, k);
    if (!status) {
        status = pmkti_parallel(&r->run, (pmkti_stage){"folds", 0.1, 1}, judge_fold, r, r->o.folds);
    }
    for (int32_t k = 0; k <= r->o.max_order; k++) {
        const size_t n = (size_t)r->in.touches;
        pmkti_free(&r->allocator, r->order[k].of, n, sizeof *r->order[k].of);
        pmkti_free(&r->allocator, r->order[k].step, n, sizeof *r->order[k].step);
    }
    return pmkti_stopped(err, status);
}

static void conclude(const ordering *r, pmkt_attribution_orders *out) {
    double sum[ORDERS] = {0};
    for (int32_t f = 0; f < r->o.folds; f++) {
        out->transitions += r->steps[f];
        for (int32_t k = 0; k <= r->o.max_order; k++) sum[k] += r->sum[f][k];
    }
    for (int32_t k = 0; k < ORDERS; k++) {
        const bool known = k <= r->o.max_order && out->transitions > 0;
        out->log_likelihood[k] = known ? sum[k] / out->transitions : NAN;
        if (!known || k == 0) continue;
        if (out->best == 0 || out->log_likelihood[k] > out->log_likelihood[out->best]) {
            out->best = k;
        }
    }
}

pmkt_status pmkt_attribution_order(const pmkt_attribution_paths *paths,
                                   const pmkt_attribution_order_options *options,
                                   const pmkt_run *run, pmkt_attribution_orders *out,
                                   pmkt_error *err) {
    ordering r = {.o = PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT};
    pmkt_attribution_orders mine = PMKT_ATTRIBUTION_ORDERS_INIT;
    uint32_t size = 0;
    pmkt_status status = pmkti_struct_size(out, sizeof mine, "out", &size, err);
    if (!status) status = pmkti_struct_in(&r.o, sizeof r.o, options, sizeof r.o, "options", err);
    if (!status) status = check(&r.o, err);
    if (!status) status = pmkti_allocator_check(r.o.allocator, &r.allocator, err);
    if (!status) status = pmkti_run_check(run, 0, &r.run, err);
    if (!status) {
        status =
            pmkti_attribution_input_make(&r.in, paths, r.o.ignore_nulls != 0, &r.allocator, err);
    }
    if (status) return status;
    status = pmkti_run_check(run, r.in.touches * WORK, &r.run, err);
    if (!status) status = judge(&r, err);
    if (!status) {
        conclude(&r, &mine);
        status = pmkti_struct_out(out, &mine, sizeof mine, sizeof mine, "out", err);
    }
    pmkti_attribution_input_clear(&r.in);
    return status;
}
