/*
 * lock.h - a lock of four bytes for what is held for less than a microsecond, as a rule: who finds it taken
 * spins a little, then lets others run. All zero is free. Not recursive.
 */
#ifndef PMKTI_LOCK_H
#define PMKTI_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct pmkti_lock {
    _Atomic uint32_t held;
} pmkti_lock;

void pmkti_lock_wait(pmkti_lock *lock);

static inline void pmkti_lock_take(pmkti_lock *lock) {
    if (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)) pmkti_lock_wait(lock);
}

static inline void pmkti_lock_give(pmkti_lock *lock) {
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
