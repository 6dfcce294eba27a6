/*
 * structs.h - structs that cross the ABI carry their own size, so that callers and library may be
 * of different releases.
 */
#ifndef PMKTI_STRUCTS_H
#define PMKTI_STRUCTS_H

#include "pmkt/base.h"

/* The size that the caller's struct says it has, if that can be: at least `least`, and no garbage. */
pmkt_status pmkti_struct_size(const void *theirs, size_t least, const char *name, uint32_t *size,
                              pmkt_error *err);

/*
 * Copies an input struct of the caller over `mine`, which holds the defaults and is `mine_size`
 * long. A shorter (older) struct leaves the rest at the defaults; a longer (newer) one must be zero
 * beyond what is known here, or it asks for something that this release cannot do. NULL is all
 * defaults. The struct's first field is its uint32_t size; the smallest size that makes sense is
 * `least`.
 */
pmkt_status pmkti_struct_in(void *mine, size_t mine_size, const void *theirs, size_t least,
                            const char *name, pmkt_error *err);

/*
 * Copies an output struct to the caller, who said how long theirs is; their size field stays. The
 * tail that a newer caller has beyond `mine` becomes zero.
 */
pmkt_status pmkti_struct_out(void *theirs, const void *mine, size_t mine_size, size_t least,
                             const char *name, pmkt_error *err);

#endif
