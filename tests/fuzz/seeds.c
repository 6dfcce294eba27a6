/*
 * seeds.c - writes the inputs that the targets begin with and that need not be committed, for they are
 * made by the library or by counting: DIR/<target>/<number>. Always the same bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/hash.h"
#include "fuzz/fuzz.h"
#include "pmkt.h"

static const char *folder;

static void make_folder(const char *path) {
    if (mkdir(path, 0777) && errno != EEXIST) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* A file of one byte and then `size` others. */
static void put(const char *target, int number, uint8_t first, const void *bytes, size_t size) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, target);
    MUST(n > 0 && (size_t)n < sizeof path - 20);
    make_folder(path);
    (void)snprintf(path + n, sizeof path - (size_t)n, "/%d", number);
    FILE *file = fopen(path, "wb");
    MUST(file != NULL);
    MUST(fwrite(&first, 1, 1, file) == 1 && fwrite(bytes, 1, size, file) == size);
    MUST(fclose(file) == 0);
}

/* Calls by chance. */
static void put_chance(const char *target, int n, uint8_t most_first) {
    uint8_t bytes[600];
    for (int k = 0; k < n; k++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)pmkti_mix((uint64_t)k * 1000003 + i + 1);
        }
        put(target, k, (uint8_t)(k % (most_first + 1)), bytes, 20 + (size_t)k * 17 % 580);
    }
}

static void put_buffer(const char *target, int number, uint8_t first, pmkt_buffer *buffer) {
    put(target, number, first, pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    put("container", number, 1, pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
}

static void put_ids(int number, int64_t n, int32_t compression) {
    char bytes[4000];
    int64_t offsets[201] = {0};
    for (int64_t i = 0; i < n; i++) {
        offsets[i + 1] = offsets[i] + snprintf(bytes + offsets[i], 20, "user %lld", (long long)i);
    }
    pmkt_ids *ids = NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = compression;
    MUST(pmkt_ids_new(NULL, &ids, NULL) == PMKT_OK);
    MUST(pmkt_ids_encode(ids, bytes, offsets, n, NULL, NULL, NULL) == PMKT_OK);
    const uint64_t forgotten[] = {pmkt_id_of_bytes("user 0", 6), 77};
    MUST(n == 0 ||
         pmkt_ids_forget(ids, forgotten, 2, INT64_C(1767571200000), NULL, NULL) == PMKT_OK);
    if (pmkt_ids_save_memory(ids, &options, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("ids", 100 + number, 2, buffer);
    }
    pmkt_ids_free(ids);
}

static void put_rfm(int number, int32_t mode, int64_t n, int32_t compression) {
    uint64_t user[64], order[64];
    int64_t time[64], amount[64];
    uint16_t kind[64];
    for (int64_t i = 0; i < n; i++) {
        user[i] = (uint64_t)(1 + i % 5), order[i] = (uint64_t)(1 + i / 2);
        time[i] = INT64_C(1767571200000) - i * 86400000 * 3;
        amount[i] = 100 * i;
        kind[i] = (uint16_t)(i % 9 == 7   ? PMKT_KIND_REFUND
                             : i % 9 == 8 ? PMKT_KIND_REGISTER
                                          : PMKT_KIND_ORDER);
    }
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = mode;
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = n, events.user = user, events.time = time, events.kind = kind;
    events.order = order, events.amount = amount;
    pmkt_rfm *rfm = NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_save_options save = PMKT_SAVE_OPTIONS_INIT;
    save.compression = compression;
    MUST(pmkt_rfm_new(&options, &rfm, NULL) == PMKT_OK);
    MUST(pmkt_rfm_add(rfm, &events, NULL, NULL, NULL) == PMKT_OK);
    MUST(n == 0 || pmkt_rfm_forget(rfm, user, 1, INT64_C(1767571200000), NULL, NULL) == PMKT_OK);
    if (pmkt_rfm_save_memory(rfm, &save, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("rfm", number, 1, buffer);
    }
    pmkt_rfm_free(rfm);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds DIR\n");
        return EXIT_FAILURE;
    }
    folder = argv[1];
    make_folder(folder);
    put("expr", 0, 'v', "ip and i in (1, 2)", 18);
    put_chance("idset", 20, 255);
    put_chance("arrow", 60, 255);
    put_chance("ids", 20, 1);
    for (int i = 0; i < 6; i++) put_ids(i, i / 2 * 7, i % 2 * 3);
    for (int i = 0; i < 12; i++) {
        put_rfm(i, i % 2 ? PMKT_RFM_SUMMARY : PMKT_RFM_HISTORY, i / 4 * 12, i / 2 % 2 * 3);
    }
    return EXIT_SUCCESS;
}
