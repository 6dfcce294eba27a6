package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_funnel_free
// #cgo nocallback pmkt_funnel_columns_of
// #cgo nocallback pmkt_paths_free
// #cgo nocallback pmkt_paths_columns_of
import "C"

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// FunnelStep is a step of a funnel: events of one of the kinds, and of the item, category and channel where
// those are not 0. No kinds: every kind.
type FunnelStep struct {
	Kinds                   []Kind
	Item, Category, Channel uint64
}

// FunnelHold is what all events of an attempt must have in common.
type FunnelHold int32

// What an attempt may hold.
const (
	HoldNothing  FunnelHold = C.PMKT_FUNNEL_ANYTHING
	HoldItem     FunnelHold = C.PMKT_FUNNEL_SAME_ITEM     // events without an item are not seen
	HoldCategory FunnelHold = C.PMKT_FUNNEL_SAME_CATEGORY // the same of the category
)

// FunnelCount is what a funnel counts.
type FunnelCount int32

// What can be counted.
const (
	CountUsers    FunnelCount = C.PMKT_FUNNEL_USERS
	CountSessions FunnelCount = C.PMKT_FUNNEL_SESSIONS // each on its own
)

// FunnelOptions say how to follow; the zero value is the default of each.
type FunnelOptions struct {
	Open      bool // an attempt may begin at any step, not only the first
	Strict    bool // no other event in between
	Hold      FunnelHold
	Count     FunnelCount
	BySession bool          // a session ends where Session of the events changes, too
	Window    time.Duration // all steps within so long of the attempt's first; 0: any time
	Gap       time.Duration // 30 minutes: idle for longer ends a session
}

// Funnel is how far people came.
type Funnel struct {
	Steps    []FunnelResult
	Attempts []FunnelAttempt // one of each user (session) who has any
	Units    int64           // users (sessions), with and without an attempt
}

// FunnelResult is what became of one step. Times are milliseconds from the step before: quartiles, NaN where
// nobody continued.
type FunnelResult struct {
	Reached          int64   // attempts with this step
	Entered          int64   // of these, who began here
	Continued        int64   // of these, who came from the step before
	Lost             int64   // who got no further than here; 0 at the last
	Conversion       float64 // Continued / Reached of the step before; NaN at the first
	Overall          float64 // Reached / attempts
	P25, Median, P75 float64
	Next             []FunnelNext // what those who were lost did right after, the most frequent first
}

// FunnelNext is what so many did next; KindNone: nothing more.
type FunnelNext struct {
	Kind  Kind
	Count int64
}

// FunnelAttempt is the attempt that counts of a user or session.
type FunnelAttempt struct {
	User        uint64
	First, Last int   // the step at which it began, and that it reached, from 0
	Begin       int64 // when it began, in milliseconds
}

