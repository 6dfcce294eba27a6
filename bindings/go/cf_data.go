package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_cf_default_weight
// #cgo nocallback pmkt_cf_default_weight
// #cgo nocallback pmkt_cf_data_from_events
// #cgo nocallback pmkt_cf_data_from_matrix
// #cgo nocallback pmkt_cf_data_matrix
// #cgo nocallback pmkt_cf_data_info
// #cgo nocallback pmkt_cf_data_release
// #cgo nocallback pmkt_cf_builder_new
// #cgo nocallback pmkt_cf_builder_add
// #cgo nocallback pmkt_cf_builder_bytes
// #cgo nocallback pmkt_cf_builder_build
// #cgo nocallback pmkt_cf_builder_free
import "C"

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// CFZero is an option of exactly zero, where a plain 0 means the default.
const CFZero = C.PMKT_CF_ZERO

// Scale is how the sum of a pair's weights becomes the entry of the matrix.
type Scale int32

// The scales.
const (
	ScaleLinear Scale = C.PMKT_CF_LINEAR // as it is
	ScaleLog    Scale = C.PMKT_CF_LOG    // sign(w) * ln(1 + |w|)
)

// DefaultWeight is what an event of a kind says about a user's liking of its item, unless the options
// say otherwise: 1 for a view, 10 for an order, -10 for a refund, ...
func DefaultWeight(kind Kind) float64 { return float64(C.pmkt_cf_default_weight(C.int32_t(kind))) }

// CFDataOptions say how events become a matrix; the zero value is the default of each.
type CFDataOptions struct {
	Scale           Scale
	AsOf            time.Time        // exclusive: later events are left out; zero: just after the last
	Since           time.Time        // earlier events are left out; zero: none is too old
	HalfLife        time.Duration    // an event so old counts half; 0: age is nothing
	Weights         map[Kind]float64 // in place of the default of these kinds; 0: they say nothing
	OnlyWeights     bool             // kinds that Weights does not name say nothing
	MaxItemsPerUser int64            // keep the strongest entries of a user, so many; 0: all
	MaxUsersPerItem int64            // then the same of an item
	Users           *IDSet           // whoever is not in it is left out; nil: all users may be used
}

// toC is the options as C takes them. The set of users is entered: leaveSet must follow.
func (o *CFDataOptions) toC(pin *runtime.Pinner) (*C.pmkt_cf_data_options, error) {
	if o.HalfLife != 0 && o.HalfLife.Milliseconds() == 0 {
		return nil, invalid("HalfLife is %v; expected at least a millisecond", o.HalfLife)
	}
	c := &C.pmkt_cf_data_options{
		struct_size:        C.sizeof_pmkt_cf_data_options,
		scale:              C.int32_t(o.Scale),
		half_life_ms:       C.int64_t(o.HalfLife.Milliseconds()),
		only_weights:       boolean(o.OnlyWeights),
		max_items_per_user: C.int64_t(o.MaxItemsPerUser),
		max_users_per_item: C.int64_t(o.MaxUsersPerItem),
	}
	if !o.AsOf.IsZero() {
		c.as_of_ms = C.int64_t(millis(o.AsOf))
	}
	if !o.Since.IsZero() {
		c.since_ms = C.int64_t(millis(o.Since))
	}
	if len(o.Weights) > 0 {
		table := make([]C.pmkt_cf_weight, 0, len(o.Weights))
		for _, kind := range slices.Sorted(maps.Keys(o.Weights)) {
			table = append(table, C.pmkt_cf_weight{kind: C.int32_t(kind), weight: C.double(o.Weights[kind])})
		}
		pin.Pin(&table[0])
		c.weights, c.n_weights = &table[0], C.int64_t(len(table))
	}
	var err error
	c.users, err = enterSet(o.Users)
	return c, err
}

// enterSet begins the use of a set that may be nil; leaveSet ends it.
func enterSet(s *IDSet) (*C.pmkt_idset, error) {
	if s == nil {
		return nil, nil
	}
	at, ok := s.enter()
	if !ok {
		return nil, closed("the set")
	}
	return at, nil
}

func leaveSet(s *IDSet) {
	if s != nil {
		s.h.leave()
	}
}

// CFData is training data: who had to do with what, how strongly. A sparse matrix, which never changes;
// any number of goroutines may use it.
type CFData struct {
	h      *handle
	counts CFCounts
}

func ownCFData(at *C.pmkt_cf_data, err error) (*CFData, error) {
	if err != nil {
		return nil, err
	}
	d := &CFData{}
	d.h = own(d, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_cf_data_release((*C.pmkt_cf_data)(p))
	})
	d.counts, err = countsOf(at)
	if err != nil {
		d.h.close()
		return nil, err
	}
	return d, nil
}

