package pmkt

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func minutesPast(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func newTracker(t testing.TB, model *Purchase, rules *Rules, options TrackerOptions) *Tracker {
	t.Helper()
	tracker, err := NewTracker(model, rules, options)
	check(t, err)
	t.Cleanup(func() { check(t, tracker.Close()) })
	return tracker
}

func ExampleTracker() {
	rules, _ := ParseRules(BuiltinRules(), RulesOptions{})
	defer rules.Close()
	tracker, _ := NewTracker(nil, rules, TrackerOptions{}) // a model would say how likely an order is, too
	defer tracker.Close()
	all := rules.Rules()

	out, _ := tracker.NewAnswers(1, 0)
	kinds := []Kind{KindSearch, KindSearch, KindSearch, KindFavorite, KindCart, KindCheckout}
	for i, kind := range kinds {
		tracker.ObserveOne(Event{User: 1, Kind: kind, Item: 7, Time: minutesPast(i)}, out)
		for _, fired := range out.Fired[:out.NFired] {
			rule := all[fired.Rule]
			fmt.Printf("%v: %s, so %s\n", kind, rule.Intent, strings.Join(rule.Suggestions, " and "))
		}
	}
	n, _ := tracker.Advance(minutesPast(60), out.Fired)
	for _, fired := range out.Fired[:n] {
		rule := all[fired.Rule]
		fmt.Printf("silence: %s for the %s, so %s\n", rule.Intent, rule.Cause, rule.Suggestions[0])
	}
	// Output:
	// search: hesitating, so live expert and buyers' reviews
	// favorite: preparing, so coupon and size guide
	// silence: abandoning for the process, so shorter path
}

// step is a batch of some of the rows of another.
func step(e *Events, from, to int) *Events {
	return &Events{User: e.User[from:to], Time: e.Time[from:to], Kind: e.Kind[from:to],
		Item: e.Item[from:to], Category: e.Category[from:to], OnBad: e.OnBad}
}

// observeAll observes a batch, as often as it takes, and gives all that fired.
func observeAll(t testing.TB, tracker *Tracker, batch *Events, out *TrackerAnswers) (fired []Fired, calls int) {
	t.Helper()
	for out.From = 0; ; out.From = out.Done {
		report, err := tracker.Observe(batch, out)
		check(t, err)
		equal(t, "accepted", report.Accepted, int64(out.Done-out.From))
		fired, calls = append(fired, out.Fired[:out.NFired]...), calls+1
		if out.Done == batch.Len() {
			return fired, calls
		}
		if out.Done == out.From && out.NFired == 0 {
			t.Fatalf("row %d was not taken", out.Done)
		}
	}
}

func advanceAll(t testing.TB, tracker *Tracker, clock time.Time, room int) (fired []Fired, calls int) {
	t.Helper()
	some := make([]Fired, room)
	for {
		n, err := tracker.Advance(clock, some)
		check(t, err)
		if n == 0 {
			return fired, calls
		}
		fired, calls = append(fired, some[:n]...), calls+1
	}
}

func sameNumbers(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
}

// row are the answers of one event.
func (a *TrackerAnswers) row(i int) *TrackerAnswers {
	return &TrackerAnswers{
		PGoal: a.PGoal[i : i+1], PCart: a.PCart[i : i+1], TimeMs: a.TimeMs[i : i+1], Rule: a.Rule[i : i+1],
		Next: a.Next[i*IntentTop : (i+1)*IntentTop], NextP: a.NextP[i*IntentTop : (i+1)*IntentTop],
	}
}

func sameAnswers(t testing.TB, what string, got, want *TrackerAnswers) {
	t.Helper()
	if !sameNumbers(got.PGoal, want.PGoal) || !sameNumbers(got.PCart, want.PCart) ||
		!sameNumbers(got.TimeMs, want.TimeMs) || !sameNumbers(got.NextP, want.NextP) ||
		!slices.Equal(got.Next, want.Next) || !slices.Equal(got.Rule, want.Rule) {
		t.Errorf("%s: the answers are others", what)
	}
}

func TestTrackerSaysWhatABatchSays(t *testing.T) {
	events := shopping(300)
	model, rules := newPurchase(t, events), parsed(t, BuiltinRules())
	tracker := newTracker(t, model, rules, TrackerOptions{Capacity: 400, Shards: 4})
	n := events.Len()
	out := must(tracker.NewAnswers(n, 10_000))
	fired, calls := observeAll(t, tracker, events, out)
	equal(t, "calls", calls, 1)
	scores := NewPurchaseScores(n)
	must(model.Score(background, events, scores))
	sameAnswers(t, "model", out, &TrackerAnswers{PGoal: scores.PGoal, PCart: scores.PCart,
		TimeMs: scores.TimeMs, Next: scores.Next, NextP: scores.NextP, Rule: out.Rule})
	strongest := map[int64]int32{}
	for _, f := range fired {
		if best, ok := strongest[f.Row]; f.Row >= 0 && (!ok || rules.rules[f.Rule].Strength > rules.rules[best].Strength) {
			strongest[f.Row] = f.Rule
		}
	}
	for row, rule := range out.Rule {
		want, ok := strongest[int64(row)]
		if !ok {
			want = -1
		}
		if rule != want {
			t.Errorf("row %d: rule %d; expected %d", row, rule, want)
		}
	}

	until := time.UnixMilli(slices.Max(events.Time)).Add(24 * time.Hour)
	waits, _ := advanceAll(t, tracker, until, 100)
	found, _, err := rules.Match(background, events, MatchOptions{Until: until})
	check(t, err)
	var got []RuleMatch
	for _, f := range append(fired, waits...) {
		got = append(got, RuleMatch{f.Row, f.User, f.Time, int(f.Rule), f.Since})
		if f.Generation != 1 || f.Since > f.Time || f.Strength != rules.rules[f.Rule].Strength {
			t.Errorf("got %+v", f)
		}
	}
	slices.SortFunc(got, func(a, b RuleMatch) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.User, b.User),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Row, b.Row))
	})
	if !slices.Equal(got, found.Fired) || len(waits) == 0 {
		t.Errorf("%d rules fired, of them %d at the end; in a batch there are %d", len(got), len(waits),
			len(found.Fired))
	}
	stats := must(tracker.Stats())
	equal(t, "events", stats.Events, int64(n))
	equal(t, "users", stats.Users, 300)
	equal(t, "fired", stats.Fired, int64(len(got)))
	equal(t, "suppressed", stats.Suppressed, found.Suppressed)
	equal(t, "outranked", stats.Outranked, found.Outranked)
	equal(t, "dropped", stats.Dropped, found.Dropped)
	equal(t, "clock", stats.Clock, until.UnixMilli())
	equal(t, "unheard", stats.Unheard, 0)
}

