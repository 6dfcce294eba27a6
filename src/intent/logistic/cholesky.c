#include "intent/logistic/cholesky.h"

#include <math.h>
#include <stddef.h>

static double dot(const double *a, const double *b, int32_t n) {
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

bool pmkti_cholesky(double *a, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        double *row = a + (size_t)i * (size_t)n;
        for (int32_t j = 0; j < i; j++) {
            const double *other = a + (size_t)j * (size_t)n;
            row[j] = (row[j] - dot(row, other, j)) / other[j];
        }
        const double pivot = row[i] - dot(row, row, i);
        if (!(pivot > row[i] * 1e-14)) return false;
        row[i] = sqrt(pivot);
    }
    return true;
}

void pmkti_cholesky_forward(const double *l, int32_t n, double *x) {
    for (int32_t i = 0; i < n; i++) {
        const double *row = l + (size_t)i * (size_t)n;
        x[i] = (x[i] - dot(row, x, i)) / row[i];
    }
}

void pmkti_cholesky_backward(const double *l, int32_t n, double *x) {
    for (int32_t i = n - 1; i >= 0; i--) {
        x[i] /= l[(size_t)i * (size_t)n + (size_t)i];
        for (int32_t j = 0; j < i; j++) x[j] -= l[(size_t)i * (size_t)n + (size_t)j] * x[i];
    }
}
