/*
 * check_tracker_file.c - snapshots of trackers: who was restored goes on as if nothing had happened, equal states are
 * equal bytes, and other models, rules and options do what their swaps do.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/files.h"
#include "support/loop.h"
#include "support/purchase.h"
#include "support/snapshots.h"
#include "support/suite.h"

/* ------------------------------------------------------------------ round trips */

/* What of a pair there is. */
enum {
    BOTH,
    MODEL,
    RULES,
    WAYS
};

static pmkt_tracker *tracker_for(const shop_floor *f, int way, int32_t shards, int32_t history) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = shards, o.history = history;
    return tracker_begun(way == RULES ? NULL : f->model, way == MODEL ? NULL : f->rules, &o);
}

static void check_same_bytes(const file_bytes *x, const file_bytes *y) {
    ck_assert_uint_eq(x->n, y->n);
    ck_assert(memcmp(x->at, y->at, x->n) == 0);
}

static void check_same_state(pmkt_tracker *a, pmkt_tracker *b) {
    file_bytes x = tracker_saved(a, NULL), y = tracker_saved(b, NULL);
    check_same_bytes(&x, &y);
    file_free(&x);
    file_free(&y);
}

static pmkt_tracker_counts counts_of(pmkt_tracker *t) {
    pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
    ck_assert_int_eq(pmkt_tracker_stats(t, &c, NULL), PMKT_OK);
    return c;
}

/* Both go on with the same rows, and say the same. */
static void check_go_on_alike(pmkt_tracker *a, pmkt_tracker *b, const shop_floor *f, int64_t from) {
    heard x = {.n = 0}, y = {.n = 0};
    tracker_hear(a, f, from, f->ev.rows, &x);
    tracker_hear(b, f, from, f->ev.rows, &y);
    ck_assert_int_gt((int64_t)x.n, 0);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert(memcmp(x.at, y.at, x.n) == 0);
    heard_free(&x);
    heard_free(&y);
    check_same_state(a, b);
}

START_TEST(who_is_restored_goes_on) {
    static const int32_t shards[] = {1, 64, 4};
    shop_floor f = shop_open(SHOP_COLUMN, scaled(400, 60), 40);
    int64_t waiting = 0;
    for (int way = 0; way < WAYS; way++) {
        for (int k = 0; k < 6; k++) {
            const int64_t cut = f.ev.rows * (k + 1) / 7;
            pmkt_tracker *a = tracker_for(&f, way, shards[k % 3], k % 2 ? 4 : 0);
            pmkt_tracker *b = tracker_for(&f, way, shards[(k + 1) % 3], k % 2 ? 4 : 0);
            heard before = {.n = 0};
            tracker_hear(a, &f, 0, cut, &before);
            file_bytes saved = tracker_saved(a, NULL);
            tracker_restored(b, &saved);
            const pmkt_tracker_counts x = counts_of(a), y = counts_of(b);
            ck_assert_int_gt(x.users, 0);
            ck_assert_int_eq(x.users, y.users);
            ck_assert_int_eq(x.clock_ms, y.clock_ms);
            waiting += y.waiting;
            check_same_state(a, b);
            check_go_on_alike(a, b, &f, cut);
            file_free(&saved);
            heard_free(&before);
            pmkt_tracker_free(a);
            pmkt_tracker_free(b);
        }
    }
    ck_assert_int_gt(waiting, 0);
    shop_close(&f);
}
END_TEST

/* Sessions of events.session: what tells one from the next is in the snapshot, too. */
START_TEST(sessions_go_on) {
    shop_floor f = shop_open(SHOP_SESSIONS, 60, 20);
    for (int64_t cut = 1; cut < f.ev.rows; cut += f.ev.rows / 9) {
        pmkt_tracker *a = tracker_for(&f, BOTH, 2, 0), *b = tracker_for(&f, BOTH, 8, 0);
        heard before = {.n = 0};
        tracker_hear(a, &f, 0, cut, &before);
        file_bytes saved = tracker_saved(a, NULL);
        tracker_restored(b, &saved);
        check_go_on_alike(a, b, &f, cut);
        file_free(&saved);
        heard_free(&before);
        pmkt_tracker_free(a);
        pmkt_tracker_free(b);
    }
    shop_close(&f);
}
END_TEST

