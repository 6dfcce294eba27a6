package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_cf_split
// #cgo nocallback pmkt_cf_metric_name
// #cgo nocallback pmkt_cf_evaluate
// #cgo nocallback pmkt_cf_evaluate_answers
// #cgo nocallback pmkt_cf_evaluation_free
// #cgo nocallback pmkt_cf_evaluation_columns
// #cgo nocallback pmkt_cf_evaluation_users
import "C"

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// SplitHow is how events are split into a training and a test part.
type SplitHow int32

// The splits.
const (
	SplitTemporal  SplitHow = C.PMKT_CF_TEMPORAL   // the latest events of all are the test
	SplitLeaveLast SplitHow = C.PMKT_CF_LEAVE_LAST // of each user the latest so many events
	SplitRandom    SplitHow = C.PMKT_CF_RANDOM     // of each user a random share of their items
)

// Part is what a row belongs to.
type Part uint8

// The parts.
const (
	PartTrain   Part = C.PMKT_CF_TRAIN
	PartTest    Part = C.PMKT_CF_TEST
	PartNeither Part = C.PMKT_CF_NEITHER // bad, without an item, or of another kind
)

// SplitOptions say how to split; the zero value is the default of each.
type SplitOptions struct {
	How  SplitHow
	Test float64   // 0.2: share of the rows (temporal) or of each user's items (random)
	From time.Time // temporal: test from this time on, in place of Test
	Last int64     // 1: leave-last: so many events of each user who has more than that
	Seed uint64    // random: the choice depends on it, the user and the item alone
	Kind Kind      // only events of this kind can be test; KindNone: every kind
}

// Split says for each row of a batch which part it belongs to; see Only.
func (e *Events) Split(split SplitOptions) ([]Part, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := e.toC(&pin)
	if err != nil {
		return nil, err
	}
	c := &C.pmkt_cf_split_options{
		struct_size: C.sizeof_pmkt_cf_split_options,
		how:         C.int32_t(split.How),
		test:        C.double(split.Test),
		last:        C.int64_t(split.Last),
		seed:        C.uint64_t(split.Seed),
		kind:        C.int32_t(split.Kind),
	}
	if !split.From.IsZero() {
		c.from_ms = C.int64_t(millis(split.From))
	}
	parts := make([]Part, int(events.rows)+1) // one more, so that there is an address
	var failed C.pmkt_error
	status := C.pmkt_cf_split(&events, c, data[C.uint8_t](parts), &failed)
	runtime.KeepAlive(e)
	if err := failure(status, &failed); err != nil {
		return nil, err
	}
	return parts[:len(parts)-1], nil
}

