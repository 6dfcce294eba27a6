#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "numbers.h"
#include "report.h"
#include "terminal.h"

/* Customers looked up at once. */
#define CHUNK 4096

/* Group names and offers by code, looked up once. */
typedef struct lookup {
    const char *segment[256], *before[256], *activity[256], *lifecycle[256], *stage[256];
    const char *tier[256], *own[256], *by_stage[256], *benefit[256];
    uint8_t *win_back; /* [rows] */
} lookup;

/* ------------------------------------------------------------------- fields */

/* Writes a text, in quotes if it needs them. */
static void put_text(FILE *to, const char *text, size_t length) {
    bool plain = true;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r') plain = false;
    }
    if (plain) {
        fwrite(text, 1, length, to);
        return;
    }
    putc('"', to);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') putc('"', to);
        putc(text[i], to);
    }
    putc('"', to);
}

static void put_name(FILE *to, const char *text) {
    putc(',', to);
    if (text != NULL) put_text(to, text, strlen(text));
}

/* Money in the units of the file; empty where the file has none. */
static void put_money(FILE *to, const report *about, int64_t minor) {
    char text[NUMBER_TEXT];
    putc(',', to);
    if (!about->asked->no_amounts) {
        fputs(number_money(minor, about->asked->exponent, false, text), to);
    }
}

static void put_header(FILE *to, const report *about) {
    fputs(
        "customer,recency_days,orders,orders_per_month,average_order,revenue,tenure_days,r,f,m,"
        "class,activity,lifecycle,brand_stage,at_risk,tier,tier_spend,to_next_tier",
        to);
    if (about->moves != NULL) fputs(",class_before,win_back", to);
    if (about->offered != NULL) fputs(",offer,tier_benefit", to);
    putc('\n', to);
}

static void put_row(FILE *to, const report *about, const lookup *names, int64_t row,
                    const uint8_t *before) {
    const pmkt_rfm_columns *c = &about->columns;
    bool ordered = c->recency_days[row] >= 0;
    putc(',', to);
    if (ordered) fprintf(to, "%d", c->recency_days[row]);
    fprintf(to, ",%" PRId64 ",%.6g", c->orders[row], c->orders_per_month[row]);
    put_money(to, about, c->average_order[row]);
    put_money(to, about, c->revenue[row]);
    fprintf(to, ",%d,%d,%d,%d", c->tenure_days[row], c->r[row], c->f[row], c->m[row]);
    put_name(to, names->segment[c->segment[row]]);
    put_name(to, names->activity[c->activity[row]]);
    put_name(to, names->lifecycle[c->lifecycle[row]]);
    put_name(to, names->stage[c->brand_stage[row]]);
    fprintf(to, ",%d", (c->flags[row] & PMKT_RFM_FLAG_AT_RISK) != 0);
    put_name(to, about->asked->no_amounts ? NULL : names->tier[c->tier[row]]);
    put_money(to, about, c->tier_spend[row]);
    put_money(to, about, c->to_next_tier[row]);
    if (about->moves != NULL) {
        put_name(to, before == NULL ? NULL : names->before[*before]);
        fprintf(to, ",%d", names->win_back[row]);
    }
    if (about->offered != NULL) {
        const char *own = names->own[c->segment[row]];
        put_name(to, own != NULL ? own : names->by_stage[c->lifecycle[row]]);
        put_name(to, about->asked->no_amounts ? NULL : names->benefit[c->tier[row]]);
    }
    putc('\n', to);
}

/* ------------------------------------------------------------------- lookup */

static void look_up_names(const pmkt_rfm_scores *scores, int32_t by, const char *names[256]) {
    int32_t codes = pmkt_rfm_scores_codes(scores, by);
    for (int32_t i = 0; i < 256; i++) {
        names[i] = i < codes ? pmkt_rfm_scores_name(scores, by, i) : NULL;
    }
}

static void look_up_offers(const offers *table, int32_t by, const char *const names[256],
                           const char *texts[256]) {
    for (int32_t i = 0; i < 256; i++) {
        bool known = table != NULL && names[i] != NULL;
        texts[i] = known ? offers_find(table, by, names[i]) : NULL;
    }
}

/* Marks the rows of the win-back list. */
static bool look_up_win_back(const report *about, lookup *out) {
    out->win_back = calloc((size_t)about->columns.rows + 1, 1);
    if (out->win_back == NULL) {
        complain("out of memory");
        return false;
    }
    int64_t n = 0;
    const uint64_t *users = about->moves == NULL
                                ? NULL
                                : pmkt_rfm_migration_list(about->moves, PMKT_RFM_LIST_WIN_BACK, &n);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = -1;
        pmkt_rfm_scores_find(about->now, &users[i], 1, &row, NULL);
        if (row >= 0) out->win_back[row] = 1;
    }
    return true;
}

