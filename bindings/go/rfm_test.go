package pmkt

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func ExampleRFM() {
	rfm, err := NewRFM(RFMOptions{})
	if err != nil {
		panic(err)
	}
	defer rfm.Close()
	ctx := context.Background()
	report, err := rfm.Add(ctx, EventsOf(
		Event{User: 7, Kind: KindOrder, Order: 1, Amount: 25_000, Time: day("2026-01-05 12:00")},
		Event{User: 7, Kind: KindOrder, Order: 2, Amount: 19_900, Time: day("2026-01-20 09:30")},
		Event{User: 9, Kind: KindOrder, Order: 3, Amount: 4_900, Time: day("2025-06-01")},
	))
	fmt.Println(report, err)

	scores, err := rfm.Score(ctx, day("2026-02-01"), ScoreOptions{})
	if err != nil {
		panic(err)
	}
	defer scores.Close()
	for _, customer := range scores.All() {
		fmt.Printf("user %d: %s, last order %d days ago\n", customer.User,
			scores.Name(BySegment, int(customer.Segment)), customer.RecencyDays)
	}
	// Unordered output:
	// 3 rows: 3 accepted <nil>
	// user 7: active-low-high, last order 12 days ago
	// user 9: dormant-low-low, last order 245 days ago
}

func sameColumns(t testing.TB, got, want Columns) {
	t.Helper()
	equal(t, "rows", len(got.User), len(want.User))
	for i := range min(len(got.User), len(want.User)) {
		if got.Row(i) != want.Row(i) {
			t.Fatalf("row %d is %+v; expected %+v", i, got.Row(i), want.Row(i))
		}
	}
}

func columnsOf(t testing.TB, rfm *RFM, asOf string) Columns {
	t.Helper()
	return must(scored(t, rfm, asOf, ScoreOptions{}).Columns())
}

func TestOptionsOfAState(t *testing.T) {
	for say, options := range map[string]RFMOptions{
		"mode":      {Mode: 7},
		"max_bytes": {MaxBytes: -1},
		"offset":    {Zone: Zone{OffsetMinutes: 5_000}},
		"zone":      {Zone: Zone{OffsetMinutes: 1 << 40}},
	} {
		_, err := NewRFM(options)
		fails(t, err, ErrInvalid, say)
	}
	rfm := newRFM(t, RFMOptions{Mode: Summary, MaxBytes: 1 << 30})
	equal(t, "mode", must(rfm.Stats()).Mode, Summary)
	settings := must(rfm.Settings())
	equal(t, "settings", fmt.Sprint(settings), fmt.Sprint(RFMOptions{Mode: Summary, MaxBytes: 1 << 30}))
	given := RFMOptions{Zone: ZoneOf(location(t, "Europe/London")), Unpriced: true}
	settings = must(newRFM(t, given).Settings())
	equal(t, "settings", fmt.Sprint(settings), fmt.Sprint(given))
	equal(t, "names", fmt.Sprint(History, Summary, Mode(7)), "history summary mode 7")
	limited := newRFM(t, RFMOptions{MaxBytes: 100_000})
	_, err := limited.Add(background, many(100_000))
	fails(t, err, ErrLimit)
}

func TestStats(t *testing.T) {
	rfm := newRFM(t, RFMOptions{})
	stats := must(rfm.Stats())
	equal(t, "no first event", stats.FirstEvent.IsZero(), true)
	equal(t, "no last event", stats.LastEvent.IsZero(), true)
	batch := EventsOf(shop()...)
	batch.Currency, batch.CurrencyExponent, batch.OnBad = "CNY", 2, OnBadSkip
	batch.Append(Event{User: 0, Time: day("2026-01-01"), Kind: KindView})
	report, err := rfm.Add(background, batch)
	check(t, err)
	equal(t, "accepted", report.Accepted, 11)
	check(t, rfm.Compact(background))
	stats = must(rfm.Stats())
	equal(t, "accepted", stats.RowsAccepted, 11)
	equal(t, "rejected", stats.RowsRejected, 1)
	equal(t, "pending", stats.RowsPending, 0)
	equal(t, "customers", stats.Customers, 4)
	equal(t, "orders", stats.Orders, 9)
	equal(t, "first", stats.FirstEvent, day("2025-06-01"))
	equal(t, "last", stats.LastEvent, day("2026-01-24"))
	equal(t, "currency", stats.Currency, "CNY")
	equal(t, "exponent", stats.CurrencyExponent, 2)
	equal(t, "bytes", stats.Bytes > 0, true)
	other := EventsOf(shop()...)
	other.Currency = "JPY"
	_, err = rfm.Add(background, other)
	fails(t, err, ErrMismatch, "JPY")
	equal(t, "after a refused batch", must(rfm.Stats()), stats)
}

