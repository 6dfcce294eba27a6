/*
 * rfm.h - recency, frequency, monetary value: who is worth what.
 *
 * Three kinds of handle, in the order of use:
 *
 *   pmkt_rfm            the state: takes batches of events in any order, merges, forgets
 *   pmkt_rfm_scores     what every customer is worth at one date (immutable)
 *   pmkt_rfm_migration  how customers moved between two dates (immutable)
 *
 *     pmkt_rfm *rfm = NULL;
 *     pmkt_rfm_scores *scores = NULL;
 *     pmkt_rfm_new(NULL, &rfm, &err);
 *     pmkt_rfm_add(rfm, &events, NULL, NULL, &err);            // as often as there are batches
 *     pmkt_rfm_score(rfm, as_of_ms, NULL, NULL, &scores, &err);
 *
 * What counts as an order. Rows of kind ORDER with the same user and order id are one order; it
 * happens at its earliest line and is worth the sum of its lines, all of which count from then on.
 * Refunds and cancellations have their own date and lower what the user spent from that date on;
 * with an order id they also lower that order, and an order that nets to zero or less is not
 * counted: not in frequency, not in recency. Amounts are sums of integers, so that the order of
 * adding never matters.
 *
 * Dates. A question is asked "as of" an instant, which is exclusive: what happened at or after it
 * is not seen. Ages are differences of calendar days in the state's zone: an order at 23:59
 * yesterday is 1 day ago.
 *
 * Sources: A. M. Hughes, Strategic Database Marketing (1994), for recency, frequency, monetary
 * value; the eight-class form is the practice of Chinese e-commerce.
 */
#ifndef PMKT_RFM_H
#define PMKT_RFM_H

#include "arrow.h"
#include "base.h"
#include "events.h"
#include "file.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------- state */

/* A state: all that is known of the orders of a shop's customers. */
typedef struct pmkt_rfm pmkt_rfm;

/* What a state keeps. */
enum {
    /* Every order: at most 24 bytes an order and 32 a customer once compacted. Lines and refunds
       find their order across calls and merges, and any as_of can be asked. */
    PMKT_RFM_HISTORY = 0,

    /* Sums only: 48 bytes a customer once compacted, whatever they bought. The price:
       - only neighboring rows of one call with one user and order id are seen as one order;
       - a refund or cancellation lowers what was spent, but cannot undo the order itself;
       - an order worth nothing is not counted when it arrives;
       - an as_of at or before the last event is refused;
       - merged states must hold disjoint orders;
       - the tier is known only of users whose first order lies within the tier window. */
    PMKT_RFM_SUMMARY = 1
};

/* How to make a state. */
typedef struct pmkt_rfm_options {
    uint32_t struct_size;            /* sizeof(pmkt_rfm_options) */
    int32_t mode;                    /* PMKT_RFM_HISTORY or PMKT_RFM_SUMMARY */
    const pmkt_zone *zone;           /* for calendar days; NULL = UTC; copied */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
    int64_t max_bytes; /* refuse what could make the state larger than this, with rows not yet
                          compacted counted as large as they can become; 0 = no limit. A
                          forgetting is never refused. */
    int32_t unpriced;  /* 1: amounts are ignored; orders count unless canceled, and M is 0 */
    int32_t reserved;  /* 0 */
} pmkt_rfm_options;

#define PMKT_RFM_OPTIONS_INIT \
    { sizeof(pmkt_rfm_options), 0, NULL, NULL, 0, 0, 0 }

static inline void pmkt_rfm_options_init(pmkt_rfm_options *options) {
    const pmkt_rfm_options defaults = PMKT_RFM_OPTIONS_INIT;
    *options = defaults;
}

/*
 * A new, empty state in *rfm, for pmkt_rfm_free to free. `options` NULL = defaults.
 *
 * Errors: PMKT_E_INVALID, PMKT_E_NOMEM. Any thread. O(1): a state without users takes 60 KB.
 * Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_new(const pmkt_rfm_options *options, pmkt_rfm **rfm, pmkt_error *err);

/* Frees a state; scores made from it live on. Since 0.1. */
PMKT_API void pmkt_rfm_free(pmkt_rfm *rfm);

