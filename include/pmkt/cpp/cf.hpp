/*
 * cf.hpp - training data, models, questions and the hot-reload place of cf.h.
 */
#ifndef PMKT_CPP_CF_HPP
#define PMKT_CPP_CF_HPP

#include <functional>

#include "../cf.h"
#include "base.hpp"
#include "events.hpp"
#include "file.hpp"
#include "idset.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* ------------------------------------------------------------------ options */

/* How events become a matrix; the pointers are borrowed until the call is done. */
struct cf_data_options : pmkt_cf_data_options {
    cf_data_options() noexcept : pmkt_cf_data_options(PMKT_CF_DATA_OPTIONS_INIT) {}

    cf_data_options &set_weights(column<pmkt_cf_weight> table) noexcept {
        weights = table.data();
        n_weights = table.rows();
        return *this;
    }
    cf_data_options &set_users(const idset &consenting) noexcept {
        users = consenting.get();
        return *this;
    }
};

struct cf_als_options : pmkt_cf_als_options {
    cf_als_options() noexcept : pmkt_cf_als_options(PMKT_CF_ALS_OPTIONS_INIT) {}
};

struct cf_knn_options : pmkt_cf_knn_options {
    cf_knn_options() noexcept : pmkt_cf_knn_options(PMKT_CF_KNN_OPTIONS_INIT) {}
};

struct cf_popularity_options : pmkt_cf_popularity_options {
    cf_popularity_options() noexcept
        : pmkt_cf_popularity_options(PMKT_CF_POPULARITY_OPTIONS_INIT) {}
};

/* --------------------------------------------------------------------- data */

/* A sparse matrix of the caller's; borrowed until the call is done. */
class cf_matrix {
   public:
    /* `at` has one element more than there are users; `item` and `weight` have at.back() elements. */
    cf_matrix(std::int64_t items, column<std::int64_t> at, column<std::int32_t> item) {
        if (at.size() == 0) detail::refuse("at has no element; expected one more than users");
        raw_.users = at.rows() - 1;
        raw_.items = items;
        raw_.at = at.data();
        raw_.item = item.data();
        match(item.size(), at.data()[at.size() - 1], "item");
    }
    cf_matrix &weight(column<float> c) {
        match(c.size(), raw_.at[raw_.users], "weight");
        raw_.weight = c.data();
        return *this;
    }
    cf_matrix &user_id(column<std::uint64_t> c) {
        match(c.size(), raw_.users, "user_id");
        raw_.user_id = c.data();
        return *this;
    }
    cf_matrix &item_id(column<std::uint64_t> c) {
        match(c.size(), raw_.items, "item_id");
        raw_.item_id = c.data();
        return *this;
    }
    cf_matrix &category(column<std::uint64_t> c) {
        match(c.size(), raw_.items, "category");
        raw_.category = c.data();
        return *this;
    }
    const pmkt_cf_matrix *get() const noexcept { return &raw_; }

   private:
    static void match(std::size_t n, std::int64_t expected, const char *name) {
        if (detail::rows(n) != expected) {
            detail::refuse("%s has %zu elements, not %lld", name, n,
                           static_cast<long long>(expected));
        }
    }
    pmkt_cf_matrix raw_ = PMKT_CF_MATRIX_INIT;
};

/*
 * Training data; copies share it. Immutable: any number of threads may read it.
 */
class cf_data {
   public:
    cf_data() noexcept = default;
    explicit cf_data(pmkt_cf_data *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    cf_data(const cf_data &other) noexcept
        : p_(other.p_ ? pmkt_cf_data_retain(other.p_) : nullptr) {}
    cf_data(cf_data &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    cf_data &operator=(cf_data other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~cf_data() { pmkt_cf_data_release(p_); }

    /* Of a batch of events; the second form says what became of its rows, even when it throws. */
    explicit cf_data(const pmkt_events &batch, const cf_data_options &options = cf_data_options(),
                     const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_data_from_events(&batch, &options, r, nullptr, &p_, err);
        });
    }
    cf_data(const pmkt_events &batch, report &out,
            const cf_data_options &options = cf_data_options(), const run &how = run()) {
        pmkt_report *told = out.prepare(batch.rows);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_data_from_events(&batch, &options, r, told, &p_, err);
        });
    }
    explicit cf_data(const cf_matrix &matrix, const run &how = run()) {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_data_from_matrix(matrix.get(), nullptr, r, &p_, err);
        });
    }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_cf_data *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_cf_data *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_cf_data **put() noexcept {
        *this = cf_data();
        return &p_;
    }

    pmkt_cf_data_counts info() const {
        pmkt_cf_data_counts out = PMKT_CF_DATA_COUNTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_data_info(p_, &out, err); });
        return out;
    }

    /* By users, and by items; borrowed. */
    pmkt_cf_matrix by_user() const {
        pmkt_cf_matrix out = PMKT_CF_MATRIX_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_data_matrix(p_, &out, nullptr, err); });
        return out;
    }
    pmkt_cf_matrix by_item() const {
        pmkt_cf_matrix out = PMKT_CF_MATRIX_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_data_matrix(p_, nullptr, &out, err); });
        return out;
    }

   private:
    pmkt_cf_data *p_ = nullptr;
};

