/*
 * rfm.hpp - states, scores and migrations of rfm.h.
 */
#ifndef PMKT_CPP_RFM_HPP
#define PMKT_CPP_RFM_HPP

#include <optional>

#include "../rfm.h"
#include "arrow.hpp"
#include "base.hpp"
#include "events.hpp"
#include "file.hpp"
#include "time.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

class scores;

struct rfm_options : pmkt_rfm_options {
    rfm_options() noexcept : pmkt_rfm_options(PMKT_RFM_OPTIONS_INIT) {}
};

/* How to score; the pointers are borrowed until the call is done. */
struct score_options : pmkt_rfm_score_options {
    score_options() noexcept : pmkt_rfm_score_options(PMKT_RFM_SCORE_OPTIONS_INIT) {}

    score_options &set_tiers(column<pmkt_rfm_tier> table) noexcept {
        tiers = table.data();
        n_tiers = table.rows();
        return *this;
    }
    score_options &set_segments(column<pmkt_rfm_segment> table) noexcept {
        segments = table.data();
        n_segments = table.rows();
        return *this;
    }
    score_options &set_previous(const scores &earlier) noexcept; /* for PMKT_RFM_HYSTERESIS */
};

/* One group of customers, with its name, which lives as long as the scores. */
struct group : pmkt_rfm_group {
    std::string_view name;
};

/* What every customer is worth at one date. Immutable: any number of threads may read it. */
class scores : public owner<pmkt_rfm_scores, pmkt_rfm_scores_free> {
   public:
    scores() noexcept = default;
    /* Takes a handle of the C functions. */
    explicit scores(pmkt_rfm_scores *p) : owner(p) { look(); }
    scores(scores &&other) noexcept
        : owner(other.owner::release()), columns_(std::exchange(other.columns_, none())) {}
    scores &operator=(scores &&other) noexcept {
        if (this != &other) {
            owner::reset(other.owner::release());
            columns_ = std::exchange(other.columns_, none());
        }
        return *this;
    }

    std::size_t size() const noexcept { return detail::size(columns_.rows); }
    bool empty() const noexcept { return size() == 0; }
    instant as_of() const noexcept { return instant(columns_.as_of_ms); }

    /* All columns as C sees them, with what has no span below. */
    const pmkt_rfm_columns &columns() const noexcept { return columns_; }

    span<const std::uint64_t> user() const noexcept { return view(columns_.user); }
    span<const std::int32_t> recency_days() const noexcept { return view(columns_.recency_days); }
    span<const std::int64_t> orders() const noexcept { return view(columns_.orders); }
    span<const double> orders_per_month() const noexcept { return view(columns_.orders_per_month); }
    span<const std::int64_t> average_order() const noexcept { return view(columns_.average_order); }
    span<const std::int64_t> revenue() const noexcept { return view(columns_.revenue); }
    span<const std::int32_t> tenure_days() const noexcept { return view(columns_.tenure_days); }
    span<const std::uint8_t> r() const noexcept { return view(columns_.r); }
    span<const std::uint8_t> f() const noexcept { return view(columns_.f); }
    span<const std::uint8_t> m() const noexcept { return view(columns_.m); }
    span<const std::uint8_t> segment() const noexcept { return view(columns_.segment); }
    span<const std::uint8_t> activity() const noexcept { return view(columns_.activity); }
    span<const std::uint8_t> lifecycle() const noexcept { return view(columns_.lifecycle); }
    span<const std::uint8_t> brand_stage() const noexcept { return view(columns_.brand_stage); }
    span<const std::uint8_t> tier() const noexcept { return view(columns_.tier); }
    span<const std::uint8_t> flags() const noexcept { return view(columns_.flags); }
    span<const std::int64_t> tier_spend() const noexcept { return view(columns_.tier_spend); }
    span<const std::int64_t> to_next_tier() const noexcept { return view(columns_.to_next_tier); }

    /* The cuts of the quantile scheme; empty in the other. */
    span<const double> r_cuts() const noexcept { return cuts(columns_.r_cuts); }
    span<const double> f_cuts() const noexcept { return cuts(columns_.f_cuts); }
    span<const std::int64_t> m_cuts() const noexcept { return cuts(columns_.m_cuts); }

