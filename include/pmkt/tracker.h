/*
 * tracker.h - what is everybody about to do, now: the live state of each user, read at every event.
 *
 * A tracker joins a learned model (purchase.h) with rules that a marketer edits (rules.h):
 *
 *     pmkt_tracker *t = NULL;
 *     pmkt_tracker_new(model, rules, NULL, &t, &err);
 *
 *     pmkt_tracker_fired fired[64];
 *     pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
 *     out.p_goal = p, out.fired = fired, out.room = 64;
 *     do {                                            // once, if there is room for all that fires
 *         pmkt_tracker_observe(t, &events, NULL, &out, &err);
 *         for (int64_t i = 0; i < out.n_fired; i++) offer(&fired[i]);
 *         out.from = out.done;
 *     } while (out.done < events.rows);
 *
 *     pmkt_tracker_advance(t, now_ms, fired, 64, &n, &err);   // a cart and silence: waits that are over
 *
 * A single event is a batch of one row: set up a pmkt_events whose columns point to variables once, and
 * change the variables.
 *
 * Same as in batch. What a tracker says of an event is what pmkt_purchase_score and pmkt_rules_match say of it
 * in a batch of all that the tracker has seen, with the same `partials`: they read the same state, from the
 * same code. The differences are named: a swap in the midst of a session, users who were evicted or have
 * expired, partial matches that max_bytes left no room for, and events that came late, also to the clock: what
 * pmkt_tracker_advance has fired stays fired, and a user whom it removed is unknown, though an event is older than
 * that; it is taken like any other, and not counted.
 *
 * Time is that of the events, and the clock of pmkt_tracker_advance; the system is never asked. Of a user, events
 * come in the order of time. One that is older than the user's latest is late: if by no more than late_ms, it
 * is taken as if it were of the same time as that; else it is ignored and counted.
 *
 * Memory. A user takes 256 bytes: 128 for what the model looks at (192 if it has more than 16 actions), 128 for what
 * the rules do, which is up to 96 bytes of partial matches and cooldowns, of 8 to 28 each, mostly 12; more, up to
 * `partials`, lie apart in a block of 192, 384, 768 bytes and so on. To be found and woken takes 30 to 60 bytes; evidence, unless `history` is -1, 48 an
 * event and 104; learning 64, and in each shard 32 for every two actions and 50 to 100 for all that was seen to
 * follow a context. Memory is taken by chunks, when somebody new has no room, more partial matches need a
 * block, or, to learn, a session ends; and kept until the tracker is freed. A chunk is as large as those before
 * it of its kind and shard: without `capacity` up to twice as much is taken as users need, and with huge pages most
 * of that is resident. `capacity` takes that of users at the beginning, and no more. Else an event allocates nothing.
 *
 * Each shard has an equal part of max_bytes. Where there are rules, users take up to two thirds of it, and the rest is
 * for the blocks of partial matches. Somebody new who has no room takes the place of the one who was seen least lately of
 * 16 who lie together in memory: about the least recently seen (LRU), at the cost of a few cache lines. Nobody is
 * evicted before. Ids are spread by a fixed hash, so shards fill about evenly; but somebody who may choose ids can
 * fill one alone. A block that has no room is done without: the user keeps what fits, about 4 to 8 partial matches and
 * cooldowns, and counts.dropped says how many did not.
 *
 * Threads. A tracker is synchronized within: any number of threads may call anything at a time, but _free. Users
 * are spread over `shards`, each of which one thread at a time is in, for one event; a swap or a save is in one
 * shard after the other. Two batches with the same user at the same time are taken in either order. No call
 * but a save and a learning starts a thread. After a fork the child has no use for it: every call is PMKT_E_FORKED
 * there, but _free.
 *
 * Privacy. A tracker holds ids and what is above, nothing else; pmkt_tracker_forget removes a user at once, but
 * not from what was saved before.
 */
#ifndef PMKT_TRACKER_H
#define PMKT_TRACKER_H

#include "purchase.h"
#include "rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everybody's live state. */
typedef struct pmkt_tracker pmkt_tracker;

