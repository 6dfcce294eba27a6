/*
 * Batches of items: what makes a row bad, and how they come out of Arrow streams.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/loop.h"
#include "support/suite.h"

START_TEST(each_fault_is_counted_under_its_reason) {
    const uint64_t item[] = {1, 0, 2, 3, 4, 5, 1, 6, 7, 8, 8};
    const int64_t price[] = {0, 1, -1, PMKT_AMOUNT_MAX + 1, 5, 5, 5, PMKT_AMOUNT_NULL, 5, -1, 5};
    const int64_t stock[] = {0, 1, 1, 1, -1, 1, 1, INT64_MIN, 1, 1, 1};
    float vector[22];
    for (int i = 0; i < 22; i++) vector[i] = 1.0F;
    vector[2 * 5 + 1] = INFINITY;
    vector[2 * 7] = NAN; /* missing, whatever follows */
    vector[2 * 7 + 1] = INFINITY;
    uint8_t reject[11] = {0};
    reject[8] = 1 + PMKT_BAD_ID;
    pmkt_items items = PMKT_ITEMS_INIT;
    items.on_bad = PMKT_ON_BAD_SKIP;
    items.rows = 11;
    items.item = item;
    items.price = price;
    items.stock = stock;
    items.vector = vector;
    items.dimensions = 2;
    items.reject = reject;
    uint8_t bits[2];
    pmkt_report report = PMKT_REPORT_INIT;
    report.rejected_bits = bits;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_items_check(&items, &report, &err), err);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_ITEM], 1);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_PRICE], 3);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_STOCK], 1);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_VECTOR], 1);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_DUPLICATE], 1); /* not row 10: row 9 was bad */
    ck_assert_int_eq(report.by_reason[PMKT_BAD_ID], 1);
    ck_assert_int_eq(report.accepted, 3);
    ck_assert_int_eq(report.rejected, 8);
    ck_assert_int_eq(report.first_bad, 1);
    ck_assert_int_eq(bits[0], 0x7E);
    ck_assert_int_eq(bits[1], 0x03);
    items.on_bad = PMKT_ON_BAD_FAIL;
    ck_assert_int_eq(pmkt_items_check(&items, &report, &err), PMKT_E_BAD_ROW);
    ck_assert_int_eq(err.where, 1);
    ck_assert_ptr_nonnull(strstr(err.message, pmkt_bad_reason(PMKT_BAD_ITEM)));
    ck_assert_int_eq(report.accepted, 0);
}
END_TEST

START_TEST(every_repeat_is_found) {
    const int64_t rows = scaled(200000, 5000);
    uint64_t *item = malloc((size_t)rows * sizeof *item);
    int64_t repeats = 0;
    uint8_t *seen = calloc((size_t)rows, 1);
    random_seed(9);
    for (int64_t i = 0; i < rows; i++) {
        const int64_t n = random_below(rows);
        repeats += seen[n];
        seen[n] = 1;
        item[i] = (uint64_t)n << 40 | 1; /* alike in their low bits */
    }
    pmkt_items items = PMKT_ITEMS_INIT;
    items.on_bad = PMKT_ON_BAD_SKIP;
    items.rows = rows;
    items.item = item;
    pmkt_report report = PMKT_REPORT_INIT;
    ck_assert_int_eq(pmkt_items_check(&items, &report, NULL), PMKT_OK);
    ck_assert_int_eq(report.by_reason[PMKT_BAD_DUPLICATE], repeats);
    ck_assert_int_eq(report.accepted, rows - repeats);
    free(item);
    free(seen);
}
END_TEST

START_TEST(malformed_batches_are_refused) {
    const uint64_t item[1] = {1};
    const float vector[1] = {1};
    const pmkt_column nameless = {"", item, PMKT_TYPE_UINT64, 0};
    pmkt_items bad[14];
    for (int i = 0; i < 14; i++) {
        pmkt_items_init(&bad[i]);
        bad[i].rows = 1;
        bad[i].item = item;
    }
    bad[0].struct_size = 1;
    bad[1].on_bad = 2;
    bad[2].rows = -1;
    bad[3].item = NULL;
    bad[4].dimensions = 1;
    bad[5].vector = vector;
    bad[6].vector = vector, bad[6].dimensions = 65537;
    bad[7].vector = vector, bad[7].dimensions = -1;
    bad[8].n_extra = 1;
    bad[9].n_extra = 1, bad[9].extra = &nameless;
    bad[10].currency_exponent = 2;
    memcpy(bad[11].currency, "XX", 2);
    bad[12].reserved = 1;
    bad[13].rows = INT64_MAX;
    for (int i = 0; i < 14; i++) {
        ck_assert_msg(pmkt_items_check(&bad[i], NULL, NULL) == PMKT_E_INVALID, "case %d", i);
    }
    ck_assert_int_eq(pmkt_items_check(NULL, NULL, NULL), PMKT_E_INVALID);
    pmkt_items none = PMKT_ITEMS_INIT;
    ck_assert_int_eq(pmkt_items_check(&none, NULL, NULL), PMKT_OK);
}
END_TEST

