/*
 * Bytes after the first are a file of a model; the first says whether its checksums are made right, and
 * how it is asked. What loads answers every question with what can be an answer; what it saves then loads
 * again, to the same bytes. A mapped model may answer wrongly, or PMKT_E_CORRUPT, and no worse.
 */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "pmkt.h"

#define ROWS 4
#define K 5

static pmkt_run run = PMKT_RUN_INIT;

/* A model, how it is asked, and room for what it says. */
typedef struct asked {
    const pmkt_cf *model;
    bool is_mapped;
    const uint64_t *users, *items;
    int64_t n_users, n_items;
    uint64_t user[ROWS], item[ROWS];
    uint64_t ids[ROWS * K];
    float scores[ROWS * K];
    int32_t counts[ROWS];
    uint8_t reasons[ROWS];
} asked;

static pmkt_cf_answer answer_of(asked *a) {
    pmkt_cf_answer answer = PMKT_CF_ANSWER_INIT;
    answer.ids = a->ids, answer.scores = a->scores;
    answer.counts = a->counts, answer.reasons = a->reasons;
    return answer;
}

/* Whether a question was answered; else by a status that it may have. */
static bool answered(const asked *a, pmkt_status status) {
    MUST(status == PMKT_OK || status == PMKT_E_UNSUPPORTED || status == PMKT_E_OVERFLOW ||
         (status == PMKT_E_CORRUPT && a->is_mapped));
    return status == PMKT_OK;
}

static bool is_among(const uint64_t *ids, int64_t n, uint64_t id) {
    for (int64_t i = 0; i < n; i++) {
        if (ids[i] == id) return true;
    }
    return false;
}

/* Answers are of the model, best first, and nothing lies beyond their count. */
static void check_row(const asked *a, int64_t row, int64_t at, int64_t room, const uint64_t *ids,
                      int64_t n) {
    const int32_t count = a->counts[row];
    MUST(count >= 0 && count <= room);
    MUST(a->reasons[row] <= PMKT_CF_NO_FACTORS);
    for (int64_t i = at; i < at + room; i++) {
        if (i >= at + count) {
            MUST(a->ids[i] == PMKT_ID_NONE && isnan(a->scores[i]));
        } else if (!a->is_mapped) {
            MUST(!isnan(a->scores[i]) && is_among(ids, n, a->ids[i]));
            MUST(i == at || a->scores[i - 1] >= a->scores[i]);
        }
    }
}

static void check(const asked *a, pmkt_status status, int64_t rows, const uint64_t *ids,
                  int64_t n) {
    if (!answered(a, status)) return;
    for (int64_t i = 0; i < rows; i++) check_row(a, i, i * K, K, ids, n);
}

static void ask_for_users_and_items(asked *a, const pmkt_cf_query *query, int64_t rows) {
    const pmkt_cf_answer answer = answer_of(a);
    pmkt_error err = {0};
    check(a, pmkt_cf_recommend(a->model, a->user, rows, query, &run, &answer, &err), rows, a->items,
          a->n_items);
    check(a, pmkt_cf_similar_items(a->model, a->item, rows, query, &run, &answer, &err), rows,
          a->items, a->n_items);
    if (query->category != PMKT_ID_NONE) return; /* users have none */
    check(a, pmkt_cf_similar_users(a->model, a->user, rows, query, &run, &answer, &err), rows,
          a->users, a->n_users);
}

static void ask_for_histories(asked *a, const pmkt_cf_query *query, int64_t rows) {
    static const int64_t at[ROWS + 1] = {0, 2, 2, 3, 4};
    static const float weights[] = {1, -0.5f, 3, 0};
    const pmkt_cf_answer answer = answer_of(a);
    pmkt_error err = {0};
    pmkt_cf_history history = PMKT_CF_HISTORY_INIT;
    history.rows = rows, history.at = at, history.items = a->item;
    if (query->fallback) history.weights = weights;
    check(a, pmkt_cf_recommend_history(a->model, &history, query, &run, &answer, &err), rows,
          a->items, a->n_items);
    static float factors[ROWS * 1024];
    if (!answered(a, pmkt_cf_fold_in(a->model, &history, NULL, &run, factors, &err))) return;
    MUST(a->is_mapped || isfinite(factors[0]));
}

