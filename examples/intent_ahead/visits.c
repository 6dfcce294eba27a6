#include "visits.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    uint64_t user;
    int64_t time, row;
} entry;

static int by_user(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->user != y->user) return x->user < y->user ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static void cut(visits *all, const shop *from, const entry *sorted, int64_t gap_ms) {
    visit *now = NULL;
    for (int64_t i = 0; i < from->rows; i++) {
        const entry *e = &sorted[i];
        all->row[i] = e->row;
        if (now == NULL || e->user != now->user || e->time - sorted[i - 1].time > gap_ms) {
            now = &all->visit[all->n++];
            *now = (visit){.user = e->user, .begins = e->time, .first = i, .end = i, .goal = i};
        }
        const bool open = now->goal == now->end;
        now->end = i + 1;
        if (open && from->kind[e->row] != PMKT_KIND_ORDER) now->goal = now->end;
    }
}

bool visits_cut(visits *all, const shop *from, int64_t gap_ms) {
    memset(all, 0, sizeof *all);
    const size_t rows = (size_t)from->rows;
    entry *sorted = calloc(rows, sizeof *sorted);
    all->row = calloc(rows, sizeof *all->row);
    all->visit = calloc(rows, sizeof *all->visit); /* as many as rows at the most */
    const bool good = sorted != NULL && all->row != NULL && all->visit != NULL;
    if (good) {
        for (size_t i = 0; i < rows; i++) {
            sorted[i] = (entry){from->user[i], from->time[i], (int64_t)i};
        }
        qsort(sorted, rows, sizeof *sorted, by_user);
        cut(all, from, sorted, gap_ms);
    }
    free(sorted);
    return good;
}

void visits_free(visits *all) {
    free(all->row);
    free(all->visit);
    memset(all, 0, sizeof *all);
}
