/*
 * load.c - a model from a file. The head says what must be there and how long it is; loading then reads
 * each array into memory of its own and checks it, mapping points into the file.
 */
#include <math.h>
#include <string.h>

#include "cf/files.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/zone.h"

#define PIECE ((size_t)16 << 20)
#define MAX_FACTORS 1024

typedef struct loader {
    pmkti_container *file;
    pmkt_cf *model;
    int64_t max_bytes;
    bool map;
    pmkti_run run;
} loader;

/* --------------------------------------------------------------------- head */

static bool is_count(int64_t n, int64_t most) {
    return n >= 0 && n <= most;
}

static bool are_numbers(const pmkti_cf_head *h) {
    return isfinite(h->regularization) && isfinite(h->alpha) && isfinite(h->unobserved) &&
           isfinite(h->nu) && isfinite(h->sigma) && isfinite(h->final_loss) &&
           isfinite(h->shrinkage) && isfinite(h->k1) && isfinite(h->b);
}

static bool is_head(const pmkti_cf_head *h) {
    const int64_t most = INT64_C(1) << 58;
    const bool als = h->kind == PMKT_CF_ALS, knn = h->kind == PMKT_CF_KNN;
    return h->kind >= PMKT_CF_ALS && h->kind <= PMKT_CF_POPULARITY && is_count(h->has_seen, 1) &&
           is_count(h->users, INT32_MAX) && is_count(h->items, INT32_MAX) &&
           is_count(h->entries, most) &&
           (h->as_of_ms == PMKT_TIME_NULL || pmkti_time_is_valid(h->as_of_ms) ||
            h->as_of_ms == PMKT_TIME_MAX) &&
           is_count(h->n_seen, h->has_seen ? most : 0) && is_count(h->n_near, knn ? most : 0) &&
           (als ? h->factors >= 1 && h->factors <= MAX_FACTORS : h->factors == 0) &&
           is_count(h->iterations, INT32_MAX) && is_count(h->loss, PMKT_CF_CLASSIC) &&
           is_count(h->solver, PMKT_CF_CHOLESKY) && is_count(h->cg_steps, INT32_MAX) &&
           is_count(h->similarity, PMKT_CF_BM25) && is_count(h->neighbors, INT32_MAX) &&
           is_count(h->by, PMKT_CF_BY_USERS) && are_numbers(h);
}

static void set_facts(pmkt_cf *m, const pmkti_cf_head *h) {
    pmkt_cf_facts *f = &m->facts;
    f->users = h->users, f->items = h->items, f->entries = h->entries;
    f->as_of_ms = h->as_of_ms, f->data_hash = h->data_hash, f->has_seen = h->has_seen;
    f->factors = h->factors, f->iterations = h->iterations, f->loss = h->loss;
    f->solver = h->solver, f->cg_steps = h->cg_steps;
    f->regularization = h->regularization, f->alpha = h->alpha, f->unobserved = h->unobserved;
    f->nu = h->nu, f->sigma = h->sigma, f->seed = h->seed, f->final_loss = h->final_loss;
    f->similarity = h->similarity, f->neighbors = h->neighbors, f->shrinkage = h->shrinkage;
    f->k1 = h->k1, f->b = h->b, f->by = h->by;
    m->n_seen = h->n_seen, m->n_near = h->n_near;
}

static pmkt_status read_head(loader *l, pmkt_error *err) {
    pmkti_cf_head head;
    pmkti_span span = {.at = NULL};
    pmkt_status status =
        pmkti_container_section(l->file, PMKTI_CF_HEAD, PMKTI_CF_VERSION, sizeof head, &span, err);
    if (status) return status;
    if (span.size != sizeof head) return pmkti_corrupt(&span, 0, "the head is not one", err);
    memcpy(&head, span.at, sizeof head);
    if (!is_head(&head)) return pmkti_corrupt(&span, 0, "the head makes no sense", err);
    status = pmkti_cf_model_empty(head.kind, pmkti_container_allocator(l->file), &l->model, err);
    if (status) return status;
    set_facts(l->model, &head);
    if (pmkti_container_has(l->file, PMKTI_CF_INDEX_ORDER)) {
        l->model->index.n = head.items;
        l->model->index.d = head.factors;
    }
    return PMKT_OK;
}

