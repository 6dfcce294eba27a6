/*
 * ids.hpp - ids of strings, and the dictionary that leads back.
 */
#ifndef PMKT_CPP_IDS_HPP
#define PMKT_CPP_IDS_HPP

#include <optional>

#include "../ids.h"
#include "base.hpp"
#include "file.hpp"
#include "time.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* The id of a string: the same in every process, language and release. */
inline std::uint64_t id_of(std::string_view text) noexcept {
    return pmkt_id_of_bytes(text.data(), text.size());
}

/* Strings that lie one after another, as the C functions take and give them. */
class strings {
   public:
    strings() = default;
    strings(std::string bytes, std::vector<std::int64_t> offsets)
        : bytes_(std::move(bytes)), offsets_(std::move(offsets)) {}

    /* Of any range of what converts to a std::string_view. */
    template <class Range>
    static strings of(const Range &range) {
        strings s;
        for (const auto &text : range) s.push_back(text);
        return s;
    }

    void push_back(std::string_view text) {
        bytes_.append(text);
        offsets_.push_back(detail::rows(bytes_.size()));
    }
    std::size_t size() const noexcept { return offsets_.size() - 1; }
    std::string_view operator[](std::size_t i) const noexcept {
        const std::size_t from = detail::size(offsets_[i]);
        return std::string_view(bytes_).substr(from, detail::size(offsets_[i + 1]) - from);
    }
    const char *bytes() const noexcept { return bytes_.data(); }
    const std::int64_t *offsets() const noexcept { return offsets_.data(); }
    std::int64_t rows() const noexcept { return detail::rows(size()); }

   private:
    std::string bytes_;
    std::vector<std::int64_t> offsets_ = {0};
};

/* The ids of many strings: a range of what converts to a std::string_view. */
template <class Range>
std::vector<std::uint64_t> ids_of(const Range &range) {
    std::vector<std::uint64_t> id;
    for (const auto &text : range) id.push_back(id_of(text));
    return id;
}

struct ids_options : pmkt_ids_options {
    ids_options() noexcept : pmkt_ids_options(PMKT_IDS_OPTIONS_INIT) {}
};

/* A dictionary: strings in, ids out, and back. */
class ids : public owner<pmkt_ids, pmkt_ids_free> {
   public:
    explicit ids(const ids_options &options = ids_options()) {
        detail::call([&](pmkt_error *err) { return pmkt_ids_new(&options, put(), err); });
    }
    explicit ids(std::nullptr_t) noexcept {}         /* empty */
    explicit ids(pmkt_ids *p) noexcept : owner(p) {} /* takes a handle of the C functions */

    /* The id of one string, remembered. */
    std::uint64_t encode(std::string_view text) {
        const std::int64_t offsets[2] = {0, detail::rows(text.size())};
        std::uint64_t id = PMKT_ID_NONE;
        detail::call([&](pmkt_error *err) {
            static const pmkt_run alone = {sizeof(pmkt_run), 1, {nullptr, nullptr}};
            return pmkt_ids_encode(get(), text.data(), offsets, 1, &alone, &id, err);
        });
        return id;
    }

    /* The ids of many strings, remembered; a pmkt::strings is not copied. */
    std::vector<std::uint64_t> encode(const strings &text, const run &how = run()) {
        std::vector<std::uint64_t> id(text.size());
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_encode(get(), text.bytes(), text.offsets(), text.rows(), r, id.data(),
                                   err);
        });
        return id;
    }
    template <class Range,
              class = std::enable_if_t<!std::is_convertible_v<const Range &, strings> &&
                                       !std::is_convertible_v<const Range &, std::string_view>>>
    std::vector<std::uint64_t> encode(const Range &range, const run &how = run()) {
        return encode(strings::of(range), how);
    }

    /* The string of an id, borrowed until the dictionary is next changed; empty if not known. */
    std::optional<std::string_view> name(std::uint64_t id) const noexcept {
        std::size_t length = 0;
        const char *text = pmkt_ids_name(get(), id, &length);
        if (!text) return std::nullopt;
        return std::string_view(text, length);
    }

    /* The strings of many ids, copied; one that is not known is empty, and its `known` is 0. */
    strings decode(span<const std::uint64_t> id, std::vector<std::uint8_t> *known = nullptr) const {
        std::vector<std::int64_t> offsets(id.size() + 1);
        if (known) known->assign(id.size(), 0);
        std::uint8_t *flags = known ? known->data() : nullptr;
        pmkt_error err;
        pmkt_status status = pmkt_ids_decode(get(), id.data(), detail::rows(id.size()), nullptr, 0,
                                             offsets.data(), flags, &err);
        if (status != PMKT_E_LIMIT) check(status, err);
        std::string text(detail::size(offsets.back()), '\0');
        if (!text.empty()) {
            status = pmkt_ids_decode(get(), id.data(), detail::rows(id.size()), text.data(),
                                     offsets.back(), offsets.data(), flags, &err);
            check(status, err);
        }
        return strings(std::move(text), std::move(offsets));
    }

    /* All ids that are known, ascending. */
    std::vector<std::uint64_t> list() const {
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) { return pmkt_ids_list(get(), nullptr, 0, &n, err); });
        std::vector<std::uint64_t> id(detail::size(n));
        if (n > 0) {
            detail::call(
                [&](pmkt_error *err) { return pmkt_ids_list(get(), id.data(), n, &n, err); });
        }
        return id;
    }

    void merge(const ids &from, const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_merge(get(), from.get(), r, err);
        });
    }

    /* Forgets strings; how many different ones were known. */
    std::int64_t forget(span<const std::uint64_t> id, instant when) {
        std::int64_t found = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_ids_forget(get(), id.data(), detail::rows(id.size()), when.ms(), &found,
                                   err);
        });
        return found;
    }

    /* The tombstones, ascending by id: what was forgotten, and when. */
    struct tombstone {
        std::uint64_t id;
        instant when;
    };
    std::vector<tombstone> forgotten() const {
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_ids_forgotten(get(), nullptr, nullptr, 0, &n, err);
        });
        std::vector<std::uint64_t> id(detail::size(n));
        std::vector<std::int64_t> when(detail::size(n));
        if (n > 0) {
            detail::call([&](pmkt_error *err) {
                return pmkt_ids_forgotten(get(), id.data(), when.data(), n, &n, err);
            });
        }
        std::vector<tombstone> out;
        for (std::size_t i = 0; i < id.size(); i++) out.push_back({id[i], instant(when[i])});
        return out;
    }

    pmkt_ids_counters stats() const {
        pmkt_ids_counters out = PMKT_IDS_COUNTERS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_ids_stats(get(), &out, err); });
        return out;
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_save(get(), path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_save_memory(get(), &options, r, out.put(), err);
        });
        return out;
    }
    static ids load(const std::string &path, const load_options &options = load_options(),
                    const run &how = run()) {
        ids out(nullptr);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static ids load_memory(bytes from, const load_options &options = load_options(),
                           const run &how = run()) {
        ids out(nullptr);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_ids_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }
    static ids map(const std::string &path, const load_options &options = load_options()) {
        ids out(nullptr);
        detail::call(
            [&](pmkt_error *err) { return pmkt_ids_map(path.c_str(), &options, out.put(), err); });
        return out;
    }
    void verify(const run &how = run()) const {
        detail::running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return pmkt_ids_verify(get(), r, err); });
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
