/*
 * Exact top-k against scores of one pair at a time, all sorted: on random and on nasty vectors, of many
 * widths, through every filter, by every way that the library may take.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cf/topk.h"
#include "core/alloc.h"
#include "support/loop.h"
#include "support/suite.h"

#define ROWS 66 /* enough for chunks of rows that are scanned together, and two rows more */
#define FEW 26  /* fewer, and enough for a batch to make an index of its own */

enum {
    RANDOM,
    DECAYING,    /* norms and coordinates of falling size */
    TIES,        /* small whole numbers */
    COPIES,      /* one vector, again and again */
    ZEROS,       /* mostly vectors of zeros */
    HUGE_NORMS,  /* 1e18 to 1e30, where scores overflow */
    LARGEST,     /* up to FLT_MAX, where norms overflow */
    DENORMALS,   /* 1e-40 */
    DOMINATED,   /* by one coordinate, equal in all */
    ALTERNATING, /* +1, -1, ... but for a hair, where codes are wrong the most */
    SHAPES
};

typedef struct world {
    int64_t n;
    int32_t d;
    float *vectors, *queries;
    uint64_t *ids, *category;
    pmkt_allocator allocator;
    pmkti_cf_index index;
    pmkti_cf_filter filter;
    pmkti_cf_without without[ROWS];
    int64_t row[ROWS];
} world;

static double uniform(void) {
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static double normal(void) {
    double sum = 0;
    for (int i = 0; i < 12; i++) sum += uniform();
    return sum - 6;
}

static float coordinate(int shape, int64_t i, int32_t j) {
    switch (shape) {
        case DECAYING:
            return (float)(normal() / sqrt(1.0 + (double)i) / sqrt(1.0 + j));
        case TIES:
            return (float)(random_below(3) - 1);
        case COPIES:
            return (float)(j % 5) - 1.7f;
        case ZEROS:
            return i % 7 == 3 ? (float)normal() : 0.0f;
        case HUGE_NORMS:
            return (float)(normal() * pow(10, 18 + (double)(i % 13)));
        case LARGEST:
            return (float)(uniform() < 0.5 ? -1 : 1) * 3.4e38f * (float)uniform();
        case DENORMALS:
            return (float)(normal() * (i % 3 ? 1e-40 : 3e-45));
        case DOMINATED:
            return j == 0 ? 1e6f : (float)normal();
        case ALTERNATING:
            return (float)((j % 2 ? -1 : 1) * (1 + 1e-6 * normal()) * (j % 3 ? 0.5 : 1));
        default:
            return (float)normal();
    }
}

static world world_new(int shape, int64_t n, int32_t d) {
    world w = {.n = n, .d = d};
    (void)pmkti_allocator_check(NULL, &w.allocator, NULL);
    w.vectors = malloc((size_t)(n * d + 1) * sizeof(float));
    w.queries = malloc((size_t)(ROWS * d) * sizeof(float));
    w.ids = malloc((size_t)(n + 1) * sizeof(uint64_t));
    w.category = malloc((size_t)(n + 1) * sizeof(uint64_t));
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < d; j++) w.vectors[i * d + j] = coordinate(shape, i, j);
        w.ids[i] = (uint64_t)(3 * i + 5);
        w.category[i] = 1 + random_bits() % 3;
    }
    for (int64_t i = 0; i < ROWS; i++) {
        for (int32_t j = 0; j < d; j++) w.queries[i * d + j] = coordinate(shape, i, j);
        w.row[i] = i;
    }
    memset(w.queries, 0, (size_t)d * sizeof(float)); /* the first has nothing to go by */
    const pmkti_run run = {1, {NULL, NULL}};
    pmkt_error err;
    ck_assert_ok(pmkti_cf_index_new(w.vectors, n, d, &w.allocator, &run, &w.index, &err), err);
    w.filter = (pmkti_cf_filter){.id = w.ids, .n = n, .category = w.category};
    return w;
}

static void world_free(world *w) {
    pmkti_cf_index_clear(&w->index, &w->allocator);
    free(w->vectors);
    free(w->queries);
    free(w->ids);
    free(w->category);
}

