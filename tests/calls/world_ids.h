/*
 * world_ids.h - two dictionaries, and one of them saved. Included once, by the generated rows, after
 * world_files.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls/world.h"

/* What a dictionary knows: counters, ids, and the string of each. */
static uint64_t digest_ids(const pmkt_ids *ids) {
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    uint64_t id[64];
    int64_t n = 0;
    if (pmkt_ids_stats(ids, &counters, NULL) || pmkt_ids_list(ids, id, 64, &n, NULL)) return 0;
    counters.bytes = counters.bytes_mapped = 0; /* room, which is not knowledge */
    uint64_t digest = digest_bytes(&counters, sizeof counters);
    for (int64_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *name = pmkt_ids_name(ids, id[i], &length);
        digest = digest_add(digest, id[i]);
        digest = digest_add(digest, name ? digest_bytes(name, length) : 0);
    }
    return digest;
}

static void make_ids(world *w) {
    static const char others[] = "gusharidajon";
    static const int64_t offsets[] = {0, 3, 6, 9, 12};
    pmkt_error *err = &w->err;
    name_file(w->in.ids_path, "names.pmkt");
    if (pmkt_ids_new(NULL, &w->ids, err) || pmkt_ids_new(NULL, &w->other_ids, err) ||
        pmkt_ids_encode(w->ids, w->in.strings, w->in.offsets, WORLD_ROWS, NULL, NULL, err) ||
        pmkt_ids_encode(w->other_ids, others, offsets, 4, NULL, NULL, err) ||
        pmkt_ids_save(w->ids, w->in.ids_path, &w->in.save_options, NULL, err) ||
        pmkt_ids_save_memory(w->ids, NULL, NULL, &w->ids_buffer, err)) {
        world_failed("dictionaries", err);
    }
}

static void drop_ids(world *w) {
    pmkt_buffer_free(w->ids_buffer);
    pmkt_ids_free(w->ids);
    pmkt_ids_free(w->other_ids);
    (void)remove(w->in.ids_path);
}

static uint64_t digest_all_ids(const world *w) {
    return digest_add(digest_ids(w->ids), digest_ids(w->other_ids));
}

static const world_part world_ids = {make_ids, drop_ids, digest_all_ids};
