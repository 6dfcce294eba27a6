/*
 * model_files.c - a model as a file: what was counted, nothing that follows from it.
 *
 *   HEAD     one head
 *   ACTIONS  their numbers, ascending
 *   COUNTS   pmkti_count, by key
 *   DWELL    pmkti_dwell of each pair, as in memory
 *   CLASSES  what kinds are crossed with, in the order in which actions count them; only if there
 *            are any
 *
 * A loaded model is solved anew, so that there is no answer in a file that one would have to
 * believe.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/container.h"
#include "core/error.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/model_files.h"

enum {
    HEAD = 1,
    ACTIONS = 2,
    COUNTS = 3,
    DWELL = 4,
    CLASSES = PMKTI_INTENT_SECTIONS
};

#define VERSION 1 /* of each of them */

typedef struct head {
    int32_t order;
    uint32_t goal;
    int64_t gap_ms;
    int64_t sessions, buyers, counted;
} head;

_Static_assert(sizeof(head) == 40, "a head is 40 bytes");
_Static_assert(sizeof(pmkti_count) == 24, "a count is 24 bytes");
_Static_assert(sizeof(pmkti_dwell) == 32, "a dwell is 32 bytes");

static size_t pairs_of(const pmkt_intent *m) {
    return (size_t)m->facts.actions * (size_t)(m->facts.actions + 1);
}

/* -------------------------------------------------------------------- saving */

static pmkt_status put(pmkti_writer *w, uint32_t id, const void *at, size_t n, pmkt_error *err) {
    const pmkt_status status = pmkti_writer_section(w, id, VERSION, true, err);
    return status ? status : pmkti_writer_put(w, at, n, err);
}

pmkt_status pmkti_intent_put(const pmkt_intent *m, pmkti_writer *w, pmkt_error *err) {
    const head h = {m->facts.order,    m->facts.goal,   m->facts.gap_ms,
                    m->facts.sessions, m->facts.buyers, m->facts.counted};
    pmkt_status status = put(w, HEAD, &h, sizeof h, err);
    if (!status) {
        status = put(w, ACTIONS, m->action, (size_t)m->facts.actions * sizeof *m->action, err);
    }
    if (!status) status = put(w, COUNTS, m->counts, (size_t)m->n_counts * sizeof *m->counts, err);
    if (!status) status = put(w, DWELL, m->dwell, pairs_of(m) * sizeof *m->dwell, err);
    if (!status && m->classes) {
        status = put(w, CLASSES, m->classes, (size_t)m->facts.classes * sizeof *m->classes, err);
    }
    return status;
}

static pmkt_status save(const pmkt_intent *m, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    pmkti_run how;
    pmkti_writer *writer = NULL;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) {
        status = pmkti_writer_new(&m->allocator, path, PMKT_FILE_INTENT, options, &writer, err);
    }
    if (status) return status;
    status = pmkti_intent_put(m, writer, err);
    if (!status && pmkti_canceled(&how, 1, "saving")) status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (!status) return pmkti_writer_commit(writer, buffer, err);
    pmkti_writer_abort(writer);
    return status;
}

pmkt_status pmkt_intent_save(const pmkt_intent *model, const char *path,
                             const pmkt_save_options *options, const pmkt_run *run,
                             pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!path) return pmkti_null(err, "path");
    return save(model, path, options, run, NULL, err);
}

pmkt_status pmkt_intent_save_memory(const pmkt_intent *model, const pmkt_save_options *options,
                                    const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(model, NULL, options, run, buffer, err);
}

/* ------------------------------------------------------------------- loading */

/* Where to look for damage, and what has been found so far. */
typedef struct loader {
    pmkti_container *file;
    pmkt_intent *m;
    int64_t ends, buyers, all; /* sessions and steps in COUNTS */
    uint64_t followed[2];      /* bits: actions that follow something */
} loader;

static pmkt_status read_head(loader *l, pmkt_error *err) {
    head h;
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, HEAD, VERSION, sizeof h, &span, err);
    if (status) return status;
    if (span.size != sizeof h) return pmkti_corrupt(&span, 0, "the head is not one", err);
    memcpy(&h, span.at, sizeof h);
    if (h.order < 1 || h.order > PMKT_INTENT_MAX_ORDER || h.gap_ms < 1 ||
        h.gap_ms > PMKTI_MOST_DWELL || h.goal == 0 || h.goal >= PMKT_INTENT_START ||
        h.sessions < 0 || h.buyers < 0 || h.buyers > h.sessions || h.counted < h.sessions ||
        h.counted > PMKTI_MOST_COUNTED) {
        return pmkti_corrupt(&span, 0, "the head makes no sense", err);
    }
    pmkt_intent_facts *f = &l->m->facts;
    f->order = h.order, f->goal = h.goal, f->gap_ms = h.gap_ms;
    f->sessions = h.sessions, f->buyers = h.buyers, f->counted = h.counted;
    return PMKT_OK;
}

