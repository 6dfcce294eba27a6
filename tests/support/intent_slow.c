/*
 * intent_slow.c - the obvious code.
 */
#include "support/intent_slow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Step k of START, actions, end. */
static int step_at(const slow_path *p, int k) {
    if (k == 0) return SLOW_START;
    return k <= p->n ? p->step[k - 1] : p->bought ? SLOW_GOAL : SLOW_LEAVE;
}

static int raw(const slow_chain *c, const int *context, int n, int next, int chain) {
    int count = 0;
    for (int i = 0; i < c->n; i++) {
        const slow_path *p = &c->paths[i];
        if (chain && (chain == 1) != p->bought) continue;
        for (int k = n > 0 ? n - 1 : 0; k <= p->n; k++) {
            bool same = step_at(p, k + 1) == next || next < 0;
            for (int j = 0; j < n && same; j++) same = step_at(p, k + 1 - n + j) == context[j];
            count += same;
        }
    }
    return count;
}

static int next_of(const slow_chain *c, int k) {
    return k < c->actions ? k + 1 : k == c->actions ? SLOW_LEAVE : SLOW_GOAL;
}

static int count_of(const slow_chain *c, const int *context, int n, int next, int chain) {
    if (n == c->order || (n > 0 && context[0] == SLOW_START))
        return raw(c, context, n, next, chain);
    int longer[SLOW_ORDER + 1], seen = 0;
    memcpy(longer + 1, context, (size_t)n * sizeof *context);
    for (int v = 0; v <= c->actions; v++) {
        longer[0] = v ? v : SLOW_START;
        seen += raw(c, longer, n + 1, next, chain) > 0;
    }
    return seen;
}

/* Counts of counts, over all contexts of a length: mixed-radix numbers. */
static void counts_of_counts(const slow_chain *c, int chain, int n, int64_t *times) {
    int64_t all = 1;
    for (int i = 0; i < n; i++) all *= c->actions + 1;
    for (int64_t code = 0; code < all; code++) {
        int context[SLOW_ORDER];
        int64_t rest = code;
        for (int i = 0; i < n; i++, rest /= c->actions + 1) {
            const int digit = (int)(rest % (c->actions + 1));
            context[i] = digit ? digit : SLOW_START;
        }
        if (n > 0 && raw(c, context, n, -1, chain) == 0) continue;
        for (int k = 0; k < c->actions + 2; k++) {
            const int count = count_of(c, context, n, next_of(c, k), chain);
            if (count >= 1 && count <= 4) times[count]++;
        }
    }
}

void slow_prepare(slow_chain *c) {
    for (int chain = 0; chain < 3; chain++) {
        for (int n = 0; n <= c->order; n++) {
            int64_t t[5] = {0};
            counts_of_counts(c, chain, n, t);
            bool fits = t[1] && t[2] && t[3] && t[4];
            double *d = c->discount[chain][n];
            for (int k = 1; k <= 3 && fits; k++) {
                const double y = (double)t[1] / (double)(t[1] + 2 * t[2]);
                d[k - 1] = k - (k + 1) * y * (double)t[k + 1] / (double)t[k];
                fits = d[k - 1] > 0 && d[k - 1] < k;
            }
            if (!fits) d[0] = 0.5, d[1] = 1, d[2] = 1.5;
        }
    }
}

double slow_p(const slow_chain *c, const int *context, int n, int next, int chain) {
    const double shorter =
        n == 0 ? 1.0 / (c->actions + 2) : slow_p(c, context + 1, n - 1, next, chain);
    int total = 0;
    double left = 0;
    const double *d = c->discount[chain][n];
    for (int k = 0; k < c->actions + 2; k++) {
        const int count = count_of(c, context, n, next_of(c, k), chain);
        total += count;
        if (count > 0) left += d[count > 3 ? 2 : count - 1];
    }
    if (total == 0) return shorter;
    const int count = count_of(c, context, n, next, chain);
    const double own = count > 0 ? count - d[count > 3 ? 2 : count - 1] : 0;
    return (own + left * shorter) / total;
}

int slow_known(const slow_chain *c, const int *history, int n) {
    int k = n < c->order ? n : c->order;
    while (k > 0 && raw(c, history + n - k, k, -1, 0) == 0) k--;
    return k;
}

/* ---------------------------------------------------------------------- ends */

/* Every history there can be, of START and up to `order` steps, the latest in the lowest digit; digit
   `actions` + 1 is START, 0 is nothing. */
