/*
 * evaluate.h - what the files of the evaluation share.
 *
 * An evaluation goes through these steps: _begin checks the options; _relevant says what is relevant for
 * whom (evaluate_relevant.c); the model answers in blocks of users, or the answers are there, and
 * _take measures them (evaluate_take.c); _finish draws up the figures (evaluate_figures.c). Users are
 * taken group by group, so that how often an item was answered need be counted for one group at a time.
 */
#ifndef PMKTI_CF_EVALUATE_H
#define PMKTI_CF_EVALUATE_H

#include "cf/data.h"
#include "cf/metrics.h"
#include "cf/model.h"
#include "core/parallel.h"

struct pmkt_cf_evaluation {
    pmkt_allocator allocator;
    pmkt_cf_figures figures;
    int32_t *group, *figure_k, *metric; /* [figures.rows], what figures point to */
    double *value, *low, *high;
    int64_t *n;
    int32_t *k; /* [n_k] */
    int32_t n_k;
    int64_t users;      /* that count */
    uint64_t *user;     /* [users] ascending */
    double *user_value; /* [n_k][PMKTI_CF_USER_METRICS][users] */
};

/* A user who counts. */
typedef struct pmkti_cf_judge {
    int32_t group;
    int32_t user;     /* number in the test data */
    int64_t relevant; /* where the relevant items begin */
    int64_t n;        /* how many they are */
    int64_t row;      /* of the answers that came from elsewhere */
} pmkti_cf_judge;

/* One call. */
typedef struct pmkti_cf_evaluating {
    pmkt_allocator allocator;
    pmkt_cf_evaluate_options o;
    pmkti_run run;
    const pmkt_cf *model;     /* or NULL: */
    const uint64_t *answered; /* [n_answered] users, ascending, of answers from elsewhere */
    const int64_t *answered_row;
    int64_t n_answered;
    const pmkt_cf_data *test;
    const uint64_t *item_id; /* [items] the catalogue, before `allow` */
    int64_t items, catalogue;

    pmkti_cf_judge *judge; /* [users of the test data], of which out->users are there */
    uint64_t *relevant;    /* [entries of the test data] ids, ascending for each user */
    double *surprise;      /* [items] -log2(share of users who have it) */
    double *ideal;
    int32_t most; /* the greatest k */

    /* How often each item was answered at a rank above the k before and up to k: to all, to a group. */
    uint64_t *times;  /* [2][n_k][items] */
    int32_t counting; /* the group whose turn it is, or -1 */
    int32_t *met_by;  /* [items] the last group that an item was answered to, or -1 */
    int32_t *met;     /* [n_met] the items that the group was answered */
    int64_t n_met;
    uint64_t *sorted; /* [items] */
    pmkt_cf_evaluation *out;
} pmkti_cf_evaluating;

/* Checks what both calls have in common, and makes e->out. */
pmkt_status pmkti_cf_evaluate_begin(pmkti_cf_evaluating *e, const pmkt_cf_data *test,
                                    const pmkt_cf_evaluate_options *options, const pmkt_run *run,
                                    pmkt_error *err);

/* Who counts, what is relevant for them, the counts of the figures; then room for all that follows. */
pmkt_status pmkti_cf_evaluate_relevant(pmkti_cf_evaluating *e, pmkt_error *err);

/* Answers for judges from `first` on, `n` of them, of up to `room` ids each, row by row. */
pmkt_status pmkti_cf_evaluate_take(pmkti_cf_evaluating *e, int64_t first, int64_t n,
                                   const uint64_t *ids, const int32_t *counts, int64_t room,
                                   pmkt_error *err);

/* Coverage and Gini of the group whose turn it was; of all. (evaluate_take.c) */
void pmkti_cf_evaluate_items(pmkti_cf_evaluating *e);
void pmkti_cf_evaluate_all_items(pmkti_cf_evaluating *e);

/* Names the rows of the figures; their values are NaN. */
void pmkti_cf_evaluate_name(const pmkti_cf_evaluating *e);

/* The figures, once all is taken. */
pmkt_status pmkti_cf_evaluate_finish(pmkti_cf_evaluating *e, pmkt_error *err);

/* Bounds for a run of judges: low and high [n_k * PMKTI_CF_USER_METRICS]. (evaluate_bootstrap.c) */
pmkt_status pmkti_cf_bootstrap(const pmkti_cf_evaluating *e, int32_t group, int64_t first,
                               int64_t n, pmkti_stage stage, double *low, double *high,
                               pmkt_error *err);

/* Gives back all but e->out; that too if `failed`. */
void pmkti_cf_evaluate_end(pmkti_cf_evaluating *e, bool failed);

#endif
