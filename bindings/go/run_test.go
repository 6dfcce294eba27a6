package pmkt

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func rows() int {
	if small() {
		return 200_000
	}
	return 1_000_000
}

// A deadline while C works stops it, and nothing has changed.
func TestContextStopsACallUnderWay(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	before := must(rfm.Stats())
	batch := many(rows())
	for after := time.Microsecond; ; after *= 2 {
		if after > time.Minute {
			t.Fatal("no deadline ever fell into the call")
		}
		started := time.Now() // before the deadline is set: what comes between counts for it
		ctx, cancel := context.WithTimeout(background, after)
		_, err := rfm.Add(ctx, batch)
		cancel()
		if err == nil {
			break // from here on the call is faster than its deadline
		}
		fails(t, err, ErrCanceled)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v is not the context's error", err)
		}
		if since := time.Since(started); since < after {
			t.Errorf("canceled after %v, before its deadline of %v", since, after)
		}
		equal(t, "the state after a canceled call", must(rfm.Stats()), before)
	}
	equal(t, "accepted", must(rfm.Stats()).RowsAccepted, before.RowsAccepted+int64(batch.Len()))
}

func TestCancelFromAProgressFunction(t *testing.T) {
	rfm := newRFM(t, RFMOptions{})
	batch := many(rows())
	ctx, cancel := context.WithCancel(background)
	var last atomic.Value
	_, err := rfm.Add(ctx, batch, WithThreads(1), WithProgress(func(done float64, stage string) {
		last.Store(stage)
		cancel()
	}))
	// A fast machine may be done before it is asked for the first time.
	if err != nil {
		fails(t, err, ErrCanceled)
		equal(t, "accepted", must(rfm.Stats()).RowsAccepted, 0)
	} else {
		equal(t, "accepted", must(rfm.Stats()).RowsAccepted, int64(batch.Len()))
	}
	if last.Load() == nil {
		t.Error("the function was never called")
	}
	cancel()
}

func TestProgressRisesToOne(t *testing.T) {
	rfm := newRFM(t, RFMOptions{})
	var mutex sync.Mutex
	var seen []float64
	tell := func(done float64, stage string) {
		mutex.Lock()
		defer mutex.Unlock()
		seen = append(seen, done)
	}
	_, err := rfm.Add(background, many(rows()), WithProgress(tell))
	check(t, err)
	mutex.Lock()
	defer mutex.Unlock()
	for i, done := range seen {
		if done < 0 || done > 1 {
			t.Errorf("call %d says %v", i, done)
		}
	}
	if len(seen) == 0 || seen[len(seen)-1] != 1 {
		t.Errorf("progress %v does not end with 1", seen)
	}
}

func TestProgressIsSilentAfterAFailure(t *testing.T) {
	rfm := newRFM(t, RFMOptions{})
	batch := EventsOf(Event{Kind: KindOrder})
	_, err := rfm.Add(background, batch, WithProgress(func(done float64, stage string) {
		if done == 1 {
			t.Error("a failed call said that it is done")
		}
	}))
	fails(t, err, ErrBadRow)
}

// A progress function may use what the call uses; it waits for the call, and the call not for it.
func TestProgressMayUseTheHandle(t *testing.T) {
	texts := make([]string, 200_000)
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	ids, other := must(NewIDs(IDsOptions{})), must(NewIDs(IDsOptions{}))
	told := 0
	tell := WithProgress(func(float64, string) {
		told++
		must(ids.Stats())
		must(other.Stats())
	})
	ended := make(chan error)
	go func() {
		_, err := ids.Encode(background, texts, tell)
		ended <- err
		ended <- other.Merge(background, ids, tell)
	}()
	for range 2 {
		select {
		case err := <-ended:
			check(t, err)
		case <-time.After(time.Minute):
			t.Fatal("the call and its progress function wait for each other")
		}
	}
	equal(t, "told", told >= 2, true)
	check(t, ids.Close())
	check(t, other.Close())
}

