/*
 * tracker.h (private) - how live state lies in memory.
 *
 *     tracker ── shards ── index      hash of a user -> number of a record
 *                       ├─ users      records: visitor | rules at rest | trail
 *                       ├─ spill      what rules keep beyond the few entries of a record, by size
 *                       └─ heap       who is to be woken when
 *
 * A shard is one lock. What one event does to one user happens within one shard.
 */
#ifndef PMKTI_TRACKER_H
#define PMKTI_TRACKER_H

#include <stdbool.h>

#include "core/hash.h"
#include "core/lock.h"
#include "core/origin.h"
#include "intent/purchase/model.h"
#include "intent/rules/compact.h"
#include "intent/rules/swap.h"
#include "intent/tally.h"
#include "intent/tracker/due.h"
#include "intent/tracker/index.h"
#include "intent/tracker/pool.h"
#include "pmkt/tracker.h"

#define PMKTI_TRACKER_SHARDS 1024
#define PMKTI_TRACKER_HISTORY 64
#define PMKTI_TRACKER_PARTIALS 1024
#define PMKTI_TRACKER_INLINE 24 /* words of entries of rules in a record */
#define PMKTI_TRACKER_SIZES 9   /* of blocks: 48, 96, ... 12,288 words */
#define PMKTI_TRACKER_FIRES 4   /* intents that a trail remembers */

/* ------------------------------------------------------------------- records */

/* What rules keep of a user, at rest: 128 bytes. */
typedef struct pmkti_live {
    int64_t queued;      /* the time of the entry of the heap that counts, or PMKTI_RULES_NEVER */
    int64_t cart_amount; /* of the latest cart, or missing */
    uint32_t session;    /* a hash of events.session, if the model cuts by it */
    uint32_t spill;      /* the block with the entries, if they do not fit in here */
    uint16_t n;          /* entries */
    uint16_t words;      /* that they take, as of compact.h, from the user's last event */
    uint8_t size;        /* 0: they are here; else of the block */
    bool known;          /* there was an event */
    bool waits;          /* something does */
    uint8_t reserved;
    uint32_t word[PMKTI_TRACKER_INLINE];
} pmkti_live;

_Static_assert(sizeof(pmkti_live) == 128, "two cache lines");

/* An intent that fired. */
typedef struct pmkti_trail_fire {
    int64_t time, since;
    uint32_t key;
    int16_t rule;  /* of those in force; -1: none */
    uint16_t turn; /* the latest has the highest; 0: nothing is here */
} pmkti_trail_fire;

typedef struct pmkti_trail_event {
    int64_t time;
    uint64_t id[PMKTI_RULES_IDS];
    uint64_t took; /* bit (rule & 63) of each rule that it was a step of */
    float log_odds;
    uint16_t kind;
    uint16_t reserved;
} pmkti_trail_event;

/* What evidence needs, if anybody wants it. */
typedef struct pmkti_trail {
    pmkti_trail_fire fire[PMKTI_TRACKER_FIRES];
    uint16_t n;    /* events */
    uint16_t next; /* where the next one goes */
    uint32_t reserved;
    pmkti_trail_event event[]; /* [history], a ring */
} pmkti_trail;

/* The session so far, if there is learning: 64 bytes. */
#define PMKTI_PATH_STEPS 48
typedef struct pmkti_path {
    uint64_t tail; /* the last steps, of the order of the model, packed as a context */
    uint8_t n;     /* of `step`; there may have been more */
    uint8_t last;  /* step; 0: none */
    bool open;     /* the session is to be counted when it ends */
    uint8_t reserved;
    uint32_t
        passed; /* ms from `last` to the latest event, if the model does not know that one; it stops */
    uint8_t step[PMKTI_PATH_STEPS];
} pmkti_path;

_Static_assert(sizeof(pmkti_path) == 64, "a cache line");

/* A record begins with this; a pmkti_visitor follows, and at fixed distances a pmkti_live, a
   pmkti_path and a pmkti_trail. */
typedef struct pmkti_record {
    uint64_t user; /* PMKT_ID_NONE: nobody */
} pmkti_record;

/* -------------------------------------------------------------------- shards */