// Only is a batch of the rows that belong to a part, as Split said.
func (e *Events) Only(parts []Part, part Part) (*Events, error) {
	if len(parts) != e.Len() {
		return nil, invalid("there are %d parts, and the batch has %d rows", len(parts), e.Len())
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	if _, err := e.toC(&pin); err != nil { // so that all columns are equally long
		return nil, err
	}
	rows := make([]int, 0, len(parts))
	for i, p := range parts {
		if p == part {
			rows = append(rows, i)
		}
	}
	out := *e
	out.lender = nil
	out.User, out.Time, out.Kind = pick(e.User, rows), pick(e.Time, rows), pick(e.Kind, rows)
	out.Item, out.Category, out.Order = pick(e.Item, rows), pick(e.Category, rows), pick(e.Order, rows)
	out.Session, out.Channel = pick(e.Session, rows), pick(e.Channel, rows)
	out.EventID, out.Amount = pick(e.EventID, rows), pick(e.Amount, rows)
	out.Quantity, out.Reject = pick(e.Quantity, rows), pick(e.Reject, rows)
	out.Extra = nil
	for _, column := range e.Extra {
		out.Extra = append(out.Extra, Column{Name: column.Name, Int64: pick(column.Int64, rows),
			Uint64: pick(column.Uint64, rows), Double: pick(column.Double, rows)})
	}
	return &out, nil
}

// pick are some rows of a column; nil of one that is not there.
func pick[T any](column []T, rows []int) []T {
	if len(column) == 0 {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = column[row]
	}
	return out
}

// Metric is how good answers are; cf_evaluate.h has the formulas.
type Metric int32

// The metrics. Coverage and Gini are of a group as a whole, the others means over its users.
const (
	MetricPrecision    Metric = C.PMKT_CF_PRECISION
	MetricRecall       Metric = C.PMKT_CF_RECALL
	MetricRecallCapped Metric = C.PMKT_CF_RECALL_CAPPED
	MetricNDCG         Metric = C.PMKT_CF_NDCG
	MetricMAP          Metric = C.PMKT_CF_MAP
	MetricMRR          Metric = C.PMKT_CF_MRR
	MetricHit          Metric = C.PMKT_CF_HIT
	MetricNovelty      Metric = C.PMKT_CF_NOVELTY
	MetricCoverage     Metric = C.PMKT_CF_COVERAGE
	MetricGini         Metric = C.PMKT_CF_GINI

	// Metrics is how many there are.
	Metrics = C.PMKT_CF_METRICS_
)

// String is such as "ndcg".
func (m Metric) String() string {
	if name := C.pmkt_cf_metric_name(C.int32_t(m)); name != nil {
		return C.GoString(name)
	}
	return fmt.Sprintf("metric %d", int32(m))
}

// EvaluateOptions say what to measure, and among what; the zero value is the default of each.
type EvaluateOptions struct {
	K         []int   // each from 1 to 10,000, ascending; nil: 10, 20, 100
	Train     *CFData // who had what, to be left out; nil: as the model knows it
	KeepSeen  bool    // what a user had may be answered, and counts if it is relevant
	FoldIn    bool    // users are strangers, answered from their entries in Train
	Fallback  Fallback
	Groups    int     // how many groups of users there are
	Group     []int32 // of each user of the test data, from 0 to Groups - 1, or -1
	Bootstrap int     // 1,000 resamples of the users for an interval; -1: none
	Level     float64 // 0.95: of the intervals
	Seed      uint64  // of the resamples
	Allow     *IDSet  // of the catalogue only these are answered; nil: all
}

func (o *EvaluateOptions) toC(pin *runtime.Pinner, users int64) (*C.pmkt_cf_evaluate_options, error) {
	p := pinned{pin: pin}
	c := &C.pmkt_cf_evaluate_options{
		struct_size: C.sizeof_pmkt_cf_evaluate_options,
		n_k:         p.small("the number of K", len(o.K)),
		keep_seen:   boolean(o.KeepSeen),
		fold_in:     boolean(o.FoldIn),
		fallback:    C.int32_t(o.Fallback),
		n_groups:    p.small("Groups", o.Groups),
		bootstrap:   p.small("Bootstrap", o.Bootstrap),
		level:       C.double(o.Level),
		seed:        C.uint64_t(o.Seed),
	}
	ks := make([]int32, len(o.K))
	for i, k := range o.K {
		ks[i] = int32(p.small("K", k))
	}
	c.k = list[C.int32_t](&p, "K", ks, len(ks), false)
	if o.Groups != 0 {
		c.group = list[C.int32_t](&p, "Group", o.Group, int(users), true)
	}
	return c, p.err
}

// Evaluation is how good recommendations were. It never changes; any number of goroutines may use it.
type Evaluation struct {
	Figures         []Figure // by group, K and metric in that order
	Evaluated       int64    // users who count
	Unknown         int64    // users with relevant items whom the model does not know
	NothingRelevant int64    // users of the test data without a relevant item
	ColdItems       int64    // relevant entries whose item the model does not know

	h *handle
}

// Figure is one metric of one group at one K.
type Figure struct {
	Group     int // -1: all users
	K         int
	Metric    Metric
	Value     float64 // NaN if the group has no users
	Low, High float64 // bounds of the bootstrap interval; NaN for Coverage, Gini and without one
	Users     int64   // in the group, who count
}

// Evaluate evaluates a model on test data, over the full catalogue.
func Evaluate(
	ctx context.Context, model *Model, test *CFData, evaluate EvaluateOptions, options ...Option,
) (*Evaluation, error) {
	at, err := model.enter()
	if err != nil {
		return nil, err
	}
	defer model.h.leave()
	return evaluated(ctx, test, &evaluate, options,
		func(data *C.pmkt_cf_data, c *C.pmkt_cf_evaluate_options, run *C.pmkt_run,
			out **C.pmkt_cf_evaluation, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_evaluate(at, data, c, run, out, e)
		})
}

// EvaluateAnswers evaluates answers that came from elsewhere, by the same rules: row i of the answer is what
// users[i] was answered. Train must be given, and says what the catalogue is.
func EvaluateAnswers(
	ctx context.Context, users []uint64, answer *Answer, test *CFData, evaluate EvaluateOptions,
	options ...Option,
) (*Evaluation, error) {
	if answer == nil || answer.at != nil {
		return nil, invalid("there is no answer with as many ids in each row")
	}
	room := answer.k
	if room == 0 && len(users) > 0 {
		room = len(answer.IDs) / len(users)
	}
	if err := answer.room(len(users), room); err != nil {
		return nil, err
	}
	return evaluated(ctx, test, &evaluate, options,
		func(test *C.pmkt_cf_data, c *C.pmkt_cf_evaluate_options, run *C.pmkt_run,
			out **C.pmkt_cf_evaluation, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_cf_evaluate_answers(data[C.uint64_t](users), C.int64_t(len(users)),
				data[C.uint64_t](answer.IDs), data[C.int32_t](answer.Counts), C.int64_t(room), test, c,
				run, out, e)
		})
}

func evaluated(
	ctx context.Context, test *CFData, evaluate *EvaluateOptions, options []Option,
	fn func(*C.pmkt_cf_data, *C.pmkt_cf_evaluate_options, *C.pmkt_run, **C.pmkt_cf_evaluation,
		*C.pmkt_error) C.pmkt_status,
) (*Evaluation, error) {
	at, err := test.enter()
	if err != nil {
		return nil, err
	}
	defer test.h.leave()
	var pin runtime.Pinner
	defer pin.Unpin()
	c, err := evaluate.toC(&pin, test.counts.Users)
	if err != nil {
		return nil, err
	}
	if evaluate.Train != nil {
		if c.train, err = evaluate.Train.enter(); err != nil {
			return nil, err
		}
		defer evaluate.Train.h.leave()
	}
	if c.allow, err = enterSet(evaluate.Allow); err != nil {
		return nil, err
	}
	defer leaveSet(evaluate.Allow)
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var made *C.pmkt_cf_evaluation
	var e C.pmkt_error
	status := fn(at, c, run.run, &made, &e)
	err = run.finish(status, &e)
	return ownEvaluation(made, err)
}

func ownEvaluation(at *C.pmkt_cf_evaluation, err error) (*Evaluation, error) {
	if err != nil {
		return nil, err
	}
	v := &Evaluation{}
	v.h = own(v, unsafe.Pointer(at), func(p unsafe.Pointer) {
		C.pmkt_cf_evaluation_free((*C.pmkt_cf_evaluation)(p))
	})
	c := C.pmkt_cf_figures{struct_size: C.sizeof_pmkt_cf_figures}
	var e C.pmkt_error
	if err := failure(C.pmkt_cf_evaluation_columns(at, &c, &e), &e); err != nil {
		v.h.close()
		return nil, err
	}
	n := int(c.rows)
	group, k, metric := borrow[int32](c.group, n), borrow[int32](c.k, n), borrow[int32](c.metric, n)
	value, users := borrow[float64](c.value, n), borrow[int64](c.users, n)
	low, high := borrow[float64](c.low, n), borrow[float64](c.high, n)
	v.Figures = make([]Figure, n)
	for i := range v.Figures {
		v.Figures[i] = Figure{Group: int(group[i]), K: int(k[i]), Metric: Metric(metric[i]),
			Value: value[i], Low: low[i], High: high[i], Users: users[i]}
	}
	v.Evaluated, v.Unknown = int64(c.evaluated), int64(c.unknown)
	v.NothingRelevant, v.ColdItems = int64(c.nothing_relevant), int64(c.cold_items)
	return v, nil
}

// Close frees the figures of single users; Figures stay. It returns nil.
func (v *Evaluation) Close() error {
	if v != nil {
		v.h.close()
	}
	return nil
}

// Value is a metric of all users at one K; NaN if that was not measured.
func (v *Evaluation) Value(metric Metric, k int) float64 {
	for i := range v.Figures {
		if f := &v.Figures[i]; f.Group == -1 && f.Metric == metric && f.K == k {
			return f.Value
		}
	}
	return math.NaN()
}

// Users is a metric of every user who counts, to compare two models user by user; users ascend.
func (v *Evaluation) Users(metric Metric, k int) (users []uint64, values []float64, err error) {
	if v == nil || !v.h.enter() {
		return nil, nil, closed("the evaluation")
	}
	defer v.h.leave()
	small, err := narrow("k", k)
	if err != nil {
		return nil, nil, err
	}
	var u *C.uint64_t
	var d *C.double
	var n C.int64_t
	var e C.pmkt_error
	status := C.pmkt_cf_evaluation_users((*C.pmkt_cf_evaluation)(v.h.at), small, C.int32_t(metric), &u,
		&d, &n, &e)
	if err := failure(status, &e); err != nil {
		return nil, nil, err
	}
	return slices.Clone(borrow[uint64](u, int(n))), slices.Clone(borrow[float64](d, int(n))), nil
}
