/*
 * swap.h - another model under the users of a shard.
 */
#ifndef PMKTI_TRACKER_SWAP_H
#define PMKTI_TRACKER_SWAP_H

#include "intent/tracker/tracker.h"

/* Goes on with a model that fits, which the tracker will own; t->swaps counts this swap already. The shard is
   locked. */
void pmkti_swap_shard(const pmkt_tracker *t, pmkti_shard *s, const pmkt_purchase *model);

#endif
