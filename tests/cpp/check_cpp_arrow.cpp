/*
 * Arrow streams through the C++ headers: scores go out as a stream, and come back in as events, in two
 * forms; every stream is released exactly once, whoever fails.
 */
#include <numeric>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

const pmkt::instant NOW = pmkt::parse_time("2026-02-01");

pmkt::scores scores_of(std::size_t users) {
    std::vector<std::uint64_t> user(users);
    std::iota(user.begin(), user.end(), std::uint64_t{1});
    const std::vector<std::int64_t> time(users, (NOW - std::chrono::hours(30)).ms());
    std::vector<std::int64_t> amount(users);
    for (std::size_t i = 0; i < users; i++) amount[i] = static_cast<std::int64_t>(100 + i);
    pmkt::events batch;
    batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER).currency("CNY", 2);
    pmkt::rfm rfm;
    rfm.add(batch);
    return rfm.score(NOW);
}

/* Counts how often a stream is released, and passes everything on. */
struct watched {
    explicit watched(pmkt::arrow_stream &&from) : inner(std::move(from)) {
        stream.get_schema = [](ArrowArrayStream *s, ArrowSchema *out) {
            return inner_of(s)->get_schema(inner_of(s), out);
        };
        stream.get_next = [](ArrowArrayStream *s, ArrowArray *out) {
            return inner_of(s)->get_next(inner_of(s), out);
        };
        stream.get_last_error = [](ArrowArrayStream *s) {
            return inner_of(s)->get_last_error(inner_of(s));
        };
        stream.release = [](ArrowArrayStream *s) {
            static_cast<watched *>(s->private_data)->released++;
            s->release = nullptr;
        };
        stream.private_data = this;
    }
    static ArrowArrayStream *inner_of(ArrowArrayStream *s) {
        return static_cast<watched *>(s->private_data)->inner.get();
    }
    pmkt::arrow_stream inner;
    ArrowArrayStream stream = {};
    int released = 0;
};

/* The raw columns of scores, read as orders of the users: what they spent, so many days after 1970. */
pmkt::arrow_columns as_orders() {
    pmkt::arrow_columns columns;
    columns.user = "user";
    columns.time = "tier_spend"; /* any integers will do */
    columns.amount_minor = "revenue";
    columns.every_kind = PMKT_KIND_ORDER;
    return columns;
}

pmkt::arrow_options raw_columns() {
    pmkt::arrow_options options;
    options.raw = 1;
    return options;
}

TEST(a_stream_has_one_owner) {
    pmkt::arrow_stream a = scores_of(3).arrow(); /* which outlives the scores */
    CHECK(a && a.get()->release);
    pmkt::arrow_stream b(std::move(a));
    CHECK(!a && b);
    a = std::move(b);
    CHECK(a && !b);
    pmkt::arrow_stream &same = a;
    a = std::move(same);
    CHECK(a);
    a.reset();
    CHECK(!a && !pmkt::arrow_stream());
    THROWN(pmkt::invalid, pmkt::scores().arrow());
}

TEST(batches_of_a_stream_are_a_range) {
    const pmkt::scores scores = scores_of(1000);
    watched in(scores.arrow(raw_columns()));
    {
        pmkt::arrow_events reader(&in.stream, as_orders());
        pmkt::rfm rfm;
        std::int64_t batches = 0;
        for (const pmkt_events &batch : reader) batches += rfm.add(batch).accepted() > 0;
        CHECK(batches == 1 && rfm.stats().rows_accepted == 1000);
        const pmkt::scores again = rfm.score(NOW);
        CHECK(again.revenue()[*again.find(7)] == 106);
        CHECK(!reader.next() && reader.begin() == reader.end());
        CHECK(reader.all().rows == 0);
    }
    CHECK(in.released == 1);
}

TEST(all_of_a_stream_is_one_batch) {
    pmkt::arrow_events reader(scores_of(10).arrow(raw_columns()), as_orders());
    CHECK(reader.all(pmkt::run().threads(1)).rows == 10);
    pmkt::arrow_events moved(std::move(reader));
    CHECK(!reader && moved && !moved.next());
    THROWN(pmkt::invalid, reader.next());
}

TEST(a_failure_releases_the_stream_too) {
    const pmkt::scores scores = scores_of(10);
    pmkt::arrow_columns columns = as_orders();
    columns.user = "nobody";
    watched in(scores.arrow());
    THROWN(pmkt::invalid, pmkt::arrow_events(&in.stream, columns));
    CHECK(in.released == 1 && !in.stream.release);

    watched second(scores.arrow()); /* money as decimals, names as texts */
    columns.user = "user";
    columns.time = "segment"; /* no time */
    THROWN(pmkt::invalid, pmkt::arrow_events(&second.stream, columns));
    CHECK(second.released == 1);
}

TEST(items_come_the_same_way) {
    pmkt::arrow_item_columns columns;
    columns.item = "user";
    columns.price = "revenue"; /* a decimal, exact */
    pmkt::arrow_items reader(scores_of(5).arrow(), columns);
    std::int64_t sum = 0;
    for (const pmkt_items &batch : reader) {
        CHECK(pmkt::check_items(batch).accepted() == batch.rows);
        for (std::int64_t i = 0; i < batch.rows; i++) sum += batch.price[i];
    }
    CHECK(sum == 100 + 101 + 102 + 103 + 104);
}

TEST(ids_come_from_a_column) {
    pmkt::arrow_stream stream = scores_of(4).arrow();
    std::vector<std::uint64_t> id(4);
    std::int64_t n = 0;
    pmkt_error err;
    pmkt::check(pmkt_arrow_ids(stream.get(), "segment", nullptr, nullptr, id.data(), 4, &n, &err),
                err);
    CHECK(n == 4 && id[0] == pmkt::id_of("active-low-low") && !stream);
}

}  // namespace

int main() {
    return checker::run();
}
