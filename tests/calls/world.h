/*
 * world.h - what the generated calls are made with: valid inputs of every type, and room for outputs.
 *
 * A call that is refused must leave all of it as it was, but for `err`. That is checked by digests: of the
 * inputs and outputs byte by byte, of handles by what they know.
 */
#ifndef PMKT_TEST_WORLD_H
#define PMKT_TEST_WORLD_H

#include <stdbool.h>

#include "pmkt.h"

enum {
    WORLD_ROWS = 6,   /* what counts among the arguments say */
    WORLD_SHOP = 24,  /* events of the shop */
    WORLD_FIRED = 64, /* rules that may fire at a call */
    WORLD_ROOM = 1024 /* elements of an output array */
};

/* Inputs, read only. Strings lie one after another, as pmkt_ids_of_strings takes them. */
typedef struct world_in {
    uint64_t ids[WORLD_ROWS];
    int64_t times[WORLD_ROWS];
    int64_t amounts[WORLD_ROWS];
    uint64_t orders[WORLD_ROWS];
    uint16_t kinds[WORLD_ROWS];
    double numbers[WORLD_ROWS]; /* whole */
    double quantities[WORLD_ROWS];
    uint64_t bought[WORLD_ROWS]; /* items of the events */
    int64_t at[WORLD_ROWS + 1];  /* one element a row */
    int64_t offsets[WORLD_ROWS + 1];
    char strings[32];
    pmkt_transition transitions[2];
    pmkt_zone zone;
    pmkt_run run;
    pmkt_allocator allocator;
    pmkt_events events;
    pmkt_rfm_tier tiers[2];
    pmkt_rfm_segment segments[1];
    pmkt_rfm_options rfm_options;
    pmkt_rfm_score_options score_options;
    pmkt_save_options save_options;
    pmkt_load_options load_options;
    pmkt_ids_options ids_options;
    pmkt_items items;
    pmkt_arrow_options arrow_options;
    pmkt_arrow_columns arrow_columns;
    pmkt_arrow_item_columns arrow_item_columns;
    pmkt_cf_weight weights[1];
    pmkt_cf_data_options cf_data_options;
    int32_t columns[WORLD_ROWS];
    float ones[WORLD_ROWS * 4];
    pmkt_cf_matrix cf_matrix;
    pmkt_cf_als_options als_options;
    pmkt_cf_knn_options knn_options;
    pmkt_cf_popularity_options popularity_options;
    pmkt_cf_factors cf_factors;
    pmkt_cf_query cf_query;
    pmkt_cf_history cf_history;
    pmkt_cf_answer cf_answer;
    pmkt_cf_split_options split_options;
    int32_t ks[2], groups[WORLD_ROWS];
    pmkt_cf_evaluate_options evaluate_options;
    uint64_t answered[WORLD_ROWS], answers[WORLD_ROWS * 2];
    int32_t answer_counts[WORLD_ROWS];
    pmkt_attribution_paths paths;
    pmkt_attribution_options attribution_options;
    pmkt_attribution_order_options order_options;
    int32_t touch_kinds[2];
    pmkt_attribution_data_options path_options;
    int32_t funnel_kinds[2];
    pmkt_funnel_step funnel_steps[2];
    pmkt_funnel_options funnel_options;
    pmkt_paths_options paths_options;
    uint32_t actions[WORLD_ROWS];
    uint8_t ends[WORLD_ROWS];
    pmkt_intent_options intent_options;
    pmkt_intent_paths intent_paths;
    pmkt_intent_answers intent_answers;
    pmkt_intent_table intent_table;
    char intent_path[256];
    char load_path[256]; /* of a saved state, dictionary and model; and where nothing is yet */
    char ids_path[256];
    char cf_path[256];
    char save_path[256];
    double shares[WORLD_ROWS]; /* probabilities */
    pmkt_logistic_data logistic_data;
    pmkt_logistic_options logistic_options;
    pmkt_logistic_table logistic_table;
    pmkt_binary_options binary_options;
    pmkt_binary_diagram binary_diagram;
    uint64_t shop_user[WORLD_SHOP], shop_item[WORLD_SHOP];
    int64_t shop_time[WORLD_SHOP];
    uint16_t shop_kind[WORLD_SHOP];
    pmkt_events shop;
    pmkt_purchase_options purchase_options;
    pmkt_purchase_scores purchase_scores;
    pmkt_rules_options rules_options;
    pmkt_rules_match_options match_options;
    pmkt_tracker_options tracker_options;
    char logistic_path[256];
    char purchase_path[256];
    char tracker_path[256];
} world_in;

