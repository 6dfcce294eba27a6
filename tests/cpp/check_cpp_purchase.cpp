/* Logistic models, figures of probabilities and models of purchases through the C++ headers. */
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;
using numbers = std::vector<std::int64_t>;
using reals = std::vector<double>;
using bits = std::vector<std::uint8_t>;

/* ------------------------------------------------------------------- logistic */

TEST(logistic_models_are_fitted_and_predict) {
    const reals x = {0, 0, 0, 0, 1, 1, 1, 1};
    const bits y = {1, 0, 0, 0, 1, 1, 1, 0};
    pmkt::logistic_options options;
    options.l2 = 1e-9;
    options.calibration = PMKT_CALIBRATION_NONE;
    const pmkt::logistic model(pmkt::logistic_data(x, y), options);
    const pmkt_logistic_facts facts = model.info();
    CHECK(facts.columns == 1 && facts.rows == 8 && facts.positives == 4 && facts.clusters == 8);
    const std::vector<pmkt::logistic_coefficient> table = model.coefficients();
    CHECK(table.size() == 2 && std::fabs(table[0].coefficient - std::log(9)) < 1e-6);
    CHECK(table[0].mean == 0.5 && table[0].deviation == 0.5 && table[0].standard_error > 1);
    CHECK(table[1].mean == 0 && std::fabs(table[1].coefficient + std::log(3)) < 1e-6);
    const reals p = model.predict(reals{0, 1, NAN});
    CHECK(p.size() == 3 && std::fabs(p[0] - 0.25) < 1e-7 && std::fabs(p[1] - 0.75) < 1e-7);
    CHECK(std::isnan(p[2]) && model.predict(reals()).empty());

    const reals weight = {1, 1, 1, 1, 1, 1, 1, 0};
    const ids cluster = {1, 1, 2, 2, 3, 3, 4, 4};
    const pmkt::logistic weighed(pmkt::logistic_data(x, y).weight(weight).cluster(cluster));
    CHECK(weighed.info().clusters == 4 && weighed.predict(x)[7] > p[1] - 0.3);
}

TEST(logistic_models_are_shared_and_refuse) {
    const reals x = {0, 0, 1, 1}, bad = {0, 1, 2}, odd = {0, NAN, 1, 1};
    const bits y = {1, 0, 1, 0}, none;
    pmkt::logistic model(pmkt::logistic_data(x, y)), copy = model;
    const pmkt_logistic *p = model.get();
    CHECK(copy.get() == p);
    pmkt::logistic moved = std::move(model);
    CHECK(!model && moved.get() == p);
    copy = moved;
    moved = pmkt::logistic(copy.release());
    CHECK(!copy && moved.get() == p);
    THROWN(pmkt::invalid, (void)copy.info());
    THROWN(pmkt::invalid, (void)copy.predict(x));
    THROWN(pmkt::invalid, pmkt::logistic_data(bad, y));
    THROWN(pmkt::invalid, pmkt::logistic_data(x, y).weight(bad));
    THROWN(pmkt::invalid, pmkt::logistic_data(bad, none));
    const reals wide(8);
    CHECK(THROWN(pmkt::invalid, (void)pmkt::logistic(pmkt::logistic_data(wide, y)).predict(bad))
              .code() == PMKT_E_INVALID);
    CHECK(THROWN(pmkt::invalid, pmkt::logistic(pmkt::logistic_data(odd, y))).where() == 1);
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled,
           pmkt::logistic(pmkt::logistic_data(x, y), pmkt::logistic_options(), stop));
}

