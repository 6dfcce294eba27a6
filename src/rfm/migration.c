/*
 * migration.c - two scorings side by side. Both stand in the order of their keys, so one walk meets
 * every user once.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/sort.h"
#include "core/structs.h"
#include "rfm/scores.h"

#define LISTS 2

typedef struct listed {
    uint64_t user;
    int64_t revenue;
} listed;

struct pmkt_rfm_migration {
    pmkt_allocator allocator;
    int32_t codes; /* "absent" included */
    pmkti_name *names;
    int64_t *matrix; /* [codes * codes] */
    size_t *ends;    /* [codes * codes] where a cell's users end in `users` */
    uint64_t *users; /* [n_users] by cell */
    size_t n_users;
    uint64_t *lists[LISTS];
    size_t list_lengths[LISTS];
    pmkt_rfm_rates rates;
};

/* A user as the two scorings know them; a row is SIZE_MAX where they do not. */
typedef struct pair {
    size_t before, after;
} pair;

#define NO_ROW SIZE_MAX

typedef struct walk {
    const pmkt_rfm_scores *before, *after;
    size_t i, j;
} walk;

static bool next_pair(walk *w, pair *p) {
    const bool left = w->i < w->before->rows, right = w->j < w->after->rows;
    if (!left && !right) return false;
    const uint64_t a = left ? pmkti_key_of_user(w->before->col.user[w->i]) : 0;
    const uint64_t b = right ? pmkti_key_of_user(w->after->col.user[w->j]) : 0;
    p->before = left && (!right || a <= b) ? w->i++ : NO_ROW;
    p->after = right && (!left || b <= a) ? w->j++ : NO_ROW;
    return true;
}

static size_t cell_of(const pmkt_rfm_migration *m, const walk *w, int32_t by, const pair *p) {
    const int32_t absent = m->codes - 1;
    const int32_t from = p->before == NO_ROW ? absent : pmkti_score_code(w->before, by, p->before);
    const int32_t to = p->after == NO_ROW ? absent : pmkti_score_code(w->after, by, p->after);
    return (size_t)from * (size_t)m->codes + (size_t)to;
}

static bool same_names(const pmkt_rfm_scores *a, const pmkt_rfm_scores *b, int32_t by) {
    const int32_t codes = pmkt_rfm_scores_codes(a, by);
    if (codes != pmkt_rfm_scores_codes(b, by)) return false;
    for (int32_t code = 0; code < codes; code++) {
        if (strcmp(pmkt_rfm_scores_name(a, by, code), pmkt_rfm_scores_name(b, by, code)) != 0) {
            return false;
        }
    }
    return true;
}

/* ----------------------------------------------------------------- counting */

static void count_rates(pmkt_rfm_rates *r, const walk *w, const pair *p) {
    const pmkti_columns *a = &w->before->col, *b = &w->after->col;
    if (p->before == NO_ROW) return;
    const bool buyer = a->orders[p->before] > 0;
    const bool churned = a->lifecycle[p->before] == PMKT_RFM_CHURNED;
    const uint8_t activity = a->activity[p->before];
    r->buyers_before += buyer;
    r->churned_before += buyer && churned;
    r->dormant_before += activity == PMKT_RFM_BAND_LOW;
    r->active_before += activity == PMKT_RFM_BAND_HIGH;
    if (p->after == NO_ROW) return;
    const uint8_t now = b->activity[p->after];
    r->customers++;
    r->dormant_to_active += activity == PMKT_RFM_BAND_LOW && now == PMKT_RFM_BAND_HIGH;
    r->active_to_dormant += activity == PMKT_RFM_BAND_HIGH && now == PMKT_RFM_BAND_LOW;
    r->newly_churned += buyer && !churned && b->lifecycle[p->after] == PMKT_RFM_CHURNED;
}

static double rate(int64_t part, int64_t base) {
    return base > 0 ? (double)part / (double)base : 0.0;
}

static void finish_rates(pmkt_rfm_rates *r) {
    r->moved_rate = rate(r->moved, r->customers);
    r->dormant_to_active_rate = rate(r->dormant_to_active, r->dormant_before);
    r->active_to_dormant_rate = rate(r->active_to_dormant, r->active_before);
    r->churn_rate = rate(r->newly_churned, r->buyers_before - r->churned_before);
}

