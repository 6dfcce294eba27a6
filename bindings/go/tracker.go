package pmkt

/*
#include <pmkt.h>

static pmkt_status pmktgo_tracker_explain(pmkt_tracker *tracker, uint64_t user, const char *intent,
                                          pmkt_tracker_event *event, int64_t room,
                                          pmkt_tracker_evidence *out, pmkt_error *err) {
    // The address of the array comes by itself, as in intent.go.
    out->struct_size = sizeof *out;
    out->event = event;
    out->room = room;
    const pmkt_status status = pmkt_tracker_explain(tracker, user, intent, out, err);
    out->event = NULL;
    return status;
}

#cgo nocallback pmkt_tracker_new
#cgo nocallback pmkt_tracker_free
#cgo noescape pmkt_tracker_advance
#cgo nocallback pmkt_tracker_advance
#cgo noescape pmkt_tracker_forget
#cgo nocallback pmkt_tracker_forget
#cgo noescape pmktgo_tracker_explain
#cgo nocallback pmktgo_tracker_explain
#cgo nocallback pmkt_tracker_swap
#cgo nocallback pmkt_tracker_learn
#cgo nocallback pmkt_tracker_swap_rules
#cgo noescape pmkt_tracker_rules
#cgo nocallback pmkt_tracker_rules
#cgo nocallback pmkt_tracker_model
#cgo noescape pmkt_tracker_stats
#cgo nocallback pmkt_tracker_stats
*/
import "C"

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unsafe"
)

// TrackerOptions say how to keep the state; the zero value is the default of each.
type TrackerOptions struct {
	Partials int           // 32: partial matches and cooldowns kept of a user; to 1,024
	Capacity int64         // users for whom memory is taken at once
	MaxBytes int64         // of memory, but for model and rules; 0 is no limit
	TTL      time.Duration // 30 days: so long after the last event a user is unknown again
	Late     time.Duration // an event may be older than the user's latest by so much
	History  int           // 8: events kept of a user for Explain, to 64; -1: none
	Shards   int           // 64: a power of two, to 1,024
	Actions  int           // of the model, and of those that Swap brings; 0: as many as it has, rounded up
	Learn    bool          // count what sessions do, for Learn
}

// defaultPartials is TrackerOptions.Partials if they are 0.
const defaultPartials = 32

func (o *TrackerOptions) toC() (*C.pmkt_tracker_options, error) {
	var p pinned
	c := &C.pmkt_tracker_options{
		struct_size: C.sizeof_pmkt_tracker_options,
		partials:    p.small("Partials", o.Partials),
		capacity:    C.int64_t(o.Capacity),
		max_bytes:   C.int64_t(o.MaxBytes),
		ttl_ms:      C.int64_t(o.TTL / time.Millisecond),
		late_ms:     C.int64_t(o.Late / time.Millisecond),
		history:     p.small("History", o.History),
		shards:      p.small("Shards", o.Shards),
		actions:     p.small("Actions", o.Actions),
		learn:       boolean(o.Learn),
	}
	if o.TTL != 0 && o.TTL < time.Millisecond {
		p.note(invalid("TTL is %v; it must be a millisecond or more", o.TTL))
	}
	if o.Late < 0 {
		p.note(invalid("Late is %v; it must not be negative", o.Late))
	}
	return c, p.err
}

// Tracker is the live state of everybody: at each event it says how likely an order is, what comes next, and
// which rules fired. Any number of goroutines may call anything at a time; it is synchronized within, by
// parts of the users, and no call takes a context but Learn and those on files. The header tracker.h says more.
type Tracker struct {
	h        *handle
	partials int
}

