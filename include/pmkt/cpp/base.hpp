/*
 * base.hpp - what the other C++ headers share: errors, owners, spans, long calls.
 */
#ifndef PMKT_CPP_BASE_HPP
#define PMKT_CPP_BASE_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "pmkt.hpp needs C++17 or later; pmkt.h serves C and older C++"
#endif

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base.h"

#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#endif

/* Spans differ between the two languages, so the names of each live apart: translation units of
   C++17 and of C++20 can be linked into one program. */
#if defined(__cpp_lib_span)
#define PMKT_CPP_ABI cpp20
#else
#define PMKT_CPP_ABI cpp17
#endif

#if defined(__cpp_exceptions)
#define PMKT_CPP_EXCEPTIONS 1
#else
#define PMKT_CPP_EXCEPTIONS 0
#endif

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* ------------------------------------------------------------------- errors */

/* A call that failed; the code and the place are in numbers, what() is one English sentence. */
class error : public std::runtime_error {
   public:
    explicit error(const pmkt_error &e)
        : std::runtime_error(e.message),
          code_(e.code),
          sys_errno_(e.sys_errno),
          where_kind_(e.where_kind),
          where_(e.where) {}

    pmkt_status code() const noexcept { return code_; }     /* PMKT_E_... */
    int sys_errno() const noexcept { return sys_errno_; }   /* of PMKT_E_IO, or 0 */
    int where_kind() const noexcept { return where_kind_; } /* PMKT_WHERE_... */
    std::int64_t where() const noexcept { return where_; }  /* the row or byte, by where_kind */

   private:
    pmkt_status code_;
    int sys_errno_;
    int where_kind_;
    std::int64_t where_;
};

/* One class a code, to catch what can be mended and let the rest pass. */
/* clang-format off */
class invalid : public error { using error::error; };       /* PMKT_E_INVALID */
class bad_row : public error { using error::error; };       /* PMKT_E_BAD_ROW */
class overflow : public error { using error::error; };      /* PMKT_E_OVERFLOW */
class mismatch : public error { using error::error; };      /* PMKT_E_MISMATCH */
class unsupported : public error { using error::error; };   /* PMKT_E_UNSUPPORTED */
class limit_reached : public error { using error::error; }; /* PMKT_E_LIMIT */
class canceled : public error { using error::error; };      /* PMKT_E_CANCELED */
class parse_error : public error { using error::error; };   /* PMKT_E_PARSE */
class io_error : public error { using error::error; };      /* PMKT_E_IO */
class corrupt : public error { using error::error; };       /* PMKT_E_CORRUPT */
class bad_format : public error { using error::error; };    /* PMKT_E_FORMAT */
class collision : public error { using error::error; };     /* PMKT_E_COLLISION */
class forked : public error { using error::error; };        /* PMKT_E_FORKED */
/* clang-format on */

/* PMKT_E_NOMEM. A std::bad_alloc, and not a pmkt::error, whose sentence would need memory. */
class out_of_memory : public std::bad_alloc {
   public:
    explicit out_of_memory(const pmkt_error &e) noexcept {
        std::memcpy(message_, e.message, sizeof message_);
        message_[sizeof message_ - 1] = '\0';
    }
    const char *what() const noexcept override { return message_; }

   private:
    char message_[sizeof(pmkt_error::message)];
};

/* Throws the class of e.code. Without exceptions, says the sentence on stderr and terminates. */
[[noreturn]] inline void raise(const pmkt_error &e) {
#if PMKT_CPP_EXCEPTIONS
    switch (e.code) {
        case PMKT_E_INVALID:
            throw invalid(e);
        case PMKT_E_NOMEM:
            throw out_of_memory(e);
        case PMKT_E_BAD_ROW:
            throw bad_row(e);
        case PMKT_E_OVERFLOW:
            throw overflow(e);
        case PMKT_E_MISMATCH:
            throw mismatch(e);
        case PMKT_E_UNSUPPORTED:
            throw unsupported(e);
        case PMKT_E_LIMIT:
            throw limit_reached(e);
        case PMKT_E_CANCELED:
            throw canceled(e);
        case PMKT_E_PARSE:
            throw parse_error(e);
        case PMKT_E_IO:
            throw io_error(e);
        case PMKT_E_CORRUPT:
            throw corrupt(e);
        case PMKT_E_FORMAT:
            throw bad_format(e);
        case PMKT_E_COLLISION:
            throw collision(e);
        case PMKT_E_FORKED:
            throw forked(e);
        default:
            throw error(e);
    }
#else
    std::fprintf(stderr, "pmkt: %s\n", e.message);
    std::terminate();
#endif
}

