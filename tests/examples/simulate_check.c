/*
 * simulate_check.c - how much of what simulate_shop planted do the built-in rules find, live and in batch?
 *
 * usage: simulate_check LOG TRUTH
 *
 * A tracker reads the log three times: event by event with the clock of each, in batches with a clock after each,
 * and in batches between which it is saved and taken up by another. What fires must be, row by row, what
 * pmkt_rules_match says, and P(order) to the last bit that of pmkt_purchase_score.
 *
 * Then, every time a rule fires it is compared with what the customer had in mind: found, if the same intent with the
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

/* The rows from `first` on as a batch; `extra` has room for two columns. */
static pmkt_events batch_of(const log_columns *l, int64_t first, int64_t rows, pmkt_column *extra) {
    extra[0] = (pmkt_column){"stock", l->stock + first, PMKT_TYPE_INT64, 0};
    extra[1] = (pmkt_column){"page", l->page + first, PMKT_TYPE_UINT64, 0};
    pmkt_events events;
    pmkt_events_init(&events);
    events.rows = rows;
    events.user = l->user + first;
    events.time = l->time + first;
    events.kind = l->kind + first;
    events.item = l->item + first;
    events.category = l->category + first;
    events.amount = l->amount + first;
    events.quantity = l->quantity + first;
    events.extra = extra;
    events.n_extra = 2;
    return events;
}

/* Everybody has gone home by then. */
static int64_t the_end(const log_columns *l) {
    int64_t end = 0;
    for (int64_t i = 0; i < l->rows; i++) {
        const int64_t later = l->time[i] + INT64_C(7200000);
        if (later > end) end = later;
    }
    return end;
}

