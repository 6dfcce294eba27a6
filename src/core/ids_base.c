/*
 * ids_base.c - the mapped file under a dictionary. Its ids are hashes and so lie evenly: where one
 * should be can be computed, and two or three steps lead there.
 */
#include "core/alloc.h"
#include "core/ids_state.h"

/* After so many computed steps (ids that are not even, a damaged file) every other one halves. */
#define COMPUTED_STEPS 8

/* The first row whose id is not below `id`. */
static size_t bound(const pmkti_ids_base *base, uint64_t id) {
    size_t low = 0, high = base->n;
    uint64_t low_id = 0, high_id = UINT64_MAX; /* low_id < id <= high_id, whatever the file says */
    for (int step = 0; low < high && id > 0; step++) {
        double share = (double)(id - low_id) / (double)(high_id - low_id);
        if (step > COMPUTED_STEPS && step % 2) share = 0.5;
        size_t mid = low + (size_t)(share * (double)(high - low));
        if (mid >= high) mid = high - 1;
        if (base->id[mid] < id) {
            low = mid + 1;
            low_id = base->id[mid];
        } else {
            high = mid;
            high_id = base->id[mid];
        }
    }
    return low;
}

size_t pmkti_ids_base_find(const pmkti_ids_base *base, uint64_t id) {
    if (id == PMKT_ID_NONE) return SIZE_MAX;
    const size_t row = bound(base, id);
    if (row >= base->n || base->id[row] != id) return SIZE_MAX;
    return pmkti_ids_base_hidden(base, row) ? SIZE_MAX : row;
}

void pmkti_ids_base_rows(const pmkti_ids_base *base, size_t part, size_t *from, size_t *to) {
    const int shift = 64 - PMKTI_IDS_PART_BITS;
    *from = bound(base, (uint64_t)part << shift);
    *to = part + 1 < PMKTI_IDS_PARTS ? bound(base, (uint64_t)(part + 1) << shift) : base->n;
    if (*to < *from) *to = *from; /* only if the file is damaged */
}

bool pmkti_ids_base_string(const pmkti_ids_base *base, size_t row, pmkti_string *string) {
    const uint64_t from = row ? base->end[row - 1] : 0;
    const uint64_t to = base->end[row];
    if (from > to || to > base->size) return false;
    static const unsigned char EMPTY[1] = {0};
    *string = (pmkti_string){base->bytes ? base->bytes + from : EMPTY, (size_t)(to - from)};
    return true;
}

void pmkti_ids_base_close(pmkti_ids_base *base, const pmkt_allocator *allocator) {
    pmkti_free(allocator, base->hidden, (base->n + 63) / 64, sizeof *base->hidden);
    pmkti_container_close(base->container);
    *base = (pmkti_ids_base){0};
}