/* Users lie otherwise in memory, some come and go, some expire; it is the same state. */
START_TEST(equal_states_are_equal_bytes) {
    static const int32_t shards[] = {1, 2, 64, 1024};
    shop_floor f = shop_open(SHOP_COLUMN, 200, 50);
    file_bytes first = {NULL, 0};
    for (int k = 0; k < 4; k++) {
        pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
        o.shards = shards[k], o.ttl_ms = INT64_C(2) * 86400000, o.capacity = k * 1000;
        pmkt_tracker *t = tracker_begun(f.model, f.rules, &o);
        for (uint64_t u = 0; u < (uint64_t)k * 30; u++) tracker_meet(t, 1000 + u, &f);
        for (uint64_t u = 0; u < (uint64_t)k * 30; u++) {
            int32_t known = 0;
            ck_assert_int_eq(pmkt_tracker_forget(t, 1000 + u, &known, NULL), PMKT_OK);
            ck_assert_int_eq(known, 1);
        }
        heard said = {.n = 0};
        tracker_hear(t, &f, 0, f.ev.rows, &said);
        file_bytes bytes = tracker_saved(t, NULL);
        ck_assert_int_gt(counts_of(t).expired, 0);
        if (k == 0)
            first = file_copy(bytes.at, bytes.n);
        else
            check_same_bytes(&first, &bytes);
        heard_free(&said);
        file_free(&bytes);
        pmkt_tracker_free(t);
    }
    file_free(&first);
    shop_close(&f);
}
END_TEST

START_TEST(files_and_memory_are_the_same) {
    shop_floor f = shop_open(SHOP_COLUMN, 100, 30);
    const char *path = scratch_path("tracker");
    pmkt_tracker *a = tracker_for(&f, BOTH, 16, 0), *b = tracker_for(&f, BOTH, 16, 0);
    pmkt_tracker *c = tracker_for(&f, BOTH, 16, 0);
    heard said = {.n = 0};
    tracker_hear(a, &f, 0, f.ev.rows, &said);
    file_bytes saved = tracker_saved(a, NULL);
    pmkt_error err;
    ck_assert_ok(pmkt_tracker_save(a, path, NULL, NULL, &err), err);
    ck_assert(file_is(path, saved.at, saved.n));
    ck_assert_ok(pmkt_tracker_restore(b, path, NULL, &err), err);
    check_same_state(a, b);
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
    ck_assert_int_eq(info.kind, PMKT_FILE_TRACKER);
    ck_assert_ok(pmkt_file_verify(path, NULL, &err), err);
    pmkt_save_options o = PMKT_SAVE_OPTIONS_INIT;
    o.compression = 3;
    const pmkt_status status = pmkt_tracker_save(a, path, &o, NULL, NULL);
    if (status == PMKT_OK) {
        ck_assert_ok(pmkt_tracker_restore(c, path, NULL, &err), err);
        check_same_state(a, c);
    } else {
        ck_assert_int_eq(status, PMKT_E_UNSUPPORTED);
    }
    file_free(&saved);
    heard_free(&said);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    pmkt_tracker_free(c);
    shop_close(&f);
}
END_TEST

START_TEST(nobody_is_a_state) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 10);
    for (int way = 0; way < WAYS; way++) {
        pmkt_tracker *a = tracker_for(&f, way, 2, -1), *b = tracker_for(&f, way, 4, 0);
        file_bytes saved = tracker_saved(a, NULL);
        tracker_restored(b, &saved);
        ck_assert_int_eq(counts_of(b).users, 0);
        ck_assert(counts_of(b).clock_ms == INT64_MIN);
        check_same_state(a, b);
        file_free(&saved);
        pmkt_tracker_free(a);
        pmkt_tracker_free(b);
    }
    shop_close(&f);
}
END_TEST

/* ------------------------------------------------------------- others than before */

/* A tracker that is half way through the shop. */
static pmkt_tracker *half_way(const shop_floor *f, file_bytes *saved) {
    pmkt_tracker *t = tracker_for(f, BOTH, 8, 0);
    heard said = {.n = 0};
    tracker_hear(t, f, 0, f->ev.rows / 2, &said);
    heard_free(&said);
    *saved = tracker_saved(t, NULL);
    return t;
}

