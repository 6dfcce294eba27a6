/*
 * golden.h - what a state says, as text that is kept beside its file.
 */
#ifndef PMKT_TEST_GOLDEN_H
#define PMKT_TEST_GOLDEN_H

#include "support/files.h"

#define GOLDEN_RFM_AS_OF INT64_C(1723248000000) /* 2024-08-10 */

/* Counters, and every customer by both schemes; one line each. */
file_bytes golden_rfm_text(const pmkt_rfm *rfm);

#endif
