#include "shop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../rfm_report/csv.h"
#include "../rfm_report/utf8.h"
#include "program.h"

/* How a time is written. */
typedef enum clock_unit {
    CLOCK_UNKNOWN,
    CLOCK_CALENDAR,
    CLOCK_SECONDS,
    CLOCK_MILLISECONDS
} clock_unit;

/* Where the columns stand in a record; -1 = there is no such column. */
typedef struct places {
    int user, item, time, kind, category;
    clock_unit unit; /* unknown until a time was seen */
} places;

void shop_free(shop *all) {
    pmkt_ids_free(all->names);
    free(all->user);
    free(all->item);
    free(all->category);
    free(all->time);
    free(all->kind);
    memset(all, 0, sizeof *all);
}

/* ---------------------------------------------------------------- columns */

static bool grow(void **column, size_t size, int64_t room) {
    void *grown = realloc(*column, size * (size_t)room);
    if (grown == NULL) return false;
    *column = grown;
    return true;
}

static bool make_room(shop *all, int64_t rows) {
    if (rows <= all->room) return true;
    const int64_t room = rows < 1024 ? 1024 : rows * 2;
    void *user = all->user, *item = all->item, *category = all->category;
    void *time = all->time, *kind = all->kind;
    const bool fits = grow(&user, sizeof *all->user, room) &&
                      grow(&item, sizeof *all->item, room) &&
                      grow(&category, sizeof *all->category, room) &&
                      grow(&time, sizeof *all->time, room) && grow(&kind, sizeof *all->kind, room);
    all->user = user; /* those that were moved are the shop's, also if one was not */
    all->item = item;
    all->category = category;
    all->time = time;
    all->kind = kind;
    if (fits) all->room = room;
    return fits;
}

pmkt_events shop_events(const shop *all) {
    pmkt_events events;
    pmkt_events_init(&events);
    events.rows = all->rows;
    events.user = all->user;
    events.item = all->item;
    events.category = all->category;
    events.time = all->time;
    events.kind = all->kind;
    return events;
}

bool shop_part(const shop *all, const uint8_t *part, uint8_t wanted, shop *some) {
    memset(some, 0, sizeof *some);
    if (!make_room(some, all->rows)) return false;
    for (int64_t i = 0; i < all->rows; i++) {
        if (part[i] != wanted) continue;
        some->user[some->rows] = all->user[i];
        some->item[some->rows] = all->item[i];
        some->category[some->rows] = all->category[i];
        some->time[some->rows] = all->time[i];
        some->kind[some->rows] = all->kind[i];
        some->rows++;
    }
    return true;
}

/* ---------------------------------------------------------------- reading */

