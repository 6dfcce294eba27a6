/*
 * data_sort.c - sorts rows by radix, by user and item at once or by item first and then by user.
 *
 * Moving whole rows about is what costs, so only words go through the passes, of what is sorted by and of
 * where the row stands; in the end each row is fetched once. Two passes do for most users and items. Where
 * they would not, the words are of items alone, and each row is put where its user says.
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

/* Sorts the words by `bits` bits of what they are sorted by; what comes out is in s->word. The place of the
   sorted rows, who come last, holds words until then. */
static void sort_words(pmkti_cf_sorter *s, const pmkti_cf_record *rows, int64_t n, int item_bits,
                       int bits) {
    const int passes = (bits + DIGIT - 1) / DIGIT;
    const int digit = passes > 0 ? (bits + passes - 1) / passes : 0;
    uint64_t *other = (uint64_t *)(void *)s->at;
    uint64_t *from = passes % 2 == 0 ? s->word : other, *to = passes % 2 == 0 ? other : s->word;
    const uint64_t user = bits > item_bits ? UINT64_MAX : 0;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t key = (pmkti_cf_row_user(&rows[i]) & user) << item_bits | rows[i].item;
        from[i] = key << PMKTI_CF_ROW_BITS | (uint64_t)i;
    }
    for (int pass = 0; pass < passes; pass++) {
        sort_by_digit(from, to, n, PMKTI_CF_ROW_BITS + pass * digit, digit);
        uint64_t *was = from;
        from = to;
        to = was;
    }
}

static inline uint64_t row_of(uint64_t word) {
    return word & ((UINT64_C(1) << PMKTI_CF_ROW_BITS) - 1);
}

/* Puts the rows of the words one after the other. */
static void fetch(pmkti_cf_sorter *s, const pmkti_cf_record *rows, const int64_t *time, int64_t n) {
    for (int64_t i = 0; i < n; i++) s->at[i] = rows[row_of(s->word[i])];
    for (int64_t i = 0; time && i < n; i++) s->time[i] = time[row_of(s->word[i])];
}

/* Puts the rows of the words where their users begin. */
static void fetch_by_user(pmkti_cf_sorter *s, const pmkti_cf_record *rows, const int64_t *time,
                          int64_t n) {
    memset(s->next, 0, s->users * sizeof *s->next);
    for (int64_t i = 0; i < n; i++) s->next[pmkti_cf_row_user(&rows[i])]++;
    add_up(s->next, s->users);
    for (int64_t i = 0; i < n; i++) {
        const uint64_t row = row_of(s->word[i]);
        const pmkti_cf_record r = rows[row];
        const int64_t here = s->next[pmkti_cf_row_user(&r)]++;
        s->at[here] = r;
        if (time) s->time[here] = time[row];
    }
}

void pmkti_cf_sort_rows(pmkti_cf_sorter *s, const pmkti_cf_record *rows, const int64_t *time,
                        int64_t n, int item_bits) {
    int user_bits = 0;
    while ((s->users - 1) >> user_bits > 0) user_bits++;
    if (user_bits + item_bits <= 2 * DIGIT) {
        sort_words(s, rows, n, item_bits, user_bits + item_bits);
        fetch(s, rows, time, n);
    } else {
        sort_words(s, rows, n, item_bits, item_bits);
        fetch_by_user(s, rows, time, n);
    }
}
