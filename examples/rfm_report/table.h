/*
 * table.h - tables of text in columns, aligned by the width that the text has on a terminal.
 */
#ifndef RFM_REPORT_TABLE_H
#define RFM_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TABLE_COLUMNS 40
#define TABLE_ROWS 300
#define TABLE_WIDTH 100 /* the last column is broken into lines that end here */

typedef enum table_align {
    LEFT,
    RIGHT
} table_align;

/*
 * Zero it before the first use. Cells past the limits are dropped; no report here comes near them.
 */
typedef struct table {
    int columns, rows, filled; /* filled: cells of the last row */
    table_align align[TABLE_COLUMNS];
    char *cell[TABLE_ROWS][TABLE_COLUMNS]; /* row 0 holds the titles */
    bool rule[TABLE_ROWS];                 /* a line above this row */
} table;

void table_column(table *out, const char *title, table_align align);

/* The next cell; a row is full when every column has one. */
void table_cell(table *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Draws a line above the next row. */
void table_rule(table *out);

/* Prints to stdout and empties the table. */
void table_print(table *out);

/* A bold heading with an empty line above it, if stdout is a terminal; else plain. */
void print_heading(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Prints a sentence, broken at spaces into lines of TABLE_WIDTH columns that begin with two spaces.
 */
void print_sentence(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
