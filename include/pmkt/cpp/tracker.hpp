/*
 * tracker.hpp - everybody's live state of tracker.h.
 */
#ifndef PMKT_CPP_TRACKER_HPP
#define PMKT_CPP_TRACKER_HPP

#include "../tracker.h"
#include "base.hpp"
#include "events.hpp"
#include "file.hpp"
#include "purchase.hpp"
#include "rules.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* How to keep it; the allocator is copied. */
struct tracker_options : pmkt_tracker_options {
    tracker_options() noexcept : pmkt_tracker_options(PMKT_TRACKER_OPTIONS_INIT) {}
};

/* What pmkt::tracker_answers is asked for, joined by |; what fires is always among it. */
enum : unsigned {
    ask_goal = 1,    /* p_goal */
    ask_cart = 2,    /* p_cart */
    ask_time = 4,    /* time_ms */
    ask_next = 8,    /* next and next_p */
    ask_rule = 16,   /* rule */
    ask_nothing = 0, /* besides what fires */
    ask_model = ask_goal | ask_cart | ask_time | ask_next
};

/* What is said of the events of a batch. One that is passed in again keeps its memory, so that a service
   observes event after event without allocating. */
class tracker_answers {
   public:
    /* Columns that the model cannot tell, or that there is no model for, are refused. */
    explicit tracker_answers(unsigned what = ask_nothing) noexcept : what_(what) {}

    std::size_t rows() const noexcept { return rows_; }

    /* One number an event, empty if it was not asked for; what each means stands at pmkt_tracker_answers. */
    span<const double> p_goal() const noexcept { return column(0, ask_goal); }
    span<const double> p_cart() const noexcept { return column(1, ask_cart); }
    span<const double> time_ms() const noexcept { return column(2, ask_time); }
    span<const std::int32_t> rule() const noexcept { return {rule_.data(), rule_.size()}; }

    /* The likeliest next actions after one event, best first, PMKT_INTENT_TOP of them, and how likely. */
    span<const std::uint32_t> next(std::size_t row) const noexcept {
        return {next_.data() + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }
    span<const double> next_p(std::size_t row) const noexcept {
        return {next_p_.data() + row * PMKT_INTENT_TOP, PMKT_INTENT_TOP};
    }

    /* All that fired, in the order of rows. */
    span<const pmkt_tracker_fired> fired() const noexcept { return {fired_.data(), n_fired_}; }

    /* Lends itself to a call on so many events. */
    pmkt_tracker_answers prepare(std::size_t rows) {
        rows_ = rows;
        n_fired_ = 0;
        if (what_ & ask_model) real_.resize(3 * rows);
        if (what_ & ask_next) next_.resize(rows * PMKT_INTENT_TOP);
        if (what_ & ask_next) next_p_.resize(rows * PMKT_INTENT_TOP);
        if (what_ & ask_rule) rule_.resize(rows);
        pmkt_tracker_answers out = PMKT_TRACKER_ANSWERS_INIT;
        if (what_ & ask_goal) out.p_goal = real_.data();
        if (what_ & ask_cart) out.p_cart = real_.data() + rows;
        if (what_ & ask_time) out.time_ms = real_.data() + 2 * rows;
        if (what_ & ask_next) out.next = next_.data();
        if (what_ & ask_next) out.next_p = next_p_.data();
        if (what_ & ask_rule) out.rule = rule_.data();
        return out;
    }

    /* Room for what fires from here on, and that so many did. */
    void lend(pmkt_tracker_answers &out) {
        if (fired_.size() < n_fired_ + most_intents) fired_.resize(n_fired_ + most_intents);
        out.fired = fired_.data() + n_fired_;
        out.room = detail::rows(fired_.size() - n_fired_);
    }
    void took(std::int64_t n) noexcept { n_fired_ += detail::size(n); }

    static constexpr std::size_t most_intents = 256; /* rules have 250 at the most */

   private:
    span<const double> column(std::size_t place, unsigned which) const noexcept {
        return {real_.data() + place * rows_, what_ & which ? rows_ : 0};
    }

    unsigned what_;
    std::size_t rows_ = 0, n_fired_ = 0;
    std::vector<double> real_, next_p_;
    std::vector<std::uint32_t> next_;
    std::vector<std::int32_t> rule_;
    std::vector<pmkt_tracker_fired> fired_;
};

/* Why an intent fired, and what is known of a user. */
struct tracker_evidence {
    std::vector<pmkt_tracker_event> events; /* the latest, the oldest of them first */
    std::int32_t rule = -1;           /* that fired latest of the intent; -1: none, or long ago */
    std::uint32_t generation = 0;     /* of the rules that it is of */
    std::int64_t time = 0, since = 0; /* when it fired, and the first event of its match */
    std::int64_t session = 0;         /* events of the user's session so far */
    double evidence = 0;              /* ln (P(the session so far | buyers) / P(it | the others)) */
};

/*
 * A tracker. Synchronized within: any number of threads may call any of its methods at a time, but for those of an
 * owner (reset, put, release, assigning, the end). Each thread has answers of its own.
 */
class tracker : public owner<pmkt_tracker, pmkt_tracker_free> {
   public:
    tracker() noexcept = default;
    explicit tracker(pmkt_tracker *p) noexcept : owner(p) {} /* takes a handle of the C functions */

