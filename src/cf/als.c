/*
 * als.c - pmkt_cf_als_fit: passes over users and items in turn.
 *
 * Rows of a pass do not depend on one another, and each is solved by one worker in one order, so the factors are
 * the same at any number of threads. They are cut into chunks of about equal work.
 */
#include <math.h>
#include <string.h>

#include "cf/als_fold.h"
#include "cf/als_options.h"
#include "cf/als_row.h"
#include "cf/als_start.h"
#include "cf/data.h"
#include "core/alloc.h"
#include "core/error.h"

/* Entries of a chunk, and how many a row counts for without any. A chunk of many factors is smaller: its
   work grows with their square, and there is no cancel and no other thread within it. */
#define CHUNK_WORK 8192
#define CHUNK_FACTORS 128
#define ROW_WORK 32

/* One side of the matrix, while it is solved for. */
typedef struct side {
    int64_t rows, others;
    const int64_t *at;
    const int32_t *item;
    const float *weight;
    float *factors;
    const float *fixed;
    const char *name;
    int64_t chunk; /* entries of one */
} side;

typedef struct fit {
    const pmkt_cf_data *data;
    pmkt_cf_als_options o;
    pmkti_run run;
    pmkt_cf *model;
    float *user_factors, *item_factors;
    float *gram;         /* [d * d] */
    float *base;         /* [width * width] */
    pmkti_cf_room *room; /* [workers] */
    float *floats;       /* of all rooms */
    size_t room_floats;
    size_t workers;
    pmkti_cf_solved *sums; /* [chunks] */
    size_t most_chunks;
    pmkti_cf_rule rule;
    double user_penalty, loss;
    double done, all; /* passes */
} fit;

/* ------------------------------------------------------------------- chunks */

static int64_t work_before(const side *s, int64_t row) {
    return s->at[row] + row * ROW_WORK;
}

static int64_t chunk_of(int64_t factors) {
    if (factors <= CHUNK_FACTORS) return CHUNK_WORK;
    return (int64_t)CHUNK_WORK * CHUNK_FACTORS * CHUNK_FACTORS / (factors * factors);
}

static int64_t chunks_of(const side *s) {
    return work_before(s, s->rows) / s->chunk + 1;
}

/* The first row of a chunk. */
static int64_t first_row(const side *s, int64_t chunk) {
    int64_t low = 0, high = s->rows;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (work_before(s, middle) < chunk * s->chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

typedef struct pass {
    const fit *f;
    const side *s;
} pass;

static pmkt_status solve_chunk(void *ctx, int64_t chunk, int worker) {
    const pass *p = ctx;
    const side *s = p->s;
    const int64_t end = first_row(s, chunk + 1);
    pmkti_cf_solved sum = {.finite = true};
    for (int64_t i = first_row(s, chunk); i < end;) {
        pmkti_cf_task tasks[PMKTI_CF_ALS_GROUP];
        pmkti_cf_solved solved[PMKTI_CF_ALS_GROUP];
        int n = 0;
        for (; n < PMKTI_CF_ALS_GROUP && i + n < end; n++) {
            const int64_t from = s->at[i + n];
            tasks[n] = (pmkti_cf_task){s->item + from, s->weight + from, s->at[i + n + 1] - from,
                                       s->factors + (i + n) * p->f->rule.d};
        }
        n = pmkti_cf_group(&p->f->rule, &p->f->room[worker], tasks, n);
        pmkti_cf_solve_rows(&p->f->rule, &p->f->room[worker], tasks, n, solved);
        for (int k = 0; k < n; k++) {
            if (!solved[k].finite) return PMKT_E_OVERFLOW;
            sum.loss += solved[k].loss;
            sum.penalty += solved[k].penalty;
        }
        i += n;
    }
    p->f->sums[chunk] = sum;
    return PMKT_OK;
}

/* ------------------------------------------------------------------- a pass */

/* The fixed side's part of every row's system. */
static pmkt_status prepare(fit *f, const side *s, pmkt_error *err) {
    pmkti_run quiet = f->run;
    quiet.progress.fn = NULL;
    const pmkt_status status =
        pmkti_cf_gram(s->fixed, s->others, f->rule.d, &quiet, &f->model->allocator, f->gram, err);
    if (status) return status;
    const float by = f->rule.classic ? 1.0f : (float)f->o.unobserved;
    const size_t width = (size_t)f->rule.width, d = (size_t)f->rule.d;
    memset(f->base, 0, width * width * sizeof *f->base);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) f->base[i * width + j] = by * f->gram[i * d + j];
    }
    f->rule.fixed = s->fixed;
    f->rule.gram = f->gram;
    f->rule.gram_by = by;
    f->rule.base = f->base;
    f->rule.others = (f->rule.classic ? 1.0 : f->o.unobserved) * (double)s->others;
    return PMKT_OK;
}

