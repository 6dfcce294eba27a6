/*
 * learn_model.c - pmkt_tracker_learn: what was counted, and what was known, to a new model.
 *
 * The counts are copied, and taken off those of the shards only when the model is there, so that nothing is lost if
 * it cannot be made, and what ends meanwhile is counted for the next one. Meanwhile no lock is held: if models are
 * swapped, it begins anew.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/zone.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/tracker/learn.h"
#include "intent/tracker/swap.h"

#define PATIENCE 3 /* models that were swapped meanwhile, before swaps have to wait */

/* What one shard had counted. */
typedef struct taken {
    pmkti_tally tally;
    size_t pairs;
    pmkti_dwell *dwell; /* [pairs] */
    int64_t learned;
} taken;

typedef struct learning {
    pmkt_tracker *t;
    int64_t half_life_ms;
    const pmkt_purchase *before; /* the model in force, retained */
    int64_t since;               /* learned_ms of it */
    uint64_t models;             /* t->models; one address may be two models */
    pmkti_run run;
    bool holds;   /* control, so that nothing is swapped */
    bool swapped; /* models were swapped meanwhile */
    taken *from;  /* [shards] */
    int64_t latest;
} learning;

static size_t pairs_of(const learning *l) {
    const size_t actions = (size_t)l->before->chains->facts.actions;
    return actions * (actions + 1);
}

/* ---------------------------------------------------------------------- copying */

/* Copies what a shard has counted, if there is room for it. The shard is locked. */
static void copy_counts(learning *l, const pmkti_shard *s, taken *to) {
    const size_t slots = (size_t)s->tally.size;
    if (s->tally.size != to->tally.size) return;
    if (slots > 0) memcpy(to->tally.slot, s->tally.slot, slots * sizeof *s->tally.slot);
    to->tally.used = s->tally.used;
    if (to->dwell) memcpy(to->dwell, s->dwell, to->pairs * sizeof *s->dwell);
    to->learned = s->learned;
    if (s->latest > l->latest) l->latest = s->latest;
}

/* A copy of a shard. Its memory is got outside of the lock, as often as it turns out too small. */
static pmkt_status copy_shard(learning *l, pmkti_shard *s, taken *to) {
    const pmkt_allocator *a = &l->t->allocator;
    const int64_t clock = atomic_load_explicit(&l->t->clock, memory_order_relaxed);
    to->pairs = pairs_of(l);
    to->dwell = pmkti_alloc(a, to->pairs, sizeof *to->dwell);
    if (to->pairs > 0 && !to->dwell) return PMKT_E_NOMEM;
    to->tally.allocator = *a;
    for (;;) {
        pmkti_lock_take(&s->lock);
        l->swapped |= s->model != l->before;
        const pmkt_status status = l->swapped ? PMKT_OK : pmkti_learn_over(l->t, s, clock);
        const int64_t size = s->tally.size;
        if (!status && !l->swapped) copy_counts(l, s, to);
        pmkti_lock_give(&s->lock);
        if (status || l->swapped || size == to->tally.size) return status;
        pmkti_tally_free(&to->tally);
        if (size == 0) continue; /* a swap meanwhile, be it for the same model, forgot all */
        to->tally.slot = pmkti_alloc(a, (size_t)size, sizeof *to->tally.slot);
        if (size > 0 && !to->tally.slot) return PMKT_E_NOMEM; /* a swap leaves none */
        to->tally.size = size;
    }
}

/* Takes the copy off again; every key of it is there. */
static void take_off(const learning *l, pmkti_shard *s, const taken *from) {
    s->learned -= from->learned;
    if (s->learned == 0) pmkti_tally_clear(&s->tally); /* nothing came meanwhile */
    for (int64_t i = 0; i < from->tally.size && s->learned > 0; i++) {
        const pmkti_count *c = &from->tally.slot[i];
        if (c->key) (void)pmkti_tally_add(&s->tally, c->key, -c->buyers, -c->others);
    }
    for (size_t i = 0; i < pairs_of(l); i++) {
        s->dwell[i].n -= from->dwell[i].n, s->dwell[i].ms -= from->dwell[i].ms;
        s->dwell[i].ln -= from->dwell[i].ln, s->dwell[i].square -= from->dwell[i].square;
    }
}