/* The list a pair belongs to, or -1. */
static int list_of(const walk *w, const pair *p) {
    if (p->before == NO_ROW || p->after == NO_ROW) return -1;
    const uint8_t was = w->before->col.activity[p->before], is = w->after->col.activity[p->after];
    if (was >= PMKT_RFM_BAND_MIDDLE && is == PMKT_RFM_BAND_LOW) return PMKT_RFM_LIST_WIN_BACK;
    if (was == PMKT_RFM_BAND_LOW && is == PMKT_RFM_BAND_HIGH) return PMKT_RFM_LIST_WON_BACK;
    return -1;
}

static void count_pairs(pmkt_rfm_migration *m, walk w, int32_t by) {
    pair p;
    while (next_pair(&w, &p)) {
        const size_t cell = cell_of(m, &w, by, &p);
        m->matrix[cell]++;
        m->n_users++;
        const bool both = p.before != NO_ROW && p.after != NO_ROW;
        m->rates.moved += both && cell / (size_t)m->codes != cell % (size_t)m->codes;
        count_rates(&m->rates, &w, &p);
        const int list = list_of(&w, &p);
        if (list >= 0) m->list_lengths[list]++;
    }
    finish_rates(&m->rates);
}

/* ------------------------------------------------------------------ listing */

static bool listed_before(const void *a, const void *b) {
    const listed *x = a, *y = b;
    if (x->revenue != y->revenue) return x->revenue > y->revenue;
    return x->user < y->user;
}

/* Writes the users of every cell, counting-sort fashion, and the rows of the lists. */
static void write_users(pmkt_rfm_migration *m, walk w, int32_t by, listed *rows[LISTS]) {
    const size_t cells = (size_t)m->codes * (size_t)m->codes;
    size_t next = 0, lengths[LISTS] = {0, 0};
    for (size_t cell = 0; cell < cells; cell++) {
        m->ends[cell] = next;
        next += (size_t)m->matrix[cell];
    }
    pair p;
    while (next_pair(&w, &p)) {
        const uint64_t user =
            p.before != NO_ROW ? w.before->col.user[p.before] : w.after->col.user[p.after];
        m->users[m->ends[cell_of(m, &w, by, &p)]++] = user;
        const int list = list_of(&w, &p);
        if (list >= 0) {
            rows[list][lengths[list]++] = (listed){user, w.after->col.revenue[p.after]};
        }
    }
}

static pmkt_status make_lists(pmkt_rfm_migration *m, walk w, int32_t by) {
    const pmkt_allocator *allocator = &m->allocator;
    listed *rows[LISTS] = {NULL, NULL};
    pmkt_status status = PMKT_OK;
    m->users = pmkti_alloc(allocator, m->n_users, sizeof *m->users);
    if (m->n_users && !m->users) status = PMKT_E_NOMEM;
    for (int l = 0; l < LISTS; l++) {
        const size_t n = m->list_lengths[l];
        m->lists[l] = pmkti_alloc(allocator, n, sizeof *m->lists[l]);
        rows[l] = pmkti_alloc(allocator, n, sizeof *rows[l]);
        if (n && (!m->lists[l] || !rows[l])) status = PMKT_E_NOMEM;
    }
    if (!status) write_users(m, w, by, rows);
    for (int l = 0; l < LISTS; l++) {
        const size_t n = m->list_lengths[l];
        if (!status && n) pmkti_sort(rows[l], n, sizeof *rows[l], listed_before);
        for (size_t i = 0; !status && i < n; i++) m->lists[l][i] = rows[l][i].user;
        pmkti_free(allocator, rows[l], n, sizeof *rows[l]);
    }
    return status;
}

/* -------------------------------------------------------------------- calls */

static pmkt_status make_tables(pmkt_rfm_migration *m, const pmkt_rfm_scores *before, int32_t by) {
    const size_t codes = (size_t)m->codes, cells = codes * codes;
    m->names = pmkti_alloc_zero(&m->allocator, codes, sizeof *m->names);
    m->matrix = pmkti_alloc_zero(&m->allocator, cells, sizeof *m->matrix);
    m->ends = pmkti_alloc_zero(&m->allocator, cells, sizeof *m->ends);
    if (!m->names || !m->matrix || !m->ends) return PMKT_E_NOMEM;
    for (int32_t code = 0; code + 1 < m->codes; code++) {
        const char *name = pmkt_rfm_scores_name(before, by, code);
        memcpy(m->names[code].text, name, strlen(name));
    }
    memcpy(m->names[m->codes - 1].text, "absent", sizeof "absent");
    return PMKT_OK;
}

