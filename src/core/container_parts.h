/*
 * container_parts.h - what the files container_*.c share. For them alone.
 */
#ifndef PMKTI_CONTAINER_PARTS_H
#define PMKTI_CONTAINER_PARTS_H

#include "core/container.h"
#include "core/container_format.h"
#include "core/io.h"

typedef struct pmkti_loaded {
    pmkt_buffer *bytes; /* or NULL */
} pmkti_loaded;

struct pmkti_container {
    pmkt_allocator allocator;
    int64_t max_bytes;
    char *path; /* a copy, for messages; NULL for bytes in memory */
    size_t path_room;
    pmkti_in in;               /* fd -1 once nothing more is read through it */
    const unsigned char *base; /* all of the file, if it is mapped or in memory */
    bool mapped;
    uint64_t size;
    pmkti_file_header header;
    pmkti_file_entry *table;
    pmkti_loaded *loaded; /* [sections] what pmkti_container_section read */
};

/* Reads the header and the table and checks all that they say about themselves. */
pmkt_status pmkti_container_parse(pmkti_container *container, pmkt_error *err);

/* The file's bytes [at, at + n), which lie within its size: where they are, or NULL. */
static inline const unsigned char *pmkti_container_bytes(const pmkti_container *c, uint64_t at) {
    return c->base ? c->base + at : NULL;
}

/* The same, copied. PMKT_E_CORRUPT if the file has become shorter. */
pmkt_status pmkti_container_read(const pmkti_container *container, uint64_t at, void *to, size_t n,
                                 pmkt_error *err);

/* PMKT_E_CORRUPT at a byte of the file. */
pmkt_status pmkti_corrupt_at(uint64_t at, const char *what, pmkt_error *err);

/* A section by its place in the table, as a stream. */
pmkt_status pmkti_stream_of(const pmkti_container *container, const pmkti_file_entry *entry,
                            pmkti_stream **stream, pmkt_error *err);

/* Reads a whole section and compares its checksum. `done` and `all` are bytes, for the progress. */
pmkt_status pmkti_container_check(const pmkti_container *container, const pmkti_file_entry *entry,
                                  const pmkti_run *run, uint64_t done, uint64_t all,
                                  pmkt_error *err);

/* The entry of a section, or NULL. */
const pmkti_file_entry *pmkti_container_find(const pmkti_container *container, uint32_t id);

#endif