static void free_copies(learning *l) {
    const pmkt_allocator *a = &l->t->allocator;
    for (int32_t i = 0; i < l->t->options.shards; i++) {
        taken *from = &l->from[i];
        if (from->tally.slot) pmkti_tally_free(&from->tally);
        pmkti_free(a, from->dwell, from->pairs, sizeof *from->dwell);
        *from = (taken){.pairs = 0};
    }
}

/* ---------------------------------------------------------------------- weighing */

/*
 * What is left of numbers. Of a fraction chance decides, for if it were rounded, a small number would never change
 * where each call takes less than half of one off it. The chance is of the key and the time alone, so that equal
 * trackers learn the same.
 */
typedef struct weight {
    double share;
    uint64_t seed;
} weight;

static int64_t weighed(const weight *w, int64_t n, uint64_t key) {
    const double exact = (double)n * w->share, whole = floor(exact);
    const double chance = (double)(pmkti_mix(key ^ w->seed) >> 11) * 0x1p-53;
    return w->share >= 1 ? n : (int64_t)whole + (exact - whole > chance);
}

static pmkti_count weighed_count(const weight *w, const pmkti_count *c) {
    return (pmkti_count){c->key, weighed(w, c->buyers, 2 * c->key),
                         weighed(w, c->others, 2 * c->key + 1)};
}

/* x m / n for m <= n, where the product may be too large. */
static int64_t part(int64_t x, int64_t m, int64_t n) {
    return x / n * m + x % n * m / n;
}

/* The mean stays. */
static pmkti_dwell weighed_dwell(const weight *w, const pmkti_dwell *d, uint64_t key) {
    const int64_t n = weighed(w, d->n, ~key);
    if (n == 0) return (pmkti_dwell){.n = 0};
    return (pmkti_dwell){n, part(d->ms, n, d->n), part(d->ln, n, d->n), part(d->square, n, d->n)};
}

/* ----------------------------------------------------------------------- models */

/* An unfinished model with the options and actions of the one in force. */
static pmkt_intent *begin_model(const learning *l) {
    const pmkt_intent *like = l->before->chains;
    pmkt_intent *m = pmkti_intent_new(&like->allocator);
    int64_t bad = 0;
    if (!m) return NULL;
    m->facts.order = like->facts.order;
    m->facts.gap_ms = like->facts.gap_ms;
    m->facts.goal = like->facts.goal;
    m->facts.actions = like->facts.actions;
    memcpy(m->action, like->action, sizeof m->action);
    const size_t pairs = pairs_of(l);
    m->dwell = pmkti_alloc_zero(&m->allocator, pairs, sizeof *m->dwell);
    if ((pairs > 0 && !m->dwell) ||
        pmkti_classes_set(m, like->classes, like->facts.classes, &bad)) {
        pmkt_intent_release(m);
        return NULL;
    }
    return m;
}

/* Every session has one end, so these are counted along. */
static pmkt_status add_count(pmkt_intent *m, pmkti_tally *to, const pmkti_count *c) {
    const int64_t n = c->buyers + c->others;
    const uint32_t step = (uint32_t)(c->key & PMKTI_STEP_MASK);
    if (c->key == 0 || n == 0) return PMKT_OK;
    m->facts.counted += n;
    if (step == PMKTI_LEAVE || step == PMKTI_GOAL) m->facts.sessions += n;
    if (step == PMKTI_GOAL) m->facts.buyers += n;
    return pmkti_tally_add(to, c->key, c->buyers, c->others);
}

