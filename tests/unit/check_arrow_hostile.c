/*
 * Arrow arrays that lie: every number and pointer of a table is made wrong, one at a time, and each
 * is refused before it is followed, with everything released once.
 */
#include <string.h>

#include "pmkt.h"
#include "support/arrow.h"
#include "support/random.h"
#include "support/suite.h"

#define T INT64_C(1700000000000)
#define ROWS 4

/* A table with a column of every layout. */
typedef struct world {
    arrow_node user, time, text, large, view, words, coded, items, list, entries, fixed, table;
    int32_t offsets[ROWS + 1];
    int64_t large_offsets[ROWS + 1];
    int32_t list_offsets[ROWS + 1];
    int32_t codes[ROWS];
    int32_t views[ROWS][4];
    int64_t sizes[1];
    uint8_t valid[1];
} world;

static const uint64_t users[ROWS] = {1, 2, 3, 4};
static const int64_t times[ROWS] = {T, T, T, T};
static const double numbers[ROWS * 2] = {1, 2, 3, 4, 5, 6, 7, 8};
static const char bytes[] = "abcdefghijklmnopqrstuvwxyz";

static void make_world(world *w) {
    memset(w, 0, sizeof *w);
    w->valid[0] = 0x0D; /* row 1 is null */
    for (int i = 0; i <= ROWS; i++) {
        w->offsets[i] = i;
        w->large_offsets[i] = 2 * i;
        w->list_offsets[i] = 2 * i;
    }
    for (int i = 0; i < ROWS; i++) {
        w->codes[i] = i % 3;
        const int32_t view[4] = {13, 0, 0, i};
        memcpy(w->views[i], view, sizeof view);
    }
    w->sizes[0] = 26;
    w->user = arrow_numbers("user", "L", ROWS, NULL, users);
    w->time = arrow_numbers("time", "tsm:UTC", ROWS, NULL, times);
    w->text = arrow_texts("text", "u", ROWS, w->valid, w->offsets, bytes);
    w->large = arrow_texts("large", "U", ROWS, NULL, w->large_offsets, bytes);
    w->view = (arrow_node){.name = "view",
                           .format = "vu",
                           .length = ROWS,
                           .null_count = 1,
                           .n_buffers = 4,
                           .buffers = {w->valid, w->views, bytes, w->sizes}};
    w->words = arrow_texts("", "u", 3, NULL, w->offsets, bytes);
    w->coded = arrow_coded("coded", "i", ROWS, w->valid, w->codes, &w->words);
    w->items = arrow_numbers("item", "g", ROWS * 2, NULL, numbers);
    w->list = arrow_numbers("list", "+l", ROWS, NULL, w->list_offsets);
    w->list.children[0] = &w->items;
    w->list.n_children = 1;
    w->entries = arrow_numbers("item", "g", ROWS * 2, NULL, numbers);
    w->fixed = (arrow_node){.name = "fixed", .format = "+w:2", .length = ROWS, .n_buffers = 1};
    w->fixed.children[0] = &w->entries;
    w->fixed.n_children = 1;
    w->table = arrow_table(ROWS, &w->user, &w->time, &w->text, &w->large, &w->view, &w->coded,
                           &w->list, &w->fixed, NULL);
}

/* Reads the table as events and as items, by batch and whole; the schema is that of `honest`. */
static pmkt_status read_world(const world *w, const world *honest, bool all, pmkt_error *err) {
    arrow_producer p = arrow_one(&w->table);
    p.schema = honest ? &honest->table : NULL;
    pmkt_arrow_columns c = PMKT_ARROW_COLUMNS_INIT;
    c.user = "user";
    c.time = "time";
    c.every_kind = PMKT_KIND_VIEW;
    c.item = "text";
    c.category = "large";
    c.session = "view";
    c.channel = "coded";
    struct ArrowArrayStream stream = arrow_stream(&p);
    pmkt_arrow_events *events = NULL;
    const pmkt_events *batch = NULL;
    pmkt_status status = pmkt_arrow_events_open(&stream, &c, NULL, &events, err);
    if (!status) {
        status = all ? pmkt_arrow_events_all(events, NULL, &batch, err)
                     : pmkt_arrow_events_next(events, NULL, &batch, err);
    }
    pmkt_arrow_events_free(events);
    const char *vectors[] = {"list", "fixed"};
    for (int i = 0; i < 2 && !status; i++) {
        pmkt_arrow_item_columns ic = PMKT_ARROW_ITEM_COLUMNS_INIT;
        ic.item = "user";
        ic.vector = vectors[i];
        stream = arrow_stream(&p);
        pmkt_arrow_items *items = NULL;
        const pmkt_items *found = NULL;
        status = pmkt_arrow_items_open(&stream, &ic, NULL, &items, err);
        if (!status) status = pmkt_arrow_items_next(items, NULL, &found, err);
        if (!status && found) ck_assert_int_eq(found->dimensions, 2);
        pmkt_arrow_items_free(items);
    }
    arrow_check_released(&p);
    return status;
}