/* Collects events that come in more than one batch. */
class cf_builder : public owner<pmkt_cf_builder, pmkt_cf_builder_free> {
   public:
    explicit cf_builder(std::int64_t max_bytes = 0) {
        detail::call(
            [&](pmkt_error *err) { return pmkt_cf_builder_new(nullptr, max_bytes, put(), err); });
    }
    explicit cf_builder(std::nullptr_t) noexcept {}                /* empty */
    explicit cf_builder(pmkt_cf_builder *p) noexcept : owner(p) {} /* takes a handle */

    report add(const pmkt_events &batch, const run &how = run()) {
        report out;
        add(batch, out, how);
        return out;
    }
    void add(const pmkt_events &batch, report &out, const run &how = run()) {
        pmkt_report *told = out.prepare(batch.rows);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_builder_add(get(), &batch, r, told, err);
        });
    }
    cf_data build(const cf_data_options &options = cf_data_options(),
                  const run &how = run()) const {
        cf_data out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_builder_build(get(), &options, r, out.put(), err);
        });
        return out;
    }
    std::int64_t memory_bytes() const noexcept { return pmkt_cf_builder_bytes(get()); }
};

/* ---------------------------------------------------------------- questions */

/* Working memory of one thread: with it a question for one row allocates nothing in C once warm. */
class cf_scratch : public owner<pmkt_cf_scratch, pmkt_cf_scratch_free> {
   public:
    cf_scratch() {
        detail::call([&](pmkt_error *err) { return pmkt_cf_scratch_new(nullptr, put(), err); });
    }
};

/* What to ask; the pointers are borrowed until the call is done. */
struct cf_query : pmkt_cf_query {
    cf_query() noexcept : pmkt_cf_query(PMKT_CF_QUERY_INIT) {}
    explicit cf_query(std::int32_t n) noexcept : cf_query() { k = n; }

    cf_query &set_allow(const idset &only) noexcept {
        allow = only.get();
        return *this;
    }
    cf_query &set_deny(const idset &not_these) noexcept {
        deny = not_these.get();
        return *this;
    }
    cf_query &set_min_score(float least) noexcept {
        has_min_score = 1;
        min_score = least;
        return *this;
    }
    /* Row i leaves out ids from at[i] up to at[i + 1]. */
    cf_query &set_exclude(column<std::int64_t> at, column<std::uint64_t> ids) {
        if (at.size() == 0 || at.data()[at.size() - 1] != ids.rows()) {
            detail::refuse("exclude_at must end at the %zu ids that it cuts", ids.size());
        }
        exclude_at = at.data();
        exclude = ids.data();
        excluded_rows_ = at.size() - 1;
        return *this;
    }
    cf_query &set_scratch(cf_scratch &memory) noexcept {
        scratch = memory.get();
        return *this;
    }

    /* Whether set_exclude spoke of so many rows. */
    void match(std::size_t rows) const {
        if (excluded_rows_ != none && excluded_rows_ != rows) {
            detail::refuse("exclusions of %zu rows, but %zu rows are asked", excluded_rows_, rows);
        }
    }

   private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t excluded_rows_ = none;
};

