/*
 * fuzz.h - what the targets share.
 *
 * A target is one function of bytes. With libFuzzer (-DPMKT_FUZZ=ON, by Clang) it is called with bytes
 * that are made to reach new code; everywhere else driver.c calls it for files, so that what was
 * found once stays tested.
 */
#ifndef PMKT_FUZZ_H
#define PMKT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's interface: always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, with the place, if something that must hold does not. */
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

/* Bytes that are read as decisions; zeros once they are used up. */
typedef struct choices {
    const uint8_t *at;
    size_t left;
} choices;

static inline uint8_t choose_byte(choices *c) {
    if (c->left == 0) return 0;
    c->left--;
    return *c->at++;
}

static inline uint64_t choose_bits(choices *c, int bytes) {
    uint64_t bits = 0;
    for (int i = 0; i < bytes; i++) bits = bits << 8 | choose_byte(c);
    return bits;
}

/* From 0 up to, not including, n, which is at most 65,536. */
static inline int64_t choose_below(choices *c, int64_t n) {
    return (int64_t)(choose_bits(c, n > 256 ? 2 : 1) % (uint64_t)n);
}

/* ------------------------------------------------------------------- files */

/* Makes the checksums of a container right, as far as its numbers make sense; else mutations would
   be stopped at the door. */
void fuzz_resign(uint8_t *file, size_t size);

/* A copy of `size` bytes, aligned to 64 and without a byte to spare, so that reading beyond is seen;
   re-signed if `resign`. Freed by free. */
uint8_t *fuzz_copy(const uint8_t *data, size_t size, bool resign);

/* Writes a file that is used again and again, and gives its name. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
