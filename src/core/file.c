/*
 * file.c - what can be asked of a file of any kind.
 */
#include "core/container_parts.h"
#include "core/error.h"
#include "core/structs.h"

static pmkt_status open_any(const char *path, pmkti_container **container, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    const pmkti_source source = {.path = path};
    return pmkti_container_open(&source, NULL, NULL, container, err);
}

pmkt_status pmkt_file_inspect(const char *path, pmkt_file_info *info, pmkt_error *err) {
    if (!info) return pmkti_null(err, "info");
    pmkti_container *c = NULL;
    pmkt_status status = open_any(path, &c, err);
    if (status) return status;
    pmkt_file_info i = PMKT_FILE_INFO_INIT;
    i.kind = (int32_t)c->header.kind;
    i.format = (int32_t)c->header.format;
    i.min_reader = (int32_t)c->header.reader;
    i.sections = (int32_t)c->header.sections;
    i.bytes = (int64_t)c->size;
    for (size_t s = 0; s < c->header.sections; s++) {
        i.compressed += c->table[s].codec != PMKTI_RAW;
        i.bytes_unpacked += (int64_t)c->table[s].unpacked;
    }
    pmkti_container_close(c);
    return pmkti_struct_out(info, &i, sizeof i, offsetof(pmkt_file_info, bytes), "info", err);
}

pmkt_status pmkt_file_verify(const char *path, const pmkt_run *run, pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    pmkti_container *c = NULL;
    status = open_any(path, &c, err);
    if (status) return status;
    status = pmkti_container_verify(c, &how, err);
    pmkti_container_close(c);
    return status;
}
