/*
 * error.h - how a failure is reported. Every message is one sentence: what was wrong, where, what
 * was expected.
 */
#ifndef PMKTI_ERROR_H
#define PMKTI_ERROR_H

#include "pmkt/base.h"

#if defined(__GNUC__)
#define PMKTI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PMKTI_PRINTF(fmt, args)
#endif

/* Fills `err` (if any) and returns `status`, so that a caller can `return pmkti_fail(...)`. */
pmkt_status pmkti_fail(pmkt_error *err, pmkt_status status, const char *format, ...)
    PMKTI_PRINTF(3, 4);

/* The same with a place: where_kind is PMKT_WHERE_ROW or PMKT_WHERE_BYTE. */
pmkt_status pmkti_fail_at(pmkt_error *err, pmkt_status status, int32_t where_kind, int64_t where,
                          const char *format, ...) PMKTI_PRINTF(5, 6);

/* The one message for a failed allocation. */
pmkt_status pmkti_no_memory(pmkt_error *err, size_t bytes);

/* The one message for a NULL argument. */
pmkt_status pmkti_null(pmkt_error *err, const char *argument);

/* A count of elements in arrays of the caller: not negative, and no more than an address space holds,
   for what looks like a count is easily a pointer or a time. */
pmkt_status pmkti_count_check(int64_t n, const char *argument, pmkt_error *err);

/* The messages for what parallel work can end with; PMKT_OK passes. */
pmkt_status pmkti_stopped(pmkt_error *err, pmkt_status status);

#endif
