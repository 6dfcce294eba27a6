#define _POSIX_C_SOURCE 199309L /* nanosleep */
#include "core/lock.h"

#include <sched.h>
#include <time.h>

#define SPINS 64    /* about as long as it is held */
#define YIELDS 1024 /* then whoever holds it does something long, such as a swap */

static inline void breathe(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void pass_time(int tries) {
    if (tries < SPINS) {
        breathe();
    } else if (tries < YIELDS) {
        sched_yield();
    } else {
        const struct timespec moment = {.tv_nsec = 50000};
        nanosleep(&moment, NULL);
    }
}

void pmkti_lock_wait(pmkti_lock *lock) {
    for (int tries = 0;; tries += tries < YIELDS) {
        const uint32_t held = atomic_load_explicit(&lock->held, memory_order_relaxed);
        if (!held && !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)) return;
        pass_time(tries);
    }
}
