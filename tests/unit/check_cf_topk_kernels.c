/*
 * The inner loops of exact top-k under every instruction set that this CPU has, against their contract
 * written down in scalar C; and the arithmetic of those that it has not, by the limits they rely on.
 */
#include <math.h>
#include <string.h>

#include "cf/index.h"
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

/* Blocks as an index has them, and four queries. */
#define BLOCKS 3
static uint8_t blocks[BLOCKS * (PMKTI_CF_CODES_AT + MOST_GROUPS * PMKTI_CF_BLOCK * 4)];
static int8_t query[PMKTI_CF_TOGETHER][MOST_GROUPS * 8];
static pmkti_cf_limit limits[PMKTI_CF_TOGETHER][BLOCKS];
static uint32_t masks[PMKTI_CF_TOGETHER][BLOCKS];

static const uint8_t *block_of(int b, int32_t groups) {
    return blocks + (size_t)b * pmkti_cf_block_bytes(groups * 8);
}

static float step_of(int b, int32_t groups, int i) {
    float step;
    memcpy(&step, block_of(b, groups) + (size_t)i * sizeof step, sizeof step);
    return step;
}

static void set_step(int b, int32_t groups, int i, float step) {
    memcpy(blocks + (block_of(b, groups) - blocks) + (size_t)i * sizeof step, &step, sizeof step);
}

static int code_of(int b, int32_t groups, int i, int32_t j) {
    const uint8_t *codes = block_of(b, groups) + PMKTI_CF_CODES_AT;
    const uint8_t byte =
        codes[((size_t)(j / 8) * PMKTI_CF_BLOCK + (size_t)i) * 4 + (size_t)(j % 4)];
    return j & 4 ? byte >> 4 : byte & 15;
}

static uint32_t slow_mask(const pmkti_cf_probe *probe, int b, int32_t groups) {
    uint32_t mask = 0;
    for (int i = 0; i < PMKTI_CF_BLOCK; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < groups * 8; j++) {
            sum += probe->codes[j] * code_of(b, groups, i, j);
        }
        const float most = (float)(sum - probe->bias) + probe->limits[b].reach;
        const float bound = step_of(b, groups, i) * most;
        if (!(bound < probe->limits[b].limit)) mask |= 1u << i;
    }
    return mask;
}

static pmkti_cf_probe probe_of(int q, int32_t bias) {
    return (pmkti_cf_probe){query[q], bias, limits[q], masks[q]};
}

static void require_scans(const pmkti_cf_probe *probe, int n, int32_t groups) {
    uint32_t wanted[PMKTI_CF_TOGETHER][BLOCKS];
    for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
        for (int b = 0; b < n; b++) wanted[q][b] = slow_mask(&probe[q], b, groups);
    }
    for (int u = 0; u < n_usable; u++) {
        memset(masks, 0x5A, sizeof masks);
        usable[u]->scan_many(blocks, n, groups, probe);
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            for (int b = 0; b < n; b++) REQUIRE(masks[q][b] == wanted[q][b]);
            memset(masks[q], 0x5A, sizeof masks[q]);
            usable[u]->scan_one(blocks, n, groups, &probe[q]);
            for (int b = 0; b < n; b++) REQUIRE(masks[q][b] == wanted[q][b]);
            for (int b = n; b < BLOCKS; b++) REQUIRE(masks[q][b] == 0x5A5A5A5A);
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
    for (int trial = 0; trial < 400; trial++) {
        const int32_t groups = (int32_t)(trial % 3 ? 1 + random_below(20) : 1 + random_below(129));
        const int n = 1 + trial % BLOCKS;
        for (size_t i = 0; i < sizeof blocks; i++) {
            blocks[i] = trial % 4 ? (uint8_t)random_bits() : 0xFF;
        }
        pmkti_cf_probe probe[PMKTI_CF_TOGETHER];
        for (int i = 0; i < n * PMKTI_CF_BLOCK; i++) {
            set_step(i / PMKTI_CF_BLOCK, groups, i % PMKTI_CF_BLOCK,
                     (float)random_below(100) / 64.0f);
        }
        for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
            fill_query(query[q], groups, (q + trial / 4) % 3);
            int32_t sum = 0;
            for (int32_t j = 0; j < groups * 8; j++) sum += query[q][j];
            probe[q] = probe_of(q, 8 * sum);
            for (int b = 0; b < n; b++) {
                int32_t in_first = 0;
                for (int32_t j = 0; j < groups * 8; j++) {
                    in_first += query[q][j] * code_of(b, groups, 0, j);
                }
                const float reach = (float)random_below(1000) / 8.0f;
                /* At the very bound of the first vector, or a hair above: both sides. */
                const float edge = step_of(b, groups, 0) * ((float)(in_first - 8 * sum) + reach);
                const float limit = trial % 2 ? edge : nextafterf(edge, INFINITY);
                limits[q][b] = (pmkti_cf_limit){reach, limit};
                REQUIRE((slow_mask(&probe[q], b, groups) & 1) == (trial % 2 ? 1 : 0));
            }
        }
        require_scans(probe, n, groups);
    }
}
END_TEST

START_TEST(what_is_not_a_number_passes) {
    memset(query, 3, sizeof query);
    memset(blocks, 0x99, sizeof blocks);
    pmkti_cf_probe probe[PMKTI_CF_TOGETHER];
    for (int i = 0; i < PMKTI_CF_BLOCK; i++) set_step(0, 5, i, i % 2 ? NAN : 0.0f);
    static const pmkti_cf_limit limit[] = {
        {1.0f, 1.0f}, {NAN, 1.0f}, {INFINITY, 1.0f}, {1.0f, NAN}};
    for (int q = 0; q < PMKTI_CF_TOGETHER; q++) {
        probe[q] = probe_of(q, 0);
        limits[q][0] = limit[q];
    }
    require_scans(probe, 1, 5);
    ck_assert_uint_eq(slow_mask(&probe[0], 0, 5), 0xAAAAAAAAu);
    ck_assert_uint_eq(slow_mask(&probe[1], 0, 5), UINT32_MAX);
    ck_assert_uint_eq(slow_mask(&probe[2], 0, 5), UINT32_MAX);
    ck_assert_uint_eq(slow_mask(&probe[3], 0, 5), UINT32_MAX);
}
END_TEST

START_TEST(finer_codes_are_added_up) {
    static int16_t q[1024];
    static int8_t fine[1024];
    random_seed(4);
    for (int32_t width = 0; width <= 1024; width += width < 80 ? 8 : 8 * 17) {
        int64_t wanted = 0;
        const int most = width < 500 ? 32512 : 8000; /* such that 32 bits hold the sum */
        for (int32_t j = 0; j < width; j++) {
            q[j] = (int16_t)random_between(-most, most);
            fine[j] = (int8_t)random_between(-112, 112);
            if (width == 80) q[j] = (int16_t)most, fine[j] = -112;
            wanted += (int64_t)q[j] * fine[j];
        }
        for (int u = 0; u < n_usable; u++) REQUIRE(usable[u]->fine(q, fine, width) == wanted);
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
}
END_TEST

int main(void) {
    find_usable();
    Suite *suite = suite_create("cf_topk_kernels");
    TOPIC(suite, "kernels", dots_are_the_same_bytes_everywhere, scans_keep_to_their_contract,
          what_is_not_a_number_passes, finer_codes_are_added_up, sixteen_bits_hold_a_span,
          the_process_uses_what_it_should);
    return suite_run(suite);
}
