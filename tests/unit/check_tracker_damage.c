/*
 * check_tracker_damage.c - no damage to a snapshot is more than a status, or a state that makes sense. Run it under the
 * sanitizers.
 */
#include <stddef.h>
#include <string.h>

#include "intent/tracker/saved.h"
#include "support/batch.h"
#include "support/loop.h"
#include "support/snapshots.h"
#include "support/suite.h"

/* A tracker that knows nobody, for what is restored. */
static pmkt_tracker *fresh(const shop_floor *f) {
    pmkt_tracker_options o = PMKT_TRACKER_OPTIONS_INIT;
    o.shards = 2;
    return tracker_begun(f->model, f->rules, &o);
}

/* Whoever was restored goes on, can be explained and saved, and that can be restored. */
static void use(pmkt_tracker *t, const shop_floor *f) {
    heard said = {.n = 0};
    pmkt_tracker *again = fresh(f);
    pmkt_tracker_event event[8];
    file_bytes saved = tracker_saved(t, NULL);
    tracker_restored(again, &saved);
    file_bytes twice = tracker_saved(again, NULL);
    REQUIRE(saved.n == twice.n && memcmp(saved.at, twice.at, saved.n) == 0);
    tracker_hear(again, f, f->ev.rows - 40, f->ev.rows, &said);
    for (uint64_t u = 1; u < 4; u++) {
        pmkt_tracker_evidence e = PMKT_TRACKER_EVIDENCE_INIT;
        e.event = event, e.room = 8;
        REQUIRE(pmkt_tracker_explain(again, u, NULL, &e, NULL) == PMKT_OK);
    }
    heard_free(&said);
    file_free(&saved);
    file_free(&twice);
    pmkt_tracker_free(again);
}

static pmkt_status restore_status(const shop_floor *f, const file_bytes *bytes, pmkt_error *err) {
    pmkt_tracker *t = fresh(f);
    pmkt_tracker_counts c = PMKT_TRACKER_COUNTS_INIT;
    const pmkt_status status = pmkt_tracker_restore_memory(t, bytes->at, bytes->n, NULL, err);
    REQUIRE(pmkt_tracker_stats(t, &c, NULL) == PMKT_OK);
    if (status)
        REQUIRE(c.users == 0 && c.waiting == 0 && c.clock_ms == INT64_MIN);
    else
        use(t, f);
    pmkt_tracker_free(t);
    return status;
}

/* A few users in the middle of everything. */
static file_bytes small_file(const shop_floor *f) {
    pmkt_tracker *t = fresh(f);
    heard said = {.n = 0};
    tracker_hear(t, f, 0, 100, &said);
    const file_bytes saved = tracker_saved(t, NULL);
    heard_free(&said);
    pmkt_tracker_free(t);
    return saved;
}

START_TEST(no_part_is_restored) {
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    file_bytes bytes = small_file(&f);
    for (size_t n = 0; n < bytes.n; n += (size_t)scaled(1, 7)) {
        file_bytes part = file_copy(bytes.at, n);
        const pmkt_status status = restore_status(&f, &part, NULL);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT || status == PMKT_E_INVALID);
        file_free(&part);
    }
    file_free(&bytes);
    shop_close(&f);
}
END_TEST

START_TEST(no_changed_byte_is_restored) {
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    file_bytes bytes = small_file(&f);
    for (size_t i = 0; i < bytes.n; i += (size_t)scaled(1, 7)) {
        bytes.at[i] ^= (unsigned char)(1u << i % 8);
        const pmkt_status status = restore_status(&f, &bytes, NULL);
        REQUIRE(status == PMKT_E_FORMAT || status == PMKT_E_CORRUPT);
        bytes.at[i] ^= (unsigned char)(1u << i % 8);
    }
    ck_assert_int_eq(restore_status(&f, &bytes, NULL), PMKT_OK);
    file_free(&bytes);
    shop_close(&f);
}
END_TEST

