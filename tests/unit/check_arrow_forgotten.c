/*
 * Old data and what a dictionary has forgotten: a reader brings a text back only by a row that is not
 * older than the tombstone, however the column and the times are laid out.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/random.h"
#include "support/strings.h"
#include "support/suite.h"

#define WHEN ARROW_T

static uint64_t id_of(const char *text) {
    return pmkt_id_of_bytes(text, strlen(text));
}

static bool knows(const pmkt_ids *ids, const char *text) {
    size_t length = 0;
    const char *name = pmkt_ids_name(ids, id_of(text), &length);
    return name && length == strlen(text) && memcmp(name, text, length) == 0;
}

/* Knows "zoe"; has forgotten "ann", "bob" and "eve" at WHEN. */
static pmkt_ids *forgetful(void) {
    strings s = {0};
    strings_add(&s, "annbobeve", 3);
    strings_add(&s, "zoe", 3);
    pmkt_ids *ids = ids_of(&s, NULL);
    strings_free(&s);
    const uint64_t id[] = {id_of("ann"), id_of("bob"), id_of("eve")};
    pmkt_error err;
    ck_assert_ok(pmkt_ids_forget(ids, id, 3, WHEN, NULL, &err), err);
    ck_assert_int_eq(ids_counters(ids).forgotten, 3);
    return ids;
}

/* Reads a chunk of a stream to its end. */
static pmkt_status read_all(const arrow_node *chunk, const pmkt_arrow_columns *c, int64_t times,
                            pmkt_error *err) {
    arrow_producer p = arrow_one(chunk);
    for (p.n_chunks = 0; p.n_chunks < times; p.n_chunks++) p.chunks[p.n_chunks] = chunk;
    const pmkt_status status = arrow_try(&p, c, err);
    return status;
}

/* -------------------------------------------------------------------------------- layouts */

/* Rows: ann, eve, bob, ann, a null that has ann's text, bob. The null and the last bob are as old as
   the tombstone, all else is older. */
static const char bytes[] = "annevebobannannbob";
static const int32_t offsets[] = {0, 3, 6, 9, 12, 15, 18};
static const int64_t wide[] = {0, 3, 6, 9, 12, 15, 18};
static const uint8_t valid[] = {0x2F};
static const int64_t times[] = {WHEN - 1, WHEN - 2, WHEN - 5, PMKT_TIME_MIN, WHEN, WHEN};
static const int32_t codes[] = {0, 1, 2, 3, 0, 2};

static void check_layout(arrow_node *user) {
    arrow_node time = arrow_numbers("time", "tsm:UTC", 6, NULL, times);
    arrow_node chunk = arrow_table(6, user, &time, NULL);
    for (int64_t chunks = 1; chunks <= 2; chunks++) {
        pmkt_arrow_columns c = arrow_columns(NULL);
        pmkt_error err = {0};
        c.users = forgetful();
        ck_assert_ok(read_all(&chunk, &c, chunks, &err), err);
        ck_assert(knows(c.users, "bob") && knows(c.users, "zoe"));
        ck_assert(!knows(c.users, "ann") && !knows(c.users, "eve"));
        uint64_t id[2], ann = id_of("ann"), eve = id_of("eve");
        int64_t when[2], n = 0;
        ck_assert_ok(pmkt_ids_forgotten(c.users, id, when, 2, &n, &err), err);
        ck_assert_int_eq(n, 2);
        ck_assert_uint_eq(id[0], ann < eve ? ann : eve);
        ck_assert_uint_eq(id[1], ann < eve ? eve : ann);
        ck_assert(when[0] == WHEN && when[1] == WHEN);
        pmkt_ids_free(c.users);
    }
}

START_TEST(only_a_row_that_is_not_older_brings_a_text_back) {
    static const struct {
        int32_t length;
        char text[12];
    } views[] = {{3, "ann"}, {3, "eve"}, {3, "bob"}, {3, "ann"}, {3, "ann"}, {3, "bob"}};
    arrow_node words = arrow_texts("", "u", 4, NULL, offsets, bytes);
    arrow_node columns[] = {
        arrow_texts("user", "u", 6, valid, offsets, bytes),
        arrow_texts("user", "Z", 6, valid, wide, bytes),
        arrow_coded("user", "i", 6, valid, codes, &words),
        {.name = "user",
         .format = "vu",
         .length = 6,
         .null_count = -1,
         .n_buffers = 3,
         .buffers = {valid, views, NULL}},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) check_layout(&columns[i]);
    arrow_node dense = arrow_texts("user", "u", 6, NULL, offsets, "annevebobannbobbob");
    check_layout(&dense);
}
END_TEST

