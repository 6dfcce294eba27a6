/*
 * rules.hpp - rules of rules.h, and what they match.
 */
#ifndef PMKT_CPP_RULES_HPP
#define PMKT_CPP_RULES_HPP

#include <string_view>

#include "../rules.h"
#include "base.hpp"
#include "events.hpp"
#include "time.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* How to read them; the zone is borrowed until the call is done. */
struct rules_options : pmkt_rules_options {
    rules_options() noexcept : pmkt_rules_options(PMKT_RULES_OPTIONS_INIT) {}

    rules_options &set_zone(const pmkt::zone &of_dates) noexcept {
        zone = of_dates.get();
        return *this;
    }
};

struct match_options : pmkt_rules_match_options {
    match_options() noexcept : pmkt_rules_match_options(PMKT_RULES_MATCH_OPTIONS_INIT) {}
};

/* A rule; the texts are borrowed from the rules. */
struct rule {
    std::string_view intent, cause; /* an empty cause: none */
    double strength = 0;
    std::int64_t cooldown_ms = 0;
    span<const char *const> suggestions;
    std::string_view text; /* as it was written */
    int line = 0;          /* of the text, from 1 */
    std::size_t at = 0;    /* the byte of the text at which it begins */
};

/* What fired. Immutable: any number of threads may read it. */
class matches : public owner<pmkt_rules_matches, pmkt_rules_matches_free> {
   public:
    matches() noexcept = default;
    explicit matches(pmkt_rules_matches *p) noexcept : owner(p) {} /* of the C functions */

    /* All columns as C sees them; borrowed, as are the spans. */
    pmkt_rules_matches_columns columns() const {
        pmkt_rules_matches_columns out = PMKT_RULES_MATCHES_COLUMNS_INIT;
        detail::call(
            [&](pmkt_error *err) { return pmkt_rules_matches_columns_of(get(), &out, err); });
        return out;
    }
    std::size_t size() const { return detail::size(columns().n); }
    span<const std::int64_t> row() const { return all(columns().row); }
    span<const std::uint64_t> user() const { return all(columns().user); }
    span<const std::int64_t> time() const { return all(columns().time); }
    span<const std::int64_t> since() const { return all(columns().since); }
    span<const std::int32_t> rule() const { return all(columns().rule); }
    span<const double> strength() const { return all(columns().strength); }

   private:
    template <class T>
    span<const T> all(const T *data) const {
        return detail::view(data, columns().n);
    }
};

/* The text of the built-in rules. */
inline std::string_view builtin_rules() noexcept {
    return pmkt_rules_builtin();
}

/* Compiled rules; copies share them. Immutable: any number of threads may use them. */
class rules {
   public:
    rules() noexcept = default;
    explicit rules(pmkt_rules *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    explicit rules(std::string_view text, const rules_options &options = rules_options()) {
        detail::call([&](pmkt_error *err) {
            return pmkt_rules_parse(text.data(), text.size(), &options, &p_, err);
        });
    }
    rules(const rules &other) noexcept : p_(pmkt_rules_retain(other.p_)) {}
    rules(rules &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    rules &operator=(rules other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~rules() { pmkt_rules_release(p_); }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_rules *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_rules *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_rules **put() noexcept {
        *this = rules();
        return &p_;
    }

    pmkt_rules_facts info() const {
        pmkt_rules_facts out = PMKT_RULES_FACTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_rules_info(p_, &out, err); });
        return out;
    }

    /* One rule, in the order of the text; info().rules of them. */
    pmkt::rule operator[](std::size_t i) const {
        pmkt_rule c = PMKT_RULE_INIT;
        detail::call(
            [&](pmkt_error *err) { return pmkt_rules_rule(p_, detail::rows(i), &c, err); });
        pmkt::rule out;
        out.intent = c.intent;
        if (c.cause) out.cause = c.cause;
        out.strength = c.strength;
        out.cooldown_ms = c.cooldown_ms;
        out.suggestions = detail::view(c.suggestions, c.n_suggestions);
        out.text = std::string_view(c.text, detail::size(c.length));
        out.line = c.line;
        out.at = detail::size(c.at);
        return out;
    }

    /* What fires in a batch; the second form says what became of its rows, even when it throws. */
    matches match(const pmkt_events &batch, const match_options &options = match_options(),
                  const run &how = run()) const {
        return match(batch, nullptr, options, how);
    }
    matches match(const pmkt_events &batch, report &out,
                  const match_options &options = match_options(), const run &how = run()) const {
        return match(batch, out.prepare(batch.rows), options, how);
    }

   private:
    matches match(const pmkt_events &batch, pmkt_report *told, const match_options &options,
                  const run &how) const {
        matches out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rules_match(p_, &batch, &options, r, told, out.put(), err);
        });
        return out;
    }

    pmkt_rules *p_ = nullptr;
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
