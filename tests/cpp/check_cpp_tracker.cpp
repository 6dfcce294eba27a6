/* Trackers through the C++ headers. */
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <pmkt.hpp>
#include <thread>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;
using numbers = std::vector<std::int64_t>;
using kinds = std::vector<std::uint16_t>;

/* Eighty visits of forty users: a view, a search or a cart, and in every other visit an order. */
struct shop {
    ids user;
    numbers time;
    kinds kind;
    pmkt::events batch;

    shop() {
        for (std::uint64_t visit = 0; visit < 80; visit++) {
            const bool buys = visit % 2 == 0;
            const std::int64_t begins = static_cast<std::int64_t>(visit) * 7200000 + 1;
            add(visit % 40 + 1, begins, PMKT_KIND_VIEW);
            const bool searches = visit % 5 == 0 || visit % 4 == 1;
            add(visit % 40 + 1, begins + 60000, searches ? PMKT_KIND_SEARCH : PMKT_KIND_CART);
            if (buys) add(visit % 40 + 1, begins + 120000, PMKT_KIND_ORDER);
        }
        batch.user(user).time(time).kind(kind);
    }
    void add(std::uint64_t who, std::int64_t when, std::uint16_t what) {
        user.push_back(who);
        time.push_back(when);
        kind.push_back(what);
    }
};

const char *const text =
    "intent looking { when view strength 0.25 } "
    "intent leaving cause unknown { when cart then no order for 10 min within 1 day }";

bool equal(const pmkt_tracker_fired &a, std::int64_t row, std::uint64_t user, std::int64_t time,
           int rule) {
    return a.row == row && a.user == user && a.time == time && a.rule == rule;
}

TEST(a_tracker_says_what_a_batch_says) {
    const shop all;
    const pmkt::purchase model(all.batch);
    const pmkt::rules rules(text);
    const pmkt::tracker live(model, rules);
    pmkt::tracker_answers out(pmkt::ask_model | pmkt::ask_rule);
    pmkt::report told;
    live.observe(all.batch, out, told);
    CHECK(told.accepted() == told.rows() && told.rows() == 200 && out.rows() == 200);

    const pmkt::purchase_scores scores = model.score(all.batch);
    for (std::size_t i = 0; i < out.rows(); i++) {
        CHECK(out.p_goal()[i] == scores.p_goal()[i] && out.time_ms()[i] == scores.time_ms()[i]);
        CHECK(out.next(i)[0] == scores.next(i)[0] && out.next_p(i)[2] == scores.next_p(i)[2]);
        CHECK(out.p_cart()[i] == scores.p_cart()[i] ||
              (std::isnan(out.p_cart()[i]) && std::isnan(scores.p_cart()[i])));
        CHECK(out.rule()[i] == (all.kind[i] == PMKT_KIND_VIEW ? 0 : -1));
    }
    const pmkt::tracker_evidence why = live.explain(1, "looking");
    CHECK(why.rule == 0 && why.session == 3 && why.events.size() == 6 && why.evidence < 0);
    CHECK(why.events[3].matched == 1 && why.events[4].log_odds < 0);

    std::vector<pmkt_tracker_fired> fired(out.fired().begin(), out.fired().end());
    CHECK(live.advance(all.time.back() + 86400000, fired) > 0 && live.advance(1).empty());
    const pmkt::matches found = rules.match(all.batch, [&] {
        pmkt::match_options options;
        options.until_ms = all.time.back() + 86400000;
        return options;
    }());
    CHECK(fired.size() == found.size());
    CHECK(live.stats().fired == static_cast<std::int64_t>(found.size()));
    CHECK(live.stats().clocks_back == 1 && live.stats().users == 40);
}

