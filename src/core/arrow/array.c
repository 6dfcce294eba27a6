#include "core/arrow/array.h"

#include "core/error.h"

/* Far beyond any memory, and far enough below 2^63 that a byte offset cannot overflow. */
#define MOST_ROWS (INT64_C(1) << 56)

static pmkt_status malformed(const char *what, const char *problem, int64_t number,
                             pmkt_error *err) {
    return pmkti_fail(err, PMKT_E_INVALID, "the Arrow array of \"%.60s\" is malformed: %s (%lld)",
                      what, problem, (long long)number);
}

/* ------------------------------------------------------------------- its numbers */

pmkt_status pmkti_arrow_array_check(const struct ArrowArray *a, const char *what, pmkt_error *err) {
    if (a->length < 0 || a->length > MOST_ROWS) {
        return malformed(what, "its length is impossible", a->length, err);
    }
    if (a->offset < 0 || a->offset > MOST_ROWS) {
        return malformed(what, "its offset is impossible", a->offset, err);
    }
    if (a->null_count < -1 || a->null_count > a->length) {
        return malformed(what, "its null_count is impossible", a->null_count, err);
    }
    if (a->n_buffers < 0 || (a->n_buffers > 0 && !a->buffers)) {
        return malformed(what, "its buffers are missing", a->n_buffers, err);
    }
    if (a->n_children < 0 || (a->n_children > 0 && !a->children)) {
        return malformed(what, "its children are missing", a->n_children, err);
    }
    for (int64_t i = 0; i < a->n_children; i++) {
        if (!a->children[i]) return malformed(what, "one of its children is NULL", i, err);
    }
    return PMKT_OK;
}

/* What the layout of a type has, for an array of it; views have a further buffer for each. */
static int64_t buffers_of(int32_t kind) {
    if (kind == PMKTI_ARROW_NULL) return 0;
    if (kind == PMKTI_ARROW_STRUCT || kind == PMKTI_ARROW_FIXED_LIST) return 1;
    return kind == PMKTI_ARROW_TEXT || kind == PMKTI_ARROW_LARGE_TEXT ? 3 : 2;
}

