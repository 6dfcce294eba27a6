/*
 * Bytes are decisions about a stream: its columns, their formats and values, its chunks, which purpose
 * each column has, and where the stream lies. A buffer always has the size that lengths and offsets
 * claim, for that is what nobody can check; all else may be wrong. Whatever the reader answers, it
 * crashes on nothing, hands out only what can be read, and releases everything exactly once.
 */
#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define COLUMNS 12
#define SLOTS 8 /* of buffers and children, more than any layout has */

static const char *const NAMES[COLUMNS] = {"a", "b", "c", "d", "e", "f",
                                           "g", "h", "i", "j", "k", "l"};

static const char *const FORMATS[] = {
    "L",        "l",       "u",        "tsm:UTC",    "tsn:",
    "i",        "C",       "g",        "U",          "vu",
    "tdD",      "tdm",     "c",        "s",          "S",
    "I",        "f",       "b",        "n",          "z",
    "Z",        "vz",      "tss:",     "tsu:",       "tsm:",
    "d:10,2",   "d:38,-3", "d:5,1,32", "d:18,4,64",  "+w:2",
    "+l",       "+L",      "+s",       "+w:0",       "+w:-1",
    "d:99,200", "d:1",     "tsx:",     "ttm",        "w:4",
    "",         "+r",      "e",        "d:76,2,256", "+w:99999999999"};

#define PLAIN 29 /* the formats above before the nested ones */

/* -------------------------------------------------------------------- memory */

/* What is freed together: all of one schema or one batch. */
typedef struct arena {
    void *blocks[400];
    int n;
} arena;

static int live; /* arenas and streams that are not released */

static arena *new_arena(void) {
    arena *a = calloc(1, sizeof *a);
    MUST(a != NULL);
    live++;
    return a;
}

static void *take(arena *a, size_t size) {
    void *block = calloc(1, size ? size : 1);
    MUST(block != NULL && a->n < 400);
    return a->blocks[a->n++] = block;
}

static void end_arena(arena *a) {
    MUST(a != NULL);
    for (int i = 0; i < a->n; i++) free(a->blocks[i]);
    free(a);
    live--;
}

/* ------------------------------------------------------------------- the stream */

typedef struct column {
    const char *format;
    const char *values; /* format of the dictionary or of list entries */
    bool has_dictionary;
} column;

typedef struct stream {
    choices c;
    column columns[COLUMNS];
    int64_t n_columns;
    int64_t chunks;
} stream;

/* True once in n times. */
static bool rarely(choices *c, int64_t n) {
    return choose_below(c, n) == n - 1;
}

static void release_schema(struct ArrowSchema *s) {
    MUST(s->release != NULL);
    s->release = NULL;
    end_arena(s->private_data);
}

static void release_array(struct ArrowArray *a) {
    MUST(a->release != NULL);
    a->release = NULL;
    end_arena(a->private_data);
}

/* Children belong to their parent; nobody should release them on their own. */
static void release_child_schema(struct ArrowSchema *s) {
    (void)s;
    abort();
}

static void release_child(struct ArrowArray *a) {
    (void)a;
    abort();
}

static void fill_schema(arena *a, choices *c, struct ArrowSchema *s, const char *format,
                        const char *name) {
    *s = (struct ArrowSchema){.format = format, .name = name, .flags = ARROW_FLAG_NULLABLE};
    s->children = take(a, SLOTS * sizeof *s->children);
    s->release = release_child_schema;
    if (rarely(c, 60)) s->format = NULL;
    if (rarely(c, 60)) s->name = NULL;
    if (rarely(c, 60)) s->release = NULL;
    if (rarely(c, 60)) s->n_children = choose_below(c, 4) - 1;
}

static bool is_list(const char *format) {
    return strncmp(format, "+l", 2) == 0 || strncmp(format, "+L", 2) == 0 ||
           strncmp(format, "+w", 2) == 0;
}

