/*
 * idset.hpp - sets of ids that can be changed while others read them.
 */
#ifndef PMKT_CPP_IDSET_HPP
#define PMKT_CPP_IDSET_HPP

#include "../idset.h"
#include "base.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/*
 * A set of ids. `update` is the one method that another thread's const calls may overlap with: one
 * updater at a time, any number of readers. a | b, a & b and a - b give new sets.
 */
class idset : public owner<pmkt_idset, pmkt_idset_free> {
   public:
    idset() : idset(nullptr, 0, nullptr) {}
    explicit idset(span<const std::uint64_t> ids, const pmkt_allocator *allocator = nullptr)
        : idset(ids.data(), detail::rows(ids.size()), allocator) {}
    explicit idset(std::nullptr_t) noexcept {}           /* empty: no set at all */
    explicit idset(pmkt_idset *p) noexcept : owner(p) {} /* takes a handle of the C functions */

    /* Takes ids out, then puts ids in. */
    void update(span<const std::uint64_t> remove, span<const std::uint64_t> add) {
        detail::call([&](pmkt_error *err) {
            return pmkt_idset_update(get(), remove.data(), detail::rows(remove.size()), add.data(),
                                     detail::rows(add.size()), err);
        });
    }
    void add(span<const std::uint64_t> ids) { update({}, ids); }
    void remove(span<const std::uint64_t> ids) { update(ids, {}); }
    void add(std::uint64_t id) { update({}, {&id, 1}); }
    void remove(std::uint64_t id) { update({&id, 1}, {}); }

    bool contains(std::uint64_t id) const noexcept { return pmkt_idset_contains(get(), id) != 0; }

    /* 1 or 0 for each. */
    std::vector<std::uint8_t> contains(span<const std::uint64_t> ids) const {
        std::vector<std::uint8_t> in(ids.size());
        detail::call([&](pmkt_error *err) {
            return pmkt_idset_contains_many(get(), ids.data(), detail::rows(ids.size()), in.data(),
                                            err);
        });
        return in;
    }

    std::size_t size() const noexcept { return detail::size(pmkt_idset_count(get())); }
    bool empty() const noexcept { return size() == 0; }
    std::int64_t memory_bytes() const noexcept { return pmkt_idset_bytes(get()); }

    /* The ids, ascending. */
    std::vector<std::uint64_t> list() const {
        std::vector<std::uint64_t> id(size());
        std::int64_t n = 0;
        pmkt_error err;
        for (;;) {
            const std::int64_t room = detail::rows(id.size());
            const pmkt_status status =
                pmkt_idset_list(get(), room ? id.data() : nullptr, room, &n, &err);
            if (status != PMKT_E_LIMIT) check(status, err);
            const bool fits = n <= room; /* else an updater let the set grow meanwhile */
            id.resize(detail::size(n));
            if (fits) break;
        }
        return id;
    }

    friend idset operator|(const idset &a, const idset &b) {
        return combine(pmkt_idset_union, a, b);
    }
    friend idset operator&(const idset &a, const idset &b) {
        return combine(pmkt_idset_intersect, a, b);
    }
    friend idset operator-(const idset &a, const idset &b) {
        return combine(pmkt_idset_difference, a, b);
    }

   private:
    idset(const std::uint64_t *ids, std::int64_t n, const pmkt_allocator *allocator) {
        detail::call(
            [&](pmkt_error *err) { return pmkt_idset_new(ids, n, allocator, put(), err); });
    }

    template <class F>
    static idset combine(F function, const idset &a, const idset &b) {
        idset out(nullptr);
        detail::call([&](pmkt_error *err) { return function(a.get(), b.get(), out.put(), err); });
        return out;
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