/* Outputs. First what is the same after two equal calls; then what holds pointers. */
typedef struct world_out {
    int64_t i64[WORLD_ROOM];
    uint64_t u64[WORLD_ROOM];
    int32_t i32[WORLD_ROOM];
    uint8_t u8[WORLD_ROOM];
    float f32[WORLD_ROOM];
    double f64[WORLD_ROOM];
    uint32_t u32[WORLD_ROOM];
    char text[WORLD_ROOM];
    int64_t count, count2;
    int32_t number, number2;
    size_t size;
    uint64_t answer; /* digest of a handle that the call made */
    pmkt_report report;
    pmkt_rfm_counters rfm_counters;
    pmkt_rfm_rates rates;
    pmkt_rfm_group groups[64];
    pmkt_ids_counters ids_counters;
    pmkt_file_info file_info;
    pmkt_cf_data_counts cf_counts;
    pmkt_cf_facts cf_facts;
    pmkt_attribution_orders path_orders;
    pmkt_intent_facts intent_facts;
    pmkt_logistic_facts logistic_facts;
    pmkt_binary_result binary_result;
    pmkt_purchase_facts purchase_facts;
    pmkt_rules_facts rules_facts;
    pmkt_tracker_counts tracker_counts;
    pmkt_tracker_fired tracker_fired[WORLD_FIRED];
    pmkt_tracker_event tracker_events[8];
    char pointers_from_here_on[8];
    pmkt_rfm_columns columns;
    pmkt_rfm_options made_with;
    pmkt_intent_options chains_with;
    pmkt_purchase_options purchase_with;
    void *handle;
    struct ArrowArrayStream stream;
    const pmkt_events *events;
    const pmkt_items *items;
    const uint64_t *ids, *other_ids;
    const double *numbers, *other_numbers;
    const uint32_t *actions;
    pmkt_cf_matrix by_user, by_item;
    pmkt_cf_factors cf_factors;
    pmkt_cf_figures figures;
    pmkt_attribution_table attribution;
    pmkt_attribution_paths paths;
    pmkt_funnel_columns funnel_columns;
    pmkt_paths_columns paths_columns;
    pmkt_rule rule;
    pmkt_rules_matches_columns matches_columns;
    pmkt_tracker_answers tracker_answers;
    pmkt_tracker_evidence tracker_evidence;
} world_out;

typedef struct world {
    world_in in;
    world_out out;
    pmkt_error err;
    pmkt_rfm *rfm, *other_rfm;
    pmkt_rfm_scores *before, *after;
    pmkt_rfm_migration *migration;
    pmkt_ids *ids, *other_ids;
    pmkt_idset *set, *other_set;
    pmkt_buffer *buffer, *ids_buffer;
    pmkt_arrow_events *arrow_events;
    pmkt_arrow_items *arrow_items;
    struct ArrowArrayStream event_stream, item_stream, id_stream;
    pmkt_cf_data *cf_data, *cf_test;
    pmkt_cf_builder *cf_builder;
    pmkt_cf *cf_als, *cf_knn, *cf_mapped;
    pmkt_cf_live *cf_live;
    pmkt_cf_scratch *cf_scratch;
    pmkt_cf_evaluation *cf_evaluation;
    pmkt_buffer *cf_buffer;
    pmkt_attribution *attribution;
    pmkt_attribution_data *attribution_data;
    pmkt_funnel *funnel;
    pmkt_paths *paths;
    pmkt_intent *intent;
    const pmkt_intent *intents[2];
    pmkt_rules *rules;
    pmkt_rules_matches *matches;
    pmkt_buffer *intent_buffer;
    pmkt_logistic *logistic;
    pmkt_purchase *purchase;
    pmkt_buffer *logistic_buffer;
    pmkt_buffer *purchase_buffer;
    pmkt_tracker *tracker, *other_tracker; /* the other one knows nobody */
    pmkt_buffer *tracker_buffer;
} world;

/* A part of the world: the handles of one module. Each may use what parts before it have made. */
typedef struct world_part {
    void (*make)(world *w);
    void (*drop)(world *w);
    uint64_t (*digest)(const world *w); /* of what its handles know */
} world_part;

/* Those that the library has; the list ends with NULL. */
extern const world_part *const world_parts[];

/* The part that every build has. */
extern const world_part world_core;

void world_make(world *w);
void world_drop(world *w);

/* Of inputs and handles; of outputs; and of what a call that succeeded has given. */
uint64_t world_digest(const world *w);
uint64_t world_outputs(const world *w);
uint64_t world_answers(const world *w);

/* Ends the program: the world itself could not be made. */
void world_failed(const char *what, const pmkt_error *err);

/* Reports that what was last called left something wrong behind; defined beside main. */
void world_complains(const char *what);

/* Mixes a number into a digest; the digest of bytes. */
uint64_t digest_add(uint64_t digest, uint64_t number);
uint64_t digest_bytes(const void *bytes, size_t n);

/* The digests of what a state and of what scores know. */
uint64_t digest_rfm(const pmkt_rfm *rfm);
uint64_t digest_scores(const pmkt_rfm_scores *scores);

#endif
