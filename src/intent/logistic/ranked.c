#include "intent/logistic/ranked.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/sort.h"

/* ----------------------------------------------------------------------- order */

typedef struct place {
    double p;
    int64_t row;
} place;

static bool is_before(const void *a, const void *b) {
    const place *x = a, *y = b;
    return x->p != y->p ? x->p < y->p : x->row < y->row;
}

static double loss_of(double p, bool yes) {
    const double least = 0x1p-52, of = yes ? p : 1 - p;
    return -log(of < least ? least : of);
}

pmkt_status pmkti_ranked_make(const uint8_t *y, const double *p, const uint64_t *cluster, int64_t n,
                              const pmkt_allocator *allocator, pmkti_ranked *out) {
    const size_t rows = (size_t)n;
    *out = (pmkti_ranked){.n = n};
    place *places = pmkti_alloc(allocator, rows, sizeof *places);
    out->p = pmkti_alloc(allocator, rows, sizeof *out->p);
    out->loss = pmkti_alloc(allocator, rows, sizeof *out->loss);
    out->key = pmkti_alloc(allocator, rows, sizeof *out->key);
    out->y = pmkti_alloc(allocator, rows, sizeof *out->y);
    const bool fine = n == 0 || (places && out->p && out->loss && out->key && out->y);
    for (int64_t i = 0; i < n && fine; i++) places[i] = (place){p[i], i};
    if (fine) pmkti_sort(places, rows, sizeof *places, is_before);
    for (int64_t i = 0; i < n && fine; i++) {
        const int64_t row = places[i].row;
        out->p[i] = places[i].p, out->y[i] = y[row];
        out->loss[i] = loss_of(places[i].p, y[row] == 1);
        out->key[i] = pmkti_mix(cluster ? cluster[row] : (uint64_t)row + 1);
    }
    pmkti_free(allocator, places, rows, sizeof *places);
    if (!fine) pmkti_ranked_free(allocator, out);
    return fine ? PMKT_OK : PMKT_E_NOMEM;
}

void pmkti_ranked_free(const pmkt_allocator *allocator, pmkti_ranked *r) {
    const size_t n = (size_t)r->n;
    pmkti_free(allocator, r->p, n, sizeof *r->p);
    pmkti_free(allocator, r->loss, n, sizeof *r->loss);
    pmkti_free(allocator, r->key, n, sizeof *r->key);
    pmkti_free(allocator, r->y, n, sizeof *r->y);
    *r = (pmkti_ranked){0};
}

/* --------------------------------------------------------------------- figures */

/* A Poisson(1) number for each cluster in a resample, by inversion: P(k) = 1 / (e k!). */
static void draw(const pmkti_ranked *r, uint64_t seed, uint8_t *drawn) {
    if (seed == 0) {
        if (r->n > 0) memset(drawn, 1, (size_t)r->n);
        return;
    }
    for (int64_t i = 0; i < r->n; i++) {
        const double u = (double)(pmkti_mix(r->key[i] ^ seed) >> 11) * 0x1p-53;
        double p = 0.36787944117144232160, below = p;
        uint8_t k = 0;
        while (u >= below && k < 20) {
            k++;
            p /= k;
            below += p;
        }
        drawn[i] = k;
    }
}

/* Sums from the lowest p on. Rows of equal p are one group. */
typedef struct sweep {
    double yes, no;             /* of whole groups so far */
    double group_yes, group_no; /* of the group now */
    double pairs;               /* (yes, no) with the no below; half of those that are equal */
    double brier, loss;
} sweep;

static void end_group(sweep *s) {
    s->pairs += s->group_yes * (s->no + 0.5 * s->group_no);
    s->yes += s->group_yes, s->no += s->group_no;
    s->group_yes = s->group_no = 0;
}

/* The mean over every yes of the share of yes at its p or above: from the highest p down. */
static double average_precision(const pmkti_ranked *r, const uint8_t *drawn) {
    double yes = 0, all = 0, sum = 0;
    for (int64_t i = r->n - 1; i >= 0;) {
        double group = 0;
        for (const double p = r->p[i]; i >= 0 && r->p[i] == p; i--) {
            const double w = drawn[i];
            all += w;
            if (r->y[i]) group += w;
        }
        yes += group;
        if (group > 0) sum += group * (yes / all);
    }
    return yes > 0 ? sum / yes : (double)NAN;
}

/* Counts rows [i, end), which begin a group of equal p at i: the share of yes among them. */
static double share_of(const pmkti_ranked *r, const uint8_t *drawn, int64_t i, int64_t *end) {
    double yes = 0, all = 0;
    for (*end = i; *end < r->n && r->p[*end] == r->p[i]; ++*end) {
        yes += drawn[*end] * r->y[*end];
        all += drawn[*end];
    }
    return all > 0 ? yes / all : 0;
}

pmkti_bin pmkti_ranked_bin(const pmkti_ranked *r, const uint8_t *drawn, int32_t bins, int32_t bin,
                           pmkti_ties *ties) {
    pmkti_bin sum = {0, 0, 0, 0};
    const int64_t end = pmkti_bin_begin(r->n, bins, bin + 1);
    for (int64_t i = pmkti_bin_begin(r->n, bins, bin); i < end; i++) {
        if (i >= ties->end) ties->share = share_of(r, drawn, i, &ties->end);
        const double w = drawn[i], p = r->p[i];
        sum.n += w;
        sum.p += w * p;
        sum.yes += w * ties->share;
        sum.variance += w * w * p * (1 - p);
    }
    return sum;
}

static void calibration_errors(const pmkti_ranked *r, int32_t bins, const uint8_t *drawn,
                               double *figures) {
    pmkti_ties ties = {0, 0};
    double error = 0, chance = 0, all = 0;
    for (int32_t b = 0; b < bins; b++) {
        const pmkti_bin bin = pmkti_ranked_bin(r, drawn, bins, b, &ties);
        all += bin.n, error += fabs(bin.yes - bin.p);
        chance += sqrt(bin.variance * (2 / 3.14159265358979323846));
    }
    figures[PMKTI_ECE] = all > 0 ? error / all : (double)NAN;
    figures[PMKTI_ECE_DEBIASED] = all > 0 ? fmax(0, error - chance) / all : (double)NAN;
}

void pmkti_ranked_figures(const pmkti_ranked *r, int32_t bins, uint64_t seed, uint8_t *drawn,
                          double *figures) {
    draw(r, seed, drawn);
    sweep s = {0};
    for (int64_t i = 0; i < r->n; i++) {
        const double w = drawn[i], off = r->p[i] - r->y[i];
        if (i > 0 && r->p[i] != r->p[i - 1]) end_group(&s);
        if (r->y[i])
            s.group_yes += w;
        else
            s.group_no += w;
        s.brier += w * off * off, s.loss += w * r->loss[i];
    }
    end_group(&s);
    const double all = s.yes + s.no, pairs = s.yes * s.no;
    figures[PMKTI_AUC] = pairs > 0 ? s.pairs / pairs : (double)NAN;
    figures[PMKTI_AP] = average_precision(r, drawn);
    figures[PMKTI_BRIER] = all > 0 ? s.brier / all : (double)NAN;
    figures[PMKTI_LOG_LOSS] = all > 0 ? s.loss / all : (double)NAN;
    calibration_errors(r, bins, drawn, figures);
}
