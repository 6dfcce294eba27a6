/*
 * check_attribution_sweep.c - the inner loops of removal effects: the same bits for every instruction set, and
 * what a sweep says that it leaves, against a second look at every step.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/kernels/kernels.h"
#include "intent/attribution/kernels/sweep.h"
#include "support/loop.h"
#include "support/suite.h"

enum {
    PATHS = 400,
    CHANNELS = 11,
    LONGEST = 9,
    LANES = PMKTI_ATTRIBUTION_LANES,
    FIRST = 8 /* channel of the block: three lanes are channels, five are none */
};

static int64_t at[PATHS + 1];
static uint64_t channel[PATHS * LONGEST];
static double nulls[PATHS];

/* A chain of random paths with its flow, and a block of it. */
typedef struct fixture {
    pmkt_allocator allocator;
    pmkti_attribution_input in;
    pmkti_attribution_chain chain;
    pmkti_attribution_flow flow;
    pmkti_attribution_block block;
    uint8_t *held;
    double *room;
    size_t size; /* doubles of v and off together */
} fixture;

static void draw_paths(void) {
    random_seed(7);
    for (int j = 0; j < PATHS; j++) {
        at[j + 1] = at[j];
        const int64_t n = random_below(LONGEST + 1);
        for (int64_t i = 0; i < n; i++) channel[at[j + 1]++] = (uint64_t)random_below(CHANNELS) + 1;
        nulls[j] = (double)random_below(5);
    }
}

static void make(fixture *f, int32_t order) {
    draw_paths();
    memset(f, 0, sizeof *f);
    pmkt_error err;
    ck_assert_ok(pmkti_allocator_check(NULL, &f->allocator, &err), err);
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = PATHS, p.at = at, p.channel = channel, p.nulls = nulls;
    ck_assert_ok(pmkti_attribution_input_make(&f->in, &p, false, &f->allocator, &err), err);
    ck_assert_int_eq(pmkti_attribution_chain_make(&f->chain, &f->in, order), PMKT_OK);
    ck_assert_int_eq(pmkti_attribution_flow_make(&f->chain, &f->flow), PMKT_OK);
    /* Some paths are gone by, and some states by nobody. */
    for (int j = 0; j < PATHS; j += 3) f->in.conversions[j] = f->in.nulls[j] = 0;
    const pmkti_attribution_counts counts = {f->in.conversions, f->in.nulls, NULL};
    pmkti_attribution_flow_fill(&f->chain, counts, &f->flow);
    f->size = (size_t)(f->chain.states + f->in.channels) * LANES;
    f->room = calloc(f->size + LANES, sizeof *f->room);
    f->held = calloc((size_t)f->chain.states, 1);
    double *v = pmkti_attribution_align(f->room);
    f->block = (pmkti_attribution_block){&f->chain, &f->flow, f->held, v,
                                         v + (int64_t)f->chain.states * LANES};
    for (int32_t t = 1; t < f->chain.states; t++) {
        for (int l = 0; l < LANES; l++) {
            const bool holds = pmkti_attribution_holds(&f->chain, t, FIRST + l);
            if (holds) f->held[t] = (uint8_t)(f->held[t] | 1u << l);
            v[t * LANES + l] = holds ? 1 : (double)random_below(1000) / 1000;
        }
    }
}

static void clear(fixture *f) {
    free(f->room);
    free(f->held);
    pmkti_attribution_flow_clear(&f->chain, &f->flow);
    pmkti_attribution_chain_clear(&f->chain);
    pmkti_attribution_input_clear(&f->in);
}

/* ------------------------------------------------------------------------ tests */

static void compare(int32_t order, const pmkti_attribution_sweeper *one,
                    const pmkti_attribution_sweeper *other) {
    fixture want, have;
    make(&want, order), make(&have, order);
    for (int turn = 0; turn < 3; turn++) {
        const double a = one->sweep(&want.block), b = other->sweep(&have.block);
        ck_assert_mem_eq(&a, &b, sizeof a);
        ck_assert_mem_eq(want.block.v, have.block.v, want.size * sizeof(double));
        one->shift(&want.block), other->shift(&have.block);
        ck_assert_mem_eq(want.block.v, have.block.v, want.size * sizeof(double));
    }
    clear(&want), clear(&have);
}

