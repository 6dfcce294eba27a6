#include "intent/attribution/numbers.h"

#include "core/alloc.h"

#define FIRST_BITS 8

pmkt_status pmkti_attribution_numbers_begin(pmkti_attribution_numbers *m,
                                            const pmkt_allocator *allocator) {
    *m = (pmkti_attribution_numbers){allocator, NULL, (size_t)1 << FIRST_BITS, 64 - FIRST_BITS, 0};
    m->slots = pmkti_alloc_zero(allocator, m->room, sizeof *m->slots);
    return m->slots ? PMKT_OK : PMKT_E_NOMEM;
}

void pmkti_attribution_numbers_end(pmkti_attribution_numbers *m) {
    if (m->allocator) pmkti_free(m->allocator, m->slots, m->room, sizeof *m->slots);
    m->slots = NULL;
}

static void put(pmkti_attribution_numbers *m, pmkti_attribution_slot slot) {
    size_t i = pmkti_mix(slot.key) >> m->shift;
    while (m->slots[i].key) i = (i + 1) & (m->room - 1);
    m->slots[i] = slot;
}

static pmkt_status grow(pmkti_attribution_numbers *m) {
    pmkti_attribution_numbers larger = *m;
    larger.room *= 2;
    larger.shift--;
    larger.slots = pmkti_alloc_zero(m->allocator, larger.room, sizeof *larger.slots);
    if (!larger.slots) return PMKT_E_NOMEM;
    for (size_t i = 0; i < m->room; i++) {
        if (m->slots[i].key) put(&larger, m->slots[i]);
    }
    pmkti_attribution_numbers_end(m);
    *m = larger;
    return PMKT_OK;
}

pmkt_status pmkti_attribution_numbers_add(pmkti_attribution_numbers *m, uint64_t key,
                                          int64_t *number) {
    if ((size_t)m->n >= m->room / 2) {
        const pmkt_status status = grow(m);
        if (status) return status;
    }
    *number = m->n++;
    put(m, (pmkti_attribution_slot){key, *number});
    return PMKT_OK;
}
