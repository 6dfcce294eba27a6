#include "intent/matrix.h"

#include "core/alloc.h"

#define CHUNK 16384 /* rows that a thread takes at once */

/* The entries of a row; written, unless `weight` is NULL. */
static int64_t entries_of(const pmkt_intent *m, const pmkti_node *node, double *weight,
                          int32_t *to) {
    const double rest = node->rest[PMKTI_ALL];
    int64_t n = 0;
    for (int32_t e = node->first; e < node->end; e++) {
        const pmkti_edge *edge = &m->edges[e];
        if (edge->to < 0) continue;
        const pmkti_edge *shorter = edge->up < 0 ? NULL : &m->edges[edge->up];
        const bool same = shorter && shorter->to == edge->to;
        if (weight) {
            weight[n] = same ? edge->share[PMKTI_ALL] : edge->p;
            to[n] = edge->to;
        }
        n++;
        if (!shorter || same) continue;
        if (weight) {
            weight[n] = -rest * shorter->p;
            to[n] = shorter->to;
        }
        n++;
    }
    return n;
}

pmkt_status pmkti_matrix_make(const pmkt_intent *m, const pmkti_run *run, pmkti_matrix *out) {
    const pmkt_allocator *a = &m->allocator;
    const size_t n = (size_t)m->n_nodes;
    *out = (pmkti_matrix){.allocator = *a, .n = m->n_nodes, .run = {.threads = run->threads}};
    out->row = pmkti_alloc(a, n + 1, sizeof *out->row);
    out->rest = pmkti_alloc(a, n, sizeof *out->rest);
    out->up = pmkti_alloc(a, n, sizeof *out->up);
    if (!out->row || !out->rest || !out->up) return PMKT_E_NOMEM;
    int32_t length = 0;
    for (int64_t i = 0; i < m->n_nodes; i++) {
        const pmkti_node *node = &m->nodes[i];
        for (; length < node->length; length++) out->level[length + 1] = i;
        out->row[i] = out->entries;
        out->rest[i] = node->rest[PMKTI_ALL];
        out->up[i] = node->up;
        out->entries += entries_of(m, node, NULL, NULL);
    }
    for (; length <= PMKT_INTENT_MAX_ORDER; length++) out->level[length + 1] = m->n_nodes;
    out->row[m->n_nodes] = out->entries;
    const size_t entries = (size_t)out->entries;
    out->to = pmkti_alloc(a, entries, sizeof *out->to);
    out->weight = pmkti_alloc(a, entries, sizeof *out->weight);
    if (entries > 0 && (!out->to || !out->weight)) return PMKT_E_NOMEM;
    for (int64_t i = 0; i < m->n_nodes && entries > 0; i++) {
        (void)entries_of(m, &m->nodes[i], out->weight + out->row[i], out->to + out->row[i]);
    }
    return PMKT_OK;
}

void pmkti_matrix_free(pmkti_matrix *q) {
    const pmkt_allocator *a = &q->allocator;
    pmkti_free(a, q->row, (size_t)q->n + 1, sizeof *q->row);
    pmkti_free(a, q->rest, (size_t)q->n, sizeof *q->rest);
    pmkti_free(a, q->up, (size_t)q->n, sizeof *q->up);
    pmkti_free(a, q->to, (size_t)q->entries, sizeof *q->to);
    pmkti_free(a, q->weight, (size_t)q->entries, sizeof *q->weight);
}

/* ------------------------------------------------------------------ products */

typedef struct product {
    const pmkti_matrix *q;
    const double *x;
    double *y;
    int64_t from, end; /* rows of one length: they need those of the shorter ones only */
} product;

static pmkt_status multiply(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const product *p = ctx;
    const pmkti_matrix *q = p->q;
    const double *x = p->x;
    const int64_t from = p->from + chunk * CHUNK;
    const int64_t end = p->end - from < CHUNK ? p->end : from + CHUNK;
    for (int64_t i = from; i < end; i++) {
        double sum = q->up[i] < 0 ? 0 : q->rest[i] * p->y[q->up[i]];
        for (int64_t e = q->row[i]; e < q->row[i + 1]; e++) sum += q->weight[e] * x[q->to[e]];
        p->y[i] = sum;
    }
    return PMKT_OK;
}

void pmkti_matrix_apply(const void *matrix, const double *x, double *y) {
    const pmkti_matrix *q = matrix;
    for (int k = 0; k <= PMKT_INTENT_MAX_ORDER; k++) {
        product p = {q, x, y, q->level[k], q->level[k + 1]};
        const int64_t chunks = (p.end - p.from + CHUNK - 1) / CHUNK;
        if (chunks > 0)
            (void)pmkti_parallel(&q->run, (pmkti_stage){"", 0, 0}, multiply, &p, chunks);
    }
}
