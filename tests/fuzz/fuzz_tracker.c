/*
 * Bytes after the first are a snapshot of a tracker; the first says whether its checksums are made right, and into
 * what it is restored: with a model or without, with the rules that it was saved with, others, or none, and with how
 * much room. Who was restored goes on and is explained, and what is saved is restored again, to the same bytes.
 */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/snapshot.h"

#define ROWS 24
#define ROOM 512

static pmkt_run run = PMKT_RUN_INIT;

/* The first byte: 1 checksums, 2 a model, 4 and 8 rules, 16 little memory, 32 and 64 the history. */
static pmkt_tracker *begin(uint8_t how) {
    static pmkt_purchase *model;
    static pmkt_rules *rules[2];
    if (!model) {
        model = snapshot_model();
        rules[0] = snapshot_rules(SNAPSHOT_RULES);
        rules[1] = snapshot_rules(SNAPSHOT_OTHER_RULES);
    }
    static const int32_t history[] = {0, -1, 2, 64};
    pmkt_tracker_options options = PMKT_TRACKER_OPTIONS_INIT;
    options.shards = 2, options.history = history[how >> 5 & 3];
    if (how & 16) options.partials = 2, options.max_bytes = 400000;
    const bool none = how & 8 && how & 2;
    pmkt_tracker *t = NULL;
    pmkt_error err = {0};
    MUST(pmkt_tracker_new(how & 2 ? model : NULL, none ? NULL : rules[how >> 2 & 1], &options, &t,
                          &err) == PMKT_OK);
    return t;
}

static void explain(pmkt_tracker *t, uint64_t user) {
    pmkt_tracker_event event[64];
    pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
    pmkt_error err = {0};
    e.event = event, e.room = 64;
    const pmkt_status status = pmkt_tracker_explain(t, user, NULL, &e, &err);
    MUST(status == PMKT_OK || status == PMKT_E_UNSUPPORTED);
    for (int64_t i = 0; i < e.n; i++) MUST(isfinite(event[i].log_odds));
}

/* Users of the seeds go on after all that they have seen, or as late as they are. */
static void go_on(pmkt_tracker *t) {
    static pmkt_tracker_fired fired[ROOM];
    snapshot_rows rows;
    double p[ROWS];
    int32_t rule[ROWS];
    pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
    pmkt_error err = {0};
    snapshot_open(&rows, ROWS, INT64_C(1767700000000));
    out.rule = rule, out.fired = fired, out.room = ROOM;
    pmkt_purchase *model = pmkt_tracker_model(t);
    if (model) out.p_goal = p;
    MUST(pmkt_tracker_observe(t, &rows.events, NULL, &out, &err) == PMKT_OK);
    for (int i = 0; i < ROWS && model; i++) MUST(isnan(p[i]) || (p[i] >= 0 && p[i] <= 1));
    pmkt_purchase_release(model);
    int64_t n = 1;
    for (int i = 0; i < 100 && n > 0; i++) {
        MUST(pmkt_tracker_advance(t, INT64_C(32503679999999), fired, ROOM, &n, &err) == PMKT_OK);
    }
    MUST(n == 0);
}

/* What was restored is whole: it is saved, restored, and saved as the same bytes. */
static void save_and_restore(pmkt_tracker *t, uint8_t how) {
    pmkt_buffer *first = NULL, *second = NULL;
    pmkt_tracker *again = begin(how & 0xef); /* with all the room there is */
    pmkt_error err = {0};
    MUST(pmkt_tracker_save_memory(t, NULL, &run, &first, &err) == PMKT_OK);
    const void *bytes = pmkt_buffer_data(first);
    const size_t size = pmkt_buffer_size(first);
    MUST(pmkt_tracker_restore_memory(again, bytes, size, &run, &err) == PMKT_OK);
    MUST(pmkt_tracker_save_memory(again, NULL, &run, &second, &err) == PMKT_OK);
    MUST(pmkt_buffer_size(second) == size);
    MUST(memcmp(pmkt_buffer_data(second), bytes, size) == 0);
    pmkt_tracker_free(again);
    pmkt_buffer_free(first);
    pmkt_buffer_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    run.threads = 1;
    uint8_t *file = fuzz_copy(data + 1, size - 1, data[0] & 1);
    pmkt_tracker *t = begin(data[0]);
    pmkt_tracker_counts counts = PMKT_TRACKER_COUNTS_INIT;
    pmkt_error err = {0};
    const pmkt_status status = pmkt_tracker_restore_memory(t, file, size - 1, &run, &err);
    free(file);
    MUST(pmkt_tracker_stats(t, &counts, &err) == PMKT_OK);
    MUST(status == PMKT_OK || (counts.users == 0 && counts.waiting == 0));
    if (status == PMKT_OK) save_and_restore(t, data[0]);
    for (uint64_t user = 1; user < 8; user++) explain(t, user);
    go_on(t);
    for (uint64_t user = 1; user < 8; user++) explain(t, user);
    pmkt_tracker_free(t);
    return 0;
}
