/*
 * container.h - the one file format: a header, sections of bytes, and a table that says where they
 * are and what their checksums must be. What is in a section is its module's business.
 *
 * Writing streams: begin a section, put bytes, begin the next, commit. Nothing exists under the
 * final name before the commit, and what is there before is as it was if anything fails.
 *
 * Reading trusts nothing: a section is handed out as a span whose bounds lie within the file; loaded
 * (as opposed to mapped) sections have the right checksum too.
 */
#ifndef PMKTI_CONTAINER_H
#define PMKTI_CONTAINER_H

#include <stdbool.h>

#include "core/parallel.h"
#include "pmkt/file.h"

/* ------------------------------------------------------------------ writing */

typedef struct pmkti_writer pmkti_writer;

/* Begins a file of a kind (PMKT_FILE_...), or bytes in memory for path == NULL. `options` is the
   caller's, or NULL; checked here. */
pmkt_status pmkti_writer_new(const pmkt_allocator *allocator, const char *path, int32_t kind,
                             const pmkt_save_options *options, pmkti_writer **writer,
                             pmkt_error *err);

/* Begins a section; the one before it ends. Ids are the kind's own, each at most once. A reader that
   does not know a required section refuses the file. */
pmkt_status pmkti_writer_section(pmkti_writer *writer, uint32_t id, uint32_t version, bool required,
                                 pmkt_error *err);

/* Appends to the section. */
pmkt_status pmkti_writer_put(pmkti_writer *writer, const void *bytes, size_t n, pmkt_error *err);

/* Completes the file, or hands out the bytes in *buffer. The writer is gone afterwards, also on
   failure, and then so is the temporary file. */
pmkt_status pmkti_writer_commit(pmkti_writer *writer, pmkt_buffer **buffer, pmkt_error *err);

/* Drops a writer that is not committed; NULL is fine. */
void pmkti_writer_abort(pmkti_writer *writer);

/* ------------------------------------------------------------------ reading */

typedef struct pmkti_container pmkti_container;

/* A section, or a part of one. */
typedef struct pmkti_span {
    const unsigned char *at; /* 64-byte aligned; NULL if empty */
    size_t size;
    int64_t offset; /* of its first byte in the file, for error.where; if compressed, of the
                       compressed bytes */
    uint32_t version;
    bool packed; /* it is compressed, so that a place in it has no byte in the file */
} pmkti_span;

/*
 * Opens a container of a kind: `path` to load, `path` and `map` to use in place, or path == NULL to
 * read `size` bytes of the caller's, which must outlive the container. `known` are the ids of
 * the sections that the caller can read; a required one that is not among them is PMKT_E_FORMAT.
 * `options` is the caller's, or NULL; checked here, and its allocator and limit are handed on. A
 * schema of NULL takes any kind and any section, for pmkt_file_inspect and _verify.
 */
typedef struct pmkti_source {
    const char *path;
    bool map;
    const void *bytes;
    size_t size;
} pmkti_source;

typedef struct pmkti_schema {
    int32_t kind;
    const uint32_t *known;
    size_t n_known;
} pmkti_schema;

pmkt_status pmkti_container_open(const pmkti_source *source, const pmkti_schema *schema,
                                 const pmkt_load_options *options, pmkti_container **container,
                                 pmkt_error *err);

/* The checked options that the container was opened with. */
const pmkt_allocator *pmkti_container_allocator(const pmkti_container *container);
int64_t pmkti_container_max_bytes(const pmkti_container *container);

/*
 * The bytes of a section, which must be there, of a version up to `version` and a whole number of
 * elements of `element` bytes long. Not mapped: read, unpacked and verified now; they live until
 * _release or _close, whichever is first. Mapped: they live until _close, unverified.
 */
pmkt_status pmkti_container_section(pmkti_container *container, uint32_t id, uint32_t version,
                                    size_t element, pmkti_span *span, pmkt_error *err);

/*
 * The same without holding the section: its bytes come in order, in pieces that the caller asks for,
 * and go where the caller wants them, so that what is loaded is in memory once. They are verified only
 * when the stream has ended well; until then they may be anything. Of mapped files as well.
 */
typedef struct pmkti_stream pmkti_stream;

/* Begins; *size is what will come in all. */
pmkt_status pmkti_stream_open(const pmkti_container *container, uint32_t id, uint32_t version,
                              size_t element, pmkti_stream **stream, uint64_t *size,
                              pmkt_error *err);

/* The next n bytes; NULL passes over them. PMKT_E_CORRUPT if there are not so many. */
pmkt_status pmkti_stream_read(pmkti_stream *stream, void *to, size_t n, pmkt_error *err);

/* PMKT_OK if all was read and the checksum is right. The stream stays, to be closed. */
pmkt_status pmkti_stream_end(pmkti_stream *stream, pmkt_error *err);

/* Frees it, at its end or before; NULL is fine. */
void pmkti_stream_close(pmkti_stream *stream);

/* Where a section is, as a span without bytes, for pmkti_corrupt. Zero if it is not there. */
pmkti_span pmkti_container_place(const pmkti_container *container, uint32_t id);

/* Whether a section is there. */
bool pmkti_container_has(const pmkti_container *container, uint32_t id);

/* Gives back the memory of a section that was loaded; nothing to do for others. */
void pmkti_container_release(pmkti_container *container, uint32_t id);

/* Compares the checksum of every section, of those also that are not known, and unpacks what is
   compressed. */
pmkt_status pmkti_container_verify(const pmkti_container *container, const pmkti_run *run,
                                   pmkt_error *err);

/* A mapping is opened by single pages. This says that from now on more of it will be read, in order;
   _verify says so too. Nothing to do for others. */
void pmkti_container_read_ahead(const pmkti_container *container);

/* Bytes of the mapping, 0 if it is not mapped. */
size_t pmkti_container_mapped(const pmkti_container *container);

/* Closes it; NULL is fine. */
void pmkti_container_close(pmkti_container *container);

/* PMKT_E_CORRUPT at a byte of a span: "..." says what is wrong. */
pmkt_status pmkti_corrupt(const pmkti_span *span, size_t at, const char *what, pmkt_error *err);

#endif