/* -------------------------------------------------------------------- parts */

enum {
    NEVER,
    MAYBE,
    ALWAYS
};

/* Whether a model with this head has a part; one without elements is not in a file. */
static int presence(const loader *l, uint32_t id) {
    const pmkt_cf *m = l->model;
    const pmkt_cf_facts *f = &m->facts;
    const bool als = f->kind == PMKT_CF_ALS, knn = f->kind == PMKT_CF_KNN;
    const bool seen = f->has_seen && m->n_seen > 0;
    switch (id) {
        case PMKTI_CF_USER_ID:
        case PMKTI_CF_ITEM_ID:
            return ALWAYS;
        case PMKTI_CF_SEEN_AT:
            return f->has_seen ? ALWAYS : NEVER;
        case PMKTI_CF_SEEN:
            return seen ? ALWAYS : NEVER;
        case PMKTI_CF_SEEN_WEIGHT:
            return seen && knn ? ALWAYS : NEVER;
        case PMKTI_CF_CATEGORY:
            return MAYBE;
        case PMKTI_CF_POPULARITY:
            return f->kind == PMKT_CF_POPULARITY ? ALWAYS : MAYBE;
        case PMKTI_CF_BY_POPULARITY:
            return pmkti_container_has(l->file, PMKTI_CF_POPULARITY) ? ALWAYS : NEVER;
        case PMKTI_CF_USER_FACTORS:
        case PMKTI_CF_ITEM_FACTORS:
            return als ? ALWAYS : NEVER;
        case PMKTI_CF_GRAM:
            return !als ? NEVER : f->items > 0 ? ALWAYS : MAYBE;
        case PMKTI_CF_INDEX_ORDER:
            return als ? MAYBE : NEVER;
        case PMKTI_CF_INDEX_BLOCKS:
        case PMKTI_CF_INDEX_FINE:
            return m->index.n > 0 ? ALWAYS : NEVER;
        case PMKTI_CF_NEAR_AT:
            return !knn ? NEVER : f->items > 0 ? ALWAYS : MAYBE;
        default: /* neighbors and their similarities */
            return knn ? ALWAYS : NEVER;
    }
}

/* Whether the file has this part; PMKT_E_CORRUPT if it should not, or is of another length. */
static pmkt_status expect(const loader *l, const pmkti_cf_part *part, bool *there,
                          pmkt_error *err) {
    const int how = pmkti_cf_part_length(l->model, part) > 0 ? presence(l, part->id) : NEVER;
    *there = pmkti_container_has(l->file, part->id);
    if (*there && how == NEVER) {
        const pmkti_span place = pmkti_container_place(l->file, part->id);
        return pmkti_corrupt(&place, 0, "the model cannot have this section", err);
    }
    *there = *there || how == ALWAYS; /* the container says what is missing */
    return PMKT_OK;
}

static pmkt_status wrong_length(const loader *l, uint32_t id, pmkt_error *err) {
    const pmkti_span place = pmkti_container_place(l->file, id);
    return pmkti_corrupt(&place, 0, "the head says another length", err);
}

static pmkt_status map_part(loader *l, const pmkti_cf_part *part, pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, part->id, PMKTI_CF_VERSION, part->element, &span, err);
    if (status) return status;
    if (span.size / part->element != (uint64_t)pmkti_cf_part_length(l->model, part)) {
        return wrong_length(l, part->id, err);
    }
    pmkti_cf_part_set(l->model, part, span.at);
    return PMKT_OK;
}

static pmkt_status check_bytes(const loader *l, uint64_t more, pmkt_error *err) {
    const uint64_t all = (uint64_t)l->model->facts.bytes + more;
    if (l->max_bytes == 0 || all <= (uint64_t)l->max_bytes) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_LIMIT, "the model needs more than max_bytes, %lld bytes",
                      (long long)l->max_bytes);
}

