/*
 * intent.h - what are they about to do: chains of actions, learned from events.
 *
 * A model counts what follows what in the visits (sessions) of a shop's users, and answers from
 * there:
 *
 *     pmkt_intent *model = NULL;
 *     pmkt_intent_fit(&events, NULL, NULL, NULL, &model, &err);
 *     pmkt_intent_ask(model, &paths, NULL, &answers, &err);   // P(order), steps, next, ...
 *     pmkt_intent_release(model);
 *
 * Sequences. A session is the actions of a user without an idle time longer than a gap. It begins
 * at START and ends with GOAL, which is its first event of the goal's kind, or else with LEAVE,
 * after its last event. What a session holds after its first goal is not counted. An action is a
 * kind of event, or a kind crossed with a class (below); who has sequences of their own
 * (pmkt_intent_fit_paths) may number actions as they like. A session that goes on when the data end
 * counts as one that ended there.
 *
 * Classes. A view of a shoe and a view of a bag need not mean the same. With a list of classes
 * (categories, types of page) an event whose column holds one of them is the action
 * PMKT_INTENT_ACTION(kind, place in the list); an event of any other value, or none, is the plain
 * kind. An event whose kind is the goal is the goal, whatever its class. The list belongs to the
 * model.
 *
 * Chains. Variable-order Markov chains: what comes next depends on the last `order` actions, START
 * being one, as far as the data know them. Three chains: of all sessions, of buyers (they end with
 * GOAL), and of the others. Smoothing is interpolated Kneser-Ney with three discounts (Chen &
 * Goodman, "An empirical study of smoothing techniques for language modeling", Computer Speech and
 * Language 13, 1999, section 3):
 *
 *     P(w | h) = max(c(h w) - D(c(h w)), 0) / c(h) + g(h) P(w | h')
 *     g(h)     = (D1 N1(h) + D2 N2(h) + D3 N3(h)) / c(h)
 *
 * where h' is h without its oldest action, and N1, N2, N3 count the w that followed h once, twice,
 * more often. Below the highest order, c(h w) is the number of different actions before h that h w
 * was seen after; but a context that begins at START has nothing before it and keeps its counts.
 * The recursion ends in 1 / (actions + 2) for every action, LEAVE and GOAL. A context never seen
 * has the probabilities of its longest suffix that was. Discounts are of each length of context,
 * from n1 .. n4, how many c are 1, 2, 3, 4: Y = n1 / (n1 + 2 n2), Dk = k - (k + 1) Y n(k+1) / nk;
 * where one of n1 .. n4 is 0, or a Dk is not between 0 and k, all three are 0.5, 1 and 1.5. So each
 * probability is positive, and they sum to 1.
 *
 * Answers. For each context that a model knows, P(goal), and the steps and the time until the goal
 * for those who reach it, are solved from the chain itself, exactly, when the model is made: no
 * walk is sampled or cut short. A question looks up the longest context that is known.
 *
 * A model holds no user ids. Its counts are integers, so that models merge to the model of all
 * their data.
 */
#ifndef PMKT_INTENT_H
#define PMKT_INTENT_H

#include "base.h"
#include "events.h"
#include "file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bounds, and what stands beside actions. */
#define PMKT_INTENT_MAX_ORDER 5
#define PMKT_INTENT_MAX_ACTIONS 64
#define PMKT_INTENT_START UINT32_C(4294967293) /* before the first action */
#define PMKT_INTENT_LEAVE UINT32_C(4294967294) /* the end without the goal */
#define PMKT_INTENT_GOAL UINT32_C(4294967295)  /* the end that one hopes for */

/* Kinds crossed with classes: so many classes there may be, and what each adds to the kind. */
#define PMKT_INTENT_MAX_CLASSES 65534
#define PMKT_INTENT_CLASS UINT32_C(65536)

/* The action of a kind and the class at a place of the list, from 0. */
#define PMKT_INTENT_ACTION(kind, place) \
    ((uint32_t)(kind) + PMKT_INTENT_CLASS * ((uint32_t)(place) + 1))

/* -------------------------------------------------------------------- model */

/* A fitted model: immutable, counted, shared by any number of readers. */
typedef struct pmkt_intent pmkt_intent;

