/*
 * base.h - how every call of libpmkt behaves: status, error, memory, progress.
 *
 * Rules that hold for the whole library, so that other headers need not repeat them:
 *
 *  - A function that can fail returns a pmkt_status and takes a nullable pmkt_error as its
 *    last argument. PMKT_OK is zero. On failure nothing has changed: output arguments are
 *    untouched unless the function says otherwise, handles are as they were, nothing leaks.
 *  - There is no global state: no init call, no last-error variable, no hidden thread or
 *    file, and errno, the locale and signal handlers are left alone.
 *  - Handles are opaque. `const` on a handle means that any number of threads may make
 *    that call at once; without `const`, one thread at a time may use the handle.
 *  - There are neither locks nor threads in handles: a child of fork() may go on with every one that
 *    no other thread of the parent was changing.
 *  - Freeing NULL does nothing.
 *  - Pointers in input structs are borrowed for the duration of the call.
 *  - An option that is all-zero means its default.
 */
#ifndef PMKT_BASE_H
#define PMKT_BASE_H

#include <stddef.h>
#include <stdint.h>

/* The version of these headers; pmkt_version() says that of the library that is loaded. */
#define PMKT_VERSION_MAJOR 0
#define PMKT_VERSION_MINOR 3
#define PMKT_VERSION_PATCH 0

/* Marks what the library exports. */
#if defined(__GNUC__)
#define PMKT_API __attribute__((visibility("default")))
#else
#define PMKT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ status */

/* The outcome of a call: PMKT_OK or one of the PMKT_E_ codes. The numbers are frozen. */
typedef int32_t pmkt_status;

enum {
    PMKT_OK = 0,
    PMKT_E_INVALID = 1,     /* the call is malformed: a NULL, a size, an option out of range */
    PMKT_E_NOMEM = 2,       /* the allocator returned NULL */
    PMKT_E_BAD_ROW = 3,     /* a row is bad and the batch says PMKT_ON_BAD_FAIL; see error.where */
    PMKT_E_OVERFLOW = 4,    /* a sum would leave 64 bits */
    PMKT_E_MISMATCH = 5,    /* two things that do not go together: currency, mode, zone, names */
    PMKT_E_UNSUPPORTED = 6, /* this handle cannot answer that, by its mode, its build or its data */
    PMKT_E_LIMIT = 7, /* a limit: the caller's, such as max_bytes, or one that the header names */
    PMKT_E_CANCELED = 8,   /* the progress callback asked to stop */
    PMKT_E_PARSE = 9,      /* a text cannot be read; see error.where for the byte */
    PMKT_E_IO = 10,        /* a file or stream could not be read or written; see error.sys_errno */
    PMKT_E_CORRUPT = 11,   /* a file, or bytes in memory, are damaged; see error.where */
    PMKT_E_FORMAT = 12,    /* not a file of libpmkt, of another kind, or of a newer release */
    PMKT_E_COLLISION = 13, /* two different strings have the same id */
    PMKT_E_FORKED = 14     /* a handle with locks, in a process that was forked from its own */
};

/*
 * The name of a status, such as "PMKT_E_NOMEM"; "PMKT_E_?" for a number that is none.
 * The string is static. Since 0.1.
 */
PMKT_API const char *pmkt_status_name(pmkt_status status);

/* What pmkt_error.where counts. */
enum {
    PMKT_WHERE_NONE = 0, /* where says nothing */
    PMKT_WHERE_ROW = 1,  /* a row of the batch, from 0 */
    PMKT_WHERE_BYTE = 2  /* a byte of the text or file, from 0 */
};

/*
 * The details of a failure, owned by the caller and 256 bytes long. A call that fails fills it;
 * a call that succeeds leaves it alone. `message` is one English sentence that says what was
 * wrong, where, and what was expected; it always ends in a NUL. No program needs to parse it:
 * the code and the place are in the numbers.
 */
