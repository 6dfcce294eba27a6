/*
 * bench_files - how fast states are saved, loaded, mapped and verified, beside what the machine can do:
 * plain write() and read() of the same bytes, and the bandwidth of memory. After mapping, mincore
 * tells how much of the file had to be read.
 */
#define _DEFAULT_SOURCE /* mincore, posix_fadvise */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static const char USAGE[] =
    "usage: bench_files [--orders N] [--mode history|summary] [--threads N] [--reps N]\n"
    "                   [--directory DIR] [--csv]\n"
    "\n"
    "Makes a state of N orders (1e7) of a tenth as many customers, saves it in DIR (the current\n"
    "directory; the file is removed at the end) and measures every way in and out of a file. The\n"
    "last number of a line is in millions of bytes a second. --orders 3.8e7 is a file of 1 GB.\n"
    "Files stay in the page cache, but for the map of a cold file. Memory: 100 bytes an order.\n";

typedef struct settings {
    int64_t orders;
    int threads, reps, mode;
    const char *directory;
} settings;

typedef struct bench_file {
    char path[1024];
    int64_t bytes;
} bench_file;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void print(const settings *set, const char *section, const char *what, int threads,
                  const bench_samples *samples, int64_t bytes) {
    const bench_line line = {
        section, what, set->mode == PMKT_RFM_SUMMARY ? "summary" : "history", bytes, threads,
        "ms",    false};
    bench_print(&line, samples, bytes);
}

/* ------------------------------------------------------- what the machine does */

static void plain_write(const settings *set, const bench_file *file, const pmkt_buffer *bytes) {
    bench_samples samples = {.n = 0};
    char path[1100];
    snprintf(path, sizeof path, "%s.plain", file->path);
    for (int r = 0; r < set->reps; ++r) {
        const bench_time start = bench_now();
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) fail(path);
        const char *at = pmkt_buffer_data(bytes);
        for (size_t left = pmkt_buffer_size(bytes); left > 0;) {
            const ssize_t n = write(fd, at, left < 65536 ? left : 65536);
            if (n <= 0) fail(path);
            at += n;
            left -= (size_t)n;
        }
        if (close(fd)) fail(path);
        bench_push_since(&samples, start);
        if (unlink(path)) fail(path); /* each into a new file, as saving does */
    }
    print(set, "machine", "write() to a new file", 1, &samples, file->bytes);
}

static void plain_read(const settings *set, const bench_file *file) {
    bench_samples samples = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        const bench_time start = bench_now();
        const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        char *to = malloc((size_t)file->bytes); /* new memory, as loading needs */
        if (fd < 0 || !to) fail(file->path);
        for (int64_t at = 0; at < file->bytes;) {
            const int64_t left = file->bytes - at;
            const ssize_t n = read(fd, to + at, (size_t)(left < 65536 ? left : 65536));
            if (n <= 0) fail(file->path);
            at += n;
        }
        free(to);
        close(fd);
        bench_push_since(&samples, start);
    }
    print(set, "machine", "read() to new memory", 1, &samples, file->bytes);
}

static void bandwidth(const settings *set) {
    for (int copy = 0; copy < 2; ++copy) {
        bench_samples gbs = {.n = 0};
        bench_bandwidth(copy != 0, INT64_C(256) << 20, 1, set->reps, &gbs);
        const bench_line line = {
            "machine", copy ? "copy (read + write)" : "read", "-", INT64_C(256) << 20, 1, "GB/s",
            true};
        bench_print(&line, &gbs, 0);
    }
}

/* --------------------------------------------------------------------- saving */

static void save(const settings *set, const pmkt_rfm *rfm, const char *path, int compression,
                 bool synced) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = compression;
    options.unsynced = !synced;
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = set->threads;
    pmkt_error err;
    bench_check(pmkt_rfm_save(rfm, path, &options, &run, &err), &err, "pmkt_rfm_save");
}

static int64_t size_of(const char *path) {
    struct stat what;
    if (stat(path, &what)) fail(path);
    return (int64_t)what.st_size;
}

