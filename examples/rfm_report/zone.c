#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "terminal.h"

#define DAY 86400
#define FROM INT64_C(-2208988800) /* 1900-01-01 */
#define TO INT64_C(4102444800)    /* 2100-01-01 */

void zone_fixed(zone *out, int offset_minutes) {
    memset(out, 0, sizeof *out);
    pmkt_zone_init(&out->table);
    out->table.offset_minutes = offset_minutes;
}

void zone_free(zone *out) {
    free(out->transitions);
    memset(out, 0, sizeof *out);
}

/* The C library takes an unknown name for UTC without a word, so the file is looked at first. */
static bool zone_file_exists(const char *name) {
    const char *directory = getenv("TZDIR");
    if (directory == NULL || directory[0] == '\0') directory = "/usr/share/zoneinfo";
    char path[1024];
    char magic[4] = "";
    int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    bool fits = length > 0 && (size_t)length < sizeof path && name[0] != '\0' && name[0] != '/' &&
                strstr(name, "..") == NULL;
    FILE *file = fits ? fopen(path, "rbe") : NULL;
    bool found = file != NULL && fread(magic, 1, sizeof magic, file) == sizeof magic &&
                 memcmp(magic, "TZif", sizeof magic) == 0;
    if (file != NULL) fclose(file);
    if (!found) {
        complain(
            "there is no time zone \"%s\" in %s (names are like Asia/Shanghai; the files come "
            "with the package tzdata); --tz-offset MINUTES needs no file",
            name, directory);
    }
    return found;
}

static int32_t offset_at(int64_t seconds) {
    time_t when = (time_t)seconds;
    struct tm local;
    if (localtime_r(&when, &local) == NULL) return 0;
    return (int32_t)(local.tm_gmtoff / 60);
}

/* The first second after `before` with another offset, where `after` has another one. */
static int64_t find_change(int64_t before, int64_t after, int32_t offset) {
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        if (offset_at(middle) == offset) {
            before = middle;
        } else {
            after = middle;
        }
    }
    return after;
}

static bool add_transition(zone *out, int64_t from, int32_t offset) {
    int64_t n = out->table.n_transitions;
    if ((n & (n - 1)) == 0) { /* the room doubles at every power of two */
        size_t room = n == 0 ? 1 : (size_t)n * 2;
        pmkt_transition *list = realloc(out->transitions, room * sizeof *list);
        if (list == NULL) return false;
        out->transitions = list;
    }
    pmkt_transition added = {from * 1000, offset, 0};
    out->transitions[n] = added;
    out->table.transitions = out->transitions;
    out->table.n_transitions = n + 1;
    return true;
}

bool zone_named(zone *out, const char *name) {
    zone_fixed(out, 0);
    if (strcmp(name, "UTC") == 0) return true;
    if (!zone_file_exists(name)) return false;
    if (setenv("TZ", name, 1) != 0) {
        complain("out of memory");
        return false;
    }
    tzset();
    int32_t offset = offset_at(FROM);
    out->table.offset_minutes = offset;
    for (int64_t day = FROM; day < TO; day += DAY) {
        int32_t next = offset_at(day + DAY);
        if (next == offset) continue;
        if (!add_transition(out, find_change(day, day + DAY, offset), next)) {
            zone_free(out);
            complain("out of memory");
            return false;
        }
        offset = next;
    }
    return true;
}
