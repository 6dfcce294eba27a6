#include "core/arrow/schema.h"

#include <string.h>

#include "core/error.h"

#define MOST_COLUMNS 1000000
#define MOST_SCALE 100

/* -------------------------------------------------------------- format strings */

/* A whole decimal number at *at, at most nine digits; moves *at behind it. */
static bool read_number(const char **at, int32_t *number) {
    const char *c = *at;
    const bool negative = *c == '-';
    if (negative) c++;
    int32_t value = 0;
    int digits = 0;
    for (; *c >= '0' && *c <= '9' && digits < 9; c++, digits++) value = value * 10 + (*c - '0');
    if (digits == 0) return false;
    *at = c;
    *number = negative ? -value : value;
    return true;
}

/* d:precision,scale or d:precision,scale,bits */
static void read_decimal(const char *format, pmkti_arrow_type *type) {
    int32_t precision = 0, scale = 0, bits = 128;
    const char *at = format + 2;
    if (!read_number(&at, &precision) || *at++ != ',' || !read_number(&at, &scale)) return;
    if (*at == ',') {
        at++;
        if (!read_number(&at, &bits)) return;
    }
    if (*at != '\0' || (bits != 32 && bits != 64 && bits != 128)) return;
    if (precision < 1 || precision > 38 || scale < -MOST_SCALE || scale > MOST_SCALE) return;
    type->kind = PMKTI_ARROW_DECIMAL;
    type->width = bits / 8;
    type->scale = scale;
}

static void read_timestamp(const char *format, pmkti_arrow_type *type) {
    static const char units[] = "msun"; /* in the order of PMKT_UNIT_ */
    const char *unit = format[2] ? strchr(units, format[2]) : NULL;
    if (!unit || format[3] != ':') return;
    type->kind = PMKTI_ARROW_TIMESTAMP;
    type->width = 8;
    type->unit = (int32_t)(unit - units);
    type->has_zone = format[4] != '\0';
}

static void read_list(const char *format, pmkti_arrow_type *type) {
    if (strcmp(format, "+l") == 0) type->kind = PMKTI_ARROW_LIST;
    if (strcmp(format, "+L") == 0) type->kind = PMKTI_ARROW_LARGE_LIST;
    if (strcmp(format, "+s") == 0) type->kind = PMKTI_ARROW_STRUCT;
    if (strncmp(format, "+w:", 3) != 0) return;
    const char *at = format + 3;
    if (!read_number(&at, &type->width) || *at != '\0' || type->width < 0) return;
    type->kind = PMKTI_ARROW_FIXED_LIST;
}

/* Formats that are fixed texts. */
static const struct {
    const char *format;
    int32_t kind, width;
} plain[] = {
    {"n", PMKTI_ARROW_NULL, 0},       {"b", PMKTI_ARROW_BOOL, 0},
    {"c", PMKTI_ARROW_INT8, 1},       {"C", PMKTI_ARROW_UINT8, 1},
    {"s", PMKTI_ARROW_INT16, 2},      {"S", PMKTI_ARROW_UINT16, 2},
    {"i", PMKTI_ARROW_INT32, 4},      {"I", PMKTI_ARROW_UINT32, 4},
    {"l", PMKTI_ARROW_INT64, 8},      {"L", PMKTI_ARROW_UINT64, 8},
    {"f", PMKTI_ARROW_FLOAT, 4},      {"g", PMKTI_ARROW_DOUBLE, 8},
    {"tdD", PMKTI_ARROW_DATE32, 4},   {"tdm", PMKTI_ARROW_DATE64, 8},
    {"u", PMKTI_ARROW_TEXT, 0},       {"z", PMKTI_ARROW_TEXT, 0},
    {"U", PMKTI_ARROW_LARGE_TEXT, 0}, {"Z", PMKTI_ARROW_LARGE_TEXT, 0},
    {"vu", PMKTI_ARROW_TEXT_VIEW, 0}, {"vz", PMKTI_ARROW_TEXT_VIEW, 0},
};

