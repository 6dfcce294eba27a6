/*
 * tidy.h - included before every source by .ci/run tidy.
 *
 * clang-tidy sees one file at a time. Of a failing function's "return pmkti_fail(...)" it does not
 * know that the answer is never PMKT_OK, and it then warns of outputs that were not written on a path
 * that cannot be. These macros tell it.
 */
#include "core/error.h"

#define pmkti_fail(err, status, ...) ((void)pmkti_fail(err, status, __VA_ARGS__), (status))
#define pmkti_fail_at(err, status, kind, where, ...) \
    ((void)pmkti_fail_at(err, status, kind, where, __VA_ARGS__), (status))
#define pmkti_no_memory(err, bytes) ((void)pmkti_no_memory(err, bytes), PMKT_E_NOMEM)
#define pmkti_null(err, argument) ((void)pmkti_null(err, argument), PMKT_E_INVALID)
