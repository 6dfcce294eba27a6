package pmkt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
)

// visits are two users who look; one goes on to buy.
func visits() *Events {
	at := day("2026-01-05") // a Monday
	return EventsOf(
		Event{User: 1, Item: 1, Kind: KindView, Time: at.Add(20 * time.Hour)},
		Event{User: 1, Item: 1, Kind: KindCart, Time: at.Add(20*time.Hour + time.Minute)},
		Event{User: 1, Item: 1, Kind: KindOrder, Time: at.Add(20*time.Hour + 3*time.Minute)},
		Event{User: 2, Item: 2, Kind: KindView, Time: at.Add(21 * time.Hour)},
		Event{User: 2, Item: 3, Kind: KindSearch, Time: at.Add(21*time.Hour + 5*time.Second)},
	)
}

func ExampleNewFunnel() {
	steps := []FunnelStep{{Kinds: []Kind{KindView}}, {Kinds: []Kind{KindCart}}, {Kinds: []Kind{KindOrder}}}
	funnel, _, err := NewFunnel(context.Background(), visits(), steps, FunnelOptions{Window: 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	for i, step := range funnel.Steps {
		fmt.Printf("%v: %d, lost %d\n", steps[i].Kinds[0], step.Reached, step.Lost)
	}
	// Output:
	// view: 2, lost 1
	// cart: 1, lost 0
	// order: 1, lost 0
}

func TestFunnelSaysWhereTheLostWent(t *testing.T) {
	ctx := context.Background()
	steps := []FunnelStep{{Kinds: []Kind{KindView}}, {Kinds: []Kind{KindCart}}}
	funnel, report, err := NewFunnel(ctx, visits(), steps, FunnelOptions{Hold: HoldItem})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "rows", report.Accepted, 5)
	equal(t, "next", fmt.Sprint(funnel.Steps[0].Next), "[{search 1}]")
	equal(t, "conversion", funnel.Steps[1].Conversion, 0.5)
	equal(t, "median", funnel.Steps[1].Median, 60000)
	equal(t, "the first has none", math.IsNaN(funnel.Steps[0].Conversion), true)
	equal(t, "attempts", len(funnel.Attempts), 2)
	equal(t, "units", funnel.Units, 2)
	_, _, err = NewFunnel(ctx, visits(), nil, FunnelOptions{})
	equal(t, "no steps", errors.Is(err, ErrInvalid), true)
	_, _, err = NewFunnel(ctx, nil, steps, FunnelOptions{})
	equal(t, "no batch", errors.Is(err, ErrInvalid), true)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = NewFunnel(ended, visits(), steps, FunnelOptions{})
	equal(t, "ended", errors.Is(err, context.Canceled), true)
}

func TestSessionsEndWhereTheColumnChanges(t *testing.T) {
	events := visits()
	events.Session = []uint64{1, 2, 2, 3, 3}
	steps := []FunnelStep{{Kinds: []Kind{KindView}}, {Kinds: []Kind{KindCart}}}
	for _, by := range []bool{false, true} {
		funnel, _, err := NewFunnel(background, events, steps, FunnelOptions{Count: CountSessions, BySession: by})
		check(t, err)
		paths, _, err := NewPaths(background, events, PathsOptions{BySession: by})
		check(t, err)
		reached, sessions := int64(1), int64(2)
		if by {
			reached, sessions = 0, 3
		}
		if funnel.Steps[1].Reached != reached || paths.Sessions != sessions {
			t.Errorf("by the column %v: %+v, %d sessions", by, funnel.Steps, paths.Sessions)
		}
	}
}

func TestBadRowsOfFunnelsAndPaths(t *testing.T) {
	events := visits()
	events.Kind[1] = KindNone
	steps := []FunnelStep{{Kinds: []Kind{KindView}}}
	_, report, err := NewFunnel(background, events, steps, FunnelOptions{})
	fails(t, err, ErrBadRow)
	if report.FirstBad != 1 || report.Accepted != 0 {
		t.Errorf("got %+v", report)
	}
	_, _, err = NewPaths(background, events, PathsOptions{})
	fails(t, err, ErrBadRow)
	events.OnBad = OnBadSkip
	funnel, report, err := NewFunnel(background, events, steps, FunnelOptions{})
	check(t, err)
	if report.Rejected != 1 || report.Accepted != 4 || funnel.Steps[0].Reached != 2 {
		t.Errorf("got %+v and %+v", report, funnel.Steps)
	}
	_, report, err = NewPaths(background, events, PathsOptions{})
	check(t, err)
	if report.Rejected != 1 {
		t.Errorf("got %+v", report)
	}
}

func TestPathsMovesPagesAndHours(t *testing.T) {
	ctx := context.Background()
	paths, _, err := NewPaths(ctx, visits(), PathsOptions{UserHours: true, Zone: Zone{OffsetMinutes: 60}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sessions", paths.Sessions, 2)
	equal(t, "converted", paths.Converted, 1)
	equal(t, "paths", fmt.Sprint(paths.Top), "[{[view search] 1 1 0} {[view cart order] 1 1 1}]")
	equal(t, "first move", fmt.Sprint(paths.Moves[0]), "{kind 0 view 2 1 NaN}")
	equal(t, "page", fmt.Sprint(paths.Pages[0]), "{3 2 0 1 32500}")
	equal(t, "hours", paths.Hours[0][21], 3)
	equal(t, "of users", len(paths.UserHours), 2)
	empty, _, err := NewPaths(ctx, &Events{}, PathsOptions{})
	equal(t, "nothing", err, nil)
	equal(t, "no paths", len(empty.Top)+len(empty.Moves)+len(empty.Pages), 0)
	_, _, err = NewPaths(ctx, visits(), PathsOptions{Top: -1})
	equal(t, "top", errors.Is(err, ErrInvalid), true)
}
