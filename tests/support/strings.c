#include "support/strings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

/* The secret of XXH3 is in its header. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* ------------------------------------------------------------------- columns */

static void *grown(void *p, int64_t n, size_t size) {
    void *more = realloc(p, (size_t)n * size);
    if (!more) abort(); /* the machine is out of memory: no test can go on */
    return more;
}

void strings_add(strings *s, const void *bytes, size_t length) {
    if (!s->offsets) {
        s->offsets = grown(NULL, 16, sizeof *s->offsets);
        s->rows = 15;
        s->offsets[0] = 0;
    }
    if (s->n == s->rows) {
        s->rows = 2 * s->rows + 1;
        s->offsets = grown(s->offsets, s->rows + 1, sizeof *s->offsets);
    }
    const int64_t at = s->offsets[s->n], end = at + (int64_t)length;
    if (end > s->room) {
        s->room = 2 * end;
        s->bytes = grown(s->bytes, s->room, 1);
    }
    if (length > 0) memcpy(s->bytes + at, bytes, length);
    s->offsets[++s->n] = end;
}

void strings_free(strings *s) {
    free(s->bytes);
    free(s->offsets);
    *s = (strings){0};
}

size_t numbered(int64_t number, char out[64]) {
    const int dots = number % 7 == 0 ? (int)(number % 40) : 0;
    return (size_t)snprintf(out, 64, "thing-%" PRId64 "%.*s", number, dots,
                            "........................................");
}

void strings_numbered(strings *s, int64_t from, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        char text[64];
        strings_add(s, text, numbered(from + i, text));
    }
}

/* ---------------------------------------------------------------- collisions */

static uint64_t secret(size_t at) {
    uint64_t word;
    memcpy(&word, XXH3_kSecret + at, sizeof word);
    return word;
}

static uint64_t reversed(uint64_t x) {
    uint64_t y = 0;
    for (int i = 0; i < 8; i++) y |= (x >> 8 * i & 255) << (56 - 8 * i);
    return y;
}

/*
 * XXH3 of 16 bytes xors both halves with words of its secret, to lo and hi, and hashes
 * 16 + reversed(lo) + hi + fold(lo * hi). Where one half is 0, so is the product.
 */
void strings_collide(uint64_t number, unsigned char a[16], unsigned char b[16]) {
    const uint64_t flip_lo = secret(24) ^ secret(32), flip_hi = secret(40) ^ secret(48);
    const uint64_t lo[2] = {0, reversed(number + 1)}, hi[2] = {number + 1, 0};
    unsigned char *out[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const uint64_t halves[2] = {lo[i] ^ flip_lo, hi[i] ^ flip_hi};
        memcpy(out[i], halves, sizeof halves);
    }
}

/* -------------------------------------------------------------- dictionaries */

pmkt_ids *ids_empty(const pmkt_allocator *allocator) {
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.allocator = allocator;
    pmkt_ids *ids = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_new(&options, &ids, &err), err);
    return ids;
}

pmkt_ids *ids_of(const strings *s, const pmkt_allocator *allocator) {
    pmkt_ids *ids = ids_empty(allocator);
    pmkt_error err;
    ck_assert_ok(ids_learn(ids, s, 1, NULL, &err), err);
    return ids;
}

pmkt_status ids_learn(pmkt_ids *ids, const strings *s, int32_t threads, uint64_t *id,
                      pmkt_error *err) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = threads;
    return pmkt_ids_encode(ids, s->bytes, s->offsets, s->n, &run, id, err);
}

file_bytes ids_bytes(const pmkt_ids *ids) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_save_memory(ids, NULL, NULL, &buffer, &err), err);
    const file_bytes bytes = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return bytes;
}

bool ids_is(const pmkt_ids *ids, file_bytes *bytes) {
    file_bytes now = ids_bytes(ids);
    const bool same = now.n == bytes->n && memcmp(now.at, bytes->at, now.n) == 0;
    file_free(&now);
    file_free(bytes);
    return same;
}

pmkt_ids_counters ids_counters(const pmkt_ids *ids) {
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_stats(ids, &counters, &err), err);
    return counters;
}
