/*
 * restore.c - a snapshot into a tracker that knows nobody. Of what is read nothing is trusted: each user is checked
 * as a whole, then added under the lock of the shard. Until the last byte has its checksum all of it may be
 * wrong, so whatever fails, everybody goes again.
 */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/zone.h"
#include "intent/tracker/saved.h"

#define PIECE ((size_t)65536)
#define USERS_A_CALL 4096 /* of the progress callback */

typedef struct restoring {
    pmkt_tracker *t;
    pmkti_run run;
    pmkti_container *file;
    pmkti_saved_head head;
    const pmkt_purchase
        *model; /* retained: those in force; if they are swapped meanwhile, it fails */
    const pmkt_rules *rules;
    uint32_t generation;
    uint32_t action[PMKT_INTENT_MAX_ACTIONS]; /* of the saved model */
    int32_t actions;
    uint8_t step[PMKTI_STEP_MASK + 1];
    pmkt_rules *parsed;    /* the saved rules, if they are not those in force; or NULL */
    const pmkt_rules *old; /* the saved rules, parsed or those in force; or NULL */
    pmkti_rules_plan plan; /* from `parsed` to `rules`, if there are both */
    int64_t evicted, dropped, ended;

    /* USERS. */
    pmkti_stream *stream;
    pmkti_span place;
    uint64_t left;         /* bytes not read yet */
    size_t at, n, user_at; /* in `piece`: what comes next, its end; in the section: the user */
    uint64_t before;       /* hash of the user before */
    unsigned char piece[PIECE];

    /* One user. */
    pmkti_saved_user user;
    pmkti_whereabouts was;
    pmkti_rules_packed packed[PMKTI_TRACKER_PARTIALS];
    pmkti_trail_event event[PMKTI_TRACKER_HISTORY];
    pmkti_saved_fire fire[PMKTI_TRACKER_FIRES];
    pmkti_rules_state state;
    pmkti_rules_entry entry[PMKTI_TRACKER_PARTIALS];
} restoring;

/* -------------------------------------------------------------------- sections */

static pmkt_status read_head(restoring *r, pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    const pmkt_status status = pmkti_container_section(
        r->file, PMKTI_SAVED_HEAD, PMKTI_SAVED_VERSION, sizeof r->head, &span, err);
    if (status) return status;
    if (span.size != sizeof r->head) return pmkti_corrupt(&span, 0, "the head is not one", err);
    memcpy(&r->head, span.at, sizeof r->head);
    const pmkti_saved_head *h = &r->head;
    if (h->users < 0 || (h->clock_ms != INT64_MIN && !pmkti_time_is_valid(h->clock_ms)) ||
        h->has_model < 0 || h->has_model > 1 || h->by_session < 0 || h->by_session > h->has_model) {
        return pmkti_corrupt(&span, 0, "the head makes no sense", err);
    }
    if (h->has_model != (r->model != NULL)) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "the tracker that was saved had %s model, this one has %s",
                          h->has_model ? "a" : "no", h->has_model ? "none" : "one");
    }
    if (!r->model || h->by_session == r->model->by_session) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_MISMATCH,
                      "of the two models one cuts sessions by events.session, the other does not");
}

static pmkt_status read_actions(restoring *r, pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    const pmkt_status status = pmkti_container_section(
        r->file, PMKTI_SAVED_ACTIONS, PMKTI_SAVED_VERSION, sizeof *r->action, &span, err);
    if (status) return status;
    const size_t n = span.size / sizeof *r->action;
    if (n > PMKT_INTENT_MAX_ACTIONS || (n > 0 && !r->model)) {
        return pmkti_corrupt(&span, 0, "there are too many actions", err);
    }
    if (n > 0) memcpy(r->action, span.at, span.size);
    for (size_t i = 1; i < n; i++) {
        if (r->action[i] > r->action[i - 1]) continue;
        return pmkti_corrupt(&span, i * sizeof *r->action, "the actions do not ascend", err);
    }
    r->actions = r->was.actions = (int32_t)n;
    if (r->model) pmkti_reader_translate(r->model->chains, r->action, r->actions, r->step);
    return PMKT_OK;
}

