#include "support/random.h"

#include "core/hash.h"

static uint64_t state;

void random_seed(uint64_t seed) {
    state = pmkti_mix(seed + 1);
}

uint64_t random_bits(void) {
    state += UINT64_C(0x9e3779b97f4a7c15);
    return pmkti_mix(state);
}

int64_t random_below(int64_t n) {
    return (int64_t)(random_bits() % (uint64_t)n);
}

void random_shuffle(int64_t *numbers, int64_t n) {
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = random_below(i + 1), kept = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = kept;
    }
}
