/*
 * bench_intent - how fast chains are fitted and solved, and funnels and paths are counted.
 *
 *     bench_intent [--events N] [--users N] [--threads N] [--reps N] [--order random|time|user]
 *                  [--section fit|solve|ask|funnel|paths|purchase|rules]
 *
 * Events are of sessions of 1 to some tens of actions: 16 kinds, some far more frequent than others, half of the time
 * chosen by the action before. They come in the order of time, as a log has them, unless --order says otherwise.
 * Section solve fits walks of 64 actions, so that an order of 5 has hundreds of thousands of contexts.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
    KINDS = 16,
    MAX_STAGES = 16
};

typedef struct settings {
    int64_t events, users;
    int threads, reps;
    const char *order, *section;
} settings;

/* ------------------------------------------------------------------- events */

static uint64_t state = UINT64_C(88172645463325252);

static double uniform(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

typedef struct row {
    uint64_t user, item;
    int64_t time;
    uint16_t kind;
} row;

typedef struct rows {
    int64_t n;
    uint64_t *user, *item;
    int64_t *time;
    uint16_t *kind;
} rows;

/* 0 to n - 1, k + 1 as often as 1 / (k + 1). */
static int zipf(int n) {
    double sum = 0;
    for (int k = 1; k <= n; k++) sum += 1.0 / k;
    double u = uniform() * sum;
    int k = 0;
    while (k + 1 < n && u >= 1.0 / (k + 1)) u -= 1.0 / ++k;
    return k;
}

static int by_time(const void *a, const void *b) {
    const row *x = a, *y = b;
    return (x->time > y->time) - (x->time < y->time);
}

static int by_user(const void *a, const void *b) {
    const row *x = a, *y = b;
    return x->user != y->user ? (x->user > y->user) - (x->user < y->user) : by_time(a, b);
}

static void shuffle(row *r, int64_t n) {
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t k = (int64_t)(uniform() * (double)(i + 1));
        const row was = r[i];
        r[i] = r[k], r[k] = was;
    }
}

static row *make_rows(const settings *set) {
    static const uint16_t KIND[KINDS] = {
        PMKT_KIND_VIEW,     PMKT_KIND_IMPRESSION, PMKT_KIND_CLICK,    PMKT_KIND_SEARCH,
        PMKT_KIND_FAVORITE, PMKT_KIND_CART,       PMKT_KIND_CHECKOUT, PMKT_KIND_UNCART,
        PMKT_KIND_ORDER,    PMKT_KIND_PAY,        PMKT_KIND_REVIEW,   PMKT_KIND_SHARE,
        PMKT_KIND_FOLLOW,   PMKT_KIND_LEAVE,      PMKT_KIND_REGISTER, PMKT_KIND_CUSTOM};
    row *r = bench_alloc((size_t)set->events * sizeof *r);
    for (int64_t i = 0; i < set->events;) {
        const double u = uniform();
        const uint64_t user = bench_customer((int64_t)((double)set->users * u * sqrt(u)));
        int64_t time = BENCH_AS_OF - (int64_t)(uniform() * 30 * 86400e3);
        int kind = zipf(KINDS);
        do {
            const uint64_t item = 1 + (uint64_t)(uniform() * uniform() * 20000);
            r[i++] = (row){user, item, time, KIND[kind]};
            time += 1000 + (int64_t)(-60e3 * log(1 - uniform()));
            kind = uniform() < 0.5 ? (kind * 5 + zipf(KINDS)) % KINDS : zipf(KINDS);
        } while (i < set->events && uniform() > 0.15);
    }
    if (strcmp(set->order, "random") == 0)
        shuffle(r, set->events);
    else
        qsort(r, (size_t)set->events, sizeof *r, *set->order == 'u' ? by_user : by_time);
    return r;
}

static rows make(const settings *set) {
    row *r = make_rows(set);
    const size_t n = (size_t)set->events;
    rows out = {set->events, bench_alloc(n * sizeof *out.user), bench_alloc(n * sizeof *out.item),
                bench_alloc(n * sizeof *out.time), bench_alloc(n * sizeof *out.kind)};
    for (size_t i = 0; i < n; i++) {
        out.user[i] = r[i].user, out.item[i] = r[i].item;
        out.time[i] = r[i].time, out.kind[i] = r[i].kind;
    }
    free(r);
    return out;
}

static pmkt_events events_of(const rows *r) {
    pmkt_events ev;
    pmkt_events_init(&ev);
    ev.rows = r->n;
    ev.user = r->user, ev.item = r->item, ev.time = r->time, ev.kind = r->kind;
    return ev;
}

/* ------------------------------------------------------------------- stages */

