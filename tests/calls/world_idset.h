/*
 * world_idset.h - two sets of ids. Included once, by the generated rows.
 */
#include "calls/world.h"

static uint64_t digest_set(const pmkt_idset *set) {
    uint64_t id[64];
    int64_t n = 0;
    if (pmkt_idset_list(set, id, 64, &n, NULL)) return 0;
    return digest_bytes(id, (size_t)n * sizeof *id);
}

static void make_idset(world *w) {
    static const uint64_t others[] = {2, 3, 50, 60};
    if (pmkt_idset_new(w->in.ids, WORLD_ROWS, NULL, &w->set, &w->err) ||
        pmkt_idset_new(others, 4, NULL, &w->other_set, &w->err)) {
        world_failed("sets", &w->err);
    }
}

static void drop_idset(world *w) {
    pmkt_idset_free(w->set);
    pmkt_idset_free(w->other_set);
}

static uint64_t digest_idset(const world *w) {
    return digest_add(digest_set(w->set), digest_set(w->other_set));
}

static const world_part world_idset = {make_idset, drop_idset, digest_idset};
