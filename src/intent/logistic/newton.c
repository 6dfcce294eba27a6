/*
 * newton.c - the minimum of the penalized log loss.
 *
 * Each step sums loss, gradient and Hessian over the rows: chunks whose borders depend on the data
 * alone sum for themselves, and the chunks are added up in order. The function is convex, so a step
 * that does not lower it was too long: it is halved. Constant columns have zeros everywhere; the
 * penalty keeps them at 0.
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/logistic/cholesky.h"
#include "intent/logistic/model.h"

#define BLOCK PMKTI_LOGISTIC_BLOCK
#define CHUNK_ROWS 4096 /* at least */
#define MOST_CHUNKS 32
#define MOST_STEPS 100
#define STEP 0.3 /* of the work that is left: how many steps there will be is not known */
#define FLAT \
    1e-10 /* of the weights' sum: the search ends where no component of the gradient is larger */
#define ROUNDING 1e-13 /* of the loss: what is less cannot be told from rounding */

/* How many numbers a chunk sums: the loss, the gradient, the lower triangle. */
static size_t size_of(int32_t width) {
    const size_t w = (size_t)width;
    return 1 + w + w * (w + 1) / 2;
}

/* -------------------------------------------------------------------- summing */

/* Rows that wait to go into the Hessian. */
typedef struct block {
    double *z[BLOCK];      /* standardized */
    double *scaled[BLOCK]; /* times the curvature */
    int n;
} block;

static void standardize(const pmkti_newton *n, int64_t row, double *z) {
    const pmkti_logistic_rows *r = n->rows;
    const int32_t columns = n->width - 1;
    const double *x = r->data->x + row * columns;
    for (int32_t j = 0; j < columns; j++) z[j] = (x[j] - r->mean[j]) * r->inverse[j];
    z[columns] = 1;
}

static double product(const double *a, const double *b, int32_t n) {
    double sum = 0;
    for (int32_t j = 0; j < n; j++) sum += a[j] * b[j];
    return sum;
}

static void add_block(block *b, int32_t width, double *hessian) {
    for (int i = b->n; i < BLOCK; i++) {
        memset(b->z[i], 0, (size_t)width * sizeof(double));
        memset(b->scaled[i], 0, (size_t)width * sizeof(double));
    }
    for (int32_t j = 0; j < width; j++) {
        double *restrict row = hessian + (size_t)j * ((size_t)j + 1) / 2;
        const double s0 = b->scaled[0][j], s1 = b->scaled[1][j];
        const double s2 = b->scaled[2][j], s3 = b->scaled[3][j];
        const double *z0 = b->z[0], *z1 = b->z[1], *z2 = b->z[2], *z3 = b->z[3];
        for (int32_t k = 0; k <= j; k++) {
            row[k] += (s0 * z0[k] + s1 * z1[k]) + (s2 * z2[k] + s3 * z3[k]);
        }
    }
    b->n = 0;
}

static block block_of(const pmkti_newton *n, int worker) {
    block b = {.n = 0};
    double *at = n->row + (size_t)worker * 2 * BLOCK * (size_t)n->width;
    for (int i = 0; i < BLOCK; i++) {
        b.z[i] = at + (size_t)(2 * i) * (size_t)n->width;
        b.scaled[i] = at + (size_t)(2 * i + 1) * (size_t)n->width;
    }
    return b;
}

static bool counts(const pmkti_newton *n, int64_t i) {
    return n->without < 0 || pmkti_fold(n->rows->key[i], n->folds) != n->without;
}

static int64_t chunk_begin(const pmkti_newton *n, int64_t chunk) {
    const int64_t rows = n->rows->data->rows, each = rows / n->chunks, more = rows % n->chunks;
    return chunk * each + (chunk < more ? chunk : more);
}

static pmkt_status sum_chunk(void *ctx, int64_t chunk, int worker) {
    const pmkti_newton *n = ctx;
    const pmkt_logistic_data *d = n->rows->data;
    double *sums = n->sums + (size_t)chunk * size_of(n->width);
    double *gradient = sums + 1, *hessian = gradient + n->width;
    memset(sums, 0, size_of(n->width) * sizeof *sums);
    block b = block_of(n, worker);
    for (int64_t i = chunk_begin(n, chunk); i < chunk_begin(n, chunk + 1); i++) {
        const int64_t row = pmkti_logistic_row(n->rows, i);
        const double weight = d->weight ? d->weight[row] : 1;
        if (weight <= 0 || !counts(n, i)) continue;
        double *z = b.z[b.n], *scaled = b.scaled[b.n];
        standardize(n, row, z);
        const double odds = product(z, n->trial, n->width), p = pmkti_sigmoid(odds);
        sums[0] += weight * (pmkti_softplus(odds) - (d->y[row] ? odds : 0));
        const double slope = weight * (p - d->y[row]), curvature = weight * p * (1 - p);
        for (int32_t j = 0; j < n->width; j++) gradient[j] += slope * z[j];
        for (int32_t j = 0; j < n->width; j++) scaled[j] = curvature * z[j];
        if (++b.n == BLOCK) add_block(&b, n->width, hessian);
    }
    add_block(&b, n->width, hessian);
    return PMKT_OK;
}