START_TEST(another_model_is_a_swap) {
    shop_floor f = shop_open(SHOP_COLUMN, 200, 40);
    pmkt_purchase *other = shop_other_model();
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved);
    pmkt_tracker *b = tracker_begun(other, f.rules, NULL);
    ck_assert_int_eq(pmkt_tracker_swap(a, other, NULL), PMKT_OK);
    tracker_restored(b, &saved);
    check_same_state(a, b);
    check_go_on_alike(a, b, &f, f.ev.rows / 2);
    file_free(&saved);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    pmkt_purchase_release(other);
    shop_close(&f);
}
END_TEST

/* Firings of the two are of other generations, but for that the same. */
START_TEST(other_rules_are_a_swap) {
    static const char *const texts[] = {SHOP_RULES_EDITED, SHOP_RULES " # the same", "", NULL};
    shop_floor f = shop_open(SHOP_COLUMN, 200, 40);
    for (int k = 0; k < 4; k++) {
        pmkt_rules *other = texts[k] ? rules_parsed(texts[k]) : NULL;
        file_bytes saved;
        pmkt_tracker *a = half_way(&f, &saved);
        pmkt_tracker *b = tracker_begun(f.model, other, NULL);
        int64_t ended = -1;
        ck_assert_int_eq(pmkt_tracker_swap_rules(a, other, &ended, NULL), PMKT_OK);
        ck_assert(k == 1 ? ended == 0 : ended > 0);
        tracker_restored(b, &saved);
        ck_assert_int_eq(counts_of(b).ended, ended);
        check_same_state(a, b);
        check_go_on_alike(a, b, &f, f.ev.rows / 2);
        file_free(&saved);
        pmkt_tracker_free(a);
        pmkt_tracker_free(b);
        pmkt_rules_release(other);
    }
    shop_close(&f);
}
END_TEST

/* Evidence of everybody, without what depends on the size of the history: the latest n events. */
static void check_same_evidence(pmkt_tracker *a, pmkt_tracker *b, int64_t n) {
    int64_t fired = 0;
    for (uint64_t u = 1; u <= 40; u++) {
        pmkt_tracker_event x[64], y[64];
        pmkt_tracker_evidence p = PMKT_TRACKER_EVIDENCE_INIT, q = PMKT_TRACKER_EVIDENCE_INIT;
        p.event = x, q.event = y, p.room = q.room = n;
        ck_assert_int_eq(pmkt_tracker_explain(a, u, NULL, &p, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_tracker_explain(b, u, NULL, &q, NULL), PMKT_OK);
        ck_assert_int_eq(p.n, q.n);
        ck_assert(memcmp(x, y, (size_t)p.n * sizeof *x) == 0);
        p.event = q.event = NULL;
        ck_assert(memcmp(&p, &q, sizeof p) == 0);
        fired += p.rule >= 0;
    }
    ck_assert_int_gt(fired, 0);
}

START_TEST(of_a_longer_history_the_latest_stay) {
    static const int32_t history[] = {1, 3, 8, 20, 64};
    shop_floor f = shop_open(SHOP_COLUMN, 200, 40);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved);
    for (int k = 0; k < 5; k++) {
        pmkt_tracker *b = tracker_for(&f, BOTH, 4, history[k]);
        tracker_restored(b, &saved);
        check_same_evidence(a, b, history[k] < 8 ? history[k] : 8);
        pmkt_tracker *c = tracker_for(&f, BOTH, 4, history[k]);
        heard said = {.n = 0};
        tracker_hear(c, &f, 0, f.ev.rows / 2, &said);
        if (history[k] <= 8) check_same_state(b, c);
        heard_free(&said);
        pmkt_tracker_free(b);
        pmkt_tracker_free(c);
    }
    pmkt_tracker *none = tracker_for(&f, BOTH, 4, -1), *again = tracker_for(&f, BOTH, 4, 8);
    tracker_restored(none, &saved);
    file_bytes bare = tracker_saved(none, NULL);
    ck_assert_uint_lt(bare.n, saved.n);
    tracker_restored(again, &bare);
    check_same_state(none, again);
    file_free(&bare);
    file_free(&saved);
    pmkt_tracker_free(none);
    pmkt_tracker_free(again);
    pmkt_tracker_free(a);
    shop_close(&f);
}
END_TEST

