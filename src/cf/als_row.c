#include "cf/als_row.h"

#include <math.h>
#include <string.h>

#include "cf/als_exact.h"

/* A row is visited block by block, each of which stays in the first cache while it is made use of. For CG,
   which visits a row more than once, a panel has all of a row's blocks, unless that is more than half of
   a second cache. */
#define BLOCK_FLOATS 6144
#define PANEL_FLOATS 65536

int32_t pmkti_cf_width(int32_t d) {
    return (d + PMKTI_CF_WIDTH - 1) / PMKTI_CF_WIDTH * PMKTI_CF_WIDTH;
}

/* --------------------------------------------------------------------- room */

static int64_t block_rows(const pmkti_cf_rule *rule) {
    return rule->width < BLOCK_FLOATS / 16 ? BLOCK_FLOATS / rule->width / 4 * 4 : 16;
}

static int64_t panel_rows(const pmkti_cf_rule *rule, int64_t longest) {
    const int64_t block = block_rows(rule), most = PANEL_FLOATS / rule->width;
    if (rule->kind == PMKT_CF_CHOLESKY || longest <= block) return block;
    const int64_t rows = longest < most ? longest : most;
    return (rows + 15) / 16 * 16;
}

size_t pmkti_cf_room_floats(const pmkti_cf_rule *rule, int64_t longest) {
    const size_t rows = (size_t)panel_rows(rule, longest), width = (size_t)rule->width;
    const size_t floats = rows * (width + 4) + 5 * width;
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
    room->b = room->one + rows;
    room->r = room->b + width;
    room->p = room->r + width;
    room->q = room->p + width;
    room->x = room->q + width;
    room->m = NULL;
    room->exact = NULL;
    if (rule->kind != PMKT_CF_CHOLESKY) return;
    room->m = room->x + width;
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
    bool in_one; /* all of it is in the panel */
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
        const int64_t n = w->n - from < most ? w->n - from : most, at = w->in_one ? from : 0;
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
    w->rule->solver->products(vectors(w, at), n, w->rule->width, room->p, room->one, room->c);
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
    w->rule->solver->combine(vectors(w, at), n, w->rule->width, room->c, room->r);
    return bx;
}

/* q += sum of a (y.p) y */
static double add_product(const row *w, int64_t at, int64_t n) {
    const pmkti_cf_room *room = w->room;
    const int32_t width = w->rule->width;
    w->rule->solver->products(vectors(w, at), n, width, room->p, room->a + at, room->c);
    w->rule->solver->combine(vectors(w, at), n, width, room->c, room->q);
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

/* q = (base + lambda) p */
static void apply_base(const row *w) {
    const pmkti_cf_room *room = w->room;
    const float lambda = (float)w->lambda;
    w->rule->solver->times(w->rule->base, w->rule->width, room->p, room->q);
    for (int32_t i = 0; i < w->rule->width; i++) room->q[i] += lambda * room->p[i];
}

/* p.Ap, and q = Ap unless this is the last step, which has no use for it: half a visit less. */
static double curvature(const row *w, bool is_last) {
    const pmkti_cf_room *room = w->room;
    const int32_t width = w->rule->width;
    apply_base(w);
    if (is_last) return dot(room->p, room->q, width) + each_block(w, true, add_curvature);
    (void)each_block(w, true, add_product);
    return dot(room->p, room->q, width);
}

/* x.Ax - 2 b.x of the x it ends with: that of the first x, less what each step gains. */
static double conjugate_gradient(const row *w) {
    const pmkti_cf_room *room = w->room;
    const int32_t width = w->rule->width;
    memcpy(room->p, room->x, (size_t)width * sizeof(float));
    apply_base(w);
    for (int32_t i = 0; i < width; i++) room->r[i] = -room->q[i];
    const double bx = each_block(w, false, add_residual);
    double value = -bx - dot(room->x, room->r, width);
    memcpy(room->p, room->r, (size_t)width * sizeof(float));
    double rr = dot(room->r, room->r, width);
    for (int32_t step = 1; step <= w->rule->steps && rr > 0; step++) {
        const bool is_last = step == w->rule->steps;
        const double pq = curvature(w, is_last);
        if (!(pq > 0)) break;
        const float by = (float)(rr / pq);
        for (int32_t i = 0; i < width; i++) room->x[i] += by * room->p[i];
        value -= rr / pq * rr;
        if (is_last) break;
        for (int32_t i = 0; i < width; i++) room->r[i] -= by * room->q[i];
        const double next = dot(room->r, room->r, width);
        const float beta = (float)(next / rr);
        for (int32_t i = 0; i < width; i++) room->p[i] = room->r[i] + beta * room->p[i];
        rr = next;
    }
    return value;
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

/* ------------------------------------------------------------------ the row */

pmkti_cf_solved pmkti_cf_solve_row(const pmkti_cf_rule *rule, const pmkti_cf_room *room,
                                   const int32_t *item, const float *weight, int64_t n, float *x) {
    pmkti_cf_solved solved = {.finite = true};
    int64_t entries = 0, positive = 0;
    double targets = 0;
    for (int64_t e = 0; e < n; e++) {
        const double w = weight ? (double)weight[e] : 1.0;
        entries += w != 0;
        positive += w > 0;
        if (w > 0) targets += rule->alpha * w + (rule->classic ? 1.0 : 0.0);
    }
    solved.known = positive > 0; /* if not, 0 is the minimum */
    if (!solved.known) {
        memset(x, 0, (size_t)rule->d * sizeof *x);
        return solved;
    }
    row w = {rule, room, item, weight, n, 0, n <= room->panel_rows};
    w.lambda = rule->regularization * pow((double)entries + rule->others, rule->nu);
    memset(room->x, 0, (size_t)rule->width * sizeof *x);
    memset(room->b, 0, (size_t)rule->width * sizeof *x);
    memcpy(room->x, x, (size_t)rule->d * sizeof *x);
    const double value = rule->kind == PMKT_CF_CG ? conjugate_gradient(&w) : cholesky(&w);
    memcpy(x, room->x, (size_t)rule->d * sizeof *x);
    const double square = dot(x, x, rule->d);
    solved.finite = isfinite(square) != 0;
    solved.penalty = w.lambda * square;
    solved.loss = targets + value;
    return solved;
}
