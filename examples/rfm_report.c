/*
 * rfm_report - who is worth what, from a CSV file of orders.
 *
 * Shows libpmkt at work from end to end: batches of a stream go into a state, the state is asked at
 * two dates, and the answers are summed, compared and written. The work is in rfm_report/: csv.c
 * reads records, rows.c makes events of them, state.c keeps what is known between two runs, export.c
 * and print*.c give the answer. This file ties them together.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pmkt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rfm_report/numbers.h"
#include "rfm_report/offers.h"
#include "rfm_report/options.h"
#include "rfm_report/report.h"
#include "rfm_report/rows.h"
#include "rfm_report/state.h"
#include "rfm_report/terminal.h"
#include "rfm_report/zone.h"

/* Everything that must be freed at the end, whatever happened. */
typedef struct session {
    options asked;
    zone where;
    offers offered;
    rows *in;
    int fd;
    int64_t file_bytes; /* 0 = not known */
    state known;
    pmkt_rfm_scores *now, *then;
    pmkt_rfm_migration *moves;
    pmkt_run run;
    int64_t as_of; /* PMKT_TIME_NULL until it is known */
    double started, read_at, scored_at;
} session;

/* Lets ^C end the library's long calls, and shows how far those behind the reading are. */
static int keep_going(void *ctx, double done, const char *stage) {
    const session *it = ctx;
    if (it->read_at > 0.0) progress("%s %.0f %%", stage, done * 100.0);
    return terminal_interrupted != 0;
}

/* Complains about a failed call of the library; returns the exit code. */
static int failed(const pmkt_error *err) {
    if (err->code != PMKT_E_CANCELED) complain("%s", err->message);
    return EXIT_DATA;
}

/* ------------------------------------------------------------------ prepare */

static int find_zone(session *it) {
    if (it->asked.tz == NULL) {
        zone_fixed(&it->where, it->asked.tz_offset);
        return EXIT_DONE;
    }
    return zone_named(&it->where, it->asked.tz) ? EXIT_DONE : EXIT_USAGE;
}

static int read_as_of(session *it) {
    it->as_of = PMKT_TIME_NULL;
    const char *text = it->asked.as_of;
    pmkt_error err;
    if (text == NULL ||
        pmkt_time_parse(text, strlen(text), &it->where.table, &it->as_of, &err) == PMKT_OK) {
        return EXIT_DONE;
    }
    complain("--as-of is a date such as 2011-12-10, or a time, not \"%s\"", text);
    return EXIT_USAGE;
}

/*
 * The state, and a first question to it: what is wrong with the options shows before reading.
 */
static int make_state(session *it) {
    pmkt_error err;
    const int code = state_open(&it->known, &it->asked, &it->where.table, &it->run);
    if (code != EXIT_DONE) return code;
    pmkt_rfm_scores *unused = NULL;
    if (pmkt_rfm_score(it->known.rfm, 0, &it->asked.score, &it->run, &unused, &err) != PMKT_OK) {
        failed(&err);
        return err.code == PMKT_E_INVALID ? EXIT_USAGE : EXIT_DATA;
    }
    pmkt_rfm_scores_free(unused);
    return EXIT_DONE;
}

static int open_input(session *it) {
    const char *path = it->asked.file;
    if (strcmp(path, "-") == 0) {
        it->asked.file = "stdin";
        it->fd = STDIN_FILENO;
        return EXIT_DONE;
    }
    it->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (it->fd < 0) {
        complain("cannot open %s: %s", path, strerror(errno));
        return EXIT_DATA;
    }
    struct stat about;
    if (fstat(it->fd, &about) == 0 && S_ISREG(about.st_mode)) it->file_bytes = about.st_size;
    return EXIT_DONE;
}

static int prepare(session *it) {
    int code = find_zone(it);
    if (code == EXIT_DONE) code = read_as_of(it);
    if (code == EXIT_DONE) code = make_state(it);
    if (code == EXIT_DONE && it->asked.offers != NULL &&
        !offers_read(&it->offered, it->asked.offers)) {
        code = EXIT_DATA;
    }
    if (code == EXIT_DONE) code = open_input(it);
    return code;
}

/* --------------------------------------------------------------------- read */

