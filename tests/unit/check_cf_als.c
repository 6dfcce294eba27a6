/*
 * check_cf_als.c - ALS against slow code in double precision: the same first factors, the same solver, after
 * every iteration the same factors and the same loss.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmkt.h"
#include "support/loop.h"
#include "support/random.h"
#include "support/suite.h"

/* A matrix that is small enough for slow code, and the model's factors in double. */
typedef struct world {
    int64_t users, items;
    int32_t d;
    double *w; /* [users * items], NaN where there is no entry */
    double *x, *y;
    float *first_x, *first_y;
    pmkt_cf_data *data;
} world;

static void *zeros(int64_t n, size_t size) {
    void *at = calloc((size_t)(n > 0 ? n : 1), size);
    ck_assert_ptr_nonnull(at);
    return at;
}

static double heavy = 1; /* what every fifth weight or so is multiplied by */

/* Entries of both signs and zeros, some users and items without any. */
static world a_world(int64_t users, int64_t items, int32_t d, double density, bool negatives) {
    world v = {users,
               items,
               d,
               zeros(users * items, sizeof(double)),
               zeros(users * d, sizeof(double)),
               zeros(items * d, sizeof(double)),
               zeros(users * d, sizeof(float)),
               zeros(items * d, sizeof(float)),
               NULL};
    int64_t *at = zeros(users + 1, sizeof *at);
    int32_t *item = zeros(users * items, sizeof *item);
    float *weight = zeros(users * items, sizeof *weight);
    int64_t n = 0;
    for (int64_t u = 0; u < users; u++) {
        for (int64_t i = 0; i < items; i++) {
            v.w[u * items + i] = NAN;
            const bool is_empty = (users > 3 && u == 2) || (items > 3 && i == 3);
            if (is_empty || (double)random_below(1000) >= density * 1000) continue;
            const int64_t kind = random_below(10);
            const double size = (double)(1 + random_below(40)) / 8 * (kind < 2 ? heavy : 1);
            weight[n] = (float)(negatives && kind == 0 ? -size : negatives && kind == 1 ? 0 : size);
            v.w[u * items + i] = (double)weight[n];
            item[n++] = (int32_t)i;
        }
        at[u + 1] = n;
    }
    for (int64_t j = 0; j < users * d; j++) {
        v.first_x[j] = (float)(random_below(2001) - 1000) / 5000;
        v.x[j] = (double)v.first_x[j];
    }
    for (int64_t j = 0; j < items * d; j++) {
        v.first_y[j] = (float)(random_below(2001) - 1000) / 5000;
        v.y[j] = (double)v.first_y[j];
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item, m.weight = weight;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &v.data, &err), err);
    free(at), free(item), free(weight);
    return v;
}

static void free_world(world *v) {
    free(v->w), free(v->x), free(v->y), free(v->first_x), free(v->first_y);
    pmkt_cf_data_release(v->data);
}

/* ---------------------------------------------------------------- slow code */

static double entry(const world *v, bool by_item, int64_t row, int64_t other) {
    return by_item ? v->w[other * v->items + row] : v->w[row * v->items + other];
}

/* The system of one row: a [d * d] and b [d]; its lambda. */
static double system_of(const world *v, const pmkt_cf_als_options *o, bool by_item, int64_t row,
                        double *a, double *b) {
    const int32_t d = v->d;
    const double *fixed = by_item ? v->x : v->y;
    const int64_t n = by_item ? v->users : v->items;
    const bool classic = o->loss == PMKT_CF_CLASSIC;
    int64_t entries = 0, positive = 0;
    memset(a, 0, (size_t)(d * d) * sizeof *a);
    memset(b, 0, (size_t)d * sizeof *b);
    for (int64_t k = 0; k < n; k++) {
        const double w = entry(v, by_item, row, k);
        const bool is_there = !isnan(w) && w != 0;
        const double size = is_there ? o->alpha * fabs(w) : 0;
        const double confidence = size + (classic ? 1 : o->unobserved);
        const double target = is_there && w > 0 ? size + (classic ? 1 : 0) : 0;
        entries += is_there;
        positive += is_there && w > 0;
        for (int32_t i = 0; i < d; i++) {
            b[i] += target * fixed[k * d + i];
            for (int32_t j = 0; j < d; j++) {
                a[i * d + j] += confidence * fixed[k * d + i] * fixed[k * d + j];
            }
        }
    }
    if (positive == 0) return -1;
    const double others = (classic ? 1 : o->unobserved) * (double)n;
    const double lambda = o->regularization * pow((double)entries + others, o->nu);
    for (int32_t i = 0; i < d; i++) a[i * d + i] += lambda;
    return lambda;
}

