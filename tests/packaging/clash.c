/*
 * clash.c - a program that has a zstd and an xxHash of its own, or something else by those names. None of
 * them may be called in place of what libpmkt brings along: it saves and loads a compressed state, and the
 * program's functions end it.
 *
 * It is linked so that the program's symbols can be seen by libraries, which then come first.
 */
#include <pmkt.h>
#include <stdio.h>
#include <stdlib.h>

#define MINE(name) \
    void name(void); \
    void name(void) { \
        fprintf(stderr, "libpmkt has called the program's own %s\n", #name); \
        abort(); \
    }

MINE(ZSTD_CCtx_reset)
MINE(ZSTD_CCtx_setParameter)
MINE(ZSTD_DCtx_reset)
MINE(ZSTD_DCtx_setParameter)
MINE(ZSTD_compress)
MINE(ZSTD_compress2)
MINE(ZSTD_compressBound)
MINE(ZSTD_compressStream)
MINE(ZSTD_compressStream2)
MINE(ZSTD_createCCtx)
MINE(ZSTD_createCCtx_advanced)
MINE(ZSTD_createDCtx)
MINE(ZSTD_createDCtx_advanced)
MINE(ZSTD_decompress)
MINE(ZSTD_decompressDCtx)
MINE(ZSTD_decompressStream)
MINE(ZSTD_freeCCtx)
MINE(ZSTD_freeDCtx)
MINE(ZSTD_getErrorCode)
MINE(ZSTD_getErrorName)
MINE(ZSTD_isError)
MINE(XXH3_64bits)
MINE(XXH3_64bits_digest)
MINE(XXH3_64bits_reset)
MINE(XXH3_64bits_update)
MINE(XXH64)
MINE(XXH64_digest)
MINE(XXH64_reset)
MINE(XXH64_update)
MINE(ZSTD_XXH64)
MINE(ZSTD_XXH64_digest)
MINE(ZSTD_XXH64_reset)
MINE(ZSTD_XXH64_update)

static int fail(const char *what, const pmkt_error *err) {
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

int main(void) {
    enum {
        ROWS = 1000
    };
    static uint64_t user[ROWS];
    static int64_t time[ROWS], amount[ROWS];
    pmkt_error err;
    pmkt_events events = PMKT_EVENTS_INIT;
    pmkt_save_options small = PMKT_SAVE_OPTIONS_INIT;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    pmkt_rfm *rfm = NULL, *loaded = NULL;
    pmkt_buffer *buffer = NULL;
    for (int i = 0; i < ROWS; i++) {
        user[i] = (uint64_t)i % 100 + 1;
        time[i] = i;
        amount[i] = 100;
    }
    events.rows = ROWS;
    events.user = user;
    events.time = time;
    events.amount = amount;
    events.every_kind = PMKT_KIND_ORDER;
    small.compression = 3;
    if (pmkt_rfm_new(NULL, &rfm, &err)) return fail("new", &err);
    if (pmkt_rfm_add(rfm, &events, NULL, NULL, &err)) return fail("add", &err);
    if (pmkt_rfm_save_memory(rfm, &small, NULL, &buffer, &err)) return fail("save", &err);
    if (pmkt_rfm_load_memory(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer), NULL, NULL,
                             &loaded, &err)) {
        return fail("load", &err);
    }
    if (pmkt_rfm_stats(loaded, &counters, &err)) return fail("stats", &err);
    pmkt_buffer_free(buffer);
    pmkt_rfm_free(loaded);
    pmkt_rfm_free(rfm);
    if (counters.customers != 100 || pmkt_id_of_bytes("a", 1) == PMKT_ID_NONE) {
        fprintf(stderr, "%lld customers came back of 100\n", (long long)counters.customers);
        return 1;
    }
    printf("a program with a zstd of its own: no clash\n");
    return 0;
}
