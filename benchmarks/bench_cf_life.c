/*
 * bench_cf_life - the life of a model in a service: a large file is saved, loaded and mapped, and asked
 * for the first time; then a smaller model answers one user at a time, on one thread and on two.
 */
#define _DEFAULT_SOURCE /* posix_fadvise */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static const char USAGE[] =
    "usage: bench_cf_life [--gb N] [--items N] [--width N] [--questions N] [--reps N]\n"
    "                     [--directory DIR] [--csv]\n"
    "\n"
    "Makes a model of N (1) times 1e9 bytes of random factors, saves it in DIR (the current "
    "directory;\n"
    "removed at the end) and measures every way in and out of the file; --gb 0 leaves that out. "
    "Then\n"
    "asks a model of --items (50000) items and factors of --width (64) one question at a time.\n"
    "Memory: three times the file.\n";

#define USERS 4000 /* of the model that is asked */
#define HISTORY 85 /* items to fold in */
#define LARGE_ITEMS 50000

typedef struct settings {
    int64_t gb, items, questions;
    int32_t width;
    int reps;
    const char *directory;
} settings;

static uint64_t state = UINT64_C(88172645463325252);

/* Like a normal number: the sum of four. */
static float chance(void) {
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        sum += (double)(state >> 11) * 0x1p-53 - 0.5;
    }
    return (float)(0.2 * sum);
}

static pmkt_cf *make_model(int64_t users, int64_t items, int32_t width) {
    const size_t n = (size_t)(users + items) * (size_t)width;
    float *values = bench_alloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++) values[i] = chance();
    pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
    f.factors = width, f.users = users, f.items = items;
    f.user_factors = values, f.item_factors = values + users * width;
    pmkt_cf *model = NULL;
    pmkt_error err;
    bench_check(pmkt_cf_from_factors(&f, NULL, NULL, NULL, &model, &err), &err,
                "pmkt_cf_from_factors");
    free(values);
    return model;
}

/* ------------------------------------------------------------------ questions */

typedef struct asker {
    const pmkt_cf *model;
    pmkt_cf_scratch *scratch;
    int64_t users, first, questions;
    double *seconds; /* [questions], or NULL */
} asker;

static void ask_one(const asker *a, uint64_t user) {
    uint64_t ids[10];
    float scores[10];
    int32_t count;
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    query.keep_seen = 1; /* factors alone do not say who had what */
    query.scratch = a->scratch;
    pmkt_cf_answer answer = PMKT_CF_ANSWER_INIT;
    answer.ids = ids, answer.scores = scores, answer.counts = &count;
    pmkt_error err;
    bench_check(pmkt_cf_recommend(a->model, &user, 1, &query, NULL, &answer, &err), &err,
                "pmkt_cf_recommend");
    if (count != 10) abort();
}

static void *ask_all(void *of) {
    const asker *a = of;
    for (int64_t i = 0; i < a->questions; i++) {
        const bench_time start = bench_now();
        ask_one(a, (uint64_t)((a->first + i) * 7919 % a->users) + 1);
        if (a->seconds) a->seconds[i] = bench_now().wall - start.wall;
    }
    return NULL;
}

static asker asker_of(const pmkt_cf *model, int64_t first, int64_t questions, double *seconds) {
    asker a = {model, NULL, USERS, first, questions, seconds};
    pmkt_error err;
    bench_check(pmkt_cf_scratch_new(NULL, &a.scratch, &err), &err, "pmkt_cf_scratch_new");
    ask_one(&a, 1); /* the scratch grows */
    return a;
}

static void print(const char *section, const char *what, int64_t size, int threads,
                  const bench_samples *samples, int64_t items) {
    const bench_line line = {section, what, "-", size, threads, "ms", false};
    bench_print(&line, samples, items);
}

static void print_value(const char *section, const char *what, int64_t size, const char *unit,
                        bool higher, const bench_samples *samples) {
    const bench_line line = {section, what, "-", size, 1, unit, higher};
    bench_print(&line, samples, 0);
}

