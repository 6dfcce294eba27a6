#include "shop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../rfm_report/utf8.h"
#include "program.h"

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

static void put_row(shop *all, const shop_event *event) {
    all->user[all->rows] = event->user;
    all->item[all->rows] = event->item;
    all->category[all->rows] = event->category;
    all->time[all->rows] = event->time;
    all->kind[all->rows] = event->kind;
    all->rows++;
}

static bool take_rows(shop *all, shop_reader *reader) {
    shop_event event;
    for (shop_got got; (got = shop_reader_next(reader, &event)) != SHOP_END;) {
        if (got != SHOP_EVENT) return false;
        if (!make_room(all, all->rows + 1)) {
            complain("out of memory in line %" PRId64 " of %s", reader->file.line,
                     shop_source_name(reader->from));
            return false;
        }
        put_row(all, &event);
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
    shop_reader reader = {0};
    bool good = shop_reader_open(&reader, from, all->names) && take_rows(all, &reader);
    shop_reader_close(&reader);
    all->left = reader.left;
    if (good && all->rows == 0) {
        complain("%s has no row that can be used%s%s", shop_source_name(from),
                 all->left.why == NULL ? "" : "; the first: ",
                 all->left.why == NULL ? "" : all->left.why);
        good = false;
    }
    return good;
}

shop_name shop_name_of(const pmkt_ids *names, uint64_t id) {
    shop_name name = {"?"};
    size_t length = 0;
    const char *text = pmkt_ids_name(names, id, &length);
    if (text == NULL) return name;
    if (length >= sizeof name.text) length = sizeof name.text - 1;
    memcpy(name.text, text, length);
    name.text[length] = '\0';
    utf8_clean(name.text);
    return name;
}
