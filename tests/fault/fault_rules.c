/*
 * Memory that runs out, at every allocation of parsing and matching: the call says so, outputs are untouched,
 * nothing leaks, and the same call then succeeds with the same result.
 */
#include <string.h>

#include "pmkt.h"
#include "support/faulty.h"
#include "support/random.h"
#include "support/suite.h"
#include "support/visits.h"

typedef struct world {
    faulty memory;
    pmkt_allocator allocator;
    visits v;
    pmkt_run run;
    pmkt_report report;
    const pmkt_rules *given;
    pmkt_rules *rules;
    pmkt_rules_matches *matches;
} world;

/* All that a text may have. */
static const char TEXT[] =
    "columns x int, y id\n"
    "intent a cause b { when 2 view where (x > 1) then 40 click within 1 s then no order where "
    "(amount > 3) for 5 s same item unless cart where (quantity in (1, 2)) suggest \"a\", \"b\" }\n"
    "intent c { when event where (y = 'z') then 300 different item in a row cooldown 1 s }\n";

static pmkt_status parse(world *w, pmkt_error *err) {
    pmkt_rules_options o = PMKT_RULES_OPTIONS_INIT;
    o.allocator = &w->allocator;
    return pmkt_rules_parse(TEXT, strlen(TEXT), &o, &w->rules, err);
}

static pmkt_status match(world *w, pmkt_error *err) {
    pmkt_rules_match_options o = PMKT_RULES_MATCH_OPTIONS_INIT;
    o.allocator = &w->allocator;
    const pmkt_events ev = visits_events(&w->v);
    return pmkt_rules_match(w->given, &ev, &o, &w->run, &w->report, &w->matches, err);
}

typedef pmkt_status (*call)(world *w, pmkt_error *err);

/* Something of what was made. */
static int64_t known(const world *w) {
    pmkt_rules_matches_columns c = PMKT_RULES_MATCHES_COLUMNS_INIT;
    pmkt_rules_facts facts = PMKT_RULES_FACTS_INIT;
    if (w->rules && pmkt_rules_info(w->rules, &facts, NULL) == PMKT_OK) return facts.bytes;
    if (w->matches && pmkt_rules_matches_columns_of(w->matches, &c, NULL) == PMKT_OK) {
        ck_assert_int_gt(c.n, 10);
        return c.n * 1000 + c.row[c.n / 2] % 1000;
    }
    return -1;
}

static int64_t fail_call(const pmkt_rules *given, call run, int64_t rows, int threads, int64_t nth,
                         bool sticky) {
    random_seed(5);
    world w = {.v = visits_random(rows, rows / 10 + 1, 1000, 4), .given = given};
    w.allocator = faulty_allocator(&w.memory);
    pmkt_run_init(&w.run);
    w.run.threads = threads;
    pmkt_report_init(&w.report);
    const pmkt_report before = w.report;
    pmkt_error err = {0};
    faulty_arm(&w.memory, nth, sticky);
    const pmkt_status status = run(&w, &err);
    const bool refused = w.memory.refused > 0;
    faulty_disarm(&w.memory);
    ck_assert_int_eq(status, refused ? PMKT_E_NOMEM : PMKT_OK);
    if (refused) {
        ck_assert_int_eq(err.code, PMKT_E_NOMEM);
        ck_assert(!w.rules && !w.matches);
        ck_assert_mem_eq(&w.report, &before, sizeof before);
        ck_assert_int_eq(w.memory.blocks, 0);
        ck_assert_ok(run(&w, &err), err);
    }
    const int64_t found = known(&w);
    pmkt_rules_release(w.rules);
    pmkt_rules_matches_free(w.matches);
    faulty_check_empty(&w.memory);
    visits_free(&w.v);
    return refused ? found : -2 - found;
}

static void fail_everywhere(const pmkt_rules *given, call run, int64_t rows, int threads,
                            int64_t at_least) {
    const int64_t right = -2 - fail_call(given, run, rows, threads, 0, false);
    for (int sticky = 0; sticky < 2; sticky++) {
        int64_t nth = 1, found;
        while ((found = fail_call(given, run, rows, threads, nth, sticky)) >= 0) {
            ck_assert_int_eq(found, right);
            nth++;
        }
        ck_assert_int_eq(-2 - found, right);
        ck_assert_int_gt(nth, at_least);
    }
}

START_TEST(parsing_survives_it) {
    fail_everywhere(NULL, parse, 0, 1, 30);
}
END_TEST

START_TEST(matching_survives_it) {
    static const char text[] =
        "intent a { when 2 view within 30 ms same item }"
        "intent b { when click then no search for 40 ms }";
    pmkt_rules *given = NULL;
    ck_assert_int_eq(pmkt_rules_parse(text, strlen(text), NULL, &given, NULL), PMKT_OK);
    fail_everywhere(given, match, 1000, 1, 20);
    fail_everywhere(given, match, 40000, 3, 20);
    pmkt_rules_release(given);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("fault rules");
    TOPIC(suite, "allocations", parsing_survives_it, matching_survives_it);
    return suite_run(suite);
}