static void bench_latency(const settings *set, const pmkt_cf *model) {
    double *seconds = bench_alloc((size_t)set->questions * sizeof *seconds);
    bench_samples half = {.n = 0}, last = {.n = 0};
    asker a = asker_of(model, 0, set->questions, seconds);
    for (int r = 0; r < set->reps; r++) {
        ask_all(&a);
        bench_push(&half, 1e3 * bench_quantile(seconds, a.questions, 0.5));
        bench_push(&last, 1e3 * bench_quantile(seconds, a.questions, 0.99));
    }
    print_value("ask", "recommend, p50 (warm scratch)", set->items, "ms", false, &half);
    print_value("ask", "recommend, p99 (warm scratch)", set->items, "ms", false, &last);
    pmkt_cf_scratch_free(a.scratch);
    free(seconds);
}

/* All questions on one thread, then as many on each of two: the ratio of questions a second. On a
   machine that does other work too, the ratio by CPU time says more: what the two cost each other. */
static void bench_threads(const settings *set, const pmkt_cf *model) {
    bench_samples one = {.n = 0}, two = {.n = 0}, ratio = {.n = 0}, cpu = {.n = 0};
    asker a[2] = {asker_of(model, 0, set->questions, NULL),
                  asker_of(model, 31, set->questions, NULL)};
    for (int r = 0; r < set->reps; r++) {
        bench_time start = bench_now();
        ask_all(&a[0]);
        const double alone = bench_push_since(&one, start);
        pthread_t thread;
        start = bench_now();
        if (pthread_create(&thread, NULL, ask_all, &a[1])) abort();
        ask_all(&a[0]);
        if (pthread_join(thread, NULL)) abort();
        const double both = bench_push_since(&two, start);
        bench_push(&ratio, 2 * alone / both);
        bench_push(&cpu, 2 * 2 * one.cpu[r] / two.cpu[r]);
    }
    print("ask", "questions of one thread", set->items, 1, &one, set->questions);
    print("ask", "questions of two threads", set->items, 2, &two, 2 * set->questions);
    print_value("ask", "two threads to one", set->items, "times", true, &ratio);
    print_value("ask", "the same by CPU time", set->items, "times", true, &cpu);
    for (int i = 0; i < 2; i++) pmkt_cf_scratch_free(a[i].scratch);
}

static void bench_fold_in(const settings *set, const pmkt_cf *model) {
    const int64_t at[] = {0, HISTORY};
    uint64_t items[HISTORY];
    float *factors = bench_alloc((size_t)set->width * sizeof *factors);
    double *seconds = bench_alloc((size_t)set->questions * sizeof *seconds);
    bench_samples half = {.n = 0}, last = {.n = 0};
    asker a = asker_of(model, 0, 0, NULL);
    pmkt_cf_history history = PMKT_CF_HISTORY_INIT;
    history.rows = 1, history.at = at, history.items = items;
    for (int r = 0; r < set->reps; r++) {
        for (int64_t i = 0; i < set->questions; i++) {
            for (int64_t j = 0; j < HISTORY; j++) {
                items[j] = (uint64_t)((i * 104729 + j * 7919) % set->items) + 1;
            }
            pmkt_error err;
            const bench_time start = bench_now();
            bench_check(pmkt_cf_fold_in(model, &history, a.scratch, NULL, factors, &err), &err,
                        "pmkt_cf_fold_in");
            seconds[i] = bench_now().wall - start.wall;
        }
        bench_push(&half, 1e6 * bench_quantile(seconds, set->questions, 0.5));
        bench_push(&last, 1e6 * bench_quantile(seconds, set->questions, 0.99));
    }
    print_value("ask", "fold in 85 items, p50", set->items, "us", false, &half);
    print_value("ask", "fold in 85 items, p99", set->items, "us", false, &last);
    pmkt_cf_scratch_free(a.scratch);
    free(seconds);
    free(factors);
}

/* ----------------------------------------------------------------------- file */

static void drop_from_memory(const char *path) {
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)) {
        perror(path);
        exit(1);
    }
    close(fd);
}

static double milliseconds_since(bench_time start) {
    return 1e3 * (bench_now().wall - start.wall);
}

