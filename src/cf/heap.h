/*
 * heap.h - the k best of the candidates met so far, the worst of them at the root.
 */
#ifndef PMKTI_CF_HEAP_H
#define PMKTI_CF_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pmkti_cf_ranked {
    float score;
    int32_t number;
} pmkti_cf_ranked;

typedef struct pmkti_cf_heap {
    pmkti_cf_ranked *at; /* [room] */
    int64_t n, room;
    float least; /* no score below it can get in any more; -infinity at first, or a minimal score */
} pmkti_cf_heap;

/* Whether a is answered before b: a higher score, then a lower number. No score is NaN. */
static inline bool pmkti_cf_before(pmkti_cf_ranked a, pmkti_cf_ranked b) {
    return a.score > b.score || (a.score == b.score && a.number < b.number);
}

/* Whether a candidate would be among the best. A score that is NaN, of a damaged file, is not. */
static inline bool pmkti_cf_heap_wants(const pmkti_cf_heap *heap, float score, int32_t number) {
    const pmkti_cf_ranked candidate = {score, number};
    return score >= heap->least &&
           (heap->n < heap->room || pmkti_cf_before(candidate, heap->at[0]));
}

/* Puts in a candidate that is wanted. */
void pmkti_cf_heap_push(pmkti_cf_heap *heap, float score, int32_t number);

/* Puts the candidates in order, the best first; then it is a heap no more. */
void pmkti_cf_heap_sort(pmkti_cf_heap *heap);

#endif
