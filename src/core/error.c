#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(pmkt_error *err, pmkt_status status, int32_t where_kind, int64_t where,
                 const char *format, va_list args) PMKTI_PRINTF(5, 0);

static void fill(pmkt_error *err, pmkt_status status, int32_t where_kind, int64_t where,
                 const char *format, va_list args) {
    if (!err) return;
    const int saved_errno = errno;
    memset(err, 0, sizeof *err);
    err->code = status;
    err->where_kind = where_kind;
    err->where = where;
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    errno = saved_errno;
}

pmkt_status pmkti_fail(pmkt_error *err, pmkt_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fill(err, status, PMKT_WHERE_NONE, 0, format, args);
    va_end(args);
    return status;
}

pmkt_status pmkti_fail_at(pmkt_error *err, pmkt_status status, int32_t where_kind, int64_t where,
                          const char *format, ...) {
    va_list args;
    va_start(args, format);
    fill(err, status, where_kind, where, format, args);
    va_end(args);
    return status;
}

pmkt_status pmkti_no_memory(pmkt_error *err, size_t bytes) {
    return pmkti_fail(err, PMKT_E_NOMEM, "the allocator could not give %zu bytes", bytes);
}

pmkt_status pmkti_null(pmkt_error *err, const char *argument) {
    return pmkti_fail(err, PMKT_E_INVALID, "%s is NULL", argument);
}

pmkt_status pmkti_count_check(int64_t n, const char *argument, pmkt_error *err) {
    const int64_t most = INT64_MAX / (int64_t)sizeof(uint64_t);
    if (n >= 0 && n <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "%s is %lld, but cannot be %s", argument, (long long)n,
                      n < 0 ? "negative" : "more than memory holds");
}

pmkt_status pmkti_stopped(pmkt_error *err, pmkt_status status) {
    switch (status) {
        case PMKT_OK:
            return PMKT_OK;
        case PMKT_E_NOMEM:
            return pmkti_fail(err, status, "the allocator could not give memory");
        case PMKT_E_CANCELED:
            return pmkti_fail(err, status, "the progress callback canceled the call");
        default:
            return pmkti_fail(err, status, "a count would leave 32 bits");
    }
}
