/*
 * golden.h - what a state or a model says, as text that is kept beside its file.
 */
#ifndef PMKT_TEST_GOLDEN_H
#define PMKT_TEST_GOLDEN_H

#include "support/files.h"

#define GOLDEN_RFM_AS_OF INT64_C(1723248000000) /* 2024-08-10 */

/* Counters, and every customer by both schemes; one line each. */
file_bytes golden_rfm_text(const pmkt_rfm *rfm);

/*
 * Facts, and what every user and item gets; one line each. Scores of recommendations are exact (products
 * and sums in double precision of what the file holds); of what is folded in or compared by cosines
 * only the ids are kept, for those sums may be rounded in more than one way.
 */
file_bytes golden_cf_text(const pmkt_cf *model);

#endif
