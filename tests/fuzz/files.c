#define _POSIX_C_SOURCE 200809L /* mkstemp */

#include <string.h>
#include <unistd.h>

#include "core/container_format.h"
#include "core/hash.h"
#include "fuzz/fuzz.h"

void fuzz_resign(uint8_t *file, size_t size) {
    pmkti_file_header h;
    if (size < sizeof h) return;
    memcpy(&h, file, sizeof h);
    const uint64_t table = (uint64_t)h.sections * sizeof(pmkti_file_entry);
    if (h.sections <= PMKTI_MOST_SECTIONS && table <= size && h.table_at <= size - table) {
        for (uint32_t i = 0; i < h.sections; i++) {
            uint8_t *at = file + h.table_at + i * sizeof(pmkti_file_entry);
            pmkti_file_entry e;
            memcpy(&e, at, sizeof e);
            if (e.offset > size || e.length > size - e.offset) continue;
            e.checksum = pmkti_xxh3(file + e.offset, e.length);
            memcpy(at, &e, sizeof e);
        }
        h.table_checksum = pmkti_xxh3(file + h.table_at, table);
    }
    h.checksum = pmkti_xxh3(&h, offsetof(pmkti_file_header, checksum));
    memcpy(file, &h, sizeof h);
}

uint8_t *fuzz_copy(const uint8_t *data, size_t size, bool resign) {
    void *copy = NULL;
    MUST(posix_memalign(&copy, 64, size ? size : 1) == 0);
    if (size > 0) memcpy(copy, data, size);
    if (resign) fuzz_resign(copy, size);
    return copy;
}

/* The name, by process: workers run side by side. */
static char name[64];

static void remove_file(void) {
    (void)unlink(name);
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    if (!*name) {
        (void)strcpy(name, "/tmp/pmkt-fuzz-XXXXXX");
        const int fd = mkstemp(name);
        MUST(fd >= 0 && close(fd) == 0);
        MUST(atexit(remove_file) == 0);
    }
    (void)unlink(name); /* never written to while it may be mapped */
    FILE *file = fopen(name, "wb");
    MUST(file != NULL);
    MUST(fwrite(data, 1, size, file) == size);
    MUST(fclose(file) == 0);
    return name;
}