static pmkt_status run_pass(fit *f, const side *s, pmkti_cf_solved *sum, pmkt_error *err) {
    pmkt_status status = prepare(f, s, err);
    if (status) return status;
    const int64_t chunks = chunks_of(s);
    pass p = {f, s};
    const pmkti_stage stage = {s->name, f->done / f->all, (f->done + 1) / f->all};
    status = pmkti_parallel(&f->run, stage, solve_chunk, &p, chunks);
    if (status == PMKT_E_OVERFLOW) {
        return pmkti_fail(err, status,
                          "factors leave the range of float: weights or alpha are too large");
    }
    if (status) return pmkti_stopped(err, status);
    f->done++;
    *sum = (pmkti_cf_solved){.finite = true};
    for (int64_t c = 0; c < chunks; c++) {
        sum->loss += f->sums[c].loss;
        sum->penalty += f->sums[c].penalty;
    }
    return PMKT_OK;
}

static pmkt_status iterate(fit *f, pmkt_error *err) {
    const pmkt_cf_data *d = f->data;
    const int64_t chunk = chunk_of(f->rule.d);
    const side users = {d->users,        d->items,        d->item_at, d->item, d->item_weight,
                        f->user_factors, f->item_factors, "users",    chunk};
    const side items = {d->items,        d->users,        d->user_at, d->user, d->user_weight,
                        f->item_factors, f->user_factors, "items",    chunk};
    for (int32_t i = 1; i <= f->o.iterations; i++) {
        pmkti_cf_solved of_users = {0}, of_items = {0};
        pmkt_status status = run_pass(f, &users, &of_users, err);
        if (!status) status = run_pass(f, &items, &of_items, err);
        if (status) return status;
        f->loss = of_items.loss + of_users.penalty;
        if (!isfinite(f->loss)) {
            return pmkti_fail(err, PMKT_E_OVERFLOW,
                              "the loss leaves the range of double: alpha is too large");
        }
        f->model->facts.iterations = i;
        if (f->o.each.fn && f->o.each.fn(f->o.each.ctx, i, f->loss) != 0) break;
    }
    f->model->facts.final_loss = f->loss;
    return PMKT_OK;
}

/* --------------------------------------------------------------------- room */

static int64_t longest_of(const int64_t *at, int64_t rows) {
    int64_t longest = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (at[i + 1] - at[i] > longest) longest = at[i + 1] - at[i];
    }
    return longest;
}

static pmkt_status make_room(fit *f, pmkt_error *err) {
    const pmkt_cf_data *data = f->data;
    const pmkt_allocator *allocator = &f->model->allocator;
    const size_t width = (size_t)f->rule.width, d = (size_t)f->rule.d;
    const int64_t by_user = longest_of(data->item_at, data->users);
    const int64_t by_item = longest_of(data->user_at, data->items);
    const int64_t longest = by_user > by_item ? by_user : by_item;
    const int64_t chunk = chunk_of(f->rule.d);
    const side users = {.rows = data->users, .at = data->item_at, .chunk = chunk};
    const side items = {.rows = data->items, .at = data->user_at, .chunk = chunk};
    const int64_t user_chunks = chunks_of(&users), item_chunks = chunks_of(&items);
    f->most_chunks = (size_t)(user_chunks > item_chunks ? user_chunks : item_chunks);
    f->workers = (size_t)pmkti_workers(&f->run, (int64_t)f->most_chunks);
    f->room_floats = (pmkti_cf_room_floats(&f->rule, longest) + 15) / 16 * 16;
    f->gram = pmkti_alloc(allocator, d * d, sizeof *f->gram);
    f->base = pmkti_alloc(allocator, width * width, sizeof *f->base);
    f->sums = pmkti_alloc(allocator, f->most_chunks, sizeof *f->sums);
    f->room = pmkti_alloc(allocator, f->workers, sizeof *f->room);
    f->floats = pmkti_alloc(allocator, f->workers * f->room_floats, sizeof *f->floats);
    if (!f->gram || !f->base || !f->sums || !f->room || !f->floats) {
        return pmkti_no_memory(err, f->workers * f->room_floats * sizeof *f->floats);
    }
    for (size_t i = 0; i < f->workers; i++) {
        pmkti_cf_room_lay(&f->room[i], &f->rule, longest, f->floats + i * f->room_floats);
    }
    return PMKT_OK;
}

