/*
 * Scores out as an Arrow stream: what is in it, and that it outlives the scores, in any order.
 */
#include <string.h>

#include "pmkt.h"
#include "support/batch.h"
#include "support/faulty.h"
#include "support/rfm.h"
#include "support/suite.h"

#define AS_OF date(2024, 6, 1)

/* A buyer, a buyer who is gone, and a prospect. */
static pmkt_rfm_scores *some_scores(const pmkt_allocator *allocator, int32_t mode) {
    pmkt_rfm_options o = PMKT_RFM_OPTIONS_INIT;
    o.allocator = allocator;
    o.mode = mode;
    pmkt_rfm *rfm = rfm_with(&o);
    rfm_add_buyer(rfm, pmkt_id_of_bytes("ann", 3), AS_OF, 5, 60, 3, 60000);
    rfm_add_buyer(rfm, pmkt_id_of_bytes("bob", 3), AS_OF, 500, 0, 1, 99);
    rfm_add_event(rfm, pmkt_id_of_bytes("eve", 3), AS_OF - 9 * DAY, PMKT_KIND_VIEW);
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    pmkt_rfm_free(rfm);
    return scores;
}

typedef struct table {
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
} table;

static void take(table *t, const pmkt_rfm_scores *scores, const pmkt_arrow_options *o) {
    pmkt_error err = {0};
    ck_assert_ok(pmkt_rfm_scores_arrow(scores, o, &t->stream, &err), err);
    ck_assert_int_eq(t->stream.get_schema(&t->stream, &t->schema), 0);
    ck_assert_int_eq(t->stream.get_next(&t->stream, &t->array), 0);
    struct ArrowArray end;
    memset(&end, 0x5A, sizeof end);
    ck_assert_int_eq(t->stream.get_next(&t->stream, &end), 0);
    ck_assert(!end.release);
    ck_assert_ptr_null(t->stream.get_last_error(&t->stream));
    ck_assert_int_eq(t->schema.n_children, t->array.n_children);
    ck_assert_str_eq(t->schema.format, "+s");
}

static void drop(table *t) {
    if (t->stream.release) t->stream.release(&t->stream);
    if (t->schema.release) t->schema.release(&t->schema);
    if (t->array.release) t->array.release(&t->array);
    ck_assert(!t->stream.release && !t->schema.release && !t->array.release);
}

static int64_t child_of(const table *t, const char *name, const char *format) {
    for (int64_t i = 0; i < t->schema.n_children; i++) {
        if (strcmp(t->schema.children[i]->name, name) != 0) continue;
        ck_assert_str_eq(t->schema.children[i]->format, format);
        return i;
    }
    ck_abort_msg("there is no column %s", name);
    return -1;
}

static const void *values_of(const table *t, const char *name, const char *format) {
    return t->array.children[child_of(t, name, format)]->buffers[1];
}

START_TEST(raw_columns_are_the_memory_of_the_scores) {
    pmkt_rfm_scores *scores = some_scores(NULL, PMKT_RFM_HISTORY);
    const pmkt_rfm_columns c = columns_of(scores);
    pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
    o.raw = 1;
    table t;
    take(&t, scores, &o);
    const struct {
        const char *name, *format;
        const void *data;
    } want[] = {{"user", "L", c.user},
                {"recency_days", "i", c.recency_days},
                {"orders", "l", c.orders},
                {"orders_per_month", "g", c.orders_per_month},
                {"average_order", "l", c.average_order},
                {"revenue", "l", c.revenue},
                {"tenure_days", "i", c.tenure_days},
                {"r", "C", c.r},
                {"f", "C", c.f},
                {"m", "C", c.m},
                {"segment", "C", c.segment},
                {"activity", "C", c.activity},
                {"lifecycle", "C", c.lifecycle},
                {"brand_stage", "C", c.brand_stage},
                {"tier", "C", c.tier},
                {"flags", "C", c.flags},
                {"tier_spend", "l", c.tier_spend},
                {"to_next_tier", "l", c.to_next_tier}};
    ck_assert_int_eq(t.schema.n_children, LENGTH(want));
    for (int64_t i = 0; i < LENGTH(want); i++) {
        ck_assert_str_eq(t.schema.children[i]->name, want[i].name);
        ck_assert_ptr_eq(values_of(&t, want[i].name, want[i].format), want[i].data);
        ck_assert_int_eq(t.array.children[i]->length, 3);
    }
    drop(&t);
    pmkt_rfm_scores_free(scores);
}
END_TEST

