/*
 * origin.h - tells the process that made a handle from those that were forked from it later, without asking
 * the system at every call: a page that the kernel wipes in a child. Where there is no such page, it asks.
 */
#ifndef PMKTI_ORIGIN_H
#define PMKTI_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pmkt/base.h"

typedef struct pmkti_origin {
    const volatile uint32_t *page; /* 1 in the process of the handle, 0 in its children; or NULL */
    int64_t process;
} pmkti_origin;

/* The page is the kernel's, not an allocator's. Never fails. */
void pmkti_origin_begin(pmkti_origin *origin);
void pmkti_origin_end(pmkti_origin *origin);

bool pmkti_origin_asks(const pmkti_origin *origin);

/* Whether this process was forked from that of the handle. */
static inline bool pmkti_origin_forked(const pmkti_origin *origin) {
    return origin->page ? *origin->page == 0 : pmkti_origin_asks(origin);
}

/* The one message for it. */
pmkt_status pmkti_forked(pmkt_error *err);

#endif
