/*
 * arrow.h - any dataframe in, results out, by the Arrow C stream interface.
 *
 * pandas, polars, pyarrow, DuckDB, arrow-go and many others hand out their tables as a
 * `struct ArrowArrayStream`. The library reads it without depending on any of them: columns whose
 * type matches are used where they lie, all others are converted, chunk by chunk.
 *
 *     pmkt_arrow_columns columns = PMKT_ARROW_COLUMNS_INIT;
 *     columns.user = "customer", columns.time = "at", columns.amount = "total";
 *     columns.every_kind = PMKT_KIND_ORDER;
 *     pmkt_arrow_events *in = NULL;
 *     const pmkt_events *batch = NULL;
 *     pmkt_status status = pmkt_arrow_events_open(&stream, &columns, NULL, &in, &err);
 *     while (!status && !(status = pmkt_arrow_events_next(in, NULL, &batch, &err)) && batch)
 *         status = pmkt_rfm_add(rfm, batch, NULL, NULL, &err);
 *     pmkt_arrow_events_free(in);
 *
 * What converts to what, and the rest of the rules:
 *
 *   ids       int8 to int64 and uint8 to uint64 as they are (0 is none, below 0 is bad); float and
 *             double as pmkt_ids_of_doubles reads them; utf8, large_utf8, utf8_view, binary,
 *             large_binary and binary_view by the hash of ids.h
 *   time      timestamp of any unit, with a zone (instants) or without (wall-clock times of
 *             `zone`, which must be given); date32 and date64 (00:00 in `zone`, or UTC); integers
 *             (by `time_unit`). Finer than a millisecond is rounded down
 *   kind      integers (PMKT_KIND_ numbers, or by the table `kinds`); text as above (by `kinds`;
 *             without that table, the names of pmkt_kind_name)
 *   money     decimal32, decimal64, decimal128, float and double are major units; integers are
 *             major units too, or minor ones if the name is given as amount_minor; text as
 *             pmkt_money_parse reads it. Rounded half away from zero to `decimals`; decimals,
 *             integers and text exactly, floating point as pmkt_money_from_double does
 *   price     the same types; times a quantity, it is rounded once. Without floating point the
 *             product is exact; a price in text then counts to six decimals, and a product that
 *             needs more than 127 bits is bad
 *   quantity  integers; float, double and decimals if whole (with `price`, fractions
 *             too: they price the row, and the quantity column is null there)
 *   vectors   fixed-size lists, lists and large lists of float or double, without nulls inside
 *   extra     integers and bool to PMKT_TYPE_INT64 (uint64 to PMKT_TYPE_UINT64), float, double and
 *             decimals to PMKT_TYPE_DOUBLE, text to PMKT_TYPE_UINT64 ids, timestamps and dates to
 *             PMKT_TYPE_INT64 milliseconds
 *
 * A column may be dictionary-encoded, with values of any of these types and indices of any integer
 * type, unless it is a price, the quantity of one, or a vector. A column of the null type may stand anywhere. All else (half floats,
 * decimal256, times of day, durations, intervals, unions, maps, list views, run-end-encoded) is
 * refused by an error that names the column and its format.
 *
 * Nulls become the column's null. A value that cannot be converted makes its row bad: by `on_bad`
 * the call fails and names the row, counted from the first of the stream, or the batch carries the
 * row with its reason in `reject`, and whoever takes the batch counts it.
 *
 * Dictionaries that remember texts (pmkt_ids) are changed by whoever reads: one thread at a time.
 * They learn a batch column by column, before rows are looked at: the texts of a row that turns out
 * bad are learned too, and if a call fails, what its earlier columns taught stays. What they have
 * forgotten stays forgotten, whatever old data says: such a text gets its id, but is learned anew
 * only from a row of events whose time is at or after the date of the tombstone (see
 * pmkt_ids_forget). A row without a valid time counts as old; so do all rows of items and of
 * pmkt_arrow_ids, which have no time.
 *
 * Ownership follows the interface's own rules: whatever stream is given to a call of this header
 * belongs to the library from then on, also if the call fails, and is released exactly once.
 *
 * What is checked: every array, before it is trusted, so that lengths, offsets, counts, indices and
 * pointers that contradict each other are an error and no crash. But the interface does not say how
 * long a buffer is: whoever hands out arrays that claim more than their buffers hold makes the
 * library read beyond them, as it would any other reader. Take streams only from code that runs in
 * your process anyway; for bytes from elsewhere, let an Arrow library validate them first.
 *
 * Source: the Arrow C data interface and C stream interface, https://arrow.apache.org/docs/format/.
 */
#ifndef PMKT_ARROW_H
#define PMKT_ARROW_H

#include "base.h"
#include "events.h"
#include "ids.h"
#include "items.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------- the structs of the interface */

/* Word for word the interface's own, under its guards, so that any header may bring them. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* ------------------------------------------------------------------- events in */

