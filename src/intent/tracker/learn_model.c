/*
 * learn_model.c - pmkt_tracker_learn: what was counted, and what was known, to a new model.
 *
 * The counts are copied, and taken off those of the shards only when the model is there, so that nothing is lost if
 * it cannot be made, and what ends meanwhile is counted for the next one.
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

/* What one shard had counted. */
typedef struct taken {
    pmkti_tally tally;
    size_t pairs;
    pmkti_dwell *dwell; /* [pairs] */
    int64_t learned, buyers, counted;
} taken;

typedef struct learning {
    pmkt_tracker *t;
    const pmkt_purchase *before; /* the model in force */
    pmkti_run run;
    taken *from; /* [shards] */
    int64_t latest;
} learning;

static size_t pairs_of(const learning *l) {
    const size_t actions = (size_t)l->before->chains->facts.actions;
    return actions * (actions + 1);
}

/* ---------------------------------------------------------------------- copying */

/* Copies what a shard has counted. Its memory is got outside of the lock, as often as it turns out too small. */
static pmkt_status copy_shard(learning *l, pmkti_shard *s, taken *to) {
    const pmkt_allocator *a = &l->t->allocator;
    to->pairs = pairs_of(l);
    to->dwell = pmkti_alloc(a, to->pairs, sizeof *to->dwell);
    if (to->pairs > 0 && !to->dwell) return PMKT_E_NOMEM;
    to->tally.allocator = *a;
    for (;;) {
        pmkti_lock_take(&s->lock);
        const int64_t size = s->tally.size;
        if (size == to->tally.size) {
            if (size > 0)
                memcpy(to->tally.slot, s->tally.slot, (size_t)size * sizeof *s->tally.slot);
            to->tally.used = s->tally.used;
            if (to->dwell) memcpy(to->dwell, s->dwell, to->pairs * sizeof *s->dwell);
            to->learned = s->learned, to->buyers = s->buyers, to->counted = s->counted;
            if (s->latest > l->latest) l->latest = s->latest;
        }
        pmkti_lock_give(&s->lock);
        if (size == to->tally.size) return PMKT_OK;
        pmkti_tally_free(&to->tally);
        to->tally.slot = pmkti_alloc(a, (size_t)size, sizeof *to->tally.slot);
        if (!to->tally.slot) return PMKT_E_NOMEM;
        to->tally.size = size;
    }
}

/* Takes the copy off again; every key of it is there. */
static void take_off(const learning *l, pmkti_shard *s, const taken *from) {
    for (int64_t i = 0; i < from->tally.size; i++) {
        const pmkti_count *c = &from->tally.slot[i];
        if (c->key) (void)pmkti_tally_add(&s->tally, c->key, -c->buyers, -c->others);
    }
    for (size_t i = 0; i < pairs_of(l); i++) {
        s->dwell[i].n -= from->dwell[i].n, s->dwell[i].ms -= from->dwell[i].ms;
        s->dwell[i].ln -= from->dwell[i].ln, s->dwell[i].square -= from->dwell[i].square;
    }
    s->learned -= from->learned, s->buyers -= from->buyers, s->counted -= from->counted;
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

/* What is left of a number. */
static int64_t weighed(int64_t n, double weight) {
    return weight >= 1 ? n : (int64_t)llrint((double)n * weight);
}

/* Adds some counts, and returns how many they are by their weight. */
static pmkt_status add_counts(pmkti_tally *to, const pmkti_count *from, int64_t n, double weight,
                              int64_t *counted) {
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        const int64_t buyers = weighed(from[i].buyers, weight);
        const int64_t others = weighed(from[i].others, weight);
        if (from[i].key == 0 || buyers + others == 0) continue;
        status = pmkti_tally_add(to, from[i].key, buyers, others);
        *counted += buyers + others;
    }
    return status;
}

static pmkti_dwell weighed_dwell(const pmkti_dwell *d, double weight) {
    return (pmkti_dwell){weighed(d->n, weight), weighed(d->ms, weight), weighed(d->ln, weight),
                         weighed(d->square, weight)};
}

/* What the model in force has counted, weighing less. */
static pmkt_status add_old(const learning *l, pmkt_intent *m, pmkti_tally *tally, double weight) {
    const pmkt_intent *old = l->before->chains;
    const pmkt_status status =
        add_counts(tally, old->counts, old->n_counts, weight, &m->facts.counted);
    for (size_t i = 0; i < pairs_of(l) && old->dwell; i++) {
        const pmkti_dwell d = weighed_dwell(&old->dwell[i], weight);
        pmkti_dwell_merge(&m->dwell[i], &d);
    }
    m->facts.sessions = weighed(old->facts.sessions, weight);
    m->facts.buyers = weighed(old->facts.buyers, weight);
    return status;
}

