/*
 * paths_moves.c - the graph of moves from action to action.
 *
 * Kinds get slots, ascending, so that a move is a place in a small table; groups of parts have tables of
 * their own. The times of each move then go to a place of their own, where the median is found.
 */
#include <math.h>

#include "core/alloc.h"
#include "intent/paths.h"
#include "intent/quantile.h"

typedef struct moving {
    pmkti_looking *l;
    int64_t slots;  /* kinds, and none */
    int64_t *count; /* [groups * slots^2], later where the next time goes */
    int64_t *total; /* [slots^2] */
    int64_t *begin; /* [slots^2] of the times of each move */
    uint64_t *time; /* [rows] */
    double *median; /* [slots^2] */
} moving;

pmkt_status pmkti_paths_slots(pmkti_looking *l) {
    const pmkti_sessions *s = &l->s;
    l->slot = pmkti_alloc_zero(&l->allocator, PMKTI_PATHS_KINDS, sizeof *l->slot);
    if (!l->slot) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < s->rows; i++) l->slot[s->kind[i]] = 1;
    l->slots = 1;
    l->kind[0] = PMKT_KIND_NONE;
    for (int32_t k = 0; k < PMKTI_PATHS_KINDS; k++) {
        if (!l->slot[k]) continue;
        if (l->slots == PMKTI_PATHS_SLOTS) return PMKT_E_LIMIT;
        l->kind[l->slots] = k;
        l->slot[k] = (uint8_t)l->slots++;
    }
    return PMKT_OK;
}

/* Walks the sessions of a group: counts their moves, or writes their times to where `count` says. */
static void walk(const moving *m, int64_t group, bool writes) {
    const pmkti_sessions *s = &m->l->s;
    const int64_t slots = m->slots;
    int64_t *count = m->count + group * slots * slots, from, end;
    pmkti_paths_group(s, group, &from, &end);
    const int64_t last = s->user_at[s->part_at[end]];
    for (int64_t i = s->user_at[s->part_at[from]]; i < last; i++) {
        const int64_t first = s->session_at[i], stop = s->session_at[i + 1];
        int64_t at = m->l->slot[s->kind[first]];
        if (!writes) count[at]++;
        for (int64_t row = first + 1; row < stop; row++) {
            const int64_t to = m->l->slot[s->kind[row]];
            if (to == at && m->l->o.collapse) continue;
            int64_t *here = &count[at * slots + to];
            if (writes) m->time[*here] = (uint64_t)(s->time[row] - s->time[row - 1]);
            (*here)++;
            at = to;
        }
        if (!writes) count[at * slots]++;
    }
}

static pmkt_status count_group(void *ctx, int64_t group, int worker) {
    (void)worker;
    walk(ctx, group, false);
    return PMKT_OK;
}

static pmkt_status write_group(void *ctx, int64_t group, int worker) {
    (void)worker;
    walk(ctx, group, true);
    return PMKT_OK;
}

static pmkt_status find_median(void *ctx, int64_t move, int worker) {
    (void)worker;
    const moving *m = ctx;
    const bool timed = move / m->slots > 0 && move % m->slots > 0;
    double q[3] = {NAN, NAN, NAN};
    pmkt_status status = PMKT_OK;
    if (timed && m->total[move] > 0) {
        status = pmkti_quartiles(&m->l->allocator, m->time + m->begin[move], m->total[move], q);
    }
    m->median[move] = q[1];
    return status;
}

/* Sums the tables of the groups, and turns each into places. */
static void place(const moving *m) {
    const int64_t moves = m->slots * m->slots;
    int64_t at = 0;
    for (int64_t i = 0; i < moves; i++) {
        const bool timed = i / m->slots > 0 && i % m->slots > 0;
        m->begin[i] = at;
        m->total[i] = 0;
        for (int64_t g = 0; g < PMKTI_PATHS_GROUPS; g++) {
            const int64_t here = m->count[g * moves + i];
            m->count[g * moves + i] = at;
            m->total[i] += here;
            if (timed) at += here;
        }
    }
}

static pmkt_status write_moves(const moving *m) {
    pmkt_paths *out = m->l->out;
    const pmkt_allocator *a = &out->allocator;
    const int64_t moves = m->slots * m->slots;
    int64_t n = 0;
    for (int64_t i = 0; i < moves; i++) n += m->total[i] > 0;
    out->columns.n_moves = n;
    out->ends = pmkti_alloc(a, 2 * (size_t)n, sizeof *out->ends);
    out->moves = pmkti_alloc(a, (size_t)n, sizeof *out->moves);
    out->of_move = pmkti_alloc(a, 2 * (size_t)n, sizeof *out->of_move);
    if (!out->ends || !out->moves || !out->of_move) return PMKT_E_NOMEM;
    int64_t to = 0;
    for (int64_t from = 0; from < m->slots; from++) {
        int64_t all = 0;
        for (int64_t i = 0; i < m->slots; i++) all += m->total[from * m->slots + i];
        for (int64_t i = 0; i < m->slots; i++) {
            const int64_t here = m->total[from * m->slots + i];
            if (here == 0) continue;
            out->ends[to] = m->l->kind[from];
            out->ends[n + to] = m->l->kind[i];
            out->moves[to] = here;
            out->of_move[to] = (double)here / (double)all;
            out->of_move[n + to++] = m->median[from * m->slots + i];
        }
    }
    return PMKT_OK;
}

static pmkt_status make(moving *m, pmkti_stage stage) {
    const pmkt_allocator *a = &m->l->allocator;
    const pmkti_run *run = &m->l->run;
    m->slots = m->l->slots;
    const size_t moves = (size_t)(m->slots * m->slots);
    m->count = pmkti_alloc_zero(a, PMKTI_PATHS_GROUPS * moves, sizeof *m->count);
    m->total = pmkti_alloc(a, moves, sizeof *m->total);
    m->begin = pmkti_alloc(a, moves, sizeof *m->begin);
    m->median = pmkti_alloc(a, moves, sizeof *m->median);
    m->time = pmkti_alloc(a, (size_t)m->l->s.rows, sizeof *m->time);
    if (!m->count || !m->total || !m->begin || !m->median || !m->time) return PMKT_E_NOMEM;
    const double third = (stage.to - stage.from) / 3;
    const double at[2] = {stage.from + third, stage.to - third};
    pmkt_status status = pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, at[0]},
                                        count_group, m, PMKTI_PATHS_GROUPS);
    if (status) return status;
    place(m);
    status = pmkti_parallel(run, (pmkti_stage){stage.name, at[0], at[1]}, write_group, m,
                            PMKTI_PATHS_GROUPS);
    if (!status) {
        status = pmkti_parallel(run, (pmkti_stage){stage.name, at[1], stage.to}, find_median, m,
                                (int64_t)moves);
    }
    return status ? status : write_moves(m);
}

pmkt_status pmkti_paths_moves(pmkti_looking *l, pmkti_stage stage) {
    moving m = {.l = l};
    if (l->s.rows == 0) return PMKT_OK;
    const pmkt_status status = make(&m, stage);
    const pmkt_allocator *a = &l->allocator;
    const size_t moves = (size_t)(m.slots * m.slots);
    pmkti_free(a, m.count, PMKTI_PATHS_GROUPS * moves, sizeof *m.count);
    pmkti_free(a, m.total, moves, sizeof *m.total);
    pmkti_free(a, m.begin, moves, sizeof *m.begin);
    pmkti_free(a, m.median, moves, sizeof *m.median);
    pmkti_free(a, m.time, (size_t)l->s.rows, sizeof *m.time);
    return status;
}
