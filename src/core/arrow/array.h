/*
 * array.h - an ArrowArray that has been checked, ready to be read.
 *
 * Producers are not trusted: every length, offset, count and pointer is checked before the first
 * value is read. What the interface does not tell is how long a buffer is; a producer that says a
 * buffer has more than it has cannot be caught by anybody.
 */
#ifndef PMKTI_ARROW_ARRAY_H
#define PMKTI_ARROW_ARRAY_H

#include <string.h>

#include "core/arrow/schema.h"

/*
 * Rows of one column. Row i lies at index `at + i` of the buffers. Buffers need not be aligned: read
 * them with memcpy.
 */
typedef struct pmkti_arrow_view {
    pmkti_arrow_type type;
    int64_t rows;
    int64_t at;
    const uint8_t *valid;            /* bitmap from index 0 on, or NULL: no nulls of its own */
    const unsigned char *values;     /* numbers, indices of a dictionary, offsets, views */
    const char *bytes;               /* of texts with offsets */
    const char *const *view_buffers; /* of text views */
    const int64_t *view_sizes;       /* [n_view_buffers] */
    int64_t n_view_buffers;
    const struct ArrowArray *array; /* where it came from: a dictionary, a list's entries */
} pmkti_arrow_view;

/* Whether an array's own numbers make sense: what is looked at before any buffer is. */
pmkt_status pmkti_arrow_array_check(const struct ArrowArray *array, const char *what,
                                    pmkt_error *err);

/*
 * Rows [from, from + rows) of an array, counted from its own offset: of a column, `from` is the
 * offset of the struct around it. Offsets of texts and lists are read and checked, for all rows.
 */
pmkt_status pmkti_arrow_view_of(const struct ArrowArray *array, const pmkti_arrow_type *type,
                                const char *what, int64_t from, int64_t rows,
                                pmkti_arrow_view *view, pmkt_error *err);

/* The values of a dictionary, all of them. */
pmkt_status pmkti_arrow_dictionary_of(const pmkti_arrow_view *view, const char *what,
                                      pmkti_arrow_view *values, pmkt_error *err);

/* The entries of a list column, all of them that any row may name. */
pmkt_status pmkti_arrow_items_of(const pmkti_arrow_view *view, const char *what,
                                 pmkti_arrow_view *items, pmkt_error *err);

/* Checks the views of texts at the rows that are not null; `valid` as pmkti_arrow_valid gives it. */
pmkt_status pmkti_arrow_views_check(const pmkti_arrow_view *view, const uint8_t *valid,
                                    const char *what, pmkt_error *err);

/* Where an offset of a text or list stands: offset `i` counted from row 0, up to `rows`. */
static inline int64_t pmkti_arrow_offset(const pmkti_arrow_view *view, int64_t i) {
    if (view->type.kind == PMKTI_ARROW_TEXT || view->type.kind == PMKTI_ARROW_LIST) {
        int32_t offset;
        memcpy(&offset, view->values + (view->at + i) * 4, sizeof offset);
        return offset;
    }
    int64_t offset;
    memcpy(&offset, view->values + (view->at + i) * 8, sizeof offset);
    return offset;
}

/* The bytes of the text in a row that is not null. */
static inline const char *pmkti_arrow_text(const pmkti_arrow_view *view, int64_t i,
                                           size_t *length) {
    if (view->type.kind != PMKTI_ARROW_TEXT_VIEW) {
        const int64_t begin = pmkti_arrow_offset(view, i);
        *length = (size_t)(pmkti_arrow_offset(view, i + 1) - begin);
        return *length ? view->bytes + begin : "";
    }
    const unsigned char *entry = view->values + (view->at + i) * 16;
    int32_t part[4];
    memcpy(part, entry, sizeof part);
    *length = (size_t)part[0];
    if (part[0] <= 12) return (const char *)entry + 4;
    return view->view_buffers[part[2]] + part[3];
}

static inline bool pmkti_arrow_bit(const uint8_t *bits, int64_t i) {
    return bits[i / 8] >> (i % 8) & 1;
}

#endif
