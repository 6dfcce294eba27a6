/*
 * container_write.c - writes a container from front to back. The header, which needs all the rest,
 * is written last, over the zeros that hold its place.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/codec.h"
#include "core/container.h"
#include "core/container_format.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/io.h"
#include "core/structs.h"

/* Small puts are gathered, and large ones cut, into pieces that a cache holds, for a piece is read
   twice: to hash it and to write it. */
#define PIECE 65536

struct pmkti_writer {
    pmkt_allocator allocator;
    int32_t level; /* of zstd; 0: raw */
    bool synced;
    int32_t kind;
    pmkti_out out;       /* either a file ... */
    pmkt_buffer *buffer; /* ... or memory */
    uint64_t at;         /* bytes written */
    bool open;           /* the last section has not ended */
    size_t n_sections;
    pmkti_codec codec;
    pmkti_hasher hasher; /* of the section */
    size_t gathered;
    unsigned char gather[PIECE];
    unsigned char packed[PIECE];
    pmkti_file_entry table[PMKTI_MOST_SECTIONS];
};

/* ---------------------------------------------------------------- beginning */

static pmkt_status check_options(const pmkt_save_options *given, pmkt_save_options *mine,
                                 pmkt_error *err) {
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->compression < 0 || mine->compression > PMKTI_ZSTD_LEVELS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.compression is %d, but must be 0 to %d",
                          (int)mine->compression, PMKTI_ZSTD_LEVELS);
    }
    if (mine->unsynced != 0 && mine->unsynced != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.unsynced is %d, but must be 0 or 1",
                          (int)mine->unsynced);
    }
    if (mine->reserved != 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    }
    return mine->compression > 0 ? pmkti_codec_check(err) : PMKT_OK;
}

static pmkt_status put_through(pmkti_writer *w, const void *bytes, size_t n, pmkt_error *err) {
    w->at += n;
    if (!w->buffer) return pmkti_out_put(&w->out, bytes, n, err);
    return pmkti_buffer_add(w->buffer, bytes, n) ? PMKT_OK : pmkti_no_memory(err, n);
}

static pmkt_status open_target(pmkti_writer *w, const char *path, pmkt_error *err) {
    static const pmkti_file_header place;
    if (path) {
        const pmkt_status status = pmkti_out_open(&w->allocator, path, &w->out, err);
        if (status) return status;
    } else {
        w->buffer = pmkti_buffer_new(&w->allocator);
        if (!w->buffer) return pmkti_no_memory(err, sizeof *w->buffer);
    }
    return put_through(w, &place, sizeof place, err);
}

pmkt_status pmkti_writer_new(const pmkt_allocator *allocator, const char *path, int32_t kind,
                             const pmkt_save_options *options, pmkti_writer **writer,
                             pmkt_error *err) {
    pmkt_save_options o = PMKT_SAVE_OPTIONS_INIT;
    pmkt_status status = check_options(options, &o, err);
    if (status) return status;
    pmkti_writer *w = pmkti_alloc_zero(allocator, 1, sizeof *w);
    if (!w) return pmkti_no_memory(err, sizeof *w);
    w->allocator = *allocator;
    w->level = o.compression;
    w->synced = o.unsynced == 0;
    w->kind = kind;
    status = open_target(w, path, err);
    if (status) {
        pmkti_writer_abort(w);
        return status;
    }
    *writer = w;
    return PMKT_OK;
}

void pmkti_writer_abort(pmkti_writer *writer) {
    if (!writer) return;
    const pmkt_allocator allocator = writer->allocator;
    pmkti_out_abort(&writer->out);
    pmkt_buffer_free(writer->buffer);
    pmkti_codec_end(&writer->codec);
    pmkti_free(&allocator, writer, 1, sizeof *writer);
}

/* ----------------------------------------------------------------- sections */

static pmkt_status put_section_bytes(pmkti_writer *w, const void *bytes, size_t n,
                                     pmkt_error *err) {
    w->table[w->n_sections - 1].length += n;
    pmkti_hasher_add(&w->hasher, bytes, n);
    return put_through(w, bytes, n, err);
}

/* One piece on its way out, through zstd if the file is compressed; with `end`, the last. */
static pmkt_status put_piece(pmkti_writer *w, const unsigned char *bytes, size_t n, bool end,
                             pmkt_error *err) {
    pmkti_file_entry *entry = &w->table[w->n_sections - 1];
    entry->unpacked += n;
    if (entry->codec == PMKTI_RAW) return put_section_bytes(w, bytes, n, err);
    pmkti_flow flow = {bytes, n, NULL, 0};
    pmkt_status status = PMKT_OK;
    for (bool done = false; !status && (end ? !done : flow.n_in > 0);) {
        flow.out = w->packed;
        flow.room = sizeof w->packed;
        status = pmkti_pack(&w->codec, &flow, end, &done, err);
        const size_t packed = sizeof w->packed - flow.room;
        if (!status && packed > 0) status = put_section_bytes(w, w->packed, packed, err);
    }
    return status;
}

