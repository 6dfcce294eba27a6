/*
 * Events out of Arrow streams: what converts to what, where nulls are, what stays in place, and that
 * everything is released once, whatever happens.
 */
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/batch.h"
#include "support/rfm.h"
#include "support/strings.h"
#include "support/suite.h"

/* ---------------------------------------------------------------------------- in place */

START_TEST(columns_that_match_stay_where_they_are) {
    static const int64_t minor[4] = {100, -5, 0, 7}, items[4] = {1, 2, 3, 4};
    arrow_node user = arrow_numbers("user", "L", 4, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node item = arrow_numbers("item", "l", 4, NULL, items);
    arrow_node money = arrow_numbers("m", "l", 4, NULL, minor);
    arrow_node chunk = arrow_table(4, &user, &time, &item, &money, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.amount_minor = "m";
    c.item = "item";
    c.quantity = "m"; /* one column may serve several purposes */
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_ptr_eq(b->user, arrow_users);
    ck_assert_ptr_eq(b->time, arrow_times);
    ck_assert_ptr_eq(b->item, (const uint64_t *)(const void *)items);
    ck_assert_ptr_eq(b->amount, minor);
    ck_assert_ptr_eq(b->quantity, minor);
    ck_assert_ptr_null(b->reject);
    ck_assert_ptr_null(b->category);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_ptr_null(b);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_ptr_null(b);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(values_that_mean_null_to_us_are_bad_where_they_are_valid) {
    static const int64_t minor[3] = {1, INT64_MIN, 3};
    static const int64_t ids[3] = {1, -2, 0};
    arrow_node money = arrow_numbers("m", "l", 3, NULL, minor);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.on_bad = PMKT_ON_BAD_SKIP;
    c.amount_minor = "m";
    const pmkt_events *b = arrow_read_with(&money, &c);
    ck_assert_int_eq(b->reject[1], 1 + PMKT_BAD_AMOUNT_RANGE);
    ck_assert_int_eq(b->reject[0] + b->reject[2], 0);
    c = arrow_columns(NULL);
    c.on_bad = PMKT_ON_BAD_SKIP;
    c.quantity = "m";
    b = arrow_read_with(&money, &c);
    ck_assert_int_eq(b->reject[1], 1 + PMKT_BAD_VALUE);
    arrow_node item = arrow_numbers("i", "l", 3, NULL, ids);
    c = arrow_columns(NULL);
    c.on_bad = PMKT_ON_BAD_SKIP;
    c.item = "i";
    b = arrow_read_with(&item, &c);
    ck_assert_int_eq(b->reject[1], 1 + PMKT_BAD_ID);
    ck_assert_uint_eq(b->item[1], 0);
    ck_assert_int_eq(b->reject[2], 0);
}
END_TEST

START_TEST(memory_that_is_not_aligned_is_read_all_the_same) {
    static unsigned char raw[8 * 3 + 1];
    const uint64_t ids[3] = {5, 6, UINT64_MAX};
    memcpy(raw + 1, ids, sizeof ids);
    arrow_node item = arrow_numbers("i", "L", 3, NULL, raw + 1);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.item = "i";
    const pmkt_events *b = arrow_read_with(&item, &c);
    ck_assert_mem_eq(b->item, ids, sizeof ids);
    ck_assert_uint_eq((uintptr_t)b->item % 8, 0);
}
END_TEST

/* -------------------------------------------------------------------------------- nulls */

START_TEST(nulls_of_columns_and_of_rows_are_nulls) {
    static const uint8_t outer[] = {0xFB, 0x07}; /* bit 2 is null */
    static const uint8_t inner[] = {0x7F, 0x0F}; /* bit 7 */
    static const int32_t ids[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint64_t u[12] = {90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101};
    static const int64_t t[12] = {ARROW_T, ARROW_T, ARROW_T, ARROW_T, ARROW_T, ARROW_T,
                                  ARROW_T, ARROW_T, ARROW_T, ARROW_T, ARROW_T, ARROW_T};
    arrow_node user = arrow_numbers("user", "L", 11, NULL, u);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 11, NULL, t);
    arrow_node item = arrow_numbers("i", "i", 10, inner, ids);
    item.offset = 1; /* its own, besides that of the table */
    arrow_node chunk = arrow_table(9, &user, &time, &item, NULL);
    chunk.offset = 1;
    chunk.buffers[0] = outer;
    chunk.null_count = -1;
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.item = "i";
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_events_all(reader, NULL, &b, &err), err);
    ck_assert_int_eq(b->rows, 9);
    for (int64_t i = 0; i < 9; i++) {
        const bool gone = i + 1 == 2; /* the bit of the table */
        ck_assert_uint_eq(b->user[i], gone ? 0 : u[i + 1]);
        ck_assert_int_eq(b->time[i], gone ? PMKT_TIME_NULL : ARROW_T);
        const bool no_item = gone || i + 2 == 7;
        ck_assert_uint_eq(b->item[i], no_item ? 0 : (uint64_t)ids[i + 2]);
    }
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(an_empty_column_needs_no_buffers) {
    arrow_node user = arrow_texts("user", "u", 0, NULL, NULL, NULL);
    arrow_node time = arrow_numbers("time", "tsn:UTC", 0, NULL, NULL);
    arrow_node money = arrow_numbers("m", "d:10,2", 0, NULL, NULL);
    arrow_node chunk = arrow_table(0, &user, &time, &money, NULL);
    arrow_producer p = arrow_one(&chunk);
    const pmkt_arrow_columns c = arrow_columns("m");
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(b->rows, 0);
    ck_assert_int_eq(pmkt_events_check(b, NULL, NULL), PMKT_OK);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(a_column_of_nothing_but_nulls_may_stand_anywhere) {
    arrow_node nothing = {.name = "n", .format = "n", .length = 3, .null_count = 3};
    pmkt_arrow_columns c = arrow_columns("n");
    const char *extra[] = {"n"};
    c.item = c.quantity = "n";
    c.extra = extra;
    c.n_extra = 1;
    const pmkt_events *b = arrow_read_with(&nothing, &c);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(b->item[i], 0);
        ck_assert_int_eq(b->amount[i], PMKT_AMOUNT_NULL);
        ck_assert_int_eq(b->quantity[i], INT64_MIN);
        ck_assert_int_eq(((const int64_t *)b->extra[0].data)[i], INT64_MIN);
    }
}
END_TEST

/* ---------------------------------------------------------------------------------- texts */

static void check_texts(arrow_node *column) {
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.item = "x";
    const pmkt_events *b = arrow_read_with(column, &c);
    ck_assert_uint_eq(b->item[0], pmkt_id_of_bytes("a", 1));
    ck_assert_uint_eq(b->item[1], PMKT_ID_NONE);
    ck_assert_uint_eq(b->item[2], pmkt_id_of_bytes("", 0));
    ck_assert_uint_eq(b->item[3], pmkt_id_of_bytes("thirteen byte", 13));
}

START_TEST(texts_of_every_form_have_the_same_ids) {
    static const char bytes[] = "a??thirteen byte";
    static const uint8_t valid[] = {0x0D};
    static const int32_t narrow[] = {0, 1, 3, 3, 16};
    static const int64_t wide[] = {0, 1, 3, 3, 16};
    arrow_node text = arrow_texts("x", "u", 4, valid, narrow, bytes);
    check_texts(&text);
    text.format = "z";
    check_texts(&text);
    arrow_node large = arrow_texts("x", "U", 4, valid, wide, bytes);
    check_texts(&large);
    large.format = "Z";
    check_texts(&large);

    unsigned char views[4 * 16] = {0};
    const int32_t lengths[4] = {1, -9, 0, 13}; /* a null's view may be anything */
    for (int i = 0; i < 4; i++) memcpy(views + i * 16, &lengths[i], 4);
    views[4] = 'a';
    const int32_t place[2] = {1, 3};
    memcpy(views + 3 * 16 + 8, place, sizeof place);
    static const int64_t sizes[2] = {0, 16};
    arrow_node view = {.name = "x",
                       .format = "vu",
                       .length = 4,
                       .null_count = 1,
                       .n_buffers = 5,
                       .buffers = {valid, views, NULL, bytes, sizes}};
    check_texts(&view);

    arrow_node words = arrow_texts("", "u", 4, valid, narrow, bytes);
    static const int8_t codes[] = {0, 1, 2, 3};
    arrow_node coded = arrow_coded("x", "c", 4, NULL, codes, &words);
    check_texts(&coded); /* the null is the dictionary's */
    static const uint16_t codes16[] = {0, 999, 2, 3};
    arrow_node coded16 = arrow_coded("x", "S", 4, valid, codes16, &words);
    check_texts(&coded16); /* the null is the index */
}
END_TEST

START_TEST(a_dictionary_remembers_the_texts_that_occur) {
    static const char bytes[] = "annbobeve";
    static const int32_t offsets[] = {0, 3, 6, 9};
    static const uint8_t valid[] = {0x05};
    static const int32_t codes[] = {2, 2, 0};
    arrow_node words = arrow_texts("", "u", 3, NULL, offsets, bytes);
    arrow_node user = arrow_coded("user", "i", 3, NULL, codes, &words);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 3, NULL, arrow_times);
    arrow_node item = arrow_texts("i", "u", 3, valid, offsets, bytes);
    arrow_node chunk = arrow_table(3, &user, &time, &item, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.item = "i";
    ck_assert_int_eq(pmkt_ids_new(NULL, &c.users, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_ids_new(NULL, &c.names, NULL), PMKT_OK);
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_events_all(reader, NULL, &b, &err), err);
    int64_t n = 0;
    size_t length = 0;
    ck_assert_int_eq(pmkt_ids_list(c.users, NULL, 0, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 2); /* nobody named bob */
    ck_assert_mem_eq(pmkt_ids_name(c.users, b->user[0], &length), "eve", 3);
    ck_assert_mem_eq(pmkt_ids_name(c.users, b->user[2], &length), "ann", 3);
    ck_assert_int_eq(pmkt_ids_list(c.names, NULL, 0, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 2); /* the null's text is not learned */
    ck_assert_uint_eq(b->item[1], PMKT_ID_NONE);
    ck_assert_mem_eq(pmkt_ids_name(c.names, b->item[2], &length), "eve", 3);
    pmkt_arrow_events_free(reader);
    pmkt_ids_free(c.users);
    pmkt_ids_free(c.names);
    arrow_check_released(&p);
}
END_TEST

/* Two texts of one id: the error names the row of the stream, and the dictionary learns nothing. */
START_TEST(a_collision_names_its_row) {
    unsigned char bytes[32];
    strings_collide(7, bytes, bytes + 16);
    const int32_t offsets[] = {0, 16, 16, 32};
    static const uint8_t valid[] = {0x05};
    static const int32_t codes[] = {0, 0, 2};
    arrow_node words = arrow_texts("", "z", 3, NULL, offsets, (const char *)bytes);
    arrow_node columns[] = {arrow_texts("user", "z", 3, NULL, offsets, (const char *)bytes),
                            arrow_texts("user", "z", 3, valid, offsets, (const char *)bytes),
                            arrow_coded("user", "i", 3, NULL, codes, &words)};
    arrow_node time = arrow_numbers("time", "tsm:UTC", 3, NULL, arrow_times);
    for (int i = 0; i < LENGTH(columns); i++) {
        arrow_node chunk = arrow_table(3, &columns[i], &time, NULL);
        arrow_producer p = arrow_one(&chunk);
        pmkt_arrow_columns c = arrow_columns(NULL);
        pmkt_error err = {0};
        int64_t n = 0;
        ck_assert_int_eq(pmkt_ids_new(NULL, &c.users, NULL), PMKT_OK);
        ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_COLLISION);
        ck_assert_int_eq(err.where, 2);
        ck_assert_msg(strstr(err.message, ", at row 2, ") != NULL, "%s", err.message);
        ck_assert_int_eq(pmkt_ids_list(c.users, NULL, 0, &n, NULL), PMKT_OK);
        ck_assert_int_eq(n, 0);
        pmkt_ids_free(c.users);
    }
}
END_TEST

/* ---------------------------------------------------------------------------------- extra */

START_TEST(extra_columns_keep_their_kind) {
    static const float ratio[2] = {0.5F, -1.0F};
    static const uint8_t flags[] = {0x02};
    static const int32_t offsets[] = {0, 1, 2};
    static const int64_t when[] = {1000, 2000};
    arrow_node user = arrow_numbers("user", "L", 2, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 2, NULL, arrow_times);
    arrow_node a = arrow_numbers("a", "f", 2, NULL, ratio);
    arrow_node b = arrow_numbers("b", "b", 2, NULL, flags);
    arrow_node t = arrow_texts("t", "u", 2, NULL, offsets, "xy");
    arrow_node w = arrow_numbers("w", "tsu:UTC", 2, NULL, when);
    arrow_node n = arrow_numbers("n", "L", 2, NULL, arrow_users);
    arrow_node chunk = arrow_table(2, &user, &time, &a, &b, &t, &w, &n, NULL);
    arrow_producer p = arrow_one(&chunk);
    const char *extra[] = {"a", "b", "t", "w", "n"};
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.extra = extra;
    c.n_extra = 5;
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *e = NULL;
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &e, NULL), PMKT_OK);
    ck_assert_int_eq(e->n_extra, 5);
    for (int i = 0; i < 5; i++) ck_assert_str_eq(e->extra[i].name, extra[i]);
    ck_assert_int_eq(e->extra[0].type, PMKT_TYPE_DOUBLE);
    ck_assert(((const double *)e->extra[0].data)[0] == 0.5);
    ck_assert_int_eq(e->extra[1].type, PMKT_TYPE_INT64);
    ck_assert_int_eq(((const int64_t *)e->extra[1].data)[1], 1);
    ck_assert_int_eq(e->extra[2].type, PMKT_TYPE_UINT64);
    ck_assert_uint_eq(((const uint64_t *)e->extra[2].data)[1], pmkt_id_of_bytes("y", 1));
    ck_assert_int_eq(((const int64_t *)e->extra[3].data)[1], 2);
    ck_assert_ptr_eq(e->extra[4].data, arrow_users);
    ck_assert_int_eq(pmkt_events_check(e, NULL, NULL), PMKT_OK);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

/* --------------------------------------------------------------------------------- chunks */

START_TEST(chunks_come_one_by_one_or_together) {
    static const int32_t small[4] = {1, 2, 3, 4};
    arrow_node user = arrow_numbers("user", "i", 4, NULL, small);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node chunk = arrow_table(4, &user, &time, NULL);
    arrow_node tail = arrow_table(1, &user, &time, NULL);
    arrow_node empty = arrow_table(0, &user, &time, NULL);
    tail.offset = 3;
    arrow_producer p = {.chunks = {&empty, &chunk, &empty, &tail, &tail, &empty}, .n_chunks = 6};
    const pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    const int64_t rows[] = {4, 1, 1};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
        ck_assert_int_eq(b->rows, rows[i]);
        ck_assert_uint_eq(b->user[b->rows - 1], 4);
        ck_assert_int_eq(b->time[b->rows - 1], ARROW_T + 3);
    }
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_ptr_null(b);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);

    reader = arrow_open(&p, &c);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(b->rows, 2); /* what is left */
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(b->rows, 0);
    pmkt_arrow_events_free(reader);
    reader = arrow_open(&p, &c);
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(b->rows, 6);
    const uint64_t want[6] = {1, 2, 3, 4, 4, 4};
    ck_assert_mem_eq(b->user, want, sizeof want);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(a_bad_row_is_named_as_counted_from_the_first_of_the_stream) {
    static const int64_t good[4] = {1, 2, 3, 4}, bad[4] = {1, 2, -3, 4};
    static const double whole[4] = {1, 2, 3, 4}, halves[4] = {1, 0.5, 3, 4};
    arrow_node user = arrow_numbers("user", "l", 4, NULL, good);
    arrow_node bad_user = arrow_numbers("user", "l", 4, NULL, bad);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node item = arrow_numbers("item", "g", 4, NULL, whole);
    arrow_node bad_item = arrow_numbers("item", "g", 4, NULL, halves);
    arrow_node chunk = arrow_table(4, &user, &time, &item, NULL);
    arrow_node other = arrow_table(4, &bad_user, &time, &bad_item, NULL);
    arrow_producer p = {.chunks = {&chunk, &other}, .n_chunks = 2};
    pmkt_arrow_columns c = arrow_columns(NULL);
    c.item = "item";
    pmkt_error err = {0};
    ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 5); /* the first, though its column is the later */
    ck_assert_int_eq(err.where_kind, PMKT_WHERE_ROW);
    ck_assert_ptr_nonnull(strstr(err.message, "\"item\""));
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, &err), PMKT_OK);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 5);
    ck_assert_int_eq(p.streams_released, p.streams_given); /* at once */
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, &err), PMKT_OK);
    ck_assert_ptr_null(b);
    pmkt_arrow_events_free(reader);
    c.on_bad = PMKT_ON_BAD_SKIP;
    reader = arrow_open(&p, &c);
    ck_assert_int_eq(pmkt_arrow_events_all(reader, NULL, &b, &err), PMKT_OK);
    const uint8_t want[8] = {0, 0, 0, 0, 0, 1 + PMKT_BAD_ID, 1 + PMKT_BAD_ID, 0};
    ck_assert_mem_eq(b->reject, want, sizeof want);
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_events_check(b, &report, &err), PMKT_OK);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_ID], 2);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

