/*
 * Every inner loop under every instruction set of this machine, against a slow loop written here: all
 * lengths up to 300 from every alignment, on values that sit at the borders. Arrays are exactly as long as
 * they must be, so that a sanitizer sees a byte too many.
 */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include "core/kernels/kernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    LONGEST = 300,
    PLACES = 8 /* of the first element, from an aligned address on */
};

/* The tables under test, and the one at work. */
static const pmkti_kernels *isas[PMKTI_MOST_ISAS];
static int n_isas;

static void find_isas(void) {
    n_isas = pmkti_kernels_usable(isas);
}

/* ------------------------------------------------------------------ columns */

/* `n` elements of `size` bytes behind `place` others that nobody may touch. */
typedef struct column {
    unsigned char *memory, *at;
    size_t before, bytes;
} column;

static column column_new(int64_t n, int64_t place, size_t size) {
    column c = {NULL, NULL, (size_t)place * size, (size_t)n * size};
    c.memory = malloc(c.before + c.bytes + 1 - (c.bytes > 0)); /* not of size 0 */
    REQUIRE(c.memory);
    memset(c.memory, 0x5A, c.before);
    c.at = c.memory + c.before;
    return c;
}

static void column_free(column *c) {
    for (size_t i = 0; i < c->before; i++) REQUIRE(c->memory[i] == 0x5A);
    free(c->memory);
}

static const int64_t EDGES[] = {
    INT64_MIN,
    INT64_MIN + 1,
    INT64_MIN + 191,
    INT64_MIN + 192,
    INT64_MIN + 999,
    INT64_MIN + 1000,
    INT64_MAX,
    INT64_MAX - 1,
    INT64_MAX / 1000,
    INT64_MAX / 1000 + 1,
    -1,
    0,
    1,
    -999,
    -1000,
    -1001,
    999,
    1000,
    1001,
    -999999,
    -1000000,
    -1000001,
    999999,
    1000000,
    PMKT_TIME_MIN,
    PMKT_TIME_MIN - 1,
    PMKT_TIME_MAX,
    PMKT_TIME_MAX - 1,
    PMKT_AMOUNT_MAX,
    PMKT_AMOUNT_MAX + 1,
    -(INT64_MAX / 1000),
    -(INT64_MAX / 1000) - 1,
    INT64_C(1) << 32,
    -(INT64_C(1) << 32),
};

/* A border, something near one, or any number of any size. */
static int64_t any_number(void) {
    const int64_t edge = EDGES[random_below(LENGTH(EDGES))];
    switch (random_below(3)) {
        case 0:
            return edge;
        case 1:
            return (int64_t)((uint64_t)edge + (uint64_t)random_between(-3, 4));
        default:
            return (int64_t)random_bits() >> random_below(64);
    }
}

static int64_t *numbers(column *c) {
    int64_t *at = (int64_t *)(void *)c->at;
    for (size_t i = 0; i < c->bytes / sizeof *at; i++) at[i] = any_number();
    return at;
}

/* Calls `one` with every length and place, and every table. */
static void everywhere(void (*one)(const pmkti_kernels *k, int64_t n, int64_t place)) {
    find_isas();
    random_seed(7);
    for (int64_t n = 0; n <= LONGEST; n += 1 + (n > 70) * scaled(0, 7)) {
        for (int64_t place = 0; place < PLACES; place++) {
            for (int i = 0; i < n_isas; i++) one(isas[i], n, place);
        }
    }
}

/* -------------------------------------------------------------------- nulls */

static void fill_once(const pmkti_kernels *k, int64_t n, int64_t first_bit) {
    const int64_t place = random_below(PLACES), style = random_below(4);
    column values = column_new(n, place, 8), expected = column_new(n, place, 8);
    column bits = column_new((first_bit + n + 7) / 8, 0, 1);
    for (size_t i = 0; i < bits.bytes; i++) { /* all there, none there, some, few not */
        const unsigned byte = (unsigned)random_below(256), few = random_below(8) == 0;
        const unsigned one = few << random_below(8);
        bits.at[i] = (uint8_t)(style == 0 ? 0xFF : style == 1 ? 0 : style == 2 ? byte : 0xFF ^ one);
    }
    uint64_t *v = (uint64_t *)(void *)values.at, *e = (uint64_t *)(void *)expected.at;
    const uint64_t null = random_below(2) ? PMKT_ID_NONE : (uint64_t)INT64_MIN;
    for (int64_t i = 0; i < n; i++) {
        const int64_t bit = first_bit + i;
        v[i] = random_bits();
        e[i] = bits.at[bit / 8] >> (bit % 8) & 1 ? v[i] : null;
    }
    k->fill_nulls(v, n, bits.at, first_bit, null);
    REQUIRE(memcmp(v, e, (size_t)n * 8) == 0);
    column_free(&values);
    column_free(&expected);
    column_free(&bits);
}

