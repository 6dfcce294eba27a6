/*
 * buffer.h - bytes that grow, aligned as the sections of a file are.
 */
#ifndef PMKTI_BUFFER_H
#define PMKTI_BUFFER_H

#include <stdbool.h>

#include "pmkt/file.h"

#define PMKTI_ALIGN 64 /* of sections and of buffers, so that vectors can be read in place */

struct pmkt_buffer {
    pmkt_allocator allocator;
    void *block; /* what the allocator gave, which knows no such alignment */
    size_t block_bytes;
    unsigned char *at;
    size_t n, room;
};

/* An empty buffer; NULL if there is no memory. */
pmkt_buffer *pmkti_buffer_new(const pmkt_allocator *allocator);

/* Makes room for `room` bytes in all, keeping what is there; false if there is no memory. */
bool pmkti_buffer_reserve(pmkt_buffer *buffer, size_t room);

/* Appends; false if there is no memory, and then the buffer is as it was. */
bool pmkti_buffer_add(pmkt_buffer *buffer, const void *bytes, size_t n);

#endif
