package pmkt

// #include <pmkt.h>
// #cgo noescape pmkt_rfm_stats
// #cgo nocallback pmkt_rfm_stats
// #cgo nocallback pmkt_rfm_settings
// #cgo noescape pmkt_rfm_forget
// #cgo nocallback pmkt_rfm_forget
// #cgo nocallback pmkt_rfm_new
// #cgo nocallback pmkt_rfm_add
// #cgo nocallback pmkt_rfm_merge
// #cgo nocallback pmkt_rfm_compact
// #cgo nocallback pmkt_rfm_score
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// Mode is what a state keeps.
type Mode int32

// The modes of a state.
const (
	// History keeps every order and answers for any date.
	History Mode = C.PMKT_RFM_HISTORY

	// Summary keeps sums only, 48 bytes a customer: it sees lines as one order only if they are
	// neighbors in one batch, cannot undo orders, and answers only for dates after the last event.
	Summary Mode = C.PMKT_RFM_SUMMARY
)

// String is "history" or "summary".
func (m Mode) String() string {
	switch m {
	case History:
		return "history"
	case Summary:
		return "summary"
	}
	return fmt.Sprintf("mode %d", int32(m))
}

// RFMOptions are the choices of a new state; the zero value is the default of each.
type RFMOptions struct {
	Mode     Mode
	Zone     Zone  // where calendar days are counted; UTC
	MaxBytes int64 // refuse (ErrLimit) what would make the state larger; 0 is no limit
	Unpriced bool  // amounts are ignored; orders count unless canceled
}

// RFM is the state that events go into: recency, frequency and monetary value of customers. Batches
// come in any order, as often as there are some; [RFM.Score] answers as of a date.
//
// Calls that change the state are made one after another; those that only ask run side by side.
type RFM struct{ own guarded }

// NewRFM is a new, empty state.
func NewRFM(options RFMOptions) (*RFM, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	zone, err := options.Zone.toC(&pin)
	if err != nil {
		return nil, err
	}
	c := &C.pmkt_rfm_options{
		struct_size: C.sizeof_pmkt_rfm_options,
		mode:        C.int32_t(options.Mode),
		zone:        &zone,
		max_bytes:   C.int64_t(options.MaxBytes),
		unpriced:    boolean(options.Unpriced),
	}
	pin.Pin(c.zone)
	var e C.pmkt_error
	var at *C.pmkt_rfm
	status := C.pmkt_rfm_new(c, &at, &e)
	return ownRFM(at, failure(status, &e))
}

func ownRFM(at *C.pmkt_rfm, err error) (*RFM, error) {
	if err != nil {
		return nil, err
	}
	r := &RFM{}
	r.own.h = own(r, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_rfm_free((*C.pmkt_rfm)(p))
	})
	return r, nil
}

// Close frees the state; scores made from it live on. It returns nil.
func (r *RFM) Close() error {
	if r != nil {
		r.own.h.close()
	}
	return nil
}

func (r *RFM) guarded() *guarded {
	if r == nil {
		return nil
	}
	return &r.own
}

// call runs something long on the state.
func (r *RFM) call(
	ctx context.Context, change bool, options []Option,
	fn func(*C.pmkt_rfm, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	return r.guarded().call(ctx, "the state", change, options,
		func(at unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return fn((*C.pmkt_rfm)(at), run, e)
		})
}

// Add takes a batch, all of it or, on an error, none of it. The report tells what became of its rows;
// with an ErrBadRow it counts the bad ones.
func (r *RFM) Add(ctx context.Context, batch *Events, options ...Option) (Report, error) {
	if batch == nil {
		return Report{FirstBad: -1}, invalid("the batch is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return Report{FirstBad: -1}, err
	}
	report := newReport(&pin, int(events.rows))
	err = r.call(ctx, true, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_add(state, &events, run, &report.c, e)
		})
	runtime.KeepAlive(batch)
	return report.toGo(), err
}

// Merge adds all that another state knows; the other stays as it is. The result equals a state that took
// every batch itself. Whoever is forgotten in either is forgotten in r.
func (r *RFM) Merge(ctx context.Context, from *RFM, options ...Option) error {
	return merge(ctx, r.guarded(), from.guarded(), "state", options,
		func(into, from unsafe.Pointer, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_merge((*C.pmkt_rfm)(into), (*C.pmkt_rfm)(from), run, e)
		})
}

// Forget erases what is known of users from before an instant. A dated tombstone stays, also for users
// who are not known, so that no old batch and no merge brings them back; what they do later is of a
// new customer. It returns how many different users had something to forget.
func (r *RFM) Forget(ctx context.Context, users []uint64, when time.Time) (int64, error) {
	at, err := r.guarded().enter(ctx, "the state", true)
	if err != nil {
		return 0, err
	}
	defer r.own.leave(true)
	var found C.int64_t
	var e C.pmkt_error
	status := C.pmkt_rfm_forget((*C.pmkt_rfm)(at), data[C.uint64_t](users), C.int64_t(len(users)),
		C.int64_t(millis(when)), &found, &e)
	return int64(found), failure(status, &e)
}

// Compact folds recent rows into the compact form and gives spare memory back; answers do not change.
// A state does this by itself; call it before a long rest.
func (r *RFM) Compact(ctx context.Context, options ...Option) error {
	return r.call(ctx, true, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_compact(state, run, e)
		})
}