START_TEST(cooked_columns_say_the_same_as_names_decimals_and_flags) {
    const int32_t modes[] = {PMKT_RFM_HISTORY, PMKT_RFM_SUMMARY};
    const char *const names[] = {"segment", "activity", "lifecycle", "brand_stage", "tier"};
    const int32_t by[] = {PMKT_RFM_BY_SEGMENT, PMKT_RFM_BY_ACTIVITY, PMKT_RFM_BY_LIFECYCLE,
                          PMKT_RFM_BY_BRAND_STAGE, PMKT_RFM_BY_TIER};
    for (int mode = 0; mode < 2; mode++) {
        pmkt_rfm_scores *scores = some_scores(NULL, modes[mode]);
        const pmkt_rfm_columns c = columns_of(scores);
        const uint8_t *codes[] = {c.segment, c.activity, c.lifecycle, c.brand_stage, c.tier};
        table t;
        take(&t, scores, NULL);
        for (int64_t n = 0; n < LENGTH(names); n++) {
            const struct ArrowArray *a = t.array.children[child_of(&t, names[n], "C")];
            ck_assert_str_eq(t.schema.children[child_of(&t, names[n], "C")]->dictionary->format,
                             "u");
            const int32_t *offsets = a->dictionary->buffers[1];
            const char *bytes = a->dictionary->buffers[2];
            for (int64_t i = 0; i < 3; i++) {
                const uint8_t code = ((const uint8_t *)a->buffers[1])[i];
                int32_t mine = codes[n][i];
                if (by[n] == PMKT_RFM_BY_TIER && mine == PMKT_RFM_TIER_UNKNOWN) mine = 2;
                const char *name = pmkt_rfm_scores_name(scores, by[n], mine);
                ck_assert_int_lt(code, a->dictionary->length);
                ck_assert_int_eq(offsets[code + 1] - offsets[code], (int64_t)strlen(name));
                ck_assert_mem_eq(bytes + offsets[code], name, strlen(name));
            }
        }
        const int64_t *revenue = values_of(&t, "revenue", "d:19,2");
        const uint8_t *prospect = values_of(&t, "prospect", "b");
        const struct ArrowArray *recency = t.array.children[child_of(&t, "recency_days", "i")];
        ck_assert_int_eq(recency->null_count, 1);
        for (int64_t i = 0; i < 3; i++) {
            const bool is_known = *(const uint8_t *)recency->buffers[0] >> i & 1;
            ck_assert_int_eq(revenue[2 * i], c.revenue[i]);
            ck_assert_int_eq(revenue[2 * i + 1], c.revenue[i] < 0 ? -1 : 0);
            ck_assert_int_eq(*prospect >> i & 1, c.flags[i] & PMKT_RFM_FLAG_PROSPECT);
            ck_assert_int_eq(is_known, c.recency_days[i] >= 0);
        }
        drop(&t);
        pmkt_rfm_scores_free(scores);
    }
}
END_TEST

START_TEST(users_are_texts_where_a_dictionary_knows_them) {
    pmkt_rfm_scores *scores = some_scores(NULL, PMKT_RFM_HISTORY);
    pmkt_ids *ids = NULL;
    const int64_t offsets[] = {0, 3, 6};
    ck_assert_int_eq(pmkt_ids_new(NULL, &ids, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_ids_encode(ids, "anneve", offsets, 2, NULL, NULL, NULL), PMKT_OK);
    pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
    o.ids = ids;
    table t;
    take(&t, scores, &o);
    const struct ArrowArray *user = t.array.children[child_of(&t, "user", "U")];
    const int64_t *end = user->buffers[1];
    const uint8_t *valid = user->buffers[0];
    ck_assert_int_eq(user->null_count, 1);
    for (int64_t i = 0; i < 3; i++) {
        const uint64_t id = columns_of(scores).user[i];
        size_t length = 0;
        const char *name = pmkt_ids_name(ids, id, &length);
        ck_assert_int_eq(*valid >> i & 1, name != NULL);
        ck_assert_uint_eq((size_t)(end[i + 1] - end[i]), length);
        if (name) ck_assert_mem_eq((const char *)user->buffers[2] + end[i], name, length);
    }
    pmkt_ids_free(ids); /* the texts are copies */
    drop(&t);
    pmkt_rfm_scores_free(scores);
}
END_TEST

START_TEST(users_whose_texts_are_no_utf8_are_binary) {
    const struct {
        const char *text;
        const char *format;
    } cases[] = {
        {"\x7f", "U"},
        {"\xc2\x80", "U"},
        {"\xef\xbf\xbf", "U"},
        {"\xf4\x8f\xbf\xbf", "U"},
        {"\x80", "Z"},
        {"\xc1\xbf", "Z"},         /* longer than need be */
        {"\xe0\x9f\xbf", "Z"},     /* likewise */
        {"\xf0\x8f\xbf\xbf", "Z"}, /* likewise */
        {"\xed\xa0\x80", "Z"},     /* a surrogate */
        {"\xf4\x90\x80\x80", "Z"}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", "Z"},
        {"\xe2\x82", "Z"}, /* cut short */
        {"\xc3(", "Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t offsets[] = {0, (int64_t)strlen(cases[i].text)};
        uint64_t id = 0;
        pmkt_ids *ids = NULL;
        ck_assert_int_eq(pmkt_ids_new(NULL, &ids, NULL), PMKT_OK);
        ck_assert_int_eq(pmkt_ids_encode(ids, cases[i].text, offsets, 1, NULL, &id, NULL), PMKT_OK);
        pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
        pmkt_rfm *rfm = rfm_with(&options);
        rfm_add_event(rfm, id, AS_OF - DAY, PMKT_KIND_VIEW);
        pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
        pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
        o.ids = ids;
        table t;
        take(&t, scores, &o);
        const struct ArrowArray *user = t.array.children[child_of(&t, "user", cases[i].format)];
        ck_assert_mem_eq(user->buffers[2], cases[i].text, strlen(cases[i].text));
        drop(&t);
        pmkt_ids_free(ids);
        pmkt_rfm_scores_free(scores);
        pmkt_rfm_free(rfm);
    }
}
END_TEST

/* Everything that was handed out, freed in each order, with children moved out by themselves. */
START_TEST(parts_live_as_long_as_they_are_held) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int order = 0; order < 6; order++) {
        for (int raw = 0; raw < 2; raw++) {
            faulty memory = {0};
            const pmkt_allocator allocator = faulty_allocator(&memory);
            pmkt_rfm_scores *scores = some_scores(&allocator, PMKT_RFM_HISTORY);
            const uint64_t first = columns_of(scores).user[0];
            pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
            o.raw = raw;
            table t;
            take(&t, scores, &o);
            const int64_t at = child_of(&t, "segment", "C");
            struct ArrowArray user = *t.array.children[0], segment = *t.array.children[at];
            struct ArrowSchema type = *t.schema.children[at];
            t.array.children[0]->release = NULL;
            t.array.children[at]->release = NULL;
            t.schema.children[at]->release = NULL;
            pmkt_rfm_scores_free(scores);
            for (int i = 0; i < 3; i++) {
                if (orders[order][i] == 0) t.stream.release(&t.stream);
                if (orders[order][i] == 1) t.schema.release(&t.schema);
                if (orders[order][i] == 2) t.array.release(&t.array);
            }
            ck_assert_uint_eq(((const uint64_t *)user.buffers[1])[0], first);
            ck_assert_str_eq(type.name, "segment");
            ck_assert_int_eq(segment.length, 3);
            if (!raw) ck_assert_int_eq(segment.dictionary->length, 9);
            user.release(&user);
            ck_assert_int_gt(memory.blocks, 0);
            type.release(&type);
            segment.release(&segment);
            ck_assert(!user.release && !type.release && !segment.release);
            faulty_check_empty(&memory);
        }
    }
}
END_TEST