/* ---------------------------------------------------------------------------------- arrow */

static const uint64_t ids[4] = {1, 2, 3, 4};

/* Reads items with a vector column, all at once. */
static pmkt_arrow_items *read_vectors(arrow_producer *p, const pmkt_items **batch) {
    struct ArrowArrayStream stream = arrow_stream(p);
    pmkt_arrow_item_columns c = PMKT_ARROW_ITEM_COLUMNS_INIT;
    c.on_bad = PMKT_ON_BAD_SKIP;
    c.item = "item";
    c.vector = "v";
    pmkt_arrow_items *reader = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_items_open(&stream, &c, NULL, &reader, &err), err);
    ck_assert_ok(pmkt_arrow_items_all(reader, NULL, batch, &err), err);
    return reader;
}

START_TEST(columns_come_out_of_a_stream) {
    static const float price[4] = {1.5F, 0.125F, NAN, 3.0F};
    static const int32_t stock[4] = {5, 0, -1, 7};
    static const uint8_t valid[] = {0x0B};
    arrow_node item = arrow_numbers("item", "L", 4, NULL, ids);
    arrow_node p = arrow_numbers("p", "f", 4, NULL, price);
    arrow_node s = arrow_numbers("s", "i", 4, valid, stock);
    arrow_node chunk = arrow_table(4, &item, &p, &s, NULL);
    arrow_producer producer = arrow_one(&chunk);
    struct ArrowArrayStream stream = arrow_stream(&producer);
    pmkt_arrow_item_columns c = PMKT_ARROW_ITEM_COLUMNS_INIT;
    const char *extra[] = {"s"};
    c.item = "item";
    c.category = c.brand = "item";
    c.price = "p";
    c.stock = "s";
    c.extra = extra;
    c.n_extra = 1;
    memcpy(c.currency, "EUR", 3);
    pmkt_arrow_items *reader = NULL;
    const pmkt_items *b = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_arrow_items_open(&stream, &c, NULL, &reader, &err), err);
    ck_assert_ok(pmkt_arrow_items_next(reader, NULL, &b, &err), err);
    ck_assert_ptr_eq(b->item, ids);
    ck_assert_ptr_eq(b->brand, ids);
    const int64_t prices[4] = {150, 13, PMKT_AMOUNT_NULL, 300}, stocks[4] = {5, 0, INT64_MIN, 7};
    ck_assert_mem_eq(b->price, prices, sizeof prices);
    ck_assert_mem_eq(b->stock, stocks, sizeof stocks);
    ck_assert_mem_eq(b->extra[0].data, stocks, sizeof stocks);
    ck_assert_str_eq(b->currency, "EUR");
    ck_assert_int_eq(b->currency_exponent, 2);
    ck_assert_ok(pmkt_items_check(b, NULL, &err), err);
    ck_assert_ok(pmkt_arrow_items_next(reader, NULL, &b, &err), err);
    ck_assert_ptr_null(b);
    pmkt_arrow_items_free(reader);
    arrow_check_released(&producer);
}
END_TEST

