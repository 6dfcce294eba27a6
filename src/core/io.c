#define _POSIX_C_SOURCE 200809L /* fsync, openat, renameat, pread, clock_gettime */

#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/error.h"
#include "core/hash.h"

#define ONE_CALL ((size_t)1 << 30) /* systems move no more than 2 GiB at once */
#define TRIES 100                  /* names for a new file, until one is free */
#define TEMP_NAME 40
#define SHOWN 100       /* of a path, in a message */
#define NOT_A_FILE (-1) /* beside the system's errors; in sys_errno it is EINVAL */

/* ----------------------------------------------------------------- messages */

/* Not strerror: it need not be safe with threads, and follows the locale. */
static const char *reason_of(int error) {
    switch (error) {
        case ENOENT:
            return "there is no such file or directory";
        case EACCES:
        case EPERM:
            return "permission denied";
        case EISDIR:
            return "it is a directory";
        case NOT_A_FILE:
            return "it is a device, a pipe or a socket, not a regular file";
        case ENOTDIR:
            return "a part of the path is no directory";
        case ENAMETOOLONG:
            return "the name is too long";
        case ELOOP:
            return "too many symbolic links";
        case ENOSPC:
            return "no space is left on the device";
        case EDQUOT:
            return "the disk quota is exhausted";
        case EFBIG:
            return "the file is larger than allowed";
        case EROFS:
            return "the file system is read-only";
        case EMFILE:
        case ENFILE:
            return "too many files are open";
        case ENOMEM:
            return "the system has no memory";
        case EIO:
            return "the device failed";
        default:
            return "the system refused";
    }
}

static pmkt_status fail(pmkt_error *err, const char *what, const char *path, int error) {
    const size_t length = strlen(path);
    const bool cut = length > SHOWN;
    const char *shown = length == 0 ? "\"\"" : cut ? path + length - SHOWN : path;
    const int number = error == NOT_A_FILE ? EINVAL : error;
    const pmkt_status status = pmkti_fail(err, PMKT_E_IO, "cannot %s %s%s: %s (errno %d)", what,
                                          cut ? "..." : "", shown, reason_of(error), number);
    if (err) err->sys_errno = number;
    return status;
}

/* -------------------------------------------------------------- descriptors */

