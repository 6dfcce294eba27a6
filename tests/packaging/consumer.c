/*
 * consumer.c - a program of somebody else: it scores three orders through the installed library.
 * It compiles as C and as C++.
 */
#include <pmkt.h>
#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400000)

static int fail(const char *what, const pmkt_error *err) {
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

static int look_at(const pmkt_rfm_scores *scores) {
    pmkt_error err;
    pmkt_rfm_columns columns = PMKT_RFM_COLUMNS_INIT;
    if (pmkt_rfm_scores_columns(scores, &columns, &err)) return fail("columns", &err);
    const char *name = columns.rows == 1
                           ? pmkt_rfm_scores_name(scores, PMKT_RFM_BY_SEGMENT, columns.segment[0])
                           : NULL;
    if (!name || strcmp(name, "active-high-high") != 0 || columns.orders[0] != 3 ||
        columns.revenue[0] != 90000) {
        fprintf(stderr, "three orders of 300.00 in a week are not active-high-high\n");
        return 1;
    }
    printf("pmkt %s: user 7 is %s\n", pmkt_version(), name);
    return 0;
}

int main(void) {
    const uint64_t user[3] = {7, 7, 7};
    const int64_t time[3] = {100 * DAY, 103 * DAY, 106 * DAY};
    const int64_t amount[3] = {30000, 30000, 30000};
    pmkt_error err;
    pmkt_events events = PMKT_EVENTS_INIT;
    pmkt_rfm *rfm = NULL;
    pmkt_rfm_scores *scores = NULL;

    if (pmkt_version_number() !=
        PMKT_VERSION_MAJOR * 1000000 + PMKT_VERSION_MINOR * 1000 + PMKT_VERSION_PATCH) {
        fprintf(stderr, "header and library are of different versions\n");
        return 1;
    }
    events.rows = 3;
    events.user = user;
    events.time = time;
    events.amount = amount;
    events.every_kind = PMKT_KIND_ORDER;
    if (pmkt_rfm_new(NULL, &rfm, &err)) return fail("new", &err);
    if (pmkt_rfm_add(rfm, &events, NULL, NULL, &err)) return fail("add", &err);
    if (pmkt_rfm_score(rfm, 110 * DAY, NULL, NULL, &scores, &err)) return fail("score", &err);
    const int result = look_at(scores);
    pmkt_rfm_scores_free(scores);
    pmkt_rfm_free(rfm);
    return result;
}
