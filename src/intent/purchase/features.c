#include "intent/purchase/features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

#define SECOND 1000 /* ms */
#define PI 3.14159265358979323846

/* The features beside the counts, in their order. The first two stand before the counts. */
static const char *const names[] = {
    "evidence",        "context",         "first",         "dwell",
    "dwell_mean",      "elapsed",         "hour_sin",      "hour_cos",
    "weekday_sin",     "weekday_cos",     "sessions",      "new",
    "since_session",   "orders",          "buys",          "buying_rate",
    "since_order",     "never",           "item",          "item_before",
    "item_cart",       "item_favorite",   "items",         "item_repeats",
    "category",        "category_before", "category_cart", "categories",
    "category_repeats"};

#define LEADING 2
#define NAMES ((int32_t)(sizeof names / sizeof *names))

_Static_assert(sizeof names / sizeof *names + PMKT_INTENT_MAX_ACTIONS <= PMKTI_FEATURES_MOST,
               "there is room for all features");

/* ----------------------------------------------------------------------- names */

static void name_action(uint32_t action, char *name) {
    const uint32_t kind = action % PMKT_INTENT_CLASS, class_number = action / PMKT_INTENT_CLASS;
    const char *known = kind < PMKT_KIND_CUSTOM ? pmkt_kind_name((int32_t)kind) : NULL;
    char number[16], class_name[16] = "";
    snprintf(number, sizeof number, "%lu", (unsigned long)kind);
    if (class_number > 0) {
        snprintf(class_name, sizeof class_name, ":%lu", (unsigned long)class_number);
    }
    snprintf(name, PMKTI_FEATURE_NAME, "count:%s%s", known ? known : number, class_name);
}

static void name_all(const pmkt_intent *model, pmkti_features *f) {
    for (int32_t i = 0; i < NAMES; i++) {
        const int32_t at = i < LEADING ? i : i + f->actions;
        snprintf(f->name[at], PMKTI_FEATURE_NAME, "%s", names[i]);
    }
    for (int32_t k = 0; k < f->actions; k++) name_action(model->action[k], f->name[LEADING + k]);
}

/* ---------------------------------------------------------------------- tables */

static void circle(double share, double point[2]) {
    point[0] = sin(2 * PI * share), point[1] = cos(2 * PI * share);
}

static double buying_rate(uint32_t buys, uint32_t sessions) {
    return log((buys + 0.5) / (sessions + 5.0));
}

static void make_tables(pmkti_features *f) {
    for (int i = 0; i < PMKTI_LN_TABLE; i++) f->ln1p[i] = log1p(i);
    for (uint32_t buys = 0; buys < PMKTI_RATE_BUYS; buys++) {
        for (uint32_t n = 0; n < PMKTI_RATE_SESSIONS; n++) f->rate[buys][n] = buying_rate(buys, n);
    }
    for (int i = 0; i < 1440; i++) circle(i / 1440.0, f->clock[i]);
    for (int i = 0; i < 7; i++) circle(i / 7.0, f->week[i]);
}

pmkt_status pmkti_features_make(const pmkt_intent *model, const pmkt_zone *zone,
                                const pmkt_allocator *allocator, pmkti_features *out) {
    out->actions = model->facts.actions;
    out->n = NAMES + out->actions;
    out->zone = *zone;
    const size_t n = (size_t)zone->n_transitions;
    if (n > 0) {
        pmkt_transition *table = pmkti_alloc(allocator, n, sizeof *table);
        if (!table) {
            out->zone.transitions = NULL, out->zone.n_transitions = 0;
            return PMKT_E_NOMEM;
        }
        memcpy(table, zone->transitions, n * sizeof *table);
        out->zone.transitions = table;
    }
    make_tables(out);
    name_all(model, out);
    return PMKT_OK;
}

void pmkti_features_free(const pmkt_allocator *allocator, pmkti_features *f) {
    pmkti_free_const(allocator, f->zone.transitions, (size_t)f->zone.n_transitions,
                     sizeof *f->zone.transitions);
    f->zone.transitions = NULL;
    f->zone.n_transitions = 0;
}

/* -------------------------------------------------------------------- features */

static inline double ln1p_of(const pmkti_features *f, uint32_t n) {
    return n < PMKTI_LN_TABLE ? f->ln1p[n] : log1p(n);
}

/* ln(1 + ms / unit). log is much faster than log1p, and as good where its argument is not near 1. */
static inline double ln1p_time(uint64_t ms, uint64_t unit) {
    if (ms >= unit) return log((double)(ms + unit) / (double)unit);
    return ms > 0 ? log1p((double)ms / (double)unit) : 0;
}

static inline double rate_of(const pmkti_features *f, uint32_t buys, uint32_t sessions) {
    return buys < PMKTI_RATE_BUYS && sessions < PMKTI_RATE_SESSIONS ? f->rate[buys][sessions]
                                                                    : buying_rate(buys, sessions);
}

static double *of_time(const pmkti_features *f, const pmkti_visitor *v, double dwell, double *x) {
    *x++ = v->events == 1;
    *x++ = dwell;
    *x++ = v->events > 1 ? v->dwell_sum / (v->events - 1) : 0;
    *x++ = ln1p_time(v->elapsed, SECOND);
    const int64_t local = pmkti_zone_local(&f->zone, v->last);
    const int64_t day = pmkti_floor_div(local, PMKTI_DAY_MS);
    const double *clock = f->clock[(local - day * PMKTI_DAY_MS) / PMKTI_MINUTE_MS];
    const double *week = f->week[day - pmkti_floor_div(day, 7) * 7];
    *x++ = clock[0], *x++ = clock[1], *x++ = week[0], *x++ = week[1];
    return x;
}

static double *of_past(const pmkti_features *f, const pmkti_visitor *v, double *x) {
    *x++ = ln1p_of(f, v->sessions);
    *x++ = v->sessions == 0;
    *x++ = ln1p_time(v->since, PMKTI_MINUTE_MS);
    *x++ = ln1p_of(f, v->orders);
    *x++ = ln1p_of(f, v->buys);
    *x++ = rate_of(f, v->buys, v->sessions);
    *x++ = ln1p_time(v->since_order, PMKTI_MINUTE_MS);
    *x++ = v->orders == 0;
    return x;
}

static double *of_things(const pmkti_features *f, const pmkti_visitor *v, int thing,
                         const pmkti_seen *latest, double *x) {
    *x++ = f->ln1p[latest->here];
    *x++ = f->ln1p[latest->before];
    *x++ = latest->cart;
    if (thing == PMKTI_ITEM) *x++ = latest->favorite;
    *x++ = f->ln1p[v->events_with[thing][0]];
    *x++ = f->ln1p[v->events_with[thing][1]];
    return x;
}

void pmkti_features_of(const pmkti_features *f, const pmkti_reader *r, const pmkti_visitor *v,
                       const pmkti_glance *glance, double *x) {
    *x++ = v->evidence;
    *x++ = r->context[v->node].z;
    for (int32_t k = 0; k < f->actions; k++) *x++ = f->ln1p[v->count[k]];
    x = of_time(f, v, glance->dwell, x);
    x = of_past(f, v, x);
    x = of_things(f, v, PMKTI_ITEM, &glance->seen[PMKTI_ITEM], x);
    of_things(f, v, PMKTI_CATEGORY, &glance->seen[PMKTI_CATEGORY], x);
}