static void show_progress(const session *it) {
    char count[NUMBER_TEXT];
    number_count(it->in->read, count);
    if (it->file_bytes > 0) {
        progress("%s rows, %.0f %%", count,
                 100.0 * (double)it->in->reader.bytes / (double)it->file_bytes);
    } else {
        progress("%s rows, %.0f MB", count, (double)it->in->reader.bytes / 1e6);
    }
}

/* Gives the batch to the state. */
static int add_batch(session *it) {
    pmkt_events events;
    pmkt_report taken = PMKT_REPORT_INIT;
    pmkt_error err;
    rows_events(it->in, &events);
    if (pmkt_rfm_add(it->known.rfm, &events, &it->run, &taken, &err) != PMKT_OK)
        return failed(&err);
    rows_book_rejected(it->in, &taken);
    return EXIT_DONE;
}

/* Why there is nothing to report on. */
static int nothing_read(const session *it) {
    const rows *in = it->in;
    if (in->read == 0) {
        complain("%s: there is a header, but no row behind it", it->asked.file);
        return EXIT_DATA;
    }
    int worst = ROW_BAD;
    for (int fate = ROW_SKIPPED_KIND; fate < ROW_FATES; fate++) {
        if (in->fate[fate].count > in->fate[worst].count) worst = fate;
    }
    const tally *book = &in->fate[worst];
    complain("%s: none of the %" PRId64 " rows can be used; %" PRId64
             " of them: %s, first in line %" PRId64 "%s%s%s",
             it->asked.file, in->read, book->count, rows_fate_text((row_fate)worst),
             book->first_line, tally_opening(book), book->example, tally_closing(book));
    return EXIT_DATA;
}

static int read_all(session *it) {
    it->in = malloc(sizeof *it->in);
    if (it->in == NULL) {
        complain("out of memory");
        return EXIT_DATA;
    }
    rows_result result = rows_start(it->in, it->fd, &it->asked, &it->where.table, it->known.names);
    while (result == ROWS_MORE) {
        result = rows_next(it->in);
        if (result != ROWS_MORE && result != ROWS_END) break;
        int code = add_batch(it);
        if (code != EXIT_DONE) return code;
        show_progress(it);
    }
    if (result == ROWS_WRONG_USAGE) return EXIT_USAGE;
    if (result != ROWS_END) return EXIT_DATA;
    it->read_at = seconds_now();
    return it->in->fate[ROW_TAKEN].count == 0 ? nothing_read(it) : EXIT_DONE;
}

/* ---------------------------------------------------------------------- ask */

/* The midnight after the last event; at the end of the year 2999, the last instant there is. */
static pmkt_status day_after(const session *it, int64_t last_ms, int64_t *ms, pmkt_error *err) {
    int32_t day;
    pmkt_status status = pmkt_zone_days(&it->where.table, &last_ms, 1, &day, err);
    if (status != PMKT_OK) return status;
    status = pmkt_zone_day_start(&it->where.table, day + 1, ms, err);
    if (status == PMKT_OK && *ms >= PMKT_TIME_MAX) *ms = PMKT_TIME_MAX - 1;
    return status;
}

/* The same time of day, so many calendar days before. */
static pmkt_status days_before(const session *it, int64_t ms, int32_t days, int64_t *before,
                               pmkt_error *err) {
    int32_t day;
    int64_t start, earlier;
    pmkt_status status = pmkt_zone_days(&it->where.table, &ms, 1, &day, err);
    if (status == PMKT_OK) status = pmkt_zone_day_start(&it->where.table, day, &start, err);
    if (status == PMKT_OK)
        status = pmkt_zone_day_start(&it->where.table, day - days, &earlier, err);
    if (status == PMKT_OK) *before = earlier + (ms - start);
    return status;
}

/* Scores at as_of and, if anybody was known then, so many days before. */
static int score_both(session *it, report *about) {
    pmkt_error err;
    const pmkt_rfm_score_options *how = &it->asked.score;
    if (it->as_of == PMKT_TIME_NULL &&
        day_after(it, about->counters.last_event_ms, &it->as_of, &err) != PMKT_OK) {
        return failed(&err);
    }
    if (pmkt_rfm_score(it->known.rfm, it->as_of, how, &it->run, &it->now, &err) != PMKT_OK ||
        pmkt_rfm_scores_columns(it->now, &about->columns, &err) != PMKT_OK) {
        return failed(&err);
    }
    about->as_of = it->as_of;
    if (it->asked.days == 0) return EXIT_DONE;
    if (days_before(it, it->as_of, it->asked.days, &about->before, &err) != PMKT_OK) {
        about->before = PMKT_TIME_NULL; /* before the year 1700 */
    }
    if (about->before <= about->counters.first_event_ms) return EXIT_DONE;
    if (pmkt_rfm_score(it->known.rfm, about->before, how, &it->run, &it->then, &err) != PMKT_OK ||
        pmkt_rfm_migrate(it->then, it->now, PMKT_RFM_BY_SEGMENT, &it->run, &it->moves, &err) !=
            PMKT_OK) {
        return failed(&err);
    }
    return EXIT_DONE;
}

