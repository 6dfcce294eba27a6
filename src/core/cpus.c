/*
 * cpus.c - how many threads the process is allowed: its CPU affinity, capped by the CPU quota of
 * its cgroup (a container with two cores' worth on a 64-core machine should start two threads, not
 * 64).
 */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include <fcntl.h>
#include <sched.h>
#endif
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/cpus.h"
#include "pmkt/base.h"

static const char *skip_number(const char *s, int64_t *value) {
    int64_t v = 0;
    const char *p = s;
    while (*p >= '0' && *p <= '9' && v < INT64_MAX / 10 - 10) v = v * 10 + (*p++ - '0');
    if (p == s) return NULL;
    *value = v;
    return p;
}

int32_t pmkti_cgroup_cpus(const char *text) {
    int64_t quota = 0, period = 0;
    const char *p = skip_number(text, &quota); /* "max" is no number: no limit */
    if (!p || *p != ' ') return 0;
    if (!skip_number(p + 1, &period) || period == 0 || quota == 0) return 0;
    const int64_t cpus = quota / period + (quota % period != 0);
    return cpus < INT32_MAX ? (int32_t)cpus : INT32_MAX;
}

#if defined(__linux__)

static bool read_text(const char *path, char *text, size_t room) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = read(fd, text, room - 1);
    (void)close(fd);
    if (got < 0) return false;
    text[got] = '\0';
    return true;
}

/* The least quota of the process's own cgroup (v2) and those above it, or 0. */
static int32_t quota_of_groups(void) {
    char groups[1024], path[1200], text[64];
    if (!read_text("/proc/self/cgroup", groups, sizeof groups)) return 0;
    const char *own = strstr(groups, "0::/");
    if (!own) return 0;
    const size_t length = strcspn(own + 3, "\n");
    static const char root[] = "/sys/fs/cgroup", file[] = "/cpu.max";
    memcpy(path, root, sizeof root);
    memcpy(path + sizeof root - 1, own + 3, length);
    char *end = path + sizeof root - 1 + length;
    int32_t least = 0;
    while (end >= path + sizeof root - 1) {
        memcpy(end, file, sizeof file);
        const int32_t cpus = read_text(path, text, sizeof text) ? pmkti_cgroup_cpus(text) : 0;
        if (cpus > 0 && (least == 0 || cpus < least)) least = cpus;
        do {
            end--;
        } while (end > path && *end != '/');
    }
    return least;
}

static int32_t affinity(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (int32_t)CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than the set has room for */
    return online > 0 && online < INT32_MAX ? (int32_t)online : 1;
}

#else

static int32_t quota_of_groups(void) {
    return 0;
}

static int32_t affinity(void) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < INT32_MAX ? (int32_t)online : 1;
}

#endif

int32_t pmkt_default_threads(void) {
    const int saved_errno = errno;
    const int32_t cpus = affinity(), quota = quota_of_groups();
    errno = saved_errno;
    return quota > 0 && quota < cpus ? quota : cpus;
}
