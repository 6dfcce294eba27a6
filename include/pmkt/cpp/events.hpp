/*
 * events.hpp - a batch of events out of containers, and what became of its rows.
 */
#ifndef PMKT_CPP_EVENTS_HPP
#define PMKT_CPP_EVENTS_HPP

#include "../events.h"
#include "base.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

namespace detail {

/* What batches of events and of items share: equal lengths, extra columns, the currency. */
template <class Self, class Raw>
class batch {
   public:
    batch(const batch &) = delete;
    batch &operator=(const batch &) = delete;

    /* A column beyond the standard ones; the name is borrowed as well. */
    Self &extra(const char *name, column<std::int64_t> c) {
        return add_extra(name, c.data(), c.size(), PMKT_TYPE_INT64);
    }
    Self &extra(const char *name, column<std::uint64_t> c) {
        return add_extra(name, c.data(), c.size(), PMKT_TYPE_UINT64);
    }
    Self &extra(const char *name, column<double> c) {
        return add_extra(name, c.data(), c.size(), PMKT_TYPE_DOUBLE);
    }

    /* For each row 0, or 1 + the PMKT_BAD_ reason for which it is given up already. */
    Self &reject(column<std::uint8_t> c) { return set(raw_.reject, c, "reject"); }

    /* Leave bad rows out and count them; by default the first one fails the call. */
    Self &skip_bad(bool skip = true) noexcept {
        raw_.on_bad = skip ? PMKT_ON_BAD_SKIP : PMKT_ON_BAD_FAIL;
        return self();
    }

    /* ISO 4217, such as ("CNY", 2). */
    Self &currency(std::string_view code, int decimals) {
        if (code.size() >= sizeof raw_.currency) {
            refuse("a currency is an ISO 4217 code of 3 letters, not one of %zu", code.size());
        }
        std::memset(raw_.currency, 0, sizeof raw_.currency);
        code.copy(raw_.currency, code.size());
        raw_.currency_exponent = decimals;
        return self();
    }

    std::size_t rows() const noexcept { return detail::size(raw_.rows); }
    const Raw *get() const noexcept { return &raw_; }
    operator const Raw &() const noexcept { return raw_; }

   protected:
    explicit batch(const Raw &init) noexcept : raw_(init) {}
    /* The extra columns move with their vector, so that raw_.extra stays right. */
    batch(batch &&other) noexcept
        : raw_(other.raw_),
          extra_(std::move(other.extra_)),
          begun_(std::exchange(other.begun_, false)) {
        other.self().clear();
    }
    batch &operator=(batch &&other) noexcept {
        if (this == &other) return *this;
        raw_ = other.raw_;
        extra_ = std::move(other.extra_);
        begun_ = std::exchange(other.begun_, false);
        other.self().clear();
        return *this;
    }
    ~batch() = default;

    template <class T>
    Self &set(const T *&field, column<T> c, const char *name) {
        match(c.size(), name);
        field = c.data();
        return self();
    }

    Self &self() noexcept { return static_cast<Self &>(*this); }
    Raw raw_;

   private:
    /* The first column says how many rows there are, every other must agree. */
    void match(std::size_t n, const char *name) {
        if (begun_ && n != rows()) {
            refuse("the column %s has %zu rows, but the columns before it have %zu", name, n,
                   rows());
        }
        begun_ = true;
        raw_.rows = detail::rows(n);
    }

    Self &add_extra(const char *name, const void *data, std::size_t n, std::int32_t type) {
        if (!name) refuse("an extra column needs a name");
        match(n, name);
        extra_.push_back(pmkt_column{name, data, type, 0});
        raw_.extra = extra_.data();
        raw_.n_extra = detail::rows(extra_.size());
        return self();
    }

    std::vector<pmkt_column> extra_;
    bool begun_ = false;
};

}  // namespace detail

