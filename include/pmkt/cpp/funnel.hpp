/*
 * funnel.hpp - funnels and paths of funnel.h.
 */
#ifndef PMKT_CPP_FUNNEL_HPP
#define PMKT_CPP_FUNNEL_HPP

#include <initializer_list>

#include "../funnel.h"
#include "base.hpp"
#include "events.hpp"
#include "time.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* ------------------------------------------------------------------ funnels */

struct funnel_options : pmkt_funnel_options {
    funnel_options() noexcept : pmkt_funnel_options(PMKT_FUNNEL_OPTIONS_INIT) {}
};

/*
 * The steps of a funnel, kept here: pmkt::funnel_steps().step({PMKT_KIND_VIEW}).step({PMKT_KIND_CART}).
 */
class funnel_steps {
   public:
    /* One more: events of these kinds, or of every kind. */
    funnel_steps &step(std::initializer_list<std::int32_t> kinds = {}) {
        kinds_.emplace_back(kinds);
        return add();
    }
    funnel_steps &step(span<const std::int32_t> kinds) {
        kinds_.emplace_back(kinds.begin(), kinds.end());
        return add();
    }

    /* The step before must also be of these. */
    funnel_steps &item(std::uint64_t id) {
        last().item = id;
        return *this;
    }
    funnel_steps &category(std::uint64_t id) {
        last().category = id;
        return *this;
    }
    funnel_steps &channel(std::uint64_t id) {
        last().channel = id;
        return *this;
    }

    std::size_t size() const noexcept { return steps_.size(); }

    /* As C takes them; valid as long as these steps, unchanged. */
    std::vector<pmkt_funnel_step> raw() const {
        std::vector<pmkt_funnel_step> out = steps_;
        for (std::size_t i = 0; i < out.size(); i++) {
            out[i].kinds = kinds_[i].empty() ? nullptr : kinds_[i].data();
            out[i].n_kinds = detail::rows(kinds_[i].size());
        }
        return out;
    }

   private:
    funnel_steps &add() {
        steps_.push_back(pmkt_funnel_step{nullptr, 0, PMKT_ID_NONE, PMKT_ID_NONE, PMKT_ID_NONE});
        return *this;
    }
    pmkt_funnel_step &last() {
        if (steps_.empty()) detail::refuse("a condition needs a step before it");
        return steps_.back();
    }

    std::vector<std::vector<std::int32_t>> kinds_;
    std::vector<pmkt_funnel_step> steps_;
};

/* A funnel that was followed. Immutable: any number of threads may read it. */
class funnel : public owner<pmkt_funnel, pmkt_funnel_free> {
   public:
    funnel() noexcept = default;
    explicit funnel(pmkt_funnel *p) noexcept : owner(p) {} /* takes a handle of the C functions */
    funnel(const pmkt_events &batch, const funnel_steps &steps,
           const funnel_options &options = funnel_options(), const run &how = run()) {
        follow(batch, steps, nullptr, options, how);
    }
    /* The same; says what became of the rows, even when it throws. */
    funnel(const pmkt_events &batch, const funnel_steps &steps, report &out,
           const funnel_options &options = funnel_options(), const run &how = run()) {
        follow(batch, steps, out.prepare(batch.rows), options, how);
    }

    /* All columns as C sees them; borrowed, as are the spans. */
    pmkt_funnel_columns columns() const {
        pmkt_funnel_columns out = PMKT_FUNNEL_COLUMNS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_funnel_columns_of(get(), &out, err); });
        return out;
    }

    /* One number a step. */
    span<const std::int64_t> reached() const { return of_steps(columns().reached); }
    span<const std::int64_t> entered() const { return of_steps(columns().entered); }
    span<const std::int64_t> continued() const { return of_steps(columns().continued); }
    span<const std::int64_t> lost() const { return of_steps(columns().lost); }
    span<const double> conversion() const { return of_steps(columns().conversion); }
    span<const double> overall() const { return of_steps(columns().overall); }
    span<const double> p25_ms() const { return of_steps(columns().p25_ms); }
    span<const double> median_ms() const { return of_steps(columns().median_ms); }
    span<const double> p75_ms() const { return of_steps(columns().p75_ms); }

    /* What those did next who were lost. */
    span<const std::int32_t> next_step() const { return of_next(columns().next_step); }
    span<const std::int32_t> next_kind() const { return of_next(columns().next_kind); }
    span<const std::int64_t> next_n() const { return of_next(columns().next_n); }

    /* One attempt of each user (session) who has any. */
    span<const std::uint64_t> user() const { return of_attempts(columns().user); }
    span<const std::int32_t> first() const { return of_attempts(columns().first); }
    span<const std::int32_t> last() const { return of_attempts(columns().last); }
    span<const std::int64_t> begin_ms() const { return of_attempts(columns().begin_ms); }

   private:
    void follow(const pmkt_events &batch, const funnel_steps &steps, pmkt_report *told,
                const funnel_options &options, const run &how) {
        const std::vector<pmkt_funnel_step> raw = steps.raw();
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_funnel_new(&batch, raw.data(), detail::rows(raw.size()), &options, r, told,
                                   put(), err);
        });
    }
    template <class T>
    span<const T> of_steps(const T *data) const {
        return detail::view(data, columns().steps);
    }
    template <class T>
    span<const T> of_next(const T *data) const {
        return detail::view(data, columns().n_next);
    }
    template <class T>
    span<const T> of_attempts(const T *data) const {
        return detail::view(data, columns().attempts);
    }
};

