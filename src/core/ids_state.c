#include "core/ids_state.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/structs.h"

#define LEAST_SLOTS 8
#define LEAST_BLOCK 256
#define LARGEST_BLOCK ((size_t)64 << 10)

/* --------------------------------------------------------------- whole handle */

pmkt_ids *pmkti_ids_new(const pmkt_allocator *allocator, int32_t one_way, int64_t max_bytes) {
    pmkt_ids *ids = pmkti_alloc_zero(allocator, 1, sizeof *ids);
    if (!ids) return NULL;
    ids->allocator = *allocator;
    ids->one_way = one_way;
    ids->max_bytes = max_bytes;
    atomic_init(&ids->changed, false);
    atomic_init(&ids->bytes, (int64_t)sizeof *ids);
    return ids;
}

pmkt_status pmkt_ids_new(const pmkt_ids_options *options, pmkt_ids **ids, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkt_ids_options mine = PMKT_IDS_OPTIONS_INIT;
    pmkt_status status = pmkti_struct_in(&mine, sizeof mine, options,
                                         offsetof(pmkt_ids_options, max_bytes), "options", err);
    if (status) return status;
    if (mine.one_way != 0 && mine.one_way != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.one_way is %d, but must be 0 or 1",
                          (int)mine.one_way);
    }
    if (mine.max_bytes < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.max_bytes is %lld, below zero",
                          (long long)mine.max_bytes);
    }
    pmkt_allocator allocator;
    status = pmkti_allocator_check(mine.allocator, &allocator, err);
    if (status) return status;
    pmkt_ids *made = pmkti_ids_new(&allocator, mine.one_way, mine.max_bytes);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    *ids = made;
    return PMKT_OK;
}

static void free_block(pmkt_ids *ids, pmkti_ids_block *block) {
    atomic_fetch_sub_explicit(&ids->bytes, (int64_t)(sizeof *block + block->room),
                              memory_order_relaxed);
    pmkti_free(&ids->allocator, block, 1, sizeof *block + block->room);
}

void pmkt_ids_free(pmkt_ids *ids) {
    if (!ids) return;
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        pmkti_ids_part *part = &ids->parts[p];
        pmkti_free(&ids->allocator, part->slots, part->room, sizeof *part->slots);
        for (pmkti_ids_block *block = part->last, *before; block; block = before) {
            before = block->before;
            free_block(ids, block);
        }
    }
    pmkti_ids_set_tombs(ids, NULL, 0, 0);
    const pmkt_allocator allocator = ids->allocator;
    pmkti_ids_base_close(&ids->base, &allocator);
    pmkti_free(&allocator, ids, 1, sizeof *ids);
}

int64_t pmkti_ids_count(const pmkt_ids *ids, int64_t *string_bytes) {
    const pmkti_ids_base *base = &ids->base;
    int64_t n = (int64_t)(base->n - base->n_hidden);
    *string_bytes = (int64_t)base->size - base->hidden_bytes;
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        n += (int64_t)ids->parts[p].n;
        *string_bytes += ids->parts[p].string_bytes;
    }
    return n;
}

pmkt_status pmkt_ids_stats(const pmkt_ids *ids, pmkt_ids_counters *out, pmkt_error *err) {
    if (!ids) return pmkti_null(err, "ids");
    pmkt_ids_counters mine = PMKT_IDS_COUNTERS_INIT;
    mine.one_way = ids->one_way;
    mine.generation = ids->generation;
    mine.strings = pmkti_ids_count(ids, &mine.string_bytes);
    mine.forgotten = (int64_t)ids->n_tombs;
    mine.bytes = atomic_load_explicit(&ids->bytes, memory_order_relaxed);
    mine.bytes_mapped = (int64_t)ids->base.mapped;
    return pmkti_struct_out(out, &mine, sizeof mine, offsetof(pmkt_ids_counters, bytes_mapped),
                            "out", err);
}

/* -------------------------------------------------------------------- memory */

/* Counts bytes that are about to be allocated instead of others, if the limit allows. */
static bool charge(pmkt_ids *ids, size_t coming, size_t going) {
    const int64_t more = (int64_t)coming - (int64_t)going;
    const int64_t now = atomic_fetch_add_explicit(&ids->bytes, more, memory_order_relaxed) + more;
    if (ids->max_bytes == 0 || more <= 0 || now <= ids->max_bytes) return true;
    atomic_fetch_sub_explicit(&ids->bytes, more, memory_order_relaxed);
    return false;
}

static void put(pmkti_ids_part *part, pmkti_ids_slot slot) {
    part->slots[pmkti_ids_slot_of(part, slot.id)] = slot;
}

