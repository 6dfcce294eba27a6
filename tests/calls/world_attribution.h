/*
 * world_attribution.h - paths, and what is made of them. Included once, by the generated rows, after
 * world_idset.h.
 */
#include "calls/world.h"

/* ------------------------------------------------------------------ digests */

static uint64_t digest_attribution(const pmkt_attribution *attribution) {
    pmkt_attribution_table t = PMKT_ATTRIBUTION_TABLE_INIT;
    if (pmkt_attribution_columns(attribution, &t, NULL)) return 0;
    const size_t n = (size_t)t.rows;
    uint64_t digest = digest_bytes(t.channel, n * sizeof *t.channel);
    digest = digest_add(digest, digest_bytes(t.conversions, n * sizeof *t.conversions));
    digest = digest_add(digest, digest_bytes(t.value, t.value ? n * sizeof *t.value : 0));
    digest = digest_add(digest, digest_bytes(t.low, t.low ? n * sizeof *t.low : 0));
    return digest_add(digest, digest_bytes(t.touches, n * sizeof *t.touches));
}

static uint64_t digest_attribution_paths(const pmkt_attribution_data *data) {
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    if (pmkt_attribution_data_paths(data, &p, NULL)) return 0;
    const size_t n = (size_t)p.paths, touches = (size_t)p.at[n];
    uint64_t digest = digest_bytes(p.at, (n + 1) * sizeof *p.at);
    digest = digest_add(digest, digest_bytes(p.channel, touches * sizeof *p.channel));
    return digest_add(digest, digest_bytes(p.conversions, n * sizeof *p.conversions));
}

/* --------------------------------------------------------------------- part */

static void fill_attribution(world *w) {
    world_in *in = &w->in;
    in->touch_kinds[0] = PMKT_KIND_VIEW;
    in->touch_kinds[1] = PMKT_KIND_CLICK;
    pmkt_attribution_paths_init(&in->paths);
    in->paths.paths = WORLD_ROWS;
    in->paths.at = in->at;
    in->paths.channel = in->bought;
    in->paths.time = in->times;
    in->paths.conversions = in->numbers;
    in->paths.values = in->quantities;
    in->paths.nulls = in->numbers;
    pmkt_attribution_options_init(&in->attribution_options);
    in->attribution_options.bootstrap = 5;
    in->attribution_options.allocator = &in->allocator;
    pmkt_attribution_order_options_init(&in->order_options);
    in->order_options.allocator = &in->allocator;
    pmkt_attribution_data_options_init(&in->path_options);
    in->path_options.touch_kinds = in->touch_kinds;
    in->path_options.n_touch_kinds = 2;
    in->path_options.users = w->set;
    in->path_options.allocator = &in->allocator;
}

static void make_attribution(world *w) {
    pmkt_error *err = &w->err;
    fill_attribution(w);
    if (pmkt_attribution_compute(&w->in.paths, NULL, NULL, &w->attribution, err) ||
        pmkt_attribution_data_from_events(&w->in.events, NULL, NULL, NULL, &w->attribution_data,
                                          err)) {
        world_failed("an attribution", err);
    }
}

static void drop_attribution(world *w) {
    pmkt_attribution_free(w->attribution);
    pmkt_attribution_data_free(w->attribution_data);
}

static uint64_t digest_all_attribution(const world *w) {
    return digest_add(digest_attribution(w->attribution),
                      digest_attribution_paths(w->attribution_data));
}

static const world_part world_attribution = {make_attribution, drop_attribution,
                                             digest_all_attribution};
