/*
 * rows.h - the rows of a question, side by side, each worker with a scratch of its own.
 */
#ifndef PMKTI_CF_ROWS_H
#define PMKTI_CF_ROWS_H

#include "cf/scratch.h"
#include "core/parallel.h"

/* What to do with one row. `err` is NULL where rows run side by side; then only the status counts. */
typedef pmkt_status (*pmkti_cf_row_fn)(void *ctx, int64_t row, pmkt_cf_scratch *scratch,
                                       pmkt_error *err);

/*
 * Runs `fn` for every row: a single one on this thread, with `scratch`; more in parallel, with scratches
 * from `allocator`. The status of a row that failed, with a message.
 */
pmkt_status pmkti_cf_each_row(int64_t rows, pmkti_cf_row_fn fn, void *ctx, pmkt_cf_scratch *scratch,
                              const pmkt_allocator *allocator, const pmkti_run *run,
                              const char *stage, pmkt_error *err);

#endif
