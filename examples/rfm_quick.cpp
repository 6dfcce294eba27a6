/*
 * rfm_quick.cpp - who is worth what, in one page of C++17.
 *
 *     rfm_quick [FILE]     FILE is like examples/data/cdnow_orders.csv: customer,date,cds,dollars
 *
 * Reads orders, values every customer at the end of the data, prints the classes, and then the ten
 * customers most worth winning back of those who fell dormant in the last quarter.
 */
#include <cstdio>
#include <fstream>
#include <pmkt.hpp>

namespace {

struct orders {
    std::vector<std::uint64_t> user;
    std::vector<std::int64_t> time, amount; /* milliseconds UTC, cents */
};

/* A record is customer,date,cds,dollars; customers are numbers already, so their ids are too. */
orders read(const std::string &path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + " cannot be read");
    orders all;
    std::string line;
    std::getline(file, line); /* the header */
    for (std::size_t number = 2; std::getline(file, line); number++) {
        const std::size_t one = line.find(','), last = line.rfind(',');
        const std::size_t two = one == line.npos ? one : line.find(',', one + 1);
        if (two == line.npos || two == last) {
            throw std::runtime_error(path + ":" + std::to_string(number) + ": not four fields");
        }
        const std::string_view text(line);
        all.user.push_back(std::stoull(line.substr(0, one)));
        all.time.push_back(pmkt::parse_time(text.substr(one + 1, two - one - 1)).ms());
        all.amount.push_back(pmkt::parse_money(text.substr(last + 1)));
    }
    return all;
}

void print_classes(const pmkt::scores &scores) {
    std::printf("%-20s %9s %7s %12s %9s\n", "class", "customers", "orders", "revenue", "share");
    for (const pmkt::group &g : scores.groups(PMKT_RFM_BY_SEGMENT)) {
        std::printf("%-20s %9lld %7lld %12.2f %7.1f %%\n", std::string(g.name).c_str(),
                    static_cast<long long>(g.customers), static_cast<long long>(g.orders),
                    static_cast<double>(g.revenue) / 100, 100 * g.revenue_share);
    }
}

void print_win_backs(const pmkt::migration &moves, const pmkt::scores &scores) {
    const auto list = moves.win_back(); /* highest revenue first */
    std::printf("\n%zu customers fell dormant; the ten most worth winning back:\n", list.size());
    for (const std::uint64_t user : list.first(list.size() < 10 ? list.size() : 10)) {
        const std::size_t row = scores.find(user).value();
        std::printf("  customer %05llu: %lld orders, %.2f, the last one %d days ago\n",
                    static_cast<unsigned long long>(user),
                    static_cast<long long>(scores.orders()[row]),
                    static_cast<double>(scores.revenue()[row]) / 100, scores.recency_days()[row]);
    }
}

void report(const std::string &path) {
    const orders all = read(path);
    pmkt::events batch;
    batch.user(all.user).time(all.time).amount(all.amount).every_kind(PMKT_KIND_ORDER);
    batch.currency("USD", 2);

    pmkt::rfm rfm;
    rfm.add(batch); /* as often as there are batches */

    pmkt::score_options how; /* CDs are cheap and seldom bought */
    how.active_days = 60, how.dormant_days = 180;
    how.f_high = 1, how.f_low = 0.5;
    how.m_high = 4000, how.m_low = 1500;
    const pmkt::instant last(rfm.stats().last_event_ms);
    const pmkt::scores now = rfm.score(last + std::chrono::hours(24), how);
    const pmkt::scores before = rfm.score(last - std::chrono::hours(24 * 90), how);

    print_classes(now);
    print_win_backs(pmkt::migration(before, now), now);
}

}  // namespace

int main(int argc, char **argv) {
    try {
        report(argc > 1 ? argv[1] : "examples/data/cdnow_orders.csv");
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "rfm_quick: %s\n", e.what());
        return 1;
    }
}
