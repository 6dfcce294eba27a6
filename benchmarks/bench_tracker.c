/*
 * bench_tracker - how fast a live tracker reads events, and what a user takes.
 *
 *     bench_tracker [--users N] [--events N] [--threads N] [--reps N] [--crowd all|sessions]
 *                   [--section observe|single|threads|advance]
 *
 * Events come in the order of time. --crowd sessions (the default): one user in 180 is in a session at a time, which
 * is of 8 events on average, one a minute; so everybody comes about once a day, as on the public log of Taobao, and
 * some 6 partial matches a user are kept, as there. --crowd all: each event is of a user drawn at random from all, who
 * come once in ten minutes without end: hardly two events in a row find the same memory warm, and some 20 partial
 * matches a user are never over. Each user looks at a few items of two categories; of 1,000 events 820 are views, 50
 * searches, 40 carts. Half of the events go before the clock starts. The model is of order 3, the rules are the
 * built-in ones.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum {
    ROOM = 65536,
    MOST_THREADS = 8
};

typedef struct settings {
    int64_t users, events;
    int threads, reps;
    const char *section;
    bool sessions;
} settings;

/* ------------------------------------------------------------------- events */

static uint64_t state = UINT64_C(88172645463325252);

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int below(int n) {
    return (int)((next_random() >> 33) % (uint64_t)n);
}

typedef struct rows {
    uint64_t *user, *item, *category;
    int64_t *time, *amount;
    uint16_t *kind;
} rows;

/* Of 1,000 events. */
static uint16_t draw_kind(void) {
    static const struct {
        int share;
        uint16_t kind;
    } KINDS[] = {{820, PMKT_KIND_VIEW},    {50, PMKT_KIND_SEARCH},   {20, PMKT_KIND_CLICK},
                 {28, PMKT_KIND_FAVORITE}, {40, PMKT_KIND_CART},     {4, PMKT_KIND_UNCART},
                 {10, PMKT_KIND_CHECKOUT}, {10, PMKT_KIND_ORDER},    {10, PMKT_KIND_PAY},
                 {4, PMKT_KIND_REVIEW},    {4, PMKT_KIND_IMPRESSION}};
    int at = below(1000), i = 0;
    while (at >= KINDS[i].share) at -= KINDS[i++].share;
    return KINDS[i].kind;
}

/* Users who are in a session at a time. */
static int64_t crowd_of(const settings *set) {
    return set->users / 180 + 1;
}

static uint64_t draw_user(const settings *set) {
    return next_random() % (uint64_t)set->users;
}

static void make_row(const settings *set, rows *r, int64_t i, uint64_t who) {
    const double step = set->sessions ? 60e3 / (double)crowd_of(set) : 600e3 / (double)set->users;
    const uint64_t category = 1 + (who * 7 + (uint64_t)below(2) * 13) % 100;
    r->user[i] = bench_customer((int64_t)who);
    r->category[i] = category;
    r->item[i] = category * 1000 + (who + (uint64_t)below(8)) % 200;
    r->time[i] = BENCH_AS_OF + (int64_t)((double)i * step);
    r->amount[i] = (int64_t)(r->item[i] % 200) * 100;
    r->kind[i] = draw_kind();
}

/* Some are in a session, and give way to others by and by. */
static void make_sessions(const settings *set, rows *r) {
    const int64_t crowd = crowd_of(set);
    uint64_t *who = bench_alloc((size_t)crowd * sizeof *who);
    for (int64_t k = 0; k < crowd; k++) who[k] = draw_user(set);
    for (int64_t i = 0; i < set->events; i++) {
        uint64_t *one = &who[next_random() % (uint64_t)crowd];
        make_row(set, r, i, *one);
        if (below(8) == 0) *one = draw_user(set);
    }
    free(who);
}