static void free_room(fit *f) {
    const pmkt_allocator *allocator = &f->model->allocator;
    const size_t width = (size_t)f->rule.width, d = (size_t)f->rule.d;
    pmkti_free(allocator, f->gram, d * d, sizeof *f->gram);
    pmkti_free(allocator, f->base, width * width, sizeof *f->base);
    pmkti_free(allocator, f->sums, f->most_chunks, sizeof *f->sums);
    pmkti_free(allocator, f->room, f->workers, sizeof *f->room);
    pmkti_free(allocator, f->floats, f->workers * f->room_floats, sizeof *f->floats);
}

/* ----------------------------------------------------------------- the call */

static pmkt_status check_first(const float *factors, int64_t n, int32_t d, const char *name,
                               pmkt_error *err) {
    for (int64_t i = 0; factors && i < n * d; i++) {
        if (isfinite(factors[i])) continue;
        return pmkti_fail(err, PMKT_E_INVALID, "options.%s has a number that is not finite", name);
    }
    return PMKT_OK;
}

static pmkt_status begin(fit *f, pmkt_error *err) {
    const pmkt_cf_data *d = f->data;
    pmkt_status status = check_first(f->o.first_users, d->users, f->o.factors, "first_users", err);
    if (!status) {
        status = check_first(f->o.first_items, d->items, f->o.factors, "first_items", err);
    }
    if (!status) {
        status =
            pmkti_cf_model_new(d, PMKT_CF_ALS, f->o.drop_seen != 0, f->o.allocator, &f->model, err);
    }
    if (status) return status;
    pmkti_cf_als_facts(&f->o, &f->model->facts);
    const size_t width = (size_t)f->o.factors;
    const pmkt_allocator *allocator = &f->model->allocator;
    f->user_factors = pmkti_alloc(allocator, (size_t)d->users * width, sizeof(float));
    f->item_factors = pmkti_alloc(allocator, (size_t)d->items * width, sizeof(float));
    f->model->user_factors = f->user_factors;
    f->model->item_factors = f->item_factors;
    if ((!f->user_factors && d->users > 0) || (!f->item_factors && d->items > 0)) {
        return pmkti_no_memory(err, (size_t)(d->users + d->items) * width * sizeof(float));
    }
    return pmkti_cf_als_start(d, &f->o, &f->run, f->user_factors, f->item_factors, err);
}

pmkt_status pmkt_cf_als_fit(const pmkt_cf_data *data, const pmkt_cf_als_options *options,
                            const pmkt_run *run, pmkt_cf **model, pmkt_error *err) {
    fit f = {.data = data};
    if (!data) return pmkti_null(err, "data");
    if (!model) return pmkti_null(err, "model");
    pmkt_status status = pmkti_cf_als_options_in(options, data, &f.o, err);
    if (!status) {
        const int64_t work = (data->entries + data->users + data->items) * f.o.factors;
        status = pmkti_run_check(run, work, &f.run, err);
    }
    if (status) return status;
    f.rule = (pmkti_cf_rule){.solver = pmkti_cf_solver_get(),
                             .d = f.o.factors,
                             .width = pmkti_cf_width(f.o.factors),
                             .kind = f.o.solver,
                             .steps = f.o.cg_steps,
                             .classic = f.o.loss == PMKT_CF_CLASSIC,
                             .alpha = f.o.alpha,
                             .regularization = f.o.regularization,
                             .nu = f.o.nu};
    f.all = 2.0 * f.o.iterations + 1;
    status = begin(&f, err);
    if (!status) {
        status = make_room(&f, err);
        if (!status) status = iterate(&f, err);
        free_room(&f);
    }
    if (!status) {
        status =
            pmkti_cf_als_finish(f.model, &f.run, (pmkti_stage){"index", f.done / f.all, 1}, err);
    }
    if (status) {
        pmkt_cf_release(f.model);
        return status;
    }
    *model = f.model;
    return PMKT_OK;
}
