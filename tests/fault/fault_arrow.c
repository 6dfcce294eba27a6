/*
 * Memory that runs out while streams are read and written, at every allocation: the call says so,
 * every struct is released once, and nothing leaks.
 */
#include <errno.h>
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/rfm.h"
#include "support/suite.h"

#define T INT64_C(1700000000000)

static const uint64_t ids[3] = {1, 2, 3};
static const int32_t codes[3] = {2, 0, 1}, offsets[4] = {0, 1, 2, 3}, list[4] = {0, 2, 4, 6};
static const int64_t micros[3] = {T * 1000, T * 1000, T * 1000};
static const uint8_t valid[1] = {0x05};
static const int64_t cents[6] = {1, 0, 2, 0, 3, 0};
static const double numbers[6] = {1, 2, 3, 4, 5, 6};

/* What a reader does with a stream of everything; false if memory ran out. */
static bool read_events(arrow_producer *p, const pmkt_allocator *allocator, pmkt_ids *names,
                        bool all) {
    static const pmkt_transition change = {0, 60, 0};
    const pmkt_zone zone = {sizeof zone, 0, &change, 1};
    const pmkt_kind_label labels[] = {
        {"a", 0, 1, 0}, {"b", 0, 2, 0}, {"c", 0, 3, 0}, {NULL, 5, 4, 0}};
    const char *extra[] = {"list", "money"};
    pmkt_arrow_columns c = PMKT_ARROW_COLUMNS_INIT;
    c.user = "coded";
    c.time = "time";
    c.kind = "text";
    c.kinds = labels;
    c.n_kinds = 4;
    c.item = "text";
    c.price = "money";
    c.quantity = "number";
    c.extra = extra + 1;
    c.n_extra = 1;
    c.zone = &zone;
    c.on_bad = PMKT_ON_BAD_SKIP;
    c.users = c.names = names;
    struct ArrowArrayStream stream = arrow_stream(p);
    pmkt_arrow_events *reader = NULL;
    const pmkt_events *got = NULL;
    pmkt_error err = {0};
    pmkt_status status = pmkt_arrow_events_open(&stream, &c, allocator, &reader, &err);
    ck_assert(!stream.release);
    while (!status) {
        status = all ? pmkt_arrow_events_all(reader, NULL, &got, &err)
                     : pmkt_arrow_events_next(reader, NULL, &got, &err);
        if (!status && (!got || got->rows == 0)) break;
    }
    ck_assert_msg(status == PMKT_OK || status == PMKT_E_NOMEM, "%s", err.message);
    if (status && reader) { /* at its end */
        ck_assert_int_eq(p->streams_released, p->streams_given);
        ck_assert_int_eq(pmkt_arrow_events_next(reader, NULL, &got, NULL), PMKT_OK);
        ck_assert_ptr_null(got);
    }
    pmkt_arrow_events_free(reader);
    arrow_check_released(p);
    return status == PMKT_OK;
}

static bool read_items(arrow_producer *p, const pmkt_allocator *allocator) {
    pmkt_arrow_item_columns c = PMKT_ARROW_ITEM_COLUMNS_INIT;
    c.item = "number";
    c.category = "coded";
    c.vector = "list";
    c.on_bad = PMKT_ON_BAD_SKIP;
    struct ArrowArrayStream stream = arrow_stream(p);
    pmkt_arrow_items *reader = NULL;
    const pmkt_items *got = NULL;
    pmkt_error err = {0};
    pmkt_status status = pmkt_arrow_items_open(&stream, &c, allocator, &reader, &err);
    if (!status) status = pmkt_arrow_items_all(reader, NULL, &got, &err);
    ck_assert_msg(status == PMKT_OK || status == PMKT_E_NOMEM, "%s", err.message);
    pmkt_arrow_items_free(reader);
    arrow_check_released(p);
    return status == PMKT_OK;
}

