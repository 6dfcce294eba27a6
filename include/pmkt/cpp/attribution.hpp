/*
 * attribution.hpp - credit of channels, and paths from events, of attribution.h.
 */
#ifndef PMKT_CPP_ATTRIBUTION_HPP
#define PMKT_CPP_ATTRIBUTION_HPP

#include "../attribution.h"
#include "base.hpp"
#include "events.hpp"
#include "idset.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* -------------------------------------------------------------------- paths */

/* What customers met; borrowed until the call is done. */
class attribution_paths {
   public:
    /* Path i met channels from at[i] up to at[i + 1], oldest first. */
    attribution_paths(column<std::int64_t> at, column<std::uint64_t> channel) {
        if (at.size() == 0 || at.data()[at.size() - 1] != channel.rows()) {
            detail::refuse("at must end at the %zu touches that it cuts", channel.size());
        }
        raw_.paths = at.rows() - 1;
        raw_.at = at.data();
        raw_.channel = channel.data();
    }
    /* Milliseconds of each touch. */
    attribution_paths &time(column<std::int64_t> c) { return set(raw_.time, c, touches(), "time"); }

    /* Of each path: how many converted, what that was worth, and how many went in vain. */
    attribution_paths &conversions(column<double> c) {
        return set(raw_.conversions, c, rows(), "conversions");
    }
    attribution_paths &values(column<double> c) { return set(raw_.values, c, rows(), "values"); }
    attribution_paths &nulls(column<double> c) { return set(raw_.nulls, c, rows(), "nulls"); }

    const pmkt_attribution_paths *get() const noexcept { return &raw_; }
    operator const pmkt_attribution_paths &() const noexcept { return raw_; }
    std::size_t rows() const noexcept { return detail::size(raw_.paths); }
    std::size_t touches() const noexcept { return detail::size(raw_.at[raw_.paths]); }

   private:
    template <class T>
    attribution_paths &set(const T *&field, column<T> c, std::size_t expected, const char *name) {
        if (c.size() != expected) {
            detail::refuse("%s has %zu elements, not %zu", name, c.size(), expected);
        }
        field = c.data();
        return *this;
    }
    pmkt_attribution_paths raw_ = PMKT_ATTRIBUTION_PATHS_INIT;
};

/* How events become paths; the pointers are borrowed until the call is done. */
struct attribution_data_options : pmkt_attribution_data_options {
    attribution_data_options() noexcept
        : pmkt_attribution_data_options(PMKT_ATTRIBUTION_DATA_OPTIONS_INIT) {}

    attribution_data_options &set_touch_kinds(column<std::int32_t> kinds) noexcept {
        touch_kinds = kinds.data();
        n_touch_kinds = kinds.rows();
        return *this;
    }
    attribution_data_options &set_users(const idset &consenting) noexcept {
        users = consenting.get();
        return *this;
    }
};

/* Paths made from events. Immutable: any number of threads may read it. */
class attribution_data : public owner<pmkt_attribution_data, pmkt_attribution_data_free> {
   public:
    attribution_data() noexcept = default;
    explicit attribution_data(pmkt_attribution_data *p) noexcept : owner(p) {} /* takes a handle */
    explicit attribution_data(const pmkt_events &batch,
                              const attribution_data_options &options = attribution_data_options(),
                              const run &how = run()) {
        make(batch, nullptr, options, how);
    }
    /* The same; says what became of the rows, even when it throws. */
    attribution_data(const pmkt_events &batch, report &out,
                     const attribution_data_options &options = attribution_data_options(),
                     const run &how = run()) {
        make(batch, out.prepare(batch.rows), options, how);
    }

    /* For the calls below; borrowed. */
    pmkt_attribution_paths paths() const {
        pmkt_attribution_paths out = PMKT_ATTRIBUTION_PATHS_INIT;
        detail::call(
            [&](pmkt_error *err) { return pmkt_attribution_data_paths(get(), &out, err); });
        return out;
    }

   private:
    void make(const pmkt_events &batch, pmkt_report *told, const attribution_data_options &options,
              const run &how) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_attribution_data_from_events(&batch, &options, r, told, put(), err);
        });
    }
};

/* ------------------------------------------------------------------- models */

struct attribution_options : pmkt_attribution_options {
    attribution_options() noexcept : pmkt_attribution_options(PMKT_ATTRIBUTION_OPTIONS_INIT) {}
    explicit attribution_options(std::int32_t which) noexcept : attribution_options() {
        model = which; /* PMKT_ATTRIBUTION_... */
    }
};

/* The credit of each touch, in the order of the paths; values are empty if these had none. */
struct attribution_credit {
    span<const double> conversions, values;
};

/* A finished attribution. Immutable: any number of threads may read it. */
class attribution : public owner<pmkt_attribution, pmkt_attribution_free> {
   public:
    attribution() noexcept = default;
    explicit attribution(pmkt_attribution *p) noexcept : owner(p) {} /* takes a handle */
    explicit attribution(const pmkt_attribution_paths &paths,
                         const attribution_options &options = attribution_options(),
                         const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_attribution_compute(&paths, &options, r, put(), err);
        });
    }

    /* All columns as C sees them, with the totals; borrowed, as are the spans. */
    pmkt_attribution_table table() const {
        pmkt_attribution_table out = PMKT_ATTRIBUTION_TABLE_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_attribution_columns(get(), &out, err); });
        return out;
    }

    /* One row a channel, most conversions first; what there is not is empty. */
    span<const std::uint64_t> channel() const { return of_rows(table().channel); }
    span<const double> conversions() const { return of_rows(table().conversions); }
    span<const double> value() const { return of_rows(table().value); }
    span<const double> removal_effect() const { return of_rows(table().removal_effect); }
    span<const double> value_removal_effect() const {
        return of_rows(table().value_removal_effect);
    }
    span<const double> low() const { return of_rows(table().low); }
    span<const double> high() const { return of_rows(table().high); }
    span<const double> value_low() const { return of_rows(table().value_low); }
    span<const double> value_high() const { return of_rows(table().value_high); }
    span<const std::int64_t> touches() const { return of_rows(table().touches); }
    span<const std::int64_t> paths() const { return of_rows(table().paths); }

    attribution_credit credit() const {
        const double *conversions = nullptr, *values = nullptr;
        std::int64_t n = 0;
        detail::call([&](pmkt_error *err) {
            return pmkt_attribution_touches(get(), &conversions, &values, &n, err);
        });
        return {detail::view(conversions, n), detail::view(values, n)};
    }

   private:
    template <class T>
    span<const T> of_rows(const T *data) const {
        return detail::view(data, table().rows);
    }
};

struct attribution_order_options : pmkt_attribution_order_options {
    attribution_order_options() noexcept
        : pmkt_attribution_order_options(PMKT_ATTRIBUTION_ORDER_OPTIONS_INIT) {}
};

/* Which order of a Markov chain foretells best. */
inline pmkt_attribution_orders attribution_order(
    const pmkt_attribution_paths &paths,
    const attribution_order_options &options = attribution_order_options(),
    const run &how = run()) {
    pmkt_attribution_orders out = PMKT_ATTRIBUTION_ORDERS_INIT;
    detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
        return pmkt_attribution_order(&paths, &options, r, &out, err);
    });
    return out;
}

/* The name of a model, such as "time_decay"; empty for a number that is none. */
inline std::string_view attribution_model_name(std::int32_t model) noexcept {
    const char *name = pmkt_attribution_model_name(model);
    return name ? std::string_view(name) : std::string_view();
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
