#include "core/sort.h"

#include <string.h>

typedef struct heap {
    unsigned char *at;
    size_t size;
    bool (*before)(const void *a, const void *b);
} heap;

static void sift_down(const heap *h, size_t root, size_t n) {
    const size_t size = h->size;
    unsigned char element[PMKTI_SORT_SIZE];
    memcpy(element, h->at + root * size, size);
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= n) break;
        if (child + 1 < n && h->before(h->at + child * size, h->at + (child + 1) * size)) child++;
        if (!h->before(element, h->at + child * size)) break;
        memcpy(h->at + root * size, h->at + child * size, size);
        root = child;
    }
    memcpy(h->at + root * size, element, size);
}

void pmkti_sort(void *base, size_t n, size_t size, bool (*before)(const void *a, const void *b)) {
    const heap h = {base, size, before};
    unsigned char top[PMKTI_SORT_SIZE];
    for (size_t i = n / 2; i-- > 0;) sift_down(&h, i, n);
    for (size_t i = n; i-- > 1;) {
        memcpy(top, h.at, size);
        memcpy(h.at, h.at + i * size, size);
        memcpy(h.at + i * size, top, size);
        sift_down(&h, 0, i);
    }
}
