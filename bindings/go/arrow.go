package pmkt

/*
#include <pmkt.h>

// Releases a stream that no call of the library took.
static void pmktgo_release(struct ArrowArrayStream *stream) {
    if (stream != NULL && stream->release != NULL) stream->release(stream);
}
*/
import "C"

import (
	"context"
	"io"
	"iter"
	"runtime"
	"sync"
	"unsafe"
)

// releaseStream releases a stream that no call of the library took.
func releaseStream(stream unsafe.Pointer) {
	C.pmktgo_release((*C.struct_ArrowArrayStream)(stream))
}

// TimeUnit is what integers in a time column count.
type TimeUnit int32

// The units of integer times.
const (
	UnitMilliseconds TimeUnit = C.PMKT_UNIT_MILLISECONDS
	UnitSeconds      TimeUnit = C.PMKT_UNIT_SECONDS
	UnitMicroseconds TimeUnit = C.PMKT_UNIT_MICROSECONDS
	UnitNanoseconds  TimeUnit = C.PMKT_UNIT_NANOSECONDS
)

// DecimalsNone is money without decimals, such as yen, where a plain 0 is 2.
const DecimalsNone = C.PMKT_DECIMALS_NONE

// ArrowColumns says which column of an Arrow stream is what: names of columns, "" where there is none.
// User and Time are required. One column may serve several purposes.
type ArrowColumns struct {
	User     string
	Time     string
	Kind     string // "": every row is of EveryKind
	Item     string
	Category string
	Order    string
	Session  string
	Channel  string
	EventID  string

	Amount      string // major units; one of Amount, AmountMinor and Price, or none
	AmountMinor string // integers in minor units
	Price       string // of a piece: amount = price * quantity, rounded once
	Quantity    string
	Extra       []string // further columns

	Kinds       map[string]Kind // what texts of the kind column mean; nil: the names of kinds
	KindNumbers map[int64]Kind  // what its numbers mean
	EveryKind   Kind            // of a stream without Kind; 0 is KindOrder

	TimeUnit TimeUnit // of integers in the time column
	Decimals int      // of the money: 0 is 2; DecimalsNone; 1 to 6
	Currency string   // ISO 4217; the batches name it
	Zone     *Zone    // of times without a zone of their own; nil: there must be none
	OnBad    OnBad

	Users *IDs // remembers the user column's texts; or nil
	Names *IDs // remembers the texts of all other id columns; or nil
}

// toC is the columns as C takes them, with all that they point at pinned.
func (o *ArrowColumns) toC(p *pinned) *C.pmkt_arrow_columns {
	c := &C.pmkt_arrow_columns{
		struct_size:  C.sizeof_pmkt_arrow_columns,
		on_bad:       C.int32_t(o.OnBad),
		user:         nameOf(p, o.User),
		time:         nameOf(p, o.Time),
		kind:         nameOf(p, o.Kind),
		item:         nameOf(p, o.Item),
		category:     nameOf(p, o.Category),
		order:        nameOf(p, o.Order),
		session:      nameOf(p, o.Session),
		channel:      nameOf(p, o.Channel),
		event_id:     nameOf(p, o.EventID),
		amount:       nameOf(p, o.Amount),
		amount_minor: nameOf(p, o.AmountMinor),
		price:        nameOf(p, o.Price),
		quantity:     nameOf(p, o.Quantity),
		every_kind:   C.int32_t(o.EveryKind),
		time_unit:    C.int32_t(o.TimeUnit),
		decimals:     p.small("Decimals", o.Decimals),
		currency:     p.code(o.Currency),
	}
	if o.Kind == "" && o.EveryKind == KindNone {
		c.every_kind = C.PMKT_KIND_ORDER
	}
	c.extra, c.n_extra = namesOf(p, o.Extra)
	c.kinds, c.n_kinds = kindLabels(p, o.Kinds, o.KindNumbers)
	if o.Zone != nil {
		zone, err := o.Zone.toC(p.pin)
		p.note(err)
		c.zone = &zone
		p.pin.Pin(c.zone)
	}
	return c
}

func kindLabels(
	p *pinned, texts map[string]Kind, numbers map[int64]Kind,
) (*C.pmkt_kind_label, C.int64_t) {
	table := make([]C.pmkt_kind_label, 0, len(texts)+len(numbers))
	for text, kind := range texts {
		table = append(table, C.pmkt_kind_label{text: cstring(p, text), kind: C.int32_t(kind)})
	}
	for number, kind := range numbers {
		table = append(table, C.pmkt_kind_label{number: C.int64_t(number), kind: C.int32_t(kind)})
	}
	if len(table) == 0 {
		return nil, 0
	}
	p.pin.Pin(&table[0])
	return &table[0], C.int64_t(len(table))
}

// nameOf is the name of a column, NULL for none.
func nameOf(p *pinned, name string) *C.char {
	if name == "" {
		return nil
	}
	return cstring(p, name)
}

func namesOf(p *pinned, names []string) (**C.char, C.int64_t) {
	if len(names) == 0 {
		return nil, 0
	}
	table := make([]*C.char, len(names))
	for i, name := range names {
		table[i] = cstring(p, name)
	}
	p.pin.Pin(&table[0])
	return &table[0], C.int64_t(len(table))
}

