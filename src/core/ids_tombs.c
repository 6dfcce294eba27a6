/*
 * ids_tombs.c - the tombstones of a dictionary: which there are, and which of them a batch of dated
 * strings may take away.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/ids_encode.h"
#include "pmkt/events.h"

static size_t tomb_of(const pmkt_ids *ids, uint64_t id) {
    size_t low = 0, high = ids->n_tombs;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (ids->tombs[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool pmkti_ids_is_forgotten(const pmkt_ids *ids, uint64_t id) {
    const size_t at = tomb_of(ids, id);
    return at < ids->n_tombs && ids->tombs[at].id == id;
}

bool pmkti_ids_stays_forgotten(const pmkt_ids *ids, uint64_t id) {
    if (!ids->open_tombs) return false; /* whoever learns now does not ask */
    const size_t at = tomb_of(ids, id);
    if (at == ids->n_tombs || ids->tombs[at].id != id) return false;
    return !atomic_load_explicit(&ids->open_tombs[at], memory_order_relaxed);
}

void pmkti_ids_set_tombs(pmkt_ids *ids, pmkti_ids_tomb *tombs, size_t n, size_t room) {
    const int64_t more = (int64_t)room - (int64_t)ids->tombs_room;
    if (ids->tombs_room > 0) {
        pmkti_free_const(&ids->allocator, ids->tombs, ids->tombs_room, sizeof *ids->tombs);
    }
    ids->tombs = tombs;
    ids->n_tombs = n;
    ids->tombs_room = room;
    atomic_fetch_add_explicit(&ids->bytes, more * (int64_t)sizeof *tombs, memory_order_relaxed);
}

/* -------------------------------------------------------------------- opening */

/* Bits of a filter for each tombstone, at least: so few strings pass by chance. */
#define FILTER_BITS 16

typedef struct opening {
    const pmkt_ids *ids;
    const pmkti_strings *strings;
    const int64_t *when_ms;
    int64_t earliest; /* of all tombs: what is older need not be looked up */
    uint64_t *filter; /* a bit is set if an id with such first bits has a tomb; or NULL */
    size_t filter_words;
    int filter_shift;
    _Atomic uint8_t *open;
} opening;

static bool may_have_tomb(const opening *o, uint64_t id) {
    if (!o->filter) return true;
    const uint64_t bit = id >> o->filter_shift;
    return o->filter[bit / 64] >> bit % 64 & 1;
}

/* What makes a look at many strings quick, for one look at all tombs. */
static pmkt_status prepare(opening *o) {
    const pmkt_ids *ids = o->ids;
    int bits = 6;
    while (bits < 30 && (size_t)1 << bits < ids->n_tombs * FILTER_BITS) bits++;
    o->filter_shift = 64 - bits;
    o->filter_words = (size_t)1 << (bits - 6);
    o->filter = pmkti_alloc_zero(&ids->allocator, o->filter_words, sizeof *o->filter);
    if (!o->filter) return PMKT_E_NOMEM;
    o->earliest = INT64_MAX;
    for (size_t i = 0; i < ids->n_tombs; i++) {
        const uint64_t bit = ids->tombs[i].id >> o->filter_shift;
        o->filter[bit / 64] |= UINT64_C(1) << bit % 64;
        if (ids->tombs[i].when_ms < o->earliest) o->earliest = ids->tombs[i].when_ms;
    }
    return PMKT_OK;
}

static pmkt_status open_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const opening *o = ctx;
    const pmkt_ids *ids = o->ids;
    const int64_t begin = chunk * PMKTI_SERIAL;
    const int64_t left = o->strings->n - begin;
    const int64_t end = begin + (left < PMKTI_SERIAL ? left : PMKTI_SERIAL);
    for (int64_t i = begin; i < end; i++) {
        /* A mapped tomb may claim any date, so that null is not just an early time. */
        if (o->when_ms[i] < o->earliest || o->when_ms[i] == PMKT_TIME_NULL) continue;
        const pmkti_string string = pmkti_string_at(o->strings, i);
        const uint64_t id = pmkt_id_of_bytes(string.at, string.length);
        if (!may_have_tomb(o, id)) continue;
        const size_t at = tomb_of(ids, id);
        if (at < ids->n_tombs && ids->tombs[at].id == id && o->when_ms[i] >= ids->tombs[at].when_ms)
            atomic_store_explicit(&o->open[at], 1, memory_order_relaxed);
    }
    return PMKT_OK;
}

pmkt_status pmkti_ids_open_tombs(const pmkt_ids *ids, const pmkti_strings *strings,
                                 const int64_t *when_ms, const pmkti_run *run,
                                 _Atomic uint8_t *open) {
    opening o = {ids, strings, when_ms, INT64_MIN, NULL, 0, 0, open};
    const bool many = (size_t)strings->n > ids->n_tombs / FILTER_BITS;
    pmkt_status status = many ? prepare(&o) : PMKT_OK;
    if (status) return status;
    const int64_t chunks = strings->n / PMKTI_SERIAL + (strings->n % PMKTI_SERIAL != 0);
    status = pmkti_parallel(run, (pmkti_stage){"encode", 0.0, 0.0}, open_chunk, &o, chunks);
    pmkti_free(&ids->allocator, o.filter, o.filter_words, sizeof *o.filter);
    return status;
}

/* ------------------------------------------------------------------------ list */

/* In a mapped file that is damaged, tombstones may be anything. */
static bool copy_tombs(const pmkt_ids *ids, uint64_t *id, int64_t *when_ms) {
    uint64_t before = PMKT_ID_NONE;
    for (size_t i = 0; i < ids->n_tombs; i++) {
        id[i] = ids->tombs[i].id;
        when_ms[i] = ids->tombs[i].when_ms;
        if (id[i] <= before || when_ms[i] < PMKT_TIME_MIN || when_ms[i] > PMKT_TIME_MAX)
            return false;
        before = id[i];
    }
    return true;
}

pmkt_status pmkt_ids_forgotten(const pmkt_ids *ids, uint64_t *id, int64_t *when_ms, int64_t room,
                               int64_t *n, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    if (!n) return pmkti_null(err, "n");
    if (room < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "room is %lld, below zero", (long long)room);
    }
    if (room > 0 && !id) return pmkti_null(err, "id");
    if (room > 0 && !when_ms) return pmkti_null(err, "when_ms");
    const int64_t tombs = (int64_t)ids->n_tombs;
    if (room > 0 && room < tombs) {
        *n = tombs;
        return pmkti_fail(err, PMKT_E_LIMIT, "%lld ids are forgotten, but room is %lld",
                          (long long)tombs, (long long)room);
    }
    if (room > 0 && !copy_tombs(ids, id, when_ms)) {
        return pmkti_fail(err, PMKT_E_CORRUPT,
                          "the mapped file is damaged: its tombstones are out of order or have no "
                          "possible date");
    }
    *n = tombs;
    return PMKT_OK;
}
