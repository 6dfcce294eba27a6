/*
 * Files of released versions load for ever, and say what they said then.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "core/codec.h"
#include "support/cf_model.h"
#include "support/golden.h"
#include "support/rfm_file.h"
#include "support/suite.h"

#define ROOT "tests/golden"

static bool ends_in(const char *name, const char *end) {
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static void check_text(const pmkt_rfm *rfm, const char *path) {
    file_bytes text = golden_rfm_text(rfm);
    ck_assert_msg(file_is(path, text.at, text.n), "%s is not what is said today", path);
    file_free(&text);
}

static void check_state(const char *path, const char *text) {
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    pmkt_error err = {0};
    ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
    ck_assert_int_eq(info.kind, PMKT_FILE_RFM);
    if (info.compressed && pmkti_codec_check(NULL)) {
        pmkt_rfm *none = NULL;
        ck_assert_int_eq(pmkt_rfm_load(path, NULL, NULL, &none, &err), PMKT_E_UNSUPPORTED);
        return;
    }
    ck_assert_ok(pmkt_file_verify(path, NULL, &err), err);
    pmkt_rfm *rfm = load_from(path);
    check_text(rfm, text);
    if (!info.compressed) {
        pmkt_rfm *mapped = map_from(path);
        check_text(mapped, text);
        check_same_state(rfm, mapped);
        pmkt_rfm_free(mapped);
    }
    if (!info.compressed && info.format == 1) { /* what this release writes, to the byte */
        file_bytes again = state_bytes(rfm);
        ck_assert_msg(file_is(path, again.at, again.n), "%s is written otherwise today", path);
        file_free(&again);
    }
    pmkt_rfm_free(rfm);
}

static void check_answers(const pmkt_cf *model, const char *path) {
    file_bytes text = golden_cf_text(model);
    ck_assert_msg(file_is(path, text.at, text.n), "%s is not what is said today", path);
    file_free(&text);
}

static void check_model(const char *path, const char *text) {
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    pmkt_error err = {0};
    pmkt_cf *loaded = NULL, *mapped = NULL;
    ck_assert_ok(pmkt_file_inspect(path, &info, &err), err);
    ck_assert_int_eq(info.kind, PMKT_FILE_CF);
    if (info.compressed && pmkti_codec_check(NULL)) {
        ck_assert_int_eq(pmkt_cf_load(path, NULL, NULL, &loaded, &err), PMKT_E_UNSUPPORTED);
        return;
    }
    ck_assert_ok(pmkt_file_verify(path, NULL, &err), err);
    ck_assert_ok(pmkt_cf_load(path, NULL, NULL, &loaded, &err), err);
    check_answers(loaded, text);
    if (!info.compressed) {
        ck_assert_ok(pmkt_cf_map(path, NULL, &mapped, &err), err);
        ck_assert_ok(pmkt_cf_verify(mapped, NULL, &err), err);
        check_answers(mapped, text);
        pmkt_cf_release(mapped);
    }
    if (!info.compressed && info.format == 1) { /* what this release writes, to the byte */
        file_bytes again = model_bytes(loaded);
        ck_assert_msg(file_is(path, again.at, again.n), "%s is written otherwise today", path);
        file_free(&again);
    }
    pmkt_cf_release(loaded);
}

typedef void checker(const char *path, const char *text);

/* Every file of a release whose name begins so; how many there are. */
static int check_release(const char *release, const char *prefix, checker *check) {
    char directory[300], path[600], text[600];
    int n = 0;
    snprintf(directory, sizeof directory, "%s/%s", ROOT, release);
    DIR *d = opendir(directory);
    if (!d) return 0; /* a file beside the releases */
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || !ends_in(e->d_name, ".pmkt"))
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        snprintf(text, sizeof text, "%.*s.txt", (int)strlen(path) - 5, path);
        check(path, text);
        n++;
    }
    closedir(d);
    return n;
}

static int check_releases(const char *prefix, checker *check) {
    int n = 0;
    DIR *d = opendir(ROOT);
    ck_assert_msg(d != NULL, "run it from the root of the project");
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') n += check_release(e->d_name, prefix, check);
    }
    closedir(d);
    return n;
}

START_TEST(states_of_every_release_load_and_score_as_they_did) {
    ck_assert_int_ge(check_releases("rfm_", check_state), 7); /* those of 0.2 */
}
END_TEST

START_TEST(models_of_every_release_load_and_answer_as_they_did) {
    ck_assert_int_ge(check_releases("cf_", check_model), 4); /* those of 0.3 */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("golden");
    TOPIC(suite, "states", states_of_every_release_load_and_score_as_they_did);
    TOPIC(suite, "models", models_of_every_release_load_and_answer_as_they_did);
    return suite_run(suite);
}
