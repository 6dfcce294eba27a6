/* Times, money, and batches of events and items of the C++ headers. */
#include <array>
#include <limits>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::system_clock;

/* -------------------------------------------------------------------- time */

static_assert(!std::is_convertible_v<std::int64_t, pmkt::instant>); /* seconds would pass as ms */
static_assert(std::is_convertible_v<system_clock::time_point, pmkt::instant>);

TEST(instants_are_time_points_rounded_down) {
    using us = std::chrono::time_point<system_clock, std::chrono::microseconds>;
    CHECK(pmkt::instant(us(std::chrono::microseconds(1999))).ms() == 1);
    CHECK(pmkt::instant(us(std::chrono::microseconds(-1))).ms() == -1);
    const pmkt::instant t(1700000000123);
    CHECK(pmkt::instant(t.time_point()) == t);
    CHECK((t + hours(1)).ms() == 1700003600123);
    CHECK((t - seconds(1)).ms() == 1699999999123 && t - seconds(1) < t && t - seconds(1) != t);
}

TEST(times_are_read_and_written_in_a_zone) {
    const pmkt::zone beijing(minutes(480));
    const pmkt::instant t = pmkt::parse_time("2026-02-01 08:30", beijing);
    CHECK(t == pmkt::parse_time("2026-02-01T00:30:00Z"));
    CHECK(pmkt::format_time(t, beijing) == "2026-02-01 08:30:00");
    CHECK(pmkt::format_time(t) == "2026-02-01 00:30:00");
    const pmkt::parse_error e = THROWN(pmkt::parse_error, pmkt::parse_time("2026-02-01 8h"));
    CHECK(e.where_kind() == PMKT_WHERE_BYTE);
    /* A string_view need not end in a NUL. */
    CHECK(pmkt::parse_time(std::string_view("2026-02-01999", 10)) ==
          pmkt::parse_time("2026-02-01"));
}

std::vector<pmkt_transition> summer_of_2026() {
    return {{pmkt::parse_time("2026-03-29T01:00:00Z").ms(), 60, 0},
            {pmkt::parse_time("2026-10-25T01:00:00Z").ms(), 0, 0}};
}

TEST(a_zone_owns_its_table_wherever_it_goes) {
    pmkt::zone first(minutes(0), summer_of_2026());
    const pmkt::zone copy(first);
    pmkt::zone moved(std::move(first));
    first = pmkt::zone(minutes(-300)); /* what was moved from may be used again */
    for (const pmkt::zone *zone : {&copy, static_cast<const pmkt::zone *>(&moved)}) {
        CHECK(zone->get()->n_transitions == 2);
        CHECK(pmkt::format_time(pmkt::parse_time("2026-07-01T00:00:00Z"), *zone) ==
              "2026-07-01 01:00:00");
        const std::int32_t day =
            zone->days(std::array{pmkt::parse_time("2026-06-30T23:30:00Z").ms()}).front();
        CHECK(zone->day_start(day) == pmkt::parse_time("2026-06-30T23:00:00Z"));
    }
    CHECK(copy.get()->transitions != moved.get()->transitions);
    CHECK(pmkt::format_time(pmkt::parse_time("2026-07-01T00:00:00Z"), first) ==
          "2026-06-30 19:00:00");
    std::vector<std::int64_t> local = {pmkt::parse_time("2026-07-01").ms()};
    moved.to_utc(local);
    CHECK(pmkt::instant(local[0]) == pmkt::parse_time("2026-06-30T23:00:00Z"));
}

TEST(a_bad_table_names_its_row) {
    std::vector<pmkt_transition> table = summer_of_2026();
    std::swap(table[0], table[1]);
    const pmkt::zone zone(minutes(0), table);
    const std::vector<std::int64_t> ms = {0};
    const pmkt::invalid e = THROWN(pmkt::invalid, zone.days(ms));
    CHECK(e.where_kind() == PMKT_WHERE_ROW && e.where() == 1);
}

