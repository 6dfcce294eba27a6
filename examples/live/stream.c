#include "stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The places of the usual columns in `column`. */
enum {
    AMOUNT,
    QUANTITY,
    CHANNEL
};

/* ------------------------------------------------------------------- open */

static void want_columns(stream *in, const command *asked) {
    in->column[AMOUNT] = (shop_column){asked->amount, asked->amount_named ? "--amount" : NULL, -1};
    in->column[QUANTITY] =
        (shop_column){asked->quantity, asked->quantity_named ? "--quantity" : NULL, -1};
    in->column[CHANNEL] =
        (shop_column){asked->channel, asked->channel_named ? "--channel" : NULL, -1};
    for (int32_t i = 0; i < asked->columns; i++) {
        in->column[LIVE_USUAL + i] =
            (shop_column){asked->column[i].name, asked->columns_named ? "--columns" : NULL, -1};
    }
    in->reader.more = in->column;
    in->reader.n_more = LIVE_USUAL + asked->columns;
    in->reader.no_item = true;
}

/* A batch of one row, whose columns are the variables of the stream. */
static void set_up_batch(stream *in) {
    pmkt_events *batch = &in->batch;
    pmkt_events_init(batch);
    batch->on_bad = PMKT_ON_BAD_SKIP; /* and the report says why */
    batch->rows = 1;
    batch->user = &in->event.user;
    batch->time = &in->event.time;
    batch->kind = &in->event.kind;
    batch->item = &in->event.item;
    batch->category = &in->event.category;
    if (in->column[AMOUNT].place >= 0) batch->amount = &in->amount;
    if (in->column[QUANTITY].place >= 0) batch->quantity = &in->quantity;
    if (in->column[CHANNEL].place >= 0) batch->channel = &in->channel;
    batch->extra = in->extra;
    for (int32_t i = 0; i < in->asked->columns; i++) {
        if (in->column[LIVE_USUAL + i].place < 0) continue;
        const live_column *column = &in->asked->column[i];
        in->extra[batch->n_extra++] = (pmkt_column){column->name, &in->value[i], column->type, 0};
    }
}

bool stream_open(stream *in, const command *asked, pmkt_ids *names,
                 const volatile sig_atomic_t *stop) {
    in->asked = asked;
    in->reader.file.stop = stop;
    want_columns(in, asked);
    if (!shop_reader_open(&in->reader, &asked->from, names)) return false;
    set_up_batch(in);
    return true;
}

void stream_close(stream *in) {
    shop_reader_close(&in->reader);
}

/* ------------------------------------------------------------------- rows */

/* An empty text is no number. */
static bool read_whole(csv_field text, int32_t decimals, int64_t *value) {
    *value = INT64_MIN;
    return text.length == 0 ||
           pmkt_money_parse(text.text, text.length, decimals, value, NULL) == PMKT_OK;
}

static bool read_real(csv_field text, double *value) {
    char copy[64] = "";
    char *end = NULL;
    *value = NAN;
    if (text.length == 0) return true;
    if (text.length >= sizeof copy) return false;
    memcpy(copy, text.text, text.length);
    *value = strtod(copy, &end);
    return end == copy + text.length && isfinite(*value);
}

/* False if it has complained; *why, if the row is not fine. */
static bool read_column(stream *in, int32_t i, const char **why) {
    const csv_field text = shop_reader_text(&in->reader, LIVE_USUAL + i);
    switch (in->asked->column[i].type) {
        case PMKT_TYPE_UINT64:
            return shop_reader_id(&in->reader, text, &in->value[i].id);
        case PMKT_TYPE_DOUBLE:
            if (!read_real(text, &in->value[i].real)) *why = "a column of --columns is no number";
            return true;
        default:
            if (!read_whole(text, 0, &in->value[i].whole)) {
                *why = "a column of --columns is no number";
            }
            return true;
    }
}

static bool read_row(stream *in, const char **why) {
    if (!read_whole(shop_reader_text(&in->reader, AMOUNT), in->asked->decimals, &in->amount)) {
        *why = "no amount that can be read";
    } else if (!read_whole(shop_reader_text(&in->reader, QUANTITY), 0, &in->quantity)) {
        *why = "no quantity that can be read";
    }
    bool good = shop_reader_id(&in->reader, shop_reader_text(&in->reader, CHANNEL), &in->channel);
    for (int32_t i = 0; i < in->asked->columns && good; i++) good = read_column(in, i, why);
    return good;
}

shop_got stream_next(stream *in) {
    for (;;) {
        const shop_got got = shop_reader_next(&in->reader, &in->event);
        if (got != SHOP_EVENT) return got;
        const char *why = NULL;
        if (!read_row(in, &why)) return SHOP_FAILED;
        if (why == NULL) return SHOP_EVENT;
        shop_reader_leave(&in->reader, why);
    }
}