static pmkt_status read_actions(loader *l, pmkt_error *err) {
    pmkt_intent *m = l->m;
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, ACTIONS, VERSION, sizeof *m->action, &span, err);
    if (status) return status;
    const size_t n = span.size / sizeof *m->action;
    if (n > PMKT_INTENT_MAX_ACTIONS) return pmkti_corrupt(&span, 0, "too many actions", err);
    if (n > 0) memcpy(m->action, span.at, span.size);
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = m->action[i];
        if (a != 0 && a < PMKT_INTENT_START && a != m->facts.goal &&
            (i == 0 || a > m->action[i - 1])) {
            continue;
        }
        return pmkti_corrupt(&span, i * sizeof a, "this cannot be an action", err);
    }
    m->facts.actions = (int32_t)n;
    return PMKT_OK;
}

/* Whether a key is a longest context and what follows: full, or from START on. */
static bool is_key(const pmkt_intent *m, uint64_t key) {
    const uint32_t actions = (uint32_t)m->facts.actions, next = (uint32_t)(key & PMKTI_STEP_MASK);
    if (!(next >= 1 && next <= actions) && next != PMKTI_LEAVE && next != PMKTI_GOAL) return false;
    int32_t length = 0;
    uint32_t oldest = 0;
    for (uint64_t c = key >> PMKTI_STEP_BITS; c; c >>= PMKTI_STEP_BITS, length++) {
        if (oldest == PMKTI_START) return false; /* nothing comes before it */
        oldest = (uint32_t)(c & PMKTI_STEP_MASK);
        if (!(oldest >= 1 && oldest <= actions) && oldest != PMKTI_START) return false;
        if (length == m->facts.order) return false;
    }
    return length == m->facts.order || oldest == PMKTI_START;
}

static bool is_count(const pmkt_intent *m, const pmkti_count *c) {
    const uint32_t next = (uint32_t)(c->key & PMKTI_STEP_MASK);
    return is_key(m, c->key) && c->buyers >= 0 && c->buyers <= PMKTI_MOST_COUNTED &&
           c->others >= 0 && c->others <= PMKTI_MOST_COUNTED && c->buyers + c->others > 0 &&
           (next != PMKTI_LEAVE || c->buyers == 0) && (next != PMKTI_GOAL || c->others == 0);
}

static pmkt_status check_counts(loader *l, const pmkti_span *span, pmkt_error *err) {
    const pmkt_intent *m = l->m;
    for (int64_t i = 0; i < m->n_counts; i++) {
        const pmkti_count *c = &m->counts[i];
        if (!is_count(m, c) || (i > 0 && c->key <= m->counts[i - 1].key)) {
            return pmkti_corrupt(span, (size_t)i * sizeof *c, "this cannot be a count", err);
        }
        const uint32_t next = (uint32_t)(c->key & PMKTI_STEP_MASK);
        l->followed[next / 64] |= UINT64_C(1) << next % 64;
        l->all += c->buyers + c->others;
        if (l->all > m->facts.counted) break;
        if (next == PMKTI_LEAVE || next == PMKTI_GOAL) l->ends += c->buyers + c->others;
        if (next == PMKTI_GOAL) l->buyers += c->buyers;
    }
    if (l->all != m->facts.counted || l->ends != m->facts.sessions ||
        l->buyers != m->facts.buyers) {
        return pmkti_corrupt(span, 0, "the counts are not those that the head says", err);
    }
    for (uint32_t a = 1; a <= (uint32_t)m->facts.actions; a++) {
        if (l->followed[a / 64] >> a % 64 & 1) continue;
        return pmkti_corrupt(span, 0, "an action is never counted", err);
    }
    return PMKT_OK;
}

static pmkt_status read_counts(loader *l, pmkt_error *err) {
    pmkt_intent *m = l->m;
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, COUNTS, VERSION, sizeof *m->counts, &span, err);
    if (status) return status;
    const size_t n = span.size / sizeof *m->counts;
    m->counts = pmkti_alloc(&m->allocator, n, sizeof *m->counts);
    if (!m->counts && n) return pmkti_no_memory(err, span.size);
    m->n_counts = (int64_t)n;
    if (n) memcpy(m->counts, span.at, span.size);
    return check_counts(l, &span, err);
}

/* Sums of n times must be such as n times can have. They may be more than what is counted: a tracker that learns
   counts those of sessions that have not ended. */