/* ------------------------------------------------------------------- money */

TEST(money_is_minor_units) {
    CHECK(pmkt::parse_money("-1234.5") == -123450);
    CHECK(pmkt::parse_money("0.5", 0) == 1);
    const std::vector<double> price = {29.33, 10.0, std::numeric_limits<double>::quiet_NaN()};
    const std::vector<double> quantity = {1, 3, 1};
    CHECK(pmkt::to_minor(price) == std::vector<std::int64_t>{2933, 1000, PMKT_AMOUNT_NULL});
    CHECK(pmkt::to_minor(price, quantity, 1) ==
          std::vector<std::int64_t>{293, 300, PMKT_AMOUNT_NULL});
    const std::vector<double> huge = {1, 1e300};
    CHECK(THROWN(pmkt::bad_row, pmkt::to_minor(huge)).where() == 1);
    CHECK(THROWN(pmkt::invalid, pmkt::to_minor(price, huge)).code() == PMKT_E_INVALID);
}

/* ------------------------------------------------------------------ events */

struct three_rows {
    std::vector<std::uint64_t> user = {1, 2, 3};
    std::vector<std::int64_t> time = {1000, 2000, 3000};
    std::vector<std::uint16_t> kind = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER};
    std::vector<std::uint64_t> id = {4, 5, 6};
    std::vector<std::int64_t> amount = {PMKT_AMOUNT_NULL, PMKT_AMOUNT_NULL, 300};
    std::vector<double> weight = {0.5, 1.5, 2.5};
    std::vector<std::uint8_t> reject = {0, 0, 0};
};

TEST(a_batch_borrows_every_column) {
    three_rows d;
    pmkt::events batch;
    batch.user(d.user).time(d.time).kind(d.kind).item(d.id).category(d.id).order(d.id).session(
        d.id);
    batch.channel(d.id).event_id(d.id).amount(d.amount).quantity(d.amount).reject(d.reject);
    batch.extra("weight", d.weight).extra("shop", d.id).extra("count", d.time);
    batch.skip_bad().currency("CNY", 2);
    const pmkt_events *raw = batch.get();
    CHECK(batch.rows() == 3 && raw->rows == 3 && raw->struct_size == sizeof(pmkt_events));
    CHECK(raw->user == d.user.data() && raw->time == d.time.data() && raw->kind == d.kind.data());
    CHECK(raw->item == d.id.data() && raw->category == d.id.data() && raw->order == d.id.data());
    CHECK(raw->session == d.id.data() && raw->channel == d.id.data());
    CHECK(raw->event_id == d.id.data() && raw->amount == d.amount.data());
    CHECK(raw->quantity == d.amount.data() && raw->reject == d.reject.data());
    CHECK(raw->n_extra == 3 && raw->extra[0].type == PMKT_TYPE_DOUBLE);
    CHECK(raw->extra[1].type == PMKT_TYPE_UINT64 && raw->extra[2].type == PMKT_TYPE_INT64);
    CHECK(raw->on_bad == PMKT_ON_BAD_SKIP && std::string_view(raw->currency) == "CNY");
    CHECK(raw->currency_exponent == 2);
    CHECK(pmkt::check_events(batch).accepted() == 3);

    pmkt::events moved(std::move(batch));
    CHECK(moved.get()->extra[2].data == d.time.data() && moved.rows() == 3);
    CHECK(batch.rows() == 0 && !batch.get()->user && !batch.get()->extra);
    batch.user(std::array<std::uint64_t, 1>{7}.size() == 1 ? d.user : d.id); /* as good as new */
    CHECK(batch.rows() == 3);
}