static pmkt_status check_layout(const struct ArrowArray *a, int32_t kind, bool has_dictionary,
                                const char *what, pmkt_error *err) {
    const bool is_view = kind == PMKTI_ARROW_TEXT_VIEW;
    /* A view names its buffer by 32 bits. */
    const bool views_fit = a->n_buffers >= 3 && a->n_buffers - 3 <= INT32_MAX;
    if (is_view ? !views_fit : a->n_buffers != buffers_of(kind)) {
        return malformed(what, "it has another number of buffers than its format", a->n_buffers,
                         err);
    }
    if (kind != PMKTI_ARROW_STRUCT && a->n_children != pmkti_arrow_is_list(kind)) {
        return malformed(what, "it has another number of children than its format", a->n_children,
                         err);
    }
    if (has_dictionary != (a->dictionary != NULL)) {
        return malformed(what, "it has a dictionary and its schema none, or none and it one", 0,
                         err);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------- its buffers */

static pmkt_status check_offsets(const pmkti_arrow_view *v, int64_t end, const char *what,
                                 pmkt_error *err) {
    int64_t before = pmkti_arrow_offset(v, 0);
    if (before < 0) return malformed(what, "an offset is below zero", before, err);
    int64_t falling = 0; /* without a branch, for there are many */
    for (int64_t i = 1; i <= v->rows; i++) {
        const int64_t offset = pmkti_arrow_offset(v, i);
        falling |= offset < before;
        before = offset;
    }
    if (falling) return malformed(what, "its offsets fall", before, err);
    if (before > end) return malformed(what, "its offsets go beyond its entries", before, err);
    return PMKT_OK;
}

static pmkt_status bind_texts(const struct ArrowArray *a, pmkti_arrow_view *v, const char *what,
                              pmkt_error *err) {
    const pmkt_status status = check_offsets(v, MOST_ROWS, what, err);
    if (status) return status;
    v->bytes = a->buffers[2];
    if (!v->bytes && pmkti_arrow_offset(v, v->rows) > pmkti_arrow_offset(v, 0)) {
        return malformed(what, "its texts have no bytes", 0, err);
    }
    return PMKT_OK;
}

static pmkt_status bind_views(const struct ArrowArray *a, pmkti_arrow_view *v, const char *what,
                              pmkt_error *err) {
    v->n_view_buffers = a->n_buffers - 3;
    v->view_buffers = (const char *const *)(a->buffers + 2);
    v->view_sizes = a->buffers[a->n_buffers - 1];
    if (v->n_view_buffers == 0) return PMKT_OK;
    if (!v->view_sizes || (uintptr_t)v->view_sizes % sizeof *v->view_sizes != 0) {
        return malformed(what, "the sizes of its buffers are missing or misaligned", 0, err);
    }
    for (int64_t i = 0; i < v->n_view_buffers; i++) {
        if (v->view_sizes[i] < 0 || (v->view_sizes[i] > 0 && !v->view_buffers[i])) {
            return malformed(what, "one of its buffers has an impossible size", v->view_sizes[i],
                             err);
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_arrow_views_check(const pmkti_arrow_view *v, const uint8_t *valid,
                                    const char *what, pmkt_error *err) {
    for (int64_t i = 0; i < v->rows; i++) {
        int32_t part[4]; /* length; then four bytes of the text, number of a buffer, place in it */
        memcpy(part, v->values + (v->at + i) * 16, sizeof part);
        if (part[0] >= 0 && part[0] <= 12) continue;
        if (valid && !pmkti_arrow_bit(valid, i)) continue;
        const bool good = part[0] >= 0 && part[2] >= 0 && part[2] < v->n_view_buffers &&
                          part[3] >= 0 && v->view_sizes[part[2]] - part[3] >= part[0];
        if (!good) return malformed(what, "a text lies outside its buffers, at row", i, err);
    }
    return PMKT_OK;
}

static pmkt_status bind_list(const struct ArrowArray *a, pmkti_arrow_view *v, const char *what,
                             pmkt_error *err) {
    const struct ArrowArray *items = a->children[0];
    const pmkt_status status = pmkti_arrow_array_check(items, what, err);
    if (status) return status;
    if (v->type.kind != PMKTI_ARROW_FIXED_LIST) return check_offsets(v, items->length, what, err);
    int64_t needed = 0;
    if (__builtin_mul_overflow(v->at + v->rows, v->type.width, &needed) || needed > items->length) {
        return malformed(what, "its lists go beyond their entries", items->length, err);
    }
    return PMKT_OK;
}

static bool needs_values(const pmkti_arrow_view *v) {
    return v->rows > 0 && v->type.kind != PMKTI_ARROW_NULL && v->type.kind != PMKTI_ARROW_STRUCT &&
           v->type.kind != PMKTI_ARROW_FIXED_LIST;
}

pmkt_status pmkti_arrow_view_of(const struct ArrowArray *a, const pmkti_arrow_type *type,
                                const char *what, int64_t from, int64_t rows,
                                pmkti_arrow_view *view, pmkt_error *err) {
    const bool has_dictionary = type->index != PMKTI_ARROW_OTHER;
    const int32_t kind = has_dictionary ? type->index : type->kind;
    pmkt_status status = pmkti_arrow_array_check(a, what, err);
    if (!status) status = check_layout(a, kind, has_dictionary, what, err);
    if (status) return status;
    if (from < 0 || rows < 0 || from > a->length || rows > a->length - from) {
        return malformed(what, "it is shorter than the table that it is a column of", a->length,
                         err);
    }
    pmkti_arrow_view v = {.type = *type, .rows = rows, .at = a->offset + from, .array = a};
    if (kind != PMKTI_ARROW_NULL) v.valid = a->buffers[0];
    if (!v.valid && a->null_count > 0 && kind != PMKTI_ARROW_NULL) {
        return malformed(what, "it has nulls, but no validity buffer", a->null_count, err);
    }
    if (a->null_count == 0) v.valid = NULL;
    if (kind != PMKTI_ARROW_STRUCT && a->n_buffers > 1) v.values = a->buffers[1];
    if (needs_values(&v) && !v.values) return malformed(what, "a buffer is NULL", rows, err);
    if (rows > 0 && !has_dictionary) {
        if (kind == PMKTI_ARROW_TEXT || kind == PMKTI_ARROW_LARGE_TEXT) {
            status = bind_texts(a, &v, what, err);
        } else if (kind == PMKTI_ARROW_TEXT_VIEW) {
            status = bind_views(a, &v, what, err);
        } else if (pmkti_arrow_is_list(kind)) {
            status = bind_list(a, &v, what, err);
        }
    }
    if (!status) *view = v;
    return status;
}

pmkt_status pmkti_arrow_dictionary_of(const pmkti_arrow_view *v, const char *what,
                                      pmkti_arrow_view *values, pmkt_error *err) {
    const struct ArrowArray *a = v->array->dictionary;
    pmkti_arrow_type type = v->type;
    type.index = PMKTI_ARROW_OTHER;
    const pmkt_status status = pmkti_arrow_array_check(a, what, err);
    if (status) return status;
    return pmkti_arrow_view_of(a, &type, what, 0, a->length, values, err);
}

pmkt_status pmkti_arrow_items_of(const pmkti_arrow_view *v, const char *what,
                                 pmkti_arrow_view *items, pmkt_error *err) {
    const struct ArrowArray *a = v->array->children[0];
    const pmkti_arrow_type type = {.kind = v->type.item,
                                   .width = v->type.item == PMKTI_ARROW_FLOAT ? 4 : 8};
    const pmkt_status status = pmkti_arrow_array_check(a, what, err);
    if (status) return status;
    return pmkti_arrow_view_of(a, &type, what, 0, a->length, items, err);
}
