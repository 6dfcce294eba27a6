/*
 * reader.h - a chain prepared to be walked one action at a time: what an action says for or against
 * the goal, and what each context says of it, are numbers that only have to be looked up.
 */
#ifndef PMKTI_PURCHASE_READER_H
#define PMKTI_PURCHASE_READER_H

#include "intent/chain.h"

/* What comes next after a context. */
typedef struct pmkti_outlook {
    uint32_t next[PMKT_INTENT_TOP];
    double p[PMKT_INTENT_TOP];
    double time_ms;
} pmkti_outlook;

/* A context, and one action after it: what a step needs of them stands together, for in a chain of any size
   each is a cache line that was not read for long. */
typedef struct pmkti_context {
    double z;           /* log-odds of P(goal) */
    int32_t first, end; /* ways */
} pmkti_context;

typedef struct pmkti_way {
    double evidence; /* ln P(step | buyers) / P(step | others) */
    int32_t to;      /* context */
    int32_t reserved;
} pmkti_way;

typedef struct pmkti_reader {
    const pmkt_intent *chain; /* borrowed */
    uint8_t *by;              /* [edges] the chain's step, a cache line for a whole context */
    pmkti_way *way;           /* [edges] */
    pmkti_context *context;   /* [nodes] */
    pmkti_outlook *outlook;   /* [nodes], if it was asked for */
    int32_t actions;          /* of the model */
    uint8_t step[PMKTI_STEP_MASK + 1]; /* of the model's actions; 0: the chain does not know it */
} pmkti_reader;

/* The steps that a chain has for each of the n actions of another one; 0: none. [PMKTI_STEP_MASK + 1] */
void pmkti_reader_translate(const pmkt_intent *chain, const uint32_t *action, int32_t n,
                            uint8_t *step);

/* For a chain whose actions are some of those of `model`. PMKT_OK, PMKT_E_NOMEM: `out` is empty. */
pmkt_status pmkti_reader_make(const pmkt_intent *chain, const pmkt_intent *model, bool outlook,
                              pmkti_reader *out);
void pmkti_reader_free(pmkti_reader *r);

/* The context after a step of the model's that is an action; *evidence grows by what the step says. One
   that this chain does not know is passed over. */
int32_t pmkti_reader_go(const pmkti_reader *r, int32_t node, uint32_t step, double *evidence);

#endif
