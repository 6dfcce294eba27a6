#include "csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAPACITY ((size_t)1 << 20)

void csv_start(csv *reader, int fd, char delimiter) {
    memset(reader, 0, sizeof *reader);
    reader->fd = fd;
    reader->delimiter = delimiter;
    reader->next_line = 1;
}

void csv_free(csv *reader) {
    free(reader->buffer);
    free(reader->field);
    memset(reader, 0, sizeof *reader);
}

/* ------------------------------------------------------------------ filling */

/* Makes room behind `end`: moves the unread bytes to the front, then doubles the buffer. */
static bool make_room(csv *reader) {
    if (reader->begin > 0) {
        memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    if (reader->end < reader->capacity) return true;
    if (reader->capacity >= CSV_MAX_RECORD) {
        snprintf(reader->error, sizeof reader->error,
                 "the record that begins in line %" PRId64
                 " is longer than %zu MiB; is a quote "
                 "never closed there?",
                 reader->next_line, CSV_MAX_RECORD >> 20);
        return false;
    }
    size_t capacity = reader->capacity == 0 ? FIRST_CAPACITY : reader->capacity * 2;
    char *buffer = realloc(reader->buffer, capacity);
    if (buffer == NULL) {
        snprintf(reader->error, sizeof reader->error, "out of memory in line %" PRId64,
                 reader->next_line);
        return false;
    }
    reader->buffer = buffer;
    reader->capacity = capacity;
    return true;
}

static bool has_line_end(const char *text, size_t length) {
    return memchr(text, '\n', length) != NULL || memchr(text, '\r', length) != NULL;
}

/*
 * Reads until the buffer is full or the file ends. Filling it whole keeps the cost of a huge record
 * linear: it is looked at again only after the buffer has doubled. As it comes, until a line ends.
 */
static csv_result fill(csv *reader) {
    if (!make_room(reader)) return CSV_FAILED;
    while (reader->end < reader->capacity && !reader->at_eof) {
        if (reader->stop != NULL && *reader->stop) return CSV_STOPPED;
        ssize_t got =
            read(reader->fd, reader->buffer + reader->end, reader->capacity - reader->end);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            snprintf(reader->error, sizeof reader->error, "cannot be read: %s", strerror(errno));
            return CSV_FAILED;
        }
        if (got == 0) reader->at_eof = true;
        const char *fresh = reader->buffer + reader->end;
        reader->end += (size_t)got;
        reader->bytes += got;
        if (reader->as_it_comes && has_line_end(fresh, (size_t)got)) break;
    }
    return CSV_RECORD;
}

/* -------------------------------------------------------------- first bytes */

/* What is plainly not text, by the bytes that it begins with. */
static const struct {
    const char *bytes;
    size_t length;
    const char *what;
} not_text[] = {
    {"\x1f\x8b", 2, "this is compressed by gzip; pipe it through gzip -dc"},
    {"\xfd"
     "7zXZ",
     5, "this is compressed by xz; pipe it through xz -dc"},
    {"\x28\xb5\x2f\xfd", 4, "this is compressed by zstd; pipe it through zstd -dc"},
    {"BZh", 3, "this is compressed by bzip2; pipe it through bzip2 -dc"},
    {"PK\x03\x04", 4, "this is a zip archive or an Excel workbook; export it as CSV"},
    {"\xff\xfe", 2, "this is in UTF-16; convert it with iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", 2, "this is in UTF-16; convert it with iconv -f UTF-16 -t UTF-8"},
};

static char guess_delimiter(const char *text, size_t length) {
    static const char candidates[] = ",;\t|";
    size_t count[sizeof candidates - 1] = {0};
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted) continue;
        if (text[i] == '\n' || text[i] == '\r') break;
        const char *found = text[i] != '\0' ? strchr(candidates, text[i]) : NULL;
        if (found != NULL) count[found - candidates]++;
    }
    size_t best = 0;
    for (size_t i = 1; i < sizeof count / sizeof count[0]; i++) {
        if (count[i] > count[best]) best = i;
    }
    return candidates[best];
}

static csv_result begin_file(csv *reader) {
    reader->started = true;
    csv_result filled = fill(reader);
    if (filled != CSV_RECORD) return filled;
    for (size_t i = 0; i < sizeof not_text / sizeof not_text[0]; i++) {
        if (reader->end >= not_text[i].length &&
            memcmp(reader->buffer, not_text[i].bytes, not_text[i].length) == 0) {
            snprintf(reader->error, sizeof reader->error, "%s", not_text[i].what);
            return CSV_FAILED;
        }
    }
    if (reader->end >= 3 && memcmp(reader->buffer, "\xef\xbb\xbf", 3) == 0) reader->begin = 3;
    if (reader->delimiter == '\0') {
        reader->delimiter =
            guess_delimiter(reader->buffer + reader->begin, reader->end - reader->begin);
    }
    return CSV_RECORD;
}

/* ------------------------------------------------------------------ records */

/* How far one field was read. */
typedef enum field_end {
    ENDS_FIELD,  /* a delimiter follows */
    ENDS_RECORD, /* a line end follows, or the end of the file */
    NEEDS_MORE,  /* the buffer ends before the field does */
    NEVER_CLOSED /* the file ends inside quotes */
} field_end;