/* The same text has the same numbers. */
static bool are_in_force(const restoring *r, const pmkti_span *text) {
    if (!r->rules || (size_t)r->rules->length != text->size) return false;
    return text->size == 0 || memcmp(r->rules->text, text->at, text->size) == 0;
}

static pmkt_status read_rules(restoring *r, pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    if (!pmkti_container_has(r->file, PMKTI_SAVED_RULES)) return PMKT_OK;
    pmkt_status status =
        pmkti_container_section(r->file, PMKTI_SAVED_RULES, PMKTI_SAVED_VERSION, 1, &span, err);
    if (status) return status;
    r->old = r->rules;
    if (are_in_force(r, &span)) return PMKT_OK;
    pmkt_rules_options options = PMKT_RULES_OPTIONS_INIT;
    options.allocator = &r->t->allocator;
    const char *text = span.size > 0 ? (const char *)span.at : "";
    status = pmkt_rules_parse(text, span.size, &options, &r->parsed, NULL);
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, span.size);
    if (status) return pmkti_corrupt(&span, 0, "the rules cannot be read", err);
    r->old = r->parsed;
    if (r->rules) pmkti_rules_plan_make(r->parsed, r->rules, &r->plan);
    return PMKT_OK;
}

/* ------------------------------------------------------------------ reading users */

static pmkt_status corrupt(const restoring *r, const char *what, pmkt_error *err) {
    return pmkti_corrupt(&r->place, r->user_at, what, err);
}

/* The next n bytes of the users. */
static pmkt_status take(restoring *r, void *to, size_t n, pmkt_error *err) {
    unsigned char *out = to;
    if (n > r->left + (r->n - r->at)) return corrupt(r, "the users end too early", err);
    while (n > 0) {
        if (r->at == r->n) {
            const size_t piece = r->left < PIECE ? (size_t)r->left : PIECE;
            const pmkt_status status = pmkti_stream_read(r->stream, r->piece, piece, err);
            if (status) return status;
            r->left -= piece;
            r->at = 0, r->n = piece;
        }
        const size_t part = n < r->n - r->at ? n : r->n - r->at;
        memcpy(out, r->piece + r->at, part);
        out += part, r->at += part, n -= part;
    }
    return PMKT_OK;
}

static pmkt_status read_user(restoring *r, uint64_t size, pmkt_error *err) {
    pmkti_saved_user *u = &r->user;
    r->user_at = (size_t)(size - r->left) - (r->n - r->at);
    pmkt_status status = take(r, u, sizeof *u, err);
    if (status) return status;
    if (u->n_entries > PMKTI_TRACKER_PARTIALS || u->n_events > PMKTI_TRACKER_HISTORY ||
        u->n_fires > PMKTI_TRACKER_FIRES) {
        return corrupt(r, "a user has more than can be", err);
    }
    status = take(r, r->was.count, (size_t)r->actions, err);
    if (!status) status = take(r, r->packed, u->n_entries * sizeof *r->packed, err);
    if (!status) status = take(r, r->event, u->n_events * sizeof *r->event, err);
    if (!status) status = take(r, r->fire, u->n_fires * sizeof *r->fire, err);
    return status;
}

/* ----------------------------------------------------------------------- checks */

/* START can only be the oldest step. */
static bool is_context(const restoring *r, uint64_t context) {
    if (context >> (PMKTI_STEP_BITS * PMKT_INTENT_MAX_ORDER)) return false;
    for (; context; context >>= PMKTI_STEP_BITS) {
        const uint32_t step = (uint32_t)context & PMKTI_STEP_MASK;
        if (step == PMKTI_START && context >> PMKTI_STEP_BITS == 0) continue;
        if (step == PMKTI_NO_STEP || step > (uint32_t)r->actions) return false;
    }
    return true;
}