/* What a text or a number of the kind column means. */
typedef struct pmkt_kind_label {
    const char *text; /* NUL-terminated; or NULL: the number below */
    int64_t number;
    int32_t kind; /* PMKT_KIND_... */
    int32_t reserved;
} pmkt_kind_label;

/* What integers of a time column count. */
enum {
    PMKT_UNIT_MILLISECONDS = 0,
    PMKT_UNIT_SECONDS = 1,
    PMKT_UNIT_MICROSECONDS = 2,
    PMKT_UNIT_NANOSECONDS = 3
};

/* Money without decimals, such as yen: the value of `decimals` that says 0, for 0 says 2. */
#define PMKT_DECIMALS_NONE (-1)

/*
 * Which column is what: names of columns, NULL where there is none. `user`, `time` and one of
 * `kind` and `every_kind` are required. One column may serve several purposes.
 */
typedef struct pmkt_arrow_columns {
    uint32_t struct_size; /* sizeof(pmkt_arrow_columns) */
    int32_t on_bad;       /* PMKT_ON_BAD_FAIL (default) or PMKT_ON_BAD_SKIP */
    const char *user;
    const char *time;
    const char *kind;
    const char *item;
    const char *category;
    const char *order;
    const char *session;
    const char *channel;
    const char *event_id;
    const char *amount;           /* one of amount, amount_minor and price, or none */
    const char *amount_minor;     /* integers in minor units */
    const char *price;            /* of a piece: amount = price * quantity, rounded once */
    const char *quantity;         /* without it a priced row is one piece; also its own column,
                                       where it is whole */
    const char *const *extra;     /* [n_extra] names of further columns, or NULL */
    int64_t n_extra;              /* at most 1,024 */
    const pmkt_kind_label *kinds; /* [n_kinds], or NULL */
    int64_t n_kinds;              /* at most 65,536 */
    int32_t every_kind;           /* the kind of all rows where `kind` is NULL, else 0 */
    int32_t time_unit;            /* PMKT_UNIT_..., of integers in the time column */
    int32_t decimals;             /* of the money: 0 = 2; PMKT_DECIMALS_NONE; 1 to 6 */
    int32_t reserved;             /* 0 */
    char currency[8];             /* as in pmkt_events; the batches name it */
    const pmkt_zone *zone; /* of times without a zone of their own; NULL: there must be none */
    pmkt_ids *users;       /* remembers the user column's texts; or NULL */
    pmkt_ids *names;       /* remembers the texts of all other id columns; or NULL; may be
                                       the same dictionary. See "Dictionaries" above */
} pmkt_arrow_columns;

#define PMKT_ARROW_COLUMNS_INIT \
    { \
        sizeof(pmkt_arrow_columns), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            NULL, NULL, NULL, NULL, 0, NULL, 0, 0, 0, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}, NULL, NULL, \
            NULL \
    }

static inline void pmkt_arrow_columns_init(pmkt_arrow_columns *columns) {
    const pmkt_arrow_columns empty = PMKT_ARROW_COLUMNS_INIT;
    *columns = empty;
}

/* Reads batches of events out of a stream. */
typedef struct pmkt_arrow_events pmkt_arrow_events;

/*
 * Takes the stream (moved: `stream` is marked as released) and finds the columns. `columns` is
 * copied, its dictionaries are used until the reader is freed. `allocator` NULL = the C heap.
 *
 * Errors: PMKT_E_INVALID for a column that is not there, stands there twice, or has a type that the
 * list above does not name, and for a schema or stream that breaks the interface's rules; PMKT_E_IO
 * if the stream itself reports an error (sys_errno = its code, the message quotes it);
 * PMKT_E_NOMEM. Any thread. Since 0.2.
 */
PMKT_API pmkt_status pmkt_arrow_events_open(struct ArrowArrayStream *stream,
                                            const pmkt_arrow_columns *columns,
                                            const pmkt_allocator *allocator,
                                            pmkt_arrow_events **reader, pmkt_error *err);

/*
 * The next batch of the stream in *batch, borrowed until the next call on the reader; NULL at the
 * end. Batches follow the chunks of the producer; empty chunks are skipped. Every array is checked
 * before it is trusted: lengths, offsets, buffers, indices.
 *
 * Errors: PMKT_E_BAD_ROW (where = the row, from the first of the stream), PMKT_E_IO, PMKT_E_INVALID,
 * PMKT_E_COLLISION, PMKT_E_LIMIT, PMKT_E_CORRUPT (of a dictionary that has mapped a damaged file),
 * PMKT_E_CANCELED, PMKT_E_NOMEM; after one the reader is at its end and has released the stream,
 * unless an argument was malformed: then nothing has happened. One thread at a time. O(rows). Since
 * 0.2.
 */
PMKT_API pmkt_status pmkt_arrow_events_next(pmkt_arrow_events *reader, const pmkt_run *run,
                                            const pmkt_events **batch, pmkt_error *err);

