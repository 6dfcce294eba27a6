/*
 * Bytes after the first are a file; the first says whether its checksums are made right. It is read as
 * every kind, in memory and mapped: all sections, of any element size, and the verification.
 */
#include <string.h>

#include "core/container.h"
#include "fuzz/fuzz.h"
#include "pmkt.h"

/* Reads every byte that was handed out; a sanitizer sees what is out of bounds. */
static uint64_t touch(const pmkti_span *span) {
    uint64_t sum = 0;
    for (size_t i = 0; i < span->size; i++) sum += span->at[i];
    return sum;
}

static void read_sections(pmkti_container *c) {
    static const size_t ELEMENTS[] = {1, 8, 24};
    pmkt_error err = {0};
    uint64_t sum = 0;
    for (uint32_t id = 0; id < 40; id++) {
        pmkti_span span = {0};
        const bool has = pmkti_container_has(c, id);
        const size_t element = ELEMENTS[id % 3];
        if (!pmkti_container_section(c, id, 1 + id % 2, element, &span, &err)) {
            MUST(has && span.size % element == 0);
            sum += touch(&span);
            if (id % 2) pmkti_container_release(c, id);
        } else {
            MUST(err.code != PMKT_OK);
        }
    }
    MUST(sum < UINT64_MAX);
}

static void open_as(const pmkti_source *source, int32_t kind) {
    static const uint32_t KNOWN[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const pmkti_schema schema = {kind, KNOWN, sizeof KNOWN / sizeof *KNOWN};
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = 64 << 20;
    pmkti_container *c = NULL;
    pmkt_error err = {0};
    if (pmkti_container_open(source, &schema, &options, &c, &err)) return;
    const pmkti_run run = {.threads = 1};
    const pmkt_status status = pmkti_container_verify(c, &run, &err);
    read_sections(c);
    MUST(pmkti_container_verify(c, &run, &err) == status);
    pmkti_container_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    uint8_t *file = fuzz_copy(data + 1, size - 1, data[0] & 1);
    const char *path = fuzz_file(file, size - 1);
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    pmkt_error err = {0};
    if (!pmkt_file_inspect(path, &info, &err)) MUST(info.bytes == (int64_t)(size - 1));
    (void)pmkt_file_verify(path, NULL, &err);
    for (int32_t kind = 1; kind <= 3; kind++) {
        open_as(&(pmkti_source){.bytes = file, .size = size - 1}, kind);
        open_as(&(pmkti_source){.path = path}, kind);
        open_as(&(pmkti_source){.path = path, .map = true}, kind);
    }
    free(file);
    return 0;
}
