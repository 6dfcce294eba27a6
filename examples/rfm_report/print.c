#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "report.h"
#include "table.h"
#include "terminal.h"

const char *group_name(const pmkt_rfm_scores *scores, int32_t by, int32_t code) {
    const char *name = pmkt_rfm_scores_name(scores, by, code);
    return name == NULL ? "?" : name;
}

pmkt_rfm_group *group_sums(const pmkt_rfm_scores *scores, int32_t by, int32_t *codes) {
    pmkt_error err;
    memset(&err, 0, sizeof err);
    *codes = pmkt_rfm_scores_codes(scores, by);
    pmkt_rfm_group *groups = calloc((size_t)(*codes > 0 ? *codes : 1), sizeof *groups);
    if (groups != NULL &&
        pmkt_rfm_summary(scores, by, groups, sizeof *groups, *codes, &err) == PMKT_OK) {
        return groups;
    }
    complain("%s", groups == NULL ? "out of memory" : err.message);
    free(groups);
    return NULL;
}

static const char *money(const report *about, int64_t minor, char text[NUMBER_TEXT]) {
    return number_money(minor, about->asked->exponent, true, text);
}

/* " · in GBP", or nothing where no currency was named. */
static const char *in_currency(const report *about, char text[16]) {
    bool named = about->asked->currency != NULL && !about->asked->no_amounts;
    snprintf(text, 16, "%s%.3s", named ? " · " : "", named ? about->asked->currency : "");
    return text;
}

/* -------------------------------------------------------------- what was read */

static void one_reason(table *out, const char *what, const tally *book) {
    char count[NUMBER_TEXT], line[NUMBER_TEXT];
    if (book->count == 0) return;
    table_cell(out, "  %s", what);
    table_cell(out, "%s", number_count(book->count, count));
    table_cell(out, "first in line %s%s%s%s", number_count(book->first_line, line),
               tally_opening(book), book->example, tally_closing(book));
}

static void one_count(table *out, const char *what, int64_t n, const char *remark) {
    char count[NUMBER_TEXT];
    table_cell(out, "%s", what);
    table_cell(out, "%s", number_count(n, count));
    table_cell(out, "%s", remark);
}

static void count_rows(const rows *in) {
    table out = {0};
    table_column(&out, "rows", LEFT);
    table_column(&out, "", RIGHT);
    table_column(&out, "", LEFT);
    one_count(&out, "read", in->read, "");
    one_count(&out, "taken", in->fate[ROW_TAKEN].count, "");
    for (int kind = 0; kind < PMKT_KIND_COUNT_; kind++) {
        const tally *book = &in->by_kind[kind];
        char label[64];
        snprintf(label, sizeof label, "  %s",
                 kind == PMKT_KIND_ORDER ? "order lines" : pmkt_kind_name(kind));
        if (book->count > 0) one_count(&out, label, book->count, "");
    }
    if (in->fate[ROW_SKIPPED_KIND].count > 0) {
        one_count(&out, "left out as --kinds asks", in->fate[ROW_SKIPPED_KIND].count, "");
    }
    one_count(&out, "bad, left out", rows_bad(in), rows_bad(in) > 0 ? "" : "none");
    for (int fate = ROW_BAD; fate < ROW_FATES; fate++) {
        one_reason(&out, rows_fate_text((row_fate)fate), &in->fate[fate]);
    }
    table_print(&out);
}

/* What a reader of the numbers should know about the rows that were taken. */
static void remarks(const report *about) {
    const rows *in = about->in;
    char count[NUMBER_TEXT], line[NUMBER_TEXT];
    if (in->refund_by_prefix.count > 0) {
        print_sentence(
            "Refunds, because their order id begins with \"%s\": %s, first in line %s. They "
            "lower what the customer spent from their own date on. Only an order of the "
            "same id would be lowered with it; all others stay counted.",
            about->asked->refund_prefix, number_count(in->refund_by_prefix.count, count),
            number_count(in->refund_by_prefix.first_line, line));
    }
    if (in->refund_by_sign.count > 0) {
        print_sentence(
            "Refunds, because their amount is negative (--negative refund): %s, first in "
            "line %s.",
            number_count(in->refund_by_sign.count, count),
            number_count(in->refund_by_sign.first_line, line));
    }
    if (in->worth_nothing.count > 0) {
        print_sentence(
            "Order lines worth 0, or rounding to it: %s, first in line %s. They are taken, "
            "but an order that is worth nothing in all is not counted.",
            number_count(in->worth_nothing.count, count),
            number_count(in->worth_nothing.first_line, line));
    }
}

