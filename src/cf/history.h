/*
 * history.h - what somebody did, as numbers: known items, ascending, each once.
 */
#ifndef PMKTI_CF_HISTORY_H
#define PMKTI_CF_HISTORY_H

#include "cf/question.h"

/* A checked copy of the caller's history. PMKT_E_INVALID; PMKT_E_BAD_ROW for a weight that is not finite. */
pmkt_status pmkti_cf_history_in(const pmkt_cf_history *given, pmkt_cf_history *mine,
                                pmkt_error *err);

/*
 * Row `row` of a history: its known items into item and weight, with room for all of the row's entries;
 * returns how many. `keys` has the same room.
 */
int64_t pmkti_cf_history_row(const pmkt_cf *model, const pmkt_cf_history *history, int64_t row,
                             uint64_t *keys, int32_t *item, float *weight);

#endif
