/*
 * table.c - the handle of a finished attribution: its columns and its end.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/sort.h"
#include "core/structs.h"
#include "intent/attribution/credit.h"

#define DOUBLES 8 /* columns of double */

struct pmkt_attribution {
    pmkt_allocator allocator;
    pmkt_attribution_table table;
    uint64_t *channel; /* [rows] */
    double *column;    /* [DOUBLES][rows] */
    int64_t *counts;   /* [2][rows]: touches, paths */
    double *touch;     /* [touches] conversions; behind them values, if there are some */
    size_t touch_size; /* doubles of both */
};

void pmkt_attribution_free(pmkt_attribution *attribution) {
    if (!attribution) return;
    const pmkt_allocator a = attribution->allocator;
    const size_t rows = (size_t)attribution->table.rows;
    pmkti_free(&a, attribution->channel, rows, sizeof *attribution->channel);
    pmkti_free(&a, attribution->column, DOUBLES * rows, sizeof *attribution->column);
    pmkti_free(&a, attribution->counts, 2 * rows, sizeof *attribution->counts);
    pmkti_free(&a, attribution->touch, attribution->touch_size, sizeof *attribution->touch);
    pmkti_free(&a, attribution, 1, sizeof *attribution);
}

pmkt_status pmkt_attribution_columns(const pmkt_attribution *attribution,
                                     pmkt_attribution_table *out, pmkt_error *err) {
    if (!attribution) return pmkti_null(err, "attribution");
    return pmkti_struct_out(out, &attribution->table, sizeof attribution->table,
                            sizeof attribution->table, "out", err);
}

pmkt_status pmkt_attribution_touches(const pmkt_attribution *attribution,
                                     const double **conversions, const double **values, int64_t *n,
                                     pmkt_error *err) {
    if (!attribution) return pmkti_null(err, "attribution");
    if (!conversions || !values || !n) {
        return pmkti_null(err, !conversions ? "conversions" : !values ? "values" : "n");
    }
    const int64_t touches = attribution->table.n_touches;
    const bool has_values = attribution->table.value || attribution->table.rows == 0;
    *conversions = attribution->touch;
    *values = attribution->touch && has_values ? attribution->touch + touches : NULL;
    *n = touches;
    return PMKT_OK;
}

/* ----------------------------------------------------------------------- making */

typedef struct place {
    double credit;
    int32_t channel; /* numbers ascend as ids do */
    int32_t reserved;
} place;

static bool comes_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->credit != y->credit) return x->credit > y->credit;
    return x->channel < y->channel;
}

/* Column k, in the order of the places, of what there is by channel. */
static const double *lay_down(pmkt_attribution *out, int k, const place *places,
                              const double *from) {
    if (!from) return NULL;
    double *to = out->column + (int64_t)k * out->table.rows;
    for (int64_t i = 0; i < out->table.rows; i++) to[i] = from[places[i].channel];
    return to;
}

/* What is counted of a channel. */
typedef struct tally {
    int64_t touches, paths;
    int64_t last_path; /* that held it, plus 1 */
} tally;

static void count_touches(const pmkti_attribution_input *in, const place *places, tally *of,
                          pmkt_attribution *out) {
    for (int64_t j = 0; j < in->paths; j++) {
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            tally *c = &of[in->touch[i]];
            c->touches++;
            c->paths += c->last_path != j + 1; /* added, not asked: nobody could guess the answer */
            c->last_path = j + 1;
        }
    }
    int64_t *touches = out->counts, *paths = out->counts + in->channels;
    for (int32_t i = 0; i < in->channels; i++) {
        touches[i] = of[places[i].channel].touches;
        paths[i] = of[places[i].channel].paths;
    }
    out->table.touches = touches;
    out->table.paths = paths;
}