START_TEST(vectors_of_float_stay_where_they_are) {
    static const float numbers[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    arrow_node item = arrow_numbers("item", "L", 3, NULL, ids);
    arrow_node entry = arrow_numbers("item", "f", 8, NULL, numbers);
    entry.offset = 2;
    arrow_node v = {.name = "v",
                    .format = "+w:2",
                    .length = 3,
                    .offset = 1,
                    .n_buffers = 1,
                    .children = {&entry},
                    .n_children = 1};
    arrow_node chunk = arrow_table(3, &item, &v, NULL);
    arrow_producer p = arrow_one(&chunk);
    const pmkt_items *b = NULL;
    pmkt_arrow_items *reader = read_vectors(&p, &b);
    ck_assert_int_eq(b->dimensions, 2);
    ck_assert_ptr_eq(b->vector, numbers + 4);
    pmkt_arrow_items_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(lists_of_one_length_are_vectors_and_others_are_bad) {
    static const double numbers[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const int64_t offsets[5] = {1, 1, 3, 6, 8};
    static const uint8_t valid[] = {0x0E}, entries[] = {0xBF, 0x01}; /* entry 6 is null */
    arrow_node item = arrow_numbers("item", "L", 4, NULL, ids);
    arrow_node entry = arrow_numbers("item", "g", 9, entries, numbers);
    arrow_node v = arrow_numbers("v", "+L", 4, valid, offsets);
    v.children[0] = &entry;
    v.n_children = 1;
    arrow_node chunk = arrow_table(4, &item, &v, NULL);
    arrow_producer p = {.chunks = {&chunk, &chunk}, .n_chunks = 2};
    const pmkt_items *b = NULL;
    pmkt_arrow_items *reader = read_vectors(&p, &b);
    ck_assert_int_eq(b->rows, 8);
    ck_assert_int_eq(b->dimensions, 2);
    for (int row = 0; row < 8; row += 4) {
        ck_assert(isnan(b->vector[2 * row])); /* null: missing, and not bad */
        ck_assert_int_eq(b->reject[row], 0);
        ck_assert(b->vector[2 * row + 2] == 1.0F && b->vector[2 * row + 3] == 2.0F);
        ck_assert_int_eq(b->reject[row + 2], 1 + PMKT_BAD_VECTOR); /* three numbers */
        ck_assert_int_eq(b->reject[row + 3], 1 + PMKT_BAD_VECTOR); /* a gap */
    }
    pmkt_arrow_items_free(reader);
    arrow_check_released(&p);
}
END_TEST

START_TEST(malformed_calls_release_the_stream) {
    arrow_node item = arrow_numbers("item", "L", 4, NULL, ids);
    arrow_node v = {.name = "v",
                    .format = "+w:0",
                    .length = 4,
                    .n_buffers = 1,
                    .children = {&item},
                    .n_children = 1};
    arrow_node chunk = arrow_table(4, &item, &v, NULL);
    arrow_producer p = arrow_one(&chunk);
    pmkt_arrow_item_columns bad[8];
    for (int i = 0; i < 8; i++) {
        pmkt_arrow_item_columns_init(&bad[i]);
        bad[i].item = "item";
    }
    bad[0].item = NULL;
    bad[1].price = bad[1].price_minor = "item";
    bad[2].vector = "v";
    bad[3].vector = "item";
    bad[4].decimals = 9;
    bad[5].reserved = 1;
    bad[6].on_bad = -1;
    bad[7].stock = "v";
    pmkt_arrow_items *reader = NULL;
    for (int i = 0; i < 8; i++) {
        struct ArrowArrayStream stream = arrow_stream(&p);
        ck_assert_msg(
            pmkt_arrow_items_open(&stream, &bad[i], NULL, &reader, NULL) == PMKT_E_INVALID,
            "case %d", i);
        arrow_check_released(&p);
    }
    ck_assert_ptr_null(reader);
    pmkt_arrow_items_free(NULL);
}
END_TEST

/* ------------------------------------------------------------------------------------ ids */

START_TEST(the_ids_of_one_column) {
    arrow_node column = arrow_numbers("a", "L", 4, NULL, ids);
    arrow_node chunk = arrow_table(4, &column, NULL);
    uint64_t id[8] = {0};
    int64_t n = 0;
    arrow_producer p = {.chunks = {&column, &column}, .n_chunks = 2};
    struct ArrowArrayStream stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, id, 8, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 8);
    ck_assert_mem_eq(id + 4, ids, sizeof ids);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, "a", NULL, NULL, id, 8, &n, NULL), PMKT_OK);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, "b", NULL, NULL, id, 8, &n, NULL), PMKT_E_INVALID);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, NULL, 0, &n, NULL), PMKT_E_LIMIT);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, NULL, 8, &n, NULL), PMKT_E_INVALID);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, id, -1, &n, NULL), PMKT_E_INVALID);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, id, 8, NULL, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_arrow_ids(NULL, NULL, NULL, NULL, id, 8, &n, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(n, 8);
    arrow_check_released(&p);
    p = arrow_one(&chunk);
    stream = arrow_stream(&p);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, id, 8, &n, NULL), PMKT_OK);
    ck_assert_int_eq(n, 4);
    arrow_check_released(&p);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("items");
    TOPIC(suite, "check", each_fault_is_counted_under_its_reason, every_repeat_is_found,
          malformed_batches_are_refused);
    TOPIC(suite, "arrow", columns_come_out_of_a_stream, vectors_of_float_stay_where_they_are,
          lists_of_one_length_are_vectors_and_others_are_bad, malformed_calls_release_the_stream,
          the_ids_of_one_column);
    return suite_run(suite);
}