/* Adds the chunks up into the first. */
static void gather(const pmkti_newton *n) {
    const size_t size = size_of(n->width);
    for (int64_t c = 1; c < n->chunks; c++) {
        const double *from = n->sums + (size_t)c * size;
        for (size_t k = 0; k < size; k++) n->sums[k] += from[k];
    }
}

/* What the function is at `trial`: loss, and in the first chunk's place gradient and Hessian. */
static pmkt_status evaluate(pmkti_newton *n, pmkti_stage stage, double *loss) {
    const pmkt_status status = pmkti_parallel(n->run, stage, sum_chunk, n, n->chunks);
    if (status) return status;
    gather(n);
    double *gradient = n->sums + 1, *hessian = gradient + n->width;
    *loss = n->sums[0];
    for (int32_t j = 0; j < n->width - 1; j++) {
        *loss += 0.5 * n->l2 * n->trial[j] * n->trial[j];
        gradient[j] += n->l2 * n->trial[j];
        hessian[(size_t)j * ((size_t)j + 1) / 2 + (size_t)j] += n->l2;
    }
    return PMKT_OK;
}

/* -------------------------------------------------------------------- stepping */

/* What was found at `trial` is now what is known of `beta`. */
static void accept(pmkti_newton *n, double loss) {
    const size_t width = (size_t)n->width;
    memcpy(n->beta, n->trial, width * sizeof *n->beta);
    memcpy(n->gradient, n->sums + 1, width * sizeof *n->gradient);
    const double *from = n->sums + 1 + width;
    for (size_t j = 0; j < width; j++) {
        for (size_t k = 0; k <= j; k++) n->hessian[j * width + k] = *from++;
    }
    n->loss = loss;
}

/* The factor of the Hessian. Where rounding spoils a pivot (columns that follow from one another, and
   hardly a penalty), the diagonal grows until it does not. */
static void factor(pmkti_newton *n) {
    const size_t width = (size_t)n->width;
    double most = n->l2;
    for (size_t j = 0; j < width; j++) {
        if (n->hessian[j * width + j] > most) most = n->hessian[j * width + j];
    }
    for (double more = most * 1e-12; !pmkti_cholesky(n->hessian, n->width); more *= 10) {
        const double *from = n->sums + 1 + width;
        for (size_t j = 0; j < width; j++) {
            for (size_t k = 0; k <= j; k++) n->hessian[j * width + k] = *from++;
            n->hessian[j * width + j] += more;
        }
    }
}

static double steepest(const pmkti_newton *n) {
    double most = 0;
    for (int32_t j = 0; j < n->width; j++) {
        if (fabs(n->gradient[j]) > most) most = fabs(n->gradient[j]);
    }
    return most;
}

/* The next trial: beta less the inverse of the Hessian times the gradient. */
static void step(pmkti_newton *n) {
    factor(n);
    for (int32_t j = 0; j < n->width; j++) n->trial[j] = n->gradient[j];
    pmkti_cholesky_forward(n->hessian, n->width, n->trial);
    pmkti_cholesky_backward(n->hessian, n->width, n->trial);
    for (int32_t j = 0; j < n->width; j++) n->trial[j] = n->beta[j] - n->trial[j];
}

pmkt_status pmkti_newton_find(pmkti_newton *n, int32_t folds, int32_t without, pmkti_stage stage) {
    n->folds = folds, n->without = without;
    memcpy(n->trial, n->beta, (size_t)n->width * sizeof *n->trial);
    bool begun = false;
    for (int halved = 0, steps = 0; steps < MOST_STEPS; steps++) {
        double loss;
        const double end = stage.from + STEP * (stage.to - stage.from);
        const pmkt_status status = evaluate(n, (pmkti_stage){stage.name, stage.from, end}, &loss);
        if (status) return status;
        stage.from = end;
        if (!begun || loss <= n->loss) {
            const bool same = begun && n->loss - loss <= ROUNDING * fabs(loss);
            accept(n, loss);
            begun = true, halved = 0, n->steps = steps;
            step(n);
            if (same || steepest(n) <= FLAT * n->rows->weight) break;
            continue;
        }
        if (loss - n->loss <= ROUNDING * fabs(loss) || ++halved > 40) break;
        for (int32_t j = 0; j < n->width; j++) n->trial[j] = 0.5 * (n->trial[j] + n->beta[j]);
    }
    return PMKT_OK;
}

double pmkti_newton_z(const pmkti_newton *n, int64_t i) {
    const pmkti_logistic_rows *r = n->rows;
    const int32_t columns = n->width - 1;
    const double *x = r->data->x + pmkti_logistic_row(r, i) * columns;
    double z = n->beta[columns];
    for (int32_t j = 0; j < columns; j++) z += n->beta[j] * ((x[j] - r->mean[j]) * r->inverse[j]);
    return z;
}

/* ------------------------------------------------------------ standard errors */

