#include "rfm/fold.h"

#include "core/alloc.h"

pmkti_fold_scratch *pmkti_fold_scratch_new(const pmkt_allocator *allocator, int workers) {
    return pmkti_alloc_zero(allocator, (size_t)workers, sizeof(pmkti_fold_scratch));
}

void pmkti_fold_scratch_free(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                             int workers) {
    for (int w = 0; scratch && w < workers; w++) {
        pmkti_fold_scratch *s = &scratch[w];
        pmkti_free(allocator, s->sorted.at, s->sorted.room, sizeof *s->sorted.at);
        pmkti_free(allocator, s->spare.at, s->spare.room, sizeof *s->spare.at);
        pmkti_free(allocator, s->counts, PMKTI_SORT_COUNTS, sizeof *s->counts);
        pmkti_part_clear(allocator, &s->result);
    }
    pmkti_free(allocator, scratch, (size_t)workers, sizeof *scratch);
}

void *pmkti_renew(const pmkt_allocator *allocator, void *at, size_t *room, size_t n, size_t size) {
    pmkti_free(allocator, at, *room, size);
    void *fresh = pmkti_alloc(allocator, n, size);
    *room = fresh ? n : 0;
    return fresh;
}

/* Pending rows of one or two partitions, in one array: the partition's own if the other has none.
   */
static const pmkti_row *gather(const pmkt_allocator *allocator, const pmkti_part *a,
                               const pmkti_part *b, pmkti_row **copy, size_t n) {
    *copy = NULL;
    if (!b || b->rows.n == 0) return a->rows.at;
    if (a->rows.n == 0) return b->rows.at;
    *copy = pmkti_alloc(allocator, n, sizeof **copy);
    if (!*copy) return NULL;
    memcpy(*copy, a->rows.at, a->rows.n * sizeof **copy);
    memcpy(*copy + a->rows.n, b->rows.at, b->rows.n * sizeof **copy);
    return *copy;
}

static pmkt_status sort_pending(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                                int32_t mode, const pmkti_part *a, const pmkti_part *b, size_t n) {
    if (!PMKTI_MAKE_ROOM(allocator, scratch->sorted, n)) return PMKT_E_NOMEM;
    pmkti_row *copy = NULL;
    const pmkti_row *in = gather(allocator, a, b, &copy, n);
    if (!in) return PMKT_E_NOMEM;
    const pmkt_status status =
        pmkti_sort_rows(allocator, scratch, in, scratch->sorted.at, n, mode == PMKT_RFM_SUMMARY);
    pmkti_free(allocator, copy, n, sizeof *copy);
    return status;
}

/* A new array for n elements where `room` is too small: exact, or with a quarter to grow. */
typedef struct spare {
    void *at;
    size_t room;
    bool failed;
} spare;

static spare spare_for(const pmkt_allocator *allocator, bool roomy, size_t n, size_t room,
                       size_t size) {
    if (n <= room) return (spare){NULL, 0, false};
    const size_t wanted = roomy && room ? n + n / 4 : n;
    void *at = pmkti_alloc(allocator, wanted, size);
    return (spare){at, wanted, !at};
}

/* Frees an array unless it is borrowed. */
#define FREE_ARRAY(array) \
    do { \
        if ((array).room > 0) pmkti_free(allocator, (array).at, (array).room, sizeof *(array).at); \
    } while (0)

/* Copies one of the folded arrays, into the spare if it does not fit. */
#define COPY_ARRAY(name, spare) \
    do { \
        if ((spare).at) { \
            FREE_ARRAY(out->name); \
            out->name.at = (spare).at; \
            out->name.room = (spare).room; \
        } \
        out->name.n = result->name.n; \
        if (out->name.n) \
            memcpy(out->name.at, result->name.at, out->name.n * sizeof *out->name.at); \
    } while (0)

static pmkt_status copy_folded(const pmkt_allocator *allocator, bool roomy,
                               const pmkti_part *result, pmkti_part *out) {
    const size_t customer = sizeof(pmkti_customer), order = sizeof(pmkti_order);
    const size_t entry = sizeof(pmkti_entry);
    spare c = spare_for(allocator, roomy, result->customers.n, out->customers.room, customer);
    spare o = spare_for(allocator, roomy, result->orders.n, out->orders.room, order);
    spare e = spare_for(allocator, roomy, result->entries.n, out->entries.room, entry);
    if (c.failed || o.failed || e.failed) {
        pmkti_free(allocator, c.at, c.room, customer);
        pmkti_free(allocator, o.at, o.room, order);
        pmkti_free(allocator, e.at, e.room, entry);
        return PMKT_E_NOMEM;
    }
    COPY_ARRAY(customers, c);
    COPY_ARRAY(orders, o);
    COPY_ARRAY(entries, e);
    return PMKT_OK;
}