static void fill_columns(const pmkti_attribution_job *job, const place *places,
                         pmkt_attribution *out) {
    const pmkti_attribution_credit *credit = &job->credit;
    pmkt_attribution_table *t = &out->table;
    const bool has_values = job->in.values, has_bounds = job->low;
    t->channel = out->channel;
    t->conversions = lay_down(out, 0, places, credit->conversions);
    t->value = lay_down(out, 1, places, credit->values);
    t->removal_effect = lay_down(out, 2, places, credit->effect);
    t->value_removal_effect = lay_down(out, 3, places, credit->value_effect);
    t->low = lay_down(out, 4, places, job->low);
    t->high = lay_down(out, 5, places, job->high);
    if (!has_values || !has_bounds) return;
    t->value_low = lay_down(out, 6, places, job->low + job->in.channels);
    t->value_high = lay_down(out, 7, places, job->high + job->in.channels);
}

static void fill_touches(const pmkti_attribution_job *job, pmkt_attribution *out) {
    const pmkti_attribution_input *in = &job->in;
    for (int64_t j = 0; j < in->paths; j++) {
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            out->touch[i] = in->conversions[j] * job->share[i];
        }
        if (!in->values) continue;
        for (int64_t i = in->at[j]; i < in->at[j + 1]; i++) {
            out->touch[in->touches + i] = in->values[j] * job->share[i];
        }
    }
}

static void fill_totals(const pmkti_attribution_job *job, pmkt_attribution_table *t) {
    const pmkti_attribution_input *in = &job->in;
    t->model = job->o.model;
    t->order = pmkti_attribution_has_chain(job) ? job->o.order : 0;
    t->bootstrap = job->o.bootstrap;
    t->total_conversions = in->total_conversions;
    t->total_value = in->total_values;
    t->total_nulls = in->total_nulls;
    t->unattributed_conversions = in->empty_conversions;
    t->unattributed_value = in->empty_values;
    t->n_paths = in->paths;
    t->states = job->chain.states > 0 ? job->chain.states - 1 : 0;
    t->transitions = job->chain.steps;
}

static pmkt_status fill_rows(const pmkti_attribution_job *job, pmkt_attribution *out) {
    const pmkt_allocator *a = &job->allocator;
    const pmkti_attribution_input *in = &job->in;
    const size_t rows = (size_t)in->channels;
    out->table.rows = in->channels;
    out->table.n_touches = in->touches;
    out->channel = pmkti_alloc(a, rows, sizeof *out->channel);
    out->column = pmkti_alloc(a, DOUBLES * rows, sizeof *out->column);
    out->counts = pmkti_alloc(a, 2 * rows, sizeof *out->counts);
    out->touch_size = (size_t)in->touches * (in->values ? 2 : 1);
    out->touch = pmkti_alloc(a, out->touch_size, sizeof *out->touch);
    place *places = pmkti_alloc(a, rows, sizeof *places);
    tally *tallies = pmkti_alloc_zero(a, rows, sizeof *tallies);
    const bool has_room =
        out->channel && out->column && out->counts && out->touch && places && tallies;
    if (has_room) {
        for (int32_t c = 0; c < in->channels; c++) {
            places[c] = (place){job->credit.conversions[c], c, 0};
        }
        pmkti_sort(places, rows, sizeof *places, comes_before);
        for (int32_t i = 0; i < in->channels; i++) {
            out->channel[i] = in->channel_id[places[i].channel];
        }
        fill_columns(job, places, out);
        count_touches(in, places, tallies, out);
        fill_touches(job, out);
    }
    pmkti_free(a, places, rows, sizeof *places);
    pmkti_free(a, tallies, rows, sizeof *tallies);
    return has_room ? PMKT_OK : PMKT_E_NOMEM;
}

pmkt_status pmkti_attribution_table_make(const pmkti_attribution_job *job,
                                         pmkt_attribution **attribution) {
    pmkt_attribution *out = pmkti_alloc_zero(&job->allocator, 1, sizeof *out);
    if (!out) return PMKT_E_NOMEM;
    const pmkt_attribution_table empty = PMKT_ATTRIBUTION_TABLE_INIT;
    out->allocator = job->allocator;
    out->table = empty;
    fill_totals(job, &out->table);
    const pmkt_status status = job->in.channels > 0 ? fill_rows(job, out) : PMKT_OK;
    if (status)
        pmkt_attribution_free(out);
    else
        *attribution = out;
    return status;
}