/* How to fit. */
typedef struct pmkt_intent_options {
    uint32_t struct_size;            /* sizeof(pmkt_intent_options) */
    int32_t order;                   /* actions of a context: 1 to 5; 0 = 3 */
    int64_t gap_ms;                  /* idle for longer than this ends a session: up to 2^31 - 1;
                                        0 = 30 minutes */
    uint32_t goal;                   /* the action that is the goal; 0 = PMKT_KIND_ORDER */
    int32_t by_session;              /* 1: another events.session, which the batch then
                                        needs, starts a session too */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
    const uint64_t *classes;  /* [n_classes] to cross kinds with: different ones, none of them
                                        0; copied */
    int64_t n_classes;        /* 0 = kinds alone; at most PMKT_INTENT_MAX_CLASSES */
    const char *class_column; /* the extra column of the events that says the class, of
                                        PMKT_TYPE_UINT64 or _INT64; NULL = events.category. Only read
                                        by fits of events */
} pmkt_intent_options;

#define PMKT_INTENT_OPTIONS_INIT \
    { sizeof(pmkt_intent_options), 0, 0, 0, 0, NULL, NULL, 0, NULL }

static inline void pmkt_intent_options_init(pmkt_intent_options *options) {
    const pmkt_intent_options defaults = PMKT_INTENT_OPTIONS_INIT;
    *options = defaults;
}

/*
 * A model of a batch of events, in any order, for pmkt_intent_release to free. Actions are the
 * kinds that occur before a goal, crossed with classes if the options list any; `options` NULL =
 * defaults.
 *
 *   run     NULL = all allowed threads, no progress
 *   report  out, or NULL
 *
 * Errors: PMKT_E_INVALID, also if there are classes and the batch has rows but not their column, or
 * it is of another type; PMKT_E_BAD_ROW; PMKT_E_LIMIT for more than 64 actions, or 2^31 actions and
 * ends counted; PMKT_E_UNSUPPORTED if a chain ends so rarely that its answers cannot be solved to 12
 * digits; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread. O(rows + contexts). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_fit(const pmkt_events *events, const pmkt_intent_options *options,
                                     const pmkt_run *run, pmkt_report *report, pmkt_intent **model,
                                     pmkt_error *err);

/* Sequences of actions, borrowed: to fit from, or to ask about. */
typedef struct pmkt_intent_paths {
    uint32_t struct_size;   /* sizeof(pmkt_intent_paths) */
    uint32_t reserved;      /* 0 */
    int64_t n;              /* paths */
    const int64_t *at;      /* [n + 1] where each begins in `action`; at[0] == 0, ascending */
    const uint32_t *action; /* [at[n]] 1 to 4,294,967,292 */
    const int64_t *dwell;   /* [at[n]] milliseconds since the action before; of a first action not
                               read; negative = unknown; or NULL */
    const uint8_t *bought;  /* [n] 1: GOAL follows the last action; or NULL. Fits only */
} pmkt_intent_paths;

#define PMKT_INTENT_PATHS_INIT \
    { sizeof(pmkt_intent_paths), 0, 0, NULL, NULL, NULL, NULL }

static inline void pmkt_intent_paths_init(pmkt_intent_paths *paths) {
    const pmkt_intent_paths empty = PMKT_INTENT_PATHS_INIT;
    *paths = empty;
}

/*
 * The same of whole sessions that the caller has. A path ends with GOAL at its first action that is
 * the goal, or after its last if `bought` says so; else with LEAVE. Empty paths count: START, then
 * the end. The gap and the classes of the options are only kept: actions are what the caller says
 * that they are. A dwell counts as 2^31 - 1 ms at most.
 *
 * Errors: as pmkt_intent_fit, but no PMKT_E_BAD_ROW; PMKT_E_INVALID for an action out of range
 * (where = its place in `action`). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_fit_paths(const pmkt_intent_paths *paths,
                                           const pmkt_intent_options *options, const pmkt_run *run,
                                           pmkt_intent **model, pmkt_error *err);

/*
 * The model of all that n models have seen, the same bytes when saved as one fitted from all of it
 * at once; its memory is of the first one's allocator. That holds if no session is cut in two: give
 * all events of a user to one model, and if all were fitted with the same by_session, which is not
 * kept.
 *
 * Errors: PMKT_E_INVALID (n < 1, a NULL); PMKT_E_MISMATCH for another order, gap or goal, or other
 * classes, or the same in another order; PMKT_E_LIMIT, PMKT_E_UNSUPPORTED, PMKT_E_CANCELED,
 * PMKT_E_NOMEM as pmkt_intent_fit. Any thread. O(contexts of all). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_merge(const pmkt_intent *const *models, int64_t n,
                                       const pmkt_run *run, pmkt_intent **model, pmkt_error *err);

/* One more owner; returns `model`. NULL for NULL. Any number of threads. Since 0.3. */
PMKT_API pmkt_intent *pmkt_intent_retain(const pmkt_intent *model);

