#include "cf/knn_fit.h"

#include <math.h>

#include "core/error.h"
#include "core/structs.h"

#define NEIGHBORS 100
#define MOST_NEIGHBORS 10000
#define K1 1.2
#define B 0.75
#define MOST 1e9 /* of shrinkage and k1: beyond it all similarities are as good as the same */

static pmkt_status check_number(double x, double most, const char *name, pmkt_error *err) {
    if (x >= 0 && x <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s must lie between 0 and %d", name, (int)most);
}

pmkt_status pmkti_cf_knn_options_in(const pmkt_cf_knn_options *options, pmkt_cf_knn_options *mine,
                                    pmkt_error *err) {
    const pmkt_cf_knn_options defaults = PMKT_CF_KNN_OPTIONS_INIT;
    *mine = defaults;
    pmkt_status status = pmkti_struct_in(mine, sizeof *mine, options, sizeof *mine, "options", err);
    if (status) return status;
    if (mine->similarity < PMKT_CF_COSINE || mine->similarity > PMKT_CF_BM25) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.similarity is %d, which is none",
                          (int)mine->similarity);
    }
    if (mine->neighbors == 0) mine->neighbors = NEIGHBORS;
    if (mine->neighbors < 0 || mine->neighbors > MOST_NEIGHBORS) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.neighbors is %d; it must lie from 1 to %d",
                          (int)mine->neighbors, MOST_NEIGHBORS);
    }
    if (mine->drop_seen != 0 && mine->drop_seen != 1) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.drop_seen is %d; it must be 0 or 1",
                          (int)mine->drop_seen);
    }
    if (mine->k1 == 0) mine->k1 = K1;
    if (mine->b == 0) mine->b = B;
    if (mine->b == PMKT_CF_ZERO) mine->b = 0;
    if (mine->shrinkage == PMKT_CF_ZERO) mine->shrinkage = 0;
    status = check_number(mine->shrinkage, MOST, "shrinkage", err);
    if (!status) status = check_number(mine->k1, MOST, "k1", err);
    return status ? status : check_number(mine->b, 1, "b", err);
}