static pmkt_status match(const log_columns *l, const pmkt_rules *rules,
                         pmkt_rules_matches **matches, pmkt_error *err) {
    pmkt_column extra[2];
    const pmkt_events events = batch_of(l, 0, l->rows, extra);
    pmkt_rules_match_options options;
    pmkt_rules_match_options_init(&options);
    options.until_ms = the_end(l);
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

/* -------------------------------------------------------------------- live */

#define ROOM 256 /* intents that a call gives at a time */

/* A tracker's way through the log. */
typedef struct passage {
    const log_columns *l;
    const pmkt_rules *rules;
    const pmkt_purchase *model;
    pmkt_tracker *tracker;
    int64_t step; /* rows a batch */
    bool moves;   /* to another tracker, after every batch */
    double *p;    /* [rows] P(order) */
    pmkt_tracker_fired *fired;
    int64_t n, room;
} passage;

static void keep(passage *w, const pmkt_tracker_fired *fired, int64_t n, int64_t first) {
    while (w->n + n > w->room) {
        w->room = w->room == 0 ? 1024 : w->room * 2;
        w->fired = grown(w->fired, sizeof *w->fired, w->room);
    }
    for (int64_t i = 0; i < n; i++) {
        w->fired[w->n] = fired[i];
        if (fired[i].row >= 0) w->fired[w->n].row += first; /* of the log */
        w->n++;
    }
}

static pmkt_status observe(passage *w, int64_t first, int64_t rows, pmkt_error *err) {
    pmkt_tracker_fired fired[ROOM];
    pmkt_column extra[2];
    const pmkt_events events = batch_of(w->l, first, rows, extra);
    pmkt_tracker_answers out;
    pmkt_tracker_answers_init(&out);
    out.p_goal = w->p + first;
    out.fired = fired;
    out.room = ROOM;
    do {
        const pmkt_status status = pmkt_tracker_observe(w->tracker, &events, NULL, &out, err);
        if (status != PMKT_OK) return status;
        keep(w, fired, out.n_fired, first);
        out.from = out.done;
    } while (out.done < rows);
    return PMKT_OK;
}

static pmkt_status advance(passage *w, int64_t clock, pmkt_error *err) {
    pmkt_tracker_fired fired[ROOM];
    for (int64_t n = 1; n > 0;) {
        const pmkt_status status = pmkt_tracker_advance(w->tracker, clock, fired, ROOM, &n, err);
        if (status != PMKT_OK) return status;
        keep(w, fired, n, 0);
    }
    return PMKT_OK;
}

/* Another tracker, of other shards, knows what the one before knew. */
static pmkt_status move(passage *w, pmkt_error *err) {
    pmkt_tracker_options options;
    pmkt_tracker_options_init(&options);
    options.shards = 4;
    pmkt_buffer *bytes = NULL;
    pmkt_tracker *next = NULL;
    pmkt_status status = pmkt_tracker_save_memory(w->tracker, NULL, NULL, &bytes, err);
    if (status == PMKT_OK) status = pmkt_tracker_new(w->model, w->rules, &options, &next, err);
    if (status == PMKT_OK) {
        status = pmkt_tracker_restore_memory(next, pmkt_buffer_data(bytes), pmkt_buffer_size(bytes),
                                             NULL, err);
    }
    pmkt_buffer_free(bytes);
    if (status != PMKT_OK) {
        pmkt_tracker_free(next);
        return status;
    }
    pmkt_tracker_free(w->tracker);
    w->tracker = next;
    return PMKT_OK;
}

/* The clock is moved before every row that is alone, and after batches, whose rows have a clock of their own. */
static pmkt_status pass(passage *w, pmkt_error *err) {
    const log_columns *l = w->l;
    pmkt_status status = pmkt_tracker_new(w->model, w->rules, NULL, &w->tracker, err);
    for (int64_t first = 0; first < l->rows && status == PMKT_OK; first += w->step) {
        const int64_t rows = l->rows - first < w->step ? l->rows - first : w->step;
        if (rows == 1) status = advance(w, l->time[first], err);
        if (status == PMKT_OK) status = observe(w, first, rows, err);
        if (status == PMKT_OK) status = advance(w, l->time[first + rows - 1], err);
        if (status == PMKT_OK && w->moves) status = move(w, err);
    }
    if (status == PMKT_OK) status = advance(w, the_end(l), err);
    pmkt_tracker_free(w->tracker);
    return status;
}

/* As pmkt_rules_matches_columns are. */
static int by_time(const void *a, const void *b) {
    const pmkt_tracker_fired *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->user != y->user) return x->user < y->user ? -1 : 1;
    if (x->rule != y->rule) return x->rule < y->rule ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static bool same(const passage *w, const pmkt_rules_matches_columns *c, const double *p) {
    qsort(w->fired, (size_t)w->n, sizeof *w->fired, by_time);
    for (int64_t i = 0; i < w->n && i < c->n; i++) {
        const pmkt_tracker_fired *f = &w->fired[i];
        if (f->row == c->row[i] && f->user == c->user[i] && f->time == c->time[i] &&
            f->rule == c->rule[i] && memcmp(&f->strength, &c->strength[i], sizeof(double)) == 0) {
            continue;
        }
        complain("batches of %" PRId64 ": number %" PRId64 " that fires is another", w->step, i);
        return false;
    }
    for (int64_t i = 0; i < w->l->rows; i++) {
        if (memcmp(&w->p[i], &p[i], sizeof p[i]) == 0) continue;
        complain("batches of %" PRId64 ": P(order) of row %" PRId64 " is %.17g, not %.17g", w->step,
                 i, w->p[i], p[i]);
        return false;
    }
    if (w->n == c->n) return true;
    complain("batches of %" PRId64 ": %" PRId64 " fire, not %" PRId64, w->step, w->n, c->n);
    return false;
}

/* Fits a model to the log, and scores every row of it. */
static pmkt_status guess(const log_columns *l, pmkt_purchase **model, double *p, pmkt_error *err) {
    pmkt_column extra[2];
    const pmkt_events events = batch_of(l, 0, l->rows, extra);
    pmkt_purchase_scores scores;
    pmkt_purchase_scores_init(&scores);
    scores.p_goal = p;
    const pmkt_status status = pmkt_purchase_fit(&events, NULL, NULL, NULL, NULL, model, err);
    return status == PMKT_OK ? pmkt_purchase_score(*model, &events, NULL, NULL, &scores, err)
                             : status;
}

/* Live it is as in batch. Complains and returns false if it is not. */
static bool live_is_the_same(const log_columns *l, const pmkt_rules *rules,
                             const pmkt_rules_matches_columns *c) {
    const passage ways[] = {{.step = 1}, {.step = 500}, {.step = l->rows / 5 + 1, .moves = true}};
    double *p = grown(NULL, 2 * sizeof *p, l->rows + 1);
    pmkt_purchase *model = NULL;
    pmkt_error err;
    bool good = guess(l, &model, p, &err) == PMKT_OK;
    if (!good) complain("%s", err.message);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && good; i++) {
        passage w = ways[i];
        w.l = l;
        w.rules = rules;
        w.model = model;
        w.p = p + l->rows;
        memset(w.p, 0, sizeof *w.p * (size_t)l->rows);
        good = pass(&w, &err) == PMKT_OK;
        if (!good) complain("batches of %" PRId64 ": %s", w.step, err.message);
        good = good && same(&w, c, p);
        free(w.fired);
    }
    pmkt_purchase_release(model);
    free(p);
    return good;
}

/* ------------------------------------------------------------------ report */

/* Matches, compares with what a tracker says, and prints the table. */
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
    bool good = pmkt_rules_parse(text, strlen(text), NULL, &rules, &err) == PMKT_OK &&
                match(l, rules, &matches, &err) == PMKT_OK &&
                pmkt_rules_matches_columns_of(matches, &c, &err) == PMKT_OK;
    if (!good) complain("%s", err.message);
    good = good && live_is_the_same(l, rules, &c);
    if (good) {
        printf("%-20s %8s %7s %7s  %10s %8s  %7s %7s\n", "intent", "planted", "fired", "found",
               "precision", "recall", "near", "fired");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) count(names[i], t, rules, &c);
        printf("live, the same %" PRId64 " fire\n", c.n);
        printf("partial matches that had to make room: %" PRId64 "\n", c.dropped);
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
