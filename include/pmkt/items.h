/*
 * items.h - batches of items: the catalogue that recommendations choose from.
 *
 * Like events, a batch is a set of borrowed columns of equal length, one row an item. Only `item` is
 * required; a NULL column is one that the batch does not have.
 */
#ifndef PMKT_ITEMS_H
#define PMKT_ITEMS_H

#include "base.h"
#include "events.h"
#include "ids.h"
#include "money.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A batch of items. The null of each column stands behind it. */
typedef struct pmkt_items {
    uint32_t struct_size; /* sizeof(pmkt_items) */
    int32_t on_bad;       /* PMKT_ON_BAD_FAIL (default) or PMKT_ON_BAD_SKIP */
    int64_t rows;
    const uint64_t *item;     /* required, each once; null PMKT_ID_NONE */
    const uint64_t *category; /* null PMKT_ID_NONE */
    const uint64_t *brand;    /* null PMKT_ID_NONE */
    const int64_t *price;     /* minor units, not negative; null PMKT_AMOUNT_NULL */
    const int64_t *stock;     /* pieces, not negative; null INT64_MIN = not known */
    const float *vector;      /* [rows * dimensions], row by row; a vector whose first number is
                                 NaN is missing; else all must be finite */
    int64_t dimensions;       /* of the vectors, 1 to 65,536; 0 without them */
    const pmkt_column *extra; /* [n_extra], or NULL */
    int64_t n_extra;
    int32_t reserved;          /* 0 */
    int32_t currency_exponent; /* decimals of the currency, 0 to 6, if one is named */
    char currency[8];          /* ISO 4217 code, NUL-padded; all zero = not named */
    const uint8_t *reject;     /* as in pmkt_events */
} pmkt_items;

#define PMKT_ITEMS_INIT \
    { \
        sizeof(pmkt_items), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, 0, 0, \
            {0, 0, 0, 0, 0, 0, 0, 0}, NULL \
    }

static inline void pmkt_items_init(pmkt_items *items) {
    const pmkt_items empty = PMKT_ITEMS_INIT;
    *items = empty;
}

/*
 * Checks a batch as every handle that takes items does, and takes nothing. A row is bad, in this
 * order: rejected already (`reject`), PMKT_BAD_ITEM, PMKT_BAD_PRICE, PMKT_BAD_STOCK,
 * PMKT_BAD_VECTOR, PMKT_BAD_DUPLICATE (an earlier good row has the item).
 *
 *   report  out, or NULL
 *
 * Errors: PMKT_E_INVALID for a batch that is malformed as a whole; PMKT_E_BAD_ROW if on_bad is
 * PMKT_ON_BAD_FAIL and a row is bad; PMKT_E_NOMEM. Any thread. O(rows * dimensions); 16 to 32 bytes
 * a row of the C heap meanwhile, to see duplicates. Since 0.2.
 */
PMKT_API pmkt_status pmkt_items_check(const pmkt_items *items, pmkt_report *report,
                                      pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
