#include "intent/sessions_runs.h"

#include "core/alloc.h"
#include "core/hash.h"

#define LEAST_ROWS 4 /* of a run, on average: below it, rows are sorted as fast */

void pmkti_follows_count(const pmkt_events *ev, int64_t from, int64_t end, pmkti_follows *f) {
    const uint64_t *user = ev->user;
    const int64_t *time = ev->time;
    int64_t runs = 0, back = 0;
    if (from == 0 && end > 0) runs++, from++;
    for (int64_t i = from; i < end; i++) {
        const bool other = user[i] != user[i - 1];
        runs += other;
        back += !other & (time[i] < time[i - 1]);
    }
    f->runs += runs;
    f->goes_back = f->goes_back || back > 0;
}

typedef struct finding {
    const pmkt_events *ev;
    pmkti_visit *run;
    int64_t *at; /* [chunks] the first run that begins in each */
    int64_t chunk_rows;
} finding;

static pmkt_status find_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const finding *f = ctx;
    const uint64_t *user = f->ev->user;
    const int64_t from = chunk * f->chunk_rows;
    const int64_t end = f->ev->rows - from < f->chunk_rows ? f->ev->rows : from + f->chunk_rows;
    int64_t to = f->at[chunk];
    for (int64_t i = from; i < end; i++) {
        if (i > 0 && user[i] == user[i - 1]) continue;
        f->run[to++] = (pmkti_visit){pmkti_mix(user[i]), (uint64_t)i, 0};
    }
    return PMKT_OK;
}

/* Whether each user's runs are one after the other in time as well. */
static bool are_in_order(const pmkt_events *ev, const pmkti_visit *run, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        if (run[i].key != run[i - 1].key) continue;
        if (ev->time[run[i].time] < ev->time[run[i - 1].time + run[i - 1].what - 1]) return false;
    }
    return true;
}

static pmkt_status find(finding *f, int64_t chunks, const pmkti_run *run, pmkti_stage stage,
                        pmkti_runs *out) {
    const pmkt_allocator *a = &out->allocator;
    pmkti_visit *spare = pmkti_alloc(a, (size_t)out->room, sizeof *spare);
    int64_t *counts = pmkti_alloc(a, PMKTI_VISIT_COUNTS, sizeof *counts);
    pmkt_status status = spare && counts ? PMKT_OK : PMKT_E_NOMEM;
    if (!status) status = pmkti_parallel(run, stage, find_chunk, f, chunks);
    if (!status) {
        const int64_t n = out->room, rows = f->ev->rows;
        for (int64_t i = 0; i < n; i++) {
            const uint64_t end = i + 1 < n ? f->run[i + 1].time : (uint64_t)rows;
            f->run[i].what = end - f->run[i].time;
        }
        pmkti_visits_sort(f->run, spare, counts, n, 0);
        if (are_in_order(f->ev, f->run, n)) out->n = n;
    }
    pmkti_free(a, spare, (size_t)out->room, sizeof *spare);
    pmkti_free(a, counts, PMKTI_VISIT_COUNTS, sizeof *counts);
    return status;
}

pmkt_status pmkti_runs_find(const pmkt_events *ev, const pmkti_follows *follows, int64_t chunk_rows,
                            const pmkt_allocator *allocator, const pmkti_run *run,
                            pmkti_stage stage, pmkti_runs *out) {
    *out = (pmkti_runs){.allocator = *allocator};
    const int64_t chunks = (ev->rows + chunk_rows - 1) / chunk_rows;
    int64_t n = 0;
    for (int64_t c = 0; c < chunks; c++) {
        if (follows[c].goes_back) return PMKT_OK;
        n += follows[c].runs;
    }
    if (n > ev->rows / LEAST_ROWS) return PMKT_OK;
    out->room = n;
    finding f = {.ev = ev, .chunk_rows = chunk_rows};
    f.run = out->run = pmkti_alloc(allocator, (size_t)n, sizeof *f.run);
    f.at = pmkti_alloc(allocator, (size_t)chunks, sizeof *f.at);
    pmkt_status status = PMKT_E_NOMEM;
    if (n == 0) status = PMKT_OK;
    if (f.run && f.at) {
        for (int64_t c = 0, at = 0; c < chunks; c++) {
            f.at[c] = at;
            at += follows[c].runs;
        }
        status = find(&f, chunks, run, stage, out);
    }
    pmkti_free(allocator, f.at, (size_t)chunks, sizeof *f.at);
    return status;
}

void pmkti_runs_free(pmkti_runs *runs) {
    pmkti_free(&runs->allocator, runs->run, (size_t)runs->room, sizeof *runs->run);
}

int64_t pmkti_runs_at(const pmkti_runs *runs, uint64_t key) {
    int64_t low = 0, high = runs->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (runs->run[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