/* What the model in force has counted, weighing less. Of each action one count stays: the logistic models need it. */
static pmkt_status add_old(const learning *l, pmkt_intent *m, pmkti_tally *tally, const weight *w) {
    const pmkt_intent *old = l->before->chains;
    const pmkti_count *last[PMKTI_STEP_MASK + 1] = {NULL}; /* of an action of which none is left */
    bool left[PMKTI_STEP_MASK + 1] = {false};
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < old->n_counts && !status; i++) {
        const pmkti_count c = weighed_count(w, &old->counts[i]);
        const uint32_t step = (uint32_t)(c.key & PMKTI_STEP_MASK);
        left[step] |= c.buyers + c.others > 0;
        last[step] = &old->counts[i];
        status = add_count(m, tally, &c);
    }
    for (uint32_t step = 1; step <= (uint32_t)m->facts.actions && !status; step++) {
        if (left[step] || !last[step]) continue;
        const bool others = last[step]->others > 0;
        status = add_count(m, tally, &(pmkti_count){last[step]->key, !others, others});
    }
    for (size_t i = 0; i < pairs_of(l); i++) {
        m->dwell[i] = weighed_dwell(w, &old->dwell[i], i);
    }
    return status;
}

static pmkt_status add_new(const learning *l, pmkt_intent *m, pmkti_tally *tally,
                           const taken *from) {
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < from->tally.size && !status; i++) {
        status = add_count(m, tally, &from->tally.slot[i]);
    }
    for (size_t i = 0; i < pairs_of(l); i++) pmkti_dwell_merge(&m->dwell[i], &from->dwell[i]);
    return status;
}

static bool is_too_much(const learning *l, const pmkt_intent *m) {
    int64_t times = 0;
    for (size_t i = 0; i < pairs_of(l); i++) times += m->dwell[i].n;
    return m->facts.counted > PMKTI_MOST_COUNTED || times > PMKTI_MOST_COUNTED;
}

static pmkt_status fill(const learning *l, pmkt_intent *m, const weight *w, pmkt_error *err) {
    pmkti_tally tally = {.allocator = m->allocator};
    pmkt_status status = add_old(l, m, &tally, w);
    for (int32_t i = 0; i < l->t->options.shards && !status; i++) {
        status = add_new(l, m, &tally, &l->from[i]);
    }
    if (!status && is_too_much(l, m)) {
        pmkti_tally_free(&tally);
        return pmkti_fail(err, PMKT_E_LIMIT, "there are more than 2^31 actions and ends to count");
    }
    if (!status && tally.used > 0) {
        m->counts = pmkti_tally_sorted(&tally);
        if (m->counts)
            m->n_counts = tally.used;
        else
            status = PMKT_E_NOMEM;
    }
    pmkti_tally_free(&tally);
    return pmkti_stopped(err, status);
}

/* The chains with all else that the model in force has. */
static pmkt_status dress(const learning *l, pmkt_intent *chains, pmkt_purchase **model,
                         pmkt_error *err) {
    const pmkt_purchase *old = l->before;
    pmkt_purchase *m = pmkti_purchase_new(&old->allocator, chains);
    if (!m) {
        pmkt_intent_release(chains);
        return pmkti_no_memory(err, sizeof *m);
    }
    m->facts.rows = old->facts.rows, m->facts.cart_rows = old->facts.cart_rows;
    m->facts.cart_ms = old->facts.cart_ms;
    for (int i = 0; i < 2; i++) m->logistic[i] = pmkt_logistic_retain(old->logistic[i]);
    m->options = old->options;
    m->by_session = old->by_session;
    memcpy(m->class_column, old->class_column, sizeof m->class_column);
    const pmkt_status status = pmkti_purchase_finish(m, &old->features.zone);
    if (status) {
        pmkt_purchase_release(m);
        return pmkti_stopped(err, status);
    }
    *model = m;
    return PMKT_OK;
}

static weight weight_of(const learning *l) {
    weight w = {1, pmkti_mix((uint64_t)l->latest)};
    const bool first = l->since == INT64_MIN || l->latest <= l->since;
    if (l->half_life_ms == 0 || first) return w;
    w.share = exp2(-(double)(l->latest - l->since) / (double)l->half_life_ms);
    return w;
}

