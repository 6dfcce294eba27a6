/* States, scores and migrations of the C++ headers, on a handful of customers. */
#include <numeric>
#include <pmkt.hpp>
#include <thread>

#include "checker.hpp"

namespace {

const pmkt::instant NOW = pmkt::parse_time("2026-02-01");
constexpr std::chrono::hours DAY(24);

/* Users 1 (active, high, high), 2 (dormant, low, low) and 3 (only looked). */
struct shop {
    shop() {
        for (int i = 1; i <= 4; i++) row(1, NOW - 5 * i * DAY, PMKT_KIND_ORDER, 30000);
        row(2, NOW - 120 * DAY, PMKT_KIND_ORDER, 1000);
        row(3, NOW - 2 * DAY, PMKT_KIND_VIEW, PMKT_AMOUNT_NULL);
        batch.user(user).time(time).kind(kind).amount(amount).currency("CNY", 2);
    }
    void row(std::uint64_t who, pmkt::instant when, std::uint16_t what, std::int64_t how_much) {
        user.push_back(who);
        time.push_back(when.ms());
        kind.push_back(what);
        amount.push_back(how_much);
    }
    std::vector<std::uint64_t> user;
    std::vector<std::int64_t> time;
    std::vector<std::uint16_t> kind;
    std::vector<std::int64_t> amount;
    pmkt::events batch;
};

TEST(from_events_to_scores) {
    const shop shop;
    pmkt::rfm rfm;
    const pmkt::report report = rfm.add(shop.batch);
    CHECK(report.accepted() == 6 && report.rows() == 6);
    CHECK(std::string_view(rfm.stats().currency) == "CNY");

    const pmkt::scores scores = rfm.score(NOW);
    CHECK(scores.size() == 3 && scores.as_of() == NOW);
    const std::optional<std::size_t> one = scores.find(1);
    CHECK(one && scores.user()[*one] == 1 && scores.orders()[*one] == 4);
    CHECK(scores.revenue()[*one] == 120000 && scores.average_order()[*one] == 30000);
    CHECK(scores.recency_days()[*one] == 5 && scores.tenure_days()[*one] == 20);
    CHECK(scores.orders_per_month()[*one] == 4.0);
    CHECK(scores.name(PMKT_RFM_BY_SEGMENT, scores.segment()[*one]) == "active-high-high");
    CHECK(scores.r()[*one] == PMKT_RFM_BAND_HIGH && scores.f()[*one] == PMKT_RFM_BAND_HIGH);
    CHECK(scores.m()[*one] == PMKT_RFM_BAND_HIGH && scores.activity()[*one] == PMKT_RFM_BAND_HIGH);
    CHECK(scores.lifecycle()[*one] == PMKT_RFM_GROWTH);
    CHECK(scores.brand_stage()[*one] == PMKT_RFM_LOYAL && scores.tier()[*one] == 0);
    CHECK(scores.tier_spend()[*one] == 120000 && scores.to_next_tier()[*one] == 380000);
    CHECK(scores.flags()[*scores.find(3)] == PMKT_RFM_FLAG_PROSPECT);
    CHECK(scores.r_cuts().empty() && scores.m_cuts().empty() && scores.f_cuts().empty());
    CHECK(!scores.find(99) && scores.name(PMKT_RFM_BY_SEGMENT, 99).empty());
    const std::vector<std::uint64_t> asked = {99, 1};
    CHECK(scores.find(asked) == std::vector<std::int64_t>{-1, static_cast<std::int64_t>(*one)});
    CHECK(scores.columns().currency_exponent == 2);
}

TEST(groups_can_be_walked) {
    const shop shop;
    pmkt::rfm rfm;
    rfm.add(shop.batch);
    const pmkt::scores scores = rfm.score(NOW);
    std::int64_t customers = 0, revenue = 0;
    std::string names;
    for (const pmkt::group &group : scores.groups(PMKT_RFM_BY_ACTIVITY)) {
        customers += group.customers;
        revenue += group.revenue;
        names.append(group.name).append(" ");
    }
    CHECK(customers == 3 && revenue == 121000 && names == "no-order dormant cooling active ");
    CHECK(scores.groups(PMKT_RFM_BY_SEGMENT).size() == 9);
    CHECK(scores.codes(PMKT_RFM_BY_SEGMENT) == 9 && scores.codes(77) == -1);
    THROWN(pmkt::invalid, scores.groups(77));
    THROWN(pmkt::invalid, pmkt::scores().groups(PMKT_RFM_BY_SEGMENT));
}

TEST(spans_stay_where_they_are_when_the_owner_moves) {
    const shop shop;
    pmkt::rfm rfm;
    rfm.add(shop.batch);
    pmkt::scores first = rfm.score(NOW);
    rfm.reset(); /* scores live on */
    const pmkt::span<const std::uint64_t> user = first.user();
    pmkt::scores second(std::move(first));
    CHECK(!first && first.empty() && first.user().empty());
    CHECK(second.user().data() == user.data() && user.size() == 3);
    first = std::move(second);
    CHECK(first.user().data() == user.data() && second.user().empty());
    first.reset();
    CHECK(!first && first.user().empty());
}

TEST(options_have_their_defaults_and_take_tables) {
    const shop shop;
    const pmkt::zone beijing(std::chrono::minutes(480));
    pmkt::rfm_options options;
    CHECK(options.struct_size == sizeof(pmkt_rfm_options));
    options.zone = beijing.get();
    pmkt::rfm rfm(options);
    rfm.add(shop.batch);

    const std::vector<pmkt_rfm_tier> tiers = {{"plain", 0}, {"fine", 100000}};
    pmkt::score_options how;
    how.scheme = PMKT_RFM_QUANTILE;
    how.bins = 2;
    const std::vector<pmkt_rfm_segment> segments = {{"best", 2, 0, 2, 0, 2, 0, {0, 0}}};
    how.set_tiers(tiers).set_segments(segments);
    const pmkt::scores scores = rfm.score(NOW, how);
    const std::size_t one = *scores.find(1);
    CHECK(scores.name(PMKT_RFM_BY_TIER, scores.tier()[one]) == "fine");
    CHECK(scores.name(PMKT_RFM_BY_SEGMENT, scores.segment()[one]) == "best");
    CHECK(scores.r_cuts().size() == 1 && scores.m_cuts().size() == 1);

    const pmkt::scores plain = rfm.score(NOW);
    pmkt::score_options sticky;
    sticky.collapse = PMKT_RFM_HYSTERESIS;
    sticky.set_previous(plain);
    CHECK(rfm.score(NOW + DAY, sticky).size() == 3);
    sticky.set_previous(scores);
    THROWN(pmkt::mismatch, rfm.score(NOW + DAY, sticky));
}

TEST(customers_move) {
    const shop shop;
    pmkt::rfm rfm;
    rfm.add(shop.batch);
    const pmkt::scores before = rfm.score(NOW - 60 * DAY);
    const pmkt::scores after = rfm.score(NOW);
    const pmkt::migration moves(before, after, PMKT_RFM_BY_ACTIVITY);
    CHECK(moves.codes() == 5 && moves.name(4) == "absent" && moves.name(5).empty());
    CHECK(moves.matrix().size() == 25);
    CHECK(std::accumulate(moves.matrix().begin(), moves.matrix().end(), std::int64_t{0}) == 3);
    CHECK(moves.count(PMKT_RFM_BAND_MIDDLE, PMKT_RFM_BAND_LOW) == 1);
    CHECK(moves.users(PMKT_RFM_BAND_MIDDLE, PMKT_RFM_BAND_LOW)[0] == 2);
    CHECK(moves.count(9, 9) == 0 && moves.users(-1, 0).empty());
    CHECK(moves.win_back().size() == 1 && moves.win_back()[0] == 2 && moves.won_back().empty());
    CHECK(moves.list(99).empty());
    CHECK(moves.rates().customers == 1 && moves.rates().active_to_dormant == 0);
    THROWN(pmkt::invalid, pmkt::migration(after, before));
    pmkt::migration none;
    CHECK(none.codes() == 0 && none.matrix().empty() && none.win_back().empty());
    THROWN(pmkt::invalid, none.rates());
}

TEST(shards_merge_and_users_are_forgotten) {
    const shop shop;
    pmkt::rfm a, b;
    a.add(shop.batch);
    const std::vector<std::uint64_t> gone = {1, 42};
    CHECK(b.forget(gone, NOW) == 0);
    a.merge(b);
    CHECK(!a.score(NOW).find(1) && a.score(NOW).size() == 2);
    CHECK(a.forget(gone, NOW) == 0);
    THROWN(pmkt::invalid, a.merge(a));
    pmkt::rfm_options summary;
    summary.mode = PMKT_RFM_SUMMARY;
    THROWN(pmkt::mismatch, a.merge(pmkt::rfm(summary)));
}

TEST(a_failed_add_names_the_row_and_fills_the_report) {
    shop shop;
    shop.amount[4] = PMKT_AMOUNT_NULL;
    pmkt::rfm rfm;
    pmkt::report report;
    const pmkt::bad_row e = THROWN(pmkt::bad_row, rfm.add(shop.batch, report));
    CHECK(e.where() == 4 && e.where_kind() == PMKT_WHERE_ROW);
    CHECK(report.rejected(PMKT_BAD_AMOUNT_MISSING) == 1 && report.is_rejected(4));
    CHECK(!report.is_rejected(3));
    shop.batch.skip_bad();
    CHECK(rfm.add(shop.batch).accepted() == 5);
}

TEST(const_scores_are_read_by_many_threads) {
    const shop shop;
    pmkt::rfm rfm;
    rfm.add(shop.batch);
    const pmkt::scores scores = rfm.score(NOW);
    std::vector<std::thread> threads;
    std::vector<std::int64_t> sums(4);
    for (std::size_t t = 0; t < sums.size(); t++) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 100; i++) {
                for (const pmkt::group &g : scores.groups(PMKT_RFM_BY_SEGMENT)) {
                    sums[t] += g.customers;
                }
                sums[t] += scores.find(1) ? 1 : 0;
            }
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (const std::int64_t sum : sums) CHECK(sum == 400);
}

}  // namespace

int main() {
    return checker::run();
}
