package pmkt

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// Observers of disjoint users get the answers that they would get alone, whatever else goes on; then somebody
// closes the tracker under them.
func TestTrackerUnderManyGoroutines(t *testing.T) {
	events := shopping(200)
	model, rules := newPurchase(t, events), parsed(t, BuiltinRules())
	same := parsed(t, BuiltinRules())
	want := must(newTracker(t, model, rules, TrackerOptions{}).NewAnswers(events.Len(), 10_000))
	observeAll(t, newTracker(t, model, rules, TrackerOptions{}), events, want)

	tracker := must(NewTracker(model, rules, TrackerOptions{Shards: 8}))
	var observers, others sync.WaitGroup
	stop := make(chan struct{})
	for name, call := range map[string]func() error{
		"swap": func() error { return tracker.Swap(model) },
		"swap rules": func() error {
			_, err := tracker.SwapRules(same)
			return err
		},
		"look": func() error {
			_, err := tracker.Stats()
			if _, other := tracker.Explain(1, ""); err == nil {
				err = other
			}
			return err
		},
		"save": func() error {
			_, err := tracker.SaveBytes(background, SaveOptions{})
			return err
		},
		"advance": func() error {
			_, err := tracker.Advance(time.UnixMilli(1), make([]Fired, 16)) // before all
			return err
		},
	} {
		others.Add(1)
		go func() {
			defer others.Done()
			for {
				if err := call(); errors.Is(err, ErrClosed) {
					return
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		}()
	}
	const parts = 4
	for part := range parts {
		observers.Add(1)
		go func() {
			defer observers.Done()
			out := must(tracker.NewAnswers(1, 0))
			for row, user := range events.User {
				if user%parts != uint64(part) {
					continue
				}
				if _, err := tracker.Observe(step(events, row, row+1), out); err != nil {
					t.Error(err)
					return
				}
				sameAnswers(t, fmt.Sprint("row ", row), out, want.row(row))
			}
		}()
	}
	observers.Wait()
	equal(t, "events", must(tracker.Stats()).Events, int64(events.Len()))
	for part := range parts {
		observers.Add(1)
		go func() {
			defer observers.Done()
			out := &TrackerAnswers{}
			for i := 0; ; i++ {
				if i == 100 && part == 0 {
					close(stop)
				}
				_, err := tracker.ObserveOne(Event{User: uint64(part + 1), Kind: KindView, Time: minutesPast(i)}, out)
				if errors.Is(err, ErrClosed) {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	<-stop
	check(t, tracker.Close())
	observers.Wait()
	others.Wait()
}

// Nothing of what observers bring is lost between two calls of Learn.
func TestTrackerLearnsUnderObservers(t *testing.T) {
	events := shopping(200)
	first := newPurchase(t, shopping(300))
	tracker := newTracker(t, first, nil, TrackerOptions{Learn: true, Shards: 4})
	sessions := func(m *Purchase) int64 {
		chains := must(m.Chains())
		defer chains.Close()
		return chains.Info().Sessions
	}
	const parts = 3
	var observers sync.WaitGroup
	for part := range parts {
		observers.Add(1)
		go func() {
			defer observers.Done()
			for row, user := range events.User {
				if user%parts == uint64(part) {
					if _, err := tracker.Observe(step(events, row, row+1), nil); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	for range 20 {
		check(t, must(tracker.Learn(background, 0)).Close())
	}
	observers.Wait()
	last := must(tracker.Learn(background, 0))
	defer last.Close()
	alone := newTracker(t, first, nil, TrackerOptions{Learn: true})
	must(alone.Observe(events, nil))
	equal(t, "sessions", sessions(last), sessions(first)+must(alone.Stats()).Learned)
}

// live is a warm tracker, and a batch of one event each of some users.
func live(t testing.TB, users int) (*Tracker, *Events, *TrackerAnswers) {
	t.Helper()
	tracker := newTracker(t, newPurchase(t, shopping(300)), parsed(t, BuiltinRules()), TrackerOptions{})
	batch := &Events{Extra: []Column{{Name: "stock", Int64: make([]int64, users)}, {Name: "page", Uint64: make([]uint64, users)}}}
	for user := range uint64(users) {
		batch.User = append(batch.User, user+1)
		batch.Time = append(batch.Time, noon.UnixMilli())
		batch.Kind = append(batch.Kind, []Kind{KindView, KindView, KindCart, KindOrder}[user%4])
		batch.Item = append(batch.Item, user%7+1)
		batch.Category = append(batch.Category, user%3+1)
	}
	out := must(tracker.NewAnswers(users, 2*users))
	must(tracker.Observe(batch, out))
	return tracker, batch, out
}

func TestObservingAllocatesNothing(t *testing.T) {
	tracker, batch, out := live(t, 64)
	one, single := step(batch, 0, 1), must(tracker.NewAnswers(1, 0))
	event := Event{User: 1, Kind: KindCart, Item: 3, Category: 2, Session: 1, Time: noon}
	next := noon
	var calls = map[string]func() error{
		"a batch": func() error {
			_, err := tracker.Observe(batch, out)
			return err
		},
		"a row": func() error {
			_, err := tracker.Observe(one, single)
			return err
		},
		"a row of those that skip": func() error {
			one.OnBad = OnBadSkip
			_, err := tracker.Observe(one, single)
			return err
		},
		"an event": func() error {
			_, err := tracker.ObserveOne(event, single)
			return err
		},
		"Advance": func() error {
			next = next.Add(time.Minute)
			_, err := tracker.Advance(next, out.Fired)
			return err
		},
		"Forget": func() error {
			_, err := tracker.Forget(1 << 40)
			return err
		},
		"Stats": func() error {
			_, err := tracker.Stats()
			return err
		},
	}
	for name, call := range calls {
		equal(t, name, testing.AllocsPerRun(200, func() { check(t, call()) }), 0)
	}
}

func BenchmarkTrackerObserve(b *testing.B) {
	for _, users := range []int{1, 1_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			tracker, batch, out := live(b, users)
			b.ReportAllocs()
			for b.Loop() {
				for i := range batch.Time {
					batch.Time[i] += 1_000
				}
				if _, err := tracker.Observe(batch, out); err != nil || out.Done != users {
					b.Fatal(out.Done, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*users), "ns/event")
		})
	}
}

func BenchmarkTrackerObserveOne(b *testing.B) {
	tracker, _, _ := live(b, 1_000)
	out := must(tracker.NewAnswers(1, 0))
	event := Event{Kind: KindView, Category: 1}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		event.User, event.Item, event.Time = uint64(i%1_000+1), uint64(i%7+1), noon.Add(time.Duration(i)*time.Second)
		if _, err := tracker.ObserveOne(event, out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrackerObserveOneParallel(b *testing.B) {
	tracker, _, _ := live(b, 1_000)
	var mutex sync.Mutex
	user := uint64(0)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		mutex.Lock()
		user++
		event := Event{User: user, Kind: KindView, Item: 3, Category: 1, Time: noon}
		mutex.Unlock()
		out := must(tracker.NewAnswers(1, 0))
		for pb.Next() {
			event.Time = event.Time.Add(time.Second)
			if _, err := tracker.ObserveOne(event, out); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
