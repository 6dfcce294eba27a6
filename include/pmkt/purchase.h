/*
 * purchase.h - will they buy, now: a calibrated probability at every event.
 *
 *     pmkt_purchase *model = NULL;
 *     pmkt_purchase_fit(&events, NULL, NULL, NULL, NULL, &model, &err);
 *     pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
 *     out.p_goal = p;
 *     pmkt_purchase_score(model, &events, NULL, NULL, &out, &err);
 *     pmkt_purchase_release(model);
 *
 * A model has three parts, each of which can be read:
 *
 *     chains      what follows what in a session                    pmkt_purchase_chains, intent.h
 *     session     P(the goal comes later in the session | so far)   pmkt_purchase_logistic, logistic.h
 *     cart        P(the user reaches the goal within 72 h | a cart) the same; where data suffice
 *
 * The last two are logistic models of the same features, which are known right after an event:
 *
 *     evidence             ln P(the session so far | buyers) / P(it | the others), by the chains
 *     context              log-odds of P(goal | the last actions), by the chains
 *     count:view, ...      ln(1 + n), of each action in the session so far
 *     first                1 at the first event of a session
 *     dwell, dwell_mean    ln seconds since the event before, and the session's mean of that; a
 *                          second at least; 0 at the first
 *     elapsed              ln(1 + seconds) since the session began
 *     hour_sin, hour_cos, weekday_sin, weekday_cos    where the clock stands, to the minute, as an
 *                          angle from midnight; the day of the week, as one from Thursday
 *     sessions, new, since_session    ln(1 + n) sessions before; 1 if none; ln(1 + minutes) between
 *                          the end of the one before and this one
 *     orders, buys, buying_rate    ln(1 + n) goals before, and sessions before that held one;
 *                          ln((buys + 0.5) / (sessions + 5))
 *     since_order, never   ln(1 + minutes) since the user's last goal; 1 if there was none
 *     item, item_before    ln(1 + n) events with this item before this one, in this session and in
 *                          earlier ones
 *     item_cart, item_favorite    1 if the user had put it into the cart (and not taken it out), or
 *                          among favorites, before this event, and not reached the goal with it since
 *     items, item_repeats  ln(1 + n) different items of the session; events with one that came before
 *     category, category_before, category_cart, categories, category_repeats    the same of categories
 *
 * "So far" includes the event itself, "before" does not; an event without an item has zeros in place of
 * what is known of it. item_cart and category_cart end when it is taken out of the cart, or the goal
 * is reached with it. An order of three lines is three goals. An action that the chains have not seen
 * is passed over by them, but is an event like the others to the rest.
 *
 * Of each user the last 4 items and 4 categories are remembered, by 32 bits of a hash, so that a live
 * state stays small and knows the same. For the same reason numbers stop: counts of actions, of items and
 * categories, and of events with them at 255; sessions, orders and buys at 65,535 (buys at the latest
 * when sessions do), and dwell_mean is of a session's first 65,535 events; elapsed stops at 2^32
 * milliseconds, 49 days, since_session and since_order at 2^40, 34 years.
 *
 * History. What a user did before the batch is not known. Give as much of it as the fit saw, neither
 * more nor less: counts of sessions and orders grow with it, and mean what they meant there.
 *
 * Sessions, actions and the goal are those of intent.h. A session after its first goal is past it:
 * nothing is learned there, but it is history.
 *
 * Fit. Users are cut into five folds. The first two features of a fold are of chains that were
 * counted without it, so that the logistic model learns how far to trust chains on users whom they
 * have not seen. Each event weighs 1 / (events before the goal) of its session, so that long
 * sessions do not outvote the others; calibration counts every event once.
 */
#ifndef PMKT_PURCHASE_H
#define PMKT_PURCHASE_H

#include "intent.h"
#include "logistic.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A fitted model: immutable, counted, shared by any number of readers. */
typedef struct pmkt_purchase pmkt_purchase;

/* Which of the two probabilities. */
enum {
    PMKT_PURCHASE_SESSION = 0, /* the goal later in the session */
    PMKT_PURCHASE_CART = 1     /* the goal within cart_ms of a cart */
};

