/*
 * data_entries.h - from rows with numbers to the entries of a matrix.
 */
#ifndef PMKTI_CF_DATA_ENTRIES_H
#define PMKTI_CF_DATA_ENTRIES_H

#include "cf/data_plan.h"

/* A row that counts, and later the entry that it and its equals become. */
typedef struct pmkti_cf_record {
    uint32_t user, item;
    union {
        int64_t units; /* of a row */
        double weight; /* of an entry: a float's value */
    } says;
    int64_t time; /* of an entry the latest */
} pmkti_cf_record;

/* The item of an entry that a cap leaves out. */
#define PMKTI_CF_DROPPED UINT32_MAX

/* Records of ranges of users. */
typedef struct pmkti_cf_parts {
    int shift; /* a user's part is the number >> shift */
    int64_t parts;
    int64_t n;                /* records */
    pmkti_cf_record *records; /* [n] */
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

/* Makes entries of the rows of each part, sorted by user and item, and applies the users' cap. */
pmkt_status pmkti_cf_add_up(pmkti_cf_making *m, pmkti_stage stage);

/* Applies the items' cap: drops entries. */
pmkt_status pmkti_cf_cap_items(pmkti_cf_making *m);

/* Whether entry a of a row is kept rather than b, by what the header says of caps; `tie` orders the rest. */
static inline bool pmkti_cf_rather(double a, int64_t time_a, uint32_t tie_a, double b,
                                   int64_t time_b, uint32_t tie_b) {
    if (fabs(a) != fabs(b)) return fabs(a) > fabs(b);
    if (time_a != time_b) return time_a > time_b;
    return tie_a < tie_b;
}

/* The categories of items, by their most frequent one. */
pmkt_status pmkti_cf_categories(pmkti_cf_making *m, pmkti_stage stage);

#endif
