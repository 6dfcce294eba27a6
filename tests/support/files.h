/*
 * files.h - files for tests: scratch names that go away, whole contents, and checksums put right
 * after a file was forged.
 */
#ifndef PMKT_TEST_FILES_H
#define PMKT_TEST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmkt.h"

/* Bytes of the heap, for file_free. */
typedef struct file_bytes {
    unsigned char *at;
    size_t n;
} file_bytes;

/* A directory of this process, which is removed with all its files when the program ends. */
const char *scratch_directory(void);

/* A path in it; static, good for four calls. */
const char *scratch_path(const char *name);

/* Files in it. */
int scratch_files(void);

file_bytes file_read(const char *path);
void file_write(const char *path, const void *bytes, size_t n);
file_bytes file_copy(const void *bytes, size_t n);
void file_free(file_bytes *f);

/* Whether a file has these bytes. */
bool file_is(const char *path, const void *bytes, size_t n);

/*
 * Makes every checksum of a container right for what it now holds, as one who forges it would:
 * of sections (where the table can be believed), table and header.
 */
void file_sign(file_bytes *f);

/* Entry i of the table. */
size_t file_entry_at(const file_bytes *f, size_t i);
size_t file_sections(const file_bytes *f);

/* The offset and the length of the section with an id; the test fails if there is none. */
size_t file_section(const file_bytes *f, uint32_t id, size_t *length);

uint32_t get32(const file_bytes *f, size_t at);
uint64_t get64(const file_bytes *f, size_t at);
void set32(file_bytes *f, size_t at, uint32_t value);
void set64(file_bytes *f, size_t at, uint64_t value);

#endif