static void ask_for_an_order(asked *a, int64_t rows) {
    static const int64_t at[ROWS + 1] = {0, 3, 4, 4, 4};
    const pmkt_cf_answer answer = answer_of(a);
    pmkt_error err = {0};
    if (!answered(a,
                  pmkt_cf_rank(a->model, a->user, rows, at, a->item, NULL, &run, &answer, &err))) {
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        check_row(a, i, at[i], at[i + 1] - at[i], a->items, a->n_items);
    }
}

/* The first, one in the middle, the last, and one that hardly any model knows. */
static void choose_ids(const uint64_t *ids, int64_t n, uint64_t *to) {
    for (int i = 0; i < ROWS - 1; i++) to[i] = n > 0 ? ids[i * (n - 1) / 2] : 1;
    to[ROWS - 1] = 77;
}

static void ask(const pmkt_cf *model, bool is_mapped, uint8_t how) {
    asked a = {.model = model, .is_mapped = is_mapped};
    pmkt_error err = {0};
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    pmkt_idset *deny = NULL;
    MUST(pmkt_cf_ids(model, &a.users, &a.n_users, &a.items, &a.n_items, &err) == PMKT_OK);
    choose_ids(a.users, a.n_users, a.user);
    choose_ids(a.items, a.n_items, a.item);
    query.k = K;
    query.keep_seen = how & 2 ? 1 : 0;
    query.fallback = how & 4 ? PMKT_CF_POPULAR : PMKT_CF_NOTHING;
    query.category = how & 8 ? 7 : PMKT_ID_NONE;
    if (how & 16) {
        MUST(pmkt_idset_new(a.item, 1, NULL, &deny, &err) == PMKT_OK);
        query.deny = deny;
    }
    for (int64_t rows = 1; rows <= ROWS; rows += ROWS - 1) {
        ask_for_users_and_items(&a, &query, rows);
        ask_for_histories(&a, &query, rows);
        ask_for_an_order(&a, rows);
    }
    pmkt_idset_free(deny);
}

/* A loaded model is whole: it saves, loads, and saves the same bytes. */
static void save_and_load(const pmkt_cf *model, bool must) {
    pmkt_buffer *first = NULL, *second = NULL;
    pmkt_cf *again = NULL;
    pmkt_error err = {0};
    if (pmkt_cf_save_memory(model, NULL, &run, &first, &err)) {
        MUST(!must);
        return;
    }
    const void *bytes = pmkt_buffer_data(first);
    const size_t size = pmkt_buffer_size(first);
    if (pmkt_cf_load_memory(bytes, size, NULL, &run, &again, &err)) {
        if (must) fprintf(stderr, "%s\n", err.message);
        MUST(!must);
    } else {
        MUST(pmkt_cf_save_memory(again, NULL, &run, &second, &err) == PMKT_OK);
        MUST(pmkt_buffer_size(second) == size);
        MUST(memcmp(pmkt_buffer_data(second), bytes, size) == 0);
    }
    pmkt_cf_release(again);
    pmkt_buffer_free(first);
    pmkt_buffer_free(second);
}

static void use(pmkt_cf *model, bool is_mapped, uint8_t how) {
    pmkt_error err = {0};
    pmkt_cf_facts facts = PMKT_CF_FACTS_INIT;
    MUST(pmkt_cf_info(model, &facts, &err) == PMKT_OK);
    MUST((facts.mapped > 0) == is_mapped);
    ask(model, is_mapped, how);
    const pmkt_status verified = pmkt_cf_verify(model, &run, &err);
    MUST(verified == PMKT_OK || (verified == PMKT_E_CORRUPT && is_mapped));
    if (verified == PMKT_OK) ask(model, false, how);
    save_and_load(model, verified == PMKT_OK);
    pmkt_cf_release(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    run.threads = 1;
    uint8_t *file = fuzz_copy(data + 1, size - 1, data[0] & 1);
    pmkt_load_options options = PMKT_LOAD_OPTIONS_INIT;
    options.max_bytes = 64 << 20;
    pmkt_error err = {0};
    pmkt_cf *model = NULL;
    if (!pmkt_cf_load_memory(file, size - 1, &options, &run, &model, &err)) {
        use(model, false, data[0]);
    }
    model = NULL;
    if (!pmkt_cf_map(fuzz_file(file, size - 1), &options, &model, &err)) use(model, true, data[0]);
    free(file);
    return 0;
}