/* ------------------------------------------------------------ the slow way */

/* The score as the contract has it, written down once more. */
static float slow_score(const float *a, const float *b, int32_t d, bool cosine) {
    double lane[3][8] = {{0}};
    for (int32_t j = 0; j < d; j++) {
        lane[0][j % 8] += (double)a[j] * (double)b[j];
        lane[1][j % 8] += (double)a[j] * (double)a[j];
        lane[2][j % 8] += (double)b[j] * (double)b[j];
    }
    double sum[3];
    for (int i = 0; i < 3; i++) {
        const double *l = lane[i];
        sum[i] = ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
    }
    if (!cosine) return (float)sum[0] + 0.0f;
    const double norms = sqrt(sum[1]) * sqrt(sum[2]);
    return (norms > 0 ? (float)(sum[0] / norms) : 0.0f) + 0.0f;
}

typedef struct scored {
    float score;
    int32_t number;
} scored;

static int by_rank(const void *a, const void *b) {
    const scored *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool listed(const int32_t *list, int64_t n, int32_t number) {
    for (int64_t i = 0; i < n; i++) {
        if (list[i] == number) return true;
    }
    return false;
}

static bool slow_passes(const world *w, const pmkti_cf_without *without, int32_t i) {
    const pmkti_cf_filter *f = &w->filter;
    return !(f->wanted && w->category[i] != f->wanted) &&
           !(f->allow && !pmkt_idset_contains(f->allow, w->ids[i])) &&
           !pmkt_idset_contains(f->deny, w->ids[i]) && !listed(without->seen, without->n_seen, i) &&
           !listed(without->excluded, without->n_excluded, i);
}

static int64_t slow_topk(const world *w, int64_t row, bool cosine, scored *best) {
    int64_t n = 0;
    const float *query = w->queries + w->row[row] * w->d;
    for (int32_t i = 0; i < w->n; i++) {
        if (!slow_passes(w, &w->without[row], i)) continue;
        const float score = slow_score(query, w->vectors + (int64_t)i * w->d, w->d, cosine);
        if (w->filter.has_min_score && !(score >= w->filter.min_score)) continue;
        best[n++] = (scored){score, i};
    }
    qsort(best, (size_t)n, sizeof *best, by_rank);
    return n;
}

/* -------------------------------------------------------------- comparison */

static void require_row(const world *w, const scored *best, int64_t n, int64_t k,
                        const uint64_t *ids, const float *scores, int32_t count) {
    if (n > k) n = k;
    REQUIRE(count == n);
    for (int64_t i = 0; i < n; i++) {
        REQUIRE(ids[i] == w->ids[best[i].number]);
        REQUIRE(memcmp(&scores[i], &best[i].score, sizeof(float)) == 0);
    }
    for (int64_t i = n; i < k; i++) REQUIRE(ids[i] == PMKT_ID_NONE && isnan(scores[i]));
}

/* Few rows by themselves, with the index and without; all together on some threads, likewise; and a few
   together. */
static void require_exact(const world *w, int64_t k, bool cosine) {
    const size_t size = (size_t)(ROWS * k);
    uint64_t *ids = malloc(size * sizeof *ids);
    float *scores = malloc(size * sizeof *scores);
    scored *best = malloc((size_t)(w->n + 1) * sizeof *best);
    int32_t counts[ROWS];
    pmkt_cf_scratch scratch;
    pmkti_cf_scratch_init(&scratch, &w->allocator);
    pmkt_error err;
    for (int way = 0; way < 6; way++) {
        const int64_t rows = way < 2 || way == 5 ? FEW : ROWS;
        const pmkti_cf_topk topk = {.vectors = w->vectors,
                                    .n = w->n,
                                    .d = w->d,
                                    .cosine = cosine,
                                    .index = way % 2 ? NULL : &w->index,
                                    .filter = &w->filter,
                                    .k = k};
        memset(ids, 0xA5, size * sizeof *ids);
        if (way < 2) {
            for (int64_t i = 0; i < rows; i++) {
                ck_assert_ok(
                    pmkti_cf_topk_one(&topk, w->queries + w->row[i] * w->d, &w->without[i],
                                      &scratch, ids + i * k, scores + i * k, &counts[i], &err),
                    err);
            }
        } else {
            const pmkti_run run = {way >= 4 ? 4 : way - 1, {NULL, NULL}};
            ck_assert_ok(pmkti_cf_topk_many(&topk, w->queries, w->row, w->without, rows,
                                            &w->allocator, &run, ids, scores, counts, &err),
                         err);
        }
        for (int64_t i = 0; i < rows; i += way < 2 ? 1 : 3) {
            const int64_t n = slow_topk(w, i, cosine, best);
            require_row(w, best, n, k, ids + i * k, scores + i * k, counts[i]);
        }
    }
    pmkti_cf_scratch_clear(&scratch);
    free(ids);
    free(scores);
    free(best);
}

/* ------------------------------------------------------------------- tests */

START_TEST(every_shape_and_width_is_exact) {
    static const int32_t WIDTHS[] = {1, 2, 3, 7, 8, 16, 31, 64, 100, 128, 257, 1024};
    const int shape = _i;
    random_seed((uint64_t)shape);
    for (int64_t i = 0; i < LENGTH(WIDTHS); i++) {
        if (WIDTHS[i] > 300 && shape > DECAYING && shape != LARGEST) continue;
        if ((i + shape) % scaled(1, 3) != 0) continue;
        world w = world_new(shape, scaled(1100, 130) + i, WIDTHS[i]);
        require_exact(&w, 10, false);
        if (i % 2) require_exact(&w, 10, true);
        world_free(&w);
    }
}
END_TEST

START_TEST(every_number_of_vectors_and_answers_is_exact) {
    static const int64_t NUMBERS[] = {0, 1, 2, 9, 10, 31, 32, 33, 99, 100, 129, 200, 1025};
    random_seed(7);
    for (int64_t i = 0; i < LENGTH(NUMBERS); i += scaled(1, 2)) {
        const int64_t n = NUMBERS[i], ks[] = {1, 10, 100, n + 5};
        world w = world_new(i % 2 ? RANDOM : TIES, n, 24);
        for (int j = 0; j < 4; j++) require_exact(&w, ks[j], j == 1);
        world_free(&w);
    }
}
END_TEST

START_TEST(ten_thousand_vectors_are_exact) {
    random_seed(8);
    world w = world_new(_i ? DECAYING : RANDOM, scaled(10000, 1100), 64);
    require_exact(&w, 100, false);
    require_exact(&w, 1, true);
    world_free(&w);
}
END_TEST

/* A set of the ids of every `step`-th vector, and some of none. */
static pmkt_idset *every(const world *w, int64_t step) {
    uint64_t *ids = malloc((size_t)(w->n + 2) * sizeof *ids);
    int64_t n = 0;
    for (int64_t i = 0; i < w->n; i += step) ids[n++] = w->ids[i];
    ids[n++] = 1;
    ids[n++] = UINT64_MAX;
    pmkt_idset *set = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(ids, n, NULL, &set, &err), err);
    free(ids);
    return set;
}

