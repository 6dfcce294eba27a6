/*
 * sessions.c - parts by the hash of the user, each sorted and cut on its own.
 *
 * The passes: check the rows and count how many of each chunk go to each part; put them there, in the order of
 * the batch; sort each part and fill its columns, counting users and sessions; write the borders. Where the
 * rows of each user stand together and in order already, what is moved are runs of rows.
 */
#include "intent/sessions.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/hash.h"
#include "intent/sessions_runs.h"
#include "intent/sessions_sort.h"

#define CHUNK_BLOCKS 64
#define CHUNK ((int64_t)CHUNK_BLOCKS * PMKTI_EVENTS_BLOCK)
#define PART_ROWS 16384 /* on average, at least: what is sorted at once lies in a second cache */
#define PART_BITS 11    /* at most so many parts: each has a stream of its own to be written */
#define SIGN (UINT64_C(1) << 63)

/* What sorting a part takes. */
typedef struct scratch {
    pmkti_visit *spare; /* [n] */
    int64_t n;
    int64_t *counts; /* [PMKTI_VISIT_COUNTS] */
} scratch;

/* What a part holds; later, where its own begin. */
typedef struct part {
    int64_t users, sessions;
} part;

/* A column that goes along: a part's rows stand together before they are sorted, so that to put them in order
   afterwards is a matter of the cache. */
typedef struct moved {
    const uint64_t *from; /* [rows of the batch] */
    uint64_t *at;         /* [rows] by part, in the order of the batch; NULL if not wanted */
    uint64_t **to;        /* [rows] in the end's order */
} moved;

#define COLUMNS 5

typedef struct making {
    const pmkt_events *ev;
    const pmkti_sessions_plan *plan;
    pmkti_sessions *out;
    const pmkti_run *run;
    int64_t chunks;
    int bits;
    int workers;
    uint8_t *plain;         /* [blocks] no row of the block has a fault */
    uint8_t *rejected;      /* the caller's bits, or NULL */
    pmkt_report *reports;   /* [chunks] */
    int64_t *next;          /* [chunks * parts] where the chunk's next row of that part goes */
    int64_t *begin;         /* [parts + 1] rows */
    pmkti_visit *visits;    /* [rows] */
    moved moved[COLUMNS];   /* item, category, channel, extra, session */
    int64_t *row;           /* [rows] by part, if wanted */
    uint64_t *session;      /* [rows] in the end's order, if sessions part by it */
    part *part;             /* [parts + 1] */
    scratch *scratch;       /* [workers] */
    pmkti_follows *follows; /* [chunks] */
    pmkti_runs runs;        /* none: rows are sorted */
} making;

static inline int64_t part_of(const making *m, uint64_t key) {
    return m->bits > 0 ? (int64_t)(key >> (64 - m->bits)) : 0;
}

static int64_t end_of(const making *m, int64_t chunk) {
    const int64_t end = (chunk + 1) * CHUNK;
    return end < m->ev->rows ? end : m->ev->rows;
}

/* --------------------------------------------------------------------- parting */

static void count_block(const making *m, int64_t from, int64_t to, bool plain, pmkt_report *report,
                        int64_t *count) {
    const pmkt_events *ev = m->ev;
    for (int64_t i = from; i < to; i++) {
        const int32_t reason = plain ? -1 : pmkti_event_fault(ev, i);
        if (reason < 0) {
            count[part_of(m, pmkti_mix(ev->user[i]))]++;
            continue;
        }
        pmkti_report_reject(report, i, reason);
        if (m->rejected) m->rejected[i / 8] |= (uint8_t)(1u << (i % 8));
    }
}

static pmkt_status count_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const making *m = ctx;
    const int64_t end = end_of(m, chunk);
    m->reports[chunk].first_bad = -1;
    for (int64_t from = chunk * CHUNK; from < end; from += PMKTI_EVENTS_BLOCK) {
        const int64_t n = end - from < PMKTI_EVENTS_BLOCK ? end - from : PMKTI_EVENTS_BLOCK;
        const bool plain = pmkti_events_plain(m->ev, from, n);
        m->plain[from / PMKTI_EVENTS_BLOCK] = plain;
        count_block(m, from, from + n, plain, &m->reports[chunk], m->next + chunk * m->out->parts);
        pmkti_follows_count(m->ev, from, from + n, &m->follows[chunk]);
    }
    return PMKT_OK;
}

