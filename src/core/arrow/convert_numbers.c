/*
 * convert_numbers.c - whole numbers and floating-point numbers.
 */
#include "core/arrow/convert.h"

#define NULL_COUNT INT64_MIN

static void put(const pmkti_conversion *c, int64_t row, bool is_whole, int64_t count) {
    int64_t *out = c->out;
    const bool good = is_whole && count != NULL_COUNT;
    out[row] = good ? count : NULL_COUNT;
    if (!good && !c->is_lenient) pmkti_convert_bad(c, row, c->reason);
}

static void counts_of_integers(const pmkti_conversion *c, int64_t from, int64_t to) {
    const int32_t kind = c->in.view.type.kind;
    int64_t *out = c->out;
    pmkti_load_integers(&c->in.view, kind, from, to - from, out + from);
    for (int64_t i = from; i < to; i++) {
        const bool lost = kind == PMKTI_ARROW_UINT64 ? out[i] < 0 : out[i] == NULL_COUNT;
        if (lost && pmkti_known(c->in.valid, i)) put(c, i, false, 0);
    }
    if (c->in.valid) pmkti_fill_null64(c->out, c->in.valid, from, to, (uint64_t)NULL_COUNT);
}

static void counts_of_floats(const pmkti_conversion *c, int64_t row, int64_t n) {
    double value[PMKTI_ARROW_STRIDE];
    int64_t *out = c->out;
    pmkti_load_doubles(&c->in.view, row, n, value);
    for (int64_t i = 0; i < n; i++) {
        const double v = value[i];
        if (v != v || !pmkti_known(c->in.valid, row + i)) {
            out[row + i] = NULL_COUNT;
            continue;
        }
        const bool fits = v > -0x1p63 && v < 0x1p63;
        const int64_t whole = fits ? (int64_t)v : 0;
        put(c, row + i, fits && (double)whole == v, whole);
    }
}

/* digits * 10^-scale, if that is whole and fits. */
static bool whole_of(pmkti_wide digits, int32_t scale, int64_t *count) {
    for (; scale > 0 && digits != 0; scale--, digits /= 10) {
        if (digits % 10 != 0) return false;
    }
    for (; scale < 0 && digits != 0; scale++) {
        if (__builtin_mul_overflow(digits, (pmkti_wide)10, &digits)) return false;
    }
    *count = (int64_t)digits;
    return *count == digits;
}

static void counts_of_decimals(const pmkti_conversion *c, int64_t row, int64_t n) {
    pmkti_wide digits[PMKTI_ARROW_STRIDE];
    int64_t *out = c->out;
    pmkti_load_wide(&c->in.view, row, n, digits);
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        if (!pmkti_known(c->in.valid, row + i)) {
            out[row + i] = NULL_COUNT;
        } else {
            const bool is_whole = whole_of(digits[i], c->in.view.type.scale, &count);
            put(c, row + i, is_whole, count);
        }
    }
}

void pmkti_convert_counts(const pmkti_conversion *c, int64_t from, int64_t to) {
    const int32_t kind = c->in.view.type.kind;
    if (!pmkti_arrow_is_float(kind) && kind != PMKTI_ARROW_DECIMAL) {
        counts_of_integers(c, from, to);
        return;
    }
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        if (kind == PMKTI_ARROW_DECIMAL) {
            counts_of_decimals(c, i, pmkti_stride(i, to));
        } else {
            counts_of_floats(c, i, pmkti_stride(i, to));
        }
    }
}

void pmkti_convert_doubles(const pmkti_conversion *c, int64_t from, int64_t to) {
    double *out = c->out;
    pmkti_load_doubles(&c->in.view, from, to - from, out + from);
    for (int64_t i = from; i < to && c->in.valid; i++) {
        if (!pmkti_arrow_bit(c->in.valid, i)) out[i] = (double)__builtin_nanf("");
    }
}
