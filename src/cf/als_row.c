#include "cf/als_row.h"

#include <math.h>
#include <string.h>

#include "cf/als_exact.h"

/* A row is visited block by block, each of which stays in the first cache while it is made use of. For CG,
   which visits a row more than once, a panel has all of a row's blocks, unless that is more than half of
   a second cache. */
#define BLOCK_FLOATS 6144
#define PANEL_FLOATS 65536

/* Of |r|^2 at the start: single precision knows no better, and steps beyond lead astray. */
#define LEAST_RESIDUAL 0x1p-44

int32_t pmkti_cf_width(int32_t d) {
    return (d + PMKTI_CF_WIDTH - 1) / PMKTI_CF_WIDTH * PMKTI_CF_WIDTH;
}

/* --------------------------------------------------------------------- room */

static int64_t block_rows(const pmkti_cf_rule *rule) {
    return rule->width < BLOCK_FLOATS / 16 ? BLOCK_FLOATS / rule->width / 4 * 4 : 16;
}

static int64_t panel_rows(const pmkti_cf_rule *rule, int64_t longest) {
    const int64_t block = block_rows(rule), most = PANEL_FLOATS / rule->width;
    if (rule->kind == PMKT_CF_CHOLESKY) return block;
    const int64_t group = longest < most ? longest * PMKTI_CF_ALS_GROUP : most;
    const int64_t rows = group < most ? group : most;
    return rows <= block ? block : (rows + 15) / 16 * 16;
}

static size_t group_of(const pmkti_cf_rule *rule) {
    return rule->kind == PMKT_CF_CG ? PMKTI_CF_ALS_GROUP : 1;
}

size_t pmkti_cf_room_floats(const pmkti_cf_rule *rule, int64_t longest) {
    const size_t rows = (size_t)panel_rows(rule, longest), width = (size_t)rule->width;
    const size_t floats = rows * (width + 4) + 5 * group_of(rule) * width;
    if (rule->kind != PMKT_CF_CHOLESKY) return floats;
    return floats + width * width + 2 * pmkti_cf_exact_doubles(rule->d);
}

void pmkti_cf_room_lay(pmkti_cf_room *room, const pmkti_cf_rule *rule, int64_t longest,
                       float *floats) {
    const size_t rows = (size_t)panel_rows(rule, longest), width = (size_t)rule->width;
    room->panel_rows = (int64_t)rows;
    room->panel = floats;
    /* What is beyond d stays 0. */
    if (rule->d < rule->width) memset(room->panel, 0, rows * width * sizeof *floats);
    room->a = room->panel + rows * width;
    room->t = room->a + rows;
    room->c = room->t + rows;
    room->one = room->c + rows;
    for (size_t j = 0; j < rows; j++) room->one[j] = 1.0f;
    const size_t vector = group_of(rule) * width;
    room->b = room->one + rows;
    room->r = room->b + vector;
    room->p = room->r + vector;
    room->q = room->p + vector;
    room->x = room->q + vector;
    memset(room->b, 0, 5 * vector * sizeof *floats);
    room->m = NULL;
    room->exact = NULL;
    if (rule->kind != PMKT_CF_CHOLESKY) return;
    room->m = room->x + vector;
    room->exact = (double *)(void *)(room->m + width * width); /* an even number of floats so far */
}

/* ------------------------------------------------------------------- panels */

/* A row in the making. */
typedef struct row {
    const pmkti_cf_rule *rule;
    const pmkti_cf_room *room;
    const int32_t *item;
    const float *weight;
    int64_t n;
    double lambda;
    int64_t place;            /* where in the panel it begins */
    bool in_one;              /* all of it is in the panel */
    float *b, *r, *p, *q, *x; /* [width] */
    double rr, value;         /* of CG: |r|^2, and x.Ax - 2 b.x of the x so far */
    double least;             /* of CG: |r|^2 that is rounding, and no reason to go on */
    bool live;                /* of CG: goes on */
} row;

/* a and t of n entries, which are in the panel from `at` on. */
static void weigh(const row *w, int64_t from, int64_t at, int64_t n) {
    const pmkti_cf_rule *rule = w->rule;
    for (int64_t j = 0; j < n; j++) {
        const double weight = w->weight ? (double)w->weight[from + j] : 1.0;
        const pmkti_cf_pull pull = pmkti_cf_pull_of(rule, weight);
        w->room->a[at + j] = (float)pull.a;
        w->room->t[at + j] = (float)pull.t;
    }
}

static float *vectors(const row *w, int64_t at) {
    return w->room->panel + at * w->rule->width;
}

/* What is done with n vectors that are in the panel from `at` on. */
typedef double (*block_fn)(const row *w, int64_t at, int64_t n);

/* Visits the row block by block, and adds up what `fn` says; a row that is in the panel is not gathered
   again. */