/* One owner less; the last one frees. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_intent_release(const pmkt_intent *model);

/* What a model says of itself; filled by pmkt_intent_info. */
typedef struct pmkt_intent_facts {
    uint32_t struct_size; /* in: sizeof(pmkt_intent_facts) */
    int32_t order;
    int64_t gap_ms;
    uint32_t goal;
    int32_t actions;     /* different ones */
    int64_t sessions;    /* that were counted */
    int64_t buyers;      /* of them, that end with GOAL */
    int64_t counted;     /* actions and ends that were counted */
    int64_t contexts;    /* that the model knows, of every length, the empty one too */
    int64_t transitions; /* rows of pmkt_intent_transitions */
    int64_t bytes;       /* memory */
    double residual;     /* of the solved answers: the largest |x - (b + Q x)|, as a share of |x| */
    int64_t classes;     /* that kinds are crossed with */
} pmkt_intent_facts;

#define PMKT_INTENT_FACTS_INIT \
    { sizeof(pmkt_intent_facts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_intent_facts_init(pmkt_intent_facts *facts) {
    const pmkt_intent_facts empty = PMKT_INTENT_FACTS_INIT;
    *facts = empty;
}

/* Fills *out. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_intent_info(const pmkt_intent *model, pmkt_intent_facts *out,
                                      pmkt_error *err);

/*
 * The actions that a model knows, ascending, in *actions, [*n]; borrowed from the model. Either may
 * be NULL. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_actions(const pmkt_intent *model, const uint32_t **actions,
                                         int64_t *n, pmkt_error *err);

/*
 * The classes that kinds are crossed with, in the order of the list that was given, in *classes,
 * [*n]; borrowed from the model; NULL if there are none. Either may be NULL. Errors:
 * PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_classes(const pmkt_intent *model, const uint64_t **classes,
                                         int64_t *n, pmkt_error *err);

/* ---------------------------------------------------------------- questions */

/* What comes first after a path, with probabilities. */
#define PMKT_INTENT_TOP 3

/*
 * Where answers go; each NULL, or [paths], or [paths * PMKT_INTENT_TOP]. A path is a session so
 * far: START, then its actions. An action that the model does not know is passed over, as if it had
 * not been.
 */
typedef struct pmkt_intent_answers {
    uint32_t struct_size; /* sizeof(pmkt_intent_answers) */
    uint32_t reserved;    /* 0 */
    double *goal;         /* P(the session reaches the goal) */
    double *leave;        /* P(it ends without); goal + leave == 1 */
    double *steps;   /* actions until the goal, the goal itself too, if it is reached: 1 or more */
    double *time_ms; /* mean time until the goal, if it is reached, from the last action on;
                             NaN if the model knows no times */
    double *log_all; /* ln P(the path so far) by the chain of all sessions */
    double *log_buyer; /* by the chain of buyers */
    double *log_other; /* by the chain of the others; log_buyer - log_other is the evidence */
    uint32_t *next;    /* the likeliest next actions or ends, best first, then by number; 0 if there
                             are fewer than three of them */
    double *next_p;    /* their probabilities; 0 beside 0 */
    int32_t *context;  /* how many of the last steps (START too) the answers look at */
} pmkt_intent_answers;

#define PMKT_INTENT_ANSWERS_INIT \
    { sizeof(pmkt_intent_answers), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_intent_answers_init(pmkt_intent_answers *answers) {
    const pmkt_intent_answers none = PMKT_INTENT_ANSWERS_INIT;
    *answers = none;
}

/*
 * Answers questions about n paths. A path that holds the goal is past it: goal 1, leave 0, steps
 * and time 0, no next action; logarithms up to and with the goal.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_CANCELED (the arrays may be written to in part). Allocates
 * nothing; short batches start no thread. Any number of threads. O(actions). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_ask(const pmkt_intent *model, const pmkt_intent_paths *paths,
                                     const pmkt_run *run, const pmkt_intent_answers *out,
                                     pmkt_error *err);

/*
 * What comes next after each path, in `p`, [n][actions + 2]: the actions in the order of
 * pmkt_intent_actions, then LEAVE, then GOAL. With `waited_ms`, given also that nothing has
 * happened for so long since the last action (0 or more): each probability times the share of such
 * steps that take longer, by a log-normal law of each pair of actions, and scaled to sum to 1.
 * Whoever left is silent for good; so waiting makes LEAVE likelier. Pairs that were seen less than
 * twice have the law of all pairs. Without times in the model, and after START, waiting changes
 * nothing. Times count as a second at least, so that waiting less changes nothing either. A row of
 * a path that holds the goal is 1 at GOAL.
 *
 *   waited_ms  [n], or NULL
 *   p          [n][actions + 2] out
 *
 * Errors and threads: as pmkt_intent_ask. O(actions of the model, for each path). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_next(const pmkt_intent *model, const pmkt_intent_paths *paths,
                                      const int64_t *waited_ms, const pmkt_run *run, double *p,
                                      pmkt_error *err);

/*
 * Explains log_buyer - log_other: what each step of each path adds to it, ln (P(action | before it,
 * buyers) / P(action | before it, others)); 0 for a step to an action that the model does not know,
 * and for what comes after a goal.
 *
 *   log_odds  [at[n]] out
 *
 * Errors and threads: as pmkt_intent_ask. Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_explain(const pmkt_intent *model, const pmkt_intent_paths *paths,
                                         const pmkt_run *run, double *log_odds, pmkt_error *err);

/* Where the table of single steps goes; each NULL, or [room]. */
typedef struct pmkt_intent_table {
    uint32_t struct_size; /* sizeof(pmkt_intent_table) */
    uint32_t reserved;    /* 0 */
    int64_t room;         /* rows that there is room for */
    uint32_t *from;       /* an action, or PMKT_INTENT_START, which comes last */
    uint32_t *to;         /* an action, or PMKT_INTENT_LEAVE or _GOAL; ascending for each `from` */
    int64_t *count;       /* how often */
    int64_t *buyers;      /* of them, in sessions that reach the goal */
    double *probability;  /* count / all counts of `from`, not smoothed */
    double *median_ms;    /* exp(mean ln t) of the times between the two, each a second at least;
                             NaN if none is known */
} pmkt_intent_table;

#define PMKT_INTENT_TABLE_INIT \
    { sizeof(pmkt_intent_table), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_intent_table_init(pmkt_intent_table *table) {
    const pmkt_intent_table empty = PMKT_INTENT_TABLE_INIT;
    *table = empty;
}

/*
 * Every step that was seen, by from and to, as the order-1 view of the model. pmkt_intent_facts
 * says how many rows there are.
 *
 * Errors: PMKT_E_INVALID, also if there is not room for them all. Allocates nothing. Any number of
 * threads. O(rows). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_transitions(const pmkt_intent *model, const pmkt_intent_table *out,
                                             pmkt_error *err);

/* -------------------------------------------------------------------- files */

/*
 * Saves what a model has counted; the answers are solved anew by whoever loads it. Models of the
 * same data and options are the same bytes. See file.h for what saving and loading promise.
 *
 * Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd; PMKT_E_INVALID;
 * PMKT_E_CANCELED; PMKT_E_NOMEM. Any number of threads. O(contexts). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_save(const pmkt_intent *model, const char *path,
                                      const pmkt_save_options *options, const pmkt_run *run,
                                      pmkt_error *err);
PMKT_API pmkt_status pmkt_intent_save_memory(const pmkt_intent *model,
                                             const pmkt_save_options *options, const pmkt_run *run,
                                             pmkt_buffer **buffer, pmkt_error *err);

/*
 * A model from a file, or from bytes that are only read during the call.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT; PMKT_E_CORRUPT (where = the byte); PMKT_E_UNSUPPORTED in a
 * build without zstd, or as pmkt_intent_fit; PMKT_E_LIMIT; PMKT_E_INVALID; PMKT_E_CANCELED;
 * PMKT_E_NOMEM. Any thread. O(file). Since 0.3.
 */
PMKT_API pmkt_status pmkt_intent_load(const char *path, const pmkt_load_options *options,
                                      const pmkt_run *run, pmkt_intent **model, pmkt_error *err);
PMKT_API pmkt_status pmkt_intent_load_memory(const void *bytes, size_t size,
                                             const pmkt_load_options *options, const pmkt_run *run,
                                             pmkt_intent **model, pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
