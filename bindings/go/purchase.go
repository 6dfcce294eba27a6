package pmkt

/*
#include <pmkt.h>

// Arrays come one by one and become structs here, as in intent.go.
static pmkt_status pmktgo_purchase_score(const pmkt_purchase *model, const pmkt_events *events,
                                         const pmkt_run *run, pmkt_report *report, double *p_goal,
                                         double *p_cart, double *time_ms, uint32_t *next,
                                         double *next_p, double *outcome, pmkt_error *err) {
    const pmkt_purchase_scores out = {sizeof out, 0, p_goal, p_cart, time_ms, next, next_p,
                                      outcome};
    return pmkt_purchase_score(model, events, run, report, &out, err);
}

#cgo nocallback pmkt_purchase_fit
#cgo nocallback pmkt_purchase_release
#cgo nocallback pmkt_purchase_chains
#cgo nocallback pmkt_purchase_logistic
#cgo nocallback pmkt_purchase_info
#cgo nocallback pmkt_purchase_settings
#cgo nocallback pmkt_purchase_feature
#cgo nocallback pmktgo_purchase_score
#cgo nocallback pmkt_purchase_explain
#cgo nocallback pmkt_purchase_save
#cgo nocallback pmkt_purchase_save_memory
#cgo nocallback pmkt_purchase_load
#cgo nocallback pmkt_purchase_load_memory
#cgo nocallback pmkt_intent_retain
*/
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// PurchasePart is which of the two probabilities of a Purchase.
type PurchasePart int32

// The parts.
const (
	PurchaseSession PurchasePart = C.PMKT_PURCHASE_SESSION // the goal later in the session
	PurchaseCart    PurchasePart = C.PMKT_PURCHASE_CART    // the goal within CartWithin of a cart
)

// String is "session" or "cart".
func (p PurchasePart) String() string {
	switch p {
	case PurchaseSession:
		return "session"
	case PurchaseCart:
		return "cart"
	}
	return fmt.Sprintf("part %d", int32(p))
}

// PurchaseOptions say how to fit, beside the IntentOptions of the chains; the zero value is the default of
// each.
type PurchaseOptions struct {
	Calibration Calibration   // CalibrationPlatt
	L2          float64       // 1: penalty of the standardized coefficients
	Rows        int64         // 250,000: events that the logistic models learn from, about; whole users
	CartWithin  time.Duration // 72 hours: horizon of a cart
	Zone        Zone          // of hours and weekdays
}

// Purchase is a fitted model of whether users buy, now: chains of actions, and a calibrated probability at
// every event. It never changes; any number of goroutines may ask it. The header purchase.h says more.
type Purchase struct {
	h        *handle
	info     PurchaseInfo
	features []string
}

// PurchaseInfo is what a model of purchases is.
type PurchaseInfo struct {
	Features   int
	Rows       int64 // events that the session's model was fitted to; 0: there is none
	CartRows   int64 // the cart's; 0 likewise
	CartWithin time.Duration
	Bytes      int64 // the chains' too
}

func ownPurchase(at *C.pmkt_purchase, err error) (*Purchase, error) {
	if err != nil {
		return nil, err
	}
	m := &Purchase{}
	m.h = own(m, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_purchase_release((*C.pmkt_purchase)(p))
	})
	c := C.pmkt_purchase_facts{struct_size: C.sizeof_pmkt_purchase_facts}
	var e C.pmkt_error
	if err := failure(C.pmkt_purchase_info(at, &c, &e), &e); err != nil {
		m.h.close()
		return nil, err
	}
	m.info = PurchaseInfo{
		Features:   int(c.features),
		Rows:       int64(c.rows),
		CartRows:   int64(c.cart_rows),
		CartWithin: time.Duration(c.cart_ms) * time.Millisecond,
		Bytes:      int64(c.bytes),
	}
	for i := range c.features {
		m.features = append(m.features, C.GoString(C.pmkt_purchase_feature(at, i)))
	}
	return m, nil
}

