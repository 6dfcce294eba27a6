/*
 * als_options.h - the options of ALS, checked and with their defaults.
 */
#ifndef PMKTI_CF_ALS_OPTIONS_H
#define PMKTI_CF_ALS_OPTIONS_H

#include "pmkt/cf.h"

/* The caller's options, or NULL, with every default in its place (and PMKT_CF_ZERO as 0); that of alpha
   is of the data, or 1 without. PMKT_E_INVALID. */
pmkt_status pmkti_cf_als_options_in(const pmkt_cf_als_options *given, const pmkt_cf_data *data,
                                    pmkt_cf_als_options *mine, pmkt_error *err);

/* What of them a model remembers. */
void pmkti_cf_als_facts(const pmkt_cf_als_options *options, pmkt_cf_facts *facts);

#endif
