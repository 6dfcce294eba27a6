/* Chains, funnels, paths and attribution through the C++ headers. */
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;
using numbers = std::vector<std::int64_t>;
using actions = std::vector<std::uint32_t>;
using reals = std::vector<double>;

constexpr std::uint32_t view = PMKT_KIND_VIEW, cart = PMKT_KIND_CART;

/* A whole container of what a span shows. */
template <class T>
std::vector<std::remove_const_t<T>> list(pmkt::span<T> of) {
    return {of.begin(), of.end()};
}

/* Three users: one views, carts and orders; one views twice; one carts, and orders an hour later. */
struct visits {
    visits() {
        batch.user(user).time(time).kind(kind).item(item).category(category).channel(channel);
    }
    ids user = {1, 1, 1, 2, 2, 3, 3};
    numbers time = {0, 1000, 3000, 0, 5000, 0, 3600000};
    std::vector<std::uint16_t> kind = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER,
                                       PMKT_KIND_VIEW, PMKT_KIND_VIEW, PMKT_KIND_CART,
                                       PMKT_KIND_ORDER};
    ids item = {7, 7, 7, 7, 8, 8, 8};
    ids category = {50, 60, 60, 50, 99, 0, 60};
    ids channel = {11, 12, 0, 11, 11, 0, 0};
    pmkt::events batch;
};

struct sessions {
    numbers at = {0, 2, 3, 6, 8, 9, 9};
    actions action = {view, cart, view, view, view, cart, view, view, cart};
    numbers dwell = {0, 2000, 0, 0, 3000, 4000, 0, 2500, 0};
    std::vector<std::uint8_t> bought = {1, 0, 1, 0, 0, 0};
    pmkt::intent_paths paths = pmkt::intent_paths(at, action).dwell(dwell).bought(bought);
};

/* --------------------------------------------------------------------- intent */

TEST(models_are_made_of_paths_and_answer) {
    const sessions all;
    pmkt::intent_options options;
    options.order = 2;
    const pmkt::intent model(all.paths, options);
    const pmkt_intent_facts facts = model.info();
    CHECK(facts.order == 2 && facts.sessions == 6 && facts.buyers == 2 && facts.counted == 15);
    CHECK(list(model.actions()) == actions{view, cart} && model.classes().empty());

    const numbers at = {0, 2, 2};
    const actions asked = {view, cart};
    const pmkt::intent_paths paths(at, asked);
    const pmkt::intent_answers answers = model.ask(paths);
    const reals next = model.next(paths), odds = model.explain(paths);
    CHECK(answers.rows() == 2 && next.size() == 8 && odds.size() == 2);
    for (std::size_t i = 0; i < 2; i++) {
        CHECK(answers.goal()[i] + answers.leave()[i] == 1 && answers.steps()[i] >= 1);
        CHECK(answers.time_ms()[i] > 0 && answers.next_p(i)[0] >= answers.next_p(i)[1]);
        CHECK(answers.next(i).size() == PMKT_INTENT_TOP);
        double sum = 0, best = 0;
        for (std::size_t k = 0; k < 4; k++) {
            sum += next[4 * i + k];
            best = std::fmax(best, next[4 * i + k]);
        }
        CHECK(std::fabs(sum - 1) < 1e-14 && best == answers.next_p(i)[0]);
    }
    CHECK(answers.goal()[0] > answers.goal()[1] && answers.context()[1] == 1);
    CHECK(answers.log_all()[1] == 0);
    CHECK(std::fabs(odds[0] + odds[1] - (answers.log_buyer()[0] - answers.log_other()[0])) < 1e-12);
    const reals waited = model.next(paths, numbers{1000000, 0});
    CHECK(waited[2] > next[2] && waited[4] == next[4]);
    pmkt::intent_answers again;
    model.ask(all.paths, again);
    model.ask(paths, again);
    CHECK(again.rows() == 2 && again.goal()[0] == answers.goal()[0]);
    const numbers none = {0};
    const actions nothing;
    CHECK(model.ask(pmkt::intent_paths(none, nothing)).rows() == 0);
    CHECK(model.explain(pmkt::intent_paths(none, nothing)).empty());

    std::int64_t counted = 0;
    for (const pmkt::intent_step &step : model.transitions()) {
        counted += step.count;
        if (step.from == cart && step.to == PMKT_INTENT_GOAL) {
            CHECK(step.count == 2 && step.buyers == 2 && step.probability == 2.0 / 3);
            CHECK(std::isnan(step.median_ms));
        }
    }
    CHECK(counted == facts.counted);
}

