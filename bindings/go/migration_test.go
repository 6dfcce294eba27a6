package pmkt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func ExampleMigrate() {
	rfm, _ := NewRFM(RFMOptions{})
	defer rfm.Close()
	rfm.Add(background, EventsOf(shop()...))
	before, _ := rfm.Score(background, day("2026-01-25"), ScoreOptions{})
	defer before.Close()
	after, _ := rfm.Score(background, day("2026-05-01"), ScoreOptions{})
	defer after.Close()

	moved, err := Migrate(background, before, after, ByActivity)
	if err != nil {
		panic(err)
	}
	defer moved.Close()
	users, _ := moved.WinBack()
	fmt.Println("win back:", users)
	// Output: win back: [1 3]
}

func TestMigration(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, append(shop(), order(9, 90, "2026-03-01", 100))...)
	before := scored(t, rfm, "2026-01-25", ScoreOptions{})
	after := scored(t, rfm, "2026-05-01", ScoreOptions{})
	moved := must(Migrate(background, before, after, ByActivity, WithThreads(1)))
	t.Cleanup(func() { check(t, moved.Close()) })
	equal(t, "by", moved.By(), ByActivity)
	equal(t, "names", fmt.Sprint(moved.Names()), "[no-order dormant cooling active absent]")
	matrix := must(moved.Matrix())
	equal(t, "matrix", fmt.Sprint(matrix),
		"[[1 0 0 0 0] [0 1 0 0 0] [0 0 0 0 0] [0 2 0 0 0] [0 0 1 0 0]]")
	matrix[0][0] = 7
	equal(t, "a copy", must(moved.Matrix())[0][0], 1)
	users := must(moved.Users(3, 1))
	slices.Sort(users)
	equal(t, "users", fmt.Sprint(users), "[1 3]")
	equal(t, "nobody", len(must(moved.Users(0, 1))), 0)
	equal(t, "won back", len(must(moved.WonBack())), 0)
	rates := must(moved.Rates())
	equal(t, "rates", fmt.Sprint(rates.Customers, rates.Moved, rates.ActiveBefore,
		rates.ActiveToDormant, rates.DormantBefore, rates.BuyersBefore, rates.ChurnedBefore),
		"4 2 2 2 1 3 1")
	equal(t, "rate", rates.ActiveToDormantRate, 1)
	equal(t, "moved", rates.MovedRate, 0.5)

	backwards := must(Migrate(background, before, before, BySegment))
	equal(t, "nothing moved", must(backwards.Rates()).Moved, 0)
	check(t, backwards.Close())
}

func TestMigrationsThatDoNotFit(t *testing.T) {
	rfm := newRFM(t, RFMOptions{}, shop()...)
	before := scored(t, rfm, "2026-01-25", ScoreOptions{})
	after := scored(t, rfm, "2026-05-01", ScoreOptions{})
	_, err := Migrate(background, after, before, BySegment)
	fails(t, err, ErrInvalid, "later")
	_, err = Migrate(background, before, after, 7)
	fails(t, err, ErrInvalid)
	other := scored(t, rfm, "2026-05-01", ScoreOptions{Tiers: []Tier{{"a", 0}, {"b", 1}}})
	_, err = Migrate(background, before, other, ByTier)
	fails(t, err, ErrMismatch)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = Migrate(ctx, before, after, BySegment)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	moved := must(Migrate(background, before, after, BySegment))
	defer moved.Close()
	for _, code := range []int{-1, 10, 1 << 40} {
		_, err = moved.Users(0, code)
		fails(t, err, ErrInvalid, "code")
	}
	_, err = moved.List(9)
	fails(t, err, ErrInvalid, "list 9")
}
