/*
 * reader.h - what the readers of events and items share around a table.
 */
#ifndef PMKTI_ARROW_READER_H
#define PMKTI_ARROW_READER_H

#include "core/arrow/table.h"

/* The extra columns of a batch. */
typedef struct pmkti_arrow_extra {
    pmkt_column *columns; /* [n] */
    int64_t n;
    int64_t first_slot;
} pmkti_arrow_extra;

/* Binds the extra columns, after all others, into slots that the table has room for. */
pmkt_status pmkti_arrow_extra_bind(pmkti_arrow_table *table, const char *const *names, int64_t n,
                                   pmkt_ids *ids, pmkti_arrow_extra *extra, pmkt_error *err);
/* Points them at the current batch. */
void pmkti_arrow_extra_fill(const pmkti_arrow_table *table, pmkti_arrow_extra *extra);
void pmkti_arrow_extra_clear(const pmkti_arrow_table *table, pmkti_arrow_extra *extra);

/* Whether n_extra and its names can be. */
pmkt_status pmkti_arrow_extra_check(const char *const *names, int64_t n, pmkt_error *err);

/* on_bad, of the caller's columns. */
pmkt_status pmkti_arrow_on_bad(int32_t on_bad, pmkt_error *err);

/* The table of a new reader: `size` bytes of zero that begin with it. On failure the stream is
   released and NULL returned. */
void *pmkti_arrow_reader_new(struct ArrowArrayStream *stream, const pmkt_allocator *allocator,
                             size_t size, int64_t slots, pmkt_status *status, pmkt_error *err);
void pmkti_arrow_reader_free(void *reader, size_t size);

#endif
