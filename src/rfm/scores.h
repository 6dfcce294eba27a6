/*
 * scores.h - the result of scoring, and the steps that fill it.
 */
#ifndef PMKTI_RFM_SCORES_H
#define PMKTI_RFM_SCORES_H

#include <stdatomic.h>

#include "core/parallel.h"
#include "rfm/state.h"

#define PMKTI_NAME_ROOM 64
#define PMKTI_MAX_TIERS 64
#define PMKTI_MAX_SEGMENTS 200
#define PMKTI_MAX_BINS 100
#define PMKTI_CELL_BINS 5 /* cells have names up to here */
#define PMKTI_CLASSES 9   /* the eight, and "no-order" */

typedef struct pmkti_name {
    char text[PMKTI_NAME_ROOM];
} pmkti_name;

/* The columns as we write them. */
typedef struct pmkti_columns {
    uint64_t *user;
    int64_t *orders, *average_order, *revenue, *tier_spend, *to_next_tier;
    double *orders_per_month;
    int32_t *recency_days, *tenure_days;
    uint8_t *r, *f, *m, *segment, *activity, *lifecycle, *brand_stage, *tier, *flags;
} pmkti_columns;

struct pmkt_rfm_scores {
    pmkt_allocator allocator;
    atomic_int references;          /* the caller's, and one for each Arrow stream of them */
    pmkt_rfm_score_options options; /* resolved: no zero stands for a default; tables not kept */
    int64_t as_of_ms;
    char currency[8];
    int32_t currency_exponent;
    size_t rows;
    pmkti_columns col;
    void *block; /* all columns */
    size_t block_bytes;
    int32_t n_tiers, n_segments;
    int64_t tier_from[PMKTI_MAX_TIERS];
    pmkt_rfm_segment segments[PMKTI_MAX_SEGMENTS]; /* `name` not kept */
    double r_cuts[PMKTI_MAX_BINS - 1], f_cuts[PMKTI_MAX_BINS - 1];
    int64_t m_cuts[PMKTI_MAX_BINS - 1];
    pmkti_name tier_names[PMKTI_MAX_TIERS];
    pmkti_name segment_names[PMKTI_MAX_SEGMENTS + 2]; /* the table, "other", "no-order" */
    pmkti_name cell_names[(PMKTI_CELL_BINS + 1) * (PMKTI_CELL_BINS + 1) * (PMKTI_CELL_BINS + 1)];
};

/* Checks the caller's options and resolves them into an empty `scores`. */
pmkt_status pmkti_score_options(const pmkt_rfm_score_options *given, pmkt_rfm_scores *scores,
                                pmkt_error *err);

/* Writes the names of segments and cells. */
void pmkti_score_names(pmkt_rfm_scores *scores);

/* Values an axis (0 = R, 1 = F, 2 = M) can be compared by: integers that rise with goodness. */
uint64_t pmkti_axis_key(const pmkt_rfm_scores *scores, int axis, size_t row);
/* Keeps the value behind a key as the j-th cut of its axis. */
void pmkti_axis_cut(pmkt_rfm_scores *scores, int axis, size_t j, uint64_t key);

/* Fill r, f, m and segment from the other columns. PMKT_E_NOMEM, PMKT_E_CANCELED. */
pmkt_status pmkti_score_threshold(pmkt_rfm_scores *scores, const pmkti_run *run);
pmkt_status pmkti_score_quantile(pmkt_rfm_scores *scores, const pmkti_run *run);

/* The threshold band of R. */
uint8_t pmkti_activity(const pmkt_rfm_score_options *options, int32_t recency_days);

/* A row's code in a grouping. */
int32_t pmkti_score_code(const pmkt_rfm_scores *scores, int32_t by, size_t row);

/* Rows of work for one task when columns are passed over. */
#define PMKTI_SCORE_CHUNK 65536
static inline int64_t pmkti_score_chunks(const pmkt_rfm_scores *s) {
    return (int64_t)((s->rows + PMKTI_SCORE_CHUNK - 1) / PMKTI_SCORE_CHUNK);
}
static inline size_t pmkti_score_chunk_end(const pmkt_rfm_scores *s, int64_t chunk) {
    const size_t end = ((size_t)chunk + 1) * PMKTI_SCORE_CHUNK;
    return end < s->rows ? end : s->rows;
}

#endif
