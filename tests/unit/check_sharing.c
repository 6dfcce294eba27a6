/*
 * Files and handles that several have at once: two mappings of one file, two savers at one path, a link,
 * a forked child.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/loop.h"
#include "support/strings.h"
#include "support/suite.h"

static pmkt_ids *numbers(int64_t from, int64_t n) {
    strings s = {0};
    strings_numbered(&s, from, n);
    pmkt_ids *ids = ids_of(&s, NULL);
    strings_free(&s);
    return ids;
}

static uint64_t id_of(int64_t number) {
    char text[64];
    return pmkt_id_of_bytes(text, numbered(number, text));
}

static void save(const pmkt_ids *ids, const char *path) {
    pmkt_save_options options = PMKT_SAVE_OPTIONS_INIT;
    options.unsynced = 1;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_save(ids, path, &options, NULL, &err), err);
}

static pmkt_ids *map(const char *path) {
    pmkt_ids *ids = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_ids_map(path, NULL, &ids, &err), err);
    return ids;
}

static int open_descriptors(void) {
    int n = 0;
    DIR *all = opendir("/dev/fd");
    ck_assert_ptr_nonnull(all);
    while (readdir(all)) n++;
    (void)closedir(all);
    return n;
}

/* ------------------------------------------------------------------- mappings */

START_TEST(what_one_mapping_forgets_the_other_and_the_file_know) {
    pmkt_ids *ids = numbers(0, 1000);
    const char *path = scratch_path("twice");
    save(ids, path);
    const int before = open_descriptors();
    pmkt_ids *one = map(path), *two = map(path);
    ck_assert_int_eq(open_descriptors(), before);
    const uint64_t id = id_of(7);
    ck_assert_int_eq(pmkt_ids_forget(one, &id, 1, 0, NULL, NULL), PMKT_OK);
    ck_assert_ptr_null(pmkt_ids_name(one, id, NULL));
    ck_assert_ptr_nonnull(pmkt_ids_name(two, id, NULL));
    file_bytes of_all = ids_bytes(ids);
    ck_assert(ids_is(two, &of_all));
    pmkt_ids_free(one);
    pmkt_ids_free(two);
    pmkt_ids_free(ids);
}
END_TEST

START_TEST(a_mapping_outlives_the_name_of_its_file) {
    pmkt_ids *ids = numbers(0, 1000), *others = numbers(5000, 10);
    const char *path = scratch_path("replaced");
    save(ids, path);
    pmkt_ids *old = map(path);
    save(others, path);
    pmkt_ids *new = map(path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_ptr_nonnull(pmkt_ids_name(old, id_of(7), NULL));
    ck_assert_ptr_null(pmkt_ids_name(new, id_of(7), NULL));
    ck_assert_ptr_nonnull(pmkt_ids_name(new, id_of(5007), NULL));
    ck_assert_int_eq(pmkt_ids_verify(old, NULL, NULL), PMKT_OK);
    pmkt_ids_free(old);
    pmkt_ids_free(new);
    pmkt_ids_free(others);
    pmkt_ids_free(ids);
}
END_TEST

/* --------------------------------------------------------------------- saving */

typedef struct saver {
    const pmkt_ids *ids;
    const char *path;
    int64_t times;
} saver;

static void *save_again_and_again(void *ctx) {
    const saver *s = ctx;
    for (int64_t i = 0; i < s->times; i++) save(s->ids, s->path);
    return NULL;
}

START_TEST(of_two_savers_one_file_stands_there_whole) {
    pmkt_ids *ids[2] = {numbers(0, 3000), numbers(10000, 500)};
    const char *path = scratch_path("contested");
    save(ids[0], path);
    pthread_t threads[2];
    saver savers[2];
    for (int i = 0; i < 2; i++) {
        savers[i] = (saver){ids[i], path, scaled(60, 10)};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, save_again_and_again, &savers[i]), 0);
    }
    for (int64_t i = 0; i < scaled(100, 20); i++) {
        pmkt_ids *loaded = NULL;
        pmkt_error err;
        ck_assert_ok(pmkt_ids_load(path, NULL, NULL, &loaded, &err), err);
        const int64_t n = ids_counters(loaded).strings;
        REQUIRE(n == 3000 || n == 500);
        pmkt_ids_free(loaded);
    }
    for (int i = 0; i < 2; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(scratch_files(), 1);
    for (int i = 0; i < 2; i++) pmkt_ids_free(ids[i]);
}
END_TEST

START_TEST(a_link_is_replaced_and_what_it_named_is_not) {
    pmkt_ids *ids = numbers(0, 10);
    const char *target = scratch_path("target"), *path = scratch_path("link");
    file_write(target, "kept", 4);
    ck_assert_int_eq(symlink(target, path), 0);
    save(ids, path);
    struct stat what;
    ck_assert_int_eq(lstat(path, &what), 0);
    ck_assert(S_ISREG(what.st_mode));
    ck_assert(file_is(target, "kept", 4));
    ck_assert_int_eq(chmod(path, 0644), 0);
    save(ids, path);
    ck_assert_int_eq(lstat(path, &what), 0);
    ck_assert_int_eq(what.st_mode & 0777 & ~0600u, 0);
    pmkt_ids_free(ids);
}
END_TEST

/* -------------------------------------------------------------------- forking */

/* Everything that a dictionary and a set do, in a child. */
static bool works(pmkt_ids *ids, pmkt_idset *set, const strings *more) {
    const uint64_t id = id_of(3);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    return pmkt_ids_name(ids, id, NULL) && ids_learn(ids, more, 2, NULL, NULL) == PMKT_OK &&
           pmkt_ids_name(ids, id_of(70000), NULL) &&
           pmkt_ids_forget(ids, &id, 1, 0, NULL, NULL) == PMKT_OK &&
           !pmkt_ids_name(ids, id, NULL) && pmkt_ids_verify(ids, &run, NULL) == PMKT_OK &&
           pmkt_idset_update(set, &id, 1, &(uint64_t){77}, 1, NULL) == PMKT_OK &&
           pmkt_idset_contains(set, 77) && !pmkt_idset_contains(set, id);
}

START_TEST(a_child_goes_on_with_dictionaries_mappings_and_sets) {
    const char *path = scratch_path("forked");
    strings more = {0};
    strings_numbered(&more, 40000, 40000); /* enough for threads */
    pmkt_ids *ids[2] = {numbers(0, 40000), NULL};
    save(ids[0], path);
    ids[1] = map(path);
    const uint64_t id = id_of(3);
    for (int i = 0; i < 2; i++) {
        pmkt_idset *set = NULL;
        ck_assert_int_eq(pmkt_idset_new(&id, 1, NULL, &set, NULL), PMKT_OK);
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) _exit(works(ids[i], set, &more) ? 0 : 1);
        int status = -1;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        ck_assert_ptr_nonnull(pmkt_ids_name(ids[i], id, NULL)); /* the child's are copies */
        ck_assert(works(ids[i], set, &more));
        pmkt_idset_free(set);
    }
    for (int i = 0; i < 2; i++) pmkt_ids_free(ids[i]);
    strings_free(&more);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sharing");
    TOPIC(suite, "mappings", what_one_mapping_forgets_the_other_and_the_file_know,
          a_mapping_outlives_the_name_of_its_file);
    TOPIC(suite, "saving", of_two_savers_one_file_stands_there_whole,
          a_link_is_replaced_and_what_it_named_is_not);
    TOPIC(suite, "forking", a_child_goes_on_with_dictionaries_mappings_and_sets);
    return suite_run(suite);
}
