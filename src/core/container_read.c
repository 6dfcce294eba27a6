/*
 * container_read.c - opens a container and hands out its sections.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/codec.h"
#include "core/container_parts.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/structs.h"

/* Unpacked sections get room as their bytes arrive: a table can promise more than there is. */
#define FIRST_ROOM ((size_t)1 << 20)

/* ------------------------------------------------------------------ opening */

static pmkt_status check_options(const pmkt_load_options *given, pmkt_load_options *mine,
                                 pmkt_error *err) {
    const pmkt_status status =
        pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->reserved != 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    }
    if (mine->max_bytes < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.max_bytes is negative");
    }
    return PMKT_OK;
}

static pmkt_status open_file(pmkti_container *c, const pmkti_source *source, pmkt_error *err) {
    c->path_room = strlen(source->path) + 1;
    c->path = pmkti_alloc(&c->allocator, c->path_room, 1);
    if (!c->path) return pmkti_no_memory(err, c->path_room);
    memcpy(c->path, source->path, c->path_room);
    pmkt_status status = pmkti_in_open(c->path, &c->in, err);
    if (status) return status;
    c->size = (uint64_t)c->in.size;
    if (!source->map || c->size == 0) return PMKT_OK;
    const void *base = NULL;
    status = pmkti_in_map(&c->in, c->path, &base, err);
    if (status) return status;
    c->base = base;
    c->mapped = true;
    pmkti_map_advise(base, c->in.size, true);
    pmkti_in_close(&c->in); /* a mapping stands without it */
    return PMKT_OK;
}

static pmkt_status open_source(pmkti_container *c, const pmkti_source *source, pmkt_error *err) {
    if (source->path) return open_file(c, source, err);
    if (!source->bytes && source->size > 0) return pmkti_null(err, "bytes");
    c->base = source->bytes;
    c->size = source->size;
    return PMKT_OK;
}

static const char *kind_name(uint32_t kind) {
    switch (kind) {
        case PMKT_FILE_RFM:
            return "a pmkt_rfm";
        case PMKT_FILE_IDS:
            return "a pmkt_ids";
        case PMKT_FILE_CF:
            return "a pmkt_cf";
        case PMKT_FILE_INTENT:
            return "a pmkt_intent";
        case PMKT_FILE_PURCHASE:
            return "a pmkt_purchase";
        case PMKT_FILE_LOGISTIC:
            return "a pmkt_logistic";
        case PMKT_FILE_TRACKER:
            return "the state of a pmkt_tracker";
        default:
            return "something of a newer release";
    }
}

static bool is_known(const pmkti_schema *schema, uint32_t id) {
    for (size_t i = 0; i < schema->n_known; i++) {
        if (schema->known[i] == id) return true;
    }
    return false;
}

/* What the caller does not know is read here, as far as its checksum goes: a loaded file has no
   byte that nobody looked at. */
static pmkt_status check_unknown(const pmkti_container *c, const pmkti_file_entry *e,
                                 pmkt_error *err) {
    if (e->flags & PMKTI_REQUIRED) {
        return pmkti_fail(err, PMKT_E_FORMAT,
                          "the file has a section (%u) that needs a newer libpmkt than %s",
                          (unsigned)e->id, pmkt_version());
    }
    return c->mapped ? PMKT_OK : pmkti_container_check(c, e, NULL, 0, 0, err);
}

static pmkt_status check_schema(const pmkti_container *c, const pmkti_schema *schema,
                                pmkt_error *err) {
    if (!schema) return PMKT_OK;
    if (c->header.kind != (uint32_t)schema->kind) {
        return pmkti_fail(err, PMKT_E_FORMAT, "the file holds %s, not %s",
                          kind_name(c->header.kind), kind_name((uint32_t)schema->kind));
    }
    for (size_t i = 0; i < c->header.sections; i++) {
        const pmkti_file_entry *e = &c->table[i];
        pmkt_status status = PMKT_OK;
        if (!is_known(schema, e->id)) {
            status = check_unknown(c, e, err);
        } else if (e->codec != PMKTI_RAW && c->mapped) {
            status = pmkti_fail(err, PMKT_E_UNSUPPORTED,
                                "the file is compressed: load it, or save it uncompressed to map");
        } else if (e->codec != PMKTI_RAW) {
            status = pmkti_codec_check(err);
        }
        if (status) return status;
    }
    return PMKT_OK;
}

