/*
 * purchase.hpp - models of purchase.h: a probability of the goal at every event.
 */
#ifndef PMKT_CPP_PURCHASE_HPP
#define PMKT_CPP_PURCHASE_HPP

#include "../purchase.h"
#include "base.hpp"
#include "events.hpp"
#include "file.hpp"
#include "intent.hpp"
#include "logistic.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* How to fit, beside the options of the chains; the pointers are borrowed until the call is done. */
struct purchase_options : pmkt_purchase_options {
    purchase_options() noexcept : pmkt_purchase_options(PMKT_PURCHASE_OPTIONS_INIT) {}
};

/* What is said of the events of a batch. One that is passed in again keeps its memory, so that a
   service scores batch after batch without growing. */
class purchase_scores {
   public:
    std::size_t rows() const noexcept { return rows_; }

    /* One number an event; what each means stands at pmkt_purchase_scores. p_goal is empty if the model
       has none. */
    span<const double> p_goal() const noexcept { return {real_.data(), goals_ ? rows_ : 0}; }
    span<const double> p_cart() const noexcept { return {real_.data() + rows_, rows_}; }
    span<const double> time_ms() const noexcept { return {real_.data() + 2 * rows_, rows_}; }
    span<const double> outcome() const noexcept { return {real_.data() + 3 * rows_, rows_}; }

