/*
 * intent_ahead - what are they about to do, from a CSV file of what customers did.
 *
 * Shows intent from end to end: how visits go and where they stop, what follows what, how good a
 * guess at each event is (an honest test on later visits, against the chain alone), one visit event
 * by event, whom one would offer help, and the model on disk. Reading is in shop/; intent_ahead/ has
 * the longer steps, the others are functions here, and tell() at the end tells the story.
 */
#include <inttypes.h>
#include <math.h>
#include <pmkt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intent_ahead/ahead.h"
#include "shop/program.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define STEPS 3 /* of the funnel */
#define TOP 3   /* paths, and ways of those who are lost */

int failed(const pmkt_error *err) {
    complain("%s", err->message);
    return EXIT_DATA;
}

int out_of_memory(void) {
    complain("out of memory");
    return EXIT_DATA;
}

/* --------------------------------------------------------------------------- visits */

/* Where those who were lost at a step went: what they did next, most frequent first. */
static void print_lost(const pmkt_funnel_columns *f, int32_t step) {
    printf("  %5" PRId64 " lost", f->lost[step]);
    int shown = 0;
    for (int64_t i = 0; i < f->n_next && shown < TOP; i++) {
        if (f->next_step[i] != step) continue;
        const bool none = f->next_kind[i] == PMKT_KIND_NONE;
        printf("%s%s %" PRId64, shown++ == 0 ? "; then " : ", ",
               none ? "nothing more" : pmkt_kind_name(f->next_kind[i]), f->next_n[i]);
    }
}

static int show_funnel(const ahead *it) {
    static const int32_t kinds[STEPS] = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER};
    pmkt_funnel_step steps[STEPS] = {
        {&kinds[0], 1, 0, 0, 0}, {&kinds[1], 1, 0, 0, 0}, {&kinds[2], 1, 0, 0, 0}};
    const pmkt_events events = shop_events(&it->all);
    pmkt_funnel_options options;
    pmkt_funnel_options_init(&options);
    options.hold = PMKT_FUNNEL_SAME_ITEM;
    options.count = PMKT_FUNNEL_SESSIONS;
    options.window_ms = DAY_MS;
    options.gap_ms = it->asked.gap * MINUTE_MS;
    pmkt_funnel *funnel = NULL;
    pmkt_funnel_columns f;
    pmkt_funnel_columns_init(&f);
    pmkt_error err;
    if (pmkt_funnel_new(&events, steps, STEPS, &options, &it->run, NULL, &funnel, &err) !=
            PMKT_OK ||
        pmkt_funnel_columns_of(funnel, &f, &err) != PMKT_OK) {
        pmkt_funnel_free(funnel);
        return failed(&err);
    }
    printf(
        "\nHow far do visits come with one product, within a day? The furthest try of each:\n\n");
    for (int32_t i = 0; i < STEPS; i++) {
        printf("  %-6s %6" PRId64, pmkt_kind_name(kinds[i]), f.reached[i]);
        if (i == 0 || isnan(f.conversion[i])) {
            printf("  %7s  %11s", "", "");
        } else {
            printf("  %5.1f %%", 100.0 * f.conversion[i]);
            if (isnan(f.median_ms[i])) {
                printf("  %11s", "");
            } else {
                printf("  after %3.0f s", f.median_ms[i] / 1e3);
            }
        }
        if (i + 1 < STEPS) print_lost(&f, i);
        printf("\n");
    }
    pmkt_funnel_free(funnel);
    return EXIT_DONE;
}

static void print_path(const pmkt_paths_columns *p, int64_t path) {
    printf("  %6" PRId64 "  %5.1f %%  ", p->count[path],
           100.0 * (double)p->count[path] / (double)p->sessions);
    for (int64_t i = p->at[path]; i < p->at[path + 1]; i++) {
        printf("%s%s", i == p->at[path] ? "" : " > ", pmkt_kind_name(p->kind[i]));
    }
    printf("\n");
}

