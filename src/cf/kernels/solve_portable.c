/* The loops of solve_loops.h for any CPU. */
#define PMKTI_CF_SOLVER pmkti_cf_solver_portable
#include "cf/kernels/solve_loops.h"
