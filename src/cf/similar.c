/*
 * similar.c - pmkt_cf_similar_items and pmkt_cf_similar_users: who is nearest to whom.
 */
#include "cf/find.h"
#include "cf/knn.h"
#include "cf/question.h"
#include "core/error.h"

/* Who asks: each id, which is left out of its own answer. */
static void find_rows(pmkti_cf_question *q, const uint64_t *ids, const float *vectors) {
    const int32_t d = q->model->facts.factors;
    for (int64_t i = 0; i < q->rows; i++) {
        pmkti_cf_asker *asker = &q->asker[i];
        asker->number = pmkti_cf_find(q->filter.id, q->filter.n, ids[i]);
        asker->reason = asker->number < 0 ? PMKT_CF_UNKNOWN : PMKT_CF_ANSWERED;
        if (asker->number < 0) continue;
        asker->self = (int32_t)asker->number;
        q->without[i].seen = &asker->self;
        q->without[i].n_seen = 1;
        if (vectors && pmkti_cf_is_zero(vectors + asker->number * d, d)) {
            asker->number = -1;
            asker->reason = PMKT_CF_NO_FACTORS;
        }
    }
}

static pmkt_status knn_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch, pmkt_error *err) {
    const pmkti_cf_question *q = ctx;
    (void)scratch;
    if (q->asker[row].number < 0) return PMKT_OK;
    return pmkti_cf_knn_similar(q->model, q->asker[row].self, &q->filter, &q->without[row], q->k,
                                pmkti_cf_question_ids(q, row), pmkti_cf_question_scores(q, row),
                                &q->answer.counts[row], err);
}

static pmkt_status similar(const pmkt_cf *model, bool users, const uint64_t *ids, int64_t n,
                           const pmkt_cf_query *query, const pmkt_run *run,
                           const pmkt_cf_answer *answer, pmkt_error *err) {
    pmkti_cf_question q;
    if (!model) return pmkti_null(err, "model");
    if (model->facts.kind != PMKT_CF_ALS && (users || model->facts.kind != PMKT_CF_KNN)) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "a model of this kind does not know what is %s",
                          users ? "a similar user" : "a similar item");
    }
    pmkt_status status = pmkti_cf_question_begin(&q, model, users, n, query, run, answer, err);
    if (status) return status;
    q.query.fallback = PMKT_CF_NOTHING; /* it means nothing here */
    if (n > 0 && !ids) status = pmkti_null(err, users ? "users" : "items");
    if (!status) {
        const float *vectors = users ? model->user_factors : model->item_factors;
        find_rows(&q, ids, vectors);
        status = pmkti_cf_question_exclude(&q, err);
        if (!status && model->facts.kind == PMKT_CF_ALS) {
            status = pmkti_cf_question_by_vector(&q, vectors, vectors, true, err);
        } else if (!status) {
            status = pmkti_cf_question_each(&q, knn_row, err);
        }
        if (!status) status = pmkti_cf_question_fall_back(&q, err);
    }
    pmkti_cf_question_end(&q);
    return status;
}

pmkt_status pmkt_cf_similar_items(const pmkt_cf *model, const uint64_t *items, int64_t n,
                                  const pmkt_cf_query *query, const pmkt_run *run,
                                  const pmkt_cf_answer *answer, pmkt_error *err) {
    return similar(model, false, items, n, query, run, answer, err);
}

pmkt_status pmkt_cf_similar_users(const pmkt_cf *model, const uint64_t *users, int64_t n,
                                  const pmkt_cf_query *query, const pmkt_run *run,
                                  const pmkt_cf_answer *answer, pmkt_error *err) {
    return similar(model, true, users, n, query, run, answer, err);
}
