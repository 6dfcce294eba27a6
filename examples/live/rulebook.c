#include "rulebook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shop/program.h"

#define LONGEST ((size_t)1 << 20) /* what the library takes */

/* Reads a file whole, and one byte more than there may be, so that the library says what is wrong. */
static char *read_text(const char *path, size_t *length) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        complain("cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = malloc(LONGEST + 1);
    if (text == NULL) complain("out of memory");
    *length = text == NULL ? 0 : fread(text, 1, LONGEST + 1, file);
    if (ferror(file)) {
        complain("%s cannot be read: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static pmkt_rules *parse(const rulebook *book, const char *text, size_t length) {
    pmkt_rules_options options;
    pmkt_rules_options_init(&options);
    options.zone = book->zone;
    pmkt_rules *rules = NULL;
    pmkt_error err;
    if (pmkt_rules_parse(text, length, &options, &rules, &err) == PMKT_OK) return rules;
    complain("%s, %s", rulebook_name(book), err.message); /* which begins with line and column */
    return NULL;
}

static pmkt_rules *parse_file(const rulebook *book) {
    size_t length = 0;
    char *text = read_text(book->file, &length);
    pmkt_rules *rules = text == NULL ? NULL : parse(book, text, length);
    free(text);
    return rules;
}

bool rulebook_open(rulebook *book, const char *file, const pmkt_zone *zone) {
    *book = (rulebook){.file = file, .zone = zone};
    if (file == NULL) {
        const char *text = pmkt_rules_builtin();
        book->rules = parse(book, text, strlen(text));
        return book->rules != NULL;
    }
    if (stat(file, &book->seen) != 0) book->missing = true; /* before it is read: see below */
    book->rules = parse_file(book);
    return book->rules != NULL;
}

static bool same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

pmkt_rules *rulebook_changed(rulebook *book) {
    struct stat now;
    if (stat(book->file, &now) != 0) {
        if (!book->missing) complain("%s is gone: %s", book->file, strerror(errno));
        book->missing = true;
        return NULL;
    }
    if (!book->missing && same(&now, &book->seen)) return NULL;
    /* Looked at before it is read, so that what is written meanwhile is seen the next time. */
    book->missing = false;
    book->seen = now;
    return parse_file(book);
}

void rulebook_take(rulebook *book, pmkt_rules *rules) {
    pmkt_rules_release(book->rules);
    book->rules = rules;
}

const char *rulebook_name(const rulebook *book) {
    return book->file == NULL ? "the built-in rules" : book->file;
}

void rulebook_close(rulebook *book) {
    pmkt_rules_release(book->rules);
    book->rules = NULL;
}