static pmkt_status add_new(const learning *l, pmkt_intent *m, pmkti_tally *tally,
                           const taken *from) {
    for (size_t i = 0; i < pairs_of(l); i++) pmkti_dwell_merge(&m->dwell[i], &from->dwell[i]);
    m->facts.sessions += from->learned, m->facts.buyers += from->buyers;
    return add_counts(tally, from->tally.slot, from->tally.size, 1, &m->facts.counted);
}

static pmkt_status fill(const learning *l, pmkt_intent *m, double weight, pmkt_error *err) {
    pmkti_tally tally = {.allocator = m->allocator};
    pmkt_status status = add_old(l, m, &tally, weight);
    for (int32_t i = 0; i < l->t->options.shards && !status; i++) {
        status = add_new(l, m, &tally, &l->from[i]);
    }
    if (!status && m->facts.counted > PMKTI_MOST_COUNTED) {
        pmkti_tally_free(&tally);
        return pmkti_fail(err, PMKT_E_LIMIT, "there are more than 2^31 actions and ends to count");
    }
    if (!status && tally.used > 0) {
        m->counts = pmkti_tally_sorted(&tally);
        m->n_counts = tally.used;
        if (!m->counts) status = PMKT_E_NOMEM;
    }
    if (status) m->n_counts = 0;
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

static pmkt_status make(const learning *l, double weight, pmkt_purchase **model, pmkt_error *err) {
    pmkt_intent *m = begin_model(l), *chains = NULL;
    if (!m) return pmkti_no_memory(err, sizeof *m);
    pmkt_status status = fill(l, m, weight, err);
    status = pmkti_intent_end(m, status, &l->run, (pmkti_stage){"solving", 0, 1}, &chains, err);
    return status ? status : dress(l, chains, model, err);
}

/* ------------------------------------------------------------------------ calls */

static double weight_of(const learning *l, int64_t half_life_ms) {
    const int64_t since = l->t->learned_ms;
    if (half_life_ms == 0 || since == 0 || l->latest <= since) return 1;
    return exp2(-(double)(l->latest - since) / (double)half_life_ms);
}

static pmkt_status learn(learning *l, int64_t half_life_ms, pmkt_purchase **model,
                         pmkt_error *err) {
    pmkt_tracker *t = l->t;
    pmkt_status status = PMKT_OK;
    for (int32_t i = 0; i < t->options.shards && !status; i++) {
        status = copy_shard(l, &t->shard[i], &l->from[i]);
    }
    if (status) return pmkti_stopped(err, status);
    status = make(l, weight_of(l, half_life_ms), model, err);
    if (status) return status;
    t->swaps++;
    for (int32_t i = 0; i < t->options.shards; i++) {
        pmkti_shard *s = &t->shard[i];
        pmkti_lock_take(&s->lock);
        take_off(l, s, &l->from[i]);
        pmkti_swap_shard(t, s, *model);
        pmkti_lock_give(&s->lock);
    }
    t->learned_ms = l->latest;
    t->model = pmkt_purchase_retain(*model);
    pmkt_purchase_release(l->before);
    return PMKT_OK;
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
    learning l = {.t = tracker};
    pmkt_purchase *made = NULL;
    pmkt_status status = check(tracker, half_life_ms, err);
    if (!status) status = pmkti_run_check(run, PMKTI_SERIAL, &l.run, err);
    if (status) return status;
    const pmkt_allocator *a = &tracker->allocator;
    const size_t shards = (size_t)tracker->options.shards;
    l.from = pmkti_alloc_zero(a, shards, sizeof *l.from);
    if (!l.from) return pmkti_no_memory(err, shards * sizeof *l.from);
    pmkti_lock_take(&tracker->control);
    l.before = tracker->model;
    status = learn(&l, half_life_ms, &made, err);
    pmkti_lock_give(&tracker->control);
    for (size_t i = 0; i < shards; i++) {
        if (l.from[i].tally.slot) pmkti_tally_free(&l.from[i].tally);
        pmkti_free(a, l.from[i].dwell, l.from[i].pairs, sizeof *l.from[i].dwell);
    }
    pmkti_free(a, l.from, shards, sizeof *l.from);
    if (status) return status;
    if (model)
        *model = made;
    else
        pmkt_purchase_release(made);
    return PMKT_OK;
}
