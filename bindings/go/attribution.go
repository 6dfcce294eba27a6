package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_attribution_model_name
// #cgo nocallback pmkt_attribution_compute
// #cgo nocallback pmkt_attribution_free
// #cgo nocallback pmkt_attribution_columns
// #cgo nocallback pmkt_attribution_touches
// #cgo nocallback pmkt_attribution_order
// #cgo nocallback pmkt_attribution_data_from_events
// #cgo nocallback pmkt_attribution_data_free
// #cgo nocallback pmkt_attribution_data_paths
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// AttributionModel is who gets how much of a conversion; attribution.h says more of each.
type AttributionModel int32

// The models.
const (
	AttributionMarkov       AttributionModel = C.PMKT_ATTRIBUTION_MARKOV // by removal effects of the chain
	AttributionFirst        AttributionModel = C.PMKT_ATTRIBUTION_FIRST  // all to the first touch
	AttributionLast         AttributionModel = C.PMKT_ATTRIBUTION_LAST   // all to the last touch
	AttributionLinear       AttributionModel = C.PMKT_ATTRIBUTION_LINEAR // the same to every touch
	AttributionPosition     AttributionModel = C.PMKT_ATTRIBUTION_POSITION
	AttributionTimeDecay    AttributionModel = C.PMKT_ATTRIBUTION_TIME_DECAY
	AttributionShapley      AttributionModel = C.PMKT_ATTRIBUTION_SHAPLEY // of the chain, to 16 channels
	AttributionShapleyPaths AttributionModel = C.PMKT_ATTRIBUTION_SHAPLEY_PATHS

	// AttributionModels is how many there are.
	AttributionModels = C.PMKT_ATTRIBUTION_MODELS_
)

// String is such as "time_decay".
func (m AttributionModel) String() string {
	if name := C.pmkt_attribution_model_name(C.int32_t(m)); name != nil {
		return C.GoString(name)
	}
	return fmt.Sprintf("model %d", int32(m))
}

// AttributionPaths are paths of customers: the touches of path p are those from At[p] up to, not including,
// At[p+1]. A path without a touch is a conversion that belongs to no channel.
type AttributionPaths struct {
	At          []int64   // one more than there are paths, ascending from 0
	Channel     []uint64  // of each touch, oldest first
	Time        []int64   // of each touch, in milliseconds; or nil
	Conversions []float64 // of each path: how many converted; nil: 1 each
	Values      []float64 // what these conversions were worth together; or nil
	Nulls       []float64 // how many went this way in vain; nil: none
}

// Len is how many paths there are.
func (p *AttributionPaths) Len() int { return max(len(p.At)-1, 0) }

// Append adds a path; values and nulls of 0 may stay nil if they are 0 everywhere.
func (p *AttributionPaths) Append(conversions, value, nulls float64, channels ...uint64) {
	if len(p.At) == 0 {
		p.At = append(p.At, 0)
	}
	p.Channel = append(p.Channel, channels...)
	p.At = append(p.At, int64(len(p.Channel)))
	p.Conversions = append(p.Conversions, conversions)
	p.Values = append(p.Values, value)
	p.Nulls = append(p.Nulls, nulls)
}

func (p *AttributionPaths) toC(pin *runtime.Pinner) (*C.pmkt_attribution_paths, error) {
	if p == nil {
		return nil, invalid("the paths are nil")
	}
	paths, touches := p.Len(), 0
	if len(p.At) > 0 {
		touches = int(p.At[paths])
	}
	if touches != len(p.Channel) {
		return nil, invalid("At ends with %d, and there are %d touches", touches, len(p.Channel))
	}
	by := pinned{pin: pin, rows: paths}
	c := &C.pmkt_attribution_paths{
		struct_size: C.sizeof_pmkt_attribution_paths,
		paths:       C.int64_t(paths),
		conversions: column[C.double](&by, "Conversions", p.Conversions),
		values:      column[C.double](&by, "Values", p.Values),
		nulls:       column[C.double](&by, "Nulls", p.Nulls),
	}
	by.rows = len(p.At)
	c.at = column[C.int64_t](&by, "At", p.At)
	by.rows = touches
	c.channel = column[C.uint64_t](&by, "Channel", p.Channel)
	c.time = column[C.int64_t](&by, "Time", p.Time)
	return c, by.err
}

// AttributionOptions say how to attribute; the zero value is the default of each.
type AttributionOptions struct {
	Model           AttributionModel
	Order           int           // Markov: 1; how many touches a state remembers, to 4
	IgnoreNulls     bool          // as if Nulls were nil
	FirstShare      float64       // position: of the first touch; 0.4 if both shares are 0
	LastShare       float64       // position: of the last touch; 0.4 if both shares are 0
	HalfLife        time.Duration // time decay, paths with times: 7 days
	HalfLifeTouches float64       // time decay, paths without: 1
	Bootstrap       int           // resamples for intervals; 0: none
	Level           float64       // 0.95: of the intervals
	Seed            uint64        // of the resamples
}

