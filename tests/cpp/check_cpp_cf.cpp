/* Collaborative filtering through the C++ headers. */
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>
#include <pmkt.hpp>
#include <thread>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;

/* Two kinds of people: 1 to 20 like items 101 to 110, 21 to 40 those from 111 to 120; each has had all
   of theirs but one. */
struct tastes {
    tastes() {
        for (std::uint64_t u = 0; u < 40; u++) {
            for (std::uint64_t i = 0; i < 10; i++) {
                if (i == u % 10) continue;
                user.push_back(u + 1);
                item.push_back(101 + u / 20 * 10 + i);
                time.push_back(static_cast<std::int64_t>(u) * 3600000);
            }
        }
        batch.user(user).item(item).time(time).every_kind(PMKT_KIND_VIEW);
    }
    ids user, item;
    std::vector<std::int64_t> time;
    pmkt::events batch;
};

pmkt::cf_model als() {
    pmkt::cf_als_options options;
    options.factors = 8;
    options.seed = 1;
    return pmkt::cf_model::als(pmkt::cf_data(tastes().batch), options);
}

std::uint64_t missing(std::uint64_t user) {
    return 101 + (user - 1) / 20 * 10 + (user - 1) % 10;
}

ids list(pmkt::span<const std::uint64_t> of) {
    return ids(of.begin(), of.end());
}

TEST(data_is_made_of_events_builders_and_matrices) {
    const tastes events;
    pmkt::report report;
    const pmkt::cf_data data(events.batch, report);
    CHECK(report.accepted() == 360 && data.info().users == 40 && data.info().items == 20);
    pmkt::cf_builder builder;
    CHECK(builder.add(events.batch).accepted() == 360 && builder.memory_bytes() > 0);
    CHECK(builder.build().info().hash == data.info().hash);
    const pmkt_cf_matrix by_user = data.by_user(), by_item = data.by_item();
    CHECK(by_user.users == 40 && by_item.users == 20 && by_user.at[40] == 360);

    const std::vector<std::int64_t> at = {0, 2, 3};
    const std::vector<std::int32_t> column = {1, 0, 1};
    const std::vector<float> weight = {3, 1, 2};
    const ids name = {30, 10};
    const pmkt::cf_data of(pmkt::cf_matrix(2, at, column).weight(weight).user_id(name));
    CHECK(of.by_user().user_id[0] == 10 && of.by_user().weight[0] == 2);
    CHECK(of.by_item().at[1] == 1);
    const std::vector<std::int32_t> short_column = {1};
    const ids one = {1};
    THROWN(pmkt::invalid, pmkt::cf_matrix(2, at, short_column));
    THROWN(pmkt::invalid, pmkt::cf_matrix(2, at, column).item_id(one));
}

TEST(options_are_taken) {
    const tastes events;
    const std::vector<pmkt_cf_weight> weights = {{PMKT_KIND_VIEW, 0, 4.0}};
    const pmkt::idset consenting(ids{1, 2});
    pmkt::cf_data_options options;
    options.set_weights(weights).set_users(consenting);
    const pmkt::cf_data data(events.batch, options);
    CHECK(data.info().users == 2 && data.by_user().weight[0] == 4);
    options.scale = 9;
    THROWN(pmkt::invalid, pmkt::cf_data(events.batch, options));
}

TEST(copies_share_and_moves_empty) {
    pmkt::cf_model model = als();
    const pmkt::cf_model copy = model;
    CHECK(copy.get() == model.get());
    const pmkt::cf_model moved = std::move(model);
    CHECK(!model && moved.get() == copy.get());
    THROWN(pmkt::invalid, model.info());
    model = copy;
    model = pmkt::cf_model();
    CHECK(copy.info().kind == PMKT_CF_ALS && copy.users().size() == 40);
    pmkt::cf_data data(tastes().batch);
    const pmkt::cf_data same = data;
    data = pmkt::cf_data();
    CHECK(!data && same.info().users == 40);
}

