/*
 * out.h - results as an Arrow stream of one batch.
 *
 * A frame is what the stream, its schemas and its arrays have in common: columns that it borrows
 * from an owner, and memory of its own for those that had to be made. Whoever is given something
 * holds a reference; with the last one the frame goes, and lets go of the owner. References may be
 * dropped on any thread.
 */
#ifndef PMKTI_ARROW_OUT_H
#define PMKTI_ARROW_OUT_H

#include "pmkt/arrow.h"

typedef struct pmkti_frame pmkti_frame;

/* Names, formats and buffers live as long as the frame. */
typedef struct pmkti_frame_column {
    const char *name;
    const char *format;     /* with a dictionary: of its indices */
    const void *buffers[3]; /* the first is the validity bitmap, or NULL */
    int64_t n_buffers;
    int64_t null_count;
    int32_t nullable; /* 1: a column of this kind may have nulls, whether this one has or not */
    int64_t n_names;  /* entries of the dictionary of names, or 0 */
    const void *name_buffers[3];
} pmkti_frame_column;

/* An empty frame; NULL if there is no memory. At most `most` columns can be added. */
pmkti_frame *pmkti_frame_new(const pmkt_allocator *allocator, int64_t rows, int64_t most);

/* Says who owns what the columns borrow: `let_go(owner)` is called with the last reference. */
void pmkti_frame_own(pmkti_frame *frame, void *owner, void (*let_go)(void *owner));

/* Memory that goes with the frame; NULL if there is none. At least one byte. */
void *pmkti_frame_alloc(pmkti_frame *frame, size_t n, size_t size);

/* Adds a column; the caller fills it. */
pmkti_frame_column *pmkti_frame_add(pmkti_frame *frame);

/* Hands the frame out as a stream, which takes over the caller's reference. PMKT_E_NOMEM: the
   reference is still the caller's and *stream is untouched. */
pmkt_status pmkti_frame_export(pmkti_frame *frame, struct ArrowArrayStream *stream,
                               pmkt_error *err);

/* Drops a reference. */
void pmkti_frame_release(pmkti_frame *frame);

#endif