static void fill_from_bits(const pmkti_kernels *k, int64_t n, int64_t place) {
    for (int64_t bit = place; bit < 24; bit += PLACES) fill_once(k, n, bit);
}

START_TEST(nulls_are_filled_in_by_a_bitmap_from_any_bit_on) {
    everywhere(fill_from_bits);
}
END_TEST

/* ----------------------------------------------------------------- widening */

/* The values begin at any byte. */
#define WIDEN(type, narrow) \
    static void widens_##type(const pmkti_kernels *k, int64_t n, int64_t place) { \
        column from = column_new(n * (int64_t)sizeof(narrow), place, 1); \
        column to = column_new(n, random_below(PLACES), sizeof(int64_t)); \
        int64_t *out = (int64_t *)(void *)to.at; \
        for (int64_t i = 0; i < n; i++) { \
            const narrow value = (narrow)any_number(); \
            memcpy(from.at + i * (int64_t)sizeof value, &value, sizeof value); \
        } \
        k->widen_##type(from.at, n, out); \
        for (int64_t i = 0; i < n; i++) { \
            narrow value; \
            memcpy(&value, from.at + i * (int64_t)sizeof value, sizeof value); \
            REQUIRE(out[i] == (int64_t)value); \
        } \
        column_free(&from); \
        column_free(&to); \
    }

WIDEN(i8, int8_t)
WIDEN(i16, int16_t)
WIDEN(i32, int32_t)
WIDEN(u8, uint8_t)
WIDEN(u16, uint16_t)
WIDEN(u32, uint32_t)

START_TEST(narrow_numbers_become_64_bits_wide) {
    everywhere(widens_i8);
    everywhere(widens_i16);
    everywhere(widens_i32);
    everywhere(widens_u8);
    everywhere(widens_u16);
    everywhere(widens_u32);
}
END_TEST

/* ------------------------------------------------------------------ scaling */

static int64_t product_of(int64_t v, int64_t factor, bool *fits) {
    int64_t product;
    if (v == INT64_MIN) return v;
    /* -2^63 is the null: a product that is exactly that does not fit either */
    if (!__builtin_mul_overflow(v, factor, &product) && product != INT64_MIN) return product;
    *fits = false;
    return v < 0 ? -INT64_MAX : INT64_MAX;
}

static int64_t quotient_of(int64_t v, int64_t divisor) {
    if (v == INT64_MIN) return v;
    return v / divisor - (v % divisor < 0);
}

static void multiplies(const pmkti_kernels *k, int64_t n, int64_t place) {
    static const int64_t FACTORS[] = {1, 2, 100, 1000, 86400000, INT64_MAX};
    const int64_t factor = FACTORS[random_below(LENGTH(FACTORS))];
    column from = column_new(n, place, 8), to = column_new(n, place, 8);
    int64_t *in = numbers(&from), *out = (int64_t *)(void *)to.at;
    if (random_below(2)) { /* all fit */
        for (int64_t i = 0; i < n; i++) {
            if (in[i] != INT64_MIN) in[i] /= factor;
        }
    }
    bool fit = true;
    const bool answer = k->multiply(in, n, factor, out);
    for (int64_t i = 0; i < n; i++) REQUIRE(out[i] == product_of(in[i], factor, &fit));
    REQUIRE(answer == fit);
    REQUIRE(k->multiply(in, n, factor, in) == fit); /* in place */
    REQUIRE(memcmp(in, out, (size_t)n * 8) == 0);
    column_free(&from);
    column_free(&to);
}