static bool is_visitor(const restoring *r) {
    const pmkti_saved_user *u = &r->user;
    if (!r->model) {
        const pmkti_saved_user plain = {.user = u->user,
                                        .last = u->last,
                                        .cart_amount = u->cart_amount,
                                        .n_entries = u->n_entries,
                                        .n_events = u->n_events,
                                        .n_fires = u->n_fires};
        return memcmp((const void *)&plain, (const void *)u, sizeof plain) == 0; /* bit for bit */
    }
    return isfinite(u->evidence) && isfinite(u->dwell_sum) && u->dwell_sum >= 0 &&
           u->since <= PMKTI_AGO_MOST && u->since_order <= PMKTI_AGO_MOST &&
           u->buys <= u->sessions && u->events > 0 && u->past <= 1 && (!u->past || u->orders > 0) &&
           (u->orders > 0 || u->since_order == 0) && (r->head.by_session || u->session == 0) &&
           is_context(r, u->context);
}

static bool are_events(const restoring *r) {
    int64_t before = PMKT_TIME_MIN;
    for (int i = 0; i < r->user.n_events; i++) {
        const pmkti_trail_event *e = &r->event[i];
        if (e->time < before || e->time > r->user.last) return false;
        if (!pmkti_kind_exists(e->kind) || !isfinite(e->log_odds) || e->reserved != 0) return false;
        before = e->time;
    }
    return true;
}

static bool are_fires(const restoring *r) {
    const int32_t rules = r->old ? r->old->rules.n : 0;
    for (int i = 0; i < r->user.n_fires; i++) {
        const pmkti_saved_fire *f = &r->fire[i];
        if (f->rule < -1 || f->rule >= rules) return false;
        if (f->since < PMKT_TIME_MIN || f->since > f->time ||
            f->time >= PMKT_TIME_MAX + PMKTI_RULES_LONGEST) {
            return false;
        }
    }
    return true;
}

static bool is_amount(int64_t amount) {
    return amount == PMKT_AMOUNT_NULL || (amount >= -PMKT_AMOUNT_MAX && amount <= PMKT_AMOUNT_MAX);
}

static pmkt_status check_user(restoring *r, pmkt_error *err) {
    const pmkti_saved_user *u = &r->user;
    const uint64_t hash = pmkti_tracker_hash(u->user); /* 0 of nobody only */
    if (hash <= r->before) return corrupt(r, "the users are not in order", err);
    r->before = hash;
    if (!pmkti_time_is_valid(u->last) || !is_amount(u->cart_amount) || u->reserved != 0 ||
        !is_visitor(r)) {
        return corrupt(r, "a user makes no sense", err);
    }
    if (u->n_entries > 0 &&
        (!r->old || !pmkti_rules_packed_check(r->old, r->packed, u->n_entries, u->last))) {
        return corrupt(r, "what rules keep of a user makes no sense", err);
    }
    if (are_events(r) && are_fires(r)) return PMKT_OK;
    return corrupt(r, "what is remembered of a user makes no sense", err);
}

/* ------------------------------------------------------------------ adding a user */

/* What rules keep, as a state of the rules in force. */
static void unpack(restoring *r) {
    pmkti_rules_state *state = &r->state;
    pmkti_rules_begin(state);
    if (r->user.n_entries == 0) return;
    pmkti_rules_unpack(r->old, r->packed, r->user.n_entries, state);
    if (!r->rules) {
        for (int32_t i = 0; i < state->n; i++) r->ended += !state->entry[i].is_cooldown;
        pmkti_rules_begin(state);
        return;
    }
    if (r->parsed) r->ended += pmkti_rules_swap(&r->plan, r->rules, state);
    pmkti_live_shrink(r->rules, state, r->t->options.partials);
}

static void fill_visitor(const restoring *r, pmkti_visitor *v) {
    const pmkti_saved_user *u = &r->user;
    v->last = u->last;
    if (!r->model) return;
    v->evidence = u->evidence, v->dwell_sum = u->dwell_sum;
    memcpy(v->met, u->met, sizeof v->met);
    v->since = u->since & PMKTI_AGO_MOST, v->since_order = u->since_order & PMKTI_AGO_MOST;
    memcpy(v->key, u->key, sizeof v->key);
    v->elapsed = u->elapsed;
    v->sessions = u->sessions, v->buys = u->buys;
    v->orders = u->orders, v->events = u->events;
    memcpy(v->events_with, u->events_with, sizeof v->events_with);
    v->cart = u->cart, v->favorite = u->favorite, v->past = u->past & 1u;
    pmkti_visitor_place(v, r->model->chains, &r->was, r->step);
}