START_TEST(sweeps_are_the_same_bits_everywhere) {
    const pmkti_attribution_sweeper *baseline = pmkti_attribution_sweeper_of(0);
    for (int level = 0; level <= pmkti_isa_level(); level++) {
        for (int32_t order = 1; order <= 4; order++) {
            compare(order, baseline, pmkti_attribution_sweeper_of(level));
        }
    }
}
END_TEST

/* What state t would become, for a lane. */
static double average(const fixture *f, int32_t t, int lane) {
    double sum = 0;
    for (int32_t e = f->chain.into[t]; e < f->chain.into[t + 1]; e++) {
        sum += f->flow.share[e] * f->block.v[(int64_t)f->chain.from[e] * LANES + lane];
    }
    return sum;
}

static void sweep_and_look(int32_t order) {
    fixture f;
    make(&f, order);
    double *before = malloc(f.size * sizeof *before), total[LANES] = {0}, most = 0;
    ck_assert_ptr_nonnull(before);
    memcpy(before, f.block.v, f.size * sizeof *before);
    const double change = pmkti_attribution_sweeper_get()->sweep(&f.block);
    double left[CHANNELS][LANES] = {{0}};
    for (int32_t t = 1; t < f.chain.states; t++) {
        const int32_t last = f.chain.holds[(int64_t)t * f.chain.order];
        for (int l = 0; l < LANES; l++) {
            const double v = f.block.v[(int64_t)t * LANES + l];
            total[l] += f.flow.through[t] * fabs(v - before[(int64_t)t * LANES + l]);
            REQUIRE(v >= 0 && v <= 1 + 1e-15);
            if (f.held[t] >> l & 1) REQUIRE(v == 1);
            if (f.held[t] >> l & 1) continue;
            left[last][l] += f.flow.through[t] * (average(&f, t, l) - v);
        }
    }
    for (int l = 0; l < LANES; l++) most = fmax(most, total[l]);
    ck_assert_double_eq_tol(change, most, 1e-12 * most);
    for (int32_t c = 0; c < CHANNELS; c++) {
        for (int l = 0; l < LANES; l++) {
            if (c == FIRST + l) continue; /* the one that sweep.h leaves to the caller */
            REQUIRE(fabs(f.block.off[c * LANES + l] - left[c][l]) < 1e-11);
        }
    }
    free(before);
    clear(&f);
}

START_TEST(a_sweep_says_what_it_leaves) {
    for (int32_t order = 1; order <= 4; order++) sweep_and_look(order);
}
END_TEST

static void shift_and_look(int32_t order) {
    fixture f;
    make(&f, order);
    double *before = malloc(f.size * sizeof *before);
    ck_assert_ptr_nonnull(before);
    for (int k = 0; k < CHANNELS * LANES; k++) f.block.off[k] = (double)random_below(5) / 2 - 1;
    memcpy(before, f.block.v, f.size * sizeof *before);
    pmkti_attribution_sweeper_get()->shift(&f.block);
    for (int32_t t = 1; t < f.chain.states; t++) {
        const int32_t last = f.chain.holds[(int64_t)t * f.chain.order];
        for (int l = 0; l < LANES; l++) {
            const double was = before[(int64_t)t * LANES + l];
            const double moved = fmin(fmax(was + f.block.off[last * LANES + l], 0), 1);
            const bool stays = f.flow.through[t] == 0 || (f.held[t] >> l & 1) != 0;
            REQUIRE(f.block.v[(int64_t)t * LANES + l] == (stays ? was : moved));
        }
    }
    free(before);
    clear(&f);
}

START_TEST(a_shift_keeps_to_the_bounds) {
    for (int32_t order = 1; order <= 4; order++) shift_and_look(order);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribution sweep");
    TOPIC(suite, "sweeps", sweeps_are_the_same_bits_everywhere, a_sweep_says_what_it_leaves,
          a_shift_keeps_to_the_bounds);
    return suite_run(suite);
}