static void divides(const pmkti_kernels *k, int64_t n, int64_t place) {
    column from = column_new(n, place, 8), to = column_new(n, place, 8);
    int64_t *in = numbers(&from), *out = (int64_t *)(void *)to.at;
    k->divide_1000(in, n, out);
    for (int64_t i = 0; i < n; i++) REQUIRE(out[i] == quotient_of(in[i], 1000));
    k->divide_1000000(in, n, out);
    for (int64_t i = 0; i < n; i++) REQUIRE(out[i] == quotient_of(in[i], 1000000));
    k->divide_1000000(in, n, in);
    REQUIRE(memcmp(in, out, (size_t)n * 8) == 0);
    column_free(&from);
    column_free(&to);
}

START_TEST(a_product_beyond_64_bits_is_the_largest_number_and_is_told) {
    everywhere(multiplies);
}
END_TEST

START_TEST(a_quotient_is_rounded_down_also_below_zero) {
    everywhere(divides);
}
END_TEST

START_TEST(null_stays_null_under_every_scaling) {
    find_isas();
    for (int i = 0; i < n_isas; i++) {
        int64_t in[9], out[9];
        for (int j = 0; j < 9; j++) in[j] = PMKT_TIME_NULL;
        ck_assert(isas[i]->multiply(in, 9, 1000, out));
        ck_assert_mem_eq(in, out, sizeof in);
        isas[i]->divide_1000(in, 9, out);
        ck_assert_mem_eq(in, out, sizeof in);
        isas[i]->divide_1000000(in, 9, out);
        ck_assert_mem_eq(in, out, sizeof in);
    }
}
END_TEST

/* -------------------------------------------------------------------- scans */

/* Each scan is asked of values that are all good, then with a single bad one in every place. */
static void scans(const pmkti_kernels *k, int64_t n, int64_t place) {
    column words = column_new(n, place, 8), bytes = column_new(n, place, 1);
    column kinds = column_new(n, place, 2);
    int64_t *v = (int64_t *)(void *)words.at;
    uint16_t *kind = (uint16_t *)(void *)kinds.at;
    const int64_t low = any_number(), high = any_number() | 1, null = any_number();
    bool good = true;
    for (int64_t i = 0; i < n; i++) {
        v[i] = random_below(40) ? low : any_number();
        good = good && (v[i] == null || (v[i] >= low && v[i] <= high));
    }
    REQUIRE(k->all_within(v, n, low, high, null) == good);
    for (int64_t i = 0; i < n; i++) {
        v[i] = random_below(2) ? 7 : INT64_MIN;
        bytes.at[i] = 0;
        kind[i] = (uint16_t)(random_below(2) ? random_between(1, 18) : random_between(256, 65536));
    }
    REQUIRE(k->all_within(v, n, -7, 7, INT64_MIN));
    REQUIRE(k->none_zero((const uint64_t *)v, n));
    REQUIRE(k->all_zero(bytes.at, n));
    REQUIRE(k->all_kinds(kind, n, 18, 256));
    for (int64_t i = 0; i < n; i += 1 + (n > 70) * 13) {
        static const uint16_t NO_KIND[] = {0, 18, 19, 100, 254, 255};
        const int64_t was = v[i];
        const uint16_t kind_was = kind[i];
        v[i] = random_below(2) ? 8 : -8;
        REQUIRE(!k->all_within(v, n, -7, 7, INT64_MIN));
        v[i] = 0;
        REQUIRE(!k->none_zero((const uint64_t *)v, n));
        v[i] = was;
        bytes.at[i] = (uint8_t)(1u << random_below(8));
        REQUIRE(!k->all_zero(bytes.at, n));
        bytes.at[i] = 0;
        kind[i] = NO_KIND[random_below(LENGTH(NO_KIND))];
        REQUIRE(!k->all_kinds(kind, n, 18, 256));
        kind[i] = kind_was;
    }
    column_free(&words);
    column_free(&bytes);
    column_free(&kinds);
}

START_TEST(a_scan_sees_a_single_value_wherever_it_is) {
    everywhere(scans);
}
END_TEST

START_TEST(a_scan_sees_a_single_value_in_a_long_column) {
    find_isas();
    const int64_t n = 5000;
    for (int i = 0; i < n_isas; i++) {
        for (int64_t at = 0; at < n; at += 1 + scaled(0, 61)) {
            column words = column_new(n, 1, 8);
            int64_t *v = (int64_t *)(void *)words.at;
            for (int64_t j = 0; j < n; j++) v[j] = 1;
            REQUIRE(isas[i]->all_within(v, n, 1, 1, 0));
            v[at] = 2;
            REQUIRE(!isas[i]->all_within(v, n, 1, 1, 0));
            v[at] = 0;
            REQUIRE(isas[i]->all_within(v, n, 1, 1, 0));
            REQUIRE(!isas[i]->none_zero((const uint64_t *)v, n));
            column_free(&words);
        }
    }
}
END_TEST

