/*
 * axes.c - R, F and M as integers that rise with goodness, so that both schemes can count, select
 * and compare them alike.
 */
#include "rfm/scores.h"

#define SIGN (UINT64_C(1) << 63)

static uint64_t bits_of(double positive) { /* positive doubles sort like their bits */
    uint64_t bits;
    memcpy(&bits, &positive, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t pmkti_axis_key(const pmkt_rfm_scores *s, int axis, size_t row) {
    switch (axis) {
        case 0:
            return (uint64_t)(INT32_MAX - s->col.recency_days[row]); /* fewer days are better */
        case 1:
            if (s->options.frequency == PMKT_RFM_F_ORDERS) return (uint64_t)s->col.orders[row];
            return bits_of(s->col.orders_per_month[row]);
        default: {
            const bool average = s->options.monetary == PMKT_RFM_M_AVERAGE;
            const int64_t v = average ? s->col.average_order[row] : s->col.revenue[row];
            return (uint64_t)v ^ SIGN;
        }
    }
}

void pmkti_axis_cut(pmkt_rfm_scores *s, int axis, size_t j, uint64_t key) {
    const bool counted = s->options.frequency == PMKT_RFM_F_ORDERS;
    switch (axis) {
        case 0:
            s->r_cuts[j] = (double)(INT32_MAX - (int64_t)key);
            break;
        case 1:
            s->f_cuts[j] = counted ? (double)key : double_of(key);
            break;
        default:
            s->m_cuts[j] = (int64_t)(key ^ SIGN);
    }
}