static bool is_dwell(const pmkti_dwell *d) {
    const int64_t most_ln = INT64_C(22) << 20; /* of 2^31 ms, rounded up */
    if (d->n < 0 || d->n > PMKTI_MOST_COUNTED || d->ms < 0 || d->ln < 0 || d->square < 0)
        return false;
    return d->ms <= d->n * PMKTI_MOST_DWELL && d->ln <= d->n * most_ln &&
           d->square <= d->n * (most_ln * 22);
}

static pmkt_status read_dwell(loader *l, pmkt_error *err) {
    pmkt_intent *m = l->m;
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, DWELL, VERSION, sizeof *m->dwell, &span, err);
    if (status) return status;
    const size_t n = pairs_of(m);
    if (span.size / sizeof *m->dwell != n) {
        return pmkti_corrupt(&span, 0, "there are not as many times as pairs of actions", err);
    }
    m->dwell = pmkti_alloc(&m->allocator, n, sizeof *m->dwell);
    if (!m->dwell && n) return pmkti_no_memory(err, span.size);
    if (n) memcpy(m->dwell, span.at, span.size);
    int64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        const bool fits = is_dwell(&m->dwell[i]);
        if (fits) all += m->dwell[i].n;
        if (fits && all <= PMKTI_MOST_COUNTED) continue;
        return pmkti_corrupt(&span, i * sizeof *m->dwell, "these cannot be times", err);
    }
    return PMKT_OK;
}

static pmkt_status read_classes(loader *l, pmkt_error *err) {
    pmkt_intent *m = l->m;
    if (!pmkti_container_has(l->file, CLASSES)) return PMKT_OK;
    pmkti_span span = {.at = NULL};
    pmkt_status status =
        pmkti_container_section(l->file, CLASSES, VERSION, sizeof *m->classes, &span, err);
    if (status) return status;
    const int64_t n = (int64_t)(span.size / sizeof *m->classes);
    if (n == 0 || n > PMKT_INTENT_MAX_CLASSES) {
        return pmkti_corrupt(&span, 0, "there cannot be so many classes", err);
    }
    int64_t bad = 0;
    status = pmkti_classes_set(m, (const void *)span.at, n, &bad);
    if (status == PMKT_E_NOMEM) return pmkti_no_memory(err, span.size);
    if (!status) return PMKT_OK;
    return pmkti_corrupt(&span, (size_t)bad * sizeof *m->classes, "this cannot be a class", err);
}

static pmkt_status check_limit(const loader *l, pmkt_error *err) {
    const int64_t most = pmkti_container_max_bytes(l->file);
    if (most == 0 || l->m->facts.bytes <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "the model needs %lld bytes; max_bytes is %lld",
                      (long long)l->m->facts.bytes, (long long)most);
}

static pmkt_status read_all(loader *l, const pmkti_run *run, pmkti_stage stage, pmkt_error *err) {
    l->m = pmkti_intent_new(pmkti_container_allocator(l->file));
    if (!l->m) return pmkti_no_memory(err, sizeof *l->m);
    pmkt_status status = read_head(l, err);
    if (!status) status = read_actions(l, err);
    if (!status) status = read_counts(l, err);
    if (!status) status = read_dwell(l, err);
    if (!status) status = read_classes(l, err);
    if (!status) status = pmkti_chain_finish(l->m, run, stage, err);
    return status ? status : check_limit(l, err);
}

pmkt_status pmkti_intent_take(pmkti_container *file, const pmkti_run *run, pmkti_stage stage,
                              pmkt_intent **model, pmkt_error *err) {
    loader l = {.file = file};
    const pmkt_status status = read_all(&l, run, stage, err);
    if (status)
        pmkt_intent_release(l.m);
    else
        *model = l.m;
    return status;
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_intent **model, pmkt_error *err) {
    static const uint32_t known[] = {HEAD, ACTIONS, COUNTS, DWELL, CLASSES};
    const pmkti_schema schema = {PMKT_FILE_INTENT, known, sizeof known / sizeof *known};
    pmkti_container *file = NULL;
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) status = pmkti_container_open(source, &schema, options, &file, err);
    if (status) return status;
    status = pmkti_intent_take(file, &how, (pmkti_stage){"loading", 0.5, 1}, model, err);
    pmkti_container_close(file);
    return status;
}

pmkt_status pmkt_intent_load(const char *path, const pmkt_load_options *options,
                             const pmkt_run *run, pmkt_intent **model, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.path = path}, options, run, model, err);
}

pmkt_status pmkt_intent_load_memory(const void *bytes, size_t size,
                                    const pmkt_load_options *options, const pmkt_run *run,
                                    pmkt_intent **model, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, model, err);
}