static bool forge(const shop_floor *f, const file_bytes *bytes, size_t i, unsigned char with) {
    file_bytes forged = file_copy(bytes->at, bytes->n);
    forged.at[i] = with;
    file_sign(&forged);
    const pmkt_status status = restore_status(f, &forged, NULL);
    REQUIRE(status == PMKT_OK || status == PMKT_E_CORRUPT || status == PMKT_E_FORMAT ||
            status == PMKT_E_UNSUPPORTED || status == PMKT_E_MISMATCH);
    file_free(&forged);
    return status == PMKT_OK;
}

START_TEST(forged_snapshots_do_no_harm) {
    static const unsigned char with[] = {0x00, 0x01, 0x7f, 0xff};
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    file_bytes bytes = small_file(&f);
    int64_t fine = 0, bad = 0;
    for (size_t i = 0; i < bytes.n; i += (size_t)scaled(1, 11)) {
        for (size_t k = 0; k < sizeof with; k++) {
            const bool is_fine = forge(&f, &bytes, i, with[k]);
            fine += is_fine, bad += !is_fine;
        }
    }
    ck_assert(fine > 0 && bad > 0);
    file_free(&bytes);
    shop_close(&f);
}
END_TEST

/* --------------------------------------------------------------- one user, checked */

/* What a number that makes no sense is in: a section, or a part of the one user. */
enum {
    HEAD,
    ACTION,
    TEXT,
    USER,
    ENTRY,
    EVENT,
    FIRE
};

typedef struct wrong {
    int part;
    size_t at;
    int bytes;
    uint64_t value;
    pmkt_status status;
} wrong;

/* A user with everything: a wait, a cooldown, partial matches, a history, and something that fired. */
static file_bytes one_user(const shop_floor *f) {
    static const uint16_t kinds[] = {PMKT_KIND_VIEW, PMKT_KIND_VIEW,     PMKT_KIND_VIEW,
                                     PMKT_KIND_VIEW, PMKT_KIND_FAVORITE, PMKT_KIND_CART};
    pmkt_tracker *t = fresh(f);
    uint64_t user = 7, item = 5;
    int64_t time = date(2024, 3, 1), amount = 100;
    for (int i = 0; i < LENGTH(kinds); i++, time += MINUTE) {
        pmkt_events ev = PMKT_EVENTS_INIT;
        uint16_t kind = kinds[i];
        pmkt_error err;
        ev.rows = 1, ev.user = &user, ev.time = &time, ev.kind = &kind;
        ev.item = ev.category = &item, ev.amount = &amount;
        ck_assert_ok(pmkt_tracker_observe(t, &ev, NULL, NULL, &err), err);
    }
    const file_bytes saved = tracker_saved(t, NULL);
    pmkt_tracker_free(t);
    return saved;
}

static size_t part_at(const file_bytes *f, int part) {
    pmkti_saved_user u;
    size_t length = 0;
    const size_t actions = file_section(f, PMKTI_SAVED_ACTIONS, &length), n = length / 4;
    if (part == ACTION) return actions;
    if (part == HEAD) return file_section(f, PMKTI_SAVED_HEAD, &length);
    if (part == TEXT) return file_section(f, PMKTI_SAVED_RULES, &length);
    const size_t at = file_section(f, PMKTI_SAVED_USERS, &length);
    memcpy(&u, f->at + at, sizeof u);
    const size_t entry = at + sizeof u + n,
                 event = entry + u.n_entries * sizeof(pmkti_rules_packed);
    const size_t fire = event + u.n_events * sizeof(pmkti_trail_event);
    ck_assert_uint_ge(u.n_entries, 2);
    ck_assert_uint_eq(u.n_events, 6);
    ck_assert_uint_eq(u.n_fires, 2);
    ck_assert_uint_eq(fire + u.n_fires * sizeof(pmkti_saved_fire), at + length);
    return part == USER ? at : part == ENTRY ? entry : part == EVENT ? event : fire;
}

