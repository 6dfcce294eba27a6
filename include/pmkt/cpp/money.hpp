/*
 * money.hpp - amounts in minor units from numbers and from text.
 */
#ifndef PMKT_CPP_MONEY_HPP
#define PMKT_CPP_MONEY_HPP

#include "../money.h"
#include "base.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* Reads "-1234.5" as minor units, exactly: -123450 with two decimals. */
inline std::int64_t parse_money(std::string_view text, int decimals = 2) {
    std::int64_t minor = 0;
    detail::call([&](pmkt_error *err) {
        return pmkt_money_parse(text.data(), text.size(), decimals, &minor, err);
    });
    return minor;
}

/* Major units to minor ones, rounded half away from zero; NaN is a missing amount, and a value that
   is infinite or too large throws pmkt::bad_row. */
inline std::vector<std::int64_t> to_minor(span<const double> value, int decimals = 2) {
    std::vector<std::int64_t> minor(value.size());
    detail::call([&](pmkt_error *err) {
        return pmkt_money_from_double(value.data(), nullptr, detail::rows(value.size()), decimals,
                                      PMKT_ON_BAD_FAIL, minor.data(), nullptr, err);
    });
    return minor;
}

/* The same of prices times quantities, rounded once. */
inline std::vector<std::int64_t> to_minor(span<const double> price, span<const double> quantity,
                                          int decimals = 2) {
    if (price.size() != quantity.size()) {
        detail::refuse("there are %zu prices and %zu quantities; each price needs one",
                       price.size(), quantity.size());
    }
    std::vector<std::int64_t> minor(price.size());
    detail::call([&](pmkt_error *err) {
        return pmkt_money_from_double(price.data(), quantity.data(), detail::rows(price.size()),
                                      decimals, PMKT_ON_BAD_FAIL, minor.data(), nullptr, err);
    });
    return minor;
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