func (o *AttributionOptions) toC() (*C.pmkt_attribution_options, error) {
	if o.HalfLife != 0 && o.HalfLife.Milliseconds() == 0 {
		return nil, invalid("HalfLife is %v; expected at least a millisecond", o.HalfLife)
	}
	p := pinned{}
	c := &C.pmkt_attribution_options{
		struct_size:       C.sizeof_pmkt_attribution_options,
		model:             C.int32_t(o.Model),
		order:             p.small("Order", o.Order),
		ignore_nulls:      boolean(o.IgnoreNulls),
		first_share:       C.double(o.FirstShare),
		last_share:        C.double(o.LastShare),
		half_life_ms:      C.int64_t(o.HalfLife.Milliseconds()),
		half_life_touches: C.double(o.HalfLifeTouches),
		bootstrap:         p.small("Bootstrap", o.Bootstrap),
		level:             C.double(o.Level),
		seed:              C.uint64_t(o.Seed),
	}
	return c, p.err
}

// Attribution is the credit of channels, most conversions first. It never changes.
type Attribution struct {
	Channels []ChannelCredit

	// Of each touch, in the order of the paths; TouchValues is nil without values.
	TouchConversions, TouchValues []float64

	Model                   AttributionModel
	Order                   int // of a chain, else 0
	Conversions, Value      float64
	Nulls                   float64
	UnattributedConversions float64 // of paths without a touch
	UnattributedValue       float64
	States, Transitions     int64 // of the chain
}

// ChannelCredit is what one channel gets. What the model or the call does not give is 0.
type ChannelCredit struct {
	Channel            uint64
	Conversions, Value float64
	RemovalEffect      float64 // on conversions
	ValueRemovalEffect float64
	Low, High          float64 // bounds of the bootstrap interval of Conversions
	ValueLow           float64
	ValueHigh          float64
	Touches, Paths     int64 // touches of the channel, and paths that hold it
}

// Attribute gives out the conversions of paths to their channels.
func Attribute(
	ctx context.Context, paths *AttributionPaths, attribution AttributionOptions, options ...Option,
) (*Attribution, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	from, err := paths.toC(&pin)
	if err != nil {
		return nil, err
	}
	c, err := attribution.toC()
	if err != nil {
		return nil, err
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, err
	}
	var at *C.pmkt_attribution
	var e C.pmkt_error
	status := C.pmkt_attribution_compute(from, c, run.run, &at, &e)
	runtime.KeepAlive(paths)
	if err := run.finish(status, &e); err != nil {
		C.pmkt_attribution_free(at)
		return nil, err
	}
	defer C.pmkt_attribution_free(at)
	return copyAttribution(at)
}