static void check_wrong(const wrong *bad, int64_t n) {
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    file_bytes bytes = one_user(&f);
    for (int64_t i = 0; i < n; i++) {
        file_bytes forged = file_copy(bytes.at, bytes.n);
        const size_t at = part_at(&bytes, bad[i].part) + bad[i].at;
        pmkt_error err = {0};
        ck_assert(memcmp(forged.at + at, &bad[i].value, (size_t)bad[i].bytes) != 0);
        memcpy(forged.at + at, &bad[i].value,
               (size_t)bad[i].bytes); /* little-endian, as all files */
        file_sign(&forged);
        const pmkt_status status = restore_status(&f, &forged, &err);
        ck_assert_msg(status == bad[i].status, "case %d: %d, %s", (int)i, (int)status, err.message);
        if (status == PMKT_E_CORRUPT) ck_assert_int_eq(err.where_kind, PMKT_WHERE_BYTE);
        file_free(&forged);
    }
    ck_assert_int_eq(restore_status(&f, &bytes, NULL), PMKT_OK);
    file_free(&bytes);
    shop_close(&f);
}

#define DOUBLE_NAN UINT64_C(0x7ff8000000000000)
#define DOUBLE_INF UINT64_C(0x7ff0000000000000)
#define DOUBLE_MINUS UINT64_C(0xbff0000000000000)
#define FLOAT_NAN UINT64_C(0x7fc00000)
#define OF_HEAD(name) HEAD, offsetof(pmkti_saved_head, name)
#define OF_USER(name) USER, offsetof(pmkti_saved_user, name)
#define OF_EVENT(name) EVENT, offsetof(pmkti_trail_event, name)
#define OF_FIRE(name) FIRE, offsetof(pmkti_saved_fire, name)
#define STEP(step, at) ((uint64_t)(step) << 7 * (at))

