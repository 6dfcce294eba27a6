#include "core/select.h"

#include <string.h>

#include "core/alloc.h"

/* A subset of the keys, of which those before `base` are smaller and outside. */
typedef struct subset {
    const uint64_t *keys;
    size_t n, base;
} subset;

/* A histogram of (key - least) >> shift. */
typedef struct histogram {
    uint64_t least;
    unsigned shift, bits;
    size_t *counts; /* [1 << bits] */
} histogram;

#define NO_PLACE SIZE_MAX

static unsigned width_of(uint64_t range) {
    unsigned width = 0;
    while (range) {
        range >>= 1;
        width++;
    }
    return width;
}

static histogram plan(const subset *s) {
    uint64_t least = s->keys[0], most = s->keys[0];
    for (size_t i = 1; i < s->n; i++) {
        if (s->keys[i] < least) least = s->keys[i];
        if (s->keys[i] > most) most = s->keys[i];
    }
    const unsigned width = width_of(most - least), wanted = s->n < 4096 ? 8 : 16;
    const unsigned bits = width < wanted ? width : wanted;
    return (histogram){least, width - bits, bits, NULL};
}

static size_t bin_of(const histogram *h, uint64_t key) {
    return (size_t)((key - h->least) >> h->shift);
}

static pmkt_status select_in(const pmkt_allocator *allocator, const subset *s, const size_t *ranks,
                             size_t n_ranks, uint64_t *values);

/* The ranks of one bin whose keys still differ. */
typedef struct open_bin {
    size_t first_rank, n_ranks; /* indices into ranks */
    subset keys;
} open_bin;

/* Finds the bins that hold ranks. Turns counts into places for gathering: NO_PLACE for a bin
   without ranks. */
static size_t find_bins(const histogram *h, const subset *s, const size_t *ranks, size_t n_ranks,
                        open_bin *open, size_t *n_open) {
    size_t base = s->base, next = 0, place = 0;
    *n_open = 0;
    for (size_t bin = 0; bin < (size_t)1 << h->bits; bin++) {
        const size_t count = h->counts[bin], first = next;
        while (next < n_ranks && ranks[next] < base + count) next++;
        h->counts[bin] = NO_PLACE;
        if (next > first) {
            open[(*n_open)++] = (open_bin){first, next - first, {NULL, count, base}};
            h->counts[bin] = place;
            place += count;
        }
        base += count;
    }
    return place;
}

/* The bins are single values: read them off. */
static void read_off(const histogram *h, const subset *s, const size_t *ranks, size_t n_ranks,
                     uint64_t *values) {
    size_t bin = 0, end = s->base + h->counts[0];
    for (size_t i = 0; i < n_ranks; i++) {
        while (ranks[i] >= end) end += h->counts[++bin];
        values[i] = h->least + bin;
    }
}

/* Gathers the keys of the open bins and goes on in each. */
static pmkt_status descend(const pmkt_allocator *allocator, const histogram *h, const subset *s,
                           const size_t *ranks, size_t n_ranks, uint64_t *values) {
    open_bin *open = pmkti_alloc(allocator, n_ranks, sizeof *open);
    if (!open) return PMKT_E_NOMEM;
    size_t n_open = 0;
    const size_t n = find_bins(h, s, ranks, n_ranks, open, &n_open);
    uint64_t *keys = pmkti_alloc(allocator, n, sizeof *keys);
    pmkt_status status = keys ? PMKT_OK : PMKT_E_NOMEM;
    for (size_t i = 0; !status && i < s->n; i++) {
        size_t *place = &h->counts[bin_of(h, s->keys[i])];
        if (*place != NO_PLACE) keys[(*place)++] = s->keys[i];
    }
    size_t from = 0;
    for (size_t i = 0; !status && i < n_open; i++) {
        open[i].keys.keys = keys + from;
        from += open[i].keys.n;
        status = select_in(allocator, &open[i].keys, ranks + open[i].first_rank, open[i].n_ranks,
                           values + open[i].first_rank);
    }
    pmkti_free(allocator, keys, n, sizeof *keys);
    pmkti_free(allocator, open, n_ranks, sizeof *open);
    return status;
}

static pmkt_status select_in(const pmkt_allocator *allocator, const subset *s, const size_t *ranks,
                             size_t n_ranks, uint64_t *values) {
    histogram h = plan(s);
    if (h.bits == 0) { /* all keys are equal */
        for (size_t i = 0; i < n_ranks; i++) values[i] = h.least;
        return PMKT_OK;
    }
    const size_t bins = (size_t)1 << h.bits;
    h.counts = pmkti_alloc_zero(allocator, bins, sizeof *h.counts);
    if (!h.counts) return PMKT_E_NOMEM;
    for (size_t i = 0; i < s->n; i++) h.counts[bin_of(&h, s->keys[i])]++;
    pmkt_status status = PMKT_OK;
    if (h.shift == 0)
        read_off(&h, s, ranks, n_ranks, values);
    else
        status = descend(allocator, &h, s, ranks, n_ranks, values);
    pmkti_free(allocator, h.counts, bins, sizeof *h.counts);
    return status;
}

pmkt_status pmkti_select(const pmkt_allocator *allocator, const uint64_t *keys, size_t n,
                         const size_t *ranks, size_t n_ranks, uint64_t *values) {
    if (n == 0 || n_ranks == 0) return PMKT_OK;
    const subset all = {keys, n, 0};
    return select_in(allocator, &all, ranks, n_ranks, values);
}
