#include "core/structs.h"

#include <string.h>

#include "core/error.h"

/* No struct of ours will ever be this long; a larger size is garbage, not a newer caller. */
#define SANE_SIZE 4096

pmkt_status pmkti_struct_size(const void *theirs, size_t least, const char *name, uint32_t *size,
                              pmkt_error *err) {
    if (!theirs) return pmkti_null(err, name);
    memcpy(size, theirs, sizeof *size);
    if (*size < least || *size > SANE_SIZE || *size % 8 != 0) { /* no release has another */
        return pmkti_fail(err, PMKT_E_INVALID,
                          "%s.struct_size is %u, but must be sizeof the struct (initialize it with "
                          "its INIT macro)",
                          name, (unsigned)*size);
    }
    return PMKT_OK;
}

pmkt_status pmkti_struct_in(void *mine, size_t mine_size, const void *theirs, size_t least,
                            const char *name, pmkt_error *err) {
    if (!theirs) return PMKT_OK;
    uint32_t size = 0;
    const pmkt_status status = pmkti_struct_size(theirs, least, name, &size, err);
    if (status) return status;
    const unsigned char *bytes = theirs;
    for (size_t i = mine_size; i < size; i++) {
        if (bytes[i] != 0) {
            return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                              "%s sets an option that this version of libpmkt (%s) does not know",
                              name, pmkt_version());
        }
    }
    memcpy(mine, theirs, size < mine_size ? size : mine_size);
    return PMKT_OK;
}

pmkt_status pmkti_struct_out(void *theirs, const void *mine, size_t mine_size, size_t least,
                             const char *name, pmkt_error *err) {
    uint32_t size = 0;
    const pmkt_status status = pmkti_struct_size(theirs, least, name, &size, err);
    if (status) return status;
    const size_t known = size < mine_size ? size : mine_size;
    unsigned char *bytes = theirs;
    memcpy(bytes + sizeof size, (const unsigned char *)mine + sizeof size, known - sizeof size);
    memset(bytes + known, 0, size - known);
    return PMKT_OK;
}
