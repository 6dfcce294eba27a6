/*
 * checker.hpp - the least that a C++ test program needs: cases that register themselves, checks that
 * say where they failed, and the exception that an expression must throw.
 */
#ifndef TESTS_CPP_CHECKER_HPP
#define TESTS_CPP_CHECKER_HPP

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

namespace checker {

struct test_case {
    const char *name;
    void (*body)();
};

inline std::vector<test_case> &cases() {
    static std::vector<test_case> all;
    return all;
}

inline int &failures() {
    static int count = 0;
    return count;
}

struct registered {
    registered(const char *name, void (*body)()) { cases().push_back({name, body}); }
};

inline bool check(bool good, const char *what, const char *file, int line) {
    if (!good) {
        failures()++;
        std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    }
    return good;
}

/* What `f` throws, which must be exactly an E; anything else fails the case. */
template <class E, class F>
E thrown_by(F f, const char *what, const char *file, int line) {
    try {
        f();
    } catch (const E &e) {
        if (typeid(e) == typeid(E)) return e;
        check(false, what, file, line);
        throw;
    }
    check(false, what, file, line);
    throw std::logic_error("nothing was thrown");
}

inline int run() {
    for (const test_case &c : cases()) {
        try {
            c.body();
        } catch (const std::exception &e) {
            failures()++;
            std::fprintf(stderr, "%s: threw %s\n", c.name, e.what());
        }
    }
    std::printf("%zu cases, %d failures\n", cases().size(), failures());
    return failures() || cases().empty() ? 1 : 0;
}

}  // namespace checker

#define TEST(name) \
    static void name(); \
    static const checker::registered registered_##name(#name, name); \
    static void name()

#define CHECK(...) checker::check((__VA_ARGS__) ? true : false, #__VA_ARGS__, __FILE__, __LINE__)

#define THROWN(type, ...) \
    checker::thrown_by<type>([&] { __VA_ARGS__; }, #__VA_ARGS__ " throws " #type, __FILE__, \
                             __LINE__)

#endif
