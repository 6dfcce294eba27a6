/*
 * cf_model.h - small models of every kind for tests, and the calls around them with fewer arguments.
 */
#ifndef PMKT_TEST_CF_MODEL_H
#define PMKT_TEST_CF_MODEL_H

#include "support/files.h"

enum {
    MODEL_ALS,
    MODEL_KNN,
    MODEL_POPULARITY,
    MODEL_UNSEEN, /* ALS that does not know who had what */
    MODEL_EMPTY,  /* popularity of nothing */
    MODEL_KINDS
};

#define MODEL_USERS 9
#define MODEL_ITEMS 40

/* Users 2, 4, ... 18; items 3, 6, ... 120 of categories 7, 8 and 9. The same for equal seeds. */
pmkt_cf *small_model(int kind, uint64_t seed, const pmkt_allocator *allocator);

/* The model as bytes; it must be savable. */
file_bytes model_bytes(const pmkt_cf *model);

/* Asks a model everything that it can be asked, whatever it answers, and folds the answers into a
   hash. Each status must be PMKT_OK, PMKT_E_UNSUPPORTED, PMKT_E_OVERFLOW, or PMKT_E_CORRUPT, which
   sets *damaged. */
uint64_t ask_everything(const pmkt_cf *model, bool *damaged);

#endif
