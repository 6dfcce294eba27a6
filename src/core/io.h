/*
 * io.h - files: read whole and at places, mapped, and written so that a reader sees the old file or
 * the new one. Every failure is PMKT_E_IO with the path in the message and the system's error in
 * sys_errno; errno itself is left alone.
 */
#ifndef PMKTI_IO_H
#define PMKTI_IO_H

#include <stdbool.h>

#include "pmkt/base.h"

/* ------------------------------------------------------------------ writing */

/* A file on its way: under a name of its own beside the final one. */
typedef struct pmkti_out {
    pmkt_allocator allocator;
    int fd;
    int directory; /* where the file is to appear */
    char *path;    /* the final one, and after its NUL ... */
    char *temp;    /* ... the name of now, in the directory */
    size_t room;
} pmkti_out;

/* Begins a file that is to appear at `path`. A path that names something else than a regular file is
   refused. */
pmkt_status pmkti_out_open(const pmkt_allocator *allocator, const char *path, pmkti_out *out,
                           pmkt_error *err);

/* Appends, or writes over what is at a place. */
pmkt_status pmkti_out_put(const pmkti_out *out, const void *bytes, size_t n, pmkt_error *err);
pmkt_status pmkti_out_put_at(const pmkti_out *out, int64_t at, const void *bytes, size_t n,
                             pmkt_error *err);

/*
 * Gives the file its name; with `synced`, waits until it is on the disk before and the name is after
 * that. On failure the file is gone, and what was there before is as it was; only if the very last
 * step fails, to put the name on the disk, is the new file there. `out` is closed either way.
 */
pmkt_status pmkti_out_commit(pmkti_out *out, bool synced, pmkt_error *err);

/* Drops the file. */
void pmkti_out_abort(pmkti_out *out);

/* ------------------------------------------------------------------ reading */

typedef struct pmkti_in {
    int fd;
    int64_t size;
} pmkti_in;

/* Opens a regular file to read. */
pmkt_status pmkti_in_open(const char *path, pmkti_in *in, pmkt_error *err);

/* Reads up to n bytes from a place on; *got is less than n only at the end of the file. `path` is
   for the message. */
pmkt_status pmkti_in_read(const pmkti_in *in, const char *path, int64_t at, void *to, size_t n,
                          size_t *got, pmkt_error *err);

/* Maps the whole file, which is not empty, to read. */
pmkt_status pmkti_in_map(const pmkti_in *in, const char *path, const void **at, pmkt_error *err);

/* Tells the system whether single pages of a mapping will be read, or all of it: for all, it reads
   ahead, which costs much where a few bytes here and there are wanted of a file on a disk. */
void pmkti_map_advise(const void *at, int64_t size, bool single);

/* Ends a mapping; NULL is fine. */
void pmkti_unmap(const void *at, int64_t size);

void pmkti_in_close(pmkti_in *in);

/* ------------------------------------------------------ for the two, and tests */

/* All n bytes, however many calls that takes; 0, or what errno was. */
int pmkti_write_all(int fd, const void *bytes, size_t n);

/* Up to n bytes from where the descriptor stands; short only at the end. 0, or what errno was. */
int pmkti_read_all(int fd, void *to, size_t n, size_t *got);

#endif
