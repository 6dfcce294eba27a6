/*
 * live - what are they about to do, now: reads what customers do, event by event, and prints their intents as
 * they fire.
 *
 * Shows a tracker at work: rules and a model, one event a call, the clock that lets silence speak, evidence, and
 * rules that are swapped under it. The command line, the stream, the file of the rules, the printing and the
 * stopwatch are in live/; here is what one does with the library.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/live.h"
#include "shop/program.h"
#include "shop/shop.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS INT64_C(60000)

static volatile sig_atomic_t interrupted = 0;

static void interrupt(int number) {
    interrupted = number;
}

/* The first of these ends the reading, the second the program. */
static void catch_signal(int number) {
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    action.sa_flags = (int)SA_RESETHAND; /* no SA_RESTART: a waiting read() must come back */
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN) return; /* nohup */
    sigaction(number, &action, NULL);
}

int failed(const pmkt_error *err) {
    complain("%s", err->message);
    return EXIT_DATA;
}

/* --------------------------------------------------------------- beginning */

/* Learns from a log, which is of the same columns. */
static int fit(live *it) {
    shop_source from = it->asked.from;
    from.file = it->asked.fit;
    shop past;
    if (!shop_read(&past, &from)) {
        shop_free(&past);
        return EXIT_DATA;
    }
    const pmkt_events events = shop_events(&past);
    pmkt_purchase_options options;
    pmkt_purchase_options_init(&options);
    options.zone = &it->asked.from.zone;
    pmkt_error err;
    int code = EXIT_DONE;
    if (pmkt_purchase_fit(&events, NULL, &options, NULL, NULL, &it->model, &err) != PMKT_OK) {
        code = failed(&err);
    } else {
        printf("Learned from %" PRId64 " events.\n", past.rows);
        shop_left_print(&past.left);
    }
    shop_free(&past);
    return code;
}

static int get_model(live *it) {
    int code = EXIT_DONE;
    pmkt_error err;
    if (it->asked.fit != NULL) code = fit(it);
    if (it->asked.model != NULL &&
        pmkt_purchase_load(it->asked.model, NULL, NULL, &it->model, &err) != PMKT_OK) {
        if (err.code == PMKT_E_IO) return failed(&err); /* which names the file */
        complain("%s: %s", it->asked.model, err.message);
        return EXIT_DATA;
    }
    if (it->model == NULL) return code;
    it->guesses = pmkt_purchase_logistic(it->model, PMKT_PURCHASE_SESSION) != NULL;
    if (!it->guesses) {
        printf("The model has no P(order): that takes visits with an order, and without.\n");
    }
    return code;
}

/* Everything but the stream, which may not have begun. */
static int begin(live *it) {
    const char *who = it->asked.who;
    pmkt_error err;
    if (who != NULL) it->who = pmkt_id_of_bytes(who, strlen(who));
    if (pmkt_ids_new(NULL, &it->names, &err) != PMKT_OK) return failed(&err);
    if (!rulebook_open(&it->book, it->asked.rules, &it->asked.from.zone)) return EXIT_DATA;
    const int code = get_model(it);
    if (code != EXIT_DONE) return code;
    pmkt_tracker_options options;
    pmkt_tracker_options_init(&options);
    options.late_ms = it->asked.late * SECOND_MS;
    options.history =
        it->asked.evidence ? LIVE_EVENTS : -1; /* which is most of a customer's memory */
    if (pmkt_tracker_new(it->model, it->book.rules, &options, &it->tracker, &err) != PMKT_OK) {
        return failed(&err);
    }
    it->clock = INT64_MIN;
    return EXIT_DONE;
}

/* ------------------------------------------------------------------ events */

/* Goes on with the rules of the file, if they are others than before. */
static int reload(live *it) {
    pmkt_rules *rules = rulebook_changed(&it->book);
    if (rules == NULL) return EXIT_DONE;
    int64_t ended = 0;
    pmkt_error err;
    if (pmkt_tracker_swap_rules(it->tracker, rules, &ended, &err) != PMKT_OK) {
        pmkt_rules_release(rules);
        return failed(&err);
    }
    rulebook_take(&it->book, rules);
    pmkt_rules_facts facts;
    pmkt_rules_facts_init(&facts);
    pmkt_rules_info(rules, &facts, NULL);
    printf("%s has changed: %d rules from here on; %" PRId64 " partial matches ended.\n",
           rulebook_name(&it->book), (int)facts.rules, ended);
    return EXIT_DONE;
}

static int print_all(const live *it, int64_t n) {
    int code = EXIT_DONE;
    if (it->quiet) return code;
    for (int64_t i = 0; i < n && code == EXIT_DONE; i++) code = print_fired(it, &it->fired[i]);
    return code;
}

