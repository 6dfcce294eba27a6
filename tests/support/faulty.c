#include "support/faulty.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64 /* the most that the contract allows to ask for */
#define GUARD 16
#define FRESH 0xA5
#define FREED 0xDD
#define GUARD_BYTE 0x5C
#define LIVE UINT64_C(0x6c6976652d626c6b)
#define DEAD UINT64_C(0x646561642d626c6b)

/* Stands right before a block; one alignment long. */
typedef struct header {
    uint64_t state;
    faulty *owner;
    size_t size, align;
} header;

static void note(faulty *f, const char *what) {
    const char *none = NULL;
    atomic_compare_exchange_strong(&f->misuse, &none, what);
}

static unsigned char *block_start(header *h) {
    return (unsigned char *)h + ALIGN;
}

static header *header_of(void *p) {
    return (header *)(void *)((unsigned char *)p - ALIGN);
}

static void count_bytes(faulty *f, int64_t bytes) {
    const int64_t now = atomic_fetch_add(&f->bytes, bytes) + bytes;
    int64_t peak = atomic_load(&f->peak);
    while (now > peak && !atomic_compare_exchange_weak(&f->peak, &peak, now)) {
    }
}

static bool refuses(faulty *f) {
    const int64_t call = atomic_fetch_add(&f->calls, 1) + 1;
    if (f->fail_at == 0) return false;
    if (f->sticky ? call < f->fail_at : call != f->fail_at) return false;
    atomic_fetch_add(&f->refused, 1);
    return true;
}

static void *give(faulty *f, size_t size, size_t align) {
    const size_t whole = (ALIGN + size + GUARD + ALIGN - 1) / ALIGN * ALIGN;
    header *h = aligned_alloc(ALIGN, whole);
    if (!h) abort(); /* the machine is out of memory: no test can go on */
    *h = (header){LIVE, f, size, align};
    memset(block_start(h), FRESH, size);
    memset(block_start(h) + size, GUARD_BYTE, GUARD);
    atomic_fetch_add(&f->blocks, 1);
    count_bytes(f, (int64_t)size);
    return block_start(h);
}

/* Whether `p` is a live block as the caller describes it. */
static bool is_sound(faulty *f, void *p, size_t old, size_t align) {
    const header *h = header_of(p);
    if (h->state != LIVE || h->owner != f) {
        note(f, "a pointer that this allocator did not give, or that is freed already");
        return false;
    }
    if (h->size != old) note(f, "an `old` size that is not what was allocated");
    if (h->align != align) note(f, "an alignment that is not the one at allocation");
    const unsigned char *guard = (const unsigned char *)p + h->size;
    for (size_t i = 0; i < GUARD; i++) {
        if (guard[i] != GUARD_BYTE) note(f, "a write beyond the end of a block");
    }
    return true;
}

static void take_back(faulty *f, void *p) {
    header *h = header_of(p);
    atomic_fetch_sub(&f->blocks, 1);
    count_bytes(f, -(int64_t)h->size);
    h->state = DEAD;
    memset(p, FREED, h->size);
    free(h);
}

static void *serve(void *ctx, void *p, size_t old, size_t size, size_t align) {
    faulty *f = ctx;
    if (align == 0 || align > ALIGN || (align & (align - 1)) != 0)
        note(f, "an impossible alignment");
    if (!p && old != 0) note(f, "an `old` size without a block");
    if (!p && size == 0) note(f, "a free of NULL");
    if (p && !is_sound(f, p, old, align)) return NULL;
    if (size == 0) {
        if (p) take_back(f, p);
        return NULL;
    }
    if (refuses(f)) return NULL;
    void *fresh = give(f, size, align);
    if (p) {
        memcpy(fresh, p, old < size ? old : size);
        take_back(f, p);
    }
    return fresh;
}

pmkt_allocator faulty_allocator(faulty *f) {
    return (pmkt_allocator){serve, f};
}

void faulty_arm(faulty *f, int64_t fail_at, bool sticky) {
    f->fail_at = fail_at;
    f->sticky = sticky;
    atomic_store(&f->calls, 0);
    atomic_store(&f->refused, 0);
}

void faulty_disarm(faulty *f) {
    f->fail_at = 0;
}

void faulty_check(const faulty *f) {
    const char *misuse = atomic_load(&f->misuse);
    ck_assert_msg(!misuse, "the allocator was misused: %s", misuse ? misuse : "");
}

void faulty_check_empty(const faulty *f) {
    faulty_check(f);
    ck_assert_int_eq(atomic_load(&f->blocks), 0);
    ck_assert_int_eq(atomic_load(&f->bytes), 0);
}