    /* The row of a user, and the rows of many, where -1 is a user who has none. */
    std::optional<std::size_t> find(std::uint64_t user) const {
        std::int64_t row = -1;
        detail::call(
            [&](pmkt_error *err) { return pmkt_rfm_scores_find(get(), &user, 1, &row, err); });
        if (row < 0) return std::nullopt;
        return detail::size(row);
    }
    std::vector<std::int64_t> find(span<const std::uint64_t> users) const {
        std::vector<std::int64_t> row(users.size());
        detail::call([&](pmkt_error *err) {
            return pmkt_rfm_scores_find(get(), users.data(), detail::rows(users.size()), row.data(),
                                        err);
        });
        return row;
    }

    /* Codes of a PMKT_RFM_BY_ grouping run from 0; names live as long as the scores, and are empty
       for a code that does not exist. */
    std::int32_t codes(std::int32_t by) const noexcept { return pmkt_rfm_scores_codes(get(), by); }
    std::string_view name(std::int32_t by, std::int32_t code) const noexcept {
        const char *text = pmkt_rfm_scores_name(get(), by, code);
        return text ? std::string_view(text) : std::string_view();
    }

    /* The customers of each code summed up, in order of code, empty groups included. */
    std::vector<group> groups(std::int32_t by) const {
        const std::int32_t n = codes(by);
        std::vector<pmkt_rfm_group> raw(n > 0 ? static_cast<std::size_t>(n) : 1);
        detail::call([&](pmkt_error *err) {
            return pmkt_rfm_summary(get(), by, raw.data(), sizeof(pmkt_rfm_group),
                                    detail::rows(raw.size()), err);
        });
        std::vector<group> out;
        out.reserve(raw.size());
        for (const pmkt_rfm_group &g : raw) out.push_back({g, name(by, g.code)});
        return out;
    }

    /* The columns as an Arrow stream, which lives on without the scores. */
    arrow_stream arrow(const arrow_options &options = arrow_options()) const {
        arrow_stream out;
        detail::call([&](pmkt_error *err) {
            return pmkt_rfm_scores_arrow(get(), &options, out.put(), err);
        });
        return out;
    }

    void reset() noexcept {
        owner::reset();
        columns_ = none();
    }
    [[nodiscard]] pmkt_rfm_scores *release() noexcept {
        columns_ = none();
        return owner::release();
    }
    pmkt_rfm_scores **put() = delete; /* scores(p) takes what a C function gave */

   private:
    static constexpr pmkt_rfm_columns none() noexcept { return PMKT_RFM_COLUMNS_INIT; }
    void look() {
        if (!get()) return;
        detail::call(
            [&](pmkt_error *err) { return pmkt_rfm_scores_columns(get(), &columns_, err); });
    }
    template <class T>
    span<const T> view(const T *data) const noexcept {
        return detail::view(data, columns_.rows);
    }
    template <class T>
    span<const T> cuts(const T *data) const noexcept {
        return detail::view(data, columns_.bins > 0 ? columns_.bins - 1 : 0);
    }

    pmkt_rfm_columns columns_ = PMKT_RFM_COLUMNS_INIT;
};

inline score_options &score_options::set_previous(const scores &earlier) noexcept {
    previous = earlier.get();
    return *this;
}

/* The state: takes batches of events in any order, merges, forgets, and is scored as of any date. */
class rfm : public owner<pmkt_rfm, pmkt_rfm_free> {
   public:
    explicit rfm(const rfm_options &options = rfm_options()) {
        detail::call([&](pmkt_error *err) { return pmkt_rfm_new(&options, put(), err); });
    }
    explicit rfm(std::nullptr_t) noexcept {}         /* empty */
    explicit rfm(pmkt_rfm *p) noexcept : owner(p) {} /* takes a handle of the C functions */