START_TEST(every_number_is_a_kind_or_none) {
    find_isas();
    for (int i = 0; i < n_isas; i++) {
        for (int32_t kind = 0; kind <= UINT16_MAX; kind++) {
            const uint16_t kinds[3] = {1, (uint16_t)kind, 256};
            const bool exists = (kind > 0 && kind < PMKT_KIND_COUNT_) || kind >= PMKT_KIND_CUSTOM;
            REQUIRE(isas[i]->all_kinds(kinds, 3, PMKT_KIND_COUNT_, PMKT_KIND_CUSTOM) == exists);
        }
    }
}
END_TEST

/* ----------------------------------------------------------------- dispatch */

START_TEST(a_name_caps_what_is_chosen_and_any_other_text_does_not) {
    find_isas();
    const char *built[PMKTI_MOST_ISAS];
    const int n_built = pmkti_kernels_built(built);
    const pmkti_kernels *best = isas[n_isas - 1];
    static const char *const NO_NAMES[] = {"", "avx", "AVX2", "avx2 ", "sse2", "avx5120", "%s"};
    ck_assert_ptr_eq(pmkti_kernels_choose(NULL), best);
    for (int64_t i = 0; i < LENGTH(NO_NAMES); i++) {
        ck_assert_ptr_eq(pmkti_kernels_choose(NO_NAMES[i]), best);
    }
    for (int i = 0; i < n_built; i++) { /* one that the CPU cannot run gives the best that it can */
        const pmkti_kernels *expected = i < n_isas ? isas[i] : best;
        ck_assert_ptr_eq(pmkti_kernels_choose(built[i]), expected);
    }
}
END_TEST

START_TEST(the_environment_is_looked_at_once) {
    const char *fork = getenv("CK_FORK");
    if (fork && strcmp(fork, "no") == 0) return; /* it was looked at by an earlier test */
    ck_assert_int_eq(setenv("PMKT_ISA", "baseline", 1), 0);
    ck_assert_str_eq(pmkt_isa(), "baseline");
    ck_assert_ptr_eq(pmkti_kernels_get(), &pmkti_kernels_baseline);
    ck_assert_int_eq(unsetenv("PMKT_ISA"), 0);
    ck_assert_str_eq(pmkt_isa(), "baseline");
}
END_TEST

static void *look(void *seen) {
    *(const pmkti_kernels **)seen = pmkti_kernels_get();
    return NULL;
}

START_TEST(all_threads_get_the_same_loops) {
    pthread_t threads[8];
    const pmkti_kernels *seen[LENGTH(threads)];
    for (int64_t i = 0; i < LENGTH(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look, &seen[i]), 0);
    }
    for (int64_t i = 0; i < LENGTH(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_ptr_eq(seen[i], pmkti_kernels_get());
    }
    ck_assert_str_eq(pmkt_isa(), seen[0]->isa);
}
END_TEST

/* What was and what could not be tested on this machine. */
static void say_isas(void) {
    const char *built[PMKTI_MOST_ISAS];
    const int n_built = pmkti_kernels_built(built);
    find_isas();
    for (int i = 0; i < n_built; i++) {
        printf("%s: %s\n", built[i], i < n_isas ? "tested" : "SKIPPED, this CPU cannot run it");
    }
    fflush(stdout);
}

int main(void) {
    say_isas();
    Suite *suite = suite_create("kernels");
    TOPIC(suite, "loops", nulls_are_filled_in_by_a_bitmap_from_any_bit_on,
          narrow_numbers_become_64_bits_wide,
          a_product_beyond_64_bits_is_the_largest_number_and_is_told,
          a_quotient_is_rounded_down_also_below_zero, null_stays_null_under_every_scaling,
          a_scan_sees_a_single_value_wherever_it_is, a_scan_sees_a_single_value_in_a_long_column,
          every_number_is_a_kind_or_none);
    TOPIC(suite, "dispatch", a_name_caps_what_is_chosen_and_any_other_text_does_not,
          the_environment_is_looked_at_once, all_threads_get_the_same_loops);
    return suite_run(suite);
}
