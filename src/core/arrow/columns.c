#include "core/arrow/columns.h"

#include "core/kernels/kernels.h"

/* -------------------------------------------------------------------- bitmaps */

/* Eight bits from bit `at` on, of which `n` (1 to 8) exist; no byte beyond the last is read. */
static uint8_t eight(const uint8_t *bits, int64_t at, int64_t n) {
    const int64_t byte = at / 8;
    const int shift = (int)(at % 8);
    unsigned int value = (unsigned int)bits[byte] >> shift;
    if (shift + n > 8) value |= (unsigned int)bits[byte + 1] << (8 - shift);
    return (uint8_t)(value & (0xFFu >> (8 - n)));
}

void pmkti_bits_copy(uint8_t *out, const uint8_t *bits, int64_t at, int64_t n) {
    for (int64_t i = 0; i < n; i += 8) out[i / 8] = eight(bits, at + i, n - i < 8 ? n - i : 8);
}

void pmkti_bits_and(uint8_t *out, const uint8_t *bits, int64_t at, int64_t n) {
    for (int64_t i = 0; i < n; i += 8) out[i / 8] &= eight(bits, at + i, n - i < 8 ? n - i : 8);
}

int64_t pmkti_bits_count(const uint8_t *bits, int64_t n) {
    int64_t count = 0;
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        uint64_t word;
        memcpy(&word, bits + i / 8, sizeof word);
        count += __builtin_popcountll(word);
    }
    for (; i < n; i++) count += pmkti_arrow_bit(bits, i);
    return count;
}

/* ------------------------------------------------------------------- integers */

static const unsigned char *value_at(const pmkti_arrow_view *v, int64_t row, int64_t width) {
    return v->values + (v->at + row) * width;
}

void pmkti_load_integers(const pmkti_arrow_view *v, int32_t kind, int64_t from, int64_t n,
                         int64_t *out) {
    const pmkti_kernels *k = pmkti_kernels_get();
    switch (kind) {
        case PMKTI_ARROW_BOOL:
            for (int64_t i = 0; i < n; i++) out[i] = pmkti_arrow_bit(v->values, v->at + from + i);
            return;
        case PMKTI_ARROW_INT8:
            k->widen_i8(value_at(v, from, 1), n, out);
            return;
        case PMKTI_ARROW_UINT8:
            k->widen_u8(value_at(v, from, 1), n, out);
            return;
        case PMKTI_ARROW_INT16:
            k->widen_i16(value_at(v, from, 2), n, out);
            return;
        case PMKTI_ARROW_UINT16:
            k->widen_u16(value_at(v, from, 2), n, out);
            return;
        case PMKTI_ARROW_INT32:
        case PMKTI_ARROW_DATE32:
            k->widen_i32(value_at(v, from, 4), n, out);
            return;
        case PMKTI_ARROW_UINT32:
            k->widen_u32(value_at(v, from, 4), n, out);
            return;
        default: /* int64, uint64, date64, timestamps */
            memcpy(out, value_at(v, from, 8), (size_t)n * 8);
    }
}

/* -------------------------------------------------------------- other numbers */

void pmkti_load_wide(const pmkti_arrow_view *v, int64_t from, int64_t n, pmkti_wide *out) {
    if (v->type.kind == PMKTI_ARROW_DECIMAL && v->type.width == 16) {
        memcpy(out, value_at(v, from, 16), (size_t)n * 16);
        return;
    }
    int32_t kind = v->type.kind;
    if (kind == PMKTI_ARROW_DECIMAL) {
        kind = v->type.width == 4 ? PMKTI_ARROW_INT32 : PMKTI_ARROW_INT64;
    }
    int64_t narrow[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < n; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = n - i < PMKTI_ARROW_STRIDE ? n - i : PMKTI_ARROW_STRIDE;
        pmkti_load_integers(v, kind, from + i, stride, narrow);
        for (int64_t j = 0; j < stride; j++) {
            out[i + j] = kind == PMKTI_ARROW_UINT64 ? (pmkti_wide)(uint64_t)narrow[j] : narrow[j];
        }
    }
}

static double power_of_ten(int32_t exponent) {
    double power = 1.0;
    for (; exponent > 0; exponent--) power *= 10.0; /* exact up to 10^22 */
    return power;
}

static void load_decimals(const pmkti_arrow_view *v, int64_t from, int64_t n, double *out) {
    const int32_t scale = v->type.scale;
    const double unit = power_of_ten(scale < 0 ? -scale : scale);
    pmkti_wide digits[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < n; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = n - i < PMKTI_ARROW_STRIDE ? n - i : PMKTI_ARROW_STRIDE;
        pmkti_load_wide(v, from + i, stride, digits);
        for (int64_t j = 0; j < stride; j++) {
            out[i + j] = scale < 0 ? (double)digits[j] * unit : (double)digits[j] / unit;
        }
    }
}

void pmkti_load_doubles(const pmkti_arrow_view *v, int64_t from, int64_t n, double *out) {
    if (v->type.kind == PMKTI_ARROW_DOUBLE) {
        memcpy(out, value_at(v, from, 8), (size_t)n * 8);
        return;
    }
    if (v->type.kind == PMKTI_ARROW_FLOAT) {
        const unsigned char *values = value_at(v, from, 4);
        for (int64_t i = 0; i < n; i++) {
            float value;
            memcpy(&value, values + i * 4, sizeof value);
            out[i] = (double)value;
        }
        return;
    }
    if (v->type.kind == PMKTI_ARROW_DECIMAL) {
        load_decimals(v, from, n, out);
        return;
    }
    int64_t whole[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < n; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = n - i < PMKTI_ARROW_STRIDE ? n - i : PMKTI_ARROW_STRIDE;
        pmkti_load_integers(v, v->type.kind, from + i, stride, whole);
        for (int64_t j = 0; j < stride; j++) {
            const bool is_unsigned = v->type.kind == PMKTI_ARROW_UINT64;
            out[i + j] = is_unsigned ? (double)(uint64_t)whole[j] : (double)whole[j];
        }
    }
}

/* ---------------------------------------------------------------------- nulls */

void pmkti_fill_null64(uint64_t *out, const uint8_t *valid, int64_t from, int64_t to,
                       uint64_t null) {
    pmkti_kernels_get()->fill_nulls(out + from, to - from, valid, from, null);
}
