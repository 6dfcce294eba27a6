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

_Static_assert(sizeof(XXH3_state_t) + 64 <= sizeof(pmkti_hasher), "a hasher holds XXH3's state");

/* How far into the room the next multiple of 64 is. */
static size_t skipped(const pmkti_hasher *hasher) {
    return (64 - (uintptr_t)hasher->room % 64) % 64;
}

static XXH3_state_t *state_of(pmkti_hasher *hasher) {
    return (XXH3_state_t *)(void *)(hasher->room + skipped(hasher));
}

void pmkti_hasher_begin(pmkti_hasher *hasher) {
    (void)XXH3_64bits_reset(state_of(hasher));
}

void pmkti_hasher_add(pmkti_hasher *hasher, const void *bytes, size_t n) {
    if (n > 0) (void)XXH3_64bits_update(state_of(hasher), bytes, n);
}

uint64_t pmkti_hasher_end(const pmkti_hasher *hasher) {
    return XXH3_64bits_digest((const XXH3_state_t *)(const void *)(hasher->room + skipped(hasher)));
}