static int ask(session *it, report *about) {
    pmkt_error err;
    pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    about->columns = columns;
    about->counters = counters;
    about->before = PMKT_TIME_NULL;
    if (pmkt_rfm_compact(it->known.rfm, &it->run, &err) != PMKT_OK ||
        pmkt_rfm_stats(it->known.rfm, &about->counters, &err) != PMKT_OK) {
        return failed(&err);
    }
    int code = score_both(it, about);
    if (code != EXIT_DONE) return code;
    if (about->columns.rows == 0) {
        char first[32];
        pmkt_time_format(about->counters.first_event_ms, &it->where.table, first, NULL);
        complain("no customer was known before %s: the first event is of %s", it->asked.as_of,
                 first);
        return EXIT_DATA;
    }
    it->scored_at = seconds_now();
    return EXIT_DONE;
}

/* --------------------------------------------------------------------- give */

static int give(const session *it, report *about) {
    about->asked = &it->asked;
    about->in = it->in;
    about->names = it->known.names;
    about->rows_before = it->known.rows_before;
    about->where = &it->where;
    about->offered = it->asked.offers == NULL ? NULL : &it->offered;
    about->now = it->now;
    about->then = it->then;
    about->moves = it->moves;
    about->read_seconds = it->read_at - it->started;
    about->score_seconds = it->scored_at - it->read_at;
    progress_end();
    bool good = it->asked.out == NULL || report_export(about);
    if (!it->asked.quiet) report_print(about);
    good = good && state_save(&it->known, &it->asked, &it->run);
    return good ? EXIT_DONE : EXIT_DATA;
}

/* Output that was not written is an error, not a shorter report. */
static int close_stdout(int code) {
    if (ferror(stdout) || fclose(stdout) != 0) {
        complain("cannot write to stdout: %s", strerror(errno));
        return code == EXIT_DONE ? EXIT_DATA : code;
    }
    return code;
}

static void clean_up(session *it) {
    pmkt_rfm_migration_free(it->moves);
    pmkt_rfm_scores_free(it->then);
    pmkt_rfm_scores_free(it->now);
    state_free(&it->known);
    if (it->in != NULL) rows_free(it->in);
    free(it->in);
    offers_free(&it->offered);
    zone_free(&it->where);
    if (it->fd > STDIN_FILENO) close(it->fd);
}

static int work(session *it) {
    report about;
    memset(&about, 0, sizeof about);
    int code = prepare(it);
    it->started = seconds_now();
    if (code == EXIT_DONE) code = read_all(it);
    if (code == EXIT_DONE) code = ask(it, &about);
    if (code == EXIT_DONE) code = give(it, &about);
    progress_end();
    return code;
}

int main(int argc, char **argv) {
    /* The report goes out in one piece, so that a full disk shows at the end with its reason. */
    static char whole_report[1 << 18];
    setvbuf(stdout, whole_report, _IOFBF, sizeof whole_report);
    session it;
    memset(&it, 0, sizeof it);
    int code = options_parse(&it.asked, argc, argv);
    if (code != EXIT_DONE) return code;
    if (it.asked.help) {
        options_print_help();
        return close_stdout(EXIT_DONE);
    }
    if (it.asked.version) {
        printf("rfm_report %s (%s)\n", pmkt_version(), pmkt_build_info());
        return close_stdout(EXIT_DONE);
    }
    pmkt_run_init(&it.run);
    it.run.threads = it.asked.threads;
    it.run.progress.fn = keep_going;
    it.run.progress.ctx = &it;
    if (it.asked.quiet) progress_off();
    terminal_catch_interrupt();
    code = work(&it);
    clean_up(&it);
    if (terminal_interrupted) terminal_end_interrupted();
    return close_stdout(code);
}