/* What somebody did whom the model need not know; borrowed until the call is done. */
class cf_history {
   public:
    /* Row i did items from at[i] up to at[i + 1]. */
    cf_history(column<std::int64_t> at, column<std::uint64_t> items) {
        if (at.size() == 0 || at.data()[at.size() - 1] != items.rows()) {
            detail::refuse("at must end at the %zu items that it cuts", items.size());
        }
        size_ = items.size();
        raw_.rows = at.rows() - 1;
        raw_.at = at.data();
        raw_.items = items.data();
    }
    cf_history &weights(column<float> c) {
        if (c.size() != size_) {
            detail::refuse("%zu weights of %zu items", c.size(), size_);
        }
        raw_.weights = c.data();
        return *this;
    }
    const pmkt_cf_history *get() const noexcept { return &raw_; }
    std::size_t rows() const noexcept { return detail::size(raw_.rows); }

   private:
    pmkt_cf_history raw_ = PMKT_CF_HISTORY_INIT;
    std::size_t size_ = 0;
};

/*
 * The answers of some rows. One that is passed in again keeps its memory, so that a service asks
 * without allocation.
 */
class cf_answer {
   public:
    std::size_t rows() const noexcept { return counts_.size(); }

    /* Of one row, best first; and why it is as it is: PMKT_CF_ANSWERED, ... */
    span<const std::uint64_t> ids(std::size_t row) const noexcept {
        return {ids_.data() + start(row), detail::size(counts_[row])};
    }
    span<const float> scores(std::size_t row) const noexcept {
        return {scores_.data() + start(row), detail::size(counts_[row])};
    }
    int reason(std::size_t row) const noexcept { return reasons_[row]; }

    /* Lends itself to a call that answers k a row, or, cut by `at`, as pmkt_cf_rank does. */
    pmkt_cf_answer prepare(std::size_t rows, std::size_t k) {
        if (k != 0 && rows > ids_.max_size() / k) {
            detail::refuse("%zu rows of %zu answers are too many", rows, k);
        }
        k_ = k;
        at_.clear();
        return lend(rows, rows * k);
    }
    pmkt_cf_answer prepare(span<const std::int64_t> at) {
        k_ = 0;
        at_.assign(at.begin(), at.end());
        return lend(at_.size() - 1, detail::size(at_.back()));
    }

   private:
    std::size_t start(std::size_t row) const noexcept {
        return at_.empty() ? row * k_ : detail::size(at_[row]);
    }
    pmkt_cf_answer lend(std::size_t rows, std::size_t n) {
        ids_.resize(n ? n : 1); /* never NULL */
        scores_.resize(n ? n : 1);
        counts_.assign(rows, 0);
        counts_.reserve(1);
        reasons_.assign(rows, 0);
        reasons_.reserve(1);
        pmkt_cf_answer out = PMKT_CF_ANSWER_INIT;
        out.ids = ids_.data();
        out.scores = scores_.data();
        out.counts = counts_.data();
        out.reasons = reasons_.data();
        return out;
    }

    std::vector<std::uint64_t> ids_;
    std::vector<float> scores_;
    std::vector<std::int32_t> counts_;
    std::vector<std::uint8_t> reasons_;
    std::vector<std::int64_t> at_;
    std::size_t k_ = 0;
};

/* ------------------------------------------------------------------- models */

/* Told after each iteration of ALS; true says that this is enough. */
using cf_watch = std::function<bool(std::int32_t iteration, double loss)>;

namespace detail {

/* Lends a cf_watch to C, and keeps what it throws from crossing C. */
class watching {
   public:
    watching(const cf_watch &watch, pmkt_cf_als_options &options) noexcept : watch_(watch) {
        if (watch_) options.each = {&watching::tell, this};
    }
    watching(const watching &) = delete;
    watching &operator=(const watching &) = delete;
    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

   private:
    static int tell(void *ctx, std::int32_t iteration, double loss) noexcept {
        watching *self = static_cast<watching *>(ctx);
#if PMKT_CPP_EXCEPTIONS
        try {
            return self->watch_(iteration, loss) ? 1 : 0;
        } catch (...) {
            self->thrown_ = std::current_exception();
            return 1;
        }
#else
        return self->watch_(iteration, loss) ? 1 : 0;
#endif
    }
    const cf_watch &watch_;
    std::exception_ptr thrown_;
};

}  // namespace detail

/*
 * A model; copies share it. Immutable: any number of threads may ask it, each with an answer and a
 * scratch of its own.
 */