TEST(events_make_models_with_classes) {
    const visits shop;
    const ids list_of = {60, 50};
    pmkt::intent_options options;
    options.set_classes(list_of);
    pmkt::report report;
    const pmkt::intent model(shop.batch, report, options);
    CHECK(report.accepted() == 7 && model.info().classes == 2 && model.info().buyers == 2);
    CHECK(list(model.classes()) == list_of);
    CHECK(list(model.actions()) == actions{view, cart, pmkt::intent_action(PMKT_KIND_CART, 0),
                                           pmkt::intent_action(PMKT_KIND_VIEW, 1)});
    options.set_classes(list_of, "page");
    const pmkt::invalid e = THROWN(pmkt::invalid, pmkt::intent(shop.batch, options));
    CHECK(std::string_view(e.what()).find("\"page\"") != std::string_view::npos);
    CHECK(list(pmkt::intent(shop.batch).actions()) == actions{view, cart});
}

TEST(models_are_merged_saved_loaded_and_shared) {
    const sessions all;
    const pmkt::intent model(all.paths);
    const std::vector<pmkt::intent> both = {model, model};
    const pmkt::intent twice = pmkt::intent::merge(both);
    CHECK(twice.info().sessions == 12);
    const std::string path = std::filesystem::temp_directory_path() /
                             ("check_cpp_intent_" + std::to_string(getpid()) + ".pmkt");
    model.save(path);
    const pmkt::intent loaded = pmkt::intent::load(path);
    std::remove(path.c_str());
    const pmkt::buffer saved = model.save_memory(), again = loaded.save_memory();
    CHECK(saved.size() == again.size() &&
          std::memcmp(saved.data(), again.data(), saved.size()) == 0);
    CHECK(pmkt::intent::load_memory(saved).info().sessions == 6);
    THROWN(pmkt::io_error, pmkt::intent::load(path));
    pmkt::intent_options options;
    options.order = 1;
    const std::vector<pmkt::intent> mixed = {model, pmkt::intent(all.paths, options)};
    THROWN(pmkt::mismatch, pmkt::intent::merge(mixed));
    THROWN(pmkt::invalid, pmkt::intent::merge({}));

    pmkt::intent first = model;
    CHECK(first.get() == model.get());
    const pmkt::intent moved = std::move(first);
    CHECK(!first && moved.get() == model.get());
    THROWN(pmkt::invalid, first.ask(all.paths));
    first = moved;
    first = pmkt::intent();
    CHECK(!first && moved.info().sessions == 6);
}

TEST(malformed_questions_are_refused) {
    const sessions all;
    const actions one = {view};
    const numbers falls = {0, 2, 1}, short_dwell = {1};
    const std::vector<std::uint8_t> short_bought = {1};
    THROWN(pmkt::invalid, pmkt::intent_paths(all.at, one));
    THROWN(pmkt::invalid, pmkt::intent_paths(all.at, all.action).dwell(short_dwell));
    THROWN(pmkt::invalid, pmkt::intent_paths(all.at, all.action).bought(short_bought));
    THROWN(pmkt::invalid, pmkt::intent(pmkt::intent_paths(falls, one)));
    const pmkt::intent model(all.paths);
    THROWN(pmkt::invalid, model.next(all.paths, numbers{1}));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, pmkt::intent(all.paths, pmkt::intent_options(), stop));
}

/* -------------------------------------------------------------- funnels, paths */

