/*
 * dlopen.c - opens and closes the library 1,000 times, as a plug-in host does. Every close must really
 * unload it, and nothing may be left behind: no mapping, no file, no thread.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    TIMES = 1000,
    WARM = 10
};

typedef int32_t (*number_function)(void);
typedef uint64_t (*hash_function)(const void *, size_t);

/* Lines of a file or entries of a directory of /proc/self; 0 where there is no /proc. */
static int count_lines(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    int lines = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) lines += c == '\n';
    fclose(file);
    return lines;
}

static int count_entries(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return 0;
    int entries = 0;
    while (readdir(directory)) entries++;
    closedir(directory);
    return entries;
}

static int use(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    /* C has no cast from an object pointer to a function pointer. */
    number_function threads = NULL;
    hash_function id_of_bytes = NULL;
    void *symbol = dlsym(library, "pmkt_default_threads");
    memcpy(&threads, &symbol, sizeof symbol);
    symbol = dlsym(library, "pmkt_id_of_bytes");
    memcpy(&id_of_bytes, &symbol, sizeof symbol);
    if (!threads || !id_of_bytes || threads() < 1 || id_of_bytes("a", 1) == 0) {
        fprintf(stderr, "the library's functions do not answer\n");
        return 1;
    }
    if (dlclose(library) || dlopen(path, RTLD_NOW | RTLD_NOLOAD)) {
        fprintf(stderr, "the library stays in memory after dlclose\n");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: dlopen LIBRARY\n");
        return 2;
    }
    int maps = 0;
    int files = 0;
    int threads = 0;
    for (int i = 0; i < TIMES; i++) {
        if (i == WARM) {
            maps = count_lines("/proc/self/maps");
            files = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
        if (use(argv[1])) return 1;
    }
    if (count_lines("/proc/self/maps") > maps || count_entries("/proc/self/fd") > files ||
        count_entries("/proc/self/task") > threads) {
        fprintf(stderr, "%d times dlopen and dlclose left something behind\n", TIMES);
        return 1;
    }
    printf("%d times dlopen and dlclose: nothing left behind\n", TIMES);
    return 0;
}