static int get_schema(struct ArrowArrayStream *self, struct ArrowSchema *out) {
    stream *s = self->private_data;
    choices *c = &s->c;
    if (rarely(c, 50)) return EIO;
    arena *a = new_arena();
    fill_schema(a, c, out, rarely(c, 50) ? "L" : "+s", "");
    out->children = take(a, COLUMNS * sizeof *out->children);
    out->n_children = s->n_columns;
    for (int64_t i = 0; i < s->n_columns; i++) {
        const column *k = &s->columns[i];
        struct ArrowSchema *child = take(a, sizeof *child), *inner = take(a, sizeof *inner);
        fill_schema(a, c, child, k->format, NAMES[rarely(c, 40) ? 0 : i]);
        fill_schema(a, c, inner, k->values, "item");
        if (is_list(k->format)) child->n_children = 1, child->children[0] = inner;
        if (k->has_dictionary) child->dictionary = inner;
        out->children[i] = rarely(c, 80) ? NULL : child;
    }
    out->release = release_schema;
    out->private_data = a;
    return 0;
}

/* -------------------------------------------------------------------- values */

/* Bytes of an element in the second buffer. */
static size_t width_of(const char *format) {
    static const char *const BY_WIDTH[] = {"cC", "sS", "iIfu", "lLgUtz", ""};
    if (*format == '\0') return 16;
    if (strcmp(format, "tdD") == 0 || strcmp(format, "z") == 0 || strcmp(format, "+l") == 0)
        return 4;
    if (*format == 'd' || *format == 'v') return *format == 'd' ? 32 : 16;
    if (*format == 't' || *format == '+' || strcmp(format, "Z") == 0) return 8;
    if (*format == 'b') return 1;
    for (size_t i = 0; i < 4; i++) {
        if (strchr(BY_WIDTH[i], *format)) return (size_t)1 << i;
    }
    return 16;
}

static void fill_values(choices *c, uint8_t *to, size_t size, size_t width) {
    const uint8_t mode = choose_byte(c) % 6;
    const uint8_t seed = mode == 0 ? 0 : choose_byte(c);
    for (size_t i = 0; i < size; i++) {
        const bool low = i % width == 0;
        if (mode == 1) to[i] = low ? (uint8_t)(seed + i / width) % 8 : 0;
        if (mode == 2) to[i] = choose_byte(c);
        if (mode == 3) to[i] = (uint8_t)((i + 1) * seed * 2654435761U >> 13);
        if (mode == 4) to[i] = (uint8_t)(i % width == width - 1 ? seed : i % 3 ? 0xff : 0);
        if (mode == 5) to[i] = (uint8_t)(width == 8 ? INT64_C(1767571200000) >> i % 8 * 8 : low);
    }
}

/* Offsets of texts and lists. Those of texts end where the bytes do, for a producer that lies there
   cannot be caught; but they may fall and be negative before. Gives the bytes that they name. */
static int64_t fill_offsets(choices *c, uint8_t *to, int64_t n, size_t width, bool is_text) {
    int64_t at = choose_byte(c) % 4, most = 0;
    for (int64_t i = 0; i <= n; i++) {
        int64_t offset = at;
        if (i < n && rarely(c, 100)) offset = (int64_t)(int8_t)choose_byte(c);
        if (!is_text && rarely(c, 30)) offset = (int64_t)choose_bits(c, 4) - 5;
        const int32_t narrow = (int32_t)offset;
        memcpy(to + (size_t)i * width, width == 4 ? (const void *)&narrow : &offset, width);
        most = offset > most ? offset : most;
        at += choose_byte(c) % 7;
    }
    return most;
}

static void fill_text(choices *c, char *to, int64_t size) {
    static const char TEXT[] = "order 12.50 -3 2026-01-05 pay view 0 99999999999999999 x";
    const uint8_t from = choose_byte(c);
    for (int64_t i = 0; i < size; i++) to[i] = TEXT[(size_t)(from + i) % (sizeof TEXT - 1)];
}

static void *fill_valid(arena *a, choices *c, struct ArrowArray *out, int64_t n) {
    const uint8_t how = choose_byte(c) % 4;
    out->null_count = how == 0 ? 0 : -1;
    if (how < 2) return NULL;
    uint8_t *bits = take(a, (size_t)(n + 7) / 8);
    fill_values(c, bits, (size_t)(n + 7) / 8, 1);
    if (rarely(c, 8)) out->null_count = choose_below(c, 8);
    return bits;
}

static void fill_array(arena *a, choices *c, struct ArrowArray *out, const column *k,
                       int64_t length, int depth);

