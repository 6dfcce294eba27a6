/*
 * convert_vector.c - lists of numbers to vectors of float, all of one length.
 */
#include "core/arrow/convert.h"

static int64_t begin_of(const pmkti_arrow_view *v, int64_t row) {
    if (v->type.kind == PMKTI_ARROW_FIXED_LIST) return (v->at + row) * v->type.width;
    return pmkti_arrow_offset(v, row);
}

static int64_t length_of(const pmkti_arrow_view *v, int64_t row) {
    if (v->type.kind == PMKTI_ARROW_FIXED_LIST) return v->type.width;
    return pmkti_arrow_offset(v, row + 1) - pmkti_arrow_offset(v, row);
}

static void forget(float *vector, int64_t dimensions) {
    for (int64_t i = 0; i < dimensions; i++) vector[i] = __builtin_nanf("");
}

/* A gap inside a vector is no missing vector, but a bad one. */
static bool has_gap(const uint8_t *valid, int64_t begin, int64_t n) {
    for (int64_t i = 0; i < n && valid; i++) {
        if (!pmkti_arrow_bit(valid, begin + i)) return true;
    }
    return false;
}

static void load(const pmkti_arrow_view *items, int64_t begin, int64_t n, float *out) {
    double value[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < n; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, n);
        pmkti_load_doubles(items, begin + i, stride, value);
        for (int64_t j = 0; j < stride; j++) out[i + j] = (float)value[j];
    }
}

void pmkti_convert_vectors(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_view *v = &c->in.view;
    const int64_t n = c->dimensions;
    for (int64_t i = from; i < to; i++) {
        float *vector = (float *)c->out + i * n;
        const bool known = v->type.kind != PMKTI_ARROW_NULL && pmkti_known(c->in.valid, i);
        const bool good =
            known && n > 0 && length_of(v, i) == n && !has_gap(c->entry_valid, begin_of(v, i), n);
        if (good) {
            load(&c->entries, begin_of(v, i), n, vector);
        } else {
            forget(vector, n);
            if (known) pmkti_convert_bad(c, i, PMKT_BAD_VECTOR);
        }
    }
}
