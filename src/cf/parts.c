#include "cf/parts.h"

#include <stddef.h>
#include <string.h>

#define PART(id, field) \
    { id, offsetof(struct pmkt_cf, field), sizeof *((struct pmkt_cf *)0)->field }

const pmkti_cf_part pmkti_cf_parts[PMKTI_CF_PARTS] = {
    PART(PMKTI_CF_USER_ID, user_id),
    PART(PMKTI_CF_ITEM_ID, item_id),
    PART(PMKTI_CF_SEEN_AT, seen_at),
    PART(PMKTI_CF_SEEN, seen),
    PART(PMKTI_CF_SEEN_WEIGHT, seen_weight),
    PART(PMKTI_CF_CATEGORY, category),
    PART(PMKTI_CF_POPULARITY, popularity),
    PART(PMKTI_CF_BY_POPULARITY, by_popularity),
    PART(PMKTI_CF_USER_FACTORS, user_factors),
    PART(PMKTI_CF_ITEM_FACTORS, item_factors),
    PART(PMKTI_CF_GRAM, gram),
    PART(PMKTI_CF_INDEX_ORDER, index.order),
    PART(PMKTI_CF_INDEX_BLOCKS, index.blocks),
    PART(PMKTI_CF_INDEX_FINE, index.fine),
    PART(PMKTI_CF_NEAR_AT, near_at),
    PART(PMKTI_CF_NEAR, near),
    PART(PMKTI_CF_SIMILARITY, similarity),
};

int64_t pmkti_cf_part_length(const pmkt_cf *model, const pmkti_cf_part *part) {
    const pmkt_cf_facts *f = &model->facts;
    switch (part->id) {
        case PMKTI_CF_USER_ID:
            return f->users;
        case PMKTI_CF_SEEN_AT:
            return f->users + 1;
        case PMKTI_CF_SEEN:
        case PMKTI_CF_SEEN_WEIGHT:
            return model->n_seen;
        case PMKTI_CF_USER_FACTORS:
            return f->users * f->factors;
        case PMKTI_CF_ITEM_FACTORS:
            return f->items * f->factors;
        case PMKTI_CF_GRAM:
            return (int64_t)f->factors * f->factors;
        case PMKTI_CF_INDEX_ORDER:
            return model->index.n;
        case PMKTI_CF_INDEX_BLOCKS:
            return (int64_t)pmkti_cf_index_bytes(model->index.n, model->index.d);
        case PMKTI_CF_INDEX_FINE:
            return model->index.n * pmkti_cf_fine_width(model->index.d);
        case PMKTI_CF_NEAR_AT:
            return f->items + 1;
        case PMKTI_CF_NEAR:
        case PMKTI_CF_SIMILARITY:
            return model->n_near;
        default:
            return f->items;
    }
}

const void *pmkti_cf_part_at(const pmkt_cf *model, const pmkti_cf_part *part) {
    const void *at;
    memcpy(&at, (const char *)model + part->field, sizeof at);
    return at;
}

void pmkti_cf_part_set(pmkt_cf *model, const pmkti_cf_part *part, const void *at) {
    memcpy((char *)model + part->field, &at, sizeof at);
}