static pmkti_arrow_type read_format(const char *format) {
    pmkti_arrow_type type = {0};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(format, plain[i].format) != 0) continue;
        type.kind = plain[i].kind;
        type.width = plain[i].width;
        return type;
    }
    if (strncmp(format, "d:", 2) == 0) read_decimal(format, &type);
    if (strncmp(format, "ts", 2) == 0) read_timestamp(format, &type);
    if (format[0] == '+') read_list(format, &type);
    return type;
}

/* --------------------------------------------------------------------- schemas */

pmkt_status pmkti_arrow_schema_check(const struct ArrowSchema *schema, const char *what,
                                     pmkt_error *err) {
    if (!schema->format) {
        return pmkti_fail(err, PMKT_E_INVALID, "the Arrow schema of %.60s has no format", what);
    }
    if (schema->n_children < 0 || schema->n_children > MOST_COLUMNS ||
        (schema->n_children > 0 && !schema->children)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the Arrow schema of %.60s says that it has %lld children, but has none",
                          what, (long long)schema->n_children);
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]) continue;
        return pmkti_fail(err, PMKT_E_INVALID, "child %lld of the Arrow schema of %.60s is NULL",
                          (long long)i, what);
    }
    return PMKT_OK;
}

static pmkt_status check_shape(const struct ArrowSchema *schema, int32_t kind, const char *what,
                               pmkt_error *err) {
    if (kind == PMKTI_ARROW_OTHER || kind == PMKTI_ARROW_STRUCT) return PMKT_OK;
    if (schema->n_children == pmkti_arrow_is_list(kind)) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "column \"%.60s\" with the Arrow format \"%.30s\" cannot have %lld children",
                      what, schema->format, (long long)schema->n_children);
}

/* A dictionary: the format says what its indices are, and the dictionary what the values are. */
static pmkt_status read_dictionary(const struct ArrowSchema *schema, const char *what,
                                   pmkti_arrow_type *type, pmkt_error *err) {
    const struct ArrowSchema *values = schema->dictionary;
    if (!pmkti_arrow_is_integer(type->kind)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "column \"%.60s\" is a dictionary, but its indices have the Arrow format "
                          "\"%.30s\", which is no integer",
                          what, schema->format);
    }
    const pmkt_status status = pmkti_arrow_schema_check(values, what, err);
    if (status) return status;
    const int32_t index = type->kind;
    *type = read_format(values->format);
    type->index = index;
    /* A dictionary of dictionaries is none of the types that can be read. */
    if (values->dictionary || pmkti_arrow_is_list(type->kind)) type->kind = PMKTI_ARROW_OTHER;
    return check_shape(values, type->kind, what, err);
}

pmkt_status pmkti_arrow_type_of(const struct ArrowSchema *schema, const char *what,
                                pmkti_arrow_type *type, pmkt_error *err) {
    pmkt_status status = pmkti_arrow_schema_check(schema, what, err);
    if (status) return status;
    *type = read_format(schema->format);
    status = check_shape(schema, type->kind, what, err);
    if (status) return status;
    if (schema->dictionary) return read_dictionary(schema, what, type, err);
    if (!pmkti_arrow_is_list(type->kind)) return PMKT_OK;
    const struct ArrowSchema *item = schema->children[0];
    status = pmkti_arrow_schema_check(item, what, err);
    if (!status && !item->dictionary) type->item = read_format(item->format).kind;
    return status;
}

pmkt_status pmkti_arrow_find(const struct ArrowSchema *schema, const char *name, int64_t *child,
                             pmkt_error *err) {
    int64_t found = -1;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *theirs = schema->children[i]->name;
        if (!theirs || strcmp(theirs, name) != 0) continue;
        if (found >= 0) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "the stream has more than one column with the name \"%.60s\"", name);
        }
        found = i;
    }
    if (found < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "the stream has no column with the name \"%.60s\"",
                          name);
    }
    *child = found;
    return PMKT_OK;
}
