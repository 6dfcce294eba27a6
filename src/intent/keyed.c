#include "intent/keyed.h"

#include <string.h>

#define DIGIT 11
#define FEW 64 /* below it, insertion is faster */

static void insert_few(pmkti_keyed *rows, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        const pmkti_keyed row = rows[i];
        int64_t to = i;
        for (; to > 0 && rows[to - 1].key > row.key; to--) rows[to] = rows[to - 1];
        rows[to] = row;
    }
}

static inline uint64_t digit_of(const pmkti_keyed *row, int shift) {
    return row->key >> shift & ((1 << DIGIT) - 1);
}

/* One pass of a radix sort, from the lowest digit up. */
static void sort_by_digit(const pmkti_keyed *from, pmkti_keyed *to, int64_t n, int shift) {
    int64_t next[1 << DIGIT] = {0};
    for (int64_t i = 0; i < n; i++) next[digit_of(&from[i], shift)]++;
    for (int64_t d = 0, at = 0; d < 1 << DIGIT; d++) {
        const int64_t here = next[d];
        next[d] = at;
        at += here;
    }
    for (int64_t i = 0; i < n; i++) to[next[digit_of(&from[i], shift)]++] = from[i];
}

void pmkti_keyed_sort(pmkti_keyed *rows, pmkti_keyed *spare, int64_t n) {
    if (n <= FEW) {
        insert_few(rows, n);
        return;
    }
    uint64_t differ = 0, descents = 0;
    for (int64_t i = 1; i < n; i++) {
        differ |= rows[i].key ^ rows[i - 1].key;
        descents |= rows[i].key < rows[i - 1].key;
    }
    if (!descents) return;
    pmkti_keyed *from = rows, *to = spare;
    for (int shift = 0; shift < 64; shift += DIGIT) {
        if ((differ >> shift & ((1 << DIGIT) - 1)) == 0) continue;
        sort_by_digit(from, to, n, shift);
        pmkti_keyed *was = from;
        from = to;
        to = was;
    }
    if (from != rows) memcpy(rows, from, (size_t)n * sizeof *rows);
}