pmkt_status pmkti_container_open(const pmkti_source *source, const pmkti_schema *schema,
                                 const pmkt_load_options *options, pmkti_container **container,
                                 pmkt_error *err) {
    pmkt_load_options o = PMKT_LOAD_OPTIONS_INIT;
    pmkt_allocator allocator;
    pmkt_status status = check_options(options, &o, err);
    if (!status) status = pmkti_allocator_check(o.allocator, &allocator, err);
    if (status) return status;
    pmkti_container *c = pmkti_alloc_zero(&allocator, 1, sizeof *c);
    if (!c) return pmkti_no_memory(err, sizeof *c);
    c->allocator = allocator;
    c->max_bytes = o.max_bytes;
    c->in.fd = -1;
    status = open_source(c, source, err);
    if (!status) status = pmkti_container_parse(c, err);
    if (!status) status = check_schema(c, schema, err);
    if (status) {
        pmkti_container_close(c);
        return status;
    }
    *container = c;
    return PMKT_OK;
}

void pmkti_container_close(pmkti_container *container) {
    if (!container) return;
    const pmkt_allocator allocator = container->allocator;
    const size_t n = container->header.sections;
    for (size_t i = 0; container->loaded && i < n; i++)
        pmkt_buffer_free(container->loaded[i].bytes);
    pmkti_free(&allocator, container->loaded, n, sizeof *container->loaded);
    pmkti_free(&allocator, container->table, n, sizeof *container->table);
    pmkti_free(&allocator, container->path, container->path_room, 1);
    if (container->mapped) pmkti_unmap(container->base, (int64_t)container->size);
    pmkti_in_close(&container->in);
    pmkti_free(&allocator, container, 1, sizeof *container);
}

/* ------------------------------------------------------------------ reading */

pmkt_status pmkti_container_read(const pmkti_container *c, uint64_t at, void *to, size_t n,
                                 pmkt_error *err) {
    if (n == 0) return PMKT_OK;
    if (c->base) {
        memcpy(to, c->base + at, n);
        return PMKT_OK;
    }
    size_t got = 0;
    const pmkt_status status = pmkti_in_read(&c->in, c->path, (int64_t)at, to, n, &got, err);
    if (status || got == n) return status;
    return pmkti_corrupt_at(at + got, "it became shorter while it was read", err);
}

const pmkti_file_entry *pmkti_container_find(const pmkti_container *container, uint32_t id) {
    for (size_t i = 0; i < container->header.sections; i++) {
        if (container->table[i].id == id) return &container->table[i];
    }
    return NULL;
}

bool pmkti_container_has(const pmkti_container *container, uint32_t id) {
    return pmkti_container_find(container, id) != NULL;
}

/* The entry of a section that is as the caller expects it, or NULL and *status. */
static const pmkti_file_entry *find(const pmkti_container *c, uint32_t id, uint32_t version,
                                    size_t element, pmkt_status *status, pmkt_error *err) {
    const pmkti_file_entry *e = pmkti_container_find(c, id);
    if (!e) {
        *status = pmkti_corrupt_at(c->header.table_at, "a section is missing", err);
        return NULL;
    }
    if (e->version > version) {
        *status =
            pmkti_fail(err, PMKT_E_FORMAT, "section %u of the file needs a newer libpmkt than %s",
                       (unsigned)id, pmkt_version());
        return NULL;
    }
    if (e->unpacked % element != 0) {
        *status = pmkti_corrupt_at(e->offset, "a section is not a whole number of records", err);
        return NULL;
    }
    return e;
}

pmkt_status pmkti_stream_open(const pmkti_container *container, uint32_t id, uint32_t version,
                              size_t element, pmkti_stream **stream, uint64_t *size,
                              pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    const pmkti_file_entry *e = find(container, id, version, element, &status, err);
    if (!e) return status;
    status = pmkti_stream_of(container, e, stream, err);
    if (!status) *size = e->unpacked;
    return status;
}

/* The whole of a section into a buffer. */
static pmkt_status fill(const pmkti_container *c, const pmkti_file_entry *e, pmkt_buffer *buffer,
                        pmkt_error *err) {
    pmkti_stream *s = NULL;
    pmkt_status status = pmkti_stream_of(c, e, &s, err);
    while (!status && buffer->n < e->unpacked) {
        const size_t left = (size_t)e->unpacked - buffer->n;
        size_t n = left; /* a raw section is no longer than the file */
        if (e->codec != PMKTI_RAW) {
            const size_t next = buffer->n > FIRST_ROOM ? buffer->n : FIRST_ROOM;
            if (n > next) n = next;
        }
        if (!pmkti_buffer_reserve(buffer, buffer->n + n)) {
            status = pmkti_no_memory(err, buffer->n + n);
            break;
        }
        status = pmkti_stream_read(s, buffer->at + buffer->n, n, err);
        buffer->n += n;
    }
    if (!status) status = pmkti_stream_end(s, err);
    pmkti_stream_close(s);
    return status;
}

