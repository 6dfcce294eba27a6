/*
 * Files as the system sees them: a reader sees the old one or the new one, nothing is left behind,
 * and what fails says what and where.
 */
#define _GNU_SOURCE /* RLIMIT_FSIZE, setitimer, pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/io.h"
#include "support/files.h"
#include "support/rfm_file.h"
#include "support/suite.h"

static pmkt_allocator heap(void) {
    pmkt_allocator allocator;
    ck_assert_int_eq(pmkti_allocator_check(NULL, &allocator, NULL), PMKT_OK);
    return allocator;
}

static pmkt_status write_text(const char *path, const char *text, pmkt_error *err) {
    const pmkt_allocator allocator = heap();
    pmkti_out out;
    pmkt_status status = pmkti_out_open(&allocator, path, &out, err);
    if (status) return status;
    status = pmkti_out_put(&out, text, strlen(text), err);
    if (!status) return pmkti_out_commit(&out, true, err);
    pmkti_out_abort(&out);
    return status;
}

static void check_failure(const pmkt_error *err, int error, const char *part_of_message) {
    ck_assert_int_eq(err->code, PMKT_E_IO);
    ck_assert_int_eq(err->sys_errno, error);
    ck_assert_msg(strstr(err->message, part_of_message) != NULL, "%s", err->message);
}

/* ------------------------------------------------------------------ writing */

START_TEST(the_name_appears_at_the_end) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("late");
    pmkt_error err = {0};
    pmkti_out out;
    errno = 77;
    ck_assert_ok(pmkti_out_open(&allocator, path, &out, &err), err);
    ck_assert_ok(pmkti_out_put(&out, "_ello", 5, &err), err);
    ck_assert_ok(pmkti_out_put_at(&out, 0, "h", 1, &err), err);
    ck_assert_int_eq(access(path, F_OK), -1);
    errno = 77;
    ck_assert_int_eq(scratch_files(), 1);
    ck_assert_ok(pmkti_out_commit(&out, true, &err), err);
    ck_assert(file_is(path, "hello", 5));
    ck_assert_int_eq(scratch_files(), 1);
    ck_assert_ok(write_text(path, "again", &err), err);
    ck_assert(file_is(path, "again", 5));
    ck_assert_int_eq(errno, 77);
}
END_TEST

START_TEST(what_is_dropped_leaves_nothing) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("dropped");
    file_write(path, "old", 3);
    pmkti_out out;
    ck_assert_int_eq(pmkti_out_open(&allocator, path, &out, NULL), PMKT_OK);
    ck_assert_int_eq(pmkti_out_put(&out, "new", 3, NULL), PMKT_OK);
    ck_assert_int_eq(scratch_files(), 2);
    pmkti_out_abort(&out);
    ck_assert_int_eq(scratch_files(), 1);
    ck_assert(file_is(path, "old", 3));
}
END_TEST

START_TEST(only_the_owner_can_read_it) {
    const mode_t before = umask(0);
    const char *path = scratch_path("private");
    ck_assert_int_eq(write_text(path, "secret", NULL), PMKT_OK);
    umask(before);
    struct stat what;
    ck_assert_int_eq(stat(path, &what), 0);
    ck_assert_int_eq(what.st_mode & 07777, 0600);
}
END_TEST

