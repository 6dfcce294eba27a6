/*
 * logistic.hpp - logistic models of logistic.h, and how good probabilities are, of binary.h.
 */
#ifndef PMKT_CPP_LOGISTIC_HPP
#define PMKT_CPP_LOGISTIC_HPP

#include "../binary.h"
#include "../logistic.h"
#include "base.hpp"
#include "file.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* How to fit; the pointers are borrowed until the call is done. */
struct logistic_options : pmkt_logistic_options {
    logistic_options() noexcept : pmkt_logistic_options(PMKT_LOGISTIC_OPTIONS_INIT) {}
};

/* What to fit to; borrowed until the call is done. */
class logistic_data {
   public:
    /* Row after row of numbers, as many rows as outcomes. */
    logistic_data(column<double> x, column<std::uint8_t> y) {
        if (y.size() == 0 || x.size() % y.size() != 0 || x.size() / y.size() > 0x7fffffff) {
            detail::refuse("%zu numbers are no rows for %zu outcomes", x.size(), y.size());
        }
        raw_.columns = static_cast<std::int32_t>(x.size() / y.size());
        raw_.rows = y.rows();
        raw_.x = x.data();
        raw_.y = y.data();
    }
    logistic_data &weight(column<double> c) {
        match(c.size(), "weight");
        raw_.weight = c.data();
        return *this;
    }
    logistic_data &cluster(column<std::uint64_t> c) {
        match(c.size(), "cluster");
        raw_.cluster = c.data();
        return *this;
    }
    const pmkt_logistic_data *get() const noexcept { return &raw_; }
    std::size_t rows() const noexcept { return detail::size(raw_.rows); }

   private:
    void match(std::size_t n, const char *name) const {
        if (n != rows()) detail::refuse("%s has %zu elements, not %zu", name, n, rows());
    }
    pmkt_logistic_data raw_ = PMKT_LOGISTIC_DATA_INIT;
};

/* A column of the data; the last is the intercept. */
struct logistic_coefficient {
    double coefficient, standard_error, mean, deviation;
};

/* A model; copies share it. Immutable: any number of threads may ask it. */
class logistic {
   public:
    logistic() noexcept = default;
    explicit logistic(pmkt_logistic *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    logistic(const logistic &other) noexcept : p_(pmkt_logistic_retain(other.p_)) {}
    logistic(logistic &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    logistic &operator=(logistic other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~logistic() { pmkt_logistic_release(p_); }

    explicit logistic(const logistic_data &data,
                      const logistic_options &options = logistic_options(),
                      const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_fit(data.get(), &options, r, &p_, err);
        });
    }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_logistic *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_logistic *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_logistic **put() noexcept {
        *this = logistic();
        return &p_;
    }

    pmkt_logistic_facts info() const {
        pmkt_logistic_facts out = PMKT_LOGISTIC_FACTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_logistic_info(p_, &out, err); });
        return out;
    }

    /* The columns, before calibration; the last is the intercept. */
    std::vector<logistic_coefficient> coefficients() const {
        const std::size_t n = detail::size(info().columns) + 1;
        std::vector<double> numbers(4 * n);
        pmkt_logistic_table table = PMKT_LOGISTIC_TABLE_INIT;
        table.coefficient = numbers.data();
        table.standard_error = numbers.data() + n;
        table.mean = numbers.data() + 2 * n;
        table.deviation = numbers.data() + 3 * n;
        detail::call([&](pmkt_error *err) { return pmkt_logistic_coefficients(p_, &table, err); });
        std::vector<logistic_coefficient> out;
        out.reserve(n);
        for (std::size_t j = 0; j < n; j++) {
            out.push_back({numbers[j], numbers[n + j], numbers[2 * n + j], numbers[3 * n + j]});
        }
        return out;
    }

    /* The probability of each row of x. */
    std::vector<double> predict(span<const double> x, const run &how = run()) const {
        const std::size_t columns = detail::size(info().columns), n = x.size() / columns;
        if (x.size() % columns != 0) {
            detail::refuse("%zu numbers are no rows of %zu columns", x.size(), columns);
        }
        std::vector<double> out(n + 1); /* never NULL */
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_predict(p_, x.data(), detail::rows(n), r, out.data(), err);
        });
        out.resize(n);
        return out;
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_save(p_, path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_save_memory(p_, &options, r, out.put(), err);
        });
        return out;
    }
    static logistic load(const std::string &path, const load_options &options = load_options(),
                         const run &how = run()) {
        logistic out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static logistic load_memory(bytes from, const load_options &options = load_options(),
                                const run &how = run()) {
        logistic out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_logistic_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }

   private:
    pmkt_logistic *p_ = nullptr;
};

/* How to evaluate; the pointers are borrowed until the call is done. */
struct binary_options : pmkt_binary_options {
    binary_options() noexcept : pmkt_binary_options(PMKT_BINARY_OPTIONS_INIT) {}
};

/* How good probabilities of yes or no are. Whoever sets cluster or rival gives as many of them. */
inline pmkt_binary_result evaluate_binary(span<const std::uint8_t> y, span<const double> p,
                                          const binary_options &options = binary_options(),
                                          const run &how = run()) {
    if (y.size() != p.size()) {
        detail::refuse("p has %zu elements, not %zu", p.size(), y.size());
    }
    pmkt_binary_result out = PMKT_BINARY_RESULT_INIT;
    detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
        return pmkt_binary_evaluate(y.data(), p.data(), detail::rows(y.size()), &options, r, &out,
                                    err);
    });
    return out;
}

/* A bin of a reliability diagram; NaN all but n, if it is empty. */
struct binary_bin {
    double predicted, observed, low, high;
    std::int64_t n;
};

/* The reliability diagram: bins of equal count, in order of p. */
inline std::vector<binary_bin> reliability(span<const std::uint8_t> y, span<const double> p,
                                           std::int32_t bins = 10) {
    if (y.size() != p.size()) {
        detail::refuse("p has %zu elements, not %zu", p.size(), y.size());
    }
    const std::size_t room = bins > 0 && bins <= 1000 ? static_cast<std::size_t>(bins) : 1;
    std::vector<double> numbers(4 * room);
    std::vector<std::int64_t> n(room);
    pmkt_binary_diagram out = PMKT_BINARY_DIAGRAM_INIT;
    out.bins = bins; /* which the call refuses if there can be none */
    out.predicted = numbers.data();
    out.observed = numbers.data() + room;
    out.low = numbers.data() + 2 * room;
    out.high = numbers.data() + 3 * room;
    out.n = n.data();
    detail::call([&](pmkt_error *err) {
        return pmkt_binary_reliability(y.data(), p.data(), detail::rows(y.size()), nullptr, &out,
                                       err);
    });
    std::vector<binary_bin> list;
    list.reserve(room);
    for (std::size_t b = 0; b < room; b++) {
        list.push_back({out.predicted[b], out.observed[b], out.low[b], out.high[b], out.n[b]});
    }
    return list;
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