    /* The likeliest next actions after one event, best first, PMKT_INTENT_TOP of them, and how likely. */
    span<const std::uint32_t> next(std::size_t row) const noexcept {
        return {next_.data() + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }
    span<const double> next_p(std::size_t row) const noexcept {
        return {real_.data() + 4 * rows_ + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }

    /* Lends itself to a call on so many events, with p_goal or without. */
    pmkt_purchase_scores prepare(std::size_t rows, bool goals) {
        real_.resize(rows * (4 + PMKT_INTENT_TOP));
        next_.resize(rows * PMKT_INTENT_TOP);
        rows_ = rows;
        goals_ = goals;
        pmkt_purchase_scores out = PMKT_PURCHASE_SCORES_INIT;
        out.p_goal = goals ? real_.data() : nullptr;
        out.p_cart = real_.data() + rows;
        out.time_ms = real_.data() + 2 * rows;
        out.outcome = real_.data() + 3 * rows;
        out.next_p = real_.data() + 4 * rows;
        out.next = next_.data();
        return out;
    }

   private:
    std::size_t rows_ = 0;
    bool goals_ = false;
    std::vector<double> real_;
    std::vector<std::uint32_t> next_;
};

/* Why scores are what they are, row by row. */
class purchase_explanation {
   public:
    purchase_explanation(std::size_t rows, std::size_t features)
        : rows_(rows), features_(features), numbers_(rows * (2 * features + 1) + 1) {}
    std::size_t rows() const noexcept { return rows_; }

    /* What each feature of a row is. */
    span<const double> value(std::size_t row) const noexcept {
        return {numbers_.data() + row * features_, features_};
    }
    /* What each adds to the log-odds; the last is the intercept. */
    span<const double> log_odds(std::size_t row) const noexcept {
        return {numbers_.data() + rows_ * features_ + row * (features_ + 1), features_ + 1};
    }
    double *values() noexcept { return numbers_.data(); }
    double *odds() noexcept { return numbers_.data() + rows_ * features_; }

   private:
    std::size_t rows_, features_;
    std::vector<double> numbers_; /* never NULL */
};

/* A model; copies share it. Immutable: any number of threads may ask it. */
class purchase {
   public:
    purchase() noexcept = default;
    explicit purchase(pmkt_purchase *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    purchase(const purchase &other) noexcept : p_(pmkt_purchase_retain(other.p_)) {}
    purchase(purchase &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    purchase &operator=(purchase other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~purchase() { pmkt_purchase_release(p_); }

    /* Of a batch of events; the second form says what became of its rows, even when it throws. */
    explicit purchase(const pmkt_events &batch, const intent_options &chains = intent_options(),
                      const purchase_options &options = purchase_options(),
                      const run &how = run()) {
        fit(batch, chains, options, how, nullptr);
    }
    purchase(const pmkt_events &batch, report &out, const intent_options &chains = intent_options(),
             const purchase_options &options = purchase_options(), const run &how = run()) {
        fit(batch, chains, options, how, out.prepare(batch.rows));
    }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_purchase *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_purchase *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_purchase **put() noexcept {
        *this = purchase();
        return &p_;
    }

    pmkt_purchase_facts info() const {
        pmkt_purchase_facts out = PMKT_PURCHASE_FACTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_purchase_info(p_, &out, err); });
        return out;
    }

    /* What the model was fitted with; what these point at is borrowed from it. */
    purchase_options settings() const {
        purchase_options out;
        detail::call(
            [&](pmkt_error *err) { return pmkt_purchase_settings(p_, &out, nullptr, err); });
        return out;
    }
    intent_options chain_settings() const {
        intent_options out;
        detail::call(
            [&](pmkt_error *err) { return pmkt_purchase_settings(p_, nullptr, &out, err); });
        return out;
    }

    /* The parts, shared with the model; a logistic one that it has not is empty. */
    intent chains() const { return intent(pmkt_intent_retain(pmkt_purchase_chains(p_))); }
    pmkt::logistic logistic(std::int32_t which = PMKT_PURCHASE_SESSION) const {
        return pmkt::logistic(pmkt_logistic_retain(pmkt_purchase_logistic(p_, which)));
    }

    /* The names of the features, in their order. */
    std::vector<std::string> features() const {
        std::vector<std::string> out;
        for (std::int32_t i = 0, n = info().features; i < n; i++) {
            out.emplace_back(pmkt_purchase_feature(p_, i));
        }
        return out;
    }

    /* Of every event of a batch; the other forms reuse memory, and say what became of the rows. */
    purchase_scores score(const pmkt_events &batch, const run &how = run()) const {
        purchase_scores out;
        score(batch, out, how);
        return out;
    }
    void score(const pmkt_events &batch, purchase_scores &out, const run &how = run()) const {
        score(batch, out, how, nullptr);
    }
    void score(const pmkt_events &batch, purchase_scores &out, report &told,
               const run &how = run()) const {
        score(batch, out, how, told.prepare(batch.rows));
    }

    /* Why chosen rows, in any order, have their scores. */
    purchase_explanation explain(const pmkt_events &batch, span<const std::int64_t> rows,
                                 std::int32_t which = PMKT_PURCHASE_SESSION,
                                 const run &how = run()) const {
        purchase_explanation out(rows.size(), detail::size(info().features));
        const std::int64_t none = 0;
        const std::int64_t *row = rows.empty() ? &none : rows.data(); /* NULL would be all */
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_explain(p_, which, &batch, row, detail::rows(rows.size()), r,
                                         out.values(), out.odds(), err);
        });
        return out;
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_save(p_, path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_save_memory(p_, &options, r, out.put(), err);
        });
        return out;
    }
    static purchase load(const std::string &path, const load_options &options = load_options(),
                         const run &how = run()) {
        purchase out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static purchase load_memory(bytes from, const load_options &options = load_options(),
                                const run &how = run()) {
        purchase out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }

   private:
    void fit(const pmkt_events &batch, const intent_options &chains,
             const purchase_options &options, const run &how, pmkt_report *told) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_fit(&batch, &chains, &options, r, told, &p_, err);
        });
    }
    void score(const pmkt_events &batch, purchase_scores &out, const run &how,
               pmkt_report *told) const {
        const pmkt_purchase_scores room = out.prepare(batch.rows > 0 ? detail::size(batch.rows) : 0,
                                                      pmkt_purchase_logistic(p_, 0) != nullptr);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_purchase_score(p_, &batch, r, told, &room, err);
        });
    }

    pmkt_purchase *p_ = nullptr;
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
