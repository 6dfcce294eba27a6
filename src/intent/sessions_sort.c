/*
 * sessions_sort.c - buckets by the bits of the key, so that most hold the rows of one user; then each
 * bucket by time. Logs are mostly written in the order of time, and a bucket that is in order costs one look.
 */
#include "intent/sessions_sort.h"

#include <stdbool.h>
#include <string.h>

#define FEW 32    /* below it, insertion is faster */
#define MANY 1024 /* from here on, counting is faster than merging */
#define DIGIT 11

static inline bool before(const pmkti_visit *a, const pmkti_visit *b) {
    return a->key != b->key ? a->key < b->key : a->time < b->time;
}

static void insert_few(pmkti_visit *rows, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        if (!before(&rows[i], &rows[i - 1])) continue;
        const pmkti_visit row = rows[i];
        int64_t to = i;
        for (; to > 0 && before(&row, &rows[to - 1]); to--) rows[to] = rows[to - 1];
        rows[to] = row;
    }
}

/* Merges rows[0, middle) and rows[middle, n), both sorted; `left` has room for the first. */
static void merge(pmkti_visit *rows, int64_t middle, int64_t n, pmkti_visit *left) {
    if (!before(&rows[middle], &rows[middle - 1])) return;
    memcpy(left, rows, (size_t)middle * sizeof *rows);
    int64_t i = 0, j = middle, to = 0;
    while (i < middle) {
        const bool right = j < n && before(&rows[j], &left[i]);
        rows[to++] = right ? rows[j++] : left[i++];
    }
}

static void merge_sort(pmkti_visit *rows, pmkti_visit *spare, int64_t n) {
    for (int64_t i = 0; i < n; i += FEW) insert_few(rows + i, n - i < FEW ? n - i : FEW);
    for (int64_t run = FEW; run < n; run *= 2) {
        for (int64_t i = 0; i + run < n; i += 2 * run) {
            merge(rows + i, run, n - i < 2 * run ? n - i : 2 * run, spare);
        }
    }
}

static inline uint64_t digit_of(const pmkti_visit *row, bool by_key, int shift) {
    return (by_key ? row->key : row->time) >> shift & ((1 << DIGIT) - 1);
}

/* One pass of a radix sort, from the lowest digit up. */
static void sort_by_digit(const pmkti_visit *from, pmkti_visit *to, int64_t n, bool by_key,
                          int shift) {
    int64_t next[1 << DIGIT] = {0};
    for (int64_t i = 0; i < n; i++) next[digit_of(&from[i], by_key, shift)]++;
    for (int64_t d = 0, at = 0; d < 1 << DIGIT; d++) {
        const int64_t here = next[d];
        next[d] = at;
        at += here;
    }
    for (int64_t i = 0; i < n; i++) to[next[digit_of(&from[i], by_key, shift)]++] = from[i];
}

static void radix_sort(pmkti_visit *rows, pmkti_visit *spare, int64_t n) {
    uint64_t differ[2] = {0, 0}; /* times, keys */
    for (int64_t i = 1; i < n; i++) {
        differ[0] |= rows[i].time ^ rows[0].time;
        differ[1] |= rows[i].key ^ rows[0].key;
    }
    pmkti_visit *from = rows, *to = spare;
    for (int by_key = 0; by_key < 2; by_key++) {
        for (int shift = 0; shift < 64; shift += DIGIT) {
            if ((differ[by_key] >> shift & ((1 << DIGIT) - 1)) == 0) continue;
            sort_by_digit(from, to, n, by_key, shift);
            pmkti_visit *was = from;
            from = to;
            to = was;
        }
    }
    if (from != rows) memcpy(rows, from, (size_t)n * sizeof *rows);
}

static void sort_bucket(pmkti_visit *rows, pmkti_visit *spare, int64_t n) {
    if (n <= FEW) {
        insert_few(rows, n);
        return;
    }
    int64_t i = 1;
    while (i < n && !before(&rows[i], &rows[i - 1])) i++;
    if (i == n) return;
    if (n < MANY)
        merge_sort(rows, spare, n);
    else
        radix_sort(rows, spare, n);
}

void pmkti_visits_sort(pmkti_visit *rows, pmkti_visit *spare, int64_t *counts, int64_t n,
                       int skip) {
    int bits = 0;
    while (bits < PMKTI_VISIT_BUCKET_BITS && n >> bits > 4) bits++;
    if (bits == 0) {
        sort_bucket(rows, spare, n);
        return;
    }
    const int64_t buckets = INT64_C(1) << bits;
    const int shift = 64 - skip - bits;
    const uint64_t mask = (uint64_t)buckets - 1;
    memset(counts, 0, (size_t)(buckets + 1) * sizeof *counts);
    memcpy(spare, rows, (size_t)n * sizeof *rows);
    for (int64_t i = 0; i < n; i++) counts[(spare[i].key >> shift & mask) + 1]++;
    for (int64_t b = 1; b <= buckets; b++) counts[b] += counts[b - 1];
    for (int64_t i = 0; i < n; i++) rows[counts[spare[i].key >> shift & mask]++] = spare[i];
    for (int64_t b = 0, from = 0; b < buckets; b++) { /* each count is the end of its bucket now */
        sort_bucket(rows + from, spare, counts[b] - from);
        from = counts[b];
    }
}