    /* Model and rules are shared; an empty one of the two: the other alone. */
    explicit tracker(const purchase &model, const pmkt::rules &rules = pmkt::rules(),
                     const tracker_options &options = tracker_options()) {
        detail::call([&](pmkt_error *err) {
            return pmkt_tracker_new(model.get(), rules.get(), &options, put(), err);
        });
    }
    explicit tracker(const pmkt::rules &rules, const tracker_options &options = tracker_options())
        : tracker(purchase(), rules, options) {}

    /* Takes the rows of a batch, in their order; the second form says what became of them, even when it throws. After
       a std::bad_alloc some may have been taken, and what fired at them is in the answers. */
    void observe(const pmkt_events &batch, tracker_answers &out) const {
        observe(batch, out, nullptr);
    }
    void observe(const pmkt_events &batch, tracker_answers &out, report &told) const {
        observe(batch, out, told.prepare(batch.rows));
    }

    /* Only the state changes. */
    void observe(const pmkt_events &batch) const {
        detail::call([&](pmkt_error *err) {
            return pmkt_tracker_observe(handle(), &batch, nullptr, nullptr, err);
        });
    }

    /* Sets the clock, and appends what was waited for until then. Returns how many these are. */
    std::size_t advance(std::int64_t clock_ms, std::vector<pmkt_tracker_fired> &out) const {
        const std::size_t before = out.size();
        std::vector<pmkt_tracker_fired> some(tracker_answers::most_intents);
        for (std::int64_t n = 1; n > 0;) {
            detail::call([&](pmkt_error *err) {
                return pmkt_tracker_advance(handle(), clock_ms, some.data(),
                                            detail::rows(some.size()), &n, err);
            });
            out.insert(out.end(), some.begin(), some.begin() + n);
        }
        return out.size() - before;
    }
    std::vector<pmkt_tracker_fired> advance(std::int64_t clock_ms) const {
        std::vector<pmkt_tracker_fired> out;
        advance(clock_ms, out);
        return out;
    }

    /* Removes a user; whether there was one. */
    bool forget(std::uint64_t user) const {
        std::int32_t known = 0;
        detail::call(
            [&](pmkt_error *err) { return pmkt_tracker_forget(handle(), user, &known, err); });
        return known != 0;
    }

    /* Why an intent fired, or whichever fired last. */
    tracker_evidence explain(std::uint64_t user) const { return why(user, nullptr); }
    tracker_evidence explain(std::uint64_t user, const std::string &intent) const {
        return why(user, intent.c_str());
    }

