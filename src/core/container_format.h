/*
 * container_format.h - the byte layout of a file, version 1. Integers are little-endian.
 *
 *   0          header                     64 bytes
 *   64         section 0                  any length, then zeros up to a multiple of 64
 *   ...        section n - 1              the same
 *   table_at   table: n entries           64 bytes each; the file ends with it
 *
 *   header                                entry
 *    0  magic     93 'P' 'M' 'K' 'T'       0  id        of the section, for its kind; once
 *                 0D 0A 1A                 4  version   of what is in it; from 1
 *    8  order     01020304 as an integer   8  flags     1: required
 *   12  format    version of this layout  12  codec     0: raw, 1: one zstd frame
 *   16  reader    the oldest that will do 16  offset    of its first byte in the file
 *   20  kind      PMKT_FILE_...           24  length    of it in the file
 *   24  flags     0                       32  unpacked  length that a reader gets
 *   28  sections  n                       40  checksum  of the `length` bytes in the file
 *   32  table_at                          48  reserved  0, 16 bytes
 *   40  bytes     of the file
 *   48  checksum  of the table
 *   56  checksum  of bytes 0 to 55
 *
 * Checksums are XXH3-64. Sections lie one after another without gaps, so that every bit of a file
 * belongs to something that is checked: header, sections and table by checksums, the zeros between
 * them by being zero. A section of length 0 is raw, and has an offset all the same.
 *
 * The header's size, magic, order, format, reader, kind and its checksum stay where they are in all
 * later versions, so that every release can say what it cannot read. The magic is no text in any
 * encoding, and a transfer that changes line ends or the eighth bit destroys it.
 */
#ifndef PMKTI_CONTAINER_FORMAT_H
#define PMKTI_CONTAINER_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

#define PMKTI_MAGIC "\x93PMKT\r\n\x1a"
#define PMKTI_BYTE_ORDER UINT32_C(0x01020304)
#define PMKTI_FOREIGN_ORDER UINT32_C(0x04030201)
#define PMKTI_FORMAT 1          /* what this release writes */
#define PMKTI_MOST_SECTIONS 256 /* far more than any kind has */

enum {
    PMKTI_REQUIRED = 1
};

enum {
    PMKTI_RAW = 0,
    PMKTI_ZSTD_FRAME = 1
};

typedef struct pmkti_file_header {
    char magic[8];
    uint32_t order;
    uint32_t format;
    uint32_t reader;
    uint32_t kind;
    uint32_t flags;
    uint32_t sections;
    uint64_t table_at;
    uint64_t bytes;
    uint64_t table_checksum;
    uint64_t checksum;
} pmkti_file_header;

typedef struct pmkti_file_entry {
    uint32_t id;
    uint32_t version;
    uint32_t flags;
    uint32_t codec;
    uint64_t offset;
    uint64_t length;
    uint64_t unpacked;
    uint64_t checksum;
    uint64_t reserved[2];
} pmkti_file_entry;

_Static_assert(sizeof(pmkti_file_header) == 64, "a header is 64 bytes");
_Static_assert(offsetof(pmkti_file_header, checksum) == 56, "its checksum is the last of them");
_Static_assert(sizeof(pmkti_file_entry) == 64, "an entry is 64 bytes");

/* The place where the next section begins; at most 63 more, for file sizes that can be. */
static inline uint64_t pmkti_align(uint64_t at) {
    return (at + PMKTI_ALIGN - 1) & ~(uint64_t)(PMKTI_ALIGN - 1);
}

#endif
