/*
 * pmkt.h - libpmkt, the engine of e-commerce precision marketing.
 *
 * This is the only header a user needs; it includes the others in the order in
 * which they are best read:
 *
 *   base.h    status codes, errors, allocator, progress: how every call behaves
 *   time.h    instants, time zones and calendar days
 *   money.h   amounts in integer minor units
 *   file.h    what is common to everything that is saved: options, buffers, inspection
 *   ids.h     64-bit ids, the frozen hash that makes them from strings, and the way back
 *   idset.h   sets of ids that can be changed while others read them
 *   events.h  batches of events: what goes in
 *   items.h   batches of items: the catalogue
 *   arrow.h   any dataframe in, results out, by the Arrow C stream interface
 *   rfm.h     recency, frequency, monetary value, lifecycle and tiers: who is worth what
 */
#ifndef PMKT_H
#define PMKT_H

/* In the order of reading. */
/* clang-format off */
#include "pmkt/base.h"
#include "pmkt/time.h"
#include "pmkt/money.h"
#include "pmkt/file.h"
#include "pmkt/ids.h"
#include "pmkt/idset.h"
#include "pmkt/events.h"
#include "pmkt/items.h"
#include "pmkt/arrow.h"
#include "pmkt/rfm.h"
/* clang-format on */

#endif
