/*
 * batch.h - events for tests, row by row.
 */
#ifndef PMKT_TEST_BATCH_H
#define PMKT_TEST_BATCH_H

#include "pmkt.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* 00:00 UTC of a date. */
int64_t date(int32_t year, int32_t month, int32_t day);

/* A time of that day, UTC. */
int64_t clock_at(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute);

/* Growing columns; start with {0}. */
typedef struct batch {
    int64_t rows, room;
    uint64_t *user, *order;
    int64_t *time, *amount;
    uint16_t *kind;
} batch;

/* Appends a row. `order` may be PMKT_ID_NONE, `amount` PMKT_AMOUNT_NULL. */
void batch_row(batch *b, uint64_t user, int64_t time, int32_t kind, uint64_t order, int64_t amount);

/* Appends a row of kind ORDER. */
void batch_order(batch *b, uint64_t user, int64_t time, uint64_t order, int64_t amount);

/* Appends a row that has no order and no amount. */
void batch_event(batch *b, uint64_t user, int64_t time, int32_t kind);

/* Appends row i of another batch. */
void batch_copy_row(batch *b, const batch *from, int64_t i);

/* The batch, or `n` rows of it, as events that borrow its columns. */
pmkt_events batch_events(const batch *b);
pmkt_events batch_slice(const batch *b, int64_t from, int64_t n);

/* Frees the columns; the batch is empty then. */
void batch_clear(batch *b);

#endif
