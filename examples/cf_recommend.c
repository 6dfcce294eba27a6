/*
 * cf_recommend - what would they like, from a CSV file of what customers did.
 *
 * Shows collaborative filtering from end to end: is a model worth having (an honest test against what
 * is popular), what three customers would like next, what is like the best seller, what to offer a
 * stranger, and the model on disk, opened in place. The work of reading is in shop/; each step
 * of the story is one function here, and main() at the end tells it.
 */
#include <inttypes.h>
#include <pmkt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cf_recommend/options.h"
#include "shop/program.h"
#include "shop/shop.h"

#define DAY_MS INT64_C(86400000)
#define MOST 100 /* the largest -k */

/* Everything that must be freed at the end, whatever happened. */
typedef struct session {
    command asked;
    pmkt_run run;
    shop all;
    pmkt_cf_data *liking;  /* all behaviors: what the model learns from */
    pmkt_cf_data *ordered; /* orders only: what need not be recommended any more */
    pmkt_cf *model;
} session;

/* The answers to one question. */
typedef struct answers {
    uint64_t ids[MOST];
    float scores[MOST];
    int32_t count;
    pmkt_cf_answer out; /* where the library writes: the arrays above */
} answers;

static void prepare(answers *got) {
    pmkt_cf_answer_init(&got->out);
    got->out.ids = got->ids;
    got->out.scores = got->scores;
    got->out.counts = &got->count;
    got->count = 0;
}

/* Complains about a failed call of the library. */
static int failed(const pmkt_error *err) {
    complain("%s", err->message);
    return EXIT_DATA;
}

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* -------------------------------------------------------------------- data */

/*
 * Two matrices of the same events. Of the first, each entry says how much a customer likes a product: an
 * order says more than a look, last week more than last year, the tenth look less than the first.
 */
static pmkt_status make_data(const shop *from, const pmkt_run *run, pmkt_cf_data **liking,
                             pmkt_cf_data **ordered, pmkt_error *err) {
    const pmkt_events events = shop_events(from);
    pmkt_cf_data_options options;
    pmkt_cf_data_options_init(&options);
    options.half_life_ms = 90 * DAY_MS;
    options.scale = PMKT_CF_LOG;
    pmkt_status status = pmkt_cf_data_from_events(&events, &options, run, NULL, liking, err);
    if (status != PMKT_OK) return status;

    const pmkt_cf_weight order = {PMKT_KIND_ORDER, 0, 1.0};
    pmkt_cf_data_options_init(&options);
    options.weights = &order;
    options.n_weights = 1;
    options.only_weights = 1;
    return pmkt_cf_data_from_events(&events, &options, run, NULL, ordered, err);
}

static pmkt_status fit(const session *it, const pmkt_cf_data *liking, pmkt_cf **model,
                       pmkt_error *err) {
    pmkt_cf_als_options options;
    pmkt_cf_als_options_init(&options);
    options.factors = it->asked.factors;
    options.seed = 1;
    return pmkt_cf_als_fit(liking, &options, &it->run, model, err);
}

/* ---------------------------------------------------------------- is it good? */

/* One metric at k = 10 of an evaluation of all users. */
static void print_figure(const pmkt_cf_figures *f, int32_t metric) {
    for (int64_t i = 0; i < f->rows; i++) {
        if (f->group[i] != -1 || f->k[i] != 10 || f->metric[i] != metric) continue;
        printf("  %5.3f", f->value[i]);
        if (metric == PMKT_CF_COVERAGE) continue; /* it has no interval */
        printf(" (%.3f-%.3f)", f->low[i], f->high[i]);
    }
}

static int print_evaluation(const session *it, const char *name, const pmkt_cf *model,
                            const pmkt_cf_data *train, const pmkt_cf_data *test) {
    static const int32_t k = 10;
    pmkt_cf_evaluate_options options;
    pmkt_cf_evaluate_options_init(&options);
    options.k = &k;
    options.n_k = 1;
    options.train = train; /* whatever was ordered before is neither answered nor expected */
    options.fallback =
        PMKT_CF_POPULAR; /* both are asked for the same customers, also unknown ones */
    pmkt_cf_evaluation *evaluation = NULL;
    pmkt_cf_figures figures;
    pmkt_cf_figures_init(&figures);
    pmkt_error err;
    if (pmkt_cf_evaluate(model, test, &options, &it->run, &evaluation, &err) != PMKT_OK ||
        pmkt_cf_evaluation_columns(evaluation, &figures, &err) != PMKT_OK) {
        pmkt_cf_evaluation_free(evaluation);
        return failed(&err);
    }
    printf("  %-12s", name);
    print_figure(&figures, PMKT_CF_NDCG);
    print_figure(&figures, PMKT_CF_RECALL);
    print_figure(&figures, PMKT_CF_HIT);
    print_figure(&figures, PMKT_CF_COVERAGE);
    printf("  %9" PRId64 "\n", figures.evaluated);
    pmkt_cf_evaluation_free(evaluation);
    return EXIT_DONE;
}

