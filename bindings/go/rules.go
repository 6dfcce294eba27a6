package pmkt

// #include <pmkt.h>
// #cgo nocallback pmkt_rules_parse
// #cgo nocallback pmkt_rules_builtin
// #cgo nocallback pmkt_rules_release
// #cgo nocallback pmkt_rules_info
// #cgo nocallback pmkt_rules_rule
// #cgo nocallback pmkt_rules_matches_free
// #cgo nocallback pmkt_rules_matches_columns_of
import "C"

import (
	"context"
	"runtime"
	"slices"
	"time"
	"unsafe"
)

// BuiltinRules is the text of the built-in rules: hesitating, preparing, abandoning (by price, stock, process
// or neither), comparing, browsing. Begin with a copy of it.
func BuiltinRules() string { return C.GoString(C.pmkt_rules_builtin()) }

// Rules are compiled rules: a text that says what people do before they hesitate, compare or leave, and what
// to answer. They never change; any number of goroutines may use them. The header rules.h documents the
// language.
type Rules struct {
	h     *handle
	info  RulesInfo
	rules []Rule
}

// RulesInfo is what rules are.
type RulesInfo struct {
	Rules, Intents int
	Columns        int // extra columns declared
	Partials       int // what all rules need for one user who is concerned with one key of each
	Bytes          int64
	Hash           uint64 // of the text
}

// Rule is one rule.
type Rule struct {
	Intent      string
	Cause       string // "": none
	Strength    float64
	Cooldown    time.Duration
	Suggestions []string
	Text        string // as it was written
	Line        int    // of the text, from 1
	At          int    // the byte of the text at which it begins
}

// RulesOptions say how to read rules; the zero value is the default of each.
type RulesOptions struct {
	Zone Zone // of dates in conditions
}

// ParseRules compiles a text; without any rule it is fine, too. What is wrong with it stands in an Error,
// with line and column in words and the byte in Where.
func ParseRules(text string, parse RulesOptions) (*Rules, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	zone, err := parse.Zone.toC(&pin)
	if err != nil {
		return nil, err
	}
	pin.Pin(&zone)
	c := &C.pmkt_rules_options{struct_size: C.sizeof_pmkt_rules_options, zone: &zone}
	var at *C.pmkt_rules
	var e C.pmkt_error
	status := C.pmkt_rules_parse(chars(text), C.size_t(len(text)), c, &at, &e)
	if err := failure(status, &e); err != nil {
		return nil, err
	}
	return ownRules(at)
}

func ownRules(at *C.pmkt_rules) (*Rules, error) {
	r := &Rules{}
	r.h = own(r, unsafe.Pointer(at), func(p unsafe.Pointer) { C.pmkt_rules_release((*C.pmkt_rules)(p)) })
	if err := r.read(at); err != nil {
		r.h.close()
		return nil, err
	}
	return r, nil
}

// read copies what the rules say of themselves.
func (r *Rules) read(at *C.pmkt_rules) error {
	c := C.pmkt_rules_facts{struct_size: C.sizeof_pmkt_rules_facts}
	var e C.pmkt_error
	if err := failure(C.pmkt_rules_info(at, &c, &e), &e); err != nil {
		return err
	}
	r.info = RulesInfo{
		Rules: int(c.rules), Intents: int(c.intents), Columns: int(c.columns),
		Partials: int(c.partials), Bytes: int64(c.bytes), Hash: uint64(c.hash),
	}
	for i := range c.rules {
		rule := C.pmkt_rule{struct_size: C.sizeof_pmkt_rule}
		if err := failure(C.pmkt_rules_rule(at, C.int64_t(i), &rule, &e), &e); err != nil {
			return err
		}
		told := Rule{
			Intent:   C.GoString(rule.intent),
			Cause:    C.GoString(rule.cause),
			Strength: float64(rule.strength),
			Cooldown: time.Duration(rule.cooldown_ms) * time.Millisecond,
			Text:     C.GoStringN(rule.text, C.int(rule.length)),
			Line:     int(rule.line),
			At:       int(rule.at),
		}
		for _, text := range unsafe.Slice(rule.suggestions, rule.n_suggestions) {
			told.Suggestions = append(told.Suggestions, C.GoString(text))
		}
		r.rules = append(r.rules, told)
	}
	return nil
}

