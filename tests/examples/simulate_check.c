/*
 * simulate_check.c - how much of what simulate_shop planted do the built-in rules find?
 *
 * usage: simulate_check LOG TRUTH
 *
 * Every time a rule fires it is compared with what the customer had in mind: found, if the same intent with the
 * same cause was noted and not found before, at most ten minutes earlier, or, of a wait, at most 61. Prints for
 * each intent, and each cause of abandoning: planted, fired, found, precision, recall, and of those that only
 * look like it how many there are and fired. The percentages are whole numbers, rounded down. The exit status
 * is 0 if it could count; simulate.sh judges.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pmkt.h>

#include "../../examples/rfm_report/csv.h"
#include "../../examples/shop/program.h"

const char program_name[] = "simulate_check";

enum {
    TIME,
    CUSTOMER,
    EVENT,
    PRODUCT,
    CATEGORY,
    AMOUNT,
    QUANTITY,
    STOCK,
    PAGE,
    CHANNEL,
    FIELDS
};
enum {
    T_TIME,
    T_CUSTOMER,
    T_INTENT,
    T_CAUSE,
    T_PRODUCT,
    T_REAL,
    T_FIELDS
};

typedef struct log_columns {
    int64_t rows, room;
    uint64_t *user, *item, *category, *page;
    int64_t *time, *amount, *quantity, *stock;
    uint16_t *kind;
} log_columns;

typedef struct meant {
    int64_t time;
    uint64_t user;
    char name[32]; /* "abandoning price" */
    bool real, found;
} meant;

typedef struct truth {
    meant *row;
    int64_t rows, room;
} truth;

static void *grown(void *old, size_t size, int64_t room) {
    void *larger = realloc(old, size * (size_t)room);
    if (larger == NULL) {
        complain("out of memory");
        exit(EXIT_DATA);
    }
    return larger;
}

static void make_room(log_columns *l) {
    if (l->rows < l->room) return;
    l->room = l->room == 0 ? 4096 : l->room * 2;
    l->user = grown(l->user, sizeof *l->user, l->room);
    l->item = grown(l->item, sizeof *l->item, l->room);
    l->category = grown(l->category, sizeof *l->category, l->room);
    l->page = grown(l->page, sizeof *l->page, l->room);
    l->time = grown(l->time, sizeof *l->time, l->room);
    l->amount = grown(l->amount, sizeof *l->amount, l->room);
    l->quantity = grown(l->quantity, sizeof *l->quantity, l->room);
    l->stock = grown(l->stock, sizeof *l->stock, l->room);
    l->kind = grown(l->kind, sizeof *l->kind, l->room);
}

static void free_columns(log_columns *l) {
    void *const all[] = {l->user,   l->item,     l->category, l->page, l->time,
                         l->amount, l->quantity, l->stock,    l->kind};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}

static uint64_t id(const csv_field *field) {
    return field->length == 0 ? PMKT_ID_NONE : pmkt_id_of_bytes(field->text, field->length);
}

static void copy(const csv_field *field, char *text, size_t size) {
    const size_t length = field->length < size ? field->length : size - 1;
    memcpy(text, field->text, length);
    text[length] = '\0';
}

static int64_t number(const csv_field *field, int32_t decimals) {
    int64_t value = 0;
    if (pmkt_money_parse(field->text, field->length, decimals, &value, NULL) != PMKT_OK) {
        complain("\"%.*s\" is no number", (int)field->length, field->text);
        exit(EXIT_DATA);
    }
    return value;
}

static int64_t instant(const csv_field *field) {
    int64_t ms = 0;
    if (pmkt_time_parse(field->text, field->length, NULL, &ms, NULL) != PMKT_OK) {
        complain("\"%.*s\" is no time", (int)field->length, field->text);
        exit(EXIT_DATA);
    }
    return ms;
}

static void take_event(void *to, const csv_field *f) {
    log_columns *l = to;
    char kind[32];
    make_room(l);
    copy(&f[EVENT], kind, sizeof kind);
    l->time[l->rows] = instant(&f[TIME]);
    l->user[l->rows] = id(&f[CUSTOMER]);
    l->kind[l->rows] = (uint16_t)pmkt_kind_from_name(kind);
    l->item[l->rows] = id(&f[PRODUCT]);
    l->category[l->rows] = id(&f[CATEGORY]);
    l->amount[l->rows] = number(&f[AMOUNT], 2);
    l->quantity[l->rows] = number(&f[QUANTITY], 0);
    l->stock[l->rows] = number(&f[STOCK], 0);
    l->page[l->rows] = id(&f[PAGE]);
    l->rows++;
}

static void take_truth(void *to, const csv_field *f) {
    truth *t = to;
    char intent[16], cause[16];
    if (t->rows == t->room) {
        t->room = t->room == 0 ? 1024 : t->room * 2;
        t->row = grown(t->row, sizeof *t->row, t->room);
    }
    meant *m = &t->row[t->rows++];
    *m = (meant){instant(&f[T_TIME]), id(&f[T_CUSTOMER]), "", number(&f[T_REAL], 0) == 1, false};
    copy(&f[T_INTENT], intent, sizeof intent);
    copy(&f[T_CAUSE], cause, sizeof cause);
    snprintf(m->name, sizeof m->name, "%s%s%s", intent, cause[0] == '\0' ? "" : " ", cause);
}

