/*
 * split.c - pmkt_cf_split: which events train and which test.
 *
 * First every row is told what it can be: neither (bad, or without an item), a candidate for the test, or
 * of a kind that is not asked for. Then each way of splitting decides from that. `part` is written once
 * nothing can fail any more.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/events.h"
#include "core/hash.h"
#include "core/select.h"
#include "core/sort.h"
#include "core/sort_ids.h"
#include "core/structs.h"
#include "pmkt/cf_evaluate.h"

/* One call. */
typedef struct split {
    pmkt_events ev;
    pmkt_cf_split_options o;
    pmkt_allocator allocator;
    uint8_t *part;
} split;

/* ------------------------------------------------------------------- checks */

static pmkt_status check_options(split *s, pmkt_error *err) {
    pmkt_cf_split_options *o = &s->o;
    if (o->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "options.reserved is not 0");
    if (o->how < PMKT_CF_TEMPORAL || o->how > PMKT_CF_RANDOM) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.how is %d, which is no way to split",
                          (int)o->how);
    }
    if (o->test == 0) o->test = 0.2;
    if (!(o->test > 0 && o->test < 1)) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.test must lie between 0 and 1");
    }
    if (o->last == 0) o->last = 1;
    if (o->last < 0) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.last is %lld; it must be positive",
                          (long long)o->last);
    }
    if (o->kind != 0 && (!pmkti_kind_exists(o->kind) || o->kind > UINT16_MAX)) {
        return pmkti_fail(err, PMKT_E_INVALID, "options.kind is %d, which is no kind",
                          (int)o->kind);
    }
    return pmkti_allocator_check(o->allocator, &s->allocator, err);
}

/* --------------------------------------------------------------- every row */

static bool counts(const split *s, int64_t i) {
    return pmkti_event_fault(&s->ev, i) < 0 && s->ev.item[i] != PMKT_ID_NONE;
}

static bool can_test(const split *s, int64_t i) {
    return s->o.kind == 0 || pmkti_event_kind(&s->ev, i) == s->o.kind;
}

/* What a row is if events from `from` on are the test. */
static uint8_t side(const split *s, int64_t i, int64_t from) {
    if (s->ev.time[i] < from) return PMKT_CF_TRAIN;
    return can_test(s, i) ? PMKT_CF_TEST : PMKT_CF_NEITHER;
}

static int64_t count_candidates(const split *s) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->ev.rows; i++) n += counts(s, i) && can_test(s, i);
    return n;
}

/* ----------------------------------------------------------------- temporal */

/* The instant from which on about n * test of n ascending ranks lie: that of the first such rank or, where
   it would take too many from the same instant along, the one after it. */
static int64_t nearer(const split *s, int64_t n, int64_t wanted, int64_t at) {
    int64_t with = 0, without = 0;
    for (int64_t i = 0; i < s->ev.rows; i++) {
        if (!counts(s, i) || !can_test(s, i)) continue;
        with += s->ev.time[i] >= at;
        without += s->ev.time[i] > at;
    }
    if (with == n && without == 0) return at; /* all at one instant: there is no past */
    return with - wanted <= wanted - without ? at : at + 1;
}

static pmkt_status find_cut(const split *s, int64_t *cut, pmkt_error *err) {
    *cut = s->o.from_ms;
    if (*cut != 0) return PMKT_OK;
    const int64_t n = count_candidates(s);
    *cut = PMKT_TIME_MAX;
    const int64_t wanted = (int64_t)((double)n * s->o.test + 0.5);
    if (wanted == 0) return PMKT_OK;
    uint64_t *keys = pmkti_alloc(&s->allocator, (size_t)n, sizeof *keys);
    if (!keys) return pmkti_no_memory(err, (size_t)n * sizeof *keys);
    int64_t at = 0;
    for (int64_t i = 0; i < s->ev.rows; i++) {
        /* Keys ascend as times do: the sign bit is turned. */
        if (counts(s, i) && can_test(s, i))
            keys[at++] = (uint64_t)s->ev.time[i] ^ (UINT64_C(1) << 63);
    }
    const size_t rank = (size_t)(n - wanted);
    uint64_t key = 0;
    pmkt_status status = pmkti_select(&s->allocator, keys, (size_t)n, &rank, 1, &key);
    pmkti_free(&s->allocator, keys, (size_t)n, sizeof *keys);
    if (status) return pmkti_no_memory(err, (size_t)n * sizeof *keys);
    *cut = nearer(s, n, wanted, (int64_t)(key ^ (UINT64_C(1) << 63)));
    return PMKT_OK;
}

static pmkt_status temporal(const split *s, pmkt_error *err) {
    int64_t cut;
    const pmkt_status status = find_cut(s, &cut, err);
    if (status) return status;
    for (int64_t i = 0; i < s->ev.rows; i++) {
        s->part[i] = counts(s, i) ? side(s, i, cut) : PMKT_CF_NEITHER;
    }
    return PMKT_OK;
}

/* --------------------------------------------------------------- leave last */

/* A candidate of a user. */
typedef struct candidate {
    int64_t time;
    uint64_t item;
    int64_t row;
} candidate;

static bool earlier(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time;
    if (x->item != y->item) return x->item < y->item;
    return x->row < y->row;
}

/* The candidates, user by user. */
typedef struct by_user {
    int64_t n, users;
    uint64_t *user; /* [n], of which `users` are there, ascending */
    int64_t *at; /* [n + 1]: where each user's begin; later where each one's test begins in time */
    candidate *rows; /* [n] */
} by_user;