START_TEST(filters_leave_the_best_of_the_rest) {
    static int32_t seen[ROWS][600], excluded[ROWS][5];
    random_seed(9);
    world w = world_new(_i, scaled(1300, 600), 36);
    pmkt_idset *few = every(&w, 97), *many = every(&w, 2), *none = NULL;
    pmkt_error err;
    ck_assert_ok(pmkt_idset_new(NULL, 0, NULL, &none, &err), err);
    for (int r = 0; r < ROWS; r++) {
        int n = 0;
        for (int32_t i = 0; i < w.n; i++) {
            if (n < 600 && random_below(3) == 0) seen[r][n++] = i;
        }
        for (int i = 0; i < 5; i++) excluded[r][i] = 100 * i + r;
        w.without[r] = (pmkti_cf_without){seen[r], r % 4 ? n : 0, excluded[r], r % 3 ? 5 : 0};
    }
    for (int what = 0; what < 96; what += (int)scaled(1, 7)) {
        const pmkt_idset *allows[4] = {NULL, few, many, none};
        w.filter.allow = allows[what % 4];
        w.filter.deny = what / 4 % 2 ? every(&w, 3) : NULL;
        w.filter.wanted = (uint64_t)(what / 8 % 3 == 2 ? 9 : what / 8 % 3);
        w.filter.has_min_score = what / 24 % 2;
        w.filter.min_score = what % 5 ? 0.0f : 1.5f;
        require_exact(&w, what % 3 ? 10 : 250, what / 48);
        pmkt_idset *deny = NULL;
        memcpy(&deny, &w.filter.deny, sizeof deny);
        pmkt_idset_free(deny);
    }
    pmkt_idset_free(few);
    pmkt_idset_free(many);
    pmkt_idset_free(none);
    world_free(&w);
}
END_TEST

