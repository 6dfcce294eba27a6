/*
 * stream.h - the events of a file or a pipe, each as a batch of one row.
 */
#ifndef LIVE_STREAM_H
#define LIVE_STREAM_H

#include "../shop/reader.h"
#include "options.h"

#define LIVE_USUAL 3 /* amount, quantity, channel; the columns of --columns stand behind */

/* The batch points into the stream, so that it stays where it was opened. */
typedef struct stream {
    shop_reader reader;
    shop_column column[LIVE_USUAL + LIVE_COLUMNS];
    const command *asked;
    shop_event event;
    uint64_t channel;
    int64_t amount, quantity;
    union {
        int64_t whole;
        uint64_t id;
        double real;
    } value[LIVE_COLUMNS]; /* of those of --columns */
    pmkt_column extra[LIVE_COLUMNS];
    pmkt_events batch;
} stream;

/* Opens what was asked for. Complains and returns false if it cannot; close the stream anyway. */
bool stream_open(stream *in, const command *asked, pmkt_ids *names,
                 const volatile sig_atomic_t *stop);

/* The next event is in in->event and, with all that it has, in in->batch. */
shop_got stream_next(stream *in);

void stream_close(stream *in);

#endif