/*
 * Takes a batch of events, all of it or (on an error) none of it.
 *
 * Kinds: ORDER adds a line of an order; REFUND and CANCEL take back their amount, and a CANCEL
 * without amount takes back its whole order (a second one changes nothing); REGISTER dates the
 * registration; FAVORITE, FOLLOW, CART and CHECKOUT show interest; every other kind, the caller's
 * own too, shows that the user is aware of the brand. A user is known from their first event on,
 * whether or not they ever order.
 *
 * Besides the rules of events.h, a row is bad
 *  - if it is an ORDER or REFUND without amount (PMKT_BAD_AMOUNT_MISSING);
 *  - if it is a CANCEL with neither amount nor order id (PMKT_BAD_ORDER_MISSING); in summary mode,
 *    if it is a CANCEL without amount (PMKT_BAD_AMOUNT_MISSING).
 * An unpriced state counts no amount (a bad one is bad all the same): there a REFUND or CANCEL
 * takes back its whole order and needs the order id (else PMKT_BAD_ORDER_MISSING); in summary mode
 * it is only an event.
 *
 *   run     NULL = all allowed threads, no progress
 *   report  out, or NULL
 *
 * Memory: a batch that is small beside the state takes 34 bytes a row during the call. One of more
 * than about a quarter of it is taken in slices, of as many rows as the state has records, but at
 * least 2 (summary) or 16 (history) million: 34 bytes a row of a slice, and the new state beside
 * the old. Afterwards what the mode says, plus up to a third for rows not yet compacted.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_BAD_ROW; PMKT_E_OVERFLOW if the sizes of all amounts the state
 * ever took sum to more than INT64_MAX (where = the row); PMKT_E_MISMATCH if the batch names
 * another currency than an earlier one; PMKT_E_LIMIT; PMKT_E_CANCELED; PMKT_E_NOMEM.
 * One thread at a time. O(rows), amortized. Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_add(pmkt_rfm *rfm, const pmkt_events *events, const pmkt_run *run,
                                  pmkt_report *report, pmkt_error *err);

/*
 * Adds all that `from` knows to `into`; `from` stays as it is. The result equals a state that
 * took every batch itself, but that what straddles the date of a forgetting within one of the two
 * is dropped whole (see pmkt_rfm_forget). Whoever is forgotten in either is forgotten in `into`.
 * Merging a state into itself is PMKT_E_INVALID.
 *
 * Errors: PMKT_E_MISMATCH for another mode, zone, currency or `unpriced`; PMKT_E_OVERFLOW;
 * PMKT_E_LIMIT; PMKT_E_CORRUPT, of a mapped state; PMKT_E_CANCELED; PMKT_E_NOMEM; PMKT_E_INVALID.
 * One thread at a time for `into`, and no writer of `from`. Memory: both and the result, until
 * done. O(both). Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_merge(pmkt_rfm *into, const pmkt_rfm *from, const pmkt_run *run,
                                    pmkt_error *err);

/*
 * Forgets users: whatever is known of them from before `when_ms` is erased from the memory of the
 * state now, and a dated tombstone stays, so that an old batch, or an old state merged in later,
 * cannot bring it back. Events dated at or after `when_ms` are of a new customer. What began before
 * goes whole, though a part of it may be later: an order with all its lines and refunds; a first
 * interest or awareness; in summary mode all sums of the user, but not a later registration.
 * Unknown users get a tombstone as well. A refund that arrives later for an order that was
 * forgotten is, like any event dated later, news of a new customer.
 *
 *   users  [n]  in any order, repeats allowed; PMKT_ID_NONE is skipped
 *   found  out, or NULL: how many different users had something to forget
 *
 * Errors: PMKT_E_INVALID (when_ms lies in [PMKT_TIME_MIN, PMKT_TIME_MAX], both included);
 * PMKT_E_CORRUPT, of a mapped state, and then nobody is forgotten; PMKT_E_NOMEM.
 * One thread at a time. O(n log n + what the partitions touched hold). 16 bytes a tombstone, which
 * max_bytes does not stop: forgetting is never refused for room. Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_forget(pmkt_rfm *rfm, const uint64_t *users, int64_t n,
                                     int64_t when_ms, int64_t *found, pmkt_error *err);

/*
 * Folds rows not yet compacted into the compact form, and gives spare memory back. Answers do not
 * change. A state folds by itself in the course of adding; call this before a long rest.
 *
 * Errors: PMKT_E_NOMEM or PMKT_E_CANCELED (what was compacted stays so); PMKT_E_INVALID. Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_compact(pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err);

/* What a state holds; filled by pmkt_rfm_stats. */
typedef struct pmkt_rfm_counters {
    uint32_t struct_size; /* in: sizeof(pmkt_rfm_counters) */
    int32_t mode;
    int64_t generation;    /* rises with every call that changed the state */
    int64_t rows_accepted; /* by all adds, and by those of merged states */
    int64_t rows_rejected;
    int64_t rows_ignored;
    int64_t rows_pending;   /* accepted, not yet compacted */
    int64_t customers;      /* compacted; pending rows may hold more */
    int64_t orders;         /* compacted entries: orders and refunds (history), orders (summary) */
    int64_t forgotten;      /* tombstones */
    int64_t bytes;          /* memory of the state now, without a file that it has mapped */
    int64_t first_event_ms; /* over all accepted rows, or PMKT_TIME_NULL */
    int64_t last_event_ms;
    char currency[8]; /* as the batches named it, or empty */
    int32_t currency_exponent;
    int32_t reserved;
} pmkt_rfm_counters;

