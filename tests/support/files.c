#define _XOPEN_SOURCE 700 /* mkdtemp */

#include "support/files.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/container_format.h"
#include "core/hash.h"

/* ------------------------------------------------------------------ scratch */

static char directory[64];
static pid_t owner;

static int visit(bool remove_them) {
    int n = 0;
    DIR *d = opendir(directory);
    if (!d) return 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        n++;
        if (remove_them && unlink(path)) (void)rmdir(path);
    }
    closedir(d);
    return n;
}

/* libcheck's forks end by exit() too: each process removes what it made itself. */
static void remove_scratch(void) {
    if (owner != getpid()) return;
    (void)visit(true);
    (void)rmdir(directory);
}

const char *scratch_directory(void) {
    if (owner == getpid()) return directory;
    snprintf(directory, sizeof directory, "/tmp/pmkt-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    owner = getpid();
    atexit(remove_scratch);
    return directory;
}

const char *scratch_path(const char *name) {
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_directory(), name);
    return path;
}

int scratch_files(void) {
    (void)scratch_directory();
    return visit(false);
}

/* ----------------------------------------------------------------- contents */

file_bytes file_copy(const void *bytes, size_t n) {
    file_bytes f = {malloc(n ? n : 1), n};
    ck_assert_ptr_nonnull(f.at);
    if (n) memcpy(f.at, bytes, n);
    return f;
}

file_bytes file_read(const char *path) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long n = ftell(file);
    ck_assert_int_ge(n, 0);
    rewind(file);
    file_bytes f = {malloc((size_t)n + 1), (size_t)n};
    ck_assert_ptr_nonnull(f.at);
    ck_assert_uint_eq(fread(f.at, 1, f.n, file), f.n);
    fclose(file);
    return f;
}

void file_write(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file)) {
        ck_abort_msg("cannot write %s", path);
    }
}

void file_free(file_bytes *f) {
    free(f->at);
    *f = (file_bytes){NULL, 0};
}

bool file_is(const char *path, const void *bytes, size_t n) {
    file_bytes f = file_read(path);
    const bool same = f.n == n && memcmp(f.at, bytes, n) == 0;
    file_free(&f);
    return same;
}

/* ------------------------------------------------------------------ forging */

uint32_t get32(const file_bytes *f, size_t at) {
    uint32_t value = 0;
    ck_assert(at + sizeof value <= f->n);
    memcpy(&value, f->at + at, sizeof value);
    return value;
}

uint64_t get64(const file_bytes *f, size_t at) {
    uint64_t value = 0;
    ck_assert(at + sizeof value <= f->n);
    memcpy(&value, f->at + at, sizeof value);
    return value;
}

void set32(file_bytes *f, size_t at, uint32_t value) {
    ck_assert(at + sizeof value <= f->n);
    memcpy(f->at + at, &value, sizeof value);
}

void set64(file_bytes *f, size_t at, uint64_t value) {
    ck_assert(at + sizeof value <= f->n);
    memcpy(f->at + at, &value, sizeof value);
}

void file_sign(file_bytes *f) {
    pmkti_file_header h;
    ck_assert_uint_ge(f->n, sizeof h);
    memcpy(&h, f->at, sizeof h);
    const bool table = h.table_at <= f->n && h.sections <= (f->n - h.table_at) / 64;
    for (size_t i = 0; table && i < h.sections; i++) {
        pmkti_file_entry e;
        unsigned char *at = f->at + h.table_at + i * sizeof e;
        memcpy(&e, at, sizeof e);
        if (e.offset > f->n || e.length > f->n - e.offset) continue;
        e.checksum = pmkti_xxh3(f->at + e.offset, (size_t)e.length);
        memcpy(at, &e, sizeof e);
    }
    if (table) h.table_checksum = pmkti_xxh3(f->at + h.table_at, h.sections * 64);
    h.checksum = pmkti_xxh3(&h, offsetof(pmkti_file_header, checksum));
    memcpy(f->at, &h, sizeof h);
}

size_t file_sections(const file_bytes *f) {
    return get32(f, offsetof(pmkti_file_header, sections));
}

size_t file_entry_at(const file_bytes *f, size_t i) {
    return (size_t)get64(f, offsetof(pmkti_file_header, table_at)) + i * sizeof(pmkti_file_entry);
}

size_t file_section(const file_bytes *f, uint32_t id, size_t *length) {
    for (size_t i = 0; i < file_sections(f); i++) {
        const size_t e = file_entry_at(f, i);
        if (get32(f, e) != id) continue;
        if (length) *length = (size_t)get64(f, e + offsetof(pmkti_file_entry, length));
        return (size_t)get64(f, e + offsetof(pmkti_file_entry, offset));
    }
    ck_abort_msg("the file has no section %u", (unsigned)id);
    return 0;
}
