/*
 * question.h - what all questions have in common: the checked call, and its rows by number.
 *
 * A question goes through four steps: _begin checks the call and makes room for the rows; the question's own
 * file says which user, item or history each row is; _exclude adds the exclusions of the query; _answer
 * lets the model answer and the fallback take over where it cannot. _end gives back what was taken. A call
 * with one row takes all memory from the scratch.
 */
#ifndef PMKTI_CF_QUESTION_H
#define PMKTI_CF_QUESTION_H

#include <stdbool.h>

#include "cf/filter.h"
#include "cf/model.h"
#include "cf/rows.h"
#include "cf/scratch.h"
#include "core/parallel.h"

/* What somebody had: numbers of items, ascending, each once; no weights: all 1. */
typedef struct pmkti_cf_had {
    const int32_t *item;
    const float *weight;
    int64_t n;
} pmkti_cf_had;

/* A row of a question. */
typedef struct pmkti_cf_asker {
    int64_t number; /* of the user, item or folded history; -1: the model cannot answer */
    pmkti_cf_had had;
    int32_t self;   /* in similar_...: the number as it is excluded */
    uint8_t reason; /* PMKT_CF_ANSWERED, ... */
} pmkti_cf_asker;

typedef struct pmkti_cf_question {
    const pmkt_cf *model;
    pmkt_cf_query query;
    pmkt_cf_answer answer;
    pmkti_run run;
    pmkti_cf_filter filter;
    int64_t rows;
    int64_t k;
    pmkt_cf_scratch *scratch; /* the caller's, or `own` */
    pmkt_cf_scratch own;
    pmkti_cf_asker *asker;     /* [rows] */
    pmkti_cf_without *without; /* [rows] */
    int32_t *excluded;         /* [n_excluded] */
    int64_t n_excluded;
    pmkti_cf_asker one_asker;
    pmkti_cf_without one_without;
} pmkti_cf_question;

/* `users`: the answers are users, not items. Fails or leaves a question for _end. */
pmkt_status pmkti_cf_question_begin(pmkti_cf_question *q, const pmkt_cf *model, bool users,
                                    int64_t rows, const pmkt_cf_query *query, const pmkt_run *run,
                                    const pmkt_cf_answer *answer, pmkt_error *err);
void pmkti_cf_question_end(pmkti_cf_question *q);

/* Numbers of the per-row exclusions, ascending in each row. */
pmkt_status pmkti_cf_question_exclude(pmkti_cf_question *q, pmkt_error *err);

/*
 * Answers rows from vectors (ALS): row i asks with the vector at vectors + number * factors, among
 * `candidates`, the model's user or item factors, by dot product or cosine.
 */
pmkt_status pmkti_cf_question_by_vector(pmkti_cf_question *q, const float *vectors,
                                        const float *candidates, bool cosine, pmkt_error *err);

/* Runs `fn` for every row, with the question as its context. */
pmkt_status pmkti_cf_question_each(pmkti_cf_question *q, pmkti_cf_row_fn fn, pmkt_error *err);

/* All of that for items: with ALS from the vectors, of kNN and popularity from what the rows had; then the
   fallback. (recommend.c) */
pmkt_status pmkti_cf_question_answer(pmkti_cf_question *q, const float *vectors, pmkt_error *err);

/* Where a row's answers go. */
uint64_t *pmkti_cf_question_ids(const pmkti_cf_question *q, int64_t row);
float *pmkti_cf_question_scores(const pmkti_cf_question *q, int64_t row);

/* For the rows that the model cannot answer: what is popular, if the query says so, or nothing. Then
   hands out the reasons. */
pmkt_status pmkti_cf_question_fall_back(pmkti_cf_question *q, pmkt_error *err);

/* What a user had, of the model. PMKT_E_CORRUPT for a mapped model whose lists make no sense. */
pmkt_status pmkti_cf_seen_of(const pmkt_cf *model, int64_t user, pmkti_cf_had *had,
                             pmkt_error *err);

/* Whether all of a vector is zero. */
bool pmkti_cf_is_zero(const float *vector, int32_t d);

/* Ascending from 0 for n rows, and with a list if there is anything: exclusions, histories, ranks. */
pmkt_status pmkti_cf_offsets_check(const int64_t *at, const void *list, int64_t n, const char *name,
                                   pmkt_error *err);

/* Sorts numbers, in place. */
void pmkti_cf_sort_numbers(int32_t *numbers, int64_t n);

#endif
