/*
 * world_tracker.h - a tracker that has seen half of the shop, what it saved, and one that knows nobody. Included once,
 * by the generated rows, after world_rules.h.
 */
#include <stdio.h>

#include "calls/world.h"

/* Equal states are equal bytes. */
static uint64_t digest_everybody(pmkt_tracker *t) {
    pmkt_tracker_counts counts = PMKT_TRACKER_COUNTS_INIT;
    pmkt_buffer *buffer = NULL;
    if (pmkt_tracker_stats(t, &counts, NULL) ||
        pmkt_tracker_save_memory(t, NULL, NULL, &buffer, NULL)) {
        return 0;
    }
    const uint64_t digest = digest_bytes(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return digest_add(digest, digest_bytes(&counts, sizeof counts));
}

static void make_tracker(world *w) {
    world_in *in = &w->in;
    pmkt_error *err = &w->err;
    pmkt_events half = in->shop;
    half.rows /= 2;
    name_file(in->tracker_path, "tracker.pmkt");
    pmkt_tracker_options_init(&in->tracker_options);
    in->tracker_options.shards = 2;
    in->tracker_options.learn = 1;
    in->tracker_options.allocator = &in->allocator;
    if (pmkt_tracker_new(w->purchase, w->rules, &in->tracker_options, &w->tracker, err) ||
        pmkt_tracker_new(w->purchase, w->rules, &in->tracker_options, &w->other_tracker, err) ||
        pmkt_tracker_observe(w->tracker, &half, NULL, NULL, err) ||
        pmkt_tracker_save(w->tracker, in->tracker_path, &in->save_options, NULL, err) ||
        pmkt_tracker_save_memory(w->tracker, NULL, NULL, &w->tracker_buffer, err)) {
        world_failed("a tracker", err);
    }
}

static void drop_tracker(world *w) {
    pmkt_tracker_free(w->tracker);
    pmkt_tracker_free(w->other_tracker);
    pmkt_buffer_free(w->tracker_buffer);
    (void)remove(w->in.tracker_path);
}

static uint64_t digest_tracker(const world *w) {
    return digest_add(digest_everybody(w->tracker), digest_everybody(w->other_tracker));
}

static const world_part world_tracker = {make_tracker, drop_tracker, digest_tracker};