func TestObserveGoesOnWhereItStopped(t *testing.T) {
	events := shopping(200)
	model, rules := newPurchase(t, events), parsed(t, BuiltinRules())
	large, small := newTracker(t, model, rules, TrackerOptions{}), newTracker(t, model, rules, TrackerOptions{})
	want, got := must(large.NewAnswers(events.Len(), 10_000)), must(small.NewAnswers(events.Len(), 0))
	got.Fired = got.Fired[:rules.Info().Intents]
	all, _ := observeAll(t, large, events, want)
	some, calls := observeAll(t, small, events, got)
	if !slices.Equal(all, some) || calls < 3 {
		t.Errorf("%d fired in %d calls; expected %d", len(some), calls, len(all))
	}
	sameAnswers(t, "in parts", got, want)

	one := newTracker(t, model, rules, TrackerOptions{})
	out := must(one.NewAnswers(1, 0))
	some = some[:0]
	for row := range events.Len() {
		taken, err := one.ObserveOne(Event{
			User: events.User[row], Time: time.UnixMilli(events.Time[row]), Kind: events.Kind[row],
			Item: events.Item[row], Category: events.Category[row], Amount: AmountNull,
		}, out)
		check(t, err)
		equal(t, "taken", taken, true)
		for _, f := range out.Fired[:out.NFired] {
			if f.Row == 0 {
				f.Row = int64(row)
			}
			some = append(some, f)
		}
		sameAnswers(t, fmt.Sprint("row ", row), out, want.row(row))
	}
	if !slices.Equal(all, some) {
		t.Errorf("one by one %d fire; expected %d", len(some), len(all))
	}
	until := time.UnixMilli(slices.Max(events.Time)).Add(24 * time.Hour)
	all, calls = advanceAll(t, large, until, 10_000)
	equal(t, "calls", calls, 1)
	some, calls = advanceAll(t, small, until, rules.Info().Intents)
	slices.SortFunc(some, func(a, b Fired) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.User, b.User), cmp.Compare(a.Rule, b.Rule))
	})
	if !slices.Equal(all, some) || calls < 3 {
		t.Errorf("%d waits in %d calls; expected %d", len(some), calls, len(all))
	}
}

