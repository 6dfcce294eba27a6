/*
 * items.hpp - a batch of items out of containers.
 */
#ifndef PMKT_CPP_ITEMS_HPP
#define PMKT_CPP_ITEMS_HPP

#include "../items.h"
#include "base.hpp"
#include "events.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* A batch of items, built column by column; it borrows, as pmkt::events does. */
class items : public detail::batch<items, pmkt_items> {
   public:
    items() noexcept : batch(PMKT_ITEMS_INIT) {}
    items(items &&) noexcept = default;
    items &operator=(items &&) noexcept = default;

    items &item(column<std::uint64_t> c) { return set(raw_.item, c, "item"); }
    items &category(column<std::uint64_t> c) { return set(raw_.category, c, "category"); }
    items &brand(column<std::uint64_t> c) { return set(raw_.brand, c, "brand"); }
    items &price(column<std::int64_t> c) { return set(raw_.price, c, "price"); } /* minor units */
    items &stock(column<std::int64_t> c) { return set(raw_.stock, c, "stock"); }

    /* Vectors of `dimensions` numbers each, one after another. */
    items &vector(column<float> c, std::size_t dimensions) {
        if (dimensions == 0 || c.size() % dimensions != 0) {
            detail::refuse("%zu numbers are no vectors of %zu dimensions", c.size(), dimensions);
        }
        set(raw_.vector, column<float>(c.data(), c.size() / dimensions), "vector");
        raw_.dimensions = detail::rows(dimensions);
        return *this;
    }

   private:
    friend class detail::batch<items, pmkt_items>;
    void clear() noexcept { raw_ = none(); }
    static constexpr pmkt_items none() noexcept { return PMKT_ITEMS_INIT; }
};

/* Checks a batch and takes nothing. */
inline void check_items(const pmkt_items &batch, report &out) {
    pmkt_report *r = out.prepare(batch.rows);
    detail::call([&](pmkt_error *err) { return pmkt_items_check(&batch, r, err); });
}
inline report check_items(const pmkt_items &batch) {
    report out;
    check_items(batch, out);
    return out;
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
