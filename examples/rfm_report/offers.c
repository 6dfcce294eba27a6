#include "offers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "terminal.h"

static const struct {
    const char *word;
    int32_t by;
} groupings[] = {
    {"class", PMKT_RFM_BY_SEGMENT},
    {"lifecycle", PMKT_RFM_BY_LIFECYCLE},
    {"tier", PMKT_RFM_BY_TIER},
};
enum {
    GROUPINGS = sizeof groupings / sizeof groupings[0]
};

enum {
    GROUPING,
    NAME,
    OFFER,
    OFFER_COLUMNS
};
static const char *const titles[OFFER_COLUMNS] = {"grouping", "name", "offer"};

const char *offers_grouping_name(int32_t by) {
    for (int i = 0; i < GROUPINGS; i++) {
        if (groupings[i].by == by) return groupings[i].word;
    }
    return "?";
}

const char *offers_find(const offers *table, int32_t by, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        if (table->list[i].by == by && strcmp(table->list[i].name, name) == 0) {
            return table->list[i].text;
        }
    }
    return NULL;
}

const char *offers_for(const offers *table, const char *segment, const char *lifecycle) {
    const char *text = offers_find(table, PMKT_RFM_BY_SEGMENT, segment);
    return text != NULL ? text : offers_find(table, PMKT_RFM_BY_LIFECYCLE, lifecycle);
}

void offers_free(offers *table) {
    for (size_t i = 0; i < table->count; i++) {
        free(table->list[i].name);
        free(table->list[i].text);
    }
    free(table->list);
    memset(table, 0, sizeof *table);
}

static bool is(const csv_field *field, const char *text) {
    return field->length == strlen(text) && memcmp(field->text, text, field->length) == 0;
}

static bool read_header(csv *reader, const char *path, size_t column[OFFER_COLUMNS]) {
    csv_result result = csv_next(reader);
    if (result != CSV_RECORD) {
        complain("%s: %s", path, result == CSV_FAILED ? reader->error : "there is no header");
        return false;
    }
    for (int i = 0; i < OFFER_COLUMNS; i++) {
        column[i] = 0;
        while (column[i] < reader->fields && !is(&reader->field[column[i]], titles[i])) column[i]++;
        if (column[i] == reader->fields) {
            complain("%s: it has no column \"%s\"; it needs grouping, name and offer", path,
                     titles[i]);
            return false;
        }
    }
    return true;
}

/* What is wrong with a line, or NULL. Fills *by. */
static const char *check_line(const csv *reader, const size_t column[OFFER_COLUMNS], int32_t *by) {
    for (int i = 0; i < OFFER_COLUMNS; i++) {
        if (column[i] >= reader->fields) return "it has too few fields";
        const csv_field *field = &reader->field[column[i]];
        if (field->length == 0) return "grouping, name or offer is empty";
        if (memchr(field->text, '\0', field->length) != NULL) return "it holds a NUL byte";
    }
    for (int i = 0; i < GROUPINGS; i++) {
        if (!is(&reader->field[column[GROUPING]], groupings[i].word)) continue;
        *by = groupings[i].by;
        return NULL;
    }
    return "grouping is class, lifecycle or tier";
}

static bool add_line(offers *out, const csv *reader, const size_t column[OFFER_COLUMNS],
                     const char *path) {
    int32_t by = 0;
    const char *wrong = check_line(reader, column, &by);
    const csv_field *name = &reader->field[column[NAME]];
    const csv_field *text = &reader->field[column[OFFER]];
    for (size_t i = 0; wrong == NULL && i < out->count; i++) {
        if (out->list[i].by == by && is(name, out->list[i].name)) {
            wrong = "this group has an offer already";
        }
    }
    if (wrong != NULL) {
        complain("%s, line %" PRId64 ": %s", path, reader->line, wrong);
        return false;
    }
    offer *list = realloc(out->list, (out->count + 1) * sizeof *list);
    if (list != NULL) out->list = list;
    offer added = {by, strndup(name->text, name->length), strndup(text->text, text->length),
                   reader->line};
    if (list == NULL || added.name == NULL || added.text == NULL) {
        free(added.name);
        free(added.text);
        complain("out of memory");
        return false;
    }
    out->list[out->count++] = added;
    return true;
}

static bool read_lines(offers *out, csv *reader, const char *path) {
    size_t column[OFFER_COLUMNS];
    if (!read_header(reader, path, column)) return false;
    for (;;) {
        csv_result result = csv_next(reader);
        if (result == CSV_END) return true;
        if (result == CSV_FAILED) {
            complain("%s: %s", path, reader->error);
            return false;
        }
        if (result == CSV_MALFORMED) {
            complain("%s, line %" PRId64 ": text behind a closing quote", path, reader->line);
            return false;
        }
        if (!add_line(out, reader, column, path)) return false;
    }
}

bool offers_read(offers *out, const char *path) {
    memset(out, 0, sizeof *out);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("cannot open %s: %s", path, strerror(errno));
        return false;
    }
    csv reader;
    csv_start(&reader, fd, '\0');
    bool good = read_lines(out, &reader, path);
    csv_free(&reader);
    close(fd);
    if (!good) offers_free(out);
    return good;
}
