/* Empty but on x86-64, where the build compiles it for AVX2. */
#include "core/kernels/kernels.h"

#if defined(__x86_64__)
#if !defined(__AVX2__)
#error "compile this file with the flags that CMakeLists.txt gives it"
#endif
#define TABLE pmkti_kernels_avx2
#define ISA "avx2"
#include "core/kernels/loops.h"
#endif