static bool add_field(csv *reader, char *text, size_t length, bool escaped) {
    if (reader->fields == reader->field_capacity) {
        size_t capacity = reader->field_capacity == 0 ? 64 : reader->field_capacity * 2;
        csv_field *field = realloc(reader->field, capacity * sizeof *field);
        if (field == NULL) return false;
        reader->field = field;
        reader->field_capacity = capacity;
    }
    csv_field added = {text, length, escaped};
    reader->field[reader->fields++] = added;
    return true;
}

/* Steps over what ends a field; *at is left behind it. */
static field_end step_over(csv *reader, char **at) {
    char *end = reader->buffer + reader->end;
    if (*at == end) return reader->at_eof ? ENDS_RECORD : NEEDS_MORE;
    char c = *(*at)++;
    if (c == reader->delimiter) return ENDS_FIELD;
    if (c == '\r') { /* the LF of a CRLF may not have been read yet */
        if (*at == end && !reader->at_eof) return NEEDS_MORE;
        if (*at < end && **at == '\n') (*at)++;
    }
    return ENDS_RECORD;
}

static char *skip_plain(const csv *reader, char *at) {
    const char *end = reader->buffer + reader->end;
    while (at < end && *at != reader->delimiter && *at != '\n' && *at != '\r') at++;
    return at;
}

/*
 * The field that begins with the quote at *at. Sets *malformed if text follows its closing quote.
 */
static field_end quoted_field(csv *reader, char **at, bool *malformed, bool *memory) {
    char *end = reader->buffer + reader->end;
    char *text = *at + 1;
    bool escaped = false;
    char *quote = text;
    for (;; quote += 2) {
        quote = memchr(quote, '"', (size_t)(end - quote));
        if (quote == NULL) return reader->at_eof ? NEVER_CLOSED : NEEDS_MORE;
        if (quote + 1 == end && !reader->at_eof) return NEEDS_MORE;
        if (quote + 1 == end || quote[1] != '"') break;
        escaped = true;
    }
    *at = skip_plain(reader, quote + 1);
    if (*at != quote + 1) *malformed = true;
    *memory = add_field(reader, text, (size_t)(quote - text), escaped);
    return step_over(reader, at);
}

static field_end plain_field(csv *reader, char **at, bool *memory) {
    char *text = *at;
    *at = skip_plain(reader, text);
    *memory = add_field(reader, text, (size_t)(*at - text), false);
    return step_over(reader, at);
}

/* Doubled quotes become one, in place; only done once the whole record is in the buffer. */
static void unescape(csv_field *field) {
    size_t length = 0;
    for (size_t i = 0; i < field->length; i++) {
        field->text[length++] = field->text[i];
        if (field->text[i] == '"') i++;
    }
    field->length = length;
    field->escaped = false;
}

static int64_t count_lines(const char *text, const char *end) {
    int64_t lines = 0;
    for (; text < end; text++) {
        bool carriage = *text == '\r' && (text + 1 == end || text[1] != '\n');
        if (*text == '\n' || carriage) lines++;
    }
    return lines;
}

/* The record is whole: accounts for its lines, then unescapes it and moves on behind it. */
static void finish_record(csv *reader, char *behind) {
    char *text = reader->buffer + reader->begin;
    bool plain = true;
    for (size_t i = 0; i < reader->fields; i++) {
        const csv_field *field = &reader->field[i];
        if (field->text > text && field->text[-1] == '"') plain = false;
    }
    reader->line = reader->next_line;
    reader->next_line += plain ? 1 : count_lines(text, behind);
    for (size_t i = 0; i < reader->fields; i++) {
        if (reader->field[i].escaped) unescape(&reader->field[i]);
    }
    reader->begin = (size_t)(behind - reader->buffer);
}

static csv_result record(csv *reader) {
    for (;;) {
        char *at = reader->buffer + reader->begin;
        bool malformed = false, memory = true;
        field_end ended = ENDS_FIELD;
        reader->fields = 0;
        while (ended == ENDS_FIELD && memory) {
            bool quoted = at < reader->buffer + reader->end && *at == '"';
            ended = quoted ? quoted_field(reader, &at, &malformed, &memory)
                           : plain_field(reader, &at, &memory);
        }
        if (!memory) {
            snprintf(reader->error, sizeof reader->error, "out of memory in line %" PRId64,
                     reader->next_line);
            return CSV_FAILED;
        }
        if (ended == NEVER_CLOSED) {
            snprintf(reader->error, sizeof reader->error,
                     "the file ends inside quotes; the record begins in line %" PRId64,
                     reader->next_line);
            return CSV_FAILED;
        }
        if (ended == ENDS_RECORD) {
            finish_record(reader, at);
            return malformed ? CSV_MALFORMED : CSV_RECORD;
        }
        csv_result filled = fill(reader);
        if (filled != CSV_RECORD) return filled;
    }
}

csv_result csv_next(csv *reader) {
    if (!reader->started) {
        csv_result begun = begin_file(reader);
        if (begun != CSV_RECORD) return begun;
    }
    for (;;) {
        if (reader->begin == reader->end && !reader->at_eof) {
            csv_result filled = fill(reader);
            if (filled != CSV_RECORD) return filled;
        }
        if (reader->begin == reader->end) return CSV_END;
        csv_result result = record(reader);
        bool blank = result == CSV_RECORD && reader->fields == 1 && reader->field[0].length == 0;
        if (!blank) return result;
    }
}