// A random split of the rows over states and batches, merged, is the one state with one batch.
func TestMergeEqualsOnePass(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var events []Event
	for i := range 3_000 {
		at := day("2025-01-01").Add(time.Duration(random.IntN(400*24)) * time.Hour)
		kind := []Kind{KindOrder, KindOrder, KindOrder, KindRefund, KindView, KindCart}[i%6]
		events = append(events, Event{User: 1 + random.Uint64N(200), Time: at, Kind: kind,
			Order: 1 + random.Uint64N(900), Amount: random.Int64N(50_000)})
	}
	one := newRFM(t, RFMOptions{}, events...)
	into := newRFM(t, RFMOptions{})
	for i := 0; i < len(events); i += 500 {
		part := newRFM(t, RFMOptions{}, events[i:i+500]...)
		check(t, into.Merge(background, part))
	}
	for _, asOf := range []string{"2025-06-01", "2026-03-01"} {
		sameColumns(t, columnsOf(t, into, asOf), columnsOf(t, one, asOf))
	}
	fails(t, into.Merge(background, into), ErrInvalid, "itself")
	fails(t, into.Merge(background, newRFM(t, RFMOptions{Mode: Summary})), ErrMismatch)
}

func TestForget(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	found, err := rfm.Forget(background, []uint64{1, 1, 99, IDNone}, day("2026-01-25"))
	check(t, err)
	equal(t, "found", found, 1)
	equal(t, "tombstones", must(rfm.Stats()).Forgotten, 2)
	_, ok := scored(t, rfm, "2026-02-01", ScoreOptions{}).Lookup(1)
	equal(t, "known", ok, false)
	report, err := rfm.Add(background, EventsOf(shop()...))
	check(t, err)
	equal(t, "ignored", report.Ignored, 6)
	_, err = rfm.Forget(background, nil, time.Time{})
	fails(t, err, ErrInvalid, "when")
	found, err = rfm.Forget(background, nil, day("2026-01-25"))
	check(t, err)
	equal(t, "found of nobody", found, 0)
}

func TestUnpriced(t *testing.T) {
	rfm := newRFM(t, RFMOptions{Unpriced: true},
		Event{User: 1, Time: day("2026-01-01"), Kind: KindOrder, Amount: AmountNull})
	customer, ok := scored(t, rfm, "2026-02-01", ScoreOptions{}).Lookup(1)
	equal(t, "known", ok, true)
	equal(t, "orders", customer.Orders, 1)
	equal(t, "revenue", customer.Revenue, 0)
}

func TestZoneOfAStateCountsItsDays(t *testing.T) {
	last := order(1, 1, "2026-01-01 17:00", 5_000) // 01:00 of the 2nd in Shanghai
	for offset, want := range map[int]int32{0: 1, 480: 0} {
		rfm := newRFM(t, RFMOptions{Zone: Zone{OffsetMinutes: offset}}, last)
		customer, _ := scored(t, rfm, "2026-01-02 15:00", ScoreOptions{}).Lookup(1)
		equal(t, "days", customer.RecencyDays, want)
	}
}

func TestBadCallsOfAState(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	_, err := rfm.Add(background, nil)
	fails(t, err, ErrInvalid, "nil")
	_, err = rfm.Add(background, &Events{User: []uint64{1}})
	fails(t, err, ErrInvalid)
	report, err := rfm.Add(background, EventsOf(Event{User: 1, Time: day("2026-01-01"),
		Kind: KindOrder, Amount: AmountNull}))
	fails(t, err, ErrBadRow)
	equal(t, "by reason", report.ByReason[BadAmountMissing], 1)
	_, err = rfm.Score(background, time.Time{}, ScoreOptions{})
	fails(t, err, ErrInvalid, "as_of")
}

// One state under writers, readers, crosswise merges and a Close in the middle.
func TestStateUnderManyGoroutines(t *testing.T) {
	a, b := newRFM(t, RFMOptions{}, shop()...), newRFM(t, RFMOptions{}, shop()...)
	third := newRFM(t, RFMOptions{}, shop()...)
	var group sync.WaitGroup
	do := func(n int, fn func() error) {
		group.Add(1)
		go func() {
			defer group.Done()
			for range n {
				if err := fn(); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	ask := func(rfm *RFM) func() error {
		return func() error {
			scores, err := rfm.Score(background, day("2026-02-01"), ScoreOptions{})
			if err != nil {
				return err
			}
			defer scores.Close()
			if scores.Len() != 4 {
				return fmt.Errorf("%d customers; expected 4", scores.Len())
			}
			return second(rfm.Stats())
		}
	}
	do(30, func() error { return second(a.Add(background, EventsOf(shop()...))) })
	do(30, func() error { return second(b.Add(background, EventsOf(shop()...))) })
	do(5, func() error { return a.Merge(background, third) })
	do(5, func() error { return third.Merge(background, a) })
	do(30, ask(a))
	do(30, ask(b))
	do(30, ask(third))
	closing := newRFM(t, RFMOptions{}, shop()...)
	for range 3 {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				if err := ask(closing)(); err != nil {
					fails(t, err, ErrInvalid, "closed")
					return
				}
			}
		}()
	}
	time.Sleep(2 * time.Millisecond)
	check(t, closing.Close())
	group.Wait()
}

func TestBatchesAreNotChanged(t *testing.T) {
	batch := many(10_000)
	users, times := slices.Clone(batch.User), slices.Clone(batch.Time)
	rfm := newRFM(t, RFMOptions{})
	for range 2 {
		check(t, second(rfm.Add(background, batch)))
	}
	equal(t, "users", slices.Equal(batch.User, users), true)
	equal(t, "times", slices.Equal(batch.Time, times), true)
}