func TestThreadsDoNotChangeTheAnswer(t *testing.T) {
	batch := many(rows() / 4)
	var want Columns
	for threads := range 4 {
		rfm := newRFM(t, RFMOptions{})
		_, err := rfm.Add(background, batch, WithThreads(threads), nil)
		check(t, err)
		scores, err := rfm.Score(background, day("2030-01-01"), ScoreOptions{}, WithThreads(threads))
		check(t, err)
		got := must(scores.Columns())
		if threads == 0 {
			want = got
		} else {
			sameColumns(t, got, want)
		}
		check(t, scores.Close())
	}
	rfm := newRFM(t, RFMOptions{})
	_, err := rfm.Add(background, batch, WithThreads(1_000_000))
	fails(t, err, ErrInvalid, "1000000")
	_, err = rfm.Add(background, batch, WithThreads(1<<40))
	fails(t, err, ErrInvalid, "threads")
}

// A context that is nil is an error, and no handle stays in use or locked.
func TestContextThatIsNil(t *testing.T) {
	var none context.Context
	rfm, from := newRFM(t, RFMOptions{}, shop()...), newRFM(t, RFMOptions{})
	scores := scored(t, rfm, "2026-02-01", ScoreOptions{})
	ids, _ := newIDs(t, "ann")
	reader, err := OpenArrowEvents(exported(t, scores, ArrowOptions{Raw: true}).at(), ArrowColumns{
		User: "user", Time: "orders"})
	check(t, err)
	batch := EventsOf(shop()...)
	for name, call := range map[string]func() error{
		"Add":      func() error { _, err := rfm.Add(none, batch); return err },
		"Score":    func() error { _, err := rfm.Score(none, day("2026-02-01"), ScoreOptions{}); return err },
		"Forget":   func() error { _, err := rfm.Forget(none, []uint64{1}, day("2026-02-01")); return err },
		"Merge":    func() error { return rfm.Merge(none, from) },
		"Compact":  func() error { return rfm.Compact(none) },
		"Save":     func() error { return rfm.Save(none, t.TempDir()+"/state", SaveOptions{}) },
		"Load":     func() error { _, err := LoadRFMBytes(none, nil, LoadOptions{}); return err },
		"Encode":   func() error { _, err := ids.Encode(none, []string{"bob"}); return err },
		"Migrate":  func() error { _, err := Migrate(none, scores, scores, BySegment); return err },
		"Next":     func() error { _, err := reader.Next(none); return err },
		"Verify":   func() error { return VerifyFile(none, "state") },
		"Progress": func() error { return rfm.Compact(none, WithProgress(func(float64, string) {})) },
	} {
		err := call()
		if err == nil {
			t.Errorf("%s takes a nil context", name)
			continue
		}
		fails(t, err, ErrInvalid, "the context is nil")
	}
	for _, h := range []*handle{rfm.own.h, from.own.h, ids.own.h, scores.h, reader.reader.h} {
		equal(t, "calls under way", h.uses.Load(), 0)
	}
	check(t, rfm.Compact(background)) // not locked
	check(t, ids.Merge(background, must(NewIDs(IDsOptions{}))))
	check(t, reader.Close())
	check(t, ids.Close())
	check(t, scores.Close())
}

// Whoever waits for a state gives up with their context, and the queue goes on.
func TestWaitingEndsWithTheContext(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	check(t, rfm.own.gate.write(background)) // somebody is at it
	ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
	defer cancel()
	_, err := rfm.Score(ctx, day("2026-02-01"), ScoreOptions{})
	fails(t, err, ErrCanceled)
	_, err = rfm.Add(ctx, EventsOf())
	fails(t, err, ErrCanceled)
	done := make(chan error)
	waiting, stop := context.WithCancel(background)
	defer stop()
	go func() {
		scores, err := rfm.Score(waiting, day("2026-02-01"), ScoreOptions{})
		if err == nil {
			err = scores.Close()
		}
		done <- err
	}()
	time.Sleep(time.Millisecond)
	rfm.own.gate.mutex.Unlock()
	check(t, <-done)
	check(t, rfm.Compact(background))
}