// RFMStats is what a state holds.
type RFMStats struct {
	Mode             Mode
	Generation       int64 // rises with every call that changed the state
	RowsAccepted     int64 // by all adds, and by those of merged states
	RowsRejected     int64
	RowsIgnored      int64
	RowsPending      int64     // accepted, not yet compacted
	Customers        int64     // compacted; pending rows may hold more
	Orders           int64     // compacted entries: orders and refunds (History), orders (Summary)
	Forgotten        int64     // tombstones
	Bytes            int64     // memory of the state now
	FirstEvent       time.Time // over all accepted rows; zero if there are none
	LastEvent        time.Time
	Currency         string // as the batches named it, or ""
	CurrencyExponent int
}

// Stats reads the counters. O(1) in History mode, O(customers) in Summary mode.
func (r *RFM) Stats() (RFMStats, error) {
	at, err := r.guarded().enter(context.Background(), "the state", false)
	if err != nil {
		return RFMStats{}, err
	}
	defer r.own.leave(false)
	c := C.pmkt_rfm_counters{struct_size: C.sizeof_pmkt_rfm_counters}
	var e C.pmkt_error
	if err := failure(C.pmkt_rfm_stats((*C.pmkt_rfm)(at), &c, &e), &e); err != nil {
		return RFMStats{}, err
	}
	return RFMStats{
		Mode:             Mode(c.mode),
		Generation:       int64(c.generation),
		RowsAccepted:     int64(c.rows_accepted),
		RowsRejected:     int64(c.rows_rejected),
		RowsIgnored:      int64(c.rows_ignored),
		RowsPending:      int64(c.rows_pending),
		Customers:        int64(c.customers),
		Orders:           int64(c.orders),
		Forgotten:        int64(c.forgotten),
		Bytes:            int64(c.bytes),
		FirstEvent:       fromMillis(int64(c.first_event_ms)),
		LastEvent:        fromMillis(int64(c.last_event_ms)),
		Currency:         text(c.currency),
		CurrencyExponent: int(c.currency_exponent),
	}, nil
}

// Settings are the options that the state was made with, or that its file was saved with.
func (r *RFM) Settings() (RFMOptions, error) {
	at, err := r.guarded().enter(context.Background(), "the state", false)
	if err != nil {
		return RFMOptions{}, err
	}
	defer r.own.leave(false)
	c := C.pmkt_rfm_options{struct_size: C.sizeof_pmkt_rfm_options}
	var e C.pmkt_error
	if err := failure(C.pmkt_rfm_settings((*C.pmkt_rfm)(at), &c, &e), &e); err != nil {
		return RFMOptions{}, err
	}
	options := RFMOptions{
		Mode:     Mode(c.mode),
		MaxBytes: int64(c.max_bytes),
		Unpriced: c.unpriced != 0,
	}
	if c.zone != nil {
		options.Zone.OffsetMinutes = int(c.zone.offset_minutes)
		options.Zone.Transitions = slices.Clone(
			borrow[Transition](c.zone.transitions, int(c.zone.n_transitions)))
	}
	return options, nil
}

// Score says what every customer known before an instant is worth. asOf is exclusive: what happened at
// or after it is not seen. The zero ScoreOptions are the defaults. A state without such customers
// gives scores without rows, which is no error.
func (r *RFM) Score(
	ctx context.Context, asOf time.Time, score ScoreOptions, options ...Option,
) (*Scores, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	if previous := score.Previous; previous != nil {
		if !previous.h.enter() {
			return nil, closed("the set of previous scores")
		}
		defer previous.h.leave()
	}
	c, err := score.toC(&pin)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_rfm_scores
	err = r.call(ctx, false, options,
		func(state *C.pmkt_rfm, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_rfm_score(state, C.int64_t(millis(asOf)), c, run, &at, e)
		})
	if err != nil {
		return nil, err
	}
	return ownScores(at)
}