func TestWhatNobodyAsksIsLeft(t *testing.T) {
	events := shopping(50)
	tracker := newTracker(t, newPurchase(t, shopping(300)), parsed(t, BuiltinRules()), TrackerOptions{})
	out := &TrackerAnswers{Rule: slices.Repeat([]int32{7}, events.Len())}
	out.From = events.Len() - 1
	report := must(tracker.Observe(events, out))
	equal(t, "accepted", report.Accepted, 1)
	equal(t, "the first", out.Rule[0], 7)
	equal(t, "the last", out.Rule[out.From], -1)
	equal(t, "done", out.Done, events.Len())
	tracker = newTracker(t, nil, parsed(t, "intent a { when event }"), TrackerOptions{})
	report = must(tracker.Observe(events, nil))
	equal(t, "accepted", report.Accepted, int64(events.Len()))
	equal(t, "unheard", must(tracker.Stats()).Unheard, int64(events.Len()))
	equal(t, "fired", must(tracker.Stats()).Fired, int64(events.Len()))
	out = &TrackerAnswers{}
	must(tracker.Observe(step(events, events.Len()-1, events.Len()), nil)) // once more, at the same time
	must(tracker.Observe(&Events{User: []uint64{91, 92, 93}, Time: events.Time[:3]}, out))
	equal(t, "fired", out.NFired, 3)
	equal(t, "the first rule", must(tracker.NewAnswers(2, 0)).Rule[0], 0)
}

func TestLateAndBadEvents(t *testing.T) {
	tracker := newTracker(t, newPurchase(t, shopping(300)), parsed(t, "intent a { when view }"),
		TrackerOptions{Late: 2 * time.Second})
	out := must(tracker.NewAnswers(1, 0))
	view := Event{User: 1, Kind: KindView, Item: 3, Time: noon}
	for _, at := range []struct {
		seconds int
		taken   bool
	}{{0, true}, {-2, true}, {-3, false}, {1, true}} {
		view.Time = noon.Add(time.Duration(at.seconds) * time.Second)
		taken, err := tracker.ObserveOne(view, out)
		check(t, err)
		equal(t, fmt.Sprint(at.seconds, " seconds"), taken, at.taken)
		equal(t, "fired", out.NFired == 1 && out.Rule[0] == 0, at.taken)
		equal(t, "NaN", math.IsNaN(out.PGoal[0]), !at.taken)
	}
	view.User = 0
	_, err := tracker.ObserveOne(view, out)
	fails(t, err, ErrBadRow)
	equal(t, "nothing", out.NFired, 0)

	batch := shopping(3)
	batch.User[2] = 0
	_, err = tracker.Observe(batch, nil)
	e := fails(t, err, ErrBadRow)
	equal(t, "where", e.Where, 2)
	batch.OnBad = OnBadSkip
	out = must(tracker.NewAnswers(batch.Len(), 100))
	for range 2 { // the second time, all but the last of each user are late
		report := must(tracker.Observe(batch, out))
		equal(t, "rejected", report.Rejected, 1)
		equal(t, "reason", report.ByReason[BadUser], 1)
		equal(t, "which", fmt.Sprint(report.RejectedRows()), "[2]")
		equal(t, "rows", report.Rejected+report.Accepted+report.Ignored, int64(batch.Len()))
		if !math.IsNaN(out.PGoal[2]) || out.Next[2*IntentTop] != 0 || out.Rule[2] != -1 {
			t.Errorf("a bad row has %v", out.PGoal[2])
		}
	}
	stats := must(tracker.Stats())
	if stats.Late < 2 || stats.Bad != 2 || stats.Users != 3 {
		t.Errorf("got %+v", stats)
	}
}

