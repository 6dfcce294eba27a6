/*
 * csv.h - reads records of comma separated values, as RFC 4180 has them and as they are found.
 *
 * A record is handed out as pointers into the reader's buffer: nothing is copied, a file of any
 * size needs the memory of its longest record. Lines end in LF, CRLF or CR. A quoted field may hold
 * delimiters, line ends and doubled quotes. A byte order mark is skipped; so are blank lines.
 */
#ifndef RFM_REPORT_CSV_H
#define RFM_REPORT_CSV_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer record is taken for a quote that somebody forgot to close. */
#define CSV_MAX_RECORD ((size_t)64 << 20)

/* A field's text; it does not end in a NUL and lives until the next record is read. */
typedef struct csv_field {
    char *text;
    size_t length;
    bool escaped; /* still has its doubled quotes; only while the record is being read */
} csv_field;

typedef struct csv {
    int fd;
    bool at_eof;
    bool started;
    bool as_it_comes; /* hand out records when they are there, not once the buffer is full */
    char delimiter;   /* 0 = guess by the first line */
    char *buffer;
    size_t capacity, begin, end; /* the bytes not handed out are buffer[begin, end) */
    int64_t next_line;           /* the line, from 1, in which the next record begins */
    int64_t line;                /* the same of this record */
    int64_t bytes;               /* read so far */
    csv_field *field;            /* this record */
    size_t fields, field_capacity;
    const volatile sig_atomic_t *stop; /* NULL, or a flag that ends the reading */
    char error[240];
} csv;

typedef enum csv_result {
    CSV_RECORD,
    CSV_MALFORMED, /* text stands behind a closing quote; the reader goes on behind the record */
    CSV_END,
    CSV_STOPPED, /* *stop was set */
    CSV_FAILED   /* see error; reading is over */
} csv_result;

/*
 * Starts to read `fd`, which stays the caller's to close. `delimiter` 0 guesses by the first line:
 * the one of , ; tab | that is in there most often. Who waits for a pipe sets reader->as_it_comes then.
 */
void csv_start(csv *reader, int fd, char delimiter);

/* Reads the next record into reader->field. */
csv_result csv_next(csv *reader);

/* Frees the reader's memory. */
void csv_free(csv *reader);

#endif