/* The outer products of the gradients of the clusters that begin in a chunk. */
static pmkt_status sandwich_chunk(void *ctx, int64_t chunk, int worker) {
    const pmkti_newton *n = ctx;
    const pmkti_logistic_rows *r = n->rows;
    const pmkt_logistic_data *d = r->data;
    double *sums = n->sums + (size_t)chunk * size_of(n->width);
    memset(sums, 0, size_of(n->width) * sizeof *sums);
    block b = block_of(n, worker);
    int64_t i = chunk_begin(n, chunk);
    const int64_t end = chunk_begin(n, chunk + 1);
    while (i < end && i > 0 && r->key[i] == r->key[i - 1]) i++;
    while (i < end) {
        double *sum = b.z[b.n], *z = b.scaled[b.n];
        memset(sum, 0, (size_t)n->width * sizeof *sum);
        const uint64_t key = r->key[i];
        for (; i < d->rows && r->key[i] == key; i++) {
            const int64_t row = pmkti_logistic_row(r, i);
            const double weight = d->weight ? d->weight[row] : 1;
            if (weight <= 0) continue; /* it may be beyond infinity there */
            standardize(n, row, z);
            const double p = pmkti_sigmoid(product(z, n->beta, n->width));
            const double slope = weight * (p - d->y[row]);
            for (int32_t j = 0; j < n->width; j++) sum[j] += slope * z[j];
        }
        memcpy(z, sum, (size_t)n->width * sizeof *z);
        if (++b.n == BLOCK) add_block(&b, n->width, sums + 1 + n->width);
    }
    add_block(&b, n->width, sums + 1 + n->width);
    return PMKT_OK;
}

pmkt_status pmkti_newton_covariance(pmkti_newton *n, pmkti_stage stage) {
    const pmkt_status status = pmkti_parallel(n->run, stage, sandwich_chunk, n, n->chunks);
    if (status) return status;
    gather(n);
    /* inverse(H) G inverse(H): columns first, then, for it is symmetric, rows. */
    const size_t width = (size_t)n->width;
    double *g = n->square;
    const double *from = n->sums + 1 + width;
    for (size_t j = 0; j < width; j++) {
        for (size_t k = 0; k <= j; k++) g[j * width + k] = g[k * width + j] = *from++;
    }
    for (int side = 0; side < 2; side++) {
        for (size_t j = 0; j < width; j++) {
            pmkti_cholesky_forward(n->hessian, n->width, g + j * width);
            pmkti_cholesky_backward(n->hessian, n->width, g + j * width);
        }
        for (size_t j = 0; j < width && side == 0; j++) {
            for (size_t k = 0; k < j; k++) {
                const double t = g[j * width + k];
                g[j * width + k] = g[k * width + j];
                g[k * width + j] = t;
            }
        }
    }
    return PMKT_OK;
}

/* --------------------------------------------------------------------- memory */

pmkt_status pmkti_newton_new(const pmkti_logistic_rows *rows, const pmkt_allocator *allocator,
                             const pmkti_run *run, double l2, pmkti_newton *n) {
    *n = (pmkti_newton){.rows = rows, .allocator = allocator, .run = run, .l2 = l2};
    n->width = rows->data->columns + 1;
    n->chunks = (rows->data->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    if (n->chunks > MOST_CHUNKS) n->chunks = MOST_CHUNKS;
    n->workers = pmkti_workers(run, n->chunks);
    const size_t width = (size_t)n->width;
    n->row = pmkti_alloc(allocator, (size_t)n->workers * 2 * BLOCK * width, sizeof *n->row);
    n->sums = pmkti_alloc(allocator, (size_t)n->chunks * size_of(n->width), sizeof *n->sums);
    n->beta = pmkti_alloc_zero(allocator, width, sizeof *n->beta);
    n->trial = pmkti_alloc(allocator, width, sizeof *n->trial);
    n->gradient = pmkti_alloc(allocator, width, sizeof *n->gradient);
    n->hessian = pmkti_alloc_zero(allocator, width * width, sizeof *n->hessian);
    n->square = pmkti_alloc(allocator, width * width, sizeof *n->square);
    if (n->row && n->sums && n->beta && n->trial && n->gradient && n->hessian && n->square) {
        return PMKT_OK;
    }
    pmkti_newton_free(n);
    return PMKT_E_NOMEM;
}

void pmkti_newton_free(pmkti_newton *n) {
    const size_t width = (size_t)n->width;
    const pmkt_allocator *a = n->allocator;
    if (!a) return;
    pmkti_free(a, n->row, (size_t)n->workers * 2 * BLOCK * width, sizeof *n->row);
    pmkti_free(a, n->sums, (size_t)n->chunks * size_of(n->width), sizeof *n->sums);
    pmkti_free(a, n->beta, width, sizeof *n->beta);
    pmkti_free(a, n->trial, width, sizeof *n->trial);
    pmkti_free(a, n->gradient, width, sizeof *n->gradient);
    pmkti_free(a, n->hessian, width * width, sizeof *n->hessian);
    pmkti_free(a, n->square, width * width, sizeof *n->square);
    *n = (pmkti_newton){.rows = NULL};
}