static pmkt_status scatter_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const making *m = ctx;
    const pmkt_events *ev = m->ev;
    int64_t *next = m->next + chunk * m->out->parts;
    const int64_t end = end_of(m, chunk);
    moved columns[COLUMNS];
    int n = 0;
    for (int c = 0; c < COLUMNS; c++) {
        if (m->moved[c].at) columns[n++] = m->moved[c];
    }
    for (int64_t i = chunk * CHUNK; i < end; i++) {
        if (!m->plain[i / PMKTI_EVENTS_BLOCK] && pmkti_event_fault(ev, i) >= 0) continue;
        const uint64_t key = pmkti_mix(ev->user[i]);
        const uint64_t kind = (uint64_t)pmkti_event_kind(ev, i);
        const int64_t p = part_of(m, key), to = next[p]++;
        const uint64_t local = (uint64_t)(to - m->begin[p]);
        m->visits[to] =
            (pmkti_visit){key, (uint64_t)ev->time[i] ^ SIGN, local << PMKTI_VISIT_KIND_BITS | kind};
        if (m->row) m->row[to] = i;
        for (int c = 0; c < n; c++) columns[c].at[to] = columns[c].from[i];
    }
    return PMKT_OK;
}

/* Turns counts into places; `begin` gets the borders of the parts. */
static void place(making *m) {
    const int64_t parts = m->out->parts;
    int64_t at = 0;
    for (int64_t p = 0; p < parts; p++) {
        m->begin[p] = at;
        for (int64_t c = 0; c < m->chunks; c++) {
            const int64_t here = m->next[c * parts + p];
            m->next[c * parts + p] = at;
            at += here;
        }
    }
    m->begin[parts] = m->out->rows = at;
}

/* --------------------------------------------------------------------- sorting */

static bool scratch_reserve(const pmkt_allocator *a, scratch *s, int64_t n) {
    if (!s->counts) s->counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *s->counts);
    if (!s->counts) return false;
    if (n <= s->n) return true;
    pmkti_free(a, s->spare, (size_t)s->n, sizeof *s->spare);
    s->spare = pmkti_alloc(a, (size_t)n, sizeof *s->spare);
    s->n = s->spare ? n : 0;
    return s->spare != NULL;
}

static void fill_columns(const making *m, int64_t from, int64_t n) {
    const pmkti_visit *v = m->visits + from;
    pmkti_sessions *s = m->out;
    for (int64_t i = 0; i < n; i++) s->time[from + i] = (int64_t)(v[i].time ^ SIGN);
    for (int64_t i = 0; i < n; i++) s->kind[from + i] = (uint16_t)v[i].what;
    for (int64_t i = 0; s->row && i < n; i++) {
        s->row[from + i] = m->row[from + (int64_t)(v[i].what >> PMKTI_VISIT_KIND_BITS)];
    }
    for (int c = 0; c < COLUMNS; c++) {
        const uint64_t *at = m->moved[c].at;
        if (!at) continue;
        uint64_t *to = *m->moved[c].to + from;
        for (int64_t i = 0; i < n; i++)
            to[i] = at[from + (int64_t)(v[i].what >> PMKTI_VISIT_KIND_BITS)];
    }
}

/* Whether a session begins at row i, which is not the first of its user. */
static inline bool parts_here(const making *m, int64_t i) {
    if (m->out->time[i] - m->out->time[i - 1] > m->plan->gap_ms) return true;
    return m->session && m->session[i] != m->session[i - 1];
}

static pmkt_status sort_part(void *ctx, int64_t p, int worker) {
    const making *m = ctx;
    const int64_t from = m->begin[p], n = m->begin[p + 1] - from;
    scratch *s = &m->scratch[worker];
    if (n == 0) return PMKT_OK;
    if (!scratch_reserve(&m->out->allocator, s, n)) return PMKT_E_NOMEM;
    pmkti_visit *v = m->visits + from;
    pmkti_visits_sort(v, s->spare, s->counts, n, m->bits);
    fill_columns(m, from, n);
    part found = {1, 1};
    for (int64_t i = 1; i < n; i++) {
        const bool user = v[i].key != v[i - 1].key;
        found.users += user;
        found.sessions += user || parts_here(m, from + i);
    }
    m->part[p] = found;
    return PMKT_OK;
}

/* ------------------------------------------------------------------------ runs */

/* Where the runs of a part begin; of m->out->parts, how many runs there are. */
static int64_t run_of(const making *m, int64_t p) {
    if (p == m->out->parts) return m->runs.n;
    return p > 0 ? pmkti_runs_at(&m->runs, (uint64_t)p << (64 - m->bits)) : 0;
}

