/*
 * knn_fit.c - pmkt_cf_knn_fit: for each item its users, for each of these their items, with one sum an
 * item in an array. That is the product of the matrix with itself, row by row, and exact.
 *
 * A pair's sum runs over the users they have in common, ascending, from either side: it is the same
 * number for both. Neighbors are ranked by the similarity as it is kept (float), then by number.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cf/heap.h"
#include "cf/knn_fit.h"
#include "cf/model.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"

#define CHUNK 32 /* items that a worker takes at once */

/* The sums of one worker. */
typedef struct bench {
    double *dot;           /* [items] 0 between two items */
    int32_t *common;       /* [items] likewise, or NULL without shrinkage */
    int32_t *touched;      /* [items] */
    pmkti_cf_ranked *best; /* [neighbors] */
} bench;

typedef struct fit {
    pmkti_cf_knn_entries entries;
    pmkti_run run;
    int64_t items, neighbors; /* neighbors: no more than there are other items */
    int64_t workers;
    bench *benches;
    int64_t *work;  /* [items] steps that an item takes */
    int64_t *at;    /* [items + 1] room for neighbors */
    int32_t *count; /* [items] found */
    int32_t *near;
    float *similarity;
} fit;

/* ------------------------------------------------------------- one item */

static float similarity_of(const fit *f, const bench *b, int64_t i, int64_t j) {
    const pmkti_cf_knn_entries *e = &f->entries;
    double s = b->dot[j] / sqrt(e->square[i] * e->square[j]);
    if (b->common) s /= 1 + e->options.shrinkage / (double)b->common[j];
    return (float)s;
}

/* Adds a user's row, v times. The first branch is for items that have few entries to look at: it lists
   which items it has met. */
static int64_t add_listing(const fit *f, bench *b, int64_t user, double v, int64_t n) {
    const pmkti_cf_knn_entries *e = &f->entries;
    for (int64_t k = e->at[user]; k < e->at[user + 1]; k++) {
        const int32_t j = e->item[k];
        if (b->dot[j] == 0) b->touched[n++] = j;
        b->dot[j] += v * e->value[k];
        if (b->common) b->common[j]++;
    }
    return n;
}

static void add(const fit *f, bench *b, int64_t user, double v) {
    const pmkti_cf_knn_entries *e = &f->entries;
    const int32_t *item = e->item;
    const double *value = e->value;
    double *dot = b->dot;
    const int64_t end = e->at[user + 1];
    for (int64_t k = e->at[user]; k < end; k++) dot[item[k]] += v * value[k];
    if (!b->common) return;
    for (int64_t k = e->at[user]; k < end; k++) b->common[item[k]]++;
}

/* Offers item j as a neighbor of i. Most are turned away by a bound that needs no root and no division;
   it is a little too high, by far more than rounding can be. */
static void offer(const fit *f, const bench *b, pmkti_cf_heap *heap, int64_t i, int64_t j) {
    const pmkti_cf_knn_entries *e = &f->entries;
    const double bound = b->dot[j] * e->inverse[i] * e->inverse[j] * (1 + 1e-6);
    if (j == i) return;
    if (heap->least > FLT_MIN && bound < (double)heap->least) return;
    const float s = similarity_of(f, b, i, j);
    if (s > 0 && pmkti_cf_heap_wants(heap, s, (int32_t)j)) pmkti_cf_heap_push(heap, s, (int32_t)j);
}

static void find_neighbors(fit *f, bench *b, int64_t i) {
    const pmkt_cf_data *d = f->entries.data;
    const bool listing = f->work[i] < f->items / 2;
    int64_t n = 0;
    for (int64_t k = d->user_at[i]; k < d->user_at[i + 1]; k++) {
        if (!(d->user_weight[k] > 0)) continue;
        const double v = pmkti_cf_knn_value(&f->entries, d->user[k], i, d->user_weight[k]);
        if (listing)
            n = add_listing(f, b, d->user[k], v, n);
        else
            add(f, b, d->user[k], v);
    }
    pmkti_cf_heap heap = {b->best, 0, f->at[i + 1] - f->at[i], -INFINITY};
    for (int64_t k = 0; k < (listing ? n : f->items); k++) {
        const int64_t j = listing ? b->touched[k] : k;
        if (b->dot[j] == 0) continue;
        if (heap.room > 0) offer(f, b, &heap, i, j);
        b->dot[j] = 0;
        if (b->common) b->common[j] = 0;
    }
    pmkti_cf_heap_sort(&heap);
    f->count[i] = (int32_t)heap.n;
    for (int64_t k = 0; k < heap.n; k++) {
        f->near[f->at[i] + k] = heap.at[k].number;
        f->similarity[f->at[i] + k] = heap.at[k].score;
    }
}