/* Every wrong value of every number is refused, by both ways to read. */
static void refuses(const world *w, const char *what, int64_t value) {
    world honest;
    make_world(&honest);
    for (int all = 0; all < 2; all++) {
        pmkt_error err = {0};
        const pmkt_status status = read_world(w, &honest, all, &err);
        ck_assert_msg(status == PMKT_E_INVALID, "%s = %lld: %d %s", what, (long long)value,
                      (int)status, err.message);
        ck_assert_int_gt((int)strlen(err.message), 20);
    }
}

START_TEST(the_table_itself_is_fine) {
    world w;
    make_world(&w);
    pmkt_error err = {0};
    ck_assert_ok(read_world(&w, NULL, true, &err), err);
    ck_assert_ok(read_world(&w, NULL, false, &err), err);
}
END_TEST

static arrow_node *node_of(world *w, int i) {
    arrow_node *nodes[] = {&w->user,  &w->time,  &w->text, &w->large, &w->view,  &w->words,
                           &w->coded, &w->items, &w->list, &w->fixed, &w->table, &w->entries};
    return i < LENGTH(nodes) ? nodes[i] : NULL;
}

START_TEST(numbers_that_cannot_be_are_refused) {
    static const int64_t wrong[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX - 3, INT64_C(1) << 62};
    world w;
    make_world(&w);
    for (int i = 0; node_of(&w, i); i++) {
        for (int j = 0; j < LENGTH(wrong); j++) {
            make_world(&w);
            node_of(&w, i)->length = wrong[j];
            refuses(&w, "length", wrong[j]);
            make_world(&w);
            node_of(&w, i)->offset = wrong[j];
            refuses(&w, "offset", wrong[j]);
            make_world(&w);
            if (wrong[j] != -1) { /* not known */
                node_of(&w, i)->null_count = wrong[j];
                refuses(&w, "null_count", wrong[j]);
            }
            make_world(&w);
            node_of(&w, i)->n_buffers = wrong[j];
            refuses(&w, "n_buffers", wrong[j]);
        }
    }
}
END_TEST

START_TEST(columns_shorter_than_their_table_are_refused) {
    world w;
    for (int i = 0; i < 9; i++) {
        make_world(&w);
        if (node_of(&w, i) == &w.words || node_of(&w, i) == &w.items) continue;
        node_of(&w, i)->length = ROWS - 1;
        node_of(&w, i)->null_count = 0;
        refuses(&w, "length", ROWS - 1);
    }
    make_world(&w);
    w.table.offset = 1; /* rows 1 to 4 of columns of 4 */
    refuses(&w, "offset of the table", 1);
    make_world(&w);
    w.items.length = ROWS * 2 - 1;
    refuses(&w, "entries of a list", ROWS * 2 - 1);
    make_world(&w);
    w.entries.length = ROWS * 2 - 1;
    refuses(&w, "entries of a fixed list", ROWS * 2 - 1);
}
END_TEST

START_TEST(pointers_that_are_missing_are_refused) {
    arrow_node extra = arrow_numbers("extra", "L", ROWS, NULL, users);
    world w;
    make_world(&w);
    for (int i = 0; node_of(&w, i); i++) {
        make_world(&w);
        node_of(&w, i)->no_buffers = true;
        refuses(&w, "buffers of node", i);
        make_world(&w);
        if (node_of(&w, i) != &w.table && node_of(&w, i) != &w.fixed) {
            node_of(&w, i)->buffers[1] = NULL;
            refuses(&w, "values of node", i);
            make_world(&w);
        }
        node_of(&w, i)->buffers[0] = NULL;
        node_of(&w, i)->null_count = 1;
        refuses(&w, "validity of node", i);
        make_world(&w);
        if (node_of(&w, i)->n_children > 0) {
            node_of(&w, i)->no_children = true;
            refuses(&w, "children of node", i);
            make_world(&w);
            node_of(&w, i)->children[0] = NULL;
            refuses(&w, "child of node", i);
            make_world(&w);
        }
        node_of(&w, i)->n_children += 1;
        node_of(&w, i)->children[node_of(&w, i)->n_children - 1] = &extra;
        refuses(&w, "children too many of node", i);
    }
    make_world(&w);
    w.text.buffers[2] = NULL;
    refuses(&w, "bytes", 0);
    make_world(&w);
    w.view.buffers[3] = NULL;
    refuses(&w, "sizes", 0);
    make_world(&w);
    w.view.buffers[2] = NULL;
    refuses(&w, "a buffer of views", 0);
    make_world(&w);
    w.coded.dictionary = NULL;
    refuses(&w, "dictionary", 0);
    make_world(&w);
    w.user.dictionary = &w.words;
    refuses(&w, "a dictionary that the schema does not know", 0);
}
END_TEST

