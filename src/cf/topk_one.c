#include "cf/topk_rows.h"

pmkt_status pmkti_cf_topk_one(const pmkti_cf_topk *topk, const float *query,
                              const pmkti_cf_without *without, pmkt_cf_scratch *scratch,
                              uint64_t *ids, float *scores, int32_t *count, pmkt_error *err) {
    pmkti_cf_row row = {.query = query, .without = without};
    pmkti_cf_allowed allowed;
    pmkt_status status = pmkti_cf_list_allowed(topk, scratch, &allowed);
    if (!status) status = pmkti_cf_find_rows(topk, &allowed, &row, 1, scratch);
    if (status) return pmkti_cf_topk_failed(status, err);
    pmkti_cf_write_row(topk, &row.heap, ids, scores, count);
    return PMKT_OK;
}