/* Fits two models to the past and asks them about the future. */
static int compare(const session *it, const shop *past, const shop *future) {
    pmkt_cf_data *liking = NULL, *ordered = NULL, *unused = NULL, *test = NULL;
    pmkt_cf *als = NULL, *popular = NULL;
    pmkt_error err;
    int code = EXIT_DATA;
    if (make_data(past, &it->run, &liking, &ordered, &err) != PMKT_OK ||
        make_data(future, &it->run, &unused, &test, &err) != PMKT_OK ||
        fit(it, liking, &als, &err) != PMKT_OK ||
        pmkt_cf_popularity_fit(ordered, NULL, &it->run, &popular, &err) != PMKT_OK) {
        failed(&err);
    } else {
        printf("  %-12s  %-19s  %-19s  %-19s  %s  %s\n", "", "NDCG@10", "recall@10",
               "one right in 10", "range", "customers");
        code = print_evaluation(it, "ALS", als, ordered, test);
        if (code == EXIT_DONE) code = print_evaluation(it, "popularity", popular, ordered, test);
    }
    pmkt_cf_release(als);
    pmkt_cf_release(popular);
    pmkt_cf_data_release(liking);
    pmkt_cf_data_release(ordered);
    pmkt_cf_data_release(unused);
    pmkt_cf_data_release(test);
    return code;
}

static int how_good(const session *it) {
    const pmkt_events events = shop_events(&it->all);
    pmkt_cf_split_options options;
    pmkt_cf_split_options_init(&options);
    options.kind = PMKT_KIND_ORDER; /* orders are what is guessed */
    pmkt_error err;
    shop past = {0}, future = {0};
    int code = EXIT_DATA;
    uint8_t *part = malloc((size_t)it->all.rows);
    if (part == NULL) {
        complain("out of memory");
    } else if (pmkt_cf_split(&events, &options, part, &err) != PMKT_OK) {
        failed(&err);
    } else if (!shop_part(&it->all, part, PMKT_CF_TRAIN, &past) ||
               !shop_part(&it->all, part, PMKT_CF_TEST, &future)) {
        complain("out of memory");
    } else {
        printf(
            "\nIs it worth it? Both learn from %" PRId64 " events; then they guess the %" PRId64
            " orders\nthat came later, of products that the customer had not ordered before:\n\n",
            past.rows, future.rows);
        code = compare(it, &past, &future);
    }
    free(part);
    shop_free(&past);
    shop_free(&future);
    return code;
}

/* --------------------------------------------------------------- questions */

static void print_answers(const session *it, const answers *got) {
    for (int32_t i = 0; i < got->count; i++) {
        printf("    %2d. %-44s %6.3f\n", i + 1, shop_name_of(it->all.names, got->ids[i]).text,
               (double)got->scores[i]);
    }
    if (got->count == 0) printf("    nothing\n");
}

/* The row of a user in a matrix by users, or -1. Ids ascend. */
static int64_t row_of(const pmkt_cf_matrix *m, uint64_t user) {
    int64_t low = 0, high = m->users;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (m->user_id[middle] < user) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < m->users && m->user_id[low] == user ? low : -1;
}

/*
 * What a customer would like. By default a model leaves out whatever a user had to do with; but who
 * only looked at a thing may well want it, so that here it keeps these and leaves out the orders.
 */