#define PMKT_RFM_COUNTERS_INIT \
    { \
        sizeof(pmkt_rfm_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}, \
            0, 0 \
    }

static inline void pmkt_rfm_counters_init(pmkt_rfm_counters *counters) {
    const pmkt_rfm_counters empty = PMKT_RFM_COUNTERS_INIT;
    *counters = empty;
}

/* Reads the counters. Any number of threads. O(1) in history mode, O(customers) in summary mode,
   whose orders are added up. Since 0.1. */
PMKT_API pmkt_status pmkt_rfm_stats(const pmkt_rfm *rfm, pmkt_rfm_counters *out, pmkt_error *err);

/*
 * Fills *out with what a state was made with, also one that was loaded: a state made with the same
 * merges with it. `zone` and `allocator` are borrowed until pmkt_rfm_free; `zone` is never NULL.
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_settings(const pmkt_rfm *rfm, pmkt_rfm_options *out, pmkt_error *err);

/* -------------------------------------------------------------------- files */

/*
 * Saves a state: all that it knows, forgettings too, folded as if compacted first. The counters of
 * accepted, rejected and ignored rows go along, `generation` does not; memory limits and the
 * allocator are the loader's. So two states are the same bytes if they know the same, count the same
 * rows, and had amounts of the same sum. See file.h for what saving, loading and mapping promise.
 *
 * Errors: PMKT_E_IO; PMKT_E_UNSUPPORTED for compression in a build without zstd; PMKT_E_INVALID;
 * PMKT_E_CORRUPT, of a mapped state; PMKT_E_CANCELED; PMKT_E_NOMEM. A file that was there before is
 * as it was, unless only its directory could not be put on the disk, which PMKT_E_IO then says.
 * Memory: a sixteenth of the partitions that have rows not yet compacted, folded. Any number of
 * threads. O(state). Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_save(const pmkt_rfm *rfm, const char *path,
                                   const pmkt_save_options *options, const pmkt_run *run,
                                   pmkt_error *err);
PMKT_API pmkt_status pmkt_rfm_save_memory(const pmkt_rfm *rfm, const pmkt_save_options *options,
                                          const pmkt_run *run, pmkt_buffer **buffer,
                                          pmkt_error *err);

/*
 * A state from a file, or from bytes that are only read during the call. It is like the state that
 * was saved, and goes on like it: takes batches, merges, forgets.
 *
 * Errors: PMKT_E_IO; PMKT_E_FORMAT; PMKT_E_CORRUPT (where = the byte of the file); PMKT_E_UNSUPPORTED
 * in a build without zstd; PMKT_E_LIMIT; PMKT_E_INVALID; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread.
 * O(file). Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_load(const char *path, const pmkt_load_options *options,
                                   const pmkt_run *run, pmkt_rfm **rfm, pmkt_error *err);
PMKT_API pmkt_status pmkt_rfm_load_memory(const void *bytes, size_t size,
                                          const pmkt_load_options *options, const pmkt_run *run,
                                          pmkt_rfm **rfm, pmkt_error *err);

/*
 * A state that uses a file in place. Customers are checked when they are first read, so that
 * pmkt_rfm_score, pmkt_rfm_save and every call that changes the state can answer PMKT_E_CORRUPT
 * (where = the byte), and then nothing has changed; pmkt_rfm_stats does not check. Changes are kept in
 * memory: a part of the state (of 512) that a forgetting touches, or into which rows are folded, is
 * copied, the rest stays in the file, which is never written to; pmkt_rfm_merge reads and copies all.
 * Errors: as pmkt_rfm_load; PMKT_E_UNSUPPORTED for a compressed file. Any thread. O(1). Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_map(const char *path, const pmkt_load_options *options,
                                  pmkt_rfm **rfm, pmkt_error *err);

/*
 * Reads the whole file that a state has mapped and compares every checksum; PMKT_OK at once for a
 * state that has none. Errors: PMKT_E_CORRUPT (where = the byte), PMKT_E_CANCELED,
 * PMKT_E_INVALID. Any number of threads. O(file). Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_verify(const pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err);

/* ------------------------------------------------------------------ scoring */

