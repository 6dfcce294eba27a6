#include "cf/heap.h"

/* Moves a candidate down from the place i, which is free, to where it belongs among the first n. */
static void sift_down(pmkti_cf_ranked *at, int64_t i, int64_t n, pmkti_cf_ranked candidate) {
    for (;;) {
        int64_t child = 2 * i + 1;
        if (child >= n) break;
        if (child + 1 < n && pmkti_cf_before(at[child], at[child + 1])) child++;
        if (!pmkti_cf_before(candidate, at[child])) break;
        at[i] = at[child];
        i = child;
    }
    at[i] = candidate;
}

static void sift_up(pmkti_cf_ranked *at, int64_t i, pmkti_cf_ranked candidate) {
    while (i > 0 && pmkti_cf_before(at[(i - 1) / 2], candidate)) {
        at[i] = at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    at[i] = candidate;
}

void pmkti_cf_heap_push(pmkti_cf_heap *heap, float score, int32_t number) {
    const pmkti_cf_ranked candidate = {score, number};
    if (heap->n < heap->room) {
        sift_up(heap->at, heap->n, candidate);
        heap->n++;
    } else {
        sift_down(heap->at, 0, heap->n, candidate);
    }
    if (heap->n == heap->room) heap->least = heap->at[0].score;
}

void pmkti_cf_heap_sort(pmkti_cf_heap *heap) {
    for (int64_t n = heap->n; n > 1; n--) {
        const pmkti_cf_ranked worst = heap->at[0];
        sift_down(heap->at, 0, n - 1, heap->at[n - 1]);
        heap->at[n - 1] = worst;
    }
}
