#include "cf/als_fold.h"

#include <string.h>

#include "cf/als_row.h"
#include "core/error.h"

/* The base of the system, padded, from the model's gram matrix. */
static void lay_base(const pmkt_cf *model, int32_t width, float *base) {
    const pmkt_cf_facts *f = &model->facts;
    const float by = f->loss == PMKT_CF_CLASSIC ? 1.0f : (float)f->unobserved;
    const int32_t d = f->factors;
    memset(base + (ptrdiff_t)d * width, 0, (size_t)(width - d) * (size_t)width * sizeof *base);
    for (int32_t i = 0; i < d; i++) {
        float *to = base + (ptrdiff_t)i * width;
        const float *from = model->gram + (ptrdiff_t)i * d;
        memset(to, 0, (size_t)i * sizeof *to);
        for (int32_t j = i; j < d; j++) to[j] = by * from[j];
        for (int32_t j = d; j < width; j++) to[j] = 0;
    }
}

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
                          .fixed = model->item_factors};
    const size_t floats = pmkti_cf_room_floats(&rule, n);
    float *at = pmkti_cf_scratch_take(scratch, PMKTI_CF_FOLD_SYSTEM, floats, sizeof *at);
    if (!at) return pmkti_no_memory(err, floats * sizeof *at);
    pmkti_cf_room room;
    pmkti_cf_room_lay(&room, &rule, n, at);
    lay_base(model, rule.width, room.m);
    const pmkti_cf_solved solved = pmkti_cf_solve_row(&rule, &room, item, weight, n, factors);
    *known = solved.known;
    if (solved.finite) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_OVERFLOW,
                      "the factors of a row leave the range of float: its weights are too large");
}