/* What every customer is worth at one date. */
typedef struct pmkt_rfm_scores pmkt_rfm_scores;

/* How customers are scored: against bounds, or against each other. */
enum {
    PMKT_RFM_THRESHOLD = 0, /* fixed bands; eight classes */
    PMKT_RFM_QUANTILE = 1   /* equal shares of the customers: scores 1 to `bins`; named segments */
};

/* How the middle bands fall into the eight classes, which know only high and low. */
enum {
    PMKT_RFM_STRICT = 0,      /* high from the high threshold on; all else is low */
    PMKT_RFM_MIDDLE_HIGH = 1, /* the middle is high */
    PMKT_RFM_MEAN = 2, /* high if at least the mean of all buyers (M in minor units, F in 2^-32) */
    PMKT_RFM_MEDIAN = 3,    /* the same with the median (mean of the two middle ones) */
    PMKT_RFM_HYSTERESIS = 4 /* the middle stays what `previous` said; strict for newcomers */
};

/* What F and M measure. 0 = the scheme's own choice. */
enum {
    PMKT_RFM_F_DEFAULT = 0, /* threshold: per month; quantile: orders */
    PMKT_RFM_F_PER_MONTH = 1,
    PMKT_RFM_F_ORDERS = 2,
    PMKT_RFM_M_DEFAULT = 0, /* threshold: average order; quantile: revenue */
    PMKT_RFM_M_AVERAGE = 1,
    PMKT_RFM_M_REVENUE = 2
};

/* A membership tier: `name` from `from_minor` of spend on, itself included. */
typedef struct pmkt_rfm_tier {
    const char *name;   /* NUL-terminated UTF-8, at most 63 bytes; copied */
    int64_t from_minor; /* spend of the last tier_days, in minor units */
} pmkt_rfm_tier;

/*
 * A named range of quantile scores, bounds included; a bound of 0 is open. Ranges may nest and
 * overlap: the first row of the table that fits wins.
 */
typedef struct pmkt_rfm_segment {
    const char *name; /* NUL-terminated UTF-8, at most 63 bytes; copied */
    uint8_t r_min, r_max, f_min, f_max, m_min, m_max;
    uint8_t reserved[2]; /* 0 */
} pmkt_rfm_segment;

/* A threshold of exactly zero, where a plain 0 means the default. */
#define PMKT_RFM_ZERO (-1)

/*
 * How to score. Zero is the default behind each line; write PMKT_RFM_ZERO for a bound of zero.
 * Bounds are exact and compared without rounding.
 */