static void fill_trail(const restoring *r, pmkti_trail *trail) {
    const pmkti_saved_user *u = &r->user;
    const uint16_t history = (uint16_t)r->t->options.history;
    trail->n = u->n_events < history ? u->n_events : history;
    trail->next = trail->n < history ? trail->n : 0;
    memcpy(trail->event, r->event + u->n_events - trail->n, trail->n * sizeof *trail->event);
    for (int i = 0; i < u->n_fires; i++) {
        const pmkti_saved_fire *f = &r->fire[i];
        trail->fire[i] =
            (pmkti_trail_fire){f->time, f->since, f->key, (int16_t)f->rule, (uint16_t)(i + 1)};
    }
    if (r->parsed || !r->rules) pmkti_trail_swap(r->rules ? &r->plan : NULL, trail);
}

static pmkt_status fill(restoring *r, pmkti_shard *s, uint32_t number) {
    pmkti_record *u = pmkti_record_at(s, number);
    pmkti_live *live = pmkti_record_live(r->t, u);
    pmkti_trail *trail = pmkti_record_trail(r->t, u);
    r->was.context = r->user.context;
    fill_visitor(r, pmkti_record_visitor(u));
    live->cart_amount = r->user.cart_amount;
    live->session = r->user.session;
    live->known = true;
    if (trail) fill_trail(r, trail);
    return r->state.n > 0 ? pmkti_live_store(r->t, s, number, r->user.last, &r->state) : PMKT_OK;
}

/* The shard is locked. */
static pmkt_status add_to(restoring *r, pmkti_shard *s, pmkt_error *err) {
    const uint64_t user = r->user.user;
    uint32_t number = PMKTI_POOL_NONE;
    if (s->model != r->model || s->generation != r->generation) {
        return pmkti_fail(err, PMKT_E_INVALID, "the model or the rules were swapped meanwhile");
    }
    if (pmkti_users_find(s, user) != PMKTI_POOL_NONE) {
        return pmkti_fail(err, PMKT_E_INVALID, "somebody became known meanwhile");
    }
    pmkt_status status = pmkti_users_add(r->t, s, user, &number);
    if (!status) {
        status = fill(r, s, number);
        if (status) pmkti_users_drop(r->t, s, number);
    }
    return status ? pmkti_no_memory(err, r->t->stride) : PMKT_OK;
}

/* What it counts is told when all has succeeded. */
static pmkt_status add(restoring *r, pmkt_error *err) {
    pmkti_shard *s = pmkti_tracker_shard(r->t, r->before);
    unpack(r);
    pmkti_lock_take(&s->lock);
    const pmkti_tracker_sums before = s->sums;
    const pmkt_status status = add_to(r, s, err);
    r->evicted += s->sums.evicted - before.evicted;
    r->dropped += s->sums.dropped - before.dropped;
    s->sums = before;
    pmkti_lock_give(&s->lock);
    return status;
}

/* -------------------------------------------------------------------- all of them */

static pmkt_status read_users(restoring *r, pmkt_error *err) {
    const int64_t users = r->head.users;
    const uint64_t size = r->left;
    pmkt_status status = PMKT_OK;
    for (int64_t i = 0; i < users && !status; i++) {
        status = read_user(r, size, err);
        if (!status) status = check_user(r, err);
        if (!status) status = add(r, err);
        if (!status && i % USERS_A_CALL == USERS_A_CALL - 1 &&
            pmkti_canceled(&r->run, (double)i / (double)users, "restoring")) {
            status = pmkti_stopped(err, PMKT_E_CANCELED);
        }
    }
    if (status) return status;
    if (r->left + (r->n - r->at) > 0)
        return corrupt(r, "there are more users than the head says", err);
    return pmkti_stream_end(r->stream, err);
}

static pmkt_status read_all(restoring *r, pmkt_error *err) {
    pmkt_status status = read_head(r, err);
    if (!status) status = read_actions(r, err);
    if (!status) status = read_rules(r, err);
    if (status) return status;
    r->place = pmkti_container_place(r->file, PMKTI_SAVED_USERS);
    status = pmkti_stream_open(r->file, PMKTI_SAVED_USERS, PMKTI_SAVED_VERSION, 1, &r->stream,
                               &r->left, err);
    if (!status) status = read_users(r, err);
    pmkti_stream_close(r->stream);
    if (!status && pmkti_canceled(&r->run, 1, "restoring")) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    return status;
}

