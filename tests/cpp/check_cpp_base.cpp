/* Errors, owners, spans, long calls and memory resources of the C++ headers. */
#include <array>
#include <atomic>
#include <cmath>
#include <numeric>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

constexpr std::int64_t DAY = 86400000;
using namespace std::string_literals;

/* Orders of so many users, one each. */
struct orders {
    explicit orders(std::size_t n) : user(n), time(n), amount(n, 1000) {
        std::iota(user.begin(), user.end(), std::uint64_t{1});
        for (std::size_t i = 0; i < n; i++) time[i] = DAY * static_cast<std::int64_t>(i % 100);
        batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER);
    }
    std::vector<std::uint64_t> user;
    std::vector<std::int64_t> time, amount;
    pmkt::events batch;
};

/* ------------------------------------------------------------------- errors */

template <class E>
void has_its_class(pmkt_status code) {
    pmkt_error e{};
    e.code = code;
    e.sys_errno = 28;
    e.where_kind = PMKT_WHERE_BYTE;
    e.where = 12345678901;
    std::strcpy(e.message, "what was wrong");
    const E thrown = THROWN(E, pmkt::raise(e));
    CHECK(thrown.code() == code);
    CHECK(thrown.sys_errno() == 28);
    CHECK(thrown.where_kind() == PMKT_WHERE_BYTE);
    CHECK(thrown.where() == 12345678901);
    CHECK(thrown.what() == "what was wrong"s);
}

TEST(every_code_throws_its_class_with_the_place) {
    has_its_class<pmkt::invalid>(PMKT_E_INVALID);
    has_its_class<pmkt::bad_row>(PMKT_E_BAD_ROW);
    has_its_class<pmkt::overflow>(PMKT_E_OVERFLOW);
    has_its_class<pmkt::mismatch>(PMKT_E_MISMATCH);
    has_its_class<pmkt::unsupported>(PMKT_E_UNSUPPORTED);
    has_its_class<pmkt::limit_reached>(PMKT_E_LIMIT);
    has_its_class<pmkt::canceled>(PMKT_E_CANCELED);
    has_its_class<pmkt::parse_error>(PMKT_E_PARSE);
    has_its_class<pmkt::io_error>(PMKT_E_IO);
    has_its_class<pmkt::corrupt>(PMKT_E_CORRUPT);
    has_its_class<pmkt::bad_format>(PMKT_E_FORMAT);
    has_its_class<pmkt::collision>(PMKT_E_COLLISION);
    has_its_class<pmkt::forked>(PMKT_E_FORKED);
    has_its_class<pmkt::error>(9999);
}

TEST(a_code_that_has_no_class_yet_would_be_missed_here) {
    int named = 0;
    for (pmkt_status code = 0; code < 1000; code++) {
        named += std::strcmp(pmkt_status_name(code), "PMKT_E_?") != 0;
    }
    CHECK(named == 1 + 13 + 1); /* PMKT_OK, those above, PMKT_E_NOMEM */
}