static double each_block(const row *w, bool again, block_fn fn) {
    const pmkti_cf_rule *rule = w->rule;
    const int64_t most = block_rows(rule);
    double sum = 0;
    for (int64_t from = 0; from < w->n; from += most) {
        const int64_t n = w->n - from < most ? w->n - from : most,
                      at = w->place + (w->in_one ? from : 0);
        if (!(again && w->in_one)) {
            rule->solver->gather(rule->fixed, w->item + from, n, rule->d, rule->width,
                                 vectors(w, at));
            weigh(w, from, at, n);
        }
        sum += fn(w, at, n);
    }
    return sum;
}

/* Four sums, so that additions need not wait for one another. */
static double dot(const float *a, const float *b, int32_t n) {
    double s[4] = {0, 0, 0, 0};
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int32_t k = 0; k < 4; k++) s[k] += (double)a[i + k] * (double)b[i + k];
    }
    for (; i < n; i++) s[0] += (double)a[i] * (double)b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* ------------------------------------------------------ conjugate gradient */

/* c = y.p */
static void project(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    w->rule->solver->products(vectors(w, at), n, w->rule->width, w->p, room->one, room->c);
}

/* r += sum of (target - a (y.x)) y, with x in p; the block's share of b.x */
static double add_residual(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    const float *t = room->t + at, *a = room->a + at;
    double bx = 0;
    project(w, at, n);
    for (int64_t j = 0; j < n; j++) {
        bx += (double)t[j] * (double)room->c[j];
        room->c[j] = t[j] - a[j] * room->c[j];
    }
    w->rule->solver->combine(vectors(w, at), n, w->rule->width, room->c, w->r);
    return bx;
}

/* q += sum of a (y.p) y */
static double add_product(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    const int32_t width = w->rule->width;
    w->rule->solver->products(vectors(w, at), n, width, w->p, room->a + at, room->c);
    w->rule->solver->combine(vectors(w, at), n, width, room->c, w->q);
    return 0;
}

/* sum of a (y.p)^2 */
static double add_curvature(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    double sum = 0;
    project(w, at, n);
    for (int64_t j = 0; j < n; j++) {
        sum += (double)room->a[at + j] * (double)room->c[j] * (double)room->c[j];
    }
    return sum;
}

/* q = (base + lambda) p, of all rows. */
static void apply_base(const row *rows, int n) {
    const pmkti_cf_rule *rule = rows->rule;
    const pmkti_cf_room *room = rows->room;
    if (n == 1) {
        rule->solver->times(rule->base, rule->width, rows->p, rows->q);
    } else {
        rule->solver->times_group(rule->base, rule->width, room->p, room->q);
    }
    for (int k = 0; k < n; k++) {
        const row *w = &rows[k];
        const float lambda = (float)w->lambda;
        for (int32_t i = 0; i < rule->width; i++) w->q[i] += lambda * w->p[i];
    }
}

static void copy(const row *w, float *to, const float *from) {
    memcpy(to, from, (size_t)w->rule->width * sizeof *to);
}

static void begin(row *w) {
    const int32_t width = w->rule->width;
    for (int32_t i = 0; i < width; i++) w->r[i] = -w->q[i];
    const double bx = each_block(w, false, add_residual);
    w->value = -bx - dot(w->x, w->r, width);
    copy(w, w->p, w->r);
    w->rr = dot(w->r, w->r, width);
    w->least = w->rr * LEAST_RESIDUAL;
    w->live = w->rr > 0;
}

/* A step, for q = (base + lambda) p. The last has no use for Ap, only for p.Ap: half a visit less. */
static void advance(row *w, bool is_last) {
    const int32_t width = w->rule->width;
    double pq;
    if (is_last) {
        pq = dot(w->p, w->q, width) + each_block(w, true, add_curvature);
    } else {
        (void)each_block(w, true, add_product);
        pq = dot(w->p, w->q, width);
    }
    w->live = pq > 0;
    if (!w->live) return;
    const float by = (float)(w->rr / pq);
    for (int32_t i = 0; i < width; i++) w->x[i] += by * w->p[i];
    w->value -= w->rr / pq * w->rr;
    if (is_last) return;
    for (int32_t i = 0; i < width; i++) w->r[i] -= by * w->q[i];
    const double next = dot(w->r, w->r, width);
    const float beta = (float)(next / w->rr);
    for (int32_t i = 0; i < width; i++) w->p[i] = w->r[i] + beta * w->p[i];
    w->rr = next;
    w->live = next > w->least;
}

/* All rows, step by step. The value of each in the end is that of its first x, less what each step gains. */
static void conjugate_gradient(row *rows, int n) {
    const int32_t steps = rows->rule->steps;
    for (int k = 0; k < n; k++) copy(&rows[k], rows[k].p, rows[k].x);
    apply_base(rows, n);
    for (int k = 0; k < n; k++) begin(&rows[k]);
    for (int32_t step = 1; step <= steps; step++) {
        apply_base(rows, n);
        for (int k = 0; k < n; k++) {
            if (rows[k].live) advance(&rows[k], step == steps);
        }
    }
}

/* ----------------------------------------------------------------- Cholesky */

