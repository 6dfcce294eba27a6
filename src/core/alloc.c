#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif
#include "core/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

#define ALIGN 16 /* what malloc gives on every platform that we build for */

/*
 * Large blocks ask for huge pages: a bulk load writes to hundreds of places at once, and with pages
 * of 4 KiB it would spend more time on page faults and address translation than on the data. A
 * system that does not have them ignores the request.
 */
#if defined(__linux__) && defined(MADV_HUGEPAGE)
#define HUGE_PAGE ((size_t)2 << 20)
static void *fresh(size_t size) {
    if (size < HUGE_PAGE) return malloc(size);
    void *p = NULL;
    if (posix_memalign(&p, HUGE_PAGE, size))
        p = NULL;
    else
        (void)madvise(p, size, MADV_HUGEPAGE);
    return p;
}
#else
static void *fresh(size_t size) {
    return malloc(size);
}
#endif

static void *heap(void *ctx, void *p, size_t old, size_t size, size_t align) {
    (void)ctx;
    (void)old;
    (void)align;
    if (size == 0) {
        free(p);
        return NULL;
    }
    const int saved_errno = errno;
    void *fresh_or_resized = p ? realloc(p, size) : fresh(size);
    errno = saved_errno;
    return fresh_or_resized;
}

pmkt_status pmkti_allocator_check(const pmkt_allocator *given, pmkt_allocator *mine,
                                  pmkt_error *err) {
    if (!given) {
        *mine = (pmkt_allocator){heap, NULL};
        return PMKT_OK;
    }
    if (!given->fn) return pmkti_null(err, "allocator.fn");
    *mine = *given;
    return PMKT_OK;
}

void *pmkti_alloc(const pmkt_allocator *allocator, size_t n, size_t size) {
    if (n == 0 || n > PTRDIFF_MAX / size) return NULL;
    return allocator->fn(allocator->ctx, NULL, 0, n * size, ALIGN);
}

void *pmkti_alloc_zero(const pmkt_allocator *allocator, size_t n, size_t size) {
    void *p = pmkti_alloc(allocator, n, size);
    if (p) memset(p, 0, n * size);
    return p;
}

void *pmkti_resize(const pmkt_allocator *allocator, void *p, size_t n_old, size_t n, size_t size) {
    if (!p) return pmkti_alloc(allocator, n, size);
    if (n == 0 || n > PTRDIFF_MAX / size) return NULL;
    return allocator->fn(allocator->ctx, p, n_old * size, n * size, ALIGN);
}

void pmkti_free(const pmkt_allocator *allocator, void *p, size_t n, size_t size) {
    if (p) (void)allocator->fn(allocator->ctx, p, n * size, 0, ALIGN);
}

void pmkti_free_const(const pmkt_allocator *allocator, const void *p, size_t n, size_t size) {
    void *ours = NULL;
    memcpy(&ours, &p, sizeof ours);
    pmkti_free(allocator, ours, n, size);
}
