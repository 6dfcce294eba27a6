/*
 * topk_rows.h - how a few rows of a question are answered on one thread: what topk_one.c and topk_many.c
 * have in common.
 */
#ifndef PMKTI_CF_TOPK_ROWS_H
#define PMKTI_CF_TOPK_ROWS_H

#include "cf/heap.h"
#include "cf/topk.h"

enum {
    PMKTI_CF_ROWS = 32 /* at most, together */
};

typedef struct pmkti_cf_row {
    const float *query;
    const pmkti_cf_without *without;
    double norm; /* of the query */
    pmkti_cf_heap heap;
} pmkti_cf_row;

/* The only candidates, where a set allows few: ascending numbers. */
typedef struct pmkti_cf_allowed {
    const int32_t *number; /* NULL: no such list */
    int64_t n;
} pmkti_cf_allowed;

/* A list of what the filter's set allows, if the set is small beside the candidates, in `scratch`. */
pmkt_status pmkti_cf_list_allowed(const pmkti_cf_topk *topk, pmkt_cf_scratch *scratch,
                                  pmkti_cf_allowed *allowed);

/*
 * Finds the best of n rows (1 to PMKTI_CF_ROWS) whose `query` and `without` are set; the heaps have them
 * then, and are in `scratch`. PMKT_E_NOMEM, PMKT_E_CORRUPT.
 */
pmkt_status pmkti_cf_find_rows(const pmkti_cf_topk *topk, const pmkti_cf_allowed *allowed,
                               pmkti_cf_row *rows, int n, pmkt_cf_scratch *scratch);

/* Sorts a row's heap and writes its answer. */
void pmkti_cf_write_row(const pmkti_cf_topk *topk, pmkti_cf_heap *heap, uint64_t *ids,
                        float *scores, int32_t *count);

/* The message for a status of the above. */
pmkt_status pmkti_cf_topk_failed(pmkt_status status, pmkt_error *err);

/* ------------------------------------------------------- the parts of it */

/* A row's score of a candidate. */
float pmkti_cf_row_score(const pmkti_cf_topk *topk, const pmkti_cf_row *row, int32_t number);

/* Scores a candidate, and puts it in the heap if it is good enough and passes the filters. */
void pmkti_cf_row_try(const pmkti_cf_topk *topk, pmkti_cf_row *row, int32_t number);

/* Whether there is an index that is worth its use, and fit for the vectors. */
bool pmkti_cf_may_scan(const pmkti_cf_topk *topk, const pmkti_cf_allowed *allowed);

/* All rows by the index (topk_scan.c); the norm of each query is above 0 and finite. */
pmkt_status pmkti_cf_scan_rows(const pmkti_cf_topk *topk, pmkti_cf_row *const *rows, int n,
                               pmkt_cf_scratch *scratch);

#endif