TEST(logistic_models_are_saved_and_loaded) {
    const reals x = {0, 0, 0, 0, 1, 1, 1, 1};
    const bits y = {1, 0, 0, 0, 1, 1, 1, 0};
    const pmkt::logistic model(pmkt::logistic_data(x, y));
    const std::string path =
        (std::filesystem::temp_directory_path() / ("logistic-" + std::to_string(getpid())))
            .string();
    model.save(path);
    const pmkt::buffer bytes = model.save_memory();
    CHECK(pmkt::inspect_file(path).kind == PMKT_FILE_LOGISTIC);
    const pmkt::logistic from_file = pmkt::logistic::load(path);
    const pmkt::logistic from_bytes = pmkt::logistic::load_memory(bytes);
    CHECK(from_file.predict(x) == model.predict(x) && from_bytes.predict(x) == model.predict(x));
    CHECK(from_bytes.info().rows == 8 && from_bytes.coefficients().size() == 2);
    std::remove(path.c_str());
    THROWN(pmkt::io_error, pmkt::logistic::load(path));
    THROWN(pmkt::bad_format, pmkt::intent::load_memory(bytes));
    THROWN(pmkt::invalid, pmkt::logistic().save(path));
}

TEST(probabilities_are_evaluated) {
    const bits y = {1, 0, 1, 1};
    const reals p = {0.6, 0.1, 0.8, 0.3}, rival = {0.5, 0.5, 0.5, 0.5};
    pmkt::binary_options options;
    options.bins = 2;
    options.rival = rival.data();
    options.resamples = 20;
    const pmkt_binary_result r = pmkt::evaluate_binary(y, p, options);
    CHECK(r.rows == 4 && r.positives == 3 && r.auc.value == 1 && r.rival_auc.value == 0.5);
    CHECK(r.auc_gain.value == 0.5 && std::fabs(r.ece.value - 0.3) < 1e-15 && r.ece.low >= 0);
    CHECK(std::isnan(pmkt::evaluate_binary(bits(), reals()).auc.value));
    THROWN(pmkt::invalid, (void)pmkt::evaluate_binary(y, reals{1}));
    CHECK(THROWN(pmkt::invalid, (void)pmkt::evaluate_binary(y, reals{0, 0, 2, 0})).where() == 2);

    const std::vector<pmkt::binary_bin> bins = pmkt::reliability(y, p, 2);
    CHECK(bins.size() == 2 && bins[0].n == 2 && std::fabs(bins[0].predicted - 0.2) < 1e-15);
    CHECK(bins[0].observed == 0.5 && bins[1].observed == 1 && bins[1].high == 1);
    CHECK(std::isnan(pmkt::reliability(bits(), reals())[9].low));
    THROWN(pmkt::invalid, (void)pmkt::reliability(y, p, 0));
    THROWN(pmkt::invalid, (void)pmkt::reliability(y, p, 2000000000));
    THROWN(pmkt::invalid, (void)pmkt::reliability(y, reals{1}));
}

/* ------------------------------------------------------------------- purchase */

/* Forty who view and put into the cart; every second one orders, and all come back a week later. */
struct shop {
    shop() {
        for (std::uint64_t u = 1; u <= 40; u++) {
            for (int visit = 0; visit < 2; visit++) {
                const std::int64_t t = visit * 604800000LL + static_cast<std::int64_t>(u) * 1000;
                add(u, t, PMKT_KIND_VIEW);
                add(u, t + 60000, PMKT_KIND_CART);
                add(u, t + 90000, u % 2 && visit == 0 ? PMKT_KIND_ORDER : PMKT_KIND_VIEW);
            }
        }
        batch.user(user).time(time).kind(kind).item(item).category(item);
    }
    void add(std::uint64_t u, std::int64_t t, int k) {
        user.push_back(u);
        time.push_back(t);
        kind.push_back(static_cast<std::uint16_t>(k));
        item.push_back(u % 3 + 1);
    }
    ids user, item;
    numbers time;
    std::vector<std::uint16_t> kind;
    pmkt::events batch;
};

