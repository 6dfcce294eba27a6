/*
 * cf_evaluate.hpp - splits and evaluations of cf_evaluate.h.
 */
#ifndef PMKT_CPP_CF_EVALUATE_HPP
#define PMKT_CPP_CF_EVALUATE_HPP

#include <limits>

#include "../cf_evaluate.h"
#include "base.hpp"
#include "cf.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

struct cf_split_options : pmkt_cf_split_options {
    cf_split_options() noexcept : pmkt_cf_split_options(PMKT_CF_SPLIT_OPTIONS_INIT) {}
};

/* PMKT_CF_TRAIN, PMKT_CF_TEST or PMKT_CF_NEITHER for each row. */
inline std::vector<std::uint8_t> cf_split(const pmkt_events &batch,
                                          const cf_split_options &options = cf_split_options()) {
    const std::size_t n = batch.rows > 0 ? detail::size(batch.rows) : 0;
    std::vector<std::uint8_t> part(n ? n : 1); /* never NULL */
    detail::call(
        [&](pmkt_error *err) { return pmkt_cf_split(&batch, &options, part.data(), err); });
    part.resize(n);
    return part;
}

/* What to measure; the pointers are borrowed until the call is done. */
struct cf_evaluate_options : pmkt_cf_evaluate_options {
    cf_evaluate_options() noexcept : pmkt_cf_evaluate_options(PMKT_CF_EVALUATE_OPTIONS_INIT) {}

    cf_evaluate_options &set_k(column<std::int32_t> list) noexcept {
        k = list.data();
        n_k = static_cast<std::int32_t>(list.size());
        return *this;
    }
    cf_evaluate_options &set_train(const cf_data &data) noexcept {
        train = data.get();
        return *this;
    }
    cf_evaluate_options &set_allow(const idset &only) noexcept {
        allow = only.get();
        return *this;
    }
    /* A group of each user of the test data, from 0 to n - 1, or -1. */
    cf_evaluate_options &set_groups(std::int32_t n, column<std::int32_t> of_user) noexcept {
        n_groups = n;
        group = of_user.data();
        groups_of_ = of_user.size();
        return *this;
    }

    /* Whether set_groups spoke of so many users. A vector without elements may well have an address,
       and what is there is not to be read. */
    void match(const cf_data &test) const {
        if (groups_of_ != none && group && detail::rows(groups_of_) != test.info().users) {
            detail::refuse("groups of %zu users, but the test data has %lld", groups_of_,
                           static_cast<long long>(test.info().users));
        }
    }

   private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t groups_of_ = none;
};

/* How good recommendations were. Immutable: any number of threads may read it. */
class cf_evaluation : public owner<pmkt_cf_evaluation, pmkt_cf_evaluation_free> {
   public:
    cf_evaluation() noexcept = default;
    explicit cf_evaluation(pmkt_cf_evaluation *p) noexcept : owner(p) {} /* takes a handle */
    cf_evaluation(const cf_model &model, const cf_data &test,
                  const cf_evaluate_options &options = cf_evaluate_options(),
                  const run &how = run()) {
        options.match(test);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_evaluate(model.get(), test.get(), &options, r, put(), err);
        });
    }
    /* Of answers from elsewhere: row i has ids from i * room on, counts[i] of them. */
    cf_evaluation(span<const std::uint64_t> users, span<const std::uint64_t> ids,
                  span<const std::int32_t> counts, std::int64_t room, const cf_data &test,
                  const cf_evaluate_options &options, const run &how = run()) {
        if (counts.size() != users.size() || room < 0 ||
            (room > 0 ? ids.size() / detail::size(room) : users.size()) < users.size()) {
            detail::refuse("%zu users have %zu counts and %zu ids", users.size(), counts.size(),
                           ids.size());
        }
        options.match(test);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_evaluate_answers(users.data(), detail::rows(users.size()), ids.data(),
                                            counts.data(), room, test.get(), &options, r, put(),
                                            err);
        });
    }

    pmkt_cf_figures figures() const { /* borrowed */
        pmkt_cf_figures out = PMKT_CF_FIGURES_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_evaluation_columns(get(), &out, err); });
        return out;
    }

    /* A metric of all users at one of the k, or NaN. */
    double value(std::int32_t metric, std::int32_t k) const {
        const pmkt_cf_figures f = figures();
        for (std::int64_t i = 0; i < f.rows; i++) {
            if (f.group[i] == -1 && f.metric[i] == metric && f.k[i] == k) return f.value[i];
        }
        return std::numeric_limits<double>::quiet_NaN();
    }

    /* A metric of every user who counts, by users(): both ascend by user; borrowed. */
    span<const double> values(std::int32_t metric, std::int32_t k) const {
        return of_users(metric, k).second;
    }
    span<const std::uint64_t> users(std::int32_t metric, std::int32_t k) const {
        return of_users(metric, k).first;
    }

   private:
    std::pair<span<const std::uint64_t>, span<const double>> of_users(std::int32_t metric,
                                                                      std::int32_t k) const {
        const std::uint64_t *id = nullptr;
        const double *value = nullptr;
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_cf_evaluation_users(get(), k, metric, &id, &value, &n, err);
        });
        return {detail::view(id, n), detail::view(value, n)};
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
