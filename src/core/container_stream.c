/*
 * container_stream.c - the bytes of one section, unpacked and hashed as they pass.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/codec.h"
#include "core/container_parts.h"
#include "core/error.h"
#include "core/hash.h"

#define PIECE ((size_t)65536) /* what a cache holds: it is hashed right after it was read */

struct pmkti_stream {
    const pmkti_container *container;
    const pmkti_file_entry *entry;
    uint64_t taken; /* of the bytes in the file */
    uint64_t given; /* of the unpacked ones */
    pmkti_hasher hasher;
    pmkti_codec codec;
    pmkti_flow flow; /* what is read and not yet unpacked */
    bool done;       /* the end of what was packed */
    unsigned char packed[PIECE];
    unsigned char passed[PIECE]; /* what nobody wants */
};

pmkt_status pmkti_stream_of(const pmkti_container *container, const pmkti_file_entry *entry,
                            pmkti_stream **stream, pmkt_error *err) {
    const pmkt_allocator *allocator = &container->allocator;
    pmkti_stream *s = pmkti_alloc(allocator, 1, sizeof *s);
    if (!s) return pmkti_no_memory(err, sizeof *s);
    s->container = container;
    s->entry = entry;
    s->taken = s->given = 0;
    s->codec = (pmkti_codec){NULL, NULL};
    s->flow = (pmkti_flow){NULL, 0, NULL, 0};
    s->done = false;
    pmkti_hasher_begin(&s->hasher);
    if (entry->codec != PMKTI_RAW) {
        const pmkt_status status = pmkti_unpacker_begin(&s->codec, err);
        if (status) {
            pmkti_stream_close(s);
            return status;
        }
    }
    *stream = s;
    return PMKT_OK;
}

void pmkti_stream_close(pmkti_stream *stream) {
    if (!stream) return;
    pmkti_codec_end(&stream->codec);
    pmkti_free(&stream->container->allocator, stream, 1, sizeof *stream);
}

static pmkt_status damaged(const pmkti_stream *s, const char *what, pmkt_error *err) {
    return pmkti_corrupt_at(s->entry->offset, what, err);
}

/* The next n bytes of the file, hashed. */
static pmkt_status take(pmkti_stream *s, void *to, size_t n, pmkt_error *err) {
    const pmkt_status status =
        pmkti_container_read(s->container, s->entry->offset + s->taken, to, n, err);
    if (status) return status;
    pmkti_hasher_add(&s->hasher, to, n);
    s->taken += n;
    return PMKT_OK;
}

static pmkt_status read_raw(pmkti_stream *s, unsigned char *to, size_t n, pmkt_error *err) {
    const unsigned char *in_place =
        pmkti_container_bytes(s->container, s->entry->offset + s->taken);
    if (!to && in_place) {
        pmkti_hasher_add(&s->hasher, in_place, n);
        s->taken += n;
        return PMKT_OK;
    }
    while (n > 0) {
        const size_t part = n < PIECE ? n : PIECE;
        const pmkt_status status = take(s, to ? to : s->passed, part, err);
        if (status) return status;
        if (to) to += part;
        n -= part;
    }
    return PMKT_OK;
}

/* Unpacks into the room that the flow has; with none, only what ends the frame. */
static pmkt_status unpack(pmkti_stream *s, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    const uint64_t length = s->entry->length;
    if (s->flow.n_in == 0 && s->taken < length) {
        const uint64_t left = length - s->taken;
        const size_t n = left < PIECE ? (size_t)left : PIECE;
        status = take(s, s->packed, n, err);
        if (status) return status;
        s->flow.in = s->packed;
        s->flow.n_in = n;
    }
    const size_t before = s->flow.n_in + s->flow.room;
    status = pmkti_unpack(&s->codec, &s->flow, &s->done, err);
    if (status == PMKT_E_CORRUPT) return damaged(s, "a section cannot be unpacked", err);
    if (status) return status;
    if (s->done || s->flow.n_in + s->flow.room < before) return PMKT_OK;
    return damaged(s, "a compressed section ends too early", err);
}

static pmkt_status read_packed(pmkti_stream *s, unsigned char *to, size_t n, pmkt_error *err) {
    while (n > 0) {
        const size_t part = !to && n > PIECE ? PIECE : n;
        s->flow.out = to ? to : s->passed;
        s->flow.room = part;
        while (s->flow.room > 0) {
            if (s->done) return damaged(s, "a section unpacks to less than it should", err);
            const pmkt_status status = unpack(s, err);
            if (status) return status;
        }
        if (to) to += part;
        n -= part;
    }
    return PMKT_OK;
}

pmkt_status pmkti_stream_read(pmkti_stream *stream, void *to, size_t n, pmkt_error *err) {
    if (n > stream->entry->unpacked - stream->given) {
        return damaged(stream, "a section is shorter than another one says", err);
    }
    const pmkt_status status = stream->entry->codec == PMKTI_RAW ? read_raw(stream, to, n, err)
                                                                 : read_packed(stream, to, n, err);
    if (!status) stream->given += n;
    return status;
}

pmkt_status pmkti_stream_end(pmkti_stream *stream, pmkt_error *err) {
    const pmkti_file_entry *e = stream->entry;
    if (stream->given != e->unpacked) {
        return damaged(stream, "a section is longer than another one says", err);
    }
    stream->flow.room = 0;
    while (e->codec != PMKTI_RAW && !stream->done) {
        const pmkt_status status = unpack(stream, err);
        if (status) return status;
    }
    if (stream->taken != e->length || stream->flow.n_in > 0) {
        return damaged(stream, "there is more in a section than it unpacks to", err);
    }
    if (pmkti_hasher_end(&stream->hasher) != e->checksum) {
        return damaged(stream, "a section does not have its checksum", err);
    }
    return PMKT_OK;
}

pmkt_status pmkti_container_check(const pmkti_container *container, const pmkti_file_entry *entry,
                                  const pmkti_run *run, uint64_t done, uint64_t all,
                                  pmkt_error *err) {
    pmkti_stream *s = NULL;
    pmkt_status status = pmkti_stream_of(container, entry, &s, err);
    for (uint64_t left = entry->unpacked; !status && left > 0;) {
        const size_t n = left < 16 * PIECE ? (size_t)left : 16 * PIECE;
        const double share = (double)(done + entry->unpacked - left) / (double)(all ? all : 1);
        if (run && pmkti_canceled(run, share, "verifying")) {
            status = pmkti_stopped(err, PMKT_E_CANCELED);
        } else {
            status = pmkti_stream_read(s, NULL, n, err);
        }
        left -= n;
    }
    if (!status) status = pmkti_stream_end(s, err);
    pmkti_stream_close(s);
    return status;
}
