/*
 * solve.h - the inner loops of ALS, compiled once for each instruction set.
 *
 * Vectors and matrices are padded to a width that is a multiple of PMKTI_CF_WIDTH, with zeros; symmetric
 * matrices are [width * width] by rows, of which the upper triangle counts. A panel is n vectors, one
 * after the other. All sums have an order that depends on n and the width alone; from one instruction
 * set to another they differ by rounding (a fused multiply-add rounds once).
 */
#ifndef PMKTI_CF_SOLVE_H
#define PMKTI_CF_SOLVE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PMKTI_CF_WIDTH = 16
};

typedef struct pmkti_cf_solver {
    /* A panel of the vectors [d] of `fixed` with these numbers; what is beyond d stays. */
    void (*gather)(const float *fixed, const int32_t *number, int64_t n, int32_t d, int32_t width,
                   float *panel);
    /* c[j] = a[j] * (vector j of the panel . p) */
    void (*products)(const float *panel, int64_t n, int32_t width, const float *p, const float *a,
                     float *c);
    /* out += sum over j of c[j] * vector j */
    void (*combine)(const float *panel, int64_t n, int32_t width, const float *c, float *out);
    /* out = m p, of a matrix that is whole */
    void (*times)(const float *m, int32_t width, const float *p, float *out);
    /* The same for four vectors [4 * width], and the same bits. */
    void (*times_group)(const float *m, int32_t width, const float *p, float *out);
    /* m += sum over j of vector j * its transpose, in whole tiles on and above the diagonal */
    void (*rank)(const float *panel, int64_t n, int32_t width, float *m);
    /* m becomes its Cholesky factor U (m = U'U), and x = the solution of m x = b, unless it is false: some
       pivot is so small beside its diagonal that rounding had a large part in it. */
    bool (*solve)(float *m, int32_t width, const float *b, float *x);
} pmkti_cf_solver;

/* For the instruction set of this process. Any thread. */
const pmkti_cf_solver *pmkti_cf_solver_get(void);

/* For an instruction set by pmkti_isa_level, which the CPU must have. */
const pmkti_cf_solver *pmkti_cf_solver_of(int level);

extern const pmkti_cf_solver pmkti_cf_solver_portable;
#if defined(__x86_64__)
extern const pmkti_cf_solver pmkti_cf_solver_avx2;
extern const pmkti_cf_solver pmkti_cf_solver_avx512;
#endif

#endif