int pmkti_write_all(int fd, const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    while (n > 0) {
        const ssize_t done = write(fd, at, n < ONE_CALL ? n : ONE_CALL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        if (done == 0) return EIO; /* no progress, no reason: not to be tried for ever */
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int pmkti_read_all(int fd, void *to, size_t n, size_t *got) {
    unsigned char *at = to;
    *got = 0;
    while (*got < n) {
        const size_t left = n - *got;
        const ssize_t done = read(fd, at + *got, left < ONE_CALL ? left : ONE_CALL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return errno;
        if (done == 0) break;
        *got += (size_t)done;
    }
    return 0;
}

static void close_quietly(int *fd) {
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

/* After EINTR the descriptor is gone on Linux and unspecified elsewhere: not to be tried again. */
static int close_checked(int *fd) {
    const int result = *fd >= 0 ? close(*fd) : 0;
    *fd = -1;
    return result != 0 && errno != EINTR ? errno : 0;
}

static int sync_file(int fd) {
    while (fsync(fd)) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

/* ------------------------------------------------------------------ writing */

/* The length of the path up to its last slash, that included. */
static size_t directory_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Both names in one block; the temporary one is filled in when it is chosen. */
static pmkt_status copy_names(pmkti_out *out, const char *path, pmkt_error *err) {
    const size_t length = strlen(path) + 1;
    out->room = length + directory_length(path) + TEMP_NAME;
    out->path = pmkti_alloc(&out->allocator, out->room, 1);
    if (!out->path) return pmkti_no_memory(err, out->room);
    memcpy(out->path, path, length);
    out->temp = out->path + length;
    return PMKT_OK;
}

/* Replacing a device or a directory by a file is never what was meant. */
static int check_target(const char *path) {
    struct stat there;
    if (!*path) return ENOENT; /* which stat says of a name that is free, too */
    if (stat(path, &there)) return errno == ENOENT ? 0 : errno;
    if (S_ISDIR(there.st_mode)) return EISDIR;
    return S_ISREG(there.st_mode) ? 0 : NOT_A_FILE;
}

static int open_directory(const char *path, char *scratch) {
    const size_t length = directory_length(path);
    memcpy(scratch, length ? path : ".", length ? length : 1);
    scratch[length ? length : 1] = '\0';
    return open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Names are looked up in the directory that was opened, so that a program which changes its current
   directory meanwhile, by the progress callback or another thread, gets its file where it said. */
static const char *name_of(const pmkti_out *out) {
    return out->path + directory_length(out->path);
}

/* A name that nobody else uses, short however long the final one is. Chance only spares tries: it
   is O_EXCL that makes the file ours. */
static int create(pmkti_out *out) {
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t chance = pmkti_mix((uint64_t)now.tv_nsec + ((uint64_t)getpid() << 32)) ^
                            pmkti_mix((uint64_t)(uintptr_t)out->path);
    for (uint64_t i = 0; i < TRIES; i++) {
        (void)snprintf(out->temp, TEMP_NAME, ".pmkt-%016llx.tmp",
                       (unsigned long long)pmkti_mix(chance + i));
        out->fd = openat(out->directory, out->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (out->fd >= 0) return 0;
        if (errno != EEXIST) break;
    }
    return errno;
}

pmkt_status pmkti_out_open(const pmkt_allocator *allocator, const char *path, pmkti_out *out,
                           pmkt_error *err) {
    const int saved_errno = errno;
    *out = (pmkti_out){.allocator = *allocator, .fd = -1, .directory = -1};
    pmkt_status status = copy_names(out, path, err);
    if (status) return status;
    int error = check_target(path);
    if (!error) {
        out->directory = open_directory(path, out->temp);
        error = out->directory < 0 ? errno : create(out);
    }
    if (error) {
        status = fail(err, "create", path, error);
        close_quietly(&out->directory);
        pmkti_free(allocator, out->path, out->room, 1);
        out->path = NULL;
    }
    errno = saved_errno;
    return status;
}

/* Writing beyond the process's limit for files is a signal (SIGXFSZ), which ends a program that does
   not know of it; so that is not even tried. */
static int check_limit(off_t at, size_t n) {
    struct rlimit limit;
    if (at < 0 || getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY) return 0;
    const uint64_t begin = (uint64_t)at;
    return begin > limit.rlim_cur || n > limit.rlim_cur - begin ? EFBIG : 0;
}

pmkt_status pmkti_out_put(const pmkti_out *out, const void *bytes, size_t n, pmkt_error *err) {
    const int saved_errno = errno;
    int error = check_limit(lseek(out->fd, 0, SEEK_CUR), n);
    if (!error) error = pmkti_write_all(out->fd, bytes, n);
    errno = saved_errno;
    return error ? fail(err, "write", out->path, error) : PMKT_OK;
}

pmkt_status pmkti_out_put_at(const pmkti_out *out, int64_t at, const void *bytes, size_t n,
                             pmkt_error *err) {
    const int saved_errno = errno;
    const unsigned char *from = bytes;
    int error = check_limit(at, n);
    while (n > 0 && !error) {
        const ssize_t done = pwrite(out->fd, from, n < ONE_CALL ? n : ONE_CALL, at);
        if (done <= 0) {
            error = done == 0 ? EIO : errno == EINTR ? 0 : errno;
            continue;
        }
        from += done;
        at += done;
        n -= (size_t)done;
    }
    errno = saved_errno;
    return error ? fail(err, "write", out->path, error) : PMKT_OK;
}

static void close_out(pmkti_out *out) {
    close_quietly(&out->fd);
    close_quietly(&out->directory);
    pmkti_free(&out->allocator, out->path, out->room, 1);
    out->path = NULL;
}

/* File systems that cannot sync a directory say so by EINVAL; then the sync of the file is all that
   there is. */
static int sync_directory(int fd) {
    const int error = sync_file(fd);
    return error == EINVAL || error == EBADF ? 0 : error;
}

pmkt_status pmkti_out_commit(pmkti_out *out, bool synced, pmkt_error *err) {
    const int saved_errno = errno;
    pmkt_status status = PMKT_OK;
    int error = synced ? sync_file(out->fd) : 0;
    if (!error) error = close_checked(&out->fd); /* some file systems report a full disk here */
    if (error) {
        status = fail(err, "write", out->path, error);
    } else if (renameat(out->directory, out->temp, out->directory, name_of(out))) {
        status = fail(err, "replace", out->path, errno);
    } else if (synced && (error = sync_directory(out->directory)) != 0) {
        status = fail(err, "sync the directory of", out->path, error);
        close_out(out); /* the name is taken: there is nothing to remove */
    }
    if (status && out->path) {
        pmkti_out_abort(out);
    } else {
        close_out(out);
    }
    errno = saved_errno;
    return status;
}

void pmkti_out_abort(pmkti_out *out) {
    if (!out->path) return;
    const int saved_errno = errno;
    (void)unlinkat(out->directory, out->temp, 0);
    close_out(out);
    errno = saved_errno;
}

/* ------------------------------------------------------------------ reading */

pmkt_status pmkti_in_open(const char *path, pmkti_in *in, pmkt_error *err) {
    const int saved_errno = errno;
    struct stat what;
    int error = 0;
    /* Without O_NONBLOCK, opening a pipe would wait for somebody to write into it. */
    *in = (pmkti_in){open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), 0};
    if (in->fd < 0 || fstat(in->fd, &what)) {
        error = errno;
    } else if (S_ISDIR(what.st_mode)) {
        error = EISDIR;
    } else if (!S_ISREG(what.st_mode)) {
        error = NOT_A_FILE;
    } else {
        in->size = what.st_size;
    }
    if (error) close_quietly(&in->fd);
    errno = saved_errno;
    return error ? fail(err, "open", path, error) : PMKT_OK;
}

pmkt_status pmkti_in_read(const pmkti_in *in, const char *path, int64_t at, void *to, size_t n,
                          size_t *got, pmkt_error *err) {
    const int saved_errno = errno;
    unsigned char *into = to;
    int error = 0;
    *got = 0;
    while (*got < n && !error) {
        const size_t left = n - *got;
        const ssize_t done =
            pread(in->fd, into + *got, left < ONE_CALL ? left : ONE_CALL, at + (int64_t)*got);
        if (done == 0) break;
        if (done < 0)
            error = errno == EINTR ? 0 : errno;
        else
            *got += (size_t)done;
    }
    errno = saved_errno;
    return error ? fail(err, "read", path, error) : PMKT_OK;
}

pmkt_status pmkti_in_map(const pmkti_in *in, const char *path, const void **at, pmkt_error *err) {
    const int saved_errno = errno;
    void *map = mmap(NULL, (size_t)in->size, PROT_READ, MAP_SHARED, in->fd, 0);
    const int error = map == MAP_FAILED ? errno : 0;
    errno = saved_errno;
    if (error) return fail(err, "map", path, error);
    *at = map;
    return PMKT_OK;
}

static void *writable(const void *at) {
    void *map = NULL;
    memcpy(&map, &at, sizeof map); /* const to readers, and ours to advise on and to end */
    return map;
}

void pmkti_map_advise(const void *at, int64_t size, bool single) {
    const int advice = single ? POSIX_MADV_RANDOM : POSIX_MADV_NORMAL;
    (void)posix_madvise(writable(at), (size_t)size, advice); /* which is only advice */
}

void pmkti_unmap(const void *at, int64_t size) {
    if (!at) return;
    const int saved_errno = errno;
    (void)munmap(writable(at), (size_t)size);
    errno = saved_errno;
}

void pmkti_in_close(pmkti_in *in) {
    const int saved_errno = errno;
    close_quietly(&in->fd);
    errno = saved_errno;
}
