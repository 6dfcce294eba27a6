/*
 * random.h - random whole numbers that are the same everywhere: 64-bit integers only, no libm.
 */
#ifndef SIMULATE_SHOP_RANDOM_H
#define SIMULATE_SHOP_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* A counter and the key of its stream; streams of different keys have nothing to do with one another. */
typedef struct dice {
    uint64_t key, count;
} dice;

/* 64 bits that depend on every bit of both. */
static inline uint64_t scramble(uint64_t key, uint64_t count) {
    uint64_t x = key ^ (count + 1) * UINT64_C(0x9E3779B97F4A7C15);
    for (int round = 0; round < 3; round++) {
        x ^= x >> 32;
        x *= UINT64_C(0xD6E8FEB86659FD93);
    }
    return x ^ x >> 32;
}

static inline dice dice_of(uint64_t seed, uint64_t stream) {
    const dice fresh = {scramble(scramble(seed, 1), stream), 0};
    return fresh;
}

/* A number in [low, high]; ranges here are small, so that the bias of the remainder is nothing. */
static inline int64_t between(dice *d, int64_t low, int64_t high) {
    return low + (int64_t)(scramble(d->key, d->count++) % (uint64_t)(high - low + 1));
}

/* True in so many of 1,000 throws. */
static inline bool chance(dice *d, int64_t per_mille) {
    return between(d, 0, 999) < per_mille;
}

/* An index of `n` weights, with a chance in proportion to its weight. */
static inline int32_t pick(dice *d, const int32_t *weight, int32_t n) {
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum += weight[i];
    int64_t at = between(d, 0, sum - 1);
    int32_t i = 0;
    while (i < n - 1 && at >= weight[i]) at -= weight[i++];
    return i;
}

#endif
