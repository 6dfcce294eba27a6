/*
 * model_files.h - a model among the sections of a file, its own or one that holds more.
 */
#ifndef PMKTI_INTENT_MODEL_FILES_H
#define PMKTI_INTENT_MODEL_FILES_H

#include "core/container.h"
#include "intent/chain.h"

#define PMKTI_INTENT_SECTIONS 5 /* the ids of a model's sections are 1 to this */

/* Writes all sections of a model. */
pmkt_status pmkti_intent_put(const pmkt_intent *m, pmkti_writer *w, pmkt_error *err);

/* A model out of its sections, solved anew. */
pmkt_status pmkti_intent_take(pmkti_container *file, const pmkti_run *run, pmkti_stage stage,
                              pmkt_intent **model, pmkt_error *err);

#endif
