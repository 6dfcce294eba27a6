/*
 * check_attribution.c - removal effects against a slow reading of their definition: the chain with a channel
 * removed is written down whole and solved by elimination with pivots.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

#define PATHS 60
#define TOUCHES 600
#define STATES 400

/* Random paths; some are empty, some rows nobody went. */
typedef struct world {
    int64_t paths;
    int64_t at[PATHS + 1];
    uint64_t channel[TOUCHES];
    double conversions[PATHS], values[PATHS], nulls[PATHS];
    int64_t channels; /* ids are 10, 20, ... */
} world;

static world a_world(uint64_t seed) {
    random_seed(seed);
    world w = {.paths = random_between(1, PATHS + 1), .channels = random_between(1, 7)};
    for (int64_t j = 0; j < w.paths; j++) {
        const int64_t n = random_below(8) ? random_between(1, 9) : 0;
        w.at[j + 1] = w.at[j] + n;
        for (int64_t i = w.at[j]; i < w.at[j + 1]; i++) {
            const bool again = i > w.at[j] && random_below(4) == 0;
            w.channel[i] = again ? w.channel[i - 1] : 10 * (uint64_t)(1 + random_below(w.channels));
        }
        w.conversions[j] = (double)random_below(4);
        w.nulls[j] = (double)random_below(5) / 2;
        w.values[j] = w.conversions[j] > 0 ? (double)random_below(1000) / 7 : 0;
    }
    return w;
}

static pmkt_attribution_paths paths_of(const world *w) {
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = w->paths, p.at = w->at, p.channel = w->channel;
    p.conversions = w->conversions, p.values = w->values, p.nulls = w->nulls;
    return p;
}

static pmkt_attribution *compute(const pmkt_attribution_paths *p, const pmkt_attribution_options *o,
                                 pmkt_attribution_table *t) {
    pmkt_attribution *a = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_attribution_compute(p, o, NULL, &a, &err), err);
    pmkt_attribution_table_init(t);
    ck_assert_ok(pmkt_attribution_columns(a, t, &err), err);
    return a;
}

static int64_t row_of(const pmkt_attribution_table *t, uint64_t channel) {
    for (int64_t i = 0; i < t->rows; i++) {
        if (t->channel[i] == channel) return i;
    }
    return -1;
}

/* ------------------------------------------------------------- the slow chain */

/* A state is the last `order` touches, fewer at the beginning of a path; padded with zeros. */
typedef struct slow {
    int32_t order, n;
    uint64_t state[STATES][4];
    double flow[STATES][STATES];
    double conversions[STATES], values[STATES], out[STATES];
} slow;

static int32_t state_of(slow *s, const uint64_t *touch, int64_t met) {
    uint64_t key[4] = {0};
    for (int64_t k = 0; k < s->order && k < met; k++) key[k] = touch[-1 - k];
    for (int32_t i = 0; i < s->n; i++) {
        if (memcmp(s->state[i], key, sizeof key) == 0) return i;
    }
    REQUIRE(s->n < STATES);
    memcpy(s->state[s->n], key, sizeof key);
    return s->n++;
}

static slow *slow_chain(const world *w, int32_t order, bool has_nulls) {
    slow *s = calloc(1, sizeof *s);
    ck_assert(s);
    s->order = order;
    (void)state_of(s, NULL, 0); /* the start is number 0 */
    for (int64_t j = 0; j < w->paths; j++) {
        const double all = w->conversions[j] + (has_nulls ? w->nulls[j] : 0);
        if (w->at[j] == w->at[j + 1]) continue;
        int32_t from = 0;
        for (int64_t i = w->at[j]; i < w->at[j + 1]; i++) {
            const int32_t to = state_of(s, w->channel + i + 1, i + 1 - w->at[j]);
            s->flow[from][to] += all;
            s->out[from] += all;
            from = to;
        }
        s->conversions[from] += w->conversions[j];
        s->values[from] += w->values[j];
        s->out[from] += all;
    }
    return s;
}

/* The expected reward from the start, if whoever meets `without` is lost: Gauss with row pivots. */
static double reward(const slow *s, const double *of_state, uint64_t without) {
    static double m[STATES][STATES + 1];
    const int32_t n = s->n;
    for (int32_t i = 0; i < n; i++) {
        const double out = s->out[i] > 0 ? s->out[i] : 1;
        for (int32_t k = 0; k < n; k++) {
            const bool is_lost = without && s->state[k][0] == without;
            m[i][k] = (i == k) - (is_lost ? 0 : s->flow[i][k] / out);
        }
        m[i][n] = of_state[i] / out;
    }
    for (int32_t k = 0; k < n; k++) {
        int32_t pivot = k;
        for (int32_t i = k + 1; i < n; i++) {
            if (fabs(m[i][k]) > fabs(m[pivot][k])) pivot = i;
        }
        for (int32_t j = k; j <= n; j++) {
            const double other = m[k][j];
            m[k][j] = m[pivot][j];
            m[pivot][j] = other;
        }
        for (int32_t i = 0; i < n; i++) {
            const double by = m[i][k] / m[k][k];
            if (i == k || by == 0) continue;
            for (int32_t j = k; j <= n; j++) m[i][j] -= by * m[k][j];
        }
    }
    return m[0][n] / m[0][0];
}

