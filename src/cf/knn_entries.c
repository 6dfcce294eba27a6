/*
 * knn_entries.c - from weights to what the similarities are of: TF-IDF and BM25 are cosines too, of
 * values that depend on the entry, its user and its item.
 */
#include <math.h>
#include <string.h>

#include "cf/knn_fit.h"
#include "core/alloc.h"
#include "core/error.h"

double pmkti_cf_knn_value(const pmkti_cf_knn_entries *e, int64_t user, int64_t item, float w) {
    const double x = (double)w;
    switch (e->options.similarity) {
        case PMKT_CF_COSINE:
            return x;
        case PMKT_CF_TFIDF:
            return sqrt(x) * e->idf[user];
        default:
            return x * (e->options.k1 + 1) / (e->length[item] + x) * e->idf[user];
    }
}

/* Where the entries of each user will be, and what the user's entries count. */
static void count_users(pmkti_cf_knn_entries *e) {
    const pmkt_cf_data *d = e->data;
    e->at[0] = 0;
    for (int64_t u = 0; u < d->users; u++) {
        int64_t n = 0;
        for (int64_t i = d->item_at[u]; i < d->item_at[u + 1]; i++) n += d->item_weight[i] > 0;
        e->at[u + 1] = e->at[u] + n;
        e->idf[u] = n > 0 ? log(1 + (double)d->items / (double)n) : 0;
    }
}

static void measure_items(pmkti_cf_knn_entries *e) {
    const pmkt_cf_data *d = e->data;
    const double k1 = e->options.k1, b = e->options.b;
    double all = 0;
    for (int64_t i = 0; i < d->items; i++) {
        double sum = 0;
        for (int64_t u = d->user_at[i]; u < d->user_at[i + 1]; u++) {
            if (d->user_weight[u] > 0) sum += (double)d->user_weight[u];
        }
        e->length[i] = sum;
        all += sum;
    }
    const double mean = all / (double)d->items;
    for (int64_t i = 0; i < d->items; i++) {
        /* Without any entry above zero there is no mean, nor anyone to ask for it. */
        e->length[i] = mean > 0 ? k1 * (1 - b + b * e->length[i] / mean) : 0;
    }
}

static void fill(pmkti_cf_knn_entries *e) {
    const pmkt_cf_data *d = e->data;
    int64_t n = 0;
    for (int64_t u = 0; u < d->users; u++) {
        for (int64_t i = d->item_at[u]; i < d->item_at[u + 1]; i++) {
            if (!(d->item_weight[i] > 0)) continue;
            e->item[n] = d->item[i];
            e->value[n++] = pmkti_cf_knn_value(e, u, d->item[i], d->item_weight[i]);
        }
    }
    memset(e->square, 0, (size_t)d->items * sizeof *e->square);
    for (int64_t i = 0; i < n; i++) e->square[e->item[i]] += e->value[i] * e->value[i];
    for (int64_t i = 0; i < d->items; i++) {
        e->inverse[i] = e->square[i] > 0 ? 1 / sqrt(e->square[i]) : 0;
    }
}

static int64_t count_positive(const pmkt_cf_data *data) {
    int64_t n = 0;
    for (int64_t i = 0; i < data->entries; i++) n += data->item_weight[i] > 0;
    return n;
}

pmkt_status pmkti_cf_knn_entries_make(const pmkt_cf_data *data, const pmkt_cf_knn_options *options,
                                      const pmkt_allocator *allocator, pmkti_cf_knn_entries *e,
                                      pmkt_error *err) {
    *e = (pmkti_cf_knn_entries){.allocator = *allocator, .data = data, .options = *options};
    e->n = count_positive(data);
    if (e->n == 0) return PMKT_OK; /* nothing is similar to anything */
    const size_t users = (size_t)data->users, items = (size_t)data->items, n = (size_t)e->n;
    e->at = pmkti_alloc(allocator, users + 1, sizeof *e->at);
    e->item = pmkti_alloc(allocator, n, sizeof *e->item);
    e->value = pmkti_alloc(allocator, n, sizeof *e->value);
    e->idf = pmkti_alloc(allocator, users, sizeof *e->idf);
    e->length = pmkti_alloc(allocator, items, sizeof *e->length);
    e->square = pmkti_alloc(allocator, items, sizeof *e->square);
    e->inverse = pmkti_alloc(allocator, items, sizeof *e->inverse);
    if (!e->at || !e->item || !e->value || !e->idf || !e->length || !e->square || !e->inverse) {
        pmkti_cf_knn_entries_clear(e);
        return pmkti_no_memory(err, n * (sizeof *e->item + sizeof *e->value));
    }
    count_users(e);
    measure_items(e);
    fill(e);
    return PMKT_OK;
}

void pmkti_cf_knn_entries_clear(pmkti_cf_knn_entries *e) {
    if (e->n == 0) return;
    const size_t users = (size_t)e->data->users, items = (size_t)e->data->items, n = (size_t)e->n;
    pmkti_free(&e->allocator, e->at, users + 1, sizeof *e->at);
    pmkti_free(&e->allocator, e->item, n, sizeof *e->item);
    pmkti_free(&e->allocator, e->value, n, sizeof *e->value);
    pmkti_free(&e->allocator, e->idf, users, sizeof *e->idf);
    pmkti_free(&e->allocator, e->length, items, sizeof *e->length);
    pmkti_free(&e->allocator, e->square, items, sizeof *e->square);
    pmkti_free(&e->allocator, e->inverse, items, sizeof *e->inverse);
    e->n = 0;
}