    /* Goes on with another model, with other rules, while others observe. Of models, not of places: unlike
       std::swap it may throw. The second returns the partial matches that ended. */
    void swap(const purchase &model) const { /* NOLINT(bugprone-exception-escape) */
        detail::call(
            [&](pmkt_error *err) { return pmkt_tracker_swap(handle(), model.get(), err); });
    }
    std::int64_t swap(const pmkt::rules &rules) const { /* NOLINT(bugprone-exception-escape) */
        std::int64_t ended = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_tracker_swap_rules(handle(), rules.get(), &ended, err);
        });
        return ended;
    }

    /* Learns on, and goes on with the new model; of options.learn. Set the clock before: it ends sessions. */
    purchase learn(std::int64_t half_life_ms = 0, const run &how = run()) const {
        purchase out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_tracker_learn(handle(), half_life_ms, r, out.put(), err);
        });
        return out;
    }

    /* What is in force; empty if there is none. */
    pmkt::rules rules() const noexcept {
        return pmkt::rules(pmkt_tracker_rules(handle(), nullptr));
    }
    pmkt::rules rules(std::uint32_t &generation) const noexcept {
        return pmkt::rules(pmkt_tracker_rules(handle(), &generation));
    }
    purchase model() const noexcept { return purchase(pmkt_tracker_model(handle())); }

    pmkt_tracker_counts stats() const {
        pmkt_tracker_counts out = PMKT_TRACKER_COUNTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_tracker_stats(handle(), &out, err); });
        return out;
    }

    /* Everybody's state; neither the model nor the rules are in it. */
    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_tracker_save(handle(), path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_tracker_save_memory(handle(), &options, r, out.put(), err);
        });
        return out;
    }

    /* Into a tracker that knows nobody yet. */
    void restore(const std::string &path, const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_tracker_restore(handle(), path.c_str(), r, err);
        });
    }
    void restore_memory(bytes from, const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_tracker_restore_memory(handle(), from.data(), from.size(), r, err);
        });
    }

   private:
    /* Its lock is within, so that these methods are const. */
    pmkt_tracker *handle() const noexcept { return const_cast<pmkt_tracker *>(get()); }

    /* As often as there is more to be said; `told` is of all of it. */
    void observe(const pmkt_events &batch, tracker_answers &answers, pmkt_report *told) const {
        pmkt_tracker_answers out = answers.prepare(batch.rows > 0 ? detail::size(batch.rows) : 0);
        report rest;
        pmkt_report *part = told;
        do {
            answers.lend(out);
            out.n_fired = 0;
            pmkt_error err;
            const pmkt_status status = pmkt_tracker_observe(handle(), &batch, part, &out, &err);
            answers.took(out.n_fired);
            if (part && part != told) add(*told, *part, batch.rows);
            check(status, err);
            out.from = out.done;
            if (told && out.done < batch.rows) part = rest.prepare(batch.rows);
        } while (out.done < batch.rows);
    }

    /* Both have the bits of the whole batch. */
    static void add(pmkt_report &sum, const pmkt_report &part, std::int64_t rows) noexcept {
        sum.rows += part.rows;
        sum.accepted += part.accepted;
        sum.rejected += part.rejected;
        sum.ignored += part.ignored;
        if (sum.first_bad < 0) sum.first_bad = part.first_bad;
        for (int i = 0; i < PMKT_BAD_REASONS; i++) sum.by_reason[i] += part.by_reason[i];
        for (std::int64_t i = 0; i < (rows + 7) / 8; i++) {
            sum.rejected_bits[i] |= part.rejected_bits[i];
        }
    }

    tracker_evidence why(std::uint64_t user, const char *intent) const {
        tracker_evidence out;
        out.events.resize(64); /* no history is longer */
        pmkt_tracker_evidence c = PMKT_TRACKER_EVIDENCE_INIT;
        c.event = out.events.data();
        c.room = detail::rows(out.events.size());
        detail::call(
            [&](pmkt_error *err) { return pmkt_tracker_explain(handle(), user, intent, &c, err); });
        out.events.resize(detail::size(c.n));
        out.rule = c.rule;
        out.generation = c.generation;
        out.time = c.time;
        out.since = c.since;
        out.session = c.session;
        out.evidence = c.evidence;
        return out;
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
