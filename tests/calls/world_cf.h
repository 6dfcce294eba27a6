/*
 * world_cf.h - training data, models of it, in memory and mapped, and what goes with them: four users
 * and three items. Included once, by the generated rows, after world_files.h and world_idset.h.
 */
#include <stdio.h>
#include <string.h>

#include "calls/world.h"

enum {
    WORLD_FACTORS = 2
};

/* ------------------------------------------------------------------ digests */

static uint64_t digest_data(const pmkt_cf_data *data) {
    pmkt_cf_data_counts counts = PMKT_CF_DATA_COUNTS_INIT;
    if (pmkt_cf_data_info(data, &counts, NULL)) return 0;
    return digest_bytes(&counts, sizeof counts);
}

/* What its batches come to; how much memory it has is not knowledge. */
static uint64_t digest_builder(const pmkt_cf_builder *builder) {
    pmkt_cf_data *data = NULL;
    if (pmkt_cf_builder_build(builder, NULL, NULL, &data, NULL)) return 0;
    const uint64_t digest = digest_data(data);
    pmkt_cf_data_release(data);
    return digest;
}

/* Equal models are equal bytes. */
static uint64_t digest_model(const pmkt_cf *model) {
    pmkt_buffer *buffer = NULL;
    if (pmkt_cf_save_memory(model, NULL, NULL, &buffer, NULL)) return 0;
    const uint64_t digest = digest_bytes(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return digest;
}

static uint64_t digest_live(pmkt_cf_live *live) {
    pmkt_cf *model = pmkt_cf_live_get(live);
    const uint64_t digest = model ? digest_model(model) : 1;
    pmkt_cf_release(model);
    return digest;
}

static uint64_t digest_evaluation(const pmkt_cf_evaluation *evaluation) {
    pmkt_cf_figures f = PMKT_CF_FIGURES_INIT;
    if (pmkt_cf_evaluation_columns(evaluation, &f, NULL)) return 0;
    const size_t n = (size_t)f.rows;
    uint64_t digest = digest_bytes(f.group, n * sizeof *f.group);
    digest = digest_add(digest, digest_bytes(f.k, n * sizeof *f.k));
    digest = digest_add(digest, digest_bytes(f.metric, n * sizeof *f.metric));
    digest = digest_add(digest, digest_bytes(f.value, n * sizeof *f.value));
    digest = digest_add(digest, digest_bytes(f.low, n * sizeof *f.low));
    digest = digest_add(digest, digest_bytes(f.high, n * sizeof *f.high));
    return digest_add(digest, digest_bytes(f.users, n * sizeof *f.users));
}

/* ------------------------------------------------------------------- inputs */

/* Every array that a struct may name has one, so that each can be taken away. */
static void fill_cf_arrays(world *w) {
    world_in *in = &w->in;
    in->weights[0] = (pmkt_cf_weight){PMKT_KIND_VIEW, 0, 2.0};
    for (int i = 0; i < WORLD_ROWS; i++) {
        in->columns[i] = i % 3;
        in->groups[i] = i % 2;
        in->answered[i] = (uint64_t)i + 1;
        in->answers[2 * i] = (uint64_t)(i % 3) + 1;
        in->answers[2 * i + 1] = (uint64_t)((i + 1) % 3) + 1;
        in->answer_counts[i] = 2;
    }
    for (int i = 0; i < WORLD_ROWS * 4; i++) in->ones[i] = 1.0f;
    in->ks[0] = 1;
    in->ks[1] = 2;
}

static void fill_cf_data(world *w) {
    world_in *in = &w->in;
    pmkt_cf_data_options_init(&in->cf_data_options);
    in->cf_data_options.half_life_ms = INT64_C(86400000) * 90;
    in->cf_data_options.weights = in->weights;
    in->cf_data_options.n_weights = 1;
    in->cf_data_options.users = w->set;
    in->cf_data_options.allocator = &in->allocator;
    pmkt_cf_matrix_init(&in->cf_matrix);
    in->cf_matrix.users = WORLD_ROWS;
    in->cf_matrix.items = 3;
    in->cf_matrix.at = in->at;
    in->cf_matrix.item = in->columns;
    in->cf_matrix.weight = in->ones;
    in->cf_matrix.user_id = in->orders;
    in->cf_matrix.item_id = in->bought;
    in->cf_matrix.category = in->orders;
}

static void fill_cf_fits(world *w) {
    world_in *in = &w->in;
    pmkt_cf_als_options_init(&in->als_options);
    in->als_options.factors = WORLD_FACTORS;
    in->als_options.iterations = 2;
    in->als_options.first_items = in->ones;
    in->als_options.allocator = &in->allocator;
    pmkt_cf_knn_options_init(&in->knn_options);
    in->knn_options.allocator = &in->allocator;
    pmkt_cf_popularity_options_init(&in->popularity_options);
    in->popularity_options.allocator = &in->allocator;
    pmkt_cf_factors_init(&in->cf_factors);
    in->cf_factors.factors = WORLD_FACTORS;
    in->cf_factors.users = WORLD_ROWS;
    in->cf_factors.items = 3;
    in->cf_factors.user_id = in->orders;
    in->cf_factors.item_id = in->bought;
    in->cf_factors.user_factors = in->ones;
    in->cf_factors.item_factors = in->ones;
}

/* The answer of a question lies among the outputs, as it does with a caller. */
static void fill_cf_questions(world *w) {
    world_in *in = &w->in;
    pmkt_cf_query_init(&in->cf_query);
    in->cf_query.k = 2;
    in->cf_query.fallback = PMKT_CF_POPULAR;
    in->cf_query.allow = w->set;
    in->cf_query.deny = w->other_set;
    in->cf_query.exclude_at = in->at;
    in->cf_query.exclude = in->orders;
    in->cf_query.scratch = w->cf_scratch;
    pmkt_cf_history_init(&in->cf_history);
    in->cf_history.rows = WORLD_ROWS;
    in->cf_history.at = in->at;
    in->cf_history.items = in->bought;
    in->cf_history.weights = in->ones;
    pmkt_cf_answer_init(&in->cf_answer);
    in->cf_answer.ids = w->out.u64;
    in->cf_answer.scores = w->out.f32;
    in->cf_answer.counts = w->out.i32;
    in->cf_answer.reasons = w->out.u8;
}

static void fill_cf_evaluation(world *w) {
    world_in *in = &w->in;
    pmkt_cf_split_options_init(&in->split_options);
    in->split_options.allocator = &in->allocator;
    pmkt_cf_evaluate_options_init(&in->evaluate_options);
    in->evaluate_options.k = in->ks;
    in->evaluate_options.n_k = 2;
    in->evaluate_options.train = w->cf_data;
    in->evaluate_options.n_groups = 2;
    in->evaluate_options.group = in->groups;
    in->evaluate_options.bootstrap = 20;
    in->evaluate_options.allow = w->set;
    in->evaluate_options.allocator = &in->allocator;
}

/* --------------------------------------------------------------------- part */

static void make_models(world *w) {
    pmkt_error *err = &w->err;
    pmkt_cf_matrix test =
        w->in.cf_matrix; /* the users of the events, and items they did not have */
    static const uint64_t users[] = {1, 2, 3, 4};
    static const int32_t items[] = {2, 0, 0, 1};
    test.users = 4;
    test.user_id = users;
    test.item = items;
    if (pmkt_cf_data_from_events(&w->in.events, NULL, NULL, NULL, &w->cf_data, err) ||
        pmkt_cf_data_from_matrix(&test, NULL, NULL, &w->cf_test, err) ||
        pmkt_cf_builder_new(NULL, 0, &w->cf_builder, err) ||
        pmkt_cf_builder_add(w->cf_builder, &w->in.events, NULL, NULL, err)) {
        world_failed("data", err);
    }
    if (pmkt_cf_als_fit(w->cf_data, &w->in.als_options, NULL, &w->cf_als, err) ||
        pmkt_cf_knn_fit(w->cf_data, NULL, NULL, &w->cf_knn, err) ||
        pmkt_cf_scratch_new(NULL, &w->cf_scratch, err) ||
        pmkt_cf_live_new(w->cf_als, NULL, &w->cf_live, err)) {
        world_failed("models", err);
    }
    name_file(w->in.cf_path, "model.pmkt");
    if (pmkt_cf_save(w->cf_als, w->in.cf_path, &w->in.save_options, NULL, err) ||
        pmkt_cf_save_memory(w->cf_als, NULL, NULL, &w->cf_buffer, err) ||
        pmkt_cf_map(w->in.cf_path, NULL, &w->cf_mapped, err)) {
        world_failed("a model's file", err);
    }
}

static void make_cf(world *w) {
    fill_cf_arrays(w);
    fill_cf_data(w);
    fill_cf_fits(w);
    make_models(w);
    fill_cf_questions(w);
    fill_cf_evaluation(w);
    if (pmkt_cf_evaluate(w->cf_als, w->cf_test, &w->in.evaluate_options, NULL, &w->cf_evaluation,
                         &w->err)) {
        world_failed("an evaluation", &w->err);
    }
}

static void drop_cf(world *w) {
    pmkt_cf_evaluation_free(w->cf_evaluation);
    pmkt_cf_live_free(w->cf_live);
    pmkt_cf_scratch_free(w->cf_scratch);
    pmkt_cf_release(w->cf_mapped);
    pmkt_cf_release(w->cf_knn);
    pmkt_cf_release(w->cf_als);
    pmkt_cf_builder_free(w->cf_builder);
    pmkt_cf_data_release(w->cf_test);
    pmkt_cf_data_release(w->cf_data);
    pmkt_buffer_free(w->cf_buffer);
    (void)remove(w->in.cf_path);
}

static uint64_t digest_cf(const world *w) {
    uint64_t digest = digest_add(digest_data(w->cf_data), digest_data(w->cf_test));
    digest = digest_add(digest, digest_builder(w->cf_builder));
    digest = digest_add(digest, digest_model(w->cf_als));
    digest = digest_add(digest, digest_model(w->cf_knn));
    digest = digest_add(digest, digest_model(w->cf_mapped));
    digest = digest_add(digest, digest_live(w->cf_live));
    return digest_add(digest, digest_evaluation(w->cf_evaluation));
}

static const world_part world_cf = {make_cf, drop_cf, digest_cf};