void print_read(const report *about) {
    char from[32], to[32], as_of[32], customers[NUMBER_TEXT], orders[NUMBER_TEXT];
    const pmkt_zone *where = &about->where->table;
    pmkt_time_format(about->counters.first_event_ms, where, from, NULL);
    pmkt_time_format(about->counters.last_event_ms, where, to, NULL);
    pmkt_time_format(about->as_of, where, as_of, NULL);
    print_heading("What was read: %s", about->asked->file);
    count_rows(about->in);
    remarks(about);

    int64_t order_sum = 0, revenue = 0;
    for (int64_t i = 0; i < about->columns.rows; i++) {
        order_sum += about->columns.orders[i];
        revenue += about->columns.revenue[i];
    }
    if (about->rows_before > 0) {
        char taken[NUMBER_TEXT];
        print_sentence(
            "This goes on from %s, which had taken %s rows before; what follows is of all of them.",
            about->asked->state, number_count(about->rows_before, taken));
    }
    char offset[40];
    snprintf(offset, sizeof offset, "UTC%+d min", about->asked->tz_offset);
    print_sentence("Events from %s to %s (%s). The question is asked as of %s.", from, to,
                   about->asked->tz != NULL       ? about->asked->tz
                   : about->asked->tz_offset != 0 ? offset
                                                  : "UTC",
                   as_of);
    number_count(about->columns.rows, customers);
    number_count(order_sum, orders);
    if (about->asked->no_amounts) {
        print_sentence("Customers: %s. Orders: %s.", customers, orders);
    } else {
        char total[NUMBER_TEXT];
        const char *currency = about->asked->currency;
        print_sentence("Customers: %s. Orders: %s. Revenue: %s%s%s.", customers, orders,
                       money(about, revenue, total), currency == NULL ? "" : " ",
                       currency == NULL ? "" : currency);
    }
}

/* ------------------------------------------------------------------- groups */

static void group_titles(const report *about, table *out, const char *what) {
    table_column(out, what, LEFT);
    table_column(out, "customers", RIGHT);
    table_column(out, "share", RIGHT);
    table_column(out, "orders", RIGHT);
    table_column(out, "share", RIGHT);
    if (about->asked->no_amounts) return;
    table_column(out, "revenue", RIGHT);
    table_column(out, "share", RIGHT);
    table_column(out, "avg order", RIGHT);
}

static void group_row(const report *about, table *out, const char *name,
                      const pmkt_rfm_group *group) {
    char text[NUMBER_TEXT];
    table_cell(out, "%s", name);
    table_cell(out, "%s", number_count(group->customers, text));
    table_cell(out, "%s", number_share(group->customer_share, text));
    table_cell(out, "%s", number_count(group->orders, text));
    table_cell(out, "%s", number_share(group->order_share, text));
    if (about->asked->no_amounts) return;
    table_cell(out, "%s", money(about, group->revenue, text));
    table_cell(out, "%s", number_share(group->revenue_share, text));
    table_cell(out, "%s",
               group->orders > 0 ? money(about, number_round(group->average_order), text) : "–");
}

static pmkt_rfm_group sum_of(const pmkt_rfm_group *groups, int32_t codes) {
    pmkt_rfm_group sum;
    memset(&sum, 0, sizeof sum);
    for (int32_t i = 0; i < codes; i++) {
        sum.customers += groups[i].customers;
        sum.orders += groups[i].orders;
        sum.revenue += groups[i].revenue;
    }
    sum.customer_share = sum.customers > 0 ? 1.0 : 0.0;
    sum.order_share = sum.orders > 0 ? 1.0 : 0.0;
    sum.revenue_share = sum.revenue > 0 ? 1.0 : 0.0;
    sum.average_order = sum.orders > 0 ? (double)sum.revenue / (double)sum.orders : 0.0;
    return sum;
}