/* Gauss, with pivots. */
static void eliminate(double *a, double *b, int32_t d, double *x) {
    for (int32_t k = 0; k < d; k++) {
        int32_t best = k;
        for (int32_t i = k; i < d; i++) {
            if (fabs(a[i * d + k]) > fabs(a[best * d + k])) best = i;
        }
        for (int32_t j = 0; j < d; j++) {
            const double t = a[k * d + j];
            a[k * d + j] = a[best * d + j];
            a[best * d + j] = t;
        }
        const double t = b[k];
        b[k] = b[best];
        b[best] = t;
        for (int32_t i = k + 1; i < d; i++) {
            const double by = a[i * d + k] / a[k * d + k];
            for (int32_t j = k; j < d; j++) a[i * d + j] -= by * a[k * d + j];
            b[i] -= by * b[k];
        }
    }
    for (int32_t k = d - 1; k >= 0; k--) {
        double s = b[k];
        for (int32_t j = k + 1; j < d; j++) s -= a[k * d + j] * x[j];
        x[k] = s / a[k * d + k];
    }
}

static double dot(const double *a, const double *b, int32_t d) {
    double s = 0;
    for (int32_t i = 0; i < d; i++) s += a[i] * b[i];
    return s;
}

static void descend(const double *a, const double *b, int32_t d, int32_t steps, double *x) {
    double *r = zeros(d, sizeof *r), *p = zeros(d, sizeof *p), *q = zeros(d, sizeof *q);
    for (int32_t i = 0; i < d; i++) p[i] = r[i] = b[i] - dot(a + i * d, x, d);
    double rr = dot(r, r, d);
    for (int32_t s = 0; s < steps && rr > 0; s++) {
        for (int32_t i = 0; i < d; i++) q[i] = dot(a + i * d, p, d);
        const double by = rr / dot(p, q, d);
        for (int32_t i = 0; i < d; i++) x[i] += by * p[i], r[i] -= by * q[i];
        const double next = dot(r, r, d);
        for (int32_t i = 0; i < d; i++) p[i] = r[i] + next / rr * p[i];
        rr = next;
    }
    free(r), free(p), free(q);
}

static void slow_pass(world *v, const pmkt_cf_als_options *o, bool by_item) {
    const int32_t d = v->d;
    double *a = zeros((int64_t)d * d, sizeof *a), *b = zeros(d, sizeof *b);
    for (int64_t row = 0; row < (by_item ? v->items : v->users); row++) {
        double *x = (by_item ? v->y : v->x) + row * d;
        if (system_of(v, o, by_item, row, a, b) < 0) {
            memset(x, 0, (size_t)d * sizeof *x);
        } else if (o->solver == PMKT_CF_CHOLESKY) {
            eliminate(a, b, d, x);
        } else {
            descend(a, b, d, o->cg_steps, x);
        }
    }
    free(a), free(b);
}

/* The loss as the header has it, pair by pair. */
static double slow_loss(const world *v, const pmkt_cf_als_options *o) {
    const bool classic = o->loss == PMKT_CF_CLASSIC;
    const int32_t d = v->d;
    double loss = 0;
    for (int64_t u = 0; u < v->users; u++) {
        for (int64_t i = 0; i < v->items; i++) {
            const double w = v->w[u * v->items + i], s = dot(v->x + u * d, v->y + i * d, d);
            const bool is_there = !isnan(w) && w != 0;
            const double a = is_there ? o->alpha * fabs(w) : 0, p = is_there && w > 0 ? 1 : 0;
            if (classic)
                loss += (1 + a) * (p - s) * (p - s);
            else
                loss += a * (p - s) * (p - s) + o->unobserved * s * s;
        }
    }
    double *a = zeros((int64_t)d * d, sizeof *a), *b = zeros(d, sizeof *b);
    for (int64_t u = 0; u < v->users; u++) {
        const double lambda = system_of(v, o, false, u, a, b);
        if (lambda >= 0) loss += lambda * dot(v->x + u * d, v->x + u * d, d);
    }
    for (int64_t i = 0; i < v->items; i++) {
        const double lambda = system_of(v, o, true, i, a, b);
        if (lambda >= 0) loss += lambda * dot(v->y + i * d, v->y + i * d, d);
    }
    free(a), free(b);
    return loss;
}

