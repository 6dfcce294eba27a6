/*
 * state.h - how an RFM state lies in memory.
 *
 * Users are spread over 512 partitions by a bijective hash of their id, the key: its top nine bits
 * choose the partition, and inside a partition everything is sorted by it. Keys are uniform, so
 * that partitions are even and sorting is a bucket scatter; and as the hash is invertible, the key
 * *is* the user, stored once.
 *
 *   partition
 *   ├── folded    what the mode keeps, sorted and exact
 *   │     history:  customers  [key | end of their orders | registered, aware, interest]   32 B
 *   │               orders     [order id | tag and time | amount] ...                      24 B
 *   │     summary:  entries    [key | revenue | orders | four times | flags]               48 B
 *   ├── pending   rows as they arrived (32 B), not yet folded in
 *   └── tombs     the forgotten: key and date, sorted by key                               16 B
 *
 * Adding appends to pending and cannot fail once there is room; folding makes a new folded part
 * from the old one and pending. That is all: add = append, now and then fold; merge = fold of two;
 * score = read the folded part (of a temporary fold where rows are pending, so that a const state
 * stays const).
 *
 * A mapped state borrows folded parts and tombs from its file: arrays with elements but no room, which
 * are never written to or freed. Folding makes new ones, and forgetting copies first; so a partition
 * that changes leaves the file, and the others stay in it. See files.h.
 */
#ifndef PMKTI_RFM_STATE_H
#define PMKTI_RFM_STATE_H

#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "pmkt/rfm.h"

#define PMKTI_PARTITION_BITS 9
#define PMKTI_PARTITIONS (1 << PMKTI_PARTITION_BITS)

static inline uint64_t pmkti_key_of_user(uint64_t user) {
    return pmkti_mix(user);
}
static inline uint64_t pmkti_user_of_key(uint64_t key) {
    return pmkti_unmix(key);
}
static inline uint32_t pmkti_partition_of_key(uint64_t key) {
    return (uint32_t)(key >> (64 - PMKTI_PARTITION_BITS));
}

/* ------------------------------------------------------------------- stamps */

/* What a row is: the top byte of its stamp. The order matters: rows sort by it. */
enum {
    PMKTI_LINE = 0,     /* a line of an order, or the order with all its lines */
    PMKTI_REFUND = 1,   /* `amount` given back */
    PMKTI_CANCEL = 2,   /* the whole order given back */
    PMKTI_REGISTER = 3, /* from here on no order, but a fact of the customer */
    PMKTI_AWARE = 4,
    PMKTI_INTEREST = 5
};

/* A stamp is tag and time in one integer that sorts by tag, then time. Times fit 46 bits. */
#define PMKTI_TAG_SHIFT 56
#define PMKTI_TIME_MASK ((UINT64_C(1) << 48) - 1)

static inline uint64_t pmkti_stamp(uint32_t tag, int64_t ms) {
    return (uint64_t)tag << PMKTI_TAG_SHIFT | (uint64_t)(ms - PMKT_TIME_MIN);
}
static inline uint32_t pmkti_stamp_tag(uint64_t stamp) {
    return (uint32_t)(stamp >> PMKTI_TAG_SHIFT);
}
static inline int64_t pmkti_stamp_ms(uint64_t stamp) {
    return (int64_t)(stamp & PMKTI_TIME_MASK) + PMKT_TIME_MIN;
}

/* A time in six bytes; PMKTI_NEVER where there is none. It is later than every real time. */
typedef struct pmkti_when {
    uint8_t bytes[6];
} pmkti_when;

#define PMKTI_NEVER INT64_MAX

static inline int64_t pmkti_when_ms(pmkti_when when) {
    uint64_t v = 0;
    memcpy(&v, when.bytes, sizeof when.bytes); /* little-endian, as the platforms are */
    return v == PMKTI_TIME_MASK ? PMKTI_NEVER : (int64_t)v + PMKT_TIME_MIN;
}
static inline pmkti_when pmkti_when_of(int64_t ms) {
    const uint64_t v = ms == PMKTI_NEVER ? PMKTI_TIME_MASK : (uint64_t)(ms - PMKT_TIME_MIN);
    pmkti_when when;
    memcpy(when.bytes, &v, sizeof when.bytes);
    return when;
}
static inline void pmkti_when_min(pmkti_when *when, int64_t ms) {
    if (ms < pmkti_when_ms(*when)) *when = pmkti_when_of(ms);
}

/* ------------------------------------------------------------------ records */