/* How to keep it. */
typedef struct pmkt_tracker_options {
    uint32_t struct_size; /* sizeof(pmkt_tracker_options) */
    int32_t partials;     /* partial matches and cooldowns kept of a user; 0 = 32; to 1,024 */
    int64_t capacity;     /* users for whom memory is taken at once; 0 = none */
    int64_t max_bytes;    /* of memory, but for model and rules; 0 = no limit */
    int64_t ttl_ms;       /* so long after the last event a user is unknown again; 0 = 30 days */
    int64_t late_ms;      /* an event may be older than the user's latest by so much */
    int32_t history;      /* events kept of a user for evidence, to 64; 0 = 8; -1 = none */
    int32_t shards;       /* a power of two, to 1,024; 0 = 64 */
    int32_t actions; /* of the model, and of those that it may be swapped for; 0 = as many as this
                             one has, rounded up to 16, 32, 48 or 64 */
    int32_t learn;   /* 1: count what sessions do, for pmkt_tracker_learn */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_tracker_options;

#define PMKT_TRACKER_OPTIONS_INIT \
    { sizeof(pmkt_tracker_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL }

static inline void pmkt_tracker_options_init(pmkt_tracker_options *options) {
    const pmkt_tracker_options defaults = PMKT_TRACKER_OPTIONS_INIT;
    *options = defaults;
}

/*
 * A tracker that knows nobody, for pmkt_tracker_free to free.
 *
 *   model  retained; NULL: rules alone
 *   rules  retained; NULL: the model alone
 *
 * Errors: PMKT_E_INVALID, also if both are NULL; PMKT_E_LIMIT if max_bytes is too little for a few users in
 * every shard, or for `capacity`; PMKT_E_NOMEM. Any thread. O(capacity). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_new(const pmkt_purchase *model, const pmkt_rules *rules,
                                      const pmkt_tracker_options *options, pmkt_tracker **tracker,
                                      pmkt_error *err);

/* Frees a tracker that no other thread uses. NULL is fine. O(memory). Since 0.3. */
PMKT_API void pmkt_tracker_free(pmkt_tracker *tracker);

/* ------------------------------------------------------------------- events */

/* A rule that fired. This struct is as it is: arrays of it cannot grow. */
typedef struct pmkt_tracker_fired {
    uint64_t user;
    int64_t time;        /* of the event; of a wait, its last instant */
    int64_t since;       /* of the first event of the match */
    int64_t row;         /* of the batch; -1: a wait ended */
    double strength;     /* of the rule */
    int32_t rule;        /* as of pmkt_rules_rule, of the rules of this generation */
    uint32_t generation; /* of the rules: 1, and one more after every swap */
} pmkt_tracker_fired;

/*
 * What is asked of a batch, and where answers go. Columns are each NULL, or [rows], or
 * [rows * PMKT_INTENT_TOP]; entries of rows before `from`, and from `done` on, are left as they are. Columns
 * of the model are as in pmkt_purchase_scores. A row that is bad or late has NaN, next 0, rule -1. Where `fired`
 * is NULL, what fires is only counted.
 */
typedef struct pmkt_tracker_answers {
    uint32_t struct_size; /* sizeof(pmkt_tracker_answers) */
    uint32_t reserved;    /* 0 */
    double *p_goal;       /* P(the goal comes later in the session) */
    double *p_cart;  /* of cart events: P(the user reaches the goal within the model's cart_ms) */
    double *time_ms; /* mean time until the goal, if it is reached */
    uint32_t *next;  /* the likeliest next actions or ends */
    double *next_p;  /* their probabilities */
    int32_t *rule;   /* the strongest rule that fired at the event, of equals the first; -1: none */
    pmkt_tracker_fired *fired; /* [room] all that fired, in the order of rows; or NULL */
    int64_t room;    /* if `fired` is not NULL: at least as many as the rules have intents */
    int64_t from;    /* in: the first row to take */
    int64_t done;    /* out: the row after the last one that was taken */
    int64_t n_fired; /* out */
} pmkt_tracker_answers;

#define PMKT_TRACKER_ANSWERS_INIT \
    { sizeof(pmkt_tracker_answers), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0 }

static inline void pmkt_tracker_answers_init(pmkt_tracker_answers *answers) {
    const pmkt_tracker_answers none = PMKT_TRACKER_ANSWERS_INIT;
    *answers = none;
}

/*
 * Takes the rows of a batch from out->from on, in their order. If what fires has no more room, it stops:
 * out->done says where, and calling again with out->from = out->done goes on. The waits of a user that were over
 * before an event fire with that event, if pmkt_tracker_advance has not fired them; if they alone fill the room, no row
 * is taken, but out->n_fired is not 0.
 *
 *   events  the columns of classes and sessions that the model needs, and those that rules name
 *   report  out, or NULL; of the rows from `from` to `done`: late ones are `ignored`
 *   out     in and out; NULL: only the state changes
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED for a column that the model cannot tell, or if there is none;
 * PMKT_E_BAD_ROW if on_bad says so, and then no row is taken; PMKT_E_NOMEM: out->done rows are taken, the one
 * there is not; PMKT_E_FORKED. Any number of threads. O(rows * rules that name the kind * partial matches of the
 * user), with the built-in rules about half a microsecond each. Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_observe(pmkt_tracker *tracker, const pmkt_events *events,
                                          pmkt_report *report, pmkt_tracker_answers *out,
                                          pmkt_error *err);

/*
 * Sets the clock, and fires the waits of everybody that are over before it: by time, then user, then rule. If
 * there are `room` of them or nearly, there may be more: call again, with the same clock, until *n is 0. Each call
 * is in that order by itself. Users who have expired are removed, by and by. A clock that is behind is counted, and
 * changes nothing.
 *
 *   fired  [room] out; room at least as many as the rules have intents
 *   n      out
 *
 * Errors: PMKT_E_INVALID; PMKT_E_NOMEM; PMKT_E_FORKED. Any number of threads. O(fired log users + users that
 * it is time to look at). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_advance(pmkt_tracker *tracker, int64_t clock_ms,
                                          pmkt_tracker_fired *fired, int64_t room, int64_t *n,
                                          pmkt_error *err);

/* Removes a user. *known, if not NULL: 1 if there was one. Errors: PMKT_E_INVALID; PMKT_E_FORKED. Any number
   of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_tracker_forget(pmkt_tracker *tracker, uint64_t user, int32_t *known,
                                         pmkt_error *err);

/* ----------------------------------------------------------------- evidence */

/* An event that is remembered. This struct is as it is: arrays of it cannot grow. */
typedef struct pmkt_tracker_event {
    int64_t time;
    uint64_t item;     /* or PMKT_ID_NONE */
    uint64_t category; /* likewise */
    uint64_t channel;  /* likewise */
    double log_odds;   /* ln (P(action | buyers) / P(it | others)), as a float: it adds this to the
                        session's evidence; 0 if the model does not know it, from the goal on, and
                        without a model */
    int32_t kind;
    int32_t matched; /* 1: a step of the match that fired */
} pmkt_tracker_event;

/* Why an intent fired, and what is known of a user. */
typedef struct pmkt_tracker_evidence {
    uint32_t struct_size;      /* in: sizeof(pmkt_tracker_evidence) */
    int32_t rule;              /* that fired latest of the intent; -1: none, or long ago */
    pmkt_tracker_event *event; /* in: [room], or NULL: the latest events, the oldest first */
    int64_t room;              /* in */
    int64_t n;                 /* events that were written */
    int64_t time;              /* when that rule fired */
    int64_t since;             /* of the first event of its match */
    int64_t session;           /* events of the user's session so far */
    double evidence;     /* ln (P(session so far | buyers) / P(it | others)); 0 without a model */
    uint32_t generation; /* of the rules that `rule` is of, those in force */
    uint32_t reserved;   /* 0 */
} pmkt_tracker_evidence;

#define PMKT_TRACKER_EVIDENCE_INIT \
    { sizeof(pmkt_tracker_evidence), -1, NULL, 0, 0, 0, 0, 0, 0.0, 0, 0 }

static inline void pmkt_tracker_evidence_init(pmkt_tracker_evidence *evidence) {
    const pmkt_tracker_evidence empty = PMKT_TRACKER_EVIDENCE_INIT;
    *evidence = empty;
}

/*
 * Why: the events that matched, what each says by the model, and which rule it was; its text is that of
 * pmkt_rules_rule. An event is `matched` if it was a step of that rule, has the same key, and lies between the
 * first and the last of the match; of a rule that steps over some of them, these are marked, too. Rules whose
 * numbers differ by 64 share a mark: of more than 64, what was a step of another one may be marked, if its kind is
 * one of the rule's. The latest 4 intents of a user are remembered.
 *
 *   intent  the name; NULL: whichever fired last
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED if `history` is -1; PMKT_E_FORKED. Somebody unknown has n 0 and
 * rule -1. Any number of threads. O(history). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_explain(pmkt_tracker *tracker, uint64_t user, const char *intent,
                                          pmkt_tracker_evidence *out, pmkt_error *err);

/* -------------------------------------------------------------------- swaps */

/*
 * Goes on with another model, such as one that was fitted anew, while others observe. Users keep their counts
 * and history; the context of each is looked up in the new chains, and the evidence of a session under way is
 * that of the old ones so far. From a user's next session on all is as the new model says. What was counted for
 * pmkt_tracker_learn is gone, sessions under way too: the new model is taken to know it.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED if the tracker began without a model; PMKT_E_LIMIT if it has more
 * actions than there is room for; PMKT_E_MISMATCH if only one of the two starts sessions by events.session;
 * PMKT_E_FORKED. Nothing fails half way. Any number of threads. O(users). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_swap(pmkt_tracker *tracker, const pmkt_purchase *model,
                                       pmkt_error *err);

/*
 * Goes on with other rules, while others observe. A rule whose text is the same keeps its partial matches;
 * those of a rule that is gone, or was edited, end; cooldowns stay, by the name of the intent.
 *
 *   rules  NULL: none
 *   ended  out, or NULL: partial matches that ended
 *
 * Errors: PMKT_E_INVALID; PMKT_E_FORKED. Any number of threads. O(users). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_swap_rules(pmkt_tracker *tracker, const pmkt_rules *rules,
                                             int64_t *ended, pmkt_error *err);

/*
 * Learns on: chains that have counted what the sessions did which ended since the tracker was made, or since the
 * last call or swap of models, beside what those in force have counted. The tracker goes on with the new model, as
 * if swapped; sessions under way keep on being counted. What is not learned anew are the logistic models, those of
 * the model in force. So it is no substitute for a new fit, but helps until then where habits change; where they do
 * not, it changes next to nothing.
 *
 * A session ends at the goal; with the user's next session; when the user expires; and at this call, if the clock
 * of pmkt_tracker_advance is past the model's gap after its last event. So set the clock: without it those who come
 * back are counted, and those who do not only after ttl_ms. Nobody knows how the session of a user would have ended
 * who is evicted or forgotten, and it is not counted; nor is one under way at a swap or in a snapshot.
 *
 * An action that the model does not know is not counted, as it is passed over; of a session of more than 48 actions
 * the first 48 are, and its end. Times between actions are counted at once, whatever becomes of the session.
 *
 * What was counted weighs less by and by: half as much for every half_life_ms of the events' time between two calls;
 * the first one, also after a swap, takes nothing off. Counts are whole: of a fraction chance decides, the same in
 * equal trackers, so that what is rare fades as fast as the rest. Of each action one count stays.
 *
 *   half_life_ms  0: what was counted never weighs less
 *   run           NULL = all allowed threads, no progress
 *   model         out, or NULL: the new model, one owner of which is the caller
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED without a model or options.learn, or as pmkt_intent_fit;
 * PMKT_E_LIMIT if there are more than 2^31 actions and ends or times between them; PMKT_E_CANCELED; PMKT_E_NOMEM;
 * PMKT_E_FORKED. After a failure the model is as before, and what was counted waits for the next call. Any number of
 * threads; others go on meanwhile, and it begins anew if one of them swaps models. O(contexts + users). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_learn(pmkt_tracker *tracker, int64_t half_life_ms,
                                        const pmkt_run *run, pmkt_purchase **model,
                                        pmkt_error *err);

/*
 * The rules in force, retained for the caller to release; NULL if there are none. *generation, if not NULL,
 * is theirs. NULL after a fork. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_rules *pmkt_tracker_rules(pmkt_tracker *tracker, uint32_t *generation);

/* The model in force, likewise. Since 0.3. */
PMKT_API pmkt_purchase *pmkt_tracker_model(pmkt_tracker *tracker);

/* -------------------------------------------------------------------- stats */

/* What happened since the tracker was made; filled by pmkt_tracker_stats. */
typedef struct pmkt_tracker_counts {
    uint32_t struct_size; /* in: sizeof(pmkt_tracker_counts) */
    uint32_t generation;  /* of the rules */
    int64_t users;        /* known now; who has expired may still be among them */
    int64_t bytes;        /* memory, but for model and rules */
    int64_t clock_ms;     /* INT64_MIN before the first pmkt_tracker_advance */
    int64_t events;       /* taken */
    int64_t bad;          /* rows rejected */
    int64_t late;         /* events ignored, for being late */
    int64_t clocks_back;  /* calls of pmkt_tracker_advance with a clock that was behind */
    int64_t fired;
    int64_t unheard;    /* of them, where `fired` was NULL */
    int64_t suppressed; /* matches besides, in a cooldown */
    int64_t outranked;  /* matches besides, of an intent that fired by a stronger rule */
    int64_t dropped;    /* partial matches and cooldowns that had to make room */
    int64_t ended;      /* partial matches that a swap of rules ended */
    int64_t evicted;    /* users, for max_bytes */
    int64_t expired;    /* users, after ttl_ms */
    int64_t forgotten;  /* users */
    int64_t waiting;    /* users for whom something waits */
    int64_t learned;    /* sessions counted, for the next pmkt_tracker_learn */
    int64_t unlearned;  /* sessions that could not be counted, for want of memory */
} pmkt_tracker_counts;

#define PMKT_TRACKER_COUNTS_INIT \
    { sizeof(pmkt_tracker_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_tracker_counts_init(pmkt_tracker_counts *counts) {
    const pmkt_tracker_counts none = PMKT_TRACKER_COUNTS_INIT;
    *counts = none;
}

/* Errors: PMKT_E_INVALID; PMKT_E_FORKED. Any number of threads. O(shards). Since 0.3. */
PMKT_API pmkt_status pmkt_tracker_stats(pmkt_tracker *tracker, pmkt_tracker_counts *out,
                                        pmkt_error *err);

/* -------------------------------------------------------------------- files */

/*
 * Saves the state of everybody: a snapshot, shard after shard, each as it is at one instant, while others
 * observe. The model is not in it, only its actions, and of the rules their text, for that tells which partial
 * match is of which rule. Who has expired by the clock is left out, and so is what was counted for
 * pmkt_tracker_learn: call that before, and save its model. Equal states are equal bytes, whatever the number of
 * shards. Besides these it takes as much memory as one shard. See file.h for what saving and loading promise.
 *
 * Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd; PMKT_E_INVALID;
 * PMKT_E_CANCELED; PMKT_E_NOMEM; PMKT_E_FORKED. Any number of threads. O(users log users). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_save(pmkt_tracker *tracker, const char *path,
                                       const pmkt_save_options *options, const pmkt_run *run,
                                       pmkt_error *err);
PMKT_API pmkt_status pmkt_tracker_save_memory(pmkt_tracker *tracker,
                                              const pmkt_save_options *options, const pmkt_run *run,
                                              pmkt_buffer **buffer, pmkt_error *err);

/*
 * Takes everybody from a snapshot into a tracker that knows nobody yet. With the same model and rules it is as
 * if nothing had happened; with others, as if they had been swapped: rules are the same if their text is, and of a
 * text with dates in conditions these are taken to be of UTC where it is not. Sessions under way are not counted for
 * pmkt_tracker_learn. Options are those of the new tracker: who has no room below max_bytes is left out, or takes
 * somebody's place, and counted as evicted; of a longer history the latest stay, and of more partial matches than
 * `partials` those that went on latest.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT; PMKT_E_CORRUPT (where = the byte); PMKT_E_UNSUPPORTED in a build without
 * zstd, or if only one of the two trackers has a model; PMKT_E_MISMATCH as of pmkt_tracker_swap; PMKT_E_INVALID,
 * also if somebody is known, or model or rules are swapped meanwhile; PMKT_E_CANCELED; PMKT_E_NOMEM; PMKT_E_FORKED.
 * After a failure the tracker knows nobody, but if somebody was known before. Any thread. O(users). Since 0.3.
 */
PMKT_API pmkt_status pmkt_tracker_restore(pmkt_tracker *tracker, const char *path,
                                          const pmkt_run *run, pmkt_error *err);
PMKT_API pmkt_status pmkt_tracker_restore_memory(pmkt_tracker *tracker, const void *bytes,
                                                 size_t size, const pmkt_run *run, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