/* A table with so many slots; what is in the old one fits. */
static pmkt_status rehash(pmkt_ids *ids, pmkti_ids_part *part, size_t room) {
    const size_t size = sizeof *part->slots;
    if (room > UINT32_MAX) return PMKT_E_NOMEM; /* homes have 32 bits */
    if (!charge(ids, room * size, part->room * size)) return PMKT_E_LIMIT;
    pmkti_ids_slot *slots = room ? pmkti_alloc_zero(&ids->allocator, room, size) : NULL;
    if (room && !slots) {
        atomic_fetch_sub_explicit(&ids->bytes, (int64_t)((room - part->room) * size),
                                  memory_order_relaxed);
        return PMKT_E_NOMEM;
    }
    const pmkti_ids_part old = *part;
    part->slots = slots;
    part->room = room;
    for (size_t i = 0; i < old.room && slots; i++) { /* without slots there was nobody in the old */
        if (old.slots[i].id != PMKT_ID_NONE) put(part, old.slots[i]);
    }
    pmkti_free(&ids->allocator, old.slots, old.room, size);
    return PMKT_OK;
}

pmkt_status pmkti_ids_reserve(pmkt_ids *ids, pmkti_ids_part *part, size_t n) {
    if (n > UINT32_MAX || part->n > UINT32_MAX) return PMKT_E_NOMEM;
    size_t room = part->room ? part->room : LEAST_SLOTS;
    while ((part->n + n) * 4 > room * 3) room *= 2; /* at most three quarters are taken */
    return room == part->room ? PMKT_OK : rehash(ids, part, room);
}

/* A block with room for a record. */
static pmkt_status reserve_record(pmkt_ids *ids, pmkti_ids_part *part, size_t size) {
    pmkti_ids_block *last = part->last;
    if (last && last->room - last->used >= size) return PMKT_OK;
    size_t whole = last ? 2 * (sizeof *last + last->room) : LEAST_BLOCK;
    if (whole > LARGEST_BLOCK) whole = LARGEST_BLOCK;
    if (size > PTRDIFF_MAX - sizeof *last) return PMKT_E_NOMEM;
    if (whole < sizeof *last + size) whole = sizeof *last + size;
    if (!charge(ids, whole, 0)) return PMKT_E_LIMIT;
    pmkti_ids_block *block = pmkti_alloc(&ids->allocator, 1, whole);
    if (!block) {
        atomic_fetch_sub_explicit(&ids->bytes, (int64_t)whole, memory_order_relaxed);
        return PMKT_E_NOMEM;
    }
    block->before = last;
    block->used = 0;
    block->room = whole - sizeof *block;
    part->last = block;
    return PMKT_OK;
}

/* ------------------------------------------------------------------ learning */

void pmkti_ids_begin(pmkt_ids *ids) {
    ids->call++;
    atomic_store_explicit(&ids->changed, false, memory_order_relaxed);
}

static void mark(pmkt_ids *ids, pmkti_ids_part *part) {
    part->mark = (pmkti_ids_mark){.call = ids->call,
                                  .last = part->last,
                                  .used = part->last ? part->last->used : 0,
                                  .n = part->n,
                                  .slots = part->room,
                                  .string_bytes = part->string_bytes};
    atomic_store_explicit(&ids->changed, true, memory_order_relaxed);
}

static pmkt_status add(pmkt_ids *ids, pmkti_ids_part *part, uint64_t id, pmkti_string string) {
    if (part->mark.call != ids->call) mark(ids, part);
    const size_t size = pmkti_record_size(string.length);
    pmkt_status status = pmkti_ids_reserve(ids, part, 1);
    if (!status) status = reserve_record(ids, part, size);
    if (status) return status;
    unsigned char *record = part->last->bytes + part->last->used;
    pmkti_record_write(record, string);
    part->last->used += size;
    put(part, (pmkti_ids_slot){id, record});
    part->n++;
    part->string_bytes += (int64_t)string.length;
    if (ids->n_tombs > 0 && pmkti_ids_is_forgotten(ids, id)) part->mark.revived = true;
    return PMKT_OK;
}

static bool equal(pmkti_string a, pmkti_string b) {
    return a.length == b.length && pmkti_same(a.at, b.at, a.length);
}

pmkt_status pmkti_ids_learn(pmkt_ids *ids, pmkti_ids_part *part, uint64_t id, pmkti_string string) {
    const unsigned char *record = pmkti_ids_record(part, id);
    pmkti_string known;
    if (record) {
        known = pmkti_record_string(record);
        return equal(known, string) ? PMKT_OK : PMKT_E_COLLISION;
    }
    const size_t row = ids->base.n ? pmkti_ids_base_find(&ids->base, id) : SIZE_MAX;
    if (row == SIZE_MAX) {
        return pmkti_ids_stays_forgotten(ids, id) ? PMKT_OK : add(ids, part, id, string);
    }
    if (!pmkti_ids_base_string(&ids->base, row, &known)) return PMKT_E_CORRUPT;
    return equal(known, string) ? PMKT_OK : PMKT_E_COLLISION;
}

/* Takes an id out of a table: what comes after it, up to the next empty slot, moves up if that
   brings it nearer to its home. */
static void take_out(pmkti_ids_part *part, size_t hole) {
    const size_t mask = part->room - 1;
    for (size_t i = (hole + 1) & mask; part->slots[i].id != PMKT_ID_NONE; i = (i + 1) & mask) {
        const size_t home = pmkti_ids_home(part, part->slots[i].id);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        part->slots[hole] = part->slots[i];
        hole = i;
    }
    part->slots[hole] = (pmkti_ids_slot){PMKT_ID_NONE, NULL};
}

