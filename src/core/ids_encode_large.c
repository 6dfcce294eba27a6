/*
 * ids_encode_large.c - a large batch, by partition.
 *
 * Looked up in the order of rows, every string would wait for a table far larger than the CPU's
 * cache. So a slice of the batch is first hashed, then its strings are copied so that those of
 * one partition lie together, and then each partition learns its own: its table stays in the cache,
 * and all large memory is read and written from start to end. Chunks of rows and partitions are what
 * threads share; within a partition strings keep the order of rows.
 *
 *   a copied string: id (8 bytes), then a record as in the partition's blocks
 */
#include "core/alloc.h"
#include "core/ids_encode.h"

#define SLICE_ROWS ((int64_t)1 << 22)
#define SLICE_BYTES ((int64_t)256 << 20) /* of strings, unless one alone is longer */
#define CHUNKS 64
#define ID_SIZE sizeof(uint64_t)

typedef struct slice {
    pmkt_ids *ids;
    pmkti_strings strings;
    uint64_t *id;
    unsigned char *copies;
    size_t part_start[PMKTI_IDS_PARTS + 1];
    size_t at[CHUNKS][PMKTI_IDS_PARTS]; /* bytes of a chunk's strings; then where they go */
} slice;

static int64_t chunk_start(const slice *s, int64_t chunk) {
    const int64_t rows = (s->strings.n + CHUNKS - 1) / CHUNKS;
    return chunk * rows < s->strings.n ? chunk * rows : s->strings.n;
}

static size_t copy_size(pmkti_string string) {
    return ID_SIZE + pmkti_record_size(string.length);
}

static pmkt_status hash_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    slice *s = ctx;
    size_t *size = s->at[chunk];
    memset(size, 0, sizeof s->at[chunk]);
    const int64_t end = chunk_start(s, chunk + 1);
    for (int64_t i = chunk_start(s, chunk); i < end; i++) {
        const pmkti_string string = pmkti_string_at(&s->strings, i);
        s->id[i] = pmkt_id_of_bytes(string.at, string.length);
        size[pmkti_ids_part_of(s->id[i])] += copy_size(string);
    }
    return PMKT_OK;
}

/* From how many bytes to where they begin. */
static size_t lay_out(slice *s) {
    size_t at = 0;
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        s->part_start[p] = at;
        for (size_t chunk = 0; chunk < CHUNKS; chunk++) {
            const size_t size = s->at[chunk][p];
            s->at[chunk][p] = at;
            at += size;
        }
    }
    s->part_start[PMKTI_IDS_PARTS] = at;
    return at;
}

static pmkt_status copy_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    slice *s = ctx;
    size_t *at = s->at[chunk];
    const int64_t end = chunk_start(s, chunk + 1);
    for (int64_t i = chunk_start(s, chunk); i < end; i++) {
        const pmkti_string string = pmkti_string_at(&s->strings, i);
        const size_t part = pmkti_ids_part_of(s->id[i]);
        unsigned char *copy = s->copies + at[part];
        memcpy(copy, &s->id[i], ID_SIZE);
        pmkti_record_write(copy + ID_SIZE, string);
        at[part] += copy_size(string);
    }
    return PMKT_OK;
}

static pmkt_status learn_part(void *ctx, int64_t p, int worker) {
    (void)worker;
    slice *s = ctx;
    const unsigned char *at = s->copies + s->part_start[p];
    const unsigned char *end = s->copies + s->part_start[p + 1];
    while (at < end) {
        uint64_t id[PMKTI_IDS_BLOCK];
        pmkti_string string[PMKTI_IDS_BLOCK];
        size_t n = 0, done;
        for (; n < PMKTI_IDS_BLOCK && at < end; n++) {
            memcpy(&id[n], at, ID_SIZE);
            string[n] = pmkti_record_string(at + ID_SIZE);
            at += copy_size(string[n]);
        }
        const pmkt_status status =
            pmkti_ids_learn_block(s->ids, &s->ids->parts[p], id, string, n, &done);
        if (status) return status;
    }
    return PMKT_OK;
}