// enterOrNil begins a call that can do without rules; leaveOrNil ends it.
func (r *Rules) enterOrNil() (*C.pmkt_rules, error) {
	if r == nil {
		return nil, nil
	}
	if !r.h.enter() {
		return nil, closed("the rules")
	}
	return (*C.pmkt_rules)(r.h.at), nil
}

func (r *Rules) leaveOrNil() {
	if r != nil {
		r.h.leave()
	}
}

// Close frees the rules, or lets the last call under way do so. It returns nil.
func (r *Rules) Close() error {
	if r != nil {
		r.h.close()
	}
	return nil
}

// Info says what the rules are, also after Close.
func (r *Rules) Info() RulesInfo { return r.info }

// Rules are the rules in the order of the text, also after Close.
func (r *Rules) Rules() []Rule { return slices.Clone(r.rules) }

// MatchOptions say how to match; the zero value is the default of each.
type MatchOptions struct {
	Until    time.Time // the clock at the end, not before the last event; zero: the time of that
	Partials int       // 32: partial matches and cooldowns kept of a user; to 1,024
}

// RuleMatch is something that fired.
type RuleMatch struct {
	Row   int64 // of the batch, at which the rule fired; -1: a wait ended
	User  uint64
	Time  int64 // of the event; of a wait, its last instant; in milliseconds
	Rule  int   // as of Rules.Rules
	Since int64 // time of the first event of the match, in milliseconds
}

// RuleMatches are what fired, by time, then user, rule and row; and what did not.
type RuleMatches struct {
	Fired      []RuleMatch
	Users      int64 // in the batch
	Suppressed int64 // matches besides, in a cooldown
	Outranked  int64 // matches besides, of an intent that fired by a stronger rule
	Dropped    int64 // partial matches and cooldowns that had to make room
}

// Match says what would have fired in a batch, in any order: each user from the beginning. The report tells
// what became of the rows.
func (r *Rules) Match(
	ctx context.Context, batch *Events, match MatchOptions, options ...Option,
) (*RuleMatches, Report, error) {
	none := Report{FirstBad: -1}
	if batch == nil {
		return nil, none, invalid("the batch is nil")
	}
	if r == nil || !r.h.enter() {
		return nil, none, closed("the rules")
	}
	defer r.h.leave()
	var pin runtime.Pinner
	defer pin.Unpin()
	events, err := batch.toC(&pin)
	if err != nil {
		return nil, none, err
	}
	if match.Partials < 0 || match.Partials > 1024 {
		return nil, none, invalid("Partials is %d; it must be 0 (32) to 1,024", match.Partials)
	}
	c := &C.pmkt_rules_match_options{
		struct_size: C.sizeof_pmkt_rules_match_options,
		partials:    C.int32_t(match.Partials),
	}
	if !match.Until.IsZero() {
		c.until_ms = C.int64_t(millis(match.Until))
	}
	run, err := start(ctx, options)
	if err != nil {
		return nil, none, err
	}
	report := newReport(&pin, int(events.rows))
	var made *C.pmkt_rules_matches
	var e C.pmkt_error
	status := C.pmkt_rules_match((*C.pmkt_rules)(r.h.at), &events, c, run.run, &report.c, &made, &e)
	err = run.finish(status, &e)
	runtime.KeepAlive(batch)
	if err != nil {
		return nil, report.toGo(), err
	}
	defer C.pmkt_rules_matches_free(made)
	found, err := copyMatches(made)
	return found, report.toGo(), err
}

func copyMatches(made *C.pmkt_rules_matches) (*RuleMatches, error) {
	c := C.pmkt_rules_matches_columns{struct_size: C.sizeof_pmkt_rules_matches_columns}
	var e C.pmkt_error
	if err := failure(C.pmkt_rules_matches_columns_of(made, &c, &e), &e); err != nil {
		return nil, err
	}
	out := &RuleMatches{
		Fired:      make([]RuleMatch, c.n),
		Users:      int64(c.users),
		Suppressed: int64(c.suppressed),
		Outranked:  int64(c.outranked),
		Dropped:    int64(c.dropped),
	}
	n := int(c.n)
	row, user := borrow[int64](c.row, n), borrow[uint64](c.user, n)
	at, rule := borrow[int64](c.time, n), borrow[int32](c.rule, n)
	since := borrow[int64](c.since, n)
	for i := range out.Fired {
		out.Fired[i] = RuleMatch{row[i], user[i], at[i], int(rule[i]), since[i]}
	}
	return out, nil
}