/* -------------------------------------------------------------------- paths */

/* What to look at; the zone is borrowed until the call is done. */
struct paths_options : pmkt_paths_options {
    paths_options() noexcept : pmkt_paths_options(PMKT_PATHS_OPTIONS_INIT) {}

    paths_options &set_zone(const pmkt::zone &of_hours) noexcept {
        zone = of_hours.get();
        return *this;
    }
};

/* What sessions look like. Immutable: any number of threads may read it. */
class paths : public owner<pmkt_paths, pmkt_paths_free> {
   public:
    paths() noexcept = default;
    explicit paths(pmkt_paths *p) noexcept : owner(p) {} /* takes a handle of the C functions */
    explicit paths(const pmkt_events &batch, const paths_options &options = paths_options(),
                   const run &how = run()) {
        look(batch, nullptr, options, how);
    }
    /* The same; says what became of the rows, even when it throws. */
    paths(const pmkt_events &batch, report &out, const paths_options &options = paths_options(),
          const run &how = run()) {
        look(batch, out.prepare(batch.rows), options, how);
    }

    /* All columns as C sees them; borrowed, as are the spans. */
    pmkt_paths_columns columns() const {
        pmkt_paths_columns out = PMKT_PATHS_COLUMNS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_paths_columns_of(get(), &out, err); });
        return out;
    }

    /* The most frequent paths: how many there are, the kinds of one, and numbers of each. */
    std::size_t size() const { return detail::size(columns().n); }
    span<const std::int32_t> path(std::size_t i) const {
        const pmkt_paths_columns c = columns();
        if (i >= detail::size(c.n)) detail::refuse("there is no path %zu", i);
        return detail::view(c.kind + c.at[i], c.at[i + 1] - c.at[i]);
    }
    span<const std::int64_t> count() const { return of_paths(columns().count); }
    span<const std::int64_t> path_users() const { return of_paths(columns().path_users); }
    span<const std::int64_t> conversions() const { return of_paths(columns().conversions); }

    /* Moves from one action to the next. */
    span<const std::int32_t> from() const { return of_moves(columns().from); }
    span<const std::int32_t> to() const { return of_moves(columns().to); }
    span<const std::int64_t> moves() const { return of_moves(columns().moves); }
    span<const double> share() const { return of_moves(columns().share); }
    span<const double> move_ms() const { return of_moves(columns().move_ms); }

    /* Pages and how they are left. */
    span<const std::uint64_t> page() const { return of_pages(columns().page); }
    span<const std::int64_t> stays() const { return of_pages(columns().stays); }
    span<const std::int64_t> exits() const { return of_pages(columns().exits); }
    span<const std::int64_t> soon() const { return of_pages(columns().soon); }
    span<const double> stay_ms() const { return of_pages(columns().stay_ms); }

    /* Events of each hour of the week, and of users in theirs. */
    span<const std::int64_t> hours() const {
        return detail::view(columns().hours, std::int64_t{7} * 24);
    }
    span<const std::uint64_t> hour_user() const { return of_hours(columns().hour_user); }
    span<const std::int32_t> hour() const { return of_hours(columns().hour); }
    span<const std::int64_t> hour_events() const { return of_hours(columns().hour_events); }

   private:
    void look(const pmkt_events &batch, pmkt_report *told, const paths_options &options,
              const run &how) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_paths_new(&batch, &options, r, told, put(), err);
        });
    }
    template <class T>
    span<const T> of_paths(const T *data) const {
        return detail::view(data, columns().n);
    }
    template <class T>
    span<const T> of_moves(const T *data) const {
        return detail::view(data, columns().n_moves);
    }
    template <class T>
    span<const T> of_pages(const T *data) const {
        return detail::view(data, columns().n_pages);
    }
    template <class T>
    span<const T> of_hours(const T *data) const {
        return detail::view(data, columns().n_user_hours);
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