static void bench_save(const settings *set, const pmkt_rfm *rfm, bench_file *file) {
    static const char *const names[] = {"save, not synced", "save", "save, zstd level 1"};
    for (int way = 2; way >= 0; --way) { /* the last stays */
        bench_samples samples = {.n = 0};
        for (int r = 0; r < (way ? (set->reps + 1) / 2 : set->reps); ++r) {
            (void)unlink(file->path);
            const bench_time start = bench_now();
            save(set, rfm, file->path, way == 2, way == 1);
            bench_push_since(&samples, start);
        }
        file->bytes = size_of(file->path);
        print(set, "save", names[way], set->threads, &samples, file->bytes);
    }
}

/* -------------------------------------------------------------------- loading */

static void bench_load(const settings *set, const bench_file *file, const pmkt_buffer *bytes) {
    for (int memory = 0; memory < 2; ++memory) {
        bench_samples samples = {.n = 0};
        for (int r = 0; r < set->reps; ++r) {
            pmkt_run run = PMKT_RUN_INIT;
            run.threads = set->threads;
            pmkt_rfm *rfm = NULL;
            pmkt_error err;
            const bench_time start = bench_now();
            const pmkt_status status =
                memory ? pmkt_rfm_load_memory(pmkt_buffer_data(bytes), pmkt_buffer_size(bytes),
                                              NULL, &run, &rfm, &err)
                       : pmkt_rfm_load(file->path, NULL, &run, &rfm, &err);
            bench_check(status, &err, "pmkt_rfm_load");
            bench_push_since(&samples, start);
            pmkt_rfm_free(rfm);
        }
        print(set, "load", memory ? "load from memory" : "load", set->threads, &samples,
              file->bytes);
    }
}

/* -------------------------------------------------------------------- mapping */

/* Pages of the file that are in memory. */
static int64_t resident(const bench_file *file) {
    const int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t pages = ((size_t)file->bytes + page - 1) / page;
    unsigned char *is_in = bench_alloc(pages);
    void *at = mmap(NULL, (size_t)file->bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (fd < 0 || at == MAP_FAILED || mincore(at, (size_t)file->bytes, is_in)) fail(file->path);
    int64_t n = 0;
    for (size_t i = 0; i < pages; ++i) n += is_in[i] & 1;
    munmap(at, (size_t)file->bytes);
    close(fd);
    free(is_in);
    return n;
}

static void drop_from_memory(const bench_file *file) {
    const int fd = open(file->path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)) fail(file->path);
    close(fd);
}

static pmkt_rfm *map(const bench_file *file, bench_samples *samples) {
    pmkt_rfm *rfm = NULL;
    pmkt_error err;
    const bench_time start = bench_now();
    bench_check(pmkt_rfm_map(file->path, NULL, &rfm, &err), &err, "pmkt_rfm_map");
    bench_push_since(samples, start);
    return rfm;
}

static void bench_map(const settings *set, const bench_file *file) {
    bench_samples warm = {.n = 0}, cold = {.n = 0}, pages = {.n = 0}, before = {.n = 0};
    for (int r = 0; r < set->reps; ++r) pmkt_rfm_free(map(file, &warm));
    for (int r = 0; r < set->reps; ++r) {
        drop_from_memory(file);
        bench_push(&before, (double)resident(file));
        pmkt_rfm *rfm = map(file, &cold);
        bench_push(&pages, (double)resident(file));
        pmkt_rfm_free(rfm);
    }
    print(set, "map", "map", 1, &warm, file->bytes);
    print(set, "map", "map, cold file", 1, &cold, file->bytes);
    bench_line line = {"map", "pages in memory before", "-", file->bytes, 1, "pages", false};
    bench_print(&line, &before, 0);
    line.what = "pages in memory after";
    bench_print(&line, &pages, 0);
}

static void score(const settings *set, const pmkt_rfm *rfm, bench_samples *samples) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = set->threads;
    pmkt_rfm_scores *scores = NULL;
    pmkt_error err;
    const bench_time start = bench_now();
    bench_check(pmkt_rfm_score(rfm, BENCH_AS_OF, NULL, &run, &scores, &err), &err,
                "pmkt_rfm_score");
    bench_push_since(samples, start);
    pmkt_rfm_scores_free(scores);
}

