#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "report.h"
#include "table.h"
#include "terminal.h"

/* ---------------------------------------------------------------- migration */

static bool row_is_empty(const int64_t *matrix, int32_t codes, int32_t code, bool column) {
    for (int32_t i = 0; i < codes; i++) {
        if (matrix[column ? i * codes + code : code * codes + i] != 0) return false;
    }
    return true;
}

static void print_matrix(const pmkt_rfm_migration *moves) {
    int32_t codes;
    const int64_t *matrix = pmkt_rfm_migration_matrix(moves, &codes);
    char text[NUMBER_TEXT], title[16];
    table out = {0};
    table_column(&out, "from \\ to", LEFT);
    for (int32_t to = 0; to < codes; to++) {
        if (row_is_empty(matrix, codes, to, true)) continue;
        snprintf(title, sizeof title, "%d", to + 1);
        table_column(&out, to + 1 == codes ? "gone" : title, RIGHT);
    }
    for (int32_t from = 0; from < codes; from++) {
        bool newcomers = from + 1 == codes;
        bool empty = row_is_empty(matrix, codes, from, false);
        if (empty && (newcomers || row_is_empty(matrix, codes, from, true))) continue;
        if (newcomers) {
            table_rule(&out);
            table_cell(&out, "not a customer then");
        } else {
            table_cell(&out, "%2d %s", from + 1, pmkt_rfm_migration_name(moves, from));
        }
        for (int32_t to = 0; to < codes; to++) {
            if (row_is_empty(matrix, codes, to, true)) continue;
            int64_t n = matrix[from * codes + to];
            table_cell(&out, "%s", n == 0 ? "·" : number_count(n, text));
        }
    }
    table_print(&out);
}

/* The revenue up to now of a list of users. */
static int64_t revenue_of(const report *about, const uint64_t *users, int64_t n) {
    int64_t revenue = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = -1;
        pmkt_rfm_scores_find(about->now, &users[i], 1, &row, NULL);
        if (row >= 0) revenue += about->columns.revenue[row];
    }
    return revenue;
}

static void print_rates(const report *about) {
    pmkt_rfm_rates rates = PMKT_RFM_RATES_INIT;
    if (pmkt_rfm_migration_rates(about->moves, &rates, NULL) != PMKT_OK) return;
    char a[NUMBER_TEXT], b[NUMBER_TEXT], share[NUMBER_TEXT];
    print_sentence("In these rates, customers who are cooling are neither active nor dormant.");
    print_sentence("Wake-up rate: of %s customers who were dormant, %s are active now (%s).",
                   number_count(rates.dormant_before, a), number_count(rates.dormant_to_active, b),
                   number_share(rates.dormant_to_active_rate, share));
    print_sentence("Of %s who were active, %s are dormant now (%s).",
                   number_count(rates.active_before, a), number_count(rates.active_to_dormant, b),
                   number_share(rates.active_to_dormant_rate, share));
    print_sentence("Churn: %s of %s buyers who had not churned then have since (%s).",
                   number_count(rates.newly_churned, a),
                   number_count(rates.buyers_before - rates.churned_before, b),
                   number_share(rates.churn_rate, share));
    int64_t n;
    const uint64_t *users = pmkt_rfm_migration_list(about->moves, PMKT_RFM_LIST_WIN_BACK, &n);
    const char *where = about->asked->out != NULL ? " The column win_back of --out has them." : "";
    number_count(n, a);
    if (about->asked->no_amounts) {
        print_sentence("To win back, active or cooling then and dormant now: %s.%s", a, where);
    } else {
        number_money(revenue_of(about, users, n), about->asked->exponent, true, b);
        print_sentence(
            "To win back, active or cooling then and dormant now: %s. They have brought %s.%s", a,
            b, where);
    }
}

void print_moves(const report *about) {
    if (about->asked->days == 0) return;
    char then[32], now[32];
    print_heading("What moved in the last %d days", about->asked->days);
    if (about->moves == NULL) {
        print_sentence("No customer was known %d days before; --days N looks less far back.",
                       about->asked->days);
        return;
    }
    pmkt_time_format(about->before, &about->where->table, then, NULL);
    pmkt_time_format(about->as_of, &about->where->table, now, NULL);
    print_sentence("Customers by their class on %.10s (rows) and on %.10s (columns, by number).",
                   then, now);
    print_matrix(about->moves);
    print_rates(about);
}

/* ------------------------------------------------------------------- offers */

static void offer_titles(table *out, const char *what) {
    table_column(out, what, LEFT);
    table_column(out, "customers", RIGHT);
    table_column(out, "offer", LEFT);
}

static void offer_row(table *out, const char *name, int64_t customers, const char *text) {
    char count[NUMBER_TEXT];
    table_cell(out, "%s", name);
    table_cell(out, "%s", number_count(customers, count));
    table_cell(out, "%s", text);
}

