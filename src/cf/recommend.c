/*
 * recommend.c - pmkt_cf_recommend: the best items for users whom the model knows.
 */
#include "cf/find.h"
#include "cf/knn.h"
#include "cf/popular.h"
#include "cf/question.h"
#include "core/error.h"

static pmkt_status check(const pmkti_cf_question *q, const uint64_t *users, pmkt_error *err) {
    const pmkt_cf_facts *f = &q->model->facts;
    if (q->rows > 0 && !users) return pmkti_null(err, "users");
    if (f->has_seen || (q->query.keep_seen && f->kind != PMKT_CF_KNN)) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                      f->kind == PMKT_CF_KNN
                          ? "a kNN model that does not know who had what cannot recommend to users"
                          : "the model does not know who had what; set keep_seen");
}

/* Who asks, what they had, what is left out for it. */
static pmkt_status find_rows(pmkti_cf_question *q, const uint64_t *users, pmkt_error *err) {
    const pmkt_cf *m = q->model;
    for (int64_t i = 0; i < q->rows; i++) {
        pmkti_cf_asker *asker = &q->asker[i];
        asker->number = pmkti_cf_find(m->user_id, m->facts.users, users[i]);
        asker->reason = asker->number < 0 ? PMKT_CF_UNKNOWN : PMKT_CF_ANSWERED;
        if (asker->number < 0) continue;
        if (m->facts.has_seen) {
            const pmkt_status status = pmkti_cf_seen_of(m, asker->number, &asker->had, err);
            if (status) return status;
            if (!q->query.keep_seen) {
                q->without[i].seen = asker->had.item;
                q->without[i].n_seen = asker->had.n;
            }
        }
        const int64_t d = m->facts.factors;
        if (m->user_factors && pmkti_cf_is_zero(m->user_factors + asker->number * d, (int32_t)d)) {
            asker->number = -1;
            asker->reason = PMKT_CF_NO_FACTORS;
        }
    }
    return PMKT_OK;
}

static pmkt_status knn_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch, pmkt_error *err) {
    const pmkti_cf_question *q = ctx;
    const pmkti_cf_had *had = &q->asker[row].had;
    if (q->asker[row].number < 0) return PMKT_OK;
    return pmkti_cf_knn_recommend(q->model, had->item, had->weight, had->n, &q->filter,
                                  &q->without[row], q->k, scratch, pmkti_cf_question_ids(q, row),
                                  pmkti_cf_question_scores(q, row), &q->answer.counts[row], err);
}

static pmkt_status popular_row(void *ctx, int64_t row, pmkt_cf_scratch *scratch, pmkt_error *err) {
    const pmkti_cf_question *q = ctx;
    (void)scratch;
    if (q->asker[row].number < 0) return PMKT_OK;
    return pmkti_cf_popular(q->model, &q->filter, &q->without[row], q->k,
                            pmkti_cf_question_ids(q, row), pmkti_cf_question_scores(q, row),
                            &q->answer.counts[row], err);
}

pmkt_status pmkti_cf_question_answer(pmkti_cf_question *q, const float *vectors, pmkt_error *err) {
    if (q->query.fallback == PMKT_CF_POPULAR && !q->model->popularity && q->filter.n > 0) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED,
                          "the model does not know what is popular, to fall back on");
    }
    pmkt_status status = pmkti_cf_question_exclude(q, err);
    if (status) return status;
    switch (q->model->facts.kind) {
        case PMKT_CF_ALS:
            status = pmkti_cf_question_by_vector(q, vectors, q->model->item_factors, false, err);
            break;
        case PMKT_CF_KNN:
            status = pmkti_cf_question_each(q, knn_row, err);
            break;
        default:
            status = pmkti_cf_question_each(q, popular_row, err);
            break;
    }
    return status ? status : pmkti_cf_question_fall_back(q, err);
}

pmkt_status pmkt_cf_recommend(const pmkt_cf *model, const uint64_t *users, int64_t n,
                              const pmkt_cf_query *query, const pmkt_run *run,
                              const pmkt_cf_answer *answer, pmkt_error *err) {
    pmkti_cf_question q;
    pmkt_status status = pmkti_cf_question_begin(&q, model, false, n, query, run, answer, err);
    if (status) return status;
    status = check(&q, users, err);
    if (!status) status = find_rows(&q, users, err);
    if (!status) status = pmkti_cf_question_answer(&q, model->user_factors, err);
    pmkti_cf_question_end(&q);
    return status;
}