static void bench_use(const settings *set, const bench_file *file, const pmkt_rfm *in_memory) {
    bench_samples memory = {.n = 0}, first = {.n = 0}, again = {.n = 0}, verify = {.n = 0};
    bench_samples ignored = {.n = 0};
    for (int r = 0; r < set->reps; ++r) {
        score(set, in_memory, &memory);
        pmkt_rfm *rfm = map(file, &ignored);
        score(set, rfm, &first); /* which checks every customer */
        score(set, rfm, &again);
        pmkt_error err;
        const bench_time start = bench_now();
        bench_check(pmkt_rfm_verify(rfm, NULL, &err), &err, "pmkt_rfm_verify");
        bench_push_since(&verify, start);
        pmkt_rfm_free(rfm);
    }
    print(set, "use", "score, from memory", set->threads, &memory, file->bytes);
    print(set, "use", "first score of a map", set->threads, &first, file->bytes);
    print(set, "use", "second score of a map", set->threads, &again, file->bytes);
    print(set, "use", "verify a map", 1, &verify, file->bytes);
}

/* --------------------------------------------------------------------- driver */

static pmkt_rfm *make_state(const settings *set) {
    bench_orders orders;
    const int64_t customers = set->orders / 10 ? set->orders / 10 : 1;
    bench_orders_make(&orders, set->orders, customers, 0);
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = set->mode;
    const pmkt_events events = bench_events(&orders, 0, orders.rows);
    pmkt_rfm *rfm = NULL;
    pmkt_error err;
    bench_check(pmkt_rfm_new(&options, &rfm, &err), &err, "pmkt_rfm_new");
    bench_check(pmkt_rfm_add(rfm, &events, NULL, NULL, &err), &err, "pmkt_rfm_add");
    bench_check(pmkt_rfm_compact(rfm, NULL, &err), &err, "pmkt_rfm_compact");
    bench_orders_free(&orders);
    return rfm;
}

static void parse(settings *set, int argc, char **argv) {
    for (int i = 1; i < argc; ++i) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
            fputs(USAGE, stdout);
            exit(0);
        }
        if (strcmp(name, "--csv") == 0) {
            bench_use_csv();
            continue;
        }
        if (value && strcmp(name, "--orders") == 0) {
            set->orders = bench_number(name, value, 1, INT64_C(1) << 32);
        } else if (value && strcmp(name, "--threads") == 0) {
            set->threads = (int)bench_number(name, value, 1, 64);
        } else if (value && strcmp(name, "--reps") == 0) {
            set->reps = (int)bench_number(name, value, 1, 64);
        } else if (value && strcmp(name, "--directory") == 0) {
            set->directory = value;
        } else if (value && strcmp(name, "--mode") == 0 && strcmp(value, "summary") == 0) {
            set->mode = PMKT_RFM_SUMMARY;
        } else if (!value || strcmp(name, "--mode") != 0 || strcmp(value, "history") != 0) {
            fprintf(stderr, "bench: %s: unknown, or without its value; see --help\n", name);
            exit(2);
        }
        ++i;
    }
}

int main(int argc, char **argv) {
    settings set = {10000000, 2, 5, PMKT_RFM_HISTORY, "."};
    parse(&set, argc, argv);
    bench_file file = {.bytes = 0};
    snprintf(file.path, sizeof file.path, "%s/bench_files.%ld.pmkt", set.directory, (long)getpid());
    pmkt_rfm *rfm = make_state(&set);
    pmkt_buffer *bytes = NULL;
    pmkt_error err;
    bench_header();
    bandwidth(&set);
    bench_save(&set, rfm, &file);
    bench_check(pmkt_rfm_save_memory(rfm, NULL, NULL, &bytes, &err), &err, "pmkt_rfm_save_memory");
    plain_write(&set, &file, bytes);
    plain_read(&set, &file);
    bench_load(&set, &file, bytes);
    pmkt_buffer_free(bytes);
    bench_use(&set, &file, rfm);
    bench_map(&set, &file);
    pmkt_rfm_free(rfm);
    if (unlink(file.path)) fail(file.path);
    return 0;
}
