/*
 * live.c - the place of a service's current model, read by many while one swaps.
 *
 * Two cells, of which `current` says which is in use. A reader announces itself in that cell, looks
 * again whether it is still the one, and only then takes the cell's model. A swapper fills the other cell,
 * makes it current, and waits for the old cell to be without readers before it releases what was in it.
 *
 * Why no reader takes a model that is freed: all of these are sequentially consistent, thus in one order.
 * A reader that saw its cell current after it had announced itself did so before the swap away from that
 * cell, so the swapper, which looks for readers after that, sees it and waits until the model has its new
 * owner. A reader that saw otherwise takes nothing and tries again. If meanwhile two swaps have come
 * round to the same cell, what the reader takes is the newer model, which is as well.
 *
 * Why no reader sees a cell half filled: a cell is filled only while it is not current, and only after
 * the wait that ended its last use.
 *
 * A reader tries again only if a swap came between two of its lines; it never waits for one. A swapper
 * waits for readers that are between two lines, not for those who use a model.
 */
#include <sched.h>
#include <stdatomic.h>

#include "core/alloc.h"
#include "core/error.h"
#include "pmkt/cf.h"

#define CACHE_LINE 64

/* On a line of its own, so that readers of one cell do not disturb who looks at the other. */
typedef struct cell {
    _Atomic int64_t readers;
    _Atomic(const pmkt_cf *) model;
    unsigned char apart[CACHE_LINE - sizeof(int64_t) - sizeof(void *)];
} cell;

struct pmkt_cf_live {
    cell cells[2];
    _Atomic int current;
    pmkt_allocator allocator;
};

pmkt_status pmkt_cf_live_new(const pmkt_cf *model, const pmkt_allocator *allocator,
                             pmkt_cf_live **live, pmkt_error *err) {
    if (!live) return pmkti_null(err, "live");
    pmkt_allocator mine;
    const pmkt_status status = pmkti_allocator_check(allocator, &mine, err);
    if (status) return status;
    pmkt_cf_live *made = pmkti_alloc_zero(&mine, 1, sizeof *made);
    if (!made) return pmkti_no_memory(err, sizeof *made);
    made->allocator = mine;
    atomic_init(&made->cells[0].model, model ? pmkt_cf_retain(model) : NULL);
    *live = made;
    return PMKT_OK;
}

void pmkt_cf_live_free(pmkt_cf_live *live) {
    if (!live) return;
    pmkt_cf_release(atomic_load(&live->cells[atomic_load(&live->current)].model));
    const pmkt_allocator allocator = live->allocator;
    pmkti_free(&allocator, live, 1, sizeof *live);
}

pmkt_cf *pmkt_cf_live_get(pmkt_cf_live *live) {
    if (!live) return NULL;
    for (;;) {
        const int i = atomic_load(&live->current);
        cell *mine = &live->cells[i];
        atomic_fetch_add(&mine->readers, 1);
        if (atomic_load(&live->current) == i) {
            const pmkt_cf *model = atomic_load(&mine->model);
            pmkt_cf *got = model ? pmkt_cf_retain(model) : NULL;
            atomic_fetch_sub(&mine->readers, 1);
            return got;
        }
        atomic_fetch_sub(&mine->readers, 1);
    }
}

pmkt_status pmkt_cf_live_swap(pmkt_cf_live *live, const pmkt_cf *model, pmkt_error *err) {
    if (!live) return pmkti_null(err, "live");
    const int i = atomic_load(&live->current);
    cell *old = &live->cells[i], *next = &live->cells[1 - i];
    atomic_store(&next->model, model ? pmkt_cf_retain(model) : NULL);
    atomic_store(&live->current, 1 - i);
    while (atomic_load(&old->readers) > 0) (void)sched_yield();
    pmkt_cf_release(atomic_exchange(&old->model, NULL));
    return PMKT_OK;
}