/* ------------------------------------------------------------------ factors */

static double norm_of(const double *a, int64_t n) {
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += a[i] * a[i];
    return sqrt(s);
}

/* |ours - reference| / |reference|, all together. */
static double distance(const float *ours, const double *reference, int64_t n) {
    double s = 0;
    for (int64_t i = 0; i < n; i++) {
        const double off = (double)ours[i] - reference[i];
        s += off * off;
    }
    const double norm = norm_of(reference, n);
    return norm > 0 ? sqrt(s) / norm : sqrt(s);
}

static void compare(world *v, pmkt_cf_als_options o, int32_t iterations) {
    o.first_users = v->first_x, o.first_items = v->first_y;
    double before = INFINITY;
    for (int32_t i = 1; i <= iterations; i++) {
        slow_pass(v, &o, false);
        slow_pass(v, &o, true);
        o.iterations = i;
        pmkt_cf *model = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_als_fit(v->data, &o, NULL, &model, &err), err);
        pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
        pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
        ck_assert_ok(pmkt_cf_get_factors(model, &f, &err), err);
        ck_assert_ok(pmkt_cf_info(model, &facts, &err), err);
        ck_assert_double_lt(distance(f.user_factors, v->x, v->users * v->d), 1e-3);
        ck_assert_double_lt(distance(f.item_factors, v->y, v->items * v->d), 1e-3);
        const double loss = slow_loss(v, &o);
        ck_assert_double_le(fabs(facts.final_loss - loss), 1e-3 * loss);
        if (o.solver == PMKT_CF_CHOLESKY)
            ck_assert_double_le(facts.final_loss, before * (1 + 1e-5));
        before = facts.final_loss;
        pmkt_cf_release(model);
    }
}

static pmkt_cf_als_options plain(int32_t loss, int32_t solver, int32_t d) {
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.loss = loss, o.solver = solver, o.factors = d;
    o.cg_steps = 3, o.regularization = 0.05, o.alpha = 1.5, o.unobserved = 0.2, o.nu = 0.5;
    return o;
}

START_TEST(factors_and_loss_are_those_of_double_precision) {
    random_seed(20261126);
    const int32_t widths[] = {1, 3, 8, 16, 17, 33};
    for (int64_t i = scaled(0, LENGTH(widths) - 2); i < LENGTH(widths); i++) {
        for (int32_t loss = PMKT_CF_IALS; loss <= PMKT_CF_CLASSIC; loss++) {
            for (int32_t solver = PMKT_CF_CG; solver <= PMKT_CF_CHOLESKY; solver++) {
                world v = a_world(scaled(60, 20), scaled(40, 15), widths[i], 0.15, true);
                compare(&v, plain(loss, solver, widths[i]), 3);
                free_world(&v);
            }
        }
    }
}
END_TEST

