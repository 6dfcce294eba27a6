/*
 * pmkt.hpp - libpmkt for C++17 and later: the C ABI of pmkt.h with owners, exceptions and spans.
 *
 *     #include <pmkt.hpp>
 *
 *     pmkt::events batch;
 *     batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER);
 *
 *     pmkt::rfm rfm;
 *     rfm.add(batch);
 *     pmkt::scores scores = rfm.score(pmkt::parse_time("2026-02-01"));
 *     for (const pmkt::group &group : scores.groups(PMKT_RFM_BY_SEGMENT))
 *         std::cout << group.name << ": " << group.customers << '\n';
 *
 * Everything is inline, so that there is nothing more to link than libpmkt itself. What a call does,
 * in which units, how fast and from which threads, stands at the C function of the same name; these
 * headers say only what C++ adds:
 *
 *  - Owners. pmkt::rfm, scores, migration, funnel, paths, matches, tracker, attribution, attribution_data,
 *    ids, idset, buffer, arrow_events, arrow_items and arrow_stream can be moved, not copied, and free what
 *    they own. One that was moved from is empty: it is false, and its calls throw pmkt::invalid. A method
 *    that is const may be called by any number of threads at once, as the C functions say; of one
 *    that is not, one at a time.
 *  - Shared things. pmkt::cf_data, cf_model, intent, logistic, purchase and rules are counted: a copy
 *    is one more owner.
 *  - Errors are exceptions (cpp/base.hpp), each code its own class below pmkt::error, with the place
 *    in numbers; memory that runs out is a std::bad_alloc. Who prefers codes passes `get()` and
 *    `put()` of an owner to the C functions, which throw nothing; both styles mix freely. (Scores
 *    have no put(): pmkt::scores(p) takes what pmkt_rfm_score gave.)
 *  - Columns in are borrowed: pmkt::events remembers where a container lies, and refuses temporaries
 *    and containers of another type or length. Keep them, unresized, until the batch is done with.
 *    Every other call takes a span for as long as it runs, and there a temporary is fine.
 *  - Columns out are spans into the memory of the owner: valid until it is destroyed, assigned to or
 *    reset; moving it does not move them. pmkt::span is std::span in C++20, a small class with its
 *    main methods in C++17.
 *  - Constants and structs are those of C (PMKT_RFM_BY_TIER, pmkt_rfm_rates). Options are the C
 *    structs with their defaults already in: pmkt::score_options o; o.scheme = PMKT_RFM_QUANTILE;
 *  - With -fno-exceptions it compiles; what would throw then ends the program (std::terminate), so
 *    use get() and put() there.
 *
 * The modules, in the order of reading: cpp/base.hpp, cpp/memory.hpp, cpp/time.hpp, cpp/money.hpp,
 * cpp/file.hpp, cpp/ids.hpp, cpp/idset.hpp, cpp/events.hpp, cpp/items.hpp, cpp/arrow.hpp, cpp/rfm.hpp,
 * cpp/cf.hpp, cpp/cf_evaluate.hpp, cpp/intent.hpp, cpp/logistic.hpp, cpp/purchase.hpp, cpp/rules.hpp,
 * cpp/tracker.hpp, cpp/funnel.hpp, cpp/attribution.hpp.
 */
#ifndef PMKT_HPP
#define PMKT_HPP

/* In the order of reading. */
/* clang-format off */
#include "pmkt.h"
#include "pmkt/cpp/base.hpp"
#include "pmkt/cpp/memory.hpp"
#include "pmkt/cpp/time.hpp"
#include "pmkt/cpp/money.hpp"
#include "pmkt/cpp/file.hpp"
#include "pmkt/cpp/ids.hpp"
#include "pmkt/cpp/idset.hpp"
#include "pmkt/cpp/events.hpp"
#include "pmkt/cpp/items.hpp"
#include "pmkt/cpp/arrow.hpp"
#include "pmkt/cpp/rfm.hpp"
#include "pmkt/cpp/cf.hpp"
#include "pmkt/cpp/cf_evaluate.hpp"
#include "pmkt/cpp/intent.hpp"
#include "pmkt/cpp/logistic.hpp"
#include "pmkt/cpp/purchase.hpp"
#include "pmkt/cpp/rules.hpp"
#include "pmkt/cpp/tracker.hpp"
#include "pmkt/cpp/funnel.hpp"
#include "pmkt/cpp/attribution.hpp"
/* clang-format on */

#endif
