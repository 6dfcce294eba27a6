#include "cf/kernels/score.h"

double pmkti_cf_dot(const float *a, const float *b, int32_t d) {
    double lane[8] = {0};
    int32_t j = 0;
    for (; j + 8 <= d; j += 8) {
        for (int l = 0; l < 8; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    }
    for (int l = 0; j + l < d; l++) lane[l] += (double)a[j + l] * (double)b[j + l];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