TEST(purchases_are_fitted_scored_and_explained) {
    const shop all;
    pmkt::report report;
    pmkt::purchase_options options;
    options.cart_ms = 3600000;
    const pmkt::purchase model(all.batch, report, pmkt::intent_options(), options);
    const pmkt_purchase_facts facts = model.info();
    CHECK(report.accepted() == 240 && facts.rows == 220 && facts.cart_ms == 3600000);
    const std::vector<std::string> names = model.features();
    CHECK(names.size() == static_cast<std::size_t>(facts.features) && names[0] == "evidence");
    CHECK(model.chains().info().sessions == 80 && model.chains().info().buyers == 20);
    CHECK(model.logistic().info().rows == 220);
    CHECK(static_cast<bool>(model.logistic(PMKT_PURCHASE_CART)) == (facts.cart_rows > 0));
    CHECK(!model.logistic(7));
    CHECK(model.settings().cart_ms == 3600000 && model.settings().l2 == 1);
    CHECK(model.chain_settings().order == 3 && model.chain_settings().n_classes == 0);

    const pmkt::purchase_scores scores = model.score(all.batch);
    CHECK(scores.rows() == 240 && scores.p_goal().size() == 240);
    CHECK(scores.p_goal()[0] > 0 && scores.p_goal()[0] < 1 && scores.p_goal()[2] == 1);
    CHECK(std::isnan(scores.p_cart()[0]) && scores.time_ms()[2] == 0 && scores.time_ms()[0] > 0);
    CHECK(scores.next(0).size() == 3 && scores.next(0)[0] == PMKT_KIND_CART);
    CHECK(scores.next_p(0)[0] > 0.9 && scores.next(2)[0] == 0);

    const pmkt::purchase_explanation why = model.explain(all.batch, numbers{7, 2, 0});
    CHECK(why.rows() == 3 && why.value(0).size() == names.size());
    CHECK(std::isnan(why.value(1)[0]) && std::isnan(why.log_odds(1).back()));
    double sum = 0;
    for (const double part : why.log_odds(2)) sum += part;
    const double p = scores.p_goal()[0];
    CHECK(std::fabs(sum - std::log(p / (1 - p))) < 1e-9);
    CHECK(model.explain(all.batch, numbers()).rows() == 0);

    pmkt::purchase_scores again;
    model.score(pmkt::events(), again);
    CHECK(again.rows() == 0 && again.p_goal().empty());
    model.score(all.batch, again, report);
    CHECK(again.p_goal()[7] == scores.p_goal()[7] && report.accepted() == 240);
}

TEST(purchases_without_buyers_score_the_rest) {
    shop all;
    for (std::uint16_t &k : all.kind) k = PMKT_KIND_VIEW;
    const pmkt::purchase model(all.batch);
    CHECK(model.info().rows == 0 && !model.logistic());
    const pmkt::purchase_scores scores = model.score(all.batch);
    CHECK(scores.p_goal().empty() && scores.p_cart().size() == 240);
    THROWN(pmkt::unsupported, (void)model.explain(all.batch, numbers{0}));
}

TEST(purchases_are_saved_loaded_and_shared) {
    const shop all;
    pmkt::purchase model(all.batch), copy = model;
    const pmkt_purchase *p = model.get();
    CHECK(copy.get() == p);
    pmkt::purchase moved = std::move(model);
    CHECK(!model && moved.get() == p);
    THROWN(pmkt::invalid, (void)model.info());
    THROWN(pmkt::invalid, (void)model.score(all.batch));
    CHECK(!model.chains() && !model.logistic());
    model = moved;

    const std::string path =
        (std::filesystem::temp_directory_path() / ("purchase-" + std::to_string(getpid())))
            .string();
    model.save(path);
    const pmkt::buffer bytes = model.save_memory();
    CHECK(pmkt::inspect_file(path).kind == PMKT_FILE_PURCHASE);
    const pmkt::purchase from_file = pmkt::purchase::load(path);
    const pmkt::purchase from_bytes = pmkt::purchase::load_memory(bytes);
    CHECK(from_file.score(all.batch).p_goal()[7] == model.score(all.batch).p_goal()[7]);
    CHECK(from_bytes.info().bytes == model.info().bytes);
    std::remove(path.c_str());
    THROWN(pmkt::io_error, pmkt::purchase::load(path));
    THROWN(pmkt::bad_format, pmkt::intent::load_memory(bytes));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, (void)model.score(all.batch, stop));
    shop bad;
    for (std::uint64_t &u : bad.user) u = PMKT_ID_NONE;
    pmkt::report report;
    CHECK(THROWN(pmkt::bad_row, pmkt::purchase(bad.batch, report)).where() == 0);
    CHECK(report.rejected() == 240);
}

}  // namespace

int main() {
    return checker::run();
}
