/*
 * users.c - the records of a shard: who is known, who comes, who has to go.
 */
#include <string.h>

#include "intent/tracker/learn.h"

#define CANDIDATES 16 /* to be evicted: the one seen least lately of so many goes */

uint32_t pmkti_users_find(const pmkti_shard *s, uint64_t user) {
    const uint32_t hash = pmkti_index_hash(&s->index, user);
    uint64_t at = hash;
    uint32_t number;
    while (pmkti_index_next(&s->index, hash, &at, &number)) {
        if (pmkti_record_at(s, number)->user == user) return number;
    }
    return PMKTI_POOL_NONE;
}

/* -------------------------------------------------------------------- memory */

/* What a chunk of so many records takes, with what goes along with it. */
static int64_t cost_of(const pmkti_shard *s, uint32_t users) {
    const uint32_t all = s->users.room + users, room = pmkti_due_room(all);
    const size_t heap = room > s->heap.room ? (room - s->heap.room) * sizeof(pmkti_due) : 0;
    return (int64_t)(pmkti_pool_bytes(&s->users, users) + pmkti_index_bytes(&s->index, all) + heap);
}

/* What users may still take. Where there are rules, a third is not theirs: partial matches have no room otherwise. */
static int64_t left_for_users(const pmkt_tracker *t, const pmkti_shard *s) {
    const int64_t left = t->most_bytes - s->bytes;
    const int64_t theirs = t->most_bytes / 3 * 2 - s->users_bytes;
    return s->rules && theirs < left ? theirs : left;
}

/* How many of `users` have room below the limit: all of them, or, if that is the end, as many as can be. */
static uint32_t affordable(const pmkt_tracker *t, const pmkti_shard *s, uint32_t users) {
    const int64_t left = left_for_users(t, s);
    if (cost_of(s, users) <= left) return users;
    uint32_t low = 0; /* affordable; the cost grows with them */
    while (low + 1 < users) {
        const uint32_t middle = low + (users - low) / 2;
        if (cost_of(s, middle) <= left)
            low = middle;
        else
            users = middle;
    }
    return low;
}

/* What goes along with records: the queue and the index. */
static pmkt_status reserve(const pmkt_tracker *t, pmkti_shard *s, uint32_t all) {
    const pmkt_status status = pmkti_due_reserve(&s->heap, &t->allocator, pmkti_due_room(all));
    return status ? status : pmkti_index_reserve(&s->index, s->arena, &t->allocator, all);
}

/* PMKT_OK, PMKT_E_NOMEM, PMKT_E_LIMIT. What was got before a failure is not lost, but of use later. */
static pmkt_status grow(const pmkt_tracker *t, pmkti_shard *s, uint32_t users) {
    const int64_t cost = cost_of(s, users);
    pmkt_status status = reserve(t, s, s->users.room + users);
    if (!status) status = pmkti_pool_grow(&s->users, s->arena, &t->allocator, users);
    const int64_t got = status ? cost - cost_of(s, users) : cost; /* of what succeeded */
    s->bytes += got;
    s->users_bytes += got;
    return status;
}

pmkt_status pmkti_users_begin(const pmkt_tracker *t, pmkti_shard *s, uint32_t users) {
    pmkti_pool_begin(&s->users, t->stride, users);
    return cost_of(s, users) > t->most_bytes - s->bytes ? PMKT_E_LIMIT : grow(t, s, users);
}

size_t pmkti_users_cost(const pmkt_tracker *t, uint32_t users) {
    const pmkti_index none = {0, NULL};
    return pmkti_arena_cost(users * t->stride) + pmkti_index_bytes(&none, users);
}

static pmkt_status grow_by_itself(const pmkt_tracker *t, pmkti_shard *s) {
    const uint32_t next = pmkti_pool_next(&s->users);
    const uint32_t users = next > 0 ? affordable(t, s, next) : 0;
    return users > 0 ? grow(t, s, users) : PMKT_E_LIMIT;
}