START_TEST(the_ids_of_the_forgotten_are_given_all_the_same) {
    arrow_node user = arrow_texts("user", "u", 2, NULL, offsets, bytes);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 2, NULL, times);
    arrow_node chunk = arrow_table(2, &user, &time, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_error err = {0};
    c.users = forgetful();
    const int64_t generation = ids_counters(c.users).generation;
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_ok(pmkt_arrow_events_all(reader, NULL, &b, &err), err);
    ck_assert_uint_eq(b->user[0], id_of("ann"));
    ck_assert_uint_eq(b->user[1], id_of("eve"));
    ck_assert_ptr_eq(b->time, times); /* still where it was */
    ck_assert_int_eq(ids_counters(c.users).generation, generation);
    pmkt_arrow_events_free(reader);
    pmkt_ids_free(c.users);
}
END_TEST

/* ---------------------------------------------------------------------------------- times */

/* Reads ann beside a time and a number of items; whether she is back. */
static bool comes_back(arrow_node *time, int32_t on_bad) {
    static const int64_t items[] = {-1};
    arrow_node user = arrow_texts("user", "u", 1, NULL, offsets, bytes);
    arrow_node item = arrow_numbers("item", "l", 1, NULL, items);
    arrow_node chunk = arrow_table(1, &user, time, &item, NULL);
    const pmkt_zone east = {sizeof east, 60, NULL, 0};
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_error err = {0};
    c.users = forgetful();
    c.zone = &east;
    c.on_bad = on_bad;
    if (on_bad == PMKT_ON_BAD_SKIP) c.item = "item"; /* bad, so that there are two reasons */
    ck_assert_ok(read_all(&chunk, &c, 1, &err), err);
    const bool back = knows(c.users, "ann");
    ck_assert_int_eq(ids_counters(c.users).forgotten, back ? 2 : 3);
    pmkt_ids_free(c.users);
    return back;
}

START_TEST(times_of_every_kind_are_dates) {
    static const int64_t seconds[] = {WHEN / 1000, WHEN / 1000 - 1};
    static const int64_t walls[] = {WHEN + 3600000, WHEN + 3599999};
    static const int32_t days[] = {WHEN / 86400000 + 1, WHEN / 86400000};
    static const int64_t micros[] = {WHEN * 1000, WHEN * 1000 - 1};
    static const int8_t first[] = {0, 1};
    arrow_node entries = arrow_numbers("", "tsm:UTC", 2, NULL, (const int64_t[]){WHEN, WHEN - 1});
    arrow_node columns[] = {
        arrow_numbers("time", "tss:UTC", 2, NULL, seconds),
        arrow_numbers("time", "tsm:", 2, NULL, walls),
        arrow_numbers("time", "tdD", 2, NULL, days),
        arrow_numbers("time", "tsu:UTC", 2, NULL, micros),
        arrow_numbers("time", "l", 2, NULL, entries.buffers[1]),
        arrow_coded("time", "c", 2, NULL, first, &entries),
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        columns[i].length = 1;
        ck_assert_msg(comes_back(&columns[i], PMKT_ON_BAD_FAIL), "layout %zu, in time", i);
        columns[i].offset = 1;
        ck_assert_msg(!comes_back(&columns[i], PMKT_ON_BAD_FAIL), "layout %zu, before", i);
    }
}
END_TEST

START_TEST(a_row_without_a_valid_time_is_old) {
    static const int64_t impossible[] = {INT64_MAX};
    static const uint8_t none[] = {0};
    static const int64_t late[] = {WHEN + 1};
    arrow_node time = arrow_numbers("time", "tsm:UTC", 1, NULL, impossible);
    ck_assert(!comes_back(&time, PMKT_ON_BAD_SKIP));
    time = arrow_numbers("time", "tsm:UTC", 1, none, late);
    ck_assert(!comes_back(&time, PMKT_ON_BAD_SKIP));
    time = arrow_numbers("time", "tsm:UTC", 1, NULL, late);
    ck_assert(comes_back(&time, PMKT_ON_BAD_SKIP)); /* bad for its item, and learned as ever */
}
END_TEST

/* To look at the times first must not change why a row is bad, nor of which chunk. */
START_TEST(reasons_of_bad_rows_stay_the_same) {
    static const int64_t users[] = {-1, 2, 3, -4}, items[] = {1, 2, -3, 4};
    static const int64_t bad[] = {WHEN, INT64_MAX, INT64_MAX, INT64_MAX};
    enum {
        ID = 1 + PMKT_BAD_ID,
        TIME = 1 + PMKT_BAD_TIME
    };
    static const uint8_t wanted[] = {ID, TIME, TIME, ID, TIME, ID, TIME, TIME, ID};
    arrow_node user = arrow_numbers("user", "l", 4, NULL, users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, bad);
    arrow_node item = arrow_numbers("item", "l", 4, NULL, items);
    arrow_node order = arrow_texts("order", "u", 4, NULL, offsets, bytes);
    arrow_node chunk = arrow_table(4, &user, &time, &item, &order, NULL);
    arrow_node tail = arrow_table(1, &user, &time, &item, &order, NULL);
    tail.offset = 1;
    arrow_producer p = {.chunks = {&chunk, &tail, &chunk}, .n_chunks = 3};
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_error err = {0};
    c.names = forgetful();
    c.item = "item";
    c.order = "order";
    c.on_bad = PMKT_ON_BAD_SKIP;
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_ok(pmkt_arrow_events_all(reader, NULL, &b, &err), err);
    ck_assert_int_eq(b->rows, 9);
    ck_assert_mem_eq(b->reject, wanted, sizeof wanted);
    ck_assert(knows(c.names, "ann") && !knows(c.names, "eve"));
    pmkt_arrow_events_free(reader);
    pmkt_ids_free(c.names);
}
END_TEST