TEST(models_recommend_what_is_missing) {
    const pmkt::cf_data data(tastes().batch);
    const ids users = {1, 7, 22, 40};
    for (const pmkt::cf_model &model : {als(), pmkt::cf_model::knn(data)}) {
        const pmkt::cf_answer all = model.recommend(users, pmkt::cf_query(3));
        CHECK(all.rows() == 4);
        pmkt::cf_scratch scratch;
        pmkt::cf_query query(3);
        query.set_scratch(scratch);
        pmkt::cf_answer one;
        for (std::size_t i = 0; i < users.size(); i++) {
            CHECK(all.ids(i)[0] == missing(users[i]) && all.reason(i) == PMKT_CF_ANSWERED);
            model.recommend(ids{users[i]}, query, one);
            CHECK(list(one.ids(0)) == list(all.ids(i)) && one.scores(0)[0] == all.scores(i)[0]);
        }
    }
    const pmkt::cf_model popular = pmkt::cf_model::popularity(data);
    CHECK(list(popular.recommend(ids{1}, pmkt::cf_query(2)).ids(0)) == ids{101, 111});
}

TEST(queries_filter) {
    const pmkt::cf_model model = als();
    const pmkt::idset allow(ids{101, 102, 111}), deny(ids{111});
    pmkt::cf_query query(5);
    query.keep_seen = 1;
    query.set_allow(allow).set_deny(deny);
    const pmkt::cf_answer answer = model.recommend(ids{1}, query);
    ids got = list(answer.ids(0));
    std::sort(got.begin(), got.end());
    CHECK(got == ids{101, 102});
    const std::vector<std::int64_t> at = {0, 1};
    const ids out = {102};
    query.set_exclude(at, out);
    CHECK(list(model.recommend(ids{1}, query).ids(0)) == ids{101});
    THROWN(pmkt::invalid, model.recommend(ids{1, 2}, query));
    const ids two = {1, 2};
    THROWN(pmkt::invalid, pmkt::cf_query().set_exclude(at, two));
    THROWN(pmkt::invalid, model.recommend(ids{1}, pmkt::cf_query(-1)));
    CHECK(model.recommend(ids{1}, pmkt::cf_query().set_min_score(9)).ids(0).empty());
    CHECK(model.recommend(ids{}).rows() == 0);
}

/* Room for so many answers of each user would be a terabyte. */
TEST(any_k_needs_no_more_memory_than_there_are_answers) {
    const pmkt::cf_model model = als();
    const pmkt::cf_query most(std::numeric_limits<std::int32_t>::max());
    const ids users = list(model.users());
    const pmkt::cf_answer answer = model.recommend(users, most);
    pmkt::cf_query exact(20);
    CHECK(answer.rows() == 40);
    for (std::size_t i = 0; i < 40; i++) {
        CHECK(list(answer.ids(i)) == list(model.recommend(ids{users[i]}, exact).ids(0)));
        CHECK(answer.ids(i).size() == 11 && answer.scores(i).size() == 11);
    }
    CHECK(model.similar_items(list(model.items()), most).ids(19).size() == 19);
    CHECK(model.similar_users(users, most).ids(39).size() == 39);
    std::vector<std::int64_t> at;
    for (std::int64_t i = 0; i <= 20; i++) at.push_back(i);
    const ids items = list(model.items());
    CHECK(model.recommend(pmkt::cf_history(at, items), most).ids(19).size() == 19);
    const std::vector<std::int64_t> none = {0};
    const std::vector<std::int32_t> nothing;
    const pmkt::cf_model empty =
        pmkt::cf_model::popularity(pmkt::cf_data(pmkt::cf_matrix(0, none, nothing)));
    CHECK(empty.recommend(users, most).ids(39).empty());
    THROWN(pmkt::invalid, pmkt::cf_model().recommend(users, most));
}

