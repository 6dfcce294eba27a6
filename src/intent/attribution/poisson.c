#include "intent/attribution/poisson.h"

#include <math.h>

#define FEW 10       /* means below it by inversion */
#define LONGEST 1000 /* numbers that inversion can come to; beyond is rounding */

/* log(k!): Stirling's series, whose error at 10 is below 1e-13. */
static double log_factorial(double k) {
    const double x = k + 1, y = 1 / (x * x);
    if (k < 10) {
        double product = 1;
        for (int i = 2; i <= (int)k; i++) product *= i;
        return log(product);
    }
    const double tail = (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y / 1680))) / x;
    return (x - 0.5) * log(x) - x + 0.91893853320467274178 + tail;
}

static double invert(pmkti_attribution_stream *s, double mean, double zero) {
    const double u = pmkti_attribution_uniform(s);
    double k = 0, p = zero, below = zero;
    while (u >= below && k < LONGEST) {
        k++;
        p *= mean / k;
        below += p;
    }
    return k;
}

/* Transformed rejection (Hormann, "The transformed rejection method for generating Poisson random
   variables", Insurance: Mathematics and Economics 12, 1993, algorithm PTRS). */
static double reject(pmkti_attribution_stream *s, double mean) {
    const double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        const double u = pmkti_attribution_uniform(s) - 0.5, v = 1 - pmkti_attribution_uniform(s);
        const double us = 0.5 - fabs(u);
        const double k = floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) return k;
        if (k < 0 || (us < 0.013 && v > us)) continue;
        const double left = log(v * inverse_alpha / (a / (us * us) + b));
        if (left <= k * log(mean) - mean - log_factorial(k)) return k;
    }
}

double pmkti_attribution_poisson(pmkti_attribution_stream *s, double mean, double zero) {
    if (mean <= 0) return 0;
    return mean < FEW ? invert(s, mean, zero) : reject(s, mean);
}
