/* Dictionaries and saved bytes of the C++ headers. */
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <pmkt.hpp>
#include <set>

#include "checker.hpp"

namespace {

using namespace std::string_literals;
const pmkt::instant NOW = pmkt::parse_time("2026-02-01");
const std::vector<std::string> NAMES = {"ann", "bob", "", "ann", "顾客一"};

/* A file that is gone with the test. */
struct temporary {
    temporary()
        : path(std::filesystem::temp_directory_path() /
               ("check_cpp_ids_" + std::to_string(getpid()) + ".pmkt")) {}
    ~temporary() { std::remove(path.c_str()); }
    std::string path;
};

TEST(strings_become_ids_and_come_back) {
    pmkt::ids ids;
    const std::vector<std::uint64_t> id = ids.encode(NAMES);
    CHECK(id.size() == 5 && id[0] == id[3] && id[0] == pmkt::id_of("ann"));
    CHECK(ids.encode("cid") == pmkt::id_of("cid"));
    CHECK(ids.encode("eve"s) == pmkt::id_of("eve"));
    CHECK(ids.encode(pmkt::strings::of(std::array{"x", "y"})).size() == 2);
    CHECK(ids.encode(std::set<std::string_view>{"p", "q"}).size() == 2);
    CHECK(*ids.name(id[4]) == "顾客一" && ids.name(id[2])->empty() && !ids.name(12345));
    CHECK(!ids.name(PMKT_ID_NONE));

    std::vector<std::uint8_t> known;
    const pmkt::strings back = ids.decode(std::array{id[1], std::uint64_t{12345}, id[4]}, &known);
    CHECK(back.size() == 3 && back[0] == "bob" && back[1].empty() && back[2] == "顾客一");
    CHECK(known == std::vector<std::uint8_t>{1, 0, 1});
    CHECK(ids.decode(std::array{id[2]})[0].empty());
    CHECK(ids.decode(std::vector<std::uint64_t>()).size() == 0);
    const std::vector<std::uint64_t> all = ids.list();
    CHECK(all.size() == 10 && std::is_sorted(all.begin(), all.end()));
    CHECK(pmkt::ids().list().empty());
}

TEST(a_string_view_need_not_end) {
    const std::string_view text("bobby", 3);
    pmkt::ids ids;
    CHECK(ids.encode(text) == pmkt::id_of("bob"));
    CHECK(*ids.name(pmkt::id_of("bob")) == "bob");
}

TEST(two_strings_of_one_id_are_a_collision) {
    /* XXH3 multiplies two 8-byte lanes of such texts; the first makes a factor zero. */
    const std::string lane = "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe";
    const std::vector<std::string> two = {"ann", lane + "AAAAAAAA0123456789abcdef",
                                          lane + "BBBBBBBB0123456789abcdef"};
    pmkt::ids ids;
    const pmkt::collision e = THROWN(pmkt::collision, ids.encode(two));
    CHECK(e.where_kind() == PMKT_WHERE_ROW && e.where() == 2);
    CHECK(ids.stats().strings == 0);
}

TEST(dictionaries_merge_and_forget) {
    pmkt::ids a, b;
    a.encode(NAMES);
    b.encode("dan");
    a.merge(b);
    CHECK(a.stats().strings == 5 && a.name(pmkt::id_of("dan")));
    CHECK(a.forgotten().empty());
    CHECK(a.forget(std::array{pmkt::id_of("dan"), pmkt::id_of("nobody")}, NOW) == 1);
    const auto gone = a.forgotten();
    CHECK(gone.size() == 2 && gone[0].id < gone[1].id && gone[0].when == NOW);
    CHECK(gone[0].id == pmkt::id_of("dan") || gone[1].id == pmkt::id_of("dan"));
    a.merge(b);
    CHECK(!a.name(pmkt::id_of("dan")) && a.stats().forgotten == 2);
    THROWN(pmkt::invalid, a.merge(a));
    pmkt::ids_options options;
    options.one_way = 1;
    pmkt::ids blind(options);
    CHECK(blind.encode("ann") == pmkt::id_of("ann") && !blind.name(pmkt::id_of("ann")));
    THROWN(pmkt::mismatch, a.merge(blind));
    options.one_way = 0;
    options.max_bytes = 1;
    THROWN(pmkt::limit_reached, pmkt::ids(options).encode(NAMES));
}

TEST(a_moved_from_dictionary_is_empty) {
    pmkt::ids a;
    a.encode(NAMES);
    const pmkt::ids b(std::move(a));
    CHECK(!a && b.stats().strings == 4);
    CHECK(!a.name(1));
    THROWN(pmkt::invalid, a.encode("x"));
    THROWN(pmkt::invalid, a.list());
}

TEST(a_dictionary_is_saved_loaded_and_mapped) {
    pmkt::ids ids;
    const std::vector<std::uint64_t> id = ids.encode(NAMES);
    const temporary file;
    ids.save(file.path);
    CHECK(pmkt::inspect_file(file.path).kind == PMKT_FILE_IDS);
    pmkt::verify_file(file.path);
    pmkt::ids loaded = pmkt::ids::load(file.path), mapped = pmkt::ids::map(file.path);
    mapped.verify();
    for (pmkt::ids *copy : {&loaded, &mapped}) {
        CHECK(copy->stats().strings == 4 && *copy->name(id[4]) == "顾客一");
        CHECK(*copy->name(copy->encode("new")) == "new");
    }
    pmkt::save_options packed;
    packed.compression = 3;
    ids.save(file.path, packed, pmkt::run().threads(1));
    CHECK(pmkt::inspect_file(file.path).compressed > 0);
    THROWN(pmkt::unsupported, pmkt::ids::map(file.path));
    CHECK(pmkt::ids::load(file.path).list() == ids.list());
}

TEST(bytes_come_from_buffers_and_containers) {
    pmkt::ids ids;
    ids.encode(NAMES);
    const pmkt::buffer saved = ids.save_memory();
    CHECK(saved.size() > 0 && saved.bytes().size() == saved.size() && saved.bytes().data());
    CHECK(pmkt::ids::load_memory(saved).list() == ids.list());
    const std::string text(static_cast<const char *>(saved.data()), saved.size());
    CHECK(pmkt::ids::load_memory(text).list() == ids.list());
    const std::vector<unsigned char> bytes(text.begin(), text.end());
    CHECK(pmkt::ids::load_memory(bytes).list() == ids.list());
    CHECK(pmkt::ids::load_memory(saved.bytes()).list() == ids.list());

    std::string damaged = text;
    damaged[damaged.size() - 1] = static_cast<char>(damaged[damaged.size() - 1] ^ 1);
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    const pmkt::corrupt e = THROWN(pmkt::corrupt, pmkt::ids::load_memory(damaged));
    CHECK(e.where_kind() == PMKT_WHERE_BYTE);
    THROWN(pmkt::bad_format, pmkt::ids::load_memory("this is some other file"s.append(5000, '.')));
    const pmkt::buffer none;
    CHECK(!none && none.size() == 0 && none.bytes().empty());
}

TEST(a_file_that_is_not_there_says_why) {
    const pmkt::io_error e = THROWN(pmkt::io_error, pmkt::ids::load("/nowhere/at/all.pmkt"));
    CHECK(e.sys_errno() == ENOENT);
    CHECK(THROWN(pmkt::io_error, pmkt::inspect_file("/nowhere")).code() == PMKT_E_IO);
}

}  // namespace

int main() {
    return checker::run();
}