/* --------------------------------------------------------------------------------- reject */

START_TEST(who_takes_a_batch_heeds_its_reject_column) {
    enum {
        ROWS = 70000
    }; /* enough for a state to take it in slices */
    batch b = {0};
    for (int64_t i = 0; i < ROWS; i++) batch_order(&b, (uint64_t)(i % 900 + 1), ARROW_T, 0, 100);
    uint8_t *reject = calloc(ROWS, 1);
    reject[3] = 1 + PMKT_BAD_VALUE;
    reject[ROWS - 1] = 1 + PMKT_BAD_ID;
    reject[5] = 255; /* no reason that there is */
    const int32_t modes[] = {PMKT_RFM_HISTORY, PMKT_RFM_SUMMARY};
    const int64_t sizes[] = {10, ROWS};
    for (int mode = 0; mode < 2; mode++) {
        for (int size = 0; size < 2; size++) {
            pmkt_events e = batch_events(&b);
            e.rows = sizes[size];
            e.reject = reject;
            pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
            o.mode = modes[mode];
            pmkt_rfm *rfm = rfm_with(&o);
            pmkt_error err = {0};
            pmkt_report report = PMKT_REPORT_INIT, checked = PMKT_REPORT_INIT;
            ck_assert_int_eq(pmkt_rfm_add(rfm, &e, NULL, &report, &err), PMKT_E_BAD_ROW);
            ck_assert_int_eq(err.where, 3);
            e.on_bad = PMKT_ON_BAD_SKIP;
            ck_assert_ok(pmkt_rfm_add(rfm, &e, NULL, &report, &err), err);
            ck_assert_int_eq(report.by_reason[PMKT_BAD_VALUE], 2);
            ck_assert_int_eq(report.by_reason[PMKT_BAD_ID], size);
            ck_assert_int_eq(report.accepted, sizes[size] - 2 - size);
            ck_assert_int_eq(rfm_stats(rfm).rows_accepted, report.accepted);
            ck_assert_int_eq(pmkt_events_check(&e, &checked, NULL), PMKT_OK);
            ck_assert_int_eq(checked.rejected, report.rejected);
            pmkt_rfm_free(rfm);
        }
    }
    free(reject);
    batch_clear(&b);
}
END_TEST