pmkt_status pmkti_fold(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch, int32_t mode,
                       const pmkti_part *a, const pmkti_part *b, pmkti_part *out) {
    const size_t n = a->rows.n + (b ? b->rows.n : 0);
    pmkt_status status = n ? sort_pending(allocator, scratch, mode, a, b, n) : PMKT_OK;
    if (status) return status;
    const pmkti_row *rows = scratch->sorted.at;
    pmkti_part *result = &scratch->result;
    result->customers.n = result->orders.n = result->entries.n = 0;
    status = mode == PMKT_RFM_HISTORY ? pmkti_fold_history(allocator, a, b, rows, n, result)
                                      : pmkti_fold_summary(allocator, a, b, rows, n, result);
    return status ? status : copy_folded(allocator, scratch->roomy, result, out);
}

pmkt_status pmkti_fold_in_place(const pmkt_allocator *allocator, pmkti_fold_scratch *scratch,
                                int32_t mode, pmkti_part *part) {
    if (part->rows.n == 0) return PMKT_OK;
    const pmkt_status status = pmkti_fold(allocator, scratch, mode, part, NULL, part);
    if (status) return status;
    memset(part->rows.at, 0, part->rows.n * sizeof *part->rows.at); /* it may be to forget them */
    pmkti_free(allocator, part->rows.at, part->rows.room, sizeof *part->rows.at);
    part->rows.at = NULL;
    part->rows.n = part->rows.room = 0;
    return PMKT_OK;
}

void pmkti_part_replace(const pmkt_allocator *allocator, pmkti_part *part, pmkti_part *folded) {
    folded->tombs.at = part->tombs.at;
    folded->tombs.n = part->tombs.n;
    folded->tombs.room = part->tombs.room;
    part->tombs.at = NULL;
    part->tombs.n = part->tombs.room = 0;
    pmkti_part_clear(allocator, part);
    *part = *folded;
}

void pmkti_part_clear(const pmkt_allocator *allocator, pmkti_part *part) {
    FREE_ARRAY(part->customers);
    FREE_ARRAY(part->orders);
    FREE_ARRAY(part->entries);
    FREE_ARRAY(part->rows);
    FREE_ARRAY(part->tombs);
    memset(part, 0, sizeof *part);
}

/* A borrowed array becomes a copy of its own. */
#define OWN_ARRAY(array) \
    do { \
        if ((array).room == 0 && (array).n > 0) { \
            void *own = pmkti_alloc(allocator, (array).n, sizeof *(array).at); \
            if (!own) return PMKT_E_NOMEM; \
            memcpy(own, (array).at, (array).n * sizeof *(array).at); \
            (array).at = own; \
            (array).room = (array).n; \
        } \
    } while (0)

pmkt_status pmkti_part_own(const pmkt_allocator *allocator, pmkti_part *part) {
    OWN_ARRAY(part->customers);
    OWN_ARRAY(part->orders);
    OWN_ARRAY(part->entries);
    OWN_ARRAY(part->tombs);
    return PMKT_OK;
}

/* A smaller array, or the same one if the allocator will not shrink it: that is no harm. */
static void *trimmed(const pmkt_allocator *allocator, void *at, size_t n, size_t *room,
                     size_t size) {
    if (n == *room || *room == 0) return at;
    if (n == 0) {
        pmkti_free(allocator, at, *room, size);
        *room = 0;
        return NULL;
    }
    void *smaller = pmkti_resize(allocator, at, *room, n, size);
    if (!smaller) return at;
    *room = n;
    return smaller;
}

#define TRIM(array) \
    (array).at = trimmed(allocator, (array).at, (array).n, &(array).room, sizeof *(array).at)

void pmkti_part_trim(const pmkt_allocator *allocator, pmkti_part *part) {
    TRIM(part->customers);
    TRIM(part->orders);
    TRIM(part->entries);
    TRIM(part->rows);
    TRIM(part->tombs);
}

size_t pmkti_part_bytes(const pmkti_part *part) {
    return part->customers.room * sizeof *part->customers.at +
           part->orders.room * sizeof *part->orders.at +
           part->entries.room * sizeof *part->entries.at + part->rows.room * sizeof *part->rows.at +
           part->tombs.room * sizeof *part->tombs.at;
}
