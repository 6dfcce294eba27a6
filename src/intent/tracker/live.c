/*
 * live.c - what rules keep of a record: from rest into a state that they can work on, and back.
 *
 * A few entries lie in the record itself; more of them in a block of the least size that holds them.
 */
#include <string.h>

#include "intent/tracker/tracker.h"

#define CHUNK_WORDS 768 /* of the first chunk of each size, or one block */

/* Words of a block, or (0) of a record. */
static int32_t room_of(int size) {
    return PMKTI_TRACKER_INLINE << size;
}

/* The least size for so many words; but what has room where it is moves only for a quarter of that. */
static int size_for(int32_t words, int size) {
    if (words <= room_of(size) && (size == 0 || words > room_of(size) / 4)) return size;
    size = 0;
    while (room_of(size) < words) size++;
    return size;
}

static uint32_t *words_of(const pmkti_shard *s, const pmkti_live *live) {
    if (live->size == 0) return (uint32_t *)live->word;
    return (uint32_t *)(void *)pmkti_pool_at(&s->spill[live->size - 1], live->spill);
}

void pmkti_live_load(const pmkt_tracker *t, const pmkti_shard *s, pmkti_record *u,
                     pmkti_rules_state *state) {
    const pmkti_live *live = pmkti_record_live(t, u);
    const int64_t last = pmkti_record_visitor(u)->last;
    pmkti_compact_unpack(s->rules, words_of(s, live), live->n, last, state);
}

void pmkti_live_drop(pmkti_shard *s, pmkti_live *live) {
    if (live->size > 0) pmkti_pool_give(&s->spill[live->size - 1], live->spill);
    live->size = 0;
    live->n = live->words = 0;
}

/* -------------------------------------------------------------------- blocks */

static pmkt_status grow(const pmkt_tracker *t, pmkti_shard *s, pmkti_pool *pool) {
    const uint32_t items = pmkti_pool_next(pool);
    const int64_t cost = (int64_t)pmkti_pool_bytes(pool, items);
    if (items == 0 || cost > t->most_bytes - s->bytes) return PMKT_E_LIMIT;
    const pmkt_status status = pmkti_pool_grow(pool, s->arena, &t->allocator, items);
    if (!status) s->bytes += cost;
    return status;
}

static pmkt_status take_block(const pmkt_tracker *t, pmkti_shard *s, int size, uint32_t *block) {
    pmkti_pool *pool = &s->spill[size - 1];
    if (pool->size == 0) {
        const int32_t words = room_of(size);
        pmkti_pool_begin(pool, (size_t)words * sizeof(uint32_t),
                         words < CHUNK_WORDS ? (uint32_t)(CHUNK_WORDS / words) : 1);
    }
    *block = pmkti_pool_take(pool);
    if (*block != PMKTI_POOL_NONE) return PMKT_OK;
    const pmkt_status status = grow(t, s, pool);
    if (!status) *block = pmkti_pool_take(pool);
    return status;
}

void pmkti_live_shrink(const pmkt_rules *r, pmkti_rules_state *state, int32_t room) {
    while (state->n > room) {
        int32_t oldest = 0;
        for (int32_t i = 1; i < state->n; i++) {
            if (state->entry[i].mark < state->entry[oldest].mark) oldest = i;
        }
        memmove(&state->entry[oldest], &state->entry[oldest + 1],
                (size_t)(state->n - oldest - 1) * sizeof *state->entry);
        state->n--;
        state->dropped++;
    }
    pmkti_rules_due(r, state);
}

/* Entries on their way into a record. */
typedef struct packed {
    int32_t words;
    uint32_t word[PMKTI_TRACKER_PARTIALS * PMKTI_COMPACT_MOST + 1];
} packed;

/* Drops entries until the others have room where the record has its own now. */
static void squeeze(const pmkti_shard *s, const pmkti_live *live, int64_t last,
                    pmkti_rules_state *state, packed *p) {
    while (p->words > room_of(live->size)) {
        pmkti_live_shrink(s->rules, state, state->n - 1);
        p->words = pmkti_compact_pack(state, last, p->word);
    }
}