TEST(histories_neighbors_and_ranks) {
    const pmkt::cf_model model = als();
    const std::vector<std::int64_t> at = {0, 3, 3};
    const ids items = {111, 112, 113};
    const std::vector<float> weights = {1, 2, 1};
    const pmkt::cf_history history = pmkt::cf_history(at, items).weights(weights);
    const pmkt::cf_answer answer = model.recommend(history, pmkt::cf_query(7));
    for (const std::uint64_t id : answer.ids(0)) CHECK(id >= 114 && id <= 120);
    CHECK(answer.ids(0).size() == 7 && answer.reason(1) == PMKT_CF_UNKNOWN);
    const std::vector<float> factors = model.fold_in(history);
    CHECK(factors.size() == 16 && factors[0] != 0 && factors[15] == 0);
    const ids fewer = {111};
    THROWN(pmkt::invalid, pmkt::cf_history(at, fewer));

    const ids items_like = list(model.similar_items(ids{101}, pmkt::cf_query(9)).ids(0));
    CHECK(items_like.size() == 9);
    for (const std::uint64_t id : items_like) CHECK(id >= 102 && id <= 110);
    const ids users_like = list(model.similar_users(ids{1}, pmkt::cf_query(19)).ids(0));
    CHECK(users_like.size() == 19);
    for (const std::uint64_t id : users_like) CHECK(id >= 2 && id <= 20);
    const std::array<std::int64_t, 3> cut = {0, 3, 5};
    const pmkt::cf_answer ranked = model.rank(ids{1, 40}, cut, ids{115, 101, 999, 101, 111});
    CHECK(list(ranked.ids(0)) == ids{101, 115} && list(ranked.ids(1)) == ids{111, 101});
    THROWN(pmkt::invalid, model.rank(ids{1}, cut, ids{1}));
}

TEST(models_are_saved_loaded_mapped_and_made_of_factors) {
    const pmkt::cf_model model = als();
    const std::string path = std::filesystem::temp_directory_path() /
                             ("check_cpp_cf_" + std::to_string(getpid()) + ".pmkt");
    model.save(path);
    const pmkt::buffer saved = model.save_memory();
    const pmkt::cf_model mapped = pmkt::cf_model::map(path);
    std::remove(path.c_str());
    mapped.verify();
    const ids want = list(model.recommend(ids{30}).ids(0));
    CHECK(mapped.info().mapped == static_cast<std::int64_t>(saved.size()));
    CHECK(list(mapped.recommend(ids{30}).ids(0)) == want);
    CHECK(list(pmkt::cf_model::load_memory(saved).recommend(ids{30}).ids(0)) == want);
    THROWN(pmkt::io_error, pmkt::cf_model::load(path));
    const pmkt::cf_data seen(tastes().batch);
    const pmkt::cf_model again = pmkt::cf_model::from_factors(model.factors(), seen);
    CHECK(list(again.recommend(ids{30}).ids(0)) == want);
    CHECK(list(again.items()) == list(model.items()) && again.items().size() == 20);
    THROWN(pmkt::unsupported, pmkt::cf_model::knn(seen).factors());
}

TEST(a_watch_is_told_ends_the_fit_and_may_throw) {
    const pmkt::cf_data data(tastes().batch);
    std::vector<double> losses;
    const pmkt::cf_model model =
        pmkt::cf_model::als(data, {}, {}, [&](std::int32_t iteration, double loss) {
            losses.push_back(loss);
            return iteration == 3;
        });
    CHECK(losses.size() == 3 && model.info().iterations == 3);
    CHECK(model.info().final_loss == losses[2] && losses[2] < losses[0]);
    THROWN(std::runtime_error, pmkt::cf_model::als(data, {}, {}, [](std::int32_t, double) -> bool {
               throw std::runtime_error("no more");
           }));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, pmkt::cf_model::als(data, {}, stop));
}

