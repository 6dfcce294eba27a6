#include "cf/scratch.h"

#include <string.h>

#include "core/alloc.h"
#include "core/error.h"

#define ALIGN 64 /* a cache line, and the widest load */

void pmkti_cf_scratch_init(pmkt_cf_scratch *scratch, const pmkt_allocator *allocator) {
    memset(scratch, 0, sizeof *scratch);
    scratch->allocator = *allocator;
}

void pmkti_cf_scratch_clear(pmkt_cf_scratch *scratch) {
    for (int i = 0; i < PMKTI_CF_BUFFERS; i++) {
        pmkti_free(&scratch->allocator, scratch->block[i], scratch->room[i] + ALIGN, 1);
        scratch->block[i] = NULL;
        scratch->buffer[i] = NULL;
        scratch->room[i] = 0;
    }
}

/* An allocator need only align to 16 (malloc does no more), so a line more is asked for. */
static void *aligned(void *block) {
    unsigned char *at = block;
    return at + (ALIGN - (uintptr_t)at % ALIGN) % ALIGN;
}

void *pmkti_cf_scratch_take(pmkt_cf_scratch *scratch, int buffer, size_t n, size_t size) {
    if (size > 0 && n > PTRDIFF_MAX / 2 / size) return NULL;
    size_t need = n * size;
    if (scratch->buffer[buffer] && need <= scratch->room[buffer]) return scratch->buffer[buffer];
    const size_t grown = scratch->room[buffer] + scratch->room[buffer] / 2;
    if (need < grown) need = grown;
    if (need < ALIGN) need = ALIGN;
    /* The old one stays until the new one is there: on failure nothing has changed. */
    void *block = pmkti_alloc(&scratch->allocator, need + ALIGN, 1);
    if (!block) return NULL;
    pmkti_free(&scratch->allocator, scratch->block[buffer], scratch->room[buffer] + ALIGN, 1);
    scratch->block[buffer] = block;
    scratch->buffer[buffer] = aligned(block);
    scratch->room[buffer] = need;
    return scratch->buffer[buffer];
}

pmkt_status pmkt_cf_scratch_new(const pmkt_allocator *allocator, pmkt_cf_scratch **scratch,
                                pmkt_error *err) {
    if (!scratch) return pmkti_null(err, "scratch");
    pmkt_allocator mine;
    const pmkt_status status = pmkti_allocator_check(allocator, &mine, err);
    if (status) return status;
    pmkt_cf_scratch *made = pmkti_alloc(&mine, 1, sizeof *made);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    pmkti_cf_scratch_init(made, &mine);
    *scratch = made;
    return PMKT_OK;
}

void pmkt_cf_scratch_free(pmkt_cf_scratch *scratch) {
    if (!scratch) return;
    pmkti_cf_scratch_clear(scratch);
    const pmkt_allocator allocator = scratch->allocator;
    pmkti_free(&allocator, scratch, 1, sizeof *scratch);
}
