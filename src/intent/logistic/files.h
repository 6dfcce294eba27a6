/*
 * files.h - a logistic model as a section of a file, its own or one that holds more.
 */
#ifndef PMKTI_LOGISTIC_FILES_H
#define PMKTI_LOGISTIC_FILES_H

#include "core/container.h"
#include "intent/logistic/model.h"

/* Writes a model as section `id`. */
pmkt_status pmkti_logistic_put(const pmkt_logistic *m, pmkti_writer *w, uint32_t id,
                               pmkt_error *err);

/* The model in section `id`, which must be there and have so many columns; 0: as many as it has. */
pmkt_status pmkti_logistic_take(pmkti_container *file, uint32_t id, int32_t columns,
                                pmkt_logistic **model, pmkt_error *err);

#endif
