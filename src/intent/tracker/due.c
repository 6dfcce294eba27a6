#include "intent/tracker/due.h"

#include "core/alloc.h"

pmkt_status pmkti_due_reserve(pmkti_due_heap *heap, const pmkt_allocator *allocator,
                              uint32_t room) {
    if (room <= heap->room) return PMKT_OK;
    pmkti_due *at = heap->at ? pmkti_resize(allocator, heap->at, heap->room, room, sizeof *at)
                             : pmkti_alloc(allocator, room, sizeof *at);
    if (!at) return PMKT_E_NOMEM;
    heap->at = at;
    heap->room = room;
    return PMKT_OK;
}

void pmkti_due_free(pmkti_due_heap *heap, const pmkt_allocator *allocator) {
    pmkti_free(allocator, heap->at, heap->room, sizeof *heap->at);
    *heap = (pmkti_due_heap){NULL, 0, 0};
}

void pmkti_due_push(pmkti_due_heap *heap, int64_t time, uint32_t number) {
    uint32_t i = heap->n++;
    while (i > 0 && heap->at[(i - 1) / 2].time > time) {
        heap->at[i] = heap->at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->at[i] = (pmkti_due){time, number, 0};
}

/* Puts an entry at i or below. */
static void sink(pmkti_due_heap *heap, uint32_t i, pmkti_due entry) {
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= heap->n) break;
        if (child + 1 < heap->n && heap->at[child + 1].time < heap->at[child].time) child++;
        if (heap->at[child].time >= entry.time) break;
        heap->at[i] = heap->at[child];
        i = child;
    }
    heap->at[i] = entry;
}

pmkti_due pmkti_due_pop(pmkti_due_heap *heap) {
    const pmkti_due first = heap->at[0];
    const pmkti_due last = heap->at[--heap->n];
    if (heap->n > 0) sink(heap, 0, last);
    return first;
}

void pmkti_due_sift(pmkti_due_heap *heap, int (*counts)(void *ctx, const pmkti_due *entry),
                    void *ctx) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < heap->n; i++) {
        if (counts(ctx, &heap->at[i])) heap->at[n++] = heap->at[i];
    }
    heap->n = n;
    for (uint32_t i = n / 2; i-- > 0;) sink(heap, i, heap->at[i]);
}