static pmkt_status make(const learning *l, pmkt_purchase **model, pmkt_error *err) {
    pmkt_intent *m = begin_model(l), *chains = NULL;
    if (!m) return pmkti_no_memory(err, sizeof *m);
    const weight w = weight_of(l);
    pmkt_status status = fill(l, m, &w, err);
    status = pmkti_intent_end(m, status, &l->run, (pmkti_stage){"solving", 0, 1}, &chains, err);
    return status ? status : dress(l, chains, model, err);
}

/* ------------------------------------------------------------------------ calls */

static void begin(learning *l) {
    pmkt_tracker *t = l->t;
    pmkti_lock_take(&t->control);
    l->before = pmkt_purchase_retain(t->model);
    l->since = t->learned_ms;
    l->models = t->models;
    if (!l->holds) pmkti_lock_give(&t->control);
    l->swapped = false;
    l->latest = INT64_MIN;
}

/* The tracker goes on with the model, unless there was a swap. Control is taken. */
static void go_on(learning *l, pmkt_purchase *model) {
    pmkt_tracker *t = l->t;
    l->swapped = t->models != l->models;
    if (l->swapped) return;
    t->swaps++, t->models++;
    for (int32_t i = 0; i < t->options.shards; i++) {
        pmkti_shard *s = &t->shard[i];
        pmkti_lock_take(&s->lock);
        take_off(l, s, &l->from[i]);
        pmkti_swap_shard(t, s, model);
        pmkti_lock_give(&s->lock);
    }
    if (l->latest > t->learned_ms) t->learned_ms = l->latest;
    pmkt_purchase_release(t->model);
    t->model = pmkt_purchase_retain(model);
}

/* Unless there was a swap, the model is in force afterwards. */
static pmkt_status learn_once(learning *l, pmkt_purchase **model, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    for (int32_t i = 0; i < l->t->options.shards && !status && !l->swapped; i++) {
        status = copy_shard(l, &l->t->shard[i], &l->from[i]);
    }
    if (status || l->swapped) return pmkti_stopped(err, status);
    status = make(l, model, err);
    if (status) return status;
    if (!l->holds) pmkti_lock_take(&l->t->control);
    go_on(l, *model);
    if (!l->holds) pmkti_lock_give(&l->t->control);
    if (l->swapped) pmkt_purchase_release(*model);
    return PMKT_OK;
}

static pmkt_status learn(learning *l, pmkt_purchase **model, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    for (int i = 1; i <= PATIENCE + 1; i++) {
        l->holds = i > PATIENCE;
        if (l->holds) l->run.progress.fn = NULL; /* nobody's callback is called with a lock taken */
        begin(l);
        status = learn_once(l, model, err);
        if (l->holds) pmkti_lock_give(&l->t->control);
        free_copies(l);
        pmkt_purchase_release(l->before);
        if (status || !l->swapped) break;
    }
    return status;
}

static pmkt_status check(const pmkt_tracker *t, int64_t half_life_ms, pmkt_error *err) {
    const pmkt_status status = pmkti_tracker_check(t, err);
    if (status) return status;
    if (half_life_ms < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "half_life_ms is %lld, but must not be negative",
                          (long long)half_life_ms);
    }
    if (t->path_at) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                      "the tracker does not learn: that takes a model, and options.learn");
}

pmkt_status pmkt_tracker_learn(pmkt_tracker *tracker, int64_t half_life_ms, const pmkt_run *run,
                               pmkt_purchase **model, pmkt_error *err) {
    learning l = {.t = tracker, .half_life_ms = half_life_ms};
    pmkt_purchase *made = NULL;
    pmkt_status status = check(tracker, half_life_ms, err);
    if (!status) status = pmkti_run_check(run, PMKTI_SERIAL, &l.run, err);
    if (status) return status;
    const size_t shards = (size_t)tracker->options.shards;
    l.from = pmkti_alloc_zero(&tracker->allocator, shards, sizeof *l.from);
    if (!l.from) return pmkti_no_memory(err, shards * sizeof *l.from);
    status = learn(&l, &made, err);
    pmkti_free(&tracker->allocator, l.from, shards, sizeof *l.from);
    if (status) return status;
    if (model)
        *model = made;
    else
        pmkt_purchase_release(made);
    return PMKT_OK;
}