// arrowReader is what readers of events and of items have in common: one call at a time, on
// dictionaries that nobody else uses meanwhile.
type arrowReader struct {
	h     *handle
	turn  sync.Mutex
	dicts []*IDs // in the order of locking; each is kept open until the reader is freed
}

// keep takes the dictionaries of a reader. Either may be nil, and both may be the same.
func keep(dicts ...*IDs) ([]*IDs, error) {
	var kept []*IDs
	for _, d := range dicts {
		if d == nil || len(kept) == 1 && kept[0] == d {
			continue
		}
		if !d.own.h.enter() {
			release(kept)
			return nil, closed("the dictionary")
		}
		kept = append(kept, d)
	}
	if len(kept) == 2 && uintptr(unsafe.Pointer(kept[0])) > uintptr(unsafe.Pointer(kept[1])) {
		kept[0], kept[1] = kept[1], kept[0]
	}
	return kept, nil
}

func release(dicts []*IDs) {
	for _, d := range dicts {
		d.own.h.leave()
	}
}

// dictionary is what C knows a dictionary by; NULL for none.
func dictionary(d *IDs) *C.pmkt_ids {
	if d == nil {
		return nil
	}
	return (*C.pmkt_ids)(d.own.h.at)
}

// call runs one step of a reader.
func (r *arrowReader) call(
	ctx context.Context, options []Option,
	fn func(unsafe.Pointer, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	var e C.pmkt_error
	run, status, err := r.run(ctx, options, func(run *C.pmkt_run) C.pmkt_status {
		return fn(r.h.at, run, &e)
	})
	if err != nil {
		return err
	}
	return run.finish(status, &e) // with nothing locked, as guarded.call does
}

func (r *arrowReader) run(
	ctx context.Context, options []Option, fn func(*C.pmkt_run) C.pmkt_status,
) (*running, C.pmkt_status, error) {
	if r == nil || !r.h.enter() {
		return nil, 0, closed("the reader")
	}
	defer r.h.leave()
	r.turn.Lock()
	defer r.turn.Unlock()
	for _, d := range r.dicts {
		if err := d.own.gate.write(ctx); err != nil {
			return nil, 0, err
		}
		defer d.own.gate.mutex.Unlock()
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, 0, err
	}
	return run, fn(run.run), nil
}

// ArrowEvents reads batches of events out of an Arrow stream.
type ArrowEvents struct{ reader arrowReader }

// OpenArrowEvents takes a stream and finds its columns. stream is the address of an ArrowArrayStream
// of the Arrow C stream interface, such as unsafe.Pointer(&s) of a cdata.CArrowArrayStream of
// arrow-go. It is moved: whatever happens, the library releases it, once.
//
// A dictionary that is named stays open until the reader is closed, and is locked while a batch is
// read.
func OpenArrowEvents(stream unsafe.Pointer, columns ArrowColumns) (*ArrowEvents, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	p := pinned{pin: &pin}
	c := columns.toC(&p)
	dicts, err := keep(columns.Users, columns.Names)
	p.note(err)
	if p.err != nil {
		release(dicts)
		releaseStream(stream)
		return nil, p.err
	}
	c.users, c.names = dictionary(columns.Users), dictionary(columns.Names)
	var at *C.pmkt_arrow_events
	var e C.pmkt_error
	status := C.pmkt_arrow_events_open((*C.struct_ArrowArrayStream)(stream), c, nil, &at, &e)
	if err := failure(status, &e); err != nil {
		release(dicts)
		return nil, err
	}
	r := &ArrowEvents{arrowReader{dicts: dicts}}
	r.reader.h = own(r, unsafe.Pointer(at), func(at unsafe.Pointer) {
		C.pmkt_arrow_events_free((*C.pmkt_arrow_events)(at))
		release(dicts)
	})
	return r, nil
}

// Close frees the reader and what is left of its stream. It returns nil.
func (r *ArrowEvents) Close() error {
	if r != nil {
		r.reader.h.close()
	}
	return nil
}

// Next is the next batch of the stream, or io.EOF at its end. Its columns are lent, by the library or
// the producer: they may be read, until the next call on the reader.
func (r *ArrowEvents) Next(ctx context.Context, options ...Option) (*Events, error) {
	var batch *C.pmkt_events
	err := r.shared().call(ctx, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_arrow_events_next((*C.pmkt_arrow_events)(at), run, &batch, e)
		})
	if err != nil {
		return nil, err
	}
	if batch == nil {
		return nil, io.EOF
	}
	return r.lent(batch), nil
}

// All is what is left of the stream as one batch, which is lent as by Next; without rows at its end.
func (r *ArrowEvents) All(ctx context.Context, options ...Option) (*Events, error) {
	var batch *C.pmkt_events
	err := r.shared().call(ctx, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_arrow_events_all((*C.pmkt_arrow_events)(at), run, &batch, e)
		})
	if err != nil {
		return nil, err
	}
	return r.lent(batch), nil
}

