#include "core/hash.h"

/* xxhash.h is code of others, compiled into this one file; our warnings are not theirs. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#if XXH_VERSION_NUMBER < 800
#error "xxHash 0.8.0 or newer is needed: before it, the values of XXH3 were not yet final"
#endif

uint64_t pmkti_xxh3(const void *bytes, size_t length) {
    return XXH3_64bits(bytes ? bytes : "", length);
}