/* The clock of the stream: whoever was silent for long enough before it, fires. */
static int advance(live *it, int64_t clock) {
    int64_t n = 0;
    int code = EXIT_DONE;
    if (clock <= it->clock) return EXIT_DONE;
    it->clock = clock;
    do {
        pmkt_error err;
        const int64_t began = stopwatch_now();
        if (pmkt_tracker_advance(it->tracker, clock, it->fired, LIVE_ROOM, &n, &err) != PMKT_OK) {
            return failed(&err);
        }
        it->us = (double)(stopwatch_now() - began) / 1e3;
        code = print_all(it, n);
    } while (n > 0 && code == EXIT_DONE);
    return code;
}

static void leave_out(live *it, const pmkt_report *report) {
    for (int32_t i = 0; i < PMKT_BAD_REASONS; i++) {
        if (report->by_reason[i] > 0) shop_reader_leave(&it->in.reader, pmkt_bad_reason(i));
    }
}

/* One event: one call. */
static int observe(live *it) {
    pmkt_tracker_answers out;
    pmkt_tracker_answers_init(&out);
    it->p = NAN;
    out.p_goal = it->guesses ? &it->p : NULL;
    out.next = it->model == NULL ? NULL : it->next;
    out.next_p = it->model == NULL ? NULL : it->next_p;
    out.fired = it->fired;
    out.room = LIVE_ROOM;
    pmkt_report report;
    pmkt_report_init(&report);
    pmkt_error err;
    const int64_t began = stopwatch_now();
    if (pmkt_tracker_observe(it->tracker, &it->in.batch, &report, &out, &err) != PMKT_OK) {
        complain("%s, line %" PRId64 ": %s", shop_source_name(&it->asked.from),
                 it->in.reader.file.line, err.message);
        return EXIT_DATA;
    }
    const int64_t ns = stopwatch_now() - began;
    if (report.rejected > 0) {
        leave_out(it, &report);
        return EXIT_DONE;
    }
    it->us = (double)ns / 1e3;
    if (it->quiet) return EXIT_DONE;
    stopwatch_note(&it->calls, ns);
    if (it->who != PMKT_ID_NONE && it->who == it->in.event.user) {
        it->seen = true;
        print_action_of(it);
    }
    return print_all(it, out.n_fired);
}

static int follow(live *it) {
    int code = EXIT_DONE;
    shop_got got = SHOP_EVENT;
    while (code == EXIT_DONE && !ferror(stdout) && (got = stream_next(&it->in)) == SHOP_EVENT) {
        if (it->asked.reload && !it->quiet) code = reload(it);
        if (code == EXIT_DONE) code = advance(it, it->in.event.time);
        if (code == EXIT_DONE) code = observe(it);
        fflush(stdout); /* somebody may be waiting for it */
    }
    if (got == SHOP_FAILED) return EXIT_DATA;
    if (code == EXIT_DONE && it->asked.after > 0 && it->clock != INT64_MIN && !it->quiet) {
        const int64_t left = PMKT_TIME_MAX - 1 - it->clock, after = it->asked.after * MINUTE_MS;
        code = advance(it, it->clock + (after < left ? after : left)); /* there is no later time */
    }
    return code;
}

/* The log that the model is from, once more: who is in there is known when the stream begins. */
static int remember(live *it) {
    command past = it->asked;
    past.from.file = it->asked.fit;
    it->quiet = true;
    int code = EXIT_DATA;
    if (stream_open(&it->in, &past, it->names, &interrupted)) code = follow(it);
    stream_close(&it->in);
    memset(&it->in, 0, sizeof it->in);
    it->quiet = false;
    return code;
}

/* --------------------------------------------------------------- all of it */

static int tell(live *it) {
    int code = begin(it);
    if (code == EXIT_DONE && it->asked.remember) code = remember(it);
    if (code == EXIT_DONE && !stream_open(&it->in, &it->asked, it->names, &interrupted)) {
        code = EXIT_DATA;
    }
    if (code != EXIT_DONE) return code;
    print_heading(it);
    fflush(stdout);
    code = follow(it);
    if (code != EXIT_DONE) return code;
    shop_left_print(&it->in.reader.left);
    if (it->asked.stats) code = print_stats(it);
    if (code == EXIT_DONE && it->who != PMKT_ID_NONE && !it->seen && !interrupted) {
        complain("%s has no customer \"%s\"", shop_source_name(&it->asked.from), it->asked.who);
        code = EXIT_DATA;
    }
    return code;
}

int main(int argc, char **argv) {
    static live it; /* its stream is longer than a stack would like, and stays where it is */
    int code = options_read(&it.asked, argc, argv);
    if (it.asked.help || code != EXIT_DONE) {
        if (code == EXIT_DONE) options_help();
        return code;
    }
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    code = tell(&it);
    if (code == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
        complain("cannot write what fired");
        code = EXIT_DATA;
    }
    stream_close(&it.in);
    pmkt_tracker_free(it.tracker);
    rulebook_close(&it.book);
    pmkt_purchase_release(it.model);
    pmkt_ids_free(it.names);
    return code;
}
