#include "support/batch.h"

#include <stdlib.h>

#include "core/zone.h"

int64_t date(int32_t year, int32_t month, int32_t day) {
    return pmkti_days_from_civil((pmkti_civil){year, month, day}) * DAY;
}

int64_t clock_at(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute) {
    return date(year, month, day) + hour * HOUR + minute * MINUTE;
}

static void *grown(void *p, int64_t n, size_t size) {
    void *at = realloc(p, (size_t)n * size);
    if (!at) abort();
    return at;
}

void batch_row(batch *b, uint64_t user, int64_t time, int32_t kind, uint64_t order,
               int64_t amount) {
    if (b->rows == b->room) {
        b->room = b->room ? 2 * b->room : 16;
        b->user = grown(b->user, b->room, sizeof *b->user);
        b->order = grown(b->order, b->room, sizeof *b->order);
        b->time = grown(b->time, b->room, sizeof *b->time);
        b->amount = grown(b->amount, b->room, sizeof *b->amount);
        b->kind = grown(b->kind, b->room, sizeof *b->kind);
    }
    const int64_t i = b->rows++;
    b->user[i] = user;
    b->time[i] = time;
    b->kind[i] = (uint16_t)kind;
    b->order[i] = order;
    b->amount[i] = amount;
}

void batch_order(batch *b, uint64_t user, int64_t time, uint64_t order, int64_t amount) {
    batch_row(b, user, time, PMKT_KIND_ORDER, order, amount);
}

void batch_event(batch *b, uint64_t user, int64_t time, int32_t kind) {
    batch_row(b, user, time, kind, PMKT_ID_NONE, PMKT_AMOUNT_NULL);
}

void batch_copy_row(batch *b, const batch *from, int64_t i) {
    batch_row(b, from->user[i], from->time[i], from->kind[i], from->order[i], from->amount[i]);
}

pmkt_events batch_slice(const batch *b, int64_t from, int64_t n) {
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = n;
    if (n == 0) {
        events.every_kind = PMKT_KIND_ORDER;
        return events;
    }
    events.user = b->user + from;
    events.time = b->time + from;
    events.kind = b->kind + from;
    events.order = b->order + from;
    events.amount = b->amount + from;
    return events;
}

pmkt_events batch_events(const batch *b) {
    return batch_slice(b, 0, b->rows);
}

void batch_clear(batch *b) {
    free(b->user);
    free(b->order);
    free(b->time);
    free(b->amount);
    free(b->kind);
    *b = (batch){0};
}
