package pmkt

import (
	"context"
	"math"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %v; expected %v", what, got, want)
	}
}

// toy has effects of one fifth, two fifths and two fifths; its last conversions have no touch.
func toy() *AttributionPaths {
	var p AttributionPaths
	p.Append(1, 10, 4, 1, 1)
	p.Append(2, 30, 0, 2)
	p.Append(2, 60, 1, 3, 3, 3)
	p.Append(0, 0, 7, 2)
	p.Append(3, 5, 0)
	return &p
}

func TestAttributionOfTheToy(t *testing.T) {
	a := must(Attribute(background, toy(), AttributionOptions{Bootstrap: 50, Seed: 3}))
	equal(t, "model", a.Model.String(), "markov")
	equal(t, "order", a.Order, 1)
	for id, effect := range map[uint64]float64{1: 0.2, 2: 0.4, 3: 0.4} {
		c := a.Channel(id)
		near(t, "effect", c.RemovalEffect, effect)
		near(t, "conversions", c.Conversions, 5*effect)
		if !(c.Low <= c.Conversions && c.Conversions <= c.High && c.Low < c.High) {
			t.Errorf("the interval of %d is %v to %v", id, c.Low, c.High)
		}
	}
	near(t, "value", a.Channel(3).Value, 60)
	near(t, "value", a.Channel(3).ValueRemovalEffect, 0.6)
	equal(t, "touches", a.Channel(3).Touches, 3)
	equal(t, "paths", a.Channel(2).Paths, 2)
	near(t, "unattributed", a.UnattributedConversions, 3)
	near(t, "all", a.Conversions, 8)
	near(t, "nulls", a.Nulls, 12)
	near(t, "a touch", a.TouchConversions[3], 2.0/3)
	near(t, "its value", a.TouchValues[3], 20)
	if a.Channel(9) != nil {
		t.Error("there is a channel that nobody met")
	}
}

func TestAttributionModels(t *testing.T) {
	var p AttributionPaths
	p.Append(10, 0, 0, 1, 2, 3, 4)
	p.Values, p.Nulls = nil, nil
	day := (24 * time.Hour).Milliseconds()
	p.Time = []int64{0, 7 * day, 14 * day, 21 * day}
	for model, want := range map[AttributionModel][4]float64{
		AttributionFirst:        {10, 0, 0, 0},
		AttributionLast:         {0, 0, 0, 10},
		AttributionLinear:       {2.5, 2.5, 2.5, 2.5},
		AttributionPosition:     {4, 1, 1, 4},
		AttributionTimeDecay:    {10.0 / 15, 20.0 / 15, 40.0 / 15, 80.0 / 15},
		AttributionShapley:      {2.5, 2.5, 2.5, 2.5},
		AttributionShapleyPaths: {2.5, 2.5, 2.5, 2.5},
	} {
		a := must(Attribute(background, &p, AttributionOptions{Model: model}))
		for i, credit := range want {
			near(t, model.String(), a.Channel(uint64(i)+1).Conversions, credit)
		}
		if a.TouchValues != nil {
			t.Error("there are values")
		}
	}
	equal(t, "no model", AttributionModel(AttributionModels).String(), "model 8")
}

func TestAttributionOrders(t *testing.T) {
	var p AttributionPaths
	for i := range 300 {
		x, y := uint64(i%3)+1, uint64(i/3%3)+1
		p.Append(1, 0, 0, x, y, x, y, x, y)
	}
	found := must(ChooseAttributionOrder(background, &p, AttributionOrderOptions{MaxOrder: 3}))
	equal(t, "steps", found.Transitions, 2100)
	if found.Best < 2 || !math.IsNaN(found.LogLikelihood[4]) || found.LogLikelihood[1] >= 0 {
		t.Errorf("the orders are %+v", found)
	}
}

func TestAttributionPathsOfEvents(t *testing.T) {
	at := day("2026-01-05")
	touch := func(user, channel uint64, hours int) Event {
		return Event{User: user, Time: at.Add(time.Duration(hours) * time.Hour), Kind: KindView,
			Channel: channel}
	}
	buy := Event{User: 1, Time: at.Add(50 * time.Hour), Kind: KindOrder, Order: 9, Amount: 700}
	batch := EventsOf(touch(1, 5, 1), buy, touch(1, 6, 2), touch(2, 5, 3), touch(2, 5, 3))
	paths, report, err := NewAttributionPaths(background, batch, PathOptions{})
	check(t, err)
	equal(t, "accepted", report.Accepted, 5)
	equal(t, "paths", paths.Len(), 2)
	equal(t, "touches", len(paths.Channel), 3)
	near(t, "value", paths.Values[0], 700)
	near(t, "nulls", paths.Nulls[1], 1)
	a := must(Attribute(background, paths, AttributionOptions{}))
	near(t, "credit", a.Channel(5).Conversions, 0.5)

	only := must(NewIDSet(2))
	defer only.Close()
	paths, _, err = NewAttributionPaths(background, batch, PathOptions{Users: only, SameTouch: -1,
		Touches: []Kind{KindView}, Merge: true, AsOf: at.Add(100 * time.Hour), Window: time.Hour})
	check(t, err)
	equal(t, "paths", paths.Len(), 1)
	equal(t, "touches", len(paths.Channel), 2)
	if paths.Time != nil {
		t.Error("merged paths have times")
	}
}

func TestBadAttributions(t *testing.T) {
	_, err := Attribute(background, nil, AttributionOptions{})
	fails(t, err, ErrInvalid, "nil")
	_, err = Attribute(background, toy(), AttributionOptions{Order: 5})
	fails(t, err, ErrInvalid, "order is 5")
	p := toy()
	p.Conversions[2] = -1
	_, err = Attribute(background, p, AttributionOptions{})
	equal(t, "where", fails(t, err, ErrBadRow, "path 2").Where, 2)
	p = toy()
	p.Nulls = p.Nulls[1:]
	_, err = Attribute(background, p, AttributionOptions{})
	fails(t, err, ErrInvalid, "Nulls has 4 rows")
	p = toy()
	p.Channel = p.Channel[1:]
	_, err = Attribute(background, p, AttributionOptions{})
	fails(t, err, ErrInvalid, "touches")
	_, err = ChooseAttributionOrder(background, toy(), AttributionOrderOptions{Folds: 1})
	fails(t, err, ErrInvalid, "folds is 1")
	_, _, err = NewAttributionPaths(background, nil, PathOptions{})
	fails(t, err, ErrInvalid, "nil")
	var many AttributionPaths
	for i := range uint64(17) {
		many.Append(1, 0, 0, i+1)
	}
	_, err = Attribute(background, &many, AttributionOptions{Model: AttributionShapley})
	fails(t, err, ErrLimit, "17 channels")
	ended, cancel := context.WithCancel(background)
	cancel()
	_, err = Attribute(ended, toy(), AttributionOptions{})
	fails(t, err, ErrCanceled)
}
