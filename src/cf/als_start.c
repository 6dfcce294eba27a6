#include "cf/als_start.h"

#include <math.h>
#include <string.h>

#include "cf/data.h"
#include "core/error.h"
#include "core/hash.h"

#define CHUNK 1024 /* rows */
#define TWO_PI 6.283185307179586

typedef struct start {
    const uint64_t *id;
    const int64_t *at; /* [rows + 1] where the entries of rows begin */
    int64_t rows;
    int32_t d;
    double deviation;
    uint64_t seed; /* of the side */
    float *to;
} start;

/* From 64 bits to (0, 1]. */
static double uniform(uint64_t bits) {
    return ((double)(bits >> 11) + 1.0) * 0x1p-53;
}

/* Two normal numbers at a time (Box, Muller, 1958); zeros for a row without entries, as it will have. */
static void fill_row(const start *s, int64_t row) {
    const uint64_t key = pmkti_mix(s->seed ^ pmkti_mix(s->id[row]));
    float *to = s->to + row * s->d;
    if (s->at[row] == s->at[row + 1]) {
        memset(to, 0, (size_t)s->d * sizeof *to);
        return;
    }
    for (int32_t j = 0; j < s->d; j += 2) {
        const double radius =
            s->deviation * sqrt(-2.0 * log(uniform(pmkti_mix(key + (uint64_t)j + 1))));
        const double angle = TWO_PI * uniform(pmkti_mix(key + (uint64_t)j + 2));
        to[j] = (float)(radius * cos(angle));
        if (j + 1 < s->d) to[j + 1] = (float)(radius * sin(angle));
    }
}

static pmkt_status fill_chunk(void *ctx, int64_t chunk, int worker) {
    (void)worker;
    const start *s = ctx;
    const int64_t end = (chunk + 1) * CHUNK < s->rows ? (chunk + 1) * CHUNK : s->rows;
    for (int64_t i = chunk * CHUNK; i < end; i++) fill_row(s, i);
    return PMKT_OK;
}

static pmkt_status fill(const start *s, const float *first, const pmkti_run *run, pmkt_error *err) {
    if (first) {
        if (s->rows > 0) memcpy(s->to, first, (size_t)(s->rows * s->d) * sizeof *first);
        return PMKT_OK;
    }
    start mine = *s;
    const pmkti_stage stage = {"first factors", 0, 0};
    return pmkti_stopped(
        err, pmkti_parallel(run, stage, fill_chunk, &mine, (s->rows + CHUNK - 1) / CHUNK));
}

pmkt_status pmkti_cf_als_start(const pmkt_cf_data *data, const pmkt_cf_als_options *options,
                               const pmkti_run *run, float *users, float *items, pmkt_error *err) {
    const double deviation = options->sigma / sqrt((double)options->factors);
    const start of_users = {.id = data->user_id,
                            .at = data->item_at,
                            .rows = data->users,
                            .d = options->factors,
                            .deviation = deviation,
                            .seed = pmkti_mix(2 * options->seed + 1),
                            .to = users};
    const start of_items = {.id = data->item_id,
                            .at = data->user_at,
                            .rows = data->items,
                            .d = options->factors,
                            .deviation = deviation,
                            .seed = pmkti_mix(2 * options->seed + 2),
                            .to = items};
    const pmkt_status status = fill(&of_users, options->first_users, run, err);
    return status ? status : fill(&of_items, options->first_items, run, err);
}