/* A dictionary, in the memory that fails, that has forgotten "a" after the stream and "b" before. */
static pmkt_ids *forgetful(const pmkt_allocator *allocator) {
    pmkt_ids_options options = PMKT_IDS_OPTIONS_INIT;
    options.allocator = allocator;
    pmkt_ids *names = NULL;
    const uint64_t a = pmkt_id_of_bytes("a", 1), b = pmkt_id_of_bytes("b", 1);
    ck_assert_int_eq(pmkt_ids_new(&options, &names, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_ids_forget(names, &a, 1, T + DAY, NULL, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_ids_forget(names, &b, 1, T - DAY, NULL, NULL), PMKT_OK);
    return names;
}

/* What a failure leaves: "a" is forgotten, and "b" either known or forgotten. */
static void check_forgetful(const pmkt_ids *names, bool done) {
    const bool b = pmkt_ids_name(names, pmkt_id_of_bytes("b", 1), NULL) != NULL;
    pmkt_ids_counters counters = PMKT_IDS_COUNTERS_INIT;
    ck_assert_int_eq(pmkt_ids_stats(names, &counters, NULL), PMKT_OK);
    ck_assert_ptr_null(pmkt_ids_name(names, pmkt_id_of_bytes("a", 1), NULL));
    ck_assert_int_eq(counters.forgotten, b ? 1 : 2);
    if (done) ck_assert(b);
}

START_TEST(every_allocation_of_a_reader_may_fail) {
    arrow_node words = arrow_texts("", "u", 3, NULL, offsets, "abc");
    arrow_node coded = arrow_coded("coded", "i", 3, valid, codes, &words);
    arrow_node time = arrow_numbers("time", "tsu:", 3, NULL, micros);
    arrow_node text = arrow_texts("text", "u", 3, valid, offsets, "abc");
    arrow_node money = arrow_numbers("money", "d:9,1", 3, NULL, cents);
    arrow_node number = arrow_numbers("number", "L", 3, valid, ids);
    arrow_node entries = arrow_numbers("item", "g", 6, NULL, numbers);
    arrow_node lists = arrow_numbers("list", "+l", 3, valid, list);
    lists.children[0] = &entries;
    lists.n_children = 1;
    arrow_node chunk = arrow_table(3, &coded, &time, &text, &money, &number, &lists, NULL);
    for (int way = 0; way < 7; way++) {
        for (int sticky = 0; sticky < 2; sticky++) {
            int64_t n = 1;
            for (bool done = false; !done; n++) {
                ck_assert_int_lt(n, 1000);
                /* Six chunks, so that the list of them grows. */
                arrow_producer p = {.chunks = {&chunk, &chunk, &chunk, &chunk, &chunk, &chunk},
                                    .n_chunks = 6};
                faulty memory = {0};
                const pmkt_allocator allocator = faulty_allocator(&memory);
                pmkt_ids *names = NULL;
                if (way > 4)
                    names = forgetful(&allocator);
                else if (way < 2)
                    ck_assert_int_eq(pmkt_ids_new(NULL, &names, NULL), PMKT_OK);
                faulty_arm(&memory, n, sticky);
                done = way == 4 ? read_items(&p, &allocator)
                                : read_events(&p, &allocator, names, way % 2);
                ck_assert_int_eq(done, memory.refused == 0);
                if (way > 4) check_forgetful(names, done);
                pmkt_ids_free(names);
                faulty_check_empty(&memory);
            }
            ck_assert_int_gt(n, 5);
        }
    }
}
END_TEST

/* Hands scores out and takes everything; the step that failed, or 0. */
static int write_scores(const pmkt_rfm_scores *scores, const pmkt_arrow_options *o,
                        faulty *memory) {
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    pmkt_error err = {0};
    const pmkt_status status = pmkt_rfm_scores_arrow(scores, o, &stream, &err);
    if (status) {
        ck_assert_int_eq(status, PMKT_E_NOMEM);
        ck_assert(!stream.release);
        return 1;
    }
    int failed = 0;
    int code = stream.get_schema(&stream, &schema);
    if (code) {
        failed = 2;
        ck_assert_int_eq(code, ENOMEM);
        ck_assert(!schema.release);
        ck_assert_ptr_nonnull(stream.get_last_error(&stream));
    }
    code = stream.get_next(&stream, &array);
    if (code) {
        failed = 3;
        ck_assert_int_eq(code, ENOMEM);
        ck_assert_ptr_nonnull(stream.get_last_error(&stream));
        faulty_disarm(memory); /* nothing was lost: the batch still comes */
        ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    }
    ck_assert_int_eq(array.length, 1);
    array.release(&array);
    if (schema.release) schema.release(&schema);
    stream.release(&stream);
    return failed;
}

START_TEST(every_allocation_of_a_writer_may_fail) {
    bool seen[4] = {false, false, false, false};
    faulty memory = {0};
    const pmkt_allocator allocator = faulty_allocator(&memory);
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.allocator = &allocator;
    pmkt_rfm *rfm = rfm_with(&options);
    rfm_add_event(rfm, 5, T, PMKT_KIND_VIEW);
    pmkt_rfm_scores *scores = rfm_score(rfm, T + DAY, NULL);
    pmkt_rfm_free(rfm);
    pmkt_ids *names = NULL;
    ck_assert_int_eq(pmkt_ids_new(NULL, &names, NULL), PMKT_OK);
    const int64_t blocks = memory.blocks;
    for (int way = 0; way < 4; way++) {
        pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
        o.raw = way % 2;
        o.ids = way < 2 ? names : NULL;
        for (int sticky = 0; sticky < 2; sticky++) {
            int failed = 1;
            for (int64_t n = 1; failed; n++) {
                faulty_arm(&memory, n, sticky);
                failed = write_scores(scores, &o, &memory);
                seen[failed] = true;
                ck_assert_int_eq(failed == 0, memory.refused == 0);
                ck_assert_int_eq(memory.blocks, blocks);
                faulty_check(&memory);
            }
        }
    }
    ck_assert(seen[0] && seen[1] && seen[2] && seen[3]);
    faulty_disarm(&memory);
    pmkt_ids_free(names);
    pmkt_rfm_scores_free(scores);
    faulty_check_empty(&memory);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arrow without memory");
    TOPIC(suite, "memory", every_allocation_of_a_reader_may_fail,
          every_allocation_of_a_writer_may_fail);
    return suite_run(suite);
}
