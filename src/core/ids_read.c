/*
 * ids_read.c - from ids back to strings.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/ids_encode.h"

bool pmkti_ids_string(const pmkt_ids *ids, uint64_t id, pmkti_string *string) {
    const unsigned char *record = pmkti_ids_record(&ids->parts[pmkti_ids_part_of(id)], id);
    *string = (pmkti_string){NULL, 0};
    if (record) {
        *string = pmkti_record_string(record);
        return true;
    }
    if (ids->base.n == 0) return true;
    const size_t row = pmkti_ids_base_find(&ids->base, id);
    return row == SIZE_MAX || pmkti_ids_base_string(&ids->base, row, string);
}

const char *pmkt_ids_name(const pmkt_ids *ids, uint64_t id, size_t *length) {
    pmkti_string string = {NULL, 0};
    if (ids) (void)pmkti_ids_string(ids, id, &string);
    if (length) *length = string.length;
    return (const char *)string.at;
}

/* ------------------------------------------------------------------- decode */

/* Where strings are written to: those that no longer fit are only counted. */
typedef struct output {
    char *bytes;
    int64_t room;
    int64_t *offsets;
    uint8_t *known;
} output;

static pmkt_status decode_one(const pmkt_ids *ids, uint64_t id, int64_t row, const output *out,
                              pmkt_error *err) {
    pmkti_string string;
    if (!pmkti_ids_string(ids, id, &string)) {
        return pmkti_fail_at(err, PMKT_E_CORRUPT, PMKT_WHERE_ROW, row,
                             "the mapped file is damaged: the string of row %lld, id %#llx, does "
                             "not lie within it",
                             (long long)row, (unsigned long long)id);
    }
    const int64_t at = out->offsets[row];
    const int64_t length = (int64_t)string.length;
    if (length > INT64_MAX - at) {
        return pmkti_fail_at(err, PMKT_E_OVERFLOW, PMKT_WHERE_ROW, row,
                             "the strings up to row %lld are longer than 2^63 bytes",
                             (long long)row);
    }
    if (length > 0 && length <= out->room - at) {
        pmkti_copy((unsigned char *)out->bytes + at, string.at, string.length);
    }
    out->offsets[row + 1] = at + length;
    if (out->known) out->known[row] = string.at != NULL;
    return PMKT_OK;
}

pmkt_status pmkt_ids_decode(const pmkt_ids *ids, const uint64_t *id, int64_t n, char *bytes,
                            int64_t room, int64_t *offsets, uint8_t *known, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (room < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "room is %lld, below zero", (long long)room);
    }
    if (room > 0 && !bytes)
        return pmkti_fail(err, PMKT_E_INVALID, "bytes is NULL, but room is not 0");
    if (!offsets) return pmkti_null(err, "offsets");
    if (n > 0 && !id) return pmkti_null(err, "id");
    const output out = {bytes, room, offsets, known};
    offsets[0] = 0;
    for (int64_t i = 0; i < n; i += PMKTI_IDS_BLOCK) {
        const int64_t end = n - i < PMKTI_IDS_BLOCK ? n : i + PMKTI_IDS_BLOCK;
        pmkti_ids_prefetch(ids, id + i, (size_t)(end - i));
        for (int64_t j = i; j < end; j++) {
            status = decode_one(ids, id[j], j, &out, err);
            if (status) return status;
        }
    }
    if (bytes && offsets[n] > room) {
        return pmkti_fail(err, PMKT_E_LIMIT, "the strings are %lld bytes long, but room is %lld",
                          (long long)offsets[n], (long long)room);
    }
    return PMKT_OK;
}

/* ----------------------------------------------------------------- in order */

size_t pmkti_ids_largest_part(const pmkt_ids *ids) {
    size_t largest = 0;
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        size_t from = 0, to = 0;
        if (ids->base.n > 0) pmkti_ids_base_rows(&ids->base, p, &from, &to);
        const size_t n = ids->parts[p].n + (to - from);
        if (n > largest) largest = n;
    }
    return largest;
}

/* The entries of a table, which are all but sorted there, so that each has a short way to go. */
static size_t sorted_recent(const pmkti_ids_part *part, pmkti_ids_entry *entries) {
    size_t n = 0;
    for (size_t i = 0; i < part->room; i++) {
        const pmkti_ids_slot *slot = &part->slots[i];
        if (slot->id == PMKT_ID_NONE) continue;
        size_t to = n++;
        for (; to > 0 && entries[to - 1].id > slot->id; to--) entries[to] = entries[to - 1];
        entries[to] = (pmkti_ids_entry){slot->id, pmkti_record_string(slot->record)};
    }
    return n;
}

