/*
 * events.h - batches of events, the one thing that goes into the library.
 *
 * A batch is a set of borrowed columns of equal length, one row an event: who did what, when, with
 * which item, for how much. Only `user`, `time` and a kind are required; a NULL column is one that
 * the batch does not have. Nothing is copied until a handle takes the rows it wants.
 */
#ifndef PMKT_EVENTS_H
#define PMKT_EVENTS_H

#include "base.h"
#include "ids.h"
#include "money.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------- kinds */

/*
 * What happened. Numbers from PMKT_KIND_CUSTOM on are the caller's own; the others between are
 * reserved, and a row with one of them is bad.
 */
enum {
    PMKT_KIND_NONE = 0,       /* null */
    PMKT_KIND_IMPRESSION = 1, /* something was shown */
    PMKT_KIND_CLICK = 2,
    PMKT_KIND_VIEW = 3,
    PMKT_KIND_SEARCH = 4,
    PMKT_KIND_FAVORITE = 5,
    PMKT_KIND_FOLLOW = 6, /* a brand, a shop, a person */
    PMKT_KIND_CART = 7,
    PMKT_KIND_UNCART = 8, /* taken out of the cart */
    PMKT_KIND_CHECKOUT = 9,
    PMKT_KIND_ORDER = 10, /* one line of an order; lines with one order id are one order */
    PMKT_KIND_PAY = 11,
    PMKT_KIND_CANCEL = 12, /* of an order; without an amount: of all of it */
    PMKT_KIND_REFUND = 13, /* money given back, also for returned goods */
    PMKT_KIND_REVIEW = 14,
    PMKT_KIND_SHARE = 15,
    PMKT_KIND_LEAVE = 16,    /* the end of a visit */
    PMKT_KIND_REGISTER = 17, /* the user opened an account */
    PMKT_KIND_COUNT_ = 18,   /* not a kind; grows with the list */
    PMKT_KIND_CUSTOM = 256   /* the caller's own kinds: 256 to 65,535 */
};

/*
 * The name of a kind in lower case, such as "order"; "custom" from PMKT_KIND_CUSTOM on; NULL for a
 * number that is no kind. Static. Since 0.1.
 */
PMKT_API const char *pmkt_kind_name(int32_t kind);

/* The kind of a name (a NUL-terminated string, exact), or PMKT_KIND_NONE. Since 0.1. */
PMKT_API int32_t pmkt_kind_from_name(const char *name);

/* ------------------------------------------------------------------ columns */

/* The type of an extra column. */
enum {
    PMKT_TYPE_INT64 = 1,  /* int64_t, null = INT64_MIN */
    PMKT_TYPE_UINT64 = 2, /* uint64_t, an id, null = 0 */
    PMKT_TYPE_DOUBLE = 3  /* double, null = NaN */
};

/* A column beyond the standard ones, found by its name by whoever has a use for it. */
typedef struct pmkt_column {
    const char *name; /* NUL-terminated, not empty, not twice in one batch */
    const void *data; /* [rows] of the type */
    int32_t type;     /* PMKT_TYPE_... */
    int32_t reserved; /* 0 */
} pmkt_column;

/*
 * A batch of events. Every column has `rows` entries. The null of each column stands behind it.
 *
 * Rules that make a row bad, in the order in which they are looked at, are in the
 * PMKT_BAD_ list below. Signs: the amount of an order line is not negative; the amount of a refund
 * or a cancellation counts by its size, with whatever sign it is written.
 */
typedef struct pmkt_events {
    uint32_t struct_size;     /* sizeof(pmkt_events) */
    int32_t on_bad;           /* PMKT_ON_BAD_FAIL (default) or PMKT_ON_BAD_SKIP */
    int64_t rows;             /* entries of each column below; 0 is an empty batch */
    const uint64_t *user;     /* required; null PMKT_ID_NONE */
    const int64_t *time;      /* required; milliseconds UTC; null PMKT_TIME_NULL */
    const uint16_t *kind;     /* PMKT_KIND_...; or NULL: every row is of `every_kind` */
    const uint64_t *item;     /* null PMKT_ID_NONE */
    const uint64_t *category; /* null PMKT_ID_NONE */
    const uint64_t *order;    /* order id; null PMKT_ID_NONE: an order of its own */
    const uint64_t *session;  /* null PMKT_ID_NONE */
    const uint64_t *channel;  /* null PMKT_ID_NONE */
    const uint64_t *event_id; /* null PMKT_ID_NONE */
    const int64_t *amount;    /* minor units; null PMKT_AMOUNT_NULL */
    const int64_t *quantity;  /* null INT64_MIN */
    const pmkt_column *extra; /* [n_extra], or NULL */
    int64_t n_extra;
    int32_t every_kind;        /* the kind of all rows where `kind` is NULL, else 0 */
    int32_t currency_exponent; /* decimals of the currency, 0 to 6, if one is named */
    char currency[8];          /* ISO 4217 code such as "CNY", NUL-padded; all zero = not named */
    const uint8_t *reject;     /* 0, or 1 + the PMKT_BAD_ reason for which whoever made the batch
                                  already gives the row up; NULL = no such row */
} pmkt_events;

