/*
 * random.h - numbers for tests that want many different inputs, the same in every run.
 */
#ifndef PMKT_TEST_RANDOM_H
#define PMKT_TEST_RANDOM_H

#include <stdint.h>

/* Starts a sequence; different seeds give unrelated ones. */
void random_seed(uint64_t seed);

uint64_t random_bits(void);

/* From 0 up to, not including, n. */
int64_t random_below(int64_t n);

/* Puts n numbers into a random order. */
void random_shuffle(int64_t *numbers, int64_t n);

#endif