typedef struct pmkt_rfm_score_options {
    uint32_t struct_size; /* sizeof(pmkt_rfm_score_options) */
    int32_t scheme;       /* PMKT_RFM_THRESHOLD */
    int32_t bins;         /* 5; quantile scores run 1 to bins; 2 to 100 */
    int32_t collapse;     /* PMKT_RFM_STRICT */
    int32_t frequency;    /* PMKT_RFM_F_... */
    int32_t monetary;     /* PMKT_RFM_M_... */

    int32_t active_days;  /* 30: active if the last order is at most so many days ago */
    int32_t dormant_days; /* 90: dormant if at least so many; between: cooling */
    double f_high;        /* 3.0: high from here on */
    double f_low;         /* 1.0: low up to here; between: medium */
    int64_t m_high; /* minor units: high from here on; 200 units of the state's currency, which is
                       20,000 minor units where it has two decimals or none is named */
    int64_t m_low;  /* minor units: low up to here; 50 units; between: medium */

    int32_t month_days;    /* 30: the month of "orders per month" */
    int32_t f_window_days; /* 0: orders / max(1, months from first to last order), the pace while
                              they bought. Else the orders of the last so many days / the months of
                              that window, or since they came or first ordered if that is shorter,
                              at least 1. */

    int32_t growth_days;  /* 7: age from which a new customer is growing */
    int32_t mature_days;  /* 90: age from which they are mature */
    int32_t churn_days;   /* 180: churned if so many days passed without an order; wins */
    int32_t at_risk_days; /* 90: flagged at risk from here to churn */
    int32_t loyal_orders; /* 2: loyal buyers ordered so often and are not churned */
    int32_t tier_days;    /* 365: spend of the last so many days decides the tier: what was paid
                             less what was given back in them, whenever that was bought */

    const pmkt_rfm_tier *tiers; /* ascending, the first from 0; NULL: silver, and gold from 5,000
                                   units of the currency */
    int64_t n_tiers;            /* at most 64 */
    const pmkt_rfm_segment *segments; /* NULL: the built-in table if bins is 5, else none */
    int64_t n_segments;               /* at most 200 */
    const pmkt_rfm_scores *previous;  /* for PMKT_RFM_HYSTERESIS, of the threshold scheme */
} pmkt_rfm_score_options;

#define PMKT_RFM_SCORE_OPTIONS_INIT \
    { \
        sizeof(pmkt_rfm_score_options), 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
            0, NULL, 0, NULL, 0, NULL \
    }

