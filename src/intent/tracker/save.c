/*
 * save.c - a snapshot: one shard after the other is copied, sorted and written, so that no more than one of them
 * is in memory twice, and others wait for no more than a copy.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "intent/tracker/saved.h"

#define PATIENCE 3 /* snapshots that a swap came into, before swaps have to wait */

/* A user who was copied. */
typedef struct copied {
    uint64_t hash;
    size_t at, bytes;
} copied;

typedef struct saving {
    pmkt_tracker *t;
    pmkti_run run;
    pmkti_writer *writer;
    const pmkt_purchase *model; /* retained; all shards have these, or else there is a swap */
    const pmkt_rules *rules;
    uint32_t generation;
    bool holds;   /* control, so that nothing is swapped */
    bool swapped; /* something was swapped meanwhile */
    int64_t clock, users;

    /* A shard. */
    unsigned char *bytes; /* [room] */
    size_t room, n;       /* n may be beyond room: then it has to be copied again */
    copied *user;         /* [user_room] */
    size_t user_room, n_users;

    /* A user's rules. */
    pmkti_rules_state state;
    pmkti_rules_entry entry[PMKTI_TRACKER_PARTIALS];
    pmkti_rules_packed packed[PMKTI_TRACKER_PARTIALS];
} saving;

/* -------------------------------------------------------------------- one user */

static void copy_visitor(const saving *x, const pmkti_visitor *v, pmkti_saved_user *to) {
    to->last = v->last;
    if (!x->model) return;
    to->evidence = v->evidence, to->dwell_sum = v->dwell_sum;
    memcpy(to->met, v->met, sizeof to->met);
    to->since = v->since, to->since_order = v->since_order;
    to->context = x->model->chains->nodes[v->node].key;
    memcpy(to->key, v->key, sizeof to->key);
    to->elapsed = v->elapsed;
    to->sessions = v->sessions, to->buys = v->buys;
    to->orders = v->orders, to->events = v->events;
    memcpy(to->events_with, v->events_with, sizeof to->events_with);
    to->cart = v->cart, to->favorite = v->favorite, to->past = v->past;
}

/* What a trail remembers of firings, the earliest first; how many. */
static uint8_t copy_fires(const pmkti_trail *trail, pmkti_saved_fire *to) {
    uint8_t n = 0;
    for (int turn = 1; trail && turn <= PMKTI_TRACKER_FIRES; turn++) {
        for (int i = 0; i < PMKTI_TRACKER_FIRES; i++) {
            const pmkti_trail_fire *f = &trail->fire[i];
            if (f->turn != turn) continue;
            to[n++] = (pmkti_saved_fire){f->time, f->since, f->key, f->rule};
        }
    }
    return n;
}

static size_t actions_of(const saving *x) {
    return x->model ? (size_t)x->model->chains->facts.actions : 0;
}

static void put(saving *x, const void *from, size_t bytes) {
    if (bytes > 0) memcpy(x->bytes + x->n, from, bytes);
    x->n += bytes;
}

static void put_events(saving *x, const pmkti_trail *trail, size_t n) {
    const size_t history = (size_t)x->t->options.history;
    for (size_t back = n; back > 0; back--) {
        put(x, &trail->event[(trail->next + history - back) % history], sizeof *trail->event);
    }
}

static void put_entries(saving *x, const pmkti_shard *s, pmkti_record *u, size_t n) {
    if (n == 0) return;
    pmkti_live_load(x->t, s, u, &x->state);
    pmkti_rules_pack(&x->state, x->packed);
    put(x, x->packed, n * sizeof *x->packed);
}