/* The error of a vector's codes as the query, for which the bound is as tight as it gets, and the vector's
   own score as the least: it has to be found all the same. */
START_TEST(a_query_like_the_error_of_codes_loses_nothing) {
    random_seed(14);
    world w = world_new(RANDOM, 400, 64);
    for (int64_t i = 0; i < scaled(8, 2); i++) {
        const float *v = w.vectors + 11 * i * w.d;
        float *query = w.queries + (i + 1) * w.d;
        double most = 0;
        for (int32_t j = 0; j < w.d; j++) most = fmax(most, fabs((double)v[j]));
        for (int32_t j = 0; j < w.d; j++) {
            const double steps = (double)v[j] / (most / 7);
            query[j] = (float)(steps - floor(steps + 0.5));
        }
        w.filter.has_min_score = true;
        w.filter.min_score = slow_score(query, v, w.d, false);
        require_exact(&w, 99, false);
        w.filter.min_score = slow_score(query, v, w.d, true);
        require_exact(&w, 99, true);
    }
    world_free(&w);
}
END_TEST

/* Halves of vectors and queries that cancel out but for a hair: in single precision all scores are noise. */
START_TEST(scores_that_cancel_out_lose_nothing) {
    random_seed(15);
    world w = world_new(RANDOM, 900, 64);
    const int32_t half = w.d / 2;
    for (int64_t i = 0; i < w.n; i++) {
        float *v = w.vectors + i * w.d;
        for (int32_t j = 0; j < half; j++) v[half + j] = v[j] * (float)(1 + 1e-7 * normal());
    }
    for (int64_t i = 0; i < ROWS; i++) {
        float *query = w.queries + i * w.d;
        for (int32_t j = 0; j < half; j++) query[half + j] = -query[j];
    }
    pmkti_cf_index_clear(&w.index, &w.allocator);
    const pmkti_run run = {1, {NULL, NULL}};
    pmkt_error err;
    ck_assert_ok(pmkti_cf_index_new(w.vectors, w.n, w.d, &w.allocator, &run, &w.index, &err), err);
    require_exact(&w, 10, false);
    require_exact(&w, 10, true);
    world_free(&w);
}
END_TEST

START_TEST(a_row_below_zero_has_no_answers) {
    random_seed(10);
    world w = world_new(RANDOM, 300, 8);
    w.row[0] = w.row[5] = w.row[ROWS - 1] = -1;
    const pmkti_cf_topk topk = {w.vectors, w.n, w.d, false, &w.index, &w.filter, 3};
    const pmkti_run run = {2, {NULL, NULL}};
    uint64_t ids[ROWS * 3];
    int32_t counts[ROWS];
    pmkt_error err;
    ck_assert_ok(pmkti_cf_topk_many(&topk, w.queries, w.row, w.without, ROWS, &w.allocator, &run,
                                    ids, NULL, counts, &err),
                 err);
    for (int i = 0; i < ROWS; i++) {
        ck_assert_int_eq(counts[i], w.row[i] < 0 ? 0 : 3);
        ck_assert_int_eq(ids[3 * i + 2] == PMKT_ID_NONE, w.row[i] < 0);
    }
    world_free(&w);
}
END_TEST