/* How long each stage of a call took, as its progress tells. */
typedef struct stages {
    const char *name[MAX_STAGES];
    bench_samples spent[MAX_STAGES];
    int n;
    const char *now;
    bench_time since;
} stages;

static void stage_ends(stages *s) {
    if (!s->now) return;
    int k = 0;
    while (k < s->n && strcmp(s->name[k], s->now) != 0) k++;
    if (k == MAX_STAGES) return;
    if (k == s->n) s->name[s->n++] = s->now;
    bench_push_since(&s->spent[k], s->since);
}

static int hear(void *ctx, double done, const char *stage) {
    (void)done;
    stages *s = ctx;
    if (s->now && strcmp(s->now, stage) == 0) return 0;
    stage_ends(s);
    s->now = stage;
    s->since = bench_now();
    return 0;
}

static pmkt_run run_with(const settings *set, stages *s) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = set->threads;
    if (s) run.progress = (pmkt_progress){hear, s};
    return run;
}

static void print(const settings *set, const char *section, const char *what, const char *mode,
                  const bench_samples *samples, int64_t n) {
    const bench_line line = {section, what, mode, n, set->threads, "ms", false};
    bench_print(&line, samples, n);
}

static void print_all(const settings *set, const char *section, const char *what, const char *mode,
                      const bench_samples *all, const stages *s, int64_t n) {
    print(set, section, what, mode, all, n);
    for (int k = 0; k < s->n; k++) print(set, section, s->name[k], mode, &s->spent[k], n);
}

static double push_call(bench_samples *all, bench_time begin, stages *s) {
    stage_ends(s);
    s->now = NULL;
    return bench_push_since(all, begin);
}

/* ----------------------------------------------------------------- sections */

static bool wants(const settings *set, const char *section) {
    return !set->section || strcmp(set->section, section) == 0;
}

static pmkt_intent *fit(const pmkt_events *ev, int32_t order, const pmkt_run *run) {
    pmkt_intent_options options = PMKT_INTENT_OPTIONS_INIT;
    options.order = order;
    pmkt_intent *model = NULL;
    pmkt_error err;
    bench_check(pmkt_intent_fit(ev, &options, run, NULL, &model, &err), &err, "pmkt_intent_fit");
    return model;
}

static void section_fit(const settings *set, const pmkt_events *ev) {
    static const struct {
        int32_t order;
        const char *name;
    } ORDERS[] = {{1, "order 1"}, {3, "order 3"}, {5, "order 5"}};
    for (int o = 0; o < 3; o++) {
        bench_samples all = {.n = 0};
        stages s = {.n = 0};
        const pmkt_run run = run_with(set, &s);
        for (int r = 0; r < set->reps; r++) {
            const bench_time begin = bench_now();
            pmkt_intent *model = fit(ev, ORDERS[o].order, &run);
            push_call(&all, begin, &s);
            pmkt_intent_release(model);
        }
        print_all(set, "fit", "events to a model", ORDERS[o].name, &all, &s, ev->rows);
    }
}

/* Walks of 64 actions that mostly go on to one of a few. */
static void section_solve(const settings *set) {
    enum {
        WALKS = 200000,
        LENGTH = 24
    };
    const int64_t n = (int64_t)WALKS * LENGTH;
    int64_t *at = bench_alloc((WALKS + 1) * sizeof *at);
    int64_t *dwell = bench_alloc((size_t)n * sizeof *dwell);
    uint32_t *action = bench_alloc((size_t)n * sizeof *action);
    uint8_t *bought = bench_alloc(WALKS);
    at[0] = 0;
    for (int64_t i = 0; i < WALKS; i++) {
        int64_t to = at[i];
        int now = zipf(64);
        do {
            dwell[to] = 1000 + (int64_t)(-60e3 * log(1 - uniform()));
            action[to++] = 100 + (uint32_t)now;
            now = uniform() < 0.8 ? (now * 7 + zipf(16)) % 64 : zipf(64);
        } while (to < at[i] + LENGTH && uniform() > 0.1);
        at[i + 1] = to;
        bought[i] = uniform() < 0.1;
    }
    pmkt_intent_paths paths = PMKT_INTENT_PATHS_INIT;
    paths.n = WALKS, paths.at = at, paths.action = action, paths.dwell = dwell;
    paths.bought = bought;
    pmkt_intent_options options = PMKT_INTENT_OPTIONS_INIT;
    options.order = 5;
    bench_samples all = {.n = 0};
    stages s = {.n = 0};
    const pmkt_run run = run_with(set, &s);
    pmkt_intent_facts facts = PMKT_INTENT_FACTS_INIT;
    for (int r = 0; r < set->reps; r++) {
        pmkt_intent *model = NULL;
        pmkt_error err;
        const bench_time begin = bench_now();
        bench_check(pmkt_intent_fit_paths(&paths, &options, &run, &model, &err), &err,
                    "pmkt_intent_fit_paths");
        push_call(&all, begin, &s);
        bench_check(pmkt_intent_info(model, &facts, &err), &err, "pmkt_intent_info");
        pmkt_intent_release(model);
    }
    print_all(set, "solve", "walks to contexts", "order 5", &all, &s, facts.contexts);
    free(at), free(dwell), free(action), free(bought);
}

