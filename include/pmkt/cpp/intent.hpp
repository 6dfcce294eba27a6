/*
 * intent.hpp - chains of actions of intent.h.
 */
#ifndef PMKT_CPP_INTENT_HPP
#define PMKT_CPP_INTENT_HPP

#include "../intent.h"
#include "base.hpp"
#include "events.hpp"
#include "file.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* How to fit; the pointers are borrowed until the call is done. */
struct intent_options : pmkt_intent_options {
    intent_options() noexcept : pmkt_intent_options(PMKT_INTENT_OPTIONS_INIT) {}

    /* Crosses kinds with these values of the category, or of the extra column of a name. */
    intent_options &set_classes(column<std::uint64_t> list, const char *by = nullptr) noexcept {
        classes = list.data();
        n_classes = list.rows();
        class_column = by;
        return *this;
    }
};

/* The action of a kind and of the class at a place of the list. */
constexpr std::uint32_t intent_action(std::int32_t kind, std::size_t place) noexcept {
    return PMKT_INTENT_ACTION(kind, place);
}

/* Sequences of actions; borrowed until the call is done. */
class intent_paths {
   public:
    /* Path i has actions from at[i] up to at[i + 1]. */
    intent_paths(column<std::int64_t> at, column<std::uint32_t> action) {
        if (at.size() == 0 || at.data()[at.size() - 1] != action.rows()) {
            detail::refuse("at must end at the %zu actions that it cuts", action.size());
        }
        raw_.n = at.rows() - 1;
        raw_.at = at.data();
        raw_.action = action.data();
    }
    /* Milliseconds before each action; negative: nobody knows. */
    intent_paths &dwell(column<std::int64_t> c) {
        match(c.size(), actions(), "dwell");
        raw_.dwell = c.data();
        return *this;
    }
    /* 1: the goal follows the last action; for fits. */
    intent_paths &bought(column<std::uint8_t> c) {
        match(c.size(), rows(), "bought");
        raw_.bought = c.data();
        return *this;
    }
    const pmkt_intent_paths *get() const noexcept { return &raw_; }
    std::size_t rows() const noexcept { return detail::size(raw_.n); }
    std::size_t actions() const noexcept { return detail::size(raw_.at[raw_.n]); }

   private:
    static void match(std::size_t n, std::size_t expected, const char *name) {
        if (n != expected) detail::refuse("%s has %zu elements, not %zu", name, n, expected);
    }
    pmkt_intent_paths raw_ = PMKT_INTENT_PATHS_INIT;
};

/* The answers about some paths. One that is passed in again keeps its memory, so that a service asks
   without allocation. */
class intent_answers {
   public:
    std::size_t rows() const noexcept { return rows_; }

    /* One number a path; what each means stands at pmkt_intent_answers. */
    span<const double> goal() const noexcept { return reals(0); }
    span<const double> leave() const noexcept { return reals(1); }
    span<const double> steps() const noexcept { return reals(2); }
    span<const double> time_ms() const noexcept { return reals(3); }
    span<const double> log_all() const noexcept { return reals(4); }
    span<const double> log_buyer() const noexcept { return reals(5); }
    span<const double> log_other() const noexcept { return reals(6); }
    span<const std::int32_t> context() const noexcept { return {context_.data(), rows_}; }

