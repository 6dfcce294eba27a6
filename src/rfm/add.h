/*
 * add.h - what both ways of taking a batch share.
 */
#ifndef PMKTI_RFM_ADD_H
#define PMKTI_RFM_ADD_H

#include "rfm/rows.h"

/* Whether the slice that was just placed can be taken as far as its amounts go. */
pmkt_status pmkti_check_amounts(const pmkti_batch *batch, pmkt_error *err);

/* Whether the batch, all of it placed, can be taken as far as its bad rows go. */
pmkt_status pmkti_check_rows(pmkti_batch *batch, pmkt_error *err);

/* Whether a state may have so many bytes. */
pmkt_status pmkti_check_bytes(const pmkt_rfm *rfm, size_t bytes, pmkt_error *err);

/* Books the batch: counters and currency. */
void pmkti_commit(const pmkti_batch *batch);

/* Takes a batch that is large beside the state, in slices, folding each at once. */
pmkt_status pmkti_add_large(pmkti_batch *batch, const pmkti_run *run, pmkt_error *err);

#endif