bool pmkti_ids_wipe(pmkti_ids_part *part, uint64_t id) {
    const unsigned char *record = pmkti_ids_record(part, id);
    if (!record) return false;
    const size_t slot = pmkti_ids_slot_of(part, id);
    const size_t length = pmkti_record_string(record).length;
    memset(part->slots[slot].record, 0, pmkti_record_size(length));
    take_out(part, slot);
    part->n--;
    part->string_bytes -= (int64_t)length;
    part->wiped += pmkti_record_size(length);
    return true;
}

/* Bytes of the records that are not wiped. */
static size_t live_bytes(const pmkti_ids_part *part) {
    size_t used = 0;
    for (const pmkti_ids_block *block = part->last; block; block = block->before) {
        used += block->used;
    }
    return used - part->wiped;
}

void pmkti_ids_tidy(pmkt_ids *ids, pmkti_ids_part *part) {
    size_t at = 0;
    if (part->wiped < LARGEST_BLOCK / 16) return;
    const size_t live = live_bytes(part); /* not by the table: this is asked at every forgetting */
    if (part->wiped < live) return;
    pmkti_ids_block *block = pmkti_alloc(&ids->allocator, 1, sizeof *block + live);
    if (!block) return;
    for (size_t i = 0; i < part->room; i++) {
        pmkti_ids_slot *slot = &part->slots[i];
        if (!slot->id) continue;
        const size_t size = pmkti_record_size(pmkti_record_string(slot->record).length);
        memcpy(block->bytes + at, slot->record, size);
        memset(slot->record, 0, size); /* what is freed shall not hold strings */
        slot->record = block->bytes + at;
        at += size;
    }
    for (pmkti_ids_block *old = part->last, *before; old; old = before) {
        before = old->before;
        free_block(ids, old);
    }
    atomic_fetch_add_explicit(&ids->bytes, (int64_t)(sizeof *block + live), memory_order_relaxed);
    *block = (pmkti_ids_block){.before = NULL, .used = live, .room = live};
    part->last = block;
    part->wiped = 0;
}

/* Takes out the records of a block from `from` on. */
static void unlearn(pmkti_ids_part *part, const pmkti_ids_block *block, size_t from) {
    while (from < block->used) {
        const unsigned char *record = block->bytes + from;
        const pmkti_string string = pmkti_record_string(record);
        take_out(part, pmkti_ids_slot_of(part, pmkt_id_of_bytes(string.at, string.length)));
        from += pmkti_record_size(string.length);
    }
}

static void undo(pmkt_ids *ids, pmkti_ids_part *part) {
    const pmkti_ids_mark *was = &part->mark;
    while (part->last != was->last) {
        pmkti_ids_block *block = part->last;
        unlearn(part, block, 0);
        part->last = block->before;
        free_block(ids, block);
    }
    if (part->last) {
        unlearn(part, part->last, was->used);
        part->last->used = was->used;
    }
    part->n = was->n;
    part->string_bytes = was->string_bytes;
    /* If there is no memory for the smaller table, the larger one stays; that is no harm. */
    if (part->room > was->slots) (void)rehash(ids, part, was->slots);
    part->mark.call = 0;
}

/* Takes the tombstones away of strings that are known again. */
static pmkt_status unbury(pmkt_ids *ids) {
    pmkti_ids_tomb *left = pmkti_alloc(&ids->allocator, ids->n_tombs, sizeof *left);
    if (!left) return PMKT_E_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < ids->n_tombs; i++) {
        const uint64_t id = ids->tombs[i].id;
        if (!pmkti_ids_record(&ids->parts[pmkti_ids_part_of(id)], id)) left[n++] = ids->tombs[i];
    }
    pmkti_ids_set_tombs(ids, left, n, ids->n_tombs);
    return PMKT_OK;
}

pmkt_status pmkti_ids_end(pmkt_ids *ids, pmkt_status status) {
    if (!atomic_load_explicit(&ids->changed, memory_order_relaxed)) return status;
    bool learned = false, revived = false;
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        const pmkti_ids_part *part = &ids->parts[p];
        if (part->mark.call != ids->call) continue;
        learned |= part->n > part->mark.n;
        revived |= part->mark.revived;
    }
    if (!status && revived) status = unbury(ids);
    if (!status) {
        ids->generation += learned;
        return PMKT_OK;
    }
    for (size_t p = 0; p < PMKTI_IDS_PARTS; p++) {
        if (ids->parts[p].mark.call == ids->call) undo(ids, &ids->parts[p]);
    }
    return status;
}

pmkt_status pmkti_ids_failed(const pmkt_ids *ids, pmkt_status status, pmkt_error *err) {
    if (status == PMKT_E_LIMIT) {
        return pmkti_fail(err, status, "the dictionary would need more than max_bytes, %lld bytes",
                          (long long)ids->max_bytes);
    }
    if (status == PMKT_E_CORRUPT) {
        return pmkti_fail(err, status,
                          "the mapped file is damaged: a string is not where or what its id says");
    }
    return pmkti_stopped(err, status);
}
