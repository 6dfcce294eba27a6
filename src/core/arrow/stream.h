/*
 * stream.h - taking, asking and releasing the structs of the interface: each exactly once.
 */
#ifndef PMKTI_ARROW_STREAM_H
#define PMKTI_ARROW_STREAM_H

#include "pmkt/arrow.h"

/* Moves a stream to `mine` and marks the caller's as released. PMKT_E_INVALID if it was so before,
   and then `mine` is released too. */
pmkt_status pmkti_stream_take(struct ArrowArrayStream *stream, struct ArrowArrayStream *mine,
                              pmkt_error *err);

/* Ask a stream; PMKT_E_IO with its own code and message if it fails. A chunk whose release is NULL
   is the end. */
pmkt_status pmkti_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema,
                                pmkt_error *err);
pmkt_status pmkti_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *chunk,
                              pmkt_error *err);

/* Release what is not released yet. */
void pmkti_stream_release(struct ArrowArrayStream *stream);
void pmkti_schema_release(struct ArrowSchema *schema);
void pmkti_array_release(struct ArrowArray *array);

#endif