TEST(columns_of_other_lengths_are_refused_by_name) {
    three_rows d;
    const std::vector<std::int64_t> two = {1, 2};
    pmkt::events batch;
    batch.user(d.user);
    const pmkt::invalid e = THROWN(pmkt::invalid, batch.time(two));
    CHECK(std::string_view(e.what()).find("time has 2 rows") != std::string_view::npos);
    CHECK(batch.rows() == 3 && !batch.get()->time);
    THROWN(pmkt::invalid, batch.extra("x", two));
    THROWN(pmkt::invalid, batch.extra(nullptr, d.weight));
    THROWN(pmkt::invalid, batch.currency("RENMINBI", 2));
    CHECK(batch.get()->n_extra == 0);
    const std::vector<std::uint64_t> none;
    pmkt::events empty;
    empty.user(none);
    THROWN(pmkt::invalid, empty.time(two)); /* a first column without rows is one, too */
}

TEST(a_report_says_which_rows_were_bad) {
    three_rows d;
    std::vector<std::uint64_t> user(20, 1);
    std::vector<std::int64_t> time(20, 1000);
    user[3] = PMKT_ID_NONE;
    time[17] = PMKT_TIME_NULL;
    pmkt::events batch;
    batch.user(user).time(time).every_kind(PMKT_KIND_VIEW);
    pmkt::report report;
    const pmkt::bad_row e = THROWN(pmkt::bad_row, pmkt::check_events(batch, report));
    CHECK(e.where_kind() == PMKT_WHERE_ROW && e.where() == 3);
    CHECK(report.rejected() == 2 && report.first_bad() == 3 && report.accepted() == 0);

    batch.skip_bad();
    const pmkt::report skipped = pmkt::check_events(batch);
    CHECK(skipped.rows() == 20 && skipped.accepted() == 18 && skipped.ignored() == 0);
    CHECK(skipped.rejected(PMKT_BAD_USER) == 1 && skipped.rejected(PMKT_BAD_TIME) == 1);
    CHECK(skipped.rejected(-1) == 0 && skipped.rejected(PMKT_BAD_REASONS) == 0);
    for (std::size_t row = 0; row < 40; row++) {
        CHECK(skipped.is_rejected(row) == (row == 3 || row == 17));
    }
    CHECK(pmkt::kind_of("order") == PMKT_KIND_ORDER);
    CHECK(pmkt::kind_name(PMKT_KIND_ORDER) == std::string_view("order"));
}

/* ------------------------------------------------------------------- items */

TEST(items_have_vectors) {
    const std::vector<std::uint64_t> item = {1, 2};
    const std::vector<std::int64_t> price = {100, PMKT_AMOUNT_NULL};
    const std::vector<float> vector = {1, 2, 3, 4, 5, 6};
    pmkt::items batch;
    batch.item(item).category(item).brand(item).price(price).stock(price).vector(vector, 3);
    CHECK(batch.rows() == 2 && batch.get()->dimensions == 3);
    CHECK(batch.get()->vector == vector.data() && batch.get()->brand == item.data());
    THROWN(pmkt::invalid, batch.vector(vector, 4));
    THROWN(pmkt::invalid, batch.vector(vector, 0));
    THROWN(pmkt::invalid, batch.vector(vector, 2)); /* three vectors for two items */
    const pmkt::items moved(std::move(batch));
    CHECK(moved.rows() == 2 && batch.rows() == 0);
}

/* --------------------------------------------------------------------- ids */

TEST(ids_of_strings_are_those_of_every_language) {
    CHECK(pmkt::id_of("abc") == UINT64_C(0x78af5f94892f3950));
    CHECK(pmkt::id_of("") == UINT64_C(0x2d06800538d394c2));
    const std::vector<std::string> names = {"abc", "", "17850"};
    CHECK(pmkt::ids_of(names) == std::vector<std::uint64_t>{UINT64_C(0x78af5f94892f3950),
                                                            UINT64_C(0x2d06800538d394c2),
                                                            UINT64_C(0x54b331012e93d836)});
    const pmkt::strings joined = pmkt::strings::of(names);
    CHECK(joined.size() == 3 && joined[0] == "abc" && joined[1].empty() && joined[2] == "17850");
    CHECK(pmkt::strings().size() == 0);
}

}  // namespace

int main() {
    return checker::run();
}
