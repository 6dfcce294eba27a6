/*
 * popularity.c - pmkt_cf_popularity_fit. Every model knows what is popular by weight; here it may also
 * be by the number of users.
 */
#include "cf/data.h"
#include "cf/model.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/structs.h"

static pmkt_status check(const pmkt_cf_popularity_options *o, pmkt_error *err) {
    if (o->by != PMKT_CF_BY_WEIGHT && o->by != PMKT_CF_BY_USERS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.by is %d, which is none", (int)o->by);
    }
    if (o->drop_seen != 0 && o->drop_seen != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.drop_seen is %d; it must be 0 or 1",
                          (int)o->drop_seen);
    }
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    return PMKT_OK;
}

static pmkt_status count_users(const pmkt_cf_data *data, pmkt_cf *model, pmkt_error *err) {
    const size_t items = (size_t)data->items;
    if (items == 0) return PMKT_OK;
    float *popularity = pmkti_alloc(&model->allocator, items, sizeof *popularity);
    if (!popularity) return pmkti_no_memory(err, items * sizeof *popularity);
    for (size_t i = 0; i < items; i++) {
        int64_t n = 0;
        for (int64_t e = data->user_at[i]; e < data->user_at[i + 1]; e++) {
            n += data->user_weight[e] > 0;
        }
        popularity[i] = (float)n;
    }
    pmkti_free_const(&model->allocator, model->popularity, items, sizeof *popularity);
    model->popularity = popularity;
    return pmkti_cf_order_by_popularity(model, err);
}

pmkt_status pmkt_cf_popularity_fit(const pmkt_cf_data *data,
                                   const pmkt_cf_popularity_options *options, const pmkt_run *run,
                                   pmkt_cf **model, pmkt_error *err) {
    static const char STAGE[] = "popularity";
    if (!data) return pmkti_null(err, "data");
    if (!model) return pmkti_null(err, "model");
    pmkt_cf_popularity_options o = PMKT_CF_POPULARITY_OPTIONS_INIT;
    pmkti_run mine;
    pmkt_cf *made = NULL;
    pmkt_status status = pmkti_struct_in(&o, sizeof o, options, sizeof o, "options", err);
    if (!status) status = check(&o, err);
    if (!status) status = pmkti_run_check(run, 0, &mine, err);
    if (status) return status;
    if (pmkti_canceled(&mine, 0, STAGE)) return pmkti_stopped(err, PMKT_E_CANCELED);
    status = pmkti_cf_model_new(data, PMKT_CF_POPULARITY, o.drop_seen, o.allocator, &made, err);
    if (status) return status;
    made->facts.by = o.by;
    if (o.by == PMKT_CF_BY_USERS) status = count_users(data, made, err);
    if (!status && pmkti_canceled(&mine, 1, STAGE)) status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (status) {
        pmkt_cf_release(made);
        return status;
    }
    pmkti_cf_model_done(made);
    *model = made;
    return PMKT_OK;
}