START_TEST(descriptors_are_not_inherited) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("inherited");
    pmkti_out out;
    ck_assert_int_eq(pmkti_out_open(&allocator, path, &out, NULL), PMKT_OK);
    ck_assert(fcntl(out.fd, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(out.directory, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(pmkti_out_commit(&out, false, NULL), PMKT_OK);
    pmkti_in in;
    ck_assert_int_eq(pmkti_in_open(path, &in, NULL), PMKT_OK);
    ck_assert(fcntl(in.fd, F_GETFD) & FD_CLOEXEC);
    pmkti_in_close(&in);
    ck_assert_int_eq(in.fd, -1);
}
END_TEST

START_TEST(names_may_be_relative_and_long) {
    char *home = realpath(".", NULL);
    ck_assert_int_eq(chdir(scratch_directory()), 0);
    pmkt_error err = {0};
    char longest[256];
    memset(longest, 'n', 255); /* the longest that a directory takes */
    longest[255] = '\0';
    ck_assert_ok(write_text("plain", "1", &err), err);
    ck_assert_ok(write_text("./dotted", "2", &err), err);
    ck_assert_ok(write_text(longest, "3", &err), err);
    ck_assert(file_is("plain", "1", 1) && file_is("dotted", "2", 1) && file_is(longest, "3", 1));
    ck_assert_int_eq(chdir(home), 0);
    free(home);
}
END_TEST

/* A save is long, and a program may go elsewhere meanwhile. */
START_TEST(a_relative_name_is_of_where_the_program_was) {
    const pmkt_allocator allocator = heap();
    char *home = realpath(".", NULL);
    for (int aborts = 0; aborts < 2; aborts++) {
        pmkt_error err = {0};
        pmkti_out out;
        ck_assert_int_eq(chdir(scratch_directory()), 0);
        ck_assert_ok(pmkti_out_open(&allocator, "./moved", &out, &err), err);
        ck_assert_ok(pmkti_out_put(&out, "1", 1, &err), err);
        ck_assert_int_eq(chdir("/"), 0);
        if (aborts)
            pmkti_out_abort(&out);
        else
            ck_assert_ok(pmkti_out_commit(&out, true, &err), err);
        ck_assert_int_eq(chdir(home), 0);
        ck_assert_int_eq(scratch_files(), 1);
        ck_assert(file_is(scratch_path("moved"), "1", 1));
    }
    free(home);
}
END_TEST

START_TEST(what_is_no_place_for_a_file_is_refused) {
    pmkt_error err = {0};
    char endless[5000];
    memset(endless, 'n', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    const char *fifo = scratch_path("fifo");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(write_text(scratch_directory(), "x", &err), PMKT_E_IO);
    check_failure(&err, EISDIR, "is a directory");
    ck_assert_int_eq(write_text(scratch_path("no/where"), "x", &err), PMKT_E_IO);
    check_failure(&err, ENOENT, "no/where: there is no such");
    ck_assert_int_eq(write_text(fifo, "x", &err), PMKT_E_IO);
    check_failure(&err, EINVAL, "fifo: it is a device, a pipe");
    ck_assert_int_eq(write_text("/dev/null", "x", &err), PMKT_E_IO); /* it is not replaced */
    check_failure(&err, EINVAL, "not a regular file");
    ck_assert_int_eq(write_text("", "x", &err), PMKT_E_IO);
    check_failure(&err, ENOENT, "cannot create \"\": there is no such"); /* before it writes */
    ck_assert_int_eq(write_text(endless, "x", &err), PMKT_E_IO);
    check_failure(&err, ENAMETOOLONG, "name is too long");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

/* ------------------------------------------------------------------ failing */

/* With the largest size of a file at `bytes`, which stands for a disk that is full. libcheck writes
   to a file at each of its asserts, so there must be none until it is lifted. */
static int limit_files(rlim_t bytes) {
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    return setrlimit(RLIMIT_FSIZE, &limit);
}

START_TEST(a_disk_that_is_full_leaves_the_old_file) {
    /* A program that does not know of SIGXFSZ is not ended by it. */
    const char *path = scratch_path("full");
    pmkt_rfm *rfm = saved_state(SAVED_HISTORY, 5000, 1);
    pmkt_rfm *small = saved_state(SAVED_HISTORY, 10, 1);
    save_to(small, path);
    file_bytes before = file_read(path);
    pmkt_error err = {0};
    for (rlim_t bytes = 0; bytes < 400000; bytes += 40000) {
        const int failed = limit_files(bytes);
        const pmkt_status status = pmkt_rfm_save(rfm, path, NULL, NULL, &err);
        (void)limit_files(RLIM_INFINITY);
        ck_assert_int_eq(failed, 0);
        ck_assert_int_eq(status, PMKT_E_IO);
        check_failure(&err, EFBIG, "cannot write");
        ck_assert(file_is(path, before.at, before.n));
        ck_assert_int_eq(scratch_files(), 1);
    }
    ck_assert_ok(pmkt_rfm_save(rfm, path, NULL, NULL, &err), err);
    file_free(&before);
    pmkt_rfm_free(rfm);
    pmkt_rfm_free(small);
}
END_TEST

START_TEST(a_link_is_replaced_and_its_target_stays) {
    const char *target = scratch_path("target"), *link = scratch_path("link");
    pmkt_error err = {0};
    struct stat now;
    file_write(target, "old", 3);
    ck_assert_int_eq(symlink(target, link), 0);
    ck_assert_ok(write_text(link, "new", &err), err);
    ck_assert_int_eq(lstat(link, &now), 0);
    ck_assert(S_ISREG(now.st_mode));
    ck_assert(file_is(link, "new", 3) && file_is(target, "old", 3));
}
END_TEST

START_TEST(a_device_that_is_full_is_seen) {
    const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return; /* not a Linux */
    ck_assert_int_eq(pmkti_write_all(fd, "x", 1), ENOSPC);
    pmkti_out out = {.fd = fd, .directory = -1, .path = "/dev/full"};
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_out_put(&out, "x", 1, &err), PMKT_E_IO);
    check_failure(&err, ENOSPC, "no space");
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(pmkti_write_all(-1, "x", 1), EBADF);
}
END_TEST

START_TEST(a_descriptor_that_fails_late_fails_the_commit) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("late_failure");
    file_write(path, "old", 3);
    for (int synced = 0; synced < 2; synced++) {
        pmkti_out out;
        pmkt_error err = {0};
        ck_assert_int_eq(pmkti_out_open(&allocator, path, &out, &err), PMKT_OK);
        ck_assert_int_eq(close(out.fd), 0); /* as if the system had lost it */
        ck_assert_int_eq(pmkti_out_commit(&out, synced, &err), PMKT_E_IO);
        check_failure(&err, EBADF, "cannot write");
        ck_assert(file_is(path, "old", 3));
        ck_assert_int_eq(scratch_files(), 1);
    }
}
END_TEST

START_TEST(a_target_that_becomes_a_directory_is_seen) {
    const pmkt_allocator allocator = heap();
    const char *path = scratch_path("becomes");
    pmkti_out out;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_out_open(&allocator, path, &out, &err), PMKT_OK);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(pmkti_out_commit(&out, true, &err), PMKT_E_IO);
    check_failure(&err, EISDIR, "cannot replace");
    ck_assert_int_eq(scratch_files(), 1);
}
END_TEST

START_TEST(the_end_of_a_long_path_is_shown) {
    char path[400];
    memset(path, 'd', sizeof path);
    path[0] = '/';
    strcpy(path + 200, "/the_name_that_counts");
    pmkti_in in;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_in_open(path, &in, &err), PMKT_E_IO);
    check_failure(&err, ENOENT, "the_name_that_counts");
    ck_assert_ptr_nonnull(strstr(err.message, "cannot open ..."));
}
END_TEST