func TestWaitsAndTheClock(t *testing.T) {
	rules := parsed(t, "intent a { when cart then no order for 30 min same item suggest 'call' }")
	tracker := newTracker(t, nil, rules, TrackerOptions{})
	equal(t, "no clock yet", must(tracker.Stats()).Clock, TimeNull)
	out := must(tracker.NewAnswers(1, 0))
	for _, event := range []Event{
		{User: 2, Kind: KindCart, Item: 5, Time: minutesPast(0)}, {User: 1, Kind: KindCart, Item: 6, Time: minutesPast(0)},
		{User: 3, Kind: KindCart, Item: 6, Time: minutesPast(1)}, {User: 3, Kind: KindOrder, Item: 6, Time: minutesPast(2)},
		{User: 4, Kind: KindCart, Item: 6, Time: minutesPast(3)},
	} {
		must(tracker.ObserveOne(event, out))
		equal(t, "fired", out.NFired, 0)
	}
	equal(t, "waiting", must(tracker.Stats()).Waiting, 3)
	fired := make([]Fired, 8)
	equal(t, "too early", must(tracker.Advance(minutesPast(30), fired)), 0)
	equal(t, "two", must(tracker.Advance(minutesPast(31), fired)), 2)
	for i, f := range fired[:2] {
		want := Fired{User: uint64(i + 1), Time: minutesPast(30).UnixMilli(), Since: noon.UnixMilli(), Row: -1,
			Strength: 0.5, Rule: 0, Generation: 1}
		equal(t, "wait", f, want)
	}
	equal(t, "back", must(tracker.Advance(minutesPast(5), fired)), 0)
	equal(t, "counted", must(tracker.Stats()).ClocksBack, 1)

	// One that is over before an event fires with it, unless Advance was earlier.
	must(tracker.ObserveOne(Event{User: 4, Kind: KindView, Time: minutesPast(60)}, out))
	if out.NFired != 1 || out.Fired[0].Row != -1 || out.Fired[0].Time != minutesPast(33).UnixMilli() {
		t.Errorf("got %+v", out.Fired[:out.NFired])
	}
	equal(t, "none left", must(tracker.Advance(minutesPast(61), fired)), 0)
	equal(t, "waiting", must(tracker.Stats()).Waiting, 0)
	_, err := tracker.Advance(minutesPast(61), nil)
	fails(t, err, ErrInvalid, "room")
	_, err = tracker.Advance(time.Time{}, fired)
	fails(t, err, ErrInvalid, "clock")
}

func TestUsersExpire(t *testing.T) {
	tracker := newTracker(t, newPurchase(t, shopping(300)), nil, TrackerOptions{TTL: time.Hour})
	out := must(tracker.NewAnswers(1, 9))
	equal(t, "room without rules", len(out.Fired)+len(out.Rule), 0)
	for user := range uint64(50) {
		must(tracker.ObserveOne(Event{User: user + 1, Kind: KindView, Time: minutesPast(int(user))}, out))
	}
	for clock := range 40 {
		equal(t, "fired", must(tracker.Advance(minutesPast(5*clock), nil)), 0)
	}
	stats := must(tracker.Stats())
	equal(t, "users", stats.Users, 0)
	equal(t, "expired", stats.Expired, 50)
}

func TestEvidenceOfAnIntent(t *testing.T) {
	model, rules := newPurchase(t, shopping(300)), parsed(t, BuiltinRules())
	tracker := newTracker(t, model, rules, TrackerOptions{History: 4})
	out := must(tracker.NewAnswers(1, 0))
	for i, event := range []Event{
		{Kind: KindView, Item: 9}, {Kind: KindSearch, Item: 7}, {Kind: KindView, Item: 7, Category: 2, Channel: 3},
		{Kind: KindSearch, Item: 7}, {Kind: KindSearch, Item: 7},
	} {
		event.User, event.Time = 1, minutesPast(i)
		must(tracker.ObserveOne(event, out))
	}
	equal(t, "fired", out.NFired, 1)
	for _, intent := range []string{"", "hesitating"} {
		why := must(tracker.Explain(1, intent))
		if why.Rule != 0 || why.Generation != 1 || why.Session != 5 || len(why.Events) != 4 ||
			why.Since != minutesPast(1).UnixMilli() || why.Time != minutesPast(4).UnixMilli() {
			t.Fatalf("%q: got %+v", intent, why)
		}
		for i, event := range why.Events {
			equal(t, "time", event.Time, minutesPast(i+1).UnixMilli())
			equal(t, "item", event.Item, 7)
			equal(t, "matched", event.Matched, event.Kind == KindSearch)
			// The model has seen views, and no searches.
			equal(t, "log-odds", event.LogOdds != 0, event.Kind == KindView)
		}
		view := why.Events[1]
		equal(t, "category", view.Category, 2)
		equal(t, "channel", view.Channel, 3)
		equal(t, "no channel", why.Events[0].Channel, IDNone)
		if why.Evidence == 0 || math.IsNaN(why.Evidence) {
			t.Errorf("the evidence is %v", why.Evidence)
		}
	}
	for name, why := range map[string]Evidence{
		"another intent": must(tracker.Explain(1, "browsing")), "nobody": must(tracker.Explain(9, "")),
	} {
		equal(t, name, why.Rule, -1)
	}
	equal(t, "events of nobody", len(must(tracker.Explain(9, "")).Events), 0)
	_, err := tracker.Explain(1, "a\x00b")
	fails(t, err, ErrInvalid, "NUL")
	_, err = newTracker(t, nil, rules, TrackerOptions{History: -1}).Explain(1, "")
	fails(t, err, ErrUnsupported)
}