static int show_visits(const ahead *it) {
    const pmkt_events events = shop_events(&it->all);
    pmkt_paths_options options;
    pmkt_paths_options_init(&options);
    options.top = TOP;
    options.gap_ms = it->asked.gap * MINUTE_MS;
    pmkt_paths *paths = NULL;
    pmkt_paths_columns p;
    pmkt_paths_columns_init(&p);
    pmkt_error err;
    if (pmkt_paths_new(&events, &options, &it->run, NULL, &paths, &err) != PMKT_OK ||
        pmkt_paths_columns_of(paths, &p, &err) != PMKT_OK) {
        pmkt_paths_free(paths);
        return failed(&err);
    }
    printf("%" PRId64 " events of %" PRId64 " customers in %" PRId64 " visits; %" PRId64
           " visits (%.1f %%) have an order.\n",
           it->all.rows, p.users, p.sessions, p.converted,
           100.0 * (double)p.converted / (double)p.sessions);
    shop_left_print(&it->all.left);
    const int code = show_funnel(it);
    if (code == EXIT_DONE) {
        printf("\nOf %" PRId64 " different paths, these are the most frequent:\n\n", p.distinct);
        for (int64_t i = 0; i < p.n; i++) print_path(&p, i);
    }
    pmkt_paths_free(paths);
    return code;
}

/* ------------------------------------------------------------------------- learning */

pmkt_status ahead_learn(const ahead *it, const shop *from, pmkt_purchase **model, pmkt_error *err) {
    const pmkt_events events = shop_events(from);
    pmkt_intent_options chains;
    pmkt_intent_options_init(&chains);
    chains.order = it->asked.order;
    chains.gap_ms = it->asked.gap * MINUTE_MS;
    pmkt_purchase_options hours;
    pmkt_purchase_options_init(&hours);
    hours.zone = &it->asked.from.zone;
    pmkt_purchase *fitted = NULL;
    const pmkt_status status =
        pmkt_purchase_fit(&events, &chains, &hours, &it->run, NULL, &fitted, err);
    if (status != PMKT_OK) return status;
    if (pmkt_purchase_logistic(fitted, PMKT_PURCHASE_SESSION) == NULL) {
        pmkt_purchase_release(fitted); /* no visit, or every one, orders */
        fitted = NULL;
    }
    *model = fitted;
    return PMKT_OK;
}

/* --------------------------------------------------------------------------- chains */

static int show_chains(const ahead *it) {
    static const uint32_t action[] = {PMKT_KIND_VIEW, PMKT_KIND_VIEW, PMKT_KIND_CART,
                                      PMKT_KIND_VIEW, PMKT_KIND_VIEW, PMKT_KIND_VIEW};
    static const int64_t at[] = {0, 1, 3, 6};
    static const char *const name[] = {"view", "view > cart", "view > view > view"};
    double goal[3], steps[3], time_ms[3], next_p[3 * PMKT_INTENT_TOP];
    uint32_t next[3 * PMKT_INTENT_TOP];
    pmkt_intent_paths paths;
    pmkt_intent_paths_init(&paths);
    paths.n = 3;
    paths.at = at;
    paths.action = action;
    pmkt_intent_answers answers;
    pmkt_intent_answers_init(&answers);
    answers.goal = goal;
    answers.steps = steps;
    answers.time_ms = time_ms;
    answers.next = next;
    answers.next_p = next_p;
    pmkt_error err;
    if (pmkt_intent_ask(pmkt_purchase_chains(it->model), &paths, &it->run, &answers, &err) !=
        PMKT_OK) {
        return failed(&err);
    }
    printf(
        "\nWhat follows? By the chain of all visits, which looks %d back; actions and minutes are "
        "those\nuntil the order, if it comes:\n\n",
        it->asked.order);
    printf("  %-19s %8s  %7s  %7s  %s\n", "so far", "P(order)", "actions", "minutes", "next");
    for (int64_t i = 0; i < 3; i++) {
        printf("  %-19s %6.1f %%  %7.1f  ", name[i], 100.0 * goal[i], steps[i]);
        if (isnan(time_ms[i])) {
            printf("%7s  ", "-");
        } else {
            printf("%7.1f  ", time_ms[i] / (double)MINUTE_MS);
        }
        print_next(next + i * PMKT_INTENT_TOP, next_p + i * PMKT_INTENT_TOP, PMKT_INTENT_TOP);
        printf("\n");
    }
    return EXIT_DONE;
}

/* -------------------------------------------------------------------------- on disk */

