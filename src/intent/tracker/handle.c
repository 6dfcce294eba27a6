/*
 * handle.c - how a tracker begins and ends, and what it says of itself.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"
#include "intent/tracker/learn.h"

#define TTL_MS (INT64_C(30) * 86400000)
#define TTL_MS_MOST (INT64_C(36500) * 86400000)
#define HISTORY 8
#define SHARDS 64
#define PARTIALS 32
#define CAPACITY_MOST (INT64_C(1) << 31)
#define FEW 16 /* users of a shard that there must be room for */

/* ------------------------------------------------------------------- options */

static pmkt_status check_range(const char *name, int64_t value, int64_t least, int64_t most,
                               pmkt_error *err) {
    if (value >= least && value <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %lld, but must be %lld to %lld", name,
                      (long long)value, (long long)least, (long long)most);
}

static int32_t rounded(int32_t actions) {
    return actions <= 16 ? 16 : (actions + 15) / 16 * 16;
}

static pmkt_status check_options(pmkt_tracker_options *o, const pmkt_purchase *model,
                                 pmkt_error *err) {
    const int32_t actions = model ? model->chains->facts.actions : 0;
    if (o->partials == 0) o->partials = PARTIALS;
    if (o->ttl_ms == 0) o->ttl_ms = TTL_MS;
    if (o->history == 0) o->history = HISTORY;
    if (o->shards == 0) o->shards = SHARDS;
    if (o->actions == 0) o->actions = actions;
    pmkt_status status = check_range("partials", o->partials, 1, PMKTI_TRACKER_PARTIALS, err);
    if (!status) status = check_range("capacity", o->capacity, 0, CAPACITY_MOST, err);
    if (!status) status = check_range("max_bytes", o->max_bytes, 0, INT64_MAX, err);
    if (!status) status = check_range("ttl_ms", o->ttl_ms, 1, TTL_MS_MOST, err);
    if (!status) status = check_range("late_ms", o->late_ms, 0, TTL_MS_MOST, err);
    if (!status) status = check_range("history", o->history, -1, PMKTI_TRACKER_HISTORY, err);
    if (!status) status = check_range("shards", o->shards, 1, PMKTI_TRACKER_SHARDS, err);
    if (!status) status = check_range("actions", o->actions, actions, PMKT_INTENT_MAX_ACTIONS, err);
    if (!status) status = check_range("learn", o->learn, 0, 1, err);
    if (status) return status;
    o->actions = rounded(o->actions);
    if ((o->shards & (o->shards - 1)) == 0) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.shards is %d, but must be a power of two",
                      (int)o->shards);
}

/* --------------------------------------------------------------------- layout */

static size_t lines(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static void lay_out(pmkt_tracker *t) {
    const pmkt_tracker_options *o = &t->options;
    t->live_at = lines(sizeof(pmkti_record) + PMKTI_VISITOR_SIZE(o->actions));
    t->stride = t->live_at + sizeof(pmkti_live);
    if (o->learn && t->model) {
        t->path_at = t->stride;
        t->stride += sizeof(pmkti_path);
    }
    if (o->history < 0) return;
    t->trail_at = t->stride;
    const size_t events = (size_t)o->history * sizeof(pmkti_trail_event);
    t->stride = lines(t->trail_at + sizeof(pmkti_trail) + events);
}

static int64_t fixed_bytes(const pmkt_tracker *t) {
    const size_t shard = sizeof *t->shard + t->dwell_bytes;
    return (int64_t)(sizeof *t + (size_t)t->options.shards * shard);
}

/* Users of a shard if there are `capacity` in all: hashes do not spread them evenly. */
static uint32_t share_of(int64_t capacity, int32_t shards) {
    int64_t mean = (capacity + shards - 1) / shards, root = 1;
    while (root * root < mean) root++;
    return (uint32_t)(shards == 1 ? mean : mean + 4 * root);
}

/* Room for the times between actions, if there is learning. */
static pmkt_status begin_learning(pmkt_tracker *t, pmkti_shard *s) {
    s->tally.allocator = t->allocator;
    if (t->dwell_bytes == 0) return PMKT_OK;
    s->dwell = pmkti_alloc_zero(&t->allocator, t->dwell_bytes, 1);
    return s->dwell ? PMKT_OK : PMKT_E_NOMEM;
}

static pmkt_status begin_shard(pmkt_tracker *t, pmkti_shard *s, uint32_t users, pmkt_error *err) {
    s->model = t->model;
    s->rules = t->rules;
    s->generation = t->generation;
    s->swept_ms = INT64_MIN;
    s->arena = &t->arena;
    s->index.seed = pmkti_mix((uintptr_t)s); /* where it lies, nobody knows beforehand */
    s->latest = INT64_MIN;
    pmkt_status status = begin_learning(t, s);
    if (!status) status = pmkti_users_begin(t, s, users);
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, users * sizeof(pmkti_due));
    if (status == PMKT_OK) return PMKT_OK;
    return pmkti_fail(
        err, PMKT_E_LIMIT,
        "options.max_bytes is %lld, which is not enough for %lld users in each of %d shards",
        (long long)t->options.max_bytes, (long long)users, (int)t->options.shards);
}

