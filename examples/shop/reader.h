/*
 * reader.h - the events of a CSV file, one after the other, also from a pipe, as they come.
 */
#ifndef SHOP_READER_H
#define SHOP_READER_H

#include <pmkt.h>
#include <stdbool.h>

#include "../rfm_report/csv.h"
#include "source.h"

/* What every event has, or may have. */
typedef struct shop_event {
    uint64_t user, item, category;
    int64_t time;
    uint16_t kind;
} shop_event;

/* A column that the source does not name. */
typedef struct shop_column {
    const char *name;   /* NULL: not wanted */
    const char *option; /* that names another; NULL: the file may well be without */
    int place;          /* in a record; -1 = there is no such column */
} shop_column;

/* How a time is written. */
typedef enum shop_clock {
    SHOP_CLOCK_UNKNOWN,
    SHOP_CLOCK_CALENDAR,
    SHOP_CLOCK_SECONDS,
    SHOP_CLOCK_MILLISECONDS
} shop_clock;

/* Rows that are not events, and why. */
typedef struct shop_left {
    int64_t rows;
    int64_t line; /* of the first of them */
    const char *why;
    int64_t skipped; /* rows that --kinds leaves out */
} shop_left;

typedef struct shop_reader {
    const shop_source *from;
    pmkt_ids *names; /* of customers, products and categories; borrowed */
    shop_column *more;
    int n_more;
    bool no_item; /* an event needs no product */
    csv file;
    int fd;
    int user, item, time, kind, category; /* where these are in a record, as shop_column.place */
    shop_clock clock;                     /* unknown until a time was seen */
    shop_left left;
} shop_reader;

typedef enum shop_got {
    SHOP_EVENT,
    SHOP_END,
    SHOP_STOPPED, /* by file.stop */
    SHOP_FAILED   /* it has complained */
} shop_got;

/*
 * Opens the file and reads its header. Complains and returns false if it cannot; close the reader anyway. `more`,
 * `n_more` and `no_item` are set before, the rest is zero.
 */
bool shop_reader_open(shop_reader *reader, const shop_source *from, pmkt_ids *names);

/* Reads up to the next row that is an event; the others are counted in reader->left. */
shop_got shop_reader_next(shop_reader *reader, shop_event *event);

/* The text of column reader->more[i] in the row that was read last; empty if the file is without. */
csv_field shop_reader_text(const shop_reader *reader, int i);

/* The row that was read last is no event after all. `why` is static. */
void shop_reader_leave(shop_reader *reader, const char *why);

void shop_reader_close(shop_reader *reader);

/* An id of a text, which the names keep; an empty one has none. Complains and returns false if it cannot. */
bool shop_reader_id(const shop_reader *reader, csv_field text, uint64_t *id);

/* Prints how many rows were left out, and why; nothing if none was. */
void shop_left_print(const shop_left *left);

#endif
