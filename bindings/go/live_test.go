package pmkt

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// counted is closed at most once, and tells.
type counted struct {
	closes atomic.Int32
}

func (c *counted) Close() error {
	c.closes.Add(1)
	return nil
}

func ExampleLive() {
	rfm, _ := NewRFM(RFMOptions{})
	defer rfm.Close()
	rfm.Add(background, EventsOf(shop()...))

	var live Live[*Scores]
	defer live.Close()
	for _, date := range []string{"2026-01-01", "2026-02-01"} {
		scores, _ := rfm.Score(background, day(date), ScoreOptions{})
		live.Swap(scores) // closes the one before, once its readers are done

		current, release := live.Load()
		customer, _ := current.Lookup(1)
		fmt.Println(date, customer.Orders, "orders")
		release()
	}
	// Output:
	// 2026-01-01 2 orders
	// 2026-02-01 6 orders
}

func TestLiveClosesAfterTheLastReader(t *testing.T) {
	one, two := &counted{}, &counted{}
	live := NewLive(one)
	got, release := live.Load()
	_, other := live.Load()
	live.Swap(two)
	equal(t, "value", got, one)
	equal(t, "closes with two readers", one.closes.Load(), 0)
	release()
	equal(t, "closes with one", one.closes.Load(), 0)
	other()
	equal(t, "closes with none", one.closes.Load(), 1)
	got, release = live.Load()
	equal(t, "the next", got, two)
	release()
	equal(t, "closes of the current", two.closes.Load(), 0)
	check(t, live.Close())
	check(t, live.Close())
	equal(t, "closes in the end", two.closes.Load(), 1)
	got, release = live.Load()
	release()
	equal(t, "of an empty one", got, nil)
	live.Swap(one)
	got, release = live.Load()
	defer release()
	equal(t, "used again", got, one)
}

func TestLiveUnderReadersAndReloaders(t *testing.T) {
	var live Live[*counted]
	live.Swap(&counted{})
	var made [2][]*counted
	var group sync.WaitGroup
	for reloader := range made {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 2_000 {
				next := &counted{}
				made[reloader] = append(made[reloader], next)
				live.Swap(next)
			}
		}()
	}
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 10_000 {
				value, release := live.Load()
				if value.closes.Load() != 0 {
					t.Error("a reader has a closed version")
				}
				release()
			}
		}()
	}
	group.Wait()
	check(t, live.Close())
	for _, list := range made {
		for _, value := range list {
			if closes := value.closes.Load(); closes != 1 {
				t.Fatalf("a version was closed %d times", closes)
			}
		}
	}
}

func TestLiveLoadsWithoutAllocation(t *testing.T) {
	live := NewLive(&counted{})
	equal(t, "allocations", testing.AllocsPerRun(100, func() {
		_, release := live.Load()
		release()
	}), 0)
}
