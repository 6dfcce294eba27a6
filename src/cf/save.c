/*
 * save.c - a model as a file.
 */
#include "cf/files.h"
#include "core/error.h"

#define PIECE ((size_t)16 << 20) /* between two looks at whether to go on */

static pmkti_cf_head head_of(const pmkt_cf *m) {
    const pmkt_cf_facts *f = &m->facts;
    return (pmkti_cf_head){.kind = f->kind,
                           .has_seen = f->has_seen,
                           .users = f->users,
                           .items = f->items,
                           .entries = f->entries,
                           .as_of_ms = f->as_of_ms,
                           .data_hash = f->data_hash,
                           .n_seen = m->n_seen,
                           .n_near = m->n_near,
                           .factors = f->factors,
                           .iterations = f->iterations,
                           .loss = f->loss,
                           .solver = f->solver,
                           .cg_steps = f->cg_steps,
                           .similarity = f->similarity,
                           .neighbors = f->neighbors,
                           .by = f->by,
                           .regularization = f->regularization,
                           .alpha = f->alpha,
                           .unobserved = f->unobserved,
                           .nu = f->nu,
                           .sigma = f->sigma,
                           .final_loss = f->final_loss,
                           .shrinkage = f->shrinkage,
                           .k1 = f->k1,
                           .b = f->b,
                           .seed = f->seed};
}

static size_t bytes_of(const pmkt_cf *model, const pmkti_cf_part *part) {
    if (!pmkti_cf_part_at(model, part)) return 0;
    return (size_t)pmkti_cf_part_length(model, part) * part->element;
}

static pmkt_status put_part(const pmkt_cf *model, const pmkti_cf_part *part, pmkti_writer *writer,
                            const pmkti_run *run, double *done, double all, pmkt_error *err) {
    const unsigned char *at = pmkti_cf_part_at(model, part);
    const size_t size = bytes_of(model, part);
    if (size == 0) return PMKT_OK;
    pmkt_status status = pmkti_writer_section(writer, part->id, PMKTI_CF_VERSION, true, err);
    for (size_t from = 0; from < size && !status; from += PIECE) {
        const size_t n = size - from < PIECE ? size - from : PIECE;
        if (pmkti_canceled(run, *done / all, "saving")) return pmkti_stopped(err, PMKT_E_CANCELED);
        status = pmkti_writer_put(writer, at + from, n, err);
        *done += (double)n;
    }
    return status;
}

static pmkt_status put_all(const pmkt_cf *model, pmkti_writer *writer, const pmkti_run *run,
                           pmkt_error *err) {
    const pmkti_cf_head head = head_of(model);
    double done = 0, all = 1;
    for (int i = 0; i < PMKTI_CF_PARTS; i++) all += (double)bytes_of(model, &pmkti_cf_parts[i]);
    pmkt_status status = pmkti_writer_section(writer, PMKTI_CF_HEAD, PMKTI_CF_VERSION, true, err);
    if (!status) status = pmkti_writer_put(writer, &head, sizeof head, err);
    for (int i = 0; i < PMKTI_CF_PARTS && !status; i++) {
        status = put_part(model, &pmkti_cf_parts[i], writer, run, &done, all, err);
    }
    if (!status && pmkti_canceled(run, 1, "saving")) return pmkti_stopped(err, PMKT_E_CANCELED);
    return status;
}

static pmkt_status save(const pmkt_cf *model, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    /* Damage must not get checksums that are right. */
    if (model->file) status = pmkti_container_verify(model->file, &how, err);
    if (status) return status;
    pmkti_writer *writer = NULL;
    status = pmkti_writer_new(&model->allocator, path, PMKT_FILE_CF, options, &writer, err);
    if (status) return status;
    status = put_all(model, writer, &how, err);
    if (!status) return pmkti_writer_commit(writer, buffer, err);
    pmkti_writer_abort(writer);
    return status;
}

pmkt_status pmkt_cf_save(const pmkt_cf *model, const char *path, const pmkt_save_options *options,
                         const pmkt_run *run, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!path) return pmkti_null(err, "path");
    return save(model, path, options, run, NULL, err);
}

pmkt_status pmkt_cf_save_memory(const pmkt_cf *model, const pmkt_save_options *options,
                                const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(model, NULL, options, run, buffer, err);
}
