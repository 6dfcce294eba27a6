#include "core/buffer.h"

#include <string.h>

#include "core/alloc.h"

#define LEAST_ROOM 4096

pmkt_buffer *pmkti_buffer_new(const pmkt_allocator *allocator) {
    pmkt_buffer *buffer = pmkti_alloc_zero(allocator, 1, sizeof *buffer);
    if (buffer) buffer->allocator = *allocator;
    return buffer;
}

bool pmkti_buffer_reserve(pmkt_buffer *buffer, size_t room) {
    if (room <= buffer->room) return true;
    if (room > PTRDIFF_MAX - PMKTI_ALIGN) return false;
    /* Not resized: the aligned place within a block moves with the block. */
    const size_t bytes = room + PMKTI_ALIGN - 1;
    unsigned char *block = pmkti_alloc(&buffer->allocator, bytes, 1);
    if (!block) return false;
    const uintptr_t start = (uintptr_t)block;
    unsigned char *at = block + (PMKTI_ALIGN - start % PMKTI_ALIGN) % PMKTI_ALIGN;
    if (buffer->n > 0) memcpy(at, buffer->at, buffer->n);
    pmkti_free(&buffer->allocator, buffer->block, buffer->block_bytes, 1);
    buffer->block = block;
    buffer->block_bytes = bytes;
    buffer->at = at;
    buffer->room = room;
    return true;
}

bool pmkti_buffer_add(pmkt_buffer *buffer, const void *bytes, size_t n) {
    if (n == 0) return true;
    if (n > buffer->room - buffer->n) {
        if (n > PTRDIFF_MAX / 4 || buffer->n > PTRDIFF_MAX / 4) return false;
        const size_t need = buffer->n + n, grown = buffer->room * 2 + LEAST_ROOM;
        if (!pmkti_buffer_reserve(buffer, need > grown ? need : grown)) return false;
    }
    memcpy(buffer->at + buffer->n, bytes, n);
    buffer->n += n;
    return true;
}

const void *pmkt_buffer_data(const pmkt_buffer *buffer) {
    return buffer ? buffer->at : NULL;
}

size_t pmkt_buffer_size(const pmkt_buffer *buffer) {
    return buffer ? buffer->n : 0;
}

void pmkt_buffer_free(pmkt_buffer *buffer) {
    if (!buffer) return;
    const pmkt_allocator allocator = buffer->allocator;
    pmkti_free(&allocator, buffer->block, buffer->block_bytes, 1);
    pmkti_free(&allocator, buffer, 1, sizeof *buffer);
}