static void bench_map(const settings *set, const char *path, int64_t bytes, bool cold) {
    bench_samples map = {.n = 0}, first = {.n = 0}, verify = {.n = 0};
    for (int r = 0; r < set->reps; r++) {
        pmkt_error err;
        pmkt_cf *model = NULL;
        if (cold) drop_from_memory(path);
        bench_time start = bench_now();
        bench_check(pmkt_cf_map(path, NULL, &model, &err), &err, "pmkt_cf_map");
        bench_push(&map, milliseconds_since(start));
        const asker a = {model, NULL, USERS, 0, 1, NULL};
        start = bench_now();
        ask_one(&a, 1);
        bench_push(&first, milliseconds_since(start));
        start = bench_now();
        if (!cold) bench_check(pmkt_cf_verify(model, NULL, &err), &err, "pmkt_cf_verify");
        if (!cold) bench_push_since(&verify, start);
        pmkt_cf_release(model);
    }
    const char *what = cold ? "map, cold file" : "map";
    print_value("file", what, bytes, "ms", false, &map);
    what = cold ? "first recommend, cold file" : "first recommend";
    print_value("file", what, bytes, "ms", false, &first);
    if (!cold) print("file", "verify", bytes, 1, &verify, bytes);
}

static void bench_file(const settings *set) {
    char path[1024];
    snprintf(path, sizeof path, "%s/bench_cf_life.%ld.pmkt", set->directory, (long)getpid());
    const int64_t users = set->gb * 1000000000 / (4 * set->width + 8) - LARGE_ITEMS;
    pmkt_cf *model = make_model(users, LARGE_ITEMS, set->width);
    bench_samples save = {.n = 0}, load = {.n = 0};
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    pmkt_error err;
    for (int r = 0; r < set->reps; r++) {
        const bench_time start = bench_now();
        pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
        options.unsynced = 1; /* how fast the disk is does not matter here */
        bench_check(pmkt_cf_save(model, path, &options, NULL, &err), &err, "pmkt_cf_save");
        bench_push_since(&save, start);
    }
    pmkt_cf_release(model);
    bench_check(pmkt_file_inspect(path, &info, &err), &err, "pmkt_file_inspect");
    for (int r = 0; r < set->reps; r++) {
        const bench_time start = bench_now();
        bench_check(pmkt_cf_load(path, NULL, NULL, &model, &err), &err, "pmkt_cf_load");
        bench_push_since(&load, start);
        pmkt_cf_release(model);
    }
    print("file", "save, not synced", info.bytes, 1, &save, info.bytes);
    print("file", "load", info.bytes, 1, &load, info.bytes);
    bench_map(set, path, info.bytes, false);
    bench_map(set, path, info.bytes, true);
    if (unlink(path)) perror(path);
}

static void parse(settings *set, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
            fputs(USAGE, stdout);
            exit(0);
        }
        if (strcmp(name, "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        if (value && strcmp(name, "--gb") == 0) {
            set->gb = bench_number(name, value, 0, 64);
        } else if (value && strcmp(name, "--items") == 0) {
            set->items = bench_number(name, value, 100, 100000000);
        } else if (value && strcmp(name, "--width") == 0) {
            set->width = (int32_t)bench_number(name, value, 1, 1024);
        } else if (value && strcmp(name, "--questions") == 0) {
            set->questions = bench_number(name, value, 1, 10000000);
        } else if (value && strcmp(name, "--reps") == 0) {
            set->reps = (int)bench_number(name, value, 1, 64);
        } else if (value && strcmp(name, "--directory") == 0) {
            set->directory = value;
        } else {
            fprintf(stderr, "bench: %s: unknown, or without its value; see --help\n", name);
            exit(2);
        }
        i++;
    }
}

int main(int argc, char **argv) {
    settings set = {1, 50000, 4000, 64, 5, "."};
    parse(&set, argc, argv);
    bench_header();
    pmkt_cf *model = make_model(USERS, set.items, set.width);
    bench_latency(&set, model);
    bench_threads(&set, model);
    bench_fold_in(&set, model);
    pmkt_cf_release(model);
    if (set.gb > 0) bench_file(&set);
    return 0;
}