/* The exact solver on systems that are beyond float: its loss never rises, and is what it says. */
static void solve_hard(double times, double regularization, double unobserved, int32_t loss) {
    heavy = times;
    random_seed(5);
    world v = a_world(40, 24, 32, 0.4, false);
    heavy = 1;
    pmkt_cf_als_options o = plain(loss, PMKT_CF_CHOLESKY, 32);
    o.regularization = regularization, o.unobserved = unobserved, o.alpha = 1;
    o.first_users = v.first_x, o.first_items = v.first_y;
    double before = INFINITY;
    const double scale = (double)(v.users * v.items);
    for (o.iterations = 1; o.iterations <= 6; o.iterations++) {
        pmkt_cf *model = NULL;
        pmkt_error err;
        pmkt_cf_als_options given = o; /* where 0 is the default */
        if (regularization == 0) given.regularization = PMKT_CF_ZERO;
        if (unobserved == 0) given.unobserved = PMKT_CF_ZERO;
        ck_assert_ok(pmkt_cf_als_fit(v.data, &given, NULL, &model, &err), err);
        pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
        pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
        ck_assert_ok(pmkt_cf_get_factors(model, &f, &err), err);
        ck_assert_ok(pmkt_cf_info(model, &facts, &err), err);
        for (int64_t j = 0; j < v.users * v.d; j++) v.x[j] = (double)f.user_factors[j];
        for (int64_t j = 0; j < v.items * v.d; j++) v.y[j] = (double)f.item_factors[j];
        const double truth = slow_loss(&v, &o);
        ck_assert_double_ge(truth, 0);
        ck_assert_double_le(fabs(facts.final_loss - truth), 1e-3 * truth + 1e-4 * scale);
        ck_assert_double_le(truth, before * (1 + 1e-3) + 1e-4 * scale);
        before = truth;
        pmkt_cf_release(model);
    }
    free_world(&v);
}

START_TEST(systems_beyond_float_are_solved_too) {
    for (int32_t loss = 0; loss < 2; loss++) {
        solve_hard(1e5, 0.03, 0.1, loss);
        solve_hard(1e6, 0.03, 0.1, loss);
        solve_hard(1e8, 0.001, 0.1, loss);
        solve_hard(1, 0, 0.1, loss); /* more factors than items, and nothing that holds them */
        solve_hard(1, 1e-6, 0, loss);
        solve_hard(1e6, 1e-6, 0.01, loss);
    }
}
END_TEST

static double final_loss(const world *v, pmkt_cf_als_options o) {
    pmkt_cf *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_als_fit(v->data, &o, NULL, &model, &err), err);
    pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
    ck_assert_ok(pmkt_cf_info(model, &facts, &err), err);
    pmkt_cf_release(model);
    return facts.final_loss;
}

/* Where there is nothing left but rounding, further steps change nothing. */
START_TEST(steps_beyond_the_solution_do_no_harm) {
    random_seed(7);
    const int32_t widths[] = {2, 8, 40};
    for (int64_t i = 0; i < LENGTH(widths); i++) {
        world v = a_world(scaled(120, 40), scaled(90, 30), widths[i], 0.08, false);
        pmkt_cf_als_options o = plain(PMKT_CF_IALS, PMKT_CF_CHOLESKY, widths[i]);
        o.first_users = v.first_x, o.first_items = v.first_y, o.iterations = 4;
        const double exact = final_loss(&v, o);
        o.solver = PMKT_CF_CG;
        for (o.cg_steps = 50; o.cg_steps <= 1000; o.cg_steps *= 2) {
            ck_assert_double_le(fabs(final_loss(&v, o) - exact), 1e-4 * exact);
        }
        free_world(&v);
    }
}
END_TEST

START_TEST(a_loss_beyond_double_is_an_error) {
    random_seed(7);
    world v = a_world(12, 9, 4, 0.4, false);
    pmkt_cf_als_options o = plain(PMKT_CF_IALS, PMKT_CF_CG, 4);
    o.alpha = 1e300;
    pmkt_cf *model = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_cf_als_fit(v.data, &o, NULL, &model, &err), PMKT_E_OVERFLOW);
    ck_assert_ptr_null(model);
    free_world(&v);
}
END_TEST

START_TEST(wide_factors_too) {
    random_seed(7);
    const int32_t widths[] = {64, 100, 128, 200};
    for (int64_t i = 0; i < scaled(LENGTH(widths), 1); i++) {
        for (int32_t solver = PMKT_CF_CG; solver <= PMKT_CF_CHOLESKY; solver++) {
            world v = a_world(scaled(50, 12), scaled(30, 10), widths[i], 0.3, false);
            compare(&v, plain(PMKT_CF_IALS, solver, widths[i]), 2);
            free_world(&v);
        }
    }
}
END_TEST