    /* The likeliest next actions of one path, best first, PMKT_INTENT_TOP of them, and how likely. */
    span<const std::uint32_t> next(std::size_t row) const noexcept {
        return {next_.data() + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }
    span<const double> next_p(std::size_t row) const noexcept {
        return {real_.data() + 7 * rows_ + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }

    /* Lends itself to a call on so many paths. */
    pmkt_intent_answers prepare(std::size_t rows) {
        real_.resize(rows * (7 + PMKT_INTENT_TOP));
        next_.resize(rows * PMKT_INTENT_TOP);
        context_.resize(rows);
        rows_ = rows;
        pmkt_intent_answers out = PMKT_INTENT_ANSWERS_INIT;
        double **const places[] = {&out.goal,    &out.leave,     &out.steps,    &out.time_ms,
                                   &out.log_all, &out.log_buyer, &out.log_other};
        std::size_t at = 0;
        for (double **place : places) *place = real_.data() + rows * at++;
        out.next_p = real_.data() + rows * at;
        out.next = next_.data();
        out.context = context_.data();
        return out;
    }

   private:
    span<const double> reals(std::size_t which) const noexcept {
        return {real_.data() + which * rows_, rows_};
    }

    std::size_t rows_ = 0;
    std::vector<double> real_;
    std::vector<std::uint32_t> next_;
    std::vector<std::int32_t> context_;
};

/* A single step that was seen. */
struct intent_step {
    std::uint32_t from, to;
    std::int64_t count, buyers;
    double probability, median_ms;
};

/*
 * A model; copies share it. Immutable: any number of threads may ask it, each with answers of its own.
 */
class intent {
   public:
    intent() noexcept = default;
    explicit intent(pmkt_intent *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    intent(const intent &other) noexcept : p_(other.p_ ? pmkt_intent_retain(other.p_) : nullptr) {}
    intent(intent &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    intent &operator=(intent other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~intent() { pmkt_intent_release(p_); }

    /* Of a batch of events; the second form says what became of its rows, even when it throws. */
    explicit intent(const pmkt_events &batch, const intent_options &options = intent_options(),
                    const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_fit(&batch, &options, r, nullptr, &p_, err);
        });
    }
    intent(const pmkt_events &batch, report &out, const intent_options &options = intent_options(),
           const run &how = run()) {
        pmkt_report *told = out.prepare(batch.rows);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_fit(&batch, &options, r, told, &p_, err);
        });
    }
    explicit intent(const intent_paths &paths, const intent_options &options = intent_options(),
                    const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_fit_paths(paths.get(), &options, r, &p_, err);
        });
    }
    static intent merge(span<const intent> models, const run &how = run()) {
        std::vector<const pmkt_intent *> handles;
        handles.reserve(models.size() + 1); /* never NULL */
        for (const intent &model : models) handles.push_back(model.get());
        intent out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_merge(handles.data(), detail::rows(handles.size()), r, out.put(),
                                     err);
        });
        return out;
    }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_intent *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_intent *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_intent **put() noexcept {
        *this = intent();
        return &p_;
    }

    pmkt_intent_facts info() const {
        pmkt_intent_facts out = PMKT_INTENT_FACTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_intent_info(p_, &out, err); });
        return out;
    }
    span<const std::uint32_t> actions() const { /* ascending, borrowed; so are the classes */
        const std::uint32_t *action = nullptr;
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) { return pmkt_intent_actions(p_, &action, &n, err); });
        return detail::view(action, n);
    }
    span<const std::uint64_t> classes() const {
        const std::uint64_t *id = nullptr;
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) { return pmkt_intent_classes(p_, &id, &n, err); });
        return detail::view(id, n);
    }

    /* All answers about paths; the second form reuses their memory. */
    intent_answers ask(const intent_paths &paths, const run &how = run()) const {
        intent_answers out;
        ask(paths, out, how);
        return out;
    }
    void ask(const intent_paths &paths, intent_answers &out, const run &how = run()) const {
        const pmkt_intent_answers room = out.prepare(paths.rows());
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_ask(p_, paths.get(), r, &room, err);
        });
    }

    /* Row by row what comes next: the actions() in their order, then leaving, then the goal. With
       `waited` (a number of milliseconds for each path) given that nothing has happened since. */
    std::vector<double> next(const intent_paths &paths, const run &how = run()) const {
        return next(paths, nullptr, how);
    }
    std::vector<double> next(const intent_paths &paths, span<const std::int64_t> waited,
                             const run &how = run()) const {
        if (waited.size() != paths.rows()) {
            detail::refuse("waited has %zu elements, not %zu", waited.size(), paths.rows());
        }
        return next(paths, waited.data(), how);
    }

    /* What each action of the paths adds to the evidence for the goal. */
    std::vector<double> explain(const intent_paths &paths, const run &how = run()) const {
        std::vector<double> out(paths.actions() + 1); /* never NULL */
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_explain(p_, paths.get(), r, out.data(), err);
        });
        out.resize(paths.actions());
        return out;
    }

    /* Every single step that was seen, by from and to. */
    std::vector<intent_step> transitions() const {
        const std::size_t n = detail::size(info().transitions);
        std::vector<std::uint32_t> from(n), to(n);
        std::vector<std::int64_t> count(n), buyers(n);
        std::vector<double> probability(n), median(n);
        pmkt_intent_table table = PMKT_INTENT_TABLE_INIT;
        table.room = detail::rows(n);
        table.from = from.data();
        table.to = to.data();
        table.count = count.data();
        table.buyers = buyers.data();
        table.probability = probability.data();
        table.median_ms = median.data();
        detail::call([&](pmkt_error *err) { return pmkt_intent_transitions(p_, &table, err); });
        std::vector<intent_step> out;
        out.reserve(n);
        for (std::size_t i = 0; i < n; i++) {
            out.push_back({from[i], to[i], count[i], buyers[i], probability[i], median[i]});
        }
        return out;
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_save(p_, path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_save_memory(p_, &options, r, out.put(), err);
        });
        return out;
    }
    static intent load(const std::string &path, const load_options &options = load_options(),
                       const run &how = run()) {
        intent out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static intent load_memory(bytes from, const load_options &options = load_options(),
                              const run &how = run()) {
        intent out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }

   private:
    std::vector<double> next(const intent_paths &paths, const std::int64_t *waited,
                             const run &how) const {
        const std::size_t n = paths.rows() * (actions().size() + 2);
        std::vector<double> out(n + 1); /* never NULL */
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_intent_next(p_, paths.get(), waited, r, out.data(), err);
        });
        out.resize(n);
        return out;
    }

    pmkt_intent *p_ = nullptr;
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
