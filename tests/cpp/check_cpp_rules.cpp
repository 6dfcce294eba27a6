/* Rules through the C++ headers. */
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;
using numbers = std::vector<std::int64_t>;
using kinds = std::vector<std::uint16_t>;

TEST(rules_say_what_they_are) {
    const pmkt::rules rules(pmkt::builtin_rules());
    CHECK(rules.info().rules > 5 && rules.info().columns == 2);
    const pmkt::rule first = rules[0];
    CHECK(first.intent == "hesitating" && first.cause.empty() && first.strength == 0.7);
    CHECK(first.cooldown_ms == 30 * 60 * 1000 && first.suggestions.size() == 2);
    CHECK(std::string_view(first.suggestions[0]) == "live expert");
    CHECK(pmkt::builtin_rules().substr(first.at, first.text.size()) == first.text);
    CHECK(first.line > 1 && !rules[2].cause.empty());
    THROWN(pmkt::invalid, (void)rules[1000]);
}

TEST(rules_match) {
    const ids user = {1, 1, 2}, item = {7, 7, 8};
    const numbers time = {0, 5, 9};
    const kinds kind = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_CART};
    pmkt::events batch;
    batch.user(user).time(time).kind(kind).item(item);
    const pmkt::rules rules(
        "intent a { when view then cart same item } "
        "intent b { when cart then no order for 3 ms strength 0.25 }");
    const pmkt::matches found = rules.match(batch);
    CHECK(found.size() == 2 && found.columns().users == 2);
    CHECK(found.row()[0] == 1 && found.user()[0] == 1 && found.rule()[0] == 0 &&
          found.since()[0] == 0);
    CHECK(found.row()[1] == -1 && found.time()[1] == 8 && found.since()[1] == 5 &&
          found.strength()[1] == 0.25);
    pmkt::match_options later;
    later.until_ms = 13;
    pmkt::report told;
    CHECK(rules.match(batch, told, later).size() == 3);
    later.until_ms = 8;
    THROWN(pmkt::invalid, (void)rules.match(batch, later));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, (void)rules.match(batch, pmkt::match_options(), stop));
}

TEST(rules_are_shared_and_refuse) {
    pmkt::rules rules("intent a { when view where (time > date '2020-01-01') }",
                      pmkt::rules_options().set_zone(pmkt::zone(std::chrono::minutes(60))));
    pmkt::rules copy = rules;
    const pmkt_rules *p = rules.get();
    CHECK(copy.get() == p);
    pmkt::rules moved = std::move(rules);
    CHECK(!rules && moved.get() == p);
    copy = moved;
    moved = pmkt::rules(copy.release());
    CHECK(!copy && moved.get() == p);
    THROWN(pmkt::invalid, (void)copy.info());
    THROWN(pmkt::invalid, (void)copy[0]);
    CHECK(THROWN(pmkt::parse_error, pmkt::rules("intent a { when vieww }")).where() == 16);
    CHECK(!pmkt::matches());
}

}  // namespace

int main() {
    return checker::run();
}
