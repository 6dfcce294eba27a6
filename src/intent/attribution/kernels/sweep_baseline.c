/* The loops of sweep_loops.h for any CPU of the architecture. */
#define PMKTI_ATTRIBUTION_SWEEPER pmkti_attribution_sweeper_baseline
#include "intent/attribution/kernels/sweep_loops.h"