START_TEST(offsets_views_and_indices_that_lead_astray_are_refused) {
    world w;
    for (int i = 0; i <= ROWS; i++) {
        make_world(&w);
        w.offsets[i] = i < ROWS ? INT32_MAX : -1; /* falls afterwards */
        refuses(&w, "offset", i);
        make_world(&w);
        w.large_offsets[i] = i < ROWS ? INT64_MAX : INT64_MIN;
        refuses(&w, "large offset", i);
        make_world(&w);
        w.list_offsets[i] = i < ROWS ? -1 : 9;
        refuses(&w, "list offset", i);
    }
    static const int32_t bad_views[][4] = {
        {-1, 0, 0, 0},  {13, 0, 1, 0},         {13, 0, -1, 0}, {13, 0, 0, -1},
        {13, 0, 0, 14}, {INT32_MAX, 0, 0, 26}, {27, 0, 0, 0},  {13, 0, 0, INT32_MAX}};
    for (int i = 0; i < LENGTH(bad_views); i++) {
        make_world(&w);
        memcpy(w.views[2], bad_views[i], sizeof bad_views[i]);
        refuses(&w, "view", i);
        make_world(&w);
        memcpy(w.views[1], bad_views[i], sizeof bad_views[i]); /* a null's is not looked at */
        pmkt_error err = {0};
        ck_assert_ok(read_world(&w, NULL, true, &err), err);
    }
    make_world(&w);
    w.sizes[0] = -1;
    refuses(&w, "size of a buffer", -1);
    static const int32_t bad_codes[] = {3, -1, INT32_MAX, INT32_MIN};
    for (int i = 0; i < LENGTH(bad_codes); i++) {
        make_world(&w);
        w.codes[3] = bad_codes[i];
        refuses(&w, "index", bad_codes[i]);
        make_world(&w);
        w.codes[1] = bad_codes[i];
        pmkt_error err = {0};
        ck_assert_ok(read_world(&w, NULL, true, &err), err);
    }
}
END_TEST

START_TEST(schemas_that_lie_are_refused) {
    world w;
    for (int i = 0; i < 12; i++) {
        make_world(&w);
        if (!node_of(&w, i)) break;
        node_of(&w, i)->format = NULL;
        ck_assert_int_eq(read_world(&w, NULL, true, NULL), PMKT_E_INVALID);
        static const char *const formats[] = {
            "",    "d:",    "d:5",     "d:5,", "d:0,0", "d:1,2,", "d:1,2,3",
            "ts",  "tsx:",  "tsm",     "+w:",  "+w:-1", "+w:2x",  "+w:99999999999",
            "+r",  "+ud:0", "+vl",     "w:16", "e",     "ttm",    "tDm",
            "tiM", "?",     "\xff\xfe"};
        for (int j = 0; j < LENGTH(formats); j++) {
            make_world(&w);
            node_of(&w, i)->format = formats[j];
            pmkt_error err = {0};
            ck_assert_msg(read_world(&w, NULL, true, &err) == PMKT_E_INVALID, "node %d, %s", i,
                          formats[j]);
        }
    }
    make_world(&w);
    w.table.n_children = -1;
    ck_assert_int_eq(read_world(&w, NULL, true, NULL), PMKT_E_INVALID);
    make_world(&w);
    w.table.children[3] = NULL; /* of another column than those that are asked for, too */
    ck_assert_int_eq(read_world(&w, NULL, true, NULL), PMKT_E_INVALID);
    make_world(&w);
    w.words.dictionary = &w.text; /* a dictionary of dictionaries */
    ck_assert_int_eq(read_world(&w, NULL, true, NULL), PMKT_E_INVALID);
}
END_TEST