START_TEST(a_damaged_column_of_times_is_refused) {
    static const int8_t beyond[] = {7};
    arrow_node entries = arrow_numbers("", "tsm:UTC", 2, NULL, times);
    arrow_node time = arrow_coded("time", "c", 1, NULL, beyond, &entries);
    arrow_node user = arrow_texts("user", "u", 1, NULL, offsets, bytes);
    arrow_node chunk = arrow_table(1, &user, &time, NULL);
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_error err = {0};
    c.users = forgetful();
    ck_assert_int_eq(read_all(&chunk, &c, 1, &err), PMKT_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.message, "dictionary"));
    ck_assert_int_eq(ids_counters(c.users).forgotten, 3);
    pmkt_ids_free(c.users);
}
END_TEST

/* ------------------------------------------------------------------------- without a time */

START_TEST(items_and_bare_ids_never_bring_a_text_back) {
    arrow_node item = arrow_texts("item", "u", 3, NULL, offsets, bytes);
    arrow_node chunk = arrow_table(3, &item, NULL);
    arrow_producer p = arrow_one(&chunk);
    struct ArrowArrayStream stream = arrow_stream(&p);
    pmkt_arrow_item_columns c = PMKT_ARROW_ITEM_COLUMNS_INIT;
    pmkt_arrow_items *reader = NULL;
    const pmkt_items *b = NULL;
    pmkt_error err = {0};
    c.item = "item";
    c.items = forgetful();
    ck_assert_ok(pmkt_arrow_items_open(&stream, &c, NULL, &reader, &err), err);
    ck_assert_ok(pmkt_arrow_items_all(reader, NULL, &b, &err), err);
    ck_assert_uint_eq(b->item[2], id_of("bob"));
    pmkt_arrow_items_free(reader);
    ck_assert(knows(c.items, "zoe") && !knows(c.items, "ann") && !knows(c.items, "bob"));

    uint64_t id[3];
    int64_t n = 0;
    p = arrow_one(&chunk);
    stream = arrow_stream(&p);
    ck_assert_ok(pmkt_arrow_ids(&stream, "item", c.items, NULL, id, 3, &n, &err), err);
    ck_assert_uint_eq(id[0], id_of("ann"));
    ck_assert_int_eq(ids_counters(c.items).forgotten, 3);
    ck_assert_int_eq(ids_counters(c.items).strings, 1);
    arrow_check_released(&p);
    pmkt_ids_free(c.items);
}
END_TEST

/* --------------------------------------------------------------------------------- at once */

#define WORDS 600
#define ROWS 40000 /* enough for many threads */

typedef struct batch {
    strings text;
    int64_t word[ROWS], time[ROWS];
    uint8_t valid[ROWS / 8];
} batch;

/* A batch of words in any order and of any time. */
static batch *random_batch(int64_t n) {
    batch *b = calloc(1, sizeof *b);
    ck_assert_ptr_nonnull(b);
    for (int64_t i = 0; i < n; i++) {
        char text[64];
        b->word[i] = random_below(WORDS);
        b->time[i] = WHEN + random_below(200) - 100;
        if (random_below(10)) b->valid[i / 8] |= (uint8_t)(1 << i % 8);
        strings_add(&b->text, text, numbered(b->word[i], text));
    }
    return b;
}

