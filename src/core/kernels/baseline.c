#define TABLE pmkti_kernels_baseline
#define ISA "baseline"
#include "core/kernels/loops.h"