/* Every prefix of a million actions: what a service asks, many at once. */
static void section_ask(const settings *set, const pmkt_events *ev) {
    const int64_t n = ev->rows < 1000000 ? ev->rows : 1000000;
    const pmkt_run run = run_with(set, NULL);
    pmkt_intent *model = fit(ev, 3, &run);
    int64_t *at = bench_alloc((size_t)(n + 1) * sizeof *at);
    uint32_t *action = bench_alloc((size_t)(5 * n) * sizeof *action);
    double *goal = bench_alloc((size_t)n * sizeof *goal);
    for (int64_t i = 0; i < n; i++) {
        at[i] = 5 * i;
        for (int k = 0; k < 5; k++) action[5 * i + k] = ev->kind[(i + k) % n];
    }
    at[n] = 5 * n;
    pmkt_intent_paths paths = PMKT_INTENT_PATHS_INIT;
    paths.n = n, paths.at = at, paths.action = action;
    pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
    out.goal = goal;
    bench_samples all = {.n = 0};
    for (int r = 0; r < set->reps; r++) {
        pmkt_error err;
        const bench_time begin = bench_now();
        bench_check(pmkt_intent_ask(model, &paths, &run, &out, &err), &err, "pmkt_intent_ask");
        bench_push_since(&all, begin);
    }
    print(set, "ask", "P(goal) of 5 actions", "order 3", &all, n);
    pmkt_intent_release(model);
    free(at), free(action), free(goal);
}

static void funnel(const settings *set, const pmkt_events *ev, int32_t hold, const char *mode) {
    static const int32_t VIEW = PMKT_KIND_VIEW, CART = PMKT_KIND_CART, ORDER = PMKT_KIND_ORDER;
    const pmkt_funnel_step steps[3] = {
        {&VIEW, 1, 0, 0, 0}, {&CART, 1, 0, 0, 0}, {&ORDER, 1, 0, 0, 0}};
    pmkt_funnel_options options = PMKT_FUNNEL_OPTIONS_INIT;
    options.hold = hold;
    bench_samples all = {.n = 0};
    stages s = {.n = 0};
    const pmkt_run run = run_with(set, &s);
    for (int r = 0; r < set->reps; r++) {
        pmkt_funnel *f = NULL;
        pmkt_error err;
        const bench_time begin = bench_now();
        bench_check(pmkt_funnel_new(ev, steps, 3, &options, &run, NULL, &f, &err), &err,
                    "pmkt_funnel_new");
        push_call(&all, begin, &s);
        pmkt_funnel_free(f);
    }
    print_all(set, "funnel", "three steps", mode, &all, &s, ev->rows);
}

static void section_paths(const settings *set, const pmkt_events *ev) {
    bench_samples all = {.n = 0};
    stages s = {.n = 0};
    const pmkt_run run = run_with(set, &s);
    for (int r = 0; r < set->reps; r++) {
        pmkt_paths *p = NULL;
        pmkt_error err;
        const bench_time begin = bench_now();
        bench_check(pmkt_paths_new(ev, NULL, &run, NULL, &p, &err), &err, "pmkt_paths_new");
        push_call(&all, begin, &s);
        pmkt_paths_free(p);
    }
    print_all(set, "paths", "all tables", "", &all, &s, ev->rows);
}