/*
 * A batch of events, built column by column. It borrows: the containers stay the caller's, unresized
 * until the last call that reads the batch. All columns must have the length of the first.
 */
class events : public detail::batch<events, pmkt_events> {
   public:
    events() noexcept : batch(PMKT_EVENTS_INIT) {}
    events(events &&) noexcept = default;
    events &operator=(events &&) noexcept = default;

    events &user(column<std::uint64_t> c) { return set(raw_.user, c, "user"); }
    events &time(column<std::int64_t> c) { return set(raw_.time, c, "time"); } /* milliseconds */
    events &kind(column<std::uint16_t> c) { return set(raw_.kind, c, "kind"); }
    events &item(column<std::uint64_t> c) { return set(raw_.item, c, "item"); }
    events &category(column<std::uint64_t> c) { return set(raw_.category, c, "category"); }
    events &order(column<std::uint64_t> c) { return set(raw_.order, c, "order"); }
    events &session(column<std::uint64_t> c) { return set(raw_.session, c, "session"); }
    events &channel(column<std::uint64_t> c) { return set(raw_.channel, c, "channel"); }
    events &event_id(column<std::uint64_t> c) { return set(raw_.event_id, c, "event_id"); }
    events &amount(column<std::int64_t> c) {
        return set(raw_.amount, c, "amount");
    } /* minor units */
    events &quantity(column<std::int64_t> c) { return set(raw_.quantity, c, "quantity"); }

    /* Every row is of this kind; instead of a column. */
    events &every_kind(std::int32_t kind) noexcept {
        raw_.every_kind = kind;
        return *this;
    }

   private:
    friend class detail::batch<events, pmkt_events>;
    void clear() noexcept { raw_ = none(); }
    static constexpr pmkt_events none() noexcept { return PMKT_EVENTS_INIT; }
};

/*
 * What became of the rows of a batch. A call that takes one fills it also when it throws
 * pmkt::bad_row.
 */
class report {
   public:
    std::int64_t rows() const noexcept { return raw_.rows; }
    std::int64_t accepted() const noexcept { return raw_.accepted; }
    std::int64_t rejected() const noexcept { return raw_.rejected; }
    std::int64_t ignored() const noexcept { return raw_.ignored; }
    std::int64_t first_bad() const noexcept { return raw_.first_bad; } /* or -1 */

    /* Rows that were rejected for a PMKT_BAD_ reason; 0 for a number that is none. */
    std::int64_t rejected(std::int32_t reason) const noexcept {
        return reason >= 0 && reason < PMKT_BAD_REASONS ? raw_.by_reason[reason] : 0;
    }

    /* Whether a row was rejected. */
    bool is_rejected(std::size_t row) const noexcept {
        return row / 8 < bits_.size() && (bits_[row / 8] >> (row % 8) & 1) != 0;
    }

    /* Lends itself to a call on a batch of so many rows. */
    pmkt_report *prepare(std::int64_t n) {
        pmkt_report_init(&raw_);
        bits_.assign(n > 0 ? detail::size(n) / 8 + 1 : 0, 0);
        raw_.rejected_bits = bits_.empty() ? nullptr : bits_.data();
        return &raw_;
    }

   private:
    pmkt_report raw_ = PMKT_REPORT_INIT;
    std::vector<std::uint8_t> bits_;
};

/* Checks a batch and takes nothing. */
inline void check_events(const pmkt_events &batch, report &out) {
    pmkt_report *r = out.prepare(batch.rows);
    detail::call([&](pmkt_error *err) { return pmkt_events_check(&batch, r, err); });
}
inline report check_events(const pmkt_events &batch) {
    report out;
    check_events(batch, out);
    return out;
}

/* The name of a kind of event, and back. */
inline const char *kind_name(std::int32_t kind) noexcept {
    return pmkt_kind_name(kind);
}
inline std::int32_t kind_of(const std::string &name) noexcept {
    return pmkt_kind_from_name(name.c_str());
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