TEST(models_are_swapped_under_readers) {
    const pmkt::cf_model a = als(), b = pmkt::cf_model::load_memory(a.save_memory());
    const ids want = list(a.recommend(ids{1}).ids(0));
    pmkt::cf_live live(a);
    std::atomic<bool> done{false}, wrong{false};
    std::vector<std::thread> readers;
    for (int t = 0; t < 4; t++) {
        readers.emplace_back([&] {
            pmkt::cf_answer answer;
            while (!done) {
                const pmkt::cf_model now = live.current();
                now.recommend(ids{1}, pmkt::cf_query(), answer);
                if (list(answer.ids(0)) != want) wrong = true;
            }
        });
    }
    for (int i = 0; i < 1000; i++) live.swap(i % 2 ? a : b);
    done = true;
    for (std::thread &reader : readers) reader.join();
    live.swap(pmkt::cf_model());
    CHECK(!wrong && !live.current() && !pmkt::cf_live().current());
}

TEST(recommendations_are_evaluated) {
    const tastes events;
    pmkt::cf_split_options split;
    split.how = PMKT_CF_LEAVE_LAST;
    const std::vector<std::uint8_t> part = pmkt::cf_split(events.batch, split);
    CHECK(std::count(part.begin(), part.end(), PMKT_CF_TEST) == 40 && part.size() == 360);
    CHECK(pmkt::cf_split(pmkt::events()).empty());

    const std::vector<std::int64_t> at = {0, 2, 3}, had = {0, 1, 1};
    const std::vector<std::int32_t> relevant = {1, 2, 3}, first = {0}, ks = {1, 2}, groups = {0, 1};
    const pmkt::cf_data test(pmkt::cf_matrix(4, at, relevant)),
        train(pmkt::cf_matrix(4, had, first));
    pmkt::cf_evaluate_options options;
    options.set_k(ks).set_train(train).set_groups(2, groups);
    const std::vector<std::int32_t> counts = {2, 2};
    const pmkt::cf_evaluation result(ids{1, 2}, ids{2, 4, 1, 2}, counts, 2, test, options);
    CHECK(result.value(PMKT_CF_PRECISION, 2) == 0.25 && result.value(PMKT_CF_MRR, 1) == 0.5);
    CHECK(std::isnan(result.value(PMKT_CF_MRR, 3)) && result.figures().evaluated == 2);
    CHECK(result.users(PMKT_CF_HIT, 1)[1] == 2 && result.values(PMKT_CF_HIT, 1)[0] == 1);
    THROWN(pmkt::invalid, pmkt::cf_evaluation(ids{1, 2}, ids{2}, counts, 2, test, options));
    options.set_groups(1, first);
    THROWN(pmkt::invalid,
           pmkt::cf_evaluation(ids{1, 2}, ids{2, 4, 1, 2}, counts, 2, test, options));

    std::vector<std::int32_t> nobody(40, 0);
    nobody.clear(); /* an address, but nothing there */
    options.set_groups(2, nobody);
    THROWN(pmkt::invalid,
           pmkt::cf_evaluation(ids{1, 2}, ids{2, 4, 1, 2}, counts, 2, test, options));
    THROWN(pmkt::invalid, pmkt::cf_evaluation(als(), pmkt::cf_data(events.batch), options));
    pmkt::cf_evaluate_options raw; /* whoever sets the members answers for their length */
    raw.set_train(train).n_groups = 2;
    raw.group = groups.data();
    CHECK(
        pmkt::cf_evaluation(ids{1, 2}, ids{2, 4, 1, 2}, counts, 2, test, raw).figures().evaluated ==
        2);

    const pmkt::cf_data all(events.batch);
    pmkt::cf_evaluate_options seen;
    seen.keep_seen = 1;
    CHECK(pmkt::cf_evaluation(als(), all, seen).value(PMKT_CF_RECALL, 10) > 0.85);
}

}  // namespace

int main() {
    return checker::run();
}
