/*
 * data_entries.h - from rows with numbers to the entries of a matrix.
 */
#ifndef PMKTI_CF_DATA_ENTRIES_H
#define PMKTI_CF_DATA_ENTRIES_H

#include "cf/data_plan.h"

/*
 * A row that counts, and later the entry that it and its equals become. Memory that is new, or far away,
 * costs more than bits that are packed: of a row, `packed` has the units (from -2^40 to 2^40) and above
 * them the user's number without the part, which is below 2^21, as there are up to 2^10 parts.
 */
typedef struct pmkti_cf_record {
    uint32_t item;
    union {
        uint32_t packed[2]; /* of a row: the low half, the high half */
        struct {
            uint32_t user;
            float weight;
        } entry;
    } of;
} pmkti_cf_record;

#define PMKTI_CF_UNIT_BITS 41

static inline pmkti_cf_record pmkti_cf_row(uint32_t user, uint32_t item, int64_t units) {
    const uint64_t offset = (uint64_t)(units + (INT64_C(1) << (PMKTI_CF_UNIT_BITS - 1)));
    const uint64_t packed = (uint64_t)user << PMKTI_CF_UNIT_BITS | offset;
    return (pmkti_cf_record){item, {{(uint32_t)packed, (uint32_t)(packed >> 32)}}};
}

static inline uint32_t pmkti_cf_row_user(const pmkti_cf_record *r) {
    return r->of.packed[1] >> (PMKTI_CF_UNIT_BITS - 32);
}

static inline int64_t pmkti_cf_row_units(const pmkti_cf_record *r) {
    const uint64_t packed = (uint64_t)r->of.packed[1] << 32 | r->of.packed[0];
    const uint64_t offset = packed & ((UINT64_C(1) << PMKTI_CF_UNIT_BITS) - 1);
    return (int64_t)offset - (INT64_C(1) << (PMKTI_CF_UNIT_BITS - 1));
}

/* The item of an entry that a cap leaves out. */
#define PMKTI_CF_DROPPED UINT32_MAX

/* Records of ranges of users. */
typedef struct pmkti_cf_parts {
    int shift; /* a user's part is the number >> shift */
    int64_t parts;
    int64_t n;                /* records */
    pmkti_cf_record *records; /* [n] */
    int64_t *time;            /* [n] of each, of an entry the latest; NULL: no cap asks for it */
    int64_t *begin;           /* [parts + 1] into the records */
    int64_t *kept;            /* [parts] entries that stand at its beginning */
    int64_t *capped;          /* [parts] entries that the users' cap left out */
} pmkti_cf_parts;

/* One build under way. */
typedef struct pmkti_cf_making {
    const pmkti_cf_plan *plan;
    const pmkti_cf_rows *rows;
    const pmkti_run *run;
    pmkt_cf_data *d;
    uint32_t *user, *item;         /* [rows] numbers */
    int64_t (*why)[PMKTI_CF_WHYS]; /* [chunks] rows by why they do or do not count */
    pmkti_cf_parts parts;
} pmkti_cf_making;

/* Sorts the rows out to parts, then frees the numbers. */
pmkt_status pmkti_cf_sort_out(pmkti_cf_making *m, pmkti_stage stage);

/* Makes entries of the rows of each part, sorted by user and item, and applies the users' cap. Counts the
   entries of each user in d->item_at, one place to the right. */
pmkt_status pmkti_cf_add_up(pmkti_cf_making *m, pmkti_stage stage);

/* Applies the items' cap: drops entries. */
pmkt_status pmkti_cf_cap_items(pmkti_cf_making *m);

/* An entry of a user or an item that has too many. */
typedef struct pmkti_cf_rival {
    double weight;
    int64_t time;
    uint32_t tie; /* of a user's entry the item, of an item's the user */
    pmkti_cf_record *entry;
} pmkti_cf_rival;

/* Drops all but the best `cap` of n > cap entries, by what the header says of caps. */
void pmkti_cf_drop(pmkti_cf_rival *rivals, int64_t n, int64_t cap);

/* Leaves at most `cap` entries of each user, of `n` of a part; returns how many are left in all. `rivals`
   has room for n. */
int64_t pmkti_cf_cap_users(pmkti_cf_record *r, int64_t *time, int64_t n, int64_t cap,
                           pmkti_cf_rival *rivals);

/* The categories of items, by their most frequent one. */
pmkt_status pmkti_cf_categories(pmkti_cf_making *m, pmkti_stage stage);

#endif
