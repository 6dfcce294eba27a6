#include "intent/purchase/folds.h"

#include <string.h>

#include "core/error.h"
#include "core/hash.h"
#include "intent/classes.h"
#include "intent/fit.h"
#include "intent/logistic/model.h"

#define COUNTED 0.4 /* of the work */

/* The first user of a fold: users stand in the order of their keys. */
static int64_t first_user(const pmkti_sessions *s, int32_t fold) {
    int64_t low = 0, high = s->users;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (pmkti_fold(pmkti_mix(s->user[middle]), PMKTI_FOLDS) < fold)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Counts the sessions of a fold into a new model, which is not finished. */
static pmkt_status count(const pmkti_visits *v, const pmkt_intent *like, int32_t fold,
                         const pmkti_run *run, pmkti_stage stage, pmkt_intent **out,
                         pmkt_error *err) {
    pmkt_intent *m = pmkti_intent_new(&like->allocator);
    if (!m) return pmkti_stopped(err, PMKT_E_NOMEM);
    *out = m;
    m->facts.order = like->facts.order;
    m->facts.gap_ms = like->facts.gap_ms;
    m->facts.goal = like->facts.goal;
    int64_t bad = 0;
    if (pmkti_classes_set(m, like->classes, like->facts.classes, &bad)) {
        return pmkti_stopped(err, PMKT_E_NOMEM);
    }
    const int64_t *at = v->s.user_at;
    const int64_t first = at[first_user(&v->s, fold)], end = at[first_user(&v->s, fold + 1)];
    const pmkti_sequences from = pmkti_visits_sequences(v, first, end - first);
    return pmkti_count_sequences(m, &from, run, stage, err);
}

static pmkt_status add_up(pmkt_intent *const *part, const pmkti_run *run, pmkti_stage stage,
                          pmkti_folds *out, pmkt_error *err) {
    const pmkt_intent *all[PMKTI_FOLDS], *others[PMKTI_FOLDS];
    const double width = (stage.to - stage.from) / (PMKTI_FOLDS + 1);
    for (int i = 0; i < PMKTI_FOLDS; i++) all[i] = part[i];
    pmkt_status status = pmkti_intent_add_up(
        all, PMKTI_FOLDS, run, (pmkti_stage){stage.name, stage.from, stage.from + width},
        &out->chains, err);
    for (int fold = 0; fold < PMKTI_FOLDS && !status; fold++) {
        int n = 0;
        for (int i = 0; i < PMKTI_FOLDS; i++) {
            if (i != fold) others[n++] = part[i];
        }
        const double from = stage.from + (fold + 1) * width;
        status = pmkti_intent_add_up(others, n, run, (pmkti_stage){stage.name, from, from + width},
                                     &out->without[fold], err);
        if (!status) {
            status = pmkti_stopped(
                err, pmkti_reader_make(out->without[fold], out->chains, false, &out->reader[fold]));
        }
    }
    return status;
}

pmkt_status pmkti_folds_make(const pmkti_visits *v, const pmkt_intent *like, const pmkti_run *run,
                             pmkti_stage stage, pmkti_folds *out, pmkt_error *err) {
    pmkt_intent *part[PMKTI_FOLDS] = {NULL};
    const double counted = stage.from + COUNTED * (stage.to - stage.from);
    const double width = (counted - stage.from) / PMKTI_FOLDS;
    memset(out, 0, sizeof *out);
    pmkt_status status = PMKT_OK;
    for (int fold = 0; fold < PMKTI_FOLDS && !status; fold++) {
        const double from = stage.from + fold * width;
        status = count(v, like, fold, run, (pmkti_stage){stage.name, from, from + width},
                       &part[fold], err);
    }
    if (!status) {
        status = add_up(part, run, (pmkti_stage){stage.name, counted, stage.to}, out, err);
    }
    for (int i = 0; i < PMKTI_FOLDS; i++) pmkt_intent_release(part[i]);
    if (status) pmkti_folds_free(out);
    return status;
}

void pmkti_folds_free(pmkti_folds *f) {
    for (int i = 0; i < PMKTI_FOLDS; i++) {
        pmkti_reader_free(&f->reader[i]);
        pmkt_intent_release(f->without[i]);
    }
    pmkt_intent_release(f->chains);
    memset(f, 0, sizeof *f);
}
