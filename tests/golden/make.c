/*
 * make.c - writes the golden files of a release:  build/release/tests/golden_make tests/golden/0.3
 *
 * Run once, when a release freezes its format; from then on the files are never written again, for
 * they are what older releases left on the disks of users. It is a test program because what it
 * shares with the tests asserts. Of 0.3 only models are kept: states are written as they were in 0.2.
 */
#include <stdio.h>

#include "support/golden.h"
#include "support/random.h"
#include "support/rfm_file.h"
#include "support/suite.h"

static const char *directory;

static void make(const char *name, int kind, int32_t compression) {
    char path[1024];
    pmkt_error err = {0};
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.compression = compression;
    pmkt_rfm *rfm = saved_state(kind, 40, 2024);
    ck_assert_ok(pmkt_rfm_compact(rfm, NULL, &err), err);
    snprintf(path, sizeof path, "%s/%s.pmkt", directory, name);
    ck_assert_ok(pmkt_rfm_save(rfm, path, &options, NULL, &err), err);
    file_bytes text = golden_rfm_text(rfm);
    snprintf(path, sizeof path, "%s/%s.txt", directory, name);
    file_write(path, text.at, text.n);
    file_free(&text);
    pmkt_rfm_free(rfm);
}

#define USERS 8
#define ITEMS 20
#define FACTORS 4

/* Users 10, 20, ... and items 5, 10, ...; weights are wholes. */
static pmkt_cf_data *cf_data(void) {
    uint64_t user[USERS], item_id[ITEMS], category[ITEMS];
    int64_t at[USERS + 1] = {0}, n = 0;
    int32_t item[USERS * ITEMS];
    float weight[USERS * ITEMS];
    random_seed(2026);
    for (int i = 0; i < ITEMS; i++) {
        item_id[i] = (uint64_t)(5 * (i + 1)), category[i] = (uint64_t)(7 + i % 3);
    }
    for (int u = 0; u < USERS; u++) {
        user[u] = (uint64_t)(10 * (u + 1));
        for (int32_t i = 0; i < ITEMS; i++) {
            if (random_below(3)) continue;
            item[n] = i;
            weight[n++] = (float)(random_below(11) - 1);
        }
        at[u + 1] = n;
    }
    pmkt_cf_matrix m = PMKT_CF_MATRIX_INIT;
    m.users = USERS, m.items = ITEMS, m.at = at, m.item = item, m.weight = weight;
    m.user_id = user, m.item_id = item_id, m.category = category;
    pmkt_cf_data *data = NULL;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_cf_data_from_matrix(&m, NULL, NULL, &data, &err), err);
    return data;
}

/* Factors are small fractions of a power of two, whose products are exact on every machine; fitted
   ones would depend on the instruction set. */
static pmkt_status als(const pmkt_cf_data *data, pmkt_cf **model, pmkt_error *err) {
    float values[(USERS + ITEMS) * FACTORS];
    uint64_t user[USERS], item[ITEMS];
    for (int i = 0; i < (USERS + ITEMS) * FACTORS; i++) {
        values[i] = (float)(random_below(1001) - 500) / 512;
    }
    for (int u = 0; u < USERS; u++) user[u] = (uint64_t)(10 * (u + 1));
    for (int i = 0; i < ITEMS; i++) item[i] = (uint64_t)(5 * (i + 1));
    pmkt_cf_factors f = PMKT_CF_FACTORS_INIT;
    f.factors = FACTORS, f.users = USERS, f.items = ITEMS, f.user_id = user, f.item_id = item;
    f.user_factors = values, f.item_factors = values + (ptrdiff_t)USERS * FACTORS;
    return pmkt_cf_from_factors(&f, data, NULL, NULL, model, err);
}

static void make_model(const char *name, int kind, int32_t compression) {
    char path[1024];
    pmkt_error err = {0};
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    pmkt_cf_knn_options knn = PMKT_CF_KNN_OPTIONS_INIT;
    options.compression = compression;
    knn.similarity = PMKT_CF_BM25, knn.neighbors = 6;
    pmkt_cf_data *data = cf_data();
    pmkt_cf *model = NULL;
    ck_assert_ok(kind == PMKT_CF_ALS   ? als(data, &model, &err)
                 : kind == PMKT_CF_KNN ? pmkt_cf_knn_fit(data, &knn, NULL, &model, &err)
                                       : pmkt_cf_popularity_fit(data, NULL, NULL, &model, &err),
                 err);
    snprintf(path, sizeof path, "%s/%s.pmkt", directory, name);
    ck_assert_ok(pmkt_cf_save(model, path, &options, NULL, &err), err);
    file_bytes text = golden_cf_text(model);
    snprintf(path, sizeof path, "%s/%s.txt", directory, name);
    file_write(path, text.at, text.n);
    file_free(&text);
    pmkt_cf_release(model);
    pmkt_cf_data_release(data);
}

START_TEST(models) {
    make_model("cf_als", PMKT_CF_ALS, 0);
    make_model("cf_knn", PMKT_CF_KNN, 0);
    make_model("cf_popularity", PMKT_CF_POPULARITY, 0);
    make_model("cf_packed", PMKT_CF_ALS, 19);
}
END_TEST

START_TEST(states) {
    make("rfm_history", SAVED_HISTORY, 0);
    make("rfm_summary", SAVED_SUMMARY, 0);
    make("rfm_unpriced", SAVED_UNPRICED, 0);
    make("rfm_zone", SAVED_ZONE, 0);
    make("rfm_tombs", SAVED_TOMBS, 0);
    make("rfm_tombs_summary", SAVED_TOMBS_SUMMARY, 0);
    make("rfm_packed", SAVED_ZONE, 19);
}
END_TEST

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: golden_make DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    Suite *suite = suite_create("golden files");
    TOPIC(suite, "write", states, models);
    return suite_run(suite);
}
