/*
 * Bytes are calls on two dictionaries, next to a table that is kept by hand; or, if the first byte says
 * so, they are a file.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define WORDS 200
#define MOST 60 /* strings of a call */
#define WHEN INT64_C(1767571200000)

typedef enum fate {
    UNKNOWN,
    KNOWN,
    FORGOTTEN
} fate;

typedef struct pair {
    pmkt_ids *ids;
    fate of[WORDS];
} pair;

static char words[WORDS][40];
static uint64_t id_of[WORDS];

/* Empty, short, long, with a zero byte. */
static size_t length_of(int64_t i) {
    return i == 0 ? 0 : i % 7 == 0 ? 39 : 1 + (size_t)(i % 12);
}

static void make_words(void) {
    for (int64_t i = 0; i < WORDS; i++) {
        for (size_t k = 0; k < sizeof words[i]; k++)
            words[i][k] = (char)(i * 31 + (int64_t)k * (i / 3));
        if (length_of(i) > 0) words[i][0] = (char)i;
        id_of[i] = pmkt_id_of_bytes(words[i], length_of(i));
    }
    for (int64_t i = 0; i < WORDS; i++) {
        for (int64_t j = 0; j < i; j++) MUST(id_of[i] != id_of[j]);
    }
}

static int64_t choose_words(choices *c, int64_t *chosen) {
    const int64_t n = choose_byte(c) % 6 == 0 ? choose_below(c, MOST) : choose_below(c, 5);
    for (int64_t i = 0; i < n; i++) chosen[i] = choose_below(c, WORDS);
    return n;
}

static void check(const pair *p) {
    int64_t known = 0, n = 0;
    static uint64_t listed[WORDS];
    for (int64_t i = 0; i < WORDS; i++) {
        size_t length = 99;
        const char *name = pmkt_ids_name(p->ids, id_of[i], &length);
        MUST((name != NULL) == (p->of[i] == KNOWN));
        if (!name) continue;
        MUST(length == length_of(i) && memcmp(name, words[i], length) == 0);
        known++;
    }
    MUST(pmkt_ids_list(p->ids, listed, WORDS, &n, NULL) == PMKT_OK && n == known);
    for (int64_t i = 1; i < n; i++) MUST(listed[i - 1] < listed[i]);
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    MUST(pmkt_ids_stats(p->ids, &counters, NULL) == PMKT_OK && counters.strings == known);
}

static void encode(pair *p, choices *c) {
    char bytes[MOST * 40];
    int64_t chosen[MOST], offsets[MOST + 1] = {0};
    uint64_t id[MOST];
    const int64_t n = choose_words(c, chosen);
    for (int64_t i = 0; i < n; i++) {
        const size_t length = length_of(chosen[i]);
        memcpy(bytes + offsets[i], words[chosen[i]], length);
        offsets[i + 1] = offsets[i] + (int64_t)length;
    }
    MUST(pmkt_ids_encode(p->ids, bytes, offsets, n, NULL, id, NULL) == PMKT_OK);
    for (int64_t i = 0; i < n; i++) {
        MUST(id[i] == id_of[chosen[i]]);
        p->of[chosen[i]] = KNOWN;
    }
}

static void forget(pair *p, choices *c) {
    int64_t chosen[MOST], found = -1, expected = 0;
    uint64_t id[MOST];
    const int64_t n = choose_words(c, chosen);
    for (int64_t i = 0; i < n; i++) id[i] = id_of[chosen[i]];
    MUST(pmkt_ids_forget(p->ids, id, n, WHEN + choose_byte(c), &found, NULL) == PMKT_OK);
    for (int64_t i = 0; i < n; i++) {
        expected += p->of[chosen[i]] == KNOWN;
        p->of[chosen[i]] = FORGOTTEN;
    }
    MUST(found == expected);
}

static void merge(pair *into, const pair *from) {
    MUST(pmkt_ids_merge(into->ids, from->ids, NULL, NULL) == PMKT_OK);
    for (int64_t i = 0; i < WORDS; i++) {
        if (from->of[i] == FORGOTTEN || into->of[i] == FORGOTTEN) {
            into->of[i] = FORGOTTEN;
        } else if (from->of[i] == KNOWN) {
            into->of[i] = KNOWN;
        }
    }
}