/* What the dictionary must be then: all is looked at one by one, and learned by those who may. */
static pmkt_ids *expected_after(const batch *b, int64_t n, const pmkt_ids *before) {
    int64_t latest[WORDS], when[WORDS];
    uint64_t id[WORDS];
    int64_t tombs = 0;
    strings may = {0};
    file_bytes saved = ids_bytes(before);
    pmkt_ids *after = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_load_memory(saved.at, saved.n, NULL, NULL, &after, &err), err);
    ck_assert_ok(pmkt_ids_forgotten(before, id, when, WORDS, &tombs, &err), err);
    for (int64_t w = 0; w < WORDS; w++) latest[w] = PMKT_TIME_NULL;
    for (int64_t i = 0; i < n; i++) {
        const bool is_there = b->valid[i / 8] >> i % 8 & 1;
        if (is_there && b->time[i] > latest[b->word[i]]) latest[b->word[i]] = b->time[i];
    }
    for (int64_t w = 0; w < WORDS; w++) {
        char text[64];
        const size_t length = numbered(w, text);
        bool may_come = latest[w] != PMKT_TIME_NULL;
        for (int64_t t = 0; t < tombs; t++) {
            if (id[t] == pmkt_id_of_bytes(text, length)) may_come &= latest[w] >= when[t];
        }
        if (may_come) strings_add(&may, text, length);
    }
    ck_assert_ok(ids_learn(after, &may, 1, NULL, &err), err);
    strings_free(&may);
    file_free(&saved);
    return after;
}

/* A dictionary of some words, of which it has forgotten others at different times. */
static pmkt_ids *random_dictionary(void) {
    strings some = {0};
    strings_numbered(&some, 0, WORDS / 2);
    pmkt_ids *ids = ids_of(&some, NULL);
    pmkt_error err;
    for (int64_t w = random_below(3); w < WORDS; w += 1 + random_below(4)) {
        char text[64];
        const uint64_t id = pmkt_id_of_bytes(text, numbered(w, text));
        const int64_t when = WHEN + random_below(260) - 130;
        ck_assert_ok(pmkt_ids_forget(ids, &id, 1, when, NULL, &err), err);
    }
    strings_free(&some);
    return ids;
}

START_TEST(many_rows_are_as_if_looked_at_one_by_one) {
    random_seed(77);
    for (int64_t round = 0; round < scaled(30, 3); round++) {
        const int64_t n = round % 3 ? 1 + random_below(900) : ROWS;
        batch *b = random_batch(n);
        arrow_node user = arrow_texts("user", "U", n, b->valid, b->text.offsets, b->text.bytes);
        arrow_node time = arrow_numbers("time", "tsm:UTC", n, NULL, b->time);
        arrow_node chunk = arrow_table(n, &user, &time, NULL);
        arrow_producer p = arrow_one(&chunk);
        pmkt_arrow_columns c = arrow_columns(NULL);
        pmkt_run run = PMKT_RUN_INIT;
        pmkt_error err = {0};
        c.users = random_dictionary();
        run.threads = 1 + (int32_t)(round % 4);
        pmkt_ids *expected = expected_after(b, n, c.users);
        file_bytes wanted = ids_bytes(expected);
        pmkt_arrow_events *reader = arrow_open(&p, &c);
        const pmkt_events *got = NULL;
        ck_assert_ok(pmkt_arrow_events_all(reader, &run, &got, &err), err);
        ck_assert(ids_is(c.users, &wanted));
        pmkt_arrow_events_free(reader);
        pmkt_ids_free(expected);
        pmkt_ids_free(c.users);
        strings_free(&b->text);
        free(b);
    }
}
END_TEST

/* A collision in the same column: what a row would have brought back stays forgotten. */
START_TEST(a_failed_call_brings_nothing_back) {
    strings s = {0};
    unsigned char a[16], b[16];
    strings_collide(5, a, b);
    strings_add(&s, "ann", 3);
    strings_add(&s, a, 16);
    strings_add(&s, b, 16);
    static const int64_t late[] = {WHEN, WHEN, WHEN};
    arrow_node user = arrow_texts("user", "Z", 3, NULL, s.offsets, s.bytes);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 3, NULL, late);
    arrow_node chunk = arrow_table(3, &user, &time, NULL);
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_error err = {0};
    c.users = forgetful();
    file_bytes before = ids_bytes(c.users);
    ck_assert_int_eq(read_all(&chunk, &c, 1, &err), PMKT_E_COLLISION);
    ck_assert_int_eq(err.where, 2);
    ck_assert(ids_is(c.users, &before));
    strings one = {0}; /* and it is as before that the caller's own call learns anew */
    strings_add(&one, "ann", 3);
    ck_assert_ok(ids_learn(c.users, &one, 1, NULL, &err), err);
    ck_assert(knows(c.users, "ann"));
    pmkt_ids_free(c.users);
    strings_free(&one);
    strings_free(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arrow forgotten");
    TOPIC(suite, "texts", only_a_row_that_is_not_older_brings_a_text_back,
          the_ids_of_the_forgotten_are_given_all_the_same,
          items_and_bare_ids_never_bring_a_text_back);
    TOPIC(suite, "times", times_of_every_kind_are_dates, a_row_without_a_valid_time_is_old,
          reasons_of_bad_rows_stay_the_same, a_damaged_column_of_times_is_refused);
    TOPIC(suite, "at once", many_rows_are_as_if_looked_at_one_by_one,
          a_failed_call_brings_nothing_back);
    return suite_run(suite);
}
