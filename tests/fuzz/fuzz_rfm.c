/*
 * Bytes after the first are a file of an RFM state; the first says whether its checksums are made right.
 * What loads answers every call; what it saves then loads again, to the same bytes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define NOW INT64_C(1767571200000)

static pmkt_run run = PMKT_RUN_INIT;

static void add_rows(pmkt_rfm *rfm, pmkt_error *err) {
    static const uint64_t user[] = {1, 2, 3, UINT64_MAX}, order[] = {1, 2, 1, 7};
    static const int64_t amount[] = {100, 0, 5000, 1};
    static const int64_t time[] = {NOW - 86400000, NOW - 1, NOW - 86400000 * INT64_C(400), 0};
    static const uint16_t kind[] = {PMKT_KIND_ORDER, PMKT_KIND_REFUND, PMKT_KIND_REGISTER,
                                    PMKT_KIND_ORDER};
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = 4, events.on_bad = PMKT_ON_BAD_SKIP;
    events.user = user, events.order = order, events.amount = amount, events.time = time;
    events.kind = kind;
    (void)pmkt_rfm_add(rfm, &events, &run, NULL, err);
}

static void score(const pmkt_rfm *rfm, pmkt_error *err) {
    for (int32_t scheme = PMKT_RFM_THRESHOLD; scheme <= PMKT_RFM_QUANTILE; scheme++) {
        pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
        options.scheme = scheme;
        pmkt_rfm_scores *scores = NULL;
        if (pmkt_rfm_score(rfm, NOW, &options, &run, &scores, err)) continue;
        pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
        MUST(pmkt_rfm_scores_columns(scores, &columns, err) == PMKT_OK);
        for (int64_t i = 0; i < columns.rows; i++) {
            MUST(pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, columns.segment[i]) != NULL);
        }
        pmkt_rfm_scores_free(scores);
    }
}

/* A loaded state is whole: it saves, loads, and saves the same bytes. */
static void save_and_load(const pmkt_rfm *rfm, bool must) {
    pmkt_buffer *first = NULL, *second = NULL;
    pmkt_rfm *again = NULL;
    pmkt_error err = {0};
    if (pmkt_rfm_save_memory(rfm, NULL, &run, &first, &err)) {
        MUST(!must);
        return;
    }
    const void *bytes = pmkt_buffer_data(first);
    const size_t size = pmkt_buffer_size(first);
    if (pmkt_rfm_load_memory(bytes, size, NULL, &run, &again, &err)) {
        if (must) fprintf(stderr, "%s\n", err.message);
        MUST(!must);
    } else {
        MUST(pmkt_rfm_save_memory(again, NULL, &run, &second, &err) == PMKT_OK);
        MUST(pmkt_buffer_size(second) == size);
        MUST(memcmp(pmkt_buffer_data(second), bytes, size) == 0);
    }
    pmkt_rfm_free(again);
    pmkt_buffer_free(first);
    pmkt_buffer_free(second);
}

static void use(pmkt_rfm *rfm, bool is_mapped) {
    static const uint64_t users[] = {1, 5, 77};
    pmkt_error err = {0};
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    (void)pmkt_rfm_verify(rfm, &run, &err);
    MUST(pmkt_rfm_stats(rfm, &counters, &err) == PMKT_OK);
    score(rfm, &err);
    save_and_load(rfm, !is_mapped);
    add_rows(rfm, &err);
    (void)pmkt_rfm_forget(rfm, users, 3, NOW, NULL, &err);
    (void)pmkt_rfm_compact(rfm, &run, &err);
    score(rfm, &err);
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = counters.mode;
    pmkt_rfm *other = NULL;
    MUST(pmkt_rfm_new(&options, &other, NULL) == PMKT_OK);
    add_rows(other, &err);
    (void)pmkt_rfm_merge(other, rfm, &run, &err);
    pmkt_rfm_free(other);
    save_and_load(rfm, false);
    pmkt_rfm_free(rfm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    run.threads = 1;
    uint8_t *file = fuzz_copy(data + 1, size - 1, data[0] & 1);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = 64 << 20;
    pmkt_error err = {0};
    pmkt_rfm *rfm = NULL;
    if (!pmkt_rfm_load_memory(file, size - 1, &options, &run, &rfm, &err)) use(rfm, false);
    rfm = NULL;
    if (!pmkt_rfm_map(fuzz_file(file, size - 1), &options, &rfm, &err)) use(rfm, true);
    free(file);
    return 0;
}