START_TEST(less_room_keeps_what_has_room) {
    shop_floor f = shop_open(SHOP_COLUMN, 200, 40);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.partials = 1, o.shards = 1;
    pmkt_tracker *b = tracker_begun(f.model, f.rules, &o);
    tracker_restored(b, &saved);
    ck_assert_int_gt(counts_of(b).dropped, 0);
    ck_assert_int_eq(counts_of(b).users, counts_of(a).users);
    o.partials = 0, o.max_bytes = 28000;
    pmkt_tracker *c = tracker_begun(f.model, f.rules, &o);
    tracker_restored(c, &saved);
    ck_assert_int_gt(counts_of(c).evicted, 0);
    ck_assert_int_eq(counts_of(c).users + counts_of(c).evicted, counts_of(a).users);
    ck_assert_int_le(counts_of(c).bytes, 28000);
    for (int k = 0; k < 2; k++) {
        heard said = {.n = 0};
        tracker_hear(k ? b : c, &f, f.ev.rows / 2, f.ev.rows, &said);
        heard_free(&said);
    }
    file_free(&saved);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    pmkt_tracker_free(c);
    shop_close(&f);
}
END_TEST

/* Sessions under way are not counted, for what was counted of them is gone; those after them are. */
START_TEST(who_learns_begins_anew) {
    shop_floor f = shop_open(SHOP_COLUMN, 200, 40);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    file_bytes saved;
    o.learn = 1;
    pmkt_tracker *a = half_way(&f, &saved), *b = tracker_begun(f.model, f.rules, &o);
    tracker_restored(b, &saved);
    check_same_state(a, b);
    ck_assert_int_eq(counts_of(b).learned, 0);
    check_go_on_alike(a, b, &f, f.ev.rows / 2);
    pmkt_tracker *c = tracker_begun(f.model, f.rules, &o);
    heard said = {.n = 0};
    tracker_hear(c, &f, 0, f.ev.rows, &said);
    ck_assert_int_gt(counts_of(b).learned, 0);
    ck_assert_int_lt(counts_of(b).learned, counts_of(c).learned);
    check_same_state(b, c);
    heard_free(&said);
    file_free(&saved);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    pmkt_tracker_free(c);
    shop_close(&f);
}
END_TEST

/* A clock that is later than the saved one stays. */
START_TEST(the_later_clock_counts) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 10);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved);
    const int64_t clock = counts_of(a).clock_ms;
    for (int64_t by = -1000; by <= 1000; by += 1000) {
        pmkt_tracker *b = tracker_for(&f, BOTH, 4, 0);
        pmkt_tracker_fired fired[16];
        int64_t n = 0;
        ck_assert_int_eq(pmkt_tracker_advance(b, clock + by, fired, 16, &n, NULL), PMKT_OK);
        tracker_restored(b, &saved);
        ck_assert_int_eq(counts_of(b).clock_ms, by > 0 ? clock + by : clock);
        pmkt_tracker_free(b);
    }
    file_free(&saved);
    pmkt_tracker_free(a);
    shop_close(&f);
}
END_TEST

/* ----------------------------------------------------------------------- threads */

typedef struct crowd {
    pmkt_tracker *t;
    const shop_floor *f;
    pmkt_purchase *other;
    pmkt_rules *edited;
    _Atomic bool done;
} crowd;

static void *observe(void *ctx) {
    crowd *c = ctx;
    while (!c->done) {
        for (int64_t i = 0; i < c->f->ev.rows && !c->done; i += 50) {
            pmkt_events ev = shop_rows(c->f, i, i + 50);
            REQUIRE(pmkt_tracker_observe(c->t, &ev, NULL, NULL, NULL) == PMKT_OK);
        }
    }
    return NULL;
}

static void *swap(void *ctx) {
    crowd *c = ctx;
    for (int i = 0; !c->done; i++) {
        REQUIRE(pmkt_tracker_swap(c->t, i % 2 ? c->f->model : c->other, NULL) == PMKT_OK);
        REQUIRE(pmkt_tracker_swap_rules(c->t, i % 2 ? c->f->rules : c->edited, NULL, NULL) ==
                PMKT_OK);
    }
    return NULL;
}

