#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* ----------------------------------------------------------------- header */

static int find(const csv *header, const char *name) {
    for (size_t i = 0; name != NULL && i < header->fields; i++) {
        const csv_field *field = &header->field[i];
        if (field->length == strlen(name) && memcmp(field->text, name, field->length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_there(const shop_reader *reader, const char *option, const char *name, int place) {
    if (place >= 0 || name == NULL || option == NULL) return true;
    complain("%s has no column \"%s\"; %s names another", shop_source_name(reader->from), name,
             option);
    return false;
}

static bool find_columns(shop_reader *reader) {
    const csv *header = &reader->file;
    const shop_source *from = reader->from;
    reader->user = find(header, from->user);
    reader->item = find(header, from->item);
    reader->time = find(header, from->time);
    reader->kind = find(header, from->kind);
    reader->category = find(header, from->category);
    bool good = is_there(reader, "--user", from->user, reader->user) &&
                is_there(reader, "--item", from->item, reader->item) &&
                is_there(reader, "--time", from->time, reader->time) &&
                is_there(reader, "--kind", from->kind, reader->kind);
    for (int i = 0; i < reader->n_more && good; i++) {
        shop_column *column = &reader->more[i];
        column->place = find(header, column->name);
        good = is_there(reader, column->option, column->name, column->place);
    }
    return good;
}

bool shop_reader_open(shop_reader *reader, const shop_source *from, pmkt_ids *names) {
    const char *name = shop_source_name(from);
    reader->from = from;
    reader->names = names;
    reader->fd = name != from->file ? STDIN_FILENO : open(from->file, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        complain("cannot open %s: %s", from->file, strerror(errno));
        return false;
    }
    const volatile sig_atomic_t *stop = reader->file.stop;
    csv_start(&reader->file, reader->fd, 0);
    reader->file.stop = stop;
    reader->file.as_it_comes = true;
    const csv_result header = csv_next(&reader->file);
    if (header == CSV_END) complain("%s is empty", name);
    if (header == CSV_MALFORMED) complain("%s: the header has stray quotes", name);
    if (header == CSV_FAILED) complain("%s: %s", name, reader->file.error);
    return header == CSV_RECORD && find_columns(reader);
}

void shop_reader_close(shop_reader *reader) {
    csv_free(&reader->file);
    if (reader->fd > STDIN_FILENO) close(reader->fd);
    reader->fd = -1;
}

/* ------------------------------------------------------------------- rows */

bool shop_reader_id(const shop_reader *reader, csv_field text, uint64_t *id) {
    *id = PMKT_ID_NONE;
    if (text.length == 0) return true;
    const int64_t at[2] = {0, (int64_t)text.length};
    pmkt_error err;
    if (pmkt_ids_encode(reader->names, text.text, at, 1, NULL, id, &err) == PMKT_OK) return true;
    complain("%s, line %" PRId64 ": %s", shop_source_name(reader->from), reader->file.line,
             err.message); /* no memory, or two names with one id */
    return false;
}

static int32_t kind_of(const shop_source *from, const csv_field *field) {
    for (int32_t i = 0; i < from->n_kinds; i++) {
        const shop_kind *known = &from->kinds[i];
        if (known->length == field->length &&
            memcmp(known->name, field->text, field->length) == 0) {
            return known->kind;
        }
    }
    char name[32] = "";
    if (field->length >= sizeof name) return PMKT_KIND_NONE;
    memcpy(name, field->text, field->length);
    return pmkt_kind_from_name(name);
}

/* Nine digits and more are a count, up to eleven of them of seconds; eight may be 20260131. */
static shop_clock clock_of(const csv_field *field) {
    size_t digits = 0;
    while (digits < field->length && field->text[digits] >= '0' && field->text[digits] <= '9') {
        digits++;
    }
    const bool number = digits == field->length || field->text[digits] == '.';
    if (!number || digits < 9 || digits > 14) return SHOP_CLOCK_CALENDAR;
    return digits < 12 ? SHOP_CLOCK_SECONDS : SHOP_CLOCK_MILLISECONDS;
}

static bool read_time(const csv_field *field, const pmkt_zone *zone, shop_clock *clock,
                      int64_t *ms) {
    pmkt_error unused;
    if (*clock == SHOP_CLOCK_UNKNOWN) *clock = clock_of(field);
    if (*clock == SHOP_CLOCK_CALENDAR) {
        return pmkt_time_parse(field->text, field->length, zone, ms, &unused) == PMKT_OK;
    }
    /* A second is a unit with three decimals, so that .25 is read exactly. */
    const int32_t decimals = *clock == SHOP_CLOCK_SECONDS ? 3 : 0;
    return pmkt_money_parse(field->text, field->length, decimals, ms, &unused) == PMKT_OK &&
           *ms >= PMKT_TIME_MIN && *ms < PMKT_TIME_MAX;
}

static bool too_few_fields(const shop_reader *reader) {
    const int fields = (int)reader->file.fields;
    const int last[] = {reader->user, reader->item, reader->time, reader->kind, reader->category};
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        if (last[i] >= fields) return true;
    }
    for (int i = 0; i < reader->n_more; i++) {
        if (reader->more[i].place >= fields) return true;
    }
    return false;
}

static const char skipped[] = "a kind that is not wanted";

/* Why the record is no event, or NULL. */
static const char *take_row(shop_reader *reader, shop_event *event) {
    if (too_few_fields(reader)) return "too few fields";
    const csv_field *field = reader->file.field;
    const shop_source *from = reader->from;
    if (field[reader->user].length == 0) return "no customer";
    if (field[reader->item].length == 0 && !reader->no_item) return "no product";
    const int32_t kind = reader->kind < 0 ? PMKT_KIND_ORDER : kind_of(from, &field[reader->kind]);
    if (kind == SHOP_SKIP) return skipped;
    if (kind == PMKT_KIND_NONE) return "an event that is none of view, cart, order ...";
    event->kind = (uint16_t)kind;
    return read_time(&field[reader->time], &from->zone, &reader->clock, &event->time)
               ? NULL
               : "no time that can be read";
}

static bool take_names(shop_reader *reader, shop_event *event) {
    const csv_field *field = reader->file.field;
    event->category = PMKT_ID_NONE;
    return shop_reader_id(reader, field[reader->user], &event->user) &&
           shop_reader_id(reader, field[reader->item], &event->item) &&
           (reader->category < 0 ||
            shop_reader_id(reader, field[reader->category], &event->category));
}

shop_got shop_reader_next(shop_reader *reader, shop_event *event) {
    for (csv_result got; (got = csv_next(&reader->file)) != CSV_END;) {
        if (got == CSV_STOPPED) return SHOP_STOPPED;
        if (got == CSV_FAILED) {
            complain("%s: %s", shop_source_name(reader->from), reader->file.error);
            return SHOP_FAILED;
        }
        const char *why = got == CSV_MALFORMED ? "stray quotes" : take_row(reader, event);
        if (why == NULL) return take_names(reader, event) ? SHOP_EVENT : SHOP_FAILED;
        shop_reader_leave(reader, why);
    }
    return SHOP_END;
}

csv_field shop_reader_text(const shop_reader *reader, int i) {
    static char empty[] = "";
    const int place = reader->more[i].place;
    return place < 0 ? (csv_field){empty, 0, false} : reader->file.field[place];
}

void shop_reader_leave(shop_reader *reader, const char *why) {
    if (why == skipped) {
        reader->left.skipped++;
    } else if (reader->left.rows++ == 0) {
        reader->left.line = reader->file.line;
        reader->left.why = why;
    }
}

void shop_left_print(const shop_left *left) {
    if (left->rows > 0) {
        printf("Left out: %" PRId64 " rows, the first in line %" PRId64 ": %s.\n", left->rows,
               left->line, left->why);
    }
    if (left->skipped > 0) printf("Left out as asked: %" PRId64 " rows.\n", left->skipped);
}