static pmkt_status find_chunk(void *ctx, int64_t chunk, int worker) {
    fit *f = ctx;
    const int64_t end = (chunk + 1) * CHUNK < f->items ? (chunk + 1) * CHUNK : f->items;
    for (int64_t i = chunk * CHUNK; i < end; i++) find_neighbors(f, &f->benches[worker], i);
    return PMKT_OK;
}

/* ------------------------------------------------------------------- memory */

static void clear(fit *f) {
    const pmkt_allocator *a = &f->entries.allocator;
    const size_t items = (size_t)f->items;
    for (int64_t w = 0; f->benches && w < f->workers; w++) {
        bench *b = &f->benches[w];
        pmkti_free(a, b->dot, items, sizeof *b->dot);
        pmkti_free(a, b->common, items, sizeof *b->common);
        pmkti_free(a, b->touched, items, sizeof *b->touched);
        pmkti_free(a, b->best, (size_t)f->neighbors, sizeof *b->best);
    }
    pmkti_free(a, f->benches, (size_t)f->workers, sizeof *f->benches);
    const size_t room = f->at ? (size_t)f->at[items] : 0;
    pmkti_free(a, f->near, room, sizeof *f->near);
    pmkti_free(a, f->similarity, room, sizeof *f->similarity);
    pmkti_free(a, f->work, items, sizeof *f->work);
    pmkti_free(a, f->at, items + 1, sizeof *f->at);
    pmkti_free(a, f->count, items, sizeof *f->count);
    pmkti_cf_knn_entries_clear(&f->entries);
}

static bool make_benches(fit *f) {
    const pmkt_allocator *a = &f->entries.allocator;
    const size_t items = (size_t)f->items;
    f->workers = pmkti_workers(&f->run, (f->items + CHUNK - 1) / CHUNK);
    f->benches = pmkti_alloc_zero(a, (size_t)f->workers, sizeof *f->benches);
    for (int64_t w = 0; f->benches && w < f->workers; w++) {
        bench *b = &f->benches[w];
        b->dot = pmkti_alloc_zero(a, items, sizeof *b->dot);
        b->touched = pmkti_alloc(a, items, sizeof *b->touched);
        b->best = pmkti_alloc(a, (size_t)f->neighbors, sizeof *b->best);
        const bool shrinks = f->entries.options.shrinkage > 0;
        if (shrinks) b->common = pmkti_alloc_zero(a, items, sizeof *b->common);
        if (!b->dot || !b->touched || !b->best || (shrinks && !b->common)) return false;
    }
    return f->benches;
}

/* How much each item takes, and so how many neighbors it can have at most. Returns the sum of work. */
static int64_t measure_work(fit *f) {
    const pmkti_cf_knn_entries *e = &f->entries;
    const pmkt_cf_data *d = e->data;
    int64_t all = 0, room = 0;
    for (int64_t i = 0; i < f->items; i++) {
        int64_t work = 0, others = 0;
        for (int64_t k = d->user_at[i]; k < d->user_at[i + 1]; k++) {
            if (!(d->user_weight[k] > 0)) continue;
            const int64_t n = e->at[d->user[k] + 1] - e->at[d->user[k]];
            work += n;
            others += n - 1;
        }
        f->work[i] = work;
        all += work;
        f->at[i] = room;
        room += others < f->neighbors ? others : f->neighbors;
    }
    f->at[f->items] = room;
    return all;
}

/* ---------------------------------------------------------------- the model */

