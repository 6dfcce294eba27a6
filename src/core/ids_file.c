/*
 * ids_file.c - a dictionary as a file. All is in the order of ids, so that equal dictionaries are
 * equal bytes, whatever the order in which they learned.
 *
 *   section 1  head        struct head
 *           2  ids         uint64_t each, ascending
 *           3  ends        uint64_t each: where its string ends in section 4, and the next begins
 *           4  strings     bytes
 *           5  tombstones  pmkti_ids_tomb each, ascending by id; none of them is among the ids
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/ids_state.h"
#include "pmkt/events.h"

enum {
    HEAD = 1,
    IDS = 2,
    ENDS = 3,
    STRINGS = 4,
    TOMBS = 5,
    VERSION = 1
};

typedef struct head {
    uint32_t one_way;
    uint32_t reserved; /* 0 */
    uint64_t strings, string_bytes, tombs;
} head;

_Static_assert(sizeof(head) == 32, "the head is as long in every build");
_Static_assert(sizeof(pmkti_ids_tomb) == 16, "and so is a tombstone");

/* -------------------------------------------------------------------- saving */

#define BUFFER ((size_t)64 << 10)

typedef struct saving {
    const pmkt_ids *ids;
    const pmkti_run *run;
    pmkti_writer *writer;
    pmkti_ids_entry *entries;
    head head;
    unsigned char *buffer;
    size_t buffered;
    uint64_t end; /* of the last string put */
} saving;

static pmkt_status flush(saving *s, pmkt_error *err) {
    const size_t n = s->buffered;
    s->buffered = 0;
    return n ? pmkti_writer_put(s->writer, s->buffer, n, err) : PMKT_OK;
}

static pmkt_status put(saving *s, const void *bytes, size_t n, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    if (n > BUFFER - s->buffered) status = flush(s, err);
    if (status) return status;
    if (n > BUFFER) return pmkti_writer_put(s->writer, bytes, n, err);
    if (n > 0) memcpy(s->buffer + s->buffered, bytes, n);
    s->buffered += n;
    return PMKT_OK;
}

static pmkt_status put_entry(saving *s, uint32_t section, const pmkti_ids_entry *entry,
                             pmkt_error *err) {
    if (section == STRINGS) return put(s, entry->string.at, entry->string.length, err);
    s->end += entry->string.length;
    return put(s, section == IDS ? &entry->id : &s->end, sizeof s->end, err);
}

/* One of the sections that have something for each entry. */
static pmkt_status put_entries(saving *s, uint32_t section, pmkt_error *err) {
    pmkt_status status = pmkti_writer_section(s->writer, section, VERSION, true, err);
    s->end = 0;
    s->head.strings = 0;
    for (size_t p = 0; p < PMKTI_IDS_PARTS && !status && s->entries; p++) {
        size_t n = 0;
        const double done = (double)(section - IDS) + (double)p / PMKTI_IDS_PARTS;
        if (pmkti_canceled(s->run, done / 3, "save")) return pmkti_stopped(err, PMKT_E_CANCELED);
        status = pmkti_ids_gather(s->ids, p, s->entries, &n);
        if (status) return pmkti_ids_failed(s->ids, status, err);
        for (size_t i = 0; i < n && !status; i++) {
            status = put_entry(s, section, &s->entries[i], err);
        }
        s->head.strings += n;
    }
    if (section == ENDS) s->head.string_bytes = s->end;
    return status ? status : flush(s, err);
}

static pmkt_status put_all(saving *s, pmkt_error *err) {
    const pmkt_ids *ids = s->ids;
    pmkt_status status = put_entries(s, IDS, err);
    if (!status) status = put_entries(s, ENDS, err);
    if (!status) status = put_entries(s, STRINGS, err);
    if (!status) status = pmkti_writer_section(s->writer, TOMBS, VERSION, true, err);
    if (!status && ids->n_tombs > 0) {
        status = pmkti_writer_put(s->writer, ids->tombs, ids->n_tombs * sizeof *ids->tombs, err);
    }
    s->head.one_way = (uint32_t)ids->one_way;
    s->head.tombs = ids->n_tombs;
    if (!status) status = pmkti_writer_section(s->writer, HEAD, VERSION, true, err);
    if (!status) status = pmkti_writer_put(s->writer, &s->head, sizeof s->head, err);
    return status;
}