static void copy_run(const making *m, int64_t from, int64_t n, int64_t to) {
    const pmkt_events *ev = m->ev;
    pmkti_sessions *s = m->out;
    memcpy(s->time + to, ev->time + from, (size_t)n * sizeof *s->time);
    if (ev->kind)
        memcpy(s->kind + to, ev->kind + from, (size_t)n * sizeof *s->kind);
    else
        for (int64_t i = 0; i < n; i++) s->kind[to + i] = (uint16_t)ev->every_kind;
    for (int64_t i = 0; s->row && i < n; i++) s->row[to + i] = from + i;
    for (int c = 0; c < COLUMNS; c++) {
        if (!*m->moved[c].to) continue;
        memcpy(*m->moved[c].to + to, m->moved[c].from + from, (size_t)n * sizeof(uint64_t));
    }
}

static pmkt_status copy_part(void *ctx, int64_t p, int worker) {
    (void)worker;
    const making *m = ctx;
    const pmkti_visit *run = m->runs.run;
    const int64_t first = run_of(m, p), last = run_of(m, p + 1);
    part found = {0, 0};
    for (int64_t r = first, to = m->begin[p]; r < last; r++) {
        const bool user = r == first || run[r].key != run[r - 1].key;
        const int64_t n = (int64_t)run[r].what;
        copy_run(m, (int64_t)run[r].time, n, to);
        found.users += user;
        found.sessions += user || parts_here(m, to);
        for (int64_t i = to + 1; i < to + n; i++) found.sessions += parts_here(m, i);
        to += n;
    }
    m->part[p] = found;
    return PMKT_OK;
}

