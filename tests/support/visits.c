#include "support/visits.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/sort.h"
#include "support/random.h"

static visits visits_new(int64_t n) {
    visits v = {.n = n};
    const size_t bytes = (size_t)n * 8 + 8;
    v.user = malloc(bytes), v.item = malloc(bytes), v.category = malloc(bytes);
    v.channel = malloc(bytes), v.time = malloc(bytes), v.kind = malloc(bytes);
    return v;
}

visits visits_random(int64_t n, int64_t users, int64_t span, int kinds) {
    visits v = visits_new(n);
    for (int64_t i = 0; i < n; i++) {
        v.user[i] = 1 + (uint64_t)random_below(users);
        v.time[i] = random_below(span);
        v.kind[i] = (uint16_t)(1 + random_below(kinds));
        v.item[i] = (uint64_t)random_below(4);
        v.category[i] = (uint64_t)random_below(3);
        v.channel[i] = (uint64_t)random_below(3);
    }
    return v;
}

void visits_free(visits *v) {
    free(v->user), free(v->item), free(v->category), free(v->channel);
    free(v->time), free(v->kind);
}

typedef struct place {
    uint64_t key;
    int64_t time, row;
} place;

static bool before(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key;
    return x->time != y->time ? x->time < y->time : x->row < y->row;
}

visits visits_sorted(const visits *v) {
    visits to = visits_new(v->n);
    place *p = malloc((size_t)v->n * sizeof *p + 1);
    for (int64_t i = 0; i < v->n; i++) p[i] = (place){pmkti_mix(v->user[i]), v->time[i], i};
    pmkti_sort(p, (size_t)v->n, sizeof *p, before);
    for (int64_t i = 0; i < v->n; i++) {
        const int64_t row = p[i].row;
        to.user[i] = v->user[row], to.time[i] = v->time[row], to.kind[i] = v->kind[row];
        to.item[i] = v->item[row], to.category[i] = v->category[row];
        to.channel[i] = v->channel[row];
    }
    free(p);
    return to;
}

pmkt_events visits_events(const visits *v) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = v->n, ev.user = v->user, ev.time = v->time, ev.kind = v->kind;
    ev.item = v->item, ev.category = v->category, ev.channel = v->channel;
    return ev;
}