/* ------------------------------------------------------------------ reading */

START_TEST(only_files_are_opened) {
    pmkti_in in;
    pmkt_error err = {0};
    const char *fifo = scratch_path("fifo");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(pmkti_in_open(fifo, &in, &err), PMKT_E_IO); /* and does not wait */
    ck_assert_int_eq(pmkti_in_open(scratch_directory(), &in, &err), PMKT_E_IO);
    check_failure(&err, EISDIR, "is a directory");
    ck_assert_int_eq(pmkti_in_open(scratch_path("none"), &in, &err), PMKT_E_IO);
    check_failure(&err, ENOENT, "none");
    ck_assert_int_eq(pmkti_in_open("/dev/zero", &in, &err), PMKT_E_IO);
    check_failure(&err, EINVAL, "not a regular file");
    pmkt_rfm *rfm = NULL;
    ck_assert_int_eq(pmkt_rfm_load(scratch_path("none"), NULL, NULL, &rfm, &err), PMKT_E_IO);
    check_failure(&err, ENOENT, "none");
    ck_assert_int_eq(pmkt_rfm_map(scratch_directory(), NULL, &rfm, &err), PMKT_E_IO);
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    ck_assert_int_eq(pmkt_file_inspect(scratch_path("none"), &info, &err), PMKT_E_IO);
    ck_assert_int_eq(pmkt_file_verify(scratch_path("none"), NULL, &err), PMKT_E_IO);
}
END_TEST