static int find(const csv *header, const char *name) {
    for (size_t i = 0; name != NULL && i < header->fields; i++) {
        const csv_field *field = &header->field[i];
        if (field->length == strlen(name) && memcmp(field->text, name, field->length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool find_columns(const csv *header, const shop_source *from, places *at) {
    *at = (places){find(header, from->user), find(header, from->item),     find(header, from->time),
                   find(header, from->kind), find(header, from->category), CLOCK_UNKNOWN};
    const struct {
        const char *option, *name;
        int place;
    } needed[] = {{"--user", from->user, at->user},
                  {"--item", from->item, at->item},
                  {"--time", from->time, at->time},
                  {"--kind", from->kind, at->kind}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].place >= 0 || needed[i].name == NULL) continue;
        complain("%s has no column \"%s\"; %s names another", shop_source_name(from),
                 needed[i].name, needed[i].option);
        return false;
    }
    return true;
}

/* An empty text has no id. */
static pmkt_status id_of(shop *all, const csv_field *field, uint64_t *id, pmkt_error *err) {
    *id = PMKT_ID_NONE;
    if (field->length == 0) return PMKT_OK;
    const int64_t at[2] = {0, (int64_t)field->length};
    return pmkt_ids_encode(all->names, field->text, at, 1, NULL, id, err);
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
static clock_unit unit_of(const csv_field *field) {
    size_t digits = 0;
    while (digits < field->length && field->text[digits] >= '0' && field->text[digits] <= '9') {
        digits++;
    }
    const bool number = digits == field->length || field->text[digits] == '.';
    if (!number || digits < 9 || digits > 14) return CLOCK_CALENDAR;
    return digits < 12 ? CLOCK_SECONDS : CLOCK_MILLISECONDS;
}

static bool read_time(const csv_field *field, const pmkt_zone *zone, clock_unit *unit,
                      int64_t *ms) {
    pmkt_error unused;
    if (*unit == CLOCK_UNKNOWN) *unit = unit_of(field);
    if (*unit == CLOCK_CALENDAR) {
        return pmkt_time_parse(field->text, field->length, zone, ms, &unused) == PMKT_OK;
    }
    /* A second is a unit with three decimals, so that .25 is read exactly. */
    const int32_t decimals = *unit == CLOCK_SECONDS ? 3 : 0;
    return pmkt_money_parse(field->text, field->length, decimals, ms, &unused) == PMKT_OK &&
           *ms >= PMKT_TIME_MIN && *ms < PMKT_TIME_MAX;
}

static const char skipped[] = "a kind that is not wanted";

/* Why a record cannot be used, or NULL; fills row `rows`, for which there is room. */
static const char *take_row(shop *all, const csv *record, const shop_source *from, places *at,
                            pmkt_error *err) {
    const int last[] = {at->user, at->item, at->time, at->kind, at->category};
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        if (last[i] >= (int)record->fields) return "too few fields";
    }
    const csv_field *field = record->field;
    const int64_t row = all->rows;
    if (field[at->user].length == 0) return "no customer";
    if (field[at->item].length == 0) return "no product";
    const int32_t kind = at->kind < 0 ? PMKT_KIND_ORDER : kind_of(from, &field[at->kind]);
    if (kind == SHOP_SKIP) return skipped;
    if (kind == PMKT_KIND_NONE) return "an event that is none of view, cart, order ...";
    all->kind[row] = (uint16_t)kind;
    if (!read_time(&field[at->time], &from->zone, &at->unit, &all->time[row])) {
        return "no time that can be read";
    }
    all->category[row] = PMKT_ID_NONE;
    if (id_of(all, &field[at->user], &all->user[row], err) == PMKT_OK &&
        id_of(all, &field[at->item], &all->item[row], err) == PMKT_OK && at->category >= 0) {
        id_of(all, &field[at->category], &all->category[row], err);
    }
    return NULL;
}

/* Takes the records behind the header. */
static bool take_rows(shop *all, csv *reader, const shop_source *from, places *at) {
    const char *file = shop_source_name(from);
    pmkt_error err = {0};
    for (csv_result got; (got = csv_next(reader)) != CSV_END;) {
        if (got == CSV_FAILED || got == CSV_STOPPED) {
            complain("%s: %s", file, reader->error);
            return false;
        }
        if (!make_room(all, all->rows + 1)) {
            complain("out of memory in line %" PRId64 " of %s", reader->line, file);
            return false;
        }
        const char *why =
            got == CSV_MALFORMED ? "stray quotes" : take_row(all, reader, from, at, &err);
        if (err.code != PMKT_OK) { /* names: no memory, or two with one id */
            complain("%s, line %" PRId64 ": %s", file, reader->line, err.message);
            return false;
        }
        if (why == NULL) {
            all->rows++;
        } else if (why == skipped) {
            all->skipped++;
        } else if (all->left_out++ == 0) {
            all->left_line = reader->line;
            all->left_why = why;
        }
    }
    return true;
}

bool shop_read(shop *all, const shop_source *from) {
    memset(all, 0, sizeof *all);
    pmkt_error err;
    if (pmkt_ids_new(NULL, &all->names, &err) != PMKT_OK) {
        complain("%s", err.message);
        return false;
    }
    const char *file = shop_source_name(from);
    const bool piped = file != from->file;
    const int fd = piped ? STDIN_FILENO : open(from->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("cannot open %s: %s", from->file, strerror(errno));
        return false;
    }
    csv reader;
    places at;
    csv_start(&reader, fd, 0);
    const csv_result header = csv_next(&reader);
    bool good = header == CSV_RECORD;
    if (header == CSV_END) complain("%s is empty", file);
    if (header == CSV_MALFORMED) complain("%s: the header has stray quotes", file);
    if (header == CSV_FAILED) complain("%s: %s", file, reader.error);
    good = good && find_columns(&reader, from, &at) && take_rows(all, &reader, from, &at);
    if (good && all->rows == 0) {
        complain("%s has no row that can be used%s%s", file,
                 all->left_why == NULL ? "" : "; the first: ",
                 all->left_why == NULL ? "" : all->left_why);
        good = false;
    }
    csv_free(&reader);
    if (!piped) close(fd);
    return good;
}

void shop_print_left(const shop *all) {
    if (all->left_out > 0) {
        printf("Left out: %" PRId64 " rows, the first in line %" PRId64 ": %s.\n", all->left_out,
               all->left_line, all->left_why);
    }
    if (all->skipped > 0) printf("Left out as asked: %" PRId64 " rows.\n", all->skipped);
}

shop_name shop_name_of(const shop *all, uint64_t id) {
    shop_name name = {"?"};
    size_t length = 0;
    const char *text = pmkt_ids_name(all->names, id, &length);
    if (text == NULL) return name;
    if (length >= sizeof name.text) length = sizeof name.text - 1;
    memcpy(name.text, text, length);
    name.text[length] = '\0';
    utf8_clean(name.text);
    return name;
}
