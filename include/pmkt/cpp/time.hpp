/*
 * time.hpp - instants of std::chrono, and zones that own their table.
 */
#ifndef PMKT_CPP_TIME_HPP
#define PMKT_CPP_TIME_HPP

#include <chrono>

#include "../time.h"
#include "base.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/*
 * An instant: what as-of dates are. Any time point of the system clock becomes one by itself,
 * rounded down to the millisecond; a bare number of milliseconds only on request, for a number of
 * seconds would pass as one in silence.
 */
class instant {
   public:
    explicit constexpr instant(std::int64_t ms) noexcept : ms_(ms) {}

    template <class Duration>
    constexpr instant(std::chrono::time_point<std::chrono::system_clock, Duration> t)
        : ms_(std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count()) {}

    constexpr std::int64_t ms() const noexcept { return ms_; }

    constexpr std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>
    time_point() const noexcept {
        using point = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
        return point(std::chrono::milliseconds(ms_));
    }

    friend constexpr bool operator==(instant a, instant b) noexcept { return a.ms_ == b.ms_; }
    friend constexpr bool operator!=(instant a, instant b) noexcept { return a.ms_ != b.ms_; }
    friend constexpr bool operator<(instant a, instant b) noexcept { return a.ms_ < b.ms_; }

    /* Hours and seconds are lengths; days of a calendar may have 23 or 25 hours, see zone. */
    template <class Rep, class Period>
    friend constexpr instant operator+(instant a, std::chrono::duration<Rep, Period> d) {
        return instant(a.ms_ + std::chrono::floor<std::chrono::milliseconds>(d).count());
    }
    template <class Rep, class Period>
    friend constexpr instant operator-(instant a, std::chrono::duration<Rep, Period> d) {
        return instant(a.ms_ - std::chrono::floor<std::chrono::milliseconds>(d).count());
    }

   private:
    std::int64_t ms_;
};

/* A zone: UTC, a fixed offset, or a table of transitions, which it owns. */
class zone {
   public:
    zone() = default;
    explicit zone(std::chrono::minutes offset) : zone(offset, {}) {}
    zone(std::chrono::minutes offset_before, std::vector<pmkt_transition> transitions)
        : table_(std::move(transitions)) {
        raw_.offset_minutes = static_cast<std::int32_t>(offset_before.count());
        point();
    }
    zone(const zone &other) : table_(other.table_), raw_(other.raw_) { point(); }
    zone(zone &&other) noexcept
        : table_(std::move(other.table_)), raw_(std::exchange(other.raw_, utc())) {
        point();
    }
    zone &operator=(zone other) noexcept {
        table_.swap(other.table_);
        raw_ = other.raw_;
        point();
        return *this;
    }
    ~zone() = default;

    /* For the C structs, such as rfm_options::zone; valid as long as this zone, where it is. */
    const pmkt_zone *get() const noexcept { return &raw_; }

    /* The calendar day of each instant (milliseconds), as days since 1970-01-01. */
    std::vector<std::int32_t> days(span<const std::int64_t> ms) const {
        std::vector<std::int32_t> day(ms.size());
        detail::call([&](pmkt_error *err) {
            return pmkt_zone_days(&raw_, ms.data(), detail::rows(ms.size()), day.data(), err);
        });
        return day;
    }

    /* When a calendar day begins here. */
    instant day_start(std::int32_t day) const {
        std::int64_t ms = 0;
        detail::call([&](pmkt_error *err) { return pmkt_zone_day_start(&raw_, day, &ms, err); });
        return instant(ms);
    }

    /* Wall-clock times of this zone to instants, in place. */
    void to_utc(span<std::int64_t> local_ms) const {
        detail::call([&](pmkt_error *err) {
            return pmkt_zone_to_utc(&raw_, local_ms.data(), detail::rows(local_ms.size()),
                                    local_ms.data(), err);
        });
    }

   private:
    static constexpr pmkt_zone utc() noexcept { return PMKT_ZONE_INIT; }
    void point() noexcept {
        raw_.transitions = table_.empty() ? nullptr : table_.data();
        raw_.n_transitions = detail::rows(table_.size());
    }

    std::vector<pmkt_transition> table_;
    pmkt_zone raw_ = PMKT_ZONE_INIT;
};

/* Reads "2026-02-01", "2026-02-01 08:30", "2026-02-01T08:30:00Z" and the like. */
inline instant parse_time(std::string_view text, const zone &in = zone()) {
    std::int64_t ms = 0;
    detail::call([&](pmkt_error *err) {
        return pmkt_time_parse(text.data(), text.size(), in.get(), &ms, err);
    });
    return instant(ms);
}

/* Writes "2026-02-01 08:30:00". */
inline std::string format_time(instant t, const zone &in = zone()) {
    char text[32];
    detail::call([&](pmkt_error *err) { return pmkt_time_format(t.ms(), in.get(), text, err); });
    return text;
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
