#include "support/rfm_file.h"

#include <check.h>
#include <string.h>

#include "support/random.h"
#include "support/suite.h"
#include "support/zones.h"

#define T date(2024, 5, 1)

int64_t saved_as_of(void) {
    return T + 101 * DAY;
}

static bool is_summary(int kind) {
    return kind == SAVED_SUMMARY || kind == SAVED_UNPRICED_SUMMARY || kind == SAVED_TOMBS_SUMMARY;
}

pmkt_rfm_options saved_options(int kind) {
    static pmkt_zone zone;
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = is_summary(kind) ? PMKT_RFM_SUMMARY : PMKT_RFM_HISTORY;
    options.unpriced = kind == SAVED_UNPRICED || kind == SAVED_UNPRICED_SUMMARY;
    if (kind == SAVED_ZONE) {
        zone = london();
        options.zone = &zone;
    }
    return options;
}

batch saved_rows(int kind, int64_t users, int64_t rows, uint64_t seed) {
    static const int32_t EVENTS[] = {PMKT_KIND_VIEW, PMKT_KIND_REGISTER, PMKT_KIND_CART};
    batch b = {0};
    random_seed(seed);
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t user = 1 + (uint64_t)random_below(users);
        const int64_t time = T + random_below(100 * DAY);
        /* Orders of one id are neighbors by chance only, which a summary would see. */
        const uint64_t order = is_summary(kind) ? PMKT_ID_NONE : (uint64_t)random_below(users);
        const int64_t what = random_below(10);
        if (what < 6) {
            batch_order(&b, user, time, order, 1 + random_below(100000));
        } else if (what == 6 && order) {
            batch_row(&b, user, time, PMKT_KIND_REFUND, order, random_below(5000));
        } else if (what == 7 && order) {
            batch_row(&b, user, time, PMKT_KIND_CANCEL, order, PMKT_AMOUNT_NULL);
        } else {
            batch_event(&b, user, time, EVENTS[random_below(LENGTH(EVENTS))]);
        }
    }
    return b;
}

void saved_add(pmkt_rfm *rfm, int kind, const batch *b) {
    pmkt_events events = batch_events(b);
    if (kind == SAVED_ZONE) {
        memcpy(events.currency, "GBP", 3);
        events.currency_exponent = 2;
    }
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), err);
}

static void take(pmkt_rfm *rfm, int kind, int64_t users, int64_t rows, uint64_t seed) {
    batch b = saved_rows(kind, users, rows, seed);
    saved_add(rfm, kind, &b);
    batch_clear(&b);
}

pmkt_rfm *saved_state(int kind, int64_t users, uint64_t seed) {
    const pmkt_rfm_options options = saved_options(kind);
    pmkt_rfm *rfm = rfm_with(&options);
    if (kind == SAVED_EMPTY) return rfm;
    take(rfm, kind, users, users * 4, seed);
    if (kind == SAVED_TOMBS || kind == SAVED_TOMBS_SUMMARY) {
        for (uint64_t user = 1; user <= (uint64_t)users; user += 3) {
            (void)rfm_forget_one(rfm, user, T + 50 * DAY);
        }
        (void)rfm_forget_one(rfm, 999999, T); /* whom it never knew */
    }
    take(rfm, kind, users, users / 2 + 1, seed + 1000); /* some of it stays pending */
    return rfm;
}

file_bytes state_bytes(const pmkt_rfm *rfm) {
    pmkt_buffer *buffer = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_save_memory(rfm, NULL, NULL, &buffer, &err), err);
    file_bytes f = file_copy(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return f;
}

void save_to(const pmkt_rfm *rfm, const char *path) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.unsynced = 1; /* tests need not wait for a disk */
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_save(rfm, path, &options, NULL, &err), err);
}

pmkt_rfm *load_from(const char *path) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_load(path, NULL, NULL, &rfm, &err), err);
    return rfm;
}

pmkt_rfm *load_bytes(const file_bytes *f) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_load_memory(f->at, f->n, NULL, NULL, &rfm, &err), err);
    return rfm;
}

pmkt_rfm *map_from(const char *path) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_map(path, NULL, &rfm, &err), err);
    return rfm;
}

void check_same_state(const pmkt_rfm *a, const pmkt_rfm *b) {
    file_bytes x = state_bytes(a), y = state_bytes(b);
    ck_assert_uint_eq(x.n, y.n);
    ck_assert(memcmp(x.at, y.at, x.n) == 0);
    file_free(&x);
    file_free(&y);
}