static pmkt_status read_pieces(const loader *l, pmkti_stream *stream, unsigned char *to,
                               size_t size, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    for (size_t from = 0; from < size && !status; from += PIECE) {
        const size_t n = size - from < PIECE ? size - from : PIECE;
        status = pmkti_canceled(&l->run, 0.5, "loading")
                     ? pmkti_stopped(err, PMKT_E_CANCELED)
                     : pmkti_stream_read(stream, to + from, n, err);
    }
    return status ? status : pmkti_stream_end(stream, err);
}

static pmkt_status read_part(loader *l, const pmkti_cf_part *part, pmkt_error *err) {
    pmkti_stream *stream = NULL;
    uint64_t size = 0;
    pmkt_status status =
        pmkti_stream_open(l->file, part->id, PMKTI_CF_VERSION, part->element, &stream, &size, err);
    if (status) return status;
    const size_t n = (size_t)pmkti_cf_part_length(l->model, part);
    void *to = NULL;
    if (size / part->element != n) status = wrong_length(l, part->id, err);
    if (!status) status = check_bytes(l, size, err);
    if (!status) {
        to = pmkti_alloc(&l->model->allocator, n, part->element);
        status =
            to ? read_pieces(l, stream, to, (size_t)size, err) : pmkti_no_memory(err, (size_t)size);
    }
    pmkti_stream_close(stream);
    if (status) {
        pmkti_free(&l->model->allocator, to, n, part->element);
        return status;
    }
    pmkti_cf_part_set(l->model, part, to);
    l->model->facts.bytes += (int64_t)size;
    const pmkti_span place = pmkti_container_place(l->file, part->id);
    return pmkti_cf_part_check(l->model, part, &place, err);
}

/* ------------------------------------------------------------------- driver */

static pmkt_status read_all(loader *l, pmkt_error *err) {
    pmkt_status status = read_head(l, err);
    if (status) return status;
    l->model->facts.bytes = (int64_t)sizeof *l->model;
    status = check_bytes(l, 0, err);
    for (int i = 0; i < PMKTI_CF_PARTS && !status; i++) {
        const pmkti_cf_part *part = &pmkti_cf_parts[i];
        bool there = false;
        status = expect(l, part, &there, err);
        if (!status && there) status = l->map ? map_part(l, part, err) : read_part(l, part, err);
    }
    return status;
}

static pmkt_status open_file(loader *l, const pmkti_source *source,
                             const pmkt_load_options *options, pmkt_error *err) {
    uint32_t known[PMKTI_CF_PARTS + 1] = {PMKTI_CF_HEAD};
    for (int i = 0; i < PMKTI_CF_PARTS; i++) known[i + 1] = pmkti_cf_parts[i].id;
    const pmkti_schema schema = {PMKT_FILE_CF, known, PMKTI_CF_PARTS + 1};
    const pmkt_status status = pmkti_container_open(source, &schema, options, &l->file, err);
    if (!status) l->max_bytes = pmkti_container_max_bytes(l->file);
    return status;
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_cf **model, pmkt_error *err) {
    loader l = {.map = source->map};
    pmkt_status status = pmkti_run_check(run, 0, &l.run, err);
    if (!status) status = open_file(&l, source, options, err);
    if (status) return status;
    status = read_all(&l, err);
    if (!status && pmkti_canceled(&l.run, 1, "loading")) {
        status = pmkti_stopped(err, PMKT_E_CANCELED);
    }
    if (l.map && l.model) {
        l.model->file = l.file; /* the arrays lie in it; the release closes it */
        l.model->facts.mapped = (int64_t)pmkti_container_mapped(l.file);
    } else {
        pmkti_container_close(l.file);
    }
    if (status)
        pmkt_cf_release(l.model);
    else
        *model = l.model;
    return status;
}

pmkt_status pmkt_cf_load(const char *path, const pmkt_load_options *options, const pmkt_run *run,
                         pmkt_cf **model, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.path = path}, options, run, model, err);
}

pmkt_status pmkt_cf_load_memory(const void *bytes, size_t size, const pmkt_load_options *options,
                                const pmkt_run *run, pmkt_cf **model, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, model, err);
}

pmkt_status pmkt_cf_map(const char *path, const pmkt_load_options *options, pmkt_cf **model,
                        pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.path = path, .map = true}, options, NULL, model, err);
}
