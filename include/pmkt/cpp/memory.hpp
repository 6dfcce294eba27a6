/*
 * memory.hpp - handles that take their memory from a std::pmr::memory_resource.
 *
 *     std::pmr::synchronized_pool_resource pool;
 *     pmkt_allocator memory = pmkt::allocator_of(pool);
 *     pmkt::rfm_options options;
 *     options.allocator = &memory;
 *     pmkt::rfm rfm(options);
 */
#ifndef PMKT_CPP_MEMORY_HPP
#define PMKT_CPP_MEMORY_HPP

#if __has_include(<memory_resource>)
#include <memory_resource>
#endif

#include "base.hpp"

#if defined(__cpp_lib_memory_resource)

namespace pmkt {
inline namespace PMKT_CPP_ABI {

namespace detail {

inline void *from_resource(void *ctx, void *p, std::size_t old, std::size_t size,
                           std::size_t align) noexcept {
    std::pmr::memory_resource *resource = static_cast<std::pmr::memory_resource *>(ctx);
    void *fresh = nullptr;
    if (size > 0) {
#if PMKT_CPP_EXCEPTIONS
        try {
            fresh = resource->allocate(size, align);
        } catch (...) {
            return nullptr; /* which the library answers with PMKT_E_NOMEM */
        }
#else
        fresh = resource->allocate(size, align);
#endif
        if (p) std::memcpy(fresh, p, old < size ? old : size);
    }
    if (p) resource->deallocate(p, old, align);
    return fresh;
}

}  // namespace detail

/*
 * An allocator that asks a resource. The resource must outlive every handle made with it and serve
 * several threads at once: std::pmr::new_delete_resource() and synchronized_pool_resource do, a
 * monotonic or unsynchronized one does not. What it throws becomes std::bad_alloc.
 */
inline pmkt_allocator allocator_of(std::pmr::memory_resource &resource) noexcept {
    return pmkt_allocator{&detail::from_resource, &resource};
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif

#endif
