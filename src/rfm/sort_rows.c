/*
 * sort_rows.c - pending rows, sorted by customer.
 *
 * The key is a hash, so its bits are as good as random: one scatter by its next bits puts every row
 * within a few places of where it belongs, and what is left is sorted bucket by bucket while it is
 * in the cache: by insertion, or, where one customer has many rows, by merging.
 */
#include "core/alloc.h"
#include "rfm/fold.h"

#define RUN 24 /* rows up to which insertion sort wins */

typedef struct sorter {
    const pmkt_allocator *allocator;
    pmkti_fold_scratch *scratch;
    bool keys_only;
} sorter;

static inline bool before(bool keys_only, const pmkti_row *a, const pmkti_row *b) {
    if (a->key != b->key) return a->key < b->key;
    if (keys_only) return false;
    if (a->what.order != b->what.order) return a->what.order < b->what.order;
    if (a->what.stamp != b->what.stamp) return a->what.stamp < b->what.stamp;
    return a->what.amount < b->what.amount;
}

static void insertion_sort(bool keys_only, pmkti_row *rows, size_t n) {
    for (size_t i = 1; i < n; i++) {
        if (!before(keys_only, &rows[i], &rows[i - 1])) continue;
        const pmkti_row row = rows[i];
        size_t j = i;
        for (; j > 0 && before(keys_only, &row, &rows[j - 1]); j--) rows[j] = rows[j - 1];
        rows[j] = row;
    }
}

/* Merges rows[0, middle) and rows[middle, n), both sorted; `left` has room for the first. Stable.
   */
static void merge(bool keys_only, pmkti_row *rows, size_t middle, size_t n, pmkti_row *left) {
    if (!before(keys_only, &rows[middle], &rows[middle - 1])) return;
    memcpy(left, rows, middle * sizeof *rows);
    size_t i = 0, j = middle, to = 0;
    while (i < middle) {
        const bool right = j < n && before(keys_only, &rows[j], &left[i]);
        rows[to++] = right ? rows[j++] : left[i++];
    }
}

static pmkt_status merge_sort(const sorter *s, pmkti_row *rows, size_t n) {
    pmkti_fold_scratch *scratch = s->scratch;
    if (!PMKTI_MAKE_ROOM(s->allocator, scratch->spare, n)) return PMKT_E_NOMEM;
    for (size_t i = 0; i < n; i += RUN) {
        insertion_sort(s->keys_only, rows + i, n - i < RUN ? n - i : RUN);
    }
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t i = 0; i + run < n; i += 2 * run) {
            const size_t pair = n - i < 2 * run ? n - i : 2 * run;
            merge(s->keys_only, rows + i, run, pair, scratch->spare.at);
        }
    }
    return PMKT_OK;
}

static pmkt_status sort_bucket(const sorter *s, pmkti_row *rows, size_t n) {
    if (n > RUN) return merge_sort(s, rows, n);
    insertion_sort(s->keys_only, rows, n);
    return PMKT_OK;
}

/* Buckets of two to four rows, most of them of one customer. */
static unsigned bucket_bits(size_t n) {
    unsigned bits = 0;
    while (bits < PMKTI_SORT_BITS && (n >> bits) > 4) bits++;
    return bits;
}

/* Scatters by the key's bits behind those of the partition; counts[b] becomes the end of bucket b.
   */
static void scatter(const pmkti_row *in, pmkti_row *out, size_t n, unsigned bits,
                    uint32_t *counts) {
    const unsigned shift = 64 - bits;
    const size_t buckets = (size_t)1 << bits;
    memset(counts, 0, (buckets + 1) * sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        counts[((in[i].key << PMKTI_PARTITION_BITS) >> shift) + 1]++;
    }
    for (size_t b = 1; b <= buckets; b++) counts[b] += counts[b - 1];
    for (size_t i = 0; i < n; i++) {
        out[counts[(in[i].key << PMKTI_PARTITION_BITS) >> shift]++] = in[i];
    }
}

pmkt_status pmkti_sort_rows(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                            const pmkti_row *in, pmkti_row *out, size_t n, bool keys_only) {
    const sorter s = {allocator, scratch, keys_only};
    const unsigned bits = bucket_bits(n);
    if (bits == 0) {
        memcpy(out, in, n * sizeof *out);
        return sort_bucket(&s, out, n);
    }
    if (!scratch->counts) {
        scratch->counts = pmkti_alloc(allocator, PMKTI_SORT_COUNTS, sizeof *scratch->counts);
    }
    if (!scratch->counts) return PMKT_E_NOMEM;
    scatter(in, out, n, bits, scratch->counts);
    size_t from = 0;
    for (size_t b = 0; b < (size_t)1 << bits; b++) {
        const size_t end = scratch->counts[b];
        const pmkt_status status = sort_bucket(&s, out + from, end - from);
        if (status) return status;
        from = end;
    }
    return PMKT_OK;
}