// Batches goes over the batches of the stream, each lent until the next. An error is the last that it
// gives.
func (r *ArrowEvents) Batches(ctx context.Context, options ...Option) iter.Seq2[*Events, error] {
	return func(yield func(*Events, error) bool) {
		for {
			batch, err := r.Next(ctx, options...)
			if err == io.EOF || !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

func (r *ArrowEvents) shared() *arrowReader {
	if r == nil {
		return nil
	}
	return &r.reader
}

// lent is a batch over memory of the library. It keeps the reader from being collected.
func (r *ArrowEvents) lent(c *C.pmkt_events) *Events {
	n := int(c.rows)
	return &Events{
		User:             borrow[uint64](c.user, n),
		Time:             borrow[int64](c.time, n),
		Kind:             borrow[Kind](c.kind, n),
		Item:             borrow[uint64](c.item, n),
		Category:         borrow[uint64](c.category, n),
		Order:            borrow[uint64](c.order, n),
		Session:          borrow[uint64](c.session, n),
		Channel:          borrow[uint64](c.channel, n),
		EventID:          borrow[uint64](c.event_id, n),
		Amount:           borrow[int64](c.amount, n),
		Quantity:         borrow[int64](c.quantity, n),
		Extra:            lentColumns(c.extra, int(c.n_extra), n),
		EveryKind:        Kind(c.every_kind),
		Currency:         text(c.currency),
		CurrencyExponent: int(c.currency_exponent),
		OnBad:            OnBad(c.on_bad),
		Reject:           borrow[uint8](c.reject, n),
		lender:           r,
	}
}

func lentColumns(table *C.pmkt_column, columns, rows int) (out []Column) {
	for _, c := range unsafe.Slice(table, columns) {
		column := Column{Name: C.GoString(c.name)}
		switch at := (*byte)(c.data); c._type {
		case C.PMKT_TYPE_INT64:
			column.Int64 = borrow[int64](at, rows)
		case C.PMKT_TYPE_UINT64:
			column.Uint64 = borrow[uint64](at, rows)
		case C.PMKT_TYPE_DOUBLE:
			column.Double = borrow[float64](at, rows)
		}
		out = append(out, column)
	}
	return out
}

// ArrowIDs writes the ids of an Arrow stream of one column, or of the column name if that is not "",
// into ids, and returns how many there are; more than ids has room for is ErrLimit. dict remembers
// texts, but none that it has forgotten; or is nil. The stream is moved, as by OpenArrowEvents.
func ArrowIDs(
	ctx context.Context, stream unsafe.Pointer, name string, dict *IDs, ids []uint64,
	options ...Option,
) (int, error) {
	taken := (*C.struct_ArrowArrayStream)(stream)
	column, free, err := cpath(name)
	if err != nil {
		releaseStream(stream)
		return 0, err
	}
	defer free()
	if name == "" {
		column = nil
	}
	var n C.int64_t
	var e C.pmkt_error
	run, status, err := dict.lend(ctx, options, func(known *C.pmkt_ids, run *C.pmkt_run) C.pmkt_status {
		return C.pmkt_arrow_ids(taken, column, known, run, data[C.uint64_t](ids),
			C.int64_t(len(ids)), &n, &e)
	})
	if err != nil {
		releaseStream(stream)
		return 0, err
	}
	return int(n), run.finish(status, &e)
}

// lend runs something that may change the dictionary, which may be nil.
func (d *IDs) lend(
	ctx context.Context, options []Option, fn func(*C.pmkt_ids, *C.pmkt_run) C.pmkt_status,
) (*running, C.pmkt_status, error) {
	if d != nil {
		return d.guarded().run(ctx, "the dictionary", true, options,
			func(at unsafe.Pointer, run *C.pmkt_run) C.pmkt_status {
				return fn((*C.pmkt_ids)(at), run)
			})
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, 0, err
	}
	return run, fn(nil, run.run), nil
}

// ArrowOptions say how a result is handed out.
type ArrowOptions struct {
	Raw bool // the columns as they lie in memory, with codes instead of names; without a copy
	IDs *IDs // users as the texts that it knows (unknown: null); nil: as uint64
}

// Arrow hands the scores out as a stream of the Arrow C stream interface. stream is the address of an
// ArrowArrayStream without content, which the caller releases, by importing it for instance. What it
// gives lives on by itself, also after Close.
func (s *Scores) Arrow(stream unsafe.Pointer, options ArrowOptions) error {
	at, err := s.enter()
	if err != nil {
		return err
	}
	defer s.h.leave()
	var pin runtime.Pinner
	defer pin.Unpin()
	c := &C.pmkt_arrow_options{
		struct_size: C.sizeof_pmkt_arrow_options,
		raw:         boolean(options.Raw),
	}
	if options.IDs != nil {
		ids, err := options.IDs.enter()
		if err != nil {
			return err
		}
		defer options.IDs.own.leave(false)
		c.ids = ids
	}
	var e C.pmkt_error
	return failure(C.pmkt_rfm_scores_arrow(at, c, (*C.struct_ArrowArrayStream)(stream), &e), &e)
}