/* A part of the whole call's progress. */
static pmkti_stage share(pmkti_stage whole, const char *name, double from, double to) {
    const double length = whole.to - whole.from;
    return (pmkti_stage){name, whole.from + from * length, whole.from + to * length};
}

static pmkt_status learn_slice(slice *s, const pmkti_run *run, pmkti_stage whole) {
    const pmkt_allocator *allocator = &s->ids->allocator;
    pmkt_status status = pmkti_parallel(run, share(whole, "hash", 0.0, 0.2), hash_chunk, s, CHUNKS);
    if (status) return status;
    const size_t size = lay_out(s);
    s->copies = pmkti_alloc(allocator, size, 1);
    if (!s->copies) return PMKT_E_NOMEM;
    status = pmkti_parallel(run, share(whole, "sort", 0.2, 0.5), copy_chunk, s, CHUNKS);
    if (!status) {
        status =
            pmkti_parallel(run, share(whole, "learn", 0.5, 1.0), learn_part, s, PMKTI_IDS_PARTS);
    }
    pmkti_free(allocator, s->copies, size, 1);
    return status;
}

/* How many of the strings from `from` on make a slice. */
static int64_t slice_rows(const pmkti_strings *strings, int64_t from) {
    int64_t low = 1, high = strings->n - from;
    if (high > SLICE_ROWS) high = SLICE_ROWS;
    const int64_t start = strings->offsets[from];
    while (low < high) { /* the most rows whose bytes fit; at least one */
        const int64_t mid = low + (high - low + 1) / 2;
        if (strings->offsets[from + mid] - start <= SLICE_BYTES)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

pmkt_status pmkti_ids_learn_many(pmkt_ids *ids, const pmkti_strings *strings, const pmkti_run *run,
                                 uint64_t *id) {
    const pmkt_allocator *allocator = &ids->allocator;
    const size_t rows = (size_t)(strings->n < SLICE_ROWS ? strings->n : SLICE_ROWS);
    slice *s = pmkti_alloc(allocator, 1, sizeof *s);
    uint64_t *scratch = id ? NULL : pmkti_alloc(allocator, rows, sizeof *scratch);
    pmkt_status status = s && (id || scratch) ? PMKT_OK : PMKT_E_NOMEM;
    for (int64_t from = 0, n; from < strings->n && !status; from += n) {
        n = slice_rows(strings, from);
        s->ids = ids;
        s->strings = (pmkti_strings){strings->bytes, strings->offsets + from, n};
        s->id = id ? id + from : scratch;
        const double all = (double)strings->n;
        status =
            learn_slice(s, run, (pmkti_stage){"", (double)from / all, (double)(from + n) / all});
    }
    pmkti_free(allocator, scratch, rows, sizeof *scratch);
    pmkti_free(allocator, s, 1, sizeof *s);
    return status;
}

/* ------------------------------------------------------------------- one way */

typedef struct hashing {
    const pmkti_strings *strings;
    uint64_t *id;
} hashing;

static pmkt_status hash_only(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const hashing *h = ctx;
    const int64_t begin = chunk * PMKTI_SERIAL;
    const int64_t left = h->strings->n - begin;
    const int64_t end = begin + (left < PMKTI_SERIAL ? left : PMKTI_SERIAL);
    for (int64_t i = begin; i < end; i++) {
        const pmkti_string string = pmkti_string_at(h->strings, i);
        h->id[i] = pmkt_id_of_bytes(string.at, string.length);
    }
    return PMKT_OK;
}

pmkt_status pmkti_ids_hash(const pmkti_strings *strings, const pmkti_run *run, uint64_t *id) {
    hashing h = {strings, id};
    const int64_t chunks = strings->n / PMKTI_SERIAL + (strings->n % PMKTI_SERIAL != 0);
    return pmkti_parallel(run, (pmkti_stage){"hash", 0.0, 1.0}, hash_only, &h, chunks);
}
