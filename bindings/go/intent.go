package pmkt

/*
#include <pmkt.h>

// Arrays come one by one and become structs here, on the stack of C: in structs of Go they would have to
// be pinned.
static pmkt_intent_paths pmktgo_paths(int64_t n, const int64_t *at, const uint32_t *action) {
    pmkt_intent_paths p = PMKT_INTENT_PATHS_INIT;
    p.n = n;
    p.at = at;
    p.action = action;
    return p;
}

static pmkt_status pmktgo_intent_fit_paths(int64_t n, const int64_t *at, const uint32_t *action,
                                           const int64_t *dwell, const uint8_t *bought,
                                           const pmkt_intent_options *options, const pmkt_run *run,
                                           pmkt_intent **model, pmkt_error *err) {
    pmkt_intent_paths p = pmktgo_paths(n, at, action);
    p.dwell = dwell;
    p.bought = bought;
    return pmkt_intent_fit_paths(&p, options, run, model, err);
}

static pmkt_status pmktgo_intent_ask(const pmkt_intent *model, int64_t n, const int64_t *at,
                                     const uint32_t *action, const pmkt_run *run, double *goal,
                                     double *leave, double *steps, double *time_ms, double *log_all,
                                     double *log_buyer, double *log_other, uint32_t *next,
                                     double *next_p, int32_t *context, pmkt_error *err) {
    const pmkt_intent_paths p = pmktgo_paths(n, at, action);
    const pmkt_intent_answers out = {sizeof out, 0, goal, leave, steps, time_ms, log_all, log_buyer,
                                     log_other, next, next_p, context};
    return pmkt_intent_ask(model, &p, run, &out, err);
}

static pmkt_status pmktgo_intent_next(const pmkt_intent *model, int64_t n, const int64_t *at,
                                      const uint32_t *action, const int64_t *waited_ms,
                                      const pmkt_run *run, double *out, pmkt_error *err) {
    const pmkt_intent_paths p = pmktgo_paths(n, at, action);
    return pmkt_intent_next(model, &p, waited_ms, run, out, err);
}

static pmkt_status pmktgo_intent_explain(const pmkt_intent *model, int64_t n, const int64_t *at,
                                         const uint32_t *action, const pmkt_run *run, double *out,
                                         pmkt_error *err) {
    const pmkt_intent_paths p = pmktgo_paths(n, at, action);
    return pmkt_intent_explain(model, &p, run, out, err);
}

static pmkt_status pmktgo_intent_transitions(const pmkt_intent *model, int64_t room, uint32_t *from,
                                             uint32_t *to, int64_t *count, int64_t *buyers,
                                             double *probability, double *median_ms,
                                             pmkt_error *err) {
    const pmkt_intent_table out = {sizeof out, 0, room, from, to, count, buyers, probability, median_ms};
    return pmkt_intent_transitions(model, &out, err);
}

#cgo nocallback pmkt_intent_fit
#cgo nocallback pmktgo_intent_fit_paths
#cgo nocallback pmkt_intent_merge
#cgo nocallback pmkt_intent_release
#cgo nocallback pmkt_intent_info
#cgo nocallback pmkt_intent_actions
#cgo nocallback pmkt_intent_classes
#cgo nocallback pmktgo_intent_ask
#cgo nocallback pmktgo_intent_next
#cgo nocallback pmktgo_intent_explain
#cgo nocallback pmktgo_intent_transitions
#cgo nocallback pmkt_intent_save
#cgo nocallback pmkt_intent_save_memory
#cgo nocallback pmkt_intent_load
#cgo nocallback pmkt_intent_load_memory
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

// Action is what a user does: a Kind of event, one crossed with a class (see Crossed), or a number of
// one's own.
type Action uint32

// What stands beside actions.
const (
	ActionStart Action = C.PMKT_INTENT_START // before the first action
	ActionLeave Action = C.PMKT_INTENT_LEAVE // the end without the goal
	ActionGoal  Action = C.PMKT_INTENT_GOAL  // the end that one hopes for
)

// Bounds of a model of intent, and how many next actions an answer names.
const (
	IntentMaxOrder   = C.PMKT_INTENT_MAX_ORDER
	IntentMaxActions = C.PMKT_INTENT_MAX_ACTIONS
	IntentMaxClasses = C.PMKT_INTENT_MAX_CLASSES
	IntentTop        = C.PMKT_INTENT_TOP
)

// actionClass is what each class adds to the number of an action.
const actionClass Action = C.PMKT_INTENT_CLASS

// Crossed is the action of an event of a kind and of the class at a place of IntentOptions.Classes.
func Crossed(kind Kind, place int) Action {
	return Action(kind) + actionClass*Action(place+1)
}

// Parts are the kind and the place of the class of what Crossed made; the place is -1 of an action
// without a class. They mean nothing of numbers of one's own.
func (a Action) Parts() (kind Kind, place int) {
	return Kind(a % actionClass), int(a/actionClass) - 1
}

// Name is String, but of an action that is crossed with one of the classes such as "view:shoes".
func (a Action) Name(classes []string) string {
	if kind, place := a.Parts(); place >= 0 && place < len(classes) {
		return Action(kind).String() + ":" + classes[place]
	}
	return a.String()
}

// String is START, LEAVE or GOAL, the name of a kind, or the number.
func (a Action) String() string {
	switch {
	case a == ActionStart:
		return "START"
	case a == ActionLeave:
		return "LEAVE"
	case a == ActionGoal:
		return "GOAL"
	case a > 0 && a < Action(KindCustom):
		return Kind(a).String()
	}
	return fmt.Sprint(uint32(a))
}

// IntentOptions say how to fit; the zero value is the default of each.
type IntentOptions struct {
	Order     int           // 3: actions that the next one depends on, 1 to 5
	Gap       time.Duration // 30 minutes: idle for longer than this ends a session
	Goal      Action        // KindOrder
	BySession bool          // another Session of the events begins a session too

	// Classes are ids that kinds are crossed with: an event of a kind whose Category is Classes[i] is
	// the action Crossed(kind, i), one of any other category is the kind alone. The goal is not crossed.
	Classes []uint64

	// ClassColumn is the column of Events.Extra that says the class instead of Category.
	ClassColumn string
}

// toC are the options as C takes them, with what they borrow pinned.
func (o IntentOptions) toC(pin *runtime.Pinner) (*C.pmkt_intent_options, error) {
	p := pinned{pin: pin, rows: len(o.Classes)}
	if o.Gap != 0 && o.Gap < time.Millisecond {
		p.note(invalid("Gap is %v; it must be a millisecond or more", o.Gap))
	}
	out := &C.pmkt_intent_options{
		struct_size: C.sizeof_pmkt_intent_options,
		order:       p.small("Order", o.Order),
		gap_ms:      C.int64_t(o.Gap / time.Millisecond),
		goal:        C.uint32_t(o.Goal),
		by_session:  boolean(o.BySession),
		classes:     column[C.uint64_t](&p, "Classes", o.Classes),
		n_classes:   C.int64_t(len(o.Classes)),
	}
	if o.ClassColumn != "" {
		out.class_column = cstring(&p, o.ClassColumn)
	}
	return out, p.err
}

// IntentPaths are sequences of actions. Path i is Action[At[i]:At[i+1]].
type IntentPaths struct {
	At     []int64 // one more than paths, from 0 to len(Action)
	Action []Action
	Dwell  []int64 // milliseconds since the action before; negative: not known; nil: of none. Fits only
	Bought []bool  // the goal follows the last action; nil: of none. Fits only
}

// NewIntentPaths are these paths.
func NewIntentPaths(paths ...[]Action) *IntentPaths {
	p := &IntentPaths{At: make([]int64, 1, len(paths)+1)}
	for _, path := range paths {
		p.Action = append(p.Action, path...)
		p.At = append(p.At, int64(len(p.Action)))
	}
	return p
}

// Len is how many there are.
func (p *IntentPaths) Len() int {
	if p == nil || len(p.At) == 0 {
		return 0
	}
	return len(p.At) - 1
}

// check says whether the arrays are as long as C will take them to be.
func (p *IntentPaths) check() error {
	switch {
	case p == nil:
		return invalid("the paths are nil")
	case len(p.At) == 0 && len(p.Action) > 0:
		return invalid("there are actions, and At is empty")
	case len(p.At) > 0 && p.At[len(p.At)-1] != int64(len(p.Action)):
		return invalid("At ends with %d, and there are %d actions", p.At[len(p.At)-1], len(p.Action))
	case p.Dwell != nil && len(p.Dwell) != len(p.Action):
		return invalid("there are %d times in Dwell, and %d actions", len(p.Dwell), len(p.Action))
	case p.Bought != nil && len(p.Bought) != p.Len():
		return invalid("there are %d entries in Bought, and %d paths", len(p.Bought), p.Len())
	}
	return nil
}

// Intent is a fitted model of what users do in a session: variable-order Markov chains, whose ends are
// solved exactly. It never changes; any number of goroutines may ask it. The header intent.h says more.
type Intent struct {
	h    *handle
	info IntentInfo
}

// IntentInfo is what a model of intent is.
type IntentInfo struct {
	Order       int
	Gap         time.Duration
	Goal        Action
	Actions     int
	Sessions    int64 // that were counted
	Buyers      int64 // of them, that reach the goal
	Counted     int64 // actions and ends
	Contexts    int64 // that the model knows, of every length
	Transitions int64 // what Transitions lists
	Bytes       int64
	Residual    float64 // of the solved answers
	Classes     int     // that kinds are crossed with
}

func ownIntent(at *C.pmkt_intent, err error) (*Intent, error) {
	if err != nil {
		return nil, err
	}
	m := &Intent{}
	m.h = own(m, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_intent_release((*C.pmkt_intent)(p))
	})
	c := C.pmkt_intent_facts{struct_size: C.sizeof_pmkt_intent_facts}
	var e C.pmkt_error
	if err := failure(C.pmkt_intent_info(at, &c, &e), &e); err != nil {
		m.h.close()
		return nil, err
	}
	m.info = IntentInfo{
		Order:       int(c.order),
		Gap:         time.Duration(c.gap_ms) * time.Millisecond,
		Goal:        Action(c.goal),
		Actions:     int(c.actions),
		Sessions:    int64(c.sessions),
		Buyers:      int64(c.buyers),
		Counted:     int64(c.counted),
		Contexts:    int64(c.contexts),
		Transitions: int64(c.transitions),
		Bytes:       int64(c.bytes),
		Residual:    float64(c.residual),
		Classes:     int(c.classes),
	}
	return m, nil
}

// FitIntent is a model of a batch of events, in any order; those of one user and time stand as their
// rows do.
func FitIntent(
	ctx context.Context, batch *Events, fit IntentOptions, options ...Option,
) (*Intent, Report, error) {
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
	c, err := fit.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	report := newReport(&pin, int(events.rows))
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	var at *C.pmkt_intent
	var e C.pmkt_error
	status := C.pmkt_intent_fit(&events, c, run.run, &report.c, &at, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(batch)
	made, err := ownIntent(at, err)
	return made, report.toGo(), err
}

// FitIntentPaths is a model of whole sessions. A path ends at its first action that is the goal.
func FitIntentPaths(
	ctx context.Context, paths *IntentPaths, fit IntentOptions, options ...Option,
) (*Intent, error) {
	if err := paths.check(); err != nil {
		return nil, err
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	c, err := fit.toC(&pin)
	if err != nil {
		return nil, err
	}
	var bought []uint8
	for _, b := range paths.Bought {
		bought = append(bought, uint8(boolean(b)))
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_intent
	var e C.pmkt_error
	status := C.pmktgo_intent_fit_paths(C.int64_t(paths.Len()), data[C.int64_t](paths.At),
		data[C.uint32_t](paths.Action), data[C.int64_t](paths.Dwell), data[C.uint8_t](bought),
		c, run.run, &at, &e)
	return ownIntent(at, run.finish(status, &e))
}

// MergeIntent is the model of all that several have seen, the same as one fitted to all of it, if all
// events of a user went to one of them. They have the same options and classes.
func MergeIntent(ctx context.Context, models []*Intent, options ...Option) (*Intent, error) {
	handles := make([]*C.pmkt_intent, 0, len(models))
	for _, model := range models {
		at, err := model.enter()
		if err != nil {
			return nil, err
		}
		defer model.h.leave()
		handles = append(handles, at)
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_intent
	var e C.pmkt_error
	status := C.pmkt_intent_merge(data[*C.pmkt_intent](handles), C.int64_t(len(handles)), run.run, &at, &e)
	return ownIntent(at, run.finish(status, &e))
}

// enter begins a call; h.leave ends it.
func (m *Intent) enter() (*C.pmkt_intent, error) {
	if m == nil || !m.h.enter() {
		return nil, closed("the model")
	}
	return (*C.pmkt_intent)(m.h.at), nil
}

// call runs something long on the model.
func (m *Intent) call(
	ctx context.Context, options []Option,
	fn func(*C.pmkt_intent, *C.pmkt_run, *C.pmkt_error) C.pmkt_status,
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
func (m *Intent) Close() error {
	if m != nil {
		m.h.close()
	}
	return nil
}

// Info says what the model is, also after Close.
func (m *Intent) Info() IntentInfo { return m.info }

// Actions are those that the model knows, ascending.
func (m *Intent) Actions() ([]Action, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	var actions *C.uint32_t
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_intent_actions(at, &actions, &n, &e), &e); err != nil {
		return nil, err
	}
	return slices.Clone(borrow[Action](actions, int(n))), nil
}

// Classes are what kinds are crossed with, in the order of IntentOptions.Classes; nil: nothing.
func (m *Intent) Classes() ([]uint64, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	var classes *C.uint64_t
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_intent_classes(at, &classes, &n, &e), &e); err != nil {
		return nil, err
	}
	return slices.Clone(borrow[uint64](classes, int(n))), nil
}

// IntentAnswers are answers about paths, one a path; of Next and NextP there are IntentTop.
type IntentAnswers struct {
	Goal     []float64 // P(the session reaches the goal)
	Leave    []float64 // P(it ends without)
	Steps    []float64 // actions until the goal, if it is reached, the goal too
	TimeMs   []float64 // mean time until then; NaN if the model knows no times
	LogAll   []float64 // ln P(path) by the chain of all
	LogBuyer []float64 // of buyers
	LogOther []float64 // of the others
	Next     []Action  // the likeliest next actions, best first
	NextP    []float64 // their probabilities
	Context  []int32   // how many of the last steps were looked at
}

// NewIntentAnswers has room for all answers about n paths.
func NewIntentAnswers(n int) *IntentAnswers {
	reals := func(n int) []float64 { return make([]float64, n) }
	return &IntentAnswers{reals(n), reals(n), reals(n), reals(n), reals(n), reals(n), reals(n),
		make([]Action, n*IntentTop), reals(n * IntentTop), make([]int32, n)}
}

// check says whether each slice is nil or of the right length.
func (a *IntentAnswers) check(n int) error {
	if a == nil {
		return invalid("the answers are nil")
	}
	lengths := [...]int{len(a.Goal), len(a.Leave), len(a.Steps), len(a.TimeMs), len(a.LogAll),
		len(a.LogBuyer), len(a.LogOther), len(a.Context), len(a.Next) / IntentTop, len(a.NextP) / IntentTop}
	for _, length := range lengths {
		if length != 0 && length != n {
			return invalid("there is room for %d answers, and there are %d paths", length, n)
		}
	}
	if len(a.Next)%IntentTop != 0 || len(a.NextP)%IntentTop != 0 {
		return invalid("Next and NextP take %d answers a path", IntentTop)
	}
	return nil
}

// Ask answers questions about paths, each a session so far, into the slices of out that are not empty.
func (m *Intent) Ask(
	ctx context.Context, paths *IntentPaths, out *IntentAnswers, options ...Option,
) error {
	if err := paths.check(); err != nil {
		return err
	}
	if err := out.check(paths.Len()); err != nil {
		return err
	}
	return m.call(ctx, options,
		func(at *C.pmkt_intent, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmktgo_intent_ask(at, C.int64_t(paths.Len()), data[C.int64_t](paths.At),
				data[C.uint32_t](paths.Action), run, data[C.double](out.Goal),
				data[C.double](out.Leave), data[C.double](out.Steps), data[C.double](out.TimeMs),
				data[C.double](out.LogAll), data[C.double](out.LogBuyer),
				data[C.double](out.LogOther), data[C.uint32_t](out.Next),
				data[C.double](out.NextP), data[C.int32_t](out.Context), e)
		})
}

// Next is what comes after each path: rows of Info().Actions + 2 probabilities, of the actions as
// Actions has them, then of leaving and of the goal. With waited, given also that nothing has happened for
// so many milliseconds since the last action of each path; nil: nobody waited.
func (m *Intent) Next(
	ctx context.Context, paths *IntentPaths, waited []int64, options ...Option,
) ([]float64, error) {
	if err := paths.check(); err != nil {
		return nil, err
	}
	if waited != nil && len(waited) != paths.Len() {
		return nil, invalid("there are %d times, and %d paths", len(waited), paths.Len())
	}
	if m == nil {
		return nil, closed("the model")
	}
	out := make([]float64, paths.Len()*(m.info.Actions+2))
	err := m.call(ctx, options,
		func(at *C.pmkt_intent, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmktgo_intent_next(at, C.int64_t(paths.Len()), data[C.int64_t](paths.At),
				data[C.uint32_t](paths.Action), data[C.int64_t](waited), run, data[C.double](out), e)
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Explain says what each action of each path adds to LogBuyer - LogOther.
func (m *Intent) Explain(
	ctx context.Context, paths *IntentPaths, options ...Option,
) ([]float64, error) {
	if err := paths.check(); err != nil {
		return nil, err
	}
	out := make([]float64, len(paths.Action))
	err := m.call(ctx, options,
		func(at *C.pmkt_intent, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmktgo_intent_explain(at, C.int64_t(paths.Len()), data[C.int64_t](paths.At),
				data[C.uint32_t](paths.Action), run, data[C.double](out), e)
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// IntentTransition is a single step that was seen.
type IntentTransition struct {
	From, To      Action
	Count, Buyers int64
	Probability   float64 // of To after From, not smoothed
	MedianMs      float64 // time between the two; NaN if none is known
}

// Transitions lists every single step that was seen, by From and To.
func (m *Intent) Transitions() ([]IntentTransition, error) {
	at, err := m.enter()
	if err != nil {
		return nil, err
	}
	defer m.h.leave()
	n := int(m.info.Transitions)
	from, to := make([]Action, n), make([]Action, n)
	count, buyers := make([]int64, n), make([]int64, n)
	p, median := make([]float64, n), make([]float64, n)
	var e C.pmkt_error
	status := C.pmktgo_intent_transitions(at, C.int64_t(n), data[C.uint32_t](from), data[C.uint32_t](to),
		data[C.int64_t](count), data[C.int64_t](buyers), data[C.double](p), data[C.double](median), &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	rows := make([]IntentTransition, n)
	for i := range rows {
		rows[i] = IntentTransition{from[i], to[i], count[i], buyers[i], p[i], median[i]}
	}
	return rows, nil
}

// Save writes the model to a file, in one step: a reader sees the old file or the new one.
func (m *Intent) Save(ctx context.Context, path string, save SaveOptions, options ...Option) error {
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
		func(at *C.pmkt_intent, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_intent_save(at, name, c, run, e)
		})
}

// SaveBytes is the same as bytes, for a database or a message.
func (m *Intent) SaveBytes(ctx context.Context, save SaveOptions, options ...Option) ([]byte, error) {
	c, err := save.toC()
	if err != nil {
		return nil, err
	}
	var buffer *C.pmkt_buffer
	return take(&buffer, m.call(ctx, options,
		func(at *C.pmkt_intent, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_intent_save_memory(at, c, run, &buffer, e)
		}))
}

// LoadIntent reads a model from a file and verifies every checksum.
func LoadIntent(
	ctx context.Context, path string, load LoadOptions, options ...Option,
) (*Intent, error) {
	var at *C.pmkt_intent
	err := withPath(ctx, path, options,
		func(name *C.char, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_intent_load(name, load.toC(), run, &at, e)
		})
	return ownIntent(at, err)
}

// LoadIntentBytes is the same of bytes, which are not kept.
func LoadIntentBytes(
	ctx context.Context, bytes []byte, load LoadOptions, options ...Option,
) (*Intent, error) {
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_intent
	var e C.pmkt_error
	status := C.pmkt_intent_load_memory(address(bytes), C.size_t(len(bytes)), load.toC(), run.run, &at, &e)
	return ownIntent(at, run.finish(status, &e))
}