static int recommend(const session *it, uint64_t user) {
    pmkt_cf_matrix orders;
    pmkt_cf_matrix_init(&orders);
    pmkt_error err;
    if (pmkt_cf_data_matrix(it->ordered, &orders, NULL, &err) != PMKT_OK) return failed(&err);
    const int64_t row = row_of(&orders, user);
    const int64_t from = row < 0 ? 0 : orders.at[row], to = row < 0 ? 0 : orders.at[row + 1];
    uint64_t *had = malloc(sizeof *had * (size_t)(to - from + 1));
    if (had == NULL) {
        complain("out of memory");
        return EXIT_DATA;
    }
    printf("\n  %s has ordered", shop_name_of(it->all.names, user).text);
    for (int64_t i = from; i < to; i++) {
        had[i - from] = orders.item_id[orders.item[i]];
        if (i - from < 4) {
            printf("%s %s", i == from ? ":" : ",", shop_name_of(it->all.names, had[i - from]).text);
        }
    }
    if (from == to) printf(" nothing yet");
    if (to - from > 4) printf(" and %" PRId64 " more", to - from - 4);
    printf("\n");

    const int64_t at[2] = {0, to - from};
    pmkt_cf_query query;
    pmkt_cf_query_init(&query);
    query.k = it->asked.k;
    query.keep_seen = 1;
    query.exclude_at = at;
    query.exclude = had;
    query.fallback = PMKT_CF_POPULAR; /* for a customer whom the model does not know */
    answers got;
    prepare(&got);
    const pmkt_status status =
        pmkt_cf_recommend(it->model, &user, 1, &query, &it->run, &got.out, &err);
    free(had);
    if (status != PMKT_OK) return failed(&err);
    print_answers(it, &got);
    return EXIT_DONE;
}

static int similar(const session *it, uint64_t item) {
    pmkt_cf_query query;
    pmkt_cf_query_init(&query);
    query.k = it->asked.k;
    answers got;
    prepare(&got);
    pmkt_error err;
    if (pmkt_cf_similar_items(it->model, &item, 1, &query, &it->run, &got.out, &err) != PMKT_OK) {
        return failed(&err);
    }
    printf("\nMost like %s:\n\n", shop_name_of(it->all.names, item).text);
    print_answers(it, &got);
    return EXIT_DONE;
}

/* Somebody whom the model has never seen: a few products are enough, nothing is trained. */
static int stranger(const session *it, const uint64_t *items, int64_t n) {
    const int64_t at[2] = {0, n};
    pmkt_cf_history history;
    pmkt_cf_history_init(&history);
    history.rows = 1;
    history.at = at;
    history.items = items;
    pmkt_cf_query query;
    pmkt_cf_query_init(&query);
    query.k = it->asked.k;
    answers got;
    prepare(&got);
    pmkt_error err;
    if (pmkt_cf_recommend_history(it->model, &history, &query, &it->run, &got.out, &err) !=
        PMKT_OK) {
        return failed(&err);
    }
    printf("\nA stranger has");
    for (int64_t i = 0; i < n; i++) {
        printf("%s %s", i == 0 ? "" : " and", shop_name_of(it->all.names, items[i]).text);
    }
    printf(", and would like:\n\n");
    print_answers(it, &got);
    return EXIT_DONE;
}

/* ---------------------------------------------------------- whom and what to ask */

/* The id of a name of the file; PMKT_ID_NONE, and a complaint, if it is not there. */
static uint64_t known(const session *it, const char *name, size_t length) {
    const uint64_t id = pmkt_id_of_bytes(name, length);
    if (pmkt_ids_name(it->all.names, id, NULL) != NULL) return id;
    complain("%s knows no \"%.*s\"", shop_source_name(&it->asked.from), (int)length, name);
    return PMKT_ID_NONE;
}

/* The rows of a matrix with the most entries: up to `n` of them, the best first. */
static int64_t busiest(const pmkt_cf_matrix *m, int64_t n, uint64_t *ids) {
    int64_t best[8], found = 0;
    for (int64_t row = 0; row < m->users; row++) {
        const int64_t size = m->at[row + 1] - m->at[row];
        int64_t place = found;
        while (place > 0 && size > m->at[best[place - 1] + 1] - m->at[best[place - 1]]) place--;
        if (place >= n) continue;
        if (found < n) found++;
        memmove(&best[place + 1], &best[place], sizeof *best * (size_t)(found - 1 - place));
        best[place] = row;
    }
    for (int64_t i = 0; i < found; i++) ids[i] = m->user_id[best[i]];
    return found;
}

static int ask_for_customers(const session *it) {
    printf("\nWhat would they like?\n");
    if (it->asked.who != NULL) {
        const uint64_t user = known(it, it->asked.who, strlen(it->asked.who));
        return user == PMKT_ID_NONE ? EXIT_DATA : recommend(it, user);
    }
    pmkt_cf_matrix users;
    pmkt_cf_matrix_init(&users);
    pmkt_error err;
    if (pmkt_cf_data_matrix(it->liking, &users, NULL, &err) != PMKT_OK) return failed(&err);
    uint64_t user[3];
    const int64_t n = busiest(&users, 3, user);
    int code = EXIT_DONE;
    for (int64_t i = 0; i < n && code == EXIT_DONE; i++) code = recommend(it, user[i]);
    return code;
}