static void fill_views(arena *a, choices *c, struct ArrowArray *out) {
    const int64_t n = choose_byte(c) % 3;
    int64_t *sizes = take(a, (size_t)n * sizeof *sizes);
    for (int64_t i = 0; i < n; i++) {
        sizes[i] = choose_byte(c) % 40;
        char *bytes = take(a, (size_t)sizes[i]);
        fill_text(c, bytes, sizes[i]);
        out->buffers[2 + i] = bytes;
        if (rarely(c, 30)) sizes[i] = -1;
    }
    out->buffers[2 + n] = sizes;
    out->n_buffers = 3 + n;
}

static void fill_buffers(arena *a, choices *c, struct ArrowArray *out, const char *format,
                         int64_t n) {
    const size_t width = width_of(format);
    const bool is_text = strchr("uzUZ", *format) && *format;
    const bool is_offsets = is_text || strcmp(format, "+l") == 0 || strcmp(format, "+L") == 0;
    const size_t size = *format == 'b' ? (size_t)(n + 7) / 8 : (size_t)(n + is_offsets) * width;
    uint8_t *values = take(a, size);
    out->buffers[0] = fill_valid(a, c, out, n);
    out->buffers[1] = values;
    out->n_buffers = *format == 'n'                                           ? 0
                     : strncmp(format, "+w", 2) == 0 || !strcmp(format, "+s") ? 1
                                                                              : 2;
    if (is_offsets) {
        const int64_t n_bytes = fill_offsets(c, values, n, width, is_text);
        if (!is_text) return;
        char *bytes = take(a, (size_t)n_bytes);
        fill_text(c, bytes, n_bytes);
        out->buffers[2] = bytes;
        out->n_buffers = 3;
    } else {
        fill_values(c, values, size, width);
        if (*format == 'v') fill_views(a, c, out);
    }
}

/* What a broken producer writes; never that there is more than there is. */
static void spoil(choices *c, struct ArrowArray *out) {
    switch (choose_byte(c) % 9) {
        case 0:
            out->length = -1 - choose_byte(c);
            break;
        case 1:
            out->offset = INT64_MIN + choose_byte(c);
            break;
        case 2:
            out->offset = INT64_MAX - choose_byte(c);
            break;
        case 3:
            out->n_buffers = choose_byte(c) % 3 - 1;
            break;
        case 4:
            out->buffers[choose_byte(c) % 3] = NULL;
            break;
        case 5:
            out->n_children = choose_byte(c) % 4 - 1;
            break;
        case 6:
            out->dictionary = NULL;
            break;
        case 7:
            out->null_count = (int64_t)choose_bits(c, 8);
            break;
        default:
            out->length = choose_below(c, out->length + 1);
    }
}

static void fill_array(arena *a, choices *c, struct ArrowArray *out, const column *k,
                       int64_t length, int depth) {
    *out = (struct ArrowArray){.length = length, .offset = choose_byte(c) % 4};
    out->buffers = take(a, SLOTS * sizeof *out->buffers);
    out->children = take(a, SLOTS * sizeof *out->children);
    out->release = release_child;
    fill_buffers(a, c, out, k->format, out->offset + length);
    const column inner = {k->values, "L", false};
    if (depth > 0 && is_list(k->format)) {
        out->n_children = 1;
        out->children[0] = take(a, sizeof *out->children[0]);
        fill_array(a, c, out->children[0], &inner, choose_byte(c) % 100, depth - 1);
    }
    if (depth > 0 && k->has_dictionary) {
        out->dictionary = take(a, sizeof *out->dictionary);
        fill_array(a, c, out->dictionary, &inner, choose_byte(c) % 9, depth - 1);
    }
    if (rarely(c, 30)) spoil(c, out);
}

static int get_next(struct ArrowArrayStream *self, struct ArrowArray *out) {
    stream *s = self->private_data;
    choices *c = &s->c;
    memset(out, 0, sizeof *out);
    if (s->chunks-- <= 0) return 0;
    if (rarely(c, 50)) return EINVAL;
    arena *a = new_arena();
    const int64_t rows = choose_byte(c) % 24, offset = choose_byte(c) % 3;
    out->length = rows, out->offset = offset;
    out->buffers = take(a, SLOTS * sizeof *out->buffers);
    out->children = take(a, COLUMNS * sizeof *out->children);
    out->buffers[0] = fill_valid(a, c, out, offset + rows);
    out->n_buffers = 1;
    out->n_children = s->n_columns;
    for (int64_t i = 0; i < s->n_columns; i++) {
        out->children[i] = take(a, sizeof *out->children[i]);
        fill_array(a, c, out->children[i], &s->columns[i], offset + rows, 1);
        if (rarely(c, 100)) out->children[i] = NULL;
    }
    if (rarely(c, 40)) spoil(c, out);
    out->release = release_array;
    out->private_data = a;
    return 0;
}