/* "15 % of the customers bring 45 % of the revenue", said of the group that brings most. */
static void weightiest(const report *about, int32_t by, const pmkt_rfm_group *groups,
                       int32_t codes) {
    bool priced = !about->asked->no_amounts;
    int32_t best = 0;
    for (int32_t i = 1; i < codes; i++) {
        if (priced ? groups[i].revenue > groups[best].revenue
                   : groups[i].orders > groups[best].orders) {
            best = i;
        }
    }
    double share = priced ? groups[best].revenue_share : groups[best].order_share;
    if (share <= 0.0) return;
    char customers[NUMBER_TEXT], part[NUMBER_TEXT];
    print_sentence("%s: %s of the customers bring %s of the %s.",
                   group_name(about->now, by, groups[best].code),
                   number_share(groups[best].customer_share, customers), number_share(share, part),
                   priced ? "revenue" : "orders");
}

/* Prints a grouping as a table; rows without customers from `optional` on are left out. */
static void print_groups(const report *about, int32_t by, const char *what, int32_t optional) {
    int32_t codes;
    pmkt_rfm_group *groups = group_sums(about->now, by, &codes);
    if (groups == NULL) return;
    bool chinese = by == PMKT_RFM_BY_SEGMENT && about->columns.scheme == PMKT_RFM_THRESHOLD;
    table out = {0};
    group_titles(about, &out, what);
    if (chinese) table_column(&out, "", LEFT);
    for (int32_t i = 0; i < codes; i++) {
        if (i >= optional && groups[i].customers == 0) continue;
        group_row(about, &out, group_name(about->now, by, groups[i].code), &groups[i]);
        const char *name = chinese ? pmkt_rfm_class_name_zh(groups[i].code) : NULL;
        if (chinese) table_cell(&out, "%s", name == NULL ? "" : name);
    }
    table_rule(&out);
    pmkt_rfm_group sum = sum_of(groups, codes);
    group_row(about, &out, "all", &sum);
    if (chinese) table_cell(&out, "%s", "");
    table_print(&out);
    if (by == PMKT_RFM_BY_SEGMENT) weightiest(about, by, groups, codes);
    free(groups);
}

/* An option or, where it is 0, the library's default; PMKT_RFM_ZERO is 0. */
static double bound(double asked, double usual) {
    return asked == 0.0 ? usual : asked < 0.0 ? 0.0 : asked;
}

static void explain_thresholds(const report *about) {
    const pmkt_rfm_score_options *by = &about->asked->score;
    print_sentence(
        "A name is activity-frequency-value. Active: ordered in the last %.0f days (dormant: not "
        "for "
        "%.0f). High frequency: orders a month at least %g (low: at most %g).",
        bound(by->active_days, 30), bound(by->dormant_days, 90), bound(by->f_high, 3.0),
        bound(by->f_low, 1.0));
    if (about->asked->no_amounts) {
        print_sentence("The file has no amounts, so every value is low.");
    } else {
        char high[NUMBER_TEXT], low[NUMBER_TEXT];
        print_sentence("High value: average order at least %s (low: at most %s).",
                       money(about, (int64_t)bound((double)by->m_high, 20000), high),
                       money(about, (int64_t)bound((double)by->m_low, 5000), low));
    }
    if (by->collapse == PMKT_RFM_STRICT) {
        print_sentence(
            "What lies between the bounds counts as dormant or low here; --out keeps the "
            "bands apart, --collapse chooses another way.");
    }
}

