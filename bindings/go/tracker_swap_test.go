package pmkt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSwapsUnderATracker(t *testing.T) {
	events := shopping(300)
	first := newPurchase(t, events)
	rules := parsed(t, "intent a { when view then order } intent b { when search then order }")
	tracker := newTracker(t, first, rules, TrackerOptions{})
	out := must(tracker.NewAnswers(1, 0))
	for user, kind := range []Kind{KindView, KindSearch} {
		must(tracker.ObserveOne(Event{User: uint64(user + 1), Kind: kind, Time: minutesPast(0)}, out))
	}
	edited := parsed(t, "intent b { when search then order strength 0.9 } intent a { when view then order }")
	equal(t, "ended", must(tracker.SwapRules(edited)), 1)
	check(t, edited.Close()) // the tracker keeps it
	inForce, generation, err := tracker.Rules()
	check(t, err)
	equal(t, "generation", generation, 2)
	equal(t, "the first", inForce.Rules()[0].Strength, 0.9)
	check(t, inForce.Close())
	for user := range uint64(2) {
		must(tracker.ObserveOne(Event{User: user + 1, Kind: KindOrder, Time: minutesPast(1)}, out))
		equal(t, fmt.Sprint("user ", user+1), out.NFired == 1 && out.Fired[0].Rule == 1 && out.Fired[0].Generation == 2,
			user == 0)
	}

	second, _, err := FitPurchase(background, events, IntentOptions{Order: 1}, PurchaseOptions{})
	check(t, err)
	want := second.Info()
	check(t, tracker.Swap(second))
	check(t, second.Close())
	model, err := tracker.Model()
	check(t, err)
	equal(t, "model", model.Info(), want)
	check(t, model.Close())
	fails(t, tracker.Swap(nil), ErrInvalid)
	fails(t, tracker.Swap(second), ErrInvalid, "closed")
	bySession, _, err := FitPurchase(background, withSessions(events), IntentOptions{BySession: true}, PurchaseOptions{})
	check(t, err)
	defer bySession.Close()
	fails(t, tracker.Swap(bySession), ErrMismatch)

	must(tracker.SwapRules(nil))
	inForce, generation, err = tracker.Rules()
	check(t, err)
	if inForce != nil || generation != 3 {
		t.Errorf("got %v of generation %d", inForce, generation)
	}
	alone := newTracker(t, nil, rules, TrackerOptions{})
	model, err = alone.Model()
	check(t, err)
	if model != nil {
		t.Error("there is a model")
	}
	fails(t, alone.Swap(first), ErrUnsupported)
}

// withSessions is a batch whose sessions are hours.
func withSessions(e *Events) *Events {
	out := step(e, 0, e.Len())
	for _, at := range e.Time {
		out.Session = append(out.Session, uint64(at/7_200_000)+1)
	}
	return out
}