// NewTracker is a tracker that knows nobody. It keeps model and rules, which may be closed; one of them may be
// nil.
func NewTracker(model *Purchase, rules *Rules, options TrackerOptions) (*Tracker, error) {
	c, err := options.toC()
	if err != nil {
		return nil, err
	}
	var learned *C.pmkt_purchase
	if model != nil {
		if learned, err = model.enter(); err != nil {
			return nil, err
		}
		defer model.h.leave()
	}
	parsed, err := rules.enterOrNil()
	if err != nil {
		return nil, err
	}
	defer rules.leaveOrNil()
	var at *C.pmkt_tracker
	var e C.pmkt_error
	if err := failure(C.pmkt_tracker_new(learned, parsed, c, &at, &e), &e); err != nil {
		return nil, err
	}
	t := &Tracker{partials: cmp.Or(options.Partials, defaultPartials)}
	t.h = own(t, unsafe.Pointer(at), func(p unsafe.Pointer) { C.pmkt_tracker_free((*C.pmkt_tracker)(p)) })
	return t, nil
}

// enter begins a call; h.leave ends it.
func (t *Tracker) enter() (*C.pmkt_tracker, error) {
	if t == nil || !t.h.enter() {
		return nil, closed("the tracker")
	}
	return (*C.pmkt_tracker)(t.h.at), nil
}

// Close frees the tracker, or lets the last call under way do so. It returns nil.
func (t *Tracker) Close() error {
	if t != nil {
		t.h.close()
	}
	return nil
}

// Fired is a rule that fired.
type Fired struct {
	User       uint64
	Time       int64   // of the event; of a wait, its last instant; in milliseconds
	Since      int64   // of the first event of the match
	Row        int64   // of the batch; -1: a wait ended
	Strength   float64 // of the rule
	Rule       int32   // as of Rules.Rules, of the rules of this generation
	Generation uint32  // of the rules: 1, and one more after every SwapRules
}

// What fires is written where it lies, so a Fired is one of C.
var (
	_ [unsafe.Sizeof(Fired{})]struct{}              = [C.sizeof_pmkt_tracker_fired]struct{}{}
	_ [unsafe.Offsetof(Fired{}.User)]struct{}       = [unsafe.Offsetof(C.pmkt_tracker_fired{}.user)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Time)]struct{}       = [unsafe.Offsetof(C.pmkt_tracker_fired{}.time)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Since)]struct{}      = [unsafe.Offsetof(C.pmkt_tracker_fired{}.since)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Row)]struct{}        = [unsafe.Offsetof(C.pmkt_tracker_fired{}.row)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Strength)]struct{}   = [unsafe.Offsetof(C.pmkt_tracker_fired{}.strength)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Rule)]struct{}       = [unsafe.Offsetof(C.pmkt_tracker_fired{}.rule)]struct{}{}
	_ [unsafe.Offsetof(Fired{}.Generation)]struct{} = [unsafe.Offsetof(C.pmkt_tracker_fired{}.generation)]struct{}{}
)

// Advance sets the clock and fires the waits of everybody that are over before it, by time, then user, then
// rule: the first n of fired, which needs room for as many as the rules have intents. If it is full or nearly,
// there may be more: call again, with the same clock, until n is 0. Users who have expired are removed, by and
// by. A clock that is behind is counted, and changes nothing. It allocates nothing.
func (t *Tracker) Advance(clock time.Time, fired []Fired) (n int, err error) {
	ms := millis(clock)
	if ms == TimeNull {
		return 0, invalid("the clock is no time of the years 0 to 9999")
	}
	at, err := t.enter()
	if err != nil {
		return 0, err
	}
	defer t.h.leave()
	var found C.int64_t
	var e C.pmkt_error
	var nowhere C.pmkt_tracker_fired
	room := &nowhere // without rules there is no need for any
	if len(fired) > 0 {
		room = data[C.pmkt_tracker_fired](fired)
	}
	status := C.pmkt_tracker_advance(at, C.int64_t(ms), room, C.int64_t(len(fired)), &found, &e)
	return int(found), failure(status, &e)
}

// Forget removes a user at once, and says whether there was one. What was saved before still knows them.
func (t *Tracker) Forget(user uint64) (known bool, err error) {
	at, err := t.enter()
	if err != nil {
		return false, err
	}
	defer t.h.leave()
	var there C.int32_t
	var e C.pmkt_error
	status := C.pmkt_tracker_forget(at, C.uint64_t(user), &there, &e)
	return there != 0, failure(status, &e)
}

