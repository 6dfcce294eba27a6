/*
 * data_rows.h - looks at all rows of a batch once: which are bad, which have an item, when was the last.
 */
#ifndef PMKTI_CF_DATA_ROWS_H
#define PMKTI_CF_DATA_ROWS_H

#include "cf/data_plan.h"

static inline size_t pmkti_cf_blocks(int64_t rows) {
    return ((size_t)rows + PMKTI_EVENTS_BLOCK - 1) / PMKTI_EVENTS_BLOCK;
}

/*
 * Fills rows->last_ms, report and, in *plain, a byte a block for rows->plain; the caller frees it, also
 * after a failure. report->ignored are the rows without an item. PMKT_E_BAD_ROW if the batch wants that.
 */
pmkt_status pmkti_cf_rows_check(pmkti_cf_rows *rows, const pmkt_allocator *allocator,
                                const pmkti_run *run, pmkti_stage stage, uint8_t **plain,
                                pmkt_report *report, pmkt_error *err);

#endif
