/*
 * world_files.h - a saved state, in a file and in memory, and a name under which nothing is saved yet.
 * Included once, by the generated rows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls/world.h"

/* One folder for the whole run; the last world to be dropped leaves it empty. */
static char folder[200];

static void remove_folder(void) {
    (void)rmdir(folder);
}

static const char *world_folder(void) {
    if (folder[0]) return folder;
    const char *temporary = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/pmkt-calls-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    (void)atexit(remove_folder);
    return folder;
}

static void name_file(char path[sizeof((world_in *)0)->load_path], const char *name) {
    (void)snprintf(path, sizeof((world_in *)0)->load_path, "%s/%s", world_folder(), name);
}

static void make_files(world *w) {
    name_file(w->in.load_path, "state.pmkt");
    name_file(w->in.save_path, "new.pmkt");
    if (pmkt_rfm_save(w->rfm, w->in.load_path, &w->in.save_options, NULL, &w->err) ||
        pmkt_rfm_save_memory(w->rfm, NULL, NULL, &w->buffer, &w->err)) {
        world_failed("files", &w->err);
    }
}

static void drop_files(world *w) {
    pmkt_buffer_free(w->buffer);
    (void)remove(w->in.load_path);
    (void)remove(w->in.save_path);
}

/* How long the files are, and what the bytes in memory are. */
static uint64_t digest_files(const world *w) {
    const int saved_errno = errno;
    struct stat saved = {0}, made = {0};
    (void)stat(w->in.load_path, &saved);
    (void)stat(w->in.save_path, &made);
    errno = saved_errno;
    const uint64_t digest = digest_add((uint64_t)saved.st_size, (uint64_t)made.st_size);
    return digest_add(digest,
                      digest_bytes(pmkt_buffer_data(w->buffer), pmkt_buffer_size(w->buffer)));
}

static const world_part world_files = {make_files, drop_files, digest_files};
