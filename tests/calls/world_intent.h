/*
 * world_intent.h - a model of six short paths. Included once, by the generated rows, after
 * world_files.h.
 */
#include <stdio.h>

#include "calls/world.h"

/* Equal models are equal bytes. */
static uint64_t digest_chain(const pmkt_intent *model) {
    pmkt_buffer *buffer = NULL;
    if (pmkt_intent_save_memory(model, NULL, NULL, &buffer, NULL)) return 0;
    const uint64_t digest = digest_bytes(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return digest;
}

/* Answers lie among the outputs, as they do with a caller. */
static void fill_intent(world *w) {
    world_in *in = &w->in;
    for (int i = 0; i < WORLD_ROWS; i++) {
        in->actions[i] = (uint32_t)(i % 3) + 2;
        in->ends[i] = i % 2 == 1;
    }
    pmkt_intent_options_init(&in->intent_options);
    in->intent_options.order = 2;
    in->intent_options.allocator = &in->allocator;
    static const uint64_t classes[] = {8, 5};
    in->intent_options.classes = classes;
    in->intent_options.n_classes = 2;
    pmkt_intent_paths_init(&in->intent_paths);
    in->intent_paths.n = WORLD_ROWS;
    in->intent_paths.at = in->at;
    in->intent_paths.action = in->actions;
    in->intent_paths.dwell = in->times;
    in->intent_paths.bought = in->ends;
    pmkt_intent_answers_init(&in->intent_answers);
    in->intent_answers.goal = w->out.f64;
    in->intent_answers.steps = w->out.f64 + WORLD_ROWS;
    in->intent_answers.next = w->out.u32;
    in->intent_answers.context = w->out.i32;
    pmkt_intent_table_init(&in->intent_table);
    in->intent_table.room = 64;
    in->intent_table.from = w->out.u32;
    in->intent_table.count = w->out.i64;
    in->intent_table.probability = w->out.f64;
}

static void make_intent(world *w) {
    pmkt_error *err = &w->err;
    fill_intent(w);
    name_file(w->in.intent_path, "intent.pmkt");
    if (pmkt_intent_fit_paths(&w->in.intent_paths, &w->in.intent_options, NULL, &w->intent, err) ||
        pmkt_intent_save(w->intent, w->in.intent_path, &w->in.save_options, NULL, err) ||
        pmkt_intent_save_memory(w->intent, NULL, NULL, &w->intent_buffer, err)) {
        world_failed("a model of intent", err);
    }
    w->intents[0] = w->intents[1] = w->intent;
}

static void drop_intent(world *w) {
    pmkt_intent_release(w->intent);
    pmkt_buffer_free(w->intent_buffer);
    (void)remove(w->in.intent_path);
}

static uint64_t digest_intent(const world *w) {
    return digest_chain(w->intent);
}

static const world_part world_intent = {make_intent, drop_intent, digest_intent};
