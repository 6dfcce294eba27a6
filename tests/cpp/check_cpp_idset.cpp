/* Sets of ids and batches of items of the C++ headers. */
#include <array>
#include <atomic>
#include <limits>
#include <pmkt.hpp>
#include <thread>

#include "checker.hpp"

namespace {

using ids = std::vector<std::uint64_t>;

TEST(a_set_changes_and_is_asked) {
    pmkt::idset set(ids{5, 3, 3, PMKT_ID_NONE, 9});
    CHECK(set.size() == 3 && !set.empty() && set.contains(3) && !set.contains(4));
    CHECK(set.list() == ids{3, 5, 9});
    set.update(ids{3, 5}, ids{5, 7});
    CHECK(set.list() == ids{5, 7, 9});
    set.add(11);
    set.remove(9);
    set.add(ids{1, 2});
    set.remove(ids{7, 1000});
    CHECK(set.list() == ids{1, 2, 5, 11} && set.memory_bytes() > 0);
    CHECK(set.contains(std::array<std::uint64_t, 3>{1, 7, 11}) ==
          std::vector<std::uint8_t>{1, 0, 1});
    CHECK(pmkt::idset().empty() && pmkt::idset().list().empty());
}

TEST(sets_combine) {
    const pmkt::idset a(ids{1, 2, 3}), b(ids{3, 4});
    CHECK((a | b).list() == ids{1, 2, 3, 4});
    CHECK((a & b).list() == ids{3});
    CHECK((a - b).list() == ids{1, 2});
    CHECK((a - a).empty());
}

TEST(a_moved_from_set_is_no_set) {
    pmkt::idset a(ids{1});
    const pmkt::idset b(std::move(a));
    CHECK(!a && a.size() == 0 && !a.contains(1) && b.contains(1));
    THROWN(pmkt::invalid, a.add(2));
    THROWN(pmkt::invalid, a.list());
    THROWN(pmkt::invalid, b & a);
}

/* Id 1 is always there, whatever else comes and goes. */
TEST(many_read_while_one_updates) {
    pmkt::idset set(ids{1});
    std::atomic<bool> done{false}, missed{false};
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; t++) {
        readers.emplace_back([&] {
            const pmkt::idset &mine = set;
            while (!done) {
                const ids all = mine.list();
                if (!mine.contains(1) || all.empty() || all[0] != 1) missed = true;
            }
        });
    }
    for (std::uint64_t id = 2; id < 2000; id++) {
        set.add(id);
        if (id % 3 == 0) set.remove(id - 1);
    }
    done = true;
    for (std::thread &reader : readers) reader.join();
    CHECK(!missed && set.contains(1999));
}

TEST(items_are_checked) {
    const ids item = {1, 2, 1, PMKT_ID_NONE};
    const std::vector<std::int64_t> price = {100, -1, 100, 100};
    pmkt::items batch;
    batch.item(item).price(price);
    pmkt::report report;
    CHECK(THROWN(pmkt::bad_row, pmkt::check_items(batch, report)).where() == 1);
    CHECK(report.rejected() == 3 && report.first_bad() == 1);
    batch.skip_bad();
    const pmkt::report skipped = pmkt::check_items(batch);
    CHECK(skipped.accepted() == 1 && skipped.rejected(PMKT_BAD_PRICE) == 1);
    CHECK(skipped.rejected(PMKT_BAD_DUPLICATE) == 1 && skipped.rejected(PMKT_BAD_ITEM) == 1);
    CHECK(!skipped.is_rejected(0) && skipped.is_rejected(2));
}

}  // namespace

int main() {
    return checker::run();
}
