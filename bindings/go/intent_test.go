package pmkt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"
)

const (
	view = Action(KindView)
	cart = Action(KindCart)
)

// someSessions are a few whole ones, with times.
func someSessions() *IntentPaths {
	p := NewIntentPaths([]Action{view, cart}, []Action{view}, []Action{view, view, cart},
		[]Action{view, view}, []Action{cart}, nil)
	p.Bought = []bool{true, false, true, false, false, false}
	for i := range p.Action {
		p.Dwell = append(p.Dwell, int64(1000*(i+2)))
	}
	return p
}

func TestIntentAnswers(t *testing.T) {
	sessions := someSessions()
	m := must(FitIntentPaths(background, sessions, IntentOptions{Order: 2}))
	defer m.Close()
	info := m.Info()
	if info.Order != 2 || info.Sessions != 6 || info.Buyers != 2 || info.Counted != 15 ||
		info.Goal != Action(KindOrder) || info.Actions != 2 || info.Residual > 1e-14 {
		t.Errorf("got %+v", info)
	}
	if actions := must(m.Actions()); len(actions) != 2 || actions[0] != view || actions[1] != cart {
		t.Errorf("got %v", actions)
	}
	asked := NewIntentPaths([]Action{view, cart}, nil, []Action{view, 77})
	out := NewIntentAnswers(3)
	check(t, m.Ask(background, asked, out))
	p := must(m.Next(background, asked, nil))
	for i := range 3 {
		row := p[4*i : 4*i+4]
		sum := 0.0
		for _, x := range row {
			sum += x
		}
		if math.Abs(sum-1) > 1e-14 || out.Goal[i]+out.Leave[i] != 1 || out.Steps[i] < 1 || !(out.TimeMs[i] > 0) {
			t.Errorf("path %d: %v sums to %v; %v %v", i, row, sum, out.Goal[i], out.Steps[i])
		}
		if top := out.NextP[3*i]; top < row[0] || top < row[1] || top < row[2] || top < row[3] {
			t.Errorf("path %d: the best is %v of %v", i, top, row)
		}
	}
	if out.Context[0] != 2 || out.Context[1] != 1 || out.Context[2] != 2 { // an unknown action is passed over
		t.Errorf("contexts are %v", out.Context)
	}
	if !(out.Goal[0] > out.Goal[1]) {
		t.Errorf("a cart says nothing: %v", out.Goal)
	}
	odds := must(m.Explain(background, asked))
	if ratio := out.LogBuyer[0] - out.LogOther[0]; math.Abs(odds[0]+odds[1]-ratio) > 1e-12 || odds[3] != 0 {
		t.Errorf("%v do not add up to %v", odds, ratio)
	}
	waited := must(m.Next(background, asked, []int64{1000000, 0, 0}))
	if !(waited[2] > p[2]) {
		t.Errorf("waiting changes %v to %v", p[2], waited[2])
	}
	only := &IntentAnswers{Goal: make([]float64, 3)}
	check(t, m.Ask(background, asked, only))
	if only.Goal[2] != out.Goal[2] {
		t.Errorf("got %v and %v", only.Goal, out.Goal)
	}
}

func TestIntentTransitions(t *testing.T) {
	m := must(FitIntentPaths(background, someSessions(), IntentOptions{}))
	defer m.Close()
	counts := map[string]IntentTransition{}
	for _, row := range must(m.Transitions()) {
		counts[row.From.String()+" "+row.To.String()] = row
	}
	if row := counts["view cart"]; row.Count != 2 || row.Buyers != 2 || row.Probability != 2.0/6 {
		t.Errorf("got %+v", row)
	}
	if row := counts["START LEAVE"]; row.Count != 1 || !math.IsNaN(row.MedianMs) {
		t.Errorf("got %+v", row)
	}
	if row := counts["cart GOAL"]; row.Count != 2 {
		t.Errorf("got %+v", row)
	}
}

func TestIntentFromEvents(t *testing.T) {
	events := &Events{
		User: []uint64{1, 1, 2, 1, 1},
		Time: []int64{0, 60000, 0, 120000, 9000000},
		Kind: []Kind{KindView, KindCart, KindView, KindOrder, KindView},
	}
	m, report, err := FitIntent(background, events, IntentOptions{})
	check(t, err)
	defer m.Close()
	if info := m.Info(); info.Sessions != 3 || info.Buyers != 1 || report.Accepted != 5 {
		t.Errorf("got %+v, %+v", info, report)
	}
}

func TestMergedIntentIsWhole(t *testing.T) {
	all := someSessions()
	whole := must(FitIntentPaths(background, all, IntentOptions{}))
	defer whole.Close()
	cut := all.At[3]
	first := &IntentPaths{At: all.At[:4], Action: all.Action[:cut], Dwell: all.Dwell[:cut], Bought: all.Bought[:3]}
	second := &IntentPaths{Action: all.Action[cut:], Dwell: all.Dwell[cut:], Bought: all.Bought[3:]}
	for _, at := range all.At[3:] {
		second.At = append(second.At, at-cut)
	}
	a := must(FitIntentPaths(background, first, IntentOptions{}))
	b := must(FitIntentPaths(background, second, IntentOptions{}))
	defer a.Close()
	defer b.Close()
	merged := must(MergeIntent(background, []*Intent{b, a}))
	defer merged.Close()
	want := must(whole.SaveBytes(background, SaveOptions{}))
	if !bytes.Equal(want, must(merged.SaveBytes(background, SaveOptions{}))) {
		t.Error("the merged model is another one")
	}
	path := filepath.Join(t.TempDir(), "intent.pmkt")
	check(t, whole.Save(background, path, SaveOptions{Unsynced: true}))
	for _, again := range []*Intent{
		must(LoadIntent(background, path, LoadOptions{})), must(LoadIntentBytes(background, want, LoadOptions{})),
	} {
		if again.Info() != whole.Info() {
			t.Errorf("got %+v", again.Info())
		}
		check(t, again.Close())
	}
	if info := must(InspectFile(path)); info.Kind != FileIntent || info.Kind.String() != "Intent" {
		t.Errorf("got %v", info.Kind)
	}
}