static double add_rank(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    const int32_t width = w->rule->width;
    float *block = vectors(w, at);
    w->rule->solver->combine(block, n, width, room->t + at, room->b);
    for (int64_t j = 0; j < n; j++) {
        const float root = sqrtf(room->a[at + j]);
        float *v = block + j * width;
        for (int32_t i = 0; i < width; i++) v[i] *= root;
    }
    w->rule->solver->rank(block, n, width, room->m);
    return 0;
}

/* base + lambda I: the upper triangle, zeros elsewhere. */
static void lay_system(const row *w) {
    const pmkti_cf_rule *rule = w->rule;
    const int32_t d = rule->d, width = rule->width;
    for (int32_t i = 0; i < width; i++) {
        float *to = w->room->m + (ptrdiff_t)i * width;
        memset(to, 0, (size_t)(i < d ? i : width) * sizeof *to);
        if (i >= d) continue;
        const float *from = rule->gram + (ptrdiff_t)i * d;
        for (int32_t j = i; j < d; j++) to[j] = rule->gram_by * from[j];
        for (int32_t j = d; j < width; j++) to[j] = 0;
        to[i] += (float)w->lambda;
    }
}

/* The same, of the minimum, where it is -b.x. */
static double cholesky(const row *w) {
    const pmkti_cf_room *room = w->room;
    const pmkti_cf_rule *rule = w->rule;
    lay_system(w);
    (void)each_block(w, false, add_rank);
    if (!rule->solver->solve(room->m, rule->width, room->b, room->x)) {
        return pmkti_cf_solve_exact(rule, w->lambda, w->item, w->weight, w->n, room->exact,
                                    room->x);
    }
    return -dot(room->b, room->x, rule->width);
}

/* ----------------------------------------------------------------- the rows */

/* Counts a row's entries; false if it has none above zero, so that 0 is the minimum. */
static bool count(const pmkti_cf_rule *rule, const pmkti_cf_task *task, int64_t *entries,
                  double *targets) {
    int64_t positive = 0;
    for (int64_t e = 0; e < task->n; e++) {
        const double w = task->weight ? (double)task->weight[e] : 1.0;
        *entries += w != 0;
        positive += w > 0;
        if (w > 0) *targets += rule->alpha * w + (rule->classic ? 1.0 : 0.0);
    }
    return positive > 0;
}

int pmkti_cf_group(const pmkti_cf_rule *rule, const pmkti_cf_room *room, const pmkti_cf_task *tasks,
                   int n) {
    const int most = (int)group_of(rule);
    int64_t rows = n > 0 ? tasks[0].n : 0;
    int group = n > 0 ? 1 : 0;
    while (group < n && group < most && rows + tasks[group].n <= room->panel_rows) {
        rows += tasks[group++].n;
    }
    return group;
}

void pmkti_cf_solve_rows(const pmkti_cf_rule *rule, const pmkti_cf_room *room,
                         const pmkti_cf_task *tasks, int n, pmkti_cf_solved *solved) {
    const size_t d = (size_t)rule->d;
    row rows[PMKTI_CF_ALS_GROUP];
    int of[PMKTI_CF_ALS_GROUP], live = 0;
    int64_t place = 0;
    for (int i = 0; i < n; i++) {
        const pmkti_cf_task *task = &tasks[i];
        int64_t entries = 0;
        double targets = 0;
        solved[i] = (pmkti_cf_solved){.finite = true};
        solved[i].known = count(rule, task, &entries, &targets);
        if (!solved[i].known) {
            memset(task->x, 0, d * sizeof *task->x);
            continue;
        }
        const ptrdiff_t at = (ptrdiff_t)live * rule->width;
        row *w = &rows[live];
        *w = (row){
            .rule = rule, .room = room, .item = task->item, .weight = task->weight, .n = task->n};
        w->lambda = rule->regularization * pow((double)entries + rule->others, rule->nu);
        w->in_one = task->n <= room->panel_rows;
        w->place = w->in_one ? place : 0;
        w->b = room->b + at, w->r = room->r + at, w->p = room->p + at;
        w->q = room->q + at, w->x = room->x + at;
        memcpy(w->x, task->x, d * sizeof *task->x); /* what is beyond d is 0 */
        solved[i].loss = targets;
        place += task->n;
        of[live++] = i;
    }
    if (live == 0) return;
    if (rule->kind == PMKT_CF_CG) {
        conjugate_gradient(rows, live);
    } else {
        memset(rows->b, 0, (size_t)rule->width * sizeof *rows->b);
        rows->value = cholesky(rows);
    }
    for (int k = 0; k < live; k++) {
        const row *w = &rows[k];
        pmkti_cf_solved *mine = &solved[of[k]];
        memcpy(tasks[of[k]].x, w->x, d * sizeof *w->x);
        const double square = dot(w->x, w->x, rule->d);
        mine->finite = isfinite(square) != 0;
        mine->penalty = w->lambda * square;
        mine->loss += w->value;
    }
}
