/*
 * state.h - what rfm_report knows between two runs: the state of the customers, and the way back from
 * their ids to the texts of the file.
 */
#ifndef RFM_REPORT_STATE_H
#define RFM_REPORT_STATE_H

#include <pmkt.h>

#include "options.h"

typedef struct state {
    pmkt_rfm *rfm;
    pmkt_ids *names;
    int64_t rows_before; /* rows that --state had taken already */
} state;

/*
 * Begins with what --state holds, or with nothing. The new rows must fit what is there: the same
 * zone, and money or none. Returns an exit code, with a complaint.
 */
int state_open(state *out, const options *asked, const pmkt_zone *zone, const pmkt_run *run);

/* Writes both files of --state, if it was given. False with a complaint. */
bool state_save(const state *of, const options *asked, const pmkt_run *run);

void state_free(state *of);

#endif