TEST(single_events_wait_for_the_clock) {
    std::uint64_t user = 7;
    std::int64_t time = 1000;
    std::uint16_t kind = PMKT_KIND_CART;
    pmkt::events one; /* one row; its columns are the variables */
    one.user({&user, 1}).time({&time, 1}).kind({&kind, 1});
    pmkt::tracker live{pmkt::rules(text)};
    pmkt::tracker_answers out;
    live.observe(one, out);
    CHECK(out.fired().empty() && out.p_goal().empty() && out.rule().empty());
    user = 8;
    kind = PMKT_KIND_VIEW;
    live.observe(one, out);
    CHECK(out.fired().size() == 1 && equal(out.fired()[0], 0, 8, 1000, 0));
    CHECK(live.advance(601000).empty());
    const std::vector<pmkt_tracker_fired> silent = live.advance(601001);
    CHECK(silent.size() == 1 && equal(silent[0], -1, 7, 601000, 1) && silent[0].since == 1000);

    const pmkt::tracker_evidence why = live.explain(7, "leaving");
    CHECK(why.rule == 1 && why.time == 601000 && why.since == 1000 && why.generation == 1);
    CHECK(why.events.size() == 1 && why.events[0].matched == 1 && why.events[0].time == 1000);
    CHECK(live.explain(8).rule == 0 && live.explain(8).evidence == 0);
    CHECK(live.explain(9).rule == -1 && live.explain(9).events.empty());
    CHECK(live.explain(8, "leaving").rule == -1);
    CHECK(live.forget(7) && !live.forget(7) && live.stats().forgotten == 1);
    live.observe(one);
    CHECK(live.stats().unheard == 1);
}

/* More fires than there is room for at first. */
TEST(everything_that_fires_is_heard) {
    const std::size_t n = 5000;
    ids user(n);
    numbers time(n, 5);
    const kinds kind(n, PMKT_KIND_VIEW);
    for (std::size_t i = 0; i < n; i++) user[i] = i % 100 == 99 ? PMKT_ID_NONE : i + 1;
    pmkt::events batch;
    batch.user(user).time(time).kind(kind).skip_bad();
    const pmkt::tracker live{pmkt::rules(text)};
    pmkt::tracker_answers out(pmkt::ask_rule);
    pmkt::report told;
    live.observe(batch, out, told);
    CHECK(out.fired().size() == n - n / 100 && told.rejected(PMKT_BAD_USER) == 50);
    CHECK(told.accepted() == 4950 && told.rows() == 5000 && told.first_bad() == 99);
    for (std::size_t i = 0; i < n; i++) {
        CHECK(told.is_rejected(i) == (i % 100 == 99) && out.rule()[i] == (i % 100 == 99 ? -1 : 0));
    }
    batch.skip_bad(false);
    CHECK(THROWN(pmkt::bad_row, live.observe(batch, out, told)).where() == 99);
    CHECK(out.fired().empty() && told.rejected() == 50);
    CHECK(live.stats().events == 4950);
}

TEST(models_and_rules_are_swapped) {
    const shop all;
    const pmkt::purchase model(all.batch), other(all.batch);
    pmkt::tracker live(model, pmkt::rules(text));
    std::uint32_t generation = 0;
    CHECK(live.rules(generation).info().rules == 2 && generation == 1);
    CHECK(live.model().get() == model.get());
    live.swap(other);
    CHECK(live.model().get() == other.get());
    const ids user = {1};
    const numbers time = {1};
    const kinds kind = {PMKT_KIND_CART};
    pmkt::events batch;
    batch.user(user).time(time).kind(kind);
    live.observe(batch);
    CHECK(live.swap(pmkt::rules("intent sharing { when share }")) == 1);
    CHECK(live.rules(generation)[0].intent == "sharing" && generation == 2);
    CHECK(live.swap(pmkt::rules()) == 0 && !live.rules());
    CHECK(live.stats().generation == 3 && live.stats().ended == 1);
    THROWN(pmkt::unsupported, pmkt::tracker(pmkt::rules(text)).swap(model));
}

