#define _GNU_SOURCE /* RTLD_NEXT */

#include "support/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

static _Atomic int64_t started, refused, left = INT64_MAX;

void threads_watch(int64_t allowed) {
    atomic_store(&started, 0);
    atomic_store(&refused, 0);
    atomic_store(&left, allowed);
}

int64_t threads_started(void) {
    return atomic_load(&started);
}

int64_t threads_refused(void) {
    return atomic_load(&refused);
}

#ifdef SANITIZED

bool threads_watched(const char *test) {
    (void)fprintf(stderr, "skipped: %s (a sanitizer stands before pthread_create)\n", test);
    return false;
}

#else

bool threads_watched(const char *test) {
    (void)test;
    return true;
}

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
                   void *arg) {
    if (atomic_fetch_sub(&left, 1) <= 0) {
        atomic_fetch_add(&refused, 1);
        return EAGAIN;
    }
    create_function create = NULL;
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&create, &symbol, sizeof create); /* C has no cast from object to function */
    atomic_fetch_add(&started, 1);
    return create(thread, attr, start, arg);
}

#endif
