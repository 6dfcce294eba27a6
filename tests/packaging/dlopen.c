/*
 * dlopen.c - opens, uses and closes the library 1,000 times, as a plug-in host does. Every close must really
 * unload it, and nothing may be left behind: no mapping, no file, no thread, no memory.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pmkt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMES = 1000,
    WARM = 60,       /* before counting: the C library has caches of its own */
    FEW = 100,       /* rows of a batch */
    MANY = 40000,    /* and of one that is worth a second thread */
    EVERY = 20,      /* how often there are many */
    MOST_GROWTH = 64 /* KiB on the heap; a leak of 1 KiB a turn is 15 times that */
};

/* The functions that are used here, found by name. */
typedef struct functions {
    int32_t (*default_threads)(void);
    uint64_t (*id_of_bytes)(const void *, size_t);
    const char *(*isa)(void);
    pmkt_status (*rfm_new)(const pmkt_rfm_options *, pmkt_rfm **, pmkt_error *);
    pmkt_status (*rfm_add)(pmkt_rfm *, const pmkt_events *, const pmkt_run *, pmkt_report *,
                           pmkt_error *);
    pmkt_status (*rfm_score)(const pmkt_rfm *, int64_t, const pmkt_rfm_score_options *,
                             const pmkt_run *, pmkt_rfm_scores **, pmkt_error *);
    void (*rfm_scores_free)(pmkt_rfm_scores *);
    void (*rfm_free)(pmkt_rfm *);
} functions;

static uint64_t user[MANY];
static int64_t at[MANY];
static int64_t amount[MANY];

static long count_threads(void) {
    DIR *directory = opendir("/proc/self/task");
    if (!directory) return 0;
    long entries = 0;
    while (readdir(directory)) entries++;
    closedir(directory);
    return entries;
}

static long count_files(void) {
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) return 0;
    long entries = 0;
    while (readdir(directory)) entries++;
    closedir(directory);
    return entries;
}

/* Lines of /proc/self/maps; 0 where there is no /proc. */
static long count_maps(void) {
    FILE *file = fopen("/proc/self/maps", "r");
    if (!file) return 0;
    long lines = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) lines += c == '\n';
    fclose(file);
    return lines;
}

/* KiB that are allocated now. Not resident pages: the heap gives those back when it pleases. */
static long count_heap(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    const struct mallinfo2 heap = mallinfo2();
    return (long)((heap.uordblks + heap.hblkhd) / 1024);
#else
    return 0;
#endif
}

/* C has no cast from an object pointer to a function pointer. */
static int find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    if (!symbol) fprintf(stderr, "there is no %s\n", name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static int find_all(void *library, functions *f) {
    return find(library, "pmkt_default_threads", &f->default_threads) &&
           find(library, "pmkt_id_of_bytes", &f->id_of_bytes) &&
           find(library, "pmkt_isa", &f->isa) && find(library, "pmkt_rfm_new", &f->rfm_new) &&
           find(library, "pmkt_rfm_add", &f->rfm_add) &&
           find(library, "pmkt_rfm_score", &f->rfm_score) &&
           find(library, "pmkt_rfm_scores_free", &f->rfm_scores_free) &&
           find(library, "pmkt_rfm_free", &f->rfm_free);
}

/* Scores a batch on two threads, if it has many rows. */
static int work(const functions *f, int64_t rows) {
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = rows;
    events.user = user;
    events.time = at;
    events.amount = amount;
    events.every_kind = PMKT_KIND_ORDER;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_rfm *rfm = NULL;
    pmkt_rfm_scores *scores = NULL;
    const int failed = f->default_threads() < 1 || f->id_of_bytes("a", 1) == 0 || !f->isa() ||
                       f->rfm_new(NULL, &rfm, NULL) || f->rfm_add(rfm, &events, &run, NULL, NULL) ||
                       f->rfm_score(rfm, INT64_C(1000000000), NULL, &run, &scores, NULL);
    f->rfm_scores_free(scores);
    f->rfm_free(rfm);
    if (failed) fprintf(stderr, "the library's functions do not answer\n");
    return failed;
}

static int use(const char *path, int64_t rows) {
    functions f = {0};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (!find_all(library, &f) || work(&f, rows)) return 1;
    if (dlclose(library) || dlopen(path, RTLD_NOW | RTLD_NOLOAD)) {
        fprintf(stderr, "the library stays in memory after dlclose\n");
        return 1;
    }
    return 0;
}

static int grew(const char *what, long before, long after, long allowed) {
    if (after <= before + allowed) return 0;
    fprintf(stderr, "%d times dlopen and dlclose: %ld %s have become %ld\n", TIMES, before, what,
            after);
    return 1;
}

/* One heap for all threads: a second one would be mapped whenever a worker happens to be quick enough to get
   to some work, perhaps long after the counting began. */
static void share_heap(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
}

int main(int argc, char **argv) {
    share_heap();
    if (argc != 2) {
        fprintf(stderr, "usage: dlopen LIBRARY\n");
        return 2;
    }
    for (int i = 0; i < MANY; i++) {
        user[i] = (uint64_t)i % 5000 + 1;
        at[i] = i;
        amount[i] = 100;
    }
    long maps = 0, files = 0, threads = 0, heap = 0;
    for (int i = 0; i < TIMES; i++) {
        if (i == WARM) {
            maps = count_maps();
            files = count_files();
            threads = count_threads();
            heap = count_heap();
        }
        if (use(argv[1], i % EVERY ? FEW : MANY)) return 1;
    }
    if (grew("mappings", maps, count_maps(), 0) + grew("files", files, count_files(), 0) +
        grew("threads", threads, count_threads(), 0) +
        grew("KiB of memory", heap, count_heap(), MOST_GROWTH)) {
        return 1;
    }
    printf("%d times dlopen and dlclose: nothing left behind\n", TIMES);
    return 0;
}