static pmkt_status write_run_borders(void *ctx, int64_t p, int worker) {
    (void)worker;
    const making *m = ctx;
    const pmkti_visit *run = m->runs.run;
    pmkti_sessions *s = m->out;
    int64_t u = m->part[p].users, at = m->part[p].sessions;
    const int64_t first = run_of(m, p), last = run_of(m, p + 1);
    for (int64_t r = first, to = m->begin[p]; r < last; r++) {
        const bool user = r == first || run[r].key != run[r - 1].key;
        const int64_t n = (int64_t)run[r].what;
        if (user) {
            s->user[u] = pmkti_unmix(run[r].key);
            s->user_at[u++] = at;
        }
        if (user || parts_here(m, to)) s->session_at[at++] = to;
        for (int64_t i = to + 1; i < to + n; i++) {
            if (parts_here(m, i)) s->session_at[at++] = i;
        }
        to += n;
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------------- borders */

static pmkt_status write_borders(void *ctx, int64_t p, int worker) {
    (void)worker;
    const making *m = ctx;
    pmkti_sessions *s = m->out;
    int64_t u = m->part[p].users, at = m->part[p].sessions;
    const pmkti_visit *v = m->visits;
    const int64_t begin = m->begin[p];
    for (int64_t i = begin; i < m->begin[p + 1]; i++) {
        const bool user = i == begin || v[i].key != v[i - 1].key;
        if (!user && !parts_here(m, i)) continue;
        if (user) {
            s->user[u] = pmkti_unmix(v[i].key);
            s->user_at[u++] = at;
        }
        s->session_at[at++] = i;
    }
    return PMKT_OK;
}

/* Adds up what the parts hold, and makes room for it. */
static pmkt_status make_borders(making *m) {
    pmkti_sessions *s = m->out;
    for (int64_t p = 0; p < s->parts; p++) {
        const part here = m->part[p];
        m->part[p] = (part){s->users, s->sessions};
        s->part_at[p] = s->users;
        s->users += here.users;
        s->sessions += here.sessions;
    }
    s->part_at[s->parts] = s->users;
    const pmkt_allocator *a = &s->allocator;
    s->user = pmkti_alloc(a, (size_t)s->users, sizeof *s->user);
    s->user_at = pmkti_alloc(a, (size_t)s->users + 1, sizeof *s->user_at);
    s->session_at = pmkti_alloc(a, (size_t)s->sessions + 1, sizeof *s->session_at);
    if ((s->users > 0 && !s->user) || !s->user_at || !s->session_at) return PMKT_E_NOMEM;
    s->user_at[s->users] = s->sessions;
    s->session_at[s->sessions] = s->rows;
    return PMKT_OK;
}

/* -------------------------------------------------------------------- the stages */

static bool columns(making *m) {
    pmkti_sessions *s = m->out;
    const pmkt_events *ev = m->ev;
    const bool wanted[COLUMNS] = {m->plan->item, m->plan->category, m->plan->channel, true,
                                  m->plan->by_column};
    const moved all[COLUMNS] = {{ev->item, NULL, &s->item},
                                {ev->category, NULL, &s->category},
                                {ev->channel, NULL, &s->channel},
                                {m->plan->extra, NULL, &s->extra},
                                {ev->session, NULL, &m->session}};
    for (int c = 0; c < COLUMNS; c++) {
        m->moved[c] = all[c];
        if (!wanted[c] || !all[c].from) continue;
        *all[c].to = pmkti_alloc(&s->allocator, (size_t)s->rows, sizeof(uint64_t));
        if (!*all[c].to) return false;
        if (m->runs.n > 0) continue;
        m->moved[c].at = pmkti_alloc(&s->allocator, (size_t)s->rows, sizeof(uint64_t));
        if (!m->moved[c].at) return false;
    }
    return true;
}

static pmkt_status make_columns(making *m) {
    pmkti_sessions *s = m->out;
    const size_t rows = (size_t)s->rows;
    if (rows == 0) return PMKT_OK;
    const pmkt_allocator *a = &s->allocator;
    const bool sorts = m->runs.n == 0, keeps = m->plan->row;
    if (sorts) m->visits = pmkti_alloc(a, rows, sizeof *m->visits);
    s->time = pmkti_alloc(a, rows, sizeof *s->time);
    s->kind = pmkti_alloc(a, rows, sizeof *s->kind);
    if (keeps) s->row = pmkti_alloc(a, rows, sizeof *s->row);
    if (keeps && sorts) m->row = pmkti_alloc(a, rows, sizeof *m->row);
    const bool fine = (!sorts || m->visits) && s->time && s->kind && (!keeps || s->row) &&
                      (!keeps || !sorts || m->row) && columns(m);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

static pmkt_status begin(making *m) {
    const int64_t rows = m->ev->rows;
    const pmkt_allocator *a = &m->out->allocator;
    while (m->bits < PART_BITS && rows >> m->bits > PART_ROWS) m->bits++;
    const int64_t parts = INT64_C(1) << m->bits;
    m->chunks = (rows + CHUNK - 1) / CHUNK;
    m->workers = pmkti_workers(m->run, m->chunks > parts ? m->chunks : parts);
    m->out->parts = parts;
    m->plain = pmkti_alloc(a, (size_t)m->chunks * CHUNK_BLOCKS, sizeof *m->plain);
    m->reports = pmkti_alloc_zero(a, (size_t)m->chunks, sizeof *m->reports);
    m->follows = pmkti_alloc_zero(a, (size_t)m->chunks, sizeof *m->follows);
    m->next = pmkti_alloc_zero(a, (size_t)(m->chunks * parts), sizeof *m->next);
    m->begin = pmkti_alloc(a, (size_t)parts + 1, sizeof *m->begin);
    m->part = pmkti_alloc_zero(a, (size_t)parts, sizeof *m->part);
    m->scratch = pmkti_alloc_zero(a, (size_t)m->workers, sizeof *m->scratch);
    m->out->part_at = pmkti_alloc(a, (size_t)parts + 1, sizeof *m->out->part_at);
    const bool fine = m->begin && m->part && m->scratch && m->out->part_at &&
                      (m->chunks == 0 || (m->plain && m->reports && m->follows && m->next));
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

static void end(making *m) {
    const pmkt_allocator *a = &m->out->allocator;
    const size_t parts = (size_t)1 << m->bits, chunks = (size_t)m->chunks;
    for (int w = 0; m->scratch && w < m->workers; w++) {
        pmkti_free(a, m->scratch[w].spare, (size_t)m->scratch[w].n, sizeof *m->scratch[w].spare);
        pmkti_free(a, m->scratch[w].counts, PMKTI_VISIT_COUNTS, sizeof *m->scratch[w].counts);
    }
    pmkti_free(a, m->plain, chunks * CHUNK_BLOCKS, sizeof *m->plain);
    pmkti_free(a, m->reports, chunks, sizeof *m->reports);
    pmkti_free(a, m->follows, chunks, sizeof *m->follows);
    pmkti_runs_free(&m->runs);
    pmkti_free(a, m->next, chunks * parts, sizeof *m->next);
    pmkti_free(a, m->begin, parts + 1, sizeof *m->begin);
    pmkti_free(a, m->part, parts, sizeof *m->part);
    pmkti_free(a, m->scratch, (size_t)m->workers, sizeof *m->scratch);
    const size_t rows = (size_t)m->out->rows;
    for (int c = 0; c < COLUMNS; c++) pmkti_free(a, m->moved[c].at, rows, sizeof(uint64_t));
    pmkti_free(a, m->row, rows, sizeof *m->row);
    pmkti_free(a, m->session, rows, sizeof *m->session);
    pmkti_free(a, m->visits, rows, sizeof *m->visits);
}

/* Counts the bad rows; fails if there are any and the batch wants none. */
static pmkt_status tell_bad(const making *m, pmkt_report *report, pmkt_error *err) {
    for (int64_t c = 0; c < m->chunks; c++) pmkti_report_add(report, &m->reports[c]);
    if (report->rejected > 0 && m->ev->on_bad == PMKT_ON_BAD_FAIL) {
        report->accepted = report->ignored = 0;
        return pmkti_report_fail(report, pmkti_event_fault(m->ev, report->first_bad), err);
    }
    report->accepted = report->rows - report->rejected;
    return PMKT_OK;
}

/* Parts into columns: at[0] to at[3] are the shares of the work of the steps. */
static pmkt_status fill(making *m, const char *name, const double *at) {
    const pmkti_run *run = m->run;
    const int64_t parts = m->out->parts;
    if (m->runs.n > 0) {
        pmkt_status status =
            pmkti_parallel(run, (pmkti_stage){name, at[0], at[2]}, copy_part, m, parts);
        if (!status) status = make_borders(m);
        if (status) return status;
        return pmkti_parallel(run, (pmkti_stage){name, at[2], at[3]}, write_run_borders, m, parts);
    }
    pmkt_status status =
        pmkti_parallel(run, (pmkti_stage){name, at[0], at[1]}, scatter_chunk, m, m->chunks);
    if (!status) {
        status = pmkti_parallel(run, (pmkti_stage){name, at[1], at[2]}, sort_part, m, parts);
    }
    if (!status) status = make_borders(m);
    if (status) return status;
    return pmkti_parallel(run, (pmkti_stage){name, at[2], at[3]}, write_borders, m, parts);
}

static pmkt_status make(making *m, pmkti_stage stage, pmkt_report *report, pmkt_error *err) {
    const double length = stage.to - stage.from;
    const double counted = stage.from + length * 0.15, found = stage.from + length * 0.2;
    const double at[4] = {found, stage.from + length * 0.4, stage.from + length * 0.9, stage.to};
    const pmkti_run *run = m->run;
    pmkt_status status = begin(m);
    if (!status) {
        status = pmkti_parallel(run, (pmkti_stage){stage.name, stage.from, counted}, count_chunk, m,
                                m->chunks);
    }
    if (status) return status;
    status = tell_bad(m, report, err);
    if (status) return status;
    place(m);
    if (report->rejected == 0) {
        status = pmkti_runs_find(m->ev, m->follows, CHUNK, &m->out->allocator, run,
                                 (pmkti_stage){stage.name, counted, found}, &m->runs);
    }
    if (!status) status = make_columns(m);
    return status ? status : fill(m, stage.name, at);
}

pmkt_status pmkti_sessions_make(const pmkt_events *ev, const pmkti_sessions_plan *plan,
                                const pmkt_allocator *allocator, const pmkti_run *run,
                                pmkti_stage stage, pmkt_report *report, pmkti_sessions *out,
                                pmkt_error *err) {
    *out = (pmkti_sessions){.allocator = *allocator};
    making m = {.ev = ev, .plan = plan, .out = out, .run = run, .rejected = report->rejected_bits};
    const pmkt_status status = make(&m, stage, report, err);
    end(&m);
    if (!status) return status;
    pmkti_sessions_free(out);
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, (size_t)ev->rows * sizeof *m.visits);
    return status == PMKT_E_BAD_ROW ? status : pmkti_stopped(err, status);
}

void pmkti_sessions_free(pmkti_sessions *s) {
    const pmkt_allocator a = s->allocator;
    const size_t rows = (size_t)s->rows;
    pmkti_free(&a, s->time, rows, sizeof *s->time);
    pmkti_free(&a, s->kind, rows, sizeof *s->kind);
    pmkti_free(&a, s->item, rows, sizeof *s->item);
    pmkti_free(&a, s->category, rows, sizeof *s->category);
    pmkti_free(&a, s->channel, rows, sizeof *s->channel);
    pmkti_free(&a, s->extra, rows, sizeof *s->extra);
    pmkti_free(&a, s->row, rows, sizeof *s->row);
    pmkti_free(&a, s->user, (size_t)s->users, sizeof *s->user);
    pmkti_free(&a, s->user_at, (size_t)s->users + 1, sizeof *s->user_at);
    pmkti_free(&a, s->session_at, (size_t)s->sessions + 1, sizeof *s->session_at);
    pmkti_free(&a, s->part_at, (size_t)s->parts + 1, sizeof *s->part_at);
    *s = (pmkti_sessions){0};
}