/* How to fit, beside the options of the chains. */
typedef struct pmkt_purchase_options {
    uint32_t struct_size;  /* sizeof(pmkt_purchase_options) */
    int32_t calibration;   /* PMKT_CALIBRATION_PLATT */
    double l2;             /* as in pmkt_logistic_options; 0 = 1.0 */
    int64_t rows;          /* events that the logistic models learn from, about: whole users, drawn
                              by a hash of their id; 0 = 250,000. Chains are of all users */
    int64_t cart_ms;       /* horizon of a cart, up to 365 days; 0 = 72 hours */
    const pmkt_zone *zone; /* of hours and weekdays; copied; NULL = UTC */
} pmkt_purchase_options;

#define PMKT_PURCHASE_OPTIONS_INIT \
    { sizeof(pmkt_purchase_options), 0, 0.0, 0, 0, NULL }

static inline void pmkt_purchase_options_init(pmkt_purchase_options *options) {
    const pmkt_purchase_options defaults = PMKT_PURCHASE_OPTIONS_INIT;
    *options = defaults;
}

/*
 * A model of a batch of events, in any order, for pmkt_purchase_release to free. The session's model is
 * left out if no session, or every session, reaches the goal after another action. The cart's is
 * of PMKT_KIND_CART events before their session's goal, but for those in the last cart_ms of the
 * batch, whose outcome is not known; it is left out if they are fewer than 50, or if fewer than 5
 * led to the goal, or fewer than 5 did not.
 *
 *   chains   options of the chains, and the allocator; NULL = defaults
 *   options  NULL = defaults
 *   run      NULL = all allowed threads, no progress
 *   report   out, or NULL
 *
 * Errors: as pmkt_intent_fit; PMKT_E_LIMIT also for a class_column of more than 255 bytes. Any
 * thread. O(rows + contexts + options.rows features^2). Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_fit(const pmkt_events *events, const pmkt_intent_options *chains,
                                       const pmkt_purchase_options *options, const pmkt_run *run,
                                       pmkt_report *report, pmkt_purchase **model, pmkt_error *err);

/* One more owner; returns `model`. NULL for NULL. Any number of threads. Since 0.3. */
PMKT_API pmkt_purchase *pmkt_purchase_retain(const pmkt_purchase *model);

/* One owner less; the last one frees. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_purchase_release(const pmkt_purchase *model);

/*
 * The chains of a model, borrowed from it: retain them to keep them longer. NULL for NULL. Any number
 * of threads. Since 0.3.
 */
PMKT_API const pmkt_intent *pmkt_purchase_chains(const pmkt_purchase *model);

/*
 * The logistic model of PMKT_PURCHASE_SESSION or _CART, borrowed likewise, for pmkt_logistic_info and
 * pmkt_logistic_coefficients: its columns are the features. NULL where there is none. Any number of
 * threads. Since 0.3.
 */
PMKT_API const pmkt_logistic *pmkt_purchase_logistic(const pmkt_purchase *model, int32_t which);

/* What a model says of itself; filled by pmkt_purchase_info. */
typedef struct pmkt_purchase_facts {
    uint32_t struct_size; /* in: sizeof(pmkt_purchase_facts) */
    int32_t features;
    int64_t rows;      /* events that the session's model was fitted to; 0 = there is none */
    int64_t cart_rows; /* the cart's; 0 likewise */
    int64_t cart_ms;
    int64_t bytes; /* memory, the chains' too */
} pmkt_purchase_facts;

#define PMKT_PURCHASE_FACTS_INIT \
    { sizeof(pmkt_purchase_facts), 0, 0, 0, 0, 0 }

static inline void pmkt_purchase_facts_init(pmkt_purchase_facts *facts) {
    const pmkt_purchase_facts empty = PMKT_PURCHASE_FACTS_INIT;
    *facts = empty;
}

/* Fills *out. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_purchase_info(const pmkt_purchase *model, pmkt_purchase_facts *out,
                                        pmkt_error *err);

/*
 * Fills *options and *chains with what a model was fitted with, also one that was loaded: a fit with
 * the same, to the same events, gives the same. What they point at (zone, classes, class_column,
 * allocator) is borrowed from the model. Either may be NULL. calibration and l2 are those that were
 * asked for.
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_settings(const pmkt_purchase *model,
                                            pmkt_purchase_options *options,
                                            pmkt_intent_options *chains, pmkt_error *err);

/*
 * The name of feature i, such as "evidence" or "count:view"; an action that has no name is its
 * number, a class stands behind it as "view:2", counted from 1. Borrowed from the model; NULL if
 * there is no such feature. Any number of threads. O(1). Since 0.3.
 */
PMKT_API const char *pmkt_purchase_feature(const pmkt_purchase *model, int32_t i);

