/*
 * convert_money.c - amounts of major or minor units, and prices times quantities, to minor units.
 *
 * Decimals, integers and texts are exact: digits and a power of ten, in 128 bits. Floating-point
 * numbers go the way of pmkt_money_from_double.
 */
#include "core/arrow/convert.h"

#define LARGEST_POWER 38    /* 10^38 fits 127 bits */
#define TEXT_DECIMALS 6     /* of a price in text, before it is multiplied */
#define TOO_LARGE INT64_MAX /* no amount */

static pmkti_wide power_of_ten(int32_t exponent) {
    pmkti_wide power = 1;
    for (; exponent > 0; exponent--) power *= 10;
    return power;
}

/* --------------------------------------------------------------------- rounding */

/* a / b, b > 0, rounded half away from zero. */
static pmkti_wide divide(pmkti_wide a, pmkti_wide b) {
    const pmkti_wide q = a / b, rest = a % b;
    const pmkti_wide size = rest < 0 ? -rest : rest;
    if (size < b - size) return q;
    return a < 0 ? q - 1 : q + 1;
}

/* digits * 10^shift as an amount, or TOO_LARGE. */
static int64_t amount_of(pmkti_wide digits, int32_t shift) {
    const pmkti_wide most = PMKT_AMOUNT_MAX;
    if (shift > 0 && digits != 0) {
        if (shift > 16 || digits > most || digits < -most) return TOO_LARGE;
        digits *= power_of_ten(shift);
    } else if (shift < 0) {
        /* Half of 10^39 is more than 127 bits hold. */
        digits = -shift > LARGEST_POWER ? 0 : divide(digits, power_of_ten(-shift));
    }
    return digits > most || digits < -most ? TOO_LARGE : (int64_t)digits;
}

static void put(const pmkti_conversion *c, int64_t row, int64_t amount) {
    int64_t *out = c->out;
    out[row] = amount;
    if (amount != TOO_LARGE) return;
    out[row] = PMKT_AMOUNT_NULL;
    pmkti_convert_bad(c, row, c->reason);
}

/* Numbers that need no more than a factor, as most columns hold; false if one is out of range. */
static bool scale_up(const pmkti_wide *digits, int64_t n, int64_t unit, int64_t most,
                     int64_t *out) {
    bool good = true;
    for (int64_t i = 0; i < n; i++) {
        const int64_t low = (int64_t)digits[i];
        good &= (low == digits[i]) & (low <= most) & (low >= -most);
        out[i] = (int64_t)((uint64_t)low * (uint64_t)unit);
    }
    return good;
}

/* Many numbers of one shift: those of 64 bits that only need a product or a quotient, first. */
static void put_many(const pmkti_conversion *c, int64_t row, const pmkti_wide *digits, int64_t n,
                     int32_t shift) {
    int64_t *out = c->out;
    const bool scales_up = shift >= 0 && shift <= 6;
    const bool scales_down = shift < 0 && shift >= -18;
    const int64_t unit = scales_up     ? (int64_t)power_of_ten(shift)
                         : scales_down ? (int64_t)power_of_ten(-shift)
                                       : 1;
    const int64_t most = scales_up ? PMKT_AMOUNT_MAX / unit : PMKT_AMOUNT_MAX;
    if (scales_up && !c->in.valid && scale_up(digits, n, unit, most, out + row)) return;
    for (int64_t i = 0; i < n; i++) {
        const int64_t low = (int64_t)digits[i];
        if (!pmkti_known(c->in.valid, row + i)) {
            out[row + i] = PMKT_AMOUNT_NULL;
        } else if (low != digits[i] || low > most || low < -most || (!scales_up && !scales_down)) {
            put(c, row + i, amount_of(digits[i], shift));
        } else if (scales_up) {
            out[row + i] = low * unit;
        } else {
            const int64_t q = low / unit, rest = low % unit;
            const int64_t size = rest < 0 ? -rest : rest;
            out[row + i] = q + (size < unit - size ? 0 : low < 0 ? -1 : 1);
        }
    }
}