/* --------------------------------------------------------------------- the tracker */

static void begin(restoring *r) {
    pmkt_tracker *t = r->t;
    pmkti_lock_take(&t->control);
    r->model = pmkt_purchase_retain(t->model);
    r->rules = pmkt_rules_retain(t->rules);
    r->generation = t->generation;
    pmkti_lock_give(&t->control);
    r->state.entry = r->entry;
    r->state.room = PMKTI_TRACKER_PARTIALS;
}

static void end(restoring *r) {
    pmkt_purchase_release(r->model);
    pmkt_rules_release(r->rules);
    pmkt_rules_release(r->parsed);
}

static pmkt_status check_empty(pmkt_tracker *t, pmkt_error *err) {
    bool empty = true;
    for (int32_t i = 0; i < t->options.shards; i++) {
        pmkti_shard *s = &t->shard[i];
        pmkti_lock_take(&s->lock);
        empty &= s->users.used == 0;
        pmkti_lock_give(&s->lock);
    }
    if (empty) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "the tracker knows somebody; restore into a new one");
}

static void forget_all(pmkt_tracker *t) {
    for (int32_t i = 0; i < t->options.shards; i++) {
        pmkti_shard *s = &t->shard[i];
        pmkti_lock_take(&s->lock);
        for (uint32_t number = 0; number < s->users.n; number++) {
            if (pmkti_record_at(s, number)->user == PMKT_ID_NONE) continue;
            pmkti_users_drop(t, s, number);
        }
        s->heap.n = 0;
        pmkti_lock_give(&s->lock);
    }
}

static void tell(const restoring *r) {
    pmkti_shard *s = r->t->shard;
    pmkti_lock_take(&s->lock);
    s->sums.evicted += r->evicted;
    s->sums.dropped += r->dropped;
    s->sums.ended += r->ended;
    pmkti_lock_give(&s->lock);
    int64_t now = atomic_load_explicit(&r->t->clock, memory_order_relaxed);
    while (now < r->head.clock_ms &&
           !atomic_compare_exchange_weak_explicit(&r->t->clock, &now, r->head.clock_ms,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static pmkt_status restore_into(restoring *r, const pmkti_source *source, pmkt_error *err) {
    static const uint32_t known[] = {PMKTI_SAVED_HEAD, PMKTI_SAVED_ACTIONS, PMKTI_SAVED_RULES,
                                     PMKTI_SAVED_USERS};
    const pmkti_schema schema = {PMKT_FILE_TRACKER, known, sizeof known / sizeof *known};
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.allocator = &r->t->allocator;
    pmkt_status status = check_empty(r->t, err);
    if (!status) status = pmkti_container_open(source, &schema, &options, &r->file, err);
    if (status) return status;
    begin(r);
    status = read_all(r, err);
    end(r);
    pmkti_container_close(r->file);
    if (status)
        forget_all(r->t);
    else
        tell(r);
    return status;
}

static pmkt_status restore(pmkt_tracker *t, const pmkti_source *source, const pmkt_run *run,
                           pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    restoring *r = pmkti_alloc_zero(&t->allocator, 1, sizeof *r);
    if (!r) return pmkti_no_memory(err, sizeof *r);
    r->t = t;
    r->run = how;
    status = restore_into(r, source, err);
    pmkti_free(&t->allocator, r, 1, sizeof *r);
    return status;
}

pmkt_status pmkt_tracker_restore(pmkt_tracker *tracker, const char *path, const pmkt_run *run,
                                 pmkt_error *err) {
    const pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    if (!path) return pmkti_null(err, "path");
    return restore(tracker, &(pmkti_source){.path = path}, run, err);
}

pmkt_status pmkt_tracker_restore_memory(pmkt_tracker *tracker, const void *bytes, size_t size,
                                        const pmkt_run *run, pmkt_error *err) {
    const pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    if (!bytes) return pmkti_null(err, "bytes");
    return restore(tracker, &(pmkti_source){.bytes = bytes, .size = size}, run, err);
}