/* Each snapshot is one that can be restored, whatever goes on meanwhile; with swaps also. */
START_TEST(others_go_on_meanwhile) {
    shop_floor f = shop_open(SHOP_COLUMN, 100, 30);
    crowd c = {.f = &f, .other = shop_other_model(), .edited = rules_parsed(SHOP_RULES_EDITED)};
    for (int swaps = 0; swaps < 2; swaps++) {
        pthread_t thread[3];
        const int threads = 2 + swaps;
        c.t = tracker_for(&f, BOTH, 16, 0);
        c.done = false;
        for (int i = 0; i < threads; i++) {
            ck_assert_int_eq(pthread_create(&thread[i], NULL, i == 2 ? swap : observe, &c), 0);
        }
        for (int64_t i = 0; i < scaled(100, 10); i++) {
            file_bytes saved = tracker_saved(c.t, NULL);
            pmkt_tracker *b = tracker_for(&f, BOTH, 4, 0);
            tracker_restored(b, &saved);
            pmkt_tracker_free(b);
            file_free(&saved);
        }
        c.done = true;
        for (int i = 0; i < threads; i++) ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
        pmkt_tracker_free(c.t);
    }
    pmkt_purchase_release(c.other);
    pmkt_rules_release(c.edited);
    shop_close(&f);
}
END_TEST

/* ------------------------------------------------------------------------ failures */

static int asked_to_stop(void *ctx, double done, const char *stage) {
    int64_t *left = ctx;
    (void)stage;
    REQUIRE(done > 0 && done <= 1);
    return (*left)-- == 0;
}

START_TEST(both_can_be_canceled) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 20);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved), *b = tracker_for(&f, BOTH, 4, 0);
    pmkt_run run = PMKT_RUN_INIT;
    int64_t left = 0;
    run.progress = (pmkt_progress){asked_to_stop, &left};
    for (int64_t calls = 0; calls < 8; calls++) { /* one a shard */
        pmkt_buffer *buffer = NULL;
        left = calls;
        ck_assert_int_eq(pmkt_tracker_save_memory(a, NULL, &run, &buffer, NULL), PMKT_E_CANCELED);
        ck_assert_ptr_null(buffer);
        left = calls;
        ck_assert_int_eq(pmkt_tracker_save(a, scratch_path("canceled"), NULL, &run, NULL),
                         PMKT_E_CANCELED);
    }
    ck_assert_int_eq(scratch_files(), 0);
    left = 0;
    ck_assert_int_eq(pmkt_tracker_restore_memory(b, saved.at, saved.n, &run, NULL),
                     PMKT_E_CANCELED);
    ck_assert_int_eq(counts_of(b).users, 0);
    left = 100;
    ck_assert_int_eq(pmkt_tracker_restore_memory(b, saved.at, saved.n, &run, NULL), PMKT_OK);
    file_free(&saved);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    shop_close(&f);
}
END_TEST