START_TEST(what_may_not_be_read_is_refused) {
    const char *path = scratch_path("secret");
    file_write(path, "x", 1);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (access(path, R_OK) == 0) return; /* root reads everything */
    pmkti_in in;
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_in_open(path, &in, &err), PMKT_E_IO);
    check_failure(&err, EACCES, "permission");
}
END_TEST

START_TEST(reading_stops_at_the_end) {
    const char *path = scratch_path("short");
    file_write(path, "0123456789", 10);
    pmkti_in in;
    ck_assert_int_eq(pmkti_in_open(path, &in, NULL), PMKT_OK);
    ck_assert_int_eq(in.size, 10);
    char to[20];
    size_t got = 99;
    ck_assert_int_eq(pmkti_in_read(&in, path, 3, to, 4, &got, NULL), PMKT_OK);
    ck_assert(got == 4 && memcmp(to, "3456", 4) == 0);
    ck_assert_int_eq(pmkti_in_read(&in, path, 8, to, 20, &got, NULL), PMKT_OK);
    ck_assert_uint_eq(got, 2);
    ck_assert_int_eq(pmkti_in_read(&in, path, 50, to, 20, &got, NULL), PMKT_OK);
    ck_assert_uint_eq(got, 0);
    pmkti_in_close(&in);
    pmkt_error err = {0};
    ck_assert_int_eq(pmkti_in_read(&in, path, 0, to, 1, &got, &err), PMKT_E_IO);
    check_failure(&err, EBADF, "cannot read");
}
END_TEST

/* --------------------------------------------------------- broken-off calls */

#define PIPED 3000000

static void on_alarm(int number) {
    (void)number;
}

static void *fill_pipe(void *arg) {
    unsigned char *bytes = malloc(PIPED);
    if (!bytes) return NULL;
    for (size_t i = 0; i < PIPED; i++) bytes[i] = (unsigned char)(i * 7 >> 3);
    const int error = pmkti_write_all(*(int *)arg, bytes, PIPED);
    free(bytes);
    (void)close(*(int *)arg);
    return error ? NULL : arg;
}

/* A pipe moves little at a time, and a timer breaks off whatever call is under way. */
START_TEST(calls_that_are_broken_off_go_on) {
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm; /* without SA_RESTART: calls end with EINTR */
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    pthread_t writer;
    ck_assert_int_eq(pthread_create(&writer, NULL, fill_pipe, &ends[1]), 0);
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    unsigned char *bytes = malloc(PIPED + 1);
    ck_assert_ptr_nonnull(bytes);
    size_t got = 0;
    const int error = pmkti_read_all(ends[0], bytes, PIPED + 1, &got);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    void *result = NULL;
    ck_assert_int_eq(pthread_join(writer, &result), 0);
    ck_assert_ptr_nonnull(result);
    ck_assert_int_eq(error, 0);
    ck_assert_uint_eq(got, PIPED);
    for (size_t i = 0; i < PIPED; i++) {
        if (bytes[i] != (unsigned char)(i * 7 >> 3)) ck_abort_msg("byte %zu", i);
    }
    free(bytes);
    close(ends[0]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("io");
    TOPIC(suite, "writing", the_name_appears_at_the_end, what_is_dropped_leaves_nothing,
          only_the_owner_can_read_it, descriptors_are_not_inherited, names_may_be_relative_and_long,
          a_relative_name_is_of_where_the_program_was, what_is_no_place_for_a_file_is_refused);
    TOPIC(suite, "failing", a_disk_that_is_full_leaves_the_old_file,
          a_link_is_replaced_and_its_target_stays, a_device_that_is_full_is_seen,
          a_descriptor_that_fails_late_fails_the_commit, a_target_that_becomes_a_directory_is_seen,
          the_end_of_a_long_path_is_shown);
    TOPIC(suite, "reading", only_files_are_opened, what_may_not_be_read_is_refused,
          reading_stops_at_the_end);
    TOPIC(suite, "broken off", calls_that_are_broken_off_go_on);
    return suite_run(suite);
}