/* What is counted of pmkt_tracker_counts; the names are the same. */
typedef struct pmkti_tracker_sums {
    int64_t events, bad, late, fired, unheard, suppressed, outranked, dropped, ended, evicted,
        expired, forgotten, unlearned;
} pmkti_tracker_sums;

typedef struct pmkti_shard {
    pmkti_lock lock;
    uint32_t generation;        /* of the rules */
    uint64_t swaps;             /* of model or rules: two with one address may be different ones */
    const pmkt_purchase *model; /* the tracker's; or NULL */
    const pmkt_rules *rules;
    pmkti_arena *arena; /* the tracker's */
    pmkti_index index;
    pmkti_pool users;
    pmkti_pool spill[PMKTI_TRACKER_SIZES];
    pmkti_due_heap heap;
    int64_t waiting;     /* users for whom something waits */
    int64_t bytes;       /* memory */
    int64_t users_bytes; /* of it, what users take, with the index and the queue */
    uint32_t hand;       /* the record at which looking for somebody to evict goes on */
    uint32_t sweep;      /* the same of those who have expired */
    int64_t swept_ms;    /* the clock of that */
    pmkti_tracker_sums sums;
    int64_t latest;  /* time of an event, or INT64_MIN */
    int64_t learned; /* sessions in `tally` */
    pmkti_tally tally;
    pmkti_dwell *dwell;      /* [actions][actions + 1], as in the model; NULL: nobody learns */
    unsigned char apart[64]; /* from the next shard's */
} pmkti_shard;

struct pmkt_tracker {
    pmkt_allocator allocator;
    pmkti_origin origin;
    pmkt_tracker_options options; /* with their defaults */
    pmkti_lock control;           /* who swaps or restores: taken before the lock of a shard */
    int64_t learned_ms;  /* the latest event when the model was learned; INT64_MIN: it was not */
    uint32_t generation; /* of the rules; what all shards have, or will have in a moment */
    uint64_t swaps;      /* likewise */
    uint64_t models;     /* swaps of models alone, a learned one's too */
    const pmkt_purchase *model; /* owned; or NULL */
    const pmkt_rules *rules;
    _Atomic int64_t clock;
    _Atomic int64_t clocks_back;
    size_t live_at, path_at, trail_at, stride; /* of a record; 0: there are none */
    int64_t most_bytes;                        /* of a shard; INT64_MAX: no limit */
    int32_t shard_shift;
    size_t dwell_bytes; /* of a shard; 0: nobody learns */
    pmkti_arena arena;  /* records, indexes and blocks of all shards */
    pmkti_shard *shard; /* [options.shards] */
};

static inline uint64_t pmkti_tracker_hash(uint64_t user) {
    return pmkti_mix(user);
}

static inline pmkti_shard *pmkti_tracker_shard(const pmkt_tracker *t, uint64_t hash) {
    return &t->shard[t->shard_shift == 64 ? 0 : hash >> t->shard_shift];
}

static inline pmkti_record *pmkti_record_at(const pmkti_shard *s, uint32_t number) {
    return (pmkti_record *)(void *)pmkti_pool_at(&s->users, number);
}

static inline pmkti_visitor *pmkti_record_visitor(pmkti_record *u) {
    return (pmkti_visitor *)(void *)(u + 1);
}

static inline pmkti_live *pmkti_record_live(const pmkt_tracker *t, pmkti_record *u) {
    return (pmkti_live *)(void *)((unsigned char *)u + t->live_at);
}

/* The last instant at which a user is known, if nothing comes any more. */
static inline int64_t pmkti_record_last(const pmkt_tracker *t, pmkti_record *u) {
    return pmkti_record_visitor(u)->last + t->options.ttl_ms;
}

/* NULL: there are none. */
static inline pmkti_path *pmkti_record_path(const pmkt_tracker *t, pmkti_record *u) {
    return t->path_at ? (pmkti_path *)(void *)((unsigned char *)u + t->path_at) : NULL;
}

static inline pmkti_trail *pmkti_record_trail(const pmkt_tracker *t, pmkti_record *u) {
    return t->trail_at ? (pmkti_trail *)(void *)((unsigned char *)u + t->trail_at) : NULL;
}

/* ----------------------------------------------------- users of a shard (users.c) */

/* The number of a user's record, or PMKTI_POOL_NONE. */
uint32_t pmkti_users_find(const pmkti_shard *s, uint64_t user);

