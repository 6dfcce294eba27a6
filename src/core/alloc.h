/*
 * alloc.h - every byte the library uses comes through here, from the allocator of the root handle.
 * Sizes are given back on free, so that an allocator can count without headers of its own.
 */
#ifndef PMKTI_ALLOC_H
#define PMKTI_ALLOC_H

#include "pmkt/base.h"

/* The caller's allocator, or the C heap for NULL. */
pmkt_status pmkti_allocator_check(const pmkt_allocator *given, pmkt_allocator *mine,
                                  pmkt_error *err);

/* n * size bytes, aligned for any of our types; NULL on failure, overflow, or if there is nothing
   to allocate. Zero-length arrays are thus NULL: ask for n only where n > 0 or NULL is fine. */
void *pmkti_alloc(const pmkt_allocator *allocator, size_t n, size_t size);

/* The same, zeroed. */
void *pmkti_alloc_zero(const pmkt_allocator *allocator, size_t n, size_t size);

/* From n_old to n elements, n > 0; NULL if it cannot, and then `p` is as it was. */
void *pmkti_resize(const pmkt_allocator *allocator, void *p, size_t n_old, size_t n, size_t size);

/* Frees an array of n elements; NULL is fine. */
void pmkti_free(const pmkt_allocator *allocator, void *p, size_t n, size_t size);

/* The same of an array that is const to all its readers, but ours to free. */
void pmkti_free_const(const pmkt_allocator *allocator, const void *p, size_t n, size_t size);

#endif