static pmkt_status put_zeros(pmkti_writer *w, pmkt_error *err) {
    static const unsigned char zeros[PMKTI_ALIGN];
    const size_t n = (size_t)(pmkti_align(w->at) - w->at);
    return n > 0 ? put_through(w, zeros, n, err) : PMKT_OK;
}

/* A section becomes compressed with its first byte, so that an empty one never is. */
static pmkt_status begin_codec(pmkti_writer *w, pmkt_error *err) {
    pmkti_file_entry *entry = &w->table[w->n_sections - 1];
    if (w->level == 0 || entry->codec != PMKTI_RAW) return PMKT_OK;
    entry->codec = PMKTI_ZSTD_FRAME;
    return pmkti_packer_begin(&w->codec, w->level, err);
}

static pmkt_status end_section(pmkti_writer *w, pmkt_error *err) {
    if (!w->open) return PMKT_OK;
    const pmkt_status status = put_piece(w, w->gather, w->gathered, true, err);
    if (status) return status;
    w->gathered = 0;
    w->open = false;
    w->table[w->n_sections - 1].checksum = pmkti_hasher_end(&w->hasher);
    return put_zeros(w, err);
}

pmkt_status pmkti_writer_section(pmkti_writer *writer, uint32_t id, uint32_t version, bool required,
                                 pmkt_error *err) {
    const pmkt_status status = end_section(writer, err);
    if (status) return status;
    if (writer->n_sections == PMKTI_MOST_SECTIONS) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "a file has at most %d sections",
                          PMKTI_MOST_SECTIONS);
    }
    writer->table[writer->n_sections++] = (pmkti_file_entry){
        .id = id,
        .version = version,
        .flags = required ? PMKTI_REQUIRED : 0,
        .codec = PMKTI_RAW,
        .offset = writer->at,
    };
    pmkti_hasher_begin(&writer->hasher);
    writer->open = true;
    return PMKT_OK;
}

pmkt_status pmkti_writer_put(pmkti_writer *writer, const void *bytes, size_t n, pmkt_error *err) {
    const unsigned char *from = bytes;
    if (n == 0) return PMKT_OK;
    pmkt_status status = begin_codec(writer, err);
    while (!status && n > 0) {
        const size_t room = PIECE - writer->gathered, part = n < room ? n : room;
        if (part == PIECE) { /* nothing gathered, a whole piece at hand: no copy */
            status = put_piece(writer, from, part, false, err);
        } else {
            memcpy(writer->gather + writer->gathered, from, part);
            writer->gathered += part;
            if (writer->gathered == PIECE) {
                status = put_piece(writer, writer->gather, PIECE, false, err);
                writer->gathered = 0;
            }
        }
        from += part;
        n -= part;
    }
    return status;
}

/* ------------------------------------------------------------------- the end */

static pmkt_status put_table_and_header(pmkti_writer *w, pmkt_error *err) {
    pmkti_file_header h = {
        .order = PMKTI_BYTE_ORDER,
        .format = PMKTI_FORMAT,
        .reader = PMKTI_FORMAT,
        .kind = (uint32_t)w->kind,
        .sections = (uint32_t)w->n_sections,
        .table_at = w->at,
    };
    const size_t table = w->n_sections * sizeof *w->table;
    memcpy(h.magic, PMKTI_MAGIC, sizeof h.magic);
    h.bytes = h.table_at + table;
    h.table_checksum = pmkti_xxh3(w->table, table);
    h.checksum = pmkti_xxh3(&h, offsetof(pmkti_file_header, checksum));
    const pmkt_status status = put_through(w, w->table, table, err);
    if (status) return status;
    if (!w->buffer) return pmkti_out_put_at(&w->out, 0, &h, sizeof h, err);
    memcpy(w->buffer->at, &h, sizeof h);
    return PMKT_OK;
}

pmkt_status pmkti_writer_commit(pmkti_writer *writer, pmkt_buffer **buffer, pmkt_error *err) {
    pmkt_status status = end_section(writer, err);
    if (!status) status = put_table_and_header(writer, err);
    if (!status && writer->buffer) {
        *buffer = writer->buffer;
        writer->buffer = NULL;
    } else if (!status) {
        status = pmkti_out_commit(&writer->out, writer->synced, err);
    }
    pmkti_writer_abort(writer); /* what is left of it */
    return status;
}