/* Copies a user, or, if there is no more room, counts what it would take. */
static void copy_user(saving *x, const pmkti_shard *s, pmkti_record *u) {
    const pmkti_visitor *v = pmkti_record_visitor(u);
    const pmkti_live *live = pmkti_record_live(x->t, u);
    const pmkti_trail *trail = pmkti_record_trail(x->t, u);
    pmkti_saved_fire fire[PMKTI_TRACKER_FIRES];
    pmkti_saved_user to = {.user = u->user,
                           .cart_amount = live->cart_amount,
                           .session = live->session,
                           .n_entries = live->n,
                           .n_events = trail ? trail->n : 0,
                           .n_fires = copy_fires(trail, fire)};
    const size_t entries = to.n_entries * sizeof(pmkti_rules_packed);
    const size_t fires = to.n_fires * sizeof *fire;
    const size_t bytes =
        sizeof to + actions_of(x) + entries + to.n_events * sizeof(pmkti_trail_event) + fires;
    x->n_users++;
    if (x->n_users > x->user_room || x->n + bytes > x->room) {
        x->n += bytes;
        return;
    }
    copy_visitor(x, v, &to);
    x->user[x->n_users - 1] = (copied){pmkti_tracker_hash(u->user), x->n, bytes};
    put(x, &to, sizeof to);
    put(x, v->count, actions_of(x));
    put_entries(x, s, u, to.n_entries);
    put_events(x, trail, to.n_events);
    put(x, fire, fires);
}

/* -------------------------------------------------------------------- a shard */

/* Who has expired is nobody: when they are removed depends on how they lie in memory. */
static bool is_known(const saving *x, pmkti_record *u) {
    if (u->user == PMKT_ID_NONE) return false;
    return x->clock == INT64_MIN ||
           x->clock - pmkti_record_visitor(u)->last <= x->t->options.ttl_ms;
}

/* True if all of it had room; else n and n_users say how much is needed. */
static bool copy(saving *x, pmkti_shard *s) {
    x->n = x->n_users = 0;
    pmkti_lock_take(&s->lock);
    x->swapped = s->model != x->model || s->generation != x->generation;
    for (uint32_t i = 0; i < s->users.n && !x->swapped; i++) {
        pmkti_record *u = pmkti_record_at(s, i);
        if (is_known(x, u)) copy_user(x, s, u);
    }
    pmkti_lock_give(&s->lock);
    return x->n <= x->room && x->n_users <= x->user_room;
}

static void free_room(saving *x) {
    pmkti_free(&x->t->allocator, x->bytes, x->room, 1);
    pmkti_free(&x->t->allocator, x->user, x->user_room, sizeof *x->user);
    x->bytes = NULL, x->user = NULL;
    x->room = x->user_room = 0;
}

/* Room for what was counted and an eighth more, for others go on meanwhile. */
static pmkt_status make_room(saving *x, pmkt_error *err) {
    const size_t room = x->n + x->n / 8, users = x->n_users + x->n_users / 8;
    free_room(x);
    x->bytes = pmkti_alloc(&x->t->allocator, room, 1);
    if (x->bytes) x->room = room;
    x->user = pmkti_alloc(&x->t->allocator, users, sizeof *x->user);
    if (x->user) x->user_room = users;
    return x->bytes && x->user ? PMKT_OK
                               : pmkti_no_memory(err, x->bytes ? users * sizeof *x->user : room);
}

static bool is_before(const void *a, const void *b) {
    return ((const copied *)a)->hash < ((const copied *)b)->hash;
}

static pmkt_status put_shard(saving *x, pmkti_shard *s, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    while (!copy(x, s)) {
        status = make_room(x, err);
        if (status) return status;
    }
    if (x->swapped) return PMKT_OK;
    if (x->n_users > 1) pmkti_sort(x->user, x->n_users, sizeof *x->user, is_before);
    for (size_t i = 0; i < x->n_users && !status; i++) {
        status = pmkti_writer_put(x->writer, x->bytes + x->user[i].at, x->user[i].bytes, err);
    }
    x->users += (int64_t)x->n_users;
    return status;
}

/* -------------------------------------------------------------------- sections */

static pmkt_status put_section(saving *x, uint32_t id, const void *from, size_t bytes,
                               pmkt_error *err) {
    const pmkt_status status = pmkti_writer_section(x->writer, id, PMKTI_SAVED_VERSION, true, err);
    if (status || bytes == 0) return status;
    return pmkti_writer_put(x->writer, from, bytes, err);
}

