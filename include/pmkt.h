/*
 * pmkt.h - libpmkt, the engine of e-commerce precision marketing.
 *
 * It takes what happened in a shop (orders, refunds, carts, views) and answers who is worth what, who
 * is leaving, whom to win back, and what they would like. It is a library and nothing else: no server, no setting file, no
 * global state, and no thread, file or log that you did not ask for.
 *
 * This is the only header that a program includes. Read it first; the headers that it includes are
 * the chapters of the manual, and each explains its own calls.
 *
 * The picture
 * -----------
 *
 *     what happened     columns of equal length, one row an event      pmkt_events      events.h
 *          |                                                           any dataframe    arrow.h
 *          |  pmkt_rfm_add, as often as there are batches
 *          v
 *     the state         what must be known of each customer; can be    pmkt_rfm         rfm.h
 *          |            merged, saved, and made to forget                               file.h
 *          |  pmkt_rfm_score, as of any date
 *          v
 *     scores            one row a customer: recency, frequency, value, pmkt_rfm_scores  rfm.h
 *          |            class, lifecycle, tier
 *          |  pmkt_rfm_summary, pmkt_rfm_migrate, pmkt_rfm_scores_arrow
 *          v
 *     groups, moves between two dates, lists of customers, dataframes
 *
 *     what happened     the same columns, with items                   pmkt_events      events.h
 *          |  pmkt_cf_data_from_events
 *          v
 *     the matrix        who had to do with what, how strongly          pmkt_cf_data     cf.h
 *          |  pmkt_cf_als_fit, pmkt_cf_knn_fit, pmkt_cf_popularity_fit
 *          v
 *     a model           immutable, shared by any number of readers     pmkt_cf          cf.h
 *          |  pmkt_cf_recommend, pmkt_cf_similar_items, pmkt_cf_evaluate
 *          v
 *     the best items for each user; how good they are
 *
 *     what happened     the same columns, as visits                    pmkt_events      events.h
 *          |  pmkt_intent_fit, pmkt_purchase_fit
 *          v
 *     a model           what follows what, and what it means           pmkt_purchase    purchase.h
 *          |  pmkt_purchase_score, pmkt_purchase_explain               pmkt_intent      intent.h
 *          v
 *     at every event: P(order), the next actions, the time until then, and why
 *
 * The first program
 * -----------------
 *
 * Three orders of two customers, valued on 1 February 2026:
 *
 *     #include <pmkt.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *         const uint64_t user[] = {7, 7, 9}, order[] = {1, 2, 3};
 *         const int64_t amount[] = {25000, 19900, 4900};     // minor units: 250.00, 199.00, 49.00
 *         int64_t time[3], as_of;                            // milliseconds UTC
 *         pmkt_error err;
 *         if (pmkt_time_parse("2026-01-05 12:00", 16, NULL, &time[0], &err) ||
 *             pmkt_time_parse("2026-01-20 09:30", 16, NULL, &time[1], &err) ||
 *             pmkt_time_parse("2025-06-01", 10, NULL, &time[2], &err) ||
 *             pmkt_time_parse("2026-02-01", 10, NULL, &as_of, &err))
 *             return fprintf(stderr, "%s\n", err.message), 1;
 *
 *         pmkt_events batch = PMKT_EVENTS_INIT;              // every struct has its INIT
 *         batch.rows = 3;
 *         batch.user = user, batch.time = time, batch.order = order, batch.amount = amount;
 *         batch.every_kind = PMKT_KIND_ORDER;
 *
 *         pmkt_rfm *rfm = NULL;
 *         pmkt_rfm_scores *scores = NULL;
 *         pmkt_rfm_columns c = PMKT_RFM_COLUMNS_INIT;
 *         if (pmkt_rfm_new(NULL, &rfm, &err) ||              // NULL: the default options
 *             pmkt_rfm_add(rfm, &batch, NULL, NULL, &err) ||
 *             pmkt_rfm_score(rfm, as_of, NULL, NULL, &scores, &err) ||
 *             pmkt_rfm_scores_columns(scores, &c, &err))
 *             return fprintf(stderr, "%s\n", err.message), 1;
 *         for (int64_t i = 0; i < c.rows; i++) {
 *             printf("user %d: %s\n", (int)c.user[i],
 *                    pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, c.segment[i]));
 *         }
 *         pmkt_rfm_scores_free(scores);
 *         pmkt_rfm_free(rfm);
 *         return 0;
 *     }
 *
 * It says that user 7 is active-low-high and user 9 dormant-low-low. Build it with
 *
 *     cc first.c -o first $(pkg-config --cflags --libs pmkt)
 *
 * or, in CMake, find_package(pmkt REQUIRED) and target_link_libraries(first PRIVATE pmkt::pmkt), or
 * pmkt::pmkt_static to be independent of an installed library. C++ has pmkt.hpp: owners, exceptions
 * and spans over the same calls.
 *
 * What holds everywhere
 * ---------------------
 *
 *  - Status. What can fail returns a pmkt_status, zero for success, and takes a pmkt_error last (or
 *    NULL), which then says in a sentence, and in numbers, what was wrong and where. A call that
 *    fails has changed nothing and leaks nothing. See base.h.
 *  - Ownership. A handle (pmkt_rfm, pmkt_ids, ...) belongs to the caller, who frees it with its own
 *    _free; freeing NULL does nothing. Models and their data are counted: _retain and _release. What a call is given it borrows until it returns. What it
 *    gives out besides handles (columns, names, lists) belongs to the handle that it came from.
 *  - Threads. Calls on a `const` handle may run on any number of threads at once; of the others, one
 *    at a time. Heavy calls take a pmkt_run: how many threads to use, and whom to tell of the
 *    progress, who may also cancel. The answer does not depend on the number of threads.
 *  - Options. Structs begin with struct_size; start from PMKT_..._INIT or pmkt_..._init(), by which
 *    newer and older programs and libraries understand each other. NULL in place of options means
 *    all defaults, and a zero in a field means that field's default.
 *  - Money is in integer minor units (20,000 is 200.00 yuan), so that sums are exact. See money.h.
 *  - Time is in milliseconds since 1970, UTC. No call asks the clock: "as of" is an argument, and
 *    what happens at that instant or later is not seen. Days are those of a zone. See time.h.
 *  - Ids are uint64_t, 0 is none. Strings become ids by a hash that is the same everywhere; keep a
 *    pmkt_ids for the way back. See ids.h.
 *  - Rows. A malformed call fails. A malformed row fails its batch by name, or is left out and
 *    counted by reason, as the batch says. See events.h.
 *  - Files. What a handle knows is saved whole and replaced in one step, loaded with every checksum
 *    compared, or mapped in place within a millisecond. See file.h.
 *  - Dataframes come and go as Arrow C streams, without a dependency. See arrow.h.
 *  - Versions. "Since 0.1" says which release brought a call. Until 1.0 a minor release may still
 *    change the ABI, and the CHANGELOG says so.
 *
 * The chapters
 * ------------
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
 *   cf.h      collaborative filtering: what would they like
 *   cf_evaluate.h  how good recommendations are: splits, metrics, intervals
 *   attribution.h  which channels brought the orders: rules, Markov chains, Shapley values
 *   funnel.h  funnels and paths: how far people come, and where they leave
 *   intent.h  chains of actions: what are they about to do
 *   purchase.h  a calibrated probability of the goal at every event, with reasons
 *   rules.h   rules as data: a text that says who hesitates, compares, abandons, and what to answer
 *   tracker.h  both, live: the state of each user, read at every event, with reasons
 *   logistic.h  the logistic regression below it, for features of your own
 *   binary.h  how good probabilities are: discrimination, calibration, intervals
 *
 * In a hurry, read base.h, events.h and rfm.h or cf.h, and the others when you need them.
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
#include "pmkt/cf.h"
#include "pmkt/cf_evaluate.h"
#include "pmkt/attribution.h"
#include "pmkt/funnel.h"
#include "pmkt/intent.h"
#include "pmkt/logistic.h"
#include "pmkt/binary.h"
#include "pmkt/purchase.h"
#include "pmkt/rules.h"
#include "pmkt/tracker.h"
/* clang-format on */

#endif
