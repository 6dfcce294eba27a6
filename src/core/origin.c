#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise, MAP_ANONYMOUS */
#include <sys/mman.h>
#endif
#include "core/origin.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "core/error.h"

#if defined(__linux__)
#define PAGE 4096       /* or more: the kernel rounds up */
#define WIPE_ON_FORK 18 /* MADV_WIPEONFORK, of Linux 4.14, which not every C library knows */

static const volatile uint32_t *make_page(void) {
    const int saved_errno = errno;
    uint32_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) page = NULL;
    if (page && madvise(page, PAGE, WIPE_ON_FORK)) {
        (void)munmap(page, PAGE);
        page = NULL;
    }
    if (page) *page = 1;
    errno = saved_errno;
    return page;
}

static void drop_page(const volatile uint32_t *page) {
    const int saved_errno = errno;
    (void)munmap((void *)page, PAGE);
    errno = saved_errno;
}
#else
static const volatile uint32_t *make_page(void) {
    return NULL;
}

static void drop_page(const volatile uint32_t *page) {
    (void)page;
}
#endif

void pmkti_origin_begin(pmkti_origin *origin) {
    *origin = (pmkti_origin){make_page(), (int64_t)getpid()};
}

void pmkti_origin_end(pmkti_origin *origin) {
    if (origin->page) drop_page(origin->page);
    origin->page = NULL;
}

bool pmkti_origin_asks(const pmkti_origin *origin) {
    return (int64_t)getpid() != origin->process;
}

pmkt_status pmkti_forked(pmkt_error *err) {
    return pmkti_fail(
        err, PMKT_E_FORKED,
        "this process was forked from the one that made the handle; make a new one here");
}