/* ------------------------------------------------------------------- leaving */

static void leave_queue(pmkti_shard *s, pmkti_live *live) {
    s->waiting -= live->waits;
    live->waits = false;
    live->queued = PMKTI_RULES_NEVER; /* the heap finds out by itself */
}

static void begin(const pmkt_tracker *t, pmkti_record *u, uint64_t user) {
    pmkti_live *live = pmkti_record_live(t, u);
    memset(u, 0, t->stride);
    u->user = user;
    live->queued = PMKTI_RULES_NEVER;
    live->cart_amount = PMKTI_INT_MISSING;
}

void pmkti_users_renew(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u) {
    const uint64_t user = u->user;
    pmkti_learn_end(t, s, u);
    pmkti_live *live = pmkti_record_live(t, u);
    leave_queue(s, live);
    pmkti_live_drop(s, live);
    begin(t, u, user);
}

void pmkti_users_drop(const pmkt_tracker *t, pmkti_shard *s, uint32_t number) {
    pmkti_record *u = pmkti_record_at(s, number);
    pmkti_live *live = pmkti_record_live(t, u);
    leave_queue(s, live);
    pmkti_live_drop(s, live);
    pmkti_index_drop(&s->index, pmkti_index_hash(&s->index, u->user), number);
    pmkti_pool_give(&s->users, number);
}

/* The next record that somebody has, from *at on, which goes beyond it; NONE after `left` looks. */
static uint32_t next_user(const pmkti_shard *s, uint32_t *at, uint32_t *left) {
    while (*left > 0) {
        const uint32_t i = *at < s->users.n ? *at : 0;
        *at = i + 1;
        --*left;
        if (pmkti_record_at(s, i)->user != PMKT_ID_NONE) return i;
    }
    return PMKTI_POOL_NONE;
}

static int64_t last_of(const pmkti_shard *s, uint32_t number) {
    return pmkti_record_visitor(pmkti_record_at(s, number))->last;
}

static void evict(const pmkt_tracker *t, pmkti_shard *s) {
    uint32_t left = s->users.n, oldest = PMKTI_POOL_NONE;
    for (int i = 0; i < CANDIDATES; i++) {
        const uint32_t at = next_user(s, &s->hand, &left);
        if (at == PMKTI_POOL_NONE) break;
        if (oldest == PMKTI_POOL_NONE || last_of(s, at) < last_of(s, oldest)) oldest = at;
    }
    pmkti_users_drop(t, s, oldest);
    s->sums.evicted++;
}

pmkt_status pmkti_users_add(const pmkt_tracker *t, pmkti_shard *s, uint64_t user,
                            uint32_t *number) {
    *number = pmkti_pool_take(&s->users);
    if (*number == PMKTI_POOL_NONE) {
        const pmkt_status status = grow_by_itself(t, s);
        if (status == PMKT_E_LIMIT)
            evict(t, s); /* there is somebody: pmkt_tracker_new has seen to that */
        else if (status)
            return status;
        *number = pmkti_pool_take(&s->users);
    }
    pmkti_record *u = pmkti_record_at(s, *number);
    begin(t, u, user);
    pmkti_index_put(&s->index, pmkti_index_hash(&s->index, user), *number);
    return PMKT_OK;
}

void pmkti_users_end(const pmkt_tracker *t, pmkti_shard *s, uint32_t number) {
    pmkti_learn_end(t, s, pmkti_record_at(s, number));
    pmkti_users_drop(t, s, number);
    s->sums.expired++;
}

void pmkti_users_expire(const pmkt_tracker *t, pmkti_shard *s, int64_t clock, uint32_t n) {
    uint32_t left = n < s->users.n ? n : s->users.n;
    for (;;) {
        const uint32_t at = next_user(s, &s->sweep, &left);
        if (at == PMKTI_POOL_NONE) return;
        if (clock <= pmkti_record_last(t, pmkti_record_at(s, at))) continue;
        pmkti_users_end(t, s, at);
    }
}