/* Where the state's entries will be. PMKT_E_NOMEM or, below max_bytes, _LIMIT: they have no room. */
static pmkt_status make_room(const pmkt_tracker *t, pmkti_shard *s, pmkti_live *live,
                             int32_t words) {
    const int size = size_for(words, live->size);
    uint32_t block = 0;
    pmkt_status status = PMKT_OK;
    if (size == live->size) return PMKT_OK;
    if (size > 0) status = take_block(t, s, size, &block);
    if (status && words <= room_of(live->size)) return PMKT_OK; /* they stay */
    if (status) return status;
    pmkti_live_drop(s, live);
    live->size = (uint8_t)size;
    live->spill = block;
    return PMKT_OK;
}

/* --------------------------------------------------------------------- queue */

/* Keeps one entry of each user who waits, and unmarks in the end who was marked to see to that. */
typedef struct sifting {
    const pmkt_tracker *t;
    const pmkti_shard *s;
} sifting;

#define SIFTED (PMKTI_RULES_NEVER - 1)

static int counts(void *ctx, const pmkti_due *entry) {
    const sifting *f = ctx;
    pmkti_record *u = pmkti_record_at(f->s, entry->number);
    pmkti_live *live = pmkti_record_live(f->t, u);
    if (u->user == PMKT_ID_NONE || live->queued != entry->time) return 0;
    live->queued = SIFTED;
    return 1;
}

static void sift(const pmkt_tracker *t, pmkti_shard *s) {
    sifting f = {t, s};
    pmkti_due_sift(&s->heap, counts, &f);
    for (uint32_t i = 0; i < s->heap.n; i++) {
        pmkti_record *u = pmkti_record_at(s, s->heap.at[i].number);
        pmkti_record_live(t, u)->queued = s->heap.at[i].time;
    }
}

/* The entry of the heap that counts is never later than what is due, and seldom earlier. */
static void queue(const pmkt_tracker *t, pmkti_shard *s, uint32_t number, pmkti_live *live,
                  int64_t due) {
    if (due >= live->queued) return;
    if (s->heap.n == s->heap.room) sift(t, s);
    live->queued = due;
    pmkti_due_push(&s->heap, due, number);
}

static void put(const pmkt_tracker *t, pmkti_shard *s, uint32_t number, const packed *p,
                pmkti_rules_state *state) {
    pmkti_live *live = pmkti_record_live(t, pmkti_record_at(s, number));
    memcpy(words_of(s, live), p->word, (size_t)p->words * sizeof *p->word);
    live->n = (uint16_t)state->n;
    live->words = (uint16_t)p->words;
    s->waiting -= live->waits;
    live->waits = state->due != PMKTI_RULES_NEVER;
    s->waiting += live->waits;
    queue(t, s, number, live, state->due);
    s->sums.suppressed += state->suppressed;
    s->sums.outranked += state->outranked;
    s->sums.dropped += state->dropped;
    state->suppressed = state->outranked = state->dropped = 0;
}

pmkt_status pmkti_live_store(const pmkt_tracker *t, pmkti_shard *s, uint32_t number, int64_t last,
                             pmkti_rules_state *state) {
    pmkti_live *live = pmkti_record_live(t, pmkti_record_at(s, number));
    packed p;
    p.words = pmkti_compact_pack(state, last, p.word);
    const pmkt_status status = make_room(t, s, live, p.words);
    if (status == PMKT_E_NOMEM) return status;
    if (status) squeeze(s, live, last, state, &p);
    put(t, s, number, &p, state);
    return PMKT_OK;
}

void pmkti_live_settle(const pmkt_tracker *t, pmkti_shard *s, uint32_t number,
                       pmkti_rules_state *state) {
    pmkti_record *u = pmkti_record_at(s, number);
    pmkti_live *live = pmkti_record_live(t, u);
    const int64_t last = pmkti_record_visitor(u)->last;
    packed p;
    p.words = pmkti_compact_pack(state, last, p.word);
    if (make_room(t, s, live, p.words)) squeeze(s, live, last, state, &p);
    put(t, s, number, &p, state);
}
