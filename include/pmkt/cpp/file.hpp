/*
 * file.hpp - options of saving and loading, saved bytes, and what a file holds.
 */
#ifndef PMKT_CPP_FILE_HPP
#define PMKT_CPP_FILE_HPP

#include "../file.h"
#include "base.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

struct save_options : pmkt_save_options {
    save_options() noexcept : pmkt_save_options(PMKT_SAVE_OPTIONS_INIT) {}
};

struct load_options : pmkt_load_options {
    load_options() noexcept : pmkt_load_options(PMKT_LOAD_OPTIONS_INIT) {}
};

/* The bytes that save_memory made. */
class buffer : public owner<pmkt_buffer, pmkt_buffer_free> {
   public:
    using owner::owner;

    const void *data() const noexcept { return pmkt_buffer_data(get()); }
    std::size_t size() const noexcept { return pmkt_buffer_size(get()); }
    span<const std::byte> bytes() const noexcept {
        return {static_cast<const std::byte *>(data()), size()};
    }
};

/* Bytes that a call reads: a pmkt::buffer, or a container of char, unsigned char or std::byte. */
class bytes {
   public:
    bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
    bytes(const buffer &b) noexcept : data_(b.data()), size_(b.size()) {}
    template <class C, class = std::enable_if_t<sizeof(*std::data(std::declval<const C &>())) == 1>>
    bytes(const C &container) noexcept : data_(std::data(container)), size_(std::size(container)) {}

    const void *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

   private:
    const void *data_;
    std::size_t size_;
};

/* What a file says about itself. */
inline pmkt_file_info inspect_file(const std::string &path) {
    pmkt_file_info info = PMKT_FILE_INFO_INIT;
    detail::call([&](pmkt_error *err) { return pmkt_file_inspect(path.c_str(), &info, err); });
    return info;
}

/* Reads a whole file and compares every checksum; throws pmkt::corrupt. */
inline void verify_file(const std::string &path, const run &how = run()) {
    detail::running{how}(
        [&](const pmkt_run *r, pmkt_error *err) { return pmkt_file_verify(path.c_str(), r, err); });
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
