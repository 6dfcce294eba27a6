/*
 * pmkt.h - libpmkt, the engine of e-commerce precision marketing.
 *
 * This is the only header a user needs; it includes the others in the order in
 * which they are best read:
 *
 *   base.h    status codes, errors, allocator, progress: how every call behaves
 *   time.h    instants, time zones and calendar days
 *   money.h   amounts in integer minor units
 *   ids.h     64-bit ids and the frozen hash that makes them from strings
 *   events.h  batches of events: what goes in
 *   rfm.h     recency, frequency, monetary value, lifecycle and tiers: who is worth what
 */
#ifndef PMKT_H
#define PMKT_H

/* In the order of reading. */
/* clang-format off */
#include "pmkt/base.h"
#include "pmkt/time.h"
#include "pmkt/money.h"
#include "pmkt/ids.h"
#include "pmkt/events.h"
#include "pmkt/rfm.h"
/* clang-format on */

#endif