func copyAttribution(at *C.pmkt_attribution) (*Attribution, error) {
	t := C.pmkt_attribution_table{struct_size: C.sizeof_pmkt_attribution_table}
	var conversions, values *C.double
	var n C.int64_t
	var e C.pmkt_error
	if err := failure(C.pmkt_attribution_columns(at, &t, &e), &e); err != nil {
		return nil, err
	}
	status := C.pmkt_attribution_touches(at, &conversions, &values, &n, &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	a := &Attribution{
		Channels:                make([]ChannelCredit, int(t.rows)),
		TouchConversions:        slices.Clone(borrow[float64](conversions, int(n))),
		TouchValues:             slices.Clone(borrow[float64](values, int(n))),
		Model:                   AttributionModel(t.model),
		Order:                   int(t.order),
		Conversions:             float64(t.total_conversions),
		Value:                   float64(t.total_value),
		Nulls:                   float64(t.total_nulls),
		UnattributedConversions: float64(t.unattributed_conversions),
		UnattributedValue:       float64(t.unattributed_value),
		States:                  int64(t.states),
		Transitions:             int64(t.transitions),
	}
	rows := int(t.rows)
	channel := borrow[uint64](t.channel, rows)
	touches, held := borrow[int64](t.touches, rows), borrow[int64](t.paths, rows)
	for i := range a.Channels {
		to := &a.Channels[i]
		to.Channel, to.Touches, to.Paths = channel[i], touches[i], held[i]
		for field, column := range map[*float64]*C.double{
			&to.Conversions: t.conversions, &to.Value: t.value,
			&to.RemovalEffect: t.removal_effect, &to.ValueRemovalEffect: t.value_removal_effect,
			&to.Low: t.low, &to.High: t.high,
			&to.ValueLow: t.value_low, &to.ValueHigh: t.value_high,
		} {
			if column != nil {
				*field = borrow[float64](column, rows)[i]
			}
		}
	}
	return a, nil
}

// Channel is the credit of a channel, or nil.
func (a *Attribution) Channel(id uint64) *ChannelCredit {
	for i := range a.Channels {
		if a.Channels[i].Channel == id {
			return &a.Channels[i]
		}
	}
	return nil
}

// AttributionOrderOptions say how to compare orders of a chain; the zero value is the default of each.
type AttributionOrderOptions struct {
	MaxOrder    int // 4
	Folds       int // 5; 2 to 20
	IgnoreNulls bool
	Seed        uint64 // which customers belong to which fold
}

// AttributionOrders is how well each order foretells paths that it has not seen.
type AttributionOrders struct {
	Best          int        // the order with the greatest likelihood; 0 without paths
	Transitions   float64    // steps that were foretold
	LogLikelihood [5]float64 // by order, mean a step; NaN above MaxOrder
}

// ChooseAttributionOrder chooses the order of a Markov chain by cross-validation.
func ChooseAttributionOrder(
	ctx context.Context, paths *AttributionPaths, order AttributionOrderOptions, options ...Option,
) (AttributionOrders, error) {
	var none AttributionOrders
	var pin runtime.Pinner
	defer pin.Unpin()
	from, err := paths.toC(&pin)
	if err != nil {
		return none, err
	}
	p := pinned{}
	c := &C.pmkt_attribution_order_options{
		struct_size:  C.sizeof_pmkt_attribution_order_options,
		max_order:    p.small("MaxOrder", order.MaxOrder),
		folds:        p.small("Folds", order.Folds),
		ignore_nulls: boolean(order.IgnoreNulls),
		seed:         C.uint64_t(order.Seed),
	}
	if p.err != nil {
		return none, p.err
	}
	run, err := start(ctx, options)
	if err != nil {
		return none, err
	}
	out := C.pmkt_attribution_orders{struct_size: C.sizeof_pmkt_attribution_orders}
	var e C.pmkt_error
	status := C.pmkt_attribution_order(from, c, run.run, &out, &e)
	runtime.KeepAlive(paths)
	if err := run.finish(status, &e); err != nil {
		return none, err
	}
	found := AttributionOrders{Best: int(out.best), Transitions: float64(out.transitions)}
	for i := range found.LogLikelihood {
		found.LogLikelihood[i] = float64(out.log_likelihood[i])
	}
	return found, nil
}

// PathOptions say how events become paths; the zero value is the default of each.
type PathOptions struct {
	Conversion Kind          // KindOrder: the converting kind
	Touches    []Kind        // the touching kinds; nil: impression, click, view, search
	Window     time.Duration // 30 days: how long before a conversion a touch still counts
	SameTouch  time.Duration // 30 minutes: within it the same channel again is no new touch; -1: never
	AsOf       time.Time     // later events are left out; zero: none is too late
	Merge      bool          // equal paths become one row, without times
	Users      *IDSet        // whoever is not in it is left out; nil: all may be used
}

func (o *PathOptions) toC(pin *runtime.Pinner) (*C.pmkt_attribution_data_options, error) {
	kinds := make([]int32, len(o.Touches))
	for i, kind := range o.Touches {
		kinds[i] = int32(kind)
	}
	p := pinned{pin: pin, rows: len(kinds)}
	c := &C.pmkt_attribution_data_options{
		struct_size:   C.sizeof_pmkt_attribution_data_options,
		conversion:    C.int32_t(o.Conversion),
		touch_kinds:   column[C.int32_t](&p, "Touches", kinds),
		n_touch_kinds: C.int64_t(len(kinds)),
		window_ms:     C.int64_t(o.Window.Milliseconds()),
		same_touch_ms: C.int64_t(o.SameTouch.Milliseconds()),
		merge:         boolean(o.Merge),
	}
	if o.SameTouch < 0 {
		c.same_touch_ms = -1
	}
	if !o.AsOf.IsZero() {
		c.as_of_ms = C.int64_t(millis(o.AsOf))
	}
	return c, p.err
}

// NewAttributionPaths makes paths from events with channels; their values are minor units. Rows that are
// neither touch nor conversion, or that the options leave out, count as ignored in the report.
func NewAttributionPaths(
	ctx context.Context, batch *Events, paths PathOptions, options ...Option,
) (*AttributionPaths, Report, error) {
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
	c, err := paths.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	if c.users, err = enterSet(paths.Users); err != nil {
		return nil, none, err
	}
	defer leaveSet(paths.Users)
	report := newReport(&pin, int(events.rows))
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	var at *C.pmkt_attribution_data
	var e C.pmkt_error
	status := C.pmkt_attribution_data_from_events(&events, c, run.run, &report.c, &at, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(batch)
	defer C.pmkt_attribution_data_free(at)
	if err != nil {
		return nil, report.toGo(), err
	}
	made, err := copyAttributionPaths(at)
	return made, report.toGo(), err
}

func copyAttributionPaths(at *C.pmkt_attribution_data) (*AttributionPaths, error) {
	c := C.pmkt_attribution_paths{struct_size: C.sizeof_pmkt_attribution_paths}
	var e C.pmkt_error
	if err := failure(C.pmkt_attribution_data_paths(at, &c, &e), &e); err != nil {
		return nil, err
	}
	paths := int(c.paths)
	p := &AttributionPaths{At: slices.Clone(borrow[int64](c.at, paths+1))}
	touches := int(p.At[paths])
	p.Channel = slices.Clone(borrow[uint64](c.channel, touches))
	p.Time = slices.Clone(borrow[int64](c.time, touches))
	p.Conversions = slices.Clone(borrow[float64](c.conversions, paths))
	p.Values = slices.Clone(borrow[float64](c.values, paths))
	p.Nulls = slices.Clone(borrow[float64](c.nulls, paths))
	return p, nil
}
