#include "cf/als_fold.h"

#include "cf/als_row.h"
#include "core/error.h"

pmkt_status pmkti_cf_als_fold(const pmkt_cf *model, const int32_t *item, const float *weight,
                              int64_t n, pmkt_cf_scratch *scratch, float *factors, bool *known,
                              pmkt_error *err) {
    const pmkt_cf_facts *f = &model->facts;
    const bool classic = f->loss == PMKT_CF_CLASSIC;
    pmkti_cf_rule rule = {.solver = pmkti_cf_solver_get(),
                          .d = f->factors,
                          .width = pmkti_cf_width(f->factors),
                          .kind = PMKT_CF_CHOLESKY,
                          .classic = classic,
                          .alpha = f->alpha,
                          .regularization = f->regularization,
                          .nu = f->nu,
                          .others = (classic ? 1.0 : f->unobserved) * (double)f->items,
                          .fixed = model->item_factors,
                          .gram = model->gram,
                          .gram_by = classic ? 1.0f : (float)f->unobserved};
    const size_t floats = pmkti_cf_room_floats(&rule, n);
    float *at = pmkti_cf_scratch_take(scratch, PMKTI_CF_FOLD_SYSTEM, floats, sizeof *at);
    if (!at) return pmkti_no_memory(err, floats * sizeof *at);
    pmkti_cf_room room;
    pmkti_cf_room_lay(&room, &rule, n, at);
    const pmkti_cf_task task = {item, weight, n, factors};
    pmkti_cf_solved solved;
    pmkti_cf_solve_rows(&rule, &room, &task, 1, &solved);
    *known = solved.known;
    if (solved.finite) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_OVERFLOW,
                      "the factors of a row leave the range of float: its weights are too large");
}