/* ------------------------------------------------------------- floating point */

/* Values (and factors, or NULL) that are NaN where the row has none. */
static void put_doubles(const pmkti_conversion *c, int64_t row, const double *value,
                        const double *factor, int64_t n) {
    int64_t *out = c->out;
    int64_t n_bad = 0;
    (void)pmkt_money_from_double(value, factor, n, c->rules->decimals, PMKT_ON_BAD_SKIP, out + row,
                                 &n_bad, NULL);
    for (int64_t i = 0; i < n && n_bad > 0; i++) {
        const bool is_missing = value[i] != value[i] || (factor && factor[i] != factor[i]);
        if (out[row + i] == PMKT_AMOUNT_NULL && !is_missing) {
            pmkti_convert_bad(c, row + i, c->reason);
        }
    }
}

static void forget_nulls(const pmkti_arrow_input *in, int64_t row, int64_t n, double *value) {
    static const double missing = (double)__builtin_nanf("");
    for (int64_t i = 0; i < n && in->valid; i++) {
        if (!pmkti_arrow_bit(in->valid, row + i)) value[i] = missing;
    }
}

/* ------------------------------------------------------------------------ texts */

/* False for a text that is no number; the row is bad then. */
static bool read_text(const pmkti_conversion *c, int64_t row, int32_t decimals, int64_t *minor) {
    size_t length = 0;
    const char *text = pmkti_arrow_text(&c->in.view, row, &length);
    if (pmkt_money_parse(text, length, decimals, minor, NULL) == PMKT_OK) return true;
    pmkti_convert_bad(c, row, PMKT_BAD_VALUE);
    return false;
}

static void money_of_texts(const pmkti_conversion *c, int64_t from, int64_t to) {
    int64_t *out = c->out;
    for (int64_t i = from; i < to; i++) {
        int64_t minor = 0;
        const bool known = pmkti_known(c->in.valid, i);
        out[i] = known && read_text(c, i, c->rules->decimals, &minor) ? minor : PMKT_AMOUNT_NULL;
    }
}

/* ------------------------------------------------------------------------ money */

void pmkti_convert_money(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_view *v = &c->in.view;
    if (pmkti_arrow_is_text(v->type.kind)) {
        money_of_texts(c, from, to);
        return;
    }
    const bool is_float = pmkti_arrow_is_float(v->type.kind);
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, to);
        if (is_float) {
            double value[PMKTI_ARROW_STRIDE];
            pmkti_load_doubles(v, i, stride, value);
            forget_nulls(&c->in, i, stride, value);
            put_doubles(c, i, value, NULL, stride);
        } else {
            pmkti_wide digits[PMKTI_ARROW_STRIDE];
            pmkti_load_wide(v, i, stride, digits);
            put_many(c, i, digits, stride, c->rules->decimals - v->type.scale);
        }
    }
}

void pmkti_convert_minor(const pmkti_conversion *c, int64_t from, int64_t to) {
    const int32_t kind = c->in.view.type.kind;
    int64_t *out = c->out;
    pmkti_load_integers(&c->in.view, kind, from, to - from, out + from);
    for (int64_t i = from; i < to; i++) {
        /* What is beyond PMKT_AMOUNT_MAX, whoever takes the batch rejects; but this is a null there,
           or was no int64. */
        const bool lost = kind == PMKTI_ARROW_UINT64 ? out[i] < 0 : out[i] == PMKT_AMOUNT_NULL;
        if (lost && pmkti_known(c->in.valid, i)) put(c, i, TOO_LARGE);
    }
    if (c->in.valid) {
        pmkti_fill_null64(c->out, c->in.valid, from, to, (uint64_t)PMKT_AMOUNT_NULL);
    }
}

/* --------------------------------------------------------------------- products */

/* Prices as digits of a scale; texts count to six decimals, and are read one by one. A row whose
   text is none keeps 0 and is bad already. */