func TestTrackerLearns(t *testing.T) {
	first, events := newPurchase(t, shopping(300)), shopping(100)
	tracker := newTracker(t, first, nil, TrackerOptions{Learn: true})
	must(tracker.Observe(events, nil))
	later := &Events{EveryKind: KindView} // by which the sessions of before have ended
	for user := range uint64(100) {
		later.User = append(later.User, user+1)
		later.Time = append(later.Time, slices.Max(events.Time)+24*time.Hour.Milliseconds())
	}
	must(tracker.Observe(later, nil))
	counted, _, err := FitIntent(background, events, IntentOptions{})
	check(t, err)
	defer counted.Close()
	more := counted.Info()
	stats := must(tracker.Stats())
	equal(t, "learned", stats.Learned, more.Sessions)
	equal(t, "unlearned", stats.Unlearned, 0)

	ended, cancel := context.WithCancel(background)
	cancel()
	if _, err := tracker.Learn(ended, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, err = tracker.Learn(background, 5)
	fails(t, err, ErrInvalid, "half life")
	chains := must(first.Chains())
	before := chains.Info()
	check(t, chains.Close())
	learned := must(tracker.Learn(background, 0, WithThreads(1)))
	chains = must(learned.Chains())
	equal(t, "sessions", chains.Info().Sessions, before.Sessions+more.Sessions)
	equal(t, "buyers", chains.Info().Buyers, before.Buyers+more.Buyers)
	equal(t, "actions and ends", chains.Info().Counted, before.Counted+more.Counted)
	check(t, chains.Close())
	inForce := must(tracker.Model())
	equal(t, "features", inForce.Info(), learned.Info())
	bytesOf := func(m *Purchase) []byte { return must(m.SaveBytes(background, SaveOptions{})) }
	if !bytes.Equal(bytesOf(inForce), bytesOf(learned)) || bytes.Equal(bytesOf(learned), bytesOf(first)) {
		t.Error("the tracker does not go on with what it learned")
	}
	check(t, inForce.Close())
	check(t, learned.Close()) // the tracker keeps it
	must(tracker.Observe(&Events{User: []uint64{1}, Time: later.Time[:1], EveryKind: KindCart}, nil))
	must(tracker.Advance(time.UnixMilli(later.Time[0]).Add(24*time.Hour), nil)) // by which all have left
	last := must(tracker.Learn(background, 24*time.Hour))                       // and no events have come since
	chains = must(last.Chains())
	equal(t, "sessions", chains.Info().Sessions, before.Sessions+more.Sessions+100)
	check(t, chains.Close())
	check(t, last.Close())

	_, err = newTracker(t, first, nil, TrackerOptions{}).Learn(background, 0)
	fails(t, err, ErrUnsupported)
	_, err = newTracker(t, nil, parsed(t, ""), TrackerOptions{}).Learn(background, time.Hour)
	fails(t, err, ErrUnsupported)
}

func TestTrackerThereAndBack(t *testing.T) {
	events := shopping(200)
	model, rules := newPurchase(t, events), parsed(t, BuiltinRules())
	whole := newTracker(t, model, rules, TrackerOptions{})
	half := events.Len() / 2
	out := must(whole.NewAnswers(half, 1_000))
	observeAll(t, whole, step(events, 0, half), out)
	state := must(whole.SaveBytes(background, SaveOptions{}))
	path := filepath.Join(t.TempDir(), "tracker.pmkt")
	check(t, whole.Save(background, path, SaveOptions{Unsynced: true}))
	info := must(InspectFile(path))
	equal(t, "kind", info.Kind, FileTracker)
	equal(t, "name", info.Kind.String(), "Tracker")
	rest := step(events, half, events.Len())
	want := must(whole.NewAnswers(rest.Len(), 1_000))
	fired, _ := observeAll(t, whole, rest, want)

	for name, restore := range map[string]func(*Tracker) error{
		"file":  func(tracker *Tracker) error { return tracker.Restore(background, path) },
		"bytes": func(tracker *Tracker) error { return tracker.RestoreBytes(background, state, WithThreads(1)) },
	} {
		tracker := newTracker(t, model, rules, TrackerOptions{Shards: 2})
		check(t, restore(tracker))
		if !bytes.Equal(state, must(tracker.SaveBytes(background, SaveOptions{}))) {
			t.Errorf("%s: saved again it is other bytes", name)
		}
		got := must(tracker.NewAnswers(rest.Len(), 1_000))
		again, _ := observeAll(t, tracker, rest, got)
		sameAnswers(t, name, got, want)
		if !slices.Equal(fired, again) {
			t.Errorf("%s: %d fired; expected %d", name, len(again), len(fired))
		}
		fails(t, restore(tracker), ErrInvalid) // somebody is known
	}

	empty := newTracker(t, model, rules, TrackerOptions{})
	fails(t, empty.RestoreBytes(background, state[:100]), ErrCorrupt)
	fails(t, empty.RestoreBytes(background, nil), ErrFormat)
	fails(t, empty.RestoreBytes(background, must(model.SaveBytes(background, SaveOptions{}))), ErrFormat)
	fails(t, empty.Restore(background, path+"x"), ErrIO)
	fails(t, empty.Restore(background, "a\x00b"), ErrInvalid, "NUL")
	fails(t, empty.Save(background, "a\x00b", SaveOptions{}), ErrInvalid, "NUL")
	fails(t, newTracker(t, nil, rules, TrackerOptions{}).RestoreBytes(background, state), ErrUnsupported)
	ended, cancel := context.WithCancel(background)
	cancel()
	if err := empty.RestoreBytes(ended, state); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := whole.SaveBytes(ended, SaveOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	equal(t, "users", must(empty.Stats()).Users, 0)
	check(t, empty.RestoreBytes(background, state))
}