/* An order, a refund or a cancellation. Amounts are sizes, never negative: the tag is the sign. */
typedef struct pmkti_order {
    uint64_t order; /* PMKT_ID_NONE: an order of its own */
    uint64_t stamp;
    int64_t amount;
} pmkti_order;

/* A row on its way in. */
typedef struct pmkti_row {
    uint64_t key;
    pmkti_order what;
} pmkti_row;

/* A customer of the history. The orders from the end of the customer before up to `end` are theirs,
   sorted by id, then stamp, then amount. */
typedef struct pmkti_customer {
    uint64_t key;
    uint32_t end;
    pmkti_when registered, aware, interest;
    uint8_t unused[2];
} pmkti_customer;

/* A customer of the summary. */
enum {
    PMKTI_IS_AWARE = 1,
    PMKTI_IS_INTERESTED = 2
};

typedef struct pmkti_entry {
    uint64_t key;
    int64_t revenue;
    uint32_t orders;
    pmkti_when first, last; /* orders; both PMKTI_NEVER without one */
    pmkti_when registered;
    pmkti_when event; /* the first event that is no registration */
    uint8_t flags;
    uint8_t unused[3];
} pmkti_entry;

typedef struct pmkti_tomb {
    uint64_t key;
    int64_t when_ms; /* what is dated before is forgotten */
} pmkti_tomb;

_Static_assert(sizeof(pmkti_order) == 24, "an order is 24 bytes");
_Static_assert(sizeof(pmkti_row) == 32, "a pending row is 32 bytes");
_Static_assert(sizeof(pmkti_customer) == 32, "a customer of the history is 32 bytes");
_Static_assert(sizeof(pmkti_entry) == 48, "a customer of the summary is 48 bytes");

/* An array that knows its room, so that memory can be counted and given back. Without room it is
   empty or borrowed. */
#define PMKTI_ARRAY(type) \
    struct { \
        type *at; \
        size_t n, room; \
    }

typedef struct pmkti_part {
    PMKTI_ARRAY(pmkti_customer) customers; /* history */
    PMKTI_ARRAY(pmkti_order) orders;       /* history */
    PMKTI_ARRAY(pmkti_entry) entries;      /* summary */
    PMKTI_ARRAY(pmkti_row) rows;
    PMKTI_ARRAY(pmkti_tomb) tombs;
} pmkti_part;

struct pmkti_origin; /* files.h */

struct pmkt_rfm {
    pmkt_allocator allocator;
    int32_t mode;
    int32_t unpriced;
    int64_t max_bytes;
    pmkt_zone zone; /* its table is ours */
    char currency[8];
    int32_t currency_exponent;
    int64_t generation;
    int64_t rows_accepted, rows_rejected, rows_ignored;
    int64_t first_ms, last_ms; /* of accepted rows; first > last if there are none */
    uint64_t amounts; /* sum of all sizes ever taken, within INT64_MAX: so no sum can leave it */
    struct pmkti_origin *origin; /* the file that a mapped state uses, or NULL */
    pmkti_part parts[PMKTI_PARTITIONS];
};

/* Counters stop at the end of their range: a file may say that it is near. */
static inline void pmkti_count_up(int64_t *counter, int64_t n) {
    if (__builtin_add_overflow(*counter, n, counter)) *counter = INT64_MAX;
}

/* The orders from the i-th on; NULL if there are none at all. */
static inline const pmkti_order *pmkti_part_orders(const pmkti_part *part, size_t i) {
    return part->orders.at ? part->orders.at + i : NULL;
}

/* Frees what a partition holds, and empties it. */
void pmkti_part_clear(const pmkt_allocator *allocator, pmkti_part *part);

/* Copies what a partition borrows, so that it can be written to. PMKT_OK or PMKT_E_NOMEM. */
pmkt_status pmkti_part_own(const pmkt_allocator *allocator, pmkti_part *part);

/* Gives back the room that a partition's arrays do not use. */
void pmkti_part_trim(const pmkt_allocator *allocator, pmkti_part *part);

/* Bytes that a partition holds. */
size_t pmkti_part_bytes(const pmkti_part *part);

/* Bytes of the whole state; without its partitions. */
size_t pmkti_rfm_bytes(const pmkt_rfm *rfm);
size_t pmkti_rfm_fixed_bytes(const pmkt_rfm *rfm);

/* Customers, orders and pending rows: the work that there is for threads. */
int64_t pmkti_rfm_records(const pmkt_rfm *rfm);

/* The date before which a key is forgotten, or INT64_MIN if it is not. */
int64_t pmkti_part_forgotten(const pmkti_part *part, uint64_t key);

#endif
