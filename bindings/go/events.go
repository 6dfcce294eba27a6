package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_events_check
// #cgo nocallback pmkt_events_check
// #cgo noescape pmkt_kind_name
// #cgo nocallback pmkt_kind_name
// #cgo noescape pmkt_kind_from_name
// #cgo nocallback pmkt_kind_from_name
// #cgo noescape pmkt_bad_reason
// #cgo nocallback pmkt_bad_reason
import "C"

import (
	"fmt"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// Kind is what happened. Kinds from KindCustom to 65,535 are the caller's own.
type Kind uint16

// The kinds of events.
const (
	KindNone       Kind = C.PMKT_KIND_NONE       // null
	KindImpression Kind = C.PMKT_KIND_IMPRESSION // something was shown
	KindClick      Kind = C.PMKT_KIND_CLICK
	KindView       Kind = C.PMKT_KIND_VIEW
	KindSearch     Kind = C.PMKT_KIND_SEARCH
	KindFavorite   Kind = C.PMKT_KIND_FAVORITE
	KindFollow     Kind = C.PMKT_KIND_FOLLOW // a brand, a shop, a person
	KindCart       Kind = C.PMKT_KIND_CART
	KindUncart     Kind = C.PMKT_KIND_UNCART // taken out of the cart
	KindCheckout   Kind = C.PMKT_KIND_CHECKOUT
	KindOrder      Kind = C.PMKT_KIND_ORDER // one line of an order
	KindPay        Kind = C.PMKT_KIND_PAY
	KindCancel     Kind = C.PMKT_KIND_CANCEL // of an order; without an amount: of all of it
	KindRefund     Kind = C.PMKT_KIND_REFUND // money given back
	KindReview     Kind = C.PMKT_KIND_REVIEW
	KindShare      Kind = C.PMKT_KIND_SHARE
	KindLeave      Kind = C.PMKT_KIND_LEAVE    // the end of a visit
	KindRegister   Kind = C.PMKT_KIND_REGISTER // the user opened an account

	// KindCount is one more than the last kind of the library.
	KindCount Kind = C.PMKT_KIND_COUNT_

	// KindCustom is the first of the caller's own kinds.
	KindCustom Kind = C.PMKT_KIND_CUSTOM
)

// String is the kind's name in lower case, "custom" from KindCustom on.
func (k Kind) String() string {
	if name := C.pmkt_kind_name(C.int32_t(k)); name != nil {
		return C.GoString(name)
	}
	return fmt.Sprintf("kind %d", uint16(k))
}

// KindOf is the kind of a name such as "order", or KindNone.
func KindOf(name string) Kind {
	if strings.IndexByte(name, 0) >= 0 {
		return KindNone
	}
	return Kind(C.pmkt_kind_from_name(chars(name + "\x00")))
}

// OnBad says what becomes of a bad row.
type OnBad int32

// What becomes of a bad row.
const (
	OnBadFail OnBad = C.PMKT_ON_BAD_FAIL // the call fails, and nothing is taken
	OnBadSkip OnBad = C.PMKT_ON_BAD_SKIP // the row is left out, and counted
)

// ColumnType is the type of an extra column.
type ColumnType int32

// The types of extra columns.
const (
	TypeInt64  ColumnType = C.PMKT_TYPE_INT64  // null is math.MinInt64
	TypeUint64 ColumnType = C.PMKT_TYPE_UINT64 // ids, null is 0
	TypeDouble ColumnType = C.PMKT_TYPE_DOUBLE // null is NaN
)

// Column is a column beyond the standard ones. It has one of the three slices.
type Column struct {
	Name   string
	Int64  []int64
	Uint64 []uint64
	Double []float64
}

// Events is a batch of events in columns, one row an event: who did what, when, for how much. User and
// Time are required, every other column may be nil, and all that are not are equally long. The zero
// Events is an empty batch. A call uses the slices where they lie: do not change them meanwhile.
type Events struct {
	User     []uint64 // null IDNone
	Time     []int64  // milliseconds since 1970 UTC; null TimeNull
	Kind     []Kind   // nil: every row is of EveryKind
	Item     []uint64
	Category []uint64
	Order    []uint64 // lines with one order id are one order; null: an order of its own
	Session  []uint64
	Channel  []uint64
	EventID  []uint64
	Amount   []int64 // minor units; null AmountNull
	Quantity []int64 // null QuantityNull
	Extra    []Column

	// EveryKind is the kind of all rows of a batch without Kind; 0 is KindOrder.
	EveryKind Kind

	// Currency is an ISO 4217 code such as "CNY", or "" if it is not named. A state refuses another
	// one afterwards.
	Currency string

	// CurrencyExponent is how many decimals a named currency has, 0 to 6.
	CurrencyExponent int

	// OnBad is what becomes of bad rows: OnBadFail, or OnBadSkip.
	OnBad OnBad

	// Reject gives rows up from the start: 1 + a reason, or 0. nil: no such row.
	Reject []uint8

	lender any // what keeps the memory of the columns, where they are lent
}

// Len is the number of rows.
func (e *Events) Len() int { return len(e.User) }

// Event is one event, for callers who have structs rather than columns. Fields that are zero are
// not there, but for an Amount of 0, which is an amount of nothing, and AmountNull is none.
type Event struct {
	User     uint64
	Time     time.Time
	Kind     Kind
	Item     uint64
	Category uint64
	Order    uint64
	Session  uint64
	Channel  uint64
	EventID  uint64
	Amount   int64 // minor units; of a KindCancel, 0 too is none: all of its order is canceled
	Quantity int64 // 0 is not known
}

// EventsOf is the batch of some events.
func EventsOf(events ...Event) *Events {
	batch := &Events{}
	batch.Append(events...)
	return batch
}

// Append adds rows to the batch. Columns appear when a row first has something for them; Kind, Amount,
// User and Time always do.
func (e *Events) Append(events ...Event) {
	for i := range events {
		e.appendOne(&events[i])
	}
}

func (e *Events) appendOne(v *Event) {
	rows := len(e.User)
	amount, quantity := v.numbers()
	e.User = append(e.User, v.User)
	e.Time = append(e.Time, millis(v.Time))
	e.Kind = append(e.Kind, v.Kind)
	e.Amount = append(e.Amount, amount)
	e.Quantity = appendTo(e.Quantity, rows, quantity, QuantityNull)
	e.Item = appendTo(e.Item, rows, v.Item, IDNone)
	e.Category = appendTo(e.Category, rows, v.Category, IDNone)
	e.Order = appendTo(e.Order, rows, v.Order, IDNone)
	e.Session = appendTo(e.Session, rows, v.Session, IDNone)
	e.Channel = appendTo(e.Channel, rows, v.Channel, IDNone)
	e.EventID = appendTo(e.EventID, rows, v.EventID, IDNone)
}

// numbers are what the columns hold for the amount and the quantity.
func (v *Event) numbers() (amount, quantity int64) {
	amount, quantity = v.Amount, v.Quantity
	if v.Kind == KindCancel && amount == 0 {
		amount = AmountNull
	}
	if quantity == 0 {
		quantity = QuantityNull
	}
	return amount, quantity
}

// appendTo appends to a column of so many rows, which is nil as long as all of it is null.
func appendTo[T comparable](column []T, rows int, value, null T) []T {
	if len(column) == 0 {
		if value == null {
			return column
		}
		for range rows {
			column = append(column, null)
		}
	}
	return append(column, value)
}

// Reset takes all rows out and keeps the memory of the columns, for the next batch.
func (e *Events) Reset() {
	e.User, e.Time, e.Kind = e.User[:0], e.Time[:0], e.Kind[:0]
	e.Item, e.Category, e.Order = e.Item[:0], e.Category[:0], e.Order[:0]
	e.Session, e.Channel, e.EventID = e.Session[:0], e.Channel[:0], e.EventID[:0]
	e.Amount, e.Quantity = e.Amount[:0], e.Quantity[:0]
	e.Extra, e.Reject = nil, nil
}

// pinned hands columns of a batch to C, and remembers the first that does not fit. Without a pinner they are for
// arguments of a call, which pins them by itself.
type pinned struct {
	pin  *runtime.Pinner
	rows int
	err  error
}

// note remembers an error, unless there was one before.
func (p *pinned) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

// small is a number as int32.
func (p *pinned) small(name string, n int) C.int32_t {
	out, err := narrow(name, n)
	p.note(err)
	return out
}

// code is a currency code.
func (p *pinned) code(currency string) [8]C.char {
	out, err := code(currency)
	p.note(err)
	return out
}

// column pins a column of the batch; NULL for an empty one.
func column[C, G any](p *pinned, name string, s []G) *C {
	if len(s) == 0 {
		return nil
	}
	if len(s) != p.rows {
		p.note(invalid("%s has %d rows, and the batch has %d", name, len(s), p.rows))
	}
	at := data[C](s)
	if p.pin != nil {
		p.pin.Pin(at)
	}
	return at
}

// toC is the batch as C takes it, with its columns pinned.
func (e *Events) toC(pin *runtime.Pinner) (C.pmkt_events, error) {
	p := pinned{pin: pin, rows: max(len(e.User), len(e.Time))}
	out := e.columns(&p)
	out.extra, out.n_extra = extraColumns(&p, e.Extra)
	return out, p.err
}

// columns is the batch without its extra columns.
func (e *Events) columns(p *pinned) C.pmkt_events {
	out := C.pmkt_events{
		struct_size: C.sizeof_pmkt_events,
		on_bad:      C.int32_t(e.OnBad),
		rows:        C.int64_t(p.rows),
		user:        column[C.uint64_t](p, "User", e.User),
		time:        column[C.int64_t](p, "Time", e.Time),
		kind:        column[C.uint16_t](p, "Kind", e.Kind),
		item:        column[C.uint64_t](p, "Item", e.Item),
		category:    column[C.uint64_t](p, "Category", e.Category),
		order:       column[C.uint64_t](p, "Order", e.Order),
		session:     column[C.uint64_t](p, "Session", e.Session),
		channel:     column[C.uint64_t](p, "Channel", e.Channel),
		event_id:    column[C.uint64_t](p, "EventID", e.EventID),
		amount:      column[C.int64_t](p, "Amount", e.Amount),
		quantity:    column[C.int64_t](p, "Quantity", e.Quantity),
		reject:      column[C.uint8_t](p, "Reject", e.Reject),
		every_kind:  C.int32_t(e.EveryKind),
		currency:    p.code(e.Currency),

		currency_exponent: p.small("CurrencyExponent", e.CurrencyExponent),
	}
	if out.kind == nil && e.EveryKind == KindNone {
		out.every_kind = C.PMKT_KIND_ORDER
	}
	return out
}

// extraColumns is the table of extra columns, pinned with its names.
func extraColumns(p *pinned, columns []Column) (*C.pmkt_column, C.int64_t) {
	if len(columns) == 0 {
		return nil, 0
	}
	table := make([]C.pmkt_column, len(columns))
	for i := range columns {
		from, to := &columns[i], &table[i]
		to.name = cstring(p, from.Name)
		switch {
		case from.Int64 != nil:
			to._type = C.PMKT_TYPE_INT64
			to.data = unsafe.Pointer(column[C.int64_t](p, from.Name, from.Int64))
		case from.Uint64 != nil:
			to._type = C.PMKT_TYPE_UINT64
			to.data = unsafe.Pointer(column[C.uint64_t](p, from.Name, from.Uint64))
		default:
			to._type = C.PMKT_TYPE_DOUBLE
			to.data = unsafe.Pointer(column[C.double](p, from.Name, from.Double))
		}
	}
	p.pin.Pin(&table[0])
	return &table[0], C.int64_t(len(table))
}

// cstring is a pinned copy of a string, NUL-terminated.
func cstring(p *pinned, s string) *C.char {
	if strings.IndexByte(s, 0) >= 0 {
		p.note(invalid("the name %q holds a NUL", s))
	}
	bytes := append([]byte(s), 0)
	p.pin.Pin(&bytes[0])
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}

// Check looks at a batch as every call that takes events does, and takes nothing. What only some
// need, such as an amount, is not looked at. A bad row is an error if the batch says OnBadFail.
func (e *Events) Check() (Report, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := e.toC(&pin)
	if err != nil {
		return Report{FirstBad: -1}, err
	}
	report := newReport(&pin, int(events.rows))
	var failed C.pmkt_error
	status := C.pmkt_events_check(&events, &report.c, &failed)
	runtime.KeepAlive(e)
	return report.toGo(), failure(status, &failed)
}

// BadReason is why a row was rejected. A row counts under the first that holds.
type BadReason int

// The reasons.
const (
	BadUser           BadReason = C.PMKT_BAD_USER
	BadTime           BadReason = C.PMKT_BAD_TIME
	BadKind           BadReason = C.PMKT_BAD_KIND
	BadAmountRange    BadReason = C.PMKT_BAD_AMOUNT_RANGE
	BadAmountNegative BadReason = C.PMKT_BAD_AMOUNT_NEGATIVE // neither a refund nor a cancellation
	BadAmountMissing  BadReason = C.PMKT_BAD_AMOUNT_MISSING
	BadOrderMissing   BadReason = C.PMKT_BAD_ORDER_MISSING // a cancellation without amount needs it
	BadID             BadReason = C.PMKT_BAD_ID            // not an id: a negative, a fraction
	BadValue          BadReason = C.PMKT_BAD_VALUE         // a value that its column cannot hold
	BadItem           BadReason = C.PMKT_BAD_ITEM
	BadDuplicate      BadReason = C.PMKT_BAD_DUPLICATE // the item stands in an earlier row already
	BadPrice          BadReason = C.PMKT_BAD_PRICE
	BadStock          BadReason = C.PMKT_BAD_STOCK
	BadVector         BadReason = C.PMKT_BAD_VECTOR // a number of the vector is not finite

	// BadReasons is how many reasons a report has room for.
	BadReasons = C.PMKT_BAD_REASONS
)

// String is what the reason means, such as "no user".
func (r BadReason) String() string {
	if phrase := C.pmkt_bad_reason(C.int32_t(r)); phrase != nil {
		return C.GoString(phrase)
	}
	return fmt.Sprintf("reason %d", int(r))
}

// Report is what became of the rows of a batch; every row is in exactly one of Accepted, Rejected and
// Ignored.
type Report struct {
	Rows     int64
	Accepted int64
	Rejected int64 // bad rows
	Ignored  int64 // good rows of users who were forgotten, dated before the forgetting; late ones, of a Tracker
	FirstBad int64 // the first rejected row, or -1
	ByReason [BadReasons]int64

	bits []byte // bit i % 8 of byte i / 8 is row i; nil if no row was rejected
}

// IsRejected reports whether a row was rejected.
func (r *Report) IsRejected(row int) bool {
	return row >= 0 && row/8 < len(r.bits) && r.bits[row/8]>>(row%8)&1 != 0
}

// RejectedRows lists the rejected rows, ascending.
func (r *Report) RejectedRows() []int {
	var rows []int
	for row := range len(r.bits) * 8 {
		if r.IsRejected(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// String is such as "8 rows: 5 accepted, 3 rejected (2 no user; 1 unknown kind)".
func (r Report) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows: %d accepted", r.Rows, r.Accepted)
	if r.Rejected > 0 {
		var reasons []string
		for reason, rows := range r.ByReason {
			if rows > 0 {
				reasons = append(reasons, fmt.Sprintf("%d %v", rows, BadReason(reason)))
			}
		}
		fmt.Fprintf(&out, ", %d rejected (%s)", r.Rejected, strings.Join(reasons, "; "))
	}
	if r.Ignored > 0 {
		fmt.Fprintf(&out, ", %d ignored (users forgotten)", r.Ignored)
	}
	return out.String()
}

// reporting is a report under way, with its bitmap pinned.
type reporting struct {
	c    C.pmkt_report
	bits []byte
}

func newReport(pin *runtime.Pinner, rows int) *reporting {
	r := &reporting{bits: make([]byte, (rows+7)/8)}
	r.c.struct_size = C.sizeof_pmkt_report
	r.c.first_bad = -1
	if rows > 0 {
		r.c.rejected_bits = data[C.uint8_t](r.bits)
		pin.Pin(r.c.rejected_bits)
	}
	return r
}

func (r *reporting) toGo() Report {
	out := Report{
		Rows:     int64(r.c.rows),
		Accepted: int64(r.c.accepted),
		Rejected: int64(r.c.rejected),
		Ignored:  int64(r.c.ignored),
		FirstBad: int64(r.c.first_bad),
	}
	for i := range out.ByReason {
		out.ByReason[i] = int64(r.c.by_reason[i])
	}
	if out.Rejected > 0 {
		out.bits = r.bits
	}
	return out
}