static pmkt_status p_of(const ahead *it, const pmkt_purchase *model, double *p, pmkt_error *err) {
    const pmkt_events events = shop_events(&it->all);
    pmkt_purchase_scores scores;
    pmkt_purchase_scores_init(&scores);
    scores.p_goal = p;
    return pmkt_purchase_score(model, &events, &it->run, NULL, &scores, err);
}

/* Asks the model and the one that was loaded about every event. */
static int compare(const ahead *it, const pmkt_purchase *loaded, bool *same) {
    const size_t rows = (size_t)it->all.rows;
    double *p = calloc(rows * 2, sizeof *p);
    if (p == NULL) return out_of_memory();
    pmkt_error err;
    int code = EXIT_DONE;
    if (p_of(it, it->model, p, &err) != PMKT_OK || p_of(it, loaded, p + rows, &err) != PMKT_OK) {
        code = failed(&err);
    } else {
        *same = memcmp(p, p + rows, rows * sizeof *p) == 0;
    }
    free(p);
    return code;
}

static int keep(const ahead *it) {
    char scratch[] = "intent_ahead.XXXXXX";
    const char *path = it->asked.model;
    if (path == NULL) {
        const int fd = mkstemp(scratch);
        if (fd < 0) {
            complain("cannot make a file here; --model names another place");
            return EXIT_DATA;
        }
        close(fd);
        path = scratch;
    }
    pmkt_purchase *loaded = NULL;
    pmkt_file_info info;
    pmkt_file_info_init(&info);
    pmkt_error err;
    pmkt_status status = pmkt_purchase_save(it->model, path, NULL, &it->run, &err);
    if (status == PMKT_OK) status = pmkt_file_inspect(path, &info, &err);
    if (status == PMKT_OK) status = pmkt_purchase_load(path, NULL, &it->run, &loaded, &err);
    if (path == scratch) unlink(path);
    if (status != PMKT_OK) return failed(&err);
    bool same = false;
    const int code = compare(it, loaded, &same);
    pmkt_purchase_release(loaded);
    if (code != EXIT_DONE) return code;
    if (!same) {
        complain("the model that was loaded answers otherwise");
        return EXIT_DATA;
    }
    printf(
        "\nThe model of all visits is a file of %.0f KB%s%s.\nLoaded again, it says the same of "
        "all "
        "%" PRId64 " events, to the last bit.\n",
        (double)info.bytes / 1e3, path == scratch ? "" : ", ", path == scratch ? "" : path,
        it->all.rows);
    return EXIT_DONE;
}

/* ------------------------------------------------------------------------ all of it */

static int read_all(ahead *it) {
    if (!shop_read(&it->all, &it->asked.from)) return EXIT_DATA;
    if (!visits_cut(&it->seen, &it->all, it->asked.gap * MINUTE_MS)) return out_of_memory();
    return ahead_choose(it); /* before anything is printed, if nobody is called so */
}

static int tell(ahead *it) {
    int code = read_all(it);
    if (code == EXIT_DONE) code = show_visits(it);
    pmkt_error err;
    if (code == EXIT_DONE && ahead_learn(it, &it->all, &it->model, &err) != PMKT_OK) {
        code = failed(&err);
    }
    if (code == EXIT_DONE && it->model == NULL) {
        printf(
            "\nThere is nothing to learn: that takes visits with an order after something else,\n"
            "and visits without one.\n");
        return EXIT_DONE;
    }
    if (code == EXIT_DONE) code = show_chains(it);
    if (code == EXIT_DONE) code = ahead_test(it);
    if (code == EXIT_DONE) code = ahead_follow(it);
    if (code == EXIT_DONE) code = ahead_offer(it);
    if (code == EXIT_DONE) code = keep(it);
    return code;
}

int main(int argc, char **argv) {
    ahead it = {0};
    int code = options_read(&it.asked, argc, argv);
    if (it.asked.help || code != EXIT_DONE) {
        if (code == EXIT_DONE) options_help();
        return code;
    }
    pmkt_run_init(&it.run);
    it.run.threads = it.asked.threads;
    code = tell(&it);
    if (code == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
        complain("cannot write the report");
        code = EXIT_DATA;
    }
    pmkt_purchase_release(it.model);
    pmkt_purchase_release(it.past);
    visits_free(&it.seen);
    shop_free(&it.all);
    free(it.p);
    free(it.next);
    free(it.next_p);
    return code;
}