/* To a file, or to bytes if `path` is NULL. */
static pmkt_status save(const pmkt_ids *ids, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    int64_t string_bytes;
    pmkti_run mine;
    pmkt_status status = pmkti_run_check(run, pmkti_ids_count(ids, &string_bytes), &mine, err);
    if (status) return status;
    const size_t room = 2 * pmkti_ids_largest_part(ids);
    saving s = {.ids = ids, .run = &mine};
    status = pmkti_writer_new(&ids->allocator, path, PMKT_FILE_IDS, options, &s.writer, err);
    if (status) return status;
    s.buffer = pmkti_alloc(&ids->allocator, BUFFER, 1);
    s.entries = pmkti_alloc(&ids->allocator, room, sizeof *s.entries);
    if (!s.buffer || (room > 0 && !s.entries)) {
        status = pmkti_no_memory(err, BUFFER + room * sizeof *s.entries);
    } else {
        status = put_all(&s, err);
    }
    pmkti_free(&ids->allocator, s.entries, room, sizeof *s.entries);
    pmkti_free(&ids->allocator, s.buffer, BUFFER, 1);
    if (!status) return pmkti_writer_commit(s.writer, buffer, err);
    pmkti_writer_abort(s.writer);
    return status;
}

pmkt_status pmkt_ids_save(const pmkt_ids *ids, const char *path, const pmkt_save_options *options,
                          const pmkt_run *run, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    if (!path) return pmkti_null(err, "path");
    return save(ids, path, options, run, NULL, err);
}

pmkt_status pmkt_ids_save_memory(const pmkt_ids *ids, const pmkt_save_options *options,
                                 const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(ids, NULL, options, run, buffer, err);
}

/* ------------------------------------------------------------------ sections */

/* The sections of a file, and the strings in them as a base. */
typedef struct sections {
    head head;
    pmkti_span span[TOMBS + 1]; /* by section */
    pmkti_ids_base base;
    const pmkti_ids_tomb *tombs;
} sections;

static pmkt_status check_head(const sections *in, pmkt_error *err) {
    const head *h = &in->head;
    const char *what = NULL;
    if (h->one_way > 1 || h->reserved != 0)
        what = "the head of a dictionary has an unknown mode";
    else if (h->strings != in->span[IDS].size / sizeof(uint64_t) ||
             h->strings != in->span[ENDS].size / sizeof(uint64_t) ||
             h->string_bytes != in->span[STRINGS].size ||
             h->tombs != in->span[TOMBS].size / sizeof(pmkti_ids_tomb))
        what = "the head of a dictionary has other lengths than its sections";
    else if (h->one_way && (h->strings > 0 || h->tombs > 0))
        what = "a one-way dictionary holds strings";
    else if (h->strings == 0 && h->string_bytes > 0)
        what = "a dictionary has bytes, but no string that they are of";
    return what ? pmkti_corrupt(&in->span[HEAD], 0, what, err) : PMKT_OK;
}

static pmkt_status read_sections(pmkti_container *container, sections *in, pmkt_error *err) {
    static const size_t ELEMENT[TOMBS + 1] = {
        [HEAD] = sizeof(head), [IDS] = sizeof(uint64_t),         [ENDS] = sizeof(uint64_t),
        [STRINGS] = 1,         [TOMBS] = sizeof(pmkti_ids_tomb),
    };
    *in = (sections){.head = {0}};
    for (uint32_t id = HEAD; id <= TOMBS; id++) {
        const pmkt_status status =
            pmkti_container_section(container, id, VERSION, ELEMENT[id], &in->span[id], err);
        if (status) return status;
    }
    if (in->span[HEAD].size != sizeof in->head) {
        return pmkti_corrupt(&in->span[HEAD], 0, "the head of a dictionary has another length",
                             err);
    }
    memcpy(&in->head, in->span[HEAD].at, sizeof in->head);
    in->base = (pmkti_ids_base){
        .id = (const uint64_t *)(const void *)in->span[IDS].at,
        .end = (const uint64_t *)(const void *)in->span[ENDS].at,
        .n = in->span[IDS].size / sizeof(uint64_t),
        .bytes = in->span[STRINGS].at,
        .size = in->span[STRINGS].size,
    };
    in->tombs = (const pmkti_ids_tomb *)(const void *)in->span[TOMBS].at;
    return check_head(in, err);
}