/* ----------------------------------------------------------------------- Markov */

static void expect_effects(const pmkt_attribution_table *t, const slow *s) {
    const double all = reward(s, s->conversions, 0), value = reward(s, s->values, 0);
    double sum = 0, value_sum = 0, credit = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        const double effect = all > 0 ? 1 - reward(s, s->conversions, t->channel[i]) / all : 0;
        const double of_value = value > 0 ? 1 - reward(s, s->values, t->channel[i]) / value : 0;
        ck_assert_double_eq_tol(t->removal_effect[i], effect, 1e-12);
        ck_assert_double_eq_tol(t->value_removal_effect[i], of_value, 1e-12);
        sum += t->removal_effect[i], value_sum += t->value_removal_effect[i];
    }
    const double given = t->total_conversions - t->unattributed_conversions;
    for (int64_t i = 0; i < t->rows; i++) {
        REQUIRE(i == 0 || t->conversions[i] < t->conversions[i - 1] ||
                (t->conversions[i] == t->conversions[i - 1] && t->channel[i] > t->channel[i - 1]));
        const double expected = sum > 0 ? given * t->removal_effect[i] / sum : 0;
        ck_assert_double_eq_tol(t->conversions[i], expected, 1e-9);
        const double worth = t->total_value - t->unattributed_value;
        const double its = value_sum > 0 ? worth * t->value_removal_effect[i] / value_sum : 0;
        if (value_sum > 0) ck_assert_double_eq_tol(t->value[i], its, 1e-9);
        credit += t->conversions[i];
    }
    if (sum > 0) ck_assert_double_eq_tol(credit, given, 1e-9);
}

START_TEST(effects_are_those_of_the_chain_without_the_channel) {
    for (uint64_t seed = 1; seed <= (uint64_t)scaled(60, 6); seed++) {
        const world w = a_world(seed);
        const pmkt_attribution_paths p = paths_of(&w);
        for (int32_t order = 1; order <= 4; order++) {
            pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
            o.order = order, o.ignore_nulls = seed % 3 == 0;
            pmkt_attribution_table t;
            pmkt_attribution *a = compute(&p, &o, &t);
            slow *s = slow_chain(&w, order, !o.ignore_nulls);
            expect_effects(&t, s);
            ck_assert_int_eq(t.order, order);
            ck_assert_int_eq(t.states, s->n - 1);
            free(s);
            pmkt_attribution_free(a);
        }
    }
}
END_TEST

/* What no path of two channels mixes has effects that add up to one. */
START_TEST(effects_of_one_fifth_and_two_of_two_fifths) {
    const int64_t at[] = {0, 2, 3, 6, 7, 7};
    const uint64_t channel[] = {1, 1, 2, 3, 3, 3, 2};
    const double conversions[] = {1, 2, 2, 0, 3}, nulls[] = {4, 0, 1, 7, 0};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 5, p.at = at, p.channel = channel, p.conversions = conversions, p.nulls = nulls;
    for (int32_t order = 1; order <= 4; order++) {
        pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
        o.order = order;
        pmkt_attribution_table t;
        pmkt_attribution *x = compute(&p, &o, &t);
        ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 1)], 0.2, 1e-15);
        ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 2)], 0.4, 1e-15);
        ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 3)], 0.4, 1e-15);
        ck_assert_double_eq(t.unattributed_conversions, 3);
        ck_assert_double_eq(t.total_conversions, 8);
        ck_assert_double_eq_tol(t.conversions[0] + t.conversions[1] + t.conversions[2], 5, 1e-14);
        pmkt_attribution_free(x);
    }
}
END_TEST