static int ask_about_items(const session *it) {
    pmkt_cf_matrix by_item;
    pmkt_cf_matrix_init(&by_item);
    pmkt_error err;
    if (pmkt_cf_data_matrix(it->ordered, NULL, &by_item, &err) != PMKT_OK) return failed(&err);
    uint64_t items[16];
    int64_t n = busiest(&by_item, 2, items);
    uint64_t like = n > 0 ? items[0] : PMKT_ID_NONE;
    if (it->asked.like != NULL) {
        like = known(it, it->asked.like, strlen(it->asked.like));
        if (like == PMKT_ID_NONE) return EXIT_DATA;
    }
    if (it->asked.history != NULL) {
        n = 0;
        for (const char *text = it->asked.history; text != NULL && n < 16;) {
            const char *end = strchr(text, ';');
            items[n] = known(it, text, end == NULL ? strlen(text) : (size_t)(end - text));
            if (items[n++] == PMKT_ID_NONE) return EXIT_DATA;
            text = end == NULL ? NULL : end + 1;
        }
    }
    const int code = like == PMKT_ID_NONE ? EXIT_DONE : similar(it, like);
    return code != EXIT_DONE || n == 0 ? code : stranger(it, items, n);
}

/* -------------------------------------------------------------------- on disk */

/* Saves the model, opens it in place, and asks the session's last questions of the file instead. */
static int keep(session *it) {
    char scratch[] = "cf_recommend.XXXXXX";
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
    pmkt_cf *mapped = NULL;
    pmkt_cf_facts facts;
    pmkt_cf_facts_init(&facts);
    pmkt_error err = {0};
    double took = 0.0;
    pmkt_status status = pmkt_cf_save(it->model, path, NULL, &it->run, &err);
    if (status == PMKT_OK) {
        took = milliseconds();
        status = pmkt_cf_map(path, NULL, &mapped, &err);
        took = milliseconds() - took;
    }
    if (status == PMKT_OK) status = pmkt_cf_info(mapped, &facts, &err);
    if (path == scratch) unlink(path); /* a mapping lives on without a name */
    if (status != PMKT_OK) {
        pmkt_cf_release(mapped);
        return failed(&err);
    }
    printf("\nThe model is a file of %.0f KB%s%s; opening it in place took %.2f ms. From there:\n",
           (double)facts.mapped / 1e3, path == scratch ? "" : ", ", path == scratch ? "" : path,
           took);
    pmkt_cf_release(it->model); /* the mapped model answers the same */
    it->model = mapped;
    return EXIT_DONE;
}

/* --------------------------------------------------------------------- all of it */

static int read_all(session *it) {
    if (!shop_read(&it->all, &it->asked.from)) return EXIT_DATA;
    pmkt_error err;
    if (make_data(&it->all, &it->run, &it->liking, &it->ordered, &err) != PMKT_OK) {
        return failed(&err);
    }
    pmkt_cf_data_counts counts;
    pmkt_cf_data_counts_init(&counts);
    if (pmkt_cf_data_info(it->liking, &counts, &err) != PMKT_OK) return failed(&err);
    printf("%" PRId64 " events of %" PRId64 " customers with %" PRId64 " products: %" PRId64
           " pairs.\n",
           counts.rows, counts.users, counts.items, counts.entries);
    shop_left_print(&it->all.left);
    return EXIT_DONE;
}

static int tell(session *it) {
    int code = read_all(it);
    if (code == EXIT_DONE) code = how_good(it);
    pmkt_error err;
    if (code == EXIT_DONE && fit(it, it->liking, &it->model, &err) != PMKT_OK) {
        code = failed(&err);
    }
    if (code == EXIT_DONE) code = ask_for_customers(it);
    if (code == EXIT_DONE) code = keep(it);
    if (code == EXIT_DONE) code = ask_about_items(it);
    return code;
}

int main(int argc, char **argv) {
    session it = {0};
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
    pmkt_cf_release(it.model);
    pmkt_cf_data_release(it.liking);
    pmkt_cf_data_release(it.ordered);
    shop_free(&it.all);
    return code;
}
