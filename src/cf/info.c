/*
 * info.c - what a model says of itself: facts, ids, factors.
 */
#include "cf/model.h"
#include "core/error.h"
#include "core/structs.h"

pmkt_status pmkt_cf_info(const pmkt_cf *model, pmkt_cf_facts *out, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    return pmkti_struct_out(out, &model->facts, sizeof model->facts, sizeof(uint64_t), "out", err);
}

pmkt_status pmkt_cf_ids(const pmkt_cf *model, const uint64_t **users, int64_t *n_users,
                        const uint64_t **items, int64_t *n_items, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (users) *users = model->user_id;
    if (n_users) *n_users = model->facts.users;
    if (items) *items = model->item_id;
    if (n_items) *n_items = model->facts.items;
    return PMKT_OK;
}

pmkt_status pmkt_cf_get_factors(const pmkt_cf *model, pmkt_cf_factors *out, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!out) return pmkti_null(err, "out");
    if (model->facts.kind != PMKT_CF_ALS) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "only a model of ALS has factors");
    }
    const pmkt_cf_factors mine = {.factors = model->facts.factors,
                                  .users = model->facts.users,
                                  .items = model->facts.items,
                                  .user_id = model->user_id,
                                  .item_id = model->item_id,
                                  .user_factors = model->user_factors,
                                  .item_factors = model->item_factors};
    return pmkti_struct_out(out, &mine, sizeof mine, sizeof mine, "out", err);
}