/* One customer goes a > b > a > b ... and converts at last; c follows on a, or comes alone. By hand. */
START_TEST(a_chain_that_hardly_ever_ends_is_exact) {
    enum {
        LONG = 1000000
    };
    uint64_t *channel = malloc((LONG + 3) * sizeof *channel);
    ck_assert(channel);
    for (int64_t i = 0; i < LONG; i++) channel[i] = 1 + (uint64_t)(i % 2);
    channel[LONG] = 3, channel[LONG + 1] = 1, channel[LONG + 2] = 3;
    const int64_t at[] = {0, LONG, LONG + 1, LONG + 3};
    const double conversions[] = {1, 1, 1}, nulls[] = {0, 1, 1};
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 3, p.at = at, p.channel = channel, p.conversions = conversions, p.nulls = nulls;
    for (int32_t order = 1; order <= 4; order++) {
        pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
        o.order = order;
        pmkt_attribution_table t;
        pmkt_attribution *x = compute(&p, &o, &t);
        /* Backwards from b one gets to a; from a to b or, by two (of order 1) of n / 2 + 2, to the start. */
        if (order == 1) {
            /* a and b: their own conversion, and of the two that end in c what came from a: a half of those
               that came to c. */
            const double into_c = 4, of_c = 2, from_a = 2;
            ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 1)],
                                    (1 + of_c * from_a / into_c) / 3, 1e-14);
            const double b_before_start = (LONG / 2 - 1.0) / (LONG / 2 - 1.0 + 3);
            ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 2)],
                                    (1 + of_c * from_a / into_c * b_before_start) / 3, 1e-14);
        }
        ck_assert_double_eq_tol(t.removal_effect[row_of(&t, 3)], 2.0 / 3, 1e-14);
        pmkt_attribution_free(x);
    }
    free(channel);
}
END_TEST

/* Beyond where one elimination serves: sweeps, and order 1 against order 1 of fewer columns at once. */
START_TEST(many_channels_agree_with_a_slow_sum) {
    /* Channel c is met alone c times in vain and once with success, or on the way to channel 1. */
    const int64_t n = scaled(3000, 400);
    int64_t *at = malloc((size_t)(2 * n + 1) * sizeof *at);
    uint64_t *channel = malloc((size_t)(3 * n) * sizeof *channel);
    double *conversions = malloc((size_t)(2 * n) * sizeof *conversions);
    double *nulls = malloc((size_t)(2 * n) * sizeof *nulls);
    ck_assert(at && channel && conversions && nulls);
    int64_t k = 0;
    at[0] = 0;
    for (int64_t c = 0; c < n; c++) {
        channel[k++] = (uint64_t)c + 2;
        at[2 * c + 1] = k;
        conversions[2 * c] = 1, nulls[2 * c] = (double)(c % 7);
        channel[k++] = (uint64_t)c + 2, channel[k++] = 1;
        at[2 * c + 2] = k;
        conversions[2 * c + 1] = 2, nulls[2 * c + 1] = 1;
    }
    pmkt_attribution_paths p = PMKT_ATTRIBUTION_PATHS_INIT;
    p.paths = 2 * n, p.at = at, p.channel = channel, p.conversions = conversions, p.nulls = nulls;
    for (int32_t order = 1; order <= 2; order++) {
        pmkt_attribution_options o = PMKT_ATTRIBUTION_OPTIONS_INIT;
        o.order = order;
        pmkt_attribution_table t;
        pmkt_attribution *x = compute(&p, &o, &t);
        ck_assert_int_eq(t.rows, n + 1);
        ck_assert_uint_eq(t.channel[0], 1);
        ck_assert_double_eq_tol(t.removal_effect[0], 2.0 / 3, 1e-14);
        for (int64_t i = 1; i < t.rows; i++) {
            REQUIRE(fabs(t.removal_effect[i] * (double)n - 1) < 1e-12); /* its three of 3 n */
        }
        pmkt_attribution_free(x);
    }
    free(at), free(channel), free(conversions), free(nulls);
}
END_TEST

START_TEST(repeating_a_touch_changes_nothing_of_order_1) {
    for (uint64_t seed = 100; seed < 130; seed++) {
        world w = a_world(seed), doubled = w;
        int64_t n = 0;
        for (int64_t j = 0; j < w.paths; j++) {
            for (int64_t i = w.at[j]; i < w.at[j + 1] && n + 3 < TOUCHES; i++) {
                for (int64_t k = random_between(1, 3); k > 0; k--)
                    doubled.channel[n++] = w.channel[i];
            }
            doubled.at[j + 1] = n;
        }
        if (w.at[w.paths] * 2 + 3 > TOUCHES) continue;
        const pmkt_attribution_paths p = paths_of(&w), q = paths_of(&doubled);
        pmkt_attribution_table t, u;
        pmkt_attribution *a = compute(&p, NULL, &t), *b = compute(&q, NULL, &u);
        ck_assert_int_eq(t.rows, u.rows);
        for (int64_t i = 0; i < t.rows; i++) {
            const int64_t k = row_of(&u, t.channel[i]);
            ck_assert_double_eq_tol(t.removal_effect[i], u.removal_effect[k], 1e-13);
        }
        pmkt_attribution_free(a);
        pmkt_attribution_free(b);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("attribution");
    TOPIC(suite, "Markov", effects_are_those_of_the_chain_without_the_channel,
          effects_of_one_fifth_and_two_of_two_fifths, a_chain_that_hardly_ever_ends_is_exact,
          many_channels_agree_with_a_slow_sum, repeating_a_touch_changes_nothing_of_order_1);
    return suite_run(suite);
}