func TestTrackerForgets(t *testing.T) {
	rules := parsed(t, "intent a { when view then order }")
	tracker := newTracker(t, nil, rules, TrackerOptions{})
	out := must(tracker.NewAnswers(1, 0))
	must(tracker.ObserveOne(Event{User: 1, Kind: KindView, Time: minutesPast(0)}, out))
	equal(t, "known", must(tracker.Forget(1)), true)
	equal(t, "forgotten", must(tracker.Forget(1)), false)
	must(tracker.ObserveOne(Event{User: 1, Kind: KindOrder, Time: minutesPast(1)}, out))
	equal(t, "fired", out.NFired, 0)
	stats := must(tracker.Stats())
	equal(t, "users", stats.Users, 1)
	equal(t, "forgotten", stats.Forgotten, 1)
}

func TestExtraColumnsReachTheRules(t *testing.T) {
	rules := parsed(t, `columns stock int, page id, price double
		intent a { when view where (stock <= 0 and page = 'coupon' and price > 1.5) }`)
	for _, more := range []int{0, 1, 5, 6, 20} { // beyond 8 there is a table
		tracker := newTracker(t, nil, rules, TrackerOptions{})
		batch := &Events{
			User: []uint64{1, 1, 1, 1}, Time: []int64{0, 1, 2, 3}, EveryKind: KindView,
			Extra: []Column{
				{Name: "page", Uint64: []uint64{IDOf("coupon"), IDOf("coupon"), IDOf("help"), IDOf("coupon")}},
				{Name: "stock", Int64: []int64{0, 3, 0, 0}}, {Name: "price", Double: []float64{2, 2, 2, 1}},
			},
		}
		for i := range more {
			batch.Extra = append(batch.Extra, Column{Name: fmt.Sprint("more", i), Int64: make([]int64, 4)})
		}
		out := must(tracker.NewAnswers(4, 10))
		must(tracker.Observe(batch, out))
		equal(t, fmt.Sprint(more, " more"), fmt.Sprint(out.Rule), "[0 -1 -1 -1]")
		batch.Extra[1] = Column{Name: "stock", Double: make([]float64, 4)}
		_, err := tracker.Observe(batch, out)
		fails(t, err, ErrInvalid, "stock")
		batch.Extra[1] = Column{Name: "stock", Int64: make([]int64, 3)}
		_, err = tracker.Observe(batch, out)
		fails(t, err, ErrInvalid, "stock has 3 rows")
		batch.Extra[1] = Column{Name: "sto\x00ck", Int64: make([]int64, 4)}
		_, err = tracker.Observe(batch, out)
		fails(t, err, ErrInvalid, "NUL")
		equal(t, "events", must(tracker.Stats()).Events, 4)
	}
}