static rows make(const settings *set) {
    const size_t n = (size_t)set->events;
    rows r = {bench_alloc(n * 8), bench_alloc(n * 8), bench_alloc(n * 8),
              bench_alloc(n * 8), bench_alloc(n * 8), bench_alloc(n * 2)};
    if (set->sessions) make_sessions(set, &r);
    for (int64_t i = 0; i < set->events && !set->sessions; i++) {
        make_row(set, &r, i, draw_user(set));
    }
    return r;
}

static pmkt_events events_of(const rows *r, int64_t from, int64_t n) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = n;
    ev.user = r->user + from, ev.item = r->item + from, ev.category = r->category + from;
    ev.time = r->time + from, ev.amount = r->amount + from, ev.kind = r->kind + from;
    return ev;
}

/* ------------------------------------------------------------------ trackers */

/* What every section needs. */
typedef struct bench {
    const settings *set;
    rows r;
    pmkt_purchase *model;
    pmkt_rules *rules;
} bench;

/* What is asked of each event. */
typedef struct ask {
    const char *name;
    bool model, rules, p_goal, all;
    int history;
} ask;

static pmkt_tracker *new_tracker(const bench *b, const ask *a) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    pmkt_tracker *t = NULL;
    pmkt_error err;
    o.capacity = b->set->users;
    o.history = a->history;
    bench_check(
        pmkt_tracker_new(a->model ? b->model : NULL, a->rules ? b->rules : NULL, &o, &t, &err),
        &err, "pmkt_tracker_new");
    return t;
}

/* Answers for a batch, and how many rules fired. */
typedef struct answers {
    double *p, *p_cart, *time, *next_p;
    uint32_t *next;
    int32_t *rule;
    pmkt_tracker_fired *fired;
} answers;

static answers new_answers(int64_t count) {
    const size_t n = (size_t)count;
    return (answers){bench_alloc(n * 8),
                     bench_alloc(n * 8),
                     bench_alloc(n * 8),
                     bench_alloc(3 * n * 8),
                     bench_alloc(3 * n * 4),
                     bench_alloc(n * 4),
                     bench_alloc(ROOM * sizeof(pmkt_tracker_fired))};
}

static void free_answers(answers *a) {
    free(a->p), free(a->p_cart), free(a->time), free(a->next_p), free(a->next), free(a->rule);
    free(a->fired);
}

static int64_t observe(pmkt_tracker *t, const pmkt_events *ev, const ask *a, const answers *to) {
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_error err;
    int64_t fired = 0;
    if (a->p_goal) out.p_goal = to->p;
    if (a->all)
        out.p_cart = to->p_cart, out.time_ms = to->time, out.next = to->next,
        out.next_p = to->next_p;
    if (a->rules) out.rule = to->rule, out.fired = to->fired, out.room = ROOM;
    do {
        bench_check(pmkt_tracker_observe(t, ev, NULL, &out, &err), &err, "pmkt_tracker_observe");
        fired += out.n_fired;
        out.from = out.done;
    } while (out.done < ev->rows);
    return fired;
}

/* ------------------------------------------------------------------- sections */

static const ask ASKS[] = {
    {"rules and state", true, true, false, false, -1},
    {"and P(goal)", true, true, true, false, -1},
    {"and all columns", true, true, true, true, -1},
    {"rules and state, 8 events kept", true, true, false, false, 8},
    {"rules alone", false, true, false, false, -1},
    {"state alone", true, false, false, false, -1},
};

static void describe(const bench *b, const ask *a, pmkt_tracker *t, int64_t fired) {
    pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
    pmkt_error err;
    bench_check(pmkt_tracker_stats(t, &c, &err), &err, "pmkt_tracker_stats");
    fprintf(stderr,
            "%s: %" PRId64 " users of %" PRId64 ", %.0f bytes each, %" PRId64 " fired, %" PRId64
            " partial matches dropped\n",
            a->name, c.users, b->set->users, (double)c.bytes / (double)c.users, fired, c.dropped);
}

