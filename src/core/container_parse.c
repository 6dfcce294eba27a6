/*
 * container_parse.c - the header and the table of a file: nothing that they say is believed before
 * it is checked.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/codec.h"
#include "core/container_parts.h"
#include "core/error.h"
#include "core/hash.h"

#define AT(field) offsetof(pmkti_file_header, field)

pmkt_status pmkti_corrupt_at(uint64_t at, const char *what, pmkt_error *err) {
    return pmkti_fail_at(err, PMKT_E_CORRUPT, PMKT_WHERE_BYTE, (int64_t)at,
                         "the file is damaged at byte %llu: %s", (unsigned long long)at, what);
}

/* --------------------------------------------------------------- the header */

static pmkt_status foreign(pmkt_error *err) {
    return pmkti_fail(err, PMKT_E_FORMAT, "this is no file of libpmkt");
}

static pmkt_status check_magic(const pmkti_container *c, pmkt_error *err) {
    const size_t magic = sizeof c->header.magic;
    if (c->size < sizeof c->header) {
        char begin[sizeof c->header.magic] = {0};
        const size_t n = c->size < magic ? (size_t)c->size : magic;
        const pmkt_status status = pmkti_container_read(c, 0, begin, n, err);
        if (status) return status;
        if (n < magic || memcmp(begin, PMKTI_MAGIC, magic) != 0) return foreign(err);
        return pmkti_corrupt_at(c->size, "it ends within its header", err);
    }
    return PMKT_OK;
}

/* The parts of the header that every version has, in the order in which they can be trusted. */
static pmkt_status check_header(const pmkti_file_header *h, pmkt_error *err) {
    if (memcmp(h->magic, PMKTI_MAGIC, sizeof h->magic) != 0) return foreign(err);
    if (h->order == PMKTI_FOREIGN_ORDER) {
        return pmkti_fail(err, PMKT_E_FORMAT,
                          "the file was written by a machine with the other byte order");
    }
    if (h->checksum != pmkti_xxh3(h, AT(checksum))) {
        return pmkti_corrupt_at(0, "the header does not have its checksum", err);
    }
    if (h->order != PMKTI_BYTE_ORDER) {
        return pmkti_corrupt_at(AT(order), "there is no such byte order", err);
    }
    if (h->reader > PMKTI_FORMAT) {
        return pmkti_fail(err, PMKT_E_FORMAT,
                          "the file has format %u, which needs a newer libpmkt than %s",
                          (unsigned)h->format, pmkt_version());
    }
    if (h->format == 0 || h->reader == 0 || h->reader > h->format) {
        return pmkti_corrupt_at(AT(format), "there is no such format", err);
    }
    if (h->flags != 0) {
        return pmkti_fail(err, PMKT_E_FORMAT,
                          "the file uses something that this libpmkt (%s) does not know",
                          pmkt_version());
    }
    return PMKT_OK;
}

static pmkt_status check_sizes(const pmkti_container *c, pmkt_error *err) {
    const pmkti_file_header *h = &c->header;
    if (h->bytes != c->size) {
        const uint64_t at = h->bytes < c->size ? h->bytes : c->size;
        return pmkti_corrupt_at(at, "it is not as long as its header says", err);
    }
    if (h->sections > PMKTI_MOST_SECTIONS) {
        return pmkti_corrupt_at(AT(sections), "there are too many sections", err);
    }
    const uint64_t table = h->sections * sizeof(pmkti_file_entry);
    if (h->table_at % PMKTI_ALIGN != 0 || h->table_at < sizeof *h || h->table_at > c->size ||
        c->size - h->table_at != table) {
        return pmkti_corrupt_at(AT(table_at), "the table is not at the end of the file", err);
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------- the table */

static pmkt_status check_codec(const pmkti_file_entry *e, uint64_t at, pmkt_error *err) {
    if (e->flags & ~(uint32_t)PMKTI_REQUIRED || e->codec > PMKTI_ZSTD_FRAME) {
        return pmkti_fail(err, PMKT_E_FORMAT,
                          "section %u is stored in a way that this libpmkt (%s) does not know",
                          (unsigned)e->id, pmkt_version());
    }
    const bool sane = e->codec == PMKTI_RAW
                          ? e->unpacked == e->length
                          : e->length > 0 && e->unpacked > 0 && e->unpacked <= PTRDIFF_MAX &&
                                e->unpacked / PMKTI_ZSTD_RATIO <= e->length;
    if (sane) return PMKT_OK;
    return pmkti_corrupt_at(at + offsetof(pmkti_file_entry, unpacked),
                            "a section cannot become as long as the table says", err);
}

/* Section i must begin where the one before it ended, and end before the table. */
static pmkt_status check_entry(const pmkti_container *c, size_t i, uint64_t begin,
                               pmkt_error *err) {
    const pmkti_file_entry *e = &c->table[i];
    const uint64_t at = c->header.table_at + i * sizeof *e;
    if (e->offset != begin || e->length > c->header.table_at - begin) {
        return pmkti_corrupt_at(at + offsetof(pmkti_file_entry, offset),
                                "a section does not lie where it must", err);
    }
    if (e->reserved[0] != 0 || e->reserved[1] != 0 || e->version == 0) {
        return pmkti_corrupt_at(at, "an entry of the table makes no sense", err);
    }
    for (size_t j = 0; j < i; j++) {
        if (c->table[j].id == e->id) {
            return pmkti_corrupt_at(at, "two sections have the same id", err);
        }
    }
    return check_codec(e, at, err);
}

static pmkt_status check_zeros(const pmkti_container *c, uint64_t from, uint64_t to,
                               pmkt_error *err) {
    unsigned char bytes[PMKTI_ALIGN];
    const size_t n = (size_t)(to - from);
    const pmkt_status status = pmkti_container_read(c, from, bytes, n, err);
    for (size_t i = 0; !status && i < n; i++) {
        if (bytes[i] != 0) return pmkti_corrupt_at(from + i, "a filling byte is not zero", err);
    }
    return status;
}

static pmkt_status check_table(const pmkti_container *c, pmkt_error *err) {
    const pmkti_file_header *h = &c->header;
    if (pmkti_xxh3(c->table, h->sections * sizeof *c->table) != h->table_checksum) {
        return pmkti_corrupt_at(h->table_at, "the table does not have its checksum", err);
    }
    uint64_t at = sizeof *h;
    for (size_t i = 0; i < h->sections; i++) {
        pmkt_status status = check_entry(c, i, at, err);
        if (status) return status;
        const uint64_t end = at + c->table[i].length;
        at = pmkti_align(end); /* not beyond the table, which is aligned */
        status = check_zeros(c, end, at, err);
        if (status) return status;
    }
    if (at == h->table_at) return PMKT_OK;
    return pmkti_corrupt_at(at, "there is something between the sections and the table", err);
}

pmkt_status pmkti_container_parse(pmkti_container *c, pmkt_error *err) {
    pmkt_status status = check_magic(c, err);
    if (!status) status = pmkti_container_read(c, 0, &c->header, sizeof c->header, err);
    if (!status) status = check_header(&c->header, err);
    if (!status) status = check_sizes(c, err);
    const size_t n = c->header.sections;
    if (status || n == 0) return status;
    c->table = pmkti_alloc(&c->allocator, n, sizeof *c->table);
    c->loaded = pmkti_alloc_zero(&c->allocator, n, sizeof *c->loaded);
    if (!c->table || !c->loaded) return pmkti_no_memory(err, n * sizeof *c->table);
    status = pmkti_container_read(c, c->header.table_at, c->table, n * sizeof *c->table, err);
    return status ? status : check_table(c, err);
}
