/*
 * The inner loops of exact top-k under every instruction set that this CPU has, against their contract
 * written down in scalar C; and the arithmetic of those that it has not, by the limits they rely on.
 */
#include <math.h>
#include <string.h>

#include "cf/index.h"
#include "cf/kernels/gemm.h"
#include "cf/kernels/score.h"
#include "core/kernels/kernels.h"
#include "support/loop.h"
#include "support/suite.h"

#define MOST_GROUPS 129

static const pmkti_cf_scorer *usable[4];
static int n_usable;

static void find_usable(void) {
    const pmkti_kernels *kernels[PMKTI_MOST_ISAS];
    const int n = pmkti_kernels_usable(kernels);
    n_usable = 0;
    for (int level = 0; level < n; level++) usable[n_usable++] = pmkti_cf_scorer_of(level, false);
    if (pmkti_cpu_has_vnni()) usable[n_usable++] = pmkti_cf_scorer_of(2, true);
}

static double slow_dot(const float *a, const float *b, int32_t d) {
    double lane[8] = {0};
    for (int32_t j = 0; j < d; j++) lane[j % 8] += (double)a[j] * (double)b[j];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

START_TEST(dots_are_the_same_bytes_everywhere) {
    static float a[1100], b[1100];
    random_seed(1);
    for (int32_t d = 0; d < 1100; d += d < 70 ? 1 : 41) {
        for (int32_t j = 0; j < d; j++) {
            a[j] = (float)(ldexp((double)random_between(-9999999, 9999999),
                                 (int)random_between(-160, 100)));
            b[j] = (float)(ldexp((double)random_between(-9999999, 9999999),
                                 (int)random_between(-160, 100)));
        }
        const double wanted = slow_dot(a, b, d);
        for (int u = 0; u < n_usable; u++) {
            const double got = usable[u]->dot(a, b, d);
            REQUIRE(memcmp(&got, &wanted, sizeof got) == 0);
        }
    }
}
END_TEST

/* A block's codes, and four queries. */
static uint8_t codes[MOST_GROUPS * PMKTI_CF_BLOCK * 4];
static int8_t query[PMKTI_CF_TOGETHER][MOST_GROUPS * 8];
static float steps[PMKTI_CF_BLOCK];

static int code_of(int i, int32_t j) {
    const uint8_t byte =
        codes[((size_t)(j / 8) * PMKTI_CF_BLOCK + (size_t)i) * 4 + (size_t)(j % 4)];
    return j & 4 ? byte >> 4 : byte & 15;
}

static uint32_t slow_mask(const pmkti_cf_probe *probe, int32_t groups) {
    uint32_t mask = 0;
    for (int i = 0; i < PMKTI_CF_BLOCK; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < groups * 8; j++) sum += probe->codes[j] * code_of(i, j);
        const float most = (float)(sum - probe->bias) + probe->reach;
        const float bound = steps[i] * most;
        if (!(bound < probe->limit)) mask |= 1u << i;
    }
    return mask;
}

static void require_scans(const pmkti_cf_probe *probe, int32_t groups) {
    uint32_t wanted[PMKTI_CF_TOGETHER];
    for (int q = 0; q < PMKTI_CF_TOGETHER; q++) wanted[q] = slow_mask(&probe[q], groups);
    for (int u = 0; u < n_usable; u++) {
        uint32_t mask[PMKTI_CF_TOGETHER];
        usable[u]->scan_many(steps, codes, groups, probe, mask);
        REQUIRE(memcmp(mask, wanted, sizeof mask) == 0);
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            usable[u]->scan_one(steps, codes, groups, &probe[q], mask);
            REQUIRE(mask[0] == wanted[q]);
        }
    }
}

/* Codes as large as the contract allows: each lane of a span has the sum PMKTI_CF_LANE_SUM, or random. */
static void fill_query(int8_t *q, int32_t groups, int how) {
    int left[2] = {0, 0};
    for (int32_t j = 0; j < groups * 8; j++) {
        if (j % (8 * PMKTI_CF_SPAN) == 0) left[0] = left[1] = PMKTI_CF_LANE_SUM;
        int *mine = &left[j / 2 % 2];
        int size = how == 2 ? (int)random_below(128) : 127;
        if (size > *mine) size = *mine;
        *mine -= size;
        q[j] = (int8_t)(how == 0 ? size : how == 1 ? -size : random_below(2) ? size : -size);
    }
}

START_TEST(scans_keep_to_their_contract) {
    random_seed(2);
    for (int trial = 0; trial < 600; trial++) {
        const int32_t groups = (int32_t)(trial % 3 ? 1 + random_below(20) : 1 + random_below(129));
        for (size_t i = 0; i < sizeof codes; i++) {
            codes[i] = trial % 4 ? (uint8_t)random_bits() : 0xFF;
        }
        pmkti_cf_probe probe[PMKTI_CF_TOGETHER];
        for (int i = 0; i < PMKTI_CF_BLOCK; i++) steps[i] = (float)random_below(100) / 64.0f;
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            fill_query(query[q], groups, (q + trial / 4) % 3);
            int32_t sum = 0, in_first = 0;
            for (int32_t j = 0; j < groups * 8; j++) {
                sum += query[q][j];
                in_first += query[q][j] * code_of(0, j);
            }
            const float reach = (float)random_below(1000) / 8.0f;
            /* At the very bound of the first vector, or a hair above: both sides of the comparison. */
            const float edge = steps[0] * ((float)(in_first - 8 * sum) + reach);
            const float limit = trial % 2 ? edge : nextafterf(edge, INFINITY);
            probe[q] = (pmkti_cf_probe){query[q], 8 * sum, reach, limit};
            const uint32_t mask = slow_mask(&probe[q], groups);
            REQUIRE((mask & 1) == (trial % 2 ? 1 : 0));
        }
        require_scans(probe, groups);
    }
}
END_TEST