static void clear(const split *s, by_user *b) {
    pmkti_free(&s->allocator, b->user, (size_t)b->n, sizeof *b->user);
    pmkti_free(&s->allocator, b->at, (size_t)b->n + 1, sizeof *b->at);
    pmkti_free(&s->allocator, b->rows, (size_t)b->n, sizeof *b->rows);
}

static pmkt_status make(const split *s, by_user *b, pmkt_error *err) {
    const size_t n = (size_t)b->n;
    b->user = pmkti_alloc(&s->allocator, n, sizeof *b->user);
    b->at = pmkti_alloc_zero(&s->allocator, n + 1, sizeof *b->at);
    b->rows = pmkti_alloc(&s->allocator, n, sizeof *b->rows);
    if (b->user && b->at && b->rows) return PMKT_OK;
    clear(s, b);
    return pmkti_no_memory(err, n * (sizeof *b->user + sizeof *b->at + sizeof *b->rows));
}

/* The number of a user, or -1. */
static int64_t number(const by_user *b, uint64_t user) {
    int64_t low = 0, high = b->users;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (b->user[middle] < user)
            low = middle + 1;
        else
            high = middle;
    }
    return low < b->users && b->user[low] == user ? low : -1;
}

static void collect(const split *s, by_user *b) {
    int64_t n = 0;
    for (int64_t i = 0; i < s->ev.rows; i++) {
        if (counts(s, i) && can_test(s, i)) b->user[n++] = s->ev.user[i];
    }
    pmkti_sort_ids(b->user, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        const bool is_new = i == 0 || b->user[i] != b->user[b->users - 1];
        if (is_new) b->user[b->users++] = b->user[i];
        b->at[b->users]++; /* so far how many each has, one place further on */
    }
    for (int64_t u = 0; u < b->users; u++) b->at[u + 1] += b->at[u];
    for (int64_t i = 0; i < s->ev.rows; i++) {
        if (!counts(s, i) || !can_test(s, i)) continue;
        const int64_t to = b->at[number(b, s->ev.user[i])]++;
        b->rows[to] = (candidate){s->ev.time[i], s->ev.item[i], i};
    }
    /* Each border has moved up to the next one. */
    for (int64_t u = b->users; u > 0; u--) b->at[u] = b->at[u - 1];
    b->at[0] = 0;
}

/* Marks the last of each user, and leaves in b->at the time of each one's first test event. */
static void mark_last(const split *s, by_user *b) {
    int64_t begin = 0;
    for (int64_t u = 0; u < b->users; u++) {
        candidate *rows = b->rows + begin;
        const int64_t n = b->at[u + 1] - begin;
        begin = b->at[u + 1];
        b->at[u] = PMKT_TIME_MAX;
        if (n <= s->o.last) continue;
        pmkti_sort(rows, (size_t)n, sizeof *rows, earlier);
        b->at[u] = rows[n - s->o.last].time;
        for (int64_t i = n - s->o.last; i < n; i++) s->part[rows[i].row] = PMKT_CF_TEST;
    }
}

static pmkt_status leave_last(const split *s, pmkt_error *err) {
    by_user b = {.n = count_candidates(s)};
    if (b.n > 0) {
        const pmkt_status status = make(s, &b, err);
        if (status) return status;
        collect(s, &b);
    }
    for (int64_t i = 0; i < s->ev.rows; i++) {
        s->part[i] = counts(s, i) ? PMKT_CF_TRAIN : PMKT_CF_NEITHER;
    }
    if (b.n == 0) return PMKT_OK;
    mark_last(s, &b);
    if (s->o.kind != 0) {
        for (int64_t i = 0; i < s->ev.rows; i++) {
            if (s->part[i] != PMKT_CF_TRAIN || can_test(s, i)) continue;
            const int64_t u = number(&b, s->ev.user[i]);
            if (u >= 0 && s->ev.time[i] >= b.at[u]) s->part[i] = PMKT_CF_NEITHER;
        }
    }
    clear(s, &b);
    return PMKT_OK;
}

/* ------------------------------------------------------------------- random */

/* Whether an item of a user is test: a number in [0, 1) that the three spread to is below the share. */
static bool drawn(const split *s, uint64_t user, uint64_t item) {
    const uint64_t key = pmkti_mix(pmkti_mix(pmkti_mix(s->o.seed + 1) ^ user) + item);
    return (double)(key >> 11) * 0x1p-53 < s->o.test;
}

static void random_part(const split *s) {
    for (int64_t i = 0; i < s->ev.rows; i++) {
        if (!counts(s, i))
            s->part[i] = PMKT_CF_NEITHER;
        else if (can_test(s, i) && drawn(s, s->ev.user[i], s->ev.item[i]))
            s->part[i] = PMKT_CF_TEST;
        else
            s->part[i] = PMKT_CF_TRAIN;
    }
}

/* ----------------------------------------------------------------- the call */

pmkt_status pmkt_cf_split(const pmkt_events *events, const pmkt_cf_split_options *options,
                          uint8_t *part, pmkt_error *err) {
    split s = {.o = PMKT_CF_SPLIT_OPTIONS_INIT, .part = part};
    pmkt_status status = pmkti_events_in(events, &s.ev, err);
    if (!status) {
        status = pmkti_struct_in(&s.o, sizeof s.o, options, sizeof s.o, "options", err);
    }
    if (!status) status = check_options(&s, err);
    if (status) return status;
    if (s.ev.rows == 0) return PMKT_OK;
    if (!part) return pmkti_null(err, "part");
    if (!s.ev.item)
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events.item is NULL: without items there is nothing to recommend");
    switch (s.o.how) {
        case PMKT_CF_TEMPORAL:
            return temporal(&s, err);
        case PMKT_CF_LEAVE_LAST:
            return leave_last(&s, err);
        default:
            random_part(&s);
            return PMKT_OK;
    }
}
