/*
 * threshold.c - bands by fixed bounds, and the eight classes.
 */
#include "core/alloc.h"
#include "core/select.h"
#include "rfm/scores.h"

__extension__ typedef __int128 wide; /* products of money and counts */

/* What the middle-breaking policies need to know of all buyers. */
typedef struct classes {
    pmkt_rfm_scores *scores;
    int64_t buyers;
    wide sums[3];       /* PMKT_RFM_MEAN: of axis_number */
    uint64_t median[3]; /* PMKT_RFM_MEDIAN: keys */
} classes;

static double frequency_of(const pmkt_rfm_scores *s, size_t i) {
    return s->options.frequency == PMKT_RFM_F_ORDERS ? (double)s->col.orders[i]
                                                     : s->col.orders_per_month[i];
}

/* An axis as an integer that rises with goodness and can be summed exactly: a mean of doubles could
   come out above all of them. F is taken in units of 2^-32. */
static wide axis_number(const pmkt_rfm_scores *s, int axis, size_t i) {
    if (axis == 0) return -(wide)s->col.recency_days[i];
    if (axis == 1) return (wide)(frequency_of(s, i) * 0x1p32);
    return s->options.monetary == PMKT_RFM_M_AVERAGE ? s->col.average_order[i] : s->col.revenue[i];
}

uint8_t pmkti_activity(const pmkt_rfm_score_options *o, int32_t recency_days) {
    if (recency_days < 0) return PMKT_RFM_BAND_NONE;
    if (recency_days <= o->active_days) return PMKT_RFM_BAND_HIGH;
    return recency_days >= o->dormant_days ? PMKT_RFM_BAND_LOW : PMKT_RFM_BAND_MIDDLE;
}

static uint8_t f_band(const pmkt_rfm_scores *s, size_t i) {
    const double f = frequency_of(s, i);
    if (f >= s->options.f_high) return PMKT_RFM_BAND_HIGH;
    return f <= s->options.f_low ? PMKT_RFM_BAND_LOW : PMKT_RFM_BAND_MIDDLE;
}

/* Averages are compared as revenue against bound * orders: nothing is rounded. */
static uint8_t m_band(const pmkt_rfm_scores *s, size_t i) {
    const bool average = s->options.monetary == PMKT_RFM_M_AVERAGE;
    const wide money = s->col.revenue[i], times = average ? s->col.orders[i] : 1;
    if (money >= times * s->options.m_high) return PMKT_RFM_BAND_HIGH;
    return money <= times * s->options.m_low ? PMKT_RFM_BAND_LOW : PMKT_RFM_BAND_MIDDLE;
}

/* The bit of an axis in the number of a class: set for low. */
static uint8_t class_bit(int axis) {
    return (uint8_t)(4 >> axis);
}

/* For PMKT_RFM_HYSTERESIS: the class of the same user before, or PMKT_RFM_NO_ORDER. */
static uint8_t previous_class(const pmkt_rfm_scores *s, size_t i) {
    int64_t row = -1;
    const pmkt_rfm_scores *previous = s->options.previous;
    (void)pmkt_rfm_scores_find(previous, &s->col.user[i], 1, &row, NULL);
    return row < 0 ? PMKT_RFM_NO_ORDER : previous->col.segment[row];
}

static bool above_mean(const classes *c, int axis, size_t i) {
    return axis_number(c->scores, axis, i) * c->buyers >= c->sums[axis];
}

static bool is_high(const classes *c, int axis, uint8_t band, uint8_t before, size_t i) {
    switch (c->scores->options.collapse) {
        case PMKT_RFM_MIDDLE_HIGH:
            return band >= PMKT_RFM_BAND_MIDDLE;
        case PMKT_RFM_MEAN:
            return above_mean(c, axis, i);
        case PMKT_RFM_MEDIAN:
            return pmkti_axis_key(c->scores, axis, i) >= c->median[axis];
        case PMKT_RFM_HYSTERESIS:
            if (band == PMKT_RFM_BAND_MIDDLE && before < PMKT_RFM_NO_ORDER) {
                return !(before & class_bit(axis));
            }
            return band == PMKT_RFM_BAND_HIGH;
        default:
            return band == PMKT_RFM_BAND_HIGH;
    }
}

static pmkt_status classify_chunk(void *ctx, int64_t chunk, int worker) {
    const classes *c = ctx;
    const pmkt_rfm_scores *s = c->scores;
    const pmkti_columns *col = &s->col;
    const bool sticky = s->options.collapse == PMKT_RFM_HYSTERESIS;
    (void)worker;
    for (size_t i = (size_t)chunk * PMKTI_SCORE_CHUNK; i < pmkti_score_chunk_end(s, chunk); i++) {
        if (col->orders[i] == 0) {
            col->r[i] = col->f[i] = col->m[i] = PMKT_RFM_BAND_NONE;
            col->segment[i] = PMKT_RFM_NO_ORDER;
            continue;
        }
        const uint8_t bands[3] = {col->activity[i], f_band(s, i), m_band(s, i)};
        const uint8_t before = sticky ? previous_class(s, i) : PMKT_RFM_NO_ORDER;
        uint8_t code = 0;
        for (int axis = 0; axis < 3; axis++) {
            if (!is_high(c, axis, bands[axis], before, i)) code |= class_bit(axis);
        }
        col->r[i] = bands[0];
        col->f[i] = bands[1];
        col->m[i] = bands[2];
        col->segment[i] = code;
    }
    return PMKT_OK;
}

static void sum_buyers(classes *c) {
    const pmkt_rfm_scores *s = c->scores;
    for (size_t i = 0; i < s->rows; i++) {
        if (s->col.orders[i] == 0) continue;
        c->buyers++;
        for (int axis = 0; axis < 3; axis++) c->sums[axis] += axis_number(s, axis, i);
    }
}

/*
 * With an even number of buyers the median lies between two keys, and no value lies between those
 * two; so "at least the median" is "at least the upper one", unless both are equal, when it is the
 * same.
 */
static pmkt_status find_medians(classes *c) {
    const pmkt_rfm_scores *s = c->scores;
    const size_t n = (size_t)c->buyers, rank = n / 2;
    if (n == 0) return PMKT_OK;
    uint64_t *keys = pmkti_alloc(&s->allocator, n, sizeof *keys);
    if (!keys) return PMKT_E_NOMEM;
    pmkt_status status = PMKT_OK;
    for (int axis = 0; axis < 3 && !status; axis++) {
        size_t k = 0;
        for (size_t i = 0; i < s->rows; i++) {
            if (s->col.orders[i] > 0) keys[k++] = pmkti_axis_key(s, axis, i);
        }
        status = pmkti_select(&s->allocator, keys, n, &rank, 1, &c->median[axis]);
    }
    pmkti_free(&s->allocator, keys, n, sizeof *keys);
    return status;
}

pmkt_status pmkti_score_threshold(pmkt_rfm_scores *scores, const pmkti_run *run) {
    classes c = {.scores = scores};
    const int32_t collapse = scores->options.collapse;
    if (collapse == PMKT_RFM_MEAN || collapse == PMKT_RFM_MEDIAN) sum_buyers(&c);
    pmkt_status status = collapse == PMKT_RFM_MEDIAN ? find_medians(&c) : PMKT_OK;
    if (status) return status;
    status = pmkti_parallel(run, (pmkti_stage){"scoring", 0.6, 1}, classify_chunk, &c,
                            pmkti_score_chunks(scores));
    scores->options.previous = NULL; /* the caller's; not kept */
    return status;
}