START_TEST(a_stream_of_scores_can_be_read_by_this_library) {
    pmkt_rfm_scores *scores = some_scores(NULL, PMKT_RFM_HISTORY);
    struct ArrowArrayStream stream;
    uint64_t id[4] = {0};
    int64_t n = 0;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, NULL, &stream, NULL), PMKT_OK);
    ck_assert_ok(pmkt_arrow_ids(&stream, "user", NULL, NULL, id, 4, &n, &err), err);
    ck_assert_int_eq(n, 3);
    ck_assert_mem_eq(id, columns_of(scores).user, 3 * sizeof *id);
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, NULL, &stream, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, "user", NULL, NULL, id, 2, &n, &err), PMKT_E_LIMIT);
    ck_assert(!stream.release);
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, NULL, &stream, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, NULL, NULL, NULL, id, 4, &n, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, NULL, &stream, NULL), PMKT_OK);
    ck_assert_int_eq(pmkt_arrow_ids(&stream, "segment", NULL, NULL, id, 4, &n, &err), PMKT_OK);
    ck_assert_int_eq(n, 3);
    pmkt_rfm_scores_free(scores);
}
END_TEST

START_TEST(malformed_calls_touch_nothing) {
    pmkt_rfm_scores *scores = some_scores(NULL, PMKT_RFM_HISTORY);
    struct ArrowArrayStream stream = {0};
    pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
    ck_assert_int_eq(pmkt_rfm_scores_arrow(NULL, &o, &stream, NULL), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, &o, NULL, NULL), PMKT_E_INVALID);
    o.raw = 2;
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, &o, &stream, NULL), PMKT_E_INVALID);
    o.struct_size = 4;
    ck_assert_int_eq(pmkt_rfm_scores_arrow(scores, &o, &stream, NULL), PMKT_E_INVALID);
    ck_assert(!stream.release);
    pmkt_rfm_scores_free(scores);
}
END_TEST

START_TEST(no_customers_are_a_batch_without_rows) {
    pmkt_rfm *rfm = rfm_history();
    pmkt_rfm_scores *scores = rfm_score(rfm, AS_OF, NULL);
    table t;
    take(&t, scores, NULL);
    ck_assert_int_eq(t.array.length, 0);
    drop(&t);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arrow out");
    TOPIC(suite, "columns", raw_columns_are_the_memory_of_the_scores,
          cooked_columns_say_the_same_as_names_decimals_and_flags,
          users_are_texts_where_a_dictionary_knows_them, users_whose_texts_are_no_utf8_are_binary,
          no_customers_are_a_batch_without_rows);
    TOPIC(suite, "lives", parts_live_as_long_as_they_are_held,
          a_stream_of_scores_can_be_read_by_this_library, malformed_calls_touch_nothing);
    return suite_run(suite);
}