// FitPurchase is a model of a batch of events, in any order; those of one user and time stand as their
// rows do. Of too few events it lacks the parts that they do not tell; Info says so.
func FitPurchase(
	ctx context.Context, batch *Events, chains IntentOptions, fit PurchaseOptions, options ...Option,
) (*Purchase, Report, error) {
	none := Report{FirstBad: -1}
	if batch == nil {
		return nil, none, invalid("the batch is nil")
	}
	if fit.CartWithin != 0 && fit.CartWithin < time.Millisecond {
		return nil, none, invalid("CartWithin is %v; it must be a millisecond or more", fit.CartWithin)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	intent, err := chains.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	zone, err := fit.Zone.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	pin.Pin(&zone)
	c := &C.pmkt_purchase_options{
		struct_size: C.sizeof_pmkt_purchase_options,
		calibration: C.int32_t(fit.Calibration),
		l2:          C.double(fit.L2),
		rows:        C.int64_t(fit.Rows),
		cart_ms:     C.int64_t(fit.CartWithin / time.Millisecond),
		zone:        &zone,
	}
	report := newReport(&pin, int(events.rows))
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	var at *C.pmkt_purchase
	var e C.pmkt_error
	status := C.pmkt_purchase_fit(&events, intent, c, run.run, &report.c, &at, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(batch)
	made, err := ownPurchase(at, err)
	return made, report.toGo(), err
}

// enter begins a call; h.leave ends it.
func (m *Purchase) enter() (*C.pmkt_purchase, error) {
	if m == nil || !m.h.enter() {
		return nil, closed("the model")
	}
	return (*C.pmkt_purchase)(m.h.at), nil
}

// call runs something long on the model.
func (m *Purchase) call(
	ctx context.Context, options []Option,
	fn func(*C.pmkt_purchase, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
) error {
	at, err := m.enter()
	if err != nil {
		return err
	}
	defer m.h.leave()
	run, err := start(ctx, options)
	if err != nil {
		return err
	}
	var e C.pmkt_error
	return run.finish(fn(at, run.run, &e), &e)
}

// Close frees the model, or lets the last call under way do so. It returns nil.
func (m *Purchase) Close() error {
	if m != nil {
		m.h.close()
	}
	return nil
}

// Info says what the model is, also after Close.
func (m *Purchase) Info() PurchaseInfo { return m.info }

// Settings are the options that the model was fitted with, also one from a file.
func (m *Purchase) Settings() (IntentOptions, PurchaseOptions, error) {
	if m == nil || !m.h.enter() {
		return IntentOptions{}, PurchaseOptions{}, closed("the model")
	}
	defer m.h.leave()
	o := C.pmkt_purchase_options{struct_size: C.sizeof_pmkt_purchase_options}
	c := C.pmkt_intent_options{struct_size: C.sizeof_pmkt_intent_options}
	var e C.pmkt_error
	if err := failure(C.pmkt_purchase_settings((*C.pmkt_purchase)(m.h.at), &o, &c, &e), &e); err != nil {
		return IntentOptions{}, PurchaseOptions{}, err
	}
	chains := IntentOptions{
		Order:     int(c.order),
		Gap:       time.Duration(c.gap_ms) * time.Millisecond,
		Goal:      Action(c.goal),
		BySession: c.by_session != 0,
		Classes:   slices.Clone(borrow[uint64](c.classes, int(c.n_classes))),
	}
	if c.class_column != nil {
		chains.ClassColumn = C.GoString(c.class_column)
	}
	fit := PurchaseOptions{
		Calibration: Calibration(o.calibration),
		L2:          float64(o.l2),
		Rows:        int64(o.rows),
		CartWithin:  time.Duration(o.cart_ms) * time.Millisecond,
	}
	fit.Zone.OffsetMinutes = int(o.zone.offset_minutes)
	fit.Zone.Transitions = slices.Clone(
		borrow[Transition](o.zone.transitions, int(o.zone.n_transitions)))
	return chains, fit, nil
}

// Features are the names of the features, such as "evidence" or "count:view", also after Close. A class
// stands behind its action as "view:2", counted from 1.
func (m *Purchase) Features() []string { return slices.Clone(m.features) }

// Chains are the model's chains, to be closed on their own.
func (m *Purchase) Chains() (*Intent, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	return ownIntent(C.pmkt_intent_retain(C.pmkt_purchase_chains(at)), nil)
}

// Logistic is the logistic model of a part, whose columns are the features, to be closed on its own.
func (m *Purchase) Logistic(part PurchasePart) (*Logistic, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	found := C.pmkt_purchase_logistic(at, C.int32_t(part))
	if found == nil {
		return nil, invalid("the model has no part %q: what it was fitted to was too little", part)
	}
	return ownLogistic(C.pmkt_logistic_retain(found), nil)
}

// PurchaseScores are scores of events, in the order of the batch; of Next and NextP there are IntentTop. A
// bad row has NaN. A row that is the goal, or follows it in its session, is past it: PGoal 1, PCart NaN,
// TimeMs 0, Next 0.
type PurchaseScores struct {
	PGoal  []float64 // P(the goal comes later in the session), given all up to the event
	PCart  []float64 // of carts: P(the user reaches the goal within CartWithin); else NaN
	TimeMs []float64 // mean time until the goal, if it is reached
	Next   []Action  // the likeliest next actions or ends, best first
	NextP  []float64 // their probabilities

	// Outcome is what came of it, by this batch: 1, the goal comes later in the session; 0, it does not;
	// NaN at and past the goal. To judge PGoal by.
	Outcome []float64
}

// NewPurchaseScores has room for all scores of n events.
func NewPurchaseScores(n int) *PurchaseScores {
	return &PurchaseScores{make([]float64, n), make([]float64, n), make([]float64, n),
		make([]Action, n*IntentTop), make([]float64, n*IntentTop), make([]float64, n)}
}

// check says whether each slice is nil or of the right length.
func (s *PurchaseScores) check(n int) error {
	if s == nil {
		return invalid("the scores are nil")
	}
	for _, length := range [...]int{len(s.PGoal), len(s.PCart), len(s.TimeMs), len(s.Outcome)} {
		if length != 0 && length != n {
			return invalid("there is room for %d scores, and there are %d events", length, n)
		}
	}
	for _, length := range [...]int{len(s.Next), len(s.NextP)} {
		if length != 0 && length != n*IntentTop {
			return invalid("Next and NextP take %d answers an event", IntentTop)
		}
	}
	return nil
}

// Score scores every event of a batch, in any order, into the slices of out that are not empty. A score
// looks at the user's events of the batch up to its own: give a user's history with them.
func (m *Purchase) Score(
	ctx context.Context, batch *Events, out *PurchaseScores, options ...Option,
) (Report, error) {
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
	if err := out.check(int(events.rows)); err != nil {
		return none, err
	}
	report := newReport(&pin, int(events.rows))
	err = m.call(ctx, options,
		func(at *C.pmkt_purchase, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmktgo_purchase_score(at, &events, run, &report.c, data[C.double](out.PGoal),
				data[C.double](out.PCart), data[C.double](out.TimeMs),
				data[C.uint32_t](out.Next), data[C.double](out.NextP), data[C.double](out.Outcome), e)
		})
	runtime.KeepAlive(batch)
	return report.toGo(), err
}

// PurchaseReasons are why events have their scores.
type PurchaseReasons struct {
	Value   []float64 // for each event its features
	LogOdds []float64 // for each event what its features add to the log-odds, and last the intercept
}

// Explain says why chosen rows of a batch have their scores; rows nil: all. The log-odds of a row sum to
// ln p / (1 - p), before an isotonic curve. Rows at and past the goal, and bad ones, have NaN.
func (m *Purchase) Explain(
	ctx context.Context, part PurchasePart, batch *Events, rows []int64, options ...Option,
) (*PurchaseReasons, error) {
	if batch == nil {
		return nil, invalid("the batch is nil")
	}
	if m == nil {
		return nil, closed("the model")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return nil, err
	}
	n := len(rows)
	if rows == nil {
		n = int(events.rows)
	}
	out := &PurchaseReasons{make([]float64, n*m.info.Features), make([]float64, n*(m.info.Features+1))}
	if n == 0 {
		rows = nil // C has no other way to say none
		events.rows = 0
	}
	err = m.call(ctx, options,
		func(at *C.pmkt_purchase, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_purchase_explain(at, C.int32_t(part), &events, data[C.int64_t](rows),
				C.int64_t(n), run, data[C.double](out.Value), data[C.double](out.LogOdds), e)
		})
	runtime.KeepAlive(batch)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Save writes the model to a file, in one step: a reader sees the old file or the new one.
func (m *Purchase) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
	c, err := save.toC()
	if err != nil {
		return err
	}
	name, free, err := cpath(path)
	if err != nil {
		return err
	}
	defer free()
	return m.call(ctx, options,
		func(at *C.pmkt_purchase, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_purchase_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (m *Purchase) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, m.call(ctx, options,
		func(at *C.pmkt_purchase, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_purchase_save_memory(at, c, run, &buffer, e)
		}))
}

// LoadPurchase reads a model from a file and verifies every checksum.
func LoadPurchase(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*Purchase, error) {
	var at *C.pmkt_purchase
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_purchase_load(name, load.toC(), run, &at, e)
		})
	return ownPurchase(at, err)
}

// LoadPurchaseBytes is the same of bytes, which are not kept.
func LoadPurchaseBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*Purchase, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_purchase
	var e C.pmkt_error
	status := C.pmkt_purchase_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &at, &e)
	return ownPurchase(at, run.finish(status, &e))
}