pmkt_status pmkt_rfm_migrate(const pmkt_rfm_scores *before, const pmkt_rfm_scores *after,
                             int32_t by, const pmkt_run *run, pmkt_rfm_migration **migration,
                             pmkt_error *err) {
    if (!before) return pmkti_null(err, "before");
    if (!after) return pmkti_null(err, "after");
    if (!migration) return pmkti_null(err, "migration");
    const int32_t codes = pmkt_rfm_scores_codes(before, by);
    if (codes < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "by is %d, which these scores cannot be compared by",
                          (int)by);
    }
    if (before->as_of_ms > after->as_of_ms) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "`before` was scored as of a later date than `after`");
    }
    if (memcmp(before->currency, after->currency, sizeof before->currency) != 0 ||
        before->currency_exponent != after->currency_exponent) {
        return pmkti_fail(err, PMKT_E_MISMATCH, "the two scorings are in different currencies");
    }
    if (!same_names(before, after, by)) {
        return pmkti_fail(err, PMKT_E_MISMATCH,
                          "the two scorings do not have the same names for their groups");
    }
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status) return status;
    pmkt_rfm_migration *m = pmkti_alloc_zero(&before->allocator, 1, sizeof *m);
    if (!m) return pmkti_no_memory(err, sizeof *m);
    m->allocator = before->allocator;
    m->codes = codes + 1;
    const walk start = {before, after, 0, 0};
    status = make_tables(m, before, by);
    if (!status && pmkti_canceled(&how, 0, "counting")) status = PMKT_E_CANCELED;
    if (!status) count_pairs(m, start, by);
    if (!status && pmkti_canceled(&how, 0.5, "listing")) status = PMKT_E_CANCELED;
    if (!status) status = make_lists(m, start, by);
    if (status) {
        pmkt_rfm_migration_free(m);
        return pmkti_stopped(err, status);
    }
    *migration = m;
    return PMKT_OK;
}

void pmkt_rfm_migration_free(pmkt_rfm_migration *m) {
    if (!m) return;
    const pmkt_allocator allocator = m->allocator;
    const size_t codes = (size_t)m->codes, cells = codes * codes;
    pmkti_free(&allocator, m->names, codes, sizeof *m->names);
    pmkti_free(&allocator, m->matrix, cells, sizeof *m->matrix);
    pmkti_free(&allocator, m->ends, cells, sizeof *m->ends);
    pmkti_free(&allocator, m->users, m->n_users, sizeof *m->users);
    for (int l = 0; l < LISTS; l++) {
        pmkti_free(&allocator, m->lists[l], m->list_lengths[l], sizeof *m->lists[l]);
    }
    pmkti_free(&allocator, m, 1, sizeof *m);
}

const int64_t *pmkt_rfm_migration_matrix(const pmkt_rfm_migration *m, int32_t *codes) {
    if (codes) *codes = m ? m->codes : 0;
    return m ? m->matrix : NULL;
}

const char *pmkt_rfm_migration_name(const pmkt_rfm_migration *m, int32_t code) {
    return m && code >= 0 && code < m->codes ? m->names[code].text : NULL;
}

const uint64_t *pmkt_rfm_migration_users(const pmkt_rfm_migration *m, int32_t from, int32_t to,
                                         int64_t *n) {
    if (n) *n = 0;
    if (!m || from < 0 || to < 0 || from >= m->codes || to >= m->codes) return NULL;
    const size_t cell = (size_t)from * (size_t)m->codes + (size_t)to;
    const size_t count = (size_t)m->matrix[cell];
    if (n) *n = (int64_t)count;
    return count ? m->users + (m->ends[cell] - count) : NULL;
}

pmkt_status pmkt_rfm_migration_rates(const pmkt_rfm_migration *m, pmkt_rfm_rates *out,
                                     pmkt_error *err) {
    if (!m) return pmkti_null(err, "migration");
    return pmkti_struct_out(out, &m->rates, sizeof m->rates, offsetof(pmkt_rfm_rates, customers),
                            "out", err);
}

const uint64_t *pmkt_rfm_migration_list(const pmkt_rfm_migration *m, int32_t list, int64_t *n) {
    const bool exists = m && list >= 0 && list < LISTS;
    if (n) *n = exists ? (int64_t)m->list_lengths[list] : 0;
    return exists ? m->lists[list] : NULL;
}