/* All that there is with memory for so many users of each shard: less of max_bytes does not suffice. */
static int64_t least_bytes(const pmkt_tracker *t, uint32_t users) {
    const size_t each = pmkti_users_cost(t, users) + pmkti_due_room(users) * sizeof(pmkti_due);
    return fixed_bytes(t) + (int64_t)(pmkti_arena_cost(0) + (size_t)t->options.shards * each);
}

static pmkt_status begin_shards(pmkt_tracker *t, pmkt_error *err) {
    const pmkt_tracker_options *o = &t->options;
    const uint32_t share = o->capacity > 0 ? share_of(o->capacity, o->shards) : 0;
    const uint32_t users = share > FEW ? share : FEW;
    const size_t bytes = (size_t)o->shards * pmkti_users_cost(t, users);
    const int64_t least = least_bytes(t, users);
    if (o->max_bytes > 0 && least > o->max_bytes) {
        return pmkti_fail(
            err, PMKT_E_LIMIT,
            "options.max_bytes is %lld, but %lld users in each of %d shards take %lld",
            (long long)o->max_bytes, (long long)users, (int)o->shards, (long long)least);
    }
    t->arena.exact = o->max_bytes > 0;
    if (pmkti_arena_reserve(&t->arena, &t->allocator, bytes)) return pmkti_no_memory(err, bytes);
    pmkt_status status = PMKT_OK;
    for (int32_t i = 0; i < o->shards && !status; i++) {
        status = begin_shard(t, &t->shard[i], users, err);
    }
    return status;
}

/* ----------------------------------------------------------------- begin, end */

static pmkt_status make(pmkt_tracker *t, pmkt_error *err) {
    const pmkt_tracker_options *o = &t->options;
    t->shard = pmkti_alloc_zero(&t->allocator, (size_t)o->shards, sizeof *t->shard);
    if (!t->shard) return pmkti_no_memory(err, (size_t)o->shards * sizeof *t->shard);
    t->shard_shift = 64 - __builtin_ctz((unsigned)o->shards);
    atomic_init(&t->clock, INT64_MIN);
    t->learned_ms = INT64_MIN;
    lay_out(t);
    if (t->path_at) {
        const size_t actions = (size_t)t->options.actions; /* of any model that may come */
        t->dwell_bytes = actions * (actions + 1) * sizeof(pmkti_dwell);
    }
    t->most_bytes = INT64_MAX;
    if (o->max_bytes > 0) {
        const int64_t left = o->max_bytes - fixed_bytes(t) - (int64_t)pmkti_arena_cost(0);
        t->most_bytes = left / o->shards;
    }
    return begin_shards(t, err);
}

pmkt_status pmkt_tracker_new(const pmkt_purchase *model, const pmkt_rules *rules,
                             const pmkt_tracker_options *options, pmkt_tracker **tracker,
                             pmkt_error *err) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    pmkt_allocator a;
    if (!tracker) return pmkti_null(err, "tracker");
    if (!model && !rules)
        return pmkti_fail(err, PMKT_E_INVALID, "model and rules are both NULL; there must be one");
    pmkt_status status = pmkti_struct_in(&o, sizeof o, options, sizeof o, "options", err);
    if (!status) status = check_options(&o, model, err);
    if (!status) status = pmkti_allocator_check(o.allocator, &a, err);
    if (status) return status;
    pmkt_tracker *t = pmkti_alloc_zero(&a, 1, sizeof *t);
    if (!t) return pmkti_no_memory(err, sizeof *t);
    t->allocator = a;
    t->options = o;
    t->model = pmkt_purchase_retain(model);
    t->rules = pmkt_rules_retain(rules);
    t->generation = rules ? 1 : 0;
    pmkti_origin_begin(&t->origin);
    status = make(t, err);
    if (status)
        pmkt_tracker_free(t);
    else
        *tracker = t;
    return status;
}

static void free_shard(const pmkt_tracker *t, pmkti_shard *s) {
    pmkti_due_free(&s->heap, &t->allocator);
    pmkti_learn_free(t, s);
    pmkti_free(&t->allocator, s->dwell, t->dwell_bytes, 1);
}