/*
 * Where scores go; each NULL, or [rows], or [rows * PMKT_INTENT_TOP], in the order of the batch. A bad
 * row has NaN, next 0. A row that is the goal, or follows it in its session, is past it: p_goal 1,
 * p_cart NaN, time 0, next 0.
 */
typedef struct pmkt_purchase_scores {
    uint32_t struct_size; /* sizeof(pmkt_purchase_scores) */
    uint32_t reserved;    /* 0 */
    double *p_goal;       /* P(the goal comes later in the session), given all up to this event */
    double *p_cart;       /* of cart events: P(the user reaches the goal within cart_ms); NaN of
                             others, and without such a model */
    double *time_ms;      /* mean time until the goal, if it is reached, by the chains; NaN if they
                             know no times */
    uint32_t *next;       /* the likeliest next actions or ends, as pmkt_intent_answers.next */
    double *next_p;       /* their probabilities; 0 beside 0 */
    double *outcome;      /* what came of it, by this batch: 1, the goal comes later in the session;
                             0, it does not; NaN at and past the goal. To judge p_goal by (binary.h) */
} pmkt_purchase_scores;

#define PMKT_PURCHASE_SCORES_INIT \
    { sizeof(pmkt_purchase_scores), 0, NULL, NULL, NULL, NULL, NULL, NULL }

static inline void pmkt_purchase_scores_init(pmkt_purchase_scores *scores) {
    const pmkt_purchase_scores none = PMKT_PURCHASE_SCORES_INIT;
    *scores = none;
}

/*
 * Scores every event of a batch, in any order; events of one user and time stand as their rows do. It
 * needs the columns of classes and sessions that the fit needed. `report` as in pmkt_purchase_fit.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED for p_goal of a model without the session's part;
 * PMKT_E_BAD_ROW; PMKT_E_CANCELED or PMKT_E_NOMEM (the arrays may be written to in part). Any number
 * of threads. O(rows features). Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_score(const pmkt_purchase *model, const pmkt_events *events,
                                         const pmkt_run *run, pmkt_report *report,
                                         const pmkt_purchase_scores *out, pmkt_error *err);

/*
 * Explains scores: of chosen rows of a batch, what each feature is, and what it adds to the log-odds:
 * coefficient (value - mean), times the slope of Platt's calibration if that is the model's; last
 * the intercept. So the log-odds of a row sum to ln p / (1 - p), before an isotonic curve. The
 * evidence of the chains is explained step by step by pmkt_intent_explain. Bad rows, and rows at
 * and past the goal, have NaN everywhere.
 *
 *   which     PMKT_PURCHASE_SESSION or _CART (of any event, as if it were a cart)
 *   row       [n] rows of the batch, in any order; NULL: all, and n is events->rows
 *   value     [n][features] out, or NULL
 *   log_odds  [n][features + 1] out, or NULL
 *
 * Errors: PMKT_E_INVALID, also for a row that there is not (where = its place);
 * PMKT_E_UNSUPPORTED for a part that the model has not; else as pmkt_purchase_score. Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_explain(const pmkt_purchase *model, int32_t which,
                                           const pmkt_events *events, const int64_t *row, int64_t n,
                                           const pmkt_run *run, double *value, double *log_odds,
                                           pmkt_error *err);

/*
 * Saves a model: its chains as counts, its logistic models as numbers. Models of the same data and
 * options are the same bytes. See file.h for what saving and loading promise.
 *
 * Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd; PMKT_E_INVALID;
 * PMKT_E_CANCELED; PMKT_E_NOMEM. Any number of threads. O(contexts). Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_save(const pmkt_purchase *model, const char *path,
                                        const pmkt_save_options *options, const pmkt_run *run,
                                        pmkt_error *err);
PMKT_API pmkt_status pmkt_purchase_save_memory(const pmkt_purchase *model,
                                               const pmkt_save_options *options,
                                               const pmkt_run *run, pmkt_buffer **buffer,
                                               pmkt_error *err);

/*
 * A model from a file, or from bytes that are only read during the call.
 *
 * Errors: as pmkt_intent_load. Any thread. O(file). Since 0.3.
 */
PMKT_API pmkt_status pmkt_purchase_load(const char *path, const pmkt_load_options *options,
                                        const pmkt_run *run, pmkt_purchase **model,
                                        pmkt_error *err);
PMKT_API pmkt_status pmkt_purchase_load_memory(const void *bytes, size_t size,
                                               const pmkt_load_options *options,
                                               const pmkt_run *run, pmkt_purchase **model,
                                               pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