START_TEST(what_is_not_a_number_passes) {
    memset(query, 3, sizeof query);
    memset(codes, 0x99, sizeof codes);
    pmkti_cf_probe probe[PMKTI_CF_TOGETHER];
    for (int i = 0; i < PMKTI_CF_BLOCK; i++) steps[i] = i % 2 ? NAN : 0.0f;
    probe[0] = (pmkti_cf_probe){query[0], 0, 1.0f, 1.0f};
    probe[1] = (pmkti_cf_probe){query[1], 0, NAN, 1.0f};
    probe[2] = (pmkti_cf_probe){query[2], 0, INFINITY, 1.0f};
    probe[3] = (pmkti_cf_probe){query[3], 0, 1.0f, NAN};
    require_scans(probe, 5);
    ck_assert_uint_eq(slow_mask(&probe[0], 5), 0xAAAAAAAAu);
    ck_assert_uint_eq(slow_mask(&probe[1], 5), UINT32_MAX);
    ck_assert_uint_eq(slow_mask(&probe[2], 5), UINT32_MAX);
    ck_assert_uint_eq(slow_mask(&probe[3], 5), UINT32_MAX);
}
END_TEST

/* Panels and vectors of small whole numbers, whose sums are exact in any order. */
static float panel[300 * PMKTI_CF_PANEL], vectors[PMKTI_CF_VECTORS * 300];

static void require_gemm(int level, int32_t d, const float *limit) {
    static uint16_t found[PMKTI_CF_VECTORS * PMKTI_CF_PANEL];
    bool is_found[PMKTI_CF_VECTORS * PMKTI_CF_PANEL] = {false};
    const int32_t n = pmkti_cf_gemm_of(level)(panel, vectors, d, limit, found);
    for (int32_t i = 0; i < n; i++) {
        REQUIRE(found[i] < LENGTH(is_found));
        REQUIRE(!is_found[found[i]]);
        is_found[found[i]] = true;
    }
    for (int v = 0; v < PMKTI_CF_VECTORS; v++) {
        for (int q = 0; q < PMKTI_CF_PANEL; q++) {
            float sum = 0;
            for (int32_t j = 0; j < d; j++) {
                sum += panel[j * PMKTI_CF_PANEL + q] * vectors[v * d + j];
            }
            REQUIRE(is_found[v * PMKTI_CF_PANEL + q] == !(sum < limit[q]));
        }
    }
}

START_TEST(products_of_matrices_find_what_is_not_below) {
    const pmkti_kernels *kernels[PMKTI_MOST_ISAS];
    const int levels = pmkti_kernels_usable(kernels);
    random_seed(3);
    for (int trial = 0; trial < 400; trial++) {
        const int32_t d = trial < 40 ? trial : 1 + (int32_t)random_below(300);
        float limit[PMKTI_CF_PANEL];
        for (int i = 0; i < LENGTH(panel); i++) panel[i] = (float)random_between(-9, 9);
        for (int i = 0; i < LENGTH(vectors); i++) vectors[i] = (float)random_between(-9, 9);
        /* Most are the scores of some vector, so that one is at the very limit. */
        for (int q = 0; q < PMKTI_CF_PANEL; q++) {
            const int v = q % PMKTI_CF_VECTORS;
            limit[q] = 0;
            for (int32_t j = 0; j < d; j++) {
                limit[q] += panel[j * PMKTI_CF_PANEL + q] * vectors[v * d + j];
            }
        }
        limit[trial % 16] = INFINITY;
        limit[(trial + 5) % 16] = -INFINITY;
        if (trial % 3 == 0) limit[7] = NAN;
        if (trial % 5 == 0) panel[3] = vectors[0] = NAN;
        if (trial % 7 == 0) vectors[2 * d] = -INFINITY;
        for (int level = 0; level < levels; level++) require_gemm(level, d, limit);
    }
}
END_TEST

START_TEST(sixteen_bits_hold_a_span) {
    /* A lane's sum of products, as 16-bit loops add it up in any order. */
    ck_assert_int_le(15 * PMKTI_CF_LANE_SUM, INT16_MAX);
    /* One multiply-add of two neighbors cannot saturate either. */
    ck_assert_int_le(2 * 15 * 127, INT16_MAX);
}
END_TEST

START_TEST(the_process_uses_what_it_should) {
    const int level = pmkti_isa_level();
    const pmkti_cf_scorer *mine = pmkti_cf_scorer_get();
    ck_assert_ptr_eq(mine, pmkti_cf_scorer_of(level, level == 2 && pmkti_cpu_has_vnni()));
    ck_assert_ptr_eq(pmkti_cf_scorer_of(0, false), &pmkti_cf_scorer_portable);
    ck_assert(pmkti_cf_gemm_get() == pmkti_cf_gemm_of(level));
    ck_assert(pmkti_cf_gemm_of(0) == pmkti_cf_gemm_portable);
}
END_TEST

int main(void) {
    find_usable();
    Suite *suite = suite_create("cf_topk_kernels");
    TOPIC(suite, "kernels", dots_are_the_same_bytes_everywhere, scans_keep_to_their_contract,
          what_is_not_a_number_passes, products_of_matrices_find_what_is_not_below,
          sixteen_bits_hold_a_span, the_process_uses_what_it_should);
    return suite_run(suite);
}