START_TEST(an_index_is_the_same_bytes_on_any_threads) {
    random_seed(11);
    world w = world_new(DECAYING, 9001, 12);
    const size_t bytes = pmkti_cf_index_bytes(w.n, w.d);
    for (int threads = 2; threads <= 4; threads += 2) {
        const pmkti_run run = {threads, {NULL, NULL}};
        pmkti_cf_index other;
        pmkt_error err;
        ck_assert_ok(pmkti_cf_index_new(w.vectors, w.n, w.d, &w.allocator, &run, &other, &err),
                     err);
        ck_assert_mem_eq(other.blocks, w.index.blocks, bytes);
        ck_assert_mem_eq(other.order, w.index.order, (size_t)w.n * sizeof(int32_t));
        ck_assert_mem_eq(other.fine, w.index.fine, (size_t)(w.n * pmkti_cf_fine_width(w.d)));
        pmkti_cf_index_clear(&other, &w.allocator);
        ck_assert_int_eq(other.n, 0);
    }
    for (int64_t i = 1; i < w.n; i++) {
        const float *a = w.vectors + (int64_t)w.index.order[i - 1] * w.d;
        const float *b = w.vectors + (int64_t)w.index.order[i] * w.d;
        double lengths[2] = {0, 0};
        for (int j = 0; j < w.d; j++) {
            lengths[0] += (double)a[j] * (double)a[j];
            lengths[1] += (double)b[j] * (double)b[j];
        }
        REQUIRE(lengths[0] >= lengths[1] * (1 - 1e-6));
    }
    world_free(&w);
}
END_TEST

START_TEST(a_damaged_index_leads_nowhere) {
    random_seed(12);
    world w = world_new(RANDOM, 2000, 16);
    const size_t bytes = pmkti_cf_index_bytes(w.n, w.d);
    int32_t *order = malloc((size_t)w.n * sizeof *order);
    uint8_t *blocks = malloc(bytes);
    const size_t fine_bytes = (size_t)(w.n * pmkti_cf_fine_width(w.d));
    int8_t *fine = malloc(fine_bytes);
    memcpy(order, w.index.order, (size_t)w.n * sizeof *order);
    const pmkti_cf_index damaged = {w.n, w.d, 0, order, blocks, fine};
    const pmkti_cf_topk topk = {w.vectors, w.n, w.d, false, &damaged, &w.filter, 5};
    pmkt_cf_scratch scratch;
    pmkti_cf_scratch_init(&scratch, &w.allocator);
    uint64_t ids[5];
    float scores[5];
    int32_t count = 77;
    pmkt_error err;
    for (int trial = 0; trial < scaled(200, 20); trial++) {
        for (size_t i = 0; i < bytes; i++) blocks[i] = (uint8_t)random_bits();
        for (size_t i = 0; i < fine_bytes; i++) fine[i] = (int8_t)(int)random_between(-128, 127);
        if (trial % 2) memset(blocks, 0xFF, bytes); /* NaN everywhere */
        ck_assert_ok(pmkti_cf_topk_one(&topk, w.queries + w.d, &w.without[1], &scratch, ids, scores,
                                       &count, &err),
                     err);
        ck_assert_int_le(count, 5);
    }
    for (int way = 0; way < 3; way++) {
        order[0] = way == 0 ? -1 : way == 1 ? (int32_t)w.n : INT32_MIN;
        count = 77;
        ck_assert_int_eq(pmkti_cf_topk_one(&topk, w.queries + w.d, &w.without[1], &scratch, ids,
                                           scores, &count, &err),
                         PMKT_E_CORRUPT);
        ck_assert_int_eq(count, 77);
        const pmkti_run run = {2, {NULL, NULL}};
        uint64_t all[ROWS * 5];
        int32_t counts[ROWS];
        ck_assert_int_eq(pmkti_cf_topk_many(&topk, w.queries, w.row, w.without, ROWS, &w.allocator,
                                            &run, all, NULL, counts, &err),
                         PMKT_E_CORRUPT);
    }
    w.queries[w.d] = NAN;
    w.vectors[7] = INFINITY;
    const pmkti_cf_topk whole = {w.vectors, w.n, w.d, false, &w.index, &w.filter, 5};
    ck_assert_ok(pmkti_cf_topk_one(&whole, w.queries + w.d, &w.without[1], &scratch, ids, scores,
                                   &count, &err),
                 err);
    pmkti_cf_scratch_clear(&scratch);
    free(order);
    free(blocks);
    free(fine);
    world_free(&w);
}
END_TEST

