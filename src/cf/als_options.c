#include "cf/als_options.h"

#include <math.h>
#include <stdbool.h>

#include "cf/data.h"
#include "core/error.h"
#include "core/structs.h"

#define MAX_FACTORS 1024
#define MAX_STEPS 1000
#define MAX_ITERATIONS 100000

static void default_count(int32_t *field, int32_t value) {
    if (*field == 0) *field = value;
}

static void default_number(double *field, double value) {
    if (*field == 0)
        *field = value;
    else if (*field == PMKT_CF_ZERO)
        *field = 0;
}

/* 1 / the mean size of the entries other than zero, so that the other defaults suit any scale. */
static double default_alpha(const pmkt_cf_data *data) {
    double sum = 0;
    int64_t n = 0;
    for (int64_t e = 0; data && e < data->entries; e++) {
        sum += fabs((double)data->item_weight[e]);
        n += data->item_weight[e] != 0;
    }
    return n > 0 ? (double)n / sum : 1.0;
}

static void set_defaults(pmkt_cf_als_options *o, const pmkt_cf_data *data) {
    const bool classic = o->loss == PMKT_CF_CLASSIC;
    default_count(&o->factors, 64);
    default_count(&o->iterations, 15);
    default_count(&o->cg_steps, 3);
    default_number(&o->regularization, classic ? 0.01 : 0.03);
    if (o->alpha == 0)
        o->alpha = default_alpha(data);
    else
        default_number(&o->alpha, 0);
    default_number(&o->unobserved, 0.1);
    default_number(&o->nu, classic ? 0.0 : 0.5);
    default_number(&o->sigma, 0.1);
}

static pmkt_status check_count(int32_t value, int32_t most, const char *name, pmkt_error *err) {
    if (value >= 1 && value <= most) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s is %d; it must be from 1 to %d", name,
                      (int)value, (int)most);
}

/* From 0 to a power of ten. The message has no fractions, which printf writes as the locale says. */
static pmkt_status check_number(double value, int most, const char *name, pmkt_error *err) {
    if (value >= 0 && value <= pow(10, most)) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID, "options.%s must be from 0 to 1e%d", name, most);
}

static pmkt_status check(const pmkt_cf_als_options *o, pmkt_error *err) {
    if (o->loss != PMKT_CF_IALS && o->loss != PMKT_CF_CLASSIC) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.loss is %d, which is none", (int)o->loss);
    }
    if (o->solver != PMKT_CF_CG && o->solver != PMKT_CF_CHOLESKY) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.solver is %d, which is none",
                          (int)o->solver);
    }
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    pmkt_status status = check_count(o->factors, MAX_FACTORS, "factors", err);
    if (!status) status = check_count(o->iterations, MAX_ITERATIONS, "iterations", err);
    if (!status) status = check_count(o->cg_steps, MAX_STEPS, "cg_steps", err);
    if (!status) status = check_number(o->regularization, 12, "regularization", err);
    if (!status) status = check_number(o->alpha, 300, "alpha", err);
    if (!status) status = check_number(o->unobserved, 12, "unobserved", err);
    if (!status) status = check_number(o->nu, 0, "nu", err);
    if (!status) status = check_number(o->sigma, 6, "sigma", err);
    return status;
}

pmkt_status pmkti_cf_als_options_in(const pmkt_cf_als_options *given, const pmkt_cf_data *data,
                                    pmkt_cf_als_options *mine, pmkt_error *err) {
    const pmkt_cf_als_options none = PMKT_CF_ALS_OPTIONS_INIT;
    *mine = none;
    const pmkt_status status =
        pmkti_struct_in(mine, sizeof *mine, given, sizeof *mine, "options", err);
    if (status) return status;
    set_defaults(mine, data);
    return check(mine, err);
}

void pmkti_cf_als_facts(const pmkt_cf_als_options *options, pmkt_cf_facts *facts) {
    facts->factors = options->factors;
    facts->loss = options->loss;
    facts->solver = options->solver;
    facts->cg_steps = options->solver == PMKT_CF_CG ? options->cg_steps : 0;
    facts->regularization = options->regularization;
    facts->alpha = options->alpha;
    facts->unobserved = options->loss == PMKT_CF_IALS ? options->unobserved : 0;
    facts->nu = options->nu;
    facts->sigma = options->sigma;
    facts->seed = options->seed;
}