static void offers_by_class(const report *about, const pmkt_rfm_group *groups, int32_t codes) {
    table out = {0};
    offer_titles(&out, "class");
    for (int32_t i = 0; i < codes; i++) {
        const char *name = group_name(about->now, PMKT_RFM_BY_SEGMENT, i);
        const char *text = offers_find(about->offered, PMKT_RFM_BY_SEGMENT, name);
        if (groups[i].customers == 0 && text == NULL) continue;
        offer_row(&out, name, groups[i].customers, text != NULL ? text : "by lifecycle, below");
    }
    table_print(&out);
}

/* Customers whose class has no offer of its own, by lifecycle. */
static void offers_by_lifecycle(const report *about) {
    int32_t stages = pmkt_rfm_scores_codes(about->now, PMKT_RFM_BY_LIFECYCLE);
    int64_t count[256] = {0}, none = 0;
    bool own[256] = {false}; /* has this class an offer of its own? */
    for (int32_t i = 0; i < pmkt_rfm_scores_codes(about->now, PMKT_RFM_BY_SEGMENT); i++) {
        const char *name = group_name(about->now, PMKT_RFM_BY_SEGMENT, i);
        own[i] = offers_find(about->offered, PMKT_RFM_BY_SEGMENT, name) != NULL;
    }
    for (int64_t i = 0; i < about->columns.rows; i++) {
        if (!own[about->columns.segment[i]]) count[about->columns.lifecycle[i]]++;
    }
    table out = {0};
    offer_titles(&out, "lifecycle stage of the others");
    for (int32_t i = 0; i < stages; i++) {
        const char *name = group_name(about->now, PMKT_RFM_BY_LIFECYCLE, i);
        const char *text = offers_find(about->offered, PMKT_RFM_BY_LIFECYCLE, name);
        offer_row(&out, name, count[i], text == NULL ? "no offer" : text);
        if (text == NULL) none += count[i];
    }
    putchar('\n');
    table_print(&out);
    char text[NUMBER_TEXT];
    if (none > 0) {
        print_sentence(
            "Offered nothing, for neither their class nor their lifecycle stage has an offer: %s.",
            number_count(none, text));
    }
}

static void offers_by_tier(const report *about) {
    int32_t codes;
    pmkt_rfm_group *groups = group_sums(about->now, PMKT_RFM_BY_TIER, &codes);
    if (groups == NULL) return;
    table out = {0};
    offer_titles(&out, "tier, on top of the offer");
    for (int32_t i = 0; i < codes; i++) {
        const char *name = group_name(about->now, PMKT_RFM_BY_TIER, i);
        const char *text = offers_find(about->offered, PMKT_RFM_BY_TIER, name);
        bool unknown = i + 1 == codes; /* behind the tiers; nobody is there as a rule */
        if (unknown && groups[i].customers == 0) continue;
        offer_row(&out, name, groups[i].customers, text == NULL ? "no benefit" : text);
    }
    putchar('\n');
    table_print(&out);
    free(groups);
}

static bool name_exists(const pmkt_rfm_scores *scores, const offer *entry) {
    int32_t codes = pmkt_rfm_scores_codes(scores, entry->by);
    for (int32_t i = 0; i < codes; i++) {
        if (strcmp(group_name(scores, entry->by, i), entry->name) == 0) return true;
    }
    return false;
}

void print_offers(const report *about) {
    if (about->offered == NULL) return;
    int32_t codes;
    pmkt_rfm_group *groups = group_sums(about->now, PMKT_RFM_BY_SEGMENT, &codes);
    if (groups == NULL) return;
    print_heading("What each group is offered: %s", about->asked->offers);
    offers_by_class(about, groups, codes);
    offers_by_lifecycle(about);
    if (!about->asked->no_amounts) offers_by_tier(about);
    for (size_t i = 0; i < about->offered->count; i++) {
        const offer *entry = &about->offered->list[i];
        if (name_exists(about->now, entry)) continue;
        print_sentence("Line %" PRId64 " is not used: there is no %s \"%s\".", entry->line,
                       offers_grouping_name(entry->by), entry->name);
    }
    free(groups);
}

/* --------------------------------------------------------------- the report */

void report_print(const report *about) {
    print_read(about);
    print_classes(about);
    print_lifecycle(about);
    print_tiers(about);
    print_moves(about);
    print_offers(about);
    char rows_text[NUMBER_TEXT], rate[NUMBER_TEXT], bytes[NUMBER_TEXT];
    double seconds = about->read_seconds > 1e-6 ? about->read_seconds : 1e-6;
    printf("\n");
    print_sentence(
        "%s rows read in %.2f s (%s rows/s), scored in %.3f s; the state takes %s KB; "
        "libpmkt %s.",
        number_count(about->in->read, rows_text), about->read_seconds,
        number_count(number_round((double)about->in->read / seconds), rate), about->score_seconds,
        number_count(about->counters.bytes / 1024, bytes), pmkt_version());
}