    /* Takes a batch, all of it or none; tells what became of its rows. The second form tells so even
       when it throws. */
    report add(const pmkt_events &batch, const run &how = run()) {
        report out;
        add(batch, out, how);
        return out;
    }
    void add(const pmkt_events &batch, report &out, const run &how = run()) {
        pmkt_report *told = out.prepare(batch.rows);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_add(get(), &batch, r, told, err);
        });
    }

    void merge(const rfm &from, const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_merge(get(), from.get(), r, err);
        });
    }

    /* Forgets users; how many different ones had something to forget. */
    std::int64_t forget(span<const std::uint64_t> users, instant when) {
        std::int64_t found = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_rfm_forget(get(), users.data(), detail::rows(users.size()), when.ms(),
                                   &found, err);
        });
        return found;
    }

    void compact(const run &how = run()) {
        detail::running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return pmkt_rfm_compact(get(), r, err); });
    }

    pmkt_rfm_counters stats() const {
        pmkt_rfm_counters out = PMKT_RFM_COUNTERS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_rfm_stats(get(), &out, err); });
        return out;
    }

    pmkt::scores score(instant as_of, const score_options &options = score_options(),
                       const run &how = run()) const {
        owner<pmkt_rfm_scores, pmkt_rfm_scores_free> out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_score(get(), as_of.ms(), &options, r, out.put(), err);
        });
        return pmkt::scores(out.release());
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_save(get(), path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_save_memory(get(), &options, r, out.put(), err);
        });
        return out;
    }
    static rfm load(const std::string &path, const load_options &options = load_options(),
                    const run &how = run()) {
        rfm out(nullptr);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static rfm load_memory(bytes from, const load_options &options = load_options(),
                           const run &how = run()) {
        rfm out(nullptr);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }
    static rfm map(const std::string &path, const load_options &options = load_options()) {
        rfm out(nullptr);
        detail::call(
            [&](pmkt_error *err) { return pmkt_rfm_map(path.c_str(), &options, out.put(), err); });
        return out;
    }
    void verify(const run &how = run()) const {
        detail::running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return pmkt_rfm_verify(get(), r, err); });
    }
};

/* How customers moved between two scorings. Immutable: any number of threads may read it. */
class migration : public owner<pmkt_rfm_migration, pmkt_rfm_migration_free> {
   public:
    migration() noexcept = default;
    explicit migration(pmkt_rfm_migration *p) noexcept : owner(p) {}
    migration(const scores &before, const scores &after, std::int32_t by = PMKT_RFM_BY_SEGMENT,
              const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_rfm_migrate(before.get(), after.get(), by, r, put(), err);
        });
    }

    /* Codes with "absent", which is the last. */
    std::int32_t codes() const noexcept {
        std::int32_t n = 0;
        pmkt_rfm_migration_matrix(get(), &n);
        return n;
    }
    std::string_view name(std::int32_t code) const noexcept {
        const char *text = pmkt_rfm_migration_name(get(), code);
        return text ? std::string_view(text) : std::string_view();
    }

    /* codes() rows of codes() numbers; and one of them, 0 for a code that does not exist. */
    span<const std::int64_t> matrix() const noexcept {
        std::int32_t n = 0;
        const std::int64_t *cell = pmkt_rfm_migration_matrix(get(), &n);
        return detail::view(cell, static_cast<std::int64_t>(n) * n);
    }
    std::int64_t count(std::int32_t from, std::int32_t to) const noexcept {
        return detail::rows(users(from, to).size());
    }

    /* Who went from one code to another; borrowed, as are the lists. */
    span<const std::uint64_t> users(std::int32_t from, std::int32_t to) const noexcept {
        std::int64_t n = 0;
        const std::uint64_t *id = pmkt_rfm_migration_users(get(), from, to, &n);
        return detail::view(id, n);
    }

    /* Whom to win back, and who was won back: highest revenue first. */
    span<const std::uint64_t> win_back() const noexcept { return list(PMKT_RFM_LIST_WIN_BACK); }
    span<const std::uint64_t> won_back() const noexcept { return list(PMKT_RFM_LIST_WON_BACK); }
    span<const std::uint64_t> list(std::int32_t which) const noexcept {
        std::int64_t n = 0;
        const std::uint64_t *id = pmkt_rfm_migration_list(get(), which, &n);
        return detail::view(id, n);
    }

    pmkt_rfm_rates rates() const {
        pmkt_rfm_rates out = PMKT_RFM_RATES_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_rfm_migration_rates(get(), &out, err); });
        return out;
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