static pmkt_status put_users(saving *x, pmkt_error *err) {
    const int32_t shards = x->t->options.shards;
    pmkt_status status = put_section(x, PMKTI_SAVED_USERS, NULL, 0, err);
    for (int32_t i = 0; i < shards && !status && !x->swapped; i++) {
        status = put_shard(x, &x->t->shard[i], err);
        /* No callback of the caller's is called with a lock taken. */
        if (!status && !x->holds && pmkti_canceled(&x->run, (double)(i + 1) / shards, "saving")) {
            status = pmkti_stopped(err, PMKT_E_CANCELED);
        }
    }
    return status;
}

static pmkt_status put_all(saving *x, pmkt_error *err) {
    const uint32_t *action = x->model ? x->model->chains->action : NULL;
    pmkt_status status =
        put_section(x, PMKTI_SAVED_ACTIONS, action, actions_of(x) * sizeof(uint32_t), err);
    if (!status && x->rules) {
        status = put_section(x, PMKTI_SAVED_RULES, x->rules->text, (size_t)x->rules->length, err);
    }
    if (!status) status = put_users(x, err);
    if (status || x->swapped) return status;
    const pmkti_saved_head head = {.users = x->users,
                                   .clock_ms = x->clock,
                                   .has_model = x->model != NULL,
                                   .by_session = x->model && x->model->by_session};
    return put_section(x, PMKTI_SAVED_HEAD, &head, sizeof head, err);
}

/* ------------------------------------------------------------------ the snapshot */

static void begin(saving *x) {
    pmkt_tracker *t = x->t;
    pmkti_lock_take(&t->control);
    x->model = pmkt_purchase_retain(t->model);
    x->rules = pmkt_rules_retain(t->rules);
    x->generation = t->generation;
    if (!x->holds) pmkti_lock_give(&t->control);
    x->clock = atomic_load_explicit(&t->clock, memory_order_relaxed);
    x->users = 0;
    x->swapped = false;
}

static void end(saving *x) {
    if (x->holds) pmkti_lock_give(&x->t->control);
    pmkt_purchase_release(x->model);
    pmkt_rules_release(x->rules);
    free_room(x);
}

/* Unless there was a swap, it is in `buffer` or the file. */
static pmkt_status save_once(saving *x, const char *path, const pmkt_save_options *options,
                             pmkt_buffer **buffer, pmkt_error *err) {
    pmkt_status status =
        pmkti_writer_new(&x->t->allocator, path, PMKT_FILE_TRACKER, options, &x->writer, err);
    if (status) return status;
    begin(x);
    status = put_all(x, err);
    end(x);
    if (!status && !x->swapped) return pmkti_writer_commit(x->writer, buffer, err);
    pmkti_writer_abort(x->writer);
    return status;
}

static pmkt_status save(pmkt_tracker *t, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = pmkti_tracker_check(t, err);
    if (!status) status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    saving *x = pmkti_alloc_zero(&t->allocator, 1, sizeof *x); /* too much for a small stack */
    if (!x) return pmkti_no_memory(err, sizeof *x);
    x->t = t;
    x->run = how;
    x->state = (pmkti_rules_state){.entry = x->entry, .room = PMKTI_TRACKER_PARTIALS};
    for (int i = 1; i <= PATIENCE + 1; i++) {
        x->holds = i > PATIENCE;
        status = save_once(x, path, options, buffer, err);
        if (status || !x->swapped) break;
    }
    pmkti_free(&t->allocator, x, 1, sizeof *x);
    return status;
}

pmkt_status pmkt_tracker_save(pmkt_tracker *tracker, const char *path,
                              const pmkt_save_options *options, const pmkt_run *run,
                              pmkt_error *err) {
    if (!tracker) return pmkti_null(err, "tracker");
    if (!path) return pmkti_null(err, "path");
    return save(tracker, path, options, run, NULL, err);
}

pmkt_status pmkt_tracker_save_memory(pmkt_tracker *tracker, const pmkt_save_options *options,
                                     const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!tracker) return pmkti_null(err, "tracker");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(tracker, NULL, options, run, buffer, err);
}
