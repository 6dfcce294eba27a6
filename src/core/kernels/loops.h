/*
 * loops.h - the loops of kernels.h, for the instruction set that the including file is compiled for.
 *
 * The including file defines TABLE, the table to make, and ISA, its name. Nothing here is visible
 * outside of it but the table. The compiler makes the vectors: loops have no exits, no calls and no
 * branches that it could not turn into masks.
 */
#include <string.h>

#include "core/kernels/kernels.h"

/* Iterations do not depend on one another, though the arrays may be the same one. (Clang's word for
   it demands vectors and warns where a sanitizer prevents them; it finds its way without.) */
#if defined(__clang__)
#define INDEPENDENT
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

/* Scans look at so many values before they ask whether it is decided. */
#define BLOCK 1024

/* ------------------------------------------------------------------- nulls */

static void fill_byte(uint64_t *values, unsigned valid, uint64_t null) {
    for (int j = 0; j < 8; j++) values[j] = valid >> j & 1 ? values[j] : null;
}

static void fill_bits(uint64_t *values, int64_t n, const uint8_t *valid, int64_t bit,
                      uint64_t null) {
    for (int64_t i = 0; i < n; i++, bit++) {
        if (!(valid[bit / 8] >> bit % 8 & 1)) values[i] = null;
    }
}

static void fill_nulls(uint64_t *values, int64_t n, const uint8_t *valid, int64_t first_bit,
                       uint64_t null) {
    const int64_t to_byte = (8 - first_bit % 8) % 8, head = to_byte < n ? to_byte : n;
    fill_bits(values, head, valid, first_bit, null);
    const uint8_t *byte = valid + (first_bit + head) / 8;
    int64_t i = head;
    for (; i + 8 <= n; i += 8, byte++) {
        if (*byte != UINT8_MAX) fill_byte(values + i, *byte, null);
    }
    if (i < n) fill_bits(values + i, n - i, byte, 0, null);
}

/* ----------------------------------------------------------------- widening */

static void widen_i8(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        int8_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

static void widen_i16(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        int16_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

static void widen_i32(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        int32_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

static void widen_u8(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        uint8_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

static void widen_u16(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        uint16_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

static void widen_u32(const void *restrict values, int64_t n, int64_t *restrict out) {
    const unsigned char *bytes = values;
    for (int64_t i = 0; i < n; i++) {
        uint32_t value;
        memcpy(&value, bytes + i * (int64_t)sizeof value, sizeof value);
        out[i] = (int64_t)value;
    }
}

/* ------------------------------------------------------------------ scaling */

static bool multiply(const int64_t *in, int64_t n, int64_t factor, int64_t *out) {
    const int64_t most = INT64_MAX / factor;
    uint64_t beyond = 0;
    INDEPENDENT
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = in[i];
        const int64_t product = (int64_t)((uint64_t)v * (uint64_t)factor);
        beyond |= (v > most) | ((v < -most) & (v != INT64_MIN));
        int64_t result = v > most ? INT64_MAX : product;
        result = v < -most ? -INT64_MAX : result;
        out[i] = v == INT64_MIN ? v : result;
    }
    return beyond == 0;
}

/* A constant divisor, which becomes a multiplication. */
static inline void divide(const int64_t *in, int64_t n, int64_t divisor, int64_t *out) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = in[i], quotient = v / divisor;
        out[i] = v == INT64_MIN ? v : quotient - (quotient * divisor > v);
    }
}

static void divide_1000(const int64_t *in, int64_t n, int64_t *out) {
    divide(in, n, 1000, out);
}

static void divide_1000000(const int64_t *in, int64_t n, int64_t *out) {
    divide(in, n, 1000000, out);
}

/* -------------------------------------------------------------------- scans */

static bool all_within(const int64_t *values, int64_t n, int64_t low, int64_t high, int64_t null) {
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = n - from < BLOCK ? n : from + BLOCK;
        uint64_t outside = 0;
        for (int64_t i = from; i < to; i++) {
            const int64_t v = values[i];
            outside |= ((v < low) | (v > high)) & (v != null);
        }
        if (outside) return false;
    }
    return true;
}

static bool none_zero(const uint64_t *values, int64_t n) {
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = n - from < BLOCK ? n : from + BLOCK;
        uint64_t zero = 0;
        for (int64_t i = from; i < to; i++) zero |= values[i] == 0;
        if (zero) return false;
    }
    return true;
}

static bool all_zero(const uint8_t *values, int64_t n) {
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = n - from < BLOCK ? n : from + BLOCK;
        uint8_t any = 0;
        for (int64_t i = from; i < to; i++) any |= values[i];
        if (any) return false;
    }
    return true;
}

static bool all_kinds(const uint16_t *values, int64_t n, uint16_t end, uint16_t custom) {
    const uint16_t named = (uint16_t)(end - 1);
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t to = n - from < BLOCK ? n : from + BLOCK;
        uint16_t none = 0;
        for (int64_t i = from; i < to; i++) {
            const uint16_t before = (uint16_t)(values[i] - 1); /* 0 wraps to the largest */
            none |= (uint16_t)((before >= named) & (values[i] < custom));
        }
        if (none) return false;
    }
    return true;
}

#include "core/kernels/compare.h"

const pmkti_kernels TABLE = {
    ISA,       fill_nulls, widen_i8,  widen_i16,   widen_i32,      widen_u8,
    widen_u16, widen_u32,  multiply,  divide_1000, divide_1000000, all_within,
    none_zero, all_zero,   all_kinds, compare_i64, compare_u64,    compare_f64,
};