TEST(trackers_learn_on) {
    const shop all;
    const pmkt::purchase model(all.batch);
    pmkt::tracker_options options;
    options.learn = 1;
    const pmkt::tracker live(model, pmkt::rules(), options);
    const ids user = {1, 1, 2};
    const numbers time = {1, 2, 2};
    const kinds kind = {PMKT_KIND_CART, PMKT_KIND_ORDER, PMKT_KIND_CART};
    pmkt::events batch;
    batch.user(user).time(time).kind(kind);
    live.observe(batch);
    CHECK(live.stats().learned == 1);
    const std::int64_t before = model.chains().info().sessions;
    const pmkt::purchase learned = live.learn();
    CHECK(live.model().get() == learned.get() && live.stats().learned == 0);
    CHECK(learned.chains().info().sessions == before + 1);
    live.advance(86400000); /* the other one has left */
    CHECK(live.learn(1000).chains().info().sessions == before + 2);
    THROWN(pmkt::invalid, live.learn(-1));
    THROWN(pmkt::unsupported, pmkt::tracker(pmkt::rules(text)).learn());
}

TEST(trackers_are_saved_and_restored) {
    const shop all;
    const pmkt::purchase model(all.batch);
    const pmkt::rules rules(text);
    const pmkt::tracker live(model, rules);
    live.observe(all.batch);
    const std::string path =
        (std::filesystem::temp_directory_path() / ("tracker-" + std::to_string(getpid()))).string();
    live.save(path);
    const pmkt::buffer bytes = live.save_memory();
    const pmkt::tracker from_file(model, rules), from_bytes(model, rules);
    from_file.restore(path);
    from_bytes.restore_memory(bytes);
    CHECK(from_file.stats().users == 40 && from_bytes.stats().users == 40);
    const std::vector<pmkt_tracker_fired> now = live.advance(all.time.back() + 86400000);
    CHECK(!now.empty() && from_file.advance(all.time.back() + 86400000).size() == now.size());
    std::remove(path.c_str());
    THROWN(pmkt::io_error, pmkt::tracker(model, rules).restore(path));
    THROWN(pmkt::invalid, from_bytes.restore_memory(bytes));
    THROWN(pmkt::bad_format, pmkt::tracker(model, rules).restore_memory(model.save_memory()));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, (void)live.save_memory(pmkt::save_options(), stop));
}

TEST(threads_share_a_tracker) {
    const pmkt::tracker live{pmkt::rules(text)};
    std::vector<std::thread> threads;
    std::vector<std::size_t> heard(4);
    for (std::uint64_t t = 0; t < 4; t++) {
        threads.emplace_back([&live, &heard, t] {
            pmkt::tracker_answers out;
            ids user(100);
            numbers time(100, 1);
            const kinds kind(100, PMKT_KIND_VIEW);
            for (std::uint64_t i = 0; i < 100; i++) user[i] = 1 + t * 100 + i;
            pmkt::events batch;
            batch.user(user).time(time).kind(kind);
            live.observe(batch, out);
            heard[t] = out.fired().size();
        });
    }
    for (std::thread &thread : threads) thread.join();
    CHECK(heard == std::vector<std::size_t>(4, 100) && live.stats().users == 400);
}

TEST(trackers_refuse) {
    const shop all;
    pmkt::tracker live{pmkt::rules(text)}, moved = std::move(live);
    CHECK(!live && moved);
    pmkt::tracker_answers out;
    THROWN(pmkt::invalid, live.observe(all.batch, out));
    THROWN(pmkt::invalid, live.observe(all.batch));
    THROWN(pmkt::invalid, (void)live.stats());
    THROWN(pmkt::invalid, (void)live.advance(1));
    THROWN(pmkt::invalid, (void)live.explain(1));
    CHECK(!live.rules() && !live.model());
    THROWN(pmkt::invalid, pmkt::tracker(pmkt::purchase(), pmkt::rules()));
    pmkt::tracker_options options;
    options.history = -1;
    const pmkt::tracker forgetful(pmkt::rules(text), options);
    THROWN(pmkt::unsupported, (void)forgetful.explain(1));
    pmkt::tracker_answers goals(pmkt::ask_goal);
    THROWN(pmkt::unsupported, forgetful.observe(all.batch, goals));
    options.shards = 3;
    THROWN(pmkt::invalid, pmkt::tracker(pmkt::rules(text), options));
}

}  // namespace

int main() {
    return checker::run();
}
