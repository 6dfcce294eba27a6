/* Empty but on x86-64, where the build compiles it for AVX-512 (F, BW, DQ, VL). */
#include "core/kernels/kernels.h"

#if defined(__x86_64__)
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || \
    !defined(__AVX512VL__)
#error "compile this file with the flags that CMakeLists.txt gives it"
#endif
#define TABLE pmkti_kernels_avx512
#define ISA "avx512"
#include "core/kernels/loops.h"
#endif