START_TEST(each_rule_of_the_sections_is_checked) {
    const wrong bad[] = {
        {OF_HEAD(users), 8, 0, PMKT_E_CORRUPT},
        {OF_HEAD(users), 8, 2, PMKT_E_CORRUPT},
        {OF_HEAD(users), 8, UINT64_MAX, PMKT_E_CORRUPT},
        {OF_HEAD(users), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_HEAD(clock_ms), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_HEAD(clock_ms), 8, (uint64_t)PMKT_TIME_MIN - 1, PMKT_E_CORRUPT},
        {OF_HEAD(has_model), 4, 2, PMKT_E_CORRUPT},
        {OF_HEAD(has_model), 4, UINT32_MAX, PMKT_E_CORRUPT},
        {OF_HEAD(has_model), 4, 0, PMKT_E_UNSUPPORTED},
        {OF_HEAD(by_session), 4, 2, PMKT_E_CORRUPT},
        {OF_HEAD(by_session), 4, UINT32_MAX, PMKT_E_CORRUPT},
        {OF_HEAD(by_session), 4, 1, PMKT_E_MISMATCH},
        {ACTION, 0, 4, UINT32_MAX, PMKT_E_CORRUPT}, /* they do not ascend */
        {TEXT, 0, 1, '}', PMKT_E_CORRUPT},
        {TEXT, 0, 1, 0xff, PMKT_E_CORRUPT},
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

START_TEST(each_rule_of_a_user_is_checked) {
    const wrong bad[] = {
        {OF_USER(user), 8, 0, PMKT_E_CORRUPT},
        {OF_USER(last), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_USER(last), 8, 0, PMKT_E_CORRUPT}, /* before the events */
        {OF_USER(evidence), 8, DOUBLE_NAN, PMKT_E_CORRUPT},
        {OF_USER(evidence), 8, DOUBLE_INF, PMKT_E_CORRUPT},
        {OF_USER(dwell_sum), 8, DOUBLE_NAN, PMKT_E_CORRUPT},
        {OF_USER(dwell_sum), 8, DOUBLE_INF, PMKT_E_CORRUPT},
        {OF_USER(dwell_sum), 8, DOUBLE_MINUS, PMKT_E_CORRUPT},
        {OF_USER(since), 8, PMKTI_AGO_MOST + 1, PMKT_E_CORRUPT},
        {OF_USER(since_order), 8, PMKTI_AGO_MOST + 1, PMKT_E_CORRUPT},
        {OF_USER(since_order), 8, 1, PMKT_E_CORRUPT}, /* without an order */
        {OF_USER(context), 8, UINT64_MAX, PMKT_E_CORRUPT},
        {OF_USER(context), 8, STEP(64, 0), PMKT_E_CORRUPT}, /* no such action */
        {OF_USER(context), 8, STEP(1, 1), PMKT_E_CORRUPT},  /* a gap */
        {OF_USER(context), 8, STEP(PMKTI_GOAL, 0), PMKT_E_CORRUPT},
        {OF_USER(context), 8, STEP(1, 1) | STEP(PMKTI_START, 0), PMKT_E_CORRUPT},
        {OF_USER(context), 8, STEP(1, 5) | 0x1020408102, PMKT_E_CORRUPT}, /* too long */
        {OF_USER(cart_amount), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_USER(session), 4, 1, PMKT_E_CORRUPT}, /* the model does not cut by it */
        {OF_USER(buys), 2, 1, PMKT_E_CORRUPT},    /* of no sessions */
        {OF_USER(events), 2, 0, PMKT_E_CORRUPT},
        {OF_USER(n_entries), 2, 0, PMKT_E_CORRUPT},
        {OF_USER(n_entries), 2, 1000, PMKT_E_CORRUPT},
        {OF_USER(n_entries), 2, 1025, PMKT_E_CORRUPT},
        {OF_USER(n_events), 2, 0, PMKT_E_CORRUPT},
        {OF_USER(n_events), 2, 65, PMKT_E_CORRUPT},
        {OF_USER(n_fires), 1, 0, PMKT_E_CORRUPT},
        {OF_USER(n_fires), 1, 5, PMKT_E_CORRUPT},
        {OF_USER(past), 1, 1, PMKT_E_CORRUPT}, /* without an order */
        {OF_USER(past), 1, 2, PMKT_E_CORRUPT},
        {OF_USER(reserved), 4, 1, PMKT_E_CORRUPT},
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

/* The first entry is a partial match: bytes of its words, as of pack.h. */
START_TEST(each_rule_of_what_is_kept_is_checked) {
    const wrong bad[] = {
        {ENTRY, 5, 1, 0x7f, PMKT_E_CORRUPT},  /* begins later than it goes on */
        {ENTRY, 5, 1, 0x80, PMKT_E_CORRUPT},  /* long before 1700 */
        {ENTRY, 6, 1, 0, PMKT_E_CORRUPT},     /* no stage */
        {ENTRY, 6, 1, 200, PMKT_E_CORRUPT},   /* beyond the rule's */
        {ENTRY, 7, 1, 0x08, PMKT_E_CORRUPT},  /* a cooldown with a key */
        {ENTRY, 7, 1, 0x10, PMKT_E_CORRUPT},  /* a bit that means nothing */
        {ENTRY, 13, 1, 0x7f, PMKT_E_CORRUPT}, /* went on in the future */
        {ENTRY, 14, 1, 100, PMKT_E_CORRUPT},  /* no such rule */
        {ENTRY, 15, 1, 1, PMKT_E_CORRUPT},
        {ENTRY, 16, 4, 0, PMKT_E_CORRUPT},
        {ENTRY, 20, 4, 0, PMKT_E_CORRUPT},
        {ENTRY, 14, 1, 4, PMKT_E_CORRUPT}, /* behind the next one */
        {OF_EVENT(time), 8, (uint64_t)PMKT_TIME_MIN - 1, PMKT_E_CORRUPT},
        {OF_EVENT(time), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_EVENT(log_odds), 4, FLOAT_NAN, PMKT_E_CORRUPT},
        {OF_EVENT(kind), 2, 0, PMKT_E_CORRUPT},
        {OF_EVENT(reserved), 2, 1, PMKT_E_CORRUPT},
        {OF_FIRE(time), 8, 0, PMKT_E_CORRUPT}, /* before its match began */
        {OF_FIRE(time), 8, INT64_MAX, PMKT_E_CORRUPT},
        {OF_FIRE(since), 8, (uint64_t)INT64_MIN, PMKT_E_CORRUPT},
        {OF_FIRE(rule), 4, 5, PMKT_E_CORRUPT},
        {OF_FIRE(rule), 4, (uint32_t)-2, PMKT_E_CORRUPT},
    };
    check_wrong(bad, LENGTH(bad));
}
END_TEST

/* Twice the same one, and a file of two in the wrong order. */
START_TEST(users_ascend) {
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    pmkt_tracker *t = fresh(&f);
    tracker_meet(t, 7, &f);
    tracker_meet(t, 8, &f);
    file_bytes bytes = tracker_saved(t, NULL);
    size_t length = 0;
    const size_t at = file_section(&bytes, PMKTI_SAVED_USERS, &length), half = length / 2;
    ck_assert_int_eq(restore_status(&f, &bytes, NULL), PMKT_OK);
    for (int how = 0; how < 2; how++) {
        file_bytes forged = file_copy(bytes.at, bytes.n);
        memcpy(forged.at + at, bytes.at + at + half, half);
        if (how) memcpy(forged.at + at + half, bytes.at + at, half);
        file_sign(&forged);
        pmkt_error err;
        ck_assert_int_eq(restore_status(&f, &forged, &err), PMKT_E_CORRUPT);
        ck_assert_int_eq(err.where, (int64_t)(at + half));
        file_free(&forged);
    }
    file_free(&bytes);
    pmkt_tracker_free(t);
    shop_close(&f);
}
END_TEST

/* Without a model there is nothing that only models know. */
START_TEST(of_rules_alone_the_rest_is_nothing) {
    shop_floor f = shop_open(SHOP_COLUMN, 30, 8);
    pmkt_tracker *t = tracker_begun(NULL, f.rules, NULL);
    tracker_meet(t, 7, &f);
    file_bytes bytes = tracker_saved(t, NULL);
    size_t length = 0;
    const size_t at = file_section(&bytes, PMKTI_SAVED_USERS, &length);
    for (size_t i = 16; i < sizeof(pmkti_saved_user); i++) { /* after `user` and `last` */
        const bool is_mine =
            (i >= offsetof(pmkti_saved_user, cart_amount) && i < offsetof(pmkti_saved_user, key)) ||
            (i >= offsetof(pmkti_saved_user, n_entries) &&
             i < offsetof(pmkti_saved_user, events_with)) ||
            i == offsetof(pmkti_saved_user, n_fires);
        if (is_mine) continue;
        file_bytes forged = file_copy(bytes.at, bytes.n);
        pmkt_tracker *again = tracker_begun(NULL, f.rules, NULL);
        forged.at[at + i] = 1;
        file_sign(&forged);
        REQUIRE(pmkt_tracker_restore_memory(again, forged.at, forged.n, NULL, NULL) ==
                PMKT_E_CORRUPT);
        pmkt_tracker_free(again);
        file_free(&forged);
    }
    file_free(&bytes);
    pmkt_tracker_free(t);
    shop_close(&f);
}
END_TEST

int main(void) {
    Suite *s = suite_create("tracker_damage");
    TOPIC(s, "damage", no_part_is_restored, no_changed_byte_is_restored,
          forged_snapshots_do_no_harm);
    TOPIC(s, "rules", each_rule_of_the_sections_is_checked, each_rule_of_a_user_is_checked,
          each_rule_of_what_is_kept_is_checked, users_ascend, of_rules_alone_the_rest_is_nothing);
    return suite_run(s);
}
