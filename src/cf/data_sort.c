/*
 * data_sort.c - sorts rows by item first, then by user, each step keeping the order of the last.
 *
 * Moving whole rows about is what costs, so only words of an item and a place go through the passes by
 * item. The last step, by user, fetches each row and puts it where it belongs.
 */
#include "cf/data_sort.h"

#include <string.h>

#include "core/alloc.h"

#define DIGIT 11 /* bits of a pass, at the most: what is counted lies in the first cache */

void pmkti_cf_sorter_free(const pmkt_allocator *allocator, pmkti_cf_sorter *s) {
    pmkti_free(allocator, s->at, s->n, sizeof *s->at);
    pmkti_free(allocator, s->time, s->n, sizeof *s->time);
    pmkti_free(allocator, s->word, s->n, sizeof *s->word);
    pmkti_free(allocator, s->next, s->users, sizeof *s->next);
    *s = (pmkti_cf_sorter){0};
}

bool pmkti_cf_sorter_reserve(const pmkt_allocator *allocator, pmkti_cf_sorter *s, size_t n,
                             size_t users, bool timed) {
    if (n <= s->n && users == s->users) return true;
    pmkti_cf_sorter_free(allocator, s);
    s->n = n;
    s->users = users;
    s->at = pmkti_alloc(allocator, n, sizeof *s->at);
    if (timed) s->time = pmkti_alloc(allocator, n, sizeof *s->time);
    s->word = pmkti_alloc(allocator, n, sizeof *s->word);
    s->next = pmkti_alloc(allocator, users, sizeof *s->next);
    return s->at && (s->time || !timed) && s->word && s->next;
}

/* Makes of n counts the place where each begins. */
static void add_up(int64_t *next, size_t n) {
    int64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t here = next[i];
        next[i] = at;
        at += here;
    }
}

static void sort_by_digit(const uint64_t *from, uint64_t *to, int64_t n, int shift, int bits) {
    int64_t next[1 << DIGIT];
    const size_t buckets = (size_t)1 << bits;
    memset(next, 0, buckets * sizeof *next);
    for (int64_t i = 0; i < n; i++) next[from[i] >> shift & (buckets - 1)]++;
    add_up(next, buckets);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t w = from[i];
        to[next[w >> shift & (buckets - 1)]++] = w;
    }
}

void pmkti_cf_sort_rows(pmkti_cf_sorter *s, const pmkti_cf_record *rows, const int64_t *time,
                        int64_t n, int item_bits) {
    const int passes = (item_bits + DIGIT - 1) / DIGIT;
    const int bits = passes > 0 ? (item_bits + passes - 1) / passes : 0;
    /* The sorted rows come last, and their place holds words until then; the last are in s->word. */
    uint64_t *other = (uint64_t *)(void *)s->at;
    uint64_t *from = passes % 2 == 0 ? s->word : other, *to = passes % 2 == 0 ? other : s->word;
    memset(s->next, 0, s->users * sizeof *s->next);
    for (int64_t i = 0; i < n; i++) {
        from[i] = (uint64_t)rows[i].item << PMKTI_CF_ROW_BITS | (uint64_t)i;
        s->next[pmkti_cf_row_user(&rows[i])]++;
    }
    for (int pass = 0; pass < passes; pass++) {
        sort_by_digit(from, to, n, PMKTI_CF_ROW_BITS + pass * bits, bits);
        uint64_t *was = from;
        from = to;
        to = was;
    }
    add_up(s->next, s->users);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t row = s->word[i] & ((UINT64_C(1) << PMKTI_CF_ROW_BITS) - 1);
        const pmkti_cf_record r = rows[row];
        const int64_t here = s->next[pmkti_cf_row_user(&r)]++;
        s->at[here] = r;
        if (time) s->time[here] = time[row];
    }
}
