/*
 * files.h - how a model lies in a file: the head below, and one section for each array that the model has
 * (parts.h), raw, so that a mapping uses it in place. How long each must be follows from the head; whether it
 * must be there from the kind. So equal models are equal bytes.
 */
#ifndef PMKTI_CF_FILES_H
#define PMKTI_CF_FILES_H

#include "cf/parts.h"

#define PMKTI_CF_HEAD 1
#define PMKTI_CF_VERSION 1 /* of each section */

typedef struct pmkti_cf_head {
    int32_t kind;
    int32_t has_seen;
    int64_t users, items, entries;
    int64_t as_of_ms;
    uint64_t data_hash;
    int64_t n_seen, n_near;
    int32_t factors, iterations, loss, solver, cg_steps;
    int32_t similarity, neighbors, by;
    double regularization, alpha, unobserved, nu, sigma, final_loss;
    double shrinkage, k1, b;
    uint64_t seed;
} pmkti_cf_head;

_Static_assert(sizeof(pmkti_cf_head) == 176, "a head is 176 bytes");

/* Everything about a part's content that must hold, beyond its length. `place` is where it came from.
   PMKT_E_CORRUPT (where = the byte). O(part) */
pmkt_status pmkti_cf_part_check(const pmkt_cf *model, const pmkti_cf_part *part,
                                const pmkti_span *place, pmkt_error *err);

#endif