/* ---------------------------------------------------------------------------------- calls */

START_TEST(a_malformed_call_releases_the_stream_all_the_same) {
    arrow_node user = arrow_numbers("user", "L", 4, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node half = arrow_numbers("half", "e", 4, NULL, arrow_times);
    arrow_node ree = {.name = "ree", .format = "+r", .length = 4};
    arrow_node wide_money = arrow_numbers("wide", "d:50,2,256", 4, NULL, arrow_times);
    arrow_node twice = arrow_numbers("time2", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node again = arrow_numbers("time2", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node chunk = arrow_table(4, &user, &time, &half, &ree, &wide_money, &twice, &again, NULL);
    const char *bad_extra[] = {"", NULL}, *same[] = {"user", "user"}, *halves[] = {"half"};
    const pmkt_zone bad_zone = {sizeof bad_zone, 9999, NULL, 0};
    pmkt_arrow_columns bad[27];
    for (size_t i = 0; i < 27; i++) bad[i] = arrow_columns(NULL);
    bad[0].user = NULL;
    bad[1].time = NULL;
    bad[2].every_kind = 0;
    bad[3].every_kind = 200;
    bad[4].kind = "user"; /* and every_kind */
    bad[5].amount = bad[5].price = "user";
    bad[6].amount_minor = bad[6].amount = "user";
    bad[7].decimals = 7;
    bad[8].decimals = -2;
    bad[9].time_unit = 4;
    bad[10].on_bad = 2;
    bad[11].n_extra = -1;
    bad[12].n_extra = 1025;
    bad[13].n_extra = 1;
    bad[14].n_extra = 1, bad[14].extra = bad_extra;
    bad[15].n_extra = 2, bad[15].extra = same;
    bad[16].n_kinds = 1;
    bad[17].reserved = 1;
    memcpy(bad[18].currency, "cny", 3);
    bad[19].zone = &bad_zone;
    bad[20].user = "nobody";
    bad[21].time = "time2";
    bad[22].amount = "half";
    bad[23].item = "ree";
    bad[24].amount = "wide";
    bad[25].struct_size = 3;
    bad[26].n_extra = 1, bad[26].extra = halves;
    for (size_t i = 0; i < 27; i++) {
        arrow_producer p = arrow_one(&chunk);
        pmkt_error err = {0};
        ck_assert_msg(arrow_try(&p, &bad[i], &err) == PMKT_E_INVALID, "case %zu", i);
        ck_assert_int_gt((int)strlen(err.message), 10);
        ck_assert_int_eq(p.streams_given, 1);
    }
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_arrow_events *reader = NULL;
    struct ArrowArrayStream stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_events_open(&stream, NULL, NULL, &reader, NULL), PMKT_E_INVALID);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_events_open(&stream, &c, NULL, NULL, NULL), PMKT_E_INVALID);
    const pmkt_allocator none = {NULL, NULL};
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_events_open(&stream, &c, &none, &reader, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_arrow_events_open(&stream, &c, NULL, &reader, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_arrow_events_open(NULL, &c, NULL, &reader, NULL), PMKT_E_INVALID);
    stream = arrow_stream(&p);
    stream.get_next = NULL;
    ck_assert_int_eq(pmkt_arrow_events_open(&stream, &c, NULL, &reader, NULL), PMKT_E_INVALID);
    ck_assert_ptr_null(reader);
    arrow_check_released(&p);
    const pmkt_events *b = NULL;
    ck_assert_int_eq(pmkt_arrow_events_next(NULL, NULL, &b, NULL), PMKT_E_INVALID);
    reader = arrow_open(&p, &c);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, NULL, NULL), PMKT_E_INVALID);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = -1;
    ck_assert_int_eq(pmkt_arrow_events_next(reader, &run, &b, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_int_eq(b->rows, 4); /* a malformed call took nothing */
    pmkt_arrow_events_free(reader);
    pmkt_arrow_events_free(NULL);
    arrow_check_released(&p);
}
END_TEST

START_TEST(a_stream_that_fails_is_quoted) {
    arrow_node user = arrow_numbers("user", "L", 4, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node chunk = arrow_table(4, &user, &time, NULL);
    const pmkt_arrow_columns c = arrow_columns(NULL);
    for (int at = 1; at <= 3; at++) {
        arrow_producer p = {.chunks = {&chunk, &chunk}, .n_chunks = 2, .next_fails_at = at};
        pmkt_error err = {0};
        ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_IO);
        ck_assert_int_eq(err.sys_errno, 5);
        ck_assert_ptr_nonnull(strstr(err.message, "the cable came loose"));
    }
    arrow_producer p = arrow_one(&chunk);
    pmkt_error err = {0};
    p.schema_fails = true;
    ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_IO);
    p = arrow_one(&chunk);
    p.schema_is_released = true;
    ck_assert_int_eq(arrow_try(&p, &c, &err), PMKT_E_INVALID);
}
END_TEST

static int say_stop(void *ctx, double done, const char *stage) {
    (void)done;
    (void)stage;
    (*(int *)ctx)++;
    return 1;
}

START_TEST(a_canceled_call_ends_the_stream) {
    arrow_node user = arrow_numbers("user", "L", 4, NULL, arrow_users);
    arrow_node time = arrow_numbers("time", "tsm:UTC", 4, NULL, arrow_times);
    arrow_node chunk = arrow_table(4, &user, &time, NULL);
    arrow_producer p = arrow_one(&chunk);
    const pmkt_arrow_columns c = arrow_columns(NULL);
    pmkt_arrow_events *reader = arrow_open(&p, &c);
    const pmkt_events *b = NULL;
    int asked = 0;
    pmkt_run run = PMKT_RUN_INIT;
    run.progress = (pmkt_progress){say_stop, &asked};
    ck_assert_int_eq(pmkt_arrow_events_all(reader, &run, &b, NULL), PMKT_E_CANCELED);
    ck_assert_int_gt(asked, 0);
    ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &b, NULL), PMKT_OK);
    ck_assert_ptr_null(b);
    pmkt_arrow_events_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(the_answer_is_the_same_with_any_number_of_threads) {
    enum {
        ROWS = 200000
    };
    double *value = malloc(ROWS * sizeof *value);
    int64_t *when = malloc(ROWS * sizeof *when);
    for (int64_t i = 0; i < ROWS; i++) {
        value[i] = i % 1000 == 7 ? 0.5 : (double)(i % 777 + 1);
        when[i] = ARROW_T * 1000 + i;
    }
    arrow_node user = arrow_numbers("user", "g", ROWS, NULL, value);
    arrow_node time = arrow_numbers("time", "tsu:UTC", ROWS, NULL, when);
    arrow_node chunk = arrow_table(ROWS, &user, &time, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_columns c = arrow_columns("user");
    c.on_bad = PMKT_ON_BAD_SKIP;
    const pmkt_events *b[2];
    pmkt_arrow_events *reader[2];
    for (int i = 0; i < 2; i++) {
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = i ? 4 : 1;
        reader[i] = arrow_open(&p, &c);
        ck_assert_int_eq(pmkt_arrow_events_all(reader[i], &run, &b[i], NULL), PMKT_OK);
    }
    ck_assert_mem_eq(b[0]->user, b[1]->user, ROWS * sizeof(uint64_t));
    ck_assert_mem_eq(b[0]->time, b[1]->time, ROWS * sizeof(int64_t));
    ck_assert_mem_eq(b[0]->amount, b[1]->amount, ROWS * sizeof(int64_t));
    ck_assert_mem_eq(b[0]->reject, b[1]->reject, ROWS);
    ck_assert_int_eq(b[0]->reject[7], 1 + PMKT_BAD_ID);
    for (int i = 0; i < 2; i++) pmkt_arrow_events_free(reader[i]);
    arrow_check_released(&p);
    free(value);
    free(when);
}
END_TEST

typedef struct watcher {
    double last;
    int64_t calls;
} watcher;

static int watch(void *ctx, double done, const char *stage) {
    watcher *w = ctx;
    if (done < w->last || done > 1) ck_abort_msg("%s: from %f to %f", stage, w->last, done);
    w->last = done;
    w->calls++;
    return 0;
}

START_TEST(progress_rises_once_whatever_is_remembered) {
    const int64_t n = 40000; /* enough for threads */
    strings s = {0};
    strings_numbered(&s, 0, n);
    int64_t *when = malloc((size_t)n * sizeof *when);
    for (int64_t i = 0; i < n; i++) when[i] = ARROW_T + i;
    arrow_node user = arrow_texts("user", "U", n, NULL, s.offsets, s.bytes);
    arrow_node time = arrow_numbers("time", "tsm:UTC", n, NULL, when);
    arrow_node chunk = arrow_table(n, &user, &time, NULL);
    for (int names = 0; names < 2; names++) {
        arrow_producer p = arrow_one(&chunk);
        p.chunks[p.n_chunks++] = &chunk;
        pmkt_arrow_columns c = arrow_columns(NULL);
        c.item = "user";
        if (names) ck_assert_int_eq(pmkt_ids_new(NULL, &c.users, NULL), PMKT_OK);
        c.names = c.users;
        watcher w = {0, 0};
        pmkt_run run = PMKT_RUN_INIT;
        run.threads = 2;
        run.progress = (pmkt_progress){watch, &w};
        pmkt_arrow_events *reader = arrow_open(&p, &c);
        const pmkt_events *b = NULL;
        ck_assert_int_eq(pmkt_arrow_events_all(reader, &run, &b, NULL), PMKT_OK);
        ck_assert_int_gt(w.calls, 2);
        ck_assert(w.last == 1);
        pmkt_arrow_events_free(reader);
        pmkt_ids_free(c.users);
        arrow_check_released(&p);
    }
    strings_free(&s);
    free(when);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arrow events");
    TOPIC(suite, "in place", columns_that_match_stay_where_they_are,
          values_that_mean_null_to_us_are_bad_where_they_are_valid,
          memory_that_is_not_aligned_is_read_all_the_same);
    TOPIC(suite, "nulls", nulls_of_columns_and_of_rows_are_nulls, an_empty_column_needs_no_buffers,
          a_column_of_nothing_but_nulls_may_stand_anywhere);
    TOPIC(suite, "texts", texts_of_every_form_have_the_same_ids,
          a_dictionary_remembers_the_texts_that_occur, a_collision_names_its_row);
    TOPIC(suite, "extra", extra_columns_keep_their_kind);
    TOPIC(suite, "chunks", chunks_come_one_by_one_or_together,
          a_bad_row_is_named_as_counted_from_the_first_of_the_stream,
          who_takes_a_batch_heeds_its_reject_column);
    TOPIC(suite, "calls", a_malformed_call_releases_the_stream_all_the_same,
          a_stream_that_fails_is_quoted, a_canceled_call_ends_the_stream,
          the_answer_is_the_same_with_any_number_of_threads,
          progress_rises_once_whatever_is_remembered);
    return suite_run(suite);
}
