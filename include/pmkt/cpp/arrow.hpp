/*
 * arrow.hpp - Arrow streams with an owner, and batches out of them as ranges.
 *
 *     pmkt::arrow_columns columns;
 *     columns.user = "customer", columns.time = "at", columns.amount = "total";
 *     columns.every_kind = PMKT_KIND_ORDER;
 *     pmkt::arrow_events reader(&stream, columns);
 *     for (const pmkt_events &batch : reader) rfm.add(batch);
 */
#ifndef PMKT_CPP_ARROW_HPP
#define PMKT_CPP_ARROW_HPP

#include "../arrow.h"
#include "base.hpp"
#include "ids.hpp"

namespace pmkt {
inline namespace PMKT_CPP_ABI {

/* A struct ArrowArrayStream that is released once: by whoever takes it over, or with its owner. */
class arrow_stream {
   public:
    arrow_stream() noexcept = default;
    arrow_stream(arrow_stream &&other) noexcept : raw_(other.raw_) { other.raw_ = {}; }
    arrow_stream &operator=(arrow_stream &&other) noexcept {
        if (this != &other) {
            reset();
            raw_ = std::exchange(other.raw_, {});
        }
        return *this;
    }
    ~arrow_stream() { reset(); }

    explicit operator bool() const noexcept { return raw_.release != nullptr; }
    void reset() noexcept {
        if (raw_.release) raw_.release(&raw_);
        raw_ = {};
    }

    /* For whoever moves the stream out of the struct, as the interface says, such as a library that
       imports it; afterwards this owner is empty. */
    ArrowArrayStream *get() noexcept { return &raw_; }
    ArrowArrayStream *put() noexcept {
        reset();
        return &raw_;
    }

   private:
    ArrowArrayStream raw_ = {};
};

struct arrow_columns : pmkt_arrow_columns {
    arrow_columns() noexcept : pmkt_arrow_columns(PMKT_ARROW_COLUMNS_INIT) {}
};

struct arrow_item_columns : pmkt_arrow_item_columns {
    arrow_item_columns() noexcept : pmkt_arrow_item_columns(PMKT_ARROW_ITEM_COLUMNS_INIT) {}
};

struct arrow_options : pmkt_arrow_options {
    arrow_options() noexcept : pmkt_arrow_options(PMKT_ARROW_OPTIONS_INIT) {}
};

namespace detail {

/* One pass over the batches of a reader; a batch lives until the next step. */
template <class Reader, class Batch>
class batches {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = const Batch *;
    using reference = const Batch &;

    batches() noexcept = default;
    explicit batches(Reader &reader) : reader_(&reader), batch_(reader.next()) {}

    const Batch &operator*() const noexcept { return *batch_; }
    const Batch *operator->() const noexcept { return batch_; }
    batches &operator++() {
        batch_ = reader_->next();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const batches &a, const batches &b) noexcept {
        return a.batch_ == b.batch_;
    }
    friend bool operator!=(const batches &a, const batches &b) noexcept { return !(a == b); }

   private:
    Reader *reader_ = nullptr;
    const Batch *batch_ = nullptr;
};

/* The four calls that readers of events and of items have in common. */
template <class Self, class Handle, class Batch, class Columns, void (*Free)(Handle *), auto Open,
          auto Next, auto All>
class arrow_reader : public owner<Handle, Free> {
   public:
    /* The stream is moved into the reader, also if this throws. */
    arrow_reader(ArrowArrayStream *stream, const Columns &columns,
                 const pmkt_allocator *allocator = nullptr) {
        call([&](pmkt_error *err) { return Open(stream, &columns, allocator, this->put(), err); });
    }
    arrow_reader(arrow_stream &&stream, const Columns &columns,
                 const pmkt_allocator *allocator = nullptr)
        : arrow_reader(stream.get(), columns, allocator) {}

    /* The next batch, borrowed until the next call on the reader; NULL at the end. */
    const Batch *next(const run &how = run()) {
        const Batch *batch = nullptr;
        running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return Next(this->get(), r, &batch, err); });
        return batch;
    }

    /* All that is left as one batch, borrowed until the next call on the reader. */
    const Batch &all(const run &how = run()) {
        const Batch *batch = nullptr;
        running{how}(
            [&](const pmkt_run *r, pmkt_error *err) { return All(this->get(), r, &batch, err); });
        return *batch;
    }

    /* for (const pmkt_events &batch : reader): each batch that is left, once. */
    batches<arrow_reader, Batch> begin() { return batches<arrow_reader, Batch>(*this); }
    batches<arrow_reader, Batch> end() noexcept { return {}; }
};

}  // namespace detail

/* Batches of events out of a stream. */
class arrow_events
    : public detail::arrow_reader<arrow_events, pmkt_arrow_events, pmkt_events, pmkt_arrow_columns,
                                  pmkt_arrow_events_free, pmkt_arrow_events_open,
                                  pmkt_arrow_events_next, pmkt_arrow_events_all> {
    using arrow_reader::arrow_reader;
};

/* Batches of items out of a stream. */
class arrow_items
    : public detail::arrow_reader<
          arrow_items, pmkt_arrow_items, pmkt_items, pmkt_arrow_item_columns, pmkt_arrow_items_free,
          pmkt_arrow_items_open, pmkt_arrow_items_next, pmkt_arrow_items_all> {
    using arrow_reader::arrow_reader;
};

}  // namespace PMKT_CPP_ABI
}  // namespace pmkt

#endif