// NewCFData is the matrix of a batch of events. Events without an item, and what the options leave out,
// count as ignored in the report. No event that counts is no error: the matrix is empty.
func NewCFData(
	ctx context.Context, batch *Events, data CFDataOptions, options ...Option,
) (*CFData, Report, error) {
	none := Report{FirstBad: -1}
	if batch == nil {
		return nil, none, invalid("the batch is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	c, err := data.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	defer leaveSet(data.Users)
	report := newReport(&pin, int(events.rows))
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	var at *C.pmkt_cf_data
	var e C.pmkt_error
	status := C.pmkt_cf_data_from_events(&events, c, run.run, &report.c, &at, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(batch)
	made, err := ownCFData(at, err)
	return made, report.toGo(), err
}

// CFMatrix is a sparse matrix by rows: the entries of row u are those from At[u] up to, not including,
// At[u+1].
type CFMatrix struct {
	Columns  int       // how many: the items
	At       []int64   // one more than there are rows, ascending from 0
	Item     []int32   // columns, from 0
	Weight   []float32 // finite; nil: all 1
	UserID   []uint64  // of the rows; nil: row + 1
	ItemID   []uint64  // of the columns; nil: column + 1
	Category []uint64  // of the columns; nil: none; null IDNone
}

// Rows is how many users the matrix has.
func (m *CFMatrix) Rows() int { return max(len(m.At)-1, 0) }

func (m *CFMatrix) toC(pin *runtime.Pinner) (*C.pmkt_cf_matrix, error) {
	rows, entries := m.Rows(), 0
	if len(m.At) > 0 {
		entries = int(m.At[rows])
	}
	p := pinned{pin: pin, rows: entries}
	c := &C.pmkt_cf_matrix{
		struct_size: C.sizeof_pmkt_cf_matrix,
		users:       C.int64_t(rows),
		items:       C.int64_t(m.Columns),
		item:        list[C.int32_t](&p, "Item", m.Item, entries, true),
		weight:      list[C.float](&p, "Weight", m.Weight, entries, false),
		user_id:     list[C.uint64_t](&p, "UserID", m.UserID, rows, false),
		item_id:     list[C.uint64_t](&p, "ItemID", m.ItemID, m.Columns, false),
		category:    list[C.uint64_t](&p, "Category", m.Category, m.Columns, false),
	}
	c.at = list[C.int64_t](&p, "At", m.At, rows+1, rows > 0)
	return c, p.err
}

// list pins a list that must be so long; NULL for an empty one, if it may be missing.
func list[C, G any](p *pinned, name string, s []G, n int, needed bool) *C {
	if len(s) != n && (needed || len(s) > 0) {
		p.note(invalid("%s has %d entries; expected %d", name, len(s), n))
	}
	if len(s) == 0 {
		return nil
	}
	at := data[C](s)
	p.pin.Pin(at)
	return at
}

// CFDataOf is data from a matrix that is there already. Columns of a row come in any order; those that
// come twice are added up.
func CFDataOf(ctx context.Context, matrix *CFMatrix, options ...Option) (*CFData, error) {
	if matrix == nil {
		return nil, invalid("the matrix is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	c, err := matrix.toC(&pin)
	if err != nil {
		return nil, err
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_cf_data
	var e C.pmkt_error
	status := C.pmkt_cf_data_from_matrix(c, nil, run.run, &at, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(matrix)
	return ownCFData(at, err)
}

func (d *CFData) enter() (*C.pmkt_cf_data, error) {
	if d == nil || !d.h.enter() {
		return nil, closed("the data")
	}
	return (*C.pmkt_cf_data)(d.h.at), nil
}

// Close frees the data; models fitted to it live on. It returns nil.
func (d *CFData) Close() error {
	if d != nil {
		d.h.close()
	}
	return nil
}

// CFCounts is what went into data. Rows are of events, 0 from a matrix.
type CFCounts struct {
	Users     int64
	Items     int64
	Entries   int64
	Negative  int64     // entries below zero
	Rows      int64     // events that count
	NoItem    int64     // rows left out: without an item
	NoConsent int64     // of users not in CFDataOptions.Users
	OutOfTime int64     // before Since, or not before AsOf
	NoWeight  int64     // of kinds that say nothing
	Capped    int64     // entries left out by the two caps
	AsOf      time.Time // as it was used; zero from a matrix, or without events
	Bytes     int64
	Hash      uint64 // of ids and entries: equal for equal data
}

func countsOf(at *C.pmkt_cf_data) (CFCounts, error) {
	c := C.pmkt_cf_data_counts{struct_size: C.sizeof_pmkt_cf_data_counts}
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_data_info(at, &c, &e), &e); err != nil {
		return CFCounts{}, err
	}
	return CFCounts{
		Users: int64(c.users), Items: int64(c.items), Entries: int64(c.entries),
		Negative: int64(c.negative), Rows: int64(c.rows), NoItem: int64(c.no_item),
		NoConsent: int64(c.no_consent), OutOfTime: int64(c.out_of_time),
		NoWeight: int64(c.no_weight), Capped: int64(c.capped),
		AsOf: fromMillis(int64(c.as_of_ms)), Bytes: int64(c.bytes), Hash: uint64(c.hash),
	}, nil
}

// Counts is what went into the data; also of data that is closed.
func (d *CFData) Counts() CFCounts {
	if d == nil {
		return CFCounts{}
	}
	return d.counts
}

// Borrow lends the matrix by users, and the same by items, whose rows are then the items and whose Item are
// users. Ids ascend, and so do the columns of a row. They may be neither changed nor used after fn has
// returned. It returns what fn returns.
func (d *CFData) Borrow(fn func(byUser, byItem *CFMatrix) error) error {
	at, err := d.enter()
	if err != nil {
		return err
	}
	defer d.h.leave()
	users := C.pmkt_cf_matrix{struct_size: C.sizeof_pmkt_cf_matrix}
	items := users
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_data_matrix(at, &users, &items, &e), &e); err != nil {
		return err
	}
	return fn(lentMatrix(&users), lentMatrix(&items))
}

func lentMatrix(c *C.pmkt_cf_matrix) *CFMatrix {
	rows, columns := int(c.users), int(c.items)
	m := &CFMatrix{Columns: columns, At: borrow[int64](c.at, rows+1)}
	entries := 0
	if len(m.At) > 0 {
		entries = int(m.At[rows])
	}
	m.Item = borrow[int32](c.item, entries)
	m.Weight = borrow[float32](c.weight, entries)
	m.UserID = borrow[uint64](c.user_id, rows)
	m.ItemID = borrow[uint64](c.item_id, columns)
	m.Category = borrow[uint64](c.category, columns)
	return m
}

func (m *CFMatrix) clone() *CFMatrix {
	return &CFMatrix{
		Columns: m.Columns, At: slices.Clone(m.At), Item: slices.Clone(m.Item),
		Weight: slices.Clone(m.Weight), UserID: slices.Clone(m.UserID),
		ItemID: slices.Clone(m.ItemID), Category: slices.Clone(m.Category),
	}
}

// Matrix is a copy of the matrix by users.
func (d *CFData) Matrix() (*CFMatrix, error) {
	var out *CFMatrix
	err := d.Borrow(func(byUser, _ *CFMatrix) error {
		out = byUser.clone()
		return nil
	})
	return out, err
}

// CFBuilder collects events that come in more than one batch. Calls that change it are made one after
// another; those that only ask run side by side.
type CFBuilder struct{ own guarded }

// NewCFBuilder is a new, empty builder. It refuses (ErrLimit) a batch that would make it larger than
// maxBytes; 0 is no limit.
func NewCFBuilder(maxBytes int64) (*CFBuilder, error) {
	var at *C.pmkt_cf_builder
	var e C.pmkt_error
	status := C.pmkt_cf_builder_new(nil, C.int64_t(maxBytes), &at, &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	b := &CFBuilder{}
	b.own.h = own(b, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_cf_builder_free((*C.pmkt_cf_builder)(p))
	})
	return b, nil
}

// Close frees the builder; data made from it lives on. It returns nil.
func (b *CFBuilder) Close() error {
	if b != nil {
		b.own.h.close()
	}
	return nil
}

func (b *CFBuilder) guarded() *guarded {
	if b == nil {
		return nil
	}
	return &b.own
}

// Add takes a batch, all of it or, on an error, none of it. Rows without an item count as ignored.
func (b *CFBuilder) Add(ctx context.Context, batch *Events, options ...Option) (Report, error) {
	none := Report{FirstBad: -1}
	if batch == nil {
		return none, invalid("the batch is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return none, err
	}
	report := newReport(&pin, int(events.rows))
	err = b.guarded().call(ctx, "the builder", true, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_builder_add((*C.pmkt_cf_builder)(at), &events, run, &report.c, e)
		})
	runtime.KeepAlive(batch)
	return report.toGo(), err
}

// Bytes is the memory of the builder now; 0 of a closed one.
func (b *CFBuilder) Bytes() int64 {
	at, err := b.guarded().enter(context.Background(), "the builder", false)
	if err != nil {
		return 0
	}
	defer b.own.leave(false)
	return int64(C.pmkt_cf_builder_bytes((*C.pmkt_cf_builder)(at)))
}

// Build is the matrix of all batches so far, as NewCFData would make it of one batch with all rows. The
// builder can go on.
func (b *CFBuilder) Build(
	ctx context.Context, data CFDataOptions, options ...Option,
) (*CFData, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	c, err := data.toC(&pin)
	if err != nil {
		return nil, err
	}
	defer leaveSet(data.Users)
	pin.Pin(c)
	var made *C.pmkt_cf_data
	err = b.guarded().call(ctx, "the builder", false, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_builder_build((*C.pmkt_cf_builder)(at), c, run, &made, e)
		})
	return ownCFData(made, err)
}