static void section_observe(const bench *b) {
    const int64_t half = b->set->events / 2;
    const pmkt_events before = events_of(&b->r, 0, half), ev = events_of(&b->r, half, half);
    answers to = new_answers(half);
    bench_samples all[sizeof ASKS / sizeof *ASKS] = {{.n = 0}};
    for (int rep = 0; rep < b->set->reps; rep++) {
        for (size_t i = 0; i < sizeof ASKS / sizeof *ASKS; i++) {
            pmkt_tracker *t = new_tracker(b, &ASKS[i]);
            observe(t, &before, &ASKS[i], &to);
            const bench_time start = bench_now();
            const int64_t fired = observe(t, &ev, &ASKS[i], &to);
            bench_push_since(&all[i], start);
            if (rep == 0) describe(b, &ASKS[i], t, fired);
            pmkt_tracker_free(t);
        }
    }
    for (size_t i = 0; i < sizeof ASKS / sizeof *ASKS; i++) {
        const bench_line line = {"observe", ASKS[i].name, "batch", b->set->users, 1, "ms", false};
        bench_print(&line, &all[i], half);
    }
    free_answers(&to);
}

static double microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

/* Each event by a call of its own. */
static void section_single(const bench *b) {
    const int64_t half = b->set->events / 2, n = half < 1000000 ? half : 1000000;
    const ask a = ASKS[1];
    const pmkt_events before = events_of(&b->r, 0, half);
    answers to = new_answers(half);
    double *took = bench_alloc((size_t)n * sizeof *took);
    bench_samples p50 = {.n = 0}, p99 = {.n = 0};
    for (int rep = 0; rep < b->set->reps; rep++) {
        pmkt_tracker *t = new_tracker(b, &a);
        observe(t, &before, &a, &to);
        for (int64_t i = 0; i < n; i++) {
            const pmkt_events one = events_of(&b->r, half + i, 1);
            const double start = microseconds();
            observe(t, &one, &a, &to);
            took[i] = microseconds() - start;
        }
        bench_push(&p50, bench_quantile(took, n, 0.5));
        bench_push(&p99, bench_quantile(took, n, 0.99));
        pmkt_tracker_free(t);
    }
    const bench_line line50 = {"single", "a call, with P(goal)", "p50", b->set->users, 1, "us",
                               false};
    const bench_line line99 = {"single", "a call, with P(goal)", "p99", b->set->users, 1, "us",
                               false};
    bench_print(&line50, &p50, 0);
    bench_print(&line99, &p99, 0);
    free(took);
    free_answers(&to);
}

/* A caller of many: every batch is of users of its own, as a consumer of a partition has them. */
typedef struct caller {
    const bench *b;
    pmkt_tracker *t;
    pmkt_events ev;
    answers to;
} caller;

static void *call(void *ctx) {
    const caller *c = ctx;
    observe(c->t, &c->ev, &ASKS[0], &c->to);
    return NULL;
}

static double run_callers(const bench *b, int threads) {
    caller c[MOST_THREADS];
    pthread_t id[MOST_THREADS];
    const int64_t half = b->set->events / 2, n = half / threads;
    pmkt_tracker *t = new_tracker(b, &ASKS[0]);
    const pmkt_events before = events_of(&b->r, 0, half);
    answers to = new_answers(half);
    observe(t, &before, &ASKS[0], &to);
    for (int i = 0; i < threads; i++) {
        c[i] = (caller){b, t, events_of(&b->r, half + i * n, n), new_answers(n)};
    }
    const bench_time start = bench_now();
    for (int i = 1; i < threads; i++) {
        if (pthread_create(&id[i], NULL, call, &c[i])) abort();
    }
    call(&c[0]);
    for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
    const double wall = bench_now().wall - start.wall;
    for (int i = 0; i < threads; i++) free_answers(&c[i].to);
    free_answers(&to);
    pmkt_tracker_free(t);
    return wall;
}

/* One caller and several, in turns. */
static void section_threads(const bench *b) {
    bench_samples times = {.n = 0};
    for (int rep = 0; rep < b->set->reps; rep++) {
        const double one = run_callers(b, 1);
        bench_push(&times, one / run_callers(b, b->set->threads));
    }
    const bench_line line = {
        "threads", "rules and state", "callers / 1", b->set->users, b->set->threads, "x", true};
    bench_print(&line, &times, 0);
}