TEST(funnels_are_followed) {
    const visits shop;
    const pmkt::funnel_steps steps = pmkt::funnel_steps()
                                         .step({PMKT_KIND_VIEW})
                                         .step({PMKT_KIND_CART})
                                         .step({PMKT_KIND_ORDER, PMKT_KIND_PAY});
    pmkt::report report;
    const pmkt::funnel funnel(shop.batch, steps, report);
    CHECK(report.accepted() == 7 && steps.size() == 3 && funnel.columns().units == 3);
    CHECK(list(funnel.reached()) == numbers{2, 1, 1} && list(funnel.lost()) == numbers{1, 0, 0});
    CHECK(list(funnel.entered()) == numbers{2, 0, 0});
    CHECK(list(funnel.continued()) == numbers{0, 1, 1});
    CHECK(funnel.conversion()[1] == 0.5 && funnel.overall()[2] == 0.5);
    CHECK(funnel.median_ms()[1] == 1000 && funnel.p25_ms()[2] == 2000);
    CHECK(funnel.p75_ms()[2] == 2000 && funnel.user().size() == 2);
    CHECK(funnel.first()[0] == 0 && funnel.last().size() == 2 && funnel.begin_ms()[1] == 0);
    CHECK(funnel.next_step()[0] == 0 && funnel.next_n()[0] == 1);
    CHECK(funnel.next_kind()[0] == PMKT_KIND_VIEW);

    /* Copied steps stand for themselves; conditions are of the step before. */
    pmkt::funnel_steps copy = steps;
    copy.item(8).category(60);
    const std::vector<std::int32_t> kinds = {PMKT_KIND_VIEW};
    pmkt::funnel_options options;
    options.open = 1;
    CHECK(list(pmkt::funnel(shop.batch, copy, options).reached()) == numbers{2, 2, 1});
    CHECK(list(pmkt::funnel(shop.batch, pmkt::funnel_steps().step(kinds).channel(12)).reached()) ==
          numbers{0});
    CHECK(pmkt::funnel(shop.batch, pmkt::funnel_steps().step()).reached()[0] == 3);
    THROWN(pmkt::invalid, pmkt::funnel(shop.batch, pmkt::funnel_steps()));
    THROWN(pmkt::invalid, pmkt::funnel_steps().item(8));
    THROWN(pmkt::invalid, pmkt::funnel().reached());
}

TEST(paths_are_counted) {
    const visits shop;
    pmkt::paths_options options;
    const pmkt::zone zone(std::chrono::minutes(60));
    options.set_zone(zone).user_hours = 1;
    pmkt::report report;
    const pmkt::paths paths(shop.batch, report, options);
    CHECK(report.accepted() == 7 && paths.columns().sessions == 4 && paths.size() == 4);
    std::int64_t moves = 0;
    for (std::size_t i = 0; i < paths.size(); i++) {
        CHECK(paths.count()[i] == 1 && paths.path_users()[i] == 1);
        const std::vector<std::int32_t> kinds = list(paths.path(i));
        if (kinds.size() == 3) CHECK(kinds[2] == PMKT_KIND_ORDER && paths.conversions()[i] == 1);
    }
    for (const std::int64_t n : paths.moves()) moves += n;
    CHECK(moves == 7 + 4 && paths.from().size() == paths.to().size());
    CHECK(paths.share().size() == paths.move_ms().size());
    CHECK(paths.page()[0] == PMKT_KIND_CART || paths.page()[0] == PMKT_KIND_VIEW ||
          paths.page()[0] == PMKT_KIND_ORDER);
    CHECK(paths.stays().size() == 3 && paths.exits().size() == 3 && paths.soon().size() == 3);
    CHECK(paths.stay_ms().size() == 3 && paths.hours().size() == 168);
    CHECK(paths.hours()[3 * 24 + 1] == 6 &&
          paths.hours()[3 * 24 + 2] == 1); /* a Thursday, at one */
    CHECK(paths.hour_user().size() == 4 && paths.hour_events().size() == 4);
    CHECK(paths.hour().size() == 4);
    THROWN(pmkt::invalid, paths.path(4));
    options.page = PMKT_PATHS_BY_ITEM;
    CHECK(pmkt::paths(shop.batch, options).page().size() == 2);
    options.page = 9;
    THROWN(pmkt::invalid, pmkt::paths(shop.batch, options));
}