/* ------------------------------------------------------------------- checks */

static pmkt_status check_order(const sections *in, pmkt_error *err) {
    const pmkti_ids_base *base = &in->base;
    uint64_t before = PMKT_ID_NONE, from = 0;
    for (size_t i = 0; i < base->n; i++) {
        if (base->id[i] <= before) {
            return pmkti_corrupt(&in->span[IDS], i * sizeof *base->id, "ids do not ascend", err);
        }
        const bool last = i + 1 == base->n;
        if (base->end[i] < from || base->end[i] > base->size ||
            (last && base->end[i] != base->size)) {
            return pmkti_corrupt(&in->span[ENDS], i * sizeof *base->end,
                                 "a string ends where it cannot", err);
        }
        before = base->id[i];
        from = base->end[i];
    }
    return PMKT_OK;
}

static pmkt_status check_tombs(const sections *in, pmkt_error *err) {
    uint64_t before = PMKT_ID_NONE;
    for (size_t i = 0; i < in->head.tombs; i++) {
        const pmkti_ids_tomb *tomb = &in->tombs[i];
        const char *what = NULL;
        if (tomb->id <= before)
            what = "the ids of tombstones do not ascend";
        else if (tomb->when_ms < PMKT_TIME_MIN || tomb->when_ms > PMKT_TIME_MAX)
            what = "a tombstone has no possible date";
        else if (in->base.n > 0 && pmkti_ids_base_find(&in->base, tomb->id) != SIZE_MAX)
            what = "an id is both known and forgotten";
        if (what) return pmkti_corrupt(&in->span[TOMBS], i * sizeof *tomb, what, err);
        before = tomb->id;
    }
    return PMKT_OK;
}

static pmkt_status check_row(const pmkti_ids_base *base, size_t row, pmkti_string *string) {
    if (!pmkti_ids_base_string(base, row, string)) return PMKT_E_CORRUPT;
    return pmkt_id_of_bytes(string->at, string->length) == base->id[row] ? PMKT_OK : PMKT_E_CORRUPT;
}

/* Says where the first row is that is not well. */
static pmkt_status report(const sections *in, pmkt_error *err) {
    pmkti_string string;
    size_t row = 0;
    while (row + 1 < in->base.n && !check_row(&in->base, row, &string)) row++;
    return pmkti_corrupt(&in->span[IDS], row * sizeof *in->base.id,
                         "an id is not that of its string", err);
}

/* ------------------------------------------------------------------- loading */

typedef struct filling {
    pmkt_ids *ids; /* NULL: check only */
    const pmkti_ids_base *base;
} filling;

static pmkt_status fill_part(void *ctx, int64_t p, int worker) {
    (void)worker;
    const filling *f = ctx;
    size_t row, to;
    pmkti_ids_base_rows(f->base, (size_t)p, &row, &to);
    pmkti_ids_part *part = f->ids ? &f->ids->parts[p] : NULL;
    pmkt_status status = part && to > row ? pmkti_ids_reserve(f->ids, part, to - row) : PMKT_OK;
    for (; row < to && !status; row++) {
        pmkti_string string;
        status = check_row(f->base, row, &string);
        if (!status && part) status = pmkti_ids_learn(f->ids, part, f->base->id[row], string);
    }
    return status;
}

static pmkt_status fill_tombs(pmkt_ids *ids, const sections *in, pmkt_error *err) {
    const size_t n = in->head.tombs;
    pmkti_ids_tomb *tombs = pmkti_alloc(&ids->allocator, n, sizeof *tombs);
    if (n > 0 && !tombs) return pmkti_no_memory(err, n * sizeof *tombs);
    if (n > 0) memcpy(tombs, in->tombs, n * sizeof *tombs);
    pmkti_ids_set_tombs(ids, tombs, n, n);
    const int64_t bytes = atomic_load_explicit(&ids->bytes, memory_order_relaxed);
    if (ids->max_bytes == 0 || bytes <= ids->max_bytes) return PMKT_OK;
    return pmkti_ids_failed(ids, PMKT_E_LIMIT, err);
}

