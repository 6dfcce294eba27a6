#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

/* ------------------------------------------------------------------- cells */

static char *format_text(const char *format, va_list arguments) {
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        fputs("rfm_report: out of memory\n", stderr);
        exit(1);
    }
    utf8_clean(text);
    return text;
}

void table_column(table *out, const char *title, table_align align) {
    if (out->columns == TABLE_COLUMNS) return;
    out->align[out->columns] = align;
    out->cell[0][out->columns++] = strdup(title);
    out->rows = 1;
    out->filled = out->columns;
}

void table_cell(table *out, const char *format, ...) {
    if (out->filled >= out->columns) {
        if (out->rows == TABLE_ROWS) return;
        out->rows++;
        out->filled = 0;
    }
    va_list arguments;
    va_start(arguments, format);
    out->cell[out->rows - 1][out->filled++] = format_text(format, arguments);
    va_end(arguments);
}

void table_rule(table *out) {
    if (out->rows < TABLE_ROWS) out->rule[out->rows] = true;
}

/* ---------------------------------------------------------------- printing */

static void spaces(int n) {
    while (n-- > 0) putchar(' ');
}

/* Prints a text in lines of `width` columns, the second and later ones indented. */
static void print_wrapped(const char *text, int indent, int width) {
    int used = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        char *word = strndup(text, length);
        int word_width = word == NULL ? (int)length : utf8_width(word);
        free(word);
        if (used > 0 && used + 1 + word_width > width) {
            putchar('\n');
            spaces(indent);
            used = 0;
        } else if (used > 0) {
            putchar(' ');
            used++;
        }
        fwrite(text, 1, length, stdout);
        used += word_width;
        text += length;
        text += strspn(text, " ");
    }
}

static void print_rule(int width) {
    spaces(2);
    for (int i = 0; i < width; i++) fputs("─", stdout);
    putchar('\n');
}

/* Columns up to the last one that has text: no line ends in spaces. */
static int used_columns(const table *out, int row) {
    int used = out->columns;
    while (used > 0 && (out->cell[row][used - 1] == NULL || out->cell[row][used - 1][0] == '\0')) {
        used--;
    }
    return used;
}

static void print_row(const table *out, int row, const int *width) {
    int at = 2, used = used_columns(out, row);
    spaces(2);
    for (int i = 0; i < used; i++) {
        const char *text = out->cell[row][i] == NULL ? "" : out->cell[row][i];
        int pad = width[i] - utf8_width(text);
        bool last = i + 1 == used;
        if (out->align[i] == RIGHT) spaces(pad);
        if (i + 1 == out->columns && out->align[i] == LEFT) {
            print_wrapped(text, at, TABLE_WIDTH - at);
        } else {
            fputs(text, stdout);
        }
        if (out->align[i] == LEFT && !last) spaces(pad);
        if (!last) spaces(2);
        at += width[i] + 2;
    }
    putchar('\n');
}

void table_print(table *out) {
    int width[TABLE_COLUMNS] = {0};
    int total = 0;
    for (int i = 0; i < out->columns; i++) {
        for (int row = 0; row < out->rows; row++) {
            int cell = out->cell[row][i] == NULL ? 0 : utf8_width(out->cell[row][i]);
            if (cell > width[i]) width[i] = cell;
        }
        total += width[i] + (i > 0 ? 2 : 0);
    }
    if (total > TABLE_WIDTH - 2) total = TABLE_WIDTH - 2;
    for (int row = 0; row < out->rows; row++) {
        if (row == 1 || out->rule[row]) print_rule(total);
        print_row(out, row, width);
    }
    for (int row = 0; row < out->rows; row++) {
        for (int i = 0; i < out->columns; i++) free(out->cell[row][i]);
    }
    memset(out, 0, sizeof *out);
}

void print_heading(const char *format, ...) {
    bool bold = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    printf("\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
    free(text);
}

void print_sentence(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    spaces(2);
    print_wrapped(text, 2, TABLE_WIDTH - 2);
    putchar('\n');
    free(text);
}
