/*
 * topk_answer.h - what topk_one.c and topk_many.c have in common: the score of a candidate, and how the
 * best become the answer of a row.
 */
#ifndef PMKTI_CF_TOPK_ANSWER_H
#define PMKTI_CF_TOPK_ANSWER_H

#include "cf/heap.h"
#include "cf/topk.h"

/* The score for a dot product and two norms, as it is answered: never -0. */
float pmkti_cf_score_of(double dot, double norm_a, double norm_b, bool cosine);

/* An empty heap for a row. `at` has room for min(k, n). */
pmkti_cf_heap pmkti_cf_heap_of(const pmkti_cf_topk *topk, pmkti_cf_ranked *at);

/* Sorts the heap and writes the row's answer. */
void pmkti_cf_answer_row(const pmkti_cf_topk *topk, pmkti_cf_heap *heap, uint64_t *ids,
                         float *scores, int32_t *count);

#endif
