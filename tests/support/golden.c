#include "support/golden.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/rfm.h"

static void counters(FILE *out, const pmkt_rfm *rfm) {
    const pmkt_rfm_counters c = rfm_stats(rfm);
    fprintf(out, "mode %d accepted %lld rejected %lld ignored %lld\n", c.mode,
            (long long)c.rows_accepted, (long long)c.rows_rejected, (long long)c.rows_ignored);
    fprintf(out, "customers %lld orders %lld forgotten %lld\n", (long long)c.customers,
            (long long)c.orders, (long long)c.forgotten);
    fprintf(out, "from %lld to %lld currency '%s' %d\n", (long long)c.first_event_ms,
            (long long)c.last_event_ms, c.currency, c.currency_exponent);
}

static void customers(FILE *out, const pmkt_rfm *rfm, int32_t scheme) {
    pmkt_rfm_score_options options = PMKT_RFM_SCORE_OPTIONS_INIT;
    options.scheme = scheme;
    pmkt_rfm_scores *scores = rfm_score(rfm, GOLDEN_RFM_AS_OF, &options);
    const pmkt_rfm_columns c = columns_of(scores);
    for (int64_t i = 0; i < c.rows; i++) {
        fprintf(out, "user %llu recency %d orders %lld per_month %.17g average %lld revenue %lld ",
                (unsigned long long)c.user[i], c.recency_days[i], (long long)c.orders[i],
                c.orders_per_month[i], (long long)c.average_order[i], (long long)c.revenue[i]);
        fprintf(out, "tenure %d rfm %d%d%d lifecycle %d stage %d tier %d spend %lld flags %d %s\n",
                c.tenure_days[i], c.r[i], c.f[i], c.m[i], c.lifecycle[i], c.brand_stage[i],
                c.tier[i], (long long)c.tier_spend[i], c.flags[i],
                pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, c.segment[i]));
    }
    pmkt_rfm_scores_free(scores);
}

/* What was written into a temporary file, which is closed. */
static file_bytes text_of(FILE *out) {
    const long n = ftell(out);
    ck_assert_int_gt(n, 0);
    rewind(out);
    file_bytes text = {malloc((size_t)n), (size_t)n};
    ck_assert_ptr_nonnull(text.at);
    ck_assert_uint_eq(fread(text.at, 1, text.n, out), text.n);
    fclose(out);
    return text;
}

file_bytes golden_rfm_text(const pmkt_rfm *rfm) {
    FILE *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    counters(out, rfm);
    customers(out, rfm, PMKT_RFM_THRESHOLD);
    customers(out, rfm, PMKT_RFM_QUANTILE);
    return text_of(out);
}

/* ------------------------------------------------------------------- models */

#define K 5

typedef struct row {
    uint64_t ids[K];
    float scores[K];
    int32_t count;
    uint8_t reason;
} row;

static pmkt_cf_answer answer_of(row *r) {
    return (pmkt_cf_answer){sizeof(pmkt_cf_answer), 0, r->ids, r->scores, &r->count, &r->reason};
}

static void print_row(FILE *out, const char *what, uint64_t id, pmkt_status status, const row *r,
                      bool scores) {
    fprintf(out, "%s %llu", what, (unsigned long long)id);
    if (status) {
        fprintf(out, ": %s\n", pmkt_status_name(status));
        return;
    }
    fprintf(out, " reason %d:", r->reason);
    for (int32_t i = 0; i < r->count; i++) {
        fprintf(out, " %llu", (unsigned long long)r->ids[i]);
        if (scores) fprintf(out, "=%.9g", (double)r->scores[i]);
    }
    fprintf(out, "\n");
}

static void facts(FILE *out, const pmkt_cf *model) {
    pmkt_cf_facts f = PMKT_CF_FACTS_INIT;
    ck_assert_int_eq(pmkt_cf_info(model, &f, NULL), PMKT_OK);
    fprintf(out, "kind %d users %lld items %lld entries %lld as_of %lld hash %016llx seen %d\n",
            f.kind, (long long)f.users, (long long)f.items, (long long)f.entries,
            (long long)f.as_of_ms, (unsigned long long)f.data_hash, f.has_seen);
    fprintf(out, "factors %d loss %d regularization %.17g alpha %.17g unobserved %.17g nu %.17g\n",
            f.factors, f.loss, f.regularization, f.alpha, f.unobserved, f.nu);
    fprintf(out, "similarity %d neighbors %d shrinkage %.17g k1 %.17g b %.17g by %d\n",
            f.similarity, f.neighbors, f.shrinkage, f.k1, f.b, f.by);
}

static void ask_user(FILE *out, const pmkt_cf *model, uint64_t user) {
    row r;
    const pmkt_cf_answer answer = answer_of(&r);
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    query.k = K;
    pmkt_status status = pmkt_cf_recommend(model, &user, 1, &query, NULL, &answer, NULL);
    print_row(out, "user", user, status, &r, true);
    query.keep_seen = 1, query.category = 7;
    status = pmkt_cf_recommend(model, &user, 1, &query, NULL, &answer, NULL);
    print_row(out, "of category 7, seen or not, user", user, status, &r, true);
    query.category = PMKT_ID_NONE;
    status = pmkt_cf_similar_users(model, &user, 1, &query, NULL, &answer, NULL);
    print_row(out, "like user", user, status, &r, false);
}

static void ask_item(FILE *out, const pmkt_cf *model, uint64_t item) {
    static const int64_t at[] = {0, 1};
    row r;
    const pmkt_cf_answer answer = answer_of(&r);
    pmkt_cf_query query = PMKT_CF_QUERY_INIT;
    pmkt_cf_history history = PMKT_CF_HISTORY_INIT;
    history.rows = 1, history.at = at, history.items = &item;
    query.k = K, query.fallback = PMKT_CF_POPULAR;
    pmkt_status status = pmkt_cf_recommend_history(model, &history, &query, NULL, &answer, NULL);
    print_row(out, "after item", item, status, &r, false);
    status = pmkt_cf_similar_items(model, &item, 1, &query, NULL, &answer, NULL);
    print_row(out, "like item", item, status, &r, false);
}

file_bytes golden_cf_text(const pmkt_cf *model) {
    const uint64_t *users, *items;
    int64_t n_users, n_items;
    FILE *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(pmkt_cf_ids(model, &users, &n_users, &items, &n_items, NULL), PMKT_OK);
    facts(out, model);
    for (int64_t i = 0; i < n_users; i++) ask_user(out, model, users[i]);
    ask_user(out, model, 999999);
    for (int64_t i = 0; i < n_items; i++) ask_item(out, model, items[i]);
    ask_item(out, model, 999999);
    return text_of(out);
}
