/*
 * als_start.h - the first factors.
 */
#ifndef PMKTI_CF_ALS_START_H
#define PMKTI_CF_ALS_START_H

#include "core/parallel.h"
#include "pmkt/cf.h"

/* Fills both sides: with the caller's first factors, or with normal numbers that depend on the seed,
   the id and the coordinate alone. PMKT_E_CANCELED. */
pmkt_status pmkti_cf_als_start(const pmkt_cf_data *data, const pmkt_cf_als_options *options,
                               const pmkti_run *run, float *users, float *items, pmkt_error *err);

#endif
