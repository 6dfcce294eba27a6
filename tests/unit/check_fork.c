/*
 * A forked child uses the handles of its parent: states, scores and migrations have neither threads nor
 * locks that could be left behind.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/rfm.h"
#include "support/rfm_dump.h"
#include "support/suite.h"

#define AS_OF date(2024, 7, 1)

/* More rows than one thread takes alone. */
static batch many_orders(void) {
    batch b = {0};
    for (int64_t i = 0; i < 50000; i++) {
        batch_order(&b, (uint64_t)(i % 7000) + 1, AS_OF - 200 * DAY + i * HOUR / 12,
                    (uint64_t)i + 1, 100 + i % 977);
    }
    return b;
}

/* The same work in parent and child: scores, a batch of news, what is known then. */
static uint64_t work(pmkt_rfm *rfm, pmkt_rfm_scores *before) {
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2;
    pmkt_rfm_scores *scores = NULL;
    pmkt_rfm_migration *migration = NULL;
    batch b = many_orders();
    const pmkt_events events = batch_events(&b);
    uint64_t digest = 0;
    int32_t codes = 0;
    if (!pmkt_rfm_add(rfm, &events, &run, NULL, NULL) &&
        !pmkt_rfm_score(rfm, AS_OF, NULL, &run, &scores, NULL) &&
        !pmkt_rfm_migrate(before, scores, PMKT_RFM_BY_TIER, &run, &migration, NULL)) {
        const int64_t *matrix = pmkt_rfm_migration_matrix(migration, &codes);
        dump state = rfm_dump(rfm), columns = scores_dump(scores);
        digest = pmkt_id_of_bytes(state.at, state.n) ^ pmkt_id_of_bytes(columns.at, columns.n) ^
                 pmkt_id_of_bytes(matrix, (size_t)(codes * codes) * sizeof *matrix);
        dump_free(&state);
        dump_free(&columns);
    }
    batch_clear(&b);
    pmkt_rfm_migration_free(migration);
    pmkt_rfm_scores_free(scores);
    return digest;
}

static void check_in_child(pmkt_rfm *rfm) {
    batch b = many_orders();
    const pmkt_events events = batch_events(&b);
    pmkt_run run = PMKT_RUN_INIT;
    run.threads = 2; /* the parent has had threads before it forks */
    ck_assert_int_eq(pmkt_rfm_add(rfm, &events, &run, NULL, NULL), PMKT_OK);
    pmkt_rfm_scores *before = rfm_score(rfm, AS_OF - 20 * DAY, NULL);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const uint64_t digest = work(rfm, before);
        pmkt_rfm_scores_free(before);
        pmkt_rfm_free(rfm);
        _exit(write(ends[1], &digest, sizeof digest) == (ssize_t)sizeof digest ? 0 : 1);
    }
    const uint64_t expected = work(rfm, before);
    uint64_t digest = 0;
    ck_assert_int_eq(read(ends[0], &digest, sizeof digest), sizeof digest);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_ne(expected, 0);
    ck_assert_uint_eq(digest, expected);
    (void)close(ends[0]);
    (void)close(ends[1]);
    batch_clear(&b);
    pmkt_rfm_scores_free(before);
    pmkt_rfm_free(rfm);
}

START_TEST(a_child_goes_on_with_a_history) {
    check_in_child(rfm_history());
}
END_TEST

START_TEST(a_child_goes_on_with_a_summary) {
    check_in_child(rfm_summary());
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fork");
    TOPIC(suite, "handles", a_child_goes_on_with_a_history, a_child_goes_on_with_a_summary);
    return suite_run(suite);
}