void pmkt_tracker_free(pmkt_tracker *tracker) {
    if (!tracker) return;
    const pmkt_allocator a = tracker->allocator;
    for (int32_t i = 0; tracker->shard && i < tracker->options.shards; i++) {
        free_shard(tracker, &tracker->shard[i]);
    }
    pmkti_arena_free(&tracker->arena, &a);
    pmkti_free(&a, tracker->shard, (size_t)tracker->options.shards, sizeof *tracker->shard);
    pmkt_purchase_release(tracker->model);
    pmkt_rules_release(tracker->rules);
    pmkti_origin_end(&tracker->origin);
    pmkti_free(&a, tracker, 1, sizeof *tracker);
}

/* --------------------------------------------------------------------- checks */

pmkt_status pmkti_tracker_check(const pmkt_tracker *t, pmkt_error *err) {
    if (!t) return pmkti_null(err, "tracker");
    return pmkti_origin_forked(&t->origin) ? pmkti_forked(err) : PMKT_OK;
}

pmkt_status pmkti_tracker_room_check(int32_t intents, const char *name, int64_t room,
                                     pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(room, name, err);
    if (status || room >= intents) return status;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "%s is %lld, but the rules have %d intents, all of which may fire at once",
                      name, (long long)room, (int)intents);
}

/* ---------------------------------------------------------------- what it says */

pmkt_rules *pmkt_tracker_rules(pmkt_tracker *tracker, uint32_t *generation) {
    if (pmkti_tracker_check(tracker, NULL)) return NULL;
    pmkti_lock_take(&tracker->control);
    pmkt_rules *rules = pmkt_rules_retain(tracker->rules);
    if (generation) *generation = tracker->generation;
    pmkti_lock_give(&tracker->control);
    return rules;
}

pmkt_purchase *pmkt_tracker_model(pmkt_tracker *tracker) {
    if (pmkti_tracker_check(tracker, NULL)) return NULL;
    pmkti_lock_take(&tracker->control);
    pmkt_purchase *model = pmkt_purchase_retain(tracker->model);
    pmkti_lock_give(&tracker->control);
    return model;
}

static void add(pmkt_tracker_counts *c, const pmkti_shard *s) {
    const pmkti_tracker_sums *sums = &s->sums;
    c->users += s->users.used;
    c->bytes += (int64_t)(s->heap.room * sizeof *s->heap.at);
    c->bytes += s->tally.size * (int64_t)sizeof *s->tally.slot;
    c->waiting += s->waiting;
    c->events += sums->events, c->bad += sums->bad, c->late += sums->late;
    c->fired += sums->fired, c->unheard += sums->unheard;
    c->suppressed += sums->suppressed, c->outranked += sums->outranked;
    c->dropped += sums->dropped, c->ended += sums->ended;
    c->learned += s->learned, c->unlearned += sums->unlearned;
    c->evicted += sums->evicted, c->expired += sums->expired, c->forgotten += sums->forgotten;
}

pmkt_status pmkt_tracker_stats(pmkt_tracker *tracker, pmkt_tracker_counts *out, pmkt_error *err) {
    pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
    const pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    if (!out) return pmkti_null(err, "out");
    c.bytes = fixed_bytes(tracker) + (int64_t)pmkti_arena_total(&tracker->arena);
    c.clock_ms = atomic_load_explicit(&tracker->clock, memory_order_relaxed);
    c.clocks_back = atomic_load_explicit(&tracker->clocks_back, memory_order_relaxed);
    for (int32_t i = 0; i < tracker->options.shards; i++) {
        pmkti_shard *s = &tracker->shard[i];
        pmkti_lock_take(&s->lock);
        add(&c, s);
        c.generation = s->generation;
        pmkti_lock_give(&s->lock);
    }
    return pmkti_struct_out(out, &c, sizeof c, sizeof(uint64_t), "out", err);
}

/* ------------------------------------------------------------------ forgetting */

pmkt_status pmkt_tracker_forget(pmkt_tracker *tracker, uint64_t user, int32_t *known,
                                pmkt_error *err) {
    const pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    const uint64_t hash = pmkti_tracker_hash(user);
    pmkti_shard *s = pmkti_tracker_shard(tracker, hash);
    pmkti_lock_take(&s->lock);
    const uint32_t number = user ? pmkti_users_find(s, user) : PMKTI_POOL_NONE;
    if (number != PMKTI_POOL_NONE) {
        pmkti_users_drop(tracker, s, number);
        s->sums.forgotten++;
    }
    pmkti_lock_give(&s->lock);
    if (known) *known = number != PMKTI_POOL_NONE;
    return PMKT_OK;
}
