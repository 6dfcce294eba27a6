/*
 * als_finish.c - what a model of ALS has besides its factors: the gram matrix for fold-in, the index for
 * top-k.
 */
#include "cf/als_fold.h"
#include "core/alloc.h"
#include "core/error.h"

pmkt_status pmkti_cf_als_finish(pmkt_cf *model, const pmkti_run *run, pmkti_stage stage,
                                pmkt_error *err) {
    const int32_t d = model->facts.factors;
    const size_t cells = (size_t)d * (size_t)d;
    float *gram = pmkti_alloc(&model->allocator, cells, sizeof *gram);
    if (!gram) return pmkti_no_memory(err, cells * sizeof *gram);
    model->gram = gram;
    pmkti_share share = {run->progress, stage.from, stage.to};
    pmkti_run mine = *run;
    if (run->progress.fn) mine.progress = pmkti_share_progress(&share);
    pmkt_status status = pmkti_cf_gram(model->item_factors, model->facts.items, d, &mine,
                                       &model->allocator, gram, err);
    if (!status) {
        status = pmkti_cf_index_new(model->item_factors, model->facts.items, d, &model->allocator,
                                    &mine, &model->index, err);
    }
    if (!status) pmkti_cf_model_done(model);
    return status;
}