/* A calibrated probability: learned, and of every event. */
static void section_purchase(const settings *set, const pmkt_events *ev) {
    bench_samples learned = {.n = 0}, scored = {.n = 0}, lone = {.n = 0};
    stages fitting = {.n = 0}, scoring = {.n = 0};
    const size_t n = (size_t)ev->rows;
    double *p = bench_alloc(n * sizeof *p), *p_cart = bench_alloc(n * sizeof *p_cart);
    double *time = bench_alloc(n * sizeof *time);
    double *next_p = bench_alloc(n * PMKT_INTENT_TOP * sizeof *next_p);
    uint32_t *next = bench_alloc(n * PMKT_INTENT_TOP * sizeof *next);
    for (int r = 0; r < set->reps; r++) {
        pmkt_purchase *model = NULL;
        pmkt_error err;
        pmkt_run run = run_with(set, &fitting);
        bench_time begin = bench_now();
        bench_check(pmkt_purchase_fit(ev, NULL, NULL, &run, NULL, &model, &err), &err,
                    "pmkt_purchase_fit");
        push_call(&learned, begin, &fitting);
        run = run_with(set, &scoring);
        pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
        out.p_goal = p, out.p_cart = p_cart, out.time_ms = time;
        out.next = next, out.next_p = next_p;
        begin = bench_now();
        bench_check(pmkt_purchase_score(model, ev, &run, NULL, &out, &err), &err,
                    "pmkt_purchase_score");
        push_call(&scored, begin, &scoring);
        run = run_with(set, NULL);
        out.p_cart = out.time_ms = out.next_p = NULL, out.next = NULL;
        begin = bench_now();
        bench_check(pmkt_purchase_score(model, ev, &run, NULL, &out, &err), &err,
                    "pmkt_purchase_score");
        bench_push_since(&lone, begin);
        pmkt_purchase_release(model);
    }
    print_all(set, "purchase", "events to a model", "fit", &learned, &fitting, ev->rows);
    print_all(set, "purchase", "every event, all columns", "score", &scored, &scoring, ev->rows);
    print(set, "purchase", "every event, P(goal) alone", "score", &lone, ev->rows);
    free(p), free(p_cart), free(time), free(next_p), free(next);
}

/* A batch through the built-in rules. */
static void section_rules(const settings *set, const pmkt_events *events) {
    uint64_t *category = bench_alloc((size_t)events->rows * sizeof *category);
    for (int64_t i = 0; i < events->rows; i++) category[i] = 1 + events->item[i] % 100;
    pmkt_events ev = *events;
    ev.category = category;
    bench_samples all = {.n = 0};
    stages s = {.n = 0};
    const pmkt_run run = run_with(set, &s);
    const char *text = pmkt_rules_builtin();
    pmkt_rules *rules = NULL;
    pmkt_error err;
    bench_check(pmkt_rules_parse(text, strlen(text), NULL, &rules, &err), &err, "pmkt_rules_parse");
    for (int r = 0; r < set->reps; r++) {
        pmkt_rules_matches *m = NULL;
        pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
        const bench_time begin = bench_now();
        bench_check(pmkt_rules_match(rules, &ev, NULL, &run, NULL, &m, &err), &err,
                    "pmkt_rules_match");
        push_call(&all, begin, &s);
        bench_check(pmkt_rules_matches_columns_of(m, &c, &err), &err, "its columns");
        if (r == 0) {
            fprintf(stderr, "rules: %" PRId64 " fired, %" PRId64 " partial matches dropped\n", c.n,
                    c.dropped);
        }
        pmkt_rules_matches_free(m);
    }
    print_all(set, "rules", "built-in", "", &all, &s, ev.rows);
    pmkt_rules_release(rules);
    free(category);
}

/* --------------------------------------------------------------------- main */

static void usage(void) {
    fputs(
        "usage: bench_intent [--events N] [--users N] [--threads N] [--reps N]\n"
        "                    [--order random|time|user]\n"
        "                    [--section fit|solve|ask|funnel|paths|purchase|rules] [--csv]\n",
        stderr);
    exit(2);
}

static settings read_arguments(int argc, char **argv) {
    settings set = {10000000, 500000, 2, 5, "time", NULL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        if (i + 1 == argc) usage();
        const char *name = argv[i], *text = argv[++i];
        if (strcmp(name, "--events") == 0)
            set.events = bench_number(name, text, 1, INT64_C(1) << 32);
        else if (strcmp(name, "--users") == 0)
            set.users = bench_number(name, text, 1, INT64_C(1) << 32);
        else if (strcmp(name, "--threads") == 0)
            set.threads = (int)bench_number(name, text, 1, 1024);
        else if (strcmp(name, "--reps") == 0)
            set.reps = (int)bench_number(name, text, 1, 64);
        else if (strcmp(name, "--order") == 0)
            set.order = text;
        else if (strcmp(name, "--section") == 0)
            set.section = text;
        else
            usage();
    }
    return set;
}

int main(int argc, char **argv) {
    const settings set = read_arguments(argc, argv);
    const rows r = make(&set);
    const pmkt_events ev = events_of(&r);
    bench_header();
    if (wants(&set, "fit")) section_fit(&set, &ev);
    if (wants(&set, "solve")) section_solve(&set);
    if (wants(&set, "ask")) section_ask(&set, &ev);
    if (wants(&set, "funnel")) {
        funnel(&set, &ev, PMKT_FUNNEL_ANYTHING, "");
        funnel(&set, &ev, PMKT_FUNNEL_SAME_ITEM, "item");
    }
    if (wants(&set, "paths")) section_paths(&set, &ev);
    if (wants(&set, "purchase")) section_purchase(&set, &ev);
    if (wants(&set, "rules")) section_rules(&set, &ev);
    free(r.user), free(r.item), free(r.time), free(r.kind);
    return 0;
}
