/*
 * convert.h - columns of Arrow to columns of ours.
 *
 * A conversion is set up once a chunk, by one thread, which may allocate; then any number of threads
 * convert blocks of rows, and neither allocate nor fail. A value that its column cannot hold makes
 * the row bad: its place in `reject` becomes 1 + reason, unless an earlier column took that place.
 */
#ifndef PMKTI_ARROW_CONVERT_H
#define PMKTI_ARROW_CONVERT_H

#include <stdatomic.h>

#include "core/arrow/columns.h"
#include "core/arrow/kinds.h"
#include "core/parallel.h"

/* What is made of a column. */
enum {
    PMKTI_TO_ID = 1,
    PMKTI_TO_TIME,
    PMKTI_TO_KIND,
    PMKTI_TO_MONEY,   /* of major units */
    PMKTI_TO_MINOR,   /* of minor units */
    PMKTI_TO_PRODUCT, /* price times quantity */
    PMKTI_TO_COUNT,   /* whole numbers, of any type */
    PMKTI_TO_DOUBLE,
    PMKTI_TO_VECTOR
};

/* What the caller said of all columns. */
typedef struct pmkti_arrow_rules {
    const pmkt_zone *zone; /* checked; or NULL */
    int32_t time_unit;
    int32_t decimals; /* 0 to 6 */
    pmkti_arrow_kinds kinds;
} pmkti_arrow_rules;

/* Memory that is kept from chunk to chunk. */
typedef struct pmkti_arrow_room {
    void *at;
    size_t bytes;
} pmkti_arrow_room;

/* Room for n values of a size, at least one byte; what was in it is gone. False: no memory. */
bool pmkti_arrow_room_for(pmkti_arrow_room *room, const pmkt_allocator *allocator, int64_t n,
                          size_t size);
void pmkti_arrow_room_clear(pmkti_arrow_room *room, const pmkt_allocator *allocator);

/* An input of a conversion. */
typedef struct pmkti_arrow_input {
    pmkti_arrow_view view;
    const uint8_t *valid; /* of the chunk's rows from bit 0 on, all nulls in one; NULL: none */
    pmkti_arrow_room bits;
} pmkti_arrow_input;

typedef struct pmkti_conversion {
    int32_t target;
    int32_t reason;     /* PMKT_BAD_... of values out of range */
    bool is_lenient;    /* TO_COUNT: what is not whole is null, not bad */
    bool is_done;       /* nothing is left for blocks */
    bool has_bad_entry; /* a value of the dictionary is none for the target */
    const pmkti_arrow_rules *rules;
    const char *name;
    pmkti_arrow_input in;
    pmkti_arrow_input by; /* the quantity of a product, if it has one */
    bool has_by;
    void *out;                /* from the chunk's first row on */
    uint8_t *reject;          /* likewise */
    atomic_int *any_bad;      /* set when a row became bad */
    const int64_t *dates;     /* TO_ID of texts: the rows' times, likewise; NULL: they have none */
    pmkti_arrow_view entries; /* a dictionary's, or a list's */
    pmkti_arrow_room entry_out, entry_reject, entry_bits, pick, bytes, offsets, ids, latest, when;
    const uint8_t *entry_valid; /* as `valid`, of the entries */
    int64_t dimensions;         /* TO_VECTOR */
} pmkti_conversion;

/* Bytes of one value of what a target makes; TO_VECTOR: of one number. */
size_t pmkti_convert_size(int32_t target);

/* Whether a target can be made of a type. */
bool pmkti_convert_can(int32_t target, const pmkti_arrow_type *type);

/*
 * Gathers the nulls of an input: its own and those of the struct around it, whose bitmap `outer`
 * (or NULL) begins at bit `outer_at`. PMKT_E_NOMEM.
 */
pmkt_status pmkti_convert_nulls(pmkti_arrow_input *in, const pmkt_allocator *allocator,
                                const uint8_t *outer, int64_t outer_at, pmkt_error *err);

/* The column as it lies in the producer's memory, if that is what is wanted; else NULL. */
const void *pmkti_convert_in_place(const pmkti_conversion *c);

/*
 * What has to be done once before blocks: the values of a dictionary, texts that `names` (or NULL)
 * remembers, but for those that it has forgotten and `dates` do not bring back. `out`, `reject` and
 * `dates` are set. PMKT_E_INVALID, PMKT_E_NOMEM, what pmkt_ids_encode says.
 */
pmkt_status pmkti_convert_prepare(pmkti_conversion *c, const pmkt_allocator *allocator,
                                  pmkt_ids *names, const pmkt_run *run, pmkt_error *err);

/*
 * Converts rows [from, to), `from` a multiple of PMKTI_ARROW_BLOCK or any row of which nothing was
 * converted. PMKT_E_INVALID without a message: an index lies outside its dictionary.
 */
pmkt_status pmkti_convert_block(const pmkti_conversion *c, int64_t from, int64_t to);

void pmkti_conversion_clear(pmkti_conversion *c, const pmkt_allocator *allocator);

/* -------------------------------------------------- the targets, one a file */

static inline bool pmkti_known(const uint8_t *valid, int64_t i) {
    return !valid || pmkti_arrow_bit(valid, i);
}

static inline void pmkti_convert_bad(const pmkti_conversion *c, int64_t row, int32_t reason) {
    if (!c->reject[row]) c->reject[row] = (uint8_t)(1 + reason);
    atomic_store_explicit(c->any_bad, 1, memory_order_relaxed);
}

static inline int64_t pmkti_stride(int64_t from, int64_t to) {
    return to - from < PMKTI_ARROW_STRIDE ? to - from : PMKTI_ARROW_STRIDE;
}

void pmkti_convert_ids(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_times(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_kinds(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_money(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_minor(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_product(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_counts(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_doubles(const pmkti_conversion *c, int64_t from, int64_t to);
void pmkti_convert_vectors(const pmkti_conversion *c, int64_t from, int64_t to);

/*
 * Texts to ids, all rows at once, so that `names` sees them in one call; and the texts of a
 * dictionary, of which only those that occur are read. `names` NULL: the hash alone.
 */
pmkt_status pmkti_convert_texts(pmkti_conversion *c, const pmkt_allocator *allocator,
                                pmkt_ids *names, const pmkt_run *run, pmkt_error *err);
pmkt_status pmkti_convert_dictionary_texts(pmkti_conversion *c, const pmkt_allocator *allocator,
                                           pmkt_ids *names, const pmkt_run *run, pmkt_error *err);

#endif