static pmkt_status fill(pmkt_ids *ids, const sections *in, const pmkt_run *run, pmkti_stage stage,
                        pmkt_error *err) {
    pmkti_run mine;
    pmkt_status status = pmkti_run_check(run, (int64_t)in->base.n, &mine, err);
    if (!status) status = check_order(in, err);
    if (!status) status = check_tombs(in, err);
    if (status) return status;
    filling f = {ids, &in->base};
    if (ids) pmkti_ids_begin(ids);
    status = pmkti_parallel(&mine, stage, fill_part, &f, PMKTI_IDS_PARTS);
    if (status == PMKT_E_CORRUPT) return report(in, err);
    if (status == PMKT_E_LIMIT && ids) return pmkti_ids_failed(ids, status, err);
    if (status) return pmkti_stopped(err, status);
    return ids ? fill_tombs(ids, in, err) : PMKT_OK;
}

static pmkt_status open_file(const pmkti_source *source, const pmkt_load_options *options,
                             pmkti_container **container, sections *in, pmkt_error *err) {
    static const uint32_t KNOWN[] = {HEAD, IDS, ENDS, STRINGS, TOMBS};
    const pmkti_schema schema = {PMKT_FILE_IDS, KNOWN, sizeof KNOWN / sizeof *KNOWN};
    pmkt_status status = pmkti_container_open(source, &schema, options, container, err);
    if (status) return status;
    status = read_sections(*container, in, err);
    if (status) pmkti_container_close(*container);
    return status;
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_ids **out, pmkt_error *err) {
    if (!out) return pmkti_null(err, "ids");
    pmkti_container *container = NULL;
    sections in;
    pmkt_status status = open_file(source, options, &container, &in, err);
    if (status) return status;
    pmkt_ids *ids = pmkti_ids_new(pmkti_container_allocator(container), (int32_t)in.head.one_way,
                                  pmkti_container_max_bytes(container));
    status = ids ? fill(ids, &in, run, (pmkti_stage){"load", 0.0, 1.0}, err)
                 : pmkti_no_memory(err, sizeof *ids);
    pmkti_container_close(container);
    if (!status)
        *out = ids;
    else
        pmkt_ids_free(ids);
    return status;
}

pmkt_status pmkt_ids_load(const char *path, const pmkt_load_options *options, const pmkt_run *run,
                          pmkt_ids **ids, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    return load(&(pmkti_source){.path = path}, options, run, ids, err);
}

pmkt_status pmkt_ids_load_memory(const void *bytes, size_t size, const pmkt_load_options *options,
                                 const pmkt_run *run, pmkt_ids **ids, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, ids, err);
}

/* ------------------------------------------------------------------- mapping */

pmkt_status pmkt_ids_map(const char *path, const pmkt_load_options *options, pmkt_ids **ids,
                         pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!ids) return pmkti_null(err, "ids");
    pmkti_container *container = NULL;
    sections in;
    pmkt_status status =
        open_file(&(pmkti_source){.path = path, .map = true}, options, &container, &in, err);
    if (status) return status;
    const int64_t limit = pmkti_container_max_bytes(container);
    if (limit > 0 && limit < (int64_t)sizeof **ids) {
        pmkti_container_close(container);
        return pmkti_fail(err, PMKT_E_LIMIT, "a dictionary needs more than max_bytes, %lld bytes",
                          (long long)limit);
    }
    pmkt_ids *made =
        pmkti_ids_new(pmkti_container_allocator(container), (int32_t)in.head.one_way, limit);
    if (!made) {
        pmkti_container_close(container);
        return pmkti_no_memory(err, sizeof *made);
    }
    made->base = in.base;
    made->base.container = container;
    made->base.mapped = pmkti_container_mapped(container);
    made->tombs = in.tombs;
    made->n_tombs = in.head.tombs;
    *ids = made;
    return PMKT_OK;
}

pmkt_status pmkt_ids_verify(const pmkt_ids *ids, const pmkt_run *run, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkti_run mine;
    pmkt_status status = pmkti_run_check(run, (int64_t)ids->base.n, &mine, err);
    if (status || !ids->base.container) return status; /* what is in memory was checked before */
    pmkti_share half = {mine.progress, 0.0, 0.5};
    mine.progress = pmkti_share_progress(&half);
    status = pmkti_container_verify(ids->base.container, &mine, err);
    sections in;
    if (!status) status = read_sections(ids->base.container, &in, err);
    return status ? status : fill(NULL, &in, run, (pmkti_stage){"verify", 0.5, 1.0}, err);
}