/* The neighbors without gaps, as the model's own. */
static pmkt_status hand_over(const fit *f, pmkt_cf *model, pmkt_error *err) {
    const pmkt_allocator *a = &model->allocator;
    const size_t items = (size_t)f->items;
    int64_t *at = pmkti_alloc_zero(a, items + 1, sizeof *at);
    model->near_at = at;
    if (!at) return pmkti_no_memory(err, (items + 1) * sizeof *at);
    if (f->entries.n == 0) return PMKT_OK;
    for (size_t i = 0; i < items; i++) at[i + 1] = at[i] + f->count[i];
    const size_t n = (size_t)at[items];
    if (n == 0) return PMKT_OK;
    model->n_near = (int64_t)n;
    int32_t *near = pmkti_alloc(a, n, sizeof *near);
    float *similarity = pmkti_alloc(a, n, sizeof *similarity);
    model->near = near;
    model->similarity = similarity;
    if (!near || !similarity) return pmkti_no_memory(err, n * (sizeof *near + sizeof *similarity));
    for (size_t i = 0; i < items; i++) {
        const size_t count = (size_t)f->count[i];
        if (count == 0) continue;
        memcpy(near + at[i], f->near + f->at[i], count * sizeof *near);
        memcpy(similarity + at[i], f->similarity + f->at[i], count * sizeof *similarity);
    }
    return PMKT_OK;
}

static pmkt_status find_all(fit *f, const pmkt_run *run, pmkt_error *err) {
    const pmkt_allocator *a = &f->entries.allocator;
    const size_t items = (size_t)f->items;
    f->work = pmkti_alloc(a, items, sizeof *f->work);
    f->count = pmkti_alloc_zero(a, items, sizeof *f->count);
    f->at = pmkti_alloc_zero(a, items + 1, sizeof *f->at);
    if (!f->work || !f->count || !f->at) return pmkti_no_memory(err, items * sizeof *f->work);
    pmkt_status status = pmkti_run_check(run, measure_work(f), &f->run, err);
    if (status) return status;
    const size_t room = (size_t)f->at[items];
    if (room == 0) return PMKT_OK; /* nobody has two items */
    f->near = pmkti_alloc(a, room, sizeof *f->near);
    f->similarity = pmkti_alloc(a, room, sizeof *f->similarity);
    if (!f->near || !f->similarity || !make_benches(f)) {
        return pmkti_no_memory(err, room * (sizeof *f->near + sizeof *f->similarity));
    }
    const pmkti_stage stage = {"similarities", 0, 1};
    status = pmkti_parallel(&f->run, stage, find_chunk, f, (f->items + CHUNK - 1) / CHUNK);
    return pmkti_stopped(err, status);
}

static void write_facts(const pmkt_cf_knn_options *o, pmkt_cf *model) {
    model->facts.similarity = o->similarity;
    model->facts.neighbors = o->neighbors;
    model->facts.shrinkage = o->shrinkage;
    model->facts.k1 = o->similarity == PMKT_CF_BM25 ? o->k1 : 0;
    model->facts.b = o->similarity == PMKT_CF_BM25 ? o->b : 0;
}

pmkt_status pmkt_cf_knn_fit(const pmkt_cf_data *data, const pmkt_cf_knn_options *options,
                            const pmkt_run *run, pmkt_cf **model, pmkt_error *err) {
    if (!data) return pmkti_null(err, "data");
    if (!model) return pmkti_null(err, "model");
    pmkt_cf_knn_options o;
    fit f = {.items = data->items};
    pmkt_cf *made = NULL;
    pmkt_status status = pmkti_cf_knn_options_in(options, &o, err);
    if (!status) status = pmkti_run_check(run, data->entries, &f.run, err);
    if (!status) {
        status = pmkti_cf_model_new(data, PMKT_CF_KNN, o.drop_seen, o.allocator, &made, err);
    }
    if (status) return status;
    f.neighbors = o.neighbors < data->items ? o.neighbors : data->items;
    status = pmkti_cf_knn_entries_make(data, &o, &made->allocator, &f.entries, err);
    if (!status && f.entries.n > 0) status = find_all(&f, run, err);
    if (!status) status = hand_over(&f, made, err);
    clear(&f);
    if (status) {
        pmkt_cf_release(made);
        return status;
    }
    write_facts(&o, made);
    pmkti_cf_model_done(made);
    *model = made;
    return PMKT_OK;
}
