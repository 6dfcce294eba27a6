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

file_bytes golden_rfm_text(const pmkt_rfm *rfm) {
    FILE *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    counters(out, rfm);
    customers(out, rfm, PMKT_RFM_THRESHOLD);
    customers(out, rfm, PMKT_RFM_QUANTILE);
    const long n = ftell(out);
    ck_assert_int_gt(n, 0);
    rewind(out);
    file_bytes text = {malloc((size_t)n), (size_t)n};
    ck_assert_ptr_nonnull(text.at);
    ck_assert_uint_eq(fread(text.at, 1, text.n, out), text.n);
    fclose(out);
    return text;
}