TEST(memory_that_runs_out_is_a_bad_alloc_with_a_sentence) {
    pmkt_error e{};
    e.code = PMKT_E_NOMEM;
    std::memset(e.message, 'x', sizeof e.message); /* no NUL: must not be read beyond */
    const pmkt::out_of_memory thrown = THROWN(pmkt::out_of_memory, pmkt::raise(e));
    CHECK(std::strlen(thrown.what()) == sizeof e.message - 1);
    bool caught = false;
    try {
        pmkt::raise(e);
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    CHECK(caught);
}

TEST(errors_are_runtime_errors_and_come_from_real_calls) {
    try {
        pmkt::parse_time("2026-02-31");
        CHECK(false);
    } catch (const std::runtime_error &e) {
        CHECK(std::strlen(e.what()) > 10);
    }
    const pmkt::parse_error e = THROWN(pmkt::parse_error, pmkt::parse_money("12x"));
    CHECK(e.where_kind() == PMKT_WHERE_BYTE && e.where() == 2);
    pmkt_error err;
    const pmkt_status status = pmkt_rfm_stats(nullptr, nullptr, &err);
    CHECK(THROWN(pmkt::invalid, pmkt::check(status, err)).code() == status);
    pmkt::check(PMKT_OK, err);
}

/* ------------------------------------------------------------------- owners */

static_assert(!std::is_copy_constructible_v<pmkt::rfm> && !std::is_copy_assignable_v<pmkt::rfm>);
static_assert(std::is_nothrow_move_constructible_v<pmkt::rfm> &&
              std::is_nothrow_move_assignable_v<pmkt::rfm>);
static_assert(std::is_nothrow_move_constructible_v<pmkt::scores> &&
              std::is_nothrow_move_assignable_v<pmkt::scores>);
static_assert(!std::is_copy_constructible_v<pmkt::events> &&
              std::is_nothrow_move_constructible_v<pmkt::events>);
static_assert(!std::is_convertible_v<pmkt_rfm *, pmkt::rfm>);
static_assert(sizeof(pmkt::rfm) == sizeof(void *) && sizeof(pmkt::idset) == sizeof(void *));

TEST(a_moved_from_owner_is_empty_and_says_so) {
    orders data(3);
    pmkt::rfm a;
    a.add(data.batch);
    pmkt::rfm b(std::move(a));
    CHECK(!a && b);
    CHECK(THROWN(pmkt::invalid, a.stats()).code() == PMKT_E_INVALID);
    CHECK(THROWN(pmkt::invalid, a.add(data.batch)).code() == PMKT_E_INVALID);
    CHECK(b.stats().rows_accepted == 3);
    a = std::move(b);
    CHECK(a && !b);
    CHECK(a.stats().rows_accepted == 3);
}

TEST(moving_onto_itself_changes_nothing) {
    orders data(3);
    pmkt::rfm rfm;
    rfm.add(data.batch);
    pmkt::rfm &same = rfm;
    rfm = std::move(same);
    CHECK(rfm && rfm.stats().rows_accepted == 3);
    pmkt::scores scores = rfm.score(pmkt::instant(200 * DAY));
    pmkt::scores &same_scores = scores;
    scores = std::move(same_scores);
    CHECK(scores && scores.size() == 3 && scores.user().size() == 3);
    pmkt::events &same_batch = data.batch;
    data.batch = std::move(same_batch);
    CHECK(data.batch.rows() == 3);
}

TEST(assigning_frees_what_was_there) {
    pmkt::rfm a, b; /* leaks are for the sanitizers to find */
    a = std::move(b);
    a = pmkt::rfm();
    a.reset();
    CHECK(!a);
    a.reset();
}

TEST(handles_go_to_c_and_come_back) {
    pmkt_error err;
    pmkt::rfm rfm(nullptr);
    CHECK(!rfm);
    CHECK(pmkt_rfm_new(nullptr, rfm.put(), &err) == PMKT_OK);
    CHECK(rfm && rfm.stats().customers == 0);
    CHECK(pmkt_rfm_new(nullptr, rfm.put(), &err) == PMKT_OK); /* the first is freed */
    pmkt_rfm *raw = rfm.release();
    CHECK(!rfm && raw);
    const pmkt::rfm again(raw);
    CHECK(again.get() == raw);

    pmkt_rfm_scores *given = nullptr;
    CHECK(pmkt_rfm_score(raw, 0, nullptr, nullptr, &given, &err) == PMKT_OK);
    pmkt::scores scores(given);
    CHECK(scores && scores.empty());
    pmkt_rfm_scores_free(scores.release());
    CHECK(!scores);
}

/* -------------------------------------------------------------------- spans */

static_assert(std::is_constructible_v<pmkt::column<std::uint64_t>, std::vector<std::uint64_t> &>);
static_assert(
    std::is_constructible_v<pmkt::column<std::uint64_t>, const std::array<std::uint64_t, 3> &>);
static_assert(std::is_constructible_v<pmkt::column<std::uint64_t>, const std::uint64_t (&)[3]>);
static_assert(std::is_constructible_v<pmkt::column<std::uint64_t>, pmkt::span<std::uint64_t>>);
static_assert(
    std::is_constructible_v<pmkt::column<std::uint64_t>, pmkt::span<const std::uint64_t>>);
/* A temporary dies before the call, another type is another column. */
static_assert(!std::is_constructible_v<pmkt::column<std::uint64_t>, std::vector<std::uint64_t>>);
static_assert(!std::is_constructible_v<pmkt::column<std::uint64_t>, std::vector<std::int64_t> &>);
static_assert(!std::is_constructible_v<pmkt::column<std::int64_t>, std::vector<std::int32_t> &>);
static_assert(!std::is_constructible_v<pmkt::column<std::int64_t>, std::vector<double> &>);

TEST(a_span_is_a_view) {
    std::vector<int> v = {1, 2, 3, 4};
    pmkt::span<int> s(v);
    const pmkt::span<const int> c = s;
    s[0] = 9;
    CHECK(v[0] == 9 && c[0] == 9 && c.front() == 9 && c.back() == 4 && c.size() == 4);
    CHECK(std::accumulate(c.begin(), c.end(), 0) == 18);
    CHECK(c.first(2).size() == 2 && c.last(1)[0] == 4 && c.subspan(1)[0] == 2);
    CHECK(c.subspan(1, 2).size() == 2 && c.data() == v.data());
    CHECK(pmkt::span<int>().empty() && !c.empty());
}

#if __cplusplus >= 202002L
static_assert(std::is_same_v<pmkt::span<const int>, std::span<const int>>);
#endif

/* --------------------------------------------------------------- long calls */

TEST(progress_rises_to_one_on_the_calling_thread) {
    orders data(300000);
    pmkt::rfm rfm;
    int calls = 0;
    double last = -1;
    bool rises = true;
    rfm.add(data.batch, pmkt::run().threads(2).progress([&](double done, const char *stage) {
        rises = rises && done >= last && done <= 1 && stage && *stage;
        last = done;
        calls++;
    }));
    CHECK(calls > 0 && rises);
}

TEST(a_true_answer_cancels_and_nothing_has_changed) {
    orders data(300000);
    pmkt::rfm rfm;
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    CHECK(THROWN(pmkt::canceled, rfm.add(data.batch, stop)).code() == PMKT_E_CANCELED);
    CHECK(rfm.stats().rows_accepted == 0);
    rfm.add(data.batch);
    CHECK(THROWN(pmkt::canceled, rfm.score(pmkt::instant(200 * DAY), {}, stop)).where_kind() ==
          PMKT_WHERE_NONE);
    CHECK(rfm.score(pmkt::instant(200 * DAY)).size() == 300000);
}

struct my_exception : std::exception {
    explicit my_exception(int n) : number(n) {}
    int number;
};

TEST(what_a_callback_throws_comes_out_of_the_call) {
    orders data(300000);
    pmkt::rfm rfm;
    int calls = 0;
    const pmkt::run how = pmkt::run().progress([&](double, const char *) {
        calls++;
        throw my_exception(42);
    });
    CHECK(THROWN(my_exception, rfm.add(data.batch, how)).number == 42);
    CHECK(calls == 1);
    CHECK(rfm.stats().rows_accepted == 0);
    rfm.add(data.batch);
    CHECK(THROWN(my_exception, rfm.score(pmkt::instant(200 * DAY), {}, how)).number == 42);
}

TEST(a_callback_may_be_a_reference) {
    orders data(1000);
    struct counter {
        void operator()(double, const char *) { calls++; }
        int calls = 0;
    } counter;
    pmkt::rfm rfm;
    rfm.add(data.batch, pmkt::run().progress(std::ref(counter)));
    CHECK(counter.calls > 0);
    CHECK(THROWN(pmkt::invalid, rfm.add(data.batch, pmkt::run().threads(-1))).code() ==
          PMKT_E_INVALID);
}

/* ------------------------------------------------------------------- memory */

#if defined(__cpp_lib_memory_resource)

class counting : public std::pmr::memory_resource {
   public:
    std::atomic<std::int64_t> live{0}, calls{0}, fail_from{INT64_MAX};

   private:
    void *do_allocate(std::size_t bytes, std::size_t align) override {
        if (++calls > fail_from) throw std::bad_alloc();
        live += static_cast<std::int64_t>(bytes);
        return std::pmr::new_delete_resource()->allocate(bytes, align);
    }
    void do_deallocate(void *p, std::size_t bytes, std::size_t align) override {
        live -= static_cast<std::int64_t>(bytes);
        std::pmr::new_delete_resource()->deallocate(p, bytes, align);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override {
        return this == &other;
    }
};

TEST(a_memory_resource_serves_a_handle) {
    counting memory;
    pmkt_allocator allocator = pmkt::allocator_of(memory);
    pmkt::rfm_options options;
    options.allocator = &allocator;
    {
        orders data(50000);
        pmkt::rfm rfm(options);
        rfm.add(data.batch);
        rfm.compact();
        CHECK(memory.live >= rfm.stats().bytes / 2 && memory.calls > 1);
        CHECK(rfm.score(pmkt::instant(200 * DAY)).size() == 50000);
    }
    CHECK(memory.live == 0); /* every size given back was the size taken */
}

TEST(a_resource_that_throws_is_a_bad_alloc_and_nothing_leaks) {
    orders data(1000);
    int failed = 0;
    for (std::int64_t from = 0; from < 100000; from++) {
        counting memory;
        pmkt_allocator allocator = pmkt::allocator_of(memory);
        pmkt::rfm_options options;
        options.allocator = &allocator;
        memory.fail_from = from;
        bool done = false;
        try {
            pmkt::rfm rfm(options);
            rfm.add(data.batch);
            done = rfm.score(pmkt::instant(200 * DAY)).size() == 1000;
        } catch (const std::bad_alloc &) {
            failed++;
        }
        CHECK(memory.live == 0);
        if (done) break;
    }
    CHECK(failed >= 3);
}

#endif

TEST(the_library_is_the_one_of_the_headers) {
    CHECK(pmkt::version() == pmkt_version());
    CHECK(!pmkt::isa().empty() && !pmkt::build_info().empty());
}

}  // namespace

int main() {
    return checker::run();
}