/* There and back, by memory or by a mapped file. */
static void reload(pair *p, bool map, int32_t compression) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = map ? 0 : compression;
    pmkt_buffer *buffer = NULL;
    MUST(pmkt_ids_save_memory(p->ids, &options, NULL, &buffer, NULL) == PMKT_OK);
    pmkt_ids *again = NULL;
    pmkt_error err = {0};
    const void *bytes = pmkt_buffer_data(buffer);
    const size_t size = pmkt_buffer_size(buffer);
    const pmkt_status status = map ? pmkt_ids_map(fuzz_file(bytes, size), NULL, &again, &err)
                                   : pmkt_ids_load_memory(bytes, size, NULL, NULL, &again, &err);
    if (status) fprintf(stderr, "%s\n", err.message);
    MUST(status == PMKT_OK);
    pmkt_buffer_free(buffer);
    pmkt_ids_free(p->ids);
    p->ids = again;
    MUST(pmkt_ids_verify(again, NULL, NULL) == PMKT_OK);
}

static void run_calls(choices *c) {
    pair pairs[2];
    memset(pairs, 0, sizeof pairs);
    for (int i = 0; i < 2; i++) MUST(pmkt_ids_new(NULL, &pairs[i].ids, NULL) == PMKT_OK);
    for (int steps = 0; c->left > 0 && steps < 24; steps++) {
        const uint8_t what = choose_byte(c);
        pair *p = &pairs[what & 1];
        if (what < 110) {
            encode(p, c);
        } else if (what < 180) {
            forget(p, c);
        } else if (what < 220) {
            merge(p, &pairs[!(what & 1)]);
        } else {
            reload(p, what & 2, what & 4 ? 3 : 0);
        }
        if (what % 16 == 3) check(p);
    }
    for (int i = 0; i < 2; i++) {
        check(&pairs[i]);
        pmkt_ids_free(pairs[i].ids);
    }
}

/* ------------------------------------------------------------------- a file */

/* Whatever was read: no call crashes, and every answer is one that calls can have. */
static void use(pmkt_ids *ids) {
    static uint64_t listed[1000];
    static char bytes[4000];
    int64_t n = 0, offsets[1001];
    static uint8_t known[1000];
    pmkt_error err = {0};
    (void)pmkt_ids_verify(ids, NULL, &err);
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    MUST(pmkt_ids_stats(ids, &counters, &err) == PMKT_OK);
    const pmkt_status status = pmkt_ids_list(ids, listed, 1000, &n, &err);
    if (status == PMKT_OK) {
        (void)pmkt_ids_decode(ids, listed, n, bytes, sizeof bytes, offsets, known, &err);
        for (int64_t i = 0; i < n; i++) {
            size_t length = 0;
            const char *name = pmkt_ids_name(ids, listed[i], &length);
            uint64_t sum = 0;
            for (size_t k = 0; name && k < length; k++) sum += (uint8_t)name[k];
            MUST(sum < UINT64_MAX);
        }
    }
    const int64_t some[] = {0, 3, 4};
    uint64_t id[2];
    (void)pmkt_ids_encode(ids, "abcd", some, 2, NULL, id, &err);
    if (status == PMKT_OK && n > 0)
        (void)pmkt_ids_forget(ids, listed, n < 3 ? n : 3, WHEN, NULL, &err);
    pmkt_ids *other = NULL;
    MUST(pmkt_ids_new(NULL, &other, NULL) == PMKT_OK);
    (void)pmkt_ids_merge(other, ids, NULL, &err);
    pmkt_ids_free(other);
    pmkt_buffer *buffer = NULL;
    if (!pmkt_ids_save_memory(ids, NULL, NULL, &buffer, &err)) pmkt_buffer_free(buffer);
    pmkt_ids_free(ids);
}

static void run_file(const uint8_t *data, size_t size, bool resign) {
    uint8_t *file = fuzz_copy(data, size, resign);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = 64 << 20;
    pmkt_error err = {0};
    pmkt_ids *ids = NULL;
    if (!pmkt_ids_load_memory(file, size, &options, NULL, &ids, &err)) use(ids);
    ids = NULL;
    if (!pmkt_ids_map(fuzz_file(file, size), &options, &ids, &err)) use(ids);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (id_of[1] == 0) make_words();
    if (size == 0) return 0;
    choices c = {data + 1, size - 1};
    if (data[0] % 4 < 2) {
        run_calls(&c);
    } else {
        run_file(data + 1, size - 1, data[0] % 4 == 2);
    }
    return 0;
}