// EvidenceEvent is an event that is remembered.
type EvidenceEvent struct {
	Time     int64 // in milliseconds
	Kind     Kind
	Item     uint64 // or IDNone, as the others
	Category uint64
	Channel  uint64
	LogOdds  float64 // that it adds to the evidence; 0 where the model does not know it, and past the goal
	Matched  bool    // it is a step of the match that fired
}

// Evidence is why an intent fired, and what is known of a user.
type Evidence struct {
	Rule       int             // that fired latest of the intent, as of Rules.Rules; -1: none, or long ago
	Generation uint32          // of the rules in force, which it is of
	Time       int64           // when it fired
	Since      int64           // the first event of its match
	Events     []EvidenceEvent // the latest, the oldest of them first
	Session    int64           // events of the user's session so far
	Evidence   float64         // ln (P(the session so far | buyers) / P(it | the others)); 0 without a model
}

// evidenceRoom is the most that TrackerOptions.History can be.
const evidenceRoom = 64

// Explain says why an intent fired, or with "" whichever fired last. Of somebody unknown there are no events,
// and no rule.
func (t *Tracker) Explain(user uint64, intent string) (Evidence, error) {
	at, err := t.enter()
	if err != nil {
		return Evidence{}, err
	}
	defer t.h.leave()
	var name *C.char
	if intent != "" {
		if strings.IndexByte(intent, 0) >= 0 {
			return Evidence{}, invalid("the intent %q holds a NUL", intent)
		}
		name = chars(intent + "\x00")
	}
	var events [evidenceRoom]C.pmkt_tracker_event
	var c C.pmkt_tracker_evidence
	var e C.pmkt_error
	status := C.pmktgo_tracker_explain(at, C.uint64_t(user), name, &events[0], evidenceRoom, &c, &e)
	if err := failure(status, &e); err != nil {
		return Evidence{}, err
	}
	out := Evidence{
		Rule:       int(c.rule),
		Generation: uint32(c.generation),
		Time:       int64(c.time),
		Since:      int64(c.since),
		Events:     make([]EvidenceEvent, c.n),
		Session:    int64(c.session),
		Evidence:   float64(c.evidence),
	}
	for i := range out.Events {
		from := &events[i]
		out.Events[i] = EvidenceEvent{
			Time:     int64(from.time),
			Kind:     Kind(from.kind),
			Item:     uint64(from.item),
			Category: uint64(from.category),
			Channel:  uint64(from.channel),
			LogOdds:  float64(from.log_odds),
			Matched:  from.matched != 0,
		}
	}
	return out, nil
}

// Swap goes on with another model, such as one that was fitted anew, while others observe. Users keep their
// counts and history; a session under way keeps the evidence of the old one so far. What was counted for Learn is
// gone. The tracker keeps the model, which may be closed.
func (t *Tracker) Swap(model *Purchase) error {
	at, err := t.enter()
	if err != nil {
		return err
	}
	defer t.h.leave()
	next, err := model.enter()
	if err != nil {
		return err
	}
	defer model.h.leave()
	var e C.pmkt_error
	return failure(C.pmkt_tracker_swap(at, next, &e), &e)
}

// Learn goes on with a new model, whose chains have counted the sessions that ended since the tracker was made, or
// since the last Learn or Swap, beside what those in force have counted: that weighs half as much for every half life
// of the events' time between two calls, or with 0 as much as before. It has the logistic models of the one in
// force; fit them again now and then. A session ends with its goal or the user's next one, when the user expires, or
// at this call, if the clock of Advance is past its gap: so set the clock. The model is to be closed on its own.
func (t *Tracker) Learn(ctx context.Context, halfLife time.Duration, options ...Option) (*Purchase, error) {
	if halfLife != 0 && halfLife < time.Millisecond {
		return nil, invalid("the half life is %v; it must be 0, or a millisecond or more", halfLife)
	}
	var model *C.pmkt_purchase
	err := t.call(ctx, options,
		func(at *C.pmkt_tracker, run *C.pmkt_run, e *C.pmkt_error) C.pmkt_status {
			return C.pmkt_tracker_learn(at, C.int64_t(halfLife/time.Millisecond), run, &model, e)
		})
	return ownPurchase(model, err)
}