/* Vectors are no dictionaries, not even of nothing. */
START_TEST(a_dictionary_of_nulls_is_no_vector) {
    static const int8_t codes[ROWS] = {0};
    arrow_node nulls = {.name = "", .format = "n", .length = 1, .null_count = 1};
    arrow_node user = arrow_numbers("user", "L", ROWS, NULL, users);
    arrow_node coded = arrow_coded("coded", "c", ROWS, NULL, codes, &nulls);
    arrow_node table = arrow_table(ROWS, &user, &coded, NULL);
    for (int i = 0; i < 2; i++) {
        arrow_producer p = arrow_one(&table);
        struct ArrowArrayStream stream = arrow_stream(&p);
        pmkt_arrow_item_columns c = PMKT_ARROW_ITEM_COLUMNS_INIT;
        c.item = "user";
        if (i == 0) c.vector = "coded";
        if (i == 1) c.price = "coded"; /* but a price of nobody is none */
        pmkt_arrow_items *reader = NULL;
        const pmkt_items *batch = NULL;
        pmkt_error err = {0};
        pmkt_status status = pmkt_arrow_items_open(&stream, &c, NULL, &reader, &err);
        if (!status) status = pmkt_arrow_items_all(reader, NULL, &batch, &err);
        ck_assert_int_eq(status, i == 0 ? PMKT_E_INVALID : PMKT_OK);
        if (i == 0) ck_assert_ptr_nonnull(strstr(err.message, "coded"));
        if (i == 1) ck_assert_int_eq(batch->price[0], PMKT_AMOUNT_NULL);
        pmkt_arrow_items_free(reader);
        arrow_check_released(&p);
    }
}
END_TEST

START_TEST(chunks_of_another_shape_than_the_schema_are_refused) {
    world w, other;
    make_world(&w);
    make_world(&other);
    other.table.n_children--;
    pmkt_error err = {0};
    ck_assert_int_eq(read_world(&other, &w, true, &err), PMKT_E_INVALID);
    make_world(&other);
    other.table.children[2] = &other.user; /* two buffers where texts have three */
    ck_assert_int_eq(read_world(&other, &w, true, &err), PMKT_E_INVALID);
}
END_TEST

/* Several things wrong at once: no crash, everything released; a sanitizer watches. */
START_TEST(any_mixture_is_survived) {
    static const int64_t wrong[] = {-1, 0, 1, 2, 3, 5, INT64_MAX, INT64_MIN};
    random_seed(5);
    world honest, w;
    make_world(&honest);
    for (int64_t round = 0; round < scaled(20000, 500); round++) {
        make_world(&w);
        for (int64_t n = 1 + random_below(3); n > 0; n--) {
            arrow_node *node = node_of(&w, (int)random_below(12));
            const int64_t value = wrong[random_below(LENGTH(wrong))];
            switch (random_below(7)) {
                case 0:
                    /* An array that says it has more than its buffers cannot be caught. */
                    if (value < ROWS && value != INT64_MIN) node->length = value;
                    break;
                case 1:
                    node->null_count = value;
                    break;
                case 2:
                    node->n_buffers = value < 6 ? value : -value;
                    break;
                case 3:
                    node->buffers[random_below(2)] = NULL;
                    break;
                case 4:
                    w.codes[random_below(ROWS)] = (int32_t)value;
                    break;
                case 5:
                    w.views[random_below(ROWS)][random_below(4)] = (int32_t)value;
                    break;
                default:
                    w.list_offsets[random_below(ROWS + 1)] = (int32_t)value;
            }
        }
        pmkt_error err = {0};
        const pmkt_status status = read_world(&w, &honest, random_below(2), &err);
        if (status) ck_assert_int_eq(err.code, status);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hostile arrow");
    TOPIC(suite, "arrays", the_table_itself_is_fine, numbers_that_cannot_be_are_refused,
          columns_shorter_than_their_table_are_refused, pointers_that_are_missing_are_refused,
          offsets_views_and_indices_that_lead_astray_are_refused);
    TOPIC(suite, "schemas", schemas_that_lie_are_refused, a_dictionary_of_nulls_is_no_vector,
          chunks_of_another_shape_than_the_schema_are_refused);
    TOPIC(suite, "mixtures", any_mixture_is_survived);
    return suite_run(suite);
}
