/*
 * arrow.h (tests) - a producer of Arrow streams, made by hand, that counts what is released.
 *
 * A test describes arrays as nodes, as wrong as it likes; the producer hands out copies of them by
 * the interface's rules. Every struct that it hands out lies in memory of its own, which its release
 * frees: a second release, or a use afterwards, is seen by a sanitizer, and by the counts.
 */
#ifndef PMKT_TEST_ARROW_H
#define PMKT_TEST_ARROW_H

#include <stdbool.h>

#include "pmkt.h"

#define NODE_BUFFERS 6
#define NODE_CHILDREN 24

typedef struct arrow_node {
    const char *name, *format;
    int64_t length, offset, null_count, n_buffers;
    const void *buffers[NODE_BUFFERS];
    bool no_buffers; /* the pointer at the buffers is NULL */
    struct arrow_node *dictionary;
    struct arrow_node *children[NODE_CHILDREN];
    int64_t n_children;
    bool no_children; /* the pointer at the children is NULL */
} arrow_node;

typedef struct arrow_producer {
    const arrow_node *schema;    /* or NULL: that of the first chunk */
    const arrow_node *chunks[8]; /* any may be given twice */
    int n_chunks;
    int next_fails_at; /* from 1: this get_next fails with EIO; 0 = none */
    bool schema_fails, schema_is_released;
    /* Counted. */
    int next;
    int schemas_given, schemas_released;
    int arrays_given, arrays_released;
    int streams_given, streams_released;
} arrow_producer;

/* A column without nulls; with `valid` (a bitmap) and null_count -1 else. */
arrow_node arrow_numbers(const char *name, const char *format, int64_t length, const void *valid,
                         const void *values);
arrow_node arrow_texts(const char *name, const char *format, int64_t length, const void *valid,
                       const void *offsets, const char *bytes);

/* An index column over a dictionary. */
arrow_node arrow_coded(const char *name, const char *format, int64_t length, const void *valid,
                       const void *codes, arrow_node *dictionary);

/* A table of columns, ended by NULL. */
arrow_node arrow_table(int64_t length, ...);

/* A producer of one chunk, and a stream of a producer. */
arrow_producer arrow_one(const arrow_node *chunk);
struct ArrowArrayStream arrow_stream(arrow_producer *producer);

/* Asserts that everything that was handed out has been released, once. */
void arrow_check_released(const arrow_producer *producer);

/* Four users, and their times: ARROW_T and the milliseconds after it. */
#define ARROW_T INT64_C(1700000000000)
extern const uint64_t arrow_users[4];
extern const int64_t arrow_times[4];

/* The columns "user" and "time", orders all, and one for the amount or NULL. */
pmkt_arrow_columns arrow_columns(const char *amount);

/* Opens a reader, which must work. */
pmkt_arrow_events *arrow_open(arrow_producer *producer, const pmkt_arrow_columns *columns);

/* What opening, or else reading all, says; everything must be released afterwards. */
pmkt_status arrow_try(arrow_producer *producer, const pmkt_arrow_columns *columns, pmkt_error *err);

/* Reads a column beside users and times; the batch lives until the next call. */
const pmkt_events *arrow_read_with(arrow_node *column, const pmkt_arrow_columns *columns);

#endif
