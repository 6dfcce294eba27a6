/*
 * driver.c - runs a target over files, for compilers without libFuzzer and as a regression test: every
 * argument is a file, or a directory whose files are meant. Ends with their number; fails if there are
 * none.
 */
#define _POSIX_C_SOURCE 200809L /* opendir */

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static int64_t runs;

static bool run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), false;
    size_t size = 0, room = 4096;
    uint8_t *data = malloc(room);
    MUST(data != NULL);
    for (size_t n = 1; n > 0; size += n) {
        if (room - size < 4096) MUST((data = realloc(data, room *= 2)) != NULL);
        n = fread(data + size, 1, room - size, file);
    }
    (void)fclose(file);
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees what is read beyond */
    MUST(exact != NULL);
    memcpy(exact, data, size);
    free(data);
    fprintf(stderr, "%s (%zu bytes)\n", path, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    runs++;
    return true;
}

static bool run_path(const char *path) {
    struct stat info;
    if (stat(path, &info)) return perror(path), false;
    if (!S_ISDIR(info.st_mode)) return run_file(path);
    DIR *directory = opendir(path);
    if (!directory) return perror(path), false;
    bool good = true;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char inner[4096];
        if (entry->d_name[0] == '.') continue;
        const int n = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        MUST(n > 0 && (size_t)n < sizeof inner);
        good = run_file(inner) && good;
    }
    (void)closedir(directory);
    return good;
}

int main(int argc, char **argv) {
    bool good = true;
    for (int i = 1; i < argc; i++) good = run_path(argv[i]) && good;
    printf("%lld inputs\n", (long long)runs);
    return good && runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