static bool look_up(const report *about, lookup *out) {
    memset(out, 0, sizeof *out);
    look_up_names(about->now, PMKT_RFM_BY_SEGMENT, out->segment);
    look_up_names(about->now, PMKT_RFM_BY_ACTIVITY, out->activity);
    look_up_names(about->now, PMKT_RFM_BY_LIFECYCLE, out->lifecycle);
    look_up_names(about->now, PMKT_RFM_BY_BRAND_STAGE, out->stage);
    look_up_names(about->now, PMKT_RFM_BY_TIER, out->tier);
    if (about->then != NULL) look_up_names(about->then, PMKT_RFM_BY_SEGMENT, out->before);
    look_up_offers(about->offered, PMKT_RFM_BY_SEGMENT, out->segment, out->own);
    look_up_offers(about->offered, PMKT_RFM_BY_LIFECYCLE, out->lifecycle, out->by_stage);
    look_up_offers(about->offered, PMKT_RFM_BY_TIER, out->tier, out->benefit);
    return look_up_win_back(about, out);
}

/* --------------------------------------------------------------------- rows */

/* Writes all customers who were known before as_of; returns how many, -1 if interrupted. */
static int64_t put_customers(FILE *to, const report *about, const lookup *names) {
    const pmkt_rfm_columns *c = &about->columns;
    pmkt_rfm_columns before = PMKT_RFM_COLUMNS_INIT;
    int64_t then[CHUNK], written = 0;
    if (about->then != NULL) pmkt_rfm_scores_columns(about->then, &before, NULL);
    for (int64_t from = 0; from < c->rows && !ferror(to); from += CHUNK) {
        int64_t n = c->rows - from < CHUNK ? c->rows - from : CHUNK;
        if (about->then != NULL) {
            pmkt_rfm_scores_find(about->then, c->user + from, n, then, NULL);
        }
        for (int64_t i = 0; i < n; i++) {
            size_t length;
            const char *text = pmkt_ids_name(about->names, c->user[from + i], &length);
            if (text == NULL) continue;
            bool was_there = about->then != NULL && then[i] >= 0;
            put_text(to, text, length);
            put_row(to, about, names, from + i, was_there ? &before.segment[then[i]] : NULL);
            written++;
        }
        if (terminal_interrupted) return -1;
    }
    return written;
}

/* --------------------------------------------------------------------- file */

/* Where the rows go while they are written: beside a regular file, else to the place itself. */
typedef struct target {
    const char *path;
    char *temporary; /* NULL = written directly */
    FILE *file;
} target;

static bool open_target(target *out, const char *path) {
    struct stat about;
    bool direct = strcmp(path, "-") == 0 || (lstat(path, &about) == 0 && !S_ISREG(about.st_mode));
    out->path = path;
    out->temporary = NULL;
    if (direct) {
        out->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    } else {
        int fd = asprintf(&out->temporary, "%s.XXXXXX", path) < 0 ? -1 : mkstemp(out->temporary);
        mode_t mask = umask(0);
        umask(mask);
        if (fd >= 0) fchmod(fd, 0666 & ~mask); /* mkstemp makes it private */
        out->file = fd < 0 ? NULL : fdopen(fd, "w");
    }
    if (out->file != NULL) return true;
    complain("cannot write %s: %s", path, strerror(errno));
    free(out->temporary);
    return false;
}

/* Puts the file in its place, or takes it away. */
static bool close_target(target *out, bool keep) {
    int failed = ferror(out->file) ? errno : 0;
    bool was_bad = ferror(out->file) != 0;
    if ((out->file == stdout ? fflush(stdout) : fclose(out->file)) != 0) {
        was_bad = true;
        failed = errno;
    }
    if (keep && !was_bad && out->temporary != NULL && rename(out->temporary, out->path) != 0) {
        was_bad = true;
        failed = errno;
    }
    if (was_bad && keep) {
        complain("cannot write %s: %s", out->path, failed != 0 ? strerror(failed) : "write error");
    }
    if (out->temporary != NULL && (was_bad || !keep)) unlink(out->temporary);
    free(out->temporary);
    return !was_bad && keep;
}

bool report_export(const report *about) {
    lookup *names = malloc(sizeof *names);
    target to;
    if (names == NULL) {
        complain("out of memory");
        return false;
    }
    bool good = look_up(about, names) && open_target(&to, about->asked->out);
    if (good) {
        put_header(to.file, about);
        int64_t written = put_customers(to.file, about, names);
        bool whole = written == about->columns.rows || ferror(to.file);
        if (!whole && !terminal_interrupted) {
            complain("the names of only %" PRId64 " of %" PRId64 " customers are known", written,
                     about->columns.rows);
        }
        good = close_target(&to, whole);
    }
    free(names->win_back);
    free(names);
    return good;
}
