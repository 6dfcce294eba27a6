/*
 * data_sort.h - sorts the rows of one part by user and item.
 */
#ifndef PMKTI_CF_DATA_SORT_H
#define PMKTI_CF_DATA_SORT_H

#include "cf/data_entries.h"

/* A word of the sort holds an item and where its row stands, in so many bits. */
#define PMKTI_CF_ROW_BITS 33

/* What a worker needs to sort a part. */
typedef struct pmkti_cf_sorter {
    size_t n;            /* rows that there is room for */
    size_t users;        /* of a part */
    pmkti_cf_record *at; /* [n] out: the rows, sorted */
    int64_t *time;       /* [n] out: their times, or NULL */
    uint64_t *word;      /* [n] */
    int64_t *next;       /* [users] */
} pmkti_cf_sorter;

/* Room for `n` rows, of which what was there before is lost; false without memory. */
bool pmkti_cf_sorter_reserve(const pmkt_allocator *allocator, pmkti_cf_sorter *s, size_t n,
                             size_t users, bool timed);
void pmkti_cf_sorter_free(const pmkt_allocator *allocator, pmkti_cf_sorter *s);

/* Sorts n <= s->n rows, and their times unless they are NULL, of up to s->users users and of items of
   so many bits, below 32. Equal rows keep their order. */
void pmkti_cf_sort_rows(pmkti_cf_sorter *s, const pmkti_cf_record *rows, const int64_t *time,
                        int64_t n, int item_bits);

#endif
