/*
 * table.h - a stream on its way into a batch: its schema, the chunks of the batch, the columns that
 * were asked for. The readers of events, items and ids are this with different columns.
 */
#ifndef PMKTI_ARROW_TABLE_H
#define PMKTI_ARROW_TABLE_H

#include "core/arrow/convert.h"

#define PMKTI_MOST_EXTRA 1024
#define PMKTI_MOST_DIMENSIONS 65536

/* A column of the batch, and what it is made of. */
typedef struct pmkti_arrow_slot {
    const char *name, *format; /* of the schema */
    int64_t child;             /* in the schema; -1: the stream is this one column */
    int64_t by_child;          /* the quantity of a price, or -1 */
    pmkti_arrow_type type, by_type;
    pmkt_ids *names; /* remembers its texts; or NULL */
    pmkti_conversion conversion;
    pmkti_arrow_room own;
    const void *data; /* of the current batch: in `own`, or the producer's */
} pmkti_arrow_slot;

typedef struct pmkti_arrow_table {
    pmkt_allocator allocator;
    struct ArrowArrayStream stream; /* release NULL: at its end */
    struct ArrowSchema schema;
    bool is_struct;
    int32_t on_bad;
    pmkti_arrow_rules rules;
    pmkt_zone zone; /* what rules.zone points at, with a table of ours */
    pmkti_arrow_slot *slots;
    int64_t n_slots, slot_room;
    int64_t time_slot;         /* dates the rows, for dictionaries that have forgotten; or -1 */
    struct ArrowArray *chunks; /* of the current batch */
    int64_t n_chunks, chunk_room;
    int64_t first_row; /* of the current batch, counted from the first of the stream */
    int64_t rows;      /* of the current batch */
    pmkti_arrow_room reject;
    atomic_int any_bad; /* in the current batch */
} pmkti_arrow_table;

/*
 * Takes the stream, which is the library's from here on, and reads its schema into a table that is
 * all zero. Whatever it returns, pmkti_arrow_table_clear frees what there is. `slots` says how many
 * columns may be bound.
 */
pmkt_status pmkti_arrow_table_open(pmkti_arrow_table *table, struct ArrowArrayStream *stream,
                                   const pmkt_allocator *allocator, int64_t slots, pmkt_error *err);
void pmkti_arrow_table_clear(pmkti_arrow_table *table);

/* Copies the caller's zone (NULL: there is none). */
pmkt_status pmkti_arrow_table_zone(pmkti_arrow_table *table, const pmkt_zone *zone,
                                   pmkt_error *err);

/* The caller's `decimals` as an exponent of 0 to 6. */
pmkt_status pmkti_arrow_decimals(int32_t given, int32_t *decimals, pmkt_error *err);

/* What is asked of a column; `what` names it in messages. */
typedef struct pmkti_arrow_wish {
    const char *what;   /* the field of the caller's struct, such as "amount" */
    const char *column; /* the name of a column; NULL only if the stream is the column */
    const char *by;     /* the quantity of a product, or NULL */
    int32_t target;     /* PMKTI_TO_...; 0: whatever an extra column is */
    int32_t reason;     /* PMKT_BAD_... of values out of range */
    bool is_lenient;
    pmkt_ids *names;
} pmkti_arrow_wish;

/* Finds a column and says what is made of it. The number of the slot in *slot, if that is wanted. */
pmkt_status pmkti_arrow_bind(pmkti_arrow_table *table, const pmkti_arrow_wish *wish, int64_t *slot,
                             pmkt_error *err);

/* PMKT_TYPE_... of what a slot makes. */
int32_t pmkti_arrow_slot_type(const pmkti_arrow_slot *slot);

/*
 * Reads the next chunk that has rows, or with `all` everything that is left, as the current batch.
 * At the end of the stream the batch has no rows. After an error the table is at its end.
 */
pmkt_status pmkti_arrow_table_next(pmkti_arrow_table *table, bool all, const pmkt_run *run,
                                   pmkt_error *err);

/* The reject column of the current batch, or NULL if no row is bad. */
static inline const uint8_t *pmkti_arrow_table_reject(pmkti_arrow_table *table) {
    return table->rows > 0 && atomic_load(&table->any_bad) ? table->reject.at : NULL;
}

#endif
