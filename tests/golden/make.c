/*
 * make.c - writes the golden files of a release:  build/release/tests/golden_make tests/golden/0.2
 *
 * Run once, when a release freezes its format; from then on the files are never written again, for
 * they are what older releases left on the disks of users. It is a test program because what it
 * shares with the tests asserts.
 */
#include <stdio.h>

#include "support/golden.h"
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
    TOPIC(suite, "write", states);
    return suite_run(suite);
}