static pmkt_status load_section(pmkti_container *c, const pmkti_file_entry *e, pmkt_error *err) {
    pmkti_loaded *loaded = &c->loaded[e - c->table];
    if (loaded->bytes) return PMKT_OK;
    pmkt_buffer *buffer = pmkti_buffer_new(&c->allocator);
    if (!buffer) return pmkti_no_memory(err, sizeof *buffer);
    const pmkt_status status = fill(c, e, buffer, err);
    if (status) {
        pmkt_buffer_free(buffer);
        return status;
    }
    loaded->bytes = buffer;
    return PMKT_OK;
}

static pmkti_span span_of(const pmkti_file_entry *e) {
    return (pmkti_span){NULL, 0, (int64_t)e->offset, e->version, e->codec != PMKTI_RAW};
}

pmkti_span pmkti_container_place(const pmkti_container *container, uint32_t id) {
    const pmkti_file_entry *e = pmkti_container_find(container, id);
    return e ? span_of(e) : (pmkti_span){NULL, 0, 0, 0, false};
}

/* Whether the bytes of a section can be used where they are. */
static bool is_in_place(const pmkti_container *c, const pmkti_file_entry *e) {
    if (!c->base || e->codec != PMKTI_RAW) return false;
    return c->mapped || (uintptr_t)(c->base + e->offset) % PMKTI_ALIGN == 0;
}

pmkt_status pmkti_container_section(pmkti_container *container, uint32_t id, uint32_t version,
                                    size_t element, pmkti_span *span, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    const pmkti_file_entry *e = find(container, id, version, element, &status, err);
    if (!e) return status;
    pmkti_span s = span_of(e);
    s.size = (size_t)e->unpacked;
    if (is_in_place(container, e)) {
        status = container->mapped ? PMKT_OK : pmkti_container_check(container, e, NULL, 0, 0, err);
        if (s.size > 0) s.at = container->base + e->offset;
    } else {
        status = load_section(container, e, err);
        if (!status && s.size > 0) s.at = container->loaded[e - container->table].bytes->at;
    }
    if (!status) *span = s;
    return status;
}

void pmkti_container_release(pmkti_container *container, uint32_t id) {
    const pmkti_file_entry *e = pmkti_container_find(container, id);
    if (!e) return;
    pmkti_loaded *loaded = &container->loaded[e - container->table];
    pmkt_buffer_free(loaded->bytes);
    loaded->bytes = NULL;
}

pmkt_status pmkti_corrupt(const pmkti_span *span, size_t at, const char *what, pmkt_error *err) {
    return pmkti_corrupt_at((uint64_t)span->offset + (span->packed ? 0 : at), what, err);
}

/* ---------------------------------------------------------------- verifying */

/* A mapped file may have changed since its header and table were read. */
static pmkt_status check_again(const pmkti_container *c, pmkt_error *err) {
    const pmkti_file_header *h = &c->header;
    if (!c->mapped) return PMKT_OK;
    if (memcmp(c->base, h, sizeof *h) != 0) {
        return pmkti_corrupt_at(0, "the header has changed since the file was mapped", err);
    }
    if (pmkti_xxh3(c->base + h->table_at, h->sections * sizeof *c->table) != h->table_checksum) {
        return pmkti_corrupt_at(h->table_at, "the table does not have its checksum", err);
    }
    return PMKT_OK;
}

pmkt_status pmkti_container_verify(const pmkti_container *container, const pmkti_run *run,
                                   pmkt_error *err) {
    uint64_t all = 0, done = 0;
    const size_t n = container->header.sections;
    for (size_t i = 0; i < n; i++) all += container->table[i].unpacked;
    pmkti_container_read_ahead(container);
    pmkt_status status = check_again(container, err);
    for (size_t i = 0; i < n && !status; i++) {
        status = pmkti_container_check(container, &container->table[i], run, done, all, err);
        done += container->table[i].unpacked;
    }
    if (!status && pmkti_canceled(run, 1, "verifying")) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    return status;
}

const pmkt_allocator *pmkti_container_allocator(const pmkti_container *container) {
    return &container->allocator;
}

int64_t pmkti_container_max_bytes(const pmkti_container *container) {
    return container->max_bytes;
}

void pmkti_container_read_ahead(const pmkti_container *container) {
    if (container->mapped) pmkti_map_advise(container->base, (int64_t)container->size, false);
}

size_t pmkti_container_mapped(const pmkti_container *container) {
    return container->mapped ? (size_t)container->size : 0;
}
