/*
 * world_arrow.h - Arrow streams of events, items and ids, and readers of such streams. What a call was
 * given and did not release is released here; everything must then have been released once. Included
 * once, by the generated rows.
 */
#include <string.h>

#include "calls/world.h"
#include "support/arrow.h"

static arrow_node user_node, time_node, item_node, event_node, catalogue_node;
static arrow_producer producers[5];

static void release_stream(struct ArrowArrayStream *stream) {
    if (stream->release) stream->release(stream);
}

static void make_arrow(world *w) {
    user_node = arrow_numbers("user", "L", 4, NULL, w->in.ids);
    time_node = arrow_numbers("time", "l", 4, NULL, w->in.times);
    item_node = arrow_numbers("item", "L", 4, NULL, w->in.orders);
    event_node = arrow_table(4, &user_node, &time_node, NULL);
    catalogue_node = arrow_table(4, &item_node, NULL);
    const arrow_node *nodes[] = {&event_node, &event_node, &catalogue_node, &catalogue_node,
                                 &catalogue_node};
    for (int i = 0; i < 5; i++) producers[i] = arrow_one(nodes[i]);
    w->event_stream = arrow_stream(&producers[0]);
    w->item_stream = arrow_stream(&producers[2]);
    w->id_stream = arrow_stream(&producers[4]);
    struct ArrowArrayStream events = arrow_stream(&producers[1]),
                            items = arrow_stream(&producers[3]);
    if (pmkt_arrow_events_open(&events, &w->in.arrow_columns, NULL, &w->arrow_events, &w->err) ||
        pmkt_arrow_items_open(&items, &w->in.arrow_item_columns, NULL, &w->arrow_items, &w->err)) {
        world_failed("readers", &w->err);
    }
}

static void drop_arrow(world *w) {
    pmkt_arrow_events_free(w->arrow_events);
    pmkt_arrow_items_free(w->arrow_items);
    release_stream(&w->event_stream);
    release_stream(&w->item_stream);
    release_stream(&w->id_stream);
    for (int i = 0; i < 5; i++) {
        const arrow_producer *p = &producers[i];
        if (p->streams_given != p->streams_released || p->arrays_given != p->arrays_released ||
            p->schemas_given != p->schemas_released) {
            world_complains("what Arrow gave was not released once");
        }
    }
}

static uint64_t digest_arrow(const world *w) {
    (void)w; /* readers tell only by going on */
    return 0;
}

static const world_part world_arrow = {make_arrow, drop_arrow, digest_arrow};
