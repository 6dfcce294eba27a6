/*
 * funnel_follow.c - the attempt that counts of each user or session.
 *
 * Attempts that begin later never reach a step earlier. So a place for each step that only moves ahead does
 * for all attempts of one user, and nothing is looked at twice, whatever the events are.
 */
#include "core/alloc.h"
#include "core/hash.h"
#include "intent/funnel.h"

/* The rows of one unit, or those of one item of it. */
typedef struct line {
    int64_t n;
    const int64_t *row; /* [n] ascending; NULL: from `from` on, each */
    int64_t from;
    const uint32_t *match; /* [n] a bit for each step */
} line;

/* What a worker needs. */
typedef struct scratch {
    int64_t room;
    uint32_t *match;    /* [room] */
    int64_t *row;       /* [room] rows by item */
    pmkti_visit *visit; /* [2 * room] */
    int64_t *counts;    /* [PMKTI_VISIT_COUNTS] */
} scratch;

typedef struct job {
    pmkti_following *f;
    scratch *scratch;
} job;

static inline int64_t row_of(const line *l, int64_t i) {
    return l->row ? l->row[i] : l->from + i;
}

static uint32_t match_of(const pmkti_following *f, int64_t row) {
    const pmkti_sessions *s = &f->s;
    uint32_t match = f->kind_steps[s->kind[row]];
    for (uint32_t left = match & f->conditions; left != 0; left &= left - 1) {
        const pmkt_funnel_step *step = &f->steps[__builtin_ctz(left)];
        if ((step->item && s->item[row] != step->item) ||
            (step->category && s->category[row] != step->category) ||
            (step->channel && s->channel[row] != step->channel)) {
            match &= ~(left & -left);
        }
    }
    return match;
}

/* How far the attempt that begins at i with step `first` comes; at[k] gets the place of each step. What is
   in `at` is of an earlier attempt with the same first step, or -1. */
static int32_t reach(const pmkti_following *f, const line *l, int32_t first, int64_t i,
                     int64_t *at) {
    const int64_t *time = f->s.time, window = f->o.window_ms;
    const int64_t begin = time[row_of(l, i)];
    at[first] = i;
    int32_t k = first;
    for (; k + 1 < f->n_steps; k++) {
        int64_t to = at[k + 1] > at[k] ? at[k + 1] : at[k] + 1;
        if (f->o.strict) {
            if (to > at[k] + 1 || to >= l->n || !(l->match[to] >> (k + 1) & 1)) break;
        } else {
            while (to < l->n && !(l->match[to] >> (k + 1) & 1)) to++;
        }
        if (!f->o.strict) at[k + 1] = to;
        if (to >= l->n) break;
        if (window > 0 && time[row_of(l, to)] - begin > window) break;
        at[k + 1] = to;
    }
    return k;
}

/* Whether an attempt goes before the one that counts so far. */
static bool better(const pmkti_attempt *best, int32_t first, int32_t last, int64_t begin) {
    if (last != best->last) return last > best->last;
    if (first != best->first) return first < best->first;
    return begin < best->begin;
}

static void take(const pmkti_following *f, const line *l, int32_t first, int32_t last,
                 const int64_t *at, int64_t end, pmkti_attempt *best, int64_t *elapsed) {
    const int64_t *time = f->s.time;
    const int64_t row = row_of(l, at[last]);
    best->first = first;
    best->last = last;
    best->begin = row_of(l, at[first]);
    best->next_kind = row + 1 < end ? f->s.kind[row + 1] : PMKT_KIND_NONE;
    for (int32_t k = first; k < last; k++) {
        elapsed[k] = time[row_of(l, at[k + 1])] - time[row_of(l, at[k])];
    }
}

/* Tries all attempts on a line; `end` is where the unit ends. */
static void follow_line(const pmkti_following *f, const line *l, int64_t end, pmkti_attempt *best,
                        int64_t *elapsed) {
    const int32_t firsts = f->o.open ? f->n_steps : 1;
    for (int32_t first = 0; first < firsts; first++) {
        int64_t at[PMKTI_FUNNEL_STEPS];
        for (int32_t k = 0; k < f->n_steps; k++) at[k] = -1;
        for (int64_t i = 0; i < l->n; i++) {
            if (!(l->match[i] >> first & 1)) continue;
            if (f->o.strict) {
                for (int32_t k = first; k < f->n_steps; k++) at[k] = -1;
            }
            const int32_t last = reach(f, l, first, i, at);
            if (better(best, first, last, row_of(l, i))) {
                take(f, l, first, last, at, end, best, elapsed);
            }
            if (last == f->n_steps - 1) break; /* a later one is no better */
        }
    }
}

/* With no window, an attempt that begins later comes no farther than the first: one look at each row. */
static void follow_first(const pmkti_following *f, int64_t from, int64_t end, pmkti_attempt *best,
                         int64_t *elapsed) {
    const line l = {end - from, NULL, from, NULL};
    int64_t at[PMKTI_FUNNEL_STEPS];
    int32_t k = 0;
    for (int64_t row = from; row < end; row++) {
        if (!(f->kind_steps[f->s.kind[row]] >> k & 1) || !(match_of(f, row) >> k & 1)) continue;
        at[k] = row - from;
        if (++k == f->n_steps) break;
    }
    if (k > 0) take(f, &l, 0, k - 1, at, end, best, elapsed);
}

