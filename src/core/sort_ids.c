#include "core/sort_ids.h"

#define FEW 32 /* below it, insertion is faster */

static void insert_few(uint64_t *ids, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const uint64_t id = ids[i];
        size_t to = i;
        for (; to > 0 && ids[to - 1] > id; to--) ids[to] = ids[to - 1];
        ids[to] = id;
    }
}

/* Sorts by the byte at `shift`, each number straight to its bucket ("American flag": McIlroy,
   Bostic & McIlroy, "Engineering radix sort", 1993), then the buckets by the bytes below. */
static void sort_by_byte(uint64_t *ids, size_t n, int shift) {
    size_t next[256], end[256], count[256] = {0};
    for (size_t i = 0; i < n; i++) count[ids[i] >> shift & 255]++;
    size_t at = 0;
    for (int b = 0; b < 256; b++) {
        next[b] = at;
        at += count[b];
        end[b] = at;
    }
    for (int b = 0; b < 256; b++) {
        while (next[b] < end[b]) {
            uint64_t id = ids[next[b]];
            for (size_t to; (to = id >> shift & 255) != (size_t)b;) {
                const uint64_t other = ids[next[to]];
                ids[next[to]++] = id;
                id = other;
            }
            ids[next[b]++] = id;
        }
    }
    for (int b = 0; b < 256 && shift > 0; b++) {
        uint64_t *bucket = ids + (end[b] - count[b]);
        if (count[b] <= FEW)
            insert_few(bucket, count[b]);
        else
            sort_by_byte(bucket, count[b], shift - 8);
    }
}

void pmkti_sort_ids(uint64_t *ids, size_t n) {
    if (n <= FEW) {
        insert_few(ids, n);
        return;
    }
    /* Often they are in order already, or small. */
    uint64_t differ = 0, descents = 0;
    for (size_t i = 1; i < n; i++) {
        differ |= ids[i] ^ ids[i - 1];
        descents |= ids[i] < ids[i - 1];
    }
    if (descents) sort_by_byte(ids, n, (63 - __builtin_clzll(differ)) / 8 * 8);
}