typedef struct stopper {
    int left;
} stopper;

static int stop(void *ctx, double done, const char *stage) {
    (void)stage;
    stopper *s = ctx;
    ck_assert(done >= 0 && done <= 1);
    return s->left-- <= 0;
}

START_TEST(a_batch_can_be_canceled_anywhere) {
    random_seed(13);
    world w = world_new(RANDOM, 1500, 8);
    uint64_t ids[ROWS * 2];
    int32_t counts[ROWS];
    pmkt_error err;
    for (int has_index = 0; has_index < 2; has_index++) {
        const pmkti_cf_topk topk = {w.vectors, w.n, w.d, false, has_index ? &w.index : NULL,
                                    &w.filter, 2};
        pmkt_status status = PMKT_E_CANCELED;
        int calls = 0;
        for (; status == PMKT_E_CANCELED; calls++) {
            stopper s = {calls};
            const pmkti_run run = {1, {stop, &s}};
            status = pmkti_cf_topk_many(&topk, w.queries, w.row, w.without, ROWS, &w.allocator,
                                        &run, ids, NULL, counts, &err);
        }
        ck_assert_int_eq(status, PMKT_OK);
        ck_assert_int_gt(calls, 10);
    }
    world_free(&w);
}
END_TEST

START_TEST(scratch_grows_aligned_and_keeps_its_room) {
    pmkt_allocator allocator;
    (void)pmkti_allocator_check(NULL, &allocator, NULL);
    pmkt_cf_scratch scratch;
    pmkti_cf_scratch_init(&scratch, &allocator);
    void *first = pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_HEAP, 100, 8);
    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq((uintptr_t)first % 64, 0);
    ck_assert_ptr_eq(pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_HEAP, 3, 8), first);
    ck_assert_ptr_nonnull(pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_CODES, 0, 8));
    ck_assert_ptr_null(pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_HEAP, SIZE_MAX / 8, 16));
    ck_assert_ptr_eq(pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_HEAP, 100, 8), first);
    ck_assert_ptr_nonnull(pmkti_cf_scratch_take(&scratch, PMKTI_CF_TOPK_HEAP, 101, 8));
    ck_assert_uint_ge(scratch.room[PMKTI_CF_TOPK_HEAP], 1200);
    pmkti_cf_scratch_clear(&scratch);
    pmkt_cf_scratch *made = NULL;
    pmkt_error err;
    ck_assert_int_eq(pmkt_cf_scratch_new(NULL, NULL, &err), PMKT_E_INVALID);
    ck_assert_ok(pmkt_cf_scratch_new(NULL, &made, &err), err);
    pmkt_cf_scratch_free(made);
    pmkt_cf_scratch_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cf_topk");
    TCase *loops = tcase_create("exact");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, every_shape_and_width_is_exact, 0, SHAPES);
    tcase_add_loop_test(loops, ten_thousand_vectors_are_exact, 0, 2);
    tcase_add_loop_test(loops, filters_leave_the_best_of_the_rest, 0, 3);
    suite_add_tcase(suite, loops);
    TOPIC(suite, "edges", every_number_of_vectors_and_answers_is_exact,
          a_query_like_the_error_of_codes_loses_nothing, scores_that_cancel_out_lose_nothing,
          a_row_below_zero_has_no_answers, an_index_is_the_same_bytes_on_any_threads,
          a_damaged_index_leads_nowhere, a_batch_can_be_canceled_anywhere,
          scratch_grows_aligned_and_keeps_its_room);
    return suite_run(suite);
}