static void scratch_free(const pmkt_allocator *a, scratch *s) {
    const size_t room = (size_t)s->room;
    pmkti_free(a, s->match, room, sizeof *s->match);
    pmkti_free(a, s->row, room, sizeof *s->row);
    pmkti_free(a, s->visit, 2 * room, sizeof *s->visit);
    pmkti_free(a, s->counts, PMKTI_VISIT_COUNTS, sizeof *s->counts);
    *s = (scratch){0};
}

static bool scratch_reserve(const pmkt_allocator *a, scratch *s, int64_t n, bool sorts) {
    if (n <= s->room) return true;
    scratch_free(a, s);
    s->room = n + n / 2;
    const size_t room = (size_t)s->room;
    s->match = pmkti_alloc(a, room, sizeof *s->match);
    if (!sorts) return s->match != NULL;
    s->row = pmkti_alloc(a, room, sizeof *s->row);
    s->visit = pmkti_alloc(a, 2 * room, sizeof *s->visit);
    s->counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *s->counts);
    return s->match && s->row && s->visit && s->counts;
}

/* Follows each item (category) of a unit on its own. */
static void follow_held(const pmkti_following *f, scratch *s, int64_t from, int64_t end,
                        pmkti_attempt *best, int64_t *elapsed) {
    const uint64_t *held = f->o.hold == PMKT_FUNNEL_SAME_ITEM ? f->s.item : f->s.category;
    int64_t n = 0;
    for (int64_t row = from; row < end; row++) {
        if (held[row] == PMKT_ID_NONE) continue;
        s->visit[n] = (pmkti_visit){pmkti_mix(held[row]), (uint64_t)n, (uint64_t)(row - from)};
        n++;
    }
    pmkti_visits_sort(s->visit, s->visit + s->room, s->counts, n, 0);
    for (int64_t i = 0; i < n; i++) {
        s->row[i] = from + (int64_t)s->visit[i].what;
        s->match[i] = match_of(f, s->row[i]);
    }
    for (int64_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && s->visit[next].key == s->visit[i].key;) next++;
        const line l = {next - i, s->row + i, 0, s->match + i};
        follow_line(f, &l, end, best, elapsed);
    }
}

static void follow_unit(const pmkti_following *f, scratch *s, int64_t from, int64_t end,
                        pmkti_attempt *best, int64_t *elapsed) {
    *best = (pmkti_attempt){.last = -1};
    if (f->o.hold != PMKT_FUNNEL_ANYTHING) {
        follow_held(f, s, from, end, best, elapsed);
        return;
    }
    if (!f->o.open && !f->o.strict && f->o.window_ms == 0) {
        follow_first(f, from, end, best, elapsed);
        return;
    }
    for (int64_t row = from; row < end; row++) s->match[row - from] = match_of(f, row);
    const line l = {end - from, NULL, from, s->match};
    follow_line(f, &l, end, best, elapsed);
}

static pmkt_status follow_part(void *ctx, int64_t part, int worker) {
    const job *j = ctx;
    pmkti_following *f = j->f;
    const pmkti_sessions *s = &f->s;
    scratch *mine = &j->scratch[worker];
    const bool sorts = f->o.hold != PMKT_FUNNEL_ANYTHING;
    const bool sessions = f->o.count == PMKT_FUNNEL_SESSIONS;
    for (int64_t u = s->part_at[part]; u < s->part_at[part + 1]; u++) {
        const int64_t first = sessions ? s->user_at[u] : u;
        const int64_t last = sessions ? s->user_at[u + 1] : u + 1;
        for (int64_t unit = first; unit < last; unit++) {
            const int64_t from = sessions ? s->session_at[unit] : pmkti_sessions_begin(s, u);
            const int64_t end = sessions ? s->session_at[unit + 1] : pmkti_sessions_begin(s, u + 1);
            if (!scratch_reserve(&f->allocator, mine, end - from, sorts)) return PMKT_E_NOMEM;
            pmkti_attempt *best = &f->attempt[unit];
            follow_unit(f, mine, from, end, best, f->elapsed + unit * (f->n_steps - 1));
            best->user = s->user[u];
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_funnel_follow(pmkti_following *f, pmkti_stage stage) {
    const pmkt_allocator *a = &f->allocator;
    f->units = f->o.count == PMKT_FUNNEL_SESSIONS ? f->s.sessions : f->s.users;
    if (f->units == 0) return PMKT_OK;
    f->attempt = pmkti_alloc(a, (size_t)f->units, sizeof *f->attempt);
    f->elapsed = pmkti_alloc(a, (size_t)(f->units * (f->n_steps - 1)), sizeof *f->elapsed);
    const int workers = pmkti_workers(&f->run, f->s.parts);
    job j = {f, pmkti_alloc_zero(a, (size_t)workers, sizeof *j.scratch)};
    const bool fine = f->attempt && (f->elapsed || f->n_steps == 1) && j.scratch;
    pmkt_status status = PMKT_E_NOMEM;
    if (fine) status = pmkti_parallel(&f->run, stage, follow_part, &j, f->s.parts);
    for (int w = 0; j.scratch && w < workers; w++) scratch_free(a, &j.scratch[w]);
    pmkti_free(a, j.scratch, (size_t)workers, sizeof *j.scratch);
    return status;
}