/* ---------------------------------------------------------------- attribution */

TEST(channels_get_their_credit) {
    const numbers at = {0, 2, 3, 3};
    const ids channel = {11, 12, 12};
    const reals conversions = {2, 1, 1}, values = {20, 30, 5}, nulls = {0, 3, 0};
    const pmkt::attribution_paths paths =
        pmkt::attribution_paths(at, channel).conversions(conversions).values(values).nulls(nulls);
    pmkt::attribution_options linear(PMKT_ATTRIBUTION_LINEAR);
    linear.bootstrap = 20;
    const pmkt::attribution result(paths, linear);
    CHECK(list(result.channel()) == ids{12, 11} && list(result.conversions()) == reals{2, 1});
    CHECK(list(result.value()) == reals{40, 10} && result.removal_effect().empty());
    CHECK(result.low().size() == 2 && result.low()[0] <= result.high()[0]);
    CHECK(result.value_low()[1] <= result.value_high()[1] && list(result.touches())[0] == 2);
    CHECK(list(result.paths()) == numbers{2, 1} && result.table().unattributed_conversions == 1);
    const pmkt::attribution_credit credit = result.credit();
    CHECK(list(credit.conversions) == reals{1, 1, 1} && list(credit.values) == reals{10, 10, 30});

    const pmkt::attribution markov(paths);
    CHECK(markov.removal_effect().size() == 2 && markov.value_removal_effect().size() == 2);
    CHECK(markov.removal_effect()[0] == 1 && markov.table().order == 1 && markov.low().empty());
    CHECK(pmkt::attribution_order(paths).best >= 1);
    CHECK(pmkt::attribution_model_name(PMKT_ATTRIBUTION_LINEAR) == "linear");
    CHECK(pmkt::attribution_model_name(99).empty());

    const reals one = {1};
    const ids fewer = {11};
    const numbers times = {1, 2, 3};
    THROWN(pmkt::invalid, pmkt::attribution_paths(at, fewer));
    THROWN(pmkt::invalid, pmkt::attribution_paths(at, channel).nulls(one));
    CHECK(pmkt::attribution_paths(at, channel).time(times).touches() == 3);
    const reals negative = {-1, 1, 1};
    const pmkt::bad_row e =
        THROWN(pmkt::bad_row,
               pmkt::attribution(pmkt::attribution_paths(at, channel).conversions(negative)));
    CHECK(e.where() == 0 && e.where_kind() == PMKT_WHERE_ROW);
    THROWN(pmkt::invalid, pmkt::attribution().table());
}

TEST(events_become_paths_of_channels) {
    const visits shop;
    const std::vector<std::int32_t> kinds = {PMKT_KIND_VIEW, PMKT_KIND_CART};
    pmkt::attribution_data_options options;
    options.set_touch_kinds(kinds).same_touch_ms = -1;
    pmkt::report report;
    const pmkt::attribution_data data(shop.batch, report, options);
    CHECK(report.accepted() == 6 && report.ignored() == 1);
    const pmkt_attribution_paths paths = data.paths();
    CHECK(paths.paths == 3 && paths.at[3] == 4 && paths.channel[1] == 12);
    CHECK(pmkt::attribution(paths).table().total_conversions == 2);
    const pmkt::idset one(ids{2});
    options.set_users(one);
    CHECK(pmkt::attribution_data(shop.batch, options).paths().paths == 1);
    options.conversion = -1;
    THROWN(pmkt::invalid, pmkt::attribution_data(shop.batch, options));
    THROWN(pmkt::invalid, pmkt::attribution_data().paths());
}

}  // namespace

int main() {
    return checker::run();
}