func TestTrackerRefuses(t *testing.T) {
	model, rules := newPurchase(t, shopping(300)), parsed(t, BuiltinRules())
	_, err := NewTracker(nil, nil, TrackerOptions{})
	fails(t, err, ErrInvalid)
	for say, options := range map[string]TrackerOptions{
		"Partials":  {Partials: math.MaxInt},
		"partials":  {Partials: 1_025},
		"capacity":  {Capacity: -1},
		"max_bytes": {MaxBytes: -1},
		"TTL":       {TTL: 5},
		"Late":      {Late: -time.Hour},
		"history":   {History: 65},
		"shards":    {Shards: 3},
		"actions":   {Actions: 65},
	} {
		_, err = NewTracker(model, rules, options)
		fails(t, err, ErrInvalid, say)
	}
	_, err = NewTracker(model, rules, TrackerOptions{MaxBytes: 1_000})
	fails(t, err, ErrLimit)

	tracker := newTracker(t, model, rules, TrackerOptions{})
	events := shopping(20)
	n := events.Len()
	_, err = tracker.Observe(nil, nil)
	fails(t, err, ErrInvalid, "nil")
	_, err = tracker.ObserveOne(Event{}, nil)
	fails(t, err, ErrInvalid, "nil")
	for say, out := range map[string]*TrackerAnswers{
		"room for 3":    {PGoal: make([]float64, 3)},
		"room for 4":    {PCart: make([]float64, 4)},
		"room for 5":    {TimeMs: make([]float64, 5)},
		"room for 6":    {Rule: make([]int32, 6)},
		"Next":          {Next: make([]Action, n)},
		"NextP":         {NextP: make([]float64, n*IntentTop+1)},
		"row":           {From: -1},
		"out":           {From: n + 1},
		"answers.room ": {Fired: make([]Fired, 1)},
	} {
		_, err = tracker.Observe(events, out)
		if fails(t, err, ErrInvalid); strings.HasPrefix(say, "room") {
			fails(t, err, ErrInvalid, say)
		}
		equal(t, "done", out.Done, out.From)
	}
	_, err = tracker.ObserveOne(Event{User: 1, Time: noon}, &TrackerAnswers{PGoal: make([]float64, 2)})
	fails(t, err, ErrInvalid, "room for 2")
	_, err = tracker.NewAnswers(-1, 0)
	fails(t, err, ErrInvalid)
	_, err = newTracker(t, nil, rules, TrackerOptions{}).Observe(events, &TrackerAnswers{PGoal: make([]float64, n)})
	fails(t, err, ErrUnsupported)
	events.Item = events.Item[:3]
	_, err = tracker.Observe(events, nil)
	fails(t, err, ErrInvalid, "Item has 3 rows")
	equal(t, "events", must(tracker.Stats()).Events, 0)
	report := must(tracker.Observe(&Events{}, nil))
	equal(t, "of nothing", report.Rows, 0)
}

func TestTrackersThatAreClosed(t *testing.T) {
	rules := parsed(t, "intent a { when view }")
	gone := must(ParseRules("", RulesOptions{}))
	check(t, gone.Close())
	tracker := must(NewTracker(nil, rules, TrackerOptions{}))
	_, err := tracker.SwapRules(gone)
	allClosed(t, "open", map[string]error{"SwapRules": err})
	for range 2 {
		check(t, tracker.Close())
	}
	for name, tracker := range map[string]*Tracker{"closed": tracker, "nil": nil, "zero": {}} {
		calls := map[string]error{
			"Swap":         tracker.Swap(nil),
			"Save":         tracker.Save(background, "x", SaveOptions{}),
			"Restore":      tracker.Restore(background, "x"),
			"RestoreBytes": tracker.RestoreBytes(background, nil),
		}
		_, calls["Observe"] = tracker.Observe(&Events{}, nil)
		_, calls["ObserveOne"] = tracker.ObserveOne(Event{}, &TrackerAnswers{})
		_, calls["Advance"] = tracker.Advance(noon, nil)
		_, calls["Forget"] = tracker.Forget(1)
		_, calls["Explain"] = tracker.Explain(1, "")
		_, calls["Learn"] = tracker.Learn(background, 0)
		_, calls["SwapRules"] = tracker.SwapRules(nil)
		_, _, calls["Rules"] = tracker.Rules()
		_, calls["Model"] = tracker.Model()
		_, calls["Stats"] = tracker.Stats()
		_, calls["NewAnswers"] = tracker.NewAnswers(1, 0)
		_, calls["SaveBytes"] = tracker.SaveBytes(background, SaveOptions{})
		allClosed(t, name, calls)
		check(t, tracker.Close())
	}
	_, err = NewTracker(nil, gone, TrackerOptions{})
	allClosed(t, "closed", map[string]error{"rules": err})
	_, err = NewTracker(&Purchase{}, rules, TrackerOptions{})
	allClosed(t, "zero", map[string]error{"model": err})
}