/* Hands every record behind the header over. */
static bool read_file(const char *path, size_t fields, void (*take)(void *, const csv_field *),
                      void *to) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        complain("cannot open %s: %s", path, strerror(errno));
        return false;
    }
    csv reader;
    csv_start(&reader, fd, ',');
    csv_result got = csv_next(&reader);
    while (got == CSV_RECORD && (got = csv_next(&reader)) == CSV_RECORD) {
        if (reader.fields < fields) break;
        take(to, reader.field);
    }
    const bool good = got == CSV_END;
    if (!good) complain("%s, line %" PRId64 ": not as expected", path, reader.line);
    csv_free(&reader);
    close(fd);
    return good;
}

/* ------------------------------------------------------------------- rules */

static pmkt_status match(const log_columns *l, const pmkt_rules *rules,
                         pmkt_rules_matches **matches, pmkt_error *err) {
    const pmkt_column extra[2] = {{"stock", l->stock, PMKT_TYPE_INT64, 0},
                                  {"page", l->page, PMKT_TYPE_UINT64, 0}};
    pmkt_events events;
    pmkt_events_init(&events);
    events.rows = l->rows;
    events.user = l->user;
    events.time = l->time;
    events.kind = l->kind;
    events.item = l->item;
    events.category = l->category;
    events.amount = l->amount;
    events.quantity = l->quantity;
    events.extra = extra;
    events.n_extra = 2;
    pmkt_rules_match_options options;
    pmkt_rules_match_options_init(&options);
    for (int64_t i = 0; i < l->rows; i++) { /* everybody has gone home by then */
        const int64_t later = l->time[i] + INT64_C(7200000);
        if (later > options.until_ms) options.until_ms = later;
    }
    return pmkt_rules_match(rules, &events, &options, NULL, NULL, matches, err);
}

static void rule_name(const pmkt_rules *rules, int32_t at, char *name, size_t size) {
    pmkt_rule rule;
    pmkt_rule_init(&rule);
    pmkt_rules_rule(rules, at, &rule, NULL);
    snprintf(name, size, "%s%s%s", rule.intent, rule.cause == NULL ? "" : " ",
             rule.cause == NULL ? "" : rule.cause);
}

/* What the customer meant when this fired, real or not, or NULL. */
static meant *meaning(const truth *t, uint64_t user, int64_t time, const char *name, int64_t window,
                      bool real) {
    for (int64_t i = 0; i < t->rows; i++) {
        meant *m = &t->row[i];
        if (m->user == user && m->real == real && !m->found && m->time <= time &&
            time - m->time <= window && strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

typedef struct tally {
    int64_t planted, fired, found, near, near_fired;
} tally;

static void count(const char *name, truth *t, const pmkt_rules *rules,
                  const pmkt_rules_matches_columns *c) {
    tally n = {0};
    for (int64_t i = 0; i < t->rows; i++) {
        if (strcmp(t->row[i].name, name) != 0) continue;
        n.planted += t->row[i].real;
        n.near += !t->row[i].real;
    }
    for (int64_t i = 0; i < c->n; i++) {
        char fired[64];
        rule_name(rules, c->rule[i], fired, sizeof fired);
        if (strcmp(fired, name) != 0) continue;
        const int64_t window = INT64_C(60000) * (c->row[i] < 0 ? 61 : 10);
        meant *m = meaning(t, c->user[i], c->time[i], name, window, true);
        n.fired++;
        n.found += m != NULL;
        if (m == NULL &&
            (m = meaning(t, c->user[i], c->time[i], name, 7 * window, false)) != NULL) {
            n.near_fired++;
        }
        if (m != NULL) m->found = true;
    }
    printf("%-20s %8" PRId64 " %7" PRId64 " %7" PRId64 "  %8d %% %6d %%  %7" PRId64 " %7" PRId64
           "\n",
           name, n.planted, n.fired, n.found, (int)(n.fired > 0 ? n.found * 100 / n.fired : 0),
           (int)(n.planted > 0 ? n.found * 100 / n.planted : 0), n.near, n.near_fired);
}

/* Matches, and prints the table. */
static bool report(const log_columns *l, truth *t) {
    static const char *const names[] = {"hesitating",       "preparing",         "comparing",
                                        "browsing",         "abandoning",        "abandoning price",
                                        "abandoning stock", "abandoning process"};
    const char *text = pmkt_rules_builtin();
    pmkt_rules *rules = NULL;
    pmkt_rules_matches *matches = NULL;
    pmkt_rules_matches_columns c;
    pmkt_rules_matches_columns_init(&c);
    pmkt_error err;
    const bool good = pmkt_rules_parse(text, strlen(text), NULL, &rules, &err) == PMKT_OK &&
                      match(l, rules, &matches, &err) == PMKT_OK &&
                      pmkt_rules_matches_columns_of(matches, &c, &err) == PMKT_OK;
    if (good) {
        printf("%-20s %8s %7s %7s  %10s %8s  %7s %7s\n", "intent", "planted", "fired", "found",
               "precision", "recall", "near", "fired");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) count(names[i], t, rules, &c);
        printf("partial matches that had to make room: %" PRId64 "\n", c.dropped);
    } else {
        complain("%s", err.message);
    }
    pmkt_rules_matches_free(matches);
    pmkt_rules_release(rules);
    return good;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        complain("usage: simulate_check LOG TRUTH");
        return EXIT_USAGE;
    }
    log_columns l = {0};
    truth t = {0};
    const bool good = read_file(argv[1], FIELDS, take_event, &l) &&
                      read_file(argv[2], T_FIELDS, take_truth, &t) && report(&l, &t);
    free_columns(&l);
    free(t.row);
    return good ? EXIT_DONE : EXIT_DATA;
}