class cf_model {
   public:
    cf_model() noexcept = default;
    explicit cf_model(pmkt_cf *p) noexcept : p_(p) {} /* takes a handle of the C functions */
    cf_model(const cf_model &other) noexcept : p_(other.p_ ? pmkt_cf_retain(other.p_) : nullptr) {}
    cf_model(cf_model &&other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
    cf_model &operator=(cf_model other) noexcept {
        std::swap(p_, other.p_);
        return *this;
    }
    ~cf_model() { pmkt_cf_release(p_); }

    /* An exception that leaves `each` ends the fit and leaves it in its place. */
    static cf_model als(const cf_data &data, const cf_als_options &options = cf_als_options(),
                        const run &how = run(), const cf_watch &each = cf_watch()) {
        cf_als_options mine = options;
        const detail::watching watching(each, mine);
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            const pmkt_status status = pmkt_cf_als_fit(data.get(), &mine, r, out.put(), err);
            watching.rethrow();
            return status;
        });
        return out;
    }
    static cf_model knn(const cf_data &data, const cf_knn_options &options = cf_knn_options(),
                        const run &how = run()) {
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_knn_fit(data.get(), &options, r, out.put(), err);
        });
        return out;
    }
    static cf_model popularity(const cf_data &data,
                               const cf_popularity_options &options = cf_popularity_options(),
                               const run &how = run()) {
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_popularity_fit(data.get(), &options, r, out.put(), err);
        });
        return out;
    }
    /* From factors made elsewhere; `seen` may be empty. */
    static cf_model from_factors(const pmkt_cf_factors &factors, const cf_data &seen = cf_data(),
                                 const cf_als_options &options = cf_als_options(),
                                 const run &how = run()) {
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_from_factors(&factors, seen.get(), &options, r, out.put(), err);
        });
        return out;
    }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    const pmkt_cf *get() const noexcept { return p_; }
    [[nodiscard]] pmkt_cf *release() noexcept { return std::exchange(p_, nullptr); }
    pmkt_cf **put() noexcept {
        *this = cf_model();
        return &p_;
    }

    pmkt_cf_facts info() const {
        pmkt_cf_facts out = PMKT_CF_FACTS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_info(p_, &out, err); });
        return out;
    }
    pmkt_cf_factors factors() const { /* borrowed */
        pmkt_cf_factors out = PMKT_CF_FACTORS_INIT;
        detail::call([&](pmkt_error *err) { return pmkt_cf_get_factors(p_, &out, err); });
        return out;
    }
    span<const std::uint64_t> users() const { /* ascending, borrowed; so are the items */
        const std::uint64_t *id = nullptr;
        std::int64_t n = 0;
        detail::call(
            [&](pmkt_error *err) { return pmkt_cf_ids(p_, &id, &n, nullptr, nullptr, err); });
        return detail::view(id, n);
    }
    span<const std::uint64_t> items() const {
        const std::uint64_t *id = nullptr;
        std::int64_t n = 0;
        detail::call(
            [&](pmkt_error *err) { return pmkt_cf_ids(p_, nullptr, nullptr, &id, &n, err); });
        return detail::view(id, n);
    }

    /* The best items for each user. The second form of each question reuses an answer's memory. Any k
       will do: there is room for as many answers as the model can give. */
    cf_answer recommend(span<const std::uint64_t> users, const cf_query &query = cf_query(),
                        const run &how = run()) const {
        cf_answer out;
        recommend(users, query, out, how);
        return out;
    }
    void recommend(span<const std::uint64_t> users, const cf_query &query, cf_answer &out,
                   const run &how = run()) const {
        ask(pmkt_cf_recommend, users, within(query, info().items), out, how);
    }
    cf_answer similar_items(span<const std::uint64_t> items, const cf_query &query = cf_query(),
                            const run &how = run()) const {
        cf_answer out;
        similar_items(items, query, out, how);
        return out;
    }
    void similar_items(span<const std::uint64_t> items, const cf_query &query, cf_answer &out,
                       const run &how = run()) const {
        ask(pmkt_cf_similar_items, items, within(query, info().items), out, how);
    }
    cf_answer similar_users(span<const std::uint64_t> users, const cf_query &query = cf_query(),
                            const run &how = run()) const {
        cf_answer out;
        similar_users(users, query, out, how);
        return out;
    }
    void similar_users(span<const std::uint64_t> users, const cf_query &query, cf_answer &out,
                       const run &how = run()) const {
        ask(pmkt_cf_similar_users, users, within(query, info().users), out, how);
    }
    cf_answer recommend(const cf_history &history, const cf_query &query = cf_query(),
                        const run &how = run()) const {
        cf_answer out;
        recommend(history, query, out, how);
        return out;
    }
    void recommend(const cf_history &history, const cf_query &query, cf_answer &out,
                   const run &how = run()) const {
        query.match(history.rows());
        const cf_query mine = within(query, info().items);
        const pmkt_cf_answer room = out.prepare(history.rows(), detail::size(mine.k));
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_recommend_history(p_, history.get(), &mine, r, &room, err);
        });
    }

    /* The factors of each history, row by row. */
    std::vector<float> fold_in(const cf_history &history, const run &how = run()) const {
        const std::size_t n = history.rows() * static_cast<std::size_t>(info().factors);
        std::vector<float> out(n ? n : 1);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_fold_in(p_, history.get(), nullptr, r, out.data(), err);
        });
        out.resize(n);
        return out;
    }

    /* Orders items for each user: row i those from at[i] up to at[i + 1]. */
    cf_answer rank(span<const std::uint64_t> users, span<const std::int64_t> at,
                   span<const std::uint64_t> items, const run &how = run()) const {
        if (at.size() != users.size() + 1 || at.back() != detail::rows(items.size())) {
            detail::refuse("at must have one element more than the %zu users and end at %zu",
                           users.size(), items.size());
        }
        cf_answer out;
        const pmkt_cf_answer room = out.prepare(at);
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_rank(p_, users.data(), detail::rows(users.size()), at.data(),
                                items.data(), nullptr, r, &room, err);
        });
        return out;
    }

    void save(const std::string &path, const save_options &options = save_options(),
              const run &how = run()) const {
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_save(p_, path.c_str(), &options, r, err);
        });
    }
    buffer save_memory(const save_options &options = save_options(), const run &how = run()) const {
        buffer out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_save_memory(p_, &options, r, out.put(), err);
        });
        return out;
    }
    static cf_model load(const std::string &path, const load_options &options = load_options(),
                         const run &how = run()) {
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_load(path.c_str(), &options, r, out.put(), err);
        });
        return out;
    }
    static cf_model load_memory(bytes from, const load_options &options = load_options(),
                                const run &how = run()) {
        cf_model out;
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return pmkt_cf_load_memory(from.data(), from.size(), &options, r, out.put(), err);
        });
        return out;
    }
    static cf_model map(const std::string &path, const load_options &options = load_options()) {
        cf_model out;
        detail::call(
            [&](pmkt_error *err) { return pmkt_cf_map(path.c_str(), &options, out.put(), err); });
        return out;
    }
    void verify(const run &how = run()) const {
        detail::running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return pmkt_cf_verify(p_, r, err); });
    }

   private:
    /* The same query for no more answers than there can be: they need no memory. */
    static cf_query within(const cf_query &query, std::int64_t known) {
        if (query.k < 0) detail::refuse("k is %d; expected 0 or more", query.k);
        cf_query out = query;
        if (out.k == 0) out.k = 10; /* as cf.h says */
        if (out.k > known) out.k = known > 0 ? static_cast<std::int32_t>(known) : 1;
        return out;
    }
    template <class F>
    void ask(F question, span<const std::uint64_t> rows, const cf_query &query, cf_answer &out,
             const run &how) const {
        query.match(rows.size());
        const pmkt_cf_answer room = out.prepare(rows.size(), detail::size(query.k));
        detail::running{how}([&](const pmkt_run *r, pmkt_error *err) {
            return question(p_, rows.data(), detail::rows(rows.size()), &query, r, &room, err);
        });
    }

    pmkt_cf *p_ = nullptr;
};

/* --------------------------------------------------------------- hot reload */

/* The place of a service's current model: any number of threads call current(), one swaps. */
class cf_live : public owner<pmkt_cf_live, pmkt_cf_live_free> {
   public:
    explicit cf_live(const cf_model &model = cf_model()) {
        detail::call(
            [&](pmkt_error *err) { return pmkt_cf_live_new(model.get(), nullptr, put(), err); });
    }

    /* Empty if there is none. */
    cf_model current() const noexcept {
        return cf_model(pmkt_cf_live_get(const_cast<pmkt_cf_live *>(get())));
    }
    /* Of models, not of places: unlike std::swap it may throw. */
    void swap(const cf_model &model) { /* NOLINT(bugprone-exception-escape) */
        detail::call([&](pmkt_error *err) { return pmkt_cf_live_swap(get(), model.get(), err); });
    }
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
