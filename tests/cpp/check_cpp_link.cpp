/*
 * Two translation units that include pmkt.hpp make one program, even where one is C++17 and the other
 * C++20, whose spans differ.
 */
#include <pmkt.hpp>

#include "checker.hpp"

long other_half(const pmkt_events &batch, std::string &message);

TEST(two_units_of_two_dialects_are_one_program) {
    const std::vector<std::uint64_t> user = {1, 2};
    const std::vector<std::int64_t> time = {1000, 2000}, amount = {1, 2};
    pmkt::events batch;
    batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER);
    std::string message;
    const long answer = other_half(batch, message);
    pmkt::rfm rfm;
    rfm.add(batch);
    const pmkt::scores scores = rfm.score(pmkt::parse_time("2026-02-01"));
    CHECK(scores.user().size() == 2);
    const pmkt::invalid e = THROWN(pmkt::invalid, scores.groups(-1));
    CHECK(message == e.what());
    CHECK(__cplusplus < 202002L && answer >= 202002L + 2);
}

int main() {
    return checker::run();
}