static const char *last_error(struct ArrowArrayStream *self) {
    const stream *s = self->private_data;
    return s->chunks % 2 ? NULL : "the producer has a problem";
}

static void release_stream(struct ArrowArrayStream *self) {
    MUST(self->release != NULL);
    self->release = NULL;
    free(self->private_data);
    live--;
}

static struct ArrowArrayStream new_stream(choices *c) {
    stream *s = calloc(1, sizeof *s);
    MUST(s != NULL);
    live++;
    s->n_columns = 1 + choose_byte(c) % COLUMNS;
    s->chunks = choose_byte(c) % 4;
    for (int64_t i = 0; i < s->n_columns; i++) {
        const int64_t n = (int64_t)(sizeof FORMATS / sizeof *FORMATS);
        column *k = &s->columns[i];
        k->format = FORMATS[choose_below(c, rarely(c, 6) ? n : PLAIN)];
        k->values = FORMATS[choose_below(c, PLAIN)];
        k->has_dictionary = rarely(c, 4);
        if (k->has_dictionary && choose_byte(c) % 8) k->format = choose_byte(c) % 2 ? "i" : "C";
    }
    s->c = *c;
    struct ArrowArrayStream out = {get_schema, get_next, last_error, release_stream, s};
    if (rarely(c, 60)) out.get_next = NULL;
    if (rarely(c, 60)) out.get_schema = NULL;
    return out;
}

/* ------------------------------------------------------------------ the reader */

static const char *name_or_none(choices *c) {
    const uint8_t i = choose_byte(c) % 32;
    return i < COLUMNS ? NAMES[i] : i < COLUMNS + 2 ? "none such" : NULL;
}

static uint64_t sum; /* of everything that was handed out, so that it is read */

static void touch(const void *values, int64_t rows, size_t width) {
    for (size_t i = 0; values && i < (size_t)rows * width; i++) sum += ((const uint8_t *)values)[i];
}

static void use_events(const pmkt_events *b) {
    pmkt_error err = {0};
    MUST(b->rows >= 0);
    touch(b->user, b->rows, 8), touch(b->time, b->rows, 8), touch(b->kind, b->rows, 2);
    touch(b->item, b->rows, 8), touch(b->category, b->rows, 8), touch(b->order, b->rows, 8);
    touch(b->session, b->rows, 8), touch(b->channel, b->rows, 8), touch(b->event_id, b->rows, 8);
    touch(b->amount, b->rows, 8), touch(b->quantity, b->rows, 8), touch(b->reject, b->rows, 1);
    for (int64_t i = 0; i < b->n_extra; i++) touch(b->extra[i].data, b->rows, 8);
    const pmkt_status status = pmkt_events_check(b, NULL, &err);
    MUST(status == PMKT_OK || status == PMKT_E_BAD_ROW);
    pmkt_rfm *rfm = NULL;
    MUST(pmkt_rfm_new(NULL, &rfm, NULL) == PMKT_OK);
    (void)pmkt_rfm_add(rfm, b, NULL, NULL, &err);
    pmkt_rfm_free(rfm);
}

