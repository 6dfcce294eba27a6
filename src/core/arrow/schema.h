/*
 * schema.h - what a column is, by the format string of its ArrowSchema.
 *
 * A schema is looked at once, when a reader is opened. Types that nothing can be made of here
 * (run-end-encoded, unions, list views, ...) are PMKTI_ARROW_OTHER; whoever binds a column refuses
 * them, and names the format.
 */
#ifndef PMKTI_ARROW_SCHEMA_H
#define PMKTI_ARROW_SCHEMA_H

#include <stdbool.h>

#include "pmkt/arrow.h"

/* What lies in the buffers of an array. */
enum {
    PMKTI_ARROW_OTHER = 0,
    PMKTI_ARROW_NULL, /* no buffers: every value is null */
    PMKTI_ARROW_BOOL,
    PMKTI_ARROW_INT8,
    PMKTI_ARROW_UINT8,
    PMKTI_ARROW_INT16,
    PMKTI_ARROW_UINT16,
    PMKTI_ARROW_INT32,
    PMKTI_ARROW_UINT32,
    PMKTI_ARROW_INT64,
    PMKTI_ARROW_UINT64,
    PMKTI_ARROW_FLOAT,
    PMKTI_ARROW_DOUBLE,
    PMKTI_ARROW_DECIMAL, /* of 4, 8 or 16 bytes: `width` */
    PMKTI_ARROW_DATE32,
    PMKTI_ARROW_DATE64,
    PMKTI_ARROW_TIMESTAMP,
    PMKTI_ARROW_TEXT,       /* utf8, binary */
    PMKTI_ARROW_LARGE_TEXT, /* large_utf8, large_binary */
    PMKTI_ARROW_TEXT_VIEW,  /* utf8_view, binary_view */
    PMKTI_ARROW_LIST,
    PMKTI_ARROW_LARGE_LIST,
    PMKTI_ARROW_FIXED_LIST, /* `width` entries each */
    PMKTI_ARROW_STRUCT
};

typedef struct pmkti_arrow_type {
    int32_t kind;  /* of the values; of a dictionary's values if there is one */
    int32_t index; /* kind of a dictionary's indices, or PMKTI_ARROW_OTHER without one */
    int32_t item;  /* kind of a list's entries */
    int32_t unit;  /* PMKT_UNIT_... of a timestamp */
    int32_t width; /* bytes of a number; entries of a fixed-size list */
    int32_t scale; /* of a decimal; may be negative */
    bool has_zone; /* of a timestamp: values are instants */
} pmkti_arrow_type;

static inline bool pmkti_arrow_is_integer(int32_t kind) {
    return kind >= PMKTI_ARROW_INT8 && kind <= PMKTI_ARROW_UINT64;
}
static inline bool pmkti_arrow_is_text(int32_t kind) {
    return kind >= PMKTI_ARROW_TEXT && kind <= PMKTI_ARROW_TEXT_VIEW;
}
static inline bool pmkti_arrow_is_float(int32_t kind) {
    return kind == PMKTI_ARROW_FLOAT || kind == PMKTI_ARROW_DOUBLE;
}
static inline bool pmkti_arrow_is_list(int32_t kind) {
    return kind >= PMKTI_ARROW_LIST && kind <= PMKTI_ARROW_FIXED_LIST;
}

/* Whether a schema's own pointers can be followed: its format, its children, its dictionary. */
pmkt_status pmkti_arrow_schema_check(const struct ArrowSchema *schema, const char *what,
                                     pmkt_error *err);

/* The type of a checked schema, with that of its dictionary or list entries, which are checked. */
pmkt_status pmkti_arrow_type_of(const struct ArrowSchema *schema, const char *what,
                                pmkti_arrow_type *type, pmkt_error *err);

/* The child of a checked struct schema that has a name. PMKT_E_INVALID: none, or more than one. */
pmkt_status pmkti_arrow_find(const struct ArrowSchema *schema, const char *name, int64_t *child,
                             pmkt_error *err);

#endif
