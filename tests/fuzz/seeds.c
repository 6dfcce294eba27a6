/*
 * seeds.c - writes the inputs that the targets begin with and that need not be committed, for they are
 * made by the library or by counting: DIR/<target>/<number>. Always the same bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/snapshot.h"
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

/* Six users and eight items of two categories; every third pair has an entry. */
static pmkt_cf_data *cf_data(void) {
    int64_t at[7] = {0}, n = 0;
    int32_t item[48];
    float weight[48];
    uint64_t category[8];
    for (int32_t i = 0; i < 8; i++) category[i] = (uint64_t)(7 + i % 2);
    for (int32_t u = 0; u < 6; u++) {
        for (int32_t i = 0; i < 8; i++) {
            if ((u * 5 + i) % 3) continue;
            item[n] = i;
            weight[n++] = (float)(1 + i % 4) - (u == 5 ? 2.0f : 0.0f);
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix matrix = PMKT_CF_MATRIX_INIT;
    matrix.users = 6, matrix.items = 8, matrix.at = at, matrix.item = item;
    matrix.weight = weight, matrix.category = category;
    pmkt_cf_data *data = NULL;
    MUST(pmkt_cf_data_from_matrix(&matrix, NULL, NULL, &data, NULL) == PMKT_OK);
    return data;
}

/* A model of a kind. Factors are written down, not fitted: those depend on the processor. */
static pmkt_cf *cf_model(int32_t kind, bool is_bare) {
    pmkt_cf_data *data = cf_data();
    pmkt_cf *model = NULL;
    pmkt_status status;
    if (kind == PMKT_CF_ALS) {
        float values[14 * 3];
        for (int i = 0; i < 14 * 3; i++) values[i] = (float)(i * 7 % 11 - 4) / 8;
        pmkt_cf_factors factors = PMKT_CF_FACTORS_INIT;
        factors.factors = 3, factors.users = 6, factors.items = 8;
        factors.user_factors = values, factors.item_factors = values + 6 * 3;
        status = pmkt_cf_from_factors(&factors, is_bare ? NULL : data, NULL, NULL, &model, NULL);
    } else if (kind == PMKT_CF_KNN) {
        pmkt_cf_knn_options options = PMKT_CF_KNN_OPTIONS_INIT;
        options.neighbors = 4, options.drop_seen = is_bare;
        status = pmkt_cf_knn_fit(data, &options, NULL, &model, NULL);
    } else {
        pmkt_cf_popularity_options options = PMKT_CF_POPULARITY_OPTIONS_INIT;
        options.drop_seen = is_bare;
        status = pmkt_cf_popularity_fit(data, &options, NULL, &model, NULL);
    }
    MUST(status == PMKT_OK);
    pmkt_cf_data_release(data);
    return model;
}

static void put_cf(int number, int32_t kind, bool is_bare, int32_t compression) {
    pmkt_cf *model = cf_model(kind, is_bare);
    pmkt_buffer *buffer = NULL;
    pmkt_save_options save = PMKT_SAVE_OPTIONS_INIT;
    save.compression = compression;
    if (pmkt_cf_save_memory(model, &save, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("cf", 200 + number, (uint8_t)(1 | (number * 6 & 30)), buffer);
    }
    pmkt_cf_release(model);
}

/* Sixty who view and put into the cart, half of whom order: a model with all its parts, or without those
   that nobody can learn. Counts and a head alone are the same on every processor; what was learned
   may differ in the last place. */
static void put_purchase(int number, int32_t calibration, bool buys, int32_t compression) {
    enum {
        USERS = 60,
        ROWS = USERS * 3
    };
    static const pmkt_transition table[] = {{INT64_C(1000), 60, 0}};
    const pmkt_zone zone = {sizeof zone, -60, table, 1};
    uint64_t user[ROWS], item[ROWS];
    int64_t time[ROWS];
    uint16_t kind[ROWS];
    for (int i = 0; i < ROWS; i++) {
        const int u = i / 3, step = i % 3;
        user[i] = (uint64_t)u + 1, item[i] = (uint64_t)(1 + u % 4);
        time[i] = INT64_C(1767571200000) + u * INT64_C(3600000) + step * 60000;
        kind[i] = step == 0   ? PMKT_KIND_VIEW
                  : step == 1 ? PMKT_KIND_CART
                  : u % 2     ? PMKT_KIND_CLICK
                              : PMKT_KIND_ORDER;
        if (!buys && kind[i] == PMKT_KIND_ORDER) kind[i] = PMKT_KIND_VIEW;
    }
    const uint64_t classes[] = {2, 1};
    const pmkt_column column = {"page", item, PMKT_TYPE_UINT64, 0};
    pmkt_events events = PMKT_EVENTS_INIT;
    events.rows = ROWS, events.user = user, events.time = time, events.kind = kind;
    events.item = events.category = item, events.extra = &column, events.n_extra = 1;
    pmkt_intent_options chains = PMKT_INTENT_OPTIONS_INIT;
    pmkt_purchase_options options = PMKT_PURCHASE_OPTIONS_INIT;
    pmkt_save_options save = PMKT_SAVE_OPTIONS_INIT;
    chains.order = 1 + calibration;
    if (calibration) chains.classes = classes, chains.n_classes = 2, chains.class_column = "page";
    options.calibration = calibration, options.cart_ms = 3600000;
    if (calibration) options.zone = &zone;
    save.compression = compression;
    pmkt_purchase *model = NULL;
    pmkt_buffer *buffer = NULL;
    MUST(pmkt_purchase_fit(&events, &chains, &options, NULL, NULL, &model, NULL) == PMKT_OK);
    MUST((pmkt_purchase_logistic(model, PMKT_PURCHASE_CART) != NULL) == buys);
    if (pmkt_purchase_save_memory(model, &save, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("purchase", 300 + number, (uint8_t)(1 | (number * 6 & 30)), buffer);
    }
    buffer = NULL;
    if (pmkt_intent_save_memory(pmkt_purchase_chains(model), &save, NULL, &buffer, NULL) ==
        PMKT_OK) {
        put_buffer("purchase", 400 + number, 1, buffer);
    }
    const pmkt_logistic *part = pmkt_purchase_logistic(model, PMKT_PURCHASE_CART);
    buffer = NULL;
    if (part && pmkt_logistic_save_memory(part, &save, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("purchase", 500 + number, 1, buffer);
    }
    pmkt_purchase_release(model);
}

/* Somebody in the middle of everything, with a model, rules, or both, and with compression or without. The
   byte before says into what it can be restored. */
static void put_tracker(int number, int rows, uint8_t how, int32_t compression) {
    snapshot_rows s;
    pmkt_purchase *model = how & 2 ? snapshot_model() : NULL;
    pmkt_rules *rules = how & 2 && how & 8 ? NULL : snapshot_rules(SNAPSHOT_RULES);
    pmkt_tracker *t = NULL;
    pmkt_buffer *buffer = NULL;
    pmkt_tracker_fired fired[64];
    pmkt_save_options save = PMKT_SAVE_OPTIONS_INIT;
    int64_t n = 0;
    save.compression = compression;
    snapshot_open(&s, rows, INT64_C(1767571200000));
    MUST(pmkt_tracker_new(model, rules, NULL, &t, NULL) == PMKT_OK);
    MUST(pmkt_tracker_observe(t, &s.events, NULL, NULL, NULL) == PMKT_OK);
    if (rows > 0) MUST(pmkt_tracker_advance(t, s.time[rows - 1], fired, 64, &n, NULL) == PMKT_OK);
    if (pmkt_tracker_save_memory(t, &save, NULL, &buffer, NULL) == PMKT_OK) {
        put_buffer("tracker", 600 + number, how, buffer);
    }
    pmkt_tracker_free(t);
    pmkt_purchase_release(model);
    pmkt_rules_release(rules);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds DIR\n");
        return EXIT_FAILURE;
    }
    folder = argv[1];
    make_folder(folder);
    put("expr", 0, 'v', "ip and i in (1, 2)", 18);
    put("rules", 0, '#', pmkt_rules_builtin(), strlen(pmkt_rules_builtin()));
    put_chance("idset", 20, 255);
    put_chance("arrow", 60, 255);
    put_chance("ids", 20, 1);
    for (int i = 0; i < 6; i++) put_ids(i, i / 2 * 7, i % 2 * 3);
    for (int i = 0; i < 12; i++) {
        put_rfm(i, i % 2 ? PMKT_RFM_SUMMARY : PMKT_RFM_HISTORY, i / 4 * 12, i / 2 % 2 * 3);
    }
    for (int i = 0; i < 12; i++) put_cf(i, PMKT_CF_ALS + i % 3, i / 3 % 2, i / 6 * 3);
    for (int i = 0; i < 12; i++) put_purchase(i, i % 3, i / 3 % 2 == 0, i / 6 * 3);
    for (int i = 0; i < 16; i++) {
        put_tracker(i, i % 4 * 6, (uint8_t)(1 | (i / 2 % 8) << 1 | (i & 3) << 5), i / 12 * 3);
    }
    return EXIT_SUCCESS;
}