// SwapRules goes on with other rules, or with nil none, while others observe. A rule whose text is the same
// keeps its partial matches; those of the others end, and are counted. Cooldowns stay, by the name of the intent.
// The tracker keeps the rules, which may be closed.
func (t *Tracker) SwapRules(rules *Rules) (ended int64, err error) {
	at, err := t.enter()
	if err != nil {
		return 0, err
	}
	defer t.h.leave()
	next, err := rules.enterOrNil()
	if err != nil {
		return 0, err
	}
	defer rules.leaveOrNil()
	var c C.int64_t
	var e C.pmkt_error
	status := C.pmkt_tracker_swap_rules(at, next, &c, &e)
	return int64(c), failure(status, &e)
}

// Rules are the rules in force, to be closed on their own, or nil if there are none; and their generation.
func (t *Tracker) Rules() (*Rules, uint32, error) {
	at, err := t.enter()
	if err != nil {
		return nil, 0, err
	}
	defer t.h.leave()
	var generation C.uint32_t
	found := C.pmkt_tracker_rules(at, &generation)
	if found == nil {
		return nil, uint32(generation), nil
	}
	rules, err := ownRules(found)
	return rules, uint32(generation), err
}

// Model is the model in force, to be closed on its own, or nil if there is none.
func (t *Tracker) Model() (*Purchase, error) {
	at, err := t.enter()
	if err != nil {
		return nil, err
	}
	defer t.h.leave()
	found := C.pmkt_tracker_model(at)
	if found == nil {
		return nil, nil
	}
	return ownPurchase(found, nil)
}

// TrackerStats are what happened since a tracker was made.
type TrackerStats struct {
	Generation uint32 // of the rules
	Users      int64  // known now; who has expired may still be among them
	Bytes      int64  // memory, but for model and rules
	Clock      int64  // in milliseconds; TimeNull before the first Advance
	Events     int64  // taken
	Bad        int64  // rows rejected
	Late       int64  // events ignored, for being late
	ClocksBack int64  // calls of Advance with a clock that was behind
	Fired      int64
	Unheard    int64 // of them, where there was no room to hear of any
	Suppressed int64 // matches besides, in a cooldown
	Outranked  int64 // matches besides, of an intent that fired by a stronger rule
	Dropped    int64 // partial matches and cooldowns that had to make room
	Ended      int64 // partial matches that SwapRules ended
	Evicted    int64 // users, for MaxBytes
	Expired    int64 // users, after TTL
	Forgotten  int64 // users
	Waiting    int64 // users for whom something waits
	Learned    int64 // sessions counted, for the next Learn
	Unlearned  int64 // sessions that could not be counted, for want of memory
}

// Stats says what happened so far.
func (t *Tracker) Stats() (TrackerStats, error) {
	at, err := t.enter()
	if err != nil {
		return TrackerStats{}, err
	}
	defer t.h.leave()
	c := C.pmkt_tracker_counts{struct_size: C.sizeof_pmkt_tracker_counts}
	var e C.pmkt_error
	if err := failure(C.pmkt_tracker_stats(at, &c, &e), &e); err != nil {
		return TrackerStats{}, err
	}
	return TrackerStats{
		Generation: uint32(c.generation),
		Users:      int64(c.users),
		Bytes:      int64(c.bytes),
		Clock:      int64(c.clock_ms),
		Events:     int64(c.events),
		Bad:        int64(c.bad),
		Late:       int64(c.late),
		ClocksBack: int64(c.clocks_back),
		Fired:      int64(c.fired),
		Unheard:    int64(c.unheard),
		Suppressed: int64(c.suppressed),
		Outranked:  int64(c.outranked),
		Dropped:    int64(c.dropped),
		Ended:      int64(c.ended),
		Evicted:    int64(c.evicted),
		Expired:    int64(c.expired),
		Forgotten:  int64(c.forgotten),
		Waiting:    int64(c.waiting),
		Learned:    int64(c.learned),
		Unlearned:  int64(c.unlearned),
	}, nil
}