static void read_events(choices *c, pmkt_ids *ids) {
    static const pmkt_kind_label LABELS[] = {{"order", 0, PMKT_KIND_PAY, 0}, {NULL, 3, 300, 0}};
    static const pmkt_zone ZONE = {sizeof ZONE, 480, NULL, 0};
    const char *extra[3] = {name_or_none(c), name_or_none(c), name_or_none(c)};
    pmkt_arrow_columns columns = PMKT_ARROW_COLUMNS_INIT;
    columns.on_bad = choose_byte(c) % 2;
    columns.user = NAMES[0], columns.time = NAMES[rarely(c, 6) ? 0 : 1];
    columns.kind = name_or_none(c), columns.every_kind = columns.kind ? 0 : PMKT_KIND_ORDER;
    columns.item = name_or_none(c), columns.category = name_or_none(c);
    columns.order = name_or_none(c), columns.session = name_or_none(c);
    columns.amount = name_or_none(c), columns.quantity = name_or_none(c);
    if (rarely(c, 3)) columns.price = columns.amount, columns.amount = NULL;
    if (rarely(c, 3)) columns.amount_minor = columns.amount, columns.amount = NULL;
    if (extra[0] && extra[1]) columns.extra = extra, columns.n_extra = 2;
    if (rarely(c, 2)) columns.kinds = LABELS, columns.n_kinds = 2;
    columns.time_unit = choose_byte(c) % 4;
    columns.decimals = (int32_t)(choose_byte(c) % 8) - 1;
    columns.zone = rarely(c, 3) ? NULL : &ZONE;
    columns.users = rarely(c, 2) ? ids : NULL;
    columns.names = rarely(c, 2) ? ids : NULL;
    const bool all = rarely(c, 3);
    struct ArrowArrayStream in = new_stream(c);
    pmkt_arrow_events *reader = NULL;
    const pmkt_events *batch = NULL;
    pmkt_error err = {0};
    pmkt_status status = pmkt_arrow_events_open(&in, &columns, NULL, &reader, &err);
    MUST(in.release == NULL);
    MUST((status == PMKT_OK) == (reader != NULL));
    if (status) return;
    do {
        batch = NULL;
        status = all ? pmkt_arrow_events_all(reader, NULL, &batch, &err)
                     : pmkt_arrow_events_next(reader, NULL, &batch, &err);
        if (!status && batch) use_events(batch);
    } while (!status && batch && !all);
    pmkt_arrow_events_free(reader);
}

static void use_items(const pmkt_items *b) {
    pmkt_error err = {0};
    touch(b->item, b->rows, 8), touch(b->category, b->rows, 8), touch(b->price, b->rows, 8);
    touch(b->stock, b->rows, 8);
    (void)pmkt_items_check(b, NULL, &err);
}

static void read_items(choices *c, pmkt_ids *ids) {
    pmkt_arrow_item_columns columns = PMKT_ARROW_ITEM_COLUMNS_INIT;
    columns.on_bad = choose_byte(c) % 2;
    columns.item = NAMES[0];
    columns.category = name_or_none(c), columns.brand = name_or_none(c);
    columns.price = name_or_none(c), columns.stock = name_or_none(c);
    columns.vector = name_or_none(c);
    columns.items = rarely(c, 2) ? ids : NULL;
    const bool all = rarely(c, 3);
    struct ArrowArrayStream in = new_stream(c);
    pmkt_arrow_items *reader = NULL;
    const pmkt_items *batch = NULL;
    pmkt_error err = {0};
    pmkt_status status = pmkt_arrow_items_open(&in, &columns, NULL, &reader, &err);
    MUST(in.release == NULL);
    if (status) return;
    do {
        batch = NULL;
        status = all ? pmkt_arrow_items_all(reader, NULL, &batch, &err)
                     : pmkt_arrow_items_next(reader, NULL, &batch, &err);
        if (!status && batch) use_items(batch);
    } while (!status && batch && !all);
    pmkt_arrow_items_free(reader);
}

static void read_ids(choices *c, pmkt_ids *ids) {
    uint64_t id[200];
    int64_t n = 0;
    pmkt_error err = {0};
    const char *name = rarely(c, 3) ? NULL : NAMES[choose_byte(c) % 3];
    struct ArrowArrayStream in = new_stream(c);
    if (!pmkt_arrow_ids(&in, name, ids, NULL, id, 200, &n, &err)) touch(id, n, 8);
    MUST(in.release == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    choices c = {data, size};
    pmkt_ids *ids = NULL;
    MUST(pmkt_ids_new(NULL, &ids, NULL) == PMKT_OK);
    const uint8_t what = choose_byte(&c) % 8;
    if (what < 5) read_events(&c, ids);
    if (what == 5 || what == 6) read_items(&c, ids);
    if (what == 7) read_ids(&c, ids);
    pmkt_ids_free(ids);
    MUST(live == 0);
    return 0;
}
