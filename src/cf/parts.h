/*
 * parts.h - the arrays of a model, listed once: what frees, counts, saves and loads a model goes through
 * this list.
 */
#ifndef PMKTI_CF_PARTS_H
#define PMKTI_CF_PARTS_H

#include "cf/model.h"

/* Sections of a file; the numbers are the format. Section 1 is the head (files.h). */
enum {
    PMKTI_CF_USER_ID = 2,
    PMKTI_CF_ITEM_ID = 3,
    PMKTI_CF_SEEN_AT = 4,
    PMKTI_CF_SEEN = 5,
    PMKTI_CF_SEEN_WEIGHT = 6,
    PMKTI_CF_CATEGORY = 7,
    PMKTI_CF_POPULARITY = 8,
    PMKTI_CF_BY_POPULARITY = 9,
    PMKTI_CF_USER_FACTORS = 10,
    PMKTI_CF_ITEM_FACTORS = 11,
    PMKTI_CF_GRAM = 12,
    PMKTI_CF_INDEX_ORDER = 13,
    PMKTI_CF_INDEX_BLOCKS = 14,
    PMKTI_CF_INDEX_FINE = 15,
    PMKTI_CF_NEAR_AT = 16,
    PMKTI_CF_NEAR = 17,
    PMKTI_CF_SIMILARITY = 18
};

enum {
    PMKTI_CF_PARTS = 17
};

typedef struct pmkti_cf_part {
    uint32_t id;
    size_t field;   /* where in pmkt_cf the pointer is */
    size_t element; /* bytes */
} pmkti_cf_part;

extern const pmkti_cf_part pmkti_cf_parts[PMKTI_CF_PARTS];

/* How many elements a part of this model has, if it has it, by the model's facts and counts. */
int64_t pmkti_cf_part_length(const pmkt_cf *model, const pmkti_cf_part *part);

/* The array itself, NULL if the model does not have it. */
const void *pmkti_cf_part_at(const pmkt_cf *model, const pmkti_cf_part *part);
void pmkti_cf_part_set(pmkt_cf *model, const pmkti_cf_part *part, const void *at);

#endif