/* A record for a user who has none; somebody else may be evicted. PMKT_OK, PMKT_E_NOMEM. */
pmkt_status pmkti_users_add(const pmkt_tracker *t, pmkti_shard *s, uint64_t user, uint32_t *number);

/* Forgets a user. */
void pmkti_users_drop(const pmkt_tracker *t, pmkti_shard *s, uint32_t number);

/* Begins a user anew, who keeps the record. */
void pmkti_users_renew(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u);

/* Begins with memory for `users`. PMKT_OK, PMKT_E_NOMEM, PMKT_E_LIMIT. */
pmkt_status pmkti_users_begin(const pmkt_tracker *t, pmkti_shard *s, uint32_t users);

/* What that takes of the arena. */
size_t pmkti_users_cost(const pmkt_tracker *t, uint32_t users);

/* Forgets a user who has expired, whose session is over then. */
void pmkti_users_end(const pmkt_tracker *t, pmkti_shard *s, uint32_t number);

/* Looks at `n` records in turn and drops those who have expired at `clock`. */
void pmkti_users_expire(const pmkt_tracker *t, pmkti_shard *s, int64_t clock, uint32_t n);

/* ------------------------------------------------- rules of a record (live.c) */

/* What rules keep of a user into `state`, whose entries have room for options.partials. */
void pmkti_live_load(const pmkt_tracker *t, const pmkti_shard *s, pmkti_record *u,
                     pmkti_rules_state *state);

/* And back, with its entry in the heap; state.due must be exact. `last` is the time of the user's last event, which
   the visitor has, or will have before anybody loads this. Adds the state's counters to the shard's. PMKT_OK;
   PMKT_E_NOMEM: nothing has changed. */
pmkt_status pmkti_live_store(const pmkt_tracker *t, pmkti_shard *s, uint32_t number, int64_t last,
                             pmkti_rules_state *state);

/* The same, of what cannot be taken back: where there is no memory, what has not gone on for longest is dropped. */
void pmkti_live_settle(const pmkt_tracker *t, pmkti_shard *s, uint32_t number,
                       pmkti_rules_state *state);

/* Drops what has not gone on for longest until so many entries are left. */
void pmkti_live_shrink(const pmkt_rules *r, pmkti_rules_state *state, int32_t room);

/* Gives back what a record holds elsewhere. */
void pmkti_live_drop(pmkti_shard *s, pmkti_live *live);

/* A trail of the rules of `plan`'s beginning becomes one of those of its end. NULL: there are no rules any more.
   (swap.c) */
void pmkti_trail_swap(const pmkti_rules_plan *plan, pmkti_trail *trail);

/* ---------------------------------------------------------------- firing (fire.c) */

/* Where firings go, and how many there have been. */
typedef struct pmkti_tracker_out {
    pmkt_tracker_fired *at; /* NULL: they are only counted */
    int64_t n, room;
} pmkti_tracker_out;

/* Room for all that can fire at one instant. */
static inline bool pmkti_tracker_has_room(const pmkti_tracker_out *out, const pmkt_rules *rules) {
    return !out->at || !rules || out->room - out->n >= rules->n_intents;
}

/* Tells of n rules of a user that fired at one instant. */
void pmkti_tracker_fire(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u, int64_t time,
                        int64_t row, const pmkti_rules_fire *fire, int32_t n,
                        pmkti_tracker_out *out);

/* Fires what is due before `clock`, while the user is known and there is room. `state` is loaded, and the caller
   stores it. */
void pmkti_tracker_pass(const pmkt_tracker *t, pmkti_shard *s, pmkti_record *u,
                        pmkti_rules_state *state, int64_t clock, pmkti_tracker_out *out);

/* ------------------------------------------------------------------- checks */

/* A tracker that may be used in this process. */
pmkt_status pmkti_tracker_check(const pmkt_tracker *t, pmkt_error *err);

/* How much may fire at one instant. */
static inline int32_t pmkti_tracker_intents(const pmkt_rules *rules) {
    return rules ? rules->n_intents : 0;
}

/* Whether that has room. */
pmkt_status pmkti_tracker_room_check(int32_t intents, const char *name, int64_t room,
                                     pmkt_error *err);

#endif