func TestIntentRefuses(t *testing.T) {
	m := must(FitIntentPaths(background, someSessions(), IntentOptions{}))
	one := NewIntentPaths([]Action{view})
	_, err := FitIntentPaths(background, nil, IntentOptions{})
	fails(t, err, ErrInvalid, "nil")
	_, err = FitIntentPaths(background, &IntentPaths{At: []int64{0, 5}, Action: []Action{view}}, IntentOptions{})
	fails(t, err, ErrInvalid, "At ends with 5")
	_, err = FitIntentPaths(background, &IntentPaths{At: []int64{0, 9, 1}, Action: []Action{view}}, IntentOptions{})
	fails(t, err, ErrInvalid)
	_, err = FitIntentPaths(background, one, IntentOptions{Order: 6})
	fails(t, err, ErrInvalid, "order")
	_, err = FitIntentPaths(background, one, IntentOptions{Gap: 5})
	fails(t, err, ErrInvalid, "Gap")
	_, _, err = FitIntent(background, nil, IntentOptions{})
	fails(t, err, ErrInvalid)
	fails(t, m.Ask(background, one, &IntentAnswers{Goal: make([]float64, 2)}), ErrInvalid, "room for 2")
	_, err = m.Next(background, one, []int64{1, 2})
	fails(t, err, ErrInvalid)
	_, err = MergeIntent(background, nil)
	fails(t, err, ErrInvalid)
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := m.Ask(ctx, one, NewIntentAnswers(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	check(t, m.Close())
	if _, err := m.Explain(background, one); err == nil {
		t.Error("a closed model answers")
	}
}

func TestIntentClasses(t *testing.T) {
	names := []string{"shoes", "bags"}
	shoes, bags, hats := IDOf("shoes"), IDOf("bags"), IDOf("hats")
	fit := IntentOptions{Order: 2, Classes: IDsOf(names)}
	events := &Events{
		User:     []uint64{1, 1, 1, 1, 2, 2},
		Time:     []int64{0, 1000, 3000, 6000, 0, 1000},
		Kind:     []Kind{KindView, KindView, KindCart, KindOrder, KindView, KindView},
		Category: []uint64{shoes, bags, bags, bags, hats, 0},
	}
	paths := NewIntentPaths(
		[]Action{Crossed(KindView, 0), Crossed(KindView, 1), Crossed(KindCart, 1), Action(KindOrder)},
		[]Action{view, view})
	paths.Dwell = []int64{0, 1000, 2000, 3000, 0, 1000}
	whole := must(FitIntentPaths(background, paths, fit))
	defer whole.Close()
	want := must(whole.SaveBytes(background, SaveOptions{}))
	signed := make([]int64, len(events.Category))
	for i, id := range events.Category {
		signed[i] = int64(id)
	}
	signed[5] = math.MinInt64
	for range 2 {
		m, _, err := FitIntent(background, events, fit)
		check(t, err)
		if !bytes.Equal(want, must(m.SaveBytes(background, SaveOptions{}))) {
			t.Error("events and paths are not one")
		}
		check(t, m.Close())
		// Once more by an extra column, of signed numbers.
		events.Extra = []Column{{Name: "page", Int64: signed}}
		events.Category, fit.ClassColumn = nil, "page"
	}
	loaded := must(LoadIntentBytes(background, want, LoadOptions{}))
	defer loaded.Close()
	if classes := must(loaded.Classes()); len(classes) != 2 || classes[0] != shoes || classes[1] != bags {
		t.Errorf("got %v", classes)
	}
	if loaded.Info().Classes != 2 {
		t.Errorf("got %+v", loaded.Info())
	}
	seen := map[string]int64{}
	for _, row := range must(loaded.Transitions()) {
		seen[row.From.Name(names)+" "+row.To.Name(names)] = row.Count
	}
	if seen["view:shoes view:bags"] != 1 || seen["cart:bags GOAL"] != 1 || seen["START view"] != 1 {
		t.Errorf("got %v", seen)
	}
	if kind, place := Crossed(KindCart, 1).Parts(); kind != KindCart || place != 1 {
		t.Errorf("got %v of class %d", kind, place)
	}
	if kind, place := cart.Parts(); kind != KindCart || place != -1 {
		t.Errorf("got %v of class %d", kind, place)
	}
	plain := must(FitIntentPaths(background, paths, IntentOptions{Order: 2}))
	defer plain.Close()
	if classes := must(plain.Classes()); classes != nil {
		t.Errorf("got %v", classes)
	}
	_, err := MergeIntent(background, []*Intent{whole, plain})
	fails(t, err, ErrMismatch, "classes")
	_, _, err = FitIntent(background, events, IntentOptions{Classes: []uint64{1}})
	fails(t, err, ErrInvalid, "category")
	_, _, err = FitIntent(background, events, IntentOptions{Classes: []uint64{1}, ClassColumn: "x\x00"})
	fails(t, err, ErrInvalid, "NUL")
	_, err = FitIntentPaths(background, paths, IntentOptions{Classes: []uint64{4, 4}})
	fails(t, err, ErrInvalid, "twice")
}
