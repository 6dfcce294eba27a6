/*
 * sweep.h - the inner loops of solve.c, compiled once for each instruction set. Lanes do not mix, and
 * nothing is fused, so that every instruction set gives the same bits.
 *
 * A sweep also tells what it leaves: a state that is averaged before one of those it comes from is off by
 * what that one changes afterwards. So the residuals need no second pass over the steps: each change is
 * handed on to the earlier states that it reaches, which are half of all, and added up by their last channel.
 */
#ifndef PMKTI_ATTRIBUTION_SWEEP_H
#define PMKTI_ATTRIBUTION_SWEEP_H

#include "intent/attribution/solve.h"

/* A block of channels. Where a bit of `held` is set, that lane of v is 1 before and after. */
typedef struct pmkti_attribution_block {
    const pmkti_attribution_chain *chain;
    const pmkti_attribution_flow *flow;
    const uint8_t *held; /* [states] bit l: the state holds channel l of the block */
    double *v;           /* [states][LANES], at a multiple of 64 */
    double *off;         /* [channels][LANES] by the last channel of a state */
} pmkti_attribution_block;

typedef struct pmkti_attribution_sweeper {
    /* One sweep. Returns the greatest change of a lane, summed over the flow: so no state on the way to a
       conversion changes unseen, and those that hardly anybody came through are not waited for. `off`
       becomes the residuals in terms of flow; those of states that hold the lane's channel as their
       last are in it too. */
    double (*sweep)(const pmkti_attribution_block *b);
    /* v += off of the last channel, kept between 0 and 1, but where nothing flows. */
    void (*shift)(const pmkti_attribution_block *b);
} pmkti_attribution_sweeper;

/* For the instruction set of this process. Any thread. */
const pmkti_attribution_sweeper *pmkti_attribution_sweeper_get(void);

/* For an instruction set by pmkti_isa_level, which the CPU must have. AVX-512 has none of its own: what a sweep
   waits for is one addition after the other, and half as wide registers have two of them on the way. */
const pmkti_attribution_sweeper *pmkti_attribution_sweeper_of(int level);

extern const pmkti_attribution_sweeper pmkti_attribution_sweeper_baseline;
#if defined(__x86_64__)
extern const pmkti_attribution_sweeper pmkti_attribution_sweeper_avx2;
#endif

#endif
