/* consumer.cpp - the program of consumer.c through the C++ headers. */
#include <cstdio>
#include <pmkt.hpp>
#include <vector>

int main() {
    using days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
    const std::chrono::time_point<std::chrono::system_clock, days> day(days(110));
    const std::vector<std::uint64_t> user(3, 7);
    const std::vector<std::int64_t> amount(3, 30000);
    const std::vector<std::int64_t> time = {pmkt::instant(day - days(10)).ms(),
                                            pmkt::instant(day - days(7)).ms(),
                                            pmkt::instant(day - days(4)).ms()};
    pmkt::events batch;
    batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER);
    pmkt::rfm rfm;
    rfm.add(batch);
    const pmkt::scores scores = rfm.score(day);
    const std::string name(scores.name(PMKT_RFM_BY_SEGMENT, scores.segment()[0]));
    if (name != "active-high-high" || scores.size() != 1 || scores.revenue()[0] != 90000) {
        std::fprintf(stderr, "three orders of 300.00 in a week are not active-high-high\n");
        return 1;
    }
    std::printf("pmkt %s: user 7 is %s\n", pmkt_version(), name.c_str());
    return 0;
}
