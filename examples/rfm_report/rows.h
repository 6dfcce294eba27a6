/*
 * rows.h - turns CSV records into batches of events, and keeps book of every row that is left out.
 */
#ifndef RFM_REPORT_ROWS_H
#define RFM_REPORT_ROWS_H

#include <pmkt.h>
#include <stdbool.h>
#include <stdint.h>

#include "csv.h"
#include "options.h"

#define ROWS_BATCH 65536

/* What became of a row. Those before ROW_BAD are taken or left out as asked; the others are bad. */
typedef enum row_fate {
    ROW_TAKEN,
    ROW_SKIPPED_KIND, /* --kinds says so */
    ROW_BAD,
    ROW_FIELDS = ROW_BAD, /* not as many fields as the header */
    ROW_QUOTES,
    ROW_NO_USER,
    ROW_NO_TIME,
    ROW_BAD_TIME,
    ROW_NO_KIND,
    ROW_UNKNOWN_KIND,
    ROW_NO_AMOUNT,
    ROW_BAD_AMOUNT,
    ROW_NEGATIVE,
    ROW_NO_ORDER, /* a cancellation of nothing in particular */
    ROW_REJECTED, /* by the library, for a reason that was not foreseen here */
    ROW_FATES
} row_fate;

/* How many, and the first one: its line, and what stood there if that helps. */
typedef struct tally {
    int64_t count;
    int64_t first_line;
    char example[32];
} tally;

typedef enum row_column {
    COLUMN_USER,
    COLUMN_TIME,
    COLUMN_ORDER,
    COLUMN_AMOUNT,
    COLUMN_QUANTITY,
    COLUMN_PRICE,
    COLUMN_KIND,
    ROW_COLUMNS
} row_column;

typedef struct rows {
    const options *asked;
    const pmkt_zone *zone;
    csv reader;
    pmkt_ids *users;         /* remembers their texts; borrowed */
    size_t fields;           /* of the header */
    int column[ROW_COLUMNS]; /* the place of a column, or -1 */
    int32_t time_unit;       /* TIME_AUTO until the first time was seen */

    /* the book */
    int64_t read; /* rows behind the header */
    tally fate[ROW_FATES];
    tally by_kind[PMKT_KIND_COUNT_]; /* of those taken */
    tally refund_by_prefix, refund_by_sign, worth_nothing;

    /* the batch */
    int64_t n;
    uint64_t user[ROWS_BATCH], order[ROWS_BATCH];
    int64_t time[ROWS_BATCH], amount[ROWS_BATCH], line[ROWS_BATCH];
    uint16_t kind[ROWS_BATCH];
} rows;

typedef enum rows_result {
    ROWS_MORE,       /* the batch is full */
    ROWS_END,        /* the last batch, perhaps empty */
    ROWS_STOPPED,    /* ^C */
    ROWS_FAILED,     /* has complained */
    ROWS_WRONG_USAGE /* has complained: an option is missing */
} rows_result;

/* Reads the header of `fd` and finds the columns. ROWS_MORE if all is well. */
rows_result rows_start(rows *in, int fd, const options *asked, const pmkt_zone *zone,
                       pmkt_ids *users);

/* Fills the next batch. */
rows_result rows_next(rows *in);

/* Points the events at the batch. */
void rows_events(const rows *in, pmkt_events *events);

/* Moves rows that the library rejected after all from the taken to the bad ones. */
void rows_book_rejected(rows *in, const pmkt_report *report);

/* A fate as a phrase, such as "no customer". */
const char *rows_fate_text(row_fate fate);

/* What stands around an example in a message: : "..." if there is one, else nothing. */
const char *tally_opening(const tally *book);
const char *tally_closing(const tally *book);

/* Rows that are bad, all reasons together. */
int64_t rows_bad(const rows *in);

void rows_free(rows *in);

#endif