/*
 * All that is left of the stream as one batch, borrowed until the next call on the reader: copied
 * together, unless it is a single chunk. A stream at its end gives a batch without rows.
 * Errors and threads: as _next. Since 0.2.
 */
PMKT_API pmkt_status pmkt_arrow_events_all(pmkt_arrow_events *reader, const pmkt_run *run,
                                           const pmkt_events **batch, pmkt_error *err);

/* Frees a reader and what is left of its stream. Since 0.2. */
PMKT_API void pmkt_arrow_events_free(pmkt_arrow_events *reader);

/* -------------------------------------------------------------------- items in */

/* Which column is what, as for events; `item` is required. */
typedef struct pmkt_arrow_item_columns {
    uint32_t struct_size; /* sizeof(pmkt_arrow_item_columns) */
    int32_t on_bad;
    const char *item;
    const char *category;
    const char *brand;
    const char *price;
    const char *price_minor;
    const char *stock;
    const char *vector;       /* lists of numbers, all of one length: the fixed size, or that of
                                 the first list that is not empty; another length is bad */
    const char *const *extra; /* [n_extra] */
    int64_t n_extra;
    int32_t decimals; /* as for events */
    int32_t reserved; /* 0 */
    char currency[8];
    pmkt_ids *items; /* remembers the item column's texts; or NULL */
    pmkt_ids *names; /* remembers the other id columns' texts; or NULL */
} pmkt_arrow_item_columns;

#define PMKT_ARROW_ITEM_COLUMNS_INIT \
    { \
        sizeof(pmkt_arrow_item_columns), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, \
            0, {0, 0, 0, 0, 0, 0, 0, 0}, NULL, NULL \
    }

static inline void pmkt_arrow_item_columns_init(pmkt_arrow_item_columns *columns) {
    const pmkt_arrow_item_columns empty = PMKT_ARROW_ITEM_COLUMNS_INIT;
    *columns = empty;
}

/* Reads batches of items out of a stream; the same four calls, with the same rules. Since 0.2. */
typedef struct pmkt_arrow_items pmkt_arrow_items;

/* Opens, reads and frees as pmkt_arrow_events_open, _next, _all and _free do. Since 0.2. */
PMKT_API pmkt_status pmkt_arrow_items_open(struct ArrowArrayStream *stream,
                                           const pmkt_arrow_item_columns *columns,
                                           const pmkt_allocator *allocator,
                                           pmkt_arrow_items **reader, pmkt_error *err);
PMKT_API pmkt_status pmkt_arrow_items_next(pmkt_arrow_items *reader, const pmkt_run *run,
                                           const pmkt_items **batch, pmkt_error *err);
PMKT_API pmkt_status pmkt_arrow_items_all(pmkt_arrow_items *reader, const pmkt_run *run,
                                          const pmkt_items **batch, pmkt_error *err);
PMKT_API void pmkt_arrow_items_free(pmkt_arrow_items *reader);

/* ------------------------------------------------------------------- ids in */

/*
 * The ids of a stream of one column, or of the column `name` (NULL: there must be only one):
 * everything that an id column of events may be. `ids` remembers texts, but none that it has
 * forgotten; or is NULL.
 *
 *   id    [room]  out, or NULL if room is 0; nulls are PMKT_ID_NONE
 *   n     out: rows of the stream
 *
 * A stream is read once, so `room` cannot be asked for first: it must be enough. A bad row is an
 * error. Errors: as pmkt_arrow_events_next, and PMKT_E_LIMIT if the stream has more
 * than `room` rows; `id` is scratch until the call succeeds. Since 0.2.
 */
PMKT_API pmkt_status pmkt_arrow_ids(struct ArrowArrayStream *stream, const char *name,
                                    pmkt_ids *ids, const pmkt_run *run, uint64_t *id, int64_t room,
                                    int64_t *n, pmkt_error *err);

/* -------------------------------------------------------------------- results out */

/* How a result is handed out; for the _arrow functions of the modules. */
typedef struct pmkt_arrow_options {
    uint32_t struct_size; /* sizeof(pmkt_arrow_options) */
    int32_t raw;          /* 1: the columns as they lie in memory, with codes instead of names; all
                             without a copy, but for texts of users. 0: names as dictionary-encoded
                             text, times as timestamps, money as decimal128 */
    const pmkt_ids *ids;  /* user ids as the texts that this dictionary knows (unknown: null), as
                             binary if one of them is no UTF-8; NULL: as uint64 */
} pmkt_arrow_options;

#define PMKT_ARROW_OPTIONS_INIT \
    { sizeof(pmkt_arrow_options), 0, NULL }

static inline void pmkt_arrow_options_init(pmkt_arrow_options *options) {
    const pmkt_arrow_options defaults = PMKT_ARROW_OPTIONS_INIT;
    *options = defaults;
}

#ifdef __cplusplus
}
#endif

#endif
