/*
 * hash.h - the hashes of the library. Both are frozen: ids, and the order of rows that follows from
 * them, must be the same in every process and release.
 */
#ifndef PMKTI_HASH_H
#define PMKTI_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * XXH3-64 with seed 0 (Yann Collet, xxHash; the algorithm is stable since 0.8.0). `bytes` may be
 * NULL if `length` is 0.
 */
uint64_t pmkti_xxh3(const void *bytes, size_t length);

/* The same of bytes that come in pieces. The state wants an alignment that no allocator of ours
   gives, so there is room to move it; a hasher must stay where it was begun. */
typedef struct pmkti_hasher {
    unsigned char room[640 + 64];
} pmkti_hasher;

void pmkti_hasher_begin(pmkti_hasher *hasher);
void pmkti_hasher_add(pmkti_hasher *hasher, const void *bytes, size_t n);
uint64_t pmkti_hasher_end(const pmkti_hasher *hasher);

/*
 * Spreads an integer over all 64 bits; a bijection, with pmkti_mix(0) == 0. It is the finalizer of
 * SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
 * with the constants of David Stafford's "Mix13", as in Sebastiano Vigna's splitmix64.c), without
 * the increment that the generator adds before it.
 */
static inline uint64_t pmkti_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/*
 * The inverse: pmkti_unmix(pmkti_mix(x)) == x. An xor with a right shift by s undoes itself by the
 * shifts s, 2s, ... below 64; a product with an odd constant by the constant's inverse modulo 2^64.
 */
static inline uint64_t pmkti_unmix(uint64_t x) {
    x = (x ^ (x >> 31) ^ (x >> 62)) * UINT64_C(0x319642b2d24d8ec3);
    x = (x ^ (x >> 27) ^ (x >> 54)) * UINT64_C(0x96de1b173f119089);
    return x ^ (x >> 30) ^ (x >> 60);
}

#endif