/* A C call as an exception: pmkt::check(pmkt_rfm_stats(rfm.get(), &out, &err), err); */
inline void check(pmkt_status status, const pmkt_error &err) {
    if (status != PMKT_OK) raise(err);
}

namespace detail {

/* Throws pmkt::invalid with a sentence, as the C functions word theirs. */
[[noreturn, gnu::format(printf, 1, 2)]] inline void refuse(const char *format, ...) {
    pmkt_error e{};
    e.code = PMKT_E_INVALID;
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(e.message, sizeof e.message, format, arguments);
    va_end(arguments);
    raise(e);
}

/* Runs a C call that takes the error last, and throws what it says. */
template <class F>
void call(F &&function) {
    pmkt_error err;
    check(function(&err), err);
}

}  // namespace detail

/* -------------------------------------------------------------------- spans */

#if defined(__cpp_lib_span)

template <class T>
using span = std::span<T>;

#else

/* What this header needs of std::span, for C++17: a pointer and a count that own nothing. */
template <class T>
class span {
   public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using size_type = std::size_t;
    using iterator = T *;

    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    /* Of anything that has data() and size() with elements of the type, as std::span. */
    template <
        class C,
        class = std::enable_if_t<
            !std::is_same_v<std::remove_cv_t<std::remove_reference_t<C>>, span> &&
            std::is_convertible_v<
                std::remove_pointer_t<decltype(std::data(std::declval<C &>()))> (*)[], T (*)[]>>>
    constexpr span(C &&container) noexcept
        : data_(std::data(container)), size_(std::size(container)) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }
    constexpr T &front() const noexcept { return data_[0]; }
    constexpr T &back() const noexcept { return data_[size_ - 1]; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr span first(std::size_t n) const noexcept { return span(data_, n); }
    constexpr span last(std::size_t n) const noexcept { return span(data_ + (size_ - n), n); }
    constexpr span subspan(std::size_t from) const noexcept {
        return span(data_ + from, size_ - from);
    }
    constexpr span subspan(std::size_t from, std::size_t n) const noexcept {
        return span(data_ + from, n);
    }

   private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

#endif

namespace detail {

template <class T>
struct is_span : std::false_type {};
template <class T>
struct is_span<span<T>> : std::true_type {};

/* What a column may be made of: a container that is not a temporary, or a span. */
template <class C, class T>
using borrow_from = std::enable_if_t<
    (std::is_lvalue_reference_v<C &&> || is_span<std::remove_cv_t<C>>::value) &&
    std::is_convertible_v<std::remove_pointer_t<decltype(std::data(std::declval<C &>()))> (*)[],
                          const T (*)[]>>;

inline std::int64_t rows(std::size_t n) noexcept {
    return static_cast<std::int64_t>(n);
}
inline std::size_t size(std::int64_t n) noexcept {
    return static_cast<std::size_t>(n);
}

template <class T>
span<const T> view(const T *data, std::int64_t n) noexcept {
    return data ? span<const T>(data, size(n)) : span<const T>();
}

}  // namespace detail

/*
 * A column that a call or a batch borrows: a vector, array, C array or span of T, not a temporary
 * container. A whole class for it, so that std::vector{...} in its place does not compile.
 */
template <class T>
class column {
   public:
    template <class C, class = detail::borrow_from<C, T>>
    column(C &&container) noexcept : data_(std::data(container)), size_(std::size(container)) {}
    column(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    const T *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    std::int64_t rows() const noexcept { return detail::rows(size_); }

   private:
    const T *data_;
    std::size_t size_;
};

/* ------------------------------------------------------------------- owners */

/*
 * Owns a C handle. `get` lends it to a C function, `put` receives one from it, `release` gives it
 * away:
 *
 *     pmkt::rfm rfm(nullptr);
 *     if (pmkt_rfm_load(path, nullptr, nullptr, rfm.put(), &err)) return err.code;
 */
template <class T, void (*Free)(T *)>
class owner {
   public:
    owner() noexcept = default;
    explicit owner(T *p) noexcept : p_(p) {}
    owner(owner &&other) noexcept : p_(other.release()) {}
    owner &operator=(owner &&other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    owner(const owner &) = delete;
    owner &operator=(const owner &) = delete;
    ~owner() { Free(p_); }

    explicit operator bool() const noexcept { return p_ != nullptr; }
    T *get() noexcept { return p_; }
    const T *get() const noexcept { return p_; }
    [[nodiscard]] T *release() noexcept { return std::exchange(p_, nullptr); }
    void reset(T *p = nullptr) noexcept { Free(std::exchange(p_, p)); }
    T **put() noexcept {
        reset();
        return &p_;
    }

   private:
    T *p_ = nullptr;
};

/* --------------------------------------------------------------- long calls */

/*
 * How to run a heavy call: pmkt::run().threads(4).progress([](double done, const char *stage) {...})
 *
 * The callback runs on the thread of the call. It returns nothing, or true to cancel, which throws
 * pmkt::canceled. An exception that leaves it cancels too, and leaves the call in its place;
 * nothing has changed then. It may be a lambda, a std::function, or a std::ref to either.
 */
class run {
   public:
    run() = default;

    /* 0 = as many as the process may use. */
    run &threads(int n) noexcept {
        threads_ = n;
        return *this;
    }

    template <class F>
    run &progress(F callback) {
        if constexpr (std::is_void_v<std::invoke_result_t<F &, double, const char *>>) {
            progress_ = [callback = std::move(callback)](double done, const char *stage) mutable {
                callback(done, stage);
                return false;
            };
        } else {
            progress_ = std::move(callback);
        }
        return *this;
    }

    int threads() const noexcept { return threads_; }
    const std::function<bool(double, const char *)> &progress() const noexcept { return progress_; }

   private:
    int threads_ = 0;
    std::function<bool(double, const char *)> progress_;
};

namespace detail {

/* One running call: lends its callback to C, and keeps what the callback throws from crossing C. */
class running {
   public:
    explicit running(const run &how) noexcept : callback_(how.progress()) {
        pmkt_run_init(&raw_);
        raw_.threads = how.threads();
        if (callback_) raw_.progress = {&running::tell, this};
    }
    running(const running &) = delete;
    running &operator=(const running &) = delete;

    /* Calls function(const pmkt_run *, pmkt_error *), then throws what there is to throw. */
    template <class F>
    void operator()(F &&function) {
        pmkt_error err;
        const pmkt_status status = function(&raw_, &err);
        if (thrown_) std::rethrow_exception(thrown_);
        check(status, err);
    }

   private:
    static int tell(void *ctx, double done, const char *stage) noexcept {
        running *self = static_cast<running *>(ctx);
#if PMKT_CPP_EXCEPTIONS
        if (self->thrown_) return 1;
        try {
            return self->callback_(done, stage) ? 1 : 0;
        } catch (...) {
            self->thrown_ = std::current_exception();
            return 1;
        }
#else
        return self->callback_(done, stage) ? 1 : 0;
#endif
    }

    const std::function<bool(double, const char *)> &callback_;
    pmkt_run raw_;
    std::exception_ptr thrown_;
};

}  // namespace detail

/* -------------------------------------------------------------------- build */

/* The loaded library, such as "0.2.0", and the instruction set that its loops use. */
inline std::string_view version() noexcept {
    return pmkt_version();
}
inline std::string_view isa() noexcept {
    return pmkt_isa();
}
inline std::string_view build_info() noexcept {
    return pmkt_build_info();
}

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