typedef struct pmkt_error {
    int32_t code;       /* the status that the call returned */
    int32_t sys_errno;  /* errno of the system call that failed, or 0 */
    int32_t where_kind; /* PMKT_WHERE_...: what `where` counts */
    int32_t reserved;   /* 0 */
    int64_t where;      /* the row or byte, by where_kind */
    char message[232];
} pmkt_error;

/*
 * What to do with a bad row. A malformed call always fails; a malformed row fails the call
 * (nothing is taken) or is left out and counted, as the batch says.
 */
enum {
    PMKT_ON_BAD_FAIL = 0,
    PMKT_ON_BAD_SKIP = 1
};

/* ------------------------------------------------------------------ memory */

/*
 * Where a handle gets its memory. One function does all three jobs:
 *
 *   p == NULL, size > 0   allocate `size` bytes aligned to `align` (a power of two, <= 64)
 *   p != NULL, size > 0   resize from `old` to `size` bytes, keeping the common part
 *   p != NULL, size == 0  free; the result is ignored
 *
 * It returns NULL if it cannot, and then `p` is as it was. It must be callable from several
 * threads at once. Wherever a `const pmkt_allocator *` is taken, NULL means the C library's
 * heap. The struct is copied; `ctx` must outlive every handle made with it.
 */
typedef struct pmkt_allocator {
    void *(*fn)(void *ctx, void *p, size_t old, size_t size, size_t align);
    void *ctx;
} pmkt_allocator;

/* ---------------------------------------------------------------- long calls */

/*
 * How to be told of progress, and how to cancel. `fn` is called on the thread that made the
 * call, now and then, with `done` rising from 0 to 1 and a short static name of the stage. A
 * non-zero answer cancels: the call returns PMKT_E_CANCELED and has changed nothing. `fn` must not
 * use the handles of the call, which are in the midst of it.
 */
typedef struct pmkt_progress {
    int (*fn)(void *ctx, double done, const char *stage);
    void *ctx;
} pmkt_progress;

/*
 * How to run one heavy call. NULL in its place means PMKT_RUN_INIT.
 *
 * `threads` counts the calling thread; 0 means as many as the CPU affinity mask and the cgroup
 * quota of the process allow. The extra threads live only during the call, block all signals, and
 * are not started at all when the work is small. The answer does not depend on their number.
 */
typedef struct pmkt_run {
    uint32_t struct_size; /* sizeof(pmkt_run) */
    int32_t threads;      /* 0 = as many as allowed; at most 1,024 */
    pmkt_progress progress;
} pmkt_run;

#define PMKT_RUN_INIT \
    { \
        sizeof(pmkt_run), 0, { \
            NULL, NULL \
        } \
    }

static inline void pmkt_run_init(pmkt_run *run) {
    const pmkt_run zero = PMKT_RUN_INIT;
    *run = zero;
}

/*
 * How many threads a call with `threads == 0` would use now (at least 1). Since 0.1.
 */
PMKT_API int32_t pmkt_default_threads(void);

/* ------------------------------------------------------------------- build */

/* The version of the library that is loaded, such as "0.2.0"; static. Since 0.1. */
PMKT_API const char *pmkt_version(void);

/*
 * The same as a number, major * 1,000,000 + minor * 1,000 + patch, to compare with
 * the PMKT_VERSION_ macros that a program was compiled with. Since 0.1.
 */
PMKT_API int32_t pmkt_version_number(void);

/*
 * How the library was built: compiler, build type, architecture and sanitizers, in one line for
 * bug reports; static. Since 0.1.
 */
PMKT_API const char *pmkt_build_info(void);

/*
 * The instruction set that inner loops use in this process: "baseline", "avx2" or "avx512"; static.
 * It is the best that CPU and build have, unless the environment variable PMKT_ISA names a lesser
 * one, for tests; it is looked at once. Since 0.2.
 */
PMKT_API const char *pmkt_isa(void);

#ifdef __cplusplus
}
#endif

#endif
