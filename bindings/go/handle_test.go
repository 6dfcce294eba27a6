package pmkt

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

type owner struct{ _ *string }

func fakeHandle(owner *owner) (*handle, *atomic.Int32) {
	var freed atomic.Int32
	h := own(owner, unsafe.Pointer(new(int)), func(unsafe.Pointer) { freed.Add(1) })
	return h, &freed
}

func TestHandleIsFreedByItsLastUser(t *testing.T) {
	owner := new(owner)
	h, freed := fakeHandle(owner)
	equal(t, "enter", h.enter(), true)
	h.close()
	h.close()
	equal(t, "freed under a call", freed.Load(), 0)
	equal(t, "enter after close", h.enter(), false)
	h.leave()
	equal(t, "freed", freed.Load(), 1)
	h.close()
	equal(t, "enter after free", h.enter(), false)
	equal(t, "freed again", freed.Load(), 1)
	runtime.KeepAlive(owner)
}

func TestHandleUnderManyCallers(t *testing.T) {
	for range 300 {
		owner := new(owner)
		h, freed := fakeHandle(owner)
		var group sync.WaitGroup
		for caller := range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for range 20 {
					if h.enter() {
						if freed.Load() != 0 {
							t.Error("freed under a call")
						}
						h.leave()
					}
				}
				if caller%2 == 0 {
					h.close()
				}
			}()
		}
		group.Wait()
		equal(t, "freed", freed.Load(), 1)
		runtime.KeepAlive(owner)
	}
}

func TestGarbageIsFreed(t *testing.T) {
	_, freed := fakeHandle(new(owner))
	for deadline := time.Now().Add(10 * time.Second); freed.Load() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a handle without an owner was never freed")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	equal(t, "freed", freed.Load(), 1)
}

// Every method of handles that are closed, nil or zero answers with an error, or with nothing.
func TestClosedHandlesAnswer(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	open := newRFM(t, RFMOptions{})
	scores := scored(t, rfm, "2026-02-01", ScoreOptions{})
	migration := must(Migrate(background, scores, scores, BySegment))
	for range 2 {
		check(t, rfm.Close())
		check(t, scores.Close())
		check(t, migration.Close())
	}
	for name, state := range map[string]*RFM{"closed": rfm, "nil": nil, "zero": {}} {
		calls := map[string]error{
			"Merge":   state.Merge(background, open),
			"into":    open.Merge(background, state),
			"Compact": state.Compact(background),
		}
		_, calls["Add"] = state.Add(background, EventsOf())
		_, calls["Forget"] = state.Forget(background, []uint64{1}, day("2026-01-01"))
		_, calls["Stats"] = state.Stats()
		_, calls["Settings"] = state.Settings()
		_, calls["SaveBytes"] = state.SaveBytes(background, SaveOptions{})
		_, calls["Score"] = state.Score(background, day("2026-02-01"), ScoreOptions{})
		allClosed(t, name, calls)
		check(t, state.Close())
	}
	for name, s := range map[string]*Scores{"closed": scores, "nil": nil, "zero": {}} {
		calls := map[string]error{
			"Find":   s.Find([]uint64{1}, make([]int64, 1)),
			"Borrow": s.Borrow(func(*Columns) error { return nil }),
		}
		_, calls["Columns"] = s.Columns()
		_, calls["Summary"] = s.Summary(BySegment)
		_, calls["Migrate"] = Migrate(background, s, s, BySegment)
		allClosed(t, name, calls)
		for range s.All() {
			t.Error(name, "scores have a row")
		}
		_, ok := s.Lookup(1)
		equal(t, "Lookup", ok, false)
		equal(t, "Name", s.Name(BySegment, 0), "")
		equal(t, "Names", len(s.Names(BySegment)), 0)
		check(t, s.Close())
	}
	for name, m := range map[string]*Migration{"closed": migration, "nil": nil, "zero": {}} {
		calls := map[string]error{}
		_, calls["Matrix"] = m.Matrix()
		_, calls["Users"] = m.Users(0, 0)
		_, calls["WinBack"] = m.WinBack()
		_, calls["Rates"] = m.Rates()
		allClosed(t, name, calls)
		check(t, m.Close())
	}
	_, err := open.Score(background, day("2026-02-01"),
		ScoreOptions{Collapse: Hysteresis, Previous: scores})
	allClosed(t, "closed", map[string]error{"Score with Previous": err})
}

func allClosed(t *testing.T, name string, calls map[string]error) {
	t.Helper()
	for call, err := range calls {
		if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of a %s handle gives %v", call, name, err)
		}
	}
}