/* All waits at once. */
static void section_advance(const bench *b) {
    const pmkt_events ev = events_of(&b->r, 0, b->set->events);
    answers to = new_answers(b->set->events);
    bench_samples times = {.n = 0};
    int64_t fired = 0;
    for (int rep = 0; rep < b->set->reps; rep++) {
        pmkt_tracker *t = new_tracker(b, &ASKS[0]);
        pmkt_error err;
        observe(t, &ev, &ASKS[0], &to);
        const bench_time start = bench_now();
        int64_t n = 0;
        fired = 0;
        do {
            bench_check(
                pmkt_tracker_advance(t, b->r.time[ev.rows - 1] + 7200000, to.fired, ROOM, &n, &err),
                &err, "pmkt_tracker_advance");
            fired += n;
        } while (n > 0);
        bench_push_since(&times, start);
        pmkt_tracker_free(t);
    }
    const bench_line line = {"advance", "waits of everybody", "fired", b->set->users, 1, "ms",
                             false};
    bench_print(&line, &times, fired);
    free_answers(&to);
}

/* ---------------------------------------------------------------------- main */

static void usage(void) {
    fputs(
        "usage: bench_tracker [--users N] [--events N] [--threads N] [--reps N]\n"
        "                     [--crowd all|sessions] [--section observe|single|threads|advance]\n"
        "                     [--csv]\n",
        stderr);
    exit(2);
}

static settings read_arguments(int argc, char **argv) {
    settings set = {262144, 8000000, 2, 5, NULL, true};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        if (i + 1 == argc) usage();
        const char *name = argv[i], *text = argv[++i];
        if (strcmp(name, "--users") == 0)
            set.users = bench_number(name, text, 1, INT64_C(1) << 28);
        else if (strcmp(name, "--events") == 0)
            set.events = bench_number(name, text, 100, INT64_C(1) << 32);
        else if (strcmp(name, "--threads") == 0)
            set.threads = (int)bench_number(name, text, 1, MOST_THREADS);
        else if (strcmp(name, "--reps") == 0)
            set.reps = (int)bench_number(name, text, 1, 64);
        else if (strcmp(name, "--crowd") == 0 && (*text == 'a' || *text == 's'))
            set.sessions = *text == 's';
        else if (strcmp(name, "--section") == 0)
            set.section = text;
        else
            usage();
    }
    return set;
}

static bool wants(const settings *set, const char *section) {
    return !set->section || strcmp(set->section, section) == 0;
}

/* From a million events of few users, so that each has a history worth learning from. */
static void fit(bench *b) {
    settings few = *b->set;
    few.users = 20000;
    few.events = 1000000;
    rows r = make(&few);
    const pmkt_events ev = events_of(&r, 0, few.events);
    pmkt_error err;
    bench_check(pmkt_purchase_fit(&ev, NULL, NULL, NULL, NULL, &b->model, &err), &err,
                "pmkt_purchase_fit");
    free(r.user), free(r.item), free(r.category), free(r.time), free(r.amount), free(r.kind);
}

int main(int argc, char **argv) {
    const settings set = read_arguments(argc, argv);
    bench b = {.set = &set, .r = make(&set)};
    pmkt_error err;
    const char *text = pmkt_rules_builtin();
    bench_check(pmkt_rules_parse(text, strlen(text), NULL, &b.rules, &err), &err,
                "pmkt_rules_parse");
    fit(&b);
    bench_header();
    if (wants(&set, "observe")) section_observe(&b);
    if (wants(&set, "single")) section_single(&b);
    if (wants(&set, "threads")) section_threads(&b);
    if (wants(&set, "advance")) section_advance(&b);
    pmkt_purchase_release(b.model);
    pmkt_rules_release(b.rules);
    free(b.r.user), free(b.r.item), free(b.r.category), free(b.r.time), free(b.r.amount),
        free(b.r.kind);
    return 0;
}