static inline void pmkt_rfm_score_options_init(pmkt_rfm_score_options *options) {
    const pmkt_rfm_score_options defaults = PMKT_RFM_SCORE_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Scores every customer known before `as_of_ms`, which lies in [PMKT_TIME_MIN, PMKT_TIME_MAX], both
 * included. `options` NULL = defaults. The handle in *scores is for pmkt_rfm_scores_free to free. A
 * state without such customers gives zero rows, which is no error.
 *
 * Errors: PMKT_E_INVALID; PMKT_E_UNSUPPORTED for an early as_of or for f_window_days in summary
 * mode; PMKT_E_MISMATCH if `previous` is of the quantile scheme; PMKT_E_CANCELED; PMKT_E_NOMEM.
 * Any number of threads. O(customers + orders); quantiles by counting and radix selection, no
 * sort. Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_score(const pmkt_rfm *rfm, int64_t as_of_ms,
                                    const pmkt_rfm_score_options *options, const pmkt_run *run,
                                    pmkt_rfm_scores **scores, pmkt_error *err);

/* Frees scores; the columns go with them. Since 0.1. */
PMKT_API void pmkt_rfm_scores_free(pmkt_rfm_scores *scores);

/* Threshold bands; a customer who never ordered has band 0 on every axis. Higher is better. */
enum {
    PMKT_RFM_BAND_NONE = 0,
    PMKT_RFM_BAND_LOW = 1,    /* R: dormant */
    PMKT_RFM_BAND_MIDDLE = 2, /* R: cooling; F, M: medium */
    PMKT_RFM_BAND_HIGH = 3    /* R: active */
};

/*
 * The eight classes of the threshold scheme, activity-frequency-value. The number is
 * 4 * dormant + 2 * low frequency + low value. The comment gives the Chinese standard name.
 */
enum {
    PMKT_RFM_ACTIVE_HIGH_HIGH = 0,  /* 重要价值 */
    PMKT_RFM_ACTIVE_HIGH_LOW = 1,   /* 一般价值 */
    PMKT_RFM_ACTIVE_LOW_HIGH = 2,   /* 重要发展 */
    PMKT_RFM_ACTIVE_LOW_LOW = 3,    /* 一般发展 */
    PMKT_RFM_DORMANT_HIGH_HIGH = 4, /* 重要保持 */
    PMKT_RFM_DORMANT_HIGH_LOW = 5,  /* 一般保持 */
    PMKT_RFM_DORMANT_LOW_HIGH = 6,  /* 重要挽留 */
    PMKT_RFM_DORMANT_LOW_LOW = 7,   /* 一般挽留 */
    PMKT_RFM_NO_ORDER = 8           /* nothing bought yet, or all of it given back */
};

/* The Chinese name of one of the classes above, also of PMKT_RFM_NO_ORDER; UTF-8, static; NULL for
   another number. Any thread. Since 0.1. */
PMKT_API const char *pmkt_rfm_class_name_zh(int32_t segment);

/* Lifecycle by age and idle time; churned wins. */
enum {
    PMKT_RFM_NEW = 0,
    PMKT_RFM_GROWTH = 1,
    PMKT_RFM_MATURE = 2,
    PMKT_RFM_CHURNED = 3
};

/* How near a customer is to the brand. */
enum {
    PMKT_RFM_NOT_OBSERVED = 0, /* no order, and the state saw no behavior of anybody: only orders,
                                  refunds, cancellations and registrations */
    PMKT_RFM_UNAWARE = 1,      /* nothing but a registration */
    PMKT_RFM_AWARE = 2,        /* was shown something, viewed, ...; or gave back all they bought,
                                  once the state saw some behavior */
    PMKT_RFM_INTERESTED = 3,   /* favorite, follow, cart, checkout */
    PMKT_RFM_BUYER = 4,
    PMKT_RFM_LOYAL = 5
};

#define PMKT_RFM_TIER_UNKNOWN 255 /* summary mode, and the spend reaches further back */

/* Bits of the column flags. */
enum {
    PMKT_RFM_FLAG_PROSPECT = 1,  /* no order counted */
    PMKT_RFM_FLAG_AT_RISK = 2,   /* idle from at_risk_days up to churn_days */
    PMKT_RFM_FLAG_REGISTERED = 4 /* the age counts from a registration */
};

/*
 * The columns of scores, borrowed: valid until pmkt_rfm_scores_free. Rows stand in a fixed order
 * that depends on the user ids alone (a hash of them), so that two sets of scores line up; it is
 * not the order of the ids.
 * Money is in minor units. A customer without orders has recency -1, and zeros but for the tenure
 * and for what refunds left.
 */
typedef struct pmkt_rfm_columns {
    uint32_t struct_size; /* in: sizeof(pmkt_rfm_columns) */
    int32_t scheme;
    int64_t rows;
    int64_t as_of_ms;
    const uint64_t *user;
    const int32_t *recency_days;    /* calendar days since the last order; -1 = none */
    const int64_t *orders;          /* orders counted */
    const double *orders_per_month; /* by month_days and f_window_days */
    const int64_t *average_order;   /* revenue / orders, rounded half away from zero */
    const int64_t *revenue;         /* what was paid less what was given back */
    const int32_t *tenure_days;     /* age: calendar days since registration or first event */
    const uint8_t *r;               /* PMKT_RFM_BAND_..., or a score of 1 to bins; 0 = no order */
    const uint8_t *f;               /* the same of F */
    const uint8_t *m;               /* the same of M */
    const uint8_t *segment;         /* a class, or the row of the segment table; see _name */
    const uint8_t *activity;        /* in both schemes: the threshold band of R */
    const uint8_t *lifecycle;       /* PMKT_RFM_NEW ... */
    const uint8_t *brand_stage;     /* PMKT_RFM_NOT_OBSERVED ... */
    const uint8_t *tier;            /* the row of the tier table, or PMKT_RFM_TIER_UNKNOWN */
    const uint8_t *flags;           /* PMKT_RFM_FLAG_... bits */
    const int64_t *tier_spend;      /* spend of the last tier_days; all known spend if unknown */
    const int64_t *to_next_tier;    /* what is missing to the next tier; 0 = highest or unknown */
    int32_t bins;                   /* quantile scheme: cuts have bins - 1 entries; else 0 */
    int32_t currency_exponent;
    char currency[8];      /* of the state, or empty */
    const double *r_cuts;  /* score > j + 1 exactly if recency_days is below r_cuts[j] */
    const double *f_cuts;  /* score > j + 1 exactly if F is above f_cuts[j] */
    const int64_t *m_cuts; /* the same, minor units */
} pmkt_rfm_columns;

#define PMKT_RFM_COLUMNS_INIT \
    { \
        sizeof(pmkt_rfm_columns), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}, \
            NULL, NULL, NULL \
    }

static inline void pmkt_rfm_columns_init(pmkt_rfm_columns *columns) {
    const pmkt_rfm_columns empty = PMKT_RFM_COLUMNS_INIT;
    *columns = empty;
}