static int32_t load_prices(const pmkti_conversion *c, int64_t row, int64_t n, pmkti_wide *digits,
                           uint8_t *known) {
    const pmkti_arrow_view *v = &c->in.view;
    const bool is_text = pmkti_arrow_is_text(v->type.kind);
    if (!is_text) pmkti_load_wide(v, row, n, digits);
    for (int64_t i = 0; i < n; i++) {
        known[i] = pmkti_known(c->in.valid, row + i);
        if (!is_text) continue;
        int64_t minor = 0;
        known[i] = known[i] && read_text(c, row + i, TEXT_DECIMALS, &minor);
        digits[i] = minor;
    }
    return is_text ? TEXT_DECIMALS : v->type.scale;
}

/* Zeros at the end of a decimal's digits say nothing, and take room. */
static void strip_zeros(pmkti_wide *digits, int32_t *scale) {
    while (*digits != 0 && *digits % 10 == 0) {
        *digits /= 10;
        (*scale)--;
    }
}

static int64_t product_of(pmkti_wide a, int32_t a_scale, pmkti_wide b, int32_t b_scale,
                          int32_t decimals) {
    pmkti_wide product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        strip_zeros(&a, &a_scale);
        strip_zeros(&b, &b_scale);
        if (__builtin_mul_overflow(a, b, &product)) return TOO_LARGE;
    }
    return amount_of(product, decimals - a_scale - b_scale);
}

static void put_exact(const pmkti_conversion *c, int64_t row, int64_t n) {
    pmkti_wide price[PMKTI_ARROW_STRIDE], quantity[PMKTI_ARROW_STRIDE];
    uint8_t known[PMKTI_ARROW_STRIDE];
    int64_t *out = c->out;
    const int32_t scale = load_prices(c, row, n, price, known);
    if (c->has_by) pmkti_load_wide(&c->by.view, row, n, quantity);
    for (int64_t i = 0; i < n; i++) {
        if (!known[i] || (c->has_by && !pmkti_known(c->by.valid, row + i))) {
            out[row + i] = PMKT_AMOUNT_NULL;
            continue;
        }
        put(c, row + i,
            product_of(price[i], scale, c->has_by ? quantity[i] : 1,
                       c->has_by ? c->by.view.type.scale : 0, c->rules->decimals));
    }
}

static void put_product_of_doubles(const pmkti_conversion *c, int64_t row, int64_t n) {
    static const double unit = 1e6; /* 10^TEXT_DECIMALS */
    double price[PMKTI_ARROW_STRIDE], quantity[PMKTI_ARROW_STRIDE];
    if (pmkti_arrow_is_text(c->in.view.type.kind)) {
        pmkti_wide digits[PMKTI_ARROW_STRIDE];
        uint8_t known[PMKTI_ARROW_STRIDE];
        (void)load_prices(c, row, n, digits, known);
        for (int64_t i = 0; i < n; i++) {
            price[i] = known[i] ? (double)digits[i] / unit : (double)__builtin_nanf("");
        }
    } else {
        pmkti_load_doubles(&c->in.view, row, n, price);
        forget_nulls(&c->in, row, n, price);
    }
    if (c->has_by) {
        pmkti_load_doubles(&c->by.view, row, n, quantity);
        forget_nulls(&c->by, row, n, quantity);
    }
    put_doubles(c, row, price, c->has_by ? quantity : NULL, n);
}

static void put_nulls(const pmkti_conversion *c, int64_t row, int64_t n) {
    int64_t *out = c->out;
    for (int64_t i = 0; i < n; i++) out[row + i] = PMKT_AMOUNT_NULL;
}

void pmkti_convert_product(const pmkti_conversion *c, int64_t from, int64_t to) {
    const bool is_void = c->has_by && c->by.view.type.kind == PMKTI_ARROW_NULL;
    const bool is_float = pmkti_arrow_is_float(c->in.view.type.kind) ||
                          (c->has_by && pmkti_arrow_is_float(c->by.view.type.kind));
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, to);
        if (is_void) {
            put_nulls(c, i, stride);
        } else if (is_float) {
            put_product_of_doubles(c, i, stride);
        } else {
            put_exact(c, i, stride);
        }
    }
}
