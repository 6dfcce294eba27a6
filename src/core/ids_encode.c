/*
 * ids_encode.c - pmkt_ids_encode, and the same for readers of data that may be old.
 */
#include "core/ids_encode.h"

#include "core/alloc.h"
#include "core/error.h"

/* -------------------------------------------------------------- one by one */

void pmkti_ids_prefetch(const pmkt_ids *ids, const uint64_t *id, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const pmkti_ids_part *part = &ids->parts[pmkti_ids_part_of(id[i])];
        if (part->room) __builtin_prefetch(&part->slots[pmkti_ids_home(part, id[i])]);
    }
    for (size_t i = 0; i < n; i++) {
        const pmkti_ids_part *part = &ids->parts[pmkti_ids_part_of(id[i])];
        if (!part->room) continue;
        const pmkti_ids_slot *slot = &part->slots[pmkti_ids_home(part, id[i])];
        if (slot->id == id[i]) __builtin_prefetch(slot->record);
    }
}

pmkt_status pmkti_ids_learn_block(pmkt_ids *ids, pmkti_ids_part *part, const uint64_t *id,
                                  const pmkti_string *string, size_t n, size_t *done) {
    pmkti_ids_prefetch(ids, id, n);
    for (size_t i = 0; i < n; i++) {
        pmkti_ids_part *p = part ? part : &ids->parts[pmkti_ids_part_of(id[i])];
        const pmkt_status status = pmkti_ids_learn(ids, p, id[i], string[i]);
        *done = i;
        if (status) return status;
    }
    return PMKT_OK;
}

/* All strings in their order; *row is where it failed. */
static pmkt_status learn_in_order(pmkt_ids *ids, const pmkti_strings *strings, const pmkti_run *run,
                                  pmkti_stage stage, uint64_t *id, int64_t *row) {
    uint64_t mine[PMKTI_IDS_BLOCK];
    pmkti_string string[PMKTI_IDS_BLOCK];
    for (int64_t i = 0; i < strings->n; i += PMKTI_IDS_BLOCK) {
        const int64_t left = strings->n - i;
        const size_t n = left < PMKTI_IDS_BLOCK ? (size_t)left : PMKTI_IDS_BLOCK;
        for (size_t j = 0; j < n; j++) {
            string[j] = pmkti_string_at(strings, i + (int64_t)j);
            mine[j] = pmkt_id_of_bytes(string[j].at, string[j].length);
        }
        size_t done = 0;
        const pmkt_status status = pmkti_ids_learn_block(ids, NULL, mine, string, n, &done);
        *row = i + (int64_t)done;
        if (status) return status;
        if (id) memcpy(id + i, mine, n * sizeof *id);
        const double share = (double)i / (double)strings->n;
        if (i % PMKTI_SERIAL == 0 && i > 0 &&
            pmkti_canceled(run, stage.from + (stage.to - stage.from) * share, stage.name)) {
            return PMKT_E_CANCELED;
        }
    }
    return PMKT_OK;
}

/* ---------------------------------------------------------------------- calls */

static pmkt_status encode_in_order(pmkt_ids *ids, const pmkti_strings *strings,
                                   const pmkti_run *run, pmkti_stage stage, uint64_t *id,
                                   pmkt_error *err) {
    int64_t row = 0;
    pmkti_ids_begin(ids);
    pmkt_status status = learn_in_order(ids, strings, run, stage, id, &row);
    if (status == PMKT_E_COLLISION) { /* while what came before it in this call is still known */
        const pmkti_string string = pmkti_string_at(strings, row);
        pmkti_string known;
        (void)pmkti_ids_string(ids, pmkt_id_of_bytes(string.at, string.length), &known);
        (void)pmkti_ids_collision(known, string, row, err);
    }
    const pmkt_status ended = pmkti_ids_end(ids, status);
    if (ended == PMKT_E_COLLISION) return ended;
    return pmkti_ids_failed(ids, ended, err);
}

static pmkt_status encode_many(pmkt_ids *ids, const pmkti_strings *strings, const pmkti_run *run,
                               uint64_t *id, pmkt_error *err) {
    pmkti_ids_begin(ids);
    const pmkt_status status = pmkti_ids_end(ids, pmkti_ids_learn_many(ids, strings, run, id));
    if (status != PMKT_E_COLLISION) return pmkti_ids_failed(ids, status, err);
    /* Which row is the first to collide, and with what, is seen by going through them in order. */
    return encode_in_order(ids, strings, run, (pmkti_stage){"encode", 1.0, 1.0}, id, err);
}

static pmkt_status encode(pmkt_ids *ids, const pmkti_strings *strings, const pmkti_run *run,
                          uint64_t *id, pmkt_error *err) {
    if (ids->one_way) return id ? pmkti_stopped(err, pmkti_ids_hash(strings, run, id)) : PMKT_OK;
    if (strings->n < PMKTI_SERIAL) {
        return encode_in_order(ids, strings, run, (pmkti_stage){"encode", 0.0, 1.0}, id, err);
    }
    return encode_many(ids, strings, run, id, err);
}

static pmkt_status check(const pmkt_ids *ids, const char *bytes, const int64_t *offsets, int64_t n,
                         const pmkt_run *run, pmkti_run *mine, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (!status) status = pmkti_run_check(run, n, mine, err);
    if (status || n == 0) return status; /* an empty Arrow column may have no offsets at all */
    return pmkti_strings_check(bytes, offsets, n, err);
}

pmkt_status pmkt_ids_encode(pmkt_ids *ids, const char *bytes, const int64_t *offsets, int64_t n,
                            const pmkt_run *run, uint64_t *id, pmkt_error *err) {
    pmkti_run mine;
    const pmkt_status status = check(ids, bytes, offsets, n, run, &mine, err);
    if (status || n == 0) return status;
    const pmkti_strings strings = {(const unsigned char *)bytes, offsets, n};
    return encode(ids, &strings, &mine, id, err);
}

pmkt_status pmkti_ids_encode_dated(pmkt_ids *ids, const char *bytes, const int64_t *offsets,
                                   int64_t n, const int64_t *when_ms, const pmkt_run *run,
                                   uint64_t *id, pmkt_error *err) {
    const size_t room = ids->n_tombs;
    if (room == 0) return pmkt_ids_encode(ids, bytes, offsets, n, run, id, err);
    pmkti_run mine;
    pmkt_status status = check(ids, bytes, offsets, n, run, &mine, err);
    if (status || n == 0) return status;
    const pmkti_strings strings = {(const unsigned char *)bytes, offsets, n};
    _Atomic uint8_t *open = pmkti_alloc_zero(&ids->allocator, room, sizeof *open);
    if (!open) return pmkti_no_memory(err, room);
    if (when_ms) status = pmkti_ids_open_tombs(ids, &strings, when_ms, &mine, open);
    if (status) {
        status = pmkti_stopped(err, status);
    } else {
        ids->open_tombs = open;
        status = encode(ids, &strings, &mine, id, err);
        ids->open_tombs = NULL;
    }
    pmkti_free(&ids->allocator, open, room, sizeof *open);
    return status;
}