static void explain_quantiles(const report *about) {
    const pmkt_rfm_columns *c = &about->columns;
    char text[NUMBER_TEXT];
    table out = {0};
    table_column(&out, "score", RIGHT);
    table_column(&out, "days since last order below", RIGHT);
    table_column(&out, "orders above", RIGHT);
    if (!about->asked->no_amounts) table_column(&out, "revenue above", RIGHT);
    for (int32_t i = 0; i + 1 < c->bins; i++) {
        table_cell(&out, "%d", i + 2);
        table_cell(&out, "%g", c->r_cuts[i]);
        table_cell(&out, "%g", c->f_cuts[i]);
        if (about->asked->no_amounts) continue;
        table_cell(&out, "%s", money(about, c->m_cuts[i], text));
    }
    print_sentence("Equal values have equal scores. What a score needs at least:");
    table_print(&out);
}

void print_classes(const report *about) {
    char currency[16];
    bool threshold = about->columns.scheme == PMKT_RFM_THRESHOLD;
    print_heading("Classes%s", in_currency(about, currency));
    print_groups(about, PMKT_RFM_BY_SEGMENT, "class", threshold ? PMKT_RFM_NO_ORDER : 0);
    if (threshold) {
        explain_thresholds(about);
    } else {
        explain_quantiles(about);
    }
}

void print_lifecycle(const report *about) {
    char currency[16], text[NUMBER_TEXT];
    print_heading("Lifecycle%s", in_currency(about, currency));
    print_groups(about, PMKT_RFM_BY_LIFECYCLE, "stage", INT32_MAX);
    int64_t at_risk = 0, observed = 0;
    for (int64_t i = 0; i < about->columns.rows; i++) {
        if (about->columns.flags[i] & PMKT_RFM_FLAG_AT_RISK) at_risk++;
        uint8_t stage = about->columns.brand_stage[i];
        if (stage == PMKT_RFM_AWARE || stage == PMKT_RFM_INTERESTED) observed++;
    }
    print_sentence("At risk, long without an order but not churned yet: %s.",
                   number_count(at_risk, text));
    if (observed == 0) return; /* without visits, a brand stage says no more than the orders do */
    print_heading("Nearness to the brand%s", in_currency(about, currency));
    print_groups(about, PMKT_RFM_BY_BRAND_STAGE, "stage", 0);
}

void print_tiers(const report *about) {
    if (about->asked->no_amounts) return;
    const pmkt_rfm_columns *c = &about->columns;
    int32_t codes;
    pmkt_rfm_group *groups = group_sums(about->now, PMKT_RFM_BY_TIER, &codes);
    int64_t *spend = calloc((size_t)(codes > 0 ? codes : 1), 2 * sizeof *spend);
    if (groups == NULL || spend == NULL) {
        free(groups);
        free(spend);
        return;
    }
    int64_t *missing = spend + (codes > 0 ? codes : 1);
    for (int64_t i = 0; i < c->rows; i++) {
        if (c->tier[i] >= codes) continue;
        spend[c->tier[i]] += c->tier_spend[i];
        missing[c->tier[i]] += c->to_next_tier[i];
    }
    char text[NUMBER_TEXT], currency[16];
    print_heading("Tiers by the spend of the last %d days%s",
                  about->asked->score.tier_days > 0 ? about->asked->score.tier_days : 365,
                  in_currency(about, currency));
    table out = {0};
    table_column(&out, "tier", LEFT);
    table_column(&out, "customers", RIGHT);
    table_column(&out, "share", RIGHT);
    table_column(&out, "spend", RIGHT);
    table_column(&out, "avg missing to the next tier", RIGHT);
    for (int32_t i = 0; i < codes; i++) {
        int64_t n = groups[i].customers;
        if (i + 1 == codes && n == 0) continue; /* "unknown", behind the tiers */
        table_cell(&out, "%s", group_name(about->now, PMKT_RFM_BY_TIER, i));
        table_cell(&out, "%s", number_count(n, text));
        table_cell(&out, "%s", number_share(groups[i].customer_share, text));
        table_cell(&out, "%s", money(about, spend[i], text));
        bool top = i + 2 >= codes || n == 0;
        table_cell(&out, "%s",
                   top ? "–" : money(about, number_round((double)missing[i] / (double)n), text));
    }
    table_print(&out);
    free(groups);
    free(spend);
}