#define PMKT_EVENTS_INIT \
    { \
        sizeof(pmkt_events), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            NULL, NULL, 0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}, NULL \
    }

static inline void pmkt_events_init(pmkt_events *events) {
    const pmkt_events empty = PMKT_EVENTS_INIT;
    *events = empty;
}

/* ------------------------------------------------------------------- report */

/* Why a row was rejected. A row counts under the first that holds. */
enum {
    PMKT_BAD_USER = 0,            /* no user */
    PMKT_BAD_TIME = 1,            /* no time, or one outside [PMKT_TIME_MIN, PMKT_TIME_MAX) */
    PMKT_BAD_KIND = 2,            /* no kind, or a reserved number */
    PMKT_BAD_AMOUNT_RANGE = 3,    /* beyond +-PMKT_AMOUNT_MAX */
    PMKT_BAD_AMOUNT_NEGATIVE = 4, /* below zero, and neither a refund nor a cancellation */
    PMKT_BAD_AMOUNT_MISSING = 5,  /* the receiving handle needs an amount and the row has none */
    PMKT_BAD_ORDER_MISSING = 6, /* a cancellation without amount needs the order that it cancels */
    PMKT_BAD_ID = 7,            /* what stands in an id column is no id: a negative, a fraction */
    PMKT_BAD_VALUE = 8,         /* a value that its column cannot hold */
    PMKT_BAD_ITEM = 9,          /* items.h: no item */
    PMKT_BAD_DUPLICATE = 10,    /* items.h: the item stands in an earlier row already */
    PMKT_BAD_PRICE = 11,        /* items.h: negative, or beyond PMKT_AMOUNT_MAX */
    PMKT_BAD_STOCK = 12,        /* items.h: negative */
    PMKT_BAD_VECTOR = 13,       /* items.h: a number of the vector is not finite */
    PMKT_BAD_REASONS = 16       /* room in pmkt_report.by_reason */
};

/*
 * What a reason means, as a short English phrase such as "no user"; NULL for an unknown number.
 * Static. Since 0.1.
 */
PMKT_API const char *pmkt_bad_reason(int32_t reason);

/*
 * What became of the rows of a batch; every row is in exactly one of accepted, rejected, ignored.
 * The caller sets struct_size and, if wanted, `rejected_bits`; the call fills the rest, also when
 * it fails with PMKT_E_BAD_ROW (then accepted and ignored are 0: nothing was taken).
 * `rejected_bits` is scratch until then: a call that fails otherwise may have written to it.
 */
typedef struct pmkt_report {
    uint32_t struct_size; /* sizeof(pmkt_report) */
    uint32_t reserved;    /* 0 */
    int64_t rows;         /* of the batch */
    int64_t accepted;     /* good rows, taken */
    int64_t rejected;     /* bad rows, by reason below */
    int64_t ignored;      /* good rows that do not count: of users who were forgotten, dated before
                             the forgetting; or as the handle says */
    int64_t first_bad;    /* the first rejected row, or -1 */
    int64_t by_reason[PMKT_BAD_REASONS];
    uint8_t *rejected_bits; /* in: NULL, or [(rows + 7) / 8]; bit i % 8 of byte i / 8 = row i */
} pmkt_report;

#define PMKT_REPORT_INIT \
    { \
        sizeof(pmkt_report), 0, 0, 0, 0, 0, -1, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, \
            NULL \
    }

static inline void pmkt_report_init(pmkt_report *report) {
    const pmkt_report empty = PMKT_REPORT_INIT;
    *report = empty;
}

/*
 * Checks a batch as every handle that takes events does, and takes nothing. What only some handles
 * need (an amount, say) is not looked at.
 *
 *   report  out, or NULL
 *
 * Errors: PMKT_E_INVALID for a batch that is malformed as a whole; PMKT_E_BAD_ROW if on_bad is
 * PMKT_ON_BAD_FAIL and a row is bad. Any thread. O(rows), one pass. Since 0.1.
 */
PMKT_API pmkt_status pmkt_events_check(const pmkt_events *events, pmkt_report *report,
                                       pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
