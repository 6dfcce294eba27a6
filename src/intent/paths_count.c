/*
 * paths_count.c - the most frequent paths.
 *
 * A path is known by two independent hashes of 64 bits, by which sessions are sorted; then equal ones stand
 * together, in the order of their users.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "intent/paths.h"

/* A path, and one session that took it. */
typedef struct path {
    int64_t count, users, conversions, session;
} path;

typedef struct counting {
    pmkti_looking *l;
    uint16_t *action;   /* [rows] the path of each session, from where its rows begin */
    int32_t *length;    /* [sessions] */
    uint8_t *converts;  /* [sessions] */
    int64_t *user;      /* [sessions] its number */
    pmkti_visit *visit; /* [sessions] */
    pmkti_visit *spare; /* [sessions] */
    int64_t *counts;    /* [PMKTI_VISIT_COUNTS] */
    path *top;          /* [room] best first */
    int64_t n, room, distinct;
} counting;

static void read_session(const counting *c, int64_t session) {
    const pmkti_looking *l = c->l;
    const uint16_t *kind = l->s.kind;
    const int64_t from = l->s.session_at[session], end = l->s.session_at[session + 1];
    uint64_t hash = 1, other = 2;
    int32_t n = 0;
    bool converts = false;
    for (int64_t i = from; i < end; i++) {
        converts |= kind[i] == l->o.goal;
        if (n == l->o.max_length || (l->o.collapse && i > from && kind[i] == kind[i - 1])) continue;
        c->action[from + n++] = kind[i];
        hash = pmkti_mix(hash + kind[i]);
        other = pmkti_mix((other ^ kind[i]) * UINT64_C(0x9e3779b97f4a7c15));
    }
    c->length[session] = n;
    c->converts[session] = converts;
    c->visit[session] = (pmkti_visit){hash, other, (uint64_t)session};
}

static pmkt_status read_part(void *ctx, int64_t part, int worker) {
    (void)worker;
    const counting *c = ctx;
    const pmkti_sessions *s = &c->l->s;
    for (int64_t u = s->part_at[part]; u < s->part_at[part + 1]; u++) {
        for (int64_t i = s->user_at[u]; i < s->user_at[u + 1]; i++) {
            c->user[i] = u;
            read_session(c, i);
        }
    }
    return PMKT_OK;
}

static const uint16_t *actions(const counting *c, const path *p) {
    return c->action + c->l->s.session_at[p->session];
}

static bool before(const counting *c, const path *a, const path *b) {
    if (a->count != b->count) return a->count > b->count;
    const int32_t n_a = c->length[a->session], n_b = c->length[b->session];
    const uint16_t *x = actions(c, a), *y = actions(c, b);
    for (int32_t i = 0; i < n_a && i < n_b; i++) {
        if (x[i] != y[i]) return x[i] < y[i];
    }
    return n_a < n_b;
}

/* Puts a path among the best, if it is one. */
static void offer(counting *c, const path *p) {
    if (c->n == c->room && !before(c, p, &c->top[c->n - 1])) return;
    int64_t low = 0, high = c->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (before(c, &c->top[middle], p))
            low = middle + 1;
        else
            high = middle;
    }
    if (c->n < c->room) c->n++;
    memmove(&c->top[low + 1], &c->top[low], (size_t)(c->n - 1 - low) * sizeof *c->top);
    c->top[low] = *p;
}

static void count_runs(counting *c) {
    const pmkti_visit *v = c->visit;
    const int64_t sessions = c->l->s.sessions;
    for (int64_t i = 0, next; i < sessions; i = next) {
        path p = {.session = (int64_t)v[i].what};
        for (next = i; next < sessions && v[next].key == v[i].key && v[next].time == v[i].time;
             next++) {
            const int64_t session = (int64_t)v[next].what;
            p.count++;
            p.conversions += c->converts[session];
            p.users += next == i || c->user[session] != c->user[v[next - 1].what];
        }
        c->distinct++;
        offer(c, &p);
    }
}

static pmkt_status write_top(const counting *c) {
    pmkt_paths *out = c->l->out;
    const pmkt_allocator *a = &out->allocator;
    for (int64_t i = 0; i < c->n; i++) out->n_kinds += c->length[c->top[i].session];
    out->columns.distinct = c->distinct;
    out->columns.n = c->n;
    out->at = pmkti_alloc(a, (size_t)c->n + 1, sizeof *out->at);
    out->kind = pmkti_alloc(a, (size_t)out->n_kinds, sizeof *out->kind);
    out->counts = pmkti_alloc(a, 3 * (size_t)c->n, sizeof *out->counts);
    if (!out->at || (c->n > 0 && (!out->kind || !out->counts))) return PMKT_E_NOMEM;
    int64_t to = 0;
    for (int64_t i = 0; i < c->n; i++) {
        const path *p = &c->top[i];
        out->at[i] = to;
        for (int32_t k = 0; k < c->length[p->session]; k++) out->kind[to++] = actions(c, p)[k];
        out->counts[i] = p->count;
        out->counts[c->n + i] = p->users;
        out->counts[2 * c->n + i] = p->conversions;
    }
    out->at[c->n] = to;
    for (int64_t i = 0; i < c->l->s.sessions; i++) out->columns.converted += c->converts[i];
    return PMKT_OK;
}

static pmkt_status count(counting *c, pmkti_stage stage) {
    const pmkti_sessions *s = &c->l->s;
    const pmkt_allocator *a = &c->l->allocator;
    const size_t n = (size_t)s->sessions;
    c->room = c->l->o.top < s->sessions ? c->l->o.top : s->sessions;
    if (n == 0) return write_top(c);
    c->action = pmkti_alloc(a, (size_t)s->rows, sizeof *c->action);
    c->length = pmkti_alloc(a, n, sizeof *c->length);
    c->converts = pmkti_alloc(a, n, sizeof *c->converts);
    c->user = pmkti_alloc(a, n, sizeof *c->user);
    c->visit = pmkti_alloc(a, n, sizeof *c->visit);
    c->spare = pmkti_alloc(a, n, sizeof *c->spare);
    c->counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *c->counts);
    c->top = pmkti_alloc(a, (size_t)c->room, sizeof *c->top);
    if (!c->action || !c->length || !c->converts || !c->user || !c->visit || !c->spare ||
        !c->counts || !c->top) {
        return PMKT_E_NOMEM;
    }
    const pmkt_status status = pmkti_parallel(&c->l->run, stage, read_part, c, s->parts);
    if (status) return status;
    pmkti_visits_sort(c->visit, c->spare, c->counts, s->sessions, 0);
    count_runs(c);
    return write_top(c);
}

pmkt_status pmkti_paths_count(pmkti_looking *l, pmkti_stage stage) {
    counting c = {.l = l};
    const pmkt_status status = count(&c, stage);
    const pmkt_allocator *a = &l->allocator;
    const size_t n = (size_t)l->s.sessions;
    pmkti_free(a, c.action, (size_t)l->s.rows, sizeof *c.action);
    pmkti_free(a, c.length, n, sizeof *c.length);
    pmkti_free(a, c.converts, n, sizeof *c.converts);
    pmkti_free(a, c.user, n, sizeof *c.user);
    pmkti_free(a, c.visit, n, sizeof *c.visit);
    pmkti_free(a, c.spare, n, sizeof *c.spare);
    pmkti_free(a, c.counts, PMKTI_VISIT_COUNTS, sizeof *c.counts);
    pmkti_free(a, c.top, (size_t)c.room, sizeof *c.top);
    return status;
}