static int states_of(const slow_chain *c) {
    int all = 1;
    for (int i = 0; i < c->order; i++) all *= c->actions + 2;
    return all;
}

static int decode(const slow_chain *c, int state, int *history) {
    int n = 0, digits[SLOW_ORDER];
    for (; state > 0; state /= c->actions + 2) digits[n++] = state % (c->actions + 2);
    for (int i = 0; i < n; i++) {
        const int digit = digits[n - 1 - i];
        history[i] = digit == c->actions + 1 ? SLOW_START : digit;
    }
    return n;
}

static int encode(const slow_chain *c, const int *history, int n) {
    int state = 0;
    for (int i = n < c->order ? 0 : n - c->order; i < n; i++) {
        state = state * (c->actions + 2) + (history[i] == SLOW_START ? c->actions + 1 : history[i]);
    }
    return state;
}

/* Solves in place: a is [n][n], b is [n]. */
static void gauss(double *a, double *b, int n) {
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int k = i; k < n; k++) {
            if (fabs(a[k * n + i]) > fabs(a[best * n + i])) best = k;
        }
        for (int k = 0; k < n; k++) {
            const double t = a[i * n + k];
            a[i * n + k] = a[best * n + k], a[best * n + k] = t;
        }
        const double t = b[i];
        b[i] = b[best], b[best] = t;
        for (int k = i + 1; k < n; k++) {
            const double f = a[k * n + i] / a[i * n + i];
            for (int j = i; j < n && f != 0; j++) a[k * n + j] -= f * a[i * n + j];
            b[k] -= f * b[i];
        }
    }
    for (int i = n; i-- > 0;) {
        for (int k = i + 1; k < n; k++) b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
}

static double mean_time(const slow_chain *c, int from, int to) {
    double sum = 0, all = 0;
    int n = 0, n_all = 0;
    for (int i = 0; i < c->n; i++) {
        const slow_path *p = &c->paths[i];
        for (int k = 1; k <= p->n; k++) {
            const int next = step_at(p, k + 1);
            const int64_t ms = k < p->n ? p->dwell[k] : p->bought ? p->goal_dwell : -1;
            if (ms < 0) continue;
            all += (double)ms, n_all++;
            if (step_at(p, k) == from && next == to) sum += (double)ms, n++;
        }
    }
    return from == SLOW_START ? 0 : n ? sum / n : n_all ? all / n_all : 0;
}

void slow_ends(const slow_chain *c, const int *history, int length, double out[3]) {
    const int n = states_of(c);
    double *a = calloc((size_t)n * (size_t)n, sizeof *a),
           *q = calloc((size_t)n * (size_t)n, sizeof *q);
    double *x[3];
    for (int k = 0; k < 3; k++) x[k] = calloc((size_t)n, sizeof(double));
    for (int s = 0; s < n; s++) {
        int h[SLOW_ORDER + 1];
        const int steps = decode(c, s, h), known = slow_known(c, h, steps);
        x[0][s] = slow_p(c, h + steps - known, known, SLOW_GOAL, 0);
        for (int w = 1; w <= c->actions; w++) {
            h[steps] = w;
            q[s * n + encode(c, h, steps + 1)] += slow_p(c, h + steps - known, known, w, 0);
        }
    }
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < n * n; i++) a[i] = (i / n == i % n) - q[i];
        for (int s = 0; s < n && k == 1; s++) x[1][s] = x[0][s];
        for (int s = 0; s < n && k == 2; s++) {
            int h[SLOW_ORDER + 1];
            const int steps = decode(c, s, h), known = slow_known(c, h, steps);
            for (int w = 1; w <= c->actions + 1 && steps > 0; w++) {
                const int next = w > c->actions ? SLOW_GOAL : w;
                const double p = slow_p(c, h + steps - known, known, next, 0);
                const int last = h[steps - 1];
                h[steps] = w;
                x[2][s] += p * mean_time(c, last, next) *
                           (w > c->actions ? 1 : x[0][encode(c, h, steps + 1)]);
            }
        }
        gauss(a, x[k], n);
    }
    const int s = encode(c, history, length);
    out[0] = x[0][s], out[1] = x[1][s] / x[0][s], out[2] = x[2][s] / x[0][s];
    for (int k = 0; k < 3; k++) free(x[k]);
    free(a);
    free(q);
}
