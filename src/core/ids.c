#include "pmkt/ids.h"

#include <stdbool.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/ids_state.h"

/* Above it, a double no longer tells neighboring integers apart. */
#define LARGEST_EXACT 9007199254740992.0

uint64_t pmkt_id_of_bytes(const void *bytes, size_t length) {
    /* No status to return: a call against the contract gets no id rather than a crash. */
    if ((!bytes && length > 0) || length > PTRDIFF_MAX) return PMKT_ID_NONE;
    const uint64_t hash = pmkti_xxh3(bytes, length);
    return hash == PMKT_ID_NONE ? 1 : hash;
}

/* Offsets come from files and foreign code, and decide which memory is read. */
pmkt_status pmkti_strings_check(const char *bytes, const int64_t *offsets, int64_t n,
                                pmkt_error *err) {
    if (!offsets) return pmkti_null(err, "offsets");
    if (offsets[0] < 0) {
        return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, 0,
                             "offsets[0] is %lld, but must not be negative", (long long)offsets[0]);
    }
    for (int64_t i = 0; i < n; i++) {
        if (offsets[i + 1] < offsets[i]) {
            return pmkti_fail_at(err, PMKT_E_INVALID, PMKT_WHERE_ROW, i,
                                 "offsets fall from %lld to %lld at row %lld, but must not",
                                 (long long)offsets[i], (long long)offsets[i + 1], (long long)i);
        }
    }
    if (!bytes && offsets[n] > offsets[0]) {
        return pmkti_fail(err, PMKT_E_INVALID, "bytes is NULL, but the strings are not empty");
    }
    return PMKT_OK;
}

pmkt_status pmkt_ids_of_strings(const char *bytes, const int64_t *offsets, int64_t n, uint64_t *id,
                                pmkt_error *err) {
    pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n == 0) return PMKT_OK; /* an empty Arrow column may have no offsets at all */
    if (!id) return pmkti_null(err, "id");
    status = pmkti_strings_check(bytes, offsets, n, err);
    if (status) return status;
    for (int64_t i = 0; i < n; i++) {
        const char *string = bytes ? bytes + offsets[i] : "";
        id[i] = pmkt_id_of_bytes(string, (size_t)(offsets[i + 1] - offsets[i]));
    }
    return PMKT_OK;
}

static pmkt_status bad_double(double value, int64_t row, pmkt_error *err) {
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, row,
                         "row %lld is not an id: expected an integer from 1 to 2^53 or NaN, got %s",
                         (long long)row,
                         value > LARGEST_EXACT ? "more than 2^53, where ids merge"
                         : value <= 0.0        ? "zero or less"
                                               : "a fraction");
}

pmkt_status pmkt_ids_of_doubles(const double *value, int64_t n, int32_t on_bad, uint64_t *id,
                                int64_t *n_bad, pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(n, "n", err);
    if (status) return status;
    if (n > 0 && !value) return pmkti_null(err, "value");
    if (n > 0 && !id) return pmkti_null(err, "id");
    if (on_bad != PMKT_ON_BAD_FAIL && on_bad != PMKT_ON_BAD_SKIP) {
        return pmkti_fail(err, PMKT_E_INVALID, "on_bad is %d, but must be FAIL (0) or SKIP (1)",
                          (int)on_bad);
    }
    int64_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = value[i];
        uint64_t whole = PMKT_ID_NONE;
        if (v >= 1.0 && v <= LARGEST_EXACT) whole = (uint64_t)v;
        const bool is_missing = v != v;
        if (!is_missing && (whole == PMKT_ID_NONE || (double)whole != v)) {
            if (on_bad == PMKT_ON_BAD_FAIL) return bad_double(v, i, err);
            bad++;
            whole = PMKT_ID_NONE;
        }
        id[i] = whole;
    }
    if (n_bad) *n_bad = bad;
    return PMKT_OK;
}