/*
 * Points *out at the columns.
 *
 * The quantile rule: score = 1 + floor(bins * (customers strictly worse) / (customers with
 * orders)). Equal values get equal scores, so shares are uneven where values repeat, and with fewer
 * different values than bins some scores stay unused. Any number of threads. Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_scores_columns(const pmkt_rfm_scores *scores, pmkt_rfm_columns *out,
                                             pmkt_error *err);

/*
 * The rows of users.
 *
 *   users  [n]
 *   row    [n]  out: the row of each, or -1 for a user who has none
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(n log rows). Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_scores_find(const pmkt_rfm_scores *scores, const uint64_t *users,
                                          int64_t n, int64_t *row, pmkt_error *err);

/*
 * The columns as an Arrow stream of one batch, for any dataframe: every column of pmkt_rfm_columns
 * under its own name, but that without `raw` segment, activity, lifecycle, brand_stage and tier are
 * text, money (average_order, revenue, tier_spend, to_next_tier) is decimal128 with the currency's
 * decimals, or 2 where no currency is named, flags are the booleans prospect, at_risk and
 * registered, and -1 of recency_days is null. `options` NULL = defaults.
 *
 * *stream is the caller's to release. It and its arrays keep the memory of the scores, also after
 * pmkt_rfm_scores_free, and may be released on any thread. Errors: PMKT_E_INVALID, PMKT_E_NOMEM,
 * and then *stream is untouched. Any number of threads. O(rows), O(1) with `raw` and without `ids`.
 * Since 0.2.
 */
PMKT_API pmkt_status pmkt_rfm_scores_arrow(const pmkt_rfm_scores *scores,
                                           const pmkt_arrow_options *options,
                                           struct ArrowArrayStream *stream, pmkt_error *err);

/* By what to name, group and compare customers. */
enum {
    PMKT_RFM_BY_SEGMENT = 0, /* the eight classes and "no-order", or the segment table */
    PMKT_RFM_BY_LIFECYCLE = 1,
    PMKT_RFM_BY_TIER = 2, /* the tier table, and "unknown" after it */
    PMKT_RFM_BY_BRAND_STAGE = 3,
    PMKT_RFM_BY_ACTIVITY = 4, /* no-order, dormant, cooling, active */
    PMKT_RFM_BY_CELL = 5      /* the bands or scores themselves: (r * b + f) * b + m, where b is
                                 4 or bins + 1; up to 5 bins */
};

/*
 * How many codes a grouping has; they run from 0. -1 for NULL or an unknown grouping. Since 0.1.
 */
PMKT_API int32_t pmkt_rfm_scores_codes(const pmkt_rfm_scores *scores, int32_t by);

/*
 * The name of a code, such as "active-high-low", "churned", "gold" or "cooling-medium-high"; lives
 * as long as the scores. NULL for a code that does not exist. In the quantile scheme the segment
 * after the last row of the table is "other", and the one after that "no-order". Since 0.1.
 */
PMKT_API const char *pmkt_rfm_scores_name(const pmkt_rfm_scores *scores, int32_t by, int32_t code);

/* ------------------------------------------------------------------ summary */

/* One group of customers, summed up. Shares are of what all groups have together; 0.15 is 15 %. */
typedef struct pmkt_rfm_group {
    int32_t code;
    int32_t reserved;
    int64_t customers;
    int64_t orders;
    int64_t revenue;       /* minor units */
    double customer_share; /* of all rows; 0 if there are none */
    double order_share;
    double revenue_share;    /* of all revenue; 0 if that is not positive. Refunds can make it less
                                than 0, and another group's more than 1 */
    double average_order;    /* revenue / orders; 0 without orders; minor units */
    double average_revenue;  /* revenue / customers */
    double average_recency;  /* days, over customers with orders; -1 without */
    double orders_per_month; /* mean over customers with orders */
} pmkt_rfm_group;

/*
 * Sums the customers of each code of a grouping ("15 % of the users bring 45 % of the revenue").
 *
 *   groups      [codes]  out, in order of code, empty groups included
 *   group_size  sizeof(pmkt_rfm_group)
 *   capacity    entries in `groups`; at least pmkt_rfm_scores_codes(scores, by)
 *
 * Errors: PMKT_E_INVALID. Any number of threads. O(rows). Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_summary(const pmkt_rfm_scores *scores, int32_t by,
                                      pmkt_rfm_group *groups, size_t group_size, int64_t capacity,
                                      pmkt_error *err);

/* ---------------------------------------------------------------- migration */

