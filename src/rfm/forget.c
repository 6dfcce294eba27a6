/*
 * forget.c - pmkt_rfm_forget: first all that needs memory (tombs, and folding, so that no row is
 * left pending in the partitions touched), then the removal, which cannot fail.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "rfm/files.h"
#include "rfm/fold.h"

static bool key_before(const void *a, const void *b) {
    return *(const uint64_t *)a < *(const uint64_t *)b;
}

/* Sorted, different keys of the users; in the top bits of a key is its partition, so that the keys
   of one partition stand together. */
static size_t keys_of(const uint64_t *users, size_t n, uint64_t *keys) {
    size_t kept = 0, different = 0;
    for (size_t i = 0; i < n; i++) {
        if (users[i] != PMKT_ID_NONE) keys[kept++] = pmkti_key_of_user(users[i]);
    }
    pmkti_sort(keys, kept, sizeof *keys, key_before);
    for (size_t i = 0; i < kept; i++) {
        if (i == 0 || keys[i] != keys[i - 1]) keys[different++] = keys[i];
    }
    return different;
}

/* Makes room in a partition for tombs to come. */
static pmkt_status reserve_tombs(const pmkt_allocator *allocator, pmkti_part *part, size_t coming) {
    const size_t need = part->tombs.n + coming;
    if (need <= part->tombs.room) return PMKT_OK;
    void *at =
        pmkti_resize(allocator, part->tombs.at, part->tombs.room, need, sizeof *part->tombs.at);
    if (!at) return PMKT_E_NOMEM;
    part->tombs.at = at;
    part->tombs.room = need;
    return PMKT_OK;
}

/* Merges sorted keys into the tombs from behind, in place; the later date stays. */
static void dig(pmkti_part *part, const uint64_t *keys, size_t n, int64_t when_ms) {
    size_t new_keys = 0;
    for (size_t i = 0; i < n; i++) {
        new_keys += pmkti_part_forgotten(part, keys[i]) == INT64_MIN;
    }
    pmkti_tomb *at = part->tombs.at;
    size_t old = part->tombs.n, to = old + new_keys;
    part->tombs.n = to;
    for (size_t i = n; i-- > 0;) {
        while (old > 0 && at[old - 1].key > keys[i]) at[--to] = at[--old];
        pmkti_tomb tomb = {keys[i], when_ms};
        if (old > 0 && at[old - 1].key == keys[i]) {
            old--;
            if (at[old].when_ms > when_ms) tomb.when_ms = at[old].when_ms;
        }
        at[--to] = tomb;
    }
}

static size_t run_of_partition(const uint64_t *keys, size_t n) {
    size_t length = 1;
    while (length < n && pmkti_partition_of_key(keys[length]) == pmkti_partition_of_key(keys[0])) {
        length++;
    }
    return length;
}

static pmkt_status prepare(pmkt_rfm *rfm, const uint64_t *keys, size_t n) {
    const pmkt_allocator *allocator = &rfm->allocator;
    pmkti_fold_scratch *scratch = pmkti_fold_scratch_new(allocator, 1);
    pmkt_status status = scratch ? PMKT_OK : PMKT_E_NOMEM;
    for (size_t i = 0, run; i < n && !status; i += run) {
        run = run_of_partition(keys + i, n - i);
        const uint32_t p = pmkti_partition_of_key(keys[i]);
        pmkti_part *part = &rfm->parts[p];
        status = pmkti_part_ready(rfm, p);
        if (!status) status = pmkti_fold_in_place(allocator, scratch, rfm->mode, part);
        if (!status) status = pmkti_part_own(allocator, part);
        if (!status) status = reserve_tombs(allocator, part, run);
    }
    pmkti_fold_scratch_free(allocator, scratch, 1);
    return status;
}

pmkt_status pmkt_rfm_forget(pmkt_rfm *rfm, const uint64_t *users, int64_t n, int64_t when_ms,
                            int64_t *found, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !users) return pmkti_null(err, "users");
    if (when_ms < PMKT_TIME_MIN || when_ms > PMKT_TIME_MAX) { /* exclusive, so that all can go */
        return pmkti_fail(err, PMKT_E_INVALID, "when_ms is outside the years 1700 to 2999");
    }
    const size_t given = (size_t)n;
    uint64_t *keys = pmkti_alloc(&rfm->allocator, given, sizeof *keys);
    if (n > 0 && !keys) return pmkti_no_memory(err, given * sizeof *keys);
    const size_t different = keys_of(users, given, keys);
    status = prepare(rfm, keys, different);
    int64_t gone = 0;
    for (size_t i = 0, run; !status && i < different; i += run) {
        run = run_of_partition(keys + i, different - i);
        pmkti_part *part = &rfm->parts[pmkti_partition_of_key(keys[i])];
        dig(part, keys + i, run, when_ms);
        gone += pmkti_part_bury(part, rfm->mode);
    }
    pmkti_free(&rfm->allocator, keys, given, sizeof *keys);
    if (status) return pmkti_rfm_stopped(err, rfm, status);
    if (different > 0) rfm->generation++;
    if (found) *found = gone;
    return PMKT_OK;
}