pmkt_status pmkti_ids_gather(const pmkt_ids *ids, size_t p, pmkti_ids_entry *entries, size_t *n) {
    const pmkti_ids_base *base = &ids->base;
    size_t from = 0, to = 0, recent = 0, at = 0;
    if (base->n > 0) pmkti_ids_base_rows(base, p, &from, &to);
    /* The recent ones behind the place of all, which is then filled from the front. */
    pmkti_ids_entry *later = entries + ids->parts[p].n + (to - from);
    const size_t n_recent = sorted_recent(&ids->parts[p], later);
    for (; from < to; from++) {
        if (pmkti_ids_base_hidden(base, from)) continue;
        while (recent < n_recent && later[recent].id < base->id[from]) {
            entries[at++] = later[recent++];
        }
        entries[at].id = base->id[from];
        if (!pmkti_ids_base_string(base, from, &entries[at].string)) return PMKT_E_CORRUPT;
        at++;
    }
    while (recent < n_recent) entries[at++] = later[recent++];
    *n = at;
    return PMKT_OK;
}

#define SCATTER ((size_t)0x9e3779b97f4a7c15) /* odd, so that all of a power of two are met */

/* Whoever learns what is visited relies on it that an id is that of its string. */
static pmkt_status visit_row(const pmkti_ids_base *base, size_t row, pmkti_ids_visitor visit,
                             void *ctx) {
    pmkti_string string;
    if (!pmkti_ids_base_string(base, row, &string)) return PMKT_E_CORRUPT;
    if (pmkt_id_of_bytes(string.at, string.length) != base->id[row]) return PMKT_E_CORRUPT;
    return visit(ctx, base->id[row], string);
}

pmkt_status pmkti_ids_visit(const pmkt_ids *ids, size_t p, pmkti_ids_visitor visit, void *ctx) {
    const pmkti_ids_part *part = &ids->parts[p];
    const pmkti_ids_base *base = &ids->base;
    pmkt_status status = PMKT_OK;
    for (size_t i = 0; i < part->room && !status; i++) {
        const pmkti_ids_slot *slot = &part->slots[(i * SCATTER) & (part->room - 1)];
        if (slot->id) status = visit(ctx, slot->id, pmkti_record_string(slot->record));
    }
    size_t from = 0, to = 0, power = 1;
    if (base->n > 0) pmkti_ids_base_rows(base, p, &from, &to);
    while (power < to - from) power *= 2;
    for (size_t i = 0; i < power && !status; i++) {
        const size_t row = from + ((i * SCATTER) & (power - 1));
        if (row < to && !pmkti_ids_base_hidden(base, row))
            status = visit_row(base, row, visit, ctx);
    }
    return status;
}

/* `n_known` are known; a damaged base may seem to have more. */
static pmkt_status list_all(const pmkt_ids *ids, uint64_t *id, size_t n_known) {
    const size_t room = 2 * pmkti_ids_largest_part(ids);
    pmkti_ids_entry *entries = pmkti_alloc(&ids->allocator, room, sizeof *entries);
    if (room > 0 && !entries) return PMKT_E_NOMEM;
    pmkt_status status = PMKT_OK;
    size_t at = 0;
    for (size_t p = 0; p < PMKTI_IDS_PARTS && !status && entries; p++) {
        size_t n = 0;
        status = pmkti_ids_gather(ids, p, entries, &n);
        if (n > n_known - at) status = PMKT_E_CORRUPT;
        for (size_t i = 0; i < n && !status; i++) id[at++] = entries[i].id;
    }
    pmkti_free(&ids->allocator, entries, room, sizeof *entries);
    return status;
}

pmkt_status pmkt_ids_list(const pmkt_ids *ids, uint64_t *id, int64_t room, int64_t *n,
                          pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    if (!n) return pmkti_null(err, "n");
    if (room < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "room is %lld, below zero", (long long)room);
    }
    if (room > 0 && !id) return pmkti_null(err, "id");
    int64_t bytes;
    const int64_t known = pmkti_ids_count(ids, &bytes);
    if (room > 0 && room < known) {
        *n = known;
        return pmkti_fail(err, PMKT_E_LIMIT, "%lld ids are known, but room is %lld",
                          (long long)known, (long long)room);
    }
    const pmkt_status status = room > 0 ? list_all(ids, id, (size_t)known) : PMKT_OK;
    if (status) return pmkti_ids_failed(ids, status, err);
    *n = known;
    return PMKT_OK;
}
