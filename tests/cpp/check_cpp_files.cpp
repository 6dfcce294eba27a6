/* States saved, loaded and mapped through the C++ headers. */
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <pmkt.hpp>

#include "checker.hpp"

namespace {

const pmkt::instant NOW = pmkt::parse_time("2026-02-01");

/* A file that is gone with the test. */
struct temporary {
    temporary()
        : path(std::filesystem::temp_directory_path() /
               ("check_cpp_files_" + std::to_string(getpid()) + ".pmkt")) {}
    ~temporary() { std::remove(path.c_str()); }
    std::string path;
};

pmkt::rfm state_of(std::size_t users) {
    std::vector<std::uint64_t> user(users);
    std::vector<std::int64_t> time(users), amount(users, 5000);
    for (std::size_t i = 0; i < users; i++) {
        user[i] = i + 1;
        time[i] = (NOW - std::chrono::hours(i % 5000 + 1)).ms();
    }
    pmkt::events batch;
    batch.user(user).time(time).amount(amount).every_kind(PMKT_KIND_ORDER);
    pmkt::rfm rfm;
    rfm.add(batch);
    return rfm;
}

bool same(const pmkt::rfm &a, const pmkt::rfm &b) {
    const pmkt::scores x = a.score(NOW), y = b.score(NOW);
    return x.size() == y.size() && std::equal(x.user().begin(), x.user().end(), y.user().begin()) &&
           std::equal(x.revenue().begin(), x.revenue().end(), y.revenue().begin());
}

TEST(a_state_is_saved_loaded_and_mapped) {
    const temporary file;
    const pmkt::rfm rfm = state_of(3000);
    rfm.save(file.path);
    CHECK(pmkt::inspect_file(file.path).kind == PMKT_FILE_RFM);
    pmkt::verify_file(file.path);
    CHECK(same(rfm, pmkt::rfm::load(file.path)));
    pmkt::rfm mapped = pmkt::rfm::map(file.path);
    mapped.verify();
    CHECK(same(rfm, mapped));
    mapped.merge(state_of(10)); /* goes on in memory; the file is as it was */
    CHECK(!same(rfm, mapped) && same(rfm, pmkt::rfm::load(file.path)));
}

TEST(equal_states_are_equal_bytes) {
    const pmkt::buffer a = state_of(3000).save_memory(), b = state_of(3000).save_memory();
    CHECK(a.size() == b.size() && a.size() > 0 && std::memcmp(a.data(), b.data(), a.size()) == 0);
    CHECK(same(state_of(3000), pmkt::rfm::load_memory(a)));
    pmkt::save_options packed;
    packed.compression = 3;
    const pmkt::buffer small = state_of(3000).save_memory(packed);
    CHECK(small.size() < a.size() && same(state_of(3000), pmkt::rfm::load_memory(small)));
}

TEST(damage_is_found_and_named) {
    const pmkt::buffer saved = state_of(3000).save_memory();
    std::string bytes(static_cast<const char *>(saved.data()), saved.size());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    const pmkt::corrupt e = THROWN(pmkt::corrupt, pmkt::rfm::load_memory(bytes));
    CHECK(e.where_kind() == PMKT_WHERE_BYTE && e.where() >= 0);
    const temporary file;
    std::ofstream(file.path, std::ios::binary) << bytes;
    THROWN(pmkt::corrupt, pmkt::verify_file(file.path));
    THROWN(pmkt::corrupt, pmkt::rfm::map(file.path).verify());
    pmkt::ids ids;
    ids.encode("ann");
    THROWN(pmkt::bad_format, pmkt::rfm::load_memory(ids.save_memory()));
}

TEST(loading_takes_limits_and_cancels) {
    const pmkt::buffer saved = state_of(200000).save_memory();
    pmkt::load_options options;
    options.max_bytes = 1000;
    THROWN(pmkt::limit_reached, pmkt::rfm::load_memory(saved, options));
    const pmkt::run stop = pmkt::run().progress([](double, const char *) { return true; });
    THROWN(pmkt::canceled, pmkt::rfm::load_memory(saved, {}, stop));
    THROWN(pmkt::canceled, state_of(200000).save_memory({}, stop));
    CHECK(THROWN(pmkt::io_error, state_of(1).save("/nowhere/at/all.pmkt")).sys_errno() == ENOENT);
}

}  // namespace

int main() {
    return checker::run();
}
