/*
 * utf8.c - whether bytes are UTF-8 (RFC 3629).
 */
#include "core/utf8.h"

/* The bytes of a character that begins at `at` and ends by `end`; 0 if there is none. */
static int64_t length_of(const unsigned char *at, const unsigned char *end) {
    const unsigned char lead = at[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0; /* C0 and C1 would be longer than need be */
    const int64_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (end - at < length) return 0;
    for (int64_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    if (lead == 0xE0 && at[1] < 0xA0) return 0;
    if (lead == 0xED && at[1] > 0x9F) return 0; /* surrogates */
    if (lead == 0xF0 && at[1] < 0x90) return 0;
    if (lead == 0xF4 && at[1] > 0x8F) return 0;
    return length;
}

bool pmkti_are_utf8(const char *bytes, const int64_t *offsets, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (offsets[i] == offsets[i + 1]) continue;
        const unsigned char *at = (const unsigned char *)bytes + offsets[i];
        const unsigned char *end = (const unsigned char *)bytes + offsets[i + 1];
        while (at < end) {
            const int64_t length = length_of(at, end);
            if (length == 0) return false;
            at += length;
        }
    }
    return true;
}