START_TEST(calls_that_make_no_sense) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 20), g = shop_open(SHOP_SESSIONS, 60, 20);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved), *b = tracker_for(&f, MODEL, 4, 0);
    pmkt_tracker *bare = tracker_for(&f, RULES, 4, 0), *other = tracker_for(&g, BOTH, 4, 0);
    pmkt_buffer *buffer = NULL;
    const int64_t users = counts_of(a).users;
    ck_assert_int_eq(pmkt_tracker_restore_memory(a, saved.at, saved.n, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(counts_of(a).users, users);
    ck_assert_int_eq(pmkt_tracker_restore_memory(bare, saved.at, saved.n, NULL, NULL),
                     PMKT_E_UNSUPPORTED);
    ck_assert_int_eq(pmkt_tracker_restore_memory(other, saved.at, saved.n, NULL, NULL),
                     PMKT_E_MISMATCH);
    ck_assert_int_eq(pmkt_tracker_restore(b, scratch_path("nothing"), NULL, NULL), PMKT_E_IO);
    ck_assert_int_eq(pmkt_tracker_restore_memory(b, "", 0, NULL, NULL), PMKT_E_FORMAT);
    file_bytes model = purchase_bytes(f.model);
    ck_assert_int_eq(pmkt_tracker_restore_memory(b, model.at, model.n, NULL, NULL), PMKT_E_FORMAT);
    ck_assert_int_eq(pmkt_tracker_restore_memory(NULL, saved.at, saved.n, NULL, NULL),
                     PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_restore_memory(b, NULL, 0, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_restore(b, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_restore(NULL, "x", NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_save(a, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_save(NULL, "x", NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_save_memory(a, NULL, NULL, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_tracker_save_memory(NULL, NULL, NULL, &buffer, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(counts_of(b).users + counts_of(bare).users + counts_of(other).users, 0);
    file_free(&model);
    file_free(&saved);
    pmkt_tracker_free(a);
    pmkt_tracker_free(b);
    pmkt_tracker_free(bare);
    pmkt_tracker_free(other);
    shop_close(&f);
    shop_close(&g);
}
END_TEST

START_TEST(no_memory_for_a_snapshot) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 20);
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.allocator = &allocator, o.shards = 4;
    pmkt_tracker *t = tracker_begun(f.model, f.rules, &o);
    heard said = {.n = 0};
    tracker_hear(t, &f, 0, f.ev.rows / 2, &said);
    file_bytes saved = tracker_saved(t, NULL);
    int64_t failed = 0;
    for (int sticky = 0; sticky < 2; sticky++) {
        for (int64_t at = 1;; at++, failed++) {
            pmkt_buffer *buffer = NULL;
            const int64_t bytes = memory.bytes;
            faulty_arm(&memory, at, sticky);
            const pmkt_status status = pmkt_tracker_save_memory(t, NULL, NULL, &buffer, NULL);
            faulty_disarm(&memory);
            if (status == PMKT_OK) {
                ck_assert(pmkt_buffer_size(buffer) == saved.n);
                pmkt_buffer_free(buffer);
                break;
            }
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            ck_assert_int_eq(memory.bytes, bytes);
        }
    }
    ck_assert_int_gt(failed, 4);
    pmkt_tracker_free(t);
    faulty_check_empty(&memory);
    heard_free(&said);
    file_free(&saved);
    shop_close(&f);
}
END_TEST

START_TEST(no_memory_for_who_is_restored) {
    shop_floor f = shop_open(SHOP_COLUMN, 60, 40);
    pmkt_rules *edited = rules_parsed(SHOP_RULES_EDITED);
    file_bytes saved;
    pmkt_tracker *a = half_way(&f, &saved);
    int64_t failed = 0;
    for (int64_t at = 1;; at++, failed++) {
        faulty memory = {0};
        const pmkt_allocator allocator = faulty_allocator(&memory);
        pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
        o.allocator = &allocator, o.shards = 1;
        pmkt_tracker *t = tracker_begun(f.model, at % 2 ? f.rules : edited, &o);
        faulty_arm(&memory, at, at / 2 % 2);
        const pmkt_status status = pmkt_tracker_restore_memory(t, saved.at, saved.n, NULL, NULL);
        faulty_disarm(&memory);
        if (status) {
            const pmkt_tracker_counts c = counts_of(t);
            ck_assert_int_eq(status, PMKT_E_NOMEM);
            ck_assert(c.users == 0 && c.waiting == 0 && c.ended == 0 && c.evicted == 0);
            ck_assert(c.clock_ms == INT64_MIN);
            tracker_restored(t, &saved);
        }
        ck_assert_int_eq(counts_of(t).users, counts_of(a).users);
        pmkt_tracker_free(t);
        faulty_check_empty(&memory);
        if (status == PMKT_OK && at % 2 == 0) break; /* that one has the rules to parse, too */
    }
    ck_assert_int_gt(failed, 6);
    pmkt_rules_release(edited);
    pmkt_tracker_free(a);
    file_free(&saved);
    shop_close(&f);
}
END_TEST

int main(void) {
    Suite *s = suite_create("tracker_file");
    TOPIC(s, "round trips", who_is_restored_goes_on, sessions_go_on, equal_states_are_equal_bytes,
          files_and_memory_are_the_same, nobody_is_a_state);
    TOPIC(s, "others than before", another_model_is_a_swap, other_rules_are_a_swap,
          of_a_longer_history_the_latest_stay, less_room_keeps_what_has_room,
          who_learns_begins_anew, the_later_clock_counts);
    TOPIC(s, "threads", others_go_on_meanwhile);
    TOPIC(s, "failures", both_can_be_canceled, calls_that_make_no_sense, no_memory_for_a_snapshot,
          no_memory_for_who_is_restored);
    return suite_run(s);
}
