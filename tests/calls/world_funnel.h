/*
 * world_funnel.h - a funnel and paths. Included once, by the generated rows.
 */
#include "calls/world.h"

static uint64_t digest_funnel_result(const pmkt_funnel *funnel) {
    pmkt_funnel_columns c = PMKT_FUNNEL_COLUMNS_INIT;
    if (pmkt_funnel_columns_of(funnel, &c, NULL)) return 0;
    uint64_t digest = digest_bytes(c.reached, (size_t)c.steps * sizeof *c.reached);
    digest = digest_add(digest, digest_bytes(c.lost, (size_t)c.steps * sizeof *c.lost));
    digest = digest_add(digest, digest_bytes(c.next_n, (size_t)c.n_next * sizeof *c.next_n));
    return digest_add(digest, digest_bytes(c.user, (size_t)c.attempts * sizeof *c.user));
}

static uint64_t digest_paths(const pmkt_paths *paths) {
    pmkt_paths_columns c = PMKT_PATHS_COLUMNS_INIT;
    if (pmkt_paths_columns_of(paths, &c, NULL)) return 0;
    uint64_t digest = digest_bytes(c.count, (size_t)c.n * sizeof *c.count);
    digest = digest_add(digest, digest_bytes(c.moves, (size_t)c.n_moves * sizeof *c.moves));
    digest = digest_add(digest, digest_bytes(c.stays, (size_t)c.n_pages * sizeof *c.stays));
    return digest_add(digest, digest_bytes(c.hours, 168 * sizeof *c.hours));
}

static void make_funnel(world *w) {
    world_in *in = &w->in;
    in->funnel_kinds[0] = PMKT_KIND_ORDER;
    in->funnel_kinds[1] = PMKT_KIND_VIEW;
    for (int k = 0; k < 2; k++) {
        in->funnel_steps[k] = (pmkt_funnel_step){in->funnel_kinds, k + 1, 0, 0, 0};
    }
    pmkt_funnel_options_init(&in->funnel_options);
    in->funnel_options.window_ms = INT64_C(86400000) * 365;
    in->funnel_options.allocator = &in->allocator;
    pmkt_paths_options_init(&in->paths_options);
    in->paths_options.user_hours = 1;
    in->paths_options.zone = &in->zone;
    in->paths_options.allocator = &in->allocator;
    if (pmkt_funnel_new(&in->events, in->funnel_steps, 2, &in->funnel_options, NULL, NULL,
                        &w->funnel, &w->err) ||
        pmkt_paths_new(&in->events, &in->paths_options, NULL, NULL, &w->paths, &w->err)) {
        world_failed("funnels", &w->err);
    }
}

static void drop_funnel(world *w) {
    pmkt_funnel_free(w->funnel);
    pmkt_paths_free(w->paths);
}

static uint64_t digest_funnel(const world *w) {
    return digest_add(digest_funnel_result(w->funnel), digest_paths(w->paths));
}

static const world_part world_funnel = {make_funnel, drop_funnel, digest_funnel};