// NewFunnel follows a funnel of 1 to 32 steps; funnel.h says which attempt counts. The report tells what
// became of the rows.
func NewFunnel(
	ctx context.Context, events *Events, steps []FunnelStep, funnel FunnelOptions, options ...Option,
) (*Funnel, Report, error) {
	none := Report{FirstBad: -1}
	if events == nil {
		return nil, none, invalid("the batch is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	batch, err := events.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	c := &C.pmkt_funnel_options{
		struct_size: C.sizeof_pmkt_funnel_options,
		open:        boolean(funnel.Open),
		strict:      boolean(funnel.Strict),
		hold:        C.int32_t(funnel.Hold),
		count:       C.int32_t(funnel.Count),
		by_session:  boolean(funnel.BySession),
		window_ms:   C.int64_t(funnel.Window.Milliseconds()),
		gap_ms:      C.int64_t(funnel.Gap.Milliseconds()),
	}
	table := make([]C.pmkt_funnel_step, len(steps)+1) // one more, so that there is an address
	for i, step := range steps {
		kinds := make([]int32, len(step.Kinds))
		for k, kind := range step.Kinds {
			kinds[k] = int32(kind)
		}
		table[i] = C.pmkt_funnel_step{
			n_kinds:  C.int64_t(len(kinds)),
			item:     C.uint64_t(step.Item),
			category: C.uint64_t(step.Category),
			channel:  C.uint64_t(step.Channel),
		}
		if len(kinds) > 0 {
			table[i].kinds = data[C.int32_t](kinds)
			pin.Pin(table[i].kinds)
		}
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	report := newReport(&pin, int(batch.rows))
	var made *C.pmkt_funnel
	var e C.pmkt_error
	status := C.pmkt_funnel_new(&batch, &table[0], C.int64_t(len(steps)), c, run.run, &report.c, &made, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(events)
	if err != nil {
		return nil, report.toGo(), err
	}
	defer C.pmkt_funnel_free(made)
	found, err := copyFunnel(made)
	return found, report.toGo(), err
}

func copyFunnel(made *C.pmkt_funnel) (*Funnel, error) {
	c := C.pmkt_funnel_columns{struct_size: C.sizeof_pmkt_funnel_columns}
	var e C.pmkt_error
	if err := failure(C.pmkt_funnel_columns_of(made, &c, &e), &e); err != nil {
		return nil, err
	}
	n, m := int(c.steps), int(c.attempts)
	f := &Funnel{Steps: make([]FunnelResult, n), Attempts: make([]FunnelAttempt, m)}
	f.Units = int64(c.units)
	reached, entered := borrow[int64](c.reached, n), borrow[int64](c.entered, n)
	continued, lost := borrow[int64](c.continued, n), borrow[int64](c.lost, n)
	conversion, overall := borrow[float64](c.conversion, n), borrow[float64](c.overall, n)
	p25, median := borrow[float64](c.p25_ms, n), borrow[float64](c.median_ms, n)
	p75 := borrow[float64](c.p75_ms, n)
	for i := range f.Steps {
		f.Steps[i] = FunnelResult{Reached: reached[i], Entered: entered[i], Continued: continued[i],
			Lost: lost[i], Conversion: conversion[i], Overall: overall[i], P25: p25[i],
			Median: median[i], P75: p75[i]}
	}
	rows := int(c.n_next)
	step, kind := borrow[int32](c.next_step, rows), borrow[int32](c.next_kind, rows)
	for i, count := range borrow[int64](c.next_n, rows) {
		to := &f.Steps[step[i]]
		to.Next = append(to.Next, FunnelNext{Kind(kind[i]), count})
	}
	user, begin := borrow[uint64](c.user, m), borrow[int64](c.begin_ms, m)
	first, last := borrow[int32](c.first, m), borrow[int32](c.last, m)
	for i := range f.Attempts {
		f.Attempts[i] = FunnelAttempt{user[i], int(first[i]), int(last[i]), begin[i]}
	}
	return f, nil
}

// PageBy is what a page is.
type PageBy int32

// What pages can be.
const (
	PageByKind     PageBy = C.PMKT_PATHS_BY_KIND
	PageByItem     PageBy = C.PMKT_PATHS_BY_ITEM
	PageByCategory PageBy = C.PMKT_PATHS_BY_CATEGORY
)

// PathsOptions say what to look at; the zero value is the default of each.
type PathsOptions struct {
	Top       int           // 20: so many paths
	MaxLength int           // 10: of a session's actions the first so many are its path
	Collapse  bool          // an action that repeats is one
	Goal      Kind          // KindOrder: a session with this kind converts
	Page      PageBy        // what a page is
	TopPages  int           // 100: so many pages
	BySession bool          // a session ends where Session of the events changes, too
	UserHours bool          // the hours of each user, too
	Gap       time.Duration // 30 minutes: idle for longer ends a session
	Soon      time.Duration // 10 seconds: left within this is left too soon
	Zone      Zone          // of the hours
}

// Paths are what sessions look like.
type Paths struct {
	Sessions, Users int64
	Converted       int64 // sessions with the goal
	Distinct        int64 // different paths
	Top             []Path
	Moves           []Move
	Pages           []Page
	Hours           [7][24]int64 // events by weekday from Monday, and hour
	UserHours       []UserHour
}

// Path is what sessions do, one action after the other.
type Path struct {
	Kinds       []Kind
	Sessions    int64
	Users       int64
	Conversions int64 // of these sessions, with the goal
}

// Move goes from an action to the next in a session; KindNone: its beginning and end.
type Move struct {
	From, To Kind
	Count    int64
	Share    float64 // of the moves from there
	Median   float64 // milliseconds; NaN of beginnings and ends
}

// Page is where sessions stay: a kind, or an id.
type Page struct {
	Page   uint64
	Stays  int64
	Exits  int64   // with which the session ends
	Soon   int64   // of the others, those left too soon
	Median float64 // of the others, milliseconds
}

// UserHour is how many events a user has at an hour of a weekday, Monday being 0.
type UserHour struct {
	User          uint64
	Weekday, Hour int
	Events        int64
}

// NewPaths counts the paths of sessions, the moves from action to action, the pages that are left, and the
// hours. The report tells what became of the rows.
func NewPaths(
	ctx context.Context, events *Events, paths PathsOptions, options ...Option,
) (*Paths, Report, error) {
	none := Report{FirstBad: -1}
	if events == nil {
		return nil, none, invalid("the batch is nil")
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	batch, err := events.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	zone, err := paths.Zone.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	pin.Pin(&zone)
	p := pinned{pin: &pin}
	c := &C.pmkt_paths_options{
		struct_size: C.sizeof_pmkt_paths_options,
		top:         p.small("Top", paths.Top),
		max_length:  p.small("MaxLength", paths.MaxLength),
		collapse:    boolean(paths.Collapse),
		goal:        C.int32_t(paths.Goal),
		page:        C.int32_t(paths.Page),
		top_pages:   p.small("TopPages", paths.TopPages),
		by_session:  boolean(paths.BySession),
		user_hours:  boolean(paths.UserHours),
		gap_ms:      C.int64_t(paths.Gap.Milliseconds()),
		soon_ms:     C.int64_t(paths.Soon.Milliseconds()),
		zone:        &zone,
	}
	if p.err != nil {
		return nil, none, p.err
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	report := newReport(&pin, int(batch.rows))
	var made *C.pmkt_paths
	var e C.pmkt_error
	status := C.pmkt_paths_new(&batch, c, run.run, &report.c, &made, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(events)
	if err != nil {
		return nil, report.toGo(), err
	}
	defer C.pmkt_paths_free(made)
	found, err := copyPaths(made)
	return found, report.toGo(), err
}

func copyPaths(made *C.pmkt_paths) (*Paths, error) {
	c := C.pmkt_paths_columns{struct_size: C.sizeof_pmkt_paths_columns}
	var e C.pmkt_error
	if err := failure(C.pmkt_paths_columns_of(made, &c, &e), &e); err != nil {
		return nil, err
	}
	p := &Paths{Sessions: int64(c.sessions), Users: int64(c.users), Converted: int64(c.converted),
		Distinct: int64(c.distinct)}
	n := int(c.n)
	at := borrow[int64](c.at, n+1)
	kind := borrow[int32](c.kind, int(at[n]))
	count, users := borrow[int64](c.count, n), borrow[int64](c.path_users, n)
	conversions := borrow[int64](c.conversions, n)
	for i := range n {
		path := Path{Sessions: count[i], Users: users[i], Conversions: conversions[i]}
		for _, k := range kind[at[i]:at[i+1]] {
			path.Kinds = append(path.Kinds, Kind(k))
		}
		p.Top = append(p.Top, path)
	}
	p.copyMoves(&c)
	p.copyPages(&c)
	p.copyHours(&c)
	return p, nil
}

func (p *Paths) copyMoves(c *C.pmkt_paths_columns) {
	n := int(c.n_moves)
	from, to := borrow[int32](c.from, n), borrow[int32](c.to, n)
	share, median := borrow[float64](c.share, n), borrow[float64](c.move_ms, n)
	for i, count := range borrow[int64](c.moves, n) {
		p.Moves = append(p.Moves, Move{Kind(from[i]), Kind(to[i]), count, share[i], median[i]})
	}
}

func (p *Paths) copyPages(c *C.pmkt_paths_columns) {
	n := int(c.n_pages)
	stays, exits := borrow[int64](c.stays, n), borrow[int64](c.exits, n)
	soon, median := borrow[int64](c.soon, n), borrow[float64](c.stay_ms, n)
	for i, page := range borrow[uint64](c.page, n) {
		p.Pages = append(p.Pages, Page{page, stays[i], exits[i], soon[i], median[i]})
	}
}

func (p *Paths) copyHours(c *C.pmkt_paths_columns) {
	for i, events := range borrow[int64](c.hours, 168) {
		p.Hours[i/24][i%24] = events
	}
	n := int(c.n_user_hours)
	hour, events := borrow[int32](c.hour, n), borrow[int64](c.hour_events, n)
	p.UserHours = slices.Grow(p.UserHours, n)
	for i, user := range borrow[uint64](c.hour_user, n) {
		h := int(hour[i])
		p.UserHours = append(p.UserHours, UserHour{user, h / 24, h % 24, events[i]})
	}
}