/* Who moved from where to where between two scorings. */
typedef struct pmkt_rfm_migration pmkt_rfm_migration;

/*
 * How customers moved between two scorings, `before` and `after`, with the same names. The
 * codes are those of the grouping, and one more, "absent", for customers whom one of the two
 * does not have. The result keeps nothing of its inputs but copies.
 *
 * Errors: PMKT_E_MISMATCH if the two do not have the same names for the grouping, or another
 * currency; PMKT_E_INVALID, also if `before` is the later one; PMKT_E_CANCELED; PMKT_E_NOMEM. Any
 * number of threads, one of which does the work. O(rows + lists * log lists). Since 0.1.
 */
PMKT_API pmkt_status pmkt_rfm_migrate(const pmkt_rfm_scores *before, const pmkt_rfm_scores *after,
                                      int32_t by, const pmkt_run *run,
                                      pmkt_rfm_migration **migration, pmkt_error *err);

/* Frees a migration. Since 0.1. */
PMKT_API void pmkt_rfm_migration_free(pmkt_rfm_migration *migration);

/*
 * The matrix: customers that went from code i to code j stand at [i * codes + j]. Borrowed until
 * _free. *codes counts "absent", which is the last one. Never NULL for a valid handle. Since 0.1.
 */
PMKT_API const int64_t *pmkt_rfm_migration_matrix(const pmkt_rfm_migration *migration,
                                                  int32_t *codes);

/* The name of a code, "absent" for the last; NULL if there is none. Lives until
   pmkt_rfm_migration_free. Since 0.1. */
PMKT_API const char *pmkt_rfm_migration_name(const pmkt_rfm_migration *migration, int32_t code);

/*
 * The users that went from one code to another, in the order of the scores; *n of them, borrowed
 * until _free. NULL and *n = 0 for a code that does not exist. Since 0.1.
 */
PMKT_API const uint64_t *pmkt_rfm_migration_users(const pmkt_rfm_migration *migration, int32_t from,
                                                  int32_t to, int64_t *n);

/* The rates that a win-back team watches. Activity is the threshold band of R. */
typedef struct pmkt_rfm_rates {
    uint32_t struct_size; /* in: sizeof(pmkt_rfm_rates) */
    uint32_t reserved;
    int64_t customers;         /* in both scorings */
    int64_t moved;             /* of them, with another code */
    int64_t dormant_before;    /* dormant in the first */
    int64_t dormant_to_active; /* of them, active in the second */
    int64_t active_before;
    int64_t active_to_dormant;
    int64_t buyers_before;         /* customers with orders in the first */
    int64_t churned_before;        /* of them, churned already then */
    int64_t newly_churned;         /* buyers not churned in the first and churned in the second */
    double moved_rate;             /* moved / customers; each rate is 0 if its base is 0 */
    double dormant_to_active_rate; /* the wake-up rate */
    double active_to_dormant_rate;
    double churn_rate; /* newly_churned / (buyers_before - churned_before) */
} pmkt_rfm_rates;

#define PMKT_RFM_RATES_INIT \
    { sizeof(pmkt_rfm_rates), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0 }

static inline void pmkt_rfm_rates_init(pmkt_rfm_rates *rates) {
    const pmkt_rfm_rates empty = PMKT_RFM_RATES_INIT;
    *rates = empty;
}

/* Fills *out. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.1. */
PMKT_API pmkt_status pmkt_rfm_migration_rates(const pmkt_rfm_migration *migration,
                                              pmkt_rfm_rates *out, pmkt_error *err);

/* Lists of users to act on. */
enum {
    PMKT_RFM_LIST_WIN_BACK = 0, /* active or cooling before, dormant after: whom to win back */
    PMKT_RFM_LIST_WON_BACK = 1  /* dormant before, active after: who was won back */
};

/*
 * A list of users, highest revenue (of the second scoring) first, then lower id; *n of them,
 * borrowed until _free. NULL and *n = 0 for an unknown list. Since 0.1.
 */
PMKT_API const uint64_t *pmkt_rfm_migration_list(const pmkt_rfm_migration *migration, int32_t list,
                                                 int64_t *n);

#ifdef __cplusplus
}
#endif

#endif