START_TEST(edges_of_the_shape) {
    random_seed(8);
    const struct {
        int64_t users, items;
        double density;
    } shapes[] = {{1, 1, 1}, {1, 30, 1}, {30, 1, 1}, {5, 5, 0}, {12, 12, 1}};
    for (int64_t i = 0; i < LENGTH(shapes); i++) {
        world v = a_world(shapes[i].users, shapes[i].items, 8, shapes[i].density, false);
        compare(&v, plain(PMKT_CF_IALS, PMKT_CF_CHOLESKY, 8), 2);
        free_world(&v);
        /* Where all rows are alike, a few steps of conjugate gradient depend on rounding. */
        if (shapes[i].users == 12) continue;
        v = a_world(shapes[i].users, shapes[i].items, 8, shapes[i].density, false);
        compare(&v, plain(PMKT_CF_CLASSIC, PMKT_CF_CG, 8), 2);
        free_world(&v);
    }
}
END_TEST

/* ------------------------------------------------------------- determinism */

/* A larger matrix, whose longest row does not fit into one panel. */
static pmkt_cf_data *large_data(int64_t users, int64_t items, int64_t longest) {
    int64_t *at = zeros(users + 1, sizeof *at);
    const int64_t most = longest + users * 12;
    int32_t *item = zeros(most, sizeof *item);
    float *weight = zeros(most, sizeof *weight);
    int64_t n = 0;
    for (int64_t u = 0; u < users; u++) {
        const int64_t length = u == 5 ? longest : 1 + random_below(11);
        for (int64_t k = 0; k < length; k++) {
            item[n] = (int32_t)(u == 5 ? k : random_below(items));
            weight[n++] = (float)(1 + random_below(5));
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = users, m.items = items, m.at = at, m.item = item, m.weight = weight;
    pmkt_cf_data *data = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    free(at), free(item), free(weight);
    return data;
}

START_TEST(the_same_bytes_at_any_number_of_threads) {
    random_seed(9);
    const int64_t items = scaled(20000, 5000);
    pmkt_cf_data *data = large_data(scaled(8000, 300), items, items);
    for (int32_t solver = PMKT_CF_CG; solver <= PMKT_CF_CHOLESKY; solver++) {
        pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
        o.factors = 20, o.iterations = 2, o.solver = solver, o.seed = 3;
        pmkt_cf *first = NULL;
        pmkt_cf_factors a = PMKT_CF_FACTORS_INIT;
        pmkt_error err;
        const int32_t threads[] = {1, 2, 4};
        for (int64_t i = 0; i < LENGTH(threads); i++) {
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = threads[i];
            pmkt_cf *model = NULL;
            ck_assert_ok(pmkt_cf_als_fit(data, &o, &run, &model, &err), err);
            pmkt_cf_factors b = PMKT_CF_FACTORS_INIT;
            ck_assert_ok(pmkt_cf_get_factors(model, &b, &err), err);
            if (!first) {
                first = model;
                a = b;
                continue;
            }
            const size_t row = (size_t)a.factors * sizeof(float);
            ck_assert(memcmp(a.user_factors, b.user_factors, (size_t)a.users * row) == 0);
            ck_assert(memcmp(a.item_factors, b.item_factors, (size_t)a.items * row) == 0);
            pmkt_cf_release(model);
        }
        pmkt_cf_release(first);
    }
    pmkt_cf_data_release(data);
}
END_TEST

/* ------------------------------------------------------------ watch, cancel */

typedef struct watcher {
    int32_t calls, stop_at;
    double last;
} watcher;

static int watch(void *ctx, int32_t iteration, double loss) {
    watcher *w = ctx;
    w->calls++;
    ck_assert_int_eq(iteration, w->calls);
    ck_assert(isfinite(loss) && loss > 0);
    w->last = loss;
    return iteration == w->stop_at;
}

START_TEST(a_watcher_sees_each_iteration_and_may_stop) {
    random_seed(10);
    world v = a_world(40, 30, 8, 0.3, false);
    watcher w = {.stop_at = 4};
    pmkt_cf_als_options o = plain(PMKT_CF_IALS, PMKT_CF_CHOLESKY, 8);
    o.each.fn = watch, o.each.ctx = &w;
    pmkt_cf *stopped = NULL, *whole = NULL;
    pmkt_cf_facts a = PMKT_CF_FACTS_INIT, b = PMKT_CF_FACTS_INIT;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_als_fit(v.data, &o, NULL, &stopped, &err), err);
    ck_assert_int_eq(w.calls, 4);
    ck_assert_ok(pmkt_cf_info(stopped, &a, &err), err);
    ck_assert_int_eq(a.iterations, 4);
    ck_assert_double_eq(a.final_loss, w.last);
    o.each.fn = NULL, o.iterations = 4;
    ck_assert_ok(pmkt_cf_als_fit(v.data, &o, NULL, &whole, &err), err);
    ck_assert_ok(pmkt_cf_info(whole, &b, &err), err);
    ck_assert_double_eq(a.final_loss, b.final_loss);
    pmkt_cf_release(stopped), pmkt_cf_release(whole);
    free_world(&v);
}
END_TEST

typedef struct canceler {
    int64_t calls, at;
} canceler;

static int cancel(void *ctx, double done, const char *stage) {
    canceler *c = ctx;
    ck_assert(done >= 0 && done <= 1 && stage[0]);
    return ++c->calls == c->at;
}

START_TEST(cancel_at_each_stage) {
    random_seed(11);
    world v = a_world(40, 30, 8, 0.3, false);
    pmkt_cf_als_options o = plain(PMKT_CF_IALS, PMKT_CF_CG, 8);
    o.iterations = 3;
    for (int64_t at = 1;; at++) {
        canceler c = {.at = at};
        pmkt_run run = PMKT_RUN_INIT;
        run.progress.fn = cancel, run.progress.ctx = &c;
        pmkt_cf *model = NULL;
        pmkt_error err;
        const pmkt_status status = pmkt_cf_als_fit(v.data, &o, &run, &model, &err);
        if (status == PMKT_OK) {
            ck_assert_int_gt(at, 6);
            pmkt_cf_release(model);
            break;
        }
        ck_assert_int_eq(status, PMKT_E_CANCELED);
        ck_assert_ptr_null(model);
    }
    free_world(&v);
}
END_TEST

/* ---------------------------------------------------------------- bad input */

START_TEST(bad_options_are_refused) {
    random_seed(12);
    world v = a_world(6, 6, 4, 0.5, false);
    const double bad_numbers[] = {NAN, INFINITY, -2, -INFINITY};
    pmkt_error err;
    pmkt_cf *model = NULL;
    for (int64_t i = 0; i < LENGTH(bad_numbers); i++) {
        for (int64_t field = 0; field < 5; field++) {
            pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
            double *const fields[] = {&o.regularization, &o.alpha, &o.unobserved, &o.nu, &o.sigma};
            *fields[field] = bad_numbers[i];
            ck_assert_int_eq(pmkt_cf_als_fit(v.data, &o, NULL, &model, &err), PMKT_E_INVALID);
        }
    }
    const int32_t bad_counts[] = {-1, INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < LENGTH(bad_counts); i++) {
        for (int64_t field = 0; field < 6; field++) {
            pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
            int32_t *const fields[] = {&o.factors, &o.iterations, &o.loss,
                                       &o.solver,  &o.cg_steps,   &o.reserved};
            *fields[field] = bad_counts[i];
            ck_assert_int_eq(pmkt_cf_als_fit(v.data, &o, NULL, &model, &err), PMKT_E_INVALID);
        }
    }
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = 4;
    v.first_x[3] = NAN;
    o.first_users = v.first_x;
    ck_assert_int_eq(pmkt_cf_als_fit(v.data, &o, NULL, &model, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_als_fit(NULL, NULL, NULL, &model, &err), PMKT_E_INVALID);
    ck_assert_int_eq(pmkt_cf_als_fit(v.data, NULL, NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_ptr_null(model);
    free_world(&v);
}
END_TEST

START_TEST(huge_weights_overflow_or_stay_finite) {
    const float sizes[] = {1e-30f, 1e10f, 1e30f, 3e38f};
    for (int64_t i = 0; i < LENGTH(sizes); i++) {
        for (int32_t solver = PMKT_CF_CG; solver <= PMKT_CF_CHOLESKY; solver++) {
            const int64_t at[] = {0, 2, 3};
            const int32_t item[] = {0, 1, 0};
            const float weight[] = {sizes[i], 1.0f, sizes[i]};
            pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
            m.users = 2, m.items = 2, m.at = at, m.item = item, m.weight = weight;
            pmkt_cf_data *data = NULL;
            pmkt_cf *model = NULL;
            pmkt_error err;
            ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
            pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
            o.alpha = 1, o.solver = solver, o.factors = 4;
            const pmkt_status status = pmkt_cf_als_fit(data, &o, NULL, &model, &err);
            ck_assert(status == PMKT_OK || status == PMKT_E_OVERFLOW);
            if (status == PMKT_OK) {
                pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
                ck_assert_ok(pmkt_cf_get_factors(model, &f, &err), err);
                for (int64_t j = 0; j < 8; j++) {
                    REQUIRE(isfinite(f.user_factors[j]) && isfinite(f.item_factors[j]));
                }
            }
            pmkt_cf_release(model);
            pmkt_cf_data_release(data);
        }
    }
}
END_TEST

START_TEST(a_long_user_and_a_large_catalogue) {
    random_seed(13);
    pmkt_cf_data *data = large_data(50, scaled(100000, 6000), scaled(100000, 6000));
    pmkt_cf_als_options o = PMKT_CF_ALS_OPTIONS_INIT;
    o.factors = 8, o.iterations = 1;
    pmkt_cf *model = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_cf_als_fit(data, &o, NULL, &model, &err), err);
    pmkt_cf_release(model);
    pmkt_cf_data_release(data);
    data = large_data(20, scaled(5000000, 20000), 10); /* far more items than anybody had */
    ck_assert_ok(pmkt_cf_als_fit(data, &o, NULL, &model, &err), err);
    pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
    ck_assert_ok(pmkt_cf_info(model, &facts, &err), err);
    ck_assert_int_eq(facts.items, scaled(5000000, 20000));
    pmkt_cf_release(model);
    pmkt_cf_data_release(data);
}
END_TEST

/* ------------------------------------------------------------------ fold-in */

START_TEST(fold_in_is_the_exact_solution_for_a_row) {
    random_seed(14);
    for (int32_t loss = PMKT_CF_IALS; loss <= PMKT_CF_CLASSIC; loss++) {
        world v = a_world(40, 30, 12, 0.3, true);
        pmkt_cf_als_options o = plain(loss, PMKT_CF_CHOLESKY, 12);
        pmkt_cf *model = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_cf_als_fit(v.data, &o, NULL, &model, &err), err);
        pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
        ck_assert_ok(pmkt_cf_get_factors(model, &f, &err), err);
        for (int64_t j = 0; j < v.items * v.d; j++) v.y[j] = (double)f.item_factors[j];
        slow_pass(&v, &o, false); /* every user, with the items as they are now */
        for (int64_t u = 0; u < v.users; u++) {
            uint64_t items[30];
            float weights[30], ours[12];
            int64_t n = 0;
            for (int64_t i = v.items - 1; i >= 0; i--) {
                if (isnan(v.w[u * v.items + i])) continue;
                items[n] = (uint64_t)i + 1;
                weights[n++] = (float)v.w[u * v.items + i];
            }
            const int64_t at[] = {0, n};
            pmkt_cf_history h = PMKT_CF_HISTORY_INIT;
            h.rows = 1, h.at = at, h.items = items, h.weights = weights;
            ck_assert_ok(pmkt_cf_fold_in(model, &h, NULL, NULL, ours, &err), err);
            ck_assert_double_lt(distance(ours, v.x + u * v.d, v.d), 1e-3);
        }
        pmkt_cf_release(model);
        free_world(&v);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_als");
    TOPIC(suite, "against double precision", factors_and_loss_are_those_of_double_precision,
          systems_beyond_float_are_solved_too, steps_beyond_the_solution_do_no_harm,
          a_loss_beyond_double_is_an_error, wide_factors_too, edges_of_the_shape);
    TOPIC(suite, "threads", the_same_bytes_at_any_number_of_threads);
    TOPIC(suite, "watch and cancel", a_watcher_sees_each_iteration_and_may_stop,
          cancel_at_each_stage);
    TOPIC(suite, "bad input", bad_options_are_refused, huge_weights_overflow_or_stay_finite,
          a_long_user_and_a_large_catalogue);
    TOPIC(suite, "fold-in", fold_in_is_the_exact_solution_for_a_row);
    return suite_run(suite);
}
